/* simulate.c - an answer that was not streamed, as a server streams it; chunks that stood a line each, as
 * events.
 *
 * What vLLM sends: for each choice a chunk with the role, then the reasoning, the content, the calls, piece
 * by piece, and its finish_reason; the usage; [DONE]. Strings go from the answer to the chunks as they are
 * written, escapes and all. */
#include "capture/stages.h"

#include <stdlib.h>
#include <string.h>

struct simulate {
    struct qtc_stage stage;
    struct qtc_texts texts;
    struct qtc_arena arena;  /* of one value */
    uint64_t at;             /* when that had come */
    bool begun;              /* the body holds something */
    bool json;               /* and is no stream */
    bool done;               /* [DONE] went out last */
    struct qtc_buf envelope; /* of a chunk, up to its choices */
    unsigned choice;
    /* what is around a text in its choice; `middle` where it goes out under two names */
    struct qtc_buf open, middle, close;
    struct qtc_buf out;
};

/* ---- JSON in pieces ----------------------------------------------------------------- */

/* A value on one line: between its tokens, and there only, JSON may have line ends. */
static void put_value(struct qtc_buf *out, struct qtc_bytes json)
{
    for (size_t i = 0; i < json.len;) {
        size_t n = i;
        while (n < json.len && json.data[n] != '\n' && json.data[n] != '\r') {
            n++;
        }
        qtc_buf_add(out, json.data + i, n - i);
        i = n + 1;
    }
}

static void put_member(struct qtc_buf *out, const struct qtc_json *member)
{
    qtc_buf_put(out, member->raw_key);
    qtc_buf_byte(out, ':');
    put_value(out, member->raw);
}

static bool says_nothing(const struct qtc_json *v)
{
    return v == NULL || v->type == QTC_JSON_NULL ||
           ((v->type == QTC_JSON_ARRAY || v->type == QTC_JSON_OBJECT) && v->count == 0);
}

static bool is_text(const struct qtc_json *v)
{
    return qtc_json_type_of(v) == QTC_JSON_STRING && v->text.len > 0;
}

/* ---- events ---------------------------------------------------------------------------- */

/* Sends `out`. */
static enum qtc_code send(struct simulate *s)
{
    static const size_t field = sizeof "data: " - 1;

    qtc_buf_str(&s->out, "\n\n");
    if (s->out.failed) {
        return QTC_NOMEM;
    }
    struct qtc_bytes raw = qtc_buf_bytes(&s->out);
    return qtc_stage_pass(&s->stage, &(struct qtc_frame){.at = s->at,
                                                         .raw = raw,
                                                         .data = {raw.data + field, raw.len - field - 2},
                                                         .has_data = true});
}

static void open_event(struct simulate *s)
{
    s->done = false;
    qtc_buf_clear(&s->out);
    qtc_buf_str(&s->out, "data: ");
}

static enum qtc_code send_value(struct simulate *s, struct qtc_bytes json)
{
    open_event(s);
    put_value(&s->out, json);
    return send(s);
}

static enum qtc_code send_done(struct simulate *s)
{
    enum qtc_code code = send_value(s, qtc_str("[DONE]"));

    s->done = true;
    return code;
}

/* ---- chunks ----------------------------------------------------------------------------- */

static void put_envelope(struct simulate *s, const struct qtc_json *answer, const char *object)
{
    static const char *const members[] = {"created", "model", "service_tier", "system_fingerprint"};
    const struct qtc_json *id = qtc_json_get(answer, "id");

    qtc_buf_clear(&s->envelope);
    qtc_buf_byte(&s->envelope, '{');
    if (id != NULL) {
        put_member(&s->envelope, id);
        qtc_buf_byte(&s->envelope, ',');
    }
    qtc_buf_str(&s->envelope, "\"object\":");
    qtc_json_string(&s->envelope, qtc_str(object));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const struct qtc_json *member = qtc_json_get(answer, members[i]);
        if (member != NULL) {
            qtc_buf_byte(&s->envelope, ',');
            put_member(&s->envelope, member);
        }
    }
    qtc_buf_str(&s->envelope, ",\"choices\":[");
}

static void open_chunk(struct simulate *s)
{
    open_event(s);
    qtc_buf_put(&s->out, qtc_buf_bytes(&s->envelope));
    qtc_buf_str(&s->out, "{\"index\":");
    qtc_buf_u64(&s->out, s->choice);
    qtc_buf_byte(&s->out, ',');
}

static enum qtc_code send_chunk(struct simulate *s)
{
    qtc_buf_str(&s->out, ",\"finish_reason\":null}]}");
    return send(s);
}

