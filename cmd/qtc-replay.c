/* qtc-replay - a recorded stream again: in time, cut otherwise, broken, served, shrunk, drawn. */
#include "commands.h"
#include "replay.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_FAULTS = 64 };

/* ---- jobs ------------------------------------------------------------------- */

struct job {
    int option; /* that asks for it; 0: none does */
    int (*run)(struct qtc_replay *r);
    bool loads;   /* wants the captures */
    bool program; /* wants COMMAND */
};

enum { PLAY, CONVERT, INFO, TIMELINE, RECORD, SERVE, CHECK, MINIMIZE, JOBS };

/* Of several that were asked for the last one here counts. */
static const struct job jobs[JOBS] = {
    [PLAY] = {0, qtc_replay_play, false, false}, /* a raw file that goes out as it is, is not loaded */
    [CONVERT] = {QTC_OPT_CONVERT, qtc_replay_convert, true, false},
    [INFO] = {QTC_OPT_INFO, qtc_replay_info, true, false},
    [TIMELINE] = {QTC_OPT_TIMELINE, qtc_replay_timeline, true, false},
    [RECORD] = {QTC_OPT_RECORD, qtc_replay_record, false, false},
    [SERVE] = {QTC_OPT_SERVE, qtc_replay_serve, true, false},
    [CHECK] = {QTC_OPT_CHECK, qtc_replay_check, true, true},
    [MINIMIZE] = {QTC_OPT_MINIMIZE, qtc_replay_minimize, true, true},
};

enum {
    LOADING = 1 << PLAY | 1 << CONVERT | 1 << INFO | 1 << TIMELINE | 1 << SERVE | 1 << CHECK | 1 << MINIMIZE,
    PLAYING = 1 << PLAY | 1 << CONVERT | 1 << SERVE | 1 << CHECK | 1 << MINIMIZE,
};

/* The jobs that an option goes with. */
static const struct fit {
    int option;
    unsigned jobs;
} fits[] = {
    {QTC_OPT_PICK, LOADING},
    {'t', 1 << INFO | 1 << TIMELINE},
    {QTC_OPT_REDACT, LOADING},
    {QTC_OPT_SIMULATE, PLAYING},
    {QTC_OPT_SPEED, 1 << PLAY | 1 << SERVE},
    {QTC_OPT_GAP, PLAYING},
    {QTC_OPT_SPLIT, PLAYING},
    {QTC_OPT_RESPLIT, PLAYING},
    {QTC_OPT_FAULT, PLAYING},
    {QTC_OPT_UNBUFFERED, 1 << PLAY},
    {QTC_OPT_SERVE, 1 << SERVE},
    {QTC_OPT_CHOOSE, 1 << SERVE},
    {QTC_OPT_REQUEST_LOG, 1 << SERVE},
    {QTC_OPT_RECORD, 1 << RECORD},
    {QTC_OPT_INFO, 1 << INFO},
    {QTC_OPT_CONVERT, 1 << CONVERT | 1 << MINIMIZE}, /* how the result is written */
    {QTC_OPT_TIMELINE, 1 << TIMELINE},
    {QTC_OPT_CHECK, 1 << CHECK},
    {QTC_OPT_CUTS, 1 << CHECK},
    {QTC_OPT_RUNS, 1 << CHECK},
    {QTC_OPT_SEED, 1 << CHECK},
    {QTC_OPT_MINIMIZE, 1 << MINIMIZE},
    {QTC_OPT_MATCH, 1 << MINIMIZE},
    {QTC_OPT_TIMEOUT, 1 << CHECK | 1 << MINIMIZE},
};

enum { FITS = sizeof fits / sizeof *fits };

static void note(bool given[FITS], int option)
{
    for (size_t i = 0; i < FITS; i++) {
        given[i] = given[i] || fits[i].option == option;
    }
}

static bool was_given(const bool given[FITS], int option)
{
    for (size_t i = 0; i < FITS; i++) {
        if (given[i] && fits[i].option == option) {
            return true;
        }
    }
    return false;
}

static const struct job *asked_job(const bool given[FITS])
{
    size_t job = JOBS - 1;

    while (job > PLAY && !was_given(given, jobs[job].option)) {
        job--;
    }
    return &jobs[job];
}

