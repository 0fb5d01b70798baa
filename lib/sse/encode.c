/* encode.c - an event as the bytes of an event stream. */
#include "sse/sse.h"

/* Up to the first CR or LF. A value may not hold one: it would end its line, and
 * what follows it would be read as another field. */
static size_t line_length(const char *p, size_t n)
{
    size_t i = 0;

    while (i < n && p[i] != '\n' && p[i] != '\r') {
        i++;
    }
    return i;
}

static void put_line(struct qtc_buf *out, const char *field, const char *p, size_t n)
{
    qtc_buf_str(out, field);
    qtc_buf_add(out, p, n);
    qtc_buf_byte(out, '\n');
}

void qtc_sse_encode(struct qtc_buf *out, struct qtc_bytes type, struct qtc_bytes data)
{
    size_t type_len = line_length(type.data, type.len);
    size_t at = 0;

    if (type_len > 0) {
        put_line(out, "event: ", type.data, type_len);
    }
    for (;;) {
        const char *line = data.len > 0 ? data.data + at : "";
        size_t len = line_length(line, data.len - at);
        put_line(out, "data: ", line, len);
        at += len;
        if (at == data.len) {
            break;
        }
        bool crlf = data.data[at] == '\r' && at + 1 < data.len && data.data[at + 1] == '\n';
        at += crlf ? 2 : 1;
    }
    qtc_buf_byte(out, '\n');
}
