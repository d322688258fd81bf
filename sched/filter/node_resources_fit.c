/*
 * NodeResourcesFit (kube-scheduler plugins/noderesources/fit.go; kube-scheduler.md A10, A4).
 *
 * The rule; explain() collects everything that fails:
 *   1. no room for one pod more                      -> "Too many pods"
 *   2. request > allocatable - used                  -> "Insufficient <name>"
 *      for cpu, memory, ephemeral-storage and every other resource asked for
 *   3. a request of 0 is never checked, even where the node is overcommitted
 *   4. a resource that no node offers has no column: the node offers 0 of it
 *   5. refused for good when a failing resource is asked for more than the whole allocatable;
 *      otherwise, and for step 1 alone, fewer pods would help
 *
 * Deviation, in the hint only: a pod gone or shrunk wakes only who fits that node now. Kube wakes
 * everybody who asks something of what was freed. Nothing is lost: only that node changed, and it
 * still refuses. A node added or grown wakes who would fit it empty, as in kube.
 */
#include "model/node_bounds.h"
#include "sched/filter.h"

/* What of a column is checked: step 2 for one resource, step 3 included. */
static bool amount_fits(int64_t request, const struct resource_column *column, uint32_t slot)
{
    return request == 0 || request <= column->allocatable[slot] - column->used[slot];
}

/* NULL: step 4. Cost: a compare for each resource that is not fixed, a handful in practice, 60 at
 * most; most pods ask for none of them. */
static const struct resource_column *column_find(const struct node_table *table, uint32_t name_sym)
{
    for (uint32_t i = RESOURCE_FIXED_COUNT; i < table->column_count; i++)
        if (table->columns[i].name_sym == name_sym)
            return &table->columns[i];
    return NULL;
}

/* Steps 2 to 5 for one resource; `column` may be NULL. */
static enum verdict amount_check(int64_t request, const struct resource_column *column,
                                 uint32_t slot)
{
    if (request == 0)
        return VERDICT_FIT;
    if (column == NULL || request > column->allocatable[slot])
        return VERDICT_UNFIT_FINAL;
    return amount_fits(request, column, slot) ? VERDICT_FIT : VERDICT_UNFIT;
}

/* Later verdicts of the enum are the graver ones. */
static enum verdict verdict_join(enum verdict a, enum verdict b)
{
    return a > b ? a : b;
}

/* The resources of `requests` on one node, without the pod count. `reasons` may be NULL. */
static enum verdict amounts_explain(const struct node_table *table, const struct requests *requests,
                                    uint32_t slot, struct reasons *reasons)
{
    enum verdict all = VERDICT_FIT;
    for (uint32_t i = 0; i < RESOURCE_FIXED_COUNT; i++) {
        if (i == RESOURCE_PODS)
            continue;
        enum verdict one = amount_check(requests->fixed[i], &table->columns[i], slot);
        if (one != VERDICT_FIT && reasons != NULL)
            reasons_add(reasons, REASON_INSUFFICIENT, table->columns[i].name_sym);
        all = verdict_join(all, one);
    }
    for (uint32_t i = 0; i < requests->scalar_count; i++) {
        const struct scalar *scalar = &requests->scalars[i];
        enum verdict one = amount_check(scalar->amount, column_find(table, scalar->name_sym), slot);
        if (one != VERDICT_FIT && reasons != NULL)
            reasons_add(reasons, REASON_INSUFFICIENT, scalar->name_sym);
        all = verdict_join(all, one);
    }
    return all;
}

/* Step 1; step 2 ends at once when all is well, which is the common case of the sweep. */
static enum verdict fit_check(const struct filter_input *in, uint32_t slot)
{
    const struct node_table *table = &in->cluster->nodes;
    const struct resource_column *columns = table->columns;
    const struct requests *requests = in->shape->requests;
    bool pods_fit = amount_fits(1, &columns[RESOURCE_PODS], slot);
    if (pods_fit && requests->scalar_count == 0 &&
        amount_fits(requests->fixed[RESOURCE_CPU], &columns[RESOURCE_CPU], slot) &&
        amount_fits(requests->fixed[RESOURCE_MEMORY], &columns[RESOURCE_MEMORY], slot) &&
        amount_fits(requests->fixed[RESOURCE_EPHEMERAL_STORAGE],
                    &columns[RESOURCE_EPHEMERAL_STORAGE], slot))
        return VERDICT_FIT;
    enum verdict amounts = amounts_explain(table, requests, slot, NULL);
    return pods_fit ? amounts : verdict_join(VERDICT_UNFIT, amounts);
}

