#include "schema/compiler.h"

#include <string.h>

/* What is known while one subschema is compiled. */
struct work {
    struct qtc_compiler *c;
    struct qtc_target at;
    enum qtc_draft draft;
    unsigned vocabularies;
    const struct qtc_json *has[QTC_KEYWORDS]; /* the keywords that it has, and that mean something here */
    bool combined;                            /* other schemas describe the same value: $ref, allOf, … */
    bool close_children;                      /* see "Closed" in schema.h */
    uint32_t count;
    uint8_t flags, types;
    struct qtc_insn insns[QTC_KEYWORDS];
};

#define OBJECTS QTC_KIND(QTC_JSON_OBJECT)
#define ARRAYS  QTC_KIND(QTC_JSON_ARRAY)
#define STRINGS QTC_KIND(QTC_JSON_STRING)
#define NUMBERS QTC_KIND(QTC_JSON_NUMBER)

/* ---- helpers -------------------------------------------------------------------- */

static struct qtc_insn *emit(struct work *w, enum qtc_keyword op, unsigned kinds)
{
    struct qtc_insn *insn = &w->insns[w->count++];

    *insn = (struct qtc_insn){
        .op = (uint8_t)op, .kinds = (uint8_t)kinds, .node = QTC_NO_NODE, .source = w->has[op]};
    return insn;
}

static bool wrong(struct work *w, enum qtc_keyword k, const char *message)
{
    return qtc_compile_fail(w->c, QTC_TYPE, message, k, qtc_str(qtc_keyword_name(k)), &w->at);
}

static bool is_list(const struct qtc_json *v)
{
    return v->type == QTC_JSON_ARRAY;
}

static bool is_map(const struct qtc_json *v)
{
    return v->type == QTC_JSON_OBJECT;
}

static bool is_bool(const struct qtc_json *v)
{
    return v->type == QTC_JSON_TRUE || v->type == QTC_JSON_FALSE;
}

/* The subschema that stands at place `up`, under its key or an index. */
static uint32_t child_at(struct work *w, uint32_t up, const struct qtc_json *json, struct qtc_bytes token,
                         size_t index, bool closed)
{
    struct qtc_target t = {json, w->at.resource, qtc_place_add(w->c, up, token, index), closed};
    uint32_t known;

    if (t.place == UINT32_MAX) {
        return QTC_NO_NODE;
    }
    if (!is_map(json) && !is_bool(json)) {
        qtc_compile_fail(w->c, QTC_TYPE, "a schema must be an object or a boolean", QTC_K_NONE, json->raw,
                         &t);
        return QTC_NO_NODE;
    }
    known = qtc_map_get(&w->c->roots, qtc_bytes((const char *)&json, sizeof json));
    t.resource = known != UINT32_MAX ? known : t.resource;
    return qtc_compile_node(w->c, &t);
}

/* The keyword's value is itself the subschema. */
static uint32_t only_child(struct work *w, enum qtc_keyword k, bool closed)
{
    return child_at(w, w->at.place, w->has[k], w->has[k]->key, 0, closed);
}

static uint32_t place_of(struct work *w, enum qtc_keyword k)
{
    return qtc_place_add(w->c, w->at.place, w->has[k]->key, 0);
}

/* A length or a count into *n: a whole number not below 0; one past 2^64 is as good as 2^64. */
static bool read_count(struct work *w, enum qtc_keyword k, uint64_t *n)
{
    const struct qtc_json *v = w->has[k];
    struct qtc_bytes text = v->type == QTC_JSON_STRING && w->c->options->openapi ? v->text : v->raw;
    struct qtc_number number;
    int64_t small;

    if (qtc_number_small(text, &small) && text.len > 0 && small >= 0) {
        *n = (uint64_t)small;
        return true;
    }
    if (v->type != QTC_JSON_NUMBER || !qtc_number_is_integer(text)) {
        return wrong(w, k, "must be a whole number, 0 or more");
    }
    number = qtc_number_read(text);
    if (number.negative) {
        return wrong(w, k, "must be a whole number, 0 or more");
    }
    if (number.count + (uint64_t)number.exponent > 18) {
        *n = UINT64_MAX;
        return true;
    }
    *n = 0;
    for (size_t i = 0; i < number.count + (size_t)number.exponent; i++) {
        const char *digit = number.digits;

        number.digits += i < number.count;
        if (i < number.count && *digit == '.') {
            digit = number.digits++;
        }
        *n = *n * 10 + (i < number.count ? (uint64_t)(*digit - '0') : 0);
    }
    return true;
}

static bool is_list_of_names(const struct qtc_json *v)
{
    if (!is_list(v)) {
        return false;
    }
    for (const struct qtc_json *e = v->first; e; e = e->next) {
        if (e->type != QTC_JSON_STRING) {
            return false;
        }
    }
    return true;
}

/* ---- type, enum, const ------------------------------------------------------------- */

static unsigned type_bit(const struct work *w, const struct qtc_json *name)
{
    bool openapi = w->c->options->openapi;
    struct qtc_bytes text = qtc_json_text(name);
    unsigned bit = qtc_type_find(text, openapi);

    return bit == 0 && openapi && qtc_bytes_is(text, "TYPE_UNSPECIFIED") ? QTC_T_ANY : bit;
}

