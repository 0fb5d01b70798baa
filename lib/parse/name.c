/* The names of functions and parameters: in tags, and as plain text.
 *
 *      <function=N>   <invoke name="N">   <|open|>call tool="N" index="1"<|sep|>
 *      <tool_call>N\n<arg_key>K</arg_key>   <|tool_call_begin|>N<|…|>{   call:N{   N( */
#include "parse/parser.h"

#include <string.h>

/* ---- what a tag's inside says ------------------------------------------- */

bool qtc_tag_whole(const char *marker)
{
    char last = marker[strlen(marker) - 1];
    bool word = (last >= 'a' && last <= 'z') || (last >= 'A' && last <= 'Z') ||
                (last >= '0' && last <= '9') || last == '-' || last == '_' ||
                last == '.'; /* a suffix may end in these */
    return !word || strchr(marker, '<') == NULL;
}

/* The length of the blank at the front: also of the letter that stands for one inside
 * of tokenizers ("Ġ"), of which there may be a half so far. */
static size_t blank_length(struct qtc_bytes s)
{
    static const char letter[] = "\xc4\xa0";
    if (s.len > 0 && qtc_is_blank(s.data[0])) {
        return 1;
    }
    size_t len = s.len < 2 ? s.len : 2;
    return memcmp(s.data, letter, len) == 0 ? len : 0;
}

static struct qtc_bytes skip_blanks(struct qtc_bytes s)
{
    for (size_t n; s.len > 0 && (n = blank_length(s)) > 0;) {
        s = qtc_bytes(s.data + n, s.len - n);
    }
    return s;
}

static struct qtc_bytes trim_name(struct qtc_bytes name, unsigned *flags)
{
    struct qtc_bytes trimmed = qtc_bytes_trim(name);
    *flags |= trimmed.len < name.len ? (unsigned)QTC_NAME_SPACED : 0u;
    return trimmed;
}

static bool unquote(struct qtc_bytes *name, unsigned *flags)
{
    char quote = name->len > 0 ? name->data[0] : '\0';
    if (quote != '"' && quote != '\'') {
        return true;
    }
    const char *end = memchr(name->data + 1, quote, name->len - 1);
    if (end == NULL) {
        return false;
    }
    *flags |= QTC_NAME_QUOTED;
    *name = trim_name(qtc_bytes(name->data + 1, (size_t)(end - name->data - 1)), flags);
    return true;
}

/* Prose such as <function=...> has no letter in its name. */
static bool is_name(struct qtc_bytes name)
{
    bool letter = false;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c < 0x20) {
            return false;
        }
        letter = letter || c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                 (c >= 'a' && c <= 'z');
    }
    return letter;
}

struct attribute {
    struct qtc_bytes key, value;
};

