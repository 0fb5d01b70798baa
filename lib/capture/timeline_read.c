#include "capture/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "capture/readers.h"
#include "formats/format.h"
#include "schema/hash.h"
#include "wire/wire.h"

/* A gap is drawn where it is longer than this, and than so many times the median. */
enum { GAP_LEAST = 100000000, GAP_FACTOR = 5, MAX_GAPS = 100 };

struct lane_key {
    uint32_t choice, kind, call;
};

struct source {
    struct qtc_timeline *t;
    struct qtc_stream *stream;
    struct qtc_openai_reader *reader;
    struct qtc_map lanes; /* by lane_key */
    size_t arrival;       /* the one that holds the byte before `offset` */
    size_t offset;        /* in the body, behind the event that is read */
    uint64_t at;          /* its time */
    enum qtc_code code;   /* why an event was the last */
    bool nomem;
};

/* ---- lists ------------------------------------------------------------------ */

static void *grown(void *list, size_t count, size_t *room, size_t size)
{
    size_t wanted = *room == 0 ? 64 : *room * 2; /* of what a body in memory holds */

    if (count < *room) {
        return list;
    }
    list = wanted > SIZE_MAX / 2 / size ? NULL : realloc(list, wanted * size);
    *room = list != NULL ? wanted : *room;
    return list;
}

static struct qtc_bytes beginning(struct source *s, struct qtc_bytes text, size_t most)
{
    size_t len = text.len < most ? text.len : most;
    struct qtc_bytes copy;

    len -= len < text.len ? qtc_utf8_incomplete(text.data, len) : 0;
    copy = qtc_arena_copy(&s->t->arena, qtc_bytes(text.data, len));
    s->nomem = s->nomem || copy.data == NULL;
    return copy;
}

static void add_item(struct source *s, uint32_t lane, struct qtc_item item)
{
    struct qtc_timeline *t = s->t;
    struct qtc_item *items = grown(t->items, t->item_count, &t->item_room, sizeof *items);

    if (items == NULL) {
        s->nomem = true;
        return;
    }
    t->items = items;
    item.at = s->at;
    item.lane = lane;
    item.bytes = item.text.len;
    item.text = beginning(s, item.text, QTC_ITEM_TEXT);
    items[t->item_count++] = item;
    if (t->lanes[lane].items++ == 0) {
        t->lanes[lane].first = s->at;
    }
    t->lanes[lane].bytes += item.bytes;
}

static uint32_t add_lane(struct source *s, struct qtc_lane lane)
{
    struct qtc_timeline *t = s->t;
    struct qtc_lane *lanes = grown(t->lanes, t->lane_count, &t->lane_room, sizeof *lanes);

    if (lanes == NULL) {
        s->nomem = true;
        return 0;
    }
    t->lanes = lanes;
    lanes[t->lane_count] = lane;
    return (uint32_t)t->lane_count++;
}

/* The lane of a choice's text or call. */
static uint32_t lane_of(struct source *s, enum qtc_lane_kind kind, unsigned choice, unsigned call)
{
    struct lane_key key = {choice, kind, call};
    struct qtc_bytes bytes = {(const char *)&key, sizeof key};
    uint32_t lane = qtc_map_get(&s->lanes, bytes);

    if (lane != UINT32_MAX) {
        return lane;
    }
    lane = add_lane(s, (struct qtc_lane){.kind = kind, .choice = choice, .call = call});
    bytes = qtc_arena_copy(&s->t->arena, bytes);
    if (bytes.data == NULL || !qtc_map_put(&s->lanes, bytes, lane)) {
        s->nomem = true;
    }
    return lane;
}

/* ---- the stream's events ------------------------------------------------------ */

static void add_text(struct source *s, enum qtc_lane_kind kind, const struct qtc_event *event)
{
    uint32_t lane = lane_of(s, kind, event->choice, kind == QTC_LANE_CALL ? event->call : 0);
    struct qtc_buf *excerpt;

    if (s->nomem) {
        return;
    }
    add_item(s, lane, (struct qtc_item){.event = event->frame, .text = event->text});
    excerpt = &s->t->lanes[lane].excerpt;
    if (excerpt->len < QTC_LANE_TEXT) {
        qtc_buf_add(excerpt, event->text.data,
                    event->text.len < QTC_LANE_TEXT ? event->text.len : QTC_LANE_TEXT);
        s->nomem = s->nomem || excerpt->failed;
    }
}

