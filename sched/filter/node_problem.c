/*
 * NodeProblem: a node whose object could not be read as written (a negative allocatable, a label
 * set over the limits) takes no pods until it is mended. kube-scheduler has no such rule: its
 * apiserver client drops the object with an error of its own.
 */
#include "sched/filter.h"

static enum verdict node_problem_check(const struct filter_input *in, uint32_t slot)
{
    return in->cluster->nodes.nodes[slot]->has_problem ? VERDICT_UNFIT_FINAL : VERDICT_FIT;
}

static enum verdict node_problem_explain(const struct filter_input *in, uint32_t slot,
                                         struct reasons *reasons)
{
    enum verdict verdict = node_problem_check(in, slot);
    if (verdict != VERDICT_FIT)
        reasons_add(reasons, REASON_PROBLEM, SYM_EMPTY);
    return verdict;
}

/* A node that was mended is reported as added. */
static bool node_problem_hint(const struct filter_input *in, const struct wake_event *event)
{
    const struct node *node = wake_node(in, event);
    return node && !node->has_problem;
}

const struct filter filter_node_problem = {
    .name = "NodeProblem",
    .is_static = true,
    .wakes_on = WAKE_NODE_ADDED,
    .check = node_problem_check,
    .reason = REASON_PROBLEM,
    .explain = node_problem_explain,
    .hint = node_problem_hint,
};
