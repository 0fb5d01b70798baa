/* trace.c - what curl --trace and --trace-ascii write.
 *
 *   10:37:35.843967 [0-0] <= Recv data, 25 bytes (0x19)     time and ids only where they were asked for
 *   0000: 31 33 0d 0a 64 61 74 61 3a 20 7b 22 61 22 3a 31 13..data: {"a":1
 *   0010: 2e 35 7d 0d 0a 0d 0a 0d 0a                      .5}......
 *
 * --trace-ascii writes up to 64 bytes a line and ends a line at CRLF, which it leaves out: the next line's
 * offset tells whether one was there. Chunked coding is still in the data of HTTP/1.1. A request and its
 * response are a transfer; those of one id follow each other. */
#include "capture/readers.h"

#include <string.h>

enum { OPEN_TRANSFERS = 64, ASCII_WIDTH = 64, HEX_WIDTH = 16 };

#define DAY (UINT64_C(86400) * 1000000000)

/* ---- records ----------------------------------------------------------------------------- */

enum record_kind { INFO, TLS, SENT_HEAD, SENT_DATA, RECEIVED_HEAD, RECEIVED_DATA };

/* Newer curls write `*` for `== Info:`. */
static const struct {
    const char *text;
    enum record_kind kind;
} marks[] = {
    {"<= Recv data, ", RECEIVED_DATA},
    {"<= Recv header, ", RECEIVED_HEAD},
    {"=> Send header, ", SENT_HEAD},
    {"=> Send data, ", SENT_DATA},
    {"<= Recv SSL data, ", TLS},
    {"=> Send SSL data, ", TLS},
    {"== Info:", INFO},
    {"* ", INFO},
};

enum { MARKS = sizeof marks / sizeof *marks };

struct record {
    enum record_kind kind;
    bool timed;
    uint64_t time;         /* of the day */
    uint64_t id;           /* of the transfer; 0 where ids were not asked for */
    uint64_t size;         /* of what is dumped below it */
    struct qtc_bytes text; /* of INFO */
};

static bool take_number(struct qtc_bytes *text, size_t max, uint64_t *out)
{
    size_t n = 0;

    *out = 0;
    for (; n < text->len && n < max && text->data[n] >= '0' && text->data[n] <= '9'; n++) {
        *out = *out * 10 + (unsigned)(text->data[n] - '0');
    }
    *text = qtc_skip(*text, n);
    return n > 0;
}

static bool take(struct qtc_bytes *text, const char *what)
{
    bool is = qtc_bytes_starts(*text, what);

    *text = qtc_skip(*text, is ? strlen(what) : 0);
    return is;
}

/* "10:37:35.843967 " */
static bool take_time(struct qtc_bytes *text, uint64_t *time)
{
    struct qtc_bytes t = *text;
    uint64_t hours, minutes, seconds, micros;

    if (!take_number(&t, 2, &hours) || !take(&t, ":") || !take_number(&t, 2, &minutes) || !take(&t, ":") ||
        !take_number(&t, 2, &seconds) || !take(&t, ".") || !take_number(&t, 6, &micros) || !take(&t, " ") ||
        hours > 23 || minutes > 59 || seconds > 59) {
        return false;
    }
    *time = ((hours * 60 + minutes) * 60 + seconds) * 1000000000 + micros * 1000;
    *text = t;
    return true;
}

/* "[0-0] " or "[0-x] ": transfer and connection. */
static void take_ids(struct qtc_bytes *text, uint64_t *id)
{
    struct qtc_bytes t = *text;
    uint64_t transfer, connection;

    if (take(&t, "[") && take_number(&t, 18, &transfer) && take(&t, "-") &&
        (take(&t, "x") || take_number(&t, 18, &connection)) && take(&t, "] ")) {
        *id = transfer + 1;
        *text = t;
    }
}

/* false: the line does not begin a record. */
static bool read_mark(struct qtc_bytes line, struct record *rec)
{
    size_t i = 0;

    *rec = (struct record){.kind = INFO};
    rec->timed = take_time(&line, &rec->time);
    take_ids(&line, &rec->id);
    while (i < MARKS && !take(&line, marks[i].text)) {
        i++;
    }
    if (i == MARKS) {
        return false;
    }
    rec->kind = marks[i].kind;
    rec->text = line;
    return rec->kind == INFO || (take_number(&line, 18, &rec->size) && take(&line, " bytes (0x"));
}

/* ---- transfers ------------------------------------------------------------------------------ */

