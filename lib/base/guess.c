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

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to insert, delete, change or swap with their neighbour; `limit` where it is not less. Three rows of
 * the table are enough, and no more where all of one are past the limit (a swap looks back two rows). */
static size_t edit_distance(struct qtc_bytes a, struct qtc_bytes b, size_t limit)
{
    size_t rows[3][NAME_MAX_LETTERS + 1];
    size_t nearest_above = 0;

    for (size_t i = 0; i <= a.len; i++) {
        size_t nearest = i;
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *top = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t k = 1; k <= b.len; k++) {
            if (i == 0) {
                row[k] = k;
                continue;
            }
            row[k] = above[k - 1] + (lower(a.data[i - 1]) != lower(b.data[k - 1]));
            row[k] = least(row[k], least(above[k], row[k - 1]) + 1);
            if (i > 1 && k > 1 && lower(a.data[i - 1]) == lower(b.data[k - 2]) &&
                lower(a.data[i - 2]) == lower(b.data[k - 1])) {
                row[k] = least(row[k], top[k - 2] + 1);
            }
            nearest = least(nearest, row[k]);
        }
        if (i > 0 && nearest >= limit && nearest_above >= limit) {
            return limit;
        }
        nearest_above = i > 0 ? nearest : 0;
    }
    return rows[a.len % 3][b.len];
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
        distance = edit_distance(n->given, name, n->distance);
    } else {
        return;
    }
    if (distance < n->distance) {
        n->best = name;
        n->distance = distance;
    }
}
