/* conversation.c - ids pair up, calls are answered, and the request's wishes are kept. */
#include "validate/internal.h"

#include <stdlib.h>
#include <string.h>

#define WAITING_MAX 256 /* calls without ids among which an answer without one finds its own */

/* A call by its id. */
struct entry {
    struct qtc_bytes id;
    size_t item;   /* its place in the dialog */
    size_t number; /* of the call, from 1 */
    size_t answer; /* place of its answer; 0: none (no answer stands first) */
};

struct talk {
    const struct qtc_dialog *dialog;
    struct qtc_teller *teller;
    struct entry *by_id; /* calls with an id, sorted */
    size_t id_count;
    struct entry *nameless; /* calls without one, in order */
    size_t nameless_count;
    size_t waiting; /* the first of these that may have no answer yet */
};

static bool tell(struct talk *t, enum qtc_issue_code code, const struct entry *call,
                 const struct qtc_item *item)
{
    struct qtc_issue issue = {.code = code, .place = item != NULL ? item->node->raw.data : NULL};

    issue.call = call != NULL ? call->number : 0;
    issue.name = item != NULL ? item->name : issue.name;
    issue.message = qtc_buf_bytes(&t->teller->message);
    issue.hint = qtc_buf_bytes(&t->teller->hint);
    return qtc_tell(t->teller, &issue);
}

static struct qtc_buf *message(struct talk *t, const char *text)
{
    qtc_buf_clear(&t->teller->message);
    qtc_buf_clear(&t->teller->hint);
    qtc_buf_str(&t->teller->message, text);
    return &t->teller->message;
}

/* ---- ids ------------------------------------------------------------------------- */

static int compare_bytes(struct qtc_bytes a, struct qtc_bytes b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = compare_bytes(x->id, y->id);

    return order != 0 ? order : (x->item > y->item) - (x->item < y->item);
}

static bool collect(struct talk *t)
{
    const struct qtc_dialog *d = t->dialog;

    t->by_id = calloc(d->calls + 1, sizeof *t->by_id);
    t->nameless = calloc(d->calls + 1, sizeof *t->nameless);
    if (t->by_id == NULL || t->nameless == NULL) {
        t->teller->nomem = true;
        return false;
    }
    for (size_t i = 0; i < d->count; i++) {
        const struct qtc_item *item = &d->items[i];
        if (item->kind == QTC_ITEM_CALL) {
            struct entry entry = {.id = item->id, .item = i, .number = item->number};
            if (item->id.data != NULL) {
                t->by_id[t->id_count++] = entry;
            } else {
                t->nameless[t->nameless_count++] = entry;
            }
        }
    }
    qsort(t->by_id, t->id_count, sizeof *t->by_id, compare_entries);
    return true;
}

/* The choices of one answer are alternatives: they may use the same ids. */
static bool are_alternatives(const struct talk *t, const struct entry *a, const struct entry *b)
{
    for (size_t i = a->item + 1; i < b->item; i++) {
        if (t->dialog->items[i].kind == QTC_ITEM_ASSISTANT && t->dialog->items[i].answer) {
            return true;
        }
    }
    return false;
}

static bool check_ids(struct talk *t)
{
    for (size_t i = 1; i < t->id_count; i++) {
        struct entry *a = &t->by_id[i - 1], *b = &t->by_id[i];
        if (!qtc_bytes_equal(a->id, b->id) || are_alternatives(t, a, b)) {
            continue;
        }
        qtc_put_name(message(t, "the id "), b->id);
        qtc_buf_str(&t->teller->message, " is that of call ");
        qtc_buf_u64(&t->teller->message, a->number);
        if (!tell(t, QTC_I_DUPLICATE_ID, b, &t->dialog->items[b->item])) {
            return false;
        }
    }
    return true;
}

/* ---- answers --------------------------------------------------------------------------- */

