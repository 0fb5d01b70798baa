/* program.h - a compiled schema: what compile writes and run reads. Private to the library.
 *
 * A node is a subschema; its instructions follow each other. An instruction is a keyword, or
 * several that are one piece of work: properties, patternProperties, additionalProperties and
 * required look at each member once. Nodes refer to each other by number, so that schemas may
 * be recursive. All memory is the schema's arena's. */
#ifndef QTC_SCHEMA_PROGRAM_H
#define QTC_SCHEMA_PROGRAM_H

#include "schema/formats.h"
#include "schema/hash.h"
#include "schema/number.h"
#include "schema/pattern.h"
#include "schema/schema.h"

#define QTC_NO_NODE UINT32_MAX

/* Sets of enum qtc_json_type: what kinds of value an instruction looks at. */
#define QTC_KIND(type) (1u << (type))
#define QTC_KINDS_ALL 0x7fu

struct qtc_insn {
    uint8_t op;    /* enum qtc_keyword */
    uint8_t kinds; /* QTC_KIND bits; a value of another kind passes */
    uint32_t node; /* the subschema of those that have one */
    uint64_t n;    /* a length or a count */
    const void *data; /* by op: below */
    const struct qtc_json *source; /* the keyword's value */
};

enum {
    QTC_NODE_FALSE = 1,
    QTC_NODE_MARKS = 2,    /* has unevaluatedProperties or unevaluatedItems */
    QTC_NODE_NULLABLE = 4, /* null passes, whatever else is said */
    QTC_NODE_DRAFT_4 = 8   /* 1.0 is no integer */
};

struct qtc_node {
    const struct qtc_insn *insns;
    uint32_t count;
    uint32_t resource;
    uint32_t place;
    uint8_t flags;
    uint8_t types; /* enum qtc_type bits: the keyword `type`; QTC_T_ANY without it */
    const struct qtc_json *source;
};

/* properties, patternProperties, additionalProperties, required */
struct qtc_members {
    struct qtc_names names;
    const struct qtc_json *required; /* the list; NULL: none */
    uint32_t required_count;
    const struct qtc_json *const *required_names;
    uint32_t pattern_count;
    const struct qtc_pattern *const *patterns;
    const uint32_t *pattern_nodes;
    const struct qtc_json *const *pattern_sources;
    uint32_t additional;    /* QTC_NO_NODE: anything goes */
    uint8_t additional_op;  /* ADDITIONAL_PROPERTIES or CLOSED */
    bool has_schemas; /* false: only required is to be looked at */
};

/* prefixItems, items, additionalItems */
struct qtc_elements {
    const uint32_t *prefix;
    size_t prefix_count;
    uint8_t prefix_op, rest_op;
    uint32_t rest; /* QTC_NO_NODE: anything goes */
};

/* allOf, anyOf, oneOf */
struct qtc_branches {
    const uint32_t *nodes;
    uint32_t count;
};

struct qtc_contains {
    uint32_t node;
    uint64_t min, max;
    bool has_min, has_max;
    bool marks; /* what matches counts as evaluated: 2020-12 */
};

struct qtc_condition {
    uint32_t test, then, otherwise; /* QTC_NO_NODE: without */
};

/* One member of dependentSchemas, dependentRequired, dependencies. */
struct qtc_dependency {
    struct qtc_bytes name;
    uint32_t node;               /* QTC_NO_NODE: names instead */
    const struct qtc_json *names; /* list of strings */
};

struct qtc_dependencies {
    const struct qtc_dependency *list;
    uint32_t count;
};

/* $dynamicRef, $recursiveRef: the schema's own resources that have the anchor. */
struct qtc_dynamic {
    const uint32_t *resources;
    const uint32_t *nodes;
    uint32_t count;
};

/* Where a subschema stands: a step from the place above. */
struct qtc_place {
    uint32_t up; /* UINT32_MAX: the root of a document */
    uint32_t document;
    struct qtc_bytes token; /* data NULL: an index */
    size_t index;
};

struct qtc_schema {
    struct qtc_arena arena;
    struct qtc_node *nodes;
    uint32_t node_count;
    struct qtc_place *places;
    uint32_t place_count;
    struct qtc_bytes *documents; /* their URIs */
    bool has_dynamic;            /* the run keeps the resources it is in */
    enum qtc_draft draft;
    struct qtc_schema_limits limits;
    struct qtc_pattern **patterns;
    uint32_t pattern_count;
    struct qtc_arena tree; /* of a metaschema that was compiled by itself */
};

/* Appends the JSON Pointer of a place. */
void qtc_place_pointer(struct qtc_buf *out, const struct qtc_place *places, uint32_t place);
/* One reference token, with its slash and its escapes. */
void qtc_pointer_token(struct qtc_buf *out, struct qtc_bytes token);

#endif
