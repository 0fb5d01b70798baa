/* test_formats.c - the rows: what each must say, and how one is found. */
#include "formats/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* ---- rows ---------------------------------------------------------------------- */

/* Calls check for each row. */
static void each_row(void (*check)(const struct qtc_format *))
{
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        check(all[i]);
    }
}

static void list_ends(const struct qtc_format *f, const char *field, const char *const *list)
{
    for (size_t i = 0; i < QTC_FORMAT_LIST; i++) {
        if (list[i] == NULL) {
            return;
        }
        if (list[i][0] == '\0') {
            fail_msg("%s: %s: entry %zu is empty", f->name, field, i);
        }
    }
    fail_msg("%s: %s does not end", f->name, field);
}

static void lists_end(const struct qtc_format *f)
{
    list_ends(f, "aliases", f->aliases);
    list_ends(f, "model_ids", f->model_ids);
    list_ends(f, "open", f->open);
    list_ends(f, "close", f->close);
    list_ends(f, "name_prefixes", f->name_prefixes);
    list_ends(f, "skip", f->skip);
    list_ends(f, "name_keys", f->name_keys);
    list_ends(f, "argument_keys", f->argument_keys);
    list_ends(f, "id_keys", f->id_keys);
    list_ends(f, "think_open", f->think_open);
    list_ends(f, "think_close", f->think_close);
    list_ends(f, "content_open", f->content_open);
    list_ends(f, "content_close", f->content_close);
    list_ends(f, "special_tokens", f->special_tokens);
    list_ends(f, "header_open", f->header_open);
    list_ends(f, "header_end", f->header_end);
    list_ends(f, "message_close", f->message_close);
}

static void routes_end(const struct qtc_format *f)
{
    for (size_t i = 0; i < QTC_FORMAT_LIST; i++) {
        if (f->routes[i].word == NULL) {
            return;
        }
        assert_true(f->routes[i].route < QTC_ROUTES);
    }
    fail_msg("%s: routes do not end", f->name);
}

static void markers_say_something(const struct qtc_format *f)
{
    const char *const markers[] = {
        f->function_open,   f->function_end,  f->function_close, f->name_attribute, f->parameter_open,
        f->parameter_end,   f->value_open,    f->parameter_close, f->key_attribute, f->type_attribute,
        f->type_open,       f->type_close,    f->element_prefix, f->delimiter,      f->id_open,
    };
    for (size_t i = 0; i < sizeof markers / sizeof markers[0]; i++) {
        if (markers[i] != NULL && markers[i][0] == '\0') {
            fail_msg("%s: marker %zu is empty", f->name, i);
        }
    }
}

static void has_what_people_read(const struct qtc_format *f)
{
    assert_true(f->name != NULL && f->name[0] != '\0');
    assert_true(f->models != NULL && f->models[0] != '\0');
    assert_true(f->example != NULL && f->example[0] != '\0');
}

static void shows_its_opener(const struct qtc_format *f)
{
    const char *opener = f->open[0] != NULL ? f->open[0] : f->function_open;
    if (opener != NULL && !f->bare && strstr(f->example, opener) == NULL) {
        fail_msg("%s: %s is not in the example", f->name, opener);
    }
    if (f->body != QTC_BODY_NONE && strstr(f->example, "get_weather") == NULL) {
        fail_msg("%s: no get_weather in the example", f->name);
    }
}

/* What a call needs so that an engine can see it, and read it. */
static void hangs_together(const struct qtc_format *f)
{
    if (f->body != QTC_BODY_NONE && f->open[0] == NULL && f->function_open == NULL && !f->bare &&
        !f->tool_tags && f->header_open[0] == NULL) {
        fail_msg("%s: nothing begins a call", f->name);
    }
    if ((f->body == QTC_BODY_TAGS) != (f->parameter_open != NULL && f->parameter_close != NULL)) {
        fail_msg("%s: tags and parameters belong together", f->name);
    }
    if ((f->body == QTC_BODY_GEMMA) != (f->delimiter != NULL)) {
        fail_msg("%s: a delimiter is for QTC_BODY_GEMMA", f->name);
    }
    if (f->bare_function && f->function_open == NULL) {
        fail_msg("%s: bare_function without function_open", f->name);
    }
    if ((f->think_open[0] == NULL) != (f->think_close[0] == NULL) && f->message_close[0] == NULL) {
        fail_msg("%s: reasoning has one marker of two", f->name);
    }
    assert_true(f->body < QTC_BODIES && f->trim < QTC_TRIMS);
}

