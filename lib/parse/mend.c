#include "parse/mend.h"

#include <string.h>

enum {
    VALUE,  /* a value is due (in an array, also the closing bracket) */
    KEY,    /* a key is due, or the closing bracket */
    COLON,  /* behind a key */
    AFTER,  /* behind a value: a comma or a closing bracket */
    STRING, /* inside quotes */
    ESCAPE, /* behind a backslash */
    HEX,    /* inside \uXXXX, held in pend */
    QUOTE,  /* behind a closing quote; it and blanks are held in pend */
    REMARK, /* behind a slash there: a comment, or the string's text */
    WORD,   /* a number, a literal or a bare key, held in pend */
    BARE,   /* behind a bare key; it and blanks are held in pend */
    JUNK,   /* what is no JSON, up to the next , } ] or line end */
    SLASH,  /* behind a slash: a comment? */
    LINE,   /* in a comment that ends with its line */
    BLOCK,  /* in a comment that ends with its star and slash */
    STAR,   /* behind a star in it */
    RAW,    /* too deep: everything passes */
    DONE
};

enum qtc_defect qtc_mend_defect(unsigned bit)
{
    static const enum qtc_defect defects[QTC_MEND_BITS] = {
        QTC_D_SINGLE_QUOTES,   QTC_D_UNQUOTED_KEY,   QTC_D_TRAILING_COMMA, QTC_D_RAW_CONTROL,
        QTC_D_UNESCAPED_QUOTE, QTC_D_INVALID_ESCAPE, QTC_D_PYTHON_LITERAL, QTC_D_COMMENT_IN_JSON,
        QTC_D_MISSING_BRACE,   QTC_D_EXTRA_BRACE,    QTC_D_NOT_JSON,       QTC_D_LONE_SURROGATE,
    };
    return defects[bit];
}

/* ---- the stack ---------------------------------------------------------- */

static bool in_object(const struct qtc_mend *m)
{
    unsigned top = m->depth - 1;
    return m->depth > 0 && (m->stack[top / 8] >> (top % 8) & 1);
}

static bool any_open(const struct qtc_mend *m, bool object)
{
    for (unsigned level = m->depth; level > m->watch; level--) {
        unsigned top = level - 1;
        if ((m->stack[top / 8] >> (top % 8) & 1) == object) {
            return true;
        }
    }
    return false;
}

static void push(struct qtc_mend *m, bool object)
{
    unsigned bit = 1u << (m->depth % 8);
    if (object) {
        m->stack[m->depth / 8] |= (unsigned char)bit;
    } else {
        m->stack[m->depth / 8] &= (unsigned char)~bit;
    }
    m->depth++;
}

/* ---- output ------------------------------------------------------------- */

/* Structure is written only below the watched depth. */
static void structure(const struct qtc_mend *m, struct qtc_buf *out, char c)
{
    if (m->depth > m->watch) {
        qtc_buf_byte(out, c);
    }
}

static void blank(struct qtc_mend *m, struct qtc_buf *out, char c)
{
    if (m->pend.len > 0) {
        qtc_buf_byte(&m->pend, c);
    } else {
        structure(m, out, c);
    }
}

/* Writes the comma and the blanks that waited for something to separate. */
static void flush_comma(struct qtc_mend *m, struct qtc_buf *out)
{
    if (m->pend.len > 0 && m->depth > m->watch) {
        qtc_buf_put(out, qtc_buf_bytes(&m->pend));
    }
    m->pend.len = 0;
}

static void drop_comma(struct qtc_mend *m, struct qtc_buf *out)
{
    if (m->pend.len > 0) {
        m->found |= QTC_MEND_TRAILING_COMMA;
        if (m->depth > m->watch) {
            qtc_buf_add(out, m->pend.data + 1, m->pend.len - 1);
        }
    }
    m->pend.len = 0;
}

/* ---- what a value's end and beginning lead to --------------------------- */

static void value_done(struct qtc_mend *m)
{
    m->state = m->depth == 0 ? DONE : AFTER;
    if (m->depth == m->watch) {
        m->event = QTC_MEND_END;
    } else if (m->depth < m->watch) {
        m->event = QTC_MEND_CLOSED;
    }
}

static void open_string(struct qtc_mend *m, struct qtc_buf *out, char quote, bool is_key)
{
    flush_comma(m, out);
    m->quote = quote;
    m->is_key = is_key;
    m->state = STRING;
    if (quote == '\'') {
        m->found |= QTC_MEND_SINGLE_QUOTES;
    }
    qtc_buf_byte(out, '"');
}

