/*
 * NodeUnschedulable (kube-scheduler plugins/nodeunschedulable; kube-scheduler.md A10, A4).
 *
 * The rule: a cordoned node takes only pods that tolerate
 * node.kubernetes.io/unschedulable:NoSchedule. No deviation.
 */
#include "model/names.h"
#include "sched/filter.h"

static bool shape_tolerates_cordon(const struct shape *shape)
{
    static const struct taint cordon = {
        .key_sym = NAME_TAINT_UNSCHEDULABLE,
        .value_sym = SYM_EMPTY,
        .effect = TAINT_NO_SCHEDULE,
    };
    return tolerations_tolerate(shape->tolerations, shape->toleration_count, &cordon);
}

static enum verdict unschedulable_check(const struct filter_input *in, uint32_t slot)
{
    if (!in->cluster->nodes.nodes[slot]->is_unschedulable || shape_tolerates_cordon(in->shape))
        return VERDICT_FIT;
    return VERDICT_UNFIT_FINAL;
}

static enum verdict unschedulable_explain(const struct filter_input *in, uint32_t slot,
                                          struct reasons *reasons)
{
    enum verdict verdict = unschedulable_check(in, slot);
    if (verdict != VERDICT_FIT)
        reasons_add(reasons, REASON_UNSCHEDULABLE, SYM_EMPTY);
    return verdict;
}

/* The node fits now, and this event is what made it fit. */
static bool unschedulable_hint(const struct filter_input *in, const struct wake_event *event)
{
    if (event->slot == NODE_SLOT_NONE)
        return true;
    const struct node *node = wake_node(in, event);
    if (node == NULL || unschedulable_check(in, node->slot) != VERDICT_FIT)
        return false;
    if (event->kind == WAKE_NODE_ADDED || event->before == NULL)
        return true;
    return event->before->is_unschedulable && !shape_tolerates_cordon(in->shape);
}

const struct filter filter_node_unschedulable = {
    .name = "NodeUnschedulable",
    .is_static = true,
    .wakes_on = WAKE_NODE_ADDED | WAKE_NODE_TAINTS,
    .check = unschedulable_check,
    .reason = REASON_UNSCHEDULABLE,
    .explain = unschedulable_explain,
    .hint = unschedulable_hint,
};
