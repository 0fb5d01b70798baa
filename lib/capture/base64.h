/* base64.h - RFC 4648, section 4. Private to lib/capture. */
#ifndef QTC_BASE64_H
#define QTC_BASE64_H

#include "base/base.h"

void qtc_base64_encode(struct qtc_buf *out, struct qtc_bytes data);
/* Strict: padded, no blanks, no bits behind the last byte. out has room for 3 bytes for each 4 of the text.
 * false: *bad is where it is wrong. */
bool qtc_base64_decode(char *out, size_t *len, struct qtc_bytes text, size_t *bad);

#endif
