/* check.c - a record's calls, one after the other. */
#include "validate/internal.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 120

struct qtc_checker {
    struct qtc_checker_setup setup;
    struct qtc_arena record_arena, arguments_arena;
    struct qtc_buf items, names, call_text, fixed, rewritten, scratch;
    struct qtc_validator *validator;
    struct qtc_tool_cache *cache;
    struct qtc_shelf *shelf; /* NULL: no sets are named */
    struct qtc_teller teller;
    struct qtc_call_check call;
    struct qtc_dialog dialog;
};

struct qtc_checker *qtc_checker_new(const struct qtc_checker_setup *setup)
{
    struct qtc_checker *c = calloc(1, sizeof *c);

    if (c == NULL) {
        return NULL;
    }
    c->setup = *setup;
    c->validator = qtc_validator_new();
    c->cache = qtc_tool_cache_new(&setup->options);
    if (setup->named != NULL) {
        c->shelf = qtc_shelf_new(setup->named, &setup->options);
    }
    if (c->validator == NULL || c->cache == NULL || (setup->named != NULL && c->shelf == NULL)) {
        qtc_checker_free(c);
        return NULL;
    }
    return c;
}

void qtc_checker_free(struct qtc_checker *c)
{
    if (c == NULL) {
        return;
    }
    qtc_validator_free(c->validator);
    qtc_tool_cache_free(c->cache);
    qtc_shelf_free(c->shelf);
    qtc_teller_free(&c->teller);
    qtc_buf_free(&c->call.last);
    qtc_buf_free(&c->items);
    qtc_buf_free(&c->names);
    qtc_buf_free(&c->call_text);
    qtc_buf_free(&c->fixed);
    qtc_buf_free(&c->rewritten);
    qtc_buf_free(&c->scratch);
    qtc_arena_free(&c->record_arena);
    qtc_arena_free(&c->arguments_arena);
    free(c);
}

/* ---- issues of a call ------------------------------------------------------------- */

/* Begins a message; the issue is told by tell_call. */
static struct qtc_buf *say(struct qtc_checker *c, const char *text)
{
    qtc_buf_clear(&c->teller.message);
    qtc_buf_clear(&c->teller.hint);
    qtc_buf_clear(&c->teller.at);
    qtc_buf_str(&c->teller.message, text);
    return &c->teller.message;
}

static bool tell_issue(struct qtc_checker *c, struct qtc_issue issue, enum qtc_issue_code code)
{
    issue.code = code;
    issue.message = qtc_buf_bytes(&c->teller.message);
    issue.hint = qtc_buf_bytes(&c->teller.hint);
    issue.at = qtc_buf_bytes(&c->teller.at);
    return qtc_tell(&c->teller, &issue);
}

static bool tell_call(struct qtc_checker *c, enum qtc_issue_code code)
{
    return tell_issue(c, c->call.about, code);
}

/* Of the record, not of a call. */
static bool tell_record(struct qtc_checker *c, enum qtc_issue_code code)
{
    return tell_issue(c, (struct qtc_issue){.place = c->dialog.record->raw.data}, code);
}

static void did_you_mean(struct qtc_buf *hint, struct qtc_bytes name)
{
    qtc_buf_str(hint, "did you mean ");
    qtc_put_name(hint, name);
    qtc_buf_byte(hint, '?');
}

/* functions.get_weather, default_api:get_weather: the name behind a namespace. */
static struct qtc_bytes behind_namespace(struct qtc_bytes name)
{
    size_t i = name.len;

    while (i > 0 && name.data[i - 1] != '.' && name.data[i - 1] != ':' && name.data[i - 1] != '/') {
        i--;
    }
    return qtc_bytes(name.data + i, name.len - i);
}

