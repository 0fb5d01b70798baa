/* An event stream through reader, stream and a writer. The first bytes choose the
 * options; then:
 *   - calls never interleave, and are numbered in order;
 *   - any cut of the bytes gives the same text, calls and output;
 *   - what -o sse wrote can be read again, and no call is lost in it. */
#include <stdlib.h>
#include <string.h>

#include "wire/wire.h"

struct watch {
    struct qtc_writer *writer;
    struct qtc_buf text; /* all that was said, in order, but for how it was cut */
    enum qtc_event_kind last;
    unsigned last_choice, last_call;
    unsigned begun[256];
    bool open[256];
    size_t calls;
};

static void must(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void watch_call(struct watch *w, const struct qtc_event *e)
{
    unsigned seat = e->choice % 256;

    if (e->kind == QTC_CALL) {
        must(!w->open[seat] && e->call == w->begun[seat]);
        w->begun[seat]++;
        w->open[seat] = true;
        w->calls++;
        return;
    }
    must(w->open[seat] && e->call + 1 == w->begun[seat]);
    w->open[seat] = e->kind == QTC_ARGS;
}

static bool on_event(void *ctx, const struct qtc_event *e)
{
    struct watch *w = ctx;
    bool fragment = e->kind == QTC_CONTENT || e->kind == QTC_REASONING || e->kind == QTC_ARGS;
    bool same = e->kind == w->last && e->choice == w->last_choice && e->call == w->last_call;

    if (e->kind == QTC_CALL || e->kind == QTC_ARGS || e->kind == QTC_CALL_END) {
        watch_call(w, e);
    }
    /* A CRLF that is cut shows later, and its LF comes by itself. */
    if ((e->kind == QTC_DEFECT && e->defect == QTC_D_CRLF_MIX) || (e->kind == QTC_FRAME && e->name.len == 0)) {
        return !w->writer || qtc_writer_sink(w->writer, e);
    }
    if (!fragment || !same) {
        qtc_buf_byte(&w->text, (char)('A' + e->kind));
        qtc_buf_u64(&w->text, e->choice);
        qtc_buf_byte(&w->text, '.');
        qtc_buf_u64(&w->text, e->call);
    }
    if (e->kind != QTC_FRAMING && e->kind != QTC_DEFECT) {
        qtc_buf_put(&w->text, e->kind == QTC_FRAME ? (struct qtc_bytes){0} : e->text);
        qtc_buf_put(&w->text, e->name);
    }
    w->last = e->kind;
    w->last_choice = e->choice;
    w->last_call = e->call;
    return !w->writer || qtc_writer_sink(w->writer, e);
}

struct reading {
    struct qtc_openai_reader *reader;
    bool failed;
};

static bool on_sse(void *ctx, const struct qtc_sse_event *event)
{
    struct reading *reading = ctx;

    reading->failed = qtc_openai_reader_event(reading->reader, event) != QTC_OK;
    return !reading->failed;
}

struct run {
    struct watch watch;
    struct qtc_buf out;
    bool failed;
};

static void read_all(struct run *run, const struct qtc_stream_options *options, const char *output, bool hold,
                     struct qtc_bytes input, size_t piece)
{
    struct qtc_writer_options writer = {
        .out = &run->out, .no_repair = options->no_repair, .hold_calls = hold};
    struct qtc_sse_options sse = {.split_json_lines = hold};
    struct qtc_stream *stream = qtc_stream_new(options, on_event, &run->watch);
    struct reading reading = {.reader = qtc_openai_reader_new(stream)};
    struct qtc_sse_decoder *d = qtc_sse_decoder_new(&sse, on_sse, &reading);

    run->watch.writer = output ? qtc_output_find(output)->open(&writer) : NULL;
    for (size_t i = 0; i < input.len && !reading.failed; i += piece) {
        qtc_sse_decoder_feed(d, input.data + i, piece < input.len - i ? piece : input.len - i);
    }
    if (!reading.failed) {
        qtc_sse_decoder_finish(d);
    }
    run->failed = reading.failed || qtc_openai_reader_end(reading.reader) != QTC_OK;
    if (run->watch.writer) {
        must(run->watch.writer->finish(run->watch.writer));
        run->watch.writer->free(run->watch.writer);
    }
    qtc_sse_decoder_free(d);
    qtc_openai_reader_free(reading.reader);
    qtc_stream_free(stream);
}

static void run_free(struct run *run)
{
    qtc_buf_free(&run->watch.text);
    qtc_buf_free(&run->out);
}

static void read_json(const struct qtc_stream_options *options, struct qtc_bytes input)
{
    struct run run = {0};
    struct qtc_stream *stream = qtc_stream_new(options, on_event, &run.watch);
    struct qtc_openai_reader *reader = qtc_openai_reader_new(stream);
    struct qtc_error error;
    enum qtc_code code = qtc_openai_reader_json(reader, input, 1, &error);

    must(code == error.code || code == QTC_LIMIT);
    if (code == QTC_OK) {
        qtc_openai_reader_end(reader);
    }
    qtc_openai_reader_free(reader);
    qtc_stream_free(stream);
    run_free(&run);
}

static const char *const outputs[] = {"sse",     "chunks",   "calls",  "deltas",
                                      "message", "response", "events", "text"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qtc_stream_options options = {.max_calls = 64, .max_choices = 200, .max_pending = 1 << 16};
    struct run whole = {0}, cut = {0}, again = {0};
    struct qtc_bytes input;
    const char *output;
    bool hold;

    if (size < 2) {
        return 0;
    }
    input = qtc_bytes((const char *)data + 2, size - 2);
    output = outputs[data[0] % 8];
    options.no_repair = data[0] & 8;
    options.expect_calls = data[0] & 16;
    hold = data[0] & 32;
    if (data[0] & 64) {
        read_json(&options, input);
        return 0;
    }
    read_all(&whole, &options, output, hold, input, input.len > 0 ? input.len : 1);
    read_all(&cut, &options, output, hold, input, 1U + data[1]);
    must(whole.failed == cut.failed);
    must(qtc_bytes_equal(qtc_buf_bytes(&whole.watch.text), qtc_buf_bytes(&cut.watch.text)));
    must(qtc_bytes_equal(qtc_buf_bytes(&whole.out), qtc_buf_bytes(&cut.out)) || data[0] % 8 == 6);
    if (data[0] % 8 == 0 && !whole.failed && !options.no_repair && !hold) {
        read_all(&again, &options, NULL, false, qtc_buf_bytes(&whole.out),
                 whole.out.len > 0 ? whole.out.len : 1);
        must(again.failed || again.watch.calls >= whole.watch.calls);
    }
    run_free(&whole);
    run_free(&cut);
    run_free(&again);
    return 0;
}
