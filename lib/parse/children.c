/* The children of a function whose parameters are elements.
 *
 *      <get_weather> <city>Tokyo</city> <days>3</days> </get_weather>
 *           BETWEEN  TAG  VALUE  FOLLOW ...
 *
 * A child that the schema calls a scalar goes out as it comes. Its text may quote
 * markup, so its closing tag is one only if structure follows, as in value.c. What
 * other children mean depends on what is in them and on their brothers (two of a
 * name are an array): they are collected, and read at the call's end. */
#include "parse/children.h"
#include "parse/elements.h"

#include <string.h>

#define MAX_REST   ((size_t)64 << 20)
#define CONTAINERS (QTC_T_ARRAY | QTC_T_OBJECT)

static size_t on_tag(struct qtc_parser *p, size_t i);

/* ---- what stands before a tag's name ------------------------------------ */

size_t qtc_sign_length(const struct qtc_format *f)
{
    return (f->element_prefix == NULL ? 0 : strlen(f->element_prefix)) + 1;
}

char qtc_sign_byte(const struct qtc_format *f, size_t k)
{
    return f->element_prefix == NULL || f->element_prefix[k] == '\0' ? '<' : f->element_prefix[k];
}

/* Which byte of the tag in[i] is. */
size_t qtc_tag_index(const struct qtc_parser *p, size_t i)
{
    return (size_t)(qtc_pos(p, i) - p->tag);
}

bool qtc_element_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80) != 0 ||
           (c != '\0' && strchr("_-.:$@#", c) != NULL);
}

/* ---- one tag ------------------------------------------------------------ */

static bool ends_with(struct qtc_bytes text, const char *with)
{
    size_t len = strlen(with);
    return text.len >= len && memcmp(text.data + text.len - len, with, len) == 0;
}

/* A comment, a CDATA section: its own end counts. */
static bool section_ends(struct qtc_bytes tag)
{
    if (qtc_bytes_starts(tag, "<!--")) {
        return tag.len >= 7 && ends_with(tag, "-->");
    }
    if (qtc_bytes_starts(tag, "<![CDATA[")) {
        return ends_with(tag, "]]>");
    }
    return !qtc_bytes_starts(tag, "<?") || ends_with(tag, "?>");
}

static struct qtc_bytes tag_text(struct qtc_parser *p, size_t i)
{
    struct qtc_bytes held = qtc_held_from(p, p->tag, i);
    size_t skip = qtc_sign_length(p->call.format) - 1;
    return held.len < skip ? held : qtc_bytes(held.data + skip, held.len - skip);
}

static int first_byte(struct qtc_body_state *b, const struct qtc_format *f, char c)
{
    b->first = c;
    b->quote = '\0';
    b->equals = false;
    if (c == '!' || c == '?') {
        return f->cdata ? 0 : -1;
    }
    if (f->element_prefix != NULL) {
        return c == '<' || c == '>' || qtc_is_blank(c) ? -1 : 0;
    }
    return c == '/' || qtc_element_byte(c) ? 0 : -1;
}

static int attribute_byte(struct qtc_body_state *b, const struct qtc_format *f, char c)
{
    if (b->quote != '\0') {
        b->quote = c == b->quote ? '\0' : b->quote;
        return 0;
    }
    if (b->equals && f->cdata && (c == '"' || c == '\'')) {
        b->quote = c;
    }
    b->equals = c == '=' || (b->equals && qtc_is_blank(c));
    return c == '<' ? -1 : c == '>';
}

/* One more byte of the tag at p->tag: 1 at its end, -1 where it is none. */
static int tag_byte(struct qtc_parser *p, size_t i)
{
    struct qtc_body_state *b = &p->body;
    const struct qtc_format *f = p->call.format;
    size_t k = qtc_tag_index(p, i), sign = qtc_sign_length(f);
    char c = p->in[i];
    if (k < sign) {
        return c == qtc_sign_byte(f, k) ? 0 : -1;
    }
    if (k == sign) {
        return first_byte(b, f, c);
    }
    if (b->first == '!' || b->first == '?') {
        return c == '>' && section_ends(tag_text(p, i + 1));
    }
    return attribute_byte(b, f, c);
}

static struct qtc_bytes without_space(struct qtc_bytes name)
{
    const char *colon = memrchr(name.data, ':', name.len);
    size_t skip = colon == NULL ? 0 : (size_t)(colon - name.data) + 1;
    return skip < name.len ? qtc_bytes(name.data + skip, name.len - skip) : name;
}

