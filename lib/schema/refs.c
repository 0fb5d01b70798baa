#include "schema/compiler.h"

#include <string.h>

#include "schema/metaschemas.h"
#include "schema/uri.h"

/* ---- maps with composed keys --------------------------------------------------- */

static struct qtc_bytes pointer_key(const struct qtc_json *const *json)
{
    return qtc_bytes((const char *)json, sizeof *json);
}

static bool put_copy(struct qtc_compiler *c, struct qtc_map *map, struct qtc_bytes key, uint32_t value)
{
    struct qtc_bytes copy = qtc_arena_copy(&c->scratch, key);

    return (copy.data && qtc_map_put(map, copy, value)) || qtc_compile_nomem(c);
}

/* An anchor's name is one in its resource. */
static struct qtc_bytes anchor_key(struct qtc_buf *key, uint32_t resource, struct qtc_bytes name)
{
    qtc_buf_add(key, (const char *)&resource, sizeof resource);
    qtc_buf_put(key, name);
    return qtc_buf_bytes(key);
}

const struct qtc_anchor *qtc_refs_anchor(const struct qtc_compiler *c, uint32_t resource,
                                         struct qtc_bytes name)
{
    struct qtc_buf key = {0};
    uint32_t i = qtc_map_get(&c->anchor_names, anchor_key(&key, resource, name));

    qtc_buf_free(&key);
    return i == UINT32_MAX ? NULL : (const struct qtc_anchor *)c->anchors.items + i;
}

static bool add_anchor(struct qtc_compiler *c, const struct qtc_target *at, struct qtc_bytes name,
                       bool dynamic)
{
    struct qtc_buf key = {0};
    struct qtc_anchor *anchor = qtc_list_add(c, &c->anchors, sizeof *anchor);
    bool ok;

    if (!anchor) {
        return false;
    }
    *anchor = (struct qtc_anchor){at->resource, name, at->json, at->place, dynamic};
    ok = put_copy(c, &c->anchor_names, anchor_key(&key, at->resource, name), c->anchors.count - 1);
    qtc_buf_free(&key);
    return ok;
}

/* ---- dialects ------------------------------------------------------------------- */

static const struct {
    const char *name;
    unsigned bits;
} vocabularies[] = {
    {"https://json-schema.org/draft/2019-09/vocab/core", QTC_V_CORE},
    {"https://json-schema.org/draft/2019-09/vocab/applicator", QTC_V_APPLICATOR | QTC_V_UNEVALUATED},
    {"https://json-schema.org/draft/2019-09/vocab/validation", QTC_V_VALIDATION},
    {"https://json-schema.org/draft/2019-09/vocab/meta-data", QTC_V_META_DATA},
    {"https://json-schema.org/draft/2019-09/vocab/format", QTC_V_FORMATS},
    {"https://json-schema.org/draft/2019-09/vocab/content", QTC_V_CONTENT},
    {"https://json-schema.org/draft/2020-12/vocab/core", QTC_V_CORE},
    {"https://json-schema.org/draft/2020-12/vocab/applicator", QTC_V_APPLICATOR},
    {"https://json-schema.org/draft/2020-12/vocab/unevaluated", QTC_V_UNEVALUATED},
    {"https://json-schema.org/draft/2020-12/vocab/validation", QTC_V_VALIDATION},
    {"https://json-schema.org/draft/2020-12/vocab/meta-data", QTC_V_META_DATA},
    {"https://json-schema.org/draft/2020-12/vocab/format-annotation", QTC_V_FORMATS},
    {"https://json-schema.org/draft/2020-12/vocab/format-assertion", QTC_V_FORMATS | QTC_V_FORMAT_ASSERTION},
    {"https://json-schema.org/draft/2020-12/vocab/content", QTC_V_CONTENT},
};

static unsigned vocabulary_bits(struct qtc_bytes uri)
{
    for (size_t i = 0; i < sizeof vocabularies / sizeof vocabularies[0]; i++) {
        if (qtc_bytes_is(uri, vocabularies[i].name)) {
            return vocabularies[i].bits;
        }
    }
    return 0;
}

