/* types.c - the types that a schema allows, and local references.
 *
 * Inside this file a set says which values pass: ANY for a schema that says
 * nothing, and NUMBER is there only together with INTEGER, so that sets can be
 * joined and intersected as they are. */
#include "schema/types.h"

#include <string.h>
#include <strings.h>

#define NUMBERS     (QTC_T_NUMBER | QTC_T_INTEGER)
#define ANY         (QTC_T_STRING | NUMBERS | QTC_T_BOOLEAN | QTC_T_NULL | QTC_T_ARRAY | QTC_T_OBJECT)
#define MAX_NESTING 64

static const struct {
    const char *name; /* in any case: Gemini writes STRING, models write Str */
    unsigned types;
} type_names[] = {
    {"string", QTC_T_STRING},   {"integer", QTC_T_INTEGER}, {"number", NUMBERS},
    {"boolean", QTC_T_BOOLEAN}, {"object", QTC_T_OBJECT},   {"array", QTC_T_ARRAY},
    {"null", QTC_T_NULL},       {"str", QTC_T_STRING},      {"text", QTC_T_STRING},
    {"varchar", QTC_T_STRING},  {"char", QTC_T_STRING},     {"enum", QTC_T_STRING},
    {"int", QTC_T_INTEGER},     {"int32", QTC_T_INTEGER},   {"int64", QTC_T_INTEGER},
    {"uint", QTC_T_INTEGER},    {"uint32", QTC_T_INTEGER},  {"uint64", QTC_T_INTEGER},
    {"long", QTC_T_INTEGER},    {"short", QTC_T_INTEGER},   {"unsigned", QTC_T_INTEGER},
    {"float", NUMBERS},         {"float32", NUMBERS},       {"float64", NUMBERS},
    {"double", NUMBERS},        {"bool", QTC_T_BOOLEAN},    {"dict", QTC_T_OBJECT},
    {"arr", QTC_T_ARRAY},       {"list", QTC_T_ARRAY},      {"sequence", QTC_T_ARRAY},
    {"tuple", QTC_T_ARRAY},     {"none", QTC_T_NULL},
};

/* ---- references ---------------------------------------------------------- */

bool qtc_schema_spend(struct qtc_schema_scope *scope, size_t n)
{
    if (n > scope->budget) {
        scope->budget = 0;
        return false;
    }
    scope->budget -= n;
    return true;
}

/* The byte at p, where it may be written as %XX. *used: how many bytes. */
static char percent_byte(const char *p, size_t n, size_t *used)
{
    *used = 1;
    if (*p == '%' && n >= 3) {
        int high = qtc_hex_digit(p[1]);
        int low = qtc_hex_digit(p[2]);
        if (high >= 0 && low >= 0) {
            *used = 3;
            return (char)(unsigned char)(high * 16 + low);
        }
    }
    return *p;
}

/* One token of a pointer into scope->token: first %XX, then ~0 and ~1 are undone. */
static void read_token(struct qtc_schema_scope *scope, struct qtc_bytes text)
{
    bool tilde = false;

    qtc_buf_clear(&scope->token);
    for (size_t i = 0, used; i < text.len; i += used) {
        char c = percent_byte(text.data + i, text.len - i, &used);
        if (tilde && (c == '0' || c == '1')) {
            scope->token.data[scope->token.len - 1] = c == '0' ? '~' : '/';
            tilde = false;
            continue;
        }
        qtc_buf_byte(&scope->token, c);
        tilde = c == '~' && !scope->token.failed;
    }
    scope->failed = scope->failed || scope->token.failed;
}

static const struct qtc_json *element_at(const struct qtc_json *array, struct qtc_bytes index)
{
    const struct qtc_json *item = array->first;
    size_t n = 0;

    if (index.len == 0 || index.len > 9 || (index.len > 1 && index.data[0] == '0')) {
        return NULL;
    }
    for (size_t i = 0; i < index.len; i++) {
        if (index.data[i] < '0' || index.data[i] > '9') {
            return NULL;
        }
        n = n * 10 + (size_t)(index.data[i] - '0');
    }
    for (; item != NULL && n > 0; n--) {
        item = item->next;
    }
    return item;
}

/* pointer: what stands behind the `#`. */
static const struct qtc_json *follow(struct qtc_schema_scope *scope, const struct qtc_json *at,
                                     struct qtc_bytes pointer)
{
    size_t i = 0;

    while (at != NULL && i < pointer.len) {
        const char *token = pointer.data + i + 1;
        const char *slash = memchr(token, '/', pointer.len - i - 1);
        size_t len = slash != NULL ? (size_t)(slash - token) : pointer.len - i - 1;
        read_token(scope, qtc_bytes(token, len));
        if (scope->failed || !qtc_schema_spend(scope, at->count + len + 1)) {
            return NULL;
        }
        struct qtc_bytes name = qtc_buf_bytes(&scope->token);
        at = at->type == QTC_JSON_ARRAY ? element_at(at, name) : qtc_json_getn(at, name);
        i += len + 1;
    }
    return at;
}

