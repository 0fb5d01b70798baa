#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"

#define COUNT(table)  (sizeof(table) / sizeof((table)[0]))
#define LITERAL(text) qtc_bytes(text, sizeof(text) - 1)

static void assert_bytes(struct qtc_bytes got, const char *want)
{
    if (!qtc_bytes_is(got, want)) {
        fail_msg("got <%.*s>, want <%s>", (int)got.len, got.data, want);
    }
}

/* ---- the three judges of a text ----------------------------------------- */

/* Copied to memory of its exact size, so that a sanitizer sees a read past it. */
static char *exact_copy(struct qtc_bytes text)
{
    char *copy = malloc(text.len > 0 ? text.len : 1);

    assert_non_null(copy);
    if (text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    return copy;
}

static bool scans_in_pieces(struct qtc_bytes text, size_t first, size_t size)
{
    struct qtc_json_scan s = {0};
    enum qtc_json_progress progress = QTC_JSON_MORE;
    size_t at = 0;

    while (at < text.len && progress == QTC_JSON_MORE) {
        size_t want = at == 0 ? first : size;
        size_t n = want < text.len - at ? want : text.len - at;
        char *piece = exact_copy(qtc_bytes(text.data + at, n));
        size_t used;

        progress = qtc_json_scan_feed(&s, piece, n, &used);
        assert_true(used <= n);
        assert_true(progress != QTC_JSON_MORE || used == n);
        at += used;
        free(piece);
    }
    while (at < text.len && qtc_is_blank(text.data[at])) {
        at++;
    }
    return qtc_json_scan_finish(&s) == QTC_JSON_DONE && at == text.len;
}

static bool reads(struct qtc_bytes text)
{
    struct qtc_arena arena = {0};
    struct qtc_error error;
    char *copy = exact_copy(text);
    const struct qtc_json *value = qtc_json_read(&arena, qtc_bytes(copy, text.len), &error);

    assert_int_equal(value != NULL, error.code == QTC_OK);
    assert_true(value || (error.message && error.offset <= text.len));
    qtc_arena_free(&arena);
    free(copy);
    return value != NULL;
}

static void judge(const char *name, struct qtc_bytes text, bool want)
{
    size_t splits = text.len < 2000 ? text.len : 0;

    if (reads(text) != want) {
        fail_msg("%s: the reader should say %d", name, want);
    }
    if (qtc_json_valid(text) != want) {
        fail_msg("%s: the scanner should say %d", name, want);
    }
    if (scans_in_pieces(text, 1, 1) != want) {
        fail_msg("%s: the scanner fed byte by byte should say %d", name, want);
    }
    for (size_t split = 1; split < splits; split++) {
        if (scans_in_pieces(text, split, SIZE_MAX) != want) {
            fail_msg("%s: the scanner, split at %zu, should say %d", name, split, want);
        }
    }
}

/* ---- valid and invalid -------------------------------------------------- */

static const char *const valid[] = {
    "null",
    "true",
    "false",
    " \t\r\n null \t\r\n ",
    "0",
    "-0",
    "7",
    "-12",
    "1234567890123456789012345678901234567890",
    "0.5",
    "-0.0",
    "10.250",
    "1e5",
    "1E5",
    "1e+5",
    "1e-5",
    "0e0",
    "0E+00",
    "-1.5e-300",
    "1e999",
    "\"\"",
    "\"a\"",
    "\"sixteen bytes ..\"",
    "\"longer than sixteen bytes, and no escape in it\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\\u0000\"",
    "\"\\u00e9\\uABCD\\uabcd\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\ude00\\ud83d\"",
    "\"\x7f\"",
    "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"",
    "\"\xff\xc3(\"",
    "\"{[,:]}\"",
    "[]",
    "[ ]",
    "{}",
    "{ }",
    "[[]]",
    "[{}]",
    "{\"\":0}",
    "{\"a\":{}}",
    "{\"a\":[]}",
    "[1,2,3]",
    "[ 1 , 2 ]",
    "[true,false,null]",
    "[0,-0,1.5,1e1]",
    "[\"a\",\"b\"]",
    "[[1],[2,[3]]]",
    "{\"a\":1,\"b\":2}",
    "{ \"a\" : 1 , \"b\" : [ ] }",
    "{\"a\":1,\"a\":2}",
    "{\"a\\n\\u0041\":\"\\\\\"}",
    "{\"a\":{\"b\":{\"c\":[{\"d\":null}]}}}",
    "[{\"a\":[true,{}]},[],\"x\"]",
    "\n{\n\t\"a\":\r\n1}\n",
};

static const char *const invalid[] = {
    "",
    " ",
    "\n",
    "nul",
    "nulll",
    "nULL",
    "truefalse",
    "tru e",
    "True",
    "None",
    "undefined",
    "NaN",
    "Infinity",
    "-Infinity",
    "-",
    "+1",
    "01",
    "-01",
    "00",
    "1.",
    ".5",
    "-.5",
    "1.e5",
    "1e",
    "1e+",
    "1e5.5",
    "1E-",
    "1.5.5",
    "0x10",
    "1_000",
    "1 2",
    "--1",
    "1-",
    "-a",
    "\"",
    "\"a",
    "a\"",
    "\"a\"b\"",
    "\"\\\"",
    "\"\\",
    "\"\\x41\"",
    "\"\\'\"",
    "\"\\0\"",
    "\"\\U0041\"",
    "\"\\u\"",
    "\"\\u12\"",
    "\"\\u123\"",
    "\"\\u12g4\"",
    "\"\\u 123\"",
    "\"\\u-123\"",
    "\"\\ud83d\\u\"",
    "\"\\ud83d\\u12\"",
    "\"\\ud83d\\x\"",
    "\"\\ud83d\\",
    "\"\\\xc3\xa9\"",
    "\"a\nb\"",
    "\"a\tb\"",
    "\"a\rb\"",
    "\"\x01\"",
    "\"\x1f\"",
    "\"sixteen bytes ..\n\"",
    "'a'",
    "[",
    "]",
    "[1",
    "[1,",
    "[,",
    "[,]",
    "[1,]",
    "[,1]",
    "[1,,2]",
    "[1 2]",
    "[1:2]",
    "[1}",
    "[1]]",
    "[]]",
    "[][]",
    "[\"a\"",
    "[\"a\":1]",
    "[true",
    "[tru]",
    "[01]",
    "[-]",
    "[1.]",
    "{",
    "}",
    "{]",
    "{,}",
    "{\"a\"",
    "{\"a\"}",
    "{\"a\":",
    "{\"a\":}",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "{\"a\":1]",
    "{\"a\":1 \"b\":2}",
    "{\"a\" 1}",
    "{\"a\"::1}",
    "{\"a\",1}",
    "{a:1}",
    "{'a':1}",
    "{1:1}",
    "{null:1}",
    "{\"a\":1}}",
    "{\"a\":1},",
    "{\"a\\x\":1}",
    "{\"a\n\":1}",
    "{\"a\":\"\\u00g0\"}",
    "{[]:1}",
    "[1]//",
    "/**/1",
    "[1/**/]",
    "\xef\xbb\xbf{}",
    "\xc2\xa0{}",
    "\v1",
    "\f1",
    "<html>",
    "data: {}",
};

static void valid_texts_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(valid); i++) {
        judge(valid[i], qtc_str(valid[i]), true);
    }
}

