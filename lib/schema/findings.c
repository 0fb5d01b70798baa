#include "schema/run.h"

#include <string.h>

#define COLD __attribute__((noinline, cold))

/* ---- where -------------------------------------------------------------------------- */

static size_t depth_of(const struct qtc_at *at)
{
    size_t n = 0;

    for (; at->up; at = at->up) {
        n += !at->is_name;
    }
    return n;
}

/* From the root down. As deep as the value, which the reader bounds. */
static void add_pointer(struct qtc_buf *out, const struct qtc_at *at)
{
    if (!at->up) {
        return;
    }
    add_pointer(out, at->up);
    if (at->is_name) {
        return;
    }
    if (at->up->value->type == QTC_JSON_ARRAY) {
        qtc_buf_byte(out, '/');
        qtc_buf_u64(out, at->index);
    } else {
        qtc_pointer_token(out, at->value->key);
    }
}

/* Bytes that live until the finding has been told. */
static struct qtc_bytes keep(struct qtc_run *r)
{
    struct qtc_bytes copy = qtc_arena_copy(&r->v->arena, qtc_buf_bytes(&r->v->text));

    if (r->v->text.failed || !copy.data) {
        qtc_run_stop(r, NULL, QTC_NOMEM, "out of memory");
        return qtc_bytes("", 0);
    }
    return copy;
}

static void locate(struct qtc_run *r, struct qtc_finding *f, const struct qtc_node *node,
                   const struct qtc_at *at)
{
    const struct qtc_schema *schema = r->schema;

    qtc_buf_clear(&r->v->text);
    add_pointer(&r->v->text, at);
    f->at = keep(r);
    qtc_buf_clear(&r->v->text);
    qtc_place_pointer(&r->v->text, schema->places, node->place);
    if (f->keyword > QTC_K_CLOSED) {
        qtc_pointer_token(&r->v->text, qtc_str(qtc_keyword_name(f->keyword)));
    }
    f->schema_at = keep(r);
    f->schema_uri = schema->documents[schema->places[node->place].document];
    f->schema = node->source;
    f->value = at->is_name ? at->up->value : at->value;
}

/* ---- telling, or keeping ---------------------------------------------------------------- */

static void collect(struct qtc_run *r, const struct qtc_finding *f, size_t depth)
{
    struct qtc_collector *c = r->collector;

    c->total++;
    c->deepest = depth > c->deepest ? depth : c->deepest;
    c->other_kind =
        c->other_kind || ((f->keyword == QTC_K_CONST || f->keyword == QTC_K_ENUM) && depth == c->base + 1);
    if (!c->list) {
        c->list = qtc_arena_array(&r->v->arena, QTC_CAUSES, sizeof *c->list);
        if (!c->list) {
            qtc_run_stop(r, NULL, QTC_NOMEM, "out of memory");
            return;
        }
    }
    if (c->kept < QTC_CAUSES) {
        c->list[c->kept++] = *f;
    }
}

/* Steps. A finding costs memory, and its pointers time; and a schema that unfolds repeats them. */
enum { PRICE_OF_TELLING = 50, PRICE_OF_ASKING = 500 };

static bool tell(struct qtc_run *r, struct qtc_finding *f, const struct qtc_node *node,
                 const struct qtc_at *at)
{
    struct qtc_site s = {.node = node, .at = at};

    if (r->stopped || !qtc_run_spend(r, &s, PRICE_OF_TELLING)) {
        return false;
    }
    locate(r, f, node, at);
    if (r->stopped) {
        return false;
    }
    if (r->collector) {
        collect(r, f, depth_of(at));
        return false;
    }
    if (!r->sink(r->ctx, f)) {
        qtc_run_stop(r, NULL, QTC_STOPPED, "stopped");
    }
    qtc_arena_reset(&r->v->arena);
    return false;
}

static bool tell_at(struct qtc_run *r, const struct qtc_site *s, struct qtc_finding *f)
{
    return tell(r, f, s->node, s->at);
}

void qtc_tell_limit(struct qtc_run *r, const struct qtc_site *s)
{
    struct qtc_finding f = {.error = r->v->error};

    if (r->sink && s) {
        locate(r, &f, s->node, s->at);
        r->sink(r->ctx, &f);
    }
}

/* ---- one function a shape of finding -------------------------------------------------------- */

COLD bool qtc_refuse(struct qtc_run *r, const struct qtc_site *s, enum qtc_keyword k)
{
    struct qtc_finding f = {.keyword = k, .wanted = s->insn->source};

    if (r->steps == 0) { /* a comparison that was given up decides nothing */
        qtc_run_spend(r, s, 1);
    }
    return r->loud && tell_at(r, s, &f);
}

COLD bool qtc_refuse_type(struct qtc_run *r, const struct qtc_node *node, const struct qtc_at *at)
{
    struct qtc_finding f = {.keyword = QTC_K_TYPE, .types = node->types};

    if (r->loud) {
        f.wanted = qtc_json_get(node->source, "type");
        tell(r, &f, node, at);
    }
    return false;
}

COLD bool qtc_refuse_false(struct qtc_run *r, const struct qtc_node *node, const struct qtc_at *at)
{
    struct qtc_finding f = {.keyword = QTC_K_NONE};

    return r->loud && tell(r, &f, node, at);
}

COLD bool qtc_refuse_count(struct qtc_run *r, const struct qtc_site *s, enum qtc_keyword k, uint64_t limit,
                           uint64_t count)
{
    struct qtc_finding f = {.keyword = k, .wanted = s->insn->source, .limit = limit, .count = count};

    return r->loud && tell_at(r, s, &f);
}

