/* parser.h - the engine's insides, shared by the files of this folder.
 *
 *   engine.c  the loop over the states, the end of the text, the public face
 *   window.c  what is kept of the input
 *   marks.c   the markers of the formats
 *   emit.c    events, and the record of a trial's
 *   text.c    content and reasoning: markers, code fences, blanks
 *   structure.c  the structure of calls: blocks, functions, tags
 *   name.c    what a tag's inside says; names that are plain text
 *   message.c messages with headers: channels and recipients
 *   value.c   where a tagged parameter's value ends
 *   arguments.c  a call's begin and end, its parameters and their JSON
 *   call.c    a call's JSON object
 *   body.c    functions whose inside is read as a whole: YAML, what may be no call
 *   tool.c    functions whose tag is a tool's name
 *   children.c  parameters that are elements, as they come; child_value.c  their text
 *   reader.c  arguments in the syntax of another language: Python, Gemma, YAML
 *
 * The window. Offsets count the bytes of the text. Events have taken [0, done).
 * What may still become something else is kept from `mark` on: in `hold` as far as
 * earlier pieces go, in the piece itself behind that.
 *
 *      hold              in (this piece)
 *   |---------|-----------------------------|
 *   mark      base        base + i          base + n
 *
 * A step gets an index into the piece and returns the next one; it may return
 * the same when it changed the state. It looks at no byte twice. */
#ifndef QTC_PARSER_H
#define QTC_PARSER_H

#include "parse/gemma.h"
#include "parse/markers.h"
#include "parse/mend.h"
#include "parse/parse.h"
#include "parse/python.h"
#include "parse/typed.h"

#define QTC_NO_MARK UINT64_MAX
#define QTC_SUFFIX  64 /* bytes of a tag's suffix, the end included */

/* In the place of an opener where calls begin without one. */
#define QTC_BARE          "" /* with their object or list */
#define QTC_TOOL_TAG      "<"
#define QTC_BEHIND_PROMPT ">" /* in the header whose beginning is in the prompt */

enum qtc_state {
    QTC_S_TEXT,         /* content or reasoning */
    QTC_S_TEXT_MARK,    /* a marker may have begun */
    QTC_S_TEXT_TAG,     /* in a tag within the answer, behind its beginning */
    QTC_S_LABEL,        /* in what may stand before reasoning */
    QTC_S_SUFFIX,       /* in the suffix of one: <tool_calls:6124c78e> */
    QTC_S_TAIL,         /* a character's first bytes; `tail_state` follows */
    QTC_S_MESSAGE,      /* in a message's header */
    QTC_S_BLOCK,        /* behind `open`: blanks until the body tells what it is */
    QTC_S_FENCE,        /* ```lang at the beginning of a body */
    QTC_S_NAME,         /* in a function's name that is plain text */
    QTC_S_NAME_GAP,     /* blanks behind it */
    QTC_S_NAME_ID,      /* in the call's id behind it */
    QTC_S_NAME_TYPE,    /* behind its closing marker: was it the call's type? */
    QTC_S_FUNCTION,     /* in a function, between parameters */
    QTC_S_INNER,        /* text in a function where a parameter is due */
    QTC_S_AFTER,        /* behind a call: another one, `close`, or text */
    QTC_S_TAG,          /* a marker's first byte in one of the above */
    QTC_S_HEADER,       /* in a tag, behind the part that names it */
    QTC_S_PROPERTY,     /* in a tag that may be a parameter's name */
    QTC_S_VALUE,        /* in a parameter's value */
    QTC_S_VALUE_LINE,   /* a line end in it that may belong to the markup */
    QTC_S_VALUE_TAG,    /* '<' in it */
    QTC_S_VALUE_HEADER, /* in a tag there, behind the part that names it */
    QTC_S_VALUE_NAME,   /* behind a function's tag there: a name that is plain text */
    QTC_S_CDATA,        /* in <![CDATA[ there */
    QTC_S_FOLLOW,       /* behind a closing tag or an opener there: blanks */
    QTC_S_FOLLOW_TAG,   /* and the tag behind them */
    QTC_S_NEST,         /* in a call inside the value, until what follows tells whose it is */
    QTC_S_JSON,         /* in a call's object, or in a function's arguments */
    QTC_S_JSON_TAG,     /* '<' in it: `close` or `open`, where a bracket is missing? */
    QTC_S_JSON_FOLLOW,  /* `close` in a string: is the next block behind it? */
    QTC_S_READER,       /* in arguments that a reader of their own takes */
    QTC_S_BODY,         /* in a function whose inside is elements or YAML; `body` says where */
    QTC_S_ARRAY,        /* between the calls of an array */
    QTC_S_TRIAL_TAIL,   /* behind a call in a code fence, to the end of its line */
    QTC_STATES
};

