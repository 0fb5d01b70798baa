/* The window on the input: what is kept of it, and where that lies. */
#include "parse/parser.h"

void qtc_mark_at(struct qtc_parser *p, size_t i)
{
    p->hold.len = 0;
    p->mark = p->held_to = qtc_pos(p, i);
}

void qtc_mark_move(struct qtc_parser *p, uint64_t at)
{
    size_t drop = (size_t)(at - p->mark);
    if (drop < p->hold.len) {
        qtc_buf_drop(&p->hold, drop);
    } else {
        p->hold.len = 0;
        p->held_to = at;
    }
    p->mark = at;
}

void qtc_unmark(struct qtc_parser *p)
{
    p->hold.len = 0;
    p->mark = QTC_NO_MARK;
}

/* Takes over the piece's bytes up to base + i, which will be gone later. */
static void keep(struct qtc_parser *p, size_t i)
{
    uint64_t end = qtc_pos(p, i);
    if (p->mark != QTC_NO_MARK && p->held_to < end) {
        qtc_buf_add(&p->hold, p->in + (p->held_to - p->base), (size_t)(end - p->held_to));
        p->held_to = end;
    }
}

void qtc_keep(struct qtc_parser *p, size_t i)
{
    struct qtc_trial *t = &p->trial;
    uint64_t end = qtc_pos(p, i);
    keep(p, i);
    if (t->on && t->raw_to < end) {
        qtc_buf_add(&t->raw, p->in + (t->raw_to - p->base), (size_t)(end - t->raw_to));
        t->raw_to = end;
    }
}

struct qtc_bytes qtc_held(struct qtc_parser *p, size_t i)
{
    if (p->hold.len == 0 && p->mark >= p->base) {
        return qtc_bytes(p->in == NULL ? NULL : p->in + (p->mark - p->base),
                         (size_t)(qtc_pos(p, i) - p->mark));
    }
    keep(p, i);
    return qtc_bytes(p->hold.data, p->hold.failed ? 0 : (size_t)(qtc_pos(p, i) - p->mark));
}

struct qtc_bytes qtc_held_from(struct qtc_parser *p, uint64_t from, size_t i)
{
    struct qtc_bytes held = qtc_held(p, i);
    size_t skip = held.len == 0 ? 0 : (size_t)(from - p->mark);
    return qtc_bytes(held.data + skip, held.len - skip);
}
