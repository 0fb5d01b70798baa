/* The HTTP side of --serve: requests, routes, and answers that are no captures. */
#include "serving.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- sending ----------------------------------------------------------------------------- */

/* Logs the request, and takes over the response. */
static enum MHD_Result send_response(struct qtc_exchange *x, unsigned status, struct MHD_Response *response,
                                     const struct qtc_replay_capture *capture)
{
    struct qtc_request_entry entry = {.connection = x->connection,
                                      .method = x->method,
                                      .target = x->target,
                                      .body = qtc_buf_bytes(&x->body),
                                      .capture = capture,
                                      .status = status};
    enum MHD_Result queued;

    qtc_request_log_add(&x->server->log, &entry);
    qtc_buf_free(&x->body);
    if (response == NULL) {
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    queued = MHD_queue_response(x->connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

/* Takes over the text. NULL: memory ended. */
static struct MHD_Response *json_response(struct qtc_buf *text)
{
    struct MHD_Response *response = NULL;

    if (!text->failed) {
        response = MHD_create_response_from_buffer(text->len, text->data, MHD_RESPMEM_MUST_FREE);
    }
    if (response == NULL) {
        qtc_buf_free(text);
        return NULL;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    return response;
}

/* ---- errors -------------------------------------------------------------------------------- */

/* As OpenAI names them. */
struct refusal {
    unsigned status;
    const char *type, *param, *code; /* param and code may be NULL */
};

static const struct refusal bad_json = {400, "invalid_request_error", NULL, NULL};
static const struct refusal unknown_path = {404, "invalid_request_error", NULL, "unknown_url"};
static const struct refusal unknown_model = {404, "invalid_request_error", "model", "model_not_found"};
static const struct refusal wrong_method = {405, "invalid_request_error", NULL, "method_not_supported"};
static const struct refusal too_large = {413, "invalid_request_error", NULL, "request_too_large"};
static const struct refusal no_memory = {500, "server_error", NULL, NULL};

static void put_name(struct qtc_buf *out, const char *name)
{
    if (name != NULL) {
        qtc_json_string(out, qtc_str(name));
    } else {
        qtc_buf_str(out, "null");
    }
}

static struct MHD_Response *error_response(const struct refusal *refusal, const char *message)
{
    struct qtc_buf out = {0};

    qtc_buf_str(&out, "{\"error\":{\"message\":");
    qtc_json_string(&out, qtc_str(message));
    qtc_buf_str(&out, ",\"type\":");
    put_name(&out, refusal->type);
    qtc_buf_str(&out, ",\"param\":");
    put_name(&out, refusal->param);
    qtc_buf_str(&out, ",\"code\":");
    put_name(&out, refusal->code);
    qtc_buf_str(&out, "}}\n");
    return json_response(&out);
}

static enum MHD_Result refuse(struct qtc_exchange *x, const struct refusal *refusal, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum MHD_Result refuse(struct qtc_exchange *x, const struct refusal *refusal, const char *format, ...)
{
    char message[512];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return send_response(x, refusal->status, error_response(refusal, message), NULL);
}

/* ---- models ---------------------------------------------------------------------------------- */

static void put_model(struct qtc_buf *out, const struct qtc_joined *joined)
{
    qtc_buf_str(out, "{\"id\":");
    qtc_json_string(out, qtc_buf_bytes(&joined->model));
    qtc_buf_str(out, ",\"object\":\"model\",\"created\":");
    qtc_buf_u64(out, joined->created);
    qtc_buf_str(out, ",\"owned_by\":\"qtc-replay\"}");
}

/* The first capture of a model, or NULL. */
static const struct qtc_served *find_model(const struct qtc_answers *a, struct qtc_bytes model)
{
    for (size_t i = 0; i < a->count; i++) {
        if (model.len > 0 && qtc_bytes_equal(qtc_buf_bytes(&a->list[i].joined.model), model)) {
            return &a->list[i];
        }
    }
    return NULL;
}

static enum MHD_Result list_models(struct qtc_exchange *x, const char *rest)
{
    const struct qtc_answers *a = &x->server->answers;
    struct qtc_buf out = {0};
    const char *before = "";

    (void)rest;
    qtc_buf_str(&out, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < a->count; i++) {
        if (find_model(a, qtc_buf_bytes(&a->list[i].joined.model)) == &a->list[i]) {
            qtc_buf_str(&out, before);
            put_model(&out, &a->list[i].joined);
            before = ",";
        }
    }
    qtc_buf_str(&out, "]}\n");
    return send_response(x, MHD_HTTP_OK, json_response(&out), NULL);
}

static enum MHD_Result show_model(struct qtc_exchange *x, const char *rest)
{
    const struct qtc_served *served = find_model(&x->server->answers, qtc_str(rest));
    struct qtc_buf out = {0};

    if (served == NULL) {
        return refuse(x, &unknown_model, "The model '%s' does not exist", rest);
    }
    put_model(&out, &served->joined);
    qtc_buf_byte(&out, '\n');
    return send_response(x, MHD_HTTP_OK, json_response(&out), NULL);
}

static enum MHD_Result show_health(struct qtc_exchange *x, const char *rest)
{
    struct qtc_buf out = {0};

    (void)rest;
    qtc_buf_str(&out, "{\"status\":\"ok\",\"captures\":");
    qtc_buf_u64(&out, x->server->answers.count);
    qtc_buf_str(&out, "}\n");
    return send_response(x, MHD_HTTP_OK, json_response(&out), NULL);
}

/* ---- completions -------------------------------------------------------------------------------- */

static enum MHD_Result send_capture(struct qtc_exchange *x, const struct qtc_asked *asked)
{
    struct qtc_server *server = x->server;
    const struct qtc_served *served = qtc_answers_choose(&server->answers, server->r->choose, asked);
    const struct qtc_answer *answer = asked->stream ? &served->streamed : &served->whole;

    return send_response(x, answer->status, qtc_exchange_answer(x, answer), served->from);
}

static enum MHD_Result complete(struct qtc_exchange *x, const char *rest)
{
    struct qtc_asked asked = {0};
    struct qtc_error error;
    enum MHD_Result queued;

    (void)rest;
    switch (qtc_asked_read(&asked, qtc_buf_bytes(&x->body), &error)) {
    case QTC_OK:
        queued = send_capture(x, &asked);
        break;
    case QTC_NOMEM:
        queued = refuse(x, &no_memory, "out of memory");
        break;
    default:
        queued = refuse(x, &bad_json, "the body of the request is %s, from byte %llu on", error.message,
                        (unsigned long long)error.offset);
    }
    qtc_asked_free(&asked);
    return queued;
}

/* ---- routes ---------------------------------------------------------------------------------------- */

struct route {
    const char *path; /* behind /v1, which may be left out; one that ends in a slash begins a path */
    const char *methods;
    enum MHD_Result (*run)(struct qtc_exchange *x, const char *rest);
};

static const char reading[] = "GET, HEAD, OPTIONS", posting[] = "POST, OPTIONS";

static const struct route routes[] = {
    {"/chat/completions", posting, complete}, {"/completions", posting, complete},
    {"/models", reading, list_models},        {"/models/", reading, show_model},
    {"/health", reading, show_health},        {"", reading, show_health},
};

static const struct route *find_route(const char *path, const char **rest)
{
    if (strncmp(path, "/v1", 3) == 0 && (path[3] == '/' || path[3] == '\0')) {
        path += 3;
    }
    path = strcmp(path, "/") == 0 ? "" : path;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        size_t len = strlen(routes[i].path);
        bool prefix = len > 0 && routes[i].path[len - 1] == '/';
        *rest = path + len;
        if (prefix ? strncmp(path, routes[i].path, len) == 0 && **rest != '\0'
                   : strcmp(path, routes[i].path) == 0) {
            return &routes[i];
        }
    }
    return NULL;
}

static bool allows(const struct route *route, const char *method)
{
    const char *found = strstr(route->methods, method);
    size_t len = strlen(method);

    return found != NULL && (found == route->methods || found[-1] == ' ') &&
           (found[len] == ',' || found[len] == '\0');
}

/* What a browser asks before it sends a request of another origin. */
static enum MHD_Result send_options(struct qtc_exchange *x, const struct route *route)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

    if (response != NULL) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, route->methods);
        MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_METHODS, route->methods);
        /* the star does not stand for Authorization */
        MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_HEADERS, "*, Authorization");
    }
    return send_response(x, MHD_HTTP_NO_CONTENT, response, NULL);
}

