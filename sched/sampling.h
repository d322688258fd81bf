/*
 * kube-scheduler's percentageOfNodesToScore (kube-scheduler.md A6, A18.3): how many feasible nodes
 * are enough, and where the next search starts.
 *
 * The rule:
 *   1. candidates: all nodes; or, when every required term names its nodes, only those named
 *   2. enough: the percentage of the candidates (sched/walk.h); 1 when nothing is scored
 *   3. the start moves by the nodes looked at: candidates up to the last one visited, and the
 *      nominated node that was asked before, once; it wraps on the list of all nodes
 *
 * Deviation: nodes stand in the order of their slots, not zone by zone in turn.
 */
#ifndef SCHED_SAMPLING_H
#define SCHED_SAMPLING_H

#include "sched/walk.h"

struct walk_limits sampling_limits(const struct cluster *cluster, const struct shape *shape,
                                   uint32_t percentage, bool has_scores);

/* After a walk that began at `start`, visited so many of the scope's nodes, and came after a look at
 * the nominated node in vain, if there is one. */
void sampling_move_start(const struct walk_scope *scope, const struct cluster *cluster, const struct pod *pod,
                         uint32_t start, uint32_t visited);

#endif
