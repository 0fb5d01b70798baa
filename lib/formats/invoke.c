/* MiniMax, and the others that write <invoke name="N"> in a tag of their own. */
#include "formats/rows.h"

const struct qtc_format qtc_format_minimax_m2 = {
    .name = "minimax_m2",
    .aliases = {"minimax-m2", "minimax_m2_append_think"},
    .models = "MiniMax-M2",
    .model_ids = {"minimax-m2", "minimax-m2.1", "minimax-m2.5", "minimax-m2.7"},
    .example = "<minimax:tool_call>\n<invoke name=\"get_weather\">\n"
               "<parameter name=\"city\">Tokyo</parameter>\n</invoke>\n</minimax:tool_call>",
    .body = QTC_BODY_TAGS,
    .open = {"<minimax:tool_call>"},
    .close = {"</minimax:tool_call>"},
    INVOKES(""),
    .bare_function = true,
    .trim = QTC_TRIM_NONE,
    THINK,
    .special_tokens = {"[e~[", "]~b]", "]~!b[", EDGE_TOKENS},
};

const struct qtc_format qtc_format_minimax_m3 = {
    .name = "minimax_m3",
    .aliases = {"minimax-m3", "minimax_m3_nom"},
    .models = "MiniMax-M3",
    .model_ids = {"minimax-m3"},
    .example = "]<]minimax[>[<tool_call>\n]<]minimax[>[<invoke name=\"get_weather\">\n"
               "]<]minimax[>[<city>Tokyo]<]minimax[>[</city>\n]<]minimax[>[</invoke>\n"
               "]<]minimax[>[</tool_call>",
    .body = QTC_BODY_ELEMENTS,
    .open = {"]<]minimax[>[<tool_call>"},
    .close = {"]<]minimax[>[</tool_call>"},
    .array = true,
    .function_open = "]<]minimax[>[<invoke",
    .function_end = ">",
    .function_close = "]<]minimax[>[</invoke>",
    .bare_function = true,
    .name_attribute = "name",
    .trim = QTC_TRIM_NONE,
    .element_prefix = "]<]minimax[>[",
    CALL_KEYS,
    .think_open = {"<mm:think>"},
    .think_close = {"</mm:think>"},
    .special_tokens = {"[e~[", "]~b]", "]~!b["},
};

const struct qtc_format qtc_format_dots = {
    .name = "dots",
    .models = "dots.llm",
    .model_ids = {"dots"},
    .example = "<dots_function_call>\n<invoke name=\"get_weather\">\n"
               "<parameter name=\"city\">Tokyo</parameter>\n</invoke>\n</dots_function_call>",
    .body = QTC_BODY_TAGS,
    .open = {"<dots_function_call>"},
    .close = {"</dots_function_call>"},
    INVOKES(""),
    .trim = QTC_TRIM_ALL,
    THINK,
    .special_tokens = {"<|endofresponse|>", "<|endoftext|>", "<|im_end|>"},
};

const struct qtc_format qtc_format_minicpm5 = {
    .name = "minicpm5",
    .models = "MiniCPM5",
    .model_ids = {"minicpm5", "minicpm-5"},
    .example = "<function name=\"get_weather\"><param name=\"city\">Tokyo</param></function>",
    .body = QTC_BODY_TAGS,
    .function_open = "<function",
    .function_end = ">",
    .function_close = "</function>",
    .bare_function = true,
    .name_attribute = "name",
    .skip = {"<arguments>", "</arguments>"},
    .parameter_open = "<param",
    .parameter_end = ">",
    .parameter_close = "</param>",
    .key_attribute = "name",
    .trim = QTC_TRIM_NONE,
    .cdata = true,
    .wrappers = {"arguments", "properties"},
    CALL_KEYS,
    THINK,
    .special_tokens = {CHATML_TOKENS, "</s>", "<s>"},
};

const struct qtc_format qtc_format_anthropic = {
    .name = "anthropic",
    .aliases = {"claude_xml"},
    .models = "models taught with Claude's markup",
    .example = "<function_calls>\n<invoke name=\"get_weather\">\n<parameter name=\"city\">Tokyo</parameter>\n"
               "</invoke>\n</function_calls>",
    .body = QTC_BODY_TAGS,
    .open = {"<function_calls>"},
    .close = {"</function_calls>"},
    INVOKES(""),
    .trim = QTC_TRIM_NONE,
    THINK,
};
