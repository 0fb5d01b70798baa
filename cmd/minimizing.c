#include "played.h"
#include "probe.h"
#include "progress.h"
#include "words.h"
#include "schema/pattern.h"

#include <stdlib.h>
#include <string.h>

/* A capture is made smaller in passes, each over parts of another size; they take turns until none of them
 * finds anything more. */
static const enum qtc_grain passes[] = {QTC_GRAIN_EVENTS, QTC_GRAIN_CUTS,  QTC_GRAIN_LINES,
                                        QTC_GRAIN_WORDS,  QTC_GRAIN_CHARS, QTC_GRAIN_MEMBERS};

enum { PASSES = sizeof passes / sizeof *passes, MATCH_LIMIT = 10000000 };

struct minimizing {
    struct qtc_replay *r;
    const struct qtc_replay_capture *capture;
    struct qtc_probe probe;
    struct qtc_progress progress;
    struct qtc_pattern *pattern; /* NULL: none was given */
    struct qtc_matcher *matcher;

    struct qtc_played played; /* its body becomes smaller and smaller */
    size_t *ends;             /* of its pieces */
    struct qtc_parts parts;   /* of the pass that is on */
    enum qtc_grain grain;
    struct qtc_buf trial;
    struct qtc_answer wanted, answer;
    bool failed; /* it was said why */

    bool of_stream;
    size_t events, bytes; /* of the smallest so far; lines, where it is not a stream */
    size_t events_before; /* the pass that is on */
    struct qtc_buf began; /* "5000 events, 812 kB" */
};

static bool fail(struct minimizing *m, const char *message)
{
    qtc_progress_clear(&m->progress);
    qtc_complain(m->r->command, m->capture->file, 0, 0, "%s", message);
    m->failed = true;
    return false;
}

static bool nomem(struct minimizing *m)
{
    return fail(m, "out of memory");
}

/* ---- what COMMAND did ------------------------------------------------------------- */

static bool a_line_matches(const struct minimizing *m, struct qtc_bytes text)
{
    while (text.len > 0) {
        const char *stop = memchr(text.data, '\n', text.len);
        struct qtc_bytes line = {text.data, stop != NULL ? (size_t)(stop - text.data) : text.len};
        size_t used = line.len + (stop != NULL);
        if (qtc_pattern_match(m->pattern, m->matcher, line, MATCH_LIMIT) == QTC_MATCH_YES) {
            return true;
        }
        text = qtc_bytes(text.data + used, text.len - used);
    }
    return false;
}

static bool matches(const struct minimizing *m, const struct qtc_answer *a)
{
    return m->pattern == NULL || a_line_matches(m, qtc_buf_bytes(&a->out.text)) ||
           a_line_matches(m, qtc_buf_bytes(&a->err.text));
}

static bool run(struct minimizing *m, struct qtc_bytes body, struct qtc_answer *answer)
{
    m->failed = m->failed || !qtc_probe_run(&m->probe, body, NULL, 0, answer);
    return !m->failed;
}

static bool complain_about_ending(struct minimizing *m, const char *before, const struct qtc_answer *a,
                                  const char *between, const struct qtc_answer *b)
{
    struct qtc_buf text = {0};

    qtc_buf_str(&text, before);
    qtc_answer_ending(&text, a);
    qtc_buf_str(&text, between);
    if (b != NULL) {
        qtc_answer_ending(&text, b);
    }
    qtc_buf_byte(&text, '\0');
    fail(m, text.failed ? "out of memory" : text.data);
    qtc_buf_free(&text);
    return false;
}

/* Runs COMMAND over the whole, twice. */
static bool learn_what_is_wanted(struct minimizing *m)
{
    struct qtc_bytes body = qtc_buf_bytes(&m->played.body);

    if (!run(m, body, &m->wanted) || !run(m, body, &m->answer)) {
        return false;
    }
    if (!qtc_answer_ends_alike(&m->wanted, &m->answer)) {
        return complain_about_ending(m, "COMMAND ends differently from run to run: ", &m->wanted, ", then ",
                                     &m->answer);
    }
    if (!matches(m, &m->wanted) || !matches(m, &m->answer)) {
        return complain_about_ending(m, "nothing that COMMAND prints matches (", &m->wanted, ")", NULL);
    }
    if (m->pattern == NULL && m->wanted.ending == QTC_ENDING_EXIT && m->wanted.status == 0) {
        return fail(m, "COMMAND succeeds (exit status 0): say with --match what is to be kept");
    }
    return true;
}

