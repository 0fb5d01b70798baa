#include "words.h"

#include <stdio.h>

enum { SHOWN = 200 };

void qtc_put_size(struct qtc_buf *out, size_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    char text[48];
    double n = (double)bytes / 1000;
    size_t unit = 0;

    if (bytes < 1000) {
        qtc_put_count(out, bytes, "byte");
        return;
    }
    for (; n >= 999.5 && unit + 1 < sizeof units / sizeof *units; n /= 1000) {
        unit++;
    }
    snprintf(text, sizeof text, n < 9.95 ? "%.1f %s" : "%.0f %s", n, units[unit]);
    qtc_buf_str(out, text);
}

void qtc_put_count(struct qtc_buf *out, uint64_t count, const char *what)
{
    qtc_buf_u64(out, count);
    qtc_buf_byte(out, ' ');
    qtc_buf_str(out, what);
    qtc_buf_str(out, count == 1 ? "" : "s");
}

void qtc_put_shown(struct qtc_buf *out, struct qtc_bytes text)
{
    size_t n = text.len < SHOWN ? text.len : SHOWN;

    n -= n < text.len ? qtc_utf8_incomplete(text.data, n) : 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text.data[i];
        unsigned char next = i + 1 < n ? (unsigned char)text.data[i + 1] : 0;
        bool high_control = c == 0xc2 && next >= 0x80 && next < 0xa0;
        qtc_buf_byte(out, c < 0x20 || c == 0x7f || high_control ? ' ' : (char)c);
        i += high_control;
    }
    qtc_buf_str(out, n < text.len ? "..." : "");
}