static bool unknown_tool(struct qtc_checker *c, const struct qtc_tools *tools)
{
    struct qtc_bytes name = c->call.about.name, inner = behind_namespace(name);
    struct qtc_guess n;

    qtc_put_name(say(c, "there is no function "), name);
    if (qtc_tools_count(tools) == 0) {
        qtc_buf_str(&c->teller.message, ": there are no tools");
    }
    qtc_guess_begin(&n, name, name.len / 3);
    for (size_t i = 0; i < qtc_tools_count(tools); i++) {
        qtc_guess_consider(&n, qtc_tools_at(tools, i)->name);
    }
    if (inner.len < name.len && qtc_tools_find(tools, inner) != NULL) {
        n.best = inner;
    }
    if (n.best.data != NULL) {
        did_you_mean(&c->teller.hint, n.best);
    }
    return tell_call(c, QTC_I_UNKNOWN_TOOL);
}

/* ---- arguments ------------------------------------------------------------------------ */

static bool not_json(struct qtc_checker *c, struct qtc_bytes text, const struct qtc_error *error)
{
    struct qtc_issue issue = c->call.about;
    struct qtc_buf *out = say(c, "the arguments are not JSON: ");

    issue.line = issue.column = 1;
    issue.byte = error->offset;
    for (size_t i = 0; i < text.len && i < error->offset; i++) {
        issue.column = text.data[i] == '\n' ? 1 : issue.column + 1;
        issue.line += text.data[i] == '\n';
    }
    qtc_buf_str(out, error->message);
    qtc_buf_str(out, " at byte ");
    qtc_buf_u64(out, issue.byte);
    qtc_buf_str(out, " (");
    qtc_buf_u64(out, issue.line);
    qtc_buf_byte(out, ':');
    qtc_buf_u64(out, issue.column);
    qtc_buf_byte(out, ')');
    qtc_buf_clear(&c->scratch);
    qtc_json_string(&c->scratch, text);
    issue.got = qtc_buf_bytes(&c->scratch);
    if (qtc_bytes_trim(text).len == 0) {
        qtc_buf_str(&c->teller.hint, "{} stands for no arguments");
    }
    return tell_issue(c, issue, QTC_I_NOT_JSON);
}

static bool not_an_object(struct qtc_checker *c, const struct qtc_json *value)
{
    struct qtc_arena arena = {0};
    struct qtc_error error;
    struct qtc_bytes text = qtc_json_text(value);

    qtc_put_short(say(c, "the arguments are no object: "), value->raw);
    if (qtc_json_type_of(qtc_json_read(&arena, text, &error)) == QTC_JSON_OBJECT) {
        qtc_buf_str(&c->teller.hint, "they are encoded twice");
    }
    qtc_arena_free(&arena);
    c->call.about.got = value->raw;
    return tell_call(c, QTC_I_NOT_AN_OBJECT);
}

static int compare_keys(const void *a, const void *b)
{
    const struct qtc_json *x = *(const struct qtc_json *const *)a, *y = *(const struct qtc_json *const *)b;
    size_t common = x->key.len < y->key.len ? x->key.len : y->key.len;
    int order = common > 0 ? memcmp(x->key.data, y->key.data, common) : 0;

    order = order != 0 ? order : (x->key.len > y->key.len) - (x->key.len < y->key.len);
    return order != 0 ? order : (x->raw.data > y->raw.data) - (x->raw.data < y->raw.data);
}

enum { FEW_KEYS = 16 };

/* The second one of two members with the same key; NULL: all differ, or memory ended. */
static const struct qtc_json *find_duplicate(struct qtc_checker *c, const struct qtc_json *object)
{
    const struct qtc_json **sorted;
    size_t n = 0;

    for (const struct qtc_json *a = object->first; a != NULL && object->count <= FEW_KEYS; a = a->next) {
        for (const struct qtc_json *b = object->first; b != a; b = b->next) {
            if (qtc_bytes_equal(a->key, b->key)) {
                return a;
            }
        }
    }
    if (object->count <= FEW_KEYS) {
        return NULL;
    }
    sorted = qtc_arena_array(&c->arguments_arena, object->count, sizeof *sorted);
    c->teller.nomem = c->teller.nomem || sorted == NULL;
    for (const struct qtc_json *m = object->first; m != NULL && sorted != NULL; m = m->next) {
        sorted[n++] = m;
    }
    if (n > 0) {
        qsort(sorted, n, sizeof *sorted, compare_keys);
    }
    for (size_t i = 1; i < n; i++) {
        if (qtc_bytes_equal(sorted[i - 1]->key, sorted[i]->key)) {
            return sorted[i];
        }
    }
    return NULL;
}

