/* test_sse.c - the event-stream decoder at every cut, and the encoder. */
#include "sse/sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- the work of memchr is counted ---------------------------------------- */

static size_t bytes_searched;

/* Stands in for the C library's: that no byte is searched again when a line
 * goes on in the next feed can be counted, where time could only hint at it. */
void *memchr(const void *s, int c, size_t n)
{
    const unsigned char *p = s;
    size_t i = 0;

    while (i < n && p[i] != (unsigned char)c) {
        i++;
    }
    bytes_searched += i < n ? i + 1 : i;
    return i < n ? (void *)(uintptr_t)(p + i) : NULL;
}

/* ---- what was delivered ---------------------------------------------------- */

struct log {
    struct qtc_buf events; /* a line each */
    struct qtc_buf data;   /* only those with data, without what may depend on the cut */
    struct qtc_buf raw;    /* all raw slices, joined */
    struct qtc_buf slices; /* the same, each in brackets */
    unsigned oddities;
    size_t stop_after; /* events; 0: never */
    size_t count;
};

static void log_free(struct log *log)
{
    qtc_buf_free(&log->events);
    qtc_buf_free(&log->data);
    qtc_buf_free(&log->raw);
    qtc_buf_free(&log->slices);
}

static void put_visible(struct qtc_buf *out, struct qtc_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\n') {
            qtc_buf_str(out, "\\n");
        } else {
            qtc_buf_byte(out, c == 0 ? '0' : c);
        }
    }
}

static void put_event(struct qtc_buf *out, const struct qtc_sse_event *event)
{
    qtc_buf_put(out, event->type);
    qtc_buf_byte(out, '|');
    qtc_buf_put(out, event->id);
    qtc_buf_byte(out, '|');
    put_visible(out, event->data);
}

static void put_oddities(struct qtc_buf *out, unsigned oddities)
{
    static const char letters[] = "bmlnu"; /* in the order of the bits */

    for (unsigned bit = 0; bit < 5; bit++) {
        if ((oddities & (1u << bit)) != 0) {
            qtc_buf_byte(out, '!');
            qtc_buf_byte(out, letters[bit]);
        }
    }
}

static bool record(void *ctx, const struct qtc_sse_event *event)
{
    struct log *log = ctx;

    qtc_buf_u64(&log->events, event->number);
    qtc_buf_byte(&log->events, '@');
    qtc_buf_u64(&log->events, event->line);
    qtc_buf_byte(&log->events, ' ');
    if (event->has_data) {
        put_event(&log->events, event);
        put_event(&log->data, event);
        qtc_buf_u64(&log->data, event->number);
        qtc_buf_byte(&log->data, '@');
        qtc_buf_u64(&log->data, event->line);
        put_oddities(&log->data, event->oddities & ~(unsigned)QTC_SSE_MIXED_ENDS);
        qtc_buf_byte(&log->data, '\n');
    } else {
        qtc_buf_byte(&log->events, '-');
    }
    put_oddities(&log->events, event->oddities);
    qtc_buf_byte(&log->events, '\n');
    qtc_buf_put(&log->raw, event->raw);
    qtc_buf_byte(&log->slices, '[');
    qtc_buf_put(&log->slices, event->raw);
    qtc_buf_byte(&log->slices, ']');
    log->oddities |= event->oddities;
    log->count++;
    return log->count != log->stop_after;
}

/* Feeds a copy that has nothing behind it, so that a sanitizer sees a byte too many. */
static enum qtc_code feed_copy(struct qtc_sse_decoder *d, const char *p, size_t n)
{
    char *copy = malloc(n > 0 ? n : 1);
    assert_non_null(copy);
    if (n > 0) {
        memcpy(copy, p, n);
    }
    enum qtc_code code = qtc_sse_decoder_feed(d, copy, n);
    if (n > 0) {
        memset(copy, '?', n);
    }
    free(copy);
    return code;
}

