#include "model/base/rng.h"

#include "model/base/check.h"

/* splitmix64 (Steele, Lea, Flood 2014): spreads any seed, also 0, over the whole state. */
static uint64_t rng_split(uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

void rng_init(struct rng *rng, uint64_t seed)
{
    for (size_t i = 0; i < ARRAY_LEN(rng->state); i++)
        rng->state[i] = rng_split(&seed);
}

static uint64_t rotate_left(uint64_t word, unsigned count)
{
    return word << count | word >> (64 - count);
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    CHECK(bound > 0);
    /* 2^64 mod bound: the numbers below it would make the low remainders more likely than the
     * others */
    uint64_t biased = (0 - bound) % bound;
    for (;;) {
        uint64_t number = rng_next(rng);
        if (number >= biased)
            return number % bound;
    }
}
