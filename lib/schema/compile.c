#include "schema/compiler.h"

#include <stdlib.h>
#include <string.h>

#include "schema/metaschemas.h"

/* ---- memory ----------------------------------------------------------------- */

void *qtc_compile_alloc(struct qtc_compiler *c, size_t count, size_t size)
{
    void *p = qtc_arena_array(c->arena, count > 0 ? count : 1, size);

    if (!p) {
        qtc_compile_nomem(c);
    }
    return p;
}

/* Doubling leaves the old arrays in the scratch arena: together as much as the new one. */
void *qtc_list_add(struct qtc_compiler *c, struct qtc_list *list, size_t size)
{
    if (list->count == list->room) {
        uint32_t room = list->room ? list->room * 2 : 4;
        void *items = room < UINT32_MAX / 4 ? qtc_arena_array(&c->scratch, room, size) : NULL;

        if (!items) {
            qtc_compile_nomem(c);
            return NULL;
        }
        if (list->count > 0) {
            memcpy(items, list->items, list->count * size);
        }
        list->items = items;
        list->room = room;
    }

    char *item = (char *)list->items + list->count++ * size;

    memset(item, 0, size);
    return item;
}

/* ---- places -------------------------------------------------------------------- */

uint32_t qtc_place_add(struct qtc_compiler *c, uint32_t up, struct qtc_bytes token, size_t index)
{
    struct qtc_place *place = qtc_list_add(c, &c->places, sizeof *place);

    if (!place || up == UINT32_MAX) {
        return UINT32_MAX;
    }
    *place = (struct qtc_place){up, ((struct qtc_place *)c->places.items)[up].document, token, index};
    return c->places.count - 1;
}

void qtc_pointer_token(struct qtc_buf *out, struct qtc_bytes token)
{
    qtc_buf_byte(out, '/');
    for (size_t i = 0; i < token.len; i++) {
        if (token.data[i] == '~') {
            qtc_buf_str(out, "~0");
        } else if (token.data[i] == '/') {
            qtc_buf_str(out, "~1");
        } else {
            qtc_buf_byte(out, token.data[i]);
        }
    }
}

/* From the root down, so the steps are turned round on the way: the text of each is put before
 * what is there. Places are as deep as the schema's text at most. */
void qtc_place_pointer(struct qtc_buf *out, const struct qtc_place *places, uint32_t place)
{
    size_t at = out->len;
    struct qtc_buf step = {0};

    for (; place != UINT32_MAX && places[place].up != UINT32_MAX; place = places[place].up) {
        qtc_buf_clear(&step);
        if (places[place].token.data) {
            qtc_pointer_token(&step, places[place].token);
        } else {
            qtc_buf_byte(&step, '/');
            qtc_buf_u64(&step, places[place].index);
        }
        qtc_buf_splice(out, at, 0, qtc_buf_bytes(&step));
    }
    qtc_buf_free(&step);
}

/* ---- problems -------------------------------------------------------------------- */

void qtc_schema_problem_free(struct qtc_schema_problem *problem)
{
    qtc_buf_free(&problem->text);
    *problem = (struct qtc_schema_problem){0};
}

/* All that is said in bytes is kept in `text`, for it must outlive the schema. */
static void fill_problem(const struct qtc_compiler *c, struct qtc_schema_problem *p,
                         const struct qtc_target *at)
{
    const struct qtc_place *places = c->places.items;
    const struct qtc_document *d;
    struct qtc_bytes parts[3] = {p->name, p->detail, qtc_bytes("", 0)};
    size_t starts[4] = {0};

    qtc_buf_clear(&p->text);
    if (at && at->place != UINT32_MAX) {
        d = (const struct qtc_document *)c->documents.items + places[at->place].document;
        parts[2] = places[at->place].document == 0 ? qtc_bytes("", 0) : d->uri; /* the one that was given */
        qtc_place_pointer(&p->text, places, at->place);
        if (at->json && d->tree->raw.data && at->json->raw.data >= d->tree->raw.data) {
            p->error.offset = (uint64_t)(at->json->raw.data - d->tree->raw.data);
        }
    }
    if (p->keyword > QTC_K_CLOSED) {
        qtc_pointer_token(&p->text, qtc_str(qtc_keyword_name(p->keyword)));
    }
    starts[0] = p->text.len;
    for (size_t i = 0; i < 3; i++) {
        qtc_buf_put(&p->text, parts[i]);
        starts[i + 1] = p->text.len;
    }
    if (!p->text.failed && p->text.data) {
        p->at = qtc_bytes(p->text.data, starts[0]);
        p->name = qtc_bytes(p->text.data + starts[0], starts[1] - starts[0]);
        p->detail = qtc_bytes(p->text.data + starts[1], starts[2] - starts[1]);
        p->uri = qtc_bytes(p->text.data + starts[2], starts[3] - starts[2]);
    } else {
        p->at = p->name = p->detail = p->uri = qtc_bytes("", 0);
    }
}

