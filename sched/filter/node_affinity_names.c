/*
 * NodeAffinity's PreFilter (kube-scheduler plugins/nodeaffinity; kube-scheduler.md A5.4, A10): when
 * every required term names its nodes by metadata.name In, only those nodes are looked at. Pods of
 * DaemonSets come this way.
 *
 * The rule:
 *   1. some term names no node: nothing is narrowed
 *   2. else a node named by no term is refused before every other filter, in words of its own
 *   3. but the node that the pod is nominated to was asked before the search was narrowed: its
 *      other filters say why not, NodeAffinity at the latest
 * Terms that contradict each other refuse the pod as a whole: sched/cycle.c.
 */
#include "sched/filter.h"

static enum verdict names_check(const struct filter_input *in, uint32_t slot)
{
    const struct shape *shape = in->shape;
    if (!node_terms_are_named(shape->required_terms, shape->required_term_count)) /* 1 */
        return VERDICT_FIT;
    uint32_t name_sym = in->cluster->nodes.nodes[slot]->name_sym;
    return node_terms_name(shape->required_terms, shape->required_term_count, name_sym) /* 2 */
               ? VERDICT_FIT
               : VERDICT_UNFIT_FINAL;
}

static enum verdict names_explain(const struct filter_input *in, uint32_t slot,
                                  struct reasons *reasons)
{
    enum verdict verdict = in->is_nominated ? VERDICT_FIT : names_check(in, slot); /* 3 */
    if (verdict != VERDICT_FIT)
        reasons_add(reasons, REASON_NOT_NAMED, SYM_EMPTY);
    return verdict;
}

/* A node never changes its name: only a new one can help. */
static bool names_hint(const struct filter_input *in, const struct wake_event *event)
{
    if (event->slot == NODE_SLOT_NONE)
        return true;
    const struct node *node = wake_node(in, event);
    return node != NULL && names_check(in, node->slot) == VERDICT_FIT;
}

const struct filter filter_node_affinity_names = {
    .name = "NodeAffinity",
    .is_static = true,
    .wakes_on = WAKE_NODE_ADDED,
    .check = names_check,
    .reason = REASON_NOT_NAMED,
    .explain = names_explain,
    .hint = names_hint,
};
