#include "validating.h"

#include <stdlib.h>
#include <string.h>

#include "lines.h"

/* What one thread needs. */
struct worker {
    struct qtc_validating *v;
    struct qtc_checker *checker;
    struct qtc_jq *jq;
    struct qtc_buf jq_errors, jq_out;
    struct qtc_arena arena; /* of tools, with --check-tools */
    /* of the record at hand */
    struct qtc_job *job;
    struct qtc_outcome outcome;
    struct qtc_buf issues;
    uint64_t begun;             /* its line */
    const char *counted, *seen; /* the text, a place in it, and the line of that */
    uint64_t seen_line;
    size_t errors; /* --check-tools: issues that are no warnings */
    bool undecided;
};

/* ---- places --------------------------------------------------------------------------- */

static uint64_t count_lines(const char *p, const char *end)
{
    uint64_t n = 0;

    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        n++;
        p++;
    }
    return n;
}

/* In JSON Lines it is the record's. Else places mostly follow each other: each line is counted once. */
static uint64_t line_of(struct worker *w, const char *place)
{
    const char *start = w->outcome.text.data;

    if (place == NULL || start == NULL || w->job->lines) {
        return w->begun;
    }
    if (w->counted != start || place < w->seen) {
        w->counted = w->seen = start;
        w->seen_line = w->begun;
    }
    w->seen_line += count_lines(w->seen, place);
    w->seen = place;
    return w->seen_line;
}

/* ---- issues, repairs, assertions -------------------------------------------------------- */

static bool on_issue(void *ctx, const struct qtc_issue *issue)
{
    struct worker *w = ctx;
    const struct qtc_report *report = w->v->report;
    enum qtc_level level = qtc_issue_info(issue->code)->level;
    struct qtc_reported reported = {
        .file = w->job->file, .line = line_of(w, issue->place), .id = w->outcome.id};

    w->errors += level != QTC_LEVEL_WARNING;
    w->undecided = w->undecided || level == QTC_LEVEL_UNDECIDED;
    report->issue(report->record != NULL ? &w->issues : &w->job->more, &reported, issue);
    if (report->record == NULL && report->separator != NULL) {
        qtc_buf_str(&w->job->more, report->separator);
    }
    return !w->job->more.failed && !w->issues.failed;
}

static void put_value(struct qtc_buf *out, struct qtc_bytes value)
{
    enum { SHOWN = 60 };
    size_t n = value.len;

    if (n > SHOWN) {
        n = SHOWN - qtc_utf8_incomplete(value.data, SHOWN);
    }
    for (size_t i = 0; i < n; i++) {
        qtc_buf_byte(out, (unsigned char)value.data[i] < 0x20 ? ' ' : value.data[i]);
    }
    qtc_buf_str(out, n < value.len ? "…" : "");
}

/* `FILE:LINE: call 2 get_weather: /days: "3" became 3 (in quotes)` */
static void on_repair(void *ctx, const struct qtc_repair *repair)
{
    struct worker *w = ctx;
    struct qtc_buf *out = &w->job->notes;

    qtc_buf_str(out, w->v->command);
    qtc_buf_str(out, ": ");
    qtc_buf_str(out, w->job->file);
    qtc_buf_byte(out, ':');
    qtc_buf_u64(out, line_of(w, repair->place));
    qtc_buf_str(out, ": call ");
    qtc_buf_u64(out, repair->call);
    qtc_buf_byte(out, ' ');
    put_value(out, repair->name);
    qtc_buf_str(out, ": ");
    if (repair->at.len > 0) {
        put_value(out, repair->at);
        qtc_buf_str(out, ": ");
    }
    put_value(out, repair->was);
    if (repair->is.len > 0) {
        qtc_buf_str(out, " became ");
        put_value(out, repair->is);
    }
    qtc_buf_str(out, " (");
    qtc_buf_str(out, repair->what);
    qtc_buf_str(out, ")\n");
}

