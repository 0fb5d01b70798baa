/* Events: each takes the text from where the last one ended. */
#include "parse/parser.h"

#include <string.h>

/* ---- to the sink, or to a trial's record -------------------------------- */

static void record(struct qtc_parser *p, const struct qtc_event *event)
{
    struct qtc_buf *r = &p->trial.records;
    qtc_buf_add(r, (const char *)event, sizeof *event);
    qtc_buf_put(r, event->text);
    qtc_buf_put(r, event->name);
    qtc_buf_put(r, event->id);
}

static void deliver(struct qtc_parser *p, const struct qtc_event *event)
{
    if (p->trial.on) {
        record(p, event);
    } else if (p->code == QTC_OK && !p->sink(p->ctx, event)) {
        p->code = QTC_STOPPED;
    }
}

static struct qtc_event new_event(struct qtc_parser *p, enum qtc_event_kind kind, uint64_t end)
{
    struct qtc_event event = {.kind = kind, .choice = p->options.choice, .at = p->done, .end = end};
    p->done = end;
    return event;
}

void qtc_emit(struct qtc_parser *p, enum qtc_event_kind kind, uint64_t end, struct qtc_bytes text)
{
    struct qtc_event event = new_event(p, kind, end);
    event.text = text;
    deliver(p, &event);
}

enum qtc_event_kind qtc_text_kind(const struct qtc_parser *p)
{
    if (p->text.dropped) {
        return QTC_FRAMING;
    }
    if (!p->text.reasoning) {
        return QTC_CONTENT;
    }
    return p->options.reasoning == QTC_REASONING_DROP ? QTC_FRAMING : QTC_REASONING;
}

/* A character that is not whole yet stays behind, unless the text ends. */
static size_t whole_characters(const struct qtc_parser *p, struct qtc_bytes text, size_t i)
{
    bool ends = p->in == NULL;
    return ends || i < p->n ? text.len : text.len - qtc_utf8_incomplete(text.data, text.len);
}

/* Text that a call has taken without an event so far. */
static void settle(struct qtc_parser *p)
{
    if (p->done < p->mark) {
        qtc_emit(p, QTC_FRAMING, p->mark, qtc_bytes(NULL, 0));
    }
}

void qtc_emit_held(struct qtc_parser *p, enum qtc_event_kind kind, size_t i)
{
    struct qtc_bytes text = qtc_held(p, i);
    size_t whole = whole_characters(p, text, i);
    settle(p);
    if (whole > 0) {
        qtc_emit(p, kind, p->mark + whole, qtc_bytes(text.data, whole));
    }
    if (whole == text.len) {
        qtc_unmark(p);
        return;
    }
    qtc_mark_move(p, p->mark + whole);
    p->tail_state = p->state;
    p->state = QTC_S_TAIL;
}

/* ---- calls -------------------------------------------------------------- */

static bool known(const struct qtc_parser *p)
{
    return p->call.tool != NULL;
}

/* Blanks between text and a call say nothing: they go with the markup. */
static void drop_blanks_before(struct qtc_parser *p)
{
    if (p->mark == QTC_NO_MARK || p->cand <= p->mark) {
        return;
    }
    size_t i = p->cand > p->base ? (size_t)(p->cand - p->base) : 0;
    struct qtc_bytes blanks = qtc_held_to(p, p->cand, i);
    settle(p);
    qtc_emit(p, QTC_FRAMING, p->cand, blanks);
}

void qtc_emit_call(struct qtc_parser *p, uint64_t end)
{
    drop_blanks_before(p);
    if (p->options.tools != NULL && !known(p)) {
        if (p->trial.on) {
            qtc_trial_fail(p, QTC_D_UNKNOWN_FUNCTION);
        }
        qtc_defect(p, QTC_D_UNKNOWN_FUNCTION, qtc_buf_bytes(&p->call.name));
    }
    if (p->text.reasoning) {
        p->text.reasoning = false;
        qtc_defect(p, QTC_D_CALL_IN_REASONING, qtc_buf_bytes(&p->call.name));
    }
    struct qtc_event event = new_event(p, QTC_CALL, end);
    event.call = p->text.calls++;
    event.name = qtc_buf_bytes(&p->call.name);
    event.id = qtc_buf_bytes(&p->call.id);
    deliver(p, &event);
    p->text.seen_call = p->text.block_call = p->text.begun = true;
    p->text.bare = false;
    p->text.format = p->call.format;
}

