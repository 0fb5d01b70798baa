#include "wire/gather.h"

#include <stdlib.h>
#include <string.h>

#include "wire/writers.h"

/* ---- text in pieces ----------------------------------------------------------- */

/* Escapes all of text but what may be the beginning of a character; returns how much that is. */
static size_t escape_whole(struct qtc_buf *json, struct qtc_bytes text)
{
    size_t rest = qtc_utf8_incomplete(text.data, text.len);

    qtc_json_escape(json, qtc_bytes(text.data, text.len - rest));
    return rest;
}

void qtc_piecewise_add(struct qtc_piecewise *p, struct qtc_bytes text)
{
    size_t rest;

    if (text.len == 0) {
        return;
    }
    if (p->tail.len == 0) {
        rest = escape_whole(&p->json, text);
        qtc_buf_add(&p->tail, text.data + text.len - rest, rest);
    } else {
        qtc_buf_put(&p->tail, text);
        rest = escape_whole(&p->json, qtc_buf_bytes(&p->tail));
        qtc_buf_drop(&p->tail, p->tail.len - rest);
    }
}

void qtc_piecewise_end(struct qtc_piecewise *p)
{
    qtc_json_escape(&p->json, qtc_buf_bytes(&p->tail));
    p->json.failed = p->json.failed || p->tail.failed;
    qtc_buf_clear(&p->tail);
}

void qtc_piecewise_clear(struct qtc_piecewise *p)
{
    qtc_buf_clear(&p->json);
    qtc_buf_clear(&p->tail);
}

void qtc_piecewise_free(struct qtc_piecewise *p)
{
    qtc_buf_free(&p->json);
    qtc_buf_free(&p->tail);
}

/* ---- choices -------------------------------------------------------------------- */

static bool room_for_choice(struct qtc_gather *g)
{
    size_t cap = g->cap > 0 ? g->cap * 2 : 4;
    struct qtc_gathered **choices;

    if (g->count < g->cap) {
        return true;
    }
    choices = reallocarray(g->choices, cap, sizeof *choices);
    if (!choices) {
        return false;
    }
    g->choices = choices;
    g->cap = cap;
    return true;
}

static struct qtc_gathered *insert_choice(struct qtc_gather *g, size_t at, unsigned choice)
{
    struct qtc_gathered *c;

    if (!room_for_choice(g)) {
        return NULL;
    }
    c = calloc(1, sizeof *c);
    if (!c) {
        return NULL;
    }
    c->choice = choice;
    memmove(g->choices + at + 1, g->choices + at, (g->count - at) * sizeof *g->choices);
    g->choices[at] = c;
    g->count++;
    return c;
}

struct qtc_gathered *qtc_gather_choice(struct qtc_gather *g, unsigned choice)
{
    size_t at = 0;
    size_t end = g->count;

    while (at < end) {
        size_t middle = at + (end - at) / 2;
        if (g->choices[middle]->choice == choice) {
            return g->choices[middle];
        }
        if (g->choices[middle]->choice < choice) {
            at = middle + 1;
        } else {
            end = middle;
        }
    }
    return insert_choice(g, at, choice);
}

static void free_choice(struct qtc_gathered *c)
{
    qtc_piecewise_free(&c->content);
    qtc_piecewise_free(&c->reasoning);
    qtc_piecewise_free(&c->calls);
    qtc_fields_free(&c->call_fields);
    qtc_fields_free(&c->message_fields);
    qtc_fields_free(&c->choice_fields);
    qtc_fields_free(&c->logprobs);
    free(c);
}

void qtc_gather_free(struct qtc_gather *g)
{
    for (size_t i = 0; i < g->count; i++) {
        free_choice(g->choices[i]);
    }
    free(g->choices);
    qtc_arena_free(&g->arena);
    *g = (struct qtc_gather){0};
}

bool qtc_gathered_failed(const struct qtc_gathered *c)
{
    return c->content.json.failed || c->content.tail.failed || c->reasoning.json.failed ||
           c->reasoning.tail.failed || c->calls.json.failed || c->calls.tail.failed;
}

/* ---- calls ------------------------------------------------------------------------ */

void qtc_gathered_call_open(struct qtc_gathered *c, const struct qtc_event *event)
{
    struct qtc_buf *json = &c->calls.json;

    qtc_buf_byte(json, '{');
    qtc_member_string(json, "id", event->id);
    qtc_buf_str(json, ",\"type\":\"function\",\"function\":{");
    qtc_member_string(json, "name", event->name);
    qtc_buf_str(json, ",\"arguments\":\"");
    c->in_call = true;
}

void qtc_gathered_call_close(struct qtc_gathered *c, bool truncated)
{
    static const char *const but[] = {"id", "type", "function", "index", "truncated", NULL};
    struct qtc_buf *json = &c->calls.json;

    qtc_piecewise_end(&c->calls);
    qtc_buf_str(json, "\"}");
    qtc_fields_write(json, &c->call_fields, but);
    qtc_fields_free(&c->call_fields);
    qtc_buf_str(json, truncated ? ",\"truncated\":true}" : "}");
    c->in_call = false;
}

static void call_event(struct qtc_gathered *c, const struct qtc_event *event)
{
    if (event->kind == QTC_CALL) {
        if (c->in_call) {
            qtc_gathered_call_close(c, true);
        }
        if (c->calls.json.len > 0) {
            qtc_buf_byte(&c->calls.json, ',');
        }
        qtc_gathered_call_open(c, event);
    } else if (event->kind == QTC_ARGS && c->in_call) {
        qtc_piecewise_add(&c->calls, event->text);
    } else if (event->kind == QTC_CALL_END && c->in_call) {
        qtc_gathered_call_close(c, event->truncated);
    }
}

