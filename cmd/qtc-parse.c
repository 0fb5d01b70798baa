/* qtc-parse: model text to tool calls. */
#include "batch.h"
#include "formats.h"
#include "jobs.h"
#include "parse_source.h"

#include <string.h>

/* What is asked for, but for what the session knows. */
struct request {
    struct qtc_session session;
    enum qtc_parse_input input;
    unsigned jobs;
    const char *show; /* --show-format: a name or a file */
    uint64_t given;   /* a bit each of `given_ids` */
    bool found;       /* --contains, --detect: a call, in some file */
};

/* ---- options that do not go together -------------------------------------------- */

enum given {
    GIVEN_BATCH,
    GIVEN_CONTAINS,
    GIVEN_DETECT,
    GIVEN_LIST,
    GIVEN_SHOW,
    GIVEN_INPUT,
    GIVEN_OUTPUT,
    GIVEN_FILTER,
    GIVEN_STRICT,
    GIVEN_JOBS,
    GIVEN_JSON
};

static const struct {
    int id;
    enum given given;
} given_ids[] = {
    {QTC_OPT_BATCH, GIVEN_BATCH},
    {QTC_OPT_CONTAINS, GIVEN_CONTAINS},
    {QTC_OPT_DETECT, GIVEN_DETECT},
    {QTC_OPT_LIST_FORMATS, GIVEN_LIST},
    {QTC_OPT_SHOW_FORMAT, GIVEN_SHOW},
    {'i', GIVEN_INPUT},
    {'o', GIVEN_OUTPUT},
    {QTC_OPT_FILTER, GIVEN_FILTER},
    {QTC_OPT_STRICT, GIVEN_STRICT},
    {'j', GIVEN_JOBS},
    {QTC_OPT_JSON, GIVEN_JSON},
};

/* Each would be left without effect by the other. */
static const struct {
    enum given one, other;
    const char *message;
} conflicts[] = {
    {GIVEN_BATCH, GIVEN_CONTAINS, "--batch and --contains do not go together"},
    {GIVEN_BATCH, GIVEN_DETECT, "--batch and --detect do not go together: a record says its format"},
    {GIVEN_BATCH, GIVEN_INPUT, "--batch and --input do not go together: the input is records"},
    {GIVEN_BATCH, GIVEN_OUTPUT, "--batch and --output do not go together: the output is records"},
    {GIVEN_CONTAINS, GIVEN_DETECT, "--contains and --detect do not go together"},
    {GIVEN_CONTAINS, GIVEN_OUTPUT, "--contains and --output do not go together: nothing is printed"},
    {GIVEN_CONTAINS, GIVEN_FILTER, "--contains and --filter do not go together: nothing is printed"},
    {GIVEN_CONTAINS, GIVEN_STRICT, "--contains and --strict do not go together: each sets the exit status"},
    {GIVEN_DETECT, GIVEN_OUTPUT, "--detect and --output do not go together"},
    {GIVEN_DETECT, GIVEN_FILTER, "--detect and --filter do not go together"},
    {GIVEN_DETECT, GIVEN_STRICT, "--detect and --strict do not go together: each sets the exit status"},
};

static bool is_given(const struct request *r, enum given given)
{
    return r->given >> given & 1;
}

static bool conflict(const struct request *r, const struct qtc_cli *cli)
{
    for (size_t i = 0; i < sizeof conflicts / sizeof *conflicts; i++) {
        if (is_given(r, conflicts[i].one) && is_given(r, conflicts[i].other)) {
            qtc_cli_usage_error(cli, "%s", conflicts[i].message);
            return true;
        }
    }
    if (is_given(r, GIVEN_JOBS) && !is_given(r, GIVEN_BATCH)) {
        qtc_cli_usage_error(cli, "--jobs goes with --batch");
        return true;
    }
    if (is_given(r, GIVEN_JSON) && !is_given(r, GIVEN_LIST)) {
        qtc_cli_usage_error(cli, "--json goes with --list-formats");
        return true;
    }
    return false;
}

/* ---- options ------------------------------------------------------------------------ */

/* Without "auto", which has no description. */
static const char *described_name_at(size_t i)
{
    return qtc_format_name_at(i + 1);
}

static bool own_option(struct request *r, const struct qtc_cli *cli, int id)
{
    switch (id) {
    case 'f':
        return qtc_session_format(&r->session, cli);
    case 'i':
        r->input = (enum qtc_parse_input)cli->choice;
        return true;
    case 'j':
        if (!qtc_cli_count(cli->value, QTC_JOBS_MAX, &r->jobs)) {
            qtc_cli_usage_error(cli, "--jobs: \"%s\" is not a number from 1 to %d", cli->value, QTC_JOBS_MAX);
            return false;
        }
        return true;
    case QTC_OPT_SHOW_FORMAT:
        r->show = cli->value;
        if (qtc_format_is_file(r->show) || qtc_format_find(r->show) != NULL) {
            return true;
        }
        qtc_cli_unknown_value(cli, "show-format", cli->value, described_name_at);
        return false;
    default: /* what is only noted */
        return true;
    }
}

