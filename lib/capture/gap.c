/* gap.c - events at even times: the first one at once. */
#include "capture/stages.h"

#include <stdlib.h>

struct gap {
    struct qtc_stage stage;
    uint64_t gap, at;
    bool begun; /* an event has been */
};

static enum qtc_code push(struct qtc_stage *stage, const struct qtc_frame *frame)
{
    struct gap *g = (struct gap *)stage;
    struct qtc_frame timed = *frame;

    if (frame->has_data && g->begun) {
        g->at = g->gap > UINT64_MAX - g->at ? UINT64_MAX : g->at + g->gap;
    }
    g->begun = g->begun || frame->has_data;
    timed.at = g->at;
    return qtc_stage_pass(stage, &timed);
}

static void free_gap(struct qtc_stage *stage)
{
    free(stage);
}

struct qtc_stage *qtc_gap_new(uint64_t gap)
{
    struct gap *g = calloc(1, sizeof *g);

    if (g == NULL) {
        return NULL;
    }
    g->stage = (struct qtc_stage){.push = push, .free = free_gap};
    g->gap = gap;
    return &g->stage;
}
