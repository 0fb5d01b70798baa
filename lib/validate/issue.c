/* issue.c - the table of issues, and the line that people read. */
#include "validate/internal.h"

#include <string.h>

static const struct qtc_issue_info infos[QTC_ISSUES] = {
#define CODE(id, slug, level, text) {slug, QTC_LEVEL_##level, text},
#include "validate/codes.h"
#undef CODE
};

const struct qtc_issue_info *qtc_issue_info(unsigned code)
{
    return code < QTC_ISSUES ? &infos[code] : NULL;
}

/* ---- text for people --------------------------------------------------------------- */

/* How many bytes of the text are shown, and no character is cut. */
static size_t shown_length(struct qtc_bytes text, size_t max)
{
    if (text.len <= max) {
        return text.len;
    }
    return max - qtc_utf8_incomplete(text.data, max);
}

/* No control, and no beginning of one of 8 bits (C2 80..9F). */
static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c != 0x7f && (unsigned char)c != 0xc2;
}

static uint64_t repeat(unsigned char byte)
{
    return UINT64_C(0x0101010101010101) * byte;
}

/* All 8 bytes are: a byte of `low` and the others has its high bit set where it is not plain. They may borrow
 * from the byte below, but only from one that is not plain itself. */
static bool are_plain(const char *p)
{
    uint64_t word, ones = repeat(1);

    memcpy(&word, p, sizeof word);
    uint64_t low = (word - repeat(0x20)) & ~word, delete = word ^ repeat(0x7f), wide = word ^ repeat(0xc2);
    return ((low | ((delete - ones) & ~delete) | ((wide - ones) & ~wide)) & repeat(0x80)) == 0;
}

/* How many bytes from p on may stand as they are. */
static size_t plain_length(const char *p, size_t n)
{
    size_t i = 0;

    while (n - i >= 8 && are_plain(p + i)) {
        i += 8;
    }
    if (n - i < 8 && n >= 8 && are_plain(p + n - 8)) {
        return n;
    }
    while (i < n && is_plain(p[i])) {
        i++;
    }
    return i;
}

/* Controls would reach a terminal: each becomes a blank. */
static void put_plain(struct qtc_buf *out, struct qtc_bytes text)
{
    size_t i = 0;

    while (i < text.len) {
        size_t n = plain_length(text.data + i, text.len - i);
        qtc_buf_add(out, text.data + i, n);
        i += n;
        if (i == text.len) {
            break;
        }
        bool wide = (unsigned char)text.data[i] == 0xc2;
        bool high = wide && i + 1 < text.len && ((unsigned char)text.data[i + 1] & 0xe0) == 0x80;
        qtc_buf_byte(out, wide && !high ? text.data[i] : ' ');
        i += high ? 2 : 1;
    }
}

void qtc_put_short(struct qtc_buf *out, struct qtc_bytes text)
{
    size_t n = shown_length(text, QTC_SHOWN_MAX);

    put_plain(out, qtc_bytes(text.data, n));
    if (n < text.len) {
        qtc_buf_str(out, text.data[0] == '"' ? "…\"" : "…");
    }
}

void qtc_put_name(struct qtc_buf *out, struct qtc_bytes name)
{
    size_t n = shown_length(name, QTC_SHOWN_MAX);

    qtc_json_string(out, qtc_bytes(name.data, n));
    if (n < name.len) {
        out->len -= !out->failed;
        qtc_buf_str(out, "…\"");
    }
}

void qtc_put_token(struct qtc_buf *out, struct qtc_bytes key)
{
    qtc_buf_byte(out, '/');
    for (size_t i = 0; i < key.len; i++) {
        if (key.data[i] == '~' || key.data[i] == '/') {
            qtc_buf_str(out, key.data[i] == '~' ? "~0" : "~1");
        } else {
            qtc_buf_byte(out, key.data[i]);
        }
    }
}

static void put_subject(struct qtc_buf *out, const struct qtc_issue *issue)
{
    if (issue->call > 0) {
        qtc_buf_str(out, "call ");
        qtc_buf_u64(out, issue->call);
        qtc_buf_str(out, issue->name.len > 0 ? " " : ": ");
    }
    if (issue->name.len > 0) {
        qtc_put_short(out, issue->name);
        qtc_buf_str(out, ": ");
    }
    if (issue->at.len > 0) {
        qtc_put_short(out, issue->at);
        qtc_buf_str(out, ": ");
    }
}

void qtc_issue_put(struct qtc_buf *out, const struct qtc_issue *issue)
{
    put_subject(out, issue);
    put_plain(out, issue->message);
    if (issue->hint.len > 0) {
        qtc_buf_str(out, "; ");
        put_plain(out, issue->hint);
    }
    qtc_buf_str(out, " [");
    qtc_buf_str(out, infos[issue->code].slug);
    qtc_buf_byte(out, ']');
}
