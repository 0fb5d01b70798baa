#include "cli.h"

#include "base/guess.h"
#include "qtc.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct qtc_cli_option common_options[] = {
    {"help", 'h', NULL, NULL, NULL, "print this and exit", NULL},
    {"version", 'V', NULL, NULL, NULL, "print the version and exit", NULL},
};

enum { COMMON_OPTIONS = sizeof common_options / sizeof *common_options };

const struct qtc_cli_option *qtc_cli_option_at(const struct qtc_cli_command *command, size_t i)
{
    if (i < command->option_count) {
        return &command->options[i];
    }
    i -= command->option_count;
    return i < COMMON_OPTIONS ? &common_options[i] : NULL;
}

static const struct qtc_cli_option *option_by_id(const struct qtc_cli_command *command, int id)
{
    const struct qtc_cli_option *option;

    for (size_t i = 0; (option = qtc_cli_option_at(command, i)); i++) {
        if (option->id == id) {
            return option;
        }
    }
    return NULL;
}

const char *qtc_cli_choice(const struct qtc_cli_option *option, size_t i)
{
    if (option->choice_at) {
        return option->choice_at(i);
    }
    if (!option->choices) {
        return NULL;
    }
    for (size_t k = 0; k < i; k++) {
        if (!option->choices[k]) {
            return NULL;
        }
    }
    return option->choices[i];
}

/* ---- the nearest name ------------------------------------------------------- */

/* A letter in four may be wrong, and one more; of a short name not all. */
static struct qtc_guess guess_begin(const char *given, size_t len)
{
    struct qtc_guess n;
    size_t edits = 1 + len / 4;

    qtc_guess_begin(&n, qtc_bytes(given, len), edits < len ? edits : len > 0 ? len - 1 : 0);
    return n;
}

static void guess_consider(struct qtc_guess *n, const char *name)
{
    size_t len = n->given.len;

    qtc_guess_consider(n, qtc_str(name));
    if (len >= 2 && len < strlen(name) && strncasecmp(n->given.data, name, len) == 0 && n->distance > 1) {
        n->best = qtc_str(name); /* its beginning is as good as one edit */
        n->distance = 1;
    }
}

const char *qtc_cli_nearest(const char *given, qtc_cli_list *list)
{
    struct qtc_guess n = guess_begin(given, strlen(given));
    const char *name;

    for (size_t i = 0; (name = list(i)); i++) {
        guess_consider(&n, name);
    }
    return n.best.data;
}

/* ---- what is wrong ------------------------------------------------------------ */

/* One write a line, so that lines of several processes do not mix. */
static int say(const struct qtc_cli *cli, const struct qtc_buf *message)
{
    fprintf(cli->err, "%s: %.*s\n", cli->command->name, (int)message->len,
            message->data ? message->data : "");
    return QTC_EXIT_FAILED;
}

static void add_format(struct qtc_buf *b, const char *format, va_list args)
{
    char text[1024];

    vsnprintf(text, sizeof text, format, args);
    qtc_buf_str(b, text);
}

__attribute__((format(printf, 2, 3))) static void add(struct qtc_buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_format(b, format, args);
    va_end(args);
}

int qtc_cli_usage_error(const struct qtc_cli *cli, const char *format, ...)
{
    struct qtc_buf b = {0};
    va_list args;

    va_start(args, format);
    add_format(&b, format, args);
    va_end(args);
    say(cli, &b);
    qtc_buf_free(&b);
    return QTC_EXIT_FAILED;
}

/* An option was written that is not in the table, or that begins several of its names. */
static int bad_long_option(const struct qtc_cli *cli, const char *written)
{
    const char *given = written + strspn(written, "-");
    size_t len = strcspn(given, "=");
    size_t matches = 0;
    const struct qtc_cli_option *option;
    struct qtc_guess n = guess_begin(given, len);
    struct qtc_buf list = {0};

    for (size_t i = 0; (option = qtc_cli_option_at(cli->command, i)); i++) {
        guess_consider(&n, option->name);
        if (len > 0 && strncmp(given, option->name, len) == 0) {
            add(&list, "%s--%s", matches++ > 0 ? ", " : "", option->name);
        }
    }
    if (matches > 1) {
        qtc_cli_usage_error(cli, "option --%.*s may be %.*s", (int)len, given, (int)list.len, list.data);
    } else if (n.best.data) {
        qtc_cli_usage_error(cli, "unknown option --%.*s (did you mean --%s?)", (int)len, given, n.best.data);
    } else {
        qtc_cli_usage_error(cli, "unknown option --%.*s; see %s --help", (int)len, given, cli->command->name);
    }
    qtc_buf_free(&list);
    return QTC_EXIT_FAILED;
}

