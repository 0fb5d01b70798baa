/* Messages with headers, as Harmony writes them:
 *
 *      <|start|>assistant<|channel|>commentary to=functions.N <|constrain|>json<|message|> … <|call|>
 *      header_open        ----------- header ------------------------ header_end text message_close
 *
 * The header's recipient or channel says what the text is: answer, reasoning, or a call. */
#include "parse/parser.h"

#include <string.h>

#define MAX_HEADER 512

static const char recipient_label[] = "to=";
static const char channel_label[] = "<|channel|>";

/* ---- what a header says ------------------------------------------------- */

static bool is_separator(char c)
{
    return qtc_is_blank(c) || c == '<';
}

/* The word behind the first `label` in the header. */
static struct qtc_bytes word_behind(struct qtc_bytes header, const char *label)
{
    const char *at = memmem(header.data, header.len, label, strlen(label));
    size_t from = at == NULL ? header.len : (size_t)(at - header.data) + strlen(label);
    size_t to = from;
    while (to < header.len && !is_separator(header.data[to])) {
        to++;
    }
    return qtc_bytes(header.data + from, to - from);
}

static const struct qtc_format_route *route_of(const struct qtc_format *f, struct qtc_bytes word)
{
    for (size_t i = 0; f->routes[i].word != NULL; i++) {
        size_t len = strlen(f->routes[i].word);
        bool begins = word.len > len && len > 0 && memcmp(word.data, f->routes[i].word, len) == 0;
        if (qtc_bytes_is(word, f->routes[i].word) || (begins && word.data[len] == '.')) {
            return &f->routes[i];
        }
    }
    return NULL;
}

/* *recipient is empty unless the message is for a function. */
static enum qtc_route read_header(const struct qtc_format *f, struct qtc_bytes header,
                                  struct qtc_bytes *recipient)
{
    struct qtc_bytes to = word_behind(header, recipient_label);
    const struct qtc_format_route *route = to.len > 0 ? route_of(f, to) : NULL;
    *recipient = qtc_bytes(NULL, 0);
    if (to.len > 0 && route == NULL) {
        *recipient = to;
        return QTC_ROUTE_CALL;
    }
    if (route == NULL) {
        route = route_of(f, word_behind(header, channel_label));
    }
    return route == NULL ? QTC_ROUTE_CONTENT : route->route;
}

/* ---- what it leads to --------------------------------------------------- */

/* Text of that kind follows. */
static size_t begin_text(struct qtc_parser *p, enum qtc_route route, size_t i)
{
    struct qtc_text_state *t = &p->text;
    qtc_emit_held(p, QTC_FRAMING, i);
    t->bare = false;
    t->reasoning = route == QTC_ROUTE_REASONING;
    t->thought |= t->reasoning;
    t->dropped = route == QTC_ROUTE_DROP;
    t->no_calls = route != QTC_ROUTE_CALL && p->header_format->open[0] != NULL;
    t->code = t->fence = 0;
    t->line_blank = true;
    qtc_text_begin(p, t->after_call);
    t->fresh = false;
    t->begun = true;
    return i;
}

/* The message is a call: its name is the recipient. */
static size_t begin_call(struct qtc_parser *p, struct qtc_bytes name, size_t i)
{
    const struct qtc_format *f = p->header_format;
    p->text.bare = false;
    p->text.reasoning = p->text.dropped = p->text.no_calls = false;
    p->text.in_block = p->text.no_close = true;
    p->text.in_array = p->text.in_function = false;
    p->call.format = f;
    qtc_call_begin(p, qtc_name_set(p, f, name), 0, true, qtc_pos(p, i));
    qtc_unmark(p);
    p->state = QTC_S_FUNCTION;
    return i;
}

size_t qtc_message_header_end(struct qtc_parser *p, size_t i)
{
    struct qtc_bytes held = qtc_held_from(p, p->header_at, i);
    size_t len = (size_t)(p->tag - p->header_at);
    struct qtc_bytes header = qtc_bytes(held.data, len < held.len ? len : held.len), recipient;
    p->header_format = qtc_group_messages(
        p, memmem(header.data, header.len, channel_label, sizeof channel_label - 1) != NULL);
    enum qtc_route route = read_header(p->header_format, header, &recipient);
    if (route == QTC_ROUTE_CALL && recipient.len > 0 && p->header_format->open[0] == NULL) {
        return begin_call(p, recipient, i);
    }
    return begin_text(p, route, i);
}

/* ---- in the header ------------------------------------------------------ */

size_t qtc_message_begin(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    qtc_use_group(p, mark == NULL ? QTC_BEHIND_PROMPT : mark->text);
    p->header_bare = p->text.bare = mark == NULL;
    p->header_at = p->tag;
    p->state = QTC_S_MESSAGE;
    return i;
}

/* Without a marker, a header begins with its recipient. */
static bool begins_header(const struct qtc_parser *p, size_t i)
{
    uint64_t at = qtc_pos(p, i) - p->header_at;
    return !p->header_bare || at >= sizeof recipient_label - 1 || p->in[i] == recipient_label[at];
}

size_t qtc_step_message(struct qtc_parser *p, size_t i)
{
    qtc_mark_from(p, i);
    for (; i < p->n; i++) {
        if (p->tag_marks.find.first[(unsigned char)p->in[i]]) {
            return qtc_tag_begin(p, i);
        }
        if (p->in[i] == '\n' || qtc_pos(p, i) - p->header_at > MAX_HEADER || !begins_header(p, i)) {
            return qtc_fail(p, i, QTC_D_STRAY_OPENER);
        }
    }
    return i;
}

size_t qtc_message_tag(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    switch (mark->kind) {
    case QTC_M_HEADER_END:
        return qtc_message_header_end(p, i);
    case QTC_M_MESSAGE_CLOSE:
        return qtc_message_close(p, i);
    case QTC_M_HEADER:
    case QTC_M_SKIP:
        p->state = QTC_S_MESSAGE;
        return i;
    case QTC_M_OPEN:
    case QTC_M_CONTENT_OPEN:
    case QTC_M_THINK_OPEN: {
        /* This marker says what the message is: the header ends before it. */
        uint64_t from = p->tag;
        struct qtc_bytes header = qtc_held_to(p, from, i);
        qtc_emit(p, QTC_FRAMING, from, header);
        qtc_mark_move(p, from);
        qtc_text_begin(p, p->text.after_call);
        return qtc_replay(p, from, i, QTC_S_TEXT);
    }
    default:
        return qtc_fail(p, i, QTC_D_STRAY_OPENER);
    }
}

/* The marker behind a message's text has been found. */
size_t qtc_message_close(struct qtc_parser *p, size_t i)
{
    bool after_call = p->text.after_call;
    qtc_emit_held(p, QTC_FRAMING, i);
    p->text.reasoning = p->text.dropped = p->text.no_calls = false;
    p->text.code = p->text.fence = 0;
    p->text.line_blank = true;
    qtc_text_begin(p, after_call);
    return i;
}
