/* The name as text, then pairs of <arg_key> and <arg_value>: GLM's way, and its relatives'. */
#include "formats/rows.h"

const struct qtc_format qtc_format_glm45 = {
    .name = "glm45",
    .rank = 3,
    .aliases = {"glm47", "glm", "glm45_moe", "glm47_moe"},
    .models = "GLM-4.5 to GLM-5",
    .model_ids = {"glm-4.5", "glm-4.5v", "glm-4.6", "glm-4.6v", "glm-4.7", "glm-5", "glm-5.1", "glm4.5",
                  "glm4.6", "glm4.7"},
    .example = "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Tokyo</arg_value>\n</tool_call>",
    .body = QTC_BODY_TAGS,
    .open = {"<tool_call>"},
    .close = {"</tool_call>"},
    ARGUMENT_PAIRS,
    .trim = QTC_TRIM_NONE,
    THINK,
    .special_tokens = {"<|observation|>", "<|user|>", "<|assistant|>", "<|endoftext|>", EDGE_TOKENS},
};

const struct qtc_format qtc_format_ling3 = {
    .name = "ling3",
    .models = "Ling 3, Ring 3",
    .model_ids = {"ling-3", "ling-3.0", "ring-3", "ring-3.0"},
    .example = "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Tokyo</arg_value>\n</tool_call>",
    .body = QTC_BODY_TAGS,
    .open = {"<tool_call>"},
    .close = {"</tool_call>"},
    ARGUMENT_PAIRS,
    .trim = QTC_TRIM_NONE,
    THINK,
    .special_tokens = {"<|role_end|>", "<|endoftext|>"},
};

const struct qtc_format qtc_format_poolside_v1 = {
    .name = "poolside_v1",
    .models = "Poolside Laguna",
    .model_ids = {"laguna", "laguna-xs", "poolside"},
    .example = "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Tokyo</arg_value>\n</tool_call>",
    .body = QTC_BODY_TAGS,
    .open = {"<tool_call>"},
    .close = {"</tool_call>"},
    ARGUMENT_PAIRS,
    .trim = QTC_TRIM_TYPED,
    THINK,
    .special_tokens = {"</assistant>", "<assistant>"},
};
