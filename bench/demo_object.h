/* The workloads of the demo and its policy as JSON. */
#ifndef BENCH_DEMO_OBJECT_H
#define BENCH_DEMO_OBJECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum demo_cannot {
    DEMO_CAN_RUN,
    DEMO_TOO_LARGE,
    DEMO_NO_SUCH_LABEL,
    DEMO_NOT_TOLERATED,
    DEMO_NOT_SUPPORTED
};

struct demo_workload {
    const char *name;
    uint32_t cpu_milli, memory_mib; /* requests; 0: none */
    const char *only;               /* node selector on NODE_KIND_LABEL, NULL none */
    bool apart;                     /* required anti-affinity against itself */
    enum demo_cannot cannot;        /* why it never runs */
};

/* All yours. */
json_t *demo_deployment(const struct demo_workload *workload, uint32_t replicas);

/* Three units in this order: machines as far as they have room, spot nodes up to `spot_cpu` cores
 * for all pods together, virtual nodes without a limit. */
json_t *demo_policy(const struct demo_workload *workload, uint32_t spot_cpu);

#endif
