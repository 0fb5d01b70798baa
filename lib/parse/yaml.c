#include "parse/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define NUMBERS (QTC_T_INTEGER | QTC_T_NUMBER)

struct reader {
    yaml_parser_t parser;
    struct qtc_bytes text; /* without its indentation */
    struct qtc_buf *out;
    struct qtc_buf members; /* struct member of the mappings that are open */
    struct qtc_buf scratch;
    struct qtc_error *error;
    size_t mark; /* of the event at hand, in characters */
    unsigned found;
    bool mismatch;
};

/* Where a member stands in the output. */
struct member {
    size_t start, colon, end;
    bool replaced; /* by a later one of the same key */
};

static bool fail(struct reader *r, enum qtc_code code, const char *message)
{
    *r->error = (struct qtc_error){.code = code, .message = message, .offset = r->mark};
    return false;
}

/* ---- events ----------------------------------------------------------------- */

/* In the first n bytes. */
static size_t characters(struct qtc_bytes text, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n && i < text.len; i++) {
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    }
    return count;
}

static bool parser_failed(struct reader *r)
{
    const char *problem = r->parser.problem != NULL ? r->parser.problem : "not YAML";

    if (r->parser.error == YAML_MEMORY_ERROR) {
        return fail(r, QTC_NOMEM, "out of memory");
    }
    r->mark = r->parser.error == YAML_READER_ERROR ? characters(r->text, r->parser.problem_offset)
                                                   : r->parser.problem_mark.index;
    return fail(r, QTC_SYNTAX, problem);
}

static bool has_anchor(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return true;
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor != NULL;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor != NULL;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor != NULL;
    default:
        return false;
    }
}

/* The next event, for the caller to delete; on false there is none. */
static bool next(struct reader *r, yaml_event_t *event)
{
    if (!yaml_parser_parse(&r->parser, event)) {
        return parser_failed(r);
    }
    r->mark = event->start_mark.index;
    if (has_anchor(event)) {
        yaml_event_delete(event);
        return fail(r, QTC_SYNTAX, "anchors and aliases are not followed");
    }
    return true;
}

/* ---- scalars ---------------------------------------------------------------- */

enum kind { TEXT, NOTHING, BOOLEAN, NUMBER };

static bool is_any(struct qtc_bytes text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (qtc_bytes_is(text, words[i])) {
            return true;
        }
    }
    return false;
}

/* How many of the bytes from i on are in `set`. */
static size_t run(struct qtc_bytes text, size_t i, const char *set)
{
    size_t start = i;

    while (i < text.len && text.data[i] != 0 && strchr(set, text.data[i]) != NULL) {
        i++;
    }
    return i - start;
}

#define DIGITS "0123456789"

