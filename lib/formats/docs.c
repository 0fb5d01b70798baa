/* What a format file may hold, for programs and for people; from the table of fields. */
#include "formats/fields.h"

#include <string.h>

#define EXTENDS "the name of a built-in format: what this file does not say is taken from it"

/* ---- JSON Schema ------------------------------------------------------------ */

static void put_names(struct qtc_buf *out, const struct qtc_field *field)
{
    qtc_buf_str(out, "\"enum\": ");
    for (size_t i = 0; field->names[i] != NULL; i++) {
        qtc_buf_str(out, i == 0 ? "[" : ", ");
        qtc_json_string(out, qtc_str(field->names[i]));
    }
    qtc_buf_byte(out, ']');
}

static void put_limit(struct qtc_buf *out, const char *key, size_t limit)
{
    qtc_buf_str(out, ", \"");
    qtc_buf_str(out, key);
    qtc_buf_str(out, "\": ");
    qtc_buf_u64(out, limit);
}

static void put_type(struct qtc_buf *out, const struct qtc_field *field)
{
    switch (field->kind) {
    case QTC_FIELD_TEXT:
        qtc_buf_str(out, field->prose ? "\"type\": [\"string\", \"null\"]" : "\"$ref\": \"#/$defs/text\"");
        break;
    case QTC_FIELD_LIST:
        qtc_buf_str(out, "\"$ref\": \"#/$defs/list\"");
        break;
    case QTC_FIELD_FLAG:
        qtc_buf_str(out, "\"type\": \"boolean\"");
        break;
    case QTC_FIELD_ENUM:
        put_names(out, field);
        break;
    default:
        qtc_buf_str(out, "\"type\": \"object\"");
        put_limit(out, "maxProperties", QTC_FORMAT_LIST - 1);
        qtc_buf_str(out, ", \"additionalProperties\": {");
        put_names(out, field);
        qtc_buf_byte(out, '}');
    }
}

static void put_definitions(struct qtc_buf *out)
{
    qtc_buf_str(out, "  \"$defs\": {\n    \"marker\": {\"type\": \"string\", \"minLength\": 1");
    put_limit(out, "maxLength", QTC_FORMAT_MARKER);
    qtc_buf_str(out,
                "},\n    \"text\": {\"anyOf\": [{\"$ref\": \"#/$defs/marker\"}, {\"type\": \"null\"}]},\n"
                "    \"list\": {\"anyOf\": [{\"$ref\": \"#/$defs/marker\"}, {\"type\": \"array\", "
                "\"items\": {\"$ref\": \"#/$defs/marker\"}");
    put_limit(out, "maxItems", QTC_FORMAT_LIST - 1);
    qtc_buf_str(out, "}]}\n  }\n");
}

void qtc_format_schema(struct qtc_buf *out)
{
    size_t count;
    const struct qtc_field *fields = qtc_format_fields(&count);

    qtc_buf_str(out, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                     "  \"title\": \"a model's format, as qtc-parse --format reads it\",\n"
                     "  \"type\": \"object\",\n  \"additionalProperties\": false,\n  \"properties\": {\n"
                     "    \"$schema\": {\"type\": \"string\"},\n"
                     "    \"extends\": {\"description\": \"" EXTENDS "\", \"type\": \"string\"}");
    for (size_t i = 0; i < count; i++) {
        qtc_buf_str(out, ",\n    ");
        qtc_json_string(out, qtc_str(fields[i].key));
        qtc_buf_str(out, ": {\"description\": ");
        qtc_json_string(out, qtc_str(fields[i].about));
        qtc_buf_str(out, ", ");
        put_type(out, &fields[i]);
        qtc_buf_byte(out, '}');
    }
    qtc_buf_str(out, "\n  },\n");
    put_definitions(out);
    qtc_buf_str(out, "}\n");
}

/* ---- the manual -------------------------------------------------------------- */

static const char *const kind_names[QTC_FIELD_KINDS] = {
    [QTC_FIELD_TEXT] = "text",   [QTC_FIELD_LIST] = "list of texts", [QTC_FIELD_FLAG] = "true or false",
    [QTC_FIELD_ENUM] = "a name", [QTC_FIELD_ROUTES] = "object",
};

/* As roff reads it: what it would take for markup, or print as another character. */
static void put_roff(struct qtc_buf *out, const char *text)
{
    static const struct {
        char c;
        const char *written;
    } escapes[] = {{'\\', "\\e"},  {'-', "\\-"},   {'\'', "\\(aq"},
                   {'`', "\\(ga"}, {'^', "\\(ha"}, {'~', "\\(ti"}};

    for (char before = '\n'; *text != 0; before = *text++) {
        size_t i = 0;
        while (i < sizeof escapes / sizeof *escapes && escapes[i].c != *text) {
            i++;
        }
        if (i < sizeof escapes / sizeof *escapes) {
            qtc_buf_str(out, escapes[i].written);
        } else {
            qtc_buf_str(out, before == '\n' && *text == '.' ? "\\&" : "");
            qtc_buf_byte(out, *text);
        }
    }
}

static void put_entry(struct qtc_buf *out, const char *key, const char *kind, const char *about)
{
    qtc_buf_str(out, ".TP\n.BR ");
    qtc_buf_str(out, key);
    qtc_buf_str(out, " \" (");
    qtc_buf_str(out, kind);
    qtc_buf_str(out, ")\"\n");
    put_roff(out, about);
    qtc_buf_str(out, ".\n");
}

void qtc_format_manual(struct qtc_buf *out)
{
    size_t count;
    const struct qtc_field *fields = qtc_format_fields(&count);

    put_entry(out, "extends", kind_names[QTC_FIELD_TEXT], EXTENDS);
    for (size_t i = 0; i < count; i++) {
        put_entry(out, fields[i].key, kind_names[fields[i].kind], fields[i].about);
    }
}

static void put_aliases(struct qtc_buf *out, const struct qtc_format *format)
{
    for (size_t i = 0; format->aliases[i] != NULL; i++) {
        qtc_buf_str(out, i == 0 ? "Also " : ",\n");
        qtc_buf_str(out, "\\fB");
        put_roff(out, format->aliases[i]);
        qtc_buf_str(out, format->aliases[i + 1] != NULL ? "\\fR" : "\\fR.\n");
    }
}

void qtc_formats_manual(struct qtc_buf *out)
{
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);

    for (size_t i = 0; i < count; i++) {
        const char *example = all[i]->example;
        qtc_buf_str(out, ".TP\n.B ");
        put_roff(out, all[i]->name);
        qtc_buf_byte(out, '\n');
        put_roff(out, all[i]->models);
        qtc_buf_str(out, ".\n");
        put_aliases(out, all[i]);
        qtc_buf_str(out, ".nf\n");
        put_roff(out, example);
        qtc_buf_str(out, example[strlen(example) - 1] == '\n' ? ".fi\n" : "\n.fi\n");
    }
}