static void add_call(struct source *s, const struct qtc_event *event)
{
    uint32_t lane = lane_of(s, QTC_LANE_CALL, event->choice, event->call);

    if (s->nomem) {
        return;
    }
    s->t->calls++;
    s->t->lanes[lane].name = beginning(s, event->name, QTC_ITEM_TEXT);
    s->t->lanes[lane].id = beginning(s, event->id, QTC_ITEM_TEXT);
    add_item(s, lane, (struct qtc_item){.event = event->frame, .code = "call", .text = event->name});
    s->t->lanes[lane].bytes -= event->name.len;
}

static void add_end(struct source *s, const char *what, struct qtc_bytes text, enum qtc_severity severity)
{
    uint64_t event = s->t->events;

    add_item(s, QTC_END_LANE,
             (struct qtc_item){.event = event, .code = what, .text = text, .severity = severity});
}

static void add_finish(struct source *s, const struct qtc_event *event)
{
    const char *name = qtc_finish_name(event->reason);

    if (name != NULL) {
        s->t->finish = qtc_str(name);
        add_end(s, "finish_reason", s->t->finish, event->reason == QTC_FINISH_ERROR ? QTC_ERROR : QTC_INFO);
    }
}

/* Comments have a lane of their own. */
static void add_defect(struct source *s, const struct qtc_event *event)
{
    const struct qtc_defect_info *info = qtc_defect_info(event->defect);

    if (event->defect != QTC_D_KEEPALIVE_COMMENT) {
        add_item(
            s, QTC_DEFECTS_LANE,
            (struct qtc_item){
                .event = event->frame, .code = info->slug, .severity = info->severity, .text = event->text});
    }
}

static void add_other(struct source *s, const struct qtc_event *event)
{
    if (qtc_bytes_is(event->name, "error")) {
        add_end(s, "error", event->text, QTC_ERROR);
    }
}

static bool on_event(void *ctx, const struct qtc_event *event)
{
    struct source *s = ctx;

    switch (event->kind) {
    case QTC_START:
        if (s->t->model.len == 0) {
            s->t->model = beginning(s, event->name, QTC_ITEM_TEXT);
        }
        break;
    case QTC_CONTENT:
        add_text(s, QTC_LANE_CONTENT, event);
        break;
    case QTC_REASONING:
        add_text(s, QTC_LANE_REASONING, event);
        break;
    case QTC_CALL:
        add_call(s, event);
        break;
    case QTC_ARGS:
        add_text(s, QTC_LANE_CALL, event);
        break;
    case QTC_CALL_END:
        s->t->lanes[lane_of(s, QTC_LANE_CALL, event->choice, event->call)].truncated = event->truncated;
        break;
    case QTC_FINISH:
        add_finish(s, event);
        break;
    case QTC_DEFECT:
        add_defect(s, event);
        break;
    case QTC_OTHER:
        add_other(s, event);
        break;
    default: /* frames are told by their reader, usage and markup are not drawn */
        break;
    }
    return !s->nomem;
}

/* ---- frames ---------------------------------------------------------------------- */

/* The bytes up to `offset` have come: what is the time? */
static void arrive(struct source *s, size_t offset, bool has_data)
{
    const struct qtc_capture *c = s->t->capture;

    s->offset = offset;
    s->t->frames++;
    s->t->events += has_data;
    if (!c->timed) {
        s->at = s->t->events * 2 + !has_data;
        return;
    }
    while (s->arrival + 1 < c->arrival_count && c->arrivals[s->arrival].end < offset) {
        s->arrival++;
    }
    s->at = c->arrivals[s->arrival].at;
}

static void add_frame(struct source *s, struct qtc_bytes raw)
{
    add_item(s, QTC_EVENTS_LANE, (struct qtc_item){.event = s->t->events, .text = qtc_bytes_trim(raw)});
}

/* What there is besides events: comments, and fields that come alone. */
static void add_comment(struct source *s, struct qtc_bytes raw)
{
    static const char *const fields[] = {":", "event:", "id:", "retry:"};
    struct qtc_bytes text = qtc_bytes_trim(raw);

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        size_t len = strlen(fields[i]);
        if (text.len >= len && memcmp(text.data, fields[i], len) == 0) {
            add_item(s, QTC_COMMENTS_LANE, (struct qtc_item){.text = text});
        }
    }
}

static bool on_sse_event(void *ctx, const struct qtc_sse_event *event)
{
    struct source *s = ctx;

    arrive(s, s->offset + event->raw.len, event->has_data);
    if (event->has_data) {
        add_frame(s, event->data);
    } else {
        add_comment(s, event->raw);
    }
    if (qtc_bytes_is(event->data, "[DONE]")) {
        add_end(s, "[DONE]", qtc_bytes("", 0), QTC_INFO);
    }
    s->code = s->nomem ? QTC_NOMEM : qtc_openai_reader_event(s->reader, event);
    return s->code == QTC_OK;
}

