/* test_tools.c - the shapes in which tools come, and the types of their parameters. */
#include "schema/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- tools as text --------------------------------------------------------- */

static void put_types(struct qtc_buf *out, unsigned types)
{
    static const char letters[] = "sinb0ao"; /* in the order of the bits; 0 is null */

    for (unsigned bit = 0; bit < 7; bit++) {
        if ((types & (1u << bit)) != 0) {
            qtc_buf_byte(out, letters[bit]);
        }
    }
    if (types == 0) {
        qtc_buf_byte(out, '-');
    }
}

/* name(param:types param!:types); ! for required, {} for no schema */
static void put_tools(struct qtc_buf *out, const struct qtc_tools *tools)
{
    for (size_t i = 0; i < qtc_tools_count(tools); i++) {
        const struct qtc_tool *tool = qtc_tools_at(tools, i);
        qtc_buf_str(out, i > 0 ? " " : "");
        qtc_buf_put(out, tool->name);
        qtc_buf_str(out, tool->schema != NULL ? "(" : "{}(");
        for (size_t k = 0; k < tool->param_count; k++) {
            qtc_buf_str(out, k > 0 ? " " : "");
            qtc_buf_put(out, tool->params[k].name);
            qtc_buf_str(out, tool->params[k].required ? "!:" : ":");
            put_types(out, tool->params[k].types);
        }
        qtc_buf_byte(out, ')');
    }
    qtc_buf_byte(out, 0);
}

static struct qtc_tools *read_copy(const char *text, struct qtc_error *error)
{
    size_t len = strlen(text);
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, text, len + 1);
    struct qtc_tools *tools = qtc_tools_read(qtc_bytes(copy, len), error);
    memset(copy, '?', len);
    free(copy);
    return tools;
}

static void check_tools(const char *text, const char *expected)
{
    struct qtc_error error;
    struct qtc_buf out = {0};
    struct qtc_tools *tools = read_copy(text, &error);

    if (tools == NULL) {
        fail_msg("%s\n%s at %u", text, error.message, (unsigned)error.offset);
    }
    put_tools(&out, tools);
    if (strcmp(out.data, expected) != 0) {
        fail_msg("%s\ngot:      %s\nexpected: %s", text, out.data, expected);
    }
    qtc_buf_free(&out);
    qtc_tools_free(tools);
}

/* ---- shapes ---------------------------------------------------------------- */

#define SCHEMA "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":[\"a\"]}"
#define CHAT   "{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":" SCHEMA "}}"

