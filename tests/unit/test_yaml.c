/* test_yaml.c - a YAML mapping to JSON. */
#include "parse/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct result {
    struct qtc_buf json;
    struct qtc_error error;
    unsigned found;
    bool mismatch, ok;
};

static struct result convert(const char *schema, struct qtc_bytes text)
{
    struct result r = {0};
    struct qtc_buf tool = {0};
    struct qtc_schema_scope scope;

    if (schema == NULL) {
        r.ok = qtc_yaml(&r.json, text, NULL, &r.found, &r.mismatch, &r.error);
        return r;
    }
    qtc_buf_str(&tool, "{\"name\":\"f\",\"parameters\":");
    qtc_buf_str(&tool, schema);
    qtc_buf_str(&tool, "}");
    struct qtc_tools *tools = qtc_tools_read(qtc_buf_bytes(&tool), NULL);
    assert_non_null(tools);
    qtc_schema_begin(&scope, qtc_tools_at(tools, 0), text.len);
    struct qtc_schema_at at = qtc_schema_root(&scope, qtc_tools_at(tools, 0));
    r.ok = qtc_yaml(&r.json, text, &at, &r.found, &r.mismatch, &r.error);
    qtc_schema_end(&scope);
    qtc_tools_free(tools);
    qtc_buf_free(&tool);
    return r;
}

struct row {
    const char *schema, *text, *json; /* json: with a ! in front where the schema does not fit */
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct result r = convert(rows[i].schema, qtc_str(rows[i].text));
        const char *json = rows[i].json;
        bool mismatch = *json == '!';
        if (!r.ok) {
            fail_msg("%s\n%s at %u", rows[i].text, r.error.message, (unsigned)r.error.offset);
        }
        assert_true(qtc_json_valid(qtc_buf_bytes(&r.json)));
        if (!qtc_bytes_is(qtc_buf_bytes(&r.json), json + mismatch) || r.mismatch != mismatch) {
            fail_msg("%s\n%s\ngot:      %s%.*s\nexpected: %s", rows[i].text,
                     rows[i].schema != NULL ? rows[i].schema : "", r.mismatch ? "!" : "", (int)r.json.len,
                     r.json.data, json);
        }
        qtc_buf_free(&r.json);
    }
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof *(rows))

#define A(schema) "{\"properties\":{\"a\":{" schema "}}}"

static void mappings(void **state)
{
    static const struct row rows[] = {
        {NULL, "", "{}"},
        {NULL, " \n\t\n ", "{}"},
        {NULL, "# nothing\n", "{}"},
        {NULL, "---\n", "{}"},
        {NULL, "{}", "{}"},
        {NULL, "a: b", "{\"a\":\"b\"}"},
        {NULL, "\na: b\nc: d\n", "{\"a\":\"b\",\"c\":\"d\"}"},
        {NULL, "---\na: b\n...\n", "{\"a\":\"b\"}"},
        {NULL, "\r\na: b\r\nc:\r\n  d: e\r\n", "{\"a\":\"b\",\"c\":{\"d\":\"e\"}}"},
        {NULL, "a: {b: [c, {d: e}]}", "{\"a\":{\"b\":[\"c\",{\"d\":\"e\"}]}}"},
        {NULL, "a:\n- b\n- - c\n  - d\n-\n", "{\"a\":[\"b\",[\"c\",\"d\"],null]}"},
        {NULL, "a: 'it''s'\nb: \"x\\n\\u0041\"", "{\"a\":\"it's\",\"b\":\"x\\nA\"}"},
        {NULL, "a: |\n  x\n   y\n\nb: >-\n  p\n  q\n", "{\"a\":\"x\\n y\\n\",\"b\":\"p q\"}"},
        {NULL, "a: x\n  y", "{\"a\":\"x y\"}"},
        {NULL, "1: x\ntrue: y\n~: z\n\"q r\": s", "{\"1\":\"x\",\"true\":\"y\",\"~\":\"z\",\"q r\":\"s\"}"},
        {NULL, "? a\n: b", "{\"a\":\"b\"}"},
        {NULL, "a: 1\nb: 2\na: 3", "{\"b\":2,\"a\":3}"},
        {NULL, "a: {x: 1, x: 2, x: 3}\na: {y: 1, y: [4]}\nb: 5", "{\"a\":{\"y\":[4]},\"b\":5}"},
        {NULL, "a: !!str 5\nb: ! 5\nc: !!int 5\nd: !x 5\ne: !!int \"5\"",
         "{\"a\":\"5\",\"b\":\"5\",\"c\":5,\"d\":5,\"e\":\"5\"}"},
        {NULL, "\xc3\xa9: \xf0\x9f\xa6\x80", "{\"\xc3\xa9\":\"\xf0\x9f\xa6\x80\"}"},
    };

    (void)state;
    CHECK(rows);
}

