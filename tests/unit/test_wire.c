#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/wire.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- input in short ------------------------------------------------------------
 *
 * One event a line; its first byte says what the rest is:
 *   d  a delta of choice 0            f  a finish_reason
 *   c  the inside of choices          x  the data of an event
 *   D  [DONE]                         r  bytes as they are, with \n for a line feed */

static void put_chunk(struct qtc_buf *out, struct qtc_bytes choices)
{
    qtc_buf_str(
        out,
        "data: "
        "{\"id\":\"r1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\",\"choices\":[");
    qtc_buf_put(out, choices);
    qtc_buf_str(out, "]}\n\n");
}

static void put_raw(struct qtc_buf *out, struct qtc_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool escape =
            text.data[i] == '\\' && i + 1 < text.len && (text.data[i + 1] == 'n' || text.data[i + 1] == 'r');

        if (escape) {
            i++;
            qtc_buf_byte(out, text.data[i] == 'n' ? '\n' : '\r');
        } else {
            qtc_buf_byte(out, text.data[i]);
        }
    }
}

static void put_line(struct qtc_buf *out, char kind, struct qtc_bytes rest)
{
    struct qtc_buf choice = {0};

    switch (kind) {
    case 'd':
        qtc_buf_str(&choice, "{\"index\":0,\"delta\":");
        qtc_buf_put(&choice, rest);
        qtc_buf_str(&choice, ",\"finish_reason\":null}");
        put_chunk(out, qtc_buf_bytes(&choice));
        break;
    case 'f':
        qtc_buf_str(&choice, "{\"index\":0,\"delta\":{},\"finish_reason\":");
        qtc_json_string(&choice, rest);
        qtc_buf_byte(&choice, '}');
        put_chunk(out, qtc_buf_bytes(&choice));
        break;
    case 'c':
        put_chunk(out, rest);
        break;
    case 'x':
        qtc_sse_encode(out, qtc_str(""), rest);
        break;
    case 'D':
        qtc_buf_str(out, "data: [DONE]\n\n");
        break;
    case 'r':
        put_raw(out, rest);
        break;
    default:
        fail_msg("no such line: %c", kind);
    }
    qtc_buf_free(&choice);
}

static void expand(struct qtc_buf *out, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");

        if (n > 0) {
            put_line(out, *text, qtc_bytes(text + 1, n - 1));
        }
        text += n + (text[n] == '\n');
    }
}

/* ---- output in short --------------------------------------------------------------
 *
 * "reasoning|content|calls|finish", choice after choice, where a call is
 * NAME ARGUMENTS; and a cut one NAME ARGUMENTS! */

#define CHOICES 4

struct log {
    struct qtc_buf reasoning[CHOICES], content[CHOICES], calls[CHOICES], finish[CHOICES];
    struct qtc_buf slugs; /* each once, in order */
    struct qtc_writer *writer;
    unsigned open[CHOICES]; /* calls begun */
    bool in_call[CHOICES];
    bool errors; /* a defect that is more than INFO */
};

static void log_slug(struct log *log, enum qtc_defect defect)
{
    const struct qtc_defect_info *info = qtc_defect_info(defect);
    struct qtc_buf word = {0};

    log->errors = log->errors || info->severity != QTC_INFO;
    qtc_buf_byte(&log->slugs, '\0');
    qtc_buf_byte(&word, ' ');
    qtc_buf_str(&word, info->slug);
    qtc_buf_byte(&word, ' ');
    qtc_buf_byte(&word, '\0');
    if (!strstr(log->slugs.data, word.data)) {
        log->slugs.len--;
        qtc_buf_str(&log->slugs, info->slug);
        qtc_buf_byte(&log->slugs, ' ');
    } else {
        log->slugs.len--;
    }
    qtc_buf_free(&word);
}

static void log_call(struct log *log, const struct qtc_event *e)
{
    struct qtc_buf *calls = &log->calls[e->choice];

    switch (e->kind) {
    case QTC_CALL:
        assert_false(log->in_call[e->choice]);
        assert_int_equal(e->call, log->open[e->choice]);
        log->open[e->choice]++;
        log->in_call[e->choice] = true;
        qtc_buf_put(calls, e->name);
        qtc_buf_byte(calls, ' ');
        break;
    case QTC_ARGS:
        assert_true(log->in_call[e->choice]);
        assert_int_equal(e->call + 1, log->open[e->choice]);
        qtc_buf_put(calls, e->text);
        break;
    default:
        assert_true(log->in_call[e->choice]);
        log->in_call[e->choice] = false;
        qtc_buf_str(calls, e->truncated ? "!;" : ";");
        break;
    }
}

static bool log_event(void *ctx, const struct qtc_event *e)
{
    struct log *log = ctx;

    assert_true(e->choice < CHOICES);
    switch (e->kind) {
    case QTC_CONTENT:
        qtc_buf_put(&log->content[e->choice], e->text);
        break;
    case QTC_REASONING:
        qtc_buf_put(&log->reasoning[e->choice], e->text);
        break;
    case QTC_CALL:
    case QTC_ARGS:
    case QTC_CALL_END:
        log_call(log, e);
        break;
    case QTC_FINISH:
        assert_false(log->in_call[e->choice]);
        qtc_buf_clear(&log->finish[e->choice]);
        qtc_buf_str(&log->finish[e->choice], qtc_finish_name(e->reason));
        break;
    case QTC_DEFECT:
        log_slug(log, e->defect);
        break;
    default:
        break;
    }
    return !log->writer || qtc_writer_sink(log->writer, e);
}

static void log_free(struct log *log)
{
    for (size_t i = 0; i < CHOICES; i++) {
        qtc_buf_free(&log->reasoning[i]);
        qtc_buf_free(&log->content[i]);
        qtc_buf_free(&log->calls[i]);
        qtc_buf_free(&log->finish[i]);
    }
    qtc_buf_free(&log->slugs);
}

static void log_answer(const struct log *log, struct qtc_buf *out)
{
    for (size_t i = 0; i < CHOICES; i++) {
        struct qtc_bytes calls = qtc_buf_bytes(&log->calls[i]);

        if (log->finish[i].len + log->content[i].len + log->reasoning[i].len + calls.len == 0) {
            continue;
        }
        qtc_buf_str(out, out->len > 0 ? " / " : "");
        qtc_buf_put(out, qtc_buf_bytes(&log->reasoning[i]));
        qtc_buf_byte(out, '|');
        qtc_buf_put(out, qtc_buf_bytes(&log->content[i]));
        qtc_buf_byte(out, '|');
        qtc_buf_add(out, calls.data, calls.len > 0 ? calls.len - 1 : 0);
        qtc_buf_byte(out, '|');
        qtc_buf_put(out, qtc_buf_bytes(&log->finish[i]));
    }
}

/* ---- a run --------------------------------------------------------------------------- */

struct setup {
    struct qtc_stream_options stream;
    struct qtc_writer_options writer;
    const char *output; /* NULL: events only */
    size_t piece;       /* bytes at a time; 0: all */
};

struct result {
    struct qtc_buf slugs, answer, output;
    bool errors;
};

static bool on_sse(void *ctx, const struct qtc_sse_event *event)
{
    assert_int_equal(qtc_openai_reader_event(ctx, event), QTC_OK);
    return true;
}

