/* StepFun's Step 3; 3.5 and 5 write as Qwen3-Coder does. */
#include "formats/rows.h"

const struct qtc_format qtc_format_step3 = {
    .name = "step3",
    .models = "Step 3",
    .model_ids = {"step3", "step-3"},
    .example = "<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜>"
               "<steptml:invoke name=\"get_weather\">"
               "<steptml:parameter name=\"city\">Tokyo</steptml:parameter></steptml:invoke>"
               "<｜tool_call_end｜><｜tool_calls_end｜>",
    .body = QTC_BODY_TAGS,
    .open = {"<｜tool_calls_begin｜>", "<｜tool_call_begin｜>function<｜tool_sep｜>"},
    .close = {"<｜tool_calls_end｜>"},
    INVOKES("steptml:"),
    .bare_function = true,
    .skip = {"<｜tool_call_begin｜>function<｜tool_sep｜>", "<｜tool_call_end｜>"},
    .trim = QTC_TRIM_ALL,
    THINK,
    .special_tokens = {"<｜end▁of▁sentence｜>", "<｜begin▁of▁sentence｜>", "<|EOT|>", "<|BOT|>"},
};
