/* decode.c - bytes to events, by the rules of WHATWG HTML 9.2.6.
 *
 * An event is read where it lies: in the bytes that are being fed, or, once the
 * end of a feed has cut it, in `carry`. Every place in it is an offset from
 * `base`, so that it stays true when the event moves from one to the other:
 *
 *     base              line_at          next
 *     v                 v                v
 *     event: delta \n   data: {...} \n   \n
 *
 * Line ends are looked for in newly fed bytes only, so that a line in many
 * pieces costs no more than a line in one. */
#include "sse/sse.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_MAX_EVENT ((size_t)64 << 20)

/* How far a CR is looked for in one go: the bytes are then still in the cache
 * when the lines in them are read. */
#define CR_WINDOW ((size_t)16 << 10)

struct span {
    size_t at, len; /* from base */
};

struct fields {
    struct span type, id;
    bool has_type, has_id;
};

/* The event that is being read. */
struct pending {
    size_t line_at; /* where its current line begins */
    size_t next;    /* behind that line's end, while it is being read */
    struct span data;
    size_t data_lines;
    size_t data_end; /* behind the last data line */
    uint64_t data_end_line;
    uint64_t first_line;
    /* Fields behind the data are kept apart: when another data line splits the
     * event, they belong to the later part. */
    struct fields before, after;
    unsigned oddities;
};

enum line_ending { END_UNKNOWN, END_LF, END_CRLF, END_CR };

struct qtc_sse_decoder {
    struct qtc_sse_options options;
    qtc_sse_sink *sink;
    void *ctx;
    enum qtc_code code; /* the first failure stays */

    const char *base;
    struct qtc_buf carry;
    struct pending event;
    struct qtc_buf joined; /* the data, when it has more than one line */

    struct qtc_json_scan scan; /* of the data, for split_json_lines */
    size_t scanned;
    bool not_json;

    struct qtc_buf id;
    uint64_t retry;
    uint64_t number;
    uint64_t line;
    enum line_ending last_ending;
    bool open_cr; /* the last byte was a CR that ended a line; an LF would belong to it */
};

/* One call of feed(). */
struct feed {
    const char *pos, *end;
    const char *from;  /* first byte that is not in carry, while there is a carry */
    const char *lf;    /* the first LF at or behind pos, or end, while not before pos */
    const char *clear; /* no CR from pos to here; an end of search, or a CR */
};

/* ---- delivering ---------------------------------------------------------- */

static void fail(struct qtc_sse_decoder *d, enum qtc_code code)
{
    if (d->code == QTC_OK) {
        d->code = code;
    }
}

static struct qtc_bytes bytes_of(const struct qtc_sse_decoder *d, struct span s)
{
    return (struct qtc_bytes){d->base + s.at, s.len};
}

static struct qtc_bytes data_of(const struct qtc_sse_decoder *d)
{
    if (d->event.data_lines > 1) {
        return (struct qtc_bytes){d->joined.data, d->joined.len};
    }
    return bytes_of(d, d->event.data);
}

static void set_id(struct qtc_sse_decoder *d, struct qtc_bytes id)
{
    qtc_buf_clear(&d->id);
    qtc_buf_put(&d->id, id);
    if (d->id.failed) {
        fail(d, QTC_NOMEM);
    }
}

static void deliver(struct qtc_sse_decoder *d, size_t raw_len, unsigned oddities)
{
    const struct pending *event = &d->event;

    if (event->before.has_id) {
        set_id(d, bytes_of(d, event->before.id));
    }
    if (d->code != QTC_OK) {
        return;
    }
    d->number += event->data_lines > 0;
    struct qtc_sse_event out = {
        .raw = {d->base, raw_len},
        .data = data_of(d),
        .type = bytes_of(d, event->before.type),
        .id = {d->id.data, d->id.len},
        .retry = d->retry,
        .number = d->number,
        .line = event->first_line,
        .oddities = event->oddities | oddities | (event->data_lines > 1 ? QTC_SSE_MULTI_LINE : 0u),
        .has_data = event->data_lines > 0,
    };
    if (!d->sink(d->ctx, &out)) {
        fail(d, QTC_STOPPED);
    }
}

