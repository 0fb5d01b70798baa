/* values.h - JSON values that follow each other, out of blocks of any size: JSON Lines, or one value on many
 * lines. */
#ifndef QTC_VALUES_H
#define QTC_VALUES_H

#include "json/json.h"

#define QTC_VALUE_MAX ((size_t)64 << 20)

/* line: where the value begins, from 1. Returns false to stop. */
typedef bool qtc_value_sink(void *ctx, struct qtc_bytes json, uint64_t line);

/* Starts as {.sink, .ctx}. */
struct qtc_values {
    qtc_value_sink *sink;
    void *ctx;
    struct qtc_json_scan scan;
    struct qtc_buf value;   /* as far as it has come */
    bool open;              /* in a value */
    uint64_t lines, column; /* line ends so far, and bytes since the last one */
    uint64_t begun;         /* the line in which the value began */
};

/* QTC_OK; QTC_STOPPED; QTC_SYNTAX where the bytes are not JSON, at line lines + 1 and column + 1; QTC_LIMIT
 * for a value that is too long; QTC_NOMEM. After a failure only finish and free. */
enum qtc_code qtc_values_feed(struct qtc_values *v, struct qtc_bytes bytes);
/* QTC_SYNTAX where the input ends inside a value, which began in line `begun`. */
enum qtc_code qtc_values_finish(struct qtc_values *v);
void qtc_values_free(struct qtc_values *v);

#endif
