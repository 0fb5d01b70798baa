/* pattern.h - regular expressions as ECMA-262 means them, run by PCRE2. Private to the library. */
#ifndef QTC_SCHEMA_PATTERN_H
#define QTC_SCHEMA_PATTERN_H

#include "base/base.h"

struct qtc_pattern; /* immutable; shared by threads */
struct qtc_matcher; /* scratch for matching; a thread's own */

enum qtc_match { QTC_MATCH_NO, QTC_MATCH_YES, QTC_MATCH_LIMIT };

/* Turns an ECMA-262 expression (with the flag u) into PCRE2's syntax. NULL, or a constant
 * message that says what is wrong, *offset where. */
const char *qtc_ecma_translate(struct qtc_buf *out, struct qtc_bytes source, size_t *offset);

/* NULL on error: error filled in, detail has more, for people. */
struct qtc_pattern *qtc_pattern_compile(struct qtc_bytes source, struct qtc_error *error, struct qtc_buf *detail);
void qtc_pattern_free(struct qtc_pattern *pattern);
/* Whether it is an ECMA-262 expression at all. */
bool qtc_pattern_valid(struct qtc_bytes source);

struct qtc_matcher *qtc_matcher_new(void);
void qtc_matcher_free(struct qtc_matcher *m);
/* Whether it matches anywhere in the text. Text that is not UTF-8 is matched around what is not. */
enum qtc_match qtc_pattern_match(const struct qtc_pattern *pattern, struct qtc_matcher *m, struct qtc_bytes text,
                                 uint32_t limit);

#endif
