#include "sched/walk.h"

#include <stdlib.h>

#include "model/base/mem.h"

void walk_init(struct walk *walk)
{
    *walk = (struct walk){0};
}

void walk_fini(struct walk *walk)
{
    free(walk->slots);
}

uint32_t walk_kube_target(uint32_t node_count, uint32_t percentage)
{
    enum { ALL_BELOW = 100, PERCENT_MIN = 5, PERCENT_START = 50, NODES_A_PERCENT = 125 };
    if (node_count < ALL_BELOW || percentage >= 100)
        return node_count;
    uint32_t percent = percentage;
    if (percent == 0) {
        uint32_t drop = node_count / NODES_A_PERCENT;
        percent = drop < PERCENT_START - PERCENT_MIN ? PERCENT_START - drop : PERCENT_MIN;
    }
    uint64_t target = (uint64_t)node_count * percent / 100;
    return target < ALL_BELOW ? ALL_BELOW : (uint32_t)target;
}

/* One walk's constant side. */
struct walker {
    struct walk *walk;
    const struct walk_scope *scope;
    struct cluster *cluster;
    const struct nominator *nominator;
    const struct pod *pod;
    struct filter_input in;
    struct walk_limits limits;
    uint32_t until_look; /* nodes left of the current step */
    const struct filter *dynamic[PLUGIN_COUNT];
    uint32_t dynamic_count;
};

static bool passes_dynamic(const struct walker *walker, uint32_t slot)
{
    for (uint32_t i = 0; i < walker->dynamic_count; i++)
        if (walker->dynamic[i]->check(&walker->in, slot) != VERDICT_FIT)
            return false;
    if (walker->nominator->count == 0 ||
        !nominator_counts(walker->nominator, walker->cluster, walker->pod, slot))
        return true;
    struct reasons reasons = {0};
    enum plugin refused_by;
    const struct fitting fitting = {walker->cluster, walker->pod, walker->scope->type};
    return nominator_explain(walker->nominator, &fitting, slot, &reasons, &refused_by) ==
           VERDICT_FIT;
}

static void walk_add(struct walk *walk, uint32_t slot)
{
    if (walk->count == walk->capacity) {
        walk->capacity = (uint32_t)mem_grow(walk->capacity, walk->count + 1);
        walk->slots = mem_resize(walk->slots, walk->capacity, sizeof(*walk->slots));
    }
    walk->slots[walk->count++] = slot;
}

/* The lowest `count` bits that are set in `word`. */
static uint64_t lowest_bits(uint64_t word, uint32_t count)
{
    uint64_t taken = 0;
    for (uint32_t i = 0; i < count && word; i++) {
        taken |= word & -word;
        word &= word - 1;
    }
    return taken;
}

/* Examines the nodes of `members` in one block up to the end of the step; those in `matching` need
 * a closer look. Returns the members not yet examined. */
static uint64_t walk_part(struct walker *walker, uint32_t block, uint64_t members,
                          uint64_t matching)
{
    uint32_t total = (uint32_t)__builtin_popcountll(members);
    uint32_t examined = total <= walker->until_look ? total : walker->until_look;
    uint64_t part = examined == total ? members : lowest_bits(members, examined);
    for (uint64_t rest = part & matching; rest; rest &= rest - 1) {
        uint32_t slot = block * NODE_BLOCK_SLOTS + (uint32_t)__builtin_ctzll(rest);
        if (passes_dynamic(walker, slot))
            walk_add(walker->walk, slot);
    }
    walker->walk->visited += examined;
    walker->until_look -= examined;
    return members & ~part;
}

/* Examines the nodes of `members` in one block. True when enough were found; then *ret_cursor is
 * the slot behind the last one examined. */
static bool walk_block(struct walker *walker, uint32_t block, uint64_t members,
                       uint32_t *ret_cursor)
{
    struct node_table *nodes = &walker->cluster->nodes;
    uint32_t found_before = walker->walk->count;
    uint64_t matching = members & bitset_word(walker->scope->matching, block);
    if (matching && !node_table_block_may_fit(nodes, block, walker->pod->shape->requests))
        matching = 0; /* certain: none of them fits, and they count as examined */
    for (uint64_t rest = members; rest;) {
        rest = walk_part(walker, block, rest, matching);
        if (walker->until_look > 0)
            continue;
        walker->until_look = walker->limits.step;
        if (walker->walk->count >= walker->limits.target) {
            uint64_t done = members & ~rest;
            *ret_cursor = block * NODE_BLOCK_SLOTS + 64 - (uint32_t)__builtin_clzll(done);
            return true;
        }
    }
    if (matching && walker->walk->count == found_before)
        node_table_tighten(nodes, block);
    return false;
}

/* Blocks from the cursor's on, round to it again: its own block comes twice, once each half. */
static void walk_blocks(struct walker *walker, uint32_t block_count)
{
    const struct walk_scope *scope = walker->scope;
    uint32_t first = *scope->cursor / NODE_BLOCK_SLOTS;
    uint64_t behind = UINT64_MAX << (*scope->cursor % NODE_BLOCK_SLOTS);
    for (uint32_t i = 0; i <= block_count; i++) {
        uint32_t block = (first + i) % block_count;
        uint64_t members = bitset_word(scope->nodes, block);
        members &= i == 0 ? behind : i == block_count ? ~behind : UINT64_MAX;
        if (walk_block(walker, block, members, scope->cursor))
            return;
    }
}

void walk_run(struct walk *walk, const struct walk_scope *scope, struct cluster *cluster,
              const struct nominator *nominator, const struct pod *pod, struct walk_limits limits)
{
    CHECK(limits.step > 0);
    struct walker walker = {.walk = walk,
                            .scope = scope,
                            .cluster = cluster,
                            .nominator = nominator,
                            .pod = pod,
                            .in = {.cluster = cluster, .shape = pod->shape, .type = scope->type},
                            .limits = limits,
                            .until_look = limits.step};
    for (uint32_t i = 0; i < PLUGIN_COUNT; i++)
        if (filters[i] && !filters[i]->is_static)
            walker.dynamic[walker.dynamic_count++] = filters[i];
    walk->count = walk->visited = 0;
    uint32_t block_count = (cluster->nodes.slot_count + NODE_BLOCK_SLOTS - 1) / NODE_BLOCK_SLOTS;
    if (block_count == 0)
        return;
    if (*scope->cursor >= block_count * NODE_BLOCK_SLOTS)
        *scope->cursor = 0;
    walk_blocks(&walker, block_count);
}
