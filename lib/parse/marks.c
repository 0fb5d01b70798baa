/* The markers that are looked for: in text, and in the calls of formats that
 * share an opener. */
#include "parse/parser.h"

#include <stdio.h>
#include <string.h>

/* ---- sets of marks ------------------------------------------------------ */

/* A copy of the text that the set keeps, and behind it `more`. */
static const char *keep(struct qtc_mark_set *set, struct qtc_bytes text, const char *more)
{
    size_t len = strlen(more);
    char *copy = qtc_arena_alloc(&set->texts, text.len + len + 1);
    if (copy == NULL) {
        set->find.failed = true;
        return "";
    }
    memcpy(copy, text.data, text.len);
    memcpy(copy + text.len, more, len + 1);
    return copy;
}

/* Only tags carry a suffix: <tool_call> */
static bool takes_suffix(const char *text, const struct qtc_format *format)
{
    return format->suffix && text[0] == '<' && text[strlen(text) - 1] == '>';
}

/* The marker as the set's block has it. */
static const char *with_suffix(struct qtc_mark_set *set, const char *text, const struct qtc_format *format)
{
    char more[QTC_SUFFIX + 2];
    if (set->suffix[0] == '\0' || !takes_suffix(text, format)) {
        return text;
    }
    snprintf(more, sizeof more, ":%s>", set->suffix);
    return keep(set, qtc_bytes(text, strlen(text) - 1), more);
}

/* What ends the tag of a mark, where it goes on. */
static const char *end_of_tag(const struct qtc_format *f, enum qtc_mark_kind kind)
{
    const char *end = kind == QTC_M_FUNCTION || kind == QTC_M_OPEN ? f->function_end
                      : kind == QTC_M_PARAMETER                    ? f->parameter_end
                      : kind == QTC_M_TYPE                         ? f->type_close
                                                                   : NULL;
    return end == NULL ? ">" : end;
}

static void put_mark(struct qtc_mark_set *set, const char *text, const char *row, enum qtc_mark_kind kind,
                     const struct qtc_format *format)
{
    struct qtc_mark mark = {.text = text, .row = row, .format = format, .kind = kind};
    size_t id = set->marks.len / sizeof mark;
    mark.end = with_suffix(set, end_of_tag(format, kind), format);
    qtc_buf_add(&set->marks, (const char *)&mark, sizeof mark);
    qtc_markers_add(&set->find, text, (int)id);
}

static bool is_edge(char a, char b)
{
    return (a == '>' && b != '<' && b != '\0') || (a != '\0' && a != '>' && b == '<');
}

/* <|open|> tools <|sep|> */
static void add_spaced(struct qtc_mark_set *set, const char *row, enum qtc_mark_kind kind,
                       const struct qtc_format *format)
{
    struct qtc_buf text = {0};
    for (const char *c = row; *c != '\0'; c++) {
        qtc_buf_byte(&text, *c);
        if (is_edge(c[0], c[1])) {
            qtc_buf_byte(&text, ' ');
        }
    }
    if (text.len > strlen(row)) {
        put_mark(set, keep(set, qtc_buf_bytes(&text), ""), row, kind, format);
    }
    set->find.failed |= text.failed;
    qtc_buf_free(&text);
}

static void add_mark(struct qtc_mark_set *set, const char *text, enum qtc_mark_kind kind,
                     const struct qtc_format *format)
{
    if (text != NULL && text[0] != '\0') {
        put_mark(set, with_suffix(set, text, format), text, kind, format);
    }
    if (text != NULL && format->spaced) {
        add_spaced(set, text, kind, format);
    }
}

static void add_marks(struct qtc_mark_set *set, const char *const *texts, enum qtc_mark_kind kind,
                      const struct qtc_format *format)
{
    for (size_t i = 0; texts[i] != NULL; i++) {
        add_mark(set, texts[i], kind, format);
    }
}

/* A part of a marker that the set keeps. */
static void add_part(struct qtc_mark_set *set, struct qtc_bytes text, enum qtc_mark_kind kind,
                     const struct qtc_format *format)
{
    add_mark(set, keep(set, text, ""), kind, format);
}

/* Closing tags are found without their '>': blanks may stand before it, or it lacks. */
static void add_closing(struct qtc_mark_set *set, const char *text, enum qtc_mark_kind kind,
                        const struct qtc_format *format)
{
    text = text == NULL ? NULL : with_suffix(set, text, format);
    size_t len = text == NULL ? 0 : strlen(text);
    if (len > 3 && strstr(text, "</") != NULL && text[len - 1] == '>') {
        add_part(set, qtc_bytes(text, len - 1), kind, format);
    } else {
        add_mark(set, text, kind, format);
    }
}

