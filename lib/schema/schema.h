/* schema.h - JSON Schema: compiled once, run many times.
 *
 *     struct qtc_schema_problem problem = {0};
 *     struct qtc_schema *schema = qtc_schema_compile(tree, NULL, &problem);
 *     struct qtc_validator *v = qtc_validator_new();
 *     if (qtc_schema_check(schema, v, value) != QTC_VALID) {
 *         qtc_schema_validate(schema, v, value, on_finding, ctx);
 *     }
 *
 * Draft 4, 6, 7, 2019-09 and 2020-12, by $schema. A schema is a flat program,
 * immutable once compiled: threads share it. A validator is scratch memory that is
 * reused; a thread has its own, for any number of schemas one after the other. A
 * value that is valid costs no allocation once the scratch has grown to its need.
 *
 * Nothing is printed, fetched or opened: documents beside the one compiled come from the
 * caller's resolver, the metaschemas of the drafts are built in.
 *
 * Messages for people are composed elsewhere, from what a finding holds. */
#ifndef QTC_SCHEMA_H
#define QTC_SCHEMA_H

#include "schema/tools.h"

/* ---- names ---------------------------------------------------------------- */

enum qtc_draft {
    QTC_DRAFT_DEFAULT = 0, /* 2020-12 */
    QTC_DRAFT_4,
    QTC_DRAFT_6,
    QTC_DRAFT_7,
    QTC_DRAFT_2019_09,
    QTC_DRAFT_2020_12
};

/* QTC_K_TYPE, QTC_K_MIN_LENGTH, QTC_K_ADDITIONAL_PROPERTIES …: see keywords.h. */
enum qtc_keyword {
    QTC_K_NONE,   /* the schema `false`, or the limit of a run: see qtc_finding */
    QTC_K_CLOSED, /* closed by options.closed: nothing in the schema says so */
#define KEYWORD(id, name, drafts, vocabulary, holds) QTC_K_##id,
#include "schema/keywords.h"
#undef KEYWORD
    QTC_KEYWORDS /* how many */
};

/* As it is written in a schema; "" for NONE and CLOSED, and out of range. */
const char *qtc_keyword_name(unsigned keyword);
/* "4", "6", "7", "2019-09", "2020-12"; "" out of range. */
const char *qtc_draft_name(enum qtc_draft draft);
/* By that name, or by the metaschema's URI. False when unknown. */
bool qtc_draft_find(struct qtc_bytes name, enum qtc_draft *draft);
/* "string", "integer", …: the name of one bit of enum qtc_type; "" otherwise. */
const char *qtc_type_name(enum qtc_type type);
/* The bit of a value: INTEGER for a number without a fraction (1.0 and 1e3 too). */
enum qtc_type qtc_type_of(const struct qtc_json *value);

/* ---- compiling ------------------------------------------------------------ */

/* What is wrong with a schema, or doubtful. All bytes are borrowed: from the schema, from
 * constants, or from `text`, which the caller of compile owns (see below). */
struct qtc_schema_problem {
    struct qtc_error error;  /* message: constant. offset: of the place in its document's text */
    enum qtc_keyword keyword; /* NONE where it is not about one */
    struct qtc_bytes name;   /* the keyword, format, type, URI or name that it is about; may be empty */
    struct qtc_bytes nearest; /* the keyword that was probably meant; may be empty */
    struct qtc_bytes at;     /* JSON Pointer of the place in its document */
    struct qtc_bytes uri;    /* of that document; empty for the one that was given */
    struct qtc_bytes detail; /* more, for people: PCRE2's message, what is allowed; may be empty */
    struct qtc_buf text;     /* memory of what is above; qtc_schema_problem_free. Starts as {0} */
};

void qtc_schema_problem_free(struct qtc_schema_problem *problem);

/* A document that a schema refers to, by its absolute URI without a fragment (or by what the
 * reference says, when the schema has no base). The tree must outlive the schema. NULL: there is
 * none, and the reference is an error. Called while compiling only, once a URI. */
typedef const struct qtc_json *qtc_schema_resolve(void *ctx, struct qtc_bytes uri);

/* Called while compiling, for what is allowed and still probably wrong: a misspelt keyword
 * ("requird"), one that the schema's draft does not have, an unknown format. error.code is
 * QTC_UNKNOWN, QTC_TYPE or QTC_SYNTAX as it would be for an error. Valid during the call. */
typedef void qtc_schema_warn(void *ctx, const struct qtc_schema_problem *warning);

