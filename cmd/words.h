/* words.h - numbers, and somebody else's text, as people read them. */
#ifndef QTC_WORDS_H
#define QTC_WORDS_H

#include "base/base.h"

/* "433 bytes", "812 kB", "1.2 MB" */
void qtc_put_size(struct qtc_buf *out, size_t bytes);
/* "1 event", "5000 events" */
void qtc_put_count(struct qtc_buf *out, uint64_t count, const char *what);
/* On one line, cut where it is long, and without what a terminal would obey. */
void qtc_put_shown(struct qtc_buf *out, struct qtc_bytes text);

#endif
