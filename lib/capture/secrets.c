#include "capture/secrets.h"

#include "capture/capture.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* ---- by looks ---------------------------------------------------------------------
 * The shapes are those that the services document or that secret scanners look for. An expression is tried
 * where its literal stands at the beginning of a word; its group is the secret. What it repeats without a
 * bound is possessive and cannot hold the beginning of another word, so that no byte is tried twice. Where
 * letters alone would do, a digit is asked for: words joined by hyphens are no key. A slash may be escaped,
 * as in JSON that stands in a string. */

#define WORD      "[A-Za-z0-9_-]"
#define HAS_DIGIT "(?=[A-Za-z_-]*+[0-9])"
#define BASE64    "(?:[A-Za-z0-9+/]++|\\\\++/)++={0,2}"

struct rule {
    const char *name;
    const char *literal; /* in lower case: `fold` */
    const char *expression;
    bool fold;
};

static const struct rule rules[] = {
    {"anthropic-key", "sk-ant-", "sk-ant-(?:[a-z]{2,8}[0-9]{2}-)?(" WORD "{20,}+)", false},
    {"openrouter-key", "sk-or-", "sk-or-(?:v[0-9]-)?([A-Za-z0-9]{20,}+)", false},
    {"openai-key", "sk-", "sk-(?:(?:proj|svcacct|admin|None)-)?(" HAS_DIGIT WORD "{20,}+)", false},
    {"huggingface-token", "hf_", "hf_([A-Za-z0-9]{30,}+)", false},
    {"huggingface-token", "api_org_", "api_org_([A-Za-z0-9]{30,}+)", false},
    {"github-token", "ghp_", "ghp_([A-Za-z0-9]{36,}+)", false},
    {"github-token", "gho_", "gho_([A-Za-z0-9]{36,}+)", false},
    {"github-token", "ghu_", "ghu_([A-Za-z0-9]{36,}+)", false},
    {"github-token", "ghs_", "ghs_([A-Za-z0-9]{36,}+)", false},
    {"github-token", "ghr_", "ghr_([A-Za-z0-9]{36,}+)", false},
    {"github-token", "github_pat_", "github_pat_([A-Za-z0-9_]{50,}+)", false},
    {"gitlab-token", "glpat-", "glpat-([A-Za-z0-9_.-]{20,}+)", false},
    {"google-key", "AIza", "AIza(" WORD "{35})(?!" WORD ")", false},
    {"google-token", "ya29.", "ya29\\.(" WORD "{20,}+)", false},
    {"google-secret", "GOCSPX-", "GOCSPX-(" WORD "{28})(?!" WORD ")", false},
    {"aws-key", "AKIA", "AKIA([A-Z2-7]{16})(?!" WORD ")", false},
    {"aws-key", "ASIA", "ASIA([A-Z2-7]{16})(?!" WORD ")", false},
    {"slack-token", "xoxb-", "xoxb-([A-Za-z0-9-]{10,}+)", false},
    {"slack-token", "xoxp-", "xoxp-([A-Za-z0-9-]{10,}+)", false},
    {"slack-token", "xoxa-", "xoxa-([A-Za-z0-9-]{10,}+)", false},
    {"slack-token", "xoxe-", "xoxe-([A-Za-z0-9-]{10,}+)", false},
    {"slack-token", "xoxe.", "xoxe\\.([A-Za-z0-9-]{10,}+)", false},
    {"slack-token", "xoxo-", "xoxo-([A-Za-z0-9-]{10,}+)", false},
    {"slack-token", "xoxr-", "xoxr-([A-Za-z0-9-]{10,}+)", false},
    {"slack-token", "xoxs-", "xoxs-([A-Za-z0-9-]{10,}+)", false},
    {"slack-token", "xapp-", "xapp-([A-Za-z0-9-]{20,}+)", false},
    {"slack-webhook", "hooks.slack.com",
     "hooks\\.slack\\.com\\\\*+/services\\\\*+/((?=[A-Za-z0-9/\\\\]{30})(?:[A-Za-z0-9/]++|\\\\++/)++)",
     false},
    {"groq-key", "gsk_", "gsk_([A-Za-z0-9]{40,}+)", false},
    {"xai-key", "xai-", "xai-(" HAS_DIGIT "[A-Za-z0-9_-]{40,}+)", false},
    {"replicate-token", "r8_", "r8_([A-Za-z0-9]{30,}+)", false},
    {"nvidia-key", "nvapi-", "nvapi-(" WORD "{40,}+)", false},
    {"perplexity-key", "pplx-", "pplx-([A-Za-z0-9]{40,}+)", false},
    {"cerebras-key", "csk-", "csk-([A-Za-z0-9]{40,}+)", false},
    {"fireworks-key", "fw_", "fw_(" HAS_DIGIT "[A-Za-z0-9]{20,}+)", false},
    {"tavily-key", "tvly-", "tvly-(" HAS_DIGIT WORD "{20,}+)", false},
    {"langsmith-key", "lsv2_", "lsv2_(?:pt|sk)_([A-Za-z0-9_]{32,}+)", false},
    {"npm-token", "npm_", "npm_([A-Za-z0-9]{36,}+)", false},
    {"pypi-token", "pypi-", "pypi-(AgE" WORD "{40,}+)", false},
    {"stripe-key", "sk_live_", "sk_live_([A-Za-z0-9]{16,}+)", false},
    {"stripe-key", "rk_live_", "rk_live_([A-Za-z0-9]{16,}+)", false},
    {"jwt", "eyJ", "eyJ(" WORD "{8,}+\\.eyJ" WORD "{6,}+(?:\\." WORD "*+)?)", false},
    {"bearer-token", "bearer",
     "(?i)bearer[ "
     "\\t]++((?=[^\\s\"'\\d]{0,400}+\\d)(?=[^\\s\"']{16})(?:[A-Za-z0-9._~+/-]++|\\\\++/)++={0,2})",
     true},
    {"basic-credentials", "basic",
     "(?i)basic[ "
     "\\t]++((?-i)(?=[^\\s\"'A-Z]{0,400}+[A-Z])(?=[^\\s\"'\\d=]{0,400}+[\\d=])(?=[^\\s\"']{12})" BASE64 ")",
     true},
    {"url-credentials", "://", ":\\\\*+/\\\\*+/([^\\s:/@?#\"'<>\\\\]*+:[^\\s/@?#\"'<>\\\\]++)@", false},
    {"url-credentials", ":\\", ":\\\\*+/\\\\*+/([^\\s:/@?#\"'<>\\\\]*+:[^\\s/@?#\"'<>\\\\]++)@", false},
    {"private-key", "-----BEGIN",
     "-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:\\s|\\\\++[nr])*+"
     "((?:[A-Z][A-Za-z-]{2,20}: [^\\r\\n\\\\]{0,100}(?:\\s|\\\\++[nr])++)*+"
     "(?=[A-Za-z0-9+/]{16})(?:[A-Za-z0-9+/=]++|\\s++|\\\\++[nr/])++)",
     false},
};

