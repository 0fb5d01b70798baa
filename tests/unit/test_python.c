/* The reader of Python arguments. Every case is read whole, byte by byte, and cut in two at every place;
 * every beginning of it, finished, is valid JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parse/literal.h"
#include "parse/python.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { NONE = QTC_PYTHON_NONE, DONE = QTC_PYTHON_DONE, BAD = QTC_PYTHON_BAD };

/* Behind the call's parenthesis; what comes out; the last event; what was found. Of a BAD call
 * after KEY, and of one that does not end, `out` is what finish makes of it. */
static const struct {
    const char *in, *out;
    int event;
    unsigned found;
} cases[] = {
    /* structure */
    {")", "{}", DONE, 0},
    {" # nothing\n )", "{}", DONE, 0},
    {"city='Tokyo', n=3)", "{\"city\":\"Tokyo\",\"n\":3}", DONE, 0},
    {"\n  city = 'Tokyo' ,\n  n\t=\t3 ,\n)", "{\"city\":\"Tokyo\",\"n\":3}", DONE, 0},
    {"a=1) b=2", "{\"a\":1}", DONE, 0},
    {"a=[1, 2,], b=[], c=[[]])", "{\"a\":[1,2],\"b\":[],\"c\":[[]]}", DONE, 0},
    {"a=(1, 2), b=(1,), c=(1), d=(), e=((1), (2,)))",
     "{\"a\":[1,2],\"b\":[1],\"c\":1,\"d\":[],\"e\":[1,[2]]}", DONE, 0},
    {"a=(('x')), b=((1, 2)), c=(((1,),),), d=('a' 'b')",
     "{\"a\":\"x\",\"b\":[1,2],\"c\":[[[1]]],\"d\":\"ab\"}", NONE, 0},
    {"a={1, 2}, b={'x'}, c={(1, 2), [3]}, d={'x',}, e={{}})",
     "{\"a\":[1,2],\"b\":[\"x\"],\"c\":[[1,2],[3]],\"d\":[\"x\"],\"e\":[{}]}", DONE, 0},
    {"a={}, b={'k': 1, \"l\": {'m': None}}, c={ })", "{\"a\":{},\"b\":{\"k\":1,\"l\":{\"m\":null}},\"c\":{}}",
     DONE, 0},
    {"a={1: 2, True: 3, None: 4, 1.5: 5, -0x1F: 6})",
     "{\"a\":{\"1\":2,\"True\":3,\"None\":4,\"1.5\":5,\"-0x1F\":6}}", DONE, 0},
    {"a={'x' 'y': 1, r'\\d': 2, 1 # one\n: 3, 'z' # zed\n : 4})",
     "{\"a\":{\"xy\":1,\"\\\\d\":2,\"1\":3,\"z\":4}}", DONE, 0},
    {"a={1 # one\n, 2 # two\n}, b=[1 # c\n], c={'q' # c\n, 2})", "{\"a\":[1,2],\"b\":[1],\"c\":[\"q\",2]}",
     DONE, 0},
    {"a=1 # c )\n, # d\n b # e\n = # f\n 2 # g\n)", "{\"a\":1,\"b\":2}", DONE, 0},
    {"from='a', class=1, größe=2, x-y=3, _z=4)",
     "{\"from\":\"a\",\"class\":1,\"größe\":2,\"x-y\":3,\"_z\":4}", DONE, 0},
    {"'city'='x', \"n\" = 1, 'a\"b'=2)", "{\"city\":\"x\",\"n\":1,\"a\\\"b\":2}", DONE, 0},
    {"a=1, a=2)", "{\"a\":1,\"a\":2}", DONE, 0},
    {"**{'a': 1, \"b\": [2]}, c=3, **{}, ** {'d': 4,},)", "{\"a\":1,\"b\":[2],\"c\":3,\"d\":4}", DONE, 0},
    {"{'a': 1, \"b\": {'c': {1}}})", "{\"a\":1,\"b\":{\"c\":[1]}}", DONE, 0},
    {"{} , )", "{}", DONE, 0},
    {"**{})", "{}", DONE, 0},
    {"{city: 'x'})", "{\"city\":\"x\"}", DONE, QTC_MEND_UNQUOTED_KEY},
    {"a=true, b=false, c=null, d=True, e=False, f=None)",
     "{\"a\":true,\"b\":false,\"c\":null,\"d\":true,\"e\":false,\"f\":null}", DONE, 0},
    /* numbers */
    {"a=1_000, b=0x_ff, c=0o17, d=0B1_01, e=+5, f=-7, g=07, h=000, i=0_0)",
     "{\"a\":1000,\"b\":255,\"c\":15,\"d\":5,\"e\":5,\"f\":-7,\"g\":7,\"h\":0,\"i\":0}", DONE, 0},
    {"a=1., b=.5, c=1e3, d=1.50, e=1.e5, f=-.5E-7, g=1e+5, h=01.5, i=1_0.0_1e1_0)",
     "{\"a\":1.0,\"b\":0.5,\"c\":1e3,\"d\":1.50,\"e\":1.0e5,\"f\":-0.5E-7,\"g\":1e+5,\"h\":1.5,\"i\":10."
     "01e10}",
     DONE, 0},
    {"a=123456789012345678901234567890, b=0xffffffffffffffff)",
     "{\"a\":123456789012345678901234567890,\"b\":18446744073709551615}", DONE, 0},
    {"x=0, a=0x1ffffffffffffffff, b=1j, c=inf, d=1_, e=1__0, f=., g=-, h=1e, i=0x, j=1.2.3)",
     "{\"x\":0,\"a\":\"0x1ffffffffffffffff\",\"b\":\"1j\",\"c\":\"inf\",\"d\":\"1_\",\"e\":\"1__0\",\"f\":\"."
     "\",\"g\":\"-\","
     "\"h\":\"1e\",\"i\":\"0x\",\"j\":\"1.2.3\"}",
     DONE, QTC_MEND_NOT_JSON},
    /* strings */
    {"a='', b=\"\", c='''''', d=\"\"\"\"\"\")", "{\"a\":\"\",\"b\":\"\",\"c\":\"\",\"d\":\"\"}", DONE, 0},
    {"a='say \"hi\"', b=\"it's\", c='''it's\n\"so\"''', d=\"\"\"a\"b\"\"c\"\"\")",
     "{\"a\":\"say \\\"hi\\\"\",\"b\":\"it's\",\"c\":\"it's\\n\\\"so\\\"\",\"d\":\"a\\\"b\\\"\\\"c\"}", DONE,
     0},
    {"a='\\n\\t\\r\\b\\f\\v\\a\\0\\\\\\'\\\"')", "{\"a\":\"\\n\\t\\r\\b\\f\\u000b\\u0007\\u0000\\\\'\\\"\"}",
     DONE, 0},
    {"a='\\101\\7x\\18\\400\\x41\\xe9\\u00e9\\U0001F600', b='a\\\nb\\\r\nc\\\rd')",
     "{\"a\":\"A\\u0007x\\u00018ĀAéé😀\",\"b\":\"abcd\"}", DONE, 0},
    {"a='\\ud83d\\ude00')", "{\"a\":\"😀\"}", DONE, 0},
    {"a='\\ud83d', b='\\ude00', c='\\ud83dx', d='\\ud83d\\ud83d\\ude00', e='\\ud83d\\n', f='\\ud83d' "
     "'\\ude00')",
     "{\"a\":\"\\ud83d\",\"b\":\"\\ude00\",\"c\":\"\\ud83dx\",\"d\":\"\\ud83d😀\",\"e\":\"\\ud83d\\n\",\"f\":"
     "\"\\ud83d\\ude00\"}",
     DONE, QTC_MEND_LONE_SURROGATE},
    {"a='\\d\\.\\q', b=b'\\u0041\\N')", "{\"a\":\"\\\\d\\\\.\\\\q\",\"b\":\"\\\\u0041\\\\N\"}", DONE, 0},
    {"a='\\xZ', b='\\u12', c='\\U00110000', d='\\N{DEGREE SIGN}')",
     "{\"a\":\"\\\\xZ\",\"b\":\"\\\\u12\",\"c\":\"\\\\U00110000\",\"d\":\"\\\\N{DEGREE SIGN}\"}", DONE,
     QTC_MEND_INVALID_ESCAPE},
    {"a=r'\\d\\n', b=R\"\\\"x\", c=b'x\\xff', d=u'x', e=rb'\\x', f=Br'\\\\', g=r'\\a\\'b')",
     "{\"a\":\"\\\\d\\\\n\",\"b\":\"\\\\\\\"x\",\"c\":\"xÿ\",\"d\":\"x\",\"e\":\"\\\\x\",\"f\":\"\\\\\\\\\","
     "\"g\":\"\\\\a\\\\'b\"}",
     DONE, 0},
    {"a=r'x\\\ny', b=rf'\\\n{{')", "{\"a\":\"x\\\\\\ny\",\"b\":\"\\\\\\n{\"}", DONE, 0},
    {"a=f'x{{y}}z', b=rf'\\{{', c=F\"\"\"{{\n}}\"\"\")", "{\"a\":\"x{y}z\",\"b\":\"\\\\{\",\"c\":\"{\\n}\"}",
     DONE, 0},
    {"a='x' \"y\" '''z''' r'\\w' b'b' # c\n 'c' + 'd' + # e\n f'{{')", "{\"a\":\"xyz\\\\wbcd{\"}", DONE, 0},
    {"a='\t\x01', b='''\r''')", "{\"a\":\"\\t\\u0001\",\"b\":\"\\r\"}", DONE, 0},
    {"a='x\ny')", "{\"a\":\"x\\ny\"}", DONE, QTC_MEND_RAW_CONTROL},
    {"a='日本', b=\"\xff\")", "{\"a\":\"日本\",\"b\":\"\xff\"}", DONE, 0},
    /* quotes that only read as text */
    {"name='It's fine', n=2)", "{\"name\":\"It's fine\",\"n\":2}", DONE, QTC_MEND_UNESCAPED_QUOTE},
    {"a=\"say \"hi\" to \" x\", b=['rock 'n' roll'], c={'it's': 'bob's'})",
     "{\"a\":\"say \\\"hi\\\" to \\\" x\",\"b\":[\"rock 'n' roll\"],\"c\":{\"it's\":\"bob's\"}}", DONE,
     QTC_MEND_UNESCAPED_QUOTE},
    {"a='''it's''' , b=\"\"\"say \"hi\"\"\"\")", "{\"a\":\"it's\",\"b\":\"say \\\"hi\\\"\"}", DONE,
     QTC_MEND_UNESCAPED_QUOTE},
    {"a='x'.upper())')", "{\"a\":\"x'.upper())\"}", DONE, QTC_MEND_UNESCAPED_QUOTE},
    {"a='Note': b', c='d' = e')", "{\"a\":\"Note': b\",\"c\":\"d' = e\"}", DONE, QTC_MEND_UNESCAPED_QUOTE},
    /* what is no literal */
    {"a=1, b=foo, c=foo.bar(1, 'x)', [2, 3])[0] , d=2)",
     "{\"a\":1,\"b\":\"foo\",\"c\":\"foo.bar(1, 'x)', [2, 3])[0]\",\"d\":2}", DONE, QTC_MEND_NOT_JSON},
    {"a=1, b=1 + 2, c=not x, d=-(3), e=x if y else 'z', f=1 # c\n + 2)",
     "{\"a\":1,\"b\":\"1 + 2\",\"c\":\"not x\",\"d\":\"-(3)\",\"e\":\"x if y else 'z'\",\"f\":\"1 \\n + 2\"}",
     DONE, QTC_MEND_NOT_JSON},
    {"a=[1, x, {'k': y, z: 1, p.q: 2, f(1): 3}], b={q, 1}, c={f(x), 1})",
     "{\"a\":[1,\"x\",{\"k\":\"y\",\"z\":1,\"p.q\":2,\"f(1)\":3}],\"b\":[\"q\",1],\"c\":[\"f(x)\",1]}", DONE,
     QTC_MEND_NOT_JSON | QTC_MEND_UNQUOTED_KEY},
    {"a=1, b=it's ok, c=f(r'x,', '\\',') # c\n, d=“x”, e=f('\n))",
     "{\"a\":1,\"b\":\"it's ok\",\"c\":\"f(r'x,', '\\\\',')\",\"d\":\"“x”\",\"e\":\"f('\\n)\"}", DONE,
     QTC_MEND_NOT_JSON},
    {"a=1, b='x' + y, c='u' + r)", "{\"a\":1,\"b\":\"x' + y\",\"c\":\"u' + r\"}", DONE, QTC_MEND_NOT_JSON},
    {"a=1, b=f'x{y}z')", "{\"a\":1,\"b\":\"x{y}z\"}", DONE, QTC_MEND_NOT_JSON},
    {"a=1, b==2, c=d=e, f=(x))", "{\"a\":1,\"b\":\"=2\",\"c\":\"d=e\",\"f\":\"x\"}", DONE, QTC_MEND_NOT_JSON},
    {"a='x', b=[*c], d=(x for x in y))", "{\"a\":\"x\",\"b\":[\"*c\"],\"d\":\"x for x in y\"}", DONE,
     QTC_MEND_NOT_JSON},
    /* missing brackets */
    {"a=[1, [2)", "{\"a\":[1,[2]]}", DONE, QTC_MEND_MISSING_BRACE},
    {"a={'k': [1}, b=['x')", "{\"a\":{\"k\":[1]},\"b\":[\"x\"]}", DONE, QTC_MEND_MISSING_BRACE},
    {"a=[1, {'k': (1, 2], b=[1, )", "{\"a\":[1,{\"k\":[1,2]}],\"b\":[1]}", DONE, QTC_MEND_MISSING_BRACE},
    {"a=['x', (2], b=[1, {)", "{\"a\":[\"x\",2],\"b\":[1,{}]}", DONE, QTC_MEND_MISSING_BRACE},
    /* no call */
    {"x", "", NONE, 0},
    {"x)", "", BAD, 0},
    {"1)", "", BAD, 0},
    {"'x')", "", BAD, 0},
    {"'x', 'y')", "", BAD, 0},
    {"*a)", "", BAD, 0},
    {"**a)", "", BAD, 0},
    {",)", "", BAD, 0},
    {"]", "", BAD, 0},
    {"{1, 2})", "", BAD, 0},
    {"{'a'})", "", BAD, 0},
    {"[1])", "", BAD, 0},
    {"a=x)", "", BAD, 0},
    {"a==1)", "", BAD, 0},
    {"a=)", "", BAD, 0},
    {"a=,", "", BAD, 0},
    {"a=1 + 2)", "", BAD, 0},
    {"a=1j)", "", BAD, 0},
    {"a=[x for x in y])", "", BAD, 0},
    {"a=[(b.c)])", "", BAD, 0},
    {"a=f'{x}')", "", BAD, 0},
    {"a=f'x' + y)", "", BAD, 0},
    {"a={x, 1})", "", BAD, 0},
    {"a={'k': x})", "", BAD, 0},
    {"a=[)", "", BAD, 0},
    {"a b=1)", "", BAD, 0},
    {"a:=1)", "", BAD, 0},
    {"a=dict(b=1))", "", BAD, 0},
    /* a call that goes wrong later */
    {"a=[1][0])", "{\"a\":[1]}", BAD, 0},
    {"a=[1], 'x')", "{\"a\":[1]}", BAD, 0},
    {"a=[1], b)", "{\"a\":[1]}", BAD, 0},
    {"a='x', b=)", "{\"a\":\"x\"}", BAD, 0},
    {"a='x', b={'k': 1, **c})", "{\"a\":\"x\",\"b\":{\"k\":1}}", BAD, 0},
    {"a='x', b={'k': 1, 'l'})", "{\"a\":\"x\",\"b\":{\"k\":1}}", BAD, 0},
    {"a='x', b={'k' ]", "{\"a\":\"x\",\"b\":{}}", BAD, 0},
    {"a='x']", "{\"a\":\"x\"}", BAD, 0},
    {"a=[1, 2}", "{\"a\":[1,2]}", BAD, 0},
    {"a=[1,,2])", "{\"a\":[1]}", BAD, 0},
    {"{'a': 1}, b=2)", "{\"a\":1}", BAD, 0},
    {"a='x' # c\n y)", "{\"a\":\"x\"}", BAD, 0},
    {"a='x', **b)", "{\"a\":\"x\"}", BAD, 0},
    /* cut */
    {"a='x", "{\"a\":\"x\"}", NONE, 0},
    {"a='x', b=", "{\"a\":\"x\"}", NONE, 0},
    {"a='x', b={'k", "{\"a\":\"x\",\"b\":{}}", NONE, 0},
    {"a='x', b=[{'k': 1, 'l': ", "{\"a\":\"x\",\"b\":[{\"k\":1}]}", NONE, 0},
    {"a='x', b=12", "{\"a\":\"x\",\"b\":12}", NONE, 0},
    {"a='x', b=Tr", "{\"a\":\"x\",\"b\":\"Tr\"}", NONE, 0},
    {"a='x', b=f(1, ", "{\"a\":\"x\",\"b\":\"f(1,\"}", NONE, QTC_MEND_NOT_JSON},
    {"a='x', b=(", "{\"a\":\"x\",\"b\":[]}", NONE, 0},
    {"a='x\\ud83d", "{\"a\":\"x\\ud83d\"}", NONE, 0},
    {"a='x\\u12", "{\"a\":\"x\"}", NONE, 0},
};

