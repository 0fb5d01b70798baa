/* The text of a child that goes out as it comes, and where it ends.
 *
 * It may quote markup, so its closing tag is one only if structure follows, as in
 * value.c. Entities in it are decoded until there is markup: who did not escape that
 * did not escape the rest either. */
#include "parse/children.h"
#include "parse/elements.h"

#include <string.h>

#define MAX_BLANKS  16 /* in a closing tag */
#define MAX_ENTITY  12
#define MAX_CLOSING 256 /* bytes of a tag behind a closing tag that is judged */

/* ---- a child that streams: its text ------------------------------------- */

static bool trims(const struct qtc_parser *p)
{
    return p->call.format->trim == QTC_TRIM_ALL;
}

static size_t plain_length(const struct qtc_parser *p, size_t from, size_t end)
{
    while (trims(p) && end > from && qtc_is_blank(p->in[end - 1])) {
        end--;
    }
    return end;
}

/* What was kept is the value's text. */
size_t qtc_more_of_value(struct qtc_parser *p, size_t i)
{
    qtc_value_data(p, qtc_held(p, i));
    qtc_unmark(p);
    p->body.at = QTC_B_VALUE;
    return i;
}

/* Up to a tag, or to an entity. */
static size_t value_end(const struct qtc_parser *p, size_t i)
{
    bool entities = p->call.format->cdata && !p->body.raw;
    char sign = qtc_sign_byte(p->call.format, 0);
    const char *tag = memchr(p->in + i, sign, p->n - i);
    size_t end = tag == NULL ? p->n : (size_t)(tag - p->in);
    const char *entity = entities ? memchr(p->in + i, '&', end - i) : NULL;
    return entity == NULL ? end : (size_t)(entity - p->in);
}

/* in[end] is more than text, and the blanks from `plain` on before it may be markup. */
static size_t value_stops(struct qtc_parser *p, size_t plain, size_t end)
{
    if (p->in[end] != '&') {
        if (p->mark == QTC_NO_MARK) {
            qtc_mark_at(p, plain);
        }
        return qtc_element_begin(p, QTC_B_VALUE_TAG, end);
    }
    if (p->mark == QTC_NO_MARK) {
        qtc_mark_at(p, plain);
    }
    qtc_more_of_value(p, end);
    qtc_mark_at(p, end);
    p->body.at = QTC_B_ENTITY;
    return end + 1;
}

static size_t skip_blanks(const struct qtc_parser *p, size_t i)
{
    while (i < p->n && qtc_is_blank(p->in[i])) {
        i++;
    }
    return i;
}

/* Blanks at the beginning, or that were kept from the last piece. */
static size_t value_blanks(struct qtc_parser *p, size_t i)
{
    if (p->value.first) {
        i = trims(p) ? skip_blanks(p, i) : i;
        p->value.first = i == p->n;
        return i;
    }
    if (p->mark != QTC_NO_MARK) {
        i = skip_blanks(p, i);
        if (i < p->n && p->in[i] != qtc_sign_byte(p->call.format, 0)) {
            qtc_more_of_value(p, i);
        }
    }
    return i;
}

static size_t step_value(struct qtc_parser *p, size_t i)
{
    i = value_blanks(p, i);
    if (i == p->n) {
        return i;
    }
    size_t end = value_end(p, i);
    size_t plain = plain_length(p, i, end);
    size_t rest = plain == p->n ? qtc_utf8_incomplete(p->in + i, plain - i) : 0;
    plain -= rest;
    if (plain > i) {
        qtc_value_data(p, qtc_bytes(p->in + i, plain - i));
    }
    if (end < p->n) {
        return value_stops(p, plain, end);
    }
    if (plain < end) {
        qtc_mark_at(p, plain);
    }
    if (rest > 0) {
        p->tail_state = QTC_S_BODY;
        p->state = QTC_S_TAIL;
    }
    return end;
}

size_t qtc_body_tail(struct qtc_parser *p, size_t i)
{
    if (p->body.at == QTC_B_VALUE) {
        return qtc_more_of_value(p, i);
    }
    qtc_emit_held(p, QTC_CONTENT, i);
    return i;
}

