/* -o deltas: a line for each piece of input, see writers.h. */
#include <stdlib.h>

#include "wire/writers.h"

struct delta_writer {
    struct qtc_writer base;
    struct qtc_value value;
    /* what this piece gave so far, as insides of JSON */
    struct qtc_buf content, reasoning;
    struct qtc_buf calls; /* elements of tool_calls; the last one may be open */
    bool open;            /* `calls` ends inside the arguments' string */
    unsigned call;        /* of which call */
    bool any;
    enum qtc_finish reason;
};

static void close_call(struct delta_writer *w)
{
    if (w->open) {
        qtc_buf_str(&w->calls, "\"}}");
    }
    w->open = false;
}

static void open_call(struct delta_writer *w, const struct qtc_event *event)
{
    close_call(w);
    if (w->calls.len > 0) {
        qtc_buf_byte(&w->calls, ',');
    }
    qtc_buf_str(&w->calls, "{\"index\":");
    qtc_buf_u64(&w->calls, event->call);
    if (event->kind == QTC_CALL) {
        qtc_buf_str(&w->calls, ",\"id\":");
        qtc_json_string(&w->calls, event->id);
        qtc_buf_str(&w->calls, ",\"type\":\"function\",\"function\":{\"name\":");
        qtc_json_string(&w->calls, event->name);
        qtc_buf_str(&w->calls, ",\"arguments\":\"");
    } else {
        qtc_buf_str(&w->calls, ",\"function\":{\"arguments\":\"");
    }
    w->open = true;
    w->call = event->call;
}

static void add_arguments(struct delta_writer *w, const struct qtc_event *event)
{
    if (!w->open || w->call != event->call) {
        open_call(w, event);
    }
    qtc_json_escape(&w->calls, event->text);
}

static bool on_event(struct qtc_writer *base, const struct qtc_event *event)
{
    struct delta_writer *w = (struct delta_writer *)base;

    w->any = true;
    switch (event->kind) {
    case QTC_CONTENT:
        qtc_json_escape(&w->content, event->text);
        break;
    case QTC_REASONING:
        qtc_json_escape(&w->reasoning, event->text);
        break;
    case QTC_CALL:
        open_call(w, event);
        break;
    case QTC_ARGS:
        add_arguments(w, event);
        break;
    case QTC_CALL_END:
        close_call(w);
        break;
    case QTC_FINISH:
        w->reason = event->reason;
        break;
    default:
        break;
    }
    return !w->content.failed && !w->reasoning.failed && !w->calls.failed;
}

static void put_text(struct qtc_buf *out, const char *key, struct qtc_buf *inside)
{
    if (inside->len > 0) {
        qtc_member_raw(out, key, qtc_str("\""));
        qtc_buf_put(out, qtc_buf_bytes(inside));
        qtc_buf_byte(out, '"');
        qtc_buf_clear(inside);
    }
}

static void put_calls(struct delta_writer *w, struct qtc_buf *out)
{
    close_call(w);
    if (w->calls.len > 0) {
        qtc_member_raw(out, "tool_calls", qtc_str("["));
        qtc_buf_put(out, qtc_buf_bytes(&w->calls));
        qtc_buf_byte(out, ']');
        qtc_buf_clear(&w->calls);
    }
}

/* Members of the line's object; the object is opened and closed by the caller. */
static void put_members(struct delta_writer *w, struct qtc_buf *out)
{
    put_text(out, "reasoning_content", &w->reasoning);
    put_text(out, "content", &w->content);
    put_calls(w, out);
}

static bool on_piece(struct qtc_writer *base)
{
    struct delta_writer *w = (struct delta_writer *)base;
    struct qtc_buf *out = qtc_value_open(&w->value);

    w->any = true;
    if (w->reasoning.len + w->content.len + w->calls.len == 0) {
        qtc_buf_str(out, "null");
    } else {
        qtc_buf_byte(out, '{');
        put_members(w, out);
        qtc_buf_byte(out, '}');
    }
    return qtc_value_close(&w->value);
}

static bool on_finish(struct qtc_writer *base)
{
    struct delta_writer *w = (struct delta_writer *)base;
    const char *reason = qtc_finish_name(w->reason);
    struct qtc_buf *out;

    if (!w->any) {
        return true;
    }
    out = qtc_value_open(&w->value);
    qtc_buf_byte(out, '{');
    put_members(w, out);
    if (reason) {
        qtc_member_string(out, "finish_reason", qtc_str(reason));
    } else {
        qtc_member_raw(out, "finish_reason", qtc_str("null"));
    }
    qtc_buf_byte(out, '}');
    w->any = false;
    w->reason = QTC_FINISH_NONE;
    return qtc_value_close(&w->value);
}

static void on_free(struct qtc_writer *base)
{
    struct delta_writer *w = (struct delta_writer *)base;

    qtc_buf_free(&w->content);
    qtc_buf_free(&w->reasoning);
    qtc_buf_free(&w->calls);
    qtc_value_free(&w->value);
    free(w);
}

struct qtc_writer *qtc_writer_open_deltas(const struct qtc_writer_options *options)
{
    struct delta_writer *w = calloc(1, sizeof *w);

    if (!w) {
        return NULL;
    }
    w->base = (struct qtc_writer){.event = on_event, .piece = on_piece, .finish = on_finish, .free = on_free};
    qtc_value_init(&w->value, options);
    return &w->base;
}
