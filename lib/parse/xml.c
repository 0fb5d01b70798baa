/* The structure of tagged calls: blocks, functions and their tags.
 *
 *      <tool_call>        BLOCK
 *        <function=N>     FUNCTION
 *          <parameter=K>  (value.c)  </parameter>
 *        </function>      AFTER
 *      </tool_call>       text again
 *
 * Between tags stand blanks; a tag is kept until it is known to be one, so that
 * it can be text again. */
#include "parse/parser.h"

#include <string.h>

/* ---- what a tag's inside says ------------------------------------------- */

static struct qtc_bytes skip_blanks(struct qtc_bytes s)
{
    while (s.len > 0 && qtc_is_blank(s.data[0])) {
        s = qtc_bytes(s.data + 1, s.len - 1);
    }
    return s;
}

/* ="NAME" or name="NAME": what stands behind the equals sign. */
static bool behind_equals(struct qtc_bytes inside, struct qtc_bytes *rest, unsigned *flags)
{
    static const char attribute[] = "name";
    struct qtc_bytes s = skip_blanks(inside);
    size_t len = sizeof attribute - 1;
    if (s.len > len && memcmp(s.data, attribute, len) == 0) {
        *flags |= QTC_NAME_ATTRIBUTE;
        s = skip_blanks(qtc_bytes(s.data + len, s.len - len));
    }
    if (s.len == 0 || s.data[0] != '=') {
        return false;
    }
    *rest = qtc_bytes(s.data + 1, s.len - 1);
    return true;
}

static struct qtc_bytes trim_name(struct qtc_bytes name, unsigned *flags)
{
    struct qtc_bytes trimmed = qtc_bytes_trim(name);
    *flags |= trimmed.len < name.len ? (unsigned)QTC_NAME_SPACED : 0u;
    return trimmed;
}

static bool unquote(struct qtc_bytes *name, unsigned *flags)
{
    char quote = name->len > 0 ? name->data[0] : '\0';
    if (quote != '"' && quote != '\'') {
        return true;
    }
    const char *end = memchr(name->data + 1, quote, name->len - 1);
    if (end == NULL) {
        return false;
    }
    *flags |= QTC_NAME_QUOTED;
    *name = trim_name(qtc_bytes(name->data + 1, (size_t)(end - name->data - 1)), flags);
    return true;
}

/* Prose such as <function=...> has no letter in its name. */
static bool is_name(struct qtc_bytes name)
{
    bool letter = false;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c < 0x20) {
            return false;
        }
        letter = letter || c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                 (c >= 'a' && c <= 'z');
    }
    return letter;
}

bool qtc_tag_name(struct qtc_bytes inside, struct qtc_bytes *name, unsigned *flags)
{
    struct qtc_bytes rest;
    *flags = 0;
    if (!behind_equals(inside, &rest, flags)) {
        return false;
    }
    *name = trim_name(rest, flags);
    return unquote(name, flags) && is_name(*name);
}

bool qtc_tag_open(enum qtc_mark_kind kind, struct qtc_bytes inside)
{
    struct qtc_bytes s = skip_blanks(inside);
    if (s.len == 0) {
        return true;
    }
    if (kind == QTC_M_END_FUNCTION || kind == QTC_M_END_PARAMETER) {
        return false;
    }
    size_t len = s.len < 4 ? s.len : 4;
    return s.data[0] == '=' || (s.len < inside.len && memcmp(s.data, "name", len) == 0);
}

/* <function=N/> has no body. */
static bool cut_slash(struct qtc_bytes *inside)
{
    if (inside->len > 1 && inside->data[inside->len - 1] == '/') {
        inside->len--;
        return true;
    }
    return false;
}

/* ---- where the structure is left ---------------------------------------- */

/* Behind a call and not in a block's markup any more. */
static size_t leave(struct qtc_parser *p, size_t i)
{
    if (p->text.in_block) {
        qtc_defect(p, QTC_D_TEXT_INSIDE_WRAPPER, qtc_bytes(NULL, 0));
    }
    uint64_t mark = p->mark;
    qtc_text_begin(p, true);
    return mark == QTC_NO_MARK ? i : qtc_replay(p, mark, i, p->state);
}

