/* playing.c - captures to standard output, each piece at its time. */
#include "replay.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct player {
    struct qtc_replay *r;
    bool apart;     /* each piece in a write of its own, */
    bool pipe;      /* which waits until the reader has taken the last */
    uint64_t begin; /* when the playback began, by the monotonic clock */
    uint64_t since; /* recorded time at which this capture begins */
    uint64_t last;  /* time of its last piece */
    bool reset;
};

/* ---- a raw file, as it is -------------------------------------------------------- */

/* All of the file is the body, as its first bytes tell: nothing behind them can make it another. */
static bool is_raw(struct qtc_replay *r, int fd)
{
    char head[4096];
    ssize_t n = pread(fd, head, sizeof head, lseek(fd, 0, SEEK_CUR));
    struct qtc_captures read;
    struct qtc_error error;
    bool raw = n > 0 && qtc_captures_read(&r->arena, qtc_bytes(head, (size_t)n), &read, &error) == QTC_OK &&
               strcmp(read.kind->name, "raw") == 0 && read.list[0].body.len == (size_t)n;

    qtc_arena_reset(&r->arena);
    return raw;
}

/* A raw file that goes out as it is need not be held in memory. false: it is no such file, and nothing was
 * done; else *status. */
static bool copy_raw(struct qtc_replay *r, int *status)
{
    struct qtc_in in;
    struct qtc_bytes bytes;
    bool raw = false;

    if (qtc_replay_changes(&r->play) || r->speed > 0 || r->file_count > 1 || r->pick > 1 || r->redact ||
        r->unbuffered) {
        return false;
    }
    qtc_in_begin(&in, r->command, NULL, r->files, r->file_count);
    if (qtc_in_next(&in)) {
        raw = !in.live && is_raw(r, in.fd);
    }
    while (raw && qtc_in_read(&in, &bytes) && qtc_out_now(&r->out, bytes)) {
        continue;
    }
    if (raw || in.failed) {
        *status = qtc_out_end(&r->out) && !in.failed ? QTC_EXIT_DONE : QTC_EXIT_FAILED;
        raw = true;
    }
    qtc_in_end(&in);
    return raw;
}

/* ---- time --------------------------------------------------------------------------- */

/* Until a recorded time, told from the beginning of the playback: errors do not add up. */
static void wait_until(const struct player *p, uint64_t at)
{
    double played = ((double)p->since + (double)at) / p->r->speed;
    uint64_t due = p->begin + (played < 1e18 ? (uint64_t)played : QTC_SECOND * QTC_SECOND);
    struct timespec t = {.tv_sec = (time_t)(due / QTC_SECOND), .tv_nsec = (long)(due % QTC_SECOND)};

    if (due <= qtc_now()) { /* to sleep until a time that is over costs microseconds, too */
        return;
    }
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
        continue;
    }
}

/* ---- pieces ------------------------------------------------------------------------- */

static bool is_unread(int fd)
{
    int waiting = 0;

    return ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0;
}

/* Until the reader has emptied the pipe, or gone. There is no event for that: look again and again at first,
 * since it may take it at once, then now and then. */
static void wait_for_reader(int fd)
{
    enum { GLANCES = 64, FIRST_PAUSE = 10000, LONGEST_PAUSE = 1000000 };
    struct pollfd p = {.fd = fd};
    struct timespec pause = {.tv_nsec = FIRST_PAUSE};

    for (int i = 0; i < GLANCES && is_unread(fd); i++) {
        sched_yield();
    }
    while (is_unread(fd) && ppoll(&p, 1, &pause, NULL) == 0) {
        pause.tv_nsec = pause.tv_nsec < LONGEST_PAUSE ? pause.tv_nsec * 2 : pause.tv_nsec;
    }
}

/* A reset is an RST where standard output is a connection; a pipe just ends. */
static void break_connection(int fd)
{
    struct linger at_once = {.l_onoff = 1};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static bool play_piece(void *ctx, const struct qtc_piece *piece)
{
    struct player *p = ctx;
    struct qtc_out *out = &p->r->out;

    if (p->r->speed > 0) {
        wait_until(p, piece->at);
    }
    p->last = piece->at;
    if (piece->reset) {
        p->reset = true;
        break_connection(out->fd);
    }
    if (!p->apart && p->r->speed == 0 && piece->data.len < QTC_IO_BLOCK) {
        qtc_buf_put(&out->buf, piece->data);
        return qtc_out_event(out);
    }
    if (p->pipe) {
        wait_for_reader(out->fd);
    }
    return qtc_out_now(out, piece->data);
}

/* ---- captures ----------------------------------------------------------------------- */

static bool ignore_piece(void *ctx, const struct qtc_piece *piece)
{
    (void)ctx;
    (void)piece;
    return true;
}

/* Goes through all of it before anything is written: what cannot be played is refused. */
static bool try_all(struct qtc_replay *r)
{
    for (size_t i = 0; qtc_replay_changes(&r->play) && i < r->capture_count; i++) {
        const struct qtc_replay_capture *c = &r->captures[i];
        struct qtc_error error = {0};
        if (!qtc_replay_check_code(r, c, qtc_capture_play(&c->capture, &r->play, ignore_piece, NULL, &error),
                                   &error)) {
            return false;
        }
    }
    return true;
}

/* The end is in time too, where nothing has moved it. */
static void end_capture(struct player *p, const struct qtc_capture *c)
{
    uint64_t end = p->last;

    if (p->r->play.gap == 0 && p->r->play.fault_count == 0 && c->ended > end) {
        end = c->ended;
    }
    if (p->r->speed > 0 && !p->reset) {
        wait_until(p, end);
    }
    p->since += end;
}

static bool play_all(struct player *p)
{
    struct qtc_replay *r = p->r;

    for (size_t i = 0; i < r->capture_count && !p->reset; i++) {
        const struct qtc_replay_capture *c = &r->captures[i];
        struct qtc_error error = {0};
        p->last = 0;
        if (!qtc_replay_check_code(r, c, qtc_capture_play(&c->capture, &r->play, play_piece, p, &error),
                                   &error)) {
            return false;
        }
        end_capture(p, &c->capture);
    }
    return true;
}

static void prepare_output(struct player *p, int fd)
{
    struct stat s;
    int yes = 1;

    p->apart = p->r->unbuffered || p->r->play.split.by != QTC_SPLIT_NONE;
    p->pipe = p->apart && fstat(fd, &s) == 0 && S_ISFIFO(s.st_mode);
    if (p->apart || p->r->speed > 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* fails where it is no connection */
    }
}

int qtc_replay_play(struct qtc_replay *r)
{
    struct player p = {.r = r};
    int status;

    if (copy_raw(r, &status)) {
        return status;
    }
    bool played = qtc_replay_load(r) && try_all(r);
    if (played) {
        prepare_output(&p, r->out.fd);
        p.begin = qtc_now();
        played = play_all(&p);
    }
    return qtc_out_end(&r->out) && played ? QTC_EXIT_DONE : QTC_EXIT_FAILED;
}
