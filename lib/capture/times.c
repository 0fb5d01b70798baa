/* times.c - decimal numbers to nanoseconds, and dates to UTC. */
#include "capture/readers.h"

#include <stdio.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- decimals ------------------------------------------------------------------------ */

/* *n * 10 + digit */
static bool append_digit(uint64_t *n, unsigned digit)
{
    return !__builtin_mul_overflow(*n, UINT64_C(10), n) && !__builtin_add_overflow(*n, (uint64_t)digit, n);
}

/* The exponent behind "e"; far from 0 where it is too large to matter. */
static int read_exponent(struct qtc_bytes text)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    int n = 0;

    for (size_t i = negative || (text.len > 0 && text.data[0] == '+'); i < text.len && n < 100000; i++) {
        n = n * 10 + (text.data[i] - '0');
    }
    return negative ? -n : n;
}

/* How many bytes of it come before `c`, or all. */
static size_t length_to(struct qtc_bytes number, char c)
{
    size_t i = 0;

    while (i < number.len && (number.data[i] | 0x20) != (c | 0x20)) {
        i++;
    }
    return i;
}

bool qtc_decimal(struct qtc_bytes number, int shift, uint64_t *out)
{
    size_t mantissa = length_to(number, 'e');
    size_t whole = length_to(qtc_bytes(number.data, mantissa), '.');
    long place = shift - 1 + (long)whole; /* the power of ten of the digit at hand */
    unsigned next = 0;                    /* the first digit that is too small to be taken */
    uint64_t n = 0;

    if (number.len == 0 || number.data[0] == '-') {
        return false;
    }
    place += mantissa < number.len ? read_exponent(qtc_skip(number, mantissa + 1)) : 0;
    for (size_t i = 0; i < mantissa && place >= -1; i++) {
        unsigned digit = (unsigned)(number.data[i] - '0');
        if (i == whole) {
            continue;
        }
        if (place < 0) {
            next = digit;
        } else if (!append_digit(&n, digit)) {
            return false;
        }
        place--;
    }
    for (; place >= 0 && n > 0; place--) {
        if (!append_digit(&n, 0)) {
            return false;
        }
    }
    return !__builtin_add_overflow(n, (uint64_t)(next >= 5), out);
}

/* ---- dates ------------------------------------------------------------------------------ */

struct date {
    int64_t year;
    unsigned month, day, hour, minute, second;
    struct qtc_bytes fraction; /* with its point */
    int offset;                /* of the zone, in minutes */
};

/* `digits` of them at text[*at]. */
static bool take_number(struct qtc_bytes text, size_t *at, size_t digits, unsigned *out)
{
    *out = 0;
    for (size_t i = 0; i < digits; i++, ++*at) {
        if (*at == text.len || !is_digit(text.data[*at])) {
            return false;
        }
        *out = *out * 10 + (unsigned)(text.data[*at] - '0');
    }
    return true;
}

static bool take_one_of(struct qtc_bytes text, size_t *at, char a, char b)
{
    bool is = *at < text.len && (text.data[*at] == a || text.data[*at] == b);

    *at += is;
    return is;
}

static void take_fraction(struct qtc_bytes text, size_t *at, struct qtc_bytes *fraction)
{
    size_t from = *at;

    if (take_one_of(text, at, '.', '.')) {
        while (*at < text.len && is_digit(text.data[*at])) {
            ++*at;
        }
    }
    *fraction = qtc_bytes(text.data + from, *at - from);
}

/* Z, +hh:mm or +hhmm, and the end. */
static bool take_zone(struct qtc_bytes text, size_t *at, int *offset)
{
    unsigned hours = 0, minutes = 0;
    bool west = *at < text.len && text.data[*at] == '-';

    *offset = 0;
    if (!take_one_of(text, at, 'Z', 'z')) {
        if (!take_one_of(text, at, '+', '-') || !take_number(text, at, 2, &hours)) {
            return false;
        }
        take_one_of(text, at, ':', ':');
        if (!take_number(text, at, 2, &minutes) || hours > 23 || minutes > 59) {
            return false;
        }
        *offset = (int)(hours * 60 + minutes) * (west ? -1 : 1);
    }
    return *at == text.len;
}

