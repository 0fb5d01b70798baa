/* The picture of a response. From the top: its name and figures, the gaps' lengths, the lanes over an axis,
 * the legend, and what the defects mean. However many events there are, a lane has one mark for a few pixels
 * at most: it then stands for all that fall there. */
#include "capture/timeline.h"

#include "capture/svg.h"

#include <stdlib.h>
#include <string.h>

/* Tenths of a pixel. */
enum {
    WIDTH = 12000,
    LEFT = 1960, /* of the plot */
    RIGHT = 11800,
    PLOT = RIGHT - LEFT,
    MARGIN = 200,
    TOP = 960,       /* of the first lane */
    GAP_LABEL = 180, /* above it, where there are gaps */
    LANE = 380,
    BAR = 120,       /* height of a mark */
    CELL = 61,       /* width of a character of an excerpt */
    LABEL_CELL = 73, /* of a lane's name */
    SMALLEST_BIN = 20,
    WIDEST_MARK = 100,
    WIDEST_TIMED_MARK = 30
};

enum {
    MAX_LANES = 40,   /* of text and calls */
    MAX_MARKS = 3000, /* which keeps the file under 2 MB */
    EXCERPT = 90,     /* cells that an excerpt has at least, if it needs them */
    FEW = 8,          /* items in a mark: fewer are not told apart */
    MAX_DEFECTS = 16, /* kinds that are explained */
    HOVER = 70,       /* cells of text that a mark shows */
};

static const char style[] =
    "<style>"
    "text{font:12px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1f2328}"
    ".t{font-size:17px;font-weight:600}"
    ".s{font-size:11px;fill:#57606a}"
    ".n{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
    ".x{font:10px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#424a53;"
    "white-space:pre}"
    ".i{font-size:10px;fill:#6e7781}"
    ".bad{fill:#b33c00}"
    ".m{text-anchor:middle}.r{text-anchor:end}"
    ".grid{stroke:#d8dee4;stroke-width:1}.row{fill:#f6f8fa}.gap{fill:#ffe9a8;fill-opacity:.55;stroke:#fff;"
    "stroke-width:1}"
    ".ev{fill:#6e7781}.re{fill:#cc79a7}.ct{fill:#0072b2}.ca{fill:#e69f00}.co{fill:#56b4e9}"
    ".en{fill:#009e73}.er{fill:#d55e00;stroke:none}.wa{fill:#fff;stroke:#d55e00;stroke-width:1.5}.in{fill:#"
    "8c959f;stroke:none}"
    "</style>\n";

/* How a kind of lane is called and drawn. */
struct look {
    const char *name, *css, *legend;
};

static const struct look looks[] = {
    [QTC_LANE_EVENTS] = {"events", "ev", "event; the longer, the higher"},
    [QTC_LANE_REASONING] = {"reasoning", "re", "reasoning"},
    [QTC_LANE_CONTENT] = {"content", "ct", "content"},
    [QTC_LANE_CALL] = {"call", "ca", "call"},
    [QTC_LANE_COMMENTS] = {"comments", "co", "comment, keep-alive"},
    [QTC_LANE_DEFECTS] = {"defects", "wa", "defect"},
    [QTC_LANE_END] = {"end", "en", "finish_reason, [DONE]"},
};

/* Items that share a mark. */
struct bin {
    uint32_t count;
    uint32_t first, last; /* places in the list */
    uint32_t worst;       /* the first of the highest severity */
    enum qtc_severity severity;
    uint64_t bytes;
};

struct picture {
    struct qtc_buf *svg;
    struct qtc_timeline t;
    struct qtc_arena arena;
    uint32_t *row_of; /* of each lane, by its place in the list; rows that are not drawn: UINT32_MAX */
    const struct qtc_lane **lane_of; /* of each row; NULL: the lanes for which there was no room */
    uint32_t rows;
    uint32_t left_out; /* lanes in that row */
    struct bin *bins;  /* rows * columns */
    int bin_width;
    size_t columns;
    int mark_width;
    int top, bottom; /* of the lanes */
};

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* ---- places ------------------------------------------------------------------ */

static int x_of(const struct picture *p, uint64_t at)
{
    const struct qtc_timeline *t = &p->t;
    double place;

    if (t->capture->timed) {
        place = t->last > 0 ? (double)at / (double)t->last : 0;
    } else {
        place = t->last > 1 ? ((double)at - 1) / ((double)t->last - 1) : 0.5;
    }
    return LEFT + (int)(place * PLOT);
}

static int y_of(const struct picture *p, uint32_t row)
{
    return p->top + (int)row * LANE;
}

/* ---- rows ---------------------------------------------------------------------- */

static bool is_text(const struct qtc_lane *lane)
{
    return lane->kind == QTC_LANE_REASONING || lane->kind == QTC_LANE_CONTENT || lane->kind == QTC_LANE_CALL;
}

