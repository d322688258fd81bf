/*
 * What kinds of nodes a simulated cluster has: how fast pods start there, what they look like, what
 * they cost. A node says its kind by the label NODE_KIND_LABEL (controller.h).
 */
#ifndef BENCH_NODE_KIND_H
#define BENCH_NODE_KIND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/store.h"
#include "model/base/str.h"

/* Prices are in millionths of a unit of money. Those of a node that is paid as a whole are of its
 * capacity, those of a virtual node of what its pods request: it costs nothing while it is empty.
 */
struct node_kind {
    const char *label; /* value of NODE_KIND_LABEL */
    int64_t start_ms;  /* from a binding to a running pod ... */
    int64_t jitter_ms; /* ... and this much more, uniform in [0, jitter_ms) */
    bool is_virtual;
    int64_t core_micros_per_hour, gib_micros_per_hour, gpu_micros_per_hour;
    const char *taint_key, *taint_value; /* NoSchedule; NULL: none */
    bool taint_is_label; /* the node has both, as spot nodes of GKE (elastic-policies.md 11.1) */
};

/* The row of a label's value; that of "ecs" for anything unknown. */
const struct node_kind *node_kind_get(struct str label);
const struct node_kind *node_kind_of(const struct object *node);

/* A node as its platform would register it, with hostname, kind, architecture and taint. A virtual
 * node looks as Virtual Kubelet makes it (elastic-policies.md 11.1): label type=virtual-kubelet,
 * taint virtual-kubelet.io/provider, and a capacity that is nominal. Yours. */
struct node_shape {
    const char *kind; /* label of its row */
    const char *name;
    const char *zone;          /* "" none */
    uint32_t cpu, memory_gib;  /* of real nodes; 0 of virtual ones: nominal, huge */
    uint32_t pods;             /* 0: 110, of a virtual node as nominal */
    int64_t start_ms;          /* NODE_START_LABEL; 0: as its kind */
    const char *instance_type; /* node.kubernetes.io/instance-type, NULL none */
};
enum { VIRTUAL_NODE_CPU = 1000000, VIRTUAL_NODE_MEMORY_GIB = 4000000, VIRTUAL_NODE_PODS = 100000 };
json_t *node_shape_json(const struct node_shape *shape);

/* What the cluster costs now. Real nodes count from the moment they are there, pods of virtual
 * nodes from their binding to their end. Rounded down. Cost: a walk of all nodes and pods. */
int64_t cluster_cost_micros_per_minute(struct store *store);

#endif
