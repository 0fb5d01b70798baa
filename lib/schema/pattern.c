#include "schema/pattern.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* The only file that knows PCRE2. */

struct qtc_pattern {
    pcre2_code *code;
};

struct qtc_matcher {
    pcre2_match_data *data;
    pcre2_match_context *context;
};

/* Repetitions and nesting that a pattern may have; memory of one match in KiB. */
enum { LONGEST_PATTERN = 100000, NEST_LIMIT = 250, HEAP_LIMIT = 20000 };

static pcre2_code *compile(struct qtc_bytes translated, int *code, PCRE2_SIZE *offset)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_code *compiled = NULL;

    *code = 0;
    if (context) {
        pcre2_set_parens_nest_limit(context, NEST_LIMIT);
        pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALLOW_SURROGATE_ESCAPES);
        /* $ is the end of the text, not the line end before it */
        compiled = pcre2_compile((PCRE2_SPTR)translated.data, translated.len,
                                 PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY |
                                     PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C,
                                 code, offset, context);
        pcre2_compile_context_free(context);
    }
    return compiled;
}

static void describe(struct qtc_buf *detail, int code)
{
    PCRE2_UCHAR text[160];

    if (pcre2_get_error_message(code, text, sizeof text) > 0) {
        qtc_buf_str(detail, (const char *)text);
    }
}

static pcre2_code *translate_and_compile(struct qtc_bytes source, struct qtc_error *error,
                                         struct qtc_buf *detail, int *code)
{
    struct qtc_buf translated = {0};
    size_t offset = 0;
    PCRE2_SIZE where;
    pcre2_code *compiled = NULL;
    const char *message;

    *code = 0;
    if (source.len > LONGEST_PATTERN) {
        *error = (struct qtc_error){QTC_LIMIT, "the pattern is too long", LONGEST_PATTERN};
        return NULL;
    }
    qtc_buf_str(&translated, "");
    message = qtc_ecma_translate(&translated, source, &offset);
    if (message) {
        qtc_buf_str(detail, message);
        *error = (struct qtc_error){QTC_SYNTAX, "not a regular expression", offset};
    } else if (translated.failed) {
        *error = (struct qtc_error){QTC_NOMEM, "out of memory", 0};
    } else {
        compiled = compile(translated.data ? qtc_buf_bytes(&translated) : qtc_bytes("", 0), code, &where);
        if (!compiled) {
            describe(detail, *code);
            *error =
                (struct qtc_error){*code ? QTC_SYNTAX : QTC_NOMEM,
                                   *code ? "not a regular expression that can be run" : "out of memory", 0};
        }
    }
    qtc_buf_free(&translated);
    return compiled;
}

struct qtc_pattern *qtc_pattern_compile(struct qtc_bytes source, struct qtc_error *error,
                                        struct qtc_buf *detail)
{
    int code;
    pcre2_code *compiled = translate_and_compile(source, error, detail, &code);
    struct qtc_pattern *p = compiled ? malloc(sizeof *p) : NULL;

    if (p) {
        p->code = compiled;
    } else if (compiled) {
        pcre2_code_free(compiled);
        *error = (struct qtc_error){QTC_NOMEM, "out of memory", 0};
    }
    return p;
}

void qtc_pattern_free(struct qtc_pattern *pattern)
{
    if (pattern) {
        pcre2_code_free(pattern->code);
        free(pattern);
    }
}

/* Lookbehind of any length is right in ECMA-262, though it cannot be run here. */
bool qtc_pattern_valid(struct qtc_bytes source)
{
    struct qtc_buf detail = {0};
    struct qtc_error error;
    int code;
    pcre2_code *compiled = translate_and_compile(source, &error, &detail, &code);

    qtc_buf_free(&detail);
    pcre2_code_free(compiled);
    return compiled || code == PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH ||
           code == PCRE2_ERROR_LOOKBEHIND_TOO_LONG;
}

/* ---- matching --------------------------------------------------------------------- */

struct qtc_matcher *qtc_matcher_new(void)
{
    struct qtc_matcher *m = calloc(1, sizeof *m);

    if (m) {
        m->data = pcre2_match_data_create(1, NULL);
        m->context = pcre2_match_context_create(NULL);
        if (!m->data || !m->context) {
            qtc_matcher_free(m);
            return NULL;
        }
        pcre2_set_heap_limit(m->context, HEAP_LIMIT);
    }
    return m;
}

void qtc_matcher_free(struct qtc_matcher *m)
{
    if (m) {
        pcre2_match_data_free(m->data);
        pcre2_match_context_free(m->context);
        free(m);
    }
}

enum qtc_match qtc_pattern_match(const struct qtc_pattern *pattern, struct qtc_matcher *m,
                                 struct qtc_bytes text, uint32_t limit)
{
    int result;

    pcre2_set_match_limit(m->context, limit);
    pcre2_set_depth_limit(m->context, limit);
    result = pcre2_match(pattern->code, (PCRE2_SPTR)(text.data ? text.data : ""), text.len, 0, 0, m->data,
                         m->context);
    if (result >= 0) {
        return QTC_MATCH_YES;
    }
    return result == PCRE2_ERROR_NOMATCH ? QTC_MATCH_NO : QTC_MATCH_LIMIT;
}