/* at: the pointer of `value`, taken back to its length afterwards. The depth is the reader's. */
static bool check_keys(struct qtc_checker *c, const struct qtc_json *value, struct qtc_buf *at)
{
    bool is_object = value->type == QTC_JSON_OBJECT, good = true;
    const struct qtc_json *duplicate = is_object ? find_duplicate(c, value) : NULL;
    size_t length = at->len, index = 0;

    if (duplicate != NULL) {
        qtc_put_name(say(c, "the key "), duplicate->key);
        qtc_buf_str(&c->teller.message, " stands twice in this object");
        qtc_buf_put(&c->teller.at, qtc_buf_bytes(at));
        qtc_put_token(&c->teller.at, duplicate->key);
        good = tell_call(c, QTC_I_DUPLICATE_KEY);
    }
    if (value->type != QTC_JSON_ARRAY && !is_object) {
        return good;
    }
    for (const struct qtc_json *m = value->first; m != NULL && good; m = m->next, index++) {
        if (m->first == NULL) {
            continue;
        }
        if (is_object) {
            qtc_put_token(at, m->key);
        } else {
            qtc_buf_byte(at, '/');
            qtc_buf_u64(at, index);
        }
        good = check_keys(c, m, at);
        at->len = at->failed ? 0 : length;
    }
    return good;
}

/* ---- the schema -------------------------------------------------------------------------- */

/* A tool without a schema takes no arguments. */
static bool check_without_schema(struct qtc_checker *c)
{
    const struct qtc_json *m = c->call.arguments->first;

    for (; m != NULL && !c->setup.options.open; m = m->next) {
        qtc_put_name(say(c, ""), m->key);
        qtc_buf_str(&c->teller.message, " is not an argument of this function, which has none");
        qtc_put_token(&c->teller.at, m->key);
        if (!tell_call(c, QTC_I_UNKNOWN_ARGUMENT)) {
            return false;
        }
    }
    return true;
}

static bool check_schema(struct qtc_checker *c, struct qtc_toolset *set)
{
    struct qtc_bytes why;
    const struct qtc_schema *schema = qtc_toolset_schema(set, c->call.tool, &why);
    enum qtc_verdict verdict;

    if (schema == NULL && why.len > 0) {
        qtc_buf_put(say(c, "the function's schema cannot be used: "), why);
        return tell_call(c, QTC_I_SCHEMA_ERROR);
    }
    if (schema == NULL) {
        return check_without_schema(c);
    }
    qtc_buf_clear(&c->call.last);
    c->call.set = set;
    c->call.hint_budget = QTC_HINT_BUDGET;
    verdict = qtc_schema_validate(schema, c->validator, c->call.arguments, qtc_explain, &c->call);
    c->teller.nomem =
        c->teller.nomem || (verdict == QTC_UNDECIDED && qtc_validator_error(c->validator).code == QTC_NOMEM);
    return !c->teller.stopped && !c->teller.nomem;
}

static bool check_assert(struct qtc_checker *c, const struct qtc_item *item)
{
    struct qtc_buf *out = &c->call_text;

    if (c->setup.holds == NULL) {
        return true;
    }
    qtc_buf_clear(out);
    qtc_buf_str(out, "{\"id\":");
    if (item->id.data != NULL) {
        qtc_json_string(out, item->id);
    } else {
        qtc_buf_str(out, "null");
    }
    qtc_buf_str(out, ",\"name\":");
    qtc_json_string(out, item->name);
    qtc_buf_str(out, ",\"arguments\":");
    qtc_buf_put(out, c->call.arguments->raw);
    qtc_buf_byte(out, '}');
    say(c, "");
    c->teller.nomem = c->teller.nomem || out->failed;
    if (c->teller.nomem || c->setup.holds(c->setup.holds_ctx, qtc_buf_bytes(out), &c->teller.message)) {
        return !c->teller.nomem;
    }
    return tell_call(c, QTC_I_ASSERT_FAILED);
}

