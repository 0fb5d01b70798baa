#include "json/text.h"

size_t qtc_json_plain(const char *p, size_t n)
{
    return qtc_json_run(p, n, false);
}

/* ---- escaping ----------------------------------------------------------- */

static const char short_escapes[128] = {
    ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\',
};

static const char hex_digits[] = "0123456789abcdef";

static void add_unit(struct qtc_buf *out, unsigned unit)
{
    char text[6] = {'\\',
                    'u',
                    hex_digits[unit >> 12 & 15],
                    hex_digits[unit >> 8 & 15],
                    hex_digits[unit >> 4 & 15],
                    hex_digits[unit & 15]};

    qtc_buf_add(out, text, sizeof(text));
}

/* What is at p cannot stand as it is; how many of its bytes are taken. */
static size_t add_escape(struct qtc_buf *out, const char *p, size_t n)
{
    unsigned char c = (unsigned char)*p;
    unsigned surrogate = qtc_utf8_surrogate(p, n);

    if (surrogate) {
        add_unit(out, surrogate);
        return 3;
    }
    if (c >= 0x80) {
        add_unit(out, 0xfffd);
    } else if (short_escapes[c]) {
        qtc_buf_add(out, (char[2]){'\\', short_escapes[c]}, 2);
    } else {
        add_unit(out, c);
    }
    return 1;
}

/* How many bytes at p can stand as they are: plain ASCII and valid UTF-8. */
static size_t clean_run(const char *p, size_t n)
{
    size_t i = 0;

    for (;;) {
        unsigned len = 0;

        i += qtc_json_run(p + i, n - i, true);
        while (i < n && (p[i] & 0x80) && (len = qtc_utf8_char(p + i, n - i)) > 0) {
            i += len;
        }
        if (len == 0 || i == n) {
            return i;
        }
    }
}

void qtc_json_escape(struct qtc_buf *out, struct qtc_bytes text)
{
    size_t i = 0;

    while (i < text.len) {
        size_t run = clean_run(text.data + i, text.len - i);

        qtc_buf_add(out, text.data + i, run);
        i += run;
        if (i < text.len) {
            i += add_escape(out, text.data + i, text.len - i);
        }
    }
}

void qtc_json_string(struct qtc_buf *out, struct qtc_bytes text)
{
    qtc_buf_byte(out, '"');
    qtc_json_escape(out, text);
    qtc_buf_byte(out, '"');
}

/* ---- unescaping --------------------------------------------------------- */

static const char unescaped[128] = {
    ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
};

int qtc_json_unit(const char *p, size_t n)
{
    int unit = 0;

    if (n < 6 || p[0] != '\\' || p[1] != 'u') {
        return -1;
    }
    for (int i = 2; i < 6; i++) {
        int digit = qtc_hex_digit(p[i]);

        if (digit < 0) {
            return -1;
        }
        unit = unit << 4 | digit;
    }
    return unit;
}

/* \uXXXX, and the low half behind a high one. The bytes taken, or 0. */
static size_t decode_unit(char **out, const char *p, size_t n)
{
    int unit = qtc_json_unit(p, n);
    int low = unit >= 0xd800 && unit <= 0xdbff ? qtc_json_unit(p + 6, n - 6) : -1;
    char utf8[4];
    size_t size;

    if (unit < 0) {
        return 0;
    }
    if (low >= 0xdc00 && low <= 0xdfff) {
        unit = 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00));
    }
    size = qtc_utf8_encode(utf8, (uint32_t)unit);
    memcpy(*out, utf8, size);
    *out += size;
    return unit >= 0x10000 ? 12 : 6;
}

/* Copies up to the first backslash; how many bytes. Others may be written behind them, within n. */
static inline size_t copy_run(char *out, const char *p, size_t n)
{
    size_t i = 0;

#ifdef __SSE2__
    for (; n - i >= 16; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));

        _mm_storeu_si128((__m128i *)(void *)(out + i), v);
        if (mask) {
            return i + (unsigned)__builtin_ctz(mask);
        }
    }
#endif
    for (; i < n && p[i] != '\\'; i++) {
        out[i] = p[i];
    }
    return i;
}

bool qtc_json_decode(char *out, size_t *len, struct qtc_bytes inside, size_t *bad)
{
    const char *p = inside.data, *end = p + inside.len;
    char *to = out;

    for (;;) {
        size_t run = copy_run(to, p, (size_t)(end - p)), taken = 2;
        unsigned char c;

        p += run;
        to += run;
        *len = (size_t)(to - out);
        if (p == end) {
            return true;
        }
        c = end - p > 1 ? (unsigned char)p[1] : 0;
        if (c < 0x80 && unescaped[c]) {
            *to++ = unescaped[c];
        } else {
            taken = c == 'u' ? decode_unit(&to, p, (size_t)(end - p)) : 0;
        }
        if (taken == 0) {
            *bad = (size_t)(p - inside.data);
            return false;
        }
        p += taken;
    }
}

bool qtc_json_unescape(struct qtc_buf *out, struct qtc_bytes inside)
{
    char *room = qtc_buf_room(out, inside.len);
    size_t len, bad;
    bool valid;

    if (!room) {
        return true; /* the escapes may be right; out->failed tells the rest */
    }
    valid = qtc_json_decode(room, &len, inside, &bad);
    out->len += len;
    return valid;
}