static void invalid_texts_fail(void **state)
{
    static const struct qtc_bytes with_nul[] = {
        {"\0", 1}, {"1\0", 2}, {"[\0]", 3}, {"\"\0\"", 3}, {"nul\0", 4}};

    (void)state;
    for (size_t i = 0; i < COUNT(invalid); i++) {
        judge(invalid[i], qtc_str(invalid[i]), false);
    }
    for (size_t i = 0; i < COUNT(with_nul); i++) {
        judge("with a NUL", with_nul[i], false);
    }
}

/* A scanner says that a cut text may go on, and a reader never takes it. */
static void each_prefix_of_a_valid_text_is_unfinished(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(valid); i++) {
        struct qtc_bytes whole = qtc_bytes_trim(qtc_str(valid[i]));
        bool is_number = strchr("-0123456789", whole.data[0]) != NULL;

        for (size_t n = 0; n < whole.len; n++) {
            struct qtc_json_scan s = {0};
            size_t used;

            assert_int_equal(qtc_json_scan_feed(&s, whole.data, n, &used), QTC_JSON_MORE);
            assert_int_equal(used, n);
            assert_true(is_number || qtc_json_scan_finish(&s) == QTC_JSON_BAD);
            assert_true(is_number || !reads(qtc_bytes(whole.data, n)));
        }
    }
}