enum { RULES = sizeof rules / sizeof *rules };

/* ---- by name ----------------------------------------------------------------------- */

/* Names without `_`, `-`, `.` and case. */
struct name {
    const char *text;
    bool suffix; /* of any name, such as OPENAI_API_KEY */
};

static const struct name names[] = {
    {"apikey", true},          {"secretkey", true},     {"privatekey", true},   {"accesskey", true},
    {"subscriptionkey", true}, {"accesstoken", true},   {"refreshtoken", true}, {"idtoken", true},
    {"authtoken", true},       {"apitoken", true},      {"bearertoken", true},  {"sessiontoken", true},
    {"securitytoken", true},   {"csrftoken", true},     {"githubtoken", false}, {"hftoken", false},
    {"token", false},          {"secret", true},        {"password", true},     {"passwd", true},
    {"passphrase", true},      {"authorization", true}, {"cookie", true},       {"cookies", false},
    {"credentials", false},    {"sessionid", false},    {"pwd", false},         {"jwt", false},
    {"openaikey", true},       {"accountkey", true},    {"signingkey", true},   {"encryptionkey", true},
};

/* In the query of an URL these too. */
static const char *const parameters[] = {"key", "sig", "signature", "xamzsignature", "xgoogsignature",
                                         "auth"};

enum { NAME_MAX_LEN = 64, LOOK_BACK = 128 /* for a name, with its quotes and blanks */ };