static void every_shape_is_read(void **state)
{
    static const struct {
        const char *text, *expected;
    } list[] = {
        {"[" CHAT "]", "f(a!:i)"},
        {"\xef\xbb\xbf[" CHAT "]\n", "f(a!:i)"},
        {"[{\"type\":\"function\",\"name\":\"f\",\"strict\":true,\"parameters\":" SCHEMA "}]", "f(a!:i)"},
        {"[{\"name\":\"f\",\"parameters\":" SCHEMA "}]", "f(a!:i)"},
        {"{\"model\":\"m\",\"messages\":[],\"tools\":[" CHAT "]}", "f(a!:i)"},
        {"{\"model\":\"m\",\"functions\":[{\"name\":\"f\",\"parameters\":" SCHEMA "}]}", "f(a!:i)"},
        {"{\"functions\":[{\"name\":\"g\"}],\"tools\":[" CHAT "]}", "f(a!:i) g{}()"},
        {"[{\"name\":\"f\",\"description\":\"d\",\"input_schema\":" SCHEMA "}]", "f(a!:i)"},
        {"{\"tools\":[{\"functionDeclarations\":[{\"name\":\"f\",\"parameters\":" SCHEMA "}]}]}", "f(a!:i)"},
        {"{\"tools\":[{\"googleSearch\":{}},{\"function_declarations\":[{\"name\":\"f\"},{\"name\":\"g\"}]}]"
         "}",
         "f{}() g{}()"},
        {"{\"function_declarations\":[{\"name\":\"f\",\"parametersJsonSchema\":" SCHEMA "}]}", "f(a!:i)"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":[{\"name\":\"f\",\"inputSchema\":" SCHEMA
         "}]}}",
         "f(a!:i)"},
        {"{\"tools\":[{\"name\":\"f\",\"inputSchema\":" SCHEMA "}],\"nextCursor\":\"x\"}", "f(a!:i)"},
        {CHAT, "f(a!:i)"},
        {"{\"name\":\"f\",\"parameters\":" SCHEMA "}", "f(a!:i)"},
        {CHAT "\n{\"name\":\"g\"}\n\n[{\"name\":\"h\"}]\n", "f(a!:i) g{}() h{}()"},
        {"{\"id\":1}\n{\"id\":2,\"tools\":[" CHAT "]}", "f(a!:i)"},
        {"[{\"type\":\"web_search\"},{\"type\":\"mcp\",\"server_label\":\"x\"}," CHAT "]", "f(a!:i)"},
        {"[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]", "web_search{}()"},
        {"[]", ""},
        {"{\"tools\":[]}", ""},
        {"{\"result\":{\"tools\":[]}}", ""},
        {"[{\"name\":\"f\",\"parameters\":null}]", "f{}()"},
        {"[{\"name\":\"f\",\"parameters\":{}}]", "f()"},
        {"[{\"name\":\"f\",\"parameters\":true}]", "f()"},
        {"[{\"name\":\"f\",\"parameters\":{\"properties\":[],\"required\":{}}}]", "f()"},
        {"[{\"name\":\"\\u0066\",\"parameters\":{\"properties\":{\"\\n\":{}}}}]", "f(\n:-)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        check_tools(list[i].text, list[i].expected);
    }
}

static void later_tools_replace_earlier_ones(void **state)
{
    (void)state;
    check_tools("[{\"name\":\"f\",\"parameters\":{\"properties\":{\"a\":{}}}},{\"name\":\"g\"},"
                "{\"name\":\"f\",\"parameters\":{\"properties\":{\"b\":{}}}}]",
                "g{}() f(b:-)");
    check_tools("{\"name\":\"f\"}\n{\"name\":\"f\",\"parameters\":{}}", "f()");
}

static void errors_have_a_place(void **state)
{
    static const struct {
        const char *text;
        enum qtc_code code;
        uint64_t offset;
        const char *message; /* NULL: the JSON reader's */
    } list[] = {
        {"", QTC_SYNTAX, 0, NULL},
        {"tools:", QTC_SYNTAX, 1, NULL},
        {"[{\"name\":}]", QTC_SYNTAX, 9, NULL},
        {"{\"name\":\"f\"}\n{\"name\":}", QTC_SYNTAX, 21, NULL},
        {"42", QTC_TYPE, 0, "no tools in it"},
        {"\"f\"", QTC_TYPE, 0, "no tools in it"},
        {"{}", QTC_TYPE, 0, "no tools in it"},
        {"{\"model\":\"m\"}\n{\"tools\":null}", QTC_TYPE, 0, "no tools in it"},
        {"[1]", QTC_TYPE, 1, "a tool is not an object"},
        {"{\"tools\":[null]}", QTC_TYPE, 10, "a tool is not an object"},
        {"[{\"name\":\"f\"}, {\"parameters\":{}}]", QTC_TYPE, 15, "a tool without a name"},
        {"[{\"name\":\"\"}]", QTC_TYPE, 1, "a tool without a name"},
        {"[{\"name\":7}]", QTC_TYPE, 1, "a tool without a name"},
        {"[{}]", QTC_TYPE, 1, "a tool without a name"},
        {"[{\"type\":\"function\"}]", QTC_TYPE, 1, "a tool without a name"},
        {"[{\"type\":\"object\",\"properties\":{}}]", QTC_TYPE, 1, "a tool without a name"},
        {"{\"type\":\"function\",\"function\":{}}", QTC_TYPE, 30, "a tool without a name"},
        {"{\"name\":\"f\"}\n[{}]", QTC_TYPE, 14, "a tool without a name"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        struct qtc_error error = {0};
        print_message("  %s\n", list[i].text);
        assert_null(read_copy(list[i].text, &error));
        assert_int_equal(error.code, list[i].code);
        assert_non_null(error.message);
        if (list[i].message != NULL) {
            assert_string_equal(error.message, list[i].message);
        }
        assert_int_equal(error.offset, list[i].offset);
        assert_null(read_copy(list[i].text, NULL));
    }
}

static void a_tree_is_borrowed(void **state)
{
    static const char text[] = "{\"x\":1,\"tools\":[" CHAT "]}";
    struct qtc_arena arena = {0};
    struct qtc_error error;
    const struct qtc_json *body = qtc_json_read(&arena, qtc_str(text), &error);
    struct qtc_tools *tools = qtc_tools_from_json(body, &error);

    (void)state;
    assert_non_null(tools);
    assert_int_equal(qtc_tools_count(tools), 1);
    const struct qtc_tool *tool = qtc_tools_find(tools, qtc_str("f"));
    assert_non_null(tool);
    assert_true(tool->schema->raw.data > text && tool->schema->raw.data < text + sizeof text);
    qtc_tools_free(tools);
    const struct qtc_json *bad = qtc_json_read(&arena, qtc_str("  [{\"name\":\"f\"},{}]"), &error);
    assert_null(qtc_tools_from_json(bad, &error));
    assert_int_equal(error.code, QTC_TYPE);
    assert_int_equal(error.offset, 14);
    assert_null(qtc_tools_from_json(NULL, &error));
    assert_int_equal(error.code, QTC_TYPE);
    qtc_arena_free(&arena);
}

/* ---- types ----------------------------------------------------------------- */

static void types_of_a_parameter(void **state)
{
    static const struct {
        const char *schema, *types;
    } list[] = {
        {"{\"type\":\"string\"}", "s"},
        {"{\"type\":\"integer\"}", "i"},
        {"{\"type\":\"number\"}", "n"},
        {"{\"type\":\"boolean\"}", "b"},
        {"{\"type\":\"null\"}", "0"},
        {"{\"type\":\"array\"}", "a"},
        {"{\"type\":\"object\"}", "o"},
        {"{\"type\":\"STRING\"}", "s"},
        {"{\"type\":\"Integer\"}", "i"},
        {"{\"type\":\"TYPE_UNSPECIFIED\"}", "-"},
        {"{\"type\":[\"string\",\"null\"]}", "s0"},
        {"{\"type\":[\"integer\",\"number\"]}", "n"},
        {"{\"type\":[\"Str\",\"LONG\"]}", "si"},
        {"{\"type\":[\"string\",\"whatever\"]}", "-"},
        {"{\"type\":[]}", "-"},
        {"{\"type\":7}", "-"},
        {"{\"type\":\"\"}", "-"},
        {"{}", "-"},
        {"true", "-"},
        {"false", "-"},
        {"null", "-"},
        {"{\"description\":\"d\"}", "-"},
        /* enum, const */
        {"{\"enum\":[\"a\",\"b\"]}", "s"},
        {"{\"enum\":[\"a\",null,1,true,[],{}]}", "sib0ao"},
        {"{\"enum\":[1,2.5]}", "n"},
        {"{\"enum\":[1e3]}", "n"},
        {"{\"enum\":[]}", "-"},
        {"{\"const\":7}", "i"},
        {"{\"const\":false}", "b"},
        {"{\"type\":\"string\",\"enum\":[1,null]}", "s"},
        {"{\"type\":\"integer\",\"const\":\"x\"}", "i"},
        /* only its parts */
        {"{\"properties\":{}}", "o"},
        {"{\"items\":{}}", "a"},
        /* nullable */
        {"{\"type\":\"string\",\"nullable\":true}", "s0"},
        {"{\"type\":\"string\",\"nullable\":false}", "s"},
        {"{\"nullable\":true}", "-"},
        {"{\"anyOf\":[{\"type\":\"integer\",\"nullable\":true},{\"type\":\"array\"}]}", "i0a"},
        /* anyOf, oneOf */
        {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "s0"},
        {"{\"oneOf\":[{\"type\":\"integer\"},{\"anyOf\":[{\"const\":true},{\"type\":\"number\"}]}]}", "nb"},
        {"{\"anyOf\":[{\"type\":\"string\"},{}]}", "-"},
        {"{\"anyOf\":[{\"type\":\"string\"},false]}", "s"},
        {"{\"anyOf\":[]}", "-"},
        {"{\"anyOf\":{\"type\":\"string\"}}", "-"},
        {"{\"type\":\"object\",\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}", "o"},
        {"{\"type\":[\"string\",\"integer\"],\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"array\"}]}", "i"},
        {"{\"type\":\"number\",\"anyOf\":[{\"type\":\"integer\"}]}", "i"},
        {"{\"type\":\"string\",\"oneOf\":[{\"type\":\"array\"}]}", "s"},
        {"{\"anyOf\":[{\"type\":\"string\"},{\"$ref\":\"other.json\"}]}", "-"},
        /* allOf */
        {"{\"allOf\":[{\"type\":\"string\"},{\"minLength\":1}]}", "s"},
        {"{\"allOf\":[{\"type\":[\"string\",\"integer\",\"null\"]},{\"type\":[\"integer\",\"null\"]}]}",
         "i0"},
        {"{\"type\":\"number\",\"allOf\":[{\"type\":\"integer\"}]}", "i"},
        {"{\"allOf\":[{},true,7]}", "-"},
        {"{\"allOf\":[{\"$ref\":\"#/$defs/int\"}],\"default\":3}", "i"},
        /* $ref; the schema's other parts are below */
        {"{\"$ref\":\"#/$defs/int\"}", "i"},
        {"{\"$ref\":\"#/definitions/list\"}", "a"},
        {"{\"$ref\":\"#/$defs/a~1b%20c~0%7E0\"}", "b"},
        {"{\"$ref\":\"#/$defs/a~1b c~0~0\"}", "b"},
        {"{\"$ref\":\"#/$defs/chain\"}", "i"},
        {"{\"$ref\":\"#/$defs/alts/anyOf/1\"}", "b"},
        {"{\"$ref\":\"#/$defs/alts/anyOf/01\"}", "-"},
        {"{\"$ref\":\"#/$defs/alts/anyOf/2\"}", "-"},
        {"{\"$ref\":\"#/$defs/alts/anyOf/-\"}", "-"},
        {"{\"$ref\":\"#/$defs/alts/anyOf/99999999999999999999\"}", "-"},
        {"{\"$ref\":\"#\"}", "o"},
        {"{\"$ref\":\"#/\"}", "n"},
        {"{\"$ref\":\"#/$defs/none\"}", "-"},
        {"{\"$ref\":\"#/$defs/%zz%4\"}", "-"},
        {"{\"$ref\":\"#int\"}", "-"},
        {"{\"$ref\":\"\"}", "-"},
        {"{\"$ref\":7}", "-"},
        {"{\"$ref\":\"#/$defs/loop\"}", "-"},
        {"{\"$ref\":\"#/$defs/self\"}", "s"},
        {"{\"$ref\":\"#/$defs/many0\"}", "-"},
        {"{\"$ref\":\"#/$defs/int\",\"nullable\":true}", "i0"},
        {"{\"$ref\":\"#/parameters/$defs/int\"}", "i"},
        {"{\"$ref\":\"#/function/parameters/$defs/int\"}", "i"},
        {"{\"$ref\":\"#/shared/text\"}", "s"},
        {"{\"anyOf\":[{\"$ref\":\"#/$defs/int\"},{\"type\":\"null\"}]}", "i0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        struct qtc_buf text = {0};
        struct qtc_buf expected = {0};
        qtc_buf_str(&text,
                    "[{\"type\":\"function\",\"shared\":{\"text\":{\"type\":\"string\"}},\"function\":{"
                    "\"name\":\"f\",\"parameters\":{\"type\":\"object\",\"\":{\"type\":\"number\"},"
                    "\"$defs\":{\"int\":{\"type\":\"integer\"},\"a/b c~~\":{\"type\":\"bool\"},"
                    "\"a/b c~~0\":{\"type\":\"null\"},\"chain\":{\"$ref\":\"#/$defs/int\"},"
                    "\"alts\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"boolean\"}]},"
                    "\"loop\":{\"$ref\":\"#/$defs/pool\"},\"pool\":{\"$ref\":\"#/$defs/loop\"},"
                    "\"self\":{\"type\":\"string\",\"allOf\":[{\"$ref\":\"#/$defs/self\"}]},"
                    "\"many0\":{\"anyOf\":[{\"$ref\":\"#/$defs/many0\"},{\"$ref\":\"#/$defs/many0\"}]}},"
                    "\"definitions\":{\"list\":{\"type\":\"array\"}},\"properties\":{\"p\":");
        qtc_buf_str(&text, list[i].schema);
        qtc_buf_str(&text, "}}}}]");
        qtc_buf_byte(&text, 0);
        qtc_buf_str(&expected, "f(p:");
        qtc_buf_str(&expected, list[i].types);
        qtc_buf_str(&expected, ")");
        qtc_buf_byte(&expected, 0);
        check_tools(text.data, expected.data);
        qtc_buf_free(&text);
        qtc_buf_free(&expected);
    }
}

static void names_of_types(void **state)
{
    static const struct {
        const char *names, *types;
    } list[] = {
        {"str text varchar char enum ENUM", "s"},
        {"int int32 int64 uint uint32 uint64 long short unsigned INT64", "i"},
        {"float float32 float64 double NUMBER", "n"},
        {"bool BOOLEAN", "b"},
        {"dict OBJECT", "o"},
        {"arr list sequence tuple ARRAY", "a"},
        {"NULL none None", "0"},
        {"any in integer2 strin", "-"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        for (const char *p = list[i].names; *p != 0; p += strspn(p, " ")) {
            char text[200];
            char expected[20];
            int len = (int)strcspn(p, " ");
            snprintf(text, sizeof text,
                     "{\"name\":\"f\",\"parameters\":{\"properties\":{\"p\":{\"type\":\"%.*s\"}}}}", len, p);
            snprintf(expected, sizeof expected, "f(p:%s)", list[i].types);
            check_tools(text, expected);
            p += len;
        }
    }
}

/* ---- parameters ------------------------------------------------------------ */

static void parameters_of_a_schema(void **state)
{
    static const struct {
        const char *schema, *params;
    } list[] = {
        {"{\"properties\":{\"b\":{},\"a\":{},\"ab\":{},\"B\":{},\"\":{}}}", ":- B:- a:- ab:- b:-"},
        {"{\"properties\":{\"a\":{},\"b\":{}},\"required\":[\"b\",\"c\",7,\"b\"]}", "a:- b!:-"},
        {"{\"properties\":{\"a\":{\"type\":\"string\"},\"a\":{\"type\":\"integer\"}},\"required\":[\"a\"]}",
         "a!:i"},
        {"{\"$ref\":\"#/$defs/args\",\"$defs\":{\"args\":{\"properties\":{\"a\":{\"type\":\"string\"}},"
         "\"required\":[\"a\"]}}}",
         "a!:s"},
        {"{\"allOf\":[{\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"b\"]},"
         "{\"properties\":{\"b\":{\"type\":\"integer\"},\"a\":{\"minLength\":1}}}]}",
         "a:s b!:i"},
        {"{\"anyOf\":[{\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":[\"a\"]},"
         "{\"properties\":{\"a\":{\"type\":\"number\"}},\"required\":[\"a\"]}]}",
         "a:n"},
        {"{\"properties\":{\"a\":{\"type\":\"string\"}},\"oneOf\":[{\"required\":[\"a\"]}]}", "a:s"},
        {"{\"properties\":{\"a\":{\"$ref\":\"#\"}},\"allOf\":[{\"$ref\":\"#\"}]}", "a:o"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        struct qtc_buf text = {0};
        struct qtc_buf expected = {0};
        qtc_buf_str(&text, "[{\"name\":\"f\",\"input_schema\":");
        qtc_buf_str(&text, list[i].schema);
        qtc_buf_str(&text, "}]");
        qtc_buf_byte(&text, 0);
        qtc_buf_str(&expected, "f(");
        qtc_buf_str(&expected, list[i].params);
        qtc_buf_str(&expected, ")");
        qtc_buf_byte(&expected, 0);
        check_tools(text.data, expected.data);
        qtc_buf_free(&text);
        qtc_buf_free(&expected);
    }
}

/* 300 tools of 300 parameters, written in an order that is not theirs. */
static void looks_up_by_name(void **state)
{
    struct qtc_buf text = {0};
    char part[64];

    (void)state;
    qtc_buf_str(&text, "[");
    for (unsigned i = 0; i < 300; i++) {
        snprintf(part, sizeof part, "%s{\"name\":\"t%u\",\"parameters\":{\"properties\":{", i > 0 ? "," : "",
                 i * 7 % 300);
        qtc_buf_str(&text, part);
        for (unsigned k = 0; k < 300; k++) {
            snprintf(part, sizeof part, "%s\"p%u\":{\"type\":\"integer\"}", k > 0 ? "," : "", k * 7 % 300);
            qtc_buf_str(&text, part);
        }
        qtc_buf_str(&text, "}}}");
    }
    qtc_buf_str(&text, "]");
    struct qtc_tools *tools = qtc_tools_read(qtc_buf_bytes(&text), NULL);
    assert_int_equal(qtc_tools_count(tools), 300);
    assert_true(qtc_bytes_is(qtc_tools_at(tools, 1)->name, "t7"));
    for (unsigned i = 0; i < 300; i++) {
        snprintf(part, sizeof part, "t%u", i);
        const struct qtc_tool *tool = qtc_tools_find(tools, qtc_str(part));
        assert_true(tool != NULL && qtc_bytes_is(tool->name, part));
        part[0] = 'p';
        const struct qtc_param *param = qtc_tool_param(tool, qtc_str(part));
        assert_true(param != NULL && qtc_bytes_is(param->name, part) && param->types == QTC_T_INTEGER);
    }
    assert_null(qtc_tools_find(tools, qtc_str("t")));
    assert_null(qtc_tools_find(tools, qtc_str("t300")));
    assert_null(qtc_tools_find(tools, qtc_str("z")));
    assert_null(qtc_tools_find(tools, qtc_bytes(NULL, 0)));
    assert_null(qtc_tool_param(qtc_tools_at(tools, 0), qtc_str("p")));
    assert_null(qtc_tool_param(NULL, qtc_str("p")));
    assert_null(qtc_tools_at(tools, 300));
    assert_null(qtc_tools_find(NULL, qtc_str("t")));
    assert_int_equal(qtc_tools_count(NULL), 0);
    qtc_tools_free(tools);
    qtc_buf_free(&text);
}

/* ---- what is inside a value -------------------------------------------------- */

/* path: members by their names, elements as [index]. */
static struct qtc_schema_at walk(struct qtc_schema_scope *scope, const struct qtc_tool *tool,
                                 const char *path)
{
    struct qtc_schema_at at = qtc_schema_root(scope, tool);

    while (*path != 0) {
        size_t len = strcspn(path, ".");
        at = *path == '[' ? qtc_schema_items(&at, (size_t)atoi(path + 1))
                          : qtc_schema_member(&at, qtc_bytes(path, len));
        path += len + (path[len] == '.');
    }
    return at;
}

static void schemas_of_values_inside(void **state)
{
    static const struct {
        const char *schema, *path, *types;
    } list[] = {
        {"{}", "", "o"},
        {"{}", "a.b", "-"},
        {"true", "a", "-"},
        {"{\"properties\":{\"a\":{\"type\":\"integer\"}}}", "a", "i"},
        {"{\"properties\":{\"a\":{\"type\":\"integer\"}}}", "b", "-"},
        {"{\"properties\":{\"a\":{\"properties\":{\"b\":{\"type\":\"null\"}}}}}", "a.b", "0"},
        {"{\"properties\":{\"a\":{\"items\":{\"type\":\"string\"}}}}", "a.[7]", "s"},
        {"{\"properties\":{\"a\":{\"items\":{\"items\":{\"type\":\"boolean\"}}}}}", "a.[0].[0]", "b"},
        {"{\"properties\":{\"a\":{\"items\":{\"type\":\"string\"}}}}", "a.b", "-"},
        {"{\"properties\":{\"a\":{\"type\":\"integer\"}},\"additionalProperties\":{\"type\":\"string\"}}",
         "a", "i"},
        {"{\"properties\":{\"a\":{\"type\":\"integer\"}},\"additionalProperties\":{\"type\":\"string\"}}",
         "b", "s"},
        {"{\"additionalProperties\":false}", "b", "-"},
        {"{\"additionalProperties\":{\"items\":{\"type\":\"integer\"}}}", "b.[0]", "i"},
        {"{\"properties\":{\"a\":{\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"integer\"}}}"
         "}",
         "a.[0]", "s"},
        {"{\"properties\":{\"a\":{\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"integer\"}}}"
         "}",
         "a.[1]", "i"},
        {"{\"properties\":{\"a\":{\"items\":[{\"type\":\"string\"},{\"type\":\"null\"}]}}}", "a.[1]", "0"},
        {"{\"properties\":{\"a\":{\"items\":[{\"type\":\"string\"}],\"additionalItems\":{\"type\":\"null\"}}}"
         "}",
         "a.[5]", "0"},
        {"{\"properties\":{\"a\":{\"$ref\":\"#/$defs/n\"}},\"$defs\":{\"n\":{\"properties\":{\"n\":"
         "{\"$ref\":\"#/$defs/n\"},\"v\":{\"type\":\"integer\"}}}}}",
         "a.n.n.n.v", "i"},
        {"{\"$ref\":\"#\",\"properties\":{\"a\":{\"type\":\"integer\"}}}", "a", "i"},
        {"{\"properties\":{\"a\":{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"array\",\"items\":"
         "{\"type\":\"number\"}}]}}}",
         "a.[0]", "n"},
        {"{\"allOf\":[{\"properties\":{\"a\":{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"string\"}"
         "}}}},"
         "{\"properties\":{\"a\":{\"properties\":{\"c\":{\"type\":\"integer\"}}}}}]}",
         "a.b", "s"},
        {"{\"allOf\":[{\"properties\":{\"a\":{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"string\"}"
         "}}}},"
         "{\"properties\":{\"a\":{\"properties\":{\"c\":{\"type\":\"integer\"}}}}}]}",
         "a.c", "i"},
        {"{\"oneOf\":[{\"properties\":{\"a\":{\"type\":\"string\"}}},{\"properties\":{\"a\":{\"type\":"
         "\"integer\"}}},"
         "{\"properties\":{\"a\":{\"type\":\"number\"}}},{\"properties\":{\"a\":{\"type\":\"null\"}}},"
         "{\"properties\":{\"a\":{\"type\":\"boolean\"}}}]}",
         "a", "snb0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        struct qtc_buf text = {0}, types = {0};
        qtc_buf_str(&text, "{\"name\":\"f\",\"parameters\":");
        qtc_buf_str(&text, list[i].schema);
        qtc_buf_str(&text, "}");
        struct qtc_tools *tools = qtc_tools_read(qtc_buf_bytes(&text), NULL);
        struct qtc_schema_scope scope;
        qtc_schema_begin(&scope, qtc_tools_at(tools, 0), 0);
        put_types(&types, walk(&scope, qtc_tools_at(tools, 0), list[i].path).types);
        qtc_buf_byte(&types, 0);
        if (strcmp(types.data, list[i].types) != 0) {
            fail_msg("%s at %s\ngot:      %s\nexpected: %s", list[i].schema, list[i].path, types.data,
                     list[i].types);
        }
        qtc_schema_end(&scope);
        qtc_tools_free(tools);
        qtc_buf_free(&text);
        qtc_buf_free(&types);
    }
}

static void a_parameter_keeps_its_schema(void **state)
{
    struct qtc_tools *tools = qtc_tools_read(
        qtc_str("{\"name\":\"f\",\"parameters\":{\"properties\":{\"a\":{\"type\":\"string\"},"
                "\"a\":{\"type\":\"integer\"}},\"anyOf\":[{\"properties\":{\"a\":{},\"b\":true}}]}}"),
        NULL);
    const struct qtc_tool *tool = qtc_tools_at(tools, 0);

    (void)state;
    assert_true(qtc_bytes_is(qtc_tool_param(tool, qtc_str("a"))->schema->raw, "{\"type\":\"integer\"}"));
    assert_true(qtc_bytes_is(qtc_tool_param(tool, qtc_str("b"))->schema->raw, "true"));
    qtc_tools_free(tools);
}

static void without_a_tool_nothing_is_known(void **state)
{
    struct qtc_schema_scope scope;
    struct qtc_schema_at nowhere = {0};

    (void)state;
    qtc_schema_begin(&scope, NULL, SIZE_MAX);
    struct qtc_schema_at at = qtc_schema_root(&scope, NULL);
    assert_int_equal(at.types, QTC_T_OBJECT);
    assert_int_equal(qtc_schema_member(&at, qtc_str("a")).count, 0);
    assert_int_equal(qtc_schema_member(&nowhere, qtc_str("a")).types, 0);
    assert_int_equal(qtc_schema_items(&nowhere, 3).types, 0);
    qtc_schema_end(&scope);
}

/* Each definition refers twice to the next one: 2^60 ways through 60 of them.
 * Ends only if the work is bounded. */
static void references_cannot_explode(void **state)
{
    static const char *const lists[] = {"anyOf", "allOf", "oneOf"};

    (void)state;
    for (size_t l = 0; l < 3; l++) {
        struct qtc_buf text = {0};
        char part[128];
        qtc_buf_str(&text, "{\"name\":\"f\",\"parameters\":{\"$ref\":\"#/$defs/0\",\"properties\":"
                           "{\"p\":{\"$ref\":\"#/$defs/0\"}},\"$defs\":{");
        for (unsigned i = 0; i < 60; i++) {
            snprintf(part, sizeof part,
                     "\"%u\":{\"%s\":[{\"$ref\":\"#/$defs/%u\"},{\"$ref\":\"#/$defs/%u\"}]},", i, lists[l],
                     i + 1, i + 1);
            qtc_buf_str(&text, part);
        }
        qtc_buf_str(&text, "\"60\":{\"properties\":{\"q\":{}}}}}}");
        struct qtc_tools *tools = qtc_tools_read(qtc_buf_bytes(&text), NULL);
        const struct qtc_tool *tool = qtc_tools_find(tools, qtc_str("f"));
        assert_non_null(qtc_tool_param(tool, qtc_str("p")));
        struct qtc_schema_scope scope;
        qtc_schema_begin(&scope, tool, 1 << 20);
        for (unsigned i = 0; i < 100000; i++) {
            walk(&scope, tool, "p.q.[0]");
        }
        assert_int_equal(scope.budget, 0);
        qtc_schema_end(&scope);
        qtc_tools_free(tools);
        qtc_buf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_is_read),          cmocka_unit_test(later_tools_replace_earlier_ones),
        cmocka_unit_test(errors_have_a_place),          cmocka_unit_test(a_tree_is_borrowed),
        cmocka_unit_test(types_of_a_parameter),         cmocka_unit_test(names_of_types),
        cmocka_unit_test(parameters_of_a_schema),       cmocka_unit_test(looks_up_by_name),
        cmocka_unit_test(references_cannot_explode),    cmocka_unit_test(schemas_of_values_inside),
        cmocka_unit_test(a_parameter_keeps_its_schema), cmocka_unit_test(without_a_tool_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