/* ---- where a scan stops ------------------------------------------------- */

struct stop {
    const char *text;
    enum qtc_json_progress progress;
    size_t used;
};

static const struct stop stops[] = {
    {"{}{}", QTC_JSON_DONE, 2},      {" {} ", QTC_JSON_DONE, 3},
    {"[1] x", QTC_JSON_DONE, 3},     {"\"a\"b", QTC_JSON_DONE, 3},
    {"true,", QTC_JSON_DONE, 4},     {"truer", QTC_JSON_DONE, 4},
    {"null", QTC_JSON_MORE, 4},      {"12", QTC_JSON_MORE, 2},
    {"12 ", QTC_JSON_DONE, 2},       {"12}", QTC_JSON_DONE, 2},
    {"1.5e3</x>", QTC_JSON_DONE, 5}, {"01", QTC_JSON_DONE, 1},
    {"1.x", QTC_JSON_BAD, 2},        {"  x", QTC_JSON_BAD, 2},
    {"{\"a\":x", QTC_JSON_BAD, 5},   {"{\"a\\x\":1}", QTC_JSON_BAD, 4},
    {"[1,]", QTC_JSON_BAD, 3},       {"\"a\nb\"", QTC_JSON_BAD, 2},
    {"", QTC_JSON_MORE, 0},
};

static void check_stop(const struct stop *c, size_t size)
{
    struct qtc_json_scan s = {0};
    enum qtc_json_progress progress = QTC_JSON_MORE;
    size_t n = strlen(c->text), at = 0, used;

    while (at < n && progress == QTC_JSON_MORE) {
        progress = qtc_json_scan_feed(&s, c->text + at, size < n - at ? size : n - at, &used);
        at += used;
    }
    if (progress != c->progress || at != c->used) {
        fail_msg("<%s> in pieces of %zu: progress %d at %zu", c->text, size, (int)progress, at);
    }
    if (progress != QTC_JSON_MORE) {
        assert_int_equal(qtc_json_scan_feed(&s, "{}", 2, &used), c->progress);
        assert_int_equal(used, 0);
        assert_int_equal(qtc_json_scan_finish(&s), c->progress);
        assert_int_equal(qtc_json_scan_finish(&s), c->progress);
    }
}

static void scan_stops_at_the_same_byte_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(stops); i++) {
        for (size_t size = 1; size < 10; size++) {
            check_stop(&stops[i], size);
        }
    }
}

/* ---- depth -------------------------------------------------------------- */

/* depth arrays (or objects) inside each other, closed. */
static struct qtc_bytes nested(struct qtc_buf *b, size_t depth, const char *open, const char *close)
{
    for (size_t i = 0; i < depth; i++) {
        qtc_buf_str(b, open);
    }
    qtc_buf_str(b, "0");
    for (size_t i = 0; i < depth; i++) {
        qtc_buf_str(b, close);
    }
    assert_false(b->failed);
    return qtc_buf_bytes(b);
}

