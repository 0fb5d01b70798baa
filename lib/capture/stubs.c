/* Temporary: what the branch still lacks. Whoever writes the real thing takes its lines out here. */
#include "capture/capture.h"

#include <string.h>

#pragma GCC diagnostic ignored "-Wunused-parameter"

/* ---- readers ---- */
struct qtc_bytes qtc_capture_header(const struct qtc_capture *c, const char *name)
{
    return (struct qtc_bytes){0};
}

static const struct qtc_capture_kind kinds[] = {{"raw", "an event stream", NULL}};

const struct qtc_capture_kind *qtc_capture_kinds(size_t *count)
{
    *count = 1;
    return kinds;
}

const struct qtc_capture_kind *qtc_capture_kind_of(struct qtc_bytes beginning)
{
    return kinds;
}

enum qtc_code qtc_captures_read(struct qtc_arena *arena, struct qtc_bytes file, struct qtc_captures *captures,
                                struct qtc_error *error)
{
    struct qtc_capture *c = qtc_arena_alloc(arena, sizeof *c);
    struct qtc_arrival *a = qtc_arena_alloc(arena, sizeof *a);
    if (c == NULL || a == NULL) {
        return QTC_NOMEM;
    }
    if (file.len == 0) {
        *error = (struct qtc_error){QTC_SYNTAX, "an empty file", 0};
        return QTC_SYNTAX;
    }
    *a = (struct qtc_arrival){0, file.len};
    *c = (struct qtc_capture){.body = file, .arrivals = a, .arrival_count = 1, .line = 1};
    *captures = (struct qtc_captures){.kind = kinds, .list = c, .count = 1};
    return QTC_OK;
}

void qtc_recording_head(struct qtc_buf *out, const struct qtc_capture *c)
{
}

void qtc_recording_arrival(struct qtc_buf *out, uint64_t at, struct qtc_bytes data)
{
}

void qtc_recording_end(struct qtc_buf *out, uint64_t at, bool cut)
{
}

static void write_raw(struct qtc_buf *out, const struct qtc_capture *c)
{
    qtc_buf_put(out, c->body);
}

static const struct qtc_capture_writer writers[] = {{"raw", "the body's bytes", write_raw}};

const struct qtc_capture_writer *qtc_capture_writers(size_t *count)
{
    *count = 1;
    return writers;
}

/* ---- playing ---- */
enum qtc_code qtc_split_parse(const char *text, bool of_text, struct qtc_split *split)
{
    return QTC_UNKNOWN;
}

enum qtc_code qtc_fault_parse(const char *text, struct qtc_fault *fault)
{
    return QTC_UNKNOWN;
}

enum qtc_code qtc_capture_play(const struct qtc_capture *c, const struct qtc_play_options *options,
                               qtc_piece_sink *sink, void *ctx, struct qtc_error *error)
{
    size_t begin = 0;
    for (size_t i = 0; i < c->arrival_count; i++) {
        const struct qtc_arrival *a = &c->arrivals[i];
        if (!sink(ctx, &(struct qtc_piece){a->at, {c->body.data + begin, a->end - begin}, false})) {
            return QTC_STOPPED;
        }
        begin = a->end;
    }
    return QTC_OK;
}

bool qtc_pieces_keep(void *pieces, const struct qtc_piece *piece)
{
    struct qtc_pieces *p = pieces;
    if (p->count == p->room) {
        size_t room = p->room == 0 ? 1024 : p->room * 2;
        struct qtc_piece *list = qtc_arena_array(&p->arena, room, sizeof *list);
        if (list == NULL) {
            p->failed = true;
            return false;
        }
        if (p->count > 0) {
            memcpy(list, p->list, p->count * sizeof *list);
        }
        p->list = list;
        p->room = room;
    }
    p->list[p->count] = *piece;
    p->list[p->count].data = qtc_arena_copy(&p->arena, piece->data);
    p->failed = p->failed || p->list[p->count].data.data == NULL;
    p->count++;
    return !p->failed;
}

void qtc_pieces_free(struct qtc_pieces *pieces)
{
    qtc_arena_free(&pieces->arena);
    *pieces = (struct qtc_pieces){0};
}

/* ---- shrinking ---- */
enum qtc_code qtc_shrink(size_t count, qtc_shrink_test *test, void *ctx, size_t *keep, size_t *kept)
{
    for (size_t i = 0; i < count; i++) {
        keep[i] = i;
    }
    *kept = count;
    return QTC_OK;
}

