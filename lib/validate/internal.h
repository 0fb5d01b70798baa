/* internal.h - what the files of this room share. */
#ifndef QTC_VALIDATE_INTERNAL_H
#define QTC_VALIDATE_INTERNAL_H

#include "base/guess.h"
#include "validate/validate.h"

/* ---- text for people: issue.c ---------------------------------------------------- */

#define QTC_SHOWN_MAX 80 /* bytes of a value or a name */

/* On one line, cut where it is long. */
void qtc_put_short(struct qtc_buf *out, struct qtc_bytes text);
/* The same in quotes, escaped. */
void qtc_put_name(struct qtc_buf *out, struct qtc_bytes name);
/* "/key", as in a JSON Pointer. */
void qtc_put_token(struct qtc_buf *out, struct qtc_bytes key);

/* ---- pointers: pointer.c ----------------------------------------------------------- */

/* What a JSON Pointer leads to; NULL: nothing. token is scratch. */
const struct qtc_json *qtc_pointer_get(const struct qtc_json *root, struct qtc_bytes pointer,
                                       struct qtc_buf *token);
/* The pointer without its last token, which is left in *last (still escaped). Of "" it is "". */
struct qtc_bytes qtc_pointer_parent(struct qtc_bytes pointer, struct qtc_bytes *last);

/* ---- from a finding to an issue: explain.c --------------------------------------------- */

/* Where issues go, what is common to them, and memory for their texts. */
struct qtc_teller {
    qtc_issue_sink *sink;
    void *ctx;
    size_t *issues; /* counted but for warnings; NULL: not */
    bool *undecided;
    struct qtc_buf message, hint, at, wanted, token;
    bool stopped, nomem;
};

void qtc_teller_free(struct qtc_teller *t);
/* false: it was stopped. */
bool qtc_tell(struct qtc_teller *t, const struct qtc_issue *issue);

#define QTC_HINT_BUDGET ((size_t)1 << 20)

/* A call that is being checked. */
struct qtc_call_check {
    struct qtc_teller *teller;
    struct qtc_toolset *set; /* that has the tool; NULL: the tool has its parameters */
    const struct qtc_tool *tool;
    const struct qtc_json *arguments; /* their tree */
    struct qtc_issue about;           /* call, name and place, for each issue */
    bool allow_null;
    size_t hint_budget;  /* comparisons that may still be made to find names that are near */
    bool of_schema;      /* what is checked is a schema: all issues are SCHEMA_ERROR */
    struct qtc_buf last; /* a blank and the pointer of an issue about a type, where the last one was that */
};

/* A qtc_finding_sink; ctx is the qtc_call_check. */
bool qtc_explain(void *ctx, const struct qtc_finding *finding);
/* null, for a member that its object does not require. The tool has its parameters. */
bool qtc_is_optional_null(const struct qtc_tool *tool, const struct qtc_finding *finding,
                          struct qtc_buf *token);

/* ---- conversations: conversation.c ------------------------------------------------------- */

/* false: stopped, or memory ended (teller->nomem). */
bool qtc_check_conversation(const struct qtc_dialog *dialog, struct qtc_teller *teller);

/* ---- tools: toolset.c ---------------------------------------------------------------------- */

/* The options that a tool's schema is compiled with. */
void qtc_tool_schema_options(const struct qtc_tool *tool, const struct qtc_check_options *check,
                             struct qtc_schema_options *options);
/* The tool with its parameters, listed when they are first needed. NULL when memory ends. */
const struct qtc_tool *qtc_toolset_filled(struct qtc_toolset *set, const struct qtc_tool *tool);
bool qtc_tool_is_strict(const struct qtc_tool *tool);
/* `message: "name" (did you mean …?) at /pointer` */
void qtc_put_problem(struct qtc_buf *out, const struct qtc_schema_problem *problem);

/* Toolsets of records by the bytes that they were read from, for one thread; bounded. */
struct qtc_tool_cache;

struct qtc_tool_cache *qtc_tool_cache_new(const struct qtc_check_options *options);
void qtc_tool_cache_free(struct qtc_tool_cache *cache);
/* NULL: they cannot be read. */
struct qtc_toolset *qtc_tool_cache_get(struct qtc_tool_cache *cache, struct qtc_bytes text,
                                       struct qtc_error *error);

uint64_t qtc_text_hash(struct qtc_bytes text);

/* ---- tools by name: named.c ------------------------------------------------------------------- */

/* The sets that one thread read last; more of them where they come back. */
struct qtc_shelf;

struct qtc_shelf *qtc_shelf_new(const struct qtc_toolsets *all, const struct qtc_check_options *options);
void qtc_shelf_free(struct qtc_shelf *shelf);
/* Valid until the next one. NULL: there is none of that name, or it cannot be read (error->code is then not
 * QTC_OK). */
struct qtc_toolset *qtc_shelf_get(struct qtc_shelf *shelf, struct qtc_bytes name, struct qtc_error *error);

/* ---- repairs: fix.c --------------------------------------------------------------------------- */

/* Repairs arguments as far as they have one reading. text: theirs; what comes out is in *fixed, and each
 * repair goes to the sink. false: nothing was repaired, or memory ended (fixed->failed). */
struct qtc_fixing {
    const struct qtc_tool *tool;
    const struct qtc_schema *schema;
    struct qtc_validator *validator;
    bool allow_null;
    struct qtc_repair about;
    qtc_repair_sink *sink;
    void *ctx;
    struct qtc_buf *fixed;
};

bool qtc_fix_arguments(struct qtc_fixing *f, struct qtc_bytes text);

#endif
