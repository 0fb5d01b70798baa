/* session.h - what qtc-parse and qtc-sse share: one response from a stream to a writer, and what the
 * options say of it. */
#ifndef QTC_SESSION_H
#define QTC_SESSION_H

#include "cli.h"
#include "io.h"
#include "jq_filter.h"
#include "wire/wire.h"

struct qtc_session {
    const char *command;
    struct qtc_stream_options options;
    struct qtc_writer_options writing;
    const struct qtc_output *output;
    const char *format_file; /* NULL: none */
    const char *tools_file;  /* NULL: none */
    const char *filter;      /* NULL: none */
    bool strict;             /* a defect is an answer of "no" */

    struct qtc_out out;
    struct qtc_format *own_format; /* from format_file */
    struct qtc_tools *tools;
    struct qtc_jq *jq;
    struct qtc_buf jq_errors;
    struct qtc_stream *stream; /* of the response that is open */
    struct qtc_writer *writer;
    const char *file;                /* its name in messages */
    unsigned char told[QTC_DEFECTS]; /* defects that were told of this file */
    uint64_t calls;                  /* in all responses */
    bool answered;                   /* this file's response has text or a call */
    bool errored;                    /* and an error of the server's */
    bool defects;                    /* a WARNING or an ERROR in any of them */
    bool failed;                     /* exit status 2 */
};

void qtc_session_begin(struct qtc_session *s, const char *command);
/* An option that both commands have; false when `id` is not one of them. */
bool qtc_session_option(struct qtc_session *s, const struct qtc_cli *cli, int id);
/* --format: a name, or a file to be read. false when it is neither, which was said. */
bool qtc_session_format(struct qtc_session *s, const struct qtc_cli *cli);
/* All options are known: reads the format and the tools, compiles the filter. false: it was said why. */
bool qtc_session_prepare(struct qtc_session *s);
/* A response begins: stream and writer are new. false when memory ends. */
bool qtc_session_open(struct qtc_session *s, const char *file);
/* Its stream has ended: the writer finishes. */
void qtc_session_close(struct qtc_session *s);
/* What a call into the library answered: false, and said, unless QTC_OK. */
bool qtc_session_check(struct qtc_session *s, enum qtc_code code, uint64_t line);
/* One line on standard error; the exit status will be 2. */
void qtc_session_fail(struct qtc_session *s, uint64_t line, const char *message);
/* Ends the output; the exit status. */
int qtc_session_end(struct qtc_session *s);

/* Reads the file of --tools. NULL: it was said why. */
struct qtc_tools *qtc_tools_load(const char *command, const char *file);

/* --list-defects, --list-formats and --show-format; the exit status. */
int qtc_list_defects(struct qtc_session *s);
int qtc_list_formats(struct qtc_session *s, bool json);
/* value: a name or a file. */
int qtc_show_format(struct qtc_session *s, const char *value);

#endif
