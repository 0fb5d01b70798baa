/* test_timeline.c - the picture of a response: what is in it, and that it is XML of a bounded size whatever
 * the response holds. */
#include "capture/capture.h"
#include "capture/svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- is it XML? ---------------------------------------------------------------- */

enum { MAX_DEPTH = 8, MAX_SIZE = 2000000 };

static size_t character(const char *p, size_t n)
{
    size_t len = qtc_utf8_char(p, n);

    assert_true(len > 0);
    assert_true((unsigned char)*p >= 0x20 || *p == '\n');
    assert_false(len == 3 && memcmp(p, "\xef\xbf", 2) == 0 &&
                 (unsigned char)p[2] >= 0xbe); /* U+FFFE, U+FFFF */
    return len;
}

/* Behind `&`. */
static size_t entity(const char *p)
{
    static const char *const names[] = {"amp;", "lt;", "gt;", "quot;"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strncmp(p, names[i], strlen(names[i])) == 0) {
            return strlen(names[i]);
        }
    }
    fail_msg("no entity: %.20s", p);
    return 0;
}

/* Behind `<`: the tag's end. Attributes are quoted and hold no `<`. */
static size_t tag(const char *p, const char *names[MAX_DEPTH], size_t *depth)
{
    size_t len = strcspn(p, "<>"), name = strcspn(p, " />");

    assert_int_equal(p[len], '>');
    if (p[0] == '/') {
        assert_true(*depth > 0);
        name = strcspn(p + 1, ">");
        --*depth;
        assert_int_equal(strncmp(names[*depth], p + 1, name), 0);
        assert_true(strchr(" />", names[*depth][name]) != NULL);
    } else if (p[len - 1] != '/') {
        assert_true(name > 0 && *depth < MAX_DEPTH);
        names[(*depth)++] = p;
    }
    for (size_t quotes = 0, i = 0; i <= len; i++) {
        quotes += p[i] == '"';
        assert_true(i < len || quotes % 2 == 0);
    }
    return len + 1;
}

static void check_xml(const struct qtc_buf *svg)
{
    const char *names[MAX_DEPTH];
    size_t depth = 0;

    assert_true(svg->len < MAX_SIZE);
    for (size_t i = 0; i + 1 < svg->len;) { /* a 0 is its end */
        const char *p = svg->data + i;
        i += *p == '<'   ? 1 + tag(p + 1, names, &depth)
             : *p == '&' ? 1 + entity(p + 1)
                         : character(p, svg->len - i);
    }
    assert_int_equal(depth, 0);
}

/* ---- drawing ----------------------------------------------------------------------- */

/* The caller frees it. */
static struct qtc_buf draw(const struct qtc_capture *c)
{
    struct qtc_buf svg = {0}, again = {0};

    assert_int_equal(qtc_timeline(&svg, c, NULL, qtc_str("a <title> & \x01 more")), QTC_OK);
    assert_int_equal(qtc_timeline(&again, c, NULL, qtc_str("a <title> & \x01 more")), QTC_OK);
    assert_true(qtc_bytes_equal(qtc_buf_bytes(&svg), qtc_buf_bytes(&again)));
    qtc_buf_free(&again);
    qtc_buf_byte(&svg, 0);
    check_xml(&svg);
    assert_non_null(strstr(svg.data, "a &lt;title&gt; &amp; \xef\xbf\xbd more"));
    return svg;
}

static size_t count(const struct qtc_buf *svg, const char *what)
{
    size_t n = 0;

    for (const char *p = svg->data; (p = strstr(p, what)) != NULL; p++) {
        n++;
    }
    return n;
}

static void has(const struct qtc_buf *svg, const char *what)
{
    if (strstr(svg->data, what) == NULL) {
        fail_msg("not there: %s", what);
    }
}

