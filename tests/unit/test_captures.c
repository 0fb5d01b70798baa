/* test_captures.c - every kind of capture file, whole, cut and wrong; and recordings, there and back. */
#include "capture/base64.h"
#include "capture/readers.h"
#include "capture/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- reading ------------------------------------------------------------------------ */

struct file {
    struct qtc_arena arena;
    char *copy; /* nothing is behind it, so that a sanitizer sees a byte too many */
    struct qtc_captures captures;
    struct qtc_error error;
    enum qtc_code code;
};

/* Arrivals add up to the body, in order. */
static void check_arrivals(const struct qtc_capture *c)
{
    uint64_t at = 0;
    size_t end = 0;

    for (size_t i = 0; i < c->arrival_count; i++) {
        assert_true(c->arrivals[i].end > end && c->arrivals[i].at >= at);
        end = c->arrivals[i].end;
        at = c->arrivals[i].at;
    }
    assert_int_equal(end, c->body.len);
    assert_true(c->ended >= at && (c->timed || c->ended == 0));
    assert_true(c->line > 0);
}

static void read_file(struct file *f, struct qtc_bytes text)
{
    *f = (struct file){.copy = malloc(text.len > 0 ? text.len : 1)};
    assert_non_null(f->copy);
    if (text.len > 0) {
        memcpy(f->copy, text.data, text.len);
    }
    f->code = qtc_captures_read(&f->arena, qtc_bytes(f->copy, text.len), &f->captures, &f->error);
    if (f->code != QTC_OK) {
        assert_non_null(f->error.message);
        assert_int_equal(f->error.code, f->code);
        assert_true(f->error.offset <= text.len);
        return;
    }
    assert_true(f->captures.count > 0);
    for (size_t i = 0; i < f->captures.count; i++) {
        check_arrivals(&f->captures.list[i]);
    }
}

static void free_file(struct file *f)
{
    qtc_arena_free(&f->arena);
    free(f->copy);
}

static void write_as(struct qtc_buf *out, const char *kind, const struct qtc_captures *captures)
{
    size_t count;
    const struct qtc_capture_writer *writer = qtc_capture_writers(&count);

    while (strcmp(writer->name, kind) != 0) {
        writer++;
    }
    for (size_t i = 0; i < captures->count; i++) {
        writer->write(out, &captures->list[i]);
    }
    assert_false(out->failed);
}

static void assert_bytes(struct qtc_bytes is, struct qtc_bytes expected)
{
    if (!qtc_bytes_equal(is, expected)) {
        print_message("is:       %.*s\nexpected: %.*s\n", (int)is.len, is.data, (int)expected.len,
                      expected.data);
        fail();
    }
}

/* Its own kind and back gives the same bytes, and the same recording. */
static void check_round_trip(struct qtc_bytes text)
{
    struct qtc_buf raw = {0}, recording = {0}, raw_again = {0}, again = {0};
    struct file f, g;

    read_file(&f, text);
    assert_int_equal(f.code, QTC_OK);
    write_as(&raw, "raw", &f.captures);
    write_as(&recording, "recording", &f.captures);
    read_file(&g, qtc_buf_bytes(&recording));
    assert_int_equal(g.code, QTC_OK);
    assert_int_equal(g.captures.count, f.captures.count);
    write_as(&raw_again, "raw", &g.captures);
    write_as(&again, "recording", &g.captures);
    assert_bytes(qtc_buf_bytes(&raw_again), qtc_buf_bytes(&raw));
    assert_bytes(qtc_buf_bytes(&again), qtc_buf_bytes(&recording));
    free_file(&f);
    free_file(&g);
    qtc_buf_free(&raw);
    qtc_buf_free(&raw_again);
    qtc_buf_free(&recording);
    qtc_buf_free(&again);
}

/* The text is read, and this is the kind and the only body. */
static void check_body(struct qtc_bytes text, const char *kind, const char *body)
{
    struct file f;

    read_file(&f, text);
    if (f.code != QTC_OK) {
        print_message("%s at %llu in: %.*s\n", f.error.message, (unsigned long long)f.error.offset,
                      (int)text.len, text.data);
    }
    assert_int_equal(f.code, QTC_OK);
    assert_string_equal(f.captures.kind->name, kind);
    assert_int_equal(f.captures.count, 1);
    assert_bytes(f.captures.list[0].body, qtc_str(body));
    free_file(&f);
    check_round_trip(text);
}

static void check_error(const char *text, enum qtc_code code, uint64_t offset, const char *message)
{
    struct file f;

    read_file(&f, qtc_str(text));
    if (f.code == QTC_OK || f.error.offset != offset || strcmp(f.error.message, message) != 0) {
        print_message("%llu: %s in: %s\n", (unsigned long long)f.error.offset,
                      f.error.message != NULL ? f.error.message : "read", text);
    }
    assert_int_equal(f.code, code);
    assert_string_equal(f.error.message, message);
    assert_int_equal(f.error.offset, offset);
    free_file(&f);
}

/* Cut at every byte: an error with a place, or responses. */
static void check_cuts(struct qtc_bytes text)
{
    for (size_t n = 0; n < text.len; n++) {
        struct file f;
        read_file(&f, qtc_bytes(text.data, n));
        free_file(&f);
    }
}

/* ---- kinds ---------------------------------------------------------------------------- */

