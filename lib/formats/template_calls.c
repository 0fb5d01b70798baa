/* The field "tool_calls" of a response_template.
 *
 *   <tool_call>\s*<function=(?P<name>\w+)>     open, function_open, the name, function_end
 *   <\|tool_call>call:(?P<name>\w+)            open, a prefix, the name
 *   <\|channel\|>commentary to=functions\.(?P<name>\w+).*?<\|message\|>   a message's header
 *   <parameter=(?P<key>\w+)>(?P<value>.*?)</parameter>                    a parameter */
#include "formats/template.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define TRANSFORM "unsupported transform"

/* Where a call's name or arguments come from: "{name}", "{content.name}", "{content}". */
struct source {
    enum { NOWHERE, GROUP, KEY, CONTENT } kind;
    struct qtc_bytes word; /* of a GROUP of open_pattern, or a KEY of the content */
};

struct transform {
    bool each; /* the content is a list of calls */
    struct source name, arguments, id;
};

struct calls {
    const struct qtc_template_field *f;
    struct qtc_template_field args; /* content_args, as a field */
    struct transform transform;
};

static bool is_text(const struct qtc_pattern_item *item)
{
    return item->kind == QTC_PATTERN_TEXT;
}

static struct qtc_bytes from(struct qtc_bytes text, size_t n)
{
    return qtc_bytes(text.data + n, text.len - n);
}

