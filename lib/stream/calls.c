#include <stdlib.h>
#include <string.h>

#include "stream/internal.h"

/* The calls of a choice stand in a queue, in the order in which they began. The
 * one at the floor sends; those behind it collect their arguments until it is
 * closed. So the calls of the output never interleave, whatever the input does.
 *
 *   calls:  closed closed | sending | waiting waiting
 *                           ^ floor                                            */

#define KEPT_MAX   ((size_t)256 << 10) /* in all open calls; longer arguments are not compared */
#define NATIVE_MAX 4096U               /* native calls of a choice: each is remembered */

/* ---- memory ----------------------------------------------------------------- */

bool qtc_pending_add(struct qtc_stream *s, struct qtc_buf *buf, struct qtc_bytes text)
{
    if (text.len > s->options.max_pending - s->pending) {
        return qtc_stream_tell(s, NULL, 0, QTC_D_LIMIT_PASSED, qtc_str("pending arguments")) &&
               qtc_stream_fail(s, QTC_LIMIT);
    }
    s->pending += text.len;
    qtc_buf_put(buf, text);
    return !buf->failed || qtc_stream_fail(s, QTC_NOMEM);
}

void qtc_pending_free(struct qtc_stream *s, struct qtc_buf *buf)
{
    s->pending -= buf->len;
    qtc_buf_free(buf);
}

void qtc_call_keep(struct qtc_stream *s, struct call *call, struct qtc_bytes text)
{
    if (call->kept.len == call->total && text.len <= KEPT_MAX - s->kept) {
        qtc_buf_put(&call->kept, text);
        s->kept += text.len;
    }
    call->total += text.len;
}

void qtc_call_free(struct call *call)
{
    qtc_buf_free(&call->id);
    qtc_buf_free(&call->name);
    qtc_buf_free(&call->args.string);
    qtc_buf_free(&call->waiting);
    qtc_buf_free(&call->extra);
    qtc_buf_free(&call->kept);
    qtc_arguments_free(call);
    *call = (struct call){0};
}

void qtc_calls_clear(struct choice *choice)
{
    for (size_t i = 0; i < choice->count; i++) {
        qtc_call_free(choice->calls[i]);
        free(choice->calls[i]);
    }
    free(choice->calls);
    free(choice->past);
    choice->calls = NULL;
    choice->past = NULL;
    choice->count = choice->room = choice->floor = choice->past_count = choice->past_room = 0;
    qtc_call_free(&choice->shadow);
}

static bool make_room(struct choice *choice)
{
    size_t room = choice->room > 0 ? choice->room * 2 : 4;
    struct call **calls;

    if (choice->count < choice->room) {
        return true;
    }
    calls = reallocarray(choice->calls, room, sizeof *calls);
    if (!calls) {
        return qtc_stream_fail(choice->stream, QTC_NOMEM);
    }
    choice->calls = calls;
    choice->room = room;
    return true;
}

/* What came before has its whole name now, and ends where it can. */
static void settle_last(struct choice *choice)
{
    struct call *last = choice->count > 0 ? choice->calls[choice->count - 1] : NULL;

    if (last && !last->markup) {
        last->name_whole = true;
        last->ended = last->ended || qtc_arguments_settled(last);
    }
}

struct call *qtc_calls_push(struct choice *choice)
{
    struct qtc_stream *s = choice->stream;
    struct call *call;

    if (choice->natives >= NATIVE_MAX || choice->natives + choice->markups >= s->options.max_calls) {
        if (qtc_choice_tell(choice, QTC_D_LIMIT_PASSED, qtc_str("tool calls"))) {
            qtc_stream_fail(s, QTC_LIMIT);
        }
        return NULL;
    }
    if (!make_room(choice)) {
        return NULL;
    }
    settle_last(choice);
    call = calloc(1, sizeof *call);
    if (!call) {
        qtc_stream_fail(s, QTC_NOMEM);
        return NULL;
    }
    choice->calls[choice->count++] = call;
    return call;
}

/* ---- the same call twice ------------------------------------------------------ */

/* Byte by byte, so that where the blanks stand does not count. */
uint64_t qtc_call_hash(struct qtc_bytes name, struct qtc_bytes arguments)
{
    uint64_t h = qtc_hash(0, name);
    bool string = false, escaped = false;

    for (size_t i = 0; i < arguments.len; i++) {
        char c = arguments.data[i];

        if (!string && qtc_is_blank(c)) {
            continue;
        }
        string = string != (c == '"' && !escaped);
        escaped = string && c == '\\' && !escaped;
        h = (h ^ (unsigned char)c) * 0x100000001b3U;
    }
    return h != 0 ? h : 1;
}

/* Fills in call->same; the arguments are then no longer needed. */
static void forget_arguments(struct qtc_stream *s, struct call *call)
{
    if (!call->truncated && call->total > 0 && call->kept.len == call->total) {
        call->same = qtc_call_hash(qtc_buf_bytes(&call->name), qtc_buf_bytes(&call->kept));
    }
    s->kept -= call->kept.len;
    qtc_buf_free(&call->kept);
}

