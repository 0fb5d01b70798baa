/* parser.c - the parser alone, through the library: how fast, how linear, in how much memory.
 *
 * Prints Markdown tables. Each figure comes from a child process of its own, so that its memory is
 * its own; the time is CPU time. The text is a block of 256 KiB that is fed again and again: making
 * it costs no time, and holding it next to no memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "parse/parse.h"
#include "text.h"

enum { KIB = 1024, MIB = 1024 * 1024, BLOCK = 256 * KIB, ROUNDS = 5, HOSTILE_ROUNDS = 3, CPU_LIMIT = 60 };

/* ---- what is measured ---------------------------------------------------- */

struct text_case {
    const char *name;
    const char *format;
    const char *before, *after; /* around the repeated block */
    enum bench_kind kind;
    bool escaped; /* the block stands in a JSON string */
    size_t size;
};

#define QWEN_VALUE   "<tool_call>\n<function=write_file>\n<parameter=content>\n"
#define QWEN_END     "\n</parameter>\n</function>\n</tool_call>"
#define HERMES_VALUE "<tool_call>\n{\"name\": \"write_file\", \"arguments\": {\"content\": \""
#define HERMES_END   "\"}}\n</tool_call>"

static const struct text_case text_cases[] = {
    {"prose", "qwen3_coder", "", "", BENCH_PROSE, false, 16 * MIB},
    {"prose", "hermes", "", "", BENCH_PROSE, false, 16 * MIB},
    {"prose", "auto", "", "", BENCH_PROSE, false, 16 * MIB},
    {"prose with code and `<`", "qwen3_coder", "", "", BENCH_MARKUP, false, 16 * MIB},
    {"prose with code and `<`", "auto", "", "", BENCH_MARKUP, false, 16 * MIB},
    {"small calls", "qwen3_coder", "", "", BENCH_QWEN, false, 16 * MIB},
    {"small calls", "hermes", "", "", BENCH_HERMES, false, 16 * MIB},
    {"one parameter of 1 MiB", "qwen3_coder", QWEN_VALUE, QWEN_END, BENCH_CODE, false, MIB},
    {"one parameter of 4 MiB", "qwen3_coder", QWEN_VALUE, QWEN_END, BENCH_CODE, false, 4 * MIB},
    {"one parameter of 16 MiB", "qwen3_coder", QWEN_VALUE, QWEN_END, BENCH_CODE, false, 16 * MIB},
    {"one parameter of 64 MiB", "qwen3_coder", QWEN_VALUE, QWEN_END, BENCH_CODE, false, 64 * MIB},
    {"one parameter of 1 MiB", "hermes", HERMES_VALUE, HERMES_END, BENCH_CODE, true, MIB},
    {"one parameter of 4 MiB", "hermes", HERMES_VALUE, HERMES_END, BENCH_CODE, true, 4 * MIB},
    {"one parameter of 16 MiB", "hermes", HERMES_VALUE, HERMES_END, BENCH_CODE, true, 16 * MIB},
    {"one parameter of 64 MiB", "hermes", HERMES_VALUE, HERMES_END, BENCH_CODE, true, 64 * MIB},
};

/* A text that makes a careless parser look at its bytes again and again. */
struct shape {
    const char *name;
    const char *format;
    const char *before, *unit, *after;
    size_t size; /* of the repeated units; measured at four times as much, too */
};

#define HERMES_CALL "<tool_call>\n{\"name\": \"search\", \"arguments\": {\"query\": \"x\"}}\n</tool_call>\n"
#define QWEN_CALL                                                                                            \
    "<tool_call>\n<function=search>\n<parameter=query>\nx\n</parameter>\n</function>\n</tool_call>\n"

