#include "parse/gemma.h"

#include "parse/typed.h"

#include <string.h>

enum {
    KEY,    /* a key is due, or the closing bracket */
    NAME,   /* in a bare key */
    COLON,  /* behind a quoted key */
    VALUE,  /* a value is due (in an array, also the closing bracket) */
    WORD,   /* in a bare value, held in text */
    STRING, /* in a string, between delimiters */
    QUOTED, /* in a string, between "" or '' */
    ESCAPE, /* behind a backslash there; it and what follows are held in escape */
    QUOTE,  /* behind what may be a string's end; blanks are held in pend */
    AFTER,  /* behind a value: a comma or a closing bracket */
    DEEP,   /* too deep: all up to the matching bracket is the text of a string */
    MARK,   /* in what may be a delimiter or the closing marker */
    DONE
};

/* What a mark may be. */
enum { DELIMITER = 1, CLOSE = 2 };

/* Which marks a state asks about. */
static const unsigned char asked[] = {
    [KEY] = DELIMITER | CLOSE,
    [NAME] = CLOSE,
    [VALUE] = DELIMITER | CLOSE,
    [WORD] = CLOSE,
    [STRING] = DELIMITER,
    [QUOTE] = DELIMITER | CLOSE,
    [AFTER] = DELIMITER | CLOSE,
    [DEEP] = CLOSE,
    [DONE] = 0,
};

/* Where the text of a string goes. */
enum { TO_OUT, TO_KEY, TO_TEXT };

/* A value for qtc_typed waits until it is complete; a longer one goes out as a string. */
#define MAX_HELD ((size_t)64 << 20)

/* ---- brackets ----------------------------------------------------------- */

static bool in_object(const struct qtc_gemma *r)
{
    unsigned top = r->depth - 1;
    return r->stack[top / 8] >> (top % 8) & 1;
}

static void push(struct qtc_gemma *r, bool object)
{
    unsigned bit = 1u << (r->depth % 8);
    if (object) {
        r->stack[r->depth / 8] |= (unsigned char)bit;
    } else {
        r->stack[r->depth / 8] &= (unsigned char)~bit;
    }
    r->depth++;
    r->arrays += !object;
    r->first = true;
}

/* Whether c closes a bracket that is open, of this level or of one further out. */
static bool closes(const struct qtc_gemma *r, char c)
{
    return c == '}' || (c == ']' && r->arrays > 0) || (c == ')' && r->bracket == '(');
}

static bool closes_top(const struct qtc_gemma *r, char c)
{
    if (!in_object(r)) {
        return c == ']';
    }
    return c == '}' || (c == ')' && r->depth == 1);
}

/* Which of these marks have c at this place. */
static unsigned marks_at(const struct qtc_gemma *r, unsigned marks, size_t at, char c)
{
    unsigned still = 0;
    if ((marks & DELIMITER) && r->delimiter[at] == c) {
        still |= DELIMITER;
    }
    if ((marks & CLOSE) && r->close != NULL && r->close[at] == c) {
        still |= CLOSE;
    }
    return still;
}

static bool begins_mark(const struct qtc_gemma *r, char c)
{
    return marks_at(r, asked[r->state], 0, c) != 0;
}

/* ---- output ------------------------------------------------------------- */

static void begin(struct qtc_gemma *r, struct qtc_buf *out)
{
    if (!r->begun) {
        qtc_buf_byte(out, '{');
        r->begun = true;
    }
}

/* A member or an element begins. */
static void begin_item(struct qtc_gemma *r, struct qtc_buf *out)
{
    begin(r, out);
    if (!r->first) {
        qtc_buf_byte(out, ',');
    }
    r->first = false;
}

