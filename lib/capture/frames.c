/* frames.c - a body, event by event. */
#include "capture/readers.h"
#include "capture/stages.h"
#include "sse/sse.h"

#include <string.h>

struct source {
    const struct qtc_capture *capture;
    struct qtc_stage *to;
    size_t end;     /* of the events so far, in the body */
    size_t arrival; /* that the last byte of them came with */
    enum qtc_code code;
};

static bool give(struct source *s, struct qtc_frame *frame)
{
    const struct qtc_capture *c = s->capture;

    s->end += frame->raw.len;
    while (s->arrival + 1 < c->arrival_count && c->arrivals[s->arrival].end < s->end) {
        s->arrival++;
    }
    frame->at = c->arrivals[s->arrival].at;
    s->code = s->to->push(s->to, frame);
    return s->code == QTC_OK;
}

/* ---- event streams ----------------------------------------------------------- */

static bool on_event(void *ctx, const struct qtc_sse_event *event)
{
    struct qtc_frame frame = {.raw = event->raw,
                              .data = event->data,
                              .has_data = event->has_data,
                              .open = (event->oddities & QTC_SSE_UNTERMINATED) != 0};

    return give(ctx, &frame);
}

static enum qtc_code read_stream(struct source *s)
{
    struct qtc_sse_options options = {.split_json_lines = true}; /* as qtc-sse counts them */
    enum qtc_code code = qtc_sse_decode(&options, s->capture->body, on_event, s);

    if (code == QTC_STOPPED && s->code != QTC_OK) {
        return s->code;
    }
    return code == QTC_LIMIT ? qtc_stage_fail(s->to, code, "an event of more than 64 MiB") : code;
}

/* ---- JSON ---------------------------------------------------------------------- */

static size_t skip_blanks(struct qtc_bytes text, size_t at)
{
    while (at < text.len && qtc_is_blank(text.data[at])) {
        at++;
    }
    return at;
}

static size_t line_end(struct qtc_bytes text, size_t at)
{
    size_t end = at + qtc_line_of(qtc_skip(text, at)).len;

    return end < text.len ? end + 1 : end;
}

/* Behind the value that begins at `at`; what is not JSON goes up to the end of its line. */
static size_t value_end(struct qtc_bytes text, size_t at)
{
    struct qtc_bytes rest = qtc_skip(text, at), value;
    enum qtc_json_progress progress = qtc_next_value(&rest, &value);
    size_t end = text.len - rest.len;

    return progress == QTC_JSON_BAD ? line_end(text, end) : end;
}

/* Behind the blanks at `at`, but no further than behind the line's end. */
static size_t skip_line_end(struct qtc_bytes text, size_t at)
{
    while (at < text.len && qtc_is_blank(text.data[at])) {
        if (text.data[at++] == '\n') {
            break;
        }
    }
    return at;
}

/* Each value with the blanks before it, and those behind it on its line. */
static enum qtc_code read_values(struct source *s, size_t at)
{
    struct qtc_bytes body = s->capture->body;
    size_t begin = 0;

    while (begin < body.len && s->code == QTC_OK) {
        size_t value = skip_blanks(body, at);
        size_t end = value < body.len ? value_end(body, value) : value;
        size_t next = skip_line_end(body, end);
        struct qtc_frame frame = {.raw = {body.data + begin, next - begin},
                                  .data = qtc_bytes_trim(qtc_bytes(body.data + value, end - value)),
                                  .has_data = end > value,
                                  .json = true,
                                  .open = body.data[next - 1] != '\n'};
        give(s, &frame);
        begin = at = next;
    }
    return s->code;
}

/* ---- either ---------------------------------------------------------------------- */

enum qtc_code qtc_frames(const struct qtc_capture *c, struct qtc_stage *to)
{
    struct source s = {.capture = c, .to = to};
    size_t bom = c->body.len - qtc_bytes_behind_bom(c->body).len;
    size_t first = skip_blanks(c->body, bom);

    if (first < c->body.len && (c->body.data[first] == '{' || c->body.data[first] == '[')) {
        return read_values(&s, bom);
    }
    return read_stream(&s);
}
