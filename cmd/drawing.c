/* --timeline: the response as a picture. */
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a file, whole or not at all ----------------------------------------------- */

static bool cannot_write(struct qtc_replay *r, const char *why)
{
    qtc_complain(r->command, r->file, 0, 0, "%s", why);
    return false;
}

/* A device or a pipe (/dev/full, /dev/stdout) is written to; nothing is put in its place. */
static bool write_special(struct qtc_replay *r, struct qtc_bytes data)
{
    int fd = open(r->file, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && qtc_write(fd, data);

    if (fd >= 0 && close(fd) != 0) {
        written = false;
    }
    return written || cannot_write(r, strerror(errno));
}

/* Closes fd. false: errno says why, and the temporary file is gone. */
static bool write_and_rename(int fd, const char *temporary, const char *file, struct qtc_bytes data)
{
    bool written = qtc_write(fd, data);
    int error = errno;

    if (close(fd) != 0 && written) {
        written = false;
        error = errno;
    }
    if (written && rename(temporary, file) != 0) {
        written = false;
        error = errno;
    }
    if (!written) {
        unlink(temporary);
    }
    errno = error;
    return written;
}

/* Beside `file`, under a name of its own until it is whole. */
static bool replace_file(struct qtc_replay *r, const char *file, mode_t mode, struct qtc_bytes data)
{
    struct qtc_buf name = {0};
    bool written;
    int fd;

    qtc_buf_str(&name, file);
    qtc_buf_byte(&name, '.');
    qtc_buf_u64(&name, (uint64_t)getpid());
    qtc_buf_byte(&name, 0);
    if (name.failed) {
        return cannot_write(r, "out of memory");
    }
    fd = open(name.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    written = fd >= 0 && write_and_rename(fd, name.data, file, data);
    if (!written) {
        cannot_write(r, strerror(errno));
    }
    qtc_buf_free(&name);
    return written;
}

static bool write_file(struct qtc_replay *r, struct qtc_bytes data)
{
    struct stat s;
    bool exists = stat(r->file, &s) == 0;
    char *there; /* where a link leads */
    bool written;

    if (exists && !S_ISREG(s.st_mode)) {
        return write_special(r, data);
    }
    there = exists ? realpath(r->file, NULL) : NULL;
    if (exists && there == NULL) {
        return cannot_write(r, strerror(errno));
    }
    written = replace_file(r, exists ? there : r->file, exists ? s.st_mode & 0777 : 0666, data);
    free(there);
    return written;
}

/* ---- the job -------------------------------------------------------------------- */

int qtc_replay_timeline(struct qtc_replay *r)
{
    const struct qtc_replay_capture *c = &r->captures[0];
    struct qtc_buf svg = {0};
    bool done = false;

    if (r->capture_count > 1) {
        qtc_complain(r->command, NULL, 0, 0, "there are %zu responses: --pick the one to draw",
                     r->capture_count);
        return QTC_EXIT_FAILED;
    }
    if (qtc_replay_check_code(r, c, qtc_timeline(&svg, &c->capture, qtc_replay_tools(r, c), qtc_str(c->file)),
                              NULL)) {
        if (strcmp(r->file, "-") == 0) {
            qtc_buf_put(&r->out.buf, qtc_buf_bytes(&svg));
            done = qtc_out_end(&r->out);
        } else {
            done = write_file(r, qtc_buf_bytes(&svg));
        }
    }
    qtc_buf_free(&svg);
    return done ? QTC_EXIT_DONE : QTC_EXIT_FAILED;
}
