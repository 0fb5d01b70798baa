/* Calls whose arguments are elements or YAML, where the inside waits for its end:
 *
 *      <get_weather> city: Tokyo </get_weather>
 *      <get_weather> <what><is>this</is></what> </get_weather>
 *
 * YAML is read as a whole, and so is what may be no call: a tool's tag is one only if
 * parameters are in it. What is certain goes through children.c. */
#include "parse/elements.h"
#include "parse/parser.h"
#include "parse/yaml.h"

#include <string.h>

#define MAX_BODY ((size_t)64 << 20)

/* ---- collecting it ------------------------------------------------------ */

/* Behind the function's opening tag. `close`: what ends the inside; empty: the
 * group's closing markers do. */
size_t qtc_body_begin(struct qtc_parser *p, struct qtc_bytes close, size_t i)
{
    struct qtc_body_state *b = &p->body;
    p->value.text.len = p->value.close.len = 0;
    p->value.mode = QTC_VALUE_SKIP;
    p->node = 0;
    b->at = p->call.format->body == QTC_BODY_YAML ? QTC_B_WHOLE : QTC_B_BETWEEN;
    b->from = qtc_pos(p, i);
    b->rest.len = b->own_at = 0;
    b->partial = b->slash = false;
    p->state = QTC_S_BODY;
    (void)close;
    return i;
}

bool qtc_reads_body(const struct qtc_format *f)
{
    return f->body == QTC_BODY_ELEMENTS || f->body == QTC_BODY_YAML;
}

/* Advances along </NAME>, in which blanks may stand around the name; true at its end. */
static bool own_close(struct qtc_parser *p, char c)
{
    size_t *at = &p->body.own_at;
    struct qtc_bytes name = qtc_buf_bytes(&p->call.name);
    if (!p->call.format->tool_tags) {
        return false;
    }
    bool blank = qtc_is_blank(c) && (*at == 2 || *at == name.len + 2);
    bool next = *at < 2 ? c == "</"[*at] : *at < name.len + 2 ? c == name.data[*at - 2] : false;
    if (c == '>' && *at == name.len + 2) {
        *at = 0;
        return true;
    }
    *at = blank ? *at : next ? *at + 1 : c == '<';
    return false;
}

static bool ends_body(enum qtc_mark_kind kind)
{
    return kind == QTC_M_END_FUNCTION || kind == QTC_M_CLOSE || kind == QTC_M_OPEN || kind == QTC_M_FUNCTION ||
           kind == QTC_M_HEADER || kind == QTC_M_MESSAGE_CLOSE;
}

/* ---- reading it --------------------------------------------------------- */

/* The inside of the first element of one of these names, and where the element stands. */
static bool find_element(struct qtc_bytes text, const char *const *names, struct qtc_bytes *inside,
                         struct qtc_bytes *whole)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        char open[64], close[64];
        size_t len = strlen(names[i]);
        if (len + 4 > sizeof open) {
            continue;
        }
        memcpy(open, "<", 1);
        memcpy(open + 1, names[i], len + 1);
        memcpy(close, "</", 2);
        memcpy(close + 2, names[i], len + 1);
        const char *at = memmem(text.data, text.len, open, len + 1);
        const char *end = at == NULL ? NULL : memchr(at, '>', text.len - (size_t)(at - text.data));
        if (end == NULL || (at[len + 1] != '>' && !qtc_is_blank(at[len + 1]))) {
            continue;
        }
        size_t from = (size_t)(end + 1 - text.data);
        const char *last = memmem(text.data + from, text.len - from, close, len + 2);
        const char *stop = last == NULL ? NULL : memchr(last, '>', text.len - (size_t)(last - text.data));
        if (stop != NULL) {
            *inside = qtc_bytes(end + 1, (size_t)(last - end - 1));
            *whole = qtc_bytes(at, (size_t)(stop + 1 - at));
            return true;
        }
    }
    return false;
}

static bool is_schema_key(const struct qtc_tool *tool, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (qtc_tool_param(tool, qtc_str(names[i])) != NULL) {
            return true;
        }
    }
    return false;
}

/* <args>…</args> around all parameters says nothing. */
static struct qtc_bytes unwrap(const struct qtc_parser *p, struct qtc_bytes text)
{
    const struct qtc_format *f = p->call.format;
    struct qtc_bytes inside, whole;
    if (f->argument_keys[0] == NULL || is_schema_key(p->call.tool, f->argument_keys) ||
        !find_element(text, f->argument_keys, &inside, &whole)) {
        return text;
    }
    return inside;
}

