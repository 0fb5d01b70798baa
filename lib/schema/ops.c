#include "schema/run.h"

#include <stdlib.h>
#include <string.h>

/* ---- helpers ---------------------------------------------------------------------- */

static bool go_on(const struct qtc_run *r, bool ok)
{
    return (ok || r->loud) && !r->stopped;
}

/* A member by the schema that keyword k gives it. The schema `false` is told of the object: the name is
 * wrong. */
static bool run_member(struct qtc_run *r, const struct qtc_site *s, enum qtc_keyword k, uint32_t node,
                       const struct qtc_json *member)
{
    struct qtc_at at = {.up = s->at, .value = member};

    if (r->schema->nodes[node].flags & QTC_NODE_FALSE) {
        return qtc_refuse_member(r, s, k, member);
    }
    return qtc_run_node(r, node, &at, NULL);
}

static bool run_element(struct qtc_run *r, const struct qtc_site *s, enum qtc_keyword k, uint32_t node,
                        const struct qtc_json *element, size_t index)
{
    struct qtc_at at = {.up = s->at, .value = element, .index = index};

    if (r->schema->nodes[node].flags & QTC_NODE_FALSE) {
        return qtc_refuse_element(r, s, k, element, index);
    }
    return qtc_run_node(r, node, &at, NULL);
}

static enum qtc_match match(struct qtc_run *r, const struct qtc_site *s, const struct qtc_pattern *pattern,
                            struct qtc_bytes text)
{
    enum qtc_match m = QTC_MATCH_LIMIT;

    if (qtc_run_spend(r, s, text.len / 8 + 1)) {
        m = qtc_pattern_match(pattern, r->v->matcher, text, r->schema->limits.pattern);
        if (m == QTC_MATCH_LIMIT) {
            qtc_run_stop(r, s, QTC_LIMIT, "a pattern takes too many steps");
        }
    }
    return m;
}

/* ---- any value ------------------------------------------------------------------------- */

static bool op_const(struct qtc_run *r, const struct qtc_site *s)
{
    bool same = qtc_json_same(s->insn->source, s->at->value, &r->steps);

    return same || qtc_refuse(r, s, QTC_K_CONST);
}

static bool op_enum(struct qtc_run *r, const struct qtc_site *s)
{
    bool have = qtc_values_have(s->insn->data, s->at->value, &r->steps);

    return have || qtc_refuse(r, s, QTC_K_ENUM);
}

static bool op_ref(struct qtc_run *r, const struct qtc_site *s)
{
    return qtc_run_node(r, s->insn->node, s->at, s->marks);
}

/* The outermost resource that has the anchor; without one it is a plain reference. */
static bool op_dynamic_ref(struct qtc_run *r, const struct qtc_site *s)
{
    const struct qtc_dynamic *d = s->insn->data;

    if (!d || !qtc_run_spend(r, s, r->v->scope_used)) {
        return !d && op_ref(r, s);
    }
    for (size_t i = 0; i < r->v->scope_used; i++) {
        for (uint32_t j = 0; j < d->count; j++) {
            if (d->resources[j] == r->v->scope[i]) {
                return qtc_run_node(r, d->nodes[j], s->at, s->marks);
            }
        }
    }
    return op_ref(r, s);
}

static bool op_all_of(struct qtc_run *r, const struct qtc_site *s)
{
    const struct qtc_branches *b = s->insn->data;
    bool ok = true;

    for (uint32_t i = 0; i < b->count && go_on(r, ok); i++) {
        ok = qtc_run_node(r, b->nodes[i], s->at, s->marks) && ok;
    }
    return ok;
}

/* A branch that may fail without harm: its marks count only when it holds. */
static bool run_branch(struct qtc_run *r, const struct qtc_site *s, uint32_t node)
{
    struct qtc_marks own;
    bool ok;

    if (!s->marks) {
        return qtc_run_quietly(r, node, s->at, NULL);
    }
    if (!qtc_marks_push(r, s, &own, s->marks->count)) {
        return false;
    }
    ok = qtc_run_quietly(r, node, s->at, &own);
    if (ok) {
        qtc_marks_merge(r, s->marks, &own);
    }
    qtc_marks_pop(r, &own);
    return ok;
}

