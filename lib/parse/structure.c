/* The structure of calls: blocks, functions and their tags.
 *
 *      <tool_call>        BLOCK
 *        <function=N>     FUNCTION         {"name": N, …}  (call.c)
 *          <parameter=K>  (value.c)  </parameter>
 *        </function>      AFTER
 *      </tool_call>       text again
 *
 * Between tags stand blanks; a tag is kept until it is known to be one, so that
 * it can be text again. */
#include "parse/parser.h"

#include <string.h>

/* ---- what a tag's inside says ------------------------------------------- */

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
    if (p->text.no_close) {
        p->text.in_block = p->text.in_array = false;
    } else if (p->text.in_block) {
        qtc_defect(p, QTC_D_TEXT_INSIDE_WRAPPER, qtc_bytes(NULL, 0));
    }
    uint64_t mark = p->mark;
    qtc_text_begin(p, true);
    return mark == QTC_NO_MARK ? i : qtc_replay(p, mark, i, p->state);
}

size_t qtc_not_structure(struct qtc_parser *p, size_t i)
{
    bool name = p->origin >= QTC_S_NAME && p->origin <= QTC_S_NAME_TYPE;
    bool in_name = p->state >= QTC_S_NAME && p->state <= QTC_S_NAME_TYPE;
    enum qtc_state origin = name || in_name || p->state == QTC_S_READER ? p->name_origin : p->origin;
    if (origin == QTC_S_FUNCTION && !p->call.pending) {
        p->state = QTC_S_INNER;
        return i;
    }
    if (origin == QTC_S_AFTER || (origin == QTC_S_ARRAY && p->text.block_call)) {
        p->call.pending = false;
        return leave(p, i);
    }
    return qtc_fail(p, i, QTC_D_STRAY_OPENER);
}

