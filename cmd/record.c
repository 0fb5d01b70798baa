#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "commands.h"

#define LANES 8 /* sets of options that are kept */

/* What a record says, read and checked. */
struct record {
    const char *line;          /* that it was read from */
    const struct qtc_json *id; /* NULL: none */
    const struct qtc_json *text, *chunks;
    struct qtc_bytes tools; /* JSON; data NULL: the default ones */
    struct qtc_bytes row;   /* JSON: a format of its own; data NULL: `format` */
    const struct qtc_format *format, *likely;
    bool starts_in_reasoning;
    enum qtc_reasoning reasoning;
};

/* A stream, and the options that it was made for: making one costs more than a small record. */
struct lane {
    struct qtc_stream *stream; /* NULL: free */
    const struct qtc_format *format, *likely;
    bool starts_in_reasoning;
    enum qtc_reasoning reasoning;
    struct qtc_buf tools_text, row_text; /* of the record, what these were read from; */
    struct qtc_tools *tools;             /* NULL: it had none */
    struct qtc_format *row;
    uint64_t used; /* when last */
};

struct qtc_recorder {
    struct qtc_stream_options defaults;
    struct lane lanes[LANES];
    uint64_t clock;
    struct qtc_arena arena;
    struct qtc_buf message; /* what is wrong with the record */
    uint64_t column;
    struct qtc_buf seed; /* what ids are made from, where the record has no id */
    /* what the record gave, as insides of JSON */
    struct qtc_buf content, reasoning, calls, defects;
    unsigned char told[QTC_DEFECTS];
    bool any_defect;
    enum qtc_finish finish;
};

/* ---- the stream's events ------------------------------------------------------ */

static void begin_call(struct qtc_recorder *r, const struct qtc_event *event)
{
    qtc_buf_str(&r->calls, r->calls.len > 0 ? ",{\"id\":" : "{\"id\":");
    qtc_json_string(&r->calls, event->id);
    qtc_buf_str(&r->calls, ",\"type\":\"function\",\"function\":{\"name\":");
    qtc_json_string(&r->calls, event->name);
    qtc_buf_str(&r->calls, ",\"arguments\":\"");
}

static void add_defect(struct qtc_recorder *r, enum qtc_defect defect)
{
    const struct qtc_defect_info *info = qtc_defect_info(defect);

    if (r->told[defect]) {
        return;
    }
    r->told[defect] = 1;
    r->any_defect = r->any_defect || info->severity != QTC_INFO;
    qtc_buf_str(&r->defects, r->defects.len > 0 ? ",\"" : "\"");
    qtc_buf_str(&r->defects, info->slug);
    qtc_buf_byte(&r->defects, '"');
}

static bool on_event(void *ctx, const struct qtc_event *event)
{
    struct qtc_recorder *r = ctx;

    switch (event->kind) {
    case QTC_CONTENT:
        qtc_json_escape(&r->content, event->text);
        break;
    case QTC_REASONING:
        qtc_json_escape(&r->reasoning, event->text);
        break;
    case QTC_CALL:
        begin_call(r, event);
        break;
    case QTC_ARGS:
        qtc_json_escape(&r->calls, event->text);
        break;
    case QTC_CALL_END:
        qtc_buf_str(&r->calls, event->truncated ? "\"},\"truncated\":true}" : "\"}}");
        break;
    case QTC_FINISH:
        r->finish = event->reason;
        break;
    case QTC_DEFECT:
        add_defect(r, event->defect);
        break;
    default:
        break;
    }
    return !r->content.failed && !r->reasoning.failed && !r->calls.failed;
}

/* ---- what is wrong --------------------------------------------------------------- */

static bool wrong(struct qtc_recorder *r, const char *message)
{
    qtc_buf_clear(&r->message);
    qtc_buf_str(&r->message, message);
    return false;
}