/* 0x1f, 0o17: the digits' base; 0 for anything else. */
static int based(struct qtc_bytes text)
{
    if (text.len < 3 || text.data[0] != '0') {
        return 0;
    }
    if (text.data[1] == 'x') {
        return run(text, 2, DIGITS "abcdefABCDEF") == text.len - 2 ? 16 : 0;
    }
    return text.data[1] == 'o' && run(text, 2, "01234567") == text.len - 2 ? 8 : 0;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_decimal(struct qtc_bytes text)
{
    size_t i = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
    size_t whole = run(text, i, DIGITS);
    size_t part = 0;

    i += whole;
    if (i < text.len && text.data[i] == '.') {
        part = run(text, i + 1, DIGITS);
        i += part + 1;
    }
    if (whole + part == 0) {
        return false;
    }
    if (i < text.len && (text.data[i] | 0x20) == 'e') {
        i++;
        i += i < text.len && (text.data[i] == '-' || text.data[i] == '+');
        size_t digits = run(text, i, DIGITS);
        i = digits > 0 ? i + digits : 0;
    }
    return i == text.len;
}

static enum kind kind_of(struct qtc_bytes text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const char *const booleans[] = {"true", "True", "TRUE", "false", "False", "FALSE"};

    if (is_any(text, nulls, sizeof nulls / sizeof *nulls)) {
        return NOTHING;
    }
    if (is_any(text, booleans, sizeof booleans / sizeof *booleans)) {
        return BOOLEAN;
    }
    return is_decimal(text) || based(text) != 0 ? NUMBER : TEXT;
}

static bool has_leading_zero(struct qtc_bytes text)
{
    size_t i = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');

    return run(text, i, "0") > 0 && run(text, i, DIGITS) > 1;
}

/* 0x1f and 0o17, read in `base`; false when it is too large. */
static bool put_based(struct qtc_buf *out, struct qtc_bytes text, int base)
{
    uint64_t n = 0, b = (uint64_t)base;

    for (size_t i = 2; i < text.len; i++) {
        char c = text.data[i];
        unsigned digit = c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
        if (n > (UINT64_MAX - digit) / b) {
            return false;
        }
        n = n * b + digit;
    }
    qtc_buf_u64(out, n);
    return true;
}

/* As JSON writes it: no plus, no leading zero, digits on both sides of the point or no point. */
static void put_decimal(struct qtc_buf *out, struct qtc_bytes text)
{
    size_t i = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
    size_t digits = run(text, i, DIGITS);
    size_t zeros = run(text, i, "0");

    if (i > 0 && text.data[0] == '-') {
        qtc_buf_byte(out, '-');
    }
    zeros -= zeros > 0 && zeros == digits;
    qtc_buf_str(out, digits == 0 ? "0" : "");
    qtc_buf_add(out, text.data + i + zeros, digits - zeros);
    i += digits;
    i += i < text.len && text.data[i] == '.' && run(text, i + 1, DIGITS) == 0;
    qtc_buf_add(out, text.data + i, text.len - i);
}

/* The number's JSON text; it may lie in scratch. Not a number when it has none. */
static struct qtc_bytes number_text(struct reader *r, struct qtc_bytes text)
{
    int base = based(text);

    if (base == 0 && qtc_json_valid(text)) {
        return text;
    }
    qtc_buf_clear(&r->scratch);
    if (base == 0) {
        put_decimal(&r->scratch, text);
    } else if (!put_based(&r->scratch, text, base)) {
        return text;
    }
    return qtc_buf_bytes(&r->scratch);
}

/* What the schema says nothing of. */
static void put_core(struct reader *r, struct qtc_bytes text, enum kind kind)
{
    struct qtc_bytes number =
        kind == NUMBER && !has_leading_zero(text) ? number_text(r, text) : (struct qtc_bytes){0};

    if (kind == NOTHING) {
        qtc_buf_str(r->out, "null");
    } else if (kind == BOOLEAN) {
        qtc_buf_str(r->out, (text.data[0] | 0x20) == 't' ? "true" : "false");
    } else if (qtc_json_valid(number)) {
        qtc_buf_put(r->out, number);
    } else {
        qtc_json_string(r->out, text);
    }
}

static void put_typed(struct reader *r, struct qtc_bytes text, unsigned types, unsigned depth)
{
    bool mismatch = false;
    unsigned mended = 0;

    qtc_typed_inside(r->out, text, types, false, depth, &mismatch, &mended);
    r->found |= mended;
    r->mismatch = r->mismatch || mismatch;
}

static bool allows(unsigned types, enum kind kind)
{
    static const unsigned kinds[] = {
        [TEXT] = QTC_T_STRING, [NOTHING] = QTC_T_NULL, [BOOLEAN] = QTC_T_BOOLEAN, [NUMBER] = NUMBERS};

    return (types & kinds[kind]) != 0;
}

/* Types are known. */
static void put_by_schema(struct reader *r, struct qtc_bytes text, enum kind kind, unsigned types,
                          unsigned depth)
{
    if (kind == NUMBER && allows(types, NUMBER)) {
        put_typed(r, number_text(r, text), types & (NUMBERS | QTC_T_STRING), depth);
    } else if (kind != TEXT && allows(types, kind)) {
        put_core(r, text, kind);
    } else if ((types & QTC_T_STRING) != 0) {
        qtc_json_string(r->out, text);
    } else if (kind == NOTHING) {
        qtc_buf_str(r->out, "null");
        r->mismatch = true;
    } else {
        put_typed(r, text, types, depth);
    }
}

static struct qtc_bytes scalar_text(const yaml_event_t *event)
{
    return qtc_bytes((const char *)event->data.scalar.value, event->data.scalar.length);
}

static bool is_plain(const yaml_event_t *event)
{
    const char *tag = (const char *)event->data.scalar.tag;

    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (tag == NULL || (strcmp(tag, YAML_STR_TAG) != 0 && strcmp(tag, "!") != 0));
}

static bool scalar(struct reader *r, const yaml_event_t *event, unsigned types, unsigned depth)
{
    struct qtc_bytes text = scalar_text(event);
    enum kind kind = is_plain(event) ? kind_of(text) : TEXT;

    if (types != 0) {
        put_by_schema(r, text, kind, types, depth);
    } else {
        put_core(r, text, kind);
    }
    return true;
}

/* ---- equal keys ------------------------------------------------------------- */

/* By the keys' JSON text, which lies in `json`; equal ones in their order. */
static int compare_members(const void *a, const void *b, void *json)
{
    const struct member *x = a, *y = b;
    size_t x_len = x->colon - x->start, y_len = y->colon - y->start;

    if (x_len != y_len) {
        return x_len < y_len ? -1 : 1;
    }
    int order = memcmp((const char *)json + x->start, (const char *)json + y->start, x_len);
    return order != 0 ? order : (x->start > y->start) - (x->start < y->start);
}

static int compare_starts(const void *a, const void *b)
{
    const struct member *x = a, *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

static bool same_key(const struct reader *r, const struct member *a, const struct member *b)
{
    return qtc_bytes_equal(qtc_bytes(r->out->data + a->start, a->colon - a->start),
                           qtc_bytes(r->out->data + b->start, b->colon - b->start));
}

/* The object from `start` on is written again without what was replaced. */
static void rewrite(struct reader *r, const struct member *members, size_t count, size_t start)
{
    bool any = false;

    qtc_buf_clear(&r->scratch);
    qtc_buf_byte(&r->scratch, '{');
    for (size_t i = 0; i < count; i++) {
        if (!members[i].replaced) {
            qtc_buf_str(&r->scratch, any ? "," : "");
            qtc_buf_add(&r->scratch, r->out->data + members[i].start, members[i].end - members[i].start);
            any = true;
        }
    }
    r->out->failed = r->out->failed || r->scratch.failed;
    r->out->len = start;
    qtc_buf_put(r->out, qtc_buf_bytes(&r->scratch));
}

static void drop_replaced(struct reader *r, size_t first, size_t start)
{
    if (r->out->failed || r->members.failed || r->members.len == first) {
        return;
    }
    struct member *members = (struct member *)(void *)(r->members.data + first);
    size_t count = (r->members.len - first) / sizeof *members;
    bool any = false;

    qsort_r(members, count, sizeof *members, compare_members, r->out->data);
    for (size_t i = 0; i + 1 < count; i++) {
        members[i].replaced = same_key(r, &members[i], &members[i + 1]);
        any = any || members[i].replaced;
    }
    if (any) {
        qsort(members, count, sizeof *members, compare_starts);
        rewrite(r, members, count, start);
    }
}

/* ---- values ----------------------------------------------------------------- */

/* Takes the event, and all up to the value's end. */
static bool value(struct reader *r, yaml_event_t *event, const struct qtc_schema_at *at, unsigned depth);

static bool next_value(struct reader *r, const struct qtc_schema_at *at, unsigned depth)
{
    yaml_event_t event;

    return next(r, &event) && value(r, &event, at, depth);
}

static bool member(struct reader *r, const yaml_event_t *key, const struct qtc_schema_at *at, unsigned depth)
{
    struct member member = {.start = r->out->len};
    struct qtc_schema_at inner = qtc_schema_member(at, scalar_text(key));

    qtc_json_string(r->out, scalar_text(key));
    member.colon = r->out->len;
    qtc_buf_byte(r->out, ':');
    if (!next_value(r, &inner, depth)) {
        return false;
    }
    member.end = r->out->len;
    qtc_buf_add(&r->members, (const char *)&member, sizeof member);
    return true;
}

/* One member, or the mapping's end. */
static bool mapping_step(struct reader *r, const struct qtc_schema_at *at, unsigned depth, bool first,
                         bool *ended)
{
    yaml_event_t event;

    if (!next(r, &event)) {
        return false;
    }
    bool ok = true;
    *ended = event.type == YAML_MAPPING_END_EVENT;
    if (!*ended && event.type != YAML_SCALAR_EVENT) {
        ok = fail(r, QTC_TYPE, "a key is not a scalar");
    } else if (!*ended) {
        qtc_buf_str(r->out, first ? "" : ",");
        ok = member(r, &event, at, depth);
    }
    yaml_event_delete(&event);
    return ok;
}

static bool mapping(struct reader *r, const struct qtc_schema_at *at, unsigned depth)
{
    size_t start = r->out->len, first = r->members.len;
    bool ended = false;

    r->mismatch = r->mismatch || (at->types != 0 && (at->types & QTC_T_OBJECT) == 0);
    qtc_buf_byte(r->out, '{');
    while (!ended) {
        if (!mapping_step(r, at, depth, r->members.len == first, &ended)) {
            return false;
        }
    }
    drop_replaced(r, first, start);
    r->members.len = first;
    qtc_buf_byte(r->out, '}');
    return true;
}

static bool sequence(struct reader *r, const struct qtc_schema_at *at, unsigned depth)
{
    yaml_event_t event;

    r->mismatch = r->mismatch || (at->types != 0 && (at->types & QTC_T_ARRAY) == 0);
    qtc_buf_byte(r->out, '[');
    for (size_t n = 0; next(r, &event); n++) {
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            qtc_buf_byte(r->out, ']');
            return true;
        }
        struct qtc_schema_at items = qtc_schema_items(at, n);
        qtc_buf_str(r->out, n > 0 ? "," : "");
        if (!value(r, &event, &items, depth)) {
            return false;
        }
    }
    return false;
}

static bool value(struct reader *r, yaml_event_t *event, const struct qtc_schema_at *at, unsigned depth)
{
    yaml_event_type_t type = event->type;
    bool ok = type != YAML_SCALAR_EVENT || scalar(r, event, at->types, depth);

    yaml_event_delete(event);
    if (type == YAML_SCALAR_EVENT) {
        return ok;
    }
    if (depth >= QTC_YAML_DEPTH) {
        return fail(r, QTC_LIMIT, "nested too deep");
    }
    return type == YAML_MAPPING_START_EVENT ? mapping(r, at, depth + 1) : sequence(r, at, depth + 1);
}

/* ---- the document ----------------------------------------------------------- */

static bool root(struct reader *r, const struct qtc_schema_at *at)
{
    yaml_event_t event;

    if (!next(r, &event)) {
        return false;
    }
    if (event.type == YAML_MAPPING_START_EVENT) {
        struct qtc_schema_at object = *at;
        object.types = QTC_T_OBJECT;
        return value(r, &event, &object, 0);
    }
    bool empty = event.type == YAML_SCALAR_EVENT && is_plain(&event) && scalar_text(&event).len == 0;
    yaml_event_delete(&event);
    qtc_buf_str(r->out, empty ? "{}" : "");
    return empty || fail(r, QTC_TYPE, "not a mapping");
}

/* An event that carries nothing: is it of this type? */
static bool expect(struct reader *r, yaml_event_type_t type, bool *is)
{
    yaml_event_t event;

    if (!next(r, &event)) {
        return false;
    }
    *is = event.type == type;
    yaml_event_delete(&event);
    return true;
}

static bool document(struct reader *r, const struct qtc_schema_at *at)
{
    bool is = false;

    if (!expect(r, YAML_STREAM_START_EVENT, &is) || !expect(r, YAML_STREAM_END_EVENT, &is)) {
        return false;
    }
    if (is) {
        qtc_buf_str(r->out, "{}");
        return true;
    }
    if (!root(r, at) || !expect(r, YAML_DOCUMENT_END_EVENT, &is) || !expect(r, YAML_STREAM_END_EVENT, &is)) {
        return false;
    }
    return is || fail(r, QTC_SYNTAX, "more than one document");
}

/* ---- indentation ------------------------------------------------------------ */

/* The line at text.data, its end included. */
static size_t line_len(struct qtc_bytes text)
{
    const char *end = memchr(text.data, '\n', text.len);

    return end != NULL ? (size_t)(end - text.data) + 1 : text.len;
}

static size_t common(struct qtc_bytes a, struct qtc_bytes b)
{
    size_t n = 0;

    while (n < a.len && n < b.len && a.data[n] == b.data[n]) {
        n++;
    }
    return n;
}

/* What all lines begin with that are not blank: spaces and tabs. */
static struct qtc_bytes common_indent(struct qtc_bytes text)
{
    struct qtc_bytes indent = {0};
    bool any = false;

    for (size_t i = 0, len; i < text.len; i += len) {
        struct qtc_bytes line = qtc_bytes(text.data + i, text.len - i);
        len = line_len(line);
        line.len = len;
        size_t blanks = run(line, 0, " \t");
        if (run(line, blanks, "\r\n") == line.len - blanks) {
            continue;
        }
        line.len = blanks;
        indent.len = any ? common(indent, line) : blanks;
        indent.data = line.data;
        any = true;
    }
    return indent;
}

/* The text behind the first line's end and before the blanks of the last line. */
static struct qtc_bytes without_ends(struct qtc_bytes text)
{
    size_t blanks = run(text, 0, " \t\r");

    if (qtc_bytes_trim(text).len == 0) {
        return qtc_bytes(text.data, 0);
    }
    if (blanks < text.len && text.data[blanks] == '\n') {
        text = qtc_bytes(text.data + blanks + 1, text.len - blanks - 1);
    }
    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

static void dedent(struct qtc_buf *out, struct qtc_bytes text, struct qtc_bytes indent)
{
    if (qtc_buf_room(out, text.len) == NULL) {
        return;
    }
    for (size_t i = 0, len; i < text.len; i += len) {
        struct qtc_bytes line = qtc_bytes(text.data + i, text.len - i);
        len = line_len(line);
        line.len = len;
        size_t drop = common(line, indent);
        qtc_buf_add(out, line.data + drop, line.len - drop);
    }
}

/* Character `mark` of the text without indentation is which byte of `text`? */
static size_t offset_of(struct qtc_bytes text, size_t indent, size_t mark)
{
    size_t i = 0;

    while (i < text.len) {
        struct qtc_bytes line = qtc_bytes(text.data + i, text.len - i);
        size_t len = line_len(line);
        line.len = len;
        size_t blanks = run(line, 0, " \t");
        size_t k = blanks < indent ? blanks : indent;
        for (; k < len && mark > 0; mark--) {
            do {
                k++;
            } while (k < len && ((unsigned char)line.data[k] & 0xc0) == 0x80);
        }
        i += k;
        if (k < len) {
            return i;
        }
    }
    return i;
}

/* ---- the whole -------------------------------------------------------------- */

static bool read_dedented(struct reader *r, struct qtc_bytes text, const struct qtc_schema_at *at)
{
    r->text = text;
    if (!yaml_parser_initialize(&r->parser)) {
        return fail(r, QTC_NOMEM, "out of memory");
    }
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    const char *input = text.data != NULL ? text.data : ""; /* libyaml asserts that there is one */
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)input, text.len);
    bool ok = document(r, at);
    yaml_parser_delete(&r->parser);
    if (r->out->failed || r->members.failed || r->scratch.failed ||
        (at->scope != NULL && at->scope->failed)) {
        return fail(r, QTC_NOMEM, "out of memory");
    }
    return ok;
}

