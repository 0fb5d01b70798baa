/* stream.h - one response: its choices, their text and their calls.
 *
 * A reader says what an envelope holds; the stream parses the text, mends the
 * calls, and tells its sink in neutral events. Calls of a choice are numbered
 * from 0 and never interleave, whether they came natively or as markup; each
 * has an id and a name that is whole before its first ARGS. A choice's FINISH
 * comes once, behind all its calls (again only if more text came after it, or the
 * server then gave another reason).
 *
 * Order of use: new, then for each input frame: frame_begin, any of the calls
 * below, frame_end; end; free. Plain text may go without frames: its markup is
 * then what is due, and no CALL_IN_CONTENT. */
#ifndef QTC_STREAM_H
#define QTC_STREAM_H

#include "parse/parse.h"

enum qtc_ids {
    QTC_IDS_STABLE, /* derived from the response's id, the choice and the call's number */
    QTC_IDS_RANDOM,
    QTC_IDS_SEQ /* call_0, call_1, ... through all choices */
};

struct qtc_stream_options {
    /* choice is set by the stream; likely too, by the model that qtc_stream_start names before the first
     * text, unless it is given here or model_given says that there is none. */
    struct qtc_parse_options parse;
    bool model_given;
    enum qtc_ids ids;
    uint64_t answer;      /* STABLE: tells responses without an id apart */
    bool no_repair;       /* report defects only: text stays text, native deltas go out as they came */
    bool expect_calls;    /* TOOL_CHOICE_IGNORED where a choice ends without a call */
    unsigned max_choices; /* 0: 128 */
    unsigned max_calls;   /* a choice; 0: 65536; of them at most 4096 native ones */
    size_t max_pending;   /* bytes of interleaved calls that wait for their turn; 0: 64 MiB */
};

/* One element of a native delta.tool_calls, as far as it was given. */
struct qtc_call_delta {
    bool has_index, has_type;
    unsigned index;
    struct qtc_bytes id;   /* data NULL: absent or null */
    struct qtc_bytes name; /* likewise */
    enum { QTC_ARGUMENTS_ABSENT, QTC_ARGUMENTS_NULL, QTC_ARGUMENTS_TEXT, QTC_ARGUMENTS_VALUE } form;
    struct qtc_bytes arguments; /* TEXT: decoded string; VALUE: the raw JSON of an object, array, ... */
    bool legacy;                /* was delta.function_call: has no id, index or type by its nature */
    struct qtc_bytes extra;     /* other members of the element, as a JSON object; becomes OTHER "call" */
};

struct qtc_stream;

struct qtc_stream *qtc_stream_new(const struct qtc_stream_options *options, qtc_sink *sink, void *ctx);
void qtc_stream_free(struct qtc_stream *s);
/* Not no_repair: frames may go out in another shape than they came in. */
bool qtc_stream_repairs(const struct qtc_stream *s);
/* Ready for another response, memory kept. */
void qtc_stream_reset(struct qtc_stream *s);

/* QTC_OK, QTC_STOPPED, QTC_NOMEM, QTC_LIMIT (too many choices or calls). After an error only free. */
enum qtc_code qtc_stream_frame_begin(struct qtc_stream *s, uint64_t frame, uint64_t line);
/* The JSON that the frame holds, or [DONE]; FRAME.name. Before frame_end; without it, a frame holds none. */
void qtc_stream_frame_data(struct qtc_stream *s, struct qtc_bytes data);
/* raw: what the frame was. altered: the reader found something that must not go out as it came. */
enum qtc_code qtc_stream_frame_end(struct qtc_stream *s, struct qtc_bytes raw, bool altered);

/* The first one gives START; a later one may still name the model. */
enum qtc_code qtc_stream_start(struct qtc_stream *s, struct qtc_bytes id, struct qtc_bytes model);
enum qtc_code qtc_stream_content(struct qtc_stream *s, unsigned choice, struct qtc_bytes text);
enum qtc_code qtc_stream_reasoning(struct qtc_stream *s, unsigned choice, struct qtc_bytes text);
enum qtc_code qtc_stream_call(struct qtc_stream *s, unsigned choice, const struct qtc_call_delta *delta);
enum qtc_code qtc_stream_finish(struct qtc_stream *s, unsigned choice, enum qtc_finish reason);
enum qtc_code qtc_stream_usage(struct qtc_stream *s, struct qtc_bytes raw);
/* Passed on as an OTHER event. Names that the stream and the writers know; each raw is JSON on one line:
 *   envelope  an object: the chunk's members but choices, usage and error; when it changed
 *   choice    an object: a choice's members but index, delta and finish_reason; when it changed
 *   delta     an object: a delta's members that have no event of their own
 *   call      an object: likewise of a tool call; before the CALL or ARGS that it came with
 *   role      a string: a delta's role
 *   error     the server's error, an object that holds `error`: choices without a
 *             finish_reason then end with QTC_FINISH_ERROR */
enum qtc_code qtc_stream_other(struct qtc_stream *s, unsigned choice, struct qtc_bytes name,
                               struct qtc_bytes raw);
enum qtc_code qtc_stream_defect(struct qtc_stream *s, unsigned choice, enum qtc_defect defect,
                                struct qtc_bytes what);
/* The input ended: finishes every choice. */
enum qtc_code qtc_stream_end(struct qtc_stream *s);

/* The format of the markup in which calls were found; NULL while none was. At any time, after an error too.
 */
const struct qtc_format *qtc_stream_format(const struct qtc_stream *s);

const char *qtc_finish_name(enum qtc_finish reason);    /* "stop", ...; NULL for NONE */
enum qtc_finish qtc_finish_from(struct qtc_bytes name); /* NONE when unknown */

#endif
