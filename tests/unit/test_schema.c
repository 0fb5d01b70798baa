/* test_schema.c - the validator: keywords, findings, limits, closed schemas, exact numbers, problems. What
 * the official suite covers is run by tests/schema.c. */
#include "schema/schema.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- findings as text ---------------------------------------------------------- */

static void put_number(struct qtc_buf *out, const char *label, uint64_t n)
{
    qtc_buf_str(out, label);
    qtc_buf_u64(out, n);
}

static void put_bytes(struct qtc_buf *out, const char *label, struct qtc_bytes text)
{
    if (text.len > 0) {
        qtc_buf_str(out, label);
        qtc_buf_put(out, text);
    }
}

static void put_types(struct qtc_buf *out, unsigned types)
{
    for (unsigned bit = 1; bit < QTC_T_ANY; bit <<= 1) {
        if (types & bit) {
            qtc_buf_byte(out, ' ');
            qtc_buf_str(out, qtc_type_name((enum qtc_type)bit));
        }
    }
}

/* keyword@place<schema place, then what is filled in; causes in brackets */
static void put_finding(struct qtc_buf *out, const struct qtc_finding *f)
{
    qtc_buf_str(out, f->error.code                ? "LIMIT"
                     : f->keyword == QTC_K_NONE   ? "FALSE"
                     : f->keyword == QTC_K_CLOSED ? "CLOSED"
                                                  : qtc_keyword_name(f->keyword));
    qtc_buf_byte(out, '@');
    qtc_buf_put(out, f->at);
    qtc_buf_byte(out, '<');
    qtc_buf_put(out, f->schema_at);
    put_types(out, f->types);
    put_bytes(out, " name=", f->name);
    put_bytes(out, " by=", f->trigger);
    if (f->wanted && f->keyword != QTC_K_TYPE && !f->limit && !f->count) {
        put_bytes(out, " wanted=", f->wanted->raw);
    }
    if (f->limit || f->count) {
        put_number(out, " n=", f->limit);
        put_number(out, "/", f->count);
    }
    if (f->first || f->second) {
        put_number(out, " i=", f->first);
        put_number(out, ",", f->second);
    }
    if (f->cause_count > 0) {
        put_number(out, " [", f->branch);
        for (size_t i = 0; i < f->cause_count; i++) {
            qtc_buf_str(out, i > 0 ? "; " : ": ");
            put_finding(out, &f->causes[i]);
        }
        qtc_buf_byte(out, ']');
    }
}

static bool on_finding(void *ctx, const struct qtc_finding *f)
{
    struct qtc_buf *out = ctx;

    qtc_buf_str(out, out->len > 0 ? "; " : "");
    put_finding(out, f);
    return true;
}

/* ---- running ----------------------------------------------------------------------- */

struct subject {
    struct qtc_arena arena;
    struct qtc_schema *schema;
    struct qtc_validator *v;
    struct qtc_schema_problem problem;
};

static const struct qtc_json *parse(struct subject *s, const char *text)
{
    struct qtc_error error;
    const struct qtc_json *tree = qtc_json_read(&s->arena, qtc_str(text), &error);

    if (!tree) {
        fail_msg("%s: %s", text, error.message);
    }
    return tree;
}

static void open_subject(struct subject *s, const char *schema, const struct qtc_schema_options *options)
{
    *s = (struct subject){0};
    s->schema = qtc_schema_compile(parse(s, schema), options, &s->problem);
    s->v = qtc_validator_new();
    assert_non_null(s->v);
}

static void close_subject(struct subject *s)
{
    qtc_schema_free(s->schema);
    qtc_validator_free(s->v);
    qtc_schema_problem_free(&s->problem);
    qtc_arena_free(&s->arena);
}

static void check_with(const struct qtc_schema_options *options, const char *schema, const char *value,
                       const char *expected)
{
    struct subject s;
    struct qtc_buf out = {0};
    const struct qtc_json *tree;
    enum qtc_verdict quiet, loud;

    open_subject(&s, schema, options);
    if (!s.schema) {
        fail_msg("%s: %s", schema, s.problem.error.message);
    }
    tree = parse(&s, value);
    quiet = qtc_schema_check(s.schema, s.v, tree);
    loud = qtc_schema_validate(s.schema, s.v, tree, on_finding, &out);
    assert_int_equal(quiet, loud);
    assert_int_equal(quiet == QTC_VALID, *expected == 0);
    qtc_buf_byte(&out, 0);
    if (strcmp(out.data, expected) != 0) {
        fail_msg("%s\n%s\ngot:      %s\nexpected: %s", schema, value, out.data, expected);
    }
    qtc_buf_free(&out);
    close_subject(&s);
}

struct row {
    const char *schema, *value, *expected;
};

