/* test_validate.c - records, calls and repairs through the library; the command's cases are in
 * tests/validate. */
#include "validate/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOOLS                                                                                                \
    "[{\"name\":\"f\",\"parameters\":{\"type\":\"object\",\"required\":[\"n\"],"                             \
    "\"properties\":{\"n\":{\"type\":\"integer\"},\"s\":{\"type\":\"string\"}}}}]"

/* ---- what is wrong, as text ------------------------------------------------------ */

struct found {
    struct qtc_buf text;
    size_t stop_after; /* 0: never */
    size_t count;
};

static bool on_issue(void *ctx, const struct qtc_issue *issue)
{
    struct found *f = ctx;

    qtc_issue_put(&f->text, issue);
    qtc_buf_byte(&f->text, '\n');
    return ++f->count != f->stop_after;
}

static void on_repair(void *ctx, const struct qtc_repair *repair)
{
    struct found *f = ctx;

    qtc_buf_put(&f->text, repair->at);
    qtc_buf_str(&f->text, " ");
    qtc_buf_put(&f->text, repair->was);
    qtc_buf_str(&f->text, " -> ");
    qtc_buf_put(&f->text, repair->is);
    qtc_buf_byte(&f->text, '\n');
}

/* A copy of exactly that length, so that reading behind it is noticed. */
static struct qtc_bytes copy_of(const char *text)
{
    size_t len = strlen(text);
    char *copy = malloc(len > 0 ? len : 1);

    assert_non_null(copy);
    memcpy(copy, text, len);
    return qtc_bytes(copy, len);
}

static struct qtc_toolset *read_tools(const char *text, const struct qtc_check_options *options)
{
    struct qtc_error error;
    struct qtc_toolset *set = qtc_toolset_new(qtc_str(text), options, &error);

    assert_non_null(set);
    return set;
}

static void assert_text(struct qtc_buf *got, const char *wanted)
{
    qtc_buf_byte(got, 0);
    assert_string_equal(got->data, wanted);
}

static void check(const char *record, const char *wanted)
{
    struct qtc_checker_setup setup = {.options = {0}};
    struct found found = {.text = {0}};
    struct qtc_outcome outcome;
    struct qtc_bytes text = copy_of(record);

    setup.tools = read_tools(TOOLS, &setup.options);
    struct qtc_checker *c = qtc_checker_new(&setup);
    assert_non_null(c);
    for (int i = 0; i < 2; i++) { /* it is used again */
        qtc_buf_clear(&found.text);
        qtc_checker_read(c, text, on_issue, NULL, &found, &outcome);
        assert_text(&found.text, wanted);
        assert_int_equal(outcome.code, QTC_OK);
        assert_int_equal(outcome.used, text.len);
    }
    qtc_checker_free(c);
    qtc_toolset_free(setup.tools);
    qtc_buf_free(&found.text);
    free((char *)(uintptr_t)text.data);
}

static void test_calls(void **state)
{
    (void)state;
    check("{\"name\":\"f\",\"arguments\":\"{\\\"n\\\":1}\"}", "");
    check("{\"name\":\"f\",\"arguments\":{\"n\":\"1\"}}",
          "call 1 f: /n: \"1\" is a string, not an integer; an integer in quotes [wrong-type]\n");
    check("[{\"name\":\"f\",\"input\":{\"n\":1}},{\"name\":\"g\",\"args\":{}}]",
          "call 2 g: there is no function \"g\" [unknown-tool]\n");
    check("{\"tool_calls\":[]}", "");
    check("[]", "");
    check("{}", "no calls, and no place for them [unknown-record]\n");
}

static void test_what_is_shown_is_bounded(void **state)
{
    (void)state;
    char record[2000];
    struct qtc_checker_setup setup = {.options = {0}};
    struct found found = {.text = {0}};
    struct qtc_outcome outcome;

    setup.tools = read_tools(TOOLS, &setup.options);
    struct qtc_checker *c = qtc_checker_new(&setup);
    int len = snprintf(record, sizeof record, "{\"name\":\"f\",\"arguments\":{\"n\":\"%01000d\"}}", 7);
    qtc_checker_read(c, qtc_bytes(record, (size_t)len), on_issue, NULL, &found, &outcome);
    assert_int_equal(found.count, 1);
    assert_true(found.text.len < 300);
    qtc_checker_free(c);
    qtc_toolset_free(setup.tools);
    qtc_buf_free(&found.text);
}

static void test_sink_stops(void **state)
{
    (void)state;
    struct qtc_checker_setup setup = {.options = {0}};
    struct found found = {.stop_after = 2};
    struct qtc_outcome outcome;

    setup.tools = read_tools(TOOLS, &setup.options);
    struct qtc_checker *c = qtc_checker_new(&setup);
    qtc_checker_read(c, qtc_str("{\"name\":\"f\",\"arguments\":{\"a\":1,\"b\":1,\"c\":1,\"n\":null}}"),
                     on_issue, NULL, &found, &outcome);
    assert_int_equal(outcome.code, QTC_STOPPED);
    assert_int_equal(found.count, 2);
    qtc_checker_free(c);
    qtc_toolset_free(setup.tools);
    qtc_buf_free(&found.text);
}

