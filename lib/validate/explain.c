/* explain.c - what a finding of the schema's means, in words: a row a keyword. */
#include "validate/internal.h"

#include <string.h>

#define LISTED_MAX 8 /* values of an enum that a message names */

/* What one message is made of. */
struct saying {
    struct qtc_call_check *check;
    const struct qtc_finding *finding;
    struct qtc_buf *message, *hint, *wanted, *at;
    struct qtc_bytes got;
    enum qtc_issue_code code;
};

typedef void say(struct saying *s);

static const struct qtc_json *arguments_at(const struct saying *s)
{
    return qtc_pointer_get(s->check->arguments, s->finding->at, &s->check->teller->token);
}

static void put_got(struct saying *s)
{
    s->got = s->finding->value != NULL ? s->finding->value->raw : (struct qtc_bytes){0};
    qtc_put_short(s->message, s->got);
}

/* ---- types ------------------------------------------------------------------------ */

static const struct {
    unsigned type;
    const char *what;
} type_words[] = {
    {QTC_T_STRING, "a string"},   {QTC_T_INTEGER, "an integer"}, {QTC_T_NUMBER, "a number"},
    {QTC_T_BOOLEAN, "a boolean"}, {QTC_T_NULL, "null"},          {QTC_T_ARRAY, "an array"},
    {QTC_T_OBJECT, "an object"},
};

enum { TYPES = sizeof type_words / sizeof *type_words };

static void put_types(struct qtc_buf *out, unsigned types)
{
    const char *separator = "";

    for (size_t i = 0; i < TYPES; i++) {
        if ((types & type_words[i].type) != 0) {
            bool last = (types & ~(2 * type_words[i].type - 1)) == 0;
            qtc_buf_str(out, *separator == '\0' ? "" : last ? " or " : ", ");
            qtc_buf_str(out, type_words[i].what);
            separator = ",";
        }
    }
}

static void put_type_names(struct qtc_buf *out, unsigned types)
{
    for (unsigned i = 0; i < TYPES; i++) {
        if ((types >> i & 1) != 0) {
            qtc_buf_str(out, out->len > 0 ? ", " : "");
            qtc_buf_str(out, qtc_type_name((enum qtc_type)(1U << i)));
        }
    }
}

/* What a value of another type was probably meant to be. */
static void hint_type(struct saying *s, unsigned types)
{
    const struct qtc_json *value = s->finding->value;
    struct qtc_arena arena = {0};
    struct qtc_error error;
    const struct qtc_json *inner = NULL;

    if (value->type == QTC_JSON_STRING) {
        inner = qtc_json_read(&arena, value->text, &error);
    }
    unsigned type = inner != NULL ? (unsigned)qtc_type_of(inner) : 0;
    type |= type == QTC_T_INTEGER ? (unsigned)QTC_T_NUMBER : 0;
    if (inner != NULL && (type & types) != 0) {
        if (inner->type == QTC_JSON_ARRAY || inner->type == QTC_JSON_OBJECT) {
            qtc_buf_str(s->hint, "JSON in a string");
        } else {
            put_types(s->hint, type & types &
                                   ~(type == (QTC_T_INTEGER | QTC_T_NUMBER) && (types & QTC_T_INTEGER)
                                         ? (unsigned)QTC_T_NUMBER
                                         : 0U));
            qtc_buf_str(s->hint, " in quotes");
        }
    } else if (value->type == QTC_JSON_NULL) {
        qtc_buf_str(s->hint, s->code == QTC_I_NULL_FOR_OPTIONAL ? "leave it out" : "");
    } else if ((types & QTC_T_ARRAY) != 0 && value->type != QTC_JSON_OBJECT) {
        qtc_buf_str(s->hint, "one value where a list of them is due");
    }
    qtc_arena_free(&arena);
}

