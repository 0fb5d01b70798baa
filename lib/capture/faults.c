/* faults.c - events broken on purpose. */
#include "capture/stages.h"

#include <stdlib.h>
#include <string.h>

struct faults {
    struct qtc_stage stage;
    const struct qtc_fault *list;
    size_t count;
    uint64_t events; /* so far */
    uint64_t late;   /* what stalls have added */
    bool over;       /* nothing more goes out; events are still counted */
    struct qtc_buf broken;
};

static const struct qtc_fault *find(const struct faults *f, enum qtc_fault_kind kind)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->list[i].kind == kind && f->list[i].event == f->events) {
            return &f->list[i];
        }
    }
    return NULL;
}

/* Where the event's data begins in its bytes; false: it was put together of several lines. */
static bool find_data(const struct qtc_frame *frame, size_t *at)
{
    uintptr_t raw = (uintptr_t)frame->raw.data, data = (uintptr_t)frame->data.data;

    *at = data - raw;
    return data >= raw && *at <= frame->raw.len && frame->data.len <= frame->raw.len - *at;
}

/* In the middle of the data, but not inside a character. */
static enum qtc_code push_half(struct faults *f, const struct qtc_frame *frame, bool reset)
{
    struct qtc_frame half = *frame;
    size_t at;

    half.raw.len = find_data(frame, &at) ? at + frame->data.len / 2 : frame->raw.len / 2;
    half.raw.len -= qtc_utf8_incomplete(half.raw.data, half.raw.len);
    half.reset = reset;
    f->over = true;
    return qtc_stage_pass(&f->stage, &half);
}

static enum qtc_code push_error(struct faults *f, const struct qtc_frame *frame)
{
    static const char error[] = "data: {\"error\":{\"message\":\"the engine died while it was answering\","
                                "\"type\":\"server_error\",\"param\":null,\"code\":500}}\n\n";
    const size_t field = sizeof "data: " - 1;
    struct qtc_bytes raw = {error, sizeof error - 1};
    struct qtc_bytes data = {error + field, raw.len - field - 2};

    f->over = true;
    return qtc_stage_pass(&f->stage,
                          &(struct qtc_frame){.at = frame->at,
                                              .raw = frame->json ? qtc_bytes(data.data, data.len + 1) : raw,
                                              .data = data,
                                              .has_data = true,
                                              .json = frame->json});
}

/* The first quote in the lines of data, where there are several; else the last byte that is not blank. */
static size_t find_quote(struct qtc_bytes raw)
{
    bool data = false;

    for (size_t i = 0; i < raw.len; i++) {
        bool begins = i == 0 || raw.data[i - 1] == '\n' || raw.data[i - 1] == '\r';
        data = begins ? raw.len - i > 4 && memcmp(raw.data + i, "data", 4) == 0 : data;
        if (data && raw.data[i] == '"') {
            return i;
        }
    }
    return qtc_bytes_trim(raw).len - 1; /* what has data does not begin with a blank */
}

/* Without its first quote no object is JSON, and no array or string that has one; else the last byte goes. */
static bool corrupt(struct faults *f, struct qtc_frame *frame)
{
    const char *quote = frame->data.len > 0 ? memchr(frame->data.data, '"', frame->data.len) : NULL;
    size_t at;
    bool one_line = find_data(frame, &at);

    if (frame->data.len == 0) {
        return true;
    }
    qtc_buf_clear(&f->broken);
    qtc_buf_put(&f->broken, frame->raw);
    if (f->broken.failed) {
        return false;
    }
    size_t lost = !one_line       ? find_quote(frame->raw)
                  : quote != NULL ? at + (size_t)(quote - frame->data.data)
                                  : at + frame->data.len - 1;
    qtc_buf_splice(&f->broken, lost, 1, qtc_bytes("", 0));
    frame->raw = qtc_buf_bytes(&f->broken);
    frame->data = one_line ? qtc_bytes(f->broken.data + at, frame->data.len - 1) : qtc_bytes(NULL, 0);
    return true;
}

/* The first of two, with an end to it. */
static enum qtc_code push_twin(struct faults *f, const struct qtc_frame *frame)
{
    struct qtc_frame end = {.at = frame->at, .raw = qtc_str(frame->json ? "\n" : "\n\n")};
    enum qtc_code code = qtc_stage_pass(&f->stage, frame);

    return code == QTC_OK && frame->open ? qtc_stage_pass(&f->stage, &end) : code;
}

static enum qtc_code push_event(struct faults *f, struct qtc_frame frame)
{
    enum qtc_code code = QTC_OK;

    if (find(f, QTC_FAULT_ERROR) != NULL) {
        return push_error(f, &frame);
    }
    if (find(f, QTC_FAULT_CORRUPT) != NULL && !corrupt(f, &frame)) {
        return QTC_NOMEM;
    }
    if (find(f, QTC_FAULT_DUP) != NULL) {
        code = push_twin(f, &frame);
    }
    if (code != QTC_OK) {
        return code;
    }
    bool reset = find(f, QTC_FAULT_RESET) != NULL;
    bool cut = reset || find(f, QTC_FAULT_CUT) != NULL;
    return cut ? push_half(f, &frame, reset) : qtc_stage_pass(&f->stage, &frame);
}

static enum qtc_code push(struct qtc_stage *stage, const struct qtc_frame *frame)
{
    struct faults *f = (struct faults *)stage;
    struct qtc_frame event = *frame;

    f->events += frame->has_data;
    if (f->over) {
        return QTC_OK;
    }
    const struct qtc_fault *stall = frame->has_data ? find(f, QTC_FAULT_STALL) : NULL;
    f->late += stall != NULL ? stall->milliseconds * 1000000 : 0; /* at most 2^50 each */
    event.at = f->late > UINT64_MAX - event.at ? UINT64_MAX : event.at + f->late;
    return frame->has_data ? push_event(f, event) : qtc_stage_pass(stage, &event);
}

static enum qtc_code finish(struct qtc_stage *stage)
{
    struct faults *f = (struct faults *)stage;

    for (size_t i = 0; i < f->count; i++) {
        if (f->list[i].event > f->events) {
            return qtc_stage_fail(stage, QTC_UNKNOWN,
                                  "a fault is at an event that the response does not have");
        }
    }
    return QTC_OK;
}

static void free_faults(struct qtc_stage *stage)
{
    qtc_buf_free(&((struct faults *)stage)->broken);
    free(stage);
}

struct qtc_stage *qtc_faults_new(const struct qtc_fault *faults, size_t count)
{
    struct faults *f = calloc(1, sizeof *f);

    if (f == NULL) {
        return NULL;
    }
    f->stage = (struct qtc_stage){.push = push, .finish = finish, .free = free_faults};
    f->list = faults;
    f->count = count;
    return &f->stage;
}
