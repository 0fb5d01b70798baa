/* The list of the rows, and the ways to find one. */
#include "formats/rows.h"

#include <string.h>

const struct qtc_format qtc_format_none = {
    .name = "none",
    .models = "any: text stays text, reasoning is told apart",
    .example = "It is sunny in Tokyo.",
    .body = QTC_BODY_NONE,
    .think_open = {"<think>"},
    .think_close = {"</think>"},
};

/* The most used first. deepseek_v3 stands before v31, which would take the type for
 * the name; rows that only repeat another's markers follow it. */
static const struct qtc_format *const formats[] = {
    &qtc_format_qwen3_coder,
    &qtc_format_hermes,
    &qtc_format_glm45,
    &qtc_format_deepseek_v3,
    &qtc_format_deepseek_v31,
    &qtc_format_deepseek_v32,
    &qtc_format_deepseek_v4,
    &qtc_format_deepseek_v41,
    &qtc_format_kimi_k2,
    &qtc_format_kimi_k3,
    &qtc_format_minimax_m2,
    &qtc_format_minimax_m3,
    &qtc_format_openai,
    &qtc_format_mistral,
    &qtc_format_llama3_json,
    &qtc_format_llama4_pythonic,
    &qtc_format_pythonic,
    &qtc_format_gemma4,
    &qtc_format_functiongemma,
    &qtc_format_nemotron,
    &qtc_format_cohere_command3,
    &qtc_format_cohere_command4,
    &qtc_format_granite4,
    &qtc_format_granite,
    &qtc_format_granite_20b_fc,
    &qtc_format_phi4_mini_json,
    &qtc_format_seed_oss,
    &qtc_format_mimo,
    &qtc_format_step3,
    &qtc_format_ernie45,
    &qtc_format_longcat,
    &qtc_format_ling3,
    &qtc_format_poolside_v1,
    &qtc_format_hy_v3,
    &qtc_format_hunyuan_a13b,
    &qtc_format_jamba,
    &qtc_format_lfm2,
    &qtc_format_olmo3,
    &qtc_format_internlm,
    &qtc_format_dots,
    &qtc_format_minicpm5,
    &qtc_format_k2_horizon,
    &qtc_format_plamo3,
    &qtc_format_inkling,
    &qtc_format_muse,
    &qtc_format_muse_glimmer,
    &qtc_format_gigachat3,
    &qtc_format_apertus,
    &qtc_format_xlam,
    &qtc_format_sarashina,
    &qtc_format_bare_json,
    &qtc_format_xml_generic,
    &qtc_format_morph_xml,
    &qtc_format_yaml_xml,
    &qtc_format_beam,
    &qtc_format_hf,
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

/* ---- by a model's id ----------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char folded(char c)
{
    if (c == '_' || c == '/' || c == ' ') {
        return '-';
    }
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* A version goes on behind its dot: deepseek-v3 does not end in deepseek-v3.1. */
static bool ends_word(struct qtc_bytes model, size_t at)
{
    if (at == model.len) {
        return true;
    }
    if (model.data[at] == '.') {
        return at + 1 == model.len || !is_digit(model.data[at + 1]);
    }
    return !is_word(model.data[at]);
}

static bool stands_at(struct qtc_bytes model, size_t at, const char *id, size_t len)
{
    if (len > model.len - at || (at > 0 && is_word(model.data[at - 1]))) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (folded(model.data[at + i]) != id[i]) {
            return false;
        }
    }
    return ends_word(model, at + len);
}

static bool holds(struct qtc_bytes model, const char *id, size_t len)
{
    for (size_t at = 0; at < model.len; at++) {
        if (stands_at(model, at, id, len)) {
            return true;
        }
    }
    return false;
}

const struct qtc_format *qtc_format_of_model(struct qtc_bytes model)
{
    const struct qtc_format *found = NULL;
    size_t longest = 0;
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);

    for (size_t i = 0; i < count; i++) {
        for (const char *const *id = all[i]->model_ids; *id != NULL; id++) {
            size_t len = strlen(*id);
            if (len > longest && holds(model, *id, len)) {
                found = all[i];
                longest = len;
            }
        }
    }
    return found;
}
