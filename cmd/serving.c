/* --serve: the socket, the loop, and bodies that go out in their time.
 *
 * One thread does everything. libmicrohttpd has the connections, in an epoll set of its own; a connection
 * whose next piece is not due is suspended, and stands in the server's list until then. */
#include "serving.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- bodies in their time ------------------------------------------------------------- */

static int socket_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static void wait_until(struct qtc_exchange *x, uint64_t due)
{
    struct qtc_server *server = x->server;

    x->due = due;
    x->before = NULL;
    x->after = server->waiting;
    if (x->after != NULL) {
        x->after->before = x;
    }
    server->waiting = x;
    server->next_due = due < server->next_due ? due : server->next_due;
    MHD_suspend_connection(x->connection);
}

static void wake(struct qtc_exchange *x)
{
    if (x->before != NULL) {
        x->before->after = x->after;
    } else {
        x->server->waiting = x->after;
    }
    if (x->after != NULL) {
        x->after->before = x->before;
    }
    MHD_resume_connection(x->connection);
}

/* Wakes those whose time has come. */
static void wake_due(struct qtc_server *server, uint64_t time)
{
    uint64_t next_due = UINT64_MAX;
    struct qtc_exchange *after;

    if (server->next_due > time) {
        return;
    }
    for (struct qtc_exchange *x = server->waiting; x != NULL; x = after) {
        after = x->after;
        if (x->due <= time) {
            wake(x);
        } else if (x->due < next_due) {
            next_due = x->due;
        }
    }
    server->next_due = next_due;
}

/* When the next piece goes out, or the end. */
static uint64_t due_of(const struct qtc_exchange *x)
{
    const struct qtc_answer *a = x->answer;
    uint64_t at = x->piece < a->count ? a->pieces[x->piece].at : a->ended;
    double speed = x->server->r->speed, played = speed > 0 ? (double)at / speed : 0;

    return speed > 0 ? x->start + (uint64_t)(played < 1e18 ? played : 1e18) : 0;
}

