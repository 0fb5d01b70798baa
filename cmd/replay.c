#include "replay.h"
#include "session.h"

#include <stdlib.h>

/* ---- messages --------------------------------------------------------------- */

static const char *stage_message(enum qtc_code code, const struct qtc_error *error)
{
    if (error != NULL && error->message != NULL) {
        return error->message;
    }
    return code == QTC_LIMIT ? "a limit was passed" : "not a response that can be read";
}

bool qtc_replay_check_code(struct qtc_replay *r, const struct qtc_replay_capture *c, enum qtc_code code,
                           const struct qtc_error *error)
{
    if (code == QTC_OK) {
        return true;
    }
    if (code == QTC_NOMEM) {
        qtc_complain(r->command, c->file, 0, 0, "out of memory");
    } else if (code != QTC_STOPPED) { /* whoever stopped it said why */
        qtc_complain(r->command, c->file, c->capture.line, 0, "%s", stage_message(code, error));
    }
    return false;
}

static void tell_redaction(void *ctx, const struct qtc_redaction *redaction)
{
    const struct qtc_replay *r = ctx;

    qtc_complain(r->command, NULL, 0, 0, "redacted %s in the %s at byte %llu%s%.*s: %zu bytes",
                 redaction->rule, redaction->where, (unsigned long long)redaction->at,
                 redaction->name.len > 0 ? ", " : "", (int)redaction->name.len,
                 redaction->name.len > 0 ? redaction->name.data : "", redaction->len);
}

/* ---- options ------------------------------------------------------------------ */

bool qtc_replay_changes(const struct qtc_play_options *play)
{
    return play->simulate || play->resplit.by != QTC_SPLIT_NONE || play->split.by != QTC_SPLIT_NONE ||
           play->fault_count > 0 || play->gap > 0;
}

bool qtc_replay_takes_time(const struct qtc_play_options *play)
{
    bool takes = play->gap > 0;

    for (size_t i = 0; i < play->fault_count; i++) {
        takes = takes || play->faults[i].kind == QTC_FAULT_STALL;
    }
    return takes;
}

/* ---- loading ------------------------------------------------------------------ */

static bool out_of_memory(struct qtc_replay *r)
{
    qtc_complain(r->command, NULL, 0, 0, "out of memory");
    return false;
}

static bool keep(struct qtc_replay *r, const struct qtc_captures *captures, const char *file)
{
    struct qtc_replay_capture *list =
        reallocarray(r->captures, r->capture_count + captures->count, sizeof *list);

    if (list == NULL) {
        return out_of_memory(r);
    }
    for (size_t i = 0; i < captures->count; i++) {
        list[r->capture_count++] = (struct qtc_replay_capture){captures->list[i], file, captures->kind};
    }
    r->captures = list;
    return true;
}

static bool read_captures(struct qtc_replay *r, struct qtc_bytes text, const char *file)
{
    struct qtc_captures captures;
    struct qtc_error error = {0};
    enum qtc_code code = qtc_captures_read(&r->arena, text, &captures, &error);

    if (code == QTC_NOMEM) {
        return out_of_memory(r);
    }
    if (code != QTC_OK) {
        qtc_complain_at(r->command, file, text, error.offset, qtc_str(error.message));
        return false;
    }
    if (captures.cut_line > 0) {
        qtc_complain(r->command, file, captures.cut_line, 0, "the last line is cut; it is left out");
    }
    if (captures.lossy) {
        qtc_complain(r->command, file, 0, 0,
                     "curl --trace-ascii wrote a dot for each byte that is not ASCII; --trace keeps them");
    }
    return keep(r, &captures, file);
}

static bool read_file(struct qtc_replay *r, const char *operand, size_t i)
{
    const char *file = operand[0] == '-' && operand[1] == '\0' ? "<stdin>" : operand;

    return qtc_in_slurp(r->command, operand, &r->texts[i]) &&
           read_captures(r, qtc_buf_bytes(&r->texts[i]), file);
}

static bool pick(struct qtc_replay *r)
{
    if (r->pick > r->capture_count) {
        qtc_complain(r->command, NULL, 0, 0, "--pick %u: there %s %zu response%s", r->pick,
                     r->capture_count == 1 ? "is" : "are", r->capture_count,
                     r->capture_count == 1 ? "" : "s");
        return false;
    }
    if (r->pick > 0) {
        r->captures[0] = r->captures[r->pick - 1];
        r->capture_count = 1;
    }
    return true;
}

static bool redact(struct qtc_replay *r)
{
    for (size_t i = 0; r->redact && i < r->capture_count; i++) {
        struct qtc_replay_capture *c = &r->captures[i];
        struct qtc_capture clean;
        if (!qtc_replay_check_code(
                r, c, qtc_capture_redact(&r->arena, &c->capture, &clean, tell_redaction, r), NULL)) {
            return false;
        }
        c->capture = clean;
    }
    return true;
}

static bool read_tools(struct qtc_replay *r)
{
    if (r->tools_file != NULL) {
        r->tools = qtc_tools_load(r->command, r->tools_file);
    }
    return r->tools_file == NULL || r->tools != NULL;
}

bool qtc_replay_load(struct qtc_replay *r)
{
    size_t count = r->file_count > 0 ? r->file_count : 1;

    r->texts = calloc(count, sizeof *r->texts);
    r->text_count = r->texts != NULL ? count : 0;
    if (r->texts == NULL) {
        return out_of_memory(r);
    }
    for (size_t i = 0; i < count; i++) {
        if (!read_file(r, r->file_count > 0 ? r->files[i] : "-", i)) {
            return false;
        }
    }
    return pick(r) && redact(r) && read_tools(r);
}

const struct qtc_tools *qtc_replay_tools(struct qtc_replay *r, const struct qtc_replay_capture *c)
{
    struct qtc_error error; /* a request without tools is none */

    if (r->tools_file == NULL) {
        qtc_tools_free(r->tools);
        r->tools = qtc_tools_read(c->capture.request, &error);
    }
    return r->tools;
}

void qtc_replay_free(struct qtc_replay *r)
{
    for (size_t i = 0; i < r->text_count; i++) {
        qtc_buf_free(&r->texts[i]);
    }
    free(r->texts);
    free(r->captures);
    qtc_tools_free(r->tools);
    qtc_arena_free(&r->arena);
}
