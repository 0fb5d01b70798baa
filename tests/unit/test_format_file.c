/* test_format_file.c - formats as JSON: written, read, refused; templates of Hugging Face. */
#include "formats/fields.h"
#include "formats/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- helpers ----------------------------------------------------------------- */

/* From memory that is gone before the row is looked at. */
static struct qtc_format *read_copy(const char *text, struct qtc_error *error, struct qtc_buf *detail)
{
    size_t len = strlen(text);
    char *copy = malloc(len + 1);

    assert_non_null(copy);
    memcpy(copy, text, len + 1);
    struct qtc_format *format = qtc_format_read(qtc_bytes(copy, len), error, detail);
    memset(copy, '?', len);
    free(copy);
    return format;
}

static struct qtc_format *read_good(const char *text)
{
    struct qtc_error error;
    struct qtc_buf detail = {0};
    struct qtc_format *format = read_copy(text, &error, &detail);

    if (format == NULL) {
        fail_msg("%s\n%.*s at %u", text, (int)detail.len, detail.data, (unsigned)error.offset);
    }
    qtc_buf_free(&detail);
    return format;
}

/* Terminated; the caller frees it. */
static char *written(const struct qtc_format *format)
{
    struct qtc_buf out = {0};

    qtc_format_json(&out, format);
    qtc_buf_byte(&out, 0);
    assert_false(out.failed);
    return out.data;
}

static void check_row(const char *text, const char *expected)
{
    struct qtc_format *format = read_good(text);
    char *json = written(format);

    if (strcmp(json, expected) != 0) {
        fail_msg("%s\ngot:      %s\nexpected: %s", text, json, expected);
    }
    free(json);
    qtc_format_free(format);
}

/* `mark` is where the error is: the offset of its first place in the text; NULL: 0. */
static void check_error(const char *text, enum qtc_code code, const char *mark, const char *expected)
{
    struct qtc_error error;
    struct qtc_buf detail = {0};
    struct qtc_format *format = read_copy(text, &error, &detail);
    const char *place = mark != NULL ? strstr(text, mark) : text;

    assert_null(format);
    assert_non_null(place);
    qtc_buf_byte(&detail, 0);
    if (strcmp(detail.data, expected) != 0 || error.code != code || error.offset != (size_t)(place - text)) {
        fail_msg("%s\ngot:      %s (%d) at %u\nexpected: %s (%d) at %u", text, detail.data, (int)error.code,
                 (unsigned)error.offset, expected, (int)code, (unsigned)(place - text));
    }
    assert_non_null(strstr(detail.data, error.message));
    qtc_buf_free(&detail);
}

/* ---- the table ----------------------------------------------------------------- */

static size_t size_of(const struct qtc_field *field)
{
    static const size_t sizes[QTC_FIELD_KINDS] = {
        [QTC_FIELD_TEXT] = sizeof(const char *),
        [QTC_FIELD_LIST] = sizeof(const char *[QTC_FORMAT_LIST]),
        [QTC_FIELD_FLAG] = sizeof(bool),
        [QTC_FIELD_ENUM] = sizeof(enum qtc_body),
        [QTC_FIELD_ROUTES] = sizeof(struct qtc_format_route[QTC_FORMAT_LIST]),
    };

    return sizes[field->kind];
}

/* No field of the struct is forgotten: what no row of the table covers is padding. */
static void the_table_covers_the_struct(void **state)
{
    static char covered[sizeof(struct qtc_format)];
    size_t count, word = sizeof(const char *);
    const struct qtc_field *fields = qtc_format_fields(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < size_of(&fields[i]); k++) {
            assert_int_equal(covered[fields[i].offset + k]++, 0);
        }
        assert_ptr_equal(qtc_format_field(qtc_str(fields[i].key)), &fields[i]);
        assert_true(fields[i].about[0] != 0);
    }
    for (size_t i = 0; i < sizeof covered; i += word) {
        assert_non_null(memchr(covered + i, 1, word));
    }
}

/* ---- round trips ------------------------------------------------------------------ */

static void check_round_trip(const struct qtc_format *format)
{
    char *once = written(format);

    check_row(once, once);
    free(once);
}

