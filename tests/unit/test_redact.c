/* test_redact.c - what is taken for a secret and what is not, and where deltas cut it. */
#include "capture/capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- redacting a text ------------------------------------------------------- */

struct told {
    size_t count;
    char rule[64], name[64]; /* of the last one */
    uint64_t at;
    size_t len;
};

static void tell(void *ctx, const struct qtc_redaction *redaction)
{
    struct told *told = ctx;

    told->count++;
    told->at = redaction->at;
    told->len = redaction->len;
    snprintf(told->rule, sizeof told->rule, "%s", redaction->rule);
    snprintf(told->name, sizeof told->name, "%.*s", (int)redaction->name.len,
             redaction->name.len > 0 ? redaction->name.data : "");
}

/* Redacts it, and once more: the second time there is nothing. */
static struct qtc_bytes redact(struct qtc_arena *arena, struct qtc_bytes text, struct told *told)
{
    struct qtc_bytes once, twice;
    struct told again = {0};

    *told = (struct told){0};
    assert_int_equal(qtc_text_redact(arena, text, &once, "text", tell, told), QTC_OK);
    assert_int_equal(once.len, text.len);
    assert_int_equal(qtc_text_redact(arena, once, &twice, "text", tell, &again), QTC_OK);
    assert_int_equal(again.count, 0);
    assert_true(qtc_bytes_equal(once, twice));
    return once;
}

static void check(const char *text, const char *expected, const char *rule)
{
    struct qtc_arena arena = {0};
    struct told told;
    struct qtc_bytes got = redact(&arena, qtc_str(text), &told);

    if (!qtc_bytes_is(got, expected)) {
        print_error("%s\n%.*s\n%s\n", text, (int)got.len, got.data, expected);
    }
    assert_true(qtc_bytes_is(got, expected));
    assert_string_equal(told.rule, rule);
    assert_int_equal(told.count > 0, strcmp(text, expected) != 0);
    qtc_arena_free(&arena);
}

static void check_none(const char *text)
{
    check(text, text, "");
}

/* ---- by looks ----------------------------------------------------------------- */

/* Letters and digits without a meaning. */
#define A16 "a8Kd03Jf9sLq27Zx"
#define A20 A16 "Pq4T"
#define A32 A16 A16
#define A40 A20 A20
#define A64 A32 A32
#define X16 "xxxxxxxxxxxxxxxx"
#define X20 X16 "xxxx"
#define X32 X16 X16
#define X40 X20 X20
#define X64 X32 X32

struct looks {
    const char *rule, *secret, *masked;
    const char *near_miss;
};