/* libmicrohttpd keeps the head back for the first bytes of the body; they are far. */
static void push_head(struct qtc_exchange *x)
{
    int on = 1;

    setsockopt(socket_of(x->connection), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static ssize_t end_body(struct qtc_exchange *x)
{
    struct linger none = {.l_onoff = 1, .l_linger = 0};

    if (x->answer->end == QTC_ENDS_WHOLE) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (x->answer->end == QTC_ENDS_RESET) {
        setsockopt(socket_of(x->connection), SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }
    /* libmicrohttpd closes it when it looks at the connection again, which may be at its timeout only. */
    MHD_suspend_connection(x->connection);
    MHD_resume_connection(x->connection);
    x->server->next_due = 0;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* The next piece, or as much of it as there is room for: it goes out by itself, as one chunk. */
static ssize_t read_body(void *cls, uint64_t sent, char *to, size_t room)
{
    struct qtc_exchange *x = cls;
    const struct qtc_answer *a = x->answer;
    uint64_t due;

    while (x->piece < a->count && x->offset == a->pieces[x->piece].data.len) {
        x->piece++;
        x->offset = 0;
    }
    due = x->offset > 0 ? 0 : due_of(x);
    if (due > qtc_now()) {
        if (sent == 0) {
            push_head(x);
        }
        wait_until(x, due);
        return 0;
    }
    if (x->piece == a->count) {
        return end_body(x);
    }
    struct qtc_bytes rest = a->pieces[x->piece].data;
    rest = qtc_bytes(rest.data + x->offset, rest.len - x->offset);
    room = room < rest.len ? room : rest.len;
    memcpy(to, rest.data, room);
    x->offset += room;
    return (ssize_t)room;
}

/* Of what goes out with a known length, or to a client of HTTP/1.0. */
enum { BLOCK = 4096 };

struct MHD_Response *qtc_exchange_answer(struct qtc_exchange *x, const struct qtc_answer *answer)
{
    struct MHD_Response *response = MHD_create_response_from_callback(answer->length, BLOCK, read_body, x,
                                                                      NULL); /* UINT64_MAX: unknown */

    if (response == NULL) {
        return NULL;
    }
    x->answer = answer;
    x->start = qtc_now();
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    for (size_t i = 0; i < answer->header_count; i++) {
        MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    }
    return response;
}

/* ---- the address -------------------------------------------------------------------------- */

enum { HOST_MAX = 255 };

struct address {
    char host[HOST_MAX + 1];
    const char *port;
};

/* [HOST:]PORT; a host with colons stands in brackets. */
static bool read_address(const char *text, struct address *to)
{
    const char *colon = strrchr(text, ':'), *host = text;
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    unsigned port;

    to->port = colon != NULL ? colon + 1 : text;
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    } else if (memchr(host, ':', len) != NULL) {
        return false;
    }
    if ((colon != NULL && len == 0) || len > HOST_MAX ||
        !(strcmp(to->port, "0") == 0 || qtc_cli_count(to->port, 65535, &port))) {
        return false;
    }
    memcpy(to->host, host, len);
    to->host[len] = '\0';
    if (colon == NULL) {
        strcpy(to->host, "127.0.0.1");
    }
    return true;
}

bool qtc_replay_is_address(const char *text)
{
    struct address address;

    return read_address(text, &address);
}

static bool failed(const struct qtc_replay *r, const char *why)
{
    qtc_complain(r->command, NULL, 0, 0, "--serve %s: %s", r->address, why);
    return false;
}

/* -1, and errno. */
static int listen_at(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;

    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* At the first of the host's addresses that can be had. */
static bool open_listener(const struct qtc_replay *r, int *listener)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *list;
    struct address address;
    int error;

    *listener = -1;
    read_address(r->address, &address); /* it is one */
    error = getaddrinfo(address.host, address.port, &hints, &list);
    if (error != 0) {
        return failed(r, error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
    }
    for (const struct addrinfo *a = list; a != NULL && *listener < 0; a = a->ai_next) {
        *listener = listen_at(a);
    }
    error = errno;
    freeaddrinfo(list);
    return *listener >= 0 || failed(r, strerror(error));
}

/* For scripts: where it listens, as soon as it does. */
static bool tell_url(struct qtc_replay *r, int listener)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (getsockname(listener, (struct sockaddr *)&address, &len) != 0 ||
        getnameinfo((struct sockaddr *)&address, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return failed(r, "its address cannot be told");
    }
    bool brackets = strchr(host, ':') != NULL;
    qtc_buf_str(&r->out.buf, brackets ? "http://[" : "http://");
    qtc_buf_str(&r->out.buf, host);
    qtc_buf_str(&r->out.buf, brackets ? "]:" : ":");
    qtc_buf_str(&r->out.buf, port);
    qtc_buf_str(&r->out.buf, "/v1\n");
    return qtc_out_flush(&r->out);
}

/* ---- the loop --------------------------------------------------------------------------------- */

/* As many connections as descriptors can be had, but for a few of the process's own. */
static unsigned raise_limit(void)
{
    enum { OWN = 32, LEAST = 64, MOST = 1000000 };
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return LEAST;
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < LEAST + OWN) {
        return LEAST;
    }
    return limit.rlim_cur > MOST ? MOST : (unsigned)limit.rlim_cur - OWN;
}

/* A descriptor on which the signals that end the server arrive; -1: none, and errno. */
static int open_signals(void)
{
    sigset_t ending;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigprocmask(SIG_BLOCK, &ending, NULL);
    return signalfd(-1, &ending, SFD_CLOEXEC);
}

/* How long nothing will happen by itself. */
static struct timespec time_left(const struct qtc_server *server)
{
    uint64_t time = qtc_now(), left = server->next_due > time ? server->next_due - time : 0;
    unsigned long long milliseconds;

    if (MHD_get_timeout(server->daemon, &milliseconds) == MHD_YES && milliseconds < left / 1000000) {
        left = milliseconds * 1000000;
    }
    left = left < (uint64_t)3600 * 1000000000 ? left : (uint64_t)3600 * 1000000000;
    return (struct timespec){(time_t)(left / 1000000000), (long)(left % 1000000000)};
}

/* Until a signal comes. */
static bool run(struct qtc_server *server, int signals)
{
    int epoll = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    struct pollfd fds[] = {{.fd = signals, .events = POLLIN}, {.fd = epoll, .events = POLLIN}};

    while (fds[0].revents == 0) {
        struct timespec left;
        wake_due(server, qtc_now());
        if (MHD_run(server->daemon) != MHD_YES) {
            return failed(server->r, "the server cannot go on");
        }
        left = time_left(server);
        if (ppoll(fds, 2, &left, NULL) < 0 && errno != EINTR) {
            return failed(server->r, strerror(errno));
        }
    }
    return true;
}

/* ---- the job ------------------------------------------------------------------------------------ */

static bool serve(struct qtc_server *server, int listener, int signals)
{
    bool done;

    server->daemon = qtc_routes_start(server, listener, raise_limit());
    if (server->daemon == NULL) {
        close(listener);
        return failed(server->r, "the server cannot be started");
    }
    done = tell_url(server->r, listener) && run(server, signals);
    wake_due(server, UINT64_MAX); /* what is suspended cannot be closed */
    MHD_stop_daemon(server->daemon);
    return done;
}

static bool open_and_serve(struct qtc_server *server)
{
    int listener, signals;
    bool done;

    if (!open_listener(server->r, &listener)) {
        return false;
    }
    signals = open_signals();
    if (signals < 0) {
        close(listener);
        return failed(server->r, strerror(errno));
    }
    done = serve(server, listener, signals);
    close(signals);
    return done;
}

int qtc_replay_serve(struct qtc_replay *r)
{
    struct qtc_server server = {.r = r, .next_due = UINT64_MAX};
    bool done = qtc_answers_prepare(&server.answers, r) && qtc_request_log_open(&server.log, r);

    if (done) {
        done = open_and_serve(&server);
        qtc_request_log_close(&server.log);
    }
    qtc_answers_free(&server.answers);
    return qtc_out_end(&r->out) && done && !server.log.failed ? QTC_EXIT_DONE : QTC_EXIT_FAILED;
}
