/* toolset.c - tools with their schemas, compiled when they are first needed, and sets of them by bytes. */
#include "validate/internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct slot {
    _Atomic(struct qtc_schema *) schema;
    atomic_bool failed; /* why is said in text */
    struct qtc_buf text;
    struct qtc_tool *filled; /* with its parameters; NULL: nobody asked */
};

struct qtc_toolset {
    struct qtc_tools *tools;
    struct qtc_check_options options;
    struct slot *slots; /* in the order of the tools */
    pthread_mutex_t lock;
    struct qtc_arena arena; /* of what is filled */
};

/* ---- a set ------------------------------------------------------------------------ */

struct qtc_toolset *qtc_toolset_new(struct qtc_bytes text, const struct qtc_check_options *options,
                                    struct qtc_error *error)
{
    struct qtc_toolset *set;

    if (text.len > QTC_TOOLS_MAX) {
        *error = (struct qtc_error){.code = QTC_LIMIT, .message = QTC_TOOLS_TOO_LONG};
        return NULL;
    }
    set = calloc(1, sizeof *set);
    *error = (struct qtc_error){.code = QTC_NOMEM, .message = "out of memory"};
    if (set == NULL) {
        return NULL;
    }
    set->options = *options;
    pthread_mutex_init(&set->lock, NULL);
    set->tools = qtc_tools_list(text, error);
    if (set->tools != NULL) {
        set->slots = calloc(qtc_tools_count(set->tools) + 1, sizeof *set->slots);
    }
    if (set->slots == NULL) {
        qtc_toolset_free(set);
        return NULL;
    }
    return set;
}

void qtc_toolset_free(struct qtc_toolset *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; set->slots != NULL && i < qtc_tools_count(set->tools); i++) {
        qtc_schema_free(atomic_load(&set->slots[i].schema));
        qtc_buf_free(&set->slots[i].text);
    }
    free(set->slots);
    qtc_tools_free(set->tools);
    qtc_arena_free(&set->arena);
    pthread_mutex_destroy(&set->lock);
    free(set);
}

const struct qtc_tools *qtc_toolset_tools(const struct qtc_toolset *set)
{
    return set != NULL ? set->tools : NULL;
}

static struct slot *slot_of(const struct qtc_toolset *set, const struct qtc_tool *tool)
{
    return &set->slots[tool - qtc_tools_at(set->tools, 0)];
}

static const struct qtc_tool *fill(struct qtc_toolset *set, const struct qtc_tool *tool, struct slot *slot)
{
    struct qtc_tool *filled = qtc_arena_alloc(&set->arena, sizeof *filled);

    if (filled == NULL) {
        return NULL;
    }
    *filled = *tool;
    return qtc_tool_fill(filled, &set->arena) ? slot->filled = filled : NULL;
}

const struct qtc_tool *qtc_toolset_filled(struct qtc_toolset *set, const struct qtc_tool *tool)
{
    struct slot *slot = slot_of(set, tool);
    const struct qtc_tool *filled;

    pthread_mutex_lock(&set->lock);
    filled = slot->filled != NULL ? slot->filled : fill(set, tool, slot);
    pthread_mutex_unlock(&set->lock);
    return filled;
}

/* ---- schemas ------------------------------------------------------------------------- */

bool qtc_tool_is_strict(const struct qtc_tool *tool)
{
    return qtc_json_type_of(qtc_json_get(tool->function, "strict")) == QTC_JSON_TRUE ||
           qtc_json_type_of(qtc_json_get(tool->item, "strict")) == QTC_JSON_TRUE;
}

/* Gemini's and OpenAPI's way of writing types. */
static bool is_openapi(const struct qtc_tool *tool)
{
    static const char key[] = "\"nullable\"";
    struct qtc_bytes type = qtc_json_text(qtc_json_get(tool->schema, "type"));

    return (type.len > 0 && type.data[0] >= 'A' && type.data[0] <= 'Z') ||
           memmem(tool->schema->raw.data, tool->schema->raw.len, key, sizeof key - 1) != NULL;
}

void qtc_tool_schema_options(const struct qtc_tool *tool, const struct qtc_check_options *check,
                             struct qtc_schema_options *options)
{
    *options = (struct qtc_schema_options){
        .draft = check->draft,
        .formats = check->formats,
        .closed = !check->open || qtc_tool_is_strict(tool),
        .openapi = is_openapi(tool),
        .outer = {tool->function, tool->item},
        .base = check->base,
        .resolve = check->resolve,
        .resolve_ctx = check->resolve_ctx,
    };
}

void qtc_put_problem(struct qtc_buf *out, const struct qtc_schema_problem *p)
{
    qtc_buf_str(out, p->error.message != NULL ? p->error.message : "not a schema");
    if (p->name.len > 0) {
        qtc_buf_str(out, ": ");
        qtc_put_name(out, p->name);
    }
    if (p->detail.len > 0) {
        qtc_buf_str(out, " (");
        qtc_put_short(out, p->detail);
        qtc_buf_byte(out, ')');
    }
    if (p->uri.len > 0) {
        qtc_buf_str(out, " in ");
        qtc_put_short(out, p->uri);
    }
}

