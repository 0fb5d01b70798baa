/* Preferred Networks' PLaMo. */
#include "formats/rows.h"

const struct qtc_format qtc_format_plamo3 = {
    .name = "plamo3",
    .models = "PLaMo 3",
    .model_ids = {"plamo-3", "plamo-3.0", "plamo3"},
    .example = "<|plamo:begin_tool_requests:plamo|><|plamo:begin_tool_request:plamo|>"
               "<|plamo:begin_tool_name:plamo|>get_weather<|plamo:end_tool_name:plamo|>"
               "<|plamo:begin_tool_arguments:plamo|><|plamo:constrain|>json<|plamo:msg|>{\"city\": \"Tokyo\"}"
               "<|plamo:end_tool_arguments:plamo|><|plamo:end_tool_request:plamo|>"
               "<|plamo:end_tool_requests:plamo|>",
    .body = QTC_BODY_NAMED,
    .open = {"<|plamo:begin_tool_requests:plamo|>"},
    .close = {"<|plamo:end_tool_requests:plamo|>"},
    .array = true,
    .function_open = "<|plamo:begin_tool_name:plamo|>",
    .function_end = "<|plamo:end_tool_name:plamo|>",
    .function_close = "<|plamo:end_tool_request:plamo|>",
    .skip = {"<|plamo:begin_tool_request:plamo|>", "<|plamo:begin_tool_arguments:plamo|>",
             "<|plamo:constrain|>json", "<|plamo:msg|>", "<|plamo:end_tool_arguments:plamo|>"},
    CALL_KEYS,
    .think_open = {"<|plamo:begin_think:plamo|>"},
    .think_close = {"<|plamo:end_think:plamo|>"},
    .cut_markers = true,
    .special_tokens = {"<|plamo:tag|>", "<|plamo:eos|>", "<|plamo:bos|>"},
};
