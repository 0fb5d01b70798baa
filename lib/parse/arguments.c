/* A call's begin and end, and its parameters as members of one JSON object. */
#include "parse/parser.h"

#include <string.h>

/* Typed values wait until they are complete; a longer one goes out as a string. */
#define MAX_VALUE ((size_t)64 << 20)
/* hold_calls: how much of a call waits for its end. */
#define MAX_WAITING   ((size_t)64 << 10)
#define FIRST_BUCKETS 64
#define MAX_SCALAR    128 /* looked at again for each closing tag that may be quoted */

/* ---- a call's begin ----------------------------------------------------- */

static void tell_flags(struct qtc_parser *p, unsigned flags, struct qtc_bytes name)
{
    static const struct {
        unsigned flag;
        enum qtc_defect defect;
    } rows[] = {
        {QTC_NAME_QUOTED, QTC_D_QUOTED_NAME},
        {QTC_NAME_SPACED, QTC_D_SPACED_NAME},
        {QTC_NAME_ATTRIBUTE, QTC_D_NAME_ATTRIBUTE},
        {QTC_NAME_UNTERMINATED, QTC_D_MALFORMED_TAG},
    };
    for (size_t i = 0; flags != 0 && i < sizeof rows / sizeof rows[0]; i++) {
        if (flags & rows[i].flag) {
            qtc_defect(p, rows[i].defect, name);
        }
    }
}

void qtc_call_begin(struct qtc_parser *p, struct qtc_bytes name, unsigned flags, bool certain, uint64_t end)
{
    struct qtc_call *c = &p->call;
    c->name.len = 0;
    qtc_buf_put(&c->name, name);
    c->tool = qtc_tools_find(p->options.tools, qtc_buf_bytes(&c->name));
    c->flags = flags;
    c->began = c->whole = c->inner = c->released = c->has_key = false;
    c->wrapper = NULL;
    c->names.len = c->texts.len = c->members.len = 0;
    c->buckets.len = 0;
    c->open = false;
    c->pending = true;
    p->args.len = 0;
    if (certain) {
        qtc_call_commit(p, end);
    }
}

void qtc_call_commit(struct qtc_parser *p, uint64_t end)
{
    struct qtc_call *c = &p->call;
    c->pending = false;
    if (!p->text.in_block && c->format->open[0] != NULL) {
        qtc_defect(p, QTC_D_MISSING_OPEN, qtc_buf_bytes(&c->name));
    }
    if (p->options.format != NULL && c->format != p->options.format) {
        qtc_defect(p, QTC_D_FOREIGN_BODY, qtc_str(c->format->name));
    }
    tell_flags(p, c->flags, qtc_buf_bytes(&c->name));
    qtc_emit_call(p, end);
    c->open = true;
    if (p->mark != QTC_NO_MARK && p->mark < end) {
        qtc_mark_move(p, end);
    }
}

/* ---- a call's end ------------------------------------------------------- */

static bool unwrap(struct qtc_parser *p);
static void end_wrapper(struct qtc_parser *p);

static struct qtc_member *member_at(struct qtc_parser *p, size_t i)
{
    return (struct qtc_member *)(void *)p->call.members.data + i;
}

static size_t member_count(const struct qtc_parser *p)
{
    return p->call.members.len / sizeof(struct qtc_member);
}

/* A call's members wait in call.texts. */
static bool waits(const struct qtc_parser *p)
{
    return p->options.hold_calls && !p->call.released;
}

/* The members that stand, in the order of their names. */
static void compose(struct qtc_parser *p)
{
    for (size_t i = 0; i < member_count(p); i++) {
        const struct qtc_member *m = member_at(p, i);
        qtc_buf_byte(&p->args, i == 0 ? '{' : ',');
        qtc_buf_add(&p->args, p->call.texts.data + m->text, m->text_len);
    }
}

static void close_arguments(struct qtc_parser *p, bool truncated)
{
    bool close = !truncated || p->options.recover == QTC_RECOVER_LENIENT;
    if (p->call.whole || (!truncated && unwrap(p))) {
        return;
    }
    if (qtc_reads_body(p->call.format)) {
        qtc_body_rest(p);
    }
    end_wrapper(p);
    if (waits(p)) {
        compose(p);
    }
    if (truncated && qtc_reads_body(p->call.format)) {
        qtc_body_partial(p);
    }
    if (!p->call.began) {
        qtc_buf_byte(&p->args, '{');
    }
    if (close) {
        qtc_buf_byte(&p->args, '}');
    }
}

