/* A Hugging Face response_template as a row: what stands around thinking, content and calls. */
#include "formats/template.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const template_keys[] = {
    "version", "defaults", "start_anchor", "start_anchor_pattern", "fields", NULL,
};

static const char *const field_keys[] = {
    "open",    "open_pattern", "close", "close_pattern", "content",        "content_args",
    "repeats", "optional",     "join",  "transform",     "transform_each", NULL,
};

/* The fields of text, by all names in use; the row's lists that their markers go to. */
static const struct text_field {
    const char *name;
    const char *open, *close;
    const char *close_alone; /* the list for closers of a field that has no opener */
    enum qtc_route route;
} text_fields[] = {
    {"thinking", "think_open", "think_close", "think_close", QTC_ROUTE_REASONING},
    {"reasoning", "think_open", "think_close", "think_close", QTC_ROUTE_REASONING},
    {"reasoning_content", "think_open", "think_close", "think_close", QTC_ROUTE_REASONING},
    {"content", "content_open", "content_close", "special_tokens", QTC_ROUTE_CONTENT},
};

static const char calls_name[] = "tool_calls";

/* ---- errors, texts ---------------------------------------------------------- */

/* What a key of the template says, for errors in what becomes of it. */
static struct qtc_format_fault fault_at(const struct qtc_template_field *f, const char *key)
{
    const struct qtc_json *value = qtc_json_get(f->object, key);

    return (struct qtc_format_fault){
        .code = QTC_TYPE,
        .where = value != NULL ? value->raw.data : f->object->raw.data,
        .place = key,
        .of = f->name,
    };
}

bool qtc_template_fail(const struct qtc_template_field *f, const char *key, const char *message)
{
    struct qtc_format_fault fault = fault_at(f, key);
    const struct qtc_json *value = qtc_json_get(f->object, key);

    fault.message = message;
    fault.value = qtc_json_type_of(value) == QTC_JSON_STRING ? value->text : fault.value;
    return qtc_format_fail(f->r, &fault);
}

bool qtc_template_pattern(const struct qtc_template_field *f, const char *key, struct qtc_patterns *out)
{
    const struct qtc_json *value = qtc_json_get(f->object, key);

    if (qtc_json_type_of(value) != QTC_JSON_STRING) {
        return qtc_template_fail(f, key, "not a text");
    }
    switch (qtc_pattern_read(out, value->text, f->r->arena)) {
    case QTC_PATTERN_OK:
        return true;
    case QTC_PATTERN_NOMEM:
        return qtc_format_no_memory(f->r);
    default:
        return qtc_template_fail(f, key, QTC_TEMPLATE_PATTERN);
    }
}

bool qtc_template_put(const struct qtc_template_field *f, const char *key, const char *row_key,
                      struct qtc_bytes text)
{
    const struct qtc_format_fault at = fault_at(f, key);

    return qtc_format_put(f->r, row_key, text, &at);
}

bool qtc_template_put_new(const struct qtc_template_field *f, const char *key, const char *row_key,
                          struct qtc_bytes text)
{
    const struct qtc_field *field = qtc_format_field(qtc_str(row_key));
    const char *const *list = qtc_field_get(field, f->r->row);

    for (size_t i = 0; field->kind == QTC_FIELD_LIST && list[i] != NULL; i++) {
        if (qtc_bytes_is(text, list[i])) {
            return true;
        }
    }
    return qtc_template_put(f, key, row_key, text);
}

static bool fail_unknown(const struct qtc_template_field *f, const struct qtc_json *member,
                         const char *const *known)
{
    struct qtc_guess nearest = qtc_format_guess(member->key);

    for (size_t i = 0; known[i] != NULL; i++) {
        qtc_format_consider(&nearest, known[i]);
    }
    return qtc_format_fail(f->r, &(struct qtc_format_fault){
                                     .code = QTC_UNKNOWN,
                                     .where = member->raw_key.data,
                                     .message = "unknown key",
                                     .place = f->name,
                                     .value = member->key,
                                     .nearest = nearest.best.data,
                                 });
}

