/* -o message and -o response: what the whole response said, at its end. */
#include <stdlib.h>

#include "wire/gather.h"
#include "wire/writers.h"

struct message_writer {
    struct qtc_writer base;
    struct qtc_gather gather;
    struct qtc_value value;
    struct qtc_bytes default_model;
    /* response only */
    bool begun; /* something came */
    struct qtc_buf id, model, created, usage;
    struct qtc_buf error; /* the object that holds the server's error */
    struct qtc_fields envelope;
};

/* ---- -o message --------------------------------------------------------------- */

static bool message_event(struct qtc_writer *base, const struct qtc_event *event)
{
    struct message_writer *w = (struct message_writer *)base;

    return qtc_gather_event(&w->gather, event);
}

static bool message_finish(struct qtc_writer *base)
{
    struct message_writer *w = (struct message_writer *)base;
    bool ok = true;

    qtc_gather_end(&w->gather);
    for (size_t i = 0; i < w->gather.count && ok; i++) {
        const struct qtc_gathered *c = w->gather.choices[i];
        qtc_gathered_message(qtc_value_open(&w->value), c);
        ok = qtc_value_close(&w->value) && !qtc_gathered_failed(c);
    }
    qtc_gather_free(&w->gather);
    return ok;
}

/* ---- -o response ---------------------------------------------------------------- */

static void keep(struct qtc_buf *to, struct qtc_bytes text)
{
    qtc_buf_clear(to);
    qtc_buf_put(to, text);
}

/* The envelope's last values count, but for the time, as it does not for the id and the model. */
static bool keep_envelope(struct message_writer *w, struct qtc_bytes json)
{
    const struct qtc_field *created;

    if (!qtc_gather_fields(&w->gather, &w->envelope, json, QTC_FIELDS_LAST)) {
        return false;
    }
    created = qtc_fields_get(&w->envelope, "created");
    if (created && w->created.len == 0) {
        qtc_field_value(&w->created, created);
    }
    return !w->created.failed;
}

static bool other_event(struct message_writer *w, const struct qtc_event *event)
{
    w->begun = true;
    if (qtc_bytes_is(event->name, "envelope")) {
        return keep_envelope(w, event->text);
    }
    if (qtc_bytes_is(event->name, "error")) {
        keep(&w->error, qtc_bytes_trim(event->text));
        return !w->error.failed;
    }
    return qtc_gather_event(&w->gather, event);
}

static bool response_event(struct qtc_writer *base, const struct qtc_event *event)
{
    struct message_writer *w = (struct message_writer *)base;

    switch (event->kind) {
    case QTC_START:
        keep(&w->id, event->id);
        keep(&w->model, event->name);
        w->begun = true;
        return !w->id.failed && !w->model.failed;
    case QTC_USAGE:
        keep(&w->usage, event->text);
        w->begun = true;
        return !w->usage.failed;
    case QTC_OTHER:
        return other_event(w, event);
    default:
        return qtc_gather_event(&w->gather, event);
    }
}

static void response_head(const struct message_writer *w, struct qtc_buf *out)
{
    qtc_buf_byte(out, '{');
    qtc_member_string(out, "id", w->id.len > 0 ? qtc_buf_bytes(&w->id) : qtc_str("chatcmpl-qtc"));
    qtc_member_string(out, "object", qtc_str("chat.completion"));
    qtc_member_raw(out, "created", w->created.len > 0 ? qtc_buf_bytes(&w->created) : qtc_str("0"));
    qtc_member_string(out, "model", w->model.len > 0 ? qtc_buf_bytes(&w->model) : w->default_model);
}

static void response_choices(const struct message_writer *w, struct qtc_buf *out)
{
    qtc_buf_str(out, ",\"choices\":[");
    for (size_t i = 0; i < w->gather.count; i++) {
        if (i > 0) {
            qtc_buf_byte(out, ',');
        }
        qtc_gathered_choice(out, w->gather.choices[i]);
    }
    qtc_buf_byte(out, ']');
}

static void response_tail(struct message_writer *w, struct qtc_buf *out)
{
    static const char *const but[] = {"id", "object", "created", "model", "choices", "usage", "error", NULL};
    static const char *const error_but[] = {"id", "object", "created", "model", "choices", "usage", NULL};
    struct qtc_fields error = {0};

    if (w->usage.len > 0) {
        qtc_member_raw(out, "usage", qtc_buf_bytes(&w->usage));
    }
    qtc_fields_write(out, &w->envelope, but);
    if (w->error.len > 0 &&
        qtc_gather_fields(&w->gather, &error, qtc_buf_bytes(&w->error), QTC_FIELDS_LAST)) {
        qtc_fields_write(out, &error, error_but);
    }
    qtc_fields_free(&error);
    qtc_buf_byte(out, '}');
}

/* Ready for another response. */
static void forget(struct message_writer *w)
{
    w->begun = false;
    qtc_fields_free(&w->envelope);
    qtc_buf_free(&w->created);
    qtc_buf_free(&w->error);
    qtc_buf_free(&w->id);
    qtc_buf_free(&w->model);
    qtc_buf_free(&w->usage);
    qtc_gather_free(&w->gather);
}

static bool any_failed(const struct qtc_gather *g)
{
    for (size_t i = 0; i < g->count; i++) {
        if (qtc_gathered_failed(g->choices[i])) {
            return true;
        }
    }
    return false;
}

/* An answer that is nothing but an error goes out as the error that it is. */
static bool response_finish(struct qtc_writer *base)
{
    struct message_writer *w = (struct message_writer *)base;
    struct qtc_buf *out;
    bool ok;

    qtc_gather_end(&w->gather);
    if (!w->begun && w->gather.count == 0) {
        return true;
    }
    out = qtc_value_open(&w->value);
    if (w->error.len > 0 && w->gather.count == 0) {
        qtc_buf_put(out, qtc_buf_bytes(&w->error));
    } else {
        response_head(w, out);
        response_choices(w, out);
        response_tail(w, out);
    }
    ok = qtc_value_close(&w->value) && !any_failed(&w->gather);
    forget(w);
    return ok;
}

/* ---- both -------------------------------------------------------------------------- */

static void message_free(struct qtc_writer *base)
{
    struct message_writer *w = (struct message_writer *)base;

    forget(w);
    qtc_value_free(&w->value);
    free(w);
}

static struct message_writer *open_writer(const struct qtc_writer_options *options)
{
    struct message_writer *w = calloc(1, sizeof *w);

    if (w) {
        w->base.free = message_free;
        w->default_model = options->model;
        qtc_value_init(&w->value, options);
    }
    return w;
}

struct qtc_writer *qtc_writer_open_message(const struct qtc_writer_options *options)
{
    struct message_writer *w = open_writer(options);

    if (!w) {
        return NULL;
    }
    w->base.event = message_event;
    w->base.finish = message_finish;
    return &w->base;
}

struct qtc_writer *qtc_writer_open_response(const struct qtc_writer_options *options)
{
    struct message_writer *w = open_writer(options);

    if (!w) {
        return NULL;
    }
    w->base.event = response_event;
    w->base.finish = response_finish;
    return &w->base;
}