static void built_in_rows_come_back(void **state)
{
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        check_round_trip(all[i]);
    }
}

/* Each field in turn its own text; as many entries as a list takes. */
static void fill(struct qtc_format *row, const struct qtc_field *field)
{
    static const char *const texts[] = {"a", "b\n", "<\"c\">", "｜d｜", "e", "f", "g", "h", "i", "j", "k"};
    const char **list = qtc_field_at(field, row);
    struct qtc_format_route *routes = qtc_field_at(field, row);

    switch (field->kind) {
    case QTC_FIELD_TEXT:
        *list = field->key;
        break;
    case QTC_FIELD_FLAG:
        *(bool *)qtc_field_at(field, row) = true;
        break;
    case QTC_FIELD_ENUM:
        *(unsigned *)qtc_field_at(field, row) = 3;
        break;
    case QTC_FIELD_ROUTES:
        for (unsigned i = 0; i < COUNT(texts); i++) {
            routes[i] = (struct qtc_format_route){i > 0 ? texts[i] : "", (enum qtc_route)(i % QTC_ROUTES)};
        }
        break;
    default:
        list[0] = field->key;
        for (size_t i = 1; i < COUNT(texts) && strstr(field->key, "_keys") != NULL; i++) {
            list[i] = texts[i];
        }
    }
}

static void every_field_comes_back(void **state)
{
    struct qtc_format row = {0};
    size_t count;
    const struct qtc_field *fields = qtc_format_fields(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        fill(&row, &fields[i]);
    }
    check_round_trip(&row);
    char *json = written(&row);
    for (size_t i = 0; i < count; i++) {
        char key[64];
        snprintf(key, sizeof key, "\n  \"%s\": ", fields[i].key);
        assert_non_null(strstr(json, key));
    }
    free(json);
}

static void short_forms_are_read(void **state)
{
    (void)state;
    check_row("{}", "{\n  \"name\": \"custom\",\n  \"body\": \"none\"\n}\n");
    check_row(
        "\xef\xbb\xbf {\"$schema\": 1, \"open\": \"<t>\", \"close\": [\"</t>\", \"x\"], \"body\": \"json\", "
        "\"bare\": false, \"array\": true, \"models\": null, \"routes\": {}, \"name\": \"n\"}",
        "{\n  \"name\": \"n\",\n  \"body\": \"json\",\n  \"open\": [\"<t>\"],\n"
        "  \"close\": [\"</t>\", \"x\"],\n  \"array\": true\n}\n");
    check_row(
        "{\"header_open\": \"<h>\", \"header_end\": \"<m>\", \"routes\": {\"\": \"drop\", \"f\": \"call\"}}",
        "{\n  \"name\": \"custom\",\n  \"body\": \"none\",\n  \"header_open\": [\"<h>\"],\n"
        "  \"header_end\": [\"<m>\"],\n  \"routes\": {\"\": \"drop\", \"f\": \"call\"}\n}\n");
}

static void a_file_extends_a_row(void **state)
{
    const struct qtc_format *base = qtc_format_find("hermes");
    struct qtc_format *row =
        read_good("{\"open\": [\"<call>\"], \"extends\": \"hermes\", \"close\": \"</call>\"}");

    (void)state;
    assert_string_equal(row->name, "custom");
    assert_null(row->aliases[0]);
    assert_null(row->models);
    assert_null(row->example);
    assert_int_equal(row->body, base->body);
    assert_string_equal(row->open[0], "<call>");
    assert_null(row->open[1]);
    assert_string_equal(row->close[0], "</call>");
    assert_string_equal(row->name_keys[0], base->name_keys[0]);
    qtc_format_free(row);

    row = read_good("{\"extends\": \"hermes\", \"think_open\": [], \"think_close\": []}");
    assert_null(row->think_open[0]);
    assert_string_equal(row->open[0], base->open[0]);
    qtc_format_free(row);
}

/* ---- errors --------------------------------------------------------------------------- */

static void other_files_are_refused(void **state)
{
    (void)state;
    check_error("[]", QTC_TYPE, NULL, "not an object");
    check_error("{\"tokenizer_class\": \"X\"}", QTC_TYPE, NULL,
                "a tokenizer's configuration without a response_template");
    check_error("{\"open\": tru}", QTC_SYNTAX, "}", "unknown word");
}

