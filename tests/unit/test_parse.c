/* The parse room: markers, mended JSON, typed values, and of the engine what the
 * corpus cannot show: when bytes go out, limits, a sink that stops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "parse/markers.h"
#include "parse/mend.h"
#include "parse/parse.h"
#include "parse/typed.h"

static void assert_bytes(struct qtc_bytes got, const char *expected)
{
    if (got.len != strlen(expected) || (got.len > 0 && memcmp(got.data, expected, got.len) != 0)) {
        fail_msg("expected %s, got %.*s", expected, (int)got.len, got.data);
    }
}

/* ---- markers ---------------------------------------------------------------- */

static void finds_markers_that_overlap(void **state)
{
    static const char *const markers[] = {"<tool_call>", "</tool_call>", "]<]m[>[<tool>", "<too"};
    static const struct {
        const char *text;
        int id;
    } cases[] = {
        {"<tool_call>", 3}, /* the shorter one ends first */
        {"<</tool_call>", 1}, {"</tool</tool_call>", 1}, {"]<]<]m[>[<tool>", 2}, {"]<]m[>]<]m[>[<tool>", 2},
        {"<tol", -1},
    };
    struct qtc_markers m = {0};
    (void)state;
    for (int i = 0; i < 4; i++) {
        qtc_markers_add(&m, markers[i], i);
    }
    qtc_markers_seal(&m);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned node = 0;
        int id = -1;
        for (const char *c = cases[i].text; *c != '\0' && id < 0; c++) {
            node = qtc_markers_step(&m, node, *c);
            id = m.nodes[node].id;
        }
        assert_int_equal(id, cases[i].id);
    }
    qtc_markers_free(&m);
}

/* ---- mended JSON ------------------------------------------------------------ */

static const struct {
    const char *in, *out; /* out NULL: the same */
    unsigned found;
} mends[] = {
    {"{\"a\": 1, \"b\":[true,null , -1.50e3]}", NULL, 0},
    {"\"plain\"", NULL, 0},
    {"12345678901234567890", NULL, 0},
    {"{\"a\":\"\\u00e9\\ud83d\\ude00\"}", NULL, 0},
    {"{\"a\":1,}", "{\"a\":1}", QTC_MEND_TRAILING_COMMA},
    {"[1, 2 , ]", "[1, 2  ]", QTC_MEND_TRAILING_COMMA},
    {"{'a': 'it\\'s \"x\"'}", "{\"a\": \"it's \\\"x\\\"\"}", QTC_MEND_SINGLE_QUOTES},
    {"{'a': 'it's'}", "{\"a\": \"it's\"}", QTC_MEND_SINGLE_QUOTES | QTC_MEND_UNESCAPED_QUOTE},
    {"{a: True, b_2: None, c:False}", "{\"a\": true, \"b_2\": null, \"c\":false}",
     QTC_MEND_UNQUOTED_KEY | QTC_MEND_PYTHON},
    {"{\"a\":\"x\ny\tz\"}", "{\"a\":\"x\\ny\\tz\"}", QTC_MEND_RAW_CONTROL},
    {"{\"a\":\"say \"hi\" now\"}", "{\"a\":\"say \\\"hi\\\" now\"}", QTC_MEND_UNESCAPED_QUOTE},
    {"{\"a\":\"\\d+ \\u12\"}", "{\"a\":\"\\\\d+ \\\\u12\"}", QTC_MEND_INVALID_ESCAPE},
    {"{\"a\":1 /* one */, // two\n\"b\":2}", "{\"a\":1 , \"b\":2}", QTC_MEND_COMMENT},
    {"{\"a\":\"b\" /* c */}", "{\"a\":\"b\" }", QTC_MEND_COMMENT},
    {"{\"a\" // k\n:\"b\"//c\n}", "{\"a\" :\"b\"}", QTC_MEND_COMMENT},
    {"{\"a\":\"b\"/c\"}", "{\"a\":\"b\\\"/c\"}", QTC_MEND_UNESCAPED_QUOTE},
    {"{\"a\":[1,2}", "{\"a\":[1,2]}", QTC_MEND_MISSING_BRACE},
    {"{\"a\":[1]]}", "{\"a\":[1]}", QTC_MEND_EXTRA_BRACE},
    {"{\"a\":\"\\ud83d\"}", NULL, QTC_MEND_LONE_SURROGATE},
    {"{\"a\":\"\\ude00\"}", NULL, QTC_MEND_LONE_SURROGATE},
    {"{\"a\":oops}", NULL, QTC_MEND_NOT_JSON},
    {"{\"a\":01}", NULL, QTC_MEND_NOT_JSON},
    {"{\"a\" 1}", "{\"a\\\" 1}\":null}", QTC_MEND_UNESCAPED_QUOTE}, /* the quote reads as text of the key */
};