static bool assemble_type(struct work *w)
{
    const struct qtc_json *v = w->has[QTC_K_TYPE];
    unsigned types = 0;

    for (const struct qtc_json *e = is_list(v) ? v->first : v; e; e = is_list(v) ? e->next : NULL) {
        unsigned bit = type_bit(w, e);

        if (bit == 0) {
            return qtc_compile_fail(
                w->c, e->type == QTC_JSON_STRING ? QTC_UNKNOWN : QTC_TYPE,
                e->type == QTC_JSON_STRING ? "unknown type" : "must be the name of a type, or a list of them",
                QTC_K_TYPE, e->type == QTC_JSON_STRING ? e->text : e->raw, &w->at);
        }
        types |= bit;
    }
    w->types = (uint8_t)(types & QTC_T_NUMBER ? types & ~(unsigned)QTC_T_INTEGER : types);
    return true;
}

static size_t count_values(const struct qtc_json *v, size_t most)
{
    size_t n = 1;

    for (const struct qtc_json *e = v->first; e && n <= most; e = e->next) {
        n += e->first ? count_values(e, most - n) : 1;
    }
    return n;
}

static bool take_values(struct work *w, enum qtc_keyword k)
{
    struct qtc_compiler *c = w->c;

    c->values += count_values(w->has[k], c->schema->limits.values);
    return c->values <= c->schema->limits.values ||
           qtc_compile_fail(c, QTC_LIMIT, "too many values", k, qtc_bytes("", 0), &w->at);
}

static bool assemble_enum(struct work *w)
{
    struct qtc_values *values = qtc_compile_alloc(w->c, 1, sizeof *values);

    if (!is_list(w->has[QTC_K_ENUM])) {
        return wrong(w, QTC_K_ENUM, "must be a list");
    }
    if (!values || !take_values(w, QTC_K_ENUM)) {
        return false;
    }
    if (!qtc_values_build(values, w->c->arena, w->has[QTC_K_ENUM])) {
        return qtc_compile_nomem(w->c);
    }
    emit(w, QTC_K_ENUM, QTC_KINDS_ALL)->data = values;
    return true;
}

static bool assemble_const(struct work *w)
{
    emit(w, QTC_K_CONST, QTC_KINDS_ALL);
    return take_values(w, QTC_K_CONST);
}

/* ---- numbers -------------------------------------------------------------------------- */

static bool emit_limit(struct work *w, enum qtc_keyword op, enum qtc_keyword from)
{
    struct qtc_insn *insn;
    int64_t small;

    if (w->has[from]->type != QTC_JSON_NUMBER) {
        return wrong(w, from, "must be a number");
    }
    insn = emit(w, op, NUMBERS);
    insn->source = w->has[from];
    if (qtc_number_small(w->has[from]->raw, &small)) {
        insn->n = (uint64_t)small;
        insn->node = 1; /* n holds it */
    }
    return true;
}

/* Draft 4's exclusiveMinimum is a boolean that says how minimum is meant. */
static bool assemble_bound(struct work *w, enum qtc_keyword plain, enum qtc_keyword exclusive)
{
    const struct qtc_json *e = w->has[exclusive];

    if (w->draft == QTC_DRAFT_4) {
        if (e && !is_bool(e)) {
            return wrong(w, exclusive, "must be a boolean in draft 4");
        }
        return !w->has[plain] || emit_limit(w, e && e->type == QTC_JSON_TRUE ? exclusive : plain, plain);
    }
    if (e && is_bool(e)) {
        return wrong(w, exclusive, "must be a number (it is a boolean in draft 4 only)");
    }
    return (!e || emit_limit(w, exclusive, exclusive)) && (!w->has[plain] || emit_limit(w, plain, plain));
}

static bool assemble_minimum(struct work *w)
{
    return assemble_bound(w, QTC_K_MINIMUM, QTC_K_EXCLUSIVE_MINIMUM);
}

static bool assemble_maximum(struct work *w)
{
    return assemble_bound(w, QTC_K_MAXIMUM, QTC_K_EXCLUSIVE_MAXIMUM);
}

static bool assemble_multiple_of(struct work *w)
{
    struct qtc_divisor *d = qtc_compile_alloc(w->c, 1, sizeof *d);

    if (w->has[QTC_K_MULTIPLE_OF]->type != QTC_JSON_NUMBER) {
        return wrong(w, QTC_K_MULTIPLE_OF, "must be a number");
    }
    if (d && !qtc_divisor_read(d, w->has[QTC_K_MULTIPLE_OF]->raw)) {
        return wrong(w, QTC_K_MULTIPLE_OF, "must be above 0, and have less than 300 digits");
    }
    emit(w, QTC_K_MULTIPLE_OF, NUMBERS)->data = d;
    return d != NULL;
}

/* ---- lengths and counts ------------------------------------------------------------------ */

static bool emit_count(struct work *w, enum qtc_keyword k, unsigned kinds)
{
    return !w->has[k] || read_count(w, k, &emit(w, k, kinds)->n);
}

