/* elements.h - the inside of an XML-like element, a whole value, to JSON by its schema.
 *
 * Without child elements it is a scalar, as typed.h reads it. Children make an object
 * with their names as keys; those of one name an array at the place of the first. Where
 * the schema says array, the children are its elements, and a single member is an array
 * of one. Text beside children is a member "$text" (one $ more than any child's name
 * has). What the schema calls a string is the text with all markup in it, where no prefix
 * tells tags from text. A tag without a partner is text, as is what lies deeper than
 * QTC_ELEMENTS_DEPTH. */
#ifndef QTC_ELEMENTS_H
#define QTC_ELEMENTS_H

#include "parse/typed.h"
#include "schema/walk.h"

#define QTC_ELEMENTS_DEPTH 128

struct qtc_element_rules {
    const char *prefix;         /* stands before each tag; NULL: nothing does */
    const char *item;           /* name of a list's elements; NULL: none is special */
    bool noise;                 /* attributes, comments, CDATA, namespaces: read past */
    bool entities;              /* &lt; &gt; &amp; &quot; &apos; &#N; are decoded in text without markup */
    bool trim;                  /* blanks around strings are not theirs */
    const char *type_attribute; /* says a value's type where the schema does not; NULL: none does */
    bool guess;                 /* where the schema does not say: JSON where the text is JSON */
};

/* Appends one JSON value. schema may be NULL. Adds to *found what was mended (enum
 * qtc_mended); sets *mismatch where a value does not fit its schema, leaves it otherwise. When memory
 * ends, out->failed. */
void qtc_elements(struct qtc_buf *out, struct qtc_bytes text, const struct qtc_schema_at *schema,
                  const struct qtc_element_rules *rules, unsigned *found, bool *mismatch);

/* Appends text with its entities decoded. */
void qtc_element_text(struct qtc_buf *out, struct qtc_bytes text);
/* Appends the text without the tags in it, those of children too. */
void qtc_elements_text(struct qtc_buf *out, struct qtc_bytes text);

#endif