static const struct looks looks[] = {
    {"openai-key", "sk-" A20, "sk-" X20, "sk-learn-and-other-words-joined-by-hyphens"},
    {"openai-key", "sk-proj-" A20 "_-" A20, "sk-proj-" X20 "xx" X20, "task-" A20},
    {"anthropic-key", "sk-ant-api03-" A20, "sk-ant-api03-" X20, "sk-ant-api03-x"},
    {"openrouter-key", "sk-or-v1-" A64, "sk-or-v1-" X64, "sk-or-v1-0"},
    {"huggingface-token", "hf_" A32, "hf_" X32, "hf_hub_download_and_then_some_more"},
    {"huggingface-token", "api_org_" A32, "api_org_" X32, "api_org_name"},
    {"github-token", "ghp_" A40, "ghp_" X40, "ghp_short"},
    {"github-token", "gho_" A40, "gho_" X40, "gho_short"},
    {"github-token", "ghu_" A40, "ghu_" X40, "ghu_short"},
    {"github-token", "ghs_" A40, "ghs_" X40, "ghs_short"},
    {"github-token", "ghr_" A40, "ghr_" X40, "ghr_short"},
    {"github-token", "github_pat_" A20 "_" A40, "github_pat_" X20 "x" X40, "github_pat_" A20},
    {"gitlab-token", "glpat-" A20, "glpat-" X20, "glpat-" A16},
    {"google-key", "AIza" A32 "abc", "AIza" X32 "xxx", "AIza" A32 "abcd"},
    {"google-token", "ya29." A40, "ya29." X40, "ya29.a"},
    {"google-secret", "GOCSPX-" A20 "abcdefgh", "GOCSPX-" X20 "xxxxxxxx", "GOCSPX-" A20},
    {"aws-key", "AKIAABCDEFGH23456723", "AKIA" X16, "AKIAABCDEFGH234567231"},
    {"aws-key", "ASIAABCDEFGH23456723", "ASIA" X16, "ASIAabcdefgh23456723"},
    {"slack-token", "xoxb-" A20, "xoxb-" X20, "xoxb-1"},
    {"slack-token", "xoxp-" A20, "xoxp-" X20, "xoxp-1"},
    {"slack-token", "xoxa-" A20, "xoxa-" X20, "xoxa-1"},
    {"slack-token", "xoxe-" A20, "xoxe-" X20, "xoxe-1"},
    {"slack-token", "xoxe.xoxp-" A20, "xoxe.xoxp-" X20, "xoxe.1"},
    {"slack-token", "xoxo-" A20, "xoxo-" X20, "xoxo-1"},
    {"slack-token", "xoxr-" A20, "xoxr-" X20, "xoxr-1"},
    {"slack-token", "xoxs-" A20, "xoxs-" X20, "xoxs-1"},
    {"slack-token", "xapp-1-" A20, "xapp-xx" X20, "xapp-1-A0"},
    {"slack-webhook", "https://hooks.slack.com/services/T0/B0/" A40,
     "https://hooks.slack.com/services/xxxxxx" X40, "https://hooks.slack.com/services/T0/B0"},
    {"groq-key", "gsk_" A40, "gsk_" X40, "gsk_" A20},
    {"xai-key", "xai-" A64, "xai-" X64, "xai-and-a-lot-of-words-that-are-joined-by-hyphens"},
    {"replicate-token", "r8_" A40, "r8_" X40, "r8_register"},
    {"nvidia-key", "nvapi-" A64, "nvapi-" X64, "nvapi-docs"},
    {"perplexity-key", "pplx-" A40, "pplx-" X40, "pplx-70b-online"},
    {"cerebras-key", "csk-" A40, "csk-" X40, "csk-" A20},
    {"fireworks-key", "fw_" A20, "fw_" X20, "fw_update"},
    {"tavily-key", "tvly-" A32, "tvly-" X32, "tvly-search"},
    {"langsmith-key", "lsv2_pt_" A32 "_abcd", "lsv2_pt_" X32 "xxxxx", "lsv2_pt_a"},
    {"npm-token", "npm_" A40, "npm_" X40, "npm_config_registry"},
    {"pypi-token", "pypi-AgEI" A64, "pypi-xxxx" X64, "pypi-publish"},
    {"stripe-key", "sk_live_" A20, "sk_live_" X20, "sk_live_a"},
    {"stripe-key", "rk_live_" A20, "rk_live_" X20, "rk_live_a"},
    {"jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." A20, "eyJxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" X20,
     "eyJhbGciOiJIUzI1NiJ9 eyJzdWIiOiIxIn0"},
    {"bearer-token", "Bearer " A20, "Bearer " X20, "bearer authentication-is-better"},
    {"bearer-token", "BEARER  " A20 "==", "BEARER  " X20 "xx", "Bearer token 12345678901234567890"},
    {"bearer-token", "Bearer " A16 "\\/" A16, "Bearer " X16 "xx" X16, "bearer of " A20},
    {"bearer-token", "Bearer sk-" A20, "Bearer sk-" X20, "the bearer"},
    {"basic-credentials", "Basic dXNlcjpwYXNzd29yZA==", "Basic " X20, "Basic authentication2024"},
    {"url-credentials", "https://user:pass@host", "https://xxxxxxxxx@host", "https://user@host:80/a:b@c"},
    {"url-credentials", "https:\\/\\/user:pass@host", "https:\\/\\/xxxxxxxxx@host", "https://host:80/"},
    {"private-key", "-----BEGIN RSA PRIVATE KEY-----\n" A64 "\n" A20 "=\n-----END RSA PRIVATE KEY-----",
     "-----BEGIN RSA PRIVATE KEY-----\n" X64 "\n" X20 "x\n-----END RSA PRIVATE KEY-----",
     "-----BEGIN PUBLIC KEY-----\n" A64 "\n-----END PUBLIC KEY-----"},
    {"private-key", "-----BEGIN PRIVATE KEY-----\\n" A64 "\\n" A20 "\\n-----END",
     "-----BEGIN PRIVATE KEY-----\\n" X64 "xx" X20 "xx-----END",
     "-----BEGIN PRIVATE KEY----- is how it begins"},
};