static const struct qtc_lane **ordered(struct picture *p)
{
    const struct qtc_timeline *t = &p->t;
    const struct qtc_lane **list = qtc_arena_array(&p->arena, t->lane_count, sizeof *list);

    for (size_t i = 0; list != NULL && i < t->lane_count; i++) {
        list[t->lanes[i].order] = &t->lanes[i];
    }
    return list;
}

/* Lanes in which nothing stands are not drawn. */
static void mark_used(struct picture *p)
{
    for (size_t i = 0; i < p->t.lane_count; i++) {
        p->row_of[i] = UINT32_MAX;
    }
    for (size_t i = 0; i < p->t.item_count; i++) {
        p->row_of[p->t.items[i].lane] = 0;
    }
}

static bool choose_rows(struct picture *p)
{
    const struct qtc_timeline *t = &p->t;
    const struct qtc_lane **list = ordered(p);
    uint32_t texts = 0, rest = UINT32_MAX;

    p->row_of = qtc_arena_array(&p->arena, t->lane_count, sizeof *p->row_of);
    p->lane_of = qtc_arena_array(&p->arena, QTC_FIXED_LANES + MAX_LANES + 1, sizeof(const struct qtc_lane *));
    if (list == NULL || p->row_of == NULL || p->lane_of == NULL) {
        return false;
    }
    mark_used(p);
    for (size_t i = 0; i < t->lane_count; i++) {
        size_t lane = (size_t)(list[i] - t->lanes);
        if (p->row_of[lane] == UINT32_MAX) {
            continue;
        }
        if (is_text(list[i]) && texts >= MAX_LANES) {
            rest = p->left_out++ == 0 ? p->rows++ : rest;
            p->row_of[lane] = rest;
            continue;
        }
        texts += is_text(list[i]);
        p->lane_of[p->rows] = list[i];
        p->row_of[lane] = p->rows++;
    }
    p->top = TOP + (t->gap_count > 0 ? GAP_LABEL : 0);
    p->bottom = y_of(p, p->rows);
    return true;
}

/* ---- bins ------------------------------------------------------------------------- */

static size_t column_of(const struct picture *p, int x)
{
    size_t column = (size_t)((x - LEFT) / p->bin_width);

    return column < p->columns ? column : p->columns - 1;
}

static struct bin *bin_at(const struct picture *p, uint32_t row, size_t column)
{
    return &p->bins[row * p->columns + column];
}

/* How many marks there are when each is this wide. */
static size_t fill_bins(struct picture *p, int width)
{
    size_t marks = 0;

    p->bin_width = width;
    p->columns = (size_t)((PLOT + width - 1) / width);
    memset(p->bins, 0, p->rows * p->columns * sizeof *p->bins);
    for (size_t i = 0; i < p->t.item_count; i++) {
        const struct qtc_item *item = &p->t.items[i];
        struct bin *bin = bin_at(p, p->row_of[item->lane], column_of(p, x_of(p, item->at)));
        marks += bin->count == 0;
        bin->first = bin->count == 0 ? (uint32_t)i : bin->first;
        bin->last = (uint32_t)i;
        if (bin->count == 0 || item->severity > bin->severity) {
            bin->worst = (uint32_t)i;
            bin->severity = item->severity;
        }
        bin->bytes += item->bytes;
        bin->count++;
    }
    return marks;
}

static bool make_bins(struct picture *p)
{
    size_t columns = (PLOT + SMALLEST_BIN - 1) / SMALLEST_BIN;
    int width = SMALLEST_BIN, widest = p->t.capture->timed ? WIDEST_TIMED_MARK : WIDEST_MARK;
    uint64_t places = p->t.comments_only || p->t.events == 0 ? p->t.frames + 1 : p->t.events;
    int cell = (int)((uint64_t)PLOT * 6 / 10 / (places > 0 ? places : 1));

    p->bins = qtc_arena_array(&p->arena, p->rows * columns, sizeof *p->bins);
    if (p->bins == NULL || p->t.item_count > UINT32_MAX) {
        return false;
    }
    while (fill_bins(p, width) > MAX_MARKS) {
        width *= 2;
    }
    cell = cell < widest ? cell : widest;
    p->mark_width = cell > width ? cell : width;
    return true;
}

/* ---- the head ----------------------------------------------------------------------- */

static void put_figure(struct picture *p, const char *what, uint64_t at)
{
    qtc_buf_str(p->svg, " · ");
    qtc_buf_str(p->svg, what);
    qtc_buf_byte(p->svg, ' ');
    if (p->t.capture->timed) {
        qtc_svg_duration(p->svg, at);
    } else {
        qtc_buf_str(p->svg, "at event ");
        qtc_svg_count(p->svg, at / 2);
    }
}

/* When the first lane of a kind begins. */
static void put_first(struct picture *p, const char *what, enum qtc_lane_kind kind)
{
    const struct qtc_lane *first = NULL;

    for (size_t i = QTC_FIXED_LANES; i < p->t.lane_count; i++) {
        const struct qtc_lane *lane = &p->t.lanes[i];
        if (lane->kind == kind && (first == NULL || lane->first < first->first)) {
            first = lane;
        }
    }
    if (first != NULL) {
        put_figure(p, what, first->first);
    }
}