static void depth_is_limited(void **state)
{
    static const char *const forms[][2] = {{"[", "]"}, {"{\"a\":", "}"}, {"[{\"a\":", "}]"}};

    (void)state;
    for (size_t i = 0; i < COUNT(forms); i++) {
        size_t limit = i == 2 ? QTC_JSON_MAX_DEPTH / 2 : QTC_JSON_MAX_DEPTH;
        struct qtc_arena arena = {0};
        struct qtc_buf b = {0};
        struct qtc_error error;

        judge("at the limit", nested(&b, limit, forms[i][0], forms[i][1]), true);
        qtc_buf_clear(&b);
        judge("past the limit", nested(&b, limit + 1, forms[i][0], forms[i][1]), false);
        assert_null(qtc_json_read(&arena, qtc_buf_bytes(&b), &error));
        assert_int_equal(error.code, QTC_LIMIT);
        assert_int_equal(error.offset, limit * strlen(forms[i][0]));
        qtc_buf_free(&b);
        qtc_arena_free(&arena);
    }
}

/* ---- the tree ----------------------------------------------------------- */

struct document {
    struct qtc_arena arena;
    const struct qtc_json *root;
};

static struct document open_document(struct qtc_bytes text)
{
    struct document d = {0};
    struct qtc_error error;

    d.root = qtc_json_read(&d.arena, text, &error);
    if (!d.root) {
        fail_msg("<%.*s>: %s at %u", (int)text.len, text.data, error.message, (unsigned)error.offset);
    }
    return d;
}

static void assert_node(const struct qtc_json *node, enum qtc_json_type type, const char *raw,
                        const char *key)
{
    assert_int_equal(qtc_json_type_of(node), type);
    assert_bytes(node->raw, raw);
    assert_bytes(node->key, key);
}

static void tree_has_types_raw_bytes_and_order(void **state)
{
    struct document d = open_document(
        LITERAL(" {\"s\" : \"x\\ny\", \"n\":1.0, \"a\":[ true,false , null ], \"o\":{}, \"\":[ ]} "));
    const struct qtc_json *s = d.root->first, *n = s->next, *a = n->next, *o = a->next, *e = o->next;

    (void)state;
    assert_node(d.root, QTC_JSON_OBJECT,
                "{\"s\" : \"x\\ny\", \"n\":1.0, \"a\":[ true,false , null ], \"o\":{}, \"\":[ ]}", "");
    assert_int_equal(d.root->count, 5);
    assert_node(s, QTC_JSON_STRING, "\"x\\ny\"", "s");
    assert_bytes(s->text, "x\ny");
    assert_bytes(s->raw_key, "\"s\"");
    assert_node(n, QTC_JSON_NUMBER, "1.0", "n");
    assert_node(a, QTC_JSON_ARRAY, "[ true,false , null ]", "a");
    assert_int_equal(a->count, 3);
    assert_node(a->first, QTC_JSON_TRUE, "true", "");
    assert_node(a->first->next, QTC_JSON_FALSE, "false", "");
    assert_node(a->first->next->next, QTC_JSON_NULL, "null", "");
    assert_null(a->first->next->next->next);
    assert_node(o, QTC_JSON_OBJECT, "{}", "o");
    assert_int_equal(o->count, 0);
    assert_null(o->first);
    assert_node(e, QTC_JSON_ARRAY, "[ ]", "");
    assert_bytes(e->raw_key, "\"\"");
    assert_null(e->next);
    assert_null(d.root->next);
    qtc_arena_free(&d.arena);
}

static void strings_without_escapes_borrow_the_input(void **state)
{
    static const char text[] = "{\"key\":\"value\",\"k\\u0065y\":\"\\u0076\"}";
    struct document d = open_document(LITERAL(text));

    (void)state;
    assert_ptr_equal(d.root->first->key.data, text + 2);
    assert_ptr_equal(d.root->first->text.data, text + 8);
    assert_bytes(d.root->first->next->key, "key");
    assert_bytes(d.root->first->next->text, "v");
    qtc_arena_free(&d.arena);
}