/* The input in pieces that end at cut, cut + step, cut + 2 step, ... */
static void decode(struct log *log, struct qtc_bytes input, bool split_lines, size_t cut, size_t step)
{
    struct qtc_sse_options options = {.split_json_lines = split_lines};
    struct qtc_sse_decoder *d = qtc_sse_decoder_new(&options, record, log);
    size_t at = 0;

    assert_non_null(d);
    while (at < input.len) {
        size_t n = at == 0 && cut > 0 ? cut : step;
        n = n < input.len - at ? n : input.len - at;
        assert_int_equal(feed_copy(d, input.data + at, n), QTC_OK);
        at += n;
    }
    assert_int_equal(qtc_sse_decoder_finish(d), QTC_OK);
    qtc_sse_decoder_free(d);
}

static void assert_same(const struct qtc_buf *a, const struct qtc_buf *b)
{
    if (a->len != b->len || (a->len > 0 && memcmp(a->data, b->data, a->len) != 0)) {
        fail_msg("got:\n%.*s\nexpected:\n%.*s", (int)a->len, a->data, (int)b->len, b->data);
    }
}

static void assert_raw(const struct log *log, struct qtc_bytes input)
{
    assert_int_equal(log->raw.len, input.len);
    if (input.len > 0) {
        assert_memory_equal(log->raw.data, input.data, input.len);
    }
}

/* ---- cases ----------------------------------------------------------------- */

struct sse_case {
    const char *name;
    const char *input;
    size_t len; /* 0: up to the terminator */
    /* a line an event: number@line, then type|id|data, or - without data, then
     * !b BOM, !m mixed ends, !l several data lines, !n no blank line, !u unterminated */
    const char *expected;
};

#define WITH_NUL(text) text, sizeof(text) - 1

