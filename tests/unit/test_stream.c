#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stream/stream.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- what a sink saw ------------------------------------------------------------ */

#define KEPT 64

struct seen {
    struct qtc_buf text; /* one line an event */
    char ids[KEPT][32];
    size_t id_count;
    uint64_t reached;  /* the end of the last place in the text */
    size_t stop_after; /* events; 0: never */
    size_t events;
    bool altered, holding; /* the last FRAME's */
    bool gapless;          /* one text: its places must follow each other */
};

static void see_call(struct seen *seen, const struct qtc_event *e)
{
    if (seen->id_count < KEPT) {
        snprintf(seen->ids[seen->id_count++], sizeof seen->ids[0], "%.*s", (int)e->id.len, e->id.data);
    }
}

static void see_line(struct seen *seen, const struct qtc_event *e)
{
    static const char *const names[] = {
        [QTC_START] = "start",   [QTC_CONTENT] = "content", [QTC_REASONING] = "reasoning",
        [QTC_CALL] = "call",     [QTC_ARGS] = "args",       [QTC_CALL_END] = "end",
        [QTC_FINISH] = "finish", [QTC_USAGE] = "usage",     [QTC_DEFECT] = "defect",
        [QTC_OTHER] = "other",   [QTC_FRAME] = "frame",     [QTC_FRAMING] = "framing",
    };
    const char *what = e->kind == QTC_FINISH   ? qtc_finish_name(e->reason)
                       : e->kind == QTC_DEFECT ? qtc_defect_info(e->defect)->slug
                                               : "";

    qtc_buf_str(&seen->text, names[e->kind]);
    qtc_buf_byte(&seen->text, ' ');
    qtc_buf_u64(&seen->text, e->choice);
    qtc_buf_byte(&seen->text, '.');
    qtc_buf_u64(&seen->text, e->call);
    qtc_buf_byte(&seen->text, ' ');
    qtc_buf_str(&seen->text, what);
    qtc_buf_put(&seen->text, e->kind == QTC_DEFECT ? (struct qtc_bytes){0} : e->name);
    qtc_buf_put(&seen->text, e->kind == QTC_DEFECT ? (struct qtc_bytes){0} : e->text);
    qtc_buf_str(&seen->text, e->truncated ? "!\n" : "\n");
}

static bool see(void *ctx, const struct qtc_event *e)
{
    struct seen *seen = ctx;

    if (e->kind == QTC_FRAME) {
        seen->altered = e->altered;
        seen->holding = e->holding;
    } else {
        see_line(seen, e);
    }
    if (e->kind == QTC_CALL) {
        see_call(seen, e);
    }
    if (seen->gapless && e->end > 0) {
        assert_int_equal(e->at, seen->reached);
        seen->reached = e->end;
    }
    seen->events++;
    return seen->stop_after == 0 || seen->events < seen->stop_after;
}

static void assert_seen(struct seen *seen, const char *want)
{
    qtc_buf_byte(&seen->text, '\0');
    assert_string_equal(seen->text.data, want);
    seen->text.len--;
}

static struct qtc_call_delta delta(unsigned index, const char *id, const char *name, const char *arguments)
{
    struct qtc_call_delta d = {.has_index = true, .index = index, .has_type = true};

    if (id) {
        d.id = qtc_str(id);
    }
    if (name) {
        d.name = qtc_str(name);
    }
    if (arguments) {
        d.form = QTC_ARGUMENTS_TEXT;
        d.arguments = qtc_str(arguments);
    }
    return d;
}

static enum qtc_code call(struct qtc_stream *s, unsigned choice, struct qtc_call_delta d)
{
    return qtc_stream_call(s, choice, &d);
}

#define MARKUP "<tool_call>\n<function=f>\n<parameter=a>\n1\n</parameter>\n</function>\n</tool_call>"

/* ---- order ------------------------------------------------------------------------ */

