/* The writers, fed with events by hand: what comes out, line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/writers.h"

typedef struct qtc_writer *open_writer(const struct qtc_writer_options *options);

struct fixture {
    struct qtc_buf out;
    struct qtc_writer *writer;
};

static void open_with(struct fixture *f, open_writer *open, struct qtc_writer_options options)
{
    *f = (struct fixture){0};
    options.out = &f->out;
    f->writer = open(&options);
    assert_non_null(f->writer);
}

static bool send(struct fixture *f, struct qtc_event event)
{
    return qtc_writer_sink(f->writer, &event);
}

static void assert_out(struct fixture *f, const char *expected)
{
    qtc_buf_byte(&f->out, '\0');
    assert_string_equal(f->out.data, expected);
    qtc_buf_clear(&f->out);
}

static void close_writer(struct fixture *f)
{
    f->writer->free(f->writer);
    qtc_buf_free(&f->out);
}

/* ---- events by hand ------------------------------------------------------------ */

static struct qtc_event text(enum qtc_event_kind kind, unsigned choice, const char *s)
{
    return (struct qtc_event){.kind = kind, .choice = choice, .text = qtc_str(s)};
}

static struct qtc_event call(unsigned choice, unsigned number, const char *id, const char *name)
{
    return (struct qtc_event){
        .kind = QTC_CALL, .choice = choice, .call = number, .id = qtc_str(id), .name = qtc_str(name)};
}

static struct qtc_event args(unsigned choice, unsigned number, const char *s)
{
    return (struct qtc_event){.kind = QTC_ARGS, .choice = choice, .call = number, .text = qtc_str(s)};
}

static struct qtc_event call_end(unsigned choice, unsigned number, bool truncated)
{
    return (struct qtc_event){.kind = QTC_CALL_END, .choice = choice, .call = number, .truncated = truncated};
}

static struct qtc_event finish(unsigned choice, enum qtc_finish reason)
{
    return (struct qtc_event){.kind = QTC_FINISH, .choice = choice, .reason = reason};
}

#define CALL_LINE(id, name, arguments)                                                                       \
    "{\"id\":\"" id "\",\"type\":\"function\",\"function\":{\"name\":\"" name                                \
    "\",\"arguments\":\"" arguments "\"}"

/* ---- -o calls --------------------------------------------------------------------- */

static void test_calls(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, qtc_writer_open_calls, (struct qtc_writer_options){0});
    assert_true(send(&f, text(QTC_CONTENT, 0, "Hello")));
    assert_true(send(&f, call(0, 0, "call_1", "get")));
    assert_true(send(&f, args(0, 0, "{\"a\":\"x")));
    assert_true(send(&f, args(0, 0, "\\n\"}")));
    assert_out(&f, "");
    assert_true(send(&f, call_end(0, 0, false)));
    assert_out(&f, CALL_LINE("call_1", "get", "{\\\"a\\\":\\\"x\\\\n\\\"}") "}\n");
    assert_true(send(&f, call(0, 1, "call_2", "set")));
    assert_true(send(&f, args(0, 1, "{\"a\":")));
    assert_true(send(&f, call_end(0, 1, true)));
    assert_true(send(&f, finish(0, QTC_FINISH_LENGTH)));
    assert_true(f.writer->finish(f.writer));
    assert_out(&f, CALL_LINE("call_2", "set", "{\\\"a\\\":") ",\"truncated\":true}\n");
    close_writer(&f);
}

static void test_calls_of_several_choices(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, qtc_writer_open_calls, (struct qtc_writer_options){0});
    send(&f, call(1, 0, "b", "two"));
    send(&f, call(0, 0, "a", "one"));
    send(&f, args(1, 0, "2"));
    send(&f, args(0, 0, "1"));
    send(&f, call_end(0, 0, false));
    send(&f, call_end(1, 0, false));
    send(&f, call(7, 0, "c", "open"));
    assert_out(&f, CALL_LINE("a", "one", "1") "}\n" CALL_LINE("b", "two", "2") "}\n");
    assert_true(f.writer->finish(f.writer));
    assert_out(&f, CALL_LINE("c", "open", "") ",\"truncated\":true}\n");
    close_writer(&f);
}

