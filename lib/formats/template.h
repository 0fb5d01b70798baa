/* template.h - what the readers of response_template and response_schema share. Private. */
#ifndef QTC_FORMAT_TEMPLATE_H
#define QTC_FORMAT_TEMPLATE_H

#include "formats/pattern.h"
#include "formats/read.h"

/* A field of a template at hand: the object that describes it, and its name. */
struct qtc_template_field {
    struct qtc_format_reader *r;
    const struct qtc_json *object;
    const char *name;
};

/* `key of NAME: message "value"`, at the key's value; false. */
bool qtc_template_fail(const struct qtc_template_field *f, const char *key, const char *message);
/* A key's value as a pattern; false (and the error) where it is none that is supported. */
bool qtc_template_pattern(const struct qtc_template_field *f, const char *key, struct qtc_patterns *out);
/* Adds a text to the row's list or sets the row's text, for what a key of the template says. */
bool qtc_template_put(const struct qtc_template_field *f, const char *key, const char *row_key,
                      struct qtc_bytes text);
/* As put, for each text that is not in the list yet. */
bool qtc_template_put_new(const struct qtc_template_field *f, const char *key, const char *row_key,
                          struct qtc_bytes text);
/* The markers of a key ("open") or of the pattern that may stand for it ("open_pattern"),
 * where it is no more than one text, or any of some; neither: nothing. */
bool qtc_template_markers(const struct qtc_template_field *f, const char *key, const char *pattern_key,
                          const char *row_key);
/* The keys of an object are of the list, which ends with NULL; false (and the error) for another one. */
bool qtc_template_known_keys(const struct qtc_template_field *f, const struct qtc_json *object,
                             const char *const *known);

/* The field "tool_calls" of a response_template: its patterns, its transform. */
bool qtc_template_calls(const struct qtc_template_field *f);

#define QTC_TEMPLATE_PATTERN "unsupported pattern"

#endif
