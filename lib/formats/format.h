/* format.h - model formats: a row each, data and no code. */
#ifndef QTC_FORMAT_H
#define QTC_FORMAT_H

#include "json/json.h"

/* Which reader takes over behind a call's opening marker. */
enum qtc_body {
    QTC_BODY_NONE,  /* the format has no calls */
    QTC_BODY_JSON,  /* {"name": N, "arguments": A}, or an array of them */
    QTC_BODY_XML    /* <function=N> <parameter=K> V </parameter> </function> */
};

#define QTC_FORMAT_LIST 8 /* entries in a row's lists, the NULL at the end included */

struct qtc_format {
    const char *name;
    const char *aliases[QTC_FORMAT_LIST];
    const char *models;  /* for people */
    const char *example; /* one call of get_weather, as the model writes it; tests parse it */

    enum qtc_body body;
    const char *open;  /* begins a block of calls */
    const char *close; /* ends it */

    /* QTC_BODY_XML: tags are <function=N>, </function>; <parameter=K>, </parameter> */
    const char *function_tag;
    const char *parameter_tag;
    bool bare_function; /* the function tag without `open` begins a call too */

    /* QTC_BODY_JSON: keys of a call's object, the usual one first */
    const char *name_keys[QTC_FORMAT_LIST];
    const char *argument_keys[QTC_FORMAT_LIST];
    bool array; /* the usual body is an array of calls */

    const char *think_open; /* NULL: the model does not reason in its text */
    const char *think_close;
    /* Special tokens of the model's tokenizer that may leak into the text. */
    const char *special_tokens[QTC_FORMAT_LIST];
};

/* All built-in formats, in the order in which they are listed. */
const struct qtc_format *const *qtc_formats(size_t *count);
/* By name or alias; NULL when unknown. "auto" is not a format. */
const struct qtc_format *qtc_format_find(const char *name);
/* Appends the row as JSON: what --show-format prints. */
void qtc_format_json(struct qtc_buf *out, const struct qtc_format *format);

#endif
