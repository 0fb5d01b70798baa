/* ReAct: what prompts of before there were tool calls ask for. */
#include "formats/rows.h"

const struct qtc_format qtc_format_react = {
    .name = "react",
    .models = "any, prompted to reason and act in turns",
    .example = "Action: get_weather\nAction Input: {\"city\": \"Tokyo\"}",
    .body = QTC_BODY_NAMED,
    .open = {"Action:"},
    .function_end = "Action Input:",
    CALL_KEYS,
};