static void check_looks(const char *before, const struct looks *l, const char *behind)
{
    char text[512], masked[512];

    snprintf(text, sizeof text, "%s%s%s", before, l->secret, behind);
    snprintf(masked, sizeof masked, "%s%s%s", before, l->masked, behind);
    check(text, masked, l->rule);
}

static void test_secrets_by_their_looks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        check_looks("", &looks[i], "");
        check_looks("it is ", &looks[i], ", they say");
        check_looks("a\nb=", &looks[i], "\n");
        check_looks("\\n", &looks[i], "\""); /* as in JSON that stands in a string */
        check_none(looks[i].near_miss);
    }
}

/* ---- by name -------------------------------------------------------------------- */

static void test_secrets_by_their_name(void **state)
{
    (void)state;
    check("{\"api_key\":\"hunter2\"}", "{\"api_key\":\"xxxxxxx\"}", "member");
    check("{\"a\":[{\"clientSecret\" : \"s\\u00e4 \\n\\\"\"}]}",
          "{\"a\":[{\"clientSecret\" : \"x\\u0078 \\n\\/\"}]}", "member");
    check("{\"PASSWORD\":\"\\ud83d\\ude00p\"}", "{\"PASSWORD\":\"\\u0078\\u0078x\"}", "member");
    check("{\"authorization\":\"Bearer abcdefgh\"}", "{\"authorization\":\"Bearer xxxxxxxx\"}", "member");
    check("{\"cookies\":[\"a=b\"]}", "{\"cookies\":[\"xxx\"]}", "member");
    check("OPENAI_API_KEY=abcdefg8", "OPENAI_API_KEY=xxxxxxxx", "member");
    check("AZURE_OPENAI_KEY=abcdefg8", "AZURE_OPENAI_KEY=xxxxxxxx", "member");
    check("api_key: 'a b'", "api_key: 'x x'", "member");
    check("f(password=\"abc\", b=1)", "f(password=\"xxx\", b=1)", "member");
    check("Authorization: Bearer abcdef", "Authorization: Bearer xxxxxx", "member");
    check("<parameter=api_key>\nabc\n</parameter>", "<parameter=api_key>\nxxx\n</parameter>", "member");
    check("<parameter name=\"token\">abc</parameter>", "<parameter name=\"token\">xxx</parameter>", "member");
    check("<arg_key>secret</arg_key>\n<arg_value>abc</arg_value>",
          "<arg_key>secret</arg_key>\n<arg_value>xxx</arg_value>", "member");
    check("https://h/?a=1&key=abc&b=2", "https://h/?a=1&key=xxx&b=2", "member");
    check("https://h/p?access_token=abc", "https://h/p?access_token=xxx", "member");
    check("https://h/p?sig=a%2Fb#c", "https://h/p?sig=xxxxx#c", "member");
    /* JSON in a string, and in a string of that; cut */
    check("{\"arguments\":\"{\\\"token\\\": \\\"ab\\\\\\\"c\\\"}\"}",
          "{\"arguments\":\"{\\\"token\\\": \\\"xx\\/\\/x\\\"}\"}", "member");
    check("{\"arguments\":\"{\\\"b\\\":\\\"{\\\\\\\"token\\\\\\\":\\\\\\\"abc\\\\\\\"}\\\"}\"}",
          "{\"arguments\":\"{\\\"b\\\":\\\"{\\\\\\\"token\\\\\\\":\\\\\\\"xxx\\\\\\\"}\\\"}\"}", "member");
    check("{\"arguments\":\"{\\\"token\\\":\\\"abc", "{\"arguments\":\"{\\\"token\\\":\\\"xxx", "member");

    check_none("{\"usage\":{\"max_tokens\":12345678,\"prompt_tokens\":1},\"tokens\":\"some words\"}");
    check_none("{\"api_key\":12345678,\"token\":null,\"secret\":\"\",\"key\":\"abcdefgh1\"}");
    check_none("{\"next_page_token_count\":\"abcdefgh1\",\"monkey\":\"abcdefgh1\"}");
    check_none("password: string; token = next(abc123456)");
    check_none("<label for=\"password\">Password</label> <b>token</b> key=abcdefgh1");
    check_none("{\"password\":\"xxxx xx\"}");
}