static enum qtc_code read_events(struct source *s, struct qtc_bytes body)
{
    struct qtc_sse_options options = {.split_json_lines = true};
    enum qtc_code code = qtc_sse_decode(&options, body, on_sse_event, s);

    return code == QTC_STOPPED ? s->code : code;
}

/* ---- JSON ------------------------------------------------------------------------- */

static enum qtc_code read_value(struct source *s, struct qtc_bytes json, uint64_t line)
{
    struct qtc_error error = {0};
    enum qtc_code code;

    add_frame(s, json);
    if (qtc_bytes_is(json, "[DONE]")) {
        add_end(s, "[DONE]", qtc_bytes("", 0), QTC_INFO);
        return QTC_OK;
    }
    code = qtc_openai_reader_json(s->reader, json, line, &error);
    if (code == QTC_SYNTAX || code == QTC_TYPE) {
        s->t->note = error.message;
        code = QTC_OK;
    }
    return code;
}

static enum qtc_code read_values(struct source *s, struct qtc_bytes body)
{
    struct qtc_bytes rest = qtc_bytes_trim(body), value;
    enum qtc_code code = QTC_OK;

    while (code == QTC_OK && rest.len > 0) {
        enum qtc_json_progress progress = qtc_next_value(&rest, &value);
        if (progress != QTC_JSON_DONE) {
            s->t->note = progress == QTC_JSON_MORE ? "the JSON value is cut" : "not JSON";
            break;
        }
        arrive(s, (size_t)(rest.data - body.data), true);
        code = read_value(s, value, s->t->events);
    }
    return code;
}

/* ---- gaps --------------------------------------------------------------------------- */

static int by_length(const void *a, const void *b)
{
    const struct qtc_gap *x = a, *y = b;
    uint64_t p = x->to - x->from, q = y->to - y->from;

    if (p != q) {
        return p < q ? 1 : -1;
    }
    return x->from < y->from ? -1 : x->from > y->from;
}

/* All of them, the one before the first byte and the one before the end too. */
static size_t list_gaps(struct qtc_gap *gaps, const struct qtc_capture *c)
{
    uint64_t before = 0;
    size_t count = 0;

    for (size_t i = 0; i <= c->arrival_count; i++) {
        uint64_t at = i < c->arrival_count ? c->arrivals[i].at : c->ended;
        if (at > before) {
            gaps[count++] = (struct qtc_gap){before, at};
            before = at;
        }
    }
    return count;
}

static void find_gaps(struct source *s)
{
    struct qtc_timeline *t = s->t;
    size_t count, shown = 0;
    uint64_t median;

    t->gaps = qtc_arena_array(&t->arena, t->capture->arrival_count + 1, sizeof *t->gaps);
    if (t->gaps == NULL) {
        s->nomem = true;
        return;
    }
    count = list_gaps(t->gaps, t->capture);
    qsort(t->gaps, count, sizeof *t->gaps, by_length);
    median = count > 0 ? t->gaps[count / 2].to - t->gaps[count / 2].from : 0;
    while (shown < count && shown < MAX_GAPS) {
        uint64_t len = t->gaps[shown].to - t->gaps[shown].from;
        if (len <= GAP_LEAST || (count > 2 && len / GAP_FACTOR <= median)) {
            break;
        }
        shown++;
    }
    t->gap_count = shown;
}

/* ---- the whole ------------------------------------------------------------------------ */

static bool begin(struct source *s, const struct qtc_tools *tools)
{
    static const enum qtc_lane_kind fixed[QTC_FIXED_LANES] = {
        [QTC_EVENTS_LANE] = QTC_LANE_EVENTS,
        [QTC_COMMENTS_LANE] = QTC_LANE_COMMENTS,
        [QTC_DEFECTS_LANE] = QTC_LANE_DEFECTS,
        [QTC_END_LANE] = QTC_LANE_END,
    };
    struct qtc_stream_options options = {.parse.tools = tools};

    for (size_t i = 0; i < QTC_FIXED_LANES; i++) {
        add_lane(s, (struct qtc_lane){.kind = fixed[i]});
    }
    s->stream = qtc_stream_new(&options, on_event, s);
    s->reader = s->stream != NULL ? qtc_openai_reader_new(s->stream) : NULL;
    s->nomem = s->nomem || s->reader == NULL;
    return !s->nomem;
}

static enum qtc_code read_body(struct source *s, struct qtc_bytes body)
{
    struct qtc_bytes text = qtc_bytes_trim(body);
    char first = text.len > 0 ? text.data[0] : 0;

