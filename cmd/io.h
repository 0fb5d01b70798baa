/* io.h - descriptors: files in, blocks out, messages to standard error. */
#ifndef QTC_IO_H
#define QTC_IO_H

#include "base/base.h"

#define QTC_IO_BLOCK 65536

/* To be called first. Descriptors 0 to 2 that whoever started the command has closed are kept from what it
 * opens: reading or writing them fails as before. */
void qtc_io_begin(void);

/* The monotonic clock, in nanoseconds. */
#define QTC_SECOND UINT64_C(1000000000)
uint64_t qtc_now(void);

#define QTC_TIMESTAMP (sizeof "2026-01-31T12:00:00.250Z")
/* The time of day: RFC 3339, UTC. */
void qtc_timestamp(char to[QTC_TIMESTAMP]);

/* All of the bytes, however often that must be tried. false, and errno. */
bool qtc_write(int fd, struct qtc_bytes bytes);

/* ---- messages ------------------------------------------------------------- */

/* `COMMAND: FILE:LINE:COLUMN: message` and a line feed, in one write to standard error. file NULL, line 0
 * and column 0 leave their part out. */
void qtc_complain(const char *command, const char *file, uint64_t line, uint64_t column, const char *format,
                  ...) __attribute__((format(printf, 5, 6)));
/* The same about a byte of a file whose whole text is given. */
void qtc_complain_at(const char *command, const char *file, struct qtc_bytes text, uint64_t offset,
                     struct qtc_bytes message);

/* ---- output ----------------------------------------------------------------- */

/* Writers append to buf; the rest decides when it is written. */
struct qtc_out {
    struct qtc_buf buf;
    const char *command;
    const char *name; /* in messages */
    int fd;
    bool unbuffered; /* written at the end of every event, whatever the input is */
    bool failed;     /* something could not be written; that was said */
};

void qtc_out_begin(struct qtc_out *out, const char *command, int fd);
/* How wide the terminal is that it goes to; 0: it goes elsewhere. */
unsigned qtc_out_columns(const struct qtc_out *out);
/* An input event ended. Writes where much is waiting, or where it must not wait. false: failed. */
bool qtc_out_event(struct qtc_out *out);
/* Writes all that waits. A reader that went away ends the process, quietly, as SIGPIPE would. false: failed.
 */
bool qtc_out_flush(struct qtc_out *out);
/* The same, and these bytes behind it, which are not copied. */
bool qtc_out_now(struct qtc_out *out, struct qtc_bytes bytes);
/* Flushes and closes the descriptor, so that a full disk is noticed. false: failed now or before. */
bool qtc_out_end(struct qtc_out *out);

/* ---- input ------------------------------------------------------------------ */

/* The files of the command line, one after the other; standard input where there are none, and for "-". */
#define QTC_IN_AWAITED "reading from the terminal; end it with Ctrl-D"
struct qtc_in {
    const char *command;
    const char *awaited; /* what is said where a terminal is to be read; NULL: nothing */
    struct qtc_out *out; /* flushed before a read that may wait; may be NULL */
    const char *const *files;
    size_t count, next;
    const char *name; /* of the file that is being read, as messages call it */
    int fd;
    bool live;   /* what is read is a pipe, a socket or a terminal: it may pause */
    bool failed; /* a file could not be opened or read; that was said */
    char *block;
};

/* files: operands of the command line; argv needs a cast to const char *const *. */
void qtc_in_begin(struct qtc_in *in, const char *command, struct qtc_out *out, const char *const *files,
                  size_t count);
/* Opens the next file; one that cannot be opened is named and passed over. false: there is none. */
bool qtc_in_next(struct qtc_in *in);
/* The next bytes of the file, valid until the next call; false at its end, or where it cannot be read. Before
 * it waits for a live input, everything that was made of the bytes before is written. */
bool qtc_in_read(struct qtc_in *in, struct qtc_bytes *bytes);
void qtc_in_end(struct qtc_in *in);
/* A whole file ("-": standard input) appended to `to`; false where it cannot be read, which was said. */
bool qtc_in_slurp(const char *command, const char *file, struct qtc_buf *to);

#endif