struct transfer {
    uint64_t id;
    size_t slot; /* of its capture; it is taken when the transfer begins, so that they are in order */
    const char *where;
    uint64_t line;
    struct qtc_buf sent_head, sent, head, data, arrivals;
    uint64_t clock, elapsed, ended;
    bool open, timed, cut, closed;
};

struct trace {
    struct qtc_reading *r;
    struct qtc_bytes rest; /* of the file */
    uint64_t line;         /* that rest begins with */
    enum { UNKNOWN, HEX, ASCII } dump;
    bool tls;
    struct transfer transfers[OPEN_TRANSFERS];
    size_t oldest; /* is closed where there is no room */
};

static void add_arrival(struct transfer *t)
{
    struct qtc_arrival arrival = {t->timed ? t->elapsed : 0, t->data.len};

    qtc_buf_add(&t->arrivals, (const char *)&arrival, sizeof arrival);
}

static void forget(struct transfer *t)
{
    struct qtc_buf *const bufs[] = {&t->sent_head, &t->sent, &t->head, &t->data, &t->arrivals};

    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++) {
        qtc_buf_free(bufs[i]);
    }
    *t = (struct transfer){0};
}

/* A method and a target: "POST /v1/chat/completions HTTP/1.1". */
static void read_request_line(struct qtc_bytes line, struct qtc_bytes *method, struct qtc_bytes *target)
{
    const char *blank = line.len > 0 ? memchr(line.data, ' ', line.len) : NULL;
    size_t n = blank != NULL ? (size_t)(blank - line.data) : line.len;

    *method = qtc_bytes(line.data, n);
    *target = qtc_skip(line, n + (blank != NULL));
    blank = target->len > 0 ? memchr(target->data, ' ', target->len) : NULL;
    target->len = blank != NULL ? (size_t)(blank - target->data) : target->len;
}

/* The target with the host that the request names. */
static enum qtc_code make_url(struct trace *t, struct qtc_capture *c, struct qtc_bytes target)
{
    struct qtc_capture request = {.headers = c->request_headers, .header_count = c->request_header_count};
    struct qtc_bytes host = qtc_capture_header(&request, "host");
    struct qtc_buf url = {0};

    if (host.len > 0 && qtc_bytes_starts(target, "/")) {
        qtc_buf_str(&url, t->tls ? "https://" : "http://");
        qtc_buf_put(&url, host);
    }
    qtc_buf_put(&url, target);
    c->url = url.failed ? qtc_bytes(NULL, 0) : qtc_arena_copy(t->r->arena, qtc_buf_bytes(&url));
    qtc_buf_free(&url);
    return c->url.data != NULL ? QTC_OK : QTC_NOMEM;
}

static enum qtc_code read_heads(struct trace *t, struct transfer *x, struct qtc_capture *c)
{
    struct qtc_bytes sent = qtc_arena_copy(t->r->arena, qtc_buf_bytes(&x->sent_head));
    struct qtc_bytes received = qtc_arena_copy(t->r->arena, qtc_buf_bytes(&x->head));
    struct qtc_http_head request, response;
    struct qtc_bytes target;
    enum qtc_code code;

    if (sent.data == NULL || received.data == NULL) {
        return QTC_NOMEM;
    }
    code = qtc_http_head_read(t->r->arena, sent, &request);
    code = code == QTC_OK ? qtc_http_head_read(t->r->arena, received, &response) : code;
    if (code != QTC_OK) {
        return qtc_reading_fail(t->r, code, "more than 4096 lines of headers", x->where);
    }
    c->request_headers = request.headers;
    c->request_header_count = request.count;
    c->headers = response.headers;
    c->header_count = response.count;
    c->status = qtc_http_status(response.first);
    read_request_line(request.first, &c->method, &target);
    return make_url(t, c, target);
}

static enum qtc_code read_bodies(struct trace *t, struct transfer *x, struct qtc_capture *c)
{
    struct qtc_arrival *arrivals = (struct qtc_arrival *)(void *)x->arrivals.data;
    size_t count = x->arrivals.len / sizeof *arrivals;
    bool ascii = t->dump == ASCII;

