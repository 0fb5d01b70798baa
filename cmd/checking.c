#include "played.h"
#include "probe.h"
#include "progress.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

/* COMMAND gets the capture uncut, then cut in many ways. Where that changes what it prints or how it ends,
 * the set of cuts is brought to the few that matter. */

static const struct qtc_split transport_splits[] = {
    {QTC_SPLIT_BYTES, 1}, {QTC_SPLIT_BYTES, 2},  {QTC_SPLIT_BYTES, 3},  {QTC_SPLIT_BYTES, 5},
    {QTC_SPLIT_BYTES, 7}, {QTC_SPLIT_BYTES, 16}, {QTC_SPLIT_BYTES, 64}, {QTC_SPLIT_CHARS, 1},
    {QTC_SPLIT_LINES, 0}, {QTC_SPLIT_EVENTS, 0},
};
static const struct qtc_split content_splits[] = {
    {QTC_SPLIT_TOKENS, 1},
    {QTC_SPLIT_TOKENS, 2},
    {QTC_SPLIT_TOKENS, 3},
    {QTC_SPLIT_TOKENS, 5},
};

/* Pieces of one split. Each costs a change to COMMAND and back, some 10 us. */
enum { MOST_PIECES = 100000, MOST_RANDOM_PIECES = 20000 };
/* Of a report: cuts; bytes on each side of a cut, of a line, and of a line before its first difference. */
enum { SHOWN_CUTS = 10, CONTEXT = 24, LINE_SHOWN = 72, LINE_LED = 24 };

enum outcome { ALL_THE_SAME, DIFFERS, FAILED };

struct checking {
    struct qtc_replay *r;
    const struct qtc_replay_capture *capture;
    struct qtc_probe *probe;
    struct qtc_progress progress;

    struct qtc_played uncut;
    struct qtc_answer expected, answer;
    uint64_t splits; /* tried */
    uint64_t planned;
    uint64_t too_long;             /* random splits that were left out */
    struct qtc_buf too_long_names; /* and others */

    /* the split at hand */
    struct qtc_split split;
    bool of_text;
    bool given; /* by an option, so it is never too long */
    struct qtc_played cut;
    size_t *cuts; /* of the transport: places in the body */
    size_t cut_count;
    size_t *trial;
    struct qtc_parts parts; /* of text: what stands between its pieces */
    struct qtc_buf joined;
};

static enum outcome nomem(const struct checking *c)
{
    qtc_complain(c->r->command, c->capture->file, 0, 0, "out of memory");
    return FAILED;
}

static enum outcome differs_from_run_to_run(const struct checking *c)
{
    qtc_complain(c->r->command, c->capture->file, 0, 0,
                 "COMMAND's output differs from run to run, uncut: cuts cannot be judged by it");
    return FAILED;
}

/* ---- runs ----------------------------------------------------------------------------- */

static bool alike(const struct qtc_answer *a, const struct qtc_answer *b)
{
    return qtc_answer_ends_alike(a, b) && qtc_answer_prints_alike(a, b);
}

static bool run_uncut(struct checking *c, struct qtc_answer *answer)
{
    return qtc_probe_run(c->probe, qtc_buf_bytes(&c->uncut.body), NULL, 0, answer);
}

static enum outcome learn_what_is_expected(struct checking *c)
{
    if (!run_uncut(c, &c->expected)) {
        return FAILED;
    }
    if (c->expected.ending == QTC_ENDING_TIMEOUT) {
        qtc_complain(c->r->command, c->capture->file, 0, 0, "COMMAND takes longer than %u s", c->r->timeout);
        return FAILED;
    }
    if (!run_uncut(c, &c->answer)) {
        return FAILED;
    }
    return alike(&c->expected, &c->answer) ? ALL_THE_SAME : differs_from_run_to_run(c);
}

