/* A row as JSON: what --show-format prints. */
#include "formats/format.h"

static const char *const body_names[] = {"none", "json", "xml"};

static void key(struct qtc_buf *out, const char *name)
{
    qtc_buf_str(out, ",\n  \"");
    qtc_buf_str(out, name);
    qtc_buf_str(out, "\": ");
}

static void text(struct qtc_buf *out, const char *name, const char *value)
{
    if (value != NULL) {
        key(out, name);
        qtc_json_string(out, qtc_str(value));
    }
}

static void list(struct qtc_buf *out, const char *name, const char *const *values)
{
    if (values[0] == NULL) {
        return;
    }
    key(out, name);
    for (size_t i = 0; values[i] != NULL; i++) {
        qtc_buf_str(out, i == 0 ? "[" : ", ");
        qtc_json_string(out, qtc_str(values[i]));
    }
    qtc_buf_byte(out, ']');
}

static void flag(struct qtc_buf *out, const char *name, bool value)
{
    if (value) {
        key(out, name);
        qtc_buf_str(out, "true");
    }
}

void qtc_format_json(struct qtc_buf *out, const struct qtc_format *f)
{
    qtc_buf_str(out, "{\n  \"name\": ");
    qtc_json_string(out, qtc_str(f->name));
    list(out, "aliases", f->aliases);
    text(out, "models", f->models);
    text(out, "example", f->example);
    text(out, "body", body_names[f->body]);
    text(out, "open", f->open);
    text(out, "close", f->close);
    text(out, "function_tag", f->function_tag);
    text(out, "parameter_tag", f->parameter_tag);
    flag(out, "bare_function", f->bare_function);
    list(out, "name_keys", f->name_keys);
    list(out, "argument_keys", f->argument_keys);
    flag(out, "array", f->array);
    text(out, "think_open", f->think_open);
    text(out, "think_close", f->think_close);
    list(out, "special_tokens", f->special_tokens);
    qtc_buf_str(out, "\n}\n");
}
