#include "base/base.h"

static unsigned byte_at(const char *p, size_t i)
{
    return (unsigned char)p[i];
}

static bool is_continuation(unsigned byte)
{
    return (byte & 0xc0) == 0x80;
}

/* How long a character that begins with this byte is; 0: none begins with it. */
static unsigned lead_length(unsigned byte)
{
    if (byte < 0x80) {
        return 1;
    }
    if (byte < 0xc2 || byte > 0xf4) {
        return 0;
    }
    return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/* Only the second byte tells overlong forms and code points past U+10FFFF
 * apart from the rest. Surrogates pass. */
static bool second_fits(unsigned lead, unsigned second)
{
    switch (lead) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return is_continuation(second);
    }
}

/* How many of the n bytes at p belong to one character, whole or not. */
static unsigned fitting(const char *p, size_t n)
{
    unsigned want = lead_length(byte_at(p, 0));
    unsigned have = want > 0;

    if (want > 1 && n > 1 && second_fits(byte_at(p, 0), byte_at(p, 1))) {
        have = 2;
        while (have < want && have < n && is_continuation(byte_at(p, have))) {
            have++;
        }
    }
    return have;
}

unsigned qtc_utf8_char(const char *p, size_t n)
{
    unsigned want;

    if (n == 0) {
        return 0;
    }
    want = lead_length(byte_at(p, 0));
    if (want == 0 || fitting(p, n) < want || qtc_utf8_surrogate(p, n)) {
        return 0;
    }
    return want;
}

uint32_t qtc_utf8_code_point(const char *p, size_t len)
{
    static const unsigned lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = byte_at(p, 0) & lead[len];

    for (size_t i = 1; i < len; i++) {
        c = c << 6 | (byte_at(p, i) & 0x3f);
    }
    return c;
}

static bool is_ascii_word(const char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof word);
    return (word & UINT64_C(0x8080808080808080)) == 0;
}

bool qtc_utf8_valid(struct qtc_bytes text)
{
    size_t i = 0;

    while (i < text.len) {
        size_t n = text.len - i;
        size_t len = n >= 8 && is_ascii_word(text.data + i) ? 8 : qtc_utf8_char(text.data + i, n);
        if (len == 0) {
            return false;
        }
        i += len;
    }
    return true;
}

size_t qtc_utf8_incomplete(const char *p, size_t n)
{
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        const char *at = p + n - back;

        if (is_continuation(byte_at(at, 0))) {
            continue;
        }
        if (fitting(at, back) == back && lead_length(byte_at(at, 0)) > back) {
            return back;
        }
        return qtc_utf8_surrogate(at, back) && byte_at(at, 1) < 0xb0 ? back : 0;
    }
    return 0;
}

unsigned qtc_utf8_surrogate(const char *p, size_t n)
{
    if (n < 3 || byte_at(p, 0) != 0xed || byte_at(p, 1) < 0xa0 || fitting(p, 3) != 3) {
        return 0;
    }
    return 0xd000 | (byte_at(p, 1) & 0x3f) << 6 | (byte_at(p, 2) & 0x3f);
}

size_t qtc_utf8_encode(char out[4], uint32_t code_point)
{
    uint32_t c = code_point > 0x10ffff ? 0xfffd : code_point;
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned lead[] = {0, 0x00, 0xc0, 0xe0, 0xf0};

    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    out[0] = (char)(lead[len] | c);
    return len;
}

void qtc_utf8_put(struct qtc_buf *b, uint32_t code_point)
{
    char out[4];

    qtc_buf_add(b, out, qtc_utf8_encode(out, code_point));
}
