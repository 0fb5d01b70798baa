/* writers.c - the kinds that a capture is written as. */
#include "capture/readers.h"
#include "sse/sse.h"

static void write_raw(struct qtc_buf *out, const struct qtc_capture *c)
{
    qtc_buf_put(out, c->body);
}

static void write_recording(struct qtc_buf *out, const struct qtc_capture *c)
{
    size_t begin = 0;

    qtc_recording_head(out, c);
    for (size_t i = 0; i < c->arrival_count; i++) {
        const struct qtc_arrival *a = &c->arrivals[i];
        qtc_recording_arrival(out, a->at, qtc_bytes(c->body.data + begin, a->end - begin));
        begin = a->end;
    }
    qtc_recording_end(out, c->ended, c->cut);
}

/* ---- JSON Lines ---------------------------------------------------------------------- */

/* JSON has line ends between its values only, and may as well have blanks there. */
static void put_data(struct qtc_buf *out, struct qtc_bytes data)
{
    size_t from = out->len;

    data = qtc_bytes_trim(data);
    if (data.len == 0 || qtc_bytes_is(data, "[DONE]")) {
        return;
    }
    qtc_buf_put(out, data);
    for (size_t i = from; i < out->len; i++) {
        out->data[i] = out->data[i] == '\n' || out->data[i] == '\r' ? ' ' : out->data[i];
    }
    qtc_buf_byte(out, '\n');
}

static bool put_event(void *ctx, const struct qtc_sse_event *event)
{
    put_data(ctx, event->data);
    return true;
}

/* A body that is JSON already: each of its values. false: it is not. */
static bool put_values(struct qtc_buf *out, struct qtc_bytes body)
{
    size_t from = out->len;

    body = qtc_bytes_trim(body);
    if (!qtc_bytes_starts(body, "{") && !qtc_bytes_starts(body, "[")) {
        return false;
    }
    while (body.len > 0) {
        struct qtc_bytes value;
        if (qtc_next_value(&body, &value) != QTC_JSON_DONE) {
            out->len = from;
            return false;
        }
        put_data(out, value);
    }
    return true;
}

static void put_events(struct qtc_buf *out, struct qtc_bytes body)
{
    struct qtc_sse_options options = {.max_event = SIZE_MAX, .split_json_lines = true};

    out->failed = qtc_sse_decode(&options, body, put_event, out) != QTC_OK || out->failed;
}

static void write_lines(struct qtc_buf *out, const struct qtc_capture *c)
{
    if (!put_values(out, c->body)) {
        put_events(out, c->body);
    }
}

/* ---- the table ------------------------------------------------------------------------- */

static const struct qtc_capture_writer writers[] = {
    {"recording", "with its times and headers", write_recording},
    {"raw", "the body's bytes", write_raw},
    {"jsonl", "the JSON of each event, one a line", write_lines},
};

const struct qtc_capture_writer *qtc_capture_writers(size_t *count)
{
    *count = sizeof writers / sizeof *writers;
    return writers;
}
