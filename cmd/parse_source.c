#include "parse_source.h"

#include <string.h>

/* ---- answers in JSON -------------------------------------------------------- */

enum answer {
    ANSWER_NONE,
    ANSWER_COMPLETION, /* chat.completion, or a server's error */
    ANSWER_MESSAGE,    /* an assistant message by itself */
    ANSWER_CHUNK,      /* a piece of a stream */
    ANSWER_OTHER_ROLE  /* a message of somebody else */
};

static const struct {
    const char *key;
    enum answer answer;
} message_keys[] = {
    {"content", ANSWER_MESSAGE},
    {"tool_calls", ANSWER_MESSAGE},
    {"reasoning_content", ANSWER_MESSAGE},
};

static bool is_chunk(const struct qtc_json *node, const struct qtc_json *choices)
{
    return qtc_bytes_is(qtc_json_text(qtc_json_get(node, "object")), "chat.completion.chunk") ||
           (choices->first && qtc_json_get(choices->first, "delta") &&
            !qtc_json_get(choices->first, "message"));
}

static enum answer answer_of(const struct qtc_json *node)
{
    const struct qtc_json *choices = qtc_json_get(node, "choices");
    struct qtc_bytes role = qtc_json_text(qtc_json_get(node, "role"));
    const struct qtc_json *error = qtc_json_get(node, "error");

    if (qtc_json_type_of(choices) == QTC_JSON_ARRAY) {
        return is_chunk(node, choices) ? ANSWER_CHUNK : ANSWER_COMPLETION;
    }
    if (error && error->type != QTC_JSON_NULL) {
        return ANSWER_COMPLETION;
    }
    if (role.len > 0 && !qtc_bytes_is(role, "assistant")) {
        return ANSWER_OTHER_ROLE;
    }
    for (size_t i = 0; i < sizeof message_keys / sizeof *message_keys; i++) {
        if (qtc_json_get(node, message_keys[i].key)) {
            return message_keys[i].answer;
        }
    }
    return role.len > 0 ? ANSWER_MESSAGE : ANSWER_NONE;
}

/* Sure enough to take a text for it: choices, or a role and what goes with it. */
static bool surely_answer(const struct qtc_json *node)
{
    switch (answer_of(node)) {
    case ANSWER_COMPLETION:
    case ANSWER_CHUNK:
        return qtc_json_get(node, "choices") != NULL;
    case ANSWER_MESSAGE:
        return qtc_json_get(node, "role") != NULL && node->count > 1;
    default:
        return false;
    }
}

static bool surely_answers(struct qtc_arena *arena, struct qtc_bytes json)
{
    struct qtc_error error;
    const struct qtc_json *node;

    qtc_arena_reset(arena);
    node = qtc_json_read(arena, json, &error);
    if (qtc_json_type_of(node) != QTC_JSON_ARRAY) {
        return surely_answer(node);
    }
    for (const struct qtc_json *n = node->first; n; n = n->next) {
        if (!surely_answer(n)) {
            return false;
        }
    }
    return node->count > 0;
}

/* ---- what kind of input it is -------------------------------------------------- */

static const char bom[] = "\xEF\xBB\xBF";

/* JSON may have a byte order mark in front of it, in pieces too; of a text it is a part. */
static struct qtc_bytes skip_bom(struct qtc_source *s, struct qtc_bytes bytes)
{
    while (s->bom < 3 && bytes.len > 0 && bytes.data[0] == bom[s->bom]) {
        s->bom++;
        bytes = qtc_bytes(bytes.data + 1, bytes.len - 1);
    }
    s->bom = bytes.len > 0 ? 3 : s->bom;
    return bytes;
}

/* A value ended. TEXT where it is none that is read here. */
static enum qtc_parse_input probe_value(struct qtc_source *s)
{
    struct qtc_probe *p = &s->probe;
    struct qtc_bytes json = qtc_bytes(p->head.data + p->value, p->seen - p->value);

    p->open = false;
    p->values++;
    return p->first == '"' || surely_answers(&s->arena, json) ? QTC_INPUT_AUTO : QTC_INPUT_TEXT;
}

