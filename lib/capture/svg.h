/* svg.h - the few things that a picture is written with. Private to lib/capture.
 *
 * Lengths are tenths of a pixel: so the same numbers give the same bytes everywhere. */
#ifndef QTC_CAPTURE_SVG_H
#define QTC_CAPTURE_SVG_H

#include "base/base.h"

/* A text with `#` where a length stands, each taken from `lengths` in turn. */
void qtc_svg_put(struct qtc_buf *svg, const char *text, const int *lengths);
/* Text as XML 1.0 takes it, on one line, of at most so many cells (wide characters take two); an ellipsis
 * where it is cut. Line ends become `↵`; other controls, what is not UTF-8 and what would turn the line
 * around become U+FFFD. */
void qtc_svg_text(struct qtc_buf *svg, struct qtc_bytes text, size_t cells);
/* How many cells it takes, up to `most`. */
size_t qtc_svg_cells(struct qtc_bytes text, size_t most);

/* For people: 12 345, 56.7 kB, 1.25 s. */
void qtc_svg_count(struct qtc_buf *out, uint64_t n);
void qtc_svg_bytes(struct qtc_buf *out, uint64_t n);
void qtc_svg_duration(struct qtc_buf *out, uint64_t nanoseconds);

#endif
