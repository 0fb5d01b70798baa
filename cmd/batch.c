#include "batch.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "record.h"

#define WINDOW 4 /* jobs a thread */
#define IN_FLIGHT_MAX                                                                                        \
    ((size_t)64 << 20)             /* bytes of input in all jobs, but for a single line that is longer */
#define KEPT_MAX ((size_t)1 << 20) /* larger buffers are given back after use */

static const char too_long[] = "a line of more than 64 MiB";

/* Something to say of a line; its text follows it in the buffer. */
struct complaint {
    uint64_t line, column;
    size_t len;
};

/* The lines that one block of input brought to their end. */
struct job {
    struct qtc_buf text; /* each with its line feed */
    const char *file;
    uint64_t line; /* number of the first one */
    bool too_long; /* instead: one line, which was not kept */
    bool done;
    /* what came of it */
    struct qtc_buf out, complaints;
    bool bad, defects, nomem;
};

struct batch {
    struct qtc_session *session;
    struct job *jobs; /* a ring; numbers of jobs count on, the ring takes them modulo */
    size_t room;
    size_t filled, taken, written; /* jobs */
    size_t in_flight;              /* bytes */
    const char *file;
    bool bad, stopped;
    struct qtc_recorder *recorder; /* without threads */

    pthread_mutex_t lock; /* on filled, taken, job.done, quit */
    pthread_cond_t work, done;
    bool quit;
    pthread_t *threads;
    unsigned thread_count;
};

static struct job *job_at(const struct batch *b, size_t number)
{
    return &b->jobs[number % b->room];
}

/* ---- a job's lines, on whichever thread -------------------------------------------- */

static void note(struct job *job, const struct qtc_record_result *result, uint64_t line)
{
    struct complaint c = {.line = line, .column = result->column, .len = result->message.len};

    job->defects = job->defects || result->defects;
    if (result->bad) {
        job->bad = true;
        qtc_buf_add(&job->complaints, (const char *)&c, sizeof c);
        qtc_buf_put(&job->complaints, result->message);
    }
}

static bool is_blank(struct qtc_bytes line)
{
    return line.len == 0 || (qtc_is_blank(line.data[0]) && qtc_bytes_trim(line).len == 0);
}

static void run_lines(struct job *job, struct qtc_recorder *recorder)
{
    const char *p = job->text.data, *end = p + job->text.len, *lf;
    struct qtc_record_result result;

    for (uint64_t line = job->line; p < end && !job->nomem; line++, p = lf + 1) {
        lf = memchr(p, '\n', (size_t)(end - p));
        struct qtc_bytes text = qtc_bytes(p, (size_t)(lf - p));
        if (is_blank(text)) {
            continue;
        }
        job->nomem = !qtc_recorder_read(recorder, text, line, &job->out, &result);
        note(job, &result, line);
    }
}

static void run_job(struct job *job, struct qtc_recorder *recorder)
{
    struct qtc_record_result result;

    if (!recorder) {
        job->nomem = true;
    } else if (job->too_long) {
        job->nomem = !qtc_recorder_refuse(recorder, too_long, &job->out, &result);
        note(job, &result, job->line);
    } else {
        run_lines(job, recorder);
    }
    job->nomem = job->nomem || job->out.failed || job->complaints.failed;
}

/* ---- threads --------------------------------------------------------------------------- */

static void *work(void *arg)
{
    struct batch *b = arg;
    struct qtc_recorder *recorder = qtc_recorder_new(&b->session->options);

    pthread_mutex_lock(&b->lock);
    while (!b->quit) {
        if (b->taken == b->filled) {
            pthread_cond_wait(&b->work, &b->lock);
            continue;
        }
        struct job *job = job_at(b, b->taken++);
        pthread_mutex_unlock(&b->lock);
        run_job(job, recorder);
        pthread_mutex_lock(&b->lock);
        job->done = true;
        pthread_cond_signal(&b->done);
    }
    pthread_mutex_unlock(&b->lock);
    qtc_recorder_free(recorder);
    return NULL;
}

/* As many as there may be; with none, the calling thread does the work. */
static void start_threads(struct batch *b, unsigned count)
{
    b->threads = count > 1 ? calloc(count, sizeof *b->threads) : NULL;
    while (b->threads && b->thread_count < count &&
           pthread_create(&b->threads[b->thread_count], NULL, work, b) == 0) {
        b->thread_count++;
    }
}

static void stop_threads(struct batch *b)
{
    pthread_mutex_lock(&b->lock);
    b->quit = true;
    pthread_cond_broadcast(&b->work);
    pthread_mutex_unlock(&b->lock);
    for (unsigned i = 0; i < b->thread_count; i++) {
        pthread_join(b->threads[i], NULL);
    }
    free(b->threads);
}

static void wait_for(struct batch *b, struct job *job)
{
    pthread_mutex_lock(&b->lock);
    while (!job->done) {
        pthread_cond_wait(&b->done, &b->lock);
    }
    pthread_mutex_unlock(&b->lock);
}

/* ---- writing, in the main thread ------------------------------------------------------------ */

static void stop(struct batch *b)
{
    b->stopped = true;
}

static void tell_complaints(const struct batch *b, const struct job *job)
{
    struct complaint c;

    for (size_t at = 0; at < job->complaints.len; at += c.len) {
        memcpy(&c, job->complaints.data + at, sizeof c);
        at += sizeof c;
        qtc_complain(b->session->command, job->file, c.line, c.column, "%.*s", (int)c.len,
                     job->complaints.data + at);
    }
}

