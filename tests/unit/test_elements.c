/* test_elements.c - the inside of an element to JSON. */
#include "parse/elements.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct qtc_element_rules plain = {.item = "item"};
static const struct qtc_element_rules prefixed = {.prefix = "]<]minimax[>[", .item = "item"};
static const struct qtc_element_rules noisy = {.item = "item", .noise = true, .entities = true};
static const struct qtc_element_rules loose = {
    .item = "item", .noise = true, .entities = true, .trim = true, .guess = true};

struct result {
    struct qtc_buf json;
    unsigned found;
    bool mismatch;
};

/* schema: of the arguments; NULL: no tool at all, and nothing is known. */
static struct result convert(const struct qtc_element_rules *rules, const char *schema, struct qtc_bytes text)
{
    struct result r = {0};
    struct qtc_buf tool = {0};
    struct qtc_schema_scope scope;

    if (schema == NULL) {
        qtc_elements(&r.json, text, NULL, rules, &r.found, &r.mismatch);
        return r;
    }
    qtc_buf_str(&tool, "{\"name\":\"f\",\"parameters\":");
    qtc_buf_str(&tool, schema);
    qtc_buf_str(&tool, "}");
    struct qtc_tools *tools = qtc_tools_read(qtc_buf_bytes(&tool), NULL);
    assert_non_null(tools);
    qtc_schema_begin(&scope, qtc_tools_at(tools, 0), text.len);
    struct qtc_schema_at at = qtc_schema_root(&scope, qtc_tools_at(tools, 0));
    qtc_elements(&r.json, text, &at, rules, &r.found, &r.mismatch);
    qtc_schema_end(&scope);
    qtc_tools_free(tools);
    qtc_buf_free(&tool);
    return r;
}

struct row {
    const char *schema, *text, *json; /* json: with a ! in front where the schema does not fit */
};

static void check(const struct qtc_element_rules *rules, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct result r = convert(rules, rows[i].schema, qtc_str(rows[i].text));
        const char *json = rows[i].json;
        bool mismatch = *json == '!';
        assert_false(r.json.failed);
        assert_true(qtc_json_valid(qtc_buf_bytes(&r.json)));
        if (!qtc_bytes_is(qtc_buf_bytes(&r.json), json + mismatch) || r.mismatch != mismatch) {
            fail_msg("%s\n%s\ngot:      %s%.*s\nexpected: %s", rows[i].text,
                     rows[i].schema != NULL ? rows[i].schema : "", r.mismatch ? "!" : "", (int)r.json.len,
                     r.json.data, json);
        }
        qtc_buf_free(&r.json);
    }
}

#define CHECK(rules, rows) check(rules, rows, sizeof(rows) / sizeof *(rows))

#define P(properties) "{\"properties\":{" properties "}}"
#define LIST(items)   "{\"type\":\"array\",\"items\":{" items "}}"
#define STRING        "{\"type\":\"string\"}"
#define INTEGER       "{\"type\":\"integer\"}"

