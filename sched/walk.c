#include "sched/walk.h"

#include <stdlib.h>

#include "model/base/mem.h"
#include "model/node_bounds.h"

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

/* One walk. */
struct walker {
    struct walk *walk;
    const struct walk_scope *scope;
    struct cluster *cluster;
    const struct nominator *nominator;
    const struct pod *pod;
    struct filter_input in;
    struct walk_limits limits;
    const struct filter *dynamic[PLUGIN_COUNT];
    uint32_t dynamic_count;
    uint32_t start;    /* the cursor before the walk */
    uint32_t slots;    /* in the table, rounded up to whole blocks */
    uint32_t block;    /* the last one looked at, */
    uint64_t fits;     /* its nodes that take the pod, */
    uint64_t answered; /* of those that were asked */
};

/* Slots [from, to). */
struct stretch {
    uint32_t from, to;
};

static bool has_room_beside_nominees(const struct walker *walker, uint32_t slot)
{
    if (!nominator_counts(walker->nominator, walker->cluster, walker->pod, slot))
        return true;
    struct reasons reasons;
    reasons.count = 0;
    enum plugin refused_by;
    const struct fitting fitting = {walker->cluster, walker->pod, walker->scope->type};
    return nominator_explain(walker->nominator, &fitting, slot, &reasons, &refused_by) ==
           VERDICT_FIT;
}

/* Asks the filters about `members` of the block, whose static filters let them pass. */
static uint64_t sweep_block(struct walker *walker, uint32_t block, uint64_t members)
{
    struct node_table *nodes = &walker->cluster->nodes;
    const struct requests *requests = walker->pod->shape->requests;
    if (!node_block_may_fit(nodes, block, requests))
        return 0; /* certain: none of them fits */
    walker->walk->looked_sum += word_count_bits(members);
    uint64_t fits = members;
    for (uint32_t i = 0; i < walker->dynamic_count && fits; i++)
        fits = filter_sweep(walker->dynamic[i], &walker->in, block, fits);
    if (walker->nominator->count > 0)
        for (uint64_t rest = fits; rest; rest &= rest - 1)
            if (!has_room_beside_nominees(walker, block * NODE_BLOCK_SLOTS +
                                                      (uint32_t)__builtin_ctzll(rest)))
                fits &= ~(rest & -rest);
    if (!fits || (fits == members && !node_block_fits_all(nodes, block, requests)))
        node_bounds_tighten(nodes, block); /* next time the bounds may tell */
    return fits;
}

/* The nodes of `members` that take the pod. A step may end in the middle of a block: then it is
 * asked for twice in a row. */
static uint64_t block_fits(struct walker *walker, uint32_t block, uint64_t members)
{
    uint64_t matching = members & bitset_word(walker->scope->matching, block);
    if (walker->block != block || matching & ~walker->answered) {
        walker->fits = matching ? sweep_block(walker, block, matching) : 0;
        walker->block = block;
        walker->answered = matching;
    }
    return walker->fits & matching;
}

static void walk_add(struct walk *walk, uint32_t block, uint64_t fits)
{
    if (walk->capacity - walk->count < NODE_BLOCK_SLOTS) {
        walk->capacity = (uint32_t)mem_grow(walk->capacity, walk->count + NODE_BLOCK_SLOTS);
        walk->slots = mem_resize(walk->slots, walk->capacity, sizeof(*walk->slots));
    }
    for (; fits; fits &= fits - 1)
        walk->slots[walk->count++] = block * NODE_BLOCK_SLOTS + (uint32_t)__builtin_ctzll(fits);
}

