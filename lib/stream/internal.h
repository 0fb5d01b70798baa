/* internal.h - what the files of lib/stream share: the objects behind struct qtc_stream. */
#ifndef QTC_STREAM_INTERNAL_H
#define QTC_STREAM_INTERNAL_H

#include "parse/mend.h"
#include "stream/stream.h"

#define QTC_MADE_ID 32 /* bytes that a made id may take */

/* Which defects were told already: most are told once a call or a choice. */
struct told {
    unsigned char bits[QTC_DEFECTS / 8 + 1];
};

/* The arguments of a native call on their way through. */
struct arguments {
    struct qtc_json_scan scan;
    enum { ARGS_BLANK, ARGS_PLAIN, ARGS_STRING, ARGS_MENDED, ARGS_WHOLE, ARGS_BROKEN } state;
    bool cumulative;
    bool null_seen;
    size_t tail_len; /* bytes in tail: a character that is not complete yet */
    char tail[4];
    struct qtc_buf string; /* ARGS_STRING: arguments that may be encoded twice */
    struct qtc_mend *mend; /* ARGS_MENDED */
    unsigned mended;       /* enum qtc_mended bits that were told */
};

/* One call of a choice. Calls go out in the order in which they began; only the
 * first that is not closed may send (choice.floor), the others wait. */
struct call {
    struct qtc_buf id, name; /* as given so far */
    char made[QTC_MADE_ID];  /* the id that was made instead */
    size_t made_len;
    struct arguments args;
    struct qtc_buf waiting; /* arguments that could not go out yet */
    struct qtc_buf extra;   /* OTHER "call" that waits for the CALL */
    struct qtc_buf kept;    /* all arguments while they are short, for comparing */
    uint64_t total;         /* bytes of arguments so far */
    uint64_t same;          /* closed: a hash of name and arguments; 0: cannot be compared */
    uint64_t at, end;       /* markup: the place of its last event */
    unsigned number;        /* once started */
    unsigned index;         /* native: the server's */
    size_t order;           /* native: how many began before it */
    bool has_index;
    bool markup, legacy, has_type;
    bool late;           /* markup: had to wait for its turn, and lost its place in the text */
    bool arguments_seen; /* native: an arguments member came */
    bool name_whole;     /* native: nothing more can be added to it */
    bool suspect;        /* may be the same call in another shape: waits until it is whole */
    bool paired;         /* was found to be the same as another */
    bool started, ended, truncated;
    struct told told;
};

/* What is kept of a call in markup when it is closed. */
struct past {
    uint64_t same, id; /* hashes; 0: none */
    unsigned number;
    bool paired;
};

/* A parser and the field that feeds it. */
struct channel {
    struct qtc_parser *parser;
    const struct qtc_format *likely; /* that the parser was made for */
    struct choice *choice;
    struct call *call; /* open, from this text */
    uint64_t base;     /* bytes of earlier texts, before the parser was reset */
    uint64_t fed;      /* bytes of this text */
    uint32_t sequence; /* the bytes so far of a character that is not complete, */
    unsigned due;      /* and how many it still needs */
    bool reasoning;    /* the reasoning field, not the content */
    bool done;         /* the parser was finished: more text is a new text */
};

struct choice {
    struct qtc_stream *stream;
    unsigned index;
    struct channel content, reasoning;
    struct call **calls; /* native ones, and those in markup that are not closed */
    size_t count, room;
    size_t floor;      /* the first call that is not closed */
    struct past *past; /* the closed ones in markup */
    size_t past_count, past_room;
    unsigned started;    /* calls that went out */
    unsigned silent;     /* calls found while nothing is repaired */
    unsigned next_index; /* the native index that is due */
    size_t natives, markups;
    struct call *recent;  /* native: the last delta's */
    struct call shadow;   /* no_repair: a call in markup, only looked at */
    bool truncated;       /* some call was */
    bool finished;        /* FINISH is out, and nothing came after it */
    bool idle;            /* left over from an earlier response */
    enum qtc_finish said; /* the server's last finish_reason */
    enum qtc_finish sent; /* the last FINISH */
    struct told told;
};