static void feed(struct qtc_openai_reader *reader, struct qtc_bytes input, size_t piece)
{
    struct qtc_sse_options options = {0};
    struct qtc_sse_decoder *d = qtc_sse_decoder_new(&options, on_sse, reader);

    piece = piece > 0 ? piece : input.len;
    for (size_t i = 0; i < input.len; i += piece) {
        size_t n = piece < input.len - i ? piece : input.len - i;

        assert_int_equal(qtc_sse_decoder_feed(d, input.data + i, n), QTC_OK);
    }
    assert_int_equal(qtc_sse_decoder_finish(d), QTC_OK);
    qtc_sse_decoder_free(d);
}

/* json: each line is a value by itself, not an event stream. */
static void run(const struct setup *setup, struct qtc_bytes input, bool json, struct result *result)
{
    struct qtc_writer_options writer = setup->writer;
    struct log log = {0};
    struct qtc_stream *stream = qtc_stream_new(&setup->stream, log_event, &log);
    struct qtc_openai_reader *reader = qtc_openai_reader_new(stream);
    struct qtc_error error;

    *result = (struct result){0};
    writer.out = &result->output;
    log.writer = setup->output ? qtc_output_find(setup->output)->open(&writer) : NULL;
    qtc_buf_byte(&log.slugs, ' ');
    if (json) {
        assert_int_equal(qtc_openai_reader_json(reader, input, 1, &error), QTC_OK);
    } else {
        feed(reader, input, setup->piece);
    }
    assert_int_equal(qtc_openai_reader_end(reader), QTC_OK);
    if (log.writer) {
        assert_true(log.writer->finish(log.writer));
        log.writer->free(log.writer);
    }
    qtc_buf_add(&result->slugs, log.slugs.data + 1, log.slugs.len - 1);
    log_answer(&log, &result->answer);
    result->errors = log.errors;
    log_free(&log);
    qtc_openai_reader_free(reader);
    qtc_stream_free(stream);
}

static void result_free(struct result *r)
{
    qtc_buf_free(&r->slugs);
    qtc_buf_free(&r->answer);
    qtc_buf_free(&r->output);
}

static void assert_text(const char *name, const struct qtc_buf *got, const char *want)
{
    struct qtc_bytes bytes = qtc_bytes_trim(qtc_buf_bytes(got));

    if (!qtc_bytes_equal(bytes, qtc_bytes_trim(qtc_str(want)))) {
        fail_msg("%s:\n got <%.*s>\nwant <%s>", name, (int)bytes.len, bytes.data, want);
    }
}

/* ---- each defect, once ------------------------------------------------------------------ */

#define ROLE "d{\"role\":\"assistant\",\"content\":\"\"}\n"
#define CALL(index, id, name, arguments)                                                                     \
    "d{\"tool_calls\":[{\"index\":" index ",\"id\":\"" id                                                    \
    "\",\"type\":\"function\",\"function\":{\"name\":\"" name "\",\"arguments\":\"" arguments "\"}}]}\n"
#define ARGS(index, arguments)                                                                               \
    "d{\"tool_calls\":[{\"index\":" index ",\"function\":{\"arguments\":\"" arguments "\"}}]}\n"
#define END    "ftool_calls\nD\n"
#define MARKUP "<tool_call>\\n<function=f>\\n<parameter=a>\\n1\\n</parameter>\\n</function>\\n</tool_call>"