/* Text where a parameter is due, up to the next tag: content. */
size_t qtc_step_inner(struct qtc_parser *p, size_t i)
{
    size_t end = i;
    while (end < p->n && !p->tag_marks.find.first[(unsigned char)p->in[end]]) {
        end++;
    }
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

size_t qtc_tag_begin(struct qtc_parser *p, size_t i)
{
    p->origin = p->state;
    p->tag = qtc_pos(p, i);
    p->node = qtc_markers_child(&p->tag_marks.find, 0, p->in[i]);
    p->state = QTC_S_TAG;
    return i + 1;
}

void qtc_block_begin(struct qtc_parser *p, const char *opener)
{
    qtc_use_group(p, opener);
    p->text.in_block = !qtc_group_skips(p, opener);
    p->text.no_close = opener[0] == '\0' || !qtc_group_closes(p);
    p->text.in_array = p->text.block_call = p->text.in_function = false;
    p->header_format = NULL;
    p->state = QTC_S_BLOCK;
}

/* The marker that opens a block ends at base + i. */
size_t qtc_opener(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    qtc_block_begin(p, mark->row);
    if (!qtc_tag_whole(mark->text)) { /* its tag goes on: <tool_call name="N"> */
        p->origin = QTC_S_BLOCK;
        qtc_header_begin(p, mark, i);
        p->header_kind = QTC_M_FUNCTION;
    }
    return i;
}

/* A JSON object, or an array of calls; kept from the block's opener on. */
static size_t begin_json(struct qtc_parser *p, char c, size_t i)
{
    const struct qtc_format *format = qtc_group_objects(p);
    if (c == '[') {
        format = p->text.bare ? qtc_group_lists(p) : format;
        p->text.in_array = true;
        p->object.junk = p->object.comma = false;
        p->state = QTC_S_ARRAY;
        bool named = format->body == QTC_BODY_TAGS || (format->body == QTC_BODY_NAMED && !format->bare);
        if (p->text.in_block && !p->text.bare && (!format->array || named)) {
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
    if (p->tag_marks.find.first[(unsigned char)c]) {
        return qtc_tag_begin(p, i);
    }
    if (c == '{' || c == '[') {
        p->origin = QTC_S_BLOCK;
        return begin_json(p, c, i);
    }
    if (c == '`') {
        return begin_fence(p, i);
    }
    if (qtc_name_char(c) && qtc_group_names(p)) {
        return qtc_name_begin(p, i);
    }
    return qtc_fail(p, i, QTC_D_STRAY_OPENER);
}

/* ```json and the end of its line, or the closing ``` behind the body. */
size_t qtc_step_fence(struct qtc_parser *p, size_t i)
{
    char c = p->in[i];
    if (c == '`' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        return qtc_pos(p, i) - p->tag < 24 ? i + 1 : qtc_not_structure(p, i);
    }
    if (!qtc_is_blank(c) && c != '<' && c != '{' && c != '[') {
        return qtc_not_structure(p, i);
    }
    if (p->origin == QTC_S_BLOCK) {
        qtc_defect(p, QTC_D_FENCE_IN_BODY, qtc_bytes(NULL, 0));
    }
    p->state = p->origin == QTC_S_NAME_GAP ? QTC_S_FUNCTION : p->origin;
    return i;
}

/* The arguments as one JSON value. */
static size_t begin_arguments(struct qtc_parser *p, size_t i)
{
    if (p->call.pending) {
        qtc_call_commit(p, qtc_pos(p, i));
    }
    qtc_unmark(p);
    qtc_object_begin(p, p->call.format, true);
    return i;
}

/* Text behind a parameter's name: its value, whose tag is missing. */
static size_t value_without_tag(struct qtc_parser *p, size_t i)
{
    struct qtc_call *c = &p->call;
    c->has_key = false;
    qtc_defect(p, QTC_D_MALFORMED_TAG, qtc_buf_bytes(&c->key));
    qtc_parameter_begin(p, qtc_buf_bytes(&c->key), 0, c->key_types);
    qtc_unmark(p);
    return i;
}

size_t qtc_step_function(struct qtc_parser *p, size_t i)
{
    if (qtc_reads_body(p->call.format)) { /* behind JSON, or text between children */
        p->body.at = QTC_B_BETWEEN;
        p->state = QTC_S_BODY;
        return i;
    }
    i = skip(p, i);
    if (i == p->n) {
        return i;
    }
    char c = p->in[i];
    if (p->call.has_key && !p->tag_marks.find.first[(unsigned char)c]) {
        return value_without_tag(p, i);
    }
    bool due = !p->call.began && !p->call.whole && p->call.wrapper == NULL;
    if (c == '{' && due) {
        return begin_arguments(p, i);
    }
    if (p->tag_marks.find.first[(unsigned char)c]) {
        return qtc_tag_begin(p, i);
    }
    if (c == '`') {
        return begin_fence(p, i);
    }
    if (due && p->call.format->body == QTC_BODY_NAMED) {
        return begin_arguments(p, i);
    }
    p->origin = QTC_S_FUNCTION;
    return qtc_not_structure(p, i);
}

/* More than one call between one pair of markers, where a call has a pair of its own. */
static void tell_several(struct qtc_parser *p)
{
    if (p->text.in_block && !p->text.no_close && !qtc_group_first(p)->array && !p->call.format->array) {
        qtc_defect(p, QTC_D_SEVERAL_IN_BLOCK, qtc_bytes(NULL, 0));
    }
}

size_t qtc_step_after(struct qtc_parser *p, size_t i)
{
    i = skip(p, i);
    while (i < p->n && p->text.in_block && (p->in[i] == ',' || p->in[i] == ';')) {
        p->object.comma = true;
        i = skip(p, i + 1);
    }
    if (i == p->n) {
        return i;
    }
    char c = p->in[i];
    p->origin = QTC_S_AFTER;
    if (p->tag_marks.find.first[(unsigned char)c]) {
        return qtc_tag_begin(p, i);
    }
    if (!p->text.in_block) {
        return leave(p, i);
    }
    bool names = qtc_group_find(p, QTC_BODY_PYTHON) != NULL || qtc_group_find(p, QTC_BODY_GEMMA) != NULL;
    if (names && qtc_name_char(c) && (!p->text.no_close || p->object.comma)) {
        p->cand = qtc_pos(p, i);
        return qtc_name_begin(p, i);
    }
    if (c == '{' || (c == '[' && !p->text.no_close)) {
        p->cand = qtc_pos(p, i);
        tell_several(p);
        return begin_json(p, c, i);
    }
    if ((c == '}' || c == ']') && !p->text.no_close) {
        qtc_defect(p, QTC_D_EXTRA_BRACE, qtc_bytes(NULL, 0));
        qtc_emit_held(p, QTC_FRAMING, i + 1);
        return i + 1;
    }
    if (c == '`' && !(p->text.no_close && p->trial.in_fence)) { /* that is the end of the one around all */
        return begin_fence(p, i);
    }
    return leave(p, i);
}

/* ---- tags --------------------------------------------------------------- */

/* A tag that is none of the format's may be named like a parameter. */
static size_t begin_property(struct qtc_parser *p, size_t i)
{
    if (p->origin != QTC_S_FUNCTION || p->call.tool == NULL) {
        return qtc_not_structure(p, i);
    }
    p->state = QTC_S_PROPERTY;
    return i;
}

/* "function=N>" in a block: the tag lacks its first character. */
static size_t headless(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    qtc_header_begin(p, mark, i);
    p->header_at = qtc_pos(p, i) - 1; /* the equals sign is part of the inside */
    p->header_flags = QTC_NAME_UNTERMINATED;
    return i;
}

/* [1, 2] where a marker may begin with '['. */
static size_t json_again(struct qtc_parser *p, char first, size_t i)
{
    uint64_t from = p->tag;
    if (p->origin == QTC_S_FUNCTION) {
        if (p->call.pending) {
            qtc_call_commit(p, from);
        }
        qtc_object_begin(p, p->call.format, true);
        return qtc_replay(p, from, i, QTC_S_JSON);
    }
    struct qtc_buf again = {0};
    qtc_buf_put(&again, qtc_held_from(p, from + 1, i));
    qtc_keep(p, i);
    begin_json(p, first, i);
    i = qtc_again(p, from + 1, qtc_buf_bytes(&again), i);
    qtc_buf_free(&again);
    return i;
}

static bool json_due(const struct qtc_parser *p, char first)
{
    if (first != '[') {
        return false;
    }
    return p->origin == QTC_S_BLOCK ||
           (p->origin == QTC_S_FUNCTION && p->call.format->body == QTC_BODY_NAMED && !p->call.began &&
            !p->call.whole);
}

/* No marker: a name, or text. */
static size_t no_tag(struct qtc_parser *p, size_t i)
{
    bool at_name = p->origin == QTC_S_BLOCK || (p->origin == QTC_S_AFTER && p->text.in_block);
    char first = *qtc_held_from(p, p->tag, i).data;
    if (p->origin == QTC_S_MESSAGE) {
        p->state = QTC_S_MESSAGE;
        return i;
    }
    if (json_due(p, first)) {
        return json_again(p, first, i);
    }
    if (at_name && qtc_name_char(first) && qtc_group_names(p)) {
        qtc_name_begin(p, i);
        p->header_at = p->tag;
        return i;
    }
    return begin_property(p, i);
}

static size_t on_tag(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    bool whole = qtc_name_char(mark->text[0]) && mark->kind == QTC_M_FUNCTION;
    if (whole && p->origin == QTC_S_BLOCK) {
        return headless(p, mark, i);
    }
    if (whole || (mark->kind == QTC_M_ELEMENT && p->origin != QTC_S_BLOCK)) {
        return no_tag(p, i);
    }
    switch (p->origin) {
    case QTC_S_NAME:
    case QTC_S_NAME_GAP:
    case QTC_S_NAME_ID:
        return qtc_name_tag(p, mark, i);
    case QTC_S_MESSAGE:
        return qtc_message_tag(p, mark, i);
    default:
        return qtc_structure(p, mark, i);
    }
}

size_t qtc_step_tag(struct qtc_parser *p, size_t i)
{
    const struct qtc_mark *mark;
    i = qtc_mark_follow(p, i, &mark);
    if (mark != NULL) {
        return on_tag(p, mark, i);
    }
    return p->node == 0 ? no_tag(p, i) : i;
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
        return qtc_not_structure(p, i);
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
    qtc_parameter_begin(p, name, 0, 0);
    qtc_unmark(p);
    return i + 1;
}

void qtc_header_begin(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    p->header_kind = mark->kind;
    p->header_format = mark->format;
    p->header_end = mark->end;
    p->header_matched = 0;
    p->header_sure = p->header_quoted = false;
    p->header_flags = 0;
    p->header_at = qtc_pos(p, i);
    p->state = QTC_S_HEADER;
}

/* The tag has attributes, and ends with a token: "<|sep|>". */
static bool quotes_count(const struct qtc_parser *p)
{
    const struct qtc_format *f = p->header_format;
    const char *attribute = p->header_kind == QTC_M_PARAMETER ? f->key_attribute : f->name_attribute;
    return p->header_end[0] == '<' && attribute != NULL;
}

int qtc_header_byte(struct qtc_parser *p, char c)
{
    if (c == '"' && quotes_count(p)) {
        p->header_quoted = !p->header_quoted;
    }
    if (p->header_quoted) {
        return c == '\n' ? -1 : 0;
    }
    if (c == p->header_end[p->header_matched]) {
        return p->header_end[++p->header_matched] == '\0';
    }
    return p->header_matched > 0 || c == p->header_end[0] || c == '<' || c == '\n' ? -1 : 0;
}

/* The inside of the tag that has been read, up to base + i. */
static struct qtc_bytes inside_tag(struct qtc_parser *p, size_t i)
{
    struct qtc_bytes held = qtc_held_from(p, p->header_at, i);
    return qtc_bytes(held.data, p->header_len < held.len ? p->header_len : held.len);
}

/* The open call lacks its closing tag, where it has one: it ends where the next tag begins. */
static void end_unclosed(struct qtc_parser *p)
{
    if (p->call.format->function_close != NULL) {
        qtc_defect(p, QTC_D_MISSING_CLOSE, qtc_bytes(NULL, 0));
    }
    qtc_call_end(p, p->tag, false);
    qtc_mark_move(p, p->tag);
}

/* A function whose inside is read as a whole. Its name may stand in there. */
static size_t body_header(struct qtc_parser *p, size_t i)
{
    const struct qtc_format *f = p->header_format;
    struct qtc_bytes inside = inside_tag(p, i);
    struct qtc_tag tag = {0};
    bool closed = cut_slash(&inside);
    if (!qtc_tag_read(f, QTC_M_FUNCTION, inside, &tag)) {
        if (f->function_open != NULL) {
            return qtc_not_structure(p, i);
        }
        tag.name = qtc_bytes(NULL, 0);
    }
    if (p->origin == QTC_S_FUNCTION && p->call.open) {
        end_unclosed(p);
        return body_header(p, i); /* the text has moved */
    }
    if (p->origin == QTC_S_AFTER) {
        p->cand = p->tag;
    }
    p->call.format = f;
    qtc_call_begin(p, qtc_name_set(p, f, tag.name), tag.flags, f->element_prefix != NULL, p->header_to);
    if (!p->call.pending) {
        qtc_unmark(p);
    }
    qtc_body_begin(p, i);
    return closed ? qtc_body_end(p, i) : i;
}

/* A function's call: at once where nothing can undo it. */
static size_t function_header(struct qtc_parser *p, size_t i)
{
    const struct qtc_format *f = p->header_format;
    if (qtc_reads_body(f)) {
        return body_header(p, i);
    }
    struct qtc_bytes inside = inside_tag(p, i);
    struct qtc_tag tag;
    bool closed = cut_slash(&inside);
    if (!qtc_tag_read(f, QTC_M_FUNCTION, inside, &tag)) {
        return qtc_not_structure(p, i);
    }
    if (p->origin == QTC_S_FUNCTION && p->call.open) {
        end_unclosed(p);
        inside = inside_tag(p, i);
        cut_slash(&inside);
        qtc_tag_read(f, QTC_M_FUNCTION, inside, &tag);
        p->origin = QTC_S_AFTER;
    }
    if (p->origin == QTC_S_AFTER) {
        p->cand = p->tag;
        p->call.format = f;
        tell_several(p);
    }
    p->call.format = f;
    tag.flags |= p->header_flags | (closed ? (unsigned)QTC_NAME_UNTERMINATED : 0u);
    qtc_call_begin(p, qtc_name_set(p, f, tag.name), tag.flags, p->text.in_block || closed, p->header_to);
    if (closed) {
        qtc_call_end(p, p->header_to, false);
    }
    if (!p->call.pending) {
        qtc_unmark(p);
    }
    p->state = closed ? QTC_S_AFTER : QTC_S_FUNCTION;
    return i;
}

/* <arg_key>K</arg_key>: the value's own tag follows. */
static void keep_key(struct qtc_parser *p, const struct qtc_tag *tag)
{
    struct qtc_call *c = &p->call;
    c->key.len = 0;
    qtc_buf_put(&c->key, tag->name);
    c->key_types = tag->types;
    c->key_flags = tag->flags | p->header_flags;
    c->has_key = true;
    p->state = QTC_S_FUNCTION;
}

static size_t parameter_header(struct qtc_parser *p, size_t i)
{
    const struct qtc_format *f = p->header_format;
    struct qtc_tag tag = {0};
    bool unnamed =
        f->key_attribute == NULL && f->value_open == NULL && qtc_bytes_trim(inside_tag(p, i)).len == 0;
    if (p->origin != QTC_S_FUNCTION || p->call.whole ||
        (!unnamed && !qtc_tag_read(f, QTC_M_PARAMETER, inside_tag(p, i), &tag))) {
        return qtc_not_structure(p, i);
    }
    if (!p->call.began) {
        p->call.format = f;
    }
    if (p->call.pending) {
        qtc_call_commit(p, p->tag);
        if (!unnamed) {
            qtc_tag_read(f, QTC_M_PARAMETER, inside_tag(p, i), &tag);
        }
    }
    p->value.close.len = 0;
    if (unnamed) {
        qtc_parameter_unnamed(p);
    } else if (f->value_open != NULL) {
        keep_key(p, &tag);
    } else {
        struct qtc_bytes name = qtc_name_plain(p, f, tag.name);
        qtc_parameter_begin(p, name, tag.flags | p->header_flags, tag.types);
    }
    qtc_unmark(p);
    return i;
}

/* Markup that says nothing, once it is sure that it is markup. */
static size_t framing(struct qtc_parser *p, size_t i)
{
    p->state = p->origin;
    if (p->call.open || p->origin == QTC_S_AFTER) {
        qtc_flush_args(p, p->mark);
        qtc_emit_held(p, QTC_FRAMING, i);
    }
    return i;
}

static size_t end_function(struct qtc_parser *p, size_t i)
{
    if (p->call.pending) {
        qtc_call_commit(p, p->tag);
    }
    qtc_call_end(p, p->header_to, false);
    qtc_unmark(p);
    p->state = QTC_S_AFTER;
    return i;
}

static size_t closing_header(struct qtc_parser *p, size_t i)
{
    bool function = p->header_kind == QTC_M_END_FUNCTION;
    if (function && p->origin == QTC_S_FUNCTION) {
        return end_function(p, i);
    }
    if (p->origin == QTC_S_TEXT || p->origin == QTC_S_BLOCK || p->call.pending) {
        return qtc_not_structure(p, i);
    }
    if (function && p->text.in_function) {
        p->text.in_function = false;
    } else {
        qtc_defect(p, QTC_D_STRAY_CLOSER, qtc_held_from(p, p->tag, i));
    }
    return framing(p, i);
}

/* <arg_type>T</arg_type> */
static size_t type_header(struct qtc_parser *p, size_t i)
{
    p->call.key_types = qtc_type_named(qtc_bytes_trim(inside_tag(p, i)));
    return p->origin == QTC_S_FUNCTION ? framing(p, i) : qtc_not_structure(p, i);
}

size_t qtc_body_next(struct qtc_parser *p, size_t i)
{
    end_unclosed(p);
    p->state = QTC_S_AFTER;
    return qtc_replay(p, p->tag, i, QTC_S_AFTER);
}

/* The tag ends at `to`; its inside has `len` bytes. */
static size_t take_header(struct qtc_parser *p, size_t len, uint64_t to, size_t i)
{
    p->header_len = len;
    p->header_to = to;
    switch (p->header_kind) {
    case QTC_M_FUNCTION:
        return function_header(p, i);
    case QTC_M_PARAMETER:
        return parameter_header(p, i);
    case QTC_M_TYPE:
        return type_header(p, i);
    default:
        return closing_header(p, i);
    }
}

static size_t header_done(struct qtc_parser *p, size_t len, size_t i)
{
    return take_header(p, len, qtc_pos(p, i), i);
}

/* A tag that lacks its end is one where it may stand: a parameter's in a call that may have more. */
static bool is_due(const struct qtc_parser *p)
{
    bool may_have_more = p->origin == QTC_S_FUNCTION && !p->call.whole;
    return p->header_kind != QTC_M_TYPE && (p->header_kind != QTC_M_PARAMETER || may_have_more);
}

/* A tag that lacks its end: the name is what stands before the next one, or the line's end. */
static size_t header_cut(struct qtc_parser *p, size_t i)
{
    size_t matched = p->header_matched;
    struct qtc_bytes held = qtc_held_from(p, p->header_at, i);
    struct qtc_bytes inside = qtc_bytes(held.data, held.len - (matched < held.len ? matched : held.len));
    struct qtc_tag tag;
    bool opens = p->header_kind == QTC_M_FUNCTION || p->header_kind == QTC_M_PARAMETER;
    if (matched > 1 || !is_due(p) ||
        (opens && (!qtc_tag_read(p->header_format, p->header_kind, inside, &tag) ||
                   memchr(tag.name.data, ' ', tag.name.len) != NULL))) {
        return qtc_not_structure(p, i);
    }
    p->header_flags |= QTC_NAME_UNTERMINATED;
    if (matched == 0) {
        return header_done(p, inside.len, i);
    }
    uint64_t from = qtc_pos(p, i) - matched; /* the next tag's first byte */
    char first = held.data[inside.len];
    take_header(p, inside.len, from, i);
    return p->trial.failed ? i : qtc_again(p, from, qtc_bytes(&first, 1), i);
}

size_t qtc_step_header(struct qtc_parser *p, size_t i)
{
    for (; i < p->n; i++) {
        int end = qtc_header_byte(p, p->in[i]);
        if (end > 0) {
            size_t len = (size_t)(qtc_pos(p, i + 1) - p->header_at) - p->header_matched;
            return header_done(p, len, i + 1);
        }
        if (end < 0) {
            return header_cut(p, i);
        }
        p->header_sure |= p->in[i] == '=';
        if (p->header_matched == 0 && !p->header_sure && qtc_pos(p, i) < p->header_at + 8 &&
            !qtc_tag_open(p->header_format, p->header_kind, qtc_held_from(p, p->header_at, i + 1))) {
            return qtc_not_structure(p, i);
        }
    }
    return i;
}

/* ---- openers and closers of blocks -------------------------------------- */

/* An opener where its block's body was due: the first one is text, unless no text is like it. */
static size_t open_again(struct qtc_parser *p, size_t i)
{
    if (p->trial.on) {
        return qtc_fail(p, i, QTC_D_STRAY_OPENER);
    }
    qtc_defect(p, QTC_D_STRAY_OPENER, qtc_bytes(NULL, 0));
    qtc_give_before(p, p->cand, i);
    struct qtc_bytes text = qtc_held_to(p, p->tag, i);
    bool token = qtc_is_token(p->opener);
    if (!token) {
        qtc_text_note(p, text);
    }
    qtc_emit(p, token ? QTC_FRAMING : qtc_text_kind(p), p->tag, text);
    qtc_mark_move(p, p->tag);
    return i;
}

static size_t open_block(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    if (p->origin == QTC_S_BLOCK) {
        open_again(p, i);
        if (p->state != QTC_S_TAG) {
            return i;
        }
    } else if (p->origin == QTC_S_FUNCTION) {
        if (p->call.pending) {
            return qtc_fail(p, i, QTC_D_STRAY_OPENER);
        }
        end_unclosed(p);
        if (p->call.format->function_close == NULL && !p->text.no_close) {
            qtc_defect(p, QTC_D_MISSING_CLOSE, qtc_bytes(NULL, 0));
        }
    } else if (p->text.in_block && !p->text.no_close) {
        qtc_defect(p, QTC_D_MISSING_CLOSE, qtc_bytes(NULL, 0));
    }
    p->cand = p->tag;
    memcpy(p->suffix, p->tag_marks.suffix, sizeof p->suffix);
    return qtc_opener(p, mark, i);
}

/* A pair of special tokens with nothing between: no words of the answer's. */
static size_t no_calls(struct qtc_parser *p, size_t i)
{
    qtc_defect(p, QTC_D_EMPTY_CALL, qtc_bytes(NULL, 0));
    qtc_give_before(p, p->cand, i);
    qtc_emit_held(p, QTC_FRAMING, i);
    p->text.in_block = false;
    qtc_text_begin(p, p->text.after_call);
    return i;
}

static size_t close_block(struct qtc_parser *p, size_t i)
{
    switch (p->origin) {
    case QTC_S_BLOCK:
        if (!qtc_is_token(p->opener) || p->trial.on) {
            return qtc_fail(p, i, QTC_D_EMPTY_CALL);
        }
        return no_calls(p, i);
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

/* <arg_value> behind its key */
static size_t begin_value(struct qtc_parser *p, size_t i)
{
    struct qtc_call *c = &p->call;
    if (p->origin != QTC_S_FUNCTION || !c->has_key) {
        return qtc_not_structure(p, i);
    }
    c->has_key = false;
    qtc_parameter_begin(p, qtc_buf_bytes(&c->key), c->key_flags, c->key_types);
    qtc_unmark(p);
    return i;
}

/* A message's marker: it ends a call that is open, and what follows is told by message.c. */
static size_t on_message(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    if (p->call.pending || p->origin == QTC_S_BLOCK) {
        return qtc_not_structure(p, i);
    }
    if (p->origin == QTC_S_FUNCTION && mark->kind == QTC_M_MESSAGE_CLOSE) {
        p->header_to = qtc_pos(p, i);
        return end_function(p, i);
    }
    if (p->origin == QTC_S_FUNCTION) {
        end_unclosed(p);
    }
    p->text.in_block = p->text.in_array = false;
    p->text.after_call = true;
    return mark->kind == QTC_M_HEADER ? qtc_message_begin(p, mark, i) : qtc_message_close(p, i);
}

/* The function's tag is whole: its name follows as text. */
static size_t name_in_function(struct qtc_parser *p, size_t i)
{
    if (p->origin == QTC_S_FUNCTION && p->call.open) {
        end_unclosed(p);
        p->origin = QTC_S_AFTER;
    }
    if (p->origin == QTC_S_AFTER) {
        p->cand = p->tag;
    }
    return qtc_name_begin(p, i);
}

bool qtc_tag_closed(const struct qtc_mark *mark)
{
    bool closes = mark->kind == QTC_M_END_FUNCTION || mark->kind == QTC_M_END_PARAMETER;
    return closes && qtc_tag_whole(mark->text);
}

size_t qtc_structure(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    switch (mark->kind) {
    case QTC_M_OPEN:
        return open_block(p, mark, i);
    case QTC_M_CLOSE:
        return close_block(p, i);
    case QTC_M_VALUE:
        return begin_value(p, i);
    case QTC_M_SKIP:
        return framing(p, i);
    case QTC_M_HEADER:
    case QTC_M_MESSAGE_CLOSE:
        return on_message(p, mark, i);
    case QTC_M_ELEMENT:
        return p->origin == QTC_S_BLOCK ? qtc_body_element(p, mark, i) : qtc_not_structure(p, i);
    case QTC_M_TOOL:
    case QTC_M_TOOL_LINE:
        return qtc_tool_begin(p, mark, i);
    case QTC_M_FUNCTION:
    case QTC_M_PARAMETER:
    case QTC_M_TYPE:
    case QTC_M_END_FUNCTION:
    case QTC_M_END_PARAMETER:
        break;
    default:
        return qtc_not_structure(p, i);
    }
    qtc_header_begin(p, mark, i);
    if (mark->kind == QTC_M_FUNCTION && qtc_tag_whole(mark->text)) {
        return name_in_function(p, i);
    }
    if (qtc_tag_closed(mark)) {
        return header_done(p, 0, i);
    }
    return i;
}