enum qtc_mark_kind {
    QTC_M_OPEN,
    QTC_M_CLOSE,
    QTC_M_FUNCTION,      /* <function */
    QTC_M_TOOL,          /* <NAME, of a tool */
    QTC_M_TOOL_LINE,     /* NAME, of a tool, on a line of its own */
    QTC_M_ELEMENT,       /* <tool_name, the first element of a block */
    QTC_M_ID,            /* between the name and that: the id follows */
    QTC_M_NAME_END,      /* behind a function's name that is plain text */
    QTC_M_END_FUNCTION,  /* </function */
    QTC_M_PARAMETER,     /* <parameter, <arg_key> */
    QTC_M_TYPE,          /* <arg_type> */
    QTC_M_VALUE,         /* <arg_value> */
    QTC_M_END_PARAMETER, /* </parameter */
    QTC_M_PROPERTY,      /* a parameter's own name as its tag, closed */
    QTC_M_CDATA,         /* in a value: plain text up to ]]> */
    QTC_M_SKIP,          /* says nothing */
    QTC_M_HEADER,        /* begins a message's header */
    QTC_M_HEADER_END,    /* ends it */
    QTC_M_MESSAGE_CLOSE, /* ends the message */
    QTC_M_CONTENT_OPEN,
    QTC_M_CONTENT_CLOSE,
    QTC_M_TEXT_TAG, /* within the answer, left out of it */
    QTC_M_THINK_OPEN,
    QTC_M_THINK_CLOSE,
    QTC_M_SPECIAL
};

/* What each id of a qtc_markers stands for. */
struct qtc_mark {
    const char *text;                /* as it is looked for; "<tool_calls:" where a suffix and '>' follow */
    const char *row;                 /* as the format's row has it */
    const char *end;                 /* what ends its tag, where that goes on */
    const struct qtc_format *format; /* the first of the set that has it */
    enum qtc_mark_kind kind;
};

struct qtc_mark_set {
    struct qtc_markers find;
    struct qtc_buf marks;       /* struct qtc_mark[] */
    struct qtc_arena texts;     /* what was put together from tag names */
    char suffix[QTC_SUFFIX];    /* that all tags of the block carry; "": none */
    unsigned char special[256]; /* bytes at which text has to be looked at */
};

/* Where the text stands; saved when a trial begins. */
struct qtc_text_state {
    bool reasoning;
    bool fresh;       /* only blanks since the last markup: they may be dropped */
    bool after_call;  /* that markup was a call's */
    bool line_blank;  /* only blanks on this line so far */
    bool code_marked; /* the open code span quotes a marker: it may cross lines */
    bool in_block;    /* `open` was seen, `close` not yet */
    bool no_close;    /* and will not come: the last call ends the block */
    bool in_array;
    bool in_function; /* a function's tag is open, and a call's object was in it */
    bool begun;       /* there was something else than blanks and reasoning */
    bool dropped;     /* the message is none of the user's */
    bool bare;        /* the block began without an opener, and no call is certain */
    bool no_calls;    /* the message holds no calls, only text */
    bool block_call;  /* there was a call in this block */
    bool seen_call;
    bool thought;      /* there was reasoning */
    bool think_quoted; /* its opener stood in a line of text: so its closer is text too */
    unsigned ticks;    /* length of the run of backticks or tildes that is going on */
    char tick, fence_tick;
    bool ticks_begin; /* it began its line */
    unsigned code;    /* ticks that opened the code span; 0: none */
    unsigned fence;   /* ticks that opened the code fence; 0: none */
    unsigned calls;
    const char *label;               /* may stand here and begin reasoning; NULL: none */
    const struct qtc_format *format; /* of the last call */
};

