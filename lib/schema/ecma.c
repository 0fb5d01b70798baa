#include "schema/pattern.h"

#include <string.h>

/* ECMA-262's regular expressions (flag u) in PCRE2's words. What means the same is copied; what
 * differs is written out; what only PCRE2 knows is refused. Of what ECMA-262's annex B tolerates without
 * the flag, escapes of punctuation and lone { } ] are taken, for schemas have them. */

struct ecma {
    struct qtc_buf *out;
    const char *start, *p, *end;
    const char *error;
    bool atom;       /* something that can be repeated has just ended */
    unsigned groups; /* that are open */
};

static bool fail(struct ecma *e, const char *message)
{
    e->error = message;
    return false;
}

static size_t left(const struct ecma *e)
{
    return (size_t)(e->end - e->p);
}

static bool next_is(const struct ecma *e, const char *text)
{
    size_t n = strlen(text);

    return left(e) >= n && memcmp(e->p, text, n) == 0;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void put_code(struct ecma *e, uint32_t code)
{
    static const char digits[] = "0123456789abcdef";

    qtc_buf_str(e->out, "\\x{");
    for (int shift = 20; shift >= 0; shift -= 4) {
        qtc_buf_byte(e->out, digits[code >> shift & 15]);
    }
    qtc_buf_byte(e->out, '}');
}

/* ---- escapes -------------------------------------------------------------------- */

/* White space and line ends of ECMA-262, and all the rest: PCRE2 would take ASCII's only. */
#define SPACES                                                                                               \
    "\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"   \
    "\\x{feff}"
#define NO_SPACES                                                                                            \
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}"      \
    "\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}"

static void put_set(struct ecma *e, const char *ranges, bool in_class)
{
    qtc_buf_str(e->out, in_class ? "" : "[");
    qtc_buf_str(e->out, ranges);
    qtc_buf_str(e->out, in_class ? "" : "]");
}