COLD bool qtc_refuse_member(struct qtc_run *r, const struct qtc_site *s, enum qtc_keyword k,
                            const struct qtc_json *member)
{
    struct qtc_finding f = {.keyword = k, .name = member->key, .member = member};

    return r->loud && tell_at(r, s, &f);
}

COLD bool qtc_refuse_element(struct qtc_run *r, const struct qtc_site *s, enum qtc_keyword k,
                             const struct qtc_json *element, size_t index)
{
    struct qtc_finding f = {.keyword = k, .member = element, .first = index};

    return r->loud && tell_at(r, s, &f);
}

COLD bool qtc_refuse_missing(struct qtc_run *r, const struct qtc_site *s, enum qtc_keyword k,
                             struct qtc_bytes name, struct qtc_bytes trigger)
{
    struct qtc_finding f = {.keyword = k, .name = name, .trigger = trigger};

    return r->loud && tell_at(r, s, &f);
}

COLD bool qtc_refuse_equal(struct qtc_run *r, const struct qtc_site *s, const struct qtc_json *second,
                           size_t i, size_t j)
{
    struct qtc_finding f = {.keyword = QTC_K_UNIQUE_ITEMS, .member = second, .first = i, .second = j};

    return r->loud && tell_at(r, s, &f);
}

COLD bool qtc_refuse_several(struct qtc_run *r, const struct qtc_site *s, size_t first, size_t second,
                             uint64_t count)
{
    struct qtc_finding f = {
        .keyword = QTC_K_ONE_OF, .wanted = s->insn->source, .first = first, .second = second};

    f.count = count;
    return r->loud && tell_at(r, s, &f);
}

/* ---- why a schema refuses, for those that are only tried ---------------------------------------- */

/* Runs the node once more, and keeps what it finds. */
static void ask(struct qtc_run *r, uint32_t node, const struct qtc_at *at, struct qtc_collector *c)
{
    struct qtc_collector *outer = r->collector;
    bool loud = r->loud;

    *c = (struct qtc_collector){.base = depth_of(at)};
    r->collector = c;
    r->loud = true;
    qtc_run_node(r, node, at, NULL);
    r->loud = loud;
    r->collector = outer;
}

COLD bool qtc_refuse_name(struct qtc_run *r, const struct qtc_site *s, const struct qtc_json *member,
                          const struct qtc_at *name)
{
    struct qtc_finding f = {.keyword = QTC_K_PROPERTY_NAMES, .name = member->key, .member = member};
    struct qtc_collector c;

    if (!r->loud) {
        return false;
    }
    if (!(r->schema->nodes[s->insn->node].flags & QTC_NODE_FALSE)) {
        ask(r, s->insn->node, name, &c);
        f.causes = c.list;
        f.cause_count = c.kept;
    }
    return tell_at(r, s, &f);
}

/* The types that a branch states, also behind references that say nothing else. */
static unsigned types_of(const struct qtc_run *r, uint32_t node, const struct qtc_json *value)
{
    unsigned types = QTC_T_ANY;

    for (int hops = 0; hops < 8; hops++) {
        const struct qtc_node *n = &r->schema->nodes[node];

        if (!qtc_type_fits(n, value)) {
            return n->types;
        }
        if (n->count != 1 || n->insns[0].op != QTC_K_REF) {
            break;
        }
        node = n->insns[0].node;
    }
    return types;
}

/* Fewer things wrong, and further down, is nearer; a value that belongs to another branch is far. */
static bool nearer(const struct qtc_collector *a, const struct qtc_collector *b)
{
    if (a->other_kind != b->other_kind) {
        return !a->other_kind;
    }
    if (a->total != b->total) {
        return a->total < b->total;
    }
    return a->deepest > b->deepest;
}

static void ask_branches(struct qtc_run *r, const struct qtc_site *s, struct qtc_finding *f)
{
    const struct qtc_branches *b = s->insn->data;
    struct qtc_collector best = {0};

    for (uint32_t i = 0; i < b->count && qtc_run_spend(r, s, PRICE_OF_ASKING); i++) {
        struct qtc_collector c;

        if (r->schema->nodes[b->nodes[i]].flags & QTC_NODE_FALSE ||
            types_of(r, b->nodes[i], s->at->value) != QTC_T_ANY) {
            continue;
        }
        ask(r, b->nodes[i], s->at, &c);
        if (c.total > 0 && (best.total == 0 || nearer(&c, &best))) {
            best = c;
            f->branch = i;
        }
    }
    f->causes = best.list;
    f->cause_count = best.kept;
}

/* When all branches want another type, that is what there is to say. */
COLD bool qtc_refuse_branches(struct qtc_run *r, const struct qtc_site *s)
{
    const struct qtc_branches *b = s->insn->data;
    struct qtc_finding f = {.keyword = s->insn->op, .wanted = s->insn->source};
    bool other_types = true;

    if (!r->loud || r->stopped) {
        return false;
    }
    for (uint32_t i = 0; i < b->count; i++) {
        unsigned types = types_of(r, b->nodes[i], s->at->value);

        other_types = other_types && types != QTC_T_ANY;
        f.types |= types;
    }
    if (!other_types) {
        f.types = 0;
        ask_branches(r, s, &f);
    }
    return tell_at(r, s, &f);
}

const struct qtc_finding *qtc_finding_root(const struct qtc_finding *finding)
{
    while (finding->cause_count > 0) {
        finding = finding->causes;
    }
    return finding;
}
