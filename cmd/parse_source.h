/* parse_source.h - what qtc-parse reads: text, streamed pieces, or JSON answers, from one file. */
#ifndef QTC_PARSE_SOURCE_H
#define QTC_PARSE_SOURCE_H

#include "commands.h"
#include "lines.h"
#include "session.h"
#include "values.h"

/* Tells JSON and pieces from text while the input is AUTO. Only what begins like JSON is held back. */
struct qtc_probe {
    struct qtc_buf head; /* all that came */
    size_t seen;         /* bytes of it that were looked at */
    size_t value;        /* where the open value begins */
    size_t values;       /* whole ones, each of them an answer */
    bool open;           /* in a value */
    char first;          /* first byte that is not blank; 0: none yet */
    struct qtc_json_scan scan;
};

struct qtc_source {
    struct qtc_session *session;
    enum qtc_parse_input kind; /* AUTO: not decided yet */
    struct qtc_probe probe;
    unsigned bom;             /* bytes of a byte order mark that were passed over; 3: no more to come */
    struct qtc_lines lines;   /* DELTAS */
    struct qtc_values values; /* JSON */
    struct qtc_arena arena;
    struct qtc_buf wrapped;          /* a message, as a completion */
    size_t answers;                  /* JSON: how many */
    const struct qtc_format *format; /* in which the first call was found; NULL: none yet */
    bool stopped;                    /* nothing more is to be read */
    bool broken;                     /* the stream failed: it cannot be ended */
};

void qtc_source_begin(struct qtc_source *s, struct qtc_session *session, enum qtc_parse_input kind);
/* More of the file. false: nothing more is to be read. */
bool qtc_source_feed(struct qtc_source *s, struct qtc_bytes bytes);
/* The file ended, or is not read further: ends the response. */
void qtc_source_end(struct qtc_source *s);

#endif
