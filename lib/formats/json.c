/* Calls as JSON, each family with a marker of its own, or none. */
#include "formats/rows.h"

const struct qtc_format qtc_format_nemotron = {
    .name = "nemotron",
    .aliases = {"nemotron_deci"},
    .models = "Llama-Nemotron Nano, Super and Ultra, Nemotron Nano 2",
    .model_ids = {"nemotron-nano", "nemotron-super", "nemotron-ultra"},
    .example = "<TOOLCALL>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}]</TOOLCALL>",
    .body = QTC_BODY_JSON,
    .open = {"<TOOLCALL>"},
    .close = {"</TOOLCALL>"},
    .array = true,
    CALL_KEYS,
    .think_open = {"<think>"},
    .think_close = {"</think>"},
    .special_tokens = {"<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<SPECIAL_12>"},
};

const struct qtc_format qtc_format_jamba = {
    .name = "jamba",
    .models = "Jamba",
    .model_ids = {"jamba", "ai21-jamba"},
    .example = "<tool_calls>[\n    {\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}\n]"
               "</tool_calls>",
    .body = QTC_BODY_JSON,
    .open = {"<tool_calls>"},
    .close = {"</tool_calls>"},
    .array = true,
    CALL_KEYS,
    .think_open = {"<think>"},
    .think_close = {"</think>"},
    .special_tokens = {"<|eom|>", "<|bom|>", "<|endoftext|>", "<|startoftext|>"},
};

const struct qtc_format qtc_format_internlm = {
    .name = "internlm",
    .aliases = {"interns1"},
    .models = "InternLM 2.5 and 3, Intern-S1",
    .model_ids = {"internlm2", "internlm2.5", "internlm2-5", "internlm3", "intern-s1"},
    .example = "<|action_start|><|plugin|>\n"
               "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Tokyo\"}}<|action_end|>",
    .body = QTC_BODY_JSON,
    .open = {"<|action_start|><|plugin|>", "<|action_start|> <|plugin|>"},
    .close = {"<|action_end|>"},
    .name_keys = {"name"},
    .argument_keys = {"parameters", "arguments", "args", "input"},
    .think_open = {"<think>"},
    .think_close = {"</think>"},
    .special_tokens = {"<|im_end|>", "<|im_start|>", "</s>", "<s>"},
};

const struct qtc_format qtc_format_gigachat3 = {
    .name = "gigachat3",
    .models = "GigaChat 3",
    .model_ids = {"gigachat3", "gigachat3.1", "gigachat-3"},
    .example = "<|function_call|>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}",
    .body = QTC_BODY_JSON,
    .open = {"<|function_call|>", "function call<|role_sep|>"},
    CALL_KEYS,
    .special_tokens = {"<|message_sep|>", "</s>", "<s>"},
};

const struct qtc_format qtc_format_phi4_mini_json = {
    .name = "phi4_mini_json",
    .aliases = {"phi4"},
    .models = "Phi-4-mini",
    .model_ids = {"phi-4-mini", "phi4-mini", "phi-4-multimodal"},
    .example = "functools[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}]",
    .body = QTC_BODY_JSON,
    .open = {"functools"},
    .array = true,
    CALL_KEYS,
    .think_open = {"<think>"},
    .think_close = {"</think>"},
    .special_tokens = {"<|end|>", "<|endoftext|>", "<|assistant|>"},
};

/* [{N: A}]: the name is the key. */
const struct qtc_format qtc_format_apertus = {
    .name = "apertus",
    .models = "Apertus",
    .model_ids = {"apertus"},
    .example = "<|tools_prefix|>[{\"get_weather\": {\"city\": \"Tokyo\"}}]<|tools_suffix|>",
    .body = QTC_BODY_JSON,
    .open = {"<|tools_prefix|>"},
    .close = {"<|tools_suffix|>"},
    .array = true,
    .think_open = {"<|inner_prefix|>"},
    .think_close = {"<|inner_suffix|>"},
    .special_tokens = {"<|assistant_end|>", "<|assistant_start|>", "</s>", "<s>"},
};

/* The list is the whole answer, or stands in whatever the model thought of. */
const struct qtc_format qtc_format_xlam = {
    .name = "xlam",
    .rank = 81,
    .models = "xLAM",
    .model_ids = {"xlam", "xlam-2", "llama-xlam-2"},
    .example = "[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}]",
    .body = QTC_BODY_JSON,
    .open = {"<tool_call>", "[TOOL_CALLS]"},
    .close = {"</tool_call>"},
    .bare = true,
    .array = true,
    CALL_KEYS,
    .think_open = {"<think>"},
    .think_close = {"</think>"},
    .special_tokens = {"<|eot_id|>", "<|im_end|>", "<|endoftext|>"},
};

/* The same in Python's spelling: [{'name': N, 'arguments': {…}}]. */
const struct qtc_format qtc_format_sarashina = {
    .name = "sarashina",
    .rank = 82,
    .models = "Sarashina 2",
    .model_ids = {"sarashina2", "sarashina2.2", "sarashina"},
    .example = "<|tool_calls|>[{'name': 'get_weather', 'arguments': {'city': 'Tokyo'}}]",
    .body = QTC_BODY_JSON,
    .open = {"<|tool_calls|>"},
    .bare = true,
    .array = true,
    CALL_KEYS,
    .python_spelling = true,
    .think_open = {"<think>"},
    .think_close = {"</think>"},
    .special_tokens = {"</s>", "<s>"},
};

const struct qtc_format qtc_format_bare_json = {
    .name = "json",
    .rank = 83,
    .models = "any that writes calls as bare JSON",
    .example = "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}",
    .body = QTC_BODY_JSON,
    .bare = true,
    CALL_KEYS,
    .think_open = {"<think>"},
    .think_close = {"</think>"},
};

/* The data set of that name, and the models trained on it: arguments often in single quotes. */
const struct qtc_format qtc_format_glaive = {
    .name = "glaive",
    .aliases = {"firefunction_v1"},
    .models = "Glaive function calling, FireFunction 1",
    .model_ids = {"glaive", "firefunction-v1"},
    .example = "<functioncall> {\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}",
    .body = QTC_BODY_JSON,
    .open = {"<functioncall>"},
    CALL_KEYS,
    .special_tokens = {"<|endoftext|>"},
};

/* A line of JSON a call. */
const struct qtc_format qtc_format_minimax_m1 = {
    .name = "minimax_m1",
    .aliases = {"minimax"},
    .models = "MiniMax-M1",
    .model_ids = {"minimax-m1", "minimax-text-01"},
    .example =
        "<tool_calls>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}\n</tool_calls>",
    .body = QTC_BODY_JSON,
    .open = {"<tool_calls>"},
    .close = {"</tool_calls>"},
    .array = true,
    CALL_KEYS,
    THINK,
    .special_tokens = {"<end_of_sentence>", "<beginning_of_sentence>"},
};