bool qtc_template_known_keys(const struct qtc_template_field *f, const struct qtc_json *object,
                             const char *const *known)
{
    for (const struct qtc_json *member = object->first; member != NULL; member = member->next) {
        if (!qtc_bytes_is_one_of(member->key, known)) {
            return fail_unknown(f, member, known);
        }
    }
    return true;
}

/* ---- a field of text ----------------------------------------------------------- */

/* "open": one text or a list of them; "eos" is no text: the field goes on to the end. */
static bool put_literals(const struct qtc_template_field *f, const char *key, const char *row_key)
{
    const struct qtc_json *value = qtc_json_get(f->object, key);

    if (qtc_json_type_of(value) == QTC_JSON_STRING) {
        return qtc_bytes_is(value->text, "eos") || qtc_template_put_new(f, key, row_key, value->text);
    }
    if (qtc_json_type_of(value) != QTC_JSON_ARRAY) {
        return qtc_template_fail(f, key, "not a text or a list of texts");
    }
    for (const struct qtc_json *item = value->first; item != NULL; item = item->next) {
        if (item->type != QTC_JSON_STRING) {
            return qtc_template_fail(f, key, "not a list of texts");
        }
        if (!qtc_template_put_new(f, key, row_key, item->text)) {
            return false;
        }
    }
    return true;
}

/* "open_pattern" that is no more than one text, or any of some. */
static bool put_pattern(const struct qtc_template_field *f, const char *key, const char *row_key)
{
    struct qtc_patterns patterns = {0};

    if (!qtc_template_pattern(f, key, &patterns)) {
        return false;
    }
    for (size_t i = 0; i < patterns.count; i++) {
        struct qtc_pattern *p = &patterns.list[i];
        qtc_pattern_trim(p);
        if (p->count != 1 || p->items[0].kind != QTC_PATTERN_TEXT) {
            return qtc_template_fail(f, key, QTC_TEMPLATE_PATTERN);
        }
        if (!qtc_template_put_new(f, key, row_key, p->items[0].text)) {
            return false;
        }
    }
    return true;
}

bool qtc_template_markers(const struct qtc_template_field *f, const char *key, const char *pattern_key,
                          const char *row_key)
{
    if (qtc_json_get(f->object, key) != NULL) {
        return qtc_json_get(f->object, pattern_key) != NULL
                   ? qtc_template_fail(f, pattern_key, "not beside a text of the same purpose:")
                   : put_literals(f, key, row_key);
    }
    return qtc_json_get(f->object, pattern_key) == NULL || put_pattern(f, pattern_key, row_key);
}

static bool has_opener(const struct qtc_json *field)
{
    return qtc_json_get(field, "open") != NULL || qtc_json_get(field, "open_pattern") != NULL;
}

/* The word of an opener that is a whole header, <|channel|>analysis<|message|>; data is NULL: it is none. */
static struct qtc_bytes header_word(const struct qtc_format *row, struct qtc_bytes open)
{
    size_t end = row->header_end[0] != NULL ? strlen(row->header_end[0]) : 0;
    size_t begin = 0;

    for (size_t i = 0; row->header_open[i] != NULL; i++) {
        size_t len = strlen(row->header_open[i]);
        begin = open.len > len && memcmp(open.data, row->header_open[i], len) == 0 ? len : begin;
    }
    if (end == 0 || begin == 0 || open.len - begin <= end ||
        memcmp(open.data + open.len - end, row->header_end[0], end) != 0) {
        return qtc_bytes(NULL, 0);
    }
    return qtc_bytes_trim(qtc_bytes(open.data + begin, open.len - begin - end));
}

/* Where calls have headers, so has text: the header's word is a route. */
static bool put_route(const struct qtc_template_field *f, enum qtc_route route, struct qtc_bytes word)
{
    const struct qtc_format_fault at = fault_at(f, "open");

    return qtc_format_put_route(f->r, word, route, &at) &&
           qtc_template_markers(f, "close", "close_pattern", "message_close");
}

