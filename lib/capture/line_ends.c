/* line_ends.c - what --trace-ascii lost: see readers.h. */
#include "capture/readers.h"

struct restorer {
    char *text;
    size_t len, at;
    bool events; /* an event stream; else JSON */
};

static struct qtc_bytes rest_of(const struct restorer *r, size_t at)
{
    return qtc_bytes(r->text + at, r->len - at);
}

static bool is_digit(const struct restorer *r, size_t at)
{
    return at < r->len && r->text[at] >= '0' && r->text[at] <= '9';
}

static size_t end_of_dots(const struct restorer *r)
{
    size_t end = r->at;

    while (end < r->len && r->text[end] == '.') {
        end++;
    }
    return end;
}

/* The string's closing quote is passed. */
static void pass_string(struct restorer *r)
{
    for (r->at++; r->at < r->len && r->text[r->at] != '"'; r->at++) {
        r->at += r->text[r->at] == '\\';
    }
    r->at += r->at < r->len;
    r->at = r->at < r->len ? r->at : r->len;
}

/* One JSON value, or all of them where the whole text is JSON. */
static void restore_json(struct restorer *r)
{
    size_t depth = 0;

    while (r->at < r->len) {
        char c = r->text[r->at];
        if (c == '"') {
            pass_string(r);
            continue;
        }
        if (c == '.' && !(r->at > 0 && is_digit(r, r->at - 1) && is_digit(r, r->at + 1))) {
            r->text[r->at] = '\n';
        }
        depth += c == '{' || c == '[';
        depth -= depth > 0 && (c == '}' || c == ']');
        r->at++;
        if (depth == 0 && r->events) {
            return;
        }
    }
}

/* At dots that end an event's line: the last two before a field's name or the end; all behind JSON. */
static void restore_run(struct restorer *r, bool all)
{
    size_t end = end_of_dots(r);
    size_t from = all || end - r->at < 2 ? r->at : end - 2;

    if (all || end == r->len || qtc_is_event_field(rest_of(r, end))) {
        for (size_t i = from; i < end; i++) {
            r->text[i] = '\n';
        }
    }
    r->at = end;
}

/* A field, up to its line's end. */
static void restore_line(struct restorer *r)
{
    bool json = false;

    if (qtc_bytes_starts(rest_of(r, r->at), "data:")) {
        r->at += 5;
        r->at += r->at < r->len && r->text[r->at] == ' ';
        json = r->at < r->len && (r->text[r->at] == '{' || r->text[r->at] == '[');
        if (json) {
            restore_json(r);
        }
    }
    while (r->at < r->len && r->text[r->at] != '\n') {
        if (r->text[r->at] == '.') {
            restore_run(r, json);
            json = false;
        } else {
            r->at++;
        }
        if (r->at > 0 && r->text[r->at - 1] == '\n') {
            return;
        }
    }
    r->at += r->at < r->len;
}

void qtc_restore_line_ends(char *text, size_t len)
{
    struct restorer r = {.text = text, .len = len};

    if (len == 0) {
        return;
    }
    r.events = qtc_is_event_field(rest_of(&r, 0));
    if (!r.events && (qtc_bytes_starts(rest_of(&r, 0), "{") || qtc_bytes_starts(rest_of(&r, 0), "["))) {
        restore_json(&r);
    }
    while (r.events && r.at < len) {
        restore_line(&r);
    }
}
