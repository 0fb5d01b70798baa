/* qtc-sse: a live response stream to normalized tool calls.
 *
 * What comes in is looked at once, at its first bytes: an event stream, JSON (one
 * value or a line each), what `curl -i` prints before either, or none of these. */
#include "commands.h"
#include "session.h"
#include "tape.h"

#include <stdlib.h>
#include <string.h>

enum shape { SHAPE_UNKNOWN, SHAPE_HEADERS, SHAPE_EVENTS, SHAPE_JSON, SHAPE_SKIP_LINE, SHAPE_HOPELESS };

enum {
    HEAD_MAX = 65536,            /* blanks before the first byte that tells, and a header's line */
    VALUE_MAX = 64 * 1024 * 1024 /* a JSON value; an event has the same limit */
};

/* One file. */
struct source {
    struct qtc_session *session;
    struct qtc_openai_reader *reader; /* of the open response; NULL: none is open */
    struct qtc_sse_decoder *decoder;
    enum shape shape;
    struct qtc_buf head; /* UNKNOWN: what was read so far; HEADERS: the line that is being read */
    struct qtc_json_scan scan;
    struct qtc_buf value; /* JSON: the value, as far as it has come */
    uint64_t line;        /* that is being read, from 1 */
    uint64_t value_line;  /* where the value begins */
    uint64_t frames;      /* events with data, or values */
    bool stopped;
};

/* ---- responses -------------------------------------------------------------- */

static bool begin_response(struct source *s)
{
    if (s->reader != NULL) {
        return true;
    }
    if (!qtc_session_open(s->session, s->session->file)) {
        return false;
    }
    s->reader = qtc_openai_reader_new(s->session->stream);
    if (s->reader == NULL) {
        qtc_session_fail(s->session, 0, "out of memory");
    }
    return s->reader != NULL;
}

static void end_response(struct source *s)
{
    if (s->reader == NULL) {
        return;
    }
    qtc_session_check(s->session, qtc_openai_reader_end(s->reader), s->line);
    qtc_openai_reader_free(s->reader);
    s->reader = NULL;
    qtc_session_close(s->session);
}

/* A frame is read: what it made goes out, if it must. */
static bool end_frame(struct source *s)
{
    struct qtc_writer *writer = s->session->writer;
    if (writer->piece != NULL && !writer->piece(writer)) {
        return false;
    }
    return qtc_out_event(&s->session->out);
}

static bool stop(struct source *s)
{
    s->stopped = true;
    return false;
}

/* ---- event streams ---------------------------------------------------------- */

static bool on_sse_event(void *ctx, const struct qtc_sse_event *event)
{
    struct source *s = ctx;
    s->line = event->line;
    s->frames += event->has_data;
    if (!begin_response(s) ||
        !qtc_session_check(s->session, qtc_openai_reader_event(s->reader, event), event->line)) {
        return stop(s);
    }
    return end_frame(s) || stop(s);
}

static void feed_events(struct source *s, struct qtc_bytes bytes)
{
    if (s->decoder == NULL) {
        struct qtc_sse_options options = {.split_json_lines = true};
        s->decoder = qtc_sse_decoder_new(&options, on_sse_event, s);
    }
    enum qtc_code code =
        s->decoder == NULL ? QTC_NOMEM : qtc_sse_decoder_feed(s->decoder, bytes.data, bytes.len);
    if (code == QTC_LIMIT) {
        qtc_session_fail(s->session, qtc_sse_decoder_line(s->decoder), "an event of more than 64 MiB");
    } else if (code == QTC_NOMEM) {
        qtc_session_check(s->session, code, s->line);
    }
    s->stopped = s->stopped || code != QTC_OK;
}

/* ---- JSON ------------------------------------------------------------------- */

/* A whole completion: the next value is another response. */
static bool is_whole(struct qtc_bytes json)
{
    static const char key[] = "\"message\"";
    if (memmem(json.data, json.len, key, sizeof key - 1) == NULL) {
        return false; /* most are chunks: no second reading */
    }
    struct qtc_arena arena = {0};
    struct qtc_error error;
    const struct qtc_json *choices = qtc_json_get(qtc_json_read(&arena, json, &error), "choices");
    bool whole =
        qtc_json_type_of(choices) == QTC_JSON_ARRAY && qtc_json_get(choices->first, "message") != NULL;
    qtc_arena_free(&arena);
    return whole;
}

static bool on_value(struct source *s)
{
    struct qtc_bytes json = qtc_buf_bytes(&s->value);
    struct qtc_error error = {0};
    s->frames++;
    if (!begin_response(s)) {
        return false;
    }
    enum qtc_code code = qtc_openai_reader_json(s->reader, json, s->value_line, &error);
    if (code == QTC_SYNTAX || code == QTC_TYPE) {
        qtc_session_fail(s->session, s->value_line, error.message);
    } else if (!qtc_session_check(s->session, code, s->value_line)) {
        return false;
    }
    if (!end_frame(s)) {
        return false;
    }
    if (is_whole(json)) {
        end_response(s);
    }
    return true;
}

