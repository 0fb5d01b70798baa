/* test_play.c - captures played: nothing is lost between cuts, texts stay what they were, faults are where
 * they were asked for. */
#include "capture/capture.h"
#include "wire/wire.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- captures ------------------------------------------------------------------- */

/* A body that came in pieces of `step` bytes, one each millisecond. */
struct sample {
    struct qtc_capture capture;
    struct qtc_arrival *arrivals;
    char *body; /* nothing behind it, so that a sanitizer sees a byte too many */
};

static struct sample sample_of(struct qtc_bytes body, size_t step)
{
    struct sample s = {0};
    size_t count = 0;

    s.body = malloc(body.len > 0 ? body.len : 1);
    s.arrivals = calloc(body.len / step + 1, sizeof *s.arrivals);
    assert_non_null(s.body);
    assert_non_null(s.arrivals);
    if (body.len > 0) {
        memcpy(s.body, body.data, body.len);
    }
    for (size_t end = 0; end < body.len; count++) {
        end = end + step < body.len ? end + step : body.len;
        s.arrivals[count] = (struct qtc_arrival){(count + 1) * 1000000, end};
    }
    s.capture = (struct qtc_capture){.body = {s.body, body.len},
                                     .arrivals = s.arrivals,
                                     .arrival_count = count,
                                     .ended = (count + 1) * 1000000,
                                     .timed = true};
    return s;
}

static void sample_free(struct sample *s)
{
    free(s->body);
    free(s->arrivals);
}

static struct qtc_buf read_file(const char *name)
{
    struct qtc_buf b = {0};
    char block[4096];
    size_t n;
    FILE *f = fopen(name, "rb");

    assert_non_null(f);
    while ((n = fread(block, 1, sizeof block, f)) > 0) {
        qtc_buf_add(&b, block, n);
    }
    fclose(f);
    return b;
}

typedef void capture_test(const char *name, struct qtc_bytes body);