/* ---- reading in pieces -------------------------------------------------- */

struct reading {
    struct qtc_python r;
    struct qtc_buf out;
    int last;            /* event */
    size_t used, key_at; /* key_at: bytes consumed at KEY, from 1; 0: none */
};

static void read_piece(struct reading *g, const char *p, size_t n)
{
    char *copy = malloc(n > 0 ? n : 1); /* of its exact size, for the sanitizers */
    size_t i = 0;

    assert_non_null(copy);
    memcpy(copy, p, n);
    while (i < n && g->last != DONE && g->last != BAD) {
        size_t used = qtc_python_feed(&g->r, copy + i, n - i, &g->out);

        assert_true(used <= n - i);
        i += used;
        g->used += used;
        if (g->r.event == QTC_PYTHON_KEY) {
            assert_int_equal(g->key_at, 0);
            g->key_at = g->used + 1;
        } else {
            g->last = (int)g->r.event;
        }
        assert_true(g->key_at > 0 || g->out.len == 0 || g->last == DONE);
    }
    free(copy);
}

/* The first piece, then pieces of `size`. */
static struct reading read_in(const char *in, size_t first, size_t size)
{
    struct reading g = {0};
    size_t len = strlen(in);

    qtc_python_reset(&g.r);
    for (size_t at = 0; at < len;) {
        size_t want = at == 0 ? first : size;
        size_t n = want < len - at ? want : len - at;

        read_piece(&g, in + at, n);
        at += n;
    }
    return g;
}

