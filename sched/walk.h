/*
 * The search for nodes that can take a pod: step-limited predicates (architecture 5).
 *
 * From the unit's cursor, nodes are examined in steps; after each step the walk stops when enough
 * feasible nodes were found. The limit cuts the search for a better node, never for any node: with
 * none found, every node of the unit was examined, or skipped by a summary that is certain: a part
 * of a bitset that is empty, or bounds of what is free (model/node_bounds.h). What is skipped
 * counts as examined, so that the answer is that of a scan node by node.
 */
#ifndef SCHED_WALK_H
#define SCHED_WALK_H

#include <stdint.h>

#include "model/cluster.h"
#include "sched/nominator.h"

#define WALK_NO_TARGET UINT32_MAX

/* Where to search: a unit of capacity, or all nodes. */
struct walk_scope {
    const struct bitset *nodes;    /* lent: slots that belong to it */
    const struct bitset *matching; /* lent: of match_sync(), in sync */
    uint32_t *cursor;              /* slot where the search starts; moved behind the last visited */
    const struct unit_type *type;  /* NULL: none */
};

struct walk_limits {
    uint32_t step;   /* nodes examined between two looks at the target; at least 1 */
    uint32_t target; /* feasible nodes that are enough; WALK_NO_TARGET: look at all */
};

struct walk {
    uint32_t *slots; /* feasible nodes, in the order found; grows, kept between walks */
    uint32_t count;
    uint32_t capacity;    /* private */
    uint32_t visited;     /* nodes of the unit that were examined or certainly skipped */
    uint64_t visited_sum; /* of all walks, for reports */
    uint64_t looked_sum;  /* of these, nodes in blocks that no summary ruled out */
};

void walk_init(struct walk *walk);
void walk_fini(struct walk *walk);

/* Fills walk->slots for `pod`. */
void walk_run(struct walk *walk, const struct walk_scope *scope, struct cluster *cluster,
              const struct nominator *nominator, const struct pod *pod, struct walk_limits limits);

/* kube-scheduler's number of feasible nodes to find among `node_count` (kube-scheduler.md A6): all
 * below 100; else `percentage`, or max(5, 50 - node_count / 125) when that is 0; at least 100. */
uint32_t walk_kube_target(uint32_t node_count, uint32_t percentage);

#endif
