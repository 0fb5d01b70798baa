#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

#define COUNT(table)  (sizeof(table) / sizeof((table)[0]))
#define LITERAL(text) qtc_bytes(text, sizeof(text) - 1)

static void assert_bytes(struct qtc_bytes got, const char *want)
{
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.data, want, got.len);
}

/* ---- bytes -------------------------------------------------------------- */

static void bytes_compare_by_length_and_content(void **state)
{
    (void)state;
    assert_true(qtc_bytes_equal(qtc_bytes(NULL, 0), qtc_str("")));
    assert_true(qtc_bytes_equal(LITERAL("a\0b"), LITERAL("a\0b")));
    assert_false(qtc_bytes_equal(LITERAL("a\0b"), LITERAL("a\0c")));
    assert_false(qtc_bytes_equal(qtc_str("ab"), qtc_str("abc")));
    assert_true(qtc_bytes_is(qtc_str("ab"), "ab"));
    assert_false(qtc_bytes_is(LITERAL("ab\0"), "ab"));
}

static void bytes_trim_blanks_on_both_sides(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},       {" \t\r\n", ""}, {"a", "a"},         {" a b ", "a b"},
        {"\n\ta", "a"}, {"a\r\n", "a"},  {"\va\v", "\va\v"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_bytes(qtc_bytes_trim(qtc_str(cases[i][0])), cases[i][1]);
    }
    assert_int_equal(qtc_bytes_trim(qtc_bytes(NULL, 0)).len, 0);
}

static void blanks_are_those_of_json(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        assert_int_equal(qtc_is_blank((char)c), c == ' ' || c == '\t' || c == '\n' || c == '\r');
    }
}

/* ---- buffer ------------------------------------------------------------- */

static void buf_keeps_what_was_appended(void **state)
{
    struct qtc_buf b = {0};

    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        qtc_buf_byte(&b, (char)i);
        qtc_buf_add(&b, NULL, 0);
    }
    assert_int_equal(b.len, 10000);
    for (unsigned i = 0; i < 10000; i++) {
        assert_int_equal(b.data[i], (char)i);
    }
    qtc_buf_clear(&b);
    assert_int_equal(b.len, 0);
    qtc_buf_str(&b, "one ");
    qtc_buf_put(&b, LITERAL("two"));
    assert_bytes(qtc_buf_bytes(&b), "one two");
    qtc_buf_free(&b);
    assert_null(b.data);
    assert_int_equal(b.cap, 0);
}

static void buf_writes_numbers(void **state)
{
    static const struct {
        uint64_t n;
        const char *text;
    } cases[] = {
        {0, "0"}, {9, "9"}, {10, "10"}, {4294967296, "4294967296"}, {UINT64_MAX, "18446744073709551615"}};
    struct qtc_buf b = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        qtc_buf_clear(&b);
        qtc_buf_u64(&b, cases[i].n);
        assert_bytes(qtc_buf_bytes(&b), cases[i].text);
    }
    qtc_buf_free(&b);
}

static void buf_room_is_writable_and_not_counted(void **state)
{
    struct qtc_buf b = {0};
    char *room;

    (void)state;
    assert_non_null(qtc_buf_room(&b, 0));
    qtc_buf_str(&b, "ab");
    room = qtc_buf_room(&b, 1000);
    assert_non_null(room);
    memset(room, 'x', 1000);
    assert_bytes(qtc_buf_bytes(&b), "ab");
    assert_ptr_equal(room, b.data + 2);
    qtc_buf_free(&b);
}

static void buf_failure_stays_until_cleared(void **state)
{
    static const size_t impossible[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 3, SIZE_MAX / 2 + 1};
    struct qtc_buf b = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(impossible); i++) {
        qtc_buf_clear(&b);
        qtc_buf_str(&b, "abc");
        assert_null(qtc_buf_room(&b, impossible[i]));
        assert_true(b.failed);
        qtc_buf_str(&b, "d");
        qtc_buf_splice(&b, 0, 1, LITERAL("xyz"));
        assert_null(qtc_buf_room(&b, 1));
        assert_bytes(qtc_buf_bytes(&b), "abc");
    }
    qtc_buf_clear(&b);
    assert_false(b.failed);
    qtc_buf_str(&b, "d");
    assert_bytes(qtc_buf_bytes(&b), "d");
    qtc_buf_free(&b);
}

static void buf_drops_its_beginning(void **state)
{
    struct qtc_buf b = {0};

    (void)state;
    qtc_buf_drop(&b, 0);
    qtc_buf_str(&b, "abcdef");
    qtc_buf_drop(&b, 2);
    assert_bytes(qtc_buf_bytes(&b), "cdef");
    qtc_buf_drop(&b, 4);
    assert_int_equal(b.len, 0);
    qtc_buf_free(&b);
}