static void put_counted(struct picture *p, uint64_t n, const char *what)
{
    qtc_svg_count(p->svg, n);
    qtc_buf_byte(p->svg, ' ');
    qtc_buf_str(p->svg, what);
    qtc_buf_str(p->svg, plural(n));
}

static void put_figures(struct picture *p)
{
    const struct qtc_timeline *t = &p->t;
    const struct qtc_capture *c = t->capture;

    put_counted(p, t->events, "event");
    qtc_buf_str(p->svg, " · ");
    qtc_svg_bytes(p->svg, c->body.len);
    if (t->calls > 0) {
        qtc_buf_str(p->svg, " · ");
        put_counted(p, t->calls, "call");
    }
    if (c->timed) {
        qtc_buf_str(p->svg, " · ");
        qtc_svg_duration(p->svg, t->last);
        if (c->arrival_count > 0) {
            put_figure(p, "first byte", c->arrivals[0].at);
        }
    }
    put_first(p, "first reasoning", QTC_LANE_REASONING);
    put_first(p, "first content", QTC_LANE_CONTENT);
    put_first(p, "first call", QTC_LANE_CALL);
    if (t->gap_count > 0) {
        put_figure(p, "longest gap", t->gaps[0].to - t->gaps[0].from);
    }
    if (t->finish.len > 0) {
        qtc_buf_str(p->svg, " · finish_reason ");
        qtc_buf_put(p->svg, t->finish);
    }
}

static void put_detail(struct picture *p, const char *what, struct qtc_bytes text, bool *any)
{
    if (text.len > 0) {
        qtc_buf_str(p->svg, *any ? " · " : "");
        qtc_buf_str(p->svg, what);
        qtc_svg_text(p->svg, text, 60);
        *any = true;
    }
}

/* What is known of it besides: the model, the markup, the status, and why there is little to see. */
static void put_details(struct picture *p)
{
    const struct qtc_capture *c = p->t.capture;
    bool any = false;

    put_detail(p, "", p->t.model, &any);
    put_detail(p, "calls written as ", p->t.format, &any);
    put_detail(p, "sent ", c->start, &any);
    if (c->status > 0) {
        qtc_buf_str(p->svg, any ? " · HTTP " : "HTTP ");
        qtc_buf_u64(p->svg, c->status);
        any = true;
    }
    if (p->t.note != NULL) {
        qtc_buf_str(p->svg, any ? " · <tspan class=\"bad\">" : "<tspan class=\"bad\">");
        qtc_svg_text(p->svg, qtc_str(p->t.note), 100);
        qtc_buf_str(p->svg, "</tspan>");
    }
}

static void put_head(struct picture *p, struct qtc_bytes title)
{
    qtc_svg_put(p->svg, "<text class=\"t\" x=\"#\" y=\"#\">", (int[]){MARGIN, 340});
    qtc_svg_text(p->svg, title, 110);
    qtc_svg_put(p->svg, "</text>\n<text x=\"#\" y=\"#\">", (int[]){MARGIN, 560});
    put_figures(p);
    qtc_svg_put(p->svg, "</text>\n<text class=\"s\" x=\"#\" y=\"#\">", (int[]){MARGIN, 760});
    put_details(p);
    qtc_buf_str(p->svg, "</text>\n");
}

/* ---- rows --------------------------------------------------------------------------- */

static void put_lane_name(struct picture *p, const struct qtc_lane *lane)
{
    if (lane == NULL) {
        qtc_buf_str(p->svg, "and ");
        qtc_svg_count(p->svg, p->left_out);
        qtc_buf_str(p->svg, " more");
    } else if (lane->kind == QTC_LANE_CALL) {
        qtc_svg_text(p->svg, lane->name, (LEFT - MARGIN - 60) / LABEL_CELL);
    } else {
        qtc_buf_str(p->svg, looks[lane->kind].name);
    }
}

static bool several_choices(const struct picture *p)
{
    for (size_t i = QTC_FIXED_LANES; i < p->t.lane_count; i++) {
        if (p->t.lanes[i].choice != p->t.lanes[QTC_FIXED_LANES].choice) {
            return true;
        }
    }
    return false;
}

/* Below its name: choice, id, length. */
static void put_lane_detail(struct picture *p, const struct qtc_lane *lane, bool with_choice, size_t cells)
{
    struct qtc_buf text = {0};

    if (is_text(lane) && with_choice) {
        qtc_buf_str(&text, "choice ");
        qtc_buf_u64(&text, lane->choice);
        qtc_buf_str(&text, " · ");
    }
    if (lane->kind == QTC_LANE_CALL && lane->truncated) {
        qtc_buf_str(&text, "cut · ");
    }
    if (lane->kind == QTC_LANE_CALL) {
        qtc_buf_put(&text, lane->id);
    } else {
        qtc_svg_bytes(&text, lane->bytes);
    }
    p->svg->failed = p->svg->failed || text.failed;
    qtc_svg_text(p->svg, qtc_buf_bytes(&text), cells);
    qtc_buf_free(&text);
}