/* getopt_long said '?': optopt is 0 for a long option that it does not know, the id of one that takes no
 * value and was given one, or a letter that it does not know. */
static int bad_option(const struct qtc_cli *cli)
{
    const struct qtc_cli_option *option;

    if (optopt == 0) {
        return bad_long_option(cli, cli->argv[optind - 1]);
    }
    option = option_by_id(cli->command, optopt);
    if (option) {
        return qtc_cli_usage_error(cli, "--%s takes no value", option->name);
    }
    if (!isprint(optopt)) {
        return qtc_cli_usage_error(cli, "unknown option; see %s --help", cli->command->name);
    }
    return qtc_cli_usage_error(cli, "unknown option -%c; see %s --help", optopt, cli->command->name);
}

static int missing_value(const struct qtc_cli *cli)
{
    const struct qtc_cli_option *option = option_by_id(cli->command, optopt);

    if (!option) {
        return QTC_EXIT_FAILED;
    }
    return qtc_cli_usage_error(cli, "--%s needs a value: %s", option->name, option->arg);
}

static int unknown_value(const struct qtc_cli *cli, const char *option, const char *value,
                         const char *nearest, const struct qtc_buf *all)
{
    struct qtc_buf b = {0};

    add(&b, "--%s: unknown value \"%s\"", option, value);
    if (nearest) {
        add(&b, " (did you mean \"%s\"?)", nearest);
    } else if (all->len > 0) {
        qtc_buf_str(&b, "; it is one of ");
        qtc_buf_put(&b, qtc_buf_bytes(all));
    }
    say(cli, &b);
    qtc_buf_free(&b);
    return QTC_EXIT_FAILED;
}

int qtc_cli_unknown_value(const struct qtc_cli *cli, const char *option, const char *value,
                          qtc_cli_list *list)
{
    struct qtc_buf all = {0};

    return unknown_value(cli, option, value, qtc_cli_nearest(value, list), &all);
}

/* ---- the options, one after the other ------------------------------------------ */

void qtc_cli_begin(struct qtc_cli *cli, const struct qtc_cli_command *command, int argc, char **argv)
{
    const struct qtc_cli_option *option;
    size_t letters = 0;

    *cli = (struct qtc_cli){.command = command, .argc = argc, .argv = argv, .out = stdout, .err = stderr};
    cli->shorts[letters++] = ':';
    for (size_t i = 0; i < QTC_CLI_MAX_OPTIONS && (option = qtc_cli_option_at(command, i)); i++) {
        int takes = option->arg ? required_argument : no_argument;
        cli->longs[i] = (struct option){.name = option->name, .has_arg = takes, .val = option->id};
        if (option->id < QTC_CLI_LONG_ONLY) {
            cli->shorts[letters++] = (char)option->id;
        }
        if (option->id < QTC_CLI_LONG_ONLY && option->arg) {
            cli->shorts[letters++] = ':';
        }
    }
    optind = 0; /* glibc: start anew */
    opterr = 0;
}

static int print(const struct qtc_cli *cli, const struct qtc_buf *text)
{
    bool written = !text->failed && fwrite(text->data, 1, text->len, cli->out) == text->len;

    if (!written || fflush(cli->out) != 0) {
        return qtc_cli_usage_error(cli, "standard output: %s", strerror(errno));
    }
    return QTC_EXIT_DONE;
}

static int print_common(const struct qtc_cli *cli, int id)
{
    struct qtc_buf text = {0};
    int status;

    if (id == 'h') {
        qtc_cli_help(&text, cli->command);
    } else {
        add(&text, "%s %s\n", cli->command->name, QTC_VERSION);
    }
    status = print(cli, &text);
    qtc_buf_free(&text);
    return status;
}

/* Finds the value's place in the option's list, where it has one. */
static bool choose(struct qtc_cli *cli, const struct qtc_cli_option *option)
{
    struct qtc_guess n = guess_begin(cli->value, strlen(cli->value));
    struct qtc_buf all = {0};
    const char *name;
    bool found = true;

    for (size_t i = 0; (name = qtc_cli_choice(option, i)); i++) {
        if (strcmp(name, cli->value) == 0) {
            cli->choice = i;
            break;
        }
        guess_consider(&n, name);
        add(&all, "%s%s", i > 0 ? ", " : "", name);
    }
    if (!name && all.len > 0) {
        cli->status = unknown_value(cli, option->name, cli->value, n.best.data, &all);
        found = false;
    }
    qtc_buf_free(&all);
    return found;
}

