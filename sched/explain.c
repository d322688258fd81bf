#include "sched/explain.h"

#include "model/node_bounds.h"
#include "sched/match.h"

/* One node, with the pods that are nominated to it. */
static void explain_node(const struct explain_scope *scope, uint32_t slot,
                         struct diagnosis *diagnosis)
{
    const struct fitting fitting = {scope->cluster, scope->pod, scope->type};
    struct reasons reasons;
    reasons.count = 0;
    enum plugin refused_by = PLUGIN_FEATURES;
    enum verdict verdict =
        nominator_explain(scope->nominator, &fitting, slot, &reasons, &refused_by);
    CHECK(verdict != VERDICT_FIT);
    diagnosis_add(diagnosis, refused_by, &reasons);
    if (scope->cluster->nodes.nodes[slot]->name_sym == scope->pod->nominated_node_sym)
        diagnosis->nominee_refused_by = refused_by;
}

static bool is_nominated_to(const struct explain_scope *scope, uint32_t slot)
{
    uint32_t name_sym = scope->cluster->nodes.nodes[slot]->name_sym;
    return name_sym == scope->pod->nominated_node_sym ||
           nominator_first(scope->nominator, name_sym) != NULL;
}

/* Nodes with nominations are no matter of columns: explained here and taken out. */
static uint64_t explain_nominated(const struct explain_scope *scope, uint32_t block,
                                  uint64_t members, struct diagnosis *diagnosis)
{
    uint64_t others = members;
    for (uint64_t rest = members; rest; rest &= rest - 1) {
        uint32_t slot = block * NODE_BLOCK_SLOTS + (uint32_t)__builtin_ctzll(rest);
        if (!is_nominated_to(scope, slot))
            continue;
        explain_node(scope, slot, diagnosis);
        others &= ~(rest & -rest);
    }
    return others;
}

static void add_nodes(enum plugin plugin, uint64_t nodes, struct diagnosis *diagnosis)
{
    diagnosis_add_nodes(diagnosis, plugin, (struct reason){filters[plugin]->reason, SYM_EMPTY},
                        word_count_bits(nodes));
}

/* Nodes that some static filter refuses: each counts for the first that does. */
static void explain_static(const struct explain_scope *scope, uint32_t block, uint64_t refused,
                           struct diagnosis *diagnosis)
{
    for (uint32_t i = 0; i < PLUGIN_COUNT && refused; i++) {
        if (!filters[i] || !filters[i]->is_static)
            continue;
        uint64_t nodes = refused & match_refused_by(scope->match, block, (enum plugin)i);
        add_nodes((enum plugin)i, nodes, diagnosis);
        refused &= ~nodes;
    }
    CHECK(refused == 0);
}

/* The others, in the order of the filters. */
static void explain_dynamic(const struct explain_scope *scope, uint32_t block, uint64_t members,
                            struct diagnosis *diagnosis)
{
    const struct filter_input in = {
        .cluster = scope->cluster, .shape = scope->pod->shape, .type = scope->type};
    if (members && !node_block_is_clear(&scope->cluster->nodes, block, in.shape->requests))
        node_bounds_tighten(&scope->cluster->nodes, block); /* one of the two is cheaper after it */
    for (uint32_t i = 0; i < PLUGIN_COUNT && members; i++) {
        const struct filter *filter = filters[i];
        if (!filter || filter->is_static)
            continue;
        if (filter->tally) {
            members = filter->tally(&in, block, members, diagnosis);
            continue;
        }
        uint64_t fits = filter_sweep(filter, &in, block, members);
        add_nodes((enum plugin)i, members & ~fits, diagnosis);
        members = fits;
    }
    CHECK(members == 0);
}

/* Of the dynamic filters only those behind the last static one refuse a pod that waits: NodeName,
 * between them, never does (plugins.def). So the static ones are first. */
void explain_block(const struct explain_scope *scope, uint32_t block, uint64_t members,
                   struct diagnosis *diagnosis)
{
    uint64_t nodes = members & bitset_word(&scope->cluster->nodes.present, block);
    if (scope->nominator->count > 0)
        nodes = explain_nominated(scope, block, nodes, diagnosis);
    uint64_t matching = bitset_word(&scope->match->matches, block);
    explain_static(scope, block, nodes & ~matching, diagnosis);
    explain_dynamic(scope, block, nodes & matching, diagnosis);
}

void explain_all(const struct explain_scope *scope, struct diagnosis *diagnosis)
{
    const struct bitset *present = &scope->cluster->nodes.present;
    for (uint32_t slot = bitset_next(present, 0); slot != UINT32_MAX;) {
        uint32_t block = slot / NODE_BLOCK_SLOTS;
        explain_block(scope, block, UINT64_MAX, diagnosis);
        slot = bitset_next(present, (block + 1) * NODE_BLOCK_SLOTS);
    }
}
