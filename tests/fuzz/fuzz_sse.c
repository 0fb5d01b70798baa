/* fuzz_sse.c - any bytes, at any cuts: the same events, and every byte given back.
 *
 * The first byte chooses the size of the pieces and whether lines are split. */
#include "sse/sse.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    struct qtc_buf events;
    struct qtc_buf raw;
};

static void put_part(struct qtc_buf *out, struct qtc_bytes part)
{
    qtc_buf_u64(out, part.len);
    qtc_buf_byte(out, ':');
    qtc_buf_put(out, part);
}

static bool see(void *ctx, const struct qtc_sse_event *event)
{
    struct seen *seen = ctx;

    qtc_buf_put(&seen->raw, event->raw);
    if (event->has_data) {
        put_part(&seen->events, event->data);
        put_part(&seen->events, event->type);
        put_part(&seen->events, event->id);
        qtc_buf_u64(&seen->events, event->retry);
        qtc_buf_u64(&seen->events, event->number);
        qtc_buf_u64(&seen->events, event->line);
        qtc_buf_u64(&seen->events, event->oddities & ~(unsigned)QTC_SSE_MIXED_ENDS);
    }
    return true;
}

static void run(struct seen *seen, const char *p, size_t n, size_t step, bool split)
{
    struct qtc_sse_options options = {.split_json_lines = split};
    struct qtc_sse_decoder *d = qtc_sse_decoder_new(&options, see, seen);

    for (size_t at = 0; d != NULL && at < n; at += step) {
        size_t len = step < n - at ? step : n - at;
        char *piece = malloc(len);
        if (piece == NULL) {
            break;
        }
        memcpy(piece, p + at, len);
        qtc_sse_decoder_feed(d, piece, len);
        free(piece);
    }
    if (d != NULL) {
        qtc_sse_decoder_finish(d);
    }
    qtc_sse_decoder_free(d);
}

static bool same(const struct qtc_buf *a, struct qtc_bytes b)
{
    return qtc_bytes_equal(qtc_buf_bytes(a), b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const char *input = (const char *)data + 1;
    size_t step = 1 + (data[0] >> 1) % 16;
    bool split = (data[0] & 1) != 0;
    struct seen whole = {0};
    struct seen cut = {0};

    size--;
    run(&whole, input, size, size > 0 ? size : 1, split);
    run(&cut, input, size, step, split);
    if (!same(&whole.raw, qtc_bytes(input, size)) || !same(&cut.raw, qtc_bytes(input, size)) ||
        !same(&cut.events, qtc_buf_bytes(&whole.events))) {
        abort();
    }
    qtc_buf_free(&whole.events);
    qtc_buf_free(&whole.raw);
    qtc_buf_free(&cut.events);
    qtc_buf_free(&cut.raw);
    return 0;
}