static void mend_in_pieces(const char *in, size_t piece, struct qtc_buf *out, unsigned *found)
{
    struct qtc_mend m = {0};
    size_t len = strlen(in);
    qtc_mend_reset(&m, 0, '\0');
    m.begun = true; /* no one watches */
    for (size_t i = 0; i < len; i += piece) {
        size_t n = len - i < piece ? len - i : piece;
        for (size_t used = 0; used < n;) {
            used += qtc_mend_feed(&m, in + i + used, n - used, out);
        }
    }
    qtc_mend_finish(&m, out, true);
    *found = m.found;
    qtc_mend_free(&m);
}

/* No marker is asked about: a NUL byte is not taken for its first byte. */
static void mends_a_nul_byte(void **state)
{
    struct qtc_buf out = {0};
    unsigned found;
    (void)state;
    assert_true(qtc_mend_text(qtc_bytes("[\"a\0b\"]", 7), &out, &found));
    assert_bytes(qtc_buf_bytes(&out), "[\"a\\u0000b\"]");
    assert_int_equal(found, QTC_MEND_RAW_CONTROL);
    qtc_buf_free(&out);
}

static void mends_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mends / sizeof mends[0]; i++) {
        for (size_t piece = 1; piece <= strlen(mends[i].in); piece++) {
            struct qtc_buf out = {0};
            unsigned found;
            mend_in_pieces(mends[i].in, piece, &out, &found);
            assert_bytes(qtc_buf_bytes(&out), mends[i].out == NULL ? mends[i].in : mends[i].out);
            assert_int_equal(found, mends[i].found);
            qtc_buf_free(&out);
        }
    }
}

static void closes_what_was_cut(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"{\"a\":\"b", "{\"a\":\"b\"}"},
        {"{\"a\":[1,", "{\"a\":[1]}"},
        {"{\"a\":", "{\"a\":null}"},
        {"{\"a\"", "{\"a\":null}"},
        {"{\"a\":\"b\\", "{\"a\":\"b\"}"},
        {"{\"a\":{\"b\":tru", "{\"a\":{\"b\":tru}}"},
        {"{\"a\":{\"b\":true", "{\"a\":{\"b\":true}}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qtc_buf out = {0};
        unsigned found;
        mend_in_pieces(cases[i].in, 3, &out, &found);
        assert_bytes(qtc_buf_bytes(&out), cases[i].out);
        qtc_buf_free(&out);
    }
}

/* ---- typed values ----------------------------------------------------------- */

enum {
    S = QTC_T_STRING,
    I = QTC_T_INTEGER,
    N = QTC_T_NUMBER,
    B = QTC_T_BOOLEAN,
    Z = QTC_T_NULL,
    A = QTC_T_ARRAY,
    O = QTC_T_OBJECT
};

static const struct {
    const char *in;
    unsigned types;
    bool guess;
    const char *out;
    bool mismatch;
    unsigned mended;
} typed[] = {
    {"5", I, false, "5", false, 0},
    {" 5\n", I, false, "5", false, 0},
    {"5.0", I, false, "5.0", true, 0},
    {"1e3", N, false, "1e3", false, 0},
    {"12345678901234567890", I, false, "12345678901234567890", false, 0},
    {"x", I, false, "\"x\"", true, 0},
    {"", I, false, "\"\"", true, 0},
    {"07", I, false, "\"07\"", true, 0},
    {"true", B, false, "true", false, 0},
    {"True", B, false, "true", false, QTC_MEND_PYTHON},
    {"1", B, false, "true", true, 0},
    {"yes", B, false, "\"yes\"", true, 0},
    {"null", Z, false, "null", false, 0},
    {"None", Z, false, "null", false, QTC_MEND_PYTHON},
    {"null", S | Z, false, "null", false, 0},
    {"nullable", S | Z, false, "\"nullable\"", false, 0},
    {"5.5", S | I, false, "\"5.5\"", false, 0},
    {"5", S | I, false, "5", false, 0},
    {"{\"a\": 1}", O, false, "{\"a\": 1}", false, 0},
    {"{'a': True}", O, false, "{\"a\": true}", false, QTC_MEND_SINGLE_QUOTES | QTC_MEND_PYTHON},
    {"[1]", O, false, "[1]", true, 0},
    {"[1, 2", A, false, "\"[1, 2\"", true, 0},
    {"1, 2", A, false, "\"1, 2\"", true, 0},
    {"5", 0, false, "\"5\"", false, 0},
    {"5", 0, true, "5", false, 0},
    {"{\"a\"}", 0, true, "\"{\\\"a\\\"}\"", false, 0},
};

