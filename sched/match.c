#include "sched/match.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "sched/filter.h"

/* Static filters are numbered from 1 in their order; 0: none of them. */
static uint32_t filter_number(enum plugin filter)
{
    uint32_t number = 0;
    for (uint32_t i = 0; i <= filter; i++)
        number += filters[i] && filters[i]->is_static;
    return number;
}

/* The number of the first filter that refuses a present node. */
static uint32_t find_refusal(const struct filter_input *in, uint32_t slot)
{
    uint32_t number = 0;
    for (uint32_t i = 0; i < PLUGIN_COUNT; i++) {
        if (!filters[i] || !filters[i]->is_static)
            continue;
        number++;
        if (filters[i]->check(in, slot) != VERDICT_FIT)
            return number;
    }
    return 0;
}

static void planes_set(struct match_cache *cache, uint32_t slot, uint32_t number)
{
    CHECK(number < 1u << MATCH_PLANES);
    uint64_t *planes = cache->planes[slot / NODE_BLOCK_SLOTS];
    uint32_t bit = slot % NODE_BLOCK_SLOTS;
    for (uint32_t k = 0; k < MATCH_PLANES; k++)
        planes[k] = (planes[k] & ~(UINT64_C(1) << bit)) | (uint64_t)(number >> k & 1) << bit;
}

static void match_slot(const struct filter_input *in, struct match_cache *cache, uint32_t slot)
{
    bool is_present = bitset_test(&in->cluster->nodes.present, slot);
    uint32_t number = is_present ? find_refusal(in, slot) : 0;
    if (is_present && number == 0)
        bitset_set(&cache->matches, slot);
    else
        bitset_clear(&cache->matches, slot);
    if (cache->planes)
        planes_set(cache, slot, number);
}

static void match_all(const struct filter_input *in, struct match_cache *cache)
{
    bitset_zero(&cache->matches);
    bitset_reserve(&cache->matches, in->cluster->nodes.slot_count);
    for (uint32_t slot = 0; slot < in->cluster->nodes.slot_count; slot++)
        match_slot(in, cache, slot);
}

/* Room for all slots of today. */
static void reserve_planes(struct match_cache *cache, uint32_t slot_count)
{
    uint32_t needed = (slot_count + NODE_BLOCK_SLOTS - 1) / NODE_BLOCK_SLOTS;
    if (cache->planes && needed <= cache->plane_blocks)
        return;
    uint32_t grown = (uint32_t)mem_grow(cache->plane_blocks, needed);
    cache->planes = mem_resize(cache->planes, grown, sizeof(*cache->planes));
    memset(cache->planes + cache->plane_blocks, 0,
           (grown - cache->plane_blocks) * sizeof(*cache->planes));
    cache->plane_blocks = grown;
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

static void cache_sync(struct match_cache *cache, const struct filter_input *in)
{
    const struct node_table *nodes = &in->cluster->nodes;
    uint64_t end = nodes->static_log_end;
    if (cache->planes)
        reserve_planes(cache, nodes->slot_count);
    for (uint64_t at = cache->matched_to; at < end; at++) {
        uint32_t slot;
        if (!node_table_static_log(nodes, at, &slot)) {
            match_all(in, cache);
            break;
        }
        match_slot(in, cache, slot);
    }
    cache->matched_to = end;
}

const struct bitset *match_sync(const struct cluster *cluster, struct shape *shape,
                                const struct unit_types *types, uint32_t type)
{
    struct match_cache *cache = match_cache(shape, types, type);
    cache_sync(cache, &(struct filter_input){
                          .cluster = cluster, .shape = shape, .type = &types->items[type]});
    return &cache->matches;
}

const struct match_cache *match_sync_refusals(const struct cluster *cluster, struct shape *shape,
                                              const struct unit_types *types, uint32_t type)
{
    struct match_cache *cache = match_cache(shape, types, type);
    const struct filter_input in = {
        .cluster = cluster, .shape = shape, .type = &types->items[type]};
    cache_sync(cache, &in);
    if (cache->planes)
        return cache;
    const struct bitset *present = &cluster->nodes.present;
    reserve_planes(cache, cluster->nodes.slot_count);
    for (uint32_t slot = bitset_next(present, 0); slot != UINT32_MAX;
         slot = bitset_next(present, slot + 1))
        if (!bitset_test(&cache->matches, slot))
            planes_set(cache, slot, find_refusal(&in, slot));
    return cache;
}

uint64_t match_refused_by(const struct match_cache *cache, uint32_t block, enum plugin filter)
{
    CHECK(cache->planes && filters[filter] && filters[filter]->is_static);
    if (block >= cache->plane_blocks)
        return 0;
    uint32_t number = filter_number(filter);
    uint64_t refused = UINT64_MAX;
    for (uint32_t k = 0; k < MATCH_PLANES; k++)
        refused &= number >> k & 1 ? cache->planes[block][k] : ~cache->planes[block][k];
    return refused;
}

void match_drop(struct shape *shape)
{
    match_cache_fini(&shape->match);
    for (uint32_t i = 0; shape->typed && i < UNIT_TYPES_MAX; i++)
        match_cache_fini(&shape->typed[i]);
    free(shape->typed);
    shape->typed = NULL;
    free(shape->refusal);
    shape->refusal = NULL;
}
