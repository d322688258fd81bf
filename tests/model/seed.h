/* Seeds of random walks: another one each run, printed, and repeatable with TEST_SEED=n. */
#ifndef TESTS_MODEL_SEED_H
#define TESTS_MODEL_SEED_H

#include "model/base/rng.h"

/* Starts `rng` and prints the seed to stderr. Returns the seed, for messages. */
uint64_t seed_rng(struct rng *rng, const char *what);

#endif