static void look_ups_chain(void **state)
{
    struct document d = open_document(LITERAL("{\"a\":{\"b\":[\"x\"]},\"k\":1,\"k\":2,\"z\\u0000\":3}"));
    const struct qtc_json *b = qtc_json_get(qtc_json_get(d.root, "a"), "b");

    (void)state;
    assert_int_equal(qtc_json_type_of(b), QTC_JSON_ARRAY);
    assert_bytes(qtc_json_text(b->first), "x");
    assert_bytes(qtc_json_get(d.root, "k")->raw, "2");
    assert_int_equal(d.root->count, 4);
    assert_bytes(qtc_json_getn(d.root, LITERAL("z\0"))->raw, "3");
    assert_null(qtc_json_get(d.root, "z"));
    assert_null(qtc_json_get(qtc_json_get(d.root, "none"), "b"));
    assert_null(qtc_json_get(b, "x"));
    assert_int_equal(qtc_json_type_of(NULL), -1);
    assert_int_equal(qtc_json_text(NULL).len, 0);
    assert_int_equal(qtc_json_text(b).len, 0);
    qtc_arena_free(&d.arena);
}

static void unsigned_takes_plain_integers_only(void **state)
{
    static const struct {
        const char *text;
        bool fits;
        unsigned value;
    } cases[] = {
        {"0", true, 0},
        {"12", true, 12},
        {"4294967295", true, 4294967295U},
        {"4294967296", false, 0},
        {"-0", false, 0},
        {"-1", false, 0},
        {"1.0", false, 0},
        {"1e2", false, 0},
        {"99999999999999999999999", false, 0},
        {"\"1\"", false, 0},
        {"null", false, 0},
        {"42949672950", false, 0},
        {"18446744073709551616", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct document d = open_document(qtc_str(cases[i].text));
        unsigned value = 77;

        assert_int_equal(qtc_json_unsigned(d.root, &value), cases[i].fits);
        assert_int_equal(value, cases[i].fits ? cases[i].value : 77);
        qtc_arena_free(&d.arena);
    }
    assert_false(qtc_json_unsigned(NULL, NULL));
}

static void values_that_follow_each_other(void **state)
{
    static const char text[] = " {\"a\":1} [2]\n\"x\"true 12";
    static const char *const raws[] = {"{\"a\":1}", "[2]", "\"x\"", "true", "12"};
    struct qtc_bytes rest = LITERAL(text);
    struct qtc_arena arena = {0};
    struct qtc_error error;
    size_t used;

    (void)state;
    for (size_t i = 0; i < COUNT(raws); i++) {
        const struct qtc_json *value = qtc_json_read_one(&arena, rest, &used, &error);

        assert_non_null(value);
        assert_bytes(value->raw, raws[i]);
        assert_ptr_equal(value->raw.data + value->raw.len, rest.data + used);
        rest = qtc_bytes(rest.data + used, rest.len - used);
    }
    assert_null(qtc_json_read_one(&arena, rest, &used, &error));
    assert_null(qtc_json_read_one(&arena, qtc_bytes(NULL, 0), &used, &error));
    assert_int_equal(error.code, QTC_SYNTAX);
    qtc_arena_free(&arena);
}

static void errors_have_a_place(void **state)
{
    static const struct {
        const char *text;
        unsigned offset;
    } cases[] = {
        {"", 0},        {"  ", 2},   {"[1,]", 3},       {"{\"a\" 1}", 5},  {"{\"a\":1 x", 7},
        {"[1 2]", 3},   {"1 2", 2},  {"\"a\\qb\"", 2},  {"\"a\nb", 2},     {"\"abc", 4},
        {"\"abc\\", 5}, {"trux", 3}, {"tru", 3},        {"-x", 1},         {"1.", 2},
        {"1.x", 2},     {"{x", 1},   {"{\"a\":1,}", 7}, {"[\"\\u12\"", 2}, {"\"\\ud83d\\u12\"", 7},
    };
    struct qtc_arena arena = {0};
    struct qtc_error error;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_null(qtc_json_read(&arena, qtc_str(cases[i].text), &error));
        if (error.code != QTC_SYNTAX || error.offset != cases[i].offset) {
            fail_msg("<%s>: code %d at %u: %s", cases[i].text, (int)error.code, (unsigned)error.offset,
                     error.message);
        }
    }
    qtc_arena_free(&arena);
}

