/* Content and reasoning: where the text is nothing but text.
 *
 * Most bytes pass here, so the loop looks at a byte's class and nothing else.
 * Blanks right behind markup wait: beside a call they are dropped. Lines and
 * backticks are counted, since markup inside code is quoted more often than meant. */
#include "parse/parser.h"

#include <string.h>

#define MAX_TEXT_TAG 256

/* ---- lines, code spans, code fences ------------------------------------- */

/* A run of backticks or tildes has ended: it opens or closes a fence or a span. */
static void end_ticks(struct qtc_text_state *t)
{
    unsigned ticks = t->ticks;
    t->ticks = 0;
    if (t->fence > 0) {
        if (t->ticks_begin && ticks >= t->fence && t->tick == t->fence_tick) {
            t->fence = 0;
        }
    } else if (t->ticks_begin && ticks >= 3) {
        t->fence = ticks;
        t->fence_tick = t->tick;
        t->code = 0;
    } else if (t->tick == '~') {
        return;
    } else if (t->code == 0) {
        t->code = ticks;
        t->code_marked = false;
    } else if (t->code == ticks) {
        t->code = 0;
    }
}

/* A span of code ends with its line, but for one that quotes markup: that may
 * go on to the next blank line, as Markdown has it. */
static void end_line(struct qtc_text_state *t)
{
    if (!t->code_marked || t->line_blank) {
        t->code = 0;
    }
    t->line_blank = true;
}

static void note_byte(struct qtc_text_state *t, char c)
{
    bool tick = c == '`' || c == '~';
    if (t->ticks > 0 && c != t->tick) {
        end_ticks(t);
    }
    if (tick && t->ticks++ == 0) {
        t->tick = c;
        t->ticks_begin = t->line_blank;
    }
    if (c == '\n') {
        end_line(t);
    } else if (!qtc_is_blank(c)) {
        t->line_blank = false;
    }
}

void qtc_text_note(struct qtc_parser *p, struct qtc_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        note_byte(&p->text, text.data[i]);
    }
}

void qtc_text_begin(struct qtc_parser *p, bool after_call)
{
    p->state = QTC_S_TEXT;
    p->node = 0;
    p->text.fresh = true;
    p->text.after_call = after_call;
    if (p->trial.on && p->trial.in_fence) {
        p->state = QTC_S_TRIAL_TAIL;
    } else if (p->trial.on) {
        qtc_trial_commit(p);
    }
}

/* ---- plain text --------------------------------------------------------- */

static size_t as_text(struct qtc_parser *p, size_t i);

/* A call may begin with this byte, without a marker: where the text does, and with a
 * format that is given also further on. */
static bool may_be_bare(const struct qtc_parser *p, char c)
{
    const struct qtc_text_state *t = &p->text;
    if (!p->bare || (c != '{' && c != '[') || t->reasoning || t->no_calls || t->code > 0) {
        return false;
    }
    if (!t->begun && t->fresh) {
        return true;
    }
    return p->options.format != NULL;
}

/* The prompt ended inside a message's header: " to=functions.N<|channel|>…" */
static bool in_header(const struct qtc_parser *p, char c)
{
    return p->starts_in_header && c == 't' && p->text.fresh && !p->text.begun && !p->text.reasoning;
}

static size_t skip_fresh_blanks(struct qtc_parser *p, size_t i)
{
    qtc_mark_from(p, i);
    while (i < p->n && qtc_is_blank(p->in[i])) {
        note_byte(&p->text, p->in[i++]);
    }
    if (i < p->n && !p->text_marks.find.first[(unsigned char)p->in[i]] && !may_be_bare(p, p->in[i]) &&
        !in_header(p, p->in[i])) {
        p->text.fresh = false;
        p->text.begun = true;
    }
    return i;
}

/* Among all formats a marker that begins like a word counts only at a line's
 * beginning: else each such letter of prose would have to be looked at. */
static bool begins_mark(const struct qtc_parser *p, char c)
{
    return p->text_marks.find.first[(unsigned char)c] &&
           (p->text.line_blank || p->text_marks.special[(unsigned char)c]);
}

