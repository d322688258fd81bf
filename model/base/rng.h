/* xoshiro256**: reproducible random numbers from a seed (Blackman and Vigna, public domain method).
 * For tie-breaks, jitter and generated loads; never for secrets. */
#ifndef MODEL_BASE_RNG_H
#define MODEL_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state[4];
};

void rng_init(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);

/* Uniform in [0, bound); bound > 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

#endif