static void free_reading(struct reading *g)
{
    qtc_python_free(&g->r);
    qtc_buf_free(&g->out);
}

static void assert_same(const char *in, const struct reading *a, const struct reading *b)
{
    if (!qtc_bytes_equal(qtc_buf_bytes(&a->out), qtc_buf_bytes(&b->out)) || a->last != b->last ||
        a->used != b->used || a->key_at != b->key_at || a->r.found != b->r.found) {
        fail_msg("<%s> cut: <%.*s> %d, whole: <%.*s> %d", in, (int)b->out.len, b->out.data, b->last,
                 (int)a->out.len, a->out.data, a->last);
    }
}

static void check_cuts(const char *in, const struct reading *whole)
{
    for (size_t cut = 1; cut < strlen(in); cut++) {
        struct reading g = read_in(in, cut, SIZE_MAX);

        assert_same(in, whole, &g);
        free_reading(&g);
    }
    struct reading bytes = read_in(in, 1, 1);

    assert_same(in, whole, &bytes);
    free_reading(&bytes);
}

/* Finished with `close`, a beginning is valid JSON, and what is written without is a beginning of that. */
static void check_beginning(const char *in, size_t n)
{
    struct reading open = {0}, closed = {0};

    qtc_python_reset(&open.r);
    qtc_python_reset(&closed.r);
    read_piece(&open, in, n);
    read_piece(&closed, in, n);
    qtc_python_finish(&open.r, &open.out, false);
    qtc_python_finish(&closed.r, &closed.out, true);
    if (closed.key_at > 0 && !qtc_json_valid(qtc_buf_bytes(&closed.out))) {
        fail_msg("<%.*s> finishes as <%.*s>", (int)n, in, (int)closed.out.len, closed.out.data);
    }
    assert_true(open.out.len <= closed.out.len);
    if (open.out.len > 0) {
        assert_memory_equal(open.out.data, closed.out.data, open.out.len);
    }
    free_reading(&open);
    free_reading(&closed);
}