static const struct shape shapes[] = {
    {"name in a header", "hermes", "<tool_call>\n{\"name\": \"", "a", "\", \"arguments\": {}}\n</tool_call>",
     256 * KIB},
    {"name in a header", "qwen3_coder", "<tool_call>\n<function=", "a", ">\n</function>\n</tool_call>",
     256 * KIB},
    {"parameter's name", "qwen3_coder", "<tool_call>\n<function=search>\n<parameter=", "a", ">\n1" QWEN_END,
     256 * KIB},
    {"blanks after `<tool_call>`", "hermes", "<tool_call>", " ",
     "{\"name\": \"search\", \"arguments\": {}}\n</tool_call>", 256 * KIB},
    {"blanks after `<tool_call>`", "qwen3_coder", "<tool_call>", "\n",
     "<function=search>\n</function>\n</tool_call>", 256 * KIB},
    {"blanks after `<tool_call>`", "auto", "<tool_call>", " ", "<function=search>\n</function>\n</tool_call>",
     256 * KIB},
    {"blanks in JSON", "hermes", "<tool_call>{\"name\": \"search\", \"arguments\":", " ", "{}}</tool_call>",
     256 * KIB},
    {"blanks behind a value", "qwen3_coder", QWEN_VALUE "x", " \n", QWEN_END, 256 * KIB},
    {"calls", "hermes", "", HERMES_CALL, "", 2 * MIB},
    {"calls", "qwen3_coder", "", QWEN_CALL, "", 2 * MIB},
    {"calls without `</tool_call>`", "qwen3_coder", "", "<tool_call>\n<function=search>\n</function>\n", "",
     MIB},
    {"openers, nested", "qwen3_coder", "", "<tool_call>\n<function=search>\n<parameter=query>\n", "",
     7250 * sizeof "<tool_call>\n<function=search>\n<parameter=query>"},
    {"openers, nested", "hermes", "", "<tool_call>{\"name\": \"search\", \"arguments\": ", "",
     7250 * sizeof "<tool_call>{\"name\": \"search\", \"arguments\":"},
    {"brackets, nested", "hermes", "<tool_call>{\"name\": \"search\", \"arguments\": {\"query\": ", "[", "",
     7250},
    {"objects, nested", "hermes", "<tool_call>{\"name\": \"search\", \"arguments\": ", "{\"a\": ", "",
     7250 * sizeof "{\"a\":"},
    {"`<tool_call>`", "qwen3_coder", "", "<tool_call>", "", 256 * KIB},
    {"`<tool_call>`", "hermes", "", "<tool_call>", "", 256 * KIB},
    {"`<tool_call>`", "auto", "", "<tool_call>", "", 256 * KIB},
    {"`<tool_call>` and `</tool_call>`", "auto", "", "<tool_call></tool_call>", "", 256 * KIB},
    {"`<function=`", "qwen3_coder", "", "<function=", "", 256 * KIB},
    {"`<function=search>`", "qwen3_coder", "", "<function=search>", "", 256 * KIB},
    {"`<think>`", "qwen3_coder", "", "<think>", "", 256 * KIB},
    {"`<`", "auto", "", "<", "", 256 * KIB},
    {"backticks", "auto", "", "`", "", 256 * KIB},
    {"backticks, one and one", "auto", "", "` ", "", 256 * KIB},
    {"backticks before markup", "auto", "", "`<tool_call> ", "", 256 * KIB},
    {"fences", "auto", "", "```\n<tool_call>\n", "", 256 * KIB},
    {"`</parameter>` in a value", "qwen3_coder", QWEN_VALUE, "</parameter>", QWEN_END, 256 * KIB},
    {"`</parameter>` and text in a value", "qwen3_coder", QWEN_VALUE, "</parameter> x ", QWEN_END, 256 * KIB},
    {"`</parameter>` and a line feed in a value", "qwen3_coder", QWEN_VALUE, "</parameter>\n", QWEN_END,
     256 * KIB},
    {"`</parameter></function>` in a value", "qwen3_coder", QWEN_VALUE, "</parameter>\n</function>\nx",
     QWEN_END, 256 * KIB},
    {"`<parameter=a>` in a value", "qwen3_coder", QWEN_VALUE, "<parameter=a>", QWEN_END, 256 * KIB},
    {"calls quoted in a value", "qwen3_coder", QWEN_VALUE, QWEN_CALL, QWEN_END, 256 * KIB},
    {"`</tool_call>` in a string", "hermes", HERMES_VALUE, "</tool_call>", HERMES_END, 256 * KIB},
    {"`<tool_call>` in a string", "hermes", HERMES_VALUE, "<tool_call>", HERMES_END, 256 * KIB},
    {"quotes in a string, bare", "hermes", HERMES_VALUE, "\" ", HERMES_END, 256 * KIB},
    {"line feeds in a string, bare", "hermes", HERMES_VALUE, "\n", HERMES_END, 256 * KIB},
    {"backslashes in a string", "hermes", HERMES_VALUE, "\\\\", HERMES_END, 256 * KIB},
    {"string that never ends", "hermes", HERMES_VALUE, "x", "", 256 * KIB},
    {"`<` in a string", "hermes", HERMES_VALUE, "<", HERMES_END, 256 * KIB},
    {"escapes in a string", "hermes", HERMES_VALUE, "\\u00e9", HERMES_END, 256 * KIB},
    {"string in single quotes", "hermes", "<tool_call>{\"name\": \"search\", \"arguments\": {\"query\": '",
     "a\"\\'<", "'}}</tool_call>", 256 * KIB},
    {"single quotes, trailing commas", "hermes",
     "<tool_call>{\"name\": \"search\", \"arguments\": {\"query\": [", "'x', True, ", "]}}</tool_call>",
     256 * KIB},
    {"digits of an integer", "qwen3_coder", "<tool_call>\n<function=get_weather>\n<parameter=days>\n", "7",
     QWEN_END, 256 * KIB},
    {"text of an integer", "qwen3_coder", "<tool_call>\n<function=get_weather>\n<parameter=days>\n", "[1, ",
     QWEN_END, 256 * KIB},
    {"Python text of an integer", "qwen3_coder", "<tool_call>\n<function=get_weather>\n<parameter=days>\n",
     "{'a': None, ", QWEN_END, 256 * KIB},
    {"`<` in a value", "qwen3_coder", QWEN_VALUE, "<", QWEN_END, 256 * KIB},
    {"`</function>` in a value", "qwen3_coder", QWEN_VALUE, "</function>\n", QWEN_END, 256 * KIB},
    {"`</think>`", "qwen3_coder", "", "</think>", "", 256 * KIB},
    {"`arguments` before `name`", "hermes", "<tool_call>{\"arguments\": {\"query\": \"", "x",
     "\"}, \"name\": \"search\"}</tool_call>", 256 * KIB},
    {"keys before `name`", "hermes", "<tool_call>{", "\"a\": 1, ",
     "\"name\": \"search\", \"arguments\": {}}</tool_call>", 256 * KIB},
    {"keys of the arguments", "hermes", "<tool_call>{\"name\": \"search\", \"arguments\": {", "\"a\": 1, ",
     "\"b\": 1}}</tool_call>", 256 * KIB},
    {"parameters", "qwen3_coder", "<tool_call>\n<function=search>\n", "<parameter=query>\n1\n</parameter>\n",
     "</function>\n</tool_call>", 256 * KIB},
    {"calls in an array", "nemotron", "<TOOLCALL>[",
     "{\"name\": \"search\", \"arguments\": {\"query\": \"x\"}}, ", "]</TOOLCALL>", 256 * KIB},
};

