/* schema_files.h - the local files that schemas refer to. Nothing is fetched. */
#ifndef QTC_CMD_SCHEMA_FILES_H
#define QTC_CMD_SCHEMA_FILES_H

#include <pthread.h>

#include "schema/schema.h"

/* References are resolved against the folder of the tools' file. Threads may share it. */
struct qtc_schema_files {
    struct qtc_buf base; /* file:///…/tools.json */
    pthread_mutex_t lock;
    struct qtc_schema_file *files; /* those read so far */
};

/* tools: their file, or NULL and "-" for the working folder. False when memory ends. */
bool qtc_schema_files_begin(struct qtc_schema_files *files, const char *tools);
void qtc_schema_files_end(struct qtc_schema_files *files);
/* A qtc_schema_resolve: ctx is the struct. NULL for what is no readable file with JSON in it. */
const struct qtc_json *qtc_schema_files_find(void *ctx, struct qtc_bytes uri);

#endif
