/* parse.h - model text to events, by a format's row.
 *
 *   feed(bytes)* finish()      any cut of the bytes gives the same events, but
 *                              for how text and arguments are cut into fragments
 *
 * The sink gets CONTENT, REASONING, CALL, ARGS, CALL_END, FRAMING and DEFECT.
 * Calls are numbered from 0 and never interleave: CALL, its ARGS, its CALL_END;
 * CONTENT may stand between them where text stood inside a call's markup. No
 * fragment ends inside a UTF-8 character. CALL.id is empty unless the model wrote
 * one. A CALL_END that is truncated leaves the arguments' JSON open. */
#ifndef QTC_PARSE_H
#define QTC_PARSE_H

#include "formats/format.h"
#include "schema/tools.h"

enum qtc_recover {
    QTC_RECOVER_NORMAL, /* mend what has one reading */
    QTC_RECOVER_STRICT, /* only well-formed calls of known functions; the rest stays text */
    QTC_RECOVER_LENIENT /* also close what was cut off, and read JSON in untyped parameters */
};

enum qtc_reasoning {
    QTC_REASONING_SPLIT, /* REASONING events */
    QTC_REASONING_DROP,  /* its bytes are FRAMING */
    QTC_REASONING_INLINE /* left in the content, markers and all; messages of their own are not */
};

struct qtc_parse_options {
    const struct qtc_format *format; /* NULL: auto */
    const struct qtc_format *likely; /* auto: tried before the others; NULL: no hint */
    const struct qtc_tools *tools;   /* NULL: not known */
    enum qtc_recover recover;
    enum qtc_reasoning reasoning;
    bool starts_in_reasoning;
    /* The sink takes only whole calls: a tagged call's ARGS wait, so that a
     * parameter given twice can be replaced (the last one wins). Past 64 KiB they
     * go out as they come all the same. */
    bool hold_calls;
    unsigned choice;
    size_t max_held; /* bytes that may wait for a decision; 0: 16 MiB */
};

struct qtc_parser;

/* NULL when memory ends. The options are copied; what they point to is borrowed. */
struct qtc_parser *qtc_parser_new(const struct qtc_parse_options *options, qtc_sink *sink, void *ctx);
void qtc_parser_free(struct qtc_parser *p);
/* QTC_OK, QTC_STOPPED or QTC_NOMEM; after an error only free() is allowed. */
enum qtc_code qtc_parser_feed(struct qtc_parser *p, const char *text, size_t len);
enum qtc_code qtc_parser_finish(struct qtc_parser *p);
/* Ready for another text, memory kept. */
void qtc_parser_reset(struct qtc_parser *p);
/* Some bytes that were fed are in no event yet. */
bool qtc_parser_holding(const struct qtc_parser *p);
/* The format that the calls so far were written in; the given one, or NULL
 * while auto has seen none. */
const struct qtc_format *qtc_parser_format(const struct qtc_parser *p);

#endif
