#include "commands.h"

#include "capture/capture.h"
#include "formats/format.h"
#include "validate/validate.h"
#include "wire/wire.h"

static const char *const parse_inputs[] = {"auto", "text", "deltas", "json", NULL};
static const char *const sse_inputs[] = {"auto", "openai", NULL};
static const char *const recover_levels[] = {"normal", "strict", "lenient", NULL};
static const char *const reasoning_modes[] = {"split", "drop", "inline", NULL};
static const char *const id_kinds[] = {"stable", "random", "seq", NULL};

static const char *const chooses[] = {"model", "turn", "state", NULL};
static const char *const cut_kinds[] = {"all", "transport", "content", NULL};
static const char *const drafts[] = {"2020-12", "2019-09", "7", "6", "4", NULL};

static const char *report_name_at(size_t i)
{
    size_t count;
    const struct qtc_report *reports = qtc_reports(&count);

    return i < count ? reports[i].name : NULL;
}

static const char *writer_name_at(size_t i)
{
    size_t count;
    const struct qtc_capture_writer *writers = qtc_capture_writers(&count);

    return i < count ? writers[i].name : NULL;
}

static const char *output_name_at(size_t i)
{
    size_t count;
    const struct qtc_output *outputs = qtc_outputs(&count);

    return i < count ? outputs[i].name : NULL;
}

const char *qtc_format_name_at(size_t i)
{
    size_t count;
    const struct qtc_format *const *formats = qtc_formats(&count);

    if (i <= count) {
        return i == 0 ? "auto" : formats[i - 1]->name;
    }
    i -= count + 1;
    for (size_t f = 0; f < count; f++) {
        for (const char *const *alias = formats[f]->aliases; *alias != NULL; alias++) {
            if (i-- == 0) {
                return *alias;
            }
        }
    }
    return NULL;
}

/* ---- qtc-parse ------------------------------------------------------------- */

static const struct qtc_cli_option parse_options[] = {
    {"format", 'f', "FORMAT", NULL, NULL, "how the model writes calls: a name, or a file; default: auto",
     "input"},
    {"model", QTC_OPT_MODEL, "NAME", NULL, NULL, "the model, where it is known: a hint for auto", NULL},
    {"tools", 't', "FILE", NULL, NULL, "the tools: types parameters, tells calls from text", NULL},
    {"input", 'i', "KIND", parse_inputs, NULL, "what comes in", NULL},
    {"batch", QTC_OPT_BATCH, NULL, NULL, NULL, "JSON Lines in, JSON Lines out, a record a line", NULL},
    {"jobs", 'j', "N", NULL, NULL, "with --batch: N records at once", NULL},
    {"starts-in-reasoning", QTC_OPT_STARTS_IN_REASONING, NULL, NULL, NULL, "the prompt ended with <think>",
     NULL},
    {"recover", QTC_OPT_RECOVER, "LEVEL", recover_levels, NULL, "how much to mend", NULL},
    {"output", 'o', "KIND", NULL, output_name_at, "what goes out", "output"},
    {"reasoning", QTC_OPT_REASONING, "HOW", reasoning_modes, NULL, "where reasoning goes", NULL},
    {"ids", QTC_OPT_IDS, "HOW", id_kinds, NULL, "how call ids are made", NULL},
    {"filter", QTC_OPT_FILTER, "PROGRAM", NULL, NULL, "a jq program over each JSON value written", NULL},
    {"unbuffered", QTC_OPT_UNBUFFERED, NULL, NULL, NULL, "write at once, for files too", NULL},
    {"line-buffered", QTC_OPT_UNBUFFERED, NULL, NULL, NULL, NULL, NULL},
    {"strict", QTC_OPT_STRICT, NULL, NULL, NULL, "exit 1 if anything was wrong", "answers"},
    {"contains", QTC_OPT_CONTAINS, NULL, NULL, NULL, "print nothing: exit 0 if there is a call, else 1",
     NULL},
    {"detect", QTC_OPT_DETECT, NULL, NULL, NULL, "print the format that was found, exit 1 when none", NULL},
    {"list-formats", QTC_OPT_LIST_FORMATS, NULL, NULL, NULL, "print all formats, one a line", NULL},
    {"json", QTC_OPT_JSON, NULL, NULL, NULL, "with --list-formats: for programs", NULL},
    {"show-format", QTC_OPT_SHOW_FORMAT, "FORMAT", NULL, NULL,
     "print the description of a format, or of a file's", NULL},
};

