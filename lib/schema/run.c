#include "schema/run.h"

#include <stdlib.h>
#include <string.h>

/* ---- validators ---------------------------------------------------------------- */

struct qtc_validator *qtc_validator_new(void)
{
    struct qtc_validator *v = calloc(1, sizeof *v);

    if (v) {
        v->matcher = qtc_matcher_new();
        if (!v->matcher) {
            free(v);
            return NULL;
        }
    }
    return v;
}

void qtc_validator_free(struct qtc_validator *v)
{
    if (v) {
        qtc_matcher_free(v->matcher);
        qtc_arena_free(&v->arena);
        qtc_buf_free(&v->text);
        free(v->marks);
        free(v->scope);
        free(v->hashes);
        free(v);
    }
}

struct qtc_error qtc_validator_error(const struct qtc_validator *v)
{
    return v->error;
}

/* ---- bounds ------------------------------------------------------------------------ */

void qtc_run_stop(struct qtc_run *r, const struct qtc_site *s, enum qtc_code code, const char *message)
{
    if (!r->stopped) {
        r->stopped = true;
        r->v->error = (struct qtc_error){code, message, 0};
        if (code == QTC_LIMIT) {
            qtc_tell_limit(r, s);
        }
    }
}

bool qtc_run_spend(struct qtc_run *r, const struct qtc_site *s, uint64_t n)
{
    if (r->steps < n) {
        r->steps = 0;
        qtc_run_stop(r, s, QTC_LIMIT, "validation takes too many steps");
        return false;
    }
    r->steps -= n;
    return true;
}

static bool too_deep(struct qtc_run *r, const struct qtc_site *s)
{
    qtc_run_stop(r, s, QTC_LIMIT, "schemas are nested too deeply");
    return false;
}

/* ---- marks ---------------------------------------------------------------------------- */

static bool more_marks(struct qtc_validator *v, size_t need)
{
    size_t room = v->marks_room ? v->marks_room : 64;
    uint64_t *marks;

    while (room < need) {
        room *= 2;
    }
    marks = room < SIZE_MAX / 16 ? realloc(v->marks, room * sizeof *marks) : NULL;
    if (!marks) {
        return false;
    }
    v->marks = marks;
    v->marks_room = room;
    return true;
}

bool qtc_marks_push(struct qtc_run *r, const struct qtc_site *s, struct qtc_marks *m, size_t count)
{
    struct qtc_validator *v = r->v;
    size_t words = (count + 63) / 64;

    *m = (struct qtc_marks){v->marks_used, count, false};
    if (!qtc_run_spend(r, s, words)) {
        return false;
    }
    if (v->marks_used + words > v->marks_room && !more_marks(v, v->marks_used + words)) {
        qtc_run_stop(r, s, QTC_NOMEM, "out of memory");
        return false;
    }
    if (words > 0) {
        memset(v->marks + v->marks_used, 0, words * sizeof *v->marks);
    }
    v->marks_used += words;
    return true;
}

void qtc_marks_pop(struct qtc_run *r, const struct qtc_marks *m)
{
    r->v->marks_used = m->at;
}

void qtc_marks_merge(struct qtc_run *r, struct qtc_marks *into, const struct qtc_marks *from)
{
    into->all = into->all || from->all;
    for (size_t i = 0; i < (from->count + 63) / 64; i++) {
        r->v->marks[into->at + i] |= r->v->marks[from->at + i];
    }
}

/* ---- the resources that a run is in -------------------------------------------------------- */

static bool enter_resource(struct qtc_run *r, const struct qtc_site *s, uint32_t resource)
{
    struct qtc_validator *v = r->v;

    if (v->scope_used == v->scope_room) {
        size_t room = v->scope_room ? v->scope_room * 2 : 32;
        uint32_t *scope = realloc(v->scope, room * sizeof *scope);

        if (!scope) {
            qtc_run_stop(r, s, QTC_NOMEM, "out of memory");
            return false;
        }
        v->scope = scope;
        v->scope_room = room;
    }
    v->scope[v->scope_used++] = resource;
    return true;
}

/* ---- nodes ------------------------------------------------------------------------------------ */

static const uint8_t type_bits[] = {
    [QTC_JSON_NULL] = QTC_T_NULL,     [QTC_JSON_FALSE] = QTC_T_BOOLEAN, [QTC_JSON_TRUE] = QTC_T_BOOLEAN,
    [QTC_JSON_NUMBER] = QTC_T_NUMBER, [QTC_JSON_STRING] = QTC_T_STRING, [QTC_JSON_ARRAY] = QTC_T_ARRAY,
    [QTC_JSON_OBJECT] = QTC_T_OBJECT,
};