    if (qtc_is_chunked(c) &&
        qtc_unchunk(x->data.data, &x->data.len, arrivals, &count, ascii) == QTC_CHUNKED_CUT) {
        x->cut = true;
    }
    for (size_t i = 0; i < count && !x->timed; i++) {
        arrivals[i].at = 0; /* some records had times, not all */
    }
    if (ascii) {
        qtc_restore_line_ends(x->data.data, x->data.len);
        qtc_restore_line_ends(x->sent.data, x->sent.len);
    }
    c->body = qtc_arena_copy(t->r->arena, qtc_buf_bytes(&x->data));
    c->request = qtc_arena_copy(t->r->arena, qtc_buf_bytes(&x->sent));
    c->arrivals =
        (const void *)qtc_arena_copy(t->r->arena, qtc_bytes(x->arrivals.data, count * sizeof *arrivals)).data;
    c->arrival_count = count;
    return c->body.data != NULL && c->request.data != NULL && c->arrivals != NULL ? QTC_OK : QTC_NOMEM;
}

static bool is_answer(const struct qtc_capture *c)
{
    return c->status >= 200 && !(c->status >= 300 && c->status < 400) && !qtc_bytes_is(c->method, "CONNECT");
}

/* The capture of a transfer that is over; its slot stays empty where it is none of interest. */
static enum qtc_code close_transfer(struct trace *t, struct transfer *x)
{
    struct qtc_capture c = {.line = x->line, .timed = x->timed, .ended = x->timed ? x->ended : 0};
    enum qtc_code code =
        x->sent_head.failed || x->sent.failed || x->head.failed || x->data.failed || x->arrivals.failed
            ? QTC_NOMEM
            : read_heads(t, x, &c);

    if (code == QTC_OK && is_answer(&c)) {
        code = read_bodies(t, x, &c);
        c.cut = x->cut || qtc_is_short(&c);
        ((struct qtc_capture *)(void *)t->r->list.data)[x->slot] = c;
    }
    forget(x);
    return code;
}

/* The open one with that id; NULL: there is none. */
static struct transfer *find_transfer(struct trace *t, uint64_t id)
{
    for (size_t i = 0; i < OPEN_TRANSFERS; i++) {
        if (t->transfers[i].open && t->transfers[i].id == id) {
            return &t->transfers[i];
        }
    }
    return NULL;
}

static enum qtc_code open_transfer(struct trace *t, const struct record *rec, const char *where,
                                   struct transfer **opened)
{
    struct qtc_capture nothing = {0};
    struct transfer *x = &t->transfers[t->oldest];
    enum qtc_code code;

    t->oldest = (t->oldest + 1) % OPEN_TRANSFERS;
    code = x->open ? close_transfer(t, x) : QTC_OK;
    code = code == QTC_OK ? qtc_reading_add(t->r, &nothing) : code;
    *x = (struct transfer){.id = rec->id,
                           .slot = t->r->list.len / sizeof nothing - 1,
                           .where = where,
                           .line = t->line,
                           .clock = rec->time,
                           .timed = rec->timed,
                           .open = true};
    *opened = x;
    return code;
}

static bool ends_head(const struct qtc_buf *head)
{
    return head->len >= 4 && memcmp(head->data + head->len - 4, "\r\n\r\n", 4) == 0;
}

/* The transfer that a record belongs to; a request opens one, unless it is the rest of a long head. */
static enum qtc_code transfer_of(struct trace *t, const struct record *rec, const char *where,
                                 struct transfer **found)
{
    struct transfer *x = find_transfer(t, rec->id);
    bool begins = rec->kind == SENT_HEAD && (x == NULL || x->head.len > 0 || ends_head(&x->sent_head));
    enum qtc_code code = QTC_OK;

    *found = x;
    if (begins && x != NULL) {
        code = close_transfer(t, x);
    }
    if (code == QTC_OK && begins) {
        code = open_transfer(t, rec, where, found);
    }
    return code;
}

/* Time goes on; a time of day that is far before the last one is that of the next day. */
static void advance(struct transfer *x, const struct record *rec)
{
    if (!rec->timed || !x->timed) {
        x->timed = false;
        return;
    }
    if (rec->time >= x->clock) {
        x->elapsed += rec->time - x->clock;
    } else if (x->clock - rec->time > DAY / 2) {
        x->elapsed += rec->time + DAY - x->clock;
    }
    x->clock = rec->time;
}

/* ---- dumps ------------------------------------------------------------------------------------ */

static enum qtc_code fail(struct trace *t, const char *message)
{
    return qtc_reading_fail(t->r, QTC_SYNTAX, message, t->rest.data);
}

/* "001f: " or longer. *text is what follows. */
static bool read_offset(struct qtc_bytes line, uint64_t *offset, struct qtc_bytes *text)
{
    size_t n = 0;
    int digit;

    *offset = 0;
    while (n < line.len && n < 15 && (digit = qtc_hex_digit(line.data[n])) >= 0) {
        *offset = *offset << 4 | (unsigned)digit;
        n++;
    }
    if (n < 4 || n == line.len || line.data[n] != ':') {
        return false;
    }
    n++;
    *text = qtc_skip(line, n + (n < line.len && line.data[n] == ' '));
    return true;
}