static bool assemble_counts(struct work *w)
{
    return emit_count(w, QTC_K_MIN_LENGTH, STRINGS) && emit_count(w, QTC_K_MAX_LENGTH, STRINGS) &&
           emit_count(w, QTC_K_MIN_ITEMS, ARRAYS) && emit_count(w, QTC_K_MAX_ITEMS, ARRAYS) &&
           emit_count(w, QTC_K_MIN_PROPERTIES, OBJECTS) && emit_count(w, QTC_K_MAX_PROPERTIES, OBJECTS);
}

static bool assemble_unique_items(struct work *w)
{
    if (!is_bool(w->has[QTC_K_UNIQUE_ITEMS])) {
        return wrong(w, QTC_K_UNIQUE_ITEMS, "must be a boolean");
    }
    if (w->has[QTC_K_UNIQUE_ITEMS]->type == QTC_JSON_TRUE) {
        emit(w, QTC_K_UNIQUE_ITEMS, ARRAYS);
    }
    return true;
}

/* ---- strings ------------------------------------------------------------------------------- */

static struct qtc_pattern *compile_pattern(struct work *w, enum qtc_keyword k, struct qtc_bytes source)
{
    struct qtc_pattern **kept = qtc_list_add(w->c, &w->c->patterns, sizeof(struct qtc_pattern *));
    struct qtc_buf detail = {0};
    struct qtc_error error = {0};

    if (!kept) {
        return NULL;
    }
    *kept = qtc_pattern_compile(source, &error, &detail);
    if (!*kept) {
        if (!w->c->failed) {
            w->c->problem->detail = qtc_buf_bytes(&detail);
        }
        w->c->patterns.count--;
        qtc_compile_fail(w->c, error.code, error.message, k, source, &w->at);
        qtc_buf_free(&detail);
        return NULL;
    }
    qtc_buf_free(&detail);
    return *kept;
}

static bool assemble_pattern(struct work *w)
{
    const struct qtc_json *v = w->has[QTC_K_PATTERN];
    struct qtc_insn *insn;

    if (v->type != QTC_JSON_STRING) {
        return wrong(w, QTC_K_PATTERN, "must be a string");
    }
    insn = emit(w, QTC_K_PATTERN, STRINGS);
    insn->data = compile_pattern(w, QTC_K_PATTERN, v->text);
    return insn->data != NULL;
}

static bool assemble_format(struct work *w)
{
    const struct qtc_json *v = w->has[QTC_K_FORMAT];
    const struct qtc_format_row *row;

    if (v->type != QTC_JSON_STRING) {
        return wrong(w, QTC_K_FORMAT, "must be a string");
    }
    if (!w->c->options->formats && !(w->vocabularies & QTC_V_FORMAT_ASSERTION)) {
        return true;
    }
    row = qtc_format_row_find(v->text);
    if (!row) {
        qtc_compile_warn(w->c, QTC_UNKNOWN, "unknown format: not checked", QTC_K_FORMAT, v->text, QTC_K_NONE,
                         &w->at);
        return true;
    }
    emit(w, QTC_K_FORMAT, STRINGS)->data = row;
    return true;
}

/* ---- combinations ---------------------------------------------------------------------------- */

/* What a branch says of its own type; anything, where it says nothing. */
static unsigned stated_types(const struct work *w, const struct qtc_json *branch)
{
    const struct qtc_json *v = qtc_json_get(branch, "type");
    unsigned types = 0;

    if (branch->type == QTC_JSON_FALSE) {
        return 0;
    }
    if (!v) {
        return QTC_T_ANY;
    }
    for (const struct qtc_json *e = is_list(v) ? v->first : v; e; e = is_list(v) ? e->next : NULL) {
        types |= type_bit(w, e);
    }
    return types;
}

/* Whether no other branch can take an object or an array that this one takes. */
static bool stands_alone(const struct work *w, const struct qtc_json *list, const struct qtc_json *branch)
{
    unsigned types = stated_types(w, branch) & (QTC_T_OBJECT | QTC_T_ARRAY);

    for (const struct qtc_json *b = list->first; b; b = b->next) {
        if (b != branch && stated_types(w, b) & types) {
            return false;
        }
    }
    return true;
}

static const enum qtc_keyword describing[] = {
    QTC_K_PROPERTIES,
    QTC_K_PATTERN_PROPERTIES,
    QTC_K_ADDITIONAL_PROPERTIES,
    QTC_K_UNEVALUATED_PROPERTIES,
    QTC_K_REF,
    QTC_K_DYNAMIC_REF,
    QTC_K_RECURSIVE_REF,
    QTC_K_ALL_OF,
    QTC_K_ANY_OF,
    QTC_K_ONE_OF,
    QTC_K_IF,
    QTC_K_DEPENDENT_SCHEMAS,
    QTC_K_DEPENDENCIES,
    QTC_K_ITEMS,
    QTC_K_PREFIX_ITEMS,
    QTC_K_UNEVALUATED_ITEMS,
};

/* Whether k is the only keyword that describes members or elements. */
static bool describes_alone(const struct work *w, enum qtc_keyword k)
{
    for (size_t i = 0; i < sizeof describing / sizeof describing[0]; i++) {
        if (describing[i] != k && w->has[describing[i]]) {
            return false;
        }
    }
    return w->at.closed;
}