static bool ends_with(struct qtc_bytes text, const char *end)
{
    size_t len = strlen(end);

    return text.len >= len && memcmp(text.data + text.len - len, end, len) == 0;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

static bool fail_pattern(const struct qtc_template_field *f, const char *key)
{
    return qtc_template_fail(f, key, QTC_TEMPLATE_PATTERN);
}

/* ---- transform ------------------------------------------------------------------ */

static bool read_source(const struct calls *c, const struct qtc_json *value, struct source *source)
{
    static const char prefix[] = "content.";
    struct qtc_bytes text = qtc_json_text(value);

    if (text.len < 3 || text.data[0] != '{' || text.data[text.len - 1] != '}') {
        return qtc_template_fail(c->f, "transform", TRANSFORM);
    }
    text = qtc_bytes(text.data + 1, text.len - 2);
    source->kind = c->transform.each ? KEY : GROUP;
    if (qtc_bytes_is(text, "content")) {
        source->kind = CONTENT;
    } else if (text.len > sizeof prefix - 1 && memcmp(text.data, prefix, sizeof prefix - 1) == 0) {
        source->kind = KEY;
        text = from(text, sizeof prefix - 1);
    }
    source->word = text;
    return memchr(text.data, '.', text.len) == NULL || qtc_template_fail(c->f, "transform", TRANSFORM);
}

/* {"name": …, "arguments": …}, and what may stand beside them */
static bool read_function(struct calls *c, const struct qtc_json *function)
{
    static const char *const known[] = {"type", "id", "name", "arguments", NULL};
    const struct qtc_json *name = qtc_json_get(function, "name");
    const struct qtc_json *arguments = qtc_json_get(function, "arguments");
    const struct qtc_json *id = qtc_json_get(function, "id");

    return qtc_template_known_keys(c->f, function, known) && read_source(c, name, &c->transform.name) &&
           read_source(c, arguments, &c->transform.arguments) &&
           (id == NULL || read_source(c, id, &c->transform.id));
}

/* The content is the function: {"name": N, "arguments": A}. */
static bool is_whole(const struct qtc_json *value)
{
    return qtc_bytes_is(qtc_json_text(value), "{content}");
}

static void whole(struct transform *t)
{
    t->name = (struct source){KEY, qtc_str("name")};
    t->arguments = (struct source){KEY, qtc_str("arguments")};
}

static bool read_transform(struct calls *c)
{
    static const char *const known[] = {"type", "id", "function", NULL};
    const struct qtc_json *transform = qtc_json_get(c->f->object, "transform");
    const struct qtc_json *function = qtc_json_get(transform, "function");
    const struct qtc_json *id = qtc_json_get(transform, "id");

    c->transform.each = qtc_json_type_of(qtc_json_get(c->f->object, "transform_each")) == QTC_JSON_TRUE;
    if (transform == NULL || is_whole(transform)) {
        whole(&c->transform);
        return true;
    }
    if (function == NULL) {
        return transform->type == QTC_JSON_OBJECT ? read_function(c, transform)
                                                  : qtc_template_fail(c->f, "transform", TRANSFORM);
    }
    if (!qtc_template_known_keys(c->f, transform, known) ||
        (id != NULL && !read_source(c, id, &c->transform.id))) {
        return false;
    }
    if (is_whole(function)) {
        whole(&c->transform);
        return true;
    }
    return function->type == QTC_JSON_OBJECT ? read_function(c, function)
                                             : qtc_template_fail(c->f, "transform", TRANSFORM);
}

/* ---- tags: what stands around a name ----------------------------------------------- */

/* `<invoke name="` before a name: the marker, and the attribute, if any. */
struct tag {
    struct qtc_bytes marker;
    struct qtc_bytes attribute;
    bool quoted; /* a quote follows the name */
};

static struct tag read_tag(struct qtc_bytes before)
{
    struct tag tag = {.marker = before, .quoted = ends_with(before, "=\"")};
    size_t end = before.len - (tag.quoted ? 2 : 1);
    size_t start = end;

    if (!tag.quoted && !ends_with(before, "=")) {
        return tag;
    }
    while (start > 0 && is_letter(before.data[start - 1])) {
        start--;
    }
    tag.marker = qtc_bytes(before.data, end);
    if (start > 0 && start < end && qtc_is_blank(before.data[start - 1])) {
        tag.attribute = qtc_bytes(before.data + start, end - start);
        tag.marker = qtc_bytes_trim(qtc_bytes(before.data, start));
    }
    return tag;
}

/* The text behind a name, without the quote that ends it, and without blanks. */
static struct qtc_bytes behind_name(const struct tag *tag, struct qtc_bytes text)
{
    bool quote = tag->quoted && text.len > 0 && text.data[0] == '"';

    return qtc_bytes_trim(quote ? from(text, 1) : text);
}

/* ` string="` of `" string="true">`: the attribute's name; empty where it is none. */
static struct qtc_bytes other_attribute(struct qtc_bytes text)
{
    size_t end = text.len >= 2 && ends_with(text, "=\"") ? text.len - 2 : 0;
    size_t start = end;

    while (start > 0 && is_letter(text.data[start - 1])) {
        start--;
    }
    return start > 0 && qtc_is_blank(text.data[start - 1]) ? qtc_bytes(text.data + start, end - start)
                                                           : qtc_bytes("", 0);
}

/* ---- parameters ------------------------------------------------------------------- */

static size_t find_group(const struct qtc_pattern *p, struct qtc_bytes name)
{
    size_t i = 0;

    while (i < p->count &&
           !(p->items[i].kind == QTC_PATTERN_GROUP && qtc_bytes_equal(p->items[i].text, name))) {
        i++;
    }
    return i;
}

/* Blanks around the value in the pattern, or in its texts, are markup. */
static enum qtc_trim read_trim(const struct qtc_pattern *p, size_t value)
{
    const struct qtc_pattern_item *before = &p->items[value - 1];
    const struct qtc_pattern_item *after = &p->items[value + 1];

    if (is_text(before) && is_text(after)) {
        return ends_with(before->text, "\n") ? QTC_TRIM_LINE : QTC_TRIM_NONE;
    }
    return before->line || after->line ? QTC_TRIM_LINE : QTC_TRIM_ALL;
}

/* Texts between the key and the value: parameter_end, value_open, and a type's attribute. */
static bool put_between(const struct calls *c, const struct qtc_pattern *p, const struct tag *tag,
                        size_t from_item, size_t to_item)
{
    static const char *const keys[] = {"parameter_end", "value_open"};
    size_t n = 0;

    for (size_t i = from_item; i < to_item; i++) {
        const struct qtc_pattern_item *item = &p->items[i];
        bool gap = item->kind == QTC_PATTERN_GAP || item->kind == QTC_PATTERN_GROUP;
        if (!is_text(item)) {
            if (gap && (i == from_item || n > 0)) {
                return fail_pattern(&c->args, "tag_pattern");
            }
            continue;
        }
        struct qtc_bytes attribute = other_attribute(item->text);
        if (attribute.len > 0 && i + 1 < to_item) {
            if (!qtc_template_put(&c->args, "tag_pattern", "type_attribute", attribute)) {
                return false;
            }
            continue;
        }
        struct qtc_bytes text =
            behind_name(&(struct tag){.quoted = tag->quoted || i > from_item}, item->text);
        if (n == COUNT(keys)) {
            return fail_pattern(&c->args, "tag_pattern");
        }
        if (!qtc_template_put(&c->args, "tag_pattern", keys[n++], text)) {
            return false;
        }
    }
    return n > 0 || fail_pattern(&c->args, "tag_pattern");
}

/* KEY is group `key`, VALUE group `value`; a text before, between and behind. */
static bool put_parameters(const struct calls *c)
{
    struct qtc_patterns patterns;
    struct qtc_pattern *p = &patterns.list[0];
    struct qtc_format *row = c->f->r->row;

    if (!qtc_template_pattern(&c->args, "tag_pattern", &patterns)) {
        return false;
    }
    qtc_pattern_trim(p);
    size_t key = find_group(p, qtc_str("key"));
    size_t value = find_group(p, qtc_str("value"));
    if (patterns.count != 1 || key != 1 || value >= p->count - 1 || value <= key + 1 ||
        !is_text(&p->items[0]) || !is_text(&p->items[p->count - 1]) || p->count - value > 3) {
        return fail_pattern(&c->args, "tag_pattern");
    }
    struct tag tag = read_tag(p->items[0].text);
    row->trim = read_trim(p, value);
    return qtc_template_put(&c->args, "tag_pattern", "parameter_open", qtc_bytes_trim(tag.marker)) &&
           (tag.attribute.len == 0 ||
            qtc_template_put(&c->args, "tag_pattern", "key_attribute", tag.attribute)) &&
           put_between(c, p, &tag, 2, value) &&
           qtc_template_put(&c->args, "tag_pattern", "parameter_close",
                            qtc_bytes_trim(p->items[p->count - 1].text));
}

/* ---- what opens a call --------------------------------------------------------------- */

enum { MARKERS = 4 };

/* `<a><b=`: a marker ends behind a '>'. How many; 0: too many. */
static size_t split_markers(struct qtc_bytes text, struct qtc_bytes out[MARKERS], size_t n)
{
    while ((text = qtc_bytes_trim(text)).len > 0) {
        const char *end = memchr(text.data, '>', text.len);
        size_t len = end != NULL ? (size_t)(end + 1 - text.data) : text.len;
        if (n == MARKERS) {
            return 0;
        }
        out[n++] = qtc_bytes(text.data, len);
        text = from(text, len);
    }
    return n;
}

/* "functions." and "call:" are prefixes of names. */
static bool is_prefix(struct qtc_bytes marker)
{
    for (size_t i = 0; i + 1 < marker.len; i++) {
        if (!is_letter(marker.data[i])) {
            return false;
        }
    }
    return marker.len > 1 && (ends_with(marker, ".") || ends_with(marker, ":"));
}

static bool put_open(const struct calls *c, const char *row_key, struct qtc_bytes text)
{
    return qtc_template_put(c->f, "open_pattern", row_key, text);
}

/* The marker right before the name. */
static bool put_function(const struct calls *c, const struct tag *tag)
{
    return put_open(c, "function_open", tag->marker) &&
           (tag->attribute.len == 0 || put_open(c, "name_attribute", tag->attribute));
}

/* The markers before the name: the first opens the block, the last the function. */
static bool put_before(const struct calls *c, const struct qtc_bytes *markers, size_t n, struct tag *tag)
{
    if (n > 1 && is_prefix(markers[n - 1]) && !put_open(c, "name_prefixes", markers[--n])) {
        return false;
    }
    *tag = read_tag(markers[n - 1]);
    if (n == 1 && tag->marker.len < markers[0].len) {
        c->f->r->row->bare_function = true; /* a tag with the name in it, and nothing around */
        return put_function(c, tag);
    }
    for (size_t i = 1; i + 1 < n; i++) {
        if (!put_open(c, "skip", markers[i])) {
            return false;
        }
    }
    return put_open(c, "open", markers[0]) && (n == 1 || put_function(c, tag));
}

/* What stands between the name and the arguments: :0, then function_end, then more. */
static bool put_behind(const struct calls *c, const struct qtc_pattern *p, size_t i, const struct tag *tag)
{
    bool first = true;

    if (i + 1 < p->count && is_text(&p->items[i]) && qtc_bytes_is(p->items[i].text, ":") &&
        p->items[i + 1].digits) {
        c->f->r->row->name_is_id = true;
        i += 2;
    }
    for (; i < p->count; i++) {
        if (p->items[i].kind == QTC_PATTERN_GROUP) {
            return fail_pattern(c->f, "open_pattern");
        }
        struct qtc_bytes text = is_text(&p->items[i]) ? behind_name(tag, p->items[i].text) : qtc_bytes("", 0);
        if (text.len > 0 && !put_open(c, first ? "function_end" : "skip", text)) {
            return false;
        }
        first = first && text.len == 0;
    }
    return true;
}

/* `… to=functions.NAME … <|message|>`: the header of a message. */
static bool is_header(const struct qtc_pattern *p, size_t name)
{
    struct qtc_bytes text = name == 1 && is_text(&p->items[0]) ? p->items[0].text : qtc_bytes("", 0);

    while (text.len > 0 && text.data[text.len - 1] != '=') {
        text.len--;
    }
    return ends_with(text, " to=") && memchr(text.data, '>', text.len) != NULL;
}

/* Messages to nobody, by the channel that calls have: content. */
static bool put_channel(const struct calls *c, struct qtc_bytes channel)
{
    const struct qtc_json *pattern = qtc_json_get(c->f->object, "open_pattern");
    const struct qtc_format_fault at = {
        .where = pattern->raw.data, .place = "open_pattern", .of = c->f->name};

    return (channel.len == 0 || qtc_format_put_route(c->f->r, channel, QTC_ROUTE_CONTENT, &at)) &&
           qtc_format_put_route(c->f->r, qtc_bytes("", 0), QTC_ROUTE_CONTENT, &at);
}

/* A call ends where its message does. */
static bool put_message_close(const struct calls *c)
{
    struct qtc_bytes close = qtc_json_text(qtc_json_get(c->f->object, "close"));

    return (close.len == 0 || qtc_bytes_is(close, "eos") ||
            qtc_template_put(c->f, "close", "function_close", close)) &&
           qtc_template_markers(c->f, "close", "close_pattern", "message_close");
}

static bool put_header(const struct calls *c, const struct qtc_pattern *p)
{
    struct qtc_bytes text = p->items[0].text;
    struct qtc_bytes end = p->items[p->count - 1].text;
    size_t open = (size_t)((const char *)memchr(text.data, '>', text.len) + 1 - text.data);
    size_t prefix = text.len;

    while (text.data[prefix - 1] != '=') {
        prefix--;
    }
    size_t to = prefix - (sizeof " to=" - 1);
    struct qtc_bytes channel = qtc_bytes_trim(qtc_bytes(text.data + open, to > open ? to - open : 0));
    for (size_t i = 2; i + 1 < p->count; i++) {
        if (p->items[i].kind == QTC_PATTERN_GROUP || is_text(&p->items[i])) {
            return fail_pattern(c->f, "open_pattern");
        }
    }
    return p->count > 2 && is_text(&p->items[p->count - 1])
               ? put_open(c, "header_open", qtc_bytes(text.data, open)) &&
                     put_open(c, "header_end", qtc_bytes_trim(end)) &&
                     (prefix == text.len || put_open(c, "name_prefixes", from(text, prefix))) &&
                     put_channel(c, channel) && put_message_close(c)
               : fail_pattern(c->f, "open_pattern");
}

/* close_pattern of two texts: the function's, the block's. */
static bool put_two_closers(const struct calls *c, bool *done)
{
    struct qtc_patterns patterns;
    struct qtc_pattern *p = &patterns.list[0];

    *done = false;
    if (qtc_json_get(c->f->object, "close_pattern") == NULL) {
        return true;
    }
    if (!qtc_template_pattern(c->f, "close_pattern", &patterns)) {
        return false;
    }
    qtc_pattern_trim(p);
    *done = patterns.count == 1 && p->count == 3 && is_text(&p->items[0]) && is_text(&p->items[2]) &&
            p->items[1].kind == QTC_PATTERN_BLANKS;
    return !*done || (qtc_template_put(c->f, "close_pattern", "function_close", p->items[0].text) &&
                      qtc_template_put(c->f, "close_pattern", "close", p->items[2].text));
}

/* </function> goes with <function, though templates look only at what is between. */
static bool derive_function_close(const struct calls *c)
{
    const struct qtc_format *row = c->f->r->row;
    struct qtc_bytes open = row->function_open != NULL ? qtc_str(row->function_open) : qtc_bytes("", 0);
    struct qtc_buf close = {0};

    if (row->body != QTC_BODY_TAGS || row->function_close != NULL || open.len < 2 || open.data[0] != '<' ||
        !is_letter(open.data[open.len - 1])) {
        return true;
    }
    qtc_buf_str(&close, "</");
    qtc_buf_put(&close, from(open, 1));
    qtc_buf_byte(&close, '>');
    bool ok =
        close.failed ? qtc_format_no_memory(c->f->r) : put_open(c, "function_close", qtc_buf_bytes(&close));
    qtc_buf_free(&close);
    return ok;
}

static bool put_close(const struct calls *c)
{
    bool bare = c->f->r->row->bare_function;
    bool one = qtc_json_type_of(qtc_json_get(c->f->object, "close")) == QTC_JSON_STRING;
    bool done;

    if (!put_two_closers(c, &done)) {
        return false;
    }
    return (done ||
            qtc_template_markers(c->f, "close", "close_pattern", bare && one ? "function_close" : "close")) &&
           (bare || derive_function_close(c));
}

/* The name is in open_pattern. */
static bool put_named(const struct calls *c)
{
    struct qtc_patterns patterns;
    struct qtc_pattern *p = &patterns.list[0];
    struct qtc_bytes markers[MARKERS];
    struct tag tag;
    size_t n = 0;

    if (!qtc_template_pattern(c->f, "open_pattern", &patterns)) {
        return false;
    }
    size_t name = find_group(p, c->transform.name.word);
    if (patterns.count == 1 && name < p->count && is_header(p, name)) {
        return put_header(c, p);
    }
    bool ok = patterns.count == 1 && name < p->count;
    for (size_t i = 0; ok && i < name; i++) {
        bool text = is_text(&p->items[i]);
        n = text ? split_markers(p->items[i].text, markers, n) : n;
        ok = text ? n > 0 : p->items[i].kind == QTC_PATTERN_BLANKS;
    }
    if (!ok || n == 0 || (n == 1 && is_prefix(markers[0]))) {
        return fail_pattern(c->f, "open_pattern");
    }
    return put_before(c, markers, n, &tag) && put_behind(c, p, name + 1, &tag) && put_close(c);
}

/* ---- the content ---------------------------------------------------------------------- */

/* The one pair of the same text on both sides, as Gemma has it. */
static bool put_delimiter(const struct calls *c)
{
    const struct qtc_json *pairs = qtc_json_get(c->args.object, "string_delims");
    const struct qtc_json *pair = pairs != NULL && pairs->count == 1 ? pairs->first : NULL;
    const struct qtc_json *open = pair != NULL && pair->count == 2 ? pair->first : NULL;
    struct qtc_bytes text = qtc_json_text(open);

    if (open == NULL || text.len == 0 || !qtc_bytes_equal(text, qtc_json_text(open->next))) {
        return qtc_template_fail(&c->args, "string_delims", "not one pair of the same texts");
    }
    return qtc_template_put(&c->args, "string_delims", "delimiter", text);
}

static bool is_true(const struct qtc_json *object, const char *key)
{
    return qtc_json_type_of(qtc_json_get(object, key)) == QTC_JSON_TRUE;
}

static bool json_content(const struct calls *c)
{
    static const char *const known[] = {"unquoted_keys", "string_delims", "allow_non_json", NULL};
    struct qtc_format *row = c->f->r->row;
    bool delimiters = qtc_json_get(c->args.object, "string_delims") != NULL;
    bool named = c->transform.name.kind == GROUP;

    row->body = delimiters ? QTC_BODY_GEMMA : named ? QTC_BODY_NAMED : QTC_BODY_JSON;
    if (!qtc_template_known_keys(&c->args, c->args.object, known)) {
        return false;
    }
    if (delimiters && !named) {
        return qtc_template_fail(&c->args, "string_delims", "needs the name in open_pattern");
    }
    if (!delimiters && is_true(c->args.object, "unquoted_keys")) {
        return qtc_template_fail(&c->args, "unquoted_keys", "needs string_delims");
    }
    return !delimiters || put_delimiter(c);
}

static bool tags_content(const struct calls *c)
{
    static const char *const known[] = {"tag_pattern", "value_parser", "merge_duplicates", NULL};
    struct qtc_bytes parser =
        qtc_json_text(qtc_json_get(qtc_json_get(c->args.object, "value_parser"), "name"));

    c->f->r->row->body = QTC_BODY_TAGS;
    if (!qtc_template_known_keys(&c->args, c->args.object, known)) {
        return false;
    }
    if (is_true(c->args.object, "merge_duplicates")) {
        return qtc_template_fail(&c->args, "merge_duplicates", "unsupported");
    }
    if (qtc_bytes_is(parser, "xml-inline") || qtc_bytes_is(parser, "kv-lines")) {
        return qtc_template_fail(&c->args, "value_parser", "unsupported: values are texts or JSON");
    }
    return put_parameters(c);
}

static bool lines_content(const struct calls *c)
{
    static const char *const known[] = {"line_sep", "kv_sep", "strip", "value_parser", NULL};
    const struct qtc_json *lines = qtc_json_get(c->args.object, "line_sep");
    const struct qtc_json *colon = qtc_json_get(c->args.object, "kv_sep");

    c->f->r->row->body = QTC_BODY_YAML;
    if (!qtc_template_known_keys(&c->args, c->args.object, known)) {
        return false;
    }
    if (lines != NULL && !qtc_bytes_is(qtc_json_text(lines), "\n")) {
        return qtc_template_fail(&c->args, "line_sep", "unsupported separator");
    }
    return colon == NULL || qtc_bytes_is(qtc_bytes_trim(qtc_json_text(colon)), ":") ||
           qtc_template_fail(&c->args, "kv_sep", "unsupported separator");
}

static const struct content {
    const char *name;
    bool needs_name; /* from open_pattern: the content has only arguments */
    bool (*read)(const struct calls *c);
} contents[] = {
    {"json", false, json_content},
    {"xml-inline", true, tags_content},
    {"kv-lines", true, lines_content},
};

/* ---- all of it -------------------------------------------------------------------------- */

/* The name is in the content, which is JSON. */
static bool put_keys(const struct calls *c)
{
    const struct transform *t = &c->transform;

    if (t->name.kind != KEY || t->arguments.kind != KEY || (t->id.kind != NOWHERE && t->id.kind != KEY)) {
        return qtc_template_fail(c->f, "transform", TRANSFORM);
    }
    c->f->r->row->array = t->each;
    return qtc_template_put(c->f, "transform", "name_keys", t->name.word) &&
           qtc_template_put(c->f, "transform", "argument_keys", t->arguments.word) &&
           (t->id.kind == NOWHERE || qtc_template_put(c->f, "transform", "id_keys", t->id.word)) &&
           qtc_template_markers(c->f, "open", "open_pattern", "open") && put_close(c);
}

static bool read_content(const struct calls *c)
{
    struct qtc_bytes name = qtc_json_text(qtc_json_get(c->f->object, "content"));
    bool named = c->transform.name.kind == GROUP;

    for (size_t i = 0; i < COUNT(contents); i++) {
        if (qtc_bytes_is(name, contents[i].name)) {
            if (contents[i].needs_name && !named) {
                return qtc_template_fail(c->f, "transform", TRANSFORM);
            }
            return contents[i].read(c);
        }
    }
    return qtc_template_fail(c->f, "content", "unsupported content");
}

bool qtc_template_calls(const struct qtc_template_field *f)
{
    const struct qtc_json no_args = {.type = QTC_JSON_OBJECT, .raw = f->object->raw};
    const struct qtc_json *args = qtc_json_get(f->object, "content_args");
    struct calls c = {.f = f, .args = *f};

    c.args.object = args != NULL ? args : &no_args;
    if (c.args.object->type != QTC_JSON_OBJECT) {
        return qtc_template_fail(f, "content_args", "not an object");
    }
    if (!read_transform(&c) || !read_content(&c)) {
        return false;
    }
    if (c.transform.name.kind != GROUP) {
        return put_keys(&c);
    }
    /* an id in open_pattern is part of the name: functions.NAME:0 */
    if (c.transform.arguments.kind != CONTENT || c.transform.id.kind == KEY) {
        return qtc_template_fail(f, "transform", TRANSFORM);
    }
    return put_named(&c);
}
