#include "parse/elements.h"
#include "parse/markup.h"

#include <stdlib.h>
#include <string.h>

#define CONTAINERS (QTC_T_ARRAY | QTC_T_OBJECT)

/* The children of one name in the element at hand. */
struct group {
    size_t element; /* number of that element, from 1: no need to clear the others */
    size_t last;    /* tag of the last one so far */
};

struct writer {
    struct qtc_buf *out;
    struct qtc_bytes text;
    const struct qtc_element_rules *rules;
    struct qtc_markup markup;
    struct group *groups; /* by the id of the name */
    size_t elements;
    struct qtc_buf scratch; /* a text that is not all in one place */
    unsigned found;
    bool mismatch;
};

/* What lies between two tags: bytes [from, to), tags [first, end). */
struct inside {
    size_t from, to;
    size_t first, end;
};

/* What can be seen of an inside without going into its children. */
struct outline {
    size_t children, items; /* items: those with the name of a list's element */
    size_t child;           /* the first one */
    bool same_name;
    bool text;      /* beside the children, more than blanks */
    size_t dollars; /* the most of them before "text" in a name */
};

static void value(struct writer *w, struct inside in, const struct qtc_schema_at *at, unsigned depth);

/* ---- children --------------------------------------------------------------- */

static bool is_child(const struct qtc_tag *tag)
{
    return tag->kind == QTC_TAG_OPEN || tag->kind == QTC_TAG_EMPTY;
}

/* The tag behind tag i and all that is in it. */
static size_t after(const struct writer *w, size_t i)
{
    const struct qtc_tag *tag = &w->markup.tags[i];

    return (is_child(tag) ? tag->match : i) + 1;
}

static struct inside inside_of(const struct writer *w, size_t i)
{
    const struct qtc_tag *tag = &w->markup.tags[i];

    if (tag->kind == QTC_TAG_EMPTY) {
        return (struct inside){tag->end, tag->end, i + 1, i + 1};
    }
    return (struct inside){tag->end, w->markup.tags[tag->match].at, i + 1, tag->match};
}

static struct qtc_bytes name_of(const struct writer *w, size_t i)
{
    struct qtc_bytes name = w->markup.tags[i].name;

    return w->rules->noise ? qtc_markup_local(name) : name;
}

static bool is_item(const struct writer *w, size_t i)
{
    return w->rules->item != NULL && qtc_bytes_is(name_of(w, i), w->rules->item);
}

/* How many $ stand before "text"; 0 for any other name. */
static size_t dollars(struct qtc_bytes name)
{
    size_t n = 0;

    while (n < name.len && name.data[n] == '$') {
        n++;
    }
    return qtc_bytes_is(qtc_bytes(name.data + n, name.len - n), "text") ? n : 0;
}

static struct qtc_bytes slice(const struct writer *w, size_t from, size_t to)
{
    return qtc_bytes(w->text.data + from, to - from);
}

static bool is_blank(struct qtc_bytes text)
{
    return qtc_bytes_trim(text).len == 0;
}

static void note_child(const struct writer *w, size_t i, struct outline *o)
{
    const struct qtc_tag *tag = &w->markup.tags[i];
    size_t n = dollars(name_of(w, i));

    o->child = o->children == 0 ? i : o->child;
    o->same_name = o->children == 0 || (o->same_name && tag->id == w->markup.tags[o->child].id);
    o->children++;
    o->items += is_item(w, i);
    o->dollars = n > o->dollars ? n : o->dollars;
}

static struct outline outline_of(const struct writer *w, struct inside in)
{
    struct outline o = {0};
    size_t from = in.from;

    for (size_t i = in.first; i < in.end; i = after(w, i)) {
        const struct qtc_tag *tag = &w->markup.tags[i];
        if (tag->kind == QTC_TAG_TEXT) {
            continue;
        }
        o.text = o.text || !is_blank(slice(w, from, tag->at)) ||
                 (tag->kind == QTC_TAG_CDATA && !is_blank(tag->name));
        if (is_child(tag)) {
            note_child(w, i, &o);
        }
        from = w->markup.tags[after(w, i) - 1].end;
    }
    o.text = o.text || !is_blank(slice(w, from, in.to));
    return o;
}