/* ---- a call ------------------------------------------------------------------------------- */

static struct qtc_bytes arguments_text(const struct qtc_item *item)
{
    if (item->arguments == NULL) {
        return qtc_str("{}");
    }
    return item->arguments->type == QTC_JSON_STRING ? item->arguments->text : item->arguments->raw;
}

/* Into call.arguments; false when they cannot be checked further. *good: not stopped. */
static bool read_arguments(struct qtc_checker *c, const struct qtc_item *item, bool *good)
{
    struct qtc_bytes text = arguments_text(item);
    struct qtc_error error = {0};
    const struct qtc_json *value = item->arguments;

    qtc_arena_reset(&c->arguments_arena);
    if (value == NULL || value->type == QTC_JSON_STRING) {
        value = qtc_json_read(&c->arguments_arena, text, &error);
    }
    c->call.arguments = value;
    c->teller.nomem = c->teller.nomem || error.code == QTC_NOMEM;
    *good = !c->teller.nomem;
    if (value == NULL) {
        *good = *good && not_json(c, text, &error);
        return false;
    }
    if (value->type != QTC_JSON_OBJECT) {
        *good = not_an_object(c, value);
        return false;
    }
    return *good;
}

static bool check_call(struct qtc_checker *c, const struct qtc_item *item, struct qtc_toolset *set)
{
    const struct qtc_tools *tools = qtc_toolset_tools(set);
    bool good = true;

    c->call.tool = item->name.data != NULL ? qtc_tools_find(tools, item->name) : NULL;
    if (item->name.data == NULL) {
        say(c, "the call names no function");
        good = tell_call(c, QTC_I_MISSING_NAME);
    } else if (c->call.tool == NULL && set != NULL) {
        good = unknown_tool(c, tools);
    }
    if (!good || !read_arguments(c, item, &good)) {
        return good;
    }
    qtc_buf_clear(&c->scratch);
    return check_keys(c, c->call.arguments, &c->scratch) && (c->call.tool == NULL || check_schema(c, set)) &&
           check_assert(c, item);
}

static void add_name(struct qtc_checker *c, struct qtc_bytes name)
{
    if (c->names.len >= NAMES_MAX) {
        return;
    }
    qtc_buf_str(&c->names, c->names.len > 0 ? ", " : "");
    qtc_put_short(&c->names, name);
    if (c->names.len >= NAMES_MAX) {
        qtc_buf_str(&c->names, ", …");
    }
}

static bool check_calls(struct qtc_checker *c, struct qtc_toolset *set)
{
    for (size_t i = 0; i < c->dialog.count; i++) {
        const struct qtc_item *item = &c->dialog.items[i];
        if (item->kind != QTC_ITEM_CALL) {
            continue;
        }
        c->call.teller = &c->teller;
        c->call.allow_null = c->setup.options.allow_null;
        c->call.about =
            (struct qtc_issue){.call = item->number, .name = item->name, .place = item->node->raw.data};
        add_name(c, item->name);
        if (!check_call(c, item, set)) {
            return false;
        }
    }
    return true;
}

/* ---- a record ------------------------------------------------------------------------------ */

/* record.x.tools for "x.tools". */
static const struct qtc_json *follow(const struct qtc_json *value, const char *path)
{
    while (path != NULL && *path != '\0' && value != NULL) {
        size_t n = strcspn(path, ".");
        value = qtc_json_getn(value, qtc_bytes(path, n));
        path += n + (path[n] == '.');
    }
    return value;
}

