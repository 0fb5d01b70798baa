/* json.h - JSON (RFC 8259): a resumable scanner, an exact reader, an escaper. */
#ifndef QTC_JSON_H
#define QTC_JSON_H

#include "base/base.h"

#define QTC_JSON_MAX_DEPTH 512

/* ---- scan: is this one JSON value, when the bytes come in pieces? -------- */

/* Starts as {0}. Sees each byte once; memory is constant. */
struct qtc_json_scan {
    unsigned char state;
    unsigned char literal;                       /* position inside true, false, null, \uXXXX */
    unsigned short depth;                        /* of open arrays and objects */
    unsigned char stack[QTC_JSON_MAX_DEPTH / 8]; /* a bit a level: 1 is object */
};

enum qtc_json_progress {
    QTC_JSON_MORE, /* a prefix of a value so far (blanks before it included) */
    QTC_JSON_DONE, /* a whole value ends here: *used bytes, the last one included */
    QTC_JSON_BAD   /* not JSON from byte *used on, or deeper than QTC_JSON_MAX_DEPTH */
};

/* After DONE or BAD, feeding more returns the same. A number or a literal at
 * the top ends only at the byte behind it (which is not used), or at finish. */
enum qtc_json_progress qtc_json_scan_feed(struct qtc_json_scan *s, const char *p, size_t n, size_t *used);
/* No more bytes will come: DONE for a complete value, else BAD. */
enum qtc_json_progress qtc_json_scan_finish(struct qtc_json_scan *s);
/* The whole of `text` (blanks around it allowed) is one JSON value. */
bool qtc_json_valid(struct qtc_bytes text);

/* ---- read: the exact tree ----------------------------------------------- */

enum qtc_json_type {
    QTC_JSON_NULL,
    QTC_JSON_FALSE,
    QTC_JSON_TRUE,
    QTC_JSON_NUMBER,
    QTC_JSON_STRING,
    QTC_JSON_ARRAY,
    QTC_JSON_OBJECT
};

/* Nodes live in the arena; raw borrows the input. Numbers are never converted:
 * their text is raw. */
struct qtc_json {
    enum qtc_json_type type;
    struct qtc_bytes raw;         /* the value's bytes in the input, quotes included */
    struct qtc_bytes text;        /* STRING: decoded (the input itself when it has no escape) */
    struct qtc_bytes key;         /* decoded, when it is a member of an object */
    struct qtc_bytes raw_key;     /* with its quotes */
    const struct qtc_json *first; /* ARRAY, OBJECT: first element or member */
    const struct qtc_json *next;  /* the next one of the same parent */
    size_t count;                 /* ARRAY, OBJECT: how many */
};

/* One value, blanks around it allowed; anything else is an error with its
 * offset. Strict RFC 8259: raw control characters, invalid escapes, a leading
 * zero and NaN are errors. Invalid UTF-8 inside strings is passed through.
 * Escaped lone surrogates decode to three bytes (see base.h). Duplicate keys are
 * all kept. NULL on error. `input` and `arena` must outlive the tree. */
const struct qtc_json *qtc_json_read(struct qtc_arena *arena, struct qtc_bytes input,
                                     struct qtc_error *error);
/* The same, but stops behind the first value: *used bytes. For values that follow each other. */
const struct qtc_json *qtc_json_read_one(struct qtc_arena *arena, struct qtc_bytes input, size_t *used,
                                         struct qtc_error *error);

/* The type, or -1 for NULL. */
static inline int qtc_json_type_of(const struct qtc_json *value)
{
    return value ? (int)value->type : -1;
}

/* A member of an object (the last one with that key); NULL when there is none,
 * or when `object` is NULL or not an object. So look-ups chain without checks. */
const struct qtc_json *qtc_json_getn(const struct qtc_json *object, struct qtc_bytes key);

static inline const struct qtc_json *qtc_json_get(const struct qtc_json *object, const char *key)
{
    return qtc_json_getn(object, qtc_str(key));
}

/* The decoded text of a string; empty for NULL or anything else. */
static inline struct qtc_bytes qtc_json_text(const struct qtc_json *value)
{
    return qtc_json_type_of(value) == QTC_JSON_STRING ? value->text : qtc_bytes("", 0);
}

/* A number that is a plain non-negative integer up to UINT_MAX into *out. */
bool qtc_json_unsigned(const struct qtc_json *value, unsigned *out);

/* ---- write: escaping ---------------------------------------------------- */

/* How many bytes at p need no escape: all but " \ and 0x00..0x1f. 16 at a time. */
size_t qtc_json_plain(const char *p, size_t n);
/* Appends text as the inside of a JSON string: short escapes where JSON has
 * them, \u00XX for other controls, surrogate halves as \uDXXX. Valid UTF-8 stays; a byte
 * that is not UTF-8 becomes \ufffd. text must not end inside a character. */
void qtc_json_escape(struct qtc_buf *out, struct qtc_bytes text);
/* With the quotes. */
void qtc_json_string(struct qtc_buf *out, struct qtc_bytes text);
/* The code unit of an escape \uXXXX at p, or -1 where there is none. */
int qtc_json_unit(const char *p, size_t n);
/* Appends the decoded inside of a JSON string; false where an escape is wrong.
 * A raw `"` must not occur. For the hot path that has no tree. */
bool qtc_json_unescape(struct qtc_buf *out, struct qtc_bytes inside);
/* The same to out, which has room for inside.len bytes: no escape is shorter than what it stands for. *bad:
 * where an escape is wrong, when false. */
bool qtc_json_decode(char *out, size_t *len, struct qtc_bytes inside, size_t *bad);

#endif
