#include <stdlib.h>
#include <string.h>

#include "stream/internal.h"

/* The arguments of one native call: JSON text in fragments. They pass through a
 * scanner, so that their end, what hangs behind it, and a cut are known; the
 * bytes stay as they are where nothing is wrong with them.
 *
 *   BLANK ─► PLAIN ─► WHOLE     a value that ended; what follows is cut off
 *     │        ├────► MENDED    not JSON, but with one reading: written as that
 *     │        └────► BROKEN    not JSON: passed on as it is
 *     └────► STRING ─► ...      waits: may be an object that was encoded twice
 *
 * Where nothing is repaired, a whole value does not end the call: what hangs
 * behind it belongs to it. */

static bool blank(struct qtc_bytes text)
{
    return qtc_bytes_trim(text).len == 0;
}

bool qtc_arguments_settled(const struct call *call)
{
    struct qtc_json_scan scan = call->args.scan;

    switch (call->args.state) {
    case ARGS_WHOLE:
    case ARGS_BROKEN:
        return true;
    case ARGS_PLAIN:
        return qtc_json_scan_finish(&scan) == QTC_JSON_DONE;
    default:
        return false;
    }
}

/* What is behind the end of the value. */
static bool add_behind(struct choice *choice, struct call *call, struct qtc_bytes text)
{
    if (blank(text)) {
        return true;
    }
    if (text.len == call->total && call->same != 0 &&
        qtc_call_hash(qtc_buf_bytes(&call->name), text) == call->same) {
        qtc_stream_alter(choice->stream);
        return qtc_call_tell(choice, call, QTC_D_ARGUMENTS_CUMULATIVE, qtc_buf_bytes(&call->name));
    }
    if (choice->stream->options.no_repair) {
        return (call->ended || qtc_calls_send(choice, call, text)) &&
               qtc_call_tell(choice, call, QTC_D_ARGUMENTS_TRAILING_GARBAGE, text);
    }
    qtc_stream_alter(choice->stream);
    return qtc_call_tell(choice, call, QTC_D_ARGUMENTS_TRAILING_GARBAGE, text);
}

/* ---- arguments that are not quite JSON ------------------------------------------- */

void qtc_arguments_free(struct call *call)
{
    if (call->args.mend) {
        qtc_mend_free(call->args.mend);
        free(call->args.mend);
        call->args.mend = NULL;
    }
}

/* Feeds the mender; s->decoded has what it wrote. Returns the bytes it used: fewer than all where the value
 * ended. */
static size_t feed_mender(struct choice *choice, struct call *call, struct qtc_bytes text)
{
    struct qtc_mend *mend = call->args.mend;
    struct qtc_buf *out = &choice->stream->decoded;
    size_t used = 0;

    qtc_buf_clear(out);
    while (used < text.len && mend->event != QTC_MEND_END) {
        used += qtc_mend_feed(mend, text.data + used, text.len - used, out);
    }
    return used;
}

/* `good`: the bytes before the first one that is no JSON. Only where a mender
 * would have written them as they are, and holds none of them back: what is out
 * cannot be taken back, and how the text was cut must not matter. */
static bool may_mend(struct choice *choice, struct call *call, struct qtc_bytes good)
{
    struct qtc_stream *s = choice->stream;
    struct qtc_mend *mend;
    size_t written;

    if (s->options.no_repair || s->options.parse.recover == QTC_RECOVER_STRICT ||
        call->kept.len != call->total || call->args.scan.depth == 0) {
        return false;
    }
    call->args.mend = mend = calloc(1, sizeof *mend);
    if (!mend) {
        return qtc_stream_fail(s, QTC_NOMEM);
    }
    qtc_mend_reset(mend, 0, '\0');
    mend->begun = true; /* no one has to be told where the value begins */
    feed_mender(choice, call, qtc_buf_bytes(&call->kept));
    written = s->decoded.len;
    feed_mender(choice, call, good);
    written += s->decoded.len;
    return !mend->pend.failed && mend->pend.len == 0 && mend->found == 0 && written == call->total + good.len;
}

static bool tell_mended(struct choice *choice, struct call *call)
{
    struct arguments *a = &call->args;

    for (unsigned bit = 0; bit < QTC_MEND_BITS; bit++) {
        if ((a->mend->found & ~a->mended) >> bit & 1 &&
            !qtc_call_tell(choice, call, qtc_mend_defect(bit), qtc_buf_bytes(&call->name))) {
            return false;
        }
    }
    a->mended |= a->mend->found;
    return true;
}

