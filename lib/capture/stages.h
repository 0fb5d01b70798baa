/* stages.h - what qtc_capture_play is made of: stages, each of which pushes what it makes to the next one.
 * Private to this room. */
#ifndef QTC_STAGES_H
#define QTC_STAGES_H

#include "capture/capture.h"

/* What goes from stage to stage: an event with all its bytes; or, where no stage asks for events, bytes. */
struct qtc_frame {
    uint64_t at;
    struct qtc_bytes raw;
    struct qtc_bytes data; /* of the event; a part of raw, unless it was on several lines */
    bool has_data;         /* false: comments, blank lines */
    bool json;             /* it stands by itself, not in an event stream */
    bool open;             /* its end is missing: another event would run into it */
    bool reset;            /* the connection breaks behind it */
};

/* The first member of every stage. */
struct qtc_stage {
    enum qtc_code (*push)(struct qtc_stage *s, const struct qtc_frame *frame);
    enum qtc_code (*finish)(struct qtc_stage *s); /* the body is over; NULL: nothing was held */
    void (*free)(struct qtc_stage *s);
    struct qtc_stage *next;  /* NULL: it is the last one */
    struct qtc_error *error; /* to be filled in */
};

static inline enum qtc_code qtc_stage_pass(struct qtc_stage *s, const struct qtc_frame *frame)
{
    return s->next->push(s->next, frame);
}

/* Returns the code. */
enum qtc_code qtc_stage_fail(struct qtc_stage *s, enum qtc_code code, const char *message);

/* Each returns NULL when memory ends. */
struct qtc_stage *qtc_simulate_new(const struct qtc_split *texts);
struct qtc_stage *qtc_resplit_new(const struct qtc_split *texts);
struct qtc_stage *qtc_gap_new(uint64_t gap);
struct qtc_stage *qtc_faults_new(const struct qtc_fault *faults, size_t count);
struct qtc_stage *qtc_split_new(const struct qtc_split *how, qtc_piece_sink *sink, void *ctx);

/* The capture's body, event by event: of an event stream, or of JSON where each value is one. */
enum qtc_code qtc_frames(const struct qtc_capture *c, struct qtc_stage *to);

/* ---- random numbers -------------------------------------------------------
 * SplitMix64 (Steele, Lea, Flood 2014): a state of 64 bits, which any seed is good for. */
uint64_t qtc_random_next(uint64_t *state);

/* ---- text in JSON strings --------------------------------------------------
 * The inside of a JSON string is cut between characters: no escape, no surrogate pair is ever cut. Its bytes
 * stay as they are. */

typedef enum qtc_code qtc_text_sink(void *ctx, struct qtc_bytes piece, uint64_t at);

enum qtc_text_class {
    QTC_TEXT_NONE,
    QTC_TEXT_BLANKS,
    QTC_TEXT_LINES,
    QTC_TEXT_WORD,
    QTC_TEXT_DIGITS,
    QTC_TEXT_MARKS,
    QTC_TEXT_WIDE
};

/* Starts with `split`, `sink` and `ctx`, the rest 0. */
struct qtc_texts {
    struct qtc_split split; /* TOKENS or RANDOM */
    qtc_text_sink *sink;
    void *ctx;

    struct qtc_buf text; /* the piece that is being read */
    size_t last;         /* where its last character begins */
    uint64_t last_at;    /* when that came, */
    uint64_t before_at;  /* and the one in front of it */
    uint64_t left;       /* tokens or characters that the piece still takes */
    enum qtc_text_class token;
    unsigned token_len; /* characters */
    uint64_t random;
    bool seeded;
};

/* More of a text. Pieces go out as soon as they are known to be whole. */
enum qtc_code qtc_texts_feed(struct qtc_texts *t, struct qtc_bytes inside, uint64_t at);
/* The text is over; the next one begins anew. */
enum qtc_code qtc_texts_end(struct qtc_texts *t);
void qtc_texts_free(struct qtc_texts *t);

#endif
