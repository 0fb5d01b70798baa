#include <stdlib.h>
#include <string.h>

#include "wire/openai.h"

/* OpenAI chat completions: frames to the stream.
 *
 * The usual chunk repeats the last one but for a few letters in one string:
 *
 *   {"id":…,"choices":[{"index":0,"delta":{"content":" the"},"finish_reason":null}]}
 *   |<------------------ prefix ------------------->|    |<------- suffix ------->|
 *
 * So a chunk that was read as a tree leaves a template, and a chunk that begins
 * and ends like it, with the inside of one JSON string between, needs no tree. */

/* A frame as it will be passed on; raw and data change where it is mended. */
struct frame {
    struct qtc_bytes raw, data, type;
    uint64_t number, line;
    bool json; /* came by itself, not in an event stream */
};

#define COMPARED_MAX ((size_t)64 << 10) /* longer chunks are not looked at for being doubled */

/* ---- the object ------------------------------------------------------------------- */

struct qtc_openai_reader *qtc_openai_reader_new(struct qtc_stream *stream)
{
    struct qtc_openai_reader *r = calloc(1, sizeof *r);

    if (r) {
        r->stream = stream;
        r->repair = qtc_stream_repairs(stream);
    }
    return r;
}

void qtc_openai_reader_free(struct qtc_openai_reader *r)
{
    if (!r) {
        return;
    }
    for (size_t i = 0; i < r->choice_count; i++) {
        qtc_buf_free(&r->choices[i].extras);
    }
    free(r->choices);
    for (size_t i = 0; i < QTC_OPENAI_TEMPLATES; i++) {
        qtc_buf_free(&r->templates[i].prefix);
        qtc_buf_free(&r->templates[i].suffix);
        qtc_buf_free(&r->templates[i].extras);
    }
    struct qtc_buf *const buffers[] = {&r->id.first, &r->id.last,    &r->model.first, &r->model.last,
                                       &r->envelope, &r->scratch,    &r->text,        &r->extra,
                                       &r->fixed,    &r->fixed_data, &r->last};

    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) {
        qtc_buf_free(buffers[i]);
    }
    qtc_arena_free(&r->arena);
    free(r);
}

/* ---- frames -------------------------------------------------------------------------- */

static enum qtc_code begin_frame(struct qtc_openai_reader *r, const struct frame *f)
{
    r->altered = false;
    return qtc_stream_frame_begin(r->stream, f->number, f->line);
}

static enum qtc_code end_frame(struct qtc_openai_reader *r, const struct frame *f, enum qtc_code code)
{
    if (code != QTC_OK) {
        return code;
    }
    qtc_stream_frame_data(r->stream, f->data);
    return qtc_stream_frame_end(r->stream, f->raw, r->altered);
}

/* The frame's data in an event of its own, on one line. */
static enum qtc_code encode_frame(struct qtc_openai_reader *r, struct frame *f)
{
    if (!r->repair) {
        return QTC_OK;
    }
    if (f->json) {
        f->raw = f->data;
        return QTC_OK;
    }
    r->mended = true;
    qtc_buf_clear(&r->scratch);
    qtc_openai_compact(&r->scratch, f->data);
    qtc_buf_clear(&r->fixed);
    if (f->raw.len > 0 && f->raw.data[0] == '\n') {
        qtc_buf_byte(&r->fixed, '\n'); /* of a CRLF whose CR came with the last event */
    }
    qtc_sse_encode(&r->fixed, f->type, qtc_buf_bytes(&r->scratch));
    f->raw = qtc_buf_bytes(&r->fixed);
    return r->scratch.failed || r->fixed.failed ? QTC_NOMEM : QTC_OK;
}

/* ---- templates ------------------------------------------------------------------------ */

