/* capture.h - recorded responses: what a server sent, and when it came.
 *
 * A file is read whole, into captures whose bytes are the response's body as the server sent it (transfer
 * coding undone). Nothing of a file that is wrong is used. A capture is then played: its body is pushed to a
 * sink, piece by piece, past the stages that the options name:
 *
 *   capture ──► simulate ──► resplit ──► gap ──► faults ──► split ──► sink
 *               an answer    a delta's   times   events     transport
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
    const struct qtc_arrival *arrivals; /* in order, none empty; the last one ends where the body does */
    size_t arrival_count;               /* 0 only for an empty body */
    uint64_t ended;                     /* when the response was over */
    bool timed;                         /* arrivals and ended have times */
    bool cut;      /* it broke off: the connection was lost, or the recording ends before the response did */
    uint64_t line; /* of the file, where it begins */
};

/* Whether a header is called so; case does not count. */
bool qtc_header_is(const struct qtc_header *header, const char *name);
/* The value of a response's header, or empty. */
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
    /* A --trace-ascii file: bytes that are not printable ASCII are lost; each is a `.`, but for line ends,
     * which are put back where they must have been. */
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
 * last line. What is not known is left out; a response without times has 0 for all of them. In the header,
 * ["gAEC","base64"] stands for a string that is not UTF-8. */

/* The header line of a capture's exchange; its body is not looked at. */
void qtc_recording_head(struct qtc_buf *out, const struct qtc_capture *c);
void qtc_recording_arrival(struct qtc_buf *out, uint64_t at, struct qtc_bytes data);
void qtc_recording_end(struct qtc_buf *out, uint64_t at, bool cut);

/* A row for each kind that --convert writes. */
struct qtc_capture_writer {
    const char *name; /* recording, raw, jsonl */
    const char *help;
    void (*write)(struct qtc_buf *out, const struct qtc_capture *c);
};

const struct qtc_capture_writer *qtc_capture_writers(size_t *count);

/* ---- playing ----------------------------------------------------------------
 * The stages but split work on events: those of an event stream, as lib/sse finds them, or, where the body is
 * JSON, its values. Where one of them is asked for, or a split by events, each piece is an event with all its
 * bytes before it is split; else the arrivals go through as they are. */

enum qtc_split_by {
    QTC_SPLIT_NONE,
    QTC_SPLIT_BYTES,  /* every n bytes, inside characters too */
    QTC_SPLIT_CHARS,  /* every n UTF-8 characters; a byte that belongs to none is one */
    QTC_SPLIT_LINES,  /* each line with its end: LF, CRLF or CR */
    QTC_SPLIT_EVENTS, /* each event with its blank line */
    QTC_SPLIT_RANDOM, /* pieces of 1 to 64 characters (of text: 1 to 16), by seed, the same everywhere */
    QTC_SPLIT_TOKENS  /* every n pieces of text that are like a model's tokens: words with their blank, up to
                         three digits, runs of marks, line feeds, single ideographs; 16 characters at most */
};

struct qtc_split {
    enum qtc_split_by by;
    uint64_t n; /* how many, or the seed */
};

/* "bytes:7", "chars:1", "lines", "events", "random:42" and, for text, "tokens:1", "random:42". QTC_UNKNOWN
 * for another word, QTC_SYNTAX for a number that is not one from 1. */
enum qtc_code qtc_split_parse(const char *text, bool of_text, struct qtc_split *split);

enum qtc_fault_kind {
    QTC_FAULT_CUT,     /* the body ends in the middle of event N's data, between characters */
    QTC_FAULT_STALL,   /* MS milliseconds more pass before event N */
    QTC_FAULT_ERROR,   /* an error object comes instead of event N, and nothing behind it */
    QTC_FAULT_DUP,     /* event N comes twice */
    QTC_FAULT_CORRUPT, /* the first quote of event N's data is lost, so that its JSON is broken */
    QTC_FAULT_RESET    /* the same as CUT, and the connection breaks there */
};

struct qtc_fault {
    enum qtc_fault_kind kind;
    uint64_t event;        /* from 1; events with data are counted, [DONE] too */
    uint64_t milliseconds; /* STALL */
};

/* "cut@3", "stall@3:500", ... QTC_UNKNOWN for another word, QTC_SYNTAX for the rest. */
enum qtc_code qtc_fault_parse(const char *text, struct qtc_fault *fault);

