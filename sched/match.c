#include "sched/match.h"

#include "sched/filter.h"

static bool passes_static(const struct filter_input *in, uint32_t slot)
{
    const struct node *node = in->cluster->nodes.nodes[slot];
    if (!node || !node->is_present)
        return false;
    for (uint32_t i = 0; i < PLUGIN_COUNT; i++)
        if (filters[i] && filters[i]->is_static && filters[i]->check(in, slot) != VERDICT_FIT)
            return false;
    return true;
}

static void match_slot(const struct filter_input *in, struct shape *shape, uint32_t slot)
{
    if (passes_static(in, slot))
        bitset_set(&shape->matches, slot);
    else
        bitset_clear(&shape->matches, slot);
}

static void match_all(const struct filter_input *in, struct shape *shape)
{
    bitset_zero(&shape->matches);
    bitset_reserve(&shape->matches, in->cluster->nodes.slot_count);
    for (uint32_t slot = 0; slot < in->cluster->nodes.slot_count; slot++)
        match_slot(in, shape, slot);
}

void match_sync(const struct cluster *cluster, struct shape *shape)
{
    const struct filter_input in = {.cluster = cluster, .shape = shape};
    uint64_t end = cluster->nodes.static_log_end;
    for (uint64_t at = shape->matched_to; at < end; at++) {
        uint32_t slot;
        if (!node_table_static_log(&cluster->nodes, at, &slot)) {
            match_all(&in, shape);
            break;
        }
        match_slot(&in, shape, slot);
    }
    shape->matched_to = end;
}

void match_drop(struct shape *shape)
{
    bitset_fini(&shape->matches);
    shape->matched_to = 0;
}