/* A character that comes in pieces, and half a surrogate pair that finds its other half. */
static void test_pieces_of_characters(void **state)
{
    static const char *const pieces[] = {"\xf0", "\x9f\x98", "\x80-\xed\xa0\xbd", "\xed\xb8\x80", "\xe2\x82"};
    struct fixture f;

    (void)state;
    open_with(&f, qtc_writer_open_calls, (struct qtc_writer_options){0});
    send(&f, call(0, 0, "a", "n"));
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        send(&f, args(0, 0, pieces[i]));
    }
    send(&f, call_end(0, 0, false));
    qtc_buf_byte(&f.out, '\0');
    assert_non_null(strstr(f.out.data, "\"arguments\":\"\xf0\x9f\x98\x80-\\ud83d\\ude00\\ufffd"));
    close_writer(&f);
}

/* A long call begins to be written early, and the lines of other choices wait for its end. */
static void test_long_call(void **state)
{
    enum { PIECES = 1000, PIECE = 1000 };
    struct fixture f;
    char piece[PIECE + 1];
    size_t most = 0, total = 0, lines = 0;

    (void)state;
    memset(piece, 'x', PIECE);
    piece[PIECE] = '\0';
    open_with(&f, qtc_writer_open_calls, (struct qtc_writer_options){0});
    send(&f, call(0, 0, "a", "long"));
    for (unsigned i = 0; i < PIECES; i++) {
        send(&f, args(0, 0, piece));
        if (i % 250 == 249) {
            send(&f, call(1, i, "b", "short"));
            send(&f, call_end(1, i, false));
            send(&f, call(2, i, "c", "other"));
            send(&f, call_end(2, i, true));
        }
        if (i == PIECES / 2) {
            most = f.out.len;
        }
    }
    assert_true(most > 0);
    send(&f, call_end(0, 0, false));
    assert_true(f.writer->finish(f.writer));
    total = f.out.len;
    for (char *line = f.out.data; line < f.out.data + total; lines++) {
        char *end = memchr(line, '\n', (size_t)(f.out.data + total - line));
        assert_non_null(end);
        assert_true(qtc_json_valid(qtc_bytes(line, (size_t)(end - line))));
        line = end + 1;
    }
    assert_int_equal(lines, 9);
    close_writer(&f);
}

static void test_long_call_that_never_ends(void **state)
{
    struct fixture f;
    char *long_text = malloc(300001);

    (void)state;
    memset(long_text, 'x', 300000);
    long_text[300000] = '\0';
    open_with(&f, qtc_writer_open_calls, (struct qtc_writer_options){0});
    send(&f, call(3, 0, "a", "long"));
    send(&f, args(3, 0, long_text));
    send(&f, call(0, 0, "b", "open"));
    assert_true(f.writer->finish(f.writer));
    qtc_buf_byte(&f.out, '\0');
    assert_string_equal(strstr(f.out.data, "\"},\"trunc"),
                        "\"},\"truncated\":true}\n" CALL_LINE("b", "open", "") ",\"truncated\":true}\n");
    free(long_text);
    close_writer(&f);
}

/* ---- filters ------------------------------------------------------------------------ */

struct filter_log {
    unsigned count;
    unsigned stop_at;
};

/* Each value twice, until the one at which it gives up. */
static bool twice(void *ctx, struct qtc_bytes json, struct qtc_buf *out)
{
    struct filter_log *log = ctx;

    assert_true(qtc_json_valid(json));
    if (++log->count == log->stop_at) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        qtc_buf_put(out, json);
        qtc_buf_byte(out, '\n');
    }
    return true;
}

