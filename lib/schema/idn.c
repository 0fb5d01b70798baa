#include "schema/formats.h"

#include <string.h>

#include <idn2.h>

/* The only file that knows libidn2: labels by the rules of IDNA 2008 for registration, which look at
 * each character, at its neighbours and at the direction of writing. */

enum { LONGEST_NAME = 253, LONGEST_INPUT = 63 * 4 };

/* One label, terminated; into out its ASCII form. */
static bool check_label(const char *label, size_t len, char out[64])
{
    bool encoded = len >= 4 && strncasecmp(label, "xn--", 4) == 0;
    uint8_t *ascii = NULL;
    uint8_t lower[LONGEST_INPUT + 1];
    int rc;

    for (size_t i = 0; i <= len; i++) {
        lower[i] = (uint8_t)(label[i] >= 'A' && label[i] <= 'Z' ? label[i] | 32 : label[i]);
    }
    rc = encoded ? idn2_register_u8(NULL, lower, &ascii, 0) : idn2_register_u8(lower, NULL, &ascii, 0);
    if (rc == IDN2_OK && ascii && strlen((const char *)ascii) < 64) {
        memcpy(out, ascii, strlen((const char *)ascii) + 1);
    } else {
        rc = IDN2_INVALID_ALABEL;
    }
    idn2_free(ascii);
    return rc == IDN2_OK;
}

static bool copy_label(struct qtc_bytes label, char copy[LONGEST_INPUT + 1])
{
    if (label.len == 0 || label.len > LONGEST_INPUT || memchr(label.data, 0, label.len)) {
        return false;
    }
    memcpy(copy, label.data, label.len);
    copy[label.len] = 0;
    return true;
}

bool qtc_idn_label(struct qtc_bytes label)
{
    char copy[LONGEST_INPUT + 1];
    char ascii[64];

    return copy_label(label, copy) && check_label(copy, label.len, ascii);
}

/* ASCII labels are not looked at by libidn2. */
static bool is_plain(struct qtc_bytes label)
{
    if (label.data[0] == '-' || label.data[label.len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < label.len; i++) {
        char c = label.data[i];

        if ((unsigned char)c < 0x80 && !(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z') &&
            c != '-') {
            return false;
        }
    }
    return true;
}

/* The full stop, and the three that stand for it: their length at p; 0. */
static size_t separator(const char *p, size_t n)
{
    if (n > 0 && *p == '.') {
        return 1;
    }
    return n >= 3 && (memcmp(p, "\xe3\x80\x82", 3) == 0 || memcmp(p, "\xef\xbc\x8e", 3) == 0 ||
                      memcmp(p, "\xef\xbd\xa1", 3) == 0)
               ? 3
               : 0;
}

static bool take_label(struct qtc_bytes label, size_t *total)
{
    char copy[LONGEST_INPUT + 1];
    char ascii[64];

    if (!copy_label(label, copy) || !is_plain(label) || !check_label(copy, label.len, ascii)) {
        return false;
    }
    *total += strlen(ascii) + 1;
    return true;
}

bool qtc_format_idn_hostname(struct qtc_bytes text)
{
    size_t from = 0;
    size_t total = 0;

    for (size_t i = 0; i < text.len;) {
        size_t n = separator(text.data + i, text.len - i);

        if (n > 0) {
            if (!take_label(qtc_bytes(text.data + from, i - from), &total)) {
                return false;
            }
            from = i + n;
        }
        i += n > 0 ? n : 1;
    }
    return from < text.len && take_label(qtc_bytes(text.data + from, text.len - from), &total) &&
           total - 1 <= LONGEST_NAME;
}
