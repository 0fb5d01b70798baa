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

/* ---- lists ----------------------------------------------------------------- */

void qtc_formats_json(struct qtc_buf *out)
{
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);

    for (size_t i = 0; i < count; i++) {
        qtc_format_summary(out, all[i]);
    }
}

static void put_line(struct qtc_buf *out, const struct qtc_format *f)
{
    qtc_buf_str(out, f->name);
    for (size_t i = 0; f->aliases[i] != NULL; i++) {
        qtc_buf_str(out, i == 0 ? " (" : ", ");
        qtc_buf_str(out, f->aliases[i]);
        qtc_buf_str(out, f->aliases[i + 1] == NULL ? ")" : "");
    }
    qtc_buf_byte(out, '\t');
    qtc_buf_str(out, f->models);
    qtc_buf_byte(out, '\t');
    qtc_json_string(out, qtc_str(f->example));
    qtc_buf_byte(out, '\n');
}

/* ---- on a terminal --------------------------------------------------------- */

enum { GAP = 2, MODELS_MAX = 32 };

/* Columns that a character takes: two for the full-width ones that East Asian models have in their markers.
 */
static size_t columns_of(const char *p, size_t len)
{
    uint32_t code = len == 3 ? qtc_utf8_code_point(p, len) : 0;

    return len == 4 || (code >= 0x2e80 && code <= 0xd7a3) || (code >= 0xff01 && code <= 0xff60) ? 2 : 1;
}

/* The text in `room` columns, padded or cut; line ends as \n. */
static void put_cell(struct qtc_buf *out, const char *text, size_t room, bool pad)
{
    size_t used = 0, n = strlen(text);

    for (size_t i = 0, len; i < n; i += len) {
        const char *piece = text[i] == '\n' ? "\\n" : text + i;
        len = qtc_utf8_char(text + i, n - i);
        len = len > 0 ? len : 1;
        size_t bytes = text[i] == '\n' ? 2 : len;
        size_t columns = text[i] == '\n' ? 2 : columns_of(piece, len);
        if (used + columns + (i + len < n) > room) {
            qtc_buf_str(out, used < room ? "…" : "");
            used++;
            break;
        }
        qtc_buf_add(out, piece, bytes);
        used += columns;
    }
    for (; pad && used < room + GAP; used++) {
        qtc_buf_byte(out, ' ');
    }
}

/* Under the name, as many on a line as fit. */
static void put_aliases(struct qtc_buf *out, const struct qtc_format *f, size_t columns)
{
    size_t at = columns;

    for (size_t i = 0; f->aliases[i] != NULL; i++) {
        size_t len = strlen(f->aliases[i]) + 1; /* and a comma */
        if (i == 0 || at + 1 + len > columns) {
            qtc_buf_str(out, "\n    ");
            at = 4;
        } else {
            qtc_buf_byte(out, ' ');
            at++;
        }
        qtc_buf_str(out, f->aliases[i]);
        qtc_buf_str(out, f->aliases[i + 1] != NULL ? "," : "");
        at += len;
    }
}

static void put_table(struct qtc_buf *out, const struct qtc_format *const *all, size_t count, size_t columns)
{
    size_t name = 0;

    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(all[i]->name);
        name = len > name ? len : name;
    }
    size_t rest = columns > name + GAP ? columns - name - GAP : 0;
    size_t models = rest / 3 < MODELS_MAX ? rest / 3 : MODELS_MAX;
    for (size_t i = 0; i < count; i++) {
        put_cell(out, all[i]->name, name, true);
        put_cell(out, all[i]->models, models, true);
        put_cell(out, all[i]->example, rest > models + GAP ? rest - models - GAP : 0, false);
        put_aliases(out, all[i], columns);
        qtc_buf_byte(out, '\n');
    }
}

void qtc_formats_list(struct qtc_buf *out, size_t columns)
{
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);

    if (columns > 0) {
        put_table(out, all, count, columns);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        put_line(out, all[i]);
    }
}
