/* rows.h - what the files of this folder give to the registry, and what their rows share. */
#ifndef QTC_FORMAT_ROWS_H
#define QTC_FORMAT_ROWS_H

#include "formats/format.h"

/* A call as an object, whatever the format: models fall back to it behind any opener. */
#define CALL_KEYS                                                                                            \
    .name_keys = {"name"}, .argument_keys = {"arguments", "parameters", "args", "input", "tool_arguments"}

/* Reasoning between these tags, which most models write. */
#define THINK .think_open = {"<think>"}, .think_close = {"</think>"}

/* <invoke name="N"> <parameter name="K">V</parameter> </invoke>, each tag's name behind `before`. */
#define INVOKES(before)                                                                                      \
    .array = true, .function_open = "<" before "invoke", .function_end = ">",                                \
    .function_close = "</" before "invoke>", .name_attribute = "name",                                       \
    .parameter_open = "<" before "parameter", .parameter_end = ">",                                          \
    .parameter_close = "</" before "parameter>", .key_attribute = "name", CALL_KEYS

/* <arg_key>K</arg_key> <arg_value>V</arg_value> */
#define ARGUMENT_PAIRS                                                                                       \
    .parameter_open = "<arg_key>", .parameter_end = "</arg_key>", .value_open = "<arg_value>",               \
    .parameter_close = "</arg_value>", CALL_KEYS

/* <function=N> <parameter=K>V</parameter> </function> */
#define FUNCTION_TAGS                                                                                        \
    .function_open = "<function", .function_end = ">", .function_close = "</function>",                      \
    .bare_function = true, .parameter_open = "<parameter", .parameter_end = ">",                             \
    .parameter_close = "</parameter>", CALL_KEYS

/* Special tokens, by the tokenizers that have them. */
#define CHATML_TOKENS "<|im_end|>", "<|endoftext|>", "<|im_start|>"
#define EDGE_TOKENS   "<bos>", "<eos>"

#endif
