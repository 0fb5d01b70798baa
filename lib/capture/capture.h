/* capture.h - recorded responses: what a server sent, and when it came.
 *
 * A file is read whole, into captures whose bytes are the response's body as the server sent it (transfer
 * coding undone). Nothing of a file that is wrong is used. A capture is then played: its body is pushed to a
 * sink, piece by piece, past the stages that the options name:
 *
 *   capture ──► simulate ──► resplit ──► faults ──► gap ──► split ──► sink
 *               an answer    a delta's   events     times   transport
 *               as a stream  text
 *
 * Times are nanoseconds since the response's start. A piece's time is that at which its last byte came. */
#ifndef QTC_CAPTURE_H
#define QTC_CAPTURE_H

#include "json/json.h"

/* ---- captures ----------------------------------------------------------- */

struct qtc_header {
    struct qtc_bytes name, value;
};

/* Bytes that came together. */
struct qtc_arrival {
    uint64_t at; /* 0 where the capture is not timed */
    size_t end;  /* of its bytes in the body; the first begin at 0 */
};

/* One response, and what is known of its request; what is not known is empty or 0. Borrows the file's bytes
 * and the arena that it was read into. */
struct qtc_capture {
    struct qtc_bytes start; /* when the request was sent: RFC 3339 in UTC */
    struct qtc_bytes method, url;
    const struct qtc_header *request_headers;
    size_t request_header_count;
    struct qtc_bytes request; /* its body */
    unsigned status;
    const struct qtc_header *headers;
    size_t header_count;

    struct qtc_bytes body;
    const struct qtc_arrival *arrivals; /* in order; the last one ends where the body does */
    size_t arrival_count;               /* 0 only for an empty body */
    uint64_t ended;                     /* when the response was over */
    bool timed;                         /* arrivals and ended have times */
    bool cut;      /* it broke off: the connection was lost, or the recording ends before the response did */
    uint64_t line; /* of the file, where it begins */
};

/* The value of a response's header (names in any case), or empty. */
struct qtc_bytes qtc_capture_header(const struct qtc_capture *c, const char *name);

/* ---- reading files -------------------------------------------------------- */

/* A kind of file: how it is called, and what it is. The table is in the order in which they are tried. */
struct qtc_capture_kind {
    const char *name; /* recording, har, trace, json, jsonl, raw */
    const char *help;
    const struct qtc_capture_format *format; /* how it is read; see readers.h */
};

const struct qtc_capture_kind *qtc_capture_kinds(size_t *count);
/* What a file is, by its first bytes (4 KiB tell; all of a shorter file). Never NULL: what is like nothing
 * else is raw. */
const struct qtc_capture_kind *qtc_capture_kind_of(struct qtc_bytes beginning);

struct qtc_captures {
    const struct qtc_capture_kind *kind;
    const struct qtc_capture *list;
    size_t count; /* at least 1 */
    /* The last line of a recording was cut, as after a crash; it was left out. Its number, or 0. */
    uint64_t cut_line;
    /* A --trace-ascii file: bytes that are not printable ASCII are lost; each is a `.`, but for line ends, which
     * are put back where they must have been. */
    bool lossy;
};

/* All responses of a file. QTC_OK; QTC_SYNTAX, QTC_TYPE, QTC_LIMIT with a message and the byte; QTC_NOMEM. An
 * empty file is an error. `file` and `arena` must outlive the captures. */
enum qtc_code qtc_captures_read(struct qtc_arena *arena, struct qtc_bytes file, struct qtc_captures *captures,
                                struct qtc_error *error);

/* ---- writing recordings ----------------------------------------------------
 * qtc's own kind, JSON Lines. A response is a header, then a line for each arrival, then its end:
 *
 *   {"qtc-recording":1,"start":"2026-01-31T12:00:00.250Z","request":{"method":"POST","url":"http://...",
 *    "headers":[["content-type","application/json"],...],"body":"..."},"status":200,"headers":[...]}
 *   [0.183204911,"data: {\"id\":...}\n\n"]
 *   [0.201447120,"gAEC","base64"]       bytes that are not UTF-8
 *   [0.201447120,null]                  the end; [0.2,null,"cut"] where it broke off
 *
 * Each line is written whole. So a recording can be read while it grows, appended to, and is good up to its
 * last line. What is not known is left out. */

/* The header line of a capture's exchange; its body is not looked at. */
void qtc_recording_head(struct qtc_buf *out, const struct qtc_capture *c);
void qtc_recording_arrival(struct qtc_buf *out, uint64_t at, struct qtc_bytes data);
void qtc_recording_end(struct qtc_buf *out, uint64_t at, bool cut);

/* A row a kind that --convert writes. */
struct qtc_capture_writer {
    const char *name; /* raw, recording */
    const char *help;
    void (*write)(struct qtc_buf *out, const struct qtc_capture *c);
};

const struct qtc_capture_writer *qtc_capture_writers(size_t *count);

/* ---- playing ---------------------------------------------------------------- */

enum qtc_split_by {
    QTC_SPLIT_NONE,
    QTC_SPLIT_BYTES,  /* every n bytes, inside characters too */
    QTC_SPLIT_CHARS,  /* every n UTF-8 characters */
    QTC_SPLIT_LINES,  /* each line by itself */
    QTC_SPLIT_EVENTS, /* each event by itself */
    QTC_SPLIT_RANDOM, /* pieces of 1 to 64 characters, by seed */
    QTC_SPLIT_TOKENS  /* every n pieces of text that are like a model's tokens: words with their blank,
                         numbers,  marks; never inside a character */
};