struct qtc_play_options {
    /* A whole JSON answer as a server streams it, in pieces of one token if resplit says nothing else; JSON
     * Lines of chunks as events, with [DONE] where it is missing. A stream stays. */
    bool simulate;
    /* TOKENS, RANDOM: of the text in deltas. Neighbouring chunks that are the same but for one text are
     * joined and cut anew, copies with another string. All else passes as it is. */
    struct qtc_split resplit;
    const struct qtc_fault *faults;
    size_t fault_count;
    /* Nanoseconds between events, of which the first one comes at 0; 0: as recorded. */
    uint64_t gap;
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
    const char *rule;      /* "header", "member" (by name), "openai-key", "jwt", ...: see secrets.c */
    const char *where;     /* "request header", "request body", "response header", "response body", "url" */
    struct qtc_bytes name; /* of the header or the member; empty for text */
    uint64_t at;           /* byte in that text; where deltas cut it, of the first part */
    size_t len;            /* of the secret, joined and decoded */
};

typedef void qtc_redaction_sink(void *ctx, const struct qtc_redaction *redaction);

/* A copy in the arena without secrets: headers that hold one (Authorization, Cookie, API keys), members of
 * JSON and parameters that are named so, and tokens in text (keys of the known services, Bearer, JWTs), also
 * where deltas or pieces cut them. Each byte of a secret becomes an `x` (an escape of JSON one of the same
 * length; white space stays), so lengths, cuts and times stay and what was JSON is JSON; what says only its
 * kind (`sk-`, `Bearer `) stays too. What is redacted has nothing left to be redacted. Linear in the text's
 * length; where an expression's limit is passed, the word at which it was is masked. Tells each to the sink
 * (NULL: nobody). QTC_OK, QTC_NOMEM. */
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

/* What a body can do without, and still be of its kind. */
enum qtc_grain {
    QTC_GRAIN_EVENTS, /* of a stream; lines, of what is neither a stream nor one JSON value */
    /* of the text that a model wrote (content, arguments, ...), in all JSON that stands in the body: */
    QTC_GRAIN_LINES,
    QTC_GRAIN_WORDS,
    QTC_GRAIN_CHARS,
    QTC_GRAIN_MEMBERS, /* of objects, and elements of arrays */
    /* What stands between the texts of two neighbouring chunks that are the same but for one text. Without it
     * they are one chunk. */
    QTC_GRAIN_CUTS
};

/* A range of the body. Parts are in order; a member's own members follow it, and go with it. */
struct qtc_part {
    size_t begin, end;
    size_t gap; /* where what parts it from the one before begins; that goes if nothing is kept before it */
    size_t before;  /* the part before it in the same list, or SIZE_MAX */
    bool data;      /* EVENTS: not only comments or blank lines */
    bool kept, led; /* set by qtc_parts_join: it is kept; one before it in its list is */
};

/* Starts as {0}. */
struct qtc_parts {
    struct qtc_part *list;
    size_t count, room;
    bool of_stream; /* EVENTS: events, not lines */
};

/* How many are listed; what would be behind them is always kept. */
#define QTC_PARTS_MAX ((size_t)1 << 22)

/* Lists them anew. QTC_OK, QTC_NOMEM. */
enum qtc_code qtc_parts_find(struct qtc_parts *parts, struct qtc_bytes body, enum qtc_grain grain);
void qtc_parts_free(struct qtc_parts *parts);
/* Appends the body without the parts that are not among those kept. ends: ascending places in the body, which
 * become those in what was appended; none: NULL, 0. */
void qtc_parts_join(struct qtc_parts *parts, struct qtc_bytes body, const size_t *keep, size_t kept,
                    struct qtc_buf *out, size_t *ends, size_t end_count);

/* ---- the picture ------------------------------------------------------------------ */

struct qtc_tools;

/* Appends an SVG of the response: time across (numbers of events, where there are no times), lanes for
 * content, reasoning, each call, comments and defects. `title` is shown; tools type the arguments of calls in
 * markup (NULL: none are known). Well-formed XML under 2 MB whatever the response holds, and the same for the
 * same response. QTC_OK, QTC_NOMEM. */
enum qtc_code qtc_timeline(struct qtc_buf *svg, const struct qtc_capture *c, const struct qtc_tools *tools,
                           struct qtc_bytes title);

#endif