static void test_filter(void **state)
{
    struct filter_log log = {.stop_at = 2};
    struct fixture f;

    (void)state;
    open_with(&f, qtc_writer_open_calls, (struct qtc_writer_options){.filter = twice, .filter_ctx = &log});
    send(&f, call(0, 0, "a", "n"));
    assert_true(send(&f, call_end(0, 0, false)));
    assert_out(&f, CALL_LINE("a", "n", "") "}\n" CALL_LINE("a", "n", "") "}\n");
    send(&f, call(0, 1, "b", "n"));
    assert_false(send(&f, call_end(0, 1, false)));
    assert_out(&f, "");
    close_writer(&f);
}

/* ---- -o text -------------------------------------------------------------------------- */

static void test_text(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, qtc_writer_open_text, (struct qtc_writer_options){0});
    send(&f, text(QTC_REASONING, 0, "hm"));
    send(&f, text(QTC_CONTENT, 0, "a\xff"));
    send(&f, text(QTC_FRAMING, 0, "<tool_call>"));
    send(&f, args(0, 0, "{}"));
    send(&f, text(QTC_CONTENT, 0, "b"));
    assert_true(f.writer->finish(f.writer));
    assert_out(&f, "a\xff"
                   "b");
    close_writer(&f);
}

/* ---- -o message ------------------------------------------------------------------------- */

static void test_message(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, qtc_writer_open_message, (struct qtc_writer_options){0});
    send(&f, text(QTC_CONTENT, 1, "sec"));
    send(&f, text(QTC_REASONING, 0, "think"));
    send(&f, text(QTC_CONTENT, 1, "ond\n"));
    send(&f, call(0, 0, "a", "one"));
    send(&f, args(0, 0, "{}"));
    send(&f, call_end(0, 0, false));
    send(&f, call(0, 1, "b", "two"));
    send(&f, call_end(0, 1, true));
    assert_out(&f, "");
    assert_true(f.writer->finish(f.writer));
    assert_out(
        &f,
        "{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"think\",\"tool_calls\":[" CALL_LINE(
            "a", "one", "{}") "}," CALL_LINE("b", "two",
                                             "") ",\"truncated\":true}]}\n"
                                                 "{\"role\":\"assistant\",\"content\":\"second\\n\"}\n");
    assert_true(f.writer->finish(f.writer));
    assert_out(&f, "");
    close_writer(&f);
}

/* ---- -o response ---------------------------------------------------------------------------- */

static struct qtc_event other(const char *name, const char *value)
{
    return (struct qtc_event){.kind = QTC_OTHER, .name = qtc_str(name), .text = qtc_str(value)};
}

static void test_response(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, qtc_writer_open_response, (struct qtc_writer_options){0});
    send(&f, (struct qtc_event){.kind = QTC_START, .id = qtc_str("chatcmpl-9"), .name = qtc_str("m")});
    send(&f, other("envelope", "{\"id\":\"chatcmpl-9\",\"created\":17,\"system_fingerprint\":\"fp\"}"));
    send(&f, other("envelope", "{\"created\":18,\"system_fingerprint\":\"fp2\",\"x\":[1]}"));
    send(&f, other("", "<html>"));
    send(&f,
         other("choice", "{\"logprobs\":{\"content\":[{\"a\":1}],\"refusal\":null},\"stop_reason\":null}"));
    send(&f, other("choice", "{\"logprobs\":{\"content\":[2,3]},\"stop_reason\":7}"));
    send(&f, other("delta", "{\"refusal\":\"N\\u00\"}")); /* not JSON: passed over */
    send(&f, other("delta", "{\"refusal\":null,\"sources\":[ ]}"));
    send(&f, other("delta", "{\"refusal\":\"N\",\"sources\":[1]}"));
    send(&f, other("delta", "{\"refusal\":\"o\\n\",\"sources\":[2],\"content\":\"never\"}"));
    send(&f, text(QTC_CONTENT, 0, "hi"));
    send(&f, finish(0, QTC_FINISH_STOP));
    send(&f, text(QTC_USAGE, 0, "{\"total_tokens\":1}"));
    send(&f, text(QTC_USAGE, 0, "{\"total_tokens\":2}"));
    assert_true(f.writer->finish(f.writer));
    assert_true(qtc_json_valid(qtc_buf_bytes(&f.out)));
    assert_out(&f, "{\"id\":\"chatcmpl-9\",\"object\":\"chat.completion\",\"created\":17,\"model\":\"m\","
                   "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hi\","
                   "\"refusal\":\"No\\n\",\"sources\":[ 1,2]},"
                   "\"logprobs\":{\"content\":[{\"a\":1},2,3],\"refusal\":null},\"stop_reason\":7,"
                   "\"finish_reason\":\"stop\"}],"
                   "\"usage\":{\"total_tokens\":2},\"system_fingerprint\":\"fp2\",\"x\":[1]}\n");
    close_writer(&f);
}