struct qtc_split {
    enum qtc_split_by by;
    uint64_t n; /* how many, or the seed */
};

/* "bytes:7", "chars:1", "lines", "events", "random:42" and, for text, "tokens:1", "random:42". QTC_UNKNOWN
 * for another word, QTC_SYNTAX for a number that is not one from 1. */
enum qtc_code qtc_split_parse(const char *text, bool of_text, struct qtc_split *split);

enum qtc_fault_kind {
    QTC_FAULT_CUT,     /* the body ends in the middle of event N */
    QTC_FAULT_STALL,   /* MS milliseconds pass before event N */
    QTC_FAULT_ERROR,   /* an error object comes instead of event N, and nothing behind it */
    QTC_FAULT_DUP,     /* event N comes twice */
    QTC_FAULT_CORRUPT, /* a byte of event N's data is lost, so that its JSON is broken */
    QTC_FAULT_RESET    /* the connection breaks in the middle of event N */
};

struct qtc_fault {
    enum qtc_fault_kind kind;
    uint64_t event;        /* from 1; events with data are counted */
    uint64_t milliseconds; /* STALL */
};

/* "cut@3", "stall@3:500", ... QTC_UNKNOWN for another word, QTC_SYNTAX for the rest. */
enum qtc_code qtc_fault_parse(const char *text, struct qtc_fault *fault);

struct qtc_play_options {
    bool simulate; /* a whole JSON answer, or JSON Lines of chunks, as an event stream; a stream stays */
    struct qtc_split resplit; /* TOKENS, RANDOM: of the text in deltas */
    const struct qtc_fault *faults;
    size_t fault_count;
    uint64_t gap;           /* nanoseconds between events, instead of the recorded times; 0: as recorded */
    struct qtc_split split; /* of the transport; NONE: as it came */
};

struct qtc_piece {
    uint64_t at;
    struct qtc_bytes data; /* borrowed for the call */
    bool reset;            /* the connection breaks behind it: nothing follows */
};

/* Returns false to stop. */
typedef bool qtc_piece_sink(void *ctx, const struct qtc_piece *piece);

/* QTC_OK; QTC_STOPPED; QTC_NOMEM; QTC_LIMIT for an event that is too long; QTC_TYPE where the body is neither
 * a stream nor an answer and `simulate` was asked for; QTC_UNKNOWN where a fault names an event that there is
 * not (found when the body is over). */
enum qtc_code qtc_capture_play(const struct qtc_capture *c, const struct qtc_play_options *options,
                               qtc_piece_sink *sink, void *ctx, struct qtc_error *error);

/* Pieces that are kept: the same playback for many readers. Starts as {0}. */
struct qtc_pieces {
    struct qtc_arena arena;
    struct qtc_piece *list;
    size_t count, room;
    bool failed; /* memory ended */
};

/* A qtc_piece_sink; ctx is the qtc_pieces. */
bool qtc_pieces_keep(void *pieces, const struct qtc_piece *piece);
void qtc_pieces_free(struct qtc_pieces *pieces);

/* ---- redacting ---------------------------------------------------------------- */

/* What was replaced: where, and by which rule. */
struct qtc_redaction {
    const char *rule;      /* "authorization", "openai-key", ...; see qtc_redaction_rules */
    const char *where;     /* "request header", "request body", "response header", "response body", "url" */
    struct qtc_bytes name; /* of the header or the member; empty for text */
    uint64_t at;           /* byte in that text */
    size_t len;
};

typedef void qtc_redaction_sink(void *ctx, const struct qtc_redaction *redaction);

/* A copy in the arena without secrets: headers that hold one (Authorization, Cookie, API keys), members of
 * JSON that are named so, and tokens in text (keys of the known services, Bearer, JWTs), also where deltas or
 * pieces cut them. Each byte of a secret becomes an `x`, so lengths, cuts and times stay. Tells each to the
 * sink. */
enum qtc_code qtc_capture_redact(struct qtc_arena *arena, const struct qtc_capture *c, struct qtc_capture *to,
                                 qtc_redaction_sink *sink, void *ctx);
/* The same for a text that came alone (a request's body or an URL in a log). */
enum qtc_code qtc_text_redact(struct qtc_arena *arena, struct qtc_bytes text, struct qtc_bytes *to,
                              const char *where, qtc_redaction_sink *sink, void *ctx);
/* Whether a header's value is a secret by its name. */
bool qtc_header_is_secret(struct qtc_bytes name);

/* ---- shrinking ------------------------------------------------------------------ */

/* Does it still happen when only these of `count` parts are there? keep holds their numbers, in order.
 * Returns false to stop; *holds is the answer. */
typedef bool qtc_shrink_test(void *ctx, const size_t *keep, size_t kept, bool *holds);

/* Delta debugging (Zeller, Hildebrandt: "Simplifying and Isolating Failure-Inducing Input", 2002): a set of
 * parts for which the test holds, and of which none can be left out alone. It must hold for all of them;
 * `keep` has room for count numbers. QTC_OK; QTC_STOPPED (keep is the smallest so far); QTC_NOMEM. */
enum qtc_code qtc_shrink(size_t count, qtc_shrink_test *test, void *ctx, size_t *keep, size_t *kept);

/* ---- the picture ------------------------------------------------------------------ */

/* Appends an SVG of the response: time across (numbers of events, where there are no times), lanes for
 * content, reasoning, each call, comments and defects. `title` is shown. QTC_OK, QTC_NOMEM, QTC_LIMIT. */
enum qtc_code qtc_timeline(struct qtc_buf *svg, const struct qtc_capture *c, struct qtc_bytes title);

#endif
