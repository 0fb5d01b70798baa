/* summary.h - what is in a response, in numbers: for --info. */
#ifndef QTC_SUMMARY_H
#define QTC_SUMMARY_H

#include "capture/capture.h"

enum { QTC_SUMMARY_NAMES = 16 };

enum qtc_shape {
    QTC_SHAPE_EMPTY,
    QTC_SHAPE_EVENTS, /* an event stream */
    QTC_SHAPE_JSON,   /* one JSON value, or several */
    QTC_SHAPE_OTHER   /* a page, or text */
};

struct qtc_summary {
    enum qtc_shape shape;
    uint64_t events; /* with data; of JSON, its values */
    bool done;       /* [DONE] came */
    bool stopped;    /* a limit was passed, or JSON was broken: the rest was not read */

    uint64_t first_byte; /* 0 where the capture is not timed, like the gaps between arrivals */
    uint64_t gap_p50, gap_p99, gap_max;

    struct qtc_bytes model;
    unsigned choices;
    uint64_t calls;
    uint64_t calls_in_text;                    /* of them: as markup */
    struct qtc_bytes names[QTC_SUMMARY_NAMES]; /* the first ones, each once */
    size_t name_count;
    bool more_names;
    uint64_t finishes[QTC_FINISH_ERROR + 1];
    struct qtc_bytes usage; /* the last one */
    struct qtc_bytes error; /* the server's, the first one */
    uint64_t defects[QTC_DEFECTS];
};

/* Reads the body as a client would that knows these tools (NULL: none), and repairs nothing. What it says is
 * in the arena. QTC_OK or QTC_NOMEM. */
enum qtc_code qtc_capture_summarize(struct qtc_arena *arena, const struct qtc_capture *c,
                                    const struct qtc_tools *tools, struct qtc_summary *summary);

#endif
