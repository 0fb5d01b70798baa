#include "base/base.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

/* Blocks form a list, newest first; objects are taken from the newest only. A
 * block is twice the one before it, up to a limit, so that neither a line of a
 * stream nor a large document pays for the other. */
struct qtc_arena_block {
    struct qtc_arena_block *next;
    size_t size; /* of data */
    alignas(max_align_t) char data[];
};

enum { FIRST_BLOCK = 4096, LARGEST_STEP = 65536 };

/* need <= PTRDIFF_MAX */
static size_t block_size(const struct qtc_arena_block *head, size_t need)
{
    size_t size = FIRST_BLOCK;

    if (head) {
        size = head->size < LARGEST_STEP / 2 ? head->size * 2 : LARGEST_STEP;
    }
    need = (need + QTC_ARENA_ALIGNMENT - 1) & ~(QTC_ARENA_ALIGNMENT - 1);
    return size > need ? size : need;
}

static void use_block(struct qtc_arena *a, struct qtc_arena_block *block)
{
    a->head = block;
    a->at = block ? block->data : NULL;
    a->left = block ? block->size : 0;
}

bool qtc_arena_grow(struct qtc_arena *a, size_t size)
{
    struct qtc_arena_block *block = NULL;

    if (size <= PTRDIFF_MAX - sizeof(*block) - QTC_ARENA_ALIGNMENT) {
        size = block_size(a->head, size);
        block = malloc(sizeof(*block) + size);
    }
    if (!block) {
        return false;
    }
    *block = (struct qtc_arena_block){.next = a->head, .size = size};
    use_block(a, block);
    return true;
}

void *qtc_arena_alloc(struct qtc_arena *a, size_t size)
{
    void *object = qtc_arena_take(a, size);

    return object ? memset(object, 0, size) : NULL;
}

void *qtc_arena_array(struct qtc_arena *a, size_t count, size_t size)
{
    if (size > 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    return qtc_arena_alloc(a, count * size);
}

struct qtc_bytes qtc_arena_copy(struct qtc_arena *a, struct qtc_bytes s)
{
    char *copy;

    if (s.len == 0) {
        return qtc_bytes("", 0);
    }
    copy = qtc_arena_take(a, s.len);
    if (!copy) {
        return qtc_bytes(NULL, 0);
    }
    return qtc_bytes(memcpy(copy, s.data, s.len), s.len);
}

static void free_blocks(struct qtc_arena_block *block, const struct qtc_arena_block *except)
{
    while (block) {
        struct qtc_arena_block *next = block->next;

        if (block != except) {
            free(block);
        }
        block = next;
    }
}

static struct qtc_arena_block *largest_block(struct qtc_arena_block *head)
{
    struct qtc_arena_block *largest = head;

    for (struct qtc_arena_block *block = head; block; block = block->next) {
        if (block->size > largest->size) {
            largest = block;
        }
    }
    return largest;
}

void qtc_arena_reset(struct qtc_arena *a)
{
    struct qtc_arena_block *kept = largest_block(a->head);

    free_blocks(a->head, kept);
    if (kept) {
        kept->next = NULL;
    }
    use_block(a, kept);
}

void qtc_arena_free(struct qtc_arena *a)
{
    free_blocks(a->head, NULL);
    use_block(a, NULL);
}