static bool is_word(char c)
{
    return c == '_' || c == '-' || c == ':' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

/* The value behind the equals sign: quoted, or up to the next blank. */
static bool attribute_value(struct qtc_bytes *s, struct qtc_bytes *value)
{
    char quote = s->len > 0 ? s->data[0] : '\0';
    size_t skip = quote == '"' || quote == '\'' ? 1 : 0, end = skip;
    while (end < s->len && (skip > 0 ? s->data[end] != quote : !qtc_is_blank(s->data[end]))) {
        end++;
    }
    if (end + skip > s->len) {
        return false;
    }
    *value = qtc_bytes(s->data + skip, end - skip);
    *s = qtc_bytes(s->data + end + skip, s->len - end - skip);
    return true;
}

/* Takes KEY="VALUE" from the front of *s. */
static bool next_attribute(struct qtc_bytes *s, struct attribute *a)
{
    struct qtc_bytes rest = skip_blanks(*s);
    size_t len = 0;
    while (len < rest.len && is_word(rest.data[len])) {
        len++;
    }
    a->key = qtc_bytes(rest.data, len);
    rest = skip_blanks(qtc_bytes(rest.data + len, rest.len - len));
    if (len == 0 || rest.len == 0 || rest.data[0] != '=') {
        return false;
    }
    *s = skip_blanks(qtc_bytes(rest.data + 1, rest.len - 1));
    return attribute_value(s, &a->value);
}

static const char *name_attribute(const struct qtc_format *f, enum qtc_mark_kind kind)
{
    return kind == QTC_M_PARAMETER ? f->key_attribute : f->name_attribute;
}

static bool read_attributes(const struct qtc_format *f, enum qtc_mark_kind kind, struct qtc_bytes inside,
                            struct qtc_tag *tag)
{
    const char *wanted = name_attribute(f, kind);
    struct attribute a;
    bool found = false;
    if (inside.len > 0 && !qtc_is_blank(inside.data[0])) {
        tag->flags |= QTC_NAME_UNTERMINATED; /* <functionname="N"> */
    }
    while (next_attribute(&inside, &a)) {
        bool usual = wanted != NULL && qtc_bytes_is(a.key, wanted);
        if (!found && (usual || qtc_bytes_is(a.key, "name"))) {
            tag->name = trim_name(a.value, &tag->flags);
            tag->flags |= usual ? 0u : (unsigned)QTC_NAME_ATTRIBUTE;
            found = true;
        } else if (f->type_attribute != NULL && qtc_bytes_is(a.key, f->type_attribute)) {
            tag->types = qtc_type_named(a.value);
        }
    }
    return found;
}

static const char *tag_open(const struct qtc_format *f, enum qtc_mark_kind kind)
{
    return kind == QTC_M_PARAMETER ? f->parameter_open : f->function_open;
}

/* Plain text: <arg_key>K</arg_key> */
static bool reads_as_text(const struct qtc_format *f, enum qtc_mark_kind kind)
{
    const char *open = tag_open(f, kind);
    return open != NULL && qtc_tag_whole(open);
}

bool qtc_tag_read(const struct qtc_format *f, enum qtc_mark_kind kind, struct qtc_bytes inside,
                  struct qtc_tag *tag)
{
    struct qtc_bytes s = skip_blanks(inside);
    memset(tag, 0, sizeof *tag);
    if (reads_as_text(f, kind)) {
        tag->name = qtc_bytes_trim(inside);
        return is_name(tag->name);
    }
    if (s.len > 0 && s.data[0] == '=') {
        tag->name = trim_name(qtc_bytes(s.data + 1, s.len - 1), &tag->flags);
        return unquote(&tag->name, &tag->flags) && is_name(tag->name);
    }
    return read_attributes(f, kind, inside, tag) && is_name(tag->name);
}

static bool may_become(struct qtc_bytes word, const char *name)
{
    size_t len = name == NULL ? 0 : strlen(name);
    return len > 0 && memcmp(word.data, name, word.len < len ? word.len : len) == 0;
}

bool qtc_tag_open(const struct qtc_format *f, enum qtc_mark_kind kind, struct qtc_bytes inside)
{
    struct qtc_bytes s = skip_blanks(inside);
    if (s.len == 0) {
        return true;
    }
    if (kind == QTC_M_END_FUNCTION || kind == QTC_M_END_PARAMETER || kind == QTC_M_CLOSE) {
        return false;
    }
    if (reads_as_text(f, kind) || s.data[0] == '=') {
        return true;
    }
    if (f->body == QTC_BODY_ELEMENTS && f->cdata) { /* XML: other attributes may come first */
        return s.len < inside.len ? is_word(s.data[0]) : s.data[0] == '/';
    }
    if (tag_open(f, kind) != NULL && strstr(tag_open(f, kind), "|>") != NULL) {
        return true; /* a token is no prose: its attributes may come in any order */
    }
    return may_become(s, name_attribute(f, kind)) ||
           (s.len < inside.len && (may_become(s, "name") || may_become(s, f->type_attribute)));
}

/* ---- a call's name ------------------------------------------------------ */

/* functions.N:0 is N */
static struct qtc_bytes cut_ordinal(struct qtc_bytes name)
{
    size_t len = name.len;
    while (len > 0 && name.data[len - 1] >= '0' && name.data[len - 1] <= '9') {
        len--;
    }
    return len > 1 && len < name.len && name.data[len - 1] == ':' ? qtc_bytes(name.data, len - 1) : name;
}

/* What the text begins with: an entity or a character; its length. */
static size_t next_plain(struct qtc_bytes text, char *c)
{
    static const struct {
        const char *entity;
        char c;
    } rows[] = {{"&amp;", '&'}, {"&quot;", '"'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&apos;", '\''}};
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        if (qtc_bytes_starts(text, rows[k].entity)) {
            *c = rows[k].c;
            return strlen(rows[k].entity);
        }
    }
    *c = text.data[0];
    return 1;
}

/* The result is valid until the next one. */
struct qtc_bytes qtc_name_plain(struct qtc_parser *p, const struct qtc_format *f, struct qtc_bytes name)
{
    struct qtc_buf *plain = &p->call.key; /* no format with attributes has a key that waits */
    if (!f->entities || name.len == 0 || memchr(name.data, '&', name.len) == NULL) {
        return name;
    }
    plain->len = 0;
    for (size_t i = 0; i < name.len;) {
        char c;
        i += next_plain(qtc_bytes(name.data + i, name.len - i), &c);
        qtc_buf_byte(plain, c);
    }
    return qtc_buf_bytes(plain);
}

/* N.N is N, where that is a tool and N.N is not. */
static struct qtc_bytes undouble(struct qtc_parser *p, struct qtc_bytes name)
{
    size_t half = name.len / 2;
    struct qtc_bytes first = qtc_bytes(name.data, half);
    bool doubled = name.len % 2 == 1 && half > 0 && name.data[half] == '.' &&
                   memcmp(name.data, name.data + half + 1, half) == 0;
    return doubled && qtc_tools_find(p->options.tools, name) == NULL &&
                   qtc_tools_find(p->options.tools, first) != NULL
               ? first
               : name;
}

struct qtc_bytes qtc_name_set(struct qtc_parser *p, const struct qtc_format *f, struct qtc_bytes name)
{
    p->call.id.len = 0;
    if (f->name_is_id) {
        qtc_buf_put(&p->call.id, name);
        name = cut_ordinal(name);
    }
    name = qtc_name_plain(p, f, name);
    for (size_t i = 0; f->name_prefixes[i] != NULL; i++) {
        size_t len = strlen(f->name_prefixes[i]);
        if (name.len > len && qtc_bytes_starts(name, f->name_prefixes[i])) {
            return qtc_bytes(name.data + len, name.len - len);
        }
    }
    return f->doubled_names ? undouble(p, name) : name;
}

/* ---- names that are plain text ------------------------------------------ */

bool qtc_name_char(char c)
{
    return is_word(c) || c == '.' || c == '/' || c == '$' || c == '@' || (c & 0x80) != 0;
}

size_t qtc_name_begin(struct qtc_parser *p, size_t i)
{
    bool again = p->state >= QTC_S_NAME && p->state <= QTC_S_NAME_TYPE;
    if (!again) {
        p->name_origin = p->state == QTC_S_TAG || p->state == QTC_S_HEADER ? p->origin : p->state;
    }
    p->header_at = p->name_to = p->id_at = p->id_to = qtc_pos(p, i);
    p->state = QTC_S_NAME;
    return i;
}

static struct qtc_bytes name_text(struct qtc_parser *p, size_t i)
{
    struct qtc_bytes held = qtc_held_from(p, p->header_at, i);
    size_t len = (size_t)(p->name_to - p->header_at);
    return qtc_bytes(held.data, len < held.len ? len : held.len);
}

/* A call of this format, whose markup so far ends at `end`. */
static void begin_call(struct qtc_parser *p, const struct qtc_format *f, bool certain, uint64_t end, size_t i)
{
    struct qtc_bytes name = qtc_name_set(p, f, name_text(p, i));
    if (p->id_to > p->id_at) {
        p->call.id.len = 0;
        qtc_buf_add(&p->call.id, qtc_held_from(p, p->id_at, i).data, (size_t)(p->id_to - p->id_at));
    }
    p->call.format = f;
    qtc_call_begin(p, name, 0, certain, end);
}

/* A call's object where a name was due. */
static size_t begin_object(struct qtc_parser *p, size_t i)
{
    const struct qtc_format *f = qtc_group_find(p, QTC_BODY_JSON);
    p->text.in_function = true;
    qtc_object_begin(p, f == NULL ? p->header_format : f, false);
    return i;
}

/* A line of text that goes on with a list is more than prose only if the tools have that name. */
static bool is_prose(const struct qtc_parser *p, struct qtc_bytes name)
{
    return p->text.bare && !p->text.line_blank && p->options.tools != NULL &&
           qtc_tools_find(p->options.tools, name) == NULL;
}

/* in[i] opens the arguments. */
static size_t on_bracket(struct qtc_parser *p, size_t i)
{
    char c = p->in[i];
    const struct qtc_format *f = qtc_group_named(p, c);
    bool empty = p->name_to == p->header_at;
    if (empty && c == '{' && p->header_format != NULL) {
        return begin_object(p, i);
    }
    if (f == NULL || empty) {
        return qtc_not_structure(p, i);
    }
    bool reader = f->body == QTC_BODY_PYTHON || f->body == QTC_BODY_GEMMA;
    if (is_prose(p, name_text(p, i))) {
        return qtc_not_structure(p, i);
    }
    bool certain = !reader && p->text.in_block;
    begin_call(p, f, certain, qtc_pos(p, i), i);
    if (reader) {
        return qtc_reader_begin(p, c, i + 1);
    }
    p->state = QTC_S_FUNCTION;
    return i;
}

/* ```json around the arguments */
static size_t on_fence(struct qtc_parser *p, size_t i)
{
    const struct qtc_format *f = qtc_group_named(p, '{');
    if (f == NULL || p->name_to == p->header_at) {
        return qtc_not_structure(p, i);
    }
    begin_call(p, f, p->text.in_block, qtc_pos(p, i), i);
    p->state = QTC_S_FUNCTION;
    return i;
}

static size_t behind_name(struct qtc_parser *p, size_t i)
{
    char c = p->in[i];
    if (c == '{' || c == '(') {
        return on_bracket(p, i);
    }
    if (c == '`') {
        return on_fence(p, i);
    }
    return p->tag_marks.find.first[(unsigned char)c] ? qtc_tag_begin(p, i) : qtc_not_structure(p, i);
}

size_t qtc_step_name(struct qtc_parser *p, size_t i)
{
    while (i < p->n && p->header_at == qtc_pos(p, i) && qtc_is_blank(p->in[i])) {
        i++;
        p->header_at++; /* <|tool_call_begin|> NAME */
    }
    while (i < p->n && qtc_name_char(p->in[i])) {
        i++;
    }
    p->name_to = qtc_pos(p, i);
    if (i == p->n) {
        return i;
    }
    if (qtc_is_blank(p->in[i])) {
        p->state = QTC_S_NAME_GAP;
        return i;
    }
    return behind_name(p, i);
}

size_t qtc_step_name_gap(struct qtc_parser *p, size_t i)
{
    while (i < p->n && qtc_is_blank(p->in[i])) {
        i++;
    }
    return i < p->n ? behind_name(p, i) : i;
}

/* Behind id_open. */
size_t qtc_step_name_id(struct qtc_parser *p, size_t i)
{
    while (i < p->n && qtc_name_char(p->in[i])) {
        i++;
    }
    p->id_to = qtc_pos(p, i);
    return i < p->n ? behind_name(p, i) : i;
}

/* Behind function_end: TYPE function_end NAME, or the name was complete. */
size_t qtc_step_name_type(struct qtc_parser *p, size_t i)
{
    if (qtc_name_char(p->in[i])) {
        return qtc_name_begin(p, i);
    }
    begin_call(p, p->header_format, p->text.in_block, qtc_pos(p, i), i);
    p->state = QTC_S_FUNCTION;
    return i;
}

/* A whole block that holds nothing but a word is a call only where that is usual. */
static bool may_stand_alone(struct qtc_parser *p, struct qtc_bytes name)
{
    const struct qtc_format *own = p->options.format;
    if (qtc_tools_find(p->options.tools, name) != NULL) {
        return true;
    }
    return own == NULL ? p->options.tools == NULL : qtc_group_named(p, '\0') == own;
}

static bool is_type(const struct qtc_parser *p, struct qtc_bytes word)
{
    return qtc_group_types(p) && qtc_bytes_is(word, "function");
}

/* Where the given format has no types, only the usual one is read as such. */
static bool may_be_type(const struct qtc_parser *p, struct qtc_bytes word)
{
    const struct qtc_format *own = p->options.format;
    return is_type(p, word) || (qtc_group_types(p) && (own == NULL || own->type_first));
}

static size_t on_name_end(struct qtc_parser *p, const struct qtc_format *f, size_t i)
{
    p->header_format = f;
    if (may_be_type(p, name_text(p, i))) {
        p->state = QTC_S_NAME_TYPE;
        return i;
    }
    begin_call(p, f, p->text.in_block, qtc_pos(p, i), i);
    p->state = QTC_S_FUNCTION;
    return i;
}

size_t qtc_name_tag(struct qtc_parser *p, const struct qtc_mark *mark, size_t i)
{
    const struct qtc_format *f = mark->kind == QTC_M_NAME_END ? mark->format : qtc_group_named(p, '\0');
    struct qtc_bytes name = name_text(p, i);
    bool opens = mark->kind == QTC_M_OPEN || mark->kind == QTC_M_FUNCTION || mark->kind >= QTC_M_HEADER;
    if (mark->kind == QTC_M_SKIP) {
        p->state = QTC_S_NAME_GAP;
        return i;
    }
    if (mark->kind == QTC_M_ID && name.len > 0) {
        p->id_at = p->id_to = qtc_pos(p, i);
        p->state = QTC_S_NAME_ID;
        return i;
    }
    if (f == NULL || name.len == 0 || opens ||
        (mark->kind == QTC_M_CLOSE && !may_stand_alone(p, qtc_name_set(p, f, name)))) {
        return qtc_not_structure(p, i);
    }
    if (mark->kind == QTC_M_NAME_END) {
        return on_name_end(p, f, i);
    }
    begin_call(p, f, true, p->tag, i);
    p->origin = QTC_S_FUNCTION;
    return qtc_structure(p, mark, i);
}

static bool in_name(const struct qtc_parser *p)
{
    enum qtc_state state = p->state == QTC_S_TAG ? p->origin : p->state;
    return state >= QTC_S_NAME && state <= QTC_S_NAME_TYPE;
}

bool qtc_name_cut(struct qtc_parser *p)
{
    struct qtc_bytes name = in_name(p) ? name_text(p, 0) : qtc_bytes(NULL, 0);
    return name.len > 0 && !is_type(p, name);
}
