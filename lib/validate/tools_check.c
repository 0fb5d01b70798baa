/* tools_check.c - --check-tools: the tools themselves. */
#include "validate/internal.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MAX_DEPTH    128

/* ---- what an API takes for a name ------------------------------------------------- */

static const struct api {
    const char *name;
    const char *key;   /* a member that only this one's tools have */
    size_t max;        /* letters of a name */
    const char *signs; /* beside letters and digits */
    const char *words; /* the same for people */
    bool letter_first; /* or _ */
} apis[] = {
    {"Anthropic", "input_schema", 128, "_-", "_ and -", false},
    {"MCP", "inputSchema", 128, "_-.", "_ - and .", false},
    {"Gemini", "functionDeclarations", 64, "_-.:", "_ - . and :", true},
    {"OpenAI", NULL, 64, "_-", "_ and -", false},
};

struct check {
    const struct qtc_check_options *options;
    struct qtc_teller teller;
    struct qtc_tools *tools;
    const struct qtc_tool *tool;
    const struct api *api;
    struct qtc_buf at;
    const char *place;
    bool stopped;
};

static struct qtc_buf *say(struct check *c, const char *text)
{
    qtc_buf_clear(&c->teller.message);
    qtc_buf_clear(&c->teller.hint);
    qtc_buf_str(&c->teller.message, text);
    return &c->teller.message;
}

static void tell_at(struct check *c, enum qtc_issue_code code, struct qtc_bytes at, const char *keyword)
{
    struct qtc_issue issue = {.code = code,
                              .name = c->tool->name,
                              .at = at,
                              .schema_at = at,
                              .keyword = keyword,
                              .place = c->place,
                              .message = qtc_buf_bytes(&c->teller.message),
                              .hint = qtc_buf_bytes(&c->teller.hint)};

    c->stopped = c->stopped || !qtc_tell(&c->teller, &issue);
}

