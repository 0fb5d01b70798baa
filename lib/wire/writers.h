/* writers.h - the writers of lib/wire, one open function each. Private to this room. */
#ifndef QTC_WRITERS_H
#define QTC_WRITERS_H

#include "wire/wire.h"

/* Each returns NULL when memory ends. The options are copied. */
struct qtc_writer *qtc_writer_open_calls(const struct qtc_writer_options *options);
struct qtc_writer *qtc_writer_open_sse(const struct qtc_writer_options *options);
struct qtc_writer *qtc_writer_open_chunks(const struct qtc_writer_options *options);
/* One choice. piece() writes a line: what the piece of input before it gave, as an OpenAI delta without role,
 *   {"reasoning_content":T,"content":T,"tool_calls":[E,...]}   members that it has; or null
 * with an element E for each call that the piece began or went on with: on its first delta
 *   {"index":N,"id":T,"type":"function","function":{"name":T,"arguments":T}}, later {"index":N,"function":{"arguments":T}}
 * finish() writes the last line: what came since, and "finish_reason". */
struct qtc_writer *qtc_writer_open_deltas(const struct qtc_writer_options *options);
struct qtc_writer *qtc_writer_open_message(const struct qtc_writer_options *options);
struct qtc_writer *qtc_writer_open_response(const struct qtc_writer_options *options);
struct qtc_writer *qtc_writer_open_events(const struct qtc_writer_options *options);
struct qtc_writer *qtc_writer_open_text(const struct qtc_writer_options *options);

/* ---- one JSON value a line ------------------------------------------------
 *
 *   out = qtc_value_open(v); ... append one JSON value to out ...; qtc_value_close(v)
 *
 * The value goes straight to the output, or through the filter on its way. */
struct qtc_value {
    struct qtc_buf *out;
    qtc_value_filter *filter;
    void *filter_ctx;
    struct qtc_buf scratch; /* the value, while a filter waits for it */
};

void qtc_value_init(struct qtc_value *v, const struct qtc_writer_options *options);
void qtc_value_free(struct qtc_value *v);
struct qtc_buf *qtc_value_open(struct qtc_value *v);
/* Ends the line. false: memory ended, or the filter gave up. */
bool qtc_value_close(struct qtc_value *v);

/* Appends `"key":` with a comma before it where the object already has members
 * (where the last byte is not `{`), then the string. key needs no escape. */
void qtc_member_string(struct qtc_buf *out, const char *key, struct qtc_bytes text);
void qtc_member_u64(struct qtc_buf *out, const char *key, uint64_t n);
/* json: a value as it is, but for line ends between its parts: it goes on one line */
void qtc_member_raw(struct qtc_buf *out, const char *key, struct qtc_bytes json);

#endif