static const struct {
    const char *name, *input, *slugs, *answer;
} cases[] = {
    {"a clean text", ROLE "d{\"content\":\"hi\"}\nd{\"content\":\" you\"}\nfstop\nD\n", "", "|hi you||stop"},
    {"a clean call", ROLE CALL("0", "c1", "f", "") ARGS("0", "{\\\"a\\\"") ARGS("0", ":1}") END, "",
     "||f {\"a\":1}|tool_calls"},

    /* framing */
    {"missing-done", ROLE "d{\"content\":\"x\"}\nfstop\n", "missing-done", "|x||stop"},
    {"done-not-last", ROLE "D\nd{\"content\":\"x\"}\nfstop\n", "done-not-last", "|x||stop"},
    {"done twice", ROLE "fstop\nD\nD\n", "done-not-last", "|||stop"},
    {"no-finish-reason", ROLE "d{\"content\":\"x\"}\nD\n", "no-finish-reason", "|x||stop"},
    {"no-finish-reason, calls", ROLE CALL("0", "c", "f", "{}") "D\n", "no-finish-reason",
     "||f {}|tool_calls"},
    {"keepalive-comment", "r: here\\n\\n\n" ROLE "r: there\\n\\n\nfstop\nD\n", "keepalive-comment",
     "|||stop"},
    {"keepalive: empty data", ROLE "rdata:\\n\\n\nfstop\nD\n", "keepalive-comment", "|||stop"},
    {"error-mid-stream", ROLE "d{\"content\":\"x\"}\nx{\"error\":{\"message\":\"no\"}}\nD\n",
     "error-mid-stream", "|x||error"},
    {"error event", ROLE "revent: error\\ndata: gone\\n\\n\nD\n", "error-mid-stream", "|||error"},
    {"error, vLLM's old shape", ROLE "x{\"object\":\"error\",\"message\":\"no\",\"code\":400}\nD\n",
     "error-mid-stream", "|||error"},
    {"error, open call", ROLE CALL("0", "c", "f", "{\\\"a") "x{\"error\":{\"message\":\"no\"}}\nD\n",
     "error-mid-stream truncated-call", "||f {\"a!|error"},
    {"error beside choices",
     ROLE "x{\"id\":\"r1\",\"model\":\"m\",\"error\":{\"code\":1},\"choices\":[{\"index\":0,\"delta\":{"
          "\"content\":\"\"},"
          "\"finish_reason\":\"error\"}]}\nD\n",
     "error-mid-stream empty-content-delta", "|||error"},
    {"error-as-content",
     ROLE "c{\"index\":0,\"delta\":{\"content\":\"too fast\"},\"finish_reason\":\"error_finish\"}\nD\n",
     "error-as-content", "|||error"},
    {"not-sse",
     "x{\"id\":\"r1\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
     "\"assistant\","
     "\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\nD\n",
     "not-sse", "|hi||stop"},
    {"invalid-json-chunk", ROLE "x{\"id\":\"r\nx<html>\nx17\nfstop\nD\n", "invalid-json-chunk", "|||stop"},
    {"two objects on one line",
     ROLE
     "x{\"id\":\"r1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}"
     "{\"id\":\"r1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"}}]}\nfstop\nD\n",
     "data-without-blank-line", "|ab||stop"},
    {"an object and garbage",
     ROLE "x{\"id\":\"r1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]} "
          "oops\nfstop\nD\n",
     "data-without-blank-line invalid-json-chunk", "|a||stop"},
    {"data-without-blank-line",
     ROLE
     "rdata: {\"id\":\"r1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\\n\n"
     "rdata: "
     "{\"id\":\"r1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"}}]}"
     "\\n\\n\nfstop\nD\n",
     "multi-line-data data-without-blank-line", "|ab||stop"},
    {"crlf-mix", ROLE "rdata: {\"id\":\"r1\",\"model\":\"m\",\"choices\":[]}\\r\\n\\r\\n\nfstop\nD\n",
     "crlf-mix", "|||stop"},
    {"multi-line-data",
     ROLE "rdata: {\"id\":\"r1\",\"model\":\"m\",\\ndata: \"choices\":[]}\\n\\n\nfstop\nD\n",
     "multi-line-data", "|||stop"},
    {"bom-at-start", "r\xEF\xBB\xBF\n" ROLE "fstop\nD\n", "bom-at-start", "|||stop"},
    {"duplicate-chunk", ROLE "d{\"content\":\"ha\"}\nd{\"content\":\"ha\"}\nfstop\nD\n", "duplicate-chunk",
     "|haha||stop"},
    {"duplicate-chunk, whole", ROLE CALL("0", "c", "f", "{}") CALL("0", "c", "f", "{}") END,
     "duplicate-chunk name-repeated arguments-cumulative", "||f {}|tool_calls"},
    {"split-utf8", ROLE "d{\"content\":\"a\xE2\x82\"}\nd{\"content\":\"\xAC!\"}\nfstop\nD\n", "split-utf8",
     "|a\xE2\x82\xAC!||stop"},
    {"split-utf8 in arguments",
     ROLE CALL("0", "c", "f", "{\\\"a\\\":\\\"\xE2") ARGS("0", "\x82\xAC\\\"}") END, "split-utf8",
     "||f {\"a\":\"\xE2\x82\xAC\"}|tool_calls"},
    {"replacement-char", ROLE "d{\"content\":\"a\xEF\xBF\xBD\"}\nfstop\nD\n", "replacement-char",
     "|a\xEF\xBF\xBD||stop"},

    /* the envelope */
    {"role-missing", "d{\"content\":\"x\"}\nfstop\nD\n", "role-missing", "|x||stop"},
    {"role-repeated", ROLE "d{\"role\":\"assistant\",\"content\":\"x\"}\nfstop\nD\n", "role-repeated",
     "|x||stop"},
    {"usage-chunk-empty-choices",
     ROLE "fstop\nx{\"id\":\"r1\",\"choices\":[],\"usage\":{\"total_tokens\":3}}\nD\n",
     "usage-zero-split usage-chunk-empty-choices", "|||stop"},
    {"usage-every-chunk",
     ROLE "x{\"id\":\"r1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}],\"usage\":{\"total_"
          "tokens\":2,"
          "\"prompt_tokens\":1,\"completion_tokens\":1}}\nx{\"id\":\"r1\",\"choices\":[{\"index\":0,"
          "\"delta\":{\"content\":"
          "\"y\"},\"finish_reason\":\"stop\"}],\"usage\":{\"total_tokens\":3,\"prompt_tokens\":1,"
          "\"completion_tokens\":2}}\nD\n",
     "usage-every-chunk", "|xy||stop"},
    {"choices-null", ROLE "x{\"id\":\"r1\",\"model\":\"m\",\"choices\":null}\nfstop\nD\n", "choices-null",
     "|||stop"},
    {"choices-missing", ROLE "x{\"id\":\"r1\",\"model\":\"m\"}\nfstop\nD\n", "choices-missing", "|||stop"},
    {"null-content", ROLE "d{\"content\":null}\nfstop\nD\n", "null-content", "|||stop"},
    {"empty-content-delta", ROLE "d{\"content\":\"\"}\nfstop\nD\n", "empty-content-delta", "|||stop"},
    {"content-parts-array",
     ROLE
     "d{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}\nfstop\nD\n",
     "content-parts-array", "|ab||stop"},
    {"thinking parts",
     ROLE
     "d{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"t\"}]}]}\nfstop\nD\n",
     "content-parts-array", "t|||stop"},
    {"reasoning-field-name", ROLE "d{\"reasoning\":\"t\"}\nd{\"content\":\"x\"}\nfstop\nD\n",
     "reasoning-field-name", "t|x||stop"},
    {"reasoning_details",
     ROLE "d{\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"t\"}]}\nfstop\nD\n",
     "reasoning-field-name", "t|||stop"},
    {"reasoning under two names", ROLE "d{\"reasoning\":\"t\",\"reasoning_content\":\"t\"}\nfstop\nD\n", "",
     "t|||stop"},
    {"reasoning-and-content", ROLE "d{\"content\":\"x\",\"reasoning_content\":\"t\"}\nfstop\nD\n",
     "reasoning-and-content-in-one-delta", "t|x||stop"},
    {"legacy-function-call",
     ROLE
     "d{\"function_call\":{\"name\":\"f\",\"arguments\":\"\"}}\nd{\"function_call\":{\"arguments\":\"{}\"}}\n"
     "ffunction_call\nD\n",
     "legacy-function-call", "||f {}|tool_calls"},
    {"choice-index-missing",
     "c{\"delta\":{\"role\":\"assistant\",\"content\":\"x\"},\"finish_reason\":\"stop\"}\nD\n",
     "choice-index-missing", "|x||stop"},
    {"choice-index-missing in two",
     "c{\"delta\":{\"role\":\"assistant\",\"content\":\"x\"},\"finish_reason\":\"stop\"},"
     "{\"delta\":{\"role\":\"assistant\",\"content\":\"y\"},\"finish_reason\":\"stop\"}\nD\n",
     "choice-index-missing", "|x||stop / |y||stop"},
    {"finish-twice", ROLE "fstop\nfstop\nD\n", "duplicate-chunk finish-twice", "|||stop"},
    {"finish-twice, another", ROLE "fstop\nflength\nD\n", "finish-twice", "|||length"},
    {"delta-after-finish", ROLE "fstop\nd{\"content\":\"x\"}\nD\n", "delta-after-finish", "|x||stop"},
    {"a call after the finish", ROLE "fstop\n" CALL("0", "c", "f", "{}") "D\n",
     "delta-after-finish finish-reason-stop-with-calls", "||f {}|tool_calls"},
    {"metadata-drift",
     ROLE
     "x{\"id\":\"r2\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\nfstop\nD\n",
     "metadata-drift", "|x||stop"},
    {"interleaved choices",
     "c{\"index\":1,\"delta\":{\"role\":\"assistant\",\"content\":\"b\"}},{\"index\":0,\"delta\":{\"role\":"
     "\"assistant\","
     "\"content\":\"a\"}}\nc{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"},{"
     "\"index\":1,\"delta\":"
     "{\"content\":\"b\"},\"finish_reason\":\"length\"}\nD\n",
     "", "|aa||stop / |bb||length"},

    /* native calls */
    {"call-in-content", ROLE "d{\"content\":\"" MARKUP "\"}\nfstop\nD\n",
     "call-in-content finish-reason-stop-with-calls", "||f {\"a\":\"1\"}|tool_calls"},
    {"call-in-reasoning-field", ROLE "d{\"reasoning_content\":\"hm " MARKUP "\"}\n" END,
     "call-in-reasoning-field", "hm ||f {\"a\":\"1\"}|tool_calls"},
    {"call-both, native first",
     ROLE CALL("0", "c", "f", "{\\\"a\\\": \\\"1\\\"}") "d{\"content\":\"" MARKUP "\"}\n" END,
     "call-in-content call-both-native-and-text", "||f {\"a\": \"1\"}|tool_calls"},
    {"call-both, markup first",
     ROLE "d{\"content\":\"" MARKUP "\"}\n" CALL("0", "c", "f", "{\\\"a\\\": ") ARGS("0", "\\\"1\\\"}") END,
     "call-in-content call-both-native-and-text", "||f {\"a\":\"1\"}|tool_calls"},
    {"native and another in markup",
     ROLE CALL("0", "c", "f", "{\\\"a\\\": \\\"2\\\"}") "d{\"content\":\"" MARKUP "\"}\n" END,
     "call-in-content", "||f {\"a\": \"2\"};f {\"a\":\"1\"}|tool_calls"},
    {"finish-reason-stop-with-calls", ROLE CALL("0", "c", "f", "{}") "fstop\nD\n",
     "finish-reason-stop-with-calls", "||f {}|tool_calls"},
    {"finish-reason-calls-without-call", ROLE END, "finish-reason-calls-without-call", "|||stop"},
    {"finish-reason-hides-truncation", ROLE CALL("0", "c", "f", "{\\\"a\\\":") END,
     "truncated-call finish-reason-hides-truncation", "||f {\"a\":!|length"},
    {"cut, and said so", ROLE CALL("0", "c", "f", "{\\\"a\\\":") "flength\nD\n", "truncated-call",
     "||f {\"a\":!|length"},
    {"cut before the arguments", ROLE CALL("0", "c", "f", "") "flength\nD\n", "truncated-call",
     "||f !|length"},
    {"missing-id",
     ROLE "d{\"tool_calls\":[{\"index\":0,\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
          "\"{}\"}}]}\n" END,
     "missing-id", "||f {}|tool_calls"},
    {"duplicate-id", ROLE CALL("0", "c", "f", "{}") CALL("1", "c", "g", "{}") END, "duplicate-id",
     "||f {};g {}|tool_calls"},
    {"id-changes-mid-call",
     ROLE CALL("0", "c", "f",
               "{") "d{\"tool_calls\":[{\"index\":0,\"id\":\"d\",\"function\":{\"arguments\":\"}\"}}]}\n" END,
     "id-changes-mid-call", "||f {}|tool_calls"},
    {"duplicate-index", ROLE CALL("0", "c", "f", "{}") CALL("0", "d", "g", "{}") END, "duplicate-index",
     "||f {};g {}|tool_calls"},
    {"duplicate-index, the same function",
     ROLE CALL("0", "c", "f", "{}") CALL("0", "d", "f", "{\\\"b\\\":2}") END, "duplicate-index",
     "||f {};f {\"b\":2}|tool_calls"},
    {"index-missing",
     ROLE "d{\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
          "\"{\"}}]}\n"
          "d{\"tool_calls\":[{\"function\":{\"arguments\":\"}\"}}]}\n"
          "d{\"tool_calls\":[{\"id\":\"d\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":"
          "\"{}\"}}]}\n" END,
     "index-missing", "||f {};g {}|tool_calls"},
    {"index-gap", ROLE CALL("1", "c", "f", "{}") CALL("3", "d", "g", "{}") END, "index-gap",
     "||f {};g {}|tool_calls"},
    {"index-out-of-order",
     ROLE CALL("0", "c", "f", "{") CALL("1", "d", "g", "{") ARGS("0", "}") ARGS("1", "}") END,
     "index-out-of-order", "||f {};g {}|tool_calls"},
    {"name-repeated",
     ROLE CALL(
         "0", "c", "f",
         "{") "d{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"}\"}}]}\n" END,
     "name-repeated", "||f {}|tool_calls"},
    {"name-split",
     ROLE
     "d{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"get_\"}}]}\n"
     "d{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"time\"}}]}\n" ARGS("0", "{}") END,
     "name-split", "||get_time {}|tool_calls"},
    {"name-empty-or-null",
     ROLE CALL(
         "0", "c", "f",
         "{") "d{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":null,\"arguments\":\"}\"}}]}\n" END,
     "name-empty-or-null", "||f {}|tool_calls"},
    {"name-missing", ROLE ARGS("0", "{\\\"a\\\":1}") END, "name-missing finish-reason-calls-without-call",
     "|{\"a\":1}||stop"},
    {"a name that comes late", ROLE ARGS("0", "{}") CALL("0", "", "f", "") END, "missing-id",
     "||f {}|tool_calls"},
    {"name-missing, then another call", ROLE ARGS("0", "{}") CALL("0", "c", "f", "{}") END,
     "duplicate-index name-missing", "|{}|f {}|tool_calls"},
    {"more of a call behind the finish", ROLE CALL("0", "c", "f", "{") "flength\n" ARGS("0", "}") "D\n",
     "delta-after-finish", "||f {}|length"},
    {"type-missing",
     ROLE "d{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}"
          "\n" END,
     "type-missing", "||f {}|tool_calls"},
    {"arguments-object",
     ROLE "d{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\","
          "\"arguments\":{\"a\": 1.0}}}]}\n" END,
     "arguments-object", "||f {\"a\": 1.0}|tool_calls"},
    {"arguments-null",
     ROLE "d{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\","
          "\"arguments\":null}}]}\n" END,
     "arguments-null", "||f {}|tool_calls"},
    {"arguments-empty", ROLE CALL("0", "c", "f", "") END, "arguments-empty", "||f {}|tool_calls"},
    {"arguments-empty, not the last", ROLE CALL("0", "c", "f", "") CALL("1", "d", "g", "{}") "flength\nD\n",
     "arguments-empty", "||f {};g {}|length"},
    {"arguments-double-encoded", ROLE CALL("0", "c", "f", "\\\"{\\\\\\\"a\\\\\\\":") ARGS("0", "1}\\\"") END,
     "arguments-double-encoded", "||f {\"a\":1}|tool_calls"},
    {"arguments-cumulative",
     ROLE CALL("0", "c", "f", "{\\\"a") ARGS("0", "{\\\"a\\\":") ARGS("0", "{\\\"a\\\":1}") END,
     "arguments-cumulative", "||f {\"a\":1}|tool_calls"},
    {"arguments that only repeat", ROLE CALL("0", "c", "f", "[") ARGS("0", "[") ARGS("0", "]]") END,
     "arguments-not-object", "||f [[]]|tool_calls"},
    {"arguments-not-object", ROLE CALL("0", "c", "f", "[1]") END, "arguments-not-object",
     "||f [1]|tool_calls"},
    {"arguments that are a number", ROLE CALL("0", "c", "f", "1") ARGS("0", "2") END, "arguments-not-object",
     "||f 12|tool_calls"},
    {"arguments that are a string", ROLE CALL("0", "c", "f", "\\\"a\\\"") END, "arguments-not-object",
     "||f \"a\"|tool_calls"},
    {"arguments-trailing-garbage", ROLE CALL("0", "c", "f", "{}}") ARGS("0", " x") END,
     "arguments-trailing-garbage", "||f {}|tool_calls"},
    {"single-quotes", ROLE CALL("0", "c", "f", "{'a'") ARGS("0", ": True}") END, "single-quotes python-literal",
     "||f {\"a\": true}|tool_calls"},
    {"not-json", ROLE CALL("0", "c", "f", "{'a'") ARGS("0", ": oops}") END, "single-quotes not-json",
     "||f {\"a\": oops}|tool_calls"},
    {"trailing-comma behind other repairs", ROLE CALL("0", "c", "f", "{'a': 1,}") END,
     "single-quotes trailing-comma", "||f {\"a\": 1}|tool_calls"},
    {"empty-tool-calls-array", ROLE "d{\"content\":\"x\",\"tool_calls\":[]}\nfstop\nD\n",
     "empty-tool-calls-array", "|x||stop"},
    {"tool-calls-object",
     ROLE "d{\"tool_calls\":{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\","
          "\"arguments\":\"{}\"}}}\n" END,
     "tool-calls-object", "||f {}|tool_calls"},
    {"calls that wait, whole", ROLE CALL("0", "c", "f", "{") CALL("1", "d", "g", "{}") ARGS("0", "}") END,
     "index-out-of-order", "||f {};g {}|tool_calls"},
    {"blanks behind the arguments", ROLE CALL("0", "c", "f", "{}") ARGS("0", "\\n") END, "",
     "||f {}|tool_calls"},
    {"text and a cut call in markup",
     ROLE "d{\"content\":\"a <tool_call>\\n<function=f>\\n<parameter=a>\\n1\"}\nfstop\nD\n",
     "call-in-content truncated-call finish-reason-hides-truncation", "|a |f {\"a\":\"1!|length"},
};

