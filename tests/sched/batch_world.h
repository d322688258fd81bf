/*
 * A random small cluster with policies, its pods, and three who decide: a cycle that shares
 * searches and failures, one that shares nothing, and the oracle.
 */
#ifndef TESTS_SCHED_BATCH_WORLD_H
#define TESTS_SCHED_BATCH_WORLD_H

#include "model/unit_type.h"
#include "sched/cycle.h"
#include "tests/sched/batch_oracle.h"
#include "tests/sched/fixture.h"

enum {
    WORLD_NODES_MAX = 300,
    WORLD_PODS = 90,
    WORLD_SHAPES = 4,
    WORLD_KINDS = 2 * WORLD_SHAPES, /* of pods: each shape with a policy and without */
};

struct shape_text {
    const char *containers, *preferred, *tolerations, *images, *ports, *selector;
};

struct world_counts {
    uint32_t decided, refused, shared, cut, recalled, in_units;
};

struct world {
    struct fixture fixture;
    struct unit_types types;
    struct nominator nominator;
    struct book *book;
    struct cycle shared, plain; /* `plain` is asked about refusals only: they move nothing */
    struct oracle oracle;
    struct rng rng;
    struct buf message, plain_message;
    uint32_t node_count;
    struct shape_text shapes[WORLD_SHAPES];
    bool has_policy, overflows;
    uint32_t serial;
    uint32_t pod_count;
    struct pod *pods[2 * WORLD_PODS]; /* on nodes; assumed by us, or bound */
    struct pod *nominated;            /* somebody who waits for his victims */
    struct world_counts counts;       /* the test's */
};

void world_init(struct world *world, uint64_t seed);
void world_fini(struct world *world);

uint32_t world_pick(struct world *world, size_t below);

/* The same numbers give the same node, of which nothing changes then. */
void world_see_node(struct world *world, uint32_t number, uint64_t seed);
void world_drop_node(struct world *world, uint32_t number);
void world_see_policy(struct world *world, uint64_t version);

/* Its number tells its kind. `node` NULL: pending. */
struct pod *world_see_pod(struct world *world, uint32_t number, const char *node);
void world_put_pod(struct world *world, struct pod *pod, const struct cycle_result *result);
void world_drop_pod(struct world *world, struct pod *pod);
struct pod *world_take_pod(struct world *world); /* any of `pods`, out of that list */

/* A pod of priority that holds a place on some node comes; or, when it is there, goes. */
void world_nominate(struct world *world);

#endif
