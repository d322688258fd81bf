#include "model/node_table.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"
#include "model/base/mem.h"
#include "model/names.h"
#include "model/node_bounds.h"

enum { FIRST_CAPACITY = 256 }; /* a multiple of NODE_BLOCK_SLOTS, like every capacity */

static uint64_t hash_name(uint32_t name_sym)
{
    return hash_mix(name_sym, 0x6e6f6465u);
}

static bool node_has_name(const void *value, const void *key)
{
    return ((const struct node *)value)->name_sym == *(const uint32_t *)key;
}

static void column_init(struct resource_column *column, uint32_t name_sym, uint32_t capacity)
{
    column->name_sym = name_sym;
    column->allocatable = mem_zalloc(capacity, sizeof(int64_t));
    column->used = mem_zalloc(capacity, sizeof(int64_t));
}

void node_table_init(struct node_table *table)
{
    *table = (struct node_table){.capacity = FIRST_CAPACITY, .static_log_end = 1};
    bitset_init(&table->present);
    bitset_init(&table->soft_tainted);
    map_init(&table->by_name);
    table->nodes = mem_zalloc(table->capacity, sizeof(struct node *));
    table->nonzero_cpu_milli = mem_zalloc(table->capacity, sizeof(int64_t));
    table->nonzero_memory_bytes = mem_zalloc(table->capacity, sizeof(int64_t));
    table->free_slots = mem_zalloc(table->capacity, sizeof(uint32_t));
    table->static_log = mem_zalloc(NODE_STATIC_LOG_MAX, sizeof(uint32_t));
    for (uint32_t i = 0; i < RESOURCE_FIXED_COUNT; i++)
        column_init(&table->columns[i], NAME_CPU + i, table->capacity);
    table->column_count = RESOURCE_FIXED_COUNT;
    node_bounds_resize(table, 0, table->capacity);
}

static void node_free_record(struct node *node)
{
    free(node->labels.items);
    free(node->taints.items);
    free(node->image_syms);
    free(node->ports);
    free(node);
}

void node_table_fini(struct node_table *table)
{
    for (uint32_t slot = 0; slot < table->slot_count; slot++)
        if (table->nodes[slot])
            node_free_record(table->nodes[slot]);
    for (uint32_t i = 0; i < table->column_count; i++) {
        free(table->columns[i].allocatable);
        free(table->columns[i].used);
    }
    node_bounds_fini(table);
    bitset_fini(&table->present);
    bitset_fini(&table->soft_tainted);
    map_fini(&table->by_name);
    free(table->nodes);
    free(table->nonzero_cpu_milli);
    free(table->nonzero_memory_bytes);
    free(table->free_slots);
    free(table->static_log);
}

struct node *node_table_find(const struct node_table *table, uint32_t name_sym)
{
    return map_get(&table->by_name, hash_name(name_sym), node_has_name, &name_sym);
}

static void *grow_zeroed(void *array, uint32_t old_count, uint32_t new_count, size_t size)
{
    char *grown = mem_resize(array, new_count, size);
    memset(grown + old_count * size, 0, (new_count - old_count) * size);
    return grown;
}

static void node_table_expand(struct node_table *table)
{
    uint32_t old = table->capacity, grown = old * 2;
    CHECK(grown <= NODES_MAX);
    for (uint32_t i = 0; i < table->column_count; i++) {
        struct resource_column *column = &table->columns[i];
        column->allocatable = grow_zeroed(column->allocatable, old, grown, sizeof(int64_t));
        column->used = grow_zeroed(column->used, old, grown, sizeof(int64_t));
    }
    node_bounds_resize(table, old, grown);
    table->nodes = grow_zeroed(table->nodes, old, grown, sizeof(struct node *));
    table->nonzero_cpu_milli = grow_zeroed(table->nonzero_cpu_milli, old, grown, sizeof(int64_t));
    table->nonzero_memory_bytes =
        grow_zeroed(table->nonzero_memory_bytes, old, grown, sizeof(int64_t));
    table->free_slots = grow_zeroed(table->free_slots, old, grown, sizeof(uint32_t));
    table->capacity = grown;
}

static uint32_t node_table_take_slot(struct node_table *table)
{
    if (table->free_count > 0)
        return table->free_slots[--table->free_count];
    if (table->slot_count == table->capacity)
        node_table_expand(table);
    return table->slot_count++;
}

