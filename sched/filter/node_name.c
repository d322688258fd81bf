/*
 * NodeName (kube-scheduler plugins/nodename; kube-scheduler.md A10, A4).
 *
 * The rule: a pod whose spec.nodeName is set fits only that node. A pod that waits for a scheduler
 * never has one (setting it is what binding means), so in the cycle this filter always says yes; it
 * answers the question "would this pod, as written, be allowed there" for a pod that names a node
 * already. No deviation. Not static: it depends on the pod, not on its shape.
 */
#include "sched/filter.h"

static enum verdict name_check(const struct filter_input *in, uint32_t slot)
{
    if (in->node_name_sym == SYM_EMPTY ||
        in->node_name_sym == in->cluster->nodes.nodes[slot]->name_sym)
        return VERDICT_FIT;
    return VERDICT_UNFIT_FINAL;
}

static uint64_t name_sweep(const struct filter_input *in, uint32_t block, uint64_t members)
{
    if (in->node_name_sym == SYM_EMPTY)
        return members;
    uint64_t named = 0;
    for (uint64_t rest = members; rest; rest &= rest - 1)
        if (name_check(in, block * NODE_BLOCK_SLOTS + (uint32_t)__builtin_ctzll(rest)) ==
            VERDICT_FIT)
            named |= rest & -rest;
    return named;
}

static bool name_tally_super(const struct filter_input *in, uint32_t super, uint32_t nodes,
                             struct filter_tally *tally)
{
    (void)super;
    (void)nodes;
    (void)tally;
    return in->node_name_sym == SYM_EMPTY; /* all pass */
}

static enum verdict name_explain(const struct filter_input *in, uint32_t slot,
                                 struct reasons *reasons)
{
    enum verdict verdict = name_check(in, slot);
    if (verdict != VERDICT_FIT)
        reasons_add(reasons, REASON_NODE_NAME, SYM_EMPTY);
    return verdict;
}

static bool name_hint(const struct filter_input *in, const struct wake_event *event)
{
    if (event->slot == NODE_SLOT_NONE)
        return true;
    const struct node *node = wake_node(in, event);
    return node != NULL && name_check(in, node->slot) == VERDICT_FIT;
}

const struct filter filter_node_name = {
    .name = "NodeName",
    .is_static = false,
    .wakes_on = WAKE_NODE_ADDED,
    .check = name_check,
    .sweep = name_sweep,
    .tally_super = name_tally_super,
    .reason = REASON_NODE_NAME,
    .explain = name_explain,
    .hint = name_hint,
};
