/* wire.h - API dialects: bytes of a server to a stream, events to bytes for a client. */
#ifndef QTC_WIRE_H
#define QTC_WIRE_H

#include "sse/sse.h"
#include "stream/stream.h"

/* ---- reading: OpenAI chat completions ----------------------------------- */

struct qtc_openai_reader;
/* `stream` is borrowed. */
struct qtc_openai_reader *qtc_openai_reader_new(struct qtc_stream *stream);
void qtc_openai_reader_free(struct qtc_openai_reader *r);
/* One event of an event stream: a chunk, [DONE], an error, a comment. */
enum qtc_code qtc_openai_reader_event(struct qtc_openai_reader *r, const struct qtc_sse_event *event);
/* One JSON value that came by itself (a line of JSON Lines, or a whole body): a
 * chunk, a chat.completion, or an error object. QTC_SYNTAX when it is not JSON, QTC_TYPE when
 * it is none of these. */
enum qtc_code qtc_openai_reader_json(struct qtc_openai_reader *r, struct qtc_bytes json, uint64_t line,
                                     struct qtc_error *error);
/* The input ended. Calls qtc_stream_end. */
enum qtc_code qtc_openai_reader_end(struct qtc_openai_reader *r);

/* ---- writing ------------------------------------------------------------ */

/* Turns one JSON value that is about to be written into any number of others:
 * appends each to `out` with a line feed behind it. false: give up (the writer then returns false). */
typedef bool qtc_value_filter(void *ctx, struct qtc_bytes json, struct qtc_buf *out);

struct qtc_writer_options {
    struct qtc_buf *out; /* everything is appended here; the caller takes it from there */
    qtc_value_filter *filter; /* NULL: none */
    void *filter_ctx;
    struct qtc_bytes model; /* for chunks, where the input has no envelope */
    bool hold_calls;        /* sse, chunks: a call's deltas only when it is complete */
    bool no_repair;         /* sse, chunks: frames go out as they came */
    bool times;             /* events: with the time of arrival */
};

struct qtc_writer;

/* A row an output: its name, what it is, how to make it. */
struct qtc_output {
    const char *name;
    const char *help;
    struct qtc_writer *(*open)(const struct qtc_writer_options *options);
};

const struct qtc_output *qtc_outputs(size_t *count);
const struct qtc_output *qtc_output_find(const char *name);

/* What every writer is: the first member of its own struct. */
struct qtc_writer {
    bool (*event)(struct qtc_writer *w, const struct qtc_event *event);
    bool (*piece)(struct qtc_writer *w);  /* one piece of input is done; NULL: nothing to do (deltas) */
    bool (*finish)(struct qtc_writer *w); /* the response is over */
    void (*free)(struct qtc_writer *w);
};

/* A qtc_sink; ctx is the writer. */
bool qtc_writer_sink(void *writer, const struct qtc_event *event);

#endif
