/* metaschemas.h - what $schema names, and $ref may lead to, without a network. Private to the library. */
#ifndef QTC_SCHEMA_METASCHEMAS_H
#define QTC_SCHEMA_METASCHEMAS_H

#include "schema/schema.h"

struct qtc_metaschema {
    enum qtc_draft draft;
    const char *uri; /* without a fragment */
    const char *text;
};

/* A draft's metaschema comes before its vocabularies'. */
extern const struct qtc_metaschema qtc_metaschemas[];
extern const size_t qtc_metaschema_count;

#endif
