/* fuzz_captures.c - any bytes as a capture file: an error with a place inside it, or responses whose arrivals
 * add up. Written as recordings and read back they are the same, byte for byte; other kinds of output do no
 * harm. */
#include <stdlib.h>
#include <string.h>

#include "capture/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void check_capture(const struct qtc_capture *c)
{
    struct qtc_arrival before = {0};

    for (size_t i = 0; i < c->arrival_count; i++) {
        must(c->arrivals[i].end > before.end && c->arrivals[i].at >= before.at);
        before = c->arrivals[i];
    }
    must(before.end == c->body.len && c->ended >= before.at && c->line > 0);
}

static bool read_all(struct qtc_arena *arena, struct qtc_bytes file, struct qtc_captures *captures)
{
    struct qtc_error error;
    enum qtc_code code = qtc_captures_read(arena, file, captures, &error);

    if (code != QTC_OK) {
        must(code == error.code && error.message != NULL && error.offset <= file.len);
        return false;
    }
    must(captures->count > 0);
    for (size_t i = 0; i < captures->count; i++) {
        check_capture(&captures->list[i]);
    }
    return true;
}

static void write_all(const char *kind, const struct qtc_captures *captures, struct qtc_buf *out)
{
    size_t count;
    const struct qtc_capture_writer *writer = qtc_capture_writers(&count);

    while (strcmp(writer->name, kind) != 0) {
        writer++;
    }
    for (size_t i = 0; i < captures->count; i++) {
        writer->write(out, &captures->list[i]);
    }
}

static void check_again(const struct qtc_captures *captures)
{
    struct qtc_buf recording = {0}, again = {0}, lines = {0};
    struct qtc_arena arena = {0};
    struct qtc_captures read;

    write_all("recording", captures, &recording);
    must(read_all(&arena, qtc_buf_bytes(&recording), &read));
    must(read.count == captures->count && read.cut_line == 0);
    for (size_t i = 0; i < read.count; i++) {
        must(qtc_bytes_equal(read.list[i].body, captures->list[i].body));
    }
    write_all("recording", &read, &again);
    must(qtc_bytes_equal(qtc_buf_bytes(&recording), qtc_buf_bytes(&again)));
    write_all("jsonl", captures, &lines);
    qtc_buf_free(&recording);
    qtc_buf_free(&again);
    qtc_buf_free(&lines);
    qtc_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qtc_arena arena = {0};
    struct qtc_captures captures;
    struct qtc_summary summary;

    if (read_all(&arena, qtc_bytes((const char *)data, size), &captures)) {
        check_again(&captures);
        must(qtc_capture_summarize(&arena, &captures.list[0], NULL, &summary) == QTC_OK);
    }
    qtc_arena_free(&arena);
    return 0;
}
