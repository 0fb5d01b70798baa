/* Calls as a line of Python: N(k='v', n=1). */
#include "formats/rows.h"

const struct qtc_format qtc_format_lfm2 = {
    .name = "lfm2",
    .models = "LFM2, LFM2.5",
    .model_ids = {"lfm2", "lfm2.5"},
    .example = "<|tool_call_start|>[get_weather(city='Tokyo')]<|tool_call_end|>",
    .body = QTC_BODY_PYTHON,
    .open = {"<|tool_call_start|>"},
    .close = {"<|tool_call_end|>"},
    .array = true,
    CALL_KEYS,
    THINK,
    .special_tokens = {CHATML_TOKENS, "<|startoftext|>"},
};

/* A call a line, and no brackets around them. */
const struct qtc_format qtc_format_olmo3 = {
    .name = "olmo3",
    .models = "Olmo 3",
    .model_ids = {"olmo-3", "olmo-3.1", "olmo3"},
    .example = "<function_calls>get_weather(city='Tokyo')</function_calls>",
    .body = QTC_BODY_PYTHON,
    .open = {"<function_calls>"},
    .close = {"</function_calls>"},
    CALL_KEYS,
    THINK,
    .special_tokens = {CHATML_TOKENS},
};

const struct qtc_format qtc_format_pythonic = {
    .name = "pythonic",
    .models = "ToolACE, Llama 3.2 and others with a Python template",
    .model_ids = {"toolace", "toolace-8b", "toolace-2-llama-3.1", "watt-tool"},
    .example = "[get_weather(city='Tokyo')]",
    .body = QTC_BODY_PYTHON,
    .bare = true,
    .array = true,
    CALL_KEYS,
    THINK,
    .special_tokens = {"<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|python_start|>", "<|python_end|>"},
};

const struct qtc_format qtc_format_nexusraven = {
    .name = "nexusraven",
    .models = "NexusRaven 2",
    .model_ids = {"nexusraven", "nexusraven-v2"},
    .example = "Call: get_weather(city='Tokyo')",
    .body = QTC_BODY_PYTHON,
    .open = {"Call:"},
    .array = true,
    .special_tokens = {"<bot_end>", "<human_end>"},
};

const struct qtc_format qtc_format_gorilla = {
    .name = "gorilla",
    .aliases = {"openfunctions_v2"},
    .models = "Gorilla OpenFunctions 2",
    .model_ids = {"gorilla-openfunctions-v2"},
    .example = "<<function>>get_weather(city='Tokyo')",
    .body = QTC_BODY_PYTHON,
    .open = {"<<function>>"},
};
