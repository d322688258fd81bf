/*
 * What a cycle has to decide, found out the slow way: each node of a scope is asked by all filters,
 * each that fits is scored with all others, and the best is looked for one by one. Where the limit
 * of the search cut it, the nodes that were found are kept for the pods of the same shape that
 * follow at once, and each time all of them are filtered and scored anew (the rules of
 * sched/batch.h, told by a test that knows itself what it changed). Otherwise each pod has a search
 * of its own.
 */
#ifndef TESTS_SCHED_BATCH_ORACLE_H
#define TESTS_SCHED_BATCH_ORACLE_H

#include "sched/cycle.h"

enum { ORACLE_NODES_MAX = 320 };

struct oracle_sample {
    uint32_t count;
    uint32_t slots[ORACLE_NODES_MAX];
};

struct oracle {
    const struct cycle *cycle; /* whose configuration, world and cursors are read */
    struct rng rng;            /* seeded as the cycle's */
    struct {
        bool holds; /* the test sets it to false when it changes anything about a node */
        const struct shape *shape;
        const struct bitset *nodes;
        const struct unit_type *type;
        struct oracle_sample sample;
        uint32_t decided;
    } kept;
    uint32_t shared; /* decisions from a kept sample */
};

struct oracle_answer {
    uint32_t slot; /* NODE_SLOT_NONE: no node takes the pod */
    uint32_t unit_sym;
    const uint32_t *cursor; /* of the scope with the node, and where it has to stand after that */
    uint32_t cursor_slot;
};

void oracle_init(struct oracle *oracle, const struct cycle *cycle);

/* Before the cycle decides. The pod's policy, if it has one, has the rule LackResourceOrExceedMax.
 */
struct oracle_answer oracle_decide(struct oracle *oracle, const struct pod *pod);

#endif
