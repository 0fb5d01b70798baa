#include <stdlib.h>
#include <string.h>

#include "wire/openai.h"

/* ---- small things --------------------------------------------------------------- */

static enum qtc_code tell_once(struct qtc_openai_reader *r, uint64_t *told, unsigned choice,
                               enum qtc_defect defect, struct qtc_bytes what)
{
    uint64_t bit = (uint64_t)1 << defect % 64;

    if (*told & bit) {
        return QTC_OK;
    }
    *told |= bit;
    return qtc_stream_defect(r->stream, choice, defect, what);
}

enum qtc_code qtc_openai_tell(struct qtc_openai_reader *r, enum qtc_defect defect, struct qtc_bytes what)
{
    return tell_once(r, &r->told, 0, defect, what);
}

static enum qtc_code tell(struct qtc_openai_reader *r, struct qtc_openai_choice *choice,
                          enum qtc_defect defect)
{
    return tell_once(r, &choice->told, choice->index, defect, (struct qtc_bytes){0});
}

static bool is_null(const struct qtc_json *value)
{
    return !value || value->type == QTC_JSON_NULL;
}

static bool filled(const struct qtc_json *value)
{
    return qtc_json_text(value).len > 0;
}

static bool is_string(const struct qtc_json *value)
{
    return value && value->type == QTC_JSON_STRING;
}

void qtc_openai_compact(struct qtc_buf *out, struct qtc_bytes json)
{
    size_t from = 0;

    if (json.len == 0 || (!memchr(json.data, '\n', json.len) && !memchr(json.data, '\r', json.len))) {
        qtc_buf_put(out, json);
        return;
    }
    for (size_t i = 0; i < json.len; i++) {
        if (json.data[i] == '\n' || json.data[i] == '\r') {
            qtc_buf_add(out, json.data + from, i - from);
            from = i + 1;
        }
    }
    qtc_buf_add(out, json.data + from, json.len - from);
}

static void add_member(struct qtc_buf *out, const struct qtc_json *member, struct qtc_bytes raw)
{
    if (out->len > 1) {
        qtc_buf_byte(out, ',');
    }
    qtc_buf_put(out, member->raw_key);
    qtc_buf_byte(out, ':');
    qtc_openai_compact(out, raw);
}

static bool listed(const char *const *keys, struct qtc_bytes key)
{
    for (; *keys; keys++) {
        if (qtc_bytes_is(key, *keys)) {
            return true;
        }
    }
    return false;
}

/* Into out: the object's members but the listed ones, as an object. How many. */
static size_t other_members(struct qtc_buf *out, const struct qtc_json *object, const char *const *known,
                            bool nulls)
{
    size_t count = 0;

    qtc_buf_clear(out);
    qtc_buf_byte(out, '{');
    for (const struct qtc_json *m = object ? object->first : NULL; m; m = m->next) {
        if (!listed(known, m->key) && (nulls || m->type != QTC_JSON_NULL)) {
            add_member(out, m, m->raw);
            count++;
        }
    }
    qtc_buf_byte(out, '}');
    return count;
}

static struct qtc_openai_choice *find_choice(struct qtc_openai_reader *r, unsigned index)
{
    size_t room = r->choice_room > 0 ? r->choice_room * 2 : 4;
    struct qtc_openai_choice *choices;

    for (size_t i = 0; i < r->choice_count; i++) {
        if (r->choices[i].index == index) {
            return &r->choices[i];
        }
    }
    if (r->choice_count == r->choice_room) {
        choices = reallocarray(r->choices, room, sizeof *choices);
        if (!choices) {
            return NULL;
        }
        r->choices = choices;
        r->choice_room = room;
    }
    r->choices[r->choice_count] = (struct qtc_openai_choice){.index = index};
    return &r->choices[r->choice_count++];
}

/* Notes the one string of a chunk, or that there is more than one. */
static void note_string(struct qtc_openai_reader *r, unsigned choice, const struct qtc_json *string)
{
    r->only.other = r->only.other || r->only.string;
    r->only.string = string;
    r->only.choice = choice;
}

/* ---- tool calls ------------------------------------------------------------------- */

