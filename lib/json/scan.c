#include "json/json.h"

/* What may come next. A key's string has the same three states as a value's,
 * in the same order: KEY_STRING - STRING is the distance. */
enum state {
    VALUE, /* 0: a scanner starts as {0} */
    ELEMENT_OR_END,
    MEMBER_OR_END,
    KEY,
    COLON,
    AFTER, /* behind a value inside a container */
    STRING,
    ESCAPE,
    HEX,
    KEY_STRING,
    KEY_ESCAPE,
    KEY_HEX,
    WORD,
    MINUS,
    ZERO,
    INTEGER,
    POINT,
    FRACTION,
    EXPONENT,
    EXPONENT_SIGN,
    EXPONENT_DIGITS,
    WORD_END, /* a whole word at the top */
    ENDED,
    BROKEN
};

/* `literal` counts through this text; each word ends where the next one begins. */
static const char words[] = "truefalsenull";

enum { TRUE_AT = 0, FALSE_AT = 4, NULL_AT = 9, WORDS_END = 13 };

/* ---- the stack ---------------------------------------------------------- */

static bool in_object(const struct qtc_json_scan *s)
{
    unsigned level = s->depth - 1U;

    return s->depth > 0 && (s->stack[level / 8] >> level % 8 & 1);
}

static bool push(struct qtc_json_scan *s, bool is_object)
{
    unsigned level = s->depth;
    unsigned char bit = (unsigned char)(1U << level % 8);

    if (level == QTC_JSON_MAX_DEPTH) {
        return false;
    }
    if (is_object) {
        s->stack[level / 8] |= bit;
    } else {
        s->stack[level / 8] &= (unsigned char)~bit;
    }
    s->depth++;
    s->state = is_object ? MEMBER_OR_END : ELEMENT_OR_END;
    return true;
}

static bool pop(struct qtc_json_scan *s)
{
    s->depth--;
    s->state = s->depth > 0 ? AFTER : ENDED;
    return true;
}

/* ---- one byte, by state ------------------------------------------------- */
/* Each sets the next state, or returns false where the byte does not fit. */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool begin_word(struct qtc_json_scan *s, unsigned char at)
{
    s->literal = (unsigned char)(at + 1);
    s->state = WORD;
    return true;
}

static bool become(struct qtc_json_scan *s, enum state state)
{
    s->state = (unsigned char)state;
    return true;
}

static bool begin_value(struct qtc_json_scan *s, char c)
{
    switch (c) {
    case '"':
        return become(s, STRING);
    case '{':
        return push(s, true);
    case '[':
        return push(s, false);
    case 't':
        return begin_word(s, TRUE_AT);
    case 'f':
        return begin_word(s, FALSE_AT);
    case 'n':
        return begin_word(s, NULL_AT);
    case '-':
        return become(s, MINUS);
    case '0':
        return become(s, ZERO);
    default:
        return is_digit(c) && become(s, INTEGER);
    }
}

static bool after_value(struct qtc_json_scan *s, char c)
{
    bool is_object = in_object(s);

    if (c == ',') {
        return become(s, is_object ? KEY : VALUE);
    }
    return c == (is_object ? '}' : ']') && pop(s);
}

static bool in_word(struct qtc_json_scan *s, char c)
{
    if (c != words[s->literal]) {
        return false;
    }
    s->literal++;
    if (s->literal == FALSE_AT || s->literal == NULL_AT || s->literal == WORDS_END) {
        s->state = s->depth > 0 ? AFTER : WORD_END;
    }
    return true;
}

static bool in_escape(struct qtc_json_scan *s, char c)
{
    bool is_key = s->state == KEY_ESCAPE;

    switch (c) {
    case 'u':
        s->literal = 0;
        return become(s, is_key ? KEY_HEX : HEX);
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return become(s, is_key ? KEY_STRING : STRING);
    default:
        return false;
    }
}

static bool in_hex(struct qtc_json_scan *s, char c)
{
    char lower = (char)(c | 0x20);

    if (!is_digit(c) && (lower < 'a' || lower > 'f')) {
        return false;
    }
    s->literal++;
    return s->literal < 4 || become(s, s->state == KEY_HEX ? KEY_STRING : STRING);
}

/* The byte that ends a run of plain bytes in a string. */
static bool in_string(struct qtc_json_scan *s, char c)
{
    bool is_key = s->state == KEY_STRING;

    if (c == '\\') {
        return become(s, is_key ? KEY_ESCAPE : ESCAPE);
    }
    if (c != '"') {
        return false;
    }
    return become(s, is_key ? COLON : s->depth > 0 ? AFTER : ENDED);
}

