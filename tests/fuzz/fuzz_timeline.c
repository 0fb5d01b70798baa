/* Any bytes as a response, with times that follow from them: there is a picture, of a bounded size, in which
 * no byte is one that XML cannot hold. */
#include "capture/capture.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARRIVALS = 64 };

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check(const struct qtc_capture *c, struct qtc_bytes title)
{
    struct qtc_buf svg = {0};
    size_t open = 0, close = 0;

    require(qtc_timeline(&svg, c, NULL, title) == QTC_OK && svg.len < 2000000);
    for (size_t i = 0, len; i < svg.len; i += len) {
        len = qtc_utf8_char(svg.data + i, svg.len - i);
        require(len > 0 && ((unsigned char)svg.data[i] >= 0x20 || svg.data[i] == '\n'));
        open += svg.data[i] == '<';
        close += svg.data[i] == '>';
        require(open == close || open == close + 1);
    }
    require(open == close);
    qtc_buf_free(&svg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qtc_bytes body = {(const char *)data, size};
    struct qtc_arrival arrivals[ARRIVALS];
    struct qtc_capture c = {.body = body, .arrivals = arrivals};
    uint64_t at = 0;
    size_t end = 0;

    while (end < size && c.arrival_count < ARRIVALS) {
        at += UINT64_C(1) << data[end] % 50;
        end = c.arrival_count + 1 == ARRIVALS || end + 1 + data[end] > size ? size : end + 1 + data[end];
        arrivals[c.arrival_count++] = (struct qtc_arrival){at, end};
    }
    check(&c, body);
    c.timed = true;
    c.ended = at;
    c.cut = size % 2 == 1;
    check(&c, body);
    return 0;
}
