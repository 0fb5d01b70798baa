/* tools.h - the tools a response may call, and the types of their parameters. */
#ifndef QTC_TOOLS_H
#define QTC_TOOLS_H

#include "json/json.h"

/* What a parameter may be, as a set: from type (string or list), enum, const,
 * anyOf/oneOf/allOf, nullable and local $ref. 0: the schema does not say.
 * NUMBER includes integers; INTEGER is then not set. */
enum qtc_type {
    QTC_T_STRING = 1,
    QTC_T_INTEGER = 2,
    QTC_T_NUMBER = 4,
    QTC_T_BOOLEAN = 8,
    QTC_T_NULL = 16,
    QTC_T_ARRAY = 32,
    QTC_T_OBJECT = 64,
    QTC_T_ANY = 127
};

struct qtc_param {
    struct qtc_bytes name;
    unsigned types; /* enum qtc_type bits */
    bool required;
    const struct qtc_json *schema; /* the property's own; the first, where several branches have it */
};

struct qtc_tool {
    struct qtc_bytes name;
    const struct qtc_param *params; /* sorted by name, byte by byte */
    size_t param_count;
    const struct qtc_json *schema; /* the parameters' schema; NULL when none was given */
    /* Local references lead into it, or into what it stands in: */
    const struct qtc_json *function; /* the object with the name */
    const struct qtc_json *item;     /* the element of the input that holds that */
};

struct qtc_tools; /* immutable once read; may be shared by threads */

/* Reads tools in any of these shapes: OpenAI `tools` (chat or responses style),
 * legacy `functions`, a request body that holds either, Anthropic `input_schema`,
 * Gemini `functionDeclarations`, an MCP `tools/list` result (with or without its
 * JSON-RPC envelope), a single tool, or JSON Lines of any of these. Later tools
 * of the same name replace earlier ones. NULL on error, with the offset. The
 * input is copied: it need not outlive the result. */
struct qtc_tools *qtc_tools_read(struct qtc_bytes input, struct qtc_error *error);
/* The same, but the input is borrowed: it must outlive the result. And the tools have no parameters
 * until qtc_tool_fill. */
struct qtc_tools *qtc_tools_list(struct qtc_bytes input, struct qtc_error *error);
/* Lists a tool's parameters; memory is the arena's. False when it ends. */
bool qtc_tool_fill(struct qtc_tool *tool, struct qtc_arena *arena);
/* The same as qtc_tools_read from a tree that is already read (an array of tools, or a body). The
 * tree and its input are borrowed: they must outlive the result. Offsets of
 * errors count from the value's first byte. */
struct qtc_tools *qtc_tools_from_json(const struct qtc_json *value, struct qtc_error *error);
void qtc_tools_free(struct qtc_tools *tools);

size_t qtc_tools_count(const struct qtc_tools *tools); /* 0 for NULL */
/* In the order of the input; NULL when out of range. */
const struct qtc_tool *qtc_tools_at(const struct qtc_tools *tools, size_t i);
/* By name, in logarithmic time; NULL when unknown, or when tools is NULL. */
const struct qtc_tool *qtc_tools_find(const struct qtc_tools *tools, struct qtc_bytes name);
const struct qtc_param *qtc_tool_param(const struct qtc_tool *tool, struct qtc_bytes name);

#endif
