/* rows.h - what the files of this folder give to the registry. */
#ifndef QTC_FORMAT_ROWS_H
#define QTC_FORMAT_ROWS_H

#include "formats/format.h"

extern const struct qtc_format qtc_format_none;
extern const struct qtc_format qtc_format_qwen3_coder;
extern const struct qtc_format qtc_format_hermes;
extern const struct qtc_format qtc_format_nemotron;

#endif
