#include <stdlib.h>
#include <string.h>

#include "stream/internal.h"

#define MAX_CHOICES 128U
#define MAX_CALLS   65536U
#define MAX_PENDING ((size_t)64 << 20)

/* ---- events ------------------------------------------------------------------- */

bool qtc_stream_fail(struct qtc_stream *s, enum qtc_code code)
{
    if (s->code == QTC_OK) {
        s->code = code;
    }
    return false;
}

bool qtc_stream_emit(struct qtc_stream *s, struct qtc_event *event)
{
    event->frame = s->frame;
    event->line = s->line;
    return s->sink(s->ctx, event) || qtc_stream_fail(s, QTC_STOPPED);
}

void qtc_stream_alter(struct qtc_stream *s)
{
    s->altered = !s->options.no_repair;
}

bool qtc_stream_tell(struct qtc_stream *s, const struct choice *choice, unsigned call, enum qtc_defect defect,
                     struct qtc_bytes what)
{
    struct qtc_event event = {.kind = QTC_DEFECT,
                              .choice = choice ? choice->index : 0,
                              .call = call,
                              .defect = defect,
                              .text = what};

    return qtc_stream_emit(s, &event);
}

static bool first_time(struct told *told, enum qtc_defect defect)
{
    unsigned char bit = (unsigned char)(1U << defect % 8);
    bool first = !(told->bits[defect / 8] & bit);

    told->bits[defect / 8] |= bit;
    return first;
}

bool qtc_choice_tell(struct choice *choice, enum qtc_defect defect, struct qtc_bytes what)
{
    return !first_time(&choice->told, defect) ||
           qtc_stream_tell(choice->stream, choice, choice->started, defect, what);
}

bool qtc_call_tell(struct choice *choice, struct call *call, enum qtc_defect defect, struct qtc_bytes what)
{
    return !first_time(&call->told, defect) ||
           qtc_stream_tell(choice->stream, choice, qtc_call_number(choice, call), defect, what);
}

/* ---- the object ------------------------------------------------------------------ */

struct qtc_stream *qtc_stream_new(const struct qtc_stream_options *options, qtc_sink *sink, void *ctx)
{
    struct qtc_stream *s = calloc(1, sizeof *s);

    if (!s) {
        return NULL;
    }
    s->options = *options;
    s->options.max_choices = options->max_choices > 0 ? options->max_choices : MAX_CHOICES;
    s->options.max_calls = options->max_calls > 0 ? options->max_calls : MAX_CALLS;
    s->options.max_pending = options->max_pending > 0 ? options->max_pending : MAX_PENDING;
    s->likely = options->parse.likely;
    s->sink = sink;
    s->ctx = ctx;
    return s;
}

void qtc_stream_free(struct qtc_stream *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < s->count; i++) {
        struct choice *choice = s->choices[i];

        qtc_parser_free(choice->content.parser);
        qtc_parser_free(choice->reasoning.parser);
        qtc_calls_clear(choice);
        free(choice);
    }
    free(s->choices);
    qtc_buf_free(&s->id);
    qtc_buf_free(&s->joined);
    qtc_buf_free(&s->decoded);
    free(s);
}

bool qtc_stream_repairs(const struct qtc_stream *s)
{
    return !s->options.no_repair;
}

static void choice_init(struct choice *choice, struct qtc_stream *s, unsigned index)
{
    *choice = (struct choice){.stream = s, .index = index};
    qtc_channel_init(&choice->content, choice, false);
    qtc_channel_init(&choice->reasoning, choice, true);
}

/* The parsers stay with the choices' indexes, which they were made for. */
static void choice_reset(struct choice *choice)
{
    struct channel content = choice->content, reasoning = choice->reasoning;

    qtc_calls_clear(choice);
    choice_init(choice, choice->stream, choice->index);
    choice->content = content;
    choice->reasoning = reasoning;
    qtc_channel_reset(&choice->content);
    qtc_channel_reset(&choice->reasoning);
    choice->idle = true;
}

void qtc_stream_reset(struct qtc_stream *s)
{
    for (size_t i = 0; i < s->count; i++) {
        choice_reset(s->choices[i]);
    }
    s->last = NULL;
    s->likely = s->options.parse.likely;
    s->code = QTC_OK;
    qtc_buf_clear(&s->id);
    s->pending = s->kept = 0;
    s->frame = s->line = s->made = 0;
    s->frame_data = (struct qtc_bytes){0};
    s->begun = s->altered = s->errored = false;
}

static struct choice *add_choice(struct qtc_stream *s, unsigned index)
{
    size_t room = s->room > 0 ? s->room * 2 : 4;
    struct choice **choices;
    struct choice *choice;

