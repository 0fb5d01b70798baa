/* jq_filter.h - the user's jq programs (--filter), by libjq; jq.c is the only file that knows it. */
#ifndef QTC_JQ_FILTER_H
#define QTC_JQ_FILTER_H

#include "base/base.h"

struct qtc_jq;

/* Compiles a program. NULL when it does not compile, or when memory ends; why is appended to *errors, a line
 * each. `errors` is borrowed by the result: what goes wrong later is appended there too, and the caller
 * takes it from there. Nothing goes to standard error, but by a program's own `stderr`. */
struct qtc_jq *qtc_jq_new(const char *program, struct qtc_buf *errors);
void qtc_jq_free(struct qtc_jq *jq);

/* Runs it over one JSON text and appends each result to *out, compact, a line each.
 * QTC_OK; QTC_TYPE when the program raised an error (the results before it are kept; go on with the next
 * text); QTC_SYNTAX when the text is not JSON for libjq; QTC_STOPPED when the program said halt. */
enum qtc_code qtc_jq_run(struct qtc_jq *jq, struct qtc_bytes json, struct qtc_buf *out);
/* The same with the signature of a qtc_value_filter; ctx is the qtc_jq. false only for halt. */
bool qtc_jq_filter(void *ctx, struct qtc_bytes json, struct qtc_buf *out);
/* Some run raised an error, or halt_error was called. */
bool qtc_jq_failed(const struct qtc_jq *jq);
/* The program said halt: nothing more is to be written. */
bool qtc_jq_halted(const struct qtc_jq *jq);

#endif