static void kinds_by_their_first_bytes(void **state)
{
    static const struct {
        const char *text, *kind;
    } rows[] = {
        {"data: {}\n\n", "raw"},
        {": c\n\n", "raw"},
        {"HTTP/1.1 200 OK\r\n\r\ndata: {}\n\n", "raw"},
        {"<html>", "raw"},
        {"", "raw"},
        {"\xef\xbb\xbf"
         "data: {}\n\n",
         "raw"},
        {"{\"id\":1}", "json"},
        {" \n{\n  \"id\": 1\n}\n", "json"},
        {"[{\"id\":1}]", "json"},
        {"{\"log\":1}", "har"},
        {"{\n  \"log\" : {\n", "har"},
        {"\xef\xbb\xbf{\"log\": {", "har"},
        {"{\"logs\":1}", "json"},
        {"{\"id\":1}\n{\"id\":2}\n", "jsonl"},
        {"{\"id\":1} {\"id\":2", "jsonl"},
        {"{\"id\":1}\n", "json"},
        {"{\"qtc-recording\":1}\n", "recording"},
        {"\xef\xbb\xbf{ \"qtc-recording\" : 1}\n", "recording"},
        {"== Info:   Trying 127.0.0.1:80...\n", "trace"},
        {"10:37:35.843047 == Info: x\n", "trace"},
        {"10:37:35.843047 [0-0] * Host\n", "trace"},
        {"24:00:00.000000 == Info: x\n", "raw"},
        {"[0-x] == Info: x\n", "trace"},
        {"* Host localhost:80 was resolved.\n", "raw"},
        {"* Host localhost:80 was resolved.\n=> Send header, 3 bytes (0x3)\n", "trace"},
        {"=> Send header, 156 bytes (0x9c)\n", "trace"},
        {"=> Send header\n", "raw"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(qtc_capture_kind_of(qtc_str(rows[i].text))->name, rows[i].kind);
    }
}

static void kinds_beyond_the_first_4096_bytes(void **state)
{
    struct qtc_buf text = {0};

    (void)state;
    qtc_buf_str(&text, "{\"a\":\"");
    for (int i = 0; i < 5000; i++) {
        qtc_buf_byte(&text, 'x');
    }
    qtc_buf_str(&text, "\"}\n");
    qtc_buf_byte(&text, 0);
    text.len--;
    check_body(qtc_buf_bytes(&text), "json", text.data);
    qtc_buf_str(&text, "{}");
    qtc_buf_byte(&text, 0);
    text.len--;
    check_body(qtc_buf_bytes(&text), "jsonl", text.data);
    qtc_buf_free(&text);
}

/* ---- raw ------------------------------------------------------------------------------- */

static void raw_heads(void **state)
{
    static const char stream[] = "data: {}\n\n";
    struct file f;

    (void)state;
    check_body(qtc_str(stream), "raw", stream);
    check_body(qtc_str("\xef\xbb\xbf"
                       "data: {}\n\n"),
               "raw",
               "\xef\xbb\xbf"
               "data: {}\n\n");
    check_body(qtc_str("HTTP/2 200\n\ndata: {}\n\n"), "raw", stream);
    check_body(qtc_str("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\ndata: {}\n\n"), "raw",
               stream);
    read_file(
        &f, qtc_str("HTTP/1.1 502 Bad Gateway\r\nContent-Type:  text/html \r\nX:\r\n  folded\r\n\r\n<html>"));
    assert_int_equal(f.captures.list[0].status, 502);
    assert_int_equal(f.captures.list[0].header_count, 2);
    assert_bytes(qtc_capture_header(&f.captures.list[0], "content-type"), qtc_str("text/html"));
    assert_int_equal(qtc_capture_header(&f.captures.list[0], "x").len, 0);
    assert_false(f.captures.list[0].cut);
    free_file(&f);
    read_file(&f, qtc_str("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\ndata: {}\n\n"));
    assert_true(f.captures.list[0].cut);
    free_file(&f);
}

static void raw_chunked(void **state)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    static const struct {
        const char *body, *data;
        bool cut;
    } rows[] = {
        {"3\r\ndat\r\n00A;x=y\r\na: {}\n\nabc\r\n0\r\n\r\n", "data: {}\n\nabc", false},
        {"3\r\ndat\r\n0\r\nTrailer: x\r\n\r\n", "dat", false},
        {"3\r\ndat\r\n", "dat", true},
        {"3\r\nda", "da", true},
        {"data: {}\n\n", "data: {}\n\n", false},
        {"3\r\ndat\n0\r\n\r\n", "3\r\ndat\n0\r\n\r\n", false},
        {"0\r\n\r\nmore", "0\r\n\r\nmore", false},
        {"ffffffffffffffff\r\n", "ffffffffffffffff\r\n", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        struct file f;
        snprintf(text, sizeof text, "%s%s", head, rows[i].body);
        check_body(qtc_str(text), "raw", rows[i].data);
        read_file(&f, qtc_str(text));
        assert_int_equal(f.captures.list[0].cut, rows[i].cut);
        free_file(&f);
    }
}

/* However the coded bytes came: the data is the same, and each arrival has its own. */
static void chunks_cut_anywhere(void **state)
{
    static const char coded[] = "5\r\nab\ncd\r\n1;e\r\nx\r\n0\r\nT: u\r\n\r\n";

    (void)state;
    for (size_t a = 0; a < sizeof coded; a++) {
        for (size_t b = a; b < sizeof coded; b++) {
            char text[sizeof coded];
            struct qtc_arrival arrivals[] = {{1, a}, {2, b}, {3, sizeof coded - 1}};
            size_t len = sizeof coded - 1, count = 3, end = 0;
            memcpy(text, coded, sizeof coded);
            assert_int_equal(qtc_unchunk(text, &len, arrivals, &count, false), QTC_CHUNKED);
            assert_bytes(qtc_bytes(text, len), qtc_str("ab\ncdx"));
            for (size_t i = 0; i < count; i++) {
                assert_true(arrivals[i].end > end);
                end = arrivals[i].end;
            }
            assert_int_equal(end, len);
        }
    }
}

static void not_a_capture(void **state)
{
    struct file f;

    (void)state;
    check_error("", QTC_SYNTAX, 0, "nothing is in it");
    check_error(" \r\n\t\n", QTC_SYNTAX, 0, "nothing is in it");
    check_error("\xef\xbb\xbf", QTC_SYNTAX, 0, "nothing is in it");
    read_file(&f, qtc_bytes("\x7f"
                            "ELF\0\0",
                            6));
    assert_int_equal(f.code, QTC_TYPE);
    assert_int_equal(f.error.offset, 4);
    free_file(&f);
    read_file(&f, qtc_bytes("data: a\0b\n\n", 11));
    assert_int_equal(f.code, QTC_OK);
    free_file(&f);
    read_file(&f, qtc_bytes("HTTP/2 200\n\ndata: a\0b\n\n", 23));
    assert_int_equal(f.code, QTC_OK);
    free_file(&f);
    read_file(&f, qtc_bytes("HTTP/2 200\n\n\0", 13));
    assert_int_equal(f.code, QTC_TYPE);
    assert_int_equal(f.error.offset, 12);
    free_file(&f);
}

/* ---- JSON ------------------------------------------------------------------------------- */

static void json_values(void **state)
{
    (void)state;
    check_body(qtc_str("{\n  \"choices\": []\n}\n"), "json", "{\n  \"choices\": []\n}\n");
    check_body(qtc_str("\xef\xbb\xbf{\"a\":1}"), "json", "{\"a\":1}");
    check_body(qtc_str("{\"a\":1}\n\n{\"a\":2}"), "jsonl", "{\"a\":1}\n\n{\"a\":2}");
    check_body(qtc_str("{\"a\":1}\n[DONE]\n"), "jsonl", "{\"a\":1}\n[DONE]\n");
    check_error("{\"a\":1", QTC_SYNTAX, 6, "the JSON is cut");
    check_error("{\"a\":1}\n{\"a\"", QTC_SYNTAX, 12, "the JSON is cut");
    check_error("{\"a\":1}\n{a}", QTC_SYNTAX, 9, "not JSON, or nested too deeply");
    check_error("{\"a\":1}\nend", QTC_SYNTAX, 8, "not a JSON object");
}

/* ---- recordings -------------------------------------------------------------------------- */

static const char recording[] =
    "{\"qtc-recording\":1,\"start\":\"2026-01-31T12:00:00.250Z\",\"request\":{\"method\":\"POST\","
    "\"url\":\"http://h/v1\",\"headers\":[[\"A\",\"b\"],[\"C\",[\"/"
    "w==\",\"base64\"]]],\"body\":\"{\\\"m\\\":1}\"},"
    "\"status\":200,\"headers\":[[\"X\",\"\xc3\xa4\"]]}\n"
    "[0.183204911,\"data: \\u00e4\\n\\n\"]\n"
    "[0.201447120,\"gAEC\",\"base64\"]\n"
    "[18446744073.709551615,null]\n";

static void a_recording_keeps_every_field(void **state)
{
    struct file f;
    const struct qtc_capture *c;

    (void)state;
    read_file(&f, qtc_bytes(recording, sizeof recording - 1));
    assert_int_equal(f.code, QTC_OK);
    assert_int_equal(f.captures.count, 1);
    c = f.captures.list;
    assert_bytes(c->start, qtc_str("2026-01-31T12:00:00.250Z"));
    assert_bytes(c->method, qtc_str("POST"));
    assert_bytes(c->url, qtc_str("http://h/v1"));
    assert_int_equal(c->request_header_count, 2);
    assert_bytes(c->request_headers[0].value, qtc_str("b"));
    assert_bytes(c->request_headers[1].value, qtc_str("\xff"));
    assert_bytes(c->request, qtc_str("{\"m\":1}"));
    assert_int_equal(c->status, 200);
    assert_bytes(qtc_capture_header(c, "x"), qtc_str("\xc3\xa4"));
    assert_bytes(c->body, qtc_bytes("data: \xc3\xa4\n\n\x80\x01\x02", 13));
    assert_int_equal(c->arrival_count, 2);
    assert_int_equal(c->arrivals[0].at, 183204911);
    assert_int_equal(c->arrivals[0].end, 10);
    assert_int_equal(c->arrivals[1].at, 201447120);
    assert_true(c->ended == UINT64_MAX && c->timed && !c->cut);
    free_file(&f);
    check_round_trip(qtc_bytes(recording, sizeof recording - 1));
}

/* Bytes of all kinds in every field. */
static void whatever_is_written_is_read(void **state)
{
    static const struct qtc_bytes texts[] = {
        {"", 0},
        {"a\0b", 3},
        {"\xff", 1},
        {"\xc3", 1},
        {"\xa4", 1},
        {"\xed\xa0\xbd\xed\xb8\x80", 6},
        {"\xf0\x9f\x98\x80", 4},
        {"\"\\\n\r\t\x7f\x01", 7},
        {"/=+", 3},
        {"\xef\xbf\xbd", 3},
    };
    enum { TEXTS = sizeof texts / sizeof *texts };
    struct qtc_buf out = {0};

    (void)state;
    for (size_t i = 0; i < TEXTS; i++) {
        struct qtc_bytes t = texts[i];
        struct qtc_header headers[] = {{t, t}, {texts[(i + 1) % TEXTS], t}};
        struct qtc_arrival arrival = {i, t.len};
        struct qtc_capture c = {.start = t,
                                .method = t,
                                .url = t,
                                .request_headers = headers,
                                .request_header_count = 2,
                                .request = t,
                                .status = (unsigned)i * 100,
                                .headers = headers + 1,
                                .header_count = 1,
                                .body = t,
                                .arrivals = &arrival,
                                .arrival_count = t.len > 0,
                                .ended = i * 1000000000,
                                .timed = i > 0,
                                .cut = i % 2};
        struct file f;
        const struct qtc_capture *r;
        qtc_buf_clear(&out);
        write_as(&out, "recording", &(struct qtc_captures){.list = &c, .count = 1});
        read_file(&f, qtc_buf_bytes(&out));
        assert_int_equal(f.code, QTC_OK);
        r = f.captures.list;
        assert_bytes(r->start, t);
        assert_bytes(r->method, t);
        assert_bytes(r->url, t);
        assert_bytes(r->request, t);
        assert_int_equal(r->status, c.status);
        assert_int_equal(r->request_header_count, 2);
        assert_bytes(r->request_headers[1].name, headers[1].name);
        assert_int_equal(r->header_count, 1);
        assert_bytes(r->headers[0].value, t);
        assert_bytes(r->body, t);
        assert_int_equal(r->arrival_count, c.arrival_count);
        assert_true(r->arrival_count == 0 || r->arrivals[0].at == i);
        assert_true(r->ended == c.ended && r->timed == c.timed && r->cut == c.cut);
        free_file(&f);
    }
    qtc_buf_free(&out);
}

static void a_cut_recording_is_good_up_to_its_last_line(void **state)
{
    const struct qtc_bytes text = qtc_bytes(recording, sizeof recording - 1);
    const char *head = strchr(recording, '\n') + 1;
    struct file whole;

    (void)state;
    read_file(&whole, text);
    for (size_t n = 16; n < text.len; n++) { /* before that it is not known to be a recording */
        struct file f;
        read_file(&f, qtc_bytes(recording, n));
        if (n + 1 < (size_t)(head - recording)) {
            assert_int_equal(f.code, QTC_TYPE); /* no response */
        } else {
            const struct qtc_capture *c = f.captures.list;
            bool line_ends = recording[n - 1] == '\n' || recording[n - 1] == ']' || recording[n] == '\n';
            assert_int_equal(f.code, QTC_OK);
            assert_int_equal(f.captures.count, 1);
            assert_true(c->cut == (n < text.len - 1));
            assert_memory_equal(c->body.data, whole.captures.list[0].body.data, c->body.len);
            assert_int_equal(f.captures.cut_line > 0, !line_ends);
        }
        free_file(&f);
    }
    free_file(&whole);
}

static void recordings_follow_each_other(void **state)
{
    struct file f;

    (void)state;
    read_file(&f, qtc_str("{\"qtc-recording\":1}\n[1,\"ab\"]\n\n{\"qtc-recording\":1}\r\n[0.5,\"c\"]\r\n[2,"
                          "null,\"cut\"]\r\n"
                          "{\"qtc-recording\":1,\"later\":[{}]}\n[ 0 , \"d\" ]\n[0,\"\"]\n[0,null]"));
    assert_int_equal(f.code, QTC_OK);
    assert_int_equal(f.captures.count, 3);
    assert_bytes(f.captures.list[0].body, qtc_str("ab"));
    assert_bytes(f.captures.list[1].body, qtc_str("c"));
    assert_bytes(f.captures.list[2].body, qtc_str("d"));
    assert_true(f.captures.list[0].cut && f.captures.list[1].cut && !f.captures.list[2].cut);
    assert_int_equal(f.captures.list[0].ended, 1000000000);
    assert_int_equal(f.captures.list[1].line, 4);
    assert_int_equal(f.captures.list[2].arrival_count, 1);
    assert_false(f.captures.list[2].timed);
    assert_int_equal(f.captures.cut_line, 0);
    free_file(&f);
    /* a crash, then another recording */
    read_file(&f, qtc_str("{\"qtc-recording\":1}\n[1,\"ab\"]\n[2,\"c\n{\"qtc-recording\":1}\n[0,null]\n"));
    assert_int_equal(f.code, QTC_OK);
    assert_int_equal(f.captures.count, 2);
    assert_int_equal(f.captures.cut_line, 3);
    assert_bytes(f.captures.list[0].body, qtc_str("ab"));
    free_file(&f);
}

static void wrong_recordings(void **state)
{
    static const struct {
        const char *line;
        uint64_t offset; /* in the line */
        enum qtc_code code;
        const char *message;
    } rows[] = {
        {"x", 0, QTC_SYNTAX, "neither a header nor an arrival"},
        {"[]", 1, QTC_SYNTAX, "a number of seconds is missing"},
        {"[-1,null]", 1, QTC_SYNTAX, "a number of seconds is missing"},
        {"[1.,null]", 3, QTC_SYNTAX, "a number of seconds is missing"},
        {"[1e99,null]", 1, QTC_SYNTAX, "too many seconds"},
        {"[0.4,null]", 1, QTC_SYNTAX, "a time before that of the line above"},
        {"[1]", 2, QTC_SYNTAX, "a comma is missing"},
        {"[1,nil]", 4, QTC_SYNTAX, "a string or null is missing"},
        {"[1,7]", 3, QTC_SYNTAX, "a string or null is missing"},
        {"[1,null,\"done\"]", 9, QTC_SYNTAX, "another end than \"cut\""},
        {"[1,\"a\\x\"]", 5, QTC_SYNTAX, "a wrong escape in a string"},
        {"[1,\"a\x01\"]", 5, QTC_SYNTAX, "a raw control character in a string"},
        {"[1,\"YQ=\",\"base64\"]", 6, QTC_SYNTAX, "not base64"},
        {"[1,\"YQ==\",\"hex\"]", 11, QTC_SYNTAX, "another coding than base64"},
        {"[1,\"a\",1]", 7, QTC_SYNTAX, "a string is missing"},
        {"[1,\"a\"", 6, QTC_SYNTAX, "a ] is missing"},
        {"[1,\"a\"] 1", 8, QTC_SYNTAX, "more behind the line's value"},
        {"{\"qtc-recording\":1,}", 19, QTC_SYNTAX, "a key in quotes is missing"},
        {"{\"qtc-recording\":2}", 17, QTC_TYPE, "not a recording of version 1"},
        {"{}", 0, QTC_TYPE, "not a recording of version 1"},
        {"{\"qtc-recording\":1,\"status\":\"200\"}", 28, QTC_TYPE, "the status is no number of three digits"},
        {"{\"qtc-recording\":1,\"status\":99999}", 28, QTC_TYPE, "the status is no number of three digits"},
        {"{\"qtc-recording\":1,\"status\":0}", 28, QTC_TYPE, "the status is no number of three digits"},
        {"{\"qtc-recording\":1,\"start\":7}", 27, QTC_TYPE, "neither a string nor base64"},
        {"{\"qtc-recording\":1,\"start\":[\"YQ\",\"base64\"]}", 28, QTC_TYPE, "not base64"},
        {"{\"qtc-recording\":1,\"request\":[]}", 29, QTC_TYPE, "the request is no object"},
        {"{\"qtc-recording\":1,\"headers\":{}}", 29, QTC_TYPE, "headers are no array"},
        {"{\"qtc-recording\":1,\"headers\":[[\"a\"]]}", 30, QTC_TYPE, "a header is not [name, value]"},
    };
    static const char before[] = "{\"qtc-recording\":1}\n[0.5,\"a\"]\n";

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s%s\n[9,null]\n", before, rows[i].line);
        check_error(text, rows[i].code, sizeof before - 1 + rows[i].offset, rows[i].message);
    }
    check_error("{\"qtc-recording\":1}\n[0,null]\n[1,\"a\"]\n", QTC_SYNTAX, 29,
                "more behind the response's end");
    check_error("{\"qtc-recording\":1,\"st", QTC_TYPE, 0, "no model's response is in it");
}

