/* fuzz_validate.c - any bytes as tools, a NUL, and a record: places lie inside of the record, issues are one
 * line each, and what was repaired is JSON with no more wrong than before. */
#include "validate/validate.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

struct seen {
    const struct qtc_outcome *outcome;
    struct qtc_buf line;
};

static bool on_issue(void *ctx, const struct qtc_issue *issue)
{
    struct seen *s = ctx;
    struct qtc_bytes text = s->outcome != NULL ? s->outcome->text : (struct qtc_bytes){0};

    require(issue->code < QTC_ISSUES && issue->message.len > 0);
    require(s->outcome == NULL || issue->place == NULL ||
            (issue->place >= text.data && issue->place <= text.data + text.len));
    qtc_buf_clear(&s->line);
    qtc_issue_put(&s->line, issue);
    require(memchr(s->line.data, '\n', s->line.len) == NULL);
    return true;
}

static void on_repair(void *ctx, const struct qtc_repair *repair)
{
    (void)ctx;
    require(repair->what != NULL);
}

static void check(struct qtc_toolset *set, struct qtc_bytes record)
{
    struct qtc_checker_setup setup = {.tools = set, .options = {.formats = true}};
    struct qtc_outcome plain, fixed;
    struct seen seen = {.outcome = &plain};
    struct qtc_checker *c = qtc_checker_new(&setup);

    require(c != NULL);
    qtc_checker_read(c, record, on_issue, NULL, &seen, &plain);
    require(plain.used <= record.len && plain.code != QTC_STOPPED);
    qtc_checker_free(c);
    setup.fix = true;
    c = qtc_checker_new(&setup);
    seen.outcome = &fixed;
    qtc_checker_read(c, record, on_issue, on_repair, &seen, &fixed);
    require(plain.code == fixed.code && plain.used == fixed.used);
    if (plain.code == QTC_OK) {
        require(plain.calls == fixed.calls && qtc_json_valid(fixed.text));
    }
    qtc_checker_free(c);
    qtc_buf_free(&seen.line);
}

static void check_tools(struct qtc_bytes text)
{
    struct qtc_arena arena = {0};
    struct qtc_error error;
    struct seen seen = {.outcome = NULL};
    const struct qtc_json *tree = qtc_json_read(&arena, text, &error);

    if (tree != NULL) {
        qtc_check_tools(tree, &(struct qtc_check_options){0}, on_issue, &seen);
    }
    qtc_buf_free(&seen.line);
    qtc_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = memchr(text, 0, size);
    size_t tools = end != NULL ? (size_t)(end - text) : 0;
    struct qtc_check_options options = {.formats = true};
    struct qtc_error error;
    struct qtc_toolset *set = qtc_toolset_new(qtc_bytes(text, tools), &options, &error);

    check_tools(qtc_bytes(text, tools));
    check(set, end != NULL ? qtc_bytes(end + 1, size - tools - 1) : qtc_bytes(text, size));
    qtc_toolset_free(set);
    return 0;
}