void qtc_emit_call_end(struct qtc_parser *p, uint64_t end, bool truncated)
{
    struct qtc_event event = new_event(p, QTC_CALL_END, end);
    event.call = p->text.calls - 1;
    event.truncated = truncated;
    deliver(p, &event);
    if (p->trial.on && truncated) {
        qtc_trial_fail(p, QTC_D_TRUNCATED_CALL);
    }
}

/* How many bytes may go: arguments are not cut inside a character either. */
static size_t ready_args(const struct qtc_parser *p)
{
    return p->args.len - qtc_utf8_incomplete(p->args.data, p->args.len);
}

void qtc_flush_args(struct qtc_parser *p, uint64_t end)
{
    size_t ready = p->args.len > 0 ? ready_args(p) : 0;
    if (ready == 0 || !p->call.open) {
        return;
    }
    struct qtc_event event = new_event(p, QTC_ARGS, end);
    event.call = p->text.calls - 1;
    event.text = qtc_bytes(p->args.data, ready);
    deliver(p, &event);
    qtc_buf_drop(&p->args, ready);
}

/* ---- defects ------------------------------------------------------------ */

void qtc_defect(struct qtc_parser *p, enum qtc_defect defect, struct qtc_bytes what)
{
    struct qtc_event event = {
        .kind = QTC_DEFECT,
        .choice = p->options.choice,
        .call = p->text.calls > 0 ? p->text.calls - 1 : 0,
        .at = p->done,
        .end = p->done,
        .defect = defect,
        .text = what,
    };
    if (p->trial.on && p->options.recover == QTC_RECOVER_STRICT &&
        qtc_defect_info(defect)->severity != QTC_INFO && !p->trial.failed) {
        qtc_trial_fail(p, defect);
    }
    deliver(p, &event);
}

/* ---- trials ------------------------------------------------------------- */

void qtc_trial_begin(struct qtc_parser *p, bool in_fence, size_t i)
{
    struct qtc_trial *t = &p->trial;
    t->on = true;
    t->failed = false;
    t->in_fence = in_fence;
    t->at = p->done;
    t->before = p->text;
    t->records.len = t->raw.len = 0;
    qtc_buf_put(&t->raw, qtc_held(p, i));
    t->raw_to = qtc_pos(p, i);
}

void qtc_trial_fail(struct qtc_parser *p, enum qtc_defect why)
{
    p->trial.failed = true;
    p->trial.why = why;
}

/* The recorded events, in order, as if they came now. */
void qtc_trial_commit(struct qtc_parser *p)
{
    struct qtc_trial *t = &p->trial;
    t->on = false;
    if (t->records.failed) {
        p->code = QTC_NOMEM; /* the last one is not whole */
    }
    if (t->in_fence) {
        uint64_t done = p->done;
        p->done = t->at; /* where the recorded events begin */
        qtc_defect(p, QTC_D_CALL_IN_FENCE, qtc_bytes(NULL, 0));
        p->done = done;
    }
    size_t i = 0;
    while (i < t->records.len && p->code == QTC_OK) {
        struct qtc_event event;
        memcpy(&event, t->records.data + i, sizeof event);
        i += sizeof event;
        event.text.data = t->records.data + i;
        i += event.text.len;
        event.name.data = t->records.data + i;
        i += event.name.len;
        event.id.data = t->records.data + i;
        i += event.id.len;
        deliver(p, &event);
    }
    t->records.len = t->raw.len = 0;
}

/* As if it had not begun. The caller deals with the text. */
void qtc_trial_drop(struct qtc_parser *p)
{
    struct qtc_trial *t = &p->trial;
    t->on = t->failed = false;
    p->text = t->before;
    p->done = t->at;
    t->records.len = 0;
    p->call.open = p->call.pending = false;
    p->args.len = 0;
}
