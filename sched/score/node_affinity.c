/*
 * NodeAffinity (kube-scheduler plugins/nodeaffinity; kube-scheduler.md A11).
 *
 * The rule:
 *   1. skipped when the pod has no preferred terms
 *   2. s = sum of the weights of the preferred terms that match the node
 *   3. max = largest s of the list: when 0 all nodes get 0, else 100 * s / max
 * The apiserver admits weights of 1 to 100 only; a term with any other weight below 1 counts
 * nothing.
 */
#include "sched/score.h"

static bool affinity_score_applies(const struct score_input *in)
{
    return in->shape->preferred_term_count > 0; /* 1 */
}

static int64_t matching_weight(const struct score_input *in, const struct node *node)
{
    int64_t weight = 0;
    for (uint32_t i = 0; i < in->shape->preferred_term_count; i++) {
        const struct preferred_term *preferred = &in->shape->preferred_terms[i];
        if (preferred->weight > 0 && node_term_matches(&preferred->term, &node->labels,
                                                       node->name_sym, in->cluster->symbols))
            weight += preferred->weight;
    }
    return weight;
}

static void affinity_score_run(const struct score_input *in, int64_t *ret_scores)
{
    int64_t max = 0;
    for (uint32_t i = 0; i < in->count; i++) { /* 2 */
        ret_scores[i] = matching_weight(in, in->cluster->nodes.nodes[in->slots[i]]);
        max = ret_scores[i] > max ? ret_scores[i] : max;
    }
    for (uint32_t i = 0; i < in->count; i++) /* 3 */
        ret_scores[i] = max == 0 ? 0 : SCORE_MAX * ret_scores[i] / max;
}

const struct score score_node_affinity = {
    .name = "NodeAffinity",
    .basis = SCORE_BY_LIST,
    .applies = affinity_score_applies,
    .run = affinity_score_run,
};
