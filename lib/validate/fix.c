/* fix.c - repairs arguments that have one reading only. Each repair is tried, and kept where it leaves less
 * that is wrong; what could mean two things is left. */
#include "validate/internal.h"

#define REPAIRS_MAX 256

struct edit {
    struct qtc_bytes old; /* in the text */
    struct qtc_bytes was; /* of it, what is told */
    struct qtc_buf now;
    struct qtc_buf at;
    const char *what; /* NULL: there is no repair */
    bool opens;       /* what was in a string can now be wrong on its own */
};

struct fixer {
    struct qtc_fixing *job;
    struct qtc_arena arena, scratch;
    const struct qtc_json *tree; /* of job->fixed */
    struct qtc_buf tried, token;
    struct edit edit;
    size_t findings, wanted; /* seen; the one to be repaired */
};

/* ---- readings ----------------------------------------------------------------------- */

static const struct {
    const char *python, *json;
    unsigned type;
} words[] = {
    {"True", "true", QTC_T_BOOLEAN},
    {"False", "false", QTC_T_BOOLEAN},
    {"None", "null", QTC_T_NULL},
};

/* A string that spells a value of a type that is wanted. */
static void unquote(struct fixer *f, const struct qtc_json *value, unsigned types)
{
    struct qtc_error error;
    const struct qtc_json *inner = qtc_json_read(&f->scratch, value->text, &error);
    unsigned type = inner != NULL ? (unsigned)qtc_type_of(inner) : 0;

    type |= type == QTC_T_INTEGER ? (unsigned)QTC_T_NUMBER : 0;
    if (inner != NULL && (type & types) != 0) {
        qtc_buf_put(&f->edit.now, inner->raw);
        f->edit.opens = (type & (QTC_T_ARRAY | QTC_T_OBJECT)) != 0;
        f->edit.what = f->edit.opens ? "JSON in a string" : "in quotes";
        return;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (qtc_bytes_is(value->text, words[i].python) && (words[i].type & types) != 0) {
            qtc_buf_str(&f->edit.now, words[i].json);
            f->edit.what = "a word of Python in quotes";
        }
    }
}

static void repair_type(struct fixer *f, const struct qtc_finding *finding)
{
    const struct qtc_json *value = finding->value;

    if (value->type == QTC_JSON_STRING) {
        unquote(f, value, finding->types);
    }
    if (f->edit.what == NULL && (finding->types & ~(unsigned)QTC_T_NULL) == QTC_T_ARRAY &&
        value->type != QTC_JSON_NULL) {
        qtc_buf_byte(&f->edit.now, '[');
        qtc_buf_put(&f->edit.now, value->raw);
        qtc_buf_byte(&f->edit.now, ']');
        f->edit.what = "one value where a list is due";
    }
}

/* The only value of the enum that differs in case, or in quotes. */
static void repair_enum(struct fixer *f, const struct qtc_finding *finding)
{
    const struct qtc_json *value = finding->value, *found = NULL;
    bool text = value->type == QTC_JSON_STRING;
    size_t count = 0;

    for (const struct qtc_json *v = finding->wanted->first; v != NULL; v = v->next) {
        bool same = v->type == QTC_JSON_STRING && text && qtc_same_words(v->text, value->text);
        same = same || ((v->type == QTC_JSON_STRING) != text &&
                        qtc_bytes_equal(text ? value->text : value->raw, text ? v->raw : v->text));
        count += same;
        found = same ? v : found;
    }
    if (count == 1) {
        qtc_buf_put(&f->edit.now, found->raw);
        f->edit.what = found->type == value->type ? "written as the schema has it" : "in quotes";
    }
}

/* The member and one comma. */
static void repair_null(struct fixer *f, const struct qtc_finding *finding)
{
    const struct qtc_json *value = finding->value;
    const char *from = value->raw_key.data, *to = value->raw.data + value->raw.len;
    const char *start = f->tree->raw.data, *end = start + f->tree->raw.len;
    const char *p = to;

    while (p < end && qtc_is_blank(*p)) {
        p++;
    }
    if (p < end && *p == ',') {
        for (to = p + 1; to < end && qtc_is_blank(*to); to++) {
        }
    } else {
        for (p = from; p > start && qtc_is_blank(p[-1]); p--) {
        }
        from = p > start && p[-1] == ',' ? p - 1 : from;
    }
    f->edit.old = qtc_bytes(from, (size_t)(to - from));
    f->edit.what = "left out";
}

static bool on_finding(void *ctx, const struct qtc_finding *finding)
{
    struct fixer *f = ctx;
    bool alternatives = finding->keyword == QTC_K_ANY_OF || finding->keyword == QTC_K_ONE_OF;

    if (f->findings++ != f->wanted) {
        return true;
    }
    if (alternatives && finding->cause_count > 0) {
        finding = qtc_finding_root(finding);
    }
    if (finding->value == NULL) {
        return true; /* nothing that could be replaced */
    }
    qtc_buf_put(&f->edit.at, finding->at);
    f->edit.old = f->edit.was = finding->value->raw;
    if (qtc_is_optional_null(f->job->tool, finding, &f->token)) {
        if (!f->job->allow_null) {
            repair_null(f, finding);
        }
    } else if (finding->types != 0) {
        repair_type(f, finding);
        f->edit.opens = f->edit.opens && finding->keyword == QTC_K_TYPE;
    } else if (finding->keyword == QTC_K_ENUM) {
        repair_enum(f, finding);
    }
    return true;
}

/* ---- trying ----------------------------------------------------------------------------- */

static bool count_finding(void *ctx, const struct qtc_finding *finding)
{
    size_t *count = ctx;

    (void)finding;
    ++*count;
    return true;
}