static void test_response_with_an_error(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, qtc_writer_open_response, (struct qtc_writer_options){0});
    send(&f, other("error", " {\"error\":{\"code\":500}}\n"));
    assert_true(f.writer->finish(f.writer));
    assert_out(&f, "{\"error\":{\"code\":500}}\n");
    send(&f, text(QTC_CONTENT, 0, "hi"));
    send(&f, other("error", "{\"error\":{\"code\":500}}"));
    send(&f, finish(0, QTC_FINISH_ERROR));
    assert_true(f.writer->finish(f.writer));
    assert_out(&f, "{\"id\":\"chatcmpl-qtc\",\"object\":\"chat.completion\",\"created\":0,\"model\":\"\","
                   "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hi\"},"
                   "\"finish_reason\":\"error\"}],\"error\":{\"code\":500}}\n");
    close_writer(&f);
}

/* What a server adds to a call stays with it. */
static void test_members_of_calls(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, qtc_writer_open_calls, (struct qtc_writer_options){0});
    send(&f, other("call", "{\"extra\":{\"sign\":\"x\"},\"type\":\"other\"}"));
    send(&f, call(0, 0, "a", "n"));
    send(&f, other("call", "{\"more\":1}"));
    send(&f, args(0, 0, "{}"));
    send(&f, call_end(0, 0, false));
    send(&f, call(0, 1, "b", "n"));
    send(&f, call_end(0, 1, false));
    assert_out(&f, CALL_LINE("a", "n", "{}") ",\"extra\":{\"sign\":\"x\"},\"more\":1}\n" CALL_LINE("b", "n",
                                                                                                   "") "}\n");
    close_writer(&f);
}

static void test_response_without_envelope(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, qtc_writer_open_response, (struct qtc_writer_options){.model = qtc_str("mine")});
    assert_true(f.writer->finish(f.writer));
    assert_out(&f, "");
    send(&f, call(0, 0, "a", "n"));
    assert_true(f.writer->finish(f.writer));
    assert_out(&f, "{\"id\":\"chatcmpl-qtc\",\"object\":\"chat.completion\",\"created\":0,\"model\":\"mine\","
                   "\"choices\":[{\"index\":0,"
                   "\"message\":{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[" CALL_LINE(
                       "a", "n", "") ",\"truncated\":true}]},\"finish_reason\":null}]}\n");
    close_writer(&f);
}

/* ---- -o events --------------------------------------------------------------------------------- */

