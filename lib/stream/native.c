#include "stream/internal.h"

/* Native tool calls: which call a delta belongs to, and what it says about it. */

/* ---- which call ---------------------------------------------------------------- */

static bool has(struct qtc_bytes b)
{
    return b.len > 0;
}

static bool differs(struct qtc_bytes a, const struct qtc_buf *b)
{
    return a.len > 0 && b->len > 0 && !qtc_bytes_equal(a, qtc_buf_bytes(b));
}

static struct call *by_index(const struct choice *choice, unsigned index)
{
    if (choice->recent && choice->recent->index == index) {
        return choice->recent;
    }
    for (size_t i = index < choice->next_index ? choice->count : 0; i-- > 0;) {
        struct call *call = choice->calls[i];

        if (!call->markup && call->index == index) {
            return call;
        }
    }
    return NULL;
}

static struct call *by_id(const struct choice *choice, struct qtc_bytes id)
{
    for (size_t i = choice->count; has(id) && i-- > 0;) {
        struct call *call = choice->calls[i];

        if (!call->markup && qtc_bytes_equal(qtc_buf_bytes(&call->id), id)) {
            return call;
        }
    }
    return choice->recent;
}

/* The delta begins a new call, although it names the place of this one. */
static bool another(const struct call *call, const struct qtc_call_delta *d)
{
    bool new_id = differs(d->id, &call->id), new_name = differs(d->name, &call->name);

    if (!has(d->id) && !has(d->name)) {
        return false;
    }
    if (new_id && new_name) {
        return true;
    }
    if (call->name.len == 0 && call->name_whole) {
        return true; /* nobody could call it: it was given up */
    }
    if (!qtc_arguments_settled(call)) {
        return false;
    }
    if (new_id || (call->name.len == 0 && has(d->id) && has(d->name))) {
        return true;
    }
    if (has(d->id) && call->id.len > 0) {
        return false;
    }
    return new_name || (has(d->name) && qtc_bytes_trim(d->arguments).len > 0);
}

static bool check_index(struct choice *choice, struct call *call, const struct qtc_call_delta *d)
{
    if (!d->has_index) {
        call->index = choice->next_index++;
        return true;
    }
    call->index = d->index;
    if (d->index != choice->next_index && !d->legacy) {
        qtc_stream_alter(choice->stream);
        if (!qtc_call_tell(choice, call, QTC_D_INDEX_GAP, d->name)) {
            return false;
        }
    }
    if (d->index >= choice->next_index) {
        choice->next_index = d->index < UINT32_MAX ? d->index + 1 : d->index;
    }
    return true;
}

static struct call *begin(struct choice *choice, const struct qtc_call_delta *d, bool same_place)
{
    struct call *call;

    call = qtc_calls_push(choice);
    if (!call) {
        return NULL;
    }
    call->legacy = d->legacy;
    call->has_index = d->has_index;
    call->suspect = choice->markups > 0 && !choice->stream->options.no_repair;
    call->order = choice->natives++;
    if (!same_place) {
        return check_index(choice, call, d) ? call : NULL;
    }
    call->index = d->has_index ? d->index : choice->next_index++;
    qtc_stream_alter(choice->stream);
    if (d->has_index && !qtc_call_tell(choice, call, QTC_D_DUPLICATE_INDEX, d->name)) {
        return NULL;
    }
    return call;
}

static struct call *route(struct choice *choice, const struct qtc_call_delta *d)
{
    struct call *call = d->has_index ? by_index(choice, d->index) : by_id(choice, d->id);

    if (!call || another(call, d)) {
        call = begin(choice, d, call != NULL);
    } else if (call->order < choice->recent->order && has(qtc_bytes_trim(d->arguments))) {
        qtc_stream_alter(choice->stream);
        if (!qtc_call_tell(choice, call, QTC_D_INDEX_OUT_OF_ORDER, qtc_buf_bytes(&call->name))) {
            return NULL;
        }
    }
    choice->recent = call;
    return call;
}

/* ---- what it says ---------------------------------------------------------------- */