/* Without what does not count; 0 where it is too long to be one. */
static size_t fold_name(char out[NAME_MAX_LEN], struct qtc_bytes name)
{
    size_t len = 0;

    if (name.len > NAME_MAX_LEN) {
        return 0;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (c != '_' && c != '-' && c != '.') {
            out[len++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        }
    }
    return len;
}

static bool ends_with(const char *text, size_t len, const char *end)
{
    size_t n = strlen(end);

    return len >= n && memcmp(text + len - n, end, n) == 0;
}

bool qtc_secret_by_name(struct qtc_bytes name)
{
    char folded[NAME_MAX_LEN];
    size_t len = fold_name(folded, name);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if ((names[i].suffix || strlen(names[i].text) == len) && ends_with(folded, len, names[i].text)) {
            return true;
        }
    }
    return false;
}

static bool is_query_secret(struct qtc_bytes name)
{
    char folded[NAME_MAX_LEN];
    size_t len = fold_name(folded, name);

    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        if (strlen(parameters[i]) == len && memcmp(folded, parameters[i], len) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- headers ----------------------------------------------------------------------- */

/* A header is secret where its name holds one of the first, and none of the second: x-ratelimit-*-tokens and
 * their like are counts. The organization tells who asked. */
static const char *const secret_headers[] = {
    "authorization",  "cookie",    "-key",     "apikey", "api_key",    "token",
    "secret",         "session",   "password", "passwd", "credential", "openai-organization",
    "openai-project", "signature",
};
static const char *const public_headers[] = {"ratelimit", "tokens",        "token-count",
                                             "cache-key", "surrogate-key", "idempotency-key"};

static bool holds(struct qtc_bytes name, const char *part)
{
    size_t len = strlen(part);

    for (size_t i = 0; i + len <= name.len; i++) {
        if (strncasecmp(name.data + i, part, len) == 0) {
            return true;
        }
    }
    return false;
}

bool qtc_header_is_secret(struct qtc_bytes name)
{
    bool secret = false;

    for (size_t i = 0; i < sizeof secret_headers / sizeof *secret_headers; i++) {
        secret = secret || holds(name, secret_headers[i]);
    }
    for (size_t i = 0; i < sizeof public_headers / sizeof *public_headers; i++) {
        secret = secret && !holds(name, public_headers[i]);
    }
    return secret;
}

/* ---- the searcher ------------------------------------------------------------------- */

enum { MATCH_LIMIT = 1000000, HEAP_LIMIT = 20000 /* KiB */ };

struct qtc_secrets {
    pcre2_code *code[RULES]; /* NULL: not needed yet */
    pcre2_match_data *data;
    pcre2_match_context *context;
    unsigned char pairs[65536 / 8]; /* a bit for the two bytes with which a literal begins */
};

static unsigned pair_of(char a, char b)
{
    return (unsigned)(unsigned char)a << 8 | (unsigned char)b;
}

static void add_pair(struct qtc_secrets *s, char a, char b)
{
    unsigned pair = pair_of(a, b);

    s->pairs[pair / 8] |= (unsigned char)(1U << pair % 8);
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
}

static void add_pairs(struct qtc_secrets *s, const struct rule *rule)
{
    const char *p = rule->literal;

    add_pair(s, p[0], p[1]);
    if (rule->fold) {
        add_pair(s, upper(p[0]), p[1]);
        add_pair(s, p[0], upper(p[1]));
        add_pair(s, upper(p[0]), upper(p[1]));
    }
}

struct qtc_secrets *qtc_secrets_new(void)
{
    struct qtc_secrets *s = calloc(1, sizeof *s);

    if (s == NULL) {
        return NULL;
    }
    s->data = pcre2_match_data_create(2, NULL);
    s->context = pcre2_match_context_create(NULL);
    if (s->data == NULL || s->context == NULL) {
        qtc_secrets_free(s);
        return NULL;
    }
    pcre2_set_match_limit(s->context, MATCH_LIMIT);
    pcre2_set_heap_limit(s->context, HEAP_LIMIT);
    for (size_t i = 0; i < RULES; i++) {
        add_pairs(s, &rules[i]);
    }
    return s;
}

void qtc_secrets_free(struct qtc_secrets *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < RULES; i++) {
        pcre2_code_free(s->code[i]);
    }
    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->context);
    free(s);
}

