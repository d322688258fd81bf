/* Nodes, pods and policies of a workload as the objects that the core is told of. */
#ifndef BENCH_PLAY_OBJECT_H
#define BENCH_PLAY_OBJECT_H

#include <stdint.h>

#include "bench/workload.h"
#include "model/base/err.h"
#include "model/object.h"

enum {
    PLAY_VERSION_BYTES = 24,
    /* Time 0 of a workload is this Unix second: 2026-01-01T00:00:00Z. */
    PLAY_EPOCH_UNIX_S = 1767225600,
};

/* What all pods of one kind share; built once, lent to every object. */
struct play_pod_parts {
    struct container_object container;
    struct scalar requests[2 + WORKLOAD_EXTENDED_MAX];
    struct label labels[WORKLOAD_LABELS_MAX], selector[WORKLOAD_LABELS_MAX];
    struct requirement choice;
    struct node_term choice_term;
    uint32_t choice_syms[WORKLOAD_CHOICE_MAX];
    struct toleration toleration;
    struct pod_object pod; /* points into this struct: it must not be moved */
};

void play_pod_parts_init(struct play_pod_parts *parts, const struct workload *workload,
                         uint32_t kind);

struct play_node_parts {
    struct scalar allocatable[3 + WORKLOAD_EXTENDED_MAX];
    struct label labels[WORKLOAD_LABELS_MAX + 1];
    struct taint taints[WORKLOAD_TAINTS_MAX];
    char version[PLAY_VERSION_BYTES];
    struct node_object node; /* as above */
};

/* Node number `index` of the workload; its UID is made of the number. */
void play_node_parts_init(struct play_node_parts *parts, const struct workload *workload,
                          uint32_t index, uint64_t version);

/* The decimal text of a resourceVersion. */
struct str play_version_text(char text[PLAY_VERSION_BYTES], uint64_t version);

/* Reads policy number `index` and lends it to `see`. -EINVAL when it is no ResourcePolicy. */
NODISCARD int play_policy_read(const struct workload *workload, uint32_t index,
                               void (*see)(void *ctx, const struct policy_object *policy),
                               void *ctx, struct err *err);

#endif