static void test_headers_by_their_name(void **state)
{
    static const char *const secret[] = {"Authorization",
                                         "proxy-authorization",
                                         "COOKIE",
                                         "set-cookie",
                                         "x-api-key",
                                         "api-key",
                                         "x-goog-api-key",
                                         "openai-organization",
                                         "X-Auth-Token",
                                         "mcp-session-id",
                                         "x-amz-security-token",
                                         "x-functions-key",
                                         "x-auth-key",
                                         "ocp-apim-subscription-key"};
    static const char *const open[] = {"",
                                       "content-type",
                                       "x-request-id",
                                       "x-ratelimit-remaining-tokens",
                                       "anthropic-ratelimit-input-tokens-limit",
                                       "x-goog-api-client",
                                       "idempotency-key"};

    (void)state;
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++) {
        assert_true(qtc_header_is_secret(qtc_str(secret[i])));
    }
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        assert_false(qtc_header_is_secret(qtc_str(open[i])));
    }
}

/* ---- streams ----------------------------------------------------------------------- */

/* How a stream brings a text: what stands around the inside of a string. */
struct slot {
    const char *before, *behind;
};

static const struct slot slots[] = {
    {"data: {\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"", "\"}}]}\n\n"},
    {"data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"", "\"},\"index\":0}]}\r\n\r\n"},
    {"data: "
     "{\"choices\":[{\"index\":1,\"delta\":{\"tool_calls\":[{\"index\":3,\"function\":{\"arguments\":\"",
     "\"}}]}}]}\n\n"},
    {"data: {\"choices\":[{\ndata: \"delta\":{\"content\":\"", "\"}}]\ndata: }\n\n: OK\n\n"},
    {"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"", "\"}}]}\n"},
    {"event: content_block_delta\ndata: "
     "{\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"",
     "\"}}\n\n"},
    {"data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"delta\":\"", "\"}\n\n"},
};

static void put_delta(struct qtc_buf *out, const struct slot *slot, struct qtc_bytes inside)
{
    qtc_buf_str(out, slot->before);
    qtc_buf_put(out, inside);
    qtc_buf_str(out, slot->behind);
}

/* The inside in pieces: the first one, then n bytes each. */
static void put_stream(struct qtc_buf *out, const struct slot *slot, const char *inside, size_t first,
                       size_t n)
{
    size_t len = strlen(inside);

    for (size_t i = 0, end = first; i < len || i == 0; i = end, end = end + n < len ? end + n : len) {
        put_delta(out, slot, qtc_bytes(inside + i, (end < len ? end : len) - i));
        if (end >= len) {
            break;
        }
    }
}

static void check_cut(const struct slot *slot, const char *inside, const char *expected, size_t first,
                      size_t n)
{
    struct qtc_arena arena = {0};
    struct qtc_buf text = {0}, masked = {0};
    struct told told;
    struct qtc_bytes got;

    put_stream(&text, slot, inside, first, n);
    put_stream(&masked, slot, expected, first, n);
    got = redact(&arena, qtc_buf_bytes(&text), &told);
    if (!qtc_bytes_equal(got, qtc_buf_bytes(&masked))) {
        print_error("%.*s\n%.*s\n", (int)got.len, got.data, (int)masked.len, masked.data);
    }
    assert_true(qtc_bytes_equal(got, qtc_buf_bytes(&masked)));
    assert_int_equal(told.count, 1);
    qtc_buf_free(&text);
    qtc_buf_free(&masked);
    qtc_arena_free(&arena);
}

/* One cut at every byte, and every byte by itself. */
static void check_every_cut(const char *inside, const char *expected)
{
    for (size_t s = 0; s < sizeof slots / sizeof *slots; s++) {
        size_t len = strlen(inside);
        for (size_t cut = 1; cut <= len; cut++) {
            check_cut(&slots[s], inside, expected, cut, len);
        }
        for (size_t n = 1; n <= 5; n++) {
            check_cut(&slots[s], inside, expected, n, n);
        }
    }
}

static void test_secrets_that_deltas_cut(void **state)
{
    (void)state;
    check_every_cut("the key is sk-proj-" A20 ", keep it", "the key is sk-proj-" X20 ", keep it");
    check_every_cut("<parameter=password>hunter2</parameter>", "<parameter=password>xxxxxxx</parameter>");
    check_every_cut("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." A16 " !",
                    "eyJxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" X16 " !");
}