bool qtc_is_token(const char *marker)
{
    return strchr(marker, '|') != NULL || strstr(marker, "｜") != NULL || marker[0] == '[' ||
           marker[0] == ']';
}

static void seal(struct qtc_mark_set *set)
{
    qtc_markers_seal(&set->find);
    set->find.failed |= set->marks.failed;
    memcpy(set->special, set->find.first, sizeof set->special);
    set->special['\n'] = set->special['`'] = set->special['~'] = 1;
}

static void clear(struct qtc_mark_set *set)
{
    qtc_markers_free(&set->find);
    set->marks.len = 0;
    qtc_arena_reset(&set->texts);
}

size_t qtc_mark_follow(struct qtc_parser *p, size_t i, const struct qtc_mark **mark)
{
    const struct qtc_mark_set *set = &p->tag_marks;
    while (i < p->n) {
        *mark = qtc_mark_found(set, p->node);
        if (*mark != NULL && !qtc_mark_longer(set, p->node, p->in[i])) {
            return i;
        }
        *mark = NULL;
        p->node = qtc_markers_child(&set->find, p->node, p->in[i]);
        if (p->node == 0) {
            return i;
        }
        i++;
        if (set->find.nodes[p->node].child == 0) {
            *mark = qtc_mark_found(set, p->node);
            return i;
        }
    }
    return i;
}

void qtc_mark_set_free(struct qtc_mark_set *set)
{
    qtc_markers_free(&set->find);
    qtc_buf_free(&set->marks);
    qtc_arena_free(&set->texts);
}

/* ---- the text's --------------------------------------------------------- */

static void add_tool(struct qtc_mark_set *set, const char *before, struct qtc_bytes name,
                     enum qtc_mark_kind kind, const struct qtc_format *f)
{
    struct qtc_buf text = {0};
    qtc_buf_str(&text, before);
    qtc_buf_put(&text, name);
    add_part(set, qtc_buf_bytes(&text), kind, f);
    set->find.failed |= text.failed;
    qtc_buf_free(&text);
}

/* <NAME of each tool. `given`: the format was asked for, so what looks much like it is it. */
static void add_tools(struct qtc_mark_set *set, const struct qtc_tools *tools, const struct qtc_format *f,
                      bool given)
{
    for (size_t i = 0; i < qtc_tools_count(tools); i++) {
        const struct qtc_tool *tool = qtc_tools_at(tools, i);
        add_tool(set, "<", tool->name, QTC_M_TOOL, f);
        if (given) {
            add_tool(set, "< ", tool->name, QTC_M_TOOL, f);
        }
        if (given && f->body == QTC_BODY_ELEMENTS && tool->param_count > 0) {
            add_tool(set, "", tool->name, QTC_M_TOOL_LINE, f);
        }
    }
}

/* "<tool_calls:" where a suffix may follow. */
static void add_before_suffix(struct qtc_mark_set *set, const char *const *texts, enum qtc_mark_kind kind,
                              const struct qtc_format *f)
{
    for (size_t i = 0; texts[i] != NULL; i++) {
        if (takes_suffix(texts[i], f)) {
            put_mark(set, keep(set, qtc_bytes(texts[i], strlen(texts[i]) - 1), ":"), texts[i], kind, f);
        }
    }
}

static void add_suffixed_marks(struct qtc_parser *p, const struct qtc_format *f)
{
    struct qtc_mark_set *set = &p->text_marks;
    const char *function[] = {f->bare_function ? f->function_open : NULL, NULL};
    add_before_suffix(set, f->open, QTC_M_OPEN, f);
    add_before_suffix(set, f->close, QTC_M_CLOSE, f);
    add_before_suffix(set, function, QTC_M_FUNCTION, f);
    if (p->options.reasoning != QTC_REASONING_INLINE) {
        add_before_suffix(set, f->think_open, QTC_M_THINK_OPEN, f);
        add_before_suffix(set, f->think_close, QTC_M_THINK_CLOSE, f);
    }
}

bool qtc_is_given(const struct qtc_parser *p, const struct qtc_format *f)
{
    return p->options.format != NULL || p->options.likely == f;
}