static void test_defects(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct setup setup = {0};
        struct qtc_buf input = {0};
        struct result result;

        expand(&input, cases[i].input);
        for (setup.piece = 0; setup.piece < 3; setup.piece++) {
            run(&setup, qtc_buf_bytes(&input), false, &result);
            assert_text(cases[i].name, &result.slugs, cases[i].slugs);
            assert_text(cases[i].name, &result.answer, cases[i].answer);
            result_free(&result);
        }
        qtc_buf_free(&input);
    }
}

/* What is written must be what a correct server sends: read again, it says the
 * same, and nothing in it needs repair. (A cut call stays a cut call.) */
static void assert_reads_back(const char *name, const struct setup *setup, struct qtc_bytes input)
{
    static const char *const allowed = "finish-twice delta-after-finish multi-line-data error-mid-stream "
                                       "truncated-call replacement-char not-json arguments-not-object";
    struct result first, second;
    struct qtc_buf slugs = {0};
    char *word, *rest = NULL;

    run(setup, input, false, &first);
    run(setup, qtc_buf_bytes(&first.output), false, &second);
    qtc_buf_byte(&first.answer, '\0');
    if (!strstr(first.answer.data, "|error")) {
        assert_text(name, &second.answer, first.answer.data);
    }
    qtc_buf_put(&slugs, qtc_buf_bytes(&second.slugs));
    qtc_buf_byte(&slugs, '\0');
    for (word = strtok_r(slugs.data, " ", &rest); word && second.errors; word = strtok_r(NULL, " ", &rest)) {
        for (unsigned d = 0; d < QTC_DEFECTS; d++) {
            bool bad =
                qtc_defect_info(d)->severity != QTC_INFO && strcmp(qtc_defect_info(d)->slug, word) == 0;

            if (bad && !strstr(allowed, word)) {
                fail_msg("%s: %s in what was written:\n%.*s", name, word, (int)first.output.len,
                         first.output.data);
            }
        }
    }
    qtc_buf_free(&slugs);
    result_free(&first);
    result_free(&second);
}