static void keys_are_checked(void **state)
{
    (void)state;
    check_error("{\"opne\": \"x\"}", QTC_UNKNOWN, "\"opne\"", "unknown key \"opne\": did you mean \"open\"?");
    check_error("{\"extend\": \"x\"}", QTC_UNKNOWN, "\"extend",
                "unknown key \"extend\": did you mean \"extends\"?");
    check_error("{\"zzzzzz\": \"x\"}", QTC_UNKNOWN, "\"zz", "unknown key \"zzzzzz\"");
    check_error("{\"a\\nb\": 0}", QTC_UNKNOWN, "\"a", "unknown key \"a\\nb\"");
    check_error("{\"open\": \"x\",\"open\" : \"x\"}", QTC_TYPE, "\"open\" :", "a repeated key \"open\"");
    check_error("{\"extends\": \"hermse\"}", QTC_UNKNOWN, "\"hermse",
                "extends: unknown format \"hermse\": did you mean \"hermes\"?");
    check_error("{\"extends\": 1}", QTC_TYPE, "1", "extends: not a text");
}

static void values_are_checked(void **state)
{
    (void)state;
    check_error("{\"function_open\": 1}", QTC_TYPE, "1", "function_open: not a text");
    check_error("{\"open\": 1}", QTC_TYPE, "1", "open: not a text or a list of texts");
    check_error("{\"open\": [\"a\", 1]}", QTC_TYPE, "1", "open: not a text in the list");
    check_error("{\"bare\": \"true\"}", QTC_TYPE, "\"true", "bare: not true or false");
    check_error("{\"body\": \"jsn\"}", QTC_UNKNOWN, "\"jsn",
                "body: unknown value \"jsn\": did you mean \"json\"?");
    check_error("{\"trim\": 0}", QTC_TYPE, "0", "trim: not a text");
    check_error("{\"routes\": []}", QTC_TYPE, "[", "routes: not an object");
    check_error("{\"routes\": {\"a\": \"cal\"}}", QTC_UNKNOWN, "\"cal",
                "routes: unknown value \"cal\": did you mean \"call\"?");
    check_error("{\"routes\": {\"a\": \"call\",\"a\" : \"call\"}}", QTC_TYPE,
                "\"a\" :", "routes: a repeated word \"a\"");
}

/* "a", "b", … in a list: one more than fit is an error where it stands. */
static void check_list(size_t n, bool fits)
{
    char text[256] = "{\"think_open\": [\"a\"";
    char last[] = "\"a\"";

    for (size_t i = 1; i < n; i++) {
        last[1]++;
        snprintf(text + strlen(text), sizeof text - strlen(text), ",%s", last);
    }
    strcat(text, "]}");
    if (fits) {
        qtc_format_free(read_good(text));
    } else {
        check_error(text, QTC_LIMIT, last, "think_open: too many entries");
    }
}