static void say_types(struct saying *s, unsigned types)
{
    const struct qtc_json *value = s->finding->value;

    put_got(s);
    put_type_names(s->wanted, types);
    if (value->type != QTC_JSON_NULL) {
        qtc_buf_str(s->message, " is ");
        put_types(s->message, (unsigned)qtc_type_of(value));
        qtc_buf_str(s->message, ", not ");
    } else {
        qtc_buf_str(s->message, " is not ");
    }
    put_types(s->message, types);
    hint_type(s, types);
}

static void say_type(struct saying *s)
{
    say_types(s, s->finding->types);
}

/* ---- values -------------------------------------------------------------------------- */

static void put_values(struct qtc_buf *out, const struct qtc_json *list)
{
    size_t n = 0;

    for (const struct qtc_json *v = list->first; v != NULL && n < LISTED_MAX; v = v->next, n++) {
        qtc_buf_str(out, n > 0 ? ", " : "");
        qtc_put_short(out, v->raw);
    }
    if (list->count > n) {
        qtc_buf_str(out, ", … (");
        qtc_buf_u64(out, list->count);
        qtc_buf_str(out, " in all)");
    }
}

static void hint_value(struct saying *s, const struct qtc_json *list)
{
    struct qtc_bytes given =
        s->finding->value->type == QTC_JSON_STRING ? s->finding->value->text : s->finding->value->raw;
    struct qtc_guess n;
    const struct qtc_json *best = NULL;

    qtc_guess_begin(&n, given, given.len / 3);
    for (const struct qtc_json *v = list->first; v != NULL; v = v->next) {
        bool text = v->type == QTC_JSON_STRING;
        if (text == (s->finding->value->type == QTC_JSON_STRING)) {
            size_t before = n.distance;
            qtc_guess_consider(&n, text ? v->text : qtc_bytes("", 0));
            best = n.distance < before ? v : best;
        } else if (qtc_bytes_equal(text ? v->text : v->raw, given)) {
            best = v; /* with quotes, or without */
            break;
        }
    }
    if (best != NULL) {
        qtc_buf_str(s->hint, "did you mean ");
        qtc_put_short(s->hint, best->raw);
        qtc_buf_byte(s->hint, '?');
    }
}

static void say_enum(struct saying *s)
{
    put_got(s);
    qtc_buf_str(s->message, " is not one of ");
    put_values(s->message, s->finding->wanted);
    put_values(s->wanted, s->finding->wanted);
    hint_value(s, s->finding->wanted);
}

static const struct {
    enum qtc_keyword keyword;
    const char *before, *behind;
} wanted_words[] = {
    {QTC_K_CONST, " is not ", ""},
    {QTC_K_MINIMUM, " is below the minimum ", ""},
    {QTC_K_MAXIMUM, " is above the maximum ", ""},
    {QTC_K_EXCLUSIVE_MINIMUM, " is not above ", ""},
    {QTC_K_EXCLUSIVE_MAXIMUM, " is not below ", ""},
    {QTC_K_MULTIPLE_OF, " is not a multiple of ", ""},
    {QTC_K_PATTERN, " does not match ", ""},
    {QTC_K_FORMAT, " is not of the format ", ""},
};

static void say_wanted(struct saying *s)
{
    put_got(s);
    for (size_t i = 0; i < sizeof wanted_words / sizeof *wanted_words; i++) {
        if (wanted_words[i].keyword == s->finding->keyword) {
            qtc_buf_str(s->message, wanted_words[i].before);
            qtc_put_short(s->message, s->finding->wanted->raw);
            qtc_buf_str(s->message, wanted_words[i].behind);
        }
    }
    qtc_put_short(s->wanted, s->finding->wanted->raw);
}

/* ---- counts ---------------------------------------------------------------------------- */

