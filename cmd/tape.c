#include "tape.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADS_MAX = 65536 };

/* ---- signals ------------------------------------------------------------------- */

enum { LINES_MAX = 256 }; /* of a header without more than a start, and of an end */

/* Whose response is open; NULL: none. */
static struct qtc_tape *volatile at_rest;

static sigset_t ending_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

/* While input is awaited, or a reader keeps us waiting. There is room for the lines, so that nothing is
 * allocated here; headers of which only a part has come are left out. */
static void on_signal(int signal_number)
{
    sigset_t ending = ending_signals();
    struct qtc_tape *t = at_rest;

    if (t != NULL && !t->headed) {
        qtc_recording_head(&t->line, &(struct qtc_capture){.start = qtc_str(t->start)});
    }
    if (t != NULL) {
        qtc_recording_end(&t->line, qtc_now() - t->began, true);
        qtc_write(t->fd, qtc_buf_bytes(&t->line));
    }
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    sigprocmask(SIG_UNBLOCK, &ending, NULL);
    _exit(128 + signal_number); /* the first process of a container does not die of a signal */
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_mask = ending_signals()}, before;
    static const int signals[] = {SIGINT, SIGTERM};

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            sigaction(signals[i], &action, NULL);
        }
    }
}

/* What is between the two is not interrupted. */
static void begin_work(struct qtc_tape *t)
{
    sigset_t ending = ending_signals();

    sigprocmask(SIG_BLOCK, &ending, &t->outside);
}

static void end_work(struct qtc_tape *t, bool response_is_open)
{
    bool open = response_is_open && !t->failed && qtc_buf_room(&t->line, LINES_MAX) != NULL;

    at_rest = open ? t : NULL;
    sigprocmask(SIG_SETMASK, &t->outside, NULL);
}

/* ---- lines ----------------------------------------------------------------------- */

static void fail(struct qtc_tape *t, const char *why)
{
    if (!t->failed) {
        qtc_complain(t->command, t->file, 0, 0, "%s", why);
    }
    t->failed = true;
}

static void write_lines(struct qtc_tape *t)
{
    if (t->line.failed) {
        fail(t, "out of memory");
    } else if (!t->failed && !qtc_write(t->fd, qtc_buf_bytes(&t->line))) {
        fail(t, strerror(errno));
    }
    qtc_buf_clear(&t->line);
}

/* ---- headers ------------------------------------------------------------------------ */

enum front { FRONT_BODY, FRONT_HEAD, FRONT_UNKNOWN };

/* What begins here. */
static enum front front_of(struct qtc_bytes text)
{
    static const char http[] = "HTTP/";
    size_t n = text.len < sizeof http - 1 ? text.len : sizeof http - 1;

    if (n > 0 && memcmp(text.data, http, n) != 0) {
        return FRONT_BODY;
    }
    return n == sizeof http - 1 ? FRONT_HEAD : FRONT_UNKNOWN;
}

/* Behind the blank line; 0 where there is none yet. */
static size_t head_length(struct qtc_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\n' && i + 1 < text.len) {
            size_t next = i + 1 + (text.data[i + 1] == '\r');
            if (next < text.len && text.data[next] == '\n') {
                return next + 1;
            }
        }
    }
    return 0;
}

/* How much of the text is heads, of which the last one counts; *whole: what is behind them is the body. */
static size_t heads_length(struct qtc_bytes text, bool *whole)
{
    size_t at = 0;

    for (;;) {
        struct qtc_bytes rest = {text.data + at, text.len - at};
        enum front front = front_of(rest);
        size_t length = front == FRONT_HEAD ? head_length(rest) : 0;
        if (length == 0) {
            *whole = front == FRONT_BODY || text.len > HEADS_MAX;
            return at;
        }
        at += length;
    }
}