static const struct sse_case cases[] = {
    {"nothing", "", 0, ""},
    {"one event", "data: a\n\n", 0, "1@1 ||a\n"},
    {"two events", "data: a\n\ndata: b\n\n", 0, "1@1 ||a\n2@3 ||b\n"},
    {"cr", "data: a\r\rdata: b\r\r", 0, "1@1 ||a\n2@3 ||b\n"},
    {"crlf", "data: a\r\n\r\ndata: b\r\n\r\n", 0, "1@1 ||a\n2@3 ||b\n"},
    {"lf, then crlf", "data: a\n\ndata: b\r\n\r\ndata: c\r\n\r\n", 0, "1@1 ||a\n2@3 ||b!m\n3@5 ||c\n"},
    {"ends change in an event", "data: a\r\n\ndata: b\n\n", 0, "1@1 ||a!m\n2@3 ||b\n"},
    {"lf then cr", "data: a\n\rdata: b\n\n", 0, "1@1 ||a!m\n2@3 ||b!m\n"},
    {"bom",
     "\xef\xbb\xbf"
     "data: a\n\n",
     0, "1@1 ||a!b\n"},
    {"bom alone", "\xef\xbb\xbf", 0, "0@1 -!b\n"},
    {"bom and blank line", "\xef\xbb\xbf\ndata: a\n\n", 0, "0@1 -!b\n1@2 ||a\n"},
    {"half a bom", "\xef\xbb", 0, "0@1 -\n"},
    {"only one bom",
     "\xef\xbb\xbf\xef\xbb\xbf"
     "data: a\n\n",
     0, "0@1 -!b\n"},
    {"bom on a later line",
     "\n\xef\xbb\xbf"
     "data: a\n\n",
     0, "0@1 -\n0@2 -\n"},
    {"one space goes", "data:  a \n\n", 0, "1@1 || a \n"},
    {"no space", "data:a\n\n", 0, "1@1 ||a\n"},
    {"a tab stays", "data:\ta\n\n", 0, "1@1 ||\ta\n"},
    {"field without colon", "data\n\n", 0, "1@1 ||\n"},
    {"field without colon, twice", "data\ndata\n\n", 0, "1@1 ||\\n!l\n"},
    {"empty data", "data:\n\ndata: \n\n", 0, "1@1 ||\n2@3 ||\n"},
    {"data lines are joined", "data: a\ndata\ndata: b\n\n", 0, "1@1 ||a\\n\\nb!l\n"},
    {"colons in the value", "data: a:b: c\n\n", 0, "1@1 ||a:b: c\n"},
    {"names are exact", "Data: a\ndata : b\n data: c\ndat: d\ndatas: e\n\n", 0, "0@1 -\n"},
    {"comment alone", ": ping\n\n", 0, "0@1 -\n"},
    {"comment in an event", ": ping\ndata: a\n:pong\n\n", 0, "1@1 ||a\n"},
    {"comment, then an event", ": ping\n\ndata: a\n\n", 0, "0@1 -\n1@3 ||a\n"},
    {"blank lines", "\n\ndata: a\n\n\n", 0, "0@1 -\n0@2 -\n1@3 ||a\n1@5 -\n"},
    {"type", "event: add\ndata: a\n\ndata: b\n\n", 0, "1@1 add||a\n2@4 ||b\n"},
    {"the last type counts", "event: x\nevent: y\ndata: a\n\n", 0, "1@1 y||a\n"},
    {"type behind data", "data: a\nevent: x\n\n", 0, "1@1 x||a\n"},
    {"type between data", "event: w\ndata: a\nevent: x\ndata: b\n\n", 0, "1@1 x||a\\nb!l\n"},
    {"empty type again", "event: x\nevent\ndata: a\n\n", 0, "1@1 ||a\n"},
    {"type without data is dropped", "event: x\n\ndata: a\n\n", 0, "0@1 -\n1@3 ||a\n"},
    {"id stays", "id: 7\ndata: a\n\ndata: b\n\n", 0, "1@1 |7|a\n2@4 |7|b\n"},
    {"id is cleared", "id: 7\ndata: a\n\nid\ndata: b\n\n", 0, "1@1 |7|a\n2@4 ||b\n"},
    {"id without data counts", "id: 7\n\ndata: a\n\n", 0, "0@1 -\n1@3 |7|a\n"},
    {"id behind data", "data: a\nid: 7\n\n", 0, "1@1 |7|a\n"},
    {"id with NUL", WITH_NUL("id: 1\nid: 2\0003\ndata: a\n\n"), "1@1 |1|a\n"},
    {"NUL in data", WITH_NUL("data: a\0b\n\n"), "1@1 ||a0b\n"},
    {"no blank line at the end", "data: a\n\ndata: b\n", 0, "1@1 ||a\n2@3 ||b!u\n"},
    {"no line end at the end", "data: a\n\ndata: b", 0, "1@1 ||a\n2@3 ||b!u\n"},
    {"data joined at the end", "data: a\ndata: b", 0, "1@1 ||a\\nb!l!u\n"},
    {"cr at the end", "data: a\r", 0, "1@1 ||a!u\n"},
    {"comment at the end", "data: a\n\n: ping", 0, "1@1 ||a\n1@3 -\n"},
    {"html page", "<html>\n<p>no\n\n</html>", 0, "0@1 -\n0@4 -\n"},
    {"not split without being asked", "data: {}\ndata: {}\n\n", 0, "1@1 ||{}\\n{}!l\n"},
};

