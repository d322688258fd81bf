/*
 * Plays a workload of scheduler_perf from outside: nodes, namespaces and pods through the
 * apiserver, for whatever scheduler runs there. Step after step, as scheduler_perf does it:
 *
 *   createPods      waits until as many more pods of the namespace as it made are on nodes, unless
 *                   skipWaitToCompletion; with collectMetrics that time is measured
 *   barrier         waits for the pods of createPods steps that did not wait
 *   deletePods, churn    go on beside the next steps
 *
 * Differs from it: objects are named by step and number instead of at random; a wait counts pods
 * that are gone again; parameters that nobody uses are no error. Nothing is removed afterwards.
 */
#ifndef BENCH_PERF_RUN_H
#define BENCH_PERF_RUN_H

#include "bench/control_plane.h"
#include "bench/perf_config.h"
#include "bench/perf_rate.h"

struct perf_run_options {
    struct control_plane *plane;
    const char *scheduler;              /* schedulerName of all pods */
    uint32_t limit_seconds;             /* of one wait */
    bool is_verbose;                    /* a line to stderr for each step */
    bool (*scheduler_ended)(void *ctx); /* NULL: it is a process of others */
    void *ctx;
};

struct perf_results {
    struct perf_item *items; /* owned: one a collection */
    uint32_t count;
};

void perf_results_fini(struct perf_results *results); /* takes a zeroed struct too */

/* Reads each template once, before anything is made: what is wrong with one is -EINVAL with file
 * and line. */
int perf_run_check(const struct perf_workload *workload, struct err *err) NODISCARD;

/* 0; or a negative error, and *ret_results holds what was measured until then. */
int perf_run(const struct perf_run_options *options, const struct perf_workload *workload,
             struct perf_results *ret_results, struct err *err) NODISCARD;

#endif