static void learn(struct qtc_openai_reader *r, struct qtc_bytes data)
{
    struct qtc_openai_template *t = &r->templates[0];
    const struct qtc_json *string = r->only.string;
    const struct qtc_openai_choice *choice = NULL;
    size_t at, end;

    if (!string || r->only.other) {
        return;
    }
    for (size_t i = 1; i < QTC_OPENAI_TEMPLATES; i++) {
        t = r->templates[i].used < t->used ? &r->templates[i] : t;
    }
    for (size_t i = 0; i < r->choice_count; i++) {
        choice = r->choices[i].index == r->only.choice ? &r->choices[i] : choice;
    }
    at = (size_t)(string->raw.data - data.data) + 1;
    end = at + string->raw.len - 2;
    qtc_buf_clear(&t->prefix);
    qtc_buf_clear(&t->suffix);
    qtc_buf_clear(&t->extras);
    qtc_buf_add(&t->prefix, data.data, at);
    qtc_buf_add(&t->suffix, data.data + end, data.len - end);
    if (choice) {
        qtc_buf_put(&t->extras, qtc_buf_bytes(&choice->extras));
        t->extras_number = choice->extras_number;
    }
    t->only = r->only;
    t->only.string = NULL;
    t->altered = r->altered;
    t->used = ++r->clock;
    /* The next one may be the same, and will be known by its string. */
    r->last_template = t;
    qtc_buf_clear(&r->last);
    if (string->text.len <= COMPARED_MAX) {
        qtc_buf_put(&r->last, string->text);
    }
    t->version = t->prefix.failed || t->suffix.failed || t->extras.failed ? 0 : r->version;
}

static bool fits(const struct qtc_openai_reader *r, const struct qtc_openai_template *t,
                 struct qtc_bytes data)
{
    size_t around = t->prefix.len + t->suffix.len;

    return t->version == r->version && t->version > 0 && data.len > around &&
           memcmp(data.data, t->prefix.data, t->prefix.len) == 0 &&
           memcmp(data.data + data.len - t->suffix.len, t->suffix.data, t->suffix.len) == 0;
}

/* Is it the inside of one JSON string? Then *text is what it says. */
static bool inside_string(struct qtc_openai_reader *r, struct qtc_bytes inside, struct qtc_bytes *text)
{
    size_t i = qtc_json_plain(inside.data, inside.len);

    *text = inside;
    if (i == inside.len) {
        return true;
    }
    while (i < inside.len) {
        if (inside.data[i] != '\\' || i + 1 == inside.len) {
            return false;
        }
        i += 2;
        i += qtc_json_plain(inside.data + i, inside.len - i);
    }
    qtc_buf_clear(&r->text);
    if (!qtc_json_unescape(&r->text, inside)) {
        return false;
    }
    *text = qtc_buf_bytes(&r->text);
    return !r->text.failed;
}

static struct qtc_openai_template *find_template(struct qtc_openai_reader *r, struct qtc_bytes data,
                                                 struct qtc_bytes *text)
{
    for (size_t i = 0; i < QTC_OPENAI_TEMPLATES; i++) {
        struct qtc_openai_template *t = &r->templates[i];
        size_t around = t->prefix.len + t->suffix.len;

        if (fits(r, t, data)) {
            return inside_string(r, qtc_bytes(data.data + t->prefix.len, data.len - around), text) ? t : NULL;
        }
    }
    return NULL;
}

/* ---- chunks that come twice ------------------------------------------------------------ */

/* what: the chunk, or the string in it when t says the rest. */
static enum qtc_code compare_last(struct qtc_openai_reader *r, const struct qtc_openai_template *t,
                                  struct qtc_bytes what)
{
    if (r->told >> QTC_D_DUPLICATE_CHUNK & 1) {
        return QTC_OK;
    }
    if (t == r->last_template && what.len > 0 && qtc_bytes_equal(what, qtc_buf_bytes(&r->last))) {
        return qtc_openai_tell(r, QTC_D_DUPLICATE_CHUNK, what);
    }
    r->last_template = t;
    qtc_buf_clear(&r->last);
    if (what.len <= COMPARED_MAX) {
        qtc_buf_put(&r->last, what);
    }
    return QTC_OK;
}

/* ---- the fast way ----------------------------------------------------------------------- */

/* Another template may have sent the extras of another shape since. */
static enum qtc_code restore_extras(struct qtc_openai_reader *r, const struct qtc_openai_template *t)
{
    for (size_t i = 0; i < r->choice_count; i++) {
        struct qtc_openai_choice *choice = &r->choices[i];

        if (choice->index != t->only.choice || choice->extras_number == t->extras_number) {
            continue;
        }
        choice->extras_number = t->extras_number;
        qtc_buf_clear(&choice->extras);
        qtc_buf_put(&choice->extras, qtc_buf_bytes(&t->extras));
        if (choice->extras.failed) {
            return QTC_NOMEM;
        }
        return qtc_stream_other(r->stream, choice->index, qtc_str("choice"), qtc_buf_bytes(&t->extras));
    }
    return QTC_OK;
}

static enum qtc_code send_text(struct qtc_openai_reader *r, const struct qtc_openai_only *only,
                               struct qtc_bytes text)
{
    struct qtc_call_delta call;

