#include "formats.h"

#include <string.h>
#include <unistd.h>

#include "io.h"

/* ---- files ----------------------------------------------------------------- */

static bool ends_in(const char *text, const char *end)
{
    size_t len = strlen(text), n = strlen(end);

    return len >= n && strcmp(text + len - n, end) == 0;
}

bool qtc_format_is_file(const char *value)
{
    return strchr(value, '/') != NULL || ends_in(value, ".json") ||
           (qtc_format_find(value) == NULL && access(value, F_OK) == 0);
}

struct qtc_format *qtc_format_load(const char *command, const char *file)
{
    struct qtc_buf text = {0}, detail = {0};
    struct qtc_error error;
    struct qtc_format *format = NULL;

    if (qtc_in_slurp(command, file, &text)) {
        format = qtc_format_read(qtc_buf_bytes(&text), &error, &detail);
        if (format == NULL) {
            qtc_complain_at(command, file, qtc_buf_bytes(&text), error.offset, qtc_buf_bytes(&detail));
        }
    }
    qtc_buf_free(&text);
    qtc_buf_free(&detail);
    return format;
}
