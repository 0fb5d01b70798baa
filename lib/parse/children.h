/* children.h - what children.c and child_value.c share: the tags of elements. */
#ifndef QTC_CHILDREN_H
#define QTC_CHILDREN_H

#include "parse/parser.h"

struct qtc_element {
    struct qtc_bytes name; /* without its namespace */
    bool closing, empty;
    bool note, cdata;
};

/* What stands before a tag's name: the format's prefix and '<'. */
size_t qtc_sign_length(const struct qtc_format *f);
char qtc_sign_byte(const struct qtc_format *f, size_t k);
/* Which byte of the tag at p->tag in[i] is. */
size_t qtc_tag_index(const struct qtc_parser *p, size_t i);
bool qtc_element_byte(char c);
/* A tag, or a marker, may begin at in[i]. */
size_t qtc_element_begin(struct qtc_parser *p, enum qtc_body_place place, size_t i);
/* The tag at p->tag, which ends at base + i. */
struct qtc_element qtc_element_read(struct qtc_parser *p, size_t i);
/* </NAME> of the function, or what else ends it. */
bool qtc_ends_function(const struct qtc_parser *p, struct qtc_bytes name);
/* <args> */
bool qtc_is_wrapper(const struct qtc_parser *p, struct qtc_bytes name);
/* The marker that ends the function and is whole before `next`; NULL: none. */
const struct qtc_mark *qtc_mark_before(const struct qtc_parser *p, char next);

/* child_value.c: from QTC_B_VALUE on. */
qtc_step qtc_step_child_value;
/* What was kept is the value's text. Returns i. */
size_t qtc_more_of_value(struct qtc_parser *p, size_t i);

#endif
