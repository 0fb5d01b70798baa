/* The window on the input: what is kept of it, and where that lies. */
#include "parse/parser.h"

#define MAX_HELD ((size_t)16 << 20)
#define MIN_HELD 8 /* a character, or a pair of surrogates, must fit */

size_t qtc_stop_at(const struct qtc_parser *p, size_t n)
{
    uint64_t from = p->trial.on ? p->trial.at : p->mark;
    uint64_t most = p->options.max_held > 0 ? p->options.max_held : MAX_HELD;
    most = most < MIN_HELD ? MIN_HELD : most;
    if (p->trial.on && p->options.recover == QTC_RECOVER_STRICT) {
        most *= 16;
    }
    if (from == QTC_NO_MARK || p->base + n - from <= most) {
        return n;
    }
    return from + most <= p->base ? 0 : (size_t)(from + most - p->base);
}

void qtc_mark_at(struct qtc_parser *p, size_t i)
{
    p->hold.len = 0;
    p->mark = p->held_to = qtc_pos(p, i);
}

void qtc_mark_from(struct qtc_parser *p, size_t i)
{
    if (p->mark == QTC_NO_MARK) {
        qtc_mark_at(p, i);
        p->n = qtc_stop_at(p, p->n); /* the step that goes on from here stops at the limit */
    }
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
        return p->in == NULL ? qtc_bytes(NULL, 0)
                             : qtc_bytes(p->in + (p->mark - p->base), (size_t)(qtc_pos(p, i) - p->mark));
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

struct qtc_bytes qtc_held_to(struct qtc_parser *p, uint64_t to, size_t i)
{
    struct qtc_bytes held = qtc_held(p, i);
    size_t len = (size_t)(to - p->mark);
    return qtc_bytes(held.data, len < held.len ? len : held.len);
}