static void types_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        struct qtc_buf out = {0};
        bool mismatch;
        unsigned mended;
        qtc_typed(&out, qtc_str(typed[i].in), typed[i].types, typed[i].guess, &mismatch, &mended);
        assert_bytes(qtc_buf_bytes(&out), typed[i].out);
        assert_int_equal(mismatch, typed[i].mismatch);
        assert_int_equal(mended, typed[i].mended);
        qtc_buf_free(&out);
    }
}

static void knows_when_a_value_can_only_be_a_string(void **state)
{
    (void)state;
    assert_true(qtc_typed_open(qtc_str(""), S | Z, false));
    assert_true(qtc_typed_open(qtc_str(" nul"), S | Z, false));
    assert_false(qtc_typed_open(qtc_str("nulls"), S | Z, false));
    assert_false(qtc_typed_open(qtc_str("H"), S | Z, false));
    assert_true(qtc_typed_open(qtc_str("[1,"), S | A, false));
    assert_false(qtc_typed_open(qtc_str("[1,"), S | I, false));
}

/* ---- the engine ------------------------------------------------------------- */

struct seen {
    struct qtc_buf text; /* fragments joined, a mark before each kind */
    enum qtc_event_kind last;
    unsigned left; /* events until the sink stops; 0: never */
};

static bool on_event(void *ctx, const struct qtc_event *event)
{
    struct seen *s = ctx;
    static const char marks[] = {
        [QTC_CONTENT] = 'c', [QTC_REASONING] = 'r', [QTC_CALL] = '(', [QTC_ARGS] = 'a', [QTC_CALL_END] = ')'};
    if (event->kind == QTC_DEFECT || event->kind == QTC_FRAMING) {
        return true;
    }
    if (event->kind != s->last) {
        qtc_buf_byte(&s->text, marks[event->kind]);
        s->last = event->kind;
    }
    qtc_buf_put(&s->text, event->kind == QTC_CALL ? event->name : event->text);
    return s->left == 0 || --s->left > 0;
}

/* Pieces, and all that must be out when each has been fed. */
struct step {
    const char *piece, *out;
};

static void feed_steps(const char *format, const char *tools_json, const struct step *steps)
{
    struct seen s = {.last = QTC_START};
    struct qtc_error error;
    struct qtc_tools *tools = tools_json == NULL ? NULL : qtc_tools_read(qtc_str(tools_json), &error);
    struct qtc_parse_options options = {.format = qtc_format_find(format), .tools = tools};
    struct qtc_parser *p = qtc_parser_new(&options, on_event, &s);
    for (; steps->piece != NULL; steps++) {
        assert_int_equal(qtc_parser_feed(p, steps->piece, strlen(steps->piece)), QTC_OK);
        assert_bytes(qtc_buf_bytes(&s.text), steps->out);
    }
    assert_int_equal(qtc_parser_finish(p), QTC_OK);
    qtc_parser_free(p);
    qtc_tools_free(tools);
    qtc_buf_free(&s.text);
}

static void gives_each_byte_as_early_as_it_can(void **state)
{
    static const struct step xml[] = {
        {"Look: a <", "cLook: a "},
        {" b", "cLook: a < b"},
        {" <tool_", "cLook: a < b "},
        {"x", "cLook: a < b <tool_x"},
        {"<tool_call>\n<function=f", "cLook: a < b <tool_x"},
        {">", "cLook: a < b <tool_x(f"},
        {"\n<parameter=p>\nab", "cLook: a < b <tool_x(fa{\"p\":\"ab"},
        {"\n", "cLook: a < b <tool_x(fa{\"p\":\"ab"},
        {"c</para", "cLook: a < b <tool_x(fa{\"p\":\"ab\\nc"},
        {"graph>", "cLook: a < b <tool_x(fa{\"p\":\"ab\\nc</paragraph>"},
        {"\n</parameter>\n</f", "cLook: a < b <tool_x(fa{\"p\":\"ab\\nc</paragraph>"},
        {"unction>", "cLook: a < b <tool_x(fa{\"p\":\"ab\\nc</paragraph>\"})"},
        {NULL, NULL},
    };
    static const struct step json[] = {
        {"<tool_call>{\"name\": \"f\"", ""}, /* the quote may still be text */
        {",", "(f"},
        {" \"arguments\": {\"a\": \"x", "(fa{\"a\": \"x"},
        {"y\"", "(fa{\"a\": \"xy"},
        {"}", "(fa{\"a\": \"xy\"}"},
        {"}", "(fa{\"a\": \"xy\"})"},
        {NULL, NULL},
    };
    static const struct step think[] = {
        {"<think>hm", "rhm"}, {"m</thi", "rhmm"}, {"nk>\n\n", "rhmm"}, {"Hi", "rhmmc\n\nHi"}, {NULL, NULL},
    };
    (void)state;
    feed_steps("qwen3_coder", NULL, xml);
    feed_steps("hermes", NULL, json);
    feed_steps("none", NULL, think);
}

