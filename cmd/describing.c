/* describing.c - the captures in another kind, and in a few lines for people. */
#include "capture/summary.h"
#include "played.h"
#include "words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stream/stream.h"

/* ---- --convert: what was played becomes a capture ------------------------------------------ */

static bool is_json(struct qtc_bytes body)
{
    body = qtc_bytes_trim(body);
    return body.len > 0 && (body.data[0] == '{' || body.data[0] == '[');
}

/* An answer that became a stream: its headers have to tell. */
static bool head_stream(struct qtc_arena *arena, const struct qtc_capture *from, struct qtc_capture *to)
{
    struct qtc_header *headers = qtc_arena_array(arena, from->header_count + 1, sizeof *headers);

    if (headers == NULL) {
        return false;
    }
    to->header_count = 0;
    for (size_t i = 0; i < from->header_count; i++) {
        if (!qtc_header_is(&from->headers[i], "content-type") &&
            !qtc_header_is(&from->headers[i], "content-length")) {
            headers[to->header_count++] = from->headers[i];
        }
    }
    headers[to->header_count++] = (struct qtc_header){qtc_str("content-type"), qtc_str("text/event-stream")};
    to->headers = headers;
    return true;
}

/* false: memory ended. */
static bool convert_played(struct qtc_replay *r, const struct qtc_capture *from, const struct qtc_played *p)
{
    struct qtc_capture to = *from;
    uint64_t last = p->count > 0 ? p->arrivals[p->count - 1].at : 0;

    if (r->play.simulate && is_json(from->body) && from->header_count > 0 &&
        !head_stream(&r->arena, from, &to)) {
        return false;
    }
    to.body = qtc_buf_bytes(&p->body);
    to.arrivals = p->arrivals;
    to.arrival_count = p->count;
    to.timed = from->timed || qtc_replay_takes_time(&r->play);
    to.ended = r->play.gap == 0 && from->ended > last ? from->ended : last;
    to.cut = from->cut || p->reset;
    r->convert->write(&r->out.buf, &to);
    return true;
}

static bool convert_one(struct qtc_replay *r, const struct qtc_replay_capture *rc)
{
    struct qtc_played p = {0};
    bool done;

    if (!qtc_replay_changes(&r->play)) {
        r->convert->write(&r->out.buf, &rc->capture);
        return qtc_out_event(&r->out); /* what comes cannot fail but for memory */
    }
    done = qtc_replay_played(r, rc, &r->play, &p) &&
           qtc_replay_check_code(r, rc, convert_played(r, &rc->capture, &p) ? QTC_OK : QTC_NOMEM, NULL);
    qtc_played_free(&p);
    return done;
}

/* Where something may fail, nothing is written before all of it is there. */
int qtc_replay_convert(struct qtc_replay *r)
{
    bool done = true;

    for (size_t i = 0; i < r->capture_count && done; i++) {
        done = convert_one(r, &r->captures[i]);
    }
    if (!done) {
        qtc_buf_free(&r->out.buf);
        return QTC_EXIT_FAILED;
    }
    return qtc_out_end(&r->out) ? QTC_EXIT_DONE : QTC_EXIT_FAILED;
}

/* ---- --info: words ------------------------------------------------------------------------------ */

static void put(struct qtc_buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct qtc_buf *out, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    qtc_buf_str(out, text);
}

static void begin_line(struct qtc_buf *out, const char *label)
{
    put(out, "  %-9s ", label);
}

static void put_line(struct qtc_buf *out, const char *label, struct qtc_bytes text)
{
    if (text.len > 0) {
        begin_line(out, label);
        qtc_put_shown(out, text);
        qtc_buf_byte(out, '\n');
    }
}

static void put_seconds(struct qtc_buf *out, const char *before, uint64_t nanoseconds)
{
    uint64_t ms = nanoseconds / 1000000 + (nanoseconds % 1000000 >= 500000);

    put(out, "%s%" PRIu64 ".%03" PRIu64 " s", before, ms / 1000, ms % 1000);
}

