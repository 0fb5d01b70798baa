/* -o events: the neutral events, one JSON a line. */
#include <stdlib.h>
#include <time.h>

#include "wire/writers.h"

enum member {
    CHOICE = 1,
    CALL = 2,
    PLACE = 4, /* at, end */
    TEXT = 8,
    AT = 16
};

/* A row a kind: its name, and which members it has but for its own ones. */
static const struct {
    const char *name;
    unsigned members;
} kinds[] = {
    [QTC_START] = {"start", 0},
    [QTC_CONTENT] = {"content", CHOICE | TEXT | PLACE},
    [QTC_REASONING] = {"reasoning", CHOICE | TEXT | PLACE},
    [QTC_CALL] = {"call", CHOICE | CALL | PLACE},
    [QTC_ARGS] = {"args", CHOICE | CALL | TEXT | PLACE},
    [QTC_CALL_END] = {"call_end", CHOICE | CALL | PLACE},
    [QTC_FRAMING] = {"framing", CHOICE | TEXT | PLACE},
    [QTC_FINISH] = {"finish", CHOICE},
    [QTC_USAGE] = {"usage", 0},
    [QTC_DEFECT] = {"defect", CHOICE | AT},
    [QTC_OTHER] = {"other", 0},
    [QTC_FRAME] = {"frame", 0},
};

struct events_writer {
    struct qtc_writer base;
    struct qtc_value value;
    bool times;
    struct timespec start;
};

static const char *severity_name(enum qtc_severity severity)
{
    static const char *const names[] = {
        [QTC_INFO] = "info", [QTC_WARNING] = "warning", [QTC_ERROR] = "error"};

    return names[severity];
}

static void flag(struct qtc_buf *out, const char *name, bool is_set)
{
    if (is_set) {
        qtc_member_raw(out, name, qtc_str("true"));
    }
}

static void optional_string(struct qtc_buf *out, const char *name, struct qtc_bytes text)
{
    if (text.len > 0) {
        qtc_member_string(out, name, text);
    }
}

static void optional_number(struct qtc_buf *out, const char *name, uint64_t n)
{
    if (n > 0) {
        qtc_member_u64(out, name, n);
    }
}

/* JSON as it is, anything else as a string. */
static void raw_or_string(struct qtc_buf *out, const char *name, struct qtc_bytes text)
{
    if (qtc_json_valid(text)) {
        qtc_member_raw(out, name, qtc_bytes_trim(text));
    } else {
        qtc_member_string(out, name, text);
    }
}

static void defect_members(struct qtc_buf *out, const struct qtc_event *event)
{
    const struct qtc_defect_info *info = qtc_defect_info(event->defect);

    if (info) {
        qtc_member_string(out, "code", qtc_str(info->slug));
        qtc_member_string(out, "severity", qtc_str(severity_name(info->severity)));
    }
    optional_string(out, "about", event->text);
}

/* What only this kind of event has. */
static void own_members(struct qtc_buf *out, const struct qtc_event *event)
{
    const char *reason = qtc_finish_name(event->reason);

    switch (event->kind) {
    case QTC_START:
        optional_string(out, "id", event->id);
        optional_string(out, "model", event->name);
        break;
    case QTC_CALL:
        optional_string(out, "id", event->id);
        qtc_member_string(out, "name", event->name);
        break;
    case QTC_CALL_END:
        flag(out, "truncated", event->truncated);
        break;
    case QTC_FINISH:
        optional_string(out, "reason", reason ? qtc_str(reason) : qtc_bytes(NULL, 0));
        break;
    case QTC_USAGE:
        raw_or_string(out, "usage", event->text);
        break;
    case QTC_DEFECT:
        defect_members(out, event);
        break;
    case QTC_OTHER:
        if (!qtc_bytes_is(event->name, "envelope") && !qtc_bytes_is(event->name, "error")) {
            qtc_member_u64(out, "choice", event->choice);
        }
        optional_string(out, "name", event->name);
        raw_or_string(out, "value", event->text);
        break;
    case QTC_FRAME:
        qtc_member_u64(out, "bytes", event->text.len);
        flag(out, "altered", event->altered);
        flag(out, "holding", event->holding);
        break;
    default:
        break;
    }
}

static void place_members(struct qtc_buf *out, const struct qtc_event *event, unsigned members)
{
    if (members & (PLACE | AT)) {
        qtc_member_u64(out, "at", event->at);
    }
    if (members & PLACE) {
        qtc_member_u64(out, "end", event->end);
    }
    optional_number(out, "frame", event->frame);
    optional_number(out, "line", event->line);
}

/* Seconds since the writer was opened, to the microsecond. */
static void time_member(struct qtc_buf *out, const struct timespec *start)
{
    struct timespec now;
    int64_t us;
    char digits[7];

    clock_gettime(CLOCK_MONOTONIC, &now);
    us = (now.tv_sec - start->tv_sec) * INT64_C(1000000) + (now.tv_nsec - start->tv_nsec) / 1000;
    qtc_member_u64(out, "time", (uint64_t)us / 1000000);
    digits[0] = '.';
    for (unsigned i = 6, rest = (unsigned)(us % 1000000); i > 0; i--, rest /= 10) {
        digits[i] = (char)('0' + rest % 10);
    }
    qtc_buf_add(out, digits, sizeof digits);
}

static bool events_event(struct qtc_writer *base, const struct qtc_event *event)
{
    struct events_writer *w = (struct events_writer *)base;
    unsigned members = kinds[event->kind].members;
    struct qtc_buf *out = qtc_value_open(&w->value);

    qtc_buf_byte(out, '{');
    qtc_member_string(out, "event", qtc_str(kinds[event->kind].name));
    if (members & CHOICE) {
        qtc_member_u64(out, "choice", event->choice);
    }
    if (members & CALL) {
        qtc_member_u64(out, "call", event->call);
    }
    own_members(out, event);
    if (members & TEXT) {
        qtc_member_string(out, "text", event->text);
    }
    place_members(out, event, members);
    if (w->times) {
        time_member(out, &w->start);
    }
    qtc_buf_byte(out, '}');
    return qtc_value_close(&w->value);
}

static bool events_finish(struct qtc_writer *base)
{
    struct events_writer *w = (struct events_writer *)base;

    return !w->value.out->failed;
}

static void events_free(struct qtc_writer *base)
{
    struct events_writer *w = (struct events_writer *)base;

    qtc_value_free(&w->value);
    free(w);
}

struct qtc_writer *qtc_writer_open_events(const struct qtc_writer_options *options)
{
    struct events_writer *w = calloc(1, sizeof *w);

    if (!w) {
        return NULL;
    }
    w->base = (struct qtc_writer){.event = events_event, .finish = events_finish, .free = events_free};
    w->times = options->times;
    qtc_value_init(&w->value, options);
    clock_gettime(CLOCK_MONOTONIC, &w->start);
    return &w->base;
}
