/* A format from a file. */
#include "formats/read.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What qtc_format_read gives out: the row comes first. */
struct owner {
    struct qtc_format row;
    struct qtc_arena arena;
};

/* Keys of a file that are no fields of a row. */
static const char *const other_keys[] = {"extends", "$schema"};

/* ---- texts ----------------------------------------------------------------- */

const char *qtc_format_own(struct qtc_format_reader *r, struct qtc_bytes text)
{
    char *copy = qtc_arena_alloc(r->arena, text.len + 1);

    if (copy == NULL) {
        qtc_format_no_memory(r);
    } else if (text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    return copy;
}

/* What is wrong with a text; NULL: nothing. A row's texts are C strings. */
static const char *text_fault(struct qtc_bytes text, bool marker)
{
    if (marker && text.len == 0) {
        return "an empty text";
    }
    if (marker && text.len > QTC_FORMAT_MARKER) {
        return "more than 128 bytes";
    }
    if (text.len > 0 && memchr(text.data, 0, text.len) != NULL) {
        return "a NUL character";
    }
    return qtc_utf8_valid(text) ? NULL : "not valid UTF-8";
}

/* A row's own copy of a text that was checked. */
static bool take(struct qtc_format_reader *r, struct qtc_bytes text, bool marker, const char **to,
                 const struct qtc_format_fault *at)
{
    struct qtc_format_fault fault = *at;

    fault.message = text_fault(text, marker);
    if (fault.message != NULL) {
        fault.code = text.len > QTC_FORMAT_MARKER ? QTC_LIMIT : QTC_TYPE;
        return qtc_format_fail(r, &fault);
    }
    *to = qtc_format_own(r, text);
    return *to != NULL;
}

_Static_assert(QTC_FORMAT_MARKER == 128, "the message says so");

static bool fail_full(struct qtc_format_reader *r, const struct qtc_format_fault *at)
{
    struct qtc_format_fault fault = *at;

    fault.code = QTC_LIMIT;
    fault.message = "too many entries";
    return qtc_format_fail(r, &fault);
}

static bool add(struct qtc_format_reader *r, const char **list, struct qtc_bytes text,
                const struct qtc_format_fault *at)
{
    size_t n = 0;

    while (list[n] != NULL) {
        n++;
    }
    return n + 1 < QTC_FORMAT_LIST ? take(r, text, true, &list[n], at) : fail_full(r, at);
}

bool qtc_format_put(struct qtc_format_reader *r, const char *key, struct qtc_bytes text,
                    const struct qtc_format_fault *at)
{
    const struct qtc_field *field = qtc_format_field(qtc_str(key));
    const char **value = qtc_field_at(field, r->row);

    return field->kind == QTC_FIELD_LIST ? add(r, value, text, at) : take(r, text, !field->prose, value, at);
}

/* ---- fields ---------------------------------------------------------------- */

static struct qtc_format_fault fault_at(const struct qtc_field *field, const struct qtc_json *value)
{
    return (struct qtc_format_fault){.code = QTC_TYPE, .where = value->raw.data, .place = field->key};
}

static bool fail_type(struct qtc_format_reader *r, const struct qtc_field *field,
                      const struct qtc_json *value, const char *message)
{
    struct qtc_format_fault fault = fault_at(field, value);

    fault.message = message;
    return qtc_format_fail(r, &fault);
}

static bool read_text(struct qtc_format_reader *r, const struct qtc_field *field,
                      const struct qtc_json *value)
{
    const struct qtc_format_fault at = fault_at(field, value);
    const char **to = qtc_field_at(field, r->row);

    if (value->type == QTC_JSON_NULL) {
        *to = NULL;
        return true;
    }
    if (value->type != QTC_JSON_STRING) {
        return fail_type(r, field, value, "not a text");
    }
    return take(r, value->text, !field->prose, to, &at);
}

/* One text stands for a list of one. */
static bool read_list(struct qtc_format_reader *r, const struct qtc_field *field,
                      const struct qtc_json *value)
{
    const struct qtc_format_fault at = fault_at(field, value);
    const char **list = qtc_field_at(field, r->row);

    memset(list, 0, sizeof(const char *[QTC_FORMAT_LIST]));
    if (value->type == QTC_JSON_STRING) {
        return add(r, list, value->text, &at);
    }
    if (value->type != QTC_JSON_ARRAY) {
        return fail_type(r, field, value, "not a text or a list of texts");
    }
    for (const struct qtc_json *item = value->first; item != NULL; item = item->next) {
        const struct qtc_format_fault here = fault_at(field, item);
        if (item->type != QTC_JSON_STRING) {
            return fail_type(r, field, item, "not a text in the list");
        }
        if (!add(r, list, item->text, &here)) {
            return false;
        }
    }
    return true;
}

static bool read_flag(struct qtc_format_reader *r, const struct qtc_field *field,
                      const struct qtc_json *value)
{
    bool *flag = qtc_field_at(field, r->row);

    if (value->type != QTC_JSON_TRUE && value->type != QTC_JSON_FALSE) {
        return fail_type(r, field, value, "not true or false");
    }
    *flag = value->type == QTC_JSON_TRUE;
    return true;
}

static bool read_name(struct qtc_format_reader *r, const struct qtc_field *field,
                      const struct qtc_json *value, int *number)
{
    struct qtc_format_fault fault = fault_at(field, value);
    struct qtc_guess nearest = qtc_format_guess(value->text);

    if (value->type != QTC_JSON_STRING) {
        return fail_type(r, field, value, "not a text");
    }
    *number = qtc_field_number(field, value->text);
    if (*number >= 0) {
        return true;
    }
    for (size_t i = 0; field->names[i] != NULL; i++) {
        qtc_format_consider(&nearest, field->names[i]);
    }
    fault.code = QTC_UNKNOWN;
    fault.message = "unknown value";
    fault.value = value->text;
    fault.nearest = nearest.best.data;
    return qtc_format_fail(r, &fault);
}

static bool read_enum(struct qtc_format_reader *r, const struct qtc_field *field,
                      const struct qtc_json *value)
{
    int number = 0;
    bool ok = read_name(r, field, value, &number);

    *(unsigned *)qtc_field_at(field, r->row) = (unsigned)number;
    return ok;
}

bool qtc_format_put_route(struct qtc_format_reader *r, struct qtc_bytes word, enum qtc_route route,
                          const struct qtc_format_fault *at)
{
    struct qtc_format_route *routes = r->row->routes;
    struct qtc_format_fault fault = *at;
    size_t n = 0;

    for (; routes[n].word != NULL; n++) {
        if (qtc_bytes_is(word, routes[n].word)) {
            fault.message = "a repeated word";
            fault.value = word;
            return qtc_format_fail(r, &fault);
        }
    }
    if (n + 1 == QTC_FORMAT_LIST) {
        return fail_full(r, at);
    }
    routes[n].route = route;
    return take(r, word, word.len > 0, &routes[n].word, at);
}

static bool read_routes(struct qtc_format_reader *r, const struct qtc_field *field,
                        const struct qtc_json *value)
{
    memset(r->row->routes, 0, sizeof r->row->routes);
    if (value->type != QTC_JSON_OBJECT) {
        return fail_type(r, field, value, "not an object");
    }
    for (const struct qtc_json *member = value->first; member != NULL; member = member->next) {
        struct qtc_format_fault at = fault_at(field, member);
        int number = 0;
        at.where = member->raw_key.data;
        if (!read_name(r, field, member, &number) ||
            !qtc_format_put_route(r, member->key, (enum qtc_route)number, &at)) {
            return false;
        }
    }
    return true;
}

typedef bool read_value(struct qtc_format_reader *r, const struct qtc_field *field,
                        const struct qtc_json *value);

static read_value *const readers[QTC_FIELD_KINDS] = {
    [QTC_FIELD_TEXT] = read_text, [QTC_FIELD_LIST] = read_list,     [QTC_FIELD_FLAG] = read_flag,
    [QTC_FIELD_ENUM] = read_enum, [QTC_FIELD_ROUTES] = read_routes,
};

/* ---- rows that cannot be --------------------------------------------------- */

static bool has_opener(const struct qtc_format *f)
{
    return f->open[0] != NULL || f->bare || f->tool_tags || (f->function_open != NULL && f->bare_function) ||
           f->header_open[0] != NULL;
}

static bool no_opener(const struct qtc_format *f)
{
    return f->body != QTC_BODY_NONE && !has_opener(f);
}

static bool opener_of_nothing(const struct qtc_format *f)
{
    return f->body == QTC_BODY_NONE && (f->open[0] != NULL || f->function_open != NULL || f->bare);
}

static bool tags_without_parameters(const struct qtc_format *f)
{
    return f->body == QTC_BODY_TAGS && (f->parameter_open == NULL || f->parameter_close == NULL);
}

static bool gemma_without_delimiter(const struct qtc_format *f)
{
    return f->body == QTC_BODY_GEMMA && f->delimiter == NULL;
}

static bool bare_without_function(const struct qtc_format *f)
{
    return f->bare_function && f->function_open == NULL;
}

static bool half_a_type(const struct qtc_format *f)
{
    return (f->type_open == NULL) != (f->type_close == NULL);
}

static bool start_without_end(const struct qtc_format *f)
{
    return f->starts_in_header && f->header_end[0] == NULL;
}

static bool routes_without_header(const struct qtc_format *f)
{
    return f->routes[0].word != NULL && f->header_open[0] == NULL;
}

static const struct rule {
    const char *key; /* the place */
    const char *message;
    bool (*broken)(const struct qtc_format *f);
} rules[] = {
    {"body", "needs an opener: open, bare, tool_tags, header_open, or bare_function with function_open",
     no_opener},
    {"body", "missing, or \"none\", though there are markers of calls", opener_of_nothing},
    {"body", "\"tags\" needs parameter_open and parameter_close", tags_without_parameters},
    {"body", "\"gemma\" needs delimiter", gemma_without_delimiter},
    {"bare_function", "needs function_open", bare_without_function},
    {"type_open", "type_open and type_close need each other", half_a_type},
    {"starts_in_header", "needs header_end", start_without_end},
    {"routes", "needs header_open", routes_without_header},
};

/* Two fields that must not have a marker in common. */
static const struct pair {
    const char *one, *other;
} pairs[] = {
    {"open", "close"},           {"function_open", "function_close"}, {"parameter_open", "parameter_close"},
    {"type_open", "type_close"}, {"think_open", "think_close"},       {"content_open", "content_close"},
    {"open", "think_open"},      {"header_open", "header_end"},       {"header_end", "message_close"},
};

static const struct qtc_field *field_named(const char *key)
{
    return qtc_format_field(qtc_str(key));
}

/* The i-th text of a TEXT or a LIST; NULL behind its end. */
static const char *nth(const struct qtc_format *f, const char *key, size_t i)
{
    const struct qtc_field *field = field_named(key);
    const char *const *value = qtc_field_get(field, f);

    return field->kind == QTC_FIELD_LIST || i == 0 ? value[i] : NULL;
}

static const char *common(const struct qtc_format *f, const struct pair *pair)
{
    const char *a, *b;

    for (size_t i = 0; (a = nth(f, pair->one, i)) != NULL; i++) {
        for (size_t k = 0; (b = nth(f, pair->other, k)) != NULL; k++) {
            if (strcmp(a, b) == 0) {
                return a;
            }
        }
    }
    return NULL;
}

/* Where a key's value stands, or, where a row got it from elsewhere, what holds it. */
static const char *place_of(const struct qtc_json *object, const char *key)
{
    const struct qtc_json *value = qtc_json_get(object, key);

    return value != NULL ? value->raw.data : object->raw.data;
}

static bool check_row(struct qtc_format_reader *r, const struct qtc_json *object)
{
    struct qtc_format_fault fault = {.code = QTC_TYPE};

    for (size_t i = 0; i < COUNT(rules); i++) {
        if (rules[i].broken(r->row)) {
            fault.place = rules[i].key;
            fault.message = rules[i].message;
            fault.where = place_of(object, fault.place);
            return qtc_format_fail(r, &fault);
        }
    }
    for (size_t i = 0; i < COUNT(pairs); i++) {
        const char *marker = common(r->row, &pairs[i]);
        if (marker != NULL) {
            fault.place = pairs[i].other;
            fault.message = "an opener's marker";
            fault.value = qtc_str(marker);
            fault.where = place_of(object, fault.place);
            return qtc_format_fail(r, &fault);
        }
    }
    return true;
}

/* ---- a file ---------------------------------------------------------------- */

static bool fail_key(struct qtc_format_reader *r, const struct qtc_json *member, enum qtc_code code,
                     const char *message, const char *nearest)
{
    return qtc_format_fail(r, &(struct qtc_format_fault){
                                  .code = code,
                                  .where = member->raw_key.data,
                                  .message = message,
                                  .value = member->key,
                                  .nearest = nearest,
                              });
}

static bool fail_unknown_key(struct qtc_format_reader *r, const struct qtc_json *member)
{
    size_t count;
    const struct qtc_field *fields = qtc_format_fields(&count);
    struct qtc_guess nearest = qtc_format_guess(member->key);

    for (size_t i = 0; i < count; i++) {
        qtc_format_consider(&nearest, fields[i].key);
    }
    for (size_t i = 0; i < COUNT(other_keys); i++) {
        qtc_format_consider(&nearest, other_keys[i]);
    }
    return fail_key(r, member, QTC_UNKNOWN, "unknown key", nearest.best.data);
}

static bool is_other_key(struct qtc_bytes key)
{
    for (size_t i = 0; i < COUNT(other_keys); i++) {
        if (qtc_bytes_is(key, other_keys[i])) {
            return true;
        }
    }
    return false;
}

/* qtc_json_get finds the last of a key; a member that it does not find is followed by another. */
static bool is_repeated(const struct qtc_json *object, const struct qtc_json *member)
{
    return qtc_json_getn(object, member->key) != member;
}

static bool fail_format(struct qtc_format_reader *r, const struct qtc_json *value)
{
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);
    struct qtc_guess nearest = qtc_format_guess(value->text);

    for (size_t i = 0; i < count; i++) {
        qtc_format_consider(&nearest, all[i]->name);
        for (size_t k = 0; all[i]->aliases[k] != NULL; k++) {
            qtc_format_consider(&nearest, all[i]->aliases[k]);
        }
    }
    return qtc_format_fail(r, &(struct qtc_format_fault){
                                  .code = value->type == QTC_JSON_STRING ? QTC_UNKNOWN : QTC_TYPE,
                                  .where = value->raw.data,
                                  .message = value->type == QTC_JSON_STRING ? "unknown format" : "not a text",
                                  .place = "extends",
                                  .value = value->text,
                                  .nearest = nearest.best.data,
                              });
}

