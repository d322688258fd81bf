/*
 * Preemption as kube-scheduler's DefaultPreemption does it (kube-scheduler.md A8, A14): which node
 * would take the pod if pods of lower priority left, and which pods. Pure: a dry run on the live
 * node table with an undo log; the deletes are sched/eviction.c's.
 *
 *     eligible? -> candidate nodes -> dry run each, from a random offset -> pick one
 */
#ifndef SCHED_PREEMPT_H
#define SCHED_PREEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/rng.h"
#include "model/cluster.h"
#include "policy/book.h"
#include "sched/budget.h"
#include "sched/nominator.h"

struct preemptor; /* opaque: scratch memory */

struct preempt_world {
    struct cluster *cluster; /* borrowed for its life, as the others */
    const struct nominator *nominator;
    const struct budgets *budgets;
    const struct book *book;
};

struct preemptor *preemptor_new(const struct preempt_world *world, uint64_t seed);
void preemptor_free(struct preemptor *preemptor);

/* Where victims may be sought. */
struct preempt_scope {
    const struct bitset *nodes;    /* lent */
    const struct bitset *matching; /* lent: of match_sync(), in sync */
    const struct unit_type *type;  /* NULL: none */
    /* The unit is full for this pod: only victims that free a slot of that very unit and group make
     * room, so at least one victim counts there (elastic-policies 1.6). POLICY_UNITS_MAX: no. */
    uint32_t full_unit;
    int64_t now_unix_s;
};

struct preempt_choice {
    uint32_t slot;
    uint32_t victim_count;
    struct pod **victims; /* most important first */
    uint32_t budget_violations;
};

enum preempt_answer {
    PREEMPT_FOUND,
    PREEMPT_NONE,       /* no node would help */
    PREEMPT_WAITING,    /* its victims of last time are still leaving: the nomination stays */
    PREEMPT_INELIGIBLE, /* preemptionPolicy: Never */
};

/* Whether its victims of last time are still leaving the node it is nominated to (A14.1): it is not
 * worth more of them. Of the scope `matching` and `type` count. */
bool preempt_is_waiting(const struct preemptor *preemptor, const struct pod *pod,
                        const struct preempt_scope *scope);

/* The choice is lent until the next call. Pods without a start time count as started now. What
 * kube-scheduler says about it (A13) is appended to `message`, with a space before it; NULL: not
 * wanted. */
enum preempt_answer preempt_find(struct preemptor *preemptor, const struct pod *pod,
                                 const struct preempt_scope *scope,
                                 const struct preempt_choice **ret_choice, struct buf *message);

#endif