static bool read_text(const struct qtc_template_field *f, const struct text_field *t)
{
    const struct qtc_json *content = qtc_json_get(f->object, "content");
    struct qtc_bytes word = header_word(f->r->row, qtc_json_text(qtc_json_get(f->object, "open")));

    if (content != NULL && !qtc_bytes_is(qtc_json_text(content), "text")) {
        return qtc_template_fail(f, "content", "unsupported content");
    }
    if (qtc_json_get(f->object, "transform") != NULL) {
        return qtc_template_fail(f, "transform", "unsupported: it is for tool_calls");
    }
    if (word.data != NULL) {
        return put_route(f, t->route, word);
    }
    const char *close = has_opener(f->object) ? t->close : t->close_alone;
    return qtc_template_markers(f, "open", "open_pattern", t->open) &&
           qtc_template_markers(f, "close", "close_pattern", close);
}

/* ---- the template --------------------------------------------------------------- */

static const struct text_field *find_text(struct qtc_bytes name)
{
    for (size_t i = 0; i < COUNT(text_fields); i++) {
        if (qtc_bytes_is(name, text_fields[i].name)) {
            return &text_fields[i];
        }
    }
    return NULL;
}

static bool read_field(const struct qtc_template_field *template, const struct qtc_json *member)
{
    const struct text_field *text = find_text(member->key);
    bool calls = qtc_bytes_is(member->key, calls_name);
    const struct qtc_template_field f = {
        .r = template->r, .object = member, .name = text != NULL ? text->name : calls_name};

    if (text == NULL && !calls) {
        return qtc_format_fail(template->r, &(struct qtc_format_fault){
                                                .code = QTC_TYPE,
                                                .where = member->raw_key.data,
                                                .message = "unsupported field",
                                                .place = "fields",
                                                .of = template->name,
                                                .value = member->key,
                                            });
    }
    if (member->type != QTC_JSON_OBJECT) {
        return qtc_template_fail(template, "fields", "a field is not an object");
    }
    return qtc_template_known_keys(&f, member, field_keys) &&
           (calls ? qtc_template_calls(&f) : read_text(&f, text));
}

/* Where the prompt ends in the header of the answer's message, its marker begins other messages too. */
static bool read_anchor(const struct qtc_template_field *f)
{
    struct qtc_bytes anchor = qtc_json_text(qtc_json_get(f->object, "start_anchor"));
    const char *end = anchor.len > 0 ? memchr(anchor.data, '>', anchor.len) : NULL;

    if (f->r->row->header_open[0] == NULL || end == NULL || anchor.data[0] != '<') {
        return true;
    }
    const struct qtc_format_fault at = fault_at(f, "start_anchor");
    size_t len = (size_t)(end + 1 - anchor.data);
    struct qtc_bytes role = qtc_bytes_trim(qtc_bytes(anchor.data + len, anchor.len - len));
    f->r->row->starts_in_header = true;
    return (role.len == 0 || qtc_format_put_route(f->r, role, QTC_ROUTE_CONTENT, &at)) &&
           qtc_template_put_new(f, "start_anchor", "header_open", qtc_bytes(anchor.data, len));
}

/* The calls come first: whether there are headers is told by them. */
static bool read_fields(const struct qtc_template_field *f, const struct qtc_json *fields)
{
    const struct qtc_json *calls = qtc_json_get(fields, calls_name);

    if (calls != NULL && !(read_field(f, calls) && read_anchor(f))) {
        return false;
    }
    for (const struct qtc_json *member = fields->first; member != NULL; member = member->next) {
        bool done = qtc_bytes_is(member->key, calls_name);
        if (qtc_json_getn(fields, member->key) != member) {
            return qtc_template_fail(f, "fields", "a repeated field");
        }
        if (!done && !read_field(f, member)) {
            return false;
        }
    }
    return true;
}

bool qtc_format_template(struct qtc_format_reader *r, const struct qtc_json *template)
{
    const struct qtc_template_field f = {.r = r, .object = template, .name = "response_template"};
    const struct qtc_json *version = qtc_json_get(template, "version");
    const struct qtc_json *fields = qtc_json_get(template, "fields");
    unsigned number = 1;

    if (!qtc_template_known_keys(&f, template, template_keys)) {
        return false;
    }
    if (version != NULL && (!qtc_json_unsigned(version, &number) || number != 1)) {
        return qtc_template_fail(&f, "version", "not 1");
    }
    if (qtc_json_type_of(fields) != QTC_JSON_OBJECT || fields->count == 0) {
        return qtc_template_fail(&f, "fields", "not an object with fields");
    }
    return read_fields(&f, fields);
}
