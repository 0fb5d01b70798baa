#include "schema_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCHEME "file://"
/* Of one file: a schema is no data set. */
#define MAX_FILE ((size_t)64 << 20)

struct qtc_schema_file {
    struct qtc_schema_file *next;
    struct qtc_buf path, text;
    struct qtc_arena arena;
    const struct qtc_json *tree; /* NULL: it could not be read */
};

/* ---- paths and URIs --------------------------------------------------------- */

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("/-._~", c) != NULL;
}

static void put_uri(struct qtc_buf *out, const char *path)
{
    static const char hex[] = "0123456789ABCDEF";
    qtc_buf_str(out, SCHEME);
    for (const char *c = path; *c != '\0'; c++) {
        if (is_plain(*c)) {
            qtc_buf_byte(out, *c);
        } else {
            char code[3] = {'%', hex[(unsigned char)*c >> 4], hex[*c & 15]};
            qtc_buf_add(out, code, sizeof code);
        }
    }
}

/* The path of a file: URI; false for any other, and for one that holds a NUL. */
static bool put_path(struct qtc_buf *out, struct qtc_bytes uri)
{
    size_t len = sizeof SCHEME - 1;
    if (uri.len <= len || memcmp(uri.data, SCHEME "/", len + 1) != 0) {
        return false;
    }
    for (size_t i = len; i < uri.len; i++) {
        char c = uri.data[i];
        if (c == '%' && i + 2 < uri.len && qtc_hex_digit(uri.data[i + 1]) >= 0 &&
            qtc_hex_digit(uri.data[i + 2]) >= 0) {
            c = (char)(qtc_hex_digit(uri.data[i + 1]) * 16 + qtc_hex_digit(uri.data[i + 2]));
            i += 2;
        }
        if (c == '\0') {
            return false;
        }
        qtc_buf_byte(out, c);
    }
    return true;
}

bool qtc_schema_files_begin(struct qtc_schema_files *files, const char *tools)
{
    bool none = tools == NULL || strcmp(tools, "-") == 0;
    char *path = realpath(none ? "." : tools, NULL);
    *files = (struct qtc_schema_files){0};
    pthread_mutex_init(&files->lock, NULL);
    if (path != NULL) {
        put_uri(&files->base, path);
        qtc_buf_str(&files->base, none ? "/tools.json" : "");
        free(path);
    }
    return !files->base.failed;
}

void qtc_schema_files_end(struct qtc_schema_files *files)
{
    while (files->files != NULL) {
        struct qtc_schema_file *file = files->files;
        files->files = file->next;
        qtc_arena_free(&file->arena);
        qtc_buf_free(&file->path);
        qtc_buf_free(&file->text);
        free(file);
    }
    qtc_buf_free(&files->base);
    pthread_mutex_destroy(&files->lock);
}

/* ---- files ------------------------------------------------------------------ */

static bool read_all(int fd, struct qtc_buf *to)
{
    for (;;) {
        char *room = qtc_buf_room(to, 65536);
        ssize_t n = room == NULL ? -1 : read(fd, room, 65536);
        if (n <= 0) {
            return n == 0;
        }
        to->len += (size_t)n;
        if (to->len > MAX_FILE) {
            return false;
        }
    }
}

static void load(struct qtc_schema_file *file)
{
    struct qtc_error error;
    int fd = open(file->path.data, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not block */
    if (fd >= 0 && read_all(fd, &file->text)) {
        file->tree = qtc_json_read(&file->arena, qtc_buf_bytes(&file->text), &error);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static struct qtc_schema_file *known(struct qtc_schema_files *files, struct qtc_bytes path)
{
    struct qtc_schema_file *file = files->files;
    while (file != NULL && !qtc_bytes_equal(qtc_buf_bytes(&file->path), path)) {
        file = file->next;
    }
    return file;
}

static struct qtc_schema_file *add(struct qtc_schema_files *files, struct qtc_buf *path)
{
    struct qtc_schema_file *file = calloc(1, sizeof *file);
    if (file != NULL) {
        file->path = *path;
        *path = (struct qtc_buf){0};
        file->next = files->files;
        files->files = file;
        load(file);
    }
    return file;
}

const struct qtc_json *qtc_schema_files_find(void *ctx, struct qtc_bytes uri)
{
    struct qtc_schema_files *files = ctx;
    struct qtc_buf path = {0};
    struct qtc_schema_file *file = NULL;
    bool local = put_path(&path, uri);
    qtc_buf_byte(&path, '\0'); /* part of the key too */
    if (local && !path.failed) {
        pthread_mutex_lock(&files->lock);
        file = known(files, qtc_buf_bytes(&path));
        file = file != NULL ? file : add(files, &path);
        pthread_mutex_unlock(&files->lock);
    }
    qtc_buf_free(&path);
    return file == NULL ? NULL : file->tree;
}
