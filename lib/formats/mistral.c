/* Mistral's tokenizers from v11 on write a name, older ones an array: both begin alike.
 * v11 has the call's id between them: N[CALL_ID]I[ARGS]{…}. Servers that strip special
 * tokens leave the array alone. */
#include "formats/rows.h"

const struct qtc_format qtc_format_mistral = {
    .name = "mistral",
    .rank = 7,
    .aliases = {"magistral"},
    .models = "Mistral, Magistral, Devstral, Ministral, Mixtral 8x22B",
    .model_ids = {"mistral-7b", "mistral-nemo", "mistral-small", "mistral-medium", "mistral-large",
                  "magistral", "devstral", "ministral", "codestral", "pixtral", "voxtral", "mixtral-8x22b"},
    .example = "[TOOL_CALLS]get_weather[ARGS]{\"city\": \"Tokyo\"}",
    .body = QTC_BODY_NAMED,
    .open = {"[TOOL_CALLS]"},
    .bare = true,
    .array = true,
    .function_end = "[ARGS]",
    .id_open = "[CALL_ID]",
    CALL_KEYS,
    .id_keys = {"id"},
    .think_open = {"[THINK]", "<think>"},
    .think_close = {"[/THINK]", "</think>"},
    .special_tokens = {"</s>", "<s>", "[/TOOL_CALLS]", "[INST]", "[/INST]"},
};