struct call *qtc_calls_twin(struct choice *choice, const struct call *markup)
{
    for (size_t i = 0; i < choice->floor && markup->same != 0; i++) {
        struct call *call = choice->calls[i];

        if (!call->markup && !call->paired && call->same == markup->same) {
            return call;
        }
    }
    return NULL;
}

static struct past *past_twin(struct choice *choice, const struct call *native)
{
    for (size_t i = 0; i < choice->past_count && native->same != 0; i++) {
        struct past *past = &choice->past[i];

        if (!past->paired && past->same == native->same) {
            return past;
        }
    }
    return NULL;
}

/* Sets *dropped where the call came before, in the other shape. */
static bool drop_twin(struct choice *choice, struct call *call, bool *dropped)
{
    struct call *native = call->markup ? qtc_calls_twin(choice, call) : NULL;
    struct past *past = call->markup ? NULL : past_twin(choice, call);
    unsigned number;

    *dropped = native || past;
    if (native) {
        native->paired = true;
        number = native->number;
    } else if (past) {
        past->paired = true;
        number = past->number;
    } else {
        return true;
    }
    call->paired = true;
    qtc_stream_alter(choice->stream);
    return qtc_stream_tell(choice->stream, choice, number, QTC_D_CALL_BOTH, qtc_buf_bytes(&call->name));
}

/* ---- sending ------------------------------------------------------------------- */

unsigned qtc_call_number(const struct choice *choice, const struct call *call)
{
    return call->started ? call->number : choice->started;
}

static struct qtc_bytes sent_id(const struct call *call)
{
    return call->made_len > 0 ? qtc_bytes(call->made, call->made_len) : qtc_buf_bytes(&call->id);
}

static bool emit(struct choice *choice, const struct call *call, enum qtc_event_kind kind,
                 struct qtc_bytes text)
{
    struct qtc_event event = {
        .kind = kind,
        .choice = choice->index,
        .call = call->number,
        .text = text,
        .at = call->at,
        .end = call->end,
        .truncated = kind == QTC_CALL_END && call->truncated,
    };

    if (kind == QTC_CALL) {
        event.id = sent_id(call);
        event.name = qtc_buf_bytes(&call->name);
    } else if (kind == QTC_OTHER) {
        event.name = qtc_str("call");
    }
    return qtc_stream_emit(choice->stream, &event);
}

bool qtc_calls_send(struct choice *choice, struct call *call, struct qtc_bytes text)
{
    if (text.len == 0) {
        return true;
    }
    qtc_call_keep(choice->stream, call, text);
    if (call->started && call->waiting.len == 0) {
        return emit(choice, call, QTC_ARGS, text);
    }
    return qtc_pending_add(choice->stream, &call->waiting, text);
}

static bool id_taken(const struct choice *choice, struct qtc_bytes id)
{
    uint64_t hash = choice->past_count > 0 ? qtc_hash(0, id) : 0;

    for (size_t i = 0; i < choice->floor; i++) {
        if (choice->calls[i]->started && qtc_bytes_equal(sent_id(choice->calls[i]), id)) {
            return true;
        }
    }
    for (size_t i = 0; i < choice->past_count; i++) {
        if (choice->past[i].id == hash) {
            return true;
        }
    }
    return false;
}

static bool settle_id(struct choice *choice, struct call *call)
{
    struct qtc_bytes id = qtc_buf_bytes(&call->id);
    bool taken = id.len > 0 && id_taken(choice, id);

    if (id.len > 0 && !taken) {
        return true;
    }
    if (!choice->stream->options.no_repair) {
        qtc_id_make(choice, call);
    }
    if (!taken && (call->markup || call->legacy)) {
        return true;
    }
    qtc_stream_alter(choice->stream);
    return qtc_call_tell(choice, call, taken ? QTC_D_DUPLICATE_ID : QTC_D_MISSING_ID,
                         taken ? id : qtc_buf_bytes(&call->name));
}

static bool settle_shape(struct choice *choice, struct call *call)
{
    if (call->markup || call->legacy) {
        return true;
    }
    if (!call->has_index || call->index != call->number) {
        qtc_stream_alter(choice->stream);
    }
    if (call->has_type) {
        return true;
    }
    qtc_stream_alter(choice->stream);
    return qtc_call_tell(choice, call, QTC_D_TYPE_MISSING, qtc_buf_bytes(&call->name));
}

static bool start(struct choice *choice, struct call *call)
{
    call->started = true;
    call->number = choice->started++;
    return settle_id(choice, call) && settle_shape(choice, call) &&
           (call->extra.len == 0 || emit(choice, call, QTC_OTHER, qtc_buf_bytes(&call->extra))) &&
           emit(choice, call, QTC_CALL, (struct qtc_bytes){0});
}