/* false: exit with *status. */
static bool read_options(struct request *r, struct qtc_cli *cli, int *status)
{
    int id;

    *status = QTC_EXIT_FAILED;
    while ((id = qtc_cli_next(cli)) != QTC_CLI_OPERANDS) {
        if (id == QTC_CLI_EXIT) {
            *status = cli->status;
            return false;
        }
        for (size_t i = 0; i < sizeof given_ids / sizeof *given_ids; i++) {
            if (given_ids[i].id == id) {
                r->given |= UINT64_C(1) << given_ids[i].given;
            }
        }
        if (!qtc_session_option(&r->session, cli, id) && !own_option(r, cli, id)) {
            return false;
        }
    }
    return !conflict(r, cli);
}

/* ---- --contains and --detect: nothing is written, and a call is enough ------------------ */

static bool until_call(struct qtc_writer *w, const struct qtc_event *event)
{
    (void)w;
    return event->kind != QTC_CALL;
}

static bool no_end(struct qtc_writer *w)
{
    (void)w;
    return true;
}

static void no_free(struct qtc_writer *w)
{
    (void)w;
}

static struct qtc_writer *open_silent(const struct qtc_writer_options *options)
{
    static struct qtc_writer silent = {.event = until_call, .finish = no_end, .free = no_free};

    (void)options;
    return &silent;
}

static const struct qtc_output silent_output = {"", "", open_silent};

static bool is_silent(const struct request *r)
{
    return is_given(r, GIVEN_CONTAINS) || is_given(r, GIVEN_DETECT);
}

/* As grep does, the file's name comes first where there are several. */
static void print_format(struct request *r, const struct qtc_format *format, const char *file)
{
    struct qtc_buf *out = &r->session.out.buf;

    if (file) {
        qtc_buf_str(out, file);
        qtc_buf_byte(out, ':');
    }
    qtc_buf_str(out, format->name);
    qtc_buf_byte(out, '\n');
}

/* ---- files ---------------------------------------------------------------------------------- */

/* false: no further file is to be read. */
static bool read_file(struct request *r, struct qtc_in *in)
{
    struct qtc_session *session = &r->session;
    struct qtc_source source;
    struct qtc_bytes bytes;
    bool readable = false;

    /* From here on it tells whether this file failed, not one before. */
    session->failed = session->failed || in->failed;
    in->failed = false;
    session->file = in->name;
    memset(session->told, 0, sizeof session->told);
    qtc_source_begin(&source, session, r->input);
    while (qtc_in_read(in, &bytes)) {
        readable = true;
        if (!qtc_source_feed(&source, bytes)) {
            break;
        }
    }
    source.stopped = source.stopped || (!readable && in->failed);
    qtc_source_end(&source);
    if (is_given(r, GIVEN_DETECT) && source.format) {
        print_format(r, source.format, in->count > 1 ? in->name : NULL);
    }
    r->found = r->found || (is_given(r, GIVEN_DETECT) ? source.format != NULL : session->calls > 0);
    if (is_given(r, GIVEN_CONTAINS) && r->found) {
        return false;
    }
    return !session->out.failed && (!session->jq || !qtc_jq_halted(session->jq));
}

static int run(struct request *r, const struct qtc_cli *cli)
{
    struct qtc_session *session = &r->session;
    struct qtc_in in;
    bool good = true;

    qtc_in_begin(&in, session->command, &session->out, (const char *const *)cli->argv + cli->first,
                 (size_t)(cli->argc - cli->first));
    in.awaited = QTC_IN_AWAITED;
    if (is_silent(r)) {
        session->output = &silent_output;
    }
    if (qtc_session_prepare(session)) {
        if (is_given(r, GIVEN_BATCH)) {
            good = qtc_batch(session, &in, r->jobs);
        } else {
            while (qtc_in_next(&in) && read_file(r, &in)) {
                continue;
            }
        }
        session->failed = session->failed || in.failed;
    }
    qtc_in_end(&in);
    if (is_silent(r)) {
        good = r->found;
    }
    int status = qtc_session_end(session);
    return status == QTC_EXIT_DONE && !good ? QTC_EXIT_NO : status;
}

int main(int argc, char **argv)
{
    struct request r = {.jobs = 1};
    struct qtc_cli cli;
    int status;

    qtc_io_begin();
    qtc_session_begin(&r.session, qtc_parse_command.name);
    qtc_cli_begin(&cli, &qtc_parse_command, argc, argv);
    if (!read_options(&r, &cli, &status)) {
        return status;
    }
    if (is_given(&r, GIVEN_LIST)) {
        return qtc_list_formats(&r.session, is_given(&r, GIVEN_JSON));
    }
    if (r.show) {
        return qtc_show_format(&r.session, r.show);
    }
    return run(&r, &cli);
}