/* `NAME: unknown value "VALUE" (did you mean "NEAREST"?)` */
static bool unknown(struct qtc_recorder *r, const char *name, struct qtc_bytes value, const char *nearest)
{
    wrong(r, name);
    qtc_buf_str(&r->message, ": unknown value ");
    qtc_json_string(&r->message, value);
    if (nearest) {
        qtc_buf_str(&r->message, " (did you mean \"");
        qtc_buf_str(&r->message, nearest);
        qtc_buf_str(&r->message, "\"?)");
    }
    return false;
}

/* ---- reading a record -------------------------------------------------------------- */

/* As a terminated string; false where it is too long for a name. */
static bool short_name(char *name, size_t size, struct qtc_bytes text)
{
    if (text.len >= size || memchr(text.data, '\0', text.len)) {
        return false;
    }
    memcpy(name, text.data, text.len);
    name[text.len] = '\0';
    return true;
}

static bool read_format(struct qtc_recorder *r, struct record *record, const struct qtc_json *value)
{
    char name[64];

    if (value->type == QTC_JSON_OBJECT) {
        record->row = value->raw;
        return true;
    }
    if (value->type != QTC_JSON_STRING) {
        return wrong(r, "format: neither a name nor a format's description");
    }
    if (!short_name(name, sizeof name, value->text)) {
        return unknown(r, "format", value->text, NULL);
    }
    record->format = strcmp(name, "auto") == 0 ? NULL : qtc_format_find(name);
    if (!record->format && strcmp(name, "auto") != 0) {
        return unknown(r, "format", value->text, qtc_cli_nearest(name, qtc_format_name_at));
    }
    return true;
}

static bool read_model(struct qtc_recorder *r, struct record *record, const struct qtc_json *value)
{
    record->likely = value->type == QTC_JSON_STRING ? qtc_format_of_model(value->text) : NULL;
    return value->type == QTC_JSON_STRING || wrong(r, "model: not a string");
}

static bool read_reasoning(struct qtc_recorder *r, struct record *record, const struct qtc_json *value)
{
    static const struct {
        const char *name;
        enum qtc_reasoning reasoning;
    } modes[] = {
        {"split", QTC_REASONING_SPLIT}, {"drop", QTC_REASONING_DROP}, {"inline", QTC_REASONING_INLINE}};

    if (value->type != QTC_JSON_STRING) {
        return wrong(r, "reasoning: not a string");
    }
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (qtc_bytes_is(value->text, modes[i].name)) {
            record->reasoning = modes[i].reasoning;
            return true;
        }
    }
    return unknown(r, "reasoning", value->text, NULL);
}

static bool read_starts(struct qtc_recorder *r, struct record *record, const struct qtc_json *value)
{
    record->starts_in_reasoning = value->type == QTC_JSON_TRUE;
    return record->starts_in_reasoning || value->type == QTC_JSON_FALSE ||
           wrong(r, "starts_in_reasoning: neither true nor false");
}

/* Data sets often hold the tools as JSON in a string. */
static bool read_tools(struct qtc_recorder *r, struct record *record, const struct qtc_json *value)
{
    (void)r;
    record->tools = value->type == QTC_JSON_STRING ? value->text : value->raw;
    return true;
}

static bool read_text(struct qtc_recorder *r, struct record *record, const struct qtc_json *value)
{
    record->text = value;
    return value->type == QTC_JSON_STRING || wrong(r, "text: not a string");
}

static bool read_chunks(struct qtc_recorder *r, struct record *record, const struct qtc_json *value)
{
    record->chunks = value;
    if (value->type != QTC_JSON_ARRAY) {
        return wrong(r, "chunks: not an array of strings");
    }
    for (const struct qtc_json *c = value->first; c; c = c->next) {
        if (c->type != QTC_JSON_STRING) {
            return wrong(r, "chunks: not an array of strings");
        }
    }
    return true;
}

static bool read_id(struct qtc_recorder *r, struct record *record, const struct qtc_json *value)
{
    (void)r;
    record->id = value;
    return true;
}

