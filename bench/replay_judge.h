/*
 * What a trace must come to when nothing departs: every pod is bound, or fits on no node as they
 * are now and says so in kube-scheduler's words. Counted naively from what the store's objects ask
 * for and offer (verify.h), for cpu, memory, GPUs and the number of pods.
 */
#ifndef BENCH_REPLAY_JUDGE_H
#define BENCH_REPLAY_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/object.h"
#include "bench/verify.h"

#define REPLAY_GPU "nvidia.com/gpu"

/* "0/3 nodes are available: 1 Insufficient cpu, 2 Insufficient nvidia.com/gpu." (kube-scheduler.md
 * A13) for a pod that asks for `wanted`. The number of nodes where it would fit: then `text` stays
 * empty. Cost: a walk over all nodes. */
uint32_t replay_refusal(const struct verify *verify, const struct amounts *wanted,
                        struct buf *text);

struct replay_verdict {
    uint32_t bound;
    uint32_t waiting; /* with the condition they must have */
    uint32_t wrong;   /* neither */
    char first_wrong[VERIFY_TEXT_BYTES];
};

/* Judges all pods of the store. `lines` (may be NULL) gets one line for each different reason:
 * how many pods wait for it. */
void replay_judge(struct verify *verify, struct store *store, struct buf *lines,
                  struct replay_verdict *ret_verdict);

#endif