/* Between values. A string has its line for itself; answers may stand as they like. */
static enum qtc_parse_input probe_between(struct qtc_probe *p)
{
    for (; p->seen < p->head.len && qtc_is_blank(p->head.data[p->seen]); p->seen++) {
        if (p->first == '"' && p->head.data[p->seen] == '\n') {
            return QTC_INPUT_DELTAS;
        }
    }
    if (p->seen == p->head.len) {
        return QTC_INPUT_AUTO;
    }
    char c = p->head.data[p->seen];
    if ((c != '{' && c != '[' && c != '"') || (p->first && (c == '"' || p->first == '"'))) {
        return QTC_INPUT_TEXT;
    }
    p->first = p->first ? p->first : c;
    p->value = p->seen;
    p->scan = (struct qtc_json_scan){0};
    p->open = true;
    return QTC_INPUT_AUTO;
}

static enum qtc_parse_input probe_inside(struct qtc_source *s)
{
    struct qtc_probe *p = &s->probe;
    size_t used;
    enum qtc_json_progress progress =
        qtc_json_scan_feed(&p->scan, p->head.data + p->seen, p->head.len - p->seen, &used);

    p->seen += used;
    if (progress == QTC_JSON_BAD) {
        return QTC_INPUT_TEXT;
    }
    return progress == QTC_JSON_DONE ? probe_value(s) : QTC_INPUT_AUTO;
}

/* No more will come, or no more may be held. */
static enum qtc_parse_input probe_end(const struct qtc_probe *p, bool ended)
{
    if (p->values == 0 || (ended && p->open)) {
        return QTC_INPUT_TEXT;
    }
    return p->first == '"' ? QTC_INPUT_DELTAS : QTC_INPUT_JSON;
}

static enum qtc_parse_input probe(struct qtc_source *s, bool ended)
{
    struct qtc_probe *p = &s->probe;
    enum qtc_parse_input kind = QTC_INPUT_AUTO;

    while (!p->first && p->seen < 3 && p->seen < p->head.len && p->head.data[p->seen] == bom[p->seen]) {
        p->seen++;
    }
    while (kind == QTC_INPUT_AUTO && p->seen < p->head.len) {
        kind = p->open ? probe_inside(s) : probe_between(p);
    }
    if (kind == QTC_INPUT_AUTO && (ended || p->head.len > QTC_VALUE_MAX)) {
        kind = probe_end(p, ended);
    }
    return kind;
}

/* ---- responses -------------------------------------------------------------------- */

static bool stop(struct qtc_source *s)
{
    s->stopped = true;
    return false;
}

static bool check(struct qtc_source *s, enum qtc_code code, uint64_t line)
{
    if (qtc_session_check(s->session, code, line)) {
        return true;
    }
    s->broken = true;
    return stop(s);
}

static bool fail_at(struct qtc_source *s, uint64_t line, uint64_t column, const char *message)
{
    s->session->failed = true;
    qtc_complain(s->session->command, s->session->file, line, column, "%s", message);
    return stop(s);
}

static bool open_response(struct qtc_source *s)
{
    s->broken = false;
    if (!qtc_session_open(s->session, s->session->file)) {
        return stop(s);
    }
    s->session->options.answer++; /* of the next one */
    return true;
}

static void close_response(struct qtc_source *s)
{
    if (s->session->stream && !s->format) {
        s->format = qtc_stream_format(s->session->stream);
    }
    qtc_session_close(s->session);
}

/* A piece of input is done: what it made goes out, if it must. */
static bool end_piece(struct qtc_source *s)
{
    struct qtc_writer *writer = s->session->writer;

    if (writer->piece && !writer->piece(writer)) {
        return stop(s);
    }
    return qtc_out_event(&s->session->out) || stop(s);
}

/* ---- JSON --------------------------------------------------------------------------- */

