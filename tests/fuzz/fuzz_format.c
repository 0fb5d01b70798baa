/* fuzz_format.c - any bytes as a format file: an error with a place inside the input
 * and a message, or a row that is written and read again as itself. */
#include "formats/format.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static struct qtc_buf written(const struct qtc_format *format)
{
    struct qtc_buf out = {0};

    qtc_format_json(&out, format);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qtc_error error;
    struct qtc_buf detail = {0};
    struct qtc_format *format = qtc_format_read(qtc_bytes((const char *)data, size), &error, &detail);

    if (format == NULL) {
        require(error.code != QTC_OK && error.message != NULL && error.offset <= size);
        require(detail.len > 0 && memchr(detail.data, '\n', detail.len) == NULL);
    } else {
        struct qtc_buf once = written(format);
        struct qtc_format *again = qtc_format_read(qtc_buf_bytes(&once), &error, NULL);
        require(again != NULL);
        struct qtc_buf twice = written(again);
        require(qtc_bytes_equal(qtc_buf_bytes(&once), qtc_buf_bytes(&twice)));
        qtc_format_free(again);
        qtc_buf_free(&once);
        qtc_buf_free(&twice);
    }
    qtc_format_free(format);
    qtc_buf_free(&detail);
    return 0;
}
