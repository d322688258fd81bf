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
#include "model/names.h"
#include "sched/filter.h"

static bool ip_is_any(uint32_t ip_sym)
{
    return ip_sym == SYM_EMPTY || ip_sym == NAME_ANY_IPV4 || ip_sym == NAME_ANY_IPV6;
}

static bool ports_conflict(const struct host_port *a, const struct host_port *b)
{
    if (a->port != b->port || a->protocol != b->protocol) /* 1 */
        return false;
    return a->ip_sym == b->ip_sym || ip_is_any(a->ip_sym) || ip_is_any(b->ip_sym); /* 2 */
}

static enum verdict ports_check(const struct filter_input *in, uint32_t slot)
{
    const struct shape *shape = in->shape;
    if (shape->port_count == 0)
        return VERDICT_FIT;
    const struct node *node = in->cluster->nodes.nodes[slot];
    for (uint32_t i = 0; i < shape->port_count; i++)
        for (uint32_t k = 0; k < node->port_count; k++)
            if (ports_conflict(&shape->ports[i], &node->ports[k].port))
                return VERDICT_UNFIT;
    return VERDICT_FIT;
}

static enum verdict ports_explain(const struct filter_input *in, uint32_t slot,
                                  struct reasons *reasons)
{
    enum verdict verdict = ports_check(in, slot);
    if (verdict != VERDICT_FIT)
        reasons_add(reasons, REASON_PORTS, SYM_EMPTY);
    return verdict;
}

static bool event_freed_ours(const struct shape *shape, const struct wake_event *event)
{
    for (uint32_t i = 0; i < shape->port_count; i++)
        for (uint32_t k = 0; k < event->freed_port_count; k++)
            if (ports_conflict(&shape->ports[i], &event->freed_ports[k]))
                return true;
    return false;
}

static bool ports_hint(const struct filter_input *in, const struct wake_event *event)
{
    if (event->kind == WAKE_POD_REMOVED && !event_freed_ours(in->shape, event))
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
    .explain = ports_explain,
    .hint = ports_hint,
};
