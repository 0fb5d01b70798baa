/* base.h - bytes, buffers, arenas, UTF-8. Knows nothing of JSON or of calls. */
#ifndef QTC_BASE_H
#define QTC_BASE_H

#include "base/event.h"

#include <string.h>

/* ---- bytes -------------------------------------------------------------- */

static inline struct qtc_bytes qtc_bytes(const char *data, size_t len)
{
    return (struct qtc_bytes){data, len};
}

/* Of a terminated string; s must outlive the result. */
static inline struct qtc_bytes qtc_str(const char *s)
{
    return qtc_bytes(s, strlen(s));
}

static inline bool qtc_bytes_equal(struct qtc_bytes a, struct qtc_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool qtc_bytes_is(struct qtc_bytes a, const char *s)
{
    return qtc_bytes_equal(a, qtc_str(s));
}

/* It is one of a list, which NULL ends. */
bool qtc_bytes_is_one_of(struct qtc_bytes a, const char *const *list);

/* Begins with the terminated string. */
static inline bool qtc_bytes_starts(struct qtc_bytes a, const char *with)
{
    size_t len = strlen(with);

    return a.len >= len && memcmp(a.data, with, len) == 0;
}

/* Without the byte order mark that it may begin with. */
struct qtc_bytes qtc_bytes_behind_bom(struct qtc_bytes a);
/* Without ASCII blanks (space, tab, CR, LF) on both sides. */
struct qtc_bytes qtc_bytes_trim(struct qtc_bytes a);

/* space, tab, CR, LF: JSON's blanks, and what markup tolerates */
static inline bool qtc_is_blank(char c)
{
    return (unsigned char)c <= ' ' && (c == ' ' || c == '\n' || c == '\t' || c == '\r');
}

/* The value of a hexadecimal digit in either case, or -1. */
static inline int qtc_hex_digit(char c)
{
    char lower = (char)(c | 0x20);

    return c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* ---- growable buffer ---------------------------------------------------- */

/* Starts as {0}. When memory ends, `failed` is set and stays set, and later
 * appends do nothing: callers test it once, where it matters. data is owned. */
struct qtc_buf {
    char *data;
    size_t len, cap;
    bool failed;
};

void qtc_buf_free(struct qtc_buf *b);  /* back to {0} */
void qtc_buf_clear(struct qtc_buf *b); /* empty, memory kept, failed reset */
/* Room for `more` bytes behind len, or NULL (and failed). */
char *qtc_buf_room(struct qtc_buf *b, size_t more);
void qtc_buf_grow_add(struct qtc_buf *b, const char *data, size_t len); /* slow path of add */
void qtc_buf_u64(struct qtc_buf *b, uint64_t n);                        /* decimal */
/* Drops the first n bytes (n <= len). */
void qtc_buf_drop(struct qtc_buf *b, size_t n);
/* Replaces `old` bytes at `at` by the given ones (at + old <= len). */
void qtc_buf_splice(struct qtc_buf *b, size_t at, size_t old, struct qtc_bytes with);
struct qtc_bytes qtc_buf_bytes(const struct qtc_buf *b);

static inline void qtc_buf_add(struct qtc_buf *b, const char *data, size_t len)
{
    if (len <= b->cap - b->len && len > 0 && !b->failed) {
        __builtin_memcpy(b->data + b->len, data, len);
        b->len += len;
    } else if (len > 0) {
        qtc_buf_grow_add(b, data, len);
    }
}

static inline void qtc_buf_byte(struct qtc_buf *b, char c)
{
    qtc_buf_add(b, &c, 1);
}

static inline void qtc_buf_put(struct qtc_buf *b, struct qtc_bytes s)
{
    qtc_buf_add(b, s.data, s.len);
}

static inline void qtc_buf_str(struct qtc_buf *b, const char *s)
{
    qtc_buf_add(b, s, strlen(s));
}

/* ---- arena -------------------------------------------------------------- */

/* Many small blocks, freed together. Starts as {0}. */
struct qtc_arena {
    struct qtc_arena_block *head;
    char *at;    /* what is free in the newest block */
    size_t left; /* a multiple of the alignment */
};

#define QTC_ARENA_ALIGNMENT _Alignof(max_align_t)

/* Slow path of take: room for size bytes. */
bool qtc_arena_grow(struct qtc_arena *a, size_t size);

/* size bytes as they are, aligned for any object; NULL when memory ends. Of a large block, what is never
 * written costs no memory. */
static inline void *qtc_arena_take(struct qtc_arena *a, size_t size)
{
    char *object;

    if ((size > PTRDIFF_MAX || size > a->left || (size == 0 && a->at == NULL)) && !qtc_arena_grow(a, size)) {
        return NULL;
    }
    size = (size + QTC_ARENA_ALIGNMENT - 1) & ~(QTC_ARENA_ALIGNMENT - 1);
    object = a->at;
    a->at += size;
    a->left -= size;
    return object;
}

/* The same, zeroed. */
void *qtc_arena_alloc(struct qtc_arena *a, size_t size);
/* count * size, zeroed, with the product checked */
void *qtc_arena_array(struct qtc_arena *a, size_t count, size_t size);
/* A copy of the bytes; data is NULL on failure (a copy of nothing is "" with len 0). */
struct qtc_bytes qtc_arena_copy(struct qtc_arena *a, struct qtc_bytes s);
void qtc_arena_reset(struct qtc_arena *a); /* keeps the largest block for reuse */
void qtc_arena_free(struct qtc_arena *a);

/* ---- UTF-8 -------------------------------------------------------------- */

/* Length of the valid character at p (1 to 4), or 0 where it is not one. A
 * surrogate (ED A0..BF xx) is not valid UTF-8: see qtc_utf8_surrogate. */
unsigned qtc_utf8_char(const char *p, size_t n);
/* The code point of the valid character at p; len is its length. */
uint32_t qtc_utf8_code_point(const char *p, size_t len);
/* All of it is valid characters. */
bool qtc_utf8_valid(struct qtc_bytes text);
/* How many bytes at the end of p are the beginning of a character that may
 * still be completed (0 to 3). A high surrogate in three bytes (ED A0..AF xx),
 * as an escape \ud83d decodes to, also waits: for its low half. */
size_t qtc_utf8_incomplete(const char *p, size_t n);
/* The code unit (D800..DFFF) of a surrogate written as three bytes at p, or 0. */
unsigned qtc_utf8_surrogate(const char *p, size_t n);
/* Appends a code point; a surrogate becomes its three bytes. */
void qtc_utf8_put(struct qtc_buf *b, uint32_t code_point);
/* The same into out; how many bytes. Past U+10FFFF it is U+FFFD. */
size_t qtc_utf8_encode(char out[4], uint32_t code_point);

#endif
