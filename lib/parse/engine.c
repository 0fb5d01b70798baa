/* The loop over the states, what is text after all, and the end of the text. */
#include "parse/parser.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- the loop ----------------------------------------------------------- */

static qtc_step step_trial_tail;

static qtc_step *const steps[QTC_STATES] = {
    [QTC_S_TEXT] = qtc_step_text,
    [QTC_S_TEXT_MARK] = qtc_step_text_mark,
    [QTC_S_TEXT_TAG] = qtc_step_text_tag,
    [QTC_S_LABEL] = qtc_step_label,
    [QTC_S_SUFFIX] = qtc_step_suffix,
    [QTC_S_TAIL] = qtc_step_tail,
    [QTC_S_MESSAGE] = qtc_step_message,
    [QTC_S_NAME] = qtc_step_name,
    [QTC_S_NAME_GAP] = qtc_step_name_gap,
    [QTC_S_NAME_ID] = qtc_step_name_id,
    [QTC_S_NAME_TYPE] = qtc_step_name_type,
    [QTC_S_READER] = qtc_step_reader,
    [QTC_S_BODY] = qtc_step_body,
    [QTC_S_BLOCK] = qtc_step_block,
    [QTC_S_FENCE] = qtc_step_fence,
    [QTC_S_FUNCTION] = qtc_step_function,
    [QTC_S_INNER] = qtc_step_inner,
    [QTC_S_AFTER] = qtc_step_after,
    [QTC_S_TAG] = qtc_step_tag,
    [QTC_S_HEADER] = qtc_step_header,
    [QTC_S_PROPERTY] = qtc_step_property,
    [QTC_S_VALUE] = qtc_step_value,
    [QTC_S_VALUE_LINE] = qtc_step_value_line,
    [QTC_S_VALUE_TAG] = qtc_step_value_tag,
    [QTC_S_VALUE_HEADER] = qtc_step_value_header,
    [QTC_S_VALUE_NAME] = qtc_step_value_name,
    [QTC_S_CDATA] = qtc_step_cdata,
    [QTC_S_FOLLOW] = qtc_step_follow,
    [QTC_S_FOLLOW_TAG] = qtc_step_follow_tag,
    [QTC_S_NEST] = qtc_step_nest,
    [QTC_S_JSON] = qtc_step_json,
    [QTC_S_JSON_TAG] = qtc_step_json_tag,
    [QTC_S_JSON_FOLLOW] = qtc_step_json_follow,
    [QTC_S_ARRAY] = qtc_step_array,
    [QTC_S_TRIAL_TAIL] = step_trial_tail,
};

/* Behind a call in a code fence: the rest of its line must be blank. */
static size_t step_trial_tail(struct qtc_parser *p, size_t i)
{
    qtc_mark_from(p, i);
    while (i < p->n && (p->in[i] == ' ' || p->in[i] == '\t' || p->in[i] == '\r')) {
        i++;
    }
    if (i < p->n && p->in[i] == '\n') {
        qtc_trial_commit(p);
        p->state = QTC_S_TEXT;
    } else if (i < p->n) {
        qtc_trial_fail(p, QTC_D_QUOTED_MARKER);
    }
    return i;
}

/* All of the trial's text is content; nothing in it is looked at again. */
static void end_trial(struct qtc_parser *p, size_t i)
{
    struct qtc_trial *t = &p->trial;
    qtc_keep(p, i);
    if (t->raw.len > qtc_pos(p, i) - t->at) {
        t->raw.len = (size_t)(qtc_pos(p, i) - t->at); /* in a replay: the rest is still to be read */
    }
    qtc_trial_drop(p);
    if (!t->quiet) {
        qtc_defect(p, t->why, qtc_bytes(NULL, 0));
    }
    t->quiet = false;
    p->state = QTC_S_TEXT;
    p->text.fresh = false;
    qtc_text_note(p, qtc_buf_bytes(&t->raw));
    qtc_unmark(p);
    p->mark = t->at;
    p->held_to = qtc_pos(p, i);
    qtc_buf_put(&p->hold, qtc_buf_bytes(&t->raw));
    qtc_emit_held(p, qtc_text_kind(p), i);
}

size_t qtc_fail(struct qtc_parser *p, size_t i, enum qtc_defect why)
{
    bool bare = p->text.bare;
    p->call.pending = p->text.bare = false;
    if (p->trial.on) {
        p->trial.quiet = bare;
        qtc_trial_fail(p, why);
        return i;
    }
    if (p->mark == QTC_NO_MARK) {
        qtc_mark_at(p, i); /* all of it was given up before */
    } else if (!bare) {
        qtc_defect(p, why, qtc_bytes(NULL, 0));
    }
    p->state = QTC_S_TEXT;
    p->text.begun |= !p->text.reasoning;
    p->text.fresh = p->text.in_block = p->text.in_array = false;
    qtc_text_note(p, qtc_held(p, i));
    qtc_emit_held(p, qtc_text_kind(p), i);
    return i;
}

