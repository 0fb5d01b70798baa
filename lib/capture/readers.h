/* readers.h - how each kind of file is read. Private to lib/capture. */
#ifndef QTC_READERS_H
#define QTC_READERS_H

#include "capture/capture.h"

/* ---- a file that is being read --------------------------------------------------- */

struct qtc_reading {
    struct qtc_arena *arena;
    struct qtc_bytes file;
    struct qtc_captures *captures; /* its list is set at the end */
    struct qtc_error *error;
    struct qtc_buf list; /* of struct qtc_capture */
};

struct qtc_capture_format {
    /* Told of the file's first bytes, without a byte order mark and blanks before them. */
    bool (*is)(struct qtc_bytes beginning);
    /* Adds each response to the list. QTC_OK also where there is none. */
    enum qtc_code (*read)(struct qtc_reading *r);
};

extern const struct qtc_capture_format qtc_recording_format, qtc_har_format, qtc_trace_format,
    qtc_lines_format, qtc_json_format, qtc_raw_format;

/* Fills in the error; `where` is in the file. Returns the code. */
enum qtc_code qtc_reading_fail(struct qtc_reading *r, enum qtc_code code, const char *message,
                               const char *where);
enum qtc_code qtc_reading_add(struct qtc_reading *r, const struct qtc_capture *c);
/* The file without its byte order mark. */
struct qtc_bytes qtc_reading_text(const struct qtc_reading *r);
/* Sets the body, which came at once. */
enum qtc_code qtc_capture_set_body(struct qtc_arena *arena, struct qtc_capture *c, struct qtc_bytes body);

struct qtc_bytes qtc_skip(struct qtc_bytes text, size_t n);
/* The line that begins at text.data, without its line feed. */
struct qtc_bytes qtc_line_of(struct qtc_bytes text);
/* It begins as a field of an event stream does, or with a comment. */
bool qtc_is_event_field(struct qtc_bytes text);

/* The next value of a body that is JSON, without blanks; [DONE] counts as one. *text is then what follows.
 * Where there is none: what was read of it, and *text begins where it is wrong. */
enum qtc_json_progress qtc_next_value(struct qtc_bytes *text, struct qtc_bytes *value);

/* ---- numbers and times -------------------------------------------------------------- */

/* A JSON number times 10^shift, rounded: seconds to nanoseconds with 9. false where it is negative or too
 * much. */
bool qtc_decimal(struct qtc_bytes number, int shift, uint64_t *out);
/* An RFC 3339 time in nanoseconds since 1970 (0 where it is before or too late for that), and the same in
 * UTC, in the arena. false where it is none, or memory ends. */
bool qtc_time_in_utc(struct qtc_arena *arena, struct qtc_bytes text, struct qtc_bytes *utc, uint64_t *epoch);

/* ---- HTTP ------------------------------------------------------------------------------ */

struct qtc_http_head {
    struct qtc_bytes first; /* its line */
    const struct qtc_header *headers;
    size_t count;
};

/* Where the head ends: behind its blank line; text.len where that is missing. */
size_t qtc_http_head_length(struct qtc_bytes text);
/* QTC_OK; QTC_NOMEM; QTC_LIMIT for more than 4096 lines. Borrows the text. */
enum qtc_code qtc_http_head_read(struct qtc_arena *arena, struct qtc_bytes text, struct qtc_http_head *head);
/* Of a line like "HTTP/1.1 200 OK"; 0 where it is none. */
unsigned qtc_http_status(struct qtc_bytes line);

enum qtc_chunked {
    QTC_NOT_CHUNKED, /* nothing was done */
    QTC_CHUNKED,
    QTC_CHUNKED_CUT /* before its last chunk ended */
};

/* Undoes the chunked transfer coding of a body, in place. The arrivals' ends become those of the data; those
 * that held none go. lossy: a line end may be `.`, see qtc_restore_line_ends. */
enum qtc_chunked qtc_unchunk(char *body, size_t *len, struct qtc_arrival *arrivals, size_t *count,
                             bool lossy);
bool qtc_is_chunked(const struct qtc_capture *c);
/* Its body is shorter than its headers said. */
bool qtc_is_short(const struct qtc_capture *c);

/* --trace-ascii writes `.` for each byte that it does not print. Makes those that must be line ends line
 * feeds again: in JSON each outside of strings that is not inside a number, and in an event stream those
 * behind an event's data and before a field's name. */
void qtc_restore_line_ends(char *text, size_t len);

#endif
