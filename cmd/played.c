#include "played.h"

#include <stdlib.h>

static bool make_room(struct qtc_played *p)
{
    size_t room = p->room < 256 ? 256 : p->room * 2;
    struct qtc_arrival *list;

    if (p->count < p->room) {
        return true;
    }
    list = room <= SIZE_MAX / sizeof *list ? realloc(p->arrivals, room * sizeof *list) : NULL;
    if (list != NULL) {
        p->arrivals = list;
        p->room = room;
    }
    return list != NULL;
}

static bool take(void *ctx, const struct qtc_piece *piece)
{
    struct qtc_played *p = ctx;

    p->reset = piece->reset;
    if (piece->data.len == 0) {
        return true;
    }
    p->too_many = p->most > 0 && p->count == p->most;
    if (p->too_many) {
        return false;
    }
    qtc_buf_put(&p->body, piece->data);
    p->nomem = p->body.failed || !make_room(p);
    if (!p->nomem) {
        p->arrivals[p->count++] = (struct qtc_arrival){piece->at, p->body.len};
    }
    return !p->nomem;
}

bool qtc_replay_played(struct qtc_replay *r, const struct qtc_replay_capture *c,
                       const struct qtc_play_options *options, struct qtc_played *played)
{
    struct qtc_error error = {0};
    enum qtc_code code = qtc_capture_play(&c->capture, options, take, played, &error);

    if (played->nomem) {
        code = QTC_NOMEM;
    }
    return played->too_many || qtc_replay_check_code(r, c, code, &error);
}

void qtc_played_clear(struct qtc_played *played)
{
    qtc_buf_clear(&played->body);
    played->count = 0;
    played->reset = played->too_many = false;
}

void qtc_played_free(struct qtc_played *played)
{
    qtc_buf_free(&played->body);
    free(played->arrivals);
    *played = (struct qtc_played){0};
}
