/* lines.h - lines out of blocks of any size. */
#ifndef QTC_LINES_H
#define QTC_LINES_H

#include "base/base.h"

#define QTC_LINE_MAX ((size_t)64 << 20)

/* Without its line feed; borrowed for the call. Of a line that is too long, text is empty. */
struct qtc_line {
    struct qtc_bytes text;
    uint64_t number; /* from 1 */
    bool too_long;
};

/* Returns false to stop. */
typedef bool qtc_line_sink(void *ctx, const struct qtc_line *line);

/* Starts as {.sink, .ctx}. */
struct qtc_lines {
    qtc_line_sink *sink;
    void *ctx;
    struct qtc_buf part; /* of a line, from the blocks before */
    uint64_t number;     /* lines that ended */
    bool too_long;       /* the one that is open; the rest of it is passed over */
};

/* QTC_OK, QTC_STOPPED or QTC_NOMEM. */
enum qtc_code qtc_lines_feed(struct qtc_lines *l, struct qtc_bytes bytes);
/* A last line needs no line feed. */
enum qtc_code qtc_lines_finish(struct qtc_lines *l);
void qtc_lines_free(struct qtc_lines *l);

#endif