static bool op_any_of(struct qtc_run *r, const struct qtc_site *s)
{
    const struct qtc_branches *b = s->insn->data;
    bool any = false;

    for (uint32_t i = 0; i < b->count && !(any && !s->marks); i++) {
        any = run_branch(r, s, b->nodes[i]) || any;
    }
    return any || qtc_refuse_branches(r, s);
}

static bool op_one_of(struct qtc_run *r, const struct qtc_site *s)
{
    const struct qtc_branches *b = s->insn->data;
    size_t which[2] = {0, 0};
    uint64_t count = 0;

    for (uint32_t i = 0; i < b->count && (count < 2 || r->loud); i++) {
        if (run_branch(r, s, b->nodes[i])) {
            if (count < 2) {
                which[count] = i;
            }
            count++;
        }
    }
    if (count > 1) {
        return qtc_refuse_several(r, s, which[0], which[1], count);
    }
    return count == 1 || qtc_refuse_branches(r, s);
}

static bool op_not(struct qtc_run *r, const struct qtc_site *s)
{
    return (!qtc_run_quietly(r, s->insn->node, s->at, NULL) && !r->stopped) || qtc_refuse(r, s, QTC_K_NOT);
}

static bool op_if(struct qtc_run *r, const struct qtc_site *s)
{
    const struct qtc_condition *c = s->insn->data;
    uint32_t next = run_branch(r, s, c->test) ? c->then : c->otherwise;

    return !r->stopped && (next == QTC_NO_NODE || qtc_run_node(r, next, s->at, s->marks));
}

/* ---- numbers ------------------------------------------------------------------------------- */

static int compare_limit(const struct qtc_site *s)
{
    int64_t value;

    if (s->insn->node == 1 && qtc_number_small(s->at->value->raw, &value)) {
        int64_t limit = (int64_t)s->insn->n;

        return (value > limit) - (value < limit);
    }
    return qtc_number_compare(s->at->value->raw, s->insn->source->raw);
}

static bool op_minimum(struct qtc_run *r, const struct qtc_site *s)
{
    return compare_limit(s) >= 0 || qtc_refuse(r, s, QTC_K_MINIMUM);
}

static bool op_maximum(struct qtc_run *r, const struct qtc_site *s)
{
    return compare_limit(s) <= 0 || qtc_refuse(r, s, QTC_K_MAXIMUM);
}

static bool op_exclusive_minimum(struct qtc_run *r, const struct qtc_site *s)
{
    return compare_limit(s) > 0 || qtc_refuse(r, s, QTC_K_EXCLUSIVE_MINIMUM);
}

static bool op_exclusive_maximum(struct qtc_run *r, const struct qtc_site *s)
{
    return compare_limit(s) < 0 || qtc_refuse(r, s, QTC_K_EXCLUSIVE_MAXIMUM);
}

static bool op_multiple_of(struct qtc_run *r, const struct qtc_site *s)
{
    return qtc_number_divisible(s->at->value->raw, s->insn->data) || qtc_refuse(r, s, QTC_K_MULTIPLE_OF);
}

/* ---- strings ---------------------------------------------------------------------------------- */

/* Every byte that is not inside a character begins one. */
size_t qtc_utf8_length(struct qtc_bytes text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        n += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    }
    return n;
}

static bool op_min_length(struct qtc_run *r, const struct qtc_site *s)
{
    size_t n = qtc_utf8_length(s->at->value->text);

    return n >= s->insn->n || qtc_refuse_count(r, s, QTC_K_MIN_LENGTH, s->insn->n, n);
}

static bool op_max_length(struct qtc_run *r, const struct qtc_site *s)
{
    size_t n = s->at->value->text.len;

    if (n <= s->insn->n) {
        return true;
    }
    n = qtc_utf8_length(s->at->value->text);
    return n <= s->insn->n || qtc_refuse_count(r, s, QTC_K_MAX_LENGTH, s->insn->n, n);
}

static bool op_pattern(struct qtc_run *r, const struct qtc_site *s)
{
    return match(r, s, s->insn->data, s->at->value->text) == QTC_MATCH_YES || qtc_refuse(r, s, QTC_K_PATTERN);
}

static bool op_format(struct qtc_run *r, const struct qtc_site *s)
{
    const struct qtc_format_row *row = s->insn->data;

    return row->test(s->at->value->text) || qtc_refuse(r, s, QTC_K_FORMAT);
}