static void open_container(struct qtc_mend *m, struct qtc_buf *out, char c)
{
    flush_comma(m, out);
    if (m->depth == QTC_JSON_MAX_DEPTH) {
        m->found |= QTC_MEND_NOT_JSON;
        m->state = RAW;
        qtc_buf_byte(out, c);
        return;
    }
    push(m, c == '{');
    structure(m, out, c);
    m->state = c == '{' ? KEY : VALUE;
    m->begun = false;
}

static void pop(struct qtc_mend *m, struct qtc_buf *out)
{
    structure(m, out, in_object(m) ? '}' : ']');
    m->depth--;
    value_done(m);
}

/* A closing bracket: of this level, of one further out, or of none. */
static size_t close_bracket(struct qtc_mend *m, struct qtc_buf *out, char c)
{
    bool object = c == '}';
    drop_comma(m, out);
    if (m->depth > 0 && in_object(m) == object) {
        pop(m, out);
        return 1;
    }
    if (any_open(m, object)) {
        m->found |= QTC_MEND_MISSING_BRACE;
        pop(m, out);
        return 0;
    }
    m->found |= QTC_MEND_EXTRA_BRACE;
    m->state = AFTER;
    return 1;
}

/* ---- steps: each consumes some bytes, or none and changes the state ------ */

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '+' || c == '.' || c == '$';
}

static size_t begin_junk(struct qtc_mend *m, struct qtc_buf *out)
{
    flush_comma(m, out);
    m->found |= QTC_MEND_NOT_JSON;
    m->state = JUNK;
    return 0;
}

static size_t begin_word(struct qtc_mend *m, struct qtc_buf *out, bool is_key)
{
    flush_comma(m, out);
    m->is_key = is_key;
    m->state = WORD;
    return 0;
}

/* What may stand before any token: blanks and comments. */
static bool skip(struct qtc_mend *m, struct qtc_buf *out, char c)
{
    if (qtc_is_blank(c)) {
        blank(m, out, c);
        return true;
    }
    if (c == '/') {
        m->back = m->state;
        m->state = SLASH;
        return true;
    }
    return false;
}

static size_t step_value(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (skip(m, out, c)) {
        return 1;
    }
    if (c == ']' && m->depth > 0 && !in_object(m)) {
        return close_bracket(m, out, c);
    }
    if (m->depth == m->watch && !m->begun) {
        m->begun = true;
        m->first = c;
        m->event = QTC_MEND_VALUE;
        return 0;
    }
    switch (c) {
    case '{':
    case '[':
        open_container(m, out, c);
        return 1;
    case '"':
    case '\'':
        open_string(m, out, c, false);
        return 1;
    case '}':
    case ']':
        m->found |= QTC_MEND_NOT_JSON;
        return close_bracket(m, out, c);
    default:
        return is_word(c) ? begin_word(m, out, false) : begin_junk(m, out);
    }
}

static size_t step_key(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (skip(m, out, c)) {
        return 1;
    }
    switch (c) {
    case '"':
    case '\'':
        open_string(m, out, c, true);
        return 1;
    case '}':
    case ']':
        return close_bracket(m, out, c);
    default:
        return is_word(c) ? begin_word(m, out, true) : begin_junk(m, out);
    }
}

static size_t step_colon(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (skip(m, out, c)) {
        return 1;
    }
    m->begun = false;
    m->state = VALUE;
    if (m->depth == m->watch) {
        m->event = QTC_MEND_KEY;
    }
    if (c == ':') {
        structure(m, out, c);
        return 1;
    }
    m->found |= QTC_MEND_NOT_JSON;
    if (c == ',' || c == '}') {
        m->state = AFTER;
    }
    return 0;
}

static size_t step_after(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (skip(m, out, c)) {
        return 1;
    }
    if (c == ',') {
        qtc_buf_byte(&m->pend, c);
        m->state = in_object(m) ? KEY : VALUE;
        m->begun = false;
        return 1;
    }
    if (c == '}' || c == ']') {
        return close_bracket(m, out, c);
    }
    m->found |= QTC_MEND_NOT_JSON;
    if ((c == '"' || c == '\'') && in_object(m)) {
        m->state = KEY;
        return 0;
    }
    return begin_junk(m, out);
}

static size_t run_to(const char *p, size_t n, char c)
{
    const char *end = memchr(p, c, n);
    return end == NULL ? n : (size_t)(end - p);
}

