/*
 * Bounds of what is free, for 64 slots (a block) and for 64 blocks (a superblock): where the upper
 * one is below what is asked no node needs a look, and where the lower one is not, all have it.
 *
 * They hold at any time and need not be exact: what is freed raises the upper bound at once, what
 * is taken lowers the lower one; the other way they are brought to the extremes only when somebody
 * looked at the nodes themselves in vain.
 */
#ifndef MODEL_NODE_BOUNDS_H
#define MODEL_NODE_BOUNDS_H

#include "model/node_table.h"

/* Room for the blocks of `capacity` slots; `old_capacity` are there. */
void node_bounds_resize(struct node_table *table, uint32_t old_capacity, uint32_t capacity);
/* For a column beyond the fixed ones that is new; nothing is offered or used of it yet. */
void node_bounds_add_column(struct node_table *table, uint32_t column);
void node_bounds_fini(struct node_table *table);

/* What is free of the column on the slot changed. */
void node_bounds_note(struct node_table *table, uint32_t column, uint32_t slot);

/* Sets the block's bounds to the extremes. Cheap when they are known to be exact. */
void node_bounds_tighten(struct node_table *table, uint32_t block);

/* The same for the superblock, from its blocks' bounds. */
void node_bounds_tighten_super(struct node_table *table, uint32_t super);

/* CHECKs that they are bounds. */
void node_bounds_check(const struct node_table *table);

/* Whether resources other than the fixed ones rule the block or superblock out. */
bool node_bounds_scalars_lack(const struct node_table *table, const struct requests *asked,
                              uint32_t idx, bool is_super);

static inline bool free_bounds_may_fit(const struct free_bounds *bounds,
                                       const struct requests *asked)
{
    bool lacks = false; /* one branch for all: upper bounds are never below 0 */
    for (uint32_t i = 0; i < RESOURCE_FIXED_COUNT; i++)
        lacks |= asked->fixed[i] > bounds->most[i];
    return !lacks;
}

/* Whether some node of the block may have what is asked; false is certain. */
static inline bool node_block_may_fit(const struct node_table *table, uint32_t block,
                                      const struct requests *asked)
{
    return free_bounds_may_fit(&table->blocks[block], asked) &&
           (asked->scalar_count == 0 || !node_bounds_scalars_lack(table, asked, block, false));
}

/* Whether all present nodes of the block have what is asked of the fixed resources for sure. */
static inline bool node_block_fits_all(const struct node_table *table, uint32_t block,
                                       const struct requests *asked)
{
    bool lacks = false;
    for (uint32_t i = 0; i < RESOURCE_FIXED_COUNT; i++)
        lacks |= asked->fixed[i] > 0 && asked->fixed[i] > table->blocks[block].least[i];
    return !lacks;
}

/* Whether the bounds tell of each fixed resource that all have what is asked, or none has. */
static inline bool free_bounds_are_clear(const struct free_bounds *bounds,
                                         const struct requests *asked)
{
    bool are_clear = true;
    for (uint32_t i = 0; i < RESOURCE_FIXED_COUNT; i++)
        are_clear &= asked->fixed[i] == 0 || asked->fixed[i] <= bounds->least[i] ||
                     asked->fixed[i] > bounds->most[i];
    return are_clear;
}

static inline bool node_super_may_fit(const struct node_table *table, uint32_t super,
                                      const struct requests *asked)
{
    return free_bounds_may_fit(&table->supers[super], asked) &&
           (asked->scalar_count == 0 || !node_bounds_scalars_lack(table, asked, super, true));
}

#endif