static void write_filtered(struct batch *b, const struct job *job)
{
    const struct qtc_writer_options *writing = &b->session->writing;
    const char *p = job->out.data, *end = p + job->out.len, *lf;

    for (; p < end && !b->stopped; p = lf + 1) {
        lf = memchr(p, '\n', (size_t)(end - p));
        if (!writing->filter(writing->filter_ctx, qtc_bytes(p, (size_t)(lf - p)), writing->out)) {
            stop(b);
        }
    }
}

static void recycle(struct qtc_buf *buf)
{
    if (buf->cap > KEPT_MAX) {
        qtc_buf_free(buf);
    } else {
        qtc_buf_clear(buf);
    }
}

static void write_job(struct batch *b, struct job *job)
{
    struct qtc_session *s = b->session;

    if (job->nomem) {
        s->file = job->file;
        qtc_session_fail(s, job->line, "out of memory");
        stop(b);
    }
    tell_complaints(b, job);
    if (s->writing.filter && job->out.len > 0) {
        write_filtered(b, job);
    } else {
        qtc_buf_put(s->writing.out, qtc_buf_bytes(&job->out));
    }
    if (!qtc_out_event(&s->out)) {
        stop(b);
    }
    b->bad = b->bad || job->bad;
    s->defects = s->defects || job->defects;
    b->in_flight -= job->text.len;
    recycle(&job->text);
    recycle(&job->out);
    recycle(&job->complaints);
    job->too_long = job->done = job->bad = job->defects = job->nomem = false;
}

/* Until no more than `left` jobs wait, and no more than `bytes`. */
static void write_jobs(struct batch *b, size_t left, size_t bytes)
{
    while (b->written < b->filled && !b->stopped && (b->filled - b->written > left || b->in_flight > bytes)) {
        struct job *job = job_at(b, b->written);

        wait_for(b, job);
        write_job(b, job);
        b->written++;
    }
}

/* ---- reading, in the main thread --------------------------------------------------------------- */

/* The job that is being filled is complete. Behind it the ring has room for another. */
static void submit(struct batch *b)
{
    struct job *job = job_at(b, b->filled);

    if (job->text.len == 0 || b->stopped) {
        return;
    }
    b->in_flight += job->text.len;
    if (b->thread_count == 0) {
        run_job(job, b->recorder);
        write_job(b, job);
        return;
    }
    pthread_mutex_lock(&b->lock);
    b->filled++;
    pthread_cond_signal(&b->work);
    pthread_mutex_unlock(&b->lock);
    write_jobs(b, b->room - 1, IN_FLIGHT_MAX);
}

static bool on_line(void *ctx, const struct qtc_line *line)
{
    static const char bom[] = "\xEF\xBB\xBF";
    struct batch *b = ctx;
    struct job *job = job_at(b, b->filled);
    struct qtc_bytes text = line->text;

    if (line->number == 1 && text.len >= 3 && memcmp(text.data, bom, 3) == 0) {
        text = qtc_bytes(text.data + 3, text.len - 3);
    }
    if (line->too_long) {
        submit(b);
        job = job_at(b, b->filled);
    }
    if (job->text.len == 0) {
        job->line = line->number;
        job->file = b->file;
    }
    job->too_long = line->too_long;
    qtc_buf_put(&job->text, text);
    qtc_buf_byte(&job->text, '\n');
    if (job->text.failed) {
        qtc_session_check(b->session, QTC_NOMEM, line->number);
        stop(b);
    }
    if (line->too_long) {
        submit(b);
    }
    return !b->stopped;
}

/* Nothing is there to be read at once: what is done must not wait for it. */
static bool would_wait(const struct qtc_in *in)
{
    struct pollfd p = {.fd = in->fd, .events = POLLIN};

    return in->live && poll(&p, 1, 0) == 0;
}

static void read_file(struct batch *b, struct qtc_in *in)
{
    struct qtc_lines lines = {.sink = on_line, .ctx = b};
    struct qtc_bytes block;
    enum qtc_code code = QTC_OK;

    b->file = b->session->file = in->name;
    while (code == QTC_OK && !b->stopped) {
        if (b->written < b->filled && would_wait(in)) {
            write_jobs(b, 0, 0);
        }
        if (!qtc_in_read(in, &block)) {
            break;
        }
        code = qtc_lines_feed(&lines, block);
        submit(b);
    }
    if (code == QTC_OK && !b->stopped) {
        code = qtc_lines_finish(&lines);
        submit(b);
    }
    if (code == QTC_NOMEM) {
        qtc_session_check(b->session, code, lines.number + 1);
        stop(b);
    }
    qtc_lines_free(&lines);
}

/* ---- all of it ----------------------------------------------------------------------------------- */

static void free_jobs(struct batch *b)
{
    for (size_t i = 0; b->jobs && i < b->room; i++) {
        qtc_buf_free(&b->jobs[i].text);
        qtc_buf_free(&b->jobs[i].out);
        qtc_buf_free(&b->jobs[i].complaints);
    }
    free(b->jobs);
    qtc_recorder_free(b->recorder);
}

bool qtc_batch(struct qtc_session *session, struct qtc_in *in, unsigned threads)
{
    struct batch b = {.session = session,
                      .lock = PTHREAD_MUTEX_INITIALIZER,
                      .work = PTHREAD_COND_INITIALIZER,
                      .done = PTHREAD_COND_INITIALIZER};

    b.room = threads > 1 ? threads * WINDOW : 1;
    b.jobs = calloc(b.room, sizeof *b.jobs);
    if (!b.jobs) {
        qtc_session_check(session, QTC_NOMEM, 0);
        return true;
    }
    start_threads(&b, threads);
    if (b.thread_count == 0) {
        b.recorder = qtc_recorder_new(&session->options);
    }
    while (!b.stopped && qtc_in_next(in)) {
        read_file(&b, in);
    }
    write_jobs(&b, 0, 0);
    stop_threads(&b);
    free_jobs(&b);
    return !b.bad;
}