/* With split_json_lines. */
static const struct sse_case split_cases[] = {
    {"blank lines are there", "data: {\"a\":1}\n\ndata: [DONE]\n\n", 0, "1@1 ||{\"a\":1}\n2@3 ||[DONE]\n"},
    {"no blank lines", "data: {\"a\":1}\ndata: {\"b\":2}\ndata: [DONE]\n", 0,
     "1@1 ||{\"a\":1}!n\n2@2 ||{\"b\":2}!n\n3@3 ||[DONE]!u\n"},
    {"data behind [DONE]", "data: [DONE]\ndata: {}\n\n", 0, "1@1 ||[DONE]!n\n2@2 ||{}\n"},
    {"type goes with the later data", "event: x\ndata: {}\n: c\nevent: y\nid: 2\ndata: {}\n\n", 0,
     "1@1 x||{}!n\n2@3 y|2|{}\n"},
    {"type behind the data at last", "data: {}\ndata: {}\nevent: y\n\n", 0, "1@1 ||{}!n\n2@2 y||{}\n"},
    {"JSON on several lines", "data: {\ndata: \"a\": 1\ndata: }\ndata: {}\n\n", 0,
     "1@1 ||{\\n\"a\": 1\\n}!l!n\n2@4 ||{}\n"},
    {"blank at the end of JSON", "data: {} \t\ndata: {}\n\n", 0, "1@1 ||{} \t!n\n2@2 ||{}\n"},
    {"JSON and more", "data: {} x\ndata: \ndata: {}\n\n", 0, "1@1 ||{} x\\n\\n{}!l\n"},
    {"JSON, then no JSON", "data: {\ndata: x\ndata: }\ndata: {}\n\n", 0, "1@1 ||{\\nx\\n}\\n{}!l\n"},
    {"not an object", "data: 1\ndata: [1]\ndata: a\n\n", 0, "1@1 ||1\\n[1]\\na!l\n"},
    {"cr", "data: {}\rdata: {}\r\r", 0, "1@1 ||{}!n\n2@2 ||{}\n"},
    {"crlf", "data: {}\r\ndata: {}\r\n\r\n", 0, "1@1 ||{}!n\n2@2 ||{}\n"},
};

static bool inside_crlf(struct qtc_bytes input, size_t cut)
{
    return cut > 0 && cut < input.len && input.data[cut - 1] == '\r' && input.data[cut] == '\n';
}

static void check_cut(const struct log *whole, struct qtc_bytes input, bool split, size_t cut, size_t step)
{
    struct log log = {0};

    decode(&log, input, split, cut, step);
    assert_same(&log.data, &whole->data);
    assert_raw(&log, input);
    assert_int_equal(log.oddities, whole->oddities);
    if (step > input.len && !inside_crlf(input, cut)) {
        assert_same(&log.slices, &whole->slices);
    }
    log_free(&log);
}

static void check_every_cut(const struct log *whole, struct qtc_bytes input, bool split)
{
    for (size_t cut = 1; cut < input.len; cut++) {
        check_cut(whole, input, split, cut, input.len + 1);
    }
    for (size_t step = 1; step < 9; step++) {
        for (size_t cut = 0; cut < step; cut++) {
            check_cut(whole, input, split, cut, step);
        }
    }
}

static void check_cases(const struct sse_case *list, size_t count, bool split)
{
    for (size_t i = 0; i < count; i++) {
        struct qtc_bytes input = {list[i].input, list[i].len > 0 ? list[i].len : strlen(list[i].input)};
        struct qtc_buf expected = {0};
        struct log log = {0};
        print_message("  %s\n", list[i].name);
        qtc_buf_str(&expected, list[i].expected);
        decode(&log, input, split, 0, input.len + 1);
        assert_same(&log.events, &expected);
        assert_raw(&log, input);
        check_every_cut(&log, input, split);
        log_free(&log);
        qtc_buf_free(&expected);
    }
}

static void cases_at_every_cut(void **state)
{
    (void)state;
    check_cases(cases, sizeof cases / sizeof *cases, false);
}

static void split_cases_at_every_cut(void **state)
{
    (void)state;
    check_cases(split_cases, sizeof split_cases / sizeof *split_cases, true);
}

/* All cases behind each other in one stream. */
static void long_stream_at_every_step(void **state)
{
    struct qtc_buf input = {0};
    struct log whole = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct sse_case *c = &cases[i];
        qtc_buf_add(&input, c->input, c->len > 0 ? c->len : strlen(c->input));
        qtc_buf_str(&input, i % 3 == 0 ? "\n\n" : i % 3 == 1 ? "\r\n\r\n" : "\r\r");
    }
    decode(&whole, qtc_buf_bytes(&input), true, 0, input.len);
    assert_raw(&whole, qtc_buf_bytes(&input));
    check_every_cut(&whole, qtc_buf_bytes(&input), true);
    log_free(&whole);
    qtc_buf_free(&input);
}

