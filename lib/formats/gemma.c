/* Google's Gemma: N{k:v}, strings between tokens instead of quotes. */
#include "formats/rows.h"

const struct qtc_format qtc_format_gemma4 = {
    .name = "gemma4",
    .aliases = {"gemma-4"},
    .models = "Gemma 4",
    .model_ids = {"gemma-4", "gemma4"},
    .example = "<|tool_call>call:get_weather{city:<|\"|>Tokyo<|\"|>}<tool_call|>",
    .body = QTC_BODY_GEMMA,
    .open = {"<|tool_call>"},
    .close = {"<tool_call|>"},
    .name_prefixes = {"call:", ":"},
    CALL_KEYS,
    .delimiter = "<|\"|>",
    .think_open = {"<|channel>"},
    .think_close = {"<channel|>"},
    .think_label = "thought\n",
    .special_tokens = {"<turn|>", "<|turn>", "<|tool_response>", "<tool_response|>", EDGE_TOKENS},
};

const struct qtc_format qtc_format_functiongemma = {
    .name = "functiongemma",
    .models = "FunctionGemma",
    .model_ids = {"functiongemma"},
    .example = "<start_function_call>call:get_weather{city:<escape>Tokyo<escape>}<end_function_call>",
    .body = QTC_BODY_GEMMA,
    .open = {"<start_function_call>"},
    .close = {"<end_function_call>"},
    .name_prefixes = {"call:", ":"},
    CALL_KEYS,
    .delimiter = "<escape>",
    .special_tokens = {"<start_function_response>", "<end_of_turn>", "<start_of_turn>", EDGE_TOKENS},
};
