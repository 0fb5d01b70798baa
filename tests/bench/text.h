/* text.h - the texts that the benchmarks run on: made up, and the same in every run. */
#ifndef QTC_BENCH_TEXT_H
#define QTC_BENCH_TEXT_H

#include "base/base.h"

enum bench_kind {
    BENCH_PROSE,  /* words and paragraphs */
    BENCH_MARKUP, /* prose with code in it: '<', backticks, quotes, newlines */
    BENCH_CODE,   /* lines of a program: the value of a long string parameter */
    BENCH_QWEN,   /* small calls as Qwen3-Coder writes them */
    BENCH_HERMES, /* small calls as Hermes writes them */
    BENCH_FILES   /* arguments of write_file, a JSON object a unit */
};

/* What is counted as one character is one UTF-8 sequence. */
static inline size_t bench_character(const char *text, size_t len)
{
    size_t n = 1;
    while (n < len && ((unsigned char)text[n] & 0xC0) == 0x80) {
        n++;
    }
    return n;
}

/* The length of the first `count` characters, or of all. */
static inline size_t bench_characters(const char *text, size_t len, size_t count)
{
    size_t n = 0;
    while (n < len && count > 0) {
        n += bench_character(text + n, len - n);
        count--;
    }
    return n;
}

static inline unsigned bench_random(uint64_t *state, unsigned below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*state >> 33) % below;
}

static inline const char *bench_word(uint64_t *state)
{
    static const char *const words[] = {
        "the",      "a",      "of",     "and",     "to",     "in",      "that",    "is",
        "with",     "for",    "river",  "winter",  "engine", "letter",  "garden",  "bridge",
        "paper",    "number", "window", "station", "writes", "carries", "follows", "turns",
        "measures", "keeps",  "opens",  "sends",   "small",  "old",     "narrow",  "quiet",
        "second",   "whole",  "early",  "café",    "naïve",  "日本",    "before",  "between",
    };
    return words[bench_random(state, sizeof words / sizeof *words)];
}

static inline void bench_sentence(struct qtc_buf *out, uint64_t *state)
{
    unsigned count = 6 + bench_random(state, 10);
    for (unsigned i = 0; i < count; i++) {
        qtc_buf_str(out, i == 0 ? "" : " ");
        qtc_buf_str(out, bench_word(state));
    }
    qtc_buf_str(out, bench_random(state, 5) == 0 ? ".\n\n" : ". ");
}

static inline void bench_snippet(struct qtc_buf *out, uint64_t *state)
{
    static const char *const snippets[] = {
        "if a < b then `swap(a, b)`.\n",
        "a `std::vector<int>` or a <b>bold</b> word, ",
        "\n```c\nfor (i = 0; i < n; i++) {\n    puts(\"done\\n\");\n}\n```\n",
        "x <= y << 2, ",
        "- one\n- two\n- three\n",
        "<p class=\"note\">see below</p>\n",
    };
    qtc_buf_str(out, snippets[bench_random(state, sizeof snippets / sizeof *snippets)]);
}

static inline void bench_code_line(struct qtc_buf *out, uint64_t *state)
{
    static const char *const lines[] = {
        "    for (size_t i = 0; i < count; i++) {\n",
        "        total += values[i] * weights[i];\n",
        "    }\n",
        "    printf(\"%s: %d\\n\", name, total);\n",
        "\n",
        "    /* naïve, but the table is short */\n",
        "    if (left->next != NULL && right < limit) {\n",
        "\treturn -1;\n",
        "static const char *const colours[] = {\"red\", \"green\", \"blue\"};\n",
        "    struct node *found = lookup(tree, key, compare_names);\n",
    };
    qtc_buf_str(out, lines[bench_random(state, sizeof lines / sizeof *lines)]);
}

static inline const char *bench_city(uint64_t *state)
{
    static const char *const cities[] = {"Oslo", "Zürich", "Lisbon", "New York", "Reykjavík", "Kyoto"};
    return cities[bench_random(state, sizeof cities / sizeof *cities)];
}

