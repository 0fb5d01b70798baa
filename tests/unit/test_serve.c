/* What qtc-replay --serve takes from a request's body. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../cmd/serving.h"

static enum qtc_code read_asked(struct qtc_asked *asked, struct qtc_bytes body)
{
    struct qtc_error error;

    *asked = (struct qtc_asked){0};
    return qtc_asked_read(asked, body, &error);
}

static void check(const char *body, const char *model, bool stream, size_t rounds)
{
    struct qtc_asked asked;

    assert_int_equal(read_asked(&asked, qtc_str(body)), QTC_OK);
    assert_true(qtc_bytes_is(qtc_buf_bytes(&asked.model), model));
    assert_int_equal(asked.stream, stream);
    assert_int_equal(asked.rounds, rounds);
    qtc_asked_free(&asked);
}

static void members(void **state)
{
    (void)state;
    check("{}", "", false, 0);
    check(" { \"stream\" : true , \"model\" : \"a\\u0062\\n\" } \r\n", "ab\n", true, 0);
    check("{\"x\":{\"stream\":true,\"model\":\"no\"},\"stream\":1,\"model\":null}", "", false, 0);
    check("{\"model\":\"a\",\"stream\":false,\"model\":\"b\",\"stream\":true}", "b", true, 0);
    check("{\"a\":[[],{},[{}],\"}]\",-1.5e3,null],\"model\":\"}\"}", "}", false, 0);
    check("{\"messages\":[]}", "", false, 0);
    check("{\"messages\":\"tool\"}", "", false, 0);
}

static void rounds(void **state)
{
    (void)state;
    check("{\"messages\":[{\"role\":\"assistant\"},{\"role\":\"tool\"},{\"role\":\"tool\"}]}", "", false, 1);
    check("{\"messages\":[{\"role\":\"tool\"},{\"role\":\"assistant\"},{\"role\":\"user\"},{\"role\":"
          "\"tool\"}]}",
          "", false, 1);
    check("{\"messages\":[{\"role\":\"assistant\"},{\"content\":[{\"type\":\"tool_result\"}],\"role\":"
          "\"user\"},"
          "{\"role\":\"assistant\"},{\"role\":\"function\"},{\"role\":\"assistant\"}]}",
          "", false, 2);
    check("{\"messages\":[{\"role\":\"assistant\"},{\"content\":\"tool_result\"},{\"content\":[\"tool_"
          "result\",{\"type\":1}]}]}",
          "", false, 0);
}

static void errors(void **state)
{
    static const char body[] =
        "{\"model\":\"m\",\"messages\":[{\"role\":\"tool\",\"content\":[{\"type\":\"x\"}]}]}";
    struct qtc_asked asked;
    struct qtc_error error;

    (void)state;
    for (size_t i = 0; i < sizeof body - 1; i++) { /* a body that is cut, wherever */
        assert_int_equal(read_asked(&asked, qtc_bytes(body, i)), QTC_SYNTAX);
        qtc_asked_free(&asked);
    }
    assert_int_equal(qtc_asked_read(&asked, qtc_str("{\"a\":1} x "), &error), QTC_SYNTAX);
    assert_int_equal(error.offset, 8);
    assert_int_equal(qtc_asked_read(&asked, qtc_str("{\"a\":01}"), &error), QTC_SYNTAX);
    assert_int_equal(error.offset, 6);
    assert_int_equal(qtc_asked_read(&asked, qtc_str("[{\"model\":1}]"), &error), QTC_TYPE);
    assert_int_equal(qtc_asked_read(&asked, qtc_str("7"), &error), QTC_TYPE);
    assert_int_equal(qtc_asked_read(&asked, (struct qtc_bytes){0}, &error), QTC_SYNTAX);
}

/* Any byte may be another one: it is JSON or it is not, and no read goes past its end. */
static void every_byte(void **state)
{
    static const char body[] =
        "{\"model\":\"m\",\"messages\":[{\"role\":\"tool\",\"content\":[{\"type\":\"x\"}]}]}";
    static const char others[] = "{}[]\",:\\0 \n\xff";
    struct qtc_asked asked;

    (void)state;
    for (size_t i = 0; i < sizeof body - 1; i++) {
        for (size_t k = 0; k < sizeof others; k++) {
            char *copy = malloc(sizeof body - 1);
            assert_non_null(copy);
            memcpy(copy, body, sizeof body - 1);
            copy[i] = others[k];
            struct qtc_bytes text = qtc_bytes(copy, sizeof body - 1);
            assert_int_equal(read_asked(&asked, text) != QTC_SYNTAX, qtc_json_valid(text));
            qtc_asked_free(&asked);
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members),
        cmocka_unit_test(rounds),
        cmocka_unit_test(errors),
        cmocka_unit_test(every_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