static void put_label(struct picture *p, uint32_t row, bool with_choice)
{
    const struct qtc_lane *lane = p->lane_of[row];
    bool call = lane != NULL && lane->kind == QTC_LANE_CALL;
    int y = y_of(p, row);

    qtc_buf_str(p->svg, "<g>");
    if (lane != NULL) {
        qtc_buf_str(p->svg, "<title>");
        qtc_svg_text(p->svg, call ? lane->name : qtc_str(looks[lane->kind].name), QTC_ITEM_TEXT);
        qtc_buf_str(p->svg, "\n");
        put_lane_detail(p, lane, with_choice, QTC_ITEM_TEXT);
        qtc_buf_str(p->svg, call ? "\n" : "");
        if (call) {
            qtc_svg_bytes(p->svg, lane->bytes);
        }
        qtc_buf_str(p->svg, "</title>");
    }
    qtc_svg_put(p->svg, call ? "<text class=\"n\" x=\"#\" y=\"#\">" : "<text x=\"#\" y=\"#\">",
                (int[]){MARGIN, y + 170});
    put_lane_name(p, lane);
    qtc_buf_str(p->svg, "</text>");
    if (lane != NULL && lane->kind != QTC_LANE_DEFECTS && lane->kind != QTC_LANE_END) {
        qtc_svg_put(p->svg,
                    call && lane->truncated ? "<text class=\"i bad\" x=\"#\" y=\"#\">"
                                            : "<text class=\"i\" x=\"#\" y=\"#\">",
                    (int[]){MARGIN, y + 300});
        put_lane_detail(p, lane, with_choice, 27);
        qtc_buf_str(p->svg, "</text>");
    }
    qtc_buf_str(p->svg, "</g>\n");
}

static void put_rows(struct picture *p)
{
    bool with_choice = several_choices(p);

    for (uint32_t row = 0; row < p->rows; row++) {
        if (row % 2 == 0) {
            qtc_svg_put(p->svg, "<rect class=\"row\" x=\"#\" y=\"#\" width=\"#\" height=\"#\"/>\n",
                        (int[]){MARGIN / 2, y_of(p, row), WIDTH - MARGIN, LANE});
        }
        put_label(p, row, with_choice);
    }
}

/* ---- gaps ------------------------------------------------------------------------------ */

struct span {
    int from, to;
};

static bool is_free(const struct span *taken, size_t count, struct span s)
{
    for (size_t i = 0; i < count; i++) {
        if (s.from < taken[i].to && taken[i].from < s.to) {
            return false;
        }
    }
    return true;
}

/* The longest first: a shorter one beside it may have no room for its label. */
static void put_gaps(struct picture *p)
{
    struct span *taken = qtc_arena_array(&p->arena, p->t.gap_count, sizeof *taken);
    size_t count = 0;

    p->svg->failed = p->svg->failed || taken == NULL;
    for (size_t i = 0; i < p->t.gap_count && taken != NULL; i++) {
        const struct qtc_gap *gap = &p->t.gaps[i];
        struct qtc_buf label = {0};
        int from = x_of(p, gap->from), to = x_of(p, gap->to), middle, half;

        qtc_svg_duration(&label, gap->to - gap->from);
        half = (int)label.len * 32 + 20;
        middle = (from + to) / 2;
        middle = middle < LEFT + half ? LEFT + half : middle > RIGHT - half ? RIGHT - half : middle;
        qtc_svg_put(p->svg,
                    "<rect class=\"gap\" x=\"#\" y=\"#\" width=\"#\" height=\"#\"><title>nothing for ",
                    (int[]){from, p->top - 40, to - from, p->bottom - p->top + 40});
        qtc_buf_put(p->svg, qtc_buf_bytes(&label));
        qtc_buf_str(p->svg, ", from ");
        qtc_svg_duration(p->svg, gap->from);
        qtc_buf_str(p->svg, " on</title></rect>\n");
        taken[count] = (struct span){middle - half, middle + half};
        if (is_free(taken, count, taken[count])) {
            count++;
            qtc_svg_put(p->svg, "<text class=\"s m\" x=\"#\" y=\"#\">", (int[]){middle, p->top - 80});
            qtc_buf_put(p->svg, qtc_buf_bytes(&label));
            qtc_buf_str(p->svg, "</text>\n");
        }
        p->svg->failed = p->svg->failed || label.failed;
        qtc_buf_free(&label);
    }
}

/* ---- the axis ------------------------------------------------------------------------------ */

/* The smallest round step that gives at most so many ticks: 1, 2 or 5, and zeros; of times from 10 seconds
 * on, what a clock has. */
static uint64_t round_step(uint64_t range, uint64_t most, bool time)
{
    static const uint64_t clock[] = {10,   15,   30,   60,    120,   300,   600,  900,
                                     1800, 3600, 7200, 14400, 21600, 43200, 86400};
    const uint64_t second = 1000000000;
    uint64_t step = 1;

    for (int i = 0; range / step > most && (!time || step < 10 * second) && step < UINT64_MAX / 10; i++) {
        step = i % 3 == 1 ? step / 2 * 5 : step * 2;
    }
    for (size_t i = 0; time && range / step > most && i < sizeof clock / sizeof *clock; i++) {
        step = clock[i] * second;
    }
    while (range / step > most) {
        step *= 2; /* of days */
    }
    return step;
}