static struct qtc_bytes next_line(const struct trace *t)
{
    struct qtc_bytes line = qtc_line_of(t->rest);

    line.len -= line.len > 0 && line.data[line.len - 1] == '\r';
    return line;
}

static void pass_line(struct trace *t)
{
    size_t n = qtc_line_of(t->rest).len;

    t->rest = qtc_skip(t->rest, n + (n < t->rest.len));
    t->line++;
}

/* "31 33 0d ...", `n` of them. */
static bool read_hex(struct qtc_bytes text, size_t n, char out[HEX_WIDTH])
{
    if (text.len < 3 * n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        int high = qtc_hex_digit(text.data[3 * i]), low = qtc_hex_digit(text.data[3 * i + 1]);
        if (high < 0 || low < 0 || text.data[3 * i + 2] != ' ') {
            return false;
        }
        out[i] = (char)(high << 4 | low);
    }
    return true;
}

static enum qtc_code take_hex(struct trace *t, struct qtc_bytes text, uint64_t left, struct qtc_buf *to)
{
    size_t n = left < HEX_WIDTH ? (size_t)left : HEX_WIDTH;
    char bytes[HEX_WIDTH];

    if (!read_hex(text, n, bytes)) {
        return fail(t, "not a line of hexadecimal bytes");
    }
    qtc_buf_add(to, bytes, n);
    pass_line(t);
    return QTC_OK;
}

/* The line holds `text` and perhaps a CRLF, as the offset of the next line tells, or the size. */
static enum qtc_code take_ascii(struct trace *t, struct qtc_bytes text, uint64_t at, uint64_t size,
                                struct qtc_buf *to)
{
    const char *where = t->rest.data;
    struct qtc_bytes ignored;
    uint64_t next;

    pass_line(t);
    if (!read_offset(next_line(t), &next, &ignored) || next > size || next <= at) {
        next = size;
    }
    if (next - at != text.len && next - at != text.len + 2) {
        return qtc_reading_fail(t->r, QTC_SYNTAX, "the line has more or fewer bytes than it should", where);
    }
    qtc_buf_put(to, text);
    qtc_buf_add(to, "\r\n", (size_t)(next - at - text.len));
    return QTC_OK;
}

static void learn_dump(struct trace *t, struct qtc_bytes text, uint64_t size)
{
    size_t n = size < HEX_WIDTH ? (size_t)size : HEX_WIDTH;
    char bytes[HEX_WIDTH];

    if (t->dump == UNKNOWN) {
        t->dump = read_hex(text, n, bytes) && text.len > (size_t)3 * HEX_WIDTH ? HEX : ASCII;
        t->r->captures->lossy = t->dump == ASCII;
    }
}

/* The lines below a record, `size` bytes of them, appended to `to`. */
static enum qtc_code read_dump(struct trace *t, uint64_t size, struct qtc_buf *to)
{
    size_t from = to->len;
    enum qtc_code code = QTC_OK;

    while (code == QTC_OK && to->len - from < size) {
        uint64_t offset, at = to->len - from;
        struct qtc_bytes text;
        if (to->failed) {
            return QTC_NOMEM;
        }
        if (t->rest.len == 0) {
            return fail(t, "the trace ends inside a record");
        }
        if (!read_offset(next_line(t), &offset, &text) || offset != at) {
            return fail(t, "not the record's next line");
        }
        learn_dump(t, text, size);
        code = t->dump == HEX ? take_hex(t, text, size - at, to) : take_ascii(t, text, at, size, to);
    }
    return code;
}

/* ---- records to transfers ---------------------------------------------------------------------- */

/* What curl says when a transfer is over, and of what is wrong with it. */
static const struct {
    const char *text;
    bool cut, closed;
} notes[] = {
    {"left intact", false, true},
    {"losing connection", false, true}, /* with c and C */
    {"shutting down connection", false, true},
    {"transfer closed with", true, true},
    {"Recv failure", true, false},
    {"was not closed cleanly", true, false},
    {"timed out", true, false},
};

static void read_info(struct trace *t, const struct record *rec)
{
    struct transfer *x = find_transfer(t, rec->id);

    if (memmem(rec->text.data, rec->text.len, "SSL connection using", 20) != NULL) {
        t->tls = true;
    }
    for (size_t i = 0; x != NULL && !x->closed && i < sizeof notes / sizeof *notes; i++) {
        if (memmem(rec->text.data, rec->text.len, notes[i].text, strlen(notes[i].text)) != NULL) {
            advance(x, rec);
            x->ended = x->elapsed;
            x->cut = x->cut || notes[i].cut;
            x->closed = notes[i].closed;
        }
    }
}