/* A tag that has no place here. */
static size_t not_structure(struct qtc_parser *p, size_t i)
{
    switch (p->origin) {
    case QTC_S_FUNCTION:
        if (p->call.pending) {
            return qtc_fail(p, i, QTC_D_STRAY_OPENER);
        }
        p->state = QTC_S_INNER;
        return i;
    case QTC_S_AFTER:
        return leave(p, i);
    default:
        return qtc_fail(p, i, QTC_D_STRAY_OPENER);
    }
}

/* Text where a parameter is due, up to the next tag: content. */
size_t qtc_step_inner(struct qtc_parser *p, size_t i)
{
    const char *tag = memchr(p->in + i, '<', p->n - i);
    size_t end = tag == NULL ? p->n : (size_t)(tag - p->in);
    qtc_mark_from(p, i);
    if (!p->call.inner) {
        qtc_defect(p, QTC_D_TEXT_INSIDE_WRAPPER, qtc_bytes(NULL, 0));
        p->call.inner = true;
    }
    if (p->trial.on && p->trial.in_fence) {
        /* a call is taken from a code fence only if nothing else is in it */
        qtc_trial_fail(p, QTC_D_TEXT_INSIDE_WRAPPER);
    }
    if (p->trial.failed) {
        return i;
    }
    p->state = end < p->n ? QTC_S_FUNCTION : QTC_S_INNER;
    qtc_flush_args(p, p->mark);
    qtc_emit_held(p, QTC_CONTENT, end);
    return end;
}

/* ---- between tags ------------------------------------------------------- */

static size_t skip(struct qtc_parser *p, size_t i)
{
    qtc_mark_from(p, i);
    while (i < p->n && qtc_is_blank(p->in[i])) {
        i++;
    }
    return i;
}

static size_t begin_tag(struct qtc_parser *p, size_t i)
{
    p->origin = p->state;
    p->tag = qtc_pos(p, i);
    p->node = qtc_markers_child(&p->tag_marks.find, 0, p->in[i]);
    p->state = QTC_S_TAG;
    return i + 1;
}

void qtc_block_begin(struct qtc_parser *p, const struct qtc_format *format)
{
    qtc_use_tags(p, format);
    p->text.in_block = true;
    p->text.in_array = p->text.block_call = false;
    p->state = QTC_S_BLOCK;
}

/* A JSON object, or an array of them; kept from the block's opener on. */
static size_t begin_json(struct qtc_parser *p, char c, size_t i)
{
    const struct qtc_format *format = qtc_sibling(p->tag_format, QTC_BODY_JSON);
    if (format == NULL) {
        return not_structure(p, i);
    }
    if (c == '[') {
        p->text.in_array = true;
        p->state = QTC_S_ARRAY;
        if (!format->array && p->text.in_block) {
            qtc_defect(p, QTC_D_ARRAY_IN_BLOCK, qtc_bytes(NULL, 0));
        }
        return i + 1;
    }
    qtc_object_begin(p, format, false);
    return i;
}

static size_t begin_fence(struct qtc_parser *p, size_t i)
{
    p->origin = p->state;
    p->tag = qtc_pos(p, i);
    p->state = QTC_S_FENCE;
    return i + 1;
}

size_t qtc_step_block(struct qtc_parser *p, size_t i)
{
    i = skip(p, i);
    if (i == p->n) {
        return i;
    }
    char c = p->in[i];
    if (c == '{' || c == '[') {
        p->origin = QTC_S_BLOCK;
        return begin_json(p, c, i);
    }
    if (c == '`') {
        return begin_fence(p, i);
    }
    if (p->tag_marks.find.first[(unsigned char)c]) {
        return begin_tag(p, i);
    }
    return qtc_fail(p, i, QTC_D_STRAY_OPENER);
}

