/* What the two halves of the generator share: choices, and the words both nodes and pods use. */
#ifndef TESTS_REAL_GENERATE_PICK_H
#define TESTS_REAL_GENERATE_PICK_H

#include <jansson.h>
#include <stdbool.h>

#include "model/base/check.h"
#include "model/base/rng.h"

enum {
    GENERATE_IMAGES = 6,
    GENERATE_TAINT_KEYS = 3,
    GENERATE_TAINT_VALUES = 3,
    GENERATE_EFFECTS = 3,
};

extern const char *const generate_images[GENERATE_IMAGES];
extern const char *const generate_taint_keys[GENERATE_TAINT_KEYS];
extern const char *const generate_taint_values[GENERATE_TAINT_VALUES];
extern const char *const generate_effects[GENERATE_EFFECTS];

/* True in `percent` of a hundred cases. */
static inline bool pick_chance(struct rng *rng, unsigned percent)
{
    return rng_below(rng, 100) < percent;
}

/* One of the elements of an array. */
#define PICK(rng, array) ((array)[rng_below((rng), ARRAY_LEN(array))])

/* One or two host ports of a container; yours. */
json_t *generate_ports(struct rng *rng);

#endif