static void test_order(void **state)
{
    struct qtc_stream_options options = {.ids = QTC_IDS_SEQ};
    struct seen seen = {0};
    struct qtc_stream *s = qtc_stream_new(&options, see, &seen);

    (void)state;
    qtc_stream_start(s, qtc_str("r"), qtc_str("m"));
    qtc_stream_content(s, 0, qtc_str("hi "));
    call(s, 0, delta(0, "x", "g", "{"));
    qtc_stream_content(s, 0, qtc_str(MARKUP));
    call(s, 0, delta(0, NULL, NULL, "}"));
    qtc_stream_finish(s, 0, QTC_FINISH_TOOL_CALLS);
    qtc_stream_content(s, 0, qtc_str("more"));
    assert_int_equal(qtc_stream_end(s), QTC_OK);
    assert_seen(&seen, "start 0.0 m\n"
                       "content 0.0 hi \n"
                       "call 0.0 g\n"
                       "args 0.0 {\n"
                       "framing 0.0 \n</tool_call>\n"
                       "args 0.0 }\n"
                       "end 0.0 \n"
                       "call 0.1 f\n"
                       "args 0.1 {\"a\":\"1\"}\n"
                       "end 0.1 \n"
                       "finish 0.0 tool_calls\n"
                       "defect 0.2 delta-after-finish\n"
                       "content 0.0 more\n"
                       "finish 0.0 tool_calls\n");
    qtc_stream_free(s);
    qtc_buf_free(&seen.text);
}

/* The bytes of a text are each in one event, across a finish too. */
static void test_places(void **state)
{
    static const char text[] = "a <b " MARKUP " c";
    struct qtc_stream_options options = {0};

    (void)state;
    for (size_t piece = 1; piece <= sizeof text - 1; piece++) {
        struct seen seen = {.gapless = true};
        struct qtc_stream *s = qtc_stream_new(&options, see, &seen);

        for (size_t round = 1; round <= 2; round++) {
            for (size_t i = 0; i < sizeof text - 1; i += piece) {
                size_t n = piece < sizeof text - 1 - i ? piece : sizeof text - 1 - i;

                assert_int_equal(qtc_stream_content(s, 0, qtc_bytes(text + i, n)), QTC_OK);
            }
            qtc_stream_finish(s, 0, QTC_FINISH_TOOL_CALLS);
            assert_int_equal(seen.reached, round * (sizeof text - 1));
        }
        qtc_stream_free(s);
        qtc_buf_free(&seen.text);
    }
}

/* ---- ids ------------------------------------------------------------------------------ */

static void make_ids(enum qtc_ids ids, const char *response, struct seen *seen)
{
    struct qtc_stream_options options = {.ids = ids};
    struct qtc_stream *s = qtc_stream_new(&options, see, seen);

    qtc_stream_start(s, qtc_str(response), qtc_str("m"));
    for (unsigned choice = 0; choice < 2; choice++) {
        qtc_stream_content(s, choice, qtc_str(MARKUP MARKUP));
    }
    qtc_stream_free(s);
    qtc_buf_free(&seen->text);
    assert_int_equal(seen->id_count, 4);
}

