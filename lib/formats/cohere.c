/* Cohere's Command: 3 and 4 differ in the tags around their answers. */
#include "formats/rows.h"

#define COHERE_TOKENS                                                                                        \
    "<|END_OF_TURN_TOKEN|>", "<|START_OF_TURN_TOKEN|>", "<|CHATBOT_TOKEN|>", "<EOS_TOKEN>", "<BOS_TOKEN>"
/* <co>…</co: 0:[1,2]>: what the words between are taken from */
#define COHERE_CITATIONS "<co>", "<co:", "</co>", "</co:"

#define ACTIONS                                                                                              \
    .body = QTC_BODY_JSON, .open = {"<|START_ACTION|>"}, .close = {"<|END_ACTION|>"}, .array = true,         \
    .name_keys = {"tool_name", "name"}, .argument_keys = {"parameters", "arguments"},                        \
    .id_keys = {"tool_call_id"}, .think_open = {"<|START_THINKING|>"}, .think_close = {"<|END_THINKING|>"},  \
    .text_tags = {COHERE_CITATIONS}, .special_tokens = {COHERE_TOKENS}

const struct qtc_format qtc_format_cohere_command3 = {
    .name = "cohere_command3",
    .aliases = {"cohere"},
    .models = "Command A, Command R7B",
    .model_ids = {"command-a", "command-r7b"},
    .example = "<|START_ACTION|>[\n    {\"tool_call_id\": \"0\", \"tool_name\": \"get_weather\", "
               "\"parameters\": {\"city\": \"Tokyo\"}}\n]<|END_ACTION|>",
    ACTIONS,
    .content_open = {"<|START_RESPONSE|>"},
    .content_close = {"<|END_RESPONSE|>"},
};

const struct qtc_format qtc_format_cohere_command4 = {
    .name = "cohere_command4",
    .models = "Command A+",
    .model_ids = {"command-a-plus"},
    .example = "<|START_ACTION|>[\n    {\"tool_call_id\": \"0\", \"tool_name\": \"get_weather\", "
               "\"parameters\": {\"city\": \"Tokyo\"}}\n]<|END_ACTION|>",
    ACTIONS,
    .content_open = {"<|START_TEXT|>"},
    .content_close = {"<|END_TEXT|>"},
};

/* The models before Command R7B wrote a list in a code fence. */
const struct qtc_format qtc_format_command_r = {
    .name = "command_r",
    .aliases = {"command-r"},
    .models = "Command R, Command R+, Aya Expanse",
    .model_ids = {"command-r", "command-r-plus", "c4ai-command-r-v01", "c4ai-command-r-plus", "aya-expanse"},
    .example = "Action: ```json\n[\n    {\n        \"tool_name\": \"get_weather\",\n"
               "        \"parameters\": {\"city\": \"Tokyo\"}\n    }\n]\n```",
    .body = QTC_BODY_JSON,
    .open = {"Action:"},
    .array = true,
    .skip = {"```json", "```"},
    .name_keys = {"tool_name", "name"},
    .argument_keys = {"parameters", "arguments"},
    .special_tokens = {"<|END_OF_TURN_TOKEN|>", "<|START_OF_TURN_TOKEN|>", "<|CHATBOT_TOKEN|>"},
};