static bool assemble_branches(struct work *w, enum qtc_keyword k)
{
    const struct qtc_json *list = w->has[k];
    struct qtc_branches *b = qtc_compile_alloc(w->c, 1, sizeof *b);
    bool alone = describes_alone(w, k) && list->count <= 32;
    uint32_t up = place_of(w, k);
    uint32_t *nodes;

    if (!is_list(list) || list->count == 0) {
        return wrong(w, k, "must be a list of schemas, not an empty one");
    }
    nodes = qtc_compile_alloc(w->c, list->count, sizeof *nodes);
    if (!b || !nodes) {
        return false;
    }
    for (const struct qtc_json *e = list->first; e; e = e->next) {
        bool closed = alone && (k == QTC_K_ALL_OF ? list->count == 1 : stands_alone(w, list, e));

        nodes[b->count] = child_at(w, up, e, (struct qtc_bytes){0}, b->count, closed);
        if (nodes[b->count++] == QTC_NO_NODE) {
            return false;
        }
    }
    b->nodes = nodes;
    emit(w, k, QTC_KINDS_ALL)->data = b;
    return true;
}

static bool assemble_all_of(struct work *w)
{
    return assemble_branches(w, QTC_K_ALL_OF);
}

static bool assemble_any_of(struct work *w)
{
    return assemble_branches(w, QTC_K_ANY_OF);
}

static bool assemble_one_of(struct work *w)
{
    return assemble_branches(w, QTC_K_ONE_OF);
}

static bool emit_child(struct work *w, enum qtc_keyword k, unsigned kinds, bool closed)
{
    uint32_t node = only_child(w, k, closed);

    emit(w, k, kinds)->node = node;
    return node != QTC_NO_NODE;
}

static bool assemble_not(struct work *w)
{
    return emit_child(w, QTC_K_NOT, QTC_KINDS_ALL, false);
}

static bool optional_child(struct work *w, enum qtc_keyword k, uint32_t *node)
{
    *node = QTC_NO_NODE;
    if (w->has[k]) {
        *node = only_child(w, k, false);
        return *node != QTC_NO_NODE;
    }
    return true;
}

static bool assemble_if(struct work *w)
{
    struct qtc_condition *cond = qtc_compile_alloc(w->c, 1, sizeof *cond);

    if (!cond || !optional_child(w, QTC_K_IF, &cond->test) || !optional_child(w, QTC_K_THEN, &cond->then) ||
        !optional_child(w, QTC_K_ELSE, &cond->otherwise)) {
        return false;
    }
    emit(w, QTC_K_IF, QTC_KINDS_ALL)->data = cond;
    return true;
}

/* ---- references ---------------------------------------------------------------------------------- */

static bool resolve(struct work *w, enum qtc_keyword k, struct qtc_target *target)
{
    if (w->has[k]->type != QTC_JSON_STRING) {
        return wrong(w, k, "must be a string");
    }
    if (!qtc_refs_find(w->c, &w->at, k, w->has[k]->text, target)) {
        return false;
    }
    if (!is_map(target->json) && !is_bool(target->json)) {
        return wrong(w, k, "leads to what is not a schema");
    }
    return true;
}

static bool assemble_ref(struct work *w)
{
    struct qtc_target target = {0};

    if (!resolve(w, QTC_K_REF, &target)) {
        return false;
    }
    target.closed = describes_alone(w, QTC_K_REF);

    uint32_t node = qtc_compile_node(w->c, &target);

    emit(w, QTC_K_REF, QTC_KINDS_ALL)->node = node;
    return node != QTC_NO_NODE;
}

static bool emit_dynamic(struct work *w, enum qtc_keyword k, const struct qtc_target *target,
                         struct qtc_bytes name)
{
    struct qtc_dynamic *dynamic = qtc_compile_alloc(w->c, 1, sizeof *dynamic);
    struct qtc_dynamic_ref *ref = qtc_list_add(w->c, &w->c->dynamic_refs, sizeof *ref);
    uint32_t node = qtc_compile_node(w->c, target);
    struct qtc_insn *insn = emit(w, k, QTC_KINDS_ALL);

    insn->node = node;
    insn->data = dynamic;
    if (!dynamic || !ref) {
        return false;
    }
    *ref = (struct qtc_dynamic_ref){dynamic, name};
    return node != QTC_NO_NODE;
}

/* It is dynamic only where the plain target has the anchor itself; else it is a $ref. */
static bool assemble_dynamic_ref(struct work *w)
{
    struct qtc_target target = {0};
    struct qtc_bytes name = w->has[QTC_K_DYNAMIC_REF]->text;
    const char *hash = name.len > 0 ? memrchr(name.data, '#', name.len) : NULL;
    const struct qtc_anchor *anchor = NULL;

    if (!resolve(w, QTC_K_DYNAMIC_REF, &target)) {
        return false;
    }
    if (hash && (size_t)(hash - name.data) + 1 < name.len) {
        name = qtc_bytes(hash + 1, name.len - (size_t)(hash - name.data) - 1);
        anchor = qtc_refs_anchor(w->c, target.resource, name);
    }
    if (anchor && anchor->dynamic && anchor->json == target.json) {
        return emit_dynamic(w, QTC_K_DYNAMIC_REF, &target, name);
    }

    struct qtc_insn *insn = emit(w, QTC_K_DYNAMIC_REF, QTC_KINDS_ALL);

    insn->node = qtc_compile_node(w->c, &target);
    return insn->node != QTC_NO_NODE;
}

