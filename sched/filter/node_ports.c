/*
 * NodePorts (kube-scheduler plugins/nodeports; kube-scheduler.md A10, A4).
 *
 * The rule: none of the pod's host ports may be in use on the node. Two conflict when
 *   1. port and protocol are the same, and
 *   2. the IP is the same, or one of the two is the wildcard ("" or 0.0.0.0).
 *
 * Deviations. "::" is a wildcard too: a socket bound to it takes the port of every address, and
 * kube's narrower reading only moves the failure to the kubelet. A pod's removal wakes only when it
 * freed a port we want and all ours are free now, and a new node only when they are free on it:
 * kube wakes on every node added. Nothing is lost, because only that node changed and it still
 * refuses.
 */
#include "model/node_ports.h"
#include "sched/filter.h"

static enum verdict ports_check(const struct filter_input *in, uint32_t slot)
{
    const struct shape *shape = in->shape;
    if (shape->port_count == 0)
        return VERDICT_FIT;
    const struct node *node = in->cluster->nodes.nodes[slot];
    return node_ports_conflict(node, shape->ports, shape->port_count) ? VERDICT_UNFIT : VERDICT_FIT;
}

static uint64_t ports_sweep(const struct filter_input *in, uint32_t block, uint64_t members)
{
    if (in->shape->port_count == 0)
        return members;
    uint64_t free = 0;
    for (uint64_t rest = members; rest; rest &= rest - 1)
        if (ports_check(in, block * NODE_BLOCK_SLOTS + (uint32_t)__builtin_ctzll(rest)) ==
            VERDICT_FIT)
            free |= rest & -rest;
    return free;
}

static bool ports_tally_super(const struct filter_input *in, uint32_t super, uint32_t nodes,
                              struct filter_tally *tally)
{
    (void)super;
    (void)nodes;
    (void)tally;
    return in->shape->port_count == 0; /* all pass */
}

static enum verdict ports_explain(const struct filter_input *in, uint32_t slot,
                                  struct reasons *reasons)
{
    enum verdict verdict = ports_check(in, slot);
    if (verdict != VERDICT_FIT)
        reasons_add(reasons, REASON_PORTS, SYM_EMPTY);
    return verdict;
}

static bool ports_hint(const struct filter_input *in, const struct wake_event *event)
{
    const struct shape *shape = in->shape;
    if (event->kind == WAKE_POD_REMOVED &&
        !host_ports_conflict(shape->ports, shape->port_count, event->freed_ports,
                             event->freed_port_count))
        return false;
    if (event->slot == NODE_SLOT_NONE)
        return true;
    const struct node *node = wake_node(in, event);
    return node != NULL && ports_check(in, node->slot) == VERDICT_FIT;
}

const struct filter filter_node_ports = {
    .name = "NodePorts",
    .is_static = false,
    .wakes_on = WAKE_NODE_ADDED | WAKE_POD_REMOVED,
    .check = ports_check,
    .sweep = ports_sweep,
    .tally_super = ports_tally_super,
    .reason = REASON_PORTS,
    .explain = ports_explain,
    .hint = ports_hint,
};
