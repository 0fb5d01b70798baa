/* pieces.c - a playback that is kept. */
#include "capture/capture.h"

#include <string.h>

static bool more_room(struct qtc_pieces *p)
{
    size_t room = p->room == 0 ? 64 : p->room * 2; /* no overflow: each piece of the list has its bytes */
    struct qtc_piece *list = qtc_arena_array(&p->arena, room, sizeof *list);

    if (list == NULL) {
        return false;
    }
    if (p->count > 0) {
        memcpy(list, p->list, p->count * sizeof *list);
    }
    p->list = list;
    p->room = room;
    return true;
}

bool qtc_pieces_keep(void *pieces, const struct qtc_piece *piece)
{
    struct qtc_pieces *p = pieces;
    struct qtc_bytes copy = qtc_arena_copy(&p->arena, piece->data);

    p->failed = p->failed || copy.data == NULL || (p->count == p->room && !more_room(p));
    if (!p->failed) {
        p->list[p->count++] = (struct qtc_piece){piece->at, copy, piece->reset};
    }
    return !p->failed;
}

void qtc_pieces_free(struct qtc_pieces *pieces)
{
    qtc_arena_free(&pieces->arena);
    *pieces = (struct qtc_pieces){0};
}
