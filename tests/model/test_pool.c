#include <criterion/criterion.h>
#include <sanitizer/asan_interface.h>
#include <stdint.h>

#include "model/base/pool.h"
#include "model/base/rng.h"
#include "tests/model/seed.h"

Test(pool, memory_is_aligned_and_its_own)
{
    enum { SIZES = 600 };
    struct pool pool;
    pool_init(&pool);
    unsigned char *pieces[SIZES];
    for (size_t bytes = 0; bytes < SIZES; bytes++) {
        pieces[bytes] = pool_alloc(&pool, bytes);
        cr_assert_eq((uintptr_t)pieces[bytes] % POOL_STEP_BYTES, 0, "%zu bytes", bytes);
        memset(pieces[bytes], (int)(bytes % 251), bytes);
    }
    for (size_t bytes = 0; bytes < SIZES; bytes++) {
        for (size_t i = 0; i < bytes; i++)
            cr_assert_eq(pieces[bytes][i], bytes % 251, "byte %zu of %zu", i, bytes);
        pool_free(&pool, pieces[bytes], bytes);
    }
    pool_fini(&pool);
}

Test(pool, a_piece_given_back_serves_the_next_of_its_size)
{
    struct pool pool;
    pool_init(&pool);
    for (size_t bytes = 1; bytes <= POOL_PIECE_BYTES_MAX; bytes++) {
        void *first = pool_alloc(&pool, bytes), *other = pool_alloc(&pool, bytes);
        pool_free(&pool, first, bytes);
        size_t top = (bytes + POOL_STEP_BYTES - 1) / POOL_STEP_BYTES * POOL_STEP_BYTES;
        void *next = pool_alloc(&pool, top);
        cr_assert_eq(next, first, "%zu bytes, then %zu", bytes, top);
        pool_free(&pool, next, top);
        pool_free(&pool, other, bytes);
    }
    pool_fini(&pool);
}

Test(pool, a_piece_of_another_size_is_not_given_out)
{
    struct pool pool;
    pool_init(&pool);
    void *small = pool_alloc(&pool, 8);
    pool_free(&pool, small, 8);
    void *large = pool_alloc(&pool, 9);
    cr_assert_neq(large, small);
    pool_free(&pool, large, 9);
    pool_fini(&pool);
}

/* A cluster where pods come and go: at no time more than SLOTS of them, names of 1 to 253 bytes. */
Test(pool, churn_of_names_of_all_lengths_holds_no_more_than_its_most)
{
    enum { SLOTS = 500, STEPS = 200000, LEN_MAX = 253 };
    struct pool pool;
    struct rng rng;
    pool_init(&pool);
    (void)seed_rng(&rng, "churn of names");
    char text[LEN_MAX];
    memset(text, 'n', sizeof(text));
    char *names[SLOTS] = {0};
    size_t lens[SLOTS], out[POOL_SIZES] = {0}, most[POOL_SIZES] = {0};
    for (int step = 0; step < STEPS; step++) {
        size_t slot = rng_next(&rng) % SLOTS;
        if (names[slot]) {
            out[lens[slot] / POOL_STEP_BYTES]--;
            pool_free(&pool, names[slot], lens[slot] + 1);
        }
        size_t len = lens[slot] = 1 + rng_next(&rng) % LEN_MAX;
        size_t size = len / POOL_STEP_BYTES; /* of len + 1 bytes */
        if (++out[size] > most[size])
            most[size] = out[size];
        names[slot] = pool_copy(&pool, (struct str){text, len});
    }
    size_t bytes = 0;
    for (size_t size = 0; size < POOL_SIZES; size++)
        bytes += most[size] * (size + 1) * POOL_STEP_BYTES;
    cr_expect_eq(pool.cut_bytes, bytes);
    cr_expect_eq(pool.count, SLOTS);
    for (size_t slot = 0; slot < SLOTS; slot++)
        pool_free(&pool, names[slot], names[slot] ? lens[slot] + 1 : 0);
    pool_fini(&pool);
}

Test(pool, a_copy_ends_with_a_nul)
{
    struct pool pool;
    pool_init(&pool);
    char *name = pool_copy(&pool, STR("web-0"));
    cr_expect_str_eq(name, "web-0");
    char *empty = pool_copy(&pool, (struct str){NULL, 0});
    cr_expect_str_eq(empty, "");
    pool_free(&pool, name, 6);
    pool_free(&pool, empty, 1);
    pool_free(&pool, NULL, 0);
    pool_fini(&pool);
}

#if defined(__SANITIZE_ADDRESS__)
Test(pool, a_piece_given_back_is_seen_as_freed)
{
    struct pool pool;
    pool_init(&pool);
    char *piece = pool_alloc(&pool, 20);
    cr_expect_null(__asan_region_is_poisoned(piece, 20));
    pool_free(&pool, piece, 20);
    for (size_t i = 0; i < 20; i++)
        cr_expect(__asan_address_is_poisoned(piece + i), "byte %zu", i);
    piece = pool_alloc(&pool, 20);
    cr_expect_null(__asan_region_is_poisoned(piece, 20));
    pool_free(&pool, piece, 20);
    pool_fini(&pool);
}
#endif
