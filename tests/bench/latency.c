/* latency.c - how long an event takes from a filter's input to its output.
 *
 *     latency KIND EVENTS COMMAND [ARGUMENT...]
 *
 * KIND is content, or parameter: then each event is a piece of a string inside a call's markup. Writes
 * an event into the command's standard input, waits until a whole event has come out of its standard output,
 * then writes the next. Prints, separated by tabs: p50, p90, p99 and the longest time in microseconds, and
 * how many events had brought nothing within a second. */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_EVENTS = 100000, WARM_UP = 50, WAIT_MS = 1000, SETTLE_MS = 50, HELD_LIMIT = 10 };

#define HEAD                                                                                                 \
    "data: {\"id\":\"chatcmpl-5d1c09e2b7a44f6c8e3f0a9b6d2c7e18\",\"object\":\"chat.completion.chunk\","      \
    "\"created\":1764080411,\"model\":\"qwen3-coder-30b\",\"choices\":[{\"index\":0,\"delta\":{\"content\":" \
    "\""
#define TAIL "\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n"

static const char content_event[] = HEAD "word " TAIL;
static const char opening_event[] =
    HEAD "<tool_call>\\n<function=write_file>\\n<parameter=content>\\nfirst " TAIL;

struct filter {
    pid_t pid;
    int in, out;
};

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static double microseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct filter start(char **argv)
{
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0) {
        die("latency");
    }
    struct filter f = {.pid = fork(), .in = in[1], .out = out[0]};
    if (f.pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        close(in[0]);
        close(in[1]);
        close(out[0]);
        close(out[1]);
        execvp(argv[0], argv);
        perror(argv[0]);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    return f;
}

/* Reads until an event's blank line is there; false when nothing came for `wait` milliseconds. */
static bool read_event(const struct filter *f, int wait)
{
    char buffer[4096];
    size_t len = 0;
    struct pollfd ready = {.fd = f->out, .events = POLLIN};
    while (poll(&ready, 1, wait) == 1) {
        ssize_t n = read(f->out, buffer + len, sizeof buffer - len);
        if (n <= 0) {
            fputs("latency: the command ended early\n", stderr);
            exit(2);
        }
        len += (size_t)n;
        if (len >= 2 && memcmp(buffer + len - 2, "\n\n", 2) == 0) {
            return true;
        }
        len = len > sizeof buffer / 2 ? 0 : len;
    }
    return false;
}

static void send_event(const struct filter *f, const char *event)
{
    if (write(f->in, event, strlen(event)) != (ssize_t)strlen(event)) {
        die("latency");
    }
}

static void settle(const struct filter *f)
{
    while (read_event(f, SETTLE_MS)) {
    }
}

static void warm_up(const struct filter *f, bool parameter)
{
    if (parameter) {
        send_event(f, opening_event);
        settle(f);
    }
    for (int i = 0; i < WARM_UP; i++) {
        send_event(f, content_event);
        read_event(f, WAIT_MS);
    }
    settle(f);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_times(double *times, size_t count, int held)
{
    if (count == 0) {
        printf("-\t-\t-\t-\t%d\n", held);
        return;
    }
    qsort(times, count, sizeof *times, by_value);
    printf("%.1f\t%.1f\t%.1f\t%.1f\t%d\n", times[count / 2], times[count * 9 / 10], times[count * 99 / 100],
           times[count - 1], held);
}

static void measure(const struct filter *f, long events)
{
    static double times[MAX_EVENTS];
    size_t count = 0;
    int held = 0;
    for (long i = 0; i < events && held < HELD_LIMIT; i++) {
        double sent = microseconds();
        send_event(f, content_event);
        if (read_event(f, WAIT_MS)) {
            times[count++] = microseconds() - sent;
        } else {
            held++;
        }
    }
    print_times(times, count, held);
}

int main(int argc, char **argv)
{
    long events = argc > 3 ? strtol(argv[2], NULL, 10) : 0;
    bool parameter = argc > 1 && strcmp(argv[1], "parameter") == 0;
    if (events < 1 || events > MAX_EVENTS || (!parameter && strcmp(argv[1], "content") != 0)) {
        fputs("usage: latency content|parameter EVENTS COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    struct filter f = start(argv + 3);
    warm_up(&f, parameter);
    measure(&f, events);
    close(f.in);
    close(f.out);
    waitpid(f.pid, NULL, 0);
    return 0;
}
