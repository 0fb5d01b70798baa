/* Where a tagged parameter's value ends.
 *
 * A value is any text, that of a file which quotes markup too. So a closing tag
 * is one only if structure follows it; until then it is kept:
 *
 *      VALUE -> VALUE_LINE -> VALUE_TAG -> VALUE_HEADER -> FOLLOW -> FOLLOW_TAG
 *                  "\n"      "</param"      "eter>"       blanks     "</func"
 *
 * A whole call inside a value (NEST) belongs to the value if the value's own end
 * comes behind it; if the text ends first, the tags before it were forgotten. */
#include "parse/parser.h"

#include <string.h>

static size_t plain_end(const struct qtc_parser *p, size_t begin, size_t end)
{
    return end > begin && p->in[end - 1] == '\n' ? end - 1 : end;
}

static size_t begin_tag(struct qtc_parser *p, size_t i)
{
    p->cand = p->tag = qtc_pos(p, i);
    p->node = qtc_markers_child(&p->tag_marks.find, 0, '<');
    p->value.close_at = p->value.close.len > 0 ? 1 : SIZE_MAX;
    p->state = QTC_S_VALUE_TAG;
    return i + 1;
}

/* One line end behind the opening tag belongs to the markup. */
static size_t skip_first_line_end(struct qtc_parser *p, size_t i)
{
    p->value.first = false;
    return p->in[i] == '\n' ? i + 1 : i;
}

size_t qtc_step_value(struct qtc_parser *p, size_t i)
{
    if (p->value.first) {
        i = skip_first_line_end(p, i);
        if (i == p->n) {
            return i;
        }
    }
    const char *tag = memchr(p->in + i, '<', p->n - i);
    size_t end = tag == NULL ? p->n : (size_t)(tag - p->in);
    size_t plain = plain_end(p, i, end);
    size_t rest = plain == p->n ? qtc_utf8_incomplete(p->in + i, plain - i) : 0;
    plain -= rest;
    if (plain > i) {
        qtc_value_data(p, qtc_bytes(p->in + i, plain - i));
    }
    if (plain < p->n) {
        qtc_mark_at(p, plain);
    }
    if (tag != NULL) {
        return begin_tag(p, end);
    }
    if (rest > 0) {
        p->tail_state = QTC_S_VALUE;
        p->state = QTC_S_TAIL;
    } else if (plain < end) {
        p->state = QTC_S_VALUE_LINE;
    }
    return end;
}

size_t qtc_value_reject(struct qtc_parser *p, size_t i)
{
    qtc_value_data(p, qtc_held(p, i));
    qtc_unmark(p);
    p->state = QTC_S_VALUE;
    return i;
}

size_t qtc_step_value_line(struct qtc_parser *p, size_t i)
{
    return p->in[i] == '<' ? begin_tag(p, i) : qtc_value_reject(p, i);
}

/* ---- tags inside the value ---------------------------------------------- */

static size_t judge_by_follower(struct qtc_parser *p, enum qtc_mark_kind closer, size_t i)
{
    p->value.closer = closer;
    p->value.closer_end = qtc_pos(p, i);
    p->value.chain = false;
    p->state = QTC_S_FOLLOW;
    return i;
}

static size_t begin_header(struct qtc_parser *p, enum qtc_mark_kind kind, size_t i)
{
    p->header_kind = kind;
    p->header_at = qtc_pos(p, i);
    p->state = QTC_S_VALUE_HEADER;
    return i;
}

static size_t on_tag(struct qtc_parser *p, enum qtc_mark_kind kind, size_t i)
{
    if (kind == QTC_M_OPEN || kind == QTC_M_CLOSE) {
        return judge_by_follower(p, kind, i);
    }
    return begin_header(p, kind, i);
}

/* Advances along </NAME> where a parameter's name is its tag; true at its end. */
static bool step_own_close(struct qtc_value *v, char c)
{
    if (v->close_at >= v->close.len) {
        return false;
    }
    v->close_at = v->close.data[v->close_at] == c ? v->close_at + 1 : SIZE_MAX;
    return v->close_at == v->close.len;
}

