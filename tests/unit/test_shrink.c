/* test_shrink.c - sets of parts are brought to what a test needs, in few questions. */
#include "capture/capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 5000 };

/* What a question looks like, and how many were asked. */
struct oracle {
    bool (*holds)(const struct oracle *o, const bool *there);
    size_t count;       /* of parts */
    size_t culprits[8]; /* that are all needed */
    size_t culprit_count;
    uint64_t seed;
    size_t stop_after; /* questions; 0: never */
    size_t asked;
    bool there[MOST], before[MOST];
};

static bool culprits_hold(const struct oracle *o, const bool *there)
{
    for (size_t i = 0; i < o->culprit_count; i++) {
        if (!there[o->culprits[i]]) {
            return false;
        }
    }
    return true;
}

/* The answer to the whole set is known, and the same is not asked twice in a row. */
static bool ask(void *ctx, const size_t *keep, size_t kept, bool *holds)
{
    struct oracle *o = ctx;

    assert_true(kept < o->count);
    memcpy(o->before, o->there, sizeof o->there);
    memset(o->there, 0, sizeof o->there);
    for (size_t i = 0; i < kept; i++) {
        assert_true(keep[i] < o->count);
        assert_true(i == 0 || keep[i] > keep[i - 1]);
        o->there[keep[i]] = true;
    }
    assert_true(o->asked == 0 || memcmp(o->before, o->there, sizeof o->there) != 0);
    o->asked++;
    *holds = o->holds(o, o->there);
    return o->asked != o->stop_after;
}

static size_t *shrink(struct oracle *o, enum qtc_code expected, size_t *kept)
{
    size_t *keep = calloc(o->count + 1, sizeof *keep);

    assert_non_null(keep);
    keep[o->count] = 4711; /* there is room for count */
    assert_int_equal(qtc_shrink(o->count, ask, o, keep, kept), expected);
    assert_int_equal(keep[o->count], 4711);
    return keep;
}

static void expect_culprits(struct oracle *o, size_t most_questions)
{
    size_t kept;
    size_t *keep = shrink(o, QTC_OK, &kept);

    assert_int_equal(kept, o->culprit_count);
    assert_memory_equal(keep, o->culprits, kept * sizeof *keep);
    assert_in_range(o->asked, 0, most_questions);
    free(keep);
}

/* ---- how many questions ------------------------------------------------------- */

static void test_one_culprit(void **state)
{
    (void)state;
    for (size_t at = 0; at < MOST; at += 7) {
        struct oracle o = {.holds = culprits_hold, .count = MOST, .culprits = {at}, .culprit_count = 1};
        expect_culprits(&o, 2 * 13 + 1); /* 2^13 > 5000 */
    }
}

static void test_far_culprits(void **state)
{
    struct oracle two = {
        .holds = culprits_hold, .count = MOST, .culprits = {0, MOST - 1}, .culprit_count = 2};
    struct oracle pairs = {.holds = culprits_hold,
                           .count = MOST,
                           .culprits = {1200, 1201, 2499, 2500, 4000, 4001},
                           .culprit_count = 6};
    (void)state;
    expect_culprits(&two, 4 * 13 + 4);
    expect_culprits(&pairs, 12 * 13);
}

static void test_all_needed(void **state)
{
    struct oracle o = {
        .holds = culprits_hold, .count = 8, .culprits = {0, 1, 2, 3, 4, 5, 6, 7}, .culprit_count = 8};
    (void)state;
    expect_culprits(&o, 1 + 2 + 4 + 8);
}

static void test_none_needed(void **state)
{
    (void)state;
    for (size_t count = 0; count < 4; count++) {
        struct oracle o = {.holds = culprits_hold, .count = count};
        expect_culprits(&o, count > 0);
    }
}

/* ---- any test ---------------------------------------------------------------------- */

/* Holds for the whole set, and for others as chance has it: not monotone. */
static bool chance_holds(const struct oracle *o, const bool *there)
{
    uint64_t hash = o->seed;
    size_t kept = 0;

    for (size_t i = 0; i < o->count; i++) {
        hash = (hash ^ (there[i] ? i + 1 : 0)) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
        kept += there[i];
    }
    return kept == o->count || (kept > 0 && hash % 3 == 0);
}

/* An odd number of parts: two can be left out together, none alone. */
static bool odd_holds(const struct oracle *o, const bool *there)
{
    size_t kept = 0;

    for (size_t i = 0; i < o->count; i++) {
        kept += there[i];
    }
    return kept == o->count || kept % 2 == 1;
}

/* Each part needs the one before it, and the last is not needed: only the end can be left out. */
static bool prefix_holds(const struct oracle *o, const bool *there)
{
    size_t kept = 0;

    while (kept < o->count && there[kept]) {
        kept++;
    }
    for (size_t i = kept; i < o->count; i++) {
        if (there[i]) {
            return false;
        }
    }
    return kept >= 3;
}

/* It holds for what is kept, and no part can be left out alone. */
static void expect_minimal(struct oracle *o)
{
    size_t kept;
    size_t *keep = shrink(o, QTC_OK, &kept);
    bool there[MOST] = {false};

    for (size_t i = 0; i < kept; i++) {
        there[keep[i]] = true;
    }
    assert_true(o->holds(o, there));
    for (size_t i = 0; i < kept; i++) {
        there[keep[i]] = false;
        assert_false(o->holds(o, there));
        there[keep[i]] = true;
    }
    free(keep);
}

static void test_any_test(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 500; seed++) {
        struct oracle o = {.holds = chance_holds, .count = 1 + seed % 40, .seed = seed};
        expect_minimal(&o);
    }
    for (size_t count = 3; count < 100; count++) {
        struct oracle odd = {.holds = odd_holds, .count = count};
        struct oracle prefix = {.holds = prefix_holds, .count = count};
        expect_minimal(&odd);
        expect_minimal(&prefix);
        assert_in_range(prefix.asked, 0, 40);
    }
}

static void test_stopped(void **state)
{
    (void)state;
    for (size_t questions = 1; questions < 20; questions++) {
        struct oracle o = {.holds = culprits_hold,
                           .count = MOST,
                           .culprits = {3, 4999},
                           .culprit_count = 2,
                           .stop_after = questions};
        size_t kept;
        size_t *keep = shrink(&o, QTC_STOPPED, &kept);
        assert_int_equal(o.asked, questions);
        assert_int_equal(keep[0] <= 3 && keep[kept - 1] == 4999, true);
        free(keep);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_culprit), cmocka_unit_test(test_far_culprits),
        cmocka_unit_test(test_all_needed),  cmocka_unit_test(test_none_needed),
        cmocka_unit_test(test_any_test),    cmocka_unit_test(test_stopped),
    };
    return cmocka_run_group_tests_name("shrink", tests, NULL, NULL);
}
