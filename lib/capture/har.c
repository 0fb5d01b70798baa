/* har.c - HTTP archives (HAR 1.2) of Chrome, Firefox, mitmproxy and others: the entries whose response is a
 * model's.
 *
 * An archive has but two times for a body: its first byte came when `wait` was over, its last one when
 * `receive` was. A stream's first event is given the first, what follows the second; another body has the
 * second. Chrome also keeps when each event of a stream came (_eventSourceMessages): these are then the
 * times, and the text where the body itself is missing. */
#include "capture/base64.h"
#include "capture/readers.h"
#include "sse/sse.h"

#include <string.h>

enum { MAX_ENTRY = 64 << 20 };

struct har {
    struct qtc_reading *r;
    const char *p, *end;
    const char *counted; /* lines before it are in `line` */
    uint64_t line;
    struct qtc_arena scratch; /* of one entry */
};

/* An entry that is being read. */
struct entry {
    const struct qtc_json *tree, *request, *response, *content, *messages;
    struct qtc_capture capture;
    uint64_t epoch;           /* when it was sent; 0: unknown */
    uint64_t first, duration; /* when its first byte came, and its last */
};

/* ---- the way to the entries ------------------------------------------------------------ */

static enum qtc_code fail(struct har *h, const char *message)
{
    return qtc_reading_fail(h->r, QTC_SYNTAX, h->p == h->end ? "the archive is cut" : message, h->p);
}

static void skip_blanks(struct har *h)
{
    while (h->p < h->end && qtc_is_blank(*h->p)) {
        h->p++;
    }
}

static bool take(struct har *h, char c)
{
    skip_blanks(h);
    if (h->p == h->end || *h->p != c) {
        return false;
    }
    h->p++;
    return true;
}

static enum qtc_code take_value(struct har *h, struct qtc_bytes *value)
{
    struct qtc_json_scan scan = {0};
    const char *from = h->p;
    size_t used;
    enum qtc_json_progress progress = qtc_json_scan_feed(&scan, from, (size_t)(h->end - from), &used);

    h->p += used;
    *value = qtc_bytes_trim(qtc_bytes(from, used));
    return progress == QTC_JSON_DONE ? QTC_OK : fail(h, "not JSON, or nested too deeply");
}

static enum qtc_code read_entry(struct har *h, struct qtc_bytes text);

static enum qtc_code read_entries(struct har *h)
{
    enum qtc_code code = take(h, '[') ? QTC_OK : fail(h, "the archive's entries are no array");

    if (code != QTC_OK || take(h, ']')) {
        return code;
    }
    do {
        struct qtc_bytes entry;
        code = take_value(h, &entry);
        code = code == QTC_OK ? read_entry(h, entry) : code;
    } while (code == QTC_OK && take(h, ','));
    return code == QTC_OK && !take(h, ']') ? fail(h, "a comma or ] is missing") : code;
}

/* An object, of which one member is of interest. */
static enum qtc_code read_object(struct har *h, const char *wanted, enum qtc_code (*read)(struct har *h))
{
    struct qtc_bytes key, value;
    enum qtc_code code = take(h, '{') ? QTC_OK : fail(h, "an object is missing");

    if (code != QTC_OK || take(h, '}')) {
        return code;
    }
    do {
        code = take_value(h, &key);
        if (code == QTC_OK && (key.data[0] != '"' || !take(h, ':'))) {
            code = fail(h, "a key in quotes, or its colon, is missing");
        }
        if (code == QTC_OK) {
            code = qtc_bytes_is(key, wanted) ? read(h) : take_value(h, &value);
        }
    } while (code == QTC_OK && take(h, ','));
    return code == QTC_OK && !take(h, '}') ? fail(h, "a comma or } is missing") : code;
}

static enum qtc_code read_log(struct har *h)
{
    return read_object(h, "\"entries\"", read_entries);
}

