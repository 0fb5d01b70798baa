/* The request of a completion. It is walked with a scanner instead of being read into a tree, since a client
 * may send 64 MiB of brackets. */
#include "serving.h"

/* ---- a walk over JSON that is known to be valid ------------------------------------ */

struct cursor {
    const char *p, *end;
    bool object;
};

static const char *behind_blanks(const char *p, const char *end)
{
    while (p < end && qtc_is_blank(*p)) {
        p++;
    }
    return p;
}

static bool begins(struct qtc_bytes json, char with)
{
    return json.len > 0 && json.data[0] == with;
}

/* Of a container's parts; anything else has none. */
static struct cursor enter(struct qtc_bytes json)
{
    bool container = begins(json, '{') || begins(json, '[');

    return (struct cursor){json.data + container, json.data + (container ? json.len : 0), begins(json, '{')};
}

static struct qtc_bytes take(struct cursor *c)
{
    struct qtc_json_scan scan = {0};
    size_t used = 0;

    c->p = behind_blanks(c->p, c->end);
    qtc_json_scan_feed(&scan, c->p, (size_t)(c->end - c->p), &used);
    c->p += used;
    return qtc_bytes(c->p - used, used);
}

/* The next part; its key keeps its quotes. */
static bool next(struct cursor *c, struct qtc_bytes *key, struct qtc_bytes *value)
{
    c->p = behind_blanks(c->p, c->end);
    if (c->p < c->end && *c->p == ',') {
        c->p = behind_blanks(c->p + 1, c->end);
    }
    if (c->p >= c->end || *c->p == '}' || *c->p == ']') {
        return false;
    }
    *key = (struct qtc_bytes){0};
    if (c->object) {
        *key = take(c);
        c->p = behind_blanks(c->p, c->end) + 1; /* the colon */
    }
    *value = take(c);
    return true;
}

/* ---- the conversation ------------------------------------------------------------------ */

enum speaker { SOMEBODY, ASSISTANT, TOOL };

static enum speaker speaker_of(struct qtc_bytes role)
{
    if (qtc_bytes_is(role, "\"assistant\"")) {
        return ASSISTANT;
    }
    return qtc_bytes_is(role, "\"tool\"") || qtc_bytes_is(role, "\"function\"") ? TOOL : SOMEBODY;
}

/* Anthropic's way: a content part of a user's message. */
static bool holds_result(struct qtc_bytes content)
{
    struct cursor parts = enter(content), members;
    struct qtc_bytes key, part, value;

    while (begins(content, '[') && next(&parts, &key, &part)) {
        members = enter(part);
        while (begins(part, '{') && next(&members, &key, &value)) {
            if (qtc_bytes_is(key, "\"type\"") && qtc_bytes_is(value, "\"tool_result\"")) {
                return true;
            }
        }
    }
    return false;
}

static enum speaker speaker_in(struct qtc_bytes message)
{
    struct cursor members = enter(message);
    struct qtc_bytes key, value;
    enum speaker speaker = SOMEBODY;
    bool result = false;

    while (begins(message, '{') && next(&members, &key, &value)) {
        if (qtc_bytes_is(key, "\"role\"")) {
            speaker = speaker_of(value);
        } else if (qtc_bytes_is(key, "\"content\"")) {
            result = holds_result(value);
        }
    }
    return result ? TOOL : speaker;
}

static size_t rounds_in(struct qtc_bytes messages)
{
    struct cursor list = enter(messages);
    struct qtc_bytes key, message;
    bool asked = false; /* the assistant's last message has no answer by a tool yet */
    size_t rounds = 0;

    while (begins(messages, '[') && next(&list, &key, &message)) {
        enum speaker speaker = speaker_in(message);
        rounds += asked && speaker == TOOL;
        asked = speaker == ASSISTANT || (asked && speaker != TOOL);
    }
    return rounds;
}

/* ---- the request --------------------------------------------------------------------------- */

/* Where the bytes stop being one JSON value; their end where they do not. */
static size_t bad_byte(struct qtc_bytes body)
{
    struct qtc_json_scan scan = {0};
    size_t used;
    enum qtc_json_progress progress = qtc_json_scan_feed(&scan, body.data, body.len, &used);
    struct qtc_bytes rest = qtc_bytes_trim(qtc_bytes(body.data + used, body.len - used));

    if (progress != QTC_JSON_BAD && qtc_json_scan_finish(&scan) == QTC_JSON_DONE) {
        return rest.len > 0 ? (size_t)(rest.data - body.data) : body.len;
    }
    return used;
}

static void take_member(struct qtc_asked *asked, struct qtc_bytes key, struct qtc_bytes value)
{
    if (qtc_bytes_is(key, "\"stream\"")) {
        asked->stream = qtc_bytes_is(value, "true");
    } else if (qtc_bytes_is(key, "\"messages\"")) {
        asked->rounds = rounds_in(value);
    } else if (qtc_bytes_is(key, "\"model\"") && begins(value, '"')) {
        qtc_buf_clear(&asked->model);
        qtc_json_unescape(&asked->model, qtc_bytes(value.data + 1, value.len - 2));
    }
}

enum qtc_code qtc_asked_read(struct qtc_asked *asked, struct qtc_bytes body, struct qtc_error *error)
{
    struct cursor members = enter(qtc_bytes_trim(body));
    struct qtc_bytes key, value;

    if (!qtc_json_valid(body)) {
        *error = (struct qtc_error){QTC_SYNTAX, "not JSON", bad_byte(body)};
        return QTC_SYNTAX;
    }
    if (!members.object) {
        *error = (struct qtc_error){QTC_TYPE, "not an object", 0};
        return QTC_TYPE;
    }
    while (next(&members, &key, &value)) {
        take_member(asked, key, value);
    }
    return asked->model.failed ? QTC_NOMEM : QTC_OK;
}

void qtc_asked_free(struct qtc_asked *asked)
{
    qtc_buf_free(&asked->model);
}