static bool add_mended(struct choice *choice, struct call *call, struct qtc_bytes text)
{
    struct qtc_stream *s = choice->stream;
    size_t used = feed_mender(choice, call, text);

    if (s->decoded.failed || call->args.mend->pend.failed) {
        return qtc_stream_fail(s, QTC_NOMEM);
    }
    call->args.state = ARGS_MENDED;
    qtc_stream_alter(s);
    if (!tell_mended(choice, call) || !qtc_calls_send(choice, call, qtc_buf_bytes(&s->decoded))) {
        return false;
    }
    if (call->args.mend->event != QTC_MEND_END) {
        return true;
    }
    call->args.state = ARGS_WHOLE;
    if (!add_behind(choice, call, qtc_bytes(text.data + used, text.len - used))) {
        return false;
    }
    call->ended = true;
    return true;
}

static bool add_plain(struct choice *choice, struct call *call, struct qtc_bytes text)
{
    size_t used = 0;

    switch (qtc_json_scan_feed(&call->args.scan, text.data, text.len, &used)) {
    case QTC_JSON_MORE:
        return qtc_calls_send(choice, call, text);
    case QTC_JSON_DONE:
        call->args.state = ARGS_WHOLE;
        if (!qtc_calls_send(choice, call, qtc_bytes(text.data, used)) ||
            !add_behind(choice, call, qtc_bytes(text.data + used, text.len - used))) {
            return false;
        }
        call->ended = !choice->stream->options.no_repair;
        return true;
    default:
        if (may_mend(choice, call, qtc_bytes(text.data, used))) {
            return qtc_calls_send(choice, call, qtc_bytes(text.data, used)) &&
                   add_mended(choice, call, qtc_bytes(text.data + used, text.len - used));
        }
        call->args.state = ARGS_BROKEN;
        return choice->stream->code == QTC_OK && qtc_calls_send(choice, call, text) &&
               qtc_call_tell(choice, call, QTC_D_NOT_JSON, text);
    }
}

/* A whole JSON string came: its text, when that is an object. */
static bool unwrap(struct choice *choice, struct call *call)
{
    struct qtc_stream *s = choice->stream;
    struct qtc_bytes raw = qtc_bytes_trim(qtc_buf_bytes(&call->args.string));
    struct qtc_bytes inside;

    qtc_buf_clear(&s->decoded);
    if (!qtc_json_unescape(&s->decoded, qtc_bytes(raw.data + 1, raw.len - 2))) {
        return false;
    }
    inside = qtc_bytes_trim(qtc_buf_bytes(&s->decoded));
    return inside.len > 0 && inside.data[0] == '{' && qtc_json_valid(inside);
}

static bool end_string(struct choice *choice, struct call *call)
{
    struct qtc_stream *s = choice->stream;
    struct arguments *a = &call->args;
    bool twice = unwrap(choice, call);
    bool ok;

    if (twice && !s->options.no_repair) {
        qtc_stream_alter(s);
        ok = qtc_calls_send(choice, call, qtc_buf_bytes(&s->decoded));
    } else {
        ok = qtc_calls_send(choice, call, qtc_buf_bytes(&a->string));
    }
    qtc_pending_free(s, &a->string);
    a->state = ARGS_WHOLE;
    call->ended = !choice->stream->options.no_repair;
    return ok &&
           qtc_call_tell(choice, call, twice ? QTC_D_ARGUMENTS_DOUBLE_ENCODED : QTC_D_ARGUMENTS_NOT_OBJECT,
                         qtc_buf_bytes(&call->name));
}

/* The string as it is: it was cut, or is no string. */
static bool give_up_string(struct choice *choice, struct call *call)
{
    struct arguments *a = &call->args;
    bool ok = qtc_calls_send(choice, call, qtc_buf_bytes(&a->string));

    qtc_pending_free(choice->stream, &a->string);
    return ok;
}

static bool add_string(struct choice *choice, struct call *call, struct qtc_bytes text)
{
    struct arguments *a = &call->args;
    size_t used = 0;
    enum qtc_json_progress progress = qtc_json_scan_feed(&a->scan, text.data, text.len, &used);

    if (progress != QTC_JSON_DONE) {
        used = text.len;
    }
    if (!qtc_pending_add(choice->stream, &a->string, qtc_bytes(text.data, used))) {
        return false;
    }
    if (progress == QTC_JSON_MORE) {
        return true;
    }
    if (progress == QTC_JSON_BAD) {
        a->state = ARGS_BROKEN;
        return give_up_string(choice, call) && qtc_call_tell(choice, call, QTC_D_NOT_JSON, text);
    }
    return end_string(choice, call) && add_behind(choice, call, qtc_bytes(text.data + used, text.len - used));
}

/* The first byte that is not blank tells what the arguments are. */
static bool add_first(struct choice *choice, struct call *call, struct qtc_bytes text)
{
    char first;

    if (blank(text)) {
        return add_plain(choice, call, text);
    }
    first = qtc_bytes_trim(text).data[0];
    if (first == '"') {
        call->args.state = ARGS_STRING;
        return add_string(choice, call, text);
    }
    call->args.state = ARGS_PLAIN;
    if (first != '{' && !qtc_call_tell(choice, call, QTC_D_ARGUMENTS_NOT_OBJECT, text)) {
        return false;
    }
    return add_plain(choice, call, text);
}

