/* conformance.c - recorded cases against the parser, whole and at every cut.
 *
 *   conformance [OPTION]... FILE.jsonl...
 *
 * A line of a file is a case:
 *   {"id", "format", "chunks": [text, ...], "tools": [...]|null, "starts_in_reasoning": bool,
 *    "reasoning": "split"|"inline", "expect": {"content", "reasoning", "calls": [{"name", "arguments"}]}}
 * and may say more:
 *   "recover": "strict"|"normal"|"lenient"
 *   "exact": true            content, reasoning and arguments are compared byte for byte
 *   "expect": "truncated"    a boolean a call
 *             "defects"      slugs that must occur; [] means none of WARNING or worse
 * What expect leaves out is not asserted; null is the empty text, or any name.
 *
 * A case's text is parsed in its chunks, whole, byte by byte and cut in two at every byte, with calls held
 * and with calls streamed. A text for which that were more than SPLIT_BYTES bytes to parse is cut at fewer
 * places: half of them evenly spaced, half of them beside what markers and JSON are made of, as far as
 * these go. All of these must agree, their events must cover the text without a gap, and
 * the held result must be the expected one. Exit status: 0 when all hold, 1 when not, 2 for bad usage or
 * input. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parse/parse.h"

#define SPLIT_BYTES ((size_t)16 << 20) /* parsed for a case's splits, each way */

/* ---- what one run of the parser gave ------------------------------------- */

struct call {
    size_t name_at, name_len; /* in result.names */
    size_t args_at, args_len; /* in result.args */
    unsigned truncated, ended;
};

struct result {
    struct qtc_bytes text; /* what is parsed */
    struct qtc_buf content, reasoning, names, args;
    struct qtc_buf calls;   /* struct call */
    struct qtc_buf defects; /* a byte each, in order */
    struct qtc_buf order;   /* c r k e: content, reasoning, call, its end */
    uint64_t end;           /* of the last event's range */
    bool tiles;             /* ranges are to be checked */
    const char *fault;      /* the first rule that was broken */
    uint64_t fault_at;
};

static void result_clear(struct result *r)
{
    struct qtc_buf *all[] = {&r->content, &r->reasoning, &r->names, &r->args,
                             &r->calls,   &r->defects,   &r->order};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        qtc_buf_clear(all[i]);
    }
    r->end = 0;
    r->fault = NULL;
}

static void result_free(struct result *r)
{
    qtc_buf_free(&r->content);
    qtc_buf_free(&r->reasoning);
    qtc_buf_free(&r->names);
    qtc_buf_free(&r->args);
    qtc_buf_free(&r->calls);
    qtc_buf_free(&r->defects);
    qtc_buf_free(&r->order);
}

static size_t call_count(const struct result *r)
{
    return r->calls.len / sizeof(struct call);
}

static struct call *call_at(const struct result *r, size_t i)
{
    return (struct call *)(void *)(r->calls.data + i * sizeof(struct call));
}

static struct qtc_bytes call_name(const struct result *r, size_t i)
{
    return qtc_bytes(r->names.data + call_at(r, i)->name_at, call_at(r, i)->name_len);
}

static struct qtc_bytes call_args(const struct result *r, size_t i)
{
    return qtc_bytes(r->args.data + call_at(r, i)->args_at, call_at(r, i)->args_len);
}

static void fault(struct result *r, const char *what, uint64_t at)
{
    if (r->fault == NULL) {
        r->fault = what;
        r->fault_at = at;
    }
}

/* ---- the sink: events are gathered and their ranges checked --------------- */

/* A valid character of `text` begins before `at` and ends behind it. */
static bool inside_character(struct qtc_bytes text, size_t at)
{
    if (at >= text.len || ((unsigned char)text.data[at] & 0xC0) != 0x80) {
        return false;
    }
    for (size_t back = 1; back <= 3 && back <= at; back++) {
        if (qtc_utf8_char(text.data + at - back, text.len - (at - back)) > back) {
            return true;
        }
    }
    return false;
}

static void check_range(struct result *r, const struct qtc_event *e)
{
    if (!r->tiles) {
        return;
    }
    if (e->at != r->end) {
        fault(r, e->at > r->end ? "a gap before an event" : "an event overlaps the one before", e->at);
    }
    if (e->end < e->at || e->end > r->text.len) {
        fault(r, "an event ends outside the text", e->end);
    }
    r->end = e->end;
}

/* CONTENT, REASONING, FRAMING: the text is that of the range. */
static void check_text(struct result *r, const struct qtc_event *e)
{
    check_range(r, e);
    if (!r->tiles || r->fault != NULL) {
        return;
    }
    if (inside_character(r->text, (size_t)e->end)) {
        fault(r, "a fragment ends inside a character", e->end);
    }
    if (e->kind != QTC_FRAMING &&
        !qtc_bytes_equal(e->text, qtc_bytes(r->text.data + e->at, (size_t)(e->end - e->at)))) {
        fault(r, "text differs from the bytes of its range", e->at);
    }
}

static void note_order(struct result *r, char kind)
{
    if (kind == 'k' || r->order.len == 0 || r->order.data[r->order.len - 1] != kind) {
        qtc_buf_byte(&r->order, kind);
    }
}

static void take_text(struct result *r, const struct qtc_event *e, struct qtc_buf *into, char kind)
{
    check_text(r, e);
    qtc_buf_put(into, e->text);
    if (e->text.len > 0) {
        note_order(r, kind);
    }
}

