/*
 * A full cluster before which pods wait, for what a wake-up costs: all nodes hold two pods of half
 * their size, all waiting pods were refused. When one of those on a node ends, the smaller shapes
 * fit into the room it leaves and the larger ones do not.
 */
#ifndef BENCH_WAKE_LOAD_H
#define BENCH_WAKE_LOAD_H

#include <stdint.h>

#include "bench/core_load.h"

struct wake_sizes {
    uint32_t nodes;   /* each can be freed of one pod, once */
    uint32_t pods;    /* that wait, spread over the shapes */
    uint32_t shapes;  /* by what they ask */
    uint32_t fitting; /* of the shapes, the smallest: fit into the room that one pod leaves */
};

enum { WAKE_FITTING_MAX = 1000 };

struct wake_load {
    struct core_load core;
    struct wake_sizes sizes;
};

/* Until all are refused and parked, with their backoffs over. */
void wake_load_init(struct wake_load *load, const struct wake_sizes *sizes);
void wake_load_fini(struct wake_load *load);

/* One of the two pods of a node ends. */
void wake_load_free_room(struct wake_load *load, uint32_t node);

#endif
