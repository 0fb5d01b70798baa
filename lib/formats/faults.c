/* What is wrong with a format file, said with a place, and with the nearest right word. */
#include "formats/read.h"

#include <string.h>

enum { VALUE_MAX = 80 };

/* ---- messages ------------------------------------------------------------- */

/* A value may be anything, of any length: quoted, and cut where it is long. */
static void put_value(struct qtc_buf *out, struct qtc_bytes value)
{
    size_t n = value.len < VALUE_MAX ? value.len : VALUE_MAX;

    n -= n < value.len ? qtc_utf8_incomplete(value.data, n) : 0;
    qtc_buf_byte(out, '"');
    for (size_t i = 0; i < n;) {
        unsigned len = qtc_utf8_char(value.data + i, n - i);
        if (len == 0) {
            qtc_buf_str(out, "\\ufffd");
        } else {
            qtc_json_escape(out, qtc_bytes(value.data + i, len));
        }
        i += len > 0 ? len : 1;
    }
    qtc_buf_str(out, n < value.len ? "...\"" : "\"");
}

static void put_fault(struct qtc_buf *out, const struct qtc_format_fault *fault)
{
    if (fault->place != NULL) {
        qtc_buf_str(out, fault->place);
        if (fault->of != NULL) {
            qtc_buf_str(out, " of ");
            qtc_buf_str(out, fault->of);
        }
        qtc_buf_str(out, ": ");
    }
    qtc_buf_str(out, fault->message);
    if (fault->value.data != NULL) {
        qtc_buf_byte(out, ' ');
        put_value(out, fault->value);
    }
    if (fault->nearest != NULL) {
        qtc_buf_str(out, ": did you mean \"");
        qtc_buf_str(out, fault->nearest);
        qtc_buf_str(out, "\"?");
    }
}

bool qtc_format_fail(struct qtc_format_reader *r, const struct qtc_format_fault *fault)
{
    *r->error = (struct qtc_error){
        .code = fault->code,
        .message = fault->message,
        .offset = fault->where != NULL ? (uint64_t)(fault->where - r->start) : 0,
    };
    if (r->detail != NULL) {
        put_fault(r->detail, fault);
    }
    return false;
}

bool qtc_format_no_memory(struct qtc_format_reader *r)
{
    return qtc_format_fail(r, &(struct qtc_format_fault){.code = QTC_NOMEM, .message = "out of memory"});
}

/* ---- the nearest name ------------------------------------------------------ */

struct qtc_guess qtc_format_guess(struct qtc_bytes given)
{
    struct qtc_guess n;

    qtc_guess_begin(&n, given, (given.len + 2) / 3);
    return n;
}

void qtc_format_consider(struct qtc_guess *n, const char *name)
{
    qtc_guess_consider(n, qtc_str(name));
}
