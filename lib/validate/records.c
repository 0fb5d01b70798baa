/* records.c - finds the turns, calls and answers in whatever carries them. */
#include "validate/validate.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MAX_NESTING  16

struct finder {
    struct qtc_dialog *dialog;
    struct qtc_buf *items;
    bool past, answer, cut; /* of what is found next */
    bool asked;             /* there are messages, and the name of a model to send them to */
    bool answered;          /* there is an answer beside them */
    unsigned nesting;
};

static bool visit(struct finder *f, const struct qtc_json *value);

/* ---- items -------------------------------------------------------------------- */

static bool is(const struct qtc_json *value, enum qtc_json_type type)
{
    return qtc_json_type_of(value) == (int)type;
}

static bool is_text(const struct qtc_json *value, const char *text)
{
    return is(value, QTC_JSON_STRING) && qtc_bytes_is(value->text, text);
}

/* The string of one of two members; data NULL: there is none. */
static struct qtc_bytes string_of(const struct qtc_json *object, const char *key, const char *other)
{
    const struct qtc_json *value = qtc_json_get(object, key);

    if (!is(value, QTC_JSON_STRING) && other != NULL) {
        value = qtc_json_get(object, other);
    }
    return is(value, QTC_JSON_STRING) ? value->text : (struct qtc_bytes){0};
}

static bool add_item(struct finder *f, struct qtc_item item)
{
    item.past = f->past;
    item.answer = f->answer;
    item.cut = f->cut;
    f->dialog->known = true;
    f->dialog->calls += item.kind == QTC_ITEM_CALL;
    item.number = item.kind == QTC_ITEM_CALL ? f->dialog->calls : 0;
    qtc_buf_add(f->items, (const char *)&item, sizeof item);
    return !f->items->failed;
}

static bool add_turn(struct finder *f, enum qtc_item_kind kind, const struct qtc_json *node)
{
    return add_item(f, (struct qtc_item){.kind = kind, .node = node});
}

/* How the APIs write a call: where its name, arguments and id are. */
struct call_shape {
    const char *inside;       /* the member that holds name and arguments; NULL: the call itself */
    const char *arguments[4]; /* the first one that there is */
    const char *id, *other_id;
};

static const struct call_shape function_shape = {"function", {"arguments"}, "id", "call_id"};
static const struct call_shape gemini_shape = {"functionCall", {"args", "arguments"}, "id", NULL};
static const struct call_shape bare_shape = {
    NULL, {"arguments", "input", "args", "parameters"}, "call_id", "id"};

static bool add_call(struct finder *f, const struct qtc_json *node, const struct call_shape *shape)
{
    const struct qtc_json *inside = shape->inside != NULL ? qtc_json_get(node, shape->inside) : node;
    struct qtc_item item = {.kind = QTC_ITEM_CALL, .node = node};

    item.name = string_of(inside, "name", NULL);
    item.id = string_of(node, shape->id, shape->other_id);
    if (item.id.data == NULL && inside != node) {
        item.id = string_of(inside, shape->id, NULL);
    }
    for (size_t i = 0; i < COUNT(shape->arguments) && item.arguments == NULL; i++) {
        item.arguments = shape->arguments[i] != NULL ? qtc_json_get(inside, shape->arguments[i]) : NULL;
    }
    return add_item(f, item);
}

static bool add_answer(struct finder *f, const struct qtc_json *node, const char *id_key,
                       const char *name_key)
{
    return add_item(f, (struct qtc_item){.kind = QTC_ITEM_ANSWER,
                                         .node = node,
                                         .id = string_of(node, id_key, NULL),
                                         .name = string_of(node, name_key, "tool_name")});
}

/* ---- calls and answers, by their type or their members -------------------------- */

static bool typed_call(struct finder *f, const struct qtc_json *node)
{
    return add_call(f, node, &bare_shape);
}

static bool responses_output(struct finder *f, const struct qtc_json *node)
{
    return add_answer(f, node, "call_id", "name");
}

static bool tool_result(struct finder *f, const struct qtc_json *node)
{
    return add_answer(f, node, "tool_use_id", "name");
}

static bool no_call(struct finder *f, const struct qtc_json *node)
{
    (void)node;
    f->dialog->known = true;
    return true;
}

static const struct {
    const char *type;
    bool (*add)(struct finder *f, const struct qtc_json *node);
} typed[] = {
    {"function_call", typed_call},  {"function_call_output", responses_output},
    {"tool_use", typed_call},       {"tool_result", tool_result},
    {"server_tool_use", no_call},   {"text", no_call},
    {"reasoning", no_call},         {"thinking", no_call},
    {"redacted_thinking", no_call}, {"image_url", no_call},
    {"custom_tool_call", no_call},  {"custom_tool_call_output", no_call},
    {"web_search_call", no_call},   {"custom", no_call},
};