static void test_written_streams_are_clean(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct setup setup = {.output = "sse"};
        struct qtc_buf input = {0};

        expand(&input, cases[i].input);
        assert_reads_back(cases[i].name, &setup, qtc_buf_bytes(&input));
        qtc_buf_free(&input);
    }
}

/* Whatever byte a stream ends at, what is written is whole. */
static void test_cut_anywhere(void **state)
{
    static const char *const inputs[] = {
        ROLE "d{\"content\":\"x <\"}\nd{\"content\":\"tool_call>\\n<function=f>\\n<parameter=a>\\n1\"}\n"
             "d{\"content\":\"\\n</parameter>\\n</function>\\n</tool_call>\"}\nfstop\nD\n",
        ROLE CALL("0", "c", "f", "{") CALL("1", "d", "g", "{") ARGS("0", "}") ARGS("1", "}") END,
        "r: c\\r\\n\\r\\n\nrdata: {\"id\":\"r\",\\r\\ndata: "
        "\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":"
        "\"assistant\",\"content\":\"\xC3\xA9\"}}]}\\r\\n\\r\\n\nrevent: error\\r\\ndata: "
        "no\\r\\n\\r\\n\nD\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(inputs); i++) {
        struct setup setup = {.output = "sse"};
        struct qtc_buf input = {0};

        expand(&input, inputs[i]);
        for (size_t n = 0; n <= input.len; n++) {
            assert_reads_back(inputs[i], &setup, qtc_bytes(input.data, n));
        }
        setup.writer.hold_calls = true;
        for (size_t n = 0; n <= input.len; n++) {
            struct result result;

            run(&setup, qtc_bytes(input.data, n), false, &result);
            qtc_buf_byte(&result.output, '\0');
            assert_true(result.output.len == 1 || strstr(result.output.data, "[DONE]"));
            result_free(&result);
        }
        qtc_buf_free(&input);
    }
}

/* Each defect of an event stream, an envelope or a native call has a case. */
static void test_all_defects_have_cases(void **state)
{
    (void)state;
    for (unsigned d = QTC_D_MISSING_DONE; d <= QTC_D_EMPTY_TOOL_CALLS; d++) {
        bool found = d == QTC_D_TOOL_CHOICE_IGNORED; /* needs an option: test_stream.c */

        for (size_t i = 0; i < COUNT(cases) && !found; i++) {
            found = strstr(cases[i].slugs, qtc_defect_info(d)->slug) != NULL;
        }
        if (!found) {
            fail_msg("no case for %s", qtc_defect_info(d)->slug);
        }
    }
}

/* ---- byte for byte ------------------------------------------------------------------------ */

static const char *const clean[] = {
    ROLE "d{\"content\":\"a < b\"}\nd{\"content\":\" "
         "<\"}\nd{\"content\":\"tool_\"}\nd{\"content\":\"x\"}\nfstop\nD\n",
    ROLE "d{\"content\":\"ends in <\"}\nfstop\nD\n",
    ROLE CALL("0", "c", "f", "") ARGS("0", "{}") CALL("1", "d", "g", "{}") END,
    ROLE "d{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\"}}]}"
         "\n" ARGS("0", "{}") END,
    ROLE "d{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\","
         "\"arguments\":\"\"}}]}\n"
         "d{\"tool_calls\":[{\"index\":0,\"id\":null,\"type\":null,\"function\":{\"name\":null,\"arguments\":"
         "\"{}\"}}]}\n" END,
    ROLE "d{\"reasoning\":\"t\",\"reasoning_content\":\"t\"}\nd{\"content\":null}\nd{\"content\":\"\"}\nd{}"
         "\nfstop\nD\n",
    "r: hello\\n\\n\n" ROLE "r: again\\nid: 3\\nretry: 10\\n\n"
    "rdata:{\"id\":\"r1\",\"model\":\"m\",\\r\\ndata: \"choices\":[]}\\r\\n\\r\\n\nfstop\nD\n"
    "r: bye\\n\\n\n",
    ROLE "fstop\nx{\"id\":\"r1\",\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_"
         "tokens\":1,\"total_tokens\":2}}\nD\n",
    ROLE "d{\"content\":\"x\"}\nx{\"error\":{\"message\":\"no\"}}\nD\n",
    ROLE CALL("0", "c", "f", "{}") ARGS("0", "\\n") END,
    ROLE "d{\"content\":\"\\u00e9\\ud83d\\ude00 \\\"q\\\" \\\\\"}\nd{\"content\":\"\\/\"}\nfstop\nD\n",
    "x{\"id\":\"\",\"model\":\"\",\"object\":\"\",\"created\":0,\"choices\":[],\"prompt_filter_results\":[1]}"
    "\n" ROLE "fstop\nD\n",
    "c{\"index\":0,\"delta\":{\"role\":\"assistant\"}},{\"index\":1,\"delta\":{\"role\":\"assistant\"}}\n"
    "c{\"index\":1,\"delta\":{\"content\":\"<\"}}\nc{\"index\":0,\"delta\":{\"content\":\"x\"}}\n"
    "c{\"index\":1,\"delta\":{},\"finish_reason\":\"stop\"},{\"index\":0,\"delta\":{},\"finish_reason\":"
    "\"stop\"}\nD\n",
};