static bool tell_tools(struct qtc_checker *c, const struct qtc_error *error, struct qtc_bytes name)
{
    say(c, "the record's tools cannot be used: ");
    if (error->code == QTC_OK) {
        qtc_buf_str(&c->teller.message, "there are none named ");
        qtc_put_name(&c->teller.message, name);
    } else {
        qtc_buf_str(&c->teller.message, error->message);
    }
    return tell_record(c, QTC_I_UNKNOWN_TOOLS);
}

/* The record's own tools, those that it names, or those of all. false: they cannot be used, which was told.
 */
static bool find_tools(struct qtc_checker *c, struct qtc_toolset **set)
{
    const struct qtc_json *own = c->dialog.tools;
    struct qtc_error error = {0};
    struct qtc_bytes name = {0};

    *set = c->setup.tools;
    if (own != NULL) {
        *set = qtc_tool_cache_get(c->cache, own->type == QTC_JSON_STRING ? own->text : own->raw, &error);
    } else if (c->shelf != NULL) {
        name = qtc_json_text(follow(c->dialog.record, c->setup.tools_key));
        *set = qtc_shelf_get(c->shelf, name, &error);
    }
    c->teller.nomem = c->teller.nomem || error.code == QTC_NOMEM;
    if (*set == NULL && (own != NULL || c->shelf != NULL) && c->dialog.calls > 0) {
        tell_tools(c, &error, name);
        return false;
    }
    if (*set == NULL && c->dialog.calls > 0) {
        say(c, "no tools are given, by --tools or in the record");
        tell_record(c, QTC_I_NO_TOOLS);
    }
    return !c->teller.stopped && !c->teller.nomem;
}

static bool is_chunk(const struct qtc_json *record)
{
    const struct qtc_json *choices = qtc_json_get(record, "choices");

    return qtc_json_type_of(choices) == QTC_JSON_ARRAY && qtc_json_get(choices->first, "delta") != NULL;
}

static void check_dialog(struct qtc_checker *c)
{
    struct qtc_toolset *set;

    qtc_buf_clear(&c->names);
    if (!c->dialog.known) {
        say(c, is_chunk(c->dialog.record) ? "a chunk of a stream" : "no calls, and no place for them");
        qtc_buf_str(&c->teller.hint, is_chunk(c->dialog.record) ? "qtc-sse makes calls of a stream" : "");
        tell_record(c, QTC_I_UNKNOWN_RECORD);
    } else if (find_tools(c, &set) && check_calls(c, set)) {
        qtc_check_conversation(&c->dialog, &c->teller);
    }
}

/* Reads and checks the text; what is wrong goes to the sink. */
static void check_text(struct qtc_checker *c, struct qtc_bytes text, struct qtc_outcome *outcome)
{
    const struct qtc_json *record;

    qtc_arena_reset(&c->record_arena);
    outcome->issues = outcome->calls = 0;
    outcome->undecided = false;
    c->teller.issues = &outcome->issues;
    c->teller.undecided = &outcome->undecided;
    c->teller.stopped = c->teller.nomem = false;
    record = qtc_json_read_one(&c->record_arena, text, &outcome->used, &outcome->error);
    outcome->code = outcome->error.code == QTC_LIMIT ? QTC_SYNTAX : outcome->error.code;
    if (record == NULL) {
        return;
    }
    outcome->text = qtc_bytes(record->raw.data, record->raw.len);
    outcome->code = QTC_NOMEM;
    if (!qtc_dialog_read(&c->dialog, record, &c->items)) {
        return;
    }
    outcome->id = c->dialog.id != NULL ? c->dialog.id->raw : (struct qtc_bytes){0};
    check_dialog(c);
    outcome->calls = c->dialog.calls;
    outcome->names = qtc_buf_bytes(&c->names);
    outcome->code = c->teller.nomem ? QTC_NOMEM : c->teller.stopped ? QTC_STOPPED : QTC_OK;
}

/* ---- repairs --------------------------------------------------------------------------------- */

