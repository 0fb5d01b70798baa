/* raw.c - a body as it came, with the heads before it that curl -i prints. */
#include "capture/readers.h"

#include <string.h>

static bool is_raw(struct qtc_bytes beginning)
{
    (void)beginning;
    return true;
}

/* Heads up to the last one: of proxies, of 100 Continue, of redirects. */
static enum qtc_code read_heads(struct qtc_reading *r, struct qtc_bytes *text, struct qtc_capture *c)
{
    while (qtc_http_status(qtc_bytes_trim(qtc_line_of(*text))) > 0) {
        size_t length = qtc_http_head_length(*text);
        struct qtc_http_head head;
        enum qtc_code code = qtc_http_head_read(r->arena, qtc_bytes(text->data, length), &head);

        if (code != QTC_OK) {
            return qtc_reading_fail(r, code, "more than 4096 lines of headers", text->data);
        }
        c->status = qtc_http_status(head.first);
        c->headers = head.headers;
        c->header_count = head.count;
        *text = qtc_skip(*text, length);
    }
    return QTC_OK;
}

/* What begins as a stream may hold anything. */
static const char *find_binary(struct qtc_bytes text)
{
    size_t n = text.len < 4096 ? text.len : 4096;

    return n > 0 && !qtc_is_event_field(text) ? memchr(text.data, 0, n) : NULL;
}

static enum qtc_code unchunk(struct qtc_reading *r, struct qtc_capture *c)
{
    struct qtc_arrival whole = {0, c->body.len};
    size_t len = c->body.len, count = 1;
    char *copy = qtc_arena_take(r->arena, len);
    enum qtc_chunked chunked;

    if (copy == NULL) {
        return QTC_NOMEM;
    }
    if (len == 0) {
        return QTC_OK;
    }
    memcpy(copy, c->body.data, len);
    chunked = qtc_unchunk(copy, &len, &whole, &count, false);
    if (chunked == QTC_NOT_CHUNKED) {
        return QTC_OK; /* curl -i has undone it */
    }
    c->cut = chunked == QTC_CHUNKED_CUT;
    return qtc_capture_set_body(r->arena, c, qtc_bytes(copy, len));
}

static enum qtc_code read_raw(struct qtc_reading *r)
{
    struct qtc_bytes text = qtc_reading_text(r);
    struct qtc_capture c = {.line = 1};
    enum qtc_code code = read_heads(r, &text, &c);
    const char *binary = code == QTC_OK && !qtc_is_chunked(&c) ? find_binary(text) : NULL;

    if (text.len >= 2 && memcmp(text.data, "\x1f\x8b", 2) == 0) {
        return qtc_reading_fail(r, QTC_TYPE, "compressed with gzip: decompress it first (curl --compressed)",
                                text.data);
    }
    if (binary != NULL) {
        return qtc_reading_fail(r, QTC_TYPE, "neither a stream nor text: a byte is 0", binary);
    }
    if (code == QTC_OK) {
        /* A stream's byte order mark is a part of it. */
        code = qtc_capture_set_body(r->arena, &c, c.status > 0 ? text : r->file);
    }
    if (code == QTC_OK && qtc_is_chunked(&c)) {
        code = unchunk(r, &c);
    }
    c.cut = c.cut || qtc_is_short(&c);
    return code == QTC_OK ? qtc_reading_add(r, &c) : code;
}

const struct qtc_capture_format qtc_raw_format = {is_raw, read_raw};
