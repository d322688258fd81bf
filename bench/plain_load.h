/*
 * The load that benchmarks of whole programs share: equal nodes of 32 cores and plain pods of six
 * sizes, as JSON for a POST. Deterministic.
 */
#ifndef BENCH_PLAIN_LOAD_H
#define BENCH_PLAIN_LOAD_H

#include <stdint.h>

#include "model/base/buf.h"

enum {
    PLAIN_NODE_CORES = 32,
    PLAIN_NODE_PODS = 110,
    PLAIN_PODS_A_NODE_MAX = 20, /* of 0.75 cores in the mean: they fit in any order */
    PLAIN_TEMPLATES = 50,       /* "app-0" to "app-49" */
    PLAIN_OBJECT_BYTES = 4096,
};

/* What another load adds to such a node or pod, as JSON; NULL: nothing. `labels` and `amounts` are
 * members that begin with a comma. */
struct plain_node {
    const char *labels, *amounts; /* amounts: of capacity and allocatable */
    const char *spec;             /* all of it, without the braces */
};

struct plain_pod {
    const char *scheduler;
    const char *account; /* what a watch can select it by ("spec.serviceAccountName=...") */
    const char *spec;    /* members that end with a comma */
    const char *amounts; /* extended resources: of requests and limits */
    uint32_t cpu_milli;  /* 0: that of its template */
};

/* Appends node "node-<i>": 32 cores, 128 GiB, 110 pods; labels as a kubelet sets them. */
void plain_node_add(struct buf *body, uint32_t i);
void plain_node_add_with(struct buf *body, uint32_t i, const struct plain_node *with);

/* Appends pod number `i` of namespace default, 250m to 2 cores. */
void plain_pod_add(struct buf *body, uint32_t i, const char *scheduler, const char *account);
void plain_pod_add_with(struct buf *body, uint32_t i, const struct plain_pod *with);

void plain_pod_name_add(struct buf *text, uint32_t i);

/* The number in the name of such a pod; UINT32_MAX: none of ours. */
uint32_t plain_pod_number(const char *name, size_t len);

#endif
