/*
 * TaintToleration (kube-scheduler plugins/tainttoleration; kube-scheduler.md A11).
 *
 * The rule:
 *   1. s = PreferNoSchedule taints of the node that no toleration tolerates; only tolerations with
 * an empty effect or PreferNoSchedule can (a toleration never matches another effect anyway)
 *   2. max = largest s of the list: when 0 all nodes get 100, else 100 - 100 * s / max
 * No deviation.
 */
#include "sched/score.h"

static bool taint_score_applies(const struct score_input *in)
{
    (void)in;
    return true;
}

static int64_t untolerated_count(const struct shape *shape, const struct taints *taints)
{
    int64_t count = 0;
    for (uint32_t i = 0; i < taints->count; i++)
        if (taints->items[i].effect == TAINT_PREFER_NO_SCHEDULE &&
            !tolerations_tolerate(shape->tolerations, shape->toleration_count, &taints->items[i]))
            count++;
    return count;
}

static void taint_score_run(const struct score_input *in, int64_t *ret_scores)
{
    const struct node_table *table = &in->cluster->nodes;
    if (table->soft_tainted.count == 0) {
        for (uint32_t i = 0, count = in->count; i < count; i++)
            ret_scores[i] = SCORE_MAX; /* 2 */
        return;
    }
    int64_t max = 0;
    for (uint32_t i = 0; i < in->count; i++) { /* 1; records of nodes are far apart in memory */
        uint32_t slot = in->slots[i];
        ret_scores[i] = bitset_test(&table->soft_tainted, slot)
                            ? untolerated_count(in->shape, &table->nodes[slot]->taints)
                            : 0;
        max = ret_scores[i] > max ? ret_scores[i] : max;
    }
    for (uint32_t i = 0; i < in->count; i++) /* 2 */
        ret_scores[i] = max == 0 ? SCORE_MAX : SCORE_MAX - SCORE_MAX * ret_scores[i] / max;
}

const struct score score_taint_toleration = {
    .name = "TaintToleration",
    .basis = SCORE_BY_LIST,
    .applies = taint_score_applies,
    .run = taint_score_run,
};