size_t qtc_step_value_tag(struct qtc_parser *p, size_t i)
{
    const struct qtc_markers *find = &p->tag_marks.find;
    while (i < p->n) {
        char c = p->in[i];
        bool own = step_own_close(&p->value, c);
        p->node = p->node == 0 ? 0 : qtc_markers_child(find, p->node, c);
        if (own) {
            return judge_by_follower(p, QTC_M_PROPERTY, i + 1);
        }
        if (p->node == 0 && p->value.close_at == SIZE_MAX) {
            return qtc_value_reject(p, i);
        }
        i++;
        if (find->nodes[p->node].id >= 0) {
            return on_tag(p, p->tag_marks.marks[find->nodes[p->node].id].kind, i);
        }
    }
    return i;
}

/* ---- a tag's inside ----------------------------------------------------- */

static size_t nested(struct qtc_parser *p, enum qtc_mark_kind next, size_t i);

/* Is <function=N> in a value more than a quotation? */
static bool may_be_call(struct qtc_parser *p, struct qtc_bytes inside)
{
    struct qtc_bytes name;
    unsigned flags;
    if (!qtc_tag_name(inside, &name, &flags)) {
        return false;
    }
    return p->options.tools == NULL || qtc_tools_find(p->options.tools, name) != NULL;
}

/* <parameter=K> in a value: the one before was not closed, if K is one. */
static size_t next_parameter(struct qtc_parser *p, struct qtc_bytes inside, size_t i)
{
    struct qtc_bytes name = {0};
    unsigned flags = 0;
    bool unnamed = qtc_bytes_trim(inside).len == 0 && p->value.nameless;
    bool named =
        qtc_tag_name(inside, &name, &flags) &&
        (p->call.tool == NULL || p->call.tool->schema == NULL || qtc_tool_param(p->call.tool, name) != NULL);
    if (!unnamed && !named) {
        qtc_defect(p, QTC_D_MARKER_IN_VALUE, qtc_bytes(NULL, 0));
        return qtc_value_reject(p, i);
    }
    bool nameless = p->value.nameless;
    if (!nameless) {
        qtc_defect(p, QTC_D_MISSING_CLOSE, qtc_bytes(NULL, 0));
    }
    qtc_value_end(p);
    p->state = QTC_S_FUNCTION;
    return qtc_replay(p, p->cand, i, QTC_S_FUNCTION);
}

/* <parameter>name</parameter>: the name is known, its value follows. */
static size_t end_of_name(struct qtc_parser *p, size_t next)
{
    struct qtc_buf name = p->value.text;
    p->value.text = (struct qtc_buf){.failed = name.failed};
    struct qtc_bytes trimmed = qtc_bytes_trim(qtc_buf_bytes(&name));
    qtc_defect(p, QTC_D_NAMELESS_PARAMETER, trimmed);
    qtc_parameter_begin(p, trimmed, 0);
    qtc_buf_free(&name);
    qtc_unmark(p);
    return next;
}

static size_t value_header_done(struct qtc_parser *p, size_t i, size_t next)
{
    struct qtc_bytes inside = qtc_held_from(p, p->header_at, i);
    switch (p->header_kind) {
    case QTC_M_PARAMETER:
        return next_parameter(p, inside, next);
    case QTC_M_FUNCTION:
        if (!may_be_call(p, inside)) {
            return qtc_value_reject(p, next);
        }
        break;
    case QTC_M_END_PARAMETER:
        if (p->value.naming) {
            return end_of_name(p, next);
        }
        break;
    default:
        break;
    }
    return judge_by_follower(p, p->header_kind, next);
}

size_t qtc_step_value_header(struct qtc_parser *p, size_t i)
{
    bool closing = p->header_kind == QTC_M_END_PARAMETER || p->header_kind == QTC_M_END_FUNCTION;
    for (; i < p->n; i++) {
        char c = p->in[i];
        if (c == '>') {
            return value_header_done(p, i, i + 1);
        }
        if (closing && c == '<') {
            qtc_defect(p, QTC_D_MALFORMED_TAG, qtc_bytes(NULL, 0));
            return value_header_done(p, i, i);
        }
        if (closing ? !qtc_is_blank(c) : c == '<' || c == '\n') {
            return qtc_value_reject(p, i);
        }
    }
    return i;
}

