/* What cycle.c and cycle_units.c share. */
#ifndef SCHED_CYCLE_PRIVATE_H
#define SCHED_CYCLE_PRIVATE_H

#include "sched/cycle.h"

/* Searches one scope and scores; NODE_SLOT_NONE: no node of it takes the pod. */
uint32_t cycle_search(struct cycle *cycle, const struct pod *pod, const struct walk_scope *scope);

/* The node someone nominated the pod to, when it is in `nodes` and passes: no scoring, no further
 * look (kube-scheduler.md A5.3). */
uint32_t cycle_nominated(const struct cycle *cycle, const struct pod *pod,
                         const struct bitset *nodes, const struct unit_type *type);

/* Wall seconds of a point in time, rounded up: what is said is never too early. */
static inline int64_t cycle_wall_s(const struct cycle *cycle, struct mono_ms at)
{
    return (at.ms + cycle->world.wall_zero_ms + 999) / 1000;
}

/* Asks the preemptor, when there is one, for room in the scope. Its words go behind `message`;
 * NULL: not wanted. */
bool cycle_preempt(struct cycle *cycle, const struct pod *pod, const struct preempt_scope *scope,
                   struct cycle_result *result, struct buf *message);

/* cycle_units.c: the pod's policy rules where it may go. */
struct cycle_result cycle_run_units(struct cycle *cycle, struct pod *pod,
                                    const struct policy *policy, struct mono_ms now,
                                    struct buf *message);

#endif