/* ---- counts ---------------------------------------------------------------------------------------- */

static bool op_at_least(struct qtc_run *r, const struct qtc_site *s)
{
    size_t n = s->at->value->count;

    return n >= s->insn->n || qtc_refuse_count(r, s, s->insn->op, s->insn->n, n);
}

static bool op_at_most(struct qtc_run *r, const struct qtc_site *s)
{
    size_t n = s->at->value->count;

    return n <= s->insn->n || qtc_refuse_count(r, s, s->insn->op, s->insn->n, n);
}

/* ---- objects ------------------------------------------------------------------------------------------ */

enum { SEEN = 64 }; /* required names that are ticked off on the way */

static bool match_members(struct qtc_run *r, const struct qtc_site *s, const struct qtc_json *member,
                          bool *known)
{
    const struct qtc_members *m = s->insn->data;
    bool ok = true;

    for (uint32_t i = 0; i < m->pattern_count && go_on(r, ok); i++) {
        if (match(r, s, m->patterns[i], member->key) == QTC_MATCH_YES) {
            *known = true;
            ok = run_member(r, s, QTC_K_PATTERN_PROPERTIES, m->pattern_nodes[i], member) && ok;
        }
    }
    return ok;
}

static bool check_member(struct qtc_run *r, const struct qtc_site *s, const struct qtc_json *member, size_t i,
                         uint64_t *seen)
{
    const struct qtc_members *m = s->insn->data;
    const struct qtc_name *name = qtc_names_find(&m->names, member->key);
    bool known = false;
    bool ok = true;

    if (name) {
        *seen |= name->required < SEEN ? UINT64_C(1) << name->required : 0;
        if (name->node != QTC_NO_NODE) {
            known = true;
            ok = run_member(r, s, QTC_K_PROPERTIES, name->node, member);
        }
    }
    if (m->pattern_count > 0 && go_on(r, ok)) {
        ok = match_members(r, s, member, &known) && ok;
    }
    if (!known && m->additional != QTC_NO_NODE) {
        known = true;
        ok = run_member(r, s, m->additional_op, m->additional, member) && ok;
    }
    if (known && s->marks) {
        qtc_mark(r, s->marks, i);
    }
    return ok;
}

static bool check_required(struct qtc_run *r, const struct qtc_site *s, uint64_t seen)
{
    const struct qtc_members *m = s->insn->data;
    bool ok = true;

    for (uint32_t i = 0; i < m->required_count && go_on(r, ok); i++) {
        struct qtc_bytes name = m->required_names[i]->text;
        bool there = i < SEEN ? seen >> i & 1 : qtc_json_getn(s->at->value, name) != NULL;

        if (i >= SEEN && !qtc_run_spend(r, s, s->at->value->count)) {
            return false;
        }
        ok = (there || qtc_refuse_missing(r, s, QTC_K_REQUIRED, name, qtc_bytes("", 0))) && ok;
    }
    return ok;
}

static bool op_members(struct qtc_run *r, const struct qtc_site *s)
{
    const struct qtc_members *m = s->insn->data;
    uint64_t all = m->required_count >= SEEN ? UINT64_MAX : (UINT64_C(1) << m->required_count) - 1;
    uint64_t seen = 0;
    bool ok = true;
    size_t i = 0;

    for (const struct qtc_json *member = s->at->value->first; member && go_on(r, ok); member = member->next) {
        ok = check_member(r, s, member, i++, &seen) && ok;
    }
    if (go_on(r, ok) && (seen != all || m->required_count > SEEN)) {
        ok = check_required(r, s, seen) && ok;
    }
    return ok;
}

static bool op_property_names(struct qtc_run *r, const struct qtc_site *s)
{
    bool ok = true;

    for (const struct qtc_json *m = s->at->value->first; m && go_on(r, ok); m = m->next) {
        struct qtc_json name = {.type = QTC_JSON_STRING, .raw = m->raw_key, .text = m->key};
        struct qtc_at at = {.up = s->at, .value = &name, .is_name = true};

        if (!qtc_run_quietly(r, s->insn->node, &at, NULL)) {
            ok = r->stopped ? false : qtc_refuse_name(r, s, m, &at);
        }
    }
    return ok;
}