static struct qtc_bytes element_name(const struct qtc_format *f, struct qtc_bytes inside)
{
    size_t len = 0;
    if (f->element_prefix != NULL) {
        return qtc_bytes_trim(inside);
    }
    while (len < inside.len && qtc_element_byte(inside.data[len])) {
        len++;
    }
    bool alone = len == inside.len || qtc_is_blank(inside.data[len]);
    return alone ? without_space(qtc_bytes(inside.data, len)) : qtc_bytes(inside.data, 0);
}

/* The tag that ends at base + i. */
struct qtc_element qtc_element_read(struct qtc_parser *p, size_t i)
{
    const struct qtc_format *f = p->call.format;
    struct qtc_bytes tag = tag_text(p, i);
    struct qtc_element e = {0};
    if (tag.len < 3) {
        return e;
    }
    e.cdata = qtc_bytes_starts(tag, "<![CDATA[");
    e.note = !e.cdata && (tag.data[1] == '!' || tag.data[1] == '?');
    e.closing = tag.data[1] == '/';
    struct qtc_bytes inside = qtc_bytes(tag.data + 1 + e.closing, tag.len - 2 - e.closing);
    e.empty = !e.closing && inside.len > 1 && inside.data[inside.len - 1] == '/';
    inside.len -= e.empty;
    e.name = element_name(f, e.closing ? qtc_bytes_trim(inside) : inside);
    return e;
}

/* ---- which tag it is ---------------------------------------------------- */

static bool listed(const char *const *names, struct qtc_bytes name)
{
    size_t i = 0;
    while (names[i] != NULL && !qtc_bytes_is(name, names[i])) {
        i++;
    }
    return names[i] != NULL;
}

bool qtc_has_wrappers(const struct qtc_format *f)
{
    return f->function_open == NULL && f->name_keys[0] != NULL;
}

bool qtc_is_wrapper(const struct qtc_parser *p, struct qtc_bytes name)
{
    const struct qtc_format *f = p->call.format;
    return qtc_has_wrappers(f) && listed(f->argument_keys, name) &&
           qtc_tool_param(p->call.tool, name) == NULL;
}

/* </NAME> of the function, or what else ends it. */
bool qtc_ends_function(const struct qtc_parser *p, struct qtc_bytes name)
{
    const struct qtc_format *f = p->call.format;
    const char *const function[] = {f->function_close, NULL};
    if (f->tool_tags) {
        return qtc_bytes_equal(name, qtc_buf_bytes(&p->call.name));
    }
    for (size_t k = 0; k < QTC_FORMAT_LIST + 1; k++) {
        const char *text = k == 0 ? function[0] : f->close[k - 1];
        const char *at = text == NULL ? NULL : strstr(text, "</");
        if (at != NULL && strlen(at) == name.len + 3 && memcmp(at + 2, name.data, name.len) == 0) {
            return true;
        }
        if (k > 0 && text == NULL) {
            break;
        }
    }
    return false;
}

static bool ends_body(enum qtc_mark_kind kind)
{
    return kind == QTC_M_END_FUNCTION || kind == QTC_M_CLOSE || kind == QTC_M_OPEN ||
           kind == QTC_M_FUNCTION || kind == QTC_M_HEADER || kind == QTC_M_MESSAGE_CLOSE;
}

/* ---- between children --------------------------------------------------- */

size_t qtc_element_begin(struct qtc_parser *p, enum qtc_body_place place, size_t i)
{
    p->tag = qtc_pos(p, i);
    p->origin = QTC_S_FUNCTION;
    p->node = qtc_markers_child(&p->tag_marks.find, 0, p->in[i]);
    p->body.at = place;
    p->body.phase = 0;
    p->body.blanks = 0;
    return p->in[i] == qtc_sign_byte(p->call.format, 0) || p->node != 0 ? i + 1 : i;
}

static void commit(struct qtc_parser *p, uint64_t end)
{
    if (p->call.pending) {
        qtc_call_commit(p, end);
    }
}

/* What is there so far may be no call: it waits for the function's end, where the
 * format is not a guess. */
