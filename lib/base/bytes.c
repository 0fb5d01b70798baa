#include "base/base.h"

bool qtc_bytes_is_one_of(struct qtc_bytes a, const char *const *list)
{
    while (*list != NULL && !qtc_bytes_is(a, *list)) {
        list++;
    }
    return *list != NULL;
}

struct qtc_bytes qtc_bytes_behind_bom(struct qtc_bytes a)
{
    return qtc_bytes_starts(a, "\xef\xbb\xbf") ? qtc_bytes(a.data + 3, a.len - 3) : a;
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