/* ---- times -------------------------------------------------------------------------------- */

/* Milliseconds; -1 is what the archive says where there is none. */
static uint64_t duration_of(const struct qtc_json *timings, const char *name)
{
    const struct qtc_json *value = qtc_json_get(timings, name);
    uint64_t n = 0;

    return qtc_json_type_of(value) == QTC_JSON_NUMBER && qtc_decimal(value->raw, 6, &n) && n < UINT64_MAX / 16
               ? n
               : 0;
}

static void read_times(struct entry *e)
{
    static const char *const before[] = {"blocked", "dns", "connect", "send", "wait"};
    const struct qtc_json *timings = qtc_json_get(e->tree, "timings");

    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        e->first += duration_of(timings, before[i]);
    }
    e->duration = e->first + duration_of(timings, "receive");
    if (e->duration == 0) {
        e->first = e->duration = duration_of(e->tree, "time");
    }
    e->capture.ended = e->duration;
    e->capture.timed = e->duration > 0;
}

/* ---- bodies ---------------------------------------------------------------------------------- */

/* Where messages say when each event came. */
struct placing {
    const struct qtc_json *message;
    struct qtc_arrival *arrivals;
    size_t count, room;
    size_t end;
    uint64_t base, last, shift;
    bool failed;
};

/* Seconds since 1970, in a message. */
static bool message_time(const struct qtc_json *message, uint64_t *epoch)
{
    const struct qtc_json *time = qtc_json_get(message, "time");

    return qtc_json_type_of(time) == QTC_JSON_NUMBER && qtc_decimal(time->raw, 9, epoch);
}

/* Since the request was sent; where that is not known, or on another clock, the first message came with the
 * first byte. Never before the message before it. */
static void begin_placing(const struct entry *e, struct placing *p)
{
    uint64_t first = 0;
    const uint64_t day = UINT64_C(86400) * 1000000000;

    *p = (struct placing){.message = e->messages->first, .room = e->messages->count};
    message_time(p->message, &first);
    p->base = e->epoch;
    if (e->epoch == 0 || first < e->epoch || first - e->epoch > day) {
        p->base = first;
        p->shift = e->first;
    }
}

static void place(struct placing *p, size_t end)
{
    uint64_t epoch = 0, at;

    if (p->count == p->room || !message_time(p->message, &epoch)) {
        p->failed = true;
        return;
    }
    at = epoch > p->base && epoch - p->base < UINT64_MAX / 2 ? epoch - p->base + p->shift : p->shift;
    p->last = at > p->last ? at : p->last;
    p->arrivals[p->count++] = (struct qtc_arrival){p->last, end};
    p->message = p->message->next;
}

static bool place_event(void *ctx, const struct qtc_sse_event *event)
{
    struct placing *p = ctx;

    p->end += event->raw.len;
    if (event->has_data && event->data.len > 0) {
        place(p, p->end);
    }
    return !p->failed;
}

static void set_placed(struct entry *e, struct placing *p)
{
    struct qtc_capture *c = &e->capture;

    p->arrivals[p->count - 1].end = c->body.len;
    c->arrivals = p->arrivals;
    c->arrival_count = p->count;
    c->ended = p->last > c->ended ? p->last : c->ended;
    c->timed = true;
}

/* The body's events with their messages' times, if there is a message for each. */
static enum qtc_code place_events(struct har *h, struct entry *e)
{
    struct placing p;
    enum qtc_code code;

    begin_placing(e, &p);
    p.arrivals = qtc_arena_array(h->r->arena, p.room, sizeof *p.arrivals);
    code = p.arrivals != NULL ? qtc_sse_decode(NULL, e->capture.body, place_event, &p) : QTC_NOMEM;
    if (code == QTC_OK && !p.failed && p.count == p.room) {
        set_placed(e, &p);
    }
    return code == QTC_NOMEM ? code : QTC_OK;
}

