#include <string.h>

#include "stream/internal.h"

/* A choice's content and its reasoning field, each through a parser of its own:
 * calls may be written in either. */

/* ---- characters ---------------------------------------------------------------- */

enum { TEXT_CLEAN = 0, TEXT_REPLACED = 1, TEXT_INVALID = 2 };

/* How many bytes at p are ASCII, eight at a time. */
static size_t ascii_run(const char *p, size_t n)
{
    size_t i = 0;
    uint64_t word;
    uint32_t a, b;

    if (n < 8 && n >= 4) {
        memcpy(&a, p, 4);
        memcpy(&b, p + n - 4, 4);
        if (!((a | b) & 0x80808080U)) {
            return n;
        }
    }
    for (; i + sizeof word <= n; i += sizeof word) {
        memcpy(&word, p + i, sizeof word);
        if (word & 0x8080808080808080U) {
            break;
        }
    }
    while (i < n && (unsigned char)p[i] < 0x80) {
        i++;
    }
    return i;
}

/* A complete sequence of lead byte and continuation bytes. Surrogates pass: they
 * are escapes that were decoded. */
static int judge(uint32_t sequence)
{
    bool overlong = sequence < 0xc280 || (sequence >= 0xe00000 && sequence < 0xe0a080) ||
                    (sequence >= 0xf0000000 && sequence < 0xf0908080);

    if (overlong || sequence > 0xf48fbfbf) {
        return TEXT_INVALID;
    }
    return sequence == 0xefbfbd ? TEXT_REPLACED : TEXT_CLEAN;
}

static int next_byte(struct channel *ch, unsigned char c)
{
    int broken = ch->due > 0 ? TEXT_INVALID : TEXT_CLEAN;

    if ((c & 0xc0) == 0x80) {
        if (ch->due == 0) {
            return TEXT_INVALID;
        }
        ch->sequence = ch->sequence << 8 | c;
        return --ch->due == 0 ? judge(ch->sequence) : TEXT_CLEAN;
    }
    ch->sequence = c;
    ch->due = c < 0xc2 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf5 ? 3 : 0;
    return c >= 0x80 && ch->due == 0 ? TEXT_INVALID : broken;
}

/* Looks at each character once, wherever the text is cut. */
static int look(struct channel *ch, struct qtc_bytes text)
{
    int found = TEXT_CLEAN;

    for (size_t i = 0; i < text.len; i++) {
        if (ch->due == 0) {
            i += ascii_run(text.data + i, text.len - i);
            if (i == text.len) {
                break;
            }
        }
        found |= next_byte(ch, (unsigned char)text.data[i]);
    }
    return found;
}

static bool check_characters(struct channel *ch, struct qtc_bytes text)
{
    struct choice *choice = ch->choice;
    int found = look(ch, text);

    if (found == TEXT_CLEAN && (unsigned char)text.data[text.len - 1] < 0x80) {
        return true;
    }
    if (found & TEXT_INVALID) {
        qtc_stream_alter(choice->stream);
    }
    if (found != TEXT_CLEAN && !qtc_choice_tell(choice, QTC_D_REPLACEMENT_CHAR, text)) {
        return false;
    }
    if (choice->stream->frame == 0 || (ch->due == 0 && qtc_utf8_incomplete(text.data, text.len) == 0)) {
        return true;
    }
    qtc_stream_alter(choice->stream);
    return qtc_choice_tell(choice, QTC_D_SPLIT_UTF8, text);
}

/* ---- what the parser says --------------------------------------------------------- */

static bool forward(const struct channel *ch, const struct qtc_event *event, enum qtc_event_kind kind)
{
    struct qtc_event out = *event;

    out.kind = kind;
    out.at = ch->reasoning ? 0 : event->at + ch->base;
    out.end = ch->reasoning ? 0 : event->end + ch->base;
    return qtc_stream_emit(ch->choice->stream, &out);
}

static bool forward_altered(const struct channel *ch, const struct qtc_event *event, enum qtc_event_kind kind)
{
    qtc_stream_alter(ch->choice->stream);
    return forward(ch, event, kind);
}

/* Events of the reasoning field and of a call that waits have no place in the text. */
static void place(const struct channel *ch, struct call *call, const struct qtc_event *event)
{
    bool none = ch->reasoning || call->late;

    call->at = none ? 0 : event->at + ch->base;
    call->end = none ? 0 : event->end + ch->base;
}