static void assert_distinct(const struct seen *seen)
{
    for (size_t i = 0; i < seen->id_count; i++) {
        assert_int_equal(strlen(seen->ids[i]), 29);
        assert_memory_equal(seen->ids[i], "call_", 5);
        assert_int_equal(
            strspn(seen->ids[i] + 5, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"), 24);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(seen->ids[i], seen->ids[k]);
        }
    }
}

static void test_ids(void **state)
{
    struct seen stable = {0}, again = {0}, other = {0}, random = {0}, seq = {0};

    (void)state;
    make_ids(QTC_IDS_STABLE, "r1", &stable);
    make_ids(QTC_IDS_STABLE, "r1", &again);
    make_ids(QTC_IDS_STABLE, "r2", &other);
    make_ids(QTC_IDS_RANDOM, "r1", &random);
    make_ids(QTC_IDS_SEQ, "r1", &seq);
    assert_distinct(&stable);
    assert_distinct(&random);
    for (size_t i = 0; i < 4; i++) {
        char name[16];

        snprintf(name, sizeof name, "call_%zu", i);
        assert_string_equal(seq.ids[i], name);
        assert_string_equal(stable.ids[i], again.ids[i]);
        assert_string_not_equal(stable.ids[i], other.ids[i]);
        assert_string_not_equal(stable.ids[i], random.ids[i]);
    }
}

/* ---- when things go out ------------------------------------------------------------------ */

static void test_holding(void **state)
{
    static const struct {
        const char *content;
        bool is_call;
        struct {
            unsigned index;
            const char *id, *name, *arguments;
        } call;
        bool holding, altered;
    } steps[] = {
        {"a", false, {0, NULL, NULL, NULL}, false, false},
        {"b <", false, {0, NULL, NULL, NULL}, true, false},
        {"= c", false, {0, NULL, NULL, NULL}, false, false},
        {NULL, true, {0, "x", "f", NULL}, true, false}, /* the name may go on */
        {NULL, true, {0, NULL, NULL, "{"}, false, false},
        {NULL, true, {1, "y", "g", "{"}, true, false}, /* its turn has not come */
        {NULL, true, {0, NULL, NULL, "}"}, false, true},
        {NULL, true, {1, NULL, NULL, "}"}, false, false},
        {NULL, true, {3, "z", "h", "{}"}, false, true}, /* renumbered */
        {"<tool_call>\n<function=f>", false, {0, NULL, NULL, NULL}, false, true},
    };
    struct qtc_stream_options options = {0};
    struct seen seen = {0};
    struct qtc_stream *s = qtc_stream_new(&options, see, &seen);

    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++) {
        qtc_stream_frame_begin(s, i + 1, i + 1);
        if (steps[i].is_call) {
            call(s, 0,
                 delta(steps[i].call.index, steps[i].call.id, steps[i].call.name, steps[i].call.arguments));
        } else {
            qtc_stream_content(s, 0, qtc_str(steps[i].content));
        }
        assert_int_equal(qtc_stream_frame_end(s, qtc_str("raw"), false), QTC_OK);
        if (i + 1 < COUNT(steps) && (seen.holding != steps[i].holding || seen.altered != steps[i].altered)) {
            fail_msg("step %zu: holding %d, altered %d", i, seen.holding, seen.altered);
        }
    }
    assert_true(seen.altered || seen.holding);
    qtc_stream_free(s);
    qtc_buf_free(&seen.text);
}

/* With the tools known, a name that only begins a tool's name waits. */
static void test_name_that_may_grow(void **state)
{
    struct qtc_error error;
    struct qtc_tools *tools =
        qtc_tools_read(qtc_str("[{\"type\":\"function\",\"function\":{\"name\":\"get_time\"}}]"), &error);
    struct qtc_stream_options options = {.parse.tools = tools, .ids = QTC_IDS_SEQ};
    struct seen seen = {0};
    struct qtc_stream *s = qtc_stream_new(&options, see, &seen);

    (void)state;
    assert_non_null(tools);
    call(s, 0, delta(0, "x", "get_", ""));
    assert_seen(&seen, "");
    call(s, 0, delta(0, NULL, "time", ""));
    assert_seen(&seen, "defect 0.0 name-split\ncall 0.0 get_time\n");
    qtc_stream_free(s);
    qtc_tools_free(tools);
    qtc_buf_free(&seen.text);
}

/* ---- limits and failures --------------------------------------------------------------------- */

static void test_limits(void **state)
{
    struct qtc_stream_options options = {.max_choices = 2, .max_calls = 2, .max_pending = 8};
    struct seen seen = {0};
    struct qtc_stream *s = qtc_stream_new(&options, see, &seen);

    (void)state;
    assert_int_equal(qtc_stream_content(s, 7, qtc_str("a")), QTC_OK);
    assert_int_equal(qtc_stream_content(s, 9, qtc_str("a")), QTC_OK);
    assert_int_equal(qtc_stream_content(s, 8, qtc_str("a")), QTC_LIMIT);
    assert_int_equal(qtc_stream_content(s, 7, qtc_str("a")), QTC_LIMIT);
    assert_non_null(strstr(seen.text.data, "limit-passed"));
    qtc_buf_free(&seen.text);

    qtc_stream_reset(s);
    assert_int_equal(call(s, 7, delta(0, "a", "f", "{}")), QTC_OK);
    assert_int_equal(call(s, 7, delta(1, "b", "f", "{}")), QTC_OK);
    assert_int_equal(call(s, 7, delta(2, "c", "f", "{}")), QTC_LIMIT);
    qtc_buf_free(&seen.text);

    qtc_stream_reset(s);
    assert_int_equal(call(s, 7, delta(0, "a", "f", "{")), QTC_OK);
    assert_int_equal(call(s, 7, delta(1, "b", "f", "{\"123456")), QTC_OK);
    assert_int_equal(call(s, 7, delta(1, NULL, NULL, "7")), QTC_LIMIT);
    qtc_stream_free(s);
    qtc_buf_free(&seen.text);
}

