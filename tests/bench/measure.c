/* measure.c - what a command costs.
 *
 *     measure [-o OUTPUT] [-p] RUNS INPUT COMMAND [ARGUMENT...]
 *
 * Runs it RUNS times with INPUT as its standard input and OUTPUT (/dev/null) as its standard output; with
 * -p both are pipes, to other processes whose time does not count. Prints, separated by tabs: the median of
 * its CPU time (user and system, with its children's), the mean of it, the mean wall time, all in seconds;
 * the highest peak RSS in KiB; and the first run's exit status, or the signal that ended it. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_RUNS = 1000, COPY = 1 << 16 };

struct command {
    const char *input, *output;
    bool piped;
    char **argv;
};

struct cost {
    double cpu, wall;
    long peak_kib;
    int status;
};

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void redirect(int fd, int target)
{
    if (dup2(fd, target) < 0) {
        perror("measure");
        _exit(127);
    }
}

static void run_child(const struct command *c, int in, int out)
{
    redirect(in, STDIN_FILENO);
    redirect(out, STDOUT_FILENO);
    execvp(c->argv[0], c->argv);
    perror(c->argv[0]);
    _exit(127);
}

static void copy(int from, int to)
{
    static char buffer[COPY];
    ssize_t n;
    while ((n = read(from, buffer, sizeof buffer)) > 0 && write(to, buffer, (size_t)n) == n) {
    }
}

/* A pipe to (end 0) or from (end 1) a process that copies between it and a file. The command's end of it. */
static int piped(int file, int end)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) {
        die("measure");
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[end]);
        if (end == 0) {
            copy(file, fds[1]);
        } else {
            copy(fds[0], file);
        }
        _exit(0);
    }
    close(fds[1 - end]);
    close(file);
    return fds[end];
}

static int opened(const char *name, int flags)
{
    int fd = open(name, flags | O_CLOEXEC, 0666);
    if (fd < 0) {
        die(name);
    }
    return fd;
}

static struct cost run(const struct command *c)
{
    struct rusage usage;
    struct cost cost;
    int in = opened(c->input, O_RDONLY);
    int out = opened(c->output, O_WRONLY | O_CREAT | O_TRUNC);
    if (c->piped) {
        /* In this order: the process that feeds the command ends with it, and then the other one. */
        out = piped(out, 1);
        in = piped(in, 0);
    }
    double start = now();
    pid_t pid = fork();
    if (pid == 0) {
        run_child(c, in, out);
    }
    close(in);
    close(out);
    if (pid < 0 || wait4(pid, &cost.status, 0, &usage) != pid) {
        die("measure");
    }
    cost.wall = now() - start;
    cost.cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    cost.peak_kib = usage.ru_maxrss;
    while (c->piped && wait(NULL) > 0) {
    }
    return cost;
}

static int by_cpu(const void *a, const void *b)
{
    const struct cost *x = a, *y = b;
    return (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

static void print_costs(struct cost *costs, size_t runs)
{
    double cpu = 0, wall = 0;
    long peak = 0;
    int status = costs[0].status;
    for (size_t i = 0; i < runs; i++) {
        cpu += costs[i].cpu;
        wall += costs[i].wall;
        peak = costs[i].peak_kib > peak ? costs[i].peak_kib : peak;
    }
    qsort(costs, runs, sizeof *costs, by_cpu);
    printf("%.6f\t%.6f\t%.6f\t%ld\t", costs[runs / 2].cpu, cpu / (double)runs, wall / (double)runs, peak);
    if (WIFSIGNALED(status)) {
        printf("signal %d\n", WTERMSIG(status));
    } else {
        printf("%d\n", WEXITSTATUS(status));
    }
}

static int usage(void)
{
    fputs("usage: measure [-o OUTPUT] [-p] RUNS INPUT COMMAND [ARGUMENT...]\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    static struct cost costs[MAX_RUNS];
    struct command c = {.output = "/dev/null"};
    int option;
    while ((option = getopt(argc, argv, "+o:p")) != -1) {
        if (option == 'o') {
            c.output = optarg;
        } else if (option == 'p') {
            c.piped = true;
        } else {
            return usage();
        }
    }
    long runs = optind < argc ? strtol(argv[optind], NULL, 10) : 0;
    if (runs < 1 || runs > MAX_RUNS || optind + 2 >= argc) {
        return usage();
    }
    c.input = argv[optind + 1];
    c.argv = argv + optind + 2;
    for (long i = 0; i < runs; i++) {
        costs[i] = run(&c);
    }
    print_costs(costs, (size_t)runs);
    return 0;
}
