/*
 * A small cluster without a scheduler around it, for measuring single parts of the core: equal
 * nodes, half used, and pods that wait, of as many shapes as wanted.
 */
#ifndef BENCH_MICRO_WORLD_H
#define BENCH_MICRO_WORLD_H

#include <stdint.h>

#include "model/cluster.h"
#include "sched/queue.h"

struct micro_world {
    struct symbols *symbols;
    struct cluster cluster;
    struct park_world park;
    struct queue *queue; /* empty at first */
    struct pod **pods;   /* pending, in no queue */
    uint32_t pod_count;
};

/* Nodes of 32 cores with ten labels; pod i asks (i % shapes + 1) * 10m and has two tolerations. All
 * pods that are made first are on nodes: one of 16 cores each. */
void micro_world_init(struct micro_world *world, uint32_t nodes, uint32_t pods, uint32_t shapes);
void micro_world_fini(struct micro_world *world);

#endif