static void test_sink_that_stops(void **state)
{
    struct qtc_stream_options options = {0};

    (void)state;
    for (size_t after = 1; after < 12; after++) {
        struct seen seen = {.stop_after = after};
        struct qtc_stream *s = qtc_stream_new(&options, see, &seen);

        qtc_stream_start(s, qtc_str("r"), qtc_str("m"));
        qtc_stream_frame_begin(s, 1, 1);
        qtc_stream_content(s, 0, qtc_str("hi " MARKUP));
        call(s, 0, delta(0, "x", "g", "{}"));
        qtc_stream_finish(s, 0, QTC_FINISH_STOP);
        qtc_stream_frame_end(s, qtc_str("x"), false);
        assert_int_equal(qtc_stream_end(s), seen.events >= after ? QTC_STOPPED : QTC_OK);
        assert_true(seen.events <= after);
        qtc_stream_free(s);
        qtc_buf_free(&seen.text);
    }
}

/* What MiMo and Qwen3-Coder, whose markers are the same, make of it differs. */
static const char *format_found(struct qtc_stream *s, const char *first, const char *second)
{
    const struct qtc_format *format;

    qtc_stream_start(s, qtc_str("r"), qtc_str(first));
    qtc_stream_content(s, 0, qtc_str(""));
    qtc_stream_start(s, qtc_str("r"), qtc_str(second));
    qtc_stream_content(s, 0, qtc_str(MARKUP));
    qtc_stream_start(s, qtc_str("r"), qtc_str("MiMo-V2"));
    qtc_stream_content(s, 0, qtc_str(MARKUP));
    assert_int_equal(qtc_stream_end(s), QTC_OK);
    format = qtc_stream_format(s);
    qtc_stream_reset(s);
    return format ? format->name : "";
}

static void test_model(void **state)
{
    struct qtc_stream_options options = {0};
    struct seen seen = {0};
    struct qtc_stream *s = qtc_stream_new(&options, see, &seen);

    (void)state;
    assert_string_equal(format_found(s, "MiMo-V2", ""), "mimo");
    assert_string_equal(format_found(s, "", ""), "qwen3_coder");
    assert_string_equal(format_found(s, "", "mimo-v2"), "mimo");
    assert_string_equal(format_found(s, "x", "Qwen3-Coder"), "qwen3_coder");
    assert_string_equal(format_found(s, "MiMo-V2", "Qwen3-Coder"), "mimo");
    qtc_stream_free(s);

    options.model_given = true;
    s = qtc_stream_new(&options, see, &seen);
    assert_string_equal(format_found(s, "MiMo-V2", ""), "qwen3_coder");
    qtc_stream_free(s);

    options.parse.likely = qtc_format_find("mimo");
    s = qtc_stream_new(&options, see, &seen);
    assert_string_equal(format_found(s, "Qwen3-Coder", ""), "mimo");
    qtc_stream_free(s);
    qtc_buf_free(&seen.text);
}

/* After a reset, the same input gives the same events. */
static void test_reset(void **state)
{
    struct qtc_stream_options options = {0};
    struct seen first = {0}, second = {0};
    struct qtc_stream *s = qtc_stream_new(&options, see, &first);

    (void)state;
    for (int round = 0; round < 2; round++) {
        qtc_stream_start(s, qtc_str("r"), qtc_str("m"));
        qtc_stream_frame_begin(s, 1, 1);
        qtc_stream_reasoning(s, 0, qtc_str("t <"));
        qtc_stream_content(s, 0, qtc_str("hi " MARKUP));
        call(s, 1, delta(0, NULL, "g", "{"));
        assert_int_equal(qtc_stream_end(s), QTC_OK);
        qtc_stream_reset(s);
        if (round == 0) {
            second = first;
            first = (struct seen){0};
        }
    }
    qtc_buf_byte(&second.text, '\0');
    assert_seen(&first, second.text.data);
    assert_non_null(strstr(second.text.data, "reasoning 0.0 <\n"));
    qtc_stream_free(s);
    qtc_buf_free(&first.text);
    qtc_buf_free(&second.text);
}