/* A call whose events wait until it is known to be one: in a code fence, and
 * always under `strict`. */
struct qtc_trial {
    bool on, failed;
    bool in_fence; /* nothing else may stand on its last line */
    bool quiet;    /* it began without an opener: that it failed is no defect */
    uint64_t at, raw_to;
    struct qtc_buf raw;     /* the text in [at, raw_to) */
    struct qtc_buf records; /* its events */
    enum qtc_defect why;
    struct qtc_text_state before;
};

/* A parameter that the call has already. */
struct qtc_member {
    uint64_t hash;
    size_t name, name_len; /* in call.names */
    size_t text, text_len; /* hold_calls: `"key":value` in call.texts */
    unsigned next;         /* of the same bucket, plus one */
    bool closed;           /* its value is complete */
};

enum qtc_name_flag {
    QTC_NAME_QUOTED = 1,
    QTC_NAME_SPACED = 2,
    QTC_NAME_ATTRIBUTE = 4,
    QTC_NAME_UNTERMINATED = 8
};

/* The call that is being read. */
struct qtc_call {
    const struct qtc_format *format;
    const struct qtc_tool *tool;
    struct qtc_buf name, id;
    struct qtc_buf key; /* a parameter's, until its value begins */
    unsigned key_types; /* what the markup says of that value: enum qtc_type */
    unsigned key_flags; /* enum qtc_name_flag */
    bool has_key;
    bool open;           /* CALL is out, CALL_END is not */
    bool pending;        /* the name is known, but not yet that it is a call */
    bool began;          /* the arguments' JSON has its opening brace */
    bool whole;          /* the arguments came as one JSON value */
    bool inner;          /* there was text between its tags */
    const char *wrapper; /* the name of a parameter whose value may be all arguments: it waits */
    bool released;       /* hold_calls: it was too long, its arguments go out as they come */
    unsigned flags;      /* enum qtc_name_flag, told when the call is certain */
    struct qtc_buf names;
    struct qtc_buf texts;
    struct qtc_buf members; /* struct qtc_member[] */
    struct qtc_buf buckets; /* unsigned[], a power of two: the last member of each, plus one */
};

enum qtc_value_mode { QTC_VALUE_STREAM, QTC_VALUE_BUFFER, QTC_VALUE_SKIP };

/* The parameter that is being read. */
struct qtc_value {
    enum qtc_value_mode mode;
    unsigned types;
    char lead;                 /* first byte of the tags that may end it */
    bool guess;                /* no type is known and JSON may be guessed (lenient) */
    bool first;                /* nothing of it was seen yet */
    bool nameless;             /* <parameter>name</parameter>value */
    bool naming;               /* its name is being read */
    size_t member;             /* in call.members */
    size_t start;              /* hold_calls: of its text in call.texts */
    struct qtc_buf text;       /* BUFFER: as the model wrote it */
    struct qtc_buf close;      /* </NAME> where a property's name is the tag */
    size_t close_at;           /* how much of it matches, or SIZE_MAX */
    enum qtc_mark_kind closer; /* kind of the tag that is being judged by what follows */
    uint64_t closer_end;
    bool chain;     /* it is </function> and `close`: the end of its line confirms them too */
    unsigned depth; /* NEST: functions open inside */
};

/* A call's JSON object. */
struct qtc_object {
    struct qtc_mend mend;
    unsigned reported; /* enum qtc_mended bits already told */
    enum { QTC_KEY_NONE, QTC_KEY_OTHER, QTC_KEY_NAME, QTC_KEY_ID, QTC_KEY_ARGUMENTS } role;
    bool loose; /* no opener says that it is a call: its keys must */
    bool bare;  /* arguments only: in <function=N> */
    bool has_arguments;
    bool named;             /* its name is known */
    bool rejected;          /* it is no call */
    bool as_string;         /* the arguments came in quotes */
    struct qtc_buf scratch; /* keys and what is ignored */
    struct qtc_buf text;    /* the name, or arguments in quotes */
    struct qtc_buf *out;
    size_t follow; /* JSON_FOLLOW: how much of `open` matches */
    bool line;     /* and whether a line end stood before it */
    bool comma;    /* ARRAY: behind a comma */
    bool junk;     /* ARRAY: inside text that is no call */
};

