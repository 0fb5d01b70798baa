/* gen-format-docs schema|manual - prints what a format file may hold, from the table of
 * its fields: as a JSON Schema, or as the body of a manual page's section. */
#include <stdio.h>
#include <string.h>

#include "formats/format.h"

int main(int argc, char **argv)
{
    struct qtc_buf out = {0};

    if (argc == 2 && strcmp(argv[1], "schema") == 0) {
        qtc_format_schema(&out);
    } else if (argc == 2 && strcmp(argv[1], "manual") == 0) {
        qtc_format_manual(&out);
    } else {
        fprintf(stderr, "usage: gen-format-docs schema|manual\n");
        return 2;
    }
    bool ok = !out.failed && fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    qtc_buf_free(&out);
    return ok ? 0 : 2;
}