static void count_lines(struct source *s, const char *p, size_t n)
{
    const char *end = p + n;
    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        s->line++;
        p++;
    }
}

static size_t skip_blanks(struct source *s, struct qtc_bytes bytes)
{
    size_t i = 0;
    while (i < bytes.len && qtc_is_blank(bytes.data[i])) {
        i++;
    }
    count_lines(s, bytes.data, i);
    return i;
}

/* One step: blanks, or as much of a value as there is. */
static size_t feed_value(struct source *s, struct qtc_bytes bytes)
{
    size_t used;
    if (s->value.len == 0) {
        used = skip_blanks(s, bytes);
        if (used > 0) {
            return used;
        }
        s->value_line = s->line;
    }
    enum qtc_json_progress progress = qtc_json_scan_feed(&s->scan, bytes.data, bytes.len, &used);
    qtc_buf_add(&s->value, bytes.data, used);
    count_lines(s, bytes.data, used);
    if (s->value.len > VALUE_MAX) {
        qtc_session_fail(s->session, s->value_line, "a JSON value of more than 64 MiB");
        s->stopped = true;
    } else if (progress == QTC_JSON_BAD) {
        qtc_session_fail(s->session, s->line, "not JSON; the rest of the line is passed over");
        s->shape = SHAPE_SKIP_LINE;
    } else if (progress == QTC_JSON_DONE) {
        s->stopped = !on_value(s);
    }
    if (progress != QTC_JSON_MORE) {
        memset(&s->scan, 0, sizeof s->scan);
        qtc_buf_clear(&s->value);
    }
    s->stopped = s->stopped || (s->value.failed && !qtc_session_check(s->session, QTC_NOMEM, s->line));
    return used;
}

static size_t skip_line(struct source *s, struct qtc_bytes bytes)
{
    const char *end = memchr(bytes.data, '\n', bytes.len);
    if (end == NULL) {
        return bytes.len;
    }
    s->line++;
    s->shape = SHAPE_JSON;
    return (size_t)(end - bytes.data) + 1;
}

/* ---- the first bytes -------------------------------------------------------- */

/* UNKNOWN as long as the bytes do not tell. */
static enum shape shape_of(struct qtc_bytes head, bool ended)
{
    struct qtc_bytes text = qtc_bytes_trim(qtc_bytes_behind_bom(head));
    if (text.len == 0) {
        return head.len < HEAD_MAX ? SHAPE_UNKNOWN : SHAPE_EVENTS;
    }
    switch (text.data[0]) {
    case '{':
    case '[':
        return SHAPE_JSON;
    case '<':
        return SHAPE_HOPELESS;
    case 'H':
        if (!ended && text.len < 5 && memcmp(text.data, "HTTP/", text.len) == 0) {
            return SHAPE_UNKNOWN;
        }
        return qtc_bytes_starts(text, "HTTP/") ? SHAPE_HEADERS : SHAPE_EVENTS;
    default:
        return SHAPE_EVENTS;
    }
}

/* curl -i: header lines up to the empty one; then the body, or another head. */
static size_t skip_headers(struct source *s, struct qtc_bytes bytes)
{
    const char *end = memchr(bytes.data, '\n', bytes.len);
    size_t len = end == NULL ? bytes.len : (size_t)(end - bytes.data) + 1;
    if (s->head.len < HEAD_MAX) {
        qtc_buf_add(&s->head, bytes.data, len); /* whether it is blank is seen by then */
    }
    if (end != NULL) {
        s->line++;
        s->shape = qtc_bytes_trim(qtc_buf_bytes(&s->head)).len == 0 ? SHAPE_UNKNOWN : SHAPE_HEADERS;
        qtc_buf_clear(&s->head);
    }
    return len;
}

static void feed(struct source *s, struct qtc_bytes bytes);

static void decide(struct source *s, bool ended)
{
    struct qtc_buf head = s->head;
    s->shape = shape_of(qtc_buf_bytes(&head), ended);
    if (s->shape == SHAPE_UNKNOWN) {
        return;
    }
    s->head = (struct qtc_buf){0};
    struct qtc_bytes text = qtc_buf_bytes(&head);
    if (s->shape == SHAPE_HOPELESS) {
        qtc_session_fail(s->session, s->line, "an HTML page instead of a response");
        s->stopped = true;
    } else if (s->shape == SHAPE_EVENTS) {
        feed_events(s, text);
    } else {
        feed(s, qtc_bytes_behind_bom(text));
    }
    qtc_buf_free(&head);
}

