#include "parse/literal.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What is left of a word. */
struct rest {
    const char *p;
    size_t n;
};

static void skip(struct rest *r, size_t n)
{
    r->p += n;
    r->n -= n;
}

/* A single _ between two digits. */
static bool is_separator(const struct rest *r)
{
    return r->n > 1 && r->p[0] == '_' && is_digit(r->p[1]);
}

/* Copies digits, without the _ between them; false when there are none. */
static bool digits(struct rest *r, struct qtc_buf *out)
{
    bool any = false;
    while (r->n > 0 && (is_digit(r->p[0]) || (any && is_separator(r)))) {
        if (r->p[0] != '_') {
            qtc_buf_byte(out, r->p[0]);
        }
        any = true;
        skip(r, 1);
    }
    return any;
}

static void skip_zeros(struct rest *r)
{
    while (r->n > 1 && r->p[0] == '0') {
        struct rest behind = {r->p + 1, r->n - 1};
        if (!is_digit(behind.p[0]) && !is_separator(&behind)) {
            return;
        }
        skip(r, is_digit(behind.p[0]) ? 1 : 2);
    }
}

static bool exponent(struct rest *r, struct qtc_buf *out)
{
    if (r->n == 0 || (r->p[0] != 'e' && r->p[0] != 'E')) {
        return true;
    }
    qtc_buf_byte(out, r->p[0]);
    skip(r, 1);
    if (r->n > 0 && (r->p[0] == '+' || r->p[0] == '-')) {
        qtc_buf_byte(out, r->p[0]);
        skip(r, 1);
    }
    return digits(r, out);
}

/* JSON wants a digit on both sides of the point. */
static bool decimal(struct rest r, struct qtc_buf *out)
{
    skip_zeros(&r);
    bool whole = digits(&r, out), fraction = false;
    if (!whole) {
        qtc_buf_byte(out, '0');
    }
    if (r.n > 0 && r.p[0] == '.') {
        qtc_buf_byte(out, '.');
        skip(&r, 1);
        fraction = digits(&r, out);
        if (!fraction) {
            qtc_buf_byte(out, '0');
        }
    }
    return (whole || fraction) && exponent(&r, out) && r.n == 0;
}

static unsigned base_of(const struct rest *r)
{
    if (r->n < 3 || r->p[0] != '0') {
        return 10;
    }
    switch (r->p[1] | 0x20) {
    case 'x':
        return 16;
    case 'o':
        return 8;
    case 'b':
        return 2;
    default:
        return 10;
    }
}

static unsigned digit_value(char c)
{
    if (is_digit(c)) {
        return (unsigned)(c - '0');
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10 : 16;
}

static bool based(struct rest r, unsigned base, struct qtc_buf *out)
{
    uint64_t value = 0;
    skip(&r, 2);
    while (r.n > 0) {
        if (r.p[0] == '_' && r.n > 1) {
            skip(&r, 1);
        }
        unsigned digit = digit_value(r.p[0]);
        if (digit >= base || value > (UINT64_MAX - digit) / base) {
            return false;
        }
        value = value * base + digit;
        skip(&r, 1);
    }
    qtc_buf_u64(out, value);
    return true;
}

static bool number(struct qtc_bytes word, struct qtc_buf *out)
{
    struct rest r = {word.data, word.len};
    if (r.n > 0 && (r.p[0] == '-' || r.p[0] == '+')) {
        if (r.p[0] == '-') {
            qtc_buf_byte(out, '-');
        }
        skip(&r, 1);
    }
    unsigned base = base_of(&r);
    return base == 10 ? decimal(r, out) : based(r, base, out);
}

bool qtc_python_literal(struct qtc_bytes word, struct qtc_buf *out)
{
    static const struct {
        const char *python, *json;
    } constants[] = {{"True", "true"}, {"False", "false"}, {"None", "null"}};
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++) {
        if (qtc_bytes_is(word, constants[i].python) || qtc_bytes_is(word, constants[i].json)) {
            qtc_buf_str(out, constants[i].json);
            return true;
        }
    }
    size_t start = out->len;
    bool good = number(word, out);
    if (!good) {
        out->len = start;
    }
    return good;
}