/* ---- words ---------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
    return is_alnum(c) || c == '_' || c == '-';
}

/* `\n` and `\u0026` in JSON that stands in a string: their last letter is no part of the word behind it. */
static bool ends_escape(const char *p, size_t i)
{
    return (i >= 2 && p[i - 2] == '\\' && strchr("nrtbf", p[i - 1]) != NULL && p[i - 1] != 0) ||
           (i >= 6 && p[i - 6] == '\\' && p[i - 5] == 'u');
}

static bool begins_word(struct qtc_bytes text, size_t i)
{
    return i == 0 || !is_word(text.data[i - 1]) || !is_word(text.data[i]) || ends_escape(text.data, i);
}

static bool has_literal(const struct rule *rule, const char *p, size_t n)
{
    size_t len = strlen(rule->literal);

    if (n < len) {
        return false;
    }
    return rule->fold ? strncasecmp(p, rule->literal, len) == 0 : memcmp(p, rule->literal, len) == 0;
}

/* ---- what a secret keeps ----------------------------------------------------------------- */

static size_t scheme_length(struct qtc_bytes value)
{
    static const char *const schemes[] = {"bearer ", "basic ", "token ", "digest ", "apikey "};

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = strlen(schemes[i]);
        if (value.len > len && strncasecmp(value.data, schemes[i], len) == 0) {
            return len;
        }
    }
    return 0;
}

static size_t literal_length(struct qtc_bytes value)
{
    for (size_t i = 0; i < RULES; i++) {
        if (is_word(rules[i].literal[0]) && !rules[i].fold && has_literal(&rules[i], value.data, value.len)) {
            return strlen(rules[i].literal);
        }
    }
    return 0;
}

/* A prefix is only one where enough is left to be the secret. */
size_t qtc_secret_prefix(struct qtc_bytes value)
{
    size_t scheme = scheme_length(value);
    size_t len = scheme + literal_length(qtc_bytes(value.data + scheme, value.len - scheme));

    return value.len - len >= 8 ? len : scheme;
}

/* ---- a place in the text ------------------------------------------------------------------ */

struct search {
    struct qtc_secrets *s;
    struct qtc_bytes text;
    qtc_secret_sink *sink;
    void *ctx;
    size_t from; /* behind the last secret: nothing before it is looked at again */
    size_t bare; /* behind the last bare value that was none: no part of it is one either */
};

static enum qtc_code tell(struct search *f, const char *rule, struct qtc_bytes name, size_t at, size_t end)
{
    size_t prefix = qtc_secret_prefix(qtc_bytes(f->text.data + at, end - at));
    struct qtc_secret secret = {rule, name, at + prefix, end - at - prefix};

    f->from = end;
    return f->sink(f->ctx, &secret) ? QTC_OK : QTC_STOPPED;
}

static pcre2_code *code_of(struct qtc_secrets *s, size_t rule)
{
    int error;
    PCRE2_SIZE offset;

    if (s->code[rule] == NULL) {
        s->code[rule] = pcre2_compile((PCRE2_SPTR)rules[rule].expression, PCRE2_ZERO_TERMINATED,
                                      PCRE2_ANCHORED, &error, &offset, NULL);
    }
    return s->code[rule];
}

/* A match was given up: what follows the literal, up to a blank or a quote, is taken for a secret. */
static enum qtc_code give_up(struct search *f, const struct rule *rule, size_t i)
{
    struct qtc_bytes text = f->text, none = {0};
    size_t begin = i + strlen(rule->literal), end;

    while (begin < text.len && qtc_is_blank(text.data[begin])) {
        begin++;
    }
    end = begin;
    while (end < text.len && !qtc_is_blank(text.data[end]) && text.data[end] != '"') {
        end++;
    }
    while (end > begin && text.data[end - 1] == '\\') { /* the quote's */
        end--;
    }
    return tell(f, rule->name, none, begin, end);
}

static enum qtc_code try_rule(struct search *f, size_t rule, size_t i)
{
    struct qtc_secrets *s = f->s;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->data);
    pcre2_code *code = code_of(s, rule);
    struct qtc_bytes none = {0};
    int result;

    if (code == NULL) {
        return QTC_NOMEM;
    }
    result = pcre2_match(code, (PCRE2_SPTR)f->text.data, f->text.len, i, 0, s->data, s->context);
    if (result == PCRE2_ERROR_NOMEMORY) {
        return QTC_NOMEM;
    }
    if (result < 0 && result != PCRE2_ERROR_NOMATCH) {
        return give_up(f, &rules[rule], i);
    }
    return result > 0 ? tell(f, rules[rule].name, none, at[2], at[3]) : QTC_OK;
}