static void put_two(struct qtc_buf *out, uint64_t n)
{
    qtc_buf_str(out, n < 10 ? "0" : "");
    qtc_buf_u64(out, n);
}

/* 0, 0.5 s, 250 ms; from a minute on 1:30. */
static void put_clock(struct qtc_buf *out, uint64_t at, uint64_t step)
{
    const uint64_t second = 1000000000;

    if (step < 10 * second) {
        uint64_t unit = step >= second / 10 ? second : step >= 1000000 ? 1000000 : step >= 1000 ? 1000 : 1;
        qtc_buf_u64(out, at / unit);
        if (at % unit != 0) {
            qtc_buf_byte(out, '.');
            qtc_buf_u64(out, at % unit / (unit / 10));
        }
        qtc_buf_str(out, unit == second ? " s" : unit == 1000000 ? " ms" : unit == 1000 ? " µs" : " ns");
        return;
    }
    at /= second;
    if (at >= 3600) {
        qtc_buf_u64(out, at / 3600);
        qtc_buf_byte(out, ':');
        put_two(out, at / 60 % 60);
    } else {
        qtc_buf_u64(out, at / 60);
    }
    qtc_buf_byte(out, ':');
    put_two(out, at % 60);
}

static void put_tick(struct picture *p, uint64_t at, uint64_t n, uint64_t step)
{
    int x = x_of(p, at), rightmost = WIDTH - 270; /* of a label's middle */

    qtc_svg_put(p->svg, "<path class=\"grid\" d=\"M# #V#\"/><text class=\"s m\" x=\"#\" y=\"#\">",
                (int[]){x, p->top, p->bottom + 50, x < rightmost ? x : rightmost, p->bottom + 180});
    if (p->t.capture->timed) {
        put_clock(p->svg, n, step);
    } else {
        qtc_svg_count(p->svg, n);
    }
    qtc_buf_str(p->svg, "</text>\n");
}

static void put_axis(struct picture *p)
{
    const struct qtc_timeline *t = &p->t;
    bool timed = t->capture->timed;
    uint64_t last = timed ? t->last : t->last / 2; /* the last number */
    uint64_t step = round_step(last, 10, timed);
    const char *name = timed              ? "time since the request"
                       : t->comments_only ? "number of the comment; no times are known"
                                          : "number of the event; no times are known";

    if (!timed && step > 1 && last > 0) {
        put_tick(p, 2, 1, step); /* numbers begin at 1 */
    }
    for (uint64_t n = timed ? 0 : step; n <= last; n += step) {
        put_tick(p, timed ? n : 2 * n, n, step);
        if (n > UINT64_MAX - step) {
            break;
        }
    }
    qtc_svg_put(p->svg, "<path class=\"grid\" d=\"M# #H#\"/><text class=\"i m\" x=\"#\" y=\"#\">",
                (int[]){LEFT, p->bottom, RIGHT, (LEFT + RIGHT) / 2, p->bottom + 330});
    qtc_buf_str(p->svg, name);
    qtc_buf_str(p->svg, "</text>\n");
}

/* ---- marks ------------------------------------------------------------------------------------ */

static void put_place(struct picture *p, const struct qtc_item *item)
{
    if (p->t.capture->timed) {
        qtc_buf_str(p->svg, " · ");
        qtc_svg_duration(p->svg, item->at);
    }
}

/* What it is about, when one points at the mark. */
static void put_hover(struct picture *p, const struct bin *bin)
{
    const struct qtc_item *first = &p->t.items[bin->first], *last = &p->t.items[bin->last];
    const struct qtc_item *shown = &p->t.items[bin->worst];
    bool several = first->event != last->event;

    qtc_buf_str(p->svg, "<title>");
    if (first->event > 0 || last->event > 0) {
        qtc_buf_str(p->svg, several ? "events " : "event ");
        qtc_buf_u64(p->svg, first->event);
    } else {
        qtc_buf_str(p->svg, first->lane == QTC_COMMENTS_LANE ? "comment" : "the body");
    }
    if (several) {
        qtc_buf_str(p->svg, " to ");
        qtc_buf_u64(p->svg, last->event);
    }
    put_place(p, first);
    if (bin->count > 1) {
        qtc_buf_str(p->svg, " · ");
        qtc_svg_count(p->svg, bin->count);
        qtc_buf_str(p->svg, " here");
    }
    if (bin->bytes > 0) {
        qtc_buf_str(p->svg, " · ");
        qtc_svg_bytes(p->svg, bin->bytes);
    }
    qtc_buf_str(p->svg, "\n");
    if (shown->code != NULL) {
        qtc_buf_str(p->svg, shown->code);
        qtc_buf_str(p->svg, shown->text.len > 0 ? ": " : "");
    }
    qtc_svg_text(p->svg, shown->text, HOVER);
    qtc_buf_str(p->svg, "</title>");
}