bool qtc_compile_fail(struct qtc_compiler *c, enum qtc_code code, const char *message,
                      enum qtc_keyword keyword, struct qtc_bytes name, const struct qtc_target *at)
{
    struct qtc_schema_problem *p = c->problem;

    if (!c->failed) {
        c->failed = true;
        p->error = (struct qtc_error){code, message, 0};
        p->keyword = keyword;
        p->name = name;
        fill_problem(c, p, at);
    }
    return false;
}

bool qtc_compile_nomem(struct qtc_compiler *c)
{
    return qtc_compile_fail(c, QTC_NOMEM, "out of memory", QTC_K_NONE, qtc_bytes("", 0), NULL);
}

void qtc_compile_warn(struct qtc_compiler *c, enum qtc_code code, const char *message,
                      enum qtc_keyword keyword, struct qtc_bytes name, enum qtc_keyword nearest,
                      const struct qtc_target *at)
{
    struct qtc_schema_problem warning = {.error = {code, message, 0}, .keyword = keyword, .name = name};

    if (c->options->strict) {
        c->problem->nearest = c->failed ? c->problem->nearest : qtc_str(qtc_keyword_name(nearest));
        qtc_compile_fail(c, code, message, keyword, name, at);
    } else if (c->options->warn) {
        warning.nearest = qtc_str(qtc_keyword_name(nearest));
        fill_problem(c, &warning, at);
        c->options->warn(c->options->warn_ctx, &warning);
        qtc_buf_free(&warning.text);
    }
}

/* ---- nodes ------------------------------------------------------------------------- */

/* A schema that is used closed and open is two nodes. Where nothing refers to anything each is used once. */
struct node_key {
    const struct qtc_json *json;
    uintptr_t closed;
};

static bool keep_key(struct qtc_compiler *c, struct qtc_bytes key, uint32_t node)
{
    key = qtc_arena_copy(&c->scratch, key);
    return key.data && qtc_map_put(&c->node_keys, key, node);
}

uint32_t qtc_compile_node(struct qtc_compiler *c, const struct qtc_target *target)
{
    struct node_key key = {target->json, target->closed};
    struct qtc_bytes bytes = qtc_bytes((const char *)&key, sizeof key);
    uint32_t known = c->plain ? UINT32_MAX : qtc_map_get(&c->node_keys, bytes);
    uint32_t i = c->nodes.count;
    struct qtc_target *t;

    if (known != UINT32_MAX) {
        return known;
    }
    if (i >= c->schema->limits.schemas) {
        qtc_compile_fail(c, QTC_LIMIT, "too many subschemas", QTC_K_NONE, qtc_bytes("", 0), target);
        return QTC_NO_NODE;
    }
    t = qtc_list_add(c, &c->targets, sizeof *t);
    if (!t || !qtc_list_add(c, &c->nodes, sizeof(struct qtc_node)) || (!c->plain && !keep_key(c, bytes, i))) {
        qtc_compile_nomem(c);
        return QTC_NO_NODE;
    }
    *t = *target;
    return i;
}

/* $dynamicRef can lead to any schema with that anchor in a document that is known at the end; and
 * compiling those can bring in more documents. */
static bool complete_dynamic(struct qtc_compiler *c, const struct qtc_dynamic_ref *ref)
{
    const struct qtc_anchor *anchors = c->anchors.items;
    uint32_t *resources = qtc_compile_alloc(c, c->anchors.count, sizeof *resources);
    uint32_t *nodes = qtc_compile_alloc(c, c->anchors.count, sizeof *nodes);
    uint32_t n = 0;

    for (uint32_t i = 0; resources && nodes && i < c->anchors.count; i++) {
        if (anchors[i].dynamic && qtc_bytes_equal(anchors[i].name, ref->name)) {
            struct qtc_target t = {anchors[i].json, anchors[i].resource, anchors[i].place, false};

            resources[n] = anchors[i].resource;
            nodes[n++] = qtc_compile_node(c, &t);
        }
    }
    *ref->dynamic = (struct qtc_dynamic){resources, nodes, n};
    return !c->failed;
}

static bool assemble_all(struct qtc_compiler *c)
{
    uint32_t done = 0;
    uint32_t anchors = UINT32_MAX;

    while (!c->failed && (done < c->nodes.count || anchors != c->anchors.count)) {
        while (done < c->nodes.count) {
            if (!qtc_assemble(c, done++)) {
                return false;
            }
        }
        anchors = c->anchors.count;
        for (uint32_t i = 0; i < c->dynamic_refs.count; i++) {
            if (!complete_dynamic(c, (struct qtc_dynamic_ref *)c->dynamic_refs.items + i)) {
                return false;
            }
        }
    }
    return !c->failed;
}