static struct qtc_buf draw_body(struct qtc_bytes body)
{
    struct qtc_arrival arrival = {0, body.len};
    struct qtc_capture c = {.body = body, .arrivals = &arrival, .arrival_count = body.len > 0};

    return draw(&c);
}

#define CHUNK(delta)                                                                                         \
    "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":" delta "}]}\n\n"
#define FINISH                                                                                               \
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: "     \
    "[DONE]\n\n"

static void test_one_event(void **state)
{
    struct qtc_buf svg = draw_body(qtc_str(CHUNK("{\"role\":\"assistant\",\"content\":\"Hello\"}")));

    (void)state;
    has(&svg, ">1 event · ");
    has(&svg, ">content<");
    has(&svg, ">Hello</text>");
    has(&svg, "<title>event 1 · 5 bytes\nHello</title>");
    has(&svg, "first content at event 1");
    has(&svg, ">missing-done<");
    has(&svg, ">1</text>"); /* the axis */
    assert_null(strstr(svg.data, ">comments<"));
    assert_null(strstr(svg.data, "gap<"));
    qtc_buf_free(&svg);
}

static void test_no_event(void **state)
{
    static const struct {
        const char *body, *note;
    } cases[] = {
        {"", "an empty body"},
        {"\n\n", "not an event stream"},
        {": a\n\n: b\n\n", "comments only"},
        {"<html>502</html>", "an HTML page"},
        {"{\"choices\":", "the JSON value is cut"},
        {"{,}", "not JSON"},
        {"no stream", "not an event stream"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct qtc_buf svg = draw_body(qtc_str(cases[i].body));
        has(&svg, ">0 events · ");
        has(&svg, cases[i].note);
        qtc_buf_free(&svg);
    }
}

static void test_whole_answers(void **state)
{
    struct qtc_buf svg = draw_body(
        qtc_str("{\"id\":\"a\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
                "\"Hi\"},\"finish_reason\":\"stop\"}]}"));

    (void)state;
    has(&svg, ">Hi</text>");
    has(&svg, "finish_reason stop");
    qtc_buf_free(&svg);
    svg = draw_body(qtc_str("{\"error\":{\"message\":\"no <more>\"}}"));
    has(&svg, "no &lt;more&gt;");
    has(&svg, ">error</text>"); /* the legend */
    qtc_buf_free(&svg);
}

static void test_calls_written_as_markup(void **state)
{
    struct qtc_buf svg = draw_body(qtc_str(
        CHUNK("{\"content\":\"<tool_call>\\n{\\\"name\\\": \\\"f\\\", \\\"arguments\\\": {\\\"a\\\": 1}}\"}")
            CHUNK("{\"content\":\"\\n</tool_call>\"}") FINISH));

    (void)state;
    has(&svg, "calls written as hermes");
    has(&svg, ">f</text>");
    has(&svg, ">{&quot;a&quot;: 1}</text>");
    has(&svg, ">call-in-content<");
    has(&svg, ">tool_calls · [DONE]</text>");
    assert_null(strstr(svg.data, ">content<"));
    qtc_buf_free(&svg);
}

static void test_many_calls_and_choices(void **state)
{
    struct qtc_buf body = {0}, svg;
    char chunk[400];

    (void)state;
    for (int i = 0; i < 50; i++) {
        snprintf(chunk, sizeof chunk,
                 "data: "
                 "{\"choices\":[{\"index\":%d,\"delta\":{\"tool_calls\":[{\"index\":%d,\"id\":\"id%d\","
                 "\"function\":{"
                 "\"name\":\"f%d\",\"arguments\":\"{}\"}}]}}]}\n\n",
                 i % 2, i / 2, i, i);
        qtc_buf_str(&body, chunk);
    }
    svg = draw_body(qtc_buf_bytes(&body));
    has(&svg, "50 calls");
    has(&svg, ">f0<");
    has(&svg, ">choice 1 · id1<");
    has(&svg, ">and 10 more<");
    assert_null(strstr(svg.data, ">f49<"));
    qtc_buf_free(&svg);
    qtc_buf_free(&body);
}

/* ---- times -------------------------------------------------------------------------------- */

#define MS UINT64_C(1000000)

static void test_times_and_gaps(void **state)
{
    static const char *const pieces[] = {CHUNK("{\"role\":\"assistant\",\"content\":\"a\"}"),
                                         CHUNK("{\"content\":\"b\"}"),
                                         CHUNK("{\"content\":\"c\"}"),
                                         CHUNK("{\"content\":\"d\"}"),
                                         ": wait\n\n",
                                         FINISH};
    static const uint64_t at[] = {420 * MS, 440 * MS, 460 * MS, 2860 * MS, 2880 * MS, 2900 * MS};
    struct qtc_arrival arrivals[6];
    struct qtc_buf body = {0}, svg;
    struct qtc_capture c = {
        .arrivals = arrivals, .arrival_count = 6, .ended = 2905 * MS, .timed = true, .cut = true};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        qtc_buf_str(&body, pieces[i]);
        arrivals[i] = (struct qtc_arrival){at[i], body.len};
    }
    c.body = qtc_buf_bytes(&body);
    svg = draw(&c);
    has(&svg, " · 2.91 s · first byte 420 ms · first content 420 ms · longest gap 2.40 s");
    has(&svg, "nothing for 2.40 s, from 460 ms on");
    has(&svg, ">420 ms</text>");
    assert_int_equal(count(&svg, "nothing for"), 2);
    has(&svg, "<title>event 4 · 2.86 s · 1 byte\nd</title>");
    has(&svg, "<title>comment · 2.88 s · 6 bytes\n: wait</title>");
    has(&svg, ">2.5 s</text>"); /* the axis */
    has(&svg, ">stop · [DONE] · broke off</text>");
    qtc_buf_free(&svg);
    qtc_buf_free(&body);
}