static void test_not_json(void **state)
{
    (void)state;
    struct qtc_checker_setup setup = {.options = {0}};
    struct qtc_checker *c = qtc_checker_new(&setup);
    struct found found = {.text = {0}};
    struct qtc_outcome outcome;

    qtc_checker_read(c, qtc_str(" {\"a\" 1}"), on_issue, NULL, &found, &outcome);
    assert_int_equal(outcome.code, QTC_SYNTAX);
    assert_int_equal(outcome.error.offset, 6);
    assert_int_equal(found.count, 0);
    qtc_checker_read(c, qtc_str(""), on_issue, NULL, &found, &outcome);
    assert_int_equal(outcome.code, QTC_SYNTAX);
    qtc_checker_free(c);
    qtc_buf_free(&found.text);
}

/* ---- repairs --------------------------------------------------------------------------- */

static void fix(const char *record, const char *wanted, const char *repairs)
{
    struct qtc_checker_setup setup = {.fix = true};
    struct found found = {.text = {0}};
    struct qtc_outcome outcome;
    struct qtc_bytes text = copy_of(record);
    struct qtc_buf out = {0};

    setup.tools = read_tools(TOOLS, &setup.options);
    struct qtc_checker *c = qtc_checker_new(&setup);
    qtc_checker_read(c, text, on_issue, on_repair, &found, &outcome);
    qtc_buf_put(&out, outcome.text);
    assert_text(&out, wanted);
    assert_text(&found.text, repairs);
    assert_int_equal(outcome.used, text.len);
    assert_int_equal(outcome.issues, 0);
    qtc_checker_free(c);
    qtc_toolset_free(setup.tools);
    qtc_buf_free(&found.text);
    qtc_buf_free(&out);
    free((char *)(uintptr_t)text.data);
}

static void test_repairs(void **state)
{
    (void)state;
    fix("{\"name\":\"f\",\"arguments\":{\"n\": \"1\"}}", "{\"name\":\"f\",\"arguments\":{\"n\": 1}}",
        "/n \"1\" -> 1\n");
    fix("{\"name\":\"f\",\"arguments\":{\"s\":null,\"n\":1}}", "{\"name\":\"f\",\"arguments\":{\"n\":1}}",
        "/s null -> \n");
    fix("{\"name\":\"f\",\"arguments\":{\"n\":1 , \"s\":null }}",
        "{\"name\":\"f\",\"arguments\":{\"n\":1  }}", "/s null -> \n");
    /* calls in an order that is not that of the text */
    fix("{\"tool_calls\":[{\"name\":\"f\",\"arguments\":{\"n\":\"1\"}}],\"message\":{\"tool_calls\":[{"
        "\"name\":\"f\","
        "\"arguments\":{\"n\":\"2\"}}]}}",
        "{\"tool_calls\":[{\"name\":\"f\",\"arguments\":{\"n\":1}}],\"message\":{\"tool_calls\":[{\"name\":"
        "\"f\","
        "\"arguments\":{\"n\":2}}]}}",
        "/n \"1\" -> 1\n/n \"2\" -> 2\n");
}

/* ---- tools ------------------------------------------------------------------------------- */

static void test_named_sets(void **state)
{
    (void)state;
    struct qtc_check_options options = {0};
    struct qtc_error error;
    struct qtc_toolsets *sets = qtc_toolsets_new(
        qtc_str(" {\"id\":\"a\",\"tools\":[{\"name\":\"f\"}]}\n{\"id\":\"b\",\"tools\":[1]}\n"
                "{\"tools\":\"[{\\\"name\\\":\\\"g\\\"}]\",\"id\":\"\\u0063\"}"),
        &error);

    assert_non_null(sets);
    struct qtc_shelf *shelf = qtc_shelf_new(sets, &options);
    struct qtc_toolset *a = qtc_shelf_get(shelf, qtc_str("a"), &error);
    assert_non_null(a);
    assert_ptr_equal(qtc_shelf_get(shelf, qtc_str("a"), &error), a);
    assert_null(qtc_shelf_get(shelf, qtc_str("b"), &error));
    assert_int_equal(error.code, QTC_TYPE);
    struct qtc_toolset *c = qtc_shelf_get(shelf, qtc_str("c"), &error); /* JSON in a string */
    assert_non_null(qtc_tools_find(qtc_toolset_tools(c), qtc_str("g")));
    assert_null(qtc_shelf_get(shelf, qtc_str("d"), &error));
    assert_int_equal(error.code, QTC_OK);
    qtc_shelf_free(shelf);
    qtc_toolsets_free(sets);
    assert_null(qtc_toolsets_new(qtc_str("{\"id\":\"a\",\"tools\":[]}\n{\"id\":1}"), &error));
    assert_int_equal(error.offset, 22);
}