/* ---- feeding a parser ------------------------------------------------------ */

struct source {
    struct qtc_buf before, block, after;
    size_t repeat;
    size_t piece;            /* characters; 0: each part in one piece */
    unsigned short *lengths; /* of the block's pieces, in bytes */
    size_t pieces;
};

struct result {
    double seconds;
    uint64_t bytes, pieces, calls, events;
    uint64_t accounted; /* bytes that the events' ranges cover */
};

struct figure {
    struct result result;
    long peak_kib;
    bool failed;
};

struct fed {
    struct qtc_parser *parser;
    struct result *result;
};

static void die(const char *what)
{
    fprintf(stderr, "parser: %s\n", what);
    _exit(2);
}

/* The thread's clock: under RLIMIT_CPU the process's own goes by ticks of some milliseconds. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool count_event(void *ctx, const struct qtc_event *event)
{
    struct result *r = ctx;
    r->events++;
    r->calls += event->kind == QTC_CALL;
    r->accounted += event->end - event->at;
    return true;
}

static void feed(struct fed *f, const char *text, size_t len)
{
    if (qtc_parser_feed(f->parser, text, len) != QTC_OK) {
        die("feed failed");
    }
    f->result->pieces++;
    f->result->bytes += len;
}

static void feed_part(struct fed *f, struct qtc_bytes part, size_t piece)
{
    while (part.len > 0) {
        size_t n = piece == 0 ? part.len : bench_characters(part.data, part.len, piece);
        feed(f, part.data, n);
        part = qtc_bytes(part.data + n, part.len - n);
    }
}

static void feed_block(struct fed *f, const struct source *s)
{
    const char *at = s->block.data;
    for (size_t i = 0; i < s->pieces; i++) {
        feed(f, at, s->lengths[i]);
        at += s->lengths[i];
    }
}

static void feed_source(struct fed *f, const struct source *s)
{
    feed_part(f, qtc_buf_bytes(&s->before), s->piece);
    for (size_t i = 0; i < s->repeat; i++) {
        feed_block(f, s);
    }
    feed_part(f, qtc_buf_bytes(&s->after), s->piece);
    if (qtc_parser_finish(f->parser) != QTC_OK) {
        die("finish failed");
    }
}

static struct result parse_once(const struct source *s, const struct qtc_parse_options *options)
{
    struct result result = {0};
    struct fed f = {.parser = qtc_parser_new(options, count_event, &result), .result = &result};
    if (!f.parser) {
        die("out of memory");
    }
    double start = cpu_seconds();
    feed_source(&f, s);
    result.seconds = cpu_seconds() - start;
    qtc_parser_free(f.parser);
    if (result.accounted != result.bytes) {
        die("bytes are not accounted for");
    }
    return result;
}

static int by_seconds(const void *a, const void *b)
{
    const struct result *x = a, *y = b;
    return (x->seconds > y->seconds) - (x->seconds < y->seconds);
}

/* The median of some rounds. */
static struct result parse_rounds(const struct source *s, const char *format, const char *tools_text, int rounds)
{
    struct qtc_error error;
    struct qtc_tools *tools = qtc_tools_read(qtc_str(tools_text), &error);
    struct qtc_parse_options options = {.format = qtc_format_find(format), .tools = tools};
    struct result results[ROUNDS];
    if (!tools || (!options.format && strcmp(format, "auto") != 0)) {
        die("no tools, or no such format");
    }
    for (int i = 0; i < rounds; i++) {
        results[i] = parse_once(s, &options);
    }
    qsort(results, (size_t)rounds, sizeof *results, by_seconds);
    qtc_tools_free(tools);
    return results[rounds / 2];
}