/* qtc_json_escape wants whole characters: an incomplete one waits in the tail. */
static void stream(struct qtc_gemma *r, struct qtc_bytes s, struct qtc_buf *out)
{
    while (r->tail_len > 0 && s.len > 0) {
        r->tail[r->tail_len++] = *s.data++;
        s.len--;
        size_t keep = qtc_utf8_incomplete(r->tail, r->tail_len);
        size_t whole = r->tail_len - keep;
        qtc_json_escape(out, qtc_bytes(r->tail, whole));
        memmove(r->tail, r->tail + whole, keep);
        r->tail_len = (unsigned char)keep;
    }
    if (s.len > 0) {
        size_t keep = qtc_utf8_incomplete(s.data, s.len);
        qtc_json_escape(out, qtc_bytes(s.data, s.len - keep));
        memcpy(r->tail, s.data + s.len - keep, keep);
        r->tail_len = (unsigned char)keep;
    }
}

static void end_tail(struct qtc_gemma *r, struct qtc_buf *out)
{
    qtc_json_escape(out, qtc_bytes(r->tail, r->tail_len));
    r->tail_len = 0;
}

/* Too long to wait for: it is a string. */
static void release(struct qtc_gemma *r, struct qtc_buf *out)
{
    r->wrong = true;
    r->sink = TO_OUT;
    qtc_buf_byte(out, '"');
    stream(r, qtc_buf_bytes(&r->text), out);
    r->text.len = 0;
}

static struct qtc_buf *key_of(struct qtc_gemma *r)
{
    return r->depth == 1 ? &r->key : &r->text;
}

static void put(struct qtc_gemma *r, struct qtc_bytes s, struct qtc_buf *out)
{
    if (r->sink == TO_KEY) {
        qtc_buf_put(key_of(r), s);
        return;
    }
    if (r->sink == TO_TEXT) {
        size_t room = MAX_HELD - r->text.len;
        if (s.len <= room) {
            qtc_buf_put(&r->text, s);
            return;
        }
        qtc_buf_add(&r->text, s.data, room);
        release(r, out);
        s = qtc_bytes(s.data + room, s.len - room);
    }
    stream(r, s, out);
}

/* ---- values ------------------------------------------------------------- */

static void value_done(struct qtc_gemma *r)
{
    r->state = AFTER;
    if (r->depth == 1) {
        r->event = QTC_GEMMA_END;
        r->mismatch = r->wrong;
    }
}

static void put_typed(struct qtc_gemma *r, struct qtc_bytes text, unsigned types, struct qtc_buf *out)
{
    unsigned mended;
    bool mismatch;
    qtc_typed(out, text, types, false, &mismatch, &mended);
    r->found |= mended;
    r->wrong = r->wrong || mismatch;
}

static bool is_scalar(struct qtc_bytes t)
{
    return t.len > 0 && strchr("-0123456789tfn", t.data[0]) != NULL && qtc_json_valid(t);
}

static void end_word(struct qtc_gemma *r, struct qtc_buf *out)
{
    struct qtc_bytes word = qtc_bytes_trim(qtc_buf_bytes(&r->text));
    unsigned types = r->depth == 1 ? r->types : 0;
    if (types == 0 && is_scalar(word)) {
        qtc_buf_put(out, word);
    } else {
        put_typed(r, word, types, out);
    }
    r->text.len = 0;
    value_done(r);
}

/* What every value begins with. */
static void begin_value(struct qtc_gemma *r, struct qtc_buf *out)
{
    r->text.len = 0;
    if (r->depth == 1) {
        r->wrong = false;
    }
    if (!in_object(r)) {
        begin_item(r, out);
    }
}

static void begin_word(struct qtc_gemma *r, struct qtc_buf *out)
{
    begin_value(r, out);
    r->state = WORD;
}

/* quote 0: the delimiter. */
static void open_string(struct qtc_gemma *r, char quote, struct qtc_buf *out)
{
    bool typed = r->depth == 1 && r->types != 0 && (r->types & QTC_T_STRING) == 0;
    begin_value(r, out);
    r->quote = quote;
    r->state = quote == '\0' ? STRING : QUOTED;
    r->found |= quote == '\'' ? (unsigned)QTC_MEND_SINGLE_QUOTES : 0u;
    r->sink = typed ? TO_TEXT : TO_OUT;
    if (!typed) {
        qtc_buf_byte(out, '"');
    }
}

