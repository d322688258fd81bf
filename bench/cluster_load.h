/*
 * What a contestant of `spillway-bench cluster` has to schedule: the plain load
 * (bench/plain_load.h), or one that asks more of a scheduler. Deterministic; pods and nodes are
 * known by their number.
 */
#ifndef BENCH_CLUSTER_LOAD_H
#define BENCH_CLUSTER_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/base/check.h"

#define CLUSTER_WORKLOAD_MAP(X)                                                                    \
    X(PLAIN, "plain")                                                                              \
    X(NODE_AFFINITY, "node-affinity") /* nodes in ten pools, each pod wants one of two */          \
    X(TOLERATIONS, "tolerations")     /* three nodes of four are tainted for one team of three */  \
    X(PREEMPTING, "preempting")       /* the cluster is full; each pod takes the room of one */    \
    X(INFEASIBLE, "infeasible")       /* each tenth pod fits nowhere */                            \
    X(EXTENDED, "extended")           /* each pod wants one of the sixteen devices of a node */

enum cluster_workload {
#define X(id, name) CLUSTER_##id,
    CLUSTER_WORKLOAD_MAP(X)
#undef X
        CLUSTER_WORKLOADS
};

#define CLUSTER_DEVICE "example.com/device"

enum {
    CLUSTER_DEVICES_A_NODE = 16,
    CLUSTER_OBJECT_BYTES = 8192,
};

struct cluster_load {
    enum cluster_workload workload;
    uint32_t nodes, pods;
    uint32_t late_pods; /* that come after the drain: numbers pods to pods + late_pods - 1 */
};

const char *cluster_workload_name(enum cluster_workload workload);
bool cluster_workload_parse(const char *name, enum cluster_workload *ret_workload) NODISCARD;

/* How many pods a node there may be, so that all fit in whatever order they are placed. */
uint32_t cluster_load_pods_a_node_max(enum cluster_workload workload);

/* What is there before the nodes and pods that are measured: how many objects, and number `i` of
 * them with the path to POST it to. The first is needed by the others, which need the nodes. */
uint32_t cluster_load_prior_count(const struct cluster_load *load);
void cluster_load_add_prior(const struct cluster_load *load, uint32_t i, struct buf *path,
                            struct buf *body);

void cluster_load_add_node(const struct cluster_load *load, uint32_t i, struct buf *body);
void cluster_load_add_pod(const struct cluster_load *load, uint32_t number, const char *scheduler,
                          const char *account, struct buf *body);

/* False: this pod fits on no node, ever. */
bool cluster_load_is_feasible(const struct cluster_load *load, uint32_t number);
uint32_t cluster_load_feasible_pods(const struct cluster_load *load); /* of those of the drain */

/* Whether this pod may be on this node, room aside. */
bool cluster_load_allows(const struct cluster_load *load, uint32_t number, uint32_t node);

#endif