/* Runs it with these cuts only. false: failed, which was said. */
static bool run_with(struct checking *c, const size_t *keep, size_t kept)
{
    if (c->of_text) {
        qtc_buf_clear(&c->joined);
        qtc_parts_join(&c->parts, qtc_buf_bytes(&c->cut.body), keep, kept, &c->joined, NULL, 0);
        if (c->joined.failed) {
            nomem(c);
            return false;
        }
        return qtc_probe_run(c->probe, qtc_buf_bytes(&c->joined), NULL, 0, &c->answer);
    }
    for (size_t i = 0; i < kept; i++) {
        c->trial[i] = c->cuts[keep[i]];
    }
    return qtc_probe_run(c->probe, qtc_buf_bytes(&c->uncut.body), c->trial, kept, &c->answer);
}

static bool do_they_differ(void *ctx, const size_t *keep, size_t kept, bool *holds)
{
    struct checking *c = ctx;

    if (!run_with(c, keep, kept)) {
        return false;
    }
    *holds = !alike(&c->expected, &c->answer);
    if (qtc_progress_due(&c->progress)) {
        qtc_progress_show(&c->progress, "the output changes; %zu cuts are tried, %llu runs", kept,
                          (unsigned long long)c->probe->runs);
    }
    return true;
}

/* ---- what is said of a difference ----------------------------------------------------------- */

static void put_split(struct qtc_buf *out, const struct qtc_split *split)
{
    static const char *const names[] = {
        [QTC_SPLIT_NONE] = "none",     [QTC_SPLIT_BYTES] = "bytes",   [QTC_SPLIT_CHARS] = "chars",
        [QTC_SPLIT_LINES] = "lines",   [QTC_SPLIT_EVENTS] = "events", [QTC_SPLIT_RANDOM] = "random",
        [QTC_SPLIT_TOKENS] = "tokens",
    };

    qtc_buf_str(out, names[split->by]);
    if (split->n > 0) {
        qtc_buf_byte(out, ':');
        qtc_buf_u64(out, split->n);
    }
}