/* ---- curl's traces -------------------------------------------------------------------------- */

enum dump { HEX, ASCII };

/* As curl writes them: src/tool_cb_dbg.c. */
static void put_dump(struct qtc_buf *out, enum dump dump, const char *mark, struct qtc_bytes data)
{
    char line[64];
    size_t width = dump == HEX ? 16 : 64, next;

    snprintf(line, sizeof line, "%s, %zu bytes (0x%zx)\n", mark, data.len, data.len);
    qtc_buf_str(out, line);
    for (size_t i = 0; i < data.len; i = next) {
        snprintf(line, sizeof line, "%04zx: ", i);
        qtc_buf_str(out, line);
        for (size_t k = 0; dump == HEX && k < width; k++) {
            snprintf(line, sizeof line, "%02x ", i + k < data.len ? (unsigned char)data.data[i + k] : 0);
            qtc_buf_str(out, i + k < data.len ? line : "   ");
        }
        for (next = i; next < i + width && next < data.len; next++) {
            char c = data.data[next];
            if (dump == ASCII && data.len - next >= 2 && memcmp(data.data + next, "\r\n", 2) == 0) {
                break;
            }
            qtc_buf_byte(out, c >= 0x20 && c < 0x7f ? c : '.');
        }
        next += dump == ASCII && data.len - next >= 2 && memcmp(data.data + next, "\r\n", 2) == 0 ? 2 : 0;
        qtc_buf_byte(out, '\n');
    }
}