/* In a function whose inside is elements or YAML. */
enum qtc_body_place {
    QTC_B_TOOL,       /* in the tool's own tag, behind its name */
    QTC_B_LINE,       /* behind the tool's name on a line of its own */
    QTC_B_LINE_CHILD, /* in the first parameter there: it is a call if that is closed */
    QTC_B_WHOLE,      /* its end is all that is looked for */
    QTC_B_BETWEEN,    /* between children */
    QTC_B_TAG,        /* in a tag there */
    QTC_B_SLASH,      /* behind "/" there */
    QTC_B_NAME,       /* in the function's name, an element too */
    QTC_B_CHILD,      /* in a child that waits for its brothers */
    QTC_B_CHILD_TAG,
    QTC_B_VALUE, /* in a child that goes out as it comes */
    QTC_B_VALUE_TAG,
    QTC_B_ENTITY,
    QTC_B_CDATA,
    QTC_B_FOLLOW,    /* behind a closing tag there: blanks */
    QTC_B_FOLLOW_TAG /* and the tag behind them */
};

struct qtc_body_state {
    enum qtc_body_place at;
    uint64_t from;       /* where the inside begins */
    struct qtc_buf rest; /* children of one name that wait, as the model wrote them */
    struct qtc_buf rest_name;
    size_t child;         /* in rest: the last one */
    size_t child_text;    /* and what is in it */
    bool nested;          /* it has children */
    bool partial;         /* it was cut: value.text is what there is */
    struct qtc_buf stack; /* uint64_t[]: hashes of the names open in it, its own included */
    struct qtc_buf scratch;
    char first, quote; /* of the tag that is being read: its first byte, in an attribute */
    bool equals;
    bool newline;           /* TOOL, LINE: one was behind the name */
    int phase;              /* TOOL: how far its tag is; VALUE_TAG: which tag it may be */
    size_t name_at, own_at; /* how much of the child's, of the function's name matches */
    unsigned blanks;
    bool raw;       /* VALUE: markup was in it: entities are left as they are */
    unsigned depth; /* elements of the same name are open in it */
    bool own;       /* FOLLOW: the tag is the function's */
    bool slash;     /* "/>" ends the function, whose own tag has no end */
    bool line;      /* its name stood on a line of its own, not in a tag: its last child may end it */
};

/* Formats that share an opener, and the marks of their calls. */
struct qtc_group {
    const char *opener;     /* NULL: none yet */
    struct qtc_buf formats; /* const struct qtc_format *[] */
    struct qtc_mark_set marks;
};

#define QTC_GROUPS 3 /* a response goes to and fro between a message's and its calls' */

struct qtc_parser {
    struct qtc_parse_options options;
    qtc_sink *sink;
    void *ctx;
    enum qtc_code code;

    const char *in; /* the window */
    size_t n;
    uint64_t base, done, mark;
    uint64_t cand;    /* where the markup that is being judged begins; mark <= cand */
    uint64_t tag;     /* where its last tag begins */
    uint64_t held_to; /* hold has [mark, held_to) */
    struct qtc_buf hold;

    enum qtc_state state;
    enum qtc_state origin;          /* TAG, HEADER: BLOCK, FUNCTION, AFTER or TEXT */
    enum qtc_state name_origin;     /* NAME: BLOCK, AFTER, ARRAY or TEXT */
    enum qtc_state tail_state;      /* TAIL: where to go on */
    unsigned node;                  /* in the automaton */
    enum qtc_mark_kind header_kind; /* HEADER */
    const struct qtc_format *header_format;
    const char *header_end; /* the marker that ends the tag */
    size_t header_matched;  /* how much of it is there */
    bool header_quoted;     /* in an attribute's quotes */
    uint64_t header_at;     /* where the tag's inside, or the name, begins */
    uint64_t name_to;       /* where the name ends */
    uint64_t id_at, id_to;  /* the id behind a name that is plain text; the same: none */
    uint64_t header_to;     /* where the tag ends */
    size_t header_len;      /* of its inside */
    bool header_sure;       /* it has an equals sign: no need to ask whether it may be a tag */
    unsigned header_flags;  /* enum qtc_name_flag that the tag itself gives */
    bool no_nest;           /* while a nested call is read again */

