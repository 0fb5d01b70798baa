/* test_parts.c - what a body can do without, at each grain, and what is left. */
#include "capture/capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The parts' bytes, each in brackets. */
static void put_parts(struct qtc_buf *out, const struct qtc_parts *parts, const char *body)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct qtc_part *p = &parts->list[i];
        qtc_buf_str(out, p->data ? "[" : "<");
        qtc_buf_add(out, body + p->begin, p->end - p->begin);
        qtc_buf_str(out, p->data ? "]" : ">");
    }
}

static void expect_text(struct qtc_buf *got, const char *expected)
{
    qtc_buf_byte(got, '\0');
    assert_false(got->failed);
    assert_string_equal(got->data, expected);
    qtc_buf_free(got);
}

static void expect_parts(enum qtc_grain grain, const char *body, const char *expected)
{
    struct qtc_parts parts = {0};
    struct qtc_buf got = {0};
    char *copy = malloc(strlen(body) + 1); /* nothing behind it, for a sanitizer */

    assert_non_null(copy);
    memcpy(copy, body, strlen(body));
    assert_int_equal(qtc_parts_find(&parts, qtc_bytes(copy, strlen(body)), grain), QTC_OK);
    put_parts(&got, &parts, copy);
    expect_text(&got, expected);
    qtc_parts_free(&parts);
    free(copy);
}

static void test_events(void **state)
{
    (void)state;
    expect_parts(QTC_GRAIN_EVENTS, "data: 1\n\n: ping\n\nevent: x\ndata: 2\n\ndata: [DONE]\n\n",
                 "[data: 1\n\n]<: ping\n\n>[event: x\ndata: 2\n\n][data: [DONE]\n\n]");
    expect_parts(QTC_GRAIN_EVENTS, "data: {}\r\n\r\ndata: {}", "[data: {}\r\n\r\n][data: {}]");
    expect_parts(QTC_GRAIN_EVENTS, "data: {\"a\":1}\ndata: {\"b\":2}\n\n",
                 "[data: {\"a\":1}\n][data: {\"b\":2}\n\n]");
    expect_parts(QTC_GRAIN_EVENTS, "{\"a\":1}\n{\"b\":2}\n", "[{\"a\":1}\n][{\"b\":2}\n]");
    expect_parts(QTC_GRAIN_EVENTS, "<html>\r\n<p>\rx\n\n", "[<html>\r\n][<p>\r][x\n][\n]");
    expect_parts(QTC_GRAIN_EVENTS, "{\"a\":\n1}\n", "");
}

static void test_text(void **state)
{
    static const char event[] =
        "data: {\"model\":\"a b\",\"delta\":{\"content\":\"one two\\nthree\\\\n\"}}\n\n";
    (void)state;
    expect_parts(QTC_GRAIN_LINES, event, "<one two\\n><three\\\\n>");
    expect_parts(QTC_GRAIN_WORDS, event, "<one ><two\\n><three\\\\n>");
    expect_parts(QTC_GRAIN_WORDS, "{\"text\":\"  a \\t b\"}", "<  ><a \\t ><b>");
    expect_parts(QTC_GRAIN_CHARS, "{\"content\":\"a\\u00e9\\\"\\ud83d\\ude00\\ud83dé\\ude00\"}",
                 "<a><\\u00e9><\\\"><\\ud83d\\ude00><\\ud83d><é><\\ude00>");
    expect_parts(QTC_GRAIN_CHARS, "{\"content\":\"\xff\xe2\x82\"}", "<\xff><\xe2><\x82>");
    expect_parts(QTC_GRAIN_CHARS, "{\"content\":\"\",\"reasoning\":7}", "");
    expect_parts(QTC_GRAIN_CHARS, "{\"content\":[{\"type\":\"text\",\"text\":\"ab\"}]}", "<a><b>");
    /* several lines of JSON, and lines that are none */
    expect_parts(QTC_GRAIN_CHARS, "{\"arguments\":\"x\"}\nno\ndata:{\"arguments\":\"y\"}\ndata: [DONE]\n",
                 "<x><y>");
    expect_parts(QTC_GRAIN_CHARS, "{\n\"arguments\":\n\"x\"}\n", "<x>");
}

static void test_members(void **state)
{
    (void)state;
    expect_parts(QTC_GRAIN_MEMBERS, "data: {\"a\":1, \"b\":[2,{\"c\":3}]}\n\n",
                 "<\"a\":1><\"b\":[2,{\"c\":3}]><2><{\"c\":3}><\"c\":3>");
    expect_parts(QTC_GRAIN_MEMBERS, "data: [DONE]\n\ndata: 7\n\ndata: {}\n\n", "");
}

static void test_cuts(void **state)
{
    static const char a[] = "data: {\"i\":1,\"content\":\"a\"}\n\n";
    char body[256];
    (void)state;
    strcpy(body, a);
    strcat(body, ": ping\n\n"); /* stands between them */
    strcat(body, a);
    expect_parts(QTC_GRAIN_CUTS, body, "");
    strcpy(body, a);
    strcat(body, "data: {\"i\":1,\"content\":\"bc\"}\n\n");
    strcat(body, "data: {\"i\":2,\"content\":\"a\"}\n\n");
    expect_parts(QTC_GRAIN_CUTS, body, "<\"}\n\ndata: {\"i\":1,\"content\":\">");
    expect_parts(QTC_GRAIN_CUTS,
                 "data: {\"content\":\"a\",\"text\":\"b\"}\ndata: {\"content\":\"a\",\"text\":\"b\"}\n", "");
}

