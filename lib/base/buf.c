#include "base/base.h"

#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 64 };

void qtc_buf_free(struct qtc_buf *b)
{
    free(b->data);
    *b = (struct qtc_buf){0};
}

void qtc_buf_clear(struct qtc_buf *b)
{
    b->len = 0;
    b->failed = false;
}

/* Doubling keeps the cost of many small appends linear. need <= PTRDIFF_MAX */
static size_t next_capacity(size_t cap, size_t need)
{
    size_t doubled = cap > PTRDIFF_MAX / 2 ? PTRDIFF_MAX : cap * 2;
    size_t wanted = doubled > need ? doubled : need;

    return wanted > SMALLEST ? wanted : SMALLEST;
}

static bool grow(struct qtc_buf *b, size_t more)
{
    char *data = NULL;
    size_t cap = 0;

    if (more <= PTRDIFF_MAX - b->len) {
        cap = next_capacity(b->cap, b->len + more);
        data = realloc(b->data, cap);
    }
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

char *qtc_buf_room(struct qtc_buf *b, size_t more)
{
    if (b->failed) {
        return NULL;
    }
    if ((!b->data || more > b->cap - b->len) && !grow(b, more)) {
        return NULL;
    }
    return b->data + b->len;
}

void qtc_buf_grow_add(struct qtc_buf *b, const char *data, size_t len)
{
    char *room = qtc_buf_room(b, len);

    if (room && len > 0) {
        memcpy(room, data, len);
        b->len += len;
    }
}

void qtc_buf_u64(struct qtc_buf *b, uint64_t n)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    qtc_buf_add(b, digits + at, sizeof(digits) - at);
}

void qtc_buf_drop(struct qtc_buf *b, size_t n)
{
    b->len -= n;
    if (n > 0 && b->len > 0) {
        memmove(b->data, b->data + n, b->len);
    }
}

void qtc_buf_splice(struct qtc_buf *b, size_t at, size_t old, struct qtc_bytes with)
{
    size_t tail = b->len - at - old;

    if (!qtc_buf_room(b, with.len > old ? with.len - old : 0)) {
        return;
    }
    memmove(b->data + at + with.len, b->data + at + old, tail);
    if (with.len > 0) {
        memcpy(b->data + at, with.data, with.len);
    }
    b->len = at + with.len + tail;
}

struct qtc_bytes qtc_buf_bytes(const struct qtc_buf *b)
{
    return qtc_bytes(b->data, b->len);
}