static void for_each_capture(capture_test *test)
{
    glob_t found;

    assert_int_equal(glob("tests/captures/*.sse", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct qtc_buf b = read_file(found.gl_pathv[i]);
        test(found.gl_pathv[i], qtc_buf_bytes(&b));
        qtc_buf_free(&b);
    }
    assert_true(found.gl_pathc > 10);
    globfree(&found);
}

/* ---- what comes out --------------------------------------------------------------- */

static struct qtc_pieces play_code(const struct qtc_capture *c, const struct qtc_play_options *o,
                                   enum qtc_code expected)
{
    struct qtc_pieces pieces = {0};
    struct qtc_error error = {0};
    enum qtc_code code = qtc_capture_play(c, o, qtc_pieces_keep, &pieces, &error);

    assert_int_equal(code, expected);
    if (code != QTC_OK) {
        assert_non_null(error.message);
        assert_int_equal(error.code, code);
    }
    for (size_t i = 0; i < pieces.count; i++) {
        assert_true(pieces.list[i].data.len > 0);
        assert_true(i == 0 || pieces.list[i].at >= pieces.list[i - 1].at);
        assert_true(!pieces.list[i].reset || i + 1 == pieces.count);
    }
    return pieces;
}

static struct qtc_buf joined(const struct qtc_pieces *p)
{
    struct qtc_buf b = {0};

    for (size_t i = 0; i < p->count; i++) {
        qtc_buf_put(&b, p->list[i].data);
    }
    return b;
}

static void assert_bytes(struct qtc_bytes got, struct qtc_bytes expected)
{
    if (!qtc_bytes_equal(got, expected)) {
        fail_msg("got:\n%.*s\nexpected:\n%.*s", (int)got.len, got.data != NULL ? got.data : "",
                 (int)expected.len, expected.data != NULL ? expected.data : "");
    }
}

static void assert_str(struct qtc_bytes got, const char *expected)
{
    assert_bytes(got, qtc_str(expected));
}

/* The body, played, in one. */
static struct qtc_buf play_text(struct qtc_bytes body, size_t step, const struct qtc_play_options *o)
{
    struct sample s = sample_of(body, step);
    struct qtc_pieces pieces = play_code(&s.capture, o, QTC_OK);
    struct qtc_buf b = joined(&pieces);

    qtc_pieces_free(&pieces);
    sample_free(&s);
    return b;
}

/* Pieces as `[1:ab][2:c]`: when, in milliseconds, and what; `!` behind a reset. */
static struct qtc_buf show(const struct qtc_pieces *p)
{
    struct qtc_buf b = {0};

    for (size_t i = 0; i < p->count; i++) {
        qtc_buf_byte(&b, '[');
        qtc_buf_u64(&b, p->list[i].at / 1000000);
        qtc_buf_byte(&b, ':');
        qtc_buf_put(&b, p->list[i].data);
        qtc_buf_byte(&b, ']');
        qtc_buf_str(&b, p->list[i].reset ? "!" : "");
    }
    return b;
}

static void check_pieces(struct qtc_bytes body, size_t step, const struct qtc_play_options *o,
                         const char *expected)
{
    struct sample s = sample_of(body, step);
    struct qtc_pieces pieces = play_code(&s.capture, o, QTC_OK);
    struct qtc_buf b = show(&pieces);

    assert_str(qtc_buf_bytes(&b), expected);
    qtc_buf_free(&b);
    qtc_pieces_free(&pieces);
    sample_free(&s);
}

/* ---- options ------------------------------------------------------------------------- */

static void test_split_parse(void **state)
{
    static const struct {
        const char *text;
        bool of_text;
        enum qtc_code code;
        enum qtc_split_by by;
        uint64_t n;
    } rows[] = {
        {"bytes:7", false, QTC_OK, QTC_SPLIT_BYTES, 7},
        {"chars:1", false, QTC_OK, QTC_SPLIT_CHARS, 1},
        {"lines", false, QTC_OK, QTC_SPLIT_LINES, 0},
        {"events", false, QTC_OK, QTC_SPLIT_EVENTS, 0},
        {"random:18446744073709551615", false, QTC_OK, QTC_SPLIT_RANDOM, UINT64_MAX},
        {"random:42", true, QTC_OK, QTC_SPLIT_RANDOM, 42},
        {"tokens:3", true, QTC_OK, QTC_SPLIT_TOKENS, 3},
        {"tokens:3", false, QTC_UNKNOWN, 0, 0},
        {"bytes:7", true, QTC_UNKNOWN, 0, 0},
        {"byte:7", false, QTC_UNKNOWN, 0, 0},
        {"", false, QTC_UNKNOWN, 0, 0},
        {"bytes", false, QTC_SYNTAX, 0, 0},
        {"bytes:", false, QTC_SYNTAX, 0, 0},
        {"bytes:0", false, QTC_SYNTAX, 0, 0},
        {"bytes:-1", false, QTC_SYNTAX, 0, 0},
        {"bytes:7x", false, QTC_SYNTAX, 0, 0},
        {"random:18446744073709551616", false, QTC_SYNTAX, 0, 0},
        {"lines:2", false, QTC_SYNTAX, 0, 0},
        {"lines:", false, QTC_SYNTAX, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct qtc_split split = {0};
        assert_int_equal(qtc_split_parse(rows[i].text, rows[i].of_text, &split), rows[i].code);
        if (rows[i].code == QTC_OK) {
            assert_int_equal(split.by, rows[i].by);
            assert_true(split.n == rows[i].n);
        }
    }
}

static void test_fault_parse(void **state)
{
    static const struct {
        const char *text;
        enum qtc_code code;
        struct qtc_fault fault;
    } rows[] = {
        {"cut@3", QTC_OK, {QTC_FAULT_CUT, 3, 0}},
        {"stall@2:500", QTC_OK, {QTC_FAULT_STALL, 2, 500}},
        {"error@1", QTC_OK, {QTC_FAULT_ERROR, 1, 0}},
        {"dup@10", QTC_OK, {QTC_FAULT_DUP, 10, 0}},
        {"corrupt@4", QTC_OK, {QTC_FAULT_CORRUPT, 4, 0}},
        {"reset@5", QTC_OK, {QTC_FAULT_RESET, 5, 0}},
        {"cuts@3", QTC_UNKNOWN, {0}},
        {"", QTC_UNKNOWN, {0}},
        {"cut", QTC_SYNTAX, {0}},
        {"cut@", QTC_SYNTAX, {0}},
        {"cut@0", QTC_SYNTAX, {0}},
        {"cut@3:5", QTC_SYNTAX, {0}},
        {"stall@3", QTC_SYNTAX, {0}},
        {"stall@3:", QTC_SYNTAX, {0}},
        {"stall@3:1000000001", QTC_SYNTAX, {0}},
        {"reset@99999999999999999999", QTC_SYNTAX, {0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct qtc_fault fault = {0};
        assert_int_equal(qtc_fault_parse(rows[i].text, &fault), rows[i].code);
        if (rows[i].code == QTC_OK) {
            assert_memory_equal(&fault, &rows[i].fault, sizeof fault);
        }
    }
}

/* ---- transport ------------------------------------------------------------------------- */

static struct qtc_play_options split_by(const char *text)
{
    struct qtc_play_options o = {0};

    assert_int_equal(qtc_split_parse(text, false, &o.split), QTC_OK);
    return o;
}

static void test_split_pieces(void **state)
{
    static const struct {
        const char *split;
        const char *body;
        size_t step;
        const char *expected;
    } rows[] = {
        {"bytes:3", "abcdefgh", 2, "[2:abc][3:def][4:gh]"},
        {"bytes:2", "abcdefgh", 8, "[1:ab][1:cd][1:ef][1:gh]"},
        {"bytes:100", "abc", 1, "[3:abc]"},
        {"bytes:1", "\xc3\xa9", 2, "[1:\xc3][1:\xa9]"},
        {"chars:1", "a\xc3\xa9\xe2\x82\xac", 1, "[1:a][3:\xc3\xa9][6:\xe2\x82\xac]"},
        {"chars:2", "a\xc3\xa9\xe2\x82\xac", 1, "[3:a\xc3\xa9][6:\xe2\x82\xac]"},
        {"chars:1", "\xf0\x9f\x98\x80\xff!", 3, "[2:\xf0\x9f\x98\x80][2:\xff][2:!]"},
        {"chars:1", "\xe2\x82", 1, "[2:\xe2][2:\x82]"},
        {"lines", "a\nbc\r\n\rd", 1, "[2:a\n][6:bc\r\n][7:\r][8:d]"},
        {"lines", "a\nbc\r\n\rd", 9, "[1:a\n][1:bc\r\n][1:\r][1:d]"},
        {"events", "data: 1\n\n: c\n\ndata: 2\n\n", 5, "[2:data: 1\n\n][3:: c\n\n][5:data: 2\n\n]"},
        {"events", "{\"a\":1}\n{\"b\":2}\n", 100, "[1:{\"a\":1}\n][1:{\"b\":2}\n]"},
        {"events", "{\"a\":\n1} {\"b\":2}\nx{}\n[3", 1, "[9:{\"a\":\n1} ][17:{\"b\":2}\n][21:x{}\n][23:[3]"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct qtc_play_options o = split_by(rows[i].split);
        check_pieces(qtc_str(rows[i].body), rows[i].step, &o, rows[i].expected);
    }
    check_pieces(qtc_str("abcde"), 2, &(struct qtc_play_options){0}, "[1:ab][2:cd][3:e]");
}

static void check_all_splits(const char *name, struct qtc_bytes body)
{
    static const char *const splits[] = {"bytes:1", "bytes:7", "chars:1",  "chars:5",
                                         "lines",   "events",  "random:1", "random:99"};
    static const size_t steps[] = {1, 3, 50, SIZE_MAX / 2};

    (void)name;
    for (size_t i = 0; i < COUNT(splits); i++) {
        struct qtc_play_options o = split_by(splits[i]);
        struct qtc_buf first = {0};
        for (size_t k = 0; k < COUNT(steps); k++) {
            size_t step = steps[k] < body.len ? steps[k] : body.len;
            struct sample s = sample_of(body, step);
            struct qtc_pieces pieces = play_code(&s.capture, &o, QTC_OK);
            struct qtc_buf all = joined(&pieces);
            struct qtc_buf cuts = {0};
            assert_bytes(qtc_buf_bytes(&all), body);
            for (size_t p = 0; p < pieces.count; p++) {
                qtc_buf_u64(&cuts, pieces.list[p].data.len);
                qtc_buf_byte(&cuts, ' ');
            }
            if (k == 0) {
                qtc_buf_put(&first, qtc_buf_bytes(&cuts));
            }
            assert_bytes(qtc_buf_bytes(&cuts), qtc_buf_bytes(&first)); /* the same, however it came */
            qtc_buf_free(&cuts);
            qtc_buf_free(&all);
            qtc_pieces_free(&pieces);
            sample_free(&s);
        }
        qtc_buf_free(&first);
    }
}

static void test_splits_keep_bytes(void **state)
{
    (void)state;
    for_each_capture(check_all_splits);
}

static void test_random_is_the_same_everywhere(void **state)
{
    struct qtc_play_options o = split_by("random:42");
    char body[1000];
    struct qtc_buf cuts = {0};

    (void)state;
    memset(body, 'x', sizeof body);
    struct sample s = sample_of(qtc_bytes(body, sizeof body), sizeof body);
    struct qtc_pieces pieces = play_code(&s.capture, &o, QTC_OK);
    for (size_t i = 0; i < 8; i++) {
        qtc_buf_u64(&cuts, pieces.list[i].data.len);
        qtc_buf_byte(&cuts, ' ');
    }
    assert_str(qtc_buf_bytes(&cuts), "22 4 19 21 51 7 30 37 ");
    qtc_buf_free(&cuts);
    qtc_pieces_free(&pieces);
    sample_free(&s);
}

/* ---- what a client reads of a stream ---------------------------------------------------- */

enum { SLOTS_MAX = 64 };

/* Every text, by its place; everything else, in its order. */
struct reading {
    struct {
        struct qtc_buf name, text;
    } slots[SLOTS_MAX];
    size_t count;
    struct qtc_buf rest;
    size_t longest; /* piece of text, in bytes */
    size_t pieces;
};

static struct qtc_buf *slot(struct reading *r, struct qtc_bytes name)
{
    size_t i = 0;

    while (i < r->count && !qtc_bytes_equal(qtc_buf_bytes(&r->slots[i].name), name)) {
        i++;
    }
    assert_true(i < SLOTS_MAX);
    if (i == r->count) {
        r->count++;
        qtc_buf_put(&r->slots[i].name, name);
    }
    return &r->slots[i].text;
}

/* All strings in a choice but names, ids and reasons are texts. */
static void read_value(struct reading *r, struct qtc_buf *path, const struct qtc_json *v)
{
    static const char *const texts[] = {"content", "reasoning_content", "reasoning", "arguments", "text"};
    bool text = false;

    for (size_t i = 0; i < COUNT(texts); i++) {
        text = text || qtc_bytes_is(v->key, texts[i]);
    }
    if (v->type == QTC_JSON_STRING && text) {
        if (v->text.len > 0) {
            qtc_buf_put(slot(r, qtc_buf_bytes(path)), v->text);
            r->longest = v->text.len > r->longest ? v->text.len : r->longest;
            r->pieces++;
        }
    } else if (v->type == QTC_JSON_OBJECT || v->type == QTC_JSON_ARRAY) {
        size_t len = path->len;
        const struct qtc_json *index = qtc_json_get(v, "index");
        for (const struct qtc_json *m = v->first; m != NULL; m = m->next) {
            qtc_buf_byte(path, '/');
            qtc_buf_put(path, m->key.len > 0 ? m->key : index != NULL ? index->raw : qtc_str(""));
            if (v->type == QTC_JSON_ARRAY && qtc_json_get(m, "index") != NULL) {
                qtc_buf_put(path, qtc_json_get(m, "index")->raw);
            }
            read_value(r, path, m);
            path->len = len;
        }
    } else if (!qtc_bytes_is(v->key, "index") && v->type != QTC_JSON_NULL) {
        qtc_buf_put(&r->rest, qtc_buf_bytes(path));
        qtc_buf_put(&r->rest, v->raw);
    }
}

static bool read_event(void *ctx, const struct qtc_sse_event *event)
{
    struct reading *r = ctx;
    struct qtc_arena arena = {0};
    struct qtc_error error;
    struct qtc_buf path = {0};
    const struct qtc_json *chunk = qtc_json_read(&arena, event->data, &error);
    const struct qtc_json *choices = qtc_json_get(chunk, "choices");

    if (choices != NULL) {
        read_value(r, &path, choices);
    }
    if (chunk == NULL || qtc_json_get(chunk, "usage") != NULL || choices == NULL) {
        qtc_buf_put(&r->rest, event->data);
    }
    qtc_buf_free(&path);
    qtc_arena_free(&arena);
    return true;
}

static struct reading read_stream(struct qtc_bytes stream)
{
    struct reading r = {0};
    struct qtc_sse_options options = {.split_json_lines = true};
    struct qtc_sse_decoder *d = qtc_sse_decoder_new(&options, read_event, &r);

    assert_non_null(d);
    assert_int_equal(qtc_sse_decoder_feed(d, stream.data, stream.len), QTC_OK);
    assert_int_equal(qtc_sse_decoder_finish(d), QTC_OK);
    qtc_sse_decoder_free(d);
    return r;
}

static void reading_free(struct reading *r)
{
    for (size_t i = 0; i < r->count; i++) {
        qtc_buf_free(&r->slots[i].name);
        qtc_buf_free(&r->slots[i].text);
    }
    qtc_buf_free(&r->rest);
}

static void assert_same_reading(const struct reading *a, const struct reading *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_bytes(qtc_buf_bytes(&a->slots[i].name), qtc_buf_bytes(&b->slots[i].name));
        assert_bytes(qtc_buf_bytes(&a->slots[i].text), qtc_buf_bytes(&b->slots[i].text));
    }
    assert_bytes(qtc_buf_bytes(&a->rest), qtc_buf_bytes(&b->rest));
}

/* ---- content ------------------------------------------------------------------------------ */

static struct qtc_play_options resplit_by(const char *text)
{
    struct qtc_play_options o = {0};

    assert_int_equal(qtc_split_parse(text, true, &o.resplit), QTC_OK);
    return o;
}

static void check_resplit(struct qtc_bytes body, const struct qtc_play_options *o,
                          const struct reading *before)
{
    struct qtc_buf whole = play_text(body, body.len, o);
    struct qtc_buf cut = play_text(body, 11, o);
    struct reading after = read_stream(qtc_buf_bytes(&whole));

    assert_bytes(qtc_buf_bytes(&cut), qtc_buf_bytes(&whole)); /* however it came */
    assert_same_reading(&after, before);
    assert_true(o->resplit.by != QTC_SPLIT_RANDOM || after.longest <= before->longest + 16 * 4);
    reading_free(&after);
    qtc_buf_free(&whole);
    qtc_buf_free(&cut);
}

static void check_resplits(const char *name, struct qtc_bytes body)
{
    struct reading before = read_stream(body);

    (void)name;
    for (uint64_t n = 1; n <= 100; n++) {
        struct qtc_play_options random = {.resplit = {QTC_SPLIT_RANDOM, n}};
        struct qtc_play_options tokens = {.resplit = {QTC_SPLIT_TOKENS, n}};
        check_resplit(body, &random, &before);
        if (n <= 10) {
            check_resplit(body, &tokens, &before);
        }
    }
    reading_free(&before);
}

static void test_resplit_keeps_texts(void **state)
{
    (void)state;
    for_each_capture(check_resplits);
}

#define CHUNK(delta)  "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":" delta "}]}\n\n"
#define CONTENT(text) CHUNK("{\"content\":\"" text "\"}")

static void test_resplit_pieces(void **state)
{
    static const struct {
        const char *how, *body, *expected;
    } rows[] = {
        {"tokens:1", CONTENT("Hello wor") CONTENT("ld, 12345  if\\n\\n\\t\\tx"),
         CONTENT("Hello") CONTENT(" world") CONTENT(",") CONTENT(" ") CONTENT("123") CONTENT("45")
             CONTENT(" ") CONTENT(" if") CONTENT("\\n\\n") CONTENT("\\t") CONTENT("\\tx")},
        {"tokens:2", CONTENT("a b c d e"), CONTENT("a b") CONTENT(" c d") CONTENT(" e")},
        {"tokens:99", CONTENT("a") CONTENT("b") CONTENT("c"), CONTENT("abc")},
        {"tokens:1", CONTENT("aaaaaaaaaaaaaaaaaaaaa"), CONTENT("aaaaaaaaaaaaaaaa") CONTENT("aaaaa")},
        {"tokens:1", CONTENT("\xe4\xb8\xad\xe6\x96\x87\\ud83d\\ude00\xc3\xa9\\u00e9"),
         CONTENT("\xe4\xb8\xad") CONTENT("\xe6\x96\x87") CONTENT("\\ud83d\\ude00")
             CONTENT("\xc3\xa9\\u00e9")},
        /* what is not text ends a run, and passes */
        {"tokens:9", CONTENT("a") ": c\n\n" CONTENT("b"), CONTENT("a") ": c\n\n" CONTENT("b")},
        {"tokens:9", CONTENT("a") CONTENT("") CONTENT("b"), CONTENT("a") CONTENT("") CONTENT("b")},
        {"tokens:9", CONTENT("a") "data: [DONE]\n\n", CONTENT("a") "data: [DONE]\n\n"},
        {"tokens:1", CHUNK("{\"role\":\"assistant\",\"content\":\"a b\"}") CONTENT("c d"),
         CHUNK("{\"role\":\"assistant\",\"content\":\"a b\"}") CONTENT("c") CONTENT(" d")},
        {"tokens:1", CHUNK("{\"content\":\"a b\",\"reasoning\":\"c d\"}"),
         CHUNK("{\"content\":\"a b\",\"reasoning\":\"c d\"}")},
        {"tokens:1",
         CHUNK("{\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{\"arguments\":\"a b\"}}]}"),
         CHUNK("{\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{\"arguments\":\"a b\"}}]}")},
        {"tokens:1", "data: {\"choices\":[{\"delta\":{\"content\":\"a b\"},\"finish_reason\":\"stop\"}]}\n\n",
         "data: {\"choices\":[{\"delta\":{\"content\":\"a b\"},\"finish_reason\":\"stop\"}]}\n\n"},
        {"tokens:1", "data: {\"choices\":[{\"delta\":{\"content\":\"a b\"}}],\"usage\":{\"n\":1}}\n\n",
         "data: {\"choices\":[{\"delta\":{\"content\":\"a b\"}}],\"usage\":{\"n\":1}}\n\n"},
        {"tokens:1", "data: {\"choices\":[\ndata: {\"delta\":{\"content\":\"a b\"}}]}\n\n",
         "data: {\"choices\":[\ndata: {\"delta\":{\"content\":\"a b\"}}]}\n\n"},
        /* copies of a last event without an end would run into each other */
        {"tokens:1", "data: {\"choices\":[{\"text\":\"a b\"}]}\n",
         "data: {\"choices\":[{\"text\":\"a b\"}]}\n"},
        {"tokens:1", "{\"choices\":[{\"text\":\"a b\"}]}", "{\"choices\":[{\"text\":\"a b\"}]}"},
        /* halves of characters stay apart */
        {"tokens:9", CONTENT("\\ud83d") CONTENT("\\ude00"), CONTENT("\\ud83d") CONTENT("\\ude00")},
        {"tokens:9", CONTENT("\xc3") CONTENT("\xa9"), CONTENT("\xc3") CONTENT("\xa9")},
        /* a role that is repeated, arguments, older dialects, lines */
        {"tokens:1",
         CHUNK("{\"role\":\"assistant\",\"content\":\"a b\"}")
             CHUNK("{\"role\":\"assistant\",\"content\":\"c\"}"),
         CHUNK("{\"role\":\"assistant\",\"content\":\"a\"}")
             CHUNK("{\"role\":\"assistant\",\"content\":\" bc\"}")},
        {"tokens:1",
         CHUNK("{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":null,\"arguments\":\"{\\\"a\"}}]}")
             CHUNK("{\"tool_calls\":[{\"index\":1,\"function\":{\"name\":null,\"arguments\":\"a\"}}]}"),
         CHUNK("{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":null,\"arguments\":\"{\\\"\"}}]}")
             CHUNK("{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":null,\"arguments\":\"a\"}}]}")
                 CHUNK("{\"tool_calls\":[{\"index\":1,\"function\":{\"name\":null,\"arguments\":\"a\"}}]}")},
        {"tokens:1", CHUNK("{\"function_call\":{\"arguments\":\"a b\"}}"),
         CHUNK("{\"function_call\":{\"arguments\":\"a\"}}")
             CHUNK("{\"function_call\":{\"arguments\":\" b\"}}")},
        {"tokens:1", "id: 1\ndata:{\"choices\":[{\"text\":\"a b\"}]}\r\n\r\n",
         "id: 1\ndata:{\"choices\":[{\"text\":\"a\"}]}\r\n\r\nid: 1\ndata:{\"choices\":[{\"text\":\" "
         "b\"}]}\r\n\r\n"},
        {"tokens:1", "{\"choices\":[{\"text\":\"a b\"}]}\n",
         "{\"choices\":[{\"text\":\"a\"}]}\n{\"choices\":[{\"text\":\" b\"}]}\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct qtc_play_options o = resplit_by(rows[i].how);
        struct qtc_buf b = play_text(qtc_str(rows[i].body), 5, &o);
        assert_str(qtc_buf_bytes(&b), rows[i].expected);
        qtc_buf_free(&b);
    }
}

/* A piece goes out when its last character has come. */
static void test_resplit_times(void **state)
{
    static const char *const chunks[] = {CONTENT("a b"), CONTENT(" c"), CONTENT("d "), CONTENT(" "),
                                         CONTENT("e")};
    struct qtc_arrival arrivals[COUNT(chunks)];
    struct qtc_buf body = {0};
    struct qtc_play_options o = resplit_by("tokens:1");
    static const struct {
        const char *text;
        uint64_t at;
    } expected[] = {{"\"a\"", 10}, {"\" b\"", 10}, {"\" cd\"", 30}, {"\" \"", 30}, {"\" e\"", 50}};

    (void)state;
    for (size_t i = 0; i < COUNT(chunks); i++) {
        qtc_buf_str(&body, chunks[i]);
        arrivals[i] = (struct qtc_arrival){10 * (i + 1), body.len};
    }
    struct qtc_capture capture = {
        .body = qtc_buf_bytes(&body), .arrivals = arrivals, .arrival_count = COUNT(arrivals), .timed = true};
    struct qtc_pieces pieces = play_code(&capture, &o, QTC_OK);
    assert_int_equal(pieces.count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        struct qtc_bytes data = pieces.list[i].data;
        assert_non_null(memmem(data.data, data.len, expected[i].text, strlen(expected[i].text)));
        assert_int_equal(pieces.list[i].at, expected[i].at);
    }
    qtc_pieces_free(&pieces);
    qtc_buf_free(&body);
}

/* ---- whole answers --------------------------------------------------------------------------- */

static bool on_event(void *ctx, const struct qtc_sse_event *event)
{
    return qtc_openai_reader_event(ctx, event) == QTC_OK;
}

/* What qtc-sse -o message makes of a stream, or of an answer. */
static struct qtc_buf message_of(struct qtc_bytes text)
{
    struct qtc_buf out = {0};
    struct qtc_writer_options writing = {.out = &out};
    struct qtc_stream_options reading = {.no_repair = true};
    struct qtc_error error;
    struct qtc_writer *w = qtc_output_find("message")->open(&writing);
    struct qtc_stream *s = qtc_stream_new(&reading, qtc_writer_sink, w);
    struct qtc_openai_reader *r = qtc_openai_reader_new(s);
    struct qtc_sse_decoder *d = qtc_sse_decoder_new(NULL, on_event, r);

    assert_non_null(r);
    assert_non_null(d);
    if (text.data[0] == '{') {
        assert_int_equal(qtc_openai_reader_json(r, text, 1, &error), QTC_OK);
    } else {
        assert_int_equal(qtc_sse_decoder_feed(d, text.data, text.len), QTC_OK);
    }
    assert_int_equal(qtc_openai_reader_end(r), QTC_OK);
    assert_true(w->finish(w));
    qtc_sse_decoder_free(d);
    qtc_openai_reader_free(r);
    qtc_stream_free(s);
    w->free(w);
    return out;
}

#define ANSWER(message, reason)                                                                              \
    "{\"id\":\"r1\",\n\"object\":\"chat.completion\",\"created\":7,\"model\":\"m\",\"x\":1,\"choices\":[{"   \
    "\"index\":0,\"message\":" message ",\"logprobs\":null,\"finish_reason\":\"" reason "\"}],"              \
    "\"usage\":{\n \"total_tokens\":3},\"system_fingerprint\":\"fp\"}"

static void test_simulate_messages(void **state)
{
    static const char *const answers[] = {
        ANSWER("{\"role\":\"assistant\",\"content\":\"One two.\\n\\u00e9\\ud83d\\ude00 \xf0\x9f\x98\x80\"}",
               "stop"),
        ANSWER("{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\","
               "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\": 1.0}\"}},{\"id\":\"b\",\"type\":"
               "\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"\"}}]}",
               "tool_calls"),
        ANSWER("{\"role\":\"assistant\",\"content\":\"c d\",\"tool_calls\":[],\"reasoning_content\":\"a b\"}",
               "length"),
        ANSWER("{\"role\":\"assistant\",\"content\":\"c d\",\"reasoning\":\"a b\",\"reasoning_content\":\"a "
               "b\"}",
               "stop"),
        ANSWER("{\"role\":\"assistant\",\"content\":null,\"function_call\":{\"name\":\"f\",\"arguments\":\"{ "
               "}\"}}",
               "function_call"),
    };
    static const char *const splits[] = {NULL, "tokens:3", "random:7"};

    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct qtc_buf expected = message_of(qtc_str(answers[i]));
        for (size_t k = 0; k < COUNT(splits); k++) {
            struct qtc_play_options o =
                splits[k] != NULL ? resplit_by(splits[k]) : (struct qtc_play_options){0};
            o.simulate = true;
            struct qtc_buf stream = play_text(qtc_str(answers[i]), 100, &o);
            struct qtc_buf got = message_of(qtc_buf_bytes(&stream));
            assert_bytes(qtc_buf_bytes(&got), qtc_buf_bytes(&expected));
            qtc_buf_free(&stream);
            qtc_buf_free(&got);
        }
        qtc_buf_free(&expected);
    }
}

#define ENVELOPE                                                                                             \
    "data: {\"id\":\"r1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\","               \
    "\"system_fingerprint\":\"fp\",\"choices\":["
#define DELTA(delta)      ENVELOPE "{\"index\":0,\"delta\":" delta ",\"finish_reason\":null}]}\n\n"
#define CALL(index, rest) DELTA("{\"tool_calls\":[{\"index\":" #index "," rest "}]}")
#define ROLE              DELTA("{\"role\":\"assistant\",\"content\":\"\"}")
#define ENDING(reason)                                                                                       \
    ENVELOPE "{\"index\":0,\"delta\":{},\"finish_reason\":\"" reason "\"}]}\n\n" ENVELOPE                    \
             "],\"usage\":{ \"total_tokens\":3}}\n\ndata: [DONE]\n\n"

static void test_simulate_bytes(void **state)
{
    static const struct {
        const char *body, *expected;
    } rows[] = {
        {ANSWER("{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{"
                "\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1}\"}},{\"type\":\"function\",\"function\":{"
                "\"arguments\":{"
                "\"y\":2},\"name\":\"g\"}}],\"content\":\"a b\",\"refusal\":null,\"annotations\":[{}],"
                "\"reasoning\":\"c\"}",
                "tool_calls"),
         ROLE DELTA("{\"reasoning\":\"c\"}") DELTA("{\"content\":\"a\"}") DELTA("{\"content\":\" b\"}")
             DELTA("{\"annotations\":[{}]}") CALL(
                 0, "\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}")
                 CALL(0, "\"function\":{\"arguments\":\"{\\\"\"}") CALL(0,
                                                                        "\"function\":{\"arguments\":\"x\"}")
                     CALL(0, "\"function\":{\"arguments\":\"\\\":\"}") CALL(
                         0, "\"function\":{\"arguments\":\"1\"}")
                         CALL(0, "\"function\":{\"arguments\":\"}\"}") CALL(
                             1, "\"type\":\"function\",\"function\":{\"arguments\":{\"y\":2},\"name\":\"g\"}")
                             ENDING("tool_calls")},
        {ANSWER("{\"content\":\"a\",\"reasoning\":\"b\",\"reasoning_content\":\"b\"}", "stop"),
         ROLE DELTA("{\"reasoning_content\":\"b\",\"reasoning\":\"b\"}") DELTA("{\"content\":\"a\"}")
             ENDING("stop")},
        /* two choices, one that says more of itself */
        {"{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\",\"stop_reason\":5},{"
         "\"message\":{}}]}",
         "data: "
         "{\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
         "\"content\":\"\"},\"finish_reason\":null}]}\n\n"
         "data: "
         "{\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
         "\"finish_reason\":null}]}\n\n"
         "data: "
         "{\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"
         "\"stop\","
         "\"stop_reason\":5}]}\n\n"
         "data: "
         "{\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":1,\"delta\":{\"role\":\"assistant\","
         "\"content\":\"\"},\"finish_reason\":null}]}\n\n"
         "data: "
         "{\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":1,\"delta\":{},\"finish_reason\":"
         "null}]}\n\n"
         "data: [DONE]\n\n"},
        /* the legacy API */
        {"{\"id\":\"t\",\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":\"a "
         "b\",\"finish_reason\":"
         "\"length\"}]}",
         "data: "
         "{\"id\":\"t\",\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":\"a\",\"finish_"
         "reason\":"
         "null}]}\n\n"
         "data: {\"id\":\"t\",\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":\" "
         "b\",\"finish_reason\":"
         "null}]}\n\n"
         "data: "
         "{\"id\":\"t\",\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":\"\",\"finish_"
         "reason\":"
         "\"length\"}]}\n\n"
         "data: [DONE]\n\n"},
        /* JSON Lines, one value on two of them; [DONE] is added where it is missing */
        {"\xef\xbb\xbf {\"choices\":[{\"delta\":{\"content\":\"a "
         "b\"}}]}\r\n\n{\"choices\":\n[],\"usage\":{}}",
         "data: {\"choices\":[{\"delta\":{\"content\":\"a b\"}}]}\n\ndata: {\"choices\":[],\"usage\":{}}\n\n"
         "data: [DONE]\n\n"},
        {"{\"choices\":[{\"text\":\"a\",\"finish_reason\":null}]}\n{\"choices\":[{\"text\":\"\",\"finish_"
         "reason\":"
         "\"stop\"}]}\n[DONE]\n",
         "data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":null}]}\n\ndata: "
         "{\"choices\":[{\"text\":\"\","
         "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"},
        {"{\"error\":{\"message\":\"no\"}}", "data: {\"error\":{\"message\":\"no\"}}\n\ndata: [DONE]\n\n"},
        {"{\"object\":\"error\",\"message\":\"no\"}",
         "data: {\"object\":\"error\",\"message\":\"no\"}\n\ndata: [DONE]\n\n"},
        /* a stream is one */
        {": c\n\ndata: x\n\ndata: y", ": c\n\ndata: x\n\ndata: y"},
    };
    struct qtc_play_options o = {.simulate = true};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct qtc_buf b = play_text(qtc_str(rows[i].body), 9, &o);
        assert_str(qtc_buf_bytes(&b), rows[i].expected);
        qtc_buf_free(&b);
    }
}

