/* Moonshot's models. */
#include "formats/rows.h"

const struct qtc_format qtc_format_kimi_k2 = {
    .name = "kimi_k2",
    .aliases = {"kimik2", "kimi-k2"},
    .models = "Kimi K2, K2.5, Kimi Linear",
    .model_ids = {"kimi-k2", "kimi-k2.5", "kimi-k2.6", "kimi-linear"},
    .example = "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0"
               "<|tool_call_argument_begin|>{\"city\": \"Tokyo\"}<|tool_call_end|><|tool_calls_section_end|>",
    .body = QTC_BODY_NAMED,
    .open = {"<|tool_calls_section_begin|>", "<|tool_call_section_begin|>"},
    .close = {"<|tool_calls_section_end|>", "<|tool_call_section_end|>"},
    .array = true,
    .function_open = "<|tool_call_begin|>",
    .function_end = "<|tool_call_argument_begin|>",
    .function_close = "<|tool_call_end|>",
    .bare_function = true,
    .name_prefixes = {"functions."},
    .name_is_id = true,
    CALL_KEYS,
    THINK,
    .special_tokens = {"<|im_end|>", "<|im_assistant|>", "<|im_user|>", "<|im_system|>", "<|im_middle|>",
                       "[EOS]", "[BOS]", EDGE_TOKENS},
};

const struct qtc_format qtc_format_kimi_k3 = {
    .name = "kimi_k3",
    .aliases = {"kimi-k3"},
    .models = "Kimi K3",
    .model_ids = {"kimi-k3"},
    .example = "<|open|>tools<|sep|><|open|>call tool=\"get_weather\" index=\"1\"<|sep|>"
               "<|open|>argument key=\"city\" type=\"string\"<|sep|>Tokyo<|close|>argument<|sep|>"
               "<|close|>call<|sep|><|close|>tools<|sep|>",
    .body = QTC_BODY_TAGS,
    .open = {"<|open|>tools<|sep|>"},
    .close = {"<|close|>tools<|sep|>"},
    .array = true,
    .function_open = "<|open|>call",
    .function_end = "<|sep|>",
    .function_close = "<|close|>call<|sep|>",
    .bare_function = true,
    .name_attribute = "tool",
    .skip = {"<|open|>json type=\"object\"<|sep|>", "<|close|>json<|sep|>"},
    .spaced = true,
    .parameter_open = "<|open|>argument",
    .parameter_end = "<|sep|>",
    .parameter_close = "<|close|>argument<|sep|>",
    .key_attribute = "key",
    .type_attribute = "type",
    .trim = QTC_TRIM_NONE,
    .entities = true,
    CALL_KEYS,
    .think_open = {"<|open|>think<|sep|>"},
    .think_close = {"<|close|>think<|sep|>"},
    .content_open = {"<|open|>response<|sep|>"},
    .content_close = {"<|close|>response<|sep|>", "<|close|>message<|sep|>"},
    .special_tokens = {"<|end_of_msg|>", "<|im_end|>"},
};
