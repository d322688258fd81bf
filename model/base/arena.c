#include "model/base/arena.h"

#include <stdint.h>
#include <stdlib.h>

#include "model/base/mem.h"

enum {
    ARENA_FIRST_BYTES = 4096,    /* a plain pod fits */
    ARENA_DOUBLE_BYTES = 1 << 20 /* blocks double up to this size */
};

struct arena_block {
    struct arena_block *next;
    size_t capacity;
    max_align_t bytes[]; /* this type for its alignment */
};

void arena_init(struct arena *arena)
{
    *arena = (struct arena){0};
}

/* Frees the blocks of a list. */
static void arena_release(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_fini(struct arena *arena)
{
    arena_release(arena->head);
    *arena = (struct arena){0};
}

void arena_reset(struct arena *arena)
{
    /* Kept is the largest. Blocks over the doubling size served one huge object: not kept. */
    struct arena_block *kept = NULL;
    struct arena_block **link = NULL;
    for (struct arena_block **i = &arena->head; *i; i = &(*i)->next)
        if ((*i)->capacity <= ARENA_DOUBLE_BYTES && (!link || (*i)->capacity > (*link)->capacity))
            link = i;
    if (link) {
        kept = *link;
        *link = kept->next;
        kept->next = NULL;
    }
    arena_release(arena->head);
    *arena = (struct arena){.head = kept};
}

static void arena_add_block(struct arena *arena, size_t bytes)
{
    size_t capacity = ARENA_FIRST_BYTES;
    if (arena->head)
        capacity = arena->head->capacity < ARENA_DOUBLE_BYTES / 2 ? arena->head->capacity * 2
                                                                  : ARENA_DOUBLE_BYTES;
    if (capacity < bytes)
        capacity = bytes;
    struct arena_block *block = mem_resize(NULL, sizeof(*block) + capacity, 1);
    *block = (struct arena_block){.next = arena->head, .capacity = capacity};
    arena->head = block;
    arena->used = 0;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    const size_t align = _Alignof(max_align_t);
    CHECK(bytes < SIZE_MAX / 2);
    bytes = (bytes + align - 1) / align * align;
    if (!arena->head || bytes > arena->head->capacity - arena->used)
        arena_add_block(arena, bytes);
    void *pointer = (char *)arena->head->bytes + arena->used;
    arena->used += bytes;
    arena->total_bytes += bytes;
    return pointer;
}

void *arena_zalloc(struct arena *arena, size_t count, size_t size)
{
    CHECK(size == 0 || count <= SIZE_MAX / size);
    void *pointer = arena_alloc(arena, count * size);
    memset(pointer, 0, count * size);
    return pointer;
}

struct str arena_copy(struct arena *arena, struct str text)
{
    char *copy = arena_alloc(arena, text.len + 1);
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return (struct str){copy, text.len};
}

void *arena_grow(struct arena *arena, void *array, size_t count, size_t *capacity, size_t size)
{
    CHECK(count <= *capacity);
    if (count < *capacity)
        return array;
    size_t grown = mem_grow(*capacity, count + 1);
    CHECK(size == 0 || grown <= SIZE_MAX / size);
    void *moved = arena_alloc(arena, grown * size);
    if (count > 0)
        memcpy(moved, array, count * size);
    *capacity = grown;
    return moved;
}