static void open_key(struct qtc_gemma *r, char quote)
{
    key_of(r)->len = 0;
    r->quote = quote;
    r->state = quote == '\0' ? STRING : QUOTED;
    r->found |= quote == '\'' ? (unsigned)QTC_MEND_SINGLE_QUOTES : 0u;
    r->sink = TO_KEY;
}

static void end_string(struct qtc_gemma *r, struct qtc_buf *out)
{
    r->pend.len = 0;
    if (r->sink == TO_KEY) {
        r->state = COLON;
        return;
    }
    if (r->sink == TO_TEXT) {
        put_typed(r, qtc_buf_bytes(&r->text), r->types, out);
        r->text.len = 0;
    } else {
        end_tail(r, out);
        qtc_buf_byte(out, '"');
    }
    value_done(r);
}

static void open_container(struct qtc_gemma *r, char c, struct qtc_buf *out)
{
    bool object = c == '{';
    begin_value(r, out);
    if (r->depth == 1 && r->types != 0) {
        r->wrong = (r->types & (object ? QTC_T_OBJECT : QTC_T_ARRAY)) == 0;
    }
    if (r->depth == QTC_JSON_MAX_DEPTH) {
        r->found |= QTC_MEND_NOT_JSON;
        r->sink = TO_OUT;
        r->over = 1;
        r->state = DEEP;
        qtc_buf_byte(out, '"');
        qtc_buf_byte(out, c);
        return;
    }
    push(r, object);
    qtc_buf_byte(out, c);
    r->state = object ? KEY : VALUE;
}

static void pop(struct qtc_gemma *r, struct qtc_buf *out)
{
    bool object = in_object(r);
    begin(r, out);
    qtc_buf_byte(out, object ? '}' : ']');
    r->depth--;
    r->arrays -= !object;
    r->first = false;
    if (r->depth > 0) {
        value_done(r);
    } else {
        r->state = DONE;
        r->event = QTC_GEMMA_DONE;
    }
}

/* A closing bracket of this level, or of one further out. */
static size_t close_bracket(struct qtc_gemma *r, char c, struct qtc_buf *out)
{
    if (!closes_top(r, c)) {
        r->found |= QTC_MEND_MISSING_BRACE;
        pop(r, out);
        return 0;
    }
    if (r->depth == 1 && (c == ')') != (r->bracket == '(')) {
        r->found |= QTC_MEND_MISSING_BRACE;
    }
    pop(r, out);
    return 1;
}

/* ---- keys --------------------------------------------------------------- */

static void bad(struct qtc_gemma *r)
{
    r->state = DONE;
    r->event = QTC_GEMMA_BAD;
}

static void write_key(struct qtc_gemma *r, struct qtc_bytes key, struct qtc_buf *out)
{
    begin_item(r, out);
    qtc_json_string(out, key);
    qtc_buf_byte(out, ':');
}

/* Drops the blanks around a bare key. */
static void trim_key(struct qtc_buf *key)
{
    struct qtc_bytes t = qtc_bytes_trim(qtc_buf_bytes(key));
    if (t.len > 0) {
        memmove(key->data, t.data, t.len);
    }
    key->len = t.len;
}

static void end_key(struct qtc_gemma *r, struct qtc_buf *out)
{
    write_key(r, qtc_buf_bytes(key_of(r)), out);
    r->state = VALUE;
    if (r->depth == 1) {
        r->types = 0;
        r->event = QTC_GEMMA_KEY;
    }
}

/* Something stands where a key and its value should: kept as a key. */
static void keyless(struct qtc_gemma *r, struct qtc_buf *out)
{
    if (!r->begun) {
        bad(r);
        return;
    }
    r->found |= QTC_MEND_NOT_JSON;
    write_key(r, qtc_buf_bytes(key_of(r)), out);
    qtc_buf_str(out, "null");
    r->state = AFTER;
}

