#include "capture/capture.h"

#include <stdlib.h>
#include <string.h>

/* Leaves out half of what is left, then a quarter, an eighth, ... in turn, and at last each part alone, until
 * none can be missed any more. Where k parts are needed that takes about 2 k log(n / k) tests. From the end
 * to the beginning: what comes later more often needs what came before than the other way round. */
struct shrink {
    qtc_shrink_test *test;
    void *ctx;
    size_t *keep, kept; /* the smallest set so far */
    size_t *trial;
    bool stopped;
};

/* Whether it holds without the parts at [from, to) of those that are kept; then they are gone. */
static bool leave_out(struct shrink *s, size_t from, size_t to)
{
    size_t left = s->kept - (to - from);
    bool holds = false;

    for (size_t i = 0; i < left; i++) {
        s->trial[i] = s->keep[i < from ? i : i + (to - from)];
    }
    s->stopped = !s->test(s->ctx, s->trial, left, &holds);
    if (s->stopped || !holds) {
        return false;
    }
    memcpy(s->keep, s->trial, left * sizeof *s->keep);
    s->kept = left;
    return true;
}

/* Once past all parts, `size` at a time. Never all of them at once: that was asked first. */
static void leave_out_chunks(struct shrink *s, size_t size)
{
    size_t from;

    for (size_t to = s->kept; to > 0 && !s->stopped; to = from) {
        from = to > size ? to - size : 0;
        if (to - from < s->kept) {
            leave_out(s, from, to);
        }
    }
}

/* Round and round, until each was tried since the last one that could be left out. */
static void leave_out_singles(struct shrink *s)
{
    size_t at = s->kept;
    size_t needed = 0;

    while (s->kept > 1 && needed < s->kept && !s->stopped) {
        at = (at > 0 ? at : s->kept) - 1;
        needed = leave_out(s, at, at + 1) ? 0 : needed + 1;
    }
}

static void shrink(struct shrink *s)
{
    if (s->kept == 0 || leave_out(s, 0, s->kept)) {
        return;
    }
    for (size_t size = s->kept - s->kept / 2; size > 1 && !s->stopped; size -= size / 2) {
        leave_out_chunks(s, size);
    }
    leave_out_singles(s);
}

enum qtc_code qtc_shrink(size_t count, qtc_shrink_test *test, void *ctx, size_t *keep, size_t *kept)
{
    struct shrink s = {.test = test, .ctx = ctx, .keep = keep, .kept = count};

    *kept = count;
    for (size_t i = 0; i < count; i++) {
        keep[i] = i;
    }
    s.trial = calloc(count > 0 ? count : 1, sizeof *s.trial);
    if (s.trial == NULL) {
        return QTC_NOMEM;
    }
    shrink(&s);
    free(s.trial);
    *kept = s.kept;
    return s.stopped ? QTC_STOPPED : QTC_OK;
}
