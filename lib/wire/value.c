#include "wire/writers.h"

void qtc_value_init(struct qtc_value *v, const struct qtc_writer_options *options)
{
    *v =
        (struct qtc_value){.out = options->out, .filter = options->filter, .filter_ctx = options->filter_ctx};
}

void qtc_value_free(struct qtc_value *v)
{
    qtc_buf_free(&v->scratch);
}

struct qtc_buf *qtc_value_open(struct qtc_value *v)
{
    if (!v->filter) {
        return v->out;
    }
    qtc_buf_clear(&v->scratch);
    return &v->scratch;
}

bool qtc_value_close(struct qtc_value *v)
{
    if (!v->filter) {
        qtc_buf_byte(v->out, '\n');
        return !v->out->failed;
    }
    return !v->scratch.failed && v->filter(v->filter_ctx, qtc_buf_bytes(&v->scratch), v->out) &&
           !v->out->failed;
}

static void member(struct qtc_buf *out, const char *key)
{
    if (out->len > 0 && out->data[out->len - 1] != '{') {
        qtc_buf_byte(out, ',');
    }
    qtc_buf_byte(out, '"');
    qtc_buf_str(out, key);
    qtc_buf_str(out, "\":");
}

void qtc_member_string(struct qtc_buf *out, const char *key, struct qtc_bytes text)
{
    member(out, key);
    qtc_json_string(out, text);
}

void qtc_member_u64(struct qtc_buf *out, const char *key, uint64_t n)
{
    member(out, key);
    qtc_buf_u64(out, n);
}

void qtc_member_raw(struct qtc_buf *out, const char *key, struct qtc_bytes json)
{
    member(out, key);
    for (size_t i = 0, start = 0; i <= json.len; i++) {
        if (i == json.len || json.data[i] == '\n' || json.data[i] == '\r') {
            qtc_buf_add(out, json.data + start, i - start);
            start = i + 1;
        }
    }
}