struct sent {
    const char *time; /* with ids and a blank behind it */
    const char *mark;
    const char *data;
};

static void put_trace(struct qtc_buf *out, enum dump dump, const struct sent *records, size_t count)
{
    qtc_buf_clear(out);
    for (size_t i = 0; i < count; i++) {
        qtc_buf_str(out, records[i].time);
        if (strchr(records[i].mark, ':') != NULL || records[i].mark[0] == '*') {
            qtc_buf_str(out, records[i].mark);
            qtc_buf_byte(out, '\n');
        } else {
            put_dump(out, dump, records[i].mark, qtc_str(records[i].data));
        }
    }
}

static const struct sent exchange[] = {
    {"23:59:59.900000 [0-0] ", "== Info: SSL connection using TLSv1.3\n  of several lines", ""},
    {"23:59:59.900000 [0-0] ", "=> Send SSL data", "\x16\x03"},
    {"23:59:59.900000 [0-0] ", "=> Send header", "POST /v1/chat HTTP/1.1\r\nHost: h:1\r\n"},
    {"23:59:59.900001 [0-0] ", "=> Send header", "Expect: 100-continue\r\n\r\n"},
    {"23:59:59.900001 [0-0] ", "<= Recv header", "HTTP/1.1 100 Continue\r\n"},
    {"23:59:59.950000 [0-0] ", "=> Send data", "{\"model\":\"m\"}"},
    {"23:59:59.960000 [0-0] ", "<= Recv header", "HTTP/1.1 200 OK\r\n"},
    {"23:59:59.960000 [0-0] ", "<= Recv header", "Transfer-Encoding: chunked\r\n"},
    {"23:59:59.960000 [0-0] ", "<= Recv header", "\r\n"},
    {"23:59:59.970000 [0-0] ", "<= Recv data", "1"},
    {"23:59:59.980000 [0-0] ", "<= Recv data", "a\r"},
    {"00:00:00.100000 [0-0] ", "<= Recv data", "\ndata: {\"a\": 1.5, \"b\": \".\"}"},
    {"00:00:00.200000 [0-0] ", "<= Recv data", "\r\n2\r\n\n\n\r\n"},
    {"00:00:00.300000 [0-0] ", "<= Recv data", "0\r\n\r\n"},
    {"00:00:00.400000 [0-0] ", "== Info: Connection #0 to host h left intact", ""},
    {"00:00:09.400000 ", "* later", ""},
};

