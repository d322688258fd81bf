#include "model/node_bounds.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"

static uint32_t super_count(uint32_t block_count)
{
    return (block_count + NODE_SUPER_BLOCKS - 1) / NODE_SUPER_BLOCKS;
}

static void *resize_zeroed(void *array, uint32_t old_count, uint32_t count, size_t size)
{
    char *resized = mem_resize(array, count, size);
    memset(resized + old_count * size, 0, (count - old_count) * size);
    return resized;
}

static void column_resize(struct resource_column *column, uint32_t old_blocks, uint32_t blocks)
{
    column->block_most = resize_zeroed(column->block_most, old_blocks, blocks, sizeof(int64_t));
    column->super_most = resize_zeroed(column->super_most, super_count(old_blocks),
                                       super_count(blocks), sizeof(int64_t));
}

void node_bounds_resize(struct node_table *table, uint32_t old_capacity, uint32_t capacity)
{
    uint32_t old_blocks = old_capacity / NODE_BLOCK_SLOTS, blocks = capacity / NODE_BLOCK_SLOTS;
    uint32_t old_supers = super_count(old_blocks), supers = super_count(blocks);
    table->blocks = resize_zeroed(table->blocks, old_blocks, blocks, sizeof(*table->blocks));
    table->supers = resize_zeroed(table->supers, old_supers, supers, sizeof(*table->supers));
    table->stale_blocks = resize_zeroed(table->stale_blocks, old_blocks, blocks, sizeof(bool));
    table->stale_supers = resize_zeroed(table->stale_supers, old_supers, supers, sizeof(bool));
    for (uint32_t i = RESOURCE_FIXED_COUNT; i < table->column_count; i++)
        column_resize(&table->columns[i], old_blocks, blocks);
}

void node_bounds_add_column(struct node_table *table, uint32_t column)
{
    CHECK(column >= RESOURCE_FIXED_COUNT);
    column_resize(&table->columns[column], 0, table->capacity / NODE_BLOCK_SLOTS);
}

void node_bounds_fini(struct node_table *table)
{
    for (uint32_t i = RESOURCE_FIXED_COUNT; i < table->column_count; i++) {
        free(table->columns[i].block_most);
        free(table->columns[i].super_most);
    }
    free(table->blocks);
    free(table->supers);
    free(table->stale_blocks);
    free(table->stale_supers);
}

static int64_t *most_of(const struct node_table *table, uint32_t column, uint32_t idx,
                        bool is_super)
{
    if (column < RESOURCE_FIXED_COUNT)
        return is_super ? &table->supers[idx].most[column] : &table->blocks[idx].most[column];
    /* cppcheck-suppress arrayIndexOutOfBoundsCond ; callers loop over columns that are there */
    const struct resource_column *extra = &table->columns[column];
    return is_super ? &extra->super_most[idx] : &extra->block_most[idx];
}

void node_bounds_note(struct node_table *table, uint32_t column, uint32_t slot)
{
    uint32_t block = slot / NODE_BLOCK_SLOTS, super = block / NODE_SUPER_BLOCKS;
    int64_t amount = node_free(table, column, slot);
    table->stale_blocks[block] = true;
    if (amount > *most_of(table, column, block, false)) {
        *most_of(table, column, block, false) = amount;
        int64_t *most = most_of(table, column, super, true);
        *most = amount > *most ? amount : *most;
    }
    if (column < RESOURCE_FIXED_COUNT && amount < table->blocks[block].least[column]) {
        table->blocks[block].least[column] = amount;
        int64_t *least = &table->supers[super].least[column];
        *least = amount < *least ? amount : *least;
    }
}

bool node_bounds_scalars_lack(const struct node_table *table, const struct requests *asked,
                              uint32_t idx, bool is_super)
{
    for (uint32_t i = 0; i < asked->scalar_count; i++) {
        uint32_t column = node_table_column(table, asked->scalars[i].name_sym);
        if (column == RESOURCE_NONE ||
            asked->scalars[i].amount > *most_of(table, column, idx, is_super))
            return true;
    }
    return false;
}