static const struct {
    enum qtc_keyword keyword;
    const char *one, *many, *limit;
} count_words[] = {
    {QTC_K_MIN_LENGTH, "character", "characters", "at least "},
    {QTC_K_MAX_LENGTH, "character", "characters", "at most "},
    {QTC_K_MIN_ITEMS, "element", "elements", "at least "},
    {QTC_K_MAX_ITEMS, "element", "elements", "at most "},
    {QTC_K_MIN_PROPERTIES, "member", "members", "at least "},
    {QTC_K_MAX_PROPERTIES, "member", "members", "at most "},
    {QTC_K_CONTAINS, "element that fits", "elements that fit", "at least "},
    {QTC_K_MIN_CONTAINS, "element that fits", "elements that fit", "at least "},
    {QTC_K_MAX_CONTAINS, "element that fits", "elements that fit", "at most "},
};

static void say_count(struct saying *s)
{
    const struct qtc_finding *f = s->finding;

    put_got(s);
    for (size_t i = 0; i < sizeof count_words / sizeof *count_words; i++) {
        if (count_words[i].keyword == f->keyword) {
            qtc_buf_str(s->message, " has ");
            qtc_buf_u64(s->message, f->count);
            qtc_buf_byte(s->message, ' ');
            qtc_buf_str(s->message, f->count == 1 ? count_words[i].one : count_words[i].many);
            qtc_buf_str(s->message, ", ");
            qtc_buf_str(s->message, count_words[i].limit);
            qtc_buf_str(s->wanted, count_words[i].limit);
        }
    }
    qtc_buf_u64(s->message, f->limit);
    qtc_buf_str(s->message, f->limit == 1 ? " is wanted" : " are wanted");
    qtc_buf_u64(s->wanted, f->limit);
}

static void say_unique(struct saying *s)
{
    qtc_buf_str(s->message, "the elements ");
    qtc_buf_u64(s->message, s->finding->first);
    qtc_buf_str(s->message, " and ");
    qtc_buf_u64(s->message, s->finding->second);
    qtc_buf_str(s->message, " are equal");
    if (s->finding->member != NULL) {
        s->got = s->finding->member->raw;
        qtc_buf_str(s->message, ": ");
        qtc_put_short(s->message, s->got);
    }
}

/* ---- members ------------------------------------------------------------------------------ */

static void consider_names(struct qtc_guess *n, const struct qtc_json *properties,
                           const struct qtc_json *used)
{
    const struct qtc_json *p =
        properties != NULL && properties->type == QTC_JSON_OBJECT ? properties->first : NULL;

    for (; p != NULL; p = p->next) {
        if (qtc_json_getn(used, p->key) == NULL) {
            qtc_guess_consider(n, p->key);
        }
    }
}

/* The tool with its parameters; NULL when memory ended, which the teller knows then. */
static const struct qtc_tool *filled_tool(struct qtc_call_check *c)
{
    const struct qtc_tool *tool = c->set != NULL ? qtc_toolset_filled(c->set, c->tool) : c->tool;

    c->teller->nomem = c->teller->nomem || tool == NULL;
    return tool;
}

/* An object of many unknown names would cost the product of both. */
static bool spend(struct qtc_call_check *c, const struct qtc_json *object, size_t names)
{
    size_t members = object != NULL ? object->count + 1 : 1;
    bool enough = names <= c->hint_budget / members;

    c->hint_budget -= enough ? names * members : 0;
    return enough;
}

/* Other schemas describe the same value. */
static bool is_combined(const struct qtc_json *schema)
{
    static const char *const keys[] = {"$ref", "allOf", "anyOf", "oneOf"};
    bool combined = false;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        combined = combined || qtc_json_get(schema, keys[i]) != NULL;
    }
    return combined;
}

static void consider_params(struct qtc_guess *n, struct qtc_call_check *c, const struct qtc_json *object)
{
    const struct qtc_tool *tool = filled_tool(c);

    if (tool == NULL || !spend(c, object, tool->param_count)) {
        return;
    }
    for (size_t i = 0; i < tool->param_count; i++) {
        if (qtc_json_getn(object, tool->params[i].name) == NULL) {
            qtc_guess_consider(n, tool->params[i].name);
        }
    }
}