static size_t wait_for_end(struct qtc_parser *p, size_t i)
{
    if (p->call.format->body != QTC_BODY_YAML && !qtc_is_given(p, p->call.format)) {
        p->origin = QTC_S_FUNCTION;
        return qtc_fail(p, i, QTC_D_STRAY_OPENER);
    }
    p->value.text.len = 0;
    qtc_buf_put(&p->value.text, qtc_held_from(p, p->body.from, i));
    p->node = 0;
    p->body.own_at = 0;
    p->body.at = QTC_B_WHOLE;
    return i;
}

/* Text in a tool's tag: where no format was asked for, it may be YAML. */
static size_t may_be_yaml(struct qtc_parser *p, size_t i)
{
    const struct qtc_format *yaml = qtc_group_find(p, QTC_BODY_YAML);
    if (yaml != NULL && !qtc_is_given(p, p->call.format)) {
        p->call.format = yaml;
    }
    return wait_for_end(p, i);
}

/* Where the name stood on a line, nothing else ends the call. */
static size_t end_by_text(struct qtc_parser *p, size_t i)
{
    uint64_t from = p->mark;
    qtc_call_end(p, from, false);
    return qtc_replay(p, from, i, QTC_S_AFTER);
}

/* Text where a child is due. */
static size_t on_text(struct qtc_parser *p, size_t i)
{
    if (p->body.line) {
        return end_by_text(p, i);
    }
    if (!p->call.pending) {
        return qtc_step_inner(p, i);
    }
    p->origin = QTC_S_FUNCTION;
    return p->call.format->tool_tags ? may_be_yaml(p, i) : qtc_not_structure(p, i);
}

/* The arguments as a JSON object. */
static size_t begin_json(struct qtc_parser *p, size_t i)
{
    commit(p, qtc_pos(p, i));
    qtc_unmark(p);
    qtc_object_begin(p, p->call.format, true);
    return i;
}

static bool json_is_due(const struct qtc_parser *p)
{
    const struct qtc_call *c = &p->call;
    bool sure = !c->pending || !c->format->tool_tags;
    return sure && c->name.len > 0 && !c->began && !c->whole && !c->inner && p->body.rest.len == 0;
}

static size_t between(struct qtc_parser *p, size_t i)
{
    qtc_mark_from(p, i);
    while (i < p->n && qtc_is_blank(p->in[i])) {
        i++;
    }
    if (i == p->n) {
        return i;
    }
    char c = p->in[i];
    if (c == qtc_sign_byte(p->call.format, 0) || p->tag_marks.find.first[(unsigned char)c]) {
        return qtc_element_begin(p, QTC_B_TAG, i);
    }
    if (c == '/' && p->body.slash) {
        p->body.at = QTC_B_SLASH;
        p->tag = qtc_pos(p, i);
        return i + 1;
    }
    return c == '{' && json_is_due(p) ? begin_json(p, i) : on_text(p, i);
}

static size_t end_function(struct qtc_parser *p, size_t i)
{
    commit(p, p->tag);
    qtc_call_end(p, qtc_pos(p, i), false);
    qtc_unmark(p);
    p->state = QTC_S_AFTER;
    return i;
}

/* "/>" where the function's own tag has no end. */
static size_t step_slash(struct qtc_parser *p, size_t i)
{
    p->body.at = QTC_B_BETWEEN;
    return p->in[i] == '>' ? end_function(p, i + 1) : on_text(p, i);
}

/* A marker of the format's. */
static size_t on_mark(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    bool closes = mark->kind == QTC_M_END_FUNCTION || mark->kind == QTC_M_CLOSE;
    if (closes && p->call.name.len > 0) {
        commit(p, p->tag);
    }
    p->origin = QTC_S_FUNCTION;
    return qtc_structure(p, mark, i);
}

/* A marker that ends the function is whole. */
const struct qtc_mark *qtc_mark_before(const struct qtc_parser *p, char next)
{
    const struct qtc_mark *mark = p->node == 0 ? NULL : qtc_mark_found(&p->tag_marks, p->node);
    bool ends = mark != NULL && ends_body(mark->kind) && !qtc_name_char(mark->text[0]);
    return ends && !qtc_mark_longer(&p->tag_marks, p->node, next) ? mark : NULL;
}

