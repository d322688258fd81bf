/*
 * TaintToleration (kube-scheduler plugins/tainttoleration; kube-scheduler.md A10, A4).
 *
 * The rule: every NoSchedule and NoExecute taint of the node must be tolerated; PreferNoSchedule is
 * a matter of the score. tolerationSeconds does not matter. The text is that of 1.35 and later,
 * which names no taint. In a unit of a type (virtual nodes) the type's NoSchedule taints are
 * tolerated for the pod. Deviation: the alpha operators Gt and Lt of tolerations tolerate nothing.
 */
#include "sched/filter.h"

static bool tolerates(const struct filter_input *in, const struct taints *taints)
{
    const struct shape *shape = in->shape;
    const struct unit_type *type = in->type;
    if (!type || type->toleration_count == 0)
        return taints_first_untolerated(taints, shape->tolerations, shape->toleration_count) ==
               NULL;
    for (uint32_t i = 0; i < taints->count; i++) {
        const struct taint *taint = &taints->items[i];
        bool keeps_away = taint->effect == TAINT_NO_SCHEDULE || taint->effect == TAINT_NO_EXECUTE;
        if (keeps_away &&
            !tolerations_tolerate(shape->tolerations, shape->toleration_count, taint) &&
            !tolerations_tolerate(type->tolerations, type->toleration_count, taint))
            return false;
    }
    return true;
}

static enum verdict taint_check(const struct filter_input *in, uint32_t slot)
{
    const struct node *node = in->cluster->nodes.nodes[slot];
    return tolerates(in, &node->taints) ? VERDICT_FIT : VERDICT_UNFIT_FINAL;
}

static enum verdict taint_explain(const struct filter_input *in, uint32_t slot,
                                  struct reasons *reasons)
{
    enum verdict verdict = taint_check(in, slot);
    if (verdict != VERDICT_FIT)
        reasons_add(reasons, REASON_TAINT, SYM_EMPTY);
    return verdict;
}

/* Added: tolerated. Changed: untolerated before, tolerated now. */
static bool taint_hint(const struct filter_input *in, const struct wake_event *event)
{
    if (event->slot == NODE_SLOT_NONE)
        return true;
    const struct node *node = wake_node(in, event);
    if (node == NULL || taint_check(in, node->slot) != VERDICT_FIT)
        return false;
    if (event->kind == WAKE_NODE_ADDED || event->before == NULL)
        return true;
    return !tolerates(in, &event->before->taints);
}

const struct filter filter_taint_toleration = {
    .name = "TaintToleration",
    .is_static = true,
    .wakes_on = WAKE_NODE_ADDED | WAKE_NODE_TAINTS,
    .check = taint_check,
    .reason = REASON_TAINT,
    .explain = taint_explain,
    .hint = taint_hint,
};