static void values_without_a_schema(void **state)
{
    static const struct row rows[] = {
        {NULL, "", "\"\""},
        {NULL, "text", "\"text\""},
        {NULL, " 5 ", "\" 5 \""},
        {NULL, "<a>x</a>", "{\"a\":\"x\"}"},
        {NULL, "<a>1</a><b>2</b>", "{\"a\":\"1\",\"b\":\"2\"}"},
        {NULL, "\n<a>1</a>\n  <b>2</b>\n", "{\"a\":\"1\",\"b\":\"2\"}"},
        {NULL, "<a><b><c>x</c></b></a>", "{\"a\":{\"b\":{\"c\":\"x\"}}}"},
        {NULL, "<a>1</a><b>2</b><a>3</a>", "{\"a\":[\"1\",\"3\"],\"b\":\"2\"}"},
        {NULL, "<l><item>1</item><item>2</item></l>", "{\"l\":{\"item\":[\"1\",\"2\"]}}"},
        {NULL, "<a><x>1</x></a><x>2</x><a><x>3</x></a>", "{\"a\":[{\"x\":\"1\"},{\"x\":\"3\"}],\"x\":\"2\"}"},
        {NULL, "<a/>", "{\"a\":\"\"}"},
        {NULL, "<a />b", "{\"a\":\"\",\"$text\":\"b\"}"},
        {NULL, "<0>zero</0><a-b.c>x</a-b.c>", "{\"0\":\"zero\",\"a-b.c\":\"x\"}"},
        {NULL, "<é>\"\n</é>", "{\"é\":\"\\\"\\n\"}"},
        {NULL, "{\"a\":1}", "\"{\\\"a\\\":1}\""},
        {NULL, "<a>&lt;</a>", "{\"a\":\"&lt;\"}"},
        {NULL, "one <b>two</b> three", "{\"b\":\"two\",\"$text\":\"one  three\"}"},
        {NULL, "text<$text>child</$text><a>v</a>", "{\"$text\":\"child\",\"a\":\"v\",\"$$text\":\"text\"}"},
    };

    (void)state;
    CHECK(&plain, rows);
}

static void what_is_no_element_is_text(void **state)
{
    static const struct row rows[] = {
        {NULL, "<a>", "\"<a>\""},
        {NULL, "</a>", "\"</a>\""},
        {NULL, "<a", "\"<a\""},
        {NULL, "<", "\"<\""},
        {NULL, "a < b and c > d", "\"a < b and c > d\""},
        {NULL, "< a>x</ a>", "\"< a>x</ a>\""},
        {NULL, "<>x</>", "\"<>x</>\""},
        {NULL, "<a></b>", "\"<a></b>\""},
        {NULL, "<a b=\"c\">x</a>", "\"<a b=\\\"c\\\">x</a>\""},
        {NULL, "<!-- <a>x</a -->", "\"<!-- <a>x</a -->\""},
        {NULL, "<a>x<b>y</a>", "{\"a\":\"x<b>y\"}"},
        {NULL, "<a><b>x</a></b>", "{\"a\":\"<b>x\",\"$text\":\"</b>\"}"},
        {NULL, "<a>x</a><b>", "{\"a\":\"x\",\"$text\":\"<b>\"}"},
        {NULL, "<a><a>x</a></a>", "{\"a\":{\"a\":\"x\"}}"},
        {NULL, "<a><a>x</a>", "{\"a\":\"x\",\"$text\":\"<a>\"}"},
        {NULL, "<a>x</a ></b>", "{\"a\":\"x\",\"$text\":\"</b>\"}"},
        {NULL, "<b><a>x</a>", "{\"a\":\"x\",\"$text\":\"<b>\"}"},
        {NULL, "]<]minimax[>[<a>x]<]minimax[>[</a>",
         "{\"a\":\"x]<]minimax[>[\",\"$text\":\"]<]minimax[>[\"}"},
    };

    (void)state;
    CHECK(&plain, rows);
}