/* Among the names that the object may have and has not. */
static void hint_name(struct saying *s, const struct qtc_json *object)
{
    const struct qtc_json *schema = s->finding->schema;
    const struct qtc_json *properties = qtc_json_get(schema, "properties");
    struct qtc_guess n;

    if (!spend(s->check, object, properties != NULL ? properties->count : 0)) {
        return;
    }
    qtc_guess_begin(&n, s->finding->name, s->finding->name.len / 3);
    consider_names(&n, properties, object);
    if (s->finding->at.len == 0 && (schema != s->check->tool->schema || is_combined(schema))) {
        consider_params(&n, s->check, object);
    }
    if (n.best.data != NULL) {
        qtc_buf_str(s->hint, "did you mean ");
        qtc_put_name(s->hint, n.best);
        qtc_buf_byte(s->hint, '?');
    }
}

static void say_missing(struct saying *s)
{
    qtc_put_name(s->message, s->finding->name);
    qtc_buf_str(s->message, " is missing");
    qtc_json_string(s->wanted, s->finding->name);
    if (s->finding->trigger.len > 0) {
        qtc_buf_str(s->message, ", which ");
        qtc_put_name(s->message, s->finding->trigger);
        qtc_buf_str(s->message, " needs");
    }
}

static void say_unknown(struct saying *s)
{
    qtc_put_token(s->at, s->finding->name);
    qtc_put_name(s->message, s->finding->name);
    qtc_buf_str(s->message, s->finding->at.len == 0 ? " is not an argument of this function"
                                                    : " is not a member that the schema has");
    s->got = s->finding->member != NULL ? s->finding->member->raw : s->got;
    hint_name(s, arguments_at(s));
}

static void say_element(struct saying *s)
{
    qtc_buf_byte(s->at, '/');
    qtc_buf_u64(s->at, s->finding->first);
    qtc_buf_str(s->message, "an element too many");
    if (s->finding->member != NULL) {
        s->got = s->finding->member->raw;
        qtc_buf_str(s->message, ": ");
        qtc_put_short(s->message, s->got);
    }
}

static void say_forbidden_member(struct saying *s)
{
    qtc_put_token(s->at, s->finding->name);
    qtc_put_name(s->message, s->finding->name);
    qtc_buf_str(s->message, " is not allowed here");
    s->got = s->finding->member != NULL ? s->finding->member->raw : s->got;
}

static void say_key(struct saying *s)
{
    qtc_put_name(s->message, s->finding->name);
    qtc_buf_str(s->message, " is not allowed as a key");
    hint_name(s, arguments_at(s));
}

/* ---- alternatives ------------------------------------------------------------------------- */

static void hint_nearest(struct saying *s);

static void say_alternatives(struct saying *s)
{
    const struct qtc_finding *f = s->finding;

    if (f->count > 1) {
        s->code = QTC_I_TOO_MANY_MATCHES;
        put_got(s);
        qtc_buf_str(s->message, " fits several alternatives where one must: ");
        qtc_buf_u64(s->message, f->first + 1);
        qtc_buf_str(s->message, " and ");
        qtc_buf_u64(s->message, f->second + 1);
    } else if (f->types != 0) {
        s->code = s->code == QTC_I_NULL_FOR_OPTIONAL ? s->code : QTC_I_WRONG_TYPE;
        say_types(s, f->types);
    } else {
        put_got(s);
        qtc_buf_str(s->message, " fits none of the alternatives");
        hint_nearest(s);
    }
}

static void say_not(struct saying *s)
{
    put_got(s);
    qtc_buf_str(s->message, " is what the schema forbids");
}

static void say_none(struct saying *s)
{
    if (s->finding->error.code != QTC_OK) {
        s->code = QTC_I_UNDECIDED;
        qtc_buf_str(s->message, s->finding->error.message);
    } else {
        put_got(s);
        qtc_buf_str(s->message, " is not allowed here");
    }
}