static size_t step_tag(struct qtc_parser *p, size_t i)
{
    for (; i < p->n; i++) {
        const struct qtc_mark *mark = qtc_mark_before(p, p->in[i]);
        if (mark != NULL) {
            return on_mark(p, mark, i);
        }
        p->node = p->node == 0 ? 0 : qtc_markers_child(&p->tag_marks.find, p->node, p->in[i]);
        bool leaf = p->node != 0 && p->tag_marks.find.nodes[p->node].child == 0;
        if (leaf && qtc_mark_before(p, '\0') != NULL) {
            return on_mark(p, qtc_mark_before(p, '\0'), i + 1);
        }
        int end = tag_byte(p, i);
        if (end > 0) {
            return on_tag(p, i + 1);
        }
        if (end < 0 && p->node == 0) {
            p->body.at = QTC_B_BETWEEN;
            return on_text(p, i);
        }
    }
    return i;
}

/* ---- a child ------------------------------------------------------------ */

/* The tag says nothing. */
static size_t framing(struct qtc_parser *p, size_t i)
{
    p->body.at = QTC_B_BETWEEN;
    if (!p->call.pending) {
        qtc_flush_args(p, p->mark);
        qtc_emit_held(p, QTC_FRAMING, i);
    }
    return i;
}

static size_t on_closing(struct qtc_parser *p, const struct qtc_element *e, size_t i)
{
    const struct qtc_format *f = p->call.format;
    bool guess = p->call.pending && f->tool_tags && !qtc_is_given(p, f); /* <code></code> is text */
    if (qtc_ends_function(p, e->name) && p->call.name.len > 0 && !guess) {
        return end_function(p, i);
    }
    if (qtc_has_wrappers(f) && (listed(f->argument_keys, e->name) || listed(f->name_keys, e->name))) {
        return framing(p, i);
    }
    if (p->call.pending) {
        return on_text(p, i);
    }
    qtc_defect(p, QTC_D_STRAY_CLOSER, qtc_held_from(p, p->tag, i));
    return framing(p, i);
}

/* Elements that are open in the child, itself included: hashes of their names. */
static void push(struct qtc_body_state *b, struct qtc_bytes name)
{
    uint64_t hash = qtc_hash_name(name);
    if (b->stack.len < QTC_ELEMENTS_DEPTH * sizeof hash) {
        qtc_buf_add(&b->stack, (const char *)&hash, sizeof hash);
    }
}

/* The innermost of that name, and those in it, are closed. */
static bool pop(struct qtc_body_state *b, struct qtc_bytes name)
{
    uint64_t hash = qtc_hash_name(name), at;
    for (size_t i = b->stack.len; i >= sizeof hash; i -= sizeof hash) {
        memcpy(&at, b->stack.data + i - sizeof hash, sizeof at);
        if (at == hash) {
            b->stack.len = i - sizeof hash;
            return true;
        }
    }
    return false;
}

/* It waits for its brothers, as text. */
static size_t collect(struct qtc_parser *p, const struct qtc_element *e, size_t i)
{
    struct qtc_body_state *b = &p->body;
    if (!qtc_bytes_equal(qtc_buf_bytes(&b->rest_name), e->name)) {
        qtc_body_rest(p);
        b->rest_name.len = 0;
        qtc_buf_put(&b->rest_name, e->name);
    }
    b->child = b->rest.len;
    b->nested = false;
    p->value.close.len = b->stack.len = 0;
    qtc_buf_put(&p->value.close, e->name);
    push(b, e->name);
    b->child_text = b->rest.len + (size_t)(qtc_pos(p, i) - p->tag);
    qtc_buf_put(&b->rest, qtc_held_from(p, p->tag, i));
    qtc_unmark(p);
    b->at = e->empty ? QTC_B_BETWEEN : QTC_B_CHILD;
    return i;
}

/* It goes out as it comes. */
static size_t begin_value(struct qtc_parser *p, const struct qtc_element *e, size_t i)
{
    struct qtc_body_state *b = &p->body;
    struct qtc_buf *name = &p->value.close;
    qtc_body_rest(p);
    name->len = 0;
    qtc_buf_put(name, e->name);
    qtc_parameter_begin(p, qtc_buf_bytes(name), 0, 0);
    qtc_unmark(p);
    p->state = QTC_S_BODY;
    b->depth = 0;
    b->raw = false;
    b->at = QTC_B_VALUE;
    if (e->empty) {
        qtc_value_end(p);
        b->at = QTC_B_BETWEEN;
    }
    return i;
}