/* The bits of a block's word that belong to the stretch, which has some. */
static uint64_t stretch_mask(struct stretch stretch, uint32_t block)
{
    uint64_t mask = UINT64_MAX;
    if (block == stretch.from / NODE_BLOCK_SLOTS)
        mask &= UINT64_MAX << (stretch.from % NODE_BLOCK_SLOTS);
    if (block == stretch.to / NODE_BLOCK_SLOTS)
        mask &= ~(UINT64_MAX << (stretch.to % NODE_BLOCK_SLOTS));
    return mask;
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

/* ---- until enough were found ---- */

/* Takes what fits in one block. True when that makes the target: *ret_behind is the slot behind the
 * node that did. */
static bool seek_in_block(struct walker *walker, uint32_t block, uint64_t mask,
                          uint32_t *ret_behind)
{
    struct walk *walk = walker->walk;
    uint64_t fits = block_fits(walker, block, bitset_word(walker->scope->nodes, block) & mask);
    if (!fits)
        return false;
    uint32_t missing = walker->limits.target - walk->count;
    if (word_count_bits(fits) < missing) {
        walk_add(walk, block, fits);
        return false;
    }
    fits = lowest_bits(fits, missing);
    walk_add(walk, block, fits);
    *ret_behind = block * NODE_BLOCK_SLOTS + 64 - (uint32_t)__builtin_clzll(fits);
    return true;
}

/* Words of one part, as a mask, that the stretch touches. */
static uint64_t stretch_words(struct stretch stretch, uint32_t part)
{
    const struct stretch blocks = {stretch.from / NODE_BLOCK_SLOTS,
                                   (stretch.to + NODE_BLOCK_SLOTS - 1) / NODE_BLOCK_SLOTS};
    return stretch_mask(blocks, part);
}

/* From superblock to superblock, over those with nothing in them for this pod. */
static bool seek(struct walker *walker, struct stretch stretch, uint32_t *ret_behind)
{
    const struct walk_scope *scope = walker->scope;
    struct node_table *nodes = &walker->cluster->nodes;
    const struct requests *requests = walker->pod->shape->requests;
    if (stretch.from >= stretch.to)
        return false;
    uint32_t last = (stretch.to - 1) / BITSET_PART_BITS;
    for (uint32_t part = stretch.from / BITSET_PART_BITS; part <= last; part++) {
        uint64_t rest = bitset_part(scope->nodes, part).used &
                        bitset_part(scope->matching, part).used & stretch_words(stretch, part);
        if (!rest || !node_super_may_fit(nodes, part, requests))
            continue;
        uint32_t found_before = walker->walk->count;
        for (; rest; rest &= rest - 1) {
            uint32_t block = part * BITSET_PART_WORDS + (uint32_t)__builtin_ctzll(rest);
            if (node_block_may_fit(nodes, block, requests) &&
                seek_in_block(walker, block, stretch_mask(stretch, block), ret_behind))
                return true;
        }
        if (walker->walk->count == found_before)
            node_bounds_tighten_super(nodes, part);
    }
    return false;
}

/* ---- to the end of the step ---- */

/* Examines up to *left nodes more. True when these were all: *ret_behind is the slot behind. */
static bool finish(struct walker *walker, struct stretch stretch, uint32_t *left,
                   uint32_t *ret_behind)
{
    if (*left == 0)
        return true;
    for (uint32_t slot = stretch.from; slot < stretch.to;) {
        slot = bitset_next(walker->scope->nodes, slot);
        if (slot >= stretch.to)
            return false;
        uint32_t block = slot / NODE_BLOCK_SLOTS;
        uint64_t members = bitset_word(walker->scope->nodes, block) &
                           stretch_mask((struct stretch){slot, stretch.to}, block);
        uint64_t taken = lowest_bits(members, *left);
        walk_add(walker->walk, block, block_fits(walker, block, taken));
        *left -= word_count_bits(taken);
        *ret_behind = block * NODE_BLOCK_SLOTS + 64 - (uint32_t)__builtin_clzll(taken);
        if (*left == 0)
            return true;
        slot = (block + 1) * NODE_BLOCK_SLOTS;
    }
    return false;
}

/* ---- the whole circle: from the cursor to the end, then from 0 to the cursor ---- */

/* Nodes of the scope from the cursor on, round, to the slot before `behind`. */
static uint32_t count_visited(const struct walker *walker, uint32_t behind, bool is_round)
{
    const struct bitset *nodes = walker->scope->nodes;
    if (!is_round)
        return bitset_count_range(nodes, walker->start, behind);
    return bitset_count_range(nodes, walker->start, walker->slots) +
           bitset_count_range(nodes, 0, behind);
}

/* Enough was found with the node before `behind`; the rest of its step is examined too. */
static void finish_step(struct walker *walker, uint32_t behind, bool is_round)
{
    struct walk *walk = walker->walk;
    uint32_t step = walker->limits.step, start = walker->start;
    uint32_t visited = count_visited(walker, behind, is_round);
    uint32_t left = visited == 0 ? step : (step - visited % step) % step, asked = left;
    const struct stretch here = {behind, is_round ? start : walker->slots};
    bool is_done = finish(walker, here, &left, &behind) ||
                   (!is_round && finish(walker, (struct stretch){0, start}, &left, &behind));
    walk->visited = visited + asked - left;
    if (is_done) /* else the circle ended within the step */
        *walker->scope->cursor = behind;
}

static void walk_circle(struct walker *walker)
{
    uint32_t behind = walker->start;
    if (walker->limits.target == 0 ||
        seek(walker, (struct stretch){walker->start, walker->slots}, &behind))
        finish_step(walker, behind, false);
    else if (seek(walker, (struct stretch){0, walker->start}, &behind))
        finish_step(walker, behind, true);
    else
        walker->walk->visited = bitset_count_range(walker->scope->nodes, 0, walker->slots);
}

void walk_run(struct walk *walk, const struct walk_scope *scope, struct cluster *cluster,
              const struct nominator *nominator, const struct pod *pod, struct walk_limits limits)
{
    CHECK(limits.step > 0);
    uint32_t blocks = (cluster->nodes.slot_count + NODE_BLOCK_SLOTS - 1) / NODE_BLOCK_SLOTS;
    walk->count = walk->visited = 0;
    if (blocks == 0)
        return;
    if (*scope->cursor >= blocks * NODE_BLOCK_SLOTS)
        *scope->cursor = 0;
    struct walker walker = {.walk = walk,
                            .scope = scope,
                            .cluster = cluster,
                            .nominator = nominator,
                            .pod = pod,
                            .in = {.cluster = cluster, .shape = pod->shape, .type = scope->type},
                            .limits = limits,
                            .start = *scope->cursor,
                            .slots = blocks * NODE_BLOCK_SLOTS,
                            .block = UINT32_MAX};
    for (uint32_t i = 0; i < PLUGIN_COUNT; i++)
        if (filters[i] && !filters[i]->is_static)
            walker.dynamic[walker.dynamic_count++] = filters[i];
    walk_circle(&walker);
    walk->visited_sum += walk->visited;
}
