/* IBM's Granite, in three generations. */
#include "formats/rows.h"

#define GRANITE_TOKENS "<|end_of_text|>", "<|start_of_role|>", "<|end_of_role|>"

/* 3.0 has a token for its opener, 3.1 writes it out. */
const struct qtc_format qtc_format_granite = {
    .name = "granite",
    .models = "Granite 3",
    .model_ids = {"granite-3.0", "granite-3.1", "granite-3.2", "granite-3.3", "granite3.1", "granite3.2",
                  "granite3.3", "granite-3"},
    .example = "<|tool_call|> [{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}]",
    .body = QTC_BODY_JSON,
    .open = {"<|tool_call|>", "<tool_call>"},
    .array = true,
    CALL_KEYS,
    .think_open = {"Here is my thought process:", "Here's my thought process:"},
    .think_close = {"Here is my response:", "Here's my response:"},
    .special_tokens = {GRANITE_TOKENS},
};

const struct qtc_format qtc_format_granite4 = {
    .name = "granite4",
    .models = "Granite 4",
    .model_ids = {"granite-4", "granite-4.0", "granite-4.1", "granite4"},
    .example = "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}</tool_call>",
    .body = QTC_BODY_JSON,
    .open = {"<tool_call>"},
    .close = {"</tool_call>"},
    CALL_KEYS,
    THINK,
    .special_tokens = {GRANITE_TOKENS},
};

const struct qtc_format qtc_format_granite_20b_fc = {
    .name = "granite-20b-fc",
    .models = "Granite 20B FunctionCalling",
    .model_ids = {"granite-20b-functioncalling", "granite-20b-fc"},
    .example = "<function_call> {\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}",
    .body = QTC_BODY_JSON,
    .open = {"<function_call>"},
    CALL_KEYS,
    .special_tokens = {"<|endoftext|>"},
};
