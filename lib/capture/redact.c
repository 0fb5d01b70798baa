/* A secret is looked for in what a reader sees: in the strings of JSON, decoded, and in the text of a
 * stream's slots (content, reasoning, arguments, of each choice and call), joined over all events. What is
 * found there is masked in place, in the bytes that it was decoded from. */
#include "capture/capture.h"

#include "capture/secrets.h"
#include "schema/hash.h"
#include "sse/sse.h"

#include <stdlib.h>
#include <string.h>

/* Masking may make another secret of what stands beside it: what had one is looked through again. */
enum { MAX_PASSES = 8, MAX_PATH = 512, MAX_SLOTS = 65536, SHORTEST = 8 };

/* A string: where its inside lies in the body, and what of the slot's text it is. */
struct part {
    size_t from, len;
    size_t at, text_len;
    size_t object, object_len; /* of a token with its log probability, the object around it; else 0 */
};

/* Strings whose texts are one. */
struct slot {
    struct qtc_buf text;
    struct part *parts;
    size_t count, room;
    uint64_t document; /* that gave the last one */
};

struct redaction {
    struct qtc_secrets *secrets;
    const char *where;
    qtc_redaction_sink *sink;
    void *ctx;

    char *body; /* the copy, masked in place */
    size_t len;
    size_t found; /* in this pass */
    bool nomem;

    /* of a pass */
    struct qtc_arena slot_arena, document_arena;
    struct qtc_map paths; /* to places in slots */
    struct slot *slots;   /* the first takes the strings that are joined to no other */
    size_t slot_count, slot_room;
    struct qtc_buf scratch; /* an event whose data is on several lines */
    uint64_t document;      /* number of the one that is read, from 1 */
    size_t event_from;      /* event streams: where the event begins */
    size_t text_from;       /* behind the last document: up to the next one it is plain text */
    bool by_lines;          /* see search_text */
};

/* ---- masking -------------------------------------------------------------------- */

static void report(struct redaction *r, const char *rule, struct qtc_bytes name, size_t at, size_t len)
{
    struct qtc_redaction redaction = {rule, r->where, name, at, len};

    r->found++;
    if (r->sink != NULL) {
        r->sink(r->ctx, &redaction);
    }
}

/* How many bytes the character or escape at p has, and in *text how many it is decoded to. The JSON is valid:
 * an escape is whole. */
static size_t step(const char *p, size_t n, size_t *text)
{
    char room[12];
    struct qtc_buf decoded = {.data = room, .cap = sizeof room};
    bool unit = *p == '\\' && p[1] == 'u';

    if (!unit) {
        *text = 1;
        return *p == '\\' ? 2 : 1;
    }
    if (n >= 12 && p[6] == '\\' && p[7] == 'u') { /* perhaps one character, of two halves */
        qtc_json_unescape(&decoded, qtc_bytes(p, 12));
        if (decoded.len == 4 && qtc_utf8_char(room, 4) == 4) {
            *text = 4;
            return 12;
        }
        decoded.len = 0;
    }
    qtc_json_unescape(&decoded, qtc_bytes(p, 6));
    *text = decoded.len;
    return 6;
}

static bool put(char *at, char c)
{
    bool changed = *at != c;

    *at = c;
    return changed;
}

/* One character or escape of a string becomes `x` (`\/`, where two bytes stand for one). White space stays.
 */
static bool mask_step(char *p, size_t len)
{
    bool changed = false;

    if (len == 1) {
        return !qtc_is_blank(*p) && put(p, 'x');
    }
    if (len == 2) {
        return p[1] != 'n' && p[1] != 'r' && p[1] != 't' && put(p + 1, '/');
    }
    for (size_t i = 0; i < len; i++) {
        changed = put(p + i, "\\u0078"[i % 6]) || changed;
    }
    return changed;
}

/* A place in a slot: masking goes forward only. */
struct cursor {
    const struct slot *slot;
    size_t part;
    size_t source, text; /* in the part: bytes as they came, and decoded */
};

static void next_part(struct cursor *c)
{
    c->part++;
    c->source = c->text = 0;
}