/* Does the fragment repeat all that came so far? Only where adding it would
 * break the JSON, so that a value which happens to repeat is left alone. */
static bool repeats(const struct call *call, struct qtc_bytes text)
{
    struct qtc_json_scan scan = call->args.scan;
    size_t used, known = call->kept.len;

    if (call->total == 0 || text.len < call->total || memcmp(text.data, call->kept.data, known) != 0) {
        return false;
    }
    if (call->args.cumulative) {
        return true;
    }
    return known == call->total && qtc_json_scan_feed(&scan, text.data, text.len, &used) == QTC_JSON_BAD;
}

static bool add_whole_characters(struct choice *choice, struct call *call, struct qtc_bytes text)
{
    struct arguments *a = &call->args;

    if (call->ended) {
        return add_behind(choice, call, text);
    }
    switch (a->state) {
    case ARGS_BLANK:
        return add_first(choice, call, text);
    case ARGS_STRING:
        return add_string(choice, call, text);
    case ARGS_MENDED:
        return add_mended(choice, call, text);
    case ARGS_WHOLE:
        return add_behind(choice, call, text);
    case ARGS_BROKEN:
        return qtc_calls_send(choice, call, text);
    default:
        break;
    }
    if (repeats(call, text) && !choice->stream->options.no_repair) {
        size_t old = (size_t)call->total;

        a->cumulative = true;
        qtc_stream_alter(choice->stream);
        return qtc_call_tell(choice, call, QTC_D_ARGUMENTS_CUMULATIVE, qtc_buf_bytes(&call->name)) &&
               add_plain(choice, call, qtc_bytes(text.data + old, text.len - old));
    }
    return add_plain(choice, call, text);
}

/* Puts the tail of the last fragment in front. */
static bool join_tail(struct choice *choice, struct call *call, struct qtc_bytes *text)
{
    struct qtc_stream *s = choice->stream;
    struct arguments *a = &call->args;

    if (a->tail_len == 0) {
        return true;
    }
    qtc_buf_clear(&s->joined);
    qtc_buf_add(&s->joined, a->tail, a->tail_len);
    qtc_buf_put(&s->joined, *text);
    a->tail_len = 0;
    *text = qtc_buf_bytes(&s->joined);
    return !s->joined.failed || qtc_stream_fail(s, QTC_NOMEM);
}

bool qtc_arguments_add(struct choice *choice, struct call *call, struct qtc_bytes text)
{
    struct arguments *a = &call->args;
    size_t open;

    if (text.len == 0) {
        return true;
    }
    if (!join_tail(choice, call, &text)) {
        return false;
    }
    open = qtc_utf8_incomplete(text.data, text.len);
    if (open > 0) {
        memcpy(a->tail, text.data + text.len - open, open);
        a->tail_len = open;
        text.len -= open;
        qtc_stream_alter(choice->stream);
        if (!qtc_call_tell(choice, call, QTC_D_SPLIT_UTF8, qtc_bytes(a->tail, open))) {
            return false;
        }
    }
    return text.len == 0 || add_whole_characters(choice, call, text);
}

/* ---- the end ---------------------------------------------------------------- */

/* A call without any arguments: {} is what a correct server sends. */
static bool finish_empty(struct choice *choice, struct call *call)
{
    struct qtc_stream *s = choice->stream;
    enum qtc_defect defect = call->args.null_seen ? QTC_D_ARGUMENTS_NULL : QTC_D_ARGUMENTS_EMPTY;

    if (!s->options.no_repair) {
        qtc_stream_alter(s);
        if (!qtc_calls_send(choice, call, qtc_str("{}"))) {
            return false;
        }
    }
    return qtc_call_tell(choice, call, defect, qtc_buf_bytes(&call->name));
}

bool qtc_arguments_finish(struct choice *choice, struct call *call, bool cut)
{
    struct arguments *a = &call->args;
    struct qtc_bytes tail = qtc_bytes(a->tail, a->tail_len);

    a->tail_len = 0;
    if (tail.len > 0 && !call->ended && !add_whole_characters(choice, call, tail)) {
        return false;
    }
    call->ended = true;
    switch (a->state) {
    case ARGS_BLANK:
        call->truncated = cut;
        return cut || call->name.len == 0 || finish_empty(choice, call);
    case ARGS_PLAIN:
        call->truncated = qtc_json_scan_finish(&a->scan) != QTC_JSON_DONE;
        return true;
    case ARGS_STRING:
        call->truncated = true;
        return give_up_string(choice, call);
    case ARGS_MENDED:
        call->truncated = true;
        qtc_buf_clear(&choice->stream->decoded);
        qtc_mend_finish(a->mend, &choice->stream->decoded, false);
        return qtc_calls_send(choice, call, qtc_buf_bytes(&choice->stream->decoded));
    default:
        return true;
    }
}