void qtc_call_end(struct qtc_parser *p, uint64_t end, bool truncated)
{
    if (p->call.pending) {
        qtc_call_commit(p, end);
    }
    close_arguments(p, truncated);
    qtc_flush_args(p, end);
    if (truncated) {
        qtc_defect(p, QTC_D_TRUNCATED_CALL, qtc_buf_bytes(&p->call.name));
    }
    qtc_emit_call_end(p, end, truncated);
    p->call.open = false;
    p->args.len = 0;
}

/* ---- parameters --------------------------------------------------------- */

uint64_t qtc_hash_name(struct qtc_bytes name)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < name.len; i++) {
        hash = (hash ^ (unsigned char)name.data[i]) * 1099511628211u;
    }
    return hash;
}

static bool same_name(struct qtc_parser *p, const struct qtc_member *m, uint64_t hash, struct qtc_bytes name)
{
    if (m->hash != hash || m->name_len != name.len) {
        return false;
    }
    return name.len == 0 || memcmp(p->call.names.data + m->name, name.data, name.len) == 0;
}

static size_t bucket_count(const struct qtc_parser *p)
{
    return p->call.buckets.len / sizeof(unsigned);
}

static unsigned *bucket_of(struct qtc_parser *p, uint64_t hash)
{
    return (unsigned *)(void *)p->call.buckets.data + (hash & (bucket_count(p) - 1));
}

static void link_member(struct qtc_parser *p, size_t i)
{
    struct qtc_member *m = member_at(p, i);
    unsigned *bucket = bucket_of(p, m->hash);
    m->next = *bucket;
    *bucket = (unsigned)i + 1;
}

/* As many buckets as members at least, so that each of very many is found at once. */
static void grow_buckets(struct qtc_parser *p)
{
    struct qtc_buf *buckets = &p->call.buckets;
    size_t size = buckets->len > 0 ? buckets->len * 2 : FIRST_BUCKETS * sizeof(unsigned);
    buckets->len = 0;
    char *room = qtc_buf_room(buckets, size);
    if (room == NULL) {
        return;
    }
    memset(room, 0, size);
    buckets->len = size;
    for (size_t i = 0; i < member_count(p); i++) {
        link_member(p, i);
    }
}

/* The member of that name, or SIZE_MAX. */
static size_t find_member(struct qtc_parser *p, uint64_t hash, struct qtc_bytes name)
{
    unsigned next = bucket_count(p) > 0 ? *bucket_of(p, hash) : 0;
    while (next != 0) {
        struct qtc_member *m = member_at(p, next - 1);
        if (same_name(p, m, hash, name)) {
            return next - 1;
        }
        next = m->next;
    }
    return SIZE_MAX;
}

static void add_member(struct qtc_parser *p, uint64_t hash, struct qtc_bytes name)
{
    struct qtc_member m = {.hash = hash, .name = p->call.names.len, .name_len = name.len};
    if (member_count(p) == bucket_count(p)) {
        grow_buckets(p);
    }
    qtc_buf_put(&p->call.names, name);
    qtc_buf_add(&p->call.members, (const char *)&m, sizeof m);
    if (p->call.names.failed || p->call.members.failed || p->call.buckets.failed) {
        p->code = QTC_NOMEM;
        return;
    }
    link_member(p, member_count(p) - 1);
}

/* Where the value's JSON goes. */
static struct qtc_buf *value_out(struct qtc_parser *p)
{
    return waits(p) ? &p->call.texts : &p->args;
}

static void write_key(struct qtc_parser *p, struct qtc_bytes name)
{
    struct qtc_buf *out = value_out(p);
    if (waits(p)) {
        p->value.start = out->len;
    } else {
        qtc_buf_byte(out, p->call.began ? ',' : '{');
    }
    p->call.began = true;
    qtc_json_string(out, name);
    qtc_buf_byte(out, ':');
}

