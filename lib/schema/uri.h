/* uri.h - references against a base (RFC 3986, section 5). Private to the library. */
#ifndef QTC_SCHEMA_URI_H
#define QTC_SCHEMA_URI_H

#include "base/base.h"

/* Parts of a URI reference; a part that is absent has data NULL. */
struct qtc_uri {
    struct qtc_bytes scheme, authority, path, query, fragment;
};

struct qtc_uri qtc_uri_split(struct qtc_bytes text);
/* The target of `reference` seen from `base`, in the arena; without the fragment, which goes into
 * *fragment (decoded of nothing, borrowed from reference). data NULL when memory ends. */
struct qtc_bytes qtc_uri_resolve(struct qtc_arena *arena, struct qtc_bytes base, struct qtc_bytes reference,
                                 struct qtc_bytes *fragment);
/* %XX decoded, in the arena; data NULL when memory ends. */
struct qtc_bytes qtc_uri_decode(struct qtc_arena *arena, struct qtc_bytes text);

#endif