static void read_arguments(struct qtc_call_delta *d, const struct qtc_json *arguments)
{
    if (!arguments) {
        d->form = QTC_ARGUMENTS_ABSENT;
    } else if (arguments->type == QTC_JSON_NULL) {
        d->form = QTC_ARGUMENTS_NULL;
    } else if (arguments->type == QTC_JSON_STRING) {
        d->form = QTC_ARGUMENTS_TEXT;
        d->arguments = arguments->text;
    } else {
        d->form = QTC_ARGUMENTS_VALUE;
        d->arguments = arguments->raw;
    }
}

/* "" for null: that is not the same as absent. */
static struct qtc_bytes text_or_null(const struct qtc_json *value)
{
    if (!value) {
        return (struct qtc_bytes){0};
    }
    return filled(value) ? value->text : qtc_str("");
}

static enum qtc_code read_call(struct qtc_openai_reader *r, unsigned choice, const struct qtc_json *element,
                               unsigned position, bool whole)
{
    static const char *const known[] = {"index", "id", "type", "function", NULL};
    const struct qtc_json *function = qtc_json_get(element, "function");
    const struct qtc_json *arguments = qtc_json_get(function, "arguments");
    struct qtc_call_delta d = {
        .has_type = is_string(qtc_json_get(element, "type")),
        .id = qtc_json_text(qtc_json_get(element, "id")),
        .name = text_or_null(qtc_json_get(function, "name")),
    };

    d.index = position;
    d.has_index = qtc_json_unsigned(qtc_json_get(element, "index"), &d.index) || whole;
    if (other_members(&r->extra, element, known, false) > 0) {
        d.extra = qtc_buf_bytes(&r->extra);
    }
    r->only.other =
        r->only.other || d.id.len > 0 || d.name.len > 0 || d.extra.len > 0 || !is_string(arguments);
    r->only.call = d;
    read_arguments(&d, arguments);
    if (d.form == QTC_ARGUMENTS_TEXT) {
        r->only.kind = QTC_ONLY_ARGUMENTS;
        note_string(r, choice, arguments);
    }
    return qtc_stream_call(r->stream, choice, &d);
}

static enum qtc_code read_calls(struct qtc_openai_reader *r, struct qtc_openai_choice *choice,
                                const struct qtc_json *calls, bool whole)
{
    enum qtc_code code = QTC_OK;
    unsigned position = 0;

    if (calls->count == 0) {
        return tell(r, choice, QTC_D_EMPTY_TOOL_CALLS);
    }
    for (const struct qtc_json *c = calls->first; c && code == QTC_OK; c = c->next) {
        code = read_call(r, choice->index, c, position++, whole);
    }
    return code;
}

static enum qtc_code read_function_call(struct qtc_openai_reader *r, struct qtc_openai_choice *choice,
                                        const struct qtc_json *function)
{
    struct qtc_call_delta d = {
        .has_index = true,
        .has_type = true,
        .name = text_or_null(qtc_json_get(function, "name")),
        .legacy = true,
    };
    enum qtc_code code = tell(r, choice, QTC_D_LEGACY_FUNCTION_CALL);

    read_arguments(&d, qtc_json_get(function, "arguments"));
    r->altered = r->only.other = true;
    return code == QTC_OK ? qtc_stream_call(r->stream, choice->index, &d) : code;
}

/* ---- content and reasoning ----------------------------------------------------------- */

static enum qtc_code read_text(struct qtc_openai_reader *r, unsigned choice, const struct qtc_json *string,
                               bool reasoning)
{
    if (string->text.len > 0) {
        r->only.kind = reasoning ? QTC_ONLY_REASONING : QTC_ONLY_CONTENT;
        note_string(r, choice, string);
    }
    return reasoning ? qtc_stream_reasoning(r->stream, choice, string->text)
                     : qtc_stream_content(r->stream, choice, string->text);
}

