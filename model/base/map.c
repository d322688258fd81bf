#include "model/base/map.h"

#include <stdlib.h>

#include "model/base/mem.h"

enum { MAP_FIRST_CAPACITY = 16 };

void map_init(struct map *map)
{
    *map = (struct map){0};
}

void map_fini(struct map *map)
{
    free(map->slots);
    *map = (struct map){0};
}

/* The slot of `key`, or the empty slot where it would go. Only with capacity > 0. */
static size_t map_find(const struct map *map, uint64_t hash, map_equal *equal, const void *key)
{
    size_t mask = map->capacity - 1;
    size_t i = hash & mask;
    while (map->slots[i].value) {
        if (map->slots[i].hash == hash && equal(map->slots[i].value, key))
            break;
        i = (i + 1) & mask;
    }
    return i;
}

void *map_get(const struct map *map, uint64_t hash, map_equal *equal, const void *key)
{
    return map->capacity ? map->slots[map_find(map, hash, equal, key)].value : NULL;
}

static void map_place(struct map *map, uint64_t hash, void *value)
{
    size_t mask = map->capacity - 1;
    size_t i = hash & mask;
    while (map->slots[i].value)
        i = (i + 1) & mask;
    map->slots[i] = (struct map_slot){hash, value};
}

static void map_expand(struct map *map)
{
    struct map old = *map;
    map->capacity = old.capacity ? old.capacity * 2 : MAP_FIRST_CAPACITY;
    map->slots = mem_zalloc(map->capacity, sizeof(*map->slots));
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i].value)
            map_place(map, old.slots[i].hash, old.slots[i].value);
    free(old.slots);
}

void map_put(struct map *map, uint64_t hash, void *value)
{
    CHECK(value != NULL);
    if ((map->count + 1) * 4 > map->capacity * 3)
        map_expand(map);
    map_place(map, hash, value);
    map->count++;
}

/* Backward shift: pulls later entries of the run into the hole, so that no tombstones are needed. */
static void map_close_hole(struct map *map, size_t hole)
{
    size_t mask = map->capacity - 1;
    for (size_t i = (hole + 1) & mask; map->slots[i].value; i = (i + 1) & mask) {
        size_t home = map->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole] = (struct map_slot){0};
}

void *map_remove(struct map *map, uint64_t hash, map_equal *equal, const void *key)
{
    if (!map->capacity)
        return NULL;
    size_t i = map_find(map, hash, equal, key);
    void *value = map->slots[i].value;
    if (value) {
        map->count--;
        map_close_hole(map, i);
    }
    return value;
}

void *map_next(const struct map *map, size_t *position)
{
    while (*position < map->capacity) {
        void *value = map->slots[(*position)++].value;
        if (value)
            return value;
    }
    return NULL;
}

size_t map_bytes(const struct map *map)
{
    return map->capacity * sizeof(*map->slots);
}
