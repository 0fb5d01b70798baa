#include <stdlib.h>
#include <string.h>

#include "wire/writers.h"

/* chat.completion.chunk events, as frames (sse) or as lines (chunks).
 *
 * Events are kept as light records until their FRAME says what becomes of them:
 *
 *   nothing altered, nothing held    the frame goes out as it came, byte for byte
 *   nothing altered, some text held  it waits: the next frame may claim the text
 *   altered                          chunks are made from the records; and, while
 *                                    text is held, from those of the next frames
 *
 * So a clean stream passes as it is, even where a delta ends in '<', and the first
 * frame that is not clean costs no other frame its bytes. */

#define QUEUE_MAX ((size_t)1 << 20) /* bytes of frames that may wait */

enum record_kind {
    CONTENT,
    REASONING,
    CALL,
    ARGS,
    CALL_END,
    FINISH,
    USAGE,
    ENVELOPE, /* and the other names of OTHER events, see stream.h */
    CHOICE,
    DELTA,
    CALL_EXTRA,
    ROLE,
    ERROR
};

struct record {
    enum record_kind kind;
    unsigned choice, call;
    enum qtc_finish reason;
    bool truncated;
    uint64_t frame;  /* counts frames; the extras of a choice go out once in each */
    size_t at, len;  /* in texts */
    size_t name_len; /* CALL: the name, behind the id */
};

/* What was sent of a choice. */
struct seat {
    unsigned index;
    bool role;
    uint64_t attached;         /* the frame in which extras went out, from 1 */
    struct qtc_buf extras;     /* `,"logprobs":null`: a choice's other members */
    struct qtc_buf call_extra; /* likewise of the next tool call delta */
    struct qtc_buf held_call;  /* hold_calls: `"id":…,"type":"function","function":{"name":…` */
    struct qtc_buf held_args;
    struct qtc_buf held_extra;
};

struct chunk_writer {
    struct qtc_writer base;
    struct qtc_writer_options options;
    bool sse;
    struct qtc_buf texts;
    struct record *records;
    size_t count, room;
    struct seat *seats;
    size_t seat_count, seat_room;
    struct qtc_buf head;     /* `{"id":…,"model":…,"choices":[`: what chunks begin with */
    struct qtc_buf usage;    /* waits for the next chunk */
    struct qtc_buf queue;    /* frames that wait, as they will go out */
    struct qtc_buf done;     /* [DONE] as it came, and what framing came behind it */
    struct qtc_buf chunk;    /* one that a filter waits for */
    struct qtc_buf filtered; /* what the filter made of it */
    struct qtc_arena arena;
    uint64_t frame;
    unsigned open_calls;
    bool carry;            /* held text belongs to frames that were not passed */
    bool cr;               /* the last frame ended in CR: an LF may belong to it */
    struct qtc_buf *cr_to; /* where that went; NULL: nowhere */
    bool any;              /* something came */
    bool done_seen;
    bool truncated; /* a call was cut: the stream has to say so */
    bool cut_here;  /* in this frame */
    bool error_here, errored;
    bool ended;
};

/* ---- JSON values on their way out -------------------------------------------------- */

/* JSON that came on several lines goes out on one: line ends in it are blanks. */
static void put_line(struct qtc_buf *out, struct qtc_bytes json)
{
    for (size_t i = 0; i < json.len;) {
        const char *lf = memchr(json.data + i, '\n', json.len - i);
        size_t n = lf ? (size_t)(lf - json.data) - i : json.len - i;

        qtc_buf_add(out, json.data + i, n);
        i += n + 1;
    }
}

/* Each line that the filter gave. */
static void put_filtered(struct chunk_writer *w, struct qtc_buf *out)
{
    struct qtc_bytes rest = qtc_buf_bytes(&w->filtered);

    while (rest.len > 0) {
        const char *lf = memchr(rest.data, '\n', rest.len);
        size_t n = lf ? (size_t)(lf - rest.data) : rest.len;

        qtc_buf_str(out, w->sse ? "data: " : "");
        qtc_buf_add(out, rest.data, n);
        qtc_buf_str(out, w->sse ? "\n\n" : "\n");
        n += lf ? 1 : 0;
        rest = qtc_bytes(rest.data + n, rest.len - n);
    }
}

