/* Tencent's models. */
#include "formats/rows.h"

const struct qtc_format qtc_format_hunyuan_a13b = {
    .name = "hunyuan_a13b",
    .models = "Hunyuan-A13B",
    .model_ids = {"hunyuan-a13b"},
    .example = "<tool_calls>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}]</tool_calls>",
    .body = QTC_BODY_JSON,
    .open = {"<tool_calls>"},
    .close = {"</tool_calls>"},
    .array = true,
    CALL_KEYS,
    THINK,
    .content_open = {"<answer>"},
    .content_close = {"</answer>"},
    .special_tokens = {"<|eos|>", "<|startoftext|>", "<|extra_0|>"},
};

/* v3 writes <tool_sep> behind the name, v4 does not. */
const struct qtc_format qtc_format_hy_v3 = {
    .name = "hy_v3",
    .aliases = {"hy_v4"},
    .models = "Hy3, Hy4",
    .model_ids = {"hy3", "hy-3", "hy-v3", "hy4", "hy-4", "hy-v4"},
    .example = "<tool_calls>\n<tool_call>get_weather<tool_sep>\n<arg_key>city</arg_key>\n"
               "<arg_value>Tokyo</arg_value>\n</tool_call>\n</tool_calls>",
    .body = QTC_BODY_TAGS,
    .open = {"<tool_calls>"},
    .close = {"</tool_calls>"},
    .array = true,
    .suffix = true,
    .function_open = "<tool_call>",
    .function_close = "</tool_call>",
    .bare_function = true,
    .skip = {"<tool_sep>"},
    ARGUMENT_PAIRS,
    .trim = QTC_TRIM_NONE,
    THINK,
    .special_tokens = {"<|eos|>", "<|startoftext|>", "<|extra_0|>"},
};
