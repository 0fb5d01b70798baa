/* Any text: redacted it is as long as it was, is JSON where it was, and has nothing left to be redacted; so is
 * a stream that has it in its deltas. */
#include "capture/capture.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void count(void *ctx, const struct qtc_redaction *redaction)
{
    require(redaction->len > 0 && redaction->rule != NULL);
    ++*(size_t *)ctx;
}

static void check(struct qtc_bytes text)
{
    struct qtc_arena arena = {0};
    struct qtc_bytes once, twice;
    size_t found = 0, again = 0;

    require(qtc_text_redact(&arena, text, &once, "text", count, &found) == QTC_OK);
    require(once.len == text.len);
    require(qtc_bytes_equal(once, text) == (found == 0));
    require(!qtc_json_valid(text) || qtc_json_valid(once));
    require(qtc_text_redact(&arena, once, &twice, "text", count, &again) == QTC_OK);
    require(again == 0 && qtc_bytes_equal(once, twice));
    qtc_arena_free(&arena);
}

/* As a stream's content, in pieces whose sizes follow from the input. */
static void check_stream(struct qtc_bytes text)
{
    struct qtc_buf stream = {0};

    for (size_t i = 0, n; i < text.len; i += n) {
        size_t want = 1 + ((unsigned char)text.data[i] + i) % 19;
        n = want < text.len - i ? want : text.len - i;
        qtc_buf_str(&stream, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":");
        qtc_json_string(&stream, qtc_bytes(text.data + i, n));
        qtc_buf_str(&stream, "}}]}\n\n");
    }
    check(qtc_buf_bytes(&stream));
    qtc_buf_free(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qtc_bytes text = qtc_bytes((const char *)data, size);

    check(text);
    check_stream(text);
    return 0;
}