static bool put_json(struct chunk_writer *w, struct qtc_buf *out, struct qtc_bytes json)
{
    if (w->options.filter) {
        qtc_buf_clear(&w->filtered);
        if (!w->options.filter(w->options.filter_ctx, json, &w->filtered) || w->filtered.failed) {
            return false;
        }
        put_filtered(w, out);
        return !out->failed;
    }
    qtc_buf_str(out, w->sse ? "data: " : "");
    put_line(out, json);
    qtc_buf_str(out, w->sse ? "\n\n" : "\n");
    return !out->failed;
}

/* A frame as it came, or what stands for it in this output. */
static bool put_frame(struct chunk_writer *w, struct qtc_buf *out, const struct qtc_event *frame)
{
    struct qtc_bytes raw = frame->text, data = frame->name;
    bool json = data.len > 0 && !qtc_bytes_is(data, "[DONE]");
    bool alone = data.data == raw.data && data.len == raw.len;

    if (json && (!w->sse || alone || w->options.filter)) {
        return put_json(w, out, data);
    }
    if (w->sse) {
        qtc_buf_put(out, raw);
        w->cr_to = out;
    }
    return !out->failed;
}

/* ---- the envelope -------------------------------------------------------------------- */

static void add_member(struct qtc_buf *head, struct qtc_bytes raw_key, struct qtc_bytes raw)
{
    if (head->len > 1) {
        qtc_buf_byte(head, ',');
    }
    qtc_buf_put(head, raw_key);
    qtc_buf_byte(head, ':');
    qtc_buf_put(head, raw);
}

static bool add_missing(struct chunk_writer *w, const struct qtc_json *tree)
{
    if (!qtc_json_get(tree, "id")) {
        add_member(&w->head, qtc_str("\"id\""), qtc_str("\"chatcmpl-qtc\""));
    }
    if (!qtc_json_get(tree, "object")) {
        add_member(&w->head, qtc_str("\"object\""), qtc_str("\"chat.completion.chunk\""));
    }
    if (!qtc_json_get(tree, "created")) {
        add_member(&w->head, qtc_str("\"created\""), qtc_str("0"));
    }
    if (!qtc_json_get(tree, "model")) {
        qtc_buf_str(&w->head, ",\"model\":");
        qtc_json_string(&w->head, w->options.model);
    }
    qtc_buf_str(&w->head, ",\"choices\":[");
    return !w->head.failed;
}

static bool build_head(struct chunk_writer *w, struct qtc_bytes envelope)
{
    struct qtc_error error = {0};
    const struct qtc_json *tree;

    qtc_arena_reset(&w->arena);
    tree = envelope.len > 0 ? qtc_json_read(&w->arena, envelope, &error) : NULL;
    if (error.code == QTC_NOMEM) {
        return false;
    }
    qtc_buf_clear(&w->head);
    qtc_buf_byte(&w->head, '{');
    for (const struct qtc_json *m = tree ? tree->first : NULL; m; m = m->next) {
        bool object = qtc_bytes_is(m->key, "object");

        add_member(&w->head, m->raw_key, object ? qtc_str("\"chat.completion.chunk\"") : m->raw);
    }
    return add_missing(w, tree);
}

/* ---- chunks ----------------------------------------------------------------------------- */

static struct seat *find_seat(struct chunk_writer *w, unsigned index)
{
    size_t room = w->seat_room > 0 ? w->seat_room * 2 : 4;
    struct seat *seats;

    for (size_t i = 0; i < w->seat_count; i++) {
        if (w->seats[i].index == index) {
            return &w->seats[i];
        }
    }
    if (w->seat_count == w->seat_room) {
        seats = reallocarray(w->seats, room, sizeof *seats);
        if (!seats) {
            return NULL;
        }
        w->seats = seats;
        w->seat_room = room;
    }
    w->seats[w->seat_count] = (struct seat){.index = index};
    return &w->seats[w->seat_count++];
}

static struct qtc_buf *chunk_open(struct chunk_writer *w)
{
    struct qtc_buf *out = w->options.filter ? &w->chunk : w->options.out;

    if (w->options.filter) {
        qtc_buf_clear(out);
    } else if (w->sse) {
        qtc_buf_add(out, "data: ", 6);
    }
    if (w->head.len > 0 || build_head(w, (struct qtc_bytes){0})) {
        qtc_buf_put(out, qtc_buf_bytes(&w->head));
    }
    return out;
}

