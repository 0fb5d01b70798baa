#include "batch.h"

#include <string.h>

#include "jobs.h"
#include "lines.h"
#include "record.h"

static const char too_long[] = "a line of more than 64 MiB";

/* Something to say of a line; its text follows it in the job's notes. */
struct complaint {
    uint64_t line, column;
    size_t len;
};

struct batch {
    struct qtc_session *session;
    struct qtc_jobs jobs; /* each: the lines that one block of input brought to their end */
    const char *file;
    bool bad;
};

/* ---- a job's lines, on whichever thread -------------------------------------------- */

static void note(struct qtc_job *job, const struct qtc_record_result *result, uint64_t line)
{
    struct complaint c = {.line = line, .column = result->column, .len = result->message.len};

    job->defects = job->defects || result->defects;
    if (result->bad) {
        job->bad = true;
        qtc_buf_add(&job->notes, (const char *)&c, sizeof c);
        qtc_buf_put(&job->notes, result->message);
    }
}

static bool is_blank(struct qtc_bytes line)
{
    return line.len == 0 || (qtc_is_blank(line.data[0]) && qtc_bytes_trim(line).len == 0);
}

static void run_lines(struct qtc_job *job, struct qtc_recorder *recorder)
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

static void run_job(void *worker, struct qtc_job *job)
{
    struct qtc_recorder *recorder = worker;
    struct qtc_record_result result;

    if (job->too_long) {
        job->nomem = !qtc_recorder_refuse(recorder, too_long, &job->out, &result);
        note(job, &result, job->line);
    } else {
        run_lines(job, recorder);
    }
}

static void *new_recorder(void *ctx)
{
    struct batch *b = ctx;

    return qtc_recorder_new(&b->session->options);
}

static void free_recorder(void *worker)
{
    qtc_recorder_free(worker);
}

/* ---- writing, in the main thread ------------------------------------------------------------ */

static void stop(struct batch *b)
{
    b->jobs.stopped = true;
}

static void tell_complaints(const struct batch *b, const struct qtc_job *job)
{
    struct complaint c;

    for (size_t at = 0; at < job->notes.len; at += c.len) {
        memcpy(&c, job->notes.data + at, sizeof c);
        at += sizeof c;
        qtc_complain(b->session->command, job->file, c.line, c.column, "%.*s", (int)c.len,
                     job->notes.data + at);
    }
}

static void write_filtered(struct batch *b, const struct qtc_job *job)
{
    const struct qtc_writer_options *writing = &b->session->writing;
    const char *p = job->out.data, *end = p + job->out.len, *lf;

    for (; p < end && !b->jobs.stopped; p = lf + 1) {
        lf = memchr(p, '\n', (size_t)(end - p));
        if (!writing->filter(writing->filter_ctx, qtc_bytes(p, (size_t)(lf - p)), writing->out)) {
            stop(b);
        }
    }
}

static void write_job(void *ctx, struct qtc_job *job)
{
    struct batch *b = ctx;
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
}

static const struct qtc_jobs_kind kind = {new_recorder, free_recorder, run_job, write_job};

/* ---- reading, in the main thread --------------------------------------------------------------- */

static bool on_line(void *ctx, const struct qtc_line *line)
{
    static const char bom[] = "\xEF\xBB\xBF";
    struct batch *b = ctx;
    struct qtc_job *job = qtc_jobs_open(&b->jobs);
    struct qtc_bytes text = line->text;

    if (line->number == 1 && text.len >= 3 && memcmp(text.data, bom, 3) == 0) {
        text = qtc_bytes(text.data + 3, text.len - 3);
    }
    if (line->too_long) {
        qtc_jobs_submit(&b->jobs);
        job = qtc_jobs_open(&b->jobs);
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
        qtc_jobs_submit(&b->jobs);
    }
    return !b->jobs.stopped;
}

static void read_file(struct batch *b, struct qtc_in *in)
{
    struct qtc_lines lines = {.sink = on_line, .ctx = b};
    struct qtc_bytes block;
    enum qtc_code code = QTC_OK;

    b->file = b->session->file = in->name;
    while (code == QTC_OK && !b->jobs.stopped) {
        qtc_jobs_before_read(&b->jobs, in);
        if (!qtc_in_read(in, &block)) {
            break;
        }
        code = qtc_lines_feed(&lines, block);
        qtc_jobs_submit(&b->jobs);
    }
    if (code == QTC_OK && !b->jobs.stopped) {
        code = qtc_lines_finish(&lines);
        qtc_jobs_submit(&b->jobs);
    }
    if (code == QTC_NOMEM) {
        qtc_session_check(b->session, code, lines.number + 1);
        stop(b);
    }
    qtc_lines_free(&lines);
}

/* ---- all of it ----------------------------------------------------------------------------------- */

bool qtc_batch(struct qtc_session *session, struct qtc_in *in, unsigned threads)
{
    struct batch b = {.session = session};

    if (qtc_jobs_begin(&b.jobs, &kind, &b, threads)) {
        while (!b.jobs.stopped && qtc_in_next(in)) {
            read_file(&b, in);
        }
        qtc_jobs_finish(&b.jobs);
    } else {
        qtc_session_check(session, QTC_NOMEM, 0);
    }
    qtc_jobs_free(&b.jobs);
    return !b.bad;
}