static unsigned parameter_types(struct qtc_parser *p, struct qtc_bytes name)
{
    const struct qtc_tool *tool = p->call.tool;
    const struct qtc_param *param = qtc_tool_param(tool, name);
    if (tool != NULL && param == NULL && tool->schema != NULL) {
        qtc_defect(p, QTC_D_UNDECLARED_PARAMETER, name);
    }
    return param == NULL ? 0 : param->types;
}

static char tag_lead(const struct qtc_format *f)
{
    return f->parameter_close == NULL ? '<' : f->parameter_close[0];
}

static void open_value(struct qtc_parser *p, unsigned types)
{
    struct qtc_value *v = &p->value;
    v->types = types;
    v->guess = types == 0 && (p->call.format->json_values || p->options.recover == QTC_RECOVER_LENIENT);
    v->first = true;
    v->naming = false;
    v->lead = tag_lead(p->call.format);
    v->text.len = 0;
    bool waits = (types & ~(unsigned)QTC_T_STRING) != 0 || v->guess;
    v->mode = waits ? QTC_VALUE_BUFFER : QTC_VALUE_STREAM;
    p->state = QTC_S_VALUE;
}

/* The value that is open is the last member's, or none is. */
static bool last_is_open(struct qtc_parser *p)
{
    enum qtc_state state = p->state == QTC_S_TAIL ? p->tail_state : p->state;
    bool reads = (state >= QTC_S_VALUE && state <= QTC_S_NEST) || state == QTC_S_BODY;
    return reads && p->value.mode != QTC_VALUE_SKIP && !p->value.naming;
}

void qtc_release(struct qtc_parser *p)
{
    struct qtc_call *c = &p->call;
    size_t count = member_count(p);
    if (!waits(p) || c->whole || c->texts.len <= MAX_WAITING || c->members.failed || count == 0) {
        return;
    }
    if (last_is_open(p)) {
        struct qtc_member *last = member_at(p, count - 1);
        if (p->value.member + 1 != count || last->closed) {
            return; /* it stands in for an earlier one: not before its end */
        }
        last->text = p->value.start;
        last->text_len = c->texts.len - p->value.start;
    }
    compose(p);
    c->released = true;
    qtc_buf_free(&c->texts);
}

/* The schema decides; what the markup says counts where the schema says nothing: that
 * the value is a string, or else that it is JSON. */
static unsigned chosen_types(struct qtc_parser *p, struct qtc_bytes name, unsigned types)
{
    unsigned declared = parameter_types(p, name);
    unsigned marked = types == 0 || (types & QTC_T_STRING) ? types : QTC_T_ANY & ~(unsigned)QTC_T_STRING;
    return declared != 0 ? declared : marked;
}

/* The parameter is one of the call's, in its place among them. */
static void begin_member(struct qtc_parser *p, struct qtc_bytes name, unsigned types)
{
    uint64_t hash = qtc_hash_name(name);
    size_t member = find_member(p, hash, name);
    open_value(p, chosen_types(p, name, types));
    if (member != SIZE_MAX) {
        qtc_defect(p, QTC_D_DUPLICATE_PARAMETER, name);
    } else {
        add_member(p, hash, name);
        member = member_count(p) - 1;
    }
    if (p->code != QTC_OK) {
        p->value.mode = QTC_VALUE_SKIP;
        return;
    }
    bool repeated = member + 1 < member_count(p) || member_at(p, member)->closed;
    p->value.member = member;
    if (repeated && !waits(p)) {
        p->value.mode = QTC_VALUE_SKIP;
        return;
    }
    write_key(p, name);
    if (p->value.mode == QTC_VALUE_STREAM) {
        qtc_buf_byte(value_out(p), '"');
    }
}

/* ---- a parameter that may be all arguments ------------------------------- */

/* A call's first parameter, of a wrapper's name, which the tool does not have. */
static const char *wrapper_named(const struct qtc_parser *p, struct qtc_bytes name)
{
    const struct qtc_call *c = &p->call;
    const char *const *known = c->format->wrappers;
    if (c->began || c->tool == NULL || c->tool->param_count == 0 || qtc_tool_param(c->tool, name) != NULL) {
        return NULL;
    }
    while (*known != NULL && !qtc_bytes_is(name, *known)) {
        known++;
    }
    return *known;
}