static void tell(struct check *c, enum qtc_issue_code code)
{
    tell_at(c, code, (struct qtc_bytes){0}, "");
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool takes_letter(const struct api *api, char c, bool first)
{
    bool digit = c >= '0' && c <= '9';

    if (first && api->letter_first) {
        return is_letter(c) || c == '_';
    }
    return is_letter(c) || digit || (c != '\0' && strchr(api->signs, c) != NULL);
}

static void check_name(struct check *c)
{
    struct qtc_bytes name = c->tool->name;
    bool good = name.len <= c->api->max;

    for (size_t i = 0; i < name.len && good; i++) {
        good = takes_letter(c->api, name.data[i], i == 0);
    }
    if (good) {
        return;
    }
    say(c, c->api->name);
    qtc_buf_str(&c->teller.message, " takes names of letters, digits, ");
    qtc_buf_str(&c->teller.message, c->api->words);
    qtc_buf_str(&c->teller.message, c->api->letter_first ? ", a letter or _ first, at most " : ", at most ");
    qtc_buf_u64(&c->teller.message, c->api->max);
    tell(c, QTC_I_BAD_TOOL_NAME);
}

/* ---- each schema inside a schema --------------------------------------------------- */

enum holds { NOTHING, SCHEMA, LIST, MAP, ITEMS, DEPENDS };

static const struct {
    const char *name;
    enum holds holds;
} keywords[] = {
#define KEYWORD(id, name, drafts, vocabulary, holds) {name, holds},
#include "schema/keywords.h"
#undef KEYWORD
};

static enum holds what_holds(struct qtc_bytes keyword)
{
    for (size_t i = 0; i < COUNT(keywords); i++) {
        if (qtc_bytes_is(keyword, keywords[i].name)) {
            return keywords[i].holds;
        }
    }
    return NOTHING;
}

static void check_schema_object(struct check *c, const struct qtc_json *schema);

static void walk(struct check *c, const struct qtc_json *schema, unsigned depth);

/* The values inside a keyword's value are schemas. */
static void walk_inside(struct check *c, const struct qtc_json *value, unsigned depth)
{
    size_t length = c->at.len, index = 0;

    for (const struct qtc_json *v = value->first; v != NULL && !c->stopped; v = v->next, index++) {
        if (value->type == QTC_JSON_OBJECT) {
            qtc_put_token(&c->at, v->key);
        } else {
            qtc_buf_byte(&c->at, '/');
            qtc_buf_u64(&c->at, index);
        }
        walk(c, v, depth);
        c->at.len = c->at.failed ? 0 : length;
    }
}

static void walk(struct check *c, const struct qtc_json *schema, unsigned depth)
{
    if (schema->type != QTC_JSON_OBJECT || depth > MAX_DEPTH) {
        return;
    }
    check_schema_object(c, schema);
    for (const struct qtc_json *m = schema->first; m != NULL && !c->stopped; m = m->next) {
        size_t length = c->at.len;
        enum holds holds = what_holds(m->key);
        qtc_put_token(&c->at, m->key);
        if (holds == SCHEMA || (holds == ITEMS && m->type == QTC_JSON_OBJECT)) {
            walk(c, m, depth + 1);
        } else if (holds != NOTHING) {
            walk_inside(c, m, depth + 1);
        }
        c->at.len = c->at.failed ? 0 : length;
    }
}

/* ---- what one schema object says ------------------------------------------------------ */

/* Others describe the object, too: their names are not known here. */
static bool describes_all(const struct qtc_json *schema)
{
    static const char *const others[] = {
        "$ref", "allOf", "anyOf", "oneOf", "patternProperties", "if", "$dynamicRef", "dependentSchemas"};
    const struct qtc_json *more = qtc_json_get(schema, "additionalProperties");

    for (size_t i = 0; i < COUNT(others); i++) {
        if (qtc_json_get(schema, others[i]) != NULL) {
            return false;
        }
    }
    return more == NULL || more->type == QTC_JSON_FALSE;
}

static void check_required(struct check *c, const struct qtc_json *schema)
{
    const struct qtc_json *properties = qtc_json_get(schema, "properties");
    const struct qtc_json *required = qtc_json_get(schema, "required");
    struct qtc_guess n;

    if (qtc_json_type_of(properties) != QTC_JSON_OBJECT || qtc_json_type_of(required) != QTC_JSON_ARRAY ||
        !describes_all(schema)) {
        return;
    }
    for (const struct qtc_json *name = required->first; name != NULL; name = name->next) {
        if (name->type != QTC_JSON_STRING || qtc_json_getn(properties, name->text) != NULL) {
            continue;
        }
        qtc_put_name(say(c, ""), name->text);
        qtc_buf_str(&c->teller.message, " is required, but not among the properties");
        qtc_guess_begin(&n, name->text, name->text.len / 3);
        for (const struct qtc_json *p = properties->first; p != NULL; p = p->next) {
            qtc_guess_consider(&n, p->key);
        }
        if (n.best.data != NULL) {
            qtc_buf_str(&c->teller.hint, "did you mean ");
            qtc_put_name(&c->teller.hint, n.best);
            qtc_buf_byte(&c->teller.hint, '?');
        }
        tell_at(c, QTC_I_UNDECLARED_REQUIRED, qtc_buf_bytes(&c->at), "required");
    }
}

/* Assertions that OpenAI's strict mode refuses (and default, an annotation that it refuses as well). */
static const char *const strict_refuses[] = {
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contains",
    "minContains",
    "maxContains",
    "uniqueItems",
    "minLength",
    "maxLength",
    "prefixItems",
    "default",
};

static bool has_name(const struct qtc_json *list, struct qtc_bytes name)
{
    const struct qtc_json *e = qtc_json_type_of(list) == QTC_JSON_ARRAY ? list->first : NULL;

    for (; e != NULL; e = e->next) {
        if (qtc_bytes_equal(qtc_json_text(e), name)) {
            return true;
        }
    }
    return false;
}

static void check_strict(struct check *c, const struct qtc_json *schema)
{
    const struct qtc_json *properties = qtc_json_get(schema, "properties");
    const struct qtc_json *type = qtc_json_get(schema, "type");
    bool object = properties != NULL || qtc_bytes_is(qtc_json_text(type), "object");

    if (object && qtc_json_type_of(qtc_json_get(schema, "additionalProperties")) != QTC_JSON_FALSE) {
        say(c, "strict mode wants additionalProperties: false in each object");
        tell_at(c, QTC_I_STRICT_OPEN, qtc_buf_bytes(&c->at), "additionalProperties");
    }
    for (const struct qtc_json *p = properties != NULL ? properties->first : NULL; p != NULL; p = p->next) {
        if (!has_name(qtc_json_get(schema, "required"), p->key)) {
            qtc_put_name(say(c, "strict mode wants each property among the required ones: "), p->key);
            qtc_buf_str(&c->teller.hint, "what may be left out is of a type or null");
            tell_at(c, QTC_I_STRICT_OPTIONAL, qtc_buf_bytes(&c->at), "required");
        }
    }
    for (size_t i = 0; i < COUNT(strict_refuses); i++) {
        if (qtc_json_get(schema, strict_refuses[i]) != NULL) {
            qtc_put_name(say(c, "strict mode does not take "), qtc_str(strict_refuses[i]));
            tell_at(c, QTC_I_STRICT_KEYWORD, qtc_buf_bytes(&c->at), strict_refuses[i]);
        }
    }
}

static void check_schema_object(struct check *c, const struct qtc_json *schema)
{
    c->place = schema->raw.data;
    check_required(c, schema);
    if (qtc_tool_is_strict(c->tool)) {
        check_strict(c, schema);
    }
}

/* ---- schemas ---------------------------------------------------------------------------- */

static void put_nearest(struct check *c, const struct qtc_schema_problem *p)
{
    if (p->nearest.len > 0) {
        qtc_buf_str(&c->teller.hint, "did you mean ");
        qtc_put_name(&c->teller.hint, p->nearest);
        qtc_buf_byte(&c->teller.hint, '?');
    }
}

static void tell_problem(struct check *c, enum qtc_issue_code code, const struct qtc_schema_problem *p)
{
    c->place = p->uri.len == 0 && p->error.offset < c->tool->schema->raw.len
                   ? c->tool->schema->raw.data + p->error.offset
                   : c->place;
    qtc_put_problem(say(c, ""), p);
    put_nearest(c, p);
    tell_at(c, code, p->at, qtc_keyword_name(p->keyword));
}

static void on_warning(void *ctx, const struct qtc_schema_problem *warning)
{
    tell_problem(ctx, QTC_I_SCHEMA_WARNING, warning);
}

/* All that is wrong with the schema, by its draft's own schema. How many. */
static size_t check_by_metaschema(struct check *c)
{
    static const struct qtc_tool nothing = {.name = {0}};
    struct qtc_schema *meta = qtc_schema_metaschema(c->options->draft, NULL);
    struct qtc_validator *v = qtc_validator_new();
    size_t before = *c->teller.issues;
    struct qtc_call_check check = {
        .teller = &c->teller, .tool = &nothing, .hint_budget = QTC_HINT_BUDGET, .of_schema = true};

    check.arguments = c->tool->schema;
    check.about = (struct qtc_issue){.name = c->tool->name, .place = c->tool->schema->raw.data};
    if (meta != NULL && v != NULL) {
        qtc_schema_validate(meta, v, c->tool->schema, qtc_explain, &check);
    }
    qtc_schema_free(meta);
    qtc_validator_free(v);
    qtc_buf_free(&check.last);
    return *c->teller.issues - before;
}

static void check_schema(struct check *c)
{
    struct qtc_schema_options options;
    struct qtc_schema_problem problem = {0};
    struct qtc_schema *schema;

    if (c->tool->schema == NULL) {
        say(c, "there is no schema of its parameters: a call may have none");
        tell(c, QTC_I_NO_PARAMETERS);
        return;
    }
    qtc_tool_schema_options(c->tool, c->options, &options);
    options.warn = on_warning;
    options.warn_ctx = c;
    schema = qtc_schema_compile(c->tool->schema, &options, &problem);
    if (schema == NULL && (options.openapi || check_by_metaschema(c) == 0)) {
        tell_problem(c, QTC_I_SCHEMA_ERROR, &problem);
    }
    qtc_schema_problem_free(&problem);
    qtc_schema_free(schema);
    walk(c, c->tool->schema, 0);
}

/* Arguments are an object, whatever the schema says. */
static void check_root(struct check *c)
{
    struct qtc_bytes type = qtc_json_text(qtc_json_get(c->tool->schema, "type"));

    if (type.len > 0 && !qtc_same_words(type, qtc_str("object"))) {
        qtc_put_name(say(c, "arguments are always an object, not "), type);
        tell_at(c, QTC_I_SCHEMA_WARNING, qtc_bytes("", 0), "type");
    }
}

/* ---- the list ------------------------------------------------------------------------------ */

static const struct api *api_of(const struct qtc_json *function)
{
    size_t i = 0;

    while (i < COUNT(apis) - 1 && qtc_json_get(function, apis[i].key) == NULL) {
        i++;
    }
    return &apis[i];
}

static void check_tool(struct check *c, const struct qtc_json *function)
{
    struct qtc_bytes name = qtc_json_text(qtc_json_get(function, "name"));
    const struct qtc_tool *tool = qtc_tools_find(c->tools, name);
    const struct qtc_tool replaced = {.name = name};

    c->place = function->raw.data;
    c->tool = tool;
    if (tool == NULL) {
        return; /* a tool that the server runs: it has no name */
    }
    if (tool->function != function) {
        c->tool = &replaced;
        say(c, "another tool of this name follows");
        tell(c, QTC_I_DUPLICATE_TOOL);
        return;
    }
    c->api = c->api != NULL ? c->api : api_of(function);
    check_name(c);
    check_root(c);
    check_schema(c);
}

static void visit(struct check *c, const struct qtc_json *value, unsigned depth)
{
    static const char *const lists[] = {"tools", "functions", "functionDeclarations", "function_declarations",
                                        "result"};
    const struct qtc_json *function = qtc_json_get(value, "function");
    const struct api *api = c->api;
    bool any = false;

    if (value->type == QTC_JSON_ARRAY) {
        for (const struct qtc_json *e = value->first; e != NULL && !c->stopped; e = e->next) {
            visit(c, e, depth);
            c->api = api;
        }
        return;
    }
    for (size_t i = 0; i < COUNT(lists) && depth < MAX_DEPTH; i++) {
        const struct qtc_json *list = qtc_json_get(value, lists[i]);
        if (qtc_json_type_of(list) >= (int)QTC_JSON_ARRAY) {
            c->api = strncmp(lists[i], "functionD", 9) == 0 || strncmp(lists[i], "function_", 9) == 0
                         ? &apis[2]
                         : api;
            visit(c, list, depth + 1);
            any = true;
        }
    }
    if (!any && value->type == QTC_JSON_OBJECT) {
        check_tool(c, qtc_json_type_of(function) == QTC_JSON_OBJECT ? function : value);
    }
    c->api = api;
}

bool qtc_check_tools(const struct qtc_json *tree, const struct qtc_check_options *options,
                     qtc_issue_sink *sink, void *ctx)
{
    size_t issues = 0;
    bool undecided = false;
    struct check c = {.options = options};
    struct qtc_error error;
    static const struct qtc_tool nobody = {.name = {0}};

    c.teller = (struct qtc_teller){.sink = sink, .ctx = ctx, .issues = &issues, .undecided = &undecided};
    c.tool = &nobody;
    c.tools = qtc_tools_from_json(tree, &error);
    if (c.tools == NULL) {
        c.place = tree->raw.data + (error.offset < tree->raw.len ? error.offset : 0);
        say(&c, error.message);
        tell(&c, QTC_I_UNKNOWN_TOOLS);
    } else {
        visit(&c, tree, 0);
    }
    qtc_tools_free(c.tools);
    qtc_buf_free(&c.at);
    c.stopped = c.stopped || c.teller.nomem;
    qtc_teller_free(&c.teller);
    return !c.stopped;
}
