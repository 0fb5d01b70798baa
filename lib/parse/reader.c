/* Arguments in the syntax of another language, each with a reader of its own.
 *
 * Until the reader is certain of its syntax, the text may still be text: the
 * call's events wait. */
#include "parse/parser.h"

size_t qtc_reader_begin(struct qtc_parser *p, char bracket, size_t i)
{
    const struct qtc_format *f = p->call.format;
    if (f->body == QTC_BODY_PYTHON) {
        qtc_python_reset(&p->python);
    } else {
        qtc_gemma_reset(&p->gemma, f->delimiter, f->close[0], bracket);
    }
    p->object.reported = 0;
    p->call.whole = true;
    p->state = QTC_S_READER;
    return i;
}

static void commit(struct qtc_parser *p, size_t i)
{
    if (p->call.pending) {
        qtc_call_commit(p, qtc_pos(p, i));
    }
    qtc_unmark(p);
}

static size_t end_call(struct qtc_parser *p, size_t i)
{
    qtc_call_end(p, qtc_pos(p, i), false);
    qtc_unmark(p);
    p->object.comma = false;
    p->state = p->text.in_array ? QTC_S_ARRAY : QTC_S_AFTER;
    return i;
}

static void report(struct qtc_parser *p, unsigned found)
{
    unsigned news = found & ~p->object.reported;
    if (news != 0 && p->call.open) {
        qtc_tell_mended(p, news);
        p->object.reported |= news;
    }
}

/* What follows is no argument any more: the call ends here. */
static size_t give_up(struct qtc_parser *p, size_t i)
{
    qtc_python_finish(&p->python, &p->args, true);
    report(p, p->python.found | QTC_MEND_MISSING_BRACE);
    return end_call(p, i);
}

/* A list inside a line of text is more than prose only if it says something: [f()] does not. */
static bool is_prose(const struct qtc_parser *p)
{
    return p->call.pending && p->text.bare && !p->text.line_blank && !p->text.block_call;
}

static size_t step_python(struct qtc_parser *p, size_t i)
{
    struct qtc_python *r = &p->python;
    i += qtc_python_feed(r, p->in + i, p->n - i, &p->args);
    switch (r->event) {
    case QTC_PYTHON_KEY:
        commit(p, i);
        break;
    case QTC_PYTHON_DONE:
        if (is_prose(p)) {
            return qtc_not_structure(p, i);
        }
        commit(p, i);
        report(p, r->found);
        return end_call(p, i);
    case QTC_PYTHON_BAD:
        return p->call.open ? give_up(p, i) : qtc_not_structure(p, i);
    case QTC_PYTHON_NONE:
        break;
    }
    report(p, r->found);
    return i;
}

static void set_types(struct qtc_parser *p)
{
    const struct qtc_param *param = qtc_tool_param(p->call.tool, qtc_buf_bytes(&p->gemma.key));
    p->gemma.types = param == NULL ? 0 : param->types;
    if (param == NULL && p->call.tool != NULL && p->call.tool->schema != NULL) {
        qtc_defect(p, QTC_D_UNDECLARED_PARAMETER, qtc_buf_bytes(&p->gemma.key));
    }
}

static size_t step_gemma(struct qtc_parser *p, size_t i)
{
    struct qtc_gemma *r = &p->gemma;
    i += qtc_gemma_feed(r, p->in + i, p->n - i, &p->args);
    if (r->mismatch) {
        qtc_defect(p, QTC_D_TYPE_MISMATCH, qtc_buf_bytes(&r->key));
    }
    switch (r->event) {
    case QTC_GEMMA_KEY:
        commit(p, i);
        set_types(p);
        break;
    case QTC_GEMMA_DONE:
        commit(p, i);
        report(p, r->found);
        return end_call(p, i);
    case QTC_GEMMA_CLOSE:
        report(p, r->found);
        end_call(p, i);
        p->text.in_block = false;
        qtc_text_begin(p, true);
        return i;
    case QTC_GEMMA_BAD:
        return qtc_not_structure(p, i);
    case QTC_GEMMA_END:
    case QTC_GEMMA_NONE:
        break;
    }
    report(p, r->found);
    return i;
}

size_t qtc_step_reader(struct qtc_parser *p, size_t i)
{
    return p->call.format->body == QTC_BODY_PYTHON ? step_python(p, i) : step_gemma(p, i);
}

void qtc_reader_cut(struct qtc_parser *p)
{
    bool close = p->options.recover == QTC_RECOVER_LENIENT;
    if (p->call.format->body == QTC_BODY_PYTHON) {
        qtc_python_finish(&p->python, &p->args, close);
    } else {
        qtc_gemma_finish(&p->gemma, &p->args, close);
    }
}