    switch (only->kind) {
    case QTC_ONLY_CONTENT:
        return qtc_stream_content(r->stream, only->choice, text);
    case QTC_ONLY_REASONING:
        return qtc_stream_reasoning(r->stream, only->choice, text);
    default:
        call = only->call;
        call.form = QTC_ARGUMENTS_TEXT;
        call.arguments = text;
        return qtc_stream_call(r->stream, only->choice, &call);
    }
}

static enum qtc_code read_like(struct qtc_openai_reader *r, const struct frame *f,
                               struct qtc_openai_template *t, struct qtc_bytes text)
{
    enum qtc_code code = begin_frame(r, f);

    t->used = ++r->clock;
    r->altered = t->altered;
    if (code == QTC_OK) {
        code = restore_extras(r, t);
    }
    if (code == QTC_OK) {
        code = compare_last(r, t, text);
    }
    if (code == QTC_OK) {
        code = send_text(r, &t->only, text);
    }
    return end_frame(r, f, code);
}

/* ---- the slow way ------------------------------------------------------------------------ */

/* A chunk has choices: where it has none, an empty array takes their place. */
static enum qtc_code mend_choices(struct qtc_openai_reader *r, struct frame *f, const struct qtc_json *chunk)
{
    const struct qtc_json *choices = qtc_json_get(chunk, "choices");
    size_t at = (size_t)((choices ? choices->raw.data : chunk->raw.data + chunk->raw.len - 1) - f->data.data);
    const char *with = choices ? "[]" : chunk->count > 0 ? ",\"choices\":[]" : "\"choices\":[]";
    enum qtc_code code =
        qtc_openai_tell(r, choices ? QTC_D_CHOICES_NULL : QTC_D_CHOICES_MISSING, (struct qtc_bytes){0});

    if (!r->repair) {
        return code;
    }
    qtc_buf_clear(&r->fixed_data);
    qtc_buf_put(&r->fixed_data, f->data);
    if (r->fixed_data.failed) {
        return QTC_NOMEM;
    }
    qtc_buf_splice(&r->fixed_data, at, choices ? choices->raw.len : 0, qtc_str(with));
    f->data = qtc_buf_bytes(&r->fixed_data);
    if (r->fixed_data.failed) {
        return QTC_NOMEM;
    }
    return code == QTC_OK ? encode_frame(r, f) : code;
}

static enum qtc_code read_tree(struct qtc_openai_reader *r, struct frame f, const struct qtc_json *chunk)
{
    struct qtc_bytes data = f.data;
    enum qtc_code code = begin_frame(r, &f);

    r->only = (struct qtc_openai_only){0};
    if (code == QTC_OK) {
        code = compare_last(r, NULL, data);
    }
    if (code == QTC_OK) {
        code = qtc_openai_chunk(r, chunk);
    }
    if (code == QTC_OK) {
        learn(r, data);
    }
    if (code == QTC_OK && qtc_openai_kind(chunk) != QTC_OPENAI_ERROR &&
        qtc_json_type_of(qtc_json_get(chunk, "choices")) != QTC_JSON_ARRAY) {
        code = mend_choices(r, &f, chunk);
    }
    return end_frame(r, &f, code);
}

/* A frame that is left out, and why. */
static enum qtc_code drop_frame(struct qtc_openai_reader *r, const struct frame *f, enum qtc_defect defect,
                                bool once)
{
    enum qtc_code code = begin_frame(r, f);

    r->altered = true;
    if (code == QTC_OK && once) {
        code = qtc_openai_tell(r, defect, f->data);
    } else if (code == QTC_OK) {
        code = qtc_stream_defect(r->stream, 0, defect, f->data);
    }
    return end_frame(r, f, code);
}

static enum qtc_code read_done(struct qtc_openai_reader *r, const struct frame *f)
{
    enum qtc_code code;

    if (r->done) {
        return drop_frame(r, f, QTC_D_DONE_NOT_LAST, true);
    }
    r->done = true;
    code = begin_frame(r, f);
    return end_frame(r, f, code);
}

/* An event named `error`, whose data is no object. */
static enum qtc_code read_error_event(struct qtc_openai_reader *r, const struct frame *f)
{
    enum qtc_code code = begin_frame(r, f);

    if (code == QTC_OK) {
        code = qtc_openai_error(r, f->data);
    }
    return end_frame(r, f, code);
}

/* One value of the event's data; *rest is what stands behind it. */
static enum qtc_code read_value(struct qtc_openai_reader *r, const struct frame *event,
                                struct qtc_bytes *rest, bool split)
{
    struct frame f = *event;
    struct qtc_error error = {0};
    const struct qtc_json *tree;
    enum qtc_code code = QTC_OK;
    size_t used = 0;

