/* What is sent for which capture: all of it is made before the first request, and shared by all. */
#include "serving.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- what a capture is ------------------------------------------------------------------ */

enum shape {
    SHAPE_EVENTS, /* an event stream */
    SHAPE_LINES,  /* a stream of chunks as JSON Lines */
    SHAPE_ANSWER, /* a whole answer */
    SHAPE_PLAIN   /* an error, a page, anything else: goes out as it is, whatever was asked for */
};

static struct qtc_bytes text_of(const struct qtc_capture *c)
{
    return qtc_bytes_trim(qtc_bytes_behind_bom(c->body));
}

/* With choices that are deltas, others, or none. */
static enum shape shape_of_value(struct qtc_bytes json)
{
    struct qtc_arena scratch = {0};
    struct qtc_error error;
    const struct qtc_json *choices = qtc_json_get(qtc_json_read(&scratch, json, &error), "choices");
    enum shape shape = SHAPE_PLAIN;

    if (choices != NULL) {
        shape = qtc_json_get(choices->first, "delta") != NULL ? SHAPE_LINES : SHAPE_ANSWER;
    }
    qtc_arena_free(&scratch);
    return shape;
}

static enum shape shape_of(const struct qtc_capture *c)
{
    struct qtc_bytes text = text_of(c);
    struct qtc_json_scan scan = {0};
    size_t used;

    if (text.len == 0 || text.data[0] == '<' || c->status >= 400) {
        return SHAPE_PLAIN;
    }
    if (text.data[0] != '{' && text.data[0] != '[') {
        return SHAPE_EVENTS;
    }
    if (qtc_json_scan_feed(&scan, text.data, text.len, &used) != QTC_JSON_DONE) {
        return SHAPE_PLAIN; /* an answer that was cut */
    }
    return used < text.len ? SHAPE_LINES : shape_of_value(text);
}

/* ---- status and headers ------------------------------------------------------------------- */

/* Of an error object that came without its status: most servers put it into `code`. */
static unsigned status_of_error(struct qtc_bytes text)
{
    struct qtc_arena scratch = {0};
    struct qtc_error error;
    const struct qtc_json *object = qtc_json_get(qtc_json_read(&scratch, text, &error), "error");
    unsigned status = object == NULL ? 200 : 400, code;

    if (qtc_json_unsigned(qtc_json_get(object, "code"), &code) && code >= 400 && code <= 599) {
        status = code;
    }
    qtc_arena_free(&scratch);
    return status;
}

static unsigned status_of(const struct qtc_capture *c, enum shape shape)
{
    struct qtc_bytes text = text_of(c);

    if (c->status >= 200 && c->status <= 599) {
        return c->status;
    }
    if (shape != SHAPE_PLAIN || text.len == 0) {
        return 200;
    }
    return text.data[0] == '<' ? 502 : status_of_error(text);
}

/* What belongs to the old connection or is made anew, and what must not be kept. */
static bool is_passed_on(const struct qtc_header *header)
{
    static const char *const not_passed[] = {"connection",
                                             "keep-alive",
                                             "proxy-authenticate",
                                             "proxy-connection",
                                             "te",
                                             "trailer",
                                             "transfer-encoding",
                                             "upgrade",
                                             "content-length",
                                             "content-encoding",
                                             "content-type",
                                             "content-md5",
                                             "date",
                                             "set-cookie",
                                             "cache-control",
                                             "alt-svc",
                                             "strict-transport-security"};
    static const char cors[] = "access-control-";

    for (size_t i = 0; i < sizeof not_passed / sizeof *not_passed; i++) {
        if (qtc_header_is(header, not_passed[i])) {
            return false;
        }
    }
    return !(header->name.len >= sizeof cors - 1 &&
             strncasecmp(header->name.data, cors, sizeof cors - 1) == 0) &&
           !qtc_header_is_secret(header->name);
}

static bool is_token(struct qtc_bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] <= ' ' || name.data[i] == ':' || name.data[i] == 0x7f) {
            return false; /* HTTP/2's :status too */
        }
    }
    return name.len > 0;
}

static bool is_value(struct qtc_bytes value)
{
    return value.len > 0 && memchr(value.data, '\r', value.len) == NULL &&
           memchr(value.data, '\n', value.len) == NULL && memchr(value.data, '\0', value.len) == NULL;
}