/* The call that an event belongs to: the last one, still open. */
static struct call *open_call(struct result *r, const struct qtc_event *e)
{
    size_t count = call_count(r);
    if (count == 0 || e->call != count - 1 || call_at(r, count - 1)->ended) {
        fault(r, "an event of a call that is not open", e->at);
        return NULL;
    }
    return call_at(r, count - 1);
}

static void take_call(struct result *r, const struct qtc_event *e)
{
    struct call call;
    size_t count = call_count(r);
    check_range(r, e);
    if (e->call != count || (count > 0 && !call_at(r, count - 1)->ended)) {
        fault(r, "a call begins out of turn", e->at);
    }
    memset(&call, 0, sizeof call);
    call.name_at = r->names.len;
    call.name_len = e->name.len;
    call.args_at = r->args.len;
    qtc_buf_put(&r->names, e->name);
    qtc_buf_add(&r->calls, (const char *)&call, sizeof call);
    note_order(r, 'k');
}

static void take_args(struct result *r, const struct qtc_event *e)
{
    struct call *call = open_call(r, e);
    check_range(r, e);
    if (call == NULL) {
        return;
    }
    size_t cut = r->args.len;
    qtc_buf_put(&r->args, e->text);
    call->args_len += e->text.len;
    struct qtc_bytes args = qtc_bytes(r->args.data + call->args_at, call->args_len);
    if (e->text.len > 0 && cut > call->args_at && inside_character(args, cut - call->args_at)) {
        fault(r, "a fragment of arguments ends inside a character", e->at);
    }
}

static void take_call_end(struct result *r, const struct qtc_event *e)
{
    struct call *call = open_call(r, e);
    check_range(r, e);
    if (call != NULL) {
        call->ended = 1;
        call->truncated = e->truncated;
        note_order(r, 'e');
    }
}

static void take_defect(struct result *r, const struct qtc_event *e)
{
    if ((unsigned)e->defect >= QTC_DEFECTS) {
        fault(r, "a defect without a row", e->at);
        return;
    }
    qtc_buf_byte(&r->defects, (char)e->defect);
}

static bool gather(void *ctx, const struct qtc_event *e)
{
    struct result *r = ctx;
    switch (e->kind) {
    case QTC_CONTENT:
        take_text(r, e, &r->content, 'c');
        break;
    case QTC_REASONING:
        take_text(r, e, &r->reasoning, 'r');
        break;
    case QTC_FRAMING:
        check_text(r, e);
        break;
    case QTC_CALL:
        take_call(r, e);
        break;
    case QTC_ARGS:
        take_args(r, e);
        break;
    case QTC_CALL_END:
        take_call_end(r, e);
        break;
    case QTC_DEFECT:
        take_defect(r, e);
        break;
    default:
        fault(r, "an event that a parser does not send", e->at);
        break;
    }
    return true;
}

/* ---- rules that every result keeps ---------------------------------------- */

static bool has_defect(const struct result *r, enum qtc_defect defect)
{
    return r->defects.len > 0 && memchr(r->defects.data, (int)defect, r->defects.len) != NULL;
}

static void check_whole(struct result *r)
{
    size_t count = call_count(r);
    if (r->tiles && r->end != r->text.len) {
        fault(r, "the events end before the text", r->end);
    }
    if (count > 0 && !call_at(r, count - 1)->ended) {
        fault(r, "a call without its end", r->end);
    }
}

/* Arguments that are not JSON belong to a call that says so. */
static void check_honesty(struct result *r)
{
    for (size_t i = 0; i < call_count(r); i++) {
        if (call_at(r, i)->truncated && !has_defect(r, QTC_D_TRUNCATED_CALL)) {
            fault(r, "a call is truncated without the defect", r->end);
        }
        if (!call_at(r, i)->truncated && !has_defect(r, QTC_D_NOT_JSON) && !qtc_json_valid(call_args(r, i))) {
            fault(r, "a whole call's arguments are not JSON, and no defect says so", r->end);
        }
    }
}

/* What differs between two results of one text, or NULL. */
static const char *difference(const struct result *a, const struct result *b)
{
    const struct {
        const char *what;
        const struct qtc_buf *a, *b;
    } parts[] = {
        {"content", &a->content, &b->content}, {"reasoning", &a->reasoning, &b->reasoning},
        {"names", &a->names, &b->names},       {"arguments", &a->args, &b->args},
        {"calls", &a->calls, &b->calls},       {"order of events", &a->order, &b->order},
        {"defects", &a->defects, &b->defects},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!qtc_bytes_equal(qtc_buf_bytes(parts[i].a), qtc_buf_bytes(parts[i].b))) {
            return parts[i].what;
        }
    }
    return NULL;
}

/* ---- a case --------------------------------------------------------------- */

struct record {
    struct qtc_bytes id, format;
    const struct qtc_json *chunks, *expect;
    struct qtc_parse_options options;
    struct qtc_tools *tools;
    struct qtc_buf text;
    bool exact;
};

struct options {
    const char *formats; /* a list with commas; NULL: all */
    const char *differences;
    size_t splits; /* at most */
    unsigned long times;
    bool tap, quiet, verbose, tiles;
};

/* One format's figures. */
struct tally {
    char name[40];
    size_t cases, passed, listed, unstable;
};

#define TALLIES 128

struct suite {
    struct options opt;
    struct qtc_arena arena;
    struct qtc_buf differences; /* the file */
    struct result first, again;
    struct qtc_buf why;    /* one line: what is wrong with the case */
    struct qtc_buf detail; /* more lines, each begun with "#   " */
    struct tally tallies[TALLIES];
    size_t tally_count;
    size_t numbered, failed, skipped, runs, differ;
};

