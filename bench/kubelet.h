/* What the kubelets of the simulated nodes do that tests may ask about. */
#ifndef BENCH_KUBELET_H
#define BENCH_KUBELET_H

#include <stdint.h>

#include "model/base/str.h"

/* A kind of node by NODE_KIND_LABEL: how long a bound pod takes to run. */
struct kubelet_kind {
    const char *label;
    int64_t start_ms;
    int64_t jitter_ms; /* added, uniform in [0, jitter_ms) */
};

/* The row of a label's value; that of "ecs" for anything unknown. */
const struct kubelet_kind *kubelet_kind_get(struct str label);

#endif
