#include "jq_filter.h"
#include "json/json.h"

#include <limits.h>
#include <stdlib.h>

#include <jq.h>

struct qtc_jq {
    jq_state *state;
    struct qtc_buf *errors; /* the caller's */
    struct qtc_buf mended;  /* a text with what libjq refuses put right */
    bool failed;
    bool halted;
};

/* ---- messages ----------------------------------------------------------------- */

static void add_jv_string(struct qtc_buf *to, jv string)
{
    qtc_buf_add(to, jv_string_value(string), (size_t)jv_string_length_bytes(jv_copy(string)));
    jv_free(string);
}

/* A string as it is, anything else as JSON. */
static void add_message(struct qtc_buf *to, jv message)
{
    add_jv_string(to, jv_get_kind(message) == JV_KIND_STRING ? message : jv_dump_string(message, 0));
    if (to->len > 0 && !to->failed && to->data[to->len - 1] != '\n') {
        qtc_buf_byte(to, '\n');
    }
}

/* libjq's own messages: what does not compile. Without this it writes them to standard error. */
static void on_error(void *ctx, jv message)
{
    struct qtc_jq *jq = ctx;

    add_message(jq->errors, message);
}

/* The debug builtin. */
static void on_debug(void *ctx, jv value)
{
    struct qtc_jq *jq = ctx;

    add_message(jq->errors, value);
}

/* The input builtins: a filter sees one value at a time, there are no others. */
static jv no_input(jq_state *state, void *ctx)
{
    (void)state;
    (void)ctx;
    return jv_invalid();
}

/* ---- programs ------------------------------------------------------------------- */

void qtc_jq_free(struct qtc_jq *jq)
{
    if (jq) {
        jq_teardown(&jq->state);
        qtc_buf_free(&jq->mended);
        free(jq);
    }
}

/* Where jq(1) looks for modules. */
static jv module_directories(void)
{
    jv directories = jv_array_append(jv_array(), jv_string("~/.jq"));

    directories = jv_array_append(directories, jv_string("$ORIGIN/../lib/jq"));
    return jv_array_append(directories, jv_string("$ORIGIN/../lib"));
}

/* libjq 1.6 leaves these unset; programs that use `input`, `debug` or `import` then end the process. */
static void prepare(struct qtc_jq *jq)
{
    jq_set_error_cb(jq->state, on_error, jq);
    jq_set_debug_cb(jq->state, on_debug, jq);
    jq_set_input_cb(jq->state, no_input, NULL);
    jq_set_attr(jq->state, jv_string("JQ_LIBRARY_PATH"), module_directories());
    jq_set_attr(jq->state, jv_string("JQ_ORIGIN"), jv_string("/usr/bin"));
    jq_set_attr(jq->state, jv_string("PROGRAM_ORIGIN"), jv_string("."));
}

struct qtc_jq *qtc_jq_new(const char *program, struct qtc_buf *errors)
{
    struct qtc_jq *jq = calloc(1, sizeof *jq);

    if (!jq) {
        qtc_buf_str(errors, "out of memory\n");
        return NULL;
    }
    jq->errors = errors;
    jq->state = jq_init();
    if (!jq->state) {
        qtc_buf_str(errors, "out of memory\n");
        free(jq);
        return NULL;
    }
    prepare(jq);
    if (!jq_compile(jq->state, program)) {
        qtc_jq_free(jq);
        return NULL;
    }
    return jq;
}

bool qtc_jq_failed(const struct qtc_jq *jq)
{
    return jq->failed;
}

bool qtc_jq_halted(const struct qtc_jq *jq)
{
    return jq->halted;
}

/* ---- runs ------------------------------------------------------------------------ */

/* One JSON text. Not by jv_parse_sized: in libjq 1.6 its message reads behind the text's end. */
static jv parse(struct qtc_bytes json)
{
    jv_parser *parser;
    jv value;

    if (json.len > INT_MAX) {
        return jv_invalid_with_msg(jv_string("the JSON text is too long"));
    }
    parser = jv_parser_new(0);
    jv_parser_set_buf(parser, json.data, (int)json.len, 0);
    value = jv_parser_next(parser);
    if (jv_is_valid(value)) {
        jv more = jv_parser_next(parser);
        if (jv_is_valid(more) || jv_invalid_has_msg(jv_copy(more))) {
            jv_free(value);
            value = jv_invalid_with_msg(jv_string("more than one JSON value"));
        }
        jv_free(more);
    }
    jv_parser_free(parser);
    return value;
}

