/* LLM360's K2: GLM's pairs with a type between them, and a tag around each call. */
#include "formats/rows.h"

const struct qtc_format qtc_format_k2_horizon = {
    .name = "k2_horizon",
    .models = "K2 Horizon",
    .model_ids = {"k2-horizon"},
    .example = "<ifm|tool_calls>\n<ifm|tool_call>get_weather\n<ifm|arg_key>city</ifm|arg_key>\n"
               "<ifm|arg_value>Tokyo</ifm|arg_value>\n</ifm|tool_call>\n</ifm|tool_calls>",
    .body = QTC_BODY_TAGS,
    .open = {"<ifm|tool_calls>"},
    .close = {"</ifm|tool_calls>"},
    .array = true,
    .function_open = "<ifm|tool_call>",
    .function_close = "</ifm|tool_call>",
    .bare_function = true,
    .parameter_open = "<ifm|arg_key>",
    .parameter_end = "</ifm|arg_key>",
    .value_open = "<ifm|arg_value>",
    .parameter_close = "</ifm|arg_value>",
    .type_open = "<ifm|arg_type>",
    .type_close = "</ifm|arg_type>",
    .trim = QTC_TRIM_TYPED,
    CALL_KEYS,
    .think_open = {"<ifm|think>", "<ifm|think_fast>", "<ifm|think_faster>"},
    .think_close = {"</ifm|think>", "</ifm|think_fast>", "</ifm|think_faster>"},
    .special_tokens = {CHATML_TOKENS},
};
