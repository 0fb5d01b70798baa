#include "json/text.h"

#include <limits.h>

/* A container that is open, and where its next child is to be linked. */
struct level {
    struct qtc_json *node;
    const struct qtc_json **link;
    char bracket; /* that closes it */
};

struct reader {
    struct qtc_arena *arena;
    struct qtc_error *error;
    const char *start, *end;
    struct level levels[QTC_JSON_MAX_DEPTH + 1]; /* the first one's link is the root's; it has no node */
};

/* What reads takes the place where it begins, and gives the place behind what
 * it read; NULL: it failed. So the place stays in a register. */

/* ---- errors and blanks -------------------------------------------------- */

static const char *fail_at(struct reader *r, enum qtc_code code, const char *message, const char *where)
{
    *r->error = (struct qtc_error){code, message, (uint64_t)(where - r->start)};
    return NULL;
}

static __attribute__((cold)) const char *fail(struct reader *r, const char *message, const char *where)
{
    return fail_at(r, QTC_SYNTAX, where == r->end ? "unexpected end of JSON" : message, where);
}

static const char *out_of_memory(struct reader *r, const char *where)
{
    return fail_at(r, QTC_NOMEM, "out of memory", where);
}

static const char *skip_blanks(const struct reader *r, const char *p)
{
    while (p < r->end && qtc_is_blank(*p)) {
        p++;
    }
    return p;
}

/* The byte there; 0, which no grammar rule takes, at the end. */
static char peek(const struct reader *r, const char *p)
{
    return p < r->end ? *p : 0;
}

/* ---- strings ------------------------------------------------------------ */

static bool decode(struct reader *r, struct qtc_bytes inside, struct qtc_bytes *text)
{
    char *out = qtc_arena_take(r->arena, inside.len);
    size_t len, bad;

    if (!out) {
        out_of_memory(r, inside.data);
        return false;
    }
    if (!qtc_json_decode(out, &len, inside, &bad)) {
        fail_at(r, QTC_SYNTAX, "invalid escape in a string", inside.data + bad);
        return false;
    }
    *text = qtc_bytes(out, len);
    return true;
}

/* From where its plain beginning ends. Escapes are only stepped over here: a
 * wrong one cannot hide the closing quote, and decode() finds it. */
static __attribute__((noinline)) const char *read_escapes(struct reader *r, const char *quote, const char *p,
                                                          struct qtc_bytes *raw, struct qtc_bytes *text)
{
    while (peek(r, p) == '\\') {
        if (r->end - p < 2) {
            return fail(r, NULL, r->end);
        }
        p += 2;
        p += qtc_json_run(p, (size_t)(r->end - p), false);
    }
    if (peek(r, p) != '"') {
        return fail(r, "raw control character in a string", p);
    }
    *raw = qtc_bytes(quote, (size_t)(++p - quote));
    return decode(r, qtc_bytes(quote + 1, raw->len - 2), text) ? p : NULL;
}

/* p is at the opening quote. */
static inline const char *read_string(struct reader *r, const char *p, struct qtc_bytes *raw,
                                      struct qtc_bytes *text)
{
    const char *quote = p++;

    p += qtc_json_run(p, (size_t)(r->end - p), false);
    if (peek(r, p) != '"') {
        return read_escapes(r, quote, p, raw, text);
    }
    *text = qtc_bytes(quote + 1, (size_t)(p - quote - 1));
    *raw = qtc_bytes(quote, (size_t)(p - quote + 1));
    return p + 1;
}

/* ---- numbers and words -------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *read_digits(struct reader *r, const char *p)
{
    const char *from = p;

    while (p < r->end && is_digit(*p)) {
        p++;
    }
    return p > from ? p : fail(r, "a digit is missing in a number", p);
}

static const char *read_exponent(struct reader *r, const char *p)
{
    char c = peek(r, p);

    return read_digits(r, p + (c == '+' || c == '-'));
}

static const char *read_number(struct reader *r, const char *p)
{
    p += *p == '-';
    p = peek(r, p) == '0' ? p + 1 : read_digits(r, p);
    if (p && peek(r, p) == '.') {
        p = read_digits(r, p + 1);
    }
    return p && (peek(r, p) | 0x20) == 'e' ? read_exponent(r, p + 1) : p;
}

static const char *read_word(struct reader *r, const char *p, struct qtc_bytes word)
{
    for (size_t i = 0; i < word.len; i++, p++) {
        if (peek(r, p) != word.data[i]) {
            return fail(r, "unknown word", p);
        }
    }
    return p;
}

/* ---- values ------------------------------------------------------------- */

/* Cleared field by field: what reading is made of is this, and compilers call or
 * loop for a whole one. */
static inline struct qtc_json *new_node(struct reader *r)
{
    struct qtc_json *node = qtc_arena_take(r->arena, sizeof(*node));

    if (node) {
        node->type = QTC_JSON_NULL;
        node->raw = node->text = node->key = node->raw_key = (struct qtc_bytes){0};
        node->first = node->next = NULL;
        node->count = 0;
    }
    return node;
}

/* With the colon, and the blanks behind it. */
static inline const char *read_key(struct reader *r, const char *p, struct qtc_json *node)
{
    if (peek(r, p) != '"') {
        return fail(r, "a key in quotes is missing", p);
    }
    p = read_string(r, p, &node->raw_key, &node->key);
    if (!p) {
        return NULL;
    }
    p = skip_blanks(r, p);
    return peek(r, p) == ':' ? skip_blanks(r, p + 1) : fail(r, "a colon is missing behind a key", p);
}

