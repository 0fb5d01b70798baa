#include <string.h>

#include "wire/writers.h"

static const struct qtc_output outputs[] = {
    {"calls", "one tool call a line, as soon as it is complete", qtc_writer_open_calls},
    {"sse", "chat.completion.chunk events, as a correct server sends them", qtc_writer_open_sse},
    {"chunks", "the same chunks, one JSON a line", qtc_writer_open_chunks},
    {"deltas", "a line for each piece of input: the delta that it made, or null", qtc_writer_open_deltas},
    {"message", "one assistant message", qtc_writer_open_message},
    {"response", "one chat.completion", qtc_writer_open_response},
    {"events", "the neutral events, one JSON a line, with their places", qtc_writer_open_events},
    {"text", "the content, without calls and their markup", qtc_writer_open_text},
};

const struct qtc_output *qtc_outputs(size_t *count)
{
    *count = sizeof outputs / sizeof *outputs;
    return outputs;
}

const struct qtc_output *qtc_output_find(const char *name)
{
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        if (strcmp(outputs[i].name, name) == 0) {
            return &outputs[i];
        }
    }
    return NULL;
}

bool qtc_writer_sink(void *writer, const struct qtc_event *event)
{
    struct qtc_writer *w = writer;

    return w->event(w, event);
}