/* ---- --info: the exchange ------------------------------------------------------------------------- */

static void put_asked_count(struct qtc_buf *out, const struct qtc_json *body, const char *member,
                            const char *what)
{
    const struct qtc_json *list = qtc_json_get(body, member);

    if (qtc_json_type_of(list) == QTC_JSON_ARRAY) {
        qtc_buf_str(out, ", ");
        qtc_put_count(out, list->count, what);
    }
}

/* What a request's JSON asks for. */
static void put_asked(struct qtc_buf *out, struct qtc_arena *arena, struct qtc_bytes request)
{
    struct qtc_error error;
    const struct qtc_json *body = request.len > 0 ? qtc_json_read(arena, request, &error) : NULL;
    struct qtc_bytes model = qtc_json_text(qtc_json_get(body, "model"));
    const struct qtc_json *stream = qtc_json_get(body, "stream");

    if (qtc_json_type_of(body) != QTC_JSON_OBJECT) {
        return;
    }
    begin_line(out, "asked");
    qtc_put_shown(out, model.len > 0 ? model : qtc_str("no model"));
    qtc_buf_str(out, qtc_json_type_of(stream) == QTC_JSON_TRUE ? ", a stream" : ", not a stream");
    put_asked_count(out, body, "messages", "message");
    put_asked_count(out, body, "tools", "tool");
    qtc_buf_byte(out, '\n');
}

static void put_exchange(struct qtc_buf *out, struct qtc_arena *arena, const struct qtc_capture *c)
{
    struct qtc_bytes type = qtc_capture_header(c, "content-type");
    struct qtc_bytes coding = qtc_capture_header(c, "content-encoding");

    if (c->method.len > 0 || c->url.len > 0) {
        begin_line(out, "request");
        qtc_put_shown(out, c->method);
        qtc_buf_byte(out, ' ');
        qtc_put_shown(out, c->url);
        qtc_buf_byte(out, '\n');
    }
    put_asked(out, arena, c->request);
    put_line(out, "start", c->start);
    if (c->status > 0) {
        begin_line(out, "status");
        put(out, "%u", c->status);
        qtc_buf_str(out, type.len > 0 ? ", " : "");
        qtc_put_shown(out, type);
        qtc_buf_str(out, coding.len > 0 ? ", " : "");
        qtc_put_shown(out, coding);
        qtc_buf_byte(out, '\n');
    }
}

/* ---- --info: the body ---------------------------------------------------------------------------------- */

static void put_body(struct qtc_buf *out, const struct qtc_capture *c, const struct qtc_summary *s)
{
    static const char *const units[] = {"", "event", "JSON value", ""};

    begin_line(out, "body");
    qtc_put_count(out, c->body.len, "byte");
    if (s->events > 0) {
        qtc_buf_str(out, ", ");
        qtc_put_count(out, s->events, units[s->shape]);
    }
    qtc_buf_str(out, s->shape == QTC_SHAPE_OTHER ? ", neither a stream nor JSON" : "");
    qtc_buf_str(out, ", in ");
    qtc_put_count(out, c->arrival_count, "arrival");
    qtc_buf_byte(out, '\n');
}

static void put_times(struct qtc_buf *out, const struct qtc_capture *c, const struct qtc_summary *s)
{
    begin_line(out, "time");
    if (!c->timed) {
        qtc_buf_str(out, "not recorded\n");
        return;
    }
    put_seconds(out, "", c->ended);
    if (c->arrival_count > 0) {
        put_seconds(out, ", first byte at ", s->first_byte);
    }
    if (c->arrival_count > 1) {
        put_seconds(out, ", gaps p50 ", s->gap_p50);
        put_seconds(out, ", p99 ", s->gap_p99);
        put_seconds(out, ", max ", s->gap_max);
    }
    qtc_buf_byte(out, '\n');
}