static enum qtc_code try_rules(struct search *f, size_t i)
{
    enum qtc_code code = QTC_OK;

    if (!begins_word(f->text, i)) {
        return QTC_OK;
    }
    for (size_t rule = 0; rule < RULES && code == QTC_OK && f->from <= i; rule++) {
        if (has_literal(&rules[rule], f->text.data + i, f->text.len - i)) {
            code = try_rule(f, rule, i);
        }
    }
    return code;
}

/* ---- a name, and its value --------------------------------------------------------------- */

/* "name": "value"   name = "value"   name=value   ?key=value   <parameter=name>value</parameter>
 * The first may stand in a string, its quotes escaped. */
struct named {
    size_t name, name_end; /* without quotes */
    bool quoted;           /* the name is */
};

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

static size_t backslashes_before(struct qtc_bytes text, size_t from, size_t i)
{
    size_t n = 0;

    while (i > from && text.data[i - 1] == '\\') {
        i--;
        n++;
    }
    return n;
}

/* The name that ends before the sign at i; false where there is none. */
static bool name_before(const struct search *f, size_t i, struct named *n)
{
    const char *p = f->text.data;
    size_t from = i - f->from > LOOK_BACK ? i - LOOK_BACK : f->from;

    while (i > from && (p[i - 1] == ' ' || p[i - 1] == '\t')) {
        i--;
    }
    n->quoted = i > from && is_quote(p[i - 1]);
    i -= n->quoted;
    i -= n->quoted ? backslashes_before(f->text, from, i) : 0;
    n->name_end = i;
    while (i > from && (is_word(p[i - 1]) || p[i - 1] == '.') && !ends_escape(p, i)) {
        i--;
    }
    n->name = i;
    return n->name < n->name_end;
}

/* The end of a value in quotes, of which `level` backslashes stand before each; those of the value itself are
 * escaped once more. The text's end, where it is cut; 0 where a line ends first and `lines` may not. */
static size_t end_of_quoted(struct qtc_bytes text, size_t i, char quote, size_t level, bool lines)
{
    size_t run = 0;

    for (; i < text.len; i++) {
        if (text.data[i] == quote && (run < level || (run - level) % (2 * (level + 1)) == 0)) {
            return i - (run < level ? run : level);
        }
        if (text.data[i] == '\n' && !lines) {
            return 0;
        }
        run = text.data[i] == '\\' ? run + 1 : 0;
    }
    return text.len;
}

static size_t end_of_class(struct qtc_bytes text, size_t i, const char *more)
{
    while (i < text.len && (is_word(text.data[i]) || (text.data[i] != 0 && strchr(more, text.data[i])))) {
        i++;
    }
    return i;
}

/* Code and prose assign words too (password: string, token = next()): a bare value has a digit, is not short
 * and not called; or a scheme (Bearer) stands before it. */
static size_t end_of_bare(struct search *f, size_t begin)
{
    struct qtc_bytes text = f->text;
    size_t scheme = scheme_length(qtc_bytes(text.data + begin, text.len - begin));
    bool digit = scheme > 0;
    size_t end;

    if (begin + scheme < f->bare) {
        return 0;
    }
    end = end_of_class(text, begin + scheme, "+/=.~%");
    for (size_t i = begin; i < end && !digit; i++) {
        digit = is_digit(text.data[i]);
    }
    if (digit && end - begin >= 8 && !(end < text.len && strchr("([", text.data[end]))) {
        return end;
    }
    f->bare = end;
    return 0;
}

static size_t skip_blanks(struct qtc_bytes text, size_t i)
{
    while (i < text.len && qtc_is_blank(text.data[i])) {
        i++;
    }
    return i;
}

static enum qtc_code take(struct search *f, const struct named *n, size_t begin, size_t end)
{
    struct qtc_bytes name = qtc_bytes(f->text.data + n->name, n->name_end - n->name);