static void markers_are_checked(void **state)
{
    char marker[QTC_FORMAT_MARKER + 2];
    char text[256];

    (void)state;
    check_error("{\"open\": \"\"}", QTC_TYPE, "\"\"", "open: an empty text");
    check_error("{\"close\": [\"a\", \"\"]}", QTC_TYPE, "\"\"", "close: an empty text");
    check_error("{\"name\": \"\"}", QTC_TYPE, "\"\"", "name: an empty text");
    check_error("{\"open\": \"a\\u0000b\"}", QTC_TYPE, "\"a", "open: a NUL character");
    check_error("{\"open\": \"a\xff\"}", QTC_TYPE, "\"a", "open: not valid UTF-8");
    check_error("{\"open\": \"\\ud800\"}", QTC_TYPE, "\"\\", "open: not valid UTF-8");
    check_list(QTC_FORMAT_LIST - 1, true);
    check_list(QTC_FORMAT_LIST, false);
    memset(marker, 'x', sizeof marker);
    marker[QTC_FORMAT_MARKER + 1] = 0;
    snprintf(text, sizeof text, "{\"think_open\": \"%s\"}", marker);
    check_error(text, QTC_LIMIT, "\"xx", "think_open: more than 128 bytes");
    snprintf(text, sizeof text, "{\"think_open\": \"%s\"}", marker + 1);
    qtc_format_free(read_good(text));
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    check_error("{\"open\": \"<t>\"}", QTC_TYPE, NULL,
                "body: missing, or \"none\", though there are markers of calls");
    check_error(
        "{\"body\": \"json\"}", QTC_TYPE, "\"json",
        "body: needs an opener: open, bare, tool_tags, header_open, or bare_function with function_open");
    check_error("{\"body\": \"tags\", \"open\": \"<t>\"}", QTC_TYPE, "\"tags",
                "body: \"tags\" needs parameter_open and parameter_close");
    check_error("{\"body\": \"gemma\", \"open\": \"<t>\"}", QTC_TYPE, "\"gemma",
                "body: \"gemma\" needs delimiter");
    check_error("{\"bare_function\": true}", QTC_TYPE, "true", "bare_function: needs function_open");
    check_error("{\"type_open\": \"<t>\"}", QTC_TYPE, "\"<t>",
                "type_open: type_open and type_close need each other");
    check_error("{\"starts_in_header\": true}", QTC_TYPE, "true", "starts_in_header: needs header_end");
    check_error("{\"routes\": {\"a\": \"drop\"}}", QTC_TYPE, "{\"a", "routes: needs header_open");
    check_error("{\"body\": \"json\", \"open\": [\"a\", \"b\"], \"close\": \"b\"}", QTC_TYPE, "\"b\"}",
                "close: an opener's marker \"b\"");
    check_error("{\"think_open\": \"a\", \"think_close\": [\"a\"]}", QTC_TYPE, "[",
                "think_close: an opener's marker \"a\"");
}

/* ---- response_template ------------------------------------------------------------------- */

#define CALL                                                                                                 \
    "\"transform\": {\"type\": \"function\", \"function\": {\"name\": \"{name}\", \"arguments\": "           \
    "\"{content}\"}}"

static void templates_with_headers(void **state)
{
    (void)state;
    check_row(
        "{\"start_anchor\": \"<|start|>assistant\", \"fields\": {"
        "\"thinking\": {\"open\": \"<|channel|>analysis<|message|>\", \"close\": \"<|end|>\"},"
        "\"content\": {\"open\": \"<|channel|>final<|message|>\", \"close\": [\"<|end|>\", \"<|return|>\"]},"
        "\"tool_calls\": {\"open_pattern\": \"<\\\\|channel\\\\|>commentary to=functions\\\\.(?P<name>\\\\w+)"
        ".*?<\\\\|message\\\\|>\", \"close\": \"<|call|>\", \"repeats\": true, \"content\": \"json\", " CALL
        "}}}",
        "{\n  \"name\": \"custom\",\n  \"body\": \"named\",\n  \"function_close\": \"<|call|>\",\n  "
        "\"name_prefixes\": [\"functions.\"],\n"
        "  \"header_open\": [\"<|channel|>\", \"<|start|>\"],\n  \"header_end\": [\"<|message|>\"],\n"
        "  \"message_close\": [\"<|call|>\", \"<|end|>\", \"<|return|>\"],\n  \"starts_in_header\": true,\n"
        "  \"routes\": {\"commentary\": \"content\", \"\": \"content\", \"assistant\": \"content\", "
        "\"analysis\": \"reasoning\", \"final\": \"content\"}\n}\n");
}

#define TAGS                                                                                                 \
    "\"tool_calls\": {\"open_pattern\": \"<tool_call>\\\\s*<function=(?P<name>\\\\w+)>\", "                  \
    "\"close\": \"</tool_call>\", \"content\": \"xml-inline\", \"content_args\": {\"tag_pattern\": "         \
    "\"<parameter=(?P<key>\\\\w+)>\\\\s*(?P<value>.*?)\\\\s*</parameter>\", \"value_parser\": "              \
    "{\"name\": \"json\", \"args\": {\"allow_non_json\": true}}}, " CALL "}"