static void put_triangle(struct picture *p, int x, int y, enum qtc_severity severity)
{
    static const char *const shapes[] = {"<path class=\"in\" d=\"M# #l# #h#z\">",
                                         "<path class=\"wa\" d=\"M# #l# #h#z\">",
                                         "<path class=\"er\" d=\"M# #l# #h#z\">"};
    int half = severity == QTC_INFO ? 30 : 55, height = severity == QTC_INFO ? 60 : 100;

    qtc_svg_put(p->svg, shapes[severity], (int[]){x, y + (BAR - height), half, height, -2 * half});
}

static void put_bar(struct picture *p, int x, int y, int height, const char *opacity, bool bad)
{
    qtc_buf_str(p->svg, bad ? "<rect class=\"er\"" : "<rect");
    qtc_svg_put(p->svg, " x=\"#\" y=\"#\" width=\"#\" height=\"#\"",
                (int[]){x - p->mark_width / 2, y, p->mark_width, height});
    qtc_buf_str(p->svg, opacity);
    qtc_buf_byte(p->svg, '>');
}

/* The most of a row: what the marks' strength and height are measured by. */
static struct bin most_of(const struct picture *p, uint32_t row)
{
    struct bin most = {0};

    for (size_t i = 0; i < p->columns; i++) {
        const struct bin *bin = bin_at(p, row, i);
        most.count = bin->count > most.count ? bin->count : most.count;
        most.bytes = bin->bytes > most.bytes ? bin->bytes : most.bytes;
    }
    return most;
}

