#include "schema/formats.h"

#include <string.h>

#include "schema/uri.h"

/* RFC 3986, 3987 and 6570: what may stand in each part. */

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

static bool is_escape(const char *p, size_t n)
{
    return n >= 3 && p[0] == '%' && is_hex(p[1]) && is_hex(p[2]);
}

static bool is_private(uint32_t c)
{
    return (c >= 0xe000 && c <= 0xf8ff) || (c >= 0xf0000 && c <= 0x10fffd);
}

/* ucschar; in a query also iprivate */
static bool is_iri_char(uint32_t c, bool query)
{
    if (is_private(c)) {
        return query && (c & 0xffff) < 0xfffe;
    }
    return c >= 0xa0 && !(c >= 0xfdd0 && c <= 0xfdef) && !(c >= 0xfff0 && c <= 0xffff) &&
           (c & 0xffff) < 0xfffe && !(c >= 0xe0000 && c <= 0xe0fff);
}

/* Every character is a letter, a digit, one of `more`, an escape, or (wide) beyond ASCII. */
static bool all_of(struct qtc_bytes s, const char *more, bool wide, bool query)
{
    for (size_t i = 0; i < s.len;) {
        char c = s.data[i];
        size_t n = 1;

        if ((unsigned char)c >= 0x80) {
            n = qtc_utf8_char(s.data + i, s.len - i);
            if (!wide || n == 0 || !is_iri_char(qtc_utf8_code_point(s.data + i, n), query)) {
                return false;
            }
        } else if (c == '%') {
            n = is_escape(s.data + i, s.len - i) ? 3 : 0;
        } else if (c == 0 || (!is_alnum(c) && !strchr(more, c))) {
            n = 0;
        }
        if (n == 0) {
            return false;
        }
        i += n;
    }
    return true;
}

#define UNRESERVED "-._~"
#define SUB_DELIMS "!$&'()*+,;="
#define PCHAR      UNRESERVED SUB_DELIMS ":@"

/* [IPv6] or [vX.…] */
static bool is_ip_literal(struct qtc_bytes host)
{
    struct qtc_bytes in = qtc_bytes(host.data + 1, host.len - 2);
    size_t n = 1;

    if (in.len == 0 || (in.data[0] | 32) != 'v') {
        return qtc_format_ipv6(in);
    }
    while (n < in.len && is_hex(in.data[n])) {
        n++;
    }
    return n > 1 && n + 1 < in.len && in.data[n] == '.' && !memchr(in.data, '%', in.len) &&
           all_of(qtc_bytes(in.data + n + 1, in.len - n - 1), UNRESERVED SUB_DELIMS ":", false, false);
}

static bool is_host_and_port(struct qtc_bytes s, bool wide)
{
    size_t n = s.len;

    while (n > 0 && s.data[n - 1] >= '0' && s.data[n - 1] <= '9') {
        n--;
    }
    if (n > 0 && s.data[n - 1] == ':') {
        s.len = n - 1;
    }
    if (s.len >= 2 && s.data[0] == '[' && s.data[s.len - 1] == ']') {
        return is_ip_literal(s);
    }
    return all_of(s, UNRESERVED SUB_DELIMS, wide, false);
}

static bool is_authority(struct qtc_bytes s, bool wide)
{
    const char *at = s.len > 0 ? memrchr(s.data, '@', s.len) : NULL;
    size_t user = at ? (size_t)(at - s.data) : 0;

    if (at && !all_of(qtc_bytes(s.data, user), UNRESERVED SUB_DELIMS ":", wide, false)) {
        return false;
    }
    return is_host_and_port(at ? qtc_bytes(at + 1, s.len - user - 1) : s, wide);
}

/* A first segment with a colon would be a scheme. */
static bool is_path(const struct qtc_uri *u, bool wide)
{
    const char *colon = memchr(u->path.data, ':', u->path.len);
    const char *slash = memchr(u->path.data, '/', u->path.len);

    if (!u->scheme.data && !u->authority.data && colon && (!slash || colon < slash)) {
        return false;
    }
    return all_of(u->path, PCHAR "/", wide, false);
}