static void test_simulate_refuses(void **state)
{
    static const char *const bodies[] = {
        "",
        "<html>\n<p>502 Bad Gateway</p>\n</html>\n",
        "{\"a\":1}",
        "[]",
        "[1,2]",
        "{\"choices\":[{\"message\":{\"content\":\"a",
        "{\"choices\":[{\"delta\":{}}]}\nnot JSON\n",
        "{\"choices\":7}",
    };
    struct qtc_play_options o = {.simulate = true};

    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct sample s = sample_of(qtc_str(bodies[i]), 4);
        struct qtc_pieces pieces = play_code(&s.capture, &o, QTC_TYPE);
        qtc_pieces_free(&pieces);
        sample_free(&s);
    }
}

static void check_simulate(const char *name, struct qtc_bytes body)
{
    struct qtc_play_options o = {.simulate = true};

    if (body.data[0] == 'd' || body.data[0] == ':') {
        struct qtc_buf b = play_text(body, 100, &o);
        assert_bytes(qtc_buf_bytes(&b), body);
        qtc_buf_free(&b);
    } else if (strstr(name, "whole") != NULL) {
        struct qtc_buf b = play_text(body, 100, &o);
        struct qtc_buf got = message_of(qtc_buf_bytes(&b));
        struct qtc_buf expected = message_of(body);
        assert_bytes(qtc_buf_bytes(&got), qtc_buf_bytes(&expected));
        qtc_buf_free(&b);
        qtc_buf_free(&got);
        qtc_buf_free(&expected);
    }
}