/* A vocabulary that is needed and unknown would be passed over in silence: it is refused by name. */
static bool read_vocabularies(struct qtc_compiler *c, const struct qtc_json *list,
                              const struct qtc_target *at, unsigned *bits)
{
    *bits = QTC_V_CORE;
    for (const struct qtc_json *v = list->first; v; v = v->next) {
        unsigned known = vocabulary_bits(v->key);

        if (!known && v->type == QTC_JSON_TRUE) {
            return qtc_compile_fail(c, QTC_UNKNOWN, "unknown vocabulary", QTC_K_VOCABULARY, v->key, at);
        }
        *bits |= known;
    }
    return true;
}

static uint32_t find_resource(struct qtc_compiler *c, const struct qtc_target *at, enum qtc_keyword keyword,
                              struct qtc_bytes uri);

/* A metaschema that is not one of the drafts': what its own $schema and $vocabulary say. It was
 * registered before its dialect was asked for, so that one that names itself does not go round. */
static bool custom_dialect(struct qtc_compiler *c, struct qtc_bytes name, const struct qtc_target *at,
                           struct qtc_dialect *dialect)
{
    struct qtc_bytes fragment;
    struct qtc_bytes uri = qtc_uri_resolve(&c->scratch, qtc_bytes("", 0), name, &fragment);
    uint32_t r = uri.data ? find_resource(c, at, QTC_K_SCHEMA, uri) : UINT32_MAX;
    const struct qtc_json *list;

    if (r == UINT32_MAX) {
        return false;
    }
    dialect->draft = qtc_resource_at(c, r)->dialect.draft;
    dialect->vocabularies = QTC_V_ALL;
    list = qtc_json_get(qtc_resource_at(c, r)->root, "$vocabulary");
    return qtc_json_type_of(list) != QTC_JSON_OBJECT ||
           read_vocabularies(c, list, at, &dialect->vocabularies);
}

static bool read_dialect(struct qtc_compiler *c, const struct qtc_target *at, struct qtc_dialect *dialect)
{
    const struct qtc_json *schema = qtc_json_get(at->json, "$schema");

    if (qtc_json_type_of(schema) != QTC_JSON_STRING) {
        return true;
    }
    if (qtc_draft_find(schema->text, &dialect->draft)) {
        dialect->vocabularies = QTC_V_ALL;
        return true;
    }
    if (qtc_bytes_is(schema->text, "http://json-schema.org/schema#") ||
        qtc_bytes_is(schema->text, "http://json-schema.org/schema")) {
        return true; /* "the latest": what the caller takes for it */
    }
    return custom_dialect(c, schema->text, at, dialect);
}

/* ---- resources --------------------------------------------------------------------- */

static uint32_t add_resource(struct qtc_compiler *c, struct qtc_bytes uri, const struct qtc_target *at,
                             struct qtc_dialect dialect)
{
    uint32_t i = c->resources.count;
    struct qtc_resource *r = qtc_list_add(c, &c->resources, sizeof *r);

    if (!r) {
        return UINT32_MAX;
    }
    *r = (struct qtc_resource){uri, at->json, at->place, dialect};
    if (!put_copy(c, &c->uris, uri, i) || !put_copy(c, &c->roots, pointer_key(&at->json), i)) {
        return UINT32_MAX;
    }
    return i;
}

static const struct qtc_json *id_of(const struct qtc_json *json, enum qtc_draft draft)
{
    const struct qtc_json *id = qtc_json_get(json, draft == QTC_DRAFT_4 ? "id" : "$id");

    if (draft <= QTC_DRAFT_7 && qtc_json_type_of(qtc_json_get(json, "$ref")) == QTC_JSON_STRING) {
        return NULL; /* everything beside a $ref is ignored */
    }
    return qtc_json_type_of(id) == QTC_JSON_STRING ? id : NULL;
}

