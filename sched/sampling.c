#include "sched/sampling.h"

/* The scope's node at or behind `from`, round; the scope has one. */
static uint32_t next_round(const struct walk_scope *scope, uint32_t from)
{
    uint32_t slot = bitset_next(scope->nodes, from);
    return slot != UINT32_MAX ? slot : bitset_next(scope->nodes, 0);
}

static bool is_narrowed(const struct shape *shape)
{
    return node_terms_are_named(shape->required_terms, shape->required_term_count);
}

static bool is_named(const struct cluster *cluster, const struct shape *shape, uint32_t slot)
{
    return node_terms_name(shape->required_terms, shape->required_term_count,
                           cluster->nodes.nodes[slot]->name_sym);
}

/* Cost of a narrowed one: a look at each node, as when its static matches are computed. */
static uint32_t count_candidates(const struct cluster *cluster, const struct shape *shape)
{
    if (!is_narrowed(shape))
        return cluster->nodes.present_count;
    const struct bitset *present = &cluster->nodes.present;
    uint32_t count = 0;
    for (uint32_t slot = bitset_next(present, 0); slot != UINT32_MAX;
         slot = bitset_next(present, slot + 1))
        count += is_named(cluster, shape, slot);
    return count;
}

struct walk_limits sampling_limits(const struct cluster *cluster, const struct shape *shape,
                                   uint32_t percentage, bool has_scores)
{
    if (!has_scores)
        return (struct walk_limits){1, 1};
    return (struct walk_limits){1, walk_kube_target(count_candidates(cluster, shape), percentage)};
}

void sampling_move_start(const struct walk_scope *scope, const struct cluster *cluster, const struct pod *pod,
                         uint32_t start, uint32_t visited)
{
    const struct node *nominated = node_table_find(&cluster->nodes, pod->nominated_node_sym);
    bool is_asked = pod->nominated_node_sym != SYM_EMPTY && nominated && nominated->is_present;
    bool is_narrow = is_narrowed(pod->shape);
    if (visited == 0 || (!is_asked && !is_narrow))
        return; /* the walk left the cursor behind the last node visited */
    uint32_t moves = is_asked;
    uint32_t slot = start;
    for (uint32_t i = 0; i < visited; i++, slot++) {
        slot = next_round(scope, slot);
        if (!is_narrow || is_named(cluster, pod->shape, slot))
            moves += !is_asked || slot != nominated->slot;
    }
    *scope->cursor = start;
    while (moves-- > 0)
        *scope->cursor = next_round(scope, *scope->cursor) + 1;
}