/* Behind the choices: usage that waited, and the end. */
static bool chunk_close(struct chunk_writer *w, struct qtc_buf *out)
{
    qtc_buf_byte(out, ']');
    if (w->usage.len > 0) {
        qtc_buf_str(out, ",\"usage\":");
        qtc_buf_put(out, qtc_buf_bytes(&w->usage));
        qtc_buf_clear(&w->usage);
    }
    qtc_buf_byte(out, '}');
    if (w->options.filter) {
        return !out->failed && put_json(w, w->options.out, qtc_buf_bytes(out));
    }
    qtc_buf_add(out, "\n\n", w->sse ? 2 : 1);
    return !out->failed;
}

static struct qtc_buf *delta_open(struct chunk_writer *w, const struct seat *seat)
{
    struct qtc_buf *out = chunk_open(w);

    qtc_buf_add(out, "{\"index\":", 9);
    qtc_buf_u64(out, seat->index);
    qtc_buf_add(out, ",\"delta\":{", 10);
    return out;
}

static bool delta_close(struct chunk_writer *w, struct qtc_buf *out, struct seat *seat, uint64_t frame,
                        enum qtc_finish reason)
{
    const char *name = qtc_finish_name(reason);

    qtc_buf_byte(out, '}');
    if (seat->attached != frame && !w->ended) {
        qtc_buf_put(out, qtc_buf_bytes(&seat->extras));
        seat->attached = frame;
    }
    qtc_buf_str(out, ",\"finish_reason\":");
    if (name) {
        qtc_json_string(out, qtc_str(name));
    } else {
        qtc_buf_str(out, "null");
    }
    qtc_buf_byte(out, '}');
    return chunk_close(w, out);
}

static bool write_role(struct chunk_writer *w, struct seat *seat, uint64_t frame, struct qtc_bytes role)
{
    struct qtc_buf *out = delta_open(w, seat);

    seat->role = true;
    qtc_buf_str(out, "\"role\":");
    qtc_buf_put(out, role);
    qtc_buf_str(out, ",\"content\":\"\"");
    return delta_close(w, out, seat, frame, QTC_FINISH_NONE);
}

/* Each kind of chunk has the role before it. Where it is made up, the extras of
 * the frame are left for the chunk that they belong to. */
static bool need_role(struct chunk_writer *w, struct seat *seat)
{
    return seat->role || write_role(w, seat, seat->attached, qtc_str("\"assistant\""));
}

static bool write_text(struct chunk_writer *w, struct seat *seat, const struct record *r,
                       struct qtc_bytes text)
{
    struct qtc_buf *out = delta_open(w, seat);

    qtc_buf_str(out, r->kind == CONTENT ? "\"content\":\"" : "\"reasoning_content\":\"");
    qtc_json_escape(out, text);
    qtc_buf_byte(out, '"');
    return delta_close(w, out, seat, r->frame, QTC_FINISH_NONE);
}

static bool write_delta(struct chunk_writer *w, struct seat *seat, const struct record *r,
                        struct qtc_bytes object)
{
    struct qtc_buf *out = delta_open(w, seat);

    qtc_buf_add(out, object.data + 1, object.len - 2);
    return delta_close(w, out, seat, r->frame, QTC_FINISH_NONE);
}

static bool write_finish(struct chunk_writer *w, struct seat *seat, const struct record *r)
{
    if (r->reason == QTC_FINISH_ERROR && w->errored) {
        return true;
    }
    return delta_close(w, delta_open(w, seat), seat, r->frame, r->reason);
}

/* ---- tool calls -------------------------------------------------------------------------- */

static struct qtc_buf *call_open(struct chunk_writer *w, struct seat *seat, unsigned call)
{
    struct qtc_buf *out = delta_open(w, seat);

    qtc_buf_str(out, "\"tool_calls\":[{\"index\":");
    qtc_buf_u64(out, call);
    return out;
}

/* extra: ,"key":value of the element. */
static bool call_close(struct chunk_writer *w, struct qtc_buf *out, struct seat *seat, uint64_t frame,
                       struct qtc_buf *extra)
{
    qtc_buf_byte(out, '}');
    qtc_buf_put(out, qtc_buf_bytes(extra));
    qtc_buf_clear(extra);
    qtc_buf_add(out, "}]", 2);
    return delta_close(w, out, seat, frame, QTC_FINISH_NONE);
}