/* $id: a URI makes a resource of the schema; "#name" is how drafts up to 7 write an anchor. */
static bool read_id(struct qtc_compiler *c, struct qtc_target *at)
{
    struct qtc_dialect dialect = qtc_resource_at(c, at->resource)->dialect;
    const struct qtc_json *id = id_of(at->json, dialect.draft);
    struct qtc_bytes uri, fragment;
    uint32_t known;

    if (!id) {
        return true;
    }
    uri = qtc_uri_resolve(c->arena, qtc_resource_at(c, at->resource)->uri, id->text, &fragment);
    if (!uri.data) {
        return qtc_compile_nomem(c);
    }
    known = qtc_map_get(&c->roots, pointer_key(&at->json));
    if (known != UINT32_MAX) {
        qtc_resource_at(c, known)->uri = uri;
        at->resource = known;
        put_copy(c, &c->uris, uri, known);
    } else if (id->text.len > 0 && id->text.data[0] != '#') {
        if (dialect.draft >= QTC_DRAFT_2019_09 && !read_dialect(c, at, &dialect)) {
            return false;
        }
        at->resource = add_resource(c, uri, at, dialect);
    }
    if (at->resource != UINT32_MAX && fragment.len > 0 && dialect.draft <= QTC_DRAFT_7) {
        return add_anchor(c, at, fragment, false);
    }
    return !c->failed;
}

static bool read_anchors(struct qtc_compiler *c, const struct qtc_target *at)
{
    enum qtc_draft draft = qtc_resource_at(c, at->resource)->dialect.draft;
    const struct qtc_json *name = qtc_json_get(at->json, "$anchor");
    bool ok = true;

    if (draft >= QTC_DRAFT_2019_09 && qtc_json_type_of(name) == QTC_JSON_STRING) {
        ok = add_anchor(c, at, name->text, false);
    }
    name = qtc_json_get(at->json, "$dynamicAnchor");
    if (draft == QTC_DRAFT_2020_12 && qtc_json_type_of(name) == QTC_JSON_STRING) {
        ok = ok && add_anchor(c, at, name->text, true);
    }
    name = qtc_json_get(at->json, "$recursiveAnchor");
    if (draft == QTC_DRAFT_2019_09 && qtc_json_type_of(name) == QTC_JSON_TRUE) {
        ok = ok && add_anchor(c, at, qtc_bytes("", 0), true);
    }
    return ok;
}

/* ---- looking a document through -------------------------------------------------------- */

static bool push_visit(struct qtc_compiler *c, const struct qtc_target *at, uint32_t up,
                       const struct qtc_json *json, struct qtc_bytes token, size_t index)
{
    struct qtc_target *visit;

    if (json->type != QTC_JSON_OBJECT) {
        return true;
    }
    if (c->visited++ >= c->schema->limits.schemas) {
        return qtc_compile_fail(c, QTC_LIMIT, "too many subschemas", QTC_K_NONE, qtc_bytes("", 0), at);
    }
    visit = qtc_list_add(c, &c->visits, sizeof *visit);
    if (!visit) {
        return false;
    }
    *visit = (struct qtc_target){json, at->resource, qtc_place_add(c, up, token, index), false};
    return !c->failed;
}

static bool visit_children(struct qtc_compiler *c, const struct qtc_target *at, const struct qtc_json *value)
{
    uint32_t up = qtc_place_add(c, at->place, value->key, 0);
    bool ok = up != UINT32_MAX;
    size_t i = 0;

    for (const struct qtc_json *child = value->first; ok && child; child = child->next) {
        bool is_object = value->type == QTC_JSON_OBJECT;

        ok = push_visit(c, at, up, child, is_object ? child->key : (struct qtc_bytes){0}, i++);
    }
    return ok;
}

static bool visit_member(struct qtc_compiler *c, const struct qtc_target *at, const struct qtc_json *value)
{
    enum qtc_keyword k = qtc_keyword_find(value->key);
    const struct qtc_keyword_row *row = &qtc_keyword_rows[k];
    enum qtc_draft draft = qtc_resource_at(c, at->resource)->dialect.draft;

    if (row->holds == QTC_H_NOTHING || !(row->drafts >> draft & 1)) {
        return true;
    }
    switch (row->holds) {
    case QTC_H_LIST:
        return value->type != QTC_JSON_ARRAY || visit_children(c, at, value);
    case QTC_H_MAP:
    case QTC_H_DEPENDS:
        return value->type != QTC_JSON_OBJECT || visit_children(c, at, value);
    case QTC_H_ITEMS:
        if (value->type == QTC_JSON_ARRAY) {
            return visit_children(c, at, value);
        }
        break;
    default:
        break;
    }
    return push_visit(c, at, at->place, value, value->key, 0);
}

static bool visit(struct qtc_compiler *c, struct qtc_target at)
{
    bool ok = read_id(c, &at) && read_anchors(c, &at);

    for (const struct qtc_json *m = at.json->first; ok && m; m = m->next) {
        ok = visit_member(c, &at, m);
    }
    return ok;
}