static const struct {
    struct qtc_event event;
    const char *line;
} event_lines[] = {
    {{.kind = QTC_START, .id = {"x", 1}, .name = {"m", 1}, .frame = 1, .line = 1},
     "{\"event\":\"start\",\"id\":\"x\",\"model\":\"m\",\"frame\":1,\"line\":1}\n"},
    {{.kind = QTC_CONTENT, .text = {"a\n", 2}, .at = 12, .end = 14, .frame = 3, .line = 5},
     "{\"event\":\"content\",\"choice\":0,\"text\":\"a\\n\",\"at\":12,\"end\":14,\"frame\":3,\"line\":5}\n"},
    {{.kind = QTC_REASONING, .choice = 2, .text = {"r", 1}, .at = 0, .end = 1},
     "{\"event\":\"reasoning\",\"choice\":2,\"text\":\"r\",\"at\":0,\"end\":1}\n"},
    {{.kind = QTC_CALL, .call = 1, .id = {"i", 1}, .name = {"n", 1}, .at = 3, .end = 9},
     "{\"event\":\"call\",\"choice\":0,\"call\":1,\"id\":\"i\",\"name\":\"n\",\"at\":3,\"end\":9}\n"},
    {{.kind = QTC_ARGS, .call = 1, .text = {"{", 1}, .at = 9, .end = 10},
     "{\"event\":\"args\",\"choice\":0,\"call\":1,\"text\":\"{\",\"at\":9,\"end\":10}\n"},
    {{.kind = QTC_CALL_END, .truncated = true, .at = 10, .end = 10},
     "{\"event\":\"call_end\",\"choice\":0,\"call\":0,\"truncated\":true,\"at\":10,\"end\":10}\n"},
    {{.kind = QTC_CALL_END}, "{\"event\":\"call_end\",\"choice\":0,\"call\":0,\"at\":0,\"end\":0}\n"},
    {{.kind = QTC_FINISH, .reason = QTC_FINISH_TOOL_CALLS},
     "{\"event\":\"finish\",\"choice\":0,\"reason\":\"tool_calls\"}\n"},
    {{.kind = QTC_USAGE, .text = {"{\"a\":1}", 7}}, "{\"event\":\"usage\",\"usage\":{\"a\":1}}\n"},
    {{.kind = QTC_DEFECT, .defect = QTC_D_MISSING_CLOSE, .text = {"p", 1}, .at = 4},
     "{\"event\":\"defect\",\"choice\":0,\"code\":\"missing-close\",\"severity\":\"warning\",\"about\":\"p\","
     "\"at\":4}\n"},
    {{.kind = QTC_OTHER, .name = {"envelope", 8}, .text = {"{\"a\":1}", 7}},
     "{\"event\":\"other\",\"name\":\"envelope\",\"value\":{\"a\":1}}\n"},
    {{.kind = QTC_OTHER, .name = {"delta", 5}, .choice = 1, .text = {"<b>", 3}},
     "{\"event\":\"other\",\"choice\":1,\"name\":\"delta\",\"value\":\"<b>\"}\n"},
    {{.kind = QTC_FRAME, .text = {"data: x\n\n", 9}, .altered = true, .frame = 2},
     "{\"event\":\"frame\",\"bytes\":9,\"altered\":true,\"frame\":2}\n"},
};

static void test_events(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, qtc_writer_open_events, (struct qtc_writer_options){0});
    for (size_t i = 0; i < sizeof event_lines / sizeof *event_lines; i++) {
        assert_true(send(&f, event_lines[i].event));
        assert_true(qtc_json_valid(qtc_buf_bytes(&f.out)));
        assert_out(&f, event_lines[i].line);
    }
    assert_true(f.writer->finish(f.writer));
    close_writer(&f);
}

static void test_event_times(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, qtc_writer_open_events, (struct qtc_writer_options){.times = true});
    send(&f, finish(0, QTC_FINISH_STOP));
    qtc_buf_byte(&f.out, '\0');
    assert_non_null(strstr(f.out.data, ",\"time\":0.0"));
    assert_true(qtc_json_valid(qtc_bytes(f.out.data, f.out.len - 1)));
    close_writer(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_calls_of_several_choices),
        cmocka_unit_test(test_pieces_of_characters),
        cmocka_unit_test(test_long_call),
        cmocka_unit_test(test_long_call_that_never_ends),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_message),
        cmocka_unit_test(test_members_of_calls),
        cmocka_unit_test(test_response),
        cmocka_unit_test(test_response_with_an_error),
        cmocka_unit_test(test_response_without_envelope),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_event_times),
    };

    return cmocka_run_group_tests_name("writers", tests, NULL, NULL);
}
