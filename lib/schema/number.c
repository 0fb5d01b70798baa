#include "schema/number.h"

#include <limits.h>
#include <string.h>

#include "schema/hash.h"
#include "schema/schema.h"

/* 10^18 stands for every exponent beyond it. */
#define FAR 1000000000000000000

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- reading --------------------------------------------------------------- */

static int64_t read_exponent(const char *p, const char *end)
{
    bool negative = p < end && *p == '-';
    int64_t n = 0;

    p += p < end && (*p == '-' || *p == '+');
    for (; p < end; p++) {
        n = n > FAR / 10 ? FAR : n * 10 + (*p - '0');
    }
    n = n > FAR ? FAR : n;
    return negative ? -n : n;
}

/* [p, end) is digits with a point among them or not; returns how many digits stand behind the point. */
static size_t fraction_length(const char *p, const char *end)
{
    const char *point = memchr(p, '.', (size_t)(end - p));

    return point ? (size_t)(end - point - 1) : 0;
}

struct qtc_number qtc_number_read(struct qtc_bytes text)
{
    struct qtc_number n = {0};
    const char *p = text.data;
    const char *end = p + text.len;
    const char *e = p;

    n.negative = p < end && *p == '-';
    p += n.negative;
    while (e < end && *e != 'e' && *e != 'E') {
        e++;
    }
    n.exponent = e < end ? read_exponent(e + 1, end) : 0;
    n.exponent -= (int64_t)fraction_length(p, e);
    while (p < e && (*p == '0' || *p == '.')) {
        p++;
    }
    while (e > p && (e[-1] == '0' || e[-1] == '.')) {
        n.exponent += e[-1] == '0';
        e--;
    }
    n.digits = p;
    n.count = (size_t)(e - p) - (memchr(p, '.', (size_t)(e - p)) ? 1 : 0);
    if (n.count == 0) {
        n = (struct qtc_number){.digits = text.data};
    }
    return n;
}

bool qtc_number_small(struct qtc_bytes text, int64_t *out)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    int64_t n = 0;

    if (text.len > 18 + (size_t)negative) {
        return false;
    }
    for (size_t i = negative; i < text.len; i++) {
        if (!is_digit(text.data[i])) {
            return false;
        }
        n = n * 10 + (text.data[i] - '0');
    }
    *out = negative ? -n : n;
    return true;
}

/* ---- order ------------------------------------------------------------------ */

/* Digits of both from the first on; what one of them lacks counts as 0. */
static int order_digits(const struct qtc_number *a, const struct qtc_number *b)
{
    const char *p = a->digits;
    const char *q = b->digits;
    size_t shorter = a->count < b->count ? a->count : b->count;

    for (size_t i = 0; i < shorter; i++) {
        p += *p == '.';
        q += *q == '.';
        if (*p != *q) {
            return *p < *q ? -1 : 1;
        }
        p++;
        q++;
    }
    return (a->count > b->count) - (a->count < b->count);
}

static int order_magnitude(const struct qtc_number *a, const struct qtc_number *b)
{
    int64_t top_a = a->exponent + (int64_t)a->count;
    int64_t top_b = b->exponent + (int64_t)b->count;

    if (top_a != top_b) {
        return top_a < top_b ? -1 : 1;
    }
    return order_digits(a, b);
}

int qtc_number_order(const struct qtc_number *a, const struct qtc_number *b)
{
    if (a->count == 0 || b->count == 0) {
        int sign_a = a->count == 0 ? 0 : a->negative ? -1 : 1;
        int sign_b = b->count == 0 ? 0 : b->negative ? -1 : 1;

        return sign_a - sign_b;
    }
    if (a->negative != b->negative) {
        return a->negative ? -1 : 1;
    }
    return a->negative ? -order_magnitude(a, b) : order_magnitude(a, b);
}

int qtc_number_compare(struct qtc_bytes a, struct qtc_bytes b)
{
    int64_t small_a, small_b;

    if (qtc_number_small(a, &small_a) && qtc_number_small(b, &small_b)) {
        return (small_a > small_b) - (small_a < small_b);
    }

    struct qtc_number x = qtc_number_read(a);
    struct qtc_number y = qtc_number_read(b);

    return qtc_number_order(&x, &y);
}