static void begin_wrapper(struct qtc_parser *p, const char *name, unsigned types)
{
    open_value(p, types);
    p->call.wrapper = name;
    p->value.mode = QTC_VALUE_BUFFER;
}

/* It is a parameter as others are. What has come of its value goes where theirs goes. */
static void as_parameter(struct qtc_parser *p)
{
    struct qtc_value *v = &p->value;
    struct qtc_buf text = v->text;
    enum qtc_state state = p->state;
    struct qtc_bytes name = qtc_str(p->call.wrapper);
    p->call.wrapper = NULL;
    v->text = (struct qtc_buf){.failed = text.failed};
    begin_member(p, name, v->types);
    v->first = false;
    p->state = state;
    qtc_value_data(p, qtc_buf_bytes(&text));
    qtc_buf_free(&text);
}

/* A further parameter comes, or the text's end: all of the arguments it is not. */
static void end_wrapper(struct qtc_parser *p)
{
    if (p->call.wrapper != NULL) {
        as_parameter(p);
        qtc_value_end(p);
    }
}

/* The value is complete: an object whose keys are all the tool's. */
static bool holds_arguments(struct qtc_parser *p)
{
    struct qtc_arena arena = {0};
    struct qtc_error error;
    const struct qtc_json *value =
        qtc_json_read(&arena, qtc_bytes_trim(qtc_buf_bytes(&p->value.text)), &error);
    bool holds = qtc_json_type_of(value) == QTC_JSON_OBJECT;
    for (const struct qtc_json *m = holds ? value->first : NULL; m != NULL && holds; m = m->next) {
        holds = qtc_tool_param(p->call.tool, m->key) != NULL;
    }
    qtc_arena_free(&arena);
    return holds;
}

/* The call ends, and nothing else came: these are its arguments. */
static bool unwrap(struct qtc_parser *p)
{
    if (p->call.wrapper == NULL) {
        return false;
    }
    qtc_defect(p, QTC_D_ARGUMENTS_DOUBLE_ENCODED, qtc_str(p->call.wrapper));
    p->call.wrapper = NULL;
    qtc_buf_put(&p->args, qtc_bytes_trim(qtc_buf_bytes(&p->value.text)));
    return true;
}

void qtc_parameter_begin(struct qtc_parser *p, struct qtc_bytes name, unsigned flags, unsigned types)
{
    qtc_release(p); /* so that what follows does not depend on how the text was cut */
    end_wrapper(p);
    tell_flags(p, flags, name);
    p->value.nameless = p->value.naming;
    const char *wrapper = wrapper_named(p, name);
    if (wrapper != NULL) {
        begin_wrapper(p, wrapper, types);
    } else {
        begin_member(p, name, types);
    }
}

/* hold_calls: this is the parameter's text now. */
static void keep_member(struct qtc_parser *p)
{
    if (p->call.members.failed || p->value.mode == QTC_VALUE_SKIP) {
        return;
    }
    struct qtc_member *m = member_at(p, p->value.member);
    m->closed = true;
    if (waits(p)) {
        m->text = p->value.start;
        m->text_len = p->call.texts.len - p->value.start;
    }
}

/* The elements of two arrays, as one. */
static void put_joined(struct qtc_buf *out, struct qtc_bytes a, struct qtc_bytes b)
{
    bool comma = qtc_bytes_trim(qtc_bytes(a.data + 1, a.len - 2)).len > 0 &&
                 qtc_bytes_trim(qtc_bytes(b.data + 1, b.len - 2)).len > 0;
    qtc_buf_add(out, a.data, a.len - 1);
    qtc_buf_str(out, comma ? "," : "");
    qtc_buf_add(out, b.data + 1, b.len - 1);
}

static bool is_array(struct qtc_bytes json)
{
    return json.len > 1 && json.data[0] == '[' && json.data[json.len - 1] == ']';
}

/* The value of a member that waits in call.texts. */
static struct qtc_bytes waiting_value(struct qtc_parser *p, const struct qtc_member *m, size_t key_len)
{
    size_t skip = m->text_len < key_len ? m->text_len : key_len;
    return qtc_bytes(p->call.texts.data + m->text + skip, m->text_len - skip);
}

