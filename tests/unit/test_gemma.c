/* Gemma's argument literals: what is written, however the text is cut, and that
 * any beginning of a text can be closed to a JSON object. In the tables ~ is the
 * string delimiter and $ the closing marker, of each format in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parse/gemma.h"
#include "schema/tools.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct format {
    const char *delimiter, *close;
} formats[] = {{"<|\"|>", "<tool_call|>"}, {"<escape>", "<end_function_call>"}};

/* The schema: a key is of the type that its first letters say; others are unknown. */
static unsigned types_of(struct qtc_bytes key)
{
    static const struct {
        const char *key;
        unsigned types;
    } rows[] = {
        {"s", QTC_T_STRING},
        {"i", QTC_T_INTEGER},
        {"n", QTC_T_NUMBER},
        {"b", QTC_T_BOOLEAN},
        {"z", QTC_T_NULL},
        {"a", QTC_T_ARRAY},
        {"o", QTC_T_OBJECT},
        {"is", QTC_T_INTEGER | QTC_T_STRING},
        {"in", QTC_T_INTEGER | QTC_T_NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (qtc_bytes_is(key, rows[i].key)) {
            return rows[i].types;
        }
    }
    return 0;
}

static const struct test {
    const char *in; /* the first byte is the bracket */
    const char *out;
    enum qtc_gemma_event last; /* NONE: the text ends first, and is closed */
    unsigned found;
    const char *wrong; /* keys whose values are not of their types */
    const char *rest;  /* of in, not consumed */
    bool cut;
} tests[] = {
    /* as it should be */
    {"{}", "{}", .last = QTC_GEMMA_DONE},
    {"{city:~Tokyo~}", "{'city':'Tokyo'}", .last = QTC_GEMMA_DONE},
    {"{city:~Tokyo~}$more", "{'city':'Tokyo'}", .last = QTC_GEMMA_DONE, .rest = "$more"},
    {"{x:42,y:-1.50e3,z1:true,w:false,v:null}", "{'x':42,'y':-1.50e3,'z1':true,'w':false,'v':null}",
     .last = QTC_GEMMA_DONE},
    {"{x:12345678901234567890}", "{'x':12345678901234567890}", .last = QTC_GEMMA_DONE},
    {"{p:{x:~y~,q:{}},l:[1,~z~,[],[true,{k:~v~}]]}", "{'p':{'x':'y','q':{}},'l':[1,'z',[],[true,{'k':'v'}]]}",
     .last = QTC_GEMMA_DONE},
    {"{t:~~}", "{'t':''}", .last = QTC_GEMMA_DONE},
    {"{t:~ \n\t~}", "{'t':' \\n\\t'}", .last = QTC_GEMMA_DONE},
    {"{t:~C:\\dir \"q\" 'r' {x}, [y] a:b ☃~}", "{'t':'C:\\\\dir \\\"q\\\" \\'r\\' {x}, [y] a:b ☃'}",
     .last = QTC_GEMMA_DONE},
    {"{t:~<b> <esc <| <|\" <tool_cal <end_fun~}", "{'t':'<b> <esc <| <|\\\" <tool_cal <end_fun'}",
     .last = QTC_GEMMA_DONE},
    {"{t:~a $ b }$~}$", "{'t':'a $ b }$'}", .last = QTC_GEMMA_DONE, .rest = "$"},
    {"{\n  city : ~Tokyo~ ,\n  n : 5\n}", "{'city':'Tokyo','n':5}", .last = QTC_GEMMA_DONE},
    {"{~my key~:1,~k~ : ~b~}", "{'my key':1,'k':'b'}", .last = QTC_GEMMA_DONE},
    {"{\"c\":1,\"b \\u00e9\\n\" : \"c \\u00e9\\n\\\"\"}", "{'c':1,'b é\\n':'c \\u00e9\\n\\\"'}",
     .last = QTC_GEMMA_DONE},
    {"{my-key.x:1}", "{'my-key.x':1}", .last = QTC_GEMMA_DONE},
    {"(city:~Tokyo~,l:[~a)b~],x:1)", "{'city':'Tokyo','l':['a)b'],'x':1}", .last = QTC_GEMMA_DONE},
    {"()", "{}", .last = QTC_GEMMA_DONE},
    {"{when:12:30}", "{'when':'12:30'}", .last = QTC_GEMMA_DONE},

    /* bare words */
    {"{label: hello world ,x:nan}", "{'label':'hello world','x':'nan'}", .last = QTC_GEMMA_DONE},
    {"{x:,y: }", "{'x':'','y':''}", .last = QTC_GEMMA_DONE},
    {"{x:f(1) a<b <tool x]}", "{'x':'f(1) a<b <tool x]'}", .last = QTC_GEMMA_DONE},
    {"{x:007,y:True,u:1.,w:.5}", "{'x':'007','y':'True','u':'1.','w':'.5'}", .last = QTC_GEMMA_DONE},
    {"{l:[a, b c ,1]}", "{'l':['a','b c',1]}", .last = QTC_GEMMA_DONE},

    /* types */
    {"{s:90210,i:42,n:1e3,b:true,z:null}", "{'s':'90210','i':42,'n':1e3,'b':true,'z':null}",
     .last = QTC_GEMMA_DONE},
    {"{s:~5~,i:~3~,b:~true~,n:~ 1.5 ~}", "{'s':'5','i':3,'b':true,'n':1.5}", .last = QTC_GEMMA_DONE},
    {"{a:~[1,2]~,o:~{\"k\":1}~}", "{'a':[1,2],'o':{'k':1}}", .last = QTC_GEMMA_DONE},
    {"{is:5,in:~null~,s:null}", "{'is':5,'in':null,'s':'null'}", .last = QTC_GEMMA_DONE},
    {"{is:~5~}", "{'is':'5'}", .last = QTC_GEMMA_DONE},
    {"{i:~x <b>~,i:y,b:2}", "{'i':'x <b>','i':'y','b':'2'}", .last = QTC_GEMMA_DONE, .wrong = "i,i,b"},
    {"{i:{i:~x~,j:[]},a:{},o:[]}", "{'i':{'i':'x','j':[]},'a':{},'o':[]}", .last = QTC_GEMMA_DONE,
     .wrong = "i,a,o"},
    {"{o:{i:~3~},a:[~1~]}", "{'o':{'i':'3'},'a':['1']}", .last = QTC_GEMMA_DONE},
    {"{b:True,z:None}", "{'b':true,'z':null}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_PYTHON},
    {"{i:\"3\",b:'true',a:\"[\\\"x\\\"]\"}", "{'i':3,'b':true,'a':['x']}", .last = QTC_GEMMA_DONE,
     .found = QTC_MEND_SINGLE_QUOTES},

    /* other quotes */
    {"{t:\"a,b\",u:'c \"d\" e',w:\"it's\"}", "{'t':'a,b','u':'c \\\"d\\\" e','w':'it\\'s'}",
     .last = QTC_GEMMA_DONE, .found = QTC_MEND_SINGLE_QUOTES},
    {"{'k':'it\\'s \\x'}", "{'k':'it\\'s \\\\x'}", .last = QTC_GEMMA_DONE,
     .found = QTC_MEND_SINGLE_QUOTES | QTC_MEND_INVALID_ESCAPE},
    {"{t:\"a\nb\"}", "{'t':'a\\nb'}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_RAW_CONTROL},
    {"{t:\"\\u12 \\ud83d\\ude00\"}", "{'t':'\\\\u12 \\ud83d\\ude00'}", .last = QTC_GEMMA_DONE,
     .found = QTC_MEND_INVALID_ESCAPE},
    {"{t:\"a \"b\" ~c~\"}", "{'t':'a \\\"b\\\" ~c~'}", .last = QTC_GEMMA_DONE,
     .found = QTC_MEND_UNESCAPED_QUOTE},

    /* quoted delimiters */
    {"{t:~say ~hi~ to~}", "{'t':'say ~hi~ to'}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_UNESCAPED_QUOTE},
    {"{t:~a~ ~~ ~ <b>~}", "{'t':'a~ ~~ ~ <b>'}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_UNESCAPED_QUOTE},
    {"{t:~a~ \n ,u:1}", "{'t':'a','u':1}", .last = QTC_GEMMA_DONE},
    {"{t:~a~<tool x~}", "{'t':'a~<tool x'}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_UNESCAPED_QUOTE},
    {"{~a~b~:1}", "{'a~b':1}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_UNESCAPED_QUOTE},
    {"{t:~f(~)~}", "{'t':'f(~)'}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_UNESCAPED_QUOTE},
    {"{i:~1~2~}", "{'i':'1~2'}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_UNESCAPED_QUOTE, .wrong = "i"},

    /* commas and brackets */
    {"{x:1,}", "{'x':1}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_TRAILING_COMMA},
    {"{l:[1,2, ],x:3}", "{'l':[1,2],'x':3}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_TRAILING_COMMA},
    {"{x:1,,y:2}", "{'x':1,'y':2}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_TRAILING_COMMA},
    {"{l:[,1]}", "{'l':[1]}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_TRAILING_COMMA},
    {"{l:[1,{k:~v~]}", "{'l':[1,{'k':'v'}]}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_MISSING_BRACE},
    {"{l:[~v~}", "{'l':['v']}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_MISSING_BRACE},
    {"{t:~a~]}", "{'t':'a'}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_EXTRA_BRACE},
    {"(t:~a~}", "{'t':'a'}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_MISSING_BRACE},
    {"(p:{t:~a~)", "{'p':{'t':'a'}}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_MISSING_BRACE},

    /* what is no member */
    {"{x:1,garbage}", "{'x':1,'garbage':null}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_NOT_JSON},
    {"{l:1, 2,o:{}}", "{'l':1,'2':null,'o':{}}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_NOT_JSON},
    {"{p:{x:1} q:2}", "{'p':{'x':1},'q':2}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_NOT_JSON},
    {"{p:{} ~q~:2,l:[[]~x~ y,[] <b]}", "{'p':{},'q':2,'l':[[],'x~ y,[] <b]}']}", .last = QTC_GEMMA_NONE,
     .found = QTC_MEND_NOT_JSON | QTC_MEND_UNESCAPED_QUOTE, .cut = true},
    {"{l:[[]~x~,[] <b]}", "{'l':[[],'x',[],'<b']}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_NOT_JSON},
    {"{x:1,:2}", "{'x':1,'':2}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_NOT_JSON},
    {"{x:1,~k~}", "{'x':1,'k':null}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_NOT_JSON},
    {"{p:{} <b:1}", "{'p':{},'<b':1}", .last = QTC_GEMMA_DONE, .found = QTC_MEND_NOT_JSON},

    /* not this syntax */
    {"{garbage no colons here}", "", .last = QTC_GEMMA_BAD, .rest = "}"},
    {"{a,b:1}", "", .last = QTC_GEMMA_BAD, .rest = ",b:1}"},
    {"{:1}", "", .last = QTC_GEMMA_BAD, .rest = ":1}"},
    {"{,}", "", .last = QTC_GEMMA_BAD, .rest = ",}"},
    {"{~a~,1}", "", .last = QTC_GEMMA_BAD, .rest = ",1}"},
    {"{garbage$", "", .last = QTC_GEMMA_BAD, .rest = ""},

    /* the closing marker comes first */
    {"{city:~Tokyo~$rest", "{'city':'Tokyo'}", .last = QTC_GEMMA_CLOSE, .found = QTC_MEND_MISSING_BRACE,
     .rest = "rest"},
    {"{city:~Tokyo~ \n$", "{'city':'Tokyo'}", .last = QTC_GEMMA_CLOSE, .found = QTC_MEND_MISSING_BRACE},
    {"{p:{l:[1,{k:2$", "{'p':{'l':[1,{'k':2}]}}", .last = QTC_GEMMA_CLOSE, .found = QTC_MEND_MISSING_BRACE},
    {"{i:4 x$", "{'i':'4 x'}", .last = QTC_GEMMA_CLOSE, .found = QTC_MEND_MISSING_BRACE, .wrong = "i"},
    {"{i:x,j:1$", "{'i':'x','j':1}", .last = QTC_GEMMA_CLOSE, .found = QTC_MEND_MISSING_BRACE, .wrong = "i"},
    {"{x:$", "{'x':''}", .last = QTC_GEMMA_CLOSE, .found = QTC_MEND_MISSING_BRACE},
    {"{x:1,$", "{'x':1}", .last = QTC_GEMMA_CLOSE, .found = QTC_MEND_MISSING_BRACE | QTC_MEND_TRAILING_COMMA},
    {"{l:[1,$", "{'l':[1]}", .last = QTC_GEMMA_CLOSE,
     .found = QTC_MEND_MISSING_BRACE | QTC_MEND_TRAILING_COMMA},
    {"{l:[$", "{'l':[]}", .last = QTC_GEMMA_CLOSE, .found = QTC_MEND_MISSING_BRACE},
    {"{$", "{}", .last = QTC_GEMMA_CLOSE, .found = QTC_MEND_MISSING_BRACE},
    {"{x:1,k$", "{'x':1,'k':null}", .last = QTC_GEMMA_CLOSE,
     .found = QTC_MEND_MISSING_BRACE | QTC_MEND_NOT_JSON},
    {"{x:1,~k~$", "{'x':1,'k':null}", .last = QTC_GEMMA_CLOSE,
     .found = QTC_MEND_MISSING_BRACE | QTC_MEND_NOT_JSON},

    /* the text ends first */
    {"{city:~Tokyo", "{'city':'Tokyo'}", .last = QTC_GEMMA_NONE, .cut = true},
    {"{city:~Tokyo}$", "{'city':'Tokyo}$'}", .last = QTC_GEMMA_NONE, .cut = true},
    {"{city:~Tokyo~", "{'city':'Tokyo'}", .last = QTC_GEMMA_NONE},
    {"{city:~Tokyo~  ", "{'city':'Tokyo'}", .last = QTC_GEMMA_NONE},
    {"{x:42", "{'x':42}", .last = QTC_GEMMA_NONE, .cut = true},
    {"{x:1,ke", "{'x':1}", .last = QTC_GEMMA_NONE},
    {"{i:~4", "{'i':4}", .last = QTC_GEMMA_NONE, .cut = true},

    /* bytes that are no UTF-8 */
    {"{t:~\xe2\x98~,\xc3:\"\xff\"}", "{'t':'\\ufffd\\ufffd','\\ufffd':'\\ufffd'}", .last = QTC_GEMMA_DONE},
    {"{t:~\xed\xa0\xbd\xed\xb8\x80 \xed\xa0\xbd\xe2\x98\x83 \xf0\x9f\x98\x80~}",
     "{'t':'\\ud83d\\ude00 \\ud83d☃ \xf0\x9f\x98\x80'}", .last = QTC_GEMMA_DONE},
};

/* ---- running a case ----------------------------------------------------------- */

/* Writes ~ and $ out; in JSON also ' as " (\' is ') and the quote in a delimiter escaped. */
static void expand(struct qtc_buf *b, const char *text, const struct format *f, bool json)
{
    b->len = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '~' && json) {
            qtc_json_escape(b, qtc_str(f->delimiter));
        } else if (*c == '~') {
            qtc_buf_str(b, f->delimiter);
        } else if (*c == '$') {
            qtc_buf_str(b, f->close);
        } else if (json && c[0] == '\\' && c[1] == '\'') {
            qtc_buf_byte(b, *++c);
        } else {
            qtc_buf_byte(b, json && *c == '\'' ? '"' : *c);
        }
    }
}

struct result {
    struct qtc_buf out, wrong, trace; /* trace: the events and where they come */
    size_t used;
    enum qtc_gemma_event last;
    unsigned found;
    bool cut;
};

static void result_clear(struct result *r)
{
    r->out.len = r->wrong.len = r->trace.len = 0;
    r->used = 0;
}

static void result_free(struct result *r)
{
    qtc_buf_free(&r->out);
    qtc_buf_free(&r->wrong);
    qtc_buf_free(&r->trace);
}

static void note(struct qtc_gemma *g, struct result *r)
{
    if (g->mismatch) {
        qtc_buf_str(&r->wrong, r->wrong.len > 0 ? "," : "");
        qtc_buf_put(&r->wrong, qtc_buf_bytes(&g->key));
    }
    if (g->event == QTC_GEMMA_NONE) {
        return;
    }
    qtc_buf_u64(&r->trace, g->event);
    qtc_buf_byte(&r->trace, '@');
    qtc_buf_u64(&r->trace, r->used);
    if (g->event == QTC_GEMMA_KEY) {
        qtc_buf_put(&r->trace, qtc_buf_bytes(&g->key));
        g->types = types_of(qtc_buf_bytes(&g->key));
    }
}

/* Feeds one piece, in memory of its exact size. */
static void feed_piece(struct qtc_gemma *g, const char *p, size_t n, struct result *r)
{
    char *copy = malloc(n);
    assert_non_null(copy);
    memcpy(copy, p, n);
    for (size_t i = 0; i < n;) {
        size_t used = qtc_gemma_feed(g, copy + i, n - i, &r->out);
        i += used;
        r->used += used;
        note(g, r);
        if (g->event >= QTC_GEMMA_DONE) {
            break;
        }
    }
    free(copy);
}

/* The first piece has `first` bytes, the others `size`. */
static void run(struct qtc_bytes text, const struct format *f, size_t first, size_t size, bool close,
                struct result *r)
{
    struct qtc_gemma g = {0};
    qtc_gemma_reset(&g, f->delimiter, f->close, text.data[0]);
    result_clear(r);
    for (size_t i = 1, want = first; i < text.len && g.event < QTC_GEMMA_DONE; i += want, want = size) {
        want = want == 0 ? size : want;
        want = want < text.len - i ? want : text.len - i;
        feed_piece(&g, text.data + i, want, r);
    }
    r->last = g.event;
    if (r->last < QTC_GEMMA_DONE) {
        r->last = QTC_GEMMA_NONE;
        qtc_gemma_finish(&g, &r->out, close);
        note(&g, r);
    }
    r->found = g.found;
    r->cut = g.cut;
    qtc_gemma_free(&g);
}

static void assert_bytes(const char *in, const char *what, struct qtc_bytes got, struct qtc_bytes want)
{
    if (!qtc_bytes_equal(got, want)) {
        fail_msg("%s: %s is <%.*s>, not <%.*s>", in, what, (int)got.len, got.data == NULL ? "" : got.data,
                 (int)want.len, want.data == NULL ? "" : want.data);
    }
}

static void assert_result(const struct test *t, const struct format *f, const struct result *r, size_t len)
{
    struct qtc_buf want = {0};
    expand(&want, t->out, f, true);
    assert_bytes(t->in, "output", qtc_buf_bytes(&r->out), qtc_buf_bytes(&want));
    assert_bytes(t->in, "wrong", qtc_buf_bytes(&r->wrong), qtc_str(t->wrong == NULL ? "" : t->wrong));
    expand(&want, t->rest == NULL ? "" : t->rest, f, false);
    if (r->last != t->last || r->found != t->found || r->cut != t->cut || r->used + want.len + 1 != len) {
        fail_msg("%s: event %d, found %#x, cut %d, used %zu of %zu", t->in, (int)r->last, r->found, r->cut,
                 r->used + 1, len);
    }
    if (r->last != QTC_GEMMA_BAD) {
        assert_true(qtc_json_valid(qtc_buf_bytes(&r->out)));
    }
    qtc_buf_free(&want);
}

static void check_cuts(const struct test *t, const struct format *f, struct qtc_bytes in)
{
    struct result whole = {0}, cut = {0};
    run(in, f, in.len, in.len, true, &whole);
    assert_result(t, f, &whole, in.len);
    for (size_t first = 1; first < in.len; first++) {
        run(in, f, first, in.len, true, &cut);
        assert_result(t, f, &cut, in.len);
        assert_bytes(t->in, "trace", qtc_buf_bytes(&cut.trace), qtc_buf_bytes(&whole.trace));
    }
    for (size_t size = 1; size < 4; size++) {
        run(in, f, size, size, true, &cut);
        assert_result(t, f, &cut, in.len);
        assert_bytes(t->in, "trace", qtc_buf_bytes(&cut.trace), qtc_buf_bytes(&whole.trace));
    }
    result_free(&whole);
    result_free(&cut);
}

static void reads_in_any_cut(void **state)
{
    struct qtc_buf in = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(tests); i++) {
        for (size_t f = 0; f < COUNT(formats); f++) {
            expand(&in, tests[i].in, &formats[f], false);
            check_cuts(&tests[i], &formats[f], qtc_buf_bytes(&in));
        }
    }
    qtc_buf_free(&in);
}

/* Closed, each beginning is a JSON object; left open, a beginning of one. */
static void check_beginning(const char *in, struct qtc_bytes text, const struct format *f)
{
    struct result closed = {0}, open = {0};
    run(text, f, text.len, text.len, true, &closed);
    run(text, f, 1, 1, false, &open);
    if (closed.last != QTC_GEMMA_BAD && !qtc_json_valid(qtc_buf_bytes(&closed.out))) {
        fail_msg("%s: closed at %zu: %.*s", in, text.len, (int)closed.out.len, closed.out.data);
    }
    if (open.out.len > closed.out.len) {
        fail_msg("%s: open at %zu: %.*s", in, text.len, (int)open.out.len, open.out.data);
    }
    assert_bytes(in, "open", qtc_buf_bytes(&open.out), qtc_bytes(closed.out.data, open.out.len));
    result_free(&closed);
    result_free(&open);
}

static void closes_each_beginning(void **state)
{
    struct qtc_buf in = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(tests); i++) {
        for (size_t f = 0; f < COUNT(formats); f++) {
            expand(&in, tests[i].in, &formats[f], false);
            for (size_t n = 1; n <= in.len; n++) {
                check_beginning(tests[i].in, qtc_bytes(in.data, n), &formats[f]);
            }
        }
    }
    qtc_buf_free(&in);
}

/* ---- when bytes go out -------------------------------------------------------- */

static void writes_a_string_while_it_arrives(void **state)
{
    static const struct {
        const char *in, *out;
    } steps[] = {
        {"ci", ""},        {"ty:", "{\"city\":"}, {"<|\"|>To", "\"To"},
        {"k<", "k"},       {"|\"|", ""},          {">", ""},
        {" ", ""},         {"x", "<|\\\"|> x"},   {"\xe2", ""},
        {"\x98\x83", "☃"}, {"\\", "\\\\"},        {"<|\"|>", ""},
        {",", "\""},       {"n:4", ",\"n\":"},    {"2", ""},
        {"}", "42}"},
    };
    struct qtc_gemma g = {0};
    struct qtc_buf out = {0};
    (void)state;
    qtc_gemma_reset(&g, formats[0].delimiter, formats[0].close, '{');
    for (size_t i = 0; i < COUNT(steps); i++) {
        out.len = 0;
        for (size_t used = 0, n = strlen(steps[i].in); used < n;) {
            used += qtc_gemma_feed(&g, steps[i].in + used, n - used, &out);
        }
        assert_bytes(steps[i].in, "output", qtc_buf_bytes(&out), qtc_str(steps[i].out));
    }
    assert_int_equal(g.event, QTC_GEMMA_DONE);
    assert_int_equal(qtc_gemma_feed(&g, "x", 1, &out), 0);
    assert_int_equal(g.event, QTC_GEMMA_DONE);
    qtc_gemma_free(&g);
    qtc_buf_free(&out);
}

/* ---- limits ------------------------------------------------------------------- */

static void nested(struct qtc_buf *b, size_t depth, const char *open, const char *close)
{
    b->len = 0;
    qtc_buf_str(b, "{k:");
    for (size_t i = 1; i < depth; i++) {
        qtc_buf_str(b, open);
    }
    for (size_t i = 1; i < depth; i++) {
        qtc_buf_str(b, close);
    }
    qtc_buf_str(b, ",x:1}");
}

static void too_deep_is_text(void **state)
{
    struct qtc_buf in = {0};
    struct result r = {0}, cut = {0};
    (void)state;
    for (size_t depth = QTC_JSON_MAX_DEPTH - 1; depth < QTC_JSON_MAX_DEPTH + 4; depth++) {
        for (int object = 0; object < 2; object++) {
            nested(&in, depth, object ? "{k:" : "[", object ? "}" : "]");
            run(qtc_buf_bytes(&in), &formats[0], in.len, in.len, true, &r);
            run(qtc_buf_bytes(&in), &formats[0], 1, 1, true, &cut);
            assert_int_equal(r.last, QTC_GEMMA_DONE);
            assert_int_equal(r.found, depth > QTC_JSON_MAX_DEPTH ? QTC_MEND_NOT_JSON : 0);
            assert_true(qtc_json_valid(qtc_buf_bytes(&r.out)));
            assert_bytes("deep", "output", qtc_buf_bytes(&cut.out), qtc_buf_bytes(&r.out));
        }
    }
    in.len = in.len / 2;
    qtc_buf_str(&in, "[x<tool_call|>");
    run(qtc_buf_bytes(&in), &formats[0], in.len, in.len, true, &r);
    assert_int_equal(r.last, QTC_GEMMA_CLOSE);
    assert_true(qtc_json_valid(qtc_buf_bytes(&r.out)));
    result_free(&r);
    result_free(&cut);
    qtc_buf_free(&in);
}

/* More than the reader waits for: the number that it might have been is a string. */
static void long_typed_value_is_a_string(void **state)
{
    const size_t size = ((size_t)64 << 20) + 2;
    struct qtc_buf in = {0};
    struct result r = {0};
    (void)state;
    qtc_buf_str(&in, "{i:<escape>");
    char *room = qtc_buf_room(&in, size);
    assert_non_null(room);
    memset(room, '7', size);
    memcpy(room + size - 4, "\xf0\x9f\x98\x80", 4); /* cut by the limit */
    in.len += size;
    qtc_buf_str(&in, "<escape>}");
    run(qtc_buf_bytes(&in), &formats[1], 1000, (size_t)1 << 20, true, &r);
    assert_int_equal(r.last, QTC_GEMMA_DONE);
    assert_int_equal(r.out.len, size + strlen("{\"i\":\"\"}"));
    assert_memory_equal(r.out.data + r.out.len - 7, "7\xf0\x9f\x98\x80\"}", 7);
    assert_bytes("long", "wrong", qtc_buf_bytes(&r.wrong), qtc_str("i"));
    result_free(&r);
    qtc_buf_free(&in);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(reads_in_any_cut),
        cmocka_unit_test(closes_each_beginning),
        cmocka_unit_test(writes_a_string_while_it_arrives),
        cmocka_unit_test(too_deep_is_text),
        cmocka_unit_test(long_typed_value_is_a_string),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