/* What is behind the last part that is listed stays, at whatever grain. */
static void test_many(void **state)
{
    static const enum qtc_grain grains[] = {QTC_GRAIN_EVENTS, QTC_GRAIN_CHARS};
    static const char *const pieces[] = {"\n", "a"};
    static const char *const begins[] = {"<html>\n", "{\"text\":\""};
    static const char *const ends[] = {"", "\"}"};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        struct qtc_parts parts = {0};
        struct qtc_buf body = {0}, got = {0};
        qtc_buf_str(&body, begins[i]);
        for (size_t n = 0; n < QTC_PARTS_MAX + 10; n++) {
            qtc_buf_str(&body, pieces[i]);
        }
        qtc_buf_str(&body, ends[i]);
        assert_int_equal(qtc_parts_find(&parts, qtc_buf_bytes(&body), grains[i]), QTC_OK);
        assert_int_equal(parts.count, QTC_PARTS_MAX);
        qtc_parts_join(&parts, qtc_buf_bytes(&body), NULL, 0, &got, NULL, 0);
        assert_in_range(got.len, 10, 40);
        qtc_parts_free(&parts);
        qtc_buf_free(&body);
        qtc_buf_free(&got);
    }
}

/* ---- joining ---------------------------------------------------------------------- */

static void expect_joined(enum qtc_grain grain, const char *body, const size_t *keep, size_t kept,
                          const char *expected)
{
    struct qtc_parts parts = {0};
    struct qtc_buf got = {0};

    assert_int_equal(qtc_parts_find(&parts, qtc_str(body), grain), QTC_OK);
    qtc_parts_join(&parts, qtc_str(body), keep, kept, &got, NULL, 0);
    expect_text(&got, expected);
    qtc_parts_free(&parts);
}

static void test_join(void **state)
{
    static const char body[] = "{\"content\":\"a b c\"}\n";
    (void)state;
    expect_joined(QTC_GRAIN_WORDS, body, NULL, 0, "{\"content\":\"\"}\n");
    expect_joined(QTC_GRAIN_WORDS, body, (size_t[]){0, 2}, 2, "{\"content\":\"a c\"}\n");
    expect_joined(QTC_GRAIN_WORDS, body, (size_t[]){0, 1, 2}, 3, body);
    expect_joined(QTC_GRAIN_CUTS, "data: {\"text\":\"a\"}\n\ndata: {\"text\":\"b\"}\n\n", NULL, 0,
                  "data: {\"text\":\"ab\"}\n\n");
}

/* Whatever is left out, it is JSON; with all members kept it is the same bytes. */
static void test_join_members(void **state)
{
    static const char body[] =
        "{ \"a\" : 1 , \"b\" : [ 2 , { \"c\" : 3 , \"d\" : [] } , 4 ] ,\n \"e\" : \"x,y\" }";
    enum { COUNT = 8 };
    struct qtc_parts parts = {0};
    (void)state;

    assert_int_equal(qtc_parts_find(&parts, qtc_str(body), QTC_GRAIN_MEMBERS), QTC_OK);
    assert_int_equal(parts.count, COUNT);
    for (unsigned set = 0; set < 1u << COUNT; set++) {
        size_t keep[COUNT], kept = 0;
        struct qtc_buf got = {0};
        for (unsigned i = 0; i < COUNT; i++) {
            if (set >> i & 1) {
                keep[kept++] = i;
            }
        }
        qtc_parts_join(&parts, qtc_str(body), keep, kept, &got, NULL, 0);
        assert_true(qtc_json_valid(qtc_buf_bytes(&got)));
        if (kept == COUNT) {
            expect_text(&got, body);
        }
        qtc_buf_free(&got);
    }
    qtc_parts_free(&parts);
    expect_joined(QTC_GRAIN_MEMBERS, body, (size_t[]){1, 3, 4, 7}, 4,
                  "{ \"b\" : [ { \"c\" : 3 } ] ,\n \"e\" : \"x,y\" }");
    expect_joined(QTC_GRAIN_MEMBERS, body, (size_t[]){2, 3, 4, 5, 6}, 5, "{  }");
}

/* Places in the body follow what is left of it. */
static void test_join_moves_places(void **state)
{
    static const char body[] = "abc\ndef\nghi\n"; /* parts end at 4, 8, 12 */
    size_t ends[] = {2, 4, 6, 7, 9, 12};
    const size_t expected[] = {2, 4, 4, 4, 5, 8};
    struct qtc_parts parts = {0};
    struct qtc_buf got = {0};
    (void)state;

    qtc_buf_str(&got, "before ");
    assert_int_equal(qtc_parts_find(&parts, qtc_str(body), QTC_GRAIN_EVENTS), QTC_OK);
    qtc_parts_join(&parts, qtc_str(body), (size_t[]){0, 2}, 2, &got, ends, 6);
    assert_memory_equal(ends, expected, sizeof expected);
    expect_text(&got, "before abc\nghi\n");
    qtc_parts_free(&parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_join_members),
        cmocka_unit_test(test_join_moves_places),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
