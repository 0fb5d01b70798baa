#include "values.h"

#include <string.h>

static void pass(struct qtc_values *v, const char *p, size_t n)
{
    const char *end = p + n, *lf;

    while (p < end && (lf = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        v->lines++;
        v->column = 0;
        p = lf + 1;
    }
    v->column += (uint64_t)(end - p);
}

static enum qtc_code end_value(struct qtc_values *v)
{
    bool go_on = v->sink(v->ctx, qtc_buf_bytes(&v->value), v->begun);

    v->open = false;
    v->scan = (struct qtc_json_scan){0};
    qtc_buf_clear(&v->value);
    return go_on ? QTC_OK : QTC_STOPPED;
}

static size_t skip_blanks(struct qtc_values *v, struct qtc_bytes bytes)
{
    size_t i = 0;

    while (i < bytes.len && qtc_is_blank(bytes.data[i])) {
        i++;
    }
    pass(v, bytes.data, i);
    v->open = i < bytes.len;
    v->begun = v->lines + 1;
    return i;
}

/* As much of a value as there is; *used bytes. */
static enum qtc_code feed_value(struct qtc_values *v, struct qtc_bytes bytes, size_t *used)
{
    enum qtc_json_progress progress = qtc_json_scan_feed(&v->scan, bytes.data, bytes.len, used);

    pass(v, bytes.data, *used);
    if (progress == QTC_JSON_BAD) {
        return QTC_SYNTAX;
    }
    if (*used > QTC_VALUE_MAX - v->value.len) {
        return QTC_LIMIT;
    }
    qtc_buf_add(&v->value, bytes.data, *used);
    if (v->value.failed) {
        return QTC_NOMEM;
    }
    return progress == QTC_JSON_DONE ? end_value(v) : QTC_OK;
}

enum qtc_code qtc_values_feed(struct qtc_values *v, struct qtc_bytes bytes)
{
    enum qtc_code code = QTC_OK;
    size_t used;

    while (bytes.len > 0 && code == QTC_OK) {
        if (v->open) {
            code = feed_value(v, bytes, &used);
        } else {
            used = skip_blanks(v, bytes);
        }
        bytes = qtc_bytes(bytes.data + used, bytes.len - used);
    }
    return code;
}

enum qtc_code qtc_values_finish(struct qtc_values *v)
{
    if (!v->open) {
        return QTC_OK;
    }
    return qtc_json_scan_finish(&v->scan) == QTC_JSON_DONE ? end_value(v) : QTC_SYNTAX;
}

void qtc_values_free(struct qtc_values *v)
{
    qtc_buf_free(&v->value);
}