/* ---- plain runs --------------------------------------------------------- */

static size_t plain_by_byte(const char *p, size_t n)
{
    size_t i = 0;

    while (i < n && (unsigned char)p[i] >= 0x20 && p[i] != '"' && p[i] != '\\') {
        i++;
    }
    return i;
}

/* Every byte value at every place of runs of every length up to 40. */
static void plain_agrees_with_a_byte_loop(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 40; n++) {
        char *text = malloc(n + 1);

        assert_non_null(text);
        for (size_t at = 0; at < n; at++) {
            for (int c = 0; c < 256; c++) {
                memset(text, c % 2 ? 'x' : '\xe9', n);
                text[at] = (char)c;
                assert_int_equal(qtc_json_plain(text, n), plain_by_byte(text, n));
                text[n - 1] = '"';
                assert_int_equal(qtc_json_plain(text, n), plain_by_byte(text, n));
            }
        }
        free(text);
    }
}

/* ---- escaping ----------------------------------------------------------- */

struct pair {
    struct qtc_bytes text; /* decoded */
    const char *json;      /* the inside of a JSON string */
};

#define PAIR(text, json)                                                                                     \
    {                                                                                                        \
        {text, sizeof(text) - 1}, json                                                                       \
    }

static const struct pair escapes[] = {
    PAIR("", ""),
    PAIR("plain", "plain"),
    PAIR("\"\\/", "\\\"\\\\/"),
    PAIR("\b\f\n\r\t", "\\b\\f\\n\\r\\t"),
    PAIR("\0\x01\x1f\x7f", "\\u0000\\u0001\\u001f\x7f"),
    PAIR("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
    PAIR("a\xc3\xa9\"b\xe2\x82\xac\n", "a\xc3\xa9\\\"b\xe2\x82\xac\\n"),
    PAIR("\xed\xa0\xbd", "\\ud83d"),
    PAIR("x\xed\xb8\x80y", "x\\ude00y"),
    PAIR("line one\nline two, longer than sixteen\n", "line one\\nline two, longer than sixteen\\n"),
};

/* Not the same both ways: bytes that are not UTF-8. */
static const struct pair replaced[] = {
    PAIR("\xff", "\\ufffd"),
    PAIR("a\x80"
         "b",
         "a\\ufffdb"),
    PAIR("\xc3(", "\\ufffd("),
    PAIR("\xc0\x80", "\\ufffd\\ufffd"),
    PAIR("\xc3\xa9\xff\xc3\xa9", "\xc3\xa9\\ufffd\xc3\xa9"),
    PAIR("\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"),
    PAIR("\xed\xa0\xbd\xed\xb8\x80", "\\ud83d\\ude00"),
};

/* Not the same both ways: spellings that the escaper does not choose. */
static const struct pair unescapes[] = {
    PAIR("/", "\\/"),
    PAIR("A\xc3\xa9", "\\u0041\\u00E9"),
    PAIR("\xe2\x82\xac", "\\u20ac"),
    PAIR("\xf0\x9f\x98\x80", "\\ud83d\\ude00"),
    PAIR("\xf4\x8f\xbf\xbf", "\\uDBFF\\uDFFF"),
    PAIR("\xed\xa0\xbd"
         "A",
         "\\ud83d\\u0041"),
    PAIR("\xed\xa0\xbd\xf0\x9f\x98\x80", "\\ud83d\\ud83d\\ude00"),
    PAIR("\xed\xb8\x80\xed\xa0\xbd", "\\ude00\\ud83d"),
    PAIR("\xed\xa0\xbd\n", "\\ud83d\\n"),
    PAIR("\xff", "\xff"),
};

static void check_escape(const struct pair *pair)
{
    struct qtc_buf b = {0};

    qtc_json_escape(&b, pair->text);
    qtc_buf_byte(&b, '\n');
    b.len--;
    assert_bytes(qtc_buf_bytes(&b), pair->json);
    qtc_buf_free(&b);
}

/* Through the unescaper and through the reader. */
static void check_unescape(const struct pair *pair)
{
    struct qtc_buf b = {0};
    struct document d;

    qtc_buf_str(&b, "\"");
    qtc_buf_str(&b, pair->json);
    qtc_buf_str(&b, "\"");
    d = open_document(qtc_buf_bytes(&b));
    assert_true(qtc_bytes_equal(d.root->text, pair->text));
    qtc_buf_clear(&b);
    assert_true(qtc_json_unescape(&b, qtc_str(pair->json)));
    assert_true(qtc_bytes_equal(qtc_buf_bytes(&b), pair->text));
    qtc_buf_free(&b);
    qtc_arena_free(&d.arena);
}

static void text_is_escaped(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(escapes); i++) {
        check_escape(&escapes[i]);
        check_unescape(&escapes[i]);
    }
    for (size_t i = 0; i < COUNT(replaced); i++) {
        check_escape(&replaced[i]);
    }
}

