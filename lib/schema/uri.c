#include "schema/uri.h"

#include <string.h>

/* ---- parts ------------------------------------------------------------------ */

static bool is_scheme_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
}

/* Takes the bytes before the first of `stops`. */
static struct qtc_bytes take_until(struct qtc_bytes *s, const char *stops)
{
    size_t n = 0;

    while (n < s->len && (s->data[n] == 0 || !strchr(stops, s->data[n]))) {
        n++;
    }

    struct qtc_bytes part = qtc_bytes(s->data, n);

    s->data += n;
    s->len -= n;
    return part;
}

static void take_scheme(struct qtc_uri *u, struct qtc_bytes *s)
{
    size_t n = 0;

    while (n < s->len && is_scheme_char(s->data[n])) {
        n++;
    }
    if (n > 0 && n < s->len && s->data[n] == ':' && (s->data[0] | 32) >= 'a') {
        u->scheme = qtc_bytes(s->data, n);
        s->data += n + 1;
        s->len -= n + 1;
    }
}

struct qtc_uri qtc_uri_split(struct qtc_bytes text)
{
    struct qtc_bytes s = qtc_bytes(text.data ? text.data : "", text.len);
    struct qtc_uri u = {0};

    take_scheme(&u, &s);
    if (s.len >= 2 && s.data[0] == '/' && s.data[1] == '/') {
        s = qtc_bytes(s.data + 2, s.len - 2);
        u.authority = take_until(&s, "/?#");
    }
    u.path = take_until(&s, "?#");
    if (s.len > 0 && s.data[0] == '?') {
        s = qtc_bytes(s.data + 1, s.len - 1);
        u.query = take_until(&s, "#");
    }
    if (s.len > 0) {
        u.fragment = qtc_bytes(s.data + 1, s.len - 1);
    }
    return u;
}

/* ---- resolving ---------------------------------------------------------------- */

/* out ends in "/segment": without it. */
static void drop_segment(struct qtc_buf *out, size_t from)
{
    while (out->len > from && out->data[out->len - 1] != '/') {
        out->len--;
    }
    if (out->len > from) {
        out->len--;
    }
}

/* RFC 3986, 5.2.4, behind what out already holds. */
static void add_without_dots(struct qtc_buf *out, struct qtc_bytes path)
{
    size_t from = out->len;

    while (path.len > 0) {
        size_t n = 1;

        if (qtc_bytes_starts(path, "/./") || (path.len == 2 && qtc_bytes_starts(path, "/."))) {
            path = path.len == 2 ? qtc_str("/") : qtc_bytes(path.data + 2, path.len - 2);
            continue;
        }
        if (qtc_bytes_starts(path, "/../") || (path.len == 3 && qtc_bytes_starts(path, "/.."))) {
            path = path.len == 3 ? qtc_str("/") : qtc_bytes(path.data + 3, path.len - 3);
            drop_segment(out, from);
            continue;
        }
        while (n < path.len && path.data[n] != '/') {
            n++;
        }
        qtc_buf_add(out, path.data, n);
        path = qtc_bytes(path.data + n, path.len - n);
    }
}

/* A relative path stands where the last segment of the base's path is. */
static void add_merged(struct qtc_buf *out, const struct qtc_uri *base, struct qtc_bytes path)
{
    struct qtc_buf merged = {0};
    size_t n = base->path.len;

    while (n > 0 && base->path.data[n - 1] != '/') {
        n--;
    }
    if (n == 0 && base->authority.data) {
        qtc_buf_byte(&merged, '/');
    }
    qtc_buf_add(&merged, base->path.data, n);
    qtc_buf_put(&merged, path);
    add_without_dots(out, qtc_buf_bytes(&merged));
    out->failed = out->failed || merged.failed;
    qtc_buf_free(&merged);
}

static void add_front(struct qtc_buf *out, const struct qtc_uri *scheme, const struct qtc_uri *authority)
{
    if (scheme->scheme.data) {
        qtc_buf_put(out, scheme->scheme);
        qtc_buf_byte(out, ':');
    }
    if (authority->authority.data) {
        qtc_buf_str(out, "//");
        qtc_buf_put(out, authority->authority);
    }
}

static void add_query(struct qtc_buf *out, const struct qtc_uri *u)
{
    if (u->query.data) {
        qtc_buf_byte(out, '?');
        qtc_buf_put(out, u->query);
    }
}

static void join(struct qtc_buf *out, const struct qtc_uri *base, const struct qtc_uri *ref)
{
    if (ref->scheme.data || ref->authority.data) {
        add_front(out, ref->scheme.data ? ref : base, ref);
        add_without_dots(out, ref->path);
        add_query(out, ref);
        return;
    }
    add_front(out, base, base);
    if (ref->path.len == 0) {
        qtc_buf_put(out, base->path);
        add_query(out, ref->query.data ? ref : base);
        return;
    }
    if (ref->path.data[0] == '/') {
        add_without_dots(out, ref->path);
    } else {
        add_merged(out, base, ref->path);
    }
    add_query(out, ref);
}

struct qtc_bytes qtc_uri_resolve(struct qtc_arena *arena, struct qtc_bytes base, struct qtc_bytes reference,
                                 struct qtc_bytes *fragment)
{
    struct qtc_uri b = qtc_uri_split(base);
    struct qtc_uri r = qtc_uri_split(reference);
    struct qtc_buf out = {0};
    struct qtc_bytes result = {0};

    *fragment = r.fragment;
    join(&out, &b, &r);
    if (!out.failed) {
        result = qtc_arena_copy(arena, qtc_buf_bytes(&out));
    }
    qtc_buf_free(&out);
    return result;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct qtc_bytes qtc_uri_decode(struct qtc_arena *arena, struct qtc_bytes text)
{
    char *out = qtc_arena_alloc(arena, text.len + 1);
    size_t n = 0;

    for (size_t i = 0; out && i < text.len; i++) {
        if (text.data[i] == '%' && i + 2 < text.len && hex(text.data[i + 1]) >= 0 &&
            hex(text.data[i + 2]) >= 0) {
            out[n++] = (char)(hex(text.data[i + 1]) * 16 + hex(text.data[i + 2]));
            i += 2;
        } else {
            out[n++] = text.data[i];
        }
    }
    return qtc_bytes(out, n);
}