/* The first of the jobs that the option goes with. */
static const char *job_name(unsigned set)
{
    return qtc_cli_option_name(&qtc_replay_command, jobs[__builtin_ctz(set)].option);
}

static bool options_fit(const struct qtc_cli *cli, const bool given[FITS], const struct job *job)
{
    unsigned bit = 1U << (job - jobs);

    for (size_t i = 0; i < FITS; i++) {
        const char *name = qtc_cli_option_name(cli->command, fits[i].option);
        if (!given[i] || (fits[i].jobs & bit) != 0) {
            continue;
        }
        if (job->option == 0) {
            qtc_cli_usage_error(cli, "--%s goes with --%s", name, job_name(fits[i].jobs));
        } else {
            qtc_cli_usage_error(cli, "--%s and --%s do not go together", job_name(bit), name);
        }
        return false;
    }
    return true;
}

/* ---- options ------------------------------------------------------------------ */

static bool bad_value(const struct qtc_cli *cli, const char *option, const char *what)
{
    qtc_cli_usage_error(cli, "--%s: \"%s\" is not %s", option, cli->value, what);
    return false;
}

/* A positive decimal number, up to max. */
static bool read_number(const char *text, double max, double *out)
{
    char *end;

    errno = 0;
    *out = strtod(text, &end);
    return errno == 0 && end != text && *end == '\0' && isfinite(*out) && *out > 0 && *out <= max;
}

static bool set_speed(struct qtc_replay *r, const struct qtc_cli *cli)
{
    if (strcmp(cli->value, "max") == 0) {
        r->speed = 0;
        return true;
    }
    return read_number(cli->value, 1e6, &r->speed) || bad_value(cli, "speed", "max or a factor");
}

static bool set_gap(struct qtc_replay *r, const struct qtc_cli *cli)
{
    double milliseconds;

    if (!read_number(cli->value, 1e9, &milliseconds)) {
        return bad_value(cli, "gap", "a number of milliseconds");
    }
    r->play.gap = (uint64_t)(milliseconds * 1e6);
    return true;
}

static bool set_split(struct qtc_split *split, bool of_text, const struct qtc_cli *cli)
{
    return qtc_split_parse(cli->value, of_text, split) == QTC_OK ||
           bad_value(cli, of_text ? "resplit" : "split",
                     of_text ? "tokens:N or random:SEED" : "bytes:N, chars:N, lines, events or random:SEED");
}

static bool add_fault(struct qtc_replay *r, struct qtc_fault faults[MAX_FAULTS], const struct qtc_cli *cli)
{
    if (r->play.fault_count == MAX_FAULTS) {
        qtc_cli_usage_error(cli, "--fault: at most %d", MAX_FAULTS);
        return false;
    }
    if (qtc_fault_parse(cli->value, &faults[r->play.fault_count]) != QTC_OK) {
        return bad_value(cli, "fault", "cut@N, stall@N:MS, error@N, dup@N, corrupt@N or reset@N");
    }
    r->play.fault_count++;
    r->play.faults = faults;
    return true;
}

static bool set_count(const struct qtc_cli *cli, const char *option, unsigned max, unsigned *out)
{
    return qtc_cli_count(cli->value, max, out) || bad_value(cli, option, "a number from 1");
}

static bool set_seed(struct qtc_replay *r, const struct qtc_cli *cli)
{
    unsigned seed;

    if (!set_count(cli, "seed", UINT_MAX, &seed)) {
        return false;
    }
    r->seed = seed;
    return true;
}