static const struct {
    enum qtc_issue_code code;
    say *say;
} rows[QTC_KEYWORDS] = {
    [QTC_K_NONE] = {QTC_I_NOT_ALLOWED, say_none},
    [QTC_K_CLOSED] = {QTC_I_UNKNOWN_ARGUMENT, say_unknown},
    [QTC_K_TYPE] = {QTC_I_WRONG_TYPE, say_type},
    [QTC_K_ENUM] = {QTC_I_ENUM_MISMATCH, say_enum},
    [QTC_K_CONST] = {QTC_I_ENUM_MISMATCH, say_wanted},
    [QTC_K_MINIMUM] = {QTC_I_OUT_OF_RANGE, say_wanted},
    [QTC_K_MAXIMUM] = {QTC_I_OUT_OF_RANGE, say_wanted},
    [QTC_K_EXCLUSIVE_MINIMUM] = {QTC_I_OUT_OF_RANGE, say_wanted},
    [QTC_K_EXCLUSIVE_MAXIMUM] = {QTC_I_OUT_OF_RANGE, say_wanted},
    [QTC_K_MULTIPLE_OF] = {QTC_I_OUT_OF_RANGE, say_wanted},
    [QTC_K_MIN_LENGTH] = {QTC_I_BAD_LENGTH, say_count},
    [QTC_K_MAX_LENGTH] = {QTC_I_BAD_LENGTH, say_count},
    [QTC_K_MIN_ITEMS] = {QTC_I_BAD_LENGTH, say_count},
    [QTC_K_MAX_ITEMS] = {QTC_I_BAD_LENGTH, say_count},
    [QTC_K_MIN_PROPERTIES] = {QTC_I_BAD_LENGTH, say_count},
    [QTC_K_MAX_PROPERTIES] = {QTC_I_BAD_LENGTH, say_count},
    [QTC_K_CONTAINS] = {QTC_I_BAD_LENGTH, say_count},
    [QTC_K_MIN_CONTAINS] = {QTC_I_BAD_LENGTH, say_count},
    [QTC_K_MAX_CONTAINS] = {QTC_I_BAD_LENGTH, say_count},
    [QTC_K_UNIQUE_ITEMS] = {QTC_I_DUPLICATE_ITEM, say_unique},
    [QTC_K_PATTERN] = {QTC_I_BAD_PATTERN, say_wanted},
    [QTC_K_FORMAT] = {QTC_I_BAD_FORMAT, say_wanted},
    [QTC_K_REQUIRED] = {QTC_I_MISSING_ARGUMENT, say_missing},
    [QTC_K_DEPENDENT_REQUIRED] = {QTC_I_MISSING_ARGUMENT, say_missing},
    [QTC_K_DEPENDENCIES] = {QTC_I_MISSING_ARGUMENT, say_missing},
    [QTC_K_ADDITIONAL_PROPERTIES] = {QTC_I_UNKNOWN_ARGUMENT, say_unknown},
    [QTC_K_UNEVALUATED_PROPERTIES] = {QTC_I_UNKNOWN_ARGUMENT, say_unknown},
    [QTC_K_ADDITIONAL_ITEMS] = {QTC_I_BAD_LENGTH, say_element},
    [QTC_K_ITEMS] = {QTC_I_BAD_LENGTH, say_element},
    [QTC_K_PREFIX_ITEMS] = {QTC_I_BAD_LENGTH, say_element},
    [QTC_K_UNEVALUATED_ITEMS] = {QTC_I_BAD_LENGTH, say_element},
    [QTC_K_PROPERTIES] = {QTC_I_NOT_ALLOWED, say_forbidden_member},
    [QTC_K_PATTERN_PROPERTIES] = {QTC_I_NOT_ALLOWED, say_forbidden_member},
    [QTC_K_PROPERTY_NAMES] = {QTC_I_BAD_KEY, say_key},
    [QTC_K_ANY_OF] = {QTC_I_NO_MATCH, say_alternatives},
    [QTC_K_ONE_OF] = {QTC_I_NO_MATCH, say_alternatives},
    [QTC_K_NOT] = {QTC_I_NOT_ALLOWED, say_not},
};

