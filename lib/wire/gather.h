/* gather.h - what a response holds, choice by choice, as JSON text. Private to this room. */
#ifndef QTC_GATHER_H
#define QTC_GATHER_H

#include "wire/fields.h"
#include "wire/wire.h"

/* Texts are escaped as they arrive; what may be the beginning of a character
 * waits in a tail for the rest of it. */
struct qtc_piecewise {
    struct qtc_buf json; /* the inside of a JSON string */
    struct qtc_buf tail;
};

void qtc_piecewise_add(struct qtc_piecewise *p, struct qtc_bytes text);
void qtc_piecewise_end(struct qtc_piecewise *p); /* escapes the tail, too */
void qtc_piecewise_clear(struct qtc_piecewise *p);
void qtc_piecewise_free(struct qtc_piecewise *p);

struct qtc_gathered {
    unsigned choice;
    struct qtc_piecewise content, reasoning;
    struct qtc_piecewise calls; /* call objects, joined by commas; the last one may be open */
    bool in_call;
    struct qtc_fields call_fields; /* of the open call, or of the next one */
    struct qtc_fields message_fields, choice_fields, logprobs;
    enum qtc_finish reason;
};

/* Starts as {0}. The choices that were seen, by number. */
struct qtc_gather {
    struct qtc_gathered **choices;
    size_t count, cap;
    struct qtc_arena arena; /* of the object that is being taken apart */
};

/* NULL when memory ends. */
struct qtc_gathered *qtc_gather_choice(struct qtc_gather *g, unsigned choice);
/* CONTENT, REASONING, CALL, ARGS, CALL_END, FINISH, and OTHER as far as it belongs to a choice; the rest is
 * passed over. false when memory ends. */
bool qtc_gather_event(struct qtc_gather *g, const struct qtc_event *event);
/* Closes calls that are still open, as truncated ones. */
void qtc_gather_end(struct qtc_gather *g);
/* No choices; memory is given back. */
void qtc_gather_free(struct qtc_gather *g);

/* Takes over the members of an object that is JSON text, as OTHER events have it. false when memory ends. */
bool qtc_gather_fields(struct qtc_gather *g, struct qtc_fields *to, struct qtc_bytes json,
                       enum qtc_fields_rule rule);

/* {"id":…,"type":"function","function":{"name":…,"arguments":" and its end */
void qtc_gathered_call_open(struct qtc_gathered *c, const struct qtc_event *event);
void qtc_gathered_call_close(struct qtc_gathered *c, bool truncated);
/* {"role":"assistant","content":…,"reasoning_content":…,"tool_calls":[…]} */
void qtc_gathered_message(struct qtc_buf *out, const struct qtc_gathered *c);
/* {"index":…,"message":…,"finish_reason":…} */
void qtc_gathered_choice(struct qtc_buf *out, const struct qtc_gathered *c);
/* Memory ended somewhere. */
bool qtc_gathered_failed(const struct qtc_gathered *c);

#endif