static void add_text_marks(struct qtc_parser *p, const struct qtc_format *f)
{
    struct qtc_mark_set *set = &p->text_marks;
    add_marks(set, f->open, QTC_M_OPEN, f);
    add_marks(set, f->close, QTC_M_CLOSE, f);
    if (f->bare_function) {
        add_mark(set, f->function_open, QTC_M_FUNCTION, f);
    }
    add_marks(set, f->header_open, QTC_M_HEADER, f);
    add_marks(set, f->header_end, QTC_M_HEADER_END, f);
    add_marks(set, f->message_close, QTC_M_MESSAGE_CLOSE, f);
    add_marks(set, f->content_open, QTC_M_CONTENT_OPEN, f);
    add_marks(set, f->content_close, QTC_M_CONTENT_CLOSE, f);
    add_marks(set, f->text_tags, QTC_M_TEXT_TAG, f);
    if (f->tool_tags) {
        add_tools(set, p->options.tools, f, qtc_is_given(p, f));
    }
    bool prose = p->options.format == NULL && f->think_open[0] != NULL && qtc_name_char(f->think_open[0][0]);
    /* Messages are read as such whatever becomes of reasoning: there are no markers to leave in it. */
    if ((p->options.reasoning != QTC_REASONING_INLINE || f->header_open[0] != NULL) && !prose) {
        add_marks(set, f->think_open, QTC_M_THINK_OPEN, f);
        add_marks(set, f->think_close, QTC_M_THINK_CLOSE, f);
    }
    add_suffixed_marks(p, f);
}

/* The formats in the order in which they are tried: the given one, the likely
 * one, then all. NULL behind the last. */
static const struct qtc_format *candidate(const struct qtc_parser *p, size_t i)
{
    const struct qtc_format *first[] = {p->options.format, p->options.likely};
    for (size_t k = 0; k < 2; k++) {
        if (first[k] != NULL && i-- == 0) {
            return first[k];
        }
    }
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);
    return i < count ? all[i] : NULL;
}

/* Among all formats, markers that begin like a word are looked for only at a line's beginning. */
static void skip_words(unsigned char *special)
{
    for (int c = 'A'; c <= 'z'; c++) {
        special[c] = qtc_name_char((char)c) ? 0 : special[c];
    }
}

/* Among all formats <s> and </s> are HTML: only who knows the model knows them as its tokens. */
static void add_tokens(struct qtc_mark_set *set, const struct qtc_format *f, bool all)
{
    for (size_t i = 0; f->special_tokens[i] != NULL; i++) {
        const char *token = f->special_tokens[i];
        if (!all || (strcmp(token, "<s>") != 0 && strcmp(token, "</s>") != 0)) {
            add_mark(set, token, QTC_M_SPECIAL, f);
        }
    }
}

void qtc_use_formats(struct qtc_parser *p)
{
    const struct qtc_format *f;
    bool all = p->options.format == NULL;
    for (size_t i = 0; (f = candidate(p, i)) != NULL && (all || i == 0); i++) {
        add_text_marks(p, f);
        p->bare |= f->bare;
        p->starts_in_header |= f->starts_in_header;
    }
    /* A token that says nothing to one format may be another's marker: that counts. */
    for (size_t i = 0; (f = candidate(p, i)) != NULL && (all || i == 0); i++) {
        add_tokens(&p->text_marks, f, all);
    }
    seal(&p->text_marks);
    unsigned char *special = p->text_marks.special;
    if (p->options.format == NULL) {
        skip_words(special);
    } else if (p->bare) {
        special['{'] = special['['] = 1;
    }
}

/* ---- a group's ---------------------------------------------------------- */

static size_t group_size(const struct qtc_parser *p)
{
    return p->group.len / sizeof(struct qtc_format *);
}

static const struct qtc_format *member(const struct qtc_parser *p, size_t i)
{
    return ((const struct qtc_format *const *)(const void *)p->group.data)[i];
}

static bool listed(const char *const *texts, const char *text)
{
    size_t i = 0;
    while (texts[i] != NULL && strcmp(texts[i], text) != 0) {
        i++;
    }
    return texts[i] != NULL;
}

static bool opens_with(const struct qtc_format *f, const char *opener)
{
    bool function = f->bare_function && f->function_open != NULL && strcmp(f->function_open, opener) == 0;
    if (strcmp(opener, QTC_TOOL_TAG) == 0) {
        return f->tool_tags;
    }
    if (strcmp(opener, QTC_BEHIND_PROMPT) == 0) {
        return f->starts_in_header;
    }
    return opener[0] == '\0' ? f->bare
                             : function || listed(f->open, opener) || listed(f->header_open, opener);
}