static void say(struct suite *s, const char *label, struct qtc_bytes text)
{
    qtc_buf_str(&s->detail, "#   ");
    qtc_buf_str(&s->detail, label);
    qtc_buf_str(&s->detail, ": ");
    qtc_json_string(&s->detail, text);
    qtc_buf_byte(&s->detail, '\n');
}

static void say_pair(struct suite *s, const char *what, struct qtc_bytes expected, struct qtc_bytes got)
{
    qtc_buf_str(&s->why, what);
    say(s, "expected", expected);
    say(s, "got", got);
}

static void say_result(struct suite *s, const char *label, const struct result *r)
{
    struct qtc_buf line = {0};
    qtc_buf_str(&s->detail, "#  ");
    qtc_buf_str(&s->detail, label);
    qtc_buf_str(&s->detail, "\n");
    say(s, "  content", qtc_buf_bytes(&r->content));
    if (r->reasoning.len > 0) {
        say(s, "  reasoning", qtc_buf_bytes(&r->reasoning));
    }
    for (size_t i = 0; i < call_count(r); i++) {
        qtc_buf_clear(&line);
        qtc_buf_put(&line, call_name(r, i));
        qtc_buf_byte(&line, '(');
        qtc_buf_put(&line, call_args(r, i));
        qtc_buf_str(&line, call_at(r, i)->truncated ? ") truncated" : ")");
        say(s, "  call", qtc_buf_bytes(&line));
    }
    qtc_buf_clear(&line);
    for (size_t i = 0; i < r->defects.len; i++) {
        qtc_buf_str(&line, i > 0 ? " " : "");
        qtc_buf_str(&line, qtc_defect_info((unsigned char)r->defects.data[i])->slug);
    }
    say(s, "  defects", qtc_buf_bytes(&line));
    qtc_buf_free(&line);
}

/* ---- running -------------------------------------------------------------- */

enum cut { CUT_WHOLE, CUT_CHUNKS, CUT_BYTES, CUT_SPLIT };

static const char *const cut_names[] = {"whole", "chunks", "byte by byte", "split"};

static enum qtc_code feed_chunks(struct qtc_parser *p, const struct record *rec)
{
    enum qtc_code code = QTC_OK;
    for (const struct qtc_json *c = rec->chunks->first; c != NULL && code == QTC_OK; c = c->next) {
        code = qtc_parser_feed(p, c->text.data, c->text.len);
    }
    return code;
}

static enum qtc_code feed_bytes(struct qtc_parser *p, struct qtc_bytes text)
{
    enum qtc_code code = QTC_OK;
    for (size_t i = 0; i < text.len && code == QTC_OK; i++) {
        code = qtc_parser_feed(p, text.data + i, 1);
    }
    return code;
}

static enum qtc_code feed_split(struct qtc_parser *p, struct qtc_bytes text, size_t at)
{
    enum qtc_code code = qtc_parser_feed(p, text.data, at);
    if (code == QTC_OK && at < text.len) {
        code = qtc_parser_feed(p, text.data + at, text.len - at);
    }
    return code;
}

static void run(struct qtc_parser *p, const struct record *rec, struct result *r, enum cut cut, size_t at)
{
    struct qtc_bytes text = r->text;
    enum qtc_code code;
    result_clear(r);
    qtc_parser_reset(p);
    switch (cut) {
    case CUT_CHUNKS:
        code = feed_chunks(p, rec);
        break;
    case CUT_BYTES:
        code = feed_bytes(p, text);
        break;
    case CUT_SPLIT:
        code = feed_split(p, text, at);
        break;
    default:
        code = qtc_parser_feed(p, text.data, text.len);
        break;
    }
    if (code == QTC_OK) {
        code = qtc_parser_finish(p);
    }
    if (code != QTC_OK) {
        fault(r, "the parser failed", r->end);
    }
    check_whole(r);
}

static void say_cut(struct suite *s, enum cut cut, size_t at, const struct record *rec, bool held)
{
    qtc_buf_str(&s->why, cut_names[cut]);
    if (cut == CUT_SPLIT) {
        qtc_buf_str(&s->why, " at ");
        qtc_buf_u64(&s->why, at);
        qtc_buf_str(&s->why, " of ");
        qtc_buf_u64(&s->why, rec->text.len);
    }
    qtc_buf_str(&s->why, held ? " (held): " : " (streamed): ");
}

static void say_fault(struct suite *s, const struct result *r)
{
    qtc_buf_str(&s->why, r->fault);
    qtc_buf_str(&s->why, ", at ");
    qtc_buf_u64(&s->why, r->fault_at);
}

/* One more run must give what the first one gave. */
static bool run_agrees(struct suite *s, struct qtc_parser *p, const struct record *rec, enum cut cut,
                       size_t at)
{
    struct result *r = &s->again;
    bool held = rec->options.hold_calls;
    run(p, rec, r, cut, at);
    s->runs++;
    const char *what = difference(&s->first, r);
    if (what == NULL && r->fault == NULL) {
        return true;
    }
    if (s->why.len == 0) {
        say_cut(s, cut, at, rec, held);
        if (r->fault != NULL) {
            say_fault(s, r);
        } else {
            qtc_buf_str(&s->why, what);
            qtc_buf_str(&s->why, ": not the same as whole");
        }
        say_result(s, "whole", &s->first);
        say_result(s, "cut", r);
    }
    return false;
}

