/* formats.h - the values of `format`. Private to the library. */
#ifndef QTC_SCHEMA_FORMATS_H
#define QTC_SCHEMA_FORMATS_H

#include "base/base.h"

typedef bool qtc_format_test(struct qtc_bytes text);

/* A row of the table. */
struct qtc_format_row {
    const char *name;
    const char *drafts; /* as in keywords.h */
    qtc_format_test *test;
};

/* NULL when there is none of that name. */
const struct qtc_format_row *qtc_format_row_find(struct qtc_bytes name);

/* Reading from the left: helpers that the formats share. Each takes what it names from the
 * front of *s, or leaves it alone and returns false. */
bool qtc_take_char(struct qtc_bytes *s, char c);
bool qtc_take_digits(struct qtc_bytes *s, size_t count, unsigned *out);

/* dates.c */
bool qtc_format_date(struct qtc_bytes text);
bool qtc_format_time(struct qtc_bytes text);
bool qtc_format_date_time(struct qtc_bytes text);
bool qtc_format_duration(struct qtc_bytes text);
/* hosts.c */
bool qtc_format_ipv4(struct qtc_bytes text);
bool qtc_format_ipv6(struct qtc_bytes text);
bool qtc_format_hostname(struct qtc_bytes text);
bool qtc_format_email(struct qtc_bytes text);
bool qtc_format_idn_email(struct qtc_bytes text);
/* idn.c */
bool qtc_format_idn_hostname(struct qtc_bytes text);
bool qtc_idn_label(struct qtc_bytes label); /* an A-label, xn--…, that is right */
/* uris.c */
bool qtc_format_uri(struct qtc_bytes text);
bool qtc_format_uri_reference(struct qtc_bytes text);
bool qtc_format_iri(struct qtc_bytes text);
bool qtc_format_iri_reference(struct qtc_bytes text);
bool qtc_format_uri_template(struct qtc_bytes text);

#endif
