/* Bounds of what is free: never wrong, whatever happens to nodes; exact when tightened. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>

#include "model/names.h"
#include "model/node_bounds.h"
#include "tests/model/seed.h"

enum { GPU_SYM = 1000 };

static struct requests ask_of(int64_t cpu_milli, int64_t memory_bytes)
{
    return (struct requests){
        .fixed = {
            [RESOURCE_CPU] = cpu_milli, [RESOURCE_MEMORY] = memory_bytes, [RESOURCE_PODS] = 1}};
}

static uint32_t add_node(struct node_table *table, uint32_t number, int64_t cpu_milli)
{
    struct node *node = node_table_ensure(table, 100 + number);
    node_table_set_allocatable(table, RESOURCE_CPU, node->slot, cpu_milli);
    node_table_set_allocatable(table, RESOURCE_MEMORY, node->slot, 1000);
    node_table_set_allocatable(table, RESOURCE_PODS, node->slot, 10);
    node_table_set_present(table, node, true);
    return node->slot;
}

Test(node_bounds, a_superblock_is_ruled_out_when_no_block_of_it_has_room)
{
    struct node_table table;
    node_table_init(&table);
    for (uint32_t i = 0; i < 3 * NODE_BLOCK_SLOTS; i++)
        (void)add_node(&table, i, i == 100 ? 2000 : 1000);
    struct requests fits = ask_of(2000, 0), none = ask_of(2001, 0);
    cr_expect(node_super_may_fit(&table, 0, &fits));
    cr_expect(node_block_may_fit(&table, 1, &fits));
    cr_expect_not(node_block_may_fit(&table, 0, &fits));
    cr_expect_not(node_super_may_fit(&table, 0, &none));
    node_table_account(&table, 100, &fits, 1);
    cr_expect(node_super_may_fit(&table, 0, &fits), "not looked at since");
    node_bounds_tighten(&table, 1);
    node_bounds_tighten_super(&table, 0);
    cr_expect_not(node_super_may_fit(&table, 0, &fits));
    node_table_account(&table, 100, &fits, -1);
    cr_expect(node_super_may_fit(&table, 0, &fits), "what is freed counts at once");
    node_table_fini(&table);
}

Test(node_bounds, all_nodes_have_what_the_least_of_them_has)
{
    struct node_table table;
    node_table_init(&table);
    for (uint32_t i = 0; i < NODE_BLOCK_SLOTS; i++)
        (void)add_node(&table, i, 1000 + i);
    node_bounds_tighten(&table, 0);
    struct requests all = ask_of(1000, 0), some = ask_of(1001, 0), memory = ask_of(1000, 1001);
    cr_expect(node_block_fits_all(&table, 0, &all));
    cr_expect_not(node_block_fits_all(&table, 0, &some));
    cr_expect_not(free_bounds_are_clear(&table.blocks[0], &some), "some have it, some have not");
    cr_expect(free_bounds_are_clear(&table.blocks[0], &memory), "all have cpu, none has memory");
    struct node *least = table.nodes[0];
    node_table_set_present(&table, least, false);
    node_table_set_allocatable(&table, RESOURCE_CPU, 0, 0);
    node_bounds_tighten(&table, 0);
    cr_expect(node_block_fits_all(&table, 0, &some), "an absent node is no matter");
    node_table_set_present(&table, least, true);
    cr_expect_not(node_block_fits_all(&table, 0, &some), "and is one when it is back");
    node_table_fini(&table);
}

Test(node_bounds, other_resources_have_upper_bounds)
{
    struct node_table table;
    node_table_init(&table);
    for (uint32_t i = 0; i < 2 * NODE_BLOCK_SLOTS; i++)
        (void)add_node(&table, i, 1000);
    struct requests *gpu = calloc(1, sizeof(*gpu) + sizeof(struct scalar));
    *gpu = ask_of(1000, 0);
    gpu->scalar_count = 1;
    gpu->scalars[0] = (struct scalar){GPU_SYM, 2};
    cr_expect_not(node_super_may_fit(&table, 0, gpu), "nobody offers it");
    bool is_new;
    uint32_t column = node_table_ensure_column(&table, GPU_SYM, &is_new);
    cr_assert(is_new);
    cr_expect_not(node_super_may_fit(&table, 0, gpu));
    node_table_set_allocatable(&table, column, NODE_BLOCK_SLOTS + 3, 2);
    cr_expect(node_super_may_fit(&table, 0, gpu));
    cr_expect(node_block_may_fit(&table, 1, gpu));
    cr_expect_not(node_block_may_fit(&table, 0, gpu));
    free(gpu);
    node_table_fini(&table);
}

Test(node_bounds, hold_whatever_happens)
{
    enum { NODES = 9000, STEPS = 20000 };
    struct rng rng;
    uint64_t seed = seed_rng(&rng, "node_bounds");
    struct node_table table;
    node_table_init(&table);
    for (uint32_t i = 0; i < NODES; i++)
        (void)add_node(&table, i, (int64_t)rng_below(&rng, 4000));
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t slot = (uint32_t)rng_below(&rng, step % 2 ? NODES : 200);
        uint32_t block = slot / NODE_BLOCK_SLOTS;
        struct requests ask = ask_of((int64_t)rng_below(&rng, 2000), (int64_t)rng_below(&rng, 500));
        switch (rng_below(&rng, 8)) {
        case 0:
            node_table_set_present(&table, table.nodes[slot], rng_below(&rng, 2));
            break;
        case 1:
            node_table_set_allocatable(&table, RESOURCE_CPU, slot, (int64_t)rng_below(&rng, 4000));
            break;
        case 2:
            node_bounds_tighten(&table, block);
            break;
        case 3:
            node_bounds_tighten_super(&table, block / NODE_SUPER_BLOCKS);
            break;
        default:
            node_table_account(&table, slot, &ask, rng_below(&rng, 2) ? 1 : -1);
            break;
        }
        if (step % 100 == 0)
            node_bounds_check(&table);
        uint64_t present = bitset_word(&table.present, block);
        for (uint32_t i = 0; i < NODE_BLOCK_SLOTS && block * NODE_BLOCK_SLOTS + i < NODES; i++) {
            int64_t amount = node_free(&table, RESOURCE_CPU, block * NODE_BLOCK_SLOTS + i);
            if (!(present >> i & 1))
                continue;
            cr_assert(table.blocks[block].most[RESOURCE_CPU] >= amount, "seed %" PRIu64, seed);
            cr_assert(table.blocks[block].least[RESOURCE_CPU] <= amount, "seed %" PRIu64, seed);
        }
    }
    node_table_fini(&table);
}
