#include "parse/typed.h"

#include <string.h>
#include <strings.h>

/* Longer than any number or literal that is worth waiting for. */
#define SCALAR_MAX 512

static bool is_word(struct qtc_bytes t, const char *word)
{
    return t.len == strlen(word) && strncasecmp(t.data, word, t.len) == 0;
}

static bool begins_word(struct qtc_bytes t, const char *word)
{
    return t.len <= strlen(word) && strncasecmp(t.data, word, t.len) == 0;
}

static bool starts_number(char c)
{
    return c == '-' || (c >= '0' && c <= '9');
}

/* 12.0 and 1e3 are integers too; 12.5 is not. An exponent is taken at its word. */
static bool has_fraction(struct qtc_bytes t)
{
    const char *point = memchr(t.data, '.', t.len);
    if (point == NULL) {
        return memchr(t.data, 'e', t.len) != NULL || memchr(t.data, 'E', t.len) != NULL;
    }
    return true;
}

static bool put_null(struct qtc_buf *out, struct qtc_bytes t, unsigned *mended)
{
    bool python = qtc_bytes_is(t, "None");
    if (!python && !is_word(t, "null")) {
        return false;
    }
    *mended |= python ? (unsigned)QTC_MEND_PYTHON : 0u;
    qtc_buf_str(out, "null");
    return true;
}

static bool put_number(struct qtc_buf *out, struct qtc_bytes t, unsigned types, bool *mismatch)
{
    if (t.len == 0 || !starts_number(t.data[0]) || !qtc_json_valid(t)) {
        return false;
    }
    *mismatch = (types & QTC_T_NUMBER) == 0 && has_fraction(t);
    qtc_buf_put(out, t);
    return true;
}

static bool put_boolean(struct qtc_buf *out, struct qtc_bytes t, bool *mismatch, unsigned *mended)
{
    bool digit = qtc_bytes_is(t, "1") || qtc_bytes_is(t, "0");
    bool yes = is_word(t, "true") || qtc_bytes_is(t, "1");
    if (!yes && !is_word(t, "false") && !digit) {
        return false;
    }
    *mismatch = digit;
    *mended |= !digit && (t.data[0] == 'T' || t.data[0] == 'F') ? (unsigned)QTC_MEND_PYTHON : 0u;
    qtc_buf_str(out, yes ? "true" : "false");
    return true;
}

static bool put_container(struct qtc_buf *out, struct qtc_bytes t, unsigned types, bool *mismatch,
                          unsigned *mended)
{
    if (t.len == 0 || (t.data[0] != '{' && t.data[0] != '[')) {
        return false;
    }
    size_t start = out->len;
    if (qtc_json_valid(t)) {
        qtc_buf_put(out, t);
    } else if (!qtc_mend_text(t, out, mended)) {
        out->len = start;
        *mended = 0;
        return false;
    }
    *mismatch = (types & (t.data[0] == '{' ? QTC_T_OBJECT : QTC_T_ARRAY)) == 0;
    return true;
}

static bool put_any(struct qtc_buf *out, struct qtc_bytes t, unsigned types, bool *mismatch, unsigned *mended)
{
    return ((types & QTC_T_NULL) && put_null(out, t, mended)) ||
           ((types & (QTC_T_INTEGER | QTC_T_NUMBER)) && put_number(out, t, types, mismatch)) ||
           ((types & QTC_T_BOOLEAN) && put_boolean(out, t, mismatch, mended)) ||
           ((types & (QTC_T_ARRAY | QTC_T_OBJECT)) && put_container(out, t, types, mismatch, mended));
}

void qtc_typed(struct qtc_buf *out, struct qtc_bytes text, unsigned types, bool guess, bool *mismatch,
               unsigned *mended)
{
    struct qtc_bytes trimmed = qtc_bytes_trim(text);
    *mismatch = false;
    *mended = 0;
    if (types == 0 && guess && qtc_json_valid(trimmed)) {
        qtc_buf_put(out, trimmed);
        return;
    }
    size_t start = out->len;
    bool string_allowed = (types & QTC_T_STRING) != 0;
    if (put_any(out, trimmed, types, mismatch, mended) && !(*mismatch && string_allowed)) {
        return;
    }
    out->len = start;
    *mended = 0;
    *mismatch = types != 0 && !string_allowed;
    qtc_json_string(out, text);
}

/* How deep the arrays and objects of valid JSON are nested. */
static unsigned depth_of(struct qtc_bytes json)
{
    unsigned depth = 0, deepest = 0;
    bool quoted = false;

    for (size_t i = 0; i < json.len; i++) {
        char c = json.data[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '{' || c == '[') {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else {
            depth -= c == '}' || c == ']';
            quoted = c == '"';
        }
    }
    return deepest;
}

void qtc_typed_inside(struct qtc_buf *out, struct qtc_bytes text, unsigned types, bool guess, unsigned depth,
                      bool *mismatch, unsigned *mended)
{
    size_t start = out->len;

    qtc_typed(out, text, types, guess, mismatch, mended);
    if (out->failed || out->data[start] == '"' ||
        depth + depth_of(qtc_bytes(out->data + start, out->len - start)) <= QTC_JSON_MAX_DEPTH) {
        return;
    }
    out->len = start;
    *mended = 0;
    *mismatch = true;
    qtc_json_string(out, text);
}

bool qtc_typed_open(struct qtc_bytes begin, unsigned types, bool guess)
{
    bool any = guess && types == 0;
    size_t blanks = 0;
    while (blanks < begin.len && blanks < SCALAR_MAX && qtc_is_blank(begin.data[blanks])) {
        blanks++;
    }
    if (blanks == begin.len || blanks == SCALAR_MAX) {
        return blanks < SCALAR_MAX;
    }
    char c = begin.data[blanks];
    types = any ? QTC_T_ANY : types;
    if (c == '{' || c == '[' || (any && c == '"')) {
        return (types & (QTC_T_OBJECT | QTC_T_ARRAY)) != 0;
    }
    if (begin.len >= SCALAR_MAX) {
        return false;
    }
    struct qtc_bytes t = qtc_bytes_trim(begin);
    return ((types & QTC_T_NULL) && (begins_word(t, "null") || begins_word(t, "None"))) ||
           ((types & QTC_T_BOOLEAN) && (begins_word(t, "true") || begins_word(t, "false"))) ||
           ((types & (QTC_T_NUMBER | QTC_T_INTEGER)) && starts_number(c));
}

unsigned qtc_type_named(struct qtc_bytes name)
{
    static const struct {
        const char *name;
        unsigned types;
    } rows[] = {
        {"string", QTC_T_STRING},   {"str", QTC_T_STRING},
        {"integer", QTC_T_INTEGER}, {"int", QTC_T_INTEGER},
        {"number", QTC_T_NUMBER},   {"float", QTC_T_NUMBER},
        {"double", QTC_T_NUMBER},   {"boolean", QTC_T_BOOLEAN},
        {"bool", QTC_T_BOOLEAN},    {"null", QTC_T_NULL},
        {"array", QTC_T_ARRAY},     {"list", QTC_T_ARRAY},
        {"object", QTC_T_OBJECT},   {"dict", QTC_T_OBJECT},
        {"true", QTC_T_STRING},     {"false", QTC_T_ANY & ~(unsigned)QTC_T_STRING},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (qtc_bytes_is(name, rows[i].name)) {
            return rows[i].types;
        }
    }
    return 0;
}