/* The square root, so that short ones can still be told apart: by halves. */
static int height_of(uint64_t bytes, uint64_t most, int full)
{
    double part = most > 0 ? (double)bytes / (double)most : 0;
    int low = 0, high = full;

    while (low < high) {
        int middle = (low + high + 1) / 2;
        if ((double)middle * middle <= part * full * full) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low > 30 ? low : 30;
}

static int x_of_bin(const struct picture *p, const struct bin *bin, size_t column)
{
    uint64_t first = p->t.items[bin->first].at, last = p->t.items[bin->last].at;

    return first == last ? x_of(p, first) : LEFT + (int)column * p->bin_width + p->bin_width / 2;
}

static void put_mark(struct picture *p, uint32_t row, size_t column, struct bin most)
{
    static const char *const opacities[] = {" opacity=\".4\"", " opacity=\".6\"", " opacity=\".8\"", ""};
    const struct bin *bin = bin_at(p, row, column);
    enum qtc_lane_kind kind = p->lane_of[row] != NULL ? p->lane_of[row]->kind : QTC_LANE_CALL;
    int x = x_of_bin(p, bin, column);
    int y = y_of(p, row) + 60;
    const char *opacity = opacities[most.count >= FEW ? (bin->count * (uint64_t)4 - 1) / most.count : 3];

    if (kind == QTC_LANE_DEFECTS) {
        put_triangle(p, x, y, bin->severity);
        put_hover(p, bin);
        qtc_buf_str(p->svg, "</path>\n");
        return;
    }
    if (kind == QTC_LANE_EVENTS) {
        int height = height_of(bin->bytes, most.bytes, LANE - 80);
        put_bar(p, x, y_of(p, row) + LANE - 40 - height, height, "", false);
    } else if (kind == QTC_LANE_COMMENTS) {
        put_bar(p, x, y + BAR / 4, BAR / 2, opacity, false);
    } else {
        put_bar(p, x, y, BAR, opacity, bin->severity == QTC_ERROR);
    }
    put_hover(p, bin);
    qtc_buf_str(p->svg, "</rect>\n");
}

static void put_marks(struct picture *p, uint32_t row)
{
    struct bin most = most_of(p, row);

    qtc_buf_str(p->svg, "<g class=\"");
    qtc_buf_str(p->svg, looks[p->lane_of[row] != NULL ? p->lane_of[row]->kind : QTC_LANE_CALL].css);
    qtc_buf_str(p->svg, "\">\n");
    for (size_t column = 0; column < p->columns; column++) {
        if (bin_at(p, row, column)->count > 0) {
            put_mark(p, row, column, most);
        }
    }
    qtc_buf_str(p->svg, "</g>\n");
}

/* ---- kinds of defects ----------------------------------------------------------------------------- */

struct tally {
    const struct qtc_defect_info *info;
    uint64_t count, event; /* the first */
    uint32_t order;        /* in which they came */
};

static int by_weight(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;

    if (x->info->severity != y->info->severity) {
        return x->info->severity > y->info->severity ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

static void count_defect(struct tally *kinds, size_t *count, const struct qtc_item *item)
{
    for (size_t i = 0; i < *count; i++) {
        if (kinds[i].info->slug == item->code) {
            kinds[i].count++;
            return;
        }
    }
    for (unsigned i = 0; i < QTC_DEFECTS; i++) {
        if (qtc_defect_info(i)->slug == item->code) {
            kinds[*count] = (struct tally){qtc_defect_info(i), 1, item->event, (uint32_t)*count};
            ++*count;
        }
    }
}

/* The worst first. */
static size_t tally_defects(const struct picture *p, struct tally kinds[QTC_DEFECTS])
{
    size_t count = 0;

    for (size_t i = 0; i < p->t.item_count; i++) {
        if (p->t.items[i].lane == QTC_DEFECTS_LANE) {
            count_defect(kinds, &count, &p->t.items[i]);
        }
    }
    qsort(kinds, count, sizeof *kinds, by_weight);
    return count;
}

static void put_times(struct qtc_buf *out, uint64_t count)
{
    if (count > 1) {
        qtc_buf_str(out, " × ");
        qtc_svg_count(out, count);
    }
}

static void put_defects(struct picture *p, const struct tally *kinds, size_t count, int y)
{
    for (size_t i = 0; i < count && i < MAX_DEFECTS; i++, y += 200) {
        put_triangle(p, MARGIN + 60, y - 110, kinds[i].info->severity);
        qtc_svg_put(p->svg, "</path><text class=\"n\" x=\"#\" y=\"#\">", (int[]){MARGIN + 200, y});
        qtc_buf_str(p->svg, kinds[i].info->slug);
        put_times(p->svg, kinds[i].count);
        qtc_svg_put(p->svg, "</text><text class=\"s\" x=\"#\" y=\"#\">", (int[]){MARGIN + 3000, y});
        qtc_svg_text(p->svg, qtc_str(kinds[i].info->text), 120);
        if (kinds[i].event > 0) {
            qtc_buf_str(p->svg, kinds[i].count > 1 ? " · first at event " : " · event ");
            qtc_buf_u64(p->svg, kinds[i].event);
        }
        qtc_buf_str(p->svg, "</text>\n");
    }
    if (count > MAX_DEFECTS) {
        qtc_svg_put(p->svg, "<text class=\"s\" x=\"#\" y=\"#\">and ", (int[]){MARGIN + 200, y});
        qtc_buf_u64(p->svg, count - MAX_DEFECTS);
        qtc_buf_str(p->svg, " kinds more</text>\n");
    }
}

/* ---- excerpts ------------------------------------------------------------------------------------------ */

/* What stands at the end: stop · [DONE]. */
static void describe_end(const struct picture *p, struct qtc_buf *text)
{
    for (size_t i = 0; i < p->t.item_count && text->len < QTC_LANE_TEXT; i++) {
        const struct qtc_item *item = &p->t.items[i];
        if (item->lane != QTC_END_LANE) {
            continue;
        }
        qtc_buf_str(text, text->len > 0 ? " · " : "");
        if (item->severity == QTC_ERROR || item->text.len == 0) {
            qtc_buf_str(text, item->code);
            qtc_buf_str(text, item->text.len > 0 ? " " : "");
        }
        qtc_buf_put(text, item->text);
    }
}

static void describe_comments(const struct picture *p, struct qtc_buf *text)
{
    for (size_t i = 0; i < p->t.item_count; i++) {
        if (p->t.items[i].lane == QTC_COMMENTS_LANE) {
            qtc_buf_put(text, p->t.items[i].text);
            return;
        }
    }
}

/* It begins where the lane does, but leaves room for itself. */
static void put_excerpt(struct picture *p, uint32_t row, struct qtc_bytes text)
{
    const struct qtc_lane *lane = p->lane_of[row];
    int room = (int)qtc_svg_cells(text, EXCERPT) * CELL;
    int x = x_of(p, lane->first) - p->mark_width / 2;

    x = x < RIGHT - room ? x : RIGHT - room;
    qtc_svg_put(p->svg, "<text class=\"x\" x=\"#\" y=\"#\">", (int[]){x, y_of(p, row) + 310});
    qtc_svg_text(p->svg, text, (size_t)((RIGHT - x) / CELL));
    qtc_buf_str(p->svg, "</text>\n");
}

/* A defect's code, at its mark, where it does not stand in the way of the one before. */
static void put_codes(struct picture *p, uint32_t row)
{
    int free_from = 0;

    for (size_t column = 0; column < p->columns; column++) {
        const struct bin *bin = bin_at(p, row, column);
        struct qtc_bytes code;
        int x, width;
        if (bin->count == 0) {
            continue;
        }
        code = qtc_str(p->t.items[bin->worst].code);
        width = (int)code.len * CELL;
        x = x_of_bin(p, bin, column) - 50;
        x = x + width > RIGHT + 100 ? RIGHT + 100 - width : x;
        if (x >= free_from) {
            qtc_svg_put(p->svg, "<text class=\"x\" x=\"#\" y=\"#\">", (int[]){x, y_of(p, row) + 310});
            qtc_svg_text(p->svg, code, code.len);
            qtc_buf_str(p->svg, "</text>\n");
            free_from = x + width + 2 * CELL;
        }
    }
}

static void put_text(struct picture *p, uint32_t row)
{
    const struct qtc_lane *lane = p->lane_of[row];
    struct qtc_buf text = {0};

    if (lane == NULL || lane->kind == QTC_LANE_EVENTS) {
        return;
    }
    if (lane->kind == QTC_LANE_DEFECTS) {
        put_codes(p, row);
        return;
    }
    if (lane->kind == QTC_LANE_END) {
        describe_end(p, &text);
    } else if (lane->kind == QTC_LANE_COMMENTS) {
        describe_comments(p, &text);
    } else {
        qtc_buf_put(&text, qtc_buf_bytes(&lane->excerpt));
    }
    p->svg->failed = p->svg->failed || text.failed;
    put_excerpt(p, row, qtc_buf_bytes(&text));
    qtc_buf_free(&text);
}

/* ---- the legend
 * ---------------------------------------------------------------------------------------------- */

static int put_key(struct picture *p, int x, int y, const char *css, const char *text)
{
    qtc_buf_str(p->svg, "<rect class=\"");
    qtc_buf_str(p->svg, css);
    qtc_svg_put(p->svg, "\" x=\"#\" y=\"#\" width=\"#\" height=\"#\"/><text class=\"s\" x=\"#\" y=\"#\">",
                (int[]){x, y - 90, 100, 100, x + 150, y});
    qtc_buf_str(p->svg, text);
    qtc_buf_str(p->svg, "</text>\n");
    return x + 150 + (int)strlen(text) * 60 + 200;
}

static int put_severities(struct picture *p, int x, int y)
{
    static const char *const names[] = {"defect: harmless", "repaired", "lost"};

    for (int i = 0; i < 3; i++) {
        put_triangle(p, x + 50, y - 110, (enum qtc_severity)i);
        qtc_svg_put(p->svg, "</path><text class=\"s\" x=\"#\" y=\"#\">", (int[]){x + 150, y});
        qtc_buf_str(p->svg, names[i]);
        qtc_buf_str(p->svg, "</text>\n");
        x += 150 + (int)strlen(names[i]) * 60 + 150;
    }
    return x + 50;
}

static bool has_error(const struct picture *p)
{
    for (size_t i = 0; i < p->t.item_count; i++) {
        if (p->t.items[i].lane == QTC_END_LANE && p->t.items[i].severity == QTC_ERROR) {
            return true;
        }
    }
    return false;
}

static void put_legend(struct picture *p, int y)
{
    bool shown[sizeof looks / sizeof *looks] = {false};
    int x = MARGIN;

    for (uint32_t row = 0; row < p->rows; row++) {
        enum qtc_lane_kind kind = p->lane_of[row] != NULL ? p->lane_of[row]->kind : QTC_LANE_CALL;
        if (shown[kind]) {
            continue;
        }
        shown[kind] = true;
        x = kind == QTC_LANE_DEFECTS ? put_severities(p, x, y)
                                     : put_key(p, x, y, looks[kind].css, looks[kind].legend);
    }
    if (has_error(p)) {
        x = put_key(p, x, y, "er", "error");
    }
    if (p->t.gap_count > 0) {
        put_key(p, x, y, "gap", "gap");
    }
}

/* ---- the whole
 * -------------------------------------------------------------------------------------------------- */

static void draw(struct picture *p, struct qtc_bytes title)
{
    struct tally kinds[QTC_DEFECTS];
    size_t defects = tally_defects(p, kinds);
    size_t lines = defects > MAX_DEFECTS ? MAX_DEFECTS + 1 : defects;
    int legend = p->bottom + 560;
    int height = legend + (lines > 0 ? 120 + (int)lines * 200 : 0) + 160;

    qtc_svg_put(p->svg,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"#\" height=\"#\" viewBox=\"0 0 # #\" "
                "role=\"img\">\n<title>",
                (int[]){WIDTH, height, WIDTH, height});
    qtc_svg_text(p->svg, title, QTC_ITEM_TEXT);
    qtc_buf_str(p->svg, "</title>\n");
    qtc_buf_str(p->svg, style);
    qtc_buf_str(p->svg, "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
    put_head(p, title);
    put_rows(p);
    put_axis(p);
    put_gaps(p);
    for (uint32_t row = 0; row < p->rows; row++) {
        put_marks(p, row);
        put_text(p, row);
    }
    put_legend(p, legend);
    put_defects(p, kinds, defects, legend + 280);
    qtc_buf_str(p->svg, "</svg>\n");
}

enum qtc_code qtc_timeline(struct qtc_buf *svg, const struct qtc_capture *c, const struct qtc_tools *tools,
                           struct qtc_bytes title)
{
    struct picture p = {.svg = svg};
    enum qtc_code code = qtc_timeline_read(&p.t, c, tools);

    if (code == QTC_OK && (!choose_rows(&p) || !make_bins(&p))) {
        code = QTC_NOMEM;
    }
    if (code == QTC_OK) {
        draw(&p, title);
        code = svg->failed ? QTC_NOMEM : QTC_OK;
    }
    qtc_timeline_free(&p.t);
    qtc_arena_free(&p.arena);
    return code;
}
