#include "parse/python.h"
void qtc_python_reset(struct qtc_python *r){(void)r;}
void qtc_python_free(struct qtc_python *r){(void)r;}
size_t qtc_python_feed(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out){(void)p;(void)n;(void)out;r->event=QTC_PYTHON_BAD;return 0;}
void qtc_python_finish(struct qtc_python *r, struct qtc_buf *out, bool close){(void)r;(void)out;(void)close;}