    struct qtc_text_state text;
    struct qtc_trial trial;
    struct qtc_call call;
    struct qtc_value value;
    struct qtc_object object;
    struct qtc_python python;
    struct qtc_gemma gemma;
    struct qtc_body_state body;
    struct qtc_buf args; /* arguments' JSON that is not out yet */

    struct qtc_mark_set text_marks;
    struct qtc_mark_set tag_marks;
    const char *opener;                  /* that tag_marks are of, or one of the above */
    char suffix[QTC_SUFFIX];             /* of the text's last marker; "": none */
    size_t suffix_len;                   /* SUFFIX: how much of it is there */
    const struct qtc_mark *suffixed;     /* and the marker that it belongs to */
    struct qtc_buf group;                /* the formats that have it: const struct qtc_format *[] */
    struct qtc_group groups[QTC_GROUPS]; /* those used before; the next one to go is the oldest */
    unsigned oldest;
    bool bare;             /* text may begin with a call */
    bool starts_in_header; /* or inside a message's header */
    bool header_bare;      /* which that message's does */
};

typedef size_t qtc_step(struct qtc_parser *p, size_t i);

/* ---- window.c ----------------------------------------------------------- */

static inline uint64_t qtc_pos(const struct qtc_parser *p, size_t i)
{
    return p->base + i;
}

/* Takes over what has to be kept of the piece up to base + i: it will be gone. */
void qtc_keep(struct qtc_parser *p, size_t i);
/* Where a piece of n bytes has to stop, so that a limit is passed at the same byte
 * however the text is cut. */
size_t qtc_stop_at(const struct qtc_parser *p, size_t n);
/* Keeps from base + i on. */
void qtc_mark_at(struct qtc_parser *p, size_t i);
/* The same, unless something is kept already; shortens the piece where the limit is. */
void qtc_mark_from(struct qtc_parser *p, size_t i);
/* Keeps less: from `at` on, which is not before mark. */
void qtc_mark_move(struct qtc_parser *p, uint64_t at);
void qtc_unmark(struct qtc_parser *p);
/* The kept bytes [mark, base + i); valid until something else is kept. */
struct qtc_bytes qtc_held(struct qtc_parser *p, size_t i);
/* The kept bytes [from, base + i). */
struct qtc_bytes qtc_held_from(struct qtc_parser *p, uint64_t from, size_t i);
/* The kept bytes before `to`; fewer when memory ended. */
struct qtc_bytes qtc_held_to(struct qtc_parser *p, uint64_t to, size_t i);

/* ---- marks.c ------------------------------------------------------------ */

/* The markers of the text: of the given format, or of all. */
void qtc_use_formats(struct qtc_parser *p);
/* Formats that share an opener, and the marks of their calls. "": the formats
 * whose calls need none. */
void qtc_use_group(struct qtc_parser *p, const char *opener);
/* The format was asked for, or is likely: what looks much like it is it. */
bool qtc_is_given(const struct qtc_parser *p, const struct qtc_format *f);
/* Name and arguments are elements of their own: <tool_name>, <tool_arguments>. */
bool qtc_has_wrappers(const struct qtc_format *f);
/* The first of the group with this body; NULL: none. */
const struct qtc_format *qtc_group_find(const struct qtc_parser *p, enum qtc_body body);
/* The first of the group whose function's name is plain text before this byte, a
 * bracket; '\0': before a tag. */
const struct qtc_format *qtc_group_named(const struct qtc_parser *p, char next);
/* The first of the group that writes lists of calls, or else that stands for the group. */
const struct qtc_format *qtc_group_lists(const struct qtc_parser *p);
/* The first of the group whose messages have channels, or have none. */
const struct qtc_format *qtc_group_messages(const struct qtc_parser *p, bool channels);
/* The format as which an object in the group's markers is read: the first that writes such,
 * or else one that stands for the group. */
