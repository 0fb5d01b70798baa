/* sse.h - event streams: WHATWG HTML, section 9.2 "Server-sent events". */
#ifndef QTC_SSE_H
#define QTC_SSE_H

#include "json/json.h"

/* Bits of qtc_sse_event.oddities: what a lenient reader notices and accepts. */
enum qtc_sse_oddity {
    QTC_SSE_BOM = 1,            /* U+FEFF before the first line */
    QTC_SSE_MIXED_ENDS = 2,     /* LF, CRLF or CR, differing inside the stream */
    QTC_SSE_MULTI_LINE = 4,     /* data on several lines */
    QTC_SSE_NO_BLANK_LINE = 8,  /* ended by the next data line, not by a blank line */
    QTC_SSE_UNTERMINATED = 16   /* ended by the end of the stream */
};

/* All slices are borrowed for the call. */
struct qtc_sse_event {
    struct qtc_bytes raw;  /* every byte since the last event: comments, line ends and the blank line too */
    struct qtc_bytes data; /* data lines joined by LF; has_data tells "" from none */
    struct qtc_bytes type; /* event field; empty: "message" */
    struct qtc_bytes id;   /* the last id so far */
    uint64_t retry;        /* the last reconnection time so far, in milliseconds; 0: none */
    uint64_t number;       /* of this event, from 1; without data: of the last one that had some */
    uint64_t line;         /* of its first line, from 1 */
    unsigned oddities;     /* enum qtc_sse_oddity */
    bool has_data;         /* false: comments, blank lines, or a lone field; raw is to be passed on */
};

/* Returns false to stop. */
typedef bool qtc_sse_sink(void *ctx, const struct qtc_sse_event *event);

struct qtc_sse_options {
    size_t max_event; /* bytes an event may hold; 0: 64 MiB */
    /* A data line that is a whole JSON object (or [DONE]) ends an event when
     * another data line follows: servers that leave out the blank line. */
    bool split_json_lines;
};

struct qtc_sse_decoder;
struct qtc_sse_decoder *qtc_sse_decoder_new(const struct qtc_sse_options *options, qtc_sse_sink *sink,
                                            void *ctx);
/* QTC_OK, QTC_STOPPED, QTC_NOMEM, or QTC_LIMIT for an event that is too long. */
enum qtc_code qtc_sse_decoder_feed(struct qtc_sse_decoder *d, const char *p, size_t n);
/* Ends the stream: a last event without its blank line is delivered too
 * (a browser drops it; servers that forget it are common). */
enum qtc_code qtc_sse_decoder_finish(struct qtc_sse_decoder *d);
/* Lines begun so far, from 1: where an error is. */
uint64_t qtc_sse_decoder_line(const struct qtc_sse_decoder *d);
void qtc_sse_decoder_free(struct qtc_sse_decoder *d);
/* A stream that is all there, to its end; the codes of feed. */
enum qtc_code qtc_sse_decode(const struct qtc_sse_options *options, struct qtc_bytes stream,
                             qtc_sse_sink *sink, void *ctx);

/* Appends one event: `event:` when type is not empty, then data, a `data:`
 * line for each of its lines, and the blank line. */
void qtc_sse_encode(struct qtc_buf *out, struct qtc_bytes type, struct qtc_bytes data);

#endif
