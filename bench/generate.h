/*
 * Made-up workloads by name: nodes that come and go, pods and when they come. Equal options make an
 * equal workload on every machine: integers and a seeded generator only, no floating point.
 *
 * All begin with an empty cluster. Pods belong to GENERATE_APPS applications; those of one ask the
 * same. They run for random times around a mean that is chosen by the room there is, so that a
 * generator loads small clusters as it loads large ones. Who loses pods (a node that leaves,
 * preemption) gets them again from the player (bench/play.h), as from a controller.
 *
 * Prices are in millionths of a currency unit: an hour of a reserved core costs 50,000, of a spot
 * core 15,000, both for whole nodes, used or not; an hour of a core of a serverless pod costs
 * 100,000, and nothing when there is none.
 */
#ifndef BENCH_GENERATE_H
#define BENCH_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/workload.h"

enum {
    GENERATE_NODES_MIN = 10,
    GENERATE_NODES_MAX = 100000,
    GENERATE_PODS_MIN = 10,
    GENERATE_PODS_MAX = 1000000,
    GENERATE_HOURS_MAX = 24 * 31,
    GENERATE_APPS = 40,
};

struct generate_options {
    uint32_t nodes, pods; /* within the limits above */
    uint32_t hours;       /* from the first pod to the last, 1 to GENERATE_HOURS_MAX */
    uint64_t seed;
};

struct generate; /* bench/generate_private.h */

struct generator {
    const char *name, *help;
    struct generate_options usual; /* what is not asked for */
    bool preempts;                 /* makes sense with preemption */
    void (*make)(struct generate *generate);
};

/* The generators one by one, from 0; NULL behind the last. */
const struct generator *generator_at(uint32_t index);

/* NULL: no such name. */
const struct generator *generator_find(const char *name);

/* Fills a workload that was only just initialised, and sorts it. */
void generator_run(const struct generator *generator, const struct generate_options *options,
                   struct workload *workload);

#endif