/* Each result must be something else than false and null, and there must be one. */
static bool are_true(struct qtc_bytes results)
{
    const char *p = results.data, *end = p + results.len, *lf;

    for (; p < end; p = lf + 1) {
        lf = memchr(p, '\n', (size_t)(end - p));
        struct qtc_bytes result = qtc_bytes(p, (size_t)(lf - p));
        if (qtc_bytes_is(result, "false") || qtc_bytes_is(result, "null")) {
            return false;
        }
    }
    return results.len > 0;
}

static bool holds(void *ctx, struct qtc_bytes call, struct qtc_buf *why)
{
    struct worker *w = ctx;
    enum qtc_code code;

    qtc_buf_clear(&w->jq_out);
    qtc_buf_clear(&w->jq_errors);
    code = qtc_jq_run(w->jq, call, &w->jq_out);
    if (code == QTC_OK && are_true(qtc_buf_bytes(&w->jq_out))) {
        return true;
    }
    if (w->jq_errors.len > 0) {
        qtc_buf_add(why, w->jq_errors.data, w->jq_errors.len - 1);
        return false;
    }
    qtc_buf_str(why, "this does not hold: ");
    qtc_buf_str(why, w->v->holds);
    return false;
}

/* ---- workers ---------------------------------------------------------------------------------- */

static void free_worker(void *worker)
{
    struct worker *w = worker;

    qtc_checker_free(w->checker);
    qtc_jq_free(w->jq);
    qtc_buf_free(&w->jq_errors);
    qtc_buf_free(&w->jq_out);
    qtc_buf_free(&w->issues);
    qtc_arena_free(&w->arena);
    free(w);
}

static void *new_worker(void *ctx)
{
    struct worker *w = calloc(1, sizeof *w);

    if (w == NULL) {
        return NULL;
    }
    w->v = ctx;
    struct qtc_checker_setup setup = w->v->setup;
    if (w->v->holds != NULL) {
        w->jq = qtc_jq_new(w->v->holds, &w->jq_errors);
        setup.holds = holds;
        setup.holds_ctx = w;
    }
    w->checker = qtc_checker_new(&setup);
    if (w->checker == NULL || (w->v->holds != NULL && w->jq == NULL)) {
        free_worker(w);
        return NULL;
    }
    return w;
}

/* ---- a record ------------------------------------------------------------------------------------ */

static void end_record(struct worker *w, struct qtc_bytes text)
{
    struct qtc_validating *v = w->v;
    struct qtc_job *job = w->job;
    bool valid = w->errors == 0;
    struct qtc_reported reported = {
        .file = job->file, .line = w->begun, .id = w->outcome.id, .outcome = &w->outcome};

    w->outcome.issues = w->errors;
    if (v->report->record != NULL) {
        v->report->record(&job->more, &reported, qtc_buf_bytes(&w->issues));
    }
    job->count++;
    job->bad = job->bad || !valid;
    job->defects = job->defects || w->undecided;
    if (!valid && v->rejects.fd >= 0) {
        qtc_buf_put(&job->rest, text);
        qtc_buf_byte(&job->rest, '\n');
    } else if ((valid && v->pass) || (v->setup.fix && !v->pass)) {
        qtc_buf_put(&job->out, text);
        qtc_buf_byte(&job->out, '\n');
    }
}

/* Not JSON at w->outcome.error: how many bytes are passed over, to the end of that line. */
static size_t unreadable(struct worker *w, struct qtc_bytes text)
{
    const struct qtc_error *error = &w->outcome.error;
    size_t at = error->offset < text.len ? (size_t)error->offset : text.len, used;
    const char *lf = memchr(text.data + at, '\n', text.len - at), *start = text.data + at;
    struct qtc_buf message = {0};
    uint64_t line = w->begun + count_lines(text.data, text.data + at);

    while (start > text.data && start[-1] != '\n') {
        start--;
    }
    qtc_buf_str(&message, "not JSON: ");
    qtc_buf_str(&message, error->message);
    qtc_buf_str(&message, " at column ");
    qtc_buf_u64(&message, (uint64_t)(text.data + at - start) + 1);
    w->outcome = (struct qtc_outcome){.issues = 1};
    uint64_t begun = w->begun;
    w->begun = line;
    on_issue(w, &(struct qtc_issue){.code = QTC_I_UNREADABLE, .message = qtc_buf_bytes(&message)});
    w->begun = begun;
    qtc_buf_free(&message);
    used = lf != NULL ? (size_t)(lf - text.data) : text.len;
    end_record(w, qtc_bytes_trim(qtc_bytes(text.data, used)));
    return used;
}