static size_t step_entity(struct qtc_parser *p, size_t i)
{
    for (; i < p->n; i++) {
        char c = p->in[i];
        struct qtc_bytes held = qtc_held(p, i);
        if (c == ';') {
            held = qtc_held(p, i + 1);
            qtc_element_text(&p->body.scratch, held);
            qtc_value_data(p, qtc_buf_bytes(&p->body.scratch));
            p->body.scratch.len = 0;
            qtc_unmark(p);
            p->body.at = QTC_B_VALUE;
            return i + 1;
        }
        bool goes_on = (c == '#' && held.len == 1) || (qtc_element_byte(c) && (c & 0x80) == 0);
        if (!goes_on || held.len + 1 >= MAX_ENTITY) {
            return qtc_more_of_value(p, i);
        }
    }
    return i;
}

/* In <![CDATA[…]]>: text, whatever it is. */
static size_t step_cdata(struct qtc_parser *p, size_t i)
{
    while (i < p->n) {
        if (p->mark == QTC_NO_MARK) {
            const char *sign = memchr(p->in + i, ']', p->n - i);
            size_t end = sign == NULL ? p->n : (size_t)(sign - p->in);
            size_t rest = end == p->n ? qtc_utf8_incomplete(p->in + i, end - i) : 0;
            qtc_value_data(p, qtc_bytes(p->in + i, end - rest - i));
            if (rest > 0 || end < p->n) {
                qtc_mark_at(p, end - rest);
            }
            i = end < p->n ? end + 1 : end;
            continue;
        }
        struct qtc_bytes held = qtc_held(p, i + 1);
        if (held.len >= 3 && memcmp(held.data + held.len - 3, "]]>", 3) == 0) {
            qtc_value_data(p, qtc_bytes(held.data, held.len - 3));
            qtc_unmark(p);
            p->body.at = QTC_B_VALUE;
            return i + 1;
        }
        bool more = held.data[0] == ']' ? p->in[i] == ']' || (p->in[i] == '>' && held.len < 3)
                                        : qtc_utf8_incomplete(held.data, held.len) > 0;
        i++;
        if (more && held.len < 64) {
            continue;
        }
        /* A last ] may begin the end: it is looked at once more. */
        size_t keep = more ? 2 : p->in[i - 1] == ']';
        qtc_value_data(p, qtc_bytes(held.data, held.len - keep));
        if (keep == 0) {
            qtc_unmark(p);
        } else {
            qtc_mark_move(p, p->mark + held.len - keep);
        }
    }
    return i;
}

/* ---- tags in it --------------------------------------------------------- */

enum phase { START, CLOSING, SAME, SECTION, NONE };

/* Advances in a name that may be there; SIZE_MAX: it is not. */
static size_t along(size_t at, struct qtc_bytes name, char c, bool *spaced)
{
    if (at == SIZE_MAX) {
        return at;
    }
    if (qtc_is_blank(c) && (at == 0 || at == name.len)) {
        *spaced = true;
        return at;
    }
    return at < name.len && name.data[at] == c ? at + 1 : SIZE_MAX;
}

static void begin_phase(struct qtc_parser *p, char c)
{
    struct qtc_body_state *b = &p->body;
    b->name_at = b->own_at = 0;
    b->phase = c == '/' ? CLOSING : c == '!' ? SECTION : SAME;
    if (b->phase == SECTION && (!p->call.format->cdata || b->raw)) {
        b->phase = NONE;
    }
}

/* What of the value's tags may be there: 1: </NAME>, 2: the function's closing tag,
 * 3: <![CDATA[, 4: <NAME, 0: it is not known yet, -1: none. */
static int closing_byte(struct qtc_parser *p, char c)
{
    struct qtc_body_state *b = &p->body;
    struct qtc_bytes name = qtc_buf_bytes(&p->value.close), own = qtc_buf_bytes(&p->call.name);
    bool spaced = false;
    if (c == '>') {
        return b->name_at == name.len ? 1 : p->call.format->tool_tags && b->own_at == own.len ? 2 : -1;
    }
    b->name_at = along(b->name_at, name, c, &spaced);
    b->own_at = along(b->own_at, own, c, &spaced);
    b->blanks += spaced;
    bool lost = b->name_at == SIZE_MAX && (b->own_at == SIZE_MAX || !p->call.format->tool_tags);
    return lost || b->blanks > MAX_BLANKS ? -1 : 0;
}

