#include "parse/python.h"

#include <stddef.h>
#include <string.h>

#include "parse/literal.h"

enum {
    ARG,        /* a keyword is due, or the closing parenthesis */
    NAME,       /* in a keyword, held in pend */
    EQUALS,     /* behind it */
    STAR,       /* behind the first star of **{ */
    STARS,      /* behind the second one */
    VALUE,      /* a value is due (in a list, also the closing bracket) */
    KEY,        /* a dict's key is due, or the closing brace */
    FIRST,      /* the first thing in a {: of a dict or a set? */
    COLON,      /* behind a key */
    AFTER,      /* behind a value: a comma or a closing bracket */
    WORD,       /* a number, a constant, a prefix or something unknown, held in pend */
    WORD_END,   /* behind it; blanks are held too */
    OPEN,       /* behind the first quote of a string */
    OPEN_TWICE, /* behind two: an empty string, or three are coming */
    STRING,     /* inside quotes */
    ESCAPE,     /* behind a backslash */
    RAW_ESCAPE, /* behind a backslash in a raw string */
    CODE,       /* inside \xXX, \uXXXX, \UXXXXXXXX or \ooo, held in pend without its backslash */
    FOLD,       /* behind a backslash and CR: an LF belongs to them */
    BRACE,      /* behind a brace in a format string: doubled? */
    QUOTES,     /* behind one or two of three closing quotes, held in pend */
    QUOTE,      /* behind a closing quote; it and blanks are held in pend */
    PLUS,       /* behind a plus there: another string? */
    PREFIX,     /* behind a letter there that may be another string's prefix */
    SOURCE,     /* a value that is no literal: its text */
    SOURCE_STRING,
    SOURCE_ESCAPE,
    COMMENT,
    FAILED,
    DONE
};

/* What the open levels are. */
enum { CALL, SPREAD, DICT, LIST, SET, TUPLE, MAYBE_TUPLE, MAYBE_DICT };

enum {
    LEVEL = 0x7f,
    BEGUN = 0x80,    /* with a level: it has a member already */
    UNDECIDED = '\1' /* in held: a "(" that may become a [. JSON has no such byte. */
};

/* Python reads no longer integer from a text either. */
enum { HELD_MAX = 4300 };

static const struct level {
    char close, json;   /* its closing bracket; what is written for it */
    unsigned char next; /* state behind a comma */
    bool keyed;
} levels[] = {
    [CALL] = {')', '}', ARG, true},
    [SPREAD] = {'}', '\0', KEY, true},
    [DICT] = {'}', '}', KEY, true},
    [LIST] = {']', ']', VALUE, false},
    [SET] = {'}', ']', VALUE, false},
    [TUPLE] = {')', ']', VALUE, false},
    [MAYBE_TUPLE] = {')', '\0', VALUE, false},
    [MAYBE_DICT] = {'}', '}', FIRST, true},
};

static unsigned kind(const struct qtc_python *r)
{
    return r->levels[r->depth] & LEVEL;
}

/* ---- characters --------------------------------------------------------- */

static bool is_blank(char c)
{
    return qtc_is_blank(c) || c == '\f';
}

static bool is_quote(char c)
{
    return c == '\'' || c == '"';
}