static void begin_name(struct qtc_gemma *r)
{
    key_of(r)->len = 0;
    r->state = NAME;
}

/* What stands behind a value; where it is no comma, one was forgotten. */
static void next_item(struct qtc_gemma *r, bool forgotten)
{
    r->found |= forgotten ? (unsigned)QTC_MEND_NOT_JSON : 0u;
    r->state = in_object(r) ? KEY : VALUE;
}

/* A bracket closes where an item was due. */
static size_t close_empty(struct qtc_gemma *r, char c, struct qtc_buf *out)
{
    r->found |= r->first ? 0u : (unsigned)QTC_MEND_TRAILING_COMMA;
    return close_bracket(r, c, out);
}

/* A comma with nothing before or behind it. */
static size_t stray_comma(struct qtc_gemma *r)
{
    r->found |= QTC_MEND_TRAILING_COMMA;
    return 1;
}

/* ---- steps: each consumes some bytes, or none and changes the state ------ */

static size_t step_key(struct qtc_gemma *r, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (qtc_is_blank(c)) {
        return 1;
    }
    if (c == ',' && r->begun) {
        return stray_comma(r);
    }
    if (closes(r, c)) {
        return close_empty(r, c, out);
    }
    if (c == '"' || c == '\'') {
        open_key(r, c);
        return 1;
    }
    begin_name(r);
    return 0;
}

/* Bytes of a bare key or value, up to what ends it or may begin the closing marker. */
static size_t bare_run(const struct qtc_gemma *r, const char *p, size_t n, char end)
{
    size_t run = 0;
    while (run < n && p[run] != end && p[run] != ',' && !closes(r, p[run]) && !begins_mark(r, p[run])) {
        run++;
    }
    return run;
}

static size_t step_name(struct qtc_gemma *r, const char *p, size_t n, struct qtc_buf *out)
{
    struct qtc_buf *key = key_of(r);
    size_t run = bare_run(r, p, n, ':');
    qtc_buf_add(key, p, run);
    if (run == n || begins_mark(r, p[run])) {
        return run;
    }
    trim_key(key);
    if (p[run] != ':' || (key->len == 0 && !r->begun)) {
        keyless(r, out);
        return run;
    }
    r->found |= key->len == 0 ? (unsigned)QTC_MEND_NOT_JSON : 0u;
    end_key(r, out);
    return run + 1;
}

/* QUOTE has looked at it: a colon, a comma or a closing bracket. */
static size_t step_colon(struct qtc_gemma *r, const char *p, size_t n, struct qtc_buf *out)
{
    (void)n;
    if (*p != ':') {
        keyless(r, out);
        return 0;
    }
    end_key(r, out);
    return 1;
}

static size_t step_value(struct qtc_gemma *r, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (qtc_is_blank(c)) {
        return 1;
    }
    if (!in_object(r) && c == ',') {
        return stray_comma(r);
    }
    if (!in_object(r) && closes(r, c)) {
        return close_empty(r, c, out);
    }
    switch (c) {
    case '{':
    case '[':
        open_container(r, c, out);
        return 1;
    case '"':
    case '\'':
        open_string(r, c, out);
        return 1;
    default:
        begin_word(r, out);
        return 0;
    }
}

static size_t step_word(struct qtc_gemma *r, const char *p, size_t n, struct qtc_buf *out)
{
    size_t run = bare_run(r, p, n, ',');
    qtc_buf_add(&r->text, p, run);
    if (run < n && !begins_mark(r, p[run])) {
        end_word(r, out);
    }
    return run;
}