static void put_call(struct qtc_buf *out, const struct record *r, struct qtc_bytes text)
{
    qtc_buf_str(out, ",\"id\":");
    qtc_json_string(out, qtc_bytes(text.data, text.len - r->name_len));
    qtc_buf_str(out, ",\"type\":\"function\",\"function\":{\"name\":");
    qtc_json_string(out, qtc_bytes(text.data + (text.len - r->name_len), r->name_len));
    qtc_buf_str(out, ",\"arguments\":\"\"");
}

static bool write_call(struct chunk_writer *w, struct seat *seat, const struct record *r,
                       struct qtc_bytes text)
{
    struct qtc_buf *out;

    if (w->options.hold_calls) {
        qtc_buf_clear(&seat->held_call);
        qtc_buf_clear(&seat->held_args);
        qtc_buf_clear(&seat->held_extra);
        put_call(&seat->held_call, r, text);
        qtc_buf_put(&seat->held_extra, qtc_buf_bytes(&seat->call_extra));
        qtc_buf_clear(&seat->call_extra);
        return !seat->held_call.failed && !seat->held_extra.failed;
    }
    out = call_open(w, seat, r->call);
    put_call(out, r, text);
    return call_close(w, out, seat, r->frame, &seat->call_extra);
}

static bool write_arguments(struct chunk_writer *w, struct seat *seat, const struct record *r,
                            struct qtc_bytes text)
{
    struct qtc_buf *out;

    if (w->options.hold_calls) {
        qtc_buf_put(&seat->held_args, text);
        return !seat->held_args.failed;
    }
    out = call_open(w, seat, r->call);
    qtc_buf_str(out, ",\"function\":{\"arguments\":\"");
    qtc_json_escape(out, text);
    qtc_buf_byte(out, '"');
    return call_close(w, out, seat, r->frame, &seat->call_extra);
}

/* hold_calls: now it is known to be whole, or is left out. */
static bool write_held(struct chunk_writer *w, struct seat *seat, const struct record *r)
{
    struct qtc_buf *out;

    if (!w->options.hold_calls || r->truncated) {
        return true;
    }
    if (!need_role(w, seat)) {
        return false;
    }
    out = call_open(w, seat, r->call);
    qtc_buf_put(out, qtc_buf_bytes(&seat->held_call));
    if (!call_close(w, out, seat, r->frame, &seat->held_extra)) {
        return false;
    }
    out = call_open(w, seat, r->call);
    qtc_buf_str(out, ",\"function\":{\"arguments\":");
    qtc_json_string(out, qtc_buf_bytes(&seat->held_args));
    return call_close(w, out, seat, r->frame, &seat->call_extra);
}

/* ---- records -------------------------------------------------------------------------------- */

/* The members of an object, with a comma before them. */
static bool keep_members(struct qtc_buf *buf, struct qtc_bytes object)
{
    qtc_buf_clear(buf);
    if (object.len > 2) {
        qtc_buf_byte(buf, ',');
        qtc_buf_add(buf, object.data + 1, object.len - 2);
    }
    return !buf->failed;
}

static bool keep_usage(struct chunk_writer *w, struct qtc_bytes usage, bool write)
{
    qtc_buf_clear(&w->usage);
    if (write) {
        qtc_buf_put(&w->usage, usage);
    }
    return !w->usage.failed;
}

/* A record whose bytes went out in its frame: only what is remembered of it. */
static bool pass_record(struct chunk_writer *w, struct seat *seat, const struct record *r,
                        struct qtc_bytes text)
{
    switch (r->kind) {
    case ENVELOPE:
        return build_head(w, text);
    case CHOICE:
        return keep_members(&seat->extras, text);
    case ROLE:
        seat->role = true;
        return true;
    case USAGE:
        return keep_usage(w, text, false);
    case ERROR:
        w->errored = true;
        return true;
    default:
        return true;
    }
}

static bool write_error(struct chunk_writer *w, struct qtc_bytes json)
{
    w->errored = true;
    return put_json(w, w->options.out, json);
}

