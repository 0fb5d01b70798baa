#include "stream/internal.h"

/* How a choice ends: its last bytes, its last calls, and a finish_reason that
 * says what was sent. */

static const char *const names[] = {
    [QTC_FINISH_STOP] = "stop",     [QTC_FINISH_TOOL_CALLS] = "tool_calls",
    [QTC_FINISH_LENGTH] = "length", [QTC_FINISH_CONTENT_FILTER] = "content_filter",
    [QTC_FINISH_ERROR] = "error",
};

const char *qtc_finish_name(enum qtc_finish reason)
{
    return (size_t)reason < sizeof names / sizeof *names ? names[reason] : NULL;
}

enum qtc_finish qtc_finish_from(struct qtc_bytes name)
{
    for (size_t i = 1; i < sizeof names / sizeof *names; i++) {
        if (qtc_bytes_is(name, names[i])) {
            return (enum qtc_finish)i;
        }
    }
    return QTC_FINISH_NONE;
}

bool qtc_choice_continues(struct choice *choice)
{
    if (!choice->finished && choice->said == QTC_FINISH_NONE) {
        return true;
    }
    choice->finished = false;
    return qtc_choice_tell(choice, QTC_D_DELTA_AFTER_FINISH, (struct qtc_bytes){0});
}

/* What the reason should be, and the defect if it is not that. */
static enum qtc_finish correct(const struct choice *choice, enum qtc_finish reason, enum qtc_defect *defect)
{
    bool calls = choice->started + choice->silent > 0;

    if (choice->truncated && (reason == QTC_FINISH_STOP || reason == QTC_FINISH_TOOL_CALLS)) {
        *defect = QTC_D_FINISH_HIDES_TRUNCATION;
        return QTC_FINISH_LENGTH;
    }
    if (reason == QTC_FINISH_STOP && calls) {
        *defect = QTC_D_FINISH_STOP_WITH_CALLS;
        return QTC_FINISH_TOOL_CALLS;
    }
    if (reason == QTC_FINISH_TOOL_CALLS && !calls) {
        *defect = QTC_D_FINISH_CALLS_WITHOUT_CALL;
        return QTC_FINISH_STOP;
    }
    return reason;
}

/* The server said none. */
static enum qtc_finish invent(const struct choice *choice)
{
    if (choice->stream->errored) {
        return QTC_FINISH_ERROR;
    }
    if (choice->truncated) {
        return QTC_FINISH_LENGTH;
    }
    return choice->started > 0 ? QTC_FINISH_TOOL_CALLS : QTC_FINISH_STOP;
}

/* Plain text has no finish_reason to miss. */
static bool settle_reason(struct choice *choice, enum qtc_finish *reason)
{
    struct qtc_stream *s = choice->stream;
    enum qtc_defect defect = QTC_DEFECTS;
    enum qtc_finish right;

    if (*reason == QTC_FINISH_NONE) {
        *reason = s->options.no_repair ? QTC_FINISH_NONE : invent(choice);
        return s->frame == 0 || s->errored ||
               qtc_choice_tell(choice, QTC_D_NO_FINISH_REASON, (struct qtc_bytes){0});
    }
    right = correct(choice, *reason, &defect);
    if (defect == QTC_DEFECTS) {
        return true;
    }
    qtc_stream_alter(s);
    if (!s->options.no_repair) {
        *reason = right;
    }
    return qtc_choice_tell(choice, defect, (struct qtc_bytes){0});
}

static bool check_expected(struct choice *choice)
{
    const struct qtc_stream *s = choice->stream;

    return !s->options.expect_calls || s->errored || choice->started + choice->silent > 0 ||
           qtc_choice_tell(choice, QTC_D_TOOL_CHOICE_IGNORED, (struct qtc_bytes){0});
}

static bool emit_finish(struct choice *choice, enum qtc_finish reason)
{
    struct qtc_event event = {.kind = QTC_FINISH, .choice = choice->index, .reason = reason};

    choice->finished = true;
    choice->sent = reason;
    return reason == QTC_FINISH_NONE || qtc_stream_emit(choice->stream, &event);
}

/* said: by the server, or NONE. */
static bool finish_choice(struct choice *choice, enum qtc_finish said)
{
    bool open = !choice->finished;
    enum qtc_finish reason = said;

    if (!qtc_channel_finish(&choice->reasoning) || !qtc_channel_finish(&choice->content) ||
        !qtc_calls_finish(choice, said) || !check_expected(choice) || !settle_reason(choice, &reason)) {
        return false;
    }
    if (!open && reason == choice->sent) {
        qtc_stream_alter(choice->stream);
        return true;
    }
    return emit_finish(choice, reason);
}

/* A native call has arguments that are not complete: some servers send the
 * reason before the last of them, so it waits for the end of the stream. */
static bool comes_too_early(const struct choice *choice)
{
    for (size_t i = choice->floor; i < choice->count && !choice->stream->options.no_repair; i++) {
        const struct call *call = choice->calls[i];

        if (!call->markup && !call->ended && call->total > 0 && !qtc_arguments_settled(call)) {
            return true;
        }
    }
    return false;
}

enum qtc_code qtc_stream_finish(struct qtc_stream *s, unsigned index, enum qtc_finish reason)
{
    struct choice *choice = reason == QTC_FINISH_NONE ? NULL : qtc_stream_choice(s, index);

    if (!choice) {
        return s->code;
    }
    if (choice->said != QTC_FINISH_NONE &&
        !qtc_choice_tell(choice, QTC_D_FINISH_TWICE, (struct qtc_bytes){0})) {
        return s->code;
    }
    choice->said = reason;
    if (comes_too_early(choice)) {
        qtc_stream_alter(s);
        return s->code;
    }
    finish_choice(choice, reason);
    return s->code;
}

enum qtc_code qtc_stream_end(struct qtc_stream *s)
{
    for (size_t i = 0; i < s->count && s->code == QTC_OK; i++) {
        struct choice *choice = s->choices[i];

        if (!choice->finished && !choice->idle) {
            finish_choice(choice, choice->said);
        }
    }
    return s->code;
}