/* Escapes are not cut by a server: a piece is one, or a character. */
static void test_escapes_that_deltas_cut(void **state)
{
    static const char *const pieces[] = {"{",       "\\\"", "api",      "_key", "\\\"", ":",    "\\\"",
                                         "\\u0041", "b",    "\\\\\\\"", "\\/",  "c",    "\\\"", "}"};
    static const char *const masked[] = {"{",       "\\\"", "api",    "_key", "\\\"", ":",    "\\\"",
                                         "\\u0078", "x",    "\\/\\/", "\\/",  "x",    "\\\"", "}"};
    struct qtc_buf text = {0}, expected = {0};
    struct qtc_arena arena = {0};
    struct told told;
    struct qtc_bytes got;

    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        put_delta(&text, &slots[2], qtc_str(pieces[i]));
        put_delta(&text, &slots[0], qtc_str("sk-")); /* another slot in between: its text is another */
        put_delta(&expected, &slots[2], qtc_str(masked[i]));
        put_delta(&expected, &slots[0], qtc_str("sk-"));
    }
    got = redact(&arena, qtc_buf_bytes(&text), &told);
    assert_true(qtc_bytes_equal(got, qtc_buf_bytes(&expected)));
    assert_int_equal(told.count, 1);
    assert_string_equal(told.name, "api_key");
    assert_int_equal(told.len, 6);
    assert_int_equal(text.data[told.at], '\\');
    qtc_buf_free(&text);
    qtc_buf_free(&expected);
    qtc_arena_free(&arena);
}

static void test_several_secrets_in_order(void **state)
{
    (void)state;
    check("data: {\"choices\":[{\"delta\":{\"content\":\"a ghp_" A16 "\"}}]}\n\n"
          "data: {\"choices\":[{\"delta\":{\"content\":\"" A20 " gsk_" A20 "\"}}]}\n\n"
          "data: {\"choices\":[{\"delta\":{\"content\":\"" A20 " hf_" A32 "\"}}]}\n\ndata: [DONE]\n\n",
          "data: {\"choices\":[{\"delta\":{\"content\":\"a ghp_" X16 "\"}}]}\n\n"
          "data: {\"choices\":[{\"delta\":{\"content\":\"" X20 " gsk_" X20 "\"}}]}\n\n"
          "data: {\"choices\":[{\"delta\":{\"content\":\"" X20 " hf_" X32 "\"}}]}\n\ndata: [DONE]\n\n",
          "huggingface-token");
}

/* A token's bytes, and those that were almost chosen, tell it as well. */
static void test_log_probabilities(void **state)
{
    (void)state;
    check("{\"logprobs\":{\"content\":[{\"token\":\"ghp_\",\"logprob\":-1,\"bytes\":[103,104]},"
          "{\"token\":\"" A40 "\",\"logprob\":-12.5,\"bytes\":[97,9,104],"
          "\"top_logprobs\":[{\"token\":\"a\",\"logprob\":-1,\"bytes\":[97]}]},"
          "{\"token\":\" \",\"logprob\":-1,\"bytes\":[32]}]}}",
          "{\"logprobs\":{\"content\":[{\"token\":\"ghp_\",\"logprob\":-1,\"bytes\":[103,104]},"
          "{\"token\":\"" X40 "\",\"logprob\":-12.5,\"bytes\":[88,9,120],"
          "\"top_logprobs\":[{\"token\":\"x\",\"logprob\":-1,\"bytes\":[88]}]},"
          "{\"token\":\" \",\"logprob\":-1,\"bytes\":[32]}]}}",
          "github-token");
}

static void test_text_that_is_no_json(void **state)
{
    (void)state;
    check(": token=abcdefg8\n\ndata: {\"a\":\n\n", ": token=xxxxxxxx\n\ndata: {\"a\":\n\n", "member");
    check("data: {\"token\":\"abc\",}\n\n", "data: {\"token\":\"xxx\",}\n\n", "member");
    check("<html>gsk_" A40 "</html>", "<html>gsk_" X40 "</html>", "groq-key");
    check("{\"a\":1}\n{broken \"token\":\"abc\"\n{\"secret\":\"abc\"}\n",
          "{\"a\":1}\n{broken \"token\":\"xxx\"\n{\"secret\":\"xxx\"}\n", "member");
    check_none("");
    check_none("\n");
    check_none("{");
}

