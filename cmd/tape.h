/* tape.h - what comes in, kept with its times: a recording that is written while the stream is used. */
#ifndef QTC_TAPE_H
#define QTC_TAPE_H

#include <signal.h>

#include "capture/capture.h"
#include "io.h"

/* What fails is said once; then nothing more is kept, and all calls go on to work. */
struct qtc_tape {
    const char *command;
    const char *file; /* NULL: nothing is recorded */
    int fd;
    bool failed;      /* the recording is not whole; why was said */
    sigset_t outside; /* the signals that are blocked while nothing is written */

    /* the response */
    uint64_t began; /* by the monotonic clock; nanoseconds */
    char start[QTC_TIMESTAMP];
    struct qtc_buf front;   /* what may be the headers that `curl -i` prints, as far as it has come */
    bool headed;            /* the header line is made */
    struct qtc_buf line;    /* that is to be written, or several */
    struct qtc_arena arena; /* of headers */
};

/* Empties FILE, or makes it; NULL: there will be no recording. From here on SIGINT and SIGTERM end the
 * recording before they end the process. false, and said: it is one of the inputs ("-" and none: standard
 * input), or the output; nothing should be done then. One tape at a time. */
bool qtc_tape_open(struct qtc_tape *t, const char *command, const char *file, const char *const *inputs,
                   size_t count);
/* A response begins. */
void qtc_tape_begin(struct qtc_tape *t);
/* Bytes came. */
void qtc_tape_add(struct qtc_tape *t, struct qtc_bytes bytes);
/* cut: the response was not over. */
void qtc_tape_end(struct qtc_tape *t, bool cut);
/* false: the recording is not whole. */
bool qtc_tape_close(struct qtc_tape *t);

#endif
