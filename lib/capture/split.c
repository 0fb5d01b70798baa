/* split.c - bytes cut anew, across the pieces in which they came. */
#include "capture/stages.h"

#include <stdlib.h>

struct split {
    struct qtc_stage stage;
    qtc_piece_sink *sink;
    void *ctx;
    struct qtc_split how;
    uint64_t random;
    uint64_t left;       /* bytes or characters that the piece still takes */
    struct qtc_buf held; /* the piece, as far as it has come */
    uint64_t held_at;
    size_t seen; /* of the bytes at hand, from the piece's first one on */
};

/* ---- where a piece ends -----------------------------------------------------------
 * Each looks at the bytes from `seen` on, and gives the place behind the piece; 0: it is not there yet.
 * `last`: nothing will follow. */

static void begin_piece(struct split *s)
{
    s->left = s->how.by == QTC_SPLIT_RANDOM ? 1 + qtc_random_next(&s->random) % 64 : s->how.n;
}

static size_t end_of_bytes(struct split *s, struct qtc_bytes text)
{
    size_t more = text.len - s->seen;

    more = more < s->left ? more : (size_t)s->left;
    s->seen += more;
    s->left -= more;
    return s->left == 0 ? s->seen : 0;
}

static size_t end_of_chars(struct split *s, struct qtc_bytes text, bool last)
{
    while (s->left > 0 && s->seen < text.len) {
        const char *p = text.data + s->seen;
        size_t n = text.len - s->seen;
        unsigned len = qtc_utf8_char(p, n);
        if (len == 0 && !last && n <= 3 && qtc_utf8_incomplete(p, n) == n) {
            return 0;
        }
        s->seen += len > 0 ? len : 1;
        s->left--;
    }
    return s->left == 0 ? s->seen : 0;
}

static size_t end_of_line(struct split *s, struct qtc_bytes text, bool last)
{
    while (s->seen < text.len && text.data[s->seen] != '\n' && text.data[s->seen] != '\r') {
        s->seen++;
    }
    if (s->seen == text.len || (text.data[s->seen] == '\r' && s->seen + 1 == text.len && !last)) {
        return 0;
    }
    s->seen += text.data[s->seen] == '\r' && s->seen + 1 < text.len && text.data[s->seen + 1] == '\n';
    return ++s->seen;
}

static size_t piece_end(struct split *s, struct qtc_bytes text, bool last)
{
    switch (s->how.by) {
    case QTC_SPLIT_BYTES:
        return end_of_bytes(s, text);
    case QTC_SPLIT_CHARS:
    case QTC_SPLIT_RANDOM:
        return end_of_chars(s, text, last);
    case QTC_SPLIT_LINES:
        return end_of_line(s, text, last);
    default: /* as it comes: an event, where the frames are events */
        return text.len;
    }
}

/* ---- pieces ------------------------------------------------------------------------ */

/* Gives the pieces that end in `text`, and takes them off it. Its first `old` bytes came with earlier frames.
 */
static enum qtc_code cut(struct split *s, struct qtc_bytes *text, size_t old, const struct qtc_frame *frame,
                         bool last)
{
    size_t done = 0;

    while (text->len > 0) {
        size_t end = piece_end(s, *text, last);
        if (end == 0 && !last) {
            break;
        }
        end = end == 0 ? text->len : end;
        done += end;
        struct qtc_piece piece = {.at = done <= old ? s->held_at : frame->at,
                                  .data = {text->data, end},
                                  .reset = frame->reset && end == text->len};
        if (!s->sink(s->ctx, &piece)) {
            return QTC_STOPPED;
        }
        *text = qtc_bytes(text->data + end, text->len - end);
        s->seen = 0;
        begin_piece(s);
    }
    return QTC_OK;
}

static enum qtc_code push(struct qtc_stage *stage, const struct qtc_frame *frame)
{
    struct split *s = (struct split *)stage;
    struct qtc_bytes text = frame->raw;
    size_t old = s->held.len;

    if (old > 0) {
        qtc_buf_put(&s->held, text);
        text = qtc_buf_bytes(&s->held);
    }
    if (s->held.failed) {
        return QTC_NOMEM;
    }
    enum qtc_code code = cut(s, &text, old, frame, frame->reset);
    if (old > 0) {
        qtc_buf_drop(&s->held, s->held.len - text.len);
    } else {
        qtc_buf_put(&s->held, text);
    }
    s->held_at = frame->at;
    return code == QTC_OK && s->held.failed ? QTC_NOMEM : code;
}

static enum qtc_code finish(struct qtc_stage *stage)
{
    struct split *s = (struct split *)stage;
    struct qtc_bytes rest = qtc_buf_bytes(&s->held);

    return cut(s, &rest, rest.len, &(struct qtc_frame){0}, true);
}

static void free_split(struct qtc_stage *stage)
{
    qtc_buf_free(&((struct split *)stage)->held);
    free(stage);
}

struct qtc_stage *qtc_split_new(const struct qtc_split *how, qtc_piece_sink *sink, void *ctx)
{
    struct split *s = calloc(1, sizeof *s);

    if (s == NULL) {
        return NULL;
    }
    s->stage = (struct qtc_stage){.push = push, .finish = finish, .free = free_split};
    s->sink = sink;
    s->ctx = ctx;
    s->how = *how;
    s->random = how->n;
    begin_piece(s);
    return &s->stage;
}