/* The first n bytes of the event are done with. */
static void advance(struct qtc_sse_decoder *d, size_t n)
{
    if (d->carry.len > 0) {
        qtc_buf_drop(&d->carry, n);
        d->base = d->carry.data;
    } else {
        d->base += n;
    }
}

static void merge(struct fields *into, const struct fields *later)
{
    if (later->has_type) {
        into->type = later->type;
        into->has_type = true;
    }
    if (later->has_id) {
        into->id = later->id;
        into->has_id = true;
    }
}

/* Field by field: what is not reset here is read only where a count or flag says that it was set. */
static void reset_event(struct qtc_sse_decoder *d)
{
    struct pending *event = &d->event;

    event->line_at = event->next = 0;
    event->data = (struct span){0, 0};
    event->data_lines = 0;
    event->first_line = d->line + 1;
    event->before.type = event->before.id = (struct span){0, 0};
    event->before.has_type = event->before.has_id = false;
    event->after.has_type = event->after.has_id = false;
    event->oddities = 0;
}

/* A blank line, or the end of the stream, ends the event behind `raw_len` bytes. */
static void end_event(struct qtc_sse_decoder *d, size_t raw_len, unsigned oddities)
{
    merge(&d->event.before, &d->event.after);
    deliver(d, raw_len, oddities);
    advance(d, raw_len);
    reset_event(d);
}

static struct span moved(struct span s, size_t by)
{
    return (struct span){s.at - by, s.len};
}

/* Ends the event behind its last data line. What follows that line, up to and
 * with the current one, begins the next event. Gives how far base has moved. */
static size_t split_event(struct qtc_sse_decoder *d)
{
    const struct pending *event = &d->event;
    size_t cut = event->data_end;
    struct pending rest = {
        .line_at = event->line_at - cut,
        .next = event->next - cut,
        .first_line = event->data_end_line,
        .before = event->after,
    };

    if (rest.before.has_type) {
        rest.before.type = moved(rest.before.type, cut);
    }
    if (rest.before.has_id) {
        rest.before.id = moved(rest.before.id, cut);
    }
    deliver(d, cut, QTC_SSE_NO_BLANK_LINE);
    advance(d, cut);
    d->event = rest;
    return cut;
}

/* ---- fields -------------------------------------------------------------- */

static bool all_blank(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!qtc_is_blank(p[i])) {
            return false;
        }
    }
    return true;
}

/* The data so far is one JSON object, or [DONE]. Asked at every data line but an
 * event's first one; scans only what was not there at the last time. */
static bool data_is_whole(struct qtc_sse_decoder *d)
{
    struct qtc_bytes data = data_of(d);
    size_t used = 0;

    if (d->event.data_lines == 1) {
        memset(&d->scan, 0, sizeof d->scan);
        d->scanned = 0;
        d->not_json = data.len == 0 || data.data[0] != '{';
        if (qtc_bytes_is(data, "[DONE]")) {
            return true;
        }
    }
    if (d->not_json) {
        return false;
    }
    const char *rest = data.data + d->scanned;
    size_t rest_len = data.len - d->scanned;
    enum qtc_json_progress progress = qtc_json_scan_feed(&d->scan, rest, rest_len, &used);
    d->scanned = data.len;
    if (progress == QTC_JSON_DONE && all_blank(rest + used, rest_len - used)) {
        return true;
    }
    d->not_json = progress != QTC_JSON_MORE;
    return false;
}