    if (first == '<') {
        s->t->note = "an HTML page instead of a response";
        return QTC_OK;
    }
    return first == '{' || first == '[' ? read_values(s, body) : read_events(s, body);
}

/* What the end of the body told, and the capture's own end. */
static void end(struct source *s)
{
    struct qtc_timeline *t = s->t;
    const struct qtc_capture *c = t->capture;
    const struct qtc_format *format = qtc_stream_format(s->stream);

    t->format = qtc_str(format != NULL ? format->name : "");
    t->last = c->timed ? c->ended : t->events * 2 + 1;
    if (c->timed && c->arrival_count > 0 && c->arrivals[c->arrival_count - 1].at > t->last) {
        t->last = c->arrivals[c->arrival_count - 1].at;
    }
    if (c->cut) {
        s->at = t->last;
        add_end(s, "broke off", qtc_bytes("", 0), QTC_ERROR);
    }
    if (t->note == NULL && t->events == 0) {
        bool comments = t->lanes[QTC_COMMENTS_LANE].bytes > 0;
        t->note = c->body.len == 0 ? "an empty body" : comments ? "comments only" : "not an event stream";
    }
    if (t->events == 0 && t->lanes[QTC_COMMENTS_LANE].bytes == 0 && c->body.len > 0) {
        arrive(s, c->body.len, false);
        add_frame(s, c->body);
    }
}

/* Without an event nothing else counts: the comments do. */
static void number_comments(struct qtc_timeline *t)
{
    uint64_t n = 0;

    t->comments_only = !t->capture->timed && t->events == 0 && t->lanes[QTC_COMMENTS_LANE].bytes > 0;
    for (size_t i = 0; t->comments_only && i < t->item_count; i++) {
        n += t->items[i].lane == QTC_COMMENTS_LANE;
        t->items[i].at = 2 * n;
        t->last = 2 * n + 1;
    }
    if (t->comments_only) {
        t->lanes[QTC_COMMENTS_LANE].first = 2;
    }
}

static int by_kind(const void *a, const void *b)
{
    const struct qtc_lane *x = *(const struct qtc_lane *const *)a, *y = *(const struct qtc_lane *const *)b;
    bool of_choice_x = x->kind >= QTC_LANE_REASONING && x->kind <= QTC_LANE_CALL;
    bool of_choice_y = y->kind >= QTC_LANE_REASONING && y->kind <= QTC_LANE_CALL;

    if (of_choice_x && of_choice_y && x->choice != y->choice) {
        return x->choice < y->choice ? -1 : 1;
    }
    if (x->kind != y->kind) {
        return x->kind < y->kind ? -1 : 1;
    }
    return x->call < y->call ? -1 : x->call > y->call;
}

static void order_lanes(struct source *s)
{
    struct qtc_timeline *t = s->t;
    struct qtc_lane **sorted = qtc_arena_array(&t->arena, t->lane_count, sizeof *sorted);

    if (sorted == NULL) {
        s->nomem = true;
        return;
    }
    for (size_t i = 0; i < t->lane_count; i++) {
        sorted[i] = &t->lanes[i];
    }
    qsort(sorted, t->lane_count, sizeof *sorted, by_kind);
    for (size_t i = 0; i < t->lane_count; i++) {
        sorted[i]->order = (uint32_t)i;
    }
}

enum qtc_code qtc_timeline_read(struct qtc_timeline *t, const struct qtc_capture *c,
                                const struct qtc_tools *tools)
{
    struct source s = {.t = t};
    enum qtc_code code = QTC_NOMEM;

    *t = (struct qtc_timeline){.capture = c};
    s.lanes.arena = &t->arena;
    if (begin(&s, tools)) {
        code = read_body(&s, c->body);
        if (code == QTC_OK && t->events > 0) {
            code = qtc_openai_reader_end(s.reader);
        }
        if (code == QTC_LIMIT) { /* what came before it is drawn */
            t->note = "a limit was passed: the rest is not drawn";
            code = QTC_OK;
        }
        end(&s);
        number_comments(t);
        order_lanes(&s);
        if (c->timed) {
            find_gaps(&s);
        }
    }
    qtc_openai_reader_free(s.reader);
    qtc_stream_free(s.stream);
    return s.nomem ? QTC_NOMEM : code;
}

void qtc_timeline_free(struct qtc_timeline *t)
{
    for (size_t i = 0; i < t->lane_count; i++) {
        qtc_buf_free(&t->lanes[i].excerpt);
    }
    free(t->lanes);
    free(t->items);
    qtc_arena_free(&t->arena);
}