/* More than a shelf has room for at first, again and again, in one order and in the other. */
static void test_many_named_sets(void **state)
{
    (void)state;
    enum { SETS = 300 };
    struct qtc_check_options options = {0};
    struct qtc_error error;
    struct qtc_buf text = {0};
    char name[16];

    for (int i = 0; i < SETS; i++) {
        char line[80];
        snprintf(line, sizeof line, "{\"id\":\"s%d\",\"tools\":[{\"name\":\"f%d\"}]}\n", i, i);
        qtc_buf_str(&text, line);
    }
    struct qtc_toolsets *sets = qtc_toolsets_new(qtc_buf_bytes(&text), &error);
    struct qtc_shelf *shelf = qtc_shelf_new(sets, &options);
    for (int n = 0; n < 6 * SETS; n++) {
        int i = n < 3 * SETS ? n % SETS : SETS - 1 - n % SETS;
        snprintf(name, sizeof name, "s%d", i);
        struct qtc_toolset *set = qtc_shelf_get(shelf, qtc_str(name), &error);
        name[0] = 'f';
        assert_non_null(qtc_tools_find(qtc_toolset_tools(set), qtc_str(name)));
    }
    qtc_shelf_free(shelf);
    qtc_toolsets_free(sets);
    qtc_buf_free(&text);
}

static void test_schemas_are_compiled_once(void **state)
{
    (void)state;
    struct qtc_check_options options = {0};
    struct qtc_toolset *set = read_tools("[{\"name\":\"f\",\"parameters\":{}},{\"name\":\"g\"},"
                                         "{\"name\":\"h\",\"parameters\":{\"type\":1}}]",
                                         &options);
    const struct qtc_tools *tools = qtc_toolset_tools(set);
    struct qtc_bytes why;
    const struct qtc_schema *f = qtc_toolset_schema(set, qtc_tools_at(tools, 0), &why);

    assert_non_null(f);
    assert_ptr_equal(qtc_toolset_schema(set, qtc_tools_at(tools, 0), &why), f);
    assert_null(qtc_toolset_schema(set, qtc_tools_at(tools, 1), &why));
    assert_int_equal(why.len, 0);
    assert_null(qtc_toolset_schema(set, qtc_tools_at(tools, 2), &why));
    assert_true(why.len > 0);
    qtc_toolset_free(set);
}

/* More sets than are kept, of more bytes than are kept: each record still has its own. */
static void test_sets_of_records_are_bounded(void **state)
{
    (void)state;
    struct qtc_checker_setup setup = {.options = {0}};
    struct qtc_checker *c = qtc_checker_new(&setup);
    struct found found = {.text = {0}};
    struct qtc_outcome outcome;
    static char record[300000];

    for (int i = 0; i < 300; i++) {
        int len = snprintf(
            record, sizeof record,
            "{\"tools\":[{\"name\":\"f%d\",\"description\":\"%0*d\"}],\"tool_calls\":[{\"name\":\"f%d\","
            "\"arguments\":{}}]}",
            i % 100, i % 7 == 0 ? 200000 : 10, 0, i % 100);
        qtc_checker_read(c, qtc_bytes(record, (size_t)len), on_issue, NULL, &found, &outcome);
        assert_int_equal(outcome.code, QTC_OK);
    }
    assert_int_equal(found.count, 0);
    qtc_checker_free(c);
    qtc_buf_free(&found.text);
}

/* ---- tables -------------------------------------------------------------------------------- */

static void test_tables(void **state)
{
    (void)state;
    size_t count;
    const struct qtc_report *reports = qtc_reports(&count);

    assert_int_equal(count, 6);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(reports[i].issue);
    }
    for (unsigned i = 0; i < QTC_ISSUES; i++) {
        const struct qtc_issue_info *info = qtc_issue_info(i);
        assert_true(strspn(info->slug, "abcdefghijklmnopqrstuvwxyz-") == strlen(info->slug));
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(info->slug, qtc_issue_info(k)->slug);
        }
    }
    assert_null(qtc_issue_info(QTC_ISSUES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_what_is_shown_is_bounded),
        cmocka_unit_test(test_sink_stops),
        cmocka_unit_test(test_not_json),
        cmocka_unit_test(test_repairs),
        cmocka_unit_test(test_named_sets),
        cmocka_unit_test(test_many_named_sets),
        cmocka_unit_test(test_schemas_are_compiled_once),
        cmocka_unit_test(test_sets_of_records_are_bounded),
        cmocka_unit_test(test_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