static bool store(struct qtc_stream *s, struct qtc_buf *buf, struct qtc_bytes text)
{
    qtc_buf_put(buf, text);
    return !buf->failed || qtc_stream_fail(s, QTC_NOMEM);
}

static bool take_id(struct choice *choice, struct call *call, struct qtc_bytes id)
{
    if (!has(id) || qtc_bytes_equal(id, qtc_buf_bytes(&call->id))) {
        return true;
    }
    if (call->id.len == 0 && !call->started) {
        return store(choice->stream, &call->id, id);
    }
    qtc_stream_alter(choice->stream);
    return qtc_call_tell(choice, call, QTC_D_ID_CHANGES, id);
}

static bool take_name(struct choice *choice, struct call *call, struct qtc_bytes name)
{
    if (!has(name)) {
        return call->name.len == 0 || !name.data ||
               qtc_call_tell(choice, call, QTC_D_NAME_EMPTY, qtc_buf_bytes(&call->name));
    }
    if (call->name.len == 0) {
        return store(choice->stream, &call->name, name);
    }
    qtc_stream_alter(choice->stream);
    if (qtc_bytes_equal(name, qtc_buf_bytes(&call->name))) {
        return qtc_call_tell(choice, call, QTC_D_NAME_REPEATED, name);
    }
    if (!call->started && call->total == 0 && !store(choice->stream, &call->name, name)) {
        return false;
    }
    return qtc_call_tell(choice, call, QTC_D_NAME_SPLIT, qtc_buf_bytes(&call->name));
}

static bool take_arguments(struct choice *choice, struct call *call, const struct qtc_call_delta *d)
{
    switch (d->form) {
    case QTC_ARGUMENTS_NULL:
        call->args.null_seen = true;
        break;
    case QTC_ARGUMENTS_VALUE:
        qtc_stream_alter(choice->stream);
        if (has(d->arguments) && d->arguments.data[0] == '{' &&
            !qtc_call_tell(choice, call, QTC_D_ARGUMENTS_OBJECT, qtc_buf_bytes(&call->name))) {
            return false;
        }
        break;
    default:
        break;
    }
    call->arguments_seen = call->arguments_seen || d->form != QTC_ARGUMENTS_ABSENT;
    return qtc_arguments_add(choice, call, d->arguments);
}

static bool take_extra(struct choice *choice, struct call *call, struct qtc_bytes extra)
{
    struct qtc_event event = {
        .kind = QTC_OTHER, .choice = choice->index, .name = qtc_str("call"), .text = extra};

    if (!has(extra)) {
        return true;
    }
    if (!call->started) {
        qtc_buf_clear(&call->extra);
        return store(choice->stream, &call->extra, extra);
    }
    event.call = call->number;
    return qtc_stream_emit(choice->stream, &event);
}

/* Differences between the server's numbering and ours reach every delta. */
static bool take_place(struct choice *choice, struct call *call, const struct qtc_call_delta *d)
{
    if (d->legacy) {
        return true;
    }
    if (!d->has_index) {
        qtc_stream_alter(choice->stream);
        return qtc_call_tell(choice, call, QTC_D_INDEX_MISSING, d->name);
    }
    if (call->started && call->number != d->index) {
        qtc_stream_alter(choice->stream);
    }
    return true;
}

enum qtc_code qtc_stream_call(struct qtc_stream *s, unsigned index, const struct qtc_call_delta *delta)
{
    struct choice *choice = qtc_stream_choice(s, index);
    struct call *call;

    if (!choice || !qtc_choice_continues(choice)) {
        return s->code;
    }
    call = route(choice, delta);
    if (!call) {
        return s->code;
    }
    call->has_type = call->has_type || delta->has_type;
    if (take_place(choice, call, delta) && take_id(choice, call, delta->id) &&
        take_name(choice, call, delta->name) && take_extra(choice, call, delta->extra) &&
        take_arguments(choice, call, delta)) {
        qtc_calls_advance(choice);
    }
    return s->code;
}
