#include "schema/hash.h"

#include <stdlib.h>

#include "schema/number.h"
#include "schema/schema.h"

/* ---- values ------------------------------------------------------------------ */

static uint64_t hash_array(const struct qtc_json *array)
{
    uint64_t h = 3;

    for (const struct qtc_json *e = array->first; e; e = e->next) {
        h = qtc_hash_mix(h, qtc_json_hash(e));
    }
    return h;
}

/* A sum: the order of members does not count. */
static uint64_t hash_object(const struct qtc_json *object)
{
    uint64_t h = 5;

    for (const struct qtc_json *m = object->first; m; m = m->next) {
        h += qtc_hash_mix(qtc_hash_bytes(m->key), qtc_json_hash(m));
    }
    return h;
}

/* Recursion is as deep as the value, which the reader bounds. */
uint64_t qtc_json_hash(const struct qtc_json *value)
{
    switch (value->type) {
    case QTC_JSON_NUMBER:
        return qtc_number_hash(value->raw);
    case QTC_JSON_STRING:
        return qtc_hash_bytes(value->text);
    case QTC_JSON_ARRAY:
        return hash_array(value);
    case QTC_JSON_OBJECT:
        return hash_object(value);
    default:
        return qtc_hash_mix(value->type, 11);
    }
}

static bool spend(uint64_t *budget, uint64_t n)
{
    if (*budget < n) {
        *budget = 0;
        return false;
    }
    *budget -= n;
    return true;
}

static bool same_elements(const struct qtc_json *a, const struct qtc_json *b, uint64_t *budget)
{
    const struct qtc_json *y = b->first;

    for (const struct qtc_json *x = a->first; x; x = x->next, y = y->next) {
        if (!qtc_json_same(x, y, budget)) {
            return false;
        }
    }
    return true;
}

/* The member of that key, looked for from `hint` on, which is right when the order is the same. */
static const struct qtc_json *find_member(const struct qtc_json *object, struct qtc_bytes key,
                                          const struct qtc_json *hint, uint64_t *budget)
{
    if (hint && qtc_bytes_equal(hint->key, key)) {
        return hint;
    }
    return spend(budget, object->count) ? qtc_json_getn(object, key) : NULL;
}

static bool same_members(const struct qtc_json *a, const struct qtc_json *b, uint64_t *budget)
{
    const struct qtc_json *hint = b->first;

    for (const struct qtc_json *x = a->first; x; x = x->next) {
        const struct qtc_json *y = find_member(b, x->key, hint, budget);

        if (!y || !qtc_json_same(x, y, budget)) {
            return false;
        }
        hint = y->next;
    }
    return true;
}

bool qtc_json_same(const struct qtc_json *a, const struct qtc_json *b, uint64_t *budget)
{
    if (a->type != b->type || !spend(budget, 1)) {
        return false;
    }
    switch (a->type) {
    case QTC_JSON_NUMBER:
        return qtc_number_compare(a->raw, b->raw) == 0;
    case QTC_JSON_STRING:
        return qtc_bytes_equal(a->text, b->text);
    case QTC_JSON_ARRAY:
        return a->count == b->count && same_elements(a, b, budget);
    case QTC_JSON_OBJECT:
        return a->count == b->count && same_members(a, b, budget);
    default:
        return true;
    }
}

bool qtc_json_equal(const struct qtc_json *a, const struct qtc_json *b)
{
    uint64_t budget = UINT64_MAX;

    return qtc_json_same(a, b, &budget);
}

/* ---- names ------------------------------------------------------------------- */

static int order_names(const struct qtc_name *a, uint64_t hash, struct qtc_bytes name)
{
    if (a->hash != hash) {
        return a->hash < hash ? -1 : 1;
    }
    if (a->name.len != name.len) {
        return a->name.len < name.len ? -1 : 1;
    }
    return name.len > 0 ? memcmp(a->name.data, name.data, name.len) : 0;
}

static int compare_names(const void *a, const void *b)
{
    const struct qtc_name *other = b;

    return order_names(a, other->hash, other->name);
}

/* Few names, as most schemas have, are put in their places quicker than qsort begins. */
static void sort_names(struct qtc_name *names, uint32_t count)
{
    enum { FEW = 16 };

    if (count > FEW) {
        qsort(names, count, sizeof *names, compare_names);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        struct qtc_name name = names[i];
        uint32_t at = i;

        for (; at > 0 && order_names(&names[at - 1], name.hash, name.name) > 0; at--) {
            names[at] = names[at - 1];
        }
        names[at] = name;
    }
}

