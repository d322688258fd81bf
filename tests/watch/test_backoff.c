#include <criterion/criterion.h>

#include "model/base/check.h"
#include "watch/backoff.h"

static const struct mono_ms start = {1000000};

/* client-go: 0.8 s x2, cap 30 s, jitter 1.0: each wait is in [step, 2 step) */
static const int64_t steps_ms[] = {800, 1600, 3200, 6400, 12800, 25600, 30000, 30000, 30000};

Test(backoff, doubles_from_800_ms_to_30_s_with_jitter_up_to_twice)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct backoff backoff;
        struct rng rng;
        backoff_init(&backoff, 0, 0);
        rng_init(&rng, seed);
        for (size_t i = 0; i < ARRAY_LEN(steps_ms); i++) {
            int64_t wait_ms = backoff_next_ms(&backoff, start, &rng);
            cr_assert_geq(wait_ms, steps_ms[i], "step %zu", i);
            cr_assert_lt(wait_ms, 2 * steps_ms[i], "step %zu", i);
        }
    }
}

Test(backoff, jitter_spreads_over_the_whole_second_half)
{
    struct rng rng;
    rng_init(&rng, 7);
    int64_t least = INT64_MAX, most = 0;
    for (int i = 0; i < 1000; i++) {
        struct backoff backoff;
        backoff_init(&backoff, 0, 0);
        int64_t wait_ms = backoff_next_ms(&backoff, start, &rng);
        least = wait_ms < least ? wait_ms : least;
        most = wait_ms > most ? wait_ms : most;
    }
    cr_assert_lt(least, 820);
    cr_assert_gt(most, 1580);
}

Test(backoff, starts_anew_after_two_minutes_of_calm_and_not_before)
{
    struct backoff backoff;
    struct rng rng;
    backoff_init(&backoff, 0, 0);
    rng_init(&rng, 3);
    for (int i = 0; i < 8; i++)
        (void)backoff_next_ms(&backoff, start, &rng);

    struct mono_ms soon = mono_add(start, 120 * 1000);
    cr_assert_geq(backoff_next_ms(&backoff, soon, &rng), 30000);
    struct mono_ms later = mono_add(soon, 120 * 1000 + 1);
    cr_assert_lt(backoff_next_ms(&backoff, later, &rng), 1600);
}

Test(backoff, takes_another_base)
{
    struct backoff backoff;
    struct rng rng;
    backoff_init(&backoff, 10, 0);
    rng_init(&rng, 3);
    cr_assert_lt(backoff_next_ms(&backoff, start, &rng), 20);
    cr_assert_geq(backoff_next_ms(&backoff, start, &rng), 20);
}

Test(backoff, takes_another_limit)
{
    struct backoff backoff;
    struct rng rng;
    backoff_init(&backoff, 200, 5000);
    rng_init(&rng, 3);
    static const int64_t capped_ms[] = {200, 400, 800, 1600, 3200, 5000, 5000};
    for (size_t i = 0; i < ARRAY_LEN(capped_ms); i++) {
        int64_t wait_ms = backoff_next_ms(&backoff, start, &rng);
        cr_expect(wait_ms >= capped_ms[i] && wait_ms < 2 * capped_ms[i], "step %zu", i);
    }
}
