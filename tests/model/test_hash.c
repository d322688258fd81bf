#include <criterion/criterion.h>
#include <inttypes.h>

#include "model/base/hash.h"
#include "tests/model/seed.h"

Test(hash, depends_on_the_bytes_the_length_and_the_seed)
{
    cr_assert_eq(hash_bytes(1, "abc", 3), hash_bytes(1, "abc", 3));
    cr_assert_neq(hash_bytes(1, "abc", 3), hash_bytes(2, "abc", 3));
    cr_assert_neq(hash_bytes(1, "abc", 3), hash_bytes(1, "abd", 3));
    cr_assert_neq(hash_bytes(1, "abc\0", 4), hash_bytes(1, "abc", 3));
    cr_assert_neq(hash_bytes(1, "", 0), hash_bytes(2, "", 0));
}

Test(hash, does_not_depend_on_where_the_bytes_lie)
{
    char bytes[64] = {0};
    uint64_t first = hash_bytes(7, "spillway/sched/cycle", 20);
    for (size_t offset = 0; offset < 16; offset++) {
        memcpy(bytes + offset, "spillway/sched/cycle", 20);
        cr_assert_eq(hash_bytes(7, bytes + offset, 20), first, "offset %zu", offset);
    }
}

/* Any flipped bit of the input flips about half of the output: between 20 and 44 of 64 on average.
 */
Test(hash, every_input_bit_reaches_the_output)
{
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "hash");
    for (size_t len = 1; len <= 24; len++) {
        for (size_t bit = 0; bit < len * 8; bit++) {
            unsigned flipped = 0;
            for (int trial = 0; trial < 64; trial++) {
                unsigned char bytes[24];
                for (size_t i = 0; i < len; i++)
                    bytes[i] = (unsigned char)rng_next(&rng);
                uint64_t before = hash_bytes(seed, bytes, len);
                bytes[bit / 8] ^= (unsigned char)(1u << (bit % 8));
                flipped += (unsigned)__builtin_popcountll(before ^ hash_bytes(seed, bytes, len));
            }
            cr_assert(flipped > 20 * 64 && flipped < 44 * 64,
                      "seed %" PRIu64 " len %zu bit %zu: %u", seed, len, bit, flipped);
        }
    }
}
