/* rows.h - what the files of this folder give to the registry, and what their rows share. */
#ifndef QTC_FORMAT_ROWS_H
#define QTC_FORMAT_ROWS_H

#include "formats/format.h"

/* A call as an object, whatever the format: models fall back to it behind any opener. */
#define CALL_KEYS                                                                                            \
    .name_keys = {"name"},                                                                                   \
    .argument_keys = {"arguments", "parameters", "args", "input", "tool_arguments"}

/* Special tokens, by the tokenizers that have them. */
#define CHATML_TOKENS "<|im_end|>", "<|endoftext|>", "<|im_start|>"
#define EDGE_TOKENS   "<bos>", "<eos>"

#endif
