/* compiler.h - what the parts of the compiler share. Private to the library.
 *
 *     refs.c      documents, their resources ($id) and anchors; where a reference leads
 *     compile.c   the queue of subschemas, nodes, problems
 *     keywords.c  the tables of names
 *     assemble.c  a function a keyword: from its value to an instruction
 *
 * Nothing recurses: subschemas wait in queues, so a deep schema costs memory and no stack. */
#ifndef QTC_SCHEMA_COMPILER_H
#define QTC_SCHEMA_COMPILER_H

#include "schema/program.h"

enum qtc_vocabulary {
    QTC_V_CORE = 1,
    QTC_V_APPLICATOR = 2,
    QTC_V_UNEVALUATED = 4,
    QTC_V_VALIDATION = 8,
    QTC_V_META_DATA = 16,
    QTC_V_FORMATS = 32,
    QTC_V_CONTENT = 64,
    QTC_V_FORMAT_ASSERTION = 128,
    QTC_V_ALL = 127
};

enum qtc_holds { QTC_H_NOTHING, QTC_H_SCHEMA, QTC_H_LIST, QTC_H_MAP, QTC_H_ITEMS, QTC_H_DEPENDS };

/* A row of keywords.h. */
struct qtc_keyword_row {
    const char *name;
    size_t len;
    uint64_t start; /* its first 8 bytes, the first one highest */
    unsigned drafts; /* bit 1 << enum qtc_draft */
    unsigned vocabulary;
    enum qtc_holds holds;
};

extern const struct qtc_keyword_row qtc_keyword_rows[QTC_KEYWORDS];
/* QTC_K_NONE when no draft has it. */
enum qtc_keyword qtc_keyword_find(struct qtc_bytes name);
/* The one that was probably meant; NONE. */
enum qtc_keyword qtc_keyword_nearest(struct qtc_bytes name);

/* The bit of a type's name; 0 when there is none of that name. */
unsigned qtc_type_find(struct qtc_bytes name, bool any_case);

/* What $schema says. */
struct qtc_dialect {
    enum qtc_draft draft;
    unsigned vocabularies;
};

/* A schema with a URI of its own. */
struct qtc_resource {
    struct qtc_bytes uri;
    const struct qtc_json *root;
    uint32_t place;
    struct qtc_dialect dialect;
};

struct qtc_anchor {
    uint32_t resource;
    struct qtc_bytes name; /* "" for $recursiveAnchor */
    const struct qtc_json *json;
    uint32_t place;
    bool dynamic;
};

/* A subschema, and what it belongs to. */
struct qtc_target {
    const struct qtc_json *json;
    uint32_t resource, place;
    bool closed; /* it describes the whole of its value: options.closed applies */
};

/* An array that grows in an arena. */
struct qtc_list {
    void *items;
    uint32_t count, room;
};

struct qtc_compiler {
    struct qtc_schema *schema;
    const struct qtc_schema_options *options;
    struct qtc_schema_problem *problem;
    struct qtc_arena *arena;  /* the schema's */
    struct qtc_arena scratch; /* gone when compiled */
    bool failed;
    bool plain; /* nothing in the document refers to anything */
    struct qtc_map uris, roots, anchor_names, node_keys;
    struct qtc_list resources, anchors; /* of the structs above */
    struct qtc_list places, documents;  /* of what program.h has; struct qtc_document */
    struct qtc_list visits;             /* struct qtc_target: to be looked through for $id and anchors */
    struct qtc_list nodes, targets;     /* struct qtc_node and the struct qtc_target it is made of */
    struct qtc_list dynamic_refs;       /* struct qtc_dynamic_ref */
    struct qtc_list patterns;
    size_t visited, values, fetched;
    struct qtc_dialect dialect; /* where nothing is said */
    uint32_t false_node;
};

struct qtc_document {
    struct qtc_bytes uri;
    const struct qtc_json *tree;
};

/* A $dynamicRef that is to be completed when all documents are known. */
struct qtc_dynamic_ref {
    struct qtc_dynamic *dynamic;
    struct qtc_bytes name;
};

/* ---- compile.c -------------------------------------------------------------- */

/* A new item, zeroed, or NULL when memory ends (which is reported). */
void *qtc_list_add(struct qtc_compiler *c, struct qtc_list *list, size_t size);
void *qtc_compile_alloc(struct qtc_compiler *c, size_t count, size_t size);

/* The first problem stays. Both return false. keyword may be NONE; json is what the place's text
 * offset is taken of. */
bool qtc_compile_fail(struct qtc_compiler *c, enum qtc_code code, const char *message, enum qtc_keyword keyword,
                      struct qtc_bytes name, const struct qtc_target *at);
bool qtc_compile_nomem(struct qtc_compiler *c);
/* Tells the caller's sink; with options.strict it fails. */
void qtc_compile_warn(struct qtc_compiler *c, enum qtc_code code, const char *message, enum qtc_keyword keyword,
                      struct qtc_bytes name, enum qtc_keyword nearest, const struct qtc_target *at);

/* The step from a place; token.data NULL: the index. UINT32_MAX when memory ends. */
uint32_t qtc_place_add(struct qtc_compiler *c, uint32_t up, struct qtc_bytes token, size_t index);
/* The node of a subschema, which is compiled later. QTC_NO_NODE on failure. */
uint32_t qtc_compile_node(struct qtc_compiler *c, const struct qtc_target *target);

static inline struct qtc_resource *qtc_resource_at(const struct qtc_compiler *c, uint32_t i)
{
    return (struct qtc_resource *)c->resources.items + i;
}

/* ---- refs.c ------------------------------------------------------------------ */

/* Takes a document in: its root's resource; UINT32_MAX on failure. */
uint32_t qtc_refs_document(struct qtc_compiler *c, const struct qtc_json *tree, struct qtc_bytes uri);
/* Where a reference leads, seen from at. */
bool qtc_refs_find(struct qtc_compiler *c, const struct qtc_target *at, enum qtc_keyword keyword,
                   struct qtc_bytes reference, struct qtc_target *target);
/* The anchor of that name in a resource; NULL. */
const struct qtc_anchor *qtc_refs_anchor(const struct qtc_compiler *c, uint32_t resource, struct qtc_bytes name);

/* ---- assemble.c --------------------------------------------------------------- */

/* Instructions of one subschema. */
bool qtc_assemble(struct qtc_compiler *c, uint32_t node);

#endif