static void streams_a_string_that_may_be_null(void **state)
{
    static const char tools[] = "[{\"name\":\"f\",\"parameters\":{\"type\":\"object\",\"properties\":{"
                                "\"p\":{\"type\":[\"string\",\"null\"]}}}}]";
    static const struct step steps[] = {
        {"<tool_call><function=f><parameter=p>nu", "(fa{\"p\":"},
        {"m", "(fa{\"p\":\"num"},
        {"ber", "(fa{\"p\":\"number"},
        {NULL, NULL},
    };
    (void)state;
    feed_steps("qwen3_coder", tools, steps);
}

static void never_cuts_a_character(void **state)
{
    static const struct step steps[] = {
        {"caf\xc3", "ccaf"},
        {"\xa9 \xf0\x9f", "ccaf\xc3\xa9 "},
        {"\x98\x80", "ccaf\xc3\xa9 \xf0\x9f\x98\x80"},
        {NULL, NULL},
    };
    (void)state;
    feed_steps("qwen3_coder", NULL, steps);
}

static void holds_no_more_than_its_limit(void **state)
{
    struct seen s = {.last = QTC_START};
    struct qtc_parse_options options = {.format = qtc_format_find("hermes"), .max_held = 40};
    struct qtc_parser *p = qtc_parser_new(&options, on_event, &s);
    static const char text[] =
        "<tool_call>{\"arguments\": {\"a\": \"0123456789012345678901234567890123456789\"}}";
    (void)state;
    assert_int_equal(qtc_parser_feed(p, text, sizeof text - 1), QTC_OK);
    assert_int_equal(qtc_parser_finish(p), QTC_OK);
    assert_int_equal(s.text.len, sizeof text); /* all of it, as content */
    assert_memory_equal(s.text.data + 1, text, sizeof text - 1);
    qtc_parser_free(p);
    qtc_buf_free(&s.text);
}

/* All of `text`, in pieces. */
static void parse_pieces(struct qtc_parser *p, const char *text, size_t piece)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i += piece) {
        assert_int_equal(qtc_parser_feed(p, text + i, len - i < piece ? len - i : piece), QTC_OK);
    }
    assert_int_equal(qtc_parser_finish(p), QTC_OK);
}

/* Inside a call too: it ends, goes on behind it, and does so at the same byte however the text is cut. */
static void passes_its_limit_inside_a_call(void **state)
{
#define BLANKS "                                                  "
    static const struct {
        const char *text, *seen;
    } cases[] = {
        {"<tool_call><function=f>" BLANKS "<parameter=a>x</parameter></function></tool_call>",
         "(fc" BLANKS "a{\"a\":\"x\"})"},
        {"<tool_call>{\"name\":\"f\",\"arguments\":{\"a\":\"</tool_call>" BLANKS "x\"}}</tool_call>",
         "(fa{\"a\":\"</tool_call>" BLANKS "x\"})"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t piece = 1; piece < 200; piece += 13) {
            struct seen s = {.last = QTC_START};
            struct qtc_parse_options options = {.max_held = 40};
            struct qtc_parser *p = qtc_parser_new(&options, on_event, &s);
            parse_pieces(p, cases[i].text, piece);
            qtc_buf_byte(&s.text, '\0');
            assert_string_equal(s.text.data, cases[i].seen);
            qtc_parser_free(p);
            qtc_buf_free(&s.text);
        }
    }
}