enum { EXCHANGE = sizeof exchange / sizeof *exchange };

static void traces_with_times(void **state)
{
    struct qtc_buf text = {0};
    struct file f;
    const struct qtc_capture *c;

    (void)state;
    for (enum dump dump = HEX; dump <= ASCII; dump++) {
        put_trace(&text, dump, exchange, EXCHANGE);
        check_body(qtc_buf_bytes(&text), "trace", "data: {\"a\": 1.5, \"b\": \".\"}\n\n");
        read_file(&f, qtc_buf_bytes(&text));
        c = f.captures.list;
        assert_int_equal(f.captures.lossy, dump == ASCII);
        assert_bytes(c->method, qtc_str("POST"));
        assert_bytes(c->url, qtc_str("https://h:1/v1/chat"));
        assert_bytes(c->request, qtc_str("{\"model\":\"m\"}"));
        assert_int_equal(c->request_header_count, 2);
        assert_int_equal(c->status, 200);
        assert_int_equal(c->header_count, 1);
        assert_int_equal(c->arrival_count, 2);
        assert_int_equal(c->arrivals[0].at, 200000000);
        assert_int_equal(c->arrivals[1].at, 300000000);
        assert_int_equal(c->ended, 500000000);
        assert_true(c->timed && !c->cut);
        assert_int_equal(c->line, 5);
        free_file(&f);
        check_cuts(qtc_buf_bytes(&text));
    }
    qtc_buf_free(&text);
}

