/* Calls as free XML, and what client libraries ask of models that know no format. */
#include "formats/rows.h"

/* The opener's tag holds the name, or elements called as the JSON keys do. */
const struct qtc_format qtc_format_xml_generic = {
    .name = "xml_generic",
    .rank = 84,
    .models = "any that writes calls as XML of its own making",
    .example = "<tool_call name=\"get_weather\"><args><city>Tokyo</city></args></tool_call>",
    .body = QTC_BODY_ELEMENTS,
    .open = {"<tool_call", "<tool:call", "<function_call"},
    .close = {"</tool_call>", "</tool:call>", "</function_call>"},
    .function_end = ">",
    .name_attribute = "name",
    .trim = QTC_TRIM_ALL,
    .cdata = true,
    .name_keys = {"tool_name", "name"},
    .argument_keys = {"tool_arguments", "arguments", "parameters", "args"},
    .type_attribute = "type",
    THINK,
};

const struct qtc_format qtc_format_morph_xml = {
    .name = "morph_xml",
    .rank = 85,
    .models = "any, through the AI SDK's tool middleware; needs the tools",
    .example = "<get_weather>\n<city>Tokyo</city>\n</get_weather>",
    .body = QTC_BODY_ELEMENTS,
    .trim = QTC_TRIM_ALL,
    .cdata = true,
    .tool_tags = true,
    THINK,
};

const struct qtc_format qtc_format_yaml_xml = {
    .name = "yaml_xml",
    .rank = 86,
    .models = "any, through the AI SDK's tool middleware; needs the tools",
    .example = "<get_weather>\ncity: Tokyo\n</get_weather>",
    .body = QTC_BODY_YAML,
    .tool_tags = true,
    THINK,
};
