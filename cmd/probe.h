/* probe.h - a program that is run again and again: bytes to its standard input, and what it made of them. */
#ifndef QTC_PROBE_H
#define QTC_PROBE_H

#include <signal.h>

#include "io.h"

/* What is kept of what a run prints; the rest is only compared, by its hash. */
#define QTC_PROBE_KEPT ((size_t)64 << 20)

struct qtc_printed {
    struct qtc_buf text; /* the first QTC_PROBE_KEPT bytes */
    uint64_t len;        /* of all */
    uint64_t hash;       /* of those that were not kept */
};

enum qtc_ending {
    QTC_ENDING_EXIT,   /* status */
    QTC_ENDING_SIGNAL, /* its number is status */
    QTC_ENDING_TIMEOUT /* it ran too long, and was killed */
};

/* Starts as {0}, and may be used again and again. */
struct qtc_answer {
    enum qtc_ending ending;
    int status;
    struct qtc_printed out, err;
};

bool qtc_answer_ends_alike(const struct qtc_answer *a, const struct qtc_answer *b);
bool qtc_answer_prints_alike(const struct qtc_answer *a, const struct qtc_answer *b); /* to standard output */
/* "exit status 1", "killed by signal 11 (Segmentation fault)", "timed out" */
void qtc_answer_ending(struct qtc_buf *out, const struct qtc_answer *a);
void qtc_answer_free(struct qtc_answer *a);

struct qtc_probe {
    const char *command;  /* qtc-replay, for messages */
    char *const *program; /* NULL at the end; looked for on PATH */
    unsigned timeout;     /* seconds */
    uint64_t runs;        /* so far */
    sigset_t outside;     /* the signals that were blocked before */
    sigset_t defaults;    /* those that COMMAND is to have as they were */
};

/* From here on SIGINT, SIGTERM and SIGHUP end the run that is on, and SIGPIPE is ignored. */
void qtc_probe_begin(struct qtc_probe *p, const char *command, char *const *program, unsigned timeout);
/* A signal asked for the end: runs fail from now on, without a message. */
bool qtc_probe_interrupted(void);
/* Runs it once. It reads the input in pieces, which end at the cuts (ascending; places in the input): each is
 * a write of its own, and is written when the one before was read. What is longer than a pipe holds is cut
 * there too. false: it could not be run, which was said, or a signal came. */
bool qtc_probe_run(struct qtc_probe *p, struct qtc_bytes input, const size_t *cuts, size_t cut_count,
                   struct qtc_answer *answer);

#endif
