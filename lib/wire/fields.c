#include "wire/fields.h"

#include <stdlib.h>

static struct qtc_field *find(const struct qtc_fields *f, struct qtc_bytes name)
{
    for (size_t i = 0; i < f->count; i++) {
        if (qtc_bytes_equal(qtc_buf_bytes(&f->items[i].name), name)) {
            return &f->items[i];
        }
    }
    return NULL;
}

static struct qtc_field *add(struct qtc_fields *f, struct qtc_bytes name)
{
    if (f->count == f->cap) {
        size_t cap = f->cap > 0 ? f->cap * 2 : 4;
        struct qtc_field *items = reallocarray(f->items, cap, sizeof *items);
        if (!items) {
            return NULL;
        }
        f->items = items;
        f->cap = cap;
    }
    f->items[f->count] = (struct qtc_field){.type = QTC_JSON_NULL};
    qtc_buf_put(&f->items[f->count].name, name);
    return &f->items[f->count++];
}

/* Strings and arrays are kept without their last byte. */
static bool grows(enum qtc_json_type type)
{
    return type == QTC_JSON_STRING || type == QTC_JSON_ARRAY;
}

static void set(struct qtc_field *field, const struct qtc_json *value)
{
    size_t len = value->raw.len - (grows(value->type) ? 1 : 0);

    qtc_buf_clear(&field->json);
    qtc_buf_add(&field->json, value->raw.data, len);
    field->type = value->type;
}

/* field and value are both strings, or both arrays. The insides of strings may be put side by side as they
 * are: escapes stay whole, and halves of a surrogate pair find each other. */
static void join(struct qtc_field *field, const struct qtc_json *value)
{
    struct qtc_bytes inside = qtc_bytes(value->raw.data + 1, value->raw.len - 2);

    if (value->type == QTC_JSON_ARRAY && value->count == 0) {
        return;
    }
    if (value->type == QTC_JSON_ARRAY && qtc_bytes_trim(qtc_buf_bytes(&field->json)).len > 1) {
        qtc_buf_byte(&field->json, ',');
    }
    qtc_buf_put(&field->json, inside);
}

static bool merge_member(struct qtc_fields *f, const struct qtc_json *member, enum qtc_fields_rule rule)
{
    struct qtc_field *field = find(f, member->key);

    if (!field) {
        field = add(f, member->key);
        if (!field) {
            return false;
        }
        set(field, member);
    } else if (rule == QTC_FIELDS_JOIN && field->type == member->type && grows(member->type)) {
        join(field, member);
    } else if (member->type != QTC_JSON_NULL) {
        set(field, member);
    }
    return !field->name.failed && !field->json.failed;
}

bool qtc_fields_merge(struct qtc_fields *f, const struct qtc_json *object, enum qtc_fields_rule rule)
{
    if (qtc_json_type_of(object) != QTC_JSON_OBJECT) {
        return true;
    }
    for (const struct qtc_json *member = object->first; member; member = member->next) {
        if (!merge_member(f, member, rule)) {
            return false;
        }
    }
    return true;
}

const struct qtc_field *qtc_fields_get(const struct qtc_fields *f, const char *name)
{
    return find(f, qtc_str(name));
}

void qtc_field_value(struct qtc_buf *out, const struct qtc_field *field)
{
    qtc_buf_put(out, qtc_buf_bytes(&field->json));
    if (grows(field->type)) {
        qtc_buf_byte(out, field->type == QTC_JSON_STRING ? '"' : ']');
    }
}

static bool is_named(struct qtc_bytes name, const char *const *names)
{
    for (; names && *names; names++) {
        if (qtc_bytes_is(name, *names)) {
            return true;
        }
    }
    return false;
}

void qtc_fields_write(struct qtc_buf *out, const struct qtc_fields *f, const char *const *but)
{
    for (size_t i = 0; i < f->count; i++) {
        struct qtc_bytes name = qtc_buf_bytes(&f->items[i].name);
        if (!is_named(name, but)) {
            qtc_buf_byte(out, ',');
            qtc_json_string(out, name);
            qtc_buf_byte(out, ':');
            qtc_field_value(out, &f->items[i]);
        }
    }
}

void qtc_fields_free(struct qtc_fields *f)
{
    for (size_t i = 0; i < f->count; i++) {
        qtc_buf_free(&f->items[i].name);
        qtc_buf_free(&f->items[i].json);
    }
    free(f->items);
    *f = (struct qtc_fields){0};
}