/* 0 is the default of each. */
struct qtc_schema_limits {
    size_t schemas;     /* subschemas compiled: 1 000 000 */
    size_t values;      /* values in all enums and consts together: 1 000 000 */
    size_t documents;   /* asked of the resolver: 1 000 */
    size_t depth;       /* subschemas that are open at once in a run: 2 000 */
    uint64_t steps;     /* of one run: 10 000 000, and 16 more a byte of the value; a finding costs 50 */
    uint32_t pattern;   /* PCRE2's match limit for one match: 1 000 000 */
};

/* Starts as {0}; NULL is the same. */
struct qtc_schema_options {
    enum qtc_draft draft; /* where $schema says nothing */
    bool formats;         /* `format` asserts. Else it is an annotation, but for the 2020-12
                             vocabulary format-assertion */
    /* Object schemas that say nothing of further members allow none. See "Closed". */
    bool closed;
    /* What is warned of is an error: nothing that could be meant to assert something is passed over. */
    bool strict;
    /* Gemini's and OpenAPI 3.0's habits: type names in upper case, `nullable: true`. */
    bool openapi;
    /* The document's own URI, absolute: relative references are resolved against it, and
     * references to it lead back. May be empty. */
    struct qtc_bytes base;
    /* Where a reference "#/…" is looked up when it leads nowhere in the schema itself: what the
     * schema stands in (qtc_tool's function and item). NULL: none. */
    const struct qtc_json *outer[2];
    qtc_schema_resolve *resolve; /* NULL: built-in metaschemas only */
    void *resolve_ctx;
    qtc_schema_warn *warn; /* NULL: not told */
    void *warn_ctx;
    struct qtc_schema_limits limits;
};

/* Closed. Real schemas seldom say additionalProperties: false and seldom mean anything else. With
 * options.closed an object schema S that has `properties` takes no other members, unless it states
 * additionalProperties, unevaluatedProperties or patternProperties: what is stated is never
 * overruled. This holds for the schema compiled and for each schema of a member or an element
 * below it, at any depth. What it does not do:
 *  - Branches of allOf, anyOf, oneOf, if/then/else, not, dependentSchemas, and targets of $ref
 *    beside other keywords that describe the same object, are not closed on their own: each
 *    describes a part of the object, and would refuse the others' parts. S around them is closed
 *    as by unevaluatedProperties: false, so that what a branch that holds describes is known.
 *    Nor are members and elements inside S and its parts then: each part may describe a part of them.
 *  - Two cases are not parts but the whole, and are closed: the target of a $ref (and the single
 *    schema of an allOf) that stands without other such keywords; and a branch of anyOf or oneOf
 *    that alone can take an object (or an array), where all others state a type without it (a
 *    model or null, a model or a list of models), and no other such keyword stands beside.
 *  - An object schema without `properties` stays open: it says nothing of names.
 * A schema that is used both ways is compiled twice. The findings' keyword is QTC_K_CLOSED. */

struct qtc_schema;

/* NULL on error; problem is then filled in (it may be NULL). The tree, its input and the resolver's
 * trees must outlive the schema; options need not. Errors: a keyword's value of the wrong kind, a
 * reference that leads nowhere or round in a circle, a pattern that is not a regular expression,
 * a $schema or a required vocabulary that is unknown, a limit. */
struct qtc_schema *qtc_schema_compile(const struct qtc_json *tree, const struct qtc_schema_options *options,
                                      struct qtc_schema_problem *problem);
/* The metaschema of a draft, compiled: to find all that is wrong with a schema. */
struct qtc_schema *qtc_schema_metaschema(enum qtc_draft draft, struct qtc_schema_problem *problem);
void qtc_schema_free(struct qtc_schema *schema);
/* What $schema said, or the default. */
enum qtc_draft qtc_schema_draft(const struct qtc_schema *schema);

/* ---- running -------------------------------------------------------------- */

enum qtc_verdict {
    QTC_VALID,
    QTC_INVALID,
    QTC_UNDECIDED /* a limit, the end of memory, or the sink stopped it: qtc_validator_error */
};