/* Up to the first byte of a marker, or the end. */
static size_t scan(struct qtc_parser *p, size_t i)
{
    struct qtc_text_state *t = &p->text;
    const unsigned char *special = p->text_marks.special;
    const char *in = p->in;
    while (i < p->n) {
        size_t begin = i;
        if (!t->line_blank) {
            while (i < p->n && !special[(unsigned char)in[i]]) {
                i++;
            }
        }
        if (t->ticks > 0 && (i > begin || in[i] != t->tick)) {
            end_ticks(t);
        }
        if (i > begin) {
            continue;
        }
        if (begins_mark(p, in[i]) || may_be_bare(p, in[i])) {
            break;
        }
        note_byte(t, in[i++]);
    }
    return i;
}

static size_t begin_mark(struct qtc_parser *p, size_t i)
{
    qtc_mark_from(p, i);
    if (p->text.ticks > 0) {
        end_ticks(&p->text);
    }
    p->cand = qtc_pos(p, i);
    p->node = qtc_markers_step(&p->text_marks.find, 0, p->in[i]);
    p->state = QTC_S_TEXT_MARK;
    return i + 1;
}

/* A call without an opener may begin at p->cand. */
static bool begin_bare(struct qtc_parser *p, size_t i)
{
    bool fence = p->text.fence > 0;
    if (fence && p->options.tools == NULL) {
        return false;
    }
    if (!p->trial.on && (fence || p->options.recover == QTC_RECOVER_STRICT)) {
        qtc_trial_begin(p, fence, i);
    }
    p->tag = p->cand;
    qtc_block_begin(p, QTC_BARE);
    p->text.bare = true;
    return true;
}

/* A marker, or a call without one, begins at in[i]. */
static size_t begin_markup(struct qtc_parser *p, size_t i)
{
    if (p->text_marks.find.first[(unsigned char)p->in[i]]) {
        return begin_mark(p, i);
    }
    qtc_mark_from(p, i);
    p->cand = qtc_pos(p, i);
    if (in_header(p, p->in[i])) {
        p->tag = p->cand;
        return qtc_message_begin(p, NULL, i);
    }
    if (!begin_bare(p, i)) {
        return as_text(p, i + 1);
    }
    return i;
}

/* in[from, to) is text; a character that is cut by the piece's end waits. */
static void give(struct qtc_parser *p, size_t from, size_t to)
{
    size_t rest = to == p->n ? qtc_utf8_incomplete(p->in + from, to - from) : 0;
    if (to - rest > from) {
        qtc_emit(p, qtc_text_kind(p), qtc_pos(p, to - rest), qtc_bytes(p->in + from, to - rest - from));
    }
    if (rest > 0) {
        qtc_mark_at(p, to - rest);
        p->tail_state = QTC_S_TEXT;
        p->state = QTC_S_TAIL;
    }
}

/* Whether the label begins with in[i]; where other text does, it cannot come any more. */
static bool label_begins(struct qtc_parser *p, size_t i)
{
    struct qtc_text_state *t = &p->text;
    if (p->in[i] == t->label[0]) {
        return true;
    }
    if (!p->text_marks.find.first[(unsigned char)p->in[i]]) {
        t->label = NULL;
    }
    return false;
}

/* p->node bytes of the label are there. */
size_t qtc_step_label(struct qtc_parser *p, size_t i)
{
    struct qtc_text_state *t = &p->text;
    qtc_mark_from(p, i);
    while (i < p->n && p->in[i] == t->label[p->node]) {
        i++;
        if (t->label[++p->node] == '\0') {
            t->label = NULL;
            t->reasoning = t->thought = true;
            t->fresh = false;
            qtc_emit_held(p, QTC_FRAMING, i);
            p->state = QTC_S_TEXT;
            return i;
        }
    }
    if (i == p->n) {
        return i;
    }
    t->label = NULL;
    return qtc_replay(p, p->mark, i, QTC_S_TEXT);
}

size_t qtc_step_text(struct qtc_parser *p, size_t i)
{
    if (p->text.label != NULL && p->mark == QTC_NO_MARK && label_begins(p, i)) {
        p->node = 0;
        p->state = QTC_S_LABEL;
        return i;
    }
    if (p->text.fresh) {
        i = skip_fresh_blanks(p, i);
        if (i == p->n || p->text.fresh) {
            return i < p->n ? begin_markup(p, i) : i;
        }
    }
    size_t end = scan(p, i);
    if (p->mark != QTC_NO_MARK) {
        qtc_emit_held(p, qtc_text_kind(p), end);
    } else if (end > i) {
        give(p, i, end);
    }
    return end < p->n ? begin_markup(p, end) : end;
}