/* ---- text ------------------------------------------------------------------- */

/* A code point as &#N; or &#xN; write it, n bytes of digits; 0 when it is none. */
static uint32_t number_entity(const char *digits, size_t n)
{
    uint32_t base = n > 0 && (digits[0] | 0x20) == 'x' ? 16 : 10;
    uint32_t code = 0;

    for (size_t i = base == 16; i < n; i++) {
        char c = digits[i], low = (char)(c | 0x20);
        bool letter = base == 16 && low >= 'a' && low <= 'f';
        if (!letter && (c < '0' || c > '9')) {
            return 0;
        }
        code = code * base + (uint32_t)(letter ? low - 'a' + 10 : c - '0');
        if (code > 0x10ffff) {
            return 0;
        }
    }
    return code >= 0xd800 && code <= 0xdfff ? 0 : code;
}

/* What the entity at p (an &) stands for; 0 when it is none. */
static uint32_t entity(const char *p, size_t n, size_t *used)
{
    static const struct {
        const char *name;
        uint32_t code;
    } names[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    const char *end = memchr(p, ';', n < 12 ? n : 12);

    if (end == NULL) {
        return 0;
    }
    struct qtc_bytes name = qtc_bytes(p + 1, (size_t)(end - p) - 1);
    *used = name.len + 2;
    if (name.len > 0 && name.data[0] == '#') {
        return number_entity(name.data + 1, name.len - 1);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (qtc_bytes_is(name, names[i].name)) {
            return names[i].code;
        }
    }
    return 0;
}

void qtc_element_text(struct qtc_buf *out, struct qtc_bytes text)
{
    size_t used = 0;

    while (text.len > 0) {
        const char *sign = memchr(text.data, '&', text.len);
        size_t plain = sign != NULL ? (size_t)(sign - text.data) : text.len;
        uint32_t code = sign != NULL ? entity(sign, text.len - plain, &used) : 0;
        if (code != 0) {
            qtc_buf_add(out, text.data, plain);
            qtc_utf8_put(out, code);
            plain += used;
        } else {
            plain += sign != NULL;
            qtc_buf_add(out, text.data, plain);
        }
        text = qtc_bytes(text.data + plain, text.len - plain);
    }
}

/* beside: text beside children, where blanks alone are layout. */
static void add_text(struct writer *w, struct qtc_bytes text, bool beside)
{
    if (beside && is_blank(text)) {
        return;
    }
    if (w->rules->entities) {
        qtc_element_text(&w->scratch, text);
    } else {
        qtc_buf_put(&w->scratch, text);
    }
}

/* Into scratch: the text without children and, but for `notes`, without comments. */
static struct qtc_bytes gather_text(struct writer *w, struct inside in, bool beside, bool notes)
{
    size_t from = in.from;

    qtc_buf_clear(&w->scratch);
    for (size_t i = in.first; i < in.end; i = after(w, i)) {
        const struct qtc_tag *tag = &w->markup.tags[i];
        if (tag->kind == QTC_TAG_TEXT || (tag->kind == QTC_TAG_NOTE && notes)) {
            continue;
        }
        add_text(w, slice(w, from, tag->at), beside);
        if (tag->kind == QTC_TAG_CDATA) {
            qtc_buf_put(&w->scratch, tag->name);
        }
        from = w->markup.tags[after(w, i) - 1].end;
    }
    add_text(w, slice(w, from, in.to), beside);
    return qtc_buf_bytes(&w->scratch);
}

/* Text with elements in it is taken as it is: who did not escape the tags did not
 * escape the rest either. */
static struct qtc_bytes scalar_text(struct writer *w, struct inside in, bool children, unsigned types)
{
    struct qtc_bytes text = slice(w, in.from, in.to);
    bool string = (types & ~(unsigned)QTC_T_NULL) == QTC_T_STRING; /* its comments may be its content */
    bool entities = w->rules->entities && text.len > 0 && memchr(text.data, '&', text.len) != NULL;

    if (!children && (entities || (w->rules->noise && in.first < in.end))) {
        text = gather_text(w, in, false, string);
    }
    return w->rules->trim ? qtc_bytes_trim(text) : text;
}

/* ---- values ----------------------------------------------------------------- */

static void typed(struct writer *w, struct qtc_bytes text, unsigned types, unsigned depth)
{
    bool mismatch = false;
    unsigned mended = 0;

    if ((types & CONTAINERS) != 0 && (types & QTC_T_STRING) == 0 && is_blank(text)) {
        qtc_buf_str(w->out, (types & QTC_T_OBJECT) != 0 ? "{}" : "[]");
        return;
    }
    qtc_typed_inside(w->out, text, types, w->rules->guess, 2 * depth + 2, &mismatch, &mended);
    w->found |= mended;
    w->mismatch = w->mismatch || mismatch;
}

/* A member that the schema calls an array, written as one element of it: the others,
 * had there been any, would have been its siblings. */
static bool stands_alone(struct qtc_bytes text, unsigned types, unsigned depth)
{
    struct qtc_bytes t = qtc_bytes_trim(text);

    return depth > 0 && (types & (CONTAINERS | QTC_T_STRING)) == QTC_T_ARRAY && t.len > 0 &&
           t.data[0] != '[' && !((types & QTC_T_NULL) != 0 && qtc_bytes_is(t, "null"));
}

/* The next of a list's elements, as `1, 2` or a line each has them; false: it is none of the types. */
static bool listed_scalar(struct writer *w, struct qtc_bytes *rest, unsigned types, unsigned depth)
{
    size_t len = 0;
    bool mismatch = false;
    unsigned mended = 0;

    while (len < rest->len && rest->data[len] != ',' && rest->data[len] != '\n') {
        len++;
    }
    struct qtc_bytes element = qtc_bytes_trim(qtc_bytes(rest->data, len));
    len += len < rest->len;
    *rest = qtc_bytes(rest->data + len, rest->len - len);
    qtc_typed_inside(w->out, element, types, false, 2 * depth + 2, &mismatch, &mended);
    return element.len > 0 && !mismatch;
}

/* `1, 2, 3` where an array of numbers is due: each is an element. */
static bool put_list(struct writer *w, struct qtc_bytes text, unsigned types, unsigned depth)
{
    size_t start = w->out->len;
    bool good = types != 0 && (types & (CONTAINERS | QTC_T_STRING | QTC_T_NULL)) == 0 && text.len > 0;
    bool more = false;

    qtc_buf_byte(w->out, '[');
    for (; good && text.len > 0; more = true) {
        qtc_buf_str(w->out, more ? "," : "");
        good = listed_scalar(w, &text, types, depth);
    }
    qtc_buf_byte(w->out, ']');
    if (!good) {
        w->out->len = start;
    }
    w->mismatch = w->mismatch || good;
    return good;
}

static void scalar(struct writer *w, struct inside in, bool children, const struct qtc_schema_at *at,
                   unsigned depth)
{
    struct qtc_bytes text = scalar_text(w, in, children, at->types);

    if (stands_alone(text, at->types, depth)) {
        struct qtc_schema_at items = qtc_schema_items(at, 0);
        struct qtc_bytes trimmed = qtc_bytes_trim(text);
        bool list = memchr(trimmed.data, ',', trimmed.len) || memchr(trimmed.data, '\n', trimmed.len);
        if (list && put_list(w, trimmed, items.types, depth)) {
            return;
        }
        qtc_buf_byte(w->out, '[');
        typed(w, text, items.types, depth);
        qtc_buf_byte(w->out, ']');
    } else {
        typed(w, text, at->types, depth);
    }
}

static void note_type(const struct writer *w, size_t i, struct qtc_schema_at *at);

/* The children, whatever their names, are the elements. */
static void array(struct writer *w, struct inside in, const struct qtc_schema_at *at, unsigned depth)
{
    size_t n = 0;

    qtc_buf_byte(w->out, '[');
    for (size_t i = in.first; i < in.end; i = after(w, i)) {
        if (is_child(&w->markup.tags[i])) {
            struct qtc_schema_at items = qtc_schema_items(at, n);
            note_type(w, i, &items);
            qtc_buf_str(w->out, n++ > 0 ? "," : "");
            value(w, inside_of(w, i), &items, depth + 1);
        }
    }
    qtc_buf_byte(w->out, ']');
}

/* Links the children of each name; those that lead are the first of theirs. */
static void group_children(struct writer *w, struct inside in)
{
    struct qtc_tag *tags = w->markup.tags;

    w->elements++;
    for (size_t i = in.first; i < in.end; i = after(w, i)) {
        struct group *group = &w->groups[tags[i].id];
        if (!is_child(&tags[i])) {
            continue;
        }
        tags[i].leads = group->element != w->elements;
        if (!tags[i].leads) {
            tags[group->last].next = i;
        }
        *group = (struct group){.element = w->elements, .last = i};
    }
}

/* The value of the tag's attribute of that name; empty: it has none. */
static struct qtc_bytes attribute(struct qtc_bytes tag, const char *name)
{
    size_t len = strlen(name);
    const char *at = memmem(tag.data, tag.len, name, len);
    if (at == NULL || !qtc_is_blank(at[-1])) { /* a tag begins with '<' */
        return qtc_bytes("", 0);
    }
    struct qtc_bytes rest = qtc_bytes_trim(qtc_bytes(at + len, (size_t)(tag.data + tag.len - at) - len));
    if (rest.len == 0 || rest.data[0] != '=') {
        return qtc_bytes("", 0);
    }
    rest = qtc_bytes_trim(qtc_bytes(rest.data + 1, rest.len - 1));
    char quote = rest.len > 0 ? rest.data[0] : '\0';
    const char *end = quote == '"' || quote == '\'' ? memchr(rest.data + 1, quote, rest.len - 1) : NULL;
    return end == NULL ? qtc_bytes("", 0) : qtc_bytes(rest.data + 1, (size_t)(end - rest.data) - 1);
}

/* Where the schema does not say: the type that the tag names. */
static void note_type(const struct writer *w, size_t i, struct qtc_schema_at *at)
{
    const struct qtc_tag *tag = &w->markup.tags[i];
    if (at->types == 0 && w->rules->type_attribute != NULL) {
        at->types = qtc_type_named(attribute(slice(w, tag->at, tag->end), w->rules->type_attribute));
    }
}

/* All children of one name, from the first one on. */
static void repeated(struct writer *w, size_t first, const struct qtc_schema_at *at, unsigned depth)
{
    bool listed = (at->types & QTC_T_ARRAY) != 0;
    size_t n = 0;

    w->mismatch = w->mismatch || (at->types != 0 && !listed);
    qtc_buf_byte(w->out, '[');
    for (size_t i = first; i != QTC_TAG_NONE; i = w->markup.tags[i].next) {
        struct qtc_schema_at items = listed ? qtc_schema_items(at, n) : *at;
        note_type(w, i, &items);
        qtc_buf_str(w->out, n++ > 0 ? "," : "");
        value(w, inside_of(w, i), &items, depth);
    }
    qtc_buf_byte(w->out, ']');
}

static void member(struct writer *w, size_t first, const struct qtc_schema_at *at, unsigned depth)
{
    struct qtc_bytes key = w->markup.tags[first].name;
    struct qtc_schema_at inner = qtc_schema_member(at, key);

    if (inner.count == 0 && w->rules->noise) {
        key = qtc_markup_local(key);
        inner = qtc_schema_member(at, key);
    }
    qtc_json_string(w->out, key);
    qtc_buf_byte(w->out, ':');
    if (w->markup.tags[first].next != QTC_TAG_NONE) {
        repeated(w, first, &inner, depth);
    } else {
        note_type(w, first, &inner);
        value(w, inside_of(w, first), &inner, depth);
    }
}

static void text_member(struct writer *w, struct inside in, const struct outline *o, unsigned depth)
{
    struct qtc_bytes text = gather_text(w, in, true, false);

    qtc_buf_str(w->out, ",\"");
    for (size_t i = 0; i <= o->dollars; i++) {
        qtc_buf_byte(w->out, '$');
    }
    qtc_buf_str(w->out, "text\":");
    typed(w, w->rules->trim ? qtc_bytes_trim(text) : text, QTC_T_STRING, depth);
}

static void object(struct writer *w, struct inside in, const struct outline *o,
                   const struct qtc_schema_at *at, unsigned depth)
{
    bool any = false;

    group_children(w, in);
    qtc_buf_byte(w->out, '{');
    for (size_t i = in.first; i < in.end; i = after(w, i)) {
        if (is_child(&w->markup.tags[i]) && w->markup.tags[i].leads) {
            qtc_buf_str(w->out, any ? "," : "");
            member(w, i, at, depth + 1);
            any = true;
        }
    }
    if (o->text) {
        text_member(w, in, o, depth + 1);
    }
    qtc_buf_byte(w->out, '}');
}

/* ---- which of them ---------------------------------------------------------- */

/* A list's only element without a tag of its own: the children are its members. */
static bool is_one_object(const struct writer *w, const struct outline *o, const struct qtc_schema_at *items)
{
    return (items->types & CONTAINERS) == QTC_T_OBJECT && o->items == 0 &&
           qtc_schema_member(items, name_of(w, o->child)).count > 0;
}

static bool is_list(const struct outline *o, const struct qtc_schema_at *at,
                    const struct qtc_schema_at *items)
{
    if ((at->types & QTC_T_ARRAY) == 0 || o->text) {
        return false;
    }
    if (o->items == o->children) {
        return true;
    }
    return (at->types & QTC_T_OBJECT) == 0 && (o->same_name || items->count > 0);
}

static void container(struct writer *w, struct inside in, const struct outline *o,
                      const struct qtc_schema_at *at, unsigned depth)
{
    struct qtc_schema_at items = qtc_schema_items(at, 0);

    if (!is_list(o, at, &items)) {
        w->mismatch = w->mismatch || (at->types != 0 && (at->types & QTC_T_OBJECT) == 0);
        object(w, in, o, at, depth);
    } else if (is_one_object(w, o, &items)) {
        qtc_buf_byte(w->out, '[');
        object(w, in, o, &items, depth);
        qtc_buf_byte(w->out, ']');
    } else {
        array(w, in, at, depth);
    }
}

static void value(struct writer *w, struct inside in, const struct qtc_schema_at *at, unsigned depth)
{
    struct outline o = outline_of(w, in);
    bool marked = w->rules->prefix != NULL && w->rules->prefix[0] != 0;
    bool literal = at->types != 0 && (at->types & CONTAINERS) == 0 && !marked;

    if (o.children == 0 || literal || depth >= QTC_ELEMENTS_DEPTH) {
        scalar(w, in, o.children > 0, at, depth);
    } else {
        container(w, in, &o, at, depth);
    }
}

void qtc_elements(struct qtc_buf *out, struct qtc_bytes text, const struct qtc_schema_at *schema,
                  const struct qtc_element_rules *rules, unsigned *found, bool *mismatch)
{
    static const struct qtc_schema_at unknown;
    const struct qtc_schema_at *at = schema != NULL ? schema : &unknown;
    struct writer w = {.out = out, .text = text, .rules = rules};
    bool ok = qtc_markup_read(&w.markup, text, rules->prefix, rules->noise);

    w.groups = ok ? calloc((size_t)w.markup.names + 1, sizeof *w.groups) : NULL;
    if (w.groups != NULL) {
        value(&w, (struct inside){0, text.len, 0, w.markup.count}, at, 0);
    }
    out->failed =
        out->failed || w.groups == NULL || w.scratch.failed || (at->scope != NULL && at->scope->failed);
    *found |= w.found;
    *mismatch = *mismatch || w.mismatch;
    free(w.groups);
    qtc_buf_free(&w.scratch);
    qtc_markup_free(&w.markup);
}

void qtc_elements_text(struct qtc_buf *out, struct qtc_bytes text)
{
    struct qtc_markup m;
    bool ok = qtc_markup_read(&m, text, NULL, true);
    size_t from = 0;

    for (size_t i = 0; ok && i < m.count; i++) {
        const struct qtc_tag *tag = &m.tags[i];
        if (tag->kind == QTC_TAG_TEXT) {
            continue;
        }
        qtc_element_text(out, qtc_bytes(text.data + from, tag->at - from));
        if (tag->kind == QTC_TAG_CDATA) {
            qtc_buf_put(out, tag->name);
        }
        from = tag->end;
    }
    qtc_element_text(out, qtc_bytes(text.data + from, text.len - from));
    out->failed = out->failed || !ok;
    qtc_markup_free(&m);
}
