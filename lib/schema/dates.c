#include "schema/formats.h"

/* RFC 3339. */

static unsigned days_of(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(struct qtc_bytes *s)
{
    unsigned year, month, day;

    return qtc_take_digits(s, 4, &year) && qtc_take_char(s, '-') && qtc_take_digits(s, 2, &month) &&
           qtc_take_char(s, '-') && qtc_take_digits(s, 2, &day) && month >= 1 && month <= 12 && day >= 1 &&
           day <= days_of(year, month);
}

static bool take_fraction(struct qtc_bytes *s)
{
    unsigned digit;

    if (!qtc_take_char(s, '.')) {
        return true;
    }
    if (!qtc_take_digits(s, 1, &digit)) {
        return false;
    }
    while (qtc_take_digits(s, 1, &digit)) {
    }
    return true;
}

/* Minutes east of Greenwich. */
static bool take_offset(struct qtc_bytes *s, int *minutes)
{
    unsigned h, m;
    int sign = qtc_take_char(s, '-') ? -1 : 1;

    *minutes = 0;
    if (sign > 0 && (qtc_take_char(s, 'Z') || qtc_take_char(s, 'z'))) {
        return true;
    }
    if ((sign > 0 && !qtc_take_char(s, '+')) || !qtc_take_digits(s, 2, &h) || !qtc_take_char(s, ':') ||
        !qtc_take_digits(s, 2, &m) || h > 23 || m > 59) {
        return false;
    }
    *minutes = sign * (int)(h * 60 + m);
    return true;
}

/* A leap second is the last of a day in Greenwich. */
static bool take_time(struct qtc_bytes *s)
{
    unsigned h, m, sec;
    int offset;

    if (!qtc_take_digits(s, 2, &h) || !qtc_take_char(s, ':') || !qtc_take_digits(s, 2, &m) ||
        !qtc_take_char(s, ':') || !qtc_take_digits(s, 2, &sec) || !take_fraction(s) ||
        !take_offset(s, &offset)) {
        return false;
    }
    if (h > 23 || m > 59 || sec > 60) {
        return false;
    }
    return sec < 60 || ((int)(h * 60 + m) - offset + 2 * 1440) % 1440 == 1439;
}

bool qtc_format_date(struct qtc_bytes text)
{
    return take_date(&text) && text.len == 0;
}

bool qtc_format_time(struct qtc_bytes text)
{
    return take_time(&text) && text.len == 0;
}

bool qtc_format_date_time(struct qtc_bytes text)
{
    return take_date(&text) && (qtc_take_char(&text, 'T') || qtc_take_char(&text, 't')) && take_time(&text) &&
           text.len == 0;
}

/* Numbers with units, in the order of `units`, none left out between two that are there. How many; -1 where
 * something else stands. */
static int take_units(struct qtc_bytes *s, const char *units)
{
    int taken = 0;
    unsigned digit;

    while (qtc_take_digits(s, 1, &digit)) {
        while (qtc_take_digits(s, 1, &digit)) {
        }
        while (taken == 0 && *units && (s->len == 0 || *s->data != *units)) {
            units++;
        }
        if (!*units || !qtc_take_char(s, *units)) {
            return -1;
        }
        units++;
        taken++;
    }
    return taken;
}

/* RFC 3339, appendix A. */
bool qtc_format_duration(struct qtc_bytes text)
{
    struct qtc_bytes weeks = text;
    int date, time = 0;

    if (!qtc_take_char(&text, 'P') || !qtc_take_char(&weeks, 'P')) {
        return false;
    }
    if (take_units(&weeks, "W") == 1 && weeks.len == 0) {
        return true;
    }
    date = take_units(&text, "YMD");
    if (qtc_take_char(&text, 'T')) {
        time = take_units(&text, "HMS");
        if (time == 0) {
            return false;
        }
    }
    return date >= 0 && time >= 0 && date + time > 0 && text.len == 0;
}
