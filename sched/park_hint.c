/* Hints for parked pods. With a policy, only its units' nodes count, each as that unit sees it. */
#include "sched/park.h"

uint32_t park_listeners(enum wake_kind kind)
{
    uint32_t plugins = 0;
    for (uint32_t i = 0; i < PLUGIN_COUNT; i++)
        plugins |= filters[i] && filters[i]->wakes_on & kind ? 1u << i : 0;
    if (kind & (WAKE_NODE_ADDED | WAKE_NODE_LABELS)) /* a node may have joined a unit */
        plugins |= 1u << PLUGIN_UNITS;
    return plugins;
}

/* The plug-in's own hint; a unit that was refused as a whole gains a node that takes the pod. */
static bool ask(const struct filter_input *in, uint32_t plugin, const struct wake_event *event)
{
    if (plugin != PLUGIN_UNITS)
        return filters[plugin]->hint(in, event);
    if (event->slot == NODE_SLOT_NONE)
        return true;
    if (!wake_node(in, event))
        return false;
    struct reasons reasons;
    reasons.count = 0;
    enum plugin refused_by;
    return filters_explain(in, event->slot, &reasons, &refused_by) == VERDICT_FIT;
}

static bool ask_units(const struct park_world *world, const struct pod *sample, uint32_t plugin,
                      const struct wake_event *event)
{
    struct err err = {0};
    const struct policy *policy = book_policy(world->book, sample, &err);
    if (!policy)
        return false; /* only an edit helps */
    struct filter_input in = {.cluster = world->cluster, .shape = sample->shape};
    bool is_inside = false;
    for (uint32_t unit = 0; unit < policy->unit_count; unit++) {
        if (!bitset_test(book_unit_nodes(world->book, sample, unit), event->slot))
            continue;
        is_inside = true;
        in.type = &world->types->items[policy->units[unit].type];
        if (ask(&in, plugin, event))
            return true;
    }
    in.type = NULL;
    return !is_inside && policy->overflow == OVERFLOW_ANYWHERE && ask(&in, plugin, event);
}

bool park_hint(const struct park_world *world, const struct pod *sample, uint32_t plugin,
               const struct wake_event *event)
{
    if (pod_policy_entry(sample) && event->slot != NODE_SLOT_NONE)
        return ask_units(world, sample, plugin, event);
    const struct filter_input in = {.cluster = world->cluster, .shape = sample->shape};
    return ask(&in, plugin, event);
}

uint32_t park_refusers(const struct park_world *world, const struct pod *sample,
                       const struct wake_event *event)
{
    const struct filter_input in = {.cluster = world->cluster, .shape = sample->shape};
    bool is_room = event->kind & (WAKE_POD_REMOVED | WAKE_POD_SCALED_DOWN);
    const struct node *node = event->slot == NODE_SLOT_NONE ? NULL : wake_node(&in, event);
    uint32_t refusers = 0;
    for (uint32_t i = 0; node && i < PLUGIN_COUNT; i++)
        if (filters[i] && (filters[i]->is_static || is_room) &&
            filters[i]->check(&in, node->slot) != VERDICT_FIT)
            refusers |= 1u << i;
    return refusers;
}