/* [{"type":"text","text":T}, {"type":"thinking","thinking":[{"type":"text","text":T}]}] */
static enum qtc_code read_parts(struct qtc_openai_reader *r, struct qtc_openai_choice *choice,
                                const struct qtc_json *parts, bool reasoning)
{
    enum qtc_code code = reasoning ? QTC_OK : tell(r, choice, QTC_D_CONTENT_PARTS_ARRAY);

    r->altered = r->only.other = true;
    for (const struct qtc_json *p = parts->first; p && code == QTC_OK; p = p->next) {
        const struct qtc_json *text = qtc_json_get(p, "text"), *thinking = qtc_json_get(p, "thinking");

        if (is_string(text)) {
            code = read_text(r, choice->index, text, reasoning);
        } else if (is_string(thinking)) {
            code = read_text(r, choice->index, thinking, true);
        } else if (!reasoning && qtc_json_type_of(thinking) == QTC_JSON_ARRAY) {
            code = read_parts(r, choice, thinking, true);
        }
    }
    return code;
}

static enum qtc_code read_content(struct qtc_openai_reader *r, struct qtc_openai_choice *choice,
                                  const struct qtc_json *content, bool whole)
{
    switch (content->type) {
    case QTC_JSON_STRING:
        if (content->text.len > 0 || whole) {
            return read_text(r, choice->index, content, false);
        }
        return choice->begun ? tell(r, choice, QTC_D_EMPTY_CONTENT_DELTA) : QTC_OK;
    case QTC_JSON_NULL:
        return whole ? QTC_OK : tell(r, choice, QTC_D_NULL_CONTENT);
    case QTC_JSON_ARRAY:
        return read_parts(r, choice, content, false);
    default:
        r->altered = true;
        return qtc_stream_content(r->stream, choice->index, content->raw);
    }
}

/* OpenRouter's array of {"type":"reasoning.text","text":T}, when nothing else has the text. */
static enum qtc_code read_details(struct qtc_openai_reader *r, struct qtc_openai_choice *choice,
                                  const struct qtc_json *details)
{
    bool altered = r->altered;
    enum qtc_code code = read_parts(r, choice, details, true);

    r->altered = altered;
    return code;
}

/* ---- a delta --------------------------------------------------------------------------- */

static const char *const reasoning_keys[] = {"reasoning_content", "reasoning", "thinking", NULL};
static const char *const delta_keys[] = {"role",      "content",  "tool_calls",    "reasoning_content",
                                         "reasoning", "thinking", "function_call", NULL};

/* The same text may stand under several names: it is one text. */
static enum qtc_code read_reasoning(struct qtc_openai_reader *r, struct qtc_openai_choice *choice,
                                    const struct qtc_json *delta, bool *found)
{
    const struct qtc_json *details = qtc_json_get(delta, "reasoning_details");
    enum qtc_code code = QTC_OK;

    for (size_t i = 0; reasoning_keys[i] && !*found; i++) {
        const struct qtc_json *value = qtc_json_get(delta, reasoning_keys[i]);

        if (filled(value)) {
            *found = true;
            if (i > 0) {
                code = tell(r, choice, QTC_D_REASONING_FIELD_NAME);
            }
            return code == QTC_OK ? read_text(r, choice->index, value, true) : code;
        }
    }
    if (qtc_json_type_of(details) == QTC_JSON_ARRAY && details->count > 0) {
        code = tell(r, choice, QTC_D_REASONING_FIELD_NAME);
        return code == QTC_OK ? read_details(r, choice, details) : code;
    }
    return code;
}

static enum qtc_code read_role(struct qtc_openai_reader *r, struct qtc_openai_choice *choice,
                               const struct qtc_json *role)
{
    bool first = !choice->begun, repeated = choice->role;

    if (!filled(role)) {
        if (!first) {
            return QTC_OK;
        }
        r->altered = r->only.other = true;
        return tell(r, choice, QTC_D_ROLE_MISSING);
    }
    choice->role = true;
    if (repeated) {
        r->altered = true;
        return tell(r, choice, QTC_D_ROLE_REPEATED);
    }
    r->only.other = true;
    return qtc_stream_other(r->stream, choice->index, qtc_str("role"), role->raw);
}