/* Too much waits for a decision: it is made here. */
static size_t pass_limit(struct qtc_parser *p, size_t i)
{
    if (p->trial.on || !p->call.open) {
        return qtc_fail(p, i, QTC_D_LIMIT_PASSED);
    }
    qtc_defect(p, QTC_D_LIMIT_PASSED, qtc_bytes(NULL, 0));
    if (p->state == QTC_S_BODY && qtc_body_limit(p, i)) {
        return i;
    }
    if (p->state >= QTC_S_VALUE && p->state <= QTC_S_NEST) {
        return qtc_value_reject(p, i);
    }
    if (p->state == QTC_S_JSON_TAG || p->state == QTC_S_JSON_FOLLOW) {
        return qtc_object_reject(p, i);
    }
    p->state = QTC_S_INNER;
    qtc_flush_args(p, p->mark);
    qtc_emit_held(p, QTC_CONTENT, i);
    return i;
}

static void run(struct qtc_parser *p, size_t n)
{
    size_t i = 0;
    while (i < n && p->code == QTC_OK) {
        bool kept = p->mark != QTC_NO_MARK || p->trial.on; /* only then is there a limit */
        p->n = kept ? qtc_stop_at(p, n) : n;
        i = i < p->n ? steps[p->state](p, i) : pass_limit(p, i);
        if (p->trial.on && p->trial.failed) {
            end_trial(p, i);
        }
    }
    p->n = n;
    if (p->code == QTC_OK && (p->mark != QTC_NO_MARK || p->trial.on)) {
        qtc_keep(p, n);
    }
}

/* Reads what `again` holds, in the state that is set. */
static size_t read_again(struct qtc_parser *p, uint64_t from, struct qtc_buf *again, size_t i)
{
    const char *in = p->in;
    size_t n = p->n;
    uint64_t base = p->base;
    p->in = again->data;
    p->base = from;
    if (again->failed) {
        p->code = QTC_NOMEM;
    }
    run(p, again->len);
    p->in = in;
    p->n = n;
    p->base = base;
    qtc_buf_free(again);
    return i;
}

size_t qtc_again(struct qtc_parser *p, uint64_t from, struct qtc_bytes text, size_t i)
{
    struct qtc_buf again = {0};
    qtc_keep(p, i);
    qtc_buf_put(&again, text);
    return read_again(p, from, &again, i);
}

size_t qtc_replay(struct qtc_parser *p, uint64_t from, size_t i, enum qtc_state state)
{
    struct qtc_buf again = {0};
    qtc_buf_put(&again, qtc_held_from(p, from, i));
    qtc_keep(p, i);
    qtc_unmark(p);
    p->state = state;
    return read_again(p, from, &again, i);
}

/* ---- memory ------------------------------------------------------------- */

/* The readers' own buffers are told by what they write to. */
static const size_t buffers[] = {
    offsetof(struct qtc_parser, hold),         offsetof(struct qtc_parser, args),
    offsetof(struct qtc_parser, trial.raw),    offsetof(struct qtc_parser, trial.records),
    offsetof(struct qtc_parser, call.name),    offsetof(struct qtc_parser, call.names),
    offsetof(struct qtc_parser, call.texts),   offsetof(struct qtc_parser, call.members),
    offsetof(struct qtc_parser, call.buckets), offsetof(struct qtc_parser, value.text),
    offsetof(struct qtc_parser, value.close),  offsetof(struct qtc_parser, object.scratch),
    offsetof(struct qtc_parser, object.text),  offsetof(struct qtc_parser, object.mend.pend),
    offsetof(struct qtc_parser, call.id),      offsetof(struct qtc_parser, call.key),
    offsetof(struct qtc_parser, body.rest),    offsetof(struct qtc_parser, body.stack),
    offsetof(struct qtc_parser, body.scratch), offsetof(struct qtc_parser, body.rest_name),
};

#define BUFFERS (sizeof buffers / sizeof buffers[0])

static struct qtc_buf *buffer(struct qtc_parser *p, size_t i)
{
    return (struct qtc_buf *)(void *)((char *)p + buffers[i]);
}

/* A buffer that failed stays so: it is emptied by len = 0, not by qtc_buf_clear,
 * so that a loss is seen at the end of the piece. */