/* ---- what follows a closing tag ----------------------------------------- */

/* Which tags make the one before them structure. */
static bool confirms(enum qtc_mark_kind closer, enum qtc_mark_kind next)
{
    switch (closer) {
    case QTC_M_END_PARAMETER:
        return next != QTC_M_END_PARAMETER;
    case QTC_M_END_FUNCTION:
        return next == QTC_M_CLOSE || next == QTC_M_OPEN || next == QTC_M_FUNCTION;
    case QTC_M_CLOSE:
        return next == QTC_M_OPEN || next == QTC_M_FUNCTION;
    case QTC_M_OPEN:
        return next == QTC_M_FUNCTION;
    case QTC_M_FUNCTION:
        return next == QTC_M_PARAMETER || next == QTC_M_END_FUNCTION;
    default:
        return false;
    }
}

static size_t reject_closer(struct qtc_parser *p, size_t i)
{
    qtc_defect(p, QTC_D_MARKER_IN_VALUE, qtc_bytes(NULL, 0));
    return qtc_value_reject(p, i);
}

/* The tag is text, and the one behind it, which ends at base + i, is judged by
 * itself: the value's own end may stand behind a marker that it quotes. */
static size_t reject_for_next(struct qtc_parser *p, enum qtc_mark_kind next, size_t i)
{
    struct qtc_bytes held = qtc_held_to(p, p->tag, i);
    size_t text = held.len > 0 && held.data[held.len - 1] == '\n' ? held.len - 1 : held.len;
    qtc_defect(p, QTC_D_MARKER_IN_VALUE, qtc_bytes(NULL, 0));
    qtc_value_data(p, qtc_bytes(held.data, text));
    qtc_mark_move(p, p->mark + text);
    p->cand = p->tag;
    return on_tag(p, next, i);
}

/* The closing tag is one: the value ends, and the tag behind it is found. */
static size_t accept_closer(struct qtc_parser *p, enum qtc_mark_kind next, size_t i)
{
    enum qtc_mark_kind closer = p->value.closer;
    qtc_value_end(p);
    if (closer == QTC_M_END_PARAMETER) {
        qtc_mark_move(p, p->value.closer_end);
        p->origin = QTC_S_FUNCTION;
        return qtc_structure(p, next, i);
    }
    qtc_defect(p, QTC_D_MISSING_CLOSE, qtc_bytes(NULL, 0));
    return qtc_replay(p, p->cand, i, QTC_S_FUNCTION);
}

size_t qtc_step_follow(struct qtc_parser *p, size_t i)
{
    struct qtc_value *v = &p->value;
    while (i < p->n && qtc_is_blank(p->in[i])) {
        if (p->in[i++] == '\n' && v->chain) {
            return accept_closer(p, v->closer, i);
        }
    }
    if (i == p->n) {
        return i;
    }
    if (p->in[i] != '<') {
        return reject_closer(p, i);
    }
    if (v->closer == QTC_M_PROPERTY) {
        qtc_value_end(p);
        qtc_mark_move(p, v->closer_end);
        p->state = QTC_S_FUNCTION;
        return i;
    }
    p->tag = qtc_pos(p, i);
    p->node = qtc_markers_child(&p->tag_marks.find, 0, '<');
    p->state = QTC_S_FOLLOW_TAG;
    return i + 1;
}

static size_t on_follower(struct qtc_parser *p, enum qtc_mark_kind next, size_t i)
{
    enum qtc_mark_kind closer = p->value.closer;
    if (!confirms(closer, next)) {
        return reject_for_next(p, next, i);
    }
    if (closer == QTC_M_OPEN) {
        return begin_header(p, next, i);
    }
    if (closer == QTC_M_FUNCTION) {
        return nested(p, next, i);
    }
    if (closer == QTC_M_END_FUNCTION && next == QTC_M_CLOSE) {
        /* Both closers, but no </parameter>: still a quotation if its line goes on. */
        judge_by_follower(p, next, i);
        p->value.chain = true;
        return i;
    }
    return accept_closer(p, next, i);
}

