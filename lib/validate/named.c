/* named.c - tool sets by name: where each stands in the text, and those that a thread read last. */
#include "validate/internal.h"

#include <stdlib.h>

/* ---- all, by name: shared, and never changed ------------------------------------------- */

struct named {
    struct qtc_bytes name, tools; /* tools: JSON; a string is JSON once more */
    uint64_t hash;
};

struct qtc_toolsets {
    struct qtc_arena names; /* those that are not in the text as they are */
    struct qtc_buf list;    /* of struct named */
    const struct named *sets;
    size_t count;
    uint32_t *slots; /* by hash: place + 1; 0: free */
    size_t mask;
};

void qtc_toolsets_free(struct qtc_toolsets *sets)
{
    if (sets == NULL) {
        return;
    }
    free(sets->slots);
    qtc_buf_free(&sets->list);
    qtc_arena_free(&sets->names);
    free(sets);
}

static bool fail(struct qtc_error *error, enum qtc_code code, const char *message, size_t at)
{
    *error = (struct qtc_error){code, message, at};
    return false;
}

/* A line, which was read: {"id": name, "tools": …}. */
static bool add_named(struct qtc_toolsets *sets, struct qtc_bytes line, const struct qtc_json *tree,
                      struct qtc_error *error)
{
    const struct qtc_json *id = qtc_json_get(tree, "id"), *tools = qtc_json_get(tree, "tools");
    struct named named = {.name = qtc_json_text(id)};

    if (tools == NULL || named.name.len == 0) {
        return fail(error, QTC_TYPE, "not {\"id\": name, \"tools\": ...}",
                    (size_t)(tree->raw.data - line.data));
    }
    if (named.name.data != id->raw.data + 1) { /* it had escapes: the text it was decoded to does not stay */
        named.name = qtc_arena_copy(&sets->names, named.name);
    }
    named.tools = tools->raw;
    named.hash = qtc_text_hash(named.name);
    qtc_buf_add(&sets->list, (const char *)&named, sizeof named);
    return (named.name.data != NULL && !sets->list.failed) || fail(error, QTC_NOMEM, "out of memory", 0);
}

/* The first set of the rest, with its braces. */
static const struct qtc_json *read_line(struct qtc_arena *arena, struct qtc_bytes rest, size_t *used,
                                        struct qtc_error *error)
{
    bool more = rest.len > QTC_TOOLS_MAX;
    const struct qtc_json *tree;

    rest.len = more ? QTC_TOOLS_MAX : rest.len;
    tree = qtc_json_read_one(arena, rest, used, error);
    if (tree == NULL && more && error->offset == rest.len) {
        fail(error, QTC_LIMIT, QTC_TOOLS_TOO_LONG, 0);
    }
    return tree;
}

/* The trees are not kept: they take many times the text, and most runs need a set only for a while. */
static bool read_lines(struct qtc_toolsets *sets, struct qtc_bytes text, struct qtc_error *error)
{
    struct qtc_arena arena = {0};
    size_t at = 0, used;
    bool good = true;

    while (text.len > 0 && qtc_is_blank(text.data[text.len - 1])) {
        text.len--;
    }
    for (; good && at < text.len; at += good ? used : 0) {
        while (qtc_is_blank(text.data[at])) {
            at++;
        }
        struct qtc_bytes rest = qtc_bytes(text.data + at, text.len - at);
        const struct qtc_json *tree = read_line(&arena, rest, &used, error);
        good = tree != NULL && add_named(sets, rest, tree, error);
        qtc_arena_reset(&arena);
    }
    qtc_arena_free(&arena);
    error->offset += good ? 0 : at;
    return good;
}

static bool index_names(struct qtc_toolsets *sets)
{
    size_t size = 16;

    sets->sets = (const struct named *)(const void *)sets->list.data;
    sets->count = sets->list.len / sizeof(struct named);
    while (size < sets->count * 2) {
        size *= 2;
    }
    sets->mask = size - 1;
    sets->slots = calloc(size, sizeof *sets->slots);
    for (size_t i = 0; sets->slots != NULL && i < sets->count; i++) {
        size_t at = sets->sets[i].hash & sets->mask;
        while (sets->slots[at] != 0) {
            at = (at + 1) & sets->mask;
        }
        sets->slots[at] = (uint32_t)i + 1;
    }
    return sets->slots != NULL;
}

struct qtc_toolsets *qtc_toolsets_new(struct qtc_bytes text, struct qtc_error *error)
{
    struct qtc_toolsets *sets = calloc(1, sizeof *sets);

