/* A call's JSON object: its name, its arguments, and what else it holds.
 *
 * The object is kept from its block's opener on until its name is known, since it
 * may be no call. The arguments go out as they come; before the name, they wait. */
#include "parse/parser.h"

/* The first byte of the marker that may end the object early. */
static char end_byte(const struct qtc_format *f, bool bare)
{
    const char *marker = bare && f->function_close != NULL ? f->function_close : f->close[0];
    if (marker == NULL) {
        marker = f->message_close[0];
    }
    if (marker == NULL && f->open[0] != NULL && f->open[0][0] == '<') {
        marker = f->open[0]; /* the next call's */
    }
    return marker == NULL ? '\0' : marker[0];
}

void qtc_object_begin(struct qtc_parser *p, const struct qtc_format *format, bool bare)
{
    struct qtc_object *o = &p->object;
    qtc_mend_reset(&o->mend, bare ? 0 : 1, end_byte(format, bare));
    o->reported = 0;
    o->bare = bare;
    o->mend.stop_bad = !bare; /* until it is known to be a call */
    o->role = bare ? QTC_KEY_ARGUMENTS : QTC_KEY_NONE;
    o->has_arguments = o->as_string = o->comma = o->named = o->rejected = false;
    o->scratch.len = o->text.len = 0;
    o->loose = p->text.bare;
    o->out = bare ? &p->args : &o->scratch;
    p->state = QTC_S_JSON;
    if (!bare) {
        p->call.id.len = 0;
        p->call.format = format;
        p->call.open = p->call.pending = p->call.inner = false;
        p->args.len = 0;
    }
}

/* ---- keys and values ---------------------------------------------------- */

static bool listed(const char *const *names, struct qtc_bytes key, size_t *at)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (qtc_bytes_is(key, names[i])) {
            *at = i;
            return true;
        }
    }
    return false;
}

/* The text of a JSON string that mend has written, decoded in its place. */
static struct qtc_bytes string_text(struct qtc_buf *json, struct qtc_buf *decoded)
{
    decoded->len = 0;
    if (json->len < 2 || json->data[0] != '"') {
        return qtc_bytes(NULL, 0);
    }
    qtc_json_unescape(decoded, qtc_bytes(json->data + 1, json->len - 2));
    return qtc_buf_bytes(decoded);
}

/* {"N": A}: the key is the name. */
static void name_by_key(struct qtc_parser *p, struct qtc_bytes key, uint64_t end)
{
    struct qtc_object *o = &p->object;
    o->role = QTC_KEY_OTHER;
    if (!p->call.open && key.len > 0) {
        qtc_call_begin(p, qtc_name_set(p, p->call.format, key), 0, true, end);
        p->call.whole = true;
        o->mend.stop_bad = false;
        o->role = QTC_KEY_ARGUMENTS;
    }
}

/* Without an opener an object is a call only if its keys are those of one. */
static bool is_usual(struct qtc_bytes key)
{
    static const char *const usual[] = {"type", "id", "function", "index"};
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        if (qtc_bytes_is(key, usual[i])) {
            return true;
        }
    }
    return false;
}

static const char *const usual_names[] = {"name", NULL};
static const char *const usual_arguments[] = {"arguments", "parameters",     "args",
                                              "input",     "tool_arguments", NULL};

static void classify(struct qtc_parser *p, struct qtc_bytes key)
{
    struct qtc_object *o = &p->object;
    const struct qtc_format *f = p->call.format;
    bool own = f->argument_keys[0] != NULL;
    size_t at = 0;
    o->role = QTC_KEY_OTHER;
    if (!o->named && listed(own ? f->name_keys : usual_names, key, &at)) {
        o->role = QTC_KEY_NAME;
    } else if (!o->has_arguments && listed(own ? f->argument_keys : usual_arguments, key, &at)) {
        o->role = QTC_KEY_ARGUMENTS;
        if (at > 1 && o->loose && p->options.format == NULL) {
            o->role = QTC_KEY_OTHER; /* too little to tell a call by */
        } else if (at > 1) {
            qtc_defect(p, QTC_D_ARGUMENT_KEY_ALIAS, key);
        }
    } else if (listed(f->id_keys, key, &at)) {
        o->role = QTC_KEY_ID;
    }
}