static bool set_option(struct qtc_replay *r, struct qtc_fault faults[MAX_FAULTS], const struct qtc_cli *cli,
                       int id)
{
    size_t count;

    switch (id) {
    case QTC_OPT_PICK:
        return set_count(cli, "pick", UINT_MAX, &r->pick);
    case 't':
        r->tools_file = cli->value;
        return true;
    case QTC_OPT_SPEED:
        return set_speed(r, cli);
    case QTC_OPT_GAP:
        return set_gap(r, cli);
    case QTC_OPT_SPLIT:
        return set_split(&r->play.split, false, cli);
    case QTC_OPT_RESPLIT:
        return set_split(&r->play.resplit, true, cli);
    case QTC_OPT_SIMULATE:
        r->play.simulate = true;
        return true;
    case QTC_OPT_FAULT:
        return add_fault(r, faults, cli);
    case QTC_OPT_REDACT:
        r->redact = true;
        return true;
    case QTC_OPT_CONVERT:
        r->convert = &qtc_capture_writers(&count)[cli->choice];
        return true;
    case QTC_OPT_RECORD:
    case QTC_OPT_TIMELINE:
        r->file = cli->value;
        return true;
    case QTC_OPT_SERVE:
        r->address = cli->value;
        return qtc_replay_is_address(cli->value) || bad_value(cli, "serve", "[HOST:]PORT");
    case QTC_OPT_CHOOSE:
        r->choose = (enum qtc_replay_choose)cli->choice;
        return true;
    case QTC_OPT_REQUEST_LOG:
        r->request_log = cli->value;
        return true;
    case QTC_OPT_CUTS:
        r->cuts = (enum qtc_replay_cuts)cli->choice;
        return true;
    case QTC_OPT_RUNS:
        return set_count(cli, "runs", 1000000, &r->runs);
    case QTC_OPT_SEED:
        return set_seed(r, cli);
    case QTC_OPT_TIMEOUT:
        return set_count(cli, "timeout", 86400, &r->timeout);
    case QTC_OPT_MATCH:
        r->match = cli->value;
        return true;
    case QTC_OPT_UNBUFFERED:
        r->unbuffered = true;
        return true;
    default: /* --info, --check, --minimize: the job says it all */
        return true;
    }
}

/* ---- the command line ------------------------------------------------------------ */

/* Where `--` stands: COMMAND is behind it. argc where there is none. */
static int separator(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            return i;
        }
    }
    return argc;
}

/* What stands behind `--` is COMMAND, or more files. */
static void take_operands(struct qtc_replay *r, const struct job *job, char **argv, int first, int dashes,
                          int argc)
{
    int files = dashes - first;

    if (dashes < argc && job->program) {
        r->program = argv + dashes + 1;
    } else if (dashes < argc) {
        memmove(argv + dashes, argv + dashes + 1, (size_t)(argc - dashes) * sizeof *argv); /* its NULL too */
        files += argc - dashes - 1;
    }
    r->files = (const char *const *)argv + first;
    r->file_count = (size_t)files;
}

static int run(struct qtc_replay *r, const struct job *job)
{
    int status = QTC_EXIT_FAILED;

    if (!job->loads || qtc_replay_load(r)) {
        status = job->run(r);
    }
    qtc_replay_free(r);
    return status;
}

int main(int argc, char **argv)
{
    struct qtc_replay r = {.command = qtc_replay_command.name, .runs = 100, .seed = 1, .timeout = 60};
    struct qtc_fault faults[MAX_FAULTS];
    bool given[FITS] = {false};
    const struct job *job;
    struct qtc_cli cli;
    int dashes = separator(argc, argv);
    int id;

    qtc_io_begin();
    qtc_out_begin(&r.out, r.command, STDOUT_FILENO);
    qtc_cli_begin(&cli, &qtc_replay_command, dashes, argv);
    while ((id = qtc_cli_next(&cli)) != QTC_CLI_OPERANDS) {
        if (id == QTC_CLI_EXIT) {
            return cli.status;
        }
        if (!set_option(&r, faults, &cli, id)) {
            return QTC_EXIT_FAILED;
        }
        note(given, id);
    }
    job = asked_job(given);
    if (!options_fit(&cli, given, job)) {
        return QTC_EXIT_FAILED;
    }
    if (qtc_replay_takes_time(&r.play) && !was_given(given, QTC_OPT_SPEED)) {
        r.speed = 1;
    }
    take_operands(&r, job, argv, cli.first, dashes, argc);
    if (job->program && (r.program == NULL || r.program[0] == NULL)) {
        return qtc_cli_usage_error(&cli, "a command is missing: %s", "... CAPTURE -- COMMAND [ARGUMENT]...");
    }
    return run(&r, job);
}
