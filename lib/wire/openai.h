/* openai.h - the reader of OpenAI chat completions, in two files: openai_read.c takes
 * frames apart and knows the fast way, openai_chunk.c reads the tree of a chunk.
 * Private to this room. */
#ifndef QTC_OPENAI_H
#define QTC_OPENAI_H

#include "wire/wire.h"

/* What the reader must remember of a choice. */
struct qtc_openai_choice {
    unsigned index;
    bool begun, role;
    uint64_t told;          /* a bit a defect: each is told once */
    struct qtc_buf extras;  /* the last OTHER "choice" */
    uint64_t extras_number; /* counts the changes of extras, in all choices */
};

/* A value that is the same in every chunk of a response. */
struct qtc_openai_steady {
    const char *key;
    struct qtc_buf first; /* raw: what counts */
    struct qtc_buf last;  /* raw: what came last */
};

/* What one chunk holds of text, when it is only one string. */
struct qtc_openai_only {
    enum { QTC_ONLY_CONTENT, QTC_ONLY_REASONING, QTC_ONLY_ARGUMENTS } kind;
    const struct qtc_json *string; /* NULL: none */
    unsigned choice;
    struct qtc_call_delta call; /* ARGUMENTS: all but the arguments */
    bool other;                 /* there is more in the chunk than that */
};

/* A chunk that was read the slow way, as a stencil: what is in front of its one
 * string, and what is behind it. Chunks that differ only in the string need no tree. */
struct qtc_openai_template {
    struct qtc_buf prefix, suffix, extras;
    struct qtc_openai_only only;
    uint64_t extras_number;
    uint64_t version; /* of the envelope; 0: unused */
    uint64_t used;    /* when last: the older one is replaced */
    bool altered;
};

#define QTC_OPENAI_TEMPLATES 2

struct qtc_openai_reader {
    struct qtc_stream *stream;
    bool repair; /* else frames are only looked at */
    struct qtc_arena arena;
    struct qtc_openai_choice *choices;
    size_t choice_count, choice_room;
    struct qtc_openai_template templates[QTC_OPENAI_TEMPLATES];
    struct qtc_openai_steady id, model;
    struct qtc_buf envelope; /* the last OTHER "envelope" */
    uint64_t version;        /* counts its changes */
    uint64_t extras_number;
    uint64_t clock;  /* for templates */
    uint64_t number; /* of JSON values that came by themselves */
    uint64_t told;
    struct qtc_buf scratch, text, extra; /* one value each, for one call */
    struct qtc_buf fixed, fixed_data;    /* a frame that was mended */
    struct qtc_buf last;                 /* the last chunk, or the text in it */
    const struct qtc_openai_template *last_template;
    bool done, chunks, events, usage;
    bool mended, cr; /* the last frame was encoded anew; it had ended in CR */
    /* of the frame that is being read */
    bool altered;
    struct qtc_openai_only only;
};

/* ---- openai_chunk.c ---------------------------------------------------------- */

enum qtc_openai_kind {
    QTC_OPENAI_NONE,    /* not an object, or none of these */
    QTC_OPENAI_CHUNK,   /* chat.completion.chunk, or what stands for one */
    QTC_OPENAI_MESSAGE, /* chat.completion: messages instead of deltas */
    QTC_OPENAI_ERROR
};

enum qtc_openai_kind qtc_openai_kind(const struct qtc_json *chunk);
/* Hands all that is in the chunk to the stream. */
enum qtc_code qtc_openai_chunk(struct qtc_openai_reader *r, const struct qtc_json *chunk);
/* An error without a tree: its text. */
enum qtc_code qtc_openai_error(struct qtc_openai_reader *r, struct qtc_bytes text);
/* Tells a defect of the reader once in a response. */
enum qtc_code qtc_openai_tell(struct qtc_openai_reader *r, enum qtc_defect defect, struct qtc_bytes what);
/* Appends JSON without the line ends between its tokens. */
void qtc_openai_compact(struct qtc_buf *out, struct qtc_bytes json);

#endif