/* What was pushed from `from` on; documents nest, where a dialect is asked for in the middle of one. */
static bool visit_all(struct qtc_compiler *c, uint32_t from)
{
    while (c->visits.count > from) {
        if (!visit(c, ((struct qtc_target *)c->visits.items)[--c->visits.count])) {
            return false;
        }
    }
    return true;
}

static uint32_t add_root_place(struct qtc_compiler *c, const struct qtc_json *tree, struct qtc_bytes uri)
{
    struct qtc_document *document = qtc_list_add(c, &c->documents, sizeof *document);
    struct qtc_place *place = document ? qtc_list_add(c, &c->places, sizeof *place) : NULL;

    if (!place) {
        return UINT32_MAX;
    }
    *document = (struct qtc_document){uri, tree};
    *place = (struct qtc_place){.up = UINT32_MAX, .document = c->documents.count - 1};
    return c->places.count - 1;
}

uint32_t qtc_refs_document(struct qtc_compiler *c, const struct qtc_json *tree, struct qtc_bytes uri)
{
    struct qtc_target root = {tree, 0, add_root_place(c, tree, uri), false};
    struct qtc_dialect dialect = c->dialect;
    struct qtc_target *first;
    uint32_t from = c->visits.count;

    if (root.place == UINT32_MAX) {
        return UINT32_MAX;
    }
    root.resource = add_resource(c, uri, &root, dialect);
    if (root.resource == UINT32_MAX || tree->type != QTC_JSON_OBJECT) {
        return root.resource;
    }
    if (!read_dialect(c, &root, &dialect)) {
        return UINT32_MAX;
    }
    qtc_resource_at(c, root.resource)->dialect = dialect;
    if (c->plain && dialect.draft != QTC_DRAFT_4) {
        return root.resource;
    }
    first = qtc_list_add(c, &c->visits, sizeof *first);
    if (!first) {
        return UINT32_MAX;
    }
    *first = root;
    return visit_all(c, from) ? root.resource : UINT32_MAX;
}

/* ---- where a reference leads ---------------------------------------------------------------- */

static const struct qtc_json *built_in(struct qtc_compiler *c, struct qtc_bytes uri)
{
    struct qtc_error error;

    for (size_t i = 0; i < qtc_metaschema_count; i++) {
        if (qtc_bytes_is(uri, qtc_metaschemas[i].uri)) {
            return qtc_json_read(c->arena, qtc_str(qtc_metaschemas[i].text), &error);
        }
    }
    return NULL;
}

static uint32_t find_resource(struct qtc_compiler *c, const struct qtc_target *at, enum qtc_keyword keyword,
                              struct qtc_bytes uri)
{
    uint32_t known = qtc_map_get(&c->uris, uri);
    const struct qtc_json *tree = known == UINT32_MAX ? built_in(c, uri) : NULL;
    struct qtc_bytes copy;

    if (known != UINT32_MAX) {
        return known;
    }
    if (!tree && c->fetched++ >= c->schema->limits.documents) {
        qtc_compile_fail(c, QTC_LIMIT, "too many documents", keyword, uri, at);
        return UINT32_MAX;
    }
    if (!tree && c->options->resolve) {
        tree = c->options->resolve(c->options->resolve_ctx, uri);
    }
    if (!tree) {
        qtc_compile_fail(c, QTC_UNKNOWN,
                         keyword == QTC_K_SCHEMA ? "unknown $schema"
                                                 : "the reference leads to no known document",
                         keyword, uri, at);
        return UINT32_MAX;
    }
    copy = qtc_arena_copy(c->arena, uri);
    return copy.data ? qtc_refs_document(c, tree, copy) : UINT32_MAX;
}

static bool decode_token(struct qtc_buf *out, struct qtc_bytes token)
{
    qtc_buf_clear(out);
    for (size_t i = 0; i < token.len; i++) {
        if (token.data[i] != '~') {
            qtc_buf_byte(out, token.data[i]);
        } else if (i + 1 < token.len && (token.data[i + 1] == '0' || token.data[i + 1] == '1')) {
            qtc_buf_byte(out, token.data[++i] == '0' ? '~' : '/');
        } else {
            return false;
        }
    }
    return !out->failed;
}

