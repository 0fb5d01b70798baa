#include "jobs.h"

#include <poll.h>
#include <stdlib.h>

#define WINDOW 4 /* jobs a thread */
#define IN_FLIGHT_MAX                                                                                        \
    ((size_t)64 << 20)             /* bytes of input in all jobs, but for a single line that is longer */
#define KEPT_MAX ((size_t)1 << 20) /* larger buffers are given back after use */

static struct qtc_job *job_at(const struct qtc_jobs *j, size_t number)
{
    return &j->ring[number % j->room];
}

/* ---- on whichever thread ---------------------------------------------------------- */

static void run(struct qtc_jobs *j, struct qtc_job *job, void *worker)
{
    if (worker) {
        j->kind->run(worker, job);
    } else {
        job->nomem = true;
    }
    job->nomem = job->nomem || job->out.failed || job->notes.failed || job->more.failed || job->rest.failed;
}

static void *work(void *arg)
{
    struct qtc_jobs *j = arg;
    void *worker = j->kind->new_worker(j->ctx);

    pthread_mutex_lock(&j->lock);
    while (!j->quit) {
        if (j->taken == j->filled) {
            pthread_cond_wait(&j->work, &j->lock);
            continue;
        }
        struct qtc_job *job = job_at(j, j->taken++);
        pthread_mutex_unlock(&j->lock);
        run(j, job, worker);
        pthread_mutex_lock(&j->lock);
        job->done = true;
        pthread_cond_signal(&j->done);
    }
    pthread_mutex_unlock(&j->lock);
    if (worker) {
        j->kind->free_worker(worker);
    }
    return NULL;
}

/* ---- beginning and end -------------------------------------------------------------- */

/* As many as there may be; with none, the calling thread does the work. */
static void start_threads(struct qtc_jobs *j, unsigned count)
{
    j->threads = count > 1 ? calloc(count, sizeof *j->threads) : NULL;
    while (j->threads && j->thread_count < count &&
           pthread_create(&j->threads[j->thread_count], NULL, work, j) == 0) {
        j->thread_count++;
    }
}

static void stop_threads(struct qtc_jobs *j)
{
    pthread_mutex_lock(&j->lock);
    j->quit = true;
    pthread_cond_broadcast(&j->work);
    pthread_mutex_unlock(&j->lock);
    for (unsigned i = 0; i < j->thread_count; i++) {
        pthread_join(j->threads[i], NULL);
    }
    free(j->threads);
}

bool qtc_jobs_begin(struct qtc_jobs *j, const struct qtc_jobs_kind *kind, void *ctx, unsigned threads)
{
    *j = (struct qtc_jobs){.kind = kind, .ctx = ctx};
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->work, NULL);
    pthread_cond_init(&j->done, NULL);
    j->room = threads > 1 ? threads * WINDOW : 1;
    j->ring = calloc(j->room, sizeof *j->ring);
    if (!j->ring) {
        return false;
    }
    start_threads(j, threads);
    if (j->thread_count == 0) {
        j->worker = kind->new_worker(ctx);
    }
    return true;
}

void qtc_jobs_free(struct qtc_jobs *j)
{
    stop_threads(j);
    for (size_t i = 0; j->ring && i < j->room; i++) {
        qtc_buf_free(&j->ring[i].text);
        qtc_buf_free(&j->ring[i].out);
        qtc_buf_free(&j->ring[i].notes);
        qtc_buf_free(&j->ring[i].more);
        qtc_buf_free(&j->ring[i].rest);
    }
    free(j->ring);
    if (j->worker) {
        j->kind->free_worker(j->worker);
    }
}

/* ---- writing, in the main thread -------------------------------------------------------- */

static void wait_for(struct qtc_jobs *j, struct qtc_job *job)
{
    pthread_mutex_lock(&j->lock);
    while (!job->done) {
        pthread_cond_wait(&j->done, &j->lock);
    }
    pthread_mutex_unlock(&j->lock);
}

static void recycle(struct qtc_buf *buf)
{
    if (buf->cap > KEPT_MAX) {
        qtc_buf_free(buf);
    } else {
        qtc_buf_clear(buf);
    }
}

static void write_job(struct qtc_jobs *j, struct qtc_job *job)
{
    j->kind->write(j->ctx, job);
    j->in_flight -= job->text.len;
    recycle(&job->text);
    recycle(&job->out);
    recycle(&job->notes);
    recycle(&job->more);
    recycle(&job->rest);
    job->too_long = job->lines = job->done = job->bad = job->defects = job->nomem = false;
    job->count = 0;
}

/* Until no more than `left` jobs wait, and no more than `bytes`. */
static void write_jobs(struct qtc_jobs *j, size_t left, size_t bytes)
{
    while (j->written < j->filled && !j->stopped && (j->filled - j->written > left || j->in_flight > bytes)) {
        struct qtc_job *job = job_at(j, j->written);

        wait_for(j, job);
        write_job(j, job);
        j->written++;
    }
}

/* ---- filling, in the main thread ----------------------------------------------------------- */

struct qtc_job *qtc_jobs_open(struct qtc_jobs *j)
{
    return job_at(j, j->filled);
}

/* Behind the job that is submitted the ring has room for another. */
void qtc_jobs_submit(struct qtc_jobs *j)
{
    struct qtc_job *job = job_at(j, j->filled);

    if (job->text.len == 0 || j->stopped) {
        return;
    }
    j->in_flight += job->text.len;
    if (j->thread_count == 0) {
        run(j, job, j->worker);
        write_job(j, job);
        return;
    }
    pthread_mutex_lock(&j->lock);
    j->filled++;
    pthread_cond_signal(&j->work);
    pthread_mutex_unlock(&j->lock);
    write_jobs(j, j->room - 1, IN_FLIGHT_MAX);
}

void qtc_jobs_before_read(struct qtc_jobs *j, const struct qtc_in *in)
{
    struct pollfd p = {.fd = in->fd, .events = POLLIN};

    if (j->written < j->filled && in->live && poll(&p, 1, 0) == 0) {
        write_jobs(j, 0, 0);
    }
}

void qtc_jobs_finish(struct qtc_jobs *j)
{
    write_jobs(j, 0, 0);
}