/* The repeats of one text under other names must not look like more strings. */
static void note_other_names(struct qtc_openai_reader *r, const struct qtc_json *delta)
{
    size_t count = 0;

    for (size_t i = 0; reasoning_keys[i]; i++) {
        count += filled(qtc_json_get(delta, reasoning_keys[i])) ? 1 : 0;
    }
    r->only.other = r->only.other || count > 1;
}

static enum qtc_code read_unknown(struct qtc_openai_reader *r, struct qtc_openai_choice *choice,
                                  const struct qtc_json *delta)
{
    if (other_members(&r->scratch, delta, delta_keys, false) == 0) {
        return QTC_OK;
    }
    r->only.other = true;
    return qtc_stream_other(r->stream, choice->index, qtc_str("delta"), qtc_buf_bytes(&r->scratch));
}

static enum qtc_code read_delta_calls(struct qtc_openai_reader *r, struct qtc_openai_choice *choice,
                                      const struct qtc_json *delta, bool whole)
{
    const struct qtc_json *calls = qtc_json_get(delta, "tool_calls");
    const struct qtc_json *function = qtc_json_get(delta, "function_call");
    enum qtc_code code = QTC_OK;

    if (qtc_json_type_of(calls) == QTC_JSON_ARRAY) {
        code = read_calls(r, choice, calls, whole);
    } else if (qtc_json_type_of(calls) == QTC_JSON_OBJECT) {
        r->altered = r->only.other = true;
        code = tell(r, choice, QTC_D_TOOL_CALLS_OBJECT);
        code = code == QTC_OK ? read_call(r, choice->index, calls, 0, whole) : code;
    }
    if (code == QTC_OK && qtc_json_type_of(function) == QTC_JSON_OBJECT) {
        code = read_function_call(r, choice, function);
    }
    return code;
}

static enum qtc_code read_delta(struct qtc_openai_reader *r, struct qtc_openai_choice *choice,
                                const struct qtc_json *delta, bool whole)
{
    const struct qtc_json *content = qtc_json_get(delta, "content");
    bool reasoning = false;
    enum qtc_code code = read_role(r, choice, qtc_json_get(delta, "role"));

    if (code == QTC_OK) {
        code = read_unknown(r, choice, delta);
    }
    if (code == QTC_OK) {
        code = read_reasoning(r, choice, delta, &reasoning);
        note_other_names(r, delta);
    }
    if (code == QTC_OK && reasoning && filled(content) && !whole) {
        code = tell(r, choice, QTC_D_REASONING_AND_CONTENT);
    }
    if (code == QTC_OK && content) {
        code = read_content(r, choice, content, whole);
    }
    if (code == QTC_OK) {
        code = read_delta_calls(r, choice, delta, whole);
    }
    choice->begun = true;
    return code;
}

/* ---- a choice ------------------------------------------------------------------------------ */

static const char *const choice_keys[] = {"index", "delta", "message", "finish_reason", NULL};

static enum qtc_code read_extras(struct qtc_openai_reader *r, struct qtc_openai_choice *choice,
                                 const struct qtc_json *node)
{
    bool any = other_members(&r->scratch, node, choice_keys, true) > 0;
    struct qtc_bytes extras = qtc_buf_bytes(&r->scratch);

    if (qtc_bytes_equal(extras, qtc_buf_bytes(&choice->extras)) || (!any && choice->extras.len == 0)) {
        return QTC_OK;
    }
    qtc_buf_clear(&choice->extras);
    qtc_buf_put(&choice->extras, extras);
    choice->extras_number = ++r->extras_number;
    if (r->scratch.failed || choice->extras.failed) {
        return QTC_NOMEM;
    }
    return qtc_stream_other(r->stream, choice->index, qtc_str("choice"), extras);
}

static enum qtc_code read_finish(struct qtc_openai_reader *r, struct qtc_openai_choice *choice,
                                 const struct qtc_json *finish)
{
    enum qtc_finish reason = qtc_finish_from(qtc_json_text(finish));

    if (!filled(finish)) {
        return QTC_OK;
    }
    r->only.other = true;
    if (reason == QTC_FINISH_NONE) {
        /* "function_call" is what tool_calls were called before; what nobody knows ends the choice, too. */
        bool old = qtc_bytes_is(finish->text, "function_call");

        reason = old ? QTC_FINISH_TOOL_CALLS : QTC_FINISH_STOP;
        r->altered = r->altered || old;
    }
    return qtc_stream_finish(r->stream, choice->index, reason);
}

