/* validate.h - are these calls right for these tools?
 *
 *     record (JSON) ──► records ──► dialog ──┬──► check         each call against its tool's schema
 *                                            └──► conversation  ids, answers, tool_choice
 *                                                     │
 *                                                  issues ──► reports
 *
 * A checker reads a record, whatever carries the calls, and hands each issue to a sink. It is for one thread;
 * toolsets are shared. Nothing is printed or opened. */
#ifndef QTC_VALIDATE_H
#define QTC_VALIDATE_H

#include "schema/schema.h"

/* ---- issues ---------------------------------------------------------------- */

enum qtc_issue_code {
#define CODE(id, slug, level, text) QTC_I_##id,
#include "validate/codes.h"
#undef CODE
    QTC_ISSUES /* how many */
};

enum qtc_level { QTC_LEVEL_WARNING, QTC_LEVEL_ERROR, QTC_LEVEL_UNDECIDED };

struct qtc_issue_info {
    const char *slug;
    enum qtc_level level;
    const char *text;
};

/* NULL when out of range. */
const struct qtc_issue_info *qtc_issue_info(unsigned code);

/* Bytes are borrowed, valid during the call of the sink. What does not apply is empty, 0 or NULL. */
struct qtc_issue {
    enum qtc_issue_code code;
    size_t call;                /* which one of its record, from 1 */
    struct qtc_bytes name;      /* the function's */
    struct qtc_bytes at;        /* JSON Pointer of the value in the arguments; of a tool: in its schema */
    const char *keyword;        /* of JSON Schema */
    struct qtc_bytes schema_at; /* JSON Pointer of the keyword in the parameters' schema */
    struct qtc_bytes got;       /* JSON */
    struct qtc_bytes wanted;    /* JSON, or a list of words */
    struct qtc_bytes message;   /* what is wrong, for people; one line */
    struct qtc_bytes hint;      /* what was probably meant: did you mean "city"? */
    const char *place;          /* a byte of the record that it is about */
    uint64_t byte;              /* NOT_JSON: where in the text of the arguments, and as line and column */
    uint64_t line, column;      /* from 1 */
};

/* Returns false to stop. */
typedef bool qtc_issue_sink(void *ctx, const struct qtc_issue *issue);

/* `/unit: "kelvin" is not one of "celsius", "fahrenheit"; did you mean …? [enum-mismatch]`, with `call 2
 * get_weather: ` before it where the issue has those. */
void qtc_issue_put(struct qtc_buf *out, const struct qtc_issue *issue);

/* ---- tools ------------------------------------------------------------------- */

/* Starts as {0}. */
struct qtc_check_options {
    bool open;       /* plain JSON Schema: argument lists are open where the schema does not close them */
    bool allow_null; /* for optional arguments */
    bool formats;    /* `format` asserts */
    enum qtc_draft draft;
    /* Documents that schemas refer to: see schema.h. NULL: there are none. Called by any thread. */
    struct qtc_bytes base;
    qtc_schema_resolve *resolve;
    void *resolve_ctx;
};

/* A set of tools is no data set: text that is longer is not read. A tree takes up to 50 times its text. */
#define QTC_TOOLS_MAX      ((size_t)16 << 20)
#define QTC_TOOLS_TOO_LONG "more than 16 MiB of tools"

/* Tools and their schemas, each compiled when it is first needed. Threads share it. */
struct qtc_toolset;

/* As qtc_tools_list: the text is borrowed, and must outlive the result. NULL on error. */
struct qtc_toolset *qtc_toolset_new(struct qtc_bytes text, const struct qtc_check_options *options,
                                    struct qtc_error *error);
void qtc_toolset_free(struct qtc_toolset *set);
const struct qtc_tools *qtc_toolset_tools(const struct qtc_toolset *set);
/* NULL when it does not compile (*why says so; it lives as long as the set) or when the tool has none (*why
 * is then empty). */
const struct qtc_schema *qtc_toolset_schema(struct qtc_toolset *set, const struct qtc_tool *tool,
                                            struct qtc_bytes *why);

/* JSON Lines of {"id": name, "tools": …}: tool sets by name. It is only read, and threads share it; each
 * checker makes those sets that its records need, and keeps the last ones. The text is borrowed: it must
 * outlive the result. NULL on error. */
struct qtc_toolsets;

struct qtc_toolsets *qtc_toolsets_new(struct qtc_bytes text, struct qtc_error *error);
void qtc_toolsets_free(struct qtc_toolsets *sets);

/* Issues of the tools themselves: schemas, names, strict mode. `tree` is what qtc_tools_read would take.
 * false: the sink stopped it, or memory ended. */
bool qtc_check_tools(const struct qtc_json *tree, const struct qtc_check_options *options,
                     qtc_issue_sink *sink, void *ctx);

