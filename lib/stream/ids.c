#include <string.h>
#include <sys/random.h>

#include "stream/internal.h"

/* Ids that are made up: "call_" and 24 letters and digits, as OpenAI's are. */

#define WORDS   3
#define LETTERS 8 /* a word: 62^8 is less than 2^48, so none is favoured that one would notice */

static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* The finisher of splitmix64: each bit of x reaches each bit of the result. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27) * 0x94d049bb133111ebU;
    return x ^ x >> 31;
}

/* FNV-1a, finished by mix: FNV alone leaves the high bits of short texts alike. */
uint64_t qtc_hash(uint64_t seed, struct qtc_bytes text)
{
    uint64_t h = 0xcbf29ce484222325U ^ mix(seed);

    for (size_t i = 0; i < text.len; i++) {
        h = (h ^ (unsigned char)text.data[i]) * 0x100000001b3U;
    }
    h = mix(h);
    return h != 0 ? h : 1;
}

static void stable_words(uint64_t words[WORDS], const struct choice *choice, unsigned number)
{
    struct qtc_bytes id = qtc_buf_bytes(&choice->stream->id);
    uint64_t place = (uint64_t)choice->index << 32 | number, answer = choice->stream->options.answer;

    place ^= id.len == 0 && answer > 0 ? mix(answer) : 0;
    words[0] = mix(qtc_hash(1, id) ^ mix(place));
    words[1] = mix(qtc_hash(2, id) + mix(~place));
    words[2] = mix(words[0] ^ mix(words[1]));
}

static size_t spell(char *out, const uint64_t words[WORDS])
{
    size_t len = 5;

    memcpy(out, "call_", len);
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t rest = words[i];

        for (size_t k = 0; k < LETTERS; k++) {
            out[len++] = alphabet[rest % 62];
            rest /= 62;
        }
    }
    return len;
}

static size_t spell_number(char *out, uint64_t n)
{
    char digits[20];
    size_t count = 0, len = 5;

    memcpy(out, "call_", len);
    do {
        digits[count++] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    while (count > 0) {
        out[len++] = digits[--count];
    }
    return len;
}

void qtc_id_make(struct choice *choice, struct call *call)
{
    struct qtc_stream *s = choice->stream;
    uint64_t words[WORDS];

    if (s->options.ids == QTC_IDS_SEQ) {
        call->made_len = spell_number(call->made, s->made);
    } else {
        /* A kernel without randomness still gets ids that differ. */
        if (s->options.ids != QTC_IDS_RANDOM || getrandom(words, sizeof words, 0) != sizeof words) {
            stable_words(words, choice, call->number);
        }
        call->made_len = spell(call->made, words);
    }
    s->made++;
}