/* Cuts beside these bytes are the ones that matter most. */
static bool is_near(struct qtc_bytes text, size_t at)
{
    static const char edges[] = "<>[]{}|=/:\"\\\n`";
    return memchr(edges, text.data[at - 1], sizeof edges - 1) != NULL ||
           memchr(edges, text.data[at], sizeof edges - 1) != NULL;
}

static size_t step_for(size_t places, size_t wanted)
{
    return wanted == 0 ? SIZE_MAX : (places + wanted - 1) / wanted;
}

/* Where a text is cut: every `step` bytes, and at every `near_step`-th of the places near markup. */
struct places {
    size_t count, step, near_step;
};

static struct places places_of(const struct suite *s, struct qtc_bytes text)
{
    struct places p = {.count = text.len > 1 ? text.len - 1 : 0};
    size_t near = 0, most = p.count == 0 ? 0 : SPLIT_BYTES / text.len + 1;
    size_t wanted = s->opt.splits < most ? s->opt.splits : most;
    p.step = step_for(p.count, wanted);
    p.near_step = SIZE_MAX;
    if (p.step > 1 && wanted == most) {
        for (size_t at = 1; at <= p.count; at++) {
            near += is_near(text, at);
        }
        p.step = step_for(p.count, (wanted + 1) / 2);
        p.near_step = step_for(near, wanted / 2);
    }
    return p;
}

/* The splits: all of them, or as many as were asked for or are cheap, spread over the text. */
static bool splits_agree(struct suite *s, struct qtc_parser *p, const struct record *rec)
{
    struct qtc_bytes text = qtc_buf_bytes(&rec->text);
    struct places places = places_of(s, text);
    bool good = true;
    size_t near = 0;
    for (size_t at = 1; at <= places.count && s->opt.splits > 0; at++) {
        bool chosen = (at - 1) % places.step == 0;
        if (places.near_step != SIZE_MAX && is_near(text, at)) {
            chosen |= near++ % places.near_step == 0;
        }
        if (chosen && !run_agrees(s, p, rec, CUT_SPLIT, at)) {
            s->differ++;
            good = false;
        }
    }
    return good;
}

static bool run_first(struct suite *s, struct qtc_parser *p, const struct record *rec)
{
    struct result *r = &s->first;
    run(p, rec, r, CUT_WHOLE, 0);
    s->runs++;
    check_honesty(r);
    if (r->fault == NULL) {
        return true;
    }
    if (s->why.len == 0) {
        say_cut(s, CUT_WHOLE, 0, rec, rec->options.hold_calls);
        say_fault(s, r);
        say_result(s, "whole", r);
    }
    return false;
}

/* Whole, then every other way; the first result is left in s->first. */
static bool run_all(struct suite *s, const struct record *rec)
{
    struct qtc_parser *first = qtc_parser_new(&rec->options, gather, &s->first);
    struct qtc_parser *again = qtc_parser_new(&rec->options, gather, &s->again);
    bool good = first != NULL && again != NULL;
    s->first.text = s->again.text = qtc_buf_bytes(&rec->text);
    s->first.tiles = s->again.tiles = s->opt.tiles;
    if (good) {
        good &= run_first(s, first, rec);
        good &= run_agrees(s, again, rec, CUT_CHUNKS, 0);
        good &= run_agrees(s, again, rec, CUT_BYTES, 0);
        good &= splits_agree(s, again, rec);
    } else {
        qtc_buf_str(&s->why, "no memory for a parser");
    }
    qtc_parser_free(first);
    qtc_parser_free(again);
    return good;
}

/* ---- comparing with what is expected -------------------------------------- */

static void without_blanks(struct qtc_buf *out, struct qtc_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!qtc_is_blank(text.data[i])) {
            qtc_buf_byte(out, text.data[i]);
        }
    }
}

/* The same for something like JSON: blanks in its strings stay. */
static void without_outer_blanks(struct qtc_buf *out, struct qtc_bytes text)
{
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (quoted && c == '\\' && i + 1 < text.len) {
            qtc_buf_byte(out, c);
            c = text.data[++i];
        } else if (c == '"') {
            quoted = !quoted;
        }
        if (quoted || !qtc_is_blank(c)) {
            qtc_buf_byte(out, c);
        }
    }
}

static bool is_prefix(struct qtc_bytes a, struct qtc_bytes b)
{
    return a.len <= b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool same_but_for_blanks(struct qtc_bytes want, struct qtc_bytes got, bool may_go_on)
{
    struct qtc_buf a = {0}, b = {0};
    without_blanks(&a, want);
    without_blanks(&b, got);
    struct qtc_bytes left = qtc_buf_bytes(&a), right = qtc_buf_bytes(&b);
    bool same = may_go_on ? is_prefix(left, right) : qtc_bytes_equal(left, right);
    qtc_buf_free(&a);
    qtc_buf_free(&b);
    return same;
}

static bool same_fragment(struct qtc_bytes want, struct qtc_bytes got)
{
    struct qtc_buf a = {0}, b = {0};
    without_outer_blanks(&a, want);
    without_outer_blanks(&b, got);
    struct qtc_bytes left = qtc_buf_bytes(&a), right = qtc_buf_bytes(&b);
    bool same = is_prefix(left, right) || is_prefix(right, left);
    qtc_buf_free(&a);
    qtc_buf_free(&b);
    return same;
}

/* A number as sign, digits without zeros at either end, and the power of ten of the last one. */
struct decimal {
    bool negative;
    struct qtc_buf digits;
    long long power;
};

static long long read_exponent(const char *p, const char *end)
{
    bool negative = p < end && *p == '-';
    long long n = 0;
    if (p < end && (*p == '-' || *p == '+')) {
        p++;
    }
    for (; p < end && n < 1000000000000LL; p++) {
        n = n * 10 + (*p - '0');
    }
    return negative ? -n : n;
}

static void read_decimal(struct decimal *d, struct qtc_bytes raw)
{
    const char *p = raw.data, *end = raw.data + raw.len;
    bool fraction = false;
    d->negative = p < end && *p == '-';
    p += d->negative;
    for (; p < end && *p != 'e' && *p != 'E'; p++) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        d->power -= fraction;
        if (*p != '0' || d->digits.len > 0) {
            qtc_buf_byte(&d->digits, *p);
        }
    }
    if (p < end) {
        d->power += read_exponent(p + 1, end);
    }
    while (d->digits.len > 0 && d->digits.data[d->digits.len - 1] == '0') {
        d->digits.len--;
        d->power++;
    }
}