static bool assemble_recursive_ref(struct work *w)
{
    struct qtc_target target = {0};
    const struct qtc_anchor *anchor;

    if (!resolve(w, QTC_K_RECURSIVE_REF, &target)) {
        return false;
    }
    anchor = qtc_refs_anchor(w->c, target.resource, qtc_bytes("", 0));
    if (anchor && anchor->json == target.json) {
        return emit_dynamic(w, QTC_K_RECURSIVE_REF, &target, qtc_bytes("", 0));
    }

    struct qtc_insn *insn = emit(w, QTC_K_RECURSIVE_REF, QTC_KINDS_ALL);

    insn->node = qtc_compile_node(w->c, &target);
    return insn->node != QTC_NO_NODE;
}

/* ---- objects ----------------------------------------------------------------------------------------- */

/* Names of properties and of required together: first all in a map, so that each is there once. */
struct gather {
    struct qtc_map map;
    struct qtc_name *names;
    uint32_t count;
};

static struct qtc_name *gather(struct work *w, struct gather *g, struct qtc_bytes name)
{
    uint32_t i = qtc_map_get(&g->map, name);

    if (i == UINT32_MAX) {
        i = g->count++;
        if (!qtc_map_put(&g->map, name, i)) {
            qtc_compile_nomem(w->c);
            return NULL;
        }
        g->names[i] = (struct qtc_name){qtc_hash_bytes(name), name, QTC_NO_NODE, QTC_NO_NODE};
    }
    return &g->names[i];
}

static bool gather_properties(struct work *w, struct gather *g)
{
    uint32_t up = place_of(w, QTC_K_PROPERTIES);

    if (!is_map(w->has[QTC_K_PROPERTIES])) {
        return wrong(w, QTC_K_PROPERTIES, "must be an object of schemas");
    }
    for (const struct qtc_json *p = w->has[QTC_K_PROPERTIES]->first; p; p = p->next) {
        struct qtc_name *name = gather(w, g, p->key);
        uint32_t node = name ? child_at(w, up, p, p->key, 0, w->close_children) : QTC_NO_NODE;

        if (node == QTC_NO_NODE) {
            return false;
        }
        name->node = node;
    }
    return true;
}

static bool gather_required(struct work *w, struct gather *g, struct qtc_members *m)
{
    const struct qtc_json *list = w->has[QTC_K_REQUIRED];
    const struct qtc_json **names;

    if (!is_list_of_names(list)) {
        return wrong(w, QTC_K_REQUIRED,
                     is_bool(list) ? "must be a list of names (it is a boolean in draft 3 only)"
                                   : "must be a list of names");
    }
    names = qtc_compile_alloc(w->c, list->count, sizeof *names);
    if (!names) {
        return false;
    }
    for (const struct qtc_json *e = list->first; e; e = e->next) {
        struct qtc_name *name = gather(w, g, e->text);

        if (!name) {
            return false;
        }
        if (name->required == QTC_NO_NODE) {
            name->required = m->required_count;
            names[m->required_count++] = e;
        }
    }
    m->required = list;
    m->required_names = names;
    return true;
}

static bool build_names(struct work *w, struct qtc_members *m)
{
    const struct qtc_json *properties = w->has[QTC_K_PROPERTIES];
    const struct qtc_json *required = w->has[QTC_K_REQUIRED];
    size_t most = (properties ? properties->count : 0) + (required ? required->count : 0);
    struct gather g = {.map = {.arena = &w->c->scratch}};

    if (most >= UINT32_MAX / 2) {
        return wrong(w, QTC_K_PROPERTIES, "has too many members");
    }
    g.names = qtc_compile_alloc(w->c, most, sizeof *g.names);
    if (!g.names || (properties && !gather_properties(w, &g)) || (required && !gather_required(w, &g, m))) {
        return false;
    }
    return qtc_names_build(&m->names, w->c->arena, g.names, g.count) || qtc_compile_nomem(w->c);
}

static bool build_patterns(struct work *w, struct qtc_members *m)
{
    const struct qtc_json *map = w->has[QTC_K_PATTERN_PROPERTIES];
    uint32_t up = place_of(w, QTC_K_PATTERN_PROPERTIES);
    const struct qtc_pattern **patterns;
    const struct qtc_json **sources;
    uint32_t *nodes;

    if (!is_map(map)) {
        return wrong(w, QTC_K_PATTERN_PROPERTIES, "must be an object of schemas");
    }
    patterns = qtc_compile_alloc(w->c, map->count, sizeof *patterns);
    nodes = qtc_compile_alloc(w->c, map->count, sizeof *nodes);
    sources = qtc_compile_alloc(w->c, map->count, sizeof *sources);
    for (const struct qtc_json *p = map->first; patterns && nodes && sources && p; p = p->next) {
        patterns[m->pattern_count] = compile_pattern(w, QTC_K_PATTERN_PROPERTIES, p->key);
        nodes[m->pattern_count] = child_at(w, up, p, p->key, 0, w->close_children);
        sources[m->pattern_count++] = p;
    }
    m->patterns = patterns;
    m->pattern_nodes = nodes;
    m->pattern_sources = sources;
    return !w->c->failed;
}