static bool check_dependent_names(struct qtc_run *r, const struct qtc_site *s, const struct qtc_dependency *d)
{
    bool ok = true;

    for (const struct qtc_json *e = d->names->first; e && go_on(r, ok); e = e->next) {
        if (!qtc_run_spend(r, s, s->at->value->count)) {
            return false;
        }
        if (!qtc_json_getn(s->at->value, e->text)) {
            ok = qtc_refuse_missing(r, s, s->insn->op, e->text, d->name);
        }
    }
    return ok;
}

static bool op_dependencies(struct qtc_run *r, const struct qtc_site *s)
{
    const struct qtc_dependencies *d = s->insn->data;
    bool ok = true;

    for (uint32_t i = 0; i < d->count && go_on(r, ok); i++) {
        const struct qtc_dependency *one = &d->list[i];

        if (!qtc_run_spend(r, s, s->at->value->count)) {
            return false;
        }
        if (!qtc_json_getn(s->at->value, one->name)) {
            continue;
        }
        ok = (one->names ? check_dependent_names(r, s, one) : qtc_run_node(r, one->node, s->at, s->marks)) &&
             ok;
    }
    return ok;
}

/* Also for what options.closed closes around combined schemas. */
static bool op_unevaluated_properties(struct qtc_run *r, const struct qtc_site *s)
{
    bool ok = true;
    size_t i = 0;

    for (const struct qtc_json *m = s->at->value->first; m && go_on(r, ok); m = m->next, i++) {
        if (!qtc_is_marked(r, s->marks, i)) {
            ok = run_member(r, s, s->insn->op, s->insn->node, m) && ok;
        }
    }
    if (s->marks) {
        s->marks->all = true;
    }
    return ok;
}

/* ---- arrays
 * ------------------------------------------------------------------------------------------------ */

static bool op_elements(struct qtc_run *r, const struct qtc_site *s)
{
    const struct qtc_elements *e = s->insn->data;
    bool ok = true;
    size_t i = 0;

    for (const struct qtc_json *v = s->at->value->first; v && go_on(r, ok); v = v->next, i++) {
        bool in_prefix = i < e->prefix_count;
        uint32_t node = in_prefix ? e->prefix[i] : e->rest;

        if (node == QTC_NO_NODE) {
            break;
        }
        ok = run_element(r, s, in_prefix ? e->prefix_op : e->rest_op, node, v, i) && ok;
        if (s->marks) {
            qtc_mark(r, s->marks, i);
        }
    }
    return ok;
}

static uint64_t count_matches(struct qtc_run *r, const struct qtc_site *s, const struct qtc_contains *c)
{
    bool all = c->has_max || (c->marks && s->marks);
    uint64_t count = 0;
    size_t i = 0;

    for (const struct qtc_json *v = s->at->value->first; v && !r->stopped && (all || count < c->min);
         v = v->next) {
        struct qtc_at at = {.up = s->at, .value = v, .index = i};

        if (qtc_run_quietly(r, c->node, &at, NULL)) {
            count++;
            if (c->marks && s->marks) {
                qtc_mark(r, s->marks, i);
            }
        }
        i++;
    }
    return count;
}

static bool op_contains(struct qtc_run *r, const struct qtc_site *s)
{
    const struct qtc_contains *c = s->insn->data;
    uint64_t count = count_matches(r, s, c);

    if (r->stopped) {
        return false;
    }
    if (count < c->min) {
        return qtc_refuse_count(r, s, c->has_min ? QTC_K_MIN_CONTAINS : QTC_K_CONTAINS, c->min, count);
    }
    return count <= c->max || qtc_refuse_count(r, s, QTC_K_MAX_CONTAINS, c->max, count);
}

static bool more_hashes(struct qtc_validator *v, size_t need)
{
    struct qtc_value *hashes;

    if (need <= v->hashes_room) {
        return true;
    }
    need = need < 64 ? 64 : need;
    hashes = need < SIZE_MAX / sizeof *hashes ? realloc(v->hashes, need * sizeof *hashes) : NULL;
    if (!hashes) {
        return false;
    }
    v->hashes = hashes;
    v->hashes_room = need;
    return true;
}

static size_t index_of(const struct qtc_json *array, const struct qtc_json *element)
{
    size_t i = 0;

    for (const struct qtc_json *e = array->first; e && e != element; e = e->next) {
        i++;
    }
    return i;
}