bool qtc_number_is_integer(struct qtc_bytes number)
{
    int64_t small;

    if (qtc_number_small(number, &small)) {
        return true;
    }

    struct qtc_number n = qtc_number_read(number);

    return n.count == 0 || n.exponent >= 0;
}

uint64_t qtc_number_hash(struct qtc_bytes text)
{
    struct qtc_number n = qtc_number_read(text);
    const char *p = n.digits;
    uint64_t h = qtc_hash_mix((uint64_t)n.exponent + 2 * (uint64_t)n.negative, n.count);

    for (size_t i = 0; i < n.count; i++) {
        p += *p == '.';
        h = (h ^ (unsigned char)*p) * 0x100000001b3;
        p++;
    }
    return qtc_hash_mix(h, 7);
}

/* ---- division ---------------------------------------------------------------- */

/* limbs = limbs * 10 + digit; false when it does not fit. */
static bool push_digit(uint32_t *limbs, size_t count, unsigned digit)
{
    uint64_t carry = digit;

    for (size_t i = 0; i < count; i++) {
        carry += (uint64_t)limbs[i] * 10;
        limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return carry == 0;
}

bool qtc_divisor_read(struct qtc_divisor *d, struct qtc_bytes text)
{
    struct qtc_number n = qtc_number_read(text);
    const char *p = n.digits;

    *d = (struct qtc_divisor){.exponent = n.exponent, .count = QTC_DIVISOR_LIMBS};
    if (n.count == 0 || n.negative) {
        return false;
    }
    for (size_t i = 0; i < n.count; i++) {
        p += *p == '.';
        /* one limb stays free: a remainder is below ten times the divisor while it is worked on */
        if (!push_digit(d->limbs, QTC_DIVISOR_LIMBS - 1, (unsigned)(*p - '0'))) {
            return false;
        }
        p++;
    }
    while (d->count > 1 && d->limbs[d->count - 1] == 0) {
        d->count--;
    }
    return true;
}

static bool not_below(const uint32_t *a, const uint32_t *b, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        if (a[i] != b[i]) {
            return a[i] > b[i];
        }
    }
    return true;
}

static void subtract(uint32_t *a, const uint32_t *b, size_t count)
{
    int64_t borrow = 0;

    for (size_t i = 0; i < count; i++) {
        borrow += (int64_t)a[i] - b[i];
        a[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
}

/* What is left of a number while its digits come in, highest first. */
struct remainder {
    const struct qtc_divisor *d;
    uint64_t small; /* when the divisor has one limb */
    uint32_t limbs[QTC_DIVISOR_LIMBS];
};

static void take_digit(struct remainder *r, unsigned digit)
{
    size_t count = r->d->count + 1;

    if (r->d->count == 1) {
        r->small = (r->small * 10 + digit) % r->d->limbs[0];
        return;
    }
    push_digit(r->limbs, count, digit);
    while (not_below(r->limbs, r->d->limbs, count)) {
        subtract(r->limbs, r->d->limbs, count);
    }
}

static bool is_zero(const struct remainder *r)
{
    uint32_t all = 0;

    for (size_t i = 0; i < QTC_DIVISOR_LIMBS; i++) {
        all |= r->limbs[i];
    }
    return all == 0 && r->small == 0;
}

bool qtc_number_divisible(struct qtc_bytes text, const struct qtc_divisor *d)
{
    struct qtc_number n = qtc_number_read(text);
    struct remainder r = {.d = d};
    const char *p = n.digits;
    const int64_t most = (int64_t)QTC_DIVISOR_LIMBS * 32;
    int64_t zeros;

    if (n.count == 0) {
        return true;
    }
    if (n.exponent < d->exponent) {
        return false; /* the last digit is not 0, so a power of ten is missing */
    }
    /* More zeros than the divisor has bits add no factor 2 or 5 that it could lack. */
    zeros = n.exponent - d->exponent;
    zeros = zeros > most ? most : zeros;
    for (size_t i = 0; i < n.count; i++) {
        p += *p == '.';
        take_digit(&r, (unsigned)(*p++ - '0'));
    }
    for (int64_t i = 0; i < zeros; i++) {
        take_digit(&r, 0);
    }
    return is_zero(&r);
}