static bool same_number(struct qtc_bytes a, struct qtc_bytes b)
{
    struct decimal x = {0}, y = {0};
    if (qtc_bytes_equal(a, b)) {
        return true;
    }
    read_decimal(&x, a);
    read_decimal(&y, b);
    bool zero = x.digits.len == 0 && y.digits.len == 0;
    bool same = zero || (x.negative == y.negative && x.power == y.power &&
                         qtc_bytes_equal(qtc_buf_bytes(&x.digits), qtc_buf_bytes(&y.digits)));
    qtc_buf_free(&x.digits);
    qtc_buf_free(&y.digits);
    return same;
}

static bool same_value(const struct qtc_json *a, const struct qtc_json *b);

/* Every key of `a` is in `b` with the same value; of a repeated key the last one counts. */
static bool members_in(const struct qtc_json *a, const struct qtc_json *b)
{
    for (const struct qtc_json *m = a->first; m != NULL; m = m->next) {
        const struct qtc_json *other = qtc_json_getn(b, m->key);
        if (other == NULL || !same_value(qtc_json_getn(a, m->key), other)) {
            return false;
        }
    }
    return true;
}

static bool same_elements(const struct qtc_json *a, const struct qtc_json *b)
{
    const struct qtc_json *x = a->first, *y = b->first;
    while (x != NULL && y != NULL && same_value(x, y)) {
        x = x->next;
        y = y->next;
    }
    return x == NULL && y == NULL;
}

static bool same_value(const struct qtc_json *a, const struct qtc_json *b)
{
    if (a->type != b->type) {
        return false;
    }
    switch (a->type) {
    case QTC_JSON_NUMBER:
        return same_number(a->raw, b->raw);
    case QTC_JSON_STRING:
        return qtc_bytes_equal(a->text, b->text);
    case QTC_JSON_ARRAY:
        return same_elements(a, b);
    case QTC_JSON_OBJECT:
        return members_in(a, b) && members_in(b, a);
    default:
        return true;
    }
}

static bool same_arguments(struct suite *s, struct qtc_bytes want, struct qtc_bytes got, bool exact)
{
    struct qtc_error error;
    if (exact) {
        return qtc_bytes_equal(want, got);
    }
    const struct qtc_json *a = qtc_json_read(&s->arena, want, &error);
    if (a == NULL) {
        return same_fragment(want, got);
    }
    const struct qtc_json *b = qtc_json_read(&s->arena, got, &error);
    return b != NULL && same_value(a, b);
}

static bool content_as_expected(struct suite *s, const struct record *rec)
{
    const struct qtc_json *value = qtc_json_get(rec->expect, "content");
    struct qtc_bytes want = qtc_json_text(value), got = qtc_buf_bytes(&s->first.content);
    bool may_go_on = call_count(&s->first) > 0; /* engines that drop what follows a call */
    if (value == NULL ||
        (rec->exact ? qtc_bytes_equal(want, got) : same_but_for_blanks(want, got, may_go_on))) {
        return true;
    }
    say_pair(s, "content differs", want, got);
    return false;
}

static bool reasoning_as_expected(struct suite *s, const struct record *rec)
{
    const struct qtc_json *value = qtc_json_get(rec->expect, "reasoning");
    struct qtc_bytes want = qtc_json_text(value), got = qtc_buf_bytes(&s->first.reasoning);
    if (value == NULL || (rec->exact ? qtc_bytes_equal(want, got) : same_but_for_blanks(want, got, false))) {
        return true;
    }
    say_pair(s, "reasoning differs", want, got);
    return false;
}

static bool call_as_expected(struct suite *s, const struct record *rec, const struct qtc_json *call, size_t i)
{
    const struct qtc_json *name = qtc_json_get(call, "name");
    const struct qtc_json *args = qtc_json_get(call, "arguments");
    if (qtc_json_type_of(name) == QTC_JSON_STRING && !qtc_bytes_equal(name->text, call_name(&s->first, i))) {
        say_pair(s, "a call's name differs", name->text, call_name(&s->first, i));
        return false;
    }
    if (qtc_json_type_of(args) == QTC_JSON_STRING &&
        !same_arguments(s, args->text, call_args(&s->first, i), rec->exact)) {
        say_pair(s, "a call's arguments differ", args->text, call_args(&s->first, i));
        return false;
    }
    return true;
}

