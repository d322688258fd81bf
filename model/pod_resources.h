/*
 * Pod arithmetic (kube-scheduler.md A9): what one pod asks for, from its containers, init containers,
 * sidecars, pod-level resources and overhead.
 */
#ifndef MODEL_POD_RESOURCES_H
#define MODEL_POD_RESOURCES_H

#include "model/object.h"
#include "model/resource.h"

enum pod_resources_view {
    POD_RESOURCES_INCOMING, /* spec only */
    POD_RESOURCES_ON_NODE,  /* in-place resize: what the pod may hold while a resize goes on */
};

struct pod_resources {
    int64_t fixed[RESOURCE_FIXED_COUNT]; /* [RESOURCE_PODS] is 1 */
    int64_t nonzero_cpu_milli;           /* containers that ask nothing count 100m ... */
    int64_t nonzero_memory_bytes;        /* ... and 200 MiB; scoring only */
    int64_t fit_cpu_milli;    /* the same of containers and overhead alone, which is all that the */
    int64_t fit_memory_bytes; /* score NodeResourcesFit of 1.37 sees of a pod that comes */
    uint32_t scalar_count;
    bool is_over_limit;                          /* more than RESOURCE_SCALARS_MAX other resources */
    struct scalar scalars[RESOURCE_SCALARS_MAX]; /* ascending name_sym, amount > 0 */
};

/* Sums saturate at INT64_MAX. `symbols` tells hugepages-* apart; made by names_symbols_new(). */
void pod_resources_compute(const struct pod_object *pod, enum pod_resources_view view,
                           const struct symbols *symbols, struct pod_resources *ret_resources);

#endif
