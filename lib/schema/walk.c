/* walk.c - from a schema to those of the values inside. */
#include "schema/walk.h"

#define MAX_NESTING 64

/* For any text, and for each byte of it: what the look-ups that it can cause need. */
#define BUDGET          ((size_t)1 << 20)
#define BUDGET_PER_BYTE 16

struct lookup {
    struct qtc_schema_at found; /* the schemas that name the value */
    struct qtc_schema_at other; /* those for all that are not named */
    bool is_member;
    struct qtc_bytes key;
    size_t index;
};

void qtc_schema_begin(struct qtc_schema_scope *scope, const struct qtc_tool *tool, size_t text_len)
{
    *scope = (struct qtc_schema_scope){.budget = BUDGET};
    if (text_len < (SIZE_MAX - BUDGET) / BUDGET_PER_BYTE) {
        scope->budget += text_len * BUDGET_PER_BYTE;
    }
    if (tool != NULL) {
        scope->roots[0] = tool->schema;
        scope->roots[1] = tool->function;
        scope->roots[2] = tool->item;
    }
}

void qtc_schema_end(struct qtc_schema_scope *scope)
{
    qtc_buf_free(&scope->token);
    scope->token = (struct qtc_buf){0};
}

static bool known(const struct qtc_schema_at *at, const struct qtc_json *schema)
{
    for (size_t i = 0; i < at->count; i++) {
        if (at->schemas[i] == schema) {
            return true;
        }
    }
    return false;
}

static void add_branch(struct qtc_schema_at *at, const struct qtc_json *schema)
{
    if (schema == NULL || known(at, schema)) {
        return;
    }
    at->types |= qtc_schema_types(at->scope, schema);
    if ((at->types & QTC_T_NUMBER) != 0) {
        at->types &= ~(unsigned)QTC_T_INTEGER;
    }
    if (at->count < QTC_SCHEMA_BRANCHES) {
        at->schemas[at->count++] = schema;
    }
}

struct qtc_schema_at qtc_schema_root(struct qtc_schema_scope *scope, const struct qtc_tool *tool)
{
    struct qtc_schema_at at = {.scope = scope, .types = QTC_T_OBJECT};

    if (tool != NULL && tool->schema != NULL) {
        at.schemas[at.count++] = tool->schema;
    }
    return at;
}

/* ---- what one schema object says ------------------------------------------- */

/* true and false as schemas say nothing of a type. */
static const struct qtc_json *as_schema(const struct qtc_json *value)
{
    return qtc_json_type_of(value) == QTC_JSON_OBJECT ? value : NULL;
}

static void visit_member(struct lookup *l, const struct qtc_json *schema)
{
    const struct qtc_json *properties = as_schema(qtc_json_get(schema, "properties"));

    if (properties != NULL && qtc_schema_spend(l->found.scope, properties->count)) {
        add_branch(&l->found, qtc_json_getn(properties, l->key));
    }
    add_branch(&l->other, as_schema(qtc_json_get(schema, "additionalProperties")));
}

static const struct qtc_json *nth(struct qtc_schema_scope *scope, const struct qtc_json *list, size_t n)
{
    if (qtc_json_type_of(list) != QTC_JSON_ARRAY || n >= list->count || !qtc_schema_spend(scope, n)) {
        return NULL;
    }
    const struct qtc_json *item = list->first;
    for (; n > 0; n--) {
        item = item->next;
    }
    return item;
}

static void visit_items(struct lookup *l, const struct qtc_json *schema)
{
    const struct qtc_json *items = qtc_json_get(schema, "items");

    add_branch(&l->found, nth(l->found.scope, qtc_json_get(schema, "prefixItems"), l->index));
    add_branch(&l->found, nth(l->found.scope, items, l->index));
    add_branch(&l->other, as_schema(items));
    add_branch(&l->other, as_schema(qtc_json_get(schema, "additionalItems")));
}

/* ---- and those that it points to ------------------------------------------- */

static void visit(struct lookup *l, const struct qtc_json *schema, unsigned nesting);

static void visit_list(struct lookup *l, const struct qtc_json *list, unsigned nesting)
{
    if (qtc_json_type_of(list) != QTC_JSON_ARRAY) {
        return;
    }
    for (const struct qtc_json *branch = list->first; branch != NULL; branch = branch->next) {
        visit(l, branch, nesting);
    }
}

static void visit(struct lookup *l, const struct qtc_json *schema, unsigned nesting)
{
    struct qtc_schema_scope *scope = l->found.scope;

    if (as_schema(schema) == NULL || nesting >= MAX_NESTING || !qtc_schema_spend(scope, schema->count + 1)) {
        return;
    }
    if (l->is_member) {
        visit_member(l, schema);
    } else {
        visit_items(l, schema);
    }
    const struct qtc_json *target = qtc_schema_target(scope, schema);
    if (target != NULL) {
        visit(l, target, nesting + 1);
    }
    visit_list(l, qtc_json_get(schema, "allOf"), nesting + 1);
    visit_list(l, qtc_json_get(schema, "anyOf"), nesting + 1);
    visit_list(l, qtc_json_get(schema, "oneOf"), nesting + 1);
}

static struct qtc_schema_at look_up(const struct qtc_schema_at *at, struct lookup *l)
{
    l->found.scope = at->scope;
    l->other.scope = at->scope;
    for (size_t i = 0; i < at->count; i++) {
        visit(l, at->schemas[i], 0);
    }
    return l->found.count > 0 ? l->found : l->other;
}

struct qtc_schema_at qtc_schema_member(const struct qtc_schema_at *at, struct qtc_bytes key)
{
    return look_up(at, &(struct lookup){.is_member = true, .key = key});
}

struct qtc_schema_at qtc_schema_items(const struct qtc_schema_at *at, size_t index)
{
    return look_up(at, &(struct lookup){.index = index});
}
