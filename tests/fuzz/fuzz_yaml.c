/* fuzz_yaml.c - any bytes as YAML: an object comes out, or an error with a place inside the text and nothing.
 */
#include "parse/yaml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char tools_text[] =
    "{\"name\":\"f\",\"parameters\":{\"$defs\":{\"t\":{\"properties\":{\"t\":{\"$ref\":\"#/$defs/t\"},"
    "\"l\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/t\"}}}}},\"properties\":{"
    "\"s\":{\"type\":\"string\"},\"i\":{\"type\":\"integer\"},\"n\":{\"type\":[\"number\",\"null\"]},"
    "\"b\":{\"type\":\"boolean\"},\"o\":{\"type\":\"object\"},\"l\":{\"type\":\"array\"},"
    "\"a\":{\"type\":\"array\",\"items\":{\"properties\":{\"s\":{\"type\":\"string\"},\"a\":{\"type\":"
    "\"array\","
    "\"items\":{\"type\":\"integer\"}}}}},\"e\":{\"anyOf\":[{\"type\":\"array\"},{\"type\":\"string\"}]},"
    "\"t\":{\"$ref\":\"#/$defs/t\"},\"n:s\":{\"type\":[\"object\",\"array\"]}}}}";

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check(struct qtc_bytes text, const struct qtc_schema_at *at)
{
    struct qtc_buf out = {0};
    struct qtc_error error;
    unsigned found = 0;
    bool mismatch = false;

    if (qtc_yaml(&out, text, at, &found, &mismatch, &error)) {
        require(error.code == QTC_OK && out.data[0] == '{' && qtc_json_valid(qtc_buf_bytes(&out)));
    } else {
        require(error.code != QTC_OK && error.code != QTC_NOMEM && error.message != NULL);
        require(error.offset <= text.len && out.len == 0);
    }
    require(!out.failed);
    qtc_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct qtc_tools *tools;
    struct qtc_bytes text = qtc_bytes((const char *)data, size);
    struct qtc_schema_scope scope;

    if (tools == NULL) {
        tools = qtc_tools_read(qtc_str(tools_text), NULL);
        require(tools != NULL);
    }
    qtc_schema_begin(&scope, qtc_tools_at(tools, 0), size);
    struct qtc_schema_at at = qtc_schema_root(&scope, qtc_tools_at(tools, 0));
    check(text, &at);
    check(text, NULL);
    qtc_schema_end(&scope);
    return 0;
}
