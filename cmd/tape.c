#include "tape.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADS_MAX = 65536 };

/* ---- signals ------------------------------------------------------------------- */

/* SIGINT and SIGTERM are held back while input is awaited, and tell then through a descriptor that they came.
 * Elsewhere they do what they always do, since a reader may keep us waiting for ever. */
static void watch_signals(struct qtc_tape *t)
{
    static const int signals[] = {SIGINT, SIGTERM};
    struct sigaction action;

    sigemptyset(&t->ending);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN) {
            sigaddset(&t->ending, signals[i]);
        }
    }
    t->signals = signalfd(-1, &t->ending, SFD_CLOEXEC);
    if (t->signals < 0) {
        sigemptyset(&t->ending);
    }
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
    *t = (struct qtc_tape){.command = command, .file = file, .fd = -1, .signals = -1};
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
    watch_signals(t);
    return true;
}

void qtc_tape_begin(struct qtc_tape *t)
{
    qtc_timestamp(t->start);
    t->began = qtc_now();
    t->headed = false;
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
    if (t->headed) {
        qtc_recording_arrival(&t->line, at, bytes);
    } else {
        qtc_buf_put(&t->front, bytes);
        put_front(t, at, false);
    }
    write_lines(t);
}

void qtc_tape_end(struct qtc_tape *t, bool cut)
{
    uint64_t at = qtc_now() - t->began;

    if (t->file == NULL || t->failed) {
        return;
    }
    if (!t->headed) {
        put_front(t, at, true);
    }
    qtc_recording_end(&t->line, at, cut);
    write_lines(t);
}

bool qtc_tape_close(struct qtc_tape *t)
{
    if (t->fd >= 0 && close(t->fd) != 0 && errno != EINTR) {
        fail(t, strerror(errno));
    }
    if (t->signals >= 0) {
        close(t->signals);
    }
    t->fd = t->signals = -1;
    qtc_buf_free(&t->front);
    qtc_buf_free(&t->line);
    qtc_arena_free(&t->arena);
    return !t->failed;
}

/* The first process of a container has no default for signals. */
static void die_of_signal(struct qtc_tape *t)
{
    struct signalfd_siginfo signal = {0};

    qtc_tape_end(t, true);
    if (read(t->signals, &signal, sizeof signal) > 0) {
        sigprocmask(SIG_UNBLOCK, &t->ending, NULL);
        raise((int)signal.ssi_signo);
    }
    _exit(128 + (int)signal.ssi_signo);
}

void qtc_tape_wait(struct qtc_tape *t, int fd)
{
    struct pollfd fds[] = {{.fd = t->signals, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    sigset_t before;

    if (t->file == NULL) {
        return;
    }
    sigprocmask(SIG_BLOCK, &t->ending, &before);
    while (poll(fds, 2, -1) < 0 && errno == EINTR) {
        continue;
    }
    if (fds[0].revents != 0) {
        die_of_signal(t);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
}