/* Up to what may be the delimiter; a first byte with a wrong second one is passed. */
static size_t step_string(struct qtc_gemma *r, const char *p, size_t n, struct qtc_buf *out)
{
    const char *d = r->delimiter, *at = p;
    do {
        at = memchr(at, d[0], n - (size_t)(at - p));
    } while (at != NULL && at + 1 < p + n && d[1] != '\0' && at[1] != d[1] && ++at);
    size_t run = at == NULL ? n : (size_t)(at - p);
    put(r, qtc_bytes(p, run), out);
    return run;
}

/* Keeps the search for one kind of quote from going past the other kind. */
enum { QUOTED_WINDOW = 256 };

static size_t quoted_run(const struct qtc_gemma *r, const char *p, size_t n)
{
    size_t run = qtc_json_plain(p, n < QUOTED_WINDOW ? n : QUOTED_WINDOW);
    const char *quote = r->quote == '\'' ? memchr(p, '\'', run) : NULL;
    return quote == NULL ? run : (size_t)(quote - p);
}

static size_t step_quoted(struct qtc_gemma *r, const char *p, size_t n, struct qtc_buf *out)
{
    size_t run = quoted_run(r, p, n);
    if (run > 0) {
        put(r, qtc_bytes(p, run), out);
        return run;
    }
    if (*p == r->quote) {
        r->state = QUOTE;
    } else if (*p == '\\') {
        r->escape[0] = *p;
        r->escape_len = 1;
        r->state = ESCAPE;
    } else {
        r->found |= *p == '"' ? 0u : (unsigned)QTC_MEND_RAW_CONTROL;
        put(r, qtc_bytes(p, 1), out);
    }
    return 1;
}

