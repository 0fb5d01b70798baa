/* The reader of Python arguments: any cut gives the same; what it calls done, and
 * what it closes after a cut, is JSON. The first two bytes say where to cut. */
#include "parse/python.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
    struct qtc_python r;
    struct qtc_buf out;
    enum qtc_python_event last;
    size_t used, key_at; /* key_at: bytes consumed at KEY, from 1; 0: none */
};

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool ended(const struct reading *g)
{
    return g->last == QTC_PYTHON_DONE || g->last == QTC_PYTHON_BAD;
}

/* One feed; nothing is written before it is certain that this is a call. */
static size_t feed(struct reading *g, const char *p, size_t n)
{
    size_t used = qtc_python_feed(&g->r, p, n, &g->out);

    require(used <= n);
    g->used += used;
    if (g->r.event == QTC_PYTHON_KEY) {
        require(g->key_at == 0);
        g->key_at = g->used + 1;
    } else {
        g->last = g->r.event;
    }
    require(g->key_at > 0 || g->out.len == 0 || g->last == QTC_PYTHON_DONE);
    return used;
}

static void read_piece(struct reading *g, const char *p, size_t n)
{
    size_t still = 0;

    for (size_t i = 0; i < n && !ended(g);) {
        size_t used = feed(g, p + i, n - i);

        i += used;
        still = used > 0 ? 0 : still + 1;
        require(still <= 2 + QTC_MEND_BITS); /* an event, or one kind of thing found, each */
    }
}

/* Pieces of sizes that follow from the seed, so that a finding can be repeated; 0: whole. */
static struct reading read_in(struct qtc_bytes text, unsigned seed)
{
    struct reading g = {0};
    bool whole = seed == 0;

    qtc_python_reset(&g.r);
    for (size_t at = 0; at < text.len;) {
        seed = seed * 1103515245u + 12345u;
        size_t want = whole ? text.len : 1 + (seed >> 16) % (seed >> 28 == 0 ? 97 : 5);
        size_t n = want < text.len - at ? want : text.len - at;

        read_piece(&g, text.data + at, n);
        at += n;
    }
    return g;
}

static void close_and_check(struct reading *g)
{
    if (g->last == QTC_PYTHON_DONE) {
        require(qtc_json_valid(qtc_buf_bytes(&g->out)));
    }
    qtc_python_finish(&g->r, &g->out, true);
    if (g->key_at > 0) {
        require(qtc_json_valid(qtc_buf_bytes(&g->out)));
    }
}

static void require_same(const struct reading *a, const struct reading *b)
{
    require(a->last == b->last && a->used == b->used && a->key_at == b->key_at);
    require(a->r.found == b->r.found);
    require(qtc_bytes_equal(qtc_buf_bytes(&a->out), qtc_buf_bytes(&b->out)));
}

static void free_reading(struct reading *g)
{
    qtc_python_free(&g->r);
    qtc_buf_free(&g->out);
}

/* Cut in another way: the same, before and after the end. */
static void check_cut(struct qtc_bytes text, unsigned seed)
{
    struct reading whole = read_in(text, 0), cut = read_in(text, seed);

    require_same(&whole, &cut);
    close_and_check(&whole);
    close_and_check(&cut);
    require_same(&whole, &cut);
    free_reading(&whole);
    free_reading(&cut);
}

/* What is written without closing is a beginning of what is written with it. */
static void check_open_finish(struct qtc_bytes text)
{
    struct reading open = read_in(text, 0), closed = read_in(text, 0);

    qtc_python_finish(&open.r, &open.out, false);
    qtc_python_finish(&closed.r, &closed.out, true);
    require(open.out.len <= closed.out.len);
    require(open.out.len == 0 || memcmp(open.out.data, closed.out.data, open.out.len) == 0);
    free_reading(&open);
    free_reading(&closed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct qtc_bytes text = qtc_bytes((const char *)data + 2, size - 2);

    check_cut(text, 1u + data[0]);
    check_cut(text, 257u + data[1]);
    check_open_finish(text);
    return 0;
}
