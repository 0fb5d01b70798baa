/* read.h - what the readers of format files share. Private to this folder. */
#ifndef QTC_FORMAT_READ_H
#define QTC_FORMAT_READ_H

#include "base/guess.h"
#include "formats/fields.h"

struct qtc_format_reader {
    struct qtc_format *row;
    struct qtc_arena *arena; /* of the row's texts */
    struct qtc_error *error;
    struct qtc_buf *detail; /* may be NULL */
    const char *start;      /* where offsets count from */
};

/* `of: place: message "value": did you mean "nearest"?`; what is NULL is left out. */
struct qtc_format_fault {
    enum qtc_code code;
    const char *where; /* in the input; NULL: its start */
    const char *message;
    const char *place, *of; /* "open", and where that is not at the top, of what */
    struct qtc_bytes value; /* data is NULL: none */
    const char *nearest;
};

/* Sets the error and the detail; false. */
bool qtc_format_fail(struct qtc_format_reader *r, const struct qtc_format_fault *fault);
bool qtc_format_no_memory(struct qtc_format_reader *r);

/* The name nearest to what was given; best.data is then one of the names. */
struct qtc_guess qtc_format_guess(struct qtc_bytes given);
void qtc_format_consider(struct qtc_guess *n, const char *name);

/* A terminated copy that the row owns; NULL when memory ends (the error is set). */
const char *qtc_format_own(struct qtc_format_reader *r, struct qtc_bytes text);
/* Sets a TEXT, or adds to a LIST, after the checks that hold for markers. `at` and `of`
 * are for the error: where the text stands and in what. */
bool qtc_format_put(struct qtc_format_reader *r, const char *key, struct qtc_bytes text,
                    const struct qtc_format_fault *at);
/* The same for a word of a header. */
bool qtc_format_put_route(struct qtc_format_reader *r, struct qtc_bytes word, enum qtc_route route,
                          const struct qtc_format_fault *at);

/* A response_template or a response_schema into the row. */
bool qtc_format_template(struct qtc_format_reader *r, const struct qtc_json *template);
bool qtc_format_response_schema(struct qtc_format_reader *r, const struct qtc_json *schema);

#endif
