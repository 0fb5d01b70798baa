/* rows.h - what the files of this folder give to the registry, and what their rows share. */
#ifndef QTC_FORMAT_ROWS_H
#define QTC_FORMAT_ROWS_H

#include "formats/format.h"

/* A call as an object, whatever the format: models fall back to it behind any opener. */
#define CALL_KEYS                                                                                            \
    .name_keys = {"name"},                                                                                   \
    .argument_keys = {"arguments", "parameters", "args", "input", "tool_arguments"}

/* Special tokens, by the tokenizers that have them. */
#define CHATML_TOKENS "<|im_end|>", "<|endoftext|>", "<|im_start|>"
#define EDGE_TOKENS   "<bos>", "<eos>"

extern const struct qtc_format qtc_format_none;

extern const struct qtc_format qtc_format_cohere_command3;
extern const struct qtc_format qtc_format_cohere_command4;
extern const struct qtc_format qtc_format_deepseek_v3;
extern const struct qtc_format qtc_format_deepseek_v31;
extern const struct qtc_format qtc_format_deepseek_v32;
extern const struct qtc_format qtc_format_deepseek_v4;
extern const struct qtc_format qtc_format_deepseek_v41;
extern const struct qtc_format qtc_format_functiongemma;
extern const struct qtc_format qtc_format_gemma4;
extern const struct qtc_format qtc_format_glm45;
extern const struct qtc_format qtc_format_ling3;
extern const struct qtc_format qtc_format_poolside_v1;
extern const struct qtc_format qtc_format_granite;
extern const struct qtc_format qtc_format_granite4;
extern const struct qtc_format qtc_format_granite_20b_fc;
extern const struct qtc_format qtc_format_ernie45;
extern const struct qtc_format qtc_format_hermes;
extern const struct qtc_format qtc_format_hf;
extern const struct qtc_format qtc_format_longcat;
extern const struct qtc_format qtc_format_hunyuan_a13b;
extern const struct qtc_format qtc_format_hy_v3;
extern const struct qtc_format qtc_format_dots;
extern const struct qtc_format qtc_format_minicpm5;
extern const struct qtc_format qtc_format_minimax_m2;
extern const struct qtc_format qtc_format_minimax_m3;
extern const struct qtc_format qtc_format_apertus;
extern const struct qtc_format qtc_format_gigachat3;
extern const struct qtc_format qtc_format_internlm;
extern const struct qtc_format qtc_format_jamba;
extern const struct qtc_format qtc_format_bare_json;
extern const struct qtc_format qtc_format_nemotron;
extern const struct qtc_format qtc_format_phi4_mini_json;
extern const struct qtc_format qtc_format_sarashina;
extern const struct qtc_format qtc_format_xlam;
extern const struct qtc_format qtc_format_k2_horizon;
extern const struct qtc_format qtc_format_kimi_k2;
extern const struct qtc_format qtc_format_kimi_k3;
extern const struct qtc_format qtc_format_llama3_json;
extern const struct qtc_format qtc_format_llama4_pythonic;
extern const struct qtc_format qtc_format_beam;
extern const struct qtc_format qtc_format_inkling;
extern const struct qtc_format qtc_format_muse;
extern const struct qtc_format qtc_format_muse_glimmer;
extern const struct qtc_format qtc_format_openai;
extern const struct qtc_format qtc_format_mistral;
extern const struct qtc_format qtc_format_plamo3;
extern const struct qtc_format qtc_format_lfm2;
extern const struct qtc_format qtc_format_olmo3;
extern const struct qtc_format qtc_format_pythonic;
extern const struct qtc_format qtc_format_mimo;
extern const struct qtc_format qtc_format_qwen3_coder;
extern const struct qtc_format qtc_format_seed_oss;
extern const struct qtc_format qtc_format_step3;
extern const struct qtc_format qtc_format_morph_xml;
extern const struct qtc_format qtc_format_xml_generic;
extern const struct qtc_format qtc_format_yaml_xml;

#endif
