/* Functions whose tag is a tool's name, and what models make of that tag.
 *
 *      <get_weather>…</get_weather>   <get_weather/>   < get_weather />
 *      <get_weather
 *        <city>Tokyo</city> />        the tag's end is missing
 *      get_weather
 *      <city>Tokyo</city>             a line instead of a tag
 *
 * Only what comes behind it tells whether it is a call. */
#include "parse/parser.h"

/* ---- the tag ------------------------------------------------------------ */

enum phase { NAME, BLANKS, SLASH, ATTRIBUTES };

static struct qtc_bytes tool_name(const struct qtc_mark *mark)
{
    struct qtc_bytes name = qtc_str(mark->text);
    size_t skip = mark->kind == QTC_M_TOOL_LINE ? 0 : 1;
    return qtc_bytes_trim(qtc_bytes(name.data + skip, name.len - skip));
}

size_t qtc_tool_begin(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    struct qtc_body_state *b = &p->body;
    if (p->origin == QTC_S_AFTER) {
        p->cand = p->tag;
    }
    p->call.format = mark->format;
    qtc_call_begin(p, tool_name(mark), 0, false, qtc_pos(p, i));
    b->at = mark->kind == QTC_M_TOOL ? QTC_B_TOOL : QTC_B_LINE;
    b->phase = NAME;
    b->quote = '\0';
    b->equals = b->newline = false;
    p->header_at = qtc_pos(p, i);
    p->state = QTC_S_BODY;
    return i;
}

/* The name is that of something else. */
static size_t no_tool(struct qtc_parser *p, size_t i)
{
    p->call.pending = false;
    p->text.bare |= p->body.at != QTC_B_TOOL; /* a mere word: no defect */
    return qtc_not_structure(p, i);
}

static size_t begin(struct qtc_parser *p, bool slash, size_t i)
{
    qtc_body_begin(p, i);
    p->body.slash = slash;
    p->call.flags |= slash ? (unsigned)QTC_NAME_UNTERMINATED : 0u;
    return i;
}

/* A byte behind the name and blanks: what comes is the inside, or attributes. */
static size_t behind_blanks(struct qtc_parser *p, size_t i)
{
    bool yaml = p->call.format->body == QTC_BODY_YAML;
    if (yaml ? p->body.newline : p->in[i] == '<') {
        return begin(p, true, i);
    }
    p->body.phase = ATTRIBUTES;
    return qtc_name_char(p->in[i]) ? i + 1 : no_tool(p, i);
}

static size_t step_attributes(struct qtc_parser *p, size_t i)
{
    struct qtc_body_state *b = &p->body;
    char c = p->in[i];
    if (b->quote != '\0') {
        b->quote = c == b->quote ? '\0' : b->quote;
        return i + 1;
    }
    b->quote = b->equals && (c == '"' || c == '\'') ? c : '\0';
    b->equals = c == '=' || (b->equals && qtc_is_blank(c));
    b->phase = c == '/' ? SLASH : ATTRIBUTES;
    return c == '<' ? no_tool(p, i) : c == '>' ? begin(p, false, i + 1) : i + 1;
}

static size_t step_tag(struct qtc_parser *p, size_t i)
{
    struct qtc_body_state *b = &p->body;
    char c = p->in[i];
    if (b->phase == ATTRIBUTES) {
        return step_attributes(p, i);
    }
    if (b->phase == SLASH) {
        if (c != '>' || !qtc_is_given(p, p->call.format)) {
            return no_tool(p, i);
        }
        begin(p, false, i + 1);
        return qtc_body_end(p, i + 1);
    }
    if (c == '>') {
        return begin(p, false, i + 1);
    }
    if (c == '/' || qtc_is_blank(c)) {
        b->newline = b->newline || c == '\n';
        b->phase = c == '/' ? SLASH : BLANKS;
        return i + 1;
    }
    return b->phase == NAME ? no_tool(p, i) : behind_blanks(p, i);
}

/* ---- the line ----------------------------------------------------------- */

/* NAME, a colon or not, the line's end, and a parameter's tag. */
static size_t step_line(struct qtc_parser *p, size_t i)
{
    struct qtc_body_state *b = &p->body;
    char c = p->in[i];
    if (c == ':' && b->phase == NAME) {
        b->phase = BLANKS;
        return i + 1;
    }
    if (qtc_is_blank(c)) {
        b->phase = BLANKS;
        b->newline = b->newline || c == '\n';
        return i + 1;
    }
    if (c != '<' || !b->newline) {
        return no_tool(p, i);
    }
    qtc_body_begin(p, i);
    b->line = true;
    p->tag = qtc_pos(p, i);
    p->value.close.len = 0;
    b->at = QTC_B_LINE_CHILD;
    return i + 1;
}

static bool is_parameter(struct qtc_parser *p, size_t i)
{
    struct qtc_bytes tag = qtc_held_from(p, p->tag, i);
    struct qtc_bytes name = tag.len < 3 ? tag : qtc_bytes(tag.data + 1, tag.len - 2);
    return qtc_tool_param(p->call.tool, name) != NULL;
}

/* The first parameter is closed, so it is a call: it is read as one. */
static size_t certain(struct qtc_parser *p, size_t i)
{
    uint64_t from = p->body.from;
    qtc_call_commit(p, from);
    p->body.at = QTC_B_BETWEEN;
    return qtc_replay(p, from, i, QTC_S_BODY);
}

static size_t step_line_child(struct qtc_parser *p, size_t i)
{
    struct qtc_value *v = &p->value;
    char c = p->in[i];
    if (v->close.len > 0) {
        v->close_at = c == v->close.data[v->close_at] ? v->close_at + 1 : c == '<';
        return v->close_at == v->close.len ? certain(p, i + 1) : i + 1;
    }
    if (c == '>' && is_parameter(p, i + 1)) {
        struct qtc_bytes tag = qtc_held_from(p, p->tag, i + 1);
        qtc_buf_str(&v->close, "</");
        qtc_buf_add(&v->close, tag.data + 1, tag.len - 1);
        v->close_at = 0;
        return i + 1;
    }
    return c == '>' || c == '<' || qtc_is_blank(c) ? no_tool(p, i) : i + 1;
}

size_t qtc_step_tool(struct qtc_parser *p, size_t i)
{
    switch (p->body.at) {
    case QTC_B_LINE:
        return step_line(p, i);
    case QTC_B_LINE_CHILD:
        return step_line_child(p, i);
    default:
        return step_tag(p, i);
    }
}