/* {"error":{"message":TEXT,"type":TYPE}} */
static enum qtc_code send_error(struct qtc_openai_reader *r, unsigned choice, struct qtc_bytes text,
                                const char *type)
{
    qtc_buf_clear(&r->scratch);
    qtc_buf_str(&r->scratch, "{\"error\":{\"message\":");
    qtc_json_string(&r->scratch, text);
    qtc_buf_str(&r->scratch, ",\"type\":");
    qtc_json_string(&r->scratch, qtc_str(type));
    qtc_buf_str(&r->scratch, "}}");
    if (r->scratch.failed) {
        return QTC_NOMEM;
    }
    return qtc_stream_other(r->stream, choice, qtc_str("error"), qtc_buf_bytes(&r->scratch));
}

/* DashScope: the error's text is the content, and the finish_reason says so. */
static enum qtc_code read_error_content(struct qtc_openai_reader *r, struct qtc_openai_choice *choice,
                                        const struct qtc_json *delta)
{
    struct qtc_bytes text = qtc_json_text(qtc_json_get(delta, "content"));
    enum qtc_code code = qtc_stream_defect(r->stream, choice->index, QTC_D_ERROR_AS_CONTENT, text);

    r->altered = r->only.other = true;
    if (code == QTC_OK) {
        code = send_error(r, choice->index, text, "error_finish");
    }
    return code == QTC_OK ? qtc_stream_finish(r->stream, choice->index, QTC_FINISH_ERROR) : code;
}

static enum qtc_code read_choice_parts(struct qtc_openai_reader *r, struct qtc_openai_choice *choice,
                                       const struct qtc_json *node)
{
    const struct qtc_json *message = qtc_json_get(node, "message"), *delta = qtc_json_get(node, "delta");
    const struct qtc_json *finish = qtc_json_get(node, "finish_reason");
    bool whole = is_null(delta) && !is_null(message);
    enum qtc_code code = read_extras(r, choice, node);

    if (code == QTC_OK && qtc_bytes_is(qtc_json_text(finish), "error_finish")) {
        return read_error_content(r, choice, whole ? message : delta);
    }
    if (whole) {
        r->altered = r->only.other = true;
    }
    if (code == QTC_OK) {
        code = read_delta(r, choice, whole ? message : delta, whole);
    }
    return code == QTC_OK ? read_finish(r, choice, finish) : code;
}

static enum qtc_code read_choice(struct qtc_openai_reader *r, const struct qtc_json *node, unsigned position)
{
    struct qtc_openai_choice *choice;
    unsigned index = position;
    bool numbered = qtc_json_unsigned(qtc_json_get(node, "index"), &index);

    /* The stream counts the choices, and says when there are too many. */
    enum qtc_code code = qtc_stream_content(r->stream, index, (struct qtc_bytes){0});

    if (code != QTC_OK) {
        return code;
    }
    choice = find_choice(r, index);
    if (!choice) {
        return QTC_NOMEM;
    }
    if (!numbered) {
        r->altered = true;
        code = tell(r, choice, QTC_D_CHOICE_INDEX_MISSING);
    }
    return code == QTC_OK ? read_choice_parts(r, choice, node) : code;
}

static enum qtc_code read_choices(struct qtc_openai_reader *r, const struct qtc_json *choices)
{
    enum qtc_code code = QTC_OK;
    unsigned position = 0;

    r->only.other = r->only.other || choices->count != 1;
    for (const struct qtc_json *c = choices->first; c && code == QTC_OK; c = c->next) {
        if (c->type == QTC_JSON_OBJECT) {
            code = read_choice(r, c, position);
        } else {
            r->altered = r->only.other = true;
        }
        position++;
    }
    return code;
}

/* ---- the envelope ---------------------------------------------------------------------------- */

