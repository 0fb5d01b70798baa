#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void qtc_progress_begin(struct qtc_progress *p)
{
    *p = (struct qtc_progress){.terminal = isatty(STDERR_FILENO) != 0, .began = qtc_now()};
}

double qtc_progress_seconds(const struct qtc_progress *p)
{
    return (double)(qtc_now() - p->began) / (double)QTC_SECOND;
}

bool qtc_progress_due(const struct qtc_progress *p)
{
    static const double interval = 0.1;

    return p->terminal && qtc_progress_seconds(p) - p->shown >= interval;
}

/* A line that a terminal would break could not be written over. */
void qtc_progress_show(struct qtc_progress *p, const char *format, ...)
{
    char text[256];
    va_list args;
    struct qtc_out out = {.fd = STDERR_FILENO};
    unsigned columns = qtc_out_columns(&out);

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "\r%.*s\033[K", columns > 1 ? (int)columns - 1 : 0, text);
    fflush(stderr);
    p->shown = qtc_progress_seconds(p);
}

void qtc_progress_clear(struct qtc_progress *p)
{
    if (p->shown > 0) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        p->shown = 0;
    }
}
