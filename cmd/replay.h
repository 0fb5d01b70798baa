/* replay.h - what the jobs of qtc-replay share: what the options say, and the captures. */
#ifndef QTC_REPLAY_H
#define QTC_REPLAY_H

#include "capture/capture.h"
#include "cli.h"
#include "io.h"

enum qtc_replay_choose { QTC_CHOOSE_MODEL, QTC_CHOOSE_TURN, QTC_CHOOSE_STATE };
enum qtc_replay_cuts { QTC_CUTS_ALL, QTC_CUTS_TRANSPORT, QTC_CUTS_CONTENT };

/* One response of those on the command line. */
struct qtc_replay_capture {
    struct qtc_capture capture;
    const char *file;                    /* as messages call it */
    const struct qtc_capture_kind *kind; /* of the file */
};

struct qtc_replay {
    const char *command; /* qtc-replay */
    const char *const *files;
    size_t file_count;
    char *const
        *program; /* --check, --minimize: COMMAND and its arguments, NULL at the end; NULL: none given */

    struct qtc_play_options play;
    double speed;           /* 0: max */
    unsigned pick;          /* the only response that counts, from 1; 0: all */
    const char *tools_file; /* NULL: none */
    bool redact;
    bool unbuffered;
    const struct qtc_capture_writer *convert; /* NULL: not asked for */
    const char *file;                         /* of --record or --timeline */
    const char *address;                      /* of --serve: [HOST:]PORT */
    const char *request_log;                  /* NULL: none */
    enum qtc_replay_choose choose;
    enum qtc_replay_cuts cuts;
    unsigned runs;     /* random splits */
    uint64_t seed;     /* of the first */
    unsigned timeout;  /* seconds that COMMAND may take */
    const char *match; /* NULL: none */

    struct qtc_out out;
    struct qtc_arena arena; /* of the captures */
    struct qtc_buf *texts;  /* the files' bytes */
    size_t text_count;
    struct qtc_replay_capture *captures;
    size_t capture_count;    /* at least 1 after qtc_replay_load */
    struct qtc_tools *tools; /* see qtc_replay_tools */
};

/* Whether the options make anything else of a capture than what it is. */
bool qtc_replay_changes(const struct qtc_play_options *play);
/* Whether they give it times: those would mean nothing without waiting. */
bool qtc_replay_takes_time(const struct qtc_play_options *play);
/* Reads all files, picks, redacts. false: it was said why, and nothing was written. */
bool qtc_replay_load(struct qtc_replay *r);
void qtc_replay_free(struct qtc_replay *r);
/* The tools that the model was given: those of the option, else those of the recorded request. NULL: not
 * known. Until the next call. */
const struct qtc_tools *qtc_replay_tools(struct qtc_replay *r, const struct qtc_replay_capture *c);
/* What a call into the library answered about a capture: false, and said, unless QTC_OK. */
bool qtc_replay_check_code(struct qtc_replay *r, const struct qtc_replay_capture *c, enum qtc_code code,
                           const struct qtc_error *error);

/* Whether it is [HOST:]PORT: serving.c. */
bool qtc_replay_is_address(const char *text);

/* The jobs. Each returns the exit status; all but play and record get the captures loaded. */
int qtc_replay_play(struct qtc_replay *r);     /* to standard output, in time: playing.c */
int qtc_replay_convert(struct qtc_replay *r);  /* describing.c */
int qtc_replay_info(struct qtc_replay *r);     /* describing.c */
int qtc_replay_timeline(struct qtc_replay *r); /* drawing.c */
int qtc_replay_record(struct qtc_replay *r);   /* recording.c */
int qtc_replay_serve(struct qtc_replay *r);    /* serving.c */
int qtc_replay_check(struct qtc_replay *r);    /* checking.c */
int qtc_replay_minimize(struct qtc_replay *r); /* minimizing.c */

#endif