struct qtc_stream {
    struct qtc_stream_options options;
    qtc_sink *sink;
    void *ctx;
    enum qtc_code code; /* the first failure; sticks */
    struct choice **choices;
    size_t count, room;
    struct choice *last;
    const struct qtc_format *likely; /* by the model's name; NULL: not known */
    struct qtc_buf id;               /* the response's */
    struct qtc_buf joined;           /* a fragment with the tail of the last one in front */
    struct qtc_buf decoded;          /* arguments that were encoded twice */
    size_t pending;                  /* bytes in all `waiting` and `string` */
    size_t kept;                     /* bytes in all `kept`: of calls that are open */
    uint64_t frame, line;
    uint64_t made; /* ids, for QTC_IDS_SEQ */
    struct qtc_bytes frame_data;
    struct qtc_event frame_event; /* FRAME: nothing but what frame_end sets is ever set in it */
    bool begun;                   /* START is out */
    bool altered;                 /* in this frame */
    bool errored;                 /* the server sent an error */
};

/* ---- stream.c ------------------------------------------------------------- */
/* These return false after a failure, which is then in stream.code. */

bool qtc_stream_fail(struct qtc_stream *s, enum qtc_code code);
/* Fills in frame and line. */
bool qtc_stream_emit(struct qtc_stream *s, struct qtc_event *event);
bool qtc_stream_tell(struct qtc_stream *s, const struct choice *choice, unsigned call, enum qtc_defect defect,
                     struct qtc_bytes what);
/* Only the first time. */
bool qtc_choice_tell(struct choice *choice, enum qtc_defect defect, struct qtc_bytes what);
bool qtc_call_tell(struct choice *choice, struct call *call, enum qtc_defect defect, struct qtc_bytes what);
/* What goes out is not what came in. */
void qtc_stream_alter(struct qtc_stream *s);
/* The choice with this index, made when first asked for; NULL after a failure. */
struct choice *qtc_stream_choice(struct qtc_stream *s, unsigned index);
/* More of a choice comes: notes when it was finished already. */
bool qtc_choice_continues(struct choice *choice);

/* ---- text.c: content and reasoning, through their parsers ------------------ */

void qtc_channel_init(struct channel *channel, struct choice *choice, bool reasoning);
void qtc_channel_reset(struct channel *channel);
bool qtc_channel_holding(const struct channel *channel);
bool qtc_channel_finish(struct channel *channel);

/* ---- calls.c: the calls of a choice, in order ------------------------------ */

/* Starts a call at the end of the queue; NULL after a failure. */
struct call *qtc_calls_push(struct choice *choice);
/* Sends what may go out by now. */
bool qtc_calls_advance(struct choice *choice);
/* More of a call's arguments, ready to be sent. */
bool qtc_calls_send(struct choice *choice, struct call *call, struct qtc_bytes text);
/* No more will come: for every call. reason: the server's. */
bool qtc_calls_finish(struct choice *choice, enum qtc_finish reason);
/* Something of a native call is not out yet. */
bool qtc_calls_holding(const struct choice *choice);
void qtc_calls_clear(struct choice *choice);
/* The number that the call has, or will have. */
unsigned qtc_call_number(const struct choice *choice, const struct call *call);
void qtc_call_free(struct call *call);
/* Remembers the beginning of the arguments, within bounds. */
void qtc_call_keep(struct qtc_stream *s, struct call *call, struct qtc_bytes text);
/* Adds to a buffer that counts as pending; false when that is too much. */
bool qtc_pending_add(struct qtc_stream *s, struct qtc_buf *buf, struct qtc_bytes text);
void qtc_pending_free(struct qtc_stream *s, struct qtc_buf *buf);
/* A native call with the name and the arguments of this one in markup; NULL: none. */
struct call *qtc_calls_twin(struct choice *choice, const struct call *markup);
/* A hash of a call's name and arguments, but for blanks between the tokens; not 0. */
uint64_t qtc_call_hash(struct qtc_bytes name, struct qtc_bytes arguments);

/* ---- arguments.c: a native call's arguments -------------------------------- */

bool qtc_arguments_add(struct choice *choice, struct call *call, struct qtc_bytes text);
/* The call is over. cut: nothing came behind it that shows that it was whole. */
bool qtc_arguments_finish(struct choice *choice, struct call *call, bool cut);
/* Complete by itself, or beyond help: waiting for more makes no sense. */
bool qtc_arguments_settled(const struct call *call);
void qtc_arguments_free(struct call *call);

/* ---- ids.c ------------------------------------------------------------------ */

/* Not 0. */
uint64_t qtc_hash(uint64_t seed, struct qtc_bytes text);
/* Makes call->made. */
void qtc_id_make(struct choice *choice, struct call *call);

#endif
