/* recording_read.c - qtc's own recordings: see capture.h. A line at a time; what is not finished when the
 * file ends, or when the next response begins, is cut. */
#include "capture/base64.h"
#include "capture/readers.h"

#include <string.h>

enum { MAX_HEAD = 64 << 20 };

static const char head_key[] = "\"qtc-recording\"";

struct recording {
    struct qtc_reading *r;
    const char *p, *end; /* the rest of the line that is being read */
    const char *file_end;
    uint64_t line;

    /* The bodies of all responses, one behind the other; likewise their arrivals. Both have room for all that
     * the file may hold. */
    char *bodies;
    size_t bodies_len;
    struct qtc_arrival *arrivals;
    size_t arrivals_len;

    struct qtc_capture capture; /* that is being read; line is 0: none */
    size_t body_at, arrival_at; /* where it begins */
    bool over;                  /* its end was read */
};

/* ---- a line's parts ----------------------------------------------------------------- */

static enum qtc_code fail(struct recording *rec, const char *message)
{
    return qtc_reading_fail(rec->r, QTC_SYNTAX, message, rec->p);
}

static void skip_blanks(struct recording *rec)
{
    while (rec->p < rec->end && qtc_is_blank(*rec->p)) {
        rec->p++;
    }
}

/* `c`, and blanks before it. */
static bool take(struct recording *rec, char c)
{
    skip_blanks(rec);
    if (rec->p == rec->end || *rec->p != c) {
        return false;
    }
    rec->p++;
    return true;
}

static bool take_word(struct recording *rec, const char *word)
{
    skip_blanks(rec);
    for (; *word != '\0'; word++) {
        if (rec->p == rec->end || *rec->p != *word) {
            return false;
        }
        rec->p++;
    }
    return true;
}

static bool take_digits(struct recording *rec)
{
    const char *from = rec->p;

    while (rec->p < rec->end && *rec->p >= '0' && *rec->p <= '9') {
        rec->p++;
    }
    return rec->p > from;
}

static bool take_byte(struct recording *rec, char a, char b)
{
    bool is = rec->p < rec->end && (*rec->p == a || *rec->p == b);

    rec->p += is;
    return is;
}

static bool take_number(struct recording *rec)
{
    if (!take_digits(rec) || (take_byte(rec, '.', '.') && !take_digits(rec))) {
        return false;
    }
    if (!take_byte(rec, 'e', 'E')) {
        return true;
    }
    take_byte(rec, '+', '-');
    return take_digits(rec);
}

/* Seconds, not before those of the line above. */
static enum qtc_code read_time(struct recording *rec, uint64_t *at)
{
    const char *from;

    skip_blanks(rec);
    from = rec->p;
    if (!take_number(rec)) {
        return fail(rec, "a number of seconds is missing");
    }
    if (rec->p == rec->end) {
        return fail(rec, "a comma is missing"); /* the number may be cut */
    }
    if (!qtc_decimal(qtc_bytes(from, (size_t)(rec->p - from)), 9, at)) {
        rec->p = from;
        return fail(rec, "too many seconds");
    }
    if (*at < rec->capture.ended) {
        rec->p = from;
        return fail(rec, "a time before that of the line above");
    }
    return QTC_OK;
}

/* The inside of a string. */
static enum qtc_code read_string(struct recording *rec, struct qtc_bytes *inside)
{
    const char *from;

    if (!take(rec, '"')) {
        return fail(rec, "a string is missing");
    }
    from = rec->p;
    for (;;) {
        rec->p += qtc_json_plain(rec->p, (size_t)(rec->end - rec->p));
        if (rec->p < rec->end && *rec->p == '"') {
            break;
        }
        if (rec->p < rec->end && *rec->p != '\\') {
            return fail(rec, "a raw control character in a string");
        }
        if (rec->end - rec->p < 2) {
            rec->p = rec->end;
            return fail(rec, "the string does not end");
        }
        rec->p += 2;
    }
    *inside = qtc_bytes(from, (size_t)(rec->p++ - from));
    return QTC_OK;
}

static enum qtc_code end_line(struct recording *rec)
{
    if (!take(rec, ']')) {
        return fail(rec, "a ] is missing");
    }
    skip_blanks(rec);
    return rec->p == rec->end ? QTC_OK : fail(rec, "more behind the line's value");
}

/* ---- arrivals and ends ------------------------------------------------------------------ */

static enum qtc_code decode(struct recording *rec, struct qtc_bytes inside, bool base64)
{
    char *to = rec->bodies + rec->bodies_len;
    size_t len, bad;

    if (base64 ? !qtc_base64_decode(to, &len, inside, &bad) : !qtc_json_decode(to, &len, inside, &bad)) {
        rec->p = inside.data + bad;
        return fail(rec, base64 ? "not base64" : "a wrong escape in a string");
    }
    rec->bodies_len += len;
    return QTC_OK;
}

static enum qtc_code read_bytes(struct recording *rec, uint64_t at)
{
    struct qtc_bytes inside = {0}, coding = {0};
    enum qtc_code code = read_string(rec, &inside);
    size_t before = rec->bodies_len;
    bool base64 = code == QTC_OK && take(rec, ',');