static void read_elements(struct qtc_parser *p, struct qtc_buf *out, struct qtc_bytes text, unsigned *found,
                          bool *mismatch)
{
    const struct qtc_format *f = p->call.format;
    struct qtc_element_rules rules = {
        .prefix = f->element_prefix,
        .item = "item",
        .noise = f->cdata,
        .entities = f->cdata,
        .trim = f->trim == QTC_TRIM_ALL,
        .type_attribute = f->type_attribute,
    };
    struct qtc_schema_scope scope;
    qtc_schema_begin(&scope, p->call.tool, text.len);
    struct qtc_schema_at root = qtc_schema_root(&scope, p->call.tool);
    size_t before = out->len;
    qtc_elements(out, text, &root, &rules, found, mismatch);
    if (out->len > before && out->data[before] != '{' && qtc_bytes_trim(text).len == 0) {
        out->len = before;
        qtc_buf_str(out, "{}");
    }
    p->code = scope.failed ? QTC_NOMEM : p->code;
    qtc_schema_end(&scope);
}

static bool read_yaml(struct qtc_parser *p, struct qtc_bytes text, unsigned *found, bool *mismatch)
{
    struct qtc_schema_scope scope;
    qtc_schema_begin(&scope, p->call.tool, text.len);
    struct qtc_schema_at root = qtc_schema_root(&scope, p->call.tool);
    bool good = qtc_yaml(&p->args, text, &root, found, mismatch, NULL);
    p->code = scope.failed ? QTC_NOMEM : p->code;
    qtc_schema_end(&scope);
    return good;
}

/* The arguments' JSON; false where the text is none of the format's. */
static bool read_body(struct qtc_parser *p, struct qtc_bytes text, unsigned *found, bool *mismatch)
{
    const struct qtc_format *f = p->call.format;
    struct qtc_bytes trimmed = qtc_bytes_trim(text);
    if (trimmed.len > 0 && trimmed.data[0] == '{') {
        size_t before = p->args.len;
        if (qtc_json_valid(trimmed)) {
            qtc_buf_put(&p->args, trimmed);
            return true;
        }
        if (qtc_mend_text(trimmed, &p->args, found)) {
            return true;
        }
        p->args.len = before;
    }
    if (f->body == QTC_BODY_YAML) {
        return read_yaml(p, text, found, mismatch);
    }
    size_t before = p->args.len;
    read_elements(p, &p->args, text, found, mismatch);
    return p->args.len > before && p->args.data[before] == '{';
}

/* ---- its end ------------------------------------------------------------ */

/* <tool_name>N</tool_name> in a call whose tag has no name. */
static bool take_name(struct qtc_parser *p, struct qtc_bytes *text)
{
    const struct qtc_format *f = p->call.format;
    struct qtc_bytes inside, whole;
    if (p->call.name.len > 0) {
        return true;
    }
    if (!find_element(*text, f->name_keys, &inside, &whole)) {
        return false;
    }
    qtc_buf_put(&p->call.name, qtc_name_set(p, f, qtc_bytes_trim(inside)));
    p->call.tool = qtc_tools_find(p->options.tools, qtc_buf_bytes(&p->call.name));
    size_t at = (size_t)(whole.data - text->data);
    qtc_buf_splice(&p->value.text, at, whole.len, qtc_bytes("", 0));
    *text = qtc_bytes(p->value.text.data, text->len - whole.len);
    return p->call.name.len > 0;
}

/* The inside is text, and markup ends at `end`, where the piece goes on at i. */
static bool end_body(struct qtc_parser *p, struct qtc_bytes text, uint64_t end)
{
    unsigned found = 0;
    bool mismatch = false;
    p->args.len = 0;
    if (!take_name(p, &text) || !read_body(p, unwrap(p, text), &found, &mismatch)) {
        p->args.len = 0;
        return false;
    }
    struct qtc_buf args = p->args; /* the call's begin empties them */
    p->args = (struct qtc_buf){0};
    if (p->call.pending) {
        qtc_call_commit(p, end);
    }
    qtc_buf_free(&p->args);
    p->args = args;
    p->call.whole = true;
    qtc_tell_mended(p, found);
    if (mismatch) {
        qtc_defect(p, QTC_D_TYPE_MISMATCH, qtc_bytes(NULL, 0));
    }
    qtc_call_end(p, end, false);
    qtc_unmark(p);
    p->state = QTC_S_AFTER;
    return true;
}

