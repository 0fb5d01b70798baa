/* serve_load - many clients at once for qtc-replay --serve: each must get exactly the body that is expected.
 *
 *   serve_load PORT STREAMS FILE [GAP]
 *
 * Opens STREAMS streams at 127.0.0.1:PORT, and compares what each sends with FILE. GAP: chunks are due so
 * many milliseconds after each other; how late they were is printed. Exit status 0: all were right. */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

enum part { HEAD, SIZE, DATA, DATA_END, LAST, DONE };

struct client {
    int fd;
    enum part part;
    unsigned head_end;                /* of "\r\n\r\n": how much of it was seen */
    size_t size;                      /* of the chunk: what is left of it */
    size_t at;                        /* in the expected body */
    uint64_t chunks, first, previous; /* how many began; when the first and the last one did */
};

struct load {
    struct qtc_buf expected;
    struct client *clients;
    int epoll;
    unsigned open, wrong;
    double gap; /* nanoseconds; 0: not timed */
    int64_t *late;
    size_t late_count, late_room;
};

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void die(const char *what)
{
    perror(what);
    exit(2);
}

/* ---- one client --------------------------------------------------------------------- */

static void open_client(struct load *l, struct client *c, unsigned port)
{
    static const char request[] =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 15\r\n"
        "\r\n{\"stream\":true}";
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};

    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        write(c->fd, request, sizeof request - 1) != (ssize_t)sizeof request - 1 ||
        epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0) {
        die("connect");
    }
    l->open++;
}

static void close_client(struct load *l, struct client *c, bool right)
{
    close(c->fd);
    c->fd = -1;
    l->open--;
    l->wrong += !right;
}

static void note_time(struct load *l, struct client *c)
{
    uint64_t time = now();

    if (c->chunks++ == 0) {
        c->first = time;
    } else if (l->gap > 0 && l->late_count < l->late_room) {
        l->late[l->late_count++] = (int64_t)(time - c->first) - (int64_t)((double)(c->chunks - 1) * l->gap);
    }
}

/* ---- the chunked coding ----------------------------------------------------------------- */

static enum part behind_size(struct load *l, struct client *c)
{
    if (c->size == 0) {
        return LAST;
    }
    note_time(l, c);
    return DATA;
}

/* A byte of anything but a chunk's data. false: wrong. */
static bool take_byte(struct load *l, struct client *c, char byte)
{
    static const char end[] = "\r\n\r\n", digits[] = "0123456789abcdef";
    const char *digit;

    switch (c->part) {
    case HEAD:
        c->head_end = byte == end[c->head_end] ? c->head_end + 1 : byte == '\r';
        c->part = c->head_end == 4 ? SIZE : HEAD;
        return true;
    case SIZE:
        digit = byte != '\0' ? strchr(digits, byte | 0x20) : NULL;
        if (byte == '\n') {
            c->part = behind_size(l, c);
        } else if (digit != NULL) {
            c->size = c->size * 16 + (size_t)(digit - digits);
        }
        return byte == '\n' || byte == '\r' || digit != NULL;
    case DATA_END:
        c->part = byte == '\n' ? SIZE : DATA_END;
        return byte == '\n' || byte == '\r';
    case LAST:
        c->part = byte == '\n' ? DONE : LAST;
        return byte == '\n' || byte == '\r';
    default:
        return false;
    }
}

static bool take_data(struct load *l, struct client *c, const char *p, size_t n)
{
    if (n > l->expected.len - c->at || memcmp(p, l->expected.data + c->at, n) != 0) {
        return false;
    }
    c->at += n;
    c->size -= n;
    c->part = c->size == 0 ? DATA_END : DATA;
    return true;
}

static bool take(struct load *l, struct client *c, const char *p, size_t n)
{
    for (size_t i = 0, used; i < n; i += used) {
        used = c->part == DATA && c->size < n - i ? c->size : c->part == DATA ? n - i : 1;
        if (!(c->part == DATA ? take_data(l, c, p + i, used) : take_byte(l, c, p[i]))) {
            return false;
        }
    }
    return true;
}

static void read_client(struct load *l, struct client *c)
{
    char block[65536];
    ssize_t n = read(c->fd, block, sizeof block);

    if (n <= 0 || !take(l, c, block, (size_t)n)) {
        close_client(l, c, false);
    } else if (c->part == DONE) {
        close_client(l, c, c->at == l->expected.len);
    }
}

/* ---- all ------------------------------------------------------------------------------------ */

static void read_file(const char *name, struct qtc_buf *to)
{
    FILE *file = fopen(name, "rb");
    char block[65536];
    size_t n;

    if (file == NULL) {
        die(name);
    }
    while ((n = fread(block, 1, sizeof block, file)) > 0) {
        qtc_buf_add(to, block, n);
    }
    fclose(file);
    if (to->failed) {
        die(name);
    }
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void print_times(struct load *l)
{
    static const double parts[] = {0.01, 0.5, 0.9, 0.99, 0.999, 1};

    if (l->late_count == 0) {
        return;
    }
    qsort(l->late, l->late_count, sizeof *l->late, by_value);
    printf("late, in ms:");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t at = (size_t)((double)(l->late_count - 1) * parts[i]);
        printf(" p%g %.3f", parts[i] * 100, (double)l->late[at] / 1e6);
    }
    printf(" (%zu chunks)\n", l->late_count);
}

static void run(struct load *l)
{
    struct epoll_event events[256];

    while (l->open > 0) {
        int n = epoll_wait(l->epoll, events, 256, 60000);
        if (n < 0 && errno != EINTR) {
            die("epoll_wait");
        }
        if (n == 0) {
            l->wrong += l->open;
            return;
        }
        for (int i = 0; i < n; i++) {
            read_client(l, events[i].data.ptr);
        }
    }
}

int main(int argc, char **argv)
{
    struct load l = {.epoll = epoll_create1(0), .late_room = 10000000};
    struct rlimit limit;

    if (argc < 4) {
        fprintf(stderr, "usage: serve_load PORT STREAMS FILE [GAP]\n");
        return 2;
    }
    unsigned port = (unsigned)atoi(argv[1]), streams = (unsigned)atoi(argv[2]);
    read_file(argv[3], &l.expected);
    l.gap = argc > 4 ? atof(argv[4]) * 1e6 : 0;
    l.clients = calloc(streams, sizeof *l.clients);
    l.late = calloc(l.gap > 0 ? l.late_room : 1, sizeof *l.late);
    if (l.clients == NULL || l.late == NULL || l.epoll < 0) {
        die("memory");
    }
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (unsigned i = 0; i < streams; i++) {
        open_client(&l, &l.clients[i], port);
    }
    run(&l);
    print_times(&l);
    printf("%u streams, %u wrong\n", streams, l.wrong);
    free(l.clients);
    free(l.late);
    qtc_buf_free(&l.expected);
    return l.wrong > 0;
}