/* A text that ended in a parameter's name does not change how the next one is read. */
static void forgets_the_text_before(void **state)
{
    static const char text[] =
        "<tool_call><function=f><parameter=a>x<parameter>y</parameter>z</parameter></function></tool_call>";
    struct seen s = {.last = QTC_START};
    struct qtc_parse_options options = {.format = qtc_format_find("qwen3_coder")};
    struct qtc_parser *p = qtc_parser_new(&options, on_event, &s);
    (void)state;
    parse_pieces(p, "<tool_call><function=f><parameter>abc", 5);
    qtc_parser_reset(p);
    s.text.len = 0;
    s.last = QTC_START;
    parse_pieces(p, text, 5);
    qtc_buf_byte(&s.text, '\0');
    assert_string_equal(s.text.data, "(fa{\"a\":\"x<parameter>y</parameter>z\"})");
    qtc_parser_free(p);
    qtc_buf_free(&s.text);
}

/* The piece ends inside a character when the call gets too long to wait. */
static void lets_go_inside_a_character(void **state)
{
    static const char head[] = "<tool_call><function=f><parameter=a>";
    enum { FILLER = 70000 };
    struct seen s = {.last = QTC_START};
    struct qtc_parse_options options = {.format = qtc_format_find("qwen3_coder"), .hold_calls = true};
    struct qtc_parser *p = qtc_parser_new(&options, on_event, &s);
    struct qtc_buf text = {0};
    (void)state;
    qtc_buf_str(&text, head);
    memset(qtc_buf_room(&text, FILLER), 'x', FILLER);
    text.len += FILLER;
    qtc_buf_str(&text, "\xc3\xa9</parameter></function></tool_call>");
    size_t cut = sizeof head - 1 + FILLER + 1;
    assert_int_equal(qtc_parser_feed(p, text.data, cut), QTC_OK);
    assert_int_equal(qtc_parser_feed(p, text.data + cut, text.len - cut), QTC_OK);
    assert_int_equal(qtc_parser_finish(p), QTC_OK);
    assert_int_equal(s.text.len, strlen("(fa{\"a\":\"") + FILLER + strlen("\xc3\xa9\"})"));
    qtc_parser_free(p);
    qtc_buf_free(&text);
    qtc_buf_free(&s.text);
}

/* A parameter given twice: replaced while the call is short, the first one stays
 * once it is long; the same in one piece and in many. */
static void lets_go_of_long_calls(void **state)
{
    static const struct {
        size_t filler;
        const char *end;
    } cases[] = {{10, "\"b\":\"2\"}"}, {100000, "\"b\":\"1\"}"}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (size_t piece = 1; piece < 200000; piece = piece * 37 + 1) {
            struct seen s = {.last = QTC_START};
            struct qtc_parse_options options = {.format = qtc_format_find("qwen3_coder"), .hold_calls = true};
            struct qtc_parser *p = qtc_parser_new(&options, on_event, &s);
            struct qtc_buf text = {0};
            qtc_buf_str(&text, "<tool_call><function=f><parameter=a>");
            memset(qtc_buf_room(&text, cases[i].filler), 'x', cases[i].filler);
            text.len += cases[i].filler;
            qtc_buf_str(&text, "</parameter><parameter=b>1</parameter><parameter=b>2</parameter></function>");
            for (size_t at = 0; at < text.len; at += piece) {
                size_t n = text.len - at < piece ? text.len - at : piece;
                assert_int_equal(qtc_parser_feed(p, text.data + at, n), QTC_OK);
            }
            assert_int_equal(qtc_parser_finish(p), QTC_OK);
            size_t len = strlen(cases[i].end);
            assert_true(s.text.len > len + 1);
            assert_bytes(qtc_bytes(s.text.data + s.text.len - len - 1, len), cases[i].end);
            qtc_parser_free(p);
            qtc_buf_free(&text);
            qtc_buf_free(&s.text);
        }
    }
}

static void stops_with_its_sink(void **state)
{
    struct seen s = {.last = QTC_START, .left = 2};
    struct qtc_parse_options options = {.format = NULL};
    struct qtc_parser *p = qtc_parser_new(&options, on_event, &s);
    (void)state;
    assert_int_equal(qtc_parser_feed(p, "one", 3), QTC_OK);
    assert_int_equal(qtc_parser_feed(p, "two", 3), QTC_STOPPED);
    assert_int_equal(qtc_parser_feed(p, "three", 5), QTC_STOPPED);
    assert_int_equal(qtc_parser_finish(p), QTC_STOPPED);
    assert_bytes(qtc_buf_bytes(&s.text), "conetwo");
    qtc_parser_free(p);
    qtc_buf_free(&s.text);
}

