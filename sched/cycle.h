/*
 * One pod, top to bottom: which node? No callbacks, no waiting, no change to the cluster.
 *
 *     cycle_run()          what no node is asked for; a nominated node; then
 *       without a policy   all nodes are one scope
 *       with one           cycle_units.c: its units in order, by its rule
 */
#ifndef SCHED_CYCLE_H
#define SCHED_CYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/base/rng.h"
#include "model/cluster.h"
#include "policy/book.h"
#include "policy/sentence.h"
#include "sched/batch.h"
#include "sched/diagnosis.h"
#include "sched/nominator.h"
#include "sched/preempt.h"
#include "sched/score.h"
#include "sched/walk.h"

enum {
    CYCLE_PREDICATE_STEP = 64,   /* default */
    CYCLE_FEASIBLE_TARGET = 100, /* default: kube-scheduler's own least number */
    CYCLE_MESSAGE_BYTES_MAX = 64 * 1024,
};

struct cycle_config {
    uint32_t predicate_step;  /* nodes examined between two looks at the target */
    uint32_t feasible_target; /* 0: look at every node */
    int32_t percentage; /* kube's percentageOfNodesToScore, 0 adaptive; -1: use the two above */
    bool is_batched;    /* pods of equal shape share searches, and what they found out in vain */
    struct score_config score;
    uint64_t seed; /* for ties */
};

/* What a cycle reads; borrowed for its life. */
struct cycle_world {
    struct cluster *cluster;
    const struct nominator *nominator;
    struct book *book;
    const struct unit_types *types;
    struct preemptor *preemptor; /* NULL: preemption is off */
    int64_t wall_zero_ms;        /* wall time when the monotonic clock was 0 */
};

struct cycle {
    struct cycle_config config;
    struct cycle_world world;
    struct walk walk;
    struct rng rng;
    struct mono_ms now;                             /* of the run under way */
    uint32_t cursor;                                /* of a search among all nodes */
    struct bitset outside;                          /* scratch: nodes of no unit */
    struct unit_refusal refusals[POLICY_UNITS_MAX]; /* scratch, by unit */
    bool lacks[POLICY_UNITS_MAX];                   /* scratch, by unit */
    struct batch batch;                             /* private: the last search that found nodes */
};

/* What came out: a slot, or NODE_SLOT_NONE with the reasons. */
struct cycle_result {
    uint32_t slot;
    uint32_t unit_sym;   /* with a slot: the unit it is in; SYM_EMPTY: none */
    uint32_t rejectors;  /* 1 << enum plugin: who refused; 0 when a slot was found */
    bool is_unsupported; /* refused for what no new node would mend */
    bool
        is_for_group; /* any other pod of its policy group would be refused now, whatever it asks */
    struct mono_ms wake_at; /* time alone may help then; MONO_NEVER */
    uint32_t clock_sym;     /* the unit it waits in for a time; SYM_EMPTY: none */
    int64_t clock_ms;       /* and for how long */
    /* With victims: the pod is to be nominated there. Lent by the preemptor. */
    const struct preempt_choice *preemption;
    bool keeps_nomination; /* its victims are still leaving: the nomination stays */
};

void cycle_init(struct cycle *cycle, const struct cycle_config *config,
                const struct cycle_world *world);
void cycle_fini(struct cycle *cycle);

/* Decides for one pending pod. When no node is found, the sentence of kube-scheduler is written
 * over `message`, with policy/sentence.h's behind it. */
struct cycle_result cycle_run(struct cycle *cycle, struct pod *pod, struct mono_ms now,
                              struct buf *message);

#endif
