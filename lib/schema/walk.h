/* walk.h - what a schema says of the values inside a value. Private to the library.
 *
 *     qtc_schema_begin(&scope, tool, text.len);
 *     struct qtc_schema_at at = qtc_schema_root(&scope, tool);
 *     at = qtc_schema_member(&at, key);  ...  at = qtc_schema_items(&at, 0);
 *     qtc_schema_end(&scope);
 *
 * Tools are only read, so threads may share them; a scope belongs to one value that
 * is being read. $ref, allOf, anyOf and oneOf are followed until the scope's budget
 * is used up: from then on nothing is known. scope.failed: memory ended. */
#ifndef QTC_SCHEMA_WALK_H
#define QTC_SCHEMA_WALK_H

#include "schema/types.h"

/* Branches that all describe the same value; of more, only the types count. */
#define QTC_SCHEMA_BRANCHES 4

/* A place in a schema; {0} is one of which nothing is known. Copied freely. */
struct qtc_schema_at {
    struct qtc_schema_scope *scope;
    const struct qtc_json *schemas[QTC_SCHEMA_BRANCHES];
    size_t count;
    unsigned types; /* enum qtc_type bits, of all branches; 0: not said */
};

/* tool may be NULL. text_len: of the text that will be read, which bounds the work. */
void qtc_schema_begin(struct qtc_schema_scope *scope, const struct qtc_tool *tool, size_t text_len);
void qtc_schema_end(struct qtc_schema_scope *scope);

/* The arguments: an object, whatever else the schema says or does not say. */
struct qtc_schema_at qtc_schema_root(struct qtc_schema_scope *scope, const struct qtc_tool *tool);
/* A member of an object: by properties, and where no branch has it, by
 * additionalProperties. count is 0 when the schema does not know it. */
struct qtc_schema_at qtc_schema_member(const struct qtc_schema_at *at, struct qtc_bytes key);
/* An element of an array: by prefixItems (or a list of items), then by items. */
struct qtc_schema_at qtc_schema_items(const struct qtc_schema_at *at, size_t index);

#endif