static void mask_token(struct redaction *r, const struct part *part);

/* What is left of the part up to `end` bytes of text; where it begins at `begin`. */
static bool mask_part(struct redaction *r, struct cursor *c, size_t begin, size_t end, size_t *first)
{
    const struct part *p = &c->slot->parts[c->part];
    bool changed = false;

    if (p->len == p->text_len && c->text < begin) { /* no escapes */
        c->source = c->text = begin;
    }
    while (c->text < end && c->source < p->len) {
        char *at = r->body + p->from + c->source;
        size_t decoded, taken = step(at, p->len - c->source, &decoded);
        if (c->text + decoded > begin && mask_step(at, taken) && !changed) {
            changed = true;
            *first = (size_t)(at - r->body);
        }
        c->source += taken;
        c->text += decoded;
    }
    if (changed && p->object_len > 0) {
        mask_token(r, p);
    }
    return changed;
}

struct slot_search {
    struct redaction *r;
    struct cursor cursor;
};

static bool mask_in_slot(void *ctx, const struct qtc_secret *secret)
{
    struct slot_search *s = ctx;
    struct cursor *c = &s->cursor;
    size_t end = secret->at + secret->len, first = 0, where;
    bool changed = false;

    for (; c->part < c->slot->count && c->slot->parts[c->part].at < end; next_part(c)) {
        const struct part *p = &c->slot->parts[c->part];
        size_t begin = secret->at > p->at ? secret->at - p->at : 0;
        if (begin < p->text_len && mask_part(s->r, c, begin, end - p->at, &where)) {
            first = changed ? first : where;
            changed = true;
        }
        if (p->at + p->text_len > end) {
            break; /* the next secret may be in the same part */
        }
    }
    if (changed) {
        report(s->r, secret->rule, secret->name, first, secret->len);
    }
    return true;
}

static bool mask_in_text(void *ctx, const struct qtc_secret *secret)
{
    struct redaction *r = ctx;
    char *at = r->body + r->text_from + secret->at;
    size_t first = secret->len;

    for (size_t i = secret->len; i-- > 0;) {
        first = mask_step(at + i, 1) ? i : first;
    }
    if (first < secret->len) {
        report(r, secret->rule, secret->name, (size_t)(at - r->body) + first, secret->len);
    }
    return true;
}

static size_t end_of_line(struct qtc_bytes text, size_t i)
{
    while (i < text.len && text.data[i] != '\n' && text.data[i] != '\r') {
        i++;
    }
    return i;
}

/* The plain text between documents, up to `end`. What stands between lines that mean something (`data:`, a
 * value of JSON) is looked at line by line: a value without an end must not take the next line with it. */
static void search_text(struct redaction *r, size_t end)
{
    struct qtc_bytes body = qtc_bytes(r->body, end);

    while (r->text_from < end && !r->nomem) {
        size_t line = r->by_lines ? end_of_line(body, r->text_from) : end;
        struct qtc_bytes text = qtc_bytes(r->body + r->text_from, line - r->text_from);
        r->nomem = qtc_secrets_find(r->secrets, text, mask_in_text, r) == QTC_NOMEM;
        r->text_from = line + 1;
    }
}

static void search_slot(struct redaction *r, const struct slot *slot)
{
    struct slot_search search = {r, {.slot = slot}};

    r->nomem = r->nomem || slot->text.failed ||
               qtc_secrets_find(r->secrets, qtc_buf_bytes(&slot->text), mask_in_slot, &search) == QTC_NOMEM;
}

/* ---- log probabilities --------------------------------------------------------- */

/* The bytes of a token as numbers: each becomes that of an x, or, with two digits, of an X. */
static void mask_number(char *p, size_t len)
{
    if (len == 2 || len == 3) {
        memcpy(p, len == 2 ? "88" : "120", len);
    }
}