const struct qtc_cli_command qtc_parse_command = {
    .name = "qtc-parse",
    .purpose = "model text to tool calls",
    .usage = "[OPTION]... [FILE]...",
    .examples = {{"qtc-parse -t tools.json answer.txt", "the calls in a model's text, one a line"},
                 {"qtc-parse -f hermes -o message answer.txt", "the same as one assistant message"},
                 {"qtc-parse --batch <log.jsonl >calls.jsonl", "a whole log of texts, record by record"}},
    .options = parse_options,
    .option_count = sizeof parse_options / sizeof *parse_options,
    .status = {"done", "the answer is no: --contains, --detect, --strict, a bad record in --batch",
               "wrong usage, unreadable input, or an I/O error"},
};

/* ---- qtc-sse ----------------------------------------------------------------- */

static const struct qtc_cli_option sse_options[] = {
    {"input", 'i', "API", sse_inputs, NULL, "whose stream comes in", "input"},
    {"format", 'f', "FORMAT", NULL, NULL,
     "how the model writes calls in its text: a name, or a file; default: auto", NULL},
    {"model", QTC_OPT_MODEL, "NAME", NULL, NULL, "the model, where it is known: a hint for auto", NULL},
    {"tools", 't', "FILE", NULL, NULL, "the tools: types parameters, tells calls from text", NULL},
    {"starts-in-reasoning", QTC_OPT_STARTS_IN_REASONING, NULL, NULL, NULL, "the prompt ended with <think>",
     NULL},
    {"recover", QTC_OPT_RECOVER, "LEVEL", recover_levels, NULL, "how much markup to mend", NULL},
    {"no-repair", QTC_OPT_NO_REPAIR, NULL, NULL, NULL, "report only, change nothing", NULL},
    {"output", 'o', "KIND", NULL, output_name_at, "what goes out", "output"},
    {"hold-calls", QTC_OPT_HOLD_CALLS, NULL, NULL, NULL, "sse, chunks: a call only when it is complete",
     NULL},
    {"reasoning", QTC_OPT_REASONING, "HOW", reasoning_modes, NULL, "where reasoning goes", NULL},
    {"ids", QTC_OPT_IDS, "HOW", id_kinds, NULL, "how missing call ids are made", NULL},
    {"filter", QTC_OPT_FILTER, "PROGRAM", NULL, NULL, "a jq program over each JSON value written", NULL},
    {"unbuffered", QTC_OPT_UNBUFFERED, NULL, NULL, NULL, "write at once, for files too", NULL},
    {"line-buffered", QTC_OPT_UNBUFFERED, NULL, NULL, NULL, NULL, NULL},
    {"record", QTC_OPT_RECORD, "FILE", NULL, NULL, "keep what comes in, with its times, for qtc-replay",
     NULL},
    {"strict", QTC_OPT_STRICT, NULL, NULL, NULL, "exit 1 if there was a defect", "answers"},
    {"expect-calls", QTC_OPT_EXPECT_CALLS, NULL, NULL, NULL, "an answer without a call is a defect", NULL},
    {"list-defects", QTC_OPT_LIST_DEFECTS, NULL, NULL, NULL, "print all defects that are known, one a line",
     NULL},
};

const struct qtc_cli_command qtc_sse_command = {
    .name = "qtc-sse",
    .purpose = "a live response stream to normalized tool calls",
    .usage = "[OPTION]... [FILE]...",
    .examples = {{"curl -sN ... | qtc-sse -t tools.json",
                  "the calls of a response, each as soon as it is complete"},
                 {"curl -sN ... | qtc-sse -o sse", "the stream that a correct server would have sent"},
                 {"qtc-sse --strict -o events recorded.sse", "what is wrong with it, and where"}},
    .options = sse_options,
    .option_count = sizeof sse_options / sizeof *sse_options,
    .status = {"done", "a defect under --strict", "wrong usage, hopeless input, or an I/O error"},
};