/* Which child it is, for a call that is one. */
static size_t begin_child(struct qtc_parser *p, size_t i)
{
    const struct qtc_tool *tool = p->call.tool;
    struct qtc_element e = qtc_element_read(p, i); /* once more: the commit has moved the text */
    const struct qtc_param *param = qtc_tool_param(tool, e.name);
    unsigned types = param == NULL ? 0 : param->types;
    if (param == NULL && tool != NULL && tool->schema != NULL) {
        qtc_defect(p, QTC_D_UNDECLARED_PARAMETER, e.name);
    }
    return types != 0 && (types & CONTAINERS) == 0 ? begin_value(p, &e, i) : collect(p, &e, i);
}

/* <tool_name>: the call's name follows. */
static size_t begin_name(struct qtc_parser *p, size_t i)
{
    p->header_at = qtc_pos(p, i);
    p->body.at = QTC_B_NAME;
    return i;
}

static size_t step_name(struct qtc_parser *p, size_t i)
{
    while (i < p->n && p->in[i] != '<') {
        i++;
    }
    if (i < p->n) {
        struct qtc_bytes name = qtc_bytes_trim(qtc_held_from(p, p->header_at, i));
        qtc_buf_put(&p->call.name, qtc_name_set(p, p->call.format, name));
        p->call.tool = qtc_tools_find(p->options.tools, qtc_buf_bytes(&p->call.name));
        p->body.at = QTC_B_BETWEEN;
    }
    return i;
}

/* An opening tag, or one without an inside. */
static size_t on_opening(struct qtc_parser *p, const struct qtc_element *e, size_t i)
{
    const struct qtc_format *f = p->call.format;
    bool declared = qtc_tool_param(p->call.tool, e->name) != NULL;
    if (p->call.name.len == 0) {
        return listed(f->name_keys, e->name) && !e->empty ? begin_name(p, i) : wait_for_end(p, i);
    }
    if (p->call.whole) {
        return on_text(p, i);
    }
    if (p->call.pending && f->tool_tags && !declared) {
        return wait_for_end(p, i);
    }
    if (f->tool_tags && !declared && qtc_tools_find(p->options.tools, e->name) != NULL) {
        return qtc_body_next(p, i);
    }
    if (p->body.line && !declared) {
        return on_text(p, i);
    }
    commit(p, p->tag);
    return qtc_is_wrapper(p, e->name) ? framing(p, i) : begin_child(p, i);
}

/* The tag that ends at base + i is whole. */
static size_t on_tag(struct qtc_parser *p, size_t i)
{
    struct qtc_element e = qtc_element_read(p, i);
    p->body.at = QTC_B_BETWEEN;
    if (e.note) {
        return framing(p, i);
    }
    if (e.cdata || e.name.len == 0) {
        return on_text(p, i);
    }
    return e.closing ? on_closing(p, &e, i) : on_opening(p, &e, i);
}

/* ---- a child that waits ------------------------------------------------- */

static size_t step_child(struct qtc_parser *p, size_t i)
{
    struct qtc_body_state *b = &p->body;
    const char *tag = memchr(p->in + i, qtc_sign_byte(p->call.format, 0), p->n - i);
    size_t end = tag == NULL ? p->n : (size_t)(tag - p->in);
    qtc_buf_add(&b->rest, p->in + i, end - i);
    if (b->rest.len > MAX_REST) {
        qtc_defect(p, QTC_D_LIMIT_PASSED, qtc_bytes(NULL, 0));
        b->rest.len = b->child;
        b->at = QTC_B_BETWEEN;
        p->state = QTC_S_INNER;
        return end;
    }
    if (tag == NULL) {
        return end;
    }
    qtc_mark_at(p, end);
    return qtc_element_begin(p, QTC_B_CHILD_TAG, end);
}

/* What was kept is text of the child. */
static size_t more_of_child(struct qtc_parser *p, size_t i)
{
    qtc_buf_put(&p->body.rest, qtc_held(p, i));
    qtc_unmark(p);
    p->body.at = QTC_B_CHILD;
    return i;
}

/* The function ends in the child: so does the child. */
static size_t end_unclosed_child(struct qtc_parser *p, size_t i)
{
    struct qtc_body_state *b = &p->body;
    qtc_defect(p, QTC_D_MISSING_CLOSE, qtc_bytes(NULL, 0));
    if (p->call.format->element_prefix != NULL) {
        qtc_buf_str(&b->rest, p->call.format->element_prefix);
    }
    qtc_buf_str(&b->rest, "</");
    qtc_buf_put(&b->rest, qtc_buf_bytes(&p->value.close));
    qtc_buf_byte(&b->rest, '>');
    b->at = QTC_B_BETWEEN;
    return qtc_replay(p, p->tag, i, QTC_S_BODY);
}