/* All at once, or too long for the axis: no division by nothing, no endless ticks. */
static void test_odd_times(void **state)
{
    static const uint64_t ends[] = {0, 1, 999, 12345678, 100 * MS, 3600 * 1000 * MS * 30, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct qtc_bytes body = qtc_str(CHUNK("{\"content\":\"a\"}") FINISH);
        struct qtc_arrival arrivals[] = {{0, 20}, {ends[i], body.len}};
        struct qtc_capture c = {
            .body = body, .arrivals = arrivals, .arrival_count = 2, .ended = ends[i], .timed = true};
        struct qtc_buf svg = draw(&c);
        assert_in_range(count(&svg, "M"), 1, 40);
        qtc_buf_free(&svg);
    }
}

/* ---- much of it ------------------------------------------------------------------------------- */

/* Marks, each with as much hover as may be. */
static void test_size(void **state)
{
    static const char text[] =
        "\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\""
        "\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"";
    struct qtc_buf body = {0}, svg;
    char chunk[400];

    (void)state;
    for (int i = 0; i < 100000; i++) {
        snprintf(chunk, sizeof chunk,
                 "data: {\"choices\":[{\"index\":%d,\"delta\":{\"content\":\"%s%s\"}}]}\n\n", i % 60, text,
                 text);
        qtc_buf_str(&body, chunk);
    }
    svg = draw_body(qtc_buf_bytes(&body));
    has(&svg, ">100 000 events · ");
    has(&svg, ">and 20 more<");
    qtc_buf_free(&svg);
    qtc_buf_free(&body);
}

/* ---- hostile text -------------------------------------------------------------------------------- */