static void join_data(struct qtc_sse_decoder *d, struct span value)
{
    if (d->event.data_lines == 1) {
        qtc_buf_clear(&d->joined);
        qtc_buf_put(&d->joined, bytes_of(d, d->event.data));
    }
    qtc_buf_byte(&d->joined, '\n');
    qtc_buf_put(&d->joined, bytes_of(d, value));
    if (d->joined.failed) {
        fail(d, QTC_NOMEM);
    }
}

static void take_data(struct qtc_sse_decoder *d, struct span value)
{
    struct pending *event = &d->event;

    if (d->options.split_json_lines && event->data_lines > 0 && data_is_whole(d)) {
        value.at -= split_event(d);
    }
    if (event->data_lines == 0) {
        event->data = value;
    } else {
        join_data(d, value);
        merge(&event->before, &event->after);
        event->after = (struct fields){0};
    }
    event->data_lines++;
    event->data_end = event->next;
    event->data_end_line = d->line + 1;
}

static struct fields *current_fields(struct qtc_sse_decoder *d)
{
    return d->event.data_lines > 0 ? &d->event.after : &d->event.before;
}

static void take_type(struct qtc_sse_decoder *d, struct span value)
{
    struct fields *fields = current_fields(d);

    fields->type = value;
    fields->has_type = true;
}

static void take_id(struct qtc_sse_decoder *d, struct span value)
{
    struct fields *fields = current_fields(d);

    if (memchr(d->base + value.at, 0, value.len) == NULL) {
        fields->id = value;
        fields->has_id = true;
    }
}

static void take_retry(struct qtc_sse_decoder *d, struct span value)
{
    const char *p = d->base + value.at;
    uint64_t n = 0;

    for (size_t i = 0; i < value.len; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return;
        }
        uint64_t digit = (uint64_t)(p[i] - '0');
        n = n > (UINT64_MAX - digit) / 10 ? UINT64_MAX : n * 10 + digit;
    }
    if (value.len > 0) {
        d->retry = n;
    }
}

static const struct field {
    char name[6];
    unsigned char len;
    void (*take)(struct qtc_sse_decoder *d, struct span value);
} fields_known[] = {
    {"data", 4, take_data},
    {"event", 5, take_type},
    {"id", 2, take_id},
    {"retry", 5, take_retry},
};

/* A line that is not blank: name, or name:value, or :comment. */
static void take_field(struct qtc_sse_decoder *d, size_t end)
{
    const char *line = d->base + d->event.line_at;
    size_t len = end - d->event.line_at;
    const char *colon = memchr(line, ':', len);
    size_t name_len = colon != NULL ? (size_t)(colon - line) : len;
    size_t skip = name_len + (colon != NULL);

    if (skip < len && line[skip] == ' ' && colon != NULL) {
        skip++;
    }
    for (size_t i = 0; i < sizeof fields_known / sizeof *fields_known; i++) {
        const struct field *field = &fields_known[i];
        if (field->len == name_len && memcmp(field->name, line, name_len) == 0) {
            field->take(d, (struct span){d->event.line_at + skip, len - skip});
            return;
        }
    }
}

/* ---- lines --------------------------------------------------------------- */

static void skip_bom(struct qtc_sse_decoder *d, size_t end)
{
    if (end >= 3 && memcmp(d->base, "\xef\xbb\xbf", 3) == 0) {
        d->event.line_at = 3;
        d->event.oddities |= QTC_SSE_BOM;
    }
}

/* The line from event.line_at to `end`; `next` is behind its line end. */
static void take_line(struct qtc_sse_decoder *d, size_t end, size_t next)
{
    if (d->line == 1) {
        skip_bom(d, end);
    }
    if (d->event.line_at == end) {
        end_event(d, next, 0);
    } else {
        d->event.next = next;
        take_field(d, end);
        d->event.line_at = d->event.next;
    }
}

static void note_ending(struct qtc_sse_decoder *d, enum line_ending ending)
{
    if (d->last_ending != ending) {
        if (d->last_ending != END_UNKNOWN) {
            d->event.oddities |= QTC_SSE_MIXED_ENDS;
        }
        d->last_ending = ending;
    }
}

