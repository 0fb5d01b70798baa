/* mend.h - JSON as models write it, to JSON as it should be, byte by byte.
 *
 * Valid JSON comes out with the same bytes. What deviates and has one reading is
 * mended as it passes: a comma before a closing bracket, single quotes, bare
 * keys, True/False/None, raw control characters, comments, quotes that only read
 * as text, wrong escapes, a bracket too many or too few. What has no one reading goes
 * through as it is, and is reported (QTC_MEND_NOT_JSON).
 *
 * A byte is held only while the next one decides it: a comma, a closing quote, a
 * word, an escape. */
#ifndef QTC_MEND_H
#define QTC_MEND_H

#include "json/json.h"

enum qtc_mended {
    QTC_MEND_SINGLE_QUOTES = 1 << 0,
    QTC_MEND_UNQUOTED_KEY = 1 << 1,
    QTC_MEND_TRAILING_COMMA = 1 << 2,
    QTC_MEND_RAW_CONTROL = 1 << 3,
    QTC_MEND_UNESCAPED_QUOTE = 1 << 4,
    QTC_MEND_INVALID_ESCAPE = 1 << 5,
    QTC_MEND_PYTHON = 1 << 6,
    QTC_MEND_COMMENT = 1 << 7,
    QTC_MEND_MISSING_BRACE = 1 << 8,
    QTC_MEND_EXTRA_BRACE = 1 << 9,
    QTC_MEND_NOT_JSON = 1 << 10,
    QTC_MEND_LONE_SURROGATE = 1 << 11
};
#define QTC_MEND_BITS 12

/* The defect that a bit of enum qtc_mended (by its number) stands for. */
enum qtc_defect qtc_mend_defect(unsigned bit);

enum qtc_mend_event {
    QTC_MEND_NONE,
    QTC_MEND_KEY,    /* a key at the watched depth is complete, its colon consumed */
    QTC_MEND_VALUE,  /* a value at the watched depth begins with the next byte */
    QTC_MEND_END,    /* that value is complete */
    QTC_MEND_CLOSED, /* the watched object itself is closed */
    QTC_MEND_ANGLE,  /* the next byte is `angle`: a marker? */
    QTC_MEND_BAD     /* with stop_bad: the first thing that is no JSON */
};

/* Reset before use. Brackets, commas, colons and blanks at the watched depth
 * and above are not written; keys and values are. */
struct qtc_mend {
    struct qtc_buf pend; /* bytes that the next byte decides */
    unsigned found;      /* enum qtc_mended */
    unsigned depth;
    unsigned watch;            /* 0: one value; 1: the members of one object */
    unsigned char state, back; /* back: where a comment returns to */
    enum qtc_mend_event event;
    char quote; /* of the open string */
    char angle; /* first byte of the marker that may end all; 0: none */
    char first; /* with QTC_MEND_VALUE: the value's first byte */
    bool is_key, begun, pass_angle;
    bool high;                                   /* behind an escaped high surrogate */
    bool stop_bad;                               /* for the caller to set */
    unsigned char stack[QTC_JSON_MAX_DEPTH / 8]; /* a bit a level: 1 is object */
};

void qtc_mend_reset(struct qtc_mend *m, unsigned watch, char angle);
void qtc_mend_free(struct qtc_mend *m);
/* Consumes bytes up to the next event (m->event), the next thing mended, or
 * all; returns how many. */
size_t qtc_mend_feed(struct qtc_mend *m, const char *p, size_t n, struct qtc_buf *out);
/* After QTC_MEND_ANGLE, when it was no marker: the next byte is an ordinary one. */
void qtc_mend_pass(struct qtc_mend *m);
/* Whether it stands inside a string. */
bool qtc_mend_in_string(const struct qtc_mend *m);
/* The text ends: writes what is held as far as it goes and, with `close`, what
 * closes everything down to the watched depth. */
void qtc_mend_finish(struct qtc_mend *m, struct qtc_buf *out, bool close);
/* All of `text` as one value; false when it has no one reading. */
bool qtc_mend_text(struct qtc_bytes text, struct qtc_buf *out, unsigned *found);

#endif