static bool out_of_memory(struct qtc_parser *p)
{
    bool failed = false;
#pragma GCC unroll 32 /* for each piece: the table is known, so this is a row of loads */
    for (size_t i = 0; i < BUFFERS; i++) {
        failed |= buffer(p, i)->failed;
    }
    return failed;
}

static enum qtc_code note_memory(struct qtc_parser *p)
{
    if (p->code == QTC_OK && out_of_memory(p)) {
        p->code = QTC_NOMEM;
    }
    return p->code;
}

/* ---- the end of the text ------------------------------------------------ */

/* A call that is complete lacks at most its block's closing marker. */
static void finish_after(struct qtc_parser *p)
{
    if (p->text.in_block && !p->text.no_close) {
        qtc_defect(p, QTC_D_MISSING_CLOSE, qtc_bytes(NULL, 0));
    }
    if (p->mark != QTC_NO_MARK) {
        qtc_emit_held(p, QTC_FRAMING, 0);
    }
    if (p->trial.on && !p->trial.failed) {
        qtc_trial_commit(p);
    }
    p->state = QTC_S_TEXT;
}

/* The text ends in a marker, which is framing; blanks may stand before it. */
static void finish_marker(struct qtc_parser *p)
{
    qtc_defect(p, QTC_D_CUT_MARKER, qtc_bytes(NULL, 0));
    qtc_give_before(p, p->cand, 0);
    qtc_emit_held(p, QTC_FRAMING, 0);
    p->state = QTC_S_TEXT;
}

/* A marker that has a whole token already, but not all of its text: <|close|>mess */
static bool cut_in_marker(struct qtc_parser *p)
{
    struct qtc_bytes held = qtc_held_from(p, p->cand, 0);
    return p->text.code == 0 && p->text.fence == 0 && held.len > 2 &&
           memmem(held.data, held.len, "|>", 2) != NULL;
}

static void finish_text(struct qtc_parser *p)
{
    if (p->mark != QTC_NO_MARK && p->state == QTC_S_TEXT_MARK && cut_in_marker(p)) {
        finish_marker(p);
    }
    bool dropped = p->text.fresh && p->text.after_call && p->state == QTC_S_TEXT;
    qtc_text_cut(p);
    if (p->mark != QTC_NO_MARK) {
        qtc_emit_held(p, dropped ? QTC_FRAMING : qtc_text_kind(p), 0);
    }
    if (p->text.reasoning && !p->options.starts_in_reasoning) {
        qtc_defect(p, QTC_D_THINK_UNCLOSED, qtc_bytes(NULL, 0));
    }
}

/* Inside a call that is certain: it ends here, cut. */
static void finish_call(struct qtc_parser *p)
{
    if (p->state >= QTC_S_JSON && p->state <= QTC_S_JSON_FOLLOW) {
        qtc_object_cut(p);
    } else if (p->state == QTC_S_READER) {
        qtc_reader_cut(p);
    } else if (p->state == QTC_S_BODY) {
        qtc_body_cut(p);
    } else if (p->state >= QTC_S_VALUE && p->state <= QTC_S_NEST && qtc_value_finish(p)) {
        return;
    }
    if (p->call.open) {
        bool behind = p->state == QTC_S_FUNCTION || (p->state == QTC_S_BODY && p->body.at > QTC_B_WHOLE);
        bool complete = (p->call.whole && behind) || qtc_body_complete(p);
        if (complete && p->call.format->function_close != NULL) {
            qtc_defect(p, QTC_D_MISSING_CLOSE, qtc_bytes(NULL, 0));
        }
        qtc_call_end(p, p->base, !complete);
        qtc_unmark(p);
        p->state = QTC_S_TEXT;
        p->text.fresh = false;
    }
}

static bool behind_call(const struct qtc_parser *p)
{
    return p->state == QTC_S_AFTER || p->state == QTC_S_TRIAL_TAIL || p->state == QTC_S_ARRAY ||
           (p->origin == QTC_S_AFTER && (p->state == QTC_S_TAG || p->state == QTC_S_HEADER));
}

/* The text ends where it is not certain yet that a call begins. Markers that are special
 * tokens are no prose; a name or an object that was begun behind them is. */
static void finish_opener(struct qtc_parser *p)
{
    bool token = p->opener != NULL && qtc_is_token(p->opener) && !p->trial.on;
    bool object = p->state == QTC_S_JSON || p->state == QTC_S_JSON_TAG;
    if (p->mark == QTC_NO_MARK) {
        p->state = QTC_S_TEXT; /* all of it was given up before */
    } else if (token && p->call.pending) {
        qtc_call_end(p, p->base, true);
        qtc_unmark(p);
        p->state = QTC_S_TEXT;
    } else if (!token || object || qtc_name_cut(p)) {
        qtc_fail(p, 0, QTC_D_STRAY_OPENER);
    } else {
        finish_marker(p);
    }
}