static size_t feed_step(struct source *s, struct qtc_bytes bytes)
{
    switch (s->shape) {
    case SHAPE_UNKNOWN:
        qtc_buf_put(&s->head, bytes);
        decide(s, false);
        return bytes.len;
    case SHAPE_HEADERS:
        return skip_headers(s, bytes);
    case SHAPE_JSON:
        return feed_value(s, bytes);
    case SHAPE_SKIP_LINE:
        return skip_line(s, bytes);
    default:
        feed_events(s, bytes);
        return bytes.len;
    }
}

static void feed(struct source *s, struct qtc_bytes bytes)
{
    while (bytes.len > 0 && !s->stopped) {
        size_t used = feed_step(s, bytes);
        bytes = qtc_bytes(bytes.data + used, bytes.len - used);
    }
}

/* ---- a file ----------------------------------------------------------------- */

/* The input ended: what came to a part only. */
static void finish(struct source *s)
{
    if (s->shape == SHAPE_UNKNOWN && s->head.len > 0) {
        decide(s, true);
    }
    if (s->decoder != NULL && !s->stopped) {
        qtc_session_check(s->session, qtc_sse_decoder_finish(s->decoder), s->line);
    }
    if (s->value.len > 0 && !s->stopped) {
        qtc_session_fail(s->session, s->value_line, "the JSON value is cut");
    }
    if (s->frames == 0 && !s->session->failed) {
        qtc_session_fail(s->session, 0,
                         s->shape == SHAPE_UNKNOWN ? "no input" : "no event in it: not an event stream");
    }
    end_response(s);
    if (s->session->errored && !s->session->answered) {
        s->session->failed = true; /* an error and nothing else; it was told */
    }
    qtc_sse_decoder_free(s->decoder);
    qtc_buf_free(&s->head);
    qtc_buf_free(&s->value);
}

/* false: no further file is to be read. */
static bool read_file(struct qtc_session *session, struct qtc_in *in, struct qtc_tape *tape)
{
    struct source s = {.session = session, .line = 1};
    struct qtc_bytes bytes;
    bool failed_before = session->failed; /* each file tells its own failure */
    bool unread_before = in->failed;
    session->file = in->name;
    session->answered = session->errored = session->failed = false;
    memset(session->told, 0, sizeof session->told);
    qtc_tape_begin(tape);
    while (!s.stopped && qtc_in_read(in, &bytes)) {
        qtc_tape_add(tape, bytes);
        feed(&s, bytes);
    }
    qtc_tape_end(tape, s.stopped || (in->failed && !unread_before) || session->out.failed);
    if (in->failed) {
        session->failed = true;
    }
    finish(&s);
    session->failed = session->failed || failed_before;
    return !session->out.failed && (session->jq == NULL || !qtc_jq_halted(session->jq));
}

static int run(struct qtc_session *session, const struct qtc_cli *cli, const char *recording)
{
    const char *const *files = (const char *const *)cli->argv + cli->first;
    size_t count = (size_t)(cli->argc - cli->first);
    struct qtc_in in;
    struct qtc_tape tape;
    qtc_in_begin(&in, session->command, &session->out, files, count);
    in.awaited = "reading an event stream from the terminal; end it with Ctrl-D";
    if (qtc_session_prepare(session)) {
        bool going = qtc_tape_open(&tape, session->command, recording, files, count);
        while (going && qtc_in_next(&in)) {
            going = read_file(session, &in, &tape);
        }
        session->failed = !qtc_tape_close(&tape) || session->failed || in.failed;
    }
    qtc_in_end(&in);
    return qtc_session_end(session);
}

int main(int argc, char **argv)
{
    struct qtc_session session;
    struct qtc_cli cli;
    const char *recording = NULL;
    int id;
    bool list = false;
    qtc_io_begin();
    qtc_session_begin(&session, qtc_sse_command.name);
    qtc_cli_begin(&cli, &qtc_sse_command, argc, argv);
    while ((id = qtc_cli_next(&cli)) != QTC_CLI_OPERANDS) {
        if (id == QTC_CLI_EXIT) {
            return cli.status;
        }
        if (qtc_session_option(&session, &cli, id)) {
            continue;
        }
        switch (id) {
        case 'f':
            if (!qtc_session_format(&session, &cli)) {
                return QTC_EXIT_FAILED;
            }
            break;
        case QTC_OPT_NO_REPAIR:
            session.options.no_repair = true;
            break;
        case QTC_OPT_HOLD_CALLS:
            session.writing.hold_calls = true;
            break;
        case QTC_OPT_EXPECT_CALLS:
            session.options.expect_calls = true;
            break;
        case QTC_OPT_RECORD:
            recording = cli.value;
            break;
        case QTC_OPT_LIST_DEFECTS:
            list = true;
            break;
        default: /* -i: auto and openai are the same dialect */
            break;
        }
    }
    return list ? qtc_list_defects(&session) : run(&session, &cli, recording);
}