/* A whole one is written as it stands; in what waits, as what it stands for. */
static void put_escape(struct qtc_gemma *r, struct qtc_buf *out)
{
    struct qtc_bytes escape = qtc_bytes(r->escape, r->escape_len);
    if (r->sink == TO_OUT) {
        end_tail(r, out);
        qtc_buf_put(out, escape);
    } else {
        qtc_json_unescape(r->sink == TO_KEY ? key_of(r) : &r->text, escape);
    }
    r->state = QUOTED;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static size_t step_escape(struct qtc_gemma *r, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    bool begins = r->escape_len == 1;
    (void)n;
    if (begins && c == '\'') {
        r->state = QUOTED;
        put(r, qtc_bytes(p, 1), out);
        return 1;
    }
    if (begins ? c == '\0' || strchr("\"\\/bfnrtu", c) == NULL : !is_hex(c)) {
        r->found |= QTC_MEND_INVALID_ESCAPE;
        r->state = QUOTED;
        put(r, qtc_bytes(r->escape, r->escape_len), out);
        return 0;
    }
    r->escape[r->escape_len++] = c;
    if (r->escape[1] != 'u' || r->escape_len == sizeof r->escape) {
        put_escape(r, out);
    }
    return 1;
}

/* In this syntax only these follow a string; before anything else its quote is text. */
static bool ends_string(const struct qtc_gemma *r, char c)
{
    return c == ',' || c == '}' || c == ']' || (c == ')' && r->bracket == '(') ||
           (c == ':' && r->sink == TO_KEY);
}

/* The quote and the blanks behind it are text. */
static void quote_is_text(struct qtc_gemma *r, struct qtc_buf *out)
{
    r->found |= QTC_MEND_UNESCAPED_QUOTE;
    r->state = r->quote == '\0' ? STRING : QUOTED;
    put(r, r->quote == '\0' ? qtc_str(r->delimiter) : qtc_bytes(&r->quote, 1), out);
    put(r, qtc_buf_bytes(&r->pend), out);
    r->pend.len = 0;
}

static size_t step_quote(struct qtc_gemma *r, const char *p, size_t n, struct qtc_buf *out)
{
    size_t blanks = 0;
    while (blanks < n && qtc_is_blank(p[blanks])) {
        blanks++;
    }
    qtc_buf_add(&r->pend, p, blanks);
    if (blanks < n && ends_string(r, p[blanks])) {
        end_string(r, out);
    } else if (blanks < n && !begins_mark(r, p[blanks])) {
        quote_is_text(r, out);
    }
    return blanks;
}

static size_t step_after(struct qtc_gemma *r, const char *p, size_t n, struct qtc_buf *out)
{
    char c = *p;
    (void)n;
    if (qtc_is_blank(c)) {
        return 1;
    }
    if (closes(r, c)) {
        return close_bracket(r, c, out);
    }
    if (c == ']' || c == ')') {
        r->found |= QTC_MEND_EXTRA_BRACE;
        return 1;
    }
    next_item(r, c != ',');
    return c == ',';
}

static size_t step_deep(struct qtc_gemma *r, const char *p, size_t n, struct qtc_buf *out)
{
    size_t run = 0;
    while (run < n && r->over > 0 && !begins_mark(r, p[run])) {
        char c = p[run++];
        if (c == '{' || c == '[') {
            r->over++;
        } else if (c == '}' || c == ']') {
            r->over--;
        }
    }
    put(r, qtc_bytes(p, run), out);
    if (r->over == 0) {
        end_string(r, out);
    }
    return run;
}

static size_t step_done(struct qtc_gemma *r, const char *p, size_t n, struct qtc_buf *out)
{
    (void)r;
    (void)p;
    (void)out;
    return n;
}

/* ---- marks -------------------------------------------------------------- */

static void mark_is_text(struct qtc_gemma *r, struct qtc_buf *out)
{
    struct qtc_bytes text = qtc_bytes(r->maybe & DELIMITER ? r->delimiter : r->close, r->matched);
    r->state = r->back;
    if (r->state == AFTER) {
        next_item(r, true);
    }
    switch (r->state) {
    case KEY:
        begin_name(r);
        /* fall through */
    case NAME:
        qtc_buf_put(key_of(r), text);
        break;
    case VALUE:
        begin_word(r, out);
        /* fall through */
    case WORD:
        qtc_buf_put(&r->text, text);
        break;
    case QUOTE:
        quote_is_text(r, out);
        /* fall through */
    default:
        put(r, text, out);
    }
}

static void on_delimiter(struct qtc_gemma *r, struct qtc_buf *out)
{
    r->state = r->back;
    if (r->state == AFTER) {
        next_item(r, true);
    }
    switch (r->state) {
    case KEY:
        open_key(r, '\0');
        break;
    case VALUE:
        open_string(r, '\0', out);
        break;
    case QUOTE:
        quote_is_text(r, out);
        if (r->quote != '\0') {
            put(r, qtc_str(r->delimiter), out);
            break;
        }
        /* fall through */
    default:
        r->state = QUOTE;
    }
}

/* Ends the key or the value that the closing marker follows. */
static void end_any(struct qtc_gemma *r, struct qtc_buf *out)
{
    if (r->state == QUOTE || r->state == DEEP) {
        end_string(r, out);
    }
    if (r->state == NAME) {
        trim_key(key_of(r));
    }
    if (r->state == NAME || r->state == COLON) {
        keyless(r, out);
    }
    if (r->state == VALUE && in_object(r)) {
        begin_word(r, out);
    }
    if (r->state == WORD) {
        end_word(r, out);
    }
}

static void on_close(struct qtc_gemma *r, struct qtc_buf *out)
{
    r->state = r->back;
    end_any(r, out);
    if (r->state == DONE) {
        return; /* BAD */
    }
    r->found |= r->state != AFTER && !r->first ? (unsigned)QTC_MEND_TRAILING_COMMA : 0u;
    r->found |= QTC_MEND_MISSING_BRACE;
    while (r->depth > 0) {
        pop(r, out);
    }
    r->event = QTC_GEMMA_CLOSE;
}

static size_t step_mark(struct qtc_gemma *r, const char *p, size_t n, struct qtc_buf *out)
{
    unsigned still = marks_at(r, r->maybe, r->matched, *p);
    (void)n;
    if (still == 0) {
        mark_is_text(r, out);
        return 0;
    }
    r->maybe = (unsigned char)still;
    r->matched++;
    if ((still & DELIMITER) && r->delimiter[r->matched] == '\0') {
        on_delimiter(r, out);
    } else if ((still & CLOSE) && r->close[r->matched] == '\0') {
        on_close(r, out);
    }
    return 1;
}

static void begin_mark(struct qtc_gemma *r)
{
    r->back = r->state;
    r->maybe = asked[r->state];
    r->matched = 0;
    r->state = MARK;
}

/* ---- the whole ---------------------------------------------------------- */

size_t qtc_gemma_feed(struct qtc_gemma *r, const char *p, size_t n, struct qtc_buf *out)
{
    typedef size_t step(struct qtc_gemma *, const char *, size_t, struct qtc_buf *);
    static step *const steps[] = {
        [KEY] = step_key,     [NAME] = step_name,     [COLON] = step_colon,   [VALUE] = step_value,
        [WORD] = step_word,   [STRING] = step_string, [QUOTED] = step_quoted, [ESCAPE] = step_escape,
        [QUOTE] = step_quote, [AFTER] = step_after,   [DEEP] = step_deep,     [MARK] = step_mark,
        [DONE] = step_done,
    };
    size_t i = 0;
    unsigned before = r->found;
    if (r->state == DONE) {
        return 0;
    }
    r->event = QTC_GEMMA_NONE;
    r->mismatch = false;
    while (i < n && r->event == QTC_GEMMA_NONE && r->found == before) {
        if (r->key.failed || r->text.failed || r->pend.failed) {
            return n; /* what the steps would look at is not there */
        }
        if (begins_mark(r, p[i])) {
            begin_mark(r);
        }
        i += steps[r->state](r, p + i, n - i, out);
    }
    return i;
}

void qtc_gemma_reset(struct qtc_gemma *r, const char *delimiter, const char *close, char bracket)
{
    struct qtc_buf key = r->key, text = r->text, pend = r->pend;
    key.len = text.len = pend.len = 0;
    memset(r, 0, sizeof *r);
    r->key = key;
    r->text = text;
    r->pend = pend;
    r->delimiter = delimiter;
    r->close = close == NULL || *close == '\0' ? NULL : close;
    r->bracket = bracket;
    push(r, true);
    r->state = KEY;
}

void qtc_gemma_free(struct qtc_gemma *r)
{
    qtc_buf_free(&r->key);
    qtc_buf_free(&r->text);
    qtc_buf_free(&r->pend);
}

static void cut_string(struct qtc_gemma *r, struct qtc_buf *out, bool close)
{
    r->cut = true;
    if (r->sink == TO_TEXT) {
        end_string(r, out);
    } else if (r->sink == TO_OUT) {
        end_tail(r, out);
        qtc_buf_str(out, close ? "\"" : "");
    }
}

/* A half key, escape or mark says nothing by itself: it is left out. */
static void write_held(struct qtc_gemma *r, struct qtc_buf *out, bool close)
{
    switch (r->state) {
    case STRING:
    case QUOTED:
    case ESCAPE:
    case DEEP:
        cut_string(r, out, close);
        break;
    case QUOTE:
        if (r->sink != TO_KEY) {
            end_string(r, out);
        }
        break;
    case WORD:
        r->cut = true;
        end_word(r, out);
        break;
    case VALUE:
        qtc_buf_str(out, close && in_object(r) ? "null" : "");
        break;
    default:
        break;
    }
}

void qtc_gemma_finish(struct qtc_gemma *r, struct qtc_buf *out, bool close)
{
    if (r->state == DONE) {
        return;
    }
    if (r->state == MARK) {
        r->state = r->back;
    }
    r->mismatch = false;
    write_held(r, out, close);
    begin(r, out);
    while (close && r->depth > 0) {
        pop(r, out);
    }
    r->state = DONE;
    r->event = QTC_GEMMA_NONE;
}