static const char *terminated(struct qtc_arena *arena, struct qtc_bytes text)
{
    char *copy = qtc_arena_alloc(arena, text.len + 1);

    if (copy != NULL && text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    return copy;
}

/* false: memory ended. */
static bool take_headers(struct qtc_arena *arena, const struct qtc_capture *c, struct qtc_answer *to)
{
    struct qtc_answer_header *list = qtc_arena_array(arena, c->header_count + 1, sizeof *list);

    if (list == NULL) {
        return false;
    }
    to->headers = list;
    for (size_t i = 0; i < c->header_count; i++) {
        const struct qtc_header *h = &c->headers[i];
        if (is_token(h->name) && is_value(h->value) && is_passed_on(h)) {
            struct qtc_answer_header *copy = &list[to->header_count++];
            copy->name = terminated(arena, h->name);
            copy->value = terminated(arena, h->value);
            if (copy->name == NULL || copy->value == NULL) {
                return false;
            }
        }
    }
    return true;
}

/* The captured type, where there is one; NULL: memory ended. */
static const char *type_of(struct qtc_arena *arena, const struct qtc_capture *c, const char *otherwise)
{
    struct qtc_bytes type = qtc_capture_header(c, "content-type");

    return is_value(type) ? terminated(arena, type) : otherwise;
}

static const char *type_of_plain(struct qtc_bytes text)
{
    switch (text.len > 0 ? text.data[0] : ' ') {
    case '{':
    case '[':
        return "application/json";
    case '<':
        return "text/html";
    default:
        return "text/plain";
    }
}

/* ---- the ways to send it --------------------------------------------------------------------- */

/* How long the connection stayed open behind the last byte. */
static uint64_t silence_of(const struct qtc_capture *c)
{
    uint64_t last = c->timed && c->arrival_count > 0 ? c->arrivals[c->arrival_count - 1].at : c->ended;

    return c->ended > last ? c->ended - last : 0;
}

static void set_pieces(struct qtc_answer *a, const struct qtc_pieces *pieces, const struct qtc_capture *c)
{
    const struct qtc_piece *last = pieces->count > 0 ? &pieces->list[pieces->count - 1] : NULL;
    bool reset = last != NULL && last->reset;

    a->pieces = pieces->list;
    a->count = pieces->count;
    a->ended = (last != NULL ? last->at : 0) + (reset ? 0 : silence_of(c));
    a->length = UINT64_MAX;
    a->end = reset ? QTC_ENDS_RESET : c->cut ? QTC_ENDS_BROKEN : QTC_ENDS_WHOLE;
}

/* All at once, when the last of it had come. */
static void set_whole(struct qtc_served *s, struct qtc_answer *a, struct qtc_bytes body)
{
    const struct qtc_capture *c = &s->from->capture;

    s->body = (struct qtc_piece){.at = c->timed ? c->ended : 0, .data = body};
    a->pieces = &s->body;
    a->count = 1;
    a->ended = s->body.at;
    a->length = body.len;
    a->end = QTC_ENDS_WHOLE;
}

/* QTC_TYPE: it is none that can be a stream. */
static enum qtc_code keep_stream(struct qtc_served *s, const struct qtc_play_options *options,
                                 struct qtc_pieces *to, struct qtc_error *error)
{
    enum qtc_code code = qtc_capture_play(&s->from->capture, options, qtc_pieces_keep, to, error);

    return to->failed ? QTC_NOMEM : code;
}

static enum qtc_code prepare_stream(struct qtc_replay *r, struct qtc_served *s, struct qtc_error *error)
{
    struct qtc_play_options options = r->play, only_simulated = {.simulate = true};
    struct qtc_pieces plain = {0};
    enum qtc_code code;

    options.simulate = true;
    code = keep_stream(s, &options, &s->pieces, error);
    if (code == QTC_OK) {
        code = keep_stream(s, &only_simulated, &plain, error);
    }
    if (code == QTC_OK) {
        code = qtc_join(&plain, &s->joined);
    }
    qtc_pieces_free(&plain);
    return code;
}

static enum qtc_code prepare_plain(struct qtc_replay *r, struct qtc_served *s, struct qtc_error *error)
{
    struct qtc_play_options options = {.split = r->play.split};
    const struct qtc_capture *c = &s->from->capture;
    enum qtc_code code;

    qtc_pieces_free(&s->pieces);
    code = keep_stream(s, &options, &s->pieces, error);
    set_pieces(&s->streamed, &s->pieces, c);
    if (!c->cut) { /* or the client would take it for whole */
        s->streamed.length = c->body.len;
    }
    s->whole = s->streamed;
    return code;
}

static void set_types(struct qtc_arena *arena, struct qtc_served *s, enum shape shape)
{
    const struct qtc_capture *c = &s->from->capture;
    const char *plain = type_of_plain(text_of(c));

    if (shape == SHAPE_PLAIN) {
        s->streamed.type = s->whole.type = type_of(arena, c, plain);
        return;
    }
    s->streamed.type = shape == SHAPE_EVENTS ? type_of(arena, c, "text/event-stream") : "text/event-stream";
    s->whole.type = shape == SHAPE_ANSWER ? type_of(arena, c, plain) : "application/json";
}

static enum qtc_code prepare(struct qtc_answers *a, struct qtc_replay *r, struct qtc_served *s,
                             struct qtc_error *error)
{
    const struct qtc_capture *c = &s->from->capture;
    enum shape shape = shape_of(c);
    enum qtc_code code = shape == SHAPE_PLAIN ? QTC_TYPE : prepare_stream(r, s, error);

    if (code == QTC_TYPE) {
        shape = SHAPE_PLAIN;
        code = prepare_plain(r, s, error);
    } else {
        set_pieces(&s->streamed, &s->pieces, c);
        set_whole(s, &s->whole, shape == SHAPE_ANSWER ? c->body : qtc_buf_bytes(&s->joined.body));
    }
    s->streamed.status = s->whole.status = status_of(c, shape);
    set_types(&a->arena, s, shape);
    if (!take_headers(&a->arena, c, &s->streamed) || s->streamed.type == NULL || s->whole.type == NULL) {
        return QTC_NOMEM;
    }
    s->whole.headers = s->streamed.headers;
    s->whole.header_count = s->streamed.header_count;
    return code;
}

bool qtc_answers_prepare(struct qtc_answers *a, struct qtc_replay *r)
{
    a->list = calloc(r->capture_count, sizeof *a->list);
    a->count = a->list != NULL ? r->capture_count : 0;
    if (a->list == NULL) {
        qtc_complain(r->command, NULL, 0, 0, "out of memory");
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        struct qtc_error error = {0};
        a->list[i].from = &r->captures[i];
        if (!qtc_replay_check_code(r, &r->captures[i], prepare(a, r, &a->list[i], &error), &error)) {
            return false;
        }
    }
    return true;
}

void qtc_answers_free(struct qtc_answers *a)
{
    for (size_t i = 0; i < a->count; i++) {
        qtc_pieces_free(&a->list[i].pieces);
        qtc_joined_free(&a->list[i].joined);
    }
    free(a->list);
    qtc_arena_free(&a->arena);
}

/* ---- which one ---------------------------------------------------------------------------------- */

static const struct qtc_served *in_turn(struct qtc_answers *a)
{
    const struct qtc_served *s = &a->list[a->turn];

    a->turn = a->turn + 1 < a->count ? a->turn + 1 : 0;
    return s;
}

static bool is_of_model(const struct qtc_served *s, struct qtc_bytes model)
{
    return model.len > 0 && qtc_bytes_equal(qtc_buf_bytes(&s->joined.model), model);
}

/* The next one of a model, in turn; of all where none is of that model. */
static const struct qtc_served *of_model(struct qtc_answers *a, struct qtc_bytes model)
{
    struct qtc_served *first = NULL;
    size_t matching = 0, n;

    for (size_t i = a->count; i-- > 0;) {
        if (is_of_model(&a->list[i], model)) {
            first = &a->list[i];
            matching++;
        }
    }
    if (matching == 0) {
        return in_turn(a);
    }
    n = first->turn++ % matching;
    for (; n > 0 || !is_of_model(first, model); first++) {
        n -= is_of_model(first, model);
    }
    return first;
}

const struct qtc_served *qtc_answers_choose(struct qtc_answers *a, enum qtc_replay_choose choose,
                                            const struct qtc_asked *asked)
{
    switch (choose) {
    case QTC_CHOOSE_MODEL:
        return of_model(a, qtc_buf_bytes(&asked->model));
    case QTC_CHOOSE_STATE:
        return &a->list[asked->rounds < a->count ? asked->rounds : a->count - 1];
    default:
        return in_turn(a);
    }
}