static void the_schema_decides(void **state)
{
    static const struct row rows[] = {
        {"{}", "", "{}"},
        {"{}", " \n", "{}"},
        {"{}", "{\"a\": 1}", "{\"a\": 1}"},
        {"{}", "x", "!\"x\""},
        {P("\"a\":" INTEGER), "<a> 5 </a><b>5</b>", "{\"a\":5,\"b\":\"5\"}"},
        {P("\"a\":" INTEGER), "<a>five</a>", "!{\"a\":\"five\"}"},
        {P("\"a\":{\"type\":\"number\"}"), "<a>1.0</a>", "{\"a\":1.0}"},
        {P("\"a\":{\"type\":\"number\"}"), "<a>12345678901234567890</a>", "{\"a\":12345678901234567890}"},
        {P("\"a\":{\"type\":\"boolean\"}"), "<a>TRUE</a>", "{\"a\":true}"},
        {P("\"a\":{\"type\":[\"string\",\"null\"]}"), "<a>null</a>", "{\"a\":null}"},
        {P("\"a\":" STRING), "<a>null</a>", "{\"a\":\"null\"}"},
        {P("\"a\":" STRING), "<a></a>", "{\"a\":\"\"}"},
        {P("\"a\":{\"type\":\"object\"}"), "<a></a>", "{\"a\":{}}"},
        {P("\"a\":{\"type\":\"array\"}"), "<a> </a>", "{\"a\":[]}"},
        {P("\"a\":{\"type\":\"array\"}"), "<a/>", "{\"a\":[]}"},
        {P("\"a\":{\"anyOf\":[" LIST("") "," STRING "]}"), "<a></a>", "{\"a\":\"\"}"},
        {P("\"a\":{\"type\":\"object\"}"), "<a>{\"k\": 1.0}</a>", "{\"a\":{\"k\": 1.0}}"},
        {P("\"a\":{\"type\":\"object\"}"), "<a>{'k':1}</a>", "{\"a\":{\"k\":1}}"},
        {P("\"a\":" LIST("")), "<a>[1, 2]</a>", "{\"a\":[1, 2]}"},
        {P("\"a\":" P("\"b\":" INTEGER)), "<a><b>1</b><c>2</c></a>", "{\"a\":{\"b\":1,\"c\":\"2\"}}"},
        {P("\"a\":{\"type\":\"object\",\"additionalProperties\":" INTEGER "}"), "<a><b>1</b></a>",
         "{\"a\":{\"b\":1}}"},
        {P("\"a\":" STRING), "<a><p>x &amp; <b>y</b></p></a>", "{\"a\":\"<p>x &amp; <b>y</b></p>\"}"},
        {P("\"a\":" INTEGER), "<a><b>1</b></a>", "!{\"a\":\"<b>1</b>\"}"},
        {P("\"a\":" STRING), "<a>use <b> here</a><b>x</b>", "{\"a\":\"use <b> here\",\"b\":\"x\"}"},
        {P("\"a\":{\"$ref\":\"#/$defs/n\"}"), "<a>5</a>", "{\"a\":\"5\"}"},
        {"{\"$defs\":{\"n\":" P("\"n\":{\"$ref\":\"#/$defs/n\"},\"v\":" INTEGER) "},\"properties\":{\"a\":{"
                                                                                 "\"$ref\":\"#/$defs/n\"}}}",
         "<a><n><n><v>1</v></n></n></a>", "{\"a\":{\"n\":{\"n\":{\"v\":1}}}}"},
    };

    (void)state;
    CHECK(&plain, rows);
}

