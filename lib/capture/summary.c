#include "capture/summary.h"

#include <stdlib.h>

#include "capture/readers.h"
#include "wire/wire.h"

struct summing {
    struct qtc_summary *to;
    struct qtc_arena *arena;
    struct qtc_openai_reader *reader;
    enum qtc_code code;
};

/* ---- events --------------------------------------------------------------------------- */

static struct qtc_bytes keep(struct summing *s, struct qtc_bytes text)
{
    struct qtc_bytes copy = qtc_arena_copy(s->arena, text);

    if (copy.data == NULL) {
        s->code = QTC_NOMEM;
    }
    return copy;
}

static void add_name(struct summing *s, struct qtc_bytes name)
{
    struct qtc_summary *to = s->to;

    for (size_t i = 0; i < to->name_count; i++) {
        if (qtc_bytes_equal(to->names[i], name)) {
            return;
        }
    }
    if (to->name_count == QTC_SUMMARY_NAMES) {
        to->more_names = true;
    } else {
        to->names[to->name_count++] = keep(s, name);
    }
}

static void add_call(struct summing *s, struct qtc_bytes name, bool in_text)
{
    s->to->calls++;
    s->to->calls_in_text += in_text;
    add_name(s, name);
}

static void add_defect(struct summing *s, const struct qtc_event *event)
{
    s->to->defects[event->defect]++;
    if (event->defect == QTC_D_CALL_IN_CONTENT || event->defect == QTC_D_CALL_IN_REASONING_FIELD) {
        add_call(s, event->text, true);
    }
}

static bool on_event(void *ctx, const struct qtc_event *event)
{
    struct summing *s = ctx;
    struct qtc_summary *to = s->to;

    switch (event->kind) {
    case QTC_START:
        to->model = keep(s, event->name);
        break;
    case QTC_CALL:
        add_call(s, event->name, false);
        break;
    case QTC_FINISH:
        to->finishes[event->reason]++;
        break;
    case QTC_USAGE:
        to->usage = keep(s, event->text);
        break;
    case QTC_DEFECT:
        add_defect(s, event);
        break;
    case QTC_OTHER:
        if (qtc_bytes_is(event->name, "error") && to->error.len == 0) {
            to->error = keep(s, event->text);
        }
        break;
    default:
        break;
    }
    if (event->choice >= to->choices && (event->kind == QTC_CONTENT || event->kind == QTC_REASONING ||
                                         event->kind == QTC_CALL || event->kind == QTC_FINISH)) {
        to->choices = event->choice + 1;
    }
    return s->code == QTC_OK;
}

/* ---- the body ---------------------------------------------------------------------------- */

static bool on_sse_event(void *ctx, const struct qtc_sse_event *event)
{
    struct summing *s = ctx;
    enum qtc_code code = qtc_openai_reader_event(s->reader, event);

    s->to->events += event->has_data;
    s->to->done = s->to->done || qtc_bytes_is(qtc_bytes_trim(event->data), "[DONE]");
    s->code = s->code == QTC_OK ? code : s->code;
    return s->code == QTC_OK;
}

static void sum_events(struct summing *s, struct qtc_bytes body)
{
    struct qtc_sse_options options = {.split_json_lines = true};
    enum qtc_code code = qtc_sse_decode(&options, body, on_sse_event, s);

    s->code = s->code == QTC_OK ? code : s->code;
}

static void sum_values(struct summing *s, struct qtc_bytes body)
{
    while (body.len > 0 && s->code == QTC_OK) {
        struct qtc_error error;
        struct qtc_bytes value;
        if (qtc_next_value(&body, &value) != QTC_JSON_DONE) {
            s->code = QTC_SYNTAX;
            return;
        }
        s->to->events++;
        if (qtc_bytes_is(value, "[DONE]")) {
            s->to->done = true;
            continue;
        }
        s->code = qtc_openai_reader_json(s->reader, value, s->to->events, &error);
        s->code = s->code == QTC_TYPE ? QTC_OK : s->code; /* another API's */
    }
}

static enum qtc_shape shape_of(struct qtc_bytes body)
{
    body = qtc_bytes_trim(body);
    if (body.len == 0) {
        return QTC_SHAPE_EMPTY;
    }
    if (body.data[0] == '{' || body.data[0] == '[') {
        return QTC_SHAPE_JSON;
    }
    return body.data[0] == '<' ? QTC_SHAPE_OTHER : QTC_SHAPE_EVENTS;
}

static void sum_body(struct summing *s, struct qtc_bytes body)
{
    s->to->shape = shape_of(body);
    if (s->to->shape == QTC_SHAPE_EVENTS) {
        sum_events(s, body);
    } else if (s->to->shape == QTC_SHAPE_JSON) {
        sum_values(s, qtc_bytes_trim(body));
    }
    if (s->to->shape == QTC_SHAPE_EVENTS && s->to->events == 0) {
        s->to->shape = QTC_SHAPE_OTHER;
    }
    if (s->code == QTC_OK && s->to->events > 0) {
        s->code = qtc_openai_reader_end(s->reader);
    }
}

/* ---- times --------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static enum qtc_code sum_times(struct qtc_arena *arena, const struct qtc_capture *c, struct qtc_summary *to)
{
    size_t count = c->arrival_count > 1 ? c->arrival_count - 1 : 0;
    uint64_t *gaps;

    if (!c->timed || c->arrival_count == 0) {
        return QTC_OK;
    }
    to->first_byte = c->arrivals[0].at;
    if (count == 0) {
        return QTC_OK;
    }
    gaps = qtc_arena_array(arena, count, sizeof *gaps);
    if (gaps == NULL) {
        return QTC_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        gaps[i] = c->arrivals[i + 1].at - c->arrivals[i].at;
    }
    qsort(gaps, count, sizeof *gaps, compare);
    to->gap_p50 = gaps[(count - 1) / 2];
    to->gap_p99 = gaps[(count - 1) - (count - 1) / 100];
    to->gap_max = gaps[count - 1];
    return QTC_OK;
}

enum qtc_code qtc_capture_summarize(struct qtc_arena *arena, const struct qtc_capture *c,
                                    const struct qtc_tools *tools, struct qtc_summary *summary)
{
    struct summing s = {.to = summary, .arena = arena};
    struct qtc_stream_options options = {.parse.tools = tools, .no_repair = true};
    struct qtc_stream *stream = qtc_stream_new(&options, on_event, &s);

    *summary = (struct qtc_summary){0};
    s.reader = stream != NULL ? qtc_openai_reader_new(stream) : NULL;
    s.code = s.reader == NULL ? QTC_NOMEM : sum_times(arena, c, summary);
    if (s.code == QTC_OK) {
        sum_body(&s, c->body);
    }
    summary->stopped = s.code != QTC_OK;
    qtc_openai_reader_free(s.reader);
    qtc_stream_free(stream);
    return s.code == QTC_NOMEM ? QTC_NOMEM : QTC_OK;
}