/* ---- progress ----------------------------------------------------------------------- */

static void put_extent(const struct minimizing *m, struct qtc_buf *out)
{
    if (m->events > 0) {
        qtc_put_count(out, m->events, m->of_stream ? "event" : "line");
        qtc_buf_str(out, ", ");
    }
    qtc_put_size(out, m->bytes);
}

/* "5000 events, 812 kB -> 2 events, 433 bytes in 131 runs" */
static void put_progress(const struct minimizing *m, struct qtc_buf *out)
{
    qtc_buf_put(out, qtc_buf_bytes(&m->began));
    qtc_buf_str(out, " -> ");
    put_extent(m, out);
    qtc_buf_str(out, " in ");
    qtc_put_count(out, m->probe.runs, "run");
}

static void show_progress(struct minimizing *m)
{
    struct qtc_buf line = {0};

    if (qtc_progress_due(&m->progress)) {
        put_progress(m, &line);
        qtc_progress_show(&m->progress, "%.*s", (int)line.len, line.data);
        qtc_buf_free(&line);
    }
}

static void say_the_beginning(struct minimizing *m)
{
    put_extent(m, &m->began);
    if (!m->progress.terminal) {
        qtc_complain(m->r->command, m->capture->file, 0, 0, "minimizing %.*s", (int)m->began.len,
                     m->began.data);
    }
}

static void say_the_end(struct minimizing *m)
{
    struct qtc_buf line = {0};

    qtc_progress_clear(&m->progress);
    put_progress(m, &line);
    qtc_complain(m->r->command, m->capture->file, 0, 0, "%.*s (%.1f s)%s", (int)line.len, line.data,
                 qtc_progress_seconds(&m->progress), m->failed ? ", not finished" : "");
    qtc_buf_free(&line);
}

/* ---- passes ---------------------------------------------------------------------------- */

static size_t count_events(const struct minimizing *m, const size_t *keep, size_t kept)
{
    size_t count = 0;

    if (m->grain != QTC_GRAIN_EVENTS) { /* each cut that goes makes one event of two */
        return m->events_before - (m->grain == QTC_GRAIN_CUTS ? m->parts.count - kept : 0);
    }
    for (size_t i = 0; i < kept; i++) {
        count += m->parts.list[keep[i]].data;
    }
    return count;
}

static bool does_it_hold(void *ctx, const size_t *keep, size_t kept, bool *holds)
{
    struct minimizing *m = ctx;

    qtc_buf_clear(&m->trial);
    qtc_parts_join(&m->parts, qtc_buf_bytes(&m->played.body), keep, kept, &m->trial, NULL, 0);
    if (m->trial.failed) {
        return nomem(m);
    }
    if (m->trial.len == 0) { /* would be no capture */
        *holds = false;
        return true;
    }
    if (!run(m, qtc_buf_bytes(&m->trial), &m->answer)) {
        return false;
    }
    *holds = qtc_answer_ends_alike(&m->wanted, &m->answer) && matches(m, &m->answer);
    if (*holds) {
        m->bytes = m->trial.len;
        m->events = count_events(m, keep, kept);
    }
    show_progress(m);
    return true;
}

/* What is kept becomes the body. */
static void leave_the_rest_out(struct minimizing *m, const size_t *keep, size_t kept)
{
    struct qtc_buf before = m->played.body;

    qtc_buf_clear(&m->trial);
    qtc_parts_join(&m->parts, qtc_buf_bytes(&before), keep, kept, &m->trial, m->ends, m->played.count);
    if (m->trial.failed) {
        nomem(m);
        return;
    }
    m->played.body = m->trial;
    m->trial = before;
}

static void pass(struct minimizing *m, enum qtc_grain grain)
{
    size_t *keep = NULL;
    size_t kept = 0;
    enum qtc_code code = qtc_parts_find(&m->parts, qtc_buf_bytes(&m->played.body), grain);

    m->grain = grain;
    m->events_before = m->events;
    if (code == QTC_OK && m->parts.count > 0) {
        keep = calloc(m->parts.count, sizeof *keep);
        code = keep != NULL ? qtc_shrink(m->parts.count, does_it_hold, m, keep, &kept) : QTC_NOMEM;
    }
    if (code == QTC_NOMEM) {
        nomem(m);
    } else if (kept < m->parts.count) {
        leave_the_rest_out(m, keep, kept);
    }
    free(keep);
}