static bool ignore(void *ctx, const struct qtc_issue *issue)
{
    (void)ctx;
    (void)issue;
    return true;
}

static int compare_places(const void *a, const void *b)
{
    const struct qtc_item *x = a, *y = b;

    return (x->arguments->raw.data > y->arguments->raw.data) -
           (x->arguments->raw.data < y->arguments->raw.data);
}

/* The calls that have arguments, in the order of the text. */
static size_t sort_calls(struct qtc_item *items, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (items[i].kind == QTC_ITEM_CALL && items[i].arguments != NULL) {
            items[kept++] = items[i];
        }
    }
    if (kept > 1) {
        qsort(items, kept, sizeof *items, compare_places);
    }
    return kept;
}

/* Of one call, into c->fixed. */
static bool fix_call(struct qtc_checker *c, const struct qtc_item *item, struct qtc_toolset *set,
                     qtc_repair_sink *repaired, void *ctx)
{
    struct qtc_bytes why;
    struct qtc_fixing f = {.tool = qtc_tools_find(qtc_toolset_tools(set), item->name),
                           .validator = c->validator,
                           .allow_null = c->setup.options.allow_null,
                           .about = {.call = item->number, .name = item->name, .place = item->node->raw.data},
                           .sink = repaired,
                           .ctx = ctx,
                           .fixed = &c->fixed};

    if (f.tool == NULL) {
        return false;
    }
    f.schema = qtc_toolset_schema(set, f.tool, &why);
    f.tool = qtc_toolset_filled(set, f.tool);
    c->fixed.failed = c->fixed.failed || f.tool == NULL;
    return f.schema != NULL && f.tool != NULL && qtc_fix_arguments(&f, arguments_text(item));
}

/* Writes the record with its calls repaired into c->rewritten. false: nothing was. */
static bool rewrite(struct qtc_checker *c, struct qtc_bytes text, qtc_repair_sink *repaired, void *ctx)
{
    struct qtc_item *items = (struct qtc_item *)(void *)c->items.data;
    const char *p = text.data;
    struct qtc_toolset *set;
    bool any = false;
    size_t calls;

    c->teller.sink = ignore;
    qtc_buf_clear(&c->rewritten);
    if (!find_tools(c, &set) || set == NULL) {
        return false;
    }
    calls = sort_calls(items, c->dialog.count);
    for (size_t i = 0; i < calls; i++) {
        struct qtc_bytes raw = items[i].arguments->raw;
        if (!fix_call(c, &items[i], set, repaired, ctx)) {
            continue;
        }
        any = true;
        qtc_buf_add(&c->rewritten, p, (size_t)(raw.data - p));
        if (items[i].arguments->type == QTC_JSON_STRING) {
            qtc_json_string(&c->rewritten, qtc_buf_bytes(&c->fixed));
        } else {
            qtc_buf_put(&c->rewritten, qtc_buf_bytes(&c->fixed));
        }
        p = raw.data + raw.len;
    }
    qtc_buf_add(&c->rewritten, p, (size_t)(text.data + text.len - p));
    c->teller.nomem = c->rewritten.failed || c->fixed.failed;
    return any && !c->teller.nomem;
}

void qtc_checker_read(struct qtc_checker *c, struct qtc_bytes text, qtc_issue_sink *sink,
                      qtc_repair_sink *repaired, void *ctx, struct qtc_outcome *outcome)
{
    *outcome = (struct qtc_outcome){0};
    c->teller.ctx = ctx;
    c->teller.sink = c->setup.fix ? ignore : sink;
    check_text(c, text, outcome);
    if (!c->setup.fix || outcome->code != QTC_OK) {
        return;
    }
    size_t used = outcome->used;
    struct qtc_bytes fixed = outcome->text;
    if (outcome->issues > 0 && rewrite(c, outcome->text, repaired, ctx)) {
        fixed = qtc_buf_bytes(&c->rewritten);
    }
    c->teller.sink = sink;
    check_text(c, fixed, outcome);
    outcome->used = used;
}