/* The last call of that id before the answer; NULL: there is none. */
static struct entry *find_id(struct talk *t, struct qtc_bytes id, size_t before)
{
    struct entry *found = NULL;
    size_t low = 0, high = t->id_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare_bytes(t->by_id[mid].id, id) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    for (; low < t->id_count && qtc_bytes_equal(t->by_id[low].id, id); low++) {
        if (t->by_id[low].item < before) {
            found = &t->by_id[low];
        }
    }
    return found;
}

/* Without an id: the first call that waits, of that name where the answer has one. */
static struct entry *find_waiting(struct talk *t, const struct qtc_item *answer, size_t before)
{
    size_t i = t->waiting;

    for (size_t seen = 0; i < t->nameless_count && seen < WAITING_MAX; i++, seen++) {
        struct entry *e = &t->nameless[i];
        const struct qtc_item *call = &t->dialog->items[e->item];
        if (e->answer == 0 && e->item < before &&
            (answer->name.data == NULL || qtc_bytes_equal(call->name, answer->name))) {
            return e;
        }
        t->waiting += i == t->waiting && e->answer != 0;
    }
    return NULL;
}

static bool check_answer(struct talk *t, const struct qtc_item *answer, size_t at)
{
    struct entry *call = answer->id.data != NULL ? find_id(t, answer->id, at) : find_waiting(t, answer, at);

    if (call == NULL) {
        struct qtc_buf *out = message(t, "an answer to ");
        if (answer->id.data != NULL) {
            qtc_put_name(out, answer->id);
            qtc_buf_str(out, ", but no call before it has that id");
        } else {
            qtc_buf_str(out, "no call that waits for one");
        }
        return tell(t, QTC_I_ANSWER_WITHOUT_CALL, NULL, answer);
    }
    if (call->answer != 0) {
        message(t, "a second answer to this call");
        struct qtc_item place = *answer;
        place.name = t->dialog->items[call->item].name;
        return tell(t, QTC_I_ANSWERED_TWICE, call, &place);
    }
    call->answer = at;
    return true;
}

static bool check_answers(struct talk *t)
{
    for (size_t i = 0; i < t->dialog->count; i++) {
        if (t->dialog->items[i].kind == QTC_ITEM_ANSWER && !check_answer(t, &t->dialog->items[i], i)) {
            return false;
        }
    }
    return true;
}

/* Where the conversation goes on with something else; the end, where it does not. next[i]: the first place
 * from i on where the user speaks; last: the last place of a turn or an answer in the conversation. */
struct turns {
    size_t *next;
    size_t last;
};

static bool find_turns(struct talk *t, struct turns *turns)
{
    const struct qtc_dialog *d = t->dialog;
    size_t next = d->count;

    turns->next = calloc(d->count + 1, sizeof *turns->next);
    turns->last = 0;
    if (turns->next == NULL) {
        t->teller->nomem = true;
        return false;
    }
    for (size_t i = d->count; i-- > 0;) {
        next = d->items[i].kind == QTC_ITEM_USER ? i : next;
        turns->next[i] = next;
        if (turns->last == 0 && d->items[i].kind != QTC_ITEM_CALL) {
            turns->last = i;
        }
    }
    return true;
}

/* At the end a call may wait: it is what the model said last. Not in a request, where all is past. */
static bool is_due(const struct talk *t, const struct turns *turns, const struct entry *call)
{
    return t->dialog->items[call->item].past && (t->dialog->request || turns->last > call->item);
}

static bool check_call(struct talk *t, const struct turns *turns, const struct entry *call)
{
    const struct qtc_item *item = &t->dialog->items[call->item];
    size_t end = turns->next[call->item];

    if (!is_due(t, turns, call) || (call->answer != 0 && call->answer < end)) {
        return true;
    }
    if (call->answer != 0) {
        message(t, "answered only behind the next turn of the user");
    } else if (end < t->dialog->count) {
        message(t, "not answered before the next turn of the user");
    } else {
        message(t, "not answered, though the conversation goes on");
    }
    if (item->id.data != NULL) {
        qtc_buf_str(&t->teller->message, ": ");
        qtc_put_name(&t->teller->message, item->id);
    }
    return tell(t, QTC_I_UNANSWERED_CALL, call, item);
}