static void templates_with_tags(void **state)
{
    (void)state;
    check_row(
        "{\"tokenizer_class\": \"T\", \"response_template\": {\"fields\": {"
        "\"thinking\": {\"open_pattern\": \"(?:^|<think>\\\\s*)\", \"close\": \"</think>\"}, " TAGS ","
        "\"content\": {\"close\": [\"<|im_end|>\"]}}}}",
        "{\n  \"name\": \"custom\",\n  \"body\": \"tags\",\n  \"open\": [\"<tool_call>\"],\n"
        "  \"close\": [\"</tool_call>\"],\n  \"function_open\": \"<function\",\n  \"function_end\": \">\",\n"
        "  \"function_close\": \"</function>\",\n  \"parameter_open\": \"<parameter\",\n"
        "  \"parameter_end\": \">\",\n  \"parameter_close\": \"</parameter>\",\n  \"trim\": \"all\",\n"
        "  \"think_open\": [\"<think>\"],\n  \"think_close\": [\"</think>\"],\n"
        "  \"special_tokens\": [\"<|im_end|>\"]\n}\n");
    check_row(
        "{\"fields\": {\"tool_calls\": {\"open_pattern\": \"<calls>\\\\s*<invoke "
        "name=\\\"(?P<name>[^\\\"]+)\\\">\", "
        "\"close_pattern\": \"</invoke>\\\\s*</calls>\", \"content\": \"xml-inline\", \"content_args\": "
        "{\"tag_pattern\": \"<p name=\\\"(?P<key>.+?)\\\" "
        "string=\\\"[a-z]+\\\">\\\\n?(?P<value>.*?)\\\\n?</p>\"}, " CALL "}}}",
        "{\n  \"name\": \"custom\",\n  \"body\": \"tags\",\n  \"open\": [\"<calls>\"],\n  \"close\": "
        "[\"</calls>\"],\n"
        "  \"function_open\": \"<invoke\",\n  \"function_end\": \">\",\n  \"function_close\": "
        "\"</invoke>\",\n"
        "  \"name_attribute\": \"name\",\n  \"parameter_open\": \"<p\",\n  \"parameter_end\": \">\",\n"
        "  \"parameter_close\": \"</p>\",\n  \"key_attribute\": \"name\",\n  \"type_attribute\": "
        "\"string\"\n}\n");
    check_row(
        "{\"fields\": {\"tool_calls\": {\"open_pattern\": \"<tool_call>(?P<name>[^\\\\n<]+)\\\\s*\", "
        "\"close\": "
        "\"</tool_call>\", \"content\": \"xml-inline\", \"content_args\": {\"tag_pattern\": "
        "\"<k>(?P<key>.*?)</k>"
        "\\\\s*<v>(?P<value>.*?)</v>\"}, " CALL "}}}",
        "{\n  \"name\": \"custom\",\n  \"body\": \"tags\",\n  \"open\": [\"<tool_call>\"],\n"
        "  \"close\": [\"</tool_call>\"],\n  \"parameter_open\": \"<k>\",\n  \"parameter_end\": \"</k>\",\n"
        "  \"value_open\": \"<v>\",\n  \"parameter_close\": \"</v>\",\n  \"trim\": \"none\"\n}\n");
}