/* The rest of a character whose first bytes came with the last piece. */
size_t qtc_step_tail(struct qtc_parser *p, size_t i)
{
    struct qtc_bytes held = qtc_held(p, i);
    bool half = qtc_utf8_surrogate(held.data, held.len) != 0;
    bool more = ((unsigned char)p->in[i] & 0xc0) == 0x80 ||
                (half && held.len == 3 && (unsigned char)p->in[i] == 0xed);
    if (more && held.len < (half ? 6u : 4u)) {
        i++;
        held = qtc_held(p, i);
        bool whole = half ? held.len == 6 : qtc_utf8_incomplete(held.data, held.len) == 0;
        if (!whole) {
            return i;
        }
    }
    p->state = p->tail_state;
    if (p->state == QTC_S_VALUE || p->state == QTC_S_CDATA) {
        qtc_value_reject(p, i);
        p->state = p->tail_state;
        return i;
    }
    if (p->state == QTC_S_BODY) {
        return qtc_body_tail(p, i);
    }
    qtc_text_note(p, held);
    qtc_emit_held(p, qtc_text_kind(p), i);
    return i;
}

/* ---- markers ------------------------------------------------------------ */

/* The kept bytes up to `end` are text; what follows is still being judged. */
static void give_held(struct qtc_parser *p, uint64_t end, size_t i)
{
    struct qtc_bytes text = qtc_held_to(p, end, i);
    qtc_text_note(p, text);
    p->text.fresh = false;
    qtc_emit(p, qtc_text_kind(p), end, text);
    qtc_mark_move(p, end);
}

void qtc_give_before(struct qtc_parser *p, uint64_t end, size_t i)
{
    if (p->mark < end && !p->text.after_call) {
        give_held(p, end, i);
    }
}

/* The marker is text. */
static size_t as_text(struct qtc_parser *p, size_t i)
{
    p->state = QTC_S_TEXT;
    p->node = 0;
    p->text.fresh = false;
    p->text.label = NULL;
    p->text.begun |= !p->text.reasoning;
    qtc_text_note(p, qtc_held_from(p, p->cand, i));
    qtc_emit_held(p, qtc_text_kind(p), i);
    return i;
}

static size_t as_quoted(struct qtc_parser *p, size_t i)
{
    p->text.code_marked = p->text.code > 0;
    qtc_defect(p, QTC_D_QUOTED_MARKER, qtc_held_from(p, p->cand, i));
    return as_text(p, i);
}

static bool in_code(const struct qtc_parser *p)
{
    return p->text.code > 0 || p->text.fence > 0;
}

/* Markup that may begin a call. */
static size_t on_opener(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    bool fence = p->text.fence > 0;
    if (p->text.no_calls) {
        return as_text(p, i);
    }
    if (p->text.code > 0 || (fence && (p->options.tools == NULL || !p->text.line_blank))) {
        return as_quoted(p, i);
    }
    if (!p->trial.on && (fence || p->options.recover == QTC_RECOVER_STRICT)) {
        qtc_trial_begin(p, fence, i);
    }
    p->tag = p->cand;
    if (mark->kind == QTC_M_OPEN) {
        return qtc_opener(p, mark, i);
    }
    p->origin = QTC_S_TEXT;
    p->text.in_block = p->text.in_array = p->text.in_function = false;
    qtc_use_group(p, mark->kind == QTC_M_TOOL || mark->kind == QTC_M_TOOL_LINE ? QTC_TOOL_TAG : mark->row);
    return qtc_structure(p, mark, i);
}

/* A message's header; quoted ones are text. */
static size_t on_header(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    if (in_code(p) && !p->text.reasoning) {
        return as_quoted(p, i);
    }
    if (!p->trial.on && p->options.recover == QTC_RECOVER_STRICT) {
        qtc_trial_begin(p, false, i);
    }
    p->tag = p->cand;
    return qtc_message_begin(p, mark, i);
}

/* The kept blanks and the marker are framing; what follows is the answer. */
static size_t on_content(struct qtc_parser *p, bool opens, size_t i)
{
    if (in_code(p)) {
        return as_text(p, i);
    }
    if (!opens) {
        qtc_give_before(p, p->cand, i);
    }
    qtc_emit_held(p, QTC_FRAMING, i);
    p->text.reasoning = opens ? false : p->text.reasoning;
    qtc_text_begin(p, p->text.after_call && !opens);
    p->text.fresh = !opens;
    return i;
}