bool qtc_yaml(struct qtc_buf *out, struct qtc_bytes text, const struct qtc_schema_at *schema, unsigned *found,
              bool *mismatch, struct qtc_error *error)
{
    static const struct qtc_schema_at unknown;
    struct qtc_error ignored;
    struct reader r = {.out = out, .error = error != NULL ? error : &ignored};
    struct qtc_bytes inside = without_ends(text);
    struct qtc_bytes indent = common_indent(inside);
    struct qtc_buf dedented = {0};
    size_t start = out->len;

    *r.error = (struct qtc_error){0};
    dedent(&dedented, inside, indent);
    bool ok = dedented.failed
                  ? fail(&r, QTC_NOMEM, "out of memory")
                  : read_dedented(&r, qtc_buf_bytes(&dedented), schema != NULL ? schema : &unknown);
    if (ok) {
        *found |= r.found;
        *mismatch = *mismatch || r.mismatch;
    } else {
        size_t skipped = text.len > 0 ? (size_t)(inside.data - text.data) : 0;
        r.error->offset = skipped + offset_of(inside, indent.len, (size_t)r.error->offset);
        out->failed = out->failed || r.error->code == QTC_NOMEM;
        out->len = start;
    }
    qtc_buf_free(&dedented);
    qtc_buf_free(&r.members);
    qtc_buf_free(&r.scratch);
    return ok;
}