static bool is_close(char c)
{
    return c == ')' || c == ']' || c == '}';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Any character past ASCII may stand in an identifier. */
static bool is_ident(char c)
{
    char lower = (char)(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '_' || (c & 0x80);
}

static bool is_prefix_letter(char c)
{
    return c != '\0' && strchr("rbufRBUF", c) != NULL;
}

/* r b u f, and r with b or f. */
static bool is_prefix(const char *p, size_t n)
{
    if (n == 2) {
        char a = (char)(p[0] | 0x20), b = (char)(p[1] | 0x20);
        return (a == 'r' && (b == 'b' || b == 'f')) || (b == 'r' && (a == 'b' || a == 'f'));
    }
    return n == 1 && is_prefix_letter(p[0]);
}

/* ---- output ------------------------------------------------------------- */

static struct qtc_buf *target(struct qtc_python *r, struct qtc_buf *out)
{
    return r->sure && r->undecided == 0 ? out : &r->held;
}

/* Where the open string or source text goes. */
static struct qtc_buf *text_target(struct qtc_python *r, struct qtc_buf *out)
{
    return r->is_key ? &r->key : target(r, out);
}

/* The inside of a string. Bytes past ASCII pass as they are, so that a cut inside a character is none. */
static void put_text(struct qtc_buf *o, const char *p, size_t n)
{
    size_t i = 0;
    while (i < n) {
        size_t run = qtc_json_plain(p + i, n - i);
        qtc_buf_add(o, p + i, run);
        i += run;
        if (i < n) {
            qtc_json_escape(o, qtc_bytes(p + i, 1));
            i++;
        }
    }
}

static void flush_text(struct qtc_python *r, struct qtc_buf *o)
{
    put_text(o, r->pend.data, r->pend.len);
    r->pend.len = 0;
}

/* Nothing is undecided any more: what was held goes out, without the
 * parentheses that were only parentheses. */
static void release(struct qtc_python *r, struct qtc_buf *out)
{
    size_t i = 0;
    if (!r->sure || r->undecided > 0) {
        return;
    }
    while (i < r->held.len) {
        const char *p = r->held.data + i;
        const char *mark = memchr(p, UNDECIDED, r->held.len - i);
        size_t run = mark == NULL ? r->held.len - i : (size_t)(mark - p);
        qtc_buf_add(out, p, run);
        i += run + 1;
    }
    r->held.len = 0;
}

/* A literal has begun as the value of a keyword: this is a call. */
static void make_sure(struct qtc_python *r, struct qtc_buf *out)
{
    if (!r->sure) {
        r->sure = true;
        r->event = QTC_PYTHON_KEY;
        release(r, out);
    }
}

/* What stands before a member: a comma or the call's {, and a key. */
static void begin_member(struct qtc_python *r, struct qtc_buf *out)
{
    struct qtc_buf *o = target(r, out);
    unsigned at = kind(r) == SPREAD ? 0 : r->depth;
    if (r->levels[at] & BEGUN) {
        qtc_buf_byte(o, ',');
    } else if (at == 0) {
        qtc_buf_byte(o, '{');
    }
    r->levels[at] |= BEGUN;
    if (levels[kind(r)].keyed && r->key.len > 0) {
        qtc_buf_put(o, qtc_buf_bytes(&r->key));
        qtc_buf_byte(o, ':');
        r->key.len = 0;
    }
}

/* ---- ends and beginnings ------------------------------------------------ */

static size_t fail(struct qtc_python *r)
{
    r->state = FAILED;
    r->event = QTC_PYTHON_BAD;
    return 0;
}

static void value_done(struct qtc_python *r, struct qtc_buf *out)
{
    r->state = AFTER;
    make_sure(r, out);
}

/* A string, or a word or source text in its place, has ended. */
static void text_done(struct qtc_python *r, struct qtc_buf *out)
{
    if (r->is_key) {
        r->state = COLON;
    } else {
        value_done(r, out);
    }
}

/* A value (or key) that is no literal: before it is certain that this is a call, it is none. */
static size_t begin_source(struct qtc_python *r, struct qtc_buf *out)
{
    if (!r->sure) {
        return fail(r);
    }
    if (!r->is_key) {
        begin_member(r, out);
    }
    qtc_buf_byte(text_target(r, out), '"');
    r->found |= QTC_MEND_NOT_JSON;
    r->state = SOURCE;
    r->nest = 0;
    r->ident = 0;
    return 0;
}

static void push(struct qtc_python *r, unsigned level)
{
    r->depth++;
    r->levels[r->depth] = (unsigned char)level;
    r->squares += levels[level].close == ']';
    r->braces += levels[level].close == '}';
    r->state = levels[level].next;
}

static void open_paren(struct qtc_python *r)
{
    push(r, MAYBE_TUPLE);
    r->undecided++;
    r->held_at[r->depth] = r->held.len;
    qtc_buf_byte(&r->held, UNDECIDED);
}

/* c is [ ( or {. The call's own object is a level too. */
static size_t open_level(struct qtc_python *r, struct qtc_buf *out, char c)
{
    r->is_key = false;
    if (r->depth + 1 == QTC_JSON_MAX_DEPTH) {
        return begin_source(r, out);
    }
    begin_member(r, out);
    if (c == '(') {
        open_paren(r);
    } else if (c == '[') {
        qtc_buf_byte(target(r, out), '[');
        push(r, LIST);
    } else {
        push(r, MAYBE_DICT);
    }
    return 1;
}

static void decide(struct qtc_python *r, unsigned level)
{
    r->levels[r->depth] = (unsigned char)(level | (r->levels[r->depth] & BEGUN));
}

/* A comma, or nothing, stood in a "(": it is a tuple. */
static void become_tuple(struct qtc_python *r, struct qtc_buf *out)
{
    if (!r->held.failed) {
        r->held.data[r->held_at[r->depth]] = '[';
    }
    decide(r, TUPLE);
    r->undecided--;
    release(r, out);
}

static void become_paren(struct qtc_python *r, struct qtc_buf *out)
{
    r->undecided--;
    release(r, out);
}

static void become_braced(struct qtc_python *r, struct qtc_buf *out, unsigned level)
{
    qtc_buf_byte(target(r, out), level == DICT ? '{' : '[');
    decide(r, level);
}

/* What closes the innermost level. */
static void write_close(struct qtc_python *r, struct qtc_buf *out)
{
    bool begun = r->levels[r->depth] & BEGUN;
    if (kind(r) == MAYBE_TUPLE && begun) {
        become_paren(r, out);
    } else if (kind(r) == MAYBE_TUPLE) {
        become_tuple(r, out);
    } else if (kind(r) == MAYBE_DICT || (kind(r) == CALL && !begun)) {
        qtc_buf_byte(target(r, out), '{');
    }
    char json = levels[kind(r)].json;
    if (json != '\0') {
        qtc_buf_byte(target(r, out), json);
    }
}

static void pop(struct qtc_python *r, struct qtc_buf *out)
{
    unsigned level = kind(r);
    write_close(r, out);
    r->squares -= levels[level].close == ']';
    r->braces -= levels[level].close == '}';
    r->depth--;
    r->state = AFTER;
    if (level != SPREAD) {
        make_sure(r, out);
    }
}

static void end_call(struct qtc_python *r, struct qtc_buf *out)
{
    r->sure = true;
    release(r, out);
    write_close(r, out);
    r->state = DONE;
    r->event = QTC_PYTHON_DONE;
}

/* A closing bracket: of this level, of one further out, or of none. */
static size_t close_bracket(struct qtc_python *r, struct qtc_buf *out, char c)
{
    if (c == levels[kind(r)].close) {
        if (r->depth == 0) {
            end_call(r, out);
        } else {
            pop(r, out);
        }
        return 1;
    }
    bool wanted = c == ')' || (c == ']' ? r->squares : r->braces) > 0;
    if (!wanted || !r->sure) {
        return fail(r);
    }
    r->found |= QTC_MEND_MISSING_BRACE;
    pop(r, out);
    return 0;
}

/* ---- steps: each consumes some bytes, or none and changes the state ------ */

static size_t begin_comment(struct qtc_python *r)
{
    r->back = r->state;
    r->state = COMMENT;
    return 1;
}

/* What may stand before any token: blanks and comments. */
static bool skip(struct qtc_python *r, char c)
{
    if (c == '#') {
        begin_comment(r);
        return true;
    }
    return is_blank(c);
}

/* The line's end is not part of it: it separates words. */
static size_t step_comment(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    size_t run = 0;
    (void)out;
    while (run < n && p[run] != '\n' && p[run] != '\r') {
        run++;
    }
    if (run < n) {
        r->state = r->back;
    }
    return run;
}

static void set_prefix(struct qtc_python *r, const char *p, size_t n)
{
    r->raw = r->bytes = r->format = false;
    for (size_t i = 0; i < n; i++) {
        char lower = (char)(p[i] | 0x20);
        r->raw = r->raw || lower == 'r';
        r->bytes = r->bytes || lower == 'b';
        r->format = r->format || lower == 'f';
    }
}

/* A literal begins: a string, or one more that is joined to it. */
static size_t open_literal(struct qtc_python *r, struct qtc_buf *out, char quote)
{
    r->pend.len = 0;
    r->quote = quote;
    r->triple = r->closed = r->plus = false;
    r->state = OPEN;
    if (!r->is_key && !r->format) {
        make_sure(r, out);
    }
    return 1;
}

static size_t open_string(struct qtc_python *r, struct qtc_buf *out, char quote)
{
    if (r->is_key) {
        r->key.len = 0;
    } else {
        begin_member(r, out);
    }
    qtc_buf_byte(text_target(r, out), '"');
    return open_literal(r, out, quote);
}

static size_t open_plain(struct qtc_python *r, struct qtc_buf *out, char quote, bool is_key)
{
    r->is_key = is_key;
    set_prefix(r, NULL, 0);
    return open_string(r, out, quote);
}

static size_t begin_word(struct qtc_python *r, bool is_key)
{
    r->is_key = is_key;
    r->state = WORD;
    return 0;
}

/* ---- keywords ----------------------------------------------------------- */

static size_t open_spread(struct qtc_python *r, bool single)
{
    r->any = true;
    r->single = single;
    push(r, SPREAD);
    r->state = KEY;
    return 1;
}

static size_t step_arg(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (skip(r, c)) {
        return 1;
    }
    if (is_close(c)) {
        return close_bracket(r, out, c);
    }
    if (r->single) {
        return fail(r);
    }
    if (c == '{' && !r->any) {
        return open_spread(r, true);
    }
    if (is_quote(c)) {
        return open_plain(r, out, c, true);
    }
    if (c == '*') {
        r->state = STAR;
        return 1;
    }
    r->state = NAME;
    return is_ident(c) && !is_digit(c) ? 0 : fail(r);
}

static void end_name(struct qtc_python *r)
{
    r->key.len = 0;
    qtc_buf_byte(&r->key, '"');
    flush_text(r, &r->key);
    qtc_buf_byte(&r->key, '"');
    r->state = EQUALS;
}

static size_t step_name(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    size_t run = 0;
    (void)out;
    while (run < n && (is_ident(p[run]) || p[run] == '-') && r->pend.len < HELD_MAX) {
        qtc_buf_byte(&r->pend, p[run]);
        run++;
    }
    if (run < n) {
        end_name(r);
    }
    return run;
}

static size_t step_equals(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    (void)n;
    (void)out;
    if (skip(r, *p)) {
        return 1;
    }
    if (*p != '=') {
        return fail(r);
    }
    r->any = true;
    r->state = VALUE;
    return 1;
}

static size_t step_star(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    (void)n;
    (void)out;
    if (r->state == STAR && *p == '*') {
        r->state = STARS;
        return 1;
    }
    if (r->state == STARS && skip(r, *p)) {
        return 1;
    }
    return r->state == STARS && *p == '{' ? open_spread(r, false) : fail(r);
}

/* ---- structure ---------------------------------------------------------- */

static size_t step_value(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (skip(r, c)) {
        return 1;
    }
    r->is_key = false;
    if (is_close(c)) {
        return levels[kind(r)].keyed ? fail(r) : close_bracket(r, out, c);
    }
    switch (c) {
    case '(':
    case '[':
    case '{':
        return open_level(r, out, c);
    case '"':
    case '\'':
        return open_plain(r, out, c, false);
    case ',':
        return fail(r);
    default:
        return is_ident(c) || c == '.' || c == '-' || c == '+' ? begin_word(r, false) : begin_source(r, out);
    }
}

static size_t step_key(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (skip(r, c)) {
        return 1;
    }
    if (is_close(c)) {
        return close_bracket(r, out, c);
    }
    if (is_quote(c)) {
        return open_plain(r, out, c, true);
    }
    return is_ident(c) || c == '.' || c == '-' || c == '+' ? begin_word(r, true) : fail(r);
}

/* A key stays undecided; a container can be none, so this is a set. */
static size_t step_first(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    if (*p == '(' || *p == '[' || *p == '{') {
        become_braced(r, out, SET);
        return open_level(r, out, *p);
    }
    return step_key(r, p, n, out);
}

/* The first thing in a { was no key, but an element. */
static size_t first_of_set(struct qtc_python *r, struct qtc_buf *out)
{
    become_braced(r, out, SET);
    begin_member(r, out);
    qtc_buf_put(target(r, out), qtc_buf_bytes(&r->key));
    r->key.len = 0;
    value_done(r, out);
    return 0;
}

static size_t step_colon(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    unsigned level = kind(r);
    (void)n;
    if (skip(r, c)) {
        return 1;
    }
    if (level == MAYBE_DICT && (c == ',' || c == '}')) {
        return first_of_set(r, out);
    }
    if (c != (level == CALL ? '=' : ':')) {
        return fail(r);
    }
    if (level == MAYBE_DICT) {
        become_braced(r, out, DICT);
    }
    r->any = true;
    r->state = VALUE;
    return 1;
}

static size_t step_after(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (skip(r, c)) {
        return 1;
    }
    if (is_close(c)) {
        return close_bracket(r, out, c);
    }
    if (c != ',') {
        return fail(r);
    }
    if (kind(r) == MAYBE_TUPLE) {
        become_tuple(r, out);
    }
    r->state = levels[kind(r)].next;
    return 1;
}

/* ---- words -------------------------------------------------------------- */

/* A sign stands first, or behind the e of a decimal number. */
static bool takes_sign(const struct qtc_buf *word)
{
    if (word->len == 0) {
        return true;
    }
    size_t at = word->data[0] == '-' || word->data[0] == '+';
    bool number = at < word->len && (is_digit(word->data[at]) || word->data[at] == '.');
    bool hex = number && at + 1 < word->len && (word->data[at + 1] | 0x20) == 'x';
    return number && !hex && (word->data[word->len - 1] | 0x20) == 'e';
}

static bool in_word(const struct qtc_buf *word, char c)
{
    return is_ident(c) || c == '.' || ((c == '-' || c == '+') && takes_sign(word));
}

static size_t step_word(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    size_t run = 0;
    (void)out;
    while (run < n && r->pend.len < HELD_MAX && !r->pend.failed && in_word(&r->pend, p[run])) {
        qtc_buf_byte(&r->pend, p[run]);
        run++;
    }
    if (run < n) {
        r->word = r->pend.len;
        r->state = WORD_END;
    }
    return run;
}

/* Adds source text, and notes whether a quote behind it would open a string. */
static void source_text(struct qtc_python *r, struct qtc_buf *o, const char *p, size_t n)
{
    put_text(o, p, n);
    for (size_t i = 0; i < n; i++) {
        bool more = is_ident(p[i]);
        r->prefix = (r->prefix || r->ident == 0) && is_prefix_letter(p[i]);
        r->ident = more ? r->ident + 1 : 0;
    }
}

/* The word is no literal: it begins a source text. */
static size_t word_to_source(struct qtc_python *r, struct qtc_buf *out)
{
    begin_source(r, out);
    if (r->state == SOURCE) {
        source_text(r, text_target(r, out), r->pend.data, r->word);
        qtc_buf_drop(&r->pend, r->word);
    }
    return 0;
}

/* Appends the word's JSON behind pend; how many bytes, 0 for no literal. */
static size_t append_literal(struct qtc_python *r)
{
    size_t start = r->pend.len;
    if (qtc_buf_room(&r->pend, r->word + QTC_LITERAL_MORE) == NULL) {
        return 0;
    }
    qtc_python_literal(qtc_bytes(r->pend.data, r->word), &r->pend);
    return r->pend.len - start;
}

static size_t end_word(struct qtc_python *r, struct qtc_buf *out)
{
    size_t start = r->pend.len;
    if (append_literal(r) == 0) {
        return word_to_source(r, out);
    }
    begin_member(r, out);
    qtc_buf_add(target(r, out), r->pend.data + start, r->pend.len - start);
    r->pend.len = 0;
    value_done(r, out);
    return 0;
}

/* JSON's keys are strings: the literal's text. */
static size_t end_key_word(struct qtc_python *r)
{
    if (append_literal(r) == 0) {
        r->found |= QTC_MEND_UNQUOTED_KEY;
    }
    r->pend.len = r->word;
    end_name(r);
    r->state = COLON;
    return 0;
}

static size_t end_first_word(struct qtc_python *r, struct qtc_buf *out)
{
    become_braced(r, out, SET);
    r->is_key = false;
    return end_word(r, out);
}

static size_t word_as_prefix(struct qtc_python *r, struct qtc_buf *out, char quote)
{
    set_prefix(r, r->pend.data, r->word);
    return open_string(r, out, quote);
}

static size_t step_word_end(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (c == '#') {
        return begin_comment(r);
    }
    if (is_blank(c) && r->pend.len < (size_t)2 * HELD_MAX) {
        qtc_buf_byte(&r->pend, c);
        return 1;
    }
    if (is_quote(c) && r->pend.len == r->word && is_prefix(r->pend.data, r->word)) {
        return word_as_prefix(r, out, c);
    }
    if (r->is_key && c == ':') {
        return end_key_word(r);
    }
    if (kind(r) == MAYBE_DICT && (c == ',' || c == '}')) {
        return end_first_word(r, out);
    }
    bool ends = c == ',' || is_close(c) || is_blank(c);
    return ends && !r->is_key ? end_word(r, out) : word_to_source(r, out);
}

/* ---- strings ------------------------------------------------------------ */

static size_t run_to(const char *p, size_t n, char c)
{
    const char *end = memchr(p, c, n);
    return end == NULL ? n : (size_t)(end - p);
}

enum { STRING_WINDOW = 256 };

/* Plain bytes of a string, up to what needs a look. */
static size_t string_run(const struct qtc_python *r, const char *p, size_t n)
{
    if (r->quote == '"' && !r->format) {
        return qtc_json_plain(p, n);
    }
    size_t run = qtc_json_plain(p, n);
    if (r->quote == '\'') {
        run = run_to(p, run, '\'');
    }
    return r->format ? run_to(p, run_to(p, run, '{'), '}') : run;
}

static void put_code_point(struct qtc_buf *o, uint32_t code_point)
{
    char utf8[4];
    qtc_json_escape(o, qtc_bytes(utf8, qtc_utf8_encode(utf8, code_point)));
}

/* The low half must follow at once. */
static void end_pair(struct qtc_python *r, struct qtc_buf *o)
{
    if (r->high != 0) {
        r->found |= QTC_MEND_LONE_SURROGATE;
        put_code_point(o, r->high);
        r->high = 0;
    }
}

static size_t step_open(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    (void)n;
    (void)out;
    if (r->state == OPEN) {
        r->state = *p == r->quote ? OPEN_TWICE : STRING;
        return r->state == OPEN_TWICE;
    }
    if (*p == r->quote) {
        r->triple = true;
        r->state = STRING;
        return 1;
    }
    qtc_buf_byte(&r->pend, r->quote);
    r->state = QUOTE;
    return 0;
}

static void string_byte(struct qtc_python *r, struct qtc_buf *o, char c)
{
    if (c == r->quote) {
        qtc_buf_byte(&r->pend, c);
        r->state = r->triple ? QUOTES : QUOTE;
    } else if (c == '\\') {
        r->state = r->raw ? RAW_ESCAPE : ESCAPE;
    } else if (r->format && (c == '{' || c == '}')) {
        r->brace = c;
        r->state = BRACE;
    } else {
        if ((c == '\n' || c == '\r') && !r->triple) {
            r->found |= QTC_MEND_RAW_CONTROL;
        }
        qtc_json_escape(o, qtc_bytes(&c, 1));
    }
}

static size_t step_string(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    struct qtc_buf *o = text_target(r, out);
    /* A window: the search for one byte must not go far past the nearest of the others. */
    if (n > STRING_WINDOW && (r->quote == '\'' || r->format)) {
        n = STRING_WINDOW;
    }
    size_t run = string_run(r, p, n);
    if (run > 0 || p[0] != '\\') {
        end_pair(r, o);
    }
    qtc_buf_add(o, p, run);
    if (run == n) {
        return run;
    }
    string_byte(r, o, p[run]);
    return run + 1;
}

/* Behind { or } in a format string: doubled, it is one; else there is something to evaluate. */
static size_t step_brace(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    (void)n;
    bool doubled = *p == r->brace;
    if (!doubled && !r->sure) {
        return fail(r);
    }
    r->found |= doubled ? 0u : (unsigned)QTC_MEND_NOT_JSON;
    qtc_buf_byte(text_target(r, out), r->brace);
    r->state = STRING;
    return doubled;
}

static size_t step_raw_escape(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    struct qtc_buf *o = text_target(r, out);
    (void)n;
    qtc_buf_add(o, "\\\\", 2);
    r->state = STRING;
    if (*p != r->quote && *p != '\\' && *p != '\n') {
        return 0;
    }
    put_text(o, p, 1);
    return 1;
}

/* The JSON of a one-letter escape, or NULL. */
static const char *simple_escape(char c)
{
    static const char letters[] = "abfnrtv\\'\"";
    static const char *const json[] = {"\\u0007", "\\b",     "\\f",  "\\n", "\\r",
                                       "\\t",     "\\u000b", "\\\\", "'",   "\\\""};
    const char *at = c == '\0' ? NULL : strchr(letters, c);
    return at == NULL ? NULL : json[at - letters];
}

static bool begins_code(const struct qtc_python *r, char c)
{
    return (c >= '0' && c <= '7') || c == 'x' || (!r->bytes && (c == 'u' || c == 'U'));
}

/* An escaped line end stands for nothing; an unknown escape for itself. */
static size_t other_escape(struct qtc_python *r, struct qtc_buf *o, char c)
{
    if (c == '\n') {
        return 1;
    }
    if (c == '\r') {
        r->state = FOLD;
        return 1;
    }
    r->found |= c == 'N' && !r->bytes ? (unsigned)QTC_MEND_INVALID_ESCAPE : 0u;
    qtc_buf_add(o, "\\\\", 2);
    return 0;
}

static size_t step_escape(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    struct qtc_buf *o = text_target(r, out);
    char c = *p;
    (void)n;
    if (begins_code(r, c)) {
        qtc_buf_byte(&r->pend, c);
        r->state = CODE;
        return 1;
    }
    r->state = STRING;
    end_pair(r, o);
    const char *json = simple_escape(c);
    if (json == NULL) {
        return other_escape(r, o, c);
    }
    qtc_buf_str(o, json);
    return 1;
}

static size_t step_fold(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    (void)n;
    (void)out;
    r->state = STRING;
    return *p == '\n';
}

static void put_code(struct qtc_python *r, struct qtc_buf *o, uint32_t code)
{
    bool low = code >= 0xdc00 && code <= 0xdfff;
    if (low && r->high != 0) {
        put_code_point(o, 0x10000 + ((r->high - 0xd800) << 10 | (code - 0xdc00)));
        r->high = 0;
        return;
    }
    end_pair(r, o);
    if (code >= 0xd800 && code <= 0xdbff) {
        r->high = code;
        return;
    }
    r->found |= low ? (unsigned)QTC_MEND_LONE_SURROGATE : 0u;
    put_code_point(o, code);
}

/* Of the escape in pend: how many bytes it wants with its letter. */
static size_t code_length(char letter)
{
    return letter == 'U' ? 9 : letter == 'u' ? 5 : 3;
}

/* The code of a complete escape; past Unicode when it is none. */
static uint32_t code_value(const struct qtc_buf *code)
{
    bool octal = is_digit(code->data[0]);
    uint32_t value = 0;
    for (size_t i = octal ? 0 : 1; i < code->len; i++) {
        value = (value << (octal ? 3 : 4)) | (uint32_t)qtc_hex_digit(code->data[i]);
    }
    return value;
}

/* The escape in pend has all its digits, or all that there are. */
static void end_code(struct qtc_python *r, struct qtc_buf *o)
{
    bool octal = is_digit(r->pend.data[0]);
    bool whole = octal || r->pend.len == code_length(r->pend.data[0]);
    uint32_t code = code_value(&r->pend);
    r->state = STRING;
    if (whole && code <= 0x10ffff) {
        put_code(r, o, code);
        r->pend.len = 0;
        return;
    }
    r->found |= QTC_MEND_INVALID_ESCAPE;
    end_pair(r, o);
    qtc_buf_add(o, "\\\\", 2);
    flush_text(r, o);
}

static size_t step_code(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    struct qtc_buf *o = text_target(r, out);
    int digit = qtc_hex_digit(*p);
    (void)n;
    bool octal = is_digit(r->pend.data[0]);
    if (digit < 0 || (octal && digit > 7)) {
        end_code(r, o);
        return 0;
    }
    qtc_buf_byte(&r->pend, *p);
    if (!r->pend.failed && r->pend.len == code_length(r->pend.data[0])) {
        end_code(r, o);
    }
    return 1;
}

/* ---- behind a closing quote ---------------------------------------------- */

static size_t step_quotes(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    (void)n;
    if (*p != r->quote) {
        flush_text(r, text_target(r, out));
        r->state = STRING;
        return 0;
    }
    qtc_buf_byte(&r->pend, *p);
    r->state = r->pend.len == 3 ? QUOTE : QUOTES;
    return 1;
}

/* In Python only these follow a string; before anything else the quote is text. */
static bool ends_string(const struct qtc_python *r, char c)
{
    return c == ',' || is_close(c) || (r->is_key && c == (kind(r) == CALL ? '=' : ':'));
}

static size_t close_string(struct qtc_python *r, struct qtc_buf *out)
{
    qtc_buf_byte(text_target(r, out), '"');
    r->pend.len = 0;
    text_done(r, out);
    return 0;
}

/* The quote and what stands behind it are text. */
static size_t quote_is_text(struct qtc_python *r, struct qtc_buf *out)
{
    if (r->closed) {
        return close_string(r, out);
    }
    r->found |= QTC_MEND_UNESCAPED_QUOTE;
    flush_text(r, text_target(r, out));
    r->state = STRING;
    return 0;
}

/* 'a' + x: the string has gone out; what stands behind it follows as text. */
static size_t string_to_source(struct qtc_python *r, struct qtc_buf *out)
{
    if (!r->sure) {
        return fail(r);
    }
    r->found |= QTC_MEND_NOT_JSON;
    r->nest = r->ident = 0;
    r->state = SOURCE;
    struct qtc_buf *o = text_target(r, out);
    source_text(r, o, r->pend.data, r->pend.len);
    r->pend.len = 0;
    return 0;
}

static size_t hold_blank(struct qtc_python *r, struct qtc_buf *out, char c)
{
    if (r->pend.len >= HELD_MAX) {
        return r->plus ? string_to_source(r, out) : close_string(r, out);
    }
    qtc_buf_byte(&r->pend, c);
    return 1;
}

/* """He said "hi"""": the last three of four close. */
static size_t extra_quote(struct qtc_python *r, struct qtc_buf *out)
{
    r->found |= QTC_MEND_UNESCAPED_QUOTE;
    put_text(text_target(r, out), &r->quote, 1);
    return 1;
}

static size_t next_literal(struct qtc_python *r, struct qtc_buf *out, char quote)
{
    size_t prefix = r->state == PREFIX ? r->word : r->pend.len;
    set_prefix(r, r->pend.data + prefix, r->pend.len - prefix);
    return open_literal(r, out, quote);
}

static size_t begin_prefix(struct qtc_python *r, char c)
{
    r->word = r->pend.len;
    qtc_buf_byte(&r->pend, c);
    r->state = PREFIX;
    return 1;
}

static size_t step_quote(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (c == r->quote && r->triple && r->pend.len == 3) {
        return extra_quote(r, out);
    }
    if (is_blank(c)) {
        return r->closed ? 1 : hold_blank(r, out, c);
    }
    if (ends_string(r, c)) {
        return close_string(r, out);
    }
    if (c == '#') {
        r->closed = true;
        r->pend.len = 0;
        return begin_comment(r);
    }
    if (is_quote(c)) {
        return next_literal(r, out, c);
    }
    if (c == '+') {
        qtc_buf_byte(&r->pend, c);
        r->plus = true;
        r->state = PLUS;
        return 1;
    }
    return is_prefix_letter(c) ? begin_prefix(r, c) : quote_is_text(r, out);
}

static size_t step_plus(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (c == '#') {
        return begin_comment(r);
    }
    if (is_blank(c)) {
        return hold_blank(r, out, c);
    }
    if (is_quote(c)) {
        return next_literal(r, out, c);
    }
    return is_prefix_letter(c) ? begin_prefix(r, c) : string_to_source(r, out);
}

static size_t step_prefix(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (is_quote(c)) {
        return next_literal(r, out, c);
    }
    if (r->pend.len == r->word + 1 && is_prefix((const char[2]){r->pend.data[r->word], c}, 2)) {
        qtc_buf_byte(&r->pend, c);
        return 1;
    }
    return r->plus ? string_to_source(r, out) : quote_is_text(r, out);
}

/* ---- source text --------------------------------------------------------- */

static bool ends_source(const struct qtc_python *r, char c)
{
    return r->nest == 0 && (c == ',' || is_close(c) || (r->is_key && c == ':'));
}

static size_t end_source(struct qtc_python *r, struct qtc_buf *out)
{
    qtc_buf_byte(text_target(r, out), '"');
    r->pend.len = 0;
    text_done(r, out);
    return 0;
}

static void source_byte(struct qtc_python *r, struct qtc_buf *o, char c)
{
    if (r->pend.len > 0) {
        source_text(r, o, r->pend.data, r->pend.len);
        r->pend.len = 0;
    }
    if (is_quote(c) && (r->ident == 0 || (r->prefix && r->ident <= 2))) {
        r->quote = c;
        r->state = SOURCE_STRING;
    }
    r->nest += c == '(' || c == '[' || c == '{';
    r->nest -= is_close(c);
    source_text(r, o, &c, 1);
}

static size_t step_source(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    struct qtc_buf *o = text_target(r, out);
    size_t i = 0;
    while (i < n && r->state == SOURCE) {
        char c = p[i];
        if (ends_source(r, c)) {
            end_source(r, out);
            return i;
        }
        i++;
        if (c == '#') {
            begin_comment(r);
        } else if (is_blank(c) && r->pend.len < HELD_MAX) {
            qtc_buf_byte(&r->pend, c);
        } else {
            source_byte(r, o, c);
        }
    }
    return i;
}

/* A line end ends it too: it was no string, then. */
static size_t step_source_string(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    size_t run = 0;
    while (run < n && p[run] != r->quote && p[run] != '\\' && p[run] != '\n') {
        run++;
    }
    if (run < n) {
        r->state = p[run] == '\\' ? SOURCE_ESCAPE : SOURCE;
        r->ident = 0;
    }
    size_t used = run + (run < n && p[run] != '\n');
    put_text(text_target(r, out), p, used);
    return used;
}

static size_t step_source_escape(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    (void)n;
    put_text(text_target(r, out), p, 1);
    r->state = SOURCE_STRING;
    return 1;
}

/* ---- the whole ---------------------------------------------------------- */

static size_t step_end(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    (void)p;
    (void)n;
    (void)out;
    r->event = r->state == DONE ? QTC_PYTHON_DONE : QTC_PYTHON_BAD;
    return 0;
}

static bool no_memory(const struct qtc_python *r)
{
    return r->pend.failed || r->key.failed || r->held.failed;
}

size_t qtc_python_feed(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out)
{
    typedef size_t step(struct qtc_python *, const char *, size_t, struct qtc_buf *);
    static step *const steps[] = {
        [ARG] = step_arg,
        [NAME] = step_name,
        [EQUALS] = step_equals,
        [STAR] = step_star,
        [STARS] = step_star,
        [VALUE] = step_value,
        [KEY] = step_key,
        [FIRST] = step_first,
        [COLON] = step_colon,
        [AFTER] = step_after,
        [WORD] = step_word,
        [WORD_END] = step_word_end,
        [OPEN] = step_open,
        [OPEN_TWICE] = step_open,
        [STRING] = step_string,
        [ESCAPE] = step_escape,
        [RAW_ESCAPE] = step_raw_escape,
        [CODE] = step_code,
        [FOLD] = step_fold,
        [BRACE] = step_brace,
        [QUOTES] = step_quotes,
        [QUOTE] = step_quote,
        [PLUS] = step_plus,
        [PREFIX] = step_prefix,
        [SOURCE] = step_source,
        [SOURCE_STRING] = step_source_string,
        [SOURCE_ESCAPE] = step_source_escape,
        [COMMENT] = step_comment,
        [FAILED] = step_end,
        [DONE] = step_end,
    };
    size_t i = 0;
    unsigned before = r->found;
    r->event = QTC_PYTHON_NONE;
    while (i < n && r->event == QTC_PYTHON_NONE && r->found == before) {
        if (no_memory(r)) {
            out->failed = true;
            return n; /* what the steps would look at is not there */
        }
        i += steps[r->state](r, p + i, n - i, out);
    }
    return i;
}

void qtc_python_reset(struct qtc_python *r)
{
    struct qtc_buf pend = r->pend, key = r->key, held = r->held;
    qtc_buf_clear(&pend);
    qtc_buf_clear(&key);
    qtc_buf_clear(&held);
    memset(r, 0, offsetof(struct qtc_python, levels));
    r->pend = pend;
    r->key = key;
    r->held = held;
    r->levels[0] = CALL;
    r->state = ARG;
}

void qtc_python_free(struct qtc_python *r)
{
    qtc_buf_free(&r->pend);
    qtc_buf_free(&r->key);
    qtc_buf_free(&r->held);
}

size_t qtc_python_held(const struct qtc_python *r)
{
    return r->pend.len + r->key.len + r->held.len;
}

static bool in_string(const struct qtc_python *r)
{
    return r->state >= OPEN && r->state <= SOURCE_ESCAPE;
}

/* A half escape or a pending comma says nothing by itself: it is left out. */
static void finish_text(struct qtc_python *r, struct qtc_buf *out, bool close)
{
    struct qtc_buf *o = target(r, out);
    end_pair(r, o);
    if (r->state == BRACE) {
        qtc_buf_byte(o, r->brace);
    }
    if (close || (r->state >= QUOTE && r->state <= PREFIX)) {
        qtc_buf_byte(o, '"');
    }
}

static void finish_value(struct qtc_python *r, struct qtc_buf *out, bool close)
{
    if (r->state == COMMENT) {
        r->state = r->back;
    }
    if (r->is_key) {
        return;
    }
    if (r->state == WORD || r->state == WORD_END) {
        r->word = r->state == WORD ? r->pend.len : r->word;
        end_word(r, out);
    }
    if (in_string(r)) {
        finish_text(r, out, close);
    }
}

/* What is undecided is taken for what it looks like: a parenthesis, a dict. */
static void finish_levels(struct qtc_python *r, struct qtc_buf *out, bool close)
{
    if (!close) {
        r->undecided = 0;
        release(r, out);
        return;
    }
    for (;; r->depth--) {
        write_close(r, out);
        if (r->depth == 0) {
            return;
        }
    }
}

void qtc_python_finish(struct qtc_python *r, struct qtc_buf *out, bool close)
{
    if (r->sure && r->state != DONE) {
        finish_value(r, out, close);
        finish_levels(r, out, close);
    }
    out->failed = out->failed || no_memory(r);
    r->pend.len = r->key.len = r->held.len = 0;
    r->state = DONE;
}
