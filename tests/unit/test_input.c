/* Lines and JSON values out of blocks: the same whatever the blocks are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../cmd/lines.h"
#include "../../cmd/values.h"

/* What came out, as text: "1:first|2:|3:last|". */
struct seen {
    struct qtc_buf text;
    size_t left; /* stops behind so many */
};

static bool see(struct seen *s, uint64_t number, struct qtc_bytes bytes)
{
    qtc_buf_u64(&s->text, number);
    qtc_buf_byte(&s->text, ':');
    qtc_buf_put(&s->text, bytes);
    qtc_buf_byte(&s->text, '|');
    return --s->left > 0;
}

static void expect(struct seen *s, const char *expected)
{
    qtc_buf_byte(&s->text, '\0');
    assert_string_equal(s->text.data, expected);
    qtc_buf_free(&s->text);
}

/* ---- lines ------------------------------------------------------------------ */

static bool on_line(void *ctx, const struct qtc_line *line)
{
    return see(ctx, line->number, line->too_long ? qtc_str("TOO LONG") : line->text);
}

static void lines_in(struct qtc_bytes input, size_t cut, const char *expected)
{
    struct seen seen = {.left = 100};
    struct qtc_lines lines = {.sink = on_line, .ctx = &seen};

    assert_int_equal(qtc_lines_feed(&lines, qtc_bytes(input.data, cut)), QTC_OK);
    assert_int_equal(qtc_lines_feed(&lines, qtc_bytes(input.data + cut, input.len - cut)), QTC_OK);
    assert_int_equal(qtc_lines_finish(&lines), QTC_OK);
    qtc_lines_free(&lines);
    expect(&seen, expected);
}

static void test_lines(void **state)
{
    static const struct {
        const char *input, *expected;
    } cases[] = {
        {"", ""}, {"a", "1:a|"}, {"a\n", "1:a|"}, {"\n", "1:|"}, {"ab\n\nc\r\nd", "1:ab|2:|3:c\r|4:d|"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct qtc_bytes input = qtc_str(cases[i].input);

        for (size_t cut = 0; cut <= input.len; cut++) {
            lines_in(input, cut, cases[i].expected);
        }
    }
}

static void test_lines_stop(void **state)
{
    struct seen seen = {.left = 2};
    struct qtc_lines lines = {.sink = on_line, .ctx = &seen};

    (void)state;
    assert_int_equal(qtc_lines_feed(&lines, qtc_str("a\nb\nc\n")), QTC_STOPPED);
    qtc_lines_free(&lines);
    expect(&seen, "1:a|2:b|");
}

static void test_line_too_long(void **state)
{
    struct seen seen = {.left = 100};
    struct qtc_lines lines = {.sink = on_line, .ctx = &seen};
    char block[65536];

    (void)state;
    memset(block, 'x', sizeof block);
    for (size_t i = 0; i <= QTC_LINE_MAX / sizeof block; i++) {
        assert_int_equal(qtc_lines_feed(&lines, qtc_bytes(block, sizeof block)), QTC_OK);
    }
    assert_int_equal(lines.part.len, 0);
    assert_int_equal(qtc_lines_feed(&lines, qtc_str("y\nz")), QTC_OK);
    assert_int_equal(qtc_lines_finish(&lines), QTC_OK);
    qtc_lines_free(&lines);
    expect(&seen, "1:TOO LONG|2:z|");
}

/* ---- values ------------------------------------------------------------------- */

static bool on_value(void *ctx, struct qtc_bytes json, uint64_t line)
{
    return see(ctx, line, json);
}

/* code: of the feeds and the end, the first that is not QTC_OK. */
static void values_in(struct qtc_bytes input, size_t cut, enum qtc_code code, const char *expected,
                      const char *place)
{
    struct seen seen = {.left = 100};
    struct qtc_values values = {.sink = on_value, .ctx = &seen};
    enum qtc_code got = qtc_values_feed(&values, qtc_bytes(input.data, cut));

    if (got == QTC_OK) {
        got = qtc_values_feed(&values, qtc_bytes(input.data + cut, input.len - cut));
    }
    if (got == QTC_OK) {
        got = qtc_values_finish(&values);
    }
    assert_int_equal(got, code);
    if (place) {
        see(&seen, values.lines + 1, qtc_str("at"));
        qtc_buf_u64(&seen.text, values.column + 1);
    }
    qtc_values_free(&values);
    expect(&seen, expected);
}

static void test_values(void **state)
{
    static const struct {
        const char *input;
        enum qtc_code code;
        const char *expected;
        const char *place; /* the expected text ends with where it went wrong */
    } cases[] = {
        {"", QTC_OK, "", NULL},
        {" \n", QTC_OK, "", NULL},
        {"{}", QTC_OK, "1:{}|", NULL},
        {"{\"a\":\n1}\n[2] {}", QTC_OK, "1:{\"a\":\n1}|3:[2]|3:{}|", NULL},
        {"1 \"2\"\n3", QTC_OK, "1:1|1:\"2\"|2:3|", NULL},
        {"{}\n {", QTC_SYNTAX, "1:{}|", NULL},
        {"{}\n oh", QTC_SYNTAX, "1:{}|2:at|2", "place"},
        {"{\"a\"\n:}", QTC_SYNTAX, "2:at|2", "place"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct qtc_bytes input = qtc_str(cases[i].input);

        for (size_t cut = 0; cut <= input.len; cut++) {
            values_in(input, cut, cases[i].code, cases[i].expected, cases[i].place);
        }
    }
}

static void test_values_stop(void **state)
{
    struct seen seen = {.left = 1};
    struct qtc_values values = {.sink = on_value, .ctx = &seen};

    (void)state;
    assert_int_equal(qtc_values_feed(&values, qtc_str("{} {}")), QTC_STOPPED);
    qtc_values_free(&values);
    expect(&seen, "1:{}|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),         cmocka_unit_test(test_lines_stop),
        cmocka_unit_test(test_line_too_long), cmocka_unit_test(test_values),
        cmocka_unit_test(test_values_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
