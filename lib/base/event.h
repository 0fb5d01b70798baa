/* event.h - what everything is said in: bytes, errors, events, defects. */
#ifndef QTC_EVENT_H
#define QTC_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- bytes and errors --------------------------------------------------- */

struct qtc_bytes {
    const char *data; /* may be NULL when len is 0 */
    size_t len;
};

enum qtc_code {
    QTC_OK = 0,
    QTC_STOPPED, /* a sink returned false: its caller knows why */
    QTC_NOMEM,   /* allocation failed, or a size would overflow */
    QTC_LIMIT,   /* input passed a limit: depth, line length, held bytes */
    QTC_SYNTAX,  /* input is not what it should be, at `offset` */
    QTC_TYPE,    /* well-formed, but of the wrong shape */
    QTC_UNKNOWN  /* a name that is not in a table */
};

/* Filled in by the function that fails; nothing in it is allocated. */
struct qtc_error {
    enum qtc_code code;
    const char *message; /* constant; lower case, no full stop */
    uint64_t offset;     /* byte offset in the input that was given */
};

/* ---- events ------------------------------------------------------------- */

enum qtc_event_kind {
    QTC_START,     /* id, name (the model): what the envelope said */
    QTC_CONTENT,   /* text: a fragment */
    QTC_REASONING, /* text: a fragment */
    QTC_CALL,      /* call, id, name: once a call, before any of its ARGS */
    QTC_ARGS,      /* call, text: a fragment of the arguments' JSON text */
    QTC_CALL_END,  /* call, truncated */
    QTC_FRAMING,   /* text: bytes of the model's text that are markup only */
    QTC_FINISH,    /* reason */
    QTC_USAGE,     /* text: the usage object, verbatim */
    QTC_DEFECT,    /* defect, text: the name, key or bytes that it concerns */
    QTC_OTHER,     /* name, text: JSON that is passed on as it is: see stream.h for the names */
    QTC_FRAME      /* text: the raw bytes of an input frame that ends here; name: its JSON, or
                      [DONE], or empty; altered, holding */
};

enum qtc_finish {
    QTC_FINISH_NONE = 0,
    QTC_FINISH_STOP,
    QTC_FINISH_TOOL_CALLS,
    QTC_FINISH_LENGTH,
    QTC_FINISH_CONTENT_FILTER,
    QTC_FINISH_ERROR
};

enum qtc_severity { QTC_INFO, QTC_WARNING, QTC_ERROR };

/* A defect's code is its row in lib/defects.h, where each is explained; the
 * stable name that people and programs see is the row's slug. */
enum qtc_defect {
#define DEFECT(id, slug, severity, text) QTC_D_##id,
#include "defects.h"
#undef DEFECT
    QTC_DEFECTS /* how many */
};

struct qtc_defect_info {
    const char *slug;
    enum qtc_severity severity;
    const char *text; /* what is wrong; what is done about it */
};

/* NULL when out of range. */
const struct qtc_defect_info *qtc_defect_info(unsigned defect);

/* Model text has a place of its own: [at, end) counts the bytes of one choice's
 * text. Ranges of a parser's events follow each other without a gap or an
 * overlap, so each input byte is in exactly one event: that is how it is shown
 * that nothing was lost. DEFECT, FINISH and envelope events take no bytes. */
struct qtc_event {
    enum qtc_event_kind kind;
    unsigned choice;
    unsigned call; /* counts from 0 in each choice */
    struct qtc_bytes text;
    struct qtc_bytes id;
    struct qtc_bytes name;
    uint64_t at, end;
    uint64_t frame; /* number of the input event, from 1; 0 for plain text */
    uint64_t line;  /* its first line in the input, from 1; 0 when unknown */
    enum qtc_finish reason;
    enum qtc_defect defect;
    bool truncated;
    bool altered; /* FRAME: something in it was repaired or turned into a call */
    bool holding; /* FRAME: some of its text is not decided yet */
};

/* Returns false to stop: the call that led here then returns QTC_STOPPED. */
typedef bool qtc_sink(void *ctx, const struct qtc_event *event);

#endif