/* One thing that is wrong with a value. Bytes and nodes are borrowed from the value, the schema
 * or the scratch: valid during the call of the sink.
 *
 * keyword                what else is filled in
 * TYPE                   types: wanted (NUMBER includes integers)
 * ENUM CONST             wanted: the enum's array; the const's value
 * MINIMUM MAXIMUM EXCLUSIVE_… MULTIPLE_OF          wanted: the number
 * MIN_LENGTH MAX_LENGTH  limit, count: code points of the value
 * MIN_ITEMS MAX_ITEMS MIN_PROPERTIES MAX_PROPERTIES          limit, count
 * CONTAINS MIN_CONTAINS MAX_CONTAINS               limit, count: elements that match
 * UNIQUE_ITEMS           first, second: indexes of equal elements; member: the second
 * PATTERN FORMAT         wanted: the string
 * REQUIRED               name: the missing member. One finding a name
 * DEPENDENT_REQUIRED DEPENDENCIES  name: the missing member, trigger: the one that wants it
 * ADDITIONAL_PROPERTIES UNEVALUATED_PROPERTIES CLOSED (where none is allowed)
 *                        name, member: the unknown one. One finding a name; `at` is the object's
 * ADDITIONAL_ITEMS ITEMS PREFIX_ITEMS UNEVALUATED_ITEMS (where none is allowed)
 *                        first: index of the element, member: it. `at` is the array's
 * PROPERTIES PATTERN_PROPERTIES (the schema `false`)  name, member. `at` is the object's
 * PROPERTY_NAMES         name, member: the member whose name is refused; causes: why
 * ANY_OF ONE_OF          causes: why the branch that came nearest refuses, or empty with
 *                        types: when each branch wants another type, all that are wanted.
 *                        branch: that branch; count: how many branches match (0, or oneOf: more,
 *                        then first, second are the first two of them, and causes is empty)
 * NOT                    nothing: the value matches what it must not
 * NONE                   the schema is `false`; or error.code is not 0: a limit was passed here, and the
 *                        run ends undecided
 * Findings of what $ref, allOf, if/then/else, items … lead to are reported as their own, where
 * they are. */
struct qtc_finding {
    enum qtc_keyword keyword;
    const struct qtc_json *value; /* what it is about; for a missing member the object */
    struct qtc_bytes at;          /* its JSON Pointer */
    struct qtc_bytes schema_at;   /* JSON Pointer of the keyword in its document */
    struct qtc_bytes schema_uri;  /* that document; empty for the one that was compiled */
    const struct qtc_json *schema; /* the (sub)schema that holds the keyword: its other keywords, a title */

    unsigned types;                /* enum qtc_type bits */
    const struct qtc_json *wanted; /* the keyword's value */
    struct qtc_bytes name, trigger;
    const struct qtc_json *member;
    uint64_t limit, count;
    size_t first, second, branch;
    const struct qtc_finding *causes; /* at most QTC_CAUSES of them */
    size_t cause_count;
    struct qtc_error error;
};

#define QTC_CAUSES 16

/* The end of the chain of first causes: what an anyOf's finding comes down to. Itself without causes. */
const struct qtc_finding *qtc_finding_root(const struct qtc_finding *finding);

/* Returns false to stop. */
typedef bool qtc_finding_sink(void *ctx, const struct qtc_finding *finding);

struct qtc_validator;

struct qtc_validator *qtc_validator_new(void); /* NULL when memory ends */
void qtc_validator_free(struct qtc_validator *v);

/* The verdict alone: ends at the first reason. */
enum qtc_verdict qtc_schema_check(const struct qtc_schema *schema, struct qtc_validator *v,
                                  const struct qtc_json *value);
/* All findings, in the order of the value's text where one schema describes it. */
enum qtc_verdict qtc_schema_validate(const struct qtc_schema *schema, struct qtc_validator *v,
                                     const struct qtc_json *value, qtc_finding_sink *sink, void *ctx);
/* Why the last run was undecided; QTC_OK otherwise. */
struct qtc_error qtc_validator_error(const struct qtc_validator *v);

/* ---- what others need too -------------------------------------------------- */

/* JSON's equality: members in any order, numbers by value, exactly (1, 1.0 and 1e0 are equal). */
bool qtc_json_equal(const struct qtc_json *a, const struct qtc_json *b);
/* Less than, equal to or greater than 0. Both must be numbers. Exact at any size. */
int qtc_number_compare(struct qtc_bytes a, struct qtc_bytes b);
/* No fraction: 1, 1.0, 1e3, 10e-1. */
bool qtc_number_is_integer(struct qtc_bytes number);
/* Code points of UTF-8; of what is not UTF-8, every byte that does not continue a character counts. */
size_t qtc_utf8_length(struct qtc_bytes text);
/* Whether the text is of the format; *known is false (and the result true) for names without a row. */
bool qtc_format_check(struct qtc_bytes format, struct qtc_bytes text, bool *known);

#endif
