/* Model text under all formats: whole and in pieces must give the same answer,
 * and every byte must be in exactly one event. The first bytes choose the
 * options and where the text is cut. */
#include <stdlib.h>
#include <string.h>

#include "parse/parse.h"

/* The events as one text, fragments joined. */
struct seen {
    struct qtc_buf text;
    enum qtc_event_kind last;
    uint64_t end;
    const uint8_t *input;
};

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool on_event(void *ctx, const struct qtc_event *event)
{
    static const char kinds[] = "scrCaEfFudoF";
    struct seen *s = ctx;
    check(event->at == s->end && event->end >= event->at);
    s->end = event->end;
    if (event->kind == QTC_CONTENT || event->kind == QTC_REASONING) {
        check(event->text.len == event->end - event->at);
        check(memcmp(event->text.data, s->input + event->at, event->text.len) == 0);
    }
    if (event->kind == QTC_FRAMING) {
        return true;
    }
    bool fragment = event->kind == QTC_CONTENT || event->kind == QTC_REASONING || event->kind == QTC_ARGS;
    if (event->kind != QTC_DEFECT && (!fragment || event->kind != s->last)) {
        qtc_buf_byte(&s->text, '\n');
        qtc_buf_byte(&s->text, kinds[event->kind]);
        s->last = event->kind;
    }
    if (event->kind != QTC_DEFECT) {
        qtc_buf_put(&s->text, event->name);
        qtc_buf_put(&s->text, event->text);
        qtc_buf_str(&s->text, event->truncated ? "!" : "");
    }
    return true;
}

static void parse(const struct qtc_parse_options *options, const uint8_t *data, size_t size, size_t piece,
                  struct seen *s)
{
    *s = (struct seen){.last = QTC_START, .input = data};
    struct qtc_parser *p = qtc_parser_new(options, on_event, s);
    check(p != NULL);
    for (size_t i = 0; i < size; i += piece) {
        size_t n = size - i < piece ? size - i : piece;
        char *copy = malloc(n); /* so that a byte too far is seen */
        memcpy(copy, data + i, n);
        check(qtc_parser_feed(p, copy, n) == QTC_OK);
        free(copy);
    }
    check(qtc_parser_finish(p) == QTC_OK);
    check(s->end == size);
    qtc_parser_free(p);
}

static const char tools_text[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\",\"properties\":"
    "{"
    "\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"integer\"},\"c\":{\"type\":[\"string\",\"null\"]},"
    "\"d\":{\"type\":\"object\"},\"e\":{\"type\":\"boolean\"}}}}}]";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3) {
        return 0;
    }
    size_t count;
    const struct qtc_format *const *formats = qtc_formats(&count);
    struct qtc_error error;
    struct qtc_tools *tools = qtc_tools_read(qtc_str(tools_text), &error);
    size_t format = data[0] % (count + 1);
    struct qtc_parse_options options = {
        .format = format == count ? NULL : formats[format],
        .tools = data[1] & 1 ? tools : NULL,
        .starts_in_reasoning = data[1] >> 1 & 1,
        .hold_calls = data[1] >> 2 & 1,
        .recover = (enum qtc_recover)((data[1] >> 3 & 3) % 3),
        .reasoning = (enum qtc_reasoning)((data[1] >> 5 & 3) % 3),
        .max_held = data[1] & 128 ? 64 : 0,
    };
    struct seen whole, pieces;
    parse(&options, data + 3, size - 3, size, &whole);
    parse(&options, data + 3, size - 3, 1 + data[2] % 16, &pieces);
    check(whole.text.len == pieces.text.len);
    check(whole.text.len == 0 || memcmp(whole.text.data, pieces.text.data, whole.text.len) == 0);
    qtc_buf_free(&whole.text);
    qtc_buf_free(&pieces.text);
    qtc_tools_free(tools);
    return 0;
}
