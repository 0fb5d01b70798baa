/* pattern.h - regular expressions that are no more than markers with gaps between them,
 * as templates use: `<tool_call>\s*<function=(?P<name>\w+)>`. Private to this folder. */
#ifndef QTC_FORMAT_PATTERN_H
#define QTC_FORMAT_PATTERN_H

#include "base/base.h"

enum qtc_pattern_kind {
    QTC_PATTERN_TEXT,   /* these very bytes */
    QTC_PATTERN_BLANKS, /* \s*, \n? */
    QTC_PATTERN_GAP,    /* .*?, [^>]* and their like */
    QTC_PATTERN_GROUP   /* the same in a group */
};

struct qtc_pattern_item {
    enum qtc_pattern_kind kind;
    struct qtc_bytes text; /* TEXT: unescaped; GROUP: its name, or empty */
    bool line;             /* BLANKS: \n?, one line end at most */
    bool digits;           /* GAP and GROUP: \d+ */
};

enum { QTC_PATTERN_ITEMS = 12, QTC_PATTERN_ALTERNATIVES = 11 };

struct qtc_pattern {
    struct qtc_pattern_item items[QTC_PATTERN_ITEMS];
    size_t count;
};

/* What an expression says: any of these. An alternative that is only ^ or $ is left out.
 * Texts live in the arena; names of groups borrow the expression. */
struct qtc_patterns {
    struct qtc_pattern list[QTC_PATTERN_ALTERNATIVES];
    size_t count;
};

enum qtc_pattern_result { QTC_PATTERN_OK, QTC_PATTERN_UNSUPPORTED, QTC_PATTERN_NOMEM };

enum qtc_pattern_result qtc_pattern_read(struct qtc_patterns *out, struct qtc_bytes expression,
                                         struct qtc_arena *arena);
/* Without blanks at its ends. */
void qtc_pattern_trim(struct qtc_pattern *p);

#endif
