/* fuzz_parts.c - any body, any of its parts left out: parts are in order and within the body, with all of
 * them it is the same bytes, and what was JSON is JSON without some.
 *
 * The first byte chooses the grain, the second which parts are kept. */
#include "capture/capture.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void look_at(const struct qtc_parts *parts, size_t size)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct qtc_part *p = &parts->list[i];
        must(p->gap <= p->begin && p->begin < p->end && p->end <= size);
        must(p->before == SIZE_MAX ? p->gap == p->begin
                                   : p->before < i && p->gap == parts->list[p->before].end);
        must(i == 0 || p->begin >= parts->list[i - 1].begin);
    }
}

/* Keeps those whose number has no bit in common with `without`. */
static void join(struct qtc_parts *parts, struct qtc_bytes body, unsigned without, struct qtc_buf *out)
{
    size_t *keep = calloc(parts->count + 1, sizeof *keep);
    size_t ends[] = {body.len / 3, body.len / 2, body.len};
    size_t kept = 0;

    must(keep != NULL);
    for (size_t i = 0; i < parts->count; i++) {
        if ((i & without) == 0) {
            keep[kept++] = i;
        }
    }
    qtc_parts_join(parts, body, keep, kept, out, ends, 3);
    must(ends[0] <= ends[1] && ends[1] <= ends[2] && ends[2] == out->len);
    free(keep);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qtc_parts parts = {0};
    struct qtc_buf whole = {0}, less = {0};

    if (size < 2) {
        return 0;
    }
    enum qtc_grain grain = (enum qtc_grain)(data[0] % (QTC_GRAIN_CUTS + 1));
    char *copy = malloc(size - 2 > 0 ? size - 2 : 1);
    must(copy != NULL);
    memcpy(copy, data + 2, size - 2);
    struct qtc_bytes body = {copy, size - 2};
    must(qtc_parts_find(&parts, body, grain) == QTC_OK);
    look_at(&parts, body.len);
    join(&parts, body, 0, &whole);
    must(qtc_bytes_equal(qtc_buf_bytes(&whole), body));
    join(&parts, body, data[1], &less);
    must(!qtc_json_valid(body) || qtc_json_valid(qtc_buf_bytes(&less)));
    qtc_parts_free(&parts);
    qtc_buf_free(&whole);
    qtc_buf_free(&less);
    free(copy);
    return 0;
}