/* ```json and the end of its line, or the closing ``` behind the body. */
size_t qtc_step_fence(struct qtc_parser *p, size_t i)
{
    char c = p->in[i];
    if (c == '`' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        return qtc_pos(p, i) - p->tag < 24 ? i + 1 : not_structure(p, i);
    }
    if (c != '\n' && c != '<' && c != '{') {
        return not_structure(p, i);
    }
    if (p->origin == QTC_S_BLOCK) {
        qtc_defect(p, QTC_D_FENCE_IN_BODY, qtc_bytes(NULL, 0));
    }
    p->state = p->origin;
    return i;
}

size_t qtc_step_function(struct qtc_parser *p, size_t i)
{
    i = skip(p, i);
    if (i == p->n) {
        return i;
    }
    char c = p->in[i];
    if (c == '<') {
        return begin_tag(p, i);
    }
    if (c == '{' && !p->call.began && !p->call.whole) {
        if (p->call.pending) {
            qtc_call_commit(p, qtc_pos(p, i));
        }
        qtc_unmark(p);
        qtc_object_begin(p, p->call.format, true);
        return i;
    }
    p->origin = QTC_S_FUNCTION;
    return not_structure(p, i);
}

size_t qtc_step_after(struct qtc_parser *p, size_t i)
{
    do {
        i = skip(p, i);
    } while (i < p->n && p->text.in_block && (p->in[i] == ',' || p->in[i] == ';') && ++i < p->n);
    if (i == p->n) {
        return i;
    }
    char c = p->in[i];
    p->origin = QTC_S_AFTER;
    if (c == '<') {
        return begin_tag(p, i);
    }
    if (!p->text.in_block) {
        return leave(p, i);
    }
    if (c == '{' || c == '[') {
        p->cand = qtc_pos(p, i);
        qtc_defect(p, QTC_D_SEVERAL_IN_BLOCK, qtc_bytes(NULL, 0));
        return begin_json(p, c, i);
    }
    if (c == '}' || c == ']') {
        qtc_defect(p, QTC_D_EXTRA_BRACE, qtc_bytes(NULL, 0));
        qtc_emit_held(p, QTC_FRAMING, i + 1);
        return i + 1;
    }
    if (c == '`') {
        return begin_fence(p, i);
    }
    return leave(p, i);
}

/* ---- tags --------------------------------------------------------------- */

/* A tag that is none of the format's may be named like a parameter. */
static size_t begin_property(struct qtc_parser *p, size_t i)
{
    if (p->origin != QTC_S_FUNCTION || p->call.tool == NULL) {
        return not_structure(p, i);
    }
    p->state = QTC_S_PROPERTY;
    return i;
}

size_t qtc_step_tag(struct qtc_parser *p, size_t i)
{
    const struct qtc_markers *find = &p->tag_marks.find;
    while (i < p->n) {
        unsigned node = qtc_markers_child(find, p->node, p->in[i]);
        if (node == 0) {
            return begin_property(p, i);
        }
        i++;
        p->node = node;
        if (find->nodes[node].id >= 0) {
            const struct qtc_mark *mark = &p->tag_marks.marks[find->nodes[node].id];
            if (mark->text[0] != '<' && p->origin == QTC_S_BLOCK) {
                p->header_at = qtc_pos(p, i) - 1; /* the equals sign is part of the inside */
                p->header_kind = QTC_M_FUNCTION;
                p->header_flags = QTC_NAME_UNTERMINATED;
                p->state = QTC_S_HEADER;
                return i;
            }
            return qtc_structure(p, mark->kind, i);
        }
    }
    return i;
}

size_t qtc_step_property(struct qtc_parser *p, size_t i)
{
    while (i < p->n && p->in[i] != '>' && p->in[i] != '<' && p->in[i] != '\n') {
        i++;
    }
    if (i == p->n) {
        return i;
    }
    struct qtc_bytes name = qtc_held_from(p, p->tag + 1, i);
    if (p->in[i] != '>' || qtc_tool_param(p->call.tool, name) == NULL) {
        return not_structure(p, i);
    }
    if (p->call.pending) {
        qtc_call_commit(p, p->tag);
        name = qtc_held_from(p, p->tag + 1, i);
    }
    qtc_defect(p, QTC_D_PROPERTY_TAG, name);
    struct qtc_buf *close = &p->value.close;
    close->len = 0;
    qtc_buf_str(close, "</");
    qtc_buf_put(close, name);
    qtc_buf_byte(close, '>');
    qtc_parameter_begin(p, name, 0);
    qtc_unmark(p);
    return i + 1;
}