/* Older curls write a note of several lines with one mark. What looks like a record inside of a line comes
 * from an answer that was written to the same file. */
static enum qtc_code pass_note(struct trace *t)
{
    struct record ignored;

    pass_line(t);
    while (t->rest.len > 0 && !read_mark(next_line(t), &ignored)) {
        struct qtc_bytes line = next_line(t);
        if (memmem(line.data, line.len, "<= Recv ", 8) != NULL) {
            return fail(t, "the answer is mixed into the trace: give curl -o FILE, or --trace FILE");
        }
        pass_line(t);
    }
    return QTC_OK;
}

static enum qtc_code read_transfer_record(struct trace *t, const struct record *rec)
{
    const char *where = t->rest.data;
    struct transfer *x;
    enum qtc_code code = transfer_of(t, rec, where, &x);
    struct transfer nobody = {0};
    struct qtc_buf *to;
    size_t before;

    if (code != QTC_OK) {
        return code;
    }
    x = x != NULL ? x : &nobody; /* no request was seen */
    advance(x, rec);
    pass_line(t);
    to = rec->kind == SENT_HEAD       ? &x->sent_head
         : rec->kind == SENT_DATA     ? &x->sent
         : rec->kind == RECEIVED_HEAD ? &x->head
                                      : &x->data;
    before = to->len;
    code = read_dump(t, rec->size, to);
    if (rec->kind == RECEIVED_HEAD && qtc_bytes_starts(qtc_skip(qtc_buf_bytes(to), before), "HTTP/")) {
        qtc_buf_drop(to, before); /* what was before it is 100 Continue */
    }
    if (rec->kind == RECEIVED_DATA && rec->size > 0) {
        add_arrival(x);
    }
    if (rec->kind == RECEIVED_DATA || rec->kind == RECEIVED_HEAD) {
        x->ended = x->elapsed;
    }
    forget(&nobody);
    return code;
}

static enum qtc_code read_record(struct trace *t)
{
    struct record rec;
    struct qtc_buf ignored = {0};
    enum qtc_code code;

    if (next_line(t).len == 0) {
        pass_line(t);
        return QTC_OK;
    }
    if (!read_mark(next_line(t), &rec)) {
        return fail(t, "not a line of a trace; was the answer written to the same file?");
    }
    switch (rec.kind) {
    case INFO:
        read_info(t, &rec);
        return pass_note(t);
    case TLS:
        pass_line(t);
        code = read_dump(t, rec.size, &ignored);
        qtc_buf_free(&ignored);
        return code;
    default:
        return read_transfer_record(t, &rec);
    }
}

/* Without the slots of what was not of interest. */
static void drop_empty_slots(struct qtc_buf *list)
{
    struct qtc_capture *c = (struct qtc_capture *)(void *)list->data;
    size_t count = list->len / sizeof *c, kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (c[i].line > 0) {
            c[kept++] = c[i];
        }
    }
    list->len = kept * sizeof *c;
}

static bool is_trace(struct qtc_bytes beginning)
{
    struct record rec = {0};
    bool first = read_mark(qtc_line_of(beginning), &rec);

    if (!first || rec.kind != INFO || qtc_bytes_starts(beginning, "==") || rec.timed || rec.id > 0) {
        return first;
    }
    while (beginning.len > 0) { /* "* " says little: a record is to follow */
        struct qtc_bytes line = qtc_line_of(beginning);
        if (read_mark(line, &rec) && rec.kind != INFO) {
            return true;
        }
        beginning = qtc_skip(beginning, line.len + (line.len < beginning.len));
    }
    return false;
}

static enum qtc_code read_trace(struct qtc_reading *r)
{
    struct trace t = {.r = r, .rest = qtc_reading_text(r), .line = 1};
    enum qtc_code code = QTC_OK;

    while (code == QTC_OK && t.rest.len > 0) {
        code = read_record(&t);
    }
    for (size_t i = 0; i < OPEN_TRANSFERS; i++) {
        if (code == QTC_OK && t.transfers[i].open) {
            code = close_transfer(&t, &t.transfers[i]);
        }
        forget(&t.transfers[i]);
    }
    drop_empty_slots(&r->list);
    return code;
}

const struct qtc_capture_format qtc_trace_format = {is_trace, read_trace};
