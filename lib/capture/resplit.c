/* resplit.c - the text in deltas cut anew.
 *
 * Neighbouring chunks that are the same but for one text are a run. Its texts are joined and cut again, and
 * each piece goes out in a copy of the chunk:
 *
 *     data: {"id":"c1","choices":[{"index":0,"delta":{"content":"Hel"}}]}
 *     `------------------------ prefix -------------------------'   `suffix'
 *
 * Any other event ends the run and passes as it is. */
#include "capture/stages.h"

#include <stdlib.h>
#include <string.h>

struct resplit {
    struct qtc_stage stage;
    struct qtc_texts texts;
    struct qtc_arena arena;
    struct qtc_buf out; /* one event */
    /* the run */
    bool running, json;
    struct qtc_buf prefix, suffix;
    size_t before, behind; /* how much of them is not the event's data */
    /* A chunk with a role is cut only where the next one repeats it. Until that is known its text waits. */
    bool waits;
    struct qtc_buf first;
    uint64_t first_at;
};

/* ---- which text ------------------------------------------------------------------ */

/* The one text of a chunk. */
struct slot {
    const struct qtc_json *text;
    bool role;  /* the chunk names a role too, */
    bool other; /* or has what must not be repeated */
};

static void take_other(struct slot *slot, const struct qtc_json *value)
{
    bool nothing = value->type == QTC_JSON_NULL ||
                   ((value->type == QTC_JSON_ARRAY || value->type == QTC_JSON_OBJECT) && value->count == 0) ||
                   (value->type == QTC_JSON_STRING && value->text.len == 0);

    slot->other = slot->other || !nothing;
}

static void take_text(struct slot *slot, const struct qtc_json *value)
{
    if (value->type != QTC_JSON_STRING || value->text.len == 0 || slot->text != NULL) {
        take_other(slot, value);
    } else {
        slot->text = value;
    }
}

/* What is done with a member, and with the members of what it holds. */
struct member {
    const char *name;                                         /* NULL: any other */
    enum { SAME, TEXT, ROLE, OBJECT, ONLY_OBJECT, OTHER } is; /* ONLY_OBJECT: in an array */
    const struct member *inside;
};

static const struct member function_members[] = {{"arguments", TEXT, NULL}, {NULL, OTHER, NULL}};
static const struct member call_members[] = {
    {"index", SAME, NULL}, {"type", SAME, NULL}, {"function", OBJECT, function_members}, {NULL, OTHER, NULL}};
static const struct member delta_members[] = {{"content", TEXT, NULL},
                                              {"reasoning_content", TEXT, NULL},
                                              {"reasoning", TEXT, NULL},
                                              {"refusal", TEXT, NULL},
                                              {"role", ROLE, NULL},
                                              {"tool_calls", ONLY_OBJECT, call_members},
                                              {"function_call", OBJECT, function_members},
                                              {NULL, OTHER, NULL}};
static const struct member choice_members[] = {
    {"index", SAME, NULL}, {"delta", OBJECT, delta_members}, {"text", TEXT, NULL}, {NULL, OTHER, NULL}};
static const struct member chunk_members[] = {{"choices", ONLY_OBJECT, choice_members},
                                              {"usage", OTHER, NULL},
                                              {"error", OTHER, NULL},
                                              {NULL, SAME, NULL}};

static void take_object(struct slot *slot, const struct qtc_json *object, const struct member *members);

static void take(struct slot *slot, const struct qtc_json *value, const struct member *m)
{
    bool only = m->is == ONLY_OBJECT && value->type == QTC_JSON_ARRAY && value->count == 1;

    if (m->is == ROLE) {
        slot->role = value->type != QTC_JSON_NULL;
    } else if (m->is == TEXT) {
        take_text(slot, value);
    } else if (m->is == OBJECT || only) {
        take_object(slot, only ? value->first : value, m->inside);
    } else if (m->is != SAME) {
        take_other(slot, value);
    }
}

static void take_object(struct slot *slot, const struct qtc_json *object, const struct member *members)
{
    if (object->type != QTC_JSON_OBJECT) {
        take_other(slot, object);
        return;
    }
    for (const struct qtc_json *value = object->first; value != NULL; value = value->next) {
        const struct member *m = members;
        while (m->name != NULL && !qtc_bytes_is(value->key, m->name)) {
            m++;
        }
        take(slot, value, m);
    }
}

/* The inside of the chunk's text, within frame->raw. false: it is not a chunk that can be cut. Half a
 * character or half a surrogate pair would become a whole one with its neighbour's: such a text stays as it
 * came. */
