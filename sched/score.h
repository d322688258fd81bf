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

/* What a score is made of: so that one knows what to compute anew after a change. */
enum score_basis {
    SCORE_BY_USAGE = 1 << 0, /* the node's own usage, and what is static of it */
    SCORE_BY_NODE = 1 << 1,  /* what is static of the node and of the cluster */
    SCORE_BY_LIST = 1 << 2,  /* that of all nodes of the list: rated against the best of them */
};

enum {
    SCORE_STEADY =
        SCORE_BY_NODE | SCORE_BY_LIST, /* stays when a pod is put on a node of the list */
    SCORE_ALL = SCORE_STEADY | SCORE_BY_USAGE,
};

struct score {
    const char *name;
    enum score_basis basis;
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

/* Adds the weighted scores of these bases to totals[i]; `scratch` has room for `count` too. CHECKs
 * each score is 0..100. Returns whether a score by list told nodes apart: if none did, each node
 * keeps its scores when others leave the list. */
bool scores_add(const struct score_input *in, uint32_t bases, int64_t *scratch, int64_t *totals);

#endif
