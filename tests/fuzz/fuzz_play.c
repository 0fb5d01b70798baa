/* fuzz_play.c - any body, any options: the same bytes however it came, and all of them where it is only cut.
 *
 * The first bytes choose the options: what is done, how it is cut, the numbers, a fault, the arrivals' size.
 */
#include "capture/capture.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 6 };

static bool add(void *ctx, const struct qtc_piece *piece)
{
    if (piece->data.len == 0) {
        abort();
    }
    qtc_buf_put(ctx, piece->data);
    return true;
}

/* The body in arrivals of `step` bytes. */
static enum qtc_code play(struct qtc_bytes body, size_t step, const struct qtc_play_options *o,
                          struct qtc_buf *out)
{
    size_t count = 0;
    struct qtc_arrival *arrivals = calloc(body.len / step + 1, sizeof *arrivals);
    struct qtc_error error;
    enum qtc_code code = QTC_NOMEM;

    for (size_t end = 0; arrivals != NULL && end < body.len; count++) {
        end = step < body.len - end ? end + step : body.len;
        arrivals[count] = (struct qtc_arrival){count, end};
    }
    if (arrivals != NULL) {
        struct qtc_capture c = {
            .body = body, .arrivals = arrivals, .arrival_count = count, .timed = true, .line = 1};
        code = qtc_capture_play(&c, o, add, out, &error);
    }
    free(arrivals);
    return code;
}

static bool only_cuts(const struct qtc_play_options *o)
{
    return !o->simulate && o->resplit.by == QTC_SPLIT_NONE && o->fault_count == 0;
}

/* A text that was cut into tokens is still the same text. */
static void check_resplit(struct qtc_bytes body, const struct qtc_split *tokens,
                          const struct qtc_buf *expected)
{
    struct qtc_play_options finest = {.resplit = {QTC_SPLIT_TOKENS, 1}};
    struct qtc_play_options again = {.resplit = *tokens};
    struct qtc_buf fine = {0}, out = {0};

    if (play(body, body.len + 1, &finest, &fine) != QTC_OK ||
        play(qtc_buf_bytes(&fine), fine.len + 1, &again, &out) != QTC_OK ||
        !qtc_bytes_equal(qtc_buf_bytes(&out), qtc_buf_bytes(expected))) {
        abort();
    }
    qtc_buf_free(&fine);
    qtc_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEADER) {
        return 0;
    }
    static const enum qtc_split_by resplits[] = {QTC_SPLIT_NONE, QTC_SPLIT_TOKENS, QTC_SPLIT_RANDOM};
    struct qtc_fault fault = {(enum qtc_fault_kind)(data[3] % 6), 1 + data[4] % 8, 1};
    struct qtc_play_options o = {
        .simulate = (data[0] & 1) != 0,
        .resplit = {resplits[(data[0] >> 1) % 3], 1 + data[2] % 8},
        .faults = &fault,
        .fault_count = (data[0] & 8) != 0,
        .gap = (data[0] & 16) != 0,
        .split = {(enum qtc_split_by)(data[1] % (QTC_SPLIT_RANDOM + 1)), 1 + data[2]},
    };
    char *copy = malloc(size > HEADER ? size - HEADER : 1); /* a sanitizer sees a byte too many */
    struct qtc_buf whole = {0}, cut = {0};

    if (copy != NULL) {
        memcpy(copy, data + HEADER, size - HEADER);
        struct qtc_bytes body = {copy, size - HEADER};
        enum qtc_code code = play(body, size, &o, &whole);
        if (play(body, 1 + data[5], &o, &cut) != code ||
            !qtc_bytes_equal(qtc_buf_bytes(&cut), qtc_buf_bytes(&whole)) ||
            (code == QTC_OK && only_cuts(&o) && !qtc_bytes_equal(qtc_buf_bytes(&whole), body))) {
            abort();
        }
        if (code == QTC_OK && o.resplit.by == QTC_SPLIT_TOKENS && !o.simulate && o.fault_count == 0) {
            check_resplit(body, &o.resplit, &whole);
        }
    }
    qtc_buf_free(&whole);
    qtc_buf_free(&cut);
    free(copy);
    return 0;
}