    f.data = *rest;
    if (qtc_bytes_is(f.data, "[DONE]")) {
        *rest = (struct qtc_bytes){0};
        return split && encode_frame(r, &f) != QTC_OK ? QTC_NOMEM : read_done(r, &f);
    }
    qtc_arena_reset(&r->arena);
    tree = qtc_json_read_one(&r->arena, f.data, &used, &error);
    if (!tree && error.code == QTC_NOMEM) {
        return QTC_NOMEM;
    }
    *rest = tree ? qtc_bytes_trim(qtc_bytes(rest->data + used, rest->len - used)) : (struct qtc_bytes){0};
    if (qtc_json_type_of(tree) != QTC_JSON_OBJECT) {
        return qtc_bytes_is(f.type, "error") && !split ? read_error_event(r, &f)
                                                       : drop_frame(r, &f, QTC_D_INVALID_JSON_CHUNK, false);
    }
    if (split || rest->len > 0) {
        f.data.len = used;
        code = qtc_openai_tell(r, QTC_D_DATA_WITHOUT_BLANK_LINE, (struct qtc_bytes){0});
        code = code == QTC_OK ? encode_frame(r, &f) : code;
    }
    return code == QTC_OK ? read_tree(r, f, tree) : code;
}

static enum qtc_code read_slowly(struct qtc_openai_reader *r, const struct frame *f)
{
    struct qtc_bytes rest = qtc_bytes_trim(f->data);
    struct frame part = *f;
    bool split = false;
    enum qtc_code code = QTC_OK;

    if (rest.len == 0) {
        return drop_frame(r, f, QTC_D_KEEPALIVE_COMMENT, true);
    }
    while (rest.len > 0 && code == QTC_OK) {
        code = read_value(r, &part, &rest, split);
        split = true;
        if (!r->repair || r->mended) {
            part.raw.len = 0; /* the first had it all, or it is no longer there */
        } else if (part.raw.len > 0 && part.raw.data[0] == '\n') {
            part.raw = qtc_bytes(part.raw.data + 1, part.raw.len - 1); /* a late LF went with the first */
        }
    }
    return code;
}

/* ---- event streams --------------------------------------------------------------------------- */

static const struct {
    unsigned oddity;
    enum qtc_defect defect;
} oddities[] = {
    {QTC_SSE_BOM, QTC_D_BOM_AT_START},
    {QTC_SSE_MIXED_ENDS, QTC_D_CRLF_MIX},
    {QTC_SSE_MULTI_LINE, QTC_D_MULTI_LINE_DATA},
    {QTC_SSE_NO_BLANK_LINE, QTC_D_DATA_WITHOUT_BLANK_LINE},
};

static enum qtc_code tell_oddities(struct qtc_openai_reader *r, const struct frame *f, unsigned found)
{
    enum qtc_code code = qtc_stream_frame_begin(r->stream, f->number, f->line);

    for (size_t i = 0; i < sizeof oddities / sizeof *oddities && code == QTC_OK; i++) {
        if (found & oddities[i].oddity) {
            code = qtc_openai_tell(r, oddities[i].defect, (struct qtc_bytes){0});
        }
    }
    return code;
}

/* What can be mended in the bytes around the data. [DONE] may lack its blank
 * line: nothing follows it. */
static enum qtc_code mend_framing(struct qtc_openai_reader *r, struct frame *f, unsigned found)
{
    static const char bom[] = "\xEF\xBB\xBF";
    bool done = qtc_bytes_is(f->data, "[DONE]");

    if (!r->repair) {
        return QTC_OK;
    }
    if (found & QTC_SSE_BOM && f->raw.len >= 3 && memcmp(f->raw.data, bom, 3) == 0) {
        f->raw = qtc_bytes(f->raw.data + 3, f->raw.len - 3);
    }
    if (found & QTC_SSE_NO_BLANK_LINE || (found & QTC_SSE_UNTERMINATED && !done)) {
        return encode_frame(r, f);
    }
    return QTC_OK;
}

static bool has_comment(struct qtc_bytes raw)
{
    char before = '\n';

    for (size_t i = 0; i < raw.len; i++) {
        if (raw.data[i] == ':' && (before == '\n' || before == '\r')) {
            return true;
        }
        before = raw.data[i];
    }
    return false;
}