static void mask_tokens(struct redaction *r, const char *base, size_t from, const struct qtc_json *value)
{
    for (const struct qtc_json *v = value->first; v != NULL; v = v->next) {
        char *at = r->body + from + (v->raw.data - base);
        if (v->type == QTC_JSON_NUMBER && v->key.len == 0) {
            mask_number(at, v->raw.len);
        } else if (v->type == QTC_JSON_STRING) {
            size_t decoded;
            for (size_t i = 1; i + 1 < v->raw.len;) {
                size_t taken = step(at + i, v->raw.len - 1 - i, &decoded);
                mask_step(at + i, taken);
                i += taken;
            }
        } else {
            mask_tokens(r, base, from, v);
        }
    }
}

/* A part of a secret is also in the token's bytes, and in the tokens that were almost chosen. */
static void mask_token(struct redaction *r, const struct part *part)
{
    struct qtc_bytes text = qtc_bytes(r->body + part->object, part->object_len);
    struct qtc_arena arena = {0};
    struct qtc_error error;
    const struct qtc_json *object = qtc_json_read(&arena, text, &error);

    if (object != NULL) {
        mask_tokens(r, text.data, part->object, object);
    }
    qtc_arena_free(&arena);
}

/* ---- slots ---------------------------------------------------------------------- */

/* Members that hold a text of which a stream sends pieces. */
static const char *const pieces[] = {"content",   "reasoning_content", "reasoning", "thinking", "text",
                                     "arguments", "partial_json",      "delta",     "token",    "refusal",
                                     "response",  "reasoning_text",    "input",     "code",     "transcript",
                                     NULL};

static struct slot *new_slot(struct redaction *r)
{
    if (r->slot_count == r->slot_room) {
        size_t room = r->slot_room == 0 ? 16 : r->slot_room * 2; /* at most MAX_SLOTS */
        struct slot *slots = realloc(r->slots, room * sizeof *slots);
        if (slots == NULL) {
            r->nomem = true;
            return NULL;
        }
        r->slots = slots;
        r->slot_room = room;
    }
    r->slots[r->slot_count] = (struct slot){0};
    return &r->slots[r->slot_count++];
}

/* Of the strings on that path; the first slot where there are too many paths. */
static struct slot *slot_of(struct redaction *r, struct qtc_bytes path)
{
    uint32_t at = qtc_map_get(&r->paths, path);

    if (at != UINT32_MAX) {
        return &r->slots[at];
    }
    if (r->slot_count == MAX_SLOTS) {
        return &r->slots[0];
    }
    path = qtc_arena_copy(&r->slot_arena, path);
    if (path.data == NULL || !qtc_map_put(&r->paths, path, (uint32_t)r->slot_count)) {
        r->nomem = true;
        return NULL;
    }
    return new_slot(r);
}

static struct part *new_part(struct redaction *r, struct slot *slot)
{
    if (slot->count == slot->room) {
        size_t room = slot->room == 0 ? 8 : slot->room * 2; /* each part has its bytes in the body */
        struct part *parts = realloc(slot->parts, room * sizeof *parts);
        if (parts == NULL) {
            r->nomem = true;
            return NULL;
        }
        slot->parts = parts;
        slot->room = room;
    }
    return &slot->parts[slot->count++];
}

/* ---- documents ------------------------------------------------------------------- */

struct document {
    struct redaction *r;
    const char *base; /* its bytes; they stand in the body */
    size_t from;      /* there */
    char path[MAX_PATH];
};

static size_t place_of(const struct document *d, const struct qtc_json *value)
{
    return d->from + (size_t)(value->raw.data - d->base);
}

static void put_part(struct document *d, struct slot *slot, bool joined, struct qtc_bytes text, size_t from,
                     size_t len, const struct qtc_json *token)
{
    struct part *part = slot != NULL ? new_part(d->r, slot) : NULL;

    if (part == NULL) {
        return;
    }
    if (!joined || slot == &d->r->slots[0]) {
        qtc_buf_byte(&slot->text, '\n');
    }
    *part = (struct part){.from = from, .len = len, .at = slot->text.len, .text_len = text.len};
    if (token != NULL) {
        part->object = place_of(d, token);
        part->object_len = token->raw.len;
    }
    slot->document = d->r->document;
    qtc_buf_put(&slot->text, text);
}

