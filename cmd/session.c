#include "session.h"

#include "commands.h"
#include "formats.h"
#include "words.h"

#include <string.h>
#include <unistd.h>

/* ---- messages ------------------------------------------------------------- */

void qtc_session_fail(struct qtc_session *s, uint64_t line, const char *message)
{
    s->failed = true;
    qtc_complain(s->command, s->file, line, 0, "%s", message);
}

bool qtc_session_check(struct qtc_session *s, enum qtc_code code, uint64_t line)
{
    switch (code) {
    case QTC_OK:
        return true;
    case QTC_STOPPED: /* the writer stopped: a filter's halt, or memory; told at the end */
        return false;
    case QTC_NOMEM:
        qtc_session_fail(s, line, "out of memory");
        return false;
    case QTC_LIMIT:
        qtc_session_fail(s, line, "a limit was passed: too long an event, or too many choices or calls");
        return false;
    default:
        qtc_session_fail(s, line, "not a response that can be read");
        return false;
    }
}

/* ERRORs are told always, WARNINGs where they decide the exit status or are all that is done; each once a
 * file. */
static void tell_defect(struct qtc_session *s, const struct qtc_event *event)
{
    const struct qtc_defect_info *info = qtc_defect_info(event->defect);
    bool error = info->severity == QTC_ERROR;
    struct qtc_buf about = {0};
    if (info->severity == QTC_INFO) {
        return;
    }
    s->defects = true;
    if (s->told[event->defect] || !(error || s->strict || s->options.no_repair)) {
        return;
    }
    s->told[event->defect] = 1;
    qtc_put_shown(&about, event->text);
    size_t said = s->options.no_repair ? strcspn(info->text, ";") : strlen(info->text); /* nothing is done */
    qtc_complain(s->command, s->file, event->line, 0, "%s %s: %.*s%s%.*s", error ? "error" : "warning",
                 info->slug, (int)said, info->text, about.len > 0 ? ": " : "", (int)about.len,
                 about.len > 0 ? about.data : "");
    qtc_buf_free(&about);
}

static bool on_event(void *ctx, const struct qtc_event *event)
{
    struct qtc_session *s = ctx;
    if (event->kind == QTC_DEFECT) {
        tell_defect(s, event);
    }
    s->calls += event->kind == QTC_CALL;
    s->answered =
        s->answered || event->kind == QTC_CONTENT || event->kind == QTC_REASONING || event->kind == QTC_CALL;
    s->errored = s->errored || (event->kind == QTC_DEFECT && event->defect == QTC_D_ERROR_MID_STREAM);
    return s->writer->event(s->writer, event);
}

/* ---- options ---------------------------------------------------------------- */

void qtc_session_begin(struct qtc_session *s, const char *command)
{
    memset(s, 0, sizeof *s);
    s->command = command;
    s->output = qtc_output_find("calls");
    qtc_out_begin(&s->out, command, STDOUT_FILENO);
    s->writing.out = &s->out.buf;
}

bool qtc_session_format(struct qtc_session *s, const struct qtc_cli *cli)
{
    s->options.parse.format = NULL;
    s->format_file = NULL;
    if (strcmp(cli->value, "auto") == 0) {
        return true;
    }
    if (qtc_format_is_file(cli->value)) {
        s->format_file = cli->value;
        return true;
    }
    s->options.parse.format = qtc_format_find(cli->value);
    if (s->options.parse.format == NULL) {
        qtc_cli_unknown_value(cli, "format", cli->value, qtc_format_name_at);
    }
    return s->options.parse.format != NULL;
}

bool qtc_session_option(struct qtc_session *s, const struct qtc_cli *cli, int id)
{
    size_t count;
    switch (id) {
    case QTC_OPT_MODEL:
        s->options.parse.likely = qtc_format_of_model(qtc_str(cli->value));
        s->options.model_given = true;
        return true;
    case 't':
        s->tools_file = cli->value;
        return true;
    case 'o':
        s->output = &qtc_outputs(&count)[cli->choice];
        return true;
    case QTC_OPT_IDS:
        s->options.ids = (enum qtc_ids)cli->choice;
        return true;
    case QTC_OPT_FILTER:
        s->filter = cli->value;
        return true;
    case QTC_OPT_RECOVER:
        s->options.parse.recover = (enum qtc_recover)cli->choice;
        return true;
    case QTC_OPT_REASONING:
        s->options.parse.reasoning = (enum qtc_reasoning)cli->choice;
        return true;
    case QTC_OPT_STARTS_IN_REASONING:
        s->options.parse.starts_in_reasoning = true;
        return true;
    case QTC_OPT_STRICT:
        s->strict = true;
        return true;
    case QTC_OPT_UNBUFFERED:
        s->out.unbuffered = true;
        return true;
    default:
        return false;
    }
}

/* ---- before the first response ------------------------------------------------ */

