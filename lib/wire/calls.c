/* -o calls: one tool call a line, when it is complete.
 *
 * A line is written whole, so that lines of several choices do not mix. A call that grows long (SPILL) begins
 * to be written before its end, when no other choice is doing so: its memory stays small, and what a reader
 * of lines sees is the same. A filter needs the whole value and never spills. */
#include <stdlib.h>

#include "wire/gather.h"
#include "wire/writers.h"

enum { SPILL = 262144 };

struct calls_writer {
    struct qtc_writer base;
    struct qtc_gather gather; /* of each choice, the call that is open */
    struct qtc_value value;
    const struct qtc_gathered *spilling; /* the choice whose line is begun in the output; NULL: none */
};

static bool end_call(struct calls_writer *w, struct qtc_gathered *c, bool truncated)
{
    bool ok = true;

    qtc_gathered_call_close(c, truncated);
    if (qtc_gathered_failed(c)) {
        return false;
    }
    if (w->spilling && w->spilling != c) {
        qtc_buf_byte(&c->calls.json, '\n'); /* waits behind the line that is begun */
        return true;
    }
    qtc_buf_put(qtc_value_open(&w->value), qtc_buf_bytes(&c->calls.json));
    ok = qtc_value_close(&w->value);
    qtc_piecewise_clear(&c->calls);
    w->spilling = NULL;
    return ok;
}

static void spill(struct calls_writer *w, struct qtc_gathered *c)
{
    bool free_to = !w->value.filter && (!w->spilling || w->spilling == c);

    if (free_to && c->calls.json.len >= SPILL && !c->calls.json.failed) {
        qtc_buf_put(w->value.out, qtc_buf_bytes(&c->calls.json));
        qtc_buf_clear(&c->calls.json);
        w->spilling = c;
    }
}

/* Behind the end of a line that was begun: the lines of other choices that waited for it. */
static void write_waiting(struct calls_writer *w)
{
    for (size_t i = 0; i < w->gather.count; i++) {
        struct qtc_buf *json = &w->gather.choices[i]->calls.json;
        size_t whole = json->len;
        while (whole > 0 && json->data[whole - 1] != '\n') {
            whole--;
        }
        if (whole > 0) {
            qtc_buf_add(w->value.out, json->data, whole);
            qtc_buf_drop(json, whole);
        }
    }
}

static bool concerns_calls(const struct qtc_event *event)
{
    return event->kind == QTC_CALL || event->kind == QTC_ARGS || event->kind == QTC_CALL_END ||
           (event->kind == QTC_OTHER && qtc_bytes_is(event->name, "call"));
}

/* The open call ends: by its own end, or because the next one begins. */
static bool end_open_call(struct calls_writer *w, struct qtc_gathered *c, const struct qtc_event *event)
{
    bool ok = end_call(w, c, event->kind == QTC_CALL || event->truncated);

    if (!w->spilling) {
        write_waiting(w);
    }
    return ok;
}

static bool calls_event(struct qtc_writer *base, const struct qtc_event *event)
{
    struct calls_writer *w = (struct calls_writer *)base;
    struct qtc_gathered *c;
    bool ok = true;

    if (!concerns_calls(event)) {
        return true;
    }
    c = qtc_gather_choice(&w->gather, event->choice);
    if (!c) {
        return false;
    }
    if (c->in_call && (event->kind == QTC_CALL || event->kind == QTC_CALL_END)) {
        ok = end_open_call(w, c, event);
    }
    if (event->kind == QTC_CALL) {
        qtc_gathered_call_open(c, event);
    } else if (event->kind == QTC_OTHER) {
        ok = qtc_gather_fields(&w->gather, &c->call_fields, event->text, QTC_FIELDS_JOIN);
    } else if (event->kind == QTC_ARGS && c->in_call) {
        qtc_piecewise_add(&c->calls, event->text);
        spill(w, c);
    }
    return ok && !qtc_gathered_failed(c) && !w->value.out->failed;
}

static bool calls_finish(struct qtc_writer *base)
{
    struct calls_writer *w = (struct calls_writer *)base;
    bool ok = true;

    for (size_t i = 0; i < w->gather.count && w->spilling; i++) {
        if (w->gather.choices[i] == w->spilling) {
            ok = end_call(w, w->gather.choices[i], true);
        }
    }
    for (size_t i = 0; i < w->gather.count; i++) {
        if (w->gather.choices[i]->in_call) {
            ok = end_call(w, w->gather.choices[i], true) && ok;
        }
    }
    write_waiting(w);
    return ok && !w->value.out->failed;
}

static void calls_free(struct qtc_writer *base)
{
    struct calls_writer *w = (struct calls_writer *)base;

    qtc_gather_free(&w->gather);
    qtc_value_free(&w->value);
    free(w);
}

struct qtc_writer *qtc_writer_open_calls(const struct qtc_writer_options *options)
{
    struct calls_writer *w = calloc(1, sizeof *w);

    if (!w) {
        return NULL;
    }
    w->base = (struct qtc_writer){.event = calls_event, .finish = calls_finish, .free = calls_free};
    qtc_value_init(&w->value, options);
    return &w->base;
}
