/* run.h - a value against a program. Private to the library.
 *
 *     run.c       validators, nodes, marks, what bounds a run
 *     ops.c       a function an instruction
 *     findings.c  what is told of a refusal; which branch of an anyOf came nearest
 *
 * A run is quiet (it ends at the first refusal) or loud (it goes on, and tells all). What only decides
 * something else (if, not, contains, the branches of anyOf) is run quietly also in a loud one. */
#ifndef QTC_SCHEMA_RUN_H
#define QTC_SCHEMA_RUN_H

#include "schema/program.h"

/* A value, and the way to it. */
struct qtc_at {
    const struct qtc_at *up; /* NULL: the root */
    const struct qtc_json *value;
    size_t index; /* in an array */
    bool is_name; /* the value is a member's name: the place is the object's */
};

/* Which members or elements some schema has looked at: bits in the validator's scratch. */
struct qtc_marks {
    size_t at; /* first word */
    size_t count;
    bool all;
};

struct qtc_validator {
    struct qtc_matcher *matcher;
    struct qtc_error error;
    uint64_t *marks; /* a stack */
    size_t marks_used, marks_room;
    uint32_t *scope; /* resources that the run is in; a stack */
    size_t scope_used, scope_room;
    struct qtc_value *hashes; /* of uniqueItems */
    size_t hashes_room;
    struct qtc_arena arena; /* of findings */
    struct qtc_buf text;
};

/* Findings that are kept, not told: of a branch. */
struct qtc_collector {
    struct qtc_finding *list;
    size_t kept, total;
    size_t deepest;  /* longest way down of one */
    bool other_kind; /* a const or enum right below refuses: probably another branch's value */
    size_t base;     /* depth of the value whose branches are compared */
};

struct qtc_run {
    const struct qtc_schema *schema;
    struct qtc_validator *v;
    uint64_t steps; /* left */
    size_t depth;
    bool loud, stopped;
    qtc_finding_sink *sink;
    void *ctx;
    struct qtc_collector *collector; /* NULL: findings go to the sink */
};

/* An instruction at work. marks may be NULL. */
struct qtc_site {
    const struct qtc_node *node;
    const struct qtc_insn *insn;
    const struct qtc_at *at;
    struct qtc_marks *marks;
};

/* ---- run.c ------------------------------------------------------------------- */

bool qtc_run_node(struct qtc_run *r, uint32_t node, const struct qtc_at *at, struct qtc_marks *marks);
bool qtc_run_quietly(struct qtc_run *r, uint32_t node, const struct qtc_at *at, struct qtc_marks *marks);
/* Whether the keyword `type` alone would let the value pass. */
bool qtc_type_fits(const struct qtc_node *node, const struct qtc_json *value);
/* Takes n steps; false, and the run stops, when there are not as many left. */
bool qtc_run_spend(struct qtc_run *r, const struct qtc_site *s, uint64_t n);
/* Ends the run undecided. */
void qtc_run_stop(struct qtc_run *r, const struct qtc_site *s, enum qtc_code code, const char *message);

bool qtc_marks_push(struct qtc_run *r, const struct qtc_site *s, struct qtc_marks *m, size_t count);
void qtc_marks_pop(struct qtc_run *r, const struct qtc_marks *m);
void qtc_marks_merge(struct qtc_run *r, struct qtc_marks *into, const struct qtc_marks *from);

static inline void qtc_mark(struct qtc_run *r, const struct qtc_marks *m, size_t i)
{
    r->v->marks[m->at + i / 64] |= UINT64_C(1) << i % 64;
}

static inline bool qtc_is_marked(const struct qtc_run *r, const struct qtc_marks *m, size_t i)
{
    return m->all || (r->v->marks[m->at + i / 64] >> i % 64 & 1);
}

/* ---- ops.c -------------------------------------------------------------------- */

typedef bool qtc_op(struct qtc_run *r, const struct qtc_site *s);

extern qtc_op *const qtc_ops[QTC_KEYWORDS];

/* ---- findings.c ------------------------------------------------------------------ */

/* Each returns false, and tells when the run is loud. */
bool qtc_refuse(struct qtc_run *r, const struct qtc_site *s, enum qtc_keyword k);
bool qtc_refuse_type(struct qtc_run *r, const struct qtc_node *node, const struct qtc_at *at);
bool qtc_refuse_false(struct qtc_run *r, const struct qtc_node *node, const struct qtc_at *at);
bool qtc_refuse_count(struct qtc_run *r, const struct qtc_site *s, enum qtc_keyword k, uint64_t limit, uint64_t count);
bool qtc_refuse_member(struct qtc_run *r, const struct qtc_site *s, enum qtc_keyword k, const struct qtc_json *member);
bool qtc_refuse_element(struct qtc_run *r, const struct qtc_site *s, enum qtc_keyword k,
                        const struct qtc_json *element, size_t index);
bool qtc_refuse_missing(struct qtc_run *r, const struct qtc_site *s, enum qtc_keyword k, struct qtc_bytes name,
                        struct qtc_bytes trigger);
bool qtc_refuse_equal(struct qtc_run *r, const struct qtc_site *s, const struct qtc_json *second, size_t i, size_t j);
bool qtc_refuse_branches(struct qtc_run *r, const struct qtc_site *s);
bool qtc_refuse_several(struct qtc_run *r, const struct qtc_site *s, size_t first, size_t second, uint64_t count);
bool qtc_refuse_name(struct qtc_run *r, const struct qtc_site *s, const struct qtc_json *member,
                     const struct qtc_at *name);
/* A limit, told at once, also from a quiet part. */
void qtc_tell_limit(struct qtc_run *r, const struct qtc_site *s);

#endif