static void check_rows(const struct qtc_schema_options *options, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_with(options, rows[i].schema, rows[i].value, rows[i].expected);
    }
}

#define CHECK(options, rows) check_rows(options, rows, sizeof(rows) / sizeof((rows)[0]))

/* ---- findings -------------------------------------------------------------------------- */

static void each_keyword_says_what_it_wanted(void **state)
{
    static const struct row rows[] = {
        {"{\"type\":\"integer\"}", "3", ""},
        {"{\"type\":\"integer\"}", "\"3\"", "type@</type integer"},
        {"{\"type\":[\"integer\",\"number\",\"null\"]}", "true", "type@</type number null"},
        {"{\"enum\":[1,\"a\"]}", "2", "enum@</enum wanted=[1,\"a\"]"},
        {"{\"enum\":[{\"a\":1,\"b\":[2.0]}]}", "{\"b\":[2],\"a\":1.0}", ""},
        {"{\"const\":null}", "0", "const@</const wanted=null"},
        {"{\"minimum\":1.5}", "1.49", "minimum@</minimum wanted=1.5"},
        {"{\"maximum\":7}", "7.1", "maximum@</maximum wanted=7"},
        {"{\"exclusiveMinimum\":7}", "7.0", "exclusiveMinimum@</exclusiveMinimum wanted=7"},
        {"{\"exclusiveMaximum\":7}", "8", "exclusiveMaximum@</exclusiveMaximum wanted=7"},
        {"{\"multipleOf\":0.01}", "0.075", "multipleOf@</multipleOf wanted=0.01"},
        {"{\"minLength\":3}", "\"\\u00e9\\ud83d\\ude00\"", "minLength@</minLength n=3/2"},
        {"{\"maxLength\":2}", "\"abc\"", "maxLength@</maxLength n=2/3"},
        {"{\"minItems\":2.0}", "[1]", "minItems@</minItems n=2/1"},
        {"{\"maxItems\":1}", "[1,2]", "maxItems@</maxItems n=1/2"},
        {"{\"minProperties\":1}", "{}", "minProperties@</minProperties n=1/0"},
        {"{\"maxProperties\":1}", "{\"a\":1,\"b\":2}", "maxProperties@</maxProperties n=1/2"},
        {"{\"contains\":{\"type\":\"string\"}}", "[1]", "contains@</contains n=1/0"},
        {"{\"contains\":{\"const\":1},\"minContains\":2}", "[1]", "minContains@</minContains n=2/1"},
        {"{\"contains\":{\"const\":1},\"maxContains\":1}", "[1,1]", "maxContains@</maxContains n=1/2"},
        {"{\"contains\":false,\"minContains\":0}", "[1]", ""},
        {"{\"uniqueItems\":true}", "[1,{\"a\":1},2,{\"a\":1e0}]", "uniqueItems@</uniqueItems i=1,3"},
        {"{\"pattern\":\"^a\"}", "\"ba\"", "pattern@</pattern wanted=\"^a\""},
        {"{\"required\":[\"a\",\"b\"]}", "{}", "required@</required name=a; required@</required name=b"},
        {"{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}",
         "dependentRequired@</dependentRequired name=b by=a"},
        {"{\"dependencies\":{\"a\":[\"b\"],\"c\":{\"required\":[\"d\"]}}}", "{\"a\":1,\"c\":1}",
         "dependencies@</dependencies name=b by=a; required@</dependencies/c/required name=d"},
        {"{\"additionalProperties\":false,\"properties\":{\"a\":true}}", "{\"a\":1,\"b\":2,\"c\":3}",
         "additionalProperties@</additionalProperties name=b; additionalProperties@</additionalProperties "
         "name=c"},
        {"{\"properties\":{\"a\":false}}", "{\"a\":1}", "properties@</properties name=a"},
        {"{\"patternProperties\":{\"^x\":{\"type\":\"null\"}}}", "{\"x/y\":1}",
         "type@/x~1y</patternProperties/^x/type null"},
        {"{\"propertyNames\":{\"maxLength\":1}}", "{\"ab\":1}",
         "propertyNames@</propertyNames name=ab [0: maxLength@</propertyNames/maxLength n=1/2]"},
        {"{\"prefixItems\":[{\"type\":\"string\"}],\"items\":false}", "[1,2]",
         "type@/0</prefixItems/0/type string; items@</items i=1,0"},
        {"{\"unevaluatedItems\":false,\"prefixItems\":[true]}", "[1,2]",
         "unevaluatedItems@</unevaluatedItems i=1,0"},
        {"{\"allOf\":[{\"properties\":{\"a\":true}}],\"unevaluatedProperties\":false}", "{\"a\":1,\"b\":1}",
         "unevaluatedProperties@</unevaluatedProperties name=b"},
        {"{\"not\":{\"type\":\"null\"}}", "null", "not@</not wanted={\"type\":\"null\"}"},
        {"{\"if\":{\"minimum\":5},\"then\":{\"maximum\":6},\"else\":{\"minimum\":2}}", "7",
         "maximum@</then/maximum wanted=6"},
        {"{\"if\":{\"minimum\":5},\"then\":{\"maximum\":6},\"else\":{\"minimum\":2}}", "1",
         "minimum@</else/minimum wanted=2"},
        {"{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"type\":\"null\"}}}", "1", "type@</$defs/a/type null"},
        {"false", "1", "FALSE@<"},
    };

    (void)state;
    CHECK(NULL, rows);
}

