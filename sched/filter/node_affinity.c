/*
 * NodeAffinity (kube-scheduler plugins/nodeaffinity; kube-scheduler.md A10, A4).
 *
 * The rule, both parts required:
 *   1. nodeSelector: the node has every label with that value
 *   2. requiredDuringSchedulingIgnoredDuringExecution: one of the terms matches; a term without
 *      requirements matches nothing, and neither does a list without terms
 *
 * Terms that name their nodes narrow the search beforehand: node_affinity_names.c. Deviation: a
 * profile's addedAffinity does not exist here.
 */
#include "sched/filter.h"

static bool shape_matches(const struct filter_input *in, const struct labels *labels,
                          uint32_t node_name_sym)
{
    const struct shape *shape = in->shape;
    for (uint32_t i = 0; i < shape->node_selector_count; i++) /* 1 */
        if (labels_get(labels, shape->node_selector[i].key_sym) !=
            shape->node_selector[i].value_sym)
            return false;
    if (!shape->has_required_terms) /* 2 */
        return true;
    for (uint32_t i = 0; i < shape->required_term_count; i++)
        if (node_term_matches(&shape->required_terms[i], labels, node_name_sym,
                              in->cluster->symbols))
            return true;
    return false;
}

static enum verdict affinity_check(const struct filter_input *in, uint32_t slot)
{
    const struct node *node = in->cluster->nodes.nodes[slot];
    return shape_matches(in, &node->labels, node->name_sym) ? VERDICT_FIT : VERDICT_UNFIT_FINAL;
}

static enum verdict affinity_explain(const struct filter_input *in, uint32_t slot,
                                     struct reasons *reasons)
{
    enum verdict verdict = affinity_check(in, slot);
    if (verdict != VERDICT_FIT)
        reasons_add(reasons, REASON_AFFINITY, SYM_EMPTY);
    return verdict;
}

/* Added: matches. Changed: did not match before and does now. */
static bool affinity_hint(const struct filter_input *in, const struct wake_event *event)
{
    if (event->slot == NODE_SLOT_NONE)
        return true;
    const struct node *node = wake_node(in, event);
    if (node == NULL || affinity_check(in, node->slot) != VERDICT_FIT)
        return false;
    if (event->kind == WAKE_NODE_ADDED || event->before == NULL)
        return true;
    return !shape_matches(in, &event->before->labels, node->name_sym);
}

const struct filter filter_node_affinity = {
    .name = "NodeAffinity",
    .is_static = true,
    .wakes_on = WAKE_NODE_ADDED | WAKE_NODE_LABELS,
    .check = affinity_check,
    .reason = REASON_AFFINITY,
    .explain = affinity_explain,
    .hint = affinity_hint,
};
