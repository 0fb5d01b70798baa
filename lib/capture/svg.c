#include "capture/svg.h"

#include <stdio.h>
#include <string.h>

/* ---- lengths ---------------------------------------------------------------- */

static void put_length(struct qtc_buf *svg, int tenths)
{
    unsigned n = tenths < 0 ? 0U - (unsigned)tenths : (unsigned)tenths;

    if (tenths < 0) {
        qtc_buf_byte(svg, '-');
    }
    qtc_buf_u64(svg, n / 10);
    if (n % 10 != 0) {
        qtc_buf_byte(svg, '.');
        qtc_buf_u64(svg, n % 10);
    }
}

void qtc_svg_put(struct qtc_buf *svg, const char *text, const int *lengths)
{
    const char *mark;

    while ((mark = strchr(text, '#')) != NULL) {
        qtc_buf_add(svg, text, (size_t)(mark - text));
        put_length(svg, *lengths++);
        text = mark + 1;
    }
    qtc_buf_str(svg, text);
}

/* ---- text --------------------------------------------------------------------- */

struct range {
    uint32_t from, to;
};

/* East Asian wide and fullwidth characters, and emoji: roughly, but wider than narrow. */
static const struct range wide[] = {
    {0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xa960, 0xa97f}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f000, 0x1faff}, {0x20000, 0x3ffff},
};

/* Controls, what sets the direction of text, what has no place in XML. */
static const struct range unfit[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0x200b, 0x200f}, {0x2028, 0x202e},
    {0x2066, 0x2069}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xfffe, 0xffff},
};

static bool is_in(uint32_t c, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (c >= ranges[i].from && c <= ranges[i].to) {
            return true;
        }
    }
    return false;
}

/* The character at p as it is shown; how many bytes it takes. */
static unsigned next_char(const char *p, size_t n, uint32_t *c)
{
    unsigned len = qtc_utf8_char(p, n);

    *c = len > 0 ? qtc_utf8_code_point(p, len) : 0xfffd;
    if (*c == '\n' || *c == '\r') {
        *c = 0x21b5; /* ↵ */
        len = *p == '\r' && n > 1 && p[1] == '\n' ? 2 : len;
    } else if (*c == '\t') {
        *c = ' ';
    } else if (is_in(*c, unfit, sizeof unfit / sizeof *unfit)) {
        *c = 0xfffd;
    }
    return len > 0 ? len : 1;
}

static size_t cells_of(uint32_t c)
{
    return c >= 0x1100 && is_in(c, wide, sizeof wide / sizeof *wide) ? 2 : 1;
}

size_t qtc_svg_cells(struct qtc_bytes text, size_t most)
{
    size_t cells = 0;
    uint32_t c;

    for (size_t i = 0; i < text.len && cells < most;) {
        i += next_char(text.data + i, text.len - i, &c);
        cells += cells_of(c);
    }
    return cells < most ? cells : most;
}

static void put_char(struct qtc_buf *svg, uint32_t c)
{
    switch (c) {
    case '<':
        qtc_buf_str(svg, "&lt;");
        break;
    case '>':
        qtc_buf_str(svg, "&gt;");
        break;
    case '&':
        qtc_buf_str(svg, "&amp;");
        break;
    case '"':
        qtc_buf_str(svg, "&quot;");
        break;
    default:
        qtc_utf8_put(svg, c);
    }
}

void qtc_svg_text(struct qtc_buf *svg, struct qtc_bytes text, size_t cells)
{
    size_t i = 0, used = 0;
    bool fits = qtc_svg_cells(text, cells + 1) <= cells;
    uint32_t c;

    while (i < text.len && used < cells) {
        i += next_char(text.data + i, text.len - i, &c);
        used += cells_of(c);
        if (!fits && used >= cells) {
            qtc_utf8_put(svg, 0x2026); /* … */
            return;
        }
        put_char(svg, c);
    }
}

/* ---- numbers for people ---------------------------------------------------------- */

void qtc_svg_count(struct qtc_buf *out, uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            qtc_buf_byte(out, ' ');
        }
        qtc_buf_byte(out, digits[i]);
    }
}

/* n / unit with so many decimals; those that are 0 too. */
static void put_fraction(struct qtc_buf *out, uint64_t n, uint64_t unit, unsigned decimals)
{
    uint64_t scale = decimals == 0 ? 1 : decimals == 1 ? 10 : 100;
    uint64_t step = unit / scale; /* every unit is a multiple of 100, or is 1 */
    uint64_t rounded = n / step + (n % step >= step - n % step);
    char text[32];

    qtc_svg_count(out, rounded / scale);
    if (decimals > 0) {
        snprintf(text, sizeof text, ".%0*u", (int)decimals, (unsigned)(rounded % scale));
        qtc_buf_str(out, text);
    }
}

struct unit {
    uint64_t worth;
    const char *name;
};

/* Three digits of it, in the largest unit that is not more. */
static void put_in_units(struct qtc_buf *out, uint64_t n, const struct unit *units, size_t count)
{
    const struct unit *u = units;

    while (u + 1 < units + count && n >= u[1].worth - u[1].worth / 2000) {
        u++;
    }
    put_fraction(out, n, u->worth, u->worth == 1 || n / u->worth >= 100 ? 0 : n / u->worth >= 10 ? 1 : 2);
    qtc_buf_str(out, u->name);
}

void qtc_svg_bytes(struct qtc_buf *out, uint64_t n)
{
    static const struct unit units[] = {{1, " bytes"}, {1000, " kB"}, {1000000, " MB"}, {1000000000, " GB"}};

    if (n == 1) {
        qtc_buf_str(out, "1 byte");
    } else {
        put_in_units(out, n, units, sizeof units / sizeof *units);
    }
}

void qtc_svg_duration(struct qtc_buf *out, uint64_t nanoseconds)
{
    static const struct unit units[] = {{1, " ns"}, {1000, " µs"}, {1000000, " ms"}, {1000000000, " s"}};

    put_in_units(out, nanoseconds, units, sizeof units / sizeof *units);
}
