/* generate.c - writes a generated response stream to standard output.
 *
 *     generate KIND [MEGABYTES]
 *
 * The chunks have the shape in which vLLM sends them: about 310 bytes each, of which 2 to 7
 * characters are new. `parameter` is one call whose string is 64 MiB long, in pieces of 256. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static const char head[] =
    "data: "
    "{\"id\":\"chatcmpl-5d1c09e2b7a44f6c8e3f0a9b6d2c7e18\",\"object\":\"chat.completion.chunk\",\"created\":"
    "1764080411,\"model\":\"Qwen/"
    "Qwen3-Coder-480B-A35B-Instruct-FP8\",\"system_fingerprint\":null,\"choices\":["
    "{\"index\":0,\"delta\":{";
static const char tail[] =
    "},\"logprobs\":null,\"finish_reason\":null,\"stop_reason\":null,\"token_ids\":null}]}\n\n";

enum { PIECE_MIN = 2, PIECE_KINDS = 6, VALUE_PIECE = 256, VALUE_BLOCK = 1 << 20, VALUE_BLOCKS = 64 };

struct kind {
    const char *name;
    enum bench_kind text;
    bool native; /* arguments of tool_calls deltas, not content */
    const char *finish;
};

static const struct kind kinds[] = {
    {"clean", BENCH_PROSE, false, "stop"},   {"native", BENCH_FILES, true, "tool_calls"},
    {"prose", BENCH_MARKUP, false, "stop"},  {"xml", BENCH_QWEN, false, "stop"},
    {"hermes", BENCH_HERMES, false, "stop"},
};

struct stream {
    struct qtc_buf out;
    uint64_t written, chunks;
    uint64_t random;
};

static void flush(struct stream *s)
{
    if (s->out.failed || fwrite(s->out.data, 1, s->out.len, stdout) != s->out.len) {
        perror("generate");
        exit(2);
    }
    s->written += s->out.len;
    qtc_buf_clear(&s->out);
}

static void escape(struct qtc_buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\') {
            qtc_buf_byte(out, '\\');
            qtc_buf_byte(out, text[i]);
        } else if (text[i] == '\n' || text[i] == '\t') {
            qtc_buf_str(out, text[i] == '\n' ? "\\n" : "\\t");
        } else {
            qtc_buf_byte(out, text[i]);
        }
    }
}

/* A chunk whose delta is `before` "text" `after`. */
static void chunk(struct stream *s, const char *before, const char *text, size_t len, const char *after)
{
    qtc_buf_str(&s->out, head);
    qtc_buf_str(&s->out, before);
    escape(&s->out, text, len);
    qtc_buf_str(&s->out, after);
    qtc_buf_str(&s->out, tail);
    s->chunks++;
    if (s->out.len > 1 << 16) {
        flush(s);
    }
}

static void content(struct stream *s, const char *text, size_t len)
{
    chunk(s, "\"content\":\"", text, len, "\"");
}

static void begin(struct stream *s)
{
    chunk(s, "\"role\":\"assistant\",\"content\":\"", NULL, 0, "\"");
}

static void end(struct stream *s, const char *finish)
{
    qtc_buf_str(&s->out, head);
    qtc_buf_str(&s->out, "},\"logprobs\":null,\"finish_reason\":\"");
    qtc_buf_str(&s->out, finish);
    qtc_buf_str(&s->out, "\",\"stop_reason\":null,\"token_ids\":null}]}\n\ndata: [DONE]\n\n");
    flush(s);
}

static size_t next_piece(struct stream *s, const char *text, size_t len)
{
    return bench_characters(text, len, PIECE_MIN + bench_random(&s->random, PIECE_KINDS));
}

static void native_call(struct stream *s, unsigned index, const char *text, size_t len)
{
    char before[160];
    snprintf(
        before, sizeof before,
        "\"tool_calls\":[{\"index\":%u,\"id\":\"chatcmpl-tool-%032x\",\"type\":\"function\",\"function\":{"
        "\"name\":\"write_file\",\"arguments\":\"",
        index, index);
    chunk(s, before, NULL, 0, "\"}}]");
    snprintf(before, sizeof before, "\"tool_calls\":[{\"index\":%u,\"function\":{\"arguments\":\"", index);
    for (size_t at = 0; at < len;) {
        size_t n = next_piece(s, text + at, len - at);
        chunk(s, before, text + at, n, "\"}}]");
        at += n;
    }
}

static void native(struct stream *s, uint64_t size)
{
    struct qtc_buf text = {0};
    uint64_t state = 42;
    for (unsigned index = 0; s->written < size; index++) {
        qtc_buf_clear(&text);
        bench_unit(&text, BENCH_FILES, &state);
        native_call(s, index, text.data, text.len);
    }
    qtc_buf_free(&text);
}

static void text_stream(struct stream *s, enum bench_kind kind, uint64_t size)
{
    struct qtc_buf text = {0};
    uint64_t state = 42;
    while (s->written < size) {
        qtc_buf_clear(&text);
        bench_unit(&text, kind, &state);
        for (size_t at = 0; at < text.len;) {
            size_t n = next_piece(s, text.data + at, text.len - at);
            content(s, text.data + at, n);
            at += n;
        }
    }
    qtc_buf_free(&text);
}

static void parameter(struct stream *s)
{
    static const char before[] =
        "<tool_call>\n<function=write_file>\n<parameter=path>\nlarge.c\n</parameter>\n"
        "<parameter=content>\n";
    static const char after[] = "\n</parameter>\n</function>\n</tool_call>";
    struct qtc_buf block = {0};
    bench_fill(&block, BENCH_CODE, VALUE_BLOCK);
    begin(s);
    content(s, before, sizeof before - 1);
    for (int i = 0; i < VALUE_BLOCKS; i++) {
        for (size_t at = 0; at < block.len;) {
            size_t n = bench_characters(block.data + at, block.len - at, VALUE_PIECE);
            content(s, block.data + at, n);
            at += n;
        }
    }
    content(s, after, sizeof after - 1);
    end(s, "stop");
    qtc_buf_free(&block);
}

static int usage(void)
{
    fputs("usage: generate clean|native|prose|xml|hermes|parameter|tools [MEGABYTES]\n", stderr);
    return 2;
}

static void run(struct stream *s, const struct kind *kind, uint64_t size)
{
    begin(s);
    if (kind->native) {
        native(s, size);
    } else {
        text_stream(s, kind->text, size);
    }
    end(s, kind->finish);
}

int main(int argc, char **argv)
{
    struct stream s = {.random = 7};
    uint64_t size = (argc > 2 ? strtoull(argv[2], NULL, 10) : 100) * 1000000;
    const char *name = argc > 1 ? argv[1] : "";
    size_t i = 0;
    while (i < sizeof kinds / sizeof *kinds && strcmp(kinds[i].name, name) != 0) {
        i++;
    }
    if (i < sizeof kinds / sizeof *kinds) {
        run(&s, &kinds[i], size);
    } else if (strcmp(name, "parameter") == 0) {
        parameter(&s);
    } else if (strcmp(name, "tools") == 0) {
        fputs(bench_tools(), stdout);
    } else {
        return usage();
    }
    qtc_buf_free(&s.out);
    if (fflush(stdout) != 0) {
        perror("generate");
        return 2;
    }
    return 0;
}
