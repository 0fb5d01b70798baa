/* played.h - a capture as the options play it, as a whole. */
#ifndef QTC_PLAYED_H
#define QTC_PLAYED_H

#include "replay.h"

/* Starts as {0}. */
struct qtc_played {
    struct qtc_buf body;
    struct qtc_arrival *arrivals; /* the pieces */
    size_t count, room;
    bool reset;    /* the connection breaks behind the last one */
    size_t most;   /* pieces; 0: any number */
    bool too_many; /* there are more */
    bool nomem;
};

/* false: it was said why. With too_many, what came before is there. */
bool qtc_replay_played(struct qtc_replay *r, const struct qtc_replay_capture *c,
                       const struct qtc_play_options *options, struct qtc_played *played);
/* Ready for another one; memory is kept. */
void qtc_played_clear(struct qtc_played *played);
void qtc_played_free(struct qtc_played *played);

#endif
