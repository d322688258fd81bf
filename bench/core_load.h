/*
 * The scheduler core without a network: nodes and pods as objects, a port that counts. For
 * benchmarks of decisions and memory.
 */
#ifndef BENCH_CORE_LOAD_H
#define BENCH_CORE_LOAD_H

#include <stdint.h>

#include "model/base/rng.h"
#include "sched/sched.h"

struct core_load {
    struct symbols *symbols;
    struct sched *sched;
    struct mono_ms now;
    uint64_t binds;    /* calls of port->bind() */
    uint64_t refusals; /* calls of port->patch_status() */
    uint64_t evicted;  /* calls of port->evict() */
    uint32_t shrink;   /* what the plain pods ask for is divided by it; 1 */
    uint32_t row;      /* pods of one template that follow each other; 1 */
    uint64_t version;  /* private: last resourceVersion */
    struct rng rng;
    uint32_t zone_key_sym, arch_key_sym, arch_value_sym, app_key_sym, pool_key_sym; /* private */
};

/* How nodes are looked for, and what makes a better one. */
struct core_search {
    uint32_t predicate_step;
    uint32_t feasible_target; /* 0: every node is looked at */
    enum fit_strategy strategy;
};

void core_load_init(struct core_load *load, uint64_t seed);
/* With another configuration than the usual one; `change` may be NULL. */
void core_load_init_with(struct core_load *load, uint64_t seed,
                         void (*change)(struct sched_config *config));
/* With such a search (sched/cycle.h). */
void core_load_init_search(struct core_load *load, uint64_t seed, const struct core_search *search);
void core_load_fini(struct core_load *load);

/* Both lists are begun or ended. */
void core_load_begin(struct core_load *load);
void core_load_end(struct core_load *load);

/* Node "node-<i>": 32 cores, 128 GiB, 110 pods; labels as a kubelet sets them. */
void core_load_node(struct core_load *load, uint32_t i);

/* With label pool=<pool>; NULL: without. */
void core_load_pool_node(struct core_load *load, uint32_t i, const char *pool);

/* Pod number i of the plain templates: 250m to 2 cores, 256 MiB to 4 GiB, two default tolerations.
 * Bound to a node, or waiting with `node` UINT32_MAX. */
void core_load_pod(struct core_load *load, uint32_t i, uint32_t node);

/* The same of one size and priority, without memory. */
void core_load_sized_pod(struct core_load *load, uint32_t i, uint32_t node, int64_t cpu_milli,
                         int32_t priority);

/* A plain pod that asks just this. And its end, with the same numbers and the node it is on. */
void core_load_asking_pod(struct core_load *load, uint32_t i, uint32_t node, int64_t cpu_milli,
                          int64_t memory_bytes);
void core_load_asking_pod_gone(struct core_load *load, uint32_t i, uint32_t node, int64_t cpu_milli,
                               int64_t memory_bytes);

/* A plain pod with label app=app-<app>; UINT32_MAX: none. And its end, with the same numbers. */
void core_load_app_pod(struct core_load *load, uint32_t i, uint32_t node, uint32_t app);
void core_load_app_pod_gone(struct core_load *load, uint32_t i, uint32_t node, uint32_t app);

/* The policy of these pods: `max` of them on nodes of pool=ecs; then, unless it is 0, as many as
 * `max_cpu_milli` lets on pool=spot; then virtual nodes. */
void core_load_policy(struct core_load *load, uint32_t app, uint32_t max, int64_t max_cpu_milli);

#endif