/* ---- a child for each figure ------------------------------------------------ */

typedef struct result measure_fn(const void *what, size_t parameter);

static void child(int fd, measure_fn *measure, const void *what, size_t parameter)
{
    struct rlimit limit = {CPU_LIMIT, CPU_LIMIT};
    setrlimit(RLIMIT_CPU, &limit);
    struct result result = measure(what, parameter);
    if (write(fd, &result, sizeof result) != (ssize_t)sizeof result) {
        die("cannot write");
    }
    _exit(0);
}

static struct figure measured(measure_fn *measure, const void *what, size_t parameter)
{
    struct figure figure = {0};
    struct rusage usage;
    int fds[2], status;
    fflush(stdout);
    if (pipe(fds) != 0) {
        die("no pipe");
    }
    pid_t pid = fork();
    if (pid == 0) {
        child(fds[1], measure, what, parameter);
    }
    close(fds[1]);
    figure.failed = read(fds[0], &figure.result, sizeof figure.result) != (ssize_t)sizeof figure.result;
    close(fds[0]);
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
        die("no child");
    }
    figure.peak_kib = usage.ru_maxrss;
    return figure;
}

/* ---- speed ------------------------------------------------------------------- */

static void escape_code(struct qtc_buf *out, struct qtc_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\n' || c == '\t') {
            qtc_buf_str(out, c == '\n' ? "\\n" : "\\t");
        } else {
            qtc_buf_add(out, "\\", c == '"' || c == '\\');
            qtc_buf_byte(out, c);
        }
    }
}