static void text_is_unescaped(void **state)
{
    static const char *const wrong[] = {"\\",    "\\x",     "a\\",          "\\u",
                                        "\\u12", "\\u12g4", "\\ud83d\\u12", "\\\xc3\xa9"};
    struct qtc_buf b = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(unescapes); i++) {
        check_unescape(&unescapes[i]);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char *copy = exact_copy(qtc_str(wrong[i]));

        assert_false(qtc_json_unescape(&b, qtc_bytes(copy, strlen(wrong[i]))));
        free(copy);
    }
    qtc_buf_free(&b);
}

static void string_has_quotes(void **state)
{
    struct qtc_buf b = {0};

    (void)state;
    qtc_json_string(&b, LITERAL("say \"hi\""));
    qtc_json_string(&b, qtc_bytes(NULL, 0));
    assert_bytes(qtc_buf_bytes(&b), "\"say \\\"hi\\\"\"\"\"");
    qtc_buf_free(&b);
}

/* ---- a collection of files, where it is there ---------------------------- */

static char *read_whole_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *text = malloc(1 << 20);

    assert_non_null(f);
    assert_non_null(text);
    *len = fread(text, 1, 1 << 20, f);
    fclose(f);
    return text;
}

static void judge_file(const char *folder, const char *name)
{
    char path[4096];
    size_t len;
    char *text;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    text = read_whole_file(path, &len);
    if (strncmp(name, "y_", 2) == 0 || strncmp(name, "n_", 2) == 0) {
        judge(name, qtc_bytes(text, len), name[0] == 'y');
    } else {
        judge(name, qtc_bytes(text, len), reads(qtc_bytes(text, len)));
    }
    free(text);
}

static void collected_files(void **state)
{
    const char *root = getenv("QTC_ROOT");
    char folder[2048];
    DIR *dir;
    size_t files = 0;

    (void)state;
    snprintf(folder, sizeof(folder), "%s/../shared/json-test-suite", root ? root : ".");
    dir = opendir(folder);
    if (!dir) {
        skip();
    }
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        const char *dot = strrchr(entry->d_name, '.');

        if (dot && strcmp(dot, ".json") == 0) {
            judge_file(folder, entry->d_name);
            files++;
        }
    }
    closedir(dir);
    assert_true(files > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_texts_pass),
        cmocka_unit_test(invalid_texts_fail),
        cmocka_unit_test(each_prefix_of_a_valid_text_is_unfinished),
        cmocka_unit_test(scan_stops_at_the_same_byte_however_it_is_cut),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(tree_has_types_raw_bytes_and_order),
        cmocka_unit_test(strings_without_escapes_borrow_the_input),
        cmocka_unit_test(look_ups_chain),
        cmocka_unit_test(unsigned_takes_plain_integers_only),
        cmocka_unit_test(values_that_follow_each_other),
        cmocka_unit_test(errors_have_a_place),
        cmocka_unit_test(plain_agrees_with_a_byte_loop),
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(text_is_unescaped),
        cmocka_unit_test(string_has_quotes),
        cmocka_unit_test(collected_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