static enum qtc_code send_role(struct simulate *s, const struct qtc_json *role)
{
    open_chunk(s);
    qtc_buf_str(&s->out, "\"delta\":{\"role\":");
    qtc_json_string(&s->out, is_text(role) ? role->text : qtc_str("assistant"));
    qtc_buf_str(&s->out, ",\"content\":\"\"}");
    return send_chunk(s);
}

/* ---- texts --------------------------------------------------------------------------------- */

static void set(struct qtc_buf *b, const char *text)
{
    qtc_buf_clear(b);
    qtc_buf_str(b, text);
}

static enum qtc_code send_piece(void *ctx, struct qtc_bytes piece, uint64_t at)
{
    struct simulate *s = ctx;

    (void)at; /* all of an answer came at once */
    open_chunk(s);
    qtc_buf_put(&s->out, qtc_buf_bytes(&s->open));
    qtc_buf_put(&s->out, piece);
    if (s->middle.len > 0) {
        qtc_buf_put(&s->out, qtc_buf_bytes(&s->middle));
        qtc_buf_put(&s->out, piece);
    }
    qtc_buf_put(&s->out, qtc_buf_bytes(&s->close));
    return send_chunk(s);
}

/* Between what `open` and `close` hold. */
static enum qtc_code send_text(struct simulate *s, const struct qtc_json *text)
{
    enum qtc_code code;

    if (s->open.failed || s->middle.failed || s->close.failed) {
        return QTC_NOMEM;
    }
    code = qtc_texts_feed(&s->texts, qtc_bytes(text->raw.data + 1, text->raw.len - 2), s->at);
    return code == QTC_OK ? qtc_texts_end(&s->texts) : code;
}