static void test_hostile_text(void **state)
{
    static const char bytes[] = "<&>\"\x01']]>"
                                "\x7f\xff\xfe\xed\xa0\x80\xef\xbf\xbf\xef\xbf\xbe\xc2\x85\xe2\x80\xae\xf0"
                                "\x9f\x8e\x89\xf4\x90\x80\x80 \xe6\x97";
    struct qtc_buf body = {0}, name = {0}, svg;

    (void)state;
    qtc_json_string(&name, qtc_str("</text><script>"));
    qtc_buf_str(&body, "data: {\"model\":\"");
    qtc_buf_add(&body, bytes + 5, sizeof bytes - 6);
    qtc_buf_str(&body, "\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\u0000\\ud800 \\ufffe");
    qtc_buf_add(&body, bytes + 5, sizeof bytes - 6);
    qtc_buf_str(&body, "\",\"tool_calls\":[{\"index\":0,\"id\":");
    qtc_buf_put(&body, qtc_buf_bytes(&name));
    qtc_buf_str(&body, ",\"function\":{\"name\":");
    qtc_buf_put(&body, qtc_buf_bytes(&name));
    qtc_buf_str(&body, ",\"arguments\":\"\"}}]}}]}\n\n: ");
    qtc_buf_add(&body, bytes, sizeof bytes - 1);
    qtc_buf_str(&body, "\n\n");
    svg = draw_body(qtc_buf_bytes(&body));
    assert_null(strstr(svg.data, "<script"));
    has(&svg, "&lt;/text&gt;&lt;script&gt;");
    qtc_buf_free(&svg);
    qtc_buf_clear(&body);
    qtc_buf_add(&body, bytes, sizeof bytes - 1);
    svg = draw_body(qtc_buf_bytes(&body));
    qtc_buf_free(&svg);
    qtc_buf_free(&body);
    qtc_buf_free(&name);
}

/* ---- text and numbers ------------------------------------------------------------------------------ */

static void check_text(const char *text, size_t cells, const char *expected)
{
    struct qtc_buf svg = {0};

    qtc_svg_text(&svg, qtc_str(text), cells);
    qtc_buf_byte(&svg, 0);
    assert_string_equal(svg.data, expected);
    qtc_buf_free(&svg);
}

static void test_text_in_cells(void **state)
{
    (void)state;
    check_text("abc", 3, "abc");
    check_text("abcd", 3, "ab…");
    check_text("a\r\nb\tc", 9, "a↵b c");
    check_text("日本語", 6, "日本語");
    check_text("日本語", 5, "日本…");
    check_text("a<b", 2, "a…");
    check_text("", 0, "");
}

static void check_number(void put(struct qtc_buf *out, uint64_t n), uint64_t n, const char *expected)
{
    struct qtc_buf out = {0};

    put(&out, n);
    qtc_buf_byte(&out, 0);
    assert_string_equal(out.data, expected);
    qtc_buf_free(&out);
}

static void test_numbers_for_people(void **state)
{
    (void)state;
    check_number(qtc_svg_count, 0, "0");
    check_number(qtc_svg_count, 1234567, "1 234 567");
    check_number(qtc_svg_bytes, 1, "1 byte");
    check_number(qtc_svg_bytes, 999, "999 bytes");
    check_number(qtc_svg_bytes, 1234, "1.23 kB");
    check_number(qtc_svg_bytes, 999999, "1.00 MB");
    check_number(qtc_svg_bytes, 23456789, "23.5 MB");
    check_number(qtc_svg_bytes, UINT64_MAX, "18 446 744 074 GB");
    check_number(qtc_svg_duration, 420 * MS, "420 ms");
    check_number(qtc_svg_duration, 1500, "1.50 µs");
    check_number(qtc_svg_duration, 12345 * MS, "12.3 s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_event),
        cmocka_unit_test(test_no_event),
        cmocka_unit_test(test_whole_answers),
        cmocka_unit_test(test_calls_written_as_markup),
        cmocka_unit_test(test_many_calls_and_choices),
        cmocka_unit_test(test_times_and_gaps),
        cmocka_unit_test(test_odd_times),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_hostile_text),
        cmocka_unit_test(test_text_in_cells),
        cmocka_unit_test(test_numbers_for_people),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