/* A marker of `len` bytes, the last that were collected, ends the inside. */
static size_t on_end(struct qtc_parser *p, const struct qtc_mark *mark, size_t len, size_t i)
{
    struct qtc_bytes text = qtc_bytes(p->value.text.data, p->value.text.len - len);
    bool own = mark == NULL || mark->kind == QTC_M_END_FUNCTION;
    uint64_t end = qtc_pos(p, i) - (own ? 0 : len);
    if (!end_body(p, text, end)) {
        return qtc_not_structure(p, i);
    }
    if (own) {
        return i;
    }
    p->tag = end;
    p->origin = QTC_S_AFTER;
    qtc_mark_at(p, i);
    p->mark = p->held_to = end;
    qtc_buf_add(&p->hold, mark->text, len);
    p->held_to = qtc_pos(p, i);
    return qtc_structure(p, mark, i);
}

size_t qtc_body_end(struct qtc_parser *p, size_t i)
{
    return on_end(p, NULL, 0, i);
}

static size_t step_whole(struct qtc_parser *p, size_t i)
{
    struct qtc_value *v = &p->value;
    const struct qtc_mark_set *set = &p->tag_marks;
    while (i < p->n) {
        char c = p->in[i++];
        bool blank = qtc_is_blank(c) && p->body.own_at > 0;
        bool own = own_close(p, c);
        p->body.blanks = p->body.own_at == 0 && !own ? 0 : p->body.blanks + blank;
        p->node = qtc_markers_step(&set->find, p->node, c);
        qtc_buf_byte(&v->text, c);
        if (own) {
            return on_end(p, NULL, p->call.name.len + 3 + p->body.blanks, i);
        }
        const struct qtc_mark *mark = p->node == 0 ? NULL : qtc_mark_found(set, p->node);
        if (mark != NULL && ends_body(mark->kind)) {
            return on_end(p, mark, strlen(mark->text), i);
        }
    }
    if (v->text.len > MAX_BODY && p->call.pending) {
        return qtc_fail(p, i, QTC_D_LIMIT_PASSED);
    }
    return i;
}

size_t qtc_step_body(struct qtc_parser *p, size_t i)
{
    return p->body.at == QTC_B_WHOLE ? step_whole(p, i) : qtc_step_children(p, i);
}

/* ---- children that waited ----------------------------------------------- */

/* The inside of an object, as more members of the arguments. */
static void add_members(struct qtc_parser *p, struct qtc_bytes object)
{
    struct qtc_bytes inside = object.len < 2 ? object : qtc_bytes(object.data + 1, object.len - 2);
    if (inside.len > 0) {
        qtc_buf_byte(&p->args, p->call.began ? ',' : '{');
        qtc_buf_put(&p->args, inside);
        p->call.began = true;
    }
}

static void add_partial(struct qtc_parser *p)
{
    qtc_buf_byte(&p->args, p->call.began ? ',' : '{');
    qtc_json_string(&p->args, qtc_buf_bytes(&p->value.close));
    qtc_buf_str(&p->args, ":\"");
    qtc_json_escape(&p->args, qtc_buf_bytes(&p->value.text));
    if (p->options.recover == QTC_RECOVER_LENIENT) {
        qtc_buf_byte(&p->args, '"');
    }
    p->call.began = true;
    p->body.partial = false;
}

void qtc_body_rest(struct qtc_parser *p, bool truncated)
{
    struct qtc_body_state *b = &p->body;
    if (b->rest.len > 0) {
        unsigned found = 0;
        bool mismatch = false;
        b->scratch.len = 0;
        read_elements(p, &b->scratch, qtc_buf_bytes(&b->rest), &found, &mismatch);
        add_members(p, qtc_buf_bytes(&b->scratch));
        qtc_tell_mended(p, found);
        if (mismatch) {
            qtc_defect(p, QTC_D_TYPE_MISMATCH, qtc_bytes(NULL, 0));
        }
        b->rest.len = b->scratch.len = 0;
    }
    if (truncated && b->partial) {
        add_partial(p);
    }
}

/* The text ends inside: what is complete of it is the call, which stays open. */
void qtc_body_cut(struct qtc_parser *p)
{
    if (p->body.at != QTC_B_WHOLE) {
        qtc_children_cut(p);
        return;
    }
    unsigned found = 0;
    bool mismatch = false;
    struct qtc_bytes text = qtc_buf_bytes(&p->value.text);
    p->args.len = 0;
    p->call.whole = true;
    if (!read_body(p, unwrap(p, text), &found, &mismatch)) {
        p->args.len = 0;
        qtc_buf_str(&p->args, "{}");
    }
    if (p->options.recover != QTC_RECOVER_LENIENT && p->args.len > 0) {
        p->args.len--; /* its brace: nothing says that it is whole */
    }
}
