#include <criterion/criterion.h>
#include <stdint.h>

#include "model/base/arena.h"
#include "tests/model/seed.h"

Test(arena, memory_is_aligned_for_anything)
{
    struct arena arena;
    arena_init(&arena);
    for (size_t bytes = 0; bytes < 100; bytes++) {
        void *pointer = arena_alloc(&arena, bytes);
        cr_assert_not_null(pointer);
        cr_assert_eq((uintptr_t)pointer % _Alignof(max_align_t), 0, "%zu bytes", bytes);
    }
    arena_fini(&arena);
}

Test(arena, zalloc_is_zeroed_also_where_memory_is_used_again)
{
    struct arena arena;
    arena_init(&arena);
    memset(arena_alloc(&arena, 1000), 0xff, 1000);
    arena_reset(&arena);
    const char *bytes = arena_zalloc(&arena, 100, 10);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(bytes[i], 0);
    arena_fini(&arena);
}

Test(arena, copy_ends_with_a_nul_and_keeps_inner_ones)
{
    struct arena arena;
    arena_init(&arena);
    struct str copy = arena_copy(&arena, (struct str){"a\0b", 3});
    cr_assert_eq(copy.len, 3);
    cr_assert_eq(memcmp(copy.ptr, "a\0b", 4), 0);
    copy = arena_copy(&arena, (struct str){NULL, 0});
    cr_assert_str_eq(copy.ptr, "");
    arena_fini(&arena);
}

Test(arena, a_steady_state_stays_in_one_block)
{
    struct arena arena;
    arena_init(&arena);
    for (int i = 0; i < 100; i++)
        (void)arena_alloc(&arena, 1000);
    arena_reset(&arena);
    const void *block = arena.head;
    cr_assert_not_null(block);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 30; i++)
            (void)arena_alloc(&arena, 1000);
        arena_reset(&arena);
        cr_assert_eq(arena.head, block);
    }
    arena_fini(&arena);
}

Test(arena, one_huge_object_does_not_keep_its_memory_for_ever)
{
    struct arena arena;
    arena_init(&arena);
    (void)arena_alloc(&arena, 100);
    memset(arena_alloc(&arena, 50 << 20), 1, 50 << 20);
    arena_reset(&arena);
    (void)arena_alloc(&arena, 100);
    memset(arena_alloc(&arena, 50 << 20), 1, 50 << 20);
    cr_assert_geq(arena.total_bytes, 50 << 20);
    arena_reset(&arena);
    cr_assert_eq(arena.total_bytes, 0);
    arena_fini(&arena);
}

Test(arena, total_counts_what_was_handed_out_since_the_reset)
{
    struct arena arena;
    arena_init(&arena);
    for (int i = 0; i < 1000; i++)
        (void)arena_alloc(&arena, 16);
    cr_assert_eq(arena.total_bytes, 16000);
    arena_reset(&arena);
    cr_assert_eq(arena.total_bytes, 0);
    arena_fini(&arena);
}

Test(arena, grow_keeps_the_elements)
{
    struct arena arena;
    arena_init(&arena);
    uint32_t *numbers = NULL;
    size_t capacity = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        numbers = arena_grow(&arena, numbers, i, &capacity, sizeof(*numbers));
        cr_assert_gt(capacity, i);
        numbers[i] = i;
    }
    for (uint32_t i = 0; i < 10000; i++)
        cr_assert_eq(numbers[i], i);
    /* moved a logarithmic number of times: the given-up places add up to a few times the last one
     */
    cr_assert_lt(arena.total_bytes, 6 * 10000 * sizeof(*numbers));
    arena_fini(&arena);
}

Test(arena, random_walk_keeps_every_allocation_intact)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "arena");
    enum { PIECES = 200 };
    struct arena arena;
    arena_init(&arena);
    for (int round = 0; round < 50; round++) {
        unsigned char *pieces[PIECES];
        size_t lens[PIECES];
        for (int i = 0; i < PIECES; i++) {
            lens[i] = rng_below(&rng, rng_below(&rng, 20) == 0 ? 20000 : 200);
            pieces[i] = arena_alloc(&arena, lens[i]);
            memset(pieces[i], i, lens[i]);
        }
        for (int i = 0; i < PIECES; i++)
            for (size_t j = 0; j < lens[i]; j++)
                cr_assert_eq(pieces[i][j], i, "seed %llu", (unsigned long long)seed);
        arena_reset(&arena);
    }
    arena_fini(&arena);
}