static void on_key(struct qtc_parser *p, uint64_t end)
{
    struct qtc_object *o = &p->object;
    const struct qtc_format *f = p->call.format;
    struct qtc_bytes key = string_text(&o->scratch, &o->text);
    if (f->body == QTC_BODY_JSON && f->name_keys[0] == NULL) {
        name_by_key(p, key, end);
    } else {
        classify(p, key);
    }
    if (o->loose && !p->call.open && o->role == QTC_KEY_OTHER && !is_usual(key)) {
        o->rejected = true;
    }
    o->scratch.len = o->text.len = 0;
}

/* The call that was only likely is one. */
static void certain(struct qtc_parser *p, uint64_t end)
{
    qtc_call_commit(p, end);
    p->call.whole = true;
    p->object.mend.stop_bad = false;
}

static void on_value(struct qtc_parser *p, uint64_t end)
{
    struct qtc_object *o = &p->object;
    char c = o->mend.first;
    o->as_string = o->role == QTC_KEY_ARGUMENTS && (c == '"' || c == '\'');
    if (o->role == QTC_KEY_NAME || o->role == QTC_KEY_ID || o->as_string) {
        o->text.len = 0;
        o->out = &o->text;
    } else if (o->role == QTC_KEY_ARGUMENTS) {
        o->out = &p->args;
    }
    o->has_arguments = o->has_arguments || o->role == QTC_KEY_ARGUMENTS;
    if (o->has_arguments && p->call.pending) {
        certain(p, end);
    }
}

static bool is_unknown(const struct qtc_parser *p, struct qtc_bytes name)
{
    return p->options.tools != NULL && qtc_tools_find(p->options.tools, name) == NULL;
}

/* Bare objects are no calls of unknown functions, unless they are the given format's
 * usual way with a marker that may be missing. */
static bool needs_tool(const struct qtc_parser *p)
{
    return p->options.format == NULL || p->options.format->open[0] == NULL;
}

static void on_name(struct qtc_parser *p, uint64_t end)
{
    struct qtc_object *o = &p->object;
    struct qtc_bytes name = qtc_bytes_trim(string_text(&o->text, &o->scratch));
    if (name.len == 0 || (o->loose && needs_tool(p) && is_unknown(p, name))) {
        o->rejected = o->loose;
        return;
    }
    unsigned flags = name.len < o->scratch.len ? (unsigned)QTC_NAME_SPACED : 0u;
    struct qtc_buf early = p->args; /* arguments that came before the name */
    p->args = (struct qtc_buf){0};
    o->named = true;
    qtc_call_begin(p, name, flags, !o->loose || o->has_arguments, end);
    p->call.whole = true;
    o->mend.stop_bad = p->call.pending;
    qtc_buf_free(&p->args);
    p->args = early;
}

/* The model's own id, if it comes before the name. */
static void on_id(struct qtc_parser *p)
{
    struct qtc_object *o = &p->object;
    bool quoted = o->text.len > 1 && o->text.data[0] == '"';
    struct qtc_bytes id = quoted ? string_text(&o->text, &o->scratch) : qtc_buf_bytes(&o->text);
    if (!o->named) {
        p->call.id.len = 0;
        qtc_buf_put(&p->call.id, id);
    }
}

/* Arguments in quotes: an object that was encoded twice, or a mere string. */
static void on_string_arguments(struct qtc_parser *p)
{
    struct qtc_object *o = &p->object;
    struct qtc_bytes inner = qtc_bytes_trim(string_text(&o->text, &o->scratch));
    if (inner.len == 0) {
        qtc_defect(p, QTC_D_ARGUMENTS_EMPTY, qtc_bytes(NULL, 0));
        qtc_buf_str(&p->args, "{}");
    } else if (inner.data[0] == '{' && qtc_json_valid(inner)) {
        qtc_defect(p, QTC_D_ARGUMENTS_DOUBLE_ENCODED, qtc_bytes(NULL, 0));
        qtc_buf_put(&p->args, inner);
    } else {
        qtc_defect(p, QTC_D_ARGUMENTS_NOT_OBJECT, qtc_bytes(NULL, 0));
        qtc_buf_put(&p->args, qtc_buf_bytes(&o->text));
    }
}