static bool write_in_choice(struct chunk_writer *w, struct seat *seat, const struct record *r,
                            struct qtc_bytes text)
{
    bool held = w->options.hold_calls && (r->kind == CALL || r->kind == ARGS);

    if (!held && !need_role(w, seat)) {
        return false;
    }
    switch (r->kind) {
    case CONTENT:
    case REASONING:
        return write_text(w, seat, r, text);
    case CALL:
        return write_call(w, seat, r, text);
    case ARGS:
        return write_arguments(w, seat, r, text);
    case DELTA:
        return write_delta(w, seat, r, text);
    default:
        return write_finish(w, seat, r);
    }
}

static bool write_record(struct chunk_writer *w, struct seat *seat, const struct record *r,
                         struct qtc_bytes text)
{
    switch (r->kind) {
    case ENVELOPE:
    case CHOICE:
        return pass_record(w, seat, r, text);
    case USAGE:
        return keep_usage(w, text, true);
    case CALL_EXTRA:
        return keep_members(&seat->call_extra, text);
    case ROLE:
        return seat->role || write_role(w, seat, r->frame, text);
    case ERROR:
        return write_error(w, text);
    case CALL_END:
        return write_held(w, seat, r);
    default:
        return write_in_choice(w, seat, r, text);
    }
}

/* Done with the records: written as chunks, or gone out already in their frames. */
static bool settle(struct chunk_writer *w, bool write)
{
    bool ok = !w->texts.failed;

    for (size_t i = 0; i < w->count && ok; i++) {
        const struct record *r = &w->records[i];
        struct qtc_bytes text = qtc_bytes(w->texts.data + r->at, r->len);
        struct seat *seat = find_seat(w, r->choice);

        ok = seat && (write ? write_record(w, seat, r, text) : pass_record(w, seat, r, text));
    }
    w->count = 0;
    qtc_buf_clear(&w->texts);
    return ok;
}

static const struct {
    const char *name;
    enum record_kind kind;
} other_names[] = {
    {"envelope", ENVELOPE}, {"choice", CHOICE}, {"delta", DELTA},
    {"call", CALL_EXTRA},   {"role", ROLE},     {"error", ERROR},
};

/* What an event is as a record; false: it is none. */
static bool record_kind(const struct qtc_event *event, enum record_kind *kind)
{
    switch (event->kind) {
    case QTC_CONTENT:
        *kind = CONTENT;
        return true;
    case QTC_REASONING:
        *kind = REASONING;
        return true;
    case QTC_CALL:
        *kind = CALL;
        return true;
    case QTC_ARGS:
        *kind = ARGS;
        return true;
    case QTC_CALL_END:
        *kind = CALL_END;
        return true;
    case QTC_FINISH:
        *kind = FINISH;
        return true;
    case QTC_USAGE:
        *kind = USAGE;
        return true;
    case QTC_OTHER:
        for (size_t i = 0; i < sizeof other_names / sizeof *other_names; i++) {
            if (qtc_bytes_is(event->name, other_names[i].name)) {
                *kind = other_names[i].kind;
                return true;
            }
        }
        return false;
    default:
        return false;
    }
}

/* More of the same text in the same frame makes no chunk of its own. */
static bool extend_last(struct chunk_writer *w, enum record_kind kind, const struct qtc_event *event)
{
    struct record *last = w->count > 0 ? &w->records[w->count - 1] : NULL;

    if (!last || (kind != CONTENT && kind != REASONING && kind != ARGS) || last->kind != kind ||
        last->choice != event->choice || last->call != event->call || last->frame != w->frame) {
        return false;
    }
    qtc_buf_put(&w->texts, event->text);
    last->len += event->text.len;
    return true;
}

static bool add_record(struct chunk_writer *w, enum record_kind kind, const struct qtc_event *event)
{
    size_t room = w->room > 0 ? w->room * 2 : 16;
    struct record *records;

    if (w->count == w->room) {
        records = reallocarray(w->records, room, sizeof *records);
        if (!records) {
            return false;
        }
        w->records = records;
        w->room = room;
    }
    w->records[w->count] = (struct record){
        .kind = kind,
        .choice = event->choice,
        .call = event->call,
        .reason = event->reason,
        .truncated = event->truncated,
        .frame = w->frame,
        .at = w->texts.len,
    };
    if (kind == CALL) {
        qtc_buf_put(&w->texts, event->id);
        qtc_buf_put(&w->texts, event->name);
        w->records[w->count].name_len = event->name.len;
    } else {
        qtc_buf_put(&w->texts, event->text);
    }
    w->records[w->count].len = w->texts.len - w->records[w->count].at;
    w->count++;
    return !w->texts.failed;
}

