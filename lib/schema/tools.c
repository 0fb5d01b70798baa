/* tools.c - finds the tools in whatever holds them, and lists their parameters. */
#include "schema/tools.h"
#include "schema/types.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Members that hold a list of tools, or of things that hold tools. */
static const char *const list_keys[] = {"tools", "functions", "functionDeclarations",
                                        "function_declarations"};

static const char *const schema_keys[] = {
    "parameters", "input_schema", "inputSchema", "parametersJsonSchema", "parameters_json_schema",
};

/* Gemini's entries that stand beside functionDeclarations and are no functions. */
static const char *const builtin_keys[] = {
    "googleSearch",
    "google_search",
    "googleSearchRetrieval",
    "google_search_retrieval",
    "codeExecution",
    "code_execution",
    "urlContext",
    "url_context",
    "googleMaps",
    "google_maps",
    "retrieval",
};

/* Work that references may cause: some for any file, and some for each byte. */
#define BUDGET          ((size_t)1 << 20)
#define BUDGET_PER_BYTE 64
#define PROPERTY_COST   64
#define MAX_NESTING     64

struct qtc_tools {
    struct qtc_arena arena;
    struct qtc_tool *list; /* in the order of the input */
    const struct qtc_tool **by_name;
    size_t count;
};

/* A tool in the tree. */
struct found {
    const struct found *previous;
    struct qtc_bytes name;
    const struct qtc_json *function; /* the object with the name */
    const struct qtc_json *item;     /* the whole element that it stands in */
    size_t order;
};

/* What a schema says about one property, in one place. */
struct property {
    const struct property *previous;
    struct qtc_bytes name;
    const struct qtc_json *schema; /* NULL: only that it is required */
    size_t place;                  /* number of the `properties` object that it stands in */
    size_t order;
};

struct reader {
    struct qtc_tools *tools;
    struct qtc_error *error;
    const char *start; /* where offsets count from */
    const struct found *last;
    size_t count;
    bool seen; /* a place for tools, if only an empty one */
};

/* What is known while the parameters of a tool are listed. */
struct lister {
    struct qtc_arena *arena;
    struct qtc_schema_scope scope;
    const struct property *properties;
    size_t property_count;
    size_t places;
};

static bool fail(struct reader *r, enum qtc_code code, const char *message, const char *where)
{
    uint64_t offset = where != NULL ? (uint64_t)(where - r->start) : 0;

    *r->error = (struct qtc_error){.code = code, .message = message, .offset = offset};
    return false;
}

static bool no_memory(struct reader *r)
{
    return fail(r, QTC_NOMEM, "out of memory", NULL);
}

