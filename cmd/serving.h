/* serving.h - qtc-replay --serve: what a request asks for, and what is sent for it. */
#ifndef QTC_SERVING_H
#define QTC_SERVING_H

#include "replay.h"

struct MHD_Connection;
struct MHD_Daemon;

/* ---- what a request asks for: asked.c ------------------------------------------ */

/* Starts as {0}. */
struct qtc_asked {
    struct qtc_buf model; /* empty: it names none */
    bool stream;
    size_t rounds; /* messages of the assistant that were answered by tool results */
};

/* The body of a completion's request. QTC_OK; QTC_SYNTAX where it is not JSON (error->offset), QTC_TYPE where
 * it is not an object, QTC_NOMEM. Memory does not grow with the body. */
enum qtc_code qtc_asked_read(struct qtc_asked *asked, struct qtc_bytes body, struct qtc_error *error);
void qtc_asked_free(struct qtc_asked *asked);

/* ---- an event stream as one answer: joining.c ------------------------------------ */

/* Starts as {0}. */
struct qtc_joined {
    struct qtc_buf body;  /* a chat.completion or a text_completion */
    struct qtc_buf model; /* as the first chunk that has one says */
    unsigned created;     /* likewise; 0: none says */
};

/* As a server that knows no markup would have answered: nothing is repaired. */
enum qtc_code qtc_join(const struct qtc_pieces *stream, struct qtc_joined *joined);
void qtc_joined_free(struct qtc_joined *joined);

/* ---- what is sent: answers.c ------------------------------------------------------ */

struct qtc_answer_header {
    const char *name, *value;
};

/* One way to send a capture. */
struct qtc_answer {
    unsigned status;
    const char *type;
    const struct qtc_piece *pieces;
    size_t count;
    uint64_t ended;  /* nothing moves before that time, when all pieces are sent */
    uint64_t length; /* of the body; UINT64_MAX: it is sent in chunks */
    enum { QTC_ENDS_WHOLE, QTC_ENDS_BROKEN, QTC_ENDS_RESET } end;
    const struct qtc_answer_header *headers; /* of the capture, but those that the server makes itself */
    size_t header_count;
};

struct qtc_served {
    const struct qtc_replay_capture *from;
    struct qtc_joined joined;
    struct qtc_pieces pieces;
    struct qtc_piece body; /* of `whole`, where it is one piece */
    struct qtc_answer streamed, whole;
    size_t turn; /* requests so far for its model, counted at the first capture of that model */
};

/* Starts as {0}. */
struct qtc_answers {
    struct qtc_served *list; /* one a capture */
    size_t count;
    struct qtc_arena arena;
    size_t turn; /* the next one, where the model does not decide */
};

/* Everything that may be sent, made once. false: it was said why. */
bool qtc_answers_prepare(struct qtc_answers *a, struct qtc_replay *r);
const struct qtc_served *qtc_answers_choose(struct qtc_answers *a, enum qtc_replay_choose choose,
                                            const struct qtc_asked *asked);
void qtc_answers_free(struct qtc_answers *a);

/* ---- what was asked, kept: request_log.c --------------------------------------------- */

struct qtc_request_log {
    const char *command;
    const char *file; /* NULL: none is kept */
    int fd;
    bool failed; /* a line could not be written; that was said once */
};

struct qtc_request_entry {
    struct MHD_Connection *connection; /* has the headers */
    const char *method, *target;
    struct qtc_bytes body;
    const struct qtc_replay_capture *capture; /* that answers; NULL: none does */
    unsigned status;
};

bool qtc_request_log_open(struct qtc_request_log *log, const struct qtc_replay *r);
/* One line in one write. */
void qtc_request_log_add(struct qtc_request_log *log, const struct qtc_request_entry *entry);
void qtc_request_log_close(struct qtc_request_log *log);

/* ---- the server: serving.c --------------------------------------------------------------- */

struct qtc_server {
    struct qtc_replay *r;
    struct qtc_answers answers;
    struct qtc_request_log log;
    struct MHD_Daemon *daemon;
    struct qtc_exchange *waiting; /* until a time; in no order */
    uint64_t next_due;            /* the earliest of them, or earlier; UINT64_MAX: none waits */
};

/* One request and what is sent for it. */
struct qtc_exchange {
    struct qtc_server *server;
    struct MHD_Connection *connection;
    const char *method;
    char *target; /* path and query as they were sent */
    struct qtc_buf body;
    bool begun, too_large;

    const struct qtc_answer *answer;
    uint64_t start;       /* when the request had been read, in nanoseconds of a clock of its own */
    size_t piece, offset; /* of the next byte */
    uint64_t due;
    struct qtc_exchange *before, *after; /* of those that wait */
};

/* Begins to send the answer in its time. The status is to be queued with the response that this returns, or
 * NULL when memory ends. */
struct MHD_Response *qtc_exchange_answer(struct qtc_exchange *x, const struct qtc_answer *answer);

/* ---- HTTP: routes.c ------------------------------------------------------------------------ */

enum {
    QTC_SERVE_BODY_MAX = 64 * 1024 * 1024,   /* bytes of a request's body */
    QTC_SERVE_CONNECTION_MEMORY = 32 * 1024, /* a request's head must fit in it */
    QTC_SERVE_IDLE = 60                      /* seconds without a byte, while the other side is awaited */
};

/* The callbacks of libmicrohttpd; cls is the server, each request's context an exchange. */
struct MHD_Daemon *qtc_routes_start(struct qtc_server *server, int listener, unsigned connections);

#endif
