/* A stream as one answer, for clients that asked for no stream: the deltas are joined, and nothing else is
 * done to them, so that the answer has the stream's faults. */
#include "serving.h"
#include "wire/wire.h"

#include <stdlib.h>

enum { MAX_CHOICES = 128 };

/* A choice of a legacy completion. */
struct text_choice {
    struct qtc_buf text, logprobs, finish;
    bool there;
};

struct joining {
    struct qtc_joined *joined;
    struct qtc_openai_reader *reader;
    struct qtc_arena arena; /* of one chunk */
    struct qtc_buf id, usage;
    struct text_choice *texts; /* MAX_CHOICES; NULL: not a legacy completion */
    enum qtc_code code;
};

/* ---- legacy completions ----------------------------------------------------------- */

static void keep_raw(struct qtc_buf *to, const struct qtc_json *value)
{
    if (value != NULL && value->type != QTC_JSON_NULL) {
        qtc_buf_clear(to);
        qtc_buf_put(to, value->raw);
    }
}

static void join_texts(struct joining *j, const struct qtc_json *chunk)
{
    const struct qtc_json *choices = qtc_json_get(chunk, "choices");

    keep_raw(&j->id, qtc_json_get(chunk, "id"));
    keep_raw(&j->usage, qtc_json_get(chunk, "usage"));
    for (const struct qtc_json *c = choices != NULL ? choices->first : NULL; c != NULL; c = c->next) {
        unsigned index = 0;
        qtc_json_unsigned(qtc_json_get(c, "index"), &index);
        if (index < MAX_CHOICES) {
            struct text_choice *choice = &j->texts[index];
            choice->there = true;
            qtc_buf_put(&choice->text, qtc_json_text(qtc_json_get(c, "text")));
            keep_raw(&choice->logprobs, qtc_json_get(c, "logprobs"));
            keep_raw(&choice->finish, qtc_json_get(c, "finish_reason"));
        }
    }
}

/* A value, or null where none came. */
static void put_raw(struct qtc_buf *out, const char *before, const struct qtc_buf *value)
{
    qtc_buf_str(out, before);
    qtc_buf_put(out, value->len > 0 ? qtc_buf_bytes(value) : qtc_str("null"));
}

static void write_choice(struct qtc_buf *out, unsigned index, const struct text_choice *choice)
{
    qtc_buf_str(out, "{\"text\":");
    qtc_json_string(out, qtc_buf_bytes(&choice->text));
    qtc_buf_str(out, ",\"index\":");
    qtc_buf_u64(out, index);
    put_raw(out, ",\"logprobs\":", &choice->logprobs);
    put_raw(out, ",\"finish_reason\":", &choice->finish);
    qtc_buf_byte(out, '}');
}

static void write_texts(struct joining *j)
{
    struct qtc_buf *out = &j->joined->body;
    const char *before = "";

    put_raw(out, "{\"id\":", &j->id);
    qtc_buf_str(out, ",\"object\":\"text_completion\",\"created\":");
    qtc_buf_u64(out, j->joined->created);
    qtc_buf_str(out, ",\"model\":");
    qtc_json_string(out, qtc_buf_bytes(&j->joined->model));
    qtc_buf_str(out, ",\"choices\":[");
    for (unsigned i = 0; i < MAX_CHOICES; i++) {
        if (j->texts[i].there) {
            qtc_buf_str(out, before);
            write_choice(out, i, &j->texts[i]);
            before = ",";
        }
    }
    put_raw(out, "],\"usage\":", &j->usage);
    qtc_buf_str(out, "}\n");
}

/* true: some memory had ended. */
static bool free_texts(struct joining *j)
{
    bool failed = j->id.failed || j->usage.failed;

    for (unsigned i = 0; j->texts != NULL && i < MAX_CHOICES; i++) {
        struct text_choice *c = &j->texts[i];
        failed = failed || c->text.failed || c->logprobs.failed || c->finish.failed;
        qtc_buf_free(&c->text);
        qtc_buf_free(&c->logprobs);
        qtc_buf_free(&c->finish);
    }
    qtc_buf_free(&j->id);
    qtc_buf_free(&j->usage);
    return failed;
}