static void check_case(const char *in, const char *out, int event, unsigned found)
{
    struct reading g = read_in(in, SIZE_MAX, SIZE_MAX);

    check_cuts(in, &g);
    for (size_t n = 0; n <= strlen(in); n++) {
        check_beginning(in, n);
    }
    if (g.last != event || g.r.found != found) {
        fail_msg("<%s>: event %d, want %d; found %x, want %x; out <%.*s>", in, g.last, event, g.r.found,
                 found, (int)g.out.len, g.out.data);
    }
    qtc_python_finish(&g.r, &g.out, true);
    if (!qtc_bytes_is(qtc_buf_bytes(&g.out), out)) {
        fail_msg("<%s>: got <%.*s>, want <%s>", in, (int)g.out.len, g.out.data, out);
    }
    free_reading(&g);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case(cases[i].in, cases[i].out, cases[i].event, cases[i].found);
    }
}

/* ---- limits ------------------------------------------------------------- */

/* "a='x',b=", then `depth` times `open`, then the rest. */
static struct reading read_deep(size_t depth, char open, const char *rest)
{
    struct qtc_buf in = {0};
    struct reading g;

    qtc_buf_str(&in, "a='x',b=");
    for (size_t i = 0; i < depth; i++) {
        qtc_buf_byte(&in, open);
    }
    qtc_buf_str(&in, rest);
    qtc_buf_byte(&in, '\0');
    g = read_in(in.data, 7, 3);
    qtc_buf_free(&in);
    return g;
}

