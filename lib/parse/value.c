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

static bool is_trimmed(const struct qtc_parser *p, char c)
{
    enum qtc_trim trim = p->call.format->trim;
    return trim == QTC_TRIM_LINE ? c == '\n' : trim == QTC_TRIM_ALL && qtc_is_blank(c);
}

/* Without the blanks at the end that belong to the markup if a tag follows. */
static size_t plain_length(const struct qtc_parser *p, const char *text, size_t len)
{
    size_t end = len;
    while (end > 0 && is_trimmed(p, text[end - 1]) && (end == len || p->call.format->trim == QTC_TRIM_ALL)) {
        end--;
    }
    return end;
}

static size_t begin_tag(struct qtc_parser *p, size_t i)
{
    p->cand = p->tag = qtc_pos(p, i);
    p->node = qtc_markers_child(&p->tag_marks.find, 0, p->in[i]);
    p->value.close_at = p->value.close.len > 0 ? 1 : SIZE_MAX;
    p->state = QTC_S_VALUE_TAG;
    return i + 1;
}

/* Blanks behind the opening tag that belong to the markup. */
static size_t skip_first_blanks(struct qtc_parser *p, size_t i)
{
    if (p->call.format->trim == QTC_TRIM_ALL) {
        while (i < p->n && qtc_is_blank(p->in[i])) {
            i++;
        }
        p->value.first = i == p->n;
        return i;
    }
    p->value.first = false;
    return is_trimmed(p, p->in[i]) ? i + 1 : i;
}

