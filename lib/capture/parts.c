#include "capture/capture.h"
#include "sse/sse.h"

#include <stdlib.h>
#include <string.h>

/* ---- the list ------------------------------------------------------------------- */

/* A line with JSON in it. */
struct chunk {
    size_t begin, end;
    size_t texts;                /* strings that are a model's text */
    size_t text_begin, text_end; /* the inside of the last one */
};

struct finder {
    struct qtc_parts *parts;
    struct qtc_bytes body;
    enum qtc_grain grain;
    struct qtc_arena arena; /* of the JSON at hand */
    bool nomem;
    bool stop;                  /* nothing more can be added */
    struct chunk chunk, before; /* CUTS */
};

static void add(struct finder *f, struct qtc_part part)
{
    struct qtc_parts *parts = f->parts;

    if (parts->count == QTC_PARTS_MAX) {
        f->stop = true;
        return;
    }
    if (parts->count == parts->room) {
        size_t room = parts->room < 256 ? 256 : parts->room * 2;
        struct qtc_part *list =
            room <= SIZE_MAX / sizeof *list ? realloc(parts->list, room * sizeof *list) : NULL;
        if (list == NULL) {
            f->nomem = f->stop = true;
            return;
        }
        parts->list = list;
        parts->room = room;
    }
    parts->list[parts->count++] = part;
}

static void add_range(struct finder *f, size_t begin, size_t end, bool data)
{
    add(f, (struct qtc_part){.begin = begin, .end = end, .gap = begin, .before = SIZE_MAX, .data = data});
}

void qtc_parts_free(struct qtc_parts *parts)
{
    free(parts->list);
    *parts = (struct qtc_parts){0};
}

/* ---- lines and events ---------------------------------------------------------------- */

/* Behind the line that begins at `at`, its end included: LF, CRLF or CR. */
static size_t line_end(struct qtc_bytes body, size_t at)
{
    while (at < body.len && body.data[at] != '\n' && body.data[at] != '\r') {
        at++;
    }
    if (at + 1 < body.len && body.data[at] == '\r' && body.data[at + 1] == '\n') {
        at++;
    }
    return at < body.len ? at + 1 : at;
}

static void add_lines(struct finder *f)
{
    size_t end;

    for (size_t at = 0; at < f->body.len && !f->stop; at = end) {
        end = line_end(f->body, at);
        add_range(f, at, end, true);
    }
}

static bool add_event(void *ctx, const struct qtc_sse_event *event)
{
    struct finder *f = ctx;
    size_t begin = f->parts->count > 0 ? f->parts->list[f->parts->count - 1].end : 0;

    add_range(f, begin, begin + event->raw.len, event->has_data);
    f->parts->of_stream = f->parts->of_stream || event->has_data;
    return !f->stop;
}

static void add_events(struct finder *f)
{
    struct qtc_sse_options options = {.max_event = SIZE_MAX, .split_json_lines = true};

    f->nomem = qtc_sse_decode(&options, f->body, add_event, f) == QTC_NOMEM || f->nomem;
    if (!f->nomem && !f->parts->of_stream) {
        f->parts->count = 0;
        f->stop = false;
        add_lines(f);
    }
}

/* ---- text in JSON strings -------------------------------------------------------------- */

/* What stands in these members is a model's text. */
static const char *const text_members[] = {"content",  "reasoning_content", "reasoning",
                                           "thinking", "arguments",         "partial_json",
                                           "text",     "refusal",           NULL};

static bool is_escape(const char *p, size_t n, const char *letters)
{
    return n > 1 && p[0] == '\\' && strchr(letters, p[1]) != NULL && p[1] != '\0';
}

static bool is_low_half(const char *p, size_t n)
{
    return n >= 6 && is_escape(p, n, "u") && (p[2] == 'd' || p[2] == 'D') && strchr("cdefCDEF", p[3]) != NULL;
}

static bool is_high_half(const char *p, size_t n)
{
    return n >= 6 && is_escape(p, n, "u") && (p[2] == 'd' || p[2] == 'D') && strchr("89abAB", p[3]) != NULL;
}

/* How many bytes of a string's inside are one character; an escape is whole. n > 0 */
static size_t character(const char *p, size_t n)
{
    unsigned length = qtc_utf8_char(p, n);

    if (is_high_half(p, n) && is_low_half(p + 6, n - 6)) {
        return 12;
    }
    if (p[0] == '\\') {
        return is_escape(p, n, "u") ? 6 : 2; /* the reader has seen that they are there */
    }
    return length > 0 ? length : 1;
}

/* Whether a part ends between two characters. */
static bool parts_between(enum qtc_grain grain, const char *before, const char *behind, size_t left)
{
    bool blank_before = *before == ' ' || is_escape(before, 2, "nrt");

    if (grain == QTC_GRAIN_LINES) {
        return is_escape(before, 2, "n");
    }
    return grain == QTC_GRAIN_CHARS || (blank_before && *behind != ' ' && !is_escape(behind, left, "nrt"));
}

/* The inside of a string at [at, end) of the body. */
static void add_text(struct finder *f, size_t at, size_t end)
{
    const char *p = f->body.data;
    size_t begin = at;

    f->chunk.texts++;
    f->chunk.text_begin = at;
    f->chunk.text_end = end;
    if (f->grain == QTC_GRAIN_CUTS) {
        return;
    }
    while (at < end && !f->stop) {
        size_t next = at + character(p + at, end - at);
        if (next == end || parts_between(f->grain, p + at, p + next, end - next)) {
            add_range(f, begin, next, false);
            begin = next;
        }
        at = next;
    }
}

/* ---- JSON -------------------------------------------------------------------------------- */

static size_t place(const struct finder *f, const char *p)
{
    return (size_t)(p - f->body.data);
}

