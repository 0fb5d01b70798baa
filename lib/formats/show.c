/* A row as JSON: what --show-format prints, and qtc_format_read reads. */
#include "formats/fields.h"

static void put_text(struct qtc_buf *out, const struct qtc_field *field, const void *value)
{
    const char *text = *(const char *const *)value;

    (void)field;
    if (text != NULL) {
        qtc_json_string(out, qtc_str(text));
    } else {
        qtc_buf_str(out, "null");
    }
}

static void put_list(struct qtc_buf *out, const struct qtc_field *field, const void *value)
{
    const char *const *list = value;

    (void)field;
    qtc_buf_byte(out, '[');
    for (size_t i = 0; i < QTC_FORMAT_LIST && list[i] != NULL; i++) {
        qtc_buf_str(out, i == 0 ? "" : ", ");
        qtc_json_string(out, qtc_str(list[i]));
    }
    qtc_buf_byte(out, ']');
}

static void put_flag(struct qtc_buf *out, const struct qtc_field *field, const void *value)
{
    (void)field;
    qtc_buf_str(out, *(const bool *)value ? "true" : "false");
}

static void put_enum(struct qtc_buf *out, const struct qtc_field *field, const void *value)
{
    qtc_json_string(out, qtc_str(field->names[*(const unsigned *)value]));
}

static void put_routes(struct qtc_buf *out, const struct qtc_field *field, const void *value)
{
    const struct qtc_format_route *routes = value;

    for (size_t i = 0; i < QTC_FORMAT_LIST && routes[i].word != NULL; i++) {
        qtc_buf_str(out, i == 0 ? "{" : ", ");
        qtc_json_string(out, qtc_str(routes[i].word));
        qtc_buf_str(out, ": ");
        qtc_json_string(out, qtc_str(field->names[routes[i].route]));
    }
    qtc_buf_byte(out, '}');
}

typedef void put(struct qtc_buf *out, const struct qtc_field *field, const void *value);

static put *const writers[QTC_FIELD_KINDS] = {
    [QTC_FIELD_TEXT] = put_text, [QTC_FIELD_LIST] = put_list,     [QTC_FIELD_FLAG] = put_flag,
    [QTC_FIELD_ENUM] = put_enum, [QTC_FIELD_ROUTES] = put_routes,
};

static void put_member(struct qtc_buf *out, const struct qtc_field *field, const struct qtc_format *format)
{
    qtc_json_string(out, qtc_str(field->key));
    qtc_buf_str(out, ": ");
    writers[field->kind](out, field, qtc_field_get(field, format));
}

void qtc_format_json(struct qtc_buf *out, const struct qtc_format *format)
{
    size_t count;
    const struct qtc_field *fields = qtc_format_fields(&count);
    const char *before = "{\n  ";

    for (size_t i = 0; i < count; i++) {
        if (fields[i].always || qtc_field_is_set(&fields[i], format)) {
            qtc_buf_str(out, before);
            put_member(out, &fields[i], format);
            before = ",\n  ";
        }
    }
    qtc_buf_str(out, "\n}\n");
}

void qtc_format_summary(struct qtc_buf *out, const struct qtc_format *format)
{
    size_t count;
    const struct qtc_field *fields = qtc_format_fields(&count);
    const char *before = "{";

    for (size_t i = 0; i < count; i++) {
        if (fields[i].always || fields[i].own) {
            qtc_buf_str(out, before);
            put_member(out, &fields[i], format);
            before = ", ";
        }
    }
    qtc_buf_str(out, "}\n");
}