/* Two line ends at the end: what comes next begins an event of its own. */
static bool ends_in_blank_line(struct qtc_bytes raw)
{
    size_t ends = 0, i = raw.len;

    for (; i > 0 && (raw.data[i - 1] == '\n' || raw.data[i - 1] == '\r'); i--) {
        bool crlf = raw.data[i - 1] == '\r' && i < raw.len && raw.data[i] == '\n';

        ends += crlf ? 0 : 1;
    }
    return ends > 1 || i == 0;
}

/* Comments and blank lines: passed on. The last ones may lack their end, and
 * must not swallow what is written behind them. */
static enum qtc_code pass_framing(struct qtc_openai_reader *r, struct frame *f)
{
    enum qtc_code code = begin_frame(r, f);

    if (r->repair && !r->done && !ends_in_blank_line(f->raw)) {
        qtc_buf_clear(&r->fixed);
        qtc_buf_put(&r->fixed, f->raw);
        qtc_buf_str(&r->fixed, "\n\n");
        f->raw = qtc_buf_bytes(&r->fixed);
        code = code == QTC_OK && r->fixed.failed ? QTC_NOMEM : code;
    }

    if (code == QTC_OK && has_comment(f->raw)) {
        code = qtc_openai_tell(r, QTC_D_KEEPALIVE_COMMENT, qtc_bytes_trim(f->raw));
    }
    return end_frame(r, f, code);
}

/* A frame is cut at the CR of a CRLF where the LF was late. The LF then goes
 * with the CR; where that was encoded anew, there is none to go with. */
static void take_late_lf(struct qtc_openai_reader *r, struct frame *f)
{
    if (r->mended && r->cr && f->raw.len > 0 && f->raw.data[0] == '\n') {
        f->raw = qtc_bytes(f->raw.data + 1, f->raw.len - 1);
    }
    r->cr = f->raw.len > 0 && f->raw.data[f->raw.len - 1] == '\r';
    r->mended = false;
}

enum qtc_code qtc_openai_reader_event(struct qtc_openai_reader *r, const struct qtc_sse_event *event)
{
    struct frame f = {.raw = event->raw,
                      .data = event->data,
                      .type = event->type,
                      .number = event->number,
                      .line = event->line};
    enum qtc_code code = QTC_OK;
    struct qtc_openai_template *t;
    struct qtc_bytes text;

    r->events = true;
    take_late_lf(r, &f);
    if (event->oddities) {
        code = tell_oddities(r, &f, event->oddities);
    }
    if (code == QTC_OK && event->oddities) {
        code = mend_framing(r, &f, event->oddities);
    }
    if (code != QTC_OK) {
        return code;
    }
    if (!event->has_data) {
        return pass_framing(r, &f);
    }
    if (r->done && !qtc_bytes_is(event->data, "[DONE]")) {
        qtc_stream_frame_begin(r->stream, f.number, f.line);
        code = qtc_openai_tell(r, QTC_D_DONE_NOT_LAST, (struct qtc_bytes){0});
    }
    if (code != QTC_OK) {
        return code;
    }
    t = find_template(r, f.data, &text);
    return t ? read_like(r, &f, t, text) : read_slowly(r, &f);
}

/* ---- JSON by itself ------------------------------------------------------------------------------- */

enum qtc_code qtc_openai_reader_json(struct qtc_openai_reader *r, struct qtc_bytes json, uint64_t line,
                                     struct qtc_error *error)
{
    struct frame f = {.raw = json, .data = json, .number = ++r->number, .line = line, .json = true};
    struct qtc_bytes text;
    struct qtc_openai_template *t = find_template(r, json, &text);
    const struct qtc_json *tree;

    *error = (struct qtc_error){0};
    if (t) {
        return read_like(r, &f, t, text);
    }
    qtc_arena_reset(&r->arena);
    tree = qtc_json_read(&r->arena, json, error);
    if (!tree) {
        return error->code != QTC_OK ? error->code : QTC_SYNTAX;
    }
    if (qtc_openai_kind(tree) == QTC_OPENAI_NONE) {
        *error = (struct qtc_error){QTC_TYPE, "neither a chunk nor a completion nor an error", 0};
        return QTC_TYPE;
    }
    return read_tree(r, f, tree);
}

enum qtc_code qtc_openai_reader_end(struct qtc_openai_reader *r)
{
    enum qtc_code code = QTC_OK;

    if (r->events && r->chunks && !r->done) {
        code = qtc_stream_defect(r->stream, 0, QTC_D_MISSING_DONE, (struct qtc_bytes){0});
    }
    return code == QTC_OK ? qtc_stream_end(r->stream) : code;
}