static void lists(void **state)
{
    static const struct row rows[] = {
        {P("\"a\":" LIST("\"type\":\"integer\"")), "<a><item>1</item><item>2</item></a>", "{\"a\":[1,2]}"},
        {P("\"a\":" LIST("\"type\":\"integer\"")), "<a>\n<item>1</item>\n</a>", "{\"a\":[1]}"},
        {P("\"a\":" LIST("\"type\":\"integer\"")), "<a><n>1</n><n>2</n></a>", "{\"a\":[1,2]}"},
        {P("\"a\":" LIST("\"type\":\"integer\"")), "<a><x>1</x><y>2</y></a>", "{\"a\":[1,2]}"},
        {P("\"a\":" LIST("\"type\":\"integer\"")), "<a>1</a><a>2</a>", "{\"a\":[1,2]}"},
        {P("\"a\":" LIST("\"type\":\"integer\"")), "<a>1</a>", "{\"a\":[1]}"},
        {P("\"a\":" LIST("\"type\":\"string\"")), "<a>ls -la</a>", "{\"a\":[\"ls -la\"]}"},
        {P("\"a\":" LIST("\"type\":\"string\"")), "<a>[1, 2, un</a>", "!{\"a\":\"[1, 2, un\"}"},
        {P("\"a\":" LIST("\"type\":\"object\"")), "<a>{\"k\":1}</a>", "{\"a\":[{\"k\":1}]}"},
        {P("\"a\":{\"type\":[\"array\",\"null\"]}"), "<a>null</a>", "{\"a\":null}"},
        {P("\"a\":" STRING), "<a>x</a><a>y</a>", "!{\"a\":[\"x\",\"y\"]}"},
        {P("\"a\":{\"type\":\"array\"}"), "<a><x>1</x><y>2</y></a>", "!{\"a\":{\"x\":\"1\",\"y\":\"2\"}}"},
        {P("\"a\":{\"type\":\"array\"}"), "<a><x>1</x><x>2</x></a>", "{\"a\":[\"1\",\"2\"]}"},
        {P("\"a\":" LIST("\"type\":\"integer\"")), "<a>so: <item>1</item></a>",
         "!{\"a\":{\"item\":\"1\",\"$text\":\"so: \"}}"},
        {P("\"a\":{\"type\":[\"array\",\"object\"]}"), "<a><x>1</x><y>2</y></a>",
         "{\"a\":{\"x\":\"1\",\"y\":\"2\"}}"},
        {P("\"a\":{\"type\":[\"array\",\"object\"]}"), "<a><item>1</item></a>", "{\"a\":[\"1\"]}"},
        {P("\"a\":" LIST("\"properties\":{\"s\":" STRING ",\"q\":" INTEGER "}")),
         "<a><item><s>b</s><q>2</q></item><item><s>p</s><q>5</q></item></a>",
         "{\"a\":[{\"s\":\"b\",\"q\":2},{\"s\":\"p\",\"q\":5}]}"},
        {P("\"a\":" LIST("\"properties\":{\"s\":" STRING ",\"q\":" INTEGER "}")), "<a><s>b</s><q>2</q></a>",
         "{\"a\":[{\"s\":\"b\",\"q\":2}]}"},
        {P("\"a\":" LIST("\"type\":\"array\",\"items\":" INTEGER)),
         "<a><item><item>1</item></item><item><item>2</item></item></a>", "{\"a\":[[1],[2]]}"},
        {P("\"a\":{\"prefixItems\":[" STRING "],\"items\":" INTEGER ",\"type\":\"array\"}"),
         "<a><item>1</item><item>2</item></a>", "{\"a\":[\"1\",2]}"},
    };

    (void)state;
    CHECK(&plain, rows);
}

#define T "]<]minimax[>["

static void a_prefix_tells_tags_from_text(void **state)
{
    static const struct row rows[] = {
        {NULL, T "<a><b>x</b>" T "</a>", "{\"a\":\"<b>x</b>\"}"},
        {NULL, T "<a>]<]mini" T "</a>", "{\"a\":\"]<]mini\"}"},
        {NULL, T T "<a>x" T "</a>", "{\"a\":\"x\",\"$text\":\"" T "\"}"},
        {NULL, T "<a>x" T "</b>", "\"" T "<a>x" T "</b>\""},
        {NULL, T "<user name>x" T "</user name>", "{\"user name\":\"x\"}"},
        {NULL, T "<a/b>x" T "</a/b>" T "<c/>", "{\"a/b\":\"x\",\"c\":\"\"}"},
        {NULL, T "<f>" T "<tool_call>v" T "</tool_call>" T "</f>", "{\"f\":{\"tool_call\":\"v\"}}"},
        {P("\"a\":" STRING), T "<a>" T "<b>x" T "</b>" T "</a>", "!{\"a\":{\"b\":\"x\"}}"},
        {P("\"a\":" LIST("\"type\":\"integer\"")),
         T "<a>\n" T "<item>1" T "</item>\n" T "<item>50" T "</item>\n" T "</a>", "{\"a\":[1,50]}"},
    };

    (void)state;
    CHECK(&prefixed, rows);
}