static int same_byte(struct qtc_parser *p, char c)
{
    struct qtc_body_state *b = &p->body;
    struct qtc_bytes name = qtc_buf_bytes(&p->value.close);
    if (b->name_at == name.len) {
        return c == '>' || qtc_is_blank(c) ? 4 : -1;
    }
    return name.data[b->name_at++] == c ? 0 : -1;
}

static int value_tag_byte(struct qtc_parser *p, size_t i)
{
    static const char cdata[] = "![CDATA[";
    struct qtc_body_state *b = &p->body;
    const struct qtc_format *f = p->call.format;
    size_t k = qtc_tag_index(p, i), sign = qtc_sign_length(f);
    char c = p->in[i];
    if (k < sign) {
        return c == qtc_sign_byte(f, k) ? 0 : -1;
    }
    if (k == sign) {
        begin_phase(p, c);
        if (b->phase == CLOSING) {
            return 0;
        }
    }
    switch (b->phase) {
    case CLOSING:
        return closing_byte(p, c);
    case SAME:
        return same_byte(p, c);
    case SECTION:
        return c != cdata[k - sign] ? -1 : cdata[k - sign + 1] == '\0' ? 3 : 0;
    default:
        return -1;
    }
}

/* The tag is text; entities behind it are left as they are. */
static size_t reject_tag(struct qtc_parser *p, size_t i)
{
    struct qtc_bytes tag = qtc_held_from(p, p->tag, i);
    size_t sign = qtc_sign_length(p->call.format);
    char c = tag.len > sign ? tag.data[sign] : tag.len == sign && i < p->n ? p->in[i] : ' ';
    p->body.raw |= c == '/' || c == '!' || c == '?' || qtc_element_byte(c);
    return qtc_more_of_value(p, i);
}

static size_t judge(struct qtc_parser *p, bool own, size_t i)
{
    p->body.own = own;
    p->value.closer_end = qtc_pos(p, i);
    p->body.at = QTC_B_FOLLOW;
    return i;
}

/* The value ends before a tag that is no closing tag of its own. */
static size_t end_unclosed(struct qtc_parser *p, size_t i)
{
    qtc_defect(p, QTC_D_MISSING_CLOSE, qtc_bytes(NULL, 0));
    qtc_value_end(p);
    p->body.at = QTC_B_BETWEEN;
    return qtc_replay(p, p->tag, i, QTC_S_BODY);
}

static size_t accept(struct qtc_parser *p, size_t i)
{
    if (p->body.own) {
        return end_unclosed(p, i);
    }
    qtc_value_end(p);
    p->body.at = QTC_B_BETWEEN;
    return qtc_replay(p, p->value.closer_end, i, QTC_S_BODY);
}

/* With a prefix it is no text, and a number holds no markup. */
static bool is_certain(const struct qtc_parser *p)
{
    return p->call.format->element_prefix != NULL || (p->value.types & QTC_T_STRING) == 0;
}

static size_t on_value_tag(struct qtc_parser *p, int what, size_t i)
{
    switch (what) {
    case 1:
        judge(p, false, i);
        return is_certain(p) ? accept(p, i) : i;
    case 2:
        return judge(p, true, i);
    case 3: {
        struct qtc_bytes before = qtc_held_to(p, p->tag, i);
        qtc_value_data(p, before);
        qtc_unmark(p);
        p->body.at = QTC_B_CDATA;
        return i;
    }
    case 4:
        p->body.depth++;
        return reject_tag(p, i);
    default:
        return reject_tag(p, i);
    }
}