    return end > begin ? tell(f, "member", name, begin, end) : QTC_OK;
}

static enum qtc_code take_value(struct search *f, const struct named *n, size_t i)
{
    size_t begin = skip_blanks(f->text, i);
    size_t level = 0;

    while (begin + level < f->text.len && f->text.data[begin + level] == '\\') {
        level++;
    }
    if (begin + level < f->text.len && is_quote(f->text.data[begin + level])) {
        begin += level + 1;
        return take(f, n, begin, end_of_quoted(f->text, begin, f->text.data[begin - 1], level, n->quoted));
    }
    return n->quoted ? QTC_OK : take(f, n, begin, end_of_bare(f, begin));
}

static enum qtc_code take_element(struct search *f, const struct named *n, size_t i)
{
    const char *p = f->text.data;
    size_t begin = skip_blanks(f->text, i);
    const char *close = memchr(p + begin, '<', f->text.len - begin);
    size_t end = close != NULL ? (size_t)(close - p) : f->text.len;

    while (end > begin && qtc_is_blank(p[end - 1])) {
        end--;
    }
    return take(f, n, begin, end);
}

static bool stands_before(struct qtc_bytes text, size_t i, const char *what)
{
    size_t len = strlen(what);

    return i >= len && memcmp(text.data + i - len, what, len) == 0;
}

/* <parameter=NAME> <parameter name="NAME"> <arg_key>NAME</arg_key><arg_value> */
static bool names_element(const struct search *f, const struct named *n)
{
    size_t before = n->name;

    if (n->quoted && before > 0 && is_quote(f->text.data[before - 1])) {
        before--;
        before -= backslashes_before(f->text, 0, before);
        return stands_before(f->text, before, "name=");
    }
    return stands_before(f->text, before, "=") || stands_before(f->text, before, "<arg_key>");
}

/* Before <arg_value>: where </arg_key> begins; else i. */
static size_t end_of_arg_key(struct qtc_bytes text, size_t i)
{
    size_t at = i + 1;

    if (!stands_before(text, at, "<arg_value>")) {
        return i;
    }
    at -= strlen("<arg_value>");
    while (at > 0 && qtc_is_blank(text.data[at - 1])) {
        at--;
    }
    return stands_before(text, at, "</arg_key>") ? at - strlen("</arg_key>") : i;
}

static bool in_query(const struct search *f, const struct named *n)
{
    return n->name > 0 && (f->text.data[n->name - 1] == '?' || f->text.data[n->name - 1] == '&');
}

static enum qtc_code try_named(struct search *f, size_t i)
{
    char sign = f->text.data[i];
    size_t name_end = sign == '>' ? end_of_arg_key(f->text, i) : i;
    struct named n;
    struct qtc_bytes name;
    bool query;

    if (name_end < f->from || !name_before(f, name_end, &n)) {
        return QTC_OK;
    }
    name = qtc_bytes(f->text.data + n.name, n.name_end - n.name);
    query = sign == '=' && in_query(f, &n);
    if (!qtc_secret_by_name(name) && !(query && is_query_secret(name))) {
        return QTC_OK;
    }
    if (query) {
        return take(f, &n, i + 1, end_of_class(f->text, i + 1, "+/=.~%"));
    }
    if (sign == '>') {
        return names_element(f, &n) ? take_element(f, &n, i + 1) : QTC_OK;
    }
    return take_value(f, &n, i + 1);
}

/* ---- the whole text -------------------------------------------------------------------------- */

enum qtc_code qtc_secrets_find(struct qtc_secrets *s, struct qtc_bytes text, qtc_secret_sink *sink, void *ctx)
{
    struct search f = {.s = s, .text = text, .sink = sink, .ctx = ctx};
    enum qtc_code code = QTC_OK;

    for (size_t i = 0; i + 1 < text.len && code == QTC_OK; i++) {
        unsigned pair = pair_of(text.data[i], text.data[i + 1]);
        if (i < f.from) {
            i = f.from - 1;
        } else if (s->pairs[pair / 8] >> pair % 8 & 1) {
            code = try_rules(&f, i);
        }
        if (code == QTC_OK && f.from <= i &&
            (text.data[i] == ':' || text.data[i] == '=' || text.data[i] == '>')) {
            code = try_named(&f, i);
        }
    }
    return code;
}