static void read_tools(struct worker *w, struct qtc_bytes text)
{
    const struct qtc_json *tree;

    w->outcome = (struct qtc_outcome){0};
    qtc_arena_reset(&w->arena);
    tree = qtc_json_read_one(&w->arena, text, &w->outcome.used, &w->outcome.error);
    w->outcome.code = tree == NULL ? QTC_SYNTAX : QTC_OK;
    if (tree != NULL) {
        w->outcome.text = tree->raw;
        w->outcome.code = qtc_check_tools(tree, &w->v->setup.options, on_issue, w) ? QTC_OK : QTC_NOMEM;
    }
}

/* One record; how many bytes it takes. */
static size_t run_record(struct worker *w, struct qtc_bytes text, uint64_t line)
{
    w->begun = line;
    w->counted = NULL;
    w->errors = 0;
    w->undecided = false;
    qtc_buf_clear(&w->issues);
    if (w->v->check_tools) {
        read_tools(w, text);
    } else {
        qtc_checker_read(w->checker, text, on_issue, on_repair, w, &w->outcome);
    }
    if (w->outcome.code == QTC_SYNTAX) {
        return unreadable(w, text);
    }
    w->job->nomem = w->job->nomem || w->outcome.code != QTC_OK || w->issues.failed;
    end_record(w, w->outcome.text);
    return w->outcome.used;
}

/* ---- a job ------------------------------------------------------------------------------------------ */

static void refuse_long(struct worker *w)
{
    struct qtc_bytes message = qtc_str("a record of more than 64 MiB");

    w->begun = w->job->line;
    w->errors = 0;
    w->outcome = (struct qtc_outcome){.issues = 1};
    qtc_buf_clear(&w->issues);
    on_issue(w, &(struct qtc_issue){.code = QTC_I_UNREADABLE, .message = message});
    end_record(w, (struct qtc_bytes){0});
}

/* The records in a text that begins in this line. */
static void run_text(struct worker *w, struct qtc_bytes text, uint64_t line)
{
    while (!w->job->nomem) {
        size_t blanks = 0, used;
        while (blanks < text.len && qtc_is_blank(text.data[blanks])) {
            line += text.data[blanks++] == '\n';
        }
        text = qtc_bytes(text.data + blanks, text.len - blanks);
        if (text.len == 0) {
            return;
        }
        used = run_record(w, text, line);
        line += w->job->lines ? 0 : count_lines(text.data, text.data + used);
        text = qtc_bytes(text.data + used, text.len - used);
    }
}

static void run_job(void *worker, struct qtc_job *job)
{
    struct worker *w = worker;
    const char *p = job->text.data, *end = p + job->text.len, *lf;

    w->job = job;
    if (job->too_long) {
        refuse_long(w);
        return;
    }
    if (!job->lines) {
        run_text(w, qtc_buf_bytes(&job->text), job->line);
        return;
    }
    for (uint64_t line = job->line; p < end && !job->nomem; line++, p = lf + 1) {
        lf = memchr(p, '\n', (size_t)(end - p));
        run_text(w, qtc_bytes(p, (size_t)(lf - p)), line);
    }
}

/* ---- writing, in the main thread ------------------------------------------------------------------------
 */

static struct qtc_out *report_out(struct qtc_validating *v)
{
    return v->pass || v->setup.fix ? &v->findings : &v->out;
}