static void buf_splices(void **state)
{
    static const struct {
        size_t at, old;
        const char *with, *want;
    } cases[] = {
        {0, 0, "", "abcdef"},          {0, 0, "12", "12abcdef"}, {6, 0, "12", "abcdef12"},
        {2, 2, "12", "ab12ef"},        {2, 3, "", "abf"},        {0, 6, "", ""},
        {1, 1, "12345", "a12345cdef"}, {5, 1, "xy", "abcdexy"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct qtc_buf b = {0};

        qtc_buf_str(&b, "abcdef");
        qtc_buf_splice(&b, cases[i].at, cases[i].old, qtc_str(cases[i].with));
        assert_bytes(qtc_buf_bytes(&b), cases[i].want);
        qtc_buf_free(&b);
    }
}

static void buf_splices_into_nothing(void **state)
{
    struct qtc_buf b = {0};

    (void)state;
    qtc_buf_splice(&b, 0, 0, qtc_bytes(NULL, 0));
    assert_int_equal(b.len, 0);
    qtc_buf_splice(&b, 0, 0, LITERAL("new"));
    assert_bytes(qtc_buf_bytes(&b), "new");
    qtc_buf_free(&b);
}

/* ---- arena -------------------------------------------------------------- */

static void check_block(const unsigned char *block, size_t size)
{
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % _Alignof(max_align_t), 0);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(block[i], 0);
    }
}

static void arena_blocks_are_zeroed_aligned_and_apart(void **state)
{
    static unsigned char *blocks[2000];
    struct qtc_arena a = {0};

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNT(blocks); i++) {
            blocks[i] = qtc_arena_alloc(&a, i % 300);
            check_block(blocks[i], i % 300);
            memset(blocks[i], (int)(i & 0xff), i % 300);
        }
        for (size_t i = 0; i < COUNT(blocks); i++) {
            assert_true(i % 300 == 0 || (blocks[i][0] == (i & 0xff) && blocks[i][i % 300 - 1] == (i & 0xff)));
        }
        qtc_arena_reset(&a);
    }
    qtc_arena_free(&a);
    assert_null(a.head);
}

static void arena_refuses_sizes_that_overflow(void **state)
{
    struct qtc_arena a = {0};

    (void)state;
    assert_null(qtc_arena_alloc(&a, SIZE_MAX));
    assert_null(qtc_arena_alloc(&a, SIZE_MAX - 16));
    assert_null(qtc_arena_alloc(&a, SIZE_MAX - 64));
    assert_null(qtc_arena_alloc(&a, SIZE_MAX / 2));
    assert_null(qtc_arena_array(&a, SIZE_MAX / 2, 3));
    assert_null(qtc_arena_array(&a, SIZE_MAX / 8 + 1, 8));
    assert_non_null(qtc_arena_array(&a, 10, 8));
    assert_non_null(qtc_arena_array(&a, 10, 0));
    assert_non_null(qtc_arena_array(&a, 0, 10));
    qtc_arena_free(&a);
}

static void arena_reset_keeps_the_largest_block(void **state)
{
    struct qtc_arena a = {0};
    char *large;

    (void)state;
    qtc_arena_reset(&a);
    assert_non_null(qtc_arena_alloc(&a, 10));
    large = qtc_arena_alloc(&a, 1 << 20);
    assert_non_null(large);
    memset(large, 'x', 1 << 20);
    assert_non_null(qtc_arena_alloc(&a, 70000));
    assert_non_null(qtc_arena_alloc(&a, 70000));
    qtc_arena_reset(&a);
    assert_ptr_equal(qtc_arena_alloc(&a, 1 << 20), large);
    assert_int_equal(large[0], 0);
    assert_int_equal(large[(1 << 20) - 1], 0);
    qtc_arena_free(&a);
}

static void arena_copies(void **state)
{
    struct qtc_arena a = {0};
    struct qtc_bytes copy = qtc_arena_copy(&a, LITERAL("a\0b"));

    (void)state;
    assert_true(qtc_bytes_equal(copy, LITERAL("a\0b")));
    copy = qtc_arena_copy(&a, qtc_bytes(NULL, 0));
    assert_non_null(copy.data);
    assert_int_equal(copy.len, 0);
    copy = qtc_arena_copy(&a, qtc_bytes("x", SIZE_MAX));
    assert_null(copy.data);
    qtc_arena_free(&a);
}