/* In JSON only these follow a string; before anything else the quote is text. */
static bool ends_string(const struct qtc_mend *m, char c)
{
    return m->is_key ? c == ':' : c == ',' || c == '}' || c == ']';
}

static void close_string(struct qtc_mend *m, struct qtc_buf *out)
{
    qtc_buf_byte(out, '"');
    if (m->depth > m->watch) {
        qtc_buf_add(out, m->pend.data + 1, m->pend.len - 1);
    }
    m->pend.len = 0;
    if (m->is_key) {
        m->state = COLON;
    } else {
        value_done(m);
    }
}

enum { STRING_WINDOW = 256 };

/* Plain bytes of a string, up to what needs a look. */
static size_t string_run(const struct qtc_mend *m, const char *p, size_t n)
{
    size_t run = qtc_json_plain(p, n);
    if (m->quote == '\'') {
        run = run_to(p, run, '\'');
    }
    return m->angle == '\0' || run == 0 ? run : 1 + run_to(p + 1, run - 1, m->angle);
}

/* The low half must follow at once. */
static void end_pair(struct qtc_mend *m)
{
    if (m->high) {
        m->found |= QTC_MEND_LONE_SURROGATE;
        m->high = false;
    }
}

static size_t step_string(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    /* A window: for each string in single quotes the search for a double one must not go to the end. */
    if (n > STRING_WINDOW) {
        n = STRING_WINDOW;
    }
    size_t run = string_run(m, p, n);
    qtc_buf_add(out, p, run);
    if (run > 0 || p[0] != '\\') {
        end_pair(m);
    }
    if (run == n || (p[run] == m->angle && m->angle != '\0')) {
        return run;
    }
    char c = p[run];
    if (c == m->quote && m->depth == 0) {
        close_string(m, out); /* by itself: whatever follows */
    } else if (c == m->quote) {
        qtc_buf_byte(&m->pend, '"');
        m->state = QUOTE;
    } else if (c == '\\') {
        m->state = ESCAPE;
    } else {
        if (c != '"') {
            m->found |= QTC_MEND_RAW_CONTROL;
        }
        qtc_json_escape(out, qtc_bytes(&c, 1));
    }
    return run + 1;
}

static size_t step_escape(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    m->state = STRING;
    if (c == 'u') {
        qtc_buf_add(&m->pend, "\\u", 2);
        m->state = HEX;
        return 1;
    }
    end_pair(m);
    if (c != '\0' && strchr("\"\\/bfnrt", c) != NULL) {
        qtc_buf_byte(out, '\\');
        qtc_buf_byte(out, c);
        return 1;
    }
    if (c == '\'') {
        m->found |= m->quote == '\'' ? 0u : (unsigned)QTC_MEND_INVALID_ESCAPE;
        qtc_buf_byte(out, c);
        return 1;
    }
    if ((unsigned char)c < 0x20) {
        return 0;
    }
    m->found |= QTC_MEND_INVALID_ESCAPE;
    qtc_buf_add(out, "\\\\", 2);
    return 0;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* \uD800 to \uDBFF is the first half of a pair, \uDC00 to \uDFFF the second. */
static void note_pair(struct qtc_mend *m)
{
    char d = m->pend.data[2], h = m->pend.data[3];
    bool surrogate = (d == 'd' || d == 'D') && strchr("89abAB", h) != NULL;
    bool low = (d == 'd' || d == 'D') && strchr("cdefCDEF", h) != NULL;
    if (low == m->high) {
        m->high = surrogate;
        return;
    }
    m->found |= QTC_MEND_LONE_SURROGATE;
    m->high = surrogate;
}

static size_t step_hex(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    (void)n;
    bool good = is_hex(*p);
    if (good) {
        qtc_buf_byte(&m->pend, *p);
        if (m->pend.len < 6) {
            return 1;
        }
        note_pair(m);
    } else {
        m->found |= QTC_MEND_INVALID_ESCAPE;
        qtc_buf_byte(out, '\\');
    }
    qtc_buf_put(out, qtc_buf_bytes(&m->pend));
    m->pend.len = 0;
    m->state = STRING;
    return good ? 1 : 0;
}

/* The quote and what stands behind it are text. */
static size_t quote_is_text(struct qtc_mend *m, struct qtc_buf *out)
{
    m->found |= QTC_MEND_UNESCAPED_QUOTE;
    m->pend.data[0] = m->quote;
    qtc_json_escape(out, qtc_buf_bytes(&m->pend));
    m->pend.len = 0;
    m->state = STRING;
    return 0;
}

static size_t step_quote(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (qtc_is_blank(c) && m->depth > 0) {
        qtc_buf_byte(&m->pend, c);
        return 1;
    }
    if (ends_string(m, c)) {
        close_string(m, out);
        return 0;
    }
    if (c == '/') {
        qtc_buf_byte(&m->pend, c);
        m->state = REMARK;
        return 1;
    }
    return quote_is_text(m, out);
}

static size_t step_remark(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    (void)n;
    if (*p != '/' && *p != '*') {
        return quote_is_text(m, out);
    }
    m->pend.len--; /* the slash */
    close_string(m, out);
    m->found |= QTC_MEND_COMMENT;
    m->back = m->state;
    m->state = *p == '/' ? LINE : BLOCK;
    return 1;
}

static void end_word(struct qtc_mend *m, struct qtc_buf *out)
{
    static const struct {
        const char *python, *json;
    } literals[] = {{"True", "true"}, {"False", "false"}, {"None", "null"}};
    struct qtc_bytes word = qtc_buf_bytes(&m->pend);
    if (m->is_key) {
        m->state = BARE;
        return;
    }
    m->pend.len = 0;
    for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
        if (qtc_bytes_is(word, literals[i].python)) {
            m->found |= QTC_MEND_PYTHON;
            word = qtc_str(literals[i].json);
        }
    }
    qtc_buf_put(out, word);
    if (qtc_json_valid(word)) {
        value_done(m);
        return;
    }
    m->found |= QTC_MEND_NOT_JSON;
    m->state = JUNK; /* its end is the value's: words of a text belong together */
}