/* ---- the stream's events --------------------------------------------------------------- */

static bool is_legacy(const struct qtc_json *chunk)
{
    return qtc_bytes_is(qtc_json_text(qtc_json_get(chunk, "object")), "text_completion");
}

/* The envelope says what all of it is; only a legacy completion is read to its end. */
static void look_at(struct joining *j, struct qtc_bytes data)
{
    struct qtc_joined *to = j->joined;
    struct qtc_error error;
    const struct qtc_json *chunk = qtc_json_read(&j->arena, data, &error);

    if (j->texts == NULL && to->model.len == 0 && is_legacy(chunk)) {
        j->texts = calloc(MAX_CHOICES, sizeof *j->texts);
        j->code = j->texts == NULL ? QTC_NOMEM : QTC_OK;
    }
    if (to->model.len == 0) {
        qtc_buf_put(&to->model, qtc_json_text(qtc_json_get(chunk, "model")));
    }
    if (to->created == 0) {
        qtc_json_unsigned(qtc_json_get(chunk, "created"), &to->created);
    }
    if (j->texts != NULL) {
        join_texts(j, chunk);
    }
    qtc_arena_reset(&j->arena);
}

static bool on_event(void *ctx, const struct qtc_sse_event *event)
{
    struct joining *j = ctx;

    if (event->has_data && (j->texts != NULL || j->joined->model.len == 0)) {
        look_at(j, event->data);
    }
    if (j->code == QTC_OK) {
        j->code = qtc_openai_reader_event(j->reader, event);
    }
    return j->code == QTC_OK;
}

static enum qtc_code feed(struct joining *j, const struct qtc_pieces *stream)
{
    struct qtc_sse_options options = {.split_json_lines = true};
    struct qtc_sse_decoder *decoder = qtc_sse_decoder_new(&options, on_event, j);
    enum qtc_code code = decoder == NULL ? QTC_NOMEM : QTC_OK;

    for (size_t i = 0; i < stream->count && code == QTC_OK; i++) {
        code = qtc_sse_decoder_feed(decoder, stream->list[i].data.data, stream->list[i].data.len);
    }
    if (code == QTC_OK) {
        code = qtc_sse_decoder_finish(decoder);
    }
    if (code == QTC_OK) {
        code = qtc_openai_reader_end(j->reader);
    }
    qtc_sse_decoder_free(decoder);
    return code == QTC_STOPPED && j->code != QTC_OK ? j->code : code;
}

static enum qtc_code join(struct joining *j, const struct qtc_pieces *stream, struct qtc_writer *writer)
{
    struct qtc_stream_options options = {.no_repair = true};
    struct qtc_stream *s = qtc_stream_new(&options, qtc_writer_sink, writer);
    enum qtc_code code = QTC_NOMEM;

    j->reader = s != NULL ? qtc_openai_reader_new(s) : NULL;
    if (j->reader != NULL) {
        code = feed(j, stream);
    }
    qtc_openai_reader_free(j->reader);
    qtc_stream_free(s);
    return code;
}

enum qtc_code qtc_join(const struct qtc_pieces *stream, struct qtc_joined *joined)
{
    struct qtc_writer_options options = {.out = &joined->body, .no_repair = true};
    struct joining j = {.joined = joined};
    struct qtc_writer *writer = qtc_output_find("response")->open(&options);
    enum qtc_code code = writer == NULL ? QTC_NOMEM : join(&j, stream, writer);

    if (code == QTC_OK && !writer->finish(writer)) {
        code = QTC_NOMEM;
    }
    if (code == QTC_OK && j.texts != NULL) {
        qtc_buf_clear(&joined->body);
        write_texts(&j);
    }
    if (writer != NULL) {
        writer->free(writer);
    }
    if (free_texts(&j) || joined->body.failed || joined->model.failed) {
        code = QTC_NOMEM;
    }
    free(j.texts);
    qtc_arena_free(&j.arena);
    return code;
}

void qtc_joined_free(struct qtc_joined *joined)
{
    qtc_buf_free(&joined->body);
    qtc_buf_free(&joined->model);
}
