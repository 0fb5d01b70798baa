/* jq programs over JSON texts: results, errors, and programs that libjq 1.6 alone would end the process for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "jq_filter.h"

struct fixture {
    struct qtc_jq *jq;
    struct qtc_buf out, errors;
};

static void setup(struct fixture *f, const char *program)
{
    *f = (struct fixture){0};
    f->jq = qtc_jq_new(program, &f->errors);
}

static void teardown(struct fixture *f)
{
    qtc_jq_free(f->jq);
    qtc_buf_free(&f->out);
    qtc_buf_free(&f->errors);
}

static void assert_text(struct qtc_buf *b, const char *expected)
{
    qtc_buf_byte(b, '\0');
    assert_string_equal(b->data, expected);
}

static const struct {
    const char *program, *json, *out, *errors;
    enum qtc_code code;
} runs[] = {
    {".", " {\"b\": 1, \"a\": [2, \"x\"]} ", "{\"b\":1,\"a\":[2,\"x\"]}\n", "", QTC_OK},
    {".[]", "[1,\"a\",null]", "1\n\"a\"\nnull\n", "", QTC_OK},
    {"empty", "1", "", "", QTC_OK},
    {"select(.a)", "{\"a\":false}", "", "", QTC_OK},
    {"1, error(\"no\"), 2", "0", "1\n", "jq: error: no\n", QTC_TYPE},
    {"error", "{\"a\":1}", "", "jq: error: {\"a\":1}\n", QTC_TYPE},
    {".[] | if . > 1 then error(\"big\") else . end", "[0,1,2,3]", "0\n1\n", "jq: error: big\n", QTC_TYPE},
    {".", "", "", "jq: error: there is no JSON value\n", QTC_SYNTAX},
    {".", "1 2", "", "jq: error: more than one JSON value\n", QTC_SYNTAX},
    {"halt", "1", "", "", QTC_STOPPED},
    {"1, halt, 2", "1", "1\n", "", QTC_STOPPED},
    {"\"bye\" | halt_error", "1", "", "bye\n", QTC_STOPPED},
    {"[inputs]", "1", "[]\n", "", QTC_OK},
    {"first(inputs)", "1", "", "", QTC_OK},
    {"debug", "1", "1\n", "1\n", QTC_OK},
    {"input_filename", "1", "null\n", "", QTC_OK},
    {".", "\"a\\ud83dz\"", "\"a\357\277\275z\"\n", "", QTC_OK},
    {".", "\"\\ude00\"", "\"\357\277\275\"\n", "", QTC_OK},
    {".", "[\"\\\\ud83d\", \"\\uD83D\\uDE00\\ud83d\"]", "[\"\\\\ud83d\",\"\360\237\230\200\357\277\275\"]\n",
     "", QTC_OK},
};

static void test_runs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct fixture f;
        setup(&f, runs[i].program);
        assert_non_null(f.jq);
        assert_int_equal(qtc_jq_run(f.jq, qtc_str(runs[i].json), &f.out), runs[i].code);
        assert_text(&f.out, runs[i].out);
        assert_text(&f.errors, runs[i].errors);
        teardown(&f);
    }
}

static void test_does_not_compile(void **state)
{
    static const char *const programs[] = {".a[", "$nowhere", "nothing_of_that_name",
                                           "import \"none\" as n; ."};

    (void)state;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct fixture f;
        setup(&f, programs[i]);
        assert_null(f.jq);
        assert_true(f.errors.len > 0);
        assert_true(strncmp(f.errors.data, "jq: error: ", 11) == 0);
        teardown(&f);
    }
}

static void test_goes_on_after_an_error(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, ".a");
    assert_true(qtc_jq_filter(f.jq, qtc_str("[]"), &f.out));
    assert_true(qtc_jq_failed(f.jq));
    assert_true(qtc_jq_filter(f.jq, qtc_str("{\"a\":2}"), &f.out));
    assert_text(&f.out, "2\n");
    teardown(&f);
}

static void test_halts_for_good(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, "if . == 2 then halt else . end");
    assert_true(qtc_jq_filter(f.jq, qtc_str("1"), &f.out));
    assert_false(qtc_jq_filter(f.jq, qtc_str("2"), &f.out));
    assert_false(qtc_jq_filter(f.jq, qtc_str("3"), &f.out));
    assert_true(qtc_jq_halted(f.jq));
    assert_false(qtc_jq_failed(f.jq));
    assert_text(&f.out, "1\n");
    teardown(&f);
    setup(&f, "halt_error");
    assert_false(qtc_jq_filter(f.jq, qtc_str("1"), &f.out));
    assert_true(qtc_jq_failed(f.jq));
    teardown(&f);
}

/* The text is not terminated: libjq must not look behind its end. */
static void test_length_counts(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, ".");
    assert_int_equal(qtc_jq_run(f.jq, qtc_bytes("[1][2]", 3), &f.out), QTC_OK);
    assert_int_equal(qtc_jq_run(f.jq, qtc_bytes("nul!", 3), &f.out), QTC_SYNTAX);
    assert_text(&f.out, "[1]\n");
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_does_not_compile),
        cmocka_unit_test(test_goes_on_after_an_error),
        cmocka_unit_test(test_halts_for_good),
        cmocka_unit_test(test_length_counts),
    };

    return cmocka_run_group_tests_name("jq", tests, NULL, NULL);
}