/* The built-in row's markers; what says which format it is, is left out. */
static bool extend(struct qtc_format_reader *r, const struct qtc_json *value)
{
    size_t count;
    const struct qtc_field *fields = qtc_format_fields(&count);
    const char *name = qtc_format_own(r, value->text);
    const struct qtc_format *base = name != NULL ? qtc_format_find(name) : NULL;

    if (name == NULL) {
        return false;
    }
    if (base == NULL || strlen(name) != value->text.len) {
        return fail_format(r, value);
    }
    *r->row = *base;
    for (size_t i = 0; i < count; i++) {
        if (fields[i].own) {
            memset(qtc_field_at(&fields[i], r->row), 0,
                   fields[i].kind == QTC_FIELD_LIST ? sizeof r->row->aliases : sizeof r->row->name);
        }
    }
    return true;
}

static bool read_member(struct qtc_format_reader *r, const struct qtc_json *object,
                        const struct qtc_json *member)
{
    const struct qtc_field *field = qtc_format_field(member->key);

    if (field == NULL && !is_other_key(member->key)) {
        return fail_unknown_key(r, member);
    }
    if (is_repeated(object, member)) {
        return fail_key(r, qtc_json_getn(object, member->key), QTC_TYPE, "a repeated key", NULL);
    }
    return field == NULL || readers[field->kind](r, field, member);
}

