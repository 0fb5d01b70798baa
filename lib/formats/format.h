/* format.h - model formats: a row each, data and no code.
 *
 * What a row says, drawn along one response:
 *
 *   text  OPEN  FUNCTION_OPEN name FUNCTION_END  arguments  FUNCTION_CLOSE  CLOSE  text
 *
 *   <tool_call>\n<function=N>\n …parameters… \n</function>\n</tool_call>      tags
 *   <tool_call>N\n <arg_key>K</arg_key> <arg_value>V</arg_value> </tool_call> tags, name as text
 *   <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>N<｜tool▁sep｜>{…}<｜tool▁call▁end｜>…  named
 *   <tool_call>\n{"name": N, "arguments": {…}}\n</tool_call>                  json
 *
 * Any of the markers may be missing from a row: then what stands next to it
 * follows at once. Blanks may stand between all of them. Formats whose rows have
 * an opener in common are told apart by what follows it. */
#ifndef QTC_FORMAT_H
#define QTC_FORMAT_H

#include "json/json.h"

/* How a call is written, and so which reader takes over behind its markers. */
enum qtc_body {
    QTC_BODY_NONE,     /* the format has no calls */
    QTC_BODY_JSON,     /* {"name": N, "arguments": A}, or an array of them */
    QTC_BODY_NAMED,    /* the name as text, then A as JSON */
    QTC_BODY_TAGS,     /* a tag each for the function and for its parameters */
    QTC_BODY_ELEMENTS, /* a parameter's name is its tag; values may be elements again */
    QTC_BODY_YAML,     /* the arguments are a YAML mapping */
    QTC_BODY_PYTHON,   /* N(K=V, …), values as Python literals */
    QTC_BODY_GEMMA,    /* N{K:V,…}, strings between delimiters */
    QTC_BODIES
};

/* What of a tagged value's outer blanks belongs to the markup. */
enum qtc_trim {
    QTC_TRIM_LINE, /* one line end on each side */
    QTC_TRIM_NONE,
    QTC_TRIM_ALL,   /* every blank on both sides */
    QTC_TRIM_TYPED, /* none of a string's, all of other values' */
    QTC_TRIMS
};

/* What becomes of a message, by a word of its header. */
enum qtc_route {
    QTC_ROUTE_CONTENT,
    QTC_ROUTE_REASONING,
    QTC_ROUTE_DROP, /* its text is framing */
    QTC_ROUTE_CALL, /* it is a call, or holds calls where the format has tags for them */
    QTC_ROUTES
};

struct qtc_format_route {
    const char *word; /* a channel, or a recipient behind "to="; "": neither is named */
    enum qtc_route route;
};

#define QTC_FORMAT_LIST 16 /* entries in a row's lists, the end included */

struct qtc_format {
    const char *name;
    const char *aliases[QTC_FORMAT_LIST];
    const char *models; /* for people */
    /* Parts of model ids that use it, in lower case with '-' between words: what
     * --model and an envelope's "model" are compared with. */
    const char *model_ids[QTC_FORMAT_LIST];
    const char *example; /* a call of get_weather, as the model writes it; tests parse it */

    enum qtc_body body;
    /* Formats are listed, and where an opener is shared tried, by rank, then by name;
     * 0 stands for 50. Not in files: a format that is given is tried first. */
    unsigned rank;
    const char *open[QTC_FORMAT_LIST];  /* any of them begins a block of calls; the usual one first */
    const char *close[QTC_FORMAT_LIST]; /* any of them ends it; none: the last call does */
    bool bare;                          /* text that begins with a call begins a block too */
    bool array;  /* a block usually holds several calls, in an array or one behind the other */
    bool suffix; /* a tag's name may carry a suffix from the tokenizer: <tool_call:6124c78e> */

    /* ---- a call ---- */
    /* Markers such as "<function" whose tag holds more, up to function_end, or
     * whole ones. NULL: the name follows `open`. */
    const char *function_open;
    const char *function_end;                   /* NULL: the first character that is not a name's */
    const char *function_close;                 /* NULL: the arguments' end is the call's */
    bool bare_function;                         /* function_open without `open` begins a call too */
    const char *name_attribute;                 /* the name is this attribute's value; NULL: it is
                                                   what stands behind '=', or the tag's text */
    const char *name_prefixes[QTC_FORMAT_LIST]; /* left out of names */
    const char *id_open;                        /* between name and function_end: the call's id follows */
    bool name_is_id;                            /* functions.N:0 is also the call's id */
    bool doubled_names;                         /* N.N is N, where the tools have N only */
    bool type_first;                            /* TYPE function_end NAME, the line's end closes the tag */
    const char *skip[QTC_FORMAT_LIST];          /* markers between the others that say nothing */
    bool spaced; /* blanks may stand around the word between two tokens: <|open|> tools <|sep|> */

