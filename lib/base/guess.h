/* guess.h - the name that was probably meant. */
#ifndef QTC_BASE_GUESS_H
#define QTC_BASE_GUESS_H

#include "base/base.h"

/* Names are borrowed until the guess is used. */
struct qtc_guess {
    struct qtc_bytes given;
    struct qtc_bytes best; /* data NULL: none is near */
    size_t distance;       /* of best; of the nearest that is not near enough, where there is none */
    uint32_t letters;      /* of given */
};

/* `edits`: how many letters may be inserted, left out, changed or swapped with their neighbour. */
void qtc_guess_begin(struct qtc_guess *n, struct qtc_bytes given, size_t edits);
/* Case does not count; names that differ in signs between words only are as near as can be. The given name
 * itself is passed over. */
void qtc_guess_consider(struct qtc_guess *n, struct qtc_bytes name);
/* The same letters, whatever their case, and without the signs between words. */
bool qtc_same_words(struct qtc_bytes a, struct qtc_bytes b);

#endif