static bool is_reference(struct qtc_bytes text, bool wide, bool absolute)
{
    struct qtc_uri u = qtc_uri_split(text);

    if (absolute && !u.scheme.data) {
        return false;
    }
    return (!u.authority.data || is_authority(u.authority, wide)) && is_path(&u, wide) &&
           (!u.query.data || all_of(u.query, PCHAR "/?", wide, true)) &&
           (!u.fragment.data || all_of(u.fragment, PCHAR "/?", wide, false));
}

bool qtc_format_uri(struct qtc_bytes text)
{
    return is_reference(text, false, true);
}

bool qtc_format_uri_reference(struct qtc_bytes text)
{
    return is_reference(text, false, false);
}

bool qtc_format_iri(struct qtc_bytes text)
{
    return is_reference(text, true, true);
}

bool qtc_format_iri_reference(struct qtc_bytes text)
{
    return is_reference(text, true, false);
}

/* ---- templates ----------------------------------------------------------------------- */

static bool is_variable_name(struct qtc_bytes s)
{
    bool dot = true;

    for (size_t i = 0; i < s.len;) {
        bool is_dot = s.data[i] == '.';
        size_t n = is_escape(s.data + i, s.len - i) ? 3 : 1;

        if (is_dot ? dot : n == 1 && !is_alnum(s.data[i]) && s.data[i] != '_') {
            return false;
        }
        dot = is_dot;
        i += n;
    }
    return !dot;
}

/* name, name* or name:1 … name:9999 */
static bool is_variable(struct qtc_bytes s)
{
    const char *colon = memchr(s.data, ':', s.len);

    if (colon) {
        size_t name = (size_t)(colon - s.data);
        struct qtc_bytes digits = qtc_bytes(colon + 1, s.len - name - 1);
        size_t count = digits.len;
        unsigned n;

        return count >= 1 && count <= 4 && digits.data[0] != '0' && qtc_take_digits(&digits, count, &n) &&
               is_variable_name(qtc_bytes(s.data, name));
    }
    if (s.len > 0 && s.data[s.len - 1] == '*') {
        s.len--;
    }
    return is_variable_name(s);
}

static bool is_expression(struct qtc_bytes s)
{
    if (s.len > 0 && s.data[0] != 0 && strchr("+#./;?&=,!@|", s.data[0])) {
        if (strchr(",!@|=", s.data[0])) {
            return false; /* reserved for later */
        }
        s = qtc_bytes(s.data + 1, s.len - 1);
    }
    for (;;) {
        const char *comma = s.len > 0 ? memchr(s.data, ',', s.len) : NULL;
        size_t n = comma ? (size_t)(comma - s.data) : s.len;

        if (n == 0 || !is_variable(qtc_bytes(s.data, n))) {
            return false;
        }
        if (!comma) {
            return true;
        }
        s = qtc_bytes(comma + 1, s.len - n - 1);
    }
}

static size_t literal_length(const char *p, size_t n)
{
    if ((unsigned char)*p >= 0x80) {
        size_t len = qtc_utf8_char(p, n);

        return len > 0 && is_iri_char(qtc_utf8_code_point(p, len), true) ? len : 0;
    }
    if (*p == '%') {
        return is_escape(p, n) ? 3 : 0;
    }
    return *p > ' ' && *p < 127 && !strchr("\"<>\\^`{|}", *p);
}

bool qtc_format_uri_template(struct qtc_bytes text)
{
    for (size_t i = 0; i < text.len;) {
        size_t n;

        if (text.data[i] == '{') {
            const char *close = memchr(text.data + i, '}', text.len - i);

            if (!close || !is_expression(qtc_bytes(text.data + i + 1, (size_t)(close - text.data) - i - 1))) {
                return false;
            }
            n = (size_t)(close - text.data) - i + 1;
        } else {
            n = literal_length(text.data + i, text.len - i);
        }
        if (n == 0) {
            return false;
        }
        i += n;
    }
    return true;
}