static void find_group(struct qtc_parser *p, const char *opener)
{
    const struct qtc_format *f;
    bool own = opener[0] == '\0' && p->options.format != NULL; /* nothing says that it is another's */
    p->group.len = 0;
    for (size_t i = 0; (f = candidate(p, i)) != NULL && !(own && i > 0); i++) {
        if (opens_with(f, opener)) {
            qtc_buf_add(&p->group, (const char *)&f, sizeof f);
        }
    }
}

/* "function=" where the model forgot the '<'. */
static void add_headless(struct qtc_mark_set *set, const struct qtc_format *f)
{
    if (f->name_attribute == NULL && f->function_open[0] == '<' && !qtc_tag_whole(f->function_open)) {
        struct qtc_buf text = {0};
        qtc_buf_str(&text, f->function_open + 1);
        qtc_buf_byte(&text, '=');
        add_part(set, qtc_buf_bytes(&text), QTC_M_FUNCTION, f);
        qtc_buf_free(&text);
    }
}

static void add_function_marks(struct qtc_mark_set *set, const struct qtc_format *f)
{
    add_mark(set, f->function_open, QTC_M_FUNCTION, f);
    if (f->function_open == NULL || qtc_tag_whole(f->function_open)) {
        add_mark(set, f->function_end, QTC_M_NAME_END, f);
        add_mark(set, f->id_open, QTC_M_ID, f);
    }
    add_closing(set, f->function_close, QTC_M_END_FUNCTION, f);
}

static void add_tag_marks(struct qtc_mark_set *set, const struct qtc_format *f)
{
    add_marks(set, f->skip, QTC_M_SKIP, f); /* first: in text, one of them may open a block */
    add_function_marks(set, f);
    add_marks(set, f->open, QTC_M_OPEN, f);
    add_marks(set, f->close, QTC_M_CLOSE, f);
    add_mark(set, f->parameter_open, QTC_M_PARAMETER, f);
    add_mark(set, f->type_open, QTC_M_TYPE, f);
    add_mark(set, f->value_open, QTC_M_VALUE, f);
    add_closing(set, f->parameter_close, QTC_M_END_PARAMETER, f);
    add_mark(set, f->cdata ? "<![CDATA[" : NULL, QTC_M_CDATA, f);
    add_marks(set, f->header_open, QTC_M_HEADER, f);
    add_marks(set, f->header_end, QTC_M_HEADER_END, f);
    add_marks(set, f->message_close, QTC_M_MESSAGE_CLOSE, f);
    if (f->header_open[0] != NULL) {
        add_marks(set, f->think_open, QTC_M_THINK_OPEN, f);
        add_marks(set, f->content_open, QTC_M_CONTENT_OPEN, f);
    }
}

/* "<tool_name" behind <tool_call>, where a format's opener may have more in its tag. */
static void add_elements(struct qtc_parser *p, const char *opener)
{
    const struct qtc_format *f;
    size_t len = strlen(opener);
    for (size_t i = 0; (f = candidate(p, i)) != NULL; i++) {
        bool shared = false;
        for (size_t k = 0; f->open[k] != NULL; k++) {
            bool begins = strlen(f->open[k]) + 1 == len && memcmp(f->open[k], opener, len - 1) == 0;
            shared |= begins && opener[len - 1] == '>';
        }
        for (size_t k = 0; shared && qtc_has_wrappers(f) && f->name_keys[k] != NULL; k++) {
            add_tool(&p->tag_marks, "<", qtc_str(f->name_keys[k]), QTC_M_ELEMENT, f);
        }
    }
}

/* This group is the one of the opener, with the suffix that the text has. */
static bool is_group(const struct qtc_parser *p, const char *its, const struct qtc_mark_set *marks,
                     const char *opener)
{
    return its != NULL && strcmp(its, opener) == 0 && strcmp(marks->suffix, p->suffix) == 0;
}

/* Puts the group at hand aside, and takes the one of this opener if it is there. */
static bool swap_group(struct qtc_parser *p, const char *opener)
{
    struct qtc_group current = {p->opener, p->group, p->tag_marks}, *place = &p->groups[p->oldest];
    bool found = false;
    for (size_t i = 0; i < QTC_GROUPS && !found; i++) {
        found = is_group(p, p->groups[i].opener, &p->groups[i].marks, opener);
        place = found ? &p->groups[i] : place;
    }
    p->oldest = found ? p->oldest : (p->oldest + 1) % QTC_GROUPS;
    p->opener = place->opener;
    p->group = place->formats;
    p->tag_marks = place->marks;
    *place = current;
    return found;
}

