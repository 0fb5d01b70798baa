#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- answers ------------------------------------------------------------------ */

bool qtc_answer_ends_alike(const struct qtc_answer *a, const struct qtc_answer *b)
{
    return a->ending == b->ending && a->status == b->status;
}

bool qtc_answer_prints_alike(const struct qtc_answer *a, const struct qtc_answer *b)
{
    return a->out.len == b->out.len && a->out.hash == b->out.hash &&
           qtc_bytes_equal(qtc_buf_bytes(&a->out.text), qtc_buf_bytes(&b->out.text));
}

void qtc_answer_ending(struct qtc_buf *out, const struct qtc_answer *a)
{
    char text[128];

    if (a->ending == QTC_ENDING_EXIT) {
        snprintf(text, sizeof text, "exit status %d", a->status);
    } else if (a->ending == QTC_ENDING_SIGNAL) {
        snprintf(text, sizeof text, "killed by signal %d (%s)", a->status, strsignal(a->status));
    } else {
        snprintf(text, sizeof text, "timed out");
    }
    qtc_buf_str(out, text);
}

void qtc_answer_free(struct qtc_answer *a)
{
    qtc_buf_free(&a->out.text);
    qtc_buf_free(&a->err.text);
}

static void printed_clear(struct qtc_printed *p)
{
    qtc_buf_clear(&p->text);
    p->len = 0;
    p->hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
}

static void printed_add(struct qtc_printed *p, const char *data, size_t n)
{
    size_t room = QTC_PROBE_KEPT - p->text.len;
    size_t kept = n < room ? n : room;

    qtc_buf_add(&p->text, data, kept);
    p->len += n;
    for (size_t i = kept; i < n; i++) {
        p->hash = (p->hash ^ (unsigned char)data[i]) * UINT64_C(0x100000001b3);
    }
}