static size_t begin_header(struct qtc_parser *p, enum qtc_mark_kind kind, size_t i)
{
    p->header_kind = kind;
    p->header_flags = 0;
    p->header_at = qtc_pos(p, i);
    p->state = QTC_S_HEADER;
    return i;
}

void qtc_function_begin(struct qtc_parser *p, size_t i)
{
    begin_header(p, QTC_M_FUNCTION, i);
}

/* The open call lacks its closing tag: it ends where the next tag begins. */
static void end_unclosed(struct qtc_parser *p)
{
    qtc_defect(p, QTC_D_MISSING_CLOSE, qtc_bytes(NULL, 0));
    qtc_call_end(p, p->tag, false);
    qtc_mark_move(p, p->tag);
}

/* A function's call: at once where nothing can undo it. */
static size_t function_header(struct qtc_parser *p, struct qtc_bytes inside, size_t i, size_t next)
{
    struct qtc_bytes name;
    unsigned flags;
    bool closed = cut_slash(&inside);
    if (!qtc_tag_name(inside, &name, &flags)) {
        return not_structure(p, i);
    }
    if (p->origin == QTC_S_FUNCTION && p->call.open) {
        end_unclosed(p);
        inside = qtc_held_from(p, p->header_at, i);
        cut_slash(&inside);
        qtc_tag_name(inside, &name, &flags);
        p->origin = QTC_S_AFTER;
    }
    if (p->origin == QTC_S_AFTER) {
        p->cand = p->tag;
        if (p->text.in_block) {
            qtc_defect(p, QTC_D_SEVERAL_IN_BLOCK, qtc_bytes(NULL, 0));
        }
    }
    p->call.format = qtc_sibling(p->tag_format, QTC_BODY_XML);
    flags |= p->header_flags | (closed ? (unsigned)QTC_NAME_UNTERMINATED : 0u);
    qtc_call_begin(p, name, flags, p->text.in_block || closed, qtc_pos(p, next));
    if (closed) {
        qtc_call_end(p, qtc_pos(p, next), false);
    }
    if (!p->call.pending) {
        qtc_unmark(p);
    }
    p->state = closed ? QTC_S_AFTER : QTC_S_FUNCTION;
    return next;
}

static size_t parameter_header(struct qtc_parser *p, struct qtc_bytes inside, size_t i, size_t next)
{
    struct qtc_bytes name;
    unsigned flags = 0;
    bool unnamed = qtc_bytes_trim(inside).len == 0;
    if (p->origin != QTC_S_FUNCTION || p->call.whole || (!unnamed && !qtc_tag_name(inside, &name, &flags))) {
        return not_structure(p, i);
    }
    if (p->call.pending) {
        qtc_call_commit(p, p->tag);
        inside = qtc_held_from(p, p->header_at, i);
        qtc_tag_name(inside, &name, &flags);
    }
    p->value.close.len = 0;
    if (unnamed) {
        qtc_parameter_unnamed(p);
    } else {
        qtc_parameter_begin(p, name, flags | p->header_flags);
    }
    qtc_unmark(p);
    return next;
}

static size_t closing_header(struct qtc_parser *p, size_t i, size_t next)
{
    if (p->header_kind == QTC_M_END_FUNCTION && p->origin == QTC_S_FUNCTION) {
        if (p->call.pending) {
            qtc_call_commit(p, p->tag);
        }
        qtc_call_end(p, qtc_pos(p, next), false);
        qtc_unmark(p);
        p->state = QTC_S_AFTER;
        return next;
    }
    if (p->origin == QTC_S_TEXT || p->origin == QTC_S_BLOCK || p->call.pending) {
        return not_structure(p, i);
    }
    qtc_defect(p, QTC_D_STRAY_CLOSER, qtc_held_from(p, p->tag, next));
    qtc_flush_args(p, p->mark);
    qtc_emit_held(p, QTC_FRAMING, next);
    p->state = p->origin;
    return next;
}