/* Markup is what is due in plain text, and a defect in a frame. */
static bool tell_markup(struct channel *ch, struct call *call)
{
    enum qtc_defect defect = ch->reasoning ? QTC_D_CALL_IN_REASONING_FIELD : QTC_D_CALL_IN_CONTENT;

    return ch->choice->stream->frame == 0 ||
           qtc_call_tell(ch->choice, call, defect, qtc_buf_bytes(&call->name));
}

static bool on_call(struct channel *ch, const struct qtc_event *event)
{
    struct choice *choice = ch->choice;
    struct call *call = qtc_calls_push(choice);

    if (!call) {
        return false;
    }
    qtc_stream_alter(choice->stream);
    call->markup = true;
    call->suspect = choice->natives > 0;
    choice->markups++;
    ch->call = call;
    qtc_buf_put(&call->name, event->name);
    qtc_buf_put(&call->id, event->id);
    if (call->name.failed || call->id.failed) {
        return qtc_stream_fail(choice->stream, QTC_NOMEM);
    }
    call->late = call->suspect || choice->floor + 1 < choice->count;
    place(ch, call, event);
    return tell_markup(ch, call) && qtc_calls_advance(choice);
}

static bool on_args(struct channel *ch, const struct qtc_event *event)
{
    if (!ch->call) {
        return true;
    }
    qtc_stream_alter(ch->choice->stream);
    place(ch, ch->call, event);
    return qtc_calls_send(ch->choice, ch->call, event->text);
}

static bool on_call_end(struct channel *ch, const struct qtc_event *event)
{
    struct call *call = ch->call;

    if (!call) {
        return true;
    }
    qtc_stream_alter(ch->choice->stream);
    ch->call = NULL;
    place(ch, call, event);
    call->ended = true;
    call->truncated = event->truncated;
    return qtc_calls_advance(ch->choice);
}

static bool on_defect(struct channel *ch, const struct qtc_event *event)
{
    struct qtc_event out = *event;

    out.call = ch->call ? qtc_call_number(ch->choice, ch->call) : ch->choice->started;
    return forward(ch, &out, QTC_DEFECT);
}

/* ---- and what of it matters when nothing is repaired ------------------------------ */

static void forget_shadow(struct choice *choice)
{
    choice->stream->kept -= choice->shadow.kept.len;
    qtc_call_free(&choice->shadow);
}

static bool end_shadow(struct channel *ch, const struct qtc_event *event)
{
    struct choice *choice = ch->choice;
    struct call *call = &choice->shadow, *twin;

    call->markup = call->ended = true;
    call->truncated = event->truncated;
    choice->silent++;
    choice->truncated = choice->truncated || event->truncated;
    if (!call->truncated && call->total > 0 && call->kept.len == call->total) {
        call->same = qtc_call_hash(qtc_buf_bytes(&call->name), qtc_buf_bytes(&call->kept));
    }
    twin = qtc_calls_twin(choice, call);
    if (!twin) {
        return tell_markup(ch, call);
    }
    twin->paired = true;
    return qtc_stream_tell(choice->stream, choice, twin->number, QTC_D_CALL_BOTH, qtc_buf_bytes(&call->name));
}

static bool on_silent(struct channel *ch, const struct qtc_event *event)
{
    struct choice *choice = ch->choice;
    bool ok;

    switch (event->kind) {
    case QTC_CALL:
        forget_shadow(choice);
        qtc_buf_put(&choice->shadow.name, event->name);
        return !choice->shadow.name.failed || qtc_stream_fail(choice->stream, QTC_NOMEM);
    case QTC_ARGS:
        qtc_call_keep(choice->stream, &choice->shadow, event->text);
        return true;
    case QTC_CALL_END:
        ok = end_shadow(ch, event);
        forget_shadow(choice);
        return ok;
    case QTC_DEFECT:
        return on_defect(ch, event);
    default:
        return true;
    }
}

/* The reasoning field is parsed for calls alone: what is content there is
 * reasoning, and it passes as it came. */
static bool on_text(struct channel *ch, const struct qtc_event *event)
{
    if (!ch->reasoning) {
        return event->kind == QTC_CONTENT ? forward(ch, event, QTC_CONTENT)
                                          : forward_altered(ch, event, event->kind);
    }
    if (ch->choice->stream->options.parse.reasoning == QTC_REASONING_DROP) {
        return forward_altered(ch, event, QTC_FRAMING);
    }
    return event->kind == QTC_FRAMING ? forward_altered(ch, event, QTC_FRAMING)
                                      : forward(ch, event, QTC_REASONING);
}

