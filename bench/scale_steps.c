#include "bench/scale_steps.h"

#include <stdio.h>

#include "bench/core_load.h"
#include "sched/cycle.h"

#define GIB (INT64_C(1) << 30)

enum {
    NODE_CPU_MILLI = 32000,
    HALF_PODS_A_NODE = 8,
    HALF_CPU_MILLI = 2000,
    WAITING = 2000,
    WAITING_ALL = 200,   /* when every node is looked at */
    REFUSED_A_NODE = 10, /* one refused pod for so many nodes: the end of a filling */
    SEEDS = 3,
    SEEDS_FROM_NODES = 20000, /* one seed in clusters of so many */
};

static void settle(struct core_load *load)
{
    while (sched_pass(load->sched, 256))
        ;
}

static void init_nodes(struct core_load *load, uint32_t node_count, uint64_t seed,
                       const struct core_search *search)
{
    core_load_init_search(load, seed, search);
    core_load_begin(load);
    for (uint32_t i = 0; i < node_count; i++)
        core_load_node(load, i);
}

/* ---- work ---- */

struct work {
    double ns, visited; /* of one decision */
};

/* Plain pods on a half-full cluster. */
static struct work measure_work(uint32_t node_count, const struct core_search *search)
{
    struct core_load load;
    init_nodes(&load, node_count, 1, search);
    uint32_t pod = 0, waiting = search->feasible_target ? WAITING : WAITING_ALL;
    for (; pod < node_count * HALF_PODS_A_NODE; pod++)
        core_load_asking_pod(&load, pod, (uint32_t)rng_below(&load.rng, node_count), HALF_CPU_MILLI,
                             8 * GIB);
    core_load_end(&load);
    for (uint32_t i = 0; i < waiting; i++) /* bounds and the caches of shapes are made */
        core_load_pod(&load, pod++, UINT32_MAX);
    settle(&load);
    for (uint32_t i = 0; i < waiting; i++)
        core_load_pod(&load, pod++, UINT32_MAX);
    uint64_t visited = sched_stats(load.sched).nodes_visited;
    int64_t start_ns = report_cpu_ns();
    settle(&load);
    int64_t end_ns = report_cpu_ns();
    CHECK(load.binds == 2 * (uint64_t)waiting);
    visited = sched_stats(load.sched).nodes_visited - visited;
    core_load_fini(&load);
    return (struct work){.ns = (double)(end_ns - start_ns) / waiting,
                         .visited = (double)visited / waiting};
}

/* ---- packing ---- */

/* Percent of the cluster's cpu that pods hold. */
struct packing {
    double first, end; /* when the first pod was refused; when one for each ten nodes was */
};

/* Pods of 2 to 16 cores and 1 to 4 GiB a core, in an order that only the seed decides. */
static struct packing fill(uint32_t node_count, uint64_t seed, const struct core_search *search)
{
    static const int64_t cores[] = {2, 4, 8, 16}, gib_a_core[] = {1, 2, 4};
    struct core_load load;
    init_nodes(&load, node_count, seed, search);
    core_load_end(&load);
    struct rng stream;
    rng_init(&stream, seed);
    struct packing packing = {0};
    int64_t held_milli = 0;
    for (uint32_t pod = 0; load.refusals < (node_count + REFUSED_A_NODE - 1) / REFUSED_A_NODE;
         pod++) {
        int64_t pod_cores = cores[rng_below(&stream, ARRAY_LEN(cores))];
        int64_t pod_gib = pod_cores * gib_a_core[rng_below(&stream, ARRAY_LEN(gib_a_core))];
        uint64_t binds = load.binds, refusals = load.refusals;
        core_load_asking_pod(&load, pod, UINT32_MAX, pod_cores * 1000, pod_gib * GIB);
        settle(&load);
        CHECK(load.binds + load.refusals == binds + refusals + 1);
        held_milli += load.binds > binds ? pod_cores * 1000 : 0;
        packing.end = 100.0 * (double)held_milli / ((double)node_count * NODE_CPU_MILLI);
        if (load.refusals == 0)
            packing.first = packing.end;
    }
    core_load_fini(&load);
    return packing;
}

static struct packing measure_packing(uint32_t node_count, const struct core_search *search)
{
    uint32_t seeds = node_count < SEEDS_FROM_NODES ? SEEDS : 1;
    struct packing mean = {0};
    for (uint32_t seed = 1; seed <= seeds; seed++) {
        struct packing one = fill(node_count, seed, search);
        mean.first += one.first / seeds;
        mean.end += one.end / seeds;
    }
    return mean;
}

/* ---- the document ---- */

static const struct core_search all_nodes = {.predicate_step = CYCLE_PREDICATE_STEP};

