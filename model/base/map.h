/*
 * Open-addressing hash table: 64-bit hash -> pointer. Linear probing, backward-shift deletion, at most
 * 3/4 full; 16 bytes a slot. The table owns only its slots; values belong to the caller, who also says
 * when a value answers to a key. The order of iteration is meaningless: never decide by it.
 */
#ifndef MODEL_BASE_MAP_H
#define MODEL_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
    uint64_t hash;
    void *value; /* NULL: empty */
};

struct map {
    struct map_slot *slots; /* private */
    size_t capacity;        /* private: a power of two, or 0 */
    size_t count;           /* entries */
};

typedef bool map_equal(const void *value, const void *key);

void map_init(struct map *map);
void map_fini(struct map *map); /* releases the slots, not the values */

/* The value of `key`, or NULL. */
void *map_get(const struct map *map, uint64_t hash, map_equal *equal, const void *key);

/* Adds a non-NULL value. The caller made sure that its key is not there yet. */
void map_put(struct map *map, uint64_t hash, void *value);

/* Takes the value of `key` out and returns it, or NULL. */
void *map_remove(struct map *map, uint64_t hash, map_equal *equal, const void *key);

/* Iterates: start with *position = 0; NULL at the end. Not across a put or a remove. */
void *map_next(const struct map *map, size_t *position);

/* Bytes held. */
size_t map_bytes(const struct map *map);

#endif