static int compare_numbers(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static bool check_calls(struct talk *t)
{
    struct turns turns;
    bool good = find_turns(t, &turns);

    qsort(t->by_id, t->id_count, sizeof *t->by_id, compare_numbers);
    for (size_t i = 0; good && i < t->id_count; i++) {
        good = check_call(t, &turns, &t->by_id[i]);
    }
    for (size_t i = 0; good && i < t->nameless_count; i++) {
        good = check_call(t, &turns, &t->nameless[i]);
    }
    free(turns.next);
    return good;
}

/* ---- what the request wished ---------------------------------------------------------------- */

enum mode { MODE_AUTO, MODE_NONE, MODE_REQUIRED, MODE_NAMED };

struct wish {
    enum mode mode;
    struct qtc_bytes name;
    const struct qtc_json *allowed; /* a list of names, or of tools; NULL: all */
};

static const struct {
    const char *word;
    enum mode mode;
} mode_words[] = {
    {"none", MODE_NONE}, {"required", MODE_REQUIRED}, {"any", MODE_REQUIRED},
    {"NONE", MODE_NONE}, {"ANY", MODE_REQUIRED},
};

static enum mode mode_of(const struct qtc_json *word)
{
    for (size_t i = 0; i < sizeof mode_words / sizeof *mode_words; i++) {
        if (qtc_bytes_is(qtc_json_text(word), mode_words[i].word)) {
            return mode_words[i].mode;
        }
    }
    return MODE_AUTO;
}

static struct qtc_bytes name_in(const struct qtc_json *choice)
{
    const struct qtc_json *function = qtc_json_get(choice, "function");

    return qtc_json_text(qtc_json_get(function != NULL ? function : choice, "name"));
}

/* OpenAI's (chat, responses, allowed_tools), Anthropic's and Gemini's ways to say it. */
static struct wish read_wish(const struct qtc_json *choice)
{
    struct wish wish = {.mode = mode_of(choice)};
    const struct qtc_json *allowed = qtc_json_get(choice, "allowed_tools");

    if (qtc_json_type_of(choice) != QTC_JSON_OBJECT) {
        return wish;
    }
    wish.name = name_in(choice);
    if (wish.name.len > 0) {
        wish.mode = MODE_NAMED;
        return wish;
    }
    choice = qtc_json_type_of(allowed) == QTC_JSON_OBJECT ? allowed : choice;
    wish.mode = mode_of(qtc_json_get(choice, "mode"));
    wish.mode = wish.mode == MODE_AUTO ? mode_of(qtc_json_get(choice, "type")) : wish.mode;
    wish.allowed = qtc_json_get(choice, "tools");
    wish.allowed = wish.allowed != NULL ? wish.allowed : qtc_json_get(choice, "allowedFunctionNames");
    return wish;
}

static bool is_allowed(const struct wish *wish, struct qtc_bytes name)
{
    if (wish->mode == MODE_NAMED) {
        return qtc_bytes_equal(wish->name, name);
    }
    if (qtc_json_type_of(wish->allowed) != QTC_JSON_ARRAY || wish->allowed->count == 0) {
        return true;
    }
    for (const struct qtc_json *e = wish->allowed->first; e != NULL; e = e->next) {
        if (qtc_bytes_equal(e->type == QTC_JSON_STRING ? e->text : name_in(e), name)) {
            return true;
        }
    }
    return false;
}

static bool tell_wish(struct talk *t, enum qtc_issue_code code, const struct qtc_item *item, size_t number)
{
    struct entry call = {.number = number};

    return tell(t, code, number > 0 ? &call : NULL, item);
}

/* A call that the wish does not allow. */
static bool check_wished(struct talk *t, const struct wish *wish, const struct qtc_item *call, size_t number)
{
    if (wish->mode == MODE_NONE) {
        message(t, "a call, though tool_choice is none");
    } else if (is_allowed(wish, call->name)) {
        return true;
    } else if (wish->mode == MODE_NAMED) {
        qtc_put_name(message(t, "tool_choice asks for "), wish->name);
    } else {
        message(t, "this function is not among the allowed ones of tool_choice");
    }
    return tell_wish(t, QTC_I_TOOL_CHOICE_IGNORED, call, number);
}

/* One message of the model: items[at], its calls behind it. first: the number of its first call. */
static bool check_message(struct talk *t, const struct wish *wish, size_t at, size_t first)
{
    const struct qtc_item *items = t->dialog->items;
    size_t calls = 0;

    for (size_t i = at + 1; i < t->dialog->count && items[i].kind == QTC_ITEM_CALL; i++, calls++) {
        if (!check_wished(t, wish, &items[i], first + calls)) {
            return false;
        }
    }
    if (calls == 0 && !items[at].cut && (wish->mode == MODE_REQUIRED || wish->mode == MODE_NAMED)) {
        message(t, wish->mode == MODE_NAMED ? "no call, though tool_choice asks for "
                                            : "no call, though tool_choice is required");
        if (wish->mode == MODE_NAMED) {
            qtc_put_name(&t->teller->message, wish->name);
        }
        return tell_wish(t, QTC_I_TOOL_CHOICE_IGNORED, &items[at], 0);
    }
    return true;
}

static bool check_parallel(struct talk *t, size_t at, size_t first)
{
    const struct qtc_item *items = t->dialog->items;
    size_t calls = 0;

    while (at + 1 + calls < t->dialog->count && items[at + 1 + calls].kind == QTC_ITEM_CALL) {
        calls++;
    }
    if (calls < 2) {
        return true;
    }
    qtc_buf_u64(message(t, ""), calls);
    qtc_buf_str(&t->teller->message, " calls at once, though parallel_tool_calls is false");
    return tell_wish(t, QTC_I_PARALLEL_CALLS, &items[at + 2], first + 1);
}

/* tool_choice is about the answer to come: where the record has one, that, else the last message, if nothing
 * follows it. parallel_tool_calls holds for all. */
static bool check_wishes(struct talk *t)
{
    const struct qtc_dialog *d = t->dialog;
    struct wish wish = read_wish(d->tool_choice);
    bool answered = false;
    size_t last = d->count, calls = 0;

    for (size_t i = 0; i < d->count; i++) {
        answered = answered || (d->items[i].kind == QTC_ITEM_ASSISTANT && d->items[i].answer);
        last = d->items[i].kind == QTC_ITEM_ASSISTANT ? i
               : d->items[i].kind == QTC_ITEM_CALL    ? last
                                                      : d->count;
    }
    for (size_t i = 0; i < d->count && !d->request; i++) {
        const struct qtc_item *item = &d->items[i];
        bool asked = item->kind == QTC_ITEM_ASSISTANT && (answered ? item->answer : i == last);
        bool counted = item->kind == QTC_ITEM_ASSISTANT && (!answered || item->answer);
        calls += item->kind == QTC_ITEM_CALL;
        if (asked && !check_message(t, &wish, i, calls + 1)) {
            return false;
        }
        if (counted && d->one_call && !check_parallel(t, i, calls + 1)) {
            return false;
        }
    }
    return true;
}

bool qtc_check_conversation(const struct qtc_dialog *dialog, struct qtc_teller *teller)
{
    struct talk t = {.dialog = dialog, .teller = teller};
    bool good;

    if (dialog->count < 2 && dialog->tool_choice == NULL) {
        return true; /* a call alone, as most records are */
    }
    good = collect(&t) && check_ids(&t) && check_answers(&t) && check_calls(&t) && check_wishes(&t);
    free(t.by_id);
    free(t.nameless);
    return good;
}
