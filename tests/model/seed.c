#include "tests/model/seed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint64_t seed_rng(struct rng *rng, const char *what)
{
    const char *given = getenv("TEST_SEED");
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed =
        given ? strtoull(given, NULL, 10) : (uint64_t)now.tv_sec << 20 ^ (uint64_t)now.tv_nsec;
    (void)fprintf(stderr, "%s: TEST_SEED=%" PRIu64 "\n", what, seed);
    rng_init(rng, seed);
    return seed;
}