size_t qtc_step_value(struct qtc_parser *p, size_t i)
{
    if (p->value.first) {
        i = skip_first_blanks(p, i);
        if (i == p->n) {
            return i;
        }
    }
    const char *tag = memchr(p->in + i, p->value.lead, p->n - i);
    size_t end = tag == NULL ? p->n : (size_t)(tag - p->in);
    size_t plain = i + plain_length(p, p->in + i, end - i);
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
    while (p->call.format->trim == QTC_TRIM_ALL && i < p->n && qtc_is_blank(p->in[i])) {
        i++;
    }
    if (i == p->n) {
        return i;
    }
    return p->in[i] == p->value.lead ? begin_tag(p, i) : qtc_value_reject(p, i);
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

static size_t value_header_done(struct qtc_parser *p, size_t len, size_t i);

static size_t begin_header(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    qtc_header_begin(p, mark, i);
    p->state = QTC_S_VALUE_HEADER;
    return qtc_tag_closed(mark) ? value_header_done(p, 0, i) : i;
}

/* A function's tag: is it more than a quotation? */
static size_t on_function(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    if (!qtc_tag_whole(mark->text)) {
        return begin_header(p, mark, i);
    }
    p->header_at = p->name_to = qtc_pos(p, i);
    p->state = QTC_S_VALUE_NAME;
    return i;
}

/* <![CDATA[ is markup, what stands before it is text. */
static size_t begin_cdata(struct qtc_parser *p, size_t i)
{
    struct qtc_bytes text = qtc_held_to(p, p->tag, i);
    qtc_value_data(p, text);
    qtc_unmark(p);
    p->node = 0;
    p->state = QTC_S_CDATA;
    return i;
}

static size_t on_tag(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    switch (mark->kind) {
    case QTC_M_CDATA:
        return begin_cdata(p, i);
    case QTC_M_FUNCTION:
        return on_function(p, mark, i);
    case QTC_M_OPEN:
    case QTC_M_CLOSE:
        return judge_by_follower(p, mark->kind, i);
    case QTC_M_PARAMETER:
    case QTC_M_END_PARAMETER:
    case QTC_M_END_FUNCTION:
        return begin_header(p, mark, i);
    default:
        return qtc_value_reject(p, i);
    }
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
    const struct qtc_mark_set *set = &p->tag_marks;
    while (i < p->n) {
        char c = p->in[i];
        const struct qtc_mark *mark = p->node == 0 ? NULL : qtc_mark_found(set, p->node);
        if (mark != NULL && !qtc_mark_longer(set, p->node, c)) {
            return on_tag(p, mark, i);
        }
        bool own = step_own_close(&p->value, c);
        p->node = p->node == 0 ? 0 : qtc_markers_child(&set->find, p->node, c);
        if (own) {
            return judge_by_follower(p, QTC_M_PROPERTY, i + 1);
        }
        if (p->node == 0 && p->value.close_at == SIZE_MAX) {
            return qtc_value_reject(p, i);
        }
        i++;
        if (p->node != 0 && set->find.nodes[p->node].child == 0) {
            return on_tag(p, qtc_mark_found(set, p->node), i);
        }
    }
    return i;
}

/* p->node brackets of its end were seen, and are kept; of three, the first is text. */
static size_t end_of_cdata(struct qtc_parser *p, size_t i)
{
    char c = p->in[i];
    if (c == ']' && p->node == 1) {
        p->node = 2;
        return i + 1;
    }
    if (c == ']') {
        qtc_value_data(p, qtc_str("]"));
        qtc_mark_move(p, p->mark + 1);
        return i + 1;
    }
    if (c == '>' && p->node == 2) {
        qtc_unmark(p);
        p->state = QTC_S_VALUE;
        return i + 1;
    }
    qtc_value_data(p, qtc_bytes("]]", p->node));
    qtc_unmark(p);
    p->node = 0;
    return i;
}

/* Text in which no marker counts. */
size_t qtc_step_cdata(struct qtc_parser *p, size_t i)
{
    if (p->node > 0) {
        return end_of_cdata(p, i);
    }
    const char *bracket = memchr(p->in + i, ']', p->n - i);
    size_t end = bracket == NULL ? p->n : (size_t)(bracket - p->in);
    size_t rest = bracket == NULL ? qtc_utf8_incomplete(p->in + i, end - i) : 0;
    qtc_value_data(p, qtc_bytes(p->in + i, end - rest - i));
    if (rest > 0) {
        qtc_mark_at(p, end - rest);
        p->tail_state = QTC_S_CDATA;
        p->state = QTC_S_TAIL;
    }
    if (bracket == NULL) {
        return end;
    }
    qtc_mark_at(p, end);
    p->node = 1;
    return end + 1;
}

/* ---- a tag's inside ----------------------------------------------------- */

static size_t nested(struct qtc_parser *p, const struct qtc_mark *next, size_t i);

/* The inside of the tag that was read, up to base + i. */
static struct qtc_bytes inside_tag(struct qtc_parser *p, size_t i)
{
    struct qtc_bytes held = qtc_held_from(p, p->header_at, i);
    return qtc_bytes(held.data, p->header_len < held.len ? p->header_len : held.len);
}

/* Is <function=N> in a value more than a quotation? */
static bool may_be_call(struct qtc_parser *p, struct qtc_bytes inside)
{
    struct qtc_tag tag;
    return qtc_tag_read(p->header_format, QTC_M_FUNCTION, inside, &tag) &&
           (p->options.tools == NULL || qtc_tools_find(p->options.tools, tag.name) != NULL);
}

static bool is_declared(const struct qtc_parser *p, struct qtc_bytes name)
{
    const struct qtc_tool *tool = p->call.tool;
    return tool == NULL || tool->schema == NULL || qtc_tool_param(tool, name) != NULL;
}

/* <parameter=K> in a value: the one before was not closed, if K is one. */
static size_t next_parameter(struct qtc_parser *p, struct qtc_bytes inside, size_t i)
{
    struct qtc_tag tag;
    bool nameless = p->value.nameless;
    bool named = qtc_tag_read(p->header_format, QTC_M_PARAMETER, inside, &tag) && is_declared(p, tag.name);
    if (!named && !(nameless && qtc_bytes_trim(inside).len == 0)) {
        qtc_defect(p, QTC_D_MARKER_IN_VALUE, qtc_bytes(NULL, 0));
        return qtc_value_reject(p, i);
    }
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
    qtc_parameter_begin(p, trimmed, 0, 0);
    qtc_buf_free(&name);
    qtc_unmark(p);
    return next;
}

/* The closing tag needs no follower: the value is a number, say, and can hold no tag. */
static size_t end_of_scalar(struct qtc_parser *p, size_t i)
{
    qtc_value_end(p);
    qtc_unmark(p);
    p->state = QTC_S_FUNCTION;
    return i;
}

/* The tag is complete at base + i; its inside has `len` bytes. */
static size_t value_header_done(struct qtc_parser *p, size_t len, size_t i)
{
    p->header_len = len;
    switch (p->header_kind) {
    case QTC_M_PARAMETER:
        return next_parameter(p, inside_tag(p, i), i);
    case QTC_M_FUNCTION:
        if (!may_be_call(p, inside_tag(p, i))) {
            return qtc_value_reject(p, i);
        }
        break;
    case QTC_M_END_PARAMETER:
        if (p->value.naming) {
            return end_of_name(p, i);
        }
        if (qtc_value_is_scalar(p)) {
            return end_of_scalar(p, i);
        }
        break;
    default:
        break;
    }
    return judge_by_follower(p, p->header_kind, i);
}

/* A closing tag without its end, before another tag: still one. */
static size_t value_header_cut(struct qtc_parser *p, size_t i)
{
    bool closing = p->header_kind == QTC_M_END_PARAMETER || p->header_kind == QTC_M_END_FUNCTION;
    if (!closing || p->in[i] != p->value.lead || p->header_matched > 0) {
        return qtc_value_reject(p, i);
    }
    qtc_defect(p, QTC_D_MALFORMED_TAG, qtc_bytes(NULL, 0));
    return value_header_done(p, (size_t)(qtc_pos(p, i) - p->header_at), i);
}

size_t qtc_step_value_header(struct qtc_parser *p, size_t i)
{
    bool closing = p->header_kind == QTC_M_END_PARAMETER || p->header_kind == QTC_M_END_FUNCTION;
    for (; i < p->n; i++) {
        int end = qtc_header_byte(p, p->in[i]);
        if (end > 0) {
            return value_header_done(p, (size_t)(qtc_pos(p, i + 1) - p->header_at) - p->header_matched,
                                     i + 1);
        }
        if (closing ? end < 0 && p->in[i] != '\n' : end < 0) {
            return value_header_cut(p, i);
        }
        if (closing && p->header_matched == 0 && !qtc_is_blank(p->in[i])) {
            return qtc_value_reject(p, i);
        }
    }
    return i;
}

static bool is_known(struct qtc_parser *p, size_t i)
{
    struct qtc_bytes held = qtc_held_from(p, p->header_at, i);
    struct qtc_bytes name = qtc_bytes(held.data, (size_t)(p->name_to - p->header_at));
    return name.len > 0 && (p->options.tools == NULL || qtc_tools_find(p->options.tools, name) != NULL);
}

/* <tool_call>NAME, in a value: a call's if its parameters follow, or its end. */
size_t qtc_step_value_name(struct qtc_parser *p, size_t i)
{
    for (; i < p->n && qtc_is_blank(p->in[i]) && p->name_to == p->header_at; i++) {
        p->header_at = p->name_to = qtc_pos(p, i + 1);
    }
    for (; i < p->n && qtc_name_char(p->in[i]) && p->name_to == qtc_pos(p, i); i++) {
        p->name_to = qtc_pos(p, i + 1);
    }
    while (i < p->n && qtc_is_blank(p->in[i])) {
        i++;
    }
    if (i == p->n) {
        return i;
    }
    return is_known(p, i) ? judge_by_follower(p, QTC_M_FUNCTION, i) : qtc_value_reject(p, i);
}

/* ---- what follows a closing tag ----------------------------------------- */

static bool opens_call(enum qtc_mark_kind kind)
{
    return kind == QTC_M_OPEN || kind == QTC_M_FUNCTION || kind == QTC_M_HEADER;
}

/* Which tags make the one before them structure. */
static bool confirms(enum qtc_mark_kind closer, enum qtc_mark_kind next)
{
    switch (closer) {
    case QTC_M_END_PARAMETER:
        return next != QTC_M_END_PARAMETER && next != QTC_M_VALUE && next != QTC_M_ELEMENT;
    case QTC_M_END_FUNCTION:
        return next == QTC_M_CLOSE || next == QTC_M_MESSAGE_CLOSE || opens_call(next);
    case QTC_M_CLOSE:
        return opens_call(next);
    case QTC_M_OPEN:
        return next == QTC_M_FUNCTION;
    case QTC_M_FUNCTION:
        return next == QTC_M_PARAMETER || next == QTC_M_END_FUNCTION || next == QTC_M_SKIP;
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
static size_t reject_for_next(struct qtc_parser *p, const struct qtc_mark *next, size_t i)
{
    struct qtc_bytes held = qtc_held_to(p, p->tag, i);
    size_t text = plain_length(p, held.data, held.len);
    qtc_defect(p, QTC_D_MARKER_IN_VALUE, qtc_bytes(NULL, 0));
    qtc_value_data(p, qtc_bytes(held.data, text));
    qtc_mark_move(p, p->mark + text);
    p->cand = p->tag;
    return on_tag(p, next, i);
}

/* The closing tag is one: the value ends, and what stands behind it is found. */
static size_t accept_closer(struct qtc_parser *p, const struct qtc_mark *next, size_t i)
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
            return accept_closer(p, NULL, i);
        }
    }
    if (i == p->n) {
        return i;
    }
    if (!p->tag_marks.find.first[(unsigned char)p->in[i]]) {
        return reject_closer(p, i);
    }
    if (v->closer == QTC_M_PROPERTY) {
        qtc_value_end(p);
        qtc_mark_move(p, v->closer_end);
        p->state = QTC_S_FUNCTION;
        return i;
    }
    p->tag = qtc_pos(p, i);
    p->node = qtc_markers_child(&p->tag_marks.find, 0, p->in[i]);
    p->state = QTC_S_FOLLOW_TAG;
    return i + 1;
}

