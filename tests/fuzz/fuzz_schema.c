/* fuzz_schema.c - a byte of options, a schema, values: nothing crashes, a problem has a place, and the
 * verdict alone agrees with the findings. */
#include "schema/schema.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void on_warning(void *ctx, const struct qtc_schema_problem *warning)
{
    require(warning->error.message != NULL);
    ++*(size_t *)ctx;
}

struct count {
    size_t findings, bytes, limits;
};

static void look(struct count *c, const struct qtc_finding *f)
{
    require(f->keyword < QTC_KEYWORDS && f->cause_count <= QTC_CAUSES);
    require(f->at.len == 0 || f->at.data[0] == '/');
    require(f->schema_at.len == 0 || f->schema_at.data[0] == '/');
    require(f->value != NULL);
    for (size_t i = 0; i < f->at.len; i++) {
        c->bytes += (unsigned char)f->at.data[i];
    }
    for (size_t i = 0; i < f->cause_count; i++) {
        look(c, &f->causes[i]);
    }
}

static bool on_finding(void *ctx, const struct qtc_finding *f)
{
    struct count *c = ctx;

    c->findings++;
    c->limits += f->error.code != QTC_OK;
    look(c, f);
    return true;
}

static void check_value(const struct qtc_schema *schema, struct qtc_validator *v,
                        const struct qtc_json *value)
{
    struct count c = {0};
    enum qtc_verdict quiet = qtc_schema_check(schema, v, value);
    enum qtc_verdict loud = qtc_schema_validate(schema, v, value, on_finding, &c);

    require((loud == QTC_UNDECIDED) == (qtc_validator_error(v).code != QTC_OK));
    if (loud != QTC_UNDECIDED) {
        require(quiet == QTC_UNDECIDED || quiet == loud);
        require((loud == QTC_INVALID) == (c.findings > 0));
        require(c.limits == 0);
    }
    require(quiet != QTC_VALID || loud != QTC_INVALID);
}

static struct qtc_schema *compile(uint8_t flags, const struct qtc_json *tree)
{
    struct qtc_schema_problem problem = {0};
    size_t warnings = 0;
    struct qtc_schema_options options = {
        .draft = (enum qtc_draft)(flags % 6),
        .formats = flags >> 4 & 1,
        .closed = flags >> 5 & 1,
        .openapi = flags >> 6 & 1,
        .warn = on_warning,
        .warn_ctx = &warnings,
        .limits = {.steps = 20000, .schemas = 2000, .depth = 200, .pattern = 2000}};
    struct qtc_schema *schema = qtc_schema_compile(tree, &options, &problem);

    require((schema == NULL) == (problem.error.code != QTC_OK));
    require(schema != NULL || problem.error.message != NULL);
    require(problem.at.len == 0 || problem.at.data[0] == '/');
    qtc_schema_problem_free(&problem);
    return schema;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qtc_arena arena = {0};
    struct qtc_error error;
    struct qtc_validator *v = qtc_validator_new();
    struct qtc_schema *schema = NULL;
    const struct qtc_json *tree;
    size_t at = 1;
    size_t used = 0;

    require(v != NULL);
    tree = size > 1 ? qtc_json_read_one(&arena, qtc_bytes((const char *)data + 1, size - 1), &used, &error)
                    : NULL;
    if (tree) {
        schema = compile(data[0], tree);
        at += used;
    }
    while (schema && at < size) {
        tree = qtc_json_read_one(&arena, qtc_bytes((const char *)data + at, size - at), &used, &error);
        if (!tree || used == 0) {
            break;
        }
        check_value(schema, v, tree);
        at += used;
    }
    qtc_schema_free(schema);
    qtc_validator_free(v);
    qtc_arena_free(&arena);
    return 0;
}
