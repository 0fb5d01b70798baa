/* progress.h - how far a long job is: one line on a terminal, written over again and again. */
#ifndef QTC_PROGRESS_H
#define QTC_PROGRESS_H

#include "io.h"

struct qtc_progress {
    bool terminal;  /* standard error is one; elsewhere nothing is shown */
    uint64_t began; /* by the monotonic clock; nanoseconds */
    double shown;   /* seconds behind it; 0: nothing is */
};

void qtc_progress_begin(struct qtc_progress *p);
double qtc_progress_seconds(const struct qtc_progress *p); /* since it began */
/* Whether it is time to show something. */
bool qtc_progress_due(const struct qtc_progress *p);
void qtc_progress_show(struct qtc_progress *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Takes the line away, before something else is said. */
void qtc_progress_clear(struct qtc_progress *p);

#endif
