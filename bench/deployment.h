/* The inside of the Deployment controller: deployment.c and deployment_status.c. */
#ifndef BENCH_DEPLOYMENT_H
#define BENCH_DEPLOYMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/controller_private.h"

#define REVISION_ANNOTATION "deployment.kubernetes.io/revision"

/* The numbers of a strategy, percentages resolved. */
struct rollout {
    int64_t replicas;
    int64_t surge, unavailable; /* of a rolling update */
    bool is_recreate;
};

struct rollout rollout_read(const struct object *deployment);

/* Counts and conditions, such that `kubectl rollout status` and `kubectl get` are right. `current`
 * is the ReplicaSet of the present template. */
void deployment_write_status(struct controllers *controllers, struct item *deployment,
                             const struct item *current, const struct rollout *rollout);

#endif