const struct qtc_format *qtc_group_objects(const struct qtc_parser *p);
/* One that stands for the group. */
const struct qtc_format *qtc_group_first(const struct qtc_parser *p);
/* One of the group writes functions' names as text. */
bool qtc_group_names(const struct qtc_parser *p);
/* One of the group writes a call's type before its name. */
bool qtc_group_types(const struct qtc_parser *p);
/* The opener is one that usually stands inside a block: the block's own is missing. */
bool qtc_group_skips(const struct qtc_parser *p, const char *opener);
/* The group has markers that end a block. */
bool qtc_group_closes(const struct qtc_parser *p);
/* The marker that ends at this node, or NULL. */
static inline const struct qtc_mark *qtc_mark_found(const struct qtc_mark_set *set, unsigned node)
{
    int id = set->find.nodes[node].id;
    return id < 0 ? NULL : (const struct qtc_mark *)(const void *)set->marks.data + id;
}

/* A longer one goes on with the next byte. */
static inline bool qtc_mark_longer(const struct qtc_mark_set *set, unsigned node, char next)
{
    return set->find.nodes[node].child != 0 && qtc_markers_child(&set->find, node, next) != 0;
}

/* Follows the bytes from in[i] on, i < n, along a marker of the group. *mark: the longest that
 * fits, ending before the index returned; NULL with p->node 0: none does; NULL otherwise: the
 * piece ends inside one. */
size_t qtc_mark_follow(struct qtc_parser *p, size_t i, const struct qtc_mark **mark);
void qtc_mark_set_free(struct qtc_mark_set *set);
/* Special tokens are no prose: <|tool_call_begin|>, <｜tool▁sep｜>, [TOOL_CALLS]. */
bool qtc_is_token(const char *marker);

/* ---- engine.c ----------------------------------------------------------- */

/* What was kept is text after all. Returns i. */
size_t qtc_fail(struct qtc_parser *p, size_t i, enum qtc_defect why);
/* Reads bytes once more that begin at `from`. Returns i. */
size_t qtc_again(struct qtc_parser *p, uint64_t from, struct qtc_bytes text, size_t i);
/* Reads the kept bytes [from, base + i) again, in `state`. Returns i. */
size_t qtc_replay(struct qtc_parser *p, uint64_t from, size_t i, enum qtc_state state);

/* ---- emit.c ------------------------------------------------------------- */

void qtc_emit(struct qtc_parser *p, enum qtc_event_kind kind, uint64_t end, struct qtc_bytes text);
/* The kept bytes as CONTENT, REASONING or FRAMING, up to base + i. */
void qtc_emit_held(struct qtc_parser *p, enum qtc_event_kind kind, size_t i);
void qtc_emit_call(struct qtc_parser *p, uint64_t end);
void qtc_emit_call_end(struct qtc_parser *p, uint64_t end, bool truncated);
void qtc_defect(struct qtc_parser *p, enum qtc_defect defect, struct qtc_bytes what);
/* Sends the arguments that are ready; `end`: the text that they took. */
void qtc_flush_args(struct qtc_parser *p, uint64_t end);
enum qtc_event_kind qtc_text_kind(const struct qtc_parser *p);
void qtc_trial_begin(struct qtc_parser *p, bool in_fence, size_t i);

void qtc_trial_commit(struct qtc_parser *p);
/* It is no call: the loop gives its text back behind this step. */
void qtc_trial_fail(struct qtc_parser *p, enum qtc_defect why);
void qtc_trial_drop(struct qtc_parser *p);

/* ---- text.c ------------------------------------------------------------- */

qtc_step qtc_step_text, qtc_step_text_mark, qtc_step_text_tag, qtc_step_label, qtc_step_suffix, qtc_step_tail;
/* The text ends where a marker may have begun. */
void qtc_text_cut(struct qtc_parser *p);
/* The kept bytes before `end`, unless a call stands before them, are text. */
void qtc_give_before(struct qtc_parser *p, uint64_t end, size_t i);
/* Bytes that are content without having been looked at: fences, lines. */
void qtc_text_note(struct qtc_parser *p, struct qtc_bytes text);
void qtc_text_begin(struct qtc_parser *p, bool after_call);

/* ---- structure.c -------------------------------------------------------- */

qtc_step qtc_step_block, qtc_step_fence, qtc_step_function, qtc_step_inner, qtc_step_after, qtc_step_tag,
    qtc_step_header, qtc_step_property;
