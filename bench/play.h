/*
 * Plays a workload through the real core in virtual time: no sockets, no JSON, no waiting. The
 * world around the core is modelled here, and only here:
 *
 *   - a bind is answered after a fixed time, `bind_window` at most are under way; the watch shows
 *     the pod bound and running with the answer
 *   - a pod is done `runs_ms` after its bind was answered; a deleted one that ran holds its room
 *     for PLAY_GRACE_MS more, one that waited is gone at once
 *   - a node that leaves takes its pods with it. Those, and victims of preemption, come again as
 *     their controller makes them: PLAY_AGAIN_MS later, under a new name ("web-7" is then
 *     "web-7-r1"), to run for their whole time
 *   - status patches, events and the status of policies are always taken
 *
 * Equal workloads and options give equal bindings at equal times, on every machine.
 */
#ifndef BENCH_PLAY_H
#define BENCH_PLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/play_meter.h"
#include "bench/play_reason.h"
#include "bench/workload.h"
#include "model/base/err.h"

enum {
    PLAY_GRACE_MS = 5000,
    PLAY_AGAIN_MS = 1000,
    PLAY_BIND_LATENCY_MS = 5,
    PLAY_BIND_WINDOW = 100,
    /* After the last event pods that wait are given so long: a parked pod is tried again after five
     * minutes (QUEUE_LEFTOVER_MS), looked for every thirty seconds. */
    PLAY_SETTLE_MS = 331 * 1000,
};

struct play_options {
    uint64_t seed; /* of the core's own choices */
    bool preempts;
    int32_t percentage; /* of nodes to score, as kube's flag; -1: the core's own steps */
    int64_t bind_latency_ms;
    uint32_t bind_window; /* > 0 */
    int64_t until_ms;     /* the end; INT64_MAX: when nothing can happen any more */
    /* Asked now and then whether to end early; NULL: never. */
    void *ctx;
    bool (*is_over)(void *ctx);
    /* Told of each pod whose bind was answered, in order; NULL: nobody. */
    void (*on_bound)(void *ctx, const char *pod, const char *node, int64_t at_ms);
};

void play_options_init(struct play_options *options);

struct play_result {
    bool is_partial;             /* is_over() said so */
    int64_t span_ms;             /* virtual */
    uint64_t created, again;     /* pods; those made because another was lost are among them */
    uint64_t bound;              /* binds that were answered with yes */
    uint64_t done, deleted;      /* ran to their end; deleted, lost, or evicted */
    uint64_t waiting;            /* neither bound nor gone at the end */
    uint64_t attempts, refusals; /* decisions; those that found no node */
    uint64_t evicted;
    int64_t wait_p50_ms, wait_p99_ms, wait_max_ms; /* of `bound`: creation to answer */
    uint64_t bindings_hash;                        /* pod, node and time of each, in order */
    int64_t wall_ns, cpu_ns;                       /* of all: real time, processor time */
    int64_t decide_ns;                             /* of it, within sched_pass() */
    struct play_meter meter;
    struct play_reasons reasons;
};

/* Plays it; names of pods that come again are added to the workload's symbols. -EINVAL when a
 * policy is no ResourcePolicy. */
NODISCARD int play_run(const struct workload *workload, const struct play_options *options,
                       struct play_result *ret_result, struct err *err);

void play_result_fini(struct play_result *result);

#endif
