#include "json/text.h"

#include <limits.h>

/* A container that is open, and where its next child is to be linked. */
struct level {
    struct qtc_json *node;
    const struct qtc_json **link;
};

struct reader {
    struct qtc_arena *arena;
    struct qtc_error *error;
    const char *start, *p, *end;
    size_t depth;
    struct level levels[QTC_JSON_MAX_DEPTH]; /* levels[depth - 1] is the innermost */
};

/* ---- errors and blanks -------------------------------------------------- */

static bool fail_at(struct reader *r, enum qtc_code code, const char *message, const char *where)
{
    r->error->code = code;
    r->error->message = message;
    r->error->offset = (uint64_t)(where - r->start);
    return false;
}

static bool fail(struct reader *r, const char *message)
{
    return fail_at(r, QTC_SYNTAX, r->p == r->end ? "unexpected end of JSON" : message, r->p);
}

static bool out_of_memory(struct reader *r)
{
    return fail_at(r, QTC_NOMEM, "out of memory", r->p);
}

static void skip_blanks(struct reader *r)
{
    while (r->p < r->end && qtc_is_blank(*r->p)) {
        r->p++;
    }
}

/* The next byte that is not blank; 0, which no grammar rule takes, at the end. */
static char peek(struct reader *r)
{
    skip_blanks(r);
    return r->p < r->end ? *r->p : 0;
}

static size_t left(const struct reader *r)
{
    return (size_t)(r->end - r->p);
}

/* ---- strings ------------------------------------------------------------ */

static bool decode(struct reader *r, struct qtc_bytes inside, struct qtc_bytes *text)
{
    char *out = qtc_arena_alloc(r->arena, inside.len);
    size_t len, bad;

    if (!out) {
        return out_of_memory(r);
    }
    if (!qtc_json_decode(out, &len, inside, &bad)) {
        return fail_at(r, QTC_SYNTAX, "invalid escape in a string", inside.data + bad);
    }
    *text = qtc_bytes(out, len);
    return true;
}

/* p is at the opening quote. Escapes are only stepped over here: a wrong one
 * cannot hide the closing quote, and decode() finds it. */
static bool read_string(struct reader *r, struct qtc_bytes *raw, struct qtc_bytes *text)
{
    const char *quote = r->p++;
    bool escaped = false;

    for (;;) {
        r->p += qtc_json_run(r->p, left(r), false);
        if (r->p < r->end && *r->p == '"') {
            break;
        }
        if (left(r) < 2 || *r->p != '\\') {
            r->p += left(r) == 1 && *r->p == '\\';
            return fail(r, "raw control character in a string");
        }
        escaped = true;
        r->p += 2;
    }
    r->p++;
    *raw = qtc_bytes(quote, (size_t)(r->p - quote));
    *text = qtc_bytes(quote + 1, raw->len - 2);
    return !escaped || decode(r, *text, text);
}

/* ---- numbers and words -------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take(struct reader *r, char c)
{
    if (r->p == r->end || *r->p != c) {
        return false;
    }
    r->p++;
    return true;
}

static bool take_digits(struct reader *r)
{
    const char *from = r->p;

    while (r->p < r->end && is_digit(*r->p)) {
        r->p++;
    }
    return r->p > from || fail(r, "a digit is missing in a number");
}

static bool read_number(struct reader *r, struct qtc_json *node)
{
    node->type = QTC_JSON_NUMBER;
    take(r, '-');
    if (!take(r, '0') && !take_digits(r)) {
        return false;
    }
    if (take(r, '.') && !take_digits(r)) {
        return false;
    }
    if (take(r, 'e') || take(r, 'E')) {
        if (!take(r, '+')) {
            take(r, '-');
        }
        return take_digits(r);
    }
    return true;
}

static bool read_word(struct reader *r, struct qtc_json *node, struct qtc_bytes word, enum qtc_json_type type)
{
    node->type = type;
    for (size_t i = 0; i < word.len; i++) {
        if (!take(r, word.data[i])) {
            return fail(r, "unknown word");
        }
    }
    return true;
}

/* ---- values ------------------------------------------------------------- */

static struct qtc_json *add_node(struct reader *r)
{
    struct qtc_json *node = qtc_arena_alloc(r->arena, sizeof(*node));

