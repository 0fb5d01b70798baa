/* The Qwen family: both dialects share <tool_call>, what follows tells them apart. */
#include "formats/rows.h"

const struct qtc_format qtc_format_qwen3_coder = {
    .name = "qwen3_coder",
    .aliases = {"qwen3_xml", "qwen_coder", "qwen_xml", "nemotron_nano"},
    .models = "Qwen3-Coder, Qwen3.5, Nemotron 3",
    .example = "<tool_call>\n<function=get_weather>\n<parameter=city>\nTokyo\n</parameter>\n"
               "</function>\n</tool_call>",
    .body = QTC_BODY_XML,
    .open = "<tool_call>",
    .close = "</tool_call>",
    .function_tag = "function",
    .parameter_tag = "parameter",
    .bare_function = true,
    .think_open = "<think>",
    .think_close = "</think>",
    .special_tokens = {"<|im_end|>", "<|endoftext|>", "<|im_start|>", "<bos>", "<eos>"},
};

const struct qtc_format qtc_format_hermes = {
    .name = "hermes",
    .aliases = {"qwen3_json", "qwen25", "qwen"},
    .models = "Hermes 2 and 3, Qwen2.5, Qwen3, QwQ",
    .example = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}\n</tool_call>",
    .body = QTC_BODY_JSON,
    .open = "<tool_call>",
    .close = "</tool_call>",
    .name_keys = {"name"},
    .argument_keys = {"arguments", "parameters", "args", "input", "tool_arguments"},
    .think_open = "<think>",
    .think_close = "</think>",
    .special_tokens = {"<|im_end|>", "<|endoftext|>", "<|im_start|>", "<|eot_id|>", "<bos>", "<eos>"},
};