/* A bare message has no finish_reason by nature: it ends as plain text does, outside of a frame. */
static void read_answer(struct qtc_source *s, struct qtc_bytes json, uint64_t line, bool bare)
{
    struct qtc_openai_reader *reader = qtc_openai_reader_new(s->session->stream);
    struct qtc_error error = {0};
    enum qtc_code code = reader ? qtc_openai_reader_json(reader, json, line, &error) : QTC_NOMEM;

    if (code == QTC_SYNTAX || code == QTC_TYPE) {
        qtc_session_fail(s->session, line, error.message);
    } else if (check(s, code, line) && end_piece(s)) {
        if (bare) {
            qtc_stream_frame_begin(s->session->stream, 0, line);
        }
        check(s, qtc_openai_reader_end(reader), line);
    }
    qtc_openai_reader_free(reader);
}

static bool on_answer(struct qtc_source *s, const struct qtc_json *node, uint64_t line)
{
    struct qtc_bytes json = node->raw;
    enum answer answer = answer_of(node);

    if (answer == ANSWER_MESSAGE) {
        qtc_buf_clear(&s->wrapped);
        qtc_buf_str(&s->wrapped, "{\"choices\":[{\"index\":0,\"message\":");
        qtc_buf_put(&s->wrapped, json);
        qtc_buf_str(&s->wrapped, "}]}");
        json = qtc_buf_bytes(&s->wrapped);
    } else if (answer != ANSWER_COMPLETION) {
        static const char *const why[] = {
            [ANSWER_NONE] = "neither a chat completion nor an assistant message",
            [ANSWER_CHUNK] = "a chunk of a stream, not a whole answer; qtc-sse reads these",
            [ANSWER_OTHER_ROLE] = "a message whose role is not \"assistant\"",
        };
        qtc_session_fail(s->session, line, why[answer]);
        return true;
    }
    if (s->wrapped.failed) {
        return check(s, QTC_NOMEM, line);
    }
    if (!open_response(s)) {
        return false;
    }
    read_answer(s, json, line, answer == ANSWER_MESSAGE);
    close_response(s);
    return !s->stopped;
}

static uint64_t count_lines(const char *p, const char *end)
{
    uint64_t lines = 0;

    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        lines++;
        p++;
    }
    return lines;
}

static bool on_value(void *ctx, struct qtc_bytes json, uint64_t line)
{
    struct qtc_source *s = ctx;
    struct qtc_error error = {0};
    const struct qtc_json *node;
    const char *at = json.data;
    bool go_on = true;

    s->answers++;
    qtc_arena_reset(&s->arena);
    node = qtc_json_read(&s->arena, json, &error);
    if (!node) {
        return error.code == QTC_NOMEM ? check(s, QTC_NOMEM, line) : fail_at(s, line, 0, error.message);
    }
    if (node->type != QTC_JSON_ARRAY) {
        return on_answer(s, node, line);
    }
    for (const struct qtc_json *n = node->first; n && go_on; n = n->next) {
        line += count_lines(at, n->raw.data);
        at = n->raw.data;
        go_on = on_answer(s, n, line);
    }
    return go_on;
}

static void feed_json(struct qtc_source *s, struct qtc_bytes bytes)
{
    enum qtc_code code = qtc_values_feed(&s->values, bytes);

    if (code == QTC_SYNTAX) {
        fail_at(s, s->values.lines + 1, s->values.column + 1, "not JSON");
    } else if (code == QTC_LIMIT) {
        fail_at(s, s->values.begun, 0, "a JSON value of more than 64 MiB; write it as JSON Lines");
    } else if (code == QTC_NOMEM) {
        check(s, code, s->values.begun);
    }
    s->stopped = s->stopped || code != QTC_OK;
}

static void end_json(struct qtc_source *s)
{
    if (!s->stopped && qtc_values_finish(&s->values) == QTC_SYNTAX) {
        fail_at(s, s->values.begun, 0, "the JSON value is cut");
    }
    if (!s->stopped && s->answers == 0) {
        fail_at(s, 0, 0, "no input");
    }
}

/* ---- streamed pieces -------------------------------------------------------------------- */