static void test_clean_streams_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(clean); i++) {
        struct setup setup = {.output = "sse"};
        struct qtc_buf input = {0};
        struct result result;

        expand(&input, clean[i]);
        qtc_buf_byte(&input, '\0');
        run(&setup, qtc_bytes(input.data, input.len - 1), false, &result);
        assert_text(clean[i], &result.output, input.data);
        assert_int_equal(result.output.len, input.len - 1);
        result_free(&result);
        setup.writer.hold_calls = true;
        run(&setup, qtc_bytes(input.data, input.len - 1), false, &result);
        assert_text("hold_calls", &result.output, input.data);
        result_free(&result);
        qtc_buf_free(&input);
    }
}

static void test_no_repair_passes_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct setup setup = {.output = "sse", .stream.no_repair = true, .writer.no_repair = true};
        struct qtc_buf input = {0};
        struct result result;

        expand(&input, cases[i].input);
        qtc_buf_byte(&input, '\0');
        run(&setup, qtc_bytes(input.data, input.len - 1), false, &result);
        assert_text(cases[i].name, &result.output, input.data);
        result_free(&result);
        qtc_buf_free(&input);
    }
}

/* ---- what is written, to the byte ----------------------------------------------------------- */

#define HEAD                                                                                                 \
    "data: "                                                                                                 \
    "{\"id\":\"r1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\",\"choices\":[{"       \
    "\"index\":0,\"delta\":{"
#define TAIL               "},\"finish_reason\":null}]}\n\n"
#define ROLE_OUT           HEAD "\"role\":\"assistant\",\"content\":\"\"" TAIL
#define FINISH_OUT(reason) HEAD "},\"finish_reason\":\"" reason "\"}]}\n\n"
#define CUT_OUT                                                                                              \
    "data: {\"error\":{\"message\":\"a tool call was cut off before its "                                    \
    "end\",\"type\":\"incomplete_tool_call\",\"code\":"                                                      \
    "\"truncated-call\"}}\n\n"
#define DONE_OUT "data: [DONE]\n\n"

static const struct {
    const char *name, *input;
    bool hold;
    const char *output;
} written[] = {
    {"a call in the content",
     ROLE "d{\"content\":\"x <\"}\nd{\"content\":\"tool_call>\\n<function=f>\\n<parameter=a>\\n\"}\n"
          "d{\"content\":\"1\"}\nd{\"content\":\"\\n</parameter>\\n</function>\\n</tool_call>\"}\nfstop\nD\n",
     false,
     ROLE_OUT HEAD
     "\"content\":\"x \"" TAIL HEAD "\"tool_calls\":[{\"index\":0,\"id\":\"call_0\",\"type\":\"function\","
     "\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]" TAIL HEAD
     "\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\":\\\"\"}}]" TAIL HEAD
     "\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"1\"}}]" TAIL HEAD
     "\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"\\\"}\"}}]" TAIL FINISH_OUT("tool_calls")
         DONE_OUT},
    {"held until it is whole", ROLE CALL("0", "c", "f", "") "fstop\nD\n", true,
     ROLE_OUT HEAD "\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":"
                   "\"f\",\"arguments\":\"\"}}]" TAIL HEAD
                   "\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]" TAIL FINISH_OUT(
                       "tool_calls") DONE_OUT},
    {"a cut call", ROLE CALL("0", "c", "f", "{") "ftool_calls\nD\n", false,
     ROLE_OUT HEAD "\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":"
                   "\"f\",\"arguments\":\"{\"}}]" TAIL FINISH_OUT("length") CUT_OUT DONE_OUT},
    {"a cut call, held", ROLE CALL("0", "c", "f", "{") "ftool_calls\nD\n", true,
     ROLE_OUT FINISH_OUT("length") CUT_OUT DONE_OUT},
    {"a cut call that the server owns up to", ROLE CALL("0", "c", "f", "{") "flength\n", false,
     ROLE_OUT HEAD "\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":"
                   "\"f\",\"arguments\":\"{\"}}]" TAIL FINISH_OUT("length") CUT_OUT DONE_OUT},
    {"interleaved calls",
     ROLE CALL("0", "c", "f", "{") CALL("1", "d", "g", "{") ARGS("0", "}") ARGS("1", "}") END, false,
     ROLE_OUT HEAD "\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":"
                   "\"f\",\"arguments\":\"{\"}}]" TAIL HEAD
                   "\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"}\"}}]" TAIL HEAD
                   "\"tool_calls\":[{\"index\":1,\"id\":\"d\",\"type\":\"function\",\"function\":{\"name\":"
                   "\"g\",\"arguments\":\"\"}}]" TAIL HEAD
                   "\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"{\"}}]" TAIL HEAD
                   "\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"}\"}}]" TAIL FINISH_OUT(
                       "tool_calls") DONE_OUT},
    {"no role, other members of the choice",
     "c{\"index\":0,\"delta\":{\"content\":\"x\",\"refusal\":\"r\"},\"logprobs\":{\"a\":1},\"finish_reason\":"
     "\"stop\"}\n",
     false,
     ROLE_OUT HEAD "\"refusal\":\"r\"},\"logprobs\":{\"a\":1},\"finish_reason\":null}]}\n\n" HEAD
                   "\"content\":\"x\"" TAIL FINISH_OUT("stop") DONE_OUT},
    {"other members of a call",
     ROLE "d{\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
          "\"{}\"},"
          "\"extra_content\":{\"google\":1}}]}\n" END,
     false,
     ROLE_OUT HEAD "\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":"
                   "\"f\",\"arguments\":\"\"},"
                   "\"extra_content\":{\"google\":1}}]" TAIL HEAD
                   "\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]" TAIL FINISH_OUT(
                       "tool_calls") DONE_OUT},
    {"an error as content",
     ROLE "c{\"index\":0,\"delta\":{\"content\":\"too fast\"},\"finish_reason\":\"error_finish\"}\nD\n",
     false, ROLE_OUT "data: {\"error\":{\"message\":\"too fast\",\"type\":\"error_finish\"}}\n\n" DONE_OUT},
    {"choices null", ROLE "x{\"id\":\"r1\",\"choices\":null,\"usage\":{\"total_tokens\":0}}\nfstop\nD\n",
     false,
     ROLE_OUT "data: {\"id\":\"r1\",\"choices\":[],\"usage\":{\"total_tokens\":0}}\n\n" FINISH_OUT("stop")
         DONE_OUT},
    {"data behind [DONE]", ROLE "D\nfstop\n", false, ROLE_OUT FINISH_OUT("stop") DONE_OUT},
    {"another id later",
     ROLE "x{\"id\":\"r2\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\",\"choices\":[{"
          "\"index\":0,"
          "\"delta\":{\"content\":\"x\"},\"finish_reason\":null}]}\nfstop\nD\n",
     false, ROLE_OUT HEAD "\"content\":\"x\"" TAIL FINISH_OUT("stop") DONE_OUT},
};