struct node *node_table_ensure(struct node_table *table, uint32_t name_sym)
{
    struct node *node = node_table_find(table, name_sym);
    if (node)
        return node;
    node = mem_zalloc(1, sizeof(*node));
    node->name_sym = name_sym;
    node->slot = node_table_take_slot(table);
    table->nodes[node->slot] = node;
    map_put(&table->by_name, hash_name(name_sym), node);
    return node;
}

void node_table_release(struct node_table *table, struct node *node)
{
    CHECK(!node->is_present);
    CHECK(node->pod_count == 0 && node->port_count == 0);
    CHECK(map_remove(&table->by_name, hash_name(node->name_sym), node_has_name, &node->name_sym) ==
          node);
    table->nodes[node->slot] = NULL;
    table->free_slots[table->free_count++] = node->slot;
    node_free_record(node);
}

void node_table_set_present(struct node_table *table, struct node *node, bool is_present)
{
    if (node->is_present == is_present)
        return;
    node->is_present = is_present;
    if (is_present) {
        bitset_set(&table->present, node->slot);
        table->present_count++;
        for (uint32_t i = 0; i < table->column_count; i++)
            node_bounds_note(table, i, node->slot); /* lower bounds leave absent nodes out */
    } else {
        bitset_clear(&table->present, node->slot);
        table->present_count--;
    }
    node_table_log_static(table, node->slot);
}

static bool has_soft_taint(const struct node *node)
{
    for (uint32_t i = 0; i < node->taints.count; i++)
        if (node->taints.items[i].effect == TAINT_PREFER_NO_SCHEDULE)
            return true;
    return false;
}

void node_table_log_static(struct node_table *table, uint32_t slot)
{
    if (has_soft_taint(table->nodes[slot]))
        bitset_set(&table->soft_tainted, slot);
    else
        bitset_clear(&table->soft_tainted, slot);
    table->static_log[table->static_log_end++ % NODE_STATIC_LOG_MAX] = slot;
}

bool node_table_static_log(const struct node_table *table, uint64_t position, uint32_t *ret_slot)
{
    CHECK(position < table->static_log_end);
    if (position == 0 || table->static_log_end - position > NODE_STATIC_LOG_MAX)
        return false;
    *ret_slot = table->static_log[position % NODE_STATIC_LOG_MAX];
    return true;
}

uint32_t node_table_column(const struct node_table *table, uint32_t name_sym)
{
    if (name_sym >= NAME_CPU && name_sym <= NAME_PODS)
        return name_sym - NAME_CPU;
    for (uint32_t i = RESOURCE_FIXED_COUNT; i < table->column_count; i++)
        if (table->columns[i].name_sym == name_sym)
            return i;
    return RESOURCE_NONE;
}

uint32_t node_table_ensure_column(struct node_table *table, uint32_t name_sym, bool *ret_is_new)
{
    *ret_is_new = false;
    uint32_t column = node_table_column(table, name_sym);
    if (column != RESOURCE_NONE)
        return column;
    if (table->column_count == RESOURCE_COLUMNS_MAX) {
        table->ignored_resources++;
        return RESOURCE_NONE;
    }
    column_init(&table->columns[table->column_count], name_sym, table->capacity);
    node_bounds_add_column(table, table->column_count);
    *ret_is_new = true;
    return table->column_count++;
}

void node_table_set_allocatable(struct node_table *table, uint32_t column, uint32_t slot,
                                int64_t amount)
{
    CHECK(column < table->column_count && slot < table->slot_count && amount >= 0);
    table->columns[column].allocatable[slot] = amount;
    node_bounds_note(table, column, slot);
}

static void account_column(struct node_table *table, uint32_t column, uint32_t slot, int64_t amount)
{
    table->columns[column].used[slot] += amount;
    node_bounds_note(table, column, slot);
}

void node_table_account(struct node_table *table, uint32_t slot, const struct requests *held,
                        int sign)
{
    CHECK(slot < table->slot_count && (sign == 1 || sign == -1));
    for (uint32_t i = 0; i < RESOURCE_FIXED_COUNT; i++)
        account_column(table, i, slot, sign * resource_accounted(held->fixed[i]));
    for (uint32_t i = 0; i < held->scalar_count; i++) {
        uint32_t column = node_table_column(table, held->scalars[i].name_sym);
        if (column != RESOURCE_NONE)
            account_column(table, column, slot, sign * resource_accounted(held->scalars[i].amount));
    }
    table->nonzero_cpu_milli[slot] += sign * resource_accounted(held->nonzero_cpu_milli);
    table->nonzero_memory_bytes[slot] += sign * resource_accounted(held->nonzero_memory_bytes);
}