static void minimize(struct minimizing *m)
{
    size_t idle = 0; /* passes in a row that found nothing */

    for (size_t i = 0; idle < PASSES && !m->failed; i = (i + 1) % PASSES) {
        size_t before = m->played.body.len;
        pass(m, passes[i]);
        idle = m->played.body.len == before ? idle + 1 : 1; /* a pass leaves nothing to itself */
    }
}

/* ---- the job ------------------------------------------------------------------------------ */

/* The pieces that are left keep their times. */
static bool write_result(struct minimizing *m)
{
    struct qtc_capture result = m->capture->capture;
    struct qtc_played *p = &m->played;
    size_t count = 0;

    for (size_t i = 0; i < p->count; i++) {
        if (m->ends[i] > (count > 0 ? p->arrivals[count - 1].end : 0)) {
            p->arrivals[count++] = (struct qtc_arrival){p->arrivals[i].at, m->ends[i]};
        }
    }
    result.body = qtc_buf_bytes(&p->body);
    result.arrivals = p->arrivals;
    result.arrival_count = count;
    if (m->r->play.gap > 0 && count > 0) {
        result.timed = true;
        result.ended = p->arrivals[count - 1].at;
    }
    result.cut = result.cut || p->reset;
    if (m->r->convert != NULL) {
        m->r->convert->write(&m->r->out.buf, &result);
    } else {
        qtc_buf_put(&m->r->out.buf, result.body);
    }
    return qtc_out_end(&m->r->out);
}

static bool read_match(struct minimizing *m)
{
    struct qtc_error error = {0};
    struct qtc_buf detail = {0};

    if (m->r->match == NULL) {
        return true;
    }
    m->pattern = qtc_pattern_compile(qtc_str(m->r->match), &error, &detail);
    m->matcher = qtc_matcher_new();
    if (m->pattern == NULL) {
        qtc_complain(m->r->command, NULL, 0, 0, "--match: %s%s%.*s", error.message,
                     detail.len > 0 ? ": " : "", (int)detail.len, detail.len > 0 ? detail.data : "");
    } else if (m->matcher == NULL) {
        nomem(m);
    }
    qtc_buf_free(&detail);
    return m->pattern != NULL && m->matcher != NULL;
}

static bool measure(struct minimizing *m)
{
    m->ends = calloc(m->played.count > 0 ? m->played.count : 1, sizeof *m->ends);
    if (m->ends == NULL ||
        qtc_parts_find(&m->parts, qtc_buf_bytes(&m->played.body), QTC_GRAIN_EVENTS) != QTC_OK) {
        return nomem(m);
    }
    for (size_t i = 0; i < m->played.count; i++) {
        m->ends[i] = m->played.arrivals[i].end;
    }
    for (size_t i = 0; i < m->parts.count; i++) {
        m->events += m->parts.list[i].data;
    }
    m->of_stream = m->parts.of_stream;
    m->bytes = m->played.body.len;
    return true;
}

static int minimize_one(struct minimizing *m)
{
    if (!read_match(m) || !qtc_replay_played(m->r, m->capture, &m->r->play, &m->played) || !measure(m)) {
        return QTC_EXIT_FAILED;
    }
    qtc_probe_begin(&m->probe, m->r->command, m->r->program, m->r->timeout);
    qtc_progress_begin(&m->progress);
    if (!learn_what_is_wanted(m)) {
        if (qtc_probe_interrupted()) {
            fail(m, "interrupted");
        }
        return QTC_EXIT_FAILED;
    }
    say_the_beginning(m);
    minimize(m);
    say_the_end(m);
    return write_result(m) && !m->failed ? QTC_EXIT_DONE : QTC_EXIT_FAILED;
}

int qtc_replay_minimize(struct qtc_replay *r)
{
    struct minimizing m = {.r = r, .capture = r->captures};
    int status;

    if (r->capture_count > 1) {
        qtc_complain(r->command, NULL, 0, 0, "there are %zu responses: --pick the one to minimize",
                     r->capture_count);
        return QTC_EXIT_FAILED;
    }
    status = minimize_one(&m);
    qtc_played_free(&m.played);
    free(m.ends);
    qtc_parts_free(&m.parts);
    qtc_buf_free(&m.trial);
    qtc_answer_free(&m.wanted);
    qtc_answer_free(&m.answer);
    qtc_buf_free(&m.began);
    qtc_pattern_free(m.pattern);
    qtc_matcher_free(m.matcher);
    return status;
}