static void change_file(struct qtc_validating *v, const char *file)
{
    struct qtc_buf *out = &report_out(v)->buf;

    if (v->file == file) {
        return;
    }
    if (v->file != NULL && v->report->end_file != NULL) {
        v->report->end_file(out);
    }
    if (file != NULL && v->report->begin_file != NULL) {
        v->report->begin_file(out, file);
    }
    v->file = file;
}

static void put_report(struct qtc_validating *v, const struct qtc_job *job)
{
    struct qtc_buf *out = &report_out(v)->buf;
    const char *separator = v->report->separator;
    struct qtc_bytes text = qtc_buf_bytes(&job->more);

    if (separator != NULL && text.len > 0) {
        qtc_buf_str(out, v->some_written ? separator : "");
        text.len -= strlen(separator);
        v->some_written = true;
    }
    qtc_buf_put(out, text);
}

/* The run, and its file and jobs. */
struct run {
    struct qtc_validating *v;
    struct qtc_jobs jobs;
    struct qtc_lines lines;
    struct qtc_in *in;
    struct qtc_json_scan scan;
    enum { KIND_UNKNOWN, KIND_LINES, KIND_VALUES } kind;
    bool open; /* KIND_VALUES: inside of a value */
};

static void write_job(void *ctx, struct qtc_job *job)
{
    struct run *r = ctx;
    struct qtc_validating *v = r->v;

    change_file(v, job->file);
    put_report(v, job);
    qtc_buf_put(&v->findings.buf, qtc_buf_bytes(&job->notes));
    qtc_buf_put(&v->out.buf, qtc_buf_bytes(&job->out));
    if (v->rejects.fd >= 0) {
        qtc_buf_put(&v->rejects.buf, qtc_buf_bytes(&job->rest));
        v->failed = !qtc_out_event(&v->rejects) || v->failed;
    }
    v->failed = !qtc_out_flush(&v->findings) || v->failed;
    v->failed = !qtc_out_event(&v->out) || v->failed;
    if (job->nomem) {
        qtc_complain(v->command, job->file, job->line, 0, "out of memory");
        v->failed = true;
    }
    v->records += job->count;
    v->invalid = v->invalid || job->bad;
    v->undecided = v->undecided || job->defects;
    r->jobs.stopped = v->failed;
}

static void *new_run_worker(void *ctx)
{
    struct run *r = ctx;

    return new_worker(r->v);
}

/* ---- reading, in the main thread
 * ----------------------------------------------------------------------------- */

static void submit(struct run *r)
{
    qtc_jobs_submit(&r->jobs);
}

/* The values in a line: false, when the line ends inside of one. */
static bool scan_line(struct qtc_json_scan *scan, struct qtc_bytes line, bool *open)
{
    size_t used;

    while (line.len > 0) {
        enum qtc_json_progress progress = qtc_json_scan_feed(scan, line.data, line.len, &used);
        if (progress == QTC_JSON_BAD) {
            used = line.len; /* the rest of the line is passed over, as the worker does */
        }
        line = qtc_bytes(line.data + used, line.len - used);
        if (progress == QTC_JSON_MORE) {
            break;
        }
        *scan = (struct qtc_json_scan){0};
        line = qtc_bytes_trim(line);
    }
    /* strings and numbers end with the line; what is open are arrays and objects */
    *open = scan->depth > 0;
    if (!*open) {
        *scan = (struct qtc_json_scan){0};
    }
    return !*open;
}

static struct qtc_job *open_job(struct run *r, uint64_t line)
{
    struct qtc_job *job = qtc_jobs_open(&r->jobs);

    if (job->text.len == 0) {
        job->line = line;
        job->file = r->in->name;
        job->lines = r->kind == KIND_LINES;
    }
    return job;
}

