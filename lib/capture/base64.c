#include "capture/base64.h"

static const char digits[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- encoding ----------------------------------------------------------------- */

static uint32_t bits_at(const char *p, size_t n)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < 3; i++) {
        bits = bits << 8 | (i < n ? (unsigned char)p[i] : 0U);
    }
    return bits;
}

void qtc_base64_encode(struct qtc_buf *out, struct qtc_bytes data)
{
    for (size_t i = 0; i < data.len; i += 3) {
        size_t n = data.len - i < 3 ? data.len - i : 3;
        uint32_t bits = bits_at(data.data + i, n);
        char group[4] = {digits[bits >> 18], digits[bits >> 12 & 63], n > 1 ? digits[bits >> 6 & 63] : '=',
                         n > 2 ? digits[bits & 63] : '='};

        qtc_buf_add(out, group, sizeof group);
    }
}

/* ---- decoding ----------------------------------------------------------------- */

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* `n` digits of a group of four: how many of them are digits. */
static size_t read_group(const char *p, size_t n, uint32_t *bits)
{
    *bits = 0;
    for (size_t i = 0; i < n; i++) {
        int value = value_of(p[i]);

        if (value < 0) {
            return i;
        }
        *bits |= (uint32_t)value << (18 - 6 * i);
    }
    return n;
}

static size_t padding_of(struct qtc_bytes text)
{
    size_t n = 0;

    while (n < 2 && n < text.len && text.data[text.len - 1 - n] == '=') {
        n++;
    }
    return n;
}

bool qtc_base64_decode(char *out, size_t *len, struct qtc_bytes text, size_t *bad)
{
    size_t padding = padding_of(text);
    size_t whole = text.len - padding;

    *len = 0;
    for (size_t i = 0; i < whole; i += 4) {
        size_t n = whole - i < 4 ? whole - i : 4;
        uint32_t bits;
        size_t read = read_group(text.data + i, n, &bits);

        *bad = i + read;
        if (read < n || n + (n < 4 ? padding : 0) != 4 || (bits & (0xffffffU >> 8 * (n - 1))) != 0) {
            return false;
        }
        for (size_t k = 0; k + 1 < n; k++) {
            out[(*len)++] = (char)(bits >> (16 - 8 * k));
        }
    }
    *bad = whole;
    return text.len % 4 == 0 && (whole % 4 != 0 || padding == 0);
}