static bool on_line(void *ctx, const struct qtc_line *line)
{
    struct qtc_source *s = ctx;
    struct qtc_stream *stream = s->session->stream;
    struct qtc_error error = {0};
    const struct qtc_json *node;

    if (line->too_long) {
        return fail_at(s, line->number, 0, "a line of more than 64 MiB");
    }
    if (qtc_bytes_trim(line->text).len == 0) {
        return true;
    }
    qtc_arena_reset(&s->arena);
    node = qtc_json_read(&s->arena, line->text, &error);
    if (!node) {
        return error.code == QTC_NOMEM ? check(s, QTC_NOMEM, line->number)
                                       : fail_at(s, line->number, error.offset + 1, error.message);
    }
    if (node->type != QTC_JSON_STRING) {
        return fail_at(s, line->number, 0, "not a JSON string; with -i deltas each line is one");
    }
    qtc_stream_frame_begin(stream, 0, line->number);
    return check(s, qtc_stream_content(stream, 0, node->text), line->number) && end_piece(s);
}

/* ---- the file ------------------------------------------------------------------------------ */

void qtc_source_begin(struct qtc_source *s, struct qtc_session *session, enum qtc_parse_input kind)
{
    *s = (struct qtc_source){.session = session, .kind = kind};
    s->lines = (struct qtc_lines){.sink = on_line, .ctx = s};
    s->values = (struct qtc_values){.sink = on_value, .ctx = s};
}

/* Text and pieces are one response, whatever the file holds: an empty one, too, is an answer. */
static bool need_response(struct qtc_source *s)
{
    return s->kind == QTC_INPUT_JSON || s->session->stream ||
           (open_response(s) &&
            check(s, qtc_stream_content(s->session->stream, 0, (struct qtc_bytes){0}), 0));
}

static void feed_known(struct qtc_source *s, struct qtc_bytes bytes)
{
    if (!need_response(s)) {
        return;
    }
    if (s->kind == QTC_INPUT_JSON) {
        feed_json(s, skip_bom(s, bytes));
    } else if (s->kind == QTC_INPUT_DELTAS) {
        enum qtc_code code = qtc_lines_feed(&s->lines, skip_bom(s, bytes));
        s->stopped = s->stopped || code != QTC_OK;
        if (code == QTC_NOMEM) {
            check(s, code, s->lines.number + 1);
        }
    } else if (check(s, qtc_stream_content(s->session->stream, 0, bytes), 0) &&
               !qtc_out_event(&s->session->out)) {
        stop(s);
    }
}

static void decide(struct qtc_source *s, bool ended)
{
    struct qtc_buf head = s->probe.head;
    struct qtc_bytes text = qtc_buf_bytes(&head);

    if (head.failed) {
        check(s, QTC_NOMEM, 0);
        return;
    }
    s->kind = probe(s, ended);
    if (s->kind == QTC_INPUT_AUTO) {
        return;
    }
    s->probe.head = (struct qtc_buf){0};
    feed_known(s, text);
    qtc_buf_free(&head);
}

bool qtc_source_feed(struct qtc_source *s, struct qtc_bytes bytes)
{
    if (s->kind == QTC_INPUT_AUTO) {
        qtc_buf_put(&s->probe.head, bytes);
        decide(s, false);
    } else {
        feed_known(s, bytes);
    }
    return !s->stopped;
}

static void end_stream(struct qtc_source *s)
{
    if (s->kind == QTC_INPUT_DELTAS && !s->stopped) {
        qtc_lines_finish(&s->lines);
    }
    if (s->session->stream && !s->broken) {
        check(s, qtc_stream_end(s->session->stream), s->kind == QTC_INPUT_DELTAS ? s->lines.number : 0);
    }
    close_response(s);
}

void qtc_source_end(struct qtc_source *s)
{
    if (s->kind == QTC_INPUT_AUTO && !s->stopped) {
        decide(s, true);
    }
    if (s->kind == QTC_INPUT_JSON) {
        end_json(s);
    } else if (s->stopped || need_response(s)) {
        end_stream(s);
    }
    qtc_buf_free(&s->probe.head);
    qtc_buf_free(&s->wrapped);
    qtc_lines_free(&s->lines);
    qtc_values_free(&s->values);
    qtc_arena_free(&s->arena);
}
