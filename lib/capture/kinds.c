/* kinds.c - what kinds of files there are, and which one a file is. */
#include "capture/readers.h"

#include <string.h>
#include <strings.h>

enum { ENOUGH = 4096, MAX_RESPONSES = 1000000 };

/* In the order in which they are tried; the last one takes all. */
static const struct qtc_capture_kind kinds[] = {
    {"recording", "qtc's own, JSON Lines with times", &qtc_recording_format},
    {"har", "HTTP archive of a browser or a proxy", &qtc_har_format},
    {"trace", "what curl --trace or --trace-ascii writes", &qtc_trace_format},
    {"jsonl", "JSON Lines of chunks", &qtc_lines_format},
    {"json", "a whole JSON answer", &qtc_json_format},
    {"raw", "a body as it came, or what curl -i prints", &qtc_raw_format},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- bytes ------------------------------------------------------------------------ */

struct qtc_bytes qtc_skip(struct qtc_bytes text, size_t n)
{
    return n > 0 ? qtc_bytes(text.data + n, text.len - n) : text;
}

struct qtc_bytes qtc_line_of(struct qtc_bytes text)
{
    const char *end = text.len > 0 ? memchr(text.data, '\n', text.len) : NULL;

    return end != NULL ? qtc_bytes(text.data, (size_t)(end - text.data)) : text;
}

bool qtc_is_event_field(struct qtc_bytes text)
{
    static const char *const fields[] = {"data:", "event:", ":", "id:", "retry:"};

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (qtc_bytes_starts(text, fields[i])) {
            return true;
        }
    }
    return false;
}

/* ---- for the readers ----------------------------------------------------------------- */

enum qtc_code qtc_reading_fail(struct qtc_reading *r, enum qtc_code code, const char *message,
                               const char *where)
{
    *r->error = (struct qtc_error){code, message, (uint64_t)(where - r->file.data)};
    return code;
}

enum qtc_code qtc_reading_add(struct qtc_reading *r, const struct qtc_capture *c)
{
    if (r->list.len / sizeof *c == MAX_RESPONSES) {
        return qtc_reading_fail(r, QTC_LIMIT, "more than a million responses", r->file.data);
    }
    qtc_buf_add(&r->list, (const char *)c, sizeof *c);
    return r->list.failed ? QTC_NOMEM : QTC_OK;
}

struct qtc_bytes qtc_reading_text(const struct qtc_reading *r)
{
    return qtc_bytes_behind_bom(r->file);
}

enum qtc_code qtc_capture_set_body(struct qtc_arena *arena, struct qtc_capture *c, struct qtc_bytes body)
{
    struct qtc_arrival *arrival = qtc_arena_alloc(arena, sizeof *arrival);

    if (arrival == NULL) {
        return QTC_NOMEM;
    }
    arrival->end = body.len;
    c->body = body;
    c->arrivals = arrival;
    c->arrival_count = body.len > 0;
    return QTC_OK;
}

bool qtc_header_is(const struct qtc_header *header, const char *name)
{
    return header->name.len == strlen(name) && strncasecmp(header->name.data, name, header->name.len) == 0;
}

struct qtc_bytes qtc_capture_header(const struct qtc_capture *c, const char *name)
{
    for (size_t i = 0; i < c->header_count; i++) {
        if (qtc_header_is(&c->headers[i], name)) {
            return c->headers[i].value;
        }
    }
    return qtc_bytes("", 0);
}

/* ---- the kinds ------------------------------------------------------------------------- */

const struct qtc_capture_kind *qtc_capture_kinds(size_t *count)
{
    *count = KINDS;
    return kinds;
}

const struct qtc_capture_kind *qtc_capture_kind_of(struct qtc_bytes beginning)
{
    const struct qtc_capture_kind *kind = kinds;

    beginning.len = beginning.len < ENOUGH ? beginning.len : ENOUGH;
    beginning = qtc_bytes_behind_bom(beginning);
    while (beginning.len > 0 && qtc_is_blank(beginning.data[0])) {
        beginning = qtc_skip(beginning, 1);
    }
    while (kind < &kinds[KINDS - 1] && !kind->format->is(beginning)) {
        kind++;
    }
    return kind;
}

static enum qtc_code keep_list(struct qtc_reading *r)
{
    size_t count = r->list.len / sizeof(struct qtc_capture);
    struct qtc_capture *list = qtc_arena_take(r->arena, r->list.len);

    if (list == NULL) {
        return QTC_NOMEM;
    }
    memcpy(list, r->list.data, r->list.len);
    r->captures->list = list;
    r->captures->count = count;
    return QTC_OK;
}

enum qtc_code qtc_captures_read(struct qtc_arena *arena, struct qtc_bytes file, struct qtc_captures *captures,
                                struct qtc_error *error)
{
    struct qtc_reading r = {.arena = arena, .file = file, .captures = captures, .error = error};
    enum qtc_code code;

    *error = (struct qtc_error){0};
    *captures = (struct qtc_captures){.kind = qtc_capture_kind_of(file)};
    if (qtc_bytes_trim(qtc_bytes_behind_bom(file)).len == 0) {
        return qtc_reading_fail(&r, QTC_SYNTAX, "nothing is in it", file.data);
    }
    code = captures->kind->format->read(&r);
    if (code == QTC_OK && r.list.len == 0) {
        code = qtc_reading_fail(&r, QTC_TYPE, "no model's response is in it", file.data);
    }
    code = code == QTC_OK ? keep_list(&r) : code;
    if (code == QTC_NOMEM) {
        *error = (struct qtc_error){QTC_NOMEM, "out of memory", 0};
    }
    qtc_buf_free(&r.list);
    return code;
}