static bool read_date(struct qtc_bytes text, struct date *d)
{
    size_t at = 0;
    unsigned year;

    if (!take_number(text, &at, 4, &year) || !take_one_of(text, &at, '-', '-') ||
        !take_number(text, &at, 2, &d->month) || !take_one_of(text, &at, '-', '-') ||
        !take_number(text, &at, 2, &d->day) || !take_one_of(text, &at, 'T', ' ') ||
        !take_number(text, &at, 2, &d->hour) || !take_one_of(text, &at, ':', ':') ||
        !take_number(text, &at, 2, &d->minute) || !take_one_of(text, &at, ':', ':') ||
        !take_number(text, &at, 2, &d->second)) {
        return false;
    }
    d->year = year;
    take_fraction(text, &at, &d->fraction);
    return take_zone(text, &at, &d->offset) && d->month >= 1 && d->month <= 12 && d->day >= 1 &&
           d->day <= 31 && d->hour <= 23 && d->minute <= 59 && d->second <= 60;
}

/* Days since 1970-01-01 in the Gregorian calendar. Years are counted from March, so that a leap day ends one.
 */
static int64_t days_of(const struct date *d)
{
    int64_t y = d->year - (d->month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year = y - era * 400;
    int64_t day = (153 * ((int64_t)d->month + (d->month > 2 ? -3 : 9)) + 2) / 5 + d->day - 1;

    return era * 146097 + year * 365 + year / 4 - year / 100 + day - 719468;
}

static void set_days(struct date *d, int64_t days)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t in_era = z - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * in_year + 2) / 153;

    d->day = (unsigned)(in_year - (153 * month + 2) / 5 + 1);
    d->month = (unsigned)(month < 10 ? month + 3 : month - 9);
    d->year = year + era * 400 + (d->month <= 2);
}

static int64_t to_utc(struct date *d)
{
    int64_t minutes = days_of(d) * 1440 + (int64_t)d->hour * 60 + d->minute - d->offset;
    int64_t days = (minutes - (minutes < 0 ? 1439 : 0)) / 1440;

    set_days(d, days);
    d->hour = (unsigned)(minutes - days * 1440) / 60;
    d->minute = (unsigned)(minutes - days * 1440) % 60;
    return minutes * 60 + d->second;
}

static uint64_t epoch_of(int64_t seconds, struct qtc_bytes fraction)
{
    uint64_t nanoseconds = 0, epoch = 0;

    for (size_t i = 1; i < 10; i++) {
        nanoseconds = nanoseconds * 10 + (i < fraction.len ? (uint64_t)(fraction.data[i] - '0') : 0);
    }
    if (seconds < 0 || __builtin_mul_overflow((uint64_t)seconds, UINT64_C(1000000000), &epoch) ||
        __builtin_add_overflow(epoch, nanoseconds, &epoch)) {
        return 0;
    }
    return epoch;
}

bool qtc_time_in_utc(struct qtc_arena *arena, struct qtc_bytes text, struct qtc_bytes *utc, uint64_t *epoch)
{
    struct date d;
    char digits[64];
    struct qtc_buf out = {0};

    if (!read_date(text, &d)) {
        return false;
    }
    *epoch = epoch_of(to_utc(&d), d.fraction);
    snprintf(digits, sizeof digits, "%04d-%02u-%02uT%02u:%02u:%02u", (int)d.year, d.month, d.day, d.hour,
             d.minute, d.second);
    qtc_buf_str(&out, digits);
    qtc_buf_put(&out, d.fraction);
    qtc_buf_byte(&out, 'Z');
    *utc = out.failed ? qtc_bytes(NULL, 0) : qtc_arena_copy(arena, qtc_buf_bytes(&out));
    qtc_buf_free(&out);
    return utc->data != NULL;
}