static enum MHD_Result send_wrong_method(struct qtc_exchange *x, const struct route *route)
{
    struct MHD_Response *response = error_response(&wrong_method, "the method is not allowed for this path");

    if (response != NULL) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, route->methods);
    }
    return send_response(x, wrong_method.status, response, NULL);
}

static enum MHD_Result run_route(struct qtc_exchange *x, const char *path)
{
    const char *rest;
    const struct route *route = find_route(path, &rest);

    if (x->too_large) {
        return refuse(x, &too_large, "the body of the request is larger than %d bytes", QTC_SERVE_BODY_MAX);
    }
    if (x->body.failed) {
        return refuse(x, &no_memory, "out of memory");
    }
    if (route == NULL) {
        return refuse(x, &unknown_path, "Unknown request URL: %s %s", x->method, path);
    }
    if (!allows(route, x->method)) {
        return send_wrong_method(x, route);
    }
    return strcmp(x->method, "OPTIONS") == 0 ? send_options(x, route) : route->run(x, rest);
}

/* ---- requests, as libmicrohttpd tells them ------------------------------------------------------------ */

/* The request line was read: the exchange is the request's context from now on. */
static void *on_line(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct qtc_exchange *x = calloc(1, sizeof *x);

    if (x != NULL) {
        x->server = cls;
        x->connection = connection;
        x->target = strdup(target);
    }
    return x;
}