static bool calls_as_expected(struct suite *s, const struct record *rec)
{
    const struct qtc_json *calls = qtc_json_get(rec->expect, "calls");
    size_t i = 0;
    if (calls == NULL) {
        return true;
    }
    if (calls->count != call_count(&s->first)) {
        qtc_buf_u64(&s->why, calls->count);
        qtc_buf_str(&s->why, " calls expected, not ");
        qtc_buf_u64(&s->why, call_count(&s->first));
        say(s, "expected", calls->raw);
        return false;
    }
    for (const struct qtc_json *call = calls->first; call != NULL; call = call->next) {
        if (!call_as_expected(s, rec, call, i++)) {
            return false;
        }
    }
    return true;
}

static bool truncation_as_expected(struct suite *s, const struct record *rec)
{
    const struct qtc_json *list = qtc_json_get(rec->expect, "truncated");
    const struct qtc_json *flag = list == NULL ? NULL : list->first;
    for (size_t i = 0; i < call_count(&s->first) && flag != NULL; i++, flag = flag->next) {
        if ((flag->type == QTC_JSON_TRUE) != call_at(&s->first, i)->truncated) {
            qtc_buf_str(&s->why, flag->type == QTC_JSON_TRUE ? "a call should be truncated"
                                                             : "a call should not be truncated");
            return false;
        }
    }
    return true;
}

/* The number of a slug, or QTC_DEFECTS. */
static unsigned defect_of(struct qtc_bytes slug)
{
    unsigned i = 0;
    while (i < QTC_DEFECTS && !qtc_bytes_is(slug, qtc_defect_info(i)->slug)) {
        i++;
    }
    return i;
}

static bool no_defects(struct suite *s)
{
    for (size_t i = 0; i < s->first.defects.len; i++) {
        const struct qtc_defect_info *info = qtc_defect_info((unsigned char)s->first.defects.data[i]);
        if (info->severity >= QTC_WARNING) {
            qtc_buf_str(&s->why, "a defect where none is: ");
            qtc_buf_str(&s->why, info->slug);
            return false;
        }
    }
    return true;
}

static bool defects_as_expected(struct suite *s, const struct record *rec)
{
    const struct qtc_json *list = qtc_json_get(rec->expect, "defects");
    if (list == NULL) {
        return true;
    }
    if (list->count == 0) {
        return no_defects(s);
    }
    for (const struct qtc_json *slug = list->first; slug != NULL; slug = slug->next) {
        unsigned defect = defect_of(slug->text);
        if (defect == QTC_DEFECTS || !has_defect(&s->first, (enum qtc_defect)defect)) {
            qtc_buf_str(&s->why, "a defect is missing: ");
            qtc_buf_put(&s->why, slug->text);
            return false;
        }
    }
    return true;
}

static bool as_expected(struct suite *s, const struct record *rec)
{
    bool good = calls_as_expected(s, rec) && content_as_expected(s, rec) && reasoning_as_expected(s, rec) &&
                truncation_as_expected(s, rec) && defects_as_expected(s, rec);
    if (!good) {
        say(s, "text", qtc_buf_bytes(&rec->text));
        say_result(s, "got", &s->first);
    }
    return good;
}

/* ---- reading a case -------------------------------------------------------- */

static bool is_true(const struct qtc_json *value)
{
    return qtc_json_type_of(value) == QTC_JSON_TRUE;
}

/* The row of a name, or NULL; *known also for "auto", which is no row. */
static const struct qtc_format *format_of(struct qtc_bytes name, bool *known)
{
    char copy[64];
    *known = false;
    if (name.len >= sizeof copy) {
        return NULL;
    }
    memcpy(copy, name.data, name.len);
    copy[name.len] = '\0';
    const struct qtc_format *format = qtc_format_find(copy);
    *known = format != NULL || strcmp(copy, "auto") == 0;
    return format;
}

/* `name` stands in the list of --format. */
static bool wanted(const char *list, const char *name)
{
    size_t len = strlen(name);
    while (list != NULL && *list != '\0') {
        size_t item = strcspn(list, ",");
        if (item == len && memcmp(list, name, len) == 0) {
            return true;
        }
        list += item + (list[item] == ',');
    }
    return list == NULL;
}

static void read_options(struct record *rec, const struct qtc_json *json)
{
    struct qtc_bytes recover = qtc_json_text(qtc_json_get(json, "recover"));
    struct qtc_bytes reasoning = qtc_json_text(qtc_json_get(json, "reasoning"));
    struct qtc_parse_options *o = &rec->options;
    o->recover = qtc_bytes_is(recover, "strict")    ? QTC_RECOVER_STRICT
                 : qtc_bytes_is(recover, "lenient") ? QTC_RECOVER_LENIENT
                                                    : QTC_RECOVER_NORMAL;
    o->reasoning = qtc_bytes_is(reasoning, "inline") ? QTC_REASONING_INLINE
                   : qtc_bytes_is(reasoning, "drop") ? QTC_REASONING_DROP
                                                     : QTC_REASONING_SPLIT;
    o->starts_in_reasoning = is_true(qtc_json_get(json, "starts_in_reasoning"));
    rec->exact = is_true(qtc_json_get(json, "exact"));
}