static enum verdict fit_explain(const struct filter_input *in, uint32_t slot,
                                struct reasons *reasons)
{
    const struct node_table *table = &in->cluster->nodes;
    bool pods_fit = amount_fits(1, &table->columns[RESOURCE_PODS], slot);
    if (!pods_fit)
        reasons_add(reasons, REASON_TOO_MANY_PODS, SYM_EMPTY); /* 1 */
    enum verdict amounts = amounts_explain(table, in->shape->requests, slot, reasons);
    return pods_fit ? amounts : verdict_join(VERDICT_UNFIT, amounts); /* 5 */
}

/* ---- a block at once ---- */

/* Nodes of `asked` that have as much free, one by one. */
static uint64_t nodes_compared(const struct resource_column *column, uint32_t block, uint64_t asked,
                               int64_t request)
{
    uint32_t first = block * NODE_BLOCK_SLOTS;
    uint64_t have = 0;
    for (uint64_t rest = asked; rest; rest &= rest - 1)
        if (amount_fits(request, column, first + (uint32_t)__builtin_ctzll(rest)))
            have |= rest & -rest;
    return have;
}

/* The same for all nodes of the block at once, without a branch: the sign of what would be left,
 * spread over a word, picks the node's bit. Compilers make vectors of this form (of a comparison
 * shifted into place they do not): 16 ns instead of 32 with two nodes a vector. No node has so
 * little that the difference overflows. */
static uint64_t block_compared(const struct resource_column *column, uint32_t block,
                               int64_t request)
{
#define BITS_4(i)  UINT64_C(1) << (i), UINT64_C(2) << (i), UINT64_C(4) << (i), UINT64_C(8) << (i)
#define BITS_16(i) BITS_4(i), BITS_4((i) + 4), BITS_4((i) + 8), BITS_4((i) + 12)
    static const uint64_t bits[NODE_BLOCK_SLOTS] = {BITS_16(0), BITS_16(16), BITS_16(32),
                                                    BITS_16(48)};
    const int64_t *allocatable = column->allocatable + (size_t)block * NODE_BLOCK_SLOTS;
    const int64_t *used = column->used + (size_t)block * NODE_BLOCK_SLOTS;
    uint64_t lack = 0;
    for (uint32_t i = 0; i < NODE_BLOCK_SLOTS; i++) {
        uint64_t left = (uint64_t)allocatable[i] - (uint64_t)used[i] - (uint64_t)request;
        lack |= (0 - (left >> 63)) & bits[i];
    }
    return ~lack;
}

/* Steps 1 to 3 for a fixed resource; the block's bounds tell most of the time. A handful of nodes
 * are not worth a look at all 64. */
static uint64_t nodes_having(const struct node_table *table, uint32_t column, uint32_t block,
                             uint64_t asked, int64_t request)
{
    enum { FEW = 8 };
    const struct free_bounds *bounds = &table->blocks[block];
    if (request == 0 || request <= bounds->least[column])
        return asked;
    if (request > bounds->most[column])
        return 0;
    int64_t left;
    if (word_count_bits(asked) <= FEW ||
        __builtin_sub_overflow(bounds->least[column], request, &left))
        return nodes_compared(&table->columns[column], block, asked, request);
    return block_compared(&table->columns[column], block, request) & asked;
}

/* Step 4 and the same for any other resource. */
static uint64_t nodes_having_scalar(const struct node_table *table, const struct scalar *scalar,
                                    uint32_t block, uint64_t asked)
{
    const struct resource_column *column = column_find(table, scalar->name_sym);
    if (column == NULL || scalar->amount > column->block_most[block])
        return 0;
    return nodes_compared(column, block, asked, scalar->amount);
}

static uint64_t fit_sweep(const struct filter_input *in, uint32_t block, uint64_t members)
{
    const struct node_table *table = &in->cluster->nodes;
    const struct requests *requests = in->shape->requests;
    uint64_t fits = members;
    for (uint32_t i = 0; i < RESOURCE_FIXED_COUNT && fits; i++)
        fits = nodes_having(table, i, block, fits, requests->fixed[i]);
    for (uint32_t i = 0; i < requests->scalar_count && fits; i++)
        fits = nodes_having_scalar(table, &requests->scalars[i], block, fits);
    return fits;
}