static void put_field(struct qtc_buf *out, const char *name, struct qtc_bytes value)
{
    if (value.len > 0) {
        qtc_buf_str(out, name);
        qtc_buf_put(out, value);
        qtc_buf_byte(out, '\n');
    }
}

/* The stream that the messages came from, as far as they tell. */
static enum qtc_code write_messages(struct har *h, struct entry *e)
{
    struct qtc_buf out = {0};
    struct placing p;

    begin_placing(e, &p);
    p.arrivals = qtc_arena_array(h->r->arena, p.room, sizeof *p.arrivals);
    if (p.arrivals == NULL) {
        return QTC_NOMEM;
    }
    for (const struct qtc_json *m = e->messages->first; m != NULL; m = m->next) {
        struct qtc_bytes type = qtc_json_text(qtc_json_get(m, "eventName"));
        put_field(&out, "id: ", qtc_json_text(qtc_json_get(m, "eventId")));
        qtc_sse_encode(&out, qtc_bytes_is(type, "message") ? qtc_bytes("", 0) : type,
                       qtc_json_text(qtc_json_get(m, "data")));
        place(&p, out.len);
    }
    e->capture.body = out.failed ? qtc_bytes(NULL, 0) : qtc_arena_copy(h->r->arena, qtc_buf_bytes(&out));
    qtc_buf_free(&out);
    if (e->capture.body.data == NULL) {
        return QTC_NOMEM;
    }
    if (p.failed) {
        return qtc_capture_set_body(h->r->arena, &e->capture, e->capture.body);
    }
    set_placed(e, &p);
    return QTC_OK;
}

static bool end_first(void *ctx, const struct qtc_sse_event *event)
{
    size_t *end = ctx;

    *end += event->raw.len;
    return !event->has_data;
}

/* The length of the first event; 0 where there is none, or nothing behind it. */
static size_t first_event(struct qtc_bytes body)
{
    size_t end = 0;
    enum qtc_code code = qtc_sse_decode(NULL, body, end_first, &end);

    return code == QTC_STOPPED && end < body.len ? end : 0;
}

/* As the archive's two times are told above. */
static enum qtc_code place_body(struct har *h, struct entry *e)
{
    struct qtc_capture *c = &e->capture;
    size_t first = qtc_is_event_field(c->body) && e->first < e->duration ? first_event(c->body) : 0;
    struct qtc_arrival *arrivals = qtc_arena_array(h->r->arena, 2, sizeof *arrivals);
    size_t count = 0;

    if (arrivals == NULL) {
        return QTC_NOMEM;
    }
    if (first > 0) {
        arrivals[count++] = (struct qtc_arrival){e->first, first};
    }
    if (c->body.len > 0) {
        arrivals[count++] = (struct qtc_arrival){e->duration, c->body.len};
    }
    c->arrivals = arrivals;
    c->arrival_count = count;
    return QTC_OK;
}

/* ---- which entries ------------------------------------------------------------------------------ */

static bool mentions(struct qtc_bytes text, const char *what)
{
    return text.len > 0 && memmem(text.data, text.len, what, strlen(what)) != NULL;
}

static bool has_one_of(const struct qtc_json *object, const char *const *names)
{
    while (*names != NULL && qtc_json_get(object, *names) == NULL) {
        names++;
    }
    return *names != NULL;
}

/* A stream of events; or JSON of which the answer, or what was asked, has the members of the known APIs. */
static bool is_answer(struct har *h, const struct entry *e, struct qtc_bytes text)
{
    static const char *const answers[] = {"choices", "candidates", "output", "error", NULL};
    static const char *const requests[] = {"messages", "model", "prompt", "contents", NULL};
    struct qtc_bytes type = qtc_json_text(qtc_json_get(e->content, "mimeType"));
    struct qtc_bytes asked = qtc_json_text(qtc_json_get(qtc_json_get(e->request, "postData"), "text"));
    struct qtc_error error;
    size_t used;

    if (e->messages != NULL || mentions(type, "event-stream") || qtc_is_event_field(text)) {
        return true;
    }
    return (qtc_bytes_starts(text, "{") || qtc_bytes_starts(text, "[") || mentions(type, "json")) &&
           (has_one_of(qtc_json_read_one(&h->scratch, text, &used, &error), answers) ||
            has_one_of(qtc_json_read_one(&h->scratch, asked, &used, &error), requests));
}