/* Each `=` might begin a value, and none of them has an end of its own: they are not all looked at to the
 * end.
 */
static void test_many_values_in_one_word(void **state)
{
    static const char *const words[] = {"token=", "token=1/"};
    struct qtc_arena arena = {0};
    struct told told;

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct qtc_buf text = {0};
        for (int n = 0; n < 1000000; n++) {
            qtc_buf_str(&text, words[i]);
        }
        qtc_buf_str(&text, "( token=a8Kd03Jf");
        redact(&arena, qtc_buf_bytes(&text), &told);
        assert_int_equal(told.count, 1);
        assert_int_equal(told.at, text.len - 8);
        qtc_buf_free(&text);
    }
    qtc_arena_free(&arena);
}

/* The expression's limit is passed: the word is masked all the same, and what stands behind it is looked at.
 */
static void test_a_limit_that_is_passed(void **state)
{
    struct qtc_arena arena = {0};
    struct qtc_buf text = {0};
    struct told told;
    struct qtc_bytes got;

    (void)state;
    qtc_buf_str(&text, "Basic ");
    for (int i = 0; i < 2000000; i++) {
        qtc_buf_str(&text, "Aa1/\\/");
    }
    qtc_buf_str(&text, " secret=a8Kd03Jf");
    got = redact(&arena, qtc_buf_bytes(&text), &told);
    assert_string_equal(told.name, "secret");
    assert_memory_equal(got.data, "Basic xxxxxx", 12);
    assert_memory_equal(got.data + got.len - 20, "xxxx secret=xxxxxxxx", 20);
    qtc_buf_free(&text);
    qtc_arena_free(&arena);
}

/* ---- captures ------------------------------------------------------------------------ */

static void test_a_capture(void **state)
{
    const struct qtc_header sent[] = {{qtc_str("Authorization"), qtc_str("Bearer sk-" A20)},
                                      {qtc_str("Accept"), qtc_str("*/*")}};
    const struct qtc_header got[] = {{qtc_str("location"), qtc_str("/?access_token=a")}};
    struct qtc_capture c = {.url = qtc_str("https://u:p@h/"),
                            .request_headers = sent,
                            .request_header_count = 2,
                            .request = qtc_str("{\"messages\":[{\"content\":\"hf_" A32 "\"}]}"),
                            .headers = got,
                            .header_count = 1,
                            .body = qtc_str("data: hello\n\n"),
                            .status = 200};
    struct qtc_capture clean;
    struct qtc_arena arena = {0};
    struct told told = {0};

    (void)state;
    assert_int_equal(qtc_capture_redact(&arena, &c, &clean, tell, &told), QTC_OK);
    assert_int_equal(told.count, 4);
    assert_true(qtc_bytes_is(clean.url, "https://xxx@h/"));
    assert_true(qtc_bytes_is(clean.request_headers[0].value, "Bearer sk-" X20));
    assert_true(qtc_bytes_is(clean.request_headers[1].value, "*/*"));
    assert_true(qtc_bytes_is(clean.request, "{\"messages\":[{\"content\":\"hf_" X32 "\"}]}"));
    assert_true(qtc_bytes_is(clean.headers[0].value, "/?access_token=x"));
    assert_true(qtc_bytes_equal(clean.body, c.body));
    assert_int_equal(clean.status, 200);
    assert_true(qtc_bytes_is(sent[0].value, "Bearer sk-" A20)); /* what was given stays */
    qtc_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets_by_their_looks),
        cmocka_unit_test(test_secrets_by_their_name),
        cmocka_unit_test(test_headers_by_their_name),
        cmocka_unit_test(test_secrets_that_deltas_cut),
        cmocka_unit_test(test_escapes_that_deltas_cut),
        cmocka_unit_test(test_several_secrets_in_order),
        cmocka_unit_test(test_log_probabilities),
        cmocka_unit_test(test_text_that_is_no_json),
        cmocka_unit_test(test_many_values_in_one_word),
        cmocka_unit_test(test_a_limit_that_is_passed),
        cmocka_unit_test(test_a_capture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