    *error = (struct qtc_error){0};
    if (sets != NULL && read_lines(sets, text, error) && index_names(sets)) {
        return sets;
    }
    if (error->code == QTC_OK) {
        fail(error, QTC_NOMEM, "out of memory", 0);
    }
    qtc_toolsets_free(sets);
    return NULL;
}

/* Its place; SIZE_MAX: there is none of that name. */
static size_t find_named(const struct qtc_toolsets *sets, struct qtc_bytes name)
{
    uint64_t hash = qtc_text_hash(name);

    for (size_t at = hash & sets->mask; sets->slots[at] != 0; at = (at + 1) & sets->mask) {
        const struct named *named = &sets->sets[sets->slots[at] - 1];
        if (named->hash == hash && qtc_bytes_equal(named->name, name)) {
            return sets->slots[at] - 1;
        }
    }
    return SIZE_MAX;
}

/* ---- those that a thread read last ------------------------------------------------------ */

enum { FIRST_ROOM = 4 };

struct shelved {
    struct qtc_toolset *set; /* NULL: not here */
    struct qtc_arena text;   /* of its tools, where a string spells them */
    bool before;             /* it was here before */
};

/* Records mostly come sorted by their tools, and little room is enough. */
struct qtc_shelf {
    const struct qtc_toolsets *all;
    struct qtc_check_options options;
    struct shelved *places; /* of each in `all` */
    uint32_t *ring;         /* places of those that are here, the oldest first */
    size_t first, count, room;
    size_t last; /* the place that was asked for last: mostly the next one, too */
};

struct qtc_shelf *qtc_shelf_new(const struct qtc_toolsets *all, const struct qtc_check_options *options)
{
    struct qtc_shelf *shelf = calloc(1, sizeof *shelf);

    if (shelf == NULL) {
        return NULL;
    }
    *shelf = (struct qtc_shelf){.all = all, .options = *options, .room = FIRST_ROOM};
    shelf->places = calloc(all->count + 1, sizeof *shelf->places);
    shelf->ring = calloc(all->count + 1, sizeof *shelf->ring);
    if (shelf->places == NULL || shelf->ring == NULL) {
        qtc_shelf_free(shelf);
        return NULL;
    }
    return shelf;
}

static void drop_oldest(struct qtc_shelf *shelf)
{
    struct shelved *oldest = &shelf->places[shelf->ring[shelf->first]];

    qtc_toolset_free(oldest->set);
    qtc_arena_free(&oldest->text);
    oldest->set = NULL;
    shelf->first = (shelf->first + 1) % shelf->all->count;
    shelf->count--;
}

void qtc_shelf_free(struct qtc_shelf *shelf)
{
    if (shelf == NULL) {
        return;
    }
    while (shelf->count > 0) {
        drop_oldest(shelf);
    }
    free(shelf->places);
    free(shelf->ring);
    free(shelf);
}

static bool read_set(const struct qtc_shelf *shelf, size_t place, struct qtc_error *error)
{
    struct shelved *new = &shelf->places[place];
    struct qtc_bytes text = shelf->all->sets[place].tools;

    if (text.data[0] == '"') {
        text = qtc_json_text(qtc_json_read(&new->text, text, error));
    }
    new->set = error->code == QTC_OK ? qtc_toolset_new(text, &shelf->options, error) : NULL;
    if (new->set == NULL) {
        qtc_arena_free(&new->text);
    }
    return new->set != NULL;
}

/* What comes back had too little room. */
static void put(struct qtc_shelf *shelf, size_t place)
{
    struct shelved *new = &shelf->places[place];

    if (new->before && shelf->room < shelf->all->count) {
        shelf->room *= 2;
    }
    if (shelf->count >= shelf->room) {
        drop_oldest(shelf);
    }
    new->before = true;
    shelf->ring[(shelf->first + shelf->count++) % shelf->all->count] = (uint32_t)place;
}

struct qtc_toolset *qtc_shelf_get(struct qtc_shelf *shelf, struct qtc_bytes name, struct qtc_error *error)
{
    const struct qtc_toolsets *all = shelf->all;
    size_t place = shelf->last;

    *error = (struct qtc_error){0};
    if (place >= all->count || !qtc_bytes_equal(all->sets[place].name, name)) {
        place = find_named(all, name);
    }
    if (place == SIZE_MAX) {
        return NULL;
    }
    shelf->last = place;
    if (shelf->places[place].set == NULL) {
        if (!read_set(shelf, place, error)) {
            return NULL;
        }
        put(shelf, place);
    }
    return shelf->places[place].set;
}