static void note(struct chunk_writer *w, enum record_kind kind, const struct qtc_event *event)
{
    switch (kind) {
    case CALL:
        w->open_calls++;
        break;
    case CALL_END:
        w->open_calls -= w->open_calls > 0 ? 1 : 0;
        w->truncated = w->truncated || event->truncated;
        w->cut_here = w->cut_here || event->truncated;
        break;
    case ERROR:
        w->error_here = true;
        break;
    default:
        break;
    }
}

/* ---- frames ----------------------------------------------------------------------------------- */

/* Its frames will not go out. */
static void drop_queue(struct chunk_writer *w)
{
    qtc_buf_clear(&w->queue);
    if (w->cr_to == &w->queue) {
        w->cr_to = NULL;
    }
}

static bool generate(struct chunk_writer *w, bool holding)
{
    drop_queue(w);
    w->carry = holding;
    return settle(w, true);
}

static bool pass(struct chunk_writer *w, const struct qtc_event *frame)
{
    qtc_buf_put(w->options.out, qtc_buf_bytes(&w->queue));
    qtc_buf_clear(&w->queue);
    return put_frame(w, w->options.out, frame) && settle(w, false);
}

static bool enqueue(struct chunk_writer *w, const struct qtc_event *frame)
{
    if (!put_frame(w, &w->queue, frame)) {
        return false;
    }
    return w->queue.len <= QUEUE_MAX || generate(w, true);
}

/* Comments and [DONE]. Nothing of the response is in them; [DONE] goes last. */
static bool framing(struct chunk_writer *w, const struct qtc_event *frame)
{
    if (frame->name.len > 0) {
        if (frame->altered || w->done_seen) {
            return true;
        }
        w->done_seen = true;
        return put_frame(w, &w->done, frame);
    }
    if (frame->altered) {
        return true; /* an empty data line, which clients would take for JSON */
    }
    return put_frame(w, w->done_seen ? &w->done : w->queue.len > 0 ? &w->queue : w->options.out, frame);
}

/* A server's error goes out as it came, whatever waits. */
static bool error_frame(struct chunk_writer *w, const struct qtc_event *frame, bool holding)
{
    bool clean = w->queue.len == 0 && !w->carry;
    size_t kept = 0;

    for (size_t i = 0; i < w->count && !clean; i++) {
        if (w->records[i].kind != ERROR) {
            w->records[kept++] = w->records[i];
        }
    }
    if (!clean) {
        w->count = kept;
    }
    w->errored = true;
    drop_queue(w);
    w->carry = holding;
    return settle(w, !clean) && put_frame(w, w->options.out, frame);
}

/* Frames are cut at the CR of a CRLF where the LF was late. It goes to where the
 * CR went, whatever becomes of the frame that it came with. */
static void take_late_lf(struct chunk_writer *w, struct qtc_event *frame)
{
    if (frame->text.len == 0) {
        return;
    }
    if (w->cr && frame->text.data[0] == '\n') {
        if (w->cr_to) {
            qtc_buf_byte(w->cr_to, '\n');
        }
        frame->text = qtc_bytes(frame->text.data + 1, frame->text.len - 1);
    }
    w->cr = frame->text.len > 0 && frame->text.data[frame->text.len - 1] == '\r';
    w->cr_to = NULL;
}

static bool end_frame(struct chunk_writer *w, struct qtc_event *frame)
{
    bool altered = frame->altered || w->carry || (w->options.hold_calls && w->cut_here) ||
                   (frame->text.len == 0 && w->count > 0);
    bool holding = frame->holding || (w->options.hold_calls && w->open_calls > 0);
    bool error = w->error_here && !frame->altered;

    if (w->sse) {
        take_late_lf(w, frame);
    }
    w->frame++;
    w->error_here = w->cut_here = false;
    if (w->count == 0 && (frame->name.len == 0 || qtc_bytes_is(frame->name, "[DONE]"))) {
        return framing(w, frame);
    }
    if (error) {
        return error_frame(w, frame, holding);
    }
    if (altered) {
        return generate(w, holding);
    }
    return holding ? enqueue(w, frame) : pass(w, frame);
}