/* The schema `false`, for what options.closed closes. */
static uint32_t false_node(struct work *w)
{
    static const struct qtc_json no = {.type = QTC_JSON_FALSE};
    struct qtc_target t = {&no, w->at.resource, w->at.place, false};

    if (w->c->false_node == QTC_NO_NODE) {
        w->c->false_node = qtc_compile_node(w->c, &t);
    }
    return w->c->false_node;
}

static bool counts_as_closed(const struct work *w)
{
    return w->at.closed && w->has[QTC_K_PROPERTIES] && !w->has[QTC_K_PATTERN_PROPERTIES] &&
           !w->has[QTC_K_ADDITIONAL_PROPERTIES] && !w->has[QTC_K_UNEVALUATED_PROPERTIES];
}

static bool build_additional(struct work *w, struct qtc_members *m)
{
    m->additional = QTC_NO_NODE;
    m->additional_op = QTC_K_ADDITIONAL_PROPERTIES;
    if (w->has[QTC_K_ADDITIONAL_PROPERTIES]) {
        m->additional = only_child(w, QTC_K_ADDITIONAL_PROPERTIES, w->close_children);
    } else if (counts_as_closed(w) && !w->combined) {
        m->additional = false_node(w);
        m->additional_op = QTC_K_CLOSED;
    }
    return !w->c->failed;
}

static bool assemble_members(struct work *w)
{
    struct qtc_members *m = qtc_compile_alloc(w->c, 1, sizeof *m);

    if (!m || !build_names(w, m) || (w->has[QTC_K_PATTERN_PROPERTIES] && !build_patterns(w, m)) ||
        !build_additional(w, m)) {
        return false;
    }
    m->has_schemas = w->has[QTC_K_PROPERTIES] || m->pattern_count > 0 || m->additional != QTC_NO_NODE;
    emit(w, QTC_K_PROPERTIES, OBJECTS)->data = m;
    return true;
}

static bool assemble_property_names(struct work *w)
{
    return emit_child(w, QTC_K_PROPERTY_NAMES, OBJECTS, false);
}

static bool assemble_dependencies(struct work *w, enum qtc_keyword k, bool schemas, bool lists)
{
    const struct qtc_json *map = w->has[k];
    struct qtc_dependencies *d = qtc_compile_alloc(w->c, 1, sizeof *d);
    struct qtc_dependency *list;
    uint32_t up = place_of(w, k);

    if (!is_map(map)) {
        return wrong(w, k, "must be an object");
    }
    list = qtc_compile_alloc(w->c, map->count, sizeof *list);
    if (!d || !list) {
        return false;
    }
    for (const struct qtc_json *p = map->first; p; p = p->next) {
        struct qtc_dependency *one = &list[d->count++];

        *one = (struct qtc_dependency){p->key, QTC_NO_NODE, NULL};
        if (lists && is_list_of_names(p)) {
            one->names = p;
        } else if (!schemas) {
            return wrong(w, k, "must hold lists of names");
        } else {
            one->node = child_at(w, up, p, p->key, 0, false);
        }
    }
    d->list = list;
    emit(w, k, OBJECTS)->data = d;
    return !w->c->failed;
}

static bool assemble_dependent_schemas(struct work *w)
{
    return assemble_dependencies(w, QTC_K_DEPENDENT_SCHEMAS, true, false);
}

static bool assemble_dependent_required(struct work *w)
{
    return assemble_dependencies(w, QTC_K_DEPENDENT_REQUIRED, false, true);
}

static bool assemble_old_dependencies(struct work *w)
{
    return assemble_dependencies(w, QTC_K_DEPENDENCIES, true, true);
}

/* Behind all others of a subschema: it looks at what they left. */
static bool assemble_unevaluated_properties(struct work *w)
{
    w->flags |= QTC_NODE_MARKS;
    return emit_child(w, QTC_K_UNEVALUATED_PROPERTIES, OBJECTS, w->close_children);
}

static bool assemble_unevaluated_items(struct work *w)
{
    w->flags |= QTC_NODE_MARKS;
    return emit_child(w, QTC_K_UNEVALUATED_ITEMS, ARRAYS, w->close_children);
}

/* ---- arrays ---------------------------------------------------------------------------------------------
 */

static bool build_prefix(struct work *w, struct qtc_elements *e, enum qtc_keyword k)
{
    uint32_t up = place_of(w, k);
    uint32_t *nodes = qtc_compile_alloc(w->c, w->has[k]->count, sizeof *nodes);

    if (!is_list(w->has[k])) {
        return wrong(w, k, "must be a list of schemas");
    }
    for (const struct qtc_json *i = w->has[k]->first; nodes && i; i = i->next) {
        nodes[e->prefix_count] =
            child_at(w, up, i, (struct qtc_bytes){0}, e->prefix_count, w->close_children);
        e->prefix_count++;
    }
    e->prefix = nodes;
    e->prefix_op = (uint8_t)k;
    return !w->c->failed;
}

