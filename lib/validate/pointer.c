/* pointer.c - JSON Pointer (RFC 6901) over a tree. */
#include "validate/internal.h"

#include <string.h>

static void unescape(struct qtc_buf *to, struct qtc_bytes token)
{
    qtc_buf_clear(to);
    for (size_t i = 0; i < token.len; i++) {
        bool escaped = token.data[i] == '~' && i + 1 < token.len;
        if (escaped) {
            i++;
            qtc_buf_byte(to, token.data[i] == '0' ? '~' : '/');
        } else {
            qtc_buf_byte(to, token.data[i]);
        }
    }
}

static const struct qtc_json *element(const struct qtc_json *array, struct qtc_bytes token)
{
    const struct qtc_json *e = array->first;
    size_t n = 0;

    for (size_t i = 0; i < token.len; i++) {
        if (token.data[i] < '0' || token.data[i] > '9' || n > array->count) {
            return NULL;
        }
        n = n * 10 + (size_t)(token.data[i] - '0');
    }
    for (; e != NULL && n > 0; n--) {
        e = e->next;
    }
    return e;
}

const struct qtc_json *qtc_pointer_get(const struct qtc_json *root, struct qtc_bytes pointer,
                                       struct qtc_buf *token)
{
    const char *p = pointer.data, *end = p + pointer.len;

    while (root != NULL && p < end) {
        const char *slash = memchr(p + 1, '/', (size_t)(end - p - 1));
        const char *behind = slash != NULL ? slash : end;
        struct qtc_bytes raw = qtc_bytes(p + 1, (size_t)(behind - p - 1));
        if (root->type == QTC_JSON_ARRAY) {
            root = element(root, raw);
        } else {
            unescape(token, raw);
            root = qtc_json_getn(root, qtc_buf_bytes(token));
        }
        p = behind;
    }
    return root;
}

struct qtc_bytes qtc_pointer_parent(struct qtc_bytes pointer, struct qtc_bytes *last)
{
    size_t n = pointer.len;

    while (n > 0 && pointer.data[n - 1] != '/') {
        n--;
    }
    *last = n > 0 ? qtc_bytes(pointer.data + n, pointer.len - n) : qtc_bytes("", 0);
    return qtc_bytes(pointer.data, n > 0 ? n - 1 : 0);
}
