/* The nodes and Deployments of the demo as JSON. */
#ifndef BENCH_DEMO_OBJECT_H
#define BENCH_DEMO_OBJECT_H

#include <jansson.h>

#include "bench/demo_plan.h"

struct demo_pool {
    const char *name;
    enum demo_kind kind;
    uint32_t cpu, memory_gib, pods, gpus; /* of one node */
};

enum demo_cannot {
    DEMO_CAN_RUN,
    DEMO_TOO_LARGE,
    DEMO_NO_SUCH_LABEL,
    DEMO_NOT_TOLERATED,
    DEMO_NOT_SUPPORTED
};

struct demo_workload {
    const char *name;
    uint32_t cpu_milli, memory_mib, storage_gib, gpus; /* requests; 0: none */
    uint32_t host_port;
    uint32_t tolerates;      /* 1 << enum demo_kind */
    const char *only;        /* node selector on NODE_KIND_LABEL, NULL none */
    bool apart;              /* required anti-affinity against itself */
    enum demo_cannot cannot; /* why it never runs */
};

/* All yours. */
json_t *demo_node(const struct demo_pool *pool, const struct demo_kind_row *kind, const char *name,
                  uint32_t number);
json_t *demo_deployment(const struct demo_workload *workload, uint32_t replicas);
json_t *demo_new_image(uint32_t version); /* a strategic merge patch */

#endif