/* A name that only begins the name of a tool may still grow. */
static bool name_may_grow(const struct qtc_stream *s, const struct call *call)
{
    const struct qtc_tools *tools = s->options.parse.tools;
    struct qtc_bytes name = qtc_buf_bytes(&call->name);

    if (call->total > 0 || !tools || qtc_tools_find(tools, name)) {
        return false;
    }
    for (size_t i = 0; i < qtc_tools_count(tools); i++) {
        struct qtc_bytes tool = qtc_tools_at(tools, i)->name;

        if (tool.len > name.len && memcmp(tool.data, name.data, name.len) == 0) {
            return true;
        }
    }
    return false;
}

static bool may_start(const struct choice *choice, const struct call *call)
{
    if (call->name.len == 0 || (call->suspect && !call->ended)) {
        return false;
    }
    return call->markup || call->ended || call->name_whole ||
           (call->arguments_seen && !name_may_grow(choice->stream, call));
}

static bool send_waiting(struct choice *choice, struct call *call)
{
    bool ok = true;

    if (call->waiting.len > 0) {
        call->at = call->end = 0;
        ok = emit(choice, call, QTC_ARGS, qtc_buf_bytes(&call->waiting));
        qtc_pending_free(choice->stream, &call->waiting);
    }
    return ok;
}

/* Arguments that nobody can call: not lost, but no call either. */
static bool send_as_text(struct choice *choice, struct call *call)
{
    struct qtc_event event = {
        .kind = QTC_CONTENT, .choice = choice->index, .text = qtc_buf_bytes(&call->waiting)};

    qtc_stream_alter(choice->stream);
    return qtc_call_tell(choice, call, QTC_D_NAME_MISSING, qtc_buf_bytes(&call->waiting)) &&
           (event.text.len == 0 || qtc_stream_emit(choice->stream, &event));
}

static bool send_end(struct choice *choice, struct call *call)
{
    if (call->truncated) {
        choice->truncated = true;
        if (!call->markup && !qtc_call_tell(choice, call, QTC_D_TRUNCATED_CALL, qtc_buf_bytes(&call->name))) {
            return false;
        }
    }
    return emit(choice, call, QTC_CALL_END, (struct qtc_bytes){0});
}

/* The call at the floor leaves the queue; of one in markup, little is kept. */
static bool retire(struct choice *choice)
{
    struct call *call = choice->calls[choice->floor];
    size_t room = choice->past_room > 0 ? choice->past_room * 2 : 8;
    struct past *past;

    if (!call->markup) {
        choice->floor++;
        return true;
    }
    if (choice->past_count == choice->past_room) {
        past = reallocarray(choice->past, room, sizeof *past);
        if (!past) {
            return qtc_stream_fail(choice->stream, QTC_NOMEM);
        }
        choice->past = past;
        choice->past_room = room;
    }
    choice->past[choice->past_count++] = (struct past){
        .same = call->same,
        .id = call->id.len > 0 ? qtc_hash(0, qtc_buf_bytes(&call->id)) : 0,
        .number = call->number,
        .paired = call->paired,
    };
    choice->count--;
    memmove(choice->calls + choice->floor, choice->calls + choice->floor + 1,
            (choice->count - choice->floor) * sizeof *choice->calls);
    qtc_call_free(call);
    free(call);
    return true;
}

static bool close_call(struct choice *choice, struct call *call)
{
    bool ok = true, dropped = false;

    forget_arguments(choice->stream, call);
    if (!call->started && call->suspect) {
        ok = drop_twin(choice, call, &dropped);
    }
    if (ok && !dropped && call->name.len == 0) {
        ok = send_as_text(choice, call);
    } else if (ok && !dropped) {
        ok = (call->started || start(choice, call)) && send_waiting(choice, call) && send_end(choice, call);
    }
    qtc_pending_free(choice->stream, &call->waiting);
    qtc_buf_free(&call->extra);
    return ok && retire(choice);
}

bool qtc_calls_advance(struct choice *choice)
{
    while (choice->floor < choice->count) {
        struct call *call = choice->calls[choice->floor];

        if (!call->ended) {
            if (!call->started && may_start(choice, call) && !start(choice, call)) {
                return false;
            }
            return !call->started || send_waiting(choice, call);
        }
        if (call->name.len == 0 && !call->name_whole) {
            return true;
        }
        if (!close_call(choice, call)) {
            return false;
        }
    }
    return true;
}

bool qtc_calls_finish(struct choice *choice, enum qtc_finish reason)
{
    bool clean = reason == QTC_FINISH_STOP || reason == QTC_FINISH_TOOL_CALLS;

    for (size_t i = choice->floor; i < choice->count; i++) {
        struct call *call = choice->calls[i];
        bool last = i + 1 == choice->count;

        call->name_whole = true;
        if (!call->markup && !call->ended && !qtc_arguments_finish(choice, call, last && !clean)) {
            return false;
        }
    }
    return qtc_calls_advance(choice);
}

bool qtc_calls_holding(const struct choice *choice)
{
    const struct call *call;

    if (choice->floor == choice->count) {
        return false;
    }
    call = choice->calls[choice->floor];
    return !call->started || choice->count - choice->floor > 1 || call->args.tail_len > 0 ||
           call->args.string.len > 0;
}