static void on_arguments(struct qtc_parser *p)
{
    struct qtc_object *o = &p->object;
    if (o->as_string) {
        on_string_arguments(p);
    } else if (o->mend.first == '{') {
        return;
    } else if (qtc_bytes_is(qtc_buf_bytes(&p->args), "null")) {
        qtc_defect(p, QTC_D_ARGUMENTS_NULL, qtc_bytes(NULL, 0));
        p->args.len = 0;
        qtc_buf_str(&p->args, "{}");
    } else if ((o->mend.found & QTC_MEND_NOT_JSON) == 0) {
        qtc_defect(p, QTC_D_ARGUMENTS_NOT_OBJECT, qtc_bytes(NULL, 0));
    }
}

/* The text that was looked at so far ends at `end`. */
static void on_value_end(struct qtc_parser *p, uint64_t end)
{
    struct qtc_object *o = &p->object;
    if (o->role == QTC_KEY_NAME) {
        on_name(p, end);
    } else if (o->role == QTC_KEY_ID) {
        on_id(p);
    } else if (o->role == QTC_KEY_ARGUMENTS) {
        on_arguments(p);
    }
    o->role = QTC_KEY_NONE;
    o->out = &o->scratch;
    o->scratch.len = 0;
}

/* ---- the object's end --------------------------------------------------- */

static void end_call(struct qtc_parser *p, size_t i)
{
    if (!p->object.has_arguments && !p->object.bare) {
        qtc_buf_str(&p->args, "{}");
    }
    qtc_call_end(p, qtc_pos(p, i), false);
    qtc_unmark(p);
    p->state = p->text.in_array ? QTC_S_ARRAY : QTC_S_AFTER;
}

/* The arguments of a function whose name came before them. */
static size_t end_arguments(struct qtc_parser *p, size_t i)
{
    on_arguments(p);
    p->call.whole = p->call.began = true;
    p->state = QTC_S_FUNCTION;
    if (p->call.format->function_close == NULL && p->call.format->close[0] == NULL) {
        end_call(p, i);
    }
    return i;
}

/* The object is no call. In an array, the next one may be. */
static size_t not_a_call(struct qtc_parser *p, size_t i)
{
    bool array = p->text.in_array && !p->trial.on;
    bool block = p->text.in_block, bare = p->text.bare;
    i = qtc_fail(p, i, QTC_D_NAME_MISSING);
    if (array && p->code == QTC_OK) {
        p->text.in_array = p->text.block_call = true;
        p->text.bare = bare;
        p->text.in_block = block;
        p->state = QTC_S_ARRAY;
    }
    return i;
}

static size_t on_closed(struct qtc_parser *p, size_t i)
{
    if (!p->call.open) {
        return not_a_call(p, i);
    }
    if (p->object.role == QTC_KEY_ARGUMENTS) { /* "arguments": } */
        qtc_defect(p, QTC_D_ARGUMENTS_EMPTY, qtc_bytes(NULL, 0));
        p->object.has_arguments = false;
    }
    end_call(p, i);
    return i;
}

/* ---- steps -------------------------------------------------------------- */

static void report(struct qtc_parser *p)
{
    struct qtc_object *o = &p->object;
    unsigned usual = p->call.format->python_spelling ? QTC_MEND_SINGLE_QUOTES | QTC_MEND_PYTHON : 0;
    unsigned found = o->mend.found & ~o->reported & ~usual;
    if (o->loose && !p->call.open) {
        return; /* braces in prose are none of ours */
    }
    if (found != 0) {
        qtc_tell_mended(p, found);
    }
    o->reported |= found;
}

static size_t on_angle(struct qtc_parser *p, size_t i)
{
    p->tag = qtc_pos(p, i);
    p->node = 0;
    p->state = QTC_S_JSON_TAG;
    if (p->call.open) {
        qtc_mark_at(p, i);
    }
    return i;
}

/* Once it is certain that this is a call, nothing of it has to be kept. */
static void let_go(struct qtc_parser *p)
{
    if (p->call.open) {
        qtc_unmark(p);
    }
}

