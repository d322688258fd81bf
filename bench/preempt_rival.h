/*
 * kube-scheduler's preemption on a real control plane: nodes full of pods of lower priority, and
 * pods that have to preempt. Its own measure of its decisions, without the requests that follow.
 */
#ifndef BENCH_PREEMPT_RIVAL_H
#define BENCH_PREEMPT_RIVAL_H

#include <stdint.h>

#include "model/base/err.h"

/* The load, of both sides: each node of 32 cores holds ten pods of a tenth. */
enum { PREEMPT_PODS_A_NODE = 10, PREEMPT_POD_CPU_MILLI = 3200, PREEMPT_PRIORITY = 1000 };

struct preempt_rival_figures {
    double us_per_attempt; /* pop to decision, preemption included */
    double us_post_filter; /* of that, preemption */
    double decisions;      /* measured */
};

/* `bin`: the folder of etcd, kube-apiserver and kube-scheduler. A minute or two. */
int preempt_rival_run(const char *bin, uint32_t node_count, uint32_t pod_count,
                      struct preempt_rival_figures *ret_figures, struct err *err) NODISCARD;

#endif
