/* types.h - what a JSON Schema says about the type of a value. Private to the library. */
#ifndef QTC_SCHEMA_TYPES_H
#define QTC_SCHEMA_TYPES_H

#include "schema/tools.h"

#define QTC_SCOPE_ROOTS 3

/* Where local references lead. */
struct qtc_schema_scope {
    const struct qtc_json *roots[QTC_SCOPE_ROOTS]; /* tried in this order; NULL: none */
    struct qtc_buf token;                          /* scratch */
    /* Work that may still be done. References can make a small file unfold into
     * an endless schema; what is left then counts as not said. */
    size_t budget;
    bool failed; /* memory ended */
};

/* enum qtc_type bits; 0 where the schema does not say. */
unsigned qtc_schema_types(struct qtc_schema_scope *scope, const struct qtc_json *schema);
/* What the schema's $ref leads to; NULL without one, or when it leads nowhere. */
const struct qtc_json *qtc_schema_target(struct qtc_schema_scope *scope, const struct qtc_json *schema);
/* Takes n from the budget; false when it is used up. */
bool qtc_schema_spend(struct qtc_schema_scope *scope, size_t n);

#endif
