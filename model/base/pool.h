/*
 * Small pieces of memory of many sizes and lives, such as the name of each pod, without a malloc a
 * piece. Cut from blocks; a piece given back serves the next one of its size (sizes go up in steps
 * of 8 bytes). Blocks are kept until the end: what is held is, for each size, the most there ever
 * was at once. Larger than POOL_PIECE_BYTES_MAX: malloc() and free().
 */
#ifndef MODEL_BASE_POOL_H
#define MODEL_BASE_POOL_H

#include <stddef.h>

#include "model/base/arena.h"

enum {
    POOL_PIECE_BYTES_MAX = 256, /* a Kubernetes name (253) and its NUL fit */
    POOL_STEP_BYTES = 8,
    POOL_SIZES = POOL_PIECE_BYTES_MAX / POOL_STEP_BYTES
};

struct pool_piece;

struct pool {
    struct arena arena;                  /* private: the blocks */
    char *uncut;                         /* private: the rest of the last one */
    size_t uncut_bytes;                  /* private */
    size_t cut_bytes;                    /* of all pieces there ever were, by their sizes */
    struct pool_piece *free[POOL_SIZES]; /* private: lists, by size */
    size_t count;                        /* pieces out */
};

void pool_init(struct pool *pool);

/* CHECKs that all pieces are back. */
void pool_fini(struct pool *pool);

/* Uninitialised memory, aligned to POOL_STEP_BYTES; yours until pool_free(). Aborts when out of
 * memory. */
void *pool_alloc(struct pool *pool, size_t bytes) __attribute__((malloc));

/* Takes a piece back; `bytes` as it was asked for. NULL: nothing to do. */
void pool_free(struct pool *pool, void *piece, size_t bytes);

/* A copy with a terminating NUL: a piece of text.len + 1 bytes. */
char *pool_copy(struct pool *pool, struct str text) __attribute__((malloc));

#endif
