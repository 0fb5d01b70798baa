#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

void qtc_io_begin(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) {
            return;
        }
    }
}

uint64_t qtc_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * QTC_SECOND + (uint64_t)t.tv_nsec;
}

void qtc_timestamp(char to[QTC_TIMESTAMP])
{
    struct timespec now;
    struct tm utc;
    size_t len;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    len = strftime(to, QTC_TIMESTAMP, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(to + len, QTC_TIMESTAMP - len, ".%03uZ", (unsigned)(now.tv_nsec / 1000000) % 1000);
}

/* ---- descriptors ------------------------------------------------------------ */

/* A descriptor that somebody made non-blocking (a shared terminal or socket): wait for it. */
static bool wait_for(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};

    return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

static bool would_wait(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK;
}

bool qtc_write(int fd, struct qtc_bytes bytes)
{
    while (bytes.len > 0) {
        ssize_t done = write(fd, bytes.data, bytes.len);
        if (done >= 0) {
            bytes = qtc_bytes(bytes.data + done, bytes.len - (size_t)done);
        } else if (would_wait(errno)) {
            if (!wait_for(fd, POLLOUT)) {
                return false;
            }
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static ssize_t read_some(int fd, char *p, size_t n)
{
    for (;;) {
        ssize_t got = read(fd, p, n);
        if (got >= 0) {
            return got;
        }
        if (would_wait(errno)) {
            if (!wait_for(fd, POLLIN)) {
                return -1;
            }
        } else if (errno != EINTR) {
            return -1;
        }
    }
}

/* ---- messages ----------------------------------------------------------------- */

static void add_number(struct qtc_buf *b, uint64_t n)
{
    qtc_buf_u64(b, n);
    qtc_buf_byte(b, ':');
}

static void add_place(struct qtc_buf *b, const char *file, uint64_t line, uint64_t column)
{
    if (file) {
        qtc_buf_str(b, file);
        qtc_buf_byte(b, ':');
    }
    if (line > 0) {
        add_number(b, line);
    }
    if (line > 0 && column > 0) {
        add_number(b, column);
    }
    if (file || line > 0) {
        qtc_buf_byte(b, ' ');
    }
}

void qtc_complain(const char *command, const char *file, uint64_t line, uint64_t column, const char *format,
                  ...)
{
    struct qtc_buf b = {0};
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    qtc_buf_str(&b, command);
    qtc_buf_str(&b, ": ");
    add_place(&b, file, line, column);
    qtc_buf_str(&b, text);
    qtc_buf_byte(&b, '\n');
    if (!b.failed) {
        qtc_write(STDERR_FILENO, qtc_buf_bytes(&b));
    }
    qtc_buf_free(&b);
}

/* The line and the column of a byte, from 1. */
static void find_place(struct qtc_bytes text, uint64_t offset, uint64_t *line, uint64_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < text.len && i < offset; i++) {
        if (text.data[i] == '\n') {
            ++*line;
            *column = 0;
        }
        ++*column;
    }
}

void qtc_complain_at(const char *command, const char *file, struct qtc_bytes text, uint64_t offset,
                     struct qtc_bytes message)
{
    uint64_t line, column;

    find_place(text, offset, &line, &column);
    qtc_complain(command, file, line, column, "%.*s", (int)message.len,
                 message.data != NULL ? message.data : "");
}

/* ---- output --------------------------------------------------------------------- */

void qtc_out_begin(struct qtc_out *out, const char *command, int fd)
{
    *out = (struct qtc_out){.command = command, .name = "standard output", .fd = fd};
}

static bool out_failed(struct qtc_out *out, const char *why)
{
    if (!out->failed) {
        qtc_complain(out->command, NULL, 0, 0, "%s: %s", out->name, why);
    }
    out->failed = true;
    qtc_buf_free(&out->buf);
    return false;
}

unsigned qtc_out_columns(const struct qtc_out *out)
{
    struct winsize size = {0};

    if (!isatty(out->fd)) {
        return 0;
    }
    return ioctl(out->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* The reader went away while SIGPIPE was ignored, as some parents leave it: end as if it were not. */
static void die_of_sigpipe(void)
{
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
    _exit(128 + SIGPIPE);
}

static bool out_write(struct qtc_out *out, struct qtc_bytes bytes)
{
    if (qtc_write(out->fd, bytes)) {
        return true;
    }
    if (errno == EPIPE) {
        die_of_sigpipe();
    }
    return out_failed(out, strerror(errno));
}

bool qtc_out_flush(struct qtc_out *out)
{
    if (out->failed) {
        qtc_buf_clear(&out->buf);
        return false;
    }
    if (out->buf.failed) {
        return out_failed(out, "out of memory");
    }
    if (!out_write(out, qtc_buf_bytes(&out->buf))) {
        return false;
    }
    qtc_buf_clear(&out->buf);
    return true;
}

bool qtc_out_now(struct qtc_out *out, struct qtc_bytes bytes)
{
    return qtc_out_flush(out) && out_write(out, bytes);
}

bool qtc_out_event(struct qtc_out *out)
{
    if (out->unbuffered || out->buf.len >= QTC_IO_BLOCK || out->buf.failed || out->failed) {
        return qtc_out_flush(out);
    }
    return true;
}

bool qtc_out_end(struct qtc_out *out)
{
    bool written = qtc_out_flush(out);

    if (close(out->fd) != 0 && written && errno != EINTR) {
        written = out_failed(out, strerror(errno));
    }
    qtc_buf_free(&out->buf);
    return written;
}

/* ---- input ------------------------------------------------------------------------ */

void qtc_in_begin(struct qtc_in *in, const char *command, struct qtc_out *out, const char *const *files,
                  size_t count)
{
    *in = (struct qtc_in){.command = command, .out = out, .files = files, .count = count, .fd = -1};
}

static void in_failed(struct qtc_in *in)
{
    qtc_complain(in->command, in->name, 0, 0, "%s", strerror(errno));
    in->failed = true;
}

static void close_input(int fd)
{
    if (fd > STDIN_FILENO) {
        close(fd);
    }
}

/* Opens `file`; "-" and NULL are standard input. *name is what messages call it. */
static int open_input(const char *file, const char **name)
{
    if (!file || strcmp(file, "-") == 0) {
        *name = "<stdin>";
        return STDIN_FILENO;
    }
    *name = file;
    return open(file, O_RDONLY | O_CLOEXEC);
}

static bool is_live(int fd)
{
    struct stat s;

    return fstat(fd, &s) == 0 && !S_ISREG(s.st_mode);
}

bool qtc_in_next(struct qtc_in *in)
{
    size_t count = in->count > 0 ? in->count : 1;

    close_input(in->fd);
    in->fd = -1;
    while (in->next < count) {
        in->fd = open_input(in->count > 0 ? in->files[in->next] : NULL, &in->name);
        in->next++;
        if (in->fd >= 0) {
            in->live = is_live(in->fd);
            if (in->fd == STDIN_FILENO && in->awaited && isatty(in->fd)) {
                qtc_complain(in->command, NULL, 0, 0, "%s", in->awaited);
            }
            return true;
        }
        in_failed(in);
    }
    return false;
}

bool qtc_in_read(struct qtc_in *in, struct qtc_bytes *bytes)
{
    ssize_t got;

    if (in->fd < 0 || (in->out && in->live && !qtc_out_flush(in->out))) {
        return false;
    }
    if (!in->block) {
        in->block = malloc(QTC_IO_BLOCK);
    }
    got = in->block ? read_some(in->fd, in->block, QTC_IO_BLOCK) : -1;
    if (got < 0) {
        in_failed(in);
    }
    if (got <= 0) {
        return false;
    }
    *bytes = qtc_bytes(in->block, (size_t)got);
    return true;
}

void qtc_in_end(struct qtc_in *in)
{
    close_input(in->fd);
    free(in->block);
    in->fd = -1;
    in->block = NULL;
}

#define HUGE_PAGE ((size_t)2 << 20)

/* Room for a large file at once. In pages of 4 KiB it would be a fault each: a tenth of the time of reading
 * and parsing it. */
static void reserve(struct qtc_buf *to, int fd)
{
    struct stat s;
    size_t size;

    if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode) || s.st_size < (off_t)HUGE_PAGE / 2 || to->data) {
        return;
    }
    size = (((size_t)s.st_size + QTC_IO_BLOCK) / HUGE_PAGE + 1) * HUGE_PAGE; /* its end is read, too */
    to->data = aligned_alloc(HUGE_PAGE, size);
    to->cap = to->data ? size : 0;
#ifdef MADV_HUGEPAGE
    madvise(to->data, to->cap, MADV_HUGEPAGE);
#endif
}

static void read_all(struct qtc_in *in, struct qtc_buf *to)
{
    ssize_t got;

    reserve(to, in->fd);
    do {
        char *room = qtc_buf_room(to, QTC_IO_BLOCK);

        got = room ? read_some(in->fd, room, QTC_IO_BLOCK) : 0;
        if (got < 0) {
            in_failed(in);
        }
        to->len += got > 0 ? (size_t)got : 0;
    } while (got > 0);
}

bool qtc_in_slurp(const char *command, const char *file, struct qtc_buf *to)
{
    const char *files[] = {file};
    struct qtc_in in;

    qtc_in_begin(&in, command, NULL, files, 1);
    in.awaited = QTC_IN_AWAITED;
    if (qtc_in_next(&in)) {
        read_all(&in, to);
    }
    if (to->failed) {
        qtc_complain(command, file, 0, 0, "out of memory");
    }
    qtc_in_end(&in);
    return !in.failed && !to->failed;
}
