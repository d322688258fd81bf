#include <criterion/criterion.h>

#include "model/base/rng.h"
#include "model/base/tournament.h"
#include "tests/model/seed.h"

/* ---- by hand ---- */

Test(tournament, of_one_is_won_by_it)
{
    struct tournament tournament;
    tournament_init(&tournament);
    tournament_build(&tournament, (const int64_t[]){-7}, 1);
    cr_assert_eq(tournament_equals(&tournament), 1);
    cr_assert_eq(tournament_pick(&tournament, 0), 0);
    tournament_remove(&tournament, 0);
    cr_assert_eq(tournament_equals(&tournament), 0);
    tournament_fini(&tournament);
}

Test(tournament, equals_are_counted_in_the_order_of_places)
{
    struct tournament tournament;
    tournament_init(&tournament);
    tournament_build(&tournament, (const int64_t[]){5, 9, 1, 9, 9}, 5);
    cr_assert_eq(tournament_equals(&tournament), 3);
    cr_expect_eq(tournament_pick(&tournament, 0), 1);
    cr_expect_eq(tournament_pick(&tournament, 1), 3);
    cr_expect_eq(tournament_pick(&tournament, 2), 4);
    tournament_set(&tournament, 3, 4);
    cr_expect_eq(tournament_equals(&tournament), 2);
    cr_expect_eq(tournament_pick(&tournament, 1), 4);
    tournament_set(&tournament, 2, 10);
    cr_expect_eq(tournament_pick(&tournament, 0), 2);
    tournament_remove(&tournament, 2);
    cr_expect_eq(tournament_pick(&tournament, 0), 1, "whom it had beaten is first again");
    tournament_fini(&tournament);
}

/* ---- against a scan ---- */

enum { ROUNDS = 300, STEPS = 60, COUNT_MAX = 70, SCORES = 6 };

static void judge(const struct tournament *tournament, const int64_t *scores, uint32_t count)
{
    int64_t top = INT64_MIN;
    uint32_t equals = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (scores[i] > top) {
            top = scores[i];
            equals = 0;
        }
        equals += scores[i] == top && top > INT64_MIN;
    }
    cr_assert_eq(tournament_equals(tournament), equals);
    uint32_t skip = 0;
    for (uint32_t i = 0; i < count && equals > 0; i++)
        if (scores[i] == top)
            cr_assert_eq(tournament_pick(tournament, skip++), i);
}

Test(tournament, says_what_a_scan_says)
{
    struct rng rng;
    (void)seed_rng(&rng, "tournament");
    struct tournament tournament; /* its memory is used again, for more and for fewer */
    tournament_init(&tournament);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t scores[COUNT_MAX];
        uint32_t count = 1 + (uint32_t)rng_below(&rng, COUNT_MAX);
        for (uint32_t i = 0; i < count; i++)
            scores[i] = (int64_t)rng_below(&rng, SCORES) - SCORES / 2;
        tournament_build(&tournament, scores, count);
        judge(&tournament, scores, count);
        for (int step = 0; step < STEPS; step++) {
            uint32_t place = (uint32_t)rng_below(&rng, count);
            bool leaves = rng_below(&rng, 3) == 0;
            scores[place] = leaves ? INT64_MIN : (int64_t)rng_below(&rng, SCORES);
            if (leaves)
                tournament_remove(&tournament, place);
            else
                tournament_set(&tournament, place, scores[place]);
            judge(&tournament, scores, count);
        }
    }
    tournament_fini(&tournament);
}
