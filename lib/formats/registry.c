#include "formats/rows.h"

#include <string.h>

const struct qtc_format qtc_format_none = {
    .name = "none",
    .models = "any: text stays text, reasoning is told apart",
    .example = "It is sunny in Tokyo.",
    .body = QTC_BODY_NONE,
    .think_open = "<think>",
    .think_close = "</think>",
};

static const struct qtc_format *const formats[] = {
    &qtc_format_qwen3_coder,
    &qtc_format_hermes,
    &qtc_format_nemotron,
    &qtc_format_none,
};

const struct qtc_format *const *qtc_formats(size_t *count)
{
    *count = sizeof formats / sizeof formats[0];
    return formats;
}

static bool answers_to(const struct qtc_format *format, const char *name)
{
    if (strcmp(format->name, name) == 0) {
        return true;
    }
    for (size_t i = 0; format->aliases[i] != NULL; i++) {
        if (strcmp(format->aliases[i], name) == 0) {
            return true;
        }
    }
    return false;
}

const struct qtc_format *qtc_format_find(const char *name)
{
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);
    for (size_t i = 0; i < count; i++) {
        if (answers_to(all[i], name)) {
            return all[i];
        }
    }
    return NULL;
}
