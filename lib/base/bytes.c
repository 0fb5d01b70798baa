#include "base/base.h"

#include <string.h>

struct qtc_bytes qtc_bytes(const char *data, size_t len)
{
    return (struct qtc_bytes){data, len};
}

struct qtc_bytes qtc_str(const char *s)
{
    return qtc_bytes(s, strlen(s));
}

bool qtc_bytes_equal(struct qtc_bytes a, struct qtc_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool qtc_bytes_is(struct qtc_bytes a, const char *s)
{
    return qtc_bytes_equal(a, qtc_str(s));
}

struct qtc_bytes qtc_bytes_trim(struct qtc_bytes a)
{
    while (a.len > 0 && qtc_is_blank(a.data[a.len - 1])) {
        a.len--;
    }
    while (a.len > 0 && qtc_is_blank(a.data[0])) {
        a.data++;
        a.len--;
    }
    return a;
}
