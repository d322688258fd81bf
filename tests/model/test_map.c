#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>

#include "model/base/map.h"
#include "tests/model/seed.h"

struct entry {
    uint32_t key;
    bool is_in;
};

static bool entry_equal(const void *value, const void *key)
{
    const struct entry *entry = value;
    const uint32_t *wanted = key;
    return entry->key == *wanted;
}

Test(map, an_empty_map_has_nothing)
{
    struct map map;
    map_init(&map);
    uint32_t key = 1;
    size_t position = 0;
    cr_assert_null(map_get(&map, 1, entry_equal, &key));
    cr_assert_null(map_remove(&map, 1, entry_equal, &key));
    cr_assert_null(map_next(&map, &position));
    cr_assert_eq(map_bytes(&map), 0);
    map_fini(&map);
}

Test(map, keys_of_one_hash_are_told_apart)
{
    struct entry entries[100];
    struct map map;
    map_init(&map);
    for (uint32_t key = 0; key < 100; key++) {
        entries[key] = (struct entry){.key = key};
        map_put(&map, 77, &entries[key]);
    }
    for (uint32_t key = 0; key < 100; key += 2)
        cr_assert_eq(map_remove(&map, 77, entry_equal, &key), &entries[key]);
    for (uint32_t key = 0; key < 100; key++)
        cr_assert_eq(map_get(&map, 77, entry_equal, &key), key % 2 ? &entries[key] : NULL);
    cr_assert_eq(map.count, 50);
    map_fini(&map);
}

Test(map, a_value_is_never_null, .signal = SIGABRT)
{
    struct map map;
    map_init(&map);
    map_put(&map, 1, NULL);
}

enum { KEYS = 500 };

static void expect_iteration_of_all(const struct map *map, struct entry *entries, uint64_t seed)
{
    static uint32_t seen[KEYS];
    memset(seen, 0, sizeof(seen));
    size_t position = 0;
    for (struct entry *entry; (entry = map_next(map, &position));)
        seen[entry->key]++;
    for (int i = 0; i < KEYS; i++)
        cr_assert_eq(seen[i], entries[i].is_in, "seed %" PRIu64, seed);
}

/* Hashes are cut to a few values, so that runs collide, wrap around and are closed again. */
Test(map, random_walk_agrees_with_an_array)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "map");
    static struct entry entries[KEYS];
    struct map map;
    map_init(&map);
    size_t count = 0;
    for (uint32_t i = 0; i < KEYS; i++)
        entries[i] = (struct entry){.key = i};
    for (int step = 0; step < 50000; step++) {
        uint32_t key = (uint32_t)rng_below(&rng, KEYS);
        uint64_t hash = key % 60 == 0 ? UINT64_MAX : key % 60 * 31;
        struct entry *entry = &entries[key];
        cr_assert_eq(map_get(&map, hash, entry_equal, &key), entry->is_in ? entry : NULL,
                     "seed %" PRIu64, seed);
        if (entry->is_in) {
            cr_assert_eq(map_remove(&map, hash, entry_equal, &key), entry, "seed %" PRIu64, seed);
            count--;
        } else {
            map_put(&map, hash, entry);
            count++;
        }
        entry->is_in = !entry->is_in;
        cr_assert_eq(map.count, count, "seed %" PRIu64, seed);
        if (step % 500 == 0)
            expect_iteration_of_all(&map, entries, seed);
    }
    map_fini(&map);
}