static bool told_equal(struct qtc_run *r, const struct qtc_site *s, const struct qtc_json *a,
                       const struct qtc_json *b)
{
    size_t i, j;

    if (!r->loud) {
        return false;
    }
    i = index_of(s->at->value, a);
    j = index_of(s->at->value, b);
    return qtc_refuse_equal(r, s, i < j ? b : a, i < j ? i : j, i < j ? j : i);
}

/* Equal values have equal hashes, so only neighbours among the sorted hashes are compared. */
static bool op_unique_items(struct qtc_run *r, const struct qtc_site *s)
{
    size_t n = 0;
    struct qtc_value *h;

    if (s->at->value->count < 2) {
        return true;
    }
    if (!more_hashes(r->v, s->at->value->count)) {
        qtc_run_stop(r, s, QTC_NOMEM, "out of memory");
        return false;
    }
    h = r->v->hashes;
    for (const struct qtc_json *e = s->at->value->first; e; e = e->next) {
        h[n++] = (struct qtc_value){qtc_json_hash(e), e};
    }
    qtc_values_sort(h, n);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n && h[j].hash == h[i].hash; j++) {
            if (qtc_json_same(h[i].value, h[j].value, &r->steps)) {
                return told_equal(r, s, h[i].value, h[j].value);
            }
        }
    }
    return qtc_run_spend(r, s, n);
}

static bool op_unevaluated_items(struct qtc_run *r, const struct qtc_site *s)
{
    bool ok = true;
    size_t i = 0;

    for (const struct qtc_json *v = s->at->value->first; v && go_on(r, ok); v = v->next, i++) {
        if (!qtc_is_marked(r, s->marks, i)) {
            ok = run_element(r, s, QTC_K_UNEVALUATED_ITEMS, s->insn->node, v, i) && ok;
        }
    }
    if (s->marks) {
        s->marks->all = true;
    }
    return ok;
}

/* ---- the table
 * -------------------------------------------------------------------------------------------------- */

qtc_op *const qtc_ops[QTC_KEYWORDS] = {
    [QTC_K_CONST] = op_const,
    [QTC_K_ENUM] = op_enum,
    [QTC_K_REF] = op_ref,
    [QTC_K_DYNAMIC_REF] = op_dynamic_ref,
    [QTC_K_RECURSIVE_REF] = op_dynamic_ref,
    [QTC_K_ALL_OF] = op_all_of,
    [QTC_K_ANY_OF] = op_any_of,
    [QTC_K_ONE_OF] = op_one_of,
    [QTC_K_NOT] = op_not,
    [QTC_K_IF] = op_if,
    [QTC_K_MINIMUM] = op_minimum,
    [QTC_K_MAXIMUM] = op_maximum,
    [QTC_K_EXCLUSIVE_MINIMUM] = op_exclusive_minimum,
    [QTC_K_EXCLUSIVE_MAXIMUM] = op_exclusive_maximum,
    [QTC_K_MULTIPLE_OF] = op_multiple_of,
    [QTC_K_MIN_LENGTH] = op_min_length,
    [QTC_K_MAX_LENGTH] = op_max_length,
    [QTC_K_PATTERN] = op_pattern,
    [QTC_K_FORMAT] = op_format,
    [QTC_K_MIN_ITEMS] = op_at_least,
    [QTC_K_MAX_ITEMS] = op_at_most,
    [QTC_K_MIN_PROPERTIES] = op_at_least,
    [QTC_K_MAX_PROPERTIES] = op_at_most,
    [QTC_K_PROPERTIES] = op_members,
    [QTC_K_PROPERTY_NAMES] = op_property_names,
    [QTC_K_DEPENDENT_REQUIRED] = op_dependencies,
    [QTC_K_DEPENDENT_SCHEMAS] = op_dependencies,
    [QTC_K_DEPENDENCIES] = op_dependencies,
    [QTC_K_ITEMS] = op_elements,
    [QTC_K_CONTAINS] = op_contains,
    [QTC_K_UNIQUE_ITEMS] = op_unique_items,
    [QTC_K_UNEVALUATED_PROPERTIES] = op_unevaluated_properties,
    [QTC_K_CLOSED] = op_unevaluated_properties,
    [QTC_K_UNEVALUATED_ITEMS] = op_unevaluated_items,
};
