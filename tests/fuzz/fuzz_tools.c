/* fuzz_tools.c - any bytes as a tools file: an error with a place inside the
 * input, or tools that can all be found by name, with sorted parameters. */
#include "schema/tools.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_tool(const struct qtc_tools *tools, const struct qtc_tool *tool)
{
    require(qtc_tools_find(tools, tool->name) == tool);
    for (size_t i = 0; i < tool->param_count; i++) {
        const struct qtc_param *param = &tool->params[i];
        require(qtc_tool_param(tool, param->name) == param);
        require(param->types < QTC_T_OBJECT * 2);
        require((param->types & QTC_T_NUMBER) == 0 || (param->types & QTC_T_INTEGER) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qtc_error error;
    struct qtc_tools *tools = qtc_tools_read(qtc_bytes((const char *)data, size), &error);

    if (tools == NULL) {
        require(error.code != QTC_OK && error.message != NULL && error.offset <= size);
        return 0;
    }
    for (size_t i = 0; i < qtc_tools_count(tools); i++) {
        check_tool(tools, qtc_tools_at(tools, i));
    }
    qtc_tools_free(tools);
    return 0;
}
