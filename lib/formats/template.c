#include "formats/read.h"
bool qtc_format_template(struct qtc_format_reader *r, const struct qtc_json *t)
{
    (void)t;
    return qtc_format_fail(r, &(struct qtc_format_fault){.code = QTC_TYPE, .message = "not yet"});
}
bool qtc_format_response_schema(struct qtc_format_reader *r, const struct qtc_json *t)
{
    return qtc_format_template(r, t);
}