/* A string whose name says that it is a secret. */
static void mask_member(struct document *d, const struct qtc_json *value, struct qtc_bytes key)
{
    struct part part = {
        .from = place_of(d, value) + 1, .len = value->raw.len - 2, .text_len = value->text.len};
    struct slot slot = {.parts = &part, .count = 1};
    struct cursor cursor = {.slot = &slot};
    size_t prefix = qtc_secret_prefix(value->text), first;
    size_t len = value->text.len - prefix;

    if (mask_part(d->r, &cursor, prefix, value->text.len, &first)) {
        report(d->r, "member", key, first, len);
    }
}

/* Strings of one document are joined only where they are its tokens. */
static void take_string(struct document *d, const struct qtc_json *value, struct qtc_bytes key,
                        const struct qtc_json *object, size_t path)
{
    struct redaction *r = d->r;
    size_t from = place_of(d, value) + 1, len = value->raw.len - 2;
    bool is_token = qtc_bytes_is(key, "token") && qtc_json_get(object, "logprob") != NULL;

    if (!is_token && qtc_secret_by_name(key)) {
        mask_member(d, value, key);
    } else if (path > 0 && qtc_bytes_is_one_of(key, pieces)) {
        struct slot *slot = slot_of(r, qtc_bytes(d->path, path));
        bool joined = slot != NULL && (is_token || slot->document != r->document);
        put_part(d, slot, joined, value->text, from, len, is_token ? object : NULL);
    } else if (value->text.len >= SHORTEST) {
        put_part(d, &r->slots[0], false, value->text, from, len, NULL);
    }
}

static size_t add_path(struct document *d, size_t path, char mark, struct qtc_bytes more)
{
    if (path == 0 || more.len >= MAX_PATH - 1 - path) {
        return 0; /* too deep to be a slot */
    }
    d->path[path] = mark;
    if (more.len > 0) {
        memcpy(d->path + path + 1, more.data, more.len);
    }
    return path + 1 + more.len;
}

/* Choices, calls and parts are told apart by their numbers. */
static size_t add_numbers(struct document *d, size_t path, const struct qtc_json *object)
{
    static const char *const numbers[] = {"index", "output_index", "content_index"};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const struct qtc_json *number = qtc_json_get(object, numbers[i]);
        if (number != NULL) {
            path = add_path(d, path, '#', number->raw);
        }
    }
    return path;
}

/* path: how much of d->path leads to the value; 0: too much. As deep as JSON may be. */
static void take_value(struct document *d, const struct qtc_json *value, struct qtc_bytes key,
                       const struct qtc_json *object, size_t path)
{
    bool is_object = value->type == QTC_JSON_OBJECT;

    if (value->type == QTC_JSON_STRING) {
        take_string(d, value, key, object, path);
        return;
    }
    if (is_object) {
        path = add_numbers(d, path, value);
    }
    for (const struct qtc_json *v = value->first; v != NULL; v = v->next) {
        if (is_object && v->key.len >= SHORTEST) {
            put_part(d, &d->r->slots[0], false, v->key, d->from + (size_t)(v->raw_key.data - d->base) + 1,
                     v->raw_key.len - 2, NULL);
        }
        take_value(d, v, is_object ? v->key : key, is_object ? value : object,
                   add_path(d, path, '/', is_object ? v->key : qtc_bytes("*", 1)));
    }
}

/* One JSON value at the beginning of `text`, which stands at `from` in the body. *used: of the value, or of
 * what was read until it was none. */
static bool take_document(struct redaction *r, struct qtc_bytes text, size_t from, size_t *used)
{
    struct document d = {.r = r, .base = text.data, .from = from};
    struct qtc_error error;
    const struct qtc_json *value;

    qtc_arena_reset(&r->document_arena);
    value = qtc_json_read_one(&r->document_arena, text, used, &error);
    if (value == NULL) {
        r->nomem = r->nomem || error.code == QTC_NOMEM;
        *used = (size_t)error.offset;
        return false;
    }
    search_text(r, place_of(&d, value));
    r->text_from = from + *used;
    r->document++;
    d.path[0] = '/';
    take_value(&d, value, qtc_bytes("", 0), NULL, 1);
    return true;
}

