#include "schema/formats.h"

#include <arpa/inet.h>
#include <string.h>

/* ---- addresses ------------------------------------------------------------------- */

bool qtc_format_ipv4(struct qtc_bytes text)
{
    for (int part = 0; part < 4; part++) {
        unsigned n = 0;
        size_t digits = 0;

        if (part > 0 && !qtc_take_char(&text, '.')) {
            return false;
        }
        while (digits < text.len && digits < 4 && text.data[digits] >= '0' && text.data[digits] <= '9') {
            n = n * 10 + (unsigned)(text.data[digits++] - '0');
        }
        if (digits == 0 || digits > 3 || n > 255 || (digits > 1 && text.data[0] == '0')) {
            return false;
        }
        text = qtc_bytes(text.data + digits, text.len - digits);
    }
    return text.len == 0;
}

bool qtc_format_ipv6(struct qtc_bytes text)
{
    char copy[INET6_ADDRSTRLEN + 1] = {0};
    struct in6_addr address;

    if (text.len == 0 || text.len >= sizeof copy || memchr(text.data, 0, text.len)) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    return inet_pton(AF_INET6, copy, &address) == 1;
}

/* ---- host names -------------------------------------------------------------------- */

enum { LONGEST_LABEL = 63, LONGEST_NAME = 253 };

static bool is_label_char(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-';
}

/* Letters, digits and inner hyphens; `wide`: other characters of UTF-8 too. */
static bool is_label(struct qtc_bytes label, bool wide)
{
    if (label.len == 0 || label.len > LONGEST_LABEL || label.data[0] == '-' ||
        label.data[label.len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < label.len; i++) {
        if (!is_label_char(label.data[i]) && !(wide && (unsigned char)label.data[i] >= 0x80)) {
            return false;
        }
    }
    return label.len < 4 || strncasecmp(label.data, "xn--", 4) != 0 || qtc_idn_label(label);
}

static bool is_host(struct qtc_bytes text, bool wide)
{
    if (text.len == 0 || text.len > LONGEST_NAME) {
        return false;
    }
    for (;;) {
        const char *dot = memchr(text.data, '.', text.len);
        size_t n = dot ? (size_t)(dot - text.data) : text.len;

        if (!is_label(qtc_bytes(text.data, n), wide)) {
            return false;
        }
        if (!dot) {
            return true;
        }
        text = qtc_bytes(dot + 1, text.len - n - 1);
        if (text.len == 0) {
            return false;
        }
    }
}

bool qtc_format_hostname(struct qtc_bytes text)
{
    return is_host(text, false);
}

/* ---- mail -------------------------------------------------------------------------------- */

/* RFC 5321: [address] */
static bool is_address_literal(struct qtc_bytes domain)
{
    struct qtc_bytes inside;

    if (domain.len < 3 || domain.data[0] != '[' || domain.data[domain.len - 1] != ']') {
        return false;
    }
    inside = qtc_bytes(domain.data + 1, domain.len - 2);
    if (inside.len > 5 && strncasecmp(inside.data, "IPv6:", 5) == 0) {
        return qtc_format_ipv6(qtc_bytes(inside.data + 5, inside.len - 5));
    }
    return qtc_format_ipv4(inside);
}

static bool is_atom_char(char c, bool wide)
{
    return c > ' ' && c < 127 ? !strchr("()<>[]:;@\\,.\"", c) : wide && (unsigned char)c >= 0x80;
}

/* Words with single dots between them. */
static bool is_dotted(struct qtc_bytes local, bool wide)
{
    bool dot = true;

    for (size_t i = 0; i < local.len; i++) {
        bool is_dot = local.data[i] == '.';

        if (is_dot ? dot : !is_atom_char(local.data[i], wide)) {
            return false;
        }
        dot = is_dot;
    }
    return !dot;
}

static bool is_quoted(struct qtc_bytes local, bool wide)
{
    if (local.len < 2 || local.data[0] != '"' || local.data[local.len - 1] != '"') {
        return false;
    }
    for (size_t i = 1; i + 1 < local.len; i++) {
        unsigned char c = (unsigned char)local.data[i];

        if (c == '\\') {
            c = (unsigned char)local.data[++i];
            if (i + 1 == local.len) {
                return false;
            }
        } else if (c == '"') {
            return false;
        }
        if (c < ' ' || c == 127 || (c >= 0x80 && !wide)) {
            return false;
        }
    }
    return true;
}

static bool is_mail(struct qtc_bytes text, bool wide)
{
    const char *at = text.len > 0 ? memrchr(text.data, '@', text.len) : NULL;
    struct qtc_bytes local, domain;

    if (!at) {
        return false;
    }
    local = qtc_bytes(text.data, (size_t)(at - text.data));
    domain = qtc_bytes(at + 1, text.len - local.len - 1);
    return local.len <= 64 && (is_dotted(local, wide) || is_quoted(local, wide)) &&
           (is_address_literal(domain) || is_host(domain, wide));
}

bool qtc_format_email(struct qtc_bytes text)
{
    return is_mail(text, false);
}

bool qtc_format_idn_email(struct qtc_bytes text)
{
    return is_mail(text, true);
}
