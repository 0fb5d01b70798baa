#include "formats/rows.h"

const struct qtc_format qtc_format_nemotron = {
    .name = "nemotron",
    .aliases = {"nemotron_deci"},
    .models = "Llama-Nemotron Super and Ultra",
    .example = "<TOOLCALL>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Tokyo\"}}]</TOOLCALL>",
    .body = QTC_BODY_JSON,
    .open = "<TOOLCALL>",
    .close = "</TOOLCALL>",
    .name_keys = {"name"},
    .argument_keys = {"arguments", "parameters", "args", "input", "tool_arguments"},
    .array = true,
    .think_open = "<think>",
    .think_close = "</think>",
    .special_tokens = {"<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"},
};