/* ---- UTF-8 -------------------------------------------------------------- */

struct utf8_case {
    const char *text;
    unsigned length;    /* of the valid character at the start */
    size_t incomplete;  /* bytes at the end that wait */
    unsigned surrogate; /* at the start */
};

static const struct utf8_case utf8_cases[] = {
    /* whole characters, at the ends of each range */
    {"a", 1, 0, 0},
    {"\x7f", 1, 0, 0},
    {"\xc2\x80", 2, 0, 0},
    {"\xdf\xbf", 2, 0, 0},
    {"\xe0\xa0\x80", 3, 0, 0},
    {"\xed\x9f\xbf", 3, 0, 0},
    {"\xee\x80\x80", 3, 0, 0},
    {"\xef\xbf\xbf", 3, 0, 0},
    {"\xf0\x90\x80\x80", 4, 0, 0},
    {"\xf4\x8f\xbf\xbf", 4, 0, 0},
    /* overlong */
    {"\xc0\x80", 0, 0, 0},
    {"\xc1\xbf", 0, 0, 0},
    {"\xe0\x80\x80", 0, 0, 0},
    {"\xe0\x9f\xbf", 0, 0, 0},
    {"\xf0\x80\x80\x80", 0, 0, 0},
    {"\xf0\x8f\xbf\xbf", 0, 0, 0},
    /* past U+10FFFF */
    {"\xf4\x90\x80\x80", 0, 0, 0},
    {"\xf5\x80\x80\x80", 0, 0, 0},
    {"\xff", 0, 0, 0},
    {"\xf8\x88\x80\x80\x80", 0, 0, 0},
    /* continuation alone, and too early an end */
    {"\x80", 0, 0, 0},
    {"\xbf\xbf\xbf\xbf", 0, 0, 0},
    {"\xc3(", 0, 0, 0},
    {"\xe2\x82(", 0, 0, 0},
    {"\xe2(\xa1", 0, 0, 0},
    {"\xf0\x9f\x98(", 0, 0, 0},
    {"\xf0(\x8c\xbc", 0, 0, 0},
    {"\xc3\xc3\xa9", 0, 0, 0},
    /* cut */
    {"\xc3", 0, 1, 0},
    {"\xe2", 0, 1, 0},
    {"\xe2\x82", 0, 2, 0},
    {"\xf0", 0, 1, 0},
    {"\xf0\x9f", 0, 2, 0},
    {"\xf0\x9f\x98", 0, 3, 0},
    {"\xf4\x8f\xbf", 0, 3, 0},
    {"a\xe2\x82", 1, 2, 0},
    {"\xc3\xa9\xc3", 2, 1, 0},
    {"\xe2\xe2\x82", 0, 2, 0},
    /* cut, but nothing can complete it */
    {"\xe0\x80", 0, 0, 0},
    {"\xf0\x80", 0, 0, 0},
    {"\xf0\x8f\xbf", 0, 0, 0},
    {"\xf4\x90", 0, 0, 0},
    {"\xc0", 0, 0, 0},
    {"\xf5", 0, 0, 0},
    {"\xe2\x82\xac\x82", 3, 0, 0},
    /* surrogates */
    {"\xed", 0, 1, 0},
    {"\xed\xa0", 0, 2, 0},
    {"\xed\xb0", 0, 2, 0},
    {"\xed\xa0\x80", 0, 3, 0xd800},
    {"\xed\xaf\xbf", 0, 3, 0xdbff},
    {"\xed\xb0\x80", 0, 0, 0xdc00},
    {"\xed\xbf\xbf", 0, 0, 0xdfff},
    {"\xed\xa0\xbd\xed\xb8\x80", 0, 0, 0xd83d},
    {"\xed\xa0(", 0, 0, 0},
    {"x\xed\xa0\xbd", 1, 3, 0},
};

static void utf8_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(utf8_cases); i++) {
        const struct utf8_case *c = &utf8_cases[i];
        size_t n = strlen(c->text);
        unsigned length = qtc_utf8_char(c->text, n);
        size_t incomplete = qtc_utf8_incomplete(c->text, n);
        unsigned surrogate = qtc_utf8_surrogate(c->text, n);

        if (length != c->length || incomplete != c->incomplete || surrogate != c->surrogate) {
            fail_msg("case %zu: length %u, incomplete %zu, surrogate %x", i, length, incomplete, surrogate);
        }
    }
    assert_int_equal(qtc_utf8_char("", 0), 0);
    assert_int_equal(qtc_utf8_incomplete(NULL, 0), 0);
}