void qtc_parameter_json(struct qtc_parser *p, struct qtc_bytes name, struct qtc_bytes json, bool join)
{
    qtc_release(p);
    uint64_t hash = qtc_hash_name(name);
    size_t member = find_member(p, hash, name);
    bool found = member != SIZE_MAX;
    if (found && !(join && waits(p))) {
        qtc_defect(p, QTC_D_DUPLICATE_PARAMETER, name);
    } else if (!found) {
        add_member(p, hash, name);
        member = member_count(p) - 1;
    }
    if (p->code != QTC_OK || (found && !waits(p))) {
        return;
    }
    p->value.member = member;
    p->value.mode = QTC_VALUE_BUFFER;
    size_t key = value_out(p)->len;
    write_key(p, name);
    struct qtc_bytes old = {0};
    struct qtc_buf copy = {0};
    if (found && member_at(p, member)->closed) {
        old = waiting_value(p, member_at(p, member), value_out(p)->len - key);
    }
    if (join && is_array(old) && is_array(json)) {
        put_joined(&copy, old, json);
        qtc_buf_put(value_out(p), qtc_buf_bytes(&copy));
    } else {
        qtc_buf_put(value_out(p), json);
    }
    value_out(p)->failed |= copy.failed;
    qtc_buf_free(&copy);
    keep_member(p);
    p->value.mode = QTC_VALUE_SKIP;
}

void qtc_parameter_unnamed(struct qtc_parser *p)
{
    struct qtc_value *v = &p->value;
    end_wrapper(p);
    v->mode = QTC_VALUE_BUFFER;
    v->types = 0;
    v->guess = false;
    v->first = v->nameless = false;
    v->naming = true;
    v->lead = tag_lead(p->call.format);
    v->text.len = 0;
    p->state = QTC_S_VALUE;
}

/* ---- values ------------------------------------------------------------- */

/* It can only be a string any more: what waited goes out. */
static void stream_value(struct qtc_parser *p)
{
    struct qtc_buf *out = value_out(p);
    p->value.mode = QTC_VALUE_STREAM;
    qtc_buf_byte(out, '"');
    qtc_json_escape(out, qtc_buf_bytes(&p->value.text));
    p->value.text.len = 0;
}

/* More of a wrapper's value: it is none where no object begins, or a very long one. */
static void wrapper_data(struct qtc_parser *p, struct qtc_bytes text)
{
    struct qtc_buf *held = &p->value.text;
    qtc_buf_put(held, text);
    struct qtc_bytes begin = qtc_bytes_trim(qtc_bytes(held->data, held->len < 64 ? held->len : 64));
    if (held->len > MAX_VALUE || (begin.len > 0 && begin.data[0] != '{') ||
        (begin.len == 0 && held->len >= 64)) {
        as_parameter(p);
    }
}

void qtc_value_data(struct qtc_parser *p, struct qtc_bytes text)
{
    struct qtc_value *v = &p->value;
    if (p->call.wrapper != NULL) {
        wrapper_data(p, text);
        return;
    }
    if (v->mode == QTC_VALUE_STREAM) {
        qtc_json_escape(value_out(p), text);
    } else if (v->mode == QTC_VALUE_BUFFER) {
        qtc_buf_put(&v->text, text);
        bool string = v->types == 0 || (v->types & QTC_T_STRING) != 0;
        if (v->naming) {
            return;
        }
        if (v->text.len > MAX_VALUE) {
            qtc_defect(p, QTC_D_LIMIT_PASSED, qtc_bytes(NULL, 0));
            stream_value(p);
        } else if (string && !qtc_typed_open(qtc_buf_bytes(&v->text), v->types, v->guess)) {
            stream_value(p);
        }
    }
}

void qtc_tell_mended(struct qtc_parser *p, unsigned mended)
{
    for (unsigned bit = 0; bit < QTC_MEND_BITS; bit++) {
        if (mended >> bit & 1) {
            qtc_defect(p, qtc_mend_defect(bit), qtc_bytes(NULL, 0));
        }
    }
}

