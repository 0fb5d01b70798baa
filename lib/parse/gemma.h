/* gemma.h - the arguments that Gemma models write, to a JSON object.
 *
 *      {city:<|"|>Tokyo<|"|>,n:42,o:{x:<|"|>y<|"|>},a:[1,true]}   Gemma 4
 *      {city:<escape>Tokyo<escape>}                               FunctionGemma
 *
 * Read from behind the opening bracket to the matching one. What comes out is
 * compact JSON, written as it becomes certain: a string goes out while it
 * arrives. Only a key, a bare word, and a string that the tool's schema wants to
 * be something else (r->types) wait for their ends.
 *
 * A string's bytes are its text; it has no escapes. Its delimiter ends it if
 * behind blanks a comma, a closing bracket, the closing marker or the end of the text
 * follows (behind a key: a colon); else it is text too. The closing marker inside
 * an open string is always text: a string that is never closed takes all that follows. */
#ifndef QTC_GEMMA_H
#define QTC_GEMMA_H

#include "parse/mend.h"

enum qtc_gemma_event {
    QTC_GEMMA_NONE,
    QTC_GEMMA_KEY,   /* a key of the object itself is complete, its colon consumed: r->key */
    QTC_GEMMA_END,   /* that key's value is complete: r->mismatch */
    QTC_GEMMA_DONE,  /* the closing bracket is consumed */
    QTC_GEMMA_CLOSE, /* the closing marker is consumed, but a bracket was missing; all is closed */
    QTC_GEMMA_BAD    /* not this syntax, before the first KEY: nothing was written */
};

/* Starts as {0}; reset before use. After DONE, CLOSE and BAD nothing more is
 * consumed. CLOSE may also end a value: r->mismatch is that value's then. */
struct qtc_gemma {
    struct qtc_buf key;    /* of the last KEY */
    struct qtc_buf text;   /* a nested key, a bare word, or a value for qtc_typed */
    struct qtc_buf pend;   /* blanks behind what may be a string's end */
    const char *delimiter; /* of strings. The first byte of a marker stands nowhere else in it */
    const char *close;     /* the call's closing marker, or NULL */
    unsigned types;        /* enum qtc_type; 0: unknown. For the caller to set at KEY */
    unsigned found;        /* enum qtc_mended */
    enum qtc_gemma_event event;
    bool mismatch;   /* with END, CLOSE and finish: the value is of none of its types */
    bool cut;        /* finish: a string or a bare word was open */
    unsigned depth;  /* open brackets; the object itself is 1 */
    unsigned arrays; /* how many of them are arrays */
    unsigned over;   /* open brackets past QTC_JSON_MAX_DEPTH */
    unsigned char state;
    unsigned char back;  /* where a mark was met */
    unsigned char maybe; /* which marks it may still be */
    unsigned char sink;  /* where a string's text goes */
    unsigned char tail_len, escape_len;
    char bracket, quote; /* quote: of the open string; 0: the delimiter */
    bool begun, first;   /* something is written; no member yet in this bracket */
    bool wrong;          /* the value is not of its types */
    size_t matched;      /* bytes of the mark */
    char tail[4];        /* an incomplete character */
    char escape[6];
    unsigned char stack[QTC_JSON_MAX_DEPTH / 8]; /* a bit a level: 1 is object */
};

/* bracket: the opening one, { or (. Markers are borrowed. */
void qtc_gemma_reset(struct qtc_gemma *r, const char *delimiter, const char *close, char bracket);
void qtc_gemma_free(struct qtc_gemma *r);
/* Consumes bytes up to the next event (r->event), the next thing mended, or
 * all; returns how many. */
size_t qtc_gemma_feed(struct qtc_gemma *r, const char *p, size_t n, struct qtc_buf *out);
/* The text ends: writes what is held as far as it has a meaning and, with
 * `close`, what makes a JSON object of it. */
void qtc_gemma_finish(struct qtc_gemma *r, struct qtc_buf *out, bool close);

#endif