/* ---- formats ---------------------------------------------------------------- */

/* What a row's example is to the row itself, or to auto. */
static const struct qtc_format *parse_example(const struct qtc_format *row, bool automatic, struct seen *s)
{
    static const char weather[] = "[{\"name\":\"get_weather\",\"parameters\":{\"type\":\"object\","
                                  "\"properties\":{\"city\":{\"type\":\"string\"}}}}]";
    struct qtc_error error;
    struct qtc_tools *tools = qtc_tools_read(qtc_str(weather), &error);
    struct qtc_parse_options options = {.format = automatic ? NULL : row, .tools = tools};
    struct qtc_parser *p = qtc_parser_new(&options, on_event, s);
    s->last = QTC_START;
    assert_int_equal(qtc_parser_feed(p, row->example, strlen(row->example)), QTC_OK);
    assert_int_equal(qtc_parser_finish(p), QTC_OK);
    const struct qtc_format *found = qtc_parser_format(p);
    qtc_parser_free(p);
    qtc_tools_free(tools);
    return found;
}

/* Rows that share their markers need not be told apart: auto finds one that reads the same. */
static void every_example_is_what_its_row_says(void **state)
{
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        struct seen given = {.left = 0}, found = {.left = 0};
        const struct qtc_format *as_given = parse_example(all[i], false, &given);
        const struct qtc_format *as_found = parse_example(all[i], true, &found);
        const char *name = all[i]->name;
        qtc_buf_byte(&given.text, '\0');
        qtc_buf_byte(&found.text, '\0');
        if (all[i]->body == QTC_BODY_NONE) {
            assert_string_equal(given.text.data + 1, all[i]->example);
        } else if (as_given != all[i] || (strcmp(given.text.data, "(get_weathera{\"city\":\"Tokyo\"})") != 0 &&
                                          strcmp(given.text.data, "(get_weathera{\"city\": \"Tokyo\"})") != 0)) {
            fail_msg("%s: its own example is %s", name, given.text.data);
        } else if (as_found == NULL || strcmp(given.text.data, found.text.data) != 0) {
            fail_msg("%s: its example is %s, but %s to auto", name, given.text.data, found.text.data);
        }
        qtc_buf_free(&given.text);
        qtc_buf_free(&found.text);
    }
}

static void formats_are_found_by_all_their_names(void **state)
{
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(qtc_format_find(all[i]->name), all[i]);
        for (size_t k = 0; all[i]->aliases[k] != NULL; k++) {
            assert_ptr_equal(qtc_format_find(all[i]->aliases[k]), all[i]);
        }
    }
    assert_null(qtc_format_find("auto"));
    assert_null(qtc_format_find(""));
}

static void a_row_is_shown_as_json(void **state)
{
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        struct qtc_buf out = {0};
        struct qtc_arena arena = {0};
        struct qtc_error error;
        qtc_format_json(&out, all[i]);
        const struct qtc_json *row = qtc_json_read(&arena, qtc_buf_bytes(&out), &error);
        assert_non_null(row);
        assert_bytes(qtc_json_text(qtc_json_get(row, "name")), all[i]->name);
        assert_bytes(qtc_json_text(qtc_json_get(row, "example")), all[i]->example);
        qtc_arena_free(&arena);
        qtc_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_markers_that_overlap),
        cmocka_unit_test(mends_json),
        cmocka_unit_test(mends_a_nul_byte),
        cmocka_unit_test(closes_what_was_cut),
        cmocka_unit_test(types_values),
        cmocka_unit_test(knows_when_a_value_can_only_be_a_string),
        cmocka_unit_test(gives_each_byte_as_early_as_it_can),
        cmocka_unit_test(streams_a_string_that_may_be_null),
        cmocka_unit_test(never_cuts_a_character),
        cmocka_unit_test(holds_no_more_than_its_limit),
        cmocka_unit_test(passes_its_limit_inside_a_call),
        cmocka_unit_test(forgets_the_text_before),
        cmocka_unit_test(lets_go_inside_a_character),
        cmocka_unit_test(lets_go_of_long_calls),
        cmocka_unit_test(stops_with_its_sink),
        cmocka_unit_test(every_example_is_what_its_row_says),
        cmocka_unit_test(formats_are_found_by_all_their_names),
        cmocka_unit_test(a_row_is_shown_as_json),
    };
    return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