static void compile(struct qtc_toolset *set, const struct qtc_tool *tool, struct slot *slot)
{
    struct qtc_schema_options options;
    struct qtc_schema_problem problem = {0};
    struct qtc_schema *schema;

    qtc_tool_schema_options(tool, &set->options, &options);
    schema = qtc_schema_compile(tool->schema, &options, &problem);
    if (schema == NULL) {
        qtc_put_problem(&slot->text, &problem);
        if (problem.at.len > 0) {
            qtc_buf_str(&slot->text, " at ");
            qtc_put_short(&slot->text, problem.at);
        }
        atomic_store(&slot->failed, true);
    }
    qtc_schema_problem_free(&problem);
    atomic_store(&slot->schema, schema);
}

const struct qtc_schema *qtc_toolset_schema(struct qtc_toolset *set, const struct qtc_tool *tool,
                                            struct qtc_bytes *why)
{
    struct slot *slot = slot_of(set, tool);
    struct qtc_schema *schema = atomic_load_explicit(&slot->schema, memory_order_acquire);

    *why = qtc_bytes("", 0);
    if (schema != NULL || tool->schema == NULL) {
        return schema;
    }
    pthread_mutex_lock(&set->lock);
    if (atomic_load(&slot->schema) == NULL && !atomic_load(&slot->failed)) {
        compile(set, tool, slot);
    }
    pthread_mutex_unlock(&set->lock);
    if (atomic_load(&slot->failed)) {
        *why = qtc_buf_bytes(&slot->text);
    }
    return atomic_load(&slot->schema);
}

/* ---- sets by their bytes ---------------------------------------------------------------- */

enum { CACHED_SETS = 64, CACHED_BYTES = 4 << 20 };

struct cached {
    struct qtc_toolset *set; /* NULL: free */
    struct qtc_buf text;
    uint64_t hash, used;
};

struct qtc_tool_cache {
    struct qtc_check_options options;
    struct cached entries[CACHED_SETS];
    size_t bytes;
    uint64_t clock;
};

struct qtc_tool_cache *qtc_tool_cache_new(const struct qtc_check_options *options)
{
    struct qtc_tool_cache *cache = calloc(1, sizeof *cache);

    if (cache != NULL) {
        cache->options = *options;
    }
    return cache;
}

static void drop(struct qtc_tool_cache *cache, struct cached *e)
{
    cache->bytes -= e->set != NULL ? e->text.len : 0;
    qtc_toolset_free(e->set);
    qtc_buf_free(&e->text);
    *e = (struct cached){0};
}

void qtc_tool_cache_free(struct qtc_tool_cache *cache)
{
    for (size_t i = 0; cache != NULL && i < CACHED_SETS; i++) {
        drop(cache, &cache->entries[i]);
    }
    free(cache);
}

/* FNV-1a over words: equal bytes are compared in full anyway. */
uint64_t qtc_text_hash(struct qtc_bytes text)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ text.len, word;
    size_t i = 0;

    for (; i + sizeof word <= text.len; i += sizeof word) {
        memcpy(&word, text.data + i, sizeof word);
        h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
    }
    for (; i < text.len; i++) {
        h = (h ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001b3);
    }
    return h;
}

/* Drops what waited longest until a place is free and the bytes fit; a set that is larger than all the room
 * stands alone. */
static struct cached *make_room(struct qtc_tool_cache *cache, size_t bytes)
{
    for (;;) {
        struct cached *oldest = NULL, *free_place = NULL;

        for (size_t i = 0; i < CACHED_SETS; i++) {
            struct cached *e = &cache->entries[i];
            if (e->set == NULL) {
                free_place = e;
            } else if (oldest == NULL || e->used < oldest->used) {
                oldest = e;
            }
        }
        if (free_place != NULL && (oldest == NULL || cache->bytes + bytes <= CACHED_BYTES)) {
            return free_place;
        }
        drop(cache, oldest);
    }
}

struct qtc_toolset *qtc_tool_cache_get(struct qtc_tool_cache *cache, struct qtc_bytes text,
                                       struct qtc_error *error)
{
    uint64_t hash = qtc_text_hash(text);

    *error = (struct qtc_error){0};
    for (size_t i = 0; i < CACHED_SETS; i++) {
        struct cached *e = &cache->entries[i];
        if (e->set != NULL && e->hash == hash && qtc_bytes_equal(qtc_buf_bytes(&e->text), text)) {
            e->used = ++cache->clock;
            return e->set;
        }
    }
    struct qtc_buf copy = {0};
    struct qtc_toolset *set = NULL;
    qtc_buf_put(&copy, text);
    if (copy.failed) {
        error->code = QTC_NOMEM;
    } else {
        set = qtc_toolset_new(qtc_buf_bytes(&copy), &cache->options, error);
    }
    if (set == NULL) {
        qtc_buf_free(&copy);
        return NULL;
    }
    *make_room(cache, text.len) =
        (struct cached){.set = set, .text = copy, .hash = hash, .used = ++cache->clock};
    cache->bytes += text.len;
    return set;
}
