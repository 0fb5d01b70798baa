/* record.h - one record of --batch: a line of JSON with a model's text in, a line with its calls out. */
#ifndef QTC_RECORD_H
#define QTC_RECORD_H

#include "stream/stream.h"

/* Keeps what is worth keeping from record to record: parsers and tools. For one thread. */
struct qtc_recorder;

/* defaults: for what a record does not say itself. What they point to is borrowed. NULL when memory ends. */
struct qtc_recorder *qtc_recorder_new(const struct qtc_stream_options *defaults);
void qtc_recorder_free(struct qtc_recorder *r);

struct qtc_record_result {
    bool bad;                 /* it became a record with "error" */
    bool defects;             /* a WARNING or an ERROR among its defects */
    uint64_t column;          /* bad: where in the line, from 1; 0: nowhere in particular */
    struct qtc_bytes message; /* bad: what was wrong; valid until the next call */
};

/* Appends one line to `out`. number: of the line, from 1; ids of a record that has none are made from it.
 * false: memory ended. */
bool qtc_recorder_read(struct qtc_recorder *r, struct qtc_bytes line, uint64_t number, struct qtc_buf *out,
                       struct qtc_record_result *result);
/* The same for a line that could not be read at all. */
bool qtc_recorder_refuse(struct qtc_recorder *r, const char *why, struct qtc_buf *out,
                         struct qtc_record_result *result);

#endif