/* Returns what is wrong with the record, or NULL. */
static const char *read_record(struct record *rec, const struct qtc_json *json)
{
    const struct qtc_json *tools = qtc_json_get(json, "tools");
    struct qtc_error error;
    rec->chunks = qtc_json_get(json, "chunks");
    rec->expect = qtc_json_get(json, "expect");
    if (qtc_json_type_of(rec->chunks) != QTC_JSON_ARRAY || qtc_json_type_of(rec->expect) != QTC_JSON_OBJECT) {
        return "not a case: it needs chunks and expect";
    }
    for (const struct qtc_json *c = rec->chunks->first; c != NULL; c = c->next) {
        qtc_buf_put(&rec->text, qtc_json_text(c));
    }
    read_options(rec, json);
    if (qtc_json_type_of(tools) != QTC_JSON_ARRAY || tools->count == 0) {
        return NULL;
    }
    rec->tools = qtc_tools_from_json(tools, &error);
    rec->options.tools = rec->tools;
    return rec->tools == NULL ? "its tools are not tools" : NULL;
}

/* ---- the verdict ----------------------------------------------------------- */

static struct tally *tally_of(struct suite *s, const char *name)
{
    for (size_t i = 0; i < s->tally_count; i++) {
        if (strcmp(s->tallies[i].name, name) == 0) {
            return &s->tallies[i];
        }
    }
    struct tally *t = &s->tallies[s->tally_count];
    if (s->tally_count < TALLIES - 1) {
        s->tally_count++;
    }
    snprintf(t->name, sizeof t->name, "%s", name);
    return t;
}

/* The case stands in the file of differences, as a line that begins with - `id` */
static bool is_listed(const struct suite *s, struct qtc_bytes id)
{
    const char *p = s->differences.data;
    const char *end = p + s->differences.len;
    while (p != NULL && p < end) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        size_t len = (size_t)((eol == NULL ? end : eol) - p);
        if (len >= id.len + 4 && memcmp(p, "- `", 3) == 0 && memcmp(p + 3, id.data, id.len) == 0 &&
            p[3 + id.len] == '`') {
            return true;
        }
        p = eol == NULL ? NULL : eol + 1;
    }
    return false;
}

static void report(struct suite *s, const struct record *rec, struct tally *t, bool good)
{
    int id_len = (int)rec->id.len;
    s->numbered++;
    if (good) {
        if (s->opt.verbose) {
            printf("ok %zu - %.*s\n", s->numbered, id_len, rec->id.data);
        } else if (s->opt.tap) {
            printf("ok - %s %.*s\n", t->name, id_len, rec->id.data);
        }
        return;
    }
    s->failed++;
    printf("not ok - %.*s: %.*s\n", id_len, rec->id.data, (int)s->why.len, s->why.data);
    if (!s->opt.quiet && s->detail.len > 0) {
        fwrite(s->detail.data, 1, s->detail.len, stdout);
    }
}

/* Held first: its result is what is compared; then streamed. */
static void judge(struct suite *s, struct record *rec, struct tally *t)
{
    bool listed = is_listed(s, rec->id), stable, expected, good;
    rec->options.hold_calls = false;
    stable = run_all(s, rec);
    rec->options.hold_calls = true;
    stable &= run_all(s, rec);
    expected = stable && as_expected(s, rec);
    good = stable && expected != listed;
    if (stable && expected && listed) {
        qtc_buf_str(&s->why, "listed as a difference but passes");
    }
    t->cases++;
    t->passed += expected;
    t->listed += listed && !expected;
    t->unstable += !stable;
    report(s, rec, t, good);
}

static void run_record(struct suite *s, const struct qtc_json *json)
{
    struct record rec = {0};
    bool known;
    rec.id = qtc_json_text(qtc_json_get(json, "id"));
    rec.format = qtc_json_text(qtc_json_get(json, "format"));
    rec.options.format = format_of(rec.format, &known);
    const char *name = rec.options.format == NULL ? "auto" : rec.options.format->name;
    if (!known || !wanted(s->opt.formats, name)) {
        s->skipped++;
        return;
    }
    struct tally *t = tally_of(s, name);
    const char *wrong = read_record(&rec, json);
    qtc_buf_clear(&s->why);
    qtc_buf_clear(&s->detail);
    if (wrong != NULL) {
        qtc_buf_str(&s->why, wrong);
        report(s, &rec, t, false);
    } else {
        judge(s, &rec, t);
    }
    qtc_tools_free(rec.tools);
    qtc_buf_free(&rec.text);
}

/* ---- files and options ----------------------------------------------------- */

static bool read_file(const char *path, struct qtc_buf *into)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    bool good = f != NULL;
    size_t n = 1;
    while (good && n > 0) {
        char *room = qtc_buf_room(into, 65536);
        n = room == NULL ? 0 : fread(room, 1, 65536, f);
        into->len += n;
        good = room != NULL && !ferror(f);
    }
    if (!good) {
        fprintf(stderr, "conformance: %s: %s\n", path, strerror(errno));
    }
    if (f != NULL && f != stdin) {
        fclose(f);
    }
    return good;
}

static bool run_lines(struct suite *s, const char *path, struct qtc_bytes rest)
{
    struct qtc_error error;
    for (size_t line = 1; rest.len > 0; line++) {
        const char *eol = memchr(rest.data, '\n', rest.len);
        struct qtc_bytes text = qtc_bytes(rest.data, eol == NULL ? rest.len : (size_t)(eol - rest.data));
        size_t taken = text.len + (eol != NULL);
        if (qtc_bytes_trim(text).len > 0) {
            qtc_arena_reset(&s->arena);
            const struct qtc_json *json = qtc_json_read(&s->arena, text, &error);
            if (json == NULL) {
                fprintf(stderr, "conformance: %s:%zu:%zu: %s\n", path, line, (size_t)error.offset + 1,
                        error.message);
                return false;
            }
            run_record(s, json);
        }
        rest = qtc_bytes(rest.data + taken, rest.len - taken);
    }
    return true;
}

