/* The command line: a small table of its own for the rules, then the tables of the commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../cmd/commands.h"
#include "../../cmd/io.h"
#include "qtc.h"

#include <fcntl.h>
#include <unistd.h>

static const char *const shapes[] = {"round", "square", "flat", NULL};

enum { OPT_LIST = QTC_CLI_LONG_ONLY, OPT_LINE, OPT_SIZE };

static const struct qtc_cli_option options[] = {
    {"format", 'f', "FORMAT", NULL, NULL, "how it is written", "first"},
    {"shape", 's', "SHAPE", shapes, NULL, "its form", NULL},
    {"quiet", 'q', NULL, NULL, NULL, "say nothing", "second"},
    {"list-shapes", OPT_LIST, NULL, NULL, NULL, "print them", NULL},
    {"list-lines", OPT_LINE, NULL, NULL, NULL, NULL, NULL},
    {"size", OPT_SIZE, "N", NULL, NULL,
     "a text that is long enough to be broken into several lines when it is shown on a terminal", NULL},
};

static const struct qtc_cli_command command = {
    .name = "probe",
    .purpose = "a command of the tests",
    .usage = "[OPTION]... [FILE]...",
    .examples = {{"probe -q file", "the first"}},
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .status = {"done", "no", "wrong"},
};

/* ---- running a command line ------------------------------------------------- */

struct run {
    char *out, *err;
    int status;
    char seen[256]; /* each option as id[=value[#choice]], then the operands */
};

static void note(struct run *r, const char *format, ...)
{
    size_t used = strlen(r->seen);
    va_list args;

    va_start(args, format);
    vsnprintf(r->seen + used, sizeof r->seen - used, format, args);
    va_end(args);
}

static size_t split_words(char *line, char **argv, size_t max)
{
    size_t n = 0;

    for (char *word = strtok(line, " "); word && n < max; word = strtok(NULL, " ")) {
        argv[n++] = word;
    }
    argv[n] = NULL;
    return n;
}

static struct run run_line(const char *line)
{
    struct run r = {0};
    struct qtc_cli cli;
    char *words[32];
    char *copy = strdup(line);
    size_t out_len, err_len;
    int argc = (int)split_words(copy, words, 31);
    int id;

    qtc_cli_begin(&cli, &command, argc, words);
    cli.out = open_memstream(&r.out, &out_len);
    cli.err = open_memstream(&r.err, &err_len);
    while ((id = qtc_cli_next(&cli)) > 0) {
        note(&r, "%s%d", *r.seen ? " " : "", id);
        if (cli.value) {
            note(&r, "=%s", cli.value);
        }
        if (id == 's') {
            note(&r, "#%zu", cli.choice);
        }
    }
    r.status = id == QTC_CLI_EXIT ? cli.status : -1;
    for (int i = id == QTC_CLI_EXIT ? argc : cli.first; i < argc; i++) {
        note(&r, "%s[%s]", *r.seen ? " " : "", words[i]);
    }
    fclose(cli.out);
    fclose(cli.err);
    free(copy);
    return r;
}

static void run_free(struct run *r)
{
    free(r->out);
    free(r->err);
}