static void noise_is_read_past(void **state)
{
    static const struct row rows[] = {
        {NULL, "<a b=\"c > d\" e='f' g = h i>x</a>", "{\"a\":\"x\"}"},
        {NULL, "<a href=http://x/y/>", "{\"a\":\"\"}"},
        {NULL, "<a b=\"c\"/>", "{\"a\":\"\"}"},
        {NULL, "<a b=\"c>x</a>", "\"<a b=\\\"c>x</a>\""},
        {NULL, "<a b=>x</a>", "{\"a\":\"x\"}"},
        {NULL, "<n:a xmlns:n=\"u\">x</n:a>", "{\"a\":\"x\"}"},
        {P("\"n:a\":" INTEGER), "<n:a>1</n:a><n:b>2</n:b>", "{\"n:a\":1,\"b\":\"2\"}"},
        {NULL, "<!-- one --><a>x</a><!-- <b> -->", "{\"a\":\"x\"}"},
        {NULL, "<?xml version=\"1.0\"?><a>x</a>", "{\"a\":\"x\"}"},
        {NULL, "<a><![CDATA[<b>&lt;</b>]]></a>", "{\"a\":\"<b>&lt;</b>\"}"},
        {NULL, "<a>x <![CDATA[y]]> &amp; z</a>", "{\"a\":\"x y & z\"}"},
        {NULL, "<a><![CDATA[y</a>", "{\"a\":\"<![CDATA[y\"}"},
        {NULL, "<a>x<!-- y</a>", "{\"a\":\"x<!-- y\"}"},
        {P("\"a\":" INTEGER), "<a>5<!-- five --></a>", "{\"a\":5}"},
        {P("\"a\":" STRING), "<a>x<!-- y --></a>", "{\"a\":\"x<!-- y -->\"}"},
        {P("\"a\":" STRING), "<a><p>&amp;<![CDATA[y]]></p></a>", "{\"a\":\"<p>&amp;<![CDATA[y]]></p>\"}"},
        {P("\"a\":" STRING), "<a><!DOCTYPE html>\n<p c=\"d\">x</p></a>",
         "{\"a\":\"<!DOCTYPE html>\\n<p c=\\\"d\\\">x</p>\"}"},
        {NULL, "<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;&#x1F980;</a>",
         "{\"a\":\"<>&\\\"'AB\xf0\x9f\xa6\x80\"}"},
        {NULL, "<a>&amp;lt;&x;&;&#;&#x;&#0;&#xd800;&#x110000;&#99999999999;&</a>",
         "{\"a\":\"&lt;&x;&;&#;&#x;&#0;&#xd800;&#x110000;&#99999999999;&\"}"},
        {P("\"a\":" LIST("\"type\":\"number\"")),
         "<a><item k=\"n\"> 10.5 </item><item k=\"n\">1e2</item></a>", "{\"a\":[10.5,1e2]}"},
    };

    (void)state;
    CHECK(&noisy, rows);
}

static void trimmed_and_guessed(void **state)
{
    static const struct row rows[] = {
        {NULL, "<a>42</a><b> true </b><c> s </c>", "{\"a\":42,\"b\":true,\"c\":\"s\"}"},
        {NULL, "<a>\nx\n</a> and ", "{\"a\":\"x\",\"$text\":\"and\"}"},
        {P("\"a\":" STRING), "<a> 42 </a>", "{\"a\":\"42\"}"},
        {NULL, "<l><![CDATA[2]]></l>", "{\"l\":2}"},
    };

    (void)state;
    CHECK(&loose, rows);
}

static void deeper_is_text(void **state)
{
    struct qtc_buf text = {0};

    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        qtc_buf_str(&text, "<a>");
    }
    for (unsigned i = 0; i < 200; i++) {
        qtc_buf_str(&text, "</a>");
    }
    struct result r = convert(&plain, NULL, qtc_buf_bytes(&text));
    assert_true(qtc_json_valid(qtc_buf_bytes(&r.json)));
    qtc_buf_byte(&r.json, 0);
    assert_non_null(strstr(r.json.data, ":\"<a><a>"));
    assert_int_equal(strspn(r.json.data, "{\"a:"), 128 * 5 + 1);
    qtc_buf_free(&r.json);
    qtc_buf_free(&text);
}