/* ---- an entry ----------------------------------------------------------------------------------- */

/* The response's text, decoded; empty where it was not kept. In the scratch arena. QTC_OK; QTC_NOMEM;
 * QTC_SYNTAX for what is not base64. */
static enum qtc_code read_text(struct har *h, const struct entry *e, struct qtc_bytes *text)
{
    char *to;
    size_t len, bad;
    bool decoded;

    *text = qtc_json_text(qtc_json_get(e->content, "text"));
    if (text->len == 0 || !qtc_bytes_is(qtc_json_text(qtc_json_get(e->content, "encoding")), "base64")) {
        return QTC_OK;
    }
    to = qtc_arena_take(&h->scratch, text->len);
    if (to == NULL) {
        return QTC_NOMEM;
    }
    decoded = qtc_base64_decode(to, &len, *text, &bad);
    *text = qtc_bytes(to, decoded ? len : 0);
    return decoded ? QTC_OK : QTC_SYNTAX;
}

/* Into the arena that stays. */
static struct qtc_bytes keep(struct har *h, struct qtc_bytes text)
{
    return qtc_arena_copy(h->r->arena, text);
}

/* HTTP/2's pseudo-headers are none. */
static enum qtc_code keep_headers(struct har *h, const struct qtc_json *list,
                                  const struct qtc_header **headers, size_t *count)
{
    const struct qtc_json *first = qtc_json_type_of(list) == QTC_JSON_ARRAY ? list->first : NULL;
    struct qtc_header *to = first != NULL ? qtc_arena_array(h->r->arena, list->count, sizeof *to) : NULL;

    *headers = to;
    for (const struct qtc_json *i = first; to != NULL && i != NULL; i = i->next) {
        struct qtc_bytes name = qtc_json_text(qtc_json_get(i, "name"));
        if (name.len > 0 && name.data[0] != ':') {
            *to = (struct qtc_header){keep(h, name), keep(h, qtc_json_text(qtc_json_get(i, "value")))};
            if (to->name.data == NULL || to->value.data == NULL) {
                return QTC_NOMEM;
            }
            to++;
            ++*count;
        }
    }
    return first == NULL || to != NULL ? QTC_OK : QTC_NOMEM;
}

static enum qtc_code read_exchange(struct har *h, struct entry *e)
{
    struct qtc_capture *c = &e->capture;
    enum qtc_code code;

    c->method = keep(h, qtc_json_text(qtc_json_get(e->request, "method")));
    c->url = keep(h, qtc_json_text(qtc_json_get(e->request, "url")));
    c->request = keep(h, qtc_json_text(qtc_json_get(qtc_json_get(e->request, "postData"), "text")));
    qtc_json_unsigned(qtc_json_get(e->response, "status"), &c->status);
    c->cut = qtc_json_text(qtc_json_get(e->response, "_error")).len > 0;
    if (c->method.data == NULL || c->url.data == NULL || c->request.data == NULL) {
        return QTC_NOMEM;
    }
    qtc_time_in_utc(h->r->arena, qtc_json_text(qtc_json_get(e->tree, "startedDateTime")), &c->start,
                    &e->epoch);
    code =
        keep_headers(h, qtc_json_get(e->request, "headers"), &c->request_headers, &c->request_header_count);
    return code == QTC_OK
               ? keep_headers(h, qtc_json_get(e->response, "headers"), &c->headers, &c->header_count)
               : code;
}

