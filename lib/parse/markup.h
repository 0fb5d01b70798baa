/* markup.h - the tags of a text, and which of them belong together. Private to elements.c.
 *
 * A tag without its partner is text: an opening tag that is not closed before its
 * parent is, a closing tag that closes nothing. One pass finds the tags, one pairs
 * them; the names are numbered by sorting, so both take linear time whatever the text. */
#ifndef QTC_MARKUP_H
#define QTC_MARKUP_H

#include "base/base.h"

enum qtc_tag_kind {
    QTC_TAG_TEXT, /* without a partner */
    QTC_TAG_OPEN, /* match: its closing tag */
    QTC_TAG_CLOSE,
    QTC_TAG_EMPTY, /* <name/>; match: itself */
    QTC_TAG_CDATA, /* name: what is inside */
    QTC_TAG_NOTE   /* a comment, a processing instruction */
};

#define QTC_TAG_NONE SIZE_MAX

struct qtc_tag {
    size_t at, end;        /* its bytes in the text, the prefix included */
    struct qtc_bytes name; /* as it is written, with its namespace */
    size_t match;
    size_t next; /* for the reader of the tags; QTC_TAG_NONE */
    unsigned id; /* equal for equal names, counted from 0; namespaces apart with `noise` */
    unsigned char kind;
    bool leads; /* for the reader of the tags */
};

/* Starts as {0}. */
struct qtc_markup {
    struct qtc_tag *tags;
    size_t count;
    unsigned names; /* how many ids */
};

/* prefix: stands before each tag; NULL or "". noise: attributes, comments, CDATA sections,
 * namespaces are expected. False when memory ends. The text is borrowed. */
bool qtc_markup_read(struct qtc_markup *m, struct qtc_bytes text, const char *prefix, bool noise);
void qtc_markup_free(struct qtc_markup *m);
/* Behind a namespace. */
struct qtc_bytes qtc_markup_local(struct qtc_bytes name);

#endif