/* JSON in an element that would be too deep with what is around it. */
static void json_is_not_nested_too_deep(void **state)
{
    struct qtc_buf text = {0};

    (void)state;
    qtc_buf_str(&text, "<a><b>");
    for (unsigned i = 0; i < 511; i++) {
        qtc_buf_str(&text, "[");
    }
    for (unsigned i = 0; i < 511; i++) {
        qtc_buf_str(&text, "]");
    }
    qtc_buf_str(&text, "</b></a>");
    struct result r = convert(&loose, NULL, qtc_buf_bytes(&text));
    assert_true(qtc_json_valid(qtc_buf_bytes(&r.json)));
    assert_true(r.mismatch);
    assert_memory_equal(r.json.data, "{\"a\":{\"b\":\"[[", 13);
    qtc_buf_free(&r.json);
    qtc_buf_free(&text);
}

/* A MiB of each, as a whole text and inside an element. What is not linear here takes minutes. */
static void any_text_takes_linear_time(void **state)
{
    static const char *const units[] = {"<a>",
                                        "<a",
                                        "</a>",
                                        "<",
                                        "<a></b>",
                                        "<a><b></a>",
                                        "<a></a>",
                                        "<a/>",
                                        "<!--",
                                        "<![CDATA[",
                                        "<?",
                                        "&",
                                        "<a b=\"",
                                        "<a b='<a c=\"",
                                        "<a b=\"<a\" ",
                                        "<a b",
                                        "]<]minimax[>[",
                                        "]<]minimax[>[<a>",
                                        "]<",
                                        "<a:b>",
                                        "<!--<a>-->",
                                        "<$text>x</$text>",
                                        "<a><b></b>",
                                        "<a>x</a><b>"};
    static const struct qtc_element_rules *const rules[] = {&plain, &prefixed, &loose};
    static const char schema[] = P("\"a\":{\"type\":\"array\",\"items\":{\"$ref\":\"#\"}}");

    (void)state;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct qtc_buf text = {0};
        while (text.len < 1 << 20) {
            qtc_buf_str(&text, units[i]);
        }
        for (size_t k = 0; k < 3; k++) {
            struct result r = convert(rules[k], k == 1 ? NULL : schema, qtc_buf_bytes(&text));
            assert_true(qtc_json_valid(qtc_buf_bytes(&r.json)));
            qtc_buf_free(&r.json);
        }
        qtc_buf_free(&text);
    }
    struct qtc_buf text = {0};
    char part[64];
    for (unsigned i = 0; text.len < 1 << 20; i++) { /* as many names */
        snprintf(part, sizeof part, "<a%u>", i);
        qtc_buf_str(&text, part);
    }
    for (unsigned i = 0; text.len < 1 << 21; i++) {
        snprintf(part, sizeof part, "</b%u>", i);
        qtc_buf_str(&text, part);
    }
    struct result r = convert(&plain, schema, qtc_buf_bytes(&text));
    assert_true(qtc_json_valid(qtc_buf_bytes(&r.json)));
    qtc_buf_free(&r.json);
    qtc_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_without_a_schema),
        cmocka_unit_test(what_is_no_element_is_text),
        cmocka_unit_test(the_schema_decides),
        cmocka_unit_test(lists),
        cmocka_unit_test(a_prefix_tells_tags_from_text),
        cmocka_unit_test(noise_is_read_past),
        cmocka_unit_test(trimmed_and_guessed),
        cmocka_unit_test(deeper_is_text),
        cmocka_unit_test(json_is_not_nested_too_deep),
        cmocka_unit_test(any_text_takes_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
