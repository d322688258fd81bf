/*
 * `spillway-bench replay --server`: a workload in real time, over HTTP. What happens to nodes and
 * pods is bench/store_world.h's part, apiserver and scheduler are bench/replay_stage.h's.
 *
 *   1. the scheduler starts on an empty cluster and watches; then the workload begins, all its
 *      times pressed into --arrival-seconds
 *   2. all has happened and each pod is bound or refused; the scheduler is stopped
 *   3. another one starts on what is there: it reads everything, and tries the pods that wait once
 *      more, without the backoffs they had grown. A scheduler that is somebody else's is given the
 *      time of its backoffs instead
 *
 * Of a workload where nothing ever leaves (and no policies, taints or selectors decide), the end is
 * judged: each pod is bound, or fits nowhere and says so (bench/replay_judge.h). Not that of
 * somebody else's scheduler, which may have tried a pod last when the cluster was another.
 */
#ifndef BENCH_REPLAY_SERVER_H
#define BENCH_REPLAY_SERVER_H

#include <stdint.h>

#include "bench/replay_stage.h"
#include "bench/workload.h"

struct replay_server_options {
    /* Where; event_limit and has_policies are set by the replay. */
    struct replay_stage_options stage;
    uint32_t arrival_seconds, limit_seconds; /* of each of the two schedulers */
    int64_t until_ms;                        /* of the workload's time; INT64_MAX: to its end */
    const char *json, *svg, *bindings;       /* as in replay_play_options */
};

/* The command's exit code. A scheduler that ends, a limit that passes or a signal end it with what
 * was measured until then, marked as partial, and 1. */
int replay_server(const struct workload *workload, const struct replay_server_options *options);

#endif