/* ---- retry ----------------------------------------------------------------- */

static bool keep_retry(void *ctx, const struct qtc_sse_event *event)
{
    *(uint64_t *)ctx = event->retry;
    return true;
}

static void retry_takes_digits_only(void **state)
{
    static const struct {
        const char *input;
        uint64_t retry;
    } list[] = {
        {"data\n\n", 0},
        {"retry: 3000\n\n", 3000},
        {"retry:15\ndata: a\n\n", 15},
        {"retry: 5\n\nretry: 1.5\n\n", 5},
        {"retry: 5\n\nretry: -1\n\n", 5},
        {"retry: 5\n\nretry\n\n", 5},
        {"retry: 5\n\nretry:  7\n\n", 5},
        {"retry: 18446744073709551615\n\n", UINT64_MAX},
        {"retry: 18446744073709551616\n\n", UINT64_MAX},
        {"retry: 99999999999999999999999\n\n", UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        uint64_t retry = 1;
        struct qtc_sse_decoder *d = qtc_sse_decoder_new(NULL, keep_retry, &retry);
        assert_int_equal(feed_copy(d, list[i].input, strlen(list[i].input)), QTC_OK);
        assert_int_equal(retry, list[i].retry);
        qtc_sse_decoder_free(d);
    }
}

/* ---- liveness, limits, cost ------------------------------------------------ */

static void events_come_at_once(void **state)
{
    static const struct {
        const char *piece;
        size_t count; /* events after it */
    } steps[] = {
        {"data: a\r\n", 0}, {"\r", 1},         {"\n", 1},          {"data: b\n", 1},    {"\n", 2},
        {": ping\n", 2},    {"\n", 3},         {"data: {}\n", 3},  {"data: {\"a\"", 3}, {":1}\n", 4},
        {"\n", 5},          {"event: x\n", 5}, {"data: 1\r\r", 6},
    };
    struct log log = {0};
    struct qtc_sse_options options = {.split_json_lines = true};
    struct qtc_sse_decoder *d = qtc_sse_decoder_new(&options, record, &log);

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_int_equal(feed_copy(d, steps[i].piece, strlen(steps[i].piece)), QTC_OK);
        assert_int_equal(log.count, steps[i].count);
    }
    qtc_sse_decoder_free(d);
    log_free(&log);
}

struct borrowed {
    const char *start, *end;
    size_t inside;
};

static bool count_inside(void *ctx, const struct qtc_sse_event *event)
{
    struct borrowed *b = ctx;

    b->inside += event->data.data >= b->start && event->data.data + event->data.len <= b->end &&
                 event->raw.data >= b->start && event->raw.data + event->raw.len <= b->end;
    return true;
}

static void whole_events_are_not_copied(void **state)
{
    static const char input[] = "data: a\n\nevent: x\ndata: b\n\ndata: c\r\n\r\ndata: d\n\nda";
    struct borrowed b = {.start = input, .end = input + sizeof input - 1};
    struct qtc_sse_decoder *d = qtc_sse_decoder_new(NULL, count_inside, &b);

    (void)state;
    assert_int_equal(qtc_sse_decoder_feed(d, input, sizeof input - 1), QTC_OK);
    assert_int_equal(b.inside, 4);
    qtc_sse_decoder_free(d);
}

