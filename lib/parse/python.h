/* python.h - the arguments of a Python call, city='Tokyo', n=3), to JSON, byte by byte.
 *
 * Starts behind the call's "(" and ends with its ")" consumed. What comes out is
 * the arguments object as compact JSON: {"city":"Tokyo","n":3}, {} for none.
 *
 * Literals are read as Python reads them: strings with all prefixes and escapes,
 * adjacent or added ones joined; numbers, whose decimal text is kept; True, False,
 * None; lists, tuples, sets, dicts; comments. Nothing is evaluated: once it is
 * certain that this is a call, a value that is no literal comes out as a string of its source
 * text (QTC_MEND_NOT_JSON). f({"a": 1}) and f(**{"a": 1}) are f(a=1).
 *
 * Held back is what a later byte decides: a word, a closing quote with the blanks
 * behind it, a key until its value begins, and what stands in "(" until a comma
 * or the ")" tells a tuple from a pair of parentheses. Nothing is written before KEY or DONE. */
#ifndef QTC_PYTHON_H
#define QTC_PYTHON_H

#include "parse/mend.h"

enum qtc_python_event {
    QTC_PYTHON_NONE,
    QTC_PYTHON_KEY,  /* once: a keyword, its = and the beginning of a literal: it is a call */
    QTC_PYTHON_DONE, /* the closing parenthesis was consumed */
    QTC_PYTHON_BAD   /* what follows has no place here: it is not consumed */
};

/* Starts as {0}; reset before use. */
struct qtc_python {
    struct qtc_buf pend; /* bytes that the next byte decides */
    struct qtc_buf key;  /* a key, as JSON, whose value has not begun; or the first thing in a { */
    struct qtc_buf held; /* output that waits for KEY, or for the decision about a "(" */
    unsigned found;      /* enum qtc_mended: only what is not correct Python */
    enum qtc_python_event event;
    unsigned char state, back;       /* back: where a comment returns to */
    char quote;                      /* of the open string */
    char brace;                      /* in a format string: the last byte, when it was one */
    bool raw, bytes, format, triple; /* of the open string */
    bool closed;                     /* its last quote is certainly no text */
    bool plus;                       /* behind a plus after it */
    bool is_key;                     /* the string or word is a key, or may become one */
    bool sure;                       /* KEY was reported */
    bool single;                     /* the one positional dict was seen */
    bool any;                        /* an argument was seen */
    bool prefix;   /* in source text: the identifier before the next byte may be a string's prefix */
    unsigned high; /* an escaped high surrogate that waits for its low half, or 0 */
    size_t word;   /* in pend: where the word ends, or where a prefix begins */
    size_t nest;   /* in source text: open brackets */
    size_t ident;  /* in source text: bytes of the identifier before the next byte */
    unsigned depth, squares, braces; /* open levels below the call; those that wait for ] and } */
    unsigned undecided;              /* open "(" that may be tuples or not */
    unsigned char levels[QTC_JSON_MAX_DEPTH];
    size_t held_at[QTC_JSON_MAX_DEPTH]; /* of an undecided level: its place in held */
};

void qtc_python_reset(struct qtc_python *r);
void qtc_python_free(struct qtc_python *r);
/* Consumes bytes up to the next event (r->event), the next kind of thing that is
 * not correct Python (r->found), or all; returns how many: 0 is possible with an
 * event. After DONE or BAD, feeding more returns 0 and the same event.
 * BAD before KEY: this is no call. BAD after it: finish can still close what was written. */
size_t qtc_python_feed(struct qtc_python *r, const char *p, size_t n, struct qtc_buf *out);
/* The text ends inside: writes what is held as far as it goes and, with `close`,
 * what closes everything. A key without a value is left out. Before KEY: writes nothing. */
void qtc_python_finish(struct qtc_python *r, struct qtc_buf *out, bool close);
/* How many bytes are held, for a caller that limits them. */
size_t qtc_python_held(const struct qtc_python *r);

#endif