static bool is_bare_call(const struct qtc_json *node)
{
    if (!is(qtc_json_get(node, "name"), QTC_JSON_STRING)) {
        return false;
    }
    for (size_t i = 0; i < COUNT(bare_shape.arguments); i++) {
        const struct qtc_json *arguments = qtc_json_get(node, bare_shape.arguments[i]);
        if (arguments != NULL) {
            return i < 3 || qtc_json_get(arguments, "properties") == NULL; /* else it is a tool */
        }
    }
    return false;
}

/* A tool has parameters in that place. */
static bool is_function_call(const struct qtc_json *function)
{
    return is(function, QTC_JSON_OBJECT) &&
           (qtc_json_get(function, "arguments") != NULL ||
            (qtc_json_get(function, "parameters") == NULL && qtc_json_get(function, "description") == NULL));
}

/* true in *found: it was a call, an answer or a part that is known to be neither. */
static bool visit_element(struct finder *f, const struct qtc_json *node, bool *found)
{
    const struct qtc_json *type = qtc_json_get(node, "type");

    *found = true;
    if (is_function_call(qtc_json_get(node, "function"))) {
        return add_call(f, node, &function_shape); /* what most are */
    }
    for (size_t i = 0; is(type, QTC_JSON_STRING) && i < COUNT(typed); i++) {
        if (qtc_bytes_is(type->text, typed[i].type)) {
            return typed[i].add(f, node);
        }
    }
    if (is(qtc_json_get(node, "functionCall"), QTC_JSON_OBJECT)) {
        return add_call(f, node, &gemini_shape);
    }
    if (is(qtc_json_get(node, "functionResponse"), QTC_JSON_OBJECT)) {
        return add_answer(f, qtc_json_get(node, "functionResponse"), "id", "name");
    }
    *found = is_bare_call(node);
    return !*found || add_call(f, node, &bare_shape);
}

/* ---- messages ------------------------------------------------------------------- */

static bool visit_list(struct finder *f, const struct qtc_json *list)
{
    if (is(list, QTC_JSON_OBJECT)) {
        return visit(f, list);
    }
    for (const struct qtc_json *e = is(list, QTC_JSON_ARRAY) ? list->first : NULL; e != NULL; e = e->next) {
        if (!visit(f, e)) {
            return false;
        }
    }
    return true;
}

/* What parts of a message may hold calls; the text of content is none. */
static bool visit_parts(struct finder *f, const struct qtc_json *message)
{
    static const char *const keys[] = {"content", "parts", "tool_calls"};
    const struct qtc_json *legacy = qtc_json_get(message, "function_call");

    for (size_t i = 0; i < COUNT(keys); i++) {
        if (!visit_list(f, qtc_json_get(message, keys[i]))) {
            return false;
        }
    }
    return !is(legacy, QTC_JSON_OBJECT) || add_call(f, legacy, &bare_shape);
}

static bool visit_assistant(struct finder *f, const struct qtc_json *message)
{
    return add_turn(f, QTC_ITEM_ASSISTANT, message) && visit_parts(f, message);
}

/* Answers that come in a user's message stand before what the user says. */
static bool visit_user(struct finder *f, const struct qtc_json *message)
{
    return visit_parts(f, message) && add_turn(f, QTC_ITEM_USER, message);
}

static bool visit_tool(struct finder *f, const struct qtc_json *message)
{
    if (qtc_json_get(message, "parts") != NULL) {
        return visit_parts(f, message);
    }
    return add_answer(f, message, "tool_call_id", "name");
}

static const struct {
    const char *role;
    bool (*visit)(struct finder *f, const struct qtc_json *message);
} roles[] = {
    {"assistant", visit_assistant}, {"model", visit_assistant}, {"user", visit_user},   {"tool", visit_tool},
    {"function", visit_tool},       {"system", no_call},        {"developer", no_call},
};

static bool visit_message(struct finder *f, const struct qtc_json *message, bool *found)
{
    struct qtc_bytes role = string_of(message, "role", NULL);

    *found = false;
    for (size_t i = 0; i < COUNT(roles) && role.data != NULL; i++) {
        if (qtc_bytes_is(role, roles[i].role)) {
            *found = true;
            return roles[i].visit(f, message);
        }
    }
    return true;
}

/* ---- what messages stand in -------------------------------------------------------- */

/* What the calls are to be measured by. */
static void take_settings(struct finder *f, const struct qtc_json *object)
{
    static const char *const tool_keys[] = {"tools", "functions"};
    struct qtc_dialog *d = f->dialog;
    const struct qtc_json *choice = qtc_json_get(object, "tool_choice");

    for (size_t i = 0; i < COUNT(tool_keys); i++) {
        const struct qtc_json *tools = qtc_json_get(object, tool_keys[i]);
        bool held = is(tools, QTC_JSON_ARRAY) || is(tools, QTC_JSON_OBJECT) || is(tools, QTC_JSON_STRING);
        d->tools = d->tools == NULL && held ? tools : d->tools;
    }
    if (choice == NULL) {
        choice = qtc_json_get(qtc_json_get(object, "toolConfig"), "functionCallingConfig");
    }
    if (choice == NULL && qtc_json_get(object, "functions") != NULL) {
        choice = qtc_json_get(object, "function_call");
    }
    d->tool_choice = d->tool_choice == NULL ? choice : d->tool_choice;
    d->one_call = d->one_call || is(qtc_json_get(object, "parallel_tool_calls"), QTC_JSON_FALSE) ||
                  is(qtc_json_get(choice, "disable_parallel_tool_use"), QTC_JSON_TRUE);
}

