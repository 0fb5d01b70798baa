/* yaml.h - a YAML mapping, the inside of a tag, to a JSON object by its schema. yaml.c is
 * the only file that calls libyaml.
 *
 * Plain scalars are null, true, numbers and strings as YAML 1.2's core schema has them;
 * quoted and block scalars are strings; where the schema names types, they decide.
 * Numbers that JSON has keep their text, the others are written as JSON has them (+5,
 * .5, 0x1f); one with leading zeros (007) is a string where no number is asked for, as
 * are .inf and .nan. Keys are their text. Tags say nothing, but for !!str. The
 * indentation that all lines share is removed first. */
#ifndef QTC_YAML_H
#define QTC_YAML_H

#include "parse/typed.h"
#include "schema/walk.h"

#define QTC_YAML_DEPTH 128

/* Appends one JSON object; {} where there is nothing but blanks and comments. Of equal keys
 * the last one wins. False, with nothing appended, when the text is no mapping (QTC_TYPE), no
 * YAML, has anchors or aliases or more than one document (QTC_SYNTAX), is nested
 * too deep (QTC_LIMIT), or memory ends (QTC_NOMEM, and out->failed). schema and error
 * may be NULL. Adds to *found what was mended, sets *mismatch, as elements.h does. */
bool qtc_yaml(struct qtc_buf *out, struct qtc_bytes text, const struct qtc_schema_at *schema, unsigned *found,
              bool *mismatch, struct qtc_error *error);

#endif