static void cut_block(struct source *s, size_t characters)
{
    s->lengths = malloc(s->block.len * sizeof *s->lengths / characters + sizeof *s->lengths);
    if (!s->lengths || s->block.failed) {
        die("out of memory");
    }
    for (size_t at = 0; at < s->block.len;) {
        size_t n = bench_characters(s->block.data + at, s->block.len - at, characters);
        s->lengths[s->pieces++] = (unsigned short)n;
        at += n;
    }
}

static struct result measure_text(const void *what, size_t characters)
{
    const struct text_case *c = what;
    struct source s = {.piece = characters};
    qtc_buf_str(&s.before, c->before);
    qtc_buf_str(&s.after, c->after);
    bench_fill(&s.block, c->kind, BLOCK);
    if (c->escaped) {
        struct qtc_buf plain = s.block;
        s.block = (struct qtc_buf){0};
        escape_code(&s.block, qtc_buf_bytes(&plain));
        qtc_buf_free(&plain);
    }
    cut_block(&s, characters);
    s.repeat = c->size / BLOCK;
    return parse_rounds(&s, c->format, bench_tools(), ROUNDS);
}

static void print_speed(const struct figure *f)
{
    const struct result *r = &f->result;
    if (f->failed) {
        printf(" failed | |");
    } else {
        printf(" %.0f | %.1f |", (double)r->bytes / 1e6 / r->seconds, r->seconds * 1e9 / (double)r->pieces);
    }
}

static void print_texts(void)
{
    puts("| text | format | in 7s: MB/s | ns a piece | in 64s: MB/s | ns a piece | calls | peak RSS, KiB |");
    puts("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (size_t i = 0; i < sizeof text_cases / sizeof *text_cases; i++) {
        const struct text_case *c = &text_cases[i];
        struct figure sevens = measured(measure_text, c, 7);
        struct figure larger = measured(measure_text, c, 64);
        printf("| %s | %s |", c->name, c->format);
        print_speed(&sevens);
        print_speed(&larger);
        printf(" %llu |", (unsigned long long)sevens.result.calls);
        printf(" %ld |\n", sevens.peak_kib > larger.peak_kib ? sevens.peak_kib : larger.peak_kib);
    }
}

/* ---- shapes ------------------------------------------------------------------ */

struct sized_shape {
    const struct shape *shape;
    size_t times;
};

static struct result measure_shape(const void *what, size_t characters)
{
    const struct sized_shape *sized = what;
    const struct shape *shape = sized->shape;
    struct source s = {.piece = characters};
    qtc_buf_str(&s.before, shape->before);
    for (size_t end = s.before.len + shape->size * sized->times; s.before.len < end && !s.before.failed;) {
        qtc_buf_str(&s.before, shape->unit);
    }
    qtc_buf_str(&s.before, shape->after);
    if (s.before.failed) {
        die("out of memory");
    }
    return parse_rounds(&s, shape->format, bench_tools(), HOSTILE_ROUNDS);
}

static void print_shape(const struct shape *shape, size_t characters)
{
    struct figure f[2];
    for (size_t i = 0; i < 2; i++) {
        struct sized_shape sized = {.shape = shape, .times = i == 0 ? 1 : 4};
        f[i] = measured(measure_shape, &sized, characters);
        if (f[i].failed) {
            printf(" failed, or over %d s |", CPU_LIMIT);
        } else {
            printf(" %.2f |", f[i].result.seconds * 1e3);
        }
    }
    if (f[0].failed || f[1].failed) {
        printf(" | |");
    } else {
        printf(" %.1f | %ld |", f[1].result.seconds / f[0].result.seconds, f[1].peak_kib);
    }
}