/* What counts of a steady member: the first value that is not empty. */
static enum qtc_code steady(struct qtc_openai_reader *r, struct qtc_openai_steady *s,
                            const struct qtc_json *member, struct qtc_bytes *raw)
{
    bool changed;

    if (!filled(member)) {
        return QTC_OK;
    }
    if (s->first.len == 0) {
        qtc_buf_put(&s->first, member->raw);
        qtc_buf_put(&s->last, member->raw);
        return s->first.failed || s->last.failed ? QTC_NOMEM : QTC_OK;
    }
    *raw = qtc_buf_bytes(&s->first);
    if (qtc_bytes_equal(member->raw, *raw)) {
        return QTC_OK;
    }
    r->altered = true;
    changed = !qtc_bytes_equal(member->raw, qtc_buf_bytes(&s->last));
    qtc_buf_clear(&s->last);
    qtc_buf_put(&s->last, member->raw);
    return changed ? qtc_stream_defect(r->stream, 0, QTC_D_METADATA_DRIFT, member->raw) : QTC_OK;
}

static bool in_envelope(const struct qtc_json *member)
{
    if (qtc_bytes_is(member->key, "choices")) {
        return false;
    }
    return member->type == QTC_JSON_NULL ||
           (!qtc_bytes_is(member->key, "usage") && !qtc_bytes_is(member->key, "error"));
}

static enum qtc_code build_envelope(struct qtc_openai_reader *r, const struct qtc_json *chunk)
{
    enum qtc_code code = QTC_OK;

    qtc_buf_clear(&r->scratch);
    qtc_buf_byte(&r->scratch, '{');
    for (const struct qtc_json *m = chunk->first; m && code == QTC_OK; m = m->next) {
        struct qtc_bytes raw = m->raw;

        if (!in_envelope(m)) {
            continue;
        }
        if (qtc_bytes_is(m->key, "id")) {
            code = steady(r, &r->id, m, &raw);
        } else if (qtc_bytes_is(m->key, "model")) {
            code = steady(r, &r->model, m, &raw);
        }
        add_member(&r->scratch, m, raw);
    }
    qtc_buf_byte(&r->scratch, '}');
    return r->scratch.failed ? QTC_NOMEM : code;
}

static enum qtc_code read_envelope(struct qtc_openai_reader *r, const struct qtc_json *chunk)
{
    enum qtc_code code = build_envelope(r, chunk);
    struct qtc_buf old = r->envelope;

    if (code != QTC_OK || qtc_bytes_equal(qtc_buf_bytes(&r->scratch), qtc_buf_bytes(&r->envelope))) {
        return code;
    }
    r->envelope = r->scratch;
    r->scratch = old;
    r->version++;
    return qtc_stream_other(r->stream, 0, qtc_str("envelope"), qtc_buf_bytes(&r->envelope));
}

static bool zero_parts(const struct qtc_json *usage)
{
    unsigned total = 0, in = 0, out = 0;

    return qtc_json_unsigned(qtc_json_get(usage, "total_tokens"), &total) && total > 0 &&
           (!qtc_json_unsigned(qtc_json_get(usage, "prompt_tokens"), &in) || in == 0) &&
           (!qtc_json_unsigned(qtc_json_get(usage, "completion_tokens"), &out) || out == 0);
}

static enum qtc_code read_usage(struct qtc_openai_reader *r, const struct qtc_json *chunk)
{
    const struct qtc_json *usage = qtc_json_get(chunk, "usage"), *choices = qtc_json_get(chunk, "choices");
    enum qtc_code code = QTC_OK;

    if (is_null(usage)) {
        return QTC_OK;
    }
    r->only.other = true;
    if (r->usage) {
        code = qtc_openai_tell(r, QTC_D_USAGE_EVERY_CHUNK, usage->raw);
    }
    r->usage = true;
    if (code == QTC_OK && zero_parts(usage)) {
        code = qtc_openai_tell(r, QTC_D_USAGE_ZERO_SPLIT, usage->raw);
    }
    if (code == QTC_OK && qtc_json_type_of(choices) == QTC_JSON_ARRAY && choices->count == 0) {
        code = qtc_openai_tell(r, QTC_D_USAGE_CHUNK_EMPTY_CHOICES, usage->raw);
    }
    qtc_buf_clear(&r->scratch);
    qtc_openai_compact(&r->scratch, usage->raw);
    return code == QTC_OK ? qtc_stream_usage(r->stream, qtc_buf_bytes(&r->scratch)) : code;
}

