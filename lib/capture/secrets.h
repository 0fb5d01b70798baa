/* secrets.h - what a secret looks like, and what it is called. Private to lib/capture. */
#ifndef QTC_CAPTURE_SECRETS_H
#define QTC_CAPTURE_SECRETS_H

#include "base/base.h"

/* A part of a text that is to be masked; what introduces it (`Bearer `, `sk-`) is not in it. */
struct qtc_secret {
    const char *rule;
    struct qtc_bytes name; /* that it has in the text; empty: it is known by its looks */
    size_t at, len;
};

/* Returns false to stop. */
typedef bool qtc_secret_sink(void *ctx, const struct qtc_secret *secret);

struct qtc_secrets; /* the expressions, compiled when they are first needed, and room for matching */

struct qtc_secrets *qtc_secrets_new(void); /* NULL when memory ends */
void qtc_secrets_free(struct qtc_secrets *s);

/* The secrets of a text, in order, none in another. Linear: each place is looked at by at most one rule
 * whose cost is not bounded, and then passed over. QTC_OK, QTC_STOPPED, QTC_NOMEM. */
enum qtc_code qtc_secrets_find(struct qtc_secrets *s, struct qtc_bytes text, qtc_secret_sink *sink,
                               void *ctx);

/* Whether a value is a secret because of its member's or parameter's name (any case; `_`, `-` and `.` do not
 * count). */
bool qtc_secret_by_name(struct qtc_bytes name);
/* How much of a value that is a secret says only what kind it is: `Bearer `, `sk-`. */
size_t qtc_secret_prefix(struct qtc_bytes value);

#endif
