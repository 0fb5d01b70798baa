/* qtc-validate: are these calls right for these tools? */
#include "commands.h"
#include "schema_files.h"
#include "validating.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct request {
    struct qtc_validating v;
    const char *tools, *reject;
    struct qtc_buf tools_text;
    struct qtc_schema_files files;
    struct qtc_toolset *set;
    struct qtc_toolsets *sets;
    bool list;
};

/* ---- options -------------------------------------------------------------------------- */

static bool read_jobs(struct request *r, const struct qtc_cli *cli)
{
    if (qtc_cli_count(cli->value, QTC_JOBS_MAX, &r->v.threads)) {
        return true;
    }
    qtc_cli_usage_error(cli, "--jobs: \"%s\" is not a number from 1 to %d", cli->value, QTC_JOBS_MAX);
    return false;
}

/* Options without a value: what they set. */
static bool take_flag(struct request *r, int id)
{
    const struct {
        int id;
        bool *flag;
    } flags[] = {
        {QTC_OPT_OPEN, &r->v.setup.options.open},
        {QTC_OPT_ALLOW_NULL, &r->v.setup.options.allow_null},
        {QTC_OPT_FORMATS, &r->v.setup.options.formats},
        {QTC_OPT_CHECK_TOOLS, &r->v.check_tools},
        {QTC_OPT_FIX, &r->v.setup.fix},
        {QTC_OPT_PASS, &r->v.pass},
        {QTC_OPT_UNBUFFERED, &r->v.out.unbuffered},
        {QTC_OPT_LIST_FINDINGS, &r->list},
    };

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (flags[i].id == id) {
            *flags[i].flag = true;
            return true;
        }
    }
    return false;
}

static bool take_option(struct request *r, const struct qtc_cli *cli, int id)
{
    static const enum qtc_draft drafts[] = {QTC_DRAFT_2020_12, QTC_DRAFT_2019_09, QTC_DRAFT_7, QTC_DRAFT_6,
                                            QTC_DRAFT_4};
    size_t count;

    switch (id) {
    case 't':
        r->tools = cli->value;
        break;
    case 'j':
        return read_jobs(r, cli);
    case QTC_OPT_TOOLS_KEY:
        r->v.setup.tools_key = cli->value;
        break;
    case QTC_OPT_DRAFT:
        r->v.setup.options.draft = drafts[cli->choice];
        break;
    case QTC_OPT_ASSERT:
        r->v.holds = cli->value;
        break;
    case QTC_OPT_REPORT:
        r->v.report = &qtc_reports(&count)[cli->choice];
        break;
    case QTC_OPT_REJECT:
        r->reject = cli->value;
        break;
    default:
        return take_flag(r, id);
    }
    return true;
}

/* Each would be left without effect by the other. */
static bool conflict(const struct request *r, const struct qtc_cli *cli)
{
    const char *message = NULL;

    if (r->v.setup.tools_key != NULL && r->tools == NULL) {
        message = "--tools-key goes with --tools: it names them";
    } else if (r->v.check_tools && (r->v.setup.fix || r->v.holds != NULL || r->v.setup.tools_key != NULL)) {
        message = "--check-tools checks no calls: --fix, --assert and --tools-key do not go with it";
    }
    if (message != NULL) {
        qtc_cli_usage_error(cli, "%s", message);
    }
    return message != NULL;
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
        if (!take_option(r, cli, id)) {
            return false;
        }
    }
    return !conflict(r, cli);
}

/* ---- before the first record ---------------------------------------------------------------- */

static bool read_tools(struct request *r)
{
    struct qtc_check_options *options = &r->v.setup.options;
    struct qtc_error error;
    struct qtc_bytes text;

    if (!qtc_in_slurp(r->v.command, r->tools, &r->tools_text)) {
        return false;
    }
    text = qtc_buf_bytes(&r->tools_text);
    if (r->v.setup.tools_key != NULL) {
        r->v.setup.named = r->sets = qtc_toolsets_new(text, &error);
    } else {
        r->set = r->v.setup.tools = qtc_toolset_new(text, options, &error);
    }
    if (r->set == NULL && r->sets == NULL) {
        qtc_complain_at(r->v.command, r->tools, text, error.offset, qtc_str(error.message));
    }
    return r->set != NULL || r->sets != NULL;
}