/* How much is wrong with a text; SIZE_MAX: it is no object. */
static size_t count_findings(struct fixer *f, struct qtc_bytes text)
{
    struct qtc_error error;
    const struct qtc_json *tree;
    size_t count = 0;

    qtc_arena_reset(&f->scratch);
    tree = qtc_json_read(&f->scratch, text, &error);
    if (qtc_json_type_of(tree) != QTC_JSON_OBJECT) {
        return SIZE_MAX;
    }
    qtc_schema_validate(f->job->schema, f->job->validator, tree, count_finding, &count);
    return count;
}

/* The text becomes what was tried. */
static void accept(struct fixer *f, const char *what, struct qtc_bytes at, struct qtc_bytes was,
                   struct qtc_bytes is)
{
    struct qtc_repair repair = f->job->about;

    repair.at = at;
    repair.was = was;
    repair.is = is;
    repair.what = what;
    if (f->job->sink != NULL) {
        f->job->sink(f->job->ctx, &repair);
    }
    qtc_buf_clear(f->job->fixed);
    qtc_buf_put(f->job->fixed, qtc_buf_bytes(&f->tried));
}

static bool try_edit(struct fixer *f, size_t before)
{
    struct qtc_bytes text = qtc_buf_bytes(f->job->fixed);
    size_t at = (size_t)(f->edit.old.data - text.data);

    qtc_buf_clear(&f->tried);
    qtc_buf_add(&f->tried, text.data, at);
    qtc_buf_put(&f->tried, qtc_buf_bytes(&f->edit.now));
    qtc_buf_add(&f->tried, text.data + at + f->edit.old.len, text.len - at - f->edit.old.len);
    size_t after = count_findings(f, qtc_buf_bytes(&f->tried));
    if (f->tried.failed || (after >= before && !f->edit.opens)) {
        return false;
    }
    accept(f, f->edit.what, qtc_buf_bytes(&f->edit.at), f->edit.was, qtc_buf_bytes(&f->edit.now));
    return true;
}

static bool try_whole(struct fixer *f, struct qtc_bytes text, const char *what)
{
    qtc_buf_clear(&f->tried);
    qtc_buf_put(&f->tried, text);
    if (f->tried.failed || count_findings(f, qtc_buf_bytes(&f->tried)) != 0) {
        return false;
    }
    accept(f, what, qtc_bytes("", 0), qtc_buf_bytes(f->job->fixed), qtc_buf_bytes(&f->tried));
    return true;
}

/* One object too many around the arguments, or a text around their text. */
static bool unwrap(struct fixer *f)
{
    const struct qtc_json *tree = f->tree,
                          *inner = qtc_json_type_of(tree) > (int)QTC_JSON_STRING ? tree->first : NULL;
    bool single = inner != NULL && tree->count == 1 && inner->type == QTC_JSON_OBJECT;

    if (qtc_bytes_trim(qtc_buf_bytes(f->job->fixed)).len == 0 || qtc_json_type_of(tree) == QTC_JSON_NULL) {
        return try_whole(f, qtc_str("{}"), "no arguments");
    }
    if (qtc_json_type_of(tree) == QTC_JSON_STRING) {
        struct qtc_bytes text = tree->text;
        qtc_buf_clear(&f->tried);
        qtc_buf_put(&f->tried, text);
        if (f->tried.failed || count_findings(f, text) == SIZE_MAX) {
            return false;
        }
        accept(f, "encoded twice", qtc_bytes("", 0), qtc_buf_bytes(f->job->fixed), qtc_buf_bytes(&f->tried));
        return true;
    }
    if (single && (tree->type == QTC_JSON_ARRAY || qtc_tool_param(f->job->tool, inner->key) == NULL)) {
        return try_whole(f, inner->raw,
                         tree->type == QTC_JSON_ARRAY ? "one list too many" : "one object too many");
    }
    return false;
}

/* ---- one repair after the other ------------------------------------------------------------ */

static void reset_edit(struct edit *e)
{
    qtc_buf_clear(&e->now);
    qtc_buf_clear(&e->at);
    e->what = NULL;
    e->opens = false;
}

/* The first finding that can be repaired. */
static bool repair_next(struct fixer *f)
{
    struct qtc_error error;

    qtc_arena_reset(&f->arena);
    f->tree = qtc_json_read(&f->arena, qtc_buf_bytes(f->job->fixed), &error);
    if (qtc_json_type_of(f->tree) != QTC_JSON_OBJECT) {
        return unwrap(f);
    }
    size_t total = count_findings(f, qtc_buf_bytes(f->job->fixed));
    if (total > 0 && unwrap(f)) {
        return true;
    }
    for (f->wanted = 0; f->wanted < total && f->wanted < REPAIRS_MAX; f->wanted++) {
        f->findings = 0;
        reset_edit(&f->edit);
        qtc_arena_reset(&f->scratch);
        qtc_schema_validate(f->job->schema, f->job->validator, f->tree, on_finding, f);
        if (f->edit.what != NULL && try_edit(f, total)) {
            return true;
        }
    }
    return false;
}

bool qtc_fix_arguments(struct qtc_fixing *job, struct qtc_bytes text)
{
    struct fixer f = {.job = job};
    bool any = false;

    qtc_buf_clear(job->fixed);
    qtc_buf_put(job->fixed, text);
    for (size_t i = 0; i < REPAIRS_MAX && !job->fixed->failed && repair_next(&f); i++) {
        any = true;
    }
    qtc_arena_free(&f.arena);
    qtc_arena_free(&f.scratch);
    qtc_buf_free(&f.tried);
    qtc_buf_free(&f.token);
    qtc_buf_free(&f.edit.now);
    qtc_buf_free(&f.edit.at);
    return any && !job->fixed->failed;
}