/* What the branch says that comes nearest. */
static void hint_nearest(struct saying *s)
{
    const struct qtc_finding *root = qtc_finding_root(s->finding);
    struct saying nearest = *s;
    struct qtc_buf hint = {0}, wanted = {0}, at = {0};

    if (root == s->finding || rows[root->keyword].say == NULL || root->keyword == QTC_K_ANY_OF ||
        root->keyword == QTC_K_ONE_OF) {
        return;
    }
    qtc_buf_str(s->hint, "the nearest says: ");
    nearest.finding = root;
    nearest.message = s->hint;
    nearest.hint = &hint;
    nearest.wanted = &wanted;
    nearest.at = &at;
    rows[root->keyword].say(&nearest);
    qtc_buf_free(&hint);
    qtc_buf_free(&wanted);
    qtc_buf_free(&at);
}

/* ---- null for what may be left out ----------------------------------------------------------- */

static bool is_required(const struct qtc_json *schema, struct qtc_bytes key)
{
    const struct qtc_json *required = qtc_json_get(schema, "required");
    const struct qtc_json *name = qtc_json_type_of(required) == QTC_JSON_ARRAY ? required->first : NULL;

    for (; name != NULL; name = name->next) {
        if (qtc_bytes_equal(qtc_json_text(name), key)) {
            return true;
        }
    }
    return false;
}

/* The keyword stands at SCHEMA/properties/KEY/…: what SCHEMA requires is required. */
bool qtc_is_optional_null(const struct qtc_tool *tool, const struct qtc_finding *finding,
                          struct qtc_buf *token)
{
    const struct qtc_finding *f = finding;
    struct qtc_bytes last, key, parent = f->schema_at;

    if (f->value == NULL || f->value->type != QTC_JSON_NULL || f->value->key.data == NULL) {
        return false;
    }
    if (f->at.len > 0 && memchr(f->at.data + 1, '/', f->at.len - 1) == NULL) {
        const struct qtc_param *param = qtc_tool_param(tool, f->value->key);
        return param != NULL && !param->required;
    }
    qtc_pointer_parent(f->at, &key);
    while (f->schema_uri.len == 0 && parent.len > 0) {
        parent = qtc_pointer_parent(parent, &last);
        if (qtc_bytes_is(last, "properties")) {
            return !is_required(qtc_pointer_get(tool->schema, parent, token), f->value->key);
        }
    }
    return false;
}

/* ---- issues ---------------------------------------------------------------------------------- */

void qtc_teller_free(struct qtc_teller *t)
{
    qtc_buf_free(&t->message);
    qtc_buf_free(&t->hint);
    qtc_buf_free(&t->at);
    qtc_buf_free(&t->wanted);
    qtc_buf_free(&t->token);
}

bool qtc_tell(struct qtc_teller *t, const struct qtc_issue *issue)
{
    const struct qtc_issue_info *info = qtc_issue_info(issue->code);

    t->nomem = t->nomem || t->message.failed || t->hint.failed || t->at.failed || t->wanted.failed;
    if (t->stopped || t->nomem) {
        return false;
    }
    if (t->issues != NULL) {
        *t->issues += info->level != QTC_LEVEL_WARNING;
        *t->undecided = *t->undecided || info->level == QTC_LEVEL_UNDECIDED;
    }
    t->stopped = !t->sink(t->ctx, issue);
    return !t->stopped;
}

/* A model or null, as Pydantic writes what is optional. */
static bool is_nullable(const struct qtc_finding *finding)
{
    const struct qtc_json *list = qtc_json_get(finding->schema, qtc_keyword_name(finding->keyword));
    const struct qtc_json *branch = qtc_json_type_of(list) == QTC_JSON_ARRAY ? list->first : NULL;
    size_t others = 0;

    for (; branch != NULL; branch = branch->next) {
        others += !qtc_bytes_is(qtc_json_text(qtc_json_get(branch, "type")), "null");
    }
    return others == 1;
}