static void test_options(void **state)
{
    static const struct {
        const char *line, *seen;
    } cases[] = {
        {"probe", ""},
        {"probe a b", "[a] [b]"},
        {"probe a -q b", "113 [a] [b]"},
        {"probe -f x --format=y --format z", "102=x 102=y 102=z"},
        {"probe --form=x --qui", "102=x 113"},
        {"probe -sflat --shape round -qs square", "115=flat#2 115=round#0 113 115=square#1"},
        {"probe --list-s -q", "256 113"},
        {"probe -q -- -q --none", "113 [-q] [--none]"},
        {"probe - -q", "113 [-]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run r = run_line(cases[i].line);
        assert_string_equal(r.seen, cases[i].seen);
        assert_int_equal(r.status, -1);
        assert_string_equal(r.err, "");
        run_free(&r);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *line, *err;
    } cases[] = {
        {"probe --formta x", "probe: unknown option --formta (did you mean --format?)\n"},
        {"probe --shpe=flat", "probe: unknown option --shpe (did you mean --shape?)\n"},
        {"probe --Quiet", "probe: unknown option --Quiet (did you mean --quiet?)\n"},
        {"probe --elephants", "probe: unknown option --elephants; see probe --help\n"},
        {"probe --list", "probe: option --list may be --list-shapes, --list-lines\n"},
        {"probe -qx", "probe: unknown option -x; see probe --help\n"},
        {"probe -sflat -z", "probe: unknown option -z; see probe --help\n"},
        {"probe --quiet=3", "probe: --quiet takes no value\n"},
        {"probe --format", "probe: --format needs a value: FORMAT\n"},
        {"probe -f", "probe: --format needs a value: FORMAT\n"},
        {"probe -s flta", "probe: --shape: unknown value \"flta\" (did you mean \"flat\"?)\n"},
        {"probe -s squ", "probe: --shape: unknown value \"squ\" (did you mean \"square\"?)\n"},
        {"probe -s x", "probe: --shape: unknown value \"x\"; it is one of round, square, flat\n"},
        {"probe --shape=", "probe: --shape: unknown value \"\"; it is one of round, square, flat\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run r = run_line(cases[i].line);
        assert_string_equal(r.err, cases[i].err);
        assert_string_equal(r.out, "");
        assert_int_equal(r.status, QTC_EXIT_FAILED);
        run_free(&r);
    }
}

static const char expected_help[] =
    "probe - a command of the tests\n"
    "\n"
    "  probe -q file\n"
    "      the first\n"
    "\n"
    "usage: probe [OPTION]... [FILE]...\n"
    "first:\n"
    "  -f, --format FORMAT         how it is written\n"
    "  -s, --shape SHAPE           its form: round, square, flat\n"
    "second:\n"
    "  -q, --quiet                 say nothing\n"
    "      --list-shapes           print them\n"
    "      --size N                a text that is long enough to be broken into\n"
    "                              several lines when it is shown on a terminal\n"
    "  -h, --help                  print this and exit\n"
    "  -V, --version               print the version and exit\n"
    "Of a list, the first is the default.\n"
    "exit status:\n"
    "  0  done\n"
    "  1  no\n"
    "  2  wrong\n";

static void test_help_and_version(void **state)
{
    struct run r = run_line("probe -q --help --nonsense");

    (void)state;
    assert_string_equal(r.out, expected_help);
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, QTC_EXIT_DONE);
    run_free(&r);
    r = run_line("probe -V");
    assert_string_equal(r.out, "probe " QTC_VERSION "\n");
    assert_int_equal(r.status, QTC_EXIT_DONE);
    run_free(&r);
}

static const char *shape_at(size_t i)
{
    return shapes[i];
}

static void test_nearest(void **state)
{
    static const struct {
        const char *given, *nearest;
    } cases[] = {
        {"roun-d", "round"}, {"ronud", "round"}, {"FLAT", "flat"},
        {"sqare", "square"}, {"ro", "round"},    {"oblong", NULL},
        {"", NULL},          {"q", NULL},        {"roundroundroundroundroundroundroundroundround", NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = qtc_cli_nearest(cases[i].given, shape_at);
        if (cases[i].nearest) {
            assert_non_null(found);
            assert_string_equal(found, cases[i].nearest);
        } else {
            assert_null(found);
        }
    }
}

static void test_count(void **state)
{
    unsigned n = 0;

    (void)state;
    assert_true(qtc_cli_count("1", 8, &n));
    assert_int_equal(n, 1);
    assert_true(qtc_cli_count("8", 8, &n));
    assert_int_equal(n, 8);
    assert_false(qtc_cli_count("9", 8, &n));
    assert_false(qtc_cli_count("0", 8, &n));
    assert_false(qtc_cli_count("-1", 8, &n));
    assert_false(qtc_cli_count("+1", 8, &n));
    assert_false(qtc_cli_count("4x", 8, &n));
    assert_false(qtc_cli_count("", 8, &n));
    assert_false(qtc_cli_count("99999999999999999999", 8, &n));
}

/* ---- the commands' own tables --------------------------------------------------- */

static void check_help(const struct qtc_cli_command *c)
{
    struct qtc_buf help = {0};
    size_t lines = 0;

    qtc_cli_help(&help, c);
    qtc_buf_byte(&help, '\0');
    for (char *line = help.data; *line; line += strcspn(line, "\n") + 1) {
        assert_true(strcspn(line, "\n") <= 100);
        lines++;
    }
    assert_true(lines <= 48);
    qtc_buf_free(&help);
}

static void test_tables(void **state)
{
    size_t count;
    const struct qtc_cli_command *const *commands = qtc_commands(&count);

    (void)state;
    assert_true(count >= 2);
    for (size_t i = 0; i < count; i++) {
        const struct qtc_cli_command *c = commands[i];
        const struct qtc_cli_option *a, *b;
        assert_true(c->option_count + 2 <= QTC_CLI_MAX_OPTIONS);
        for (size_t k = 0; (a = qtc_cli_option_at(c, k)); k++) {
            for (size_t m = 0; m < k; m++) {
                b = qtc_cli_option_at(c, m);
                assert_string_not_equal(a->name, b->name);
                assert_true(a->id != b->id || !a->help || !b->help);
            }
        }
        for (size_t k = 0; k < 3; k++) {
            assert_non_null(c->examples[k].line);
            assert_non_null(c->status[k]);
        }
        check_help(c);
    }
}

static void check_choice(const char *option, size_t i, const char *name)
{
    const struct qtc_cli_option *o;

    for (size_t k = 0; (o = qtc_cli_option_at(&qtc_parse_command, k)); k++) {
        if (strcmp(o->name, option) == 0) {
            assert_string_equal(qtc_cli_choice(o, i), name);
            return;
        }
    }
    fail();
}

/* The commands take qtc_cli.choice for the value of an enum. */
static void test_choices_are_enums(void **state)
{
    (void)state;
    check_choice("recover", QTC_RECOVER_NORMAL, "normal");
    check_choice("recover", QTC_RECOVER_STRICT, "strict");
    check_choice("recover", QTC_RECOVER_LENIENT, "lenient");
    check_choice("reasoning", QTC_REASONING_SPLIT, "split");
    check_choice("reasoning", QTC_REASONING_DROP, "drop");
    check_choice("reasoning", QTC_REASONING_INLINE, "inline");
    check_choice("ids", QTC_IDS_STABLE, "stable");
    check_choice("ids", QTC_IDS_RANDOM, "random");
    check_choice("ids", QTC_IDS_SEQ, "seq");
    check_choice("input", QTC_INPUT_TEXT, "text");
    check_choice("input", QTC_INPUT_DELTAS, "deltas");
    check_choice("input", QTC_INPUT_JSON, "json");
    check_choice("output", 0, "calls");
}

/* ---- descriptors ------------------------------------------------------------------ */

static char *temporary_file(const char *text)
{
    char *path = strdup("/tmp/qtc-test-XXXXXX");
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    return path;
}

static void test_files_in_turn(void **state)
{
    char *a = temporary_file("one\n");
    char *b = temporary_file("two\n");
    const char *files[] = {a, b};
    struct qtc_in in;
    struct qtc_bytes bytes;
    struct qtc_buf all = {0};

    (void)state;
    qtc_in_begin(&in, "probe", NULL, files, 2);
    while (qtc_in_next(&in)) {
        assert_false(in.live);
        while (qtc_in_read(&in, &bytes)) {
            qtc_buf_put(&all, bytes);
        }
    }
    assert_false(in.failed);
    assert_true(qtc_bytes_is(qtc_buf_bytes(&all), "one\ntwo\n"));
    qtc_in_end(&in);
    qtc_buf_clear(&all);
    assert_true(qtc_in_slurp("probe", b, &all));
    assert_true(qtc_bytes_is(qtc_buf_bytes(&all), "two\n"));
    qtc_buf_free(&all);
    unlink(a);
    unlink(b);
    free(a);
    free(b);
}

/* What a live input gave is written before the next read, and not before it. */
static void test_live_input_flushes(void **state)
{
    int pipes[2];
    char path[64], got[8];
    const char *files[] = {path};
    struct qtc_in in;
    struct qtc_out out;
    struct qtc_bytes bytes;
    int result[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(pipe(result), 0);
    assert_int_equal(fcntl(result[0], F_SETFL, O_NONBLOCK), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", pipes[0]);
    qtc_out_begin(&out, "probe", result[1]);
    qtc_in_begin(&in, "probe", &out, files, 1);
    assert_int_equal(write(pipes[1], "ab", 2), 2);
    assert_true(qtc_in_next(&in));
    assert_true(in.live);
    assert_true(qtc_in_read(&in, &bytes));
    qtc_buf_put(&out.buf, bytes);
    assert_true(qtc_out_event(&out));
    assert_int_equal(read(result[0], got, sizeof got), -1);
    close(pipes[1]);
    assert_false(qtc_in_read(&in, &bytes));
    assert_int_equal(read(result[0], got, sizeof got), 2);
    qtc_in_end(&in);
    assert_true(qtc_out_end(&out));
    close(pipes[0]);
    close(result[0]);
}

static void test_unbuffered(void **state)
{
    int result[2];
    char got[8];
    struct qtc_out out;

    (void)state;
    assert_int_equal(pipe(result), 0);
    qtc_out_begin(&out, "probe", result[1]);
    out.unbuffered = true;
    qtc_buf_str(&out.buf, "x\n");
    assert_true(qtc_out_event(&out));
    assert_int_equal(read(result[0], got, sizeof got), 2);
    assert_true(qtc_out_end(&out));
    close(result[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_help_and_version),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_choices_are_enums),
        cmocka_unit_test(test_files_in_turn),
        cmocka_unit_test(test_live_input_flushes),
        cmocka_unit_test(test_unbuffered),
    };

    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
