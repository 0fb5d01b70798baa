/* The markers of the formats that are looked for, in text and in a tagged call. */
#include "parse/parser.h"

#include <stdio.h>
#include <string.h>

const struct qtc_format *qtc_sibling(const struct qtc_format *format, enum qtc_body body)
{
    if (format->body == body) {
        return format;
    }
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);
    for (size_t i = 0; i < count; i++) {
        if (all[i]->body == body && all[i]->open != NULL && strcmp(all[i]->open, format->open) == 0) {
            return all[i];
        }
    }
    return NULL;
}

static void add_mark(struct qtc_mark_set *set, const char *text, enum qtc_mark_kind kind,
                     const struct qtc_format *format)
{
    if (text == NULL || set->count == QTC_MAX_MARKS) {
        return;
    }
    set->marks[set->count] = (struct qtc_mark){.text = text, .format = format, .kind = kind};
    qtc_markers_add(&set->find, text, set->count++);
}

/* A marker made of a tag's name; its text lives in the set. */
static void add_tag(struct qtc_mark_set *set, const char *before, const char *name, const char *after,
                    enum qtc_mark_kind kind, const struct qtc_format *format)
{
    char *text = set->tags[set->tag_count];
    int len = name == NULL ? -1 : snprintf(text, QTC_TAG_MAX, "%s%s%s", before, name, after);
    if (len > 0 && len < QTC_TAG_MAX && set->tag_count + 1 < QTC_MAX_TAGS) {
        set->tag_count++;
        add_mark(set, text, kind, format);
    }
}

static void add_text_marks(struct qtc_parser *p, const struct qtc_format *f)
{
    struct qtc_mark_set *set = &p->text_marks;
    add_mark(set, f->open, QTC_M_OPEN, f);
    add_mark(set, f->close, QTC_M_CLOSE, f);
    if (f->bare_function) {
        add_tag(set, "<", f->function_tag, "", QTC_M_FUNCTION, f);
    }
    for (size_t i = 0; f->special_tokens[i] != NULL; i++) {
        add_mark(set, f->special_tokens[i], QTC_M_SPECIAL, f);
    }
    if (p->options.reasoning != QTC_REASONING_INLINE) {
        add_mark(set, f->think_open, QTC_M_THINK_OPEN, f);
        add_mark(set, f->think_close, QTC_M_THINK_CLOSE, f);
    }
}

static void seal(struct qtc_mark_set *set)
{
    qtc_markers_seal(&set->find);
    memcpy(set->special, set->find.first, sizeof set->special);
    set->special['\n'] = set->special['`'] = set->special['~'] = 1;
}

void qtc_use_tags(struct qtc_parser *p, const struct qtc_format *format)
{
    if (p->tag_format == format) {
        return;
    }
    struct qtc_mark_set *set = &p->tag_marks;
    const struct qtc_format *xml = qtc_sibling(format, QTC_BODY_XML);
    qtc_markers_free(&set->find);
    set->count = set->tag_count = 0;
    add_mark(set, format->open, QTC_M_OPEN, format);
    add_mark(set, format->close, QTC_M_CLOSE, format);
    if (xml != NULL) {
        add_tag(set, "<", xml->function_tag, "", QTC_M_FUNCTION, xml);
        add_tag(set, "</", xml->function_tag, "", QTC_M_END_FUNCTION, xml);
        add_tag(set, "<", xml->parameter_tag, "", QTC_M_PARAMETER, xml);
        add_tag(set, "</", xml->parameter_tag, "", QTC_M_END_PARAMETER, xml);
        add_tag(set, "", xml->function_tag, "=", QTC_M_FUNCTION, xml);
    }
    seal(set);
    if (set->find.failed) {
        p->code = QTC_NOMEM; /* before a step looks at them */
    }
    p->tag_format = format;
}

void qtc_use_formats(struct qtc_parser *p)
{
    size_t count;
    const struct qtc_format *const *all = qtc_formats(&count);
    if (p->options.format != NULL) {
        add_text_marks(p, p->options.format);
    }
    for (size_t i = 0; i < count && p->options.format == NULL; i++) {
        add_text_marks(p, all[i]);
    }
    seal(&p->text_marks);
}