static size_t on_close(struct qtc_parser *p, size_t i)
{
    if (in_code(p)) {
        return as_text(p, i);
    }
    if (!p->text.in_block) {
        qtc_defect(p, QTC_D_STRAY_CLOSER, qtc_held_from(p, p->cand, i));
        if (!p->text.fresh || !p->text.after_call) {
            return as_text(p, i);
        }
    }
    p->text.in_block = false;
    qtc_emit_held(p, QTC_FRAMING, i);
    qtc_text_begin(p, true);
    return i;
}

static size_t on_think_open(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    if (in_code(p) || !p->text.line_blank) {
        p->text.think_quoted = !p->text.reasoning && !in_code(p);
        return as_text(p, i);
    }
    if (p->text.reasoning && !(p->text.fresh && !p->text.thought)) {
        qtc_defect(p, QTC_D_NESTED_THINK, qtc_bytes(NULL, 0));
    } else if (p->text.thought) {
        qtc_defect(p, QTC_D_THINK_REOPENED, qtc_bytes(NULL, 0));
    }
    qtc_emit_held(p, QTC_FRAMING, i);
    p->state = QTC_S_TEXT;
    p->text.reasoning = p->text.thought = true;
    p->text.fresh = false;
    p->text.label = mark->format->think_label;
    return i;
}

/* In reasoning, a fence that was never closed must not hide its end. */
static size_t on_think_close(struct qtc_parser *p, size_t i)
{
    bool reasoning = p->text.reasoning;
    bool words = qtc_name_char(*qtc_held_from(p, p->cand, i).data); /* "Here is my response:" */
    bool quoted = !reasoning && (p->text.fence > 0 || p->text.think_quoted || words);
    if (p->text.code > 0 || quoted) {
        p->text.think_quoted = false;
        return as_text(p, i);
    }
    if (!reasoning) {
        qtc_defect(p, QTC_D_STRAY_THINK_CLOSE, qtc_bytes(NULL, 0));
    }
    qtc_emit_held(p, QTC_FRAMING, i);
    p->text.reasoning = false;
    p->text.thought = true;
    p->text.code = p->text.fence = 0;
    p->text.line_blank = true;
    qtc_text_begin(p, false);
    return i;
}

/* The marker says nothing, and the text goes on as before. */
static size_t leave_out(struct qtc_parser *p, size_t i)
{
    bool fresh = p->text.fresh;
    qtc_give_before(p, p->cand, i);
    qtc_emit_held(p, QTC_FRAMING, i);
    p->state = QTC_S_TEXT;
    p->node = 0;
    p->text.fresh = fresh;
    return i;
}

static size_t on_special(struct qtc_parser *p, size_t i)
{
    if (in_code(p)) {
        return as_text(p, i);
    }
    qtc_defect(p, QTC_D_SPECIAL_TOKEN, qtc_held_from(p, p->cand, i));
    return leave_out(p, i);
}

static size_t on_text_tag(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    if (in_code(p)) {
        return as_text(p, i);
    }
    if (mark->text[strlen(mark->text) - 1] == '>') {
        return leave_out(p, i);
    }
    p->state = QTC_S_TEXT_TAG;
    return i;
}

size_t qtc_step_text_tag(struct qtc_parser *p, size_t i)
{
    for (; i < p->n; i++) {
        char c = p->in[i];
        if (c == '>') {
            return leave_out(p, i + 1);
        }
        if (c == '<' || c == '\n' || qtc_pos(p, i) - p->cand > MAX_TEXT_TAG) {
            return as_text(p, i);
        }
    }
    return i;
}

/* Without its header it says nothing, but where the header was in the prompt. */
static size_t on_header_end(struct qtc_parser *p, size_t i)
{
    if (!p->starts_in_header || p->text.begun || !p->text.fresh || p->text.reasoning) {
        return on_special(p, i);
    }
    p->tag = p->cand;
    qtc_message_begin(p, NULL, i);
    return qtc_message_header_end(p, i);
}