static void put_answer(struct qtc_buf *out, const struct qtc_summary *s)
{
    if (s->choices == 0) {
        return;
    }
    begin_line(out, "answer");
    qtc_put_count(out, s->choices, "choice");
    for (unsigned i = 0; i <= QTC_FINISH_ERROR; i++) {
        const char *name = qtc_finish_name((enum qtc_finish)i);
        if (s->finishes[i] > 0) {
            put(out, ", %s %s", name != NULL ? "finish_reason" : "no", name != NULL ? name : "finish_reason");
        }
        if (s->finishes[i] > 1) {
            put(out, " %" PRIu64 " times", s->finishes[i]);
        }
    }
    if (s->model.len > 0) {
        qtc_buf_str(out, ", model ");
        qtc_put_shown(out, s->model);
    }
    qtc_buf_byte(out, '\n');
}

static void put_calls(struct qtc_buf *out, const struct qtc_summary *s)
{
    if (s->calls == 0) {
        return;
    }
    begin_line(out, "calls");
    put(out, "%" PRIu64, s->calls);
    if (s->calls_in_text == s->calls) {
        qtc_buf_str(out, " in the text");
    } else if (s->calls_in_text > 0) {
        put(out, ", %" PRIu64 " in the text", s->calls_in_text);
    }
    for (size_t i = 0; i < s->name_count; i++) {
        qtc_buf_str(out, i == 0 ? ": " : ", ");
        qtc_put_shown(out, s->names[i]);
    }
    qtc_buf_str(out, s->more_names ? ", ...\n" : "\n");
}

static const char *ending_of(const struct qtc_capture *c, const struct qtc_summary *s)
{
    if (c->cut) {
        return "cut off";
    }
    if (s->stopped) {
        return "a limit was passed, or JSON is broken: not read to its end";
    }
    if (s->shape == QTC_SHAPE_EVENTS) {
        return s->done ? "[DONE]" : "without [DONE]";
    }
    return "whole";
}

static void put_defects(struct qtc_buf *out, const struct qtc_summary *s)
{
    bool any = false;

    for (unsigned i = 0; i < QTC_DEFECTS; i++) {
        if (s->defects[i] > 0) {
            if (!any) {
                begin_line(out, "defects");
            }
            put(out, "%s%s %" PRIu64, any ? ", " : "", qtc_defect_info(i)->slug, s->defects[i]);
            any = true;
        }
    }
    qtc_buf_str(out, any ? "\n" : "");
}

static bool describe(struct qtc_replay *r, size_t i)
{
    const struct qtc_replay_capture *rc = &r->captures[i];
    const struct qtc_capture *c = &rc->capture;
    struct qtc_buf *out = &r->out.buf;
    struct qtc_summary s;

    if (!qtc_replay_check_code(r, rc, qtc_capture_summarize(&r->arena, c, qtc_replay_tools(r, rc), &s),
                               NULL)) {
        return false;
    }
    qtc_buf_str(out, i > 0 ? "\n" : "");
    qtc_buf_str(out, rc->file);
    put(out, ":%" PRIu64 ": response %zu, %s (%s)\n", c->line, i + 1, rc->kind->name, rc->kind->help);
    put_exchange(out, &r->arena, c);
    put_body(out, c, &s);
    put_times(out, c, &s);
    put_answer(out, &s);
    put_calls(out, &s);
    put_line(out, "usage", s.usage);
    put_line(out, "error", s.error);
    put_line(out, "end", qtc_str(ending_of(c, &s)));
    put_defects(out, &s);
    return true;
}

int qtc_replay_info(struct qtc_replay *r)
{
    for (size_t i = 0; i < r->capture_count; i++) {
        if (!describe(r, i) || !qtc_out_event(&r->out)) {
            return QTC_EXIT_FAILED;
        }
    }
    return qtc_out_end(&r->out) ? QTC_EXIT_DONE : QTC_EXIT_FAILED;
}