/* ---- event streams ------------------------------------------------------------------- */

/* The event with all but its data made blank: so the data is one text, each byte in its place. */
static struct qtc_bytes data_in_place(struct redaction *r, struct qtc_bytes raw)
{
    static const char field[] = "data:";
    struct qtc_bytes text;
    size_t end;

    qtc_buf_clear(&r->scratch);
    qtc_buf_put(&r->scratch, raw);
    text = qtc_buf_bytes(&r->scratch);
    if (r->scratch.failed) {
        r->nomem = true;
        return qtc_bytes("", 0);
    }
    for (size_t i = 0; i < text.len; i = end + 1) {
        end = end_of_line(text, i);
        bool is_data = end - i >= sizeof field - 1 && memcmp(text.data + i, field, sizeof field - 1) == 0;
        memset(r->scratch.data + i, ' ', is_data ? sizeof field - 1 : end - i);
    }
    return text;
}

static bool is_inside(struct qtc_bytes part, struct qtc_bytes whole)
{
    return (uintptr_t)part.data >= (uintptr_t)whole.data &&
           (uintptr_t)part.data + part.len <= (uintptr_t)whole.data + whole.len;
}

static bool take_event(void *ctx, const struct qtc_sse_event *event)
{
    struct redaction *r = ctx;
    size_t from = r->event_from, used;

    r->event_from += event->raw.len;
    if (event->data.len == 0) {
        return !r->nomem;
    }
    r->by_lines = true;
    if (is_inside(event->data, event->raw)) {
        take_document(r, event->data, from + (size_t)(event->data.data - event->raw.data), &used);
    } else {
        take_document(r, data_in_place(r, event->raw), from, &used);
    }
    return !r->nomem;
}

static void take_events(struct redaction *r)
{
    struct qtc_sse_options options = {.max_event = r->len + 1, .split_json_lines = true};
    char *unmasked = malloc(r->len + 1); /* what the decoder looks at stays as it is */

    if (unmasked != NULL) {
        memcpy(unmasked, r->body, r->len);
    }
    r->nomem = unmasked == NULL || r->nomem ||
               qtc_sse_decode(&options, qtc_bytes(unmasked, r->len), take_event, r) == QTC_NOMEM;
    free(unmasked);
}

/* ---- JSON, one value or many --------------------------------------------------------------- */

/* What is not JSON is passed over up to the end of its line; when more has been read in vain than there is,
 * the rest is left to be plain text. */
static void take_values(struct redaction *r, size_t i)
{
    size_t in_vain = 0;

    r->by_lines = true;
    while (i < r->len && in_vain <= r->len && !r->nomem) {
        size_t used = 0;
        struct qtc_bytes text = qtc_bytes(r->body + i, r->len - i);
        if (qtc_is_blank(text.data[0])) {
            i++;
        } else if ((text.data[0] == '{' || text.data[0] == '[') && take_document(r, text, i, &used)) {
            i += used;
        } else {
            in_vain += used;
            i += end_of_line(text, 0);
        }
    }
}

/* ---- a text ---------------------------------------------------------------------------------- */

static void free_pass(struct redaction *r)
{
    for (size_t i = 0; i < r->slot_count; i++) {
        qtc_buf_free(&r->slots[i].text);
        free(r->slots[i].parts);
    }
    free(r->slots);
    r->slots = NULL;
    qtc_buf_free(&r->scratch);
    qtc_arena_free(&r->slot_arena);
    qtc_arena_free(&r->document_arena);
}

static void pass(struct redaction *r)
{
    size_t i = 0;

    r->slot_count = r->slot_room = r->found = r->event_from = r->text_from = 0;
    r->document = 0;
    r->by_lines = false;
    r->paths = (struct qtc_map){.arena = &r->slot_arena};
    while (i < r->len && qtc_is_blank(r->body[i])) {
        i++;
    }
    if (new_slot(r) != NULL) {
        if (i < r->len && (r->body[i] == '{' || r->body[i] == '[')) {
            take_values(r, i);
        } else {
            take_events(r);
        }
        search_text(r, r->len);
        for (size_t s = 0; s < r->slot_count; s++) {
            search_slot(r, &r->slots[s]);
        }
    }
    free_pass(r);
}

