/* What preempt.c and preempt_dry_run.c share. */
#ifndef SCHED_PREEMPT_PRIVATE_H
#define SCHED_PREEMPT_PRIVATE_H

#include "sched/diagnosis.h"
#include "sched/preempt.h"

/* What a node would cost. */
struct candidate {
    struct preempt_choice choice;
    int32_t top_priority;  /* of the most important victim */
    uint64_t priority_sum; /* of priority + 2^31 each */
    int64_t top_started_s; /* the earliest among victims of top_priority */
};

struct preemptor {
    struct preempt_world world;
    struct rng rng;
    uint32_t *slots; /* nodes to try */
    uint32_t slot_count, slot_capacity;
    struct candidate candidates[2];         /* the best so far, and the one under way */
    struct pod *lower[PREEMPT_VICTIMS_MAX]; /* pods of lower priority on the node, by importance */
    bool violates[PREEMPT_VICTIMS_MAX];     /* a budget, by index of `lower` */
    bool is_back[PREEMPT_VICTIMS_MAX];      /* it may stay */
    uint32_t lower_count;
};

/* Which pods of the node would have to leave; fills candidates[1]. False: none would do, and why is
 * counted. The cluster is afterwards as it was. */
bool preempt_dry_run(struct preemptor *preemptor, const struct pod *pod,
                     const struct preempt_scope *scope, uint32_t slot, struct diagnosis *diagnosis);

#endif