/* The line ended with the CR that was the last byte of an earlier feed, and was
 * taken then: a live stream must not wait for the next byte. An LF that comes
 * now is the rest of that line end; it goes with the bytes of the event at hand. */
static void settle_cr(struct qtc_sse_decoder *d, struct feed *in)
{
    d->open_cr = false;
    if (*in->pos == '\n') {
        note_ending(d, END_CRLF);
        d->event.line_at++;
        in->pos++;
    } else {
        note_ending(d, END_CR);
    }
}

static const char *find(const char *p, char c, const char *end)
{
    const char *found = p < end ? memchr(p, c, (size_t)(end - p)) : NULL;

    return found != NULL ? found : end;
}

/* The first CR or LF at or behind pos, or end. Remembers the next of both, so
 * that a stream which has only one of them is not searched for the other again
 * and again. */
static const char *line_end(struct feed *in)
{
    if (in->lf < in->pos) {
        in->lf = *in->pos == '\n' ? in->pos : find(in->pos + 1, '\n', in->end);
    }
    if (in->clear < in->pos) {
        in->clear = in->pos;
    }
    if (in->clear < in->lf && *in->clear != '\r') {
        size_t left = (size_t)(in->end - in->clear);
        const char *window = in->clear + (left < CR_WINDOW ? left : CR_WINDOW);
        in->clear = find(in->clear, '\r', window < in->lf ? in->lf : window);
    }
    return in->clear < in->lf ? in->clear : in->lf;
}

/* Length of the line end at p; 1 for a CR whose LF may still come. */
static size_t measure_ending(struct qtc_sse_decoder *d, const char *p, const char *end)
{
    if (*p == '\n') {
        note_ending(d, END_LF);
        return 1;
    }
    if (p + 1 == end) {
        d->open_cr = true;
        return 1;
    }
    bool crlf = p[1] == '\n';
    note_ending(d, crlf ? END_CRLF : END_CR);
    return crlf ? 2 : 1;
}

static void carry_add(struct qtc_sse_decoder *d, const char *p, size_t n)
{
    if (n > d->options.max_event - d->carry.len) {
        fail(d, QTC_LIMIT);
        return;
    }
    qtc_buf_add(&d->carry, p, n);
    d->base = d->carry.data;
    if (d->carry.failed) {
        fail(d, QTC_NOMEM);
    }
}

/* The usual event, "data: ...\n\n", whole in this feed and with nothing before it: taken in one go.
 * false: it is not that, and nothing was done. */
static bool take_whole(struct qtc_sse_decoder *d, struct feed *in)
{
    if (d->carry.len > 0 || d->event.line_at > 0 || d->event.data_lines > 0 || d->last_ending != END_LF ||
        d->line == 1 || in->pos != d->base || in->end - in->pos < 8 || memcmp(in->pos, "data: ", 6) != 0) {
        return false;
    }
    const char *lf = line_end(in);
    if (lf + 1 >= in->end || lf[0] != '\n' || lf[1] != '\n') {
        return false;
    }
    size_t raw = (size_t)(lf + 2 - in->pos);
    if (raw > d->options.max_event) {
        return false;
    }
    struct qtc_sse_event out = {
        .raw = {in->pos, raw},
        .data = {in->pos + 6, raw - 8},
        .type = {in->pos, 0},
        .id = {d->id.data, d->id.len},
        .retry = d->retry,
        .number = ++d->number,
        .line = d->event.first_line,
        .has_data = true,
    };
    in->pos += raw;
    d->base = in->pos;
    d->line += 2;
    d->event.first_line = d->line;
    if (!d->sink(d->ctx, &out)) {
        fail(d, QTC_STOPPED);
    }
    return true;
}

