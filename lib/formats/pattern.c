#include "formats/pattern.h"

#include <string.h>

enum { MAX_NESTING = 3 };

struct cursor {
    const char *at, *end;
    char *texts; /* where unescaped bytes go: as many as the expression has */
    unsigned nesting;
};

/* One piece of an expression, before its quantifier. */
enum atom_kind { ATOM_BYTE, ATOM_BLANK, ATOM_ANY, ATOM_DIGIT };

struct atom {
    enum atom_kind kind;
    char byte;
};

enum quantifier { ONCE, OPTIONAL, MANY };

static bool read_alternatives(struct cursor *c, struct qtc_patterns *out);

/* ---- the tokens ------------------------------------------------------------- */

static bool begins(const struct cursor *c, const char *s)
{
    size_t len = strlen(s);

    return (size_t)(c->end - c->at) >= len && memcmp(c->at, s, len) == 0;
}

static bool skip(struct cursor *c, const char *s)
{
    bool found = begins(c, s);

    c->at += found ? strlen(s) : 0;
    return found;
}

static bool is_sign(char c)
{
    return c > ' ' && c < 0x7f && strchr("abcdefghijklmnopqrstuvwxyz0123456789", c | 0x20) == NULL;
}

/* Behind a backslash: classes, control characters, and signs that stand for themselves. */
static bool read_escape(struct cursor *c, struct atom *atom)
{
    static const struct {
        char letter;
        struct atom atom;
    } letters[] = {
        {'n', {ATOM_BYTE, '\n'}}, {'t', {ATOM_BYTE, '\t'}}, {'r', {ATOM_BYTE, '\r'}}, {'s', {ATOM_BLANK, 0}},
        {'d', {ATOM_DIGIT, 0}},   {'w', {ATOM_ANY, 0}},     {'S', {ATOM_ANY, 0}},
    };
    char e = c->at < c->end ? *c->at++ : 0;

    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        if (letters[i].letter == e) {
            *atom = letters[i].atom;
            return true;
        }
    }
    *atom = (struct atom){ATOM_BYTE, e};
    return is_sign(e);
}

/* Behind a '[': up to its end; which characters it has is not told apart. */
static bool read_class(struct cursor *c, struct atom *atom)
{
    const char *start;

    *atom = (struct atom){ATOM_ANY, 0};
    skip(c, "^");
    start = c->at;
    while (c->at < c->end && (*c->at != ']' || c->at == start)) {
        c->at += *c->at == '\\' && c->end - c->at > 1 ? 2 : 1;
    }
    if (c->at - start == 3 && memcmp(start, "0-9", 3) == 0) {
        atom->kind = ATOM_DIGIT;
    }
    return skip(c, "]");
}

static bool read_atom(struct cursor *c, struct atom *atom)
{
    char first = *c->at++;

    switch (first) {
    case '\\':
        return read_escape(c, atom);
    case '[':
        return read_class(c, atom);
    case '.':
        *atom = (struct atom){ATOM_ANY, 0};
        return true;
    default:
        *atom = (struct atom){ATOM_BYTE, first};
        return first != 0 && strchr("^$*+?(){}|", first) == NULL;
    }
}

static enum quantifier read_quantifier(struct cursor *c)
{
    enum quantifier q = ONCE;

    if (skip(c, "*") || skip(c, "+")) {
        q = MANY;
    } else if (skip(c, "?")) {
        q = OPTIONAL;
    }
    if (q != ONCE) {
        skip(c, "?"); /* as little as possible */
    }
    return q;
}

/* ---- a sequence -------------------------------------------------------------- */

static struct qtc_pattern_item *last_item(struct qtc_pattern *p)
{
    return p->count > 0 ? &p->items[p->count - 1] : NULL;
}

/* Neighbours of a kind become one. */
static bool add_item(struct qtc_pattern *p, struct qtc_pattern_item item)
{
    struct qtc_pattern_item *last = last_item(p);
    bool same = last != NULL && last->kind == item.kind;

    if (same && item.kind == QTC_PATTERN_TEXT) {
        last->text.len += item.text.len;
        return last->text.data + last->text.len == item.text.data + item.text.len;
    }
    if (same && item.kind == QTC_PATTERN_BLANKS) {
        last->line = false;
        return true;
    }
    if (p->count == QTC_PATTERN_ITEMS) {
        return false;
    }
    p->items[p->count++] = item;
    return true;
}

static bool add_byte(struct cursor *c, struct qtc_pattern *p, char byte)
{
    *c->texts = byte;
    c->texts++;
    return add_item(p,
                    (struct qtc_pattern_item){.kind = QTC_PATTERN_TEXT, .text = qtc_bytes(c->texts - 1, 1)});
}

/* Texts are taken once; what may be there or not must be blank; what is any character must be many. */
static bool add_atom(struct cursor *c, struct qtc_pattern *p)
{
    struct atom atom;

    if (!read_atom(c, &atom)) {
        return false;
    }
    enum quantifier q = read_quantifier(c);
    bool blank = atom.kind == ATOM_BLANK || (atom.kind == ATOM_BYTE && qtc_is_blank(atom.byte));
    if (atom.kind == ATOM_BYTE && q == ONCE) {
        return add_byte(c, p, atom.byte);
    }
    if (blank) {
        bool line = atom.kind == ATOM_BYTE && atom.byte == '\n' && q == OPTIONAL;
        return add_item(p, (struct qtc_pattern_item){.kind = QTC_PATTERN_BLANKS, .line = line});
    }
    return q == MANY && atom.kind != ATOM_BYTE &&
           add_item(p, (struct qtc_pattern_item){.kind = QTC_PATTERN_GAP, .digits = atom.kind == ATOM_DIGIT});
}

