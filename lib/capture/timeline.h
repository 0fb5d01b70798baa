/* timeline.h - what a picture of a response shows: lanes, and what stands in them when. Private to
 * lib/capture. */
#ifndef QTC_CAPTURE_TIMELINE_H
#define QTC_CAPTURE_TIMELINE_H

#include "capture/capture.h"
#include "stream/stream.h"

/* In the order in which they are drawn; those of a choice stand together. */
enum qtc_lane_kind {
    QTC_LANE_EVENTS, /* every event, and how long it is */
    QTC_LANE_REASONING,
    QTC_LANE_CONTENT,
    QTC_LANE_CALL,
    QTC_LANE_COMMENTS,
    QTC_LANE_DEFECTS,
    QTC_LANE_END /* finish_reason, [DONE], an error, the capture's end where it broke off */
};

struct qtc_lane {
    enum qtc_lane_kind kind;
    unsigned choice, call;
    struct qtc_bytes name, id; /* of a call */
    struct qtc_buf excerpt;    /* its first bytes */
    uint64_t items, bytes;     /* of text */
    uint64_t first;            /* when it begins */
    uint32_t order;            /* how many stand before it */
    bool truncated;            /* a call that was cut */
};

/* The lanes that are always there, by their places in the list. */
enum { QTC_EVENTS_LANE, QTC_COMMENTS_LANE, QTC_DEFECTS_LANE, QTC_END_LANE, QTC_FIXED_LANES };

struct qtc_item {
    uint64_t at;
    uint32_t lane;              /* place in the list */
    enum qtc_severity severity; /* DEFECTS; END: QTC_ERROR where it is one */
    uint64_t event;             /* number; 0: none */
    uint64_t bytes;
    const char *code;      /* DEFECTS: slug; END: what it is; else NULL */
    struct qtc_bytes text; /* at most QTC_ITEM_TEXT bytes of it */
};

enum { QTC_ITEM_TEXT = 160, QTC_LANE_TEXT = 1024 };

struct qtc_gap {
    uint64_t from, to;
};

/* Times are nanoseconds where the capture is timed; else twice the number of an event, and in between what
 * comes between events. */
struct qtc_timeline {
    const struct qtc_capture *capture;
    struct qtc_arena arena;
    struct qtc_lane *lanes;
    size_t lane_count, lane_room;
    struct qtc_item *items; /* in the order in which they came */
    size_t item_count, item_room;
    struct qtc_gap *gaps; /* those that stand out, the longest first; of a timed capture */
    size_t gap_count;
    uint64_t last; /* time of all that there is */

    uint64_t events; /* with data; JSON values, where it is no event stream */
    uint64_t frames; /* comments too */
    struct qtc_bytes model, format;
    struct qtc_bytes finish; /* the last finish_reason */
    uint64_t calls;
    bool comments_only;
    const char *note; /* why there is less to see than there might be; NULL: no reason */
};

/* Reads the response. `t` is to be freed, whatever the answer: QTC_OK or QTC_NOMEM. */
enum qtc_code qtc_timeline_read(struct qtc_timeline *t, const struct qtc_capture *c,
                                const struct qtc_tools *tools);
void qtc_timeline_free(struct qtc_timeline *t);

#endif