static bool run_file(struct suite *s, const char *path)
{
    struct qtc_buf data = {0};
    bool good = read_file(path, &data) && run_lines(s, path, qtc_buf_bytes(&data));
    qtc_buf_free(&data);
    return good;
}

static const char usage[] =
    "usage: conformance [OPTION]... FILE.jsonl...\n"
    "Runs recorded cases through the parser, whole, in their chunks, byte by byte and cut at every place.\n"
    "  -f, --format NAME[,NAME]  only these formats (repeatable; --formats is the same)\n"
    "  -s, --splits all|N        cut in two at every byte (all), or at N places a case\n"
    "  -d, --differences FILE    cases listed in FILE (lines \"- `id`\") must differ from what is expected\n"
    "  -n, --times N             do everything N times, for profiling\n"
    "  -t, --tap                 a line for each case that passes, too (the default into a pipe)\n"
    "  -v, --verbose             the same, numbered\n"
    "  -q, --quiet               failing cases and figures only, without details\n"
    "      --tiles, --no-tiles   events must cover the text without a gap (the default), or need not\n"
    "  -h, --help\n";

enum { OPT_TILES = 256, OPT_NO_TILES };

static const struct option long_options[] = {
    {"format", required_argument, NULL, 'f'}, {"formats", required_argument, NULL, 'f'},
    {"splits", required_argument, NULL, 's'}, {"differences", required_argument, NULL, 'd'},
    {"times", required_argument, NULL, 'n'},  {"tap", no_argument, NULL, 't'},
    {"verbose", no_argument, NULL, 'v'},      {"quiet", no_argument, NULL, 'q'},
    {"tiles", no_argument, NULL, OPT_TILES},  {"no-tiles", no_argument, NULL, OPT_NO_TILES},
    {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
};

static bool read_count(const char *text, unsigned long *out)
{
    char *end;
    errno = 0;
    *out = strtoul(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *text != '-';
}

static bool add_formats(struct qtc_buf *list, const char *names, struct options *o)
{
    if (list->len > 0) {
        list->data[list->len - 1] = ',';
    }
    qtc_buf_add(list, names, strlen(names) + 1);
    o->formats = list->data;
    return !list->failed;
}

/* False where the option or its value is wrong. */
static bool take_option(struct options *o, struct qtc_buf *formats, int c)
{
    unsigned long n;
    switch (c) {
    case 'f':
        return add_formats(formats, optarg, o);
    case 's':
        if (strcmp(optarg, "all") == 0) {
            o->splits = SIZE_MAX / 2;
            return true;
        }
        if (!read_count(optarg, &n)) {
            return false;
        }
        o->splits = n;
        return true;
    case 'd':
        o->differences = optarg;
        return true;
    case 'n':
        return read_count(optarg, &o->times) && o->times > 0;
    case 't':
        o->tap = true;
        return true;
    case 'v':
        o->verbose = true;
        return true;
    case 'q':
        o->quiet = true;
        return true;
    case OPT_TILES:
    case OPT_NO_TILES:
        o->tiles = c == OPT_TILES;
        return true;
    default:
        return false;
    }
}

static void print_figures(const struct suite *s)
{
    for (size_t i = 0; i < s->tally_count; i++) {
        const struct tally *t = &s->tallies[i];
        printf("# %s: %zu of %zu (%.1f%%)", t->name, t->passed, t->cases,
               t->cases == 0 ? 0.0 : 100.0 * (double)t->passed / (double)t->cases);
        printf(", %zu listed as different, %zu unstable\n", t->listed, t->unstable);
    }
    printf("# %zu runs, %zu splits differ, %zu cases of other formats skipped\n", s->runs, s->differ,
           s->skipped);
    printf("1..%zu\n", s->numbered);
}

static bool run_files(struct suite *s, char **files)
{
    bool good = s->opt.differences == NULL || read_file(s->opt.differences, &s->differences);
    for (unsigned long i = 0; i < s->opt.times && good; i++) {
        for (char **file = files; *file != NULL && good; file++) {
            good = run_file(s, *file);
        }
    }
    return good;
}

static void suite_free(struct suite *s)
{
    result_free(&s->first);
    result_free(&s->again);
    qtc_buf_free(&s->why);
    qtc_buf_free(&s->detail);
    qtc_buf_free(&s->differences);
    qtc_arena_free(&s->arena);
}

int main(int argc, char **argv)
{
    struct suite s = {0};
    struct qtc_buf formats = {0};
    int c;
    s.opt =
        (struct options){.splits = SIZE_MAX / 2, .times = 1, .tiles = true, .tap = !isatty(STDOUT_FILENO)};
    while ((c = getopt_long(argc, argv, "f:s:d:n:tvqh", long_options, NULL)) != -1) {
        if (c == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        if (!take_option(&s.opt, &formats, c)) {
            fputs(usage, stderr);
            return 2;
        }
    }
    if (optind == argc) {
        fputs(usage, stderr);
        return 2;
    }
    s.opt.tap = s.opt.tap && !s.opt.quiet;
    bool good = run_files(&s, argv + optind);
    print_figures(&s);
    good &= fflush(stdout) == 0;
    int status = !good ? 2 : s.failed > 0;
    suite_free(&s);
    qtc_buf_free(&formats);
    return status;
}