static void traces_of_several_transfers(void **state)
{
    static const struct sent records[] = {
        {"", "=> Send header", "CONNECT h:1 HTTP/1.1\r\n\r\n"},
        {"", "<= Recv header", "HTTP/1.1 200 Connection established\r\n\r\n"},
        {"", "=> Send header", "GET /old HTTP/1.1\r\n\r\n"},
        {"", "<= Recv header", "HTTP/1.1 307 There\r\n\r\n"},
        {"", "<= Recv data", "moved"},
        {"", "=> Send header", "GET /unanswered HTTP/1.1\r\n\r\n"},
        {"", "* Recv failure: connection reset", ""},
        {"", "=> Send header", "GET /new HTTP/2\r\nHost: h\r\n\r\n"},
        {"", "<= Recv header", "HTTP/2 200 \r\n"},
        {"", "<= Recv header", "\r\n"},
        {"", "<= Recv data", "data: [DONE]\n\n"},
        {"", "=> Send header", "GET http://h/next HTTP/1.1\r\n\r\n"},
        {"", "<= Recv header", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"},
        {"", "<= Recv data", "data:"},
        {"", "== Info: transfer closed with 4 bytes remaining to read", ""},
    };
    struct qtc_buf text = {0};
    struct file f;

    (void)state;
    put_trace(&text, HEX, records, sizeof records / sizeof *records);
    read_file(&f, qtc_buf_bytes(&text));
    assert_int_equal(f.code, QTC_OK);
    assert_int_equal(f.captures.count, 2);
    assert_bytes(f.captures.list[0].url, qtc_str("http://h/new"));
    assert_bytes(f.captures.list[0].body, qtc_str("data: [DONE]\n\n"));
    assert_false(f.captures.list[0].cut);
    assert_bytes(f.captures.list[1].url, qtc_str("http://h/next"));
    assert_bytes(f.captures.list[1].body, qtc_str("data:"));
    assert_true(f.captures.list[1].cut);
    free_file(&f);
    check_round_trip(qtc_buf_bytes(&text));
    put_trace(&text, HEX, records, 7);
    check_error((qtc_buf_byte(&text, 0), text.data), QTC_TYPE, 0, "no model's response is in it");
    qtc_buf_free(&text);
}

/* --parallel with --trace-ids */
static void traces_of_transfers_at_once(void **state)
{
    static const struct sent records[] = {
        {"[0-0] ", "=> Send header", "GET /a HTTP/1.1\r\n\r\n"},
        {"[1-x] ", "=> Send header", "GET /b HTTP/1.1\r\n\r\n"},
        {"[1-0] ", "<= Recv header", "HTTP/1.1 200 OK\r\n\r\n"},
        {"[0-0] ", "<= Recv header", "HTTP/1.1 200 OK\r\n\r\n"},
        {"[1-0] ", "<= Recv data", "data: b\n\n"},
        {"[0-0] ", "<= Recv data", "data: a\n\n"},
    };
    struct qtc_buf text = {0};
    struct file f;

    (void)state;
    put_trace(&text, ASCII, records, sizeof records / sizeof *records);
    read_file(&f, qtc_buf_bytes(&text));
    assert_int_equal(f.code, QTC_OK);
    assert_int_equal(f.captures.count, 2);
    assert_bytes(f.captures.list[0].body, qtc_str("data: a\n\n"));
    assert_bytes(f.captures.list[1].body, qtc_str("data: b\n\n"));
    free_file(&f);
    qtc_buf_free(&text);
}

static void wrong_traces(void **state)
{
    (void)state;
    check_error("=> Send header, 3 bytes (0x3)\n0000: 61 62\n", QTC_SYNTAX, 30,
                "the line has more or fewer bytes than it should");
    check_error("=> Send header, 3 bytes (0x3)\n", QTC_SYNTAX, 30, "the trace ends inside a record");
    check_error("=> Send header, 3 bytes (0x3)\n0001: abc\n", QTC_SYNTAX, 30, "not the record's next line");
    check_error("=> Send header, 3 bytes (0x3)\n0000: abc\ndata: {}\n", QTC_SYNTAX, 40,
                "not a line of a trace; was the answer written to the same file?");
    check_error("== Info: x\n{}<= Recv data, 1 bytes (0x1)\n", QTC_SYNTAX, 11,
                "the answer is mixed into the trace: give curl -o FILE, or --trace FILE");
    check_error("=> Send header, 17 bytes (0x11)\n"
                "0000: 47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a GET / HTTP/1.1..\n"
                "0010: 4                                               .\n",
                QTC_SYNTAX, 103, "not a line of hexadecimal bytes");
}

/* What --trace-ascii makes of a text, with its line ends put back. */
static void lost_line_ends(void **state)
{
    static const struct {
        const char *lost, *text;
    } rows[] = {
        {"data: {\"a\":\"x.y.\"}..data: {\"b\":-1.5e2,.\"c\":[1.5]}..data: [DONE]..",
         "data: {\"a\":\"x.y.\"}\n\ndata: {\"b\":-1.5e2,\n\"c\":[1.5]}\n\ndata: [DONE]\n\n"},
        {"event: a.b.data: {}..: wait...id: 7.retry: 1.data: no json. at all..data: x..",
         "event: a.b\ndata: {}\n\n: wait.\n\nid: 7\nretry: 1\ndata: no json. at all\n\ndata: x\n\n"},
        {"data: {}\r\n\r\ndata: {}..", "data: {}\r\n\r\ndata: {}\n\n"},
        {"data: {}...event: x.data: {}", "data: {}\n\n\nevent: x\ndata: {}"},
        {"{.  \"a\": 1.,.  \"b\": \"c.\\\".\"}.", "{\n  \"a\": 1\n,\n  \"b\": \"c.\\\".\"}\n"},
        {"{\"a\":1}.{\"b\":0.5}.", "{\"a\":1}\n{\"b\":0.5}\n"},
        {"Not found. Sorry.", "Not found. Sorry."},
        {"data: {\"a\":\"cut \\", "data: {\"a\":\"cut \\"},
        {"data:", "data:"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[128];
        snprintf(text, sizeof text, "%s", rows[i].lost);
        qtc_restore_line_ends(text, strlen(text));
        assert_string_equal(text, rows[i].text);
    }
}

/* ---- archives ------------------------------------------------------------------------------- */

static const char archive[] =
    "{\"log\":{\"version\":\"1.2\",\"entries\":[\n"
    "{\"request\":{\"url\":\"http://h/page\"},\"response\":{\"content\":{\"mimeType\":\"text/"
    "html\",\"text\":\"<p>\"}}},\n"
    "{\"startedDateTime\":\"2026-01-01T00:30:00.5+01:00\",\"request\":{\"method\":\"POST\",\"url\":\"http://"
    "h/v1\","
    "\"headers\":[{\"name\":\":path\",\"value\":\"/v1\"},{\"name\":\"A\",\"value\":\"b\"}],"
    "\"postData\":{\"text\":\"{}\"}},"
    "\"response\":{\"status\":200,\"headers\":[],\"content\":{\"mimeType\":\"text/event-stream\","
    "\"text\":\"ZGF0YTogMQoKZGF0YTogMgoK\",\"encoding\":\"base64\"}},"
    "\"timings\":{\"blocked\":-1,\"send\":0.5,\"wait\":10.25,\"receive\":100}}],\"pages\":[]}}\n";

static void archives(void **state)
{
    struct qtc_bytes text = qtc_bytes(archive, sizeof archive - 1);
    struct file f;
    const struct qtc_capture *c;

    (void)state;
    check_body(text, "har", "data: 1\n\ndata: 2\n\n");
    read_file(&f, text);
    c = f.captures.list;
    assert_bytes(c->start, qtc_str("2025-12-31T23:30:00.5Z"));
    assert_int_equal(c->request_header_count, 1);
    assert_int_equal(c->arrival_count, 2);
    assert_int_equal(c->arrivals[0].at, 10750000);
    assert_int_equal(c->arrivals[0].end, 9);
    assert_int_equal(c->arrivals[1].at, 110750000);
    assert_int_equal(c->ended, 110750000);
    assert_int_equal(c->line, 3);
    free_file(&f);
    for (size_t n = 7; n + 2 < text.len; n++) {
        read_file(&f, qtc_bytes(archive, n));
        assert_int_equal(f.code, QTC_SYNTAX);
        free_file(&f);
    }
}

/* Chrome's own list of events, with and without the body's text. */
static void archived_messages(void **state)
{
    static const char format[] =
        "{\"log\":{\"entries\":[{\"startedDateTime\":\"%s\",\"_eventSourceMessages\":["
        "{\"time\":1767225600.25,\"eventName\":\"message\",\"eventId\":\"\",\"data\":\"1\"},"
        "{\"time\":1767225600.5,\"eventName\":\"x\",\"eventId\":\"7\",\"data\":\"2\\n3\"},"
        "{\"time\":1767225600.375,\"data\":\"4\"}],"
        "\"response\":{\"content\":{%s}},\"timings\":{\"wait\":100,\"receive\":50}}]}}";
    static const struct {
        const char *started, *content, *body;
        uint64_t at[3]; /* of the arrivals, in milliseconds */
        size_t count;
    } rows[] = {
        {"2026-01-01T00:00:00Z",
         "",
         "data: 1\n\nid: 7\nevent: x\ndata: 2\ndata: 3\n\ndata: 4\n\n",
         {250, 500, 500},
         3},
        {"2020-01-01T00:00:00Z",
         "",
         "data: 1\n\nid: 7\nevent: x\ndata: 2\ndata: 3\n\ndata: 4\n\n",
         {100, 350, 350},
         3},
        {"",
         "\"text\":\": c\\n\\ndata: 1\\n\\ndata: 2\\n\\ndata: 3\\n\\n\\n\"",
         ": c\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\n\n",
         {100, 350, 350},
         3},
        {"", "\"text\":\"data: 1\\n\\ndata: 2\\n\\n\"", "data: 1\n\ndata: 2\n\n", {100, 150}, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];
        struct file f;
        snprintf(text, sizeof text, format, rows[i].started, rows[i].content);
        check_body(qtc_str(text), "har", rows[i].body);
        read_file(&f, qtc_str(text));
        assert_int_equal(f.captures.list[0].arrival_count, rows[i].count);
        for (size_t k = 0; k < rows[i].count; k++) {
            assert_int_equal(f.captures.list[0].arrivals[k].at, rows[i].at[k] * 1000000);
        }
        free_file(&f);
    }
}

static void which_entries_are_answers(void **state)
{
    static const struct {
        const char *request, *type, *text;
        bool is;
    } rows[] = {
        {"{}", "text/event-stream", "x", true},
        {"{}", "text/plain", "data: 1", true},
        {"{}", "text/event-stream", "", false},
        {"{}", "application/json", "{\\\"choices\\\":[]}", true},
        {"{}", "text/plain", "{\\\"error\\\":{}}", true},
        {"{}", "application/json", "{\\\"ok\\\":1}", false},
        {"{\\\"model\\\":\\\"m\\\"}", "application/json", "{\\\"ok\\\":1}", true},
        {"{\\\"model\\\":\\\"m\\\"}", "text/html", "<p>", false},
        {"not json", "application/json", "{cut", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        struct file f;
        snprintf(text, sizeof text,
                 "{\"log\":{\"entries\":[{\"request\":{\"postData\":{\"text\":\"%s\"}},"
                 "\"response\":{\"content\":{\"mimeType\":\"%s\",\"text\":\"%s\"}}}]}}",
                 rows[i].request, rows[i].type, rows[i].text);
        read_file(&f, qtc_str(text));
        assert_int_equal(f.code, rows[i].is ? QTC_OK : QTC_TYPE);
        free_file(&f);
    }
}

static void wrong_archives(void **state)
{
    (void)state;
    check_error("{\"log\":1}", QTC_SYNTAX, 7, "an object is missing");
    check_error("{\"log\":{}}", QTC_TYPE, 0, "no model's response is in it");
    check_error("{\"log\":{\"entries\":{}}}", QTC_SYNTAX, 18, "the archive's entries are no array");
    check_error("{\"log\":{\"entries\":[{}}]}}", QTC_SYNTAX, 21, "a comma or ] is missing");
    check_error("{\"log\":{\"entries\":[{]}}", QTC_SYNTAX, 20, "not JSON, or nested too deeply");
    check_error("{\"log\":{},2:3}", QTC_SYNTAX, 11, "a key in quotes, or its colon, is missing");
    check_error("{\"log\":{}}x", QTC_SYNTAX, 10, "more behind the archive");
    check_error("{\"log\":{\"entries\":[{\"response\":{\"content\":{\"text\":\"a\",\"encoding\":\"base64\","
                "\"mimeType\":\"text/event-stream\"}}}]}}",
                QTC_SYNTAX, 50, "the response's text is not base64");
    check_error("{\"log\":{\"entries\":[{\"response\":{\"content\":{\"text\":\"a\",\"encoding\":\"base64\","
                "\"mimeType\":\"image/png\"}}}]}}",
                QTC_TYPE, 0, "no model's response is in it");
}

/* Whatever else a page loaded: the stream is there. */
static void a_long_download_is_passed_over(void **state)
{
    static const char first[] = "{\"log\":{\"entries\":[{\"response\":{\"content\":{\"text\":\"";
    static const char second[] = "\"}}},{\"response\":{\"content\":{\"mimeType\":\"text/event-stream\","
                                 "\"text\":\"data: 1\\n\\n\"}}}]}}";
    const size_t long_text = 65 << 20;
    struct qtc_buf text = {0};
    struct file f;

    (void)state;
    qtc_buf_str(&text, first);
    assert_non_null(qtc_buf_room(&text, long_text));
    memset(text.data + text.len, 'A', long_text);
    text.len += long_text;
    qtc_buf_str(&text, second);
    read_file(&f, qtc_buf_bytes(&text));
    assert_int_equal(f.code, QTC_OK);
    assert_int_equal(f.captures.count, 1);
    assert_bytes(f.captures.list[0].body, qtc_str("data: 1\n\n"));
    free_file(&f);
    qtc_buf_free(&text);
}

/* ---- numbers, dates, base64 -------------------------------------------------------------------- */

static void decimals(void **state)
{
    static const struct {
        const char *text;
        bool is;
        uint64_t n;
    } rows[] = {
        {"0", true, 0},
        {"1", true, 1000000000},
        {"0.183204911", true, 183204911},
        {"0.18320491149999", true, 183204911},
        {"0.1832049115", true, 183204912},
        {"0.18320491099999999", true, 183204911},
        {"1e-9", true, 1},
        {"4e-10", true, 0},
        {"5e-10", true, 1},
        {"9e-11", true, 0},
        {"1.5E+1", true, 15000000000},
        {"12.5e-1", true, 1250000000},
        {"0e999999999999", true, 0},
        {"1e-999999999999", true, 0},
        {"18446744073.709551615", true, UINT64_MAX},
        {"18446744073.7095516155", false, 0},
        {"18446744073.709551616", false, 0},
        {"1e999999999999", false, 0},
        {"-1", false, 0},
        {"", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t n = 0;
        assert_int_equal(qtc_decimal(qtc_str(rows[i].text), 9, &n), rows[i].is);
        assert_true(!rows[i].is || n == rows[i].n);
    }
}

static void dates_in_utc(void **state)
{
    static const struct {
        const char *text, *utc;
        uint64_t epoch;
    } rows[] = {
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", 0},
        {"2026-01-31T12:00:00.250Z", "2026-01-31T12:00:00.250Z", 1769860800250000000},
        {"2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00Z", 1767223800000000000},
        {"2024-02-28T23:30:00.1234567891-0130", "2024-02-29T01:00:00.1234567891Z", 1709168400123456789},
        {"2000-03-01t00:00:60z", NULL, 0},
        {"2000-03-01 00:00:60z", "2000-03-01T00:00:60Z", 951868860000000000},
        {"1900-03-01T00:00:00+00:01", "1900-02-28T23:59:00Z", 0},
        {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", 0},
        {"2026-13-01T00:00:00Z", NULL, 0},
        {"2026-01-01T00:00:00", NULL, 0},
        {"2026-01-01T00:00:00+25:00", NULL, 0},
        {"2026-01-01", NULL, 0},
        {"", NULL, 0},
    };
    struct qtc_arena arena = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct qtc_bytes utc;
        uint64_t epoch = 0;
        assert_int_equal(qtc_time_in_utc(&arena, qtc_str(rows[i].text), &utc, &epoch), rows[i].utc != NULL);
        if (rows[i].utc != NULL) {
            assert_bytes(utc, qtc_str(rows[i].utc));
            assert_true(epoch == rows[i].epoch);
        }
    }
    qtc_arena_free(&arena);
}

static void base64(void **state)
{
    static const char *const wrong[] = {
        "a", "ab", "abc", "ab=c", "a===", "====", "ab==ab==", "ab c", "YR==", "YWJ=", "-_-_"};
    struct qtc_buf text = {0};
    char bytes[256], back[256];
    size_t len, bad;

    (void)state;
    for (size_t n = 0; n < 256; n++) {
        bytes[n] = (char)n;
        qtc_buf_clear(&text);
        qtc_base64_encode(&text, qtc_bytes(bytes, n));
        assert_int_equal(text.len, (n + 2) / 3 * 4);
        assert_true(qtc_base64_decode(back, &len, qtc_buf_bytes(&text), &bad));
        assert_bytes(qtc_bytes(back, len), qtc_bytes(bytes, n));
    }
    qtc_buf_clear(&text);
    qtc_base64_encode(&text, qtc_str("any carnal pleas"));
    assert_bytes(qtc_buf_bytes(&text), qtc_str("YW55IGNhcm5hbCBwbGVhcw=="));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(qtc_base64_decode(back, &len, qtc_str(wrong[i]), &bad));
        assert_true(bad <= strlen(wrong[i]));
    }
    qtc_buf_free(&text);
}

/* ---- JSON Lines out, summaries ------------------------------------------------------------------- */

static void lines_of_events(void **state)
{
    static const struct {
        const char *body, *lines;
    } rows[] = {
        {"data: {\"a\":1}\n\n: c\n\ndata: {\"b\":\ndata: 2}\n\ndata: [DONE]\n\n", "{\"a\":1}\n{\"b\": 2}\n"},
        {"{\n \"a\": 1\n}\n", "{  \"a\": 1 }\n"},
        {"{\"a\":1}\n{\"b\":2}", "{\"a\":1}\n{\"b\":2}\n"},
        {"{\"a\":1}\n\n[DONE]\n", "{\"a\":1}\n"},
        {"[{\"a\":1},\n{\"b\":2}]\n", "[{\"a\":1}, {\"b\":2}]\n"},
        {"", ""},
    };
    struct qtc_buf out = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct qtc_capture c = {.body = qtc_str(rows[i].body)};
        qtc_buf_clear(&out);
        write_as(&out, "jsonl", &(struct qtc_captures){.list = &c, .count = 1});
        assert_bytes(qtc_buf_bytes(&out), qtc_str(rows[i].lines));
    }
    qtc_buf_free(&out);
}

static void a_summary_counts(void **state)
{
    static const char body[] =
        "data: "
        "{\"id\":\"i\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"tool_"
        "calls\":"
        "[{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}"
        "]}}]}\n\n"
        "data: "
        "{\"id\":\"i\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_"
        "calls\"}]}\n\n"
        "data: {\"id\":\"i\",\"model\":\"m\",\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\ndata: "
        "[DONE]\n\n";
    struct qtc_arrival arrivals[] = {{10, 1}, {20, 2}, {50, 3}, {50, sizeof body - 1}};
    struct qtc_capture c = {
        .body = {body, sizeof body - 1}, .arrivals = arrivals, .arrival_count = 4, .timed = true};
    struct qtc_arena arena = {0};
    struct qtc_summary s;

    (void)state;
    assert_int_equal(qtc_capture_summarize(&arena, &c, NULL, &s), QTC_OK);
    assert_int_equal(s.shape, QTC_SHAPE_EVENTS);
    assert_int_equal(s.events, 4);
    assert_true(s.done && !s.stopped);
    assert_int_equal(s.first_byte, 10);
    assert_int_equal(s.gap_p50, 10);
    assert_int_equal(s.gap_max, 30);
    assert_int_equal(s.choices, 1);
    assert_int_equal(s.calls, 1);
    assert_int_equal(s.calls_in_text, 0);
    assert_bytes(s.names[0], qtc_str("f"));
    assert_int_equal(s.finishes[QTC_FINISH_TOOL_CALLS], 1);
    assert_bytes(s.usage, qtc_str("{\"total_tokens\":3}"));
    assert_bytes(s.model, qtc_str("m"));
    qtc_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_by_their_first_bytes),
        cmocka_unit_test(kinds_beyond_the_first_4096_bytes),
        cmocka_unit_test(raw_heads),
        cmocka_unit_test(raw_chunked),
        cmocka_unit_test(chunks_cut_anywhere),
        cmocka_unit_test(not_a_capture),
        cmocka_unit_test(json_values),
        cmocka_unit_test(a_recording_keeps_every_field),
        cmocka_unit_test(whatever_is_written_is_read),
        cmocka_unit_test(a_cut_recording_is_good_up_to_its_last_line),
        cmocka_unit_test(recordings_follow_each_other),
        cmocka_unit_test(wrong_recordings),
        cmocka_unit_test(traces_with_times),
        cmocka_unit_test(traces_of_several_transfers),
        cmocka_unit_test(traces_of_transfers_at_once),
        cmocka_unit_test(wrong_traces),
        cmocka_unit_test(lost_line_ends),
        cmocka_unit_test(archives),
        cmocka_unit_test(archived_messages),
        cmocka_unit_test(which_entries_are_answers),
        cmocka_unit_test(wrong_archives),
        cmocka_unit_test(a_long_download_is_passed_over),
        cmocka_unit_test(decimals),
        cmocka_unit_test(dates_in_utc),
        cmocka_unit_test(base64),
        cmocka_unit_test(lines_of_events),
        cmocka_unit_test(a_summary_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
