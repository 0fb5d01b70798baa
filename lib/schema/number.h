/* number.h - JSON's numbers, exactly, at any size. Private to the library. */
#ifndef QTC_SCHEMA_NUMBER_H
#define QTC_SCHEMA_NUMBER_H

#include "json/json.h"

/* digits * 10^exponent, the digits taken without a point, zeros at both ends cut off:
 * a number has one such form. Zero has no digits. The digits are borrowed: `digits` begins at
 * the first that counts, and may have a point among them, which is not counted. */
struct qtc_number {
    const char *digits;
    size_t count;     /* of digits that count */
    int64_t exponent; /* of the last of them */
    bool negative;
};

/* The text must be a JSON number. Exponents past 18 digits are cut to 10^18. */
struct qtc_number qtc_number_read(struct qtc_bytes text);
/* Whether it is a whole number of at most 18 digits: into *out. The quick way for nearly all. */
bool qtc_number_small(struct qtc_bytes text, int64_t *out);
int qtc_number_order(const struct qtc_number *a, const struct qtc_number *b);
uint64_t qtc_number_hash(struct qtc_bytes text);

#define QTC_DIVISOR_LIMBS 32

/* What multipleOf divides by: integer * 10^exponent. */
struct qtc_divisor {
    int64_t exponent;
    size_t count; /* limbs in use */
    uint32_t limbs[QTC_DIVISOR_LIMBS]; /* the least first */
};

/* False when it is not above 0, or when it has more digits than fit (about 300). */
bool qtc_divisor_read(struct qtc_divisor *d, struct qtc_bytes text);
bool qtc_number_divisible(struct qtc_bytes text, const struct qtc_divisor *d);

#endif
