/* <tool_call> and a tag each for the function and its parameters: Qwen3-Coder's way,
 * and that of the models that learnt from it. */
#include "formats/rows.h"

const struct qtc_format qtc_format_qwen3_coder = {
    .name = "qwen3_coder",
    .rank = 1,
    .aliases = {"qwen3_xml", "qwen_coder", "qwen_xml", "nemotron_nano", "nemotron_v3", "step3p5", "step5",
                "granite_thinking_parser", "minicpmv"},
    .models = "Qwen3-Coder, Qwen3.5, Nemotron 3, Step 3.5",
    .model_ids = {"qwen3-coder", "qwen-3-coder", "qwen3.5", "qwen-3.5", "qwen3.6", "qwen-3.6", "nemotron-3",
                  "step-3.5", "step3.5", "step-5", "step5"},
    .example = "<tool_call>\n<function=get_weather>\n<parameter=city>\nTokyo\n</parameter>\n"
               "</function>\n</tool_call>",
    .body = QTC_BODY_TAGS,
    .open = {"<tool_call>"},
    .close = {"</tool_call>"},
    FUNCTION_TAGS,
    .trim = QTC_TRIM_LINE,
    THINK,
    .special_tokens = {CHATML_TOKENS, EDGE_TOKENS},
};

const struct qtc_format qtc_format_mimo = {
    .name = "mimo",
    .models = "MiMo-V2",
    .model_ids = {"mimo-v2", "mimo-v2.5"},
    .example = "<tool_call>\n<function=get_weather><parameter=city>Tokyo</parameter></function>\n"
               "</tool_call>",
    .body = QTC_BODY_TAGS,
    .open = {"<tool_call>"},
    .close = {"</tool_call>"},
    FUNCTION_TAGS,
    .trim = QTC_TRIM_NONE,
    THINK,
    .special_tokens = {CHATML_TOKENS, EDGE_TOKENS},
};

const struct qtc_format qtc_format_seed_oss = {
    .name = "seed_oss",
    .models = "Seed-OSS",
    .model_ids = {"seed-oss"},
    .example = "<seed:tool_call>\n<function=get_weather>\n<parameter=city>\nTokyo\n</parameter>\n"
               "</function>\n</seed:tool_call>",
    .body = QTC_BODY_TAGS,
    .open = {"<seed:tool_call>"},
    .close = {"</seed:tool_call>"},
    FUNCTION_TAGS,
    .trim = QTC_TRIM_LINE,
    .think_open = {"<seed:think>"},
    .think_close = {"</seed:think>"},
    .special_tokens = {"<seed:eos>", "<seed:bos>", "<seed:pad>", EDGE_TOKENS},
};

/* The prompt of the Qwen-Agent library, for models without tags of their own. */
const struct qtc_format qtc_format_qwen_agent = {
    .name = "qwen_agent",
    .aliases = {"qwen_fncall"},
    .models = "Qwen2 and others through Qwen-Agent",
    .example = "✿FUNCTION✿: get_weather\n✿ARGS✿: {\"city\": \"Tokyo\"}\n",
    .body = QTC_BODY_NAMED,
    .open = {"✿FUNCTION✿:"},
    .function_end = "✿ARGS✿:",
    CALL_KEYS,
    THINK,
    .content_open = {"✿RETURN✿:"},
    .special_tokens = {"✿RESULT✿:", CHATML_TOKENS},
};