/* ---- the writer --------------------------------------------------------------------------------- */

static bool on_event(struct qtc_writer *base, const struct qtc_event *event)
{
    struct chunk_writer *w = (struct chunk_writer *)base;
    struct qtc_event frame;
    enum record_kind kind;

    w->any = true;
    if (w->options.no_repair) {
        return event->kind != QTC_FRAME || put_frame(w, w->options.out, event);
    }
    if (event->kind == QTC_FRAME) {
        frame = *event;
        return end_frame(w, &frame);
    }
    if (!record_kind(event, &kind)) {
        return true;
    }
    note(w, kind, event);
    if (!extend_last(w, kind, event) && !add_record(w, kind, event)) {
        return false;
    }
    /* Plain text has no frames to wait for. */
    return event->frame > 0 || settle(w, true);
}

/* The counters and buffers of a response, back to their beginning. */
static void forget(struct chunk_writer *w)
{
    for (size_t i = 0; i < w->seat_count; i++) {
        struct seat *seat = &w->seats[i];
        struct qtc_buf *const buffers[] = {&seat->extras, &seat->call_extra, &seat->held_call,
                                           &seat->held_args, &seat->held_extra};

        for (size_t k = 0; k < sizeof buffers / sizeof *buffers; k++) {
            qtc_buf_free(buffers[k]);
        }
    }
    w->seat_count = w->count = 0;
    qtc_buf_clear(&w->head);
    qtc_buf_clear(&w->usage);
    qtc_buf_clear(&w->queue);
    qtc_buf_clear(&w->done);
    qtc_buf_clear(&w->texts);
    w->frame = 1;
    w->open_calls = 0;
    w->cr_to = NULL;
    w->cr = w->carry = w->any = w->done_seen = w->truncated = false;
    w->cut_here = w->error_here = w->errored = w->ended = false;
}

static bool write_usage(struct chunk_writer *w)
{
    return w->usage.len == 0 || chunk_close(w, chunk_open(w));
}

/* A client must not take half a call for a whole one: an error is the one thing
 * that all of them stop at. */
static bool write_cut(struct chunk_writer *w)
{
    return !w->truncated ||
           put_json(w, w->options.out,
                    qtc_str("{\"error\":{\"message\":\"a tool call was cut off before its end\","
                            "\"type\":\"incomplete_tool_call\",\"code\":\"truncated-call\"}}"));
}

static bool write_done(struct chunk_writer *w)
{
    if (w->done_seen) {
        qtc_buf_put(w->options.out, qtc_buf_bytes(&w->done));
    } else if (w->sse && w->any) {
        qtc_buf_str(w->options.out, "data: [DONE]\n\n");
    }
    return !w->options.out->failed;
}

static bool on_finish(struct qtc_writer *base)
{
    struct chunk_writer *w = (struct chunk_writer *)base;
    bool ok = true;

    if (!w->options.no_repair) {
        w->ended = true;
        ok = generate(w, false) && write_usage(w) && write_cut(w) && write_done(w);
    }
    forget(w);
    return ok;
}

static void on_free(struct qtc_writer *base)
{
    struct chunk_writer *w = (struct chunk_writer *)base;
    struct qtc_buf *const buffers[] = {&w->texts, &w->head,  &w->usage,   &w->queue,
                                       &w->done,  &w->chunk, &w->filtered};

    forget(w);
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) {
        qtc_buf_free(buffers[i]);
    }
    qtc_arena_free(&w->arena);
    free(w->records);
    free(w->seats);
    free(w);
}

static struct qtc_writer *open_writer(const struct qtc_writer_options *options, bool sse)
{
    struct chunk_writer *w = calloc(1, sizeof *w);

    if (!w) {
        return NULL;
    }
    w->base = (struct qtc_writer){.event = on_event, .finish = on_finish, .free = on_free};
    w->options = *options;
    w->sse = sse;
    w->frame = 1;
    return &w->base;
}

struct qtc_writer *qtc_writer_open_sse(const struct qtc_writer_options *options)
{
    return open_writer(options, true);
}

struct qtc_writer *qtc_writer_open_chunks(const struct qtc_writer_options *options)
{
    return open_writer(options, false);
}
