/* text.h - the inside of a JSON string. Private to lib/json. */
#ifndef QTC_JSON_TEXT_H
#define QTC_JSON_TEXT_H

#include "json/json.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* ---- words of 8 bytes ---------------------------------------------------- */

static inline uint64_t qtc_json_repeat(unsigned char byte)
{
    return UINT64_C(0x0101010101010101) * byte;
}

/* Not 0 when a byte of the word is " or \ or below 0x20, or has one of the
 * bits of `also`. The subtractions may borrow into the next byte, but only from
 * one that counts itself: the answer for the whole word is exact. */
static inline uint64_t qtc_json_word_special(uint64_t word, uint64_t also)
{
    uint64_t quote = word ^ qtc_json_repeat('"');
    uint64_t backslash = word ^ qtc_json_repeat('\\');
    uint64_t ones = qtc_json_repeat(1);

    return ((((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
             ((word - qtc_json_repeat(0x20)) & ~word)) &
            qtc_json_repeat(0x80)) |
           (word & also);
}

static inline uint64_t qtc_json_load8(const char *p)
{
    uint64_t word;

    memcpy(&word, p, 8);
    return word;
}

static inline uint64_t qtc_json_load4(const char *p)
{
    uint32_t half;

    memcpy(&half, p, 4);
    return half;
}

/* ---- runs ---------------------------------------------------------------- */

static inline bool qtc_json_is_plain(char c, bool ascii)
{
    return (unsigned char)c >= 0x20 && c != '"' && c != '\\' && !(ascii && (c & 0x80));
}

static inline size_t qtc_json_bytewise(const char *p, size_t from, size_t n, bool ascii)
{
    while (from < n && qtc_json_is_plain(p[from], ascii)) {
        from++;
    }
    return from;
}

/* Under 16 bytes: two words that overlap see all of them without a loop. Most
 * texts have more behind them, so this stays out of the way. */
static __attribute__((noinline, unused)) size_t qtc_json_short_run(const char *p, size_t from, size_t n,
                                                                   bool ascii)
{
    const uint64_t also = ascii ? qtc_json_repeat(0x80) : 0;
    const char *at = p + from;
    size_t left = n - from;

    if (left >= 8) {
        if (!qtc_json_word_special(qtc_json_load8(at), also)) {
            return qtc_json_word_special(qtc_json_load8(p + n - 8), also)
                       ? qtc_json_bytewise(p, from + 8, n, ascii)
                       : n;
        }
    } else if (left >= 4) {
        uint64_t word = qtc_json_load4(at) | qtc_json_load4(p + n - 4) << 32;

        if (!qtc_json_word_special(word, also)) {
            return n;
        }
    }
    return qtc_json_bytewise(p, from, n, ascii);
}

#ifdef __SSE2__
static inline unsigned qtc_json_mask16(const char *p, bool ascii)
{
    const __m128i highest_control = _mm_set1_epi8(0x1f);
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, highest_control), v);
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    __m128i special = _mm_or_si128(control, _mm_or_si128(quote, backslash));

    return (unsigned)_mm_movemask_epi8(ascii ? _mm_or_si128(special, v) : special);
}

static inline size_t qtc_json_run(const char *p, size_t n, bool ascii)
{
    size_t i = 0;

    for (; n - i >= 16; i += 16) {
        unsigned mask = qtc_json_mask16(p + i, ascii);

        if (mask) {
            return i + (unsigned)__builtin_ctz(mask);
        }
    }
    return qtc_json_short_run(p, i, n, ascii);
}
#else
static inline size_t qtc_json_run(const char *p, size_t n, bool ascii)
{
    const uint64_t also = ascii ? qtc_json_repeat(0x80) : 0;
    size_t i = 0;

    while (n - i >= 16 && !qtc_json_word_special(qtc_json_load8(p + i), also)) {
        i += 8;
    }
    return n - i >= 16 ? qtc_json_bytewise(p, i, n, ascii) : qtc_json_short_run(p, i, n, ascii);
}
#endif

#endif