/* The program raised an error, or the text is none. Consumes the invalid value. */
static void fail(struct qtc_jq *jq, jv invalid)
{
    jv message = jv_invalid_get_msg(invalid);

    qtc_buf_str(jq->errors, "jq: error: ");
    if (jv_get_kind(message) == JV_KIND_NULL) {
        qtc_buf_str(jq->errors, "there is no JSON value\n");
        jv_free(message);
    } else {
        add_message(jq->errors, message);
    }
    jq->failed = true;
}

/* halt, or halt_error: its message goes where the errors go, its status other than 0 is a failure. */
static void halt(struct qtc_jq *jq)
{
    jv code = jq_get_exit_code(jq->state);
    jv message = jq_get_error_message(jq->state);

    jq->halted = true;
    if (jv_get_kind(code) == JV_KIND_NUMBER && jv_number_value(code) != 0) {
        jq->failed = true;
    }
    if (jv_is_valid(message) && jv_get_kind(message) != JV_KIND_NULL) {
        add_message(jq->errors, message);
    } else {
        jv_free(message);
    }
    jv_free(code);
}

static enum qtc_code run(struct qtc_jq *jq, jv input, struct qtc_buf *out)
{
    jv result;

    jq_start(jq->state, input, 0);
    while (jv_is_valid(result = jq_next(jq->state))) {
        add_jv_string(out, jv_dump_string(result, 0));
        qtc_buf_byte(out, '\n');
    }
    if (jq_halted(jq->state)) {
        jv_free(result);
        halt(jq);
        return QTC_STOPPED;
    }
    if (jv_invalid_has_msg(jv_copy(result))) {
        fail(jq, result);
        return QTC_TYPE;
    }
    jv_free(result);
    return out->failed ? QTC_NOMEM : QTC_OK;
}

/* How many bytes of the escape at p (a backslash) belong together; *lone where it is half a surrogate pair.
 */
static size_t escape_length(const char *p, size_t n, bool *lone)
{
    int unit = qtc_json_unit(p, n);
    int next = unit >= 0xd800 && unit < 0xdc00 ? qtc_json_unit(p + 6, n - 6) : -1;

    *lone = false;
    if (next >= 0xdc00 && next < 0xe000) {
        return 12;
    }
    if (unit >= 0xd800 && unit < 0xe000) {
        *lone = true;
        return 6;
    }
    return n < 2 ? n : 2;
}

/* libjq refuses half a surrogate pair, which JSON allows: it gets U+FFFD, as libjq 1.7 reads it. */
static struct qtc_bytes mend_surrogates(struct qtc_buf *to, struct qtc_bytes json)
{
    bool lone;

    qtc_buf_clear(to);
    for (size_t i = 0, len; i < json.len; i += len) {
        if (json.data[i] != '\\') {
            len = 1;
            qtc_buf_byte(to, json.data[i]);
            continue;
        }
        len = escape_length(json.data + i, json.len - i, &lone);
        if (lone) {
            qtc_buf_str(to, "\\ufffd");
        } else {
            qtc_buf_add(to, json.data + i, len);
        }
    }
    return qtc_buf_bytes(to);
}

enum qtc_code qtc_jq_run(struct qtc_jq *jq, struct qtc_bytes json, struct qtc_buf *out)
{
    jv input;

    if (jq->halted) {
        return QTC_STOPPED;
    }
    input = parse(json);
    if (!jv_is_valid(input)) {
        jv_free(input);
        input = parse(mend_surrogates(&jq->mended, json));
    }
    if (!jv_is_valid(input)) {
        fail(jq, input);
        return QTC_SYNTAX;
    }
    return run(jq, input, out);
}

bool qtc_jq_filter(void *ctx, struct qtc_bytes json, struct qtc_buf *out)
{
    return qtc_jq_run(ctx, json, out) != QTC_STOPPED;
}
