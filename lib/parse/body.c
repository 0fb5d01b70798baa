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

size_t qtc_body_begin(struct qtc_parser *p, size_t i)
{
    struct qtc_body_state *b = &p->body;
    p->value.text.len = p->value.close.len = 0;
    p->value.mode = QTC_VALUE_SKIP;
    p->node = 0;
    b->at = p->call.format->body == QTC_BODY_YAML ? QTC_B_WHOLE : QTC_B_BETWEEN;
    b->from = qtc_pos(p, i);
    b->rest.len = b->rest_name.len = b->own_at = 0;
    b->partial = b->slash = b->line = false;
    b->blanks = 0;
    b->newline = false;
    p->state = QTC_S_BODY;
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
    return kind == QTC_M_END_FUNCTION || kind == QTC_M_CLOSE || kind == QTC_M_OPEN ||
           kind == QTC_M_FUNCTION || kind == QTC_M_HEADER || kind == QTC_M_MESSAGE_CLOSE;
}

/* ---- reading it --------------------------------------------------------- */

/* The inside of the first element of one of these names, and where the element stands. */
static bool find_element(struct qtc_bytes text, const char *const *names, struct qtc_bytes *inside,
                         struct qtc_bytes *whole)
{
    for (size_t i = 0; text.len > 0 && names[i] != NULL; i++) {
        char open[64], close[64];
        size_t len = strlen(names[i]);
        if (len + 4 > sizeof open) {
            continue;
        }
        open[0] = close[0] = '<';
        memcpy(open + 1, names[i], len + 1);
        close[1] = '/';
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
    bool xml = f->cdata || f->body == QTC_BODY_YAML;
    struct qtc_element_rules rules = {
        .prefix = f->element_prefix,
        .item = "item",
        .noise = xml,
        .entities = xml,
        .trim = f->trim == QTC_TRIM_ALL || f->body == QTC_BODY_YAML,
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

/* ---- text instead of parameters ----------------------------------------- */

/* The only parameter that takes text; NULL: there are none, or several. */
static const struct qtc_param *text_parameter(const struct qtc_tool *tool)
{
    const struct qtc_param *found = NULL;
    for (size_t i = 0; tool != NULL && i < tool->param_count; i++) {
        if (tool->params[i].types == QTC_T_STRING) {
            if (found != NULL) {
                return NULL;
            }
            found = &tool->params[i];
        }
    }
    return found;
}

/* A declared parameter's tag is in the text. */
static bool has_parameter(const struct qtc_tool *tool, struct qtc_bytes text)
{
    for (size_t i = 0; i < tool->param_count; i++) {
        struct qtc_bytes name = tool->params[i].name, rest = text;
        const char *at;
        while (rest.len > name.len && (at = memmem(rest.data, rest.len, name.data, name.len)) != NULL) {
            if (at > text.data && at[-1] == '<') {
                return true;
            }
            rest = qtc_bytes(at + 1, (size_t)(rest.data + rest.len - at) - 1);
        }
    }
    return false;
}

/* <send_message>Hello</send_message>: the text is the one parameter that may be text. */
static bool read_text(struct qtc_parser *p, struct qtc_bytes text)
{
    const struct qtc_param *param = p->call.format->tool_tags ? text_parameter(p->call.tool) : NULL;
    struct qtc_buf plain = {0};
    if (param == NULL || has_parameter(p->call.tool, text)) {
        return false;
    }
    qtc_elements_text(&plain, text);
    struct qtc_bytes trimmed = qtc_bytes_trim(qtc_buf_bytes(&plain));
    bool some = trimmed.len > 0;
    if (some) {
        qtc_buf_byte(&p->args, '{');
        qtc_json_string(&p->args, param->name);
        qtc_buf_byte(&p->args, ':');
        qtc_json_string(&p->args, trimmed);
        qtc_buf_byte(&p->args, '}');
    }
    p->args.failed |= plain.failed;
    qtc_buf_free(&plain);
    return some;
}

/* ---- YAML --------------------------------------------------------------- */

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

/* The declared parameter whose member begins with this line; *inside: what is behind its colon. */
static const struct qtc_param *member_line(const struct qtc_tool *tool, struct qtc_bytes line, size_t *inside)
{
    const char *colon = memchr(line.data, ':', line.len);
    if (colon == NULL) {
        return NULL;
    }
    struct qtc_bytes name = qtc_bytes(line.data, (size_t)(colon - line.data));
    bool ends = name.len + 1 == line.len || qtc_is_blank(colon[1]);
    *inside = name.len + 1 + (name.len + 1 < line.len && colon[1] == ' ');
    return ends ? qtc_tool_param(tool, name) : NULL;
}

static size_t line_length(struct qtc_bytes text)
{
    const char *end = memchr(text.data, '\n', text.len);
    return end == NULL ? text.len : (size_t)(end - text.data) + 1;
}

/* One member by itself: YAML, or else its text as it is. */
static void read_member(struct qtc_parser *p, const struct qtc_param *param, struct qtc_bytes text,
                        size_t inside, unsigned *found, bool *mismatch)
{
    struct qtc_buf *args = &p->args;
    size_t start = args->len;
    bool first = start == 0;
    if (read_yaml(p, text, found, mismatch)) {
        args->data[start] = first ? '{' : ','; /* {"k":v} becomes one more member */
        args->len--;
        return;
    }
    qtc_buf_byte(args, first ? '{' : ',');
    qtc_json_string(args, param->name);
    qtc_buf_byte(args, ':');
    qtc_json_string(args, qtc_bytes(text.data + inside, text.len - inside));
    *mismatch |= param->types != 0 && (param->types & QTC_T_STRING) == 0;
}

/* Text that is no YAML as a whole: a member goes on to the next line that begins with
 * a parameter's name, so that text of many lines needs no quotes. */
static bool read_members(struct qtc_parser *p, struct qtc_bytes text, unsigned *found, bool *mismatch)
{
    const struct qtc_param *param = NULL, *next;
    size_t start = 0, inside = 0, after = 0;
    for (size_t i = 0; i < text.len;) {
        struct qtc_bytes line = qtc_bytes(text.data + i, line_length(qtc_bytes(text.data + i, text.len - i)));
        next = member_line(p->call.tool, line, &after);
        if (next == NULL && param == NULL && qtc_bytes_trim(line).len > 0) {
            return false;
        }
        if (next != NULL && param != NULL) {
            read_member(p, param, qtc_bytes(text.data + start, i - start), inside, found, mismatch);
        }
        if (next != NULL) {
            param = next;
            start = i;
            inside = after;
        }
        i += line.len;
    }
    if (param != NULL) {
        read_member(p, param, qtc_bytes(text.data + start, text.len - start), inside, found, mismatch);
        qtc_buf_byte(&p->args, '}');
    }
    return param != NULL;
}

static bool is_object(const struct qtc_parser *p)
{
    return p->args.len > 0 && p->args.data[0] == '{';
}

static bool read_yaml_body(struct qtc_parser *p, struct qtc_bytes text, unsigned *found, bool *mismatch)
{
    p->args.len = 0;
    if (read_yaml(p, text, found, mismatch)) {
        return true;
    }
    if (read_members(p, text, found, mismatch)) {
        return true;
    }
    p->args.len = 0;
    read_elements(p, &p->args, text, found, mismatch);
    return is_object(p);
}

/* ---- which of them ------------------------------------------------------ */

/* There was text beside the children. */
static bool has_text(struct qtc_bytes json)
{
    return memmem(json.data, json.len, "$text\":", 7) != NULL;
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
    p->args.len = 0;
    if (f->body == QTC_BODY_YAML) {
        return read_yaml_body(p, text, found, mismatch);
    }
    read_elements(p, &p->args, text, found, mismatch);
    if (!is_object(p) || has_text(qtc_buf_bytes(&p->args))) {
        size_t len = p->args.len;
        p->args.len = 0;
        if (read_text(p, text)) {
            qtc_defect(p, QTC_D_NAMELESS_PARAMETER, qtc_bytes(NULL, 0));
            return true;
        }
        p->args.len = len;
    }
    return is_object(p);
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
        if (!p->call.open) {
            return false;
        }
        qtc_buf_str(&p->args, "{}");
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

/* "/>" on a line of its own, where the function's tag has no end. */
static bool ends_in_slash(const struct qtc_parser *p)
{
    struct qtc_bytes text = qtc_buf_bytes(&p->value.text);
    if (!p->body.slash || text.len < 2 || text.data[text.len - 2] != '/') {
        return false;
    }
    size_t k = text.len - 2;
    while (k > 0 && (text.data[k - 1] == ' ' || text.data[k - 1] == '\t')) {
        k--;
    }
    return k == 0 || text.data[k - 1] == '\n';
}

/* A line, or "key: ", has been collected. */
static bool ends_key(const struct qtc_parser *p)
{
    const struct qtc_buf *text = &p->value.text;
    char c = text->len > 0 ? text->data[text->len - 1] : 'x';
    bool colon = text->len > 1 && text->data[text->len - 2] == ':';
    return p->call.format->body == QTC_BODY_YAML && qtc_is_blank(c) && (colon || c == '\n');
}

/* A line that begins with a parameter's name: the tool's tag was a call's. Only the
 * first line is asked. */
static void note_line(struct qtc_parser *p)
{
    struct qtc_bytes line = qtc_buf_bytes(&p->value.text);
    size_t inside;
    while (line.len > 0 && qtc_is_blank(line.data[0])) {
        line = qtc_bytes(line.data + 1, line.len - 1);
    }
    p->body.newline = line.len > 0;
    bool indented = line.data > p->value.text.data &&
                    memchr(p->value.text.data, '\n', (size_t)(line.data - p->value.text.data)) != NULL;
    if (!indented && !qtc_is_given(p, p->call.format)) {
        return; /* a guess must look like YAML: its lines are lines */
    }
    if (line.len > 0 && member_line(p->call.tool, line, &inside) != NULL) {
        qtc_call_commit(p, p->body.from);
        qtc_unmark(p);
    }
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
        if (p->call.pending && !p->body.newline && ends_key(p)) {
            note_line(p);
            if (p->call.pending && p->body.newline && !qtc_is_given(p, p->call.format)) {
                return qtc_fail(p, i, QTC_D_STRAY_OPENER);
            }
        }
        if (own) {
            return on_end(p, NULL, p->call.name.len + 3 + p->body.blanks, i);
        }
        if (c == '>' && ends_in_slash(p)) {
            return on_end(p, NULL, 2, i);
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
    if (p->body.at < QTC_B_WHOLE) {
        return qtc_step_tool(p, i);
    }
    return p->body.at == QTC_B_WHOLE ? step_whole(p, i) : qtc_step_children(p, i);
}

/* ---- children that waited ----------------------------------------------- */

/* {"NAME":VALUE} */
static struct qtc_bytes only_value(struct qtc_bytes object)
{
    size_t i = 2;
    if (object.len < 6 || object.data[0] != '{' || object.data[1] != '"') {
        return qtc_bytes(NULL, 0);
    }
    while (i < object.len && object.data[i] != '"') {
        i += object.data[i] == '\\' ? 2 : 1;
    }
    return i + 3 > object.len ? qtc_bytes(NULL, 0) : qtc_bytes(object.data + i + 2, object.len - i - 3);
}

bool qtc_body_joins(const struct qtc_parser *p, struct qtc_bytes name)
{
    const struct qtc_param *param = qtc_tool_param(p->call.tool, name);
    return param == NULL || param->types == 0 || (param->types & QTC_T_ARRAY) != 0;
}

void qtc_body_rest(struct qtc_parser *p)
{
    struct qtc_body_state *b = &p->body;
    struct qtc_bytes name = qtc_buf_bytes(&b->rest_name);
    unsigned found = 0;
    bool mismatch = false;
    if (b->rest.len == 0) {
        return;
    }
    b->scratch.len = 0;
    read_elements(p, &b->scratch, qtc_buf_bytes(&b->rest), &found, &mismatch);
    struct qtc_bytes value = only_value(qtc_buf_bytes(&b->scratch));
    b->rest.len = 0;
    qtc_parameter_json(p, name, value.len > 0 ? value : qtc_buf_bytes(&b->scratch), qtc_body_joins(p, name));
    qtc_tell_mended(p, found);
    if (mismatch) {
        qtc_defect(p, QTC_D_TYPE_MISMATCH, name);
    }
    b->scratch.len = b->rest_name.len = 0;
}

void qtc_body_partial(struct qtc_parser *p)
{
    if (!p->body.partial) {
        return;
    }
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

static bool is_closer(char c)
{
    return c == '}' || c == ']';
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
    if (qtc_bytes_trim(text).len == 0 || !read_body(p, unwrap(p, text), &found, &mismatch)) {
        p->args.len = 0;
        qtc_buf_str(&p->args, "{}");
    }
    if (p->options.recover == QTC_RECOVER_LENIENT || p->args.len == 0) {
        return;
    }
    while (p->args.len > 0 && is_closer(p->args.data[p->args.len - 1])) {
        p->args.len--; /* nothing says that it is whole */
    }
    bool line = text.len > 0 && text.data[text.len - 1] == '\n';
    if (!line && p->args.len > 0 && p->args.data[p->args.len - 1] == '"') {
        p->args.len--; /* nor the text in the last line */
    }
}