/* The id comes first: what is wrong with the others goes out under it. */
static const struct {
    const char *key;
    bool (*read)(struct qtc_recorder *r, struct record *record, const struct qtc_json *value);
} members[] = {
    {"id", read_id},
    {"format", read_format},
    {"model", read_model},
    {"tools", read_tools},
    {"starts_in_reasoning", read_starts},
    {"reasoning", read_reasoning},
    {"text", read_text},
    {"chunks", read_chunks},
};

/* null is as good as absent. */
static bool read_members(struct qtc_recorder *r, struct record *record, const struct qtc_json *node)
{
    if (node->type != QTC_JSON_OBJECT) {
        return wrong(r, "not a JSON object");
    }
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const struct qtc_json *value = qtc_json_get(node, members[i].key);

        if (value && value->type != QTC_JSON_NULL && !members[i].read(r, record, value)) {
            return false;
        }
    }
    if (!record->text == !record->chunks) {
        return wrong(r, record->text ? "both text and chunks" : "neither text nor chunks");
    }
    return true;
}

/* ---- lanes --------------------------------------------------------------------------- */

static void lane_free(struct lane *lane)
{
    qtc_stream_free(lane->stream);
    qtc_tools_free(lane->tools);
    qtc_format_free(lane->row);
    qtc_buf_free(&lane->tools_text);
    qtc_buf_free(&lane->row_text);
    *lane = (struct lane){0};
}

static bool same_text(bool own, const struct qtc_buf *text, struct qtc_bytes given)
{
    return own == (given.data != NULL) && (!own || qtc_bytes_equal(qtc_buf_bytes(text), given));
}

static bool lane_fits(const struct lane *lane, const struct record *record)
{
    return lane->stream && lane->format == record->format && lane->likely == record->likely &&
           lane->starts_in_reasoning == record->starts_in_reasoning && lane->reasoning == record->reasoning &&
           same_text(lane->tools != NULL, &lane->tools_text, record->tools) &&
           same_text(lane->row != NULL, &lane->row_text, record->row);
}

static bool lane_tools(struct qtc_recorder *r, struct lane *lane, const struct record *record, bool *nomem)
{
    struct qtc_error error = {0};

    if (!record->tools.data) {
        return true;
    }
    qtc_buf_put(&lane->tools_text, record->tools);
    lane->tools = qtc_tools_read(record->tools, &error);
    *nomem = lane->tools_text.failed || (!lane->tools && error.code == QTC_NOMEM);
    if (!lane->tools) {
        wrong(r, "tools: ");
        qtc_buf_str(&r->message, error.message);
    }
    return lane->tools && !*nomem;
}

static bool lane_row(struct qtc_recorder *r, struct lane *lane, const struct record *record, bool *nomem)
{
    struct qtc_error error = {0};
    struct qtc_buf detail = {0};

    if (!record->row.data) {
        return true;
    }
    qtc_buf_put(&lane->row_text, record->row);
    lane->row = qtc_format_read(record->row, &error, &detail);
    *nomem = lane->row_text.failed || detail.failed || (!lane->row && error.code == QTC_NOMEM);
    if (!lane->row) {
        wrong(r, "format: ");
        qtc_buf_put(&r->message, qtc_buf_bytes(&detail));
        r->column = (uint64_t)(record->row.data - record->line) + error.offset + 1;
    }
    qtc_buf_free(&detail);
    return lane->row && !*nomem;
}

