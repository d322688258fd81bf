#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>

#include "model/base/rng.h"
#include "tests/model/seed.h"

/* The reference program of Blackman and Vigna, started from the state 1, 2, 3, 4. */
Test(rng, gives_the_published_sequence)
{
    static const uint64_t expected[] = {11520, 0, 1509978240, 1215971899390074240};
    struct rng rng = {{1, 2, 3, 4}};
    for (int i = 0; i < 4; i++)
        cr_assert_eq(rng_next(&rng), expected[i], "number %d", i);
}

Test(rng, the_same_seed_gives_the_same_numbers_and_another_seed_others)
{
    struct rng a, b, c;
    rng_init(&a, 42);
    rng_init(&b, 42);
    rng_init(&c, 43);
    bool differs = false;
    for (int i = 0; i < 100; i++) {
        uint64_t number = rng_next(&a);
        cr_assert_eq(number, rng_next(&b));
        differs |= number != rng_next(&c);
    }
    cr_assert(differs);
}

Test(rng, seed_zero_works)
{
    struct rng rng;
    rng_init(&rng, 0);
    cr_assert_neq(rng_next(&rng) | rng_next(&rng), 0);
}

/* 12000 draws from 12: each number is expected 1000 times with a deviation of 30; 8 of them
 * allowed. */
Test(rng, below_is_uniform)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "rng");
    int counts[12] = {0};
    for (int i = 0; i < 12000; i++) {
        uint64_t number = rng_below(&rng, 12);
        cr_assert_lt(number, 12);
        counts[number]++;
    }
    for (int i = 0; i < 12; i++)
        cr_assert(counts[i] > 760 && counts[i] < 1240, "seed %" PRIu64 ": %d came %d times", seed,
                  i, counts[i]);
}

Test(rng, below_takes_any_bound)
{
    struct rng rng;
    rng_init(&rng, 1);
    for (int i = 0; i < 100; i++) {
        cr_assert_eq(rng_below(&rng, 1), 0);
        cr_assert_lt(rng_below(&rng, UINT64_MAX), UINT64_MAX);
        cr_assert_lt(rng_below(&rng, (UINT64_C(1) << 63) + 1), (UINT64_C(1) << 63) + 1);
    }
}

Test(rng, nothing_is_below_zero, .signal = SIGABRT)
{
    struct rng rng;
    rng_init(&rng, 1);
    (void)rng_below(&rng, 0);
}
