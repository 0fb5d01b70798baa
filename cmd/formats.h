/* formats.h - formats on the command line: by name, from files, listed. */
#ifndef QTC_CMD_FORMATS_H
#define QTC_CMD_FORMATS_H

#include "formats/format.h"

/* It is a file's name: holds a '/', ends in .json, or is the name of a file and of no format. */
bool qtc_format_is_file(const char *value);
/* Reads the file. NULL: it was said why, with the place. */
struct qtc_format *qtc_format_load(const char *command, const char *file);
/* Appends a JSON object a format, a line each. */
void qtc_formats_json(struct qtc_buf *out);
/* For people. columns: of the terminal that shows it; 0: none does, a line a format, between tabs. */
void qtc_formats_list(struct qtc_buf *out, size_t columns);

#endif
