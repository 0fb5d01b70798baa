#include "schema/formats.h"

#include <string.h>

#include "schema/pattern.h"
#include "schema/schema.h"

/* ---- helpers -------------------------------------------------------------------- */

bool qtc_take_char(struct qtc_bytes *s, char c)
{
    if (s->len == 0 || *s->data != c) {
        return false;
    }
    s->data++;
    s->len--;
    return true;
}

bool qtc_take_digits(struct qtc_bytes *s, size_t count, unsigned *out)
{
    unsigned n = 0;

    if (s->len < count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (s->data[i] < '0' || s->data[i] > '9') {
            return false;
        }
        n = n * 10 + (unsigned)(s->data[i] - '0');
    }
    *out = n;
    s->data += count;
    s->len -= count;
    return true;
}

/* ---- the short ones ---------------------------------------------------------------- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

static bool is_uuid(struct qtc_bytes text)
{
    if (text.len != 36) {
        return false;
    }
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? text.data[i] != '-' : !is_hex(text.data[i])) {
            return false;
        }
    }
    return true;
}

static bool is_json_pointer(struct qtc_bytes text)
{
    if (text.len > 0 && text.data[0] != '/') {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '~' &&
            (i + 1 == text.len || (text.data[i + 1] != '0' && text.data[i + 1] != '1'))) {
            return false;
        }
    }
    return true;
}

/* A count of steps up, then # or a pointer. */
static bool is_relative_json_pointer(struct qtc_bytes text)
{
    size_t n = 0;

    while (n < text.len && text.data[n] >= '0' && text.data[n] <= '9') {
        n++;
    }
    if (n == 0 || (n > 1 && text.data[0] == '0')) {
        return false;
    }
    text = qtc_bytes(text.data + n, text.len - n);
    return qtc_bytes_is(text, "#") || is_json_pointer(text);
}

/* ---- the table ------------------------------------------------------------------------ */

static const struct qtc_format_row rows[] = {
    {"date", "792", qtc_format_date},
    {"date-time", "46792", qtc_format_date_time},
    {"duration", "92", qtc_format_duration},
    {"email", "46792", qtc_format_email},
    {"hostname", "46792", qtc_format_hostname},
    {"idn-email", "792", qtc_format_idn_email},
    {"idn-hostname", "792", qtc_format_idn_hostname},
    {"ipv4", "46792", qtc_format_ipv4},
    {"ipv6", "46792", qtc_format_ipv6},
    {"iri", "792", qtc_format_iri},
    {"iri-reference", "792", qtc_format_iri_reference},
    {"json-pointer", "6792", is_json_pointer},
    {"regex", "46792", qtc_pattern_valid},
    {"relative-json-pointer", "792", is_relative_json_pointer},
    {"time", "792", qtc_format_time},
    {"uri", "46792", qtc_format_uri},
    {"uri-reference", "6792", qtc_format_uri_reference},
    {"uri-template", "6792", qtc_format_uri_template},
    {"uuid", "92", is_uuid},
};

const struct qtc_format_row *qtc_format_row_find(struct qtc_bytes name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (qtc_bytes_is(name, rows[i].name)) {
            return &rows[i];
        }
    }
    return NULL;
}

bool qtc_format_check(struct qtc_bytes format, struct qtc_bytes text, bool *known)
{
    const struct qtc_format_row *row = qtc_format_row_find(format);

    *known = row != NULL;
    return !row || row->test(qtc_bytes(text.data ? text.data : "", text.len));
}