static void test_depth(void **state)
{
    (void)state;
    for (size_t depth = QTC_JSON_MAX_DEPTH - 2; depth < QTC_JSON_MAX_DEPTH + 3; depth++) {
        for (const char *open = "([{"; *open != '\0'; open++) {
            struct reading g = read_deep(depth, *open, "");

            qtc_python_finish(&g.r, &g.out, true);
            assert_true(qtc_json_valid(qtc_buf_bytes(&g.out)));
            assert_int_equal((g.r.found & QTC_MEND_NOT_JSON) != 0, depth >= QTC_JSON_MAX_DEPTH);
            free_reading(&g);
        }
    }
}

/* Before it is certain that this is a call, depth says that it is none. */
static void test_depth_unsure(void **state)
{
    char in[QTC_JSON_MAX_DEPTH + 3] = "a=";

    (void)state;
    memset(in + 2, '[', QTC_JSON_MAX_DEPTH);
    struct reading g = read_in(in, 100, 7);

    assert_int_equal(g.last, BAD);
    assert_int_equal(g.used, sizeof(in) - 2);
    free_reading(&g);
}

static char *long_text(const char *before, char c, size_t n, const char *behind)
{
    char *text = malloc(strlen(before) + n + strlen(behind) + 1);

    assert_non_null(text);
    strcpy(text, before);
    memset(text + strlen(before), c, n);
    strcpy(text + strlen(before) + n, behind);
    return text;
}