static void templates_with_a_name_before_json(void **state)
{
    (void)state;
    check_row("{\"fields\": {\"thinking\": {\"open\": \"<|channel>thought\\n\", \"close\": \"<channel|>\"}, "
              "\"tool_calls\": {\"open_pattern\": \"<\\\\|tool_call>call:(?P<name>\\\\w+)\", \"close\": "
              "\"<tool_call|>\", "
              "\"content\": \"json\", \"content_args\": {\"unquoted_keys\": true, \"string_delims\": "
              "[[\"<|\\\"|>\", \"<|\\\"|>\"]]}, " CALL
              "}, \"content\": {\"close\": [\"<turn|>\", \"<eos>\"]}}}",
              "{\n  \"name\": \"custom\",\n  \"body\": \"gemma\",\n  \"open\": [\"<|tool_call>\"],\n"
              "  \"close\": [\"<tool_call|>\"],\n  \"name_prefixes\": [\"call:\"],\n  \"delimiter\": "
              "\"<|\\\"|>\",\n"
              "  \"think_open\": [\"<|channel>thought\\n\"],\n  \"think_close\": [\"<channel|>\"],\n"
              "  \"special_tokens\": [\"<turn|>\", \"<eos>\"]\n}\n");
    check_row("{\"fields\": {\"tool_calls\": {\"open_pattern\": "
              "\"<\\\\|begin\\\\|>functions\\\\.(?P<name>\\\\w+):(?P<id>\\\\d+)"
              "\\\\s*<\\\\|args\\\\|>\", \"close\": \"<|end|>\", \"content\": \"json\", " CALL "}}}",
              "{\n  \"name\": \"custom\",\n  \"body\": \"named\",\n  \"open\": [\"<|begin|>\"],\n  "
              "\"close\": [\"<|end|>\"],\n"
              "  \"function_end\": \"<|args|>\",\n  \"name_prefixes\": [\"functions.\"],\n  \"name_is_id\": "
              "true\n}\n");
    check_row(
        "{\"fields\": {\"tool_calls\": {\"open_pattern\": \"<function=(?P<name>\\\\w+)>\", \"close\": "
        "\"</function>\", "
        "\"content\": \"json\", " CALL "}}}",
        "{\n  \"name\": \"custom\",\n  \"body\": \"named\",\n  \"function_open\": \"<function\",\n"
        "  \"function_end\": \">\",\n  \"function_close\": \"</function>\",\n  \"bare_function\": true\n}\n");
}

static void templates_with_json(void **state)
{
    (void)state;
    check_row("{\"fields\": {\"tool_calls\": {\"open\": \"<a>\", \"close\": \"</a>\", \"content\": \"json\", "
              "\"transform\": {\"type\": \"function\", \"function\": \"{content}\"}}}}",
              "{\n  \"name\": \"custom\",\n  \"body\": \"json\",\n  \"open\": [\"<a>\"],\n  \"close\": "
              "[\"</a>\"],\n"
              "  \"name_keys\": [\"name\"],\n  \"argument_keys\": [\"arguments\"]\n}\n");
    check_row(
        "{\"fields\": {\"tool_calls\": {\"open\": \"<a>\", \"close\": \"eos\", \"content\": \"json\", "
        "\"transform_each\": true, \"transform\": {\"id\": \"{i}\", \"function\": {\"name\": \"{n}\", "
        "\"arguments\": \"{content.a}\"}}}}}",
        "{\n  \"name\": \"custom\",\n  \"body\": \"json\",\n  \"open\": [\"<a>\"],\n  \"array\": true,\n"
        "  \"name_keys\": [\"n\"],\n  \"argument_keys\": [\"a\"],\n  \"id_keys\": [\"i\"]\n}\n");
}

#define CALLS(rest) "{\"fields\": {\"tool_calls\": {" rest ", " CALL "}}}"

static void templates_are_refused_by_name(void **state)
{
    (void)state;
    check_error("{\"fields\": {\"count\": {}}}", QTC_TYPE, "\"count",
                "fields of response_template: unsupported field \"count\"");
    check_error("{\"fields\": {\"thinking\": {\"opne\": \"x\"}}}", QTC_UNKNOWN, "\"opne",
                "thinking: unknown key \"opne\": did you mean \"open\"?");
    check_error("{\"fields\": {}, \"version\": 2}", QTC_TYPE, "2", "version of response_template: not 1");
    check_error("{\"fields\": {\"thinking\": {\"open_pattern\": \"a|(b)?\"}}}", QTC_TYPE, "\"a|",
                "open_pattern of thinking: unsupported pattern \"a|(b)?\"");
    check_error("{\"fields\": {\"content\": {\"content\": \"int\"}}}", QTC_TYPE, "\"int",
                "content of content: unsupported content \"int\"");
    check_error(CALLS("\"open_pattern\": \"<a>(?!b)(?P<name>.*)\", \"content\": \"json\""), QTC_TYPE, "\"<a>",
                "open_pattern of tool_calls: unsupported pattern \"<a>(?!b)(?P<name>.*)\"");
    check_error(CALLS("\"open_pattern\": \"<a>(?P<name>.*)\", \"content\": \"xml-inline\""), QTC_TYPE,
                "{\"open", "tag_pattern of tool_calls: not a text");
    check_error(CALLS("\"content\": \"json\", \"content_args\": {\"unquoted_keys\": true}"), QTC_TYPE, "true",
                "unquoted_keys of tool_calls: needs string_delims");
    check_error("{\"fields\": {\"tool_calls\": {\"content\": \"json\", \"transform\": {\"function\": "
                "{\"name\": \"x {name}\", \"arguments\": \"{content}\"}}}}}",
                QTC_TYPE, "{\"function\"", "transform of tool_calls: unsupported transform");
    check_error(CALLS("\"open_pattern\": \"<a>(?P<name>.*)<b>\", \"open\": \"\", \"content\": \"json\", "
                      "\"close\": [\"\"]"),
                QTC_TYPE, "[\"\"]", "close of tool_calls: an empty text");
}