    if (base64) {
        code = read_string(rec, &coding);
        if (code == QTC_OK && !qtc_bytes_is(coding, "base64")) {
            rec->p = coding.data;
            code = fail(rec, "another coding than base64");
        }
    }
    code = code == QTC_OK ? end_line(rec) : code;
    code = code == QTC_OK ? decode(rec, inside, base64) : code;
    if (code == QTC_OK && rec->bodies_len > before) {
        rec->arrivals[rec->arrivals_len++] = (struct qtc_arrival){at, rec->bodies_len - rec->body_at};
    }
    return code;
}

static enum qtc_code read_end(struct recording *rec)
{
    struct qtc_bytes how = {0};
    enum qtc_code code;

    if (!take_word(rec, "null")) {
        return fail(rec, "a string or null is missing");
    }
    rec->capture.cut = take(rec, ',');
    if (rec->capture.cut) {
        code = read_string(rec, &how);
        if (code == QTC_OK && !qtc_bytes_is(how, "cut")) {
            rec->p = how.data;
            code = fail(rec, "another end than \"cut\"");
        }
        if (code != QTC_OK) {
            return code;
        }
    }
    rec->over = true;
    return end_line(rec);
}

/* At its [ */
static enum qtc_code read_array(struct recording *rec)
{
    enum qtc_code code;
    uint64_t at = 0;

    if (rec->capture.line == 0 || rec->over) {
        return fail(rec, rec->over ? "more behind the response's end" : "no response was begun");
    }
    rec->p++;
    code = read_time(rec, &at);
    if (code == QTC_OK && !take(rec, ',')) {
        code = fail(rec, "a comma is missing");
    }
    if (code == QTC_OK) {
        skip_blanks(rec);
        code = rec->p < rec->end && *rec->p == '"' ? read_bytes(rec, at) : read_end(rec);
    }
    if (code == QTC_OK) {
        rec->capture.ended = at;
        rec->capture.timed = rec->capture.timed || at > 0;
    }
    return code;
}

/* ---- heads ---------------------------------------------------------------------------------- */

static enum qtc_code fail_at(struct recording *rec, const struct qtc_json *where, const char *message)
{
    return qtc_reading_fail(rec->r, QTC_TYPE, message, where->raw.data);
}

/* A string, or ["...","base64"] where it is not UTF-8. */
static enum qtc_code read_text(struct recording *rec, const struct qtc_json *value, struct qtc_bytes *text)
{
    const struct qtc_json *inside, *coding;
    size_t bad, len;
    char *to;

    if (value == NULL || value->type == QTC_JSON_STRING) {
        *text = qtc_json_text(value);
        return QTC_OK;
    }
    inside = value->type == QTC_JSON_ARRAY ? value->first : NULL;
    coding = inside != NULL ? inside->next : NULL;
    if (coding == NULL || coding->next != NULL || inside->type != QTC_JSON_STRING ||
        !qtc_bytes_is(qtc_json_text(coding), "base64")) {
        return fail_at(rec, value, "neither a string nor base64");
    }
    to = qtc_arena_take(rec->r->arena, inside->text.len);
    if (to == NULL) {
        return QTC_NOMEM;
    }
    if (!qtc_base64_decode(to, &len, inside->text, &bad)) {
        return fail_at(rec, inside, "not base64");
    }
    *text = qtc_bytes(to, len);
    return QTC_OK;
}

static enum qtc_code read_headers(struct recording *rec, const struct qtc_json *list,
                                  const struct qtc_header **headers, size_t *count)
{
    struct qtc_header *to;
    enum qtc_code code = QTC_OK;

    if (list == NULL) {
        return QTC_OK;
    }
    if (list->type != QTC_JSON_ARRAY) {
        return fail_at(rec, list, "headers are no array");
    }
    to = qtc_arena_array(rec->r->arena, list->count, sizeof *to);
    if (to == NULL) {
        return QTC_NOMEM;
    }
    *headers = to;
    *count = list->count;
    for (const struct qtc_json *pair = list->first; pair != NULL && code == QTC_OK; pair = pair->next, to++) {
        if (pair->type != QTC_JSON_ARRAY || pair->count != 2) {
            return fail_at(rec, pair, "a header is not [name, value]");
        }
        code = read_text(rec, pair->first, &to->name);
        code = code == QTC_OK ? read_text(rec, pair->first->next, &to->value) : code;
    }
    return code;
}

static enum qtc_code read_request(struct recording *rec, const struct qtc_json *request)
{
    struct qtc_capture *c = &rec->capture;
    const struct {
        const char *name;
        struct qtc_bytes *text;
    } members[] = {{"method", &c->method}, {"url", &c->url}, {"body", &c->request}};
    enum qtc_code code = QTC_OK;

    if (request != NULL && request->type != QTC_JSON_OBJECT) {
        return fail_at(rec, request, "the request is no object");
    }
    for (size_t i = 0; i < sizeof members / sizeof *members && code == QTC_OK; i++) {
        code = read_text(rec, qtc_json_get(request, members[i].name), members[i].text);
    }
    return code == QTC_OK ? read_headers(rec, qtc_json_get(request, "headers"), &c->request_headers,
                                         &c->request_header_count)
                          : code;
}