/* ---- records ------------------------------------------------------------------ */

enum qtc_item_kind {
    QTC_ITEM_USER,      /* a user's turn */
    QTC_ITEM_ASSISTANT, /* a message of the model begins; its calls follow */
    QTC_ITEM_CALL,
    QTC_ITEM_ANSWER
};

struct qtc_item {
    enum qtc_item_kind kind;
    bool past;     /* in a conversation: others may follow it */
    bool answer;   /* what a model answered to the record's request */
    bool cut;      /* by a limit on its length: what it lacks may have been to come */
    size_t number; /* of a call, from 1 */
    const struct qtc_json *node;
    struct qtc_bytes id, name;        /* data NULL: none */
    const struct qtc_json *arguments; /* CALL; NULL: none */
};

/* What a record holds, in order. Borrowed from the tree and from the checker. */
struct qtc_dialog {
    const struct qtc_json *record;
    const struct qtc_json *id;          /* NULL: none */
    const struct qtc_json *tools;       /* its own; NULL: none */
    const struct qtc_json *tool_choice; /* NULL: none */
    bool one_call;                      /* parallel_tool_calls is false */
    bool request;                       /* that waits for an answer: all in it is past */
    bool known;                         /* there was a place for calls, if an empty one */
    const struct qtc_item *items;
    size_t count, calls;
};

/* items: its memory. false: memory ended, or the nesting is too deep. */
bool qtc_dialog_read(struct qtc_dialog *dialog, const struct qtc_json *record, struct qtc_buf *items);

/* ---- checking ------------------------------------------------------------------ */

/* More that must hold for a call; false, and why. `call` is {"id":…,"name":…,"arguments":…}. */
typedef bool qtc_call_assert(void *ctx, struct qtc_bytes call, struct qtc_buf *why);

struct qtc_checker;

/* Starts as {.options}; what is pointed to must outlive the checker. */
struct qtc_checker_setup {
    struct qtc_check_options options;
    struct qtc_toolset *tools;        /* of records without their own; NULL: none */
    const struct qtc_toolsets *named; /* and the place in the record where their name is: */
    const char *tools_key;            /* members' names with a point between: x.tools */
    qtc_call_assert *holds;           /* NULL: nothing more */
    void *holds_ctx;
    bool fix; /* repair what has one reading */
};

/* What became of a record. */
struct qtc_outcome {
    enum qtc_code code; /* QTC_SYNTAX: not JSON, at error; QTC_NOMEM; QTC_STOPPED by the sink */
    struct qtc_error error;
    size_t used;            /* bytes of the input that the record takes */
    size_t calls, issues;   /* issues: without warnings */
    bool undecided;         /* some of them are QTC_LEVEL_UNDECIDED */
    struct qtc_bytes id;    /* the record's, as JSON */
    struct qtc_bytes names; /* of the functions called, with a comma between; cut where it is long */
    struct qtc_bytes text;  /* the record, repaired: borrowed until the next one */
};

/* A repair: what stood there, and what does now. */
struct qtc_repair {
    size_t call;
    struct qtc_bytes name, at, was, is;
    const char *what; /* "a number in quotes", … */
    const char *place;
};

typedef void qtc_repair_sink(void *ctx, const struct qtc_repair *repair);

struct qtc_checker *qtc_checker_new(const struct qtc_checker_setup *setup); /* NULL when memory ends */
void qtc_checker_free(struct qtc_checker *c);
/* One record, at the beginning of the text (blanks before it allowed). repaired may be NULL without `fix`. */
void qtc_checker_read(struct qtc_checker *c, struct qtc_bytes text, qtc_issue_sink *sink,
                      qtc_repair_sink *repaired, void *ctx, struct qtc_outcome *outcome);

/* ---- reports ------------------------------------------------------------------- */

/* A record in a report. */
struct qtc_reported {
    const char *file;
    uint64_t line;
    const struct qtc_outcome *outcome; /* NULL in `issue` */
    struct qtc_bytes id;               /* JSON */
};

/* A kind of report. Each part appends to out; NULL: nothing. Parts of different records are made on different
 * threads, and put together in order; separator stands between them where there are several. */
struct qtc_report {
    const char *name;
    const char *text; /* for --help */
    void (*begin)(struct qtc_buf *out);
    void (*begin_file)(struct qtc_buf *out, const char *file);
    void (*issue)(struct qtc_buf *out, const struct qtc_reported *record, const struct qtc_issue *issue);
    /* All of a record's issues were given: what they made is in issues. */
    void (*record)(struct qtc_buf *out, const struct qtc_reported *record, struct qtc_bytes issues);
    void (*end_file)(struct qtc_buf *out);
    void (*end)(struct qtc_buf *out, uint64_t records);
    const char *separator;
};

const struct qtc_report *qtc_reports(size_t *count);

#endif