/* ---- circles ------------------------------------------------------------------------- */

/* Follows $ref and allOf, which always look at the same value again: a circle of them alone never
 * ends. Others may end, and a run bounds them. Iterative, by colours: `path` is the stack. */
struct circle {
    const struct qtc_node *nodes;
    unsigned char *colour; /* 0 new, 1 on the path, 2 done */
    struct circle_step {
        uint32_t node, insn, branch;
    } * path;
    size_t depth;
};

/* The next node that `step` leads to; QTC_NO_NODE when there is no other. */
static uint32_t next_edge(const struct circle *w, struct circle_step *s)
{
    const struct qtc_node *node = &w->nodes[s->node];

    for (; s->insn < node->count; s->insn++, s->branch = 0) {
        const struct qtc_insn *insn = &node->insns[s->insn];

        if (insn->op == QTC_K_REF && s->branch == 0) {
            s->branch++;
            return insn->node;
        }
        if (insn->op == QTC_K_ALL_OF) {
            const struct qtc_branches *b = insn->data;

            if (s->branch < b->count) {
                return b->nodes[s->branch++];
            }
        }
    }
    return QTC_NO_NODE;
}

/* The node where a circle closes; QTC_NO_NODE. */
static uint32_t follow(struct circle *w, uint32_t start)
{
    w->path[0] = (struct circle_step){start, 0, 0};
    w->depth = 1;
    w->colour[start] = 1;
    while (w->depth > 0) {
        struct circle_step *top = &w->path[w->depth - 1];
        uint32_t to = next_edge(w, top);

        if (to == QTC_NO_NODE) {
            w->colour[top->node] = 2;
            w->depth--;
        } else if (w->colour[to] == 1) {
            return to;
        } else if (w->colour[to] == 0) {
            w->colour[to] = 1;
            w->path[w->depth++] = (struct circle_step){to, 0, 0};
        }
    }
    return QTC_NO_NODE;
}

static bool refuse_circles(struct qtc_compiler *c)
{
    struct circle w = {.nodes = c->nodes.items};
    uint32_t found = QTC_NO_NODE;

    w.colour = qtc_arena_array(&c->scratch, c->nodes.count, 1);
    w.path = qtc_arena_array(&c->scratch, c->nodes.count, sizeof *w.path);
    if (!w.colour || !w.path) {
        return qtc_compile_nomem(c);
    }
    for (uint32_t i = 0; found == QTC_NO_NODE && i < c->nodes.count; i++) {
        if (w.colour[i] == 0) {
            found = follow(&w, i);
        }
    }
    return found == QTC_NO_NODE ||
           qtc_compile_fail(c, QTC_LIMIT, "references go round in a circle", QTC_K_REF, qtc_bytes("", 0),
                            (struct qtc_target *)c->targets.items + found);
}

/* ---- the whole -------------------------------------------------------------------------- */

static const struct qtc_schema_limits default_limits = {.schemas = 1000000,
                                                        .values = 1000000,
                                                        .documents = 1000,
                                                        .depth = 2000,
                                                        .steps = 10000000,
                                                        .pattern = 1000000};

static void set_limits(struct qtc_schema_limits *l, const struct qtc_schema_limits *wanted)
{
    *l = default_limits;
    l->schemas = wanted->schemas ? wanted->schemas : l->schemas;
    l->values = wanted->values ? wanted->values : l->values;
    l->documents = wanted->documents ? wanted->documents : l->documents;
    l->depth = wanted->depth ? wanted->depth : l->depth;
    l->steps = wanted->steps ? wanted->steps : l->steps;
    l->pattern = wanted->pattern ? wanted->pattern : l->pattern;
}

/* From the scratch to the schema's own arena. */
static void *keep(struct qtc_compiler *c, const struct qtc_list *list, size_t size)
{
    void *copy = qtc_compile_alloc(c, list->count, size);

    if (copy && list->count > 0) {
        memcpy(copy, list->items, list->count * size);
    }
    return copy;
}

static bool keep_program(struct qtc_compiler *c)
{
    struct qtc_schema *s = c->schema;

    s->nodes = keep(c, &c->nodes, sizeof *s->nodes);
    s->node_count = c->nodes.count;
    s->places = keep(c, &c->places, sizeof *s->places);
    s->place_count = c->places.count;
    s->documents = qtc_compile_alloc(c, c->documents.count, sizeof *s->documents);
    for (uint32_t i = 0; s->documents && i < c->documents.count; i++) {
        s->documents[i] = i == 0 ? qtc_bytes("", 0) : ((struct qtc_document *)c->documents.items)[i].uri;
    }
    s->has_dynamic = c->dynamic_refs.count > 0;
    return !c->failed;
}