static const struct core_search searches[] = {
    {16, 100, FIT_LEAST_ALLOCATED},  {64, 100, FIT_LEAST_ALLOCATED},
    {256, 100, FIT_LEAST_ALLOCATED}, {1024, 100, FIT_LEAST_ALLOCATED},
    {64, 1, FIT_LEAST_ALLOCATED},    {64, 400, FIT_LEAST_ALLOCATED},
    {64, 1600, FIT_LEAST_ALLOCATED}, {CYCLE_PREDICATE_STEP, 0, FIT_LEAST_ALLOCATED},
};

static const char intro[] =
    "# What a search that stops early saves and loses\n\n"
    "    spillway-bench scale --steps >bench/SAMPLING.md\n\n"
    "Nodes are looked at in steps of `predicateStep` from where the last search ended; after each\n"
    "step the search ends when `feasibleTarget` nodes were found. The limit cuts the search for a\n"
    "better node, never for any node. Defaults: 64 and 100. Nodes have 32 cores and 128 GiB.\n\n"
    "- **ns**, **nodes**: processor time and nodes visited by one decision, pods of 250m to 2\n"
    "  cores on a half-full cluster. Nodes that are certain not to fit count as visited, and cost\n"
    "  next to nothing.\n"
    "- **spread**, **packed**: pods of 2 to 16 cores and 1 to 4 GiB a core fill an empty cluster,\n"
    "  always the same ones in the same order. Percent of all cores that are held when the first\n"
    "  pod finds no node, and when one pod for each ten nodes found none; under LeastAllocated\n"
    "  (the default) and under MostAllocated. Mean of three orders below 20,000 nodes.\n"
    "- **lost**: points of allocation behind the search that looks at every node, at the end of\n"
    "  the filling; below 0: it did better than that one.\n";

/* Points that `packing` is behind; what would be printed as -0.00 is 0. */
static double points_lost(const struct packing *whole, const struct packing *packing)
{
    double lost = whole->end - packing->end;
    return lost > -0.005 && lost < 0 ? 0 : lost;
}

static void print_row(uint32_t node_count, const struct core_search *search,
                      const struct packing whole[2])
{
    char step[16] = "-", target[16] = "all";
    struct work work = measure_work(node_count, search);
    struct core_search packed = *search;
    packed.strategy = FIT_MOST_ALLOCATED;
    bool is_whole = search->feasible_target == 0;
    struct packing spread = is_whole ? whole[0] : measure_packing(node_count, search);
    struct packing tight = is_whole ? whole[1] : measure_packing(node_count, &packed);
    if (!is_whole) {
        (void)snprintf(step, sizeof(step), "%u", search->predicate_step);
        (void)snprintf(target, sizeof(target), "%u", search->feasible_target);
    }
    printf("| %s | %s | %.0f | %.0f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |\n", step, target,
           work.ns, work.visited, spread.first, spread.end, points_lost(&whole[0], &spread),
           tight.first, tight.end, points_lost(&whole[1], &tight));
    (void)fflush(stdout);
}

static void print_size(uint32_t node_count)
{
    struct core_search packed = all_nodes;
    packed.strategy = FIT_MOST_ALLOCATED;
    const struct packing whole[2] = {measure_packing(node_count, &all_nodes),
                                     measure_packing(node_count, &packed)};
    printf("\n## %u nodes\n\n", node_count);
    printf("| step | target | ns | nodes | spread: first | end | lost | packed: first | end | lost "
           "|\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < ARRAY_LEN(searches); i++)
        print_row(node_count, &searches[i], whole);
}

int scale_steps(void)
{
    static const uint32_t sizes[] = {1000, 5000, 10000, 50000};
    printf("%s", intro);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        print_size(sizes[i]);
    return ferror(stdout) ? 1 : 0;
}

/* ---- figures ---- */

void scale_add_search(struct report *report)
{
    enum { WORK_NODES = 50000, PACKING_NODES = 1000 };
    const struct core_search usual = {CYCLE_PREDICATE_STEP, CYCLE_FEASIBLE_TARGET,
                                      FIT_LEAST_ALLOCATED};
    struct work all = measure_work(WORK_NODES, &all_nodes), some = measure_work(WORK_NODES, &usual);
    struct packing whole = measure_packing(PACKING_NODES, &all_nodes);
    struct packing sampled = measure_packing(PACKING_NODES, &usual);
    report_add(report, "scale.work_ratio", all.visited / some.visited,
               "times fewer nodes than all of 50,000");
    report_add(report, "scale.work_ratio_ns", all.ns / some.ns, "times less time");
    report_add(report, "scale.packing_lost", whole.end - sampled.end,
               "points of allocation, 1,000 nodes");
}
