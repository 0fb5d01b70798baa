/* fields.h - members of objects that are passed on without being understood. Private to this room. */
#ifndef QTC_FIELDS_H
#define QTC_FIELDS_H

#include "json/json.h"

struct qtc_field {
    struct qtc_buf name; /* decoded */
    enum qtc_json_type type;
    struct qtc_buf json; /* the value; a string or an array without its end, so that it can grow */
};

/* Starts as {0}. In the order in which they came. */
struct qtc_fields {
    struct qtc_field *items;
    size_t count, cap;
};

enum qtc_fields_rule {
    QTC_FIELDS_LAST, /* the last value counts */
    QTC_FIELDS_JOIN  /* strings and arrays go on, as deltas do; else the last value counts */
};

/* Takes over an object's members; null never replaces a value. Anything but an object is passed over. false
 * when memory ends. */
bool qtc_fields_merge(struct qtc_fields *f, const struct qtc_json *object, enum qtc_fields_rule rule);
const struct qtc_field *qtc_fields_get(const struct qtc_fields *f, const char *name);
/* Appends one value. */
void qtc_field_value(struct qtc_buf *out, const struct qtc_field *field);
/* Appends `,"name":value` for each member but those named in `but` (NULL at its end; may be NULL). */
void qtc_fields_write(struct qtc_buf *out, const struct qtc_fields *f, const char *const *but);
void qtc_fields_free(struct qtc_fields *f);

#endif
