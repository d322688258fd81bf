#include "sched/match.h"

#include <stdlib.h>

#include "model/base/mem.h"
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

static void match_slot(const struct filter_input *in, struct bitset *matches, uint32_t slot)
{
    if (passes_static(in, slot))
        bitset_set(matches, slot);
    else
        bitset_clear(matches, slot);
}

static void match_all(const struct filter_input *in, struct bitset *matches)
{
    bitset_zero(matches);
    bitset_reserve(matches, in->cluster->nodes.slot_count);
    for (uint32_t slot = 0; slot < in->cluster->nodes.slot_count; slot++)
        match_slot(in, matches, slot);
}

struct match_cache *match_cache(struct shape *shape, const struct unit_types *types, uint32_t type)
{
    CHECK(type < types->count);
    if (types->items[type].toleration_count == 0)
        return &shape->match;
    if (!shape->typed)
        shape->typed = mem_zalloc(UNIT_TYPES_MAX, sizeof(*shape->typed));
    return &shape->typed[type];
}

const struct bitset *match_sync(const struct cluster *cluster, struct shape *shape,
                                const struct unit_types *types, uint32_t type)
{
    struct match_cache *cache = match_cache(shape, types, type);
    const struct filter_input in = {
        .cluster = cluster, .shape = shape, .type = &types->items[type]};
    uint64_t end = cluster->nodes.static_log_end;
    for (uint64_t at = cache->matched_to; at < end; at++) {
        uint32_t slot;
        if (!node_table_static_log(&cluster->nodes, at, &slot)) {
            match_all(&in, &cache->matches);
            break;
        }
        match_slot(&in, &cache->matches, slot);
    }
    cache->matched_to = end;
    return &cache->matches;
}

static void cache_drop(struct match_cache *cache)
{
    bitset_fini(&cache->matches);
    cache->matched_to = 0;
    cache->barren = NULL;
}

void match_drop(struct shape *shape)
{
    cache_drop(&shape->match);
    for (uint32_t i = 0; shape->typed && i < UNIT_TYPES_MAX; i++)
        cache_drop(&shape->typed[i]);
    free(shape->typed);
    shape->typed = NULL;
    free(shape->refusal);
    shape->refusal = NULL;
}