static void long_events_are_refused(void **state)
{
    static const struct {
        const char *input;
        size_t max;
        enum qtc_code code;
        size_t count;
    } list[] = {
        {"data: 1234\n\n", 12, QTC_OK, 1},
        {"data: 12345\n\n", 12, QTC_LIMIT, 0},
        {"data: 1\n\ndata: 12345678\n\n", 12, QTC_LIMIT, 1},
        {": 12345678\ndata: 1\n\n", 12, QTC_LIMIT, 0},
        {"data: 1\n\n1234567890123", 12, QTC_LIMIT, 1},
        {"data: 1\n\n123456789012", 12, QTC_OK, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        size_t len = strlen(list[i].input);
        for (size_t step = 1; step <= len; step++) {
            struct log log = {0};
            struct qtc_sse_options options = {.max_event = list[i].max};
            struct qtc_sse_decoder *d = qtc_sse_decoder_new(&options, record, &log);
            for (size_t at = 0; at < len; at += step) {
                feed_copy(d, list[i].input + at, step < len - at ? step : len - at);
            }
            assert_int_equal(qtc_sse_decoder_finish(d), list[i].code);
            assert_int_equal(log.count, list[i].count);
            qtc_sse_decoder_free(d);
            log_free(&log);
        }
    }
}

static void a_sink_can_stop(void **state)
{
    static const char input[] = "data: {}\ndata: {}\n\ndata: c\n\n";

    (void)state;
    for (size_t stop = 1; stop <= 3; stop++) {
        for (size_t step = 1; step < sizeof input; step++) {
            struct log log = {.stop_after = stop};
            struct qtc_sse_options options = {.split_json_lines = true};
            struct qtc_sse_decoder *d = qtc_sse_decoder_new(&options, record, &log);
            for (size_t at = 0; at < sizeof input - 1; at += step) {
                size_t left = sizeof input - 1 - at;
                feed_copy(d, input + at, step < left ? step : left);
            }
            assert_int_equal(qtc_sse_decoder_finish(d), QTC_STOPPED);
            assert_int_equal(log.count, stop);
            qtc_sse_decoder_free(d);
            log_free(&log);
        }
    }
}

static bool count_data(void *ctx, const struct qtc_sse_event *event)
{
    *(size_t *)ctx += event->data.len;
    return true;
}

/* No byte is searched more than once for an LF, a CR and a colon. */
static void check_searched(const char *unit, size_t size, size_t step, bool split)
{
    size_t unit_len = strlen(unit);
    struct qtc_buf input = {0};
    size_t got = 0;

    while (input.len + unit_len <= size) {
        qtc_buf_add(&input, unit, unit_len);
    }
    struct qtc_sse_options options = {.split_json_lines = split};
    struct qtc_sse_decoder *d = qtc_sse_decoder_new(&options, count_data, &got);
    bytes_searched = 0;
    for (size_t at = 0; at < input.len; at += step) {
        size_t left = input.len - at;
        assert_int_equal(qtc_sse_decoder_feed(d, input.data + at, step < left ? step : left), QTC_OK);
    }
    assert_int_equal(qtc_sse_decoder_finish(d), QTC_OK);
    assert_true(bytes_searched <= 3 * input.len);
    assert_int_equal(qtc_sse_decoder_line(d) > 1, strpbrk(unit, "\r\n") != NULL);
    qtc_sse_decoder_free(d);
    qtc_buf_free(&input);
}

static void work_is_linear(void **state)
{
    static const char *const units[] = {
        "data: x",    "data: 0123456789abcdef\n\n", "data: xyz\r\r", "data: xyz\r\n\r\n", "data: {\n",
        "data: {}\n",
    };
    static const size_t steps[] = {7, 64, 4096, (size_t)1 << 22};

    (void)state;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
            check_searched(units[i], (size_t)1 << 22, steps[k], i % 2 == 1);
        }
    }
    check_searched("x", (size_t)48 << 20, 7, false);
}

/* Lines longer than the window in which a CR is looked for. */
static void long_lines_end_anywhere(void **state)
{
    static const char *const ends[] = {"\r\r", "\n\n", "\r\n\r\n", "\n\r"};
    struct qtc_buf input = {0};
    struct log whole = {0};

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        size_t len = i * 1777;
        qtc_buf_str(&input, "data: ");
        char *room = qtc_buf_room(&input, len + 1);
        assert_non_null(room);
        memset(room, 'x', len);
        input.len += len;
        qtc_buf_str(&input, ends[i % 4]);
    }
    decode(&whole, qtc_buf_bytes(&input), false, 0, input.len);
    assert_int_equal(whole.count, 40);
    assert_raw(&whole, qtc_buf_bytes(&input));
    for (size_t step = 1000; step < 50000; step += 997) {
        check_cut(&whole, qtc_buf_bytes(&input), false, 0, step);
    }
    log_free(&whole);
    qtc_buf_free(&input);
}