static void finish_once(struct qtc_parser *p)
{
    if (p->state == QTC_S_TAIL) {
        p->state = p->tail_state;
    }
    if (p->call.open) {
        finish_call(p);
    } else if (behind_call(p) && (p->text.seen_call || p->trial.on)) {
        finish_after(p);
    } else if (p->state > QTC_S_TAIL) {
        finish_opener(p);
    } else if (p->trial.on) {
        qtc_trial_commit(p);
    }
    if (p->trial.on && p->trial.failed) {
        end_trial(p, 0);
    }
}

enum qtc_code qtc_parser_finish(struct qtc_parser *p)
{
    p->in = NULL;
    p->n = 0;
    /* What ends may leave text that has to be read again: a nested call. */
    for (int round = 0;
         round < 8 && p->code == QTC_OK && (p->state > QTC_S_TAIL || p->trial.on || p->call.open); round++) {
        finish_once(p);
    }
    if (p->state == QTC_S_TAIL) {
        p->state = p->tail_state;
    }
    if (p->code == QTC_OK) {
        finish_text(p);
    }
    return note_memory(p);
}

/* ---- the public face ---------------------------------------------------- */

/* A short piece in the middle of plain text that has nothing but plain ASCII: most are. */
static bool feed_plain(struct qtc_parser *p, const char *text, size_t len)
{
    const unsigned char *special = p->text_marks.special;
    unsigned char seen = 0;

    if (len > 16 || p->state != QTC_S_TEXT || p->mark != QTC_NO_MARK || p->text.fresh || p->text.line_blank ||
        p->text.ticks > 0 || p->call.open) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        seen |= (unsigned char)(special[c] | (c & 0x80));
    }
    if (seen) {
        return false;
    }
    p->base += len;
    qtc_emit(p, qtc_text_kind(p), p->base, qtc_bytes(text, len));
    return true;
}

enum qtc_code qtc_parser_feed(struct qtc_parser *p, const char *text, size_t len)
{
    if (p->code != QTC_OK || len == 0) {
        return p->code;
    }
    if (feed_plain(p, text, len)) {
        return p->code;
    }
    p->in = text;
    run(p, len);
    p->base += len;
    if (p->call.open && p->options.hold_calls) {
        qtc_release(p);
    }
    if (p->call.open && p->args.len > 0) {
        qtc_flush_args(p, p->mark == QTC_NO_MARK ? p->base : p->mark);
    }
    return note_memory(p);
}

void qtc_parser_reset(struct qtc_parser *p)
{
    bool inline_text = p->options.reasoning == QTC_REASONING_INLINE;
    p->code = QTC_OK;
    p->base = p->done = p->cand = p->tag = 0;
    p->no_nest = false;
    p->trial.on = p->trial.failed = false;
    p->call.open = p->call.pending = false;
    p->value.naming = false;
    for (size_t i = 0; i < BUFFERS; i++) {
        qtc_buf_clear(buffer(p, i));
    }
    qtc_unmark(p);
    p->text = (struct qtc_text_state){
        .reasoning = p->options.starts_in_reasoning && !inline_text,
        .line_blank = true,
        .label = inline_text || p->options.format == NULL ? NULL : p->options.format->think_label,
    };
    qtc_text_begin(p, false);
}

struct qtc_parser *qtc_parser_new(const struct qtc_parse_options *options, qtc_sink *sink, void *ctx)
{
    struct qtc_parser *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    p->options = *options;
    p->sink = sink;
    p->ctx = ctx;
    qtc_use_formats(p);
    if (p->text_marks.find.failed) {
        qtc_parser_free(p);
        return NULL;
    }
    qtc_parser_reset(p);
    return p;
}

void qtc_parser_free(struct qtc_parser *p)
{
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < BUFFERS; i++) {
        qtc_buf_free(buffer(p, i));
    }
    qtc_mark_set_free(&p->text_marks);
    qtc_mark_set_free(&p->tag_marks);
    qtc_buf_free(&p->group);
    for (size_t i = 0; i < QTC_GROUPS; i++) {
        qtc_buf_free(&p->groups[i].formats);
        qtc_mark_set_free(&p->groups[i].marks);
    }
    qtc_python_free(&p->python);
    qtc_gemma_free(&p->gemma);
    free(p);
}

bool qtc_parser_holding(const struct qtc_parser *p)
{
    return p->done < p->base || p->trial.on; /* a trial's events are not out yet */
}

const struct qtc_format *qtc_parser_format(const struct qtc_parser *p)
{
    return p->text.format != NULL ? p->text.format : p->options.format;
}