/* ---- qtc-validate ---------------------------------------------------------------- */

static const struct qtc_cli_option validate_options[] = {
    {"tools", 't', "FILE", NULL, NULL, "the tools of all records that have none of their own", "input"},
    {"tools-key", QTC_OPT_TOOLS_KEY, "KEY", NULL, NULL,
     "where a record names its tools, as x.tools: FILE then has lines {\"id\", \"tools\"}", NULL},
    {"jobs", 'j', "N", NULL, NULL, "N records at once", NULL},
    {"open", QTC_OPT_OPEN, NULL, NULL, NULL,
     "plain JSON Schema: no argument is unknown unless a schema says so", "checks"},
    {"allow-null", QTC_OPT_ALLOW_NULL, NULL, NULL, NULL, "take null for an argument that may be left out",
     NULL},
    {"formats", QTC_OPT_FORMATS, NULL, NULL, NULL, "check date-time, uri, email and the like", NULL},
    {"draft", QTC_OPT_DRAFT, "DRAFT", drafts, NULL, "of schemas that do not say", NULL},
    {"assert", QTC_OPT_ASSERT, "PROGRAM", NULL, NULL,
     "a jq program that must hold for each call: {id, name, arguments}", NULL},
    {"check-tools", QTC_OPT_CHECK_TOOLS, NULL, NULL, NULL, "check tools instead of calls", NULL},
    {"report", QTC_OPT_REPORT, "KIND", NULL, report_name_at, "how findings are written", "output"},
    {"fix", QTC_OPT_FIX, NULL, NULL, NULL,
     "write the records, repaired where there is one reading; findings go to standard error", NULL},
    {"pass", QTC_OPT_PASS, NULL, NULL, NULL, "write the valid records; findings go to standard error", NULL},
    {"reject", QTC_OPT_REJECT, "FILE", NULL, NULL, "write the other records there", NULL},
    {"unbuffered", QTC_OPT_UNBUFFERED, NULL, NULL, NULL, "write at once, for files too", NULL},
    {"line-buffered", QTC_OPT_UNBUFFERED, NULL, NULL, NULL, NULL, NULL},
    {"list-findings", QTC_OPT_LIST_FINDINGS, NULL, NULL, NULL, "print the codes of all findings, one a line",
     NULL},
};

const struct qtc_cli_command qtc_validate_command = {
    .name = "qtc-validate",
    .purpose = "are these calls right for these tools?",
    .usage = "[OPTION]... [FILE]...",
    .examples = {{"qtc-validate -t tools.json calls.jsonl", "what is wrong with each call, a line each"},
                 {"qtc-validate --report junit train.jsonl >report.xml",
                  "a data set whose lines have their tools, for a CI server"},
                 {"qtc-validate -t tools.json --fix --reject bad.jsonl <calls.jsonl >good.jsonl",
                  "what can be repaired without guessing, and what is left"}},
    .options = validate_options,
    .option_count = sizeof validate_options / sizeof *validate_options,
    .status = {"all calls are valid", "some are not",
               "it could not be told: usage, unreadable input or tools, or an I/O error"},
};

/* ---- qtc-replay ------------------------------------------------------------------ */