/* What the last feed of the object led to. */
static size_t on_event(struct qtc_parser *p, size_t i)
{
    struct qtc_object *o = &p->object;
    report(p);
    if (o->role == QTC_KEY_OTHER) {
        o->scratch.len = 0;
    }
    switch (o->mend.event) {
    case QTC_MEND_KEY:
        on_key(p, qtc_pos(p, i));
        let_go(p);
        break;
    case QTC_MEND_VALUE:
        on_value(p, qtc_pos(p, i));
        let_go(p);
        break;
    case QTC_MEND_END:
        if (!o->bare) {
            on_value_end(p, qtc_pos(p, i));
            let_go(p);
            break;
        }
        return end_arguments(p, i);
    case QTC_MEND_CLOSED:
        return on_closed(p, i);
    case QTC_MEND_BAD:
        return not_a_call(p, i);
    case QTC_MEND_ANGLE:
    case QTC_MEND_NONE:
        break;
    }
    return o->rejected ? not_a_call(p, i) : i;
}

size_t qtc_step_json(struct qtc_parser *p, size_t i)
{
    struct qtc_object *o = &p->object;
    i += qtc_mend_feed(&o->mend, p->in + i, p->n - i, o->out);
    on_event(p, i);
    return o->mend.event == QTC_MEND_ANGLE ? on_angle(p, i) : i;
}

/* ---- markers in the object ---------------------------------------------- */

size_t qtc_object_reject(struct qtc_parser *p, size_t i)
{
    struct qtc_object *o = &p->object;
    struct qtc_buf again = {0};
    size_t used = 0;
    qtc_buf_put(&again, qtc_held_from(p, p->tag, i));
    if (p->call.open) {
        qtc_unmark(p);
    }
    p->state = QTC_S_JSON;
    while (used < again.len && p->state == QTC_S_JSON) {
        qtc_mend_pass(&o->mend);
        used += qtc_mend_feed(&o->mend, again.data + used, again.len - used, o->out);
        on_event(p, i);
    }
    p->code = again.failed ? QTC_NOMEM : p->code;
    qtc_buf_free(&again);
    return i;
}

/* The block ends inside the object: brackets are missing. */
static size_t on_marker(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    struct qtc_object *o = &p->object;
    bool open = o->mend.depth > 0;
    qtc_mend_finish(&o->mend, o->out, true);
    if (!o->bare && o->role > QTC_KEY_OTHER) {
        on_value_end(p, p->tag);
    }
    if (!p->call.open) {
        return qtc_fail(p, i, QTC_D_NAME_MISSING);
    }
    if (open) {
        qtc_defect(p, QTC_D_MISSING_BRACE, qtc_bytes(NULL, 0));
    }
    if (mark->kind == QTC_M_OPEN) {
        qtc_defect(p, QTC_D_NESTED_OPEN, qtc_bytes(NULL, 0));
    }
    p->call.whole = true;
    if (o->bare) {
        p->origin = QTC_S_FUNCTION;
        return qtc_structure(p, mark, i);
    }
    if (!o->has_arguments) {
        qtc_buf_str(&p->args, "{}");
    }
    qtc_call_end(p, p->tag, false);
    p->origin = QTC_S_AFTER;
    return qtc_structure(p, mark, i);
}

/* Behind a marker in a string. A closing marker, a raw line end and an opener are
 * no text of a string: it was never closed, and the next call must not be lost in it. */
static size_t leave_string(struct qtc_parser *p, size_t i)
{
    qtc_object_cut(p);
    qtc_call_end(p, p->tag, true);
    p->origin = QTC_S_AFTER;
    p->text.in_array = false;
    return qtc_replay(p, p->tag, i, QTC_S_AFTER);
}

size_t qtc_step_json_follow(struct qtc_parser *p, size_t i)
{
    struct qtc_object *o = &p->object;
    const char *open = p->opener;
    for (; i < p->n; i++) {
        char c = p->in[i];
        if (o->follow == 0 && qtc_is_blank(c)) {
            o->line = o->line || c == '\n';
            continue;
        }
        if (!o->line || c != open[o->follow]) {
            return qtc_object_reject(p, i);
        }
        if (open[++o->follow] == '\0') {
            return leave_string(p, i + 1);
        }
    }
    return i;
}

/* Markers that are no text of the object outside its strings. */
static bool ends_object(const struct qtc_parser *p, enum qtc_mark_kind kind)
{
    return kind == QTC_M_OPEN || kind == QTC_M_CLOSE || kind == QTC_M_MESSAGE_CLOSE || kind == QTC_M_HEADER ||
           (p->object.bare && (kind == QTC_M_END_FUNCTION || kind == QTC_M_FUNCTION || kind == QTC_M_SKIP));
}