static enum qtc_code read_body(struct har *h, struct entry *e, struct qtc_bytes text)
{
    enum qtc_code code;

    if (text.len == 0) {
        return e->messages != NULL ? write_messages(h, e) : QTC_OK;
    }
    e->capture.body = keep(h, text);
    if (e->capture.body.data == NULL) {
        return QTC_NOMEM;
    }
    code = place_body(h, e);
    return code == QTC_OK && e->messages != NULL ? place_events(h, e) : code;
}

static uint64_t line_at(struct har *h, const char *where)
{
    for (const char *lf; (lf = memchr(h->counted, '\n', (size_t)(where - h->counted))) != NULL;) {
        h->counted = lf + 1;
        h->line++;
    }
    return h->line;
}

static enum qtc_code keep_entry(struct har *h, struct entry *e)
{
    struct qtc_bytes text;
    enum qtc_code code = read_text(h, e, &text);

    if (code == QTC_NOMEM || !is_answer(h, e, text)) {
        return code == QTC_NOMEM ? code : QTC_OK; /* whatever is wrong with a picture */
    }
    if (code != QTC_OK) {
        return qtc_reading_fail(h->r, code, "the response's text is not base64",
                                qtc_json_get(e->content, "text")->raw.data);
    }
    if (text.len == 0 && e->messages == NULL) {
        return QTC_OK; /* the text was not kept: nothing to play */
    }
    code = read_exchange(h, e);
    if (code == QTC_OK) {
        read_times(e);
        code = read_body(h, e, text);
    }
    e->capture.line = line_at(h, e->tree->raw.data);
    return code == QTC_OK ? qtc_reading_add(h->r, &e->capture) : code;
}

static const struct qtc_json *messages_of(const struct qtc_json *entry)
{
    const struct qtc_json *messages = qtc_json_get(entry, "_eventSourceMessages");

    return qtc_json_type_of(messages) == QTC_JSON_ARRAY && messages->count > 0 ? messages : NULL;
}

static enum qtc_code read_entry(struct har *h, struct qtc_bytes text)
{
    struct entry e = {0};
    struct qtc_error error = {0};

    if (text.len > MAX_ENTRY) { /* a download, unless it is a stream */
        return mentions(text, "event-stream")
                   ? qtc_reading_fail(h->r, QTC_LIMIT, "a stream in an entry of more than 64 MiB", text.data)
                   : QTC_OK;
    }
    qtc_arena_reset(&h->scratch);
    e.tree = qtc_json_read(&h->scratch, text, &error);
    if (e.tree == NULL) {
        return qtc_reading_fail(h->r, error.code, error.message, text.data + error.offset);
    }
    e.request = qtc_json_get(e.tree, "request");
    e.response = qtc_json_get(e.tree, "response");
    e.content = qtc_json_get(e.response, "content");
    e.messages = messages_of(e.tree);
    return keep_entry(h, &e);
}

/* ---- the file ------------------------------------------------------------------------------------ */

static bool is_har(struct qtc_bytes beginning)
{
    struct har h = {.p = beginning.data, .end = beginning.data + beginning.len};

    if (!take(&h, '{') || !take(&h, '"')) {
        return false;
    }
    return qtc_bytes_starts(qtc_bytes(h.p, (size_t)(h.end - h.p)), "log\"");
}

static enum qtc_code read_har(struct qtc_reading *r)
{
    struct qtc_bytes text = qtc_reading_text(r);
    struct har h = {.r = r, .p = text.data, .end = text.data + text.len, .counted = text.data, .line = 1};
    enum qtc_code code = read_object(&h, "\"log\"", read_log);

    skip_blanks(&h);
    if (code == QTC_OK && h.p < h.end) {
        code = fail(&h, "more behind the archive");
    }
    qtc_arena_free(&h.scratch);
    return code;
}

const struct qtc_capture_format qtc_har_format = {is_har, read_har};