/* The tag of a mark that begins at p->tag has been found, in p->origin; the piece
 * goes on at i. */
size_t qtc_structure(struct qtc_parser *p, const struct qtc_mark *mark, size_t i);
void qtc_block_begin(struct qtc_parser *p, const char *opener);
/* The marker that opens a block ends at base + i. */
size_t qtc_opener(struct qtc_parser *p, const struct qtc_mark *mark, size_t i);
/* A marker's first byte is at in[i]. */
size_t qtc_tag_begin(struct qtc_parser *p, size_t i);
void qtc_header_begin(struct qtc_parser *p, const struct qtc_mark *mark, size_t i);
/* One more byte of a header: 1 at its end, -1 where it cannot go on. */
int qtc_header_byte(struct qtc_parser *p, char c);
/* The next tool's tag, [tag, base + i), where the open call should have ended. */
size_t qtc_body_next(struct qtc_parser *p, size_t i);
/* A closing tag that was found with its end. */
bool qtc_tag_closed(const struct qtc_mark *mark);
/* What looked like markup has no place here. Returns i. */
size_t qtc_not_structure(struct qtc_parser *p, size_t i);

/* ---- name.c ------------------------------------------------------------- */

qtc_step qtc_step_name, qtc_step_name_gap, qtc_step_name_id, qtc_step_name_type;
/* A function's name that is plain text begins at in[i]. */
size_t qtc_name_begin(struct qtc_parser *p, size_t i);
/* The mark is the end of one, or of what stands behind it. */
size_t qtc_name_tag(struct qtc_parser *p, const struct qtc_mark *mark, size_t i);
bool qtc_name_char(char c);
/* The text ends in a function's name that is plain text, or right behind it. */
bool qtc_name_cut(struct qtc_parser *p);
/* The name in the inside of a function's or a parameter's tag, and the types that
 * it gives. False where there is none. */
struct qtc_tag {
    struct qtc_bytes name;
    unsigned flags; /* enum qtc_name_flag */
    unsigned types; /* enum qtc_type */
};
bool qtc_tag_read(const struct qtc_format *f, enum qtc_mark_kind kind, struct qtc_bytes inside,
                  struct qtc_tag *tag);
/* Whether the inside, not yet complete, may still become one. */
bool qtc_tag_open(const struct qtc_format *f, enum qtc_mark_kind kind, struct qtc_bytes inside);
/* The marker is whole: what follows it is text. Else its tag goes on, as "<function" does. */
bool qtc_tag_whole(const char *marker);
/* The text of an attribute: without entities, where the format has them. */
struct qtc_bytes qtc_name_plain(struct qtc_parser *p, const struct qtc_format *f, struct qtc_bytes name);
/* Takes a call's name as the model wrote it: without its prefix, its id apart. */
struct qtc_bytes qtc_name_set(struct qtc_parser *p, const struct qtc_format *f, struct qtc_bytes name);

/* ---- message.c ---------------------------------------------------------- */

qtc_step qtc_step_message;
/* mark NULL: the text begins inside the header. */
size_t qtc_message_begin(struct qtc_parser *p, const struct qtc_mark *mark, size_t i);
/* The header ends at p->tag, its closing marker at base + i. */
size_t qtc_message_header_end(struct qtc_parser *p, size_t i);
size_t qtc_message_tag(struct qtc_parser *p, const struct qtc_mark *mark, size_t i);
size_t qtc_message_close(struct qtc_parser *p, size_t i);

/* ---- body.c ------------------------------------------------------------- */

qtc_step qtc_step_body;
/* The format's functions hold elements or YAML. */
bool qtc_reads_body(const struct qtc_format *f);
/* Behind the function's opening tag. */
size_t qtc_body_begin(struct qtc_parser *p, size_t i);
/* A block's first element is the function's name: its tag, <NAME, has begun at p->tag. */
size_t qtc_body_element(struct qtc_parser *p, const struct qtc_mark *mark, size_t i);
/* It has no inside: the tag was closed at once. */
size_t qtc_body_end(struct qtc_parser *p, size_t i);
/* Behind <NAME, or NAME, of a tool; p->tag is where it begins. */
size_t qtc_tool_begin(struct qtc_parser *p, const struct qtc_mark *mark, size_t i);
qtc_step qtc_step_tool;
/* The text ends, and nothing of the call is missing. */
bool qtc_body_complete(const struct qtc_parser *p);
/* The text ends inside. */
void qtc_body_cut(struct qtc_parser *p);
/* Children of one name that waited, as a member of the arguments. */
void qtc_body_rest(struct qtc_parser *p);
/* Children of that name may be an array. */
bool qtc_body_joins(const struct qtc_parser *p, struct qtc_bytes name);
/* And the one in which the text ended, as far as it goes. */
void qtc_body_partial(struct qtc_parser *p);

