#include "parse/markup.h"

#include <stdlib.h>
#include <string.h>

/* Sections, by how they begin. Where one has no end, none behind it has: it is not
 * searched for again, which would be quadratic. */
static const struct {
    const char *open, *close;
    enum qtc_tag_kind kind;
} sections[] = {
    {"<![CDATA[", "]]>", QTC_TAG_CDATA},
    {"<!--", "-->", QTC_TAG_NOTE},
    {"<?", "?>", QTC_TAG_NOTE},
};

#define SECTIONS (sizeof sections / sizeof *sections)

struct reader {
    struct qtc_bytes text;
    struct qtc_bytes prefix;
    bool noise;
    bool endless[SECTIONS];
    struct qtc_buf tags;
};

/* ---- one tag ---------------------------------------------------------------- */

static bool starts_with(const struct reader *r, size_t at, struct qtc_bytes what)
{
    return r->text.len - at >= what.len && memcmp(r->text.data + at, what.data, what.len) == 0;
}

static size_t find(const struct reader *r, size_t from, struct qtc_bytes what)
{
    const char *found = memmem(r->text.data + from, r->text.len - from, what.data, what.len);

    return found != NULL ? (size_t)(found - r->text.data) : r->text.len;
}

/* 0 at the end of the text, which no test below takes for anything. */
static char at(const struct reader *r, size_t i)
{
    return i < r->text.len ? r->text.data[i] : 0;
}

static size_t skip_blanks(const struct reader *r, size_t i)
{
    while (i < r->text.len && qtc_is_blank(r->text.data[i])) {
        i++;
    }
    return i;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80) != 0 ||
           (c != 0 && strchr("_-.:$@#", c) != NULL);
}

/* A prefix says that a tag follows, so any key may be its name. */
static size_t skip_name(const struct reader *r, size_t i)
{
    bool any = r->prefix.len > 0 && !r->noise;

    while (i < r->text.len && (any ? at(r, i) != '<' && at(r, i) != '>' : is_name_byte(at(r, i)))) {
        i++;
    }
    return i;
}

/* Behind the value at i; i itself when there is none. */
static size_t skip_attribute_value(const struct reader *r, size_t i)
{
    char quote = at(r, i);

    if (quote == '"' || quote == '\'') {
        const char *end = memchr(r->text.data + i + 1, quote, r->text.len - i - 1);
        return end != NULL ? (size_t)(end - r->text.data) + 1 : i;
    }
    while (at(r, i) != 0 && !qtc_is_blank(at(r, i)) && strchr("<>\"'", at(r, i)) == NULL &&
           !(at(r, i) == '/' && at(r, i + 1) == '>')) {
        i++;
    }
    return i;
}

/* Attributes and blanks from i on, up to what ends the tag. Linear in all: of the tags
 * that begin inside others' quotes, no two are in the same state at the same byte. */
static size_t skip_attributes(const struct reader *r, size_t i)
{
    for (size_t name = skip_blanks(r, i); name > i; name = skip_blanks(r, i)) {
        size_t end = skip_name(r, name);
        if (end == name) {
            return name;
        }
        size_t equals = skip_blanks(r, end);
        i = end;
        if (at(r, equals) == '=') {
            size_t value = skip_blanks(r, equals + 1);
            i = skip_attribute_value(r, value);
            if (i == value) {
                return i;
            }
        }
    }
    return i;
}

static struct qtc_bytes trim_end(struct qtc_bytes name)
{
    while (name.len > 0 && qtc_is_blank(name.data[name.len - 1])) {
        name.len--;
    }
    return name;
}

static bool read_close(const struct reader *r, size_t i, struct qtc_tag *tag)
{
    size_t name = skip_blanks(r, i);
    size_t end = skip_name(r, name);
    size_t closed = skip_blanks(r, end);

    tag->name = trim_end(qtc_bytes(r->text.data + name, end - name));
    tag->end = closed + 1;
    tag->kind = QTC_TAG_CLOSE;
    return tag->name.len > 0 && at(r, closed) == '>';
}

static bool read_open(const struct reader *r, size_t i, struct qtc_tag *tag)
{
    size_t end = skip_name(r, i);
    size_t closed = r->noise ? skip_attributes(r, end) : skip_blanks(r, end);

    if (end == i || qtc_is_blank(at(r, i))) {
        return false;
    }
    bool empty = at(r, closed) == '/' || at(r, end - 1) == '/';
    closed += at(r, closed) == '/';
    end -= at(r, end - 1) == '/';
    tag->name = trim_end(qtc_bytes(r->text.data + i, end - i));
    tag->end = closed + 1;
    tag->kind = empty ? QTC_TAG_EMPTY : QTC_TAG_OPEN;
    return tag->name.len > 0 && at(r, closed) == '>';
}

static bool read_section(struct reader *r, size_t i, struct qtc_tag *tag)
{
    for (size_t k = 0; k < SECTIONS; k++) {
        struct qtc_bytes open = qtc_str(sections[k].open), close = qtc_str(sections[k].close);
        if (!starts_with(r, i, open)) {
            continue;
        }
        size_t inside = i + open.len;
        size_t end = r->endless[k] ? r->text.len : find(r, inside, close);
        r->endless[k] = end == r->text.len;
        tag->name = qtc_bytes(r->text.data + inside, end - inside);
        tag->end = end + close.len;
        tag->kind = (unsigned char)sections[k].kind;
        return !r->endless[k];
    }
    return false;
}