static bool lane_open(struct qtc_recorder *r, struct lane *lane, const struct record *record, bool *nomem)
{
    struct qtc_stream_options options = r->defaults;

    lane_free(lane);
    lane->format = options.parse.format = record->format;
    lane->likely = options.parse.likely = record->likely;
    lane->reasoning = options.parse.reasoning = record->reasoning;
    lane->starts_in_reasoning = options.parse.starts_in_reasoning = record->starts_in_reasoning;
    options.parse.hold_calls = true;
    if (lane_tools(r, lane, record, nomem) && lane_row(r, lane, record, nomem)) {
        options.parse.tools = lane->tools ? lane->tools : options.parse.tools;
        options.parse.format = lane->row ? lane->row : options.parse.format;
        lane->stream = qtc_stream_new(&options, on_event, r);
        *nomem = !lane->stream;
    }
    if (!lane->stream) {
        lane_free(lane);
    }
    return lane->stream != NULL;
}

/* The lane for these options, made where there is none in the place of the one that waited longest. */
static struct lane *find_lane(struct qtc_recorder *r, const struct record *record, bool *nomem)
{
    struct lane *oldest = &r->lanes[0];

    r->clock++;
    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &r->lanes[i];

        if (lane_fits(lane, record)) {
            lane->used = r->clock;
            return lane;
        }
        oldest = lane->used < oldest->used ? lane : oldest;
    }
    if (!lane_open(r, oldest, record, nomem)) {
        return NULL;
    }
    oldest->used = r->clock;
    return oldest;
}

/* ---- parsing -------------------------------------------------------------------------- */

static struct qtc_bytes id_seed(struct qtc_recorder *r, const struct record *record, uint64_t number)
{
    if (record->id) {
        return record->id->raw;
    }
    qtc_buf_clear(&r->seed);
    qtc_buf_str(&r->seed, "line ");
    qtc_buf_u64(&r->seed, number);
    return qtc_buf_bytes(&r->seed);
}

static enum qtc_code feed(struct qtc_stream *stream, const struct record *record)
{
    enum qtc_code code = qtc_stream_content(stream, 0, qtc_json_text(record->text));

    for (const struct qtc_json *c = record->chunks ? record->chunks->first : NULL; c && code == QTC_OK;
         c = c->next) {
        code = qtc_stream_content(stream, 0, c->text);
    }
    return code == QTC_OK ? qtc_stream_end(stream) : code;
}

static void forget(struct qtc_recorder *r)
{
    qtc_buf_clear(&r->content);
    qtc_buf_clear(&r->reasoning);
    qtc_buf_clear(&r->calls);
    if (r->defects.len > 0) {
        memset(r->told, 0, sizeof r->told);
    }
    qtc_buf_clear(&r->defects);
    r->any_defect = false;
    r->finish = QTC_FINISH_NONE;
}

/* ---- writing ---------------------------------------------------------------------------- */

static void put_id(struct qtc_buf *out, const struct qtc_json *id)
{
    qtc_buf_str(out, "{\"id\":");
    qtc_buf_put(out, id ? id->raw : qtc_str("null"));
}

static void put_text(struct qtc_buf *out, const char *key, const struct qtc_buf *inside)
{
    qtc_buf_str(out, key);
    if (inside->len == 0) {
        qtc_buf_str(out, "null");
        return;
    }
    qtc_buf_byte(out, '"');
    qtc_buf_put(out, qtc_buf_bytes(inside));
    qtc_buf_byte(out, '"');
}

static bool put_record(struct qtc_recorder *r, const struct record *record, const struct lane *lane,
                       struct qtc_buf *out)
{
    const struct qtc_format *found = qtc_stream_format(lane->stream);
    const struct qtc_format *given = lane->row ? lane->row : lane->format;
    const struct qtc_format *format = found ? found : given;
    const char *finish = qtc_finish_name(r->finish);

    put_id(out, record->id);
    qtc_buf_str(out, ",\"format\":");
    if (format) {
        qtc_json_string(out, qtc_str(format->name));
    } else {
        qtc_buf_str(out, "null");
    }
    put_text(out, ",\"content\":", &r->content);
    put_text(out, ",\"reasoning\":", &r->reasoning);
    qtc_buf_str(out, ",\"tool_calls\":[");
    qtc_buf_put(out, qtc_buf_bytes(&r->calls));
    qtc_buf_str(out, "],\"finish_reason\":\"");
    qtc_buf_str(out, finish ? finish : "stop");
    qtc_buf_str(out, "\",\"defects\":[");
    qtc_buf_put(out, qtc_buf_bytes(&r->defects));
    qtc_buf_str(out, "]}\n");
    return !out->failed && !r->defects.failed;
}