static void put_byte(struct qtc_buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";

    if (c == '\n' || c == '\t' || c == '\r') {
        qtc_buf_str(out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
    } else if (c >= 0x20 && c < 0x7f) {
        qtc_buf_byte(out, (char)c);
    } else {
        qtc_buf_add(out, (char[4]){'\\', 'x', hex[c >> 4], hex[c & 15]}, 4);
    }
}

/* As a terminal can show it: what is neither a character nor plain becomes \n or \xNN. */
static void put_visible(struct qtc_buf *out, struct qtc_bytes text)
{
    for (size_t i = 0; i < text.len;) {
        unsigned len = qtc_utf8_char(text.data + i, text.len - i);
        if (len > 1 &&
            memcmp(text.data + i, "\xc2\xa0", 2) >= 0) { /* not U+0080 to U+009F, which are controls */
            qtc_buf_add(out, text.data + i, len);
            i += len;
        } else {
            put_byte(out, (unsigned char)text.data[i++]);
        }
    }
}

static bool within_character(struct qtc_bytes text, size_t at)
{
    return at > 0 && at < text.len && ((unsigned char)text.data[at] & 0xc0) == 0x80;
}

/* About `most` bytes before `at`. */
static void put_before(struct qtc_buf *out, struct qtc_bytes text, size_t at, size_t most)
{
    size_t from = at > most ? at - most : 0;

    while (from < at && within_character(text, from)) {
        from++;
    }
    qtc_buf_str(out, from > 0 ? "…" : "");
    put_visible(out, qtc_bytes(text.data + from, at - from));
}

static void put_behind(struct qtc_buf *out, struct qtc_bytes text, size_t at, size_t most)
{
    size_t to = text.len - at > most ? at + most : text.len;

    while (to > at && within_character(text, to)) {
        to--;
    }
    put_visible(out, qtc_bytes(text.data + at, to - at));
    qtc_buf_str(out, to < text.len ? "…" : "");
}

/* `…<tool_c|all>…`: what is before `at`, and what is behind `behind`. */
static void put_cut(struct qtc_buf *out, struct qtc_bytes text, size_t at, size_t behind)
{
    put_before(out, text, at, CONTEXT);
    qtc_buf_byte(out, '|');
    put_behind(out, text, behind, CONTEXT);
    qtc_buf_byte(out, '\n');
}

/* "event 7", or "behind event 7", of the place `at`. */
static void put_event(struct qtc_buf *out, const struct qtc_parts *events, size_t at)
{
    uint64_t number = 0;
    size_t i = 0;

    while (i < events->count && events->list[i].begin < at) {
        number += events->list[i++].data;
    }
    qtc_buf_str(out, i > 0 && events->list[i - 1].end == at ? "behind " : "in ");
    qtc_buf_str(out, events->of_stream ? "event " : "line ");
    qtc_buf_u64(out, number);
}

static enum outcome put_cuts(struct checking *c, struct qtc_buf *out, const size_t *keep, size_t kept)
{
    struct qtc_bytes body = qtc_buf_bytes(c->of_text ? &c->cut.body : &c->uncut.body);
    struct qtc_parts events = {0};

    if (qtc_parts_find(&events, body, QTC_GRAIN_EVENTS) != QTC_OK) {
        return nomem(c);
    }
    for (size_t i = 0; i < kept && i < SHOWN_CUTS; i++) {
        const struct qtc_part *p = c->of_text ? &c->parts.list[keep[i]] : NULL;
        size_t at = p != NULL ? p->begin : c->cuts[keep[i]];
        qtc_buf_str(out, "  cut at byte ");
        qtc_buf_u64(out, at);
        if (events.count > 0) {
            qtc_buf_str(out, ", ");
            put_event(out, &events, at);
        }
        qtc_buf_str(out, ": ");
        put_cut(out, body, at, p != NULL ? p->end : at);
    }
    if (kept > SHOWN_CUTS) {
        qtc_buf_str(out, "  and ");
        qtc_put_count(out, kept - SHOWN_CUTS, "cut");
        qtc_buf_str(out, " more\n");
    }
    qtc_parts_free(&events);
    return DIFFERS;
}

/* One line of a pair. */
static void put_side(struct qtc_buf *out, const char *name, struct qtc_bytes text, size_t line,
                     size_t differs)
{
    qtc_buf_str(out, name);
    if (line == text.len) {
        qtc_buf_str(out, "(the output ends)\n");
        return;
    }
    text = qtc_bytes(text.data + line, text.len - line);
    differs -= line;
    const char *stop = memchr(text.data, '\n', text.len);
    text.len = stop != NULL ? (size_t)(stop - text.data) : text.len;
    put_before(out, text, differs, LINE_LED);
    put_behind(out, text, differs, LINE_SHOWN - LINE_LED);
    qtc_buf_byte(out, '\n');
}

static void put_first_difference(struct qtc_buf *out, const struct qtc_printed *uncut,
                                 const struct qtc_printed *cut)
{
    struct qtc_bytes a = qtc_buf_bytes(&uncut->text), b = qtc_buf_bytes(&cut->text);
    size_t both = a.len < b.len ? a.len : b.len;
    size_t at = 0, line = 0;
    uint64_t number = 1;

    for (; at < both && a.data[at] == b.data[at]; at++) {
        if (a.data[at] == '\n') {
            line = at + 1;
            number++;
        }
    }
    if (at == QTC_PROBE_KEPT) {
        qtc_buf_str(out, "  the outputs differ behind their first 64 MiB\n");
        return;
    }
    qtc_buf_str(out, "  line ");
    qtc_buf_u64(out, number);
    qtc_buf_str(out, " of the output:\n");
    put_side(out, "    uncut: ", a, line, at);
    put_side(out, "    cut:   ", b, line, at);
}

static void put_endings(struct qtc_buf *out, const struct qtc_answer *uncut, const struct qtc_answer *cut)
{
    qtc_buf_str(out, "  uncut: ");
    qtc_answer_ending(out, uncut);
    qtc_buf_str(out, "; cut: ");
    qtc_answer_ending(out, cut);
    qtc_buf_byte(out, '\n');
}

/* `FILE:LINE: ` */
static void put_place(struct qtc_buf *out, const struct qtc_replay_capture *c)
{
    qtc_buf_str(out, c->file);
    qtc_buf_byte(out, ':');
    if (c->capture.line > 0) {
        qtc_buf_u64(out, c->capture.line);
        qtc_buf_byte(out, ':');
    }
    qtc_buf_byte(out, ' ');
}

/* The text of a capture may change something by being joined: then no cut is needed. */
static void put_how_many(struct qtc_buf *out, size_t kept, size_t count)
{
    if (kept == 0) {
        qtc_buf_str(out, ", even where its pieces are joined again:\n");
        return;
    }
    qtc_buf_str(out, ", of whose cuts these are enough (");
    qtc_buf_u64(out, kept);
    qtc_buf_str(out, " of ");
    qtc_buf_u64(out, count);
    qtc_buf_str(out, "):\n");
}

static enum outcome report(struct checking *c, const size_t *keep, size_t kept)
{
    struct qtc_buf *out = &c->r->out.buf;
    enum outcome outcome;

    put_place(out, c->capture);
    qtc_buf_str(out, c->of_text ? "the output changes with --resplit " : "the output changes with --split ");
    put_split(out, &c->split);
    put_how_many(out, kept, c->of_text ? c->parts.count : c->cut_count);
    outcome = put_cuts(c, out, keep, kept);
    if (!qtc_answer_ends_alike(&c->expected, &c->answer)) {
        put_endings(out, &c->expected, &c->answer);
    }
    if (!qtc_answer_prints_alike(&c->expected, &c->answer)) {
        put_first_difference(out, &c->expected.out, &c->answer.out);
    }
    return outcome;
}

/* The split at hand changed something: which of its cuts did? */
static enum outcome find_the_cuts(struct checking *c)
{
    size_t count = c->of_text ? c->parts.count : c->cut_count;
    size_t *keep = calloc(count > 0 ? count : 1, sizeof *keep);
    size_t kept;
    enum outcome outcome;
    enum qtc_code code = keep != NULL ? qtc_shrink(count, do_they_differ, c, keep, &kept) : QTC_NOMEM;

    qtc_progress_clear(&c->progress);
    if (code != QTC_OK) {
        outcome = code == QTC_NOMEM ? nomem(c) : FAILED;
    } else if (!run_with(c, keep, kept)) { /* once more, for what it says */
        outcome = FAILED;
    } else if (alike(&c->expected, &c->answer) || (kept == 0 && !c->of_text)) {
        outcome = differs_from_run_to_run(c);
    } else {
        outcome = report(c, keep, kept);
    }
    free(keep);
    return outcome;
}

/* ---- splits ---------------------------------------------------------------------------------- */

static void note_too_long(struct checking *c)
{
    if (c->split.by == QTC_SPLIT_RANDOM) {
        c->too_long++;
        return;
    }
    qtc_buf_str(&c->too_long_names, c->too_long_names.len > 0 ? ", " : "");
    put_split(&c->too_long_names, &c->split);
}

static bool list_cuts(struct checking *c)
{
    free(c->cuts);
    free(c->trial);
    c->cut_count = c->cut.count > 0 ? c->cut.count - 1 : 0;
    c->cuts = calloc(c->cut.count > 0 ? c->cut.count : 1, sizeof *c->cuts);
    c->trial = calloc(c->cut.count > 0 ? c->cut.count : 1, sizeof *c->trial);
    for (size_t i = 0; c->cuts != NULL && i < c->cut_count; i++) {
        c->cuts[i] = c->cut.arrivals[i].end;
    }
    return c->cuts != NULL && c->trial != NULL;
}

static enum outcome judge(struct checking *c, bool ran)
{
    if (!ran) {
        return FAILED;
    }
    c->splits++;
    return alike(&c->expected, &c->answer) ? ALL_THE_SAME : find_the_cuts(c);
}

static enum outcome try_transport(struct checking *c)
{
    if (!list_cuts(c)) {
        return nomem(c);
    }
    if (c->cut_count == 0) { /* nothing to cut */
        return ALL_THE_SAME;
    }
    return judge(c,
                 qtc_probe_run(c->probe, qtc_buf_bytes(&c->uncut.body), c->cuts, c->cut_count, &c->answer));
}

static enum outcome try_text(struct checking *c)
{
    struct qtc_bytes body = qtc_buf_bytes(&c->cut.body);

    if (qtc_bytes_equal(body, qtc_buf_bytes(&c->uncut.body))) {
        return ALL_THE_SAME;
    }
    if (qtc_parts_find(&c->parts, body, QTC_GRAIN_CUTS) != QTC_OK) {
        return nomem(c);
    }
    return judge(c, qtc_probe_run(c->probe, body, NULL, 0, &c->answer));
}

static size_t most_pieces(const struct checking *c)
{
    if (c->of_text || c->given) {
        return 0; /* any number */
    }
    return c->split.by == QTC_SPLIT_RANDOM ? MOST_RANDOM_PIECES : MOST_PIECES;
}

static enum outcome try_split(struct checking *c, bool of_text, struct qtc_split split)
{
    struct qtc_play_options options = c->r->play;

    c->split = split;
    c->of_text = of_text;
    options.split = of_text ? (struct qtc_split){0} : split;
    options.resplit = of_text ? split : (struct qtc_split){0};
    qtc_played_clear(&c->cut);
    c->cut.most = most_pieces(c);
    if (qtc_progress_due(&c->progress)) {
        qtc_progress_show(&c->progress, "%llu of %llu splits", (unsigned long long)c->splits,
                          (unsigned long long)c->planned);
    }
    if (!qtc_replay_played(c->r, c->capture, &options, &c->cut)) {
        return FAILED;
    }
    if (c->cut.too_many) {
        note_too_long(c);
        return ALL_THE_SAME;
    }
    return of_text ? try_text(c) : try_transport(c);
}

static enum outcome try_list(struct checking *c, bool of_text, const struct qtc_split *list, size_t count)
{
    enum outcome outcome = ALL_THE_SAME;

    for (size_t i = 0; i < count && outcome == ALL_THE_SAME; i++) {
        outcome = try_split(c, of_text, list[i]);
    }
    return outcome;
}

static enum outcome try_random(struct checking *c, bool of_text)
{
    enum outcome outcome = ALL_THE_SAME;

    for (unsigned i = 0; i < c->r->runs && outcome == ALL_THE_SAME; i++) {
        outcome = try_split(c, of_text, (struct qtc_split){QTC_SPLIT_RANDOM, c->r->seed + i});
    }
    return outcome;
}

/* Those that the options name, and no others. */
static enum outcome try_given(struct checking *c)
{
    enum outcome outcome = ALL_THE_SAME;

    if (c->r->play.split.by != QTC_SPLIT_NONE) {
        outcome = try_split(c, false, c->r->play.split);
    }
    if (outcome == ALL_THE_SAME && c->r->play.resplit.by != QTC_SPLIT_NONE) {
        outcome = try_split(c, true, c->r->play.resplit);
    }
    return outcome;
}

enum {
    TRANSPORTS = sizeof transport_splits / sizeof *transport_splits,
    CONTENTS = sizeof content_splits / sizeof *content_splits
};

/* A fault is at an event of the text as it is cut, so it would come elsewhere with another cut. */
static enum outcome try_all(struct checking *c)
{
    bool transport = c->r->cuts != QTC_CUTS_CONTENT;
    bool content =
        c->r->cuts == QTC_CUTS_CONTENT || (c->r->cuts == QTC_CUTS_ALL && c->r->play.fault_count == 0);
    enum outcome outcome = ALL_THE_SAME;

    c->planned =
        (transport ? TRANSPORTS + (uint64_t)c->r->runs : 0) + (content ? CONTENTS + (uint64_t)c->r->runs : 0);
    if (transport) {
        outcome = try_list(c, false, transport_splits, TRANSPORTS);
    }
    if (outcome == ALL_THE_SAME && content) {
        outcome = try_list(c, true, content_splits, CONTENTS);
    }
    if (outcome == ALL_THE_SAME && transport) {
        outcome = try_random(c, false);
    }
    if (outcome == ALL_THE_SAME && content) {
        outcome = try_random(c, true);
    }
    return outcome;
}

/* ---- the job ------------------------------------------------------------------------------------- */

static void say_what_was_left_out(struct checking *c)
{
    struct qtc_buf *names = &c->too_long_names;

    if (c->too_long > 0) {
        qtc_buf_str(names, names->len > 0 ? ", " : "");
        qtc_buf_u64(names, c->too_long);
        qtc_buf_str(names, " random");
    }
    if (names->len > 0) {
        qtc_complain(c->r->command, c->capture->file, 0, 0, "left out, for they have too many pieces: %.*s",
                     (int)names->len, names->data);
    }
}

static void say_all_the_same(struct checking *c)
{
    struct qtc_buf *out = &c->r->out.buf;

    put_place(out, c->capture);
    qtc_put_count(out, c->splits, "split");
    qtc_buf_str(out, ", all the same\n");
}

static enum outcome check(struct checking *c)
{
    struct qtc_play_options options = c->r->play;
    enum outcome outcome;

    c->given = options.split.by != QTC_SPLIT_NONE || options.resplit.by != QTC_SPLIT_NONE;
    options.split = options.resplit = (struct qtc_split){0};
    if (!qtc_replay_played(c->r, c->capture, &options, &c->uncut)) {
        return FAILED;
    }
    qtc_progress_begin(&c->progress);
    outcome = learn_what_is_expected(c);
    if (outcome == ALL_THE_SAME) {
        outcome = c->given ? try_given(c) : try_all(c);
    }
    qtc_progress_clear(&c->progress);
    say_what_was_left_out(c);
    if (outcome == ALL_THE_SAME) {
        say_all_the_same(c);
    }
    return outcome;
}

static enum outcome check_one(struct qtc_replay *r, const struct qtc_replay_capture *capture,
                              struct qtc_probe *probe)
{
    struct checking c = {.r = r, .capture = capture, .probe = probe};
    enum outcome outcome = check(&c);

    qtc_played_free(&c.uncut);
    qtc_played_free(&c.cut);
    qtc_answer_free(&c.expected);
    qtc_answer_free(&c.answer);
    qtc_buf_free(&c.too_long_names);
    free(c.cuts);
    free(c.trial);
    qtc_parts_free(&c.parts);
    qtc_buf_free(&c.joined);
    return outcome;
}

int qtc_replay_check(struct qtc_replay *r)
{
    struct qtc_probe probe;
    int status = QTC_EXIT_DONE;

    qtc_probe_begin(&probe, r->command, r->program, r->timeout);
    for (size_t i = 0; i < r->capture_count && !qtc_probe_interrupted(); i++) {
        enum outcome outcome = check_one(r, &r->captures[i], &probe);
        int worst = outcome == DIFFERS ? QTC_EXIT_NO : outcome == FAILED ? QTC_EXIT_FAILED : QTC_EXIT_DONE;
        status = worst > status ? worst : status;
        qtc_out_flush(&r->out);
    }
    if (qtc_probe_interrupted()) {
        qtc_complain(r->command, NULL, 0, 0, "interrupted");
        status = QTC_EXIT_FAILED;
    }
    return qtc_out_end(&r->out) ? status : QTC_EXIT_FAILED;
}