static size_t step_word(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    size_t run = 0;
    while (run < n && is_word(p[run])) {
        run++;
    }
    qtc_buf_add(&m->pend, p, run);
    if (run < n) {
        end_word(m, out);
    }
    return run;
}

/* Only a colon makes a key of the word. */
static size_t step_bare(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    size_t len = 0;
    (void)n;
    if (qtc_is_blank(*p)) {
        qtc_buf_byte(&m->pend, *p);
        return 1;
    }
    if (*p != ':') {
        qtc_buf_put(out, qtc_buf_bytes(&m->pend));
        m->pend.len = 0;
        return begin_junk(m, out);
    }
    while (len < m->pend.len && !qtc_is_blank(m->pend.data[len])) {
        len++;
    }
    m->found |= QTC_MEND_UNQUOTED_KEY;
    qtc_json_string(out, qtc_bytes(m->pend.data, len));
    if (m->depth > m->watch) {
        qtc_buf_add(out, m->pend.data + len, m->pend.len - len);
    }
    m->pend.len = 0;
    m->state = COLON;
    return 0;
}

static size_t step_junk(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    size_t run = 0;
    bool to_marker = m->depth == 0 && m->angle != '\0';
    while (run < n && (to_marker || (p[run] != ',' && p[run] != '}' && p[run] != ']' && p[run] != '\n')) &&
           p[run] != m->angle) {
        run++;
    }
    if (run == 0 && p[0] == m->angle) { /* it was no marker */
        qtc_buf_byte(out, p[0]);
        return 1;
    }
    qtc_buf_add(out, p, run);
    if (run < n && p[run] != m->angle) {
        value_done(m);
    }
    return run;
}

static size_t step_slash(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    (void)n;
    if (*p == '/' || *p == '*') {
        m->found |= QTC_MEND_COMMENT;
        m->state = *p == '/' ? LINE : BLOCK;
        return 1;
    }
    m->state = m->back;
    begin_junk(m, out);
    qtc_buf_byte(out, '/');
    return 0;
}

static size_t step_comment(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    (void)n;
    (void)out;
    char c = *p;
    if (m->state == LINE) {
        m->state = c == '\n' || c == '\r' ? m->back : LINE;
    } else if (m->state == STAR && c == '/') {
        m->state = m->back;
    } else {
        m->state = c == '*' ? STAR : BLOCK;
    }
    return 1;
}

static size_t step_raw(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    (void)m;
    qtc_buf_add(out, p, n);
    return n;
}

static size_t step_done(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    (void)m;
    (void)p;
    (void)out;
    return n;
}

/* ---- the whole ---------------------------------------------------------- */

static bool asks_about_angle(const struct qtc_mend *m)
{
    static const bool asks[] = {
        [VALUE] = true, [KEY] = true,    [COLON] = true, [AFTER] = true,
        [QUOTE] = true, [STRING] = true, [JUNK] = true,  [DONE] = false,
    };
    return asks[m->state];
}

