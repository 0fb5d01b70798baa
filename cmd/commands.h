/* commands.h - the option tables of all commands. */
#ifndef QTC_COMMANDS_H
#define QTC_COMMANDS_H

#include "cli.h"

/* Options without a letter; shared, since several commands have the same ones. */
enum qtc_option {
    QTC_OPT_ALLOW_NULL = QTC_CLI_LONG_ONLY,
    QTC_OPT_ASSERT,
    QTC_OPT_BATCH,
    QTC_OPT_CHECK,
    QTC_OPT_CHECK_TOOLS,
    QTC_OPT_CHOOSE,
    QTC_OPT_CONTAINS,
    QTC_OPT_CONVERT,
    QTC_OPT_CUTS,
    QTC_OPT_DETECT,
    QTC_OPT_DRAFT,
    QTC_OPT_EXPECT_CALLS,
    QTC_OPT_FAULT,
    QTC_OPT_FILTER,
    QTC_OPT_FIX,
    QTC_OPT_FORMATS,
    QTC_OPT_GAP,
    QTC_OPT_HOLD_CALLS,
    QTC_OPT_IDS,
    QTC_OPT_INFO,
    QTC_OPT_JSON,
    QTC_OPT_LIST_DEFECTS,
    QTC_OPT_LIST_FINDINGS,
    QTC_OPT_LIST_FORMATS,
    QTC_OPT_MATCH,
    QTC_OPT_MINIMIZE,
    QTC_OPT_MODEL,
    QTC_OPT_NO_REPAIR,
    QTC_OPT_OPEN,
    QTC_OPT_PASS,
    QTC_OPT_PICK,
    QTC_OPT_REASONING,
    QTC_OPT_RECORD,
    QTC_OPT_RECOVER,
    QTC_OPT_REDACT,
    QTC_OPT_REJECT,
    QTC_OPT_REPORT,
    QTC_OPT_REQUEST_LOG,
    QTC_OPT_RESPLIT,
    QTC_OPT_RUNS,
    QTC_OPT_SEED,
    QTC_OPT_SERVE,
    QTC_OPT_SHOW_FORMAT,
    QTC_OPT_SIMULATE,
    QTC_OPT_SPEED,
    QTC_OPT_SPLIT,
    QTC_OPT_STARTS_IN_REASONING,
    QTC_OPT_STRICT,
    QTC_OPT_TIMELINE,
    QTC_OPT_TIMEOUT,
    QTC_OPT_TOOLS_KEY,
    QTC_OPT_UNBUFFERED
};

/* Where the rows of a list stand: qtc_cli.choice is one of these. */
enum qtc_parse_input { QTC_INPUT_AUTO, QTC_INPUT_TEXT, QTC_INPUT_DELTAS, QTC_INPUT_JSON };
enum qtc_sse_input { QTC_DIALECT_AUTO, QTC_DIALECT_OPENAI };
/* --recover, --reasoning and --ids: enum qtc_recover, qtc_reasoning and qtc_ids; --output: qtc_outputs;
 * --choose and --cuts: replay.h; --convert: qtc_capture_writers. */

extern const struct qtc_cli_command qtc_parse_command;
extern const struct qtc_cli_command qtc_replay_command;
extern const struct qtc_cli_command qtc_sse_command;
extern const struct qtc_cli_command qtc_validate_command;

/* All of them. */
const struct qtc_cli_command *const *qtc_commands(size_t *count);

/* "auto", then the names of all formats, then their aliases: for a message about an unknown one. */
const char *qtc_format_name_at(size_t i);

#endif