static void test_simulate_captures(void **state)
{
    (void)state;
    for_each_capture(check_simulate);
}

/* ---- faults and times ---------------------------------------------------------------------------- */

#define E1 "data: {\"a\":1}\n\n"
#define E2 "data: {\"b\":\"\xc3\xa9\"}\n\n"
#define E3 "data: [DONE]\n\n"
#define ENGINE                                                                                               \
    "{\"error\":{\"message\":\"the engine died while it was answering\",\"type\":\"server_error\","          \
    "\"param\":null,\"code\":500}}\n"

static void test_faults(void **state)
{
    static const struct {
        const char *faults[4];
        const char *body, *expected;
    } rows[] = {
        {{"cut@2"}, E1 ":c\n\n" E2 E3, "[1:" E1 "][1::c\n\n][1:data: {\"b\":]"},
        {{"cut@1"}, "data: {\xf0\x9f\x98\x80}\n\n", "[1:data: {]"},
        {{"reset@2"}, E1 E2 E3, "[1:" E1 "][1:data: {\"b\":]!"},
        {{"stall@2:500"}, E1 E2 E3, "[1:" E1 "][501:" E2 "][501:" E3 "]"},
        {{"stall@1:5", "stall@3:5"}, E1 E2 E3, "[6:" E1 "][6:" E2 "][11:" E3 "]"},
        {{"error@2"}, E1 E2 E3, "[1:" E1 "][1:data: " ENGINE "\n]"},
        {{"error@2"}, "{\"a\":1}\n{\"b\":2}\n", "[1:{\"a\":1}\n][1:" ENGINE "]"},
        {{"dup@2"}, E1 E2 E3, "[1:" E1 "][1:" E2 "][1:" E2 "][1:" E3 "]"},
        {{"dup@1"}, "data: 1", "[1:data: 1][1:\n\n][1:data: 1]"},
        {{"dup@2"}, "{}\n{}", "[1:{}\n][1:{}][1:\n][1:{}]"},
        {{"corrupt@1", "corrupt@3"}, E1 E2 E3, "[1:data: {a\":1}\n\n][1:" E2 "][1:data: [DONE\n\n]"},
        {{"corrupt@1"}, ": \"\ndata: {\ndata: \"a\":1}\n\n", "[1:: \"\ndata: {\ndata: a\":1}\n\n]"},
        {{"corrupt@1"}, "data: [\ndata: ]\n\n", "[1:data: [\ndata: \n\n]"},
        {{"corrupt@1"}, "data:\n\n", "[1:data:\n\n]"},
        {{"corrupt@1", "dup@1"}, E1, "[1:data: {a\":1}\n\n][1:data: {a\":1}\n\n]"},
        {{"dup@1", "corrupt@1", "cut@1", "stall@1:9"}, E1, "[10:data: {a\":1}\n\n][10:data: {a\"]"},
        {{"cut@1", "cut@2"}, E1 E2, "[1:data: {\"a]"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct qtc_fault faults[4];
        struct qtc_play_options o = {.faults = faults};
        while (o.fault_count < 4 && rows[i].faults[o.fault_count] != NULL) {
            assert_int_equal(qtc_fault_parse(rows[i].faults[o.fault_count], &faults[o.fault_count]), QTC_OK);
            o.fault_count++;
        }
        check_pieces(qtc_str(rows[i].body), 1000, &o, rows[i].expected);
    }
}

static void test_fault_at_no_event(void **state)
{
    static const struct qtc_fault faults[] = {{QTC_FAULT_CUT, 1, 0}, {QTC_FAULT_DUP, 4, 0}};
    struct sample s = sample_of(qtc_str(E1 E2 E3), 10);

    (void)state;
    for (size_t from = 0; from < 2; from++) {
        struct qtc_play_options o = {.faults = faults + from, .fault_count = 2 - from};
        struct qtc_pieces pieces = play_code(&s.capture, &o, QTC_UNKNOWN);
        assert_int_equal(pieces.count, from == 0 ? 1 : 3);
        qtc_pieces_free(&pieces);
    }
    sample_free(&s);
}

static void test_gap(void **state)
{
    static const struct qtc_fault stall = {QTC_FAULT_STALL, 2, 100};
    struct qtc_play_options o = {.gap = 20000000};

    (void)state;
    check_pieces(qtc_str(": c\n\n" E1 ": d\n\n" E2 E3), 1, &o,
                 "[0:: c\n\n][0:" E1 "][0:: d\n\n][20:" E2 "][40:" E3 "]");
    o.faults = &stall;
    o.fault_count = 1;
    check_pieces(qtc_str(E1 E2 E3), 1, &o, "[0:" E1 "][120:" E2 "][140:" E3 "]");
}

/* Split comes last: it cuts what the others made, and the reset is behind its last piece. */
static void test_stages_together(void **state)
{
    static const struct qtc_fault reset = {QTC_FAULT_RESET, 2, 0};
    struct qtc_play_options o = split_by("bytes:10");

    (void)state;
    o.faults = &reset;
    o.fault_count = 1;
    o.gap = 1000000;
    check_pieces(qtc_str(E1 E2 E3), 1, &o, "[0:data: {\"a\"][1::1}\n\ndata:][1: {\"b\":]!");
    o.split.n = 4;
    check_pieces(qtc_str("data: {}\n\ndata: 1234\n\n"), 1, &o, "[0:data][0:: {}][1:\n\nda][1:ta: ][1:12]!");
    o.split.n = 6;
    check_pieces(qtc_str("data: {}\n\ndata: 1234\n\n"), 1, &o, "[0:data: ][1:{}\n\nda][1:ta: 12]!");
}

/* ---- the end ----------------------------------------------------------------------------------------- */

struct stop {
    size_t after;
};

static bool stop_after(void *ctx, const struct qtc_piece *piece)
{
    struct stop *stop = ctx;

    (void)piece;
    return --stop->after > 0;
}

static void test_sink_stops(void **state)
{
    struct qtc_fault dup = {QTC_FAULT_DUP, 1, 0};
    const struct qtc_play_options options[] = {{0},
                                               split_by("chars:1"),
                                               split_by("events"),
                                               resplit_by("tokens:1"),
                                               {.simulate = true},
                                               {.gap = 5},
                                               {.faults = &dup, .fault_count = 1}};
    struct sample s = sample_of(qtc_str(CONTENT("a b c") CONTENT("d e f") "data: [DONE]\n\n"), 20);

    (void)state;
    for (size_t i = 0; i < COUNT(options); i++) {
        for (size_t after = 1; after <= 3; after++) {
            struct stop stop = {after};
            assert_int_equal(qtc_capture_play(&s.capture, &options[i], stop_after, &stop, NULL), QTC_STOPPED);
            assert_int_equal(stop.after, 0);
        }
    }
    sample_free(&s);
}

/* An event of more than 64 MiB is not held. */
static void test_limit(void **state)
{
    size_t len = ((size_t)64 << 20) + 100;
    char *body = malloc(len);
    struct qtc_play_options o = split_by("events");

    (void)state;
    assert_non_null(body);
    memset(body, 'x', len);
    struct qtc_arrival arrival = {0, len};
    struct qtc_capture c = {.body = {body, len}, .arrivals = &arrival, .arrival_count = 1};
    struct qtc_pieces pieces = play_code(&c, &o, QTC_LIMIT);
    qtc_pieces_free(&pieces);
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_parse),
        cmocka_unit_test(test_fault_parse),
        cmocka_unit_test(test_split_pieces),
        cmocka_unit_test(test_splits_keep_bytes),
        cmocka_unit_test(test_random_is_the_same_everywhere),
        cmocka_unit_test(test_resplit_keeps_texts),
        cmocka_unit_test(test_resplit_pieces),
        cmocka_unit_test(test_resplit_times),
        cmocka_unit_test(test_simulate_messages),
        cmocka_unit_test(test_simulate_bytes),
        cmocka_unit_test(test_simulate_refuses),
        cmocka_unit_test(test_simulate_captures),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_fault_at_no_event),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_stages_together),
        cmocka_unit_test(test_sink_stops),
        cmocka_unit_test(test_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