/* Behind the beginning of a group: classes only, up to its end. */
static bool add_group(struct cursor *c, struct qtc_pattern *p, struct qtc_bytes name)
{
    struct qtc_pattern_item item = {.kind = QTC_PATTERN_GROUP, .text = name};
    bool any = false;

    while (c->at < c->end && *c->at != ')') {
        struct atom atom;
        if (!read_atom(c, &atom) || atom.kind == ATOM_BYTE) {
            return false;
        }
        item.digits = atom.kind == ATOM_DIGIT && !any;
        any = true;
        read_quantifier(c);
    }
    return any && skip(c, ")") && read_quantifier(c) == ONCE && add_item(p, item);
}

static bool add_named_group(struct cursor *c, struct qtc_pattern *p)
{
    const char *name = c->at;

    while (c->at < c->end && *c->at != '>') {
        c->at++;
    }
    struct qtc_bytes text = qtc_bytes(name, (size_t)(c->at - name));
    return text.len > 0 && skip(c, ">") && add_group(c, p, text);
}

/* Behind "(?:": of its alternatives but ^ and $ there must be one. */
static bool add_alternatives(struct cursor *c, struct qtc_pattern *p)
{
    struct qtc_patterns inner = {0};

    if (c->nesting == MAX_NESTING) {
        return false;
    }
    c->nesting++;
    if (!read_alternatives(c, &inner) || inner.count != 1 || !skip(c, ")") || read_quantifier(c) != ONCE) {
        return false;
    }
    c->nesting--;
    for (size_t i = 0; i < inner.list[0].count; i++) {
        if (!add_item(p, inner.list[0].items[i])) {
            return false;
        }
    }
    return true;
}

static bool add_next(struct cursor *c, struct qtc_pattern *p)
{
    if (skip(c, "(?:")) {
        return add_alternatives(c, p);
    }
    if (skip(c, "(?P<") || (!begins(c, "(?<=") && !begins(c, "(?<!") && skip(c, "(?<"))) {
        return add_named_group(c, p);
    }
    if (!begins(c, "(?") && skip(c, "(")) {
        return add_group(c, p, qtc_bytes("", 0));
    }
    return add_atom(c, p);
}

/* ---- alternatives ------------------------------------------------------------- */

static bool at_end(const struct cursor *c)
{
    return c->at == c->end || *c->at == '|' || *c->at == ')';
}

/* One alternative; only ^ or $: nothing is added. */
static bool read_alternative(struct cursor *c, struct qtc_patterns *out)
{
    const char *start = c->at;

    if ((skip(c, "^") || skip(c, "$")) && at_end(c)) {
        return true;
    }
    c->at = start;
    if (at_end(c) || out->count == QTC_PATTERN_ALTERNATIVES) {
        return false;
    }
    struct qtc_pattern *p = &out->list[out->count++];
    while (!at_end(c)) {
        if (!add_next(c, p)) {
            return false;
        }
    }
    return true;
}

static bool read_alternatives(struct cursor *c, struct qtc_patterns *out)
{
    do {
        if (!read_alternative(c, out)) {
            return false;
        }
    } while (skip(c, "|"));
    return true;
}

/* (?:…) around the whole says nothing. */
static struct qtc_bytes unwrap(struct qtc_bytes s)
{
    bool wrapped = s.len > 4 && memcmp(s.data, "(?:", 3) == 0 && s.data[s.len - 1] == ')' &&
                   memchr(s.data + 3, '(', s.len - 4) == NULL && memchr(s.data, ')', s.len - 1) == NULL;

    return wrapped ? qtc_bytes(s.data + 3, s.len - 4) : s;
}

enum qtc_pattern_result qtc_pattern_read(struct qtc_patterns *out, struct qtc_bytes expression,
                                         struct qtc_arena *arena)
{
    struct qtc_bytes inside = unwrap(expression);
    struct cursor c = {.at = inside.data, .end = inside.data + inside.len};

    memset(out, 0, sizeof *out);
    c.texts = qtc_arena_alloc(arena, inside.len + 1);
    if (c.texts == NULL) {
        return QTC_PATTERN_NOMEM;
    }
    bool ok = inside.len > 0 && read_alternatives(&c, out) && c.at == c.end && out->count > 0;
    return ok ? QTC_PATTERN_OK : QTC_PATTERN_UNSUPPORTED;
}

void qtc_pattern_trim(struct qtc_pattern *p)
{
    if (p->count > 0 && p->items[p->count - 1].kind == QTC_PATTERN_BLANKS) {
        p->count--;
    }
    if (p->count > 0 && p->items[0].kind == QTC_PATTERN_BLANKS) {
        p->count--;
        memmove(p->items, p->items + 1, p->count * sizeof *p->items);
    }
}
