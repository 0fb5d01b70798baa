#include "base/base.h"

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