static const struct qtc_json *element(const struct qtc_json *array, struct qtc_bytes token, size_t *index)
{
    const struct qtc_json *e = array->first;
    size_t n = 0;

    if (token.len == 0 || token.len > 9 || (token.len > 1 && token.data[0] == '0')) {
        return NULL;
    }
    for (size_t i = 0; i < token.len; i++) {
        if (token.data[i] < '0' || token.data[i] > '9') {
            return NULL;
        }
        n = n * 10 + (size_t)(token.data[i] - '0');
    }
    *index = n;
    while (e && n-- > 0) {
        e = e->next;
    }
    return e;
}

/* One step down; a schema with an $id of its own on the way takes over. */
static bool step(struct qtc_compiler *c, struct qtc_target *t, struct qtc_bytes token)
{
    const struct qtc_json *child;
    struct qtc_bytes name = {0};
    size_t index = 0;
    uint32_t own;

    if (t->json->type == QTC_JSON_ARRAY) {
        child = element(t->json, token, &index);
    } else {
        child = qtc_json_getn(t->json, token);
        name = child ? child->key : name;
    }
    if (!child) {
        return false;
    }
    t->json = child;
    t->place = qtc_place_add(c, t->place, name, index);
    own = qtc_map_get(&c->roots, pointer_key(&child));
    t->resource = own != UINT32_MAX ? own : t->resource;
    return t->place != UINT32_MAX;
}

/* pointer begins with a slash. */
static bool walk(struct qtc_compiler *c, struct qtc_target *t, struct qtc_bytes pointer)
{
    struct qtc_buf token = {0};
    bool ok = true;
    size_t at = 0;

    while (ok && at < pointer.len) {
        size_t end = at + 1;

        while (end < pointer.len && pointer.data[end] != '/') {
            end++;
        }
        ok = decode_token(&token, qtc_bytes(pointer.data + at + 1, end - at - 1)) &&
             step(c, t, qtc_buf_bytes(&token));
        at = end;
    }
    qtc_buf_free(&token);
    return ok;
}

/* In what the schema stands in. */
static bool walk_outer(struct qtc_compiler *c, struct qtc_target *t, struct qtc_bytes pointer)
{
    for (size_t i = 0; t->resource == 0 && i < 2; i++) {
        const struct qtc_json *outer = c->options->outer[i];

        if (outer) {
            *t = (struct qtc_target){outer, 0, add_root_place(c, outer, qtc_bytes("", 0)), false};
            if (t->place != UINT32_MAX && walk(c, t, pointer)) {
                return true;
            }
            t->resource = 0;
        }
    }
    return false;
}

static bool find_fragment(struct qtc_compiler *c, struct qtc_target *t, struct qtc_bytes fragment)
{
    const struct qtc_anchor *anchor;
    struct qtc_target start = *t;

    if (fragment.len == 0) {
        return true;
    }
    if (fragment.data[0] == '/') {
        return walk(c, t, fragment) || (*t = start, walk_outer(c, t, fragment));
    }
    anchor = qtc_refs_anchor(c, t->resource, fragment);
    if (!anchor) {
        return false;
    }
    *t = (struct qtc_target){anchor->json, anchor->resource, anchor->place, false};
    return true;
}

bool qtc_refs_find(struct qtc_compiler *c, const struct qtc_target *at, enum qtc_keyword keyword,
                   struct qtc_bytes reference, struct qtc_target *target)
{
    struct qtc_bytes fragment;
    struct qtc_bytes uri =
        qtc_uri_resolve(&c->scratch, qtc_resource_at(c, at->resource)->uri, reference, &fragment);
    uint32_t r;

    if (!uri.data) {
        return qtc_compile_nomem(c);
    }
    r = find_resource(c, at, keyword, uri);
    if (r == UINT32_MAX) {
        return false;
    }
    fragment = qtc_uri_decode(&c->scratch, fragment);
    if (!fragment.data) {
        return qtc_compile_nomem(c);
    }
    *target = (struct qtc_target){qtc_resource_at(c, r)->root, r, qtc_resource_at(c, r)->place, false};
    if (!find_fragment(c, target, fragment)) {
        return qtc_compile_fail(c, QTC_UNKNOWN, "the reference leads nowhere", keyword, reference, at);
    }
    return true;
}