static void print_shapes(void)
{
    puts("| repeated | format | bytes n | whole: n, ms | 4n, ms | ratio | RSS, KiB | in 7s: n, ms | 4n, ms | "
         "ratio "
         "| RSS, KiB |");
    puts("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        printf("| %s | %s | %zu |", shapes[i].name, shapes[i].format, shapes[i].size);
        print_shape(&shapes[i], 0);
        print_shape(&shapes[i], 7);
        puts("");
    }
}

/* ---- every format ------------------------------------------------------------ */

/* What the rows' examples call. */
static const char example_tools[] = "[{\"type\": \"function\", \"function\": {\"name\": \"get_weather\", \"parameters\": "
                                    "{\"type\": \"object\", \"properties\": {\"city\": {\"type\": \"string\"}}}}}]";

/* The row's example again and again. */
static struct result measure_calls(const void *what, size_t characters)
{
    const struct qtc_format *format = what;
    struct source s = {.piece = characters, .repeat = 4 * MIB / BLOCK};
    while (s.block.len < BLOCK && !s.block.failed) {
        qtc_buf_str(&s.block, format->example);
        qtc_buf_byte(&s.block, '\n');
    }
    cut_block(&s, characters);
    return parse_rounds(&s, format->name, example_tools, HOSTILE_ROUNDS);
}

struct sized_format {
    const struct qtc_format *format;
    size_t size;
};

/* The row's example with a long text for the city. */
static struct result measure_value(const void *what, size_t characters)
{
    static const char city[] = "Tokyo";
    const struct sized_format *sized = what;
    const char *example = sized->format->example, *at = strstr(example, city);
    struct source s = {.piece = characters, .repeat = sized->size / BLOCK};
    uint64_t state = 1;
    if (at == NULL) {
        die("an example without its city");
    }
    qtc_buf_add(&s.before, example, (size_t)(at - example));
    qtc_buf_str(&s.after, at + sizeof city - 1);
    while (s.block.len < BLOCK && !s.block.failed) {
        bench_sentence(&s.block, &state);
        qtc_buf_byte(&s.block, ' ');
    }
    cut_block(&s, characters);
    return parse_rounds(&s, sized->format->name, example_tools, HOSTILE_ROUNDS);
}

static double rate(const struct figure *f)
{
    return f->failed ? 0 : (double)f->result.bytes / 1e6 / f->result.seconds;
}

static void print_values(const struct qtc_format *format)
{
    static const size_t sizes[] = {MIB, 4 * MIB, 16 * MIB, 64 * MIB};
    struct figure figure = {0};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct sized_format sized = {format, sizes[i]};
        figure = measured(measure_value, &sized, 7);
        printf(figure.failed ? " failed |" : " %.0f |", rate(&figure));
    }
    printf(" %ld |\n", figure.peak_kib);
}

static void print_formats(void)
{
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);
    struct figure reference = measured(measure_calls, qtc_format_find("qwen3_coder"), 7);
    puts("| format | small calls in 7s: MB/s | qwen3_coder = 1 | a string of 1 MiB in 7s: MB/s | 4 MiB | 16 MiB | 64 MiB "
         "| peak RSS, KiB |");
    puts("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (size_t i = 0; i < count; i++) {
        if (all[i]->body == QTC_BODY_NONE) {
            continue;
        }
        struct figure calls = measured(measure_calls, all[i], 7);
        printf("| %s | %.0f | %.2f |", all[i]->name, rate(&calls), rate(&calls) / rate(&reference));
        print_values(all[i]);
    }
}

int main(int argc, char **argv)
{
    bool all = argc < 2;
    if (all || strcmp(argv[1], "speed") == 0) {
        print_texts();
    }
    if (all || strcmp(argv[1], "shapes") == 0) {
        fputs(all ? "\n" : "", stdout);
        print_shapes();
    }
    if (all || strcmp(argv[1], "formats") == 0) {
        fputs(all ? "\n" : "", stdout);
        print_formats();
    }
    return 0;
}
