/* hash.h - hashes of bytes and of values, and tables to look them up in. Private to the library. */
#ifndef QTC_SCHEMA_HASH_H
#define QTC_SCHEMA_HASH_H

#include <string.h>

#include "json/json.h"

static inline uint64_t qtc_hash_mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9e3779b97f4a7c15;
    return h ^ (h >> 32);
}


/* Names are short: most take one or two words. */
static inline uint64_t qtc_hash_bytes(struct qtc_bytes s)
{
    uint64_t h = s.len * 0xff51afd7ed558ccd;
    const char *p = s.data;
    size_t n = s.len;

    for (; n >= 8; n -= 8, p += 8) {
        uint64_t word;

        memcpy(&word, p, 8);
        h = qtc_hash_mix(h, word);
    }
    if (n & 4) {
        uint32_t word;

        memcpy(&word, p, 4);
        h = qtc_hash_mix(h, word);
        p += 4;
    }
    if (n & 3) {
        h = qtc_hash_mix(h, (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[(n & 3) / 2] << 8 |
                                (unsigned char)p[(n & 3) - 1]);
    }
    return h;
}

/* Equal values have equal hashes: members in any order, numbers by what they are worth. */
uint64_t qtc_json_hash(const struct qtc_json *value);
/* As qtc_json_equal; each comparison costs at most *budget steps in all, which it takes down. When it
 * reaches 0 the answer is false. */
bool qtc_json_same(const struct qtc_json *a, const struct qtc_json *b, uint64_t *budget);

/* ---- names that are known when compiling ------------------------------------ */

struct qtc_name {
    uint64_t hash;
    struct qtc_bytes name;
    uint32_t node;     /* QTC_NO_NODE: no schema */
    uint32_t required; /* place in the list of required names; QTC_NO_NODE: it is not */
};

/* Sorted by (hash, name); `starts` says for the upper bits of a hash where its names begin. So a look-up
 * costs about one comparison, and in the worst case, whatever hashes alike, a search by halves. */
struct qtc_names {
    struct qtc_name *names;
    uint32_t *starts;
    uint32_t count;
    unsigned shift;
};

/* names: in the arena, `count` of them with hash and name filled in, no two alike. They are sorted. */
bool qtc_names_build(struct qtc_names *t, struct qtc_arena *arena, struct qtc_name *names, uint32_t count);

static inline bool qtc_name_is(const struct qtc_name *n, uint64_t hash, struct qtc_bytes name)
{
    return n->hash == hash && n->name.len == name.len && memcmp(n->name.data, name.data, name.len) == 0;
}

const struct qtc_name *qtc_names_search(const struct qtc_names *t, uint32_t lo, uint32_t hi, uint64_t hash,
                                        struct qtc_bytes name);

/* NULL when it is not there. */
static inline const struct qtc_name *qtc_names_find(const struct qtc_names *t, struct qtc_bytes name)
{
    uint64_t hash = qtc_hash_bytes(name);
    uint32_t at = (uint32_t)(hash >> t->shift);
    uint32_t lo, hi;

    if (t->count == 0) {
        return NULL;
    }
    lo = t->starts[at];
    hi = t->starts[at + 1];
    if (hi - lo <= 4) {
        for (; lo < hi; lo++) {
            if (qtc_name_is(&t->names[lo], hash, name)) {
                return &t->names[lo];
            }
        }
        return NULL;
    }
    return qtc_names_search(t, lo, hi, hash, name);
}

/* ---- values of an enum ------------------------------------------------------- */

struct qtc_value {
    uint64_t hash;
    const struct qtc_json *value;
};

struct qtc_values {
    struct qtc_value *values; /* sorted by hash */
    size_t count;
};

/* The elements of an array. */
bool qtc_values_build(struct qtc_values *t, struct qtc_arena *arena, const struct qtc_json *array);
bool qtc_values_have(const struct qtc_values *t, const struct qtc_json *value, uint64_t *budget);
void qtc_values_sort(struct qtc_value *values, size_t count);

/* ---- a map that grows, for compiling ------------------------------------------ */

/* From bytes to a number below UINT32_MAX. Starts as {0}; memory is the arena's. */
struct qtc_map {
    struct qtc_arena *arena;
    struct qtc_map_slot *slots;
    size_t size, used;
};

/* UINT32_MAX when it is not there. */
uint32_t qtc_map_get(const struct qtc_map *m, struct qtc_bytes key);
/* The key is borrowed. An entry that is there stays. False when memory ends. */
bool qtc_map_put(struct qtc_map *m, struct qtc_bytes key, uint32_t value);

#endif