/* Takes the next line that has its end in this feed; false where there is none. */
static bool next_line(struct qtc_sse_decoder *d, struct feed *in)
{
    const char *end = in->pos < in->end ? line_end(in) : in->end;
    if (end == in->end) {
        return false;
    }
    size_t ending = measure_ending(d, end, in->end);
    bool carried = d->carry.len > 0;

    in->pos = end + ending;
    if (carried) {
        carry_add(d, in->from, (size_t)(in->pos - in->from));
        in->from = in->pos;
    }
    size_t next = carried ? d->carry.len : (size_t)(in->pos - d->base);
    if (next > d->options.max_event) {
        fail(d, QTC_LIMIT);
    }
    if (d->code == QTC_OK) {
        take_line(d, next - ending, next);
        d->line++;
    }
    if (carried && d->carry.len == 0) {
        d->base = in->pos;
    }
    return d->code == QTC_OK;
}

static void keep_rest(struct qtc_sse_decoder *d, const struct feed *in)
{
    const char *from = d->carry.len > 0 ? in->from : d->base;

    if (from < in->end) {
        carry_add(d, from, (size_t)(in->end - from));
    }
}

/* ---- the decoder --------------------------------------------------------- */

struct qtc_sse_decoder *qtc_sse_decoder_new(const struct qtc_sse_options *options, qtc_sse_sink *sink,
                                            void *ctx)
{
    struct qtc_sse_decoder *d = calloc(1, sizeof *d);

    if (d == NULL) {
        return NULL;
    }
    if (options != NULL) {
        d->options = *options;
    }
    if (d->options.max_event == 0) {
        d->options.max_event = DEFAULT_MAX_EVENT;
    }
    d->sink = sink;
    d->ctx = ctx;
    d->base = "";
    d->line = 1;
    d->event.first_line = 1;
    return d;
}

void qtc_sse_decoder_free(struct qtc_sse_decoder *d)
{
    if (d != NULL) {
        qtc_buf_free(&d->carry);
        qtc_buf_free(&d->joined);
        qtc_buf_free(&d->id);
        free(d);
    }
}

enum qtc_code qtc_sse_decoder_feed(struct qtc_sse_decoder *d, const char *p, size_t n)
{
    if (d->code != QTC_OK || n == 0) {
        return d->code;
    }
    struct feed in = {.pos = p, .end = p + n, .from = p, .lf = find(p, '\n', p + n), .clear = p};
    if (d->carry.len == 0) {
        d->base = p;
    }
    if (d->open_cr) {
        settle_cr(d, &in);
    }
    while (take_whole(d, &in) ? d->code == QTC_OK : next_line(d, &in)) {
    }
    if (d->code == QTC_OK) {
        keep_rest(d, &in);
    }
    return d->code;
}

enum qtc_code qtc_sse_decoder_finish(struct qtc_sse_decoder *d)
{
    size_t len = d->carry.len;

    if (d->code == QTC_OK && d->event.line_at < len) {
        take_line(d, len, len);
    }
    if (d->code == QTC_OK && d->carry.len > 0) {
        end_event(d, d->carry.len, d->event.data_lines > 0 ? QTC_SSE_UNTERMINATED : 0u);
    }
    return d->code;
}

uint64_t qtc_sse_decoder_line(const struct qtc_sse_decoder *d)
{
    return d->line;
}

enum qtc_code qtc_sse_decode(const struct qtc_sse_options *options, struct qtc_bytes stream,
                             qtc_sse_sink *sink, void *ctx)
{
    struct qtc_sse_decoder *d = qtc_sse_decoder_new(options, sink, ctx);
    enum qtc_code code = QTC_NOMEM;

    if (d != NULL) {
        qtc_sse_decoder_feed(d, stream.data, stream.len);
        code = qtc_sse_decoder_finish(d); /* what feed was stopped by too */
    }
    qtc_sse_decoder_free(d);
    return code;
}