static bool refuse(struct run *r, const struct qtc_line *line)
{
    struct qtc_job *job = qtc_jobs_open(&r->jobs);

    if (line->too_long) {
        submit(r);
        job = open_job(r, line->number);
    }
    job->too_long = true;
    qtc_buf_clear(&job->text);
    qtc_buf_byte(&job->text, '\n');
    submit(r);
    return !r->jobs.stopped && line->too_long;
}

/* The first line tells what the file is: whole values are JSON Lines, and each line stands for itself. */
static void find_kind(struct run *r, struct qtc_bytes line)
{
    struct qtc_json_scan scan = {0};
    bool open;

    if (r->kind == KIND_UNKNOWN && qtc_bytes_trim(line).len > 0) {
        r->kind = scan_line(&scan, line, &open) ? KIND_LINES : KIND_VALUES;
    }
}

static bool on_line(void *ctx, const struct qtc_line *line)
{
    static const char bom[] = "\xEF\xBB\xBF";
    struct run *r = ctx;
    struct qtc_bytes text = line->text;

    if (line->number == 1 && text.len >= 3 && memcmp(text.data, bom, 3) == 0) {
        text = qtc_bytes(text.data + 3, text.len - 3);
    }
    if (line->too_long) {
        return refuse(r, line);
    }
    find_kind(r, text);
    struct qtc_job *job = open_job(r, line->number);
    qtc_buf_put(&job->text, text);
    qtc_buf_byte(&job->text, '\n');
    if (r->kind == KIND_VALUES) {
        scan_line(&r->scan, text, &r->open);
    }
    if (job->text.failed) {
        qtc_complain(r->v->command, job->file, line->number, 0, "out of memory");
        r->v->failed = r->jobs.stopped = true;
    } else if (job->text.len > QTC_LINE_MAX && r->open) {
        return refuse(r, line);
    } else if (job->text.len >= QTC_IO_BLOCK && !r->open) {
        submit(r);
    }
    return !r->jobs.stopped;
}

static void read_file(struct run *r)
{
    struct qtc_bytes block;
    enum qtc_code code = QTC_OK;

    r->lines = (struct qtc_lines){.sink = on_line, .ctx = r};
    r->kind = KIND_UNKNOWN;
    r->open = false;
    r->scan = (struct qtc_json_scan){0};
    while (code == QTC_OK && !r->jobs.stopped) {
        qtc_jobs_before_read(&r->jobs, r->in);
        if (!qtc_in_read(r->in, &block)) {
            break;
        }
        code = qtc_lines_feed(&r->lines, block);
        if (!r->open) {
            submit(r);
        }
    }
    if (code == QTC_OK && !r->jobs.stopped) {
        code = qtc_lines_finish(&r->lines);
        submit(r);
    }
    if (code == QTC_NOMEM) {
        qtc_complain(r->v->command, r->in->name, r->lines.number + 1, 0, "out of memory");
        r->v->failed = r->jobs.stopped = true;
    }
    qtc_lines_free(&r->lines);
}

/* ---- all of it
 * ------------------------------------------------------------------------------------------------- */

static const struct qtc_jobs_kind kind = {new_run_worker, free_worker, run_job, write_job};

void qtc_validating_run(struct qtc_validating *v, struct qtc_in *in)
{
    struct run r = {.v = v, .in = in};

    if (v->report->begin != NULL) {
        v->report->begin(&report_out(v)->buf);
    }
    if (qtc_jobs_begin(&r.jobs, &kind, &r, v->threads)) {
        while (!r.jobs.stopped && qtc_in_next(in)) {
            read_file(&r);
        }
        qtc_jobs_finish(&r.jobs);
    } else {
        qtc_complain(v->command, NULL, 0, 0, "out of memory");
        v->failed = true;
    }
    qtc_jobs_free(&r.jobs);
    change_file(v, NULL);
    if (v->report->end != NULL) {
        qtc_buf_str(&report_out(v)->buf, v->some_written ? "\n" : "");
        v->report->end(&report_out(v)->buf, v->records);
    }
    v->failed = v->failed || in->failed;
}