/* ---- children.c --------------------------------------------------------- */

qtc_step qtc_step_children;
/* The text ends there. */
void qtc_children_cut(struct qtc_parser *p);
/* What waits for a decision there is text of the child; false: in none. */
bool qtc_body_limit(struct qtc_parser *p, size_t i);
/* A character was cut by the end of a piece, and is whole now. */
size_t qtc_body_tail(struct qtc_parser *p, size_t i);

/* ---- reader.c ----------------------------------------------------------- */

qtc_step qtc_step_reader;
/* Behind the bracket that opens the arguments of p->call. */
size_t qtc_reader_begin(struct qtc_parser *p, char bracket, size_t i);
/* The text ends inside the arguments. */
void qtc_reader_cut(struct qtc_parser *p);

/* ---- arguments.c -------------------------------------------------------- */

/* Begins a call of p->call.format whose markup so far ends at `end`. `certain`:
 * nothing can undo it any more. */
void qtc_call_begin(struct qtc_parser *p, struct qtc_bytes name, unsigned flags, bool certain, uint64_t end);
void qtc_call_commit(struct qtc_parser *p, uint64_t end);
/* Ends the open call: its text ends at `end`. */
void qtc_call_end(struct qtc_parser *p, uint64_t end, bool truncated);
/* A parameter's name is known, its value begins. */
/* `types`: what the markup says of it, 0: nothing. */
void qtc_parameter_begin(struct qtc_parser *p, struct qtc_bytes name, unsigned flags, unsigned types);
uint64_t qtc_hash_name(struct qtc_bytes name);
/* A whole member, its value as JSON. join: one that is there already goes before its elements. */
void qtc_parameter_json(struct qtc_parser *p, struct qtc_bytes name, struct qtc_bytes json, bool join);
/* <parameter> without a name: it comes as if it were the value. */
void qtc_parameter_unnamed(struct qtc_parser *p);
void qtc_value_data(struct qtc_parser *p, struct qtc_bytes text);
/* It can be no string, and what came of it is a whole number, boolean or null. */
bool qtc_value_is_scalar(const struct qtc_parser *p);
/* The value is complete. */
void qtc_value_end(struct qtc_parser *p);
/* A defect for each of the enum qtc_mended bits. */
void qtc_tell_mended(struct qtc_parser *p, unsigned mended);
/* hold_calls: lets go of a call that is too long to wait. */
void qtc_release(struct qtc_parser *p);
/* The text ends inside the value. */
void qtc_value_cut(struct qtc_parser *p);

/* ---- value.c ------------------------------------------------------------ */

qtc_step qtc_step_value, qtc_step_value_line, qtc_step_value_tag, qtc_step_value_header, qtc_step_value_name,
    qtc_step_cdata, qtc_step_follow, qtc_step_follow_tag, qtc_step_nest;
/* The text ends here, inside a value. True where text was read again: the state
 * that this led to ends too. */
bool qtc_value_finish(struct qtc_parser *p);
/* What was kept is the value's text. Returns i. */
size_t qtc_value_reject(struct qtc_parser *p, size_t i);

/* ---- call.c ------------------------------------------------------------- */

qtc_step qtc_step_json, qtc_step_json_tag, qtc_step_json_follow, qtc_step_array;
void qtc_object_begin(struct qtc_parser *p, const struct qtc_format *format, bool bare);
/* What looked like a marker, [tag, base + i), is part of the object's text. Returns i. */
size_t qtc_object_reject(struct qtc_parser *p, size_t i);
/* The text ends inside the object. */
void qtc_object_cut(struct qtc_parser *p);

#endif