static bool put_error(struct qtc_recorder *r, const struct qtc_json *id, struct qtc_buf *out,
                      struct qtc_record_result *result)
{
    *result =
        (struct qtc_record_result){.bad = true, .column = r->column, .message = qtc_buf_bytes(&r->message)};
    put_id(out, id);
    qtc_buf_str(out, ",\"error\":");
    qtc_json_string(out, result->message);
    qtc_buf_str(out, "}\n");
    return !out->failed && !r->message.failed;
}

/* ---- a record ---------------------------------------------------------------------------- */

static bool parse(struct qtc_recorder *r, const struct record *record, uint64_t number, struct qtc_buf *out,
                  struct qtc_record_result *result)
{
    bool nomem = false;
    struct lane *lane = find_lane(r, record, &nomem);
    enum qtc_code code;

    if (!lane) {
        return !nomem && put_error(r, record->id, out, result);
    }
    forget(r);
    qtc_stream_reset(lane->stream);
    code = qtc_stream_start(lane->stream, id_seed(r, record, number), (struct qtc_bytes){0});
    code = code == QTC_OK ? feed(lane->stream, record) : code;
    if (code == QTC_OK) {
        result->defects = r->any_defect;
        return put_record(r, record, lane, out);
    }
    lane_free(lane);
    wrong(r, "a limit was passed: too many calls, or too much that waits");
    return code == QTC_LIMIT && put_error(r, record->id, out, result);
}

bool qtc_recorder_read(struct qtc_recorder *r, struct qtc_bytes line, uint64_t number, struct qtc_buf *out,
                       struct qtc_record_result *result)
{
    struct record record = {
        .line = line.data,
        .format = r->defaults.parse.format,
        .likely = r->defaults.parse.likely,
        .starts_in_reasoning = r->defaults.parse.starts_in_reasoning,
        .reasoning = r->defaults.parse.reasoning,
    };
    struct qtc_error error = {0};
    const struct qtc_json *node;

    *result = (struct qtc_record_result){0};
    r->column = 0;
    qtc_arena_reset(&r->arena);
    node = qtc_json_read(&r->arena, line, &error);
    if (!node) {
        r->column = error.offset + 1;
        wrong(r, "not JSON: ");
        qtc_buf_str(&r->message, error.message);
        return error.code != QTC_NOMEM && put_error(r, NULL, out, result);
    }
    if (!read_members(r, &record, node)) {
        return put_error(r, record.id, out, result);
    }
    return parse(r, &record, number, out, result);
}

bool qtc_recorder_refuse(struct qtc_recorder *r, const char *why, struct qtc_buf *out,
                         struct qtc_record_result *result)
{
    r->column = 0;
    wrong(r, why);
    return put_error(r, NULL, out, result);
}

struct qtc_recorder *qtc_recorder_new(const struct qtc_stream_options *defaults)
{
    struct qtc_recorder *r = calloc(1, sizeof *r);

    if (r) {
        r->defaults = *defaults;
    }
    return r;
}

void qtc_recorder_free(struct qtc_recorder *r)
{
    if (!r) {
        return;
    }
    struct qtc_buf *const buffers[] = {&r->message,   &r->seed,  &r->content,
                                       &r->reasoning, &r->calls, &r->defects};

    for (size_t i = 0; i < LANES; i++) {
        lane_free(&r->lanes[i]);
    }
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) {
        qtc_buf_free(buffers[i]);
    }
    qtc_arena_free(&r->arena);
    free(r);
}