    if (!node) {
        out_of_memory(r);
    } else if (r->depth > 0) {
        struct level *parent = &r->levels[r->depth - 1];

        *parent->link = node;
        parent->link = &node->next;
        parent->node->count++;
    }
    return node;
}

static bool read_key(struct reader *r, struct qtc_json *node)
{
    if (peek(r) != '"') {
        return fail(r, "a key in quotes is missing");
    }
    if (!read_string(r, &node->raw_key, &node->key)) {
        return false;
    }
    if (peek(r) != ':') {
        return fail(r, "a colon is missing behind a key");
    }
    r->p++;
    return true;
}

static bool open_container(struct reader *r, struct qtc_json *node, enum qtc_json_type type)
{
    if (r->depth == QTC_JSON_MAX_DEPTH) {
        return fail_at(r, QTC_LIMIT, "JSON is nested too deeply", r->p);
    }
    node->type = type;
    r->levels[r->depth++] = (struct level){node, &node->first};
    r->p++;
    return true;
}

/* A scalar is read whole; of a container only the bracket. */
static bool begin_value(struct reader *r, struct qtc_json *node)
{
    char c = peek(r);

    node->raw.data = r->p;
    switch (c) {
    case '"':
        node->type = QTC_JSON_STRING;
        return read_string(r, &node->raw, &node->text);
    case '{':
        return open_container(r, node, QTC_JSON_OBJECT);
    case '[':
        return open_container(r, node, QTC_JSON_ARRAY);
    case 't':
        return read_word(r, node, qtc_bytes("true", 4), QTC_JSON_TRUE);
    case 'f':
        return read_word(r, node, qtc_bytes("false", 5), QTC_JSON_FALSE);
    case 'n':
        return read_word(r, node, qtc_bytes("null", 4), QTC_JSON_NULL);
    default:
        return c == '-' || is_digit(c) ? read_number(r, node) : fail(r, "a value is missing");
    }
}

static void end_value(struct reader *r, struct qtc_json *node)
{
    node->raw.len = (size_t)(r->p - node->raw.data);
}

/* Behind a value: closes every container that ends here. On true with depth
 * left, p is where the next child begins. */
static bool close_containers(struct reader *r)
{
    while (r->depth > 0) {
        struct level *level = &r->levels[r->depth - 1];
        bool is_object = level->node->type == QTC_JSON_OBJECT;
        char c = peek(r);

        if (c == (is_object ? '}' : ']')) {
            r->p++;
            end_value(r, level->node);
            r->depth--;
        } else if (level->node->count == 0) {
            return true;
        } else if (c == ',') {
            r->p++;
            return true;
        } else {
            return fail(r, is_object ? "a comma or } is missing" : "a comma or ] is missing");
        }
    }
    return true;
}

static const struct qtc_json *read_value(struct reader *r)
{
    struct qtc_json *root = NULL;

    do {
        bool is_member = r->depth > 0 && r->levels[r->depth - 1].node->type == QTC_JSON_OBJECT;
        size_t depth = r->depth;
        struct qtc_json *node = add_node(r);

        if (!node || (is_member && !read_key(r, node)) || !begin_value(r, node)) {
            return NULL;
        }
        if (r->depth == depth) {
            end_value(r, node);
        }
        if (!root) {
            root = node;
        }
    } while (close_containers(r) && r->depth > 0);
    return r->error->code == QTC_OK ? root : NULL;
}

const struct qtc_json *qtc_json_read_one(struct qtc_arena *arena, struct qtc_bytes input, size_t *used,
                                         struct qtc_error *error)
{
    const char *start = input.len > 0 ? input.data : "";
    struct reader r;

    r.arena = arena;
    r.error = error;
    r.start = r.p = start;
    r.end = start + input.len;
    r.depth = 0; /* the levels above it are never looked at: they stay as they are */
    *error = (struct qtc_error){0};
    *used = 0;

    const struct qtc_json *root = read_value(&r);

    if (root) {
        *used = (size_t)(r.p - start);
    }
    return root;
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

int qtc_json_type_of(const struct qtc_json *value)
{
    return value ? (int)value->type : -1;
}

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

const struct qtc_json *qtc_json_get(const struct qtc_json *object, const char *key)
{
    return qtc_json_getn(object, qtc_str(key));
}

struct qtc_bytes qtc_json_text(const struct qtc_json *value)
{
    return qtc_json_type_of(value) == QTC_JSON_STRING ? value->text : qtc_bytes("", 0);
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
