#include "bench/packing.h"

#include "bench/core_load.h"

enum { NODES = 1000, SEEDS = 3, NODE_CPU_MILLI = 32000 };

static void pack(struct sched_config *config)
{
    config->cycle.score.strategy = FIT_MOST_ALLOCATED;
}

static void pack_each(struct sched_config *config)
{
    pack(config);
    config->cycle.is_batched = false;
}

static void pack_all_nodes(struct sched_config *config)
{
    pack_each(config);
    config->cycle.feasible_target = 0;
}

/* Pods of 1 to 9 cores, as many as take half of the cluster. */
static void add_rows(struct core_load *load, uint32_t row, uint64_t seed)
{
    enum { SIZES = 17, SIZE_LEAST_MILLI = 1000, SIZE_STEP_MILLI = 500 };
    struct rng rng; /* of its own: the same pods whatever the search */
    rng_init(&rng, seed);
    int64_t left_milli = (int64_t)NODES * NODE_CPU_MILLI / 2;
    uint32_t count = 0;
    while (left_milli > 0) {
        int64_t cpu_milli = SIZE_LEAST_MILLI + SIZE_STEP_MILLI * (int64_t)rng_below(&rng, SIZES);
        for (uint32_t i = 0; i < row && left_milli > 0; i++) {
            core_load_sized_pod(load, count++, UINT32_MAX, cpu_milli, 0);
            left_milli -= cpu_milli;
        }
    }
}

static uint32_t nodes_used(const struct core_load *load)
{
    const struct node_table *nodes = &sched_cluster(load->sched)->nodes;
    uint32_t used = 0;
    for (uint32_t slot = 0; slot < nodes->slot_count; slot++)
        used += nodes->nodes[slot]->pod_count > 0;
    return used;
}

double packing_nodes_used(enum packing_search search, uint32_t row)
{
    static void (*const changes[])(struct sched_config * config) = {
        [PACKING_ALL_NODES] = pack_all_nodes, [PACKING_EACH] = pack_each, [PACKING_SHARED] = pack};
    uint64_t used = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct core_load load;
        core_load_init_with(&load, seed, changes[search]);
        core_load_begin(&load);
        for (uint32_t i = 0; i < NODES; i++)
            core_load_node(&load, i);
        add_rows(&load, row, seed);
        core_load_end(&load);
        while (sched_pass(load.sched, 256))
            ;
        CHECK(load.refusals == 0);
        used += nodes_used(&load);
        core_load_fini(&load);
    }
    return 100.0 * (double)used / ((double)NODES * SEEDS);
}