static void put_head(struct qtc_tape *t, struct qtc_bytes heads)
{
    struct qtc_capture head = {0};
    struct qtc_captures read;
    struct qtc_error error;

    if (heads.len > 0 && qtc_captures_read(&t->arena, heads, &read, &error) == QTC_OK &&
        qtc_capture_redact(&t->arena, &read.list[0], &head, NULL, NULL) != QTC_OK) {
        head = (struct qtc_capture){0}; /* rather than with a secret */
    }
    head.start = qtc_str(t->start);
    qtc_recording_head(&t->line, &head);
    qtc_arena_reset(&t->arena);
    t->headed = true;
}

/* ---- the recording ------------------------------------------------------------------- */

static bool is_file(const struct stat *file, int fd, const char *name)
{
    struct stat s;

    return (name != NULL ? stat(name, &s) : fstat(fd, &s)) == 0 && s.st_dev == file->st_dev &&
           s.st_ino == file->st_ino;
}

/* It would be emptied before it is read, or written twice at once. */
static bool is_in_use(const char *file, const char *const *inputs, size_t count)
{
    struct stat s;

    if (stat(file, &s) != 0 || !S_ISREG(s.st_mode)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_file(&s, STDIN_FILENO, strcmp(inputs[i], "-") != 0 ? inputs[i] : NULL)) {
            return true;
        }
    }
    return is_file(&s, STDOUT_FILENO, NULL) || (count == 0 && is_file(&s, STDIN_FILENO, NULL));
}

bool qtc_tape_open(struct qtc_tape *t, const char *command, const char *file, const char *const *inputs,
                   size_t count)
{
    *t = (struct qtc_tape){.command = command, .file = file, .fd = -1};
    if (file == NULL) {
        return true;
    }
    if (is_in_use(file, inputs, count)) {
        fail(t, "it cannot be the recording and the input or the output at once");
        return false;
    }
    t->fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (t->fd < 0) {
        fail(t, strerror(errno));
    }
    watch_signals();
    return true;
}

void qtc_tape_begin(struct qtc_tape *t)
{
    qtc_timestamp(t->start);
    t->began = qtc_now();
    t->headed = false;
    if (t->file != NULL) {
        begin_work(t);
        end_work(t, true);
    }
}

/* The bytes so far, once they tell what they are; `over`: there will be no more. */
static void put_front(struct qtc_tape *t, uint64_t at, bool over)
{
    bool whole = true;
    size_t heads = t->front.len > 0 ? heads_length(qtc_buf_bytes(&t->front), &whole) : 0;

    if (!whole && !over) {
        return;
    }
    put_head(t, qtc_bytes(t->front.data, heads));
    if (t->front.len > heads) {
        qtc_recording_arrival(&t->line, at, qtc_bytes(t->front.data + heads, t->front.len - heads));
    }
    qtc_buf_free(&t->front);
}

void qtc_tape_add(struct qtc_tape *t, struct qtc_bytes bytes)
{
    uint64_t at = qtc_now() - t->began;

    if (t->file == NULL || t->failed) {
        return;
    }
    begin_work(t);
    if (t->headed) {
        qtc_recording_arrival(&t->line, at, bytes);
    } else {
        qtc_buf_put(&t->front, bytes);
        put_front(t, at, false);
    }
    write_lines(t);
    end_work(t, true);
}

void qtc_tape_end(struct qtc_tape *t, bool cut)
{
    uint64_t at = qtc_now() - t->began;

    if (t->file == NULL || t->failed) {
        return;
    }
    begin_work(t);
    if (!t->headed) {
        put_front(t, at, true);
    }
    qtc_recording_end(&t->line, at, cut);
    write_lines(t);
    end_work(t, false);
}

bool qtc_tape_close(struct qtc_tape *t)
{
    if (t->fd >= 0 && close(t->fd) != 0 && errno != EINTR) {
        fail(t, strerror(errno));
    }
    t->fd = -1;
    qtc_buf_free(&t->front);
    qtc_buf_free(&t->line);
    qtc_arena_free(&t->arena);
    return !t->failed;
}
