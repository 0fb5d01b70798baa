/* gen-format-docs schema|fill - what follows from the tables in lib/formats.
 *
 *   schema   prints the JSON Schema of a format file
 *   fill     copies a text, and puts each section that follows from the tables anew:
 *            the lines between one that holds "from here by make format-docs: SECTION"
 *            and one that holds "up to here: SECTION" */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/format.h"

/* ---- the README's table ------------------------------------------------------- */

static const char *const families[QTC_BODIES] = {
    [QTC_BODY_JSON] = "JSON objects or arrays: `{\"name\": …, \"arguments\": …}`, bare or between markers",
    [QTC_BODY_NAMED] = "a name between markers, then its arguments as JSON",
    [QTC_BODY_TAGS] = "a tag for each parameter: `<parameter=city>Tokyo</parameter>`",
    [QTC_BODY_ELEMENTS] = "XML elements named after the parameters, inside each other: `<city>Tokyo</city>`",
    [QTC_BODY_YAML] = "YAML inside a tag: `city: Tokyo`",
    [QTC_BODY_PYTHON] = "Python calls: `[get_weather(city='Tokyo')]`",
    [QTC_BODY_GEMMA] = "Gemma's literals: `call:get_weather{city:<\\|\"\\|>Tokyo<\\|\"\\|>}`",
    [QTC_BODY_NONE] = "no calls",
};

static void put_family(struct qtc_buf *out, enum qtc_body body)
{
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);
    const char *separator = " | `";

    qtc_buf_str(out, "| ");
    qtc_buf_str(out, families[body]);
    for (size_t i = 0; i < count; i++) {
        if (all[i]->body == body) {
            qtc_buf_str(out, separator);
            qtc_buf_str(out, all[i]->name);
            separator = "`, `";
        }
    }
    qtc_buf_str(out, "` |\n");
}

static void put_families(struct qtc_buf *out)
{
    qtc_buf_str(out, "| how a call is written | `-f` |\n| --- | --- |\n");
    for (unsigned body = QTC_BODY_NONE + 1; body < QTC_BODIES; body++) {
        put_family(out, (enum qtc_body)body);
    }
    put_family(out, QTC_BODY_NONE);
}

/* ---- fill ------------------------------------------------------------------------ */

static const struct section {
    const char *begin, *end;
    void (*put)(struct qtc_buf *out);
} sections[] = {
    {"from here by make format-docs: formats", "up to here: formats", qtc_formats_manual},
    {"from here by make format-docs: keys", "up to here: keys", qtc_format_manual},
    {"from here by make format-docs: families", "up to here: families", put_families},
};

static const struct section *section_of(const char *line)
{
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        if (strstr(line, sections[i].begin) != NULL) {
            return &sections[i];
        }
    }
    return NULL;
}

/* false: a section does not end. */
static bool fill(struct qtc_buf *out)
{
    const struct section *open = NULL;
    char *line = NULL;
    size_t room = 0;

    while (getline(&line, &room, stdin) > 0 && line != NULL) {
        if (open != NULL && strstr(line, open->end) != NULL) {
            open = NULL;
        }
        if (open == NULL) {
            qtc_buf_str(out, line);
            open = section_of(line);
            if (open != NULL) {
                open->put(out);
            }
        }
    }
    free(line);
    return open == NULL;
}

int main(int argc, char **argv)
{
    struct qtc_buf out = {0};
    bool ok = true;

    if (argc == 2 && strcmp(argv[1], "schema") == 0) {
        qtc_format_schema(&out);
    } else if (argc == 2 && strcmp(argv[1], "fill") == 0) {
        ok = fill(&out);
    } else {
        fprintf(stderr, "usage: gen-format-docs schema|fill\n");
        return 2;
    }
    if (!ok) {
        fprintf(stderr, "gen-format-docs: a section does not end\n");
    }
    ok = ok && !out.failed && fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    qtc_buf_free(&out);
    return ok ? 0 : 2;
}
