/* Meta's Llama: JSON up to 3.3, Python from 4 on. */
#include "formats/rows.h"

#define LLAMA_TOKENS                                                                                         \
    "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|begin_of_text|>", "<|start_header_id|>",               \
        "<|end_header_id|>"

const struct qtc_format qtc_format_llama3_json = {
    .name = "llama3_json",
    .aliases = {"llama4_json", "llama3", "llama"},
    .models = "Llama 3.1 to 3.3, Llama 4 with a JSON template",
    .model_ids = {"llama-3.1", "llama-3.2", "llama-3.3", "llama3.1", "llama3.2", "llama3.3", "llama3-1",
                  "llama3-2", "llama3-3"},
    .example = "<|python_tag|>{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Tokyo\"}}",
    .body = QTC_BODY_JSON,
    .open = {"<|python_tag|>"},
    .bare = true,
    .skip = {";"},
    .name_keys = {"name"},
    .argument_keys = {"parameters", "arguments", "args", "input"},
    THINK,
    .special_tokens = {LLAMA_TOKENS, "<|eot|>", "<|eom|>"},
};

const struct qtc_format qtc_format_llama4_pythonic = {
    .name = "llama4_pythonic",
    .models = "Llama 4",
    .model_ids = {"llama-4", "llama4"},
    .example = "<|python_start|>[get_weather(city='Tokyo')]<|python_end|>",
    .body = QTC_BODY_PYTHON,
    .open = {"<|python_start|>"},
    .close = {"<|python_end|>"},
    .bare = true,
    .array = true,
    CALL_KEYS,
    .special_tokens = {"<|eot|>", "<|eom|>", "<|end_of_text|>", "<|begin_of_text|>", "<|header_start|>",
                       "<|header_end|>"},
};