/* Each code point, and each cut of it. */
static void utf8_code_points_round_trip(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        char text[4];
        size_t n = qtc_utf8_encode(text, c);
        bool is_surrogate = c >= 0xd800 && c <= 0xdfff;

        assert_int_equal(qtc_utf8_char(text, n), is_surrogate ? 0 : n);
        assert_int_equal(qtc_utf8_code_point(text, n), c);
        assert_int_equal(qtc_utf8_surrogate(text, n), is_surrogate ? c : 0);
        for (size_t cut = 1; cut < n; cut++) {
            assert_int_equal(qtc_utf8_char(text, cut), 0);
            assert_int_equal(qtc_utf8_incomplete(text, cut), cut);
        }
        assert_int_equal(qtc_utf8_incomplete(text, n), c >= 0xd800 && c <= 0xdbff ? 3 : 0);
    }
}

/* At every place of a word of eight bytes. */
static void utf8_of_a_text(void **state)
{
    char text[] = "0123456789abcdef01";

    (void)state;
    assert_true(qtc_utf8_valid(qtc_bytes(NULL, 0)));
    for (size_t i = 0; i + 2 < sizeof text; i++) {
        char before[2];
        memcpy(before, text + i, 2);
        memcpy(text + i, "\xc3\xa4", 2);
        assert_true(qtc_utf8_valid(qtc_str(text)));
        assert_false(qtc_utf8_valid(qtc_bytes(text, i + 1)));
        assert_false(qtc_utf8_valid(qtc_str(text + i + 1)));
        memcpy(text + i, before, 2);
    }
}

static void hexadecimal_digits(void **state)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";

    (void)state;
    for (int c = 0; c < 256; c++) {
        const char *found = c != 0 ? strchr(digits, c) : NULL;
        assert_int_equal(qtc_hex_digit((char)c), found != NULL ? (found - digits) % 16 : -1);
    }
}

static void one_of_a_list(void **state)
{
    static const char *const list[] = {"ab", "", NULL};

    (void)state;
    assert_true(qtc_bytes_is_one_of(qtc_str("ab"), list));
    assert_true(qtc_bytes_is_one_of(qtc_bytes(NULL, 0), list));
    assert_false(qtc_bytes_is_one_of(qtc_str("a"), list));
    assert_false(qtc_bytes_is_one_of(qtc_str("abc"), list));
}

static void utf8_put_appends(void **state)
{
    struct qtc_buf b = {0};

    (void)state;
    qtc_utf8_put(&b, 'a');
    qtc_utf8_put(&b, 0xe9);
    qtc_utf8_put(&b, 0x20ac);
    qtc_utf8_put(&b, 0x1f600);
    qtc_utf8_put(&b, 0xd83d);
    qtc_utf8_put(&b, 0x110000);
    assert_bytes(qtc_buf_bytes(&b), "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xed\xa0\xbd\xef\xbf\xbd");
    qtc_buf_free(&b);
}

/* ---- defects ------------------------------------------------------------ */

static void defects_have_names_of_their_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < QTC_DEFECTS; i++) {
        assert_true(qtc_defect_info(i)->slug[0] && qtc_defect_info(i)->text[0]);
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(qtc_defect_info(i)->slug, qtc_defect_info(k)->slug);
        }
    }
    assert_null(qtc_defect_info(QTC_DEFECTS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_compare_by_length_and_content),
        cmocka_unit_test(bytes_trim_blanks_on_both_sides),
        cmocka_unit_test(blanks_are_those_of_json),
        cmocka_unit_test(buf_keeps_what_was_appended),
        cmocka_unit_test(buf_writes_numbers),
        cmocka_unit_test(buf_room_is_writable_and_not_counted),
        cmocka_unit_test(buf_failure_stays_until_cleared),
        cmocka_unit_test(buf_drops_its_beginning),
        cmocka_unit_test(buf_splices),
        cmocka_unit_test(buf_splices_into_nothing),
        cmocka_unit_test(arena_blocks_are_zeroed_aligned_and_apart),
        cmocka_unit_test(arena_refuses_sizes_that_overflow),
        cmocka_unit_test(arena_reset_keeps_the_largest_block),
        cmocka_unit_test(arena_copies),
        cmocka_unit_test(utf8_tables),
        cmocka_unit_test(utf8_code_points_round_trip),
        cmocka_unit_test(utf8_of_a_text),
        cmocka_unit_test(hexadecimal_digits),
        cmocka_unit_test(one_of_a_list),
        cmocka_unit_test(utf8_put_appends),
        cmocka_unit_test(defects_have_names_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
