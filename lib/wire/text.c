/* -o text: the content and nothing else, byte for byte. */
#include <stdlib.h>

#include "wire/writers.h"

struct text_writer {
    struct qtc_writer base;
    struct qtc_buf *out;
};

static bool text_event(struct qtc_writer *base, const struct qtc_event *event)
{
    struct text_writer *w = (struct text_writer *)base;

    if (event->kind == QTC_CONTENT) {
        qtc_buf_put(w->out, event->text);
    }
    return !w->out->failed;
}

static bool text_finish(struct qtc_writer *base)
{
    struct text_writer *w = (struct text_writer *)base;

    return !w->out->failed;
}

static void text_free(struct qtc_writer *base)
{
    free(base);
}

struct qtc_writer *qtc_writer_open_text(const struct qtc_writer_options *options)
{
    struct text_writer *w = calloc(1, sizeof *w);

    if (!w) {
        return NULL;
    }
    w->base = (struct qtc_writer){.event = text_event, .finish = text_finish, .free = text_free};
    w->out = options->out;
    return &w->base;
}