static bool read_tag(struct reader *r, size_t start, struct qtc_tag *tag)
{
    size_t i = start + r->prefix.len;

    *tag = (struct qtc_tag){.at = start, .match = QTC_TAG_NONE, .next = QTC_TAG_NONE};
    if (at(r, i) != '<') {
        return false;
    }
    switch (at(r, i + 1)) {
    case '/':
        return read_close(r, i + 2, tag);
    case '!':
    case '?':
        return r->noise && read_section(r, i, tag);
    default:
        return read_open(r, i + 1, tag);
    }
}

/* ---- all tags --------------------------------------------------------------- */

static void find_tags(struct reader *r)
{
    struct qtc_bytes sign = r->prefix.len > 0 ? r->prefix : qtc_str("<");
    struct qtc_tag tag;

    for (size_t i = find(r, 0, sign); i < r->text.len; i = find(r, i, sign)) {
        if (read_tag(r, i, &tag)) {
            qtc_buf_add(&r->tags, (const char *)&tag, sizeof tag);
            i = tag.end;
        } else {
            i++;
        }
    }
}

struct qtc_bytes qtc_markup_local(struct qtc_bytes name)
{
    const char *colon = memrchr(name.data, ':', name.len);
    size_t skip = colon != NULL ? (size_t)(colon - name.data) + 1 : 0;

    return skip < name.len ? qtc_bytes(name.data + skip, name.len - skip) : name;
}

static bool has_name(const struct qtc_tag *tag)
{
    return tag->kind == QTC_TAG_OPEN || tag->kind == QTC_TAG_CLOSE || tag->kind == QTC_TAG_EMPTY;
}

/* What names are compared by. */
struct named {
    struct qtc_bytes name;
    struct qtc_tag *tag;
};

static int compare_named(const void *a, const void *b)
{
    const struct named *x = a, *y = b;

    if (x->name.len != y->name.len) {
        return x->name.len < y->name.len ? -1 : 1;
    }
    return memcmp(x->name.data, y->name.data, x->name.len);
}

/* Equal names get equal ids. */
static bool number_names(struct qtc_markup *m, bool noise)
{
    struct named *list = calloc(m->count, sizeof *list);
    size_t count = 0;

    if (list == NULL) {
        return false;
    }
    for (size_t i = 0; i < m->count; i++) {
        struct qtc_tag *tag = &m->tags[i];
        if (has_name(tag)) {
            list[count++] = (struct named){noise ? qtc_markup_local(tag->name) : tag->name, tag};
        }
    }
    qsort(list, count, sizeof *list, compare_named);
    for (size_t i = 0; i < count; i++) {
        m->names += i == 0 || compare_named(&list[i - 1], &list[i]) != 0;
        list[i].tag->id = m->names - 1;
    }
    free(list);
    return true;
}

/* ---- pairs ------------------------------------------------------------------ */

/* The open tags are a chain (match), and those of one name another (next, from
 * last[id]): a closing tag finds its partner without a search. */
struct pairing {
    struct qtc_tag *tags;
    size_t top;
    size_t *last;
};

static void open_tag(struct pairing *p, size_t i)
{
    struct qtc_tag *tag = &p->tags[i];

    tag->match = p->top;
    tag->next = p->last[tag->id];
    p->top = i;
    p->last[tag->id] = i;
}

/* The innermost open tag is no longer open. */
static struct qtc_tag *pop(struct pairing *p)
{
    struct qtc_tag *tag = &p->tags[p->top];

    p->top = tag->match;
    p->last[tag->id] = tag->next;
    tag->next = QTC_TAG_NONE;
    tag->match = QTC_TAG_NONE;
    return tag;
}

static void close_tag(struct pairing *p, size_t i)
{
    size_t partner = p->last[p->tags[i].id];

    if (partner == QTC_TAG_NONE) {
        p->tags[i].kind = QTC_TAG_TEXT;
        return;
    }
    while (p->top != partner) {
        pop(p)->kind = QTC_TAG_TEXT;
    }
    pop(p)->match = i;
}

static bool pair_tags(struct qtc_markup *m)
{
    struct pairing p = {.tags = m->tags, .top = QTC_TAG_NONE};

    p.last = malloc(((size_t)m->names + 1) * sizeof *p.last);
    if (p.last == NULL) {
        return false;
    }
    memset(p.last, 0xff, ((size_t)m->names + 1) * sizeof *p.last); /* QTC_TAG_NONE */
    for (size_t i = 0; i < m->count; i++) {
        if (m->tags[i].kind == QTC_TAG_OPEN) {
            open_tag(&p, i);
        } else if (m->tags[i].kind == QTC_TAG_CLOSE) {
            close_tag(&p, i);
        } else if (m->tags[i].kind == QTC_TAG_EMPTY) {
            m->tags[i].match = i;
        }
    }
    while (p.top != QTC_TAG_NONE) {
        pop(&p)->kind = QTC_TAG_TEXT;
    }
    free(p.last);
    return true;
}

/* ---- the whole -------------------------------------------------------------- */

bool qtc_markup_read(struct qtc_markup *m, struct qtc_bytes text, const char *prefix, bool noise)
{
    struct reader r = {.text = text, .prefix = qtc_str(prefix != NULL ? prefix : ""), .noise = noise};

    *m = (struct qtc_markup){0};
    if (text.len > 0) {
        find_tags(&r);
    }
    m->tags = (struct qtc_tag *)(void *)r.tags.data;
    m->count = r.tags.len / sizeof *m->tags;
    return !r.tags.failed && (m->count == 0 || (number_names(m, noise) && pair_tags(m)));
}

void qtc_markup_free(struct qtc_markup *m)
{
    free(m->tags);
    *m = (struct qtc_markup){0};
}
