#include "model/base/pool.h"

#include <sanitizer/asan_interface.h> /* macros that are nothing without -fsanitize=address */
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"

enum { BLOCK_BYTES = 16 << 10 }; /* what is left uncut is less than 2 % of it */

/* What lies in a piece while it is free. */
struct pool_piece {
    struct pool_piece *next;
};

_Static_assert(sizeof(struct pool_piece) <= POOL_STEP_BYTES, "a free piece holds its link");

void pool_init(struct pool *pool)
{
    *pool = (struct pool){0};
    arena_init(&pool->arena);
}

void pool_fini(struct pool *pool)
{
    CHECK(pool->count == 0);
    arena_fini(&pool->arena);
}

/* Index of the size that `bytes` are rounded up to; bytes <= POOL_PIECE_BYTES_MAX. */
static size_t size_of(size_t bytes)
{
    return bytes > 0 ? (bytes - 1) / POOL_STEP_BYTES : 0;
}

static void *pool_cut(struct pool *pool, size_t bytes)
{
    if (bytes > pool->uncut_bytes) {
        pool->uncut = arena_alloc(&pool->arena, BLOCK_BYTES);
        pool->uncut_bytes = BLOCK_BYTES;
    }
    void *piece = pool->uncut;
    pool->uncut += bytes;
    pool->uncut_bytes -= bytes;
    pool->cut_bytes += bytes;
    return piece;
}

void *pool_alloc(struct pool *pool, size_t bytes)
{
    pool->count++;
    if (bytes > POOL_PIECE_BYTES_MAX)
        return mem_resize(NULL, bytes, 1);
    size_t size = size_of(bytes);
    struct pool_piece *piece = pool->free[size];
    if (!piece)
        return pool_cut(pool, (size + 1) * POOL_STEP_BYTES);
    ASAN_UNPOISON_MEMORY_REGION(piece, (size + 1) * POOL_STEP_BYTES);
    pool->free[size] = piece->next;
    return piece;
}

void pool_free(struct pool *pool, void *piece, size_t bytes)
{
    if (!piece)
        return;
    CHECK(pool->count > 0);
    pool->count--;
    if (bytes > POOL_PIECE_BYTES_MAX) {
        free(piece);
        return;
    }
    size_t size = size_of(bytes);
    struct pool_piece *freed = piece;
    freed->next = pool->free[size];
    pool->free[size] = freed;
    ASAN_POISON_MEMORY_REGION(freed, (size + 1) * POOL_STEP_BYTES);
}

char *pool_copy(struct pool *pool, struct str text)
{
    char *copy = pool_alloc(pool, text.len + 1);
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}