static bool in_structure(struct qtc_json_scan *s, char c)
{
    switch (s->state) {
    case ELEMENT_OR_END:
        return c == ']' ? pop(s) : begin_value(s, c);
    case MEMBER_OR_END:
        return c == '}' ? pop(s) : c == '"' && become(s, KEY_STRING);
    case KEY:
        return c == '"' && become(s, KEY_STRING);
    case COLON:
        return c == ':' && become(s, VALUE);
    case AFTER:
        return after_value(s, c);
    default:
        return begin_value(s, c);
    }
}

/* ---- numbers ------------------------------------------------------------ */

/* true when c belongs to the number; its state is then the next one. */
static bool in_number(struct qtc_json_scan *s, char c)
{
    bool is_exponent = c == 'e' || c == 'E';

    switch (s->state) {
    case MINUS:
        return c == '0' ? become(s, ZERO) : is_digit(c) && become(s, INTEGER);
    case INTEGER:
        if (is_digit(c)) {
            return true;
        }
        /* fallthrough */
    case ZERO:
        return c == '.' ? become(s, POINT) : is_exponent && become(s, EXPONENT);
    case POINT:
        return is_digit(c) && become(s, FRACTION);
    case FRACTION:
        return is_digit(c) || (is_exponent && become(s, EXPONENT));
    case EXPONENT:
        if (c == '+' || c == '-') {
            return become(s, EXPONENT_SIGN);
        }
        /* fallthrough */
    default:
        return is_digit(c) && become(s, EXPONENT_DIGITS);
    }
}

static bool may_end(const struct qtc_json_scan *s)
{
    return s->state == ZERO || s->state == INTEGER || s->state == FRACTION || s->state == EXPONENT_DIGITS ||
           s->state == WORD_END;
}

/* ---- feeding ------------------------------------------------------------ */

/* A byte at p that is not a plain one of a string: 1 when it was taken, 0 when
 * the state changed and it is to be looked at again, or ENDED or BROKEN came. */
static size_t step(struct qtc_json_scan *s, char c)
{
    bool fits;

    if (s->state <= AFTER) {
        fits = qtc_is_blank(c) || in_structure(s, c);
    } else if (s->state == STRING || s->state == KEY_STRING) {
        fits = in_string(s, c);
    } else if (s->state == ESCAPE || s->state == KEY_ESCAPE) {
        fits = in_escape(s, c);
    } else if (s->state == HEX || s->state == KEY_HEX) {
        fits = in_hex(s, c);
    } else if (s->state == WORD) {
        fits = in_word(s, c);
    } else {
        fits = s->state != WORD_END && in_number(s, c);
        if (!fits && may_end(s)) {
            s->state = s->depth > 0 ? AFTER : ENDED;
            return 0;
        }
    }
    if (!fits) {
        s->state = BROKEN;
    }
    return fits;
}

enum qtc_json_progress qtc_json_scan_feed(struct qtc_json_scan *s, const char *p, size_t n, size_t *used)
{
    size_t i = 0;

    while (i < n && s->state < ENDED) {
        if (s->state == STRING || s->state == KEY_STRING) {
            i += qtc_json_plain(p + i, n - i);
            if (i == n) {
                break;
            }
        }
        i += step(s, p[i]);
    }
    *used = i;
    if (s->state < ENDED) {
        return QTC_JSON_MORE;
    }
    return s->state == ENDED ? QTC_JSON_DONE : QTC_JSON_BAD;
}

enum qtc_json_progress qtc_json_scan_finish(struct qtc_json_scan *s)
{
    if (s->depth == 0 && may_end(s)) {
        s->state = ENDED;
    }
    if (s->state != ENDED) {
        s->state = BROKEN;
        return QTC_JSON_BAD;
    }
    return QTC_JSON_DONE;
}

bool qtc_json_valid(struct qtc_bytes text)
{
    struct qtc_json_scan s = {0};
    size_t used;

    if (qtc_json_scan_feed(&s, text.data, text.len, &used) == QTC_JSON_BAD) {
        return false;
    }
    while (used < text.len && qtc_is_blank(text.data[used])) {
        used++;
    }
    return used == text.len && qtc_json_scan_finish(&s) == QTC_JSON_DONE;
}
