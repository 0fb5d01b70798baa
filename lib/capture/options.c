/* options.c - "bytes:7", "stall@3:500": splits and faults as they are written on a command line. */
#include "capture/capture.h"

#include <string.h>

/* How long an event may be late: eleven days. */
#define MILLISECONDS_MAX UINT64_C(1000000000)

/* A decimal number from 1, up to the end of the text or to `stop`. NULL: it is not one; else behind it. */
static const char *read_number(const char *text, char stop, uint64_t *out)
{
    uint64_t n = 0;
    const char *p = text;

    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (n > (UINT64_MAX - digit) / 10) {
            return NULL;
        }
        n = n * 10 + digit;
    }
    *out = n;
    return n > 0 && *p == stop ? p + (stop != '\0') : NULL;
}

/* What stands behind `name` and the mark in `text`; "" where the mark is missing; NULL: it is another word.
 */
static const char *behind(const char *text, const char *name, char mark)
{
    size_t len = strlen(name);

    if (strncmp(text, name, len) != 0 || (text[len] != '\0' && text[len] != mark)) {
        return NULL;
    }
    return text + len + (text[len] == mark);
}

static const struct split_row {
    const char *name;
    enum qtc_split_by by;
    bool counted, of_transport, of_text;
} splits[] = {
    {"bytes", QTC_SPLIT_BYTES, true, true, false},  {"chars", QTC_SPLIT_CHARS, true, true, false},
    {"lines", QTC_SPLIT_LINES, false, true, false}, {"events", QTC_SPLIT_EVENTS, false, true, false},
    {"random", QTC_SPLIT_RANDOM, true, true, true}, {"tokens", QTC_SPLIT_TOKENS, true, false, true},
};

enum qtc_code qtc_split_parse(const char *text, bool of_text, struct qtc_split *split)
{
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
        const struct split_row *row = &splits[i];
        const char *rest = behind(text, row->name, ':');
        if (rest == NULL || !(of_text ? row->of_text : row->of_transport)) {
            continue;
        }
        *split = (struct qtc_split){.by = row->by};
        bool fits =
            row->counted ? read_number(rest, '\0', &split->n) != NULL : text[strlen(row->name)] == '\0';
        return fits ? QTC_OK : QTC_SYNTAX;
    }
    return QTC_UNKNOWN;
}

static const struct fault_row {
    const char *name;
    enum qtc_fault_kind kind;
    bool timed;
} faults[] = {
    {"cut", QTC_FAULT_CUT, false}, {"stall", QTC_FAULT_STALL, true},      {"error", QTC_FAULT_ERROR, false},
    {"dup", QTC_FAULT_DUP, false}, {"corrupt", QTC_FAULT_CORRUPT, false}, {"reset", QTC_FAULT_RESET, false},
};

enum qtc_code qtc_fault_parse(const char *text, struct qtc_fault *fault)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct fault_row *row = &faults[i];
        const char *rest = behind(text, row->name, '@');
        if (rest == NULL) {
            continue;
        }
        *fault = (struct qtc_fault){.kind = row->kind};
        rest = read_number(rest, row->timed ? ':' : '\0', &fault->event);
        if (rest != NULL && row->timed) {
            rest = read_number(rest, '\0', &fault->milliseconds);
        }
        return rest != NULL && fault->milliseconds <= MILLISECONDS_MAX ? QTC_OK : QTC_SYNTAX;
    }
    return QTC_UNKNOWN;
}