void qtc_use_group(struct qtc_parser *p, const char *opener)
{
    struct qtc_mark_set *set = &p->tag_marks;
    if (is_group(p, p->opener, set, opener)) {
        return;
    }
    if (p->opener != NULL && swap_group(p, opener)) {
        return;
    }
    p->opener = opener;
    find_group(p, opener);
    clear(set);
    memcpy(set->suffix, p->suffix, sizeof set->suffix);
    for (size_t i = 0; i < group_size(p); i++) {
        add_tag_marks(set, member(p, i));
    }
    if (group_size(p) > 0 && member(p, 0)->tool_tags) {
        add_tools(set, p->options.tools, member(p, 0), false);
    }
    add_elements(p, opener);
    for (size_t i = 0; i < group_size(p); i++) {
        if (member(p, i)->function_open != NULL) {
            add_headless(set, member(p, i)); /* last: a marker counts before a mistake */
        }
    }
    seal(set);
    if (set->find.failed || p->group.failed) {
        p->code = QTC_NOMEM; /* before a step looks at them */
    }
}

const struct qtc_format *qtc_group_find(const struct qtc_parser *p, enum qtc_body body)
{
    for (size_t i = 0; i < group_size(p); i++) {
        if (member(p, i)->body == body) {
            return member(p, i);
        }
    }
    return NULL;
}

/* Which bodies may follow a name before this byte. */
static bool goes_on_with(enum qtc_body body, char next)
{
    switch (body) {
    case QTC_BODY_PYTHON:
        return next == '(';
    case QTC_BODY_GEMMA:
        return next == '(' || next == '{';
    case QTC_BODY_NAMED:
        return next != '(';
    case QTC_BODY_TAGS:
        return next == '\0' || next == '{';
    default:
        return false;
    }
}

static bool names_by_text(const struct qtc_format *f)
{
    return f->function_open == NULL || qtc_tag_whole(f->function_open);
}

const struct qtc_format *qtc_group_named(const struct qtc_parser *p, char next)
{
    for (size_t i = 0; i < group_size(p); i++) {
        if (names_by_text(member(p, i)) && goes_on_with(member(p, i)->body, next)) {
            return member(p, i);
        }
    }
    return NULL;
}

/* A closing marker looks like its opener: [TOOL_CALLS] has none where <tool_call> has. */
static bool closes(const struct qtc_format *f, char first)
{
    size_t i = 0;
    while (f->close[i] != NULL && f->close[i][0] != first) {
        i++;
    }
    return f->close[i] != NULL;
}

bool qtc_group_closes(const struct qtc_parser *p)
{
    if (p->opener[0] == '\0') {
        return false; /* what was not opened */
    }
    for (size_t i = 0; i < group_size(p); i++) {
        if (closes(member(p, i), p->opener[0])) {
            return true;
        }
        if (member(p, i) == p->options.format) {
            return false;
        }
    }
    return false;
}

bool qtc_group_skips(const struct qtc_parser *p, const char *opener)
{
    return listed(member(p, 0)->skip, opener);
}

bool qtc_group_types(const struct qtc_parser *p)
{
    for (size_t i = 0; i < group_size(p); i++) {
        if (member(p, i)->type_first) {
            return true;
        }
    }
    return false;
}

bool qtc_group_names(const struct qtc_parser *p)
{
    return qtc_group_named(p, '(') != NULL || qtc_group_named(p, '{') != NULL ||
           qtc_group_named(p, '\0') != NULL;
}

const struct qtc_format *qtc_group_objects(const struct qtc_parser *p)
{
    for (size_t i = 0; i < group_size(p); i++) {
        const struct qtc_format *f = member(p, i);
        bool dialect = f->body == QTC_BODY_NAMED && f->bare; /* usual behind its own opener */
        if (f->body == QTC_BODY_JSON || (dialect && (p->opener[0] != '\0' || f == p->options.format))) {
            return f;
        }
    }
    return member(p, 0);
}

const struct qtc_format *qtc_group_first(const struct qtc_parser *p)
{
    return member(p, 0);
}

const struct qtc_format *qtc_group_messages(const struct qtc_parser *p, bool channels)
{
    for (size_t i = 0; i < group_size(p); i++) {
        const struct qtc_format *f = member(p, i);
        if (f->header_open[0] != NULL && listed(f->header_open, "<|channel|>") == channels) {
            return f;
        }
    }
    return member(p, 0);
}

const struct qtc_format *qtc_group_lists(const struct qtc_parser *p)
{
    for (size_t i = 0; i < group_size(p); i++) {
        if (member(p, i)->array) {
            return member(p, i);
        }
    }
    return member(p, 0);
}