static size_t on_follower(struct qtc_parser *p, const struct qtc_mark *next, size_t i)
{
    enum qtc_mark_kind closer = p->value.closer;
    if (!confirms(closer, next->kind)) {
        return reject_for_next(p, next, i);
    }
    if (closer == QTC_M_OPEN) {
        return on_function(p, next, i);
    }
    if (closer == QTC_M_FUNCTION && next->kind == QTC_M_SKIP) {
        p->state = QTC_S_FOLLOW;
        return i;
    }
    if (closer == QTC_M_FUNCTION) {
        return nested(p, next, i);
    }
    if (closer == QTC_M_END_FUNCTION && next->kind == QTC_M_CLOSE) {
        /* Both closers, but no </parameter>: still a quotation if its line goes on. */
        judge_by_follower(p, next->kind, i);
        p->value.chain = true;
        return i;
    }
    return accept_closer(p, next, i);
}

size_t qtc_step_follow_tag(struct qtc_parser *p, size_t i)
{
    const struct qtc_mark *mark;
    i = qtc_mark_follow(p, i, &mark);
    if (mark != NULL) {
        return on_follower(p, mark, i);
    }
    return p->node == 0 ? reject_closer(p, i) : i;
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
static size_t nested(struct qtc_parser *p, const struct qtc_mark *next, size_t i)
{
    if (p->no_nest) {
        return leave_to_nested(p, i);
    }
    p->value.depth = next->kind == QTC_M_END_FUNCTION ? 0 : 1;
    p->node = 0;
    p->state = QTC_S_NEST;
    return i;
}

/* The value's own end is in sight: the inner call is its text. */
static size_t keep_nested(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    uint64_t tag = qtc_pos(p, i) - strlen(mark->text);
    struct qtc_bytes text = qtc_held_to(p, tag, i);
    text.len = plain_length(p, text.data, text.len);
    qtc_defect(p, QTC_D_MARKER_IN_VALUE, qtc_bytes(NULL, 0));
    qtc_value_data(p, text);
    qtc_mark_move(p, p->mark + text.len);
    p->cand = p->tag = tag;
    return begin_header(p, mark, i);
}

size_t qtc_step_nest(struct qtc_parser *p, size_t i)
{
    const struct qtc_markers *find = &p->tag_marks.find;
    while (i < p->n) {
        p->node = qtc_markers_step(find, p->node, p->in[i++]);
        if (find->nodes[p->node].id < 0) {
            continue;
        }
        const struct qtc_mark *mark = qtc_mark_found(&p->tag_marks, p->node);
        p->node = 0;
        if (mark->kind == QTC_M_FUNCTION && mark->text[0] == p->value.lead) {
            p->value.depth++;
        } else if (mark->kind == QTC_M_END_FUNCTION && p->value.depth > 0) {
            p->value.depth--;
        } else if (mark->kind == QTC_M_END_PARAMETER && p->value.depth == 0) {
            return keep_nested(p, mark, i);
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
    if (p->state == QTC_S_NEST || p->state == QTC_S_VALUE_NAME) {
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