/* The extremes of one column over the block's present nodes; no node: 0 and INT64_MAX. */
static void find_extremes(const struct resource_column *column, uint32_t first, uint64_t present,
                          int64_t *ret_most, int64_t *ret_least)
{
    const int64_t *allocatable = column->allocatable + first, *used = column->used + first;
    int64_t most = 0, least = INT64_MAX;
    if (present == UINT64_MAX) { /* without a look at bits, the usual case */
        for (uint32_t i = 0; i < NODE_BLOCK_SLOTS; i++) {
            int64_t amount = allocatable[i] - used[i];
            most = amount > most ? amount : most;
            least = amount < least ? amount : least;
        }
    }
    for (uint64_t rest = present == UINT64_MAX ? 0 : present; rest; rest &= rest - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(rest);
        int64_t amount = allocatable[i] - used[i];
        most = amount > most ? amount : most;
        least = amount < least ? amount : least;
    }
    *ret_most = most;
    *ret_least = least;
}

void node_bounds_tighten(struct node_table *table, uint32_t block)
{
    uint32_t first = block * NODE_BLOCK_SLOTS;
    CHECK(first < table->capacity);
    if (!table->stale_blocks[block])
        return;
    table->stale_blocks[block] = false;
    table->stale_supers[block / NODE_SUPER_BLOCKS] = true;
    uint64_t present = bitset_word(&table->present, block);
    struct free_bounds *bounds = &table->blocks[block];
    for (uint32_t i = 0; i < RESOURCE_FIXED_COUNT; i++)
        find_extremes(&table->columns[i], first, present, &bounds->most[i], &bounds->least[i]);
    for (uint32_t i = RESOURCE_FIXED_COUNT; i < table->column_count; i++) {
        int64_t least;
        find_extremes(&table->columns[i], first, present, &table->columns[i].block_most[block],
                      &least);
    }
}

static int64_t max_of(const int64_t *values, uint32_t count)
{
    int64_t max = 0;
    for (uint32_t i = 0; i < count; i++)
        max = values[i] > max ? values[i] : max;
    return max;
}

void node_bounds_tighten_super(struct node_table *table, uint32_t super)
{
    uint32_t first = super * NODE_SUPER_BLOCKS, all = table->capacity / NODE_BLOCK_SLOTS;
    CHECK(first < all);
    if (!table->stale_supers[super])
        return;
    table->stale_supers[super] = false;
    uint32_t count = all - first < NODE_SUPER_BLOCKS ? all - first : NODE_SUPER_BLOCKS;
    struct free_bounds bounds;
    for (uint32_t k = 0; k < RESOURCE_FIXED_COUNT; k++) {
        bounds.most[k] = 0;
        bounds.least[k] = INT64_MAX;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct free_bounds *block = &table->blocks[first + i];
        for (uint32_t k = 0; k < RESOURCE_FIXED_COUNT; k++) {
            bounds.most[k] = block->most[k] > bounds.most[k] ? block->most[k] : bounds.most[k];
            bounds.least[k] = block->least[k] < bounds.least[k] ? block->least[k] : bounds.least[k];
        }
    }
    table->supers[super] = bounds;
    for (uint32_t i = RESOURCE_FIXED_COUNT; i < table->column_count; i++)
        table->columns[i].super_most[super] = max_of(table->columns[i].block_most + first, count);
}

/* ---- in tests ---- */

static void check_slot(const struct node_table *table, uint32_t slot)
{
    uint32_t block = slot / NODE_BLOCK_SLOTS;
    for (uint32_t i = 0; i < table->column_count; i++) {
        int64_t amount = node_free(table, i, slot);
        CHECK(*most_of(table, i, block, false) >= 0);
        if (!bitset_test(&table->present, slot))
            continue;
        CHECK(*most_of(table, i, block, false) >= amount);
        CHECK(i >= RESOURCE_FIXED_COUNT || table->blocks[block].least[i] <= amount);
    }
}

static void check_block(const struct node_table *table, uint32_t block)
{
    uint32_t super = block / NODE_SUPER_BLOCKS;
    for (uint32_t i = 0; i < table->column_count; i++) {
        CHECK(*most_of(table, i, super, true) >= *most_of(table, i, block, false));
        CHECK(i >= RESOURCE_FIXED_COUNT ||
              table->supers[super].least[i] <= table->blocks[block].least[i]);
    }
}

void node_bounds_check(const struct node_table *table)
{
    for (uint32_t slot = 0; slot < table->slot_count; slot++)
        check_slot(table, slot);
    for (uint32_t block = 0; block * NODE_BLOCK_SLOTS < table->slot_count; block++)
        check_block(table, block);
}