/* ---- other members ------------------------------------------------------------------ */

bool qtc_gather_fields(struct qtc_gather *g, struct qtc_fields *to, struct qtc_bytes json,
                       enum qtc_fields_rule rule)
{
    struct qtc_error error;

    qtc_arena_reset(&g->arena);
    return qtc_fields_merge(to, qtc_json_read(&g->arena, json, &error), rule);
}

/* Log probabilities come with every piece, and are joined; other members of a choice say the same again. */
static bool choice_fields(struct qtc_gather *g, struct qtc_gathered *c, struct qtc_bytes json)
{
    const struct qtc_json *object;
    struct qtc_error error;

    qtc_arena_reset(&g->arena);
    object = qtc_json_read(&g->arena, json, &error);
    return qtc_fields_merge(&c->choice_fields, object, QTC_FIELDS_LAST) &&
           qtc_fields_merge(&c->logprobs, qtc_json_get(object, "logprobs"), QTC_FIELDS_JOIN);
}

static bool other_event(struct qtc_gather *g, struct qtc_gathered *c, const struct qtc_event *event)
{
    if (qtc_bytes_is(event->name, "call")) {
        return qtc_gather_fields(g, &c->call_fields, event->text, QTC_FIELDS_JOIN);
    }
    if (qtc_bytes_is(event->name, "delta")) {
        return qtc_gather_fields(g, &c->message_fields, event->text, QTC_FIELDS_JOIN);
    }
    return choice_fields(g, c, event->text);
}

/* ---- events --------------------------------------------------------------------------- */

static bool concerns_choice(const struct qtc_event *event)
{
    switch (event->kind) {
    case QTC_CONTENT:
    case QTC_REASONING:
    case QTC_CALL:
    case QTC_ARGS:
    case QTC_CALL_END:
    case QTC_FINISH:
        return true;
    case QTC_OTHER:
        return qtc_bytes_is(event->name, "call") || qtc_bytes_is(event->name, "delta") ||
               qtc_bytes_is(event->name, "choice");
    default:
        return false;
    }
}

static bool take(struct qtc_gather *g, struct qtc_gathered *c, const struct qtc_event *event)
{
    switch (event->kind) {
    case QTC_CONTENT:
        qtc_piecewise_add(&c->content, event->text);
        return true;
    case QTC_REASONING:
        qtc_piecewise_add(&c->reasoning, event->text);
        return true;
    case QTC_FINISH:
        c->reason = event->reason;
        return true;
    case QTC_OTHER:
        return other_event(g, c, event);
    default:
        call_event(c, event);
        return true;
    }
}

bool qtc_gather_event(struct qtc_gather *g, const struct qtc_event *event)
{
    struct qtc_gathered *c;

    if (!concerns_choice(event)) {
        return true;
    }
    c = qtc_gather_choice(g, event->choice);
    return c && take(g, c, event) && !qtc_gathered_failed(c);
}

void qtc_gather_end(struct qtc_gather *g)
{
    for (size_t i = 0; i < g->count; i++) {
        struct qtc_gathered *c = g->choices[i];
        if (c->in_call) {
            qtc_gathered_call_close(c, true);
        }
        qtc_piecewise_end(&c->content);
        qtc_piecewise_end(&c->reasoning);
    }
}

/* ---- a message ---------------------------------------------------------------------- */

static void quoted(struct qtc_buf *out, const struct qtc_buf *json)
{
    qtc_buf_byte(out, '"');
    qtc_buf_put(out, qtc_buf_bytes(json));
    qtc_buf_byte(out, '"');
}

void qtc_gathered_message(struct qtc_buf *out, const struct qtc_gathered *c)
{
    static const char *const but[] = {"role", "content", "reasoning_content", "tool_calls", NULL};

    qtc_buf_str(out, "{\"role\":\"assistant\",\"content\":");
    if (c->content.json.len > 0) {
        quoted(out, &c->content.json);
    } else {
        qtc_buf_str(out, "null");
    }
    if (c->reasoning.json.len > 0) {
        qtc_buf_str(out, ",\"reasoning_content\":");
        quoted(out, &c->reasoning.json);
    }
    if (c->calls.json.len > 0) {
        qtc_buf_str(out, ",\"tool_calls\":[");
        qtc_buf_put(out, qtc_buf_bytes(&c->calls.json));
        qtc_buf_byte(out, ']');
    }
    qtc_fields_write(out, &c->message_fields, but);
    qtc_buf_byte(out, '}');
}

void qtc_gathered_choice(struct qtc_buf *out, const struct qtc_gathered *c)
{
    static const char *const but[] = {"index", "message", "delta", "finish_reason", NULL};
    static const char *const but_logprobs[] = {"index",         "message",  "delta",
                                               "finish_reason", "logprobs", NULL};
    const char *reason = qtc_finish_name(c->reason);
    size_t start;

    qtc_buf_byte(out, '{');
    qtc_member_u64(out, "index", c->choice);
    qtc_buf_str(out, ",\"message\":");
    qtc_gathered_message(out, c);
    if (c->logprobs.count > 0) {
        qtc_buf_str(out, ",\"logprobs\":");
        start = out->len;
        qtc_fields_write(out, &c->logprobs, NULL);
        if (!out->failed) {
            out->data[start] = '{'; /* in the place of the first comma */
        }
        qtc_buf_byte(out, '}');
    }
    qtc_fields_write(out, &c->choice_fields, c->logprobs.count > 0 ? but_logprobs : but);
    if (reason) {
        qtc_member_string(out, "finish_reason", qtc_str(reason));
    } else {
        qtc_member_raw(out, "finish_reason", qtc_str("null"));
    }
    qtc_buf_byte(out, '}');
}