/* A value that can be no string holds no tags: <value>0.8</value> is 0.8. */
static struct qtc_bytes without_element(const struct qtc_value *v)
{
    static const char open[] = "<value>", close[] = "</value>";
    struct qtc_bytes text = qtc_buf_bytes(&v->text), inner = qtc_bytes_trim(text);
    size_t head = sizeof open - 1, tail = sizeof close - 1;
    if (v->types == 0 || (v->types & QTC_T_STRING) != 0 || inner.len < head + tail ||
        memcmp(inner.data, open, head) != 0 || memcmp(inner.data + inner.len - tail, close, tail) != 0) {
        return text;
    }
    return qtc_bytes(inner.data + head, inner.len - head - tail);
}

bool qtc_value_is_scalar(const struct qtc_parser *p)
{
    const struct qtc_value *v = &p->value;
    bool mismatch;
    unsigned mended;
    if (v->mode != QTC_VALUE_BUFFER || v->types == 0 || (v->types & QTC_T_STRING) != 0 ||
        v->text.len > MAX_SCALAR || p->call.wrapper != NULL) {
        return false;
    }
    struct qtc_bytes text = qtc_bytes_trim(without_element(v));
    if (text.len == 0 || text.data[0] == '{' || text.data[0] == '[') {
        return false;
    }
    struct qtc_buf out = {0};
    qtc_typed(&out, text, v->types, false, &mismatch, &mended);
    bool scalar = out.len > 0 && out.data[0] != '"';
    qtc_buf_free(&out);
    return scalar;
}

static void write_typed(struct qtc_parser *p)
{
    struct qtc_value *v = &p->value;
    bool mismatch;
    unsigned mended;
    struct qtc_bytes text = without_element(v);
    if (text.len < v->text.len) {
        qtc_defect(p, QTC_D_MALFORMED_TAG, qtc_str("<value>"));
    }
    qtc_typed(value_out(p), text, v->types, v->guess, &mismatch, &mended);
    qtc_tell_mended(p, mended);
    if (mismatch) {
        qtc_defect(p, QTC_D_TYPE_MISMATCH, qtc_buf_bytes(&v->text));
    }
    v->text.len = 0;
}

/* <parameter> without a name, and then no value either: the text has no key. */
static void name_by_nothing(struct qtc_parser *p)
{
    struct qtc_buf text = p->value.text;
    p->value.text = (struct qtc_buf){.failed = text.failed};
    qtc_defect(p, QTC_D_MALFORMED_TAG, qtc_buf_bytes(&text));
    qtc_parameter_begin(p, qtc_bytes("", 0), 0, 0);
    qtc_value_data(p, qtc_buf_bytes(&text));
    qtc_buf_free(&text);
}

void qtc_value_end(struct qtc_parser *p)
{
    struct qtc_value *v = &p->value;
    if (v->naming) {
        name_by_nothing(p);
    }
    if (p->call.wrapper != NULL && holds_arguments(p)) {
        v->close.len = 0;
        v->mode = QTC_VALUE_SKIP;
        return;
    }
    if (p->call.wrapper != NULL) {
        as_parameter(p);
    }
    if (v->mode == QTC_VALUE_STREAM) {
        qtc_buf_byte(value_out(p), '"');
    } else if (v->mode == QTC_VALUE_BUFFER) {
        write_typed(p);
    }
    keep_member(p);
    v->close.len = 0;
    v->mode = QTC_VALUE_SKIP;
}

/* What a cut value says so far; its JSON stays open. */
static void write_cut(struct qtc_parser *p)
{
    struct qtc_value *v = &p->value;
    struct qtc_bytes text = qtc_bytes_trim(qtc_buf_bytes(&v->text));
    if (v->types & QTC_T_STRING) {
        qtc_buf_byte(value_out(p), '"');
        qtc_json_escape(value_out(p), qtc_buf_bytes(&v->text));
    } else {
        qtc_buf_put(value_out(p), text);
    }
}

void qtc_value_cut(struct qtc_parser *p)
{
    struct qtc_value *v = &p->value;
    if (p->call.wrapper != NULL && v->mode != QTC_VALUE_SKIP) {
        as_parameter(p);
    }
    if (v->naming || v->mode == QTC_VALUE_SKIP || (waits(p) && member_at(p, v->member)->closed)) {
        return;
    }
    if (p->options.recover == QTC_RECOVER_LENIENT) {
        qtc_value_end(p);
        return;
    }
    if (v->mode == QTC_VALUE_BUFFER) {
        write_cut(p);
    }
    keep_member(p);
}