static bool read_row(struct qtc_format_reader *r, const struct qtc_json *object)
{
    const struct qtc_json *base = qtc_json_get(object, "extends");

    if (base != NULL && !extend(r, base)) {
        return false;
    }
    for (const struct qtc_json *member = object->first; member != NULL; member = member->next) {
        if (!read_member(r, object, member)) {
            return false;
        }
    }
    return check_row(r, object);
}

/* Which syntax it is: the key that tells, where its value stands, and who reads it. */
static const struct syntax {
    const char *key;
    bool within; /* the key's value is what is read, else the object that has the key */
    bool (*read)(struct qtc_format_reader *r, const struct qtc_json *object);
} syntaxes[] = {
    {"response_template", true, qtc_format_template},
    {"response_schema", true, qtc_format_response_schema},
    {"fields", false, qtc_format_template},
    {"properties", false, qtc_format_response_schema},
};

static bool read_file(struct qtc_format_reader *r, const struct qtc_json *file)
{
    struct qtc_format_fault fault = {.code = QTC_TYPE, .where = file->raw.data};

    if (file->type != QTC_JSON_OBJECT) {
        fault.message = "not an object";
        return qtc_format_fail(r, &fault);
    }
    for (size_t i = 0; i < COUNT(syntaxes); i++) {
        const struct qtc_json *value = qtc_json_get(file, syntaxes[i].key);
        if (value != NULL && (!syntaxes[i].within || value->type == QTC_JSON_OBJECT)) {
            const struct qtc_json *object = syntaxes[i].within ? value : file;
            return syntaxes[i].read(r, object) && check_row(r, object);
        }
    }
    if (qtc_json_get(file, "tokenizer_class") != NULL || qtc_json_get(file, "chat_template") != NULL) {
        fault.message = "a tokenizer's configuration without a response_template";
        return qtc_format_fail(r, &fault);
    }
    return read_row(r, file);
}