static const struct qtc_cli_option replay_options[] = {
    {"pick", QTC_OPT_PICK, "N", NULL, NULL, "only the N-th response of what is read", "input"},
    {"tools", 't', "FILE", NULL, NULL, "with --info, --timeline: types parameters of calls", NULL},
    {"redact", QTC_OPT_REDACT, NULL, NULL, NULL, "mask keys, tokens and cookies; say which", NULL},
    {"simulate", QTC_OPT_SIMULATE, NULL, NULL, NULL, "a whole answer, or JSON Lines, as a stream", NULL},
    {"speed", QTC_OPT_SPEED, "FACTOR", NULL, NULL, "1: as it came, 10: ten times as fast; default: max",
     "playback"},
    {"gap", QTC_OPT_GAP, "MS", NULL, NULL, "between events, instead of the recorded times", NULL},
    {"split", QTC_OPT_SPLIT, "HOW", NULL, NULL, "bytes:N, chars:N, lines, events or random:SEED", NULL},
    {"resplit", QTC_OPT_RESPLIT, "HOW", NULL, NULL, "the text in deltas: tokens:N or random:SEED", NULL},
    {"fault", QTC_OPT_FAULT, "FAULT", NULL, NULL,
     "at event N: cut@N, reset@N, stall@N:MS, error@N, dup@N, corrupt@N", NULL},
    {"unbuffered", QTC_OPT_UNBUFFERED, NULL, NULL, NULL, "each piece in a write of its own, for files too",
     NULL},
    {"line-buffered", QTC_OPT_UNBUFFERED, NULL, NULL, NULL, NULL, NULL},
    {"serve", QTC_OPT_SERVE, "[HOST:]PORT", NULL, NULL, "answer OpenAI clients; port 0: any that is free",
     "instead of playing"},
    {"choose", QTC_OPT_CHOOSE, "HOW", chooses, NULL, "with --serve: which answers", NULL},
    {"request-log", QTC_OPT_REQUEST_LOG, "FILE", NULL, NULL, "with --serve: keep what clients sent", NULL},
    {"record", QTC_OPT_RECORD, "FILE", NULL, NULL, "pass input through, and keep it with its times", NULL},
    {"info", QTC_OPT_INFO, NULL, NULL, NULL, "say what is in the captures", NULL},
    {"convert", QTC_OPT_CONVERT, "KIND", NULL, writer_name_at, "write the captures as", NULL},
    {"timeline", QTC_OPT_TIMELINE, "FILE", NULL, NULL, "draw the response over time, as SVG", NULL},
    {"check", QTC_OPT_CHECK, NULL, NULL, NULL, "is its output the same over many splits?", "with -- COMMAND"},
    {"cuts", QTC_OPT_CUTS, "KIND", cut_kinds, NULL, "with --check: where", NULL},
    {"runs", QTC_OPT_RUNS, "N", NULL, NULL, "with --check: random splits a kind; default: 100", NULL},
    {"seed", QTC_OPT_SEED, "N", NULL, NULL, "with --check: of the first one; default: 1", NULL},
    {"minimize", QTC_OPT_MINIMIZE, NULL, NULL, NULL, "the shortest capture for which it ends alike", NULL},
    {"match", QTC_OPT_MATCH, "REGEX", NULL, NULL, "with --minimize: and prints what this matches", NULL},
    {"timeout", QTC_OPT_TIMEOUT, "SECONDS", NULL, NULL, "that COMMAND may take; default: 60", NULL},
};

const struct qtc_cli_command qtc_replay_command = {
    .name = "qtc-replay",
    .purpose = "a recorded stream again",
    .usage = "[OPTION]... [CAPTURE]... [-- COMMAND [ARGUMENT]...]",
    .examples =
        {{"curl -sN ... | qtc-replay --record bug.rec | my-client", "keeps a stream while it is used"},
         {"qtc-replay --serve 8000 bug.rec", "the same answer for a real client, at localhost:8000/v1"},
         {"qtc-replay --minimize bug.rec -- qtc-sse --strict >small.sse", "the few events that matter"}},
    .options = replay_options,
    .option_count = sizeof replay_options / sizeof *replay_options,
    .status = {"done", "--check: COMMAND's output depends on the cuts",
               "wrong usage, an unreadable or wrong capture, or an I/O error"},
};

/* ---- all ---------------------------------------------------------------------- */

const struct qtc_cli_command *const *qtc_commands(size_t *count)
{
    static const struct qtc_cli_command *const commands[] = {&qtc_parse_command, &qtc_replay_command,
                                                             &qtc_sse_command, &qtc_validate_command};

    *count = sizeof commands / sizeof *commands;
    return commands;
}