/* What is held has a limit: behind it, blanks decide too. */
static void test_held(void **state)
{
    static const struct {
        const char *before;
        char c;
        const char *behind;
        int event;
        unsigned found;
    } longs[] = {
        {"a='x', b=1", ' ', ")", DONE, 0},
        {"a='x', b=1", ' ', "+ 2)", BAD, 0},
        {"a='x'", '\n', ", b=1)", DONE, 0},
        {"a='x'", ' ', " 'y')", BAD, 0},
        {"a='x' +", ' ', " 'y')", DONE, QTC_MEND_NOT_JSON},
        {"a=", '1', ")", BAD, 0},
        {"a='x', b=", '1', ")", DONE, QTC_MEND_NOT_JSON},
        {"a='x', b={", '1', ": 2})", DONE, QTC_MEND_NOT_JSON},
        {"a='x', b=y", ' ', "y)", DONE, QTC_MEND_NOT_JSON},
        {"", 'a', "=1)", BAD, 0},
        {"a='", 'x', "')", DONE, 0},
        {"a=\"", '"', ")", DONE, QTC_MEND_UNESCAPED_QUOTE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(longs); i++) {
        char *in = long_text(longs[i].before, longs[i].c, 20000, longs[i].behind);
        struct reading whole = read_in(in, SIZE_MAX, SIZE_MAX), cut = read_in(in, 4000, 7);

        assert_same(longs[i].before, &whole, &cut);
        if (whole.last != longs[i].event || whole.r.found != longs[i].found) {
            fail_msg("%s: event %d, found %x", longs[i].before, whole.last, whole.r.found);
        }
        assert_true(qtc_python_held(&whole.r) < 10000);
        free_reading(&whole);
        free_reading(&cut);
        free(in);
    }
}

/* A string streams: what was fed has gone out. */
static void test_streams(void **state)
{
    struct reading g = {0};

    (void)state;
    qtc_python_reset(&g.r);
    read_piece(&g, "a='", 3);
    assert_int_equal(g.key_at, 4);
    read_piece(&g, "xyz", 3);
    assert_true(qtc_bytes_is(qtc_buf_bytes(&g.out), "{\"a\":\"xyz"));
    assert_int_equal(qtc_python_held(&g.r), 0);
    free_reading(&g);
}

/* After an end, the end again; after reset, a new call. */
static void test_reset(void **state)
{
    struct reading g = {0};

    (void)state;
    qtc_python_reset(&g.r);
    read_piece(&g, "a=[1, (2])", 10);
    assert_int_equal(qtc_python_feed(&g.r, "x", 1, &g.out), 0);
    assert_int_equal(g.r.event, DONE);
    qtc_python_reset(&g.r);
    assert_int_equal(g.r.found, 0);
    g.out.len = 0;
    g.last = NONE;
    g.key_at = 0;
    read_piece(&g, "b=(1,))", 7);
    assert_true(qtc_bytes_is(qtc_buf_bytes(&g.out), "{\"b\":[1]}"));
    free_reading(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_depth),   cmocka_unit_test(test_depth_unsure),
        cmocka_unit_test(test_held),  cmocka_unit_test(test_streams), cmocka_unit_test(test_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