/* ---- signals --------------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t child_changed;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

static void on_child(int signal_number)
{
    (void)signal_number;
    child_changed = 1;
}

/* What was ignored stays so, as nohup and a shell's background jobs want it. */
static void handle(int signal_number, void (*handler)(int), bool unless_ignored)
{
    struct sigaction before;
    struct sigaction action = {.sa_handler = handler};

    if (!unless_ignored || (sigaction(signal_number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)) {
        sigaction(signal_number, &action, NULL);
    }
}

/* They are let in only where a run waits, so that none is missed. */
static void block_signals(struct qtc_probe *p)
{
    static const int waited_for[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
    sigset_t blocked;

    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof waited_for / sizeof *waited_for; i++) {
        sigaddset(&blocked, waited_for[i]);
    }
    pthread_sigmask(SIG_BLOCK, &blocked, &p->outside);
}

void qtc_probe_begin(struct qtc_probe *p, const char *command, char *const *program, unsigned timeout)
{
    struct sigaction pipe_before;

    *p = (struct qtc_probe){.command = command, .program = program, .timeout = timeout};
    block_signals(p);
    sigemptyset(&p->defaults);
    if (sigaction(SIGPIPE, NULL, &pipe_before) == 0 && pipe_before.sa_handler == SIG_DFL) {
        sigaddset(&p->defaults, SIGPIPE);
    }
    handle(SIGPIPE, SIG_IGN, false);
    handle(SIGCHLD, on_child, false);
    handle(SIGINT, on_interrupt, true);
    handle(SIGTERM, on_interrupt, true);
    handle(SIGHUP, on_interrupt, true);
}

bool qtc_probe_interrupted(void)
{
    return interrupted;
}

/* ---- starting ------------------------------------------------------------------------ */

struct run {
    struct qtc_probe *probe;
    struct qtc_answer *answer;
    pid_t pid;
    int in, out, err; /* this side of the pipes; -1: closed */
    bool over;        /* it has ended, and wait_status is known */
    int wait_status;
    uint64_t deadline; /* nanoseconds */
    uint64_t pause;    /* before it is looked whether it has read, nanoseconds */
    unsigned glances;  /* without a pause, so far */

    struct qtc_bytes input;
    size_t written;
    const size_t *cuts; /* those that are left */
    size_t cut_count;
};

static void close_one(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

/* Descriptors 0, 1 and 2 may be free, if whoever started us closed them: they are not for pipes. */
static bool move_up(int *fd)
{
    int above = *fd > STDERR_FILENO ? *fd : fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    if (above != *fd) {
        close(*fd);
    }
    *fd = above;
    return above >= 0;
}

static bool open_pipe(int ends[2])
{
    return pipe2(ends, O_CLOEXEC) == 0 && move_up(&ends[0]) && move_up(&ends[1]);
}

/* The other ends are what it finds at 0, 1 and 2. 0, or an errno. */
static int spawn(struct run *r, const int theirs[3])
{
    const struct qtc_probe *p = r->probe;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (int fd = 0; fd < 3; fd++) {
        posix_spawn_file_actions_adddup2(&actions, theirs[fd], fd);
    }
    posix_spawnattr_setpgroup(&attributes, 0); /* so that what it starts can be killed with it */
    posix_spawnattr_setsigmask(&attributes, &p->outside);
    posix_spawnattr_setsigdefault(&attributes, &p->defaults);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    error = posix_spawnp(&r->pid, p->program[0], &actions, &attributes, p->program, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static bool start(struct run *r)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
    int error = open_pipe(in) && open_pipe(out) && open_pipe(err) && fcntl(in[1], F_SETFL, O_NONBLOCK) == 0
                    ? spawn(r, (const int[]){in[0], out[1], err[1]})
                    : errno;

    r->in = in[1];
    r->out = out[0];
    r->err = err[0];
    close_one(&in[0]);
    close_one(&out[1]);
    close_one(&err[1]);
    if (error != 0) {
        qtc_complain(r->probe->command, NULL, 0, 0, "cannot run \"%s\": %s", r->probe->program[0],
                     strerror(error));
    }
    return error == 0;
}

/* ---- feeding --------------------------------------------------------------------------- */

static size_t next_end(struct run *r)
{
    while (r->cut_count > 0 && *r->cuts <= r->written) {
        r->cuts++;
        r->cut_count--;
    }
    return r->cut_count > 0 && *r->cuts < r->input.len ? *r->cuts : r->input.len;
}

/* How often to look whether the last piece was read follows from how long that takes: at once, then in pauses
 * that grow to a millisecond. */
static void wait_for_reader(struct run *r)
{
    enum { GLANCES = 64, FIRST_PAUSE = 1 << 13, LONGEST_PAUSE = 1 << 20 };

    if (r->glances < GLANCES) {
        r->glances++;
        sched_yield();
    } else if (r->pause < LONGEST_PAUSE) {
        r->pause = r->pause < FIRST_PAUSE ? FIRST_PAUSE : r->pause * 2;
    }
}

static void write_piece(struct run *r)
{
    ssize_t done = write(r->in, r->input.data + r->written, next_end(r) - r->written);

    r->glances = 0;
    r->pause = 0;
    r->written += done > 0 ? (size_t)done : 0;
    if (done < 0 && errno != EAGAIN && errno != EINTR) {
        close_one(&r->in); /* it reads no more, which is its right */
    }
}

static void feed(struct run *r)
{
    int unread = 0;

    if (r->written == r->input.len) {
        close_one(&r->in);
    } else if (ioctl(r->in, FIONREAD, &unread) == 0 && unread > 0) {
        wait_for_reader(r);
    } else {
        write_piece(r);
    }
}

/* ---- waiting ------------------------------------------------------------------------------ */

static void take(int *fd, short happened, struct qtc_printed *printed)
{
    char block[QTC_IO_BLOCK];
    ssize_t got;

    if (*fd < 0 || happened == 0) {
        return;
    }
    got = read(*fd, block, sizeof block);
    if (got > 0) {
        printed_add(printed, block, (size_t)got);
    } else if (got == 0 || errno != EINTR) {
        close_one(fd);
    }
}

/* Until it prints, ends or closes its input, a signal comes, or it is time to look whether it has read. */
static void wait_a_while(struct run *r, uint64_t left)
{
    struct pollfd fds[] = {{.fd = r->in}, {.fd = r->out, .events = POLLIN}, {.fd = r->err, .events = POLLIN}};
    uint64_t longest = r->in < 0 || r->pause > left ? left : r->pause;
    struct timespec timeout = {(time_t)(longest / 1000000000), (long)(longest % 1000000000)};

    if (ppoll(fds, 3, &timeout, &r->probe->outside) > 0) {
        take(&r->out, fds[1].revents, &r->answer->out);
        take(&r->err, fds[2].revents, &r->answer->err);
        if (fds[0].revents != 0) {
            close_one(&r->in);
        }
    }
    if (child_changed && !r->over) {
        child_changed = 0;
        r->over = waitpid(r->pid, &r->wait_status, WNOHANG) == r->pid;
    }
}

static void end_by_force(struct run *r)
{
    kill(-r->pid, SIGKILL);
    while (!r->over) {
        r->over = waitpid(r->pid, &r->wait_status, 0) == r->pid || errno != EINTR;
    }
}

/* What it printed counts to its end, also what others print that it left behind. */
static void follow(struct run *r)
{
    r->answer->ending = QTC_ENDING_EXIT;
    while (r->out >= 0 || r->err >= 0 || !r->over) {
        uint64_t time = qtc_now();
        if (interrupted || time >= r->deadline) {
            end_by_force(r);
            r->answer->ending = QTC_ENDING_TIMEOUT;
            r->answer->status = 0;
            return;
        }
        if (r->in >= 0) {
            feed(r);
        }
        wait_a_while(r, r->deadline - time);
    }
    if (WIFSIGNALED(r->wait_status)) {
        r->answer->ending = QTC_ENDING_SIGNAL;
        r->answer->status = WTERMSIG(r->wait_status);
    } else {
        r->answer->status = WEXITSTATUS(r->wait_status);
    }
}

bool qtc_probe_run(struct qtc_probe *p, struct qtc_bytes input, const size_t *cuts, size_t cut_count,
                   struct qtc_answer *answer)
{
    struct run r = {.probe = p,
                    .answer = answer,
                    .in = -1,
                    .out = -1,
                    .err = -1,
                    .deadline = qtc_now() + p->timeout * QTC_SECOND,
                    .input = input,
                    .cuts = cuts,
                    .cut_count = cut_count};
    bool started;

    printed_clear(&answer->out);
    printed_clear(&answer->err);
    child_changed = 0;
    started = !interrupted && start(&r);
    if (started) {
        p->runs++;
        follow(&r);
    }
    close_one(&r.in);
    close_one(&r.out);
    close_one(&r.err);
    if (answer->out.text.failed || answer->err.text.failed) {
        qtc_complain(p->command, NULL, 0, 0, "out of memory");
        return false;
    }
    return started && !interrupted;
}