const struct qtc_json *qtc_schema_target(struct qtc_schema_scope *scope, const struct qtc_json *schema)
{
    struct qtc_bytes ref = qtc_json_text(qtc_json_get(schema, "$ref"));

    if (ref.len == 0 || ref.data[0] != '#' || (ref.len > 1 && ref.data[1] != '/')) {
        return NULL;
    }
    for (size_t i = 0; i < QTC_SCOPE_ROOTS; i++) {
        const struct qtc_json *found = follow(scope, scope->roots[i], qtc_bytes(ref.data + 1, ref.len - 1));
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

/* ---- types --------------------------------------------------------------- */

static unsigned types_at(struct qtc_schema_scope *scope, const struct qtc_json *schema, unsigned nesting);

static unsigned named_type(struct qtc_bytes name)
{
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++) {
        if (strlen(type_names[i].name) == name.len &&
            strncasecmp(type_names[i].name, name.data, name.len) == 0) {
            return type_names[i].types;
        }
    }
    return ANY;
}

/* `type`: a name, or a list of names. */
static unsigned given_types(const struct qtc_json *type)
{
    unsigned types = 0;

    if (type->type == QTC_JSON_STRING) {
        return named_type(type->text);
    }
    if (type->type != QTC_JSON_ARRAY || type->count == 0) {
        return ANY;
    }
    for (const struct qtc_json *name = type->first; name != NULL; name = name->next) {
        types |= named_type(qtc_json_text(name));
    }
    return types;
}

static unsigned value_type(const struct qtc_json *value)
{
    switch (value->type) {
    case QTC_JSON_NULL:
        return QTC_T_NULL;
    case QTC_JSON_FALSE:
    case QTC_JSON_TRUE:
        return QTC_T_BOOLEAN;
    case QTC_JSON_STRING:
        return QTC_T_STRING;
    case QTC_JSON_ARRAY:
        return QTC_T_ARRAY;
    case QTC_JSON_OBJECT:
        return QTC_T_OBJECT;
    case QTC_JSON_NUMBER:
        break;
    }
    bool integer = memchr(value->raw.data, '.', value->raw.len) == NULL &&
                   memchr(value->raw.data, 'e', value->raw.len) == NULL &&
                   memchr(value->raw.data, 'E', value->raw.len) == NULL;
    return integer ? QTC_T_INTEGER : NUMBERS;
}

static unsigned member_types(struct qtc_schema_scope *scope, const struct qtc_json *list)
{
    unsigned types = 0;

    if (list->type != QTC_JSON_ARRAY || list->count == 0 || !qtc_schema_spend(scope, list->count)) {
        return ANY;
    }
    for (const struct qtc_json *value = list->first; value != NULL; value = value->next) {
        types |= value_type(value);
    }
    return types;
}

/* What the schema says by itself, without the schemas that it points to. */
static unsigned own_types(struct qtc_schema_scope *scope, const struct qtc_json *schema)
{
    const struct qtc_json *value;

    if ((value = qtc_json_get(schema, "type")) != NULL) {
        return given_types(value);
    }
    if ((value = qtc_json_get(schema, "const")) != NULL) {
        return value_type(value);
    }
    if ((value = qtc_json_get(schema, "enum")) != NULL) {
        return member_types(scope, value);
    }
    if (qtc_json_get(schema, "properties") != NULL) {
        return QTC_T_OBJECT;
    }
    return qtc_json_get(schema, "items") != NULL ? QTC_T_ARRAY : ANY;
}

/* Schemas that contradict each other: the outer one is the better guess. */
static unsigned narrow(unsigned outer, unsigned inner)
{
    return (outer & inner) != 0 ? outer & inner : outer;
}

/* anyOf, oneOf: one member that says nothing lets everything through. */
static unsigned union_of(struct qtc_schema_scope *scope, const struct qtc_json *list, unsigned nesting)
{
    unsigned types = 0;

    if (qtc_json_type_of(list) != QTC_JSON_ARRAY) {
        return ANY;
    }
    for (const struct qtc_json *member = list->first; member != NULL; member = member->next) {
        if (member->type != QTC_JSON_FALSE) {
            types |= types_at(scope, member, nesting);
        }
    }
    return types != 0 ? types : ANY;
}

/* not: all but a type that is named and nothing more. */
static unsigned all_but(const struct qtc_json *schema)
{
    const struct qtc_json *type = qtc_json_get(schema, "type");

    return type != NULL && schema->count == 1 ? ANY & ~given_types(type) : ANY;
}

static unsigned combined_types(struct qtc_schema_scope *scope, const struct qtc_json *schema,
                               unsigned nesting)
{
    unsigned types = own_types(scope, schema);
    const struct qtc_json *target = qtc_schema_target(scope, schema);
    const struct qtc_json *all = qtc_json_get(schema, "allOf");

    if (target != NULL) {
        types = narrow(types, types_at(scope, target, nesting));
    }
    types = narrow(types, union_of(scope, qtc_json_get(schema, "anyOf"), nesting));
    types = narrow(types, union_of(scope, qtc_json_get(schema, "oneOf"), nesting));
    types = narrow(types, all_but(qtc_json_get(schema, "not")));
    if (qtc_json_type_of(all) == QTC_JSON_ARRAY) {
        for (const struct qtc_json *member = all->first; member != NULL; member = member->next) {
            types = narrow(types, types_at(scope, member, nesting));
        }
    }
    return types;
}

static unsigned types_at(struct qtc_schema_scope *scope, const struct qtc_json *schema, unsigned nesting)
{
    if (schema->type != QTC_JSON_OBJECT || nesting >= MAX_NESTING ||
        !qtc_schema_spend(scope, schema->count + 1)) {
        return ANY;
    }
    unsigned types = combined_types(scope, schema, nesting + 1);
    if (qtc_json_type_of(qtc_json_get(schema, "nullable")) == QTC_JSON_TRUE) {
        types |= QTC_T_NULL;
    }
    return types;
}

unsigned qtc_schema_types(struct qtc_schema_scope *scope, const struct qtc_json *schema)
{
    unsigned types = schema != NULL ? types_at(scope, schema, 0) : ANY;

    if (types == ANY) {
        return 0;
    }
    return (types & QTC_T_NUMBER) != 0 ? types & ~(unsigned)QTC_T_INTEGER : types;
}