/* ---- policies ------------------------------------------------------------------------------------ */

static void test_expected_calls(void **state)
{
    struct qtc_stream_options options = {.expect_calls = true};
    struct seen seen = {0};
    struct qtc_stream *s = qtc_stream_new(&options, see, &seen);

    (void)state;
    qtc_stream_content(s, 0, qtc_str("no"));
    call(s, 1, delta(0, "x", "f", "{}"));
    qtc_stream_end(s);
    assert_seen(&seen, "content 0.0 no\ncall 1.0 f\nargs 1.0 {}\nend 1.0 \ndefect 0.0 tool-choice-ignored\n"
                       "finish 0.0 stop\nfinish 1.0 tool_calls\n");
    qtc_stream_free(s);
    qtc_buf_free(&seen.text);
}

static void test_no_repair(void **state)
{
    struct qtc_stream_options options = {.no_repair = true};
    struct seen seen = {0};
    struct qtc_stream *s = qtc_stream_new(&options, see, &seen);

    (void)state;
    qtc_stream_frame_begin(s, 1, 1);
    qtc_stream_content(s, 0, qtc_str(MARKUP));
    call(s, 0, delta(4, NULL, "g", "{}}"));
    qtc_stream_finish(s, 0, QTC_FINISH_STOP);
    qtc_stream_frame_end(s, qtc_str("x"), true);
    assert_false(seen.altered);
    assert_seen(&seen, "content 0.0 " MARKUP "\n"
                       "defect 0.0 call-in-content\n"
                       "defect 0.0 index-gap\n"
                       "defect 0.0 arguments-trailing-garbage\n"
                       "defect 0.0 missing-id\n"
                       "call 0.0 g\n"
                       "args 0.0 {}}\n"
                       "end 0.0 \n"
                       "defect 0.1 finish-reason-stop-with-calls\n"
                       "finish 0.0 stop\n");
    qtc_stream_free(s);
    qtc_buf_free(&seen.text);
}

static void test_dropped_reasoning(void **state)
{
    struct qtc_stream_options options = {.parse.reasoning = QTC_REASONING_DROP};
    struct seen seen = {0};
    struct qtc_stream *s = qtc_stream_new(&options, see, &seen);

    (void)state;
    qtc_stream_reasoning(s, 0, qtc_str("hm"));
    qtc_stream_content(s, 0, qtc_str("x"));
    qtc_stream_end(s);
    assert_seen(&seen, "framing 0.0 hm\ncontent 0.0 x\nfinish 0.0 stop\n");
    qtc_stream_free(s);
    qtc_buf_free(&seen.text);
}

/* A call in markup costs little when it is over: no limit is in the way of a long log. */
static void test_many_calls(void **state)
{
    struct qtc_stream_options options = {0};
    struct seen seen = {0};
    struct qtc_stream *s = qtc_stream_new(&options, see, &seen);
    size_t count = 20000;

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(qtc_stream_content(s, 0, qtc_str(MARKUP "\n")), QTC_OK);
        qtc_buf_clear(&seen.text);
    }
    assert_int_equal(qtc_stream_end(s), QTC_OK);
    qtc_stream_free(s);
    qtc_buf_free(&seen.text);
}

static void test_finish_names(void **state)
{
    (void)state;
    assert_null(qtc_finish_name(QTC_FINISH_NONE));
    for (unsigned i = QTC_FINISH_STOP; i <= QTC_FINISH_ERROR; i++) {
        assert_int_equal(qtc_finish_from(qtc_str(qtc_finish_name((enum qtc_finish)i))), i);
    }
    assert_int_equal(qtc_finish_from(qtc_str("stopp")), QTC_FINISH_NONE);
    assert_int_equal(qtc_finish_from((struct qtc_bytes){0}), QTC_FINISH_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_holding),
        cmocka_unit_test(test_name_that_may_grow),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_sink_that_stops),
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_expected_calls),
        cmocka_unit_test(test_no_repair),
        cmocka_unit_test(test_dropped_reasoning),
        cmocka_unit_test(test_many_calls),
        cmocka_unit_test(test_finish_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