size_t qtc_step_follow_tag(struct qtc_parser *p, size_t i)
{
    const struct qtc_markers *find = &p->tag_marks.find;
    while (i < p->n) {
        p->node = qtc_markers_child(find, p->node, p->in[i]);
        if (p->node == 0) {
            return reject_closer(p, i);
        }
        i++;
        if (find->nodes[p->node].id >= 0) {
            return on_follower(p, p->tag_marks.marks[find->nodes[p->node].id].kind, i);
        }
    }
    return i;
}

/* ---- a call inside the value -------------------------------------------- */

/* The tags before the inner call were forgotten: it is a call of its own. */
static size_t leave_to_nested(struct qtc_parser *p, size_t i)
{
    qtc_defect(p, QTC_D_NESTED_OPEN, qtc_bytes(NULL, 0));
    qtc_defect(p, QTC_D_MISSING_CLOSE, qtc_bytes(NULL, 0));
    qtc_value_end(p);
    uint64_t from = p->cand;
    qtc_call_end(p, from, false);
    bool before = p->no_nest;
    p->no_nest = true;
    qtc_replay(p, from, i, QTC_S_AFTER);
    p->no_nest = before;
    return i;
}

/* Behind its header stands a parameter, or its end. */
static size_t nested(struct qtc_parser *p, enum qtc_mark_kind next, size_t i)
{
    if (p->no_nest) {
        return leave_to_nested(p, i);
    }
    p->value.depth = next == QTC_M_END_FUNCTION ? 0 : 1;
    p->node = 0;
    p->state = QTC_S_NEST;
    return i;
}

/* The value's own end is in sight: the inner call is its text. */
static size_t keep_nested(struct qtc_parser *p, size_t len, size_t i)
{
    uint64_t tag = qtc_pos(p, i) - len;
    struct qtc_bytes text = qtc_held_to(p, tag, i);
    if (text.len > 0 && text.data[text.len - 1] == '\n') {
        text.len--;
    }
    qtc_defect(p, QTC_D_MARKER_IN_VALUE, qtc_bytes(NULL, 0));
    qtc_value_data(p, text);
    qtc_mark_move(p, p->mark + text.len);
    p->cand = p->tag = tag;
    return begin_header(p, QTC_M_END_PARAMETER, i);
}

size_t qtc_step_nest(struct qtc_parser *p, size_t i)
{
    const struct qtc_markers *find = &p->tag_marks.find;
    while (i < p->n) {
        p->node = qtc_markers_step(find, p->node, p->in[i++]);
        if (find->nodes[p->node].id < 0) {
            continue;
        }
        const struct qtc_mark *mark = &p->tag_marks.marks[find->nodes[p->node].id];
        p->node = 0;
        if (mark->kind == QTC_M_FUNCTION && mark->text[0] == '<') {
            p->value.depth++;
        } else if (mark->kind == QTC_M_END_FUNCTION && p->value.depth > 0) {
            p->value.depth--;
        } else if (mark->kind == QTC_M_END_PARAMETER && p->value.depth == 0) {
            return keep_nested(p, strlen(mark->text), i);
        }
    }
    return i;
}

/* ---- the end of the text ------------------------------------------------ */

bool qtc_value_finish(struct qtc_parser *p)
{
    struct qtc_value *v = &p->value;
    if (p->state == QTC_S_NEST && v->depth == 0) {
        leave_to_nested(p, 0);
        return true;
    }
    if (p->state == QTC_S_NEST) {
        qtc_value_reject(p, 0);
    }
    bool judged = p->state == QTC_S_FOLLOW || p->state == QTC_S_FOLLOW_TAG;
    if (judged && (v->closer == QTC_M_OPEN || v->closer == QTC_M_FUNCTION)) {
        qtc_value_reject(p, 0);
        judged = false;
    }
    if (!judged) {
        qtc_value_cut(p);
        return false;
    }
    qtc_value_end(p);
    if (v->closer == QTC_M_END_FUNCTION || v->closer == QTC_M_CLOSE) {
        qtc_defect(p, QTC_D_MISSING_CLOSE, qtc_bytes(NULL, 0));
        qtc_replay(p, p->cand, 0, QTC_S_FUNCTION);
        return true;
    }
    return false;
}