static const char *read_scalar(struct reader *r, const char *p, struct qtc_json *node)
{
    switch (*p) {
    case 't':
        node->type = QTC_JSON_TRUE;
        return read_word(r, p, qtc_bytes("true", 4));
    case 'f':
        node->type = QTC_JSON_FALSE;
        return read_word(r, p, qtc_bytes("false", 5));
    case 'n':
        return read_word(r, p, qtc_bytes("null", 4));
    default:
        node->type = QTC_JSON_NUMBER;
        return *p == '-' || is_digit(*p) ? read_number(r, p) : fail(r, "a value is missing", p);
    }
}

/* An empty one is read whole; of another one, which is the next level, the
 * bracket and the blanks behind it. */
static inline const char *open_container(struct reader *r, const char *p, struct qtc_json *node,
                                         struct level **top)
{
    char bracket = *p == '{' ? '}' : ']';

    if (*top == &r->levels[QTC_JSON_MAX_DEPTH]) {
        return fail_at(r, QTC_LIMIT, "JSON is nested too deeply", p);
    }
    node->type = *p == '{' ? QTC_JSON_OBJECT : QTC_JSON_ARRAY;
    p = skip_blanks(r, p + 1);
    if (peek(r, p) == bracket) {
        return p + 1;
    }
    *++*top = (struct level){node, &node->first, bracket};
    return p;
}

static inline const char *begin_value(struct reader *r, const char *p, struct qtc_json *node,
                                      struct level **top)
{
    node->raw.data = p;
    switch (peek(r, p)) {
    case '"':
        node->type = QTC_JSON_STRING;
        return read_string(r, p, &node->raw, &node->text);
    case '{':
    case '[':
        return open_container(r, p, node, top);
    case 0:
        return fail(r, "a value is missing", p);
    default:
        return read_scalar(r, p, node);
    }
}

/* Behind a value: closes every container that ends here. Of those that are left
 * the innermost one's next child begins at the place that is given. */
static inline const char *close_containers(struct reader *r, const char *p, struct level **top)
{
    for (; *top > r->levels; --*top) {
        p = skip_blanks(r, p);
        char c = peek(r, p);

        if (c == ',') {
            return skip_blanks(r, p + 1);
        }
        if (c != (*top)->bracket) {
            return fail(r, (*top)->bracket == '}' ? "a comma or } is missing" : "a comma or ] is missing", p);
        }
        (*top)->node->raw.len = (size_t)(++p - (*top)->node->raw.data);
    }
    return p;
}

/* p is at the root; its end is given. */
static const char *read_value(struct reader *r, const char *p)
{
    struct level *top = r->levels, *parent;

    do {
        struct qtc_json *node = new_node(r);

        if (!node) {
            return out_of_memory(r, p);
        }
        parent = top;
        *parent->link = node;
        if (parent > r->levels) {
            parent->link = &node->next;
            parent->node->count++;
        }
        p = parent->bracket == '}' ? read_key(r, p, node) : p;
        p = p ? begin_value(r, p, node, &top) : NULL;
        if (p && top == parent) {
            node->raw.len = (size_t)(p - node->raw.data);
            p = close_containers(r, p, &top);
        }
    } while (p && top > r->levels);
    return p;
}

const struct qtc_json *qtc_json_read_one(struct qtc_arena *arena, struct qtc_bytes input, size_t *used,
                                         struct qtc_error *error)
{
    const char *start = input.len > 0 ? input.data : "", *end;
    const struct qtc_json *root = NULL;
    struct reader r;

    r.arena = arena;
    r.error = error;
    r.start = start;
    r.end = start + input.len;
    r.levels[0] = (struct level){.link = &root}; /* the levels above it are written before they are read */
    *error = (struct qtc_error){0};
    end = read_value(&r, skip_blanks(&r, start));
    *used = end ? (size_t)(end - start) : 0;
    return end ? root : NULL;
}

const struct qtc_json *qtc_json_read(struct qtc_arena *arena, struct qtc_bytes input, struct qtc_error *error)
{
    size_t used;
    const struct qtc_json *root = qtc_json_read_one(arena, input, &used, error);

    while (root && used < input.len && qtc_is_blank(input.data[used])) {
        used++;
    }
    if (root && used < input.len) {
        *error = (struct qtc_error){QTC_SYNTAX, "more behind the JSON value", used};
        return NULL;
    }
    return root;
}

/* ---- looking at the tree ------------------------------------------------ */

const struct qtc_json *qtc_json_getn(const struct qtc_json *object, struct qtc_bytes key)
{
    const struct qtc_json *found = NULL;

    if (qtc_json_type_of(object) != QTC_JSON_OBJECT) {
        return NULL;
    }
    for (const struct qtc_json *member = object->first; member; member = member->next) {
        if (qtc_bytes_equal(member->key, key)) {
            found = member;
        }
    }
    return found;
}

bool qtc_json_unsigned(const struct qtc_json *value, unsigned *out)
{
    uint64_t n = 0;

    if (qtc_json_type_of(value) != QTC_JSON_NUMBER) {
        return false;
    }
    for (size_t i = 0; i < value->raw.len; i++) {
        if (!is_digit(value->raw.data[i]) || n > UINT_MAX / 10) {
            return false;
        }
        n = n * 10 + (unsigned)(value->raw.data[i] - '0');
    }
    if (n > UINT_MAX) {
        return false;
    }
    *out = (unsigned)n;
    return true;
}