enum role_of { BODY, PAST, ANSWER, ALTERNATIVES, CALLS };

/* Members that lead on, in the order in which things happened. */
static const struct {
    const char *key;
    enum role_of role;
} members[] = {
    {"request", BODY},     {"body", BODY},       {"messages", PAST},        {"contents", PAST},
    {"input", PAST},       {"response", ANSWER}, {"choices", ALTERNATIVES}, {"candidates", ALTERNATIVES},
    {"output", ANSWER},    {"message", ANSWER},  {"completion", ANSWER},    {"content", ANSWER},
    {"tool_calls", CALLS},
};

static bool visit_member(struct finder *f, const struct qtc_json *value, enum role_of role)
{
    struct finder before = *f;
    bool good = true;

    f->past = role == PAST || (role == BODY && f->past);
    f->answer = before.answer || (role != PAST && role != BODY);
    f->asked = f->asked || role == PAST;
    f->answered = f->answered || f->answer;
    if (role == CALLS || (role == ANSWER && is(value, QTC_JSON_ARRAY))) {
        good = add_turn(f, QTC_ITEM_ASSISTANT, value);
    }
    good = good && visit_list(f, value);
    f->past = before.past;
    f->answer = before.answer;
    return good;
}

/* Why a choice ended, where that excuses what it lacks. */
static bool was_cut(const struct qtc_json *object)
{
    static const char *const keys[] = {"finish_reason", "stop_reason", "finishReason"};
    static const char *const reasons[] = {"length", "max_tokens", "MAX_TOKENS", "content_filter"};

    for (size_t i = 0; i < COUNT(keys) * COUNT(reasons); i++) {
        if (is_text(qtc_json_get(object, keys[i / COUNT(reasons)]), reasons[i % COUNT(reasons)])) {
            return true;
        }
    }
    return is_text(qtc_json_get(object, "status"), "incomplete");
}

static bool visit_container(struct finder *f, const struct qtc_json *object)
{
    const struct qtc_json *legacy = qtc_json_get(object, "function_call");
    bool cut = f->cut;

    take_settings(f, object);
    f->cut = cut || was_cut(object);
    for (size_t i = 0; i < COUNT(members); i++) {
        const struct qtc_json *value = qtc_json_get(object, members[i].key);
        f->dialog->known = f->dialog->known || (value != NULL && members[i].role == CALLS);
        if ((is(value, QTC_JSON_ARRAY) || is(value, QTC_JSON_OBJECT)) &&
            !visit_member(f, value, members[i].role)) {
            return false;
        }
    }
    if (is(qtc_json_get(legacy, "arguments"), QTC_JSON_STRING) && !add_call(f, legacy, &bare_shape)) {
        return false;
    }
    f->cut = cut;
    return true;
}

static bool visit_object(struct finder *f, const struct qtc_json *object)
{
    bool found;

    if (!visit_message(f, object, &found)) {
        return false;
    }
    if (found) {
        take_settings(f, object);
        return true;
    }
    if (!visit_element(f, object, &found)) {
        return false;
    }
    return found || visit_container(f, object);
}

static bool visit(struct finder *f, const struct qtc_json *value)
{
    bool good = true;

    if (f->nesting == MAX_NESTING) {
        return true;
    }
    f->nesting++;
    if (value->type == QTC_JSON_OBJECT) {
        good = visit_object(f, value);
    } else if (value->type == QTC_JSON_ARRAY) {
        f->dialog->known = f->dialog->known || value->count == 0;
        good = visit_list(f, value);
    }
    f->nesting--;
    return good;
}

/* ---- a record --------------------------------------------------------------------- */

/* A list of messages alone is a conversation, too. */
static bool is_conversation(const struct qtc_json *value)
{
    return is(value, QTC_JSON_ARRAY) && is(value->first, QTC_JSON_OBJECT) &&
           qtc_json_get(value->first, "role") != NULL;
}

bool qtc_dialog_read(struct qtc_dialog *dialog, const struct qtc_json *record, struct qtc_buf *items)
{
    struct finder f = {.dialog = dialog, .items = items, .past = is_conversation(record)};

    *dialog = (struct qtc_dialog){.record = record};
    qtc_buf_clear(items);
    dialog->id = qtc_json_get(record, "id");
    if (dialog->id == NULL) {
        dialog->id = qtc_json_get(record, "custom_id");
    }
    if (!visit(&f, record)) {
        return false;
    }
    dialog->request = f.asked && !f.answered && qtc_json_get(record, "model") != NULL;
    dialog->items = (const struct qtc_item *)(const void *)items->data;
    dialog->count = items->len / sizeof(struct qtc_item);
    return true;
}