static inline void bench_qwen_parameter(struct qtc_buf *out, const char *key, const char *value)
{
    qtc_buf_str(out, "<parameter=");
    qtc_buf_str(out, key);
    qtc_buf_str(out, ">\n");
    qtc_buf_str(out, value);
    qtc_buf_str(out, "\n</parameter>\n");
}

static inline void bench_qwen_call(struct qtc_buf *out, uint64_t *state)
{
    qtc_buf_str(out, "<tool_call>\n");
    if (bench_random(state, 2) == 0) {
        qtc_buf_str(out, "<function=get_weather>\n");
        bench_qwen_parameter(out, "city", bench_city(state));
        bench_qwen_parameter(out, "days", bench_random(state, 2) == 0 ? "3" : "14");
    } else {
        qtc_buf_str(out, "<function=search>\n<parameter=query>\n");
        for (int i = 0; i < 6; i++) {
            qtc_buf_str(out, bench_word(state));
            qtc_buf_str(out, " ");
        }
        qtc_buf_str(out, "\n</parameter>\n");
        bench_qwen_parameter(out, "exact", "true");
    }
    qtc_buf_str(out, "</function>\n</tool_call>\n");
}

static inline void bench_hermes_call(struct qtc_buf *out, uint64_t *state)
{
    qtc_buf_str(out, "<tool_call>\n{\"name\": ");
    if (bench_random(state, 2) == 0) {
        qtc_buf_str(out, "\"get_weather\", \"arguments\": {\"city\": \"");
        qtc_buf_str(out, bench_city(state));
        qtc_buf_str(out, "\", \"days\": 3}");
    } else {
        qtc_buf_str(out, "\"search\", \"arguments\": {\"query\": \"");
        for (int i = 0; i < 6; i++) {
            qtc_buf_str(out, bench_word(state));
            qtc_buf_str(out, " ");
        }
        qtc_buf_str(out, "\", \"exact\": true}");
    }
    qtc_buf_str(out, "}\n</tool_call>\n");
}

static inline void bench_file(struct qtc_buf *out, uint64_t *state)
{
    qtc_buf_str(out, "{\"path\": \"notes.txt\", \"content\": \"");
    for (int i = 0; i < 120; i++) {
        qtc_buf_str(out, bench_word(state));
        qtc_buf_str(out, i % 12 == 11 ? "\\n" : " ");
    }
    qtc_buf_str(out, "\"}");
}

/* One sentence, line or call. */
static inline void bench_unit(struct qtc_buf *out, enum bench_kind kind, uint64_t *state)
{
    switch (kind) {
    case BENCH_PROSE:
        bench_sentence(out, state);
        break;
    case BENCH_MARKUP:
        bench_sentence(out, state);
        bench_snippet(out, state);
        break;
    case BENCH_CODE:
        bench_code_line(out, state);
        break;
    case BENCH_QWEN:
        bench_qwen_call(out, state);
        break;
    case BENCH_HERMES:
        bench_hermes_call(out, state);
        break;
    case BENCH_FILES:
        bench_file(out, state);
        break;
    }
}

/* Appends whole units until `size` bytes are there. */
static inline void bench_fill(struct qtc_buf *out, enum bench_kind kind, size_t size)
{
    uint64_t state = 42;
    while (out->len < size && !out->failed) {
        bench_unit(out, kind, &state);
    }
}

/* The tools that all these calls are made to. */
static inline const char *bench_tools(void)
{
    return "[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"parameters\":{\"type\":"
           "\"object\","
           "\"properties\":{\"city\":{\"type\":\"string\"},\"days\":{\"type\":\"integer\"}}}}},\n"
           "{\"type\":\"function\",\"function\":{\"name\":\"search\",\"parameters\":{\"type\":\"object\","
           "\"properties\":{\"query\":{\"type\":\"string\"},\"exact\":{\"type\":\"boolean\"}}}}},\n"
           "{\"type\":\"function\",\"function\":{\"name\":\"write_file\",\"parameters\":{\"type\":\"object\","
           "\"properties\":{\"path\":{\"type\":\"string\"},\"content\":{\"type\":\"string\"}}}}}]\n";
}

#endif