static bool find_text(struct resplit *r, const struct qtc_frame *frame, struct qtc_bytes *inside, bool *role)
{
    const char *begin = frame->raw.data;
    struct qtc_error error;
    struct slot slot = {0};

    if (!frame->has_data || frame->open || frame->data.len == 0 || frame->data.data[0] != '{' ||
        (uintptr_t)frame->data.data < (uintptr_t)begin ||
        (uintptr_t)frame->data.data >= (uintptr_t)begin + frame->raw.len) {
        return false;
    }
    qtc_arena_reset(&r->arena);
    const struct qtc_json *chunk = qtc_json_read(&r->arena, frame->data, &error);
    if (chunk == NULL) {
        return false;
    }
    take_object(&slot, chunk, chunk_members);
    if (slot.text == NULL || slot.other || !qtc_utf8_valid(slot.text->text)) {
        return false;
    }
    *inside = qtc_bytes(slot.text->raw.data + 1, slot.text->raw.len - 2);
    *role = slot.role;
    return true;
}

/* ---- runs -------------------------------------------------------------------------- */

static enum qtc_code put_piece(void *ctx, struct qtc_bytes piece, uint64_t at)
{
    struct resplit *r = ctx;

    qtc_buf_clear(&r->out);
    qtc_buf_put(&r->out, qtc_buf_bytes(&r->prefix));
    qtc_buf_put(&r->out, piece);
    qtc_buf_put(&r->out, qtc_buf_bytes(&r->suffix));
    if (r->out.failed) {
        return QTC_NOMEM;
    }
    struct qtc_frame frame = {.at = at,
                              .raw = qtc_buf_bytes(&r->out),
                              .data = {r->out.data + r->before, r->out.len - r->before - r->behind},
                              .has_data = true,
                              .json = r->json};
    return qtc_stage_pass(&r->stage, &frame);
}

static enum qtc_code end_run(struct resplit *r)
{
    bool waits = r->waits;

    r->running = r->waits = false;
    return waits ? put_piece(r, qtc_buf_bytes(&r->first), r->first_at) : qtc_texts_end(&r->texts);
}

static bool begin_run(struct resplit *r, const struct qtc_frame *frame, struct qtc_bytes prefix,
                      struct qtc_bytes suffix)
{
    qtc_buf_clear(&r->prefix);
    qtc_buf_put(&r->prefix, prefix);
    qtc_buf_clear(&r->suffix);
    qtc_buf_put(&r->suffix, suffix);
    r->before = (size_t)(frame->data.data - frame->raw.data);
    r->behind = frame->raw.len - r->before - frame->data.len;
    r->json = frame->json;
    r->running = true;
    return !r->prefix.failed && !r->suffix.failed;
}

static enum qtc_code wait_for_next(struct resplit *r, struct qtc_bytes inside, uint64_t at)
{
    qtc_buf_clear(&r->first);
    qtc_buf_put(&r->first, inside);
    r->first_at = at;
    r->waits = true;
    return r->first.failed ? QTC_NOMEM : QTC_OK;
}

static enum qtc_code add_text(struct resplit *r, struct qtc_bytes inside, uint64_t at)
{
    enum qtc_code code = QTC_OK;

    if (r->waits) {
        r->waits = false;
        code = qtc_texts_feed(&r->texts, qtc_buf_bytes(&r->first), r->first_at);
    }
    return code == QTC_OK ? qtc_texts_feed(&r->texts, inside, at) : code;
}

static enum qtc_code push(struct qtc_stage *stage, const struct qtc_frame *frame)
{
    struct resplit *r = (struct resplit *)stage;
    struct qtc_bytes inside;
    enum qtc_code code;
    bool role;

    if (!find_text(r, frame, &inside, &role)) {
        code = end_run(r);
        return code == QTC_OK ? qtc_stage_pass(stage, frame) : code;
    }
    size_t at = (size_t)(inside.data - frame->raw.data);
    struct qtc_bytes prefix = {frame->raw.data, at};
    struct qtc_bytes suffix = {inside.data + inside.len, frame->raw.len - at - inside.len};
    if (r->running && qtc_bytes_equal(qtc_buf_bytes(&r->prefix), prefix) &&
        qtc_bytes_equal(qtc_buf_bytes(&r->suffix), suffix)) {
        return add_text(r, inside, frame->at);
    }
    code = end_run(r);
    if (code == QTC_OK && !begin_run(r, frame, prefix, suffix)) {
        code = QTC_NOMEM;
    }
    if (code == QTC_OK) {
        code = role ? wait_for_next(r, inside, frame->at) : add_text(r, inside, frame->at);
    }
    return code;
}

static enum qtc_code finish(struct qtc_stage *stage)
{
    return end_run((struct resplit *)stage);
}

static void free_resplit(struct qtc_stage *stage)
{
    struct resplit *r = (struct resplit *)stage;

    qtc_texts_free(&r->texts);
    qtc_arena_free(&r->arena);
    qtc_buf_free(&r->out);
    qtc_buf_free(&r->prefix);
    qtc_buf_free(&r->suffix);
    qtc_buf_free(&r->first);
    free(r);
}

struct qtc_stage *qtc_resplit_new(const struct qtc_split *texts)
{
    struct resplit *r = calloc(1, sizeof *r);

    if (r == NULL) {
        return NULL;
    }
    r->stage = (struct qtc_stage){.push = push, .finish = finish, .free = free_resplit};
    r->texts = (struct qtc_texts){.split = *texts, .sink = put_piece, .ctx = r};
    return &r->stage;
}
