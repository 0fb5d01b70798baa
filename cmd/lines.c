#include "lines.h"

#include <string.h>

static void keep(struct qtc_lines *l, struct qtc_bytes part)
{
    if (l->too_long || part.len > QTC_LINE_MAX - l->part.len) {
        l->too_long = true;
        qtc_buf_free(&l->part);
        return;
    }
    qtc_buf_put(&l->part, part);
}

/* rest: what this block has of the line; most lines lie in one block and are not copied. */
static enum qtc_code end_line(struct qtc_lines *l, struct qtc_bytes rest)
{
    struct qtc_line line = {.text = rest, .number = ++l->number};

    if (l->part.len > 0 || l->too_long) {
        keep(l, rest);
        line.text = qtc_buf_bytes(&l->part);
        line.too_long = l->too_long;
    }
    if (l->part.failed) {
        return QTC_NOMEM;
    }
    bool go_on = l->sink(l->ctx, &line);
    qtc_buf_clear(&l->part);
    l->too_long = false;
    return go_on ? QTC_OK : QTC_STOPPED;
}

enum qtc_code qtc_lines_feed(struct qtc_lines *l, struct qtc_bytes bytes)
{
    const char *p = bytes.data, *end = bytes.data + bytes.len, *lf;
    enum qtc_code code = QTC_OK;

    while (code == QTC_OK && p < end && (lf = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        code = end_line(l, qtc_bytes(p, (size_t)(lf - p)));
        p = lf + 1;
    }
    if (code == QTC_OK && p < end) {
        keep(l, qtc_bytes(p, (size_t)(end - p)));
        code = l->part.failed ? QTC_NOMEM : QTC_OK;
    }
    return code;
}

enum qtc_code qtc_lines_finish(struct qtc_lines *l)
{
    return l->part.len > 0 || l->too_long ? end_line(l, (struct qtc_bytes){0}) : QTC_OK;
}

void qtc_lines_free(struct qtc_lines *l)
{
    qtc_buf_free(&l->part);
}
