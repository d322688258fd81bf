/*
 * One pod, top to bottom: which node? No callbacks, no waiting, no change to the cluster.
 */
#ifndef SCHED_CYCLE_H
#define SCHED_CYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/base/rng.h"
#include "model/cluster.h"
#include "policy/unit.h"
#include "sched/diagnosis.h"
#include "sched/nominator.h"
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
    struct score_config score;
    uint64_t seed; /* for ties */
};

struct cycle {
    struct cycle_config config;
    struct unit unit;
    struct walk walk;
    struct rng rng;
    int64_t *totals, *scratch; /* private: by feasible node */
    uint32_t score_capacity;   /* private */
};

/* What came out: a slot, or NODE_SLOT_NONE with the reasons. */
struct cycle_result {
    uint32_t slot;
    uint32_t rejectors;  /* 1 << enum plugin: who refused; 0 when a slot was found */
    bool is_unsupported; /* refused for what this version cannot do, not for lack of room */
};

void cycle_init(struct cycle *cycle, const struct cycle_config *config,
                const struct cluster *cluster);
void cycle_fini(struct cycle *cycle);

/* Decides for one pending pod. When no node is found, the sentence of kube-scheduler is written
 * over `message`. */
struct cycle_result cycle_run(struct cycle *cycle, struct cluster *cluster,
                              const struct nominator *nominator, struct pod *pod,
                              struct buf *message);

#endif