static void schemas_of_old(void **state)
{
    (void)state;
    check_row(
        "{\"response_schema\": {\"type\": \"object\", \"properties\": {\"role\": {\"const\": \"assistant\"}, "
        "\"thinking\": {\"x-regex\": \"(?:^|<think>\\\\s*)(.*?)\\\\s*<\\\\/think>\"}, "
        "\"tool_calls\": {\"x-regex-iterator\": \"<tool_call>(.*?)</tool_call>\", \"items\": {\"x-parser\": "
        "\"json\", "
        "\"x-parser-args\": {\"transform\": \"[*].{type: 'function', function: {name: n, arguments: "
        "a}}\"}}}}}}",
        "{\n  \"name\": \"custom\",\n  \"body\": \"json\",\n  \"open\": [\"<tool_call>\"],\n"
        "  \"close\": [\"</tool_call>\"],\n  \"array\": true,\n  \"name_keys\": [\"n\"],\n"
        "  \"argument_keys\": [\"a\"],\n  \"think_open\": [\"<think>\"],\n  \"think_close\": "
        "[\"</think>\"]\n}\n");
    check_error("{\"x-regex\": \"a(.*)\", \"properties\": {}}", QTC_TYPE, "\"a(",
                "x-regex of response_schema: unsupported for the whole message \"a(.*)\"");
    check_error("{\"properties\": {\"tool_calls\": {\"x-regex\": \"<a>(.*)</a>\"}}}", QTC_TYPE, "{\"x-regex",
                "x-parser of tool_calls: not \"json\"");
}

/* ---- documents ---------------------------------------------------------------------------- */

/* `make format-docs` wrote the file that is checked in. */
static void the_schema_is_up_to_date(void **state)
{
    struct qtc_buf out = {0};
    static char text[65536];
    FILE *file = fopen("lib/formats/format.schema.json", "rb");

    (void)state;
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    qtc_format_schema(&out);
    assert_true(qtc_json_valid(qtc_buf_bytes(&out)));
    assert_true(qtc_bytes_equal(qtc_buf_bytes(&out), qtc_bytes(text, len)));
    qtc_buf_free(&out);
}

static void the_manual_has_every_field(void **state)
{
    struct qtc_buf out = {0};
    size_t count, entries = 0;

    (void)state;
    qtc_format_fields(&count);
    qtc_format_manual(&out);
    qtc_buf_byte(&out, 0);
    for (const char *p = out.data; (p = strstr(p, ".TP\n.BR ")) != NULL; p++) {
        entries++;
    }
    assert_int_equal(entries, count + 1);
    qtc_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_covers_the_struct),
        cmocka_unit_test(built_in_rows_come_back),
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(short_forms_are_read),
        cmocka_unit_test(a_file_extends_a_row),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(keys_are_checked),
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(markers_are_checked),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(templates_with_headers),
        cmocka_unit_test(templates_with_tags),
        cmocka_unit_test(templates_with_a_name_before_json),
        cmocka_unit_test(templates_with_json),
        cmocka_unit_test(templates_are_refused_by_name),
        cmocka_unit_test(schemas_of_old),
        cmocka_unit_test(the_schema_is_up_to_date),
        cmocka_unit_test(the_manual_has_every_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