static const struct {
    const char *name, *code;
} categories[] = {
    {"Letter", "L"},
    {"Cased_Letter", "L&"},
    {"LC", "L&"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Connector_Punctuation", "Pc"},
    {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"},
    {"Close_Punctuation", "Pe"},
    {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"},
    {"Other_Punctuation", "Po"},
    {"Symbol", "S"},
    {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Other_Symbol", "So"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Line_Separator", "Zl"},
    {"Paragraph_Separator", "Zp"},
    {"Other", "C"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Format", "Cf"},
    {"Surrogate", "Cs"},
    {"Private_Use", "Co"},
    {"Unassigned", "Cn"},
};

static const struct {
    const char *name, *pcre;
} property_names[] = {
    {"General_Category=", ""},      {"gc=", ""}, {"Script=", "sc:"}, {"sc=", "sc:"}, {"scx=", "scx:"},
    {"Script_Extensions=", "scx:"},
};

/* The inside of \p{…}. */
static void put_property(struct ecma *e, struct qtc_bytes name)
{
    for (size_t i = 0; i < sizeof property_names / sizeof property_names[0]; i++) {
        size_t n = strlen(property_names[i].name);

        if (name.len > n && memcmp(name.data, property_names[i].name, n) == 0) {
            qtc_buf_str(e->out, property_names[i].pcre);
            name = qtc_bytes(name.data + n, name.len - n);
            break;
        }
    }
    for (size_t i = 0; i < sizeof categories / sizeof categories[0]; i++) {
        if (qtc_bytes_is(name, categories[i].name)) {
            qtc_buf_str(e->out, categories[i].code);
            return;
        }
    }
    qtc_buf_put(e->out, name);
}

static bool property(struct ecma *e, char p)
{
    const char *close = left(e) > 0 && *e->p == '{' ? memchr(e->p, '}', left(e)) : NULL;

    if (!close || close == e->p + 1) {
        return fail(e, "\\p must be followed by a property in braces");
    }
    for (const char *c = e->p + 1; c < close; c++) {
        if (!is_letter(*c) && !is_digit(*c) && *c != '_' && *c != '=') {
            return fail(e, "a property's name has letters, digits, _ and = only");
        }
    }
    qtc_buf_byte(e->out, '\\');
    qtc_buf_byte(e->out, p);
    qtc_buf_byte(e->out, '{');
    put_property(e, qtc_bytes(e->p + 1, (size_t)(close - e->p - 1)));
    qtc_buf_byte(e->out, '}');
    e->p = close + 1;
    return true;
}

/* count hexadecimal digits at p; 0: as many as there are up to the brace. */
static bool hex(struct ecma *e, size_t count, uint32_t *code)
{
    size_t n = 0;

    *code = 0;
    while (n < left(e) && (count == 0 || n < count)) {
        char c = e->p[n];
        uint32_t digit = is_digit(c) ? (uint32_t)(c - '0') : (uint32_t)((c | 32) - 'a' + 10);

        if (!is_digit(c) && !((c | 32) >= 'a' && (c | 32) <= 'f')) {
            break;
        }
        *code = *code * 16 + digit;
        n++;
        if (*code > 0x10ffff) {
            return fail(e, "a code point past 10ffff");
        }
    }
    if (n == 0 || n < count) {
        return fail(e, "hexadecimal digits are missing");
    }
    e->p += n;
    return true;
}

/* Behind \u. A pair of surrogates is one character. */
static bool unicode(struct ecma *e)
{
    uint32_t code, low;

    if (next_is(e, "{")) {
        e->p++;
        if (!hex(e, 0, &code) || !next_is(e, "}")) {
            return fail(e, "\\u{ must end in }");
        }
        e->p++;
        put_code(e, code);
        return true;
    }
    if (!hex(e, 4, &code)) {
        return false;
    }
    if (code >= 0xd800 && code <= 0xdbff && next_is(e, "\\u")) {
        const char *back = e->p;

        e->p += 2;
        if (!hex(e, 4, &low)) {
            return false;
        }
        if (low >= 0xdc00 && low <= 0xdfff) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        } else {
            e->p = back;
        }
    }
    put_code(e, code);
    return true;
}

static bool back_reference(struct ecma *e, char c)
{
    qtc_buf_str(e->out, "\\g{");
    qtc_buf_byte(e->out, c);
    while (left(e) > 0 && is_digit(*e->p)) {
        qtc_buf_byte(e->out, *e->p++);
    }
    qtc_buf_byte(e->out, '}');
    return true;
}

static bool name_reference(struct ecma *e)
{
    const char *close = next_is(e, "<") ? memchr(e->p, '>', left(e)) : NULL;

    if (!close) {
        return fail(e, "\\k must be followed by a name in < >");
    }
    qtc_buf_str(e->out, "\\k");
    qtc_buf_add(e->out, e->p, (size_t)(close + 1 - e->p));
    e->p = close + 1;
    return true;
}

/* Escapes that stand for one character: its code, or -1. */
static int control_code(char c)
{
    static const char letters[] = "tnvfr";
    static const char codes[] = "\t\n\v\f\r";
    const char *at = strchr(letters, c);

    return c != 0 && at ? codes[at - letters] : -1;
}

static bool letter_escape(struct ecma *e, char c, bool in_class)
{
    uint32_t code;

    switch (c) {
    case 's':
    case 'S':
        put_set(e, c == 's' ? SPACES : NO_SPACES, in_class);
        return true;
    case 'p':
    case 'P':
        return property(e, c);
    case 'u':
        return unicode(e);
    case 'x':
        if (!hex(e, 2, &code)) {
            return false;
        }
        put_code(e, code);
        return true;
    case 'c':
        if (left(e) == 0 || !is_letter(*e->p)) {
            return fail(e, "\\c must be followed by a letter");
        }
        put_code(e, (uint32_t)(*e->p++ & 31));
        return true;
    case 'k':
        return !in_class ? name_reference(e) : fail(e, "a reference inside a class");
    default:
        return fail(e, "an escape that ECMA-262 does not have");
    }
}

/* p is behind the backslash. */
static bool escape(struct ecma *e, bool in_class)
{
    char c;

    if (left(e) == 0) {
        return fail(e, "a backslash at the end");
    }
    c = *e->p++;
    e->atom = true;
    if (strchr("dDwW", c) && c != 0) {
        qtc_buf_byte(e->out, '\\');
        qtc_buf_byte(e->out, c);
    } else if (c == 'b' || c == 'B') {
        if (in_class && c == 'B') {
            return fail(e, "\\B inside a class");
        }
        e->atom = in_class;
        qtc_buf_str(e->out, in_class ? "\\x{8}" : c == 'b' ? "\\b" : "\\B");
    } else if (control_code(c) >= 0) {
        put_code(e, (uint32_t)control_code(c));
    } else if (is_letter(c)) {
        return letter_escape(e, c, in_class);
    } else if (c == '0' && !(left(e) > 0 && is_digit(*e->p))) {
        put_code(e, 0);
    } else if (is_digit(c)) {
        return c != '0' && !in_class ? back_reference(e, c)
                                     : fail(e, "an escape of digits that ECMA-262 does not have");
    } else {
        if ((unsigned char)c < 0x80) {
            qtc_buf_byte(e->out, '\\');
        }
        qtc_buf_byte(e->out, c);
    }
    return true;
}

/* ---- classes ----------------------------------------------------------------------- */

/* p is behind the bracket. */
static bool class(struct ecma *e)
{
    e->atom = true;
    if (next_is(e, "]")) {
        e->p++;
        qtc_buf_str(e->out, "(?!)");
        return true;
    }
    if (next_is(e, "^]")) {
        e->p += 2;
        qtc_buf_str(e->out, "[\\x{0}-\\x{10ffff}]");
        return true;
    }
    qtc_buf_byte(e->out, '[');
    if (next_is(e, "^")) {
        qtc_buf_byte(e->out, *e->p++);
    }
    while (left(e) > 0 && *e->p != ']') {
        char c = *e->p++;

        if (c == '\\') {
            if (!escape(e, true)) {
                return false;
            }
        } else {
            qtc_buf_str(e->out, c == '[' ? "\\" : "");
            qtc_buf_byte(e->out, c);
        }
    }
    if (left(e) == 0) {
        return fail(e, "a class is not closed");
    }
    e->p++;
    e->atom = true;
    qtc_buf_byte(e->out, ']');
    return true;
}

/* ---- groups and repetition ------------------------------------------------------------- */

/* p is behind the parenthesis. */
static bool group(struct ecma *e)
{
    static const char *const kinds[] = {"?:", "?=", "?!", "?<=", "?<!"};

    e->groups++;
    e->atom = false;
    qtc_buf_byte(e->out, '(');
    if (!next_is(e, "?")) {
        return !next_is(e, "*") || fail(e, "nothing to repeat");
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (next_is(e, kinds[i])) {
            qtc_buf_str(e->out, kinds[i]);
            e->p += strlen(kinds[i]);
            return true;
        }
    }
    if (next_is(e, "?<") && left(e) > 2 && e->p[2] != '>') {
        qtc_buf_str(e->out, "?<");
        e->p += 2;
        return true;
    }
    return fail(e, "a group that ECMA-262 does not have");
}

/* {n}, {n,} or {n,m} at p: its length, else 0. */
static size_t braces(const struct ecma *e)
{
    size_t n = 1;
    size_t digits = 0;

    for (; n < left(e) && is_digit(e->p[n]); n++) {
        digits++;
    }
    if (digits == 0) {
        return 0;
    }
    if (n < left(e) && e->p[n] == ',') {
        for (n++; n < left(e) && is_digit(e->p[n]);) {
            n++;
        }
    }
    return n < left(e) && e->p[n] == '}' ? n + 1 : 0;
}

/* p is at * + ? or {n,m} of that length. */
static bool repeat(struct ecma *e, size_t len)
{
    if (!e->atom) {
        return fail(e, "nothing to repeat");
    }
    qtc_buf_add(e->out, e->p, len);
    e->p += len;
    if (next_is(e, "?")) {
        qtc_buf_byte(e->out, *e->p++);
    }
    e->atom = false;
    return true;
}

static bool close_group(struct ecma *e)
{
    if (e->groups == 0) {
        return fail(e, "a parenthesis too many");
    }
    e->groups--;
    e->atom = true;
    qtc_buf_byte(e->out, ')');
    return true;
}

static bool literal(struct ecma *e, char c)
{
    if (strchr("{}]", c) && c != 0) {
        qtc_buf_byte(e->out, '\\');
    }
    qtc_buf_byte(e->out, c);
    e->atom = !(c == '^' || c == '$' || c == '|');
    return true;
}

static bool term(struct ecma *e)
{
    char c = *e->p;

    if (c == '*' || c == '+' || c == '?') {
        return repeat(e, 1);
    }
    if (c == '{' && braces(e) > 0) {
        return repeat(e, braces(e));
    }
    e->p++;
    switch (c) {
    case '\\':
        return escape(e, false);
    case '[':
        return class(e);
    case '(':
        return group(e);
    case ')':
        return close_group(e);
    case '.':
        e->atom = true;
        qtc_buf_str(e->out, "[^\\n\\r\\x{2028}\\x{2029}]");
        return true;
    default:
        return literal(e, c);
    }
}

const char *qtc_ecma_translate(struct qtc_buf *out, struct qtc_bytes source, size_t *offset)
{
    const char *start = source.data ? source.data : "";
    struct ecma e = {.out = out, .start = start, .p = start, .end = start + source.len};

    while (e.p < e.end && term(&e)) {
    }
    if (!e.error && e.groups > 0) {
        e.error = "a parenthesis is not closed";
    }
    *offset = (size_t)(e.p - e.start);
    return e.error;
}