static bool read_bytes(struct qtc_format_reader *r, struct qtc_bytes json)
{
    struct qtc_arena tree = {0};
    struct qtc_bytes text = qtc_bytes_behind_bom(json);
    const struct qtc_json *file = qtc_json_read(&tree, text, r->error);
    bool ok = file != NULL && read_file(r, file);
    if (file == NULL) {
        r->error->offset += (uint64_t)(json.len - text.len);
        if (r->detail != NULL) {
            qtc_buf_str(r->detail, r->error->message);
        }
    }
    qtc_arena_free(&tree);
    return ok;
}

struct qtc_format *qtc_format_read(struct qtc_bytes json, struct qtc_error *error, struct qtc_buf *detail)
{
    struct owner *owner = calloc(1, sizeof *owner);
    struct qtc_error ignored;
    struct qtc_format_reader r = {
        .error = error != NULL ? error : &ignored, .detail = detail, .start = json.data};

    *r.error = (struct qtc_error){0};
    if (detail != NULL) {
        qtc_buf_clear(detail);
    }
    if (owner == NULL) {
        qtc_format_no_memory(&r);
        return NULL;
    }
    r.row = &owner->row;
    r.arena = &owner->arena;
    if (!read_bytes(&r, json)) {
        qtc_arena_free(&owner->arena);
        free(owner);
        return NULL;
    }
    if (owner->row.name == NULL) {
        owner->row.name = "custom";
    }
    return &owner->row;
}

void qtc_format_free(struct qtc_format *format)
{
    struct owner *owner = (struct owner *)format;

    if (owner != NULL) {
        qtc_arena_free(&owner->arena);
        free(owner);
    }
}