/* Buckets by the upper bits: at least as many as names, a power of two. */
bool qtc_names_build(struct qtc_names *t, struct qtc_arena *arena, struct qtc_name *names, uint32_t count)
{
    unsigned bits = 1;
    uint32_t at = 0;

    while (bits < 31 && (UINT32_C(1) << bits) < count) {
        bits++;
    }
    *t = (struct qtc_names){.names = names, .count = count, .shift = 64 - bits};
    if (count == 0) {
        return true;
    }
    sort_names(names, count);
    t->starts = qtc_arena_array(arena, (UINT32_C(1) << bits) + 1, sizeof *t->starts);
    if (!t->starts) {
        return false;
    }
    for (uint32_t b = 0; b <= UINT32_C(1) << bits; b++) {
        while (at < count && (names[at].hash >> t->shift) < b) {
            at++;
        }
        t->starts[b] = at;
    }
    return true;
}

const struct qtc_name *qtc_names_search(const struct qtc_names *t, uint32_t lo, uint32_t hi, uint64_t hash,
                                        struct qtc_bytes name)
{
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int order = order_names(&t->names[mid], hash, name);

        if (order == 0) {
            return &t->names[mid];
        }
        if (order < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return NULL;
}

/* ---- values of an enum -------------------------------------------------------- */

static int compare_values(const void *a, const void *b)
{
    const struct qtc_value *x = a;
    const struct qtc_value *y = b;

    return (x->hash > y->hash) - (x->hash < y->hash);
}

void qtc_values_sort(struct qtc_value *values, size_t count)
{
    if (count > 1) {
        qsort(values, count, sizeof *values, compare_values);
    }
}

bool qtc_values_build(struct qtc_values *t, struct qtc_arena *arena, const struct qtc_json *array)
{
    size_t i = 0;

    t->count = array->count;
    t->values = qtc_arena_array(arena, array->count + 1, sizeof *t->values);
    if (!t->values) {
        return false;
    }
    for (const struct qtc_json *e = array->first; e; e = e->next) {
        t->values[i++] = (struct qtc_value){qtc_json_hash(e), e};
    }
    qtc_values_sort(t->values, t->count);
    return true;
}

static size_t first_of_hash(const struct qtc_values *t, uint64_t hash)
{
    size_t lo = 0;
    size_t hi = t->count;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (t->values[mid].hash < hash) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

bool qtc_values_have(const struct qtc_values *t, const struct qtc_json *value, uint64_t *budget)
{
    uint64_t hash = qtc_json_hash(value);

    for (size_t i = first_of_hash(t, hash); i < t->count && t->values[i].hash == hash; i++) {
        if (qtc_json_same(t->values[i].value, value, budget)) {
            return true;
        }
    }
    return false;
}

/* ---- a map that grows ----------------------------------------------------------- */

struct qtc_map_slot {
    uint64_t hash;
    struct qtc_bytes key; /* data NULL: free */
    uint32_t value;
};

static struct qtc_map_slot *find_slot(struct qtc_map_slot *slots, size_t size, uint64_t hash,
                                      struct qtc_bytes key)
{
    size_t at = (size_t)(hash >> 16) & (size - 1);

    while (slots[at].key.data && !(slots[at].hash == hash && qtc_bytes_equal(slots[at].key, key))) {
        at = (at + 1) & (size - 1);
    }
    return &slots[at];
}

static bool grow(struct qtc_map *m)
{
    size_t size = m->size ? m->size * 2 : 8;
    struct qtc_map_slot *slots = qtc_arena_array(m->arena, size, sizeof *slots);

    if (!slots) {
        return false;
    }
    for (size_t i = 0; i < m->size; i++) {
        if (m->slots[i].key.data) {
            *find_slot(slots, size, m->slots[i].hash, m->slots[i].key) = m->slots[i];
        }
    }
    m->slots = slots;
    m->size = size;
    return true;
}

uint32_t qtc_map_get(const struct qtc_map *m, struct qtc_bytes key)
{
    const struct qtc_map_slot *slot;

    if (m->size == 0) {
        return UINT32_MAX;
    }
    slot = find_slot(m->slots, m->size, qtc_hash_bytes(key), key);
    return slot->key.data ? slot->value : UINT32_MAX;
}

bool qtc_map_put(struct qtc_map *m, struct qtc_bytes key, uint32_t value)
{
    struct qtc_map_slot *slot;
    uint64_t hash = qtc_hash_bytes(key);

    if (m->used * 2 >= m->size && !grow(m)) {
        return false;
    }
    slot = find_slot(m->slots, m->size, hash, key);
    if (!slot->key.data) {
        *slot = (struct qtc_map_slot){hash, qtc_bytes(key.data ? key.data : "", key.len), value};
        m->used++;
    }
    return true;
}