static void branches_are_explained_once(void **state)
{
    static const struct row rows[] = {
        {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "5",
         "anyOf@</anyOf string null "
         "wanted=[{\"type\":\"string\"},{\"type\":"
         "\"null\"}]"},
        {"{\"anyOf\":[{\"$ref\":\"#/$defs/s\"},{\"type\":\"null\"}],\"$defs\":{\"s\":{\"type\":\"string\"}}}",
         "5", "anyOf@</anyOf string null wanted=[{\"$ref\":\"#/$defs/s\"},{\"type\":\"null\"}]"},
        {"{\"oneOf\":[{\"minimum\":1},{\"maximum\":5}]}", "3", "oneOf@</oneOf n=0/2 i=0,1"},
    };
    static const char kinds[] = "{\"oneOf\":["
                                "{\"properties\":{\"kind\":{\"const\":\"a\"}},\"required\":[\"kind\"]},"
                                "{\"properties\":{\"kind\":{\"const\":\"b\"},\"y\":{\"type\":\"integer\"},"
                                "\"z\":{\"type\":\"integer\"}},\"required\":[\"kind\",\"y\",\"z\"]},"
                                "{\"type\":\"null\"}]}";
    struct subject s;
    struct qtc_buf out = {0};

    (void)state;
    CHECK(NULL, rows);
    open_subject(&s, kinds, NULL);
    assert_int_equal(qtc_schema_validate(s.schema, s.v, parse(&s, "{\"kind\":\"b\",\"y\":\"1\",\"z\":\"2\"}"),
                                         on_finding, &out),
                     QTC_INVALID);
    qtc_buf_byte(&out, 0);
    assert_non_null(strstr(out.data, "[1: type@/y</oneOf/1/properties/y/type integer; "
                                     "type@/z</oneOf/1/properties/z/type integer]"));
    qtc_buf_free(&out);
    close_subject(&s);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void numbers_are_exact(void **state)
{
    static const struct {
        const char *a, *b;
        int order;
    } orders[] = {
        {"1", "1.0", 0},
        {"1e0", "10e-1", 0},
        {"-0", "0.0", 0},
        {"100", "1E2", 0},
        {"0.1", "1e-1", 0},
        {"12345678901234567890", "12345678901234567891", -1},
        {"9007199254740993", "9007199254740992.0", 1},
        {"0.1", "0.10000000000000000000000000001", -1},
        {"-2", "-1.5", -1},
        {"-1", "1", -1},
        {"1e400", "1e399", 1},
        {"1e-400", "0", 1},
        {"-1e400", "1", -1},
        {"0e5", "0", 0},
        {"123.456", "123.45", 1},
        {"0.00", "-0e7", 0},
        {"1000000000000000000000", "1e21", 0},
        {"1.50", "1.5", 0},
        {"10.01", "10.1", -1},
    };
    static const struct row rows[] = {
        {"{\"multipleOf\":0.1}", "0.3", ""},
        {"{\"multipleOf\":0.0001}", "0.0075", ""},
        {"{\"multipleOf\":1e-8}", "12391239123", ""},
        {"{\"multipleOf\":3}", "1e30", "multipleOf@</multipleOf wanted=3"},
        {"{\"multipleOf\":1024}", "1e10", ""},
        {"{\"multipleOf\":123456789012345678901234567890}", "370370367037037036703703703670", ""},
        {"{\"multipleOf\":123456789012345678901234567890}", "370370367037037036703703703671",
         "multipleOf@</multipleOf wanted=123456789012345678901234567890"},
        {"{\"multipleOf\":1e1000}", "3e1001", ""},
        {"{\"multipleOf\":2}", "0", ""},
        {"{\"multipleOf\":1.5}", "-4.5", ""},
        {"{\"type\":\"integer\"}", "1e3", ""},
        {"{\"type\":\"integer\"}", "10.50e1", ""},
        {"{\"type\":\"integer\"}", "1.05e1", "type@</type integer"},
        {"{\"maximum\":18446744073709551615}", "18446744073709551616",
         "maximum@</maximum wanted=18446744073709551615"},
        {"{\"enum\":[12345678901234567890]}", "12345678901234567891",
         "enum@</enum wanted=[12345678901234567890]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        int order = qtc_number_compare(qtc_str(orders[i].a), qtc_str(orders[i].b));

        if (order != orders[i].order ||
            qtc_number_compare(qtc_str(orders[i].b), qtc_str(orders[i].a)) != -order) {
            fail_msg("%s and %s: %d", orders[i].a, orders[i].b, order);
        }
    }
    CHECK(NULL, rows);
}

/* ---- closed ------------------------------------------------------------------------------------- */

#define A "\"properties\":{\"a\":{\"type\":\"integer\"}}"

static void closed_refuses_what_is_not_described(void **state)
{
    static const struct qtc_schema_options closed = {.closed = true};
    static const struct row rows[] = {
        {"{" A "}", "{\"a\":1}", ""},
        {"{" A "}", "{\"b\":1}", "CLOSED@< name=b"},
        {"{" A ",\"additionalProperties\":true}", "{\"b\":1}", ""},
        {"{" A ",\"additionalProperties\":{\"type\":\"null\"}}", "{\"b\":null}", ""},
        {"{" A ",\"unevaluatedProperties\":true}", "{\"b\":1}", ""},
        {"{" A ",\"patternProperties\":{\"^b\":true}}", "{\"c\":1}", ""},
        {"{\"type\":\"object\"}", "{\"b\":1}", ""},
        {"{\"properties\":{\"o\":{" A "}}}", "{\"o\":{\"b\":1}}", "CLOSED@/o</properties/o name=b"},
        {"{\"items\":{" A "}}", "[{\"b\":1}]", "CLOSED@/0</items name=b"},
        {"{\"additionalProperties\":{" A "}}", "{\"x\":{\"b\":1}}", "CLOSED@/x</additionalProperties name=b"},
        /* parts of one object */
        {"{\"allOf\":[{" A "},{\"properties\":{\"b\":true}}]}", "{\"a\":1,\"b\":1}", ""},
        {"{" A ",\"allOf\":[{\"properties\":{\"b\":true}}]}", "{\"a\":1,\"b\":1}", ""},
        {"{" A ",\"allOf\":[{\"properties\":{\"b\":true}}]}", "{\"c\":1}", "CLOSED@< name=c"},
        {"{" A ",\"if\":{" A "},\"then\":{\"properties\":{\"b\":true}}}", "{\"a\":1,\"b\":1}", ""},
        {"{" A ",\"anyOf\":[{\"additionalProperties\":true}]}", "{\"a\":1,\"b\":1}", ""},
        {"{\"anyOf\":[{" A "},{\"properties\":{\"b\":true}}]}", "{\"a\":1,\"b\":1}", ""},
        {"{\"$ref\":\"#/$defs/x\"," A ",\"$defs\":{\"x\":{\"properties\":{\"b\":true}}}}",
         "{\"a\":1,\"b\":1}", ""},
        /* the whole, said elsewhere */
        {"{\"$ref\":\"#/$defs/x\",\"description\":\"\",\"$defs\":{\"x\":{" A "}}}", "{\"b\":1}",
         "CLOSED@</$defs/x name=b"},
        {"{\"allOf\":[{" A "}],\"default\":{}}", "{\"b\":1}", "CLOSED@</allOf/0 name=b"},
        {"{\"properties\":{\"o\":{\"anyOf\":[{\"type\":\"object\"," A "},{\"type\":\"null\"}]}}}",
         "{\"o\":null}", ""},
    };
    struct subject s;

    (void)state;
    CHECK(&closed, rows);
    open_subject(&s, "{\"anyOf\":[{\"type\":\"object\"," A "},{\"type\":\"null\"}]}", &closed);
    assert_int_equal(qtc_schema_check(s.schema, s.v, parse(&s, "{\"a\":1}")), QTC_VALID);
    assert_int_equal(qtc_schema_check(s.schema, s.v, parse(&s, "{\"b\":1}")), QTC_INVALID);
    close_subject(&s);
}

/* ---- problems ---------------------------------------------------------------------------------------- */

static void problems_have_a_name_and_a_place(void **state)
{
    static const struct {
        const char *schema, *at, *name, *message;
    } rows[] = {
        {"{\"properties\":{\"a/b\":{\"type\":\"strin\"}}}", "/properties/a~1b/type", "strin", "unknown type"},
        {"{\"items\":[{}]}", "/items", "items",
         "must be a schema (a list is written prefixItems since 2020-12)"},
        {"{\"required\":true}", "/required", "required",
         "must be a list of names (it is a boolean in draft 3 only)"},
        {"{\"exclusiveMinimum\":true}", "/exclusiveMinimum", "exclusiveMinimum",
         "must be a number (it is a boolean in draft 4 only)"},
        {"{\"minLength\":-1}", "/minLength", "minLength", "must be a whole number, 0 or more"},
        {"{\"multipleOf\":0}", "/multipleOf", "multipleOf", "must be above 0, and have less than 300 digits"},
        {"{\"allOf\":[]}", "/allOf", "allOf", "must be a list of schemas, not an empty one"},
        {"{\"allOf\":[{},3]}", "/allOf/1", "3", "a schema must be an object or a boolean"},
        {"{\"$ref\":\"#/nowhere\"}", "/$ref", "#/nowhere", "the reference leads nowhere"},
        {"{\"$ref\":\"http://x.test/a#b\"}", "/$ref", "http://x.test/a",
         "the reference leads to no known document"},
        {"{\"$ref\":\"#\"}", "/$ref", "", "references go round in a circle"},
        {"{\"pattern\":\"(\"}", "/pattern", "(", "not a regular expression"},
        {"{\"pattern\":\"a{2,1}\"}", "/pattern", "a{2,1}", "not a regular expression that can be run"},
        {"{\"$schema\":\"http://x.test/s\"}", "/$schema", "http://x.test/s", "unknown $schema"},
        {"12", "", "12", "a schema must be an object or a boolean"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct subject s;

        open_subject(&s, rows[i].schema, NULL);
        assert_null(s.schema);
        if (!qtc_bytes_is(s.problem.at, rows[i].at) || !qtc_bytes_is(s.problem.name, rows[i].name) ||
            strcmp(s.problem.error.message, rows[i].message) != 0) {
            fail_msg("%s: %s (%.*s) at %.*s", rows[i].schema, s.problem.error.message,
                     (int)s.problem.name.len, s.problem.name.data, (int)s.problem.at.len, s.problem.at.data);
        }
        close_subject(&s);
    }
}

static const struct qtc_json *one_document(void *ctx, struct qtc_bytes uri)
{
    return qtc_bytes_is(uri, "file:///d/other.json") || qtc_bytes_is(uri, "other.json") ? ctx : NULL;
}

static void an_unknown_vocabulary_is_refused_by_name(void **state)
{
    struct subject m, s;
    struct qtc_schema_options options = {.resolve = one_document};

    (void)state;
    m = (struct subject){0};
    options.resolve_ctx = (void *)(uintptr_t)parse(&m, "{\"$vocabulary\":{\"https://x.test/units\":true}}");
    open_subject(&s, "{\"$schema\":\"other.json\"}", &options);
    assert_null(s.schema);
    assert_string_equal(s.problem.error.message, "unknown vocabulary");
    assert_true(qtc_bytes_is(s.problem.name, "https://x.test/units"));
    close_subject(&s);
    qtc_arena_free(&m.arena);
}

static void documents_refer_to_each_other(void **state)
{
    struct subject other = {0}, s;
    struct qtc_buf out = {0};
    struct qtc_schema_options options = {.resolve = one_document, .base = qtc_str("file:///d/main.json")};

    (void)state;
    options.resolve_ctx = (void *)(uintptr_t)parse(
        &other, "{\"$defs\":{\"n\":{\"$anchor\":\"n\",\"minimum\":{\"x\":0}}, \"m\":{\"$ref\":"
                "\"main.json#/$defs/i\"}}}");
    open_subject(&s, "{\"$ref\":\"other.json#/$defs/m\",\"$defs\":{\"i\":{\"type\":\"integer\"}}}", &options);
    assert_non_null(s.schema);
    qtc_schema_validate(s.schema, s.v, parse(&s, "\"x\""), on_finding, &out);
    qtc_buf_byte(&out, 0);
    assert_string_equal(out.data, "type@</$defs/i/type integer");
    close_subject(&s);
    open_subject(&s, "{\"$ref\":\"other.json#n\"}", &options);
    assert_null(s.schema);
    assert_true(qtc_bytes_is(s.problem.uri, "file:///d/other.json"));
    assert_true(qtc_bytes_is(s.problem.at, "/$defs/n/minimum"));
    close_subject(&s);
    qtc_buf_free(&out);
    qtc_arena_free(&other.arena);
}

static void references_lead_into_what_a_schema_stands_in(void **state)
{
    struct subject outer = {0}, s;
    struct qtc_schema_options options = {0};

    (void)state;
    options.outer[0] = parse(&outer, "{\"$defs\":{\"i\":{\"type\":\"integer\"}}}");
    open_subject(&s, "{\"$ref\":\"#/$defs/i\"}", &options);
    assert_non_null(s.schema);
    assert_int_equal(qtc_schema_check(s.schema, s.v, parse(&s, "1")), QTC_VALID);
    assert_int_equal(qtc_schema_check(s.schema, s.v, parse(&s, "\"1\"")), QTC_INVALID);
    close_subject(&s);
    qtc_arena_free(&outer.arena);
}

static void on_warning(void *ctx, const struct qtc_schema_problem *w)
{
    struct qtc_buf *out = ctx;

    qtc_buf_str(out, out->len > 0 ? "; " : "");
    qtc_buf_put(out, w->name);
    qtc_buf_byte(out, '@');
    qtc_buf_put(out, w->at);
    put_bytes(out, " ", w->nearest);
}

static void doubtful_keywords_are_told(void **state)
{
    static const struct {
        const char *schema, *expected;
    } rows[] = {
        {"{\"requird\":[\"a\"]}", "requird@ required"},
        {"{\"properties\":{\"a\":{\"minlength\":1}}}", "minlength@/properties/a minLength"},
        {"{\"Type\":\"string\"}", "Type@ type"},
        {"{\"x-required\":1,\"strict\":true,\"example\":1,\"name\":\"a\"}", "example@ examples"},
        {"{\"properties\":{\"requird\":{}}}", ""},
        {"{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"prefixItems\":[]}",
         "prefixItems@/prefixItems"},
        {"{\"format\":\"phone\"}", "phone@/format"},
        {"{\"divisibleBy\":2}", "divisibleBy@/divisibleBy"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct subject s;
        struct qtc_buf out = {0};
        struct qtc_schema_options options = {.warn = on_warning, .warn_ctx = &out, .formats = true};

        open_subject(&s, rows[i].schema, &options);
        assert_non_null(s.schema);
        qtc_buf_byte(&out, 0);
        assert_string_equal(out.data, rows[i].expected);
        qtc_buf_free(&out);
        close_subject(&s);
        options.strict = true;
        open_subject(&s, rows[i].schema, &options);
        assert_int_equal(s.schema != NULL, *rows[i].expected == 0);
        close_subject(&s);
    }
}

static void openapi_types_are_taken_when_asked(void **state)
{
    static const struct qtc_schema_options openapi = {.openapi = true};
    static const struct row rows[] = {
        {"{\"type\":\"STRING\",\"nullable\":true,\"enum\":[\"a\"],\"minLength\":\"1\"}", "null", ""},
        {"{\"type\":\"OBJECT\",\"properties\":{\"a\":{\"type\":\"INTEGER\"}}}", "{\"a\":\"1\"}",
         "type@/a</properties/a/type integer"},
        {"{\"type\":\"STRING\",\"nullable\":true}", "1", "type@</type string null"},
    };
    struct subject s;

    (void)state;
    CHECK(&openapi, rows);
    open_subject(&s, "{\"type\":\"STRING\"}", NULL);
    assert_null(s.schema);
    close_subject(&s);
}

/* ---- patterns ---------------------------------------------------------------------------------------------
 */

static void patterns_mean_what_ecma_262_says(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } rows[] = {
        {"^abc$", "abc\\n", false},
        {"a.c", "a\\u2028c", false},
        {"a.c", "a\\u0085c", true},
        {"^\\\\d$", "\\u0663", false},
        {"^[^]$", "\\n", true},
        {"[]", "a", false},
        {"^\\\\u{1F600}$", "\\ud83d\\ude00", true},
        {"^\\\\ud83d\\\\ude00$", "\\ud83d\\ude00", true},
        {"^.$", "\\ud83d\\ude00", true},
        {"^[\\\\S]$", "\\u00a0", false},
        {"^\\\\p{Lu}$", "\\u00c9", true},
        {"^\\\\p{Script=Greek}+$", "\\u03b1", true},
        {"^[[a]$", "[", true},
        {"^\\\\/\\\\-$", "/-", true},
        {"^{a}$", "{a}", true},
        {"^\\\\x41\\\\cJ$", "A\\n", true},
        {"^(a)?b\\\\1$", "b", true},
        {"^(?<n>a)\\\\k<n>$", "aa", true},
        {"(?<=a)b", "ab", true},
        {"^\\\\v$", "\\u000b", true},
        {"", "x", true},
        {"^[\\\\w.+-]+@[\\\\w-]+\\\\.[\\\\w.-]+$", "a.b@c.de", true},
    };
    static const char *const wrong[] = {"a**", "(?i)a", "(?#x)", "\\\\a",   "[b-a]",      "(?P<n>a)",
                                        "a++", "\\\\",  "*a",    "(*FAIL)", "\\\\Qa\\\\E"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char schema[200], value[200];
        struct subject s;

        snprintf(schema, sizeof schema, "{\"pattern\":\"%s\"}", rows[i].pattern);
        snprintf(value, sizeof value, "\"%s\"", rows[i].text);
        open_subject(&s, schema, NULL);
        if (!s.schema ||
            (qtc_schema_check(s.schema, s.v, parse(&s, value)) == QTC_VALID) != rows[i].matches) {
            fail_msg("%s on %s", schema, value);
        }
        close_subject(&s);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char schema[200];
        struct subject s;

        snprintf(schema, sizeof schema, "{\"pattern\":\"%s\"}", wrong[i]);
        open_subject(&s, schema, NULL);
        if (s.schema) {
            fail_msg("%s is taken", schema);
        }
        close_subject(&s);
    }
}

/* ---- limits
 * ------------------------------------------------------------------------------------------------- */

static void attacks_end(void **state)
{
    static const struct {
        const char *schema, *value, *message;
    } rows[] = {
        {"{\"anyOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}", "1", "schemas are nested too deeply"},
        {"{\"not\":{\"$ref\":\"#\"}}", "1", "schemas are nested too deeply"},
        {"{\"$dynamicAnchor\":\"a\",\"$dynamicRef\":\"#a\"}", "1", "schemas are nested too deeply"},
        {"{\"pattern\":\"^(a+)+$\"}", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"",
         "a pattern takes too many steps"},
        {"{\"items\":{\"anyOf\":[{\"$ref\":\"#\"},{\"allOf\":[{\"$ref\":\"#\"}]}]},\"type\":\"array\"}",
         "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
         "validation takes too many steps"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct subject s;
        struct qtc_buf out = {0};

        open_subject(&s, rows[i].schema, NULL);
        assert_non_null(s.schema);
        assert_int_equal(qtc_schema_check(s.schema, s.v, parse(&s, rows[i].value)), QTC_UNDECIDED);
        assert_string_equal(qtc_validator_error(s.v).message, rows[i].message);
        assert_int_equal(qtc_schema_validate(s.schema, s.v, parse(&s, rows[i].value), on_finding, &out),
                         QTC_UNDECIDED);
        assert_memory_equal(out.data, "LIMIT@", 6);
        assert_int_equal(qtc_schema_check(s.schema, s.v, parse(&s, "{}")) == QTC_UNDECIDED, i < 3);
        qtc_buf_free(&out);
        close_subject(&s);
    }
}

static void limits_of_compiling_hold(void **state)
{
    static const struct qtc_schema_options few = {.limits = {.schemas = 3, .values = 3}};
    struct subject s;

    (void)state;
    open_subject(&s, "{\"enum\":[1,2,3,4]}", &few);
    assert_null(s.schema);
    assert_string_equal(s.problem.error.message, "too many values");
    close_subject(&s);
    open_subject(&s, "{\"allOf\":[{},{},{},{}]}", &few);
    assert_null(s.schema);
    assert_int_equal(s.problem.error.code, QTC_LIMIT);
    close_subject(&s);
}

/* ---- the rest
 * ------------------------------------------------------------------------------------------------- */

static bool stop(void *ctx, const struct qtc_finding *f)
{
    (void)f;
    ++*(int *)ctx;
    return false;
}

static void a_sink_can_stop(void **state)
{
    struct subject s;
    int count = 0;

    (void)state;
    open_subject(&s, "{\"required\":[\"a\",\"b\"]}", NULL);
    assert_int_equal(qtc_schema_validate(s.schema, s.v, parse(&s, "{}"), stop, &count), QTC_UNDECIDED);
    assert_int_equal(count, 1);
    assert_int_equal(qtc_validator_error(s.v).code, QTC_STOPPED);
    close_subject(&s);
}

static void more_required_names_than_bits(void **state)
{
    struct subject s;
    struct qtc_buf schema = {0}, value = {0};
    int count = 0;

    (void)state;
    qtc_buf_str(&schema, "{\"required\":[\"x\"");
    qtc_buf_str(&value, "{\"x\":1");
    for (unsigned i = 0; i < 100; i++) {
        put_number(&schema, ",\"k", i);
        qtc_buf_str(&schema, "\"");
        put_number(&value, ",\"k", i);
        qtc_buf_str(&value, "\":1");
    }
    qtc_buf_str(&schema, "]}");
    qtc_buf_str(&value, "}");
    qtc_buf_byte(&schema, 0);
    qtc_buf_byte(&value, 0);
    open_subject(&s, schema.data, NULL);
    assert_int_equal(qtc_schema_check(s.schema, s.v, parse(&s, value.data)), QTC_VALID);
    memcpy(strstr(value.data, "\"k99"), "\"kxx", 4);
    assert_int_equal(qtc_schema_validate(s.schema, s.v, parse(&s, value.data), stop, &count), QTC_UNDECIDED);
    assert_int_equal(count, 1);
    close_subject(&s);
    qtc_buf_free(&schema);
    qtc_buf_free(&value);
}

static void metaschemas_find_what_is_wrong(void **state)
{
    (void)state;
    for (int d = QTC_DRAFT_4; d <= QTC_DRAFT_2020_12; d++) {
        struct subject s = {0};

        s.schema = qtc_schema_metaschema((enum qtc_draft)d, &s.problem);
        s.v = qtc_validator_new();
        assert_non_null(s.schema);
        assert_int_equal(qtc_schema_draft(s.schema), d);
        assert_int_equal(
            qtc_schema_check(s.schema, s.v, parse(&s, "{\"properties\":{\"a\":{\"minLength\":1}}}")),
            QTC_VALID);
        assert_int_equal(
            qtc_schema_check(s.schema, s.v, parse(&s, "{\"properties\":{\"a\":{\"minLength\":-1}}}")),
            QTC_INVALID);
        close_subject(&s);
    }
}

static void *many_runs(void *ctx)
{
    struct subject *s = ctx;
    struct qtc_validator *v = qtc_validator_new();
    struct qtc_error error;
    struct qtc_arena arena = {0};
    const struct qtc_json *good = qtc_json_read(&arena, qtc_str("{\"a\":[\"x1\",\"x2\"]}"), &error);
    const struct qtc_json *bad = qtc_json_read(&arena, qtc_str("{\"a\":[\"x1\",\"x1\"]}"), &error);
    intptr_t ok = 1;

    for (int i = 0; i < 2000; i++) {
        ok = ok && qtc_schema_check(s->schema, v, good) == QTC_VALID;
        ok = ok && qtc_schema_check(s->schema, v, bad) == QTC_INVALID;
    }
    qtc_arena_free(&arena);
    qtc_validator_free(v);
    return (void *)ok;
}

static void threads_share_a_schema(void **state)
{
    struct subject s;
    pthread_t threads[2];
    void *ok;

    (void)state;
    open_subject(&s,
                 "{\"properties\":{\"a\":{\"items\":{\"pattern\":\"^x\\\\d$\"},\"uniqueItems\":true}},"
                 "\"unevaluatedProperties\":false}",
                 NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, many_runs, &s), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], &ok);
        assert_non_null(ok);
    }
    close_subject(&s);
}

static void names_have_rows(void **state)
{
    enum qtc_draft draft;
    struct qtc_error error;
    struct qtc_arena arena = {0};

    (void)state;
    assert_string_equal(qtc_keyword_name(QTC_K_MIN_LENGTH), "minLength");
    assert_string_equal(qtc_keyword_name(QTC_KEYWORDS), "");
    assert_true(qtc_draft_find(qtc_str("2019-09"), &draft) && draft == QTC_DRAFT_2019_09);
    assert_true(qtc_draft_find(qtc_str("http://json-schema.org/draft-07/schema#"), &draft) &&
                draft == QTC_DRAFT_7);
    assert_false(qtc_draft_find(qtc_str("8"), &draft));
    assert_string_equal(qtc_type_name(QTC_T_BOOLEAN), "boolean");
    assert_int_equal(qtc_type_of(qtc_json_read(&arena, qtc_str("1e2"), &error)), QTC_T_INTEGER);
    assert_int_equal(qtc_type_of(qtc_json_read(&arena, qtc_str("1.5"), &error)), QTC_T_NUMBER);
    for (unsigned k = QTC_K_CLOSED + 2; k < QTC_KEYWORDS; k++) { /* searched by halves */
        assert_true(strcmp(qtc_keyword_name(k - 1), qtc_keyword_name(k)) < 0);
    }
    qtc_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_keyword_says_what_it_wanted),
        cmocka_unit_test(branches_are_explained_once),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(closed_refuses_what_is_not_described),
        cmocka_unit_test(problems_have_a_name_and_a_place),
        cmocka_unit_test(an_unknown_vocabulary_is_refused_by_name),
        cmocka_unit_test(documents_refer_to_each_other),
        cmocka_unit_test(references_lead_into_what_a_schema_stands_in),
        cmocka_unit_test(doubtful_keywords_are_told),
        cmocka_unit_test(openapi_types_are_taken_when_asked),
        cmocka_unit_test(patterns_mean_what_ecma_262_says),
        cmocka_unit_test(attacks_end),
        cmocka_unit_test(limits_of_compiling_hold),
        cmocka_unit_test(a_sink_can_stop),
        cmocka_unit_test(more_required_names_than_bits),
        cmocka_unit_test(metaschemas_find_what_is_wrong),
        cmocka_unit_test(threads_share_a_schema),
        cmocka_unit_test(names_have_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