/* Once here, so that a wrong program is told once, before any record is read. */
static bool try_assert(const struct request *r)
{
    struct qtc_buf errors = {0};
    struct qtc_jq *jq = qtc_jq_new(r->v.holds, &errors);

    if (jq == NULL && errors.len > 0) {
        qtc_complain(r->v.command, NULL, 0, 0, "--assert: %.*s",
                     (int)(errors.len < 900 ? errors.len - 1 : 900), errors.data);
    }
    qtc_jq_free(jq);
    qtc_buf_free(&errors);
    return jq != NULL;
}

static bool open_reject(struct request *r)
{
    int fd = open(r->reject, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0) {
        qtc_complain(r->v.command, r->reject, 0, 0, "%s", strerror(errno));
        return false;
    }
    qtc_out_begin(&r->v.rejects, r->v.command, fd);
    r->v.rejects.name = r->reject;
    return true;
}

/* Schemas may refer to files beside the tools'. */
static bool begin_files(struct request *r)
{
    struct qtc_check_options *options = &r->v.setup.options;

    if (!qtc_schema_files_begin(&r->files, r->tools)) {
        qtc_complain(r->v.command, NULL, 0, 0, "out of memory");
        return false;
    }
    options->base = qtc_buf_bytes(&r->files.base);
    options->resolve = qtc_schema_files_find;
    options->resolve_ctx = &r->files;
    return true;
}

static bool prepare(struct request *r)
{
    return begin_files(r) && (r->tools == NULL || r->v.check_tools || read_tools(r)) &&
           (r->v.holds == NULL || try_assert(r)) && (r->reject == NULL || open_reject(r));
}

/* ---- the run ---------------------------------------------------------------------------------- */

static int list_findings(struct request *r)
{
    static const char *const levels[] = {"warning", "error", "undecided"};
    struct qtc_buf *out = &r->v.out.buf;

    for (unsigned i = 0; i < QTC_ISSUES; i++) {
        const struct qtc_issue_info *info = qtc_issue_info(i);
        qtc_buf_str(out, info->slug);
        qtc_buf_byte(out, '\t');
        qtc_buf_str(out, levels[info->level]);
        qtc_buf_byte(out, '\t');
        qtc_buf_str(out, info->text);
        qtc_buf_byte(out, '\n');
    }
    return qtc_out_end(&r->v.out) ? QTC_EXIT_DONE : QTC_EXIT_FAILED;
}

/* With --check-tools the file of --tools is one to be checked, and standard input only where there is none.
 */
static void begin_input(struct request *r, const struct qtc_cli *cli, struct qtc_in *in)
{
    const char *const *files = (const char *const *)cli->argv + cli->first;
    size_t count = (size_t)(cli->argc - cli->first);

    if (r->v.check_tools && r->tools != NULL) {
        cli->argv[cli->first - 1] = (char *)(uintptr_t)r->tools; /* NOLINT(performance-no-int-to-ptr) */
        files--;
        count++;
    }
    qtc_in_begin(in, r->v.command, &r->v.out, files, count);
    in->awaited = QTC_IN_AWAITED;
}

static int end(struct request *r)
{
    struct qtc_validating *v = &r->v;

    v->failed = !qtc_out_end(&v->out) || v->failed;
    v->failed = !qtc_out_flush(&v->findings) || v->failed;
    if (v->rejects.fd >= 0) {
        v->failed = !qtc_out_end(&v->rejects) || v->failed;
    }
    qtc_buf_free(&v->findings.buf);
    qtc_toolset_free(r->set);
    qtc_toolsets_free(r->sets);
    qtc_buf_free(&r->tools_text);
    qtc_schema_files_end(&r->files);
    if (v->failed || v->undecided) {
        return QTC_EXIT_FAILED;
    }
    return v->invalid ? QTC_EXIT_NO : QTC_EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct request r = {.v = {.command = qtc_validate_command.name, .threads = 1, .rejects = {.fd = -1}}};
    struct qtc_cli cli;
    struct qtc_in in;
    size_t count;
    int status;

    qtc_io_begin();
    r.v.report = qtc_reports(&count);
    qtc_out_begin(&r.v.out, r.v.command, STDOUT_FILENO);
    qtc_out_begin(&r.v.findings, r.v.command, STDERR_FILENO);
    r.v.findings.name = "standard error";
    qtc_cli_begin(&cli, &qtc_validate_command, argc, argv);
    if (!read_options(&r, &cli, &status)) {
        return status;
    }
    if (r.list) {
        return list_findings(&r);
    }
    if (!prepare(&r)) {
        r.v.failed = true;
        return end(&r);
    }
    begin_input(&r, &cli, &in);
    qtc_validating_run(&r.v, &in);
    qtc_in_end(&in);
    return end(&r);
}