/* ---- a chunk ------------------------------------------------------------------------------------ */

enum qtc_openai_kind qtc_openai_kind(const struct qtc_json *chunk)
{
    const struct qtc_json *choices = qtc_json_get(chunk, "choices");
    struct qtc_bytes object = qtc_json_text(qtc_json_get(chunk, "object"));

    if (qtc_json_type_of(chunk) != QTC_JSON_OBJECT) {
        return QTC_OPENAI_NONE;
    }
    if ((!is_null(qtc_json_get(chunk, "error")) && qtc_json_type_of(choices) != QTC_JSON_ARRAY) ||
        qtc_bytes_is(object, "error")) {
        return QTC_OPENAI_ERROR;
    }
    if (!is_null(qtc_json_get(choices ? choices->first : NULL, "message"))) {
        return QTC_OPENAI_MESSAGE;
    }
    if (choices || qtc_json_get(chunk, "usage") || qtc_bytes_is(object, "chat.completion.chunk")) {
        return QTC_OPENAI_CHUNK;
    }
    return QTC_OPENAI_NONE;
}

/* The error as it came; where it has no member `error`, as the value of one. */
static enum qtc_code read_error(struct qtc_openai_reader *r, const struct qtc_json *chunk)
{
    bool named = !is_null(qtc_json_get(chunk, "error"));
    enum qtc_code code = qtc_stream_defect(r->stream, 0, QTC_D_ERROR_MID_STREAM, chunk->raw);

    r->only.other = true;
    qtc_buf_clear(&r->scratch);
    qtc_buf_str(&r->scratch, named ? "" : "{\"error\":");
    qtc_openai_compact(&r->scratch, chunk->raw);
    qtc_buf_str(&r->scratch, named ? "" : "}");
    if (r->scratch.failed) {
        return QTC_NOMEM;
    }
    return code == QTC_OK ? qtc_stream_other(r->stream, 0, qtc_str("error"), qtc_buf_bytes(&r->scratch))
                          : code;
}

enum qtc_code qtc_openai_error(struct qtc_openai_reader *r, struct qtc_bytes text)
{
    enum qtc_code code = qtc_stream_defect(r->stream, 0, QTC_D_ERROR_MID_STREAM, text);

    return code == QTC_OK ? send_error(r, 0, text, "server_error") : code;
}

static enum qtc_code read_start(struct qtc_openai_reader *r, const struct qtc_json *chunk)
{
    const struct qtc_json *id = qtc_json_get(chunk, "id"), *choices = qtc_json_get(chunk, "choices");

    /* Azure's first chunk has neither an id nor choices. */
    if (!filled(id) && (!choices || choices->count == 0)) {
        return QTC_OK;
    }
    return qtc_stream_start(r->stream, qtc_json_text(id), qtc_json_text(qtc_json_get(chunk, "model")));
}

enum qtc_code qtc_openai_chunk(struct qtc_openai_reader *r, const struct qtc_json *chunk)
{
    const struct qtc_json *choices = qtc_json_get(chunk, "choices");
    enum qtc_openai_kind kind = qtc_openai_kind(chunk);
    enum qtc_code code = QTC_OK;

    if (kind == QTC_OPENAI_ERROR) {
        return read_error(r, chunk);
    }
    r->chunks = true;
    code = read_start(r, chunk);
    if (code == QTC_OK) {
        code = read_envelope(r, chunk);
    }
    if (code == QTC_OK && kind == QTC_OPENAI_MESSAGE) {
        code = qtc_openai_tell(r, QTC_D_NOT_SSE, (struct qtc_bytes){0});
    }
    if (code == QTC_OK && !is_null(qtc_json_get(chunk, "error"))) {
        code = read_error(r, chunk);
    }
    if (code == QTC_OK) {
        code = read_usage(r, chunk);
    }
    if (code == QTC_OK && qtc_json_type_of(choices) == QTC_JSON_ARRAY) {
        code = read_choices(r, choices);
    }
    return code;
}