static void add_member(struct finder *f, const struct qtc_json *member, size_t *before)
{
    struct qtc_part part = {.before = *before};

    part.begin = place(f, member->raw_key.len > 0 ? member->raw_key.data : member->raw.data);
    part.end = place(f, member->raw.data) + member->raw.len;
    part.gap = *before == SIZE_MAX ? part.begin : f->parts->list[*before].end;
    *before = f->parts->count;
    add(f, part);
}

/* Depth is bounded by QTC_JSON_MAX_DEPTH. */
static void add_children(struct finder *f, const struct qtc_json *value)
{
    size_t before = SIZE_MAX;

    for (const struct qtc_json *m = value->first; m != NULL && !f->stop; m = m->next) {
        if (f->grain == QTC_GRAIN_MEMBERS) {
            add_member(f, m, &before);
        } else if (m->type == QTC_JSON_STRING && qtc_bytes_is_one_of(m->key, text_members)) {
            add_text(f, place(f, m->raw.data) + 1, place(f, m->raw.data) + m->raw.len - 1);
        }
        add_children(f, m);
    }
}

/* The JSON in a text, if it is any. */
static void add_json(struct finder *f, struct qtc_bytes text)
{
    struct qtc_error error = {0};
    const struct qtc_json *value = qtc_json_read(&f->arena, text, &error);

    if (value != NULL) {
        add_children(f, value);
    }
    f->nomem = f->nomem || error.code == QTC_NOMEM;
    f->stop = f->stop || f->nomem;
    qtc_arena_reset(&f->arena);
}

/* Where the JSON may begin in a line: behind `data:`, or at once. */
static struct qtc_bytes payload(struct qtc_bytes line)
{
    static const char field[] = "data:";
    size_t skip = line.len >= sizeof field - 1 && memcmp(line.data, field, sizeof field - 1) == 0
                      ? sizeof field - 1
                      : 0;

    return qtc_bytes(line.data + skip, line.len - skip);
}

static bool same(const struct finder *f, size_t a, size_t a_end, size_t b, size_t b_end)
{
    return qtc_bytes_equal(qtc_bytes(f->body.data + a, a_end - a), qtc_bytes(f->body.data + b, b_end - b));
}

/* The chunk at hand may be joined to the one before it; then only blank lines are between them. */
static void add_cut(struct finder *f)
{
    const struct chunk *a = &f->before, *b = &f->chunk;

    if (a->texts == 1 && b->texts == 1 && same(f, a->begin, a->text_begin, b->begin, b->text_begin) &&
        same(f, a->text_end, a->end, b->text_end, b->end)) {
        add_range(f, a->text_end, b->text_begin, false);
    }
    f->before = f->chunk;
}

static void add_inside(struct finder *f)
{
    size_t end;

    for (size_t at = 0; at < f->body.len && !f->stop; at = end) {
        end = line_end(f->body, at);
        struct qtc_bytes line = {f->body.data + at, end - at};
        f->chunk = (struct chunk){.begin = at, .end = end};
        add_json(f, payload(line));
        if (f->grain == QTC_GRAIN_CUTS && qtc_bytes_trim(line).len > 0) {
            add_cut(f);
        }
    }
}

enum qtc_code qtc_parts_find(struct qtc_parts *parts, struct qtc_bytes body, enum qtc_grain grain)
{
    struct finder f = {.parts = parts, .body = body, .grain = grain};
    bool one_value = qtc_json_valid(body);

    parts->count = 0;
    parts->of_stream = false;
    if (grain != QTC_GRAIN_EVENTS && one_value) {
        add_json(&f, body);
    } else if (grain != QTC_GRAIN_EVENTS) {
        add_inside(&f);
    } else if (!one_value) {
        add_events(&f);
    }
    qtc_arena_free(&f.arena);
    return f.nomem ? QTC_NOMEM : QTC_OK;
}

/* ---- joining --------------------------------------------------------------------------------- */

struct join {
    struct qtc_bytes body;
    struct qtc_buf *out;
    size_t began; /* out->len before */
    size_t *ends;
    size_t end_count;
};

/* [from, to) stays; what was between the last `to` and this `from` does not. */
static void put(struct join *j, size_t from, size_t to)
{
    size_t at = j->out->len - j->began;

    for (; j->end_count > 0 && *j->ends <= to; j->ends++, j->end_count--) {
        *j->ends = at + (*j->ends > from ? *j->ends - from : 0);
    }
    qtc_buf_add(j->out, j->body.data + from, to - from);
}

static void mark(struct qtc_parts *parts, const size_t *keep, size_t kept)
{
    for (size_t i = 0; i < parts->count; i++) {
        parts->list[i].kept = false;
    }
    for (size_t i = 0; i < kept; i++) {
        parts->list[keep[i]].kept = true;
    }
    for (size_t i = 0; i < parts->count; i++) {
        const struct qtc_part *before =
            parts->list[i].before != SIZE_MAX ? &parts->list[parts->list[i].before] : NULL;
        parts->list[i].led = before != NULL && (before->kept || before->led);
    }
}

void qtc_parts_join(struct qtc_parts *parts, struct qtc_bytes body, const size_t *keep, size_t kept,
                    struct qtc_buf *out, size_t *ends, size_t end_count)
{
    struct join j = {body, out, out->len, ends, end_count};
    size_t at = 0; /* all before it is decided */

    mark(parts, keep, kept);
    for (size_t i = 0; i < parts->count; i++) {
        const struct qtc_part *p = &parts->list[i];
        if (p->begin >= at && (!p->kept || !p->led)) {
            put(&j, at, p->gap);
            at = p->kept ? p->begin : p->end;
        }
    }
    put(&j, at, body.len);
}