    /* QTC_BODY_TAGS */
    const char *parameter_open; /* "<parameter", "<arg_key>" */
    const char *parameter_end;  /* ends that tag: ">", "</arg_key>" */
    const char *value_open;     /* stands before the value: "<arg_value>" */
    const char *parameter_close;
    const char *key_attribute; /* as name_attribute */
    /* Says the value's type: an attribute whose value is a JSON type's name, or,
     * where it is "string", whether the value is one. */
    const char *type_attribute;
    const char *type_open, *type_close; /* the same as an element of its own */
    enum qtc_trim trim;
    /* A sole parameter of such a name that holds an object of the tool's parameters,
     * and is none of them, holds all arguments. */
    const char *wrappers[QTC_FORMAT_LIST];
    bool cdata;       /* <![CDATA[…]]> around a value is markup */
    bool json_values; /* a value whose type is not known is JSON where it can be */
    bool entities;    /* &amp; and &quot; in attributes stand for what they name */

    /* QTC_BODY_ELEMENTS: stands before each tag */
    const char *element_prefix;
    bool tool_tags; /* the tool's name is the function's tag */

    /* Keys of a call written as a JSON object, the usual one first; no name key:
     * {"N": A}. In QTC_BODY_ELEMENTS: the elements that hold name and arguments. */
    const char *name_keys[QTC_FORMAT_LIST];
    const char *argument_keys[QTC_FORMAT_LIST];
    const char *id_keys[QTC_FORMAT_LIST];

    bool python_spelling; /* of the object: {'name': N, 'arguments': {'k': True}} */

    /* QTC_BODY_GEMMA: stands on both sides of a string */
    const char *delimiter;

    /* ---- text ---- */
    const char *think_open[QTC_FORMAT_LIST]; /* none: the model does not reason in its text */
    const char *think_close[QTC_FORMAT_LIST];
    /* Stands before the reasoning and says nothing: "thought\n". */
    const char *think_label;
    const char *content_open[QTC_FORMAT_LIST]; /* around the answer's text; they end reasoning */
    const char *content_close[QTC_FORMAT_LIST];
    /* Tags within the answer that are left out of it, such as those around citations;
     * one without '>' goes on up to it. */
    const char *text_tags[QTC_FORMAT_LIST];
    /* Special tokens of the model's tokenizer that may leak into the text. */
    const char *special_tokens[QTC_FORMAT_LIST];

    bool cut_markers; /* a part of a marker that the text ends in is left out: no text is like it */

    /* ---- messages: header_open HEADER header_end text message_close ---- */
    const char *header_open[QTC_FORMAT_LIST];
    const char *header_end[QTC_FORMAT_LIST]; /* none: the next marker ends a header, whose text is framing */
    const char *message_close[QTC_FORMAT_LIST];
    bool starts_in_header;                           /* the prompt ended in a header: " to=N<|message|>…" */
    struct qtc_format_route routes[QTC_FORMAT_LIST]; /* ends with a word of NULL; a recipient
                                                        that is not listed is a call's name */
};

/* All built-in formats, by rank: where an opener is shared, the first one that
 * fits counts. */
const struct qtc_format *const *qtc_formats(size_t *count);
/* By name or alias; NULL when unknown. "auto" is not a format. */
const struct qtc_format *qtc_format_find(const char *name);
/* By a model's id, as "deepseek-ai/DeepSeek-V3.1"; NULL when no row names it. */
const struct qtc_format *qtc_format_of_model(struct qtc_bytes model);
/* Appends the row as JSON: what --show-format prints. */
void qtc_format_json(struct qtc_buf *out, const struct qtc_format *format);
/* Appends a line of JSON that says which format it is: name, aliases, models, model_ids,
 * example and body, all of them always. */
void qtc_format_summary(struct qtc_buf *out, const struct qtc_format *format);

/* A format from a file: the syntax that qtc_format_json writes, or a Hugging Face
 * response_template (or the older response_schema), alone or in a tokenizer_config.json.
 * Texts and lists that are missing are empty; "extends": NAME starts from a built-in row.
 * NULL on error: then `detail` (may be NULL) is the message with the key and the value
 * that it is about, as `unknown key "opne": did you mean "open"?`; it is cleared first.
 * The caller owns the result, which is independent of the input. */
struct qtc_format *qtc_format_read(struct qtc_bytes json, struct qtc_error *error, struct qtc_buf *detail);
void qtc_format_free(struct qtc_format *format); /* of qtc_format_read only; NULL is fine */
/* Appends the JSON Schema of that syntax. */
void qtc_format_schema(struct qtc_buf *out);
/* Appends the fields as the body of a manual page's section. */
void qtc_format_manual(struct qtc_buf *out);
/* The same of all formats: names, models, and an example each. */
void qtc_formats_manual(struct qtc_buf *out);

#endif
