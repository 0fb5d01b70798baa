/* texts.c - the inside of a JSON string cut anew, between its characters. */
#include "capture/stages.h"

uint64_t qtc_random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* ---- characters ---------------------------------------------------------------- */

static size_t read_escape(const char *p, size_t n, uint32_t *c)
{
    if (n > 1 && p[1] == 'u') {
        int unit = qtc_json_unit(p, n);
        int low = unit >= 0xd800 && unit < 0xdc00 ? qtc_json_unit(p + 6, n - 6) : -1;
        bool pair = low >= 0xdc00 && low < 0xe000;
        *c = pair ? 0x10000 + (uint32_t)((unit - 0xd800) << 10 | (low - 0xdc00))
                  : (uint32_t)(unit > 0 ? unit : 0);
        return pair ? 12 : n < 6 ? n : 6;
    }
    switch (n > 1 ? p[1] : '\\') {
    case 'n':
    case 'r':
        *c = '\n';
        break;
    case 't':
        *c = '\t';
        break;
    default: /* a mark, or a control character that counts as one */
        *c = '\\';
    }
    return n > 1 ? 2 : 1;
}

/* The character at p, and how many bytes it has. */
static size_t read_char(const char *p, size_t n, uint32_t *c)
{
    unsigned len = qtc_utf8_char(p, n);

    if (*p == '\\') {
        return read_escape(p, n, c);
    }
    *c = len > 0 ? qtc_utf8_code_point(p, len) : 0xfffd;
    return len > 0 ? len : 1;
}

/* ---- tokens ---------------------------------------------------------------------
 * About what a tokenizer's first step (GPT-4's pattern) does: a word or a run of marks with the blank in
 * front of it, up to three digits, line feeds, other blanks. */

enum { TOKEN_MAX = 16, DIGITS_MAX = 3 };

static enum qtc_text_class class_of(uint32_t c)
{
    if (c == ' ' || c == '\t') {
        return QTC_TEXT_BLANKS;
    }
    if (c == '\n' || c == '\r') {
        return QTC_TEXT_LINES;
    }
    if (c >= '0' && c <= '9') {
        return QTC_TEXT_DIGITS;
    }
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c < 0x2000)) {
        return QTC_TEXT_WORD;
    }
    return c < 0x2e80 ? QTC_TEXT_MARKS : QTC_TEXT_WIDE; /* from here on: Chinese, Japanese, Korean, emoji */
}

/* Where a cut is, seen from a character. */
enum cut { CUT_NOWHERE, CUT_HERE, CUT_BEFORE_LAST };

/* Where a token begins, now that a character of this class comes. */
static enum cut token_begins(const struct qtc_texts *t, enum qtc_text_class class)
{
    bool takes_blank = class == QTC_TEXT_WORD || class == QTC_TEXT_MARKS;
    unsigned max = class == QTC_TEXT_WIDE ? 1 : class == QTC_TEXT_DIGITS ? DIGITS_MAX : TOKEN_MAX;

    if (t->token == QTC_TEXT_NONE) {
        return CUT_NOWHERE;
    }
    if (t->token == QTC_TEXT_BLANKS && takes_blank) {
        return t->token_len > 1 ? CUT_BEFORE_LAST : CUT_NOWHERE;
    }
    return t->token == class && t->token_len < max ? CUT_NOWHERE : CUT_HERE;
}

static enum cut cut_tokens(struct qtc_texts *t, uint32_t c)
{
    enum qtc_text_class class = class_of(c);
    enum cut begins = token_begins(t, class);

    t->token_len = begins == CUT_NOWHERE ? t->token_len + 1 : begins == CUT_HERE ? 1 : 2;
    t->token = class;
    if (begins == CUT_NOWHERE) {
        return CUT_NOWHERE;
    }
    if (--t->left > 0) {
        return CUT_NOWHERE;
    }
    t->left = t->split.n;
    return begins;
}

static uint64_t random_length(struct qtc_texts *t)
{
    return 1 + qtc_random_next(&t->random) % 16;
}

static enum cut cut_randomly(struct qtc_texts *t)
{
    if (t->left > 0) {
        t->left--;
        return CUT_NOWHERE;
    }
    t->left = random_length(t) - 1;
    return CUT_HERE;
}

/* ---- texts ------------------------------------------------------------------------ */

static void begin(struct qtc_texts *t)
{
    if (!t->seeded) {
        t->random = t->split.n;
        t->seeded = true;
    }
    t->left = t->split.by == QTC_SPLIT_RANDOM ? random_length(t) : t->split.n;
    t->token = QTC_TEXT_NONE;
    t->token_len = 0;
}

enum qtc_code qtc_texts_feed(struct qtc_texts *t, struct qtc_bytes inside, uint64_t at)
{
    size_t i = t->text.len;
    size_t from = 0;
    enum qtc_code code = QTC_OK;

    if (i == 0) {
        begin(t);
    }
    qtc_buf_put(&t->text, inside);
    if (t->text.failed) {
        return QTC_NOMEM;
    }
    while (i < t->text.len && code == QTC_OK) {
        uint32_t c;
        size_t len = read_char(t->text.data + i, t->text.len - i, &c);
        enum cut cut = t->split.by == QTC_SPLIT_RANDOM ? cut_randomly(t) : cut_tokens(t, c);
        if (cut != CUT_NOWHERE) {
            size_t end = cut == CUT_HERE ? i : t->last;
            code = t->sink(t->ctx, qtc_bytes(t->text.data + from, end - from),
                           cut == CUT_HERE ? t->last_at : t->before_at);
            from = end;
        }
        t->before_at = t->last_at;
        t->last_at = at;
        t->last = i;
        i += len;
    }
    qtc_buf_drop(&t->text, from);
    t->last -= from;
    return code;
}

enum qtc_code qtc_texts_end(struct qtc_texts *t)
{
    enum qtc_code code = t->text.len > 0 ? t->sink(t->ctx, qtc_buf_bytes(&t->text), t->last_at) : QTC_OK;

    qtc_buf_clear(&t->text);
    return code;
}

void qtc_texts_free(struct qtc_texts *t)
{
    qtc_buf_free(&t->text);
}