static size_t on_tag(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    struct qtc_object *o = &p->object;
    bool ends = ends_object(p, mark->kind);
    if (!qtc_mend_in_string(&o->mend)) {
        return ends ? on_marker(p, mark, i) : qtc_object_reject(p, i);
    }
    if (ends) {
        qtc_defect(p, QTC_D_MARKER_IN_VALUE, qtc_str(mark->text));
    }
    if (mark->kind != QTC_M_CLOSE || !p->call.open) {
        return qtc_object_reject(p, i);
    }
    o->follow = 0;
    o->line = false;
    p->state = QTC_S_JSON_FOLLOW;
    return i;
}

size_t qtc_step_json_tag(struct qtc_parser *p, size_t i)
{
    const struct qtc_mark *mark;
    i = qtc_mark_follow(p, i, &mark);
    if (mark != NULL) {
        return on_tag(p, mark, i);
    }
    return p->node == 0 ? qtc_object_reject(p, i) : i;
}

/* ---- arrays of calls ---------------------------------------------------- */

static bool ends_junk(char c)
{
    return c == ',' || c == ']' || c == '{' || c == '<' || qtc_is_blank(c);
}

static size_t array_junk(struct qtc_parser *p, size_t i)
{
    size_t end = i + 1; /* a '<' that begins no marker is junk, too */
    while (end < p->n && !ends_junk(p->in[end])) {
        end++;
    }
    if (!p->call.inner && !p->text.bare) {
        qtc_defect(p, QTC_D_TEXT_INSIDE_WRAPPER, qtc_bytes(NULL, 0));
        p->call.inner = true;
    }
    qtc_emit_held(p, qtc_text_kind(p), end);
    p->text.block_call = p->object.junk = true;
    return end;
}

/* Between the calls of an array: commas and blanks; anything else is text. */
size_t qtc_step_array(struct qtc_parser *p, size_t i)
{
    qtc_mark_from(p, i);
    for (; i < p->n && (qtc_is_blank(p->in[i]) || p->in[i] == ','); i++) {
        p->object.comma = p->object.comma || p->in[i] == ',';
        p->object.junk = false;
    }
    if (i == p->n) {
        return i;
    }
    char c = p->in[i];
    if (p->object.junk && !ends_junk(c)) {
        return array_junk(p, i);
    }
    if (c == '{') {
        p->cand = p->text.block_call ? qtc_pos(p, i) : p->cand;
        qtc_object_begin(p, qtc_group_objects(p), false);
        return i;
    }
    if (qtc_name_char(c) && qtc_group_find(p, QTC_BODY_PYTHON) != NULL) {
        p->cand = p->text.block_call ? qtc_pos(p, i) : p->cand;
        p->object.comma = false;
        return qtc_name_begin(p, i);
    }
    if (!p->text.block_call) {
        return qtc_fail(p, i, QTC_D_STRAY_OPENER);
    }
    if (c == ']') {
        if (p->object.comma) {
            qtc_defect(p, QTC_D_TRAILING_COMMA, qtc_bytes(NULL, 0));
        }
        p->text.in_array = false;
        p->state = QTC_S_AFTER;
        qtc_emit_held(p, p->text.seen_call ? QTC_FRAMING : qtc_text_kind(p), i + 1);
        return i + 1;
    }
    if (p->tag_marks.find.first[(unsigned char)c]) {
        qtc_defect(p, QTC_D_MISSING_BRACE, qtc_bytes(NULL, 0));
        p->state = QTC_S_AFTER;
        return i;
    }
    p->object.comma = false;
    return array_junk(p, i);
}

/* The text ends inside the object. */
void qtc_object_cut(struct qtc_parser *p)
{
    struct qtc_object *o = &p->object;
    bool close = p->options.recover == QTC_RECOVER_LENIENT;
    qtc_mend_finish(&o->mend, o->out, close);
    if (o->role == QTC_KEY_ARGUMENTS && o->as_string) {
        qtc_buf_put(&p->args, qtc_buf_bytes(&o->text));
    } else if (!o->has_arguments && !o->bare && close) {
        qtc_buf_str(&p->args, "{}");
    }
    p->call.whole = true;
}
