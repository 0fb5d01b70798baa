/* fields.h - the fields of struct qtc_format, one table. What writes rows as JSON,
 * reads them, and describes them (schema, manual) walks it. Private to this folder. */
#ifndef QTC_FORMAT_FIELDS_H
#define QTC_FORMAT_FIELDS_H

#include "formats/format.h"

enum qtc_field_kind {
    QTC_FIELD_TEXT,   /* const char * */
    QTC_FIELD_LIST,   /* const char *[QTC_FORMAT_LIST] */
    QTC_FIELD_FLAG,   /* bool */
    QTC_FIELD_ENUM,   /* an enum, by its names */
    QTC_FIELD_ROUTES, /* struct qtc_format_route[QTC_FORMAT_LIST] */
    QTC_FIELD_KINDS
};

#define QTC_FORMAT_MARKER 128 /* bytes in a marker, at most */

struct qtc_field {
    const char *key; /* the member's name, and the JSON key */
    enum qtc_field_kind kind;
    size_t offset;            /* in struct qtc_format */
    const char *const *names; /* ENUM and ROUTES: by value; ends with NULL */
    bool prose;               /* a TEXT for people: of any length, and may be empty */
    bool own;                 /* says which format it is: `extends` does not inherit it */
    bool always;              /* written though it is 0 */
    const char *about;        /* for people; lower case, no full stop */
};

/* In the order in which they are written. */
const struct qtc_field *qtc_format_fields(size_t *count);
/* By key; NULL when unknown. */
const struct qtc_field *qtc_format_field(struct qtc_bytes key);
/* The field's value in a row: what it points to is of the type that `kind` says. */
const void *qtc_field_get(const struct qtc_field *field, const struct qtc_format *format);
void *qtc_field_at(const struct qtc_field *field, struct qtc_format *format);
/* It says something: is not NULL, not an empty list, not false, not the first name. */
bool qtc_field_is_set(const struct qtc_field *field, const struct qtc_format *format);
/* An enum's number by one of its names; -1 when it is none. */
int qtc_field_number(const struct qtc_field *field, struct qtc_bytes name);

#endif
