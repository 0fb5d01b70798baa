/* cli.h - the command line: one table a command, from which getopt_long, --help and the completion follow. */
#ifndef QTC_CLI_H
#define QTC_CLI_H

#include <getopt.h>
#include <stdio.h>

#include "base/base.h"

/* What a command ends with. */
enum qtc_exit {
    QTC_EXIT_DONE = 0,
    QTC_EXIT_NO = 1,    /* the data says no */
    QTC_EXIT_FAILED = 2 /* usage, unreadable input, or an I/O error */
};

/* The first id of an option that has no short letter. */
#define QTC_CLI_LONG_ONLY 256
/* --help and --version included */
#define QTC_CLI_MAX_OPTIONS 48

/* The i-th name of a list, or NULL behind its end. */
typedef const char *qtc_cli_list(size_t i);

struct qtc_cli_option {
    const char *name; /* long, without the dashes */
    int id;           /* its short letter, or a number from QTC_CLI_LONG_ONLY */
    const char *arg;  /* what its value is called; NULL: it takes none. FILE and FORMAT complete as such */
    const char *const *choices; /* the only values, NULL at the end; NULL: see choice_at */
    qtc_cli_list *choice_at;    /* the only values, where another table lists them; NULL: any value */
    const char *help;           /* NULL: accepted, but not shown */
    const char *group;          /* heading in --help; NULL: the same as the row's before */
};

struct qtc_cli_example {
    const char *line;
    const char *what;
};

struct qtc_cli_command {
    const char *name;
    const char *purpose; /* one line, lower case */
    const char *usage;   /* what follows the name */
    struct qtc_cli_example examples[3];
    const struct qtc_cli_option *options; /* --help and --version are added */
    size_t option_count;
    const char *status[3]; /* what exit status 0, 1 and 2 mean */
};

/* ---- reading the command line -------------------------------------------- */

/* What qtc_cli_next returns but for an option's id. */
enum { QTC_CLI_OPERANDS = 0, QTC_CLI_EXIT = -1 };

struct qtc_cli {
    const struct qtc_cli_command *command;
    int argc;
    char **argv;
    FILE *out, *err; /* stdout and stderr, but for tests */

    const char *value; /* of the option that was returned; NULL when it takes none */
    size_t choice;     /* the value's place in the option's list, where it has one */
    int status;        /* QTC_CLI_EXIT: what to exit with */
    int first;         /* QTC_CLI_OPERANDS: argv[first] is the first operand */

    struct option longs[QTC_CLI_MAX_OPTIONS + 1];
    char shorts[2 * QTC_CLI_MAX_OPTIONS + 2];
};

void qtc_cli_begin(struct qtc_cli *cli, const struct qtc_cli_command *command, int argc, char **argv);
/* The next option's id; QTC_CLI_OPERANDS behind the last one; QTC_CLI_EXIT when all is said:
 * --help or --version was given, or what was wrong stands on standard error. */
int qtc_cli_next(struct qtc_cli *cli);

/* For what only the command can check: one line `NAME: message` to standard error; returns QTC_EXIT_FAILED.
 */
int qtc_cli_usage_error(const struct qtc_cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* `NAME: --OPTION: unknown OPTION "VALUE" (did you mean "NEAREST"?)`, for names that the command looks up;
 * returns QTC_EXIT_FAILED. */
int qtc_cli_unknown_value(const struct qtc_cli *cli, const char *option, const char *value,
                          qtc_cli_list *list);
/* A count from 1 to max. */
bool qtc_cli_count(const char *text, unsigned max, unsigned *out);

/* ---- what else follows from the table ------------------------------------- */

void qtc_cli_help(struct qtc_buf *out, const struct qtc_cli_command *command);
/* The table's rows, then --help and --version; NULL behind the last. */
const struct qtc_cli_option *qtc_cli_option_at(const struct qtc_cli_command *command, size_t i);
/* Its long name; NULL where there is no such option. */
const char *qtc_cli_option_name(const struct qtc_cli_command *command, int id);
/* The i-th value that the option takes, or NULL. */
const char *qtc_cli_choice(const struct qtc_cli_option *option, size_t i);
/* The name that was most likely meant, or NULL where none is near. */
const char *qtc_cli_nearest(const char *given, qtc_cli_list *list);

#endif