struct qtc_tools *qtc_tools_load(const char *command, const char *file)
{
    struct qtc_buf text = {0};
    struct qtc_tools *tools = NULL;
    struct qtc_error error;
    if (qtc_in_slurp(command, file, &text)) {
        tools = qtc_tools_read(qtc_buf_bytes(&text), &error);
        if (tools == NULL) {
            qtc_complain_at(command, file, qtc_buf_bytes(&text), error.offset, qtc_str(error.message));
        }
    }
    qtc_buf_free(&text);
    return tools;
}

static bool read_tools(struct qtc_session *s)
{
    s->tools = qtc_tools_load(s->command, s->tools_file);
    s->options.parse.tools = s->tools;
    return s->tools != NULL;
}

static bool read_format(struct qtc_session *s)
{
    s->own_format = qtc_format_load(s->command, s->format_file);
    s->options.parse.format = s->own_format;
    return s->own_format != NULL;
}

static void tell_jq_errors(struct qtc_session *s)
{
    struct qtc_buf *errors = &s->jq_errors;
    if (errors->len > 0) {
        qtc_complain(s->command, NULL, 0, 0, "--filter: %.*s",
                     (int)(errors->len < 900 ? errors->len - 1 : 900), errors->data);
    }
    qtc_buf_clear(errors);
}

static bool compile_filter(struct qtc_session *s)
{
    s->jq = qtc_jq_new(s->filter, &s->jq_errors);
    if (s->jq == NULL) {
        tell_jq_errors(s);
        return false;
    }
    s->writing.filter = qtc_jq_filter;
    s->writing.filter_ctx = s->jq;
    return true;
}

bool qtc_session_prepare(struct qtc_session *s)
{
    s->writing.no_repair = s->options.no_repair;
    if ((s->format_file != NULL && !read_format(s)) || (s->tools_file != NULL && !read_tools(s)) ||
        (s->filter != NULL && !compile_filter(s))) {
        s->failed = true;
        return false;
    }
    return true;
}

/* ---- a response --------------------------------------------------------------- */

/* Outputs that show a call only when it is whole can take the last of two values. */
static bool shows_whole_calls(const struct qtc_session *s)
{
    static const char *const whole[] = {"calls", "message", "response"};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        if (strcmp(s->output->name, whole[i]) == 0) {
            return true;
        }
    }
    return s->writing.hold_calls;
}

bool qtc_session_open(struct qtc_session *s, const char *file)
{
    s->file = file;
    s->options.parse.hold_calls = shows_whole_calls(s);
    s->writer = s->output->open(&s->writing);
    s->stream = qtc_stream_new(&s->options, on_event, s);
    if (s->writer == NULL || s->stream == NULL) {
        qtc_session_fail(s, 0, "out of memory");
        qtc_session_close(s);
        return false;
    }
    return true;
}

void qtc_session_close(struct qtc_session *s)
{
    if (s->writer != NULL && s->stream != NULL && !s->writer->finish(s->writer) &&
        (s->jq == NULL || !qtc_jq_halted(s->jq))) {
        qtc_session_fail(s, 0, "out of memory");
    }
    if (s->writer != NULL) {
        s->writer->free(s->writer);
    }
    qtc_stream_free(s->stream);
    s->writer = NULL;
    s->stream = NULL;
    if (!qtc_out_event(&s->out)) {
        s->failed = true;
    }
}

int qtc_session_end(struct qtc_session *s)
{
    tell_jq_errors(s);
    if (!qtc_out_end(&s->out) || (s->jq != NULL && qtc_jq_failed(s->jq))) {
        s->failed = true;
    }
    qtc_format_free(s->own_format);
    qtc_tools_free(s->tools);
    qtc_jq_free(s->jq);
    qtc_buf_free(&s->jq_errors);
    if (s->failed) {
        return QTC_EXIT_FAILED;
    }
    return s->strict && s->defects ? QTC_EXIT_NO : QTC_EXIT_DONE;
}

/* ---- lists -------------------------------------------------------------------- */

int qtc_list_defects(struct qtc_session *s)
{
    static const char *const severities[] = {"info", "warning", "error"};
    struct qtc_buf *out = &s->out.buf;
    for (unsigned i = 0; i < QTC_DEFECTS; i++) {
        const struct qtc_defect_info *info = qtc_defect_info(i);
        qtc_buf_str(out, info->slug);
        qtc_buf_byte(out, '\t');
        qtc_buf_str(out, severities[info->severity]);
        qtc_buf_byte(out, '\t');
        qtc_buf_str(out, info->text);
        qtc_buf_byte(out, '\n');
    }
    return qtc_session_end(s);
}

int qtc_list_formats(struct qtc_session *s, bool json)
{
    if (json) {
        qtc_formats_json(&s->out.buf);
    } else {
        qtc_formats_list(&s->out.buf, qtc_out_columns(&s->out));
    }
    return qtc_session_end(s);
}

int qtc_show_format(struct qtc_session *s, const char *value)
{
    struct qtc_format *own = qtc_format_is_file(value) ? qtc_format_load(s->command, value) : NULL;
    const struct qtc_format *format = own != NULL ? own : qtc_format_find(value);

    s->failed = format == NULL;
    if (format != NULL) {
        qtc_format_json(&s->out.buf, format);
    }
    qtc_format_free(own);
    return qtc_session_end(s);
}