static const char *header_of(struct qtc_exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

/* The head was read. A client that waits to be told to go on is refused now; any other is still writing, and
 * would not see an answer before it is done. */
static enum MHD_Result begin(struct qtc_exchange *x, const char *path)
{
    const char *length = header_of(x, MHD_HTTP_HEADER_CONTENT_LENGTH);

    x->begun = true;
    x->too_large = length != NULL && strtoull(length, NULL, 10) > QTC_SERVE_BODY_MAX;
    return x->too_large && header_of(x, MHD_HTTP_HEADER_EXPECT) != NULL ? run_route(x, path) : MHD_YES;
}

static void take_body(struct qtc_exchange *x, const char *data, size_t len)
{
    x->too_large = x->too_large || len > QTC_SERVE_BODY_MAX - x->body.len;
    if (x->too_large) {
        qtc_buf_free(&x->body);
    } else {
        qtc_buf_add(&x->body, data, len);
    }
}

/* Called once with the head, then for each part of the body, then once for the answer. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data, size_t *len,
                                  void **context)
{
    struct qtc_exchange *x = *context;

    (void)cls;
    (void)connection;
    (void)version;
    if (x == NULL || x->target == NULL) {
        return MHD_NO;
    }
    if (!x->begun) {
        x->method = method;
        return begin(x, path);
    }
    if (*len > 0) {
        take_body(x, data, *len);
        *len = 0;
        return MHD_YES;
    }
    return run_route(x, path);
}

/* The answer is sent, or never will be. */
static void on_end(void *cls, struct MHD_Connection *connection, void **context,
                   enum MHD_RequestTerminationCode code)
{
    struct qtc_exchange *x = *context;

    (void)cls;
    (void)connection;
    (void)code;
    if (x != NULL) {
        free(x->target);
        qtc_buf_free(&x->body);
        free(x);
    }
    *context = NULL;
}

/* TURBO also leaves out the shutdown before a close, which would make an end out of a reset. */
struct MHD_Daemon *qtc_routes_start(struct qtc_server *server, int listener, unsigned connections)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
                            on_request, server, MHD_OPTION_LISTEN_SOCKET, listener,
                            MHD_OPTION_URI_LOG_CALLBACK, on_line, server, MHD_OPTION_NOTIFY_COMPLETED, on_end,
                            server, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)QTC_SERVE_CONNECTION_MEMORY,
                            MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_TIMEOUT,
                            (unsigned)QTC_SERVE_IDLE, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}
