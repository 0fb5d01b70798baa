/* <tool_call> and a JSON object: the way of Hermes, and of all who had no better idea. */
#include "formats/rows.h"

const struct qtc_format qtc_format_hermes = {
    .name = "hermes",
    .rank = 2,
    .aliases = {"qwen3_json", "qwen25", "qwen", "qwen3", "holo2", "trinity"},
    .models = "Hermes 2 to 4, Qwen2.5, Qwen3, QwQ, Arcee Trinity",
    .model_ids = {"hermes-2-pro", "hermes-2-theta", "hermes-3", "hermes-3-llama-3.1", "hermes-3-llama-3.2",
                  "hermes-4", "hermes-4.3", "qwen2.5", "qwen-2.5", "qwen3", "qwen-3", "qwq", "holo2",
                  "trinity", "smollm3"},
    .example = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}\n</tool_call>",
    .body = QTC_BODY_JSON,
    .open = {"<tool_call>"},
    .close = {"</tool_call>"},
    CALL_KEYS,
    THINK,
    .special_tokens = {CHATML_TOKENS, "<|eot_id|>", EDGE_TOKENS},
};

const struct qtc_format qtc_format_longcat = {
    .name = "longcat",
    .models = "LongCat-Flash",
    .model_ids = {"longcat", "longcat-flash"},
    .example = "<longcat_tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}\n"
               "</longcat_tool_call>",
    .body = QTC_BODY_JSON,
    .open = {"<longcat_tool_call>"},
    .close = {"</longcat_tool_call>"},
    CALL_KEYS,
    .think_open = {"<longcat_think>", "<think>"},
    .think_close = {"</longcat_think>", "</think>"},
    .special_tokens = {"</longcat_s>", "<longcat_s>"},
};

const struct qtc_format qtc_format_ernie45 = {
    .name = "ernie45",
    .models = "ERNIE 4.5",
    .model_ids = {"ernie-4.5", "ernie4.5", "ernie-4-5"},
    .example = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}\n"
               "</tool_call>\n",
    .body = QTC_BODY_JSON,
    .open = {"<tool_call>"},
    .close = {"</tool_call>"},
    CALL_KEYS,
    THINK,
    .content_open = {"<response>"},
    .content_close = {"</response>"},
    .special_tokens = {"</s>", "<s>", "<|end_of_sentence|>", "<|begin_of_sentence|>"},
};

/* Its true grammar is in the tokenizer's response_template, which qtc reads from a file. */
const struct qtc_format qtc_format_hf = {
    .name = "hf",
    .rank = 88,
    .models = "any model: give its response_template with --format FILE",
    .example = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}\n</tool_call>",
    .body = QTC_BODY_JSON,
    .open = {"<tool_call>"},
    .close = {"</tool_call>"},
    CALL_KEYS,
    THINK,
    .special_tokens = {CHATML_TOKENS},
};
