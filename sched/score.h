/*
 * A score rates the nodes that passed the filters, 0 to 100 each, in kube-scheduler's exact integer
 * arithmetic (kube-scheduler.md A11). One const struct in one file under sched/score/; listed in
 * sched/scores.def. Scores work on a whole list of nodes at once, so that they sweep columns.
 */
#ifndef SCHED_SCORE_H
#define SCHED_SCORE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/err.h"
#include "model/cluster.h"

enum score_id {
#define SCORE(id, name, weight, symbol) SCORE_##id,
#include "sched/scores.def"
#undef SCORE
    SCORE_COUNT
};

enum fit_strategy { FIT_LEAST_ALLOCATED, FIT_MOST_ALLOCATED, FIT_REQUESTED_TO_CAPACITY };

enum { SCORE_RESOURCES_MAX = 16, SCORE_POINTS_MAX = 16, SCORE_MAX = 100 };

struct score_resource {
    uint32_t name_sym;
    int64_t weight; /* 1 to 100 */
};

/* A point of RequestedToCapacityRatio's curve: utilisation 0..100, ascending; score 0..100 (the
 * configuration's 0..10 times 10). */
struct score_point {
    int64_t utilization, score;
};

struct score_config {
    int64_t weights[SCORE_COUNT]; /* 0: the plug-in is off */
    enum fit_strategy strategy;
    uint32_t resource_count; /* of NodeResourcesFit */
    struct score_resource resources[SCORE_RESOURCES_MAX];
    uint32_t point_count;
    struct score_point points[SCORE_POINTS_MAX];
    bool is_balance_neutral; /* BalancedAllocation as of 1.36: 50 + (50 + with - without) / 2 */
};

/* The default profile: LeastAllocated over cpu and memory, weights of scores.def, the balance of
 * 1.36. */
void score_config_init(struct score_config *config);

/* Parse what flags give; errors say what was expected.
 *   weights:  "TaintToleration=3,ImageLocality=0"
 *   strategy: "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio:0=0,100=10"
 *   resources: "cpu=1,memory=1,nvidia.com/gpu=5" */
int score_config_set_weights(struct score_config *config, const char *text, struct err *err);
int score_config_set_strategy(struct score_config *config, const char *text, struct err *err);
int score_config_set_resources(struct score_config *config, struct symbols *symbols,
                               const char *text, struct err *err);

struct score_input {
    const struct cluster *cluster;
    const struct shape *shape;
    const struct score_config *config;
    const uint32_t *slots; /* feasible nodes */
    uint32_t count;
};

struct score {
    const char *name;
    /* False: skipped for this pod, as the plug-in's PreScore does; counts as 0 for all nodes. */
    bool (*applies)(const struct score_input *in);
    /* ret_scores[i] for slots[i], normalised to 0..100. */
    void (*run)(const struct score_input *in, int64_t *ret_scores);
};

#define SCORE(id, name, weight, symbol) extern const struct score score_##symbol;
#include "sched/scores.def"
#undef SCORE

/* By enum score_id. Default weights are those of scores.def. */
extern const struct score *const scores[SCORE_COUNT];

/* Weighted sums into ret_totals[i]; `scratch` has room for `count` too. CHECKs each score is
 * 0..100. */
void scores_sum(const struct score_input *in, int64_t *scratch, int64_t *ret_totals);

#endif
