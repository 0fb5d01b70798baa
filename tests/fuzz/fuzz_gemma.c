/* Gemma's argument literals fed whole and in pieces agree; what is complete, or
 * is closed, is a JSON object; what is left open is a beginning of one. */
#include "parse/gemma.h"
#include "schema/tools.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* The first byte chooses the format, the bracket, and how types follow from keys. */
struct setup {
    const char *delimiter, *close;
    char bracket;
    bool typed;
};

static struct setup setup_of(unsigned char byte)
{
    bool gemma4 = byte & 1;
    return (struct setup){
        .delimiter = gemma4 ? "<|\"|>" : "<escape>",
        .close = byte & 8 ? NULL
                 : gemma4 ? "<tool_call|>"
                          : "<end_function_call>",
        .bracket = byte & 2 ? '(' : '{',
        .typed = byte & 4,
    };
}

struct result {
    struct qtc_buf out, trace;
    enum qtc_gemma_event last;
    unsigned found;
    bool cut;
    size_t used;
};

static void on_event(struct qtc_gemma *g, const struct setup *s, struct result *r)
{
    if (g->event == QTC_GEMMA_NONE && !g->mismatch) {
        return;
    }
    qtc_buf_u64(&r->trace, g->event * 2 + g->mismatch);
    qtc_buf_u64(&r->trace, r->used);
    if (g->event == QTC_GEMMA_KEY) {
        qtc_buf_put(&r->trace, qtc_buf_bytes(&g->key));
        g->types = s->typed && g->key.len > 0 ? (unsigned char)g->key.data[0] % 128u : 0;
    }
}

static void feed(struct qtc_gemma *g, const struct setup *s, const char *p, size_t n, struct result *r)
{
    for (size_t i = 0; i < n && g->event < QTC_GEMMA_DONE;) {
        size_t used = qtc_gemma_feed(g, p + i, n - i, &r->out);
        require(used <= n - i);
        require(used == n - i || g->event != QTC_GEMMA_NONE || g->found != r->found);
        i += used;
        r->used += used;
        r->found = g->found;
        on_event(g, s, r);
    }
}

/* The pieces' sizes follow from the input, so that a finding can be repeated. */
static void run(struct qtc_bytes text, const struct setup *s, size_t most, bool close, struct result *r)
{
    struct qtc_gemma g = {0};
    qtc_gemma_reset(&g, s->delimiter, s->close, s->bracket);
    for (size_t i = 0, n; i < text.len; i += n) {
        n = most == 0 ? text.len : 1 + ((unsigned char)text.data[i] + i) % most;
        n = n < text.len - i ? n : text.len - i;
        feed(&g, s, text.data + i, n, r);
    }
    r->last = g.event;
    if (r->last < QTC_GEMMA_DONE) {
        qtc_gemma_finish(&g, &r->out, close);
        on_event(&g, s, r);
    }
    require(r->last != QTC_GEMMA_BAD || r->out.len == 0);
    if (r->last != QTC_GEMMA_BAD && (close || r->last >= QTC_GEMMA_DONE)) {
        require(qtc_json_valid(qtc_buf_bytes(&r->out)) && r->out.data[0] == '{');
    }
    r->cut = g.cut;
    qtc_gemma_free(&g);
}

static void require_same(const struct result *a, const struct result *b)
{
    require(qtc_bytes_equal(qtc_buf_bytes(&a->out), qtc_buf_bytes(&b->out)));
    require(qtc_bytes_equal(qtc_buf_bytes(&a->trace), qtc_buf_bytes(&b->trace)));
    require(a->last == b->last || (a->last < QTC_GEMMA_DONE && b->last < QTC_GEMMA_DONE));
    require(a->found == b->found && a->cut == b->cut && a->used == b->used);
}

static void result_free(struct result *r)
{
    qtc_buf_free(&r->out);
    qtc_buf_free(&r->trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct result whole = {0}, open = {0};
    if (size < 2) {
        return 0;
    }
    struct setup s = setup_of(data[0]);
    struct qtc_bytes text = qtc_bytes((const char *)data + 1, size - 1);
    run(text, &s, 0, true, &whole);
    for (size_t most = 1; most <= 19; most += 9) {
        struct result pieces = {0};
        run(text, &s, most, true, &pieces);
        require_same(&whole, &pieces);
        result_free(&pieces);
    }
    run(text, &s, 7, false, &open);
    require(open.out.len <= whole.out.len);
    require(qtc_bytes_equal(qtc_buf_bytes(&open.out), qtc_bytes(whole.out.data, open.out.len)));
    result_free(&whole);
    result_free(&open);
    return 0;
}
