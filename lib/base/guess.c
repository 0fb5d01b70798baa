#include "base/guess.h"

#define NAME_MAX_LETTERS 64

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static bool is_sign(char c)
{
    return c == '_' || c == '-' || c == ' ' || c == '.';
}

bool qtc_same_words(struct qtc_bytes a, struct qtc_bytes b)
{
    size_t i = 0, k = 0;

    for (;; i++, k++) {
        while (i < a.len && is_sign(a.data[i])) {
            i++;
        }
        while (k < b.len && is_sign(b.data[k])) {
            k++;
        }
        if (i == a.len || k == b.len) {
            return i == a.len && k == b.len;
        }
        if (lower(a.data[i]) != lower(b.data[k])) {
            return false;
        }
    }
}

/* Letters to insert, delete, change or swap with their neighbour, from `a` (1 to 64 letters) to b: a column
 * of the table at a time, a bit a row, as Hyyrö describes ("A Bit-Vector Algorithm for Computing Levenshtein
 * and Damerau Edit Distances", 2003). Bit i of `up` and `down` says how the column goes on from row i to i +
 * 1, of `right` and `left` how the row goes on from the column before; `same` is where a diagonal costs
 * nothing. */
static size_t edit_distance(struct qtc_bytes a, struct qtc_bytes b)
{
    uint64_t places[256] = {0}; /* of each letter in a */
    uint64_t up = UINT64_MAX, down = 0, same = 0, before = 0;
    size_t distance = a.len;

    for (size_t i = 0; i < a.len; i++) {
        places[(unsigned char)lower(a.data[i])] |= UINT64_C(1) << i;
    }
    for (size_t k = 0; k < b.len; k++) {
        uint64_t here = places[(unsigned char)lower(b.data[k])];
        uint64_t swapped = ((~same & here) << 1) & before;
        same = (((here & up) + up) ^ up) | here | down | swapped;
        uint64_t right = down | ~(same | up), left = same & up;
        distance += right >> (a.len - 1) & 1;
        distance -= left >> (a.len - 1) & 1;
        right = right << 1 | 1;
        up = left << 1 | ~(same | right);
        down = same & right;
        before = here;
    }
    return distance;
}

/* Which letters a name has, as a set. One edit changes two of them at most. */
static uint32_t letters_of(struct qtc_bytes name)
{
    uint32_t set = 0;

    for (size_t i = 0; i < name.len; i++) {
        set |= UINT32_C(1) << (lower(name.data[i]) & 31);
    }
    return set;
}

static bool may_be_near(const struct qtc_guess *n, struct qtc_bytes name)
{
    size_t longer = n->given.len > name.len ? n->given.len - name.len : name.len - n->given.len;

    return n->given.len <= NAME_MAX_LETTERS && name.len <= NAME_MAX_LETTERS && longer < n->distance &&
           ((size_t)__builtin_popcount(n->letters ^ letters_of(name)) + 1) / 2 < n->distance;
}

void qtc_guess_begin(struct qtc_guess *n, struct qtc_bytes given, size_t edits)
{
    *n = (struct qtc_guess){.given = given, .distance = edits + 1, .letters = letters_of(given)};
}

void qtc_guess_consider(struct qtc_guess *n, struct qtc_bytes name)
{
    size_t distance;

    if (n->given.len == 0 || n->distance == 0 || qtc_bytes_equal(n->given, name)) {
        return;
    }
    if (qtc_same_words(n->given, name)) {
        distance = 0;
    } else if (may_be_near(n, name)) {
        distance = edit_distance(n->given, name);
    } else {
        return;
    }
    if (distance < n->distance) {
        n->best = name;
        n->distance = distance;
    }
}
