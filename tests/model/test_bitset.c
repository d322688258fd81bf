#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>

#include "model/base/bitset.h"
#include "tests/model/seed.h"

Test(bitset, bits_past_the_end_are_clear)
{
    struct bitset set;
    bitset_init(&set);
    cr_assert_not(bitset_test(&set, 0));
    cr_assert_not(bitset_test(&set, UINT32_MAX));
    cr_assert_eq(bitset_next(&set, 0), UINT32_MAX);
    bitset_clear(&set, 1000000);
    cr_assert_eq(set.word_count, 0);
    bitset_fini(&set);
}

Test(bitset, next_finds_each_bit_in_order)
{
    static const uint32_t bits[] = {0, 1, 63, 64, 127, 128, 1000};
    struct bitset set;
    bitset_init(&set);
    for (int i = 6; i >= 0; i--)
        bitset_set(&set, bits[i]);
    uint32_t from = 0;
    for (int i = 0; i < 7; i++) {
        uint32_t found = bitset_next(&set, from);
        cr_assert_eq(found, bits[i]);
        from = found + 1;
    }
    cr_assert_eq(bitset_next(&set, from), UINT32_MAX);
    cr_assert_eq(bitset_next(&set, UINT32_MAX), UINT32_MAX);
    bitset_fini(&set);
}

Test(bitset, reserve_keeps_bits_and_adds_clear_ones)
{
    struct bitset set;
    bitset_init(&set);
    bitset_set(&set, 5);
    bitset_reserve(&set, 100000);
    cr_assert_geq((uint64_t)set.word_count * 64, 100000);
    cr_assert_eq(bitset_count(&set), 1);
    cr_assert(bitset_test(&set, 5));
    bitset_fini(&set);
}

Test(bitset, the_answer_for_none_can_be_no_member, .signal = SIGABRT)
{
    struct bitset set;
    bitset_init(&set);
    bitset_set(&set, UINT32_MAX);
}

Test(bitset, random_walk_agrees_with_an_array_of_bools)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "bitset");
    enum { BITS = 1000 };
    static bool naive[BITS];
    struct bitset set;
    bitset_init(&set);
    for (int step = 0; step < 20000; step++) {
        uint32_t bit = (uint32_t)rng_below(&rng, BITS);
        if (rng_below(&rng, 2000) == 0) {
            bitset_zero(&set);
            memset(naive, 0, sizeof(naive));
        } else if (rng_below(&rng, 3) > 0) {
            bitset_set(&set, bit);
            naive[bit] = true;
        } else {
            bitset_clear(&set, bit);
            naive[bit] = false;
        }
        uint32_t from = (uint32_t)rng_below(&rng, BITS), next = from, count = 0;
        while (next < BITS && !naive[next])
            next++;
        for (int i = 0; i < BITS; i++)
            count += naive[i];
        cr_assert_eq(bitset_test(&set, bit), naive[bit], "seed %" PRIu64, seed);
        cr_assert_eq(bitset_next(&set, from), next < BITS ? next : UINT32_MAX, "seed %" PRIu64,
                     seed);
        cr_assert_eq(bitset_count(&set), count, "seed %" PRIu64, seed);
    }
    bitset_fini(&set);
}

/* Sparse sets over several parts, words written whole among them. */
Test(bitset, parts_know_what_is_in_them)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "bitset_parts");
    enum { BITS = 3 * BITSET_PART_BITS + 100 };
    static bool naive[BITS];
    struct bitset set;
    bitset_init(&set);
    for (int step = 0; step < 300; step++) {
        uint32_t bit = (uint32_t)rng_below(&rng, BITS), word = bit / 64;
        if (step % 3 == 0) {
            uint64_t bits = rng_below(&rng, 2) ? 0 : rng_next(&rng);
            bitset_set_word(&set, word, bits);
            for (uint32_t i = 0; i < 64 && word * 64 + i < BITS; i++)
                naive[word * 64 + i] = bits >> i & 1;
            if (word == BITS / 64) /* the last word is not whole */
                for (uint32_t i = BITS; i < (word + 1) * 64; i++)
                    bitset_clear(&set, i);
        } else if (step % 3 == 1) {
            bitset_set(&set, bit);
            naive[bit] = true;
        } else {
            uint32_t first = bitset_next(&set, bit);
            bitset_clear(&set, first);
            if (first != UINT32_MAX)
                naive[first] = false;
        }
        bitset_check(&set);
        uint32_t from = (uint32_t)rng_below(&rng, BITS), count = 0, next = UINT32_MAX;
        uint32_t to = (uint32_t)rng_below(&rng, BITS + 1);
        for (uint32_t i = BITS; i-- > from;)
            next = naive[i] ? i : next;
        for (uint32_t i = from; i < to; i++)
            count += naive[i];
        cr_assert_eq(bitset_next(&set, from), next, "seed %" PRIu64, seed);
        cr_assert_eq(bitset_count_range(&set, from, to), count, "seed %" PRIu64, seed);
        cr_assert_eq(bitset_part(&set, from / BITSET_PART_BITS).count,
                     bitset_count_range(&set, from / BITSET_PART_BITS * BITSET_PART_BITS,
                                        (from / BITSET_PART_BITS + 1) * BITSET_PART_BITS));
    }
    cr_expect_eq(bitset_part(&set, 1000).count, 0, "past the end there is nothing");
    cr_expect_eq(bitset_count_range(&set, 0, UINT32_MAX), bitset_count(&set));
    bitset_fini(&set);
}