/* The marker is whole, its suffix included. */
static size_t on_whole(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    if (mark->kind != QTC_M_SPECIAL) {
        p->text.label = NULL;
    }
    switch (mark->kind) {
    case QTC_M_OPEN:
    case QTC_M_FUNCTION:
    case QTC_M_TOOL:
        return on_opener(p, mark, i);
    case QTC_M_TOOL_LINE:
        return p->text.line_blank && !in_code(p) ? on_opener(p, mark, i) : as_text(p, i);
    case QTC_M_CLOSE:
        return on_close(p, i);
    case QTC_M_HEADER:
        return on_header(p, mark, i);
    case QTC_M_HEADER_END:
        return on_header_end(p, i);
    case QTC_M_MESSAGE_CLOSE:
        return in_code(p) && !p->text.reasoning ? as_text(p, i) : qtc_message_close(p, i);
    case QTC_M_CONTENT_OPEN:
    case QTC_M_CONTENT_CLOSE:
        return on_content(p, mark->kind == QTC_M_CONTENT_OPEN, i);
    case QTC_M_THINK_OPEN:
        return on_think_open(p, mark, i);
    case QTC_M_THINK_CLOSE:
        return on_think_close(p, i);
    case QTC_M_TEXT_TAG:
        return on_text_tag(p, mark, i);
    default:
        return on_special(p, i);
    }
}

static size_t on_marker(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    p->suffix[0] = '\0';
    if (mark->row == mark->text || mark->format->spaced) {
        return on_whole(p, mark, i);
    }
    p->suffixed = mark;
    p->suffix_len = 0;
    p->state = QTC_S_SUFFIX;
    return i;
}

static bool is_suffix_char(char c)
{
    return c == '-' || c == '_' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

size_t qtc_step_suffix(struct qtc_parser *p, size_t i)
{
    while (i < p->n && is_suffix_char(p->in[i]) && p->suffix_len + 1 < QTC_SUFFIX) {
        p->suffix[p->suffix_len++] = p->in[i++];
    }
    if (i == p->n) {
        return i;
    }
    bool whole = p->in[i] == '>' && p->suffix_len > 0;
    p->suffix[whole ? p->suffix_len : 0] = '\0';
    return whole ? on_whole(p, p->suffixed, i + 1) : as_text(p, i);
}

/* The marker that seemed to begin is none. */
static size_t no_marker(struct qtc_parser *p, size_t i)
{
    while (i < p->n && (p->in[i] & 0xc0) == 0x80) {
        i++; /* what looked like a marker was the beginning of a character */
    }
    struct qtc_bytes held = qtc_held_from(p, p->cand, i);
    if (held.len > 0 && may_be_bare(p, held.data[0]) && begin_bare(p, i)) {
        return qtc_replay(p, p->cand, i, QTC_S_BLOCK);
    }
    return as_text(p, i);
}

size_t qtc_step_text_mark(struct qtc_parser *p, size_t i)
{
    const struct qtc_mark_set *set = &p->text_marks;
    const struct qtc_markers *find = &set->find;
    while (i < p->n) {
        const struct qtc_mark *mark = qtc_mark_found(set, p->node);
        if (mark != NULL && !qtc_mark_longer(set, p->node, p->in[i])) {
            return on_marker(p, mark, i);
        }
        unsigned node = qtc_markers_step(find, p->node, p->in[i]);
        if (node == 0) {
            return no_marker(p, i);
        }
        i++;
        if (find->nodes[node].depth <= find->nodes[p->node].depth) {
            p->cand = qtc_pos(p, i) - find->nodes[node].depth;
            give_held(p, p->cand, i);
        }
        p->node = node;
        if (find->nodes[node].child == 0) {
            return on_marker(p, qtc_mark_found(set, node), i);
        }
    }
    return i;
}

void qtc_text_cut(struct qtc_parser *p)
{
    bool tag = p->state == QTC_S_TEXT_TAG;
    bool mark = p->state == QTC_S_TEXT_MARK && !in_code(p) && p->options.format != NULL &&
                p->options.format->cut_markers && p->base - p->cand > 1; /* '<' is an operator, too */
    if (p->mark == QTC_NO_MARK || !(tag || mark)) {
        return;
    }
    qtc_defect(p, QTC_D_CUT_MARKER, qtc_bytes(NULL, 0));
    qtc_give_before(p, p->cand, 0);
    qtc_emit_held(p, QTC_FRAMING, 0);
}