/* What a node is refused for that has not enough of a fixed resource: steps 1 and 2. */
static struct reason reason_of(const struct node_table *table, uint32_t column)
{
    if (column == RESOURCE_PODS)
        return (struct reason){REASON_TOO_MANY_PODS, SYM_EMPTY};
    return (struct reason){REASON_INSUFFICIENT, table->columns[column].name_sym};
}

static uint64_t fit_tally(const struct filter_input *in, uint32_t block, uint64_t members,
                          struct filter_tally *tally)
{
    const struct node_table *table = &in->cluster->nodes;
    const struct requests *requests = in->shape->requests;
    uint64_t fits = members;
    for (uint32_t i = 0; i < RESOURCE_FIXED_COUNT; i++) {
        uint64_t have = nodes_having(table, i, block, members, requests->fixed[i]);
        if (have == members)
            continue;
        tally->add(tally, reason_of(table, i), word_count_bits(members & ~have));
        fits &= have;
    }
    for (uint32_t i = 0; i < requests->scalar_count; i++) {
        const struct scalar *scalar = &requests->scalars[i];
        uint64_t have = nodes_having_scalar(table, scalar, block, members);
        tally->add(tally, (struct reason){REASON_INSUFFICIENT, scalar->name_sym},
                   word_count_bits(members & ~have));
        fits &= have;
    }
    return fits;
}

static bool fit_tally_super(const struct filter_input *in, uint32_t super, uint32_t nodes,
                            struct filter_tally *tally)
{
    const struct node_table *table = &in->cluster->nodes;
    const struct requests *requests = in->shape->requests;
    if (requests->scalar_count > 0 || !free_bounds_are_clear(&table->supers[super], requests))
        return false;
    for (uint32_t i = 0; tally && i < RESOURCE_FIXED_COUNT; i++)
        if (requests->fixed[i] > table->supers[super].most[i])
            tally->add(tally, reason_of(table, i), nodes);
    return true;
}

/* Whether the node without its pods would do. */
static bool fits_empty_node(const struct filter_input *in, uint32_t slot)
{
    const struct node_table *table = &in->cluster->nodes;
    return table->columns[RESOURCE_PODS].allocatable[slot] >= 1 &&
           amounts_explain(table, in->shape->requests, slot, NULL) != VERDICT_UNFIT_FINAL;
}

/* The columns the pod asks something of, bit per column; it asks one of "pods" always. */
static uint64_t columns_asked(const struct filter_input *in)
{
    const struct node_table *table = &in->cluster->nodes;
    const struct requests *requests = in->shape->requests;
    uint64_t asked = 0;
    for (uint32_t i = 0; i < RESOURCE_FIXED_COUNT; i++)
        if (requests->fixed[i] > 0)
            asked |= UINT64_C(1) << i;
    for (uint32_t i = 0; i < requests->scalar_count; i++) {
        const struct resource_column *column = column_find(table, requests->scalars[i].name_sym);
        if (column != NULL)
            asked |= UINT64_C(1) << (column - table->columns);
    }
    return asked;
}

static bool fit_hint(const struct filter_input *in, const struct wake_event *event)
{
    if (event->slot == NODE_SLOT_NONE)
        return true;
    const struct node *node = wake_node(in, event);
    if (node == NULL)
        return false;
    if (event->kind == WAKE_NODE_ADDED)
        return fits_empty_node(in, node->slot);
    if (event->kind == WAKE_NODE_ALLOCATABLE)
        return (event->raised_columns & columns_asked(in)) != 0 && fits_empty_node(in, node->slot);
    return fit_check(in, node->slot) == VERDICT_FIT;
}

const struct filter filter_node_resources_fit = {
    .name = "NodeResourcesFit",
    .is_static = false,
    .wakes_on = WAKE_NODE_ADDED | WAKE_NODE_ALLOCATABLE | WAKE_POD_REMOVED | WAKE_POD_SCALED_DOWN,
    .check = fit_check,
    .sweep = fit_sweep,
    .tally = fit_tally,
    .tally_super = fit_tally_super,
    .explain = fit_explain,
    .hint = fit_hint,
};
