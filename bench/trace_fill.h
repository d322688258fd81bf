/*
 * Fills a cluster with a trace's pods until they ask for so many percent of its GPUs (of its cores,
 * where nodes have no GPUs), as the FGD paper does (USENIX ATC'23, section 6): openb's own times
 * never use more than a hundredth of the cluster. Pods come in an order drawn by the seed, one a
 * second, and stay; when the trace has too few, some come again, drawn too
 * ("openb-pod-0017-c9000").
 */
#ifndef BENCH_TRACE_FILL_H
#define BENCH_TRACE_FILL_H

#include <stdint.h>

#include "bench/workload.h"
#include "model/base/err.h"

/* Replaces the pods of a workload. `gpu_resource`: what its nodes and pods call GPUs. -EINVAL when
 * its pods ask for none of what is counted, -EFBIG when they would be too many. */
int trace_fill(struct workload *workload, const char *gpu_resource, uint32_t percent, uint32_t seed,
               struct err *err) NODISCARD;

#endif