size_t qtc_mend_feed(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out)
{
    typedef size_t step(struct qtc_mend *, const char *, size_t, struct qtc_buf *);
    static step *const steps[] = {
        [VALUE] = step_value,   [KEY] = step_key,       [COLON] = step_colon,   [AFTER] = step_after,
        [STRING] = step_string, [ESCAPE] = step_escape, [HEX] = step_hex,       [QUOTE] = step_quote,
        [REMARK] = step_remark, [WORD] = step_word,     [BARE] = step_bare,     [JUNK] = step_junk,
        [SLASH] = step_slash,   [LINE] = step_comment,  [BLOCK] = step_comment, [STAR] = step_comment,
        [RAW] = step_raw,       [DONE] = step_done,
    };
    size_t i = 0;
    unsigned before = m->found;
    m->event = QTC_MEND_NONE;
    while (i < n && m->event == QTC_MEND_NONE && m->found == before) {
        if (m->pend.failed) {
            return n; /* what the steps would look at is not there */
        }
        if (p[i] == m->angle && m->angle != '\0' && asks_about_angle(m) && !m->pass_angle) {
            m->event = QTC_MEND_ANGLE;
            return i;
        }
        size_t used = steps[m->state](m, p + i, n - i, out);
        m->pass_angle = m->pass_angle && used == 0;
        i += used;
        if (m->stop_bad && (m->found & QTC_MEND_NOT_JSON) != 0) {
            m->event = QTC_MEND_BAD;
        }
    }
    return i;
}

void qtc_mend_pass(struct qtc_mend *m)
{
    m->pass_angle = true;
}

bool qtc_mend_in_string(const struct qtc_mend *m)
{
    return m->state == STRING;
}

void qtc_mend_reset(struct qtc_mend *m, unsigned watch, char angle)
{
    struct qtc_buf pend = m->pend;
    pend.len = 0;
    memset(m, 0, sizeof *m);
    m->pend = pend;
    m->watch = watch;
    m->angle = angle;
    m->state = VALUE;
    m->begun = watch > 0; /* the watched object itself is not announced */
}

void qtc_mend_free(struct qtc_mend *m)
{
    qtc_buf_free(&m->pend);
}

/* A half escape or a pending comma says nothing by itself: it is left out. */
static void write_held(struct qtc_mend *m, struct qtc_buf *out)
{
    if (m->state == QUOTE || m->state == REMARK) {
        qtc_buf_byte(out, '"');
    } else if (m->state == WORD && !m->is_key) {
        qtc_buf_put(out, qtc_buf_bytes(&m->pend));
    }
    m->pend.len = 0;
}

static void close_open(struct qtc_mend *m, struct qtc_buf *out)
{
    if (m->state == STRING || m->state == ESCAPE || m->state == HEX) {
        qtc_buf_byte(out, '"');
    }
    bool key =
        m->is_key && (m->state == STRING || m->state == ESCAPE || m->state == HEX || m->state == QUOTE);
    if (m->depth > m->watch && (key || m->state == COLON)) {
        qtc_buf_str(out, ":null");
    } else if (m->depth > m->watch && m->state == VALUE && in_object(m)) {
        qtc_buf_str(out, "null");
    }
    while (m->depth > m->watch) {
        qtc_buf_byte(out, in_object(m) ? '}' : ']');
        m->depth--;
    }
}

void qtc_mend_finish(struct qtc_mend *m, struct qtc_buf *out, bool close)
{
    if (m->state == WORD) {
        struct qtc_bytes word = qtc_buf_bytes(&m->pend);
        if (close && !m->is_key && qtc_json_valid(word)) {
            end_word(m, out);
        }
    }
    write_held(m, out);
    if (close) {
        close_open(m, out);
    }
    m->state = DONE;
}

bool qtc_mend_text(struct qtc_bytes text, struct qtc_buf *out, unsigned *found)
{
    struct qtc_mend m = {0};
    size_t i = 0;
    qtc_mend_reset(&m, 0, '\0');
    while (i < text.len && m.state != DONE) {
        i += qtc_mend_feed(&m, text.data + i, text.len - i, out);
    }
    if (m.depth == 0 && (m.state == WORD || m.state == QUOTE)) {
        qtc_mend_finish(&m, out, true);
    }
    bool whole = m.state == DONE && i == text.len && (m.found & QTC_MEND_NOT_JSON) == 0;
    *found = m.found;
    out->failed = out->failed || m.pend.failed;
    qtc_mend_free(&m);
    return whole && !out->failed;
}