/* 2020-12 writes prefixItems and items for what was items (a list) and additionalItems. */
static bool assemble_elements(struct work *w)
{
    struct qtc_elements *e = qtc_compile_alloc(w->c, 1, sizeof *e);
    const struct qtc_json *items = w->has[QTC_K_ITEMS];
    enum qtc_keyword rest = items ? QTC_K_ITEMS : QTC_K_NONE;

    if (!e) {
        return false;
    }
    e->rest = QTC_NO_NODE;
    if (w->draft < QTC_DRAFT_2020_12 && items && is_list(items)) {
        rest = w->has[QTC_K_ADDITIONAL_ITEMS] ? QTC_K_ADDITIONAL_ITEMS : QTC_K_NONE;
        if (!build_prefix(w, e, QTC_K_ITEMS)) {
            return false;
        }
    } else if (items && is_list(items)) {
        return wrong(w, QTC_K_ITEMS, "must be a schema (a list is written prefixItems since 2020-12)");
    }
    if (w->has[QTC_K_PREFIX_ITEMS] && !build_prefix(w, e, QTC_K_PREFIX_ITEMS)) {
        return false;
    }
    if (rest) {
        e->rest = only_child(w, rest, w->close_children);
        e->rest_op = (uint8_t)rest;
    }
    emit(w, QTC_K_ITEMS, ARRAYS)->data = e;
    return !w->c->failed;
}

static bool assemble_contains(struct work *w)
{
    struct qtc_contains *t = qtc_compile_alloc(w->c, 1, sizeof *t);

    if (!t) {
        return false;
    }
    *t = (struct qtc_contains){.min = 1, .max = UINT64_MAX, .marks = w->draft == QTC_DRAFT_2020_12};
    t->has_min = w->has[QTC_K_MIN_CONTAINS];
    t->has_max = w->has[QTC_K_MAX_CONTAINS];
    if ((t->has_min && !read_count(w, QTC_K_MIN_CONTAINS, &t->min)) ||
        (t->has_max && !read_count(w, QTC_K_MAX_CONTAINS, &t->max))) {
        return false;
    }
    t->node = only_child(w, QTC_K_CONTAINS, false);
    emit(w, QTC_K_CONTAINS, ARRAYS)->data = t;
    return t->node != QTC_NO_NODE;
}

/* ---- a subschema
 * -------------------------------------------------------------------------------------------- */

/* In the order in which a value is looked at: cheap and telling first, unevaluated… last. A row is
 * done when the subschema has one of its keywords. */
static const struct {
    enum qtc_keyword any_of[4];
    bool (*assemble)(struct work *w);
} rows[] = {
    {{QTC_K_TYPE}, assemble_type},
    {{QTC_K_CONST}, assemble_const},
    {{QTC_K_ENUM}, assemble_enum},
    {{QTC_K_MINIMUM, QTC_K_EXCLUSIVE_MINIMUM}, assemble_minimum},
    {{QTC_K_MAXIMUM, QTC_K_EXCLUSIVE_MAXIMUM}, assemble_maximum},
    {{QTC_K_MULTIPLE_OF}, assemble_multiple_of},
    {{QTC_K_NONE}, assemble_counts},
    {{QTC_K_PATTERN}, assemble_pattern},
    {{QTC_K_FORMAT}, assemble_format},
    {{QTC_K_REF}, assemble_ref},
    {{QTC_K_DYNAMIC_REF}, assemble_dynamic_ref},
    {{QTC_K_RECURSIVE_REF}, assemble_recursive_ref},
    {{QTC_K_PROPERTIES, QTC_K_PATTERN_PROPERTIES, QTC_K_ADDITIONAL_PROPERTIES, QTC_K_REQUIRED},
     assemble_members},
    {{QTC_K_PROPERTY_NAMES}, assemble_property_names},
    {{QTC_K_DEPENDENT_REQUIRED}, assemble_dependent_required},
    {{QTC_K_DEPENDENT_SCHEMAS}, assemble_dependent_schemas},
    {{QTC_K_DEPENDENCIES}, assemble_old_dependencies},
    {{QTC_K_ITEMS, QTC_K_PREFIX_ITEMS}, assemble_elements},
    {{QTC_K_CONTAINS}, assemble_contains},
    {{QTC_K_UNIQUE_ITEMS}, assemble_unique_items},
    {{QTC_K_ALL_OF}, assemble_all_of},
    {{QTC_K_ANY_OF}, assemble_any_of},
    {{QTC_K_ONE_OF}, assemble_one_of},
    {{QTC_K_IF}, assemble_if},
    {{QTC_K_NOT}, assemble_not},
    {{QTC_K_UNEVALUATED_ITEMS}, assemble_unevaluated_items},
    {{QTC_K_UNEVALUATED_PROPERTIES}, assemble_unevaluated_properties},
};

static bool wants(const struct work *w, const enum qtc_keyword *any_of)
{
    if (any_of[0] == QTC_K_NONE) {
        return true;
    }
    for (size_t i = 0; i < 4 && any_of[i]; i++) {
        if (w->has[any_of[i]]) {
            return true;
        }
    }
    return false;
}