/* A marker of the format's in the value: its own end was forgotten, or it is quoted. */
static size_t mark_in_value(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    bool ends = mark->kind != QTC_M_OPEN && mark->kind != QTC_M_FUNCTION;
    if (p->call.format->element_prefix != NULL) {
        return end_unclosed(p, i);
    }
    return ends ? judge(p, true, i) : reject_tag(p, i);
}

static size_t step_value_tag(struct qtc_parser *p, size_t i)
{
    for (; i < p->n; i++) {
        const struct qtc_mark *mark = qtc_mark_before(p, p->in[i]);
        if (mark != NULL) {
            return mark_in_value(p, mark, i);
        }
        p->node = p->node == 0 ? 0 : qtc_markers_child(&p->tag_marks.find, p->node, p->in[i]);
        bool leaf = p->node != 0 && p->tag_marks.find.nodes[p->node].child == 0;
        if (leaf && qtc_mark_before(p, '\0') != NULL) {
            return mark_in_value(p, qtc_mark_before(p, '\0'), i + 1);
        }
        int what = p->body.phase == NONE ? -1 : value_tag_byte(p, i);
        if (what > 0) {
            return on_value_tag(p, what, i + (what < 4));
        }
        if (what < 0) {
            p->body.phase = NONE;
        }
        if (what < 0 && p->node == 0) {
            return reject_tag(p, i);
        }
    }
    return i;
}

/* ---- what follows its closing tag --------------------------------------- */

/* The closing tag is text. */
static size_t reject(struct qtc_parser *p, size_t i)
{
    uint64_t end = p->value.closer_end;
    struct qtc_bytes text = qtc_held_to(p, end, i);
    qtc_defect(p, QTC_D_MARKER_IN_VALUE, qtc_bytes(NULL, 0));
    p->body.raw = true;
    p->body.depth -= p->body.depth > 0 && !p->body.own;
    qtc_value_data(p, text);
    qtc_mark_move(p, end);
    p->body.at = QTC_B_VALUE;
    return qtc_replay(p, end, i, QTC_S_BODY);
}

static size_t step_follow(struct qtc_parser *p, size_t i)
{
    while (i < p->n && qtc_is_blank(p->in[i])) {
        if (p->in[i++] == '\n' && (p->body.own || p->body.line)) {
            return accept(p, i);
        }
    }
    if (i == p->n) {
        return i;
    }
    if (p->in[i] == '/' && p->body.slash) {
        return accept(p, i);
    }
    if (p->in[i] != '<') {
        return reject(p, i);
    }
    if (p->body.own) {
        return accept(p, i);
    }
    p->tag = qtc_pos(p, i);
    p->body.at = QTC_B_FOLLOW_TAG;
    return i + 1;
}

/* </x> behind the closing tag: is it what ends the function, or the arguments? */
static bool confirms(struct qtc_parser *p, size_t i)
{
    struct qtc_element e = qtc_element_read(p, i);
    return qtc_ends_function(p, e.name) || qtc_is_wrapper(p, e.name);
}

static size_t step_follow_tag(struct qtc_parser *p, size_t i)
{
    for (; i < p->n; i++) {
        size_t k = qtc_tag_index(p, i);
        char c = p->in[i];
        if (k == 1 && c != '/') {
            bool opens = qtc_element_byte(c) && p->body.depth == 0;
            return opens || c == '!' || c == '?' ? accept(p, i) : reject(p, i);
        }
        if (c == '>') {
            return confirms(p, i + 1) ? accept(p, i + 1) : reject(p, i + 1);
        }
        if (c == '<' || k > MAX_CLOSING + p->call.name.len) {
            return reject(p, i);
        }
    }
    return i;
}

/* ---- the steps ---------------------------------------------------------- */

size_t qtc_step_child_value(struct qtc_parser *p, size_t i)
{
    switch (p->body.at) {
    case QTC_B_VALUE_TAG:
        return step_value_tag(p, i);
    case QTC_B_ENTITY:
        return step_entity(p, i);
    case QTC_B_CDATA:
        return step_cdata(p, i);
    case QTC_B_FOLLOW:
        return step_follow(p, i);
    case QTC_B_FOLLOW_TAG:
        return step_follow_tag(p, i);
    default:
        return step_value(p, i);
    }
}
