/* literal.h - a Python number or constant, as one word, to JSON. */
#ifndef QTC_LITERAL_H
#define QTC_LITERAL_H

#include "base/base.h"

/* Appends the JSON of True, False, None (also true, false, null) or of a number;
 * at most word.len + QTC_LITERAL_MORE bytes. A decimal number keeps its own
 * text, but for what JSON forbids: _ + 007 1. .5. Other bases become decimal.
 * False, and nothing appended, for anything else, past 64 bits in another base included. */
bool qtc_python_literal(struct qtc_bytes word, struct qtc_buf *out);
#define QTC_LITERAL_MORE 24

#endif
