/* MeetKai's Functionary. */
#include "formats/rows.h"

/* Llama 3.1's own tag for functions that are not built in. */
const struct qtc_format qtc_format_functionary_v31 = {
    .name = "functionary_v31",
    .aliases = {"functionary-v3.1", "llama31_custom"},
    .models = "Functionary 3.1, Llama 3.1 with custom functions",
    .model_ids = {"functionary-small-v3.1", "functionary-medium-v3.1"},
    .example = "<function=get_weather>{\"city\": \"Tokyo\"}</function>",
    .body = QTC_BODY_NAMED,
    .function_open = "<function",
    .function_end = ">",
    .function_close = "</function>",
    .bare_function = true,
    CALL_KEYS,
    THINK,
    .special_tokens = {"<|eom_id|>", "<|eot_id|>"},
};

/* Every message says whom it is for: a function, or all. */
const struct qtc_format qtc_format_functionary_v2 = {
    .name = "functionary_v2",
    .aliases = {"functionary-v2"},
    .models = "Functionary 2",
    .model_ids = {"functionary-small-v2", "functionary-medium-v2", "functionary-7b-v2"},
    .example = "<|recipient|>get_weather\n<|content|>{\"city\": \"Tokyo\"}<|stop|>",
    .body = QTC_BODY_NAMED,
    .open = {"<|recipient|>"},
    .function_end = "<|content|>",
    CALL_KEYS,
    .content_open = {"<|recipient|>all\n<|content|>", "<|recipient|> all\n<|content|>"},
    .special_tokens = {"<|from|>assistant\n", "<|from|> assistant\n", "<|stop|>"},
};
