/*
 * Bump allocator for things with one common end: one decoded object, one decision. Reset, not freed.
 */
#ifndef MODEL_BASE_ARENA_H
#define MODEL_BASE_ARENA_H

#include <stddef.h>

#include "model/base/str.h"

struct arena_block;

struct arena {
    struct arena_block *head; /* private */
    size_t used;              /* private: bytes in use of the head block */
    size_t total_bytes;       /* handed out since the last reset */
};

void arena_init(struct arena *arena);
void arena_fini(struct arena *arena);

/* Forgets all allocations; keeps one block of memory, so that a steady state allocates nothing. */
void arena_reset(struct arena *arena);

/* Uninitialised memory, aligned for any object; valid until reset. */
void *arena_alloc(struct arena *arena, size_t bytes);

/* Zeroed memory for an array. */
void *arena_zalloc(struct arena *arena, size_t count, size_t size);

/* A copy with a terminating NUL. */
struct str arena_copy(struct arena *arena, struct str text);

/* Makes room for one more element in a growing array of `size`-byte elements: returns the array, moved
 * when it had to grow (the old place is given up until reset), and sets *capacity. */
void *arena_grow(struct arena *arena, void *array, size_t count, size_t *capacity, size_t size);

#endif
