/* DeepSeek: names and JSON between tokens up to V3.1, DSML tags from V3.2 on. */
#include "formats/rows.h"

#define DEEPSEEK_TOKENS "<｜end▁of▁sentence｜>", "<｜begin▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>"

#define NAMES                                                                                                \
    .body = QTC_BODY_NAMED,                                                                                  \
    .open = {"<｜tool▁calls▁begin｜>", "<｜tool▁calls｜>", "<｜tool calls begin｜>"},                        \
    .close = {"<｜tool▁calls▁end｜>"}, .array = true, .function_open = "<｜tool▁call▁begin｜>",              \
    .function_end = "<｜tool▁sep｜>", .function_close = "<｜tool▁call▁end｜>", .bare_function = true,        \
    CALL_KEYS, THINK, .special_tokens = {DEEPSEEK_TOKENS}

const struct qtc_format qtc_format_deepseek_v31 = {
    .name = "deepseek_v31",
    .rank = 5,
    .aliases = {"deepseekv31", "deepseek31", "deepseek_v3_1"},
    .models = "DeepSeek V3.1, V3.2-Exp",
    .model_ids = {"deepseek-v3.1", "deepseek-chat-v3.1", "deepseek-v3-1", "deepseek.v3", "deepseek-v3.2-exp"},
    .example = "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{\"city\": \"Tokyo\"}"
               "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    NAMES,
};

const struct qtc_format qtc_format_deepseek_v3 = {
    .name = "deepseek_v3",
    .rank = 4,
    .aliases = {"deepseekv3", "deepseek", "deepseek_r1"},
    .models = "DeepSeek V3, R1",
    .model_ids = {"deepseek-v3", "deepseek-chat-v3", "deepseek-r1", "deepseek.r1"},
    .example = "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n"
               "```json\n{\"city\": \"Tokyo\"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    NAMES,
    .type_first = true,
};

#define DSML(before)                                                                                         \
    .body = QTC_BODY_TAGS, INVOKES(before), .bare_function = true, .type_attribute = "string",               \
    .wrappers = {"arguments", "input"}, .trim = QTC_TRIM_NONE, THINK,                                        \
    .special_tokens = {DEEPSEEK_TOKENS, EDGE_TOKENS}

const struct qtc_format qtc_format_deepseek_v32 = {
    .name = "deepseek_v32",
    .aliases = {"deepseekv32", "deepseek32", "deepseek_v3_2"},
    .models = "DeepSeek V3.2",
    .model_ids = {"deepseek-v3.2", "deepseek-v3-2"},
    .example = "<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"get_weather\">\n"
               "<｜DSML｜parameter name=\"city\" string=\"true\">Tokyo</｜DSML｜parameter>\n"
               "</｜DSML｜invoke>\n</｜DSML｜function_calls>",
    .open = {"<｜DSML｜function_calls>"},
    .close = {"</｜DSML｜function_calls>"},
    DSML("｜DSML｜"),
};

const struct qtc_format qtc_format_deepseek_v4 = {
    .name = "deepseek_v4",
    .aliases = {"deepseek-v4", "deepseekv4"},
    .models = "DeepSeek V4",
    .model_ids = {"deepseek-v4"},
    .example = "<｜DSML｜tool_calls>\n<｜DSML｜invoke name=\"get_weather\">\n"
               "<｜DSML｜parameter name=\"city\" string=\"true\">Tokyo</｜DSML｜parameter>\n"
               "</｜DSML｜invoke>\n</｜DSML｜tool_calls>",
    .open = {"<｜DSML｜tool_calls>", "<｜DSML｜toolcalls>", "<｜DSML｜tool>"},
    .close = {"</｜DSML｜tool_calls>", "</｜DSML｜toolcalls>", "</｜DSML｜tool>"},
    DSML("｜DSML｜"),
};

/* V4 with a blank behind each ｜DSML｜. */
const struct qtc_format qtc_format_deepseek_v41 = {
    .name = "deepseek_v41",
    .models = "DeepSeek V4.1",
    .model_ids = {"deepseek-v4.1", "deepseek-v4-1"},
    .example = "<｜DSML｜ calls>\n<｜DSML｜ invoke name=\"get_weather\">\n"
               "<｜DSML｜ parameter name=\"city\" string=\"true\">Tokyo</｜DSML｜ parameter>\n"
               "</｜DSML｜ invoke>\n</｜DSML｜ calls>",
    .open = {"<｜DSML｜ calls>"},
    .close = {"</｜DSML｜ calls>"},
    DSML("｜DSML｜ "),
};