static int compare_names(struct qtc_bytes a, struct qtc_bytes b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* A list of pointers; many have one, and none is slow to sort, too. */
static void sort(void *list, size_t count, int (*compare)(const void *, const void *))
{
    if (count > 1) {
        qsort(list, count, sizeof(void *), compare);
    }
}

/* ---- finding the tools --------------------------------------------------- */

static bool is_object(const struct qtc_json *value)
{
    return qtc_json_type_of(value) == QTC_JSON_OBJECT;
}

static bool has_any(const struct qtc_json *object, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (qtc_json_get(object, keys[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static bool add_tool(struct reader *r, const struct qtc_json *function, const struct qtc_json *item)
{
    struct qtc_bytes name = qtc_json_text(qtc_json_get(function, "name"));

    if (name.len == 0) {
        return fail(r, QTC_TYPE, "a tool without a name", function->raw.data);
    }
    struct found *found = qtc_arena_alloc(&r->tools->arena, sizeof *found);
    if (found == NULL) {
        return no_memory(r);
    }
    *found = (struct found){
        .previous = r->last,
        .name = name,
        .function = function,
        .item = item,
        .order = r->count,
    };
    r->last = found;
    r->count++;
    r->seen = true;
    return true;
}

/* A tool that the server runs, as {"type":"web_search"}: it has no name to be called by. */
static bool is_builtin(const struct qtc_json *item)
{
    struct qtc_bytes type = qtc_json_text(qtc_json_get(item, "type"));

    if (type.len == 0) {
        return has_any(item, builtin_keys, COUNT(builtin_keys));
    }
    return !qtc_bytes_is(type, "function") && qtc_json_get(item, "properties") == NULL &&
           !has_any(item, schema_keys, COUNT(schema_keys));
}

static bool collect(struct reader *r, const struct qtc_json *value, bool listed);

static bool collect_array(struct reader *r, const struct qtc_json *array)
{
    r->seen = true;
    for (const struct qtc_json *item = array->first; item != NULL; item = item->next) {
        if (!collect(r, item, true)) {
            return false;
        }
    }
    return true;
}

/* The lists that an object holds; *any: there was one. */
static bool collect_lists(struct reader *r, const struct qtc_json *object, bool *any)
{
    for (size_t i = 0; i < COUNT(list_keys); i++) {
        const struct qtc_json *list = qtc_json_get(object, list_keys[i]);
        if (is_object(list) || qtc_json_type_of(list) == QTC_JSON_ARRAY) {
            *any = true;
            if (!collect(r, list, true)) {
                return false;
            }
        }
    }
    return true;
}

/* listed: the value stands where a tool must stand. */
static bool collect(struct reader *r, const struct qtc_json *value, bool listed)
{
    bool any = false;

    if (value->type == QTC_JSON_ARRAY) {
        return collect_array(r, value);
    }
    if (value->type != QTC_JSON_OBJECT) {
        return !listed || fail(r, QTC_TYPE, "a tool is not an object", value->raw.data);
    }
    if (!collect_lists(r, value, &any)) {
        return false;
    }
    if (any) {
        return true;
    }
    const struct qtc_json *inner = qtc_json_get(value, "function");
    if (is_object(inner)) {
        return add_tool(r, inner, value);
    }
    bool function = qtc_bytes_is(qtc_json_text(qtc_json_get(value, "type")), "function");
    if (qtc_json_get(value, "name") != NULL || function) {
        return add_tool(r, value, value);
    }
    inner = qtc_json_get(value, "result");
    if (is_object(inner)) {
        return collect(r, inner, false);
    }
    return !listed || is_builtin(value) || add_tool(r, value, value);
}

/* ---- their parameters ---------------------------------------------------- */

static bool add_property(struct lister *l, struct qtc_bytes name, const struct qtc_json *schema)
{
    if (!qtc_schema_spend(&l->scope, PROPERTY_COST)) {
        return true;
    }
    struct property *property = qtc_arena_alloc(l->arena, sizeof *property);
    if (property == NULL) {
        return false;
    }
    *property = (struct property){
        .previous = l->properties,
        .name = name,
        .schema = schema,
        .place = l->places,
        .order = l->property_count,
    };
    l->properties = property;
    l->property_count++;
    return true;
}

static bool gather(struct lister *l, const struct qtc_json *schema, bool certain, unsigned nesting);

static bool gather_own(struct lister *l, const struct qtc_json *schema, bool certain)
{
    const struct qtc_json *properties = qtc_json_get(schema, "properties");
    const struct qtc_json *required = certain ? qtc_json_get(schema, "required") : NULL;

    l->places++;
    if (is_object(properties)) {
        for (const struct qtc_json *p = properties->first; p != NULL; p = p->next) {
            if (!add_property(l, p->key, p)) {
                return false;
            }
        }
    }
    if (required != NULL && required->type == QTC_JSON_ARRAY) {
        for (const struct qtc_json *name = required->first; name != NULL; name = name->next) {
            if (name->type == QTC_JSON_STRING && !add_property(l, name->text, NULL)) {
                return false;
            }
        }
    }
    return true;
}

static bool gather_list(struct lister *l, const struct qtc_json *list, bool certain, unsigned nesting)
{
    if (qtc_json_type_of(list) != QTC_JSON_ARRAY) {
        return true;
    }
    for (const struct qtc_json *member = list->first; member != NULL; member = member->next) {
        if (!gather(l, member, certain, nesting)) {
            return false;
        }
    }
    return true;
}

/* certain: every valid value also fits this schema, so what it requires is required. */
static bool gather(struct lister *l, const struct qtc_json *schema, bool certain, unsigned nesting)
{
    if (!is_object(schema) || nesting >= MAX_NESTING || !qtc_schema_spend(&l->scope, schema->count + 1)) {
        return true;
    }
    const struct qtc_json *target = qtc_schema_target(&l->scope, schema);
    nesting++;
    return gather_own(l, schema, certain) && (target == NULL || gather(l, target, certain, nesting)) &&
           gather_list(l, qtc_json_get(schema, "allOf"), certain, nesting) &&
           gather_list(l, qtc_json_get(schema, "anyOf"), false, nesting) &&
           gather_list(l, qtc_json_get(schema, "oneOf"), false, nesting);
}

static int compare_properties(const void *a, const void *b)
{
    const struct property *x = *(const struct property *const *)a;
    const struct property *y = *(const struct property *const *)b;
    int order = compare_names(x->name, y->name);

    return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

/* All that was gathered, in order of name, then of the input. */
static const struct property **sorted_properties(struct lister *l)
{
    const struct property **sorted =
        qtc_arena_array(l->arena, l->property_count, sizeof(const struct property *));
    size_t i = l->property_count;

    if (sorted == NULL) {
        return NULL;
    }
    for (const struct property *p = l->properties; p != NULL; p = p->previous) {
        sorted[--i] = p;
    }
    sort(sorted, l->property_count, compare_properties);
    return sorted;
}

/* The same key again in the same object replaces the one before it. */
static bool is_replaced(const struct property *const *p, const struct property *const *end)
{
    for (const struct property *const *later = p + 1; later < end; later++) {
        if (later[0]->place != p[0]->place) {
            return false;
        }
        if (later[0]->schema != NULL) {
            return true;
        }
    }
    return false;
}

/* Joins what was said about one name into *param; false if only that it is required. */
static bool join_properties(struct lister *l, const struct property *const *p,
                            const struct property *const *end, struct qtc_param *param)
{
    bool declared = false;

    *param = (struct qtc_param){.name = p[0]->name};
    for (; p < end; p++) {
        if (p[0]->schema == NULL) {
            param->required = true;
        } else if (!is_replaced(p, end)) {
            param->types |= qtc_schema_types(&l->scope, p[0]->schema);
            param->schema = declared ? param->schema : p[0]->schema;
            declared = true;
        }
    }
    if ((param->types & QTC_T_NUMBER) != 0) {
        param->types &= ~(unsigned)QTC_T_INTEGER;
    }
    return declared;
}

static bool fill_params(struct lister *l, struct qtc_tool *tool)
{
    const struct property **p = sorted_properties(l);
    struct qtc_param *params = qtc_arena_array(l->arena, l->property_count, sizeof *params);

    if (p == NULL || params == NULL) {
        return false;
    }
    for (const struct property **end = p + l->property_count, **next; p < end; p = next) {
        for (next = p + 1; next < end && qtc_bytes_equal(next[0]->name, p[0]->name); next++) {
        }
        tool->param_count += join_properties(l, p, next, &params[tool->param_count]);
    }
    tool->params = params;
    return true;
}

static const struct qtc_json *schema_of(const struct qtc_json *function)
{
    for (size_t i = 0; i < COUNT(schema_keys); i++) {
        const struct qtc_json *schema = qtc_json_get(function, schema_keys[i]);
        if (schema != NULL && schema->type != QTC_JSON_NULL) {
            const struct qtc_json *inner = qtc_json_get(schema, "jsonSchema"); /* the AI SDK's wrapper */
            return inner != NULL && inner->type == QTC_JSON_OBJECT ? inner : schema;
        }
    }
    return NULL;
}

/* Work that references in this much text may cause. */
static size_t budget_of(size_t len)
{
    return BUDGET + (len < (SIZE_MAX - BUDGET) / BUDGET_PER_BYTE ? len * BUDGET_PER_BYTE : 0);
}

static bool list_params(struct lister *l, struct qtc_tool *tool)
{
    l->scope.roots[0] = tool->schema;
    l->scope.roots[1] = tool->function;
    l->scope.roots[2] = tool->item;
    l->properties = NULL;
    l->property_count = 0;
    return gather(l, tool->schema, true, 0) && (l->property_count == 0 || fill_params(l, tool)) &&
           !l->scope.failed;
}

bool qtc_tool_fill(struct qtc_tool *tool, struct qtc_arena *arena)
{
    struct lister l = {.arena = arena, .scope = {.budget = budget_of(tool->item->raw.len)}};
    bool filled = list_params(&l, tool);

    qtc_buf_free(&l.scope.token);
    return filled;
}

/* ---- the list ------------------------------------------------------------ */

static int compare_found(const void *a, const void *b)
{
    const struct found *x = *(const struct found *const *)a;
    const struct found *y = *(const struct found *const *)b;
    int order = compare_names(x->name, y->name);

    return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

static int compare_order(const void *a, const void *b)
{
    const struct found *x = *(const struct found *const *)a;
    const struct found *y = *(const struct found *const *)b;

    return (x->order > y->order) - (x->order < y->order);
}

static int compare_tools(const void *a, const void *b)
{
    const struct qtc_tool *x = *(const struct qtc_tool *const *)a;
    const struct qtc_tool *y = *(const struct qtc_tool *const *)b;

    return compare_names(x->name, y->name);
}

/* Of those with the same name, keeps the last one. Gives how many are left. */
static size_t drop_replaced(const struct found **list, size_t count)
{
    size_t kept = 0;

    sort(list, count, compare_found);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count || !qtc_bytes_equal(list[i]->name, list[i + 1]->name)) {
            list[kept++] = list[i];
        }
    }
    sort(list, kept, compare_order);
    return kept;
}

static void set_tool(struct qtc_tool *tool, const struct found *found)
{
    *tool = (struct qtc_tool){
        .name = found->name,
        .schema = schema_of(found->function),
        .function = found->function,
        .item = found->item,
    };
}

static bool make_list(struct reader *r)
{
    struct qtc_tools *tools = r->tools;
    const struct found **list = qtc_arena_array(&tools->arena, r->count, sizeof(const struct found *));
    size_t i = 0;

    tools->list = qtc_arena_array(&tools->arena, r->count, sizeof *tools->list);
    tools->by_name = qtc_arena_array(&tools->arena, r->count, sizeof *tools->by_name);
    if (list == NULL || tools->list == NULL || tools->by_name == NULL) {
        return no_memory(r);
    }
    for (const struct found *found = r->last; found != NULL; found = found->previous) {
        list[i++] = found;
    }
    tools->count = drop_replaced(list, r->count);
    for (i = 0; i < tools->count; i++) {
        set_tool(&tools->list[i], list[i]);
        tools->by_name[i] = &tools->list[i];
    }
    sort(tools->by_name, tools->count, compare_tools);
    return true;
}

/* References share what work there may be in all tools together. */
static bool fill_all(struct reader *r, size_t len)
{
    struct qtc_tools *tools = r->tools;
    struct lister l = {.arena = &tools->arena, .scope = {.budget = budget_of(len)}};
    bool filled = true;

    for (size_t i = 0; filled && i < tools->count; i++) {
        filled = list_params(&l, &tools->list[i]);
    }
    qtc_buf_free(&l.scope.token);
    return filled || no_memory(r);
}

/* ---- reading ------------------------------------------------------------- */

/* All values of the input, one behind the other. */
static bool collect_input(struct reader *r, struct qtc_bytes input)
{
    struct qtc_bytes rest = qtc_bytes_behind_bom(input);

    do {
        size_t used = 0;
        const struct qtc_json *value = qtc_json_read_one(&r->tools->arena, rest, &used, r->error);
        if (value == NULL) {
            r->error->offset += (uint64_t)(rest.data - input.data);
            return false;
        }
        if (!collect(r, value, false)) {
            return false;
        }
        rest = qtc_bytes(rest.data + used, rest.len - used);
    } while (qtc_bytes_trim(rest).len > 0);
    return true;
}

/* False when memory ends. */
static bool begin(struct reader *r, struct qtc_error *error)
{
    *error = (struct qtc_error){0};
    *r = (struct reader){.error = error, .tools = calloc(1, sizeof *r->tools)};
    return r->tools != NULL || no_memory(r);
}

/* The tools that were found; NULL with the error set. */
static struct qtc_tools *finish(struct reader *r, bool found)
{
    if (found && (r->seen || fail(r, QTC_TYPE, "no tools in it", NULL)) && (r->count == 0 || make_list(r))) {
        return r->tools;
    }
    qtc_tools_free(r->tools);
    return NULL;
}

static struct qtc_tools *finish_filled(struct reader *r, bool found, size_t len)
{
    struct qtc_tools *tools = finish(r, found);

    if (tools != NULL && !fill_all(r, len)) {
        qtc_tools_free(tools);
        return NULL;
    }
    return tools;
}

struct qtc_tools *qtc_tools_list(struct qtc_bytes input, struct qtc_error *error)
{
    struct reader r;
    struct qtc_error ignored;

    if (!begin(&r, error != NULL ? error : &ignored)) {
        return NULL;
    }
    r.start = input.data;
    return finish(&r, collect_input(&r, input));
}

struct qtc_tools *qtc_tools_read(struct qtc_bytes input, struct qtc_error *error)
{
    struct reader r;
    struct qtc_error ignored;

    if (!begin(&r, error != NULL ? error : &ignored)) {
        return NULL;
    }
    struct qtc_bytes copy = qtc_arena_copy(&r.tools->arena, input);
    r.start = copy.data;
    return finish_filled(&r, copy.data != NULL ? collect_input(&r, copy) : no_memory(&r), input.len);
}

struct qtc_tools *qtc_tools_from_json(const struct qtc_json *value, struct qtc_error *error)
{
    struct reader r;
    struct qtc_error ignored;

    if (!begin(&r, error != NULL ? error : &ignored)) {
        return NULL;
    }
    r.start = value != NULL ? value->raw.data : NULL;
    return finish_filled(&r, value == NULL || collect(&r, value, false), value != NULL ? value->raw.len : 0);
}

void qtc_tools_free(struct qtc_tools *tools)
{
    if (tools != NULL) {
        qtc_arena_free(&tools->arena);
        free(tools);
    }
}

/* ---- look-up ------------------------------------------------------------- */

size_t qtc_tools_count(const struct qtc_tools *tools)
{
    return tools != NULL ? tools->count : 0;
}

const struct qtc_tool *qtc_tools_at(const struct qtc_tools *tools, size_t i)
{
    return i < qtc_tools_count(tools) ? &tools->list[i] : NULL;
}

const struct qtc_tool *qtc_tools_find(const struct qtc_tools *tools, struct qtc_bytes name)
{
    size_t low = 0;
    size_t high = qtc_tools_count(tools);

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_names(name, tools->by_name[middle]->name);
        if (order == 0) {
            return tools->by_name[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const struct qtc_param *qtc_tool_param(const struct qtc_tool *tool, struct qtc_bytes name)
{
    size_t low = 0;
    size_t high = tool != NULL ? tool->param_count : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_names(name, tool->params[middle].name);
        if (order == 0) {
            return &tool->params[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}
