/* A response_schema, as transformers had it before response_template: a JSON Schema with
 * expressions in it. What is told by one expression around each part is understood. */
#include "formats/template.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The parts of a message, and the row's lists that their markers go to. */
static const struct part {
    const char *name;
    const char *open, *close;
    bool calls;
} parts[] = {
    {"thinking", "think_open", "think_close", false},
    {"reasoning_content", "think_open", "think_close", false},
    {"content", "content_open", "content_close", false},
    {"tool_calls", "open", "close", true},
};

/* Reshapings of the parsed JSON, without their blanks. A word's place is "W". */
static const struct reshaping {
    const char *pattern;
    bool array;
} reshapings[] = {
    {"{type:'function',function:@}", false},
    {"[{type:'function',function:@}]", false},
    {"[*].{type:'function',function:@}", true},
    {"[*].{type:'function',function:{name:W,arguments:W}}", true},
    {"{type:'function',function:{name:W,arguments:W}}", false},
};

/* ---- what the calls' JSON becomes ------------------------------------------------ */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The text matches; words[] are those at the two W. */
static bool match(struct qtc_bytes text, const char *pattern, struct qtc_bytes words[2])
{
    size_t i = 0, n = 0;

    for (; *pattern != 0; pattern++) {
        while (i < text.len && qtc_is_blank(text.data[i])) {
            i++;
        }
        size_t start = i;
        if (*pattern == 'W' && n < 2) {
            while (i < text.len && is_word(text.data[i])) {
                i++;
            }
            words[n++] = qtc_bytes(text.data + start, i - start);
        } else if (i < text.len && text.data[i] == *pattern) {
            i++;
        }
        if (i == start) {
            return false;
        }
    }
    return qtc_bytes_trim(qtc_bytes(text.data + i, text.len - i)).len == 0;
}

static bool read_reshaping(const struct qtc_template_field *f, struct qtc_bytes words[2])
{
    const struct qtc_json *args = qtc_json_get(f->object, "x-parser-args");
    const struct qtc_json *transform = qtc_json_get(args, "transform");

    if (args == NULL || args->count == 0) {
        return true;
    }
    for (size_t i = 0; args->count == 1 && i < COUNT(reshapings); i++) {
        if (match(qtc_json_text(transform), reshapings[i].pattern, words)) {
            f->r->row->array = reshapings[i].array;
            return true;
        }
    }
    return qtc_template_fail(&(struct qtc_template_field){f->r, args, f->name}, "transform",
                             "unsupported transform");
}

/* The part or its items are parsed as JSON. */
static bool read_parser(const struct qtc_template_field *f)
{
    struct qtc_template_field parsed = *f;
    struct qtc_bytes words[2] = {qtc_str("name"), qtc_str("arguments")};

    if (qtc_json_get(f->object, "x-parser") == NULL && qtc_json_get(f->object, "items") != NULL) {
        parsed.object = qtc_json_get(f->object, "items");
    }
    if (!qtc_bytes_is(qtc_json_text(qtc_json_get(parsed.object, "x-parser")), "json")) {
        return qtc_template_fail(&parsed, "x-parser", "not \"json\"");
    }
    f->r->row->body = QTC_BODY_JSON;
    return read_reshaping(&parsed, words) &&
           qtc_template_put(&parsed, "x-parser-args", "name_keys", words[0]) &&
           qtc_template_put(&parsed, "x-parser-args", "argument_keys", words[1]);
}

/* ---- a part ------------------------------------------------------------------------- */

/* OPEN(…)CLOSE, blanks aside */
static bool put_around(const struct qtc_template_field *f, const char *key, const struct part *part)
{
    struct qtc_patterns patterns;
    const struct qtc_pattern *p = &patterns.list[0];
    struct qtc_bytes texts[2];
    size_t n = 0, groups = 0;

    if (!qtc_template_pattern(f, key, &patterns)) {
        return false;
    }
    bool ok = patterns.count == 1;
    for (size_t i = 0; i < p->count && ok; i++) {
        bool text = p->items[i].kind == QTC_PATTERN_TEXT;
        groups += p->items[i].kind == QTC_PATTERN_GROUP;
        ok = p->items[i].kind != QTC_PATTERN_GAP && (!text || (n < 2 && n == groups));
        if (ok && text) {
            texts[n++] = p->items[i].text;
        }
    }
    if (!ok || n != 2 || groups != 1) {
        return qtc_template_fail(f, key, QTC_TEMPLATE_PATTERN);
    }
    return qtc_template_put_new(f, key, part->open, qtc_bytes_trim(texts[0])) &&
           qtc_template_put_new(f, key, part->close, qtc_bytes_trim(texts[1]));
}

static bool read_part(const struct qtc_template_field *f, const struct part *part)
{
    const char *key = qtc_json_get(f->object, "x-regex-iterator") != NULL ? "x-regex-iterator" : "x-regex";

    if (qtc_json_get(f->object, "x-regex-key-value") != NULL) {
        return qtc_template_fail(f, "x-regex-key-value", "unsupported");
    }
    if (qtc_json_get(f->object, key) == NULL && !part->calls) {
        return true;
    }
    return put_around(f, key, part) && (!part->calls || read_parser(f));
}

static const struct part *find_part(struct qtc_bytes name)
{
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (qtc_bytes_is(name, parts[i].name)) {
            return &parts[i];
        }
    }
    return NULL;
}

bool qtc_format_response_schema(struct qtc_format_reader *r, const struct qtc_json *schema)
{
    static const char *const over_all[] = {"x-regex", "x-regex-iterator", "x-parser", "x-regex-key-value"};
    const struct qtc_template_field f = {.r = r, .object = schema, .name = "response_schema"};
    const struct qtc_json *properties = qtc_json_get(schema, "properties");

    for (size_t i = 0; i < COUNT(over_all); i++) {
        if (qtc_json_get(schema, over_all[i]) != NULL) {
            return qtc_template_fail(&f, over_all[i], "unsupported for the whole message");
        }
    }
    if (qtc_json_type_of(properties) != QTC_JSON_OBJECT) {
        return qtc_template_fail(&f, "properties", "not an object");
    }
    for (const struct qtc_json *p = properties->first; p != NULL; p = p->next) {
        const struct part *part = find_part(p->key);
        if (part != NULL && !read_part(&(struct qtc_template_field){r, p, part->name}, part)) {
            return false;
        }
    }
    return true;
}
