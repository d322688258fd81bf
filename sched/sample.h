/*
 * The feasible nodes one search found, with their scores, from which one pod or several equal ones
 * take theirs. After a pod was put on one of them only that node is filtered and scored again.
 *
 * What a scan of all of them would choose is chosen, and by the same lot: among equals the
 * k-th in the order of the search, k drawn when there are two at least.
 */
#ifndef SCHED_SAMPLE_H
#define SCHED_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/rng.h"
#include "model/base/tournament.h"
#include "model/cluster.h"
#include "sched/score.h"

struct sample {
    uint32_t *slots; /* in the order of the search; some that left may still be among them */
    uint32_t count;
    uint32_t left; /* nodes that still fit */

    /* private */
    int64_t *steady; /* by place: scores that usage does not touch */
    int64_t *totals; /* by place, when scored */
    int64_t *scratch;
    uint32_t capacity;
    bool is_scored;
    bool tells_apart;    /* a score by list does: whoever leaves changes those of the others */
    bool has_tournament; /* of `totals`; made when a second pod comes */
    struct tournament tournament;
};

/* For whom. Borrowed for the call. */
struct sample_pod {
    const struct cluster *cluster;
    const struct shape *shape;
    const struct score_config *config;
};

void sample_init(struct sample *sample);
void sample_fini(struct sample *sample);

/* Takes a copy of the slots, at least one. Nothing is scored yet. */
void sample_draw(struct sample *sample, const uint32_t *slots, uint32_t count);

/* The place of the best node: an index into `slots`. At least one is left. */
uint32_t sample_pick(struct sample *sample, const struct sample_pod *pod, struct rng *rng);

/* The usage of the node at this place changed; `fits` tells whether it still takes a pod. Places
 * are other ones after that. */
void sample_update(struct sample *sample, const struct sample_pod *pod, uint32_t place, bool fits);

#endif