int qtc_cli_next(struct qtc_cli *cli)
{
    int id = getopt_long(cli->argc, cli->argv, cli->shorts, cli->longs, NULL);
    const struct qtc_cli_option *option = option_by_id(cli->command, id);

    cli->value = NULL;
    if (id == -1) {
        cli->first = optind;
        return QTC_CLI_OPERANDS;
    }
    if (id == 'h' || id == 'V') {
        cli->status = print_common(cli, id);
        return QTC_CLI_EXIT;
    }
    if (id == '?' || id == ':' || !option) {
        cli->status = id == ':' ? missing_value(cli) : bad_option(cli);
        return QTC_CLI_EXIT;
    }
    if (option->arg) {
        cli->value = optarg;
        if (!choose(cli, option)) {
            return QTC_CLI_EXIT;
        }
    }
    return id;
}

bool qtc_cli_count(const char *text, unsigned max, unsigned *out)
{
    char *end;
    unsigned long n;

    if (!isdigit((unsigned char)*text)) {
        return false;
    }
    errno = 0;
    n = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || n == 0 || n > max) {
        return false;
    }
    *out = (unsigned)n;
    return true;
}

/* ---- --help ---------------------------------------------------------------------- */

enum { HELP_INDENT = 30, HELP_WIDTH = 80 };

static void pad(struct qtc_buf *out, size_t n)
{
    while (n-- > 0) {
        qtc_buf_byte(out, ' ');
    }
}

/* Appends words up to the width; `column` is where the line stands. */
static void wrap(struct qtc_buf *out, size_t column, const char *text)
{
    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        if (column > HELP_INDENT && column + 1 + word > HELP_WIDTH) {
            qtc_buf_byte(out, '\n');
            pad(out, HELP_INDENT);
            column = HELP_INDENT;
        } else if (column > HELP_INDENT) {
            qtc_buf_byte(out, ' ');
            column++;
        }
        qtc_buf_add(out, text, word);
        column += word;
        text += word;
        text += strspn(text, " ");
    }
    qtc_buf_byte(out, '\n');
}

static void help_text(struct qtc_buf *to, const struct qtc_cli_option *option)
{
    const char *name;

    qtc_buf_str(to, option->help);
    for (size_t i = 0; (name = qtc_cli_choice(option, i)); i++) {
        add(to, "%s%s", i == 0 ? ": " : ", ", name);
    }
    qtc_buf_byte(to, '\0');
}

static void help_option(struct qtc_buf *out, const struct qtc_cli_option *option)
{
    struct qtc_buf text = {0};
    size_t start = out->len;

    if (option->id < QTC_CLI_LONG_ONLY) {
        add(out, "  -%c, ", option->id);
    } else {
        pad(out, 6);
    }
    add(out, "--%s%s%s", option->name, option->arg ? " " : "", option->arg ? option->arg : "");
    pad(out, out->len - start < HELP_INDENT ? HELP_INDENT - (out->len - start) : 1);
    help_text(&text, option);
    if (!text.failed) {
        wrap(out, out->len - start, text.data);
    }
    qtc_buf_free(&text);
}

void qtc_cli_help(struct qtc_buf *out, const struct qtc_cli_command *command)
{
    const struct qtc_cli_option *option;
    const struct qtc_cli_example *example;

    add(out, "%s - %s\n\n", command->name, command->purpose);
    for (size_t i = 0; i < 3 && (example = &command->examples[i])->line; i++) {
        add(out, "  %s\n      %s\n", example->line, example->what);
    }
    add(out, "\nusage: %s %s\n", command->name, command->usage);
    for (size_t i = 0; (option = qtc_cli_option_at(command, i)); i++) {
        if (option->group) {
            add(out, "%s:\n", option->group);
        }
        if (option->help) {
            help_option(out, option);
        }
    }
    qtc_buf_str(out, "Of a list, the first is the default.\nexit status:\n");
    for (size_t i = 0; i < 3; i++) {
        add(out, "  %zu  %s\n", i, command->status[i]);
    }
}
