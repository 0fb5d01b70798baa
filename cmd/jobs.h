/* jobs.h - pieces of input through workers, in order, on one thread or several.
 *
 *   main thread     fills ──► jobs ──► writes         in the order of the input
 *                             │  ▲
 *   other threads             ▼  │                    each with a worker of its own
 *                             run
 *
 * Only a window of jobs is in memory, whatever the input's length. */
#ifndef QTC_JOBS_H
#define QTC_JOBS_H

#include <pthread.h>

#include "io.h"

#define QTC_JOBS_MAX 256

struct qtc_job {
    struct qtc_buf text;
    const char *file;
    uint64_t line; /* where the text begins, from 1 */
    bool too_long; /* instead: one line, which was not kept */
    bool lines;    /* each line stands for itself */
    bool done;
    /* what came of it, as the worker likes: */
    struct qtc_buf out, notes, more, rest;
    uint64_t count;
    bool bad, defects, nomem;
};

struct qtc_jobs_kind {
    void *(*new_worker)(void *ctx); /* NULL when memory ends: its jobs then have nomem */
    void (*free_worker)(void *worker);
    void (*run)(void *worker, struct qtc_job *job);
    void (*write)(void *ctx, struct qtc_job *job); /* in the main thread, in order */
};

struct qtc_jobs {
    const struct qtc_jobs_kind *kind;
    void *ctx;
    struct qtc_job *ring; /* numbers of jobs count on, the ring takes them modulo */
    size_t room;
    size_t filled, taken, written; /* jobs */
    size_t in_flight;              /* bytes */
    bool stopped;                  /* nothing more is filled or written */
    void *worker;                  /* without threads */

    pthread_mutex_t lock; /* on filled, taken, job.done, quit */
    pthread_cond_t work, done;
    bool quit;
    pthread_t *threads;
    unsigned thread_count;
};

/* threads: 1 runs the jobs in the calling thread. false when memory ends. */
bool qtc_jobs_begin(struct qtc_jobs *j, const struct qtc_jobs_kind *kind, void *ctx, unsigned threads);
/* The one that is to be filled. */
struct qtc_job *qtc_jobs_open(struct qtc_jobs *j);
/* It is complete: it is run, and those that are done before it are written. An empty one is not. */
void qtc_jobs_submit(struct qtc_jobs *j);
/* Before a read: what is done must not wait for input that has not come yet. */
void qtc_jobs_before_read(struct qtc_jobs *j, const struct qtc_in *in);
/* All are run and written. */
void qtc_jobs_finish(struct qtc_jobs *j);
void qtc_jobs_free(struct qtc_jobs *j);

#endif