/* What a newer draft brought counts for nothing in an older one, and the other way round: that is
 * said, when it would have asserted something. */
static void note_other_draft(struct work *w, enum qtc_keyword k, const struct qtc_json *member)
{
    unsigned vocabulary = qtc_keyword_rows[k].vocabulary;

    if (k != QTC_K_NULLABLE && k != QTC_K_COMMENT && k != QTC_K_DEFS &&
        !(vocabulary & (QTC_V_META_DATA | QTC_V_CONTENT))) {
        qtc_compile_warn(w->c, QTC_TYPE, "the keyword is not one of this draft: ignored", k, member->key,
                         QTC_K_NONE, &w->at);
    }
}

static void note_unknown(struct work *w, const struct qtc_json *member)
{
    enum qtc_keyword nearest = QTC_K_NONE;

    if ((w->c->options->warn || w->c->options->strict) &&
        !(member->key.len > 1 && (member->key.data[0] | 32) == 'x' && member->key.data[1] == '-')) {
        nearest = qtc_keyword_nearest(member->key);
    }
    if (nearest) {
        qtc_compile_warn(w->c, QTC_UNKNOWN, "unknown keyword", QTC_K_NONE, member->key, nearest, &w->at);
    }
}

/* dependencies is still understood in 2020-12, as its metaschema says. */
static void collect(struct work *w)
{
    bool only_ref = w->draft <= QTC_DRAFT_7 && qtc_json_get(w->at.json, "$ref");

    for (const struct qtc_json *m = w->at.json->first; m; m = m->next) {
        enum qtc_keyword k = qtc_keyword_find(m->key);
        const struct qtc_keyword_row *row = &qtc_keyword_rows[k];

        if (k == QTC_K_NONE) {
            note_unknown(w, m);
        } else if (k == QTC_K_NULLABLE) {
            w->has[k] = w->c->options->openapi ? m : NULL;
        } else if (!(row->drafts >> w->draft & 1)) {
            note_other_draft(w, k, m);
        } else if (row->vocabulary & w->vocabularies && (!only_ref || k == QTC_K_REF)) {
            w->has[k] = m;
        }
    }
}

static void settle_closing(struct work *w)
{
    static const enum qtc_keyword combining[] = {
        QTC_K_REF,    QTC_K_DYNAMIC_REF, QTC_K_RECURSIVE_REF,     QTC_K_ALL_OF,       QTC_K_ANY_OF,
        QTC_K_ONE_OF, QTC_K_IF,          QTC_K_DEPENDENT_SCHEMAS, QTC_K_DEPENDENCIES,
    };

    for (size_t i = 0; i < sizeof combining / sizeof combining[0]; i++) {
        w->combined = w->combined || w->has[combining[i]];
    }
    w->close_children = w->at.closed && !w->combined;
}

/* Closed around others: what none of them describes is refused. */
static bool close_combined(struct work *w)
{
    if (counts_as_closed(w) && w->combined) {
        struct qtc_insn *insn = emit(w, QTC_K_CLOSED, OBJECTS);

        insn->node = false_node(w);
        w->flags |= QTC_NODE_MARKS;
    }
    return !w->c->failed;
}

static bool finish(struct work *w, uint32_t index)
{
    struct qtc_insn *insns = qtc_compile_alloc(w->c, w->count, sizeof *insns);
    struct qtc_node *node = (struct qtc_node *)w->c->nodes.items + index;

    if (!insns) {
        return false;
    }
    memcpy(insns, w->insns, w->count * sizeof *insns);
    if (w->has[QTC_K_NULLABLE] && w->has[QTC_K_NULLABLE]->type == QTC_JSON_TRUE) {
        w->flags |= QTC_NODE_NULLABLE;
        w->types |= QTC_T_NULL;
    }
    if (w->draft == QTC_DRAFT_4) {
        w->flags |= QTC_NODE_DRAFT_4;
    }
    *node = (struct qtc_node){insns, w->count, w->at.resource, w->at.place, w->flags, w->types, w->at.json};
    return true;
}

bool qtc_assemble(struct qtc_compiler *c, uint32_t node)
{
    const struct qtc_resource *r;
    struct work w; /* its instructions are written before they are read: they are not cleared */

    memset(&w, 0, offsetof(struct work, insns));
    w.c = c;
    w.types = QTC_T_ANY;

    w.at = ((struct qtc_target *)c->targets.items)[node];
    r = qtc_resource_at(c, w.at.resource);
    w.draft = r->dialect.draft;
    w.vocabularies = r->dialect.vocabularies;
    if (is_bool(w.at.json)) {
        w.flags = w.at.json->type == QTC_JSON_FALSE ? QTC_NODE_FALSE : 0;
        return finish(&w, node);
    }
    if (!is_map(w.at.json)) {
        return qtc_compile_fail(c, QTC_TYPE, "a schema must be an object or a boolean", QTC_K_NONE,
                                w.at.json->raw, &w.at);
    }
    collect(&w);
    settle_closing(&w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (wants(&w, rows[i].any_of) && !rows[i].assemble(&w)) {
            return false;
        }
    }
    return close_combined(&w) && finish(&w, node);
}