static void shared_indentation_is_removed(void **state)
{
    static const struct row rows[] = {
        {NULL, "\n    a: b\n    c: d\n  ", "{\"a\":\"b\",\"c\":\"d\"}"},
        {NULL, "  a: b\n  c: d", "{\"a\":\"b\",\"c\":\"d\"}"},
        {NULL, "\n\ta: b\n\tc: d\n\t", "{\"a\":\"b\",\"c\":\"d\"}"},
        {NULL, "\n  a: |\n    x\n\n    y\n  b: z\n", "{\"a\":\"x\\n\\ny\\n\",\"b\":\"z\"}"},
        {NULL, "\na: |\n # x\n y\n", "{\"a\":\"# x\\ny\\n\"}"},
        {NULL, " \n  a:\n    b: c\n  d: e\n", "{\"a\":{\"b\":\"c\"},\"d\":\"e\"}"},
    };

    (void)state;
    CHECK(rows);
}

static void core_schema(void **state)
{
    static const struct {
        const char *text, *json;
    } list[] = {
        {"", "null"},
        {"~", "null"},
        {"null", "null"},
        {"NULL", "null"},
        {"nULL", "\"nULL\""},
        {"true", "true"},
        {"True", "true"},
        {"FALSE", "false"},
        {"yes", "\"yes\""},
        {"off", "\"off\""},
        {"0", "0"},
        {"-0", "-0"},
        {"12", "12"},
        {"-12", "-12"},
        {"1.0", "1.0"},
        {"1.50", "1.50"},
        {"1e3", "1e3"},
        {"1E+3", "1E+3"},
        {"12345678901234567890", "12345678901234567890"},
        {"+5", "5"},
        {".5", "0.5"},
        {"-.5", "-0.5"},
        {"5.", "5"},
        {"5.e3", "5e3"},
        {"+1.5e-3", "1.5e-3"},
        {"0x1F", "31"},
        {"0o17", "15"},
        {"0xffffffffffffffff", "18446744073709551615"},
        {"0x10000000000000000", "\"0x10000000000000000\""},
        {"0x", "\"0x\""},
        {"0o8", "\"0o8\""},
        {"007", "\"007\""},
        {"-01", "\"-01\""},
        {"00.5", "\"00.5\""},
        {"0.50", "0.50"},
        {".", "\".\""},
        {"+", "\"+\""},
        {"1.2.3", "\"1.2.3\""},
        {"1e", "\"1e\""},
        {"1_000", "\"1_000\""},
        {"12:30", "\"12:30\""},
        {"2024-12-25", "\"2024-12-25\""},
        {".inf", "\".inf\""},
        {"-.INF", "\"-.INF\""},
        {".nan", "\".nan\""},
        {"NaN", "\"NaN\""},
        {"'5'", "\"5\""},
        {"\"true\"", "\"true\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        struct qtc_buf text = {0}, json = {0};
        qtc_buf_str(&text, "a: ");
        qtc_buf_str(&text, list[i].text);
        qtc_buf_byte(&text, 0);
        qtc_buf_str(&json, "{\"a\":");
        qtc_buf_str(&json, list[i].json);
        qtc_buf_add(&json, "}", 2);
        check(&(struct row){NULL, text.data, json.data}, 1);
        qtc_buf_free(&text);
        qtc_buf_free(&json);
    }
}

static void the_schema_decides(void **state)
{
    static const struct row rows[] = {
        {"{}", "a: 5", "{\"a\":5}"},
        {"{\"type\":\"string\"}", "a: 5", "{\"a\":5}"},
        {A("\"type\":\"string\""), "a: 5", "{\"a\":\"5\"}"},
        {A("\"type\":\"string\""), "a: 0x1F", "{\"a\":\"0x1F\"}"},
        {A("\"type\":\"string\""), "a: true", "{\"a\":\"true\"}"},
        {A("\"type\":\"string\""), "a: ~", "{\"a\":\"~\"}"},
        {A("\"type\":\"string\""), "a:", "{\"a\":\"\"}"},
        {A("\"type\":\"string\""), "a: [b]", "!{\"a\":[\"b\"]}"},
        {A("\"type\":[\"string\",\"null\"]"), "a: null", "{\"a\":null}"},
        {A("\"type\":[\"string\",\"null\"]"), "a: 'null'", "{\"a\":\"null\"}"},
        {A("\"type\":[\"string\",\"integer\"]"), "a: 5", "{\"a\":5}"},
        {A("\"type\":[\"string\",\"integer\"]"), "a: 5.5", "{\"a\":\"5.5\"}"},
        {A("\"type\":\"integer\""), "a: '3'", "{\"a\":3}"},
        {A("\"type\":\"integer\""), "a: 3.5", "!{\"a\":3.5}"},
        {A("\"type\":\"integer\""), "a: 007", "{\"a\":7}"},
        {A("\"type\":\"integer\""), "a: -000", "{\"a\":-0}"},
        {A("\"type\":\"integer\""), "a: three", "!{\"a\":\"three\"}"},
        {A("\"type\":\"integer\""), "a:", "!{\"a\":null}"},
        {A("\"type\":\"number\""), "a: .5", "{\"a\":0.5}"},
        {A("\"type\":\"number\""), "a: .inf", "!{\"a\":\".inf\"}"},
        {A("\"type\":\"boolean\""), "a: 'True'", "{\"a\":true}"},
        {A("\"type\":\"object\""), "a: '{\"k\": 1}'", "{\"a\":{\"k\": 1}}"},
        {A("\"type\":\"array\",\"items\":{\"type\":\"string\"}"), "a: [1, '2', true]",
         "{\"a\":[\"1\",\"2\",\"true\"]}"},
        {A("\"type\":\"array\""), "a: b", "!{\"a\":\"b\"}"},
        {A("\"properties\":{\"b\":{\"type\":\"string\"}}"), "a: {b: 1, c: 1}",
         "{\"a\":{\"b\":\"1\",\"c\":1}}"},
        {"{\"additionalProperties\":{\"type\":\"string\"}}", "a: 1", "{\"a\":\"1\"}"},
    };

    (void)state;
    CHECK(rows);
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum qtc_code code;
        uint64_t offset;
        const char *message; /* NULL: libyaml's */
    } list[] = {
        {"x", QTC_TYPE, 0, "not a mapping"},
        {"\n  - a\n  - b", QTC_TYPE, 3, "not a mapping"},
        {"''", QTC_TYPE, 0, "not a mapping"},
        {"a: 1\n---\nb: 2", QTC_SYNTAX, 5, "more than one document"},
        {"a: &x 1\nb: *x", QTC_SYNTAX, 3, "anchors and aliases are not followed"},
        {"a: &x [1]", QTC_SYNTAX, 3, "anchors and aliases are not followed"},
        {"&x a: 1", QTC_SYNTAX, 0, "anchors and aliases are not followed"},
        {"a: *x", QTC_SYNTAX, 3, "anchors and aliases are not followed"},
        {"? [a]\n: b", QTC_TYPE, 2, "a key is not a scalar"},
        {"\n  \xc3\xa9: b\n  c: *x", QTC_SYNTAX, 14, "anchors and aliases are not followed"},
        {"a: [b", QTC_SYNTAX, 5, NULL},
        {"a: \"b", QTC_SYNTAX, 5, NULL},
        {"a: b: c", QTC_SYNTAX, 4, NULL},
        {"a: \x01", QTC_SYNTAX, 3, NULL},
        {"a: \xff", QTC_SYNTAX, 3, NULL},
        {"<a>x</a>", QTC_TYPE, 0, "not a mapping"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        struct qtc_buf out = {0};
        struct qtc_error error = {0};
        unsigned found = 0;
        bool mismatch = false;
        qtc_buf_str(&out, "before");
        print_message("  %s\n", list[i].text);
        assert_false(qtc_yaml(&out, qtc_str(list[i].text), NULL, &found, &mismatch, &error));
        assert_int_equal(error.code, list[i].code);
        assert_non_null(error.message);
        if (list[i].message != NULL) {
            assert_string_equal(error.message, list[i].message);
        }
        assert_int_equal(error.offset, list[i].offset);
        assert_true(qtc_bytes_is(qtc_buf_bytes(&out), "before") && !out.failed);
        assert_false(qtc_yaml(&out, qtc_str(list[i].text), NULL, &found, &mismatch, NULL));
        qtc_buf_free(&out);
    }
}

static void repeat(struct qtc_buf *b, const char *unit, size_t len)
{
    while (b->len < len) {
        qtc_buf_str(b, unit);
    }
}

static void depth_is_limited(void **state)
{
    struct qtc_buf text = {0};

    (void)state;
    qtc_buf_str(&text, "a: ");
    repeat(&text, "[", 3 + 127);
    repeat(&text, "]", 3 + 127 * 2);
    struct result r = convert(NULL, qtc_buf_bytes(&text));
    assert_true(r.ok && qtc_json_valid(qtc_buf_bytes(&r.json)));
    qtc_buf_free(&r.json);
    qtc_buf_clear(&text);
    qtc_buf_str(&text, "a: ");
    repeat(&text, "[", 3 + 128);
    repeat(&text, "]", 3 + 128 * 2);
    r = convert(NULL, qtc_buf_bytes(&text));
    assert_int_equal(r.error.code, QTC_LIMIT);
    assert_int_equal(r.json.len, 0);
    qtc_buf_free(&r.json);
    qtc_buf_free(&text);
}

/* A MiB of each: what is not linear here takes minutes. */
static void any_text_takes_linear_time(void **state)
{
    static const char *const units[] = {
        "[",        "{a: ",     "a: ",        "- ",    "a: b\n", "a: {b: c, b: d}\n",
        "? ",       "a: [b]\n", "x y ",       "\n",    " ",      "#",
        "\"",       "'",        "a: |\n b\n", "!",     "&a ",    "- a\n",
        "a: 'b'\n", "a: <b\n",  "? a\n",      "a:\n ", "\t",     "%"};

    (void)state;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        for (unsigned inside = 0; inside < 3; inside++) {
            static const char *const begins[] = {"", "a: ", "a: ["};
            struct qtc_buf text = {0};
            qtc_buf_str(&text, begins[inside]);
            repeat(&text, units[i], 1 << 20);
            struct result r = convert(NULL, qtc_buf_bytes(&text));
            assert_true(r.ok ? qtc_json_valid(qtc_buf_bytes(&r.json)) : r.error.offset <= text.len);
            qtc_buf_free(&r.json);
            qtc_buf_free(&text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mappings),
        cmocka_unit_test(shared_indentation_is_removed),
        cmocka_unit_test(core_schema),
        cmocka_unit_test(the_schema_decides),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(any_text_takes_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