static void test_written_to_the_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(written); i++) {
        struct setup setup = {
            .output = "sse", .stream.ids = QTC_IDS_SEQ, .writer.hold_calls = written[i].hold};
        struct qtc_buf input = {0};
        struct result result;

        expand(&input, written[i].input);
        run(&setup, qtc_buf_bytes(&input), false, &result);
        assert_text(written[i].name, &result.output, written[i].output);
        result_free(&result);
        qtc_buf_free(&input);
    }
}

/* ---- whole answers ---------------------------------------------------------------------------- */

static const struct {
    const char *name, *json, *slugs, *answer;
} wholes[] = {
    {"a text",
     "{\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
     "\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}",
     "not-sse", "|hi||stop"},
    {"reasoning, a call",
     "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":"
     "\"t\",\"tool_calls\":"
     "[{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},"
     "{\"id\":\"d\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":{}}}]},\"finish_"
     "reason\":\"tool_calls\"}]}",
     "not-sse arguments-object", "t||f {};g {}|tool_calls"},
    {"two choices, markup",
     "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"" MARKUP
     "\"},\"finish_reason\":\"stop\"},"
     "{\"index\":1,\"message\":{\"role\":\"assistant\",\"content\":\"x\"},\"finish_reason\":\"length\"}]}",
     "not-sse call-in-content finish-reason-stop-with-calls", "||f {\"a\":\"1\"}|tool_calls / |x||length"},
    {"a legacy call",
     "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":null,\"function_call\":{"
     "\"name\":\"f\",\"arguments\":\"{}\"}},"
     "\"finish_reason\":\"function_call\"}]}",
     "not-sse legacy-function-call", "||f {}|tool_calls"},
    {"an error", "{\"error\":{\"message\":\"no\"}}", "error-mid-stream", ""},
    {"a chunk",
     "{\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"x\"},\"finish_reason\":"
     "\"stop\"}]}",
     "", "|x||stop"},
};

static void test_whole_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wholes); i++) {
        struct setup setup = {.output = "sse"};
        struct result result, again;

        run(&setup, qtc_str(wholes[i].json), true, &result);
        assert_text(wholes[i].name, &result.slugs, wholes[i].slugs);
        assert_text(wholes[i].name, &result.answer, wholes[i].answer);
        run(&setup, qtc_buf_bytes(&result.output), false, &again);
        assert_text(wholes[i].name, &again.answer, wholes[i].answer);
        result_free(&result);
        result_free(&again);
    }
}

static void test_json_that_is_no_answer(void **state)
{
    static const struct {
        const char *json;
        enum qtc_code code;
        uint64_t offset;
    } bad[] = {
        {"{\"a\":", QTC_SYNTAX, 5}, {"<html>", QTC_SYNTAX, 0}, {"{\"a\":1}", QTC_TYPE, 0},
        {"[1]", QTC_TYPE, 0},       {"", QTC_SYNTAX, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct qtc_stream_options options = {0};
        struct log log = {0};
        struct qtc_stream *stream = qtc_stream_new(&options, log_event, &log);
        struct qtc_openai_reader *reader = qtc_openai_reader_new(stream);
        struct qtc_error error;

        assert_int_equal(qtc_openai_reader_json(reader, qtc_str(bad[i].json), 1, &error), bad[i].code);
        assert_int_equal(error.code, bad[i].code);
        assert_int_equal(error.offset, bad[i].offset);
        assert_non_null(error.message);
        qtc_openai_reader_free(reader);
        qtc_stream_free(stream);
        log_free(&log);
    }
}

/* ---- other outputs -------------------------------------------------------------------------------- */

static void assert_output(const char *output, const char *input, const char *want)
{
    struct setup setup = {.output = output, .stream.ids = QTC_IDS_SEQ};
    struct qtc_buf bytes = {0};
    struct result result;

    expand(&bytes, input);
    run(&setup, qtc_buf_bytes(&bytes), false, &result);
    assert_text(output, &result.output, want);
    result_free(&result);
    qtc_buf_free(&bytes);
}

static void test_chunks(void **state)
{
    (void)state;
    assert_output(
        "chunks",
        "r: hi\\n\\n\nrdata: {\"id\":\"r\",\\ndata: "
        "\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\\n\\n\n"
        "x{\"id\":\"r\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n",
        "{\"id\":\"r\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n"
        "{\"id\":\"r\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n"
        "{\"id\":\"r\",\"model\":\"m\",\"object\":\"chat.completion.chunk\",\"created\":0,\"choices\":[{"
        "\"index\":0,\"delta\":{},"
        "\"finish_reason\":\"stop\"}]}\n");
}

/* Plain text: no frames, so nothing waits for one. */
static void test_text_without_frames(void **state)
{
    struct qtc_stream_options options = {.ids = QTC_IDS_SEQ};
    struct qtc_buf out = {0};
    struct qtc_writer_options writer_options = {.out = &out, .model = qtc_str("mm")};
    struct qtc_writer *w = qtc_output_find("chunks")->open(&writer_options);
    struct qtc_stream *s = qtc_stream_new(&options, qtc_writer_sink, w);

    (void)state;
    assert_int_equal(qtc_stream_content(s, 0, qtc_str("hi")), QTC_OK);
    assert_text("role and text", &out,
                "{\"id\":\"chatcmpl-qtc\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":"
                "\"mm\",\"choices\":[{\"index\":0,"
                "\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n"
                "{\"id\":\"chatcmpl-qtc\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":"
                "\"mm\",\"choices\":[{\"index\":0,"
                "\"delta\":{\"content\":\"hi\"},\"finish_reason\":null}]}\n");
    qtc_buf_clear(&out);
    assert_int_equal(qtc_stream_end(s), QTC_OK);
    assert_true(w->finish(w));
    assert_text("finish", &out,
                "{\"id\":\"chatcmpl-qtc\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":"
                "\"mm\",\"choices\":[{\"index\":0,"
                "\"delta\":{},\"finish_reason\":\"stop\"}]}\n");
    w->free(w);
    qtc_stream_free(s);
    qtc_buf_free(&out);
}

static void test_deltas(void **state)
{
    static const char *const pieces[] = {"a <", "tool_call>\n<function=f>\n<par", "ameter=x>\n1",
                                         "2\n</parameter>\n</function>\n</tool_call>", ""};
    struct qtc_stream_options options = {.ids = QTC_IDS_SEQ};
    struct qtc_buf out = {0};
    struct qtc_writer_options writer_options = {.out = &out};
    struct qtc_writer *w = qtc_output_find("deltas")->open(&writer_options);
    struct qtc_stream *s = qtc_stream_new(&options, qtc_writer_sink, w);

    (void)state;
    for (size_t i = 0; i < COUNT(pieces); i++) {
        assert_int_equal(qtc_stream_content(s, 0, qtc_str(pieces[i])), QTC_OK);
        assert_true(w->piece(w));
    }
    assert_int_equal(qtc_stream_end(s), QTC_OK);
    assert_true(w->finish(w));
    assert_text("deltas", &out,
                "{\"content\":\"a \"}\n"
                "{\"tool_calls\":[{\"index\":0,\"id\":\"call_0\",\"type\":\"function\",\"function\":{"
                "\"name\":\"f\",\"arguments\":\"\"}}]}\n"
                "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"x\\\":\\\"1\"}}]}\n"
                "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"2\\\"}\"}}]}\n"
                "null\n"
                "{\"finish_reason\":\"tool_calls\"}\n");
    w->free(w);
    qtc_stream_free(s);
    qtc_buf_free(&out);
}

/* Writes each value twice, so that its calls can be counted. */
static bool twice(void *ctx, struct qtc_bytes json, struct qtc_buf *out)
{
    *(int *)ctx += 1;
    for (int i = 0; i < 2; i++) {
        qtc_buf_add(out, json.data, json.len < 5 ? json.len : 5);
        qtc_buf_byte(out, '\n');
    }
    return true;
}

static bool give_up(void *ctx, struct qtc_bytes json, struct qtc_buf *out)
{
    (void)ctx;
    (void)json;
    (void)out;
    return false;
}

static void test_filter(void **state)
{
    int count = 0;
    struct setup setup = {.output = "sse", .writer.filter = twice, .writer.filter_ctx = &count};
    struct qtc_buf input = {0}, out = {0};
    struct result result;
    struct qtc_writer_options options = {.out = &out, .filter = give_up};
    struct qtc_event event = {.kind = QTC_CONTENT, .text = qtc_str("x")};
    struct qtc_writer *w = qtc_output_find("sse")->open(&options);

    (void)state;
    expand(&input, "r: c\\n\\n\n" ROLE "fstop\nD\n");
    run(&setup, qtc_buf_bytes(&input), false, &result);
    assert_int_equal(count, 2);
    assert_text(
        "filter", &result.output,
        ": c\n\ndata: {\"id\"\n\ndata: {\"id\"\n\ndata: {\"id\"\n\ndata: {\"id\"\n\ndata: [DONE]\n\n");
    assert_false(qtc_writer_sink(w, &event));
    w->free(w);
    result_free(&result);
    qtc_buf_free(&input);
    qtc_buf_free(&out);
}

/* ---- how early -------------------------------------------------------------------------------------- */

/* What is out after each event of a stream, as counts of frames. */
static void test_each_frame_goes_out_at_once(void **state)
{
    static const struct {
        const char *line;
        size_t frames; /* that this line adds */
    } steps[] = {
        {ROLE, 1},
        {"d{\"content\":\"a\"}\n", 1},
        {"d{\"content\":\"b <\"}\n", 0},
        {"d{\"content\":\"= c\"}\n", 2},
        {CALL("0", "c", "f", ""), 1},
        {ARGS("0", "{\\\"a\\\":"), 1},
        {ARGS("0", "1}"), 1},
        {"fstop\n", 1}, /* mended */
        {"D\n", 0},
    };
    struct qtc_stream_options options = {0};
    struct qtc_buf out = {0}, input = {0};
    struct qtc_writer_options writer_options = {.out = &out};
    struct qtc_writer *w = qtc_output_find("sse")->open(&writer_options);
    struct qtc_stream *s = qtc_stream_new(&options, qtc_writer_sink, w);
    struct qtc_openai_reader *reader = qtc_openai_reader_new(s);
    struct qtc_sse_options sse = {0};
    struct qtc_sse_decoder *d = qtc_sse_decoder_new(&sse, on_sse, reader);

    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++) {
        size_t frames = 0;

        qtc_buf_clear(&input);
        qtc_buf_clear(&out);
        expand(&input, steps[i].line);
        assert_int_equal(qtc_sse_decoder_feed(d, input.data, input.len), QTC_OK);
        for (size_t k = 0; k + 6 <= out.len; k++) {
            frames += memcmp(out.data + k, "data: ", 6) == 0 ? 1 : 0;
        }
        if (frames != steps[i].frames) {
            fail_msg("step %zu: %zu frames, not %zu", i, frames, steps[i].frames);
        }
    }
    qtc_sse_decoder_free(d);
    qtc_openai_reader_free(reader);
    qtc_stream_free(s);
    w->free(w);
    qtc_buf_free(&input);
    qtc_buf_free(&out);
}

