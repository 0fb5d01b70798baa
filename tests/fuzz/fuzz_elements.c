/* fuzz_elements.c - any bytes as the inside of an element: one JSON value comes out, the same each time. */
#include "parse/elements.h"

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

static void convert(struct qtc_buf *out, struct qtc_bytes text, unsigned choice,
                    const struct qtc_tools *tools)
{
    struct qtc_element_rules rules = {
        .prefix = (choice & 1) != 0 ? "]<]" : NULL,
        .item = (choice & 2) != 0 ? "item" : NULL,
        .noise = (choice & 4) != 0,
        .entities = (choice & 8) != 0,
        .trim = (choice & 16) != 0,
        .guess = (choice & 32) != 0,
    };
    struct qtc_schema_scope scope;
    unsigned found = 0;
    bool mismatch = false;

    qtc_schema_begin(&scope, qtc_tools_at(tools, 0), text.len);
    struct qtc_schema_at at = qtc_schema_root(&scope, qtc_tools_at(tools, 0));
    qtc_elements(out, text, (choice & 64) != 0 ? NULL : &at, &rules, &found, &mismatch);
    qtc_schema_end(&scope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct qtc_tools *tools;
    struct qtc_buf once = {0}, twice = {0};

    if (tools == NULL) {
        tools = qtc_tools_read(qtc_str(tools_text), NULL);
        require(tools != NULL);
    }
    if (size == 0) {
        return 0;
    }
    struct qtc_bytes text = qtc_bytes((const char *)data + 1, size - 1);
    qtc_buf_str(&twice, "before");
    convert(&once, text, data[0], tools);
    convert(&twice, text, data[0], tools);
    require(!once.failed && qtc_json_valid(qtc_buf_bytes(&once)));
    require(qtc_bytes_equal(qtc_buf_bytes(&once), qtc_bytes(twice.data + 6, twice.len - 6)));
    qtc_buf_free(&once);
    qtc_buf_free(&twice);
    return 0;
}