/* A member of a message: a text piece by piece, anything else whole. */
static enum qtc_code send_member(struct simulate *s, const struct qtc_json *member,
                                 const struct qtc_json *twin)
{
    if (says_nothing(member) || (member->type == QTC_JSON_STRING && member->text.len == 0)) {
        return QTC_OK;
    }
    if (member->type != QTC_JSON_STRING) {
        open_chunk(s);
        qtc_buf_str(&s->out, "\"delta\":{");
        put_member(&s->out, member);
        qtc_buf_byte(&s->out, '}');
        return send_chunk(s);
    }
    set(&s->open, "\"delta\":{");
    qtc_buf_put(&s->open, member->raw_key);
    qtc_buf_str(&s->open, ":\"");
    qtc_buf_clear(&s->middle);
    if (twin != NULL) {
        qtc_buf_str(&s->middle, "\",");
        qtc_buf_put(&s->middle, twin->raw_key);
        qtc_buf_str(&s->middle, ":\"");
    }
    set(&s->close, "\"}");
    return send_text(s, member);
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* The members of a call or its function, but for the index; of the arguments, only that they will come. */
static void put_call(struct qtc_buf *out, const struct qtc_json *call)
{
    bool first = true;

    for (const struct qtc_json *m = call->first; m != NULL; m = m->next) {
        if (qtc_bytes_is(m->key, "index")) {
            continue;
        }
        if (!first) {
            qtc_buf_byte(out, ',');
        }
        first = false;
        if (m->type == QTC_JSON_OBJECT && qtc_bytes_is(m->key, "function")) {
            qtc_buf_str(out, "\"function\":{");
            put_call(out, m);
            qtc_buf_byte(out, '}');
        } else if (m->type == QTC_JSON_STRING && qtc_bytes_is(m->key, "arguments")) {
            qtc_buf_str(out, "\"arguments\":\"\"");
        } else {
            put_member(out, m);
        }
    }
}

static enum qtc_code send_arguments(struct simulate *s, const struct qtc_json *arguments)
{
    qtc_buf_clear(&s->middle);
    return is_text(arguments) ? send_text(s, arguments) : QTC_OK;
}

static enum qtc_code send_call(struct simulate *s, const struct qtc_json *call, unsigned index)
{
    enum qtc_code code;

    open_chunk(s);
    qtc_buf_str(&s->out, "\"delta\":{\"tool_calls\":[{\"index\":");
    qtc_buf_u64(&s->out, index);
    qtc_buf_str(&s->out, call->first != NULL ? "," : "");
    put_call(&s->out, call);
    qtc_buf_str(&s->out, "}]}");
    code = send_chunk(s);
    if (code != QTC_OK) {
        return code;
    }
    set(&s->open, "\"delta\":{\"tool_calls\":[{\"index\":");
    qtc_buf_u64(&s->open, index);
    qtc_buf_str(&s->open, ",\"function\":{\"arguments\":\"");
    set(&s->close, "\"}}]}");
    return send_arguments(s, qtc_json_get(qtc_json_get(call, "function"), "arguments"));
}

static enum qtc_code send_calls(struct simulate *s, const struct qtc_json *calls)
{
    enum qtc_code code = QTC_OK;
    unsigned index = 0;

    if (qtc_json_type_of(calls) != QTC_JSON_ARRAY) {
        return calls != NULL ? send_member(s, calls, NULL) : QTC_OK;
    }
    for (const struct qtc_json *call = calls->first; call != NULL && code == QTC_OK; call = call->next) {
        code = send_call(s, call, index++);
    }
    return code;
}

/* The older kind of call. */
static enum qtc_code send_function(struct simulate *s, const struct qtc_json *call)
{
    enum qtc_code code;

    if (says_nothing(call) || call->type != QTC_JSON_OBJECT) {
        return QTC_OK;
    }
    open_chunk(s);
    qtc_buf_str(&s->out, "\"delta\":{\"function_call\":{");
    put_call(&s->out, call);
    qtc_buf_str(&s->out, "}}");
    code = send_chunk(s);
    set(&s->open, "\"delta\":{\"function_call\":{\"arguments\":\"");
    set(&s->close, "\"}}");
    return code == QTC_OK ? send_arguments(s, qtc_json_get(call, "arguments")) : code;
}

/* ---- messages --------------------------------------------------------------------------------- */

/* vLLM gives the same reasoning under two names, and streams it so. */
static enum qtc_code send_reasoning(struct simulate *s, const struct qtc_json *message)
{
    const struct qtc_json *content = qtc_json_get(message, "reasoning_content");
    const struct qtc_json *reasoning = qtc_json_get(message, "reasoning");
    enum qtc_code code;

    if (is_text(content) && is_text(reasoning) && qtc_bytes_equal(content->raw, reasoning->raw)) {
        return send_member(s, content, reasoning);
    }
    code = send_member(s, content, NULL);
    return code == QTC_OK ? send_member(s, reasoning, NULL) : code;
}

static enum qtc_code send_message(struct simulate *s, const struct qtc_json *message)
{
    static const char *const apart[] = {"role",       "reasoning_content", "reasoning",
                                        "tool_calls", "function_call",     NULL};
    enum qtc_code code = send_role(s, qtc_json_get(message, "role"));

    code = code == QTC_OK ? send_reasoning(s, message) : code;
    for (const struct qtc_json *m = message->first; m != NULL && code == QTC_OK; m = m->next) {
        code = qtc_bytes_is_one_of(m->key, apart) ? QTC_OK : send_member(s, m, NULL);
    }
    code = code == QTC_OK ? send_calls(s, qtc_json_get(message, "tool_calls")) : code;
    return code == QTC_OK ? send_function(s, qtc_json_get(message, "function_call")) : code;
}

static enum qtc_code send_completion(struct simulate *s, const struct qtc_json *text)
{
    set(&s->open, "\"text\":\"");
    set(&s->close, "\"");
    qtc_buf_clear(&s->middle);
    return is_text(text) ? send_text(s, text) : QTC_OK;
}

/* The choice's end, with all that it says of itself. */
static enum qtc_code send_finish(struct simulate *s, const struct qtc_json *choice, bool chat)
{
    static const char *const apart[] = {"index", "message", "text", "finish_reason", NULL};
    const struct qtc_json *reason = qtc_json_get(choice, "finish_reason");

    open_chunk(s);
    qtc_buf_str(&s->out, chat ? "\"delta\":{},\"finish_reason\":" : "\"text\":\"\",\"finish_reason\":");
    put_value(&s->out, reason != NULL ? reason->raw : qtc_str("null"));
    for (const struct qtc_json *m = choice->first; m != NULL; m = m->next) {
        if (!says_nothing(m) && !qtc_bytes_is_one_of(m->key, apart)) {
            qtc_buf_byte(&s->out, ',');
            put_member(&s->out, m);
        }
    }
    qtc_buf_str(&s->out, "}]}");
    return send(s);
}

static enum qtc_code send_choice(struct simulate *s, const struct qtc_json *choice, bool chat,
                                 unsigned position)
{
    enum qtc_code code;

    if (!qtc_json_unsigned(qtc_json_get(choice, "index"), &s->choice)) {
        s->choice = position;
    }
    code = chat ? send_message(s, qtc_json_get(choice, "message"))
                : send_completion(s, qtc_json_get(choice, "text"));
    return code == QTC_OK ? send_finish(s, choice, chat) : code;
}

static enum qtc_code send_usage(struct simulate *s, const struct qtc_json *usage)
{
    if (says_nothing(usage)) {
        return QTC_OK;
    }
    open_event(s);
    qtc_buf_put(&s->out, qtc_buf_bytes(&s->envelope));
    qtc_buf_str(&s->out, "],");
    put_member(&s->out, usage);
    qtc_buf_byte(&s->out, '}');
    return send(s);
}

static enum qtc_code send_answer(struct simulate *s, const struct qtc_json *answer, bool chat)
{
    const struct qtc_json *choice = qtc_json_get(answer, "choices")->first;
    enum qtc_code code = QTC_OK;
    unsigned position = 0;

    put_envelope(s, answer, chat ? "chat.completion.chunk" : "text_completion");
    for (; choice != NULL && code == QTC_OK; choice = choice->next) {
        code = send_choice(s, choice, chat, position++);
    }
    code = code == QTC_OK ? send_usage(s, qtc_json_get(answer, "usage")) : code;
    return code == QTC_OK ? send_done(s) : code;
}

/* ---- values -------------------------------------------------------------------------------------- */

enum kind { KIND_OTHER, KIND_ANSWER, KIND_COMPLETION, KIND_CHUNK };

/* A completion that is whole looks like the last chunk of one: it is what begins the body. */
static enum kind kind_of(const struct qtc_json *value, bool begun)
{
    const struct qtc_json *choices = qtc_json_get(value, "choices");
    const struct qtc_json *error = qtc_json_get(value, "error");

    if (qtc_json_type_of(choices) != QTC_JSON_ARRAY) {
        return !says_nothing(error) || qtc_bytes_is(qtc_json_text(qtc_json_get(value, "object")), "error")
                   ? KIND_CHUNK
                   : KIND_OTHER;
    }
    if (qtc_json_type_of(qtc_json_get(choices->first, "message")) == QTC_JSON_OBJECT) {
        return KIND_ANSWER;
    }
    bool whole = !begun && qtc_json_get(choices->first, "text") != NULL &&
                 !says_nothing(qtc_json_get(choices->first, "finish_reason"));
    return whole ? KIND_COMPLETION : KIND_CHUNK;
}

static enum qtc_code take_value(struct simulate *s, struct qtc_bytes json)
{
    struct qtc_error error;
    bool begun = s->begun;

    s->begun = true;
    if (qtc_bytes_is(json, "[DONE]")) {
        return send_done(s);
    }
    qtc_arena_reset(&s->arena);
    const struct qtc_json *value = qtc_json_read(&s->arena, json, &error);
    if (value == NULL && error.code == QTC_NOMEM) {
        return QTC_NOMEM;
    }
    switch (kind_of(value, begun)) {
    case KIND_ANSWER:
        return send_answer(s, value, true);
    case KIND_COMPLETION:
        return send_answer(s, value, false);
    case KIND_CHUNK:
        return send_value(s, json);
    default:
        return qtc_stage_fail(&s->stage, QTC_TYPE,
                              value == NULL ? "JSON that is broken or cut cannot be made a stream"
                                            : "not an answer, a chunk or an error of the API");
    }
}

/* ---- the stage ------------------------------------------------------------------------------------- */

static enum qtc_code push(struct qtc_stage *stage, const struct qtc_frame *frame)
{
    struct simulate *s = (struct simulate *)stage;

    if (!frame->json) {
        s->begun = s->begun || frame->has_data;
        return qtc_stage_pass(stage, frame);
    }
    s->json = true;
    s->at = frame->at;
    return frame->has_data ? take_value(s, frame->data) : QTC_OK;
}

static enum qtc_code finish(struct qtc_stage *stage)
{
    struct simulate *s = (struct simulate *)stage;

    if (!s->begun) {
        return qtc_stage_fail(stage, QTC_TYPE, "neither an event stream nor JSON");
    }
    return s->json && !s->done ? send_done(s) : QTC_OK;
}

static void free_simulate(struct qtc_stage *stage)
{
    struct simulate *s = (struct simulate *)stage;
    struct qtc_buf *bufs[] = {&s->envelope, &s->open, &s->middle, &s->close, &s->out};

    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++) {
        qtc_buf_free(bufs[i]);
    }
    qtc_texts_free(&s->texts);
    qtc_arena_free(&s->arena);
    free(s);
}

struct qtc_stage *qtc_simulate_new(const struct qtc_split *texts)
{
    struct simulate *s = calloc(1, sizeof *s);

    if (s == NULL) {
        return NULL;
    }
    s->stage = (struct qtc_stage){.push = push, .finish = finish, .free = free_simulate};
    s->texts = (struct qtc_texts){.split = *texts, .sink = send_piece, .ctx = s};
    if (texts->by == QTC_SPLIT_NONE) {
        s->texts.split = (struct qtc_split){.by = QTC_SPLIT_TOKENS, .n = 1};
    }
    return &s->stage;
}
