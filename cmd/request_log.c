/* --request-log: what clients sent, as JSON Lines, without the secrets. */
#include "serving.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <string.h>
#include <unistd.h>

bool qtc_request_log_open(struct qtc_request_log *log, const struct qtc_replay *r)
{
    *log = (struct qtc_request_log){.command = r->command, .file = r->request_log, .fd = -1};
    if (log->file == NULL) {
        return true;
    }
    log->fd = open(log->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (log->fd < 0) {
        qtc_complain(log->command, log->file, 0, 0, "%s", strerror(errno));
    }
    return log->fd >= 0;
}

static void fail(struct qtc_request_log *log, const char *why)
{
    if (!log->failed) {
        qtc_complain(log->command, log->file, 0, 0, "%s", why);
    }
    log->failed = true;
}

void qtc_request_log_close(struct qtc_request_log *log)
{
    if (log->fd >= 0 && close(log->fd) != 0 && errno != EINTR) {
        fail(log, strerror(errno));
    }
}

/* ---- the members of a line ------------------------------------------------------------- */

/* A line that is being made. */
struct line {
    struct qtc_buf buf;
    struct qtc_arena arena; /* of texts without their secrets */
    const char *before;     /* the next header */
};

/* Fails where memory ends, rather than letting a secret through. */
static struct qtc_bytes without_secrets(struct line *l, struct qtc_bytes text, const char *where)
{
    struct qtc_bytes clean = {0};

    if (qtc_text_redact(&l->arena, text, &clean, where, NULL, NULL) != QTC_OK) {
        l->buf.failed = true;
    }
    return clean;
}

static void put_masked(struct qtc_buf *out, size_t len)
{
    qtc_buf_byte(out, '"');
    for (size_t i = 0; i < len; i++) {
        qtc_buf_byte(out, 'x');
    }
    qtc_buf_byte(out, '"');
}

static enum MHD_Result put_header(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct line *l = ctx;

    (void)kind;
    value = value != NULL ? value : "";
    qtc_buf_str(&l->buf, l->before);
    qtc_json_string(&l->buf, qtc_str(name));
    qtc_buf_byte(&l->buf, ',');
    if (qtc_header_is_secret(qtc_str(name))) {
        put_masked(&l->buf, strlen(value));
    } else {
        qtc_json_string(&l->buf, without_secrets(l, qtc_str(value), "request header"));
    }
    qtc_buf_byte(&l->buf, ']');
    l->before = ",[";
    return MHD_YES;
}

/* On one line: between JSON's tokens a line end is as good as a blank, and inside of them there is none. */
static void put_json(struct qtc_buf *out, struct qtc_bytes json)
{
    char *to = qtc_buf_room(out, json.len);

    for (size_t i = 0; to != NULL && i < json.len; i++) {
        to[i] = json.data[i] == '\n' || json.data[i] == '\r' ? ' ' : json.data[i];
    }
    out->len += to != NULL ? json.len : 0;
}

static void put_body(struct line *l, struct qtc_bytes body)
{
    struct qtc_bytes clean = without_secrets(l, body, "request body");

    if (body.len == 0) {
        qtc_buf_str(&l->buf, "null");
    } else if (qtc_json_valid(clean) && qtc_utf8_valid(clean)) {
        put_json(&l->buf, qtc_bytes_trim(clean));
    } else {
        qtc_json_string(&l->buf, clean);
    }
}

/* FILE, or FILE:LINE where there are more responses in it. */
static void put_capture(struct line *l, const struct qtc_replay_capture *c)
{
    struct qtc_buf name = {0};

    if (c == NULL) {
        qtc_buf_str(&l->buf, "null");
        return;
    }
    qtc_buf_str(&name, c->file);
    if (c->capture.line > 1) {
        qtc_buf_byte(&name, ':');
        qtc_buf_u64(&name, c->capture.line);
    }
    qtc_json_string(&l->buf, qtc_buf_bytes(&name));
    l->buf.failed = l->buf.failed || name.failed;
    qtc_buf_free(&name);
}

static void put_entry(struct line *l, const struct qtc_request_entry *entry)
{
    struct qtc_buf *out = &l->buf;
    char time[QTC_TIMESTAMP];

    qtc_timestamp(time);
    qtc_buf_str(out, "{\"time\":\"");
    qtc_buf_str(out, time);
    qtc_buf_str(out, "\",\"method\":");
    qtc_json_string(out, qtc_str(entry->method));
    qtc_buf_str(out, ",\"path\":");
    qtc_json_string(out, without_secrets(l, qtc_str(entry->target), "url"));
    qtc_buf_str(out, ",\"headers\":[");
    l->before = "[";
    MHD_get_connection_values(entry->connection, MHD_HEADER_KIND, put_header, l);
    qtc_buf_str(out, "],\"body\":");
    put_body(l, entry->body);
    qtc_buf_str(out, ",\"capture\":");
    put_capture(l, entry->capture);
    qtc_buf_str(out, ",\"status\":");
    qtc_buf_u64(out, entry->status);
    qtc_buf_str(out, "}\n");
}

void qtc_request_log_add(struct qtc_request_log *log, const struct qtc_request_entry *entry)
{
    struct line l = {0};

    if (log->file == NULL) {
        return;
    }
    put_entry(&l, entry);
    if (l.buf.failed) {
        fail(log, "out of memory");
    } else {
        ssize_t written = write(log->fd, l.buf.data, l.buf.len);
        if (written != (ssize_t)l.buf.len) {
            fail(log, written < 0 ? strerror(errno) : "a line could be written in part only");
        }
    }
    qtc_buf_free(&l.buf);
    qtc_arena_free(&l.arena);
}