/* What an anyOf's finding comes down to, where that explains more: something inside of the value (the branch
 * that is nearest is then the one that was meant), a list of values, or what the only branch says beside
 * null. */
static const struct qtc_finding *root_of(const struct qtc_finding *finding)
{
    bool alternatives = finding->keyword == QTC_K_ANY_OF || finding->keyword == QTC_K_ONE_OF;
    const struct qtc_finding *root = finding;

    if (alternatives && finding->cause_count > 0) {
        root = qtc_finding_root(finding);
    }
    bool inside = root->at.len > finding->at.len || root->name.data != NULL;
    bool listed = root->keyword == QTC_K_ENUM || root->keyword == QTC_K_CONST;
    return root == finding || inside || listed || is_nullable(finding) ? root : finding;
}

/* A null that has no type that is wanted is in no enum either: one issue is enough. */
static bool said_already(struct qtc_call_check *c, const struct qtc_finding *f, enum qtc_issue_code code)
{
    bool again = (code == QTC_I_NULL_FOR_OPTIONAL || code == QTC_I_ENUM_MISMATCH) && c->last.len > 0 &&
                 qtc_bytes_equal(qtc_bytes(c->last.data + 1, c->last.len - 1), f->at);

    qtc_buf_clear(&c->last);
    if (code == QTC_I_NULL_FOR_OPTIONAL || code == QTC_I_WRONG_TYPE) {
        qtc_buf_byte(&c->last, ' ');
        qtc_buf_put(&c->last, f->at);
    }
    return again;
}

static void clear(struct qtc_teller *t)
{
    qtc_buf_clear(&t->message);
    qtc_buf_clear(&t->hint);
    qtc_buf_clear(&t->at);
    qtc_buf_clear(&t->wanted);
}

static bool is_optional_null(struct qtc_call_check *c, const struct qtc_finding *finding)
{
    const struct qtc_tool *tool = filled_tool(c);

    return tool != NULL && qtc_is_optional_null(tool, finding, &c->teller->token);
}

bool qtc_explain(void *ctx, const struct qtc_finding *finding)
{
    struct qtc_call_check *c = ctx;
    struct qtc_teller *t = c->teller;
    const struct qtc_finding *f = root_of(finding);
    struct saying s = {c, f, &t->message, &t->hint, &t->wanted, &t->at, {0}, rows[f->keyword].code};

    clear(t);
    if (f->value != NULL && f->value->type == QTC_JSON_NULL && is_optional_null(c, f)) {
        s.code = QTC_I_NULL_FOR_OPTIONAL;
    }
    if (said_already(c, f, s.code) || (s.code == QTC_I_NULL_FOR_OPTIONAL && c->allow_null)) {
        return true;
    }
    qtc_buf_put(&t->at, f->at);
    if (rows[f->keyword].say != NULL) {
        rows[f->keyword].say(&s);
    } else {
        s.code = QTC_I_NOT_ALLOWED;
        say_not(&s);
    }
    struct qtc_issue issue = c->about;
    if (c->of_schema) {
        s.code = QTC_I_SCHEMA_ERROR;
        issue.place = f->value != NULL ? f->value->raw.data : issue.place;
    }
    issue.code = s.code;
    issue.at = qtc_buf_bytes(&t->at);
    issue.keyword = f->keyword == QTC_K_CLOSED ? "additionalProperties" : qtc_keyword_name(f->keyword);
    issue.schema_at = f->schema_at;
    issue.got = s.got;
    issue.wanted = qtc_buf_bytes(&t->wanted);
    issue.message = qtc_buf_bytes(&t->message);
    issue.hint = qtc_buf_bytes(&t->hint);
    return qtc_tell(t, &issue);
}
