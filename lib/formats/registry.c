/* The list of the rows, and the ways to find one. */
#include "formats/rows.h"

#include <string.h>

const struct qtc_format qtc_format_none = {
    .name = "none",
    .rank = 99,
    .models = "any: text stays text, reasoning is told apart",
    .example = "It is sunny in Tokyo.",
    .body = QTC_BODY_NONE,
    THINK,
};

/* formats.inc has a line FORMAT(row) for each row in this folder, by rank: the
 * Makefile makes it, so that a new row is a change of one file. */
#define FORMAT(row) extern const struct qtc_format row;
#include "formats.inc"
#undef FORMAT

static const struct qtc_format *const formats[] = {
#define FORMAT(row) &(row),
#include "formats.inc"
#undef FORMAT
};

const struct qtc_format *const *qtc_formats(size_t *count)
{
    *count = sizeof formats / sizeof formats[0];
    return formats;
}

static bool answers_to(const struct qtc_format *format, const char *name)
{
    if (strcmp(format->name, name) == 0) {
        return true;
    }
    for (size_t i = 0; format->aliases[i] != NULL; i++) {
        if (strcmp(format->aliases[i], name) == 0) {
            return true;
        }
    }
    return false;
}

const struct qtc_format *qtc_format_find(const char *name)
{
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);
    for (size_t i = 0; i < count; i++) {
        if (answers_to(all[i], name)) {
            return all[i];
        }
    }
    return NULL;
}

/* ---- by a model's id ----------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char folded(char c)
{
    if (c == '_' || c == '/' || c == ' ') {
        return '-';
    }
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* A version goes on behind its dot: deepseek-v3 does not end in deepseek-v3.1. */
static bool ends_word(struct qtc_bytes model, size_t at)
{
    if (at == model.len) {
        return true;
    }
    if (model.data[at] == '.') {
        return at + 1 == model.len || !is_digit(model.data[at + 1]);
    }
    return !is_word(model.data[at]);
}

static bool stands_at(struct qtc_bytes model, size_t at, const char *id, size_t len)
{
    if (len > model.len - at || (at > 0 && is_word(model.data[at - 1]))) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (folded(model.data[at + i]) != id[i]) {
            return false;
        }
    }
    return ends_word(model, at + len);
}

static bool holds(struct qtc_bytes model, const char *id, size_t len)
{
    for (size_t at = 0; at < model.len; at++) {
        if (stands_at(model, at, id, len)) {
            return true;
        }
    }
    return false;
}

const struct qtc_format *qtc_format_of_model(struct qtc_bytes model)
{
    const struct qtc_format *found = NULL;
    size_t longest = 0;
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);

    for (size_t i = 0; i < count; i++) {
        for (const char *const *id = all[i]->model_ids; *id != NULL; id++) {
            size_t len = strlen(*id);
            if (len > longest && holds(model, *id, len)) {
                found = all[i];
                longest = len;
            }
        }
    }
    return found;
}