static bool on_event(void *ctx, const struct qtc_event *event)
{
    struct channel *ch = ctx;

    if (ch->choice->stream->options.no_repair) {
        return on_silent(ch, event);
    }
    switch (event->kind) {
    case QTC_CALL:
        return on_call(ch, event);
    case QTC_ARGS:
        return on_args(ch, event);
    case QTC_CALL_END:
        return on_call_end(ch, event);
    case QTC_DEFECT:
        return on_defect(ch, event);
    default:
        return on_text(ch, event);
    }
}

/* ---- channels ------------------------------------------------------------------------ */

void qtc_channel_init(struct channel *ch, struct choice *choice, bool reasoning)
{
    *ch = (struct channel){.choice = choice, .reasoning = reasoning};
}

void qtc_channel_reset(struct channel *ch)
{
    struct channel old = *ch;

    qtc_channel_init(ch, old.choice, old.reasoning);
    ch->parser = old.parser;
    ch->likely = old.likely;
    if (ch->parser) {
        qtc_parser_reset(ch->parser);
    }
}

bool qtc_channel_holding(const struct channel *ch)
{
    return ch->parser && qtc_parser_holding(ch->parser);
}

static bool result(struct channel *ch, enum qtc_code code)
{
    return code == QTC_OK || qtc_stream_fail(ch->choice->stream, code);
}

static bool make_parser(struct channel *ch)
{
    struct qtc_parse_options options = ch->choice->stream->options.parse;

    options.choice = ch->choice->index;
    options.likely = ch->likely = ch->choice->stream->likely;
    if (ch->reasoning) {
        options.reasoning = QTC_REASONING_INLINE;
        options.starts_in_reasoning = false;
    }
    ch->parser = qtc_parser_new(&options, on_event, ch);
    return ch->parser || qtc_stream_fail(ch->choice->stream, QTC_NOMEM);
}

/* A parser that is left over may be for another model; one that has begun goes on. */
static bool ready(struct channel *ch)
{
    if (ch->parser && (ch->likely == ch->choice->stream->likely || ch->base + ch->fed > 0)) {
        return true;
    }
    qtc_parser_free(ch->parser);
    return make_parser(ch);
}

static bool feed(struct channel *ch, struct qtc_bytes text)
{
    if (!ready(ch)) {
        return false;
    }
    if (ch->done) {
        ch->done = false;
        ch->base += ch->fed;
        ch->fed = 0;
        qtc_parser_reset(ch->parser);
    }
    ch->fed += text.len;
    return check_characters(ch, text) && result(ch, qtc_parser_feed(ch->parser, text.data, text.len));
}

bool qtc_channel_finish(struct channel *ch)
{
    if (!ch->parser || ch->done) {
        return true;
    }
    ch->done = true;
    ch->due = 0;
    return result(ch, qtc_parser_finish(ch->parser));
}

/* no_repair: the text goes on as it came, whatever the parser finds in it. */
static bool pass_as_it_is(struct channel *ch, struct qtc_bytes text)
{
    struct qtc_event event = {
        .kind = ch->reasoning ? QTC_REASONING : QTC_CONTENT,
        .choice = ch->choice->index,
        .text = text,
        .at = ch->reasoning ? 0 : ch->base + ch->fed,
        .end = ch->reasoning ? 0 : ch->base + ch->fed + text.len,
    };

    return qtc_stream_emit(ch->choice->stream, &event);
}

static enum qtc_code take(struct qtc_stream *s, struct channel *ch, struct qtc_bytes text)
{
    if (text.len > 0 && qtc_choice_continues(ch->choice) &&
        (!s->options.no_repair || pass_as_it_is(ch, text))) {
        feed(ch, text);
    }
    return s->code;
}

enum qtc_code qtc_stream_content(struct qtc_stream *s, unsigned index, struct qtc_bytes text)
{
    struct choice *choice = qtc_stream_choice(s, index);

    /* Reasoning that still waits comes before the content. */
    if (!choice || (text.len > 0 && !qtc_channel_finish(&choice->reasoning))) {
        return s->code;
    }
    return take(s, &choice->content, text);
}

enum qtc_code qtc_stream_reasoning(struct qtc_stream *s, unsigned index, struct qtc_bytes text)
{
    struct choice *choice = qtc_stream_choice(s, index);

    return choice ? take(s, &choice->reasoning, text) : s->code;
}
