/* play.c - the stages that the options ask for, one behind the other. */
#include "capture/stages.h"

enum { STAGES_MAX = 5 };

struct chain {
    struct qtc_stage *list[STAGES_MAX];
    size_t count;
    struct qtc_error *error;
    bool failed; /* memory ended */
};

enum qtc_code qtc_stage_fail(struct qtc_stage *s, enum qtc_code code, const char *message)
{
    *s->error = (struct qtc_error){.code = code, .message = message};
    return code;
}

static void add(struct chain *chain, struct qtc_stage *stage)
{
    if (stage == NULL) {
        chain->failed = true;
        return;
    }
    stage->error = chain->error;
    if (chain->count > 0) {
        chain->list[chain->count - 1]->next = stage;
    }
    chain->list[chain->count++] = stage;
}

/* false: bytes will do. */
static bool wants_events(const struct qtc_play_options *o)
{
    return o->simulate || o->resplit.by != QTC_SPLIT_NONE || o->fault_count > 0 || o->gap > 0 ||
           o->split.by == QTC_SPLIT_EVENTS;
}

static void build(struct chain *chain, const struct qtc_play_options *o, qtc_piece_sink *sink, void *ctx)
{
    if (o->simulate) {
        add(chain, qtc_simulate_new(&o->resplit));
    }
    if (o->resplit.by != QTC_SPLIT_NONE) {
        add(chain, qtc_resplit_new(&o->resplit));
    }
    if (o->gap > 0) {
        add(chain, qtc_gap_new(o->gap));
    }
    if (o->fault_count > 0) {
        add(chain, qtc_faults_new(o->faults, o->fault_count));
    }
    add(chain, qtc_split_new(&o->split, sink, ctx));
}

/* The body as it came. */
static enum qtc_code push_arrivals(const struct qtc_capture *c, struct qtc_stage *to)
{
    size_t begin = 0;
    enum qtc_code code = QTC_OK;

    for (size_t i = 0; i < c->arrival_count && code == QTC_OK; i++) {
        const struct qtc_arrival *a = &c->arrivals[i];
        code = to->push(to, &(struct qtc_frame){.at = a->at, .raw = {c->body.data + begin, a->end - begin}});
        begin = a->end;
    }
    return code;
}

static enum qtc_code run(const struct chain *chain, const struct qtc_capture *c, bool events)
{
    enum qtc_code code = events ? qtc_frames(c, chain->list[0]) : push_arrivals(c, chain->list[0]);

    for (size_t i = 0; i < chain->count && code == QTC_OK; i++) {
        struct qtc_stage *stage = chain->list[i];
        code = stage->finish != NULL ? stage->finish(stage) : QTC_OK;
    }
    return code;
}

enum qtc_code qtc_capture_play(const struct qtc_capture *c, const struct qtc_play_options *options,
                               qtc_piece_sink *sink, void *ctx, struct qtc_error *error)
{
    struct qtc_error none;
    struct chain chain = {.error = error != NULL ? error : &none};
    enum qtc_code code = QTC_NOMEM;

    build(&chain, options, sink, ctx);
    if (!chain.failed) {
        code = run(&chain, c, wants_events(options));
    }
    for (size_t i = 0; i < chain.count; i++) {
        chain.list[i]->free(chain.list[i]);
    }
    return code;
}