static void lines_are_counted(void **state)
{
    struct log log = {0};
    struct qtc_sse_decoder *d = qtc_sse_decoder_new(NULL, record, &log);

    (void)state;
    assert_int_equal(qtc_sse_decoder_line(d), 1);
    assert_int_equal(feed_copy(d, "data: a\r\n\r", 10), QTC_OK);
    assert_int_equal(qtc_sse_decoder_line(d), 3);
    assert_int_equal(feed_copy(d, "\n: c\rdat", 8), QTC_OK);
    assert_int_equal(qtc_sse_decoder_line(d), 4);
    qtc_sse_decoder_free(d);
    log_free(&log);
}

static bool count_one(void *ctx, const struct qtc_sse_event *event)
{
    *(size_t *)ctx += event->has_data;
    return !qtc_bytes_is(event->data, "stop");
}

static void a_stream_that_is_all_there(void **state)
{
    struct qtc_sse_options options = {.max_event = 16};
    size_t count = 0;

    (void)state;
    assert_int_equal(qtc_sse_decode(NULL, qtc_bytes(NULL, 0), count_one, &count), QTC_OK);
    assert_int_equal(qtc_sse_decode(NULL, qtc_str("data: a\n\n: c\n\ndata: b"), count_one, &count), QTC_OK);
    assert_int_equal(count, 2);
    assert_int_equal(qtc_sse_decode(NULL, qtc_str("data: stop\n\ndata: b\n\n"), count_one, &count),
                     QTC_STOPPED);
    assert_int_equal(qtc_sse_decode(NULL, qtc_str("data: stop"), count_one, &count), QTC_STOPPED);
    assert_int_equal(count, 4);
    assert_int_equal(qtc_sse_decode(&options, qtc_str("data: 0123456789abcdef\n\n"), count_one, &count),
                     QTC_LIMIT);
}

/* ---- the encoder ----------------------------------------------------------- */

static void encodes(void **state)
{
    static const struct {
        const char *type, *data, *expected;
    } list[] = {
        {"", "", "data: \n\n"},
        {"", "{\"a\":1}", "data: {\"a\":1}\n\n"},
        {"ping", "x", "event: ping\ndata: x\n\n"},
        {"", " a", "data:  a\n\n"},
        {"", "a\nb\r\nc\rd", "data: a\ndata: b\ndata: c\ndata: d\n\n"},
        {"", "\n", "data: \ndata: \n\n"},
        {"", "a\r", "data: a\ndata: \n\n"},
        {"a\ndata: x", "b", "event: a\ndata: b\n\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        struct qtc_buf out = {0};
        qtc_sse_encode(&out, qtc_str(list[i].type), qtc_str(list[i].data));
        qtc_buf_byte(&out, 0);
        assert_string_equal(out.data, list[i].expected);
        qtc_buf_free(&out);
    }
    struct qtc_buf out = {0};
    qtc_sse_encode(&out, (struct qtc_bytes){NULL, 0}, (struct qtc_bytes){NULL, 0});
    assert_int_equal(out.len, 8);
    qtc_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_at_every_cut),
        cmocka_unit_test(split_cases_at_every_cut),
        cmocka_unit_test(long_stream_at_every_step),
        cmocka_unit_test(retry_takes_digits_only),
        cmocka_unit_test(events_come_at_once),
        cmocka_unit_test(whole_events_are_not_copied),
        cmocka_unit_test(long_events_are_refused),
        cmocka_unit_test(a_sink_can_stop),
        cmocka_unit_test(work_is_linear),
        cmocka_unit_test(long_lines_end_anywhere),
        cmocka_unit_test(lines_are_counted),
        cmocka_unit_test(a_stream_that_is_all_there),
        cmocka_unit_test(encodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
