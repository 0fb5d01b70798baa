/* Formats in messages: a header says who speaks to whom, and so what the text is. */
#include "formats/rows.h"

/* The built-in tools of the model's own are no functions of the caller's. */
#define HARMONY                                                                                              \
    .header_open = {"<|start|>", "<|channel|>"}, .header_end = {"<|message|>"},                              \
    .message_close = {"<|end|>", "<|return|>", "<|call|>"}, .starts_in_header = true,                        \
    .routes = {{"analysis", QTC_ROUTE_REASONING}, {"final", QTC_ROUTE_CONTENT},                              \
               {"commentary", QTC_ROUTE_CONTENT}, {"assistant", QTC_ROUTE_DROP},                             \
               {"browser", QTC_ROUTE_DROP},       {"python", QTC_ROUTE_DROP},                                \
               {"container", QTC_ROUTE_DROP},     {"", QTC_ROUTE_CONTENT}},                                  \
    .special_tokens = {"<|endoftext|>", "<|startoftext|>"}

#define MUSE                                                                                                 \
    .body = QTC_BODY_TAGS, .open = {"<atem:function_calls>"}, .close = {"</atem:function_calls>"},           \
    INVOKES("atem:"), .doubled_names = true, .trim = QTC_TRIM_NONE, .json_values = true,                     \
    .header_open = {"<|start|>"}, .header_end = {"<|message|>"}, .message_close = {"<|eom|>", "<|eot|>"},    \
    .starts_in_header = true

const struct qtc_format qtc_format_openai = {
    .name = "openai",
    .rank = 6,
    .aliases = {"gpt-oss", "harmony", "openai_gptoss"},
    .models = "gpt-oss",
    .model_ids = {"gpt-oss"},
    .example = "<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>"
               "{\"city\": \"Tokyo\"}<|call|>",
    .body = QTC_BODY_NAMED,
    .function_close = "<|call|>",
    .name_prefixes = {"functions."},
    CALL_KEYS,
    HARMONY,
};

const struct qtc_format qtc_format_beam = {
    .name = "beam",
    .rank = 87,
    .models = "Beam",
    .example = " to=get_weather<|channel|>analysis <|constrain|>xml<|message|>"
               "<rfl:parameter name=\"city\">\nTokyo\n</rfl:parameter><|call|>",
    .body = QTC_BODY_TAGS,
    .function_close = "<|call|>",
    .parameter_open = "<rfl:parameter",
    .parameter_end = ">",
    .parameter_close = "</rfl:parameter>",
    .key_attribute = "name",
    .trim = QTC_TRIM_LINE,
    CALL_KEYS,
    HARMONY,
};

const struct qtc_format qtc_format_muse = {
    .name = "muse",
    .aliases = {"musespark1x"},
    .models = "Muse Spark",
    .model_ids = {"muse", "muse-spark", "musespark"},
    .example = "<|start|>assistant to=get_weather<|message|><atem:function_calls>\n"
               "<atem:invoke name=\"get_weather\">\n<atem:parameter name=\"city\">Tokyo</atem:parameter>\n"
               "</atem:invoke>\n</atem:function_calls><|eot|>",
    MUSE,
    .routes = {{"self", QTC_ROUTE_REASONING},
               {"user", QTC_ROUTE_CONTENT},
               {"commentary", QTC_ROUTE_CONTENT},
               {"developer", QTC_ROUTE_DROP},
               {"", QTC_ROUTE_REASONING}},
};

const struct qtc_format qtc_format_muse_glimmer = {
    .name = "muse_glimmer",
    .models = "Muse Glimmer",
    .model_ids = {"muse-glimmer"},
    .example = "<|start|>assistant to=get_weather<|message|><atem:function_calls>\n"
               "<atem:invoke name=\"get_weather\">\n<atem:parameter name=\"city\">Tokyo</atem:parameter>\n"
               "</atem:invoke>\n</atem:function_calls><|eot|>",
    MUSE,
    .routes = {{"self", QTC_ROUTE_REASONING},
               {"user", QTC_ROUTE_CONTENT},
               {"commentary", QTC_ROUTE_CALL},
               {"developer", QTC_ROUTE_CALL},
               {"", QTC_ROUTE_CONTENT}},
};

/* A header has no end of its own: the kind of block that follows ends it. */
const struct qtc_format qtc_format_inkling = {
    .name = "inkling",
    .models = "Inkling",
    .model_ids = {"inkling"},
    .example = "<|message_model|>get_weather<|content_invoke_tool_json|>"
               "{\"name\":\"get_weather\",\"args\":{\"city\": \"Tokyo\"}}<|end_message|>",
    .body = QTC_BODY_JSON,
    .open = {"<|content_invoke_tool_json|>"},
    .name_keys = {"name"},
    .argument_keys = {"args", "arguments", "parameters", "input"},
    .think_open = {"<|content_thinking|>"},
    .content_open = {"<|content_text|>", "<|content_invoke_tool_text|>", "<|content_tool_error|>"},
    .header_open = {"<|message_model|>"},
    .message_close = {"<|end_message|>", "<|content_model_end_sampling|>"},
};