static void model_ids_are_folded(const struct qtc_format *f)
{
    for (size_t i = 0; f->model_ids[i] != NULL; i++) {
        if (strpbrk(f->model_ids[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_/ ") != NULL) {
            fail_msg("%s: model id %s", f->name, f->model_ids[i]);
        }
    }
}

static void test_rows(void **state)
{
    (void)state;
    each_row(lists_end);
    each_row(routes_end);
    each_row(markers_say_something);
    each_row(has_what_people_read);
    each_row(shows_its_opener);
    each_row(hangs_together);
    each_row(model_ids_are_folded);
}

/* ---- names --------------------------------------------------------------------- */

/* Each name of a row finds that row: so no other row before it has the name. */
static void answers_to_its_names(const struct qtc_format *f)
{
    assert_ptr_equal(qtc_format_find(f->name), f);
    for (size_t i = 0; f->aliases[i] != NULL; i++) {
        if (qtc_format_find(f->aliases[i]) != f || strcmp(f->aliases[i], f->name) == 0) {
            fail_msg("%s: alias %s is not its own", f->name, f->aliases[i]);
        }
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(f->aliases[i], f->aliases[k]);
        }
    }
}

static void model_ids_are_its_own(const struct qtc_format *f)
{
    for (size_t i = 0; f->model_ids[i] != NULL; i++) {
        const struct qtc_format *found = qtc_format_of_model(qtc_str(f->model_ids[i]));
        if (found != f) {
            fail_msg("%s: model id %s is of %s", f->name, f->model_ids[i],
                     found != NULL ? found->name : "none");
        }
    }
}

static const char *const known_names[] = {
    /* vLLM, tool parsers */
    "dots", "deepseek_v3", "deepseek_v31", "deepseek_v32", "deepseek_v4", "deepseek_v41", "cohere_command3",
    "cohere_command4", "ernie45", "glm45", "glm47", "ling3", "granite-20b-fc", "granite", "granite4",
    "hermes", "hf", "beam", "poolside_v1", "hunyuan_a13b", "hy_v3", "hy_v4", "internlm", "jamba", "lfm2",
    "kimi_k2", "kimi_k3", "k2_horizon", "llama3_json", "llama4_json", "llama4_pythonic", "longcat", "mimo",
    "minimax_m2", "minimax_m3", "minicpm5", "mistral", "olmo3", "plamo3", "muse", "musespark1x", "muse_glimmer", "openai",
    "phi4_mini_json", "pythonic", "qwen3_coder", "qwen3_xml", "qwen3_json", "seed_oss", "step3", "step3p5",
    "step5", "inkling", "xlam", "gigachat3", "functiongemma", "gemma4", "apertus",
    /* vLLM, reasoning parsers */
    "deepseek_r1", "holo2", "openai_gptoss", "granite_thinking_parser", "qwen3", "nemotron_v3", "minicpmv",
    "minimax_m2_append_think",
    /* SGLang */
    "qwen", "qwen25", "deepseekv3", "deepseekv31", "deepseekv32", "glm", "gpt-oss", "llama3", "minimax-m2",
    "interns1", "trinity",
    /* SMG */
    "qwen_coder", "qwen_xml", "deepseek", "deepseek31", "deepseek32", "glm45_moe", "glm47_moe", "kimik2",
    "llama", "cohere", "json", "sarashina", "nemotron",
    /* Dynamo */
    "nemotron_nano", "deepseek_v3_1", "deepseek_v3_2", "deepseek-v4", "deepseekv4", "kimi-k3", "harmony",
    "minimax-m3", "minimax_m3_nom", "phi4", "gemma-4", "nemotron_deci",
    /* others */
    "morph_xml", "yaml_xml", "xml_generic", "none",
};

static void test_names(void **state)
{
    (void)state;
    each_row(answers_to_its_names);
    for (size_t i = 0; i < sizeof known_names / sizeof known_names[0]; i++) {
        if (qtc_format_find(known_names[i]) == NULL) {
            fail_msg("%s is not found", known_names[i]);
        }
    }
    assert_null(qtc_format_find("auto"));
    assert_null(qtc_format_find(""));
    assert_null(qtc_format_find("Hermes"));
}

/* ---- models -------------------------------------------------------------------- */

static const struct {
    const char *model;
    const char *format; /* NULL: none */
} models[] = {
    {"Qwen/Qwen3-Coder-480B-A35B-Instruct", "qwen3_coder"},
    {"Qwen/Qwen3-Coder-Next", "qwen3_coder"},
    {"qwen3-coder:30b", "qwen3_coder"},
    {"Qwen/Qwen3.5-397B-A17B", "qwen3_coder"},
    {"nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", "qwen3_coder"},
    {"stepfun-ai/Step-3.5-Flash", "qwen3_coder"},
    {"Qwen/Qwen3-235B-A22B-Instruct-2507", "hermes"},
    {"Qwen/Qwen3-Next-80B-A3B-Instruct", "hermes"},
    {"Qwen/Qwen3-VL-30B-A3B-Instruct", "hermes"},
    {"qwen3:8b", "hermes"},
    {"Qwen/Qwen2.5-Coder-32B-Instruct", "hermes"},
    {"qwen/qwen-2.5-72b-instruct", "hermes"},
    {"Qwen/QwQ-32B", "hermes"},
    {"NousResearch/Hermes-2-Pro-Mistral-7B", "hermes"},
    {"NousResearch/Hermes-2-Pro-Llama-3-8B", "hermes"},
    {"NousResearch/Hermes-3-Llama-3.1-70B-FP8", "hermes"},
    {"NousResearch/Hermes-4-14B", "hermes"},
    {"arcee-ai/Trinity-Mini", "hermes"},
    {"deepseek-ai/DeepSeek-V3", "deepseek_v3"},
    {"deepseek-ai/DeepSeek-V3-0324", "deepseek_v3"},
    {"deepseek-ai/DeepSeek-R1-0528", "deepseek_v3"},
    {"deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "deepseek_v3"},
    {"deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", "deepseek_v3"},
    {"us.deepseek.r1-v1:0", "deepseek_v3"},
    {"deepseek-ai/DeepSeek-V3.1", "deepseek_v31"},
    {"deepseek-ai/DeepSeek-V3.1-Terminus", "deepseek_v31"},
    {"deepseek/deepseek-chat-v3.1", "deepseek_v31"},
    {"deepseek-ai/DeepSeek-V3.2-Exp", "deepseek_v31"},
    {"deepseek-ai/DeepSeek-V3.2", "deepseek_v32"},
    {"deepseek-ai/DeepSeek-V4", "deepseek_v4"},
    {"deepseek-ai/DeepSeek-V4.1", "deepseek_v41"},
    {"zai-org/GLM-4.5-Air", "glm45"},
    {"zai-org/GLM-4.6", "glm45"},
    {"zai-org/GLM-4.7-Flash", "glm45"},
    {"moonshotai/Kimi-K2-Instruct-0905", "kimi_k2"},
    {"moonshotai/Kimi-K2-Thinking", "kimi_k2"},
    {"moonshotai/Kimi-K2.5", "kimi_k2"},
    {"openai/gpt-oss-120b", "openai"},
    {"openai.gpt-oss-20b-1:0", "openai"},
    {"gpt-oss:20b", "openai"},
    {"meta-llama/Llama-3.1-8B-Instruct", "llama3_json"},
    {"meta-llama/Meta-Llama-3.1-405B-Instruct", "llama3_json"},
    {"meta-llama/Llama-3.3-70B-Instruct", "llama3_json"},
    {"meta.llama3-1-70b-instruct-v1:0", "llama3_json"},
    {"llama3.2:3b", "llama3_json"},
    {"meta-llama/Llama-4-Scout-17B-16E-Instruct", "llama4_pythonic"},
    {"nvidia/Llama-3_3-Nemotron-Super-49B-v1_5", "nemotron"},
    {"nvidia/Llama-3.1-Nemotron-Nano-8B-v1", "nemotron"},
    {"nvidia/NVIDIA-Nemotron-Nano-9B-v2", "nemotron"},
    {"Team-ACE/ToolACE-2-Llama-3.1-8B", "pythonic"},
    {"Team-ACE/ToolACE-8B", "pythonic"},
    {"Salesforce/Llama-xLAM-2-8b-fc-r", "xlam"},
    {"Salesforce/xLAM-1b-fc-r", "xlam"},
    {"mistralai/Mistral-7B-Instruct-v0.3", "mistral"},
    {"mistralai/Mistral-Small-3.2-24B-Instruct-2506", "mistral"},
    {"mistralai/Magistral-Small-2509", "mistral"},
    {"mistral.mistral-large-2402-v1:0", "mistral"},
    {"mistralai/Devstral-Small-2507", "mistral"},
    {"MiniMaxAI/MiniMax-M2", "minimax_m2"},
    {"MiniMaxAI/MiniMax-M2.1", "minimax_m2"},
    {"MiniMaxAI/MiniMax-M3", "minimax_m3"},
    {"CohereLabs/command-a-reasoning-08-2025", "cohere_command3"},
    {"CohereForAI/c4ai-command-r7b-12-2024", "cohere_command3"},
    {"ibm-granite/granite-3.1-8b-instruct", "granite"},
    {"ibm-granite/granite-4.0-h-small", "granite4"},
    {"ibm-granite/granite-20b-functioncalling", "granite-20b-fc"},
    {"internlm/internlm2_5-7b-chat", "internlm"},
    {"internlm/Intern-S1", "internlm"},
    {"ai21labs/AI21-Jamba-1.5-Mini", "jamba"},
    {"ByteDance-Seed/Seed-OSS-36B-Instruct", "seed_oss"},
    {"XiaomiMiMo/MiMo-V2-Flash", "mimo"},
    {"stepfun-ai/step3", "step3"},
    {"baidu/ERNIE-4.5-21B-A3B-Thinking", "ernie45"},
    {"meituan-longcat/LongCat-Flash-Chat-FP8", "longcat"},
    {"tencent/Hunyuan-A13B-Instruct", "hunyuan_a13b"},
    {"LiquidAI/LFM2-1.2B", "lfm2"},
    {"allenai/Olmo-3-32B-Think", "olmo3"},
    {"rednote-hilab/dots.llm1.inst", "dots"},
    {"microsoft/Phi-4-mini-instruct", "phi4_mini_json"},
    {"google/functiongemma-270m-it", "functiongemma"},
    {"google/gemma-4-31B-it", "gemma4"},
    {"swiss-ai/Apertus-8B-Instruct-2509", "apertus"},
    {"ai-sage/GigaChat3-10B-A1.8B", "gigachat3"},
    {"Muse Glimmer", "muse_glimmer"},
    /* neither another version nor part of a word */
    {"deepseek-ai/DeepSeek-V3.7", NULL},
    {"google/gemma-3-27b-it", NULL},
    {"microsoft/phi-4", NULL},
    {"example/museum-7b", NULL},
    {"gpt-4o", NULL},
    {"-", NULL},
    {"", NULL},
};

static void test_models(void **state)
{
    (void)state;
    each_row(model_ids_are_its_own);
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        const struct qtc_format *found = qtc_format_of_model(qtc_str(models[i].model));
        const char *name = found != NULL ? found->name : "none";
        const char *wanted = models[i].format != NULL ? models[i].format : "none";
        if (strcmp(name, wanted) != 0) {
            fail_msg("%s: %s, not %s", models[i].model, name, wanted);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
