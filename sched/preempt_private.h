/* What preempt.c and preempt_dry_run.c share. */
#ifndef SCHED_PREEMPT_PRIVATE_H
#define SCHED_PREEMPT_PRIVATE_H

#include "sched/diagnosis.h"
#include "sched/preempt.h"

/* What a node would cost. */
struct candidate {
    struct preempt_choice choice; /* its victims are owned here */
    uint32_t victim_capacity;
    int32_t top_priority;  /* of the most important victim */
    uint64_t priority_sum; /* of priority + 2^31 each */
    int64_t top_started_s; /* the earliest among victims of top_priority */
};

/* A pod of lower priority on the node that is tried. */
struct lower {
    struct pod *pod;
    int64_t started_s; /* of missing ones: now */
    bool is_violating; /* a budget, when it leaves */
    bool is_back;      /* it may stay */
};

struct preemptor {
    struct preempt_world world;
    struct rng rng;
    const struct filter *dynamic[PLUGIN_COUNT]; /* those that fewer pods can satisfy, in order */
    uint32_t dynamic_count;
    uint32_t *slots; /* nodes to try */
    uint32_t slot_count, slot_capacity;
    struct candidate candidates[2]; /* the best so far, and the one under way */
    struct lower *lower;            /* by importance */
    struct pod **gone;              /* those of `lower` that are not back */
    uint32_t lower_count, lower_capacity;
    uint64_t dry_runs; /* so far: says what is stale in budgets */
};

/* The verdict of the dynamic filters on the live table; the first one's that refuses. */
enum verdict preempt_verdict(const struct preemptor *preemptor, const struct filter_input *in,
                             uint32_t slot);

/* Which pods of the node, which passes the static filters, would have to leave; fills
 * candidates[1]. False: none would do, and why is counted. The cluster is afterwards as it was.
 * Cost: two filters and a few columns for each pod of lower priority. */
bool preempt_dry_run(struct preemptor *preemptor, const struct pod *pod,
                     const struct preempt_scope *scope, uint32_t slot, struct diagnosis *diagnosis);

#endif