static enum qtc_code read_members(struct recording *rec, const struct qtc_json *head)
{
    const struct qtc_json *version = qtc_json_get(head, "qtc-recording");
    const struct qtc_json *status = qtc_json_get(head, "status");
    struct qtc_capture *c = &rec->capture;
    unsigned number = 0;
    enum qtc_code code;

    if (!qtc_json_unsigned(version, &number) || number != 1) {
        return fail_at(rec, version != NULL ? version : head, "not a recording of version 1");
    }
    if (status != NULL && (!qtc_json_unsigned(status, &c->status) || c->status < 100 || c->status > 999)) {
        return fail_at(rec, status, "the status is no number of three digits");
    }
    code = read_text(rec, qtc_json_get(head, "start"), &c->start);
    code = code == QTC_OK ? read_request(rec, qtc_json_get(head, "request")) : code;
    return code == QTC_OK ? read_headers(rec, qtc_json_get(head, "headers"), &c->headers, &c->header_count)
                          : code;
}

/* The response that was being read is all there is of it. */
static enum qtc_code end_capture(struct recording *rec)
{
    struct qtc_capture *c = &rec->capture;

    if (c->line == 0) {
        return QTC_OK;
    }
    c->cut = c->cut || !rec->over;
    c->body = qtc_bytes(rec->bodies + rec->body_at, rec->bodies_len - rec->body_at);
    c->arrivals = rec->arrivals + rec->arrival_at;
    c->arrival_count = rec->arrivals_len - rec->arrival_at;
    rec->body_at = rec->bodies_len;
    rec->arrival_at = rec->arrivals_len;
    return qtc_reading_add(rec->r, c);
}

static enum qtc_code read_head(struct recording *rec)
{
    struct qtc_bytes text = qtc_bytes(rec->p, (size_t)(rec->end - rec->p));
    struct qtc_error error = {QTC_LIMIT, "a header of more than 64 MiB", 0};
    const struct qtc_json *head = text.len > MAX_HEAD ? NULL : qtc_json_read(rec->r->arena, text, &error);
    enum qtc_code code;

    if (head == NULL) {
        rec->p += error.offset;
        return qtc_reading_fail(rec->r, error.code, error.message, rec->p);
    }
    code = end_capture(rec);
    if (code != QTC_OK) {
        return code;
    }
    rec->capture = (struct qtc_capture){.line = rec->line};
    rec->over = false;
    return read_members(rec, head);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static bool is_recording(struct qtc_bytes beginning)
{
    size_t n = 1;

    while (n < beginning.len && qtc_is_blank(beginning.data[n])) {
        n++;
    }
    return qtc_bytes_starts(beginning, "{") && qtc_bytes_starts(qtc_skip(beginning, n), head_key);
}

/* What was wrong is that the line ended too soon, and then the file did, or another recording was appended:
 * so a crash leaves it. */
static bool was_cut(const struct recording *rec)
{
    return rec->p == rec->end &&
           (rec->end == rec->file_end ||
            is_recording(qtc_bytes(rec->end + 1, (size_t)(rec->file_end - rec->end) - 1)));
}

static enum qtc_code read_line(struct recording *rec)
{
    struct recording before = *rec;
    enum qtc_code code;

    skip_blanks(rec);
    if (rec->p == rec->end) {
        return QTC_OK;
    }
    code = *rec->p == '['   ? read_array(rec)
           : *rec->p == '{' ? read_head(rec)
                            : fail(rec, "neither a header nor an arrival");
    if (code == QTC_SYNTAX && was_cut(rec)) {
        *rec->r->error = (struct qtc_error){0};
        rec->r->captures->cut_line = rec->line;
        rec->capture = before.capture;
        rec->over = before.over;
        code = QTC_OK;
    }
    return code;
}

static size_t count_lines(struct qtc_bytes text)
{
    size_t count = 1;

    for (const char *p = text.data, *end = p + text.len; (p = memchr(p, '\n', (size_t)(end - p))) != NULL;
         p++) {
        count++;
    }
    return count;
}

static enum qtc_code read_recording(struct qtc_reading *r)
{
    struct qtc_bytes text = qtc_reading_text(r);
    struct recording rec = {.r = r, .file_end = text.data + text.len};
    enum qtc_code code = QTC_OK;

    rec.bodies = qtc_arena_take(r->arena, text.len);
    rec.arrivals = qtc_arena_take(r->arena, count_lines(text) * sizeof *rec.arrivals);
    if (rec.bodies == NULL || rec.arrivals == NULL) {
        return QTC_NOMEM;
    }
    while (code == QTC_OK && text.len > 0) {
        struct qtc_bytes line = qtc_line_of(text);
        rec.line++;
        rec.p = line.data;
        rec.end = line.data + line.len;
        code = read_line(&rec);
        text = qtc_skip(text, line.len + (line.len < text.len));
    }
    return code == QTC_OK ? end_capture(&rec) : code;
}

const struct qtc_capture_format qtc_recording_format = {is_recording, read_recording};