    if (s->count >= s->options.max_choices) {
        if (qtc_stream_tell(s, NULL, 0, QTC_D_LIMIT_PASSED, qtc_str("choices"))) {
            qtc_stream_fail(s, QTC_LIMIT);
        }
        return NULL;
    }
    if (s->count == s->room) {
        choices = reallocarray(s->choices, room, sizeof *choices);
        if (!choices) {
            qtc_stream_fail(s, QTC_NOMEM);
            return NULL;
        }
        s->choices = choices;
        s->room = room;
    }
    choice = calloc(1, sizeof *choice);
    if (!choice) {
        qtc_stream_fail(s, QTC_NOMEM);
        return NULL;
    }
    choice_init(choice, s, index);
    s->choices[s->count++] = choice;
    return choice;
}

static struct choice *find_choice(struct qtc_stream *s, unsigned index)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->choices[i]->index == index) {
            return s->choices[i];
        }
    }
    return add_choice(s, index);
}

struct choice *qtc_stream_choice(struct qtc_stream *s, unsigned index)
{
    if (s->code != QTC_OK) {
        return NULL;
    }
    if (!s->last || s->last->index != index) {
        s->last = find_choice(s, index);
    }
    if (s->last) {
        s->last->idle = false;
    }
    return s->last;
}

/* ---- frames ------------------------------------------------------------------------ */

enum qtc_code qtc_stream_frame_begin(struct qtc_stream *s, uint64_t frame, uint64_t line)
{
    s->frame = frame;
    s->line = line;
    s->altered = false;
    s->frame_data = (struct qtc_bytes){0};
    return s->code;
}

void qtc_stream_frame_data(struct qtc_stream *s, struct qtc_bytes data)
{
    s->frame_data = data;
}

static bool holding(const struct qtc_stream *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct choice *choice = s->choices[i];

        if (qtc_channel_holding(&choice->content) || qtc_channel_holding(&choice->reasoning) ||
            qtc_calls_holding(choice)) {
            return true;
        }
    }
    return false;
}

enum qtc_code qtc_stream_frame_end(struct qtc_stream *s, struct qtc_bytes raw, bool altered)
{
    struct qtc_event *event = &s->frame_event;

    if (s->code == QTC_OK) {
        event->kind = QTC_FRAME;
        event->text = raw;
        event->name = s->frame_data;
        event->altered = s->altered || (altered && !s->options.no_repair);
        event->holding = !s->options.no_repair && holding(s);
        qtc_stream_emit(s, event);
    }
    return s->code;
}

/* ---- the envelope -------------------------------------------------------------------- */

static void take_hint(struct qtc_stream *s, struct qtc_bytes model)
{
    if (!s->likely && !s->options.model_given && !s->options.parse.format && model.len > 0) {
        s->likely = qtc_format_of_model(model);
    }
}

enum qtc_code qtc_stream_start(struct qtc_stream *s, struct qtc_bytes id, struct qtc_bytes model)
{
    struct qtc_event event = {.kind = QTC_START, .id = id, .name = model};

    if (s->code == QTC_OK) {
        take_hint(s, model);
    }
    if (s->begun || s->code != QTC_OK) {
        return s->code;
    }
    s->begun = true;
    qtc_buf_put(&s->id, id);
    if (s->id.failed) {
        qtc_stream_fail(s, QTC_NOMEM);
    } else {
        qtc_stream_emit(s, &event);
    }
    return s->code;
}

enum qtc_code qtc_stream_usage(struct qtc_stream *s, struct qtc_bytes raw)
{
    struct qtc_event event = {.kind = QTC_USAGE, .text = raw};

    if (s->code == QTC_OK) {
        qtc_stream_emit(s, &event);
    }
    return s->code;
}

enum qtc_code qtc_stream_other(struct qtc_stream *s, unsigned choice, struct qtc_bytes name,
                               struct qtc_bytes raw)
{
    struct qtc_event event = {.kind = QTC_OTHER, .choice = choice, .name = name, .text = raw};

    if (s->code == QTC_OK) {
        s->errored = s->errored || qtc_bytes_is(name, "error");
        qtc_stream_emit(s, &event);
    }
    return s->code;
}

enum qtc_code qtc_stream_defect(struct qtc_stream *s, unsigned choice, enum qtc_defect defect,
                                struct qtc_bytes what)
{
    struct qtc_event event = {.kind = QTC_DEFECT, .choice = choice, .defect = defect, .text = what};

    if (s->code == QTC_OK) {
        qtc_stream_emit(s, &event);
    }
    return s->code;
}

/* ---- what was found ------------------------------------------------------------------ */

static const struct qtc_format *channel_format(const struct channel *channel)
{
    return channel->parser ? qtc_parser_format(channel->parser) : NULL;
}

const struct qtc_format *qtc_stream_format(const struct qtc_stream *s)
{
    const struct qtc_format *format = NULL;

    for (size_t i = 0; i < s->count && !format; i++) {
        const struct choice *choice = s->choices[i];

        if (choice->markups + choice->silent > 0) {
            format = channel_format(&choice->content);
            format = format ? format : channel_format(&choice->reasoning);
        }
    }
    return format;
}
