/* What is due comes in the order of its times. */
#include "bench/agenda.h"

#include <criterion/criterion.h>

#include "model/base/rng.h"

Test(agenda, equal_times_come_in_the_order_they_were_put_down)
{
    struct agenda agenda;
    struct agenda_item item;
    agenda_init(&agenda);
    cr_expect_eq(agenda_next_ms(&agenda), INT64_MAX);
    cr_expect_not(agenda_take(&agenda, INT64_MAX, &item));
    agenda_add(&agenda, 20, 0, 1);
    agenda_add(&agenda, 10, 0, 2);
    agenda_add(&agenda, 20, 0, 3);
    agenda_add(&agenda, 10, 0, 4);
    cr_expect_eq(agenda_next_ms(&agenda), 10);
    cr_expect_not(agenda_take(&agenda, 9, &item));
    static const uint32_t order[] = {2, 4, 1, 3};
    for (size_t i = 0; i < 4; i++) {
        cr_assert(agenda_take(&agenda, 20, &item));
        cr_expect_eq(item.which, order[i]);
    }
    cr_expect_not(agenda_take(&agenda, 20, &item));
    agenda_fini(&agenda);
}

Test(agenda, a_long_mixed_use_keeps_the_order)
{
    struct agenda agenda;
    struct agenda_item item;
    struct rng rng;
    rng_init(&rng, 5);
    agenda_init(&agenda);
    int64_t now_ms = 0;
    uint32_t added = 0, taken = 0;
    for (uint32_t round = 0; round < 2000; round++) {
        for (uint64_t i = rng_below(&rng, 4); i > 0; i--, added++)
            agenda_add(&agenda, now_ms + (int64_t)rng_below(&rng, 50), 1, added);
        now_ms += (int64_t)rng_below(&rng, 20);
        int64_t last_ms = -1;
        for (; agenda_take(&agenda, now_ms, &item); taken++) {
            cr_assert_geq(item.at_ms, last_ms);
            cr_assert_leq(item.at_ms, now_ms);
            last_ms = item.at_ms;
        }
        cr_assert_gt(agenda_next_ms(&agenda), now_ms);
    }
    while (agenda_take(&agenda, INT64_MAX, &item))
        taken++;
    cr_expect_eq(taken, added);
    agenda_fini(&agenda);
}
