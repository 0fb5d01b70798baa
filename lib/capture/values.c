/* values.c - a whole JSON answer, and JSON Lines. The body is the file's bytes. */
#include "capture/readers.h"

static bool begins_value(struct qtc_bytes text)
{
    return text.len > 0 && (text.data[0] == '{' || text.data[0] == '[');
}

static struct qtc_bytes skip_blanks(struct qtc_bytes text)
{
    size_t n = 0;

    while (n < text.len && qtc_is_blank(text.data[n])) {
        n++;
    }
    return qtc_skip(text, n);
}

enum qtc_json_progress qtc_next_value(struct qtc_bytes *text, struct qtc_bytes *value)
{
    struct qtc_json_scan scan = {0};
    enum qtc_json_progress progress = QTC_JSON_DONE;
    size_t used = sizeof "[DONE]" - 1;

    *text = skip_blanks(*text);
    if (!qtc_bytes_starts(*text, "[DONE]")) {
        progress = qtc_json_scan_feed(&scan, text->data, text->len, &used);
    }
    *value = qtc_bytes(text->data, used);
    *text = qtc_skip(*text, used);
    return progress;
}

static bool is_json(struct qtc_bytes beginning)
{
    return begins_value(beginning);
}

/* The first value is whole, and another one follows. */
static bool is_lines(struct qtc_bytes beginning)
{
    struct qtc_bytes value;

    return begins_value(beginning) && qtc_next_value(&beginning, &value) == QTC_JSON_DONE &&
           begins_value(skip_blanks(beginning));
}

static enum qtc_code check_value(struct qtc_reading *r, struct qtc_bytes *text)
{
    struct qtc_bytes value;

    if (!begins_value(*text)) {
        return qtc_reading_fail(r, QTC_SYNTAX, "not a JSON object", text->data);
    }
    switch (qtc_next_value(text, &value)) {
    case QTC_JSON_DONE:
        *text = skip_blanks(*text);
        return QTC_OK;
    case QTC_JSON_MORE:
        return qtc_reading_fail(r, QTC_SYNTAX, "the JSON is cut", text->data);
    default:
        return qtc_reading_fail(r, QTC_SYNTAX, "not JSON, or nested too deeply", text->data);
    }
}

/* One kind may turn out to be the other where 4 KiB did not tell. */
static enum qtc_code read_values(struct qtc_reading *r)
{
    struct qtc_bytes text = skip_blanks(qtc_reading_text(r));
    struct qtc_capture c = {.line = 1};
    const struct qtc_capture_format *format = &qtc_json_format;
    enum qtc_code code = check_value(r, &text);
    size_t count;

    while (code == QTC_OK && text.len > 0) {
        format = &qtc_lines_format;
        code = check_value(r, &text);
    }
    r->captures->kind = qtc_capture_kinds(&count);
    while (r->captures->kind->format != format) {
        r->captures->kind++;
    }
    if (code == QTC_OK) {
        code = qtc_capture_set_body(r->arena, &c, qtc_reading_text(r));
    }
    return code == QTC_OK ? qtc_reading_add(r, &c) : code;
}

const struct qtc_capture_format qtc_lines_format = {is_lines, read_values};
const struct qtc_capture_format qtc_json_format = {is_json, read_values};