bool qtc_type_fits(const struct qtc_node *node, const struct qtc_json *value)
{
    if (node->types & type_bits[value->type]) {
        return true;
    }
    if (value->type != QTC_JSON_NUMBER || !(node->types & QTC_T_INTEGER)) {
        return false;
    }
    if (node->flags & QTC_NODE_DRAFT_4 && memchr(value->raw.data, '.', value->raw.len)) {
        return false;
    }
    return qtc_number_is_integer(value->raw);
}

static bool run_insns(struct qtc_run *r, struct qtc_site *s)
{
    unsigned kind = QTC_KIND(s->at->value->type);
    const struct qtc_insn *end = s->node->insns + s->node->count;
    bool ok = true;

    for (const struct qtc_insn *insn = s->node->insns; insn < end; insn++) {
        if (insn->kinds & kind) {
            s->insn = insn;
            if (!qtc_ops[insn->op](r, s)) {
                ok = false;
                if (!r->loud || r->stopped) {
                    break;
                }
            }
        }
    }
    return ok;
}

/* unevaluated… looks at what the keywords beside it marked, and at nothing further out. */
static __attribute__((noinline)) bool run_marked(struct qtc_run *r, struct qtc_site *s)
{
    struct qtc_marks own;
    struct qtc_marks *outer = s->marks;
    bool ok;

    if (!qtc_marks_push(r, s, &own, s->at->value->count)) {
        return false;
    }
    s->marks = &own;
    ok = run_insns(r, s);
    if (outer) {
        qtc_marks_merge(r, outer, &own);
    }
    s->marks = outer;
    qtc_marks_pop(r, &own);
    return ok;
}

static bool run_in_resource(struct qtc_run *r, struct qtc_site *s)
{
    struct qtc_validator *v = r->v;
    size_t scope = v->scope_used;
    bool ok;

    if (r->schema->has_dynamic && (scope == 0 || v->scope[scope - 1] != s->node->resource) &&
        !enter_resource(r, s, s->node->resource)) {
        return false;
    }
    ok = s->node->flags & QTC_NODE_MARKS && s->at->value->count > 0 ? run_marked(r, s) : run_insns(r, s);
    v->scope_used = scope;
    return ok;
}

bool qtc_run_node(struct qtc_run *r, uint32_t index, const struct qtc_at *at, struct qtc_marks *marks)
{
    const struct qtc_node *node = &r->schema->nodes[index];
    struct qtc_site s = {node, NULL, at, marks};
    bool ok;

    if (r->stopped || !qtc_run_spend(r, &s, 1)) {
        return false;
    }
    if (node->flags & (QTC_NODE_FALSE | QTC_NODE_NULLABLE)) {
        if (node->flags & QTC_NODE_FALSE) {
            return qtc_refuse_false(r, node, at);
        }
        if (at->value->type == QTC_JSON_NULL) {
            return true;
        }
    }
    if (node->types != QTC_T_ANY && !qtc_type_fits(node, at->value)) {
        return qtc_refuse_type(r, node, at);
    }
    if (r->depth >= r->schema->limits.depth) {
        return too_deep(r, &s);
    }
    r->depth++;
    ok = run_in_resource(r, &s);
    r->depth--;
    return ok;
}

bool qtc_run_quietly(struct qtc_run *r, uint32_t node, const struct qtc_at *at, struct qtc_marks *marks)
{
    bool loud = r->loud;
    bool ok;

    r->loud = false;
    ok = qtc_run_node(r, node, at, marks);
    r->loud = loud;
    return ok && !r->stopped;
}

/* ---- runs ------------------------------------------------------------------------------------------ */

static enum qtc_verdict run(struct qtc_run *r, const struct qtc_json *value)
{
    struct qtc_at root = {.value = value};
    bool ok;

    r->steps = r->schema->limits.steps;
    r->steps += value->raw.len < UINT64_MAX / 32 - r->steps ? value->raw.len * 16 : 0;
    r->v->error = (struct qtc_error){0};
    r->v->marks_used = 0;
    r->v->scope_used = 0;
    ok = qtc_run_node(r, 0, &root, NULL);
    qtc_arena_reset(&r->v->arena);
    return r->stopped ? QTC_UNDECIDED : ok ? QTC_VALID : QTC_INVALID;
}

enum qtc_verdict qtc_schema_check(const struct qtc_schema *schema, struct qtc_validator *v,
                                  const struct qtc_json *value)
{
    struct qtc_run r = {.schema = schema, .v = v};

    return run(&r, value);
}

enum qtc_verdict qtc_schema_validate(const struct qtc_schema *schema, struct qtc_validator *v,
                                     const struct qtc_json *value, qtc_finding_sink *sink, void *ctx)
{
    struct qtc_run r = {.schema = schema, .v = v, .loud = true, .sink = sink, .ctx = ctx};

    return run(&r, value);
}
