/* typed.h - the text of a parameter to JSON, by what its schema allows. */
#ifndef QTC_TYPED_H
#define QTC_TYPED_H

#include "parse/mend.h"
#include "schema/tools.h"

/* Appends `text` as JSON. types: enum qtc_type bits; 0 with `guess`: JSON where
 * the text is JSON. A set is tried as null, number, boolean, container, string.
 * *mismatch: the text does not spell any of the types; *mended: enum
 * qtc_mended bits of what was converted (Python literals, single quotes, ...). */
void qtc_typed(struct qtc_buf *out, struct qtc_bytes text, unsigned types, bool guess, bool *mismatch,
               unsigned *mended);

/* The same for a value that stands inside `depth` arrays and objects: JSON text that would
 * be nested deeper than QTC_JSON_MAX_DEPTH there is a string. */
void qtc_typed_inside(struct qtc_buf *out, struct qtc_bytes text, unsigned types, bool guess, unsigned depth,
                      bool *mismatch, unsigned *mended);

/* Whether a value that begins like this may still become something else than a
 * string, where a string is allowed too. Once false, it can be streamed. */
bool qtc_typed_open(struct qtc_bytes begin, unsigned types, bool guess);

/* enum qtc_type bits of a type's name (as JSON, or as Python has it), or of "true" and
 * "false": is it a string? 0: none of them. */
unsigned qtc_type_named(struct qtc_bytes name);

#endif