/* r has the searcher and the sink. */
static enum qtc_code redact(struct redaction *r, struct qtc_arena *arena, struct qtc_bytes text,
                            struct qtc_bytes *to, const char *where)
{
    *to = text;
    if (text.len == 0) {
        return QTC_OK;
    }
    r->where = where;
    r->body = qtc_arena_alloc(arena, text.len);
    r->len = text.len;
    if (r->body == NULL) {
        return QTC_NOMEM;
    }
    memcpy(r->body, text.data, text.len);
    *to = qtc_bytes(r->body, text.len);
    r->found = 1;
    for (int i = 0; i < MAX_PASSES && r->found > 0 && !r->nomem; i++) {
        pass(r);
    }
    return r->nomem ? QTC_NOMEM : QTC_OK;
}

enum qtc_code qtc_text_redact(struct qtc_arena *arena, struct qtc_bytes text, struct qtc_bytes *to,
                              const char *where, qtc_redaction_sink *sink, void *ctx)
{
    struct redaction r = {.secrets = qtc_secrets_new(), .sink = sink, .ctx = ctx};
    enum qtc_code code = r.secrets == NULL ? QTC_NOMEM : redact(&r, arena, text, to, where);

    qtc_secrets_free(r.secrets);
    return code;
}

/* ---- a capture ----------------------------------------------------------------------------------- */

/* The value of a header whose name says that it is a secret. */
static enum qtc_code mask_header(struct redaction *r, struct qtc_arena *arena, struct qtc_header *h)
{
    size_t prefix = qtc_secret_prefix(h->value);
    struct qtc_secret secret = {"header", h->name, prefix, h->value.len - prefix};

    r->body = qtc_arena_alloc(arena, h->value.len);
    if (r->body == NULL) {
        return QTC_NOMEM;
    }
    if (h->value.len > 0) {
        memcpy(r->body, h->value.data, h->value.len);
    }
    h->value.data = r->body;
    r->text_from = 0;
    mask_in_text(r, &secret);
    return QTC_OK;
}

static enum qtc_code redact_headers(struct redaction *r, struct qtc_arena *arena,
                                    const struct qtc_header **headers, size_t count, const char *where)
{
    struct qtc_header *copy = qtc_arena_array(arena, count, sizeof *copy);
    enum qtc_code code = copy == NULL ? QTC_NOMEM : QTC_OK;

    r->where = where;
    for (size_t i = 0; i < count && code == QTC_OK; i++) {
        copy[i] = (*headers)[i];
        code = qtc_header_is_secret(copy[i].name) ? mask_header(r, arena, &copy[i])
                                                  : redact(r, arena, copy[i].value, &copy[i].value, where);
    }
    *headers = copy;
    return code;
}

static enum qtc_code redact_all(struct redaction *r, struct qtc_arena *arena, const struct qtc_capture *c,
                                struct qtc_capture *to)
{
    enum qtc_code code = redact(r, arena, c->url, &to->url, "url");

    if (code == QTC_OK) {
        code = redact_headers(r, arena, &to->request_headers, c->request_header_count, "request header");
    }
    if (code == QTC_OK) {
        code = redact(r, arena, c->request, &to->request, "request body");
    }
    if (code == QTC_OK) {
        code = redact_headers(r, arena, &to->headers, c->header_count, "response header");
    }
    return code == QTC_OK ? redact(r, arena, c->body, &to->body, "response body") : code;
}

enum qtc_code qtc_capture_redact(struct qtc_arena *arena, const struct qtc_capture *c, struct qtc_capture *to,
                                 qtc_redaction_sink *sink, void *ctx)
{
    struct redaction r = {.secrets = qtc_secrets_new(), .sink = sink, .ctx = ctx};
    enum qtc_code code = QTC_NOMEM;

    *to = *c;
    if (r.secrets != NULL) {
        code = redact_all(&r, arena, c, to);
    }
    qtc_secrets_free(r.secrets);
    return code;
}