/* ---- the fast way says what the slow way says -----------------------------------------------------------
 */

/* Each text as the content of a chunk: alone, where a tree is read, and behind
 * a chunk of the same shape, where only the string is looked at. */
static void test_fast_way(void **state)
{
    static const char *const texts[] = {
        "x",
        "\\n",
        "\\u00e9\\ud83d\\ude00",
        "\\\\",
        "\\\"",
        "a\\\\\\\"b",
        "\\/",
        "\xC3\xA9",
        " ",
        "\\u0000",
        /* not the inside of one string: must not be taken for it */
        "x\",\"refusal\":\"no",
        "x\"},\"logprobs\":{\"a\":\"b",
        "x\\",
        "\\q",
        "a\tb",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct setup setup = {.output = "sse"};
        struct qtc_buf alone = {0}, behind = {0}, line = {0};
        struct result slow, fast;

        qtc_buf_str(&line, "d{\"content\":\"");
        qtc_buf_str(&line, texts[i]);
        qtc_buf_str(&line, "\"}\nfstop\nD\n");
        qtc_buf_byte(&line, '\0');
        expand(&alone, ROLE);
        expand(&alone, line.data);
        expand(&behind, ROLE "d{\"content\":\"1\"}\nd{\"content\":\"2\"}\n");
        expand(&behind, line.data);
        run(&setup, qtc_buf_bytes(&alone), false, &slow);
        run(&setup, qtc_buf_bytes(&behind), false, &fast);
        qtc_buf_byte(&slow.slugs, '\0');
        assert_text(texts[i], &fast.slugs, slow.slugs.data);
        assert_int_equal(fast.answer.len, slow.answer.len + 2);
        assert_memory_equal(fast.answer.data, "|12", 3);
        assert_memory_equal(fast.answer.data + 3, slow.answer.data + 1, slow.answer.len - 1);
        result_free(&slow);
        result_free(&fast);
        qtc_buf_free(&alone);
        qtc_buf_free(&behind);
        qtc_buf_free(&line);
    }
}

/* Text that may be markup waits; not more of it than the queue takes, and nothing is lost. */
static void test_long_wait(void **state)
{
    struct setup setup = {.output = "sse"};
    struct qtc_buf input = {0}, want = {0};
    struct result result;
    size_t count = 12000;

    (void)state;
    expand(&input, ROLE CALL("0", "c", "f", "{\\\"a\\\":\\\"") CALL("1", "d", "g", "{}"));
    qtc_buf_str(&want, "|");
    for (size_t i = 0; i < count; i++) {
        expand(&input, "d{\"content\":\"x\"}\n");
        qtc_buf_byte(&want, 'x');
    }
    expand(&input, "flength\nD\n");
    qtc_buf_str(&want, "|f {\"a\":\"!;g {}|length");
    qtc_buf_byte(&want, '\0');
    run(&setup, qtc_buf_bytes(&input), false, &result);
    assert_text("long wait", &result.answer, want.data);
    assert_reads_back("long wait", &setup, qtc_buf_bytes(&input));
    result_free(&result);
    qtc_buf_free(&input);
    qtc_buf_free(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defects),
        cmocka_unit_test(test_written_streams_are_clean),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_all_defects_have_cases),
        cmocka_unit_test(test_clean_streams_pass),
        cmocka_unit_test(test_no_repair_passes_all),
        cmocka_unit_test(test_written_to_the_byte),
        cmocka_unit_test(test_whole_answers),
        cmocka_unit_test(test_json_that_is_no_answer),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_text_without_frames),
        cmocka_unit_test(test_deltas),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_each_frame_goes_out_at_once),
        cmocka_unit_test(test_fast_way),
        cmocka_unit_test(test_long_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
