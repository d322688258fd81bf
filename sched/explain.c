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

/* What one filter adds goes into the diagnosis. */
struct diagnosis_tally {
    struct filter_tally tally;
    enum plugin refused_by;
    struct diagnosis *diagnosis;
};

static void add_refused(struct filter_tally *tally, struct reason reason, uint32_t nodes)
{
    struct diagnosis_tally *own = container_of(tally, struct diagnosis_tally, tally);
    diagnosis_add_nodes(own->diagnosis, own->refused_by, reason, nodes);
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
    struct node_table *nodes = &scope->cluster->nodes;
    if (members && !free_bounds_are_clear(&nodes->blocks[block], in.shape->requests))
        node_bounds_tighten(nodes, block); /* then they may be */
    for (uint32_t i = 0; i < PLUGIN_COUNT && members; i++) {
        const struct filter *filter = filters[i];
        if (!filter || filter->is_static)
            continue;
        if (filter->tally) {
            struct diagnosis_tally own = {{add_refused}, (enum plugin)i, diagnosis};
            members = filter->tally(&in, block, members, &own.tally);
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

/* A superblock at once, when all its nodes pass the static filters and its bounds tell the rest. */
static bool explain_super(const struct explain_scope *scope, uint32_t super,
                          struct diagnosis *diagnosis)
{
    struct node_table *nodes = &scope->cluster->nodes;
    const struct filter_input in = {
        .cluster = scope->cluster, .shape = scope->pod->shape, .type = scope->type};
    uint32_t count = bitset_part(&nodes->present, super).count;
    if (scope->nominator->count > 0 || bitset_part(&scope->match->matches, super).count != count)
        return false;
    node_bounds_tighten_super(nodes, super);
    if (node_super_may_fit(nodes, super, in.shape->requests))
        return false;
    for (uint32_t i = 0; i < PLUGIN_COUNT; i++)
        if (filters[i] && !filters[i]->is_static &&
            (!filters[i]->tally_super || !filters[i]->tally_super(&in, super, count, NULL)))
            return false;
    for (uint32_t i = 0; i < PLUGIN_COUNT; i++) {
        struct diagnosis_tally own = {{add_refused}, (enum plugin)i, diagnosis};
        if (filters[i] && !filters[i]->is_static)
            (void)filters[i]->tally_super(&in, super, count, &own.tally);
    }
    return true;
}

void explain_all(const struct explain_scope *scope, struct diagnosis *diagnosis)
{
    const struct bitset *present = &scope->cluster->nodes.present;
    for (uint32_t slot = bitset_next(present, 0); slot != UINT32_MAX;) {
        uint32_t super = slot / BITSET_PART_BITS, next = (super + 1) * BITSET_PART_BITS;
        bool is_explained = explain_super(scope, super, diagnosis);
        for (; !is_explained && slot < next; slot = bitset_next(present, slot)) {
            explain_block(scope, slot / NODE_BLOCK_SLOTS, UINT64_MAX, diagnosis);
            slot = (slot / NODE_BLOCK_SLOTS + 1) * NODE_BLOCK_SLOTS;
        }
        slot = is_explained ? bitset_next(present, next) : slot;
    }
}