/* All keywords that refer, and all that give a name but for draft 4's id, have a `$`, which may be escaped.
 */
static bool is_plain(struct qtc_bytes text)
{
    return !memchr(text.data, '$', text.len) && !memchr(text.data, '\\', text.len);
}

static bool compile(struct qtc_compiler *c, const struct qtc_json *tree)
{
    struct qtc_bytes base = qtc_arena_copy(c->arena, c->options->base);
    struct qtc_target root = {.json = tree, .closed = c->options->closed};
    uint32_t resource;

    c->plain = is_plain(tree->raw);
    resource = base.data ? qtc_refs_document(c, tree, base) : UINT32_MAX;
    if (resource == UINT32_MAX) {
        return base.data ? false : qtc_compile_nomem(c);
    }
    root.resource = resource;
    root.place = qtc_resource_at(c, resource)->place;
    c->schema->draft = qtc_resource_at(c, resource)->dialect.draft;
    return qtc_compile_node(c, &root) != QTC_NO_NODE && assemble_all(c) && (c->plain || refuse_circles(c)) &&
           keep_program(c);
}

/* Patterns are not the arena's: they are kept where qtc_schema_free finds them, whatever happened. */
static void keep_patterns(struct qtc_compiler *c)
{
    struct qtc_schema *s = c->schema;

    s->patterns = keep(c, &c->patterns, sizeof *s->patterns);
    if (s->patterns) {
        s->pattern_count = c->patterns.count;
        return;
    }
    for (uint32_t i = 0; i < c->patterns.count; i++) {
        qtc_pattern_free(((struct qtc_pattern **)c->patterns.items)[i]);
    }
}

static void begin(struct qtc_compiler *c, struct qtc_schema *s, const struct qtc_schema_options *options)
{
    c->schema = s;
    c->options = options;
    c->arena = &s->arena;
    c->uris.arena = c->roots.arena = c->anchor_names.arena = c->node_keys.arena = &c->scratch;
    c->dialect.draft = options->draft ? options->draft : QTC_DRAFT_2020_12;
    c->dialect.vocabularies = QTC_V_ALL;
    c->false_node = QTC_NO_NODE;
    set_limits(&s->limits, &options->limits);
}

struct qtc_schema *qtc_schema_compile(const struct qtc_json *tree, const struct qtc_schema_options *options,
                                      struct qtc_schema_problem *problem)
{
    static const struct qtc_schema_options none;
    struct qtc_schema_problem unwanted = {0};
    struct qtc_compiler c = {.problem = problem ? problem : &unwanted};
    struct qtc_schema *s = calloc(1, sizeof *s);

    /* its memory may be there from the last time; what it said is not */
    *c.problem = (struct qtc_schema_problem){.text = c.problem->text};
    if (!s) {
        qtc_compile_nomem(&c);
    } else {
        begin(&c, s, options ? options : &none);
        compile(&c, tree);
        keep_patterns(&c);
    }
    qtc_arena_free(&c.scratch);
    qtc_schema_problem_free(&unwanted);
    if (c.failed) {
        qtc_schema_free(s);
        return NULL;
    }
    return s;
}

struct qtc_schema *qtc_schema_metaschema(enum qtc_draft draft, struct qtc_schema_problem *problem)
{
    struct qtc_arena arena = {0};
    struct qtc_schema_options options = {.draft = draft};
    struct qtc_schema *s = NULL;
    struct qtc_error error;
    const struct qtc_json *tree = NULL;

    draft = draft ? draft : QTC_DRAFT_2020_12;
    for (size_t i = 0; !tree && i < qtc_metaschema_count; i++) {
        if (qtc_metaschemas[i].draft == draft) {
            tree = qtc_json_read(&arena, qtc_str(qtc_metaschemas[i].text), &error);
            options.base = qtc_str(qtc_metaschemas[i].uri);
        }
    }
    if (tree) {
        s = qtc_schema_compile(tree, &options, problem);
    }
    if (s) {
        s->tree = arena; /* instructions borrow from the tree */
    } else {
        qtc_arena_free(&arena);
    }
    return s;
}

void qtc_schema_free(struct qtc_schema *schema)
{
    if (schema) {
        for (uint32_t i = 0; i < schema->pattern_count; i++) {
            qtc_pattern_free(schema->patterns[i]);
        }
        qtc_arena_free(&schema->tree);
        qtc_arena_free(&schema->arena);
        free(schema);
    }
}

enum qtc_draft qtc_schema_draft(const struct qtc_schema *schema)
{
    return schema->draft;
}