static size_t step_child_tag(struct qtc_parser *p, size_t i)
{
    struct qtc_body_state *b = &p->body;
    int end = 0;
    for (; i < p->n && end == 0; i += end >= 0) {
        end = tag_byte(p, i);
    }
    if (end == 0) {
        return i;
    }
    struct qtc_element e = end > 0 ? qtc_element_read(p, i) : (struct qtc_element){0};
    if (e.name.len > 0 && e.closing && !pop(b, e.name) && qtc_ends_function(p, e.name)) {
        return end_unclosed_child(p, i);
    }
    if (e.name.len > 0 && !e.closing && !e.empty && !e.note && !e.cdata) {
        push(b, e.name);
    }
    b->nested = b->nested || (e.name.len > 0 && !e.closing);
    more_of_child(p, i);
    b->at = b->stack.len == 0 ? QTC_B_BETWEEN : QTC_B_CHILD;
    if (b->stack.len == 0 && !qtc_body_joins(p, qtc_buf_bytes(&b->rest_name))) {
        qtc_body_rest(p);
    }
    return i;
}

/* ---- a block that begins with a name ------------------------------------ */

size_t qtc_body_element(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    struct qtc_body_state *b = &p->body;
    p->call.format = mark->format;
    qtc_call_begin(p, qtc_bytes("", 0), 0, false, p->tag);
    qtc_body_begin(p, i);
    b->from = p->tag;
    b->at = QTC_B_TAG;
    b->first = mark->text[1];
    b->quote = '\0';
    b->equals = false;
    return i;
}

/* ---- the steps ---------------------------------------------------------- */

size_t qtc_step_children(struct qtc_parser *p, size_t i)
{
    switch (p->body.at) {
    case QTC_B_TAG:
        return step_tag(p, i);
    case QTC_B_SLASH:
        return step_slash(p, i);
    case QTC_B_NAME:
        return step_name(p, i);
    case QTC_B_CHILD:
        return step_child(p, i);
    case QTC_B_CHILD_TAG:
        return step_child_tag(p, i);
    default:
        return p->body.at < QTC_B_VALUE ? between(p, i) : qtc_step_child_value(p, i);
    }
}

/* The text ends in a child that waits: what there is of it, if that is a string. */
static void cut_child(struct qtc_parser *p)
{
    struct qtc_body_state *b = &p->body;
    const struct qtc_param *param = qtc_tool_param(p->call.tool, qtc_buf_bytes(&p->value.close));
    bool string = param == NULL || param->types == 0 || (param->types & QTC_T_STRING) != 0;
    b->partial = string && !b->nested && p->call.format->element_prefix != NULL;
    b->partial = b->partial || (string && !b->nested && b->rest.len > b->child_text);
    p->value.text.len = 0;
    if (b->partial) {
        qtc_buf_add(&p->value.text, b->rest.data + b->child_text, b->rest.len - b->child_text);
    }
    b->rest.len = b->child;
}

bool qtc_body_limit(struct qtc_parser *p, size_t i)
{
    enum qtc_body_place at = p->body.at;
    if (at == QTC_B_CDATA) {
        qtc_value_data(p, qtc_held(p, i));
        qtc_unmark(p);
    } else if (at == QTC_B_CHILD_TAG) {
        more_of_child(p, i);
    } else if (at >= QTC_B_VALUE) {
        qtc_more_of_value(p, i);
    }
    return at == QTC_B_CDATA || at == QTC_B_CHILD_TAG || at >= QTC_B_VALUE;
}

bool qtc_body_complete(const struct qtc_parser *p)
{
    enum qtc_body_place at = p->body.at;
    bool follows = (at == QTC_B_FOLLOW || at == QTC_B_FOLLOW_TAG) && !p->body.own;
    return p->state == QTC_S_BODY && p->body.line && (at == QTC_B_BETWEEN || at == QTC_B_TAG || follows);
}

void qtc_children_cut(struct qtc_parser *p)
{
    enum qtc_body_place at = p->body.at;
    if (at == QTC_B_CHILD || at == QTC_B_CHILD_TAG) {
        cut_child(p);
    } else if ((at == QTC_B_FOLLOW || at == QTC_B_FOLLOW_TAG) && !p->body.own) {
        qtc_value_end(p);
    } else if (at >= QTC_B_VALUE) {
        qtc_value_cut(p);
    }
}
