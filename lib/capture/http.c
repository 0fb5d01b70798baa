/* http.c - heads of HTTP/1.1 messages, and the chunked transfer coding (RFC 9112). */
#include "capture/readers.h"

#include <string.h>
#include <strings.h>

enum { MAX_LINES = 4096 };

/* ---- heads ------------------------------------------------------------------------- */

size_t qtc_http_head_length(struct qtc_bytes text)
{
    size_t at = 0;

    while (at < text.len) {
        struct qtc_bytes line = qtc_line_of(qtc_skip(text, at));
        at += line.len + (at + line.len < text.len);
        if (qtc_bytes_trim(line).len == 0) {
            break;
        }
    }
    return at;
}

static size_t count_lines(struct qtc_bytes text)
{
    size_t count = 1;

    for (size_t i = 0; i < text.len; i++) {
        count += text.data[i] == '\n';
    }
    return count;
}

/* false: no header, but a blank line or the rest of a folded one. */
static bool read_header(struct qtc_bytes line, struct qtc_header *header)
{
    const char *colon = line.len > 0 ? memchr(line.data, ':', line.len) : NULL;

    if (colon == NULL || colon == line.data || qtc_is_blank(line.data[0])) {
        return false;
    }
    header->name = qtc_bytes(line.data, (size_t)(colon - line.data));
    header->value = qtc_bytes_trim(qtc_skip(line, header->name.len + 1));
    return true;
}

enum qtc_code qtc_http_head_read(struct qtc_arena *arena, struct qtc_bytes text, struct qtc_http_head *head)
{
    size_t lines = count_lines(text);
    struct qtc_header *headers = lines <= MAX_LINES ? qtc_arena_array(arena, lines, sizeof *headers) : NULL;
    struct qtc_bytes line = qtc_line_of(text);

    *head = (struct qtc_http_head){.first = qtc_bytes_trim(line), .headers = headers};
    if (headers == NULL) {
        return lines <= MAX_LINES ? QTC_NOMEM : QTC_LIMIT;
    }
    while (line.len < text.len) {
        text = qtc_skip(text, line.len + 1);
        line = qtc_line_of(text);
        head->count += read_header(line, &headers[head->count]);
    }
    return QTC_OK;
}

unsigned qtc_http_status(struct qtc_bytes line)
{
    const char *blank = qtc_bytes_starts(line, "HTTP/") ? memchr(line.data, ' ', line.len) : NULL;
    struct qtc_bytes rest;
    unsigned status = 0;

    if (blank == NULL) {
        return 0;
    }
    rest = qtc_skip(line, (size_t)(blank - line.data) + 1);
    for (size_t i = 0; i < 3; i++) {
        if (i >= rest.len || rest.data[i] < '0' || rest.data[i] > '9') {
            return 0;
        }
        status = status * 10 + (unsigned)(rest.data[i] - '0');
    }
    return rest.len == 3 || qtc_is_blank(rest.data[3]) ? status : 0;
}

bool qtc_is_chunked(const struct qtc_capture *c)
{
    struct qtc_bytes coding = qtc_capture_header(c, "transfer-encoding");

    return coding.len >= 7 && strncasecmp(coding.data + coding.len - 7, "chunked", 7) == 0;
}

static bool all_digits(struct qtc_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.len > 0;
}

bool qtc_is_short(const struct qtc_capture *c)
{
    struct qtc_bytes length = qtc_capture_header(c, "content-length");
    uint64_t promised;

    return all_digits(length) && qtc_capture_header(c, "content-encoding").len == 0 &&
           qtc_decimal(length, 0, &promised) && c->body.len < promised;
}

/* ---- chunks ------------------------------------------------------------------------------ */

enum chunk_state {
    SIZE_FIRST, /* a chunk's first digit */
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_FIRST, /* the first byte of a line behind the last chunk */
    TRAILER,
    LAST_LF,
    DONE,
    BAD
};

struct chunks {
    enum chunk_state state;
    bool lossy;
    unsigned digits;
    uint64_t left;
};

static enum chunk_state after_size(struct chunks *c, char byte)
{
    int digit = qtc_hex_digit(byte);
    bool cr = byte == '\r' || (c->lossy && byte == '.');

    if (digit >= 0 && c->digits < 15) {
        c->left = c->left << 4 | (unsigned)digit;
        c->digits++;
        return SIZE;
    }
    if (c->digits == 0) {
        return BAD;
    }
    return cr ? SIZE_LF : byte == ';' || byte == ' ' ? EXTENSION : BAD;
}

static enum chunk_state begin_size(struct chunks *c)
{
    c->digits = 0;
    c->left = 0;
    return SIZE_FIRST;
}

/* A byte of the framing. */
static enum chunk_state after_byte(struct chunks *c, char byte)
{
    bool cr = byte == '\r' || (c->lossy && byte == '.');
    bool lf = byte == '\n' || (c->lossy && byte == '.');

    switch (c->state) {
    case SIZE_FIRST:
    case SIZE:
        return after_size(c, byte);
    case EXTENSION:
        return byte == '\r' ? SIZE_LF : byte == '\n' ? BAD : EXTENSION;
    case SIZE_LF:
        return !lf ? BAD : c->left > 0 ? DATA : TRAILER_FIRST;
    case DATA_CR:
        return cr ? DATA_LF : BAD;
    case DATA_LF:
        return lf ? begin_size(c) : BAD;
    case TRAILER_FIRST:
        return cr ? LAST_LF : TRAILER;
    case TRAILER:
        return byte == '\n' ? TRAILER_FIRST : TRAILER;
    case LAST_LF:
        return lf ? DONE : BAD;
    default:
        return BAD; /* a byte behind the end */
    }
}

/* Appends the data in `in` to out[*len]; out NULL: only looks whether it is chunked. */
static void feed_chunks(struct chunks *c, struct qtc_bytes in, char *out, size_t *len)
{
    size_t i = 0;

    while (i < in.len && c->state != BAD) {
        if (c->state != DATA) {
            c->state = after_byte(c, in.data[i++]);
            continue;
        }
        size_t n = in.len - i < c->left ? in.len - i : (size_t)c->left;
        if (out != NULL) {
            memmove(out + *len, in.data + i, n);
            *len += n;
        }
        i += n;
        c->left -= n;
        c->state = c->left > 0 ? DATA : DATA_CR;
    }
}

enum qtc_chunked qtc_unchunk(char *body, size_t *len, struct qtc_arrival *arrivals, size_t *count, bool lossy)
{
    struct chunks check = {.lossy = lossy}, chunks = check;
    size_t from = 0, data = 0, kept = 0;

    feed_chunks(&check, qtc_bytes(body, *len), NULL, NULL);
    if (check.state == BAD) {
        return QTC_NOT_CHUNKED;
    }
    for (size_t i = 0; i < *count; i++) {
        struct qtc_arrival arrival = arrivals[i];
        size_t before = data;
        feed_chunks(&chunks, qtc_bytes(body + from, arrival.end - from), body, &data);
        from = arrival.end;
        if (data > before) {
            arrivals[kept++] = (struct qtc_arrival){arrival.at, data};
        }
    }
    *len = data;
    *count = kept;
    return check.state == DONE ? QTC_CHUNKED : QTC_CHUNKED_CUT;
}