/* in[i] ends the tag's inside; the piece goes on at next. */
static size_t header_done(struct qtc_parser *p, size_t i, size_t next)
{
    struct qtc_bytes inside = qtc_held_from(p, p->header_at, i);
    switch (p->header_kind) {
    case QTC_M_FUNCTION:
        return function_header(p, inside, i, next);
    case QTC_M_PARAMETER:
        return parameter_header(p, inside, i, next);
    default:
        return closing_header(p, i, next);
    }
}

/* A tag that lacks its '>': the name is what stands before the line's end. */
static size_t header_cut(struct qtc_parser *p, size_t i)
{
    struct qtc_bytes inside = qtc_held_from(p, p->header_at, i);
    struct qtc_bytes name;
    unsigned flags;
    bool opens = p->header_kind == QTC_M_FUNCTION || p->header_kind == QTC_M_PARAMETER;
    if (opens && (!qtc_tag_name(inside, &name, &flags) || memchr(name.data, ' ', name.len) != NULL)) {
        return not_structure(p, i);
    }
    p->header_flags |= QTC_NAME_UNTERMINATED;
    return header_done(p, i, i);
}

size_t qtc_step_header(struct qtc_parser *p, size_t i)
{
    for (; i < p->n; i++) {
        char c = p->in[i];
        if (c == '>') {
            return header_done(p, i, i + 1);
        }
        if (c == '<' || c == '\n') {
            return header_cut(p, i);
        }
        if (qtc_pos(p, i) < p->header_at + 8 &&
            !qtc_tag_open(p->header_kind, qtc_held_from(p, p->header_at, i + 1))) {
            return not_structure(p, i);
        }
    }
    return i;
}

/* ---- openers and closers of blocks -------------------------------------- */

static size_t open_block(struct qtc_parser *p, size_t i)
{
    switch (p->origin) {
    case QTC_S_BLOCK:
        if (p->trial.on) {
            return qtc_fail(p, i, QTC_D_STRAY_OPENER);
        }
        qtc_defect(p, QTC_D_STRAY_OPENER, qtc_bytes(NULL, 0));
        break;
    case QTC_S_FUNCTION:
        if (p->call.pending) {
            return qtc_fail(p, i, QTC_D_STRAY_OPENER);
        }
        end_unclosed(p);
        break;
    default:
        if (p->text.in_block) {
            qtc_defect(p, QTC_D_MISSING_CLOSE, qtc_bytes(NULL, 0));
        }
        break;
    }
    if (p->origin == QTC_S_BLOCK) {
        struct qtc_bytes text = qtc_held_to(p, p->tag, i);
        qtc_text_note(p, text);
        qtc_emit(p, qtc_text_kind(p), p->tag, text);
        qtc_mark_move(p, p->tag);
    }
    p->cand = p->tag;
    qtc_block_begin(p, p->tag_format);
    return i;
}

static size_t close_block(struct qtc_parser *p, size_t i)
{
    switch (p->origin) {
    case QTC_S_BLOCK:
        return qtc_fail(p, i, QTC_D_EMPTY_CALL);
    case QTC_S_FUNCTION:
        if (p->call.pending) {
            return qtc_fail(p, i, QTC_D_STRAY_OPENER);
        }
        end_unclosed(p);
        break;
    default:
        break;
    }
    p->text.in_block = p->text.in_array = false;
    qtc_emit_held(p, QTC_FRAMING, i);
    qtc_text_begin(p, true);
    return i;
}

size_t qtc_structure(struct qtc_parser *p, enum qtc_mark_kind kind, size_t i)
{
    switch (kind) {
    case QTC_M_OPEN:
        return open_block(p, i);
    case QTC_M_CLOSE:
        return close_block(p, i);
    default:
        return begin_header(p, kind, i);
    }
}
