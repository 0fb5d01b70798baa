/* The scanner fed whole, the scanner fed in pieces, and the reader agree on what
 * is JSON; what is escaped reads back as it was. */
#include "json/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* The pieces' sizes follow from the input, so that a finding can be repeated. */
static bool scans_in_pieces(struct qtc_bytes text)
{
    struct qtc_json_scan s = {0};
    enum qtc_json_progress progress = QTC_JSON_MORE;
    size_t at = 0, used;

    while (at < text.len && progress == QTC_JSON_MORE) {
        size_t want = 1 + ((unsigned char)text.data[at] + at) % 19;
        size_t n = want < text.len - at ? want : text.len - at;

        progress = qtc_json_scan_feed(&s, text.data + at, n, &used);
        require(used == n || (used < n && progress != QTC_JSON_MORE));
        at += used;
    }
    while (at < text.len && qtc_is_blank(text.data[at])) {
        at++;
    }
    return qtc_json_scan_finish(&s) == QTC_JSON_DONE && at == text.len;
}

static void check_validity(struct qtc_bytes text)
{
    struct qtc_arena arena = {0};
    struct qtc_error error;
    const struct qtc_json *value = qtc_json_read(&arena, text, &error);
    bool valid = qtc_json_valid(text);

    require((value != NULL) == valid);
    require(scans_in_pieces(text) == valid);
    require(valid ? error.code == QTC_OK : error.code != QTC_OK && error.offset <= text.len);
    if (value) {
        require(qtc_bytes_equal(value->raw, qtc_bytes_trim(text)));
    }
    qtc_arena_free(&arena);
}

/* Reads what is in `written`, as a string, to `text`: the reader and the
 * unescaper have to agree. */
static void read_back(struct qtc_bytes written, struct qtc_buf *text)
{
    struct qtc_arena arena = {0};
    struct qtc_error error;
    const struct qtc_json *value = qtc_json_read(&arena, written, &error);

    require(value && value->type == QTC_JSON_STRING);
    require(qtc_json_unescape(text, qtc_bytes(written.data + 1, written.len - 2)));
    require(qtc_bytes_equal(value->text, qtc_buf_bytes(text)));
    qtc_arena_free(&arena);
}

/* Escaping is lossy for what is not UTF-8, and joins the halves of a pair: what
 * was read back once has to come back the second time. */
static void check_round_trip(struct qtc_bytes text)
{
    struct qtc_buf written = {0}, once = {0}, twice = {0};

    qtc_json_string(&written, text);
    read_back(qtc_buf_bytes(&written), &once);
    qtc_buf_clear(&written);
    qtc_json_string(&written, qtc_buf_bytes(&once));
    read_back(qtc_buf_bytes(&written), &twice);
    require(qtc_bytes_equal(qtc_buf_bytes(&once), qtc_buf_bytes(&twice)));
    qtc_buf_free(&written);
    qtc_buf_free(&once);
    qtc_buf_free(&twice);
}

/* Any bytes as the inside of a string: a wrong escape is refused, nothing is read past the end. */
static void check_unescape(struct qtc_bytes text)
{
    struct qtc_buf out = {0};

    if (qtc_json_unescape(&out, text)) {
        require(out.len <= text.len);
    }
    qtc_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qtc_bytes text = qtc_bytes((const char *)data, size);

    check_validity(text);
    check_round_trip(text);
    check_unescape(text);
    return 0;
}
