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

/* Appends node "node-<i>": 32 cores, 128 GiB, 110 pods; labels as a kubelet sets them. */
void plain_node_add(struct buf *body, uint32_t i);

/* Appends pod number `i` of namespace default, 250m to 2 cores. `account` is what a watch can
 * select it by ("spec.serviceAccountName=..."). */
void plain_pod_add(struct buf *body, uint32_t i, const char *scheduler, const char *account);

/* The number in the name of such a pod; UINT32_MAX: none of ours. */
uint32_t plain_pod_number(const char *name, size_t len);

#endif
