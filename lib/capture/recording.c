/* recording.c - writing qtc's own recordings: see capture.h. */
#include "capture/base64.h"
#include "capture/capture.h"

/* ---- text and bytes ------------------------------------------------------------------ */

static void put_base64(struct qtc_buf *out, struct qtc_bytes data)
{
    qtc_buf_byte(out, '"');
    qtc_base64_encode(out, data);
    qtc_buf_str(out, "\",\"base64\"");
}

/* A surrogate is not UTF-8: two halves would come back as one character. */
static void put_text(struct qtc_buf *out, struct qtc_bytes text)
{
    if (qtc_utf8_valid(text)) {
        qtc_json_string(out, text);
        return;
    }
    qtc_buf_byte(out, '[');
    put_base64(out, text);
    qtc_buf_byte(out, ']');
}

static void put_seconds(struct qtc_buf *out, uint64_t at)
{
    uint64_t nanoseconds = at % 1000000000;
    char fraction[10] = ".000000000";

    qtc_buf_u64(out, at / 1000000000);
    for (size_t i = 9; i > 0; i--) {
        fraction[i] = (char)('0' + nanoseconds % 10);
        nanoseconds /= 10;
    }
    qtc_buf_add(out, fraction, at > 0 ? sizeof fraction : 0);
}

/* ---- the header --------------------------------------------------------------------------- */

/* `key` with its quotes and colon, and what is before it. Left out where there is nothing to tell. */
static void put_member(struct qtc_buf *out, const char *key, struct qtc_bytes text)
{
    if (text.len > 0) {
        qtc_buf_str(out, key);
        put_text(out, text);
    }
}

static void put_headers(struct qtc_buf *out, const char *key, const struct qtc_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        qtc_buf_str(out, i == 0 ? key : "],");
        qtc_buf_str(out, "[");
        put_text(out, headers[i].name);
        qtc_buf_byte(out, ',');
        put_text(out, headers[i].value);
    }
    qtc_buf_str(out, count > 0 ? "]]" : "");
}

/* Members begin with a comma; the object's first one is spared it. */
static void put_request(struct qtc_buf *out, const struct qtc_capture *c)
{
    size_t from = out->len;

    put_member(out, ",\"method\":", c->method);
    put_member(out, ",\"url\":", c->url);
    put_headers(out, ",\"headers\":[", c->request_headers, c->request_header_count);
    put_member(out, ",\"body\":", c->request);
    if (out->len > from) {
        qtc_buf_splice(out, from, 1, qtc_str(",\"request\":{"));
        qtc_buf_byte(out, '}');
    }
}

void qtc_recording_head(struct qtc_buf *out, const struct qtc_capture *c)
{
    qtc_buf_str(out, "{\"qtc-recording\":1");
    put_member(out, ",\"start\":", c->start);
    put_request(out, c);
    if (c->status > 0) {
        qtc_buf_str(out, ",\"status\":");
        qtc_buf_u64(out, c->status);
    }
    put_headers(out, ",\"headers\":[", c->headers, c->header_count);
    qtc_buf_str(out, "}\n");
}

/* ---- arrivals ------------------------------------------------------------------------------- */

void qtc_recording_arrival(struct qtc_buf *out, uint64_t at, struct qtc_bytes data)
{
    qtc_buf_byte(out, '[');
    put_seconds(out, at);
    qtc_buf_byte(out, ',');
    if (qtc_utf8_valid(data)) {
        qtc_json_string(out, data);
    } else {
        put_base64(out, data);
    }
    qtc_buf_str(out, "]\n");
}

void qtc_recording_end(struct qtc_buf *out, uint64_t at, bool cut)
{
    qtc_buf_byte(out, '[');
    put_seconds(out, at);
    qtc_buf_str(out, cut ? ",null,\"cut\"]\n" : ",null]\n");
}
