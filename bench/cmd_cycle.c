#include "bench/cmd_cycle.h"

#include "bench/core_load.h"
#include "bench/flags.h"
#include "bench/packing.h"
#include "bench/report.h"

enum { ROUNDS_MAX = 99, PODS_A_NODE = 21 /* of 0.75 cores in the mean: half of 32 cores */ };

struct cycle_command {
    uint32_t nodes, pods, rounds, row;
    const char *json;
};

static void search_for_each(struct sched_config *config)
{
    config->cycle.is_batched = false;
}

/* A half-full cluster of `node_count` and the pods waiting; nanoseconds a pod until all have their
 * bind call. */
static double run_round(const struct cycle_command *command, uint32_t node_count, bool is_batched,
                        uint64_t seed)
{
    struct core_load load;
    core_load_init_with(&load, seed, is_batched ? NULL : search_for_each);
    load.row = command->row;
    core_load_begin(&load);
    for (uint32_t i = 0; i < node_count; i++)
        core_load_node(&load, i);
    uint32_t bound = node_count * PODS_A_NODE;
    for (uint32_t i = 0; i < bound; i++)
        core_load_pod(&load, i, (uint32_t)rng_below(&load.rng, node_count));
    for (uint32_t i = 0; i < command->pods; i++)
        core_load_pod(&load, bound + i, UINT32_MAX);
    core_load_end(&load);
    int64_t start_ns = report_now_ns();
    while (sched_pass(load.sched, 256))
        ;
    double ns = (double)(report_now_ns() - start_ns);
    CHECK(load.binds == command->pods);
    core_load_fini(&load);
    return ns / command->pods;
}

static double run_rounds(const struct cycle_command *command, uint32_t node_count, bool is_batched)
{
    double ns[ROUNDS_MAX];
    for (uint32_t i = 0; i < command->rounds; i++)
        ns[i] = run_round(command, node_count, is_batched, i + 1);
    return report_median(ns, command->rounds);
}

static int report_cycle(const struct cycle_command *command)
{
    struct report report;
    report_init(&report, "cycle: from the queue's pop to the bind call, half-full cluster");
    double ns = run_rounds(command, command->nodes, false);
    double ns_10x = run_rounds(command, command->nodes * 10, false);
    double batched_ns = run_rounds(command, command->nodes, true);
    double batched_ns_10x = run_rounds(command, command->nodes * 10, true);
    report_add(&report, "cycle.nodes", command->nodes, "nodes");
    report_add(&report, "cycle.row", command->row, "pods of one template in a row");
    report_add(&report, "cycle.ns_per_pod", ns, "ns, one core, median, a search for each pod");
    report_add(&report, "cycle.ns_per_pod_10x", ns_10x, "ns with ten times the nodes");
    report_add(&report, "cycle.growth", ns_10x / ns, "times");
    report_add(&report, "cycle.ns_per_pod_batched", batched_ns,
               "ns, pods of a row share searches, as is usual");
    report_add(&report, "cycle.ns_per_pod_batched_10x", batched_ns_10x,
               "ns with ten times the nodes");
    report_add(&report, "cycle.growth_batched", batched_ns_10x / batched_ns, "times");
    report_add(&report, "cycle.packed_all_nodes",
               packing_nodes_used(PACKING_ALL_NODES, command->row),
               "% of nodes used, half full; all looked at");
    report_add(&report, "cycle.packed", packing_nodes_used(PACKING_EACH, command->row),
               "% with a search for each pod");
    report_add(&report, "cycle.packed_batched", packing_nodes_used(PACKING_SHARED, command->row),
               "% when rows share searches");
    return report_finish(&report, command->json);
}

int cmd_cycle(int argc, char **argv)
{
    struct cycle_command command = {.nodes = 5000, .pods = 20000, .rounds = 5, .row = 50};
    const struct flag flags[] = {
        {"nodes", FLAG_COUNT, &command.nodes, 1, 100000, "N",
         "nodes; measured again with ten times as many"},
        {"pods", FLAG_COUNT, &command.pods, 1, 1000000, "N", "waiting pods a round"},
        {"row", FLAG_COUNT, &command.row, 1, 1000000, "N",
         "pods of one template that follow each other, as those of a Deployment do"},
        {"rounds", FLAG_COUNT, &command.rounds, 1, ROUNDS_MAX, "N", "rounds; the median counts"},
        {"json", FLAG_TEXT, &command.json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    enum flags_result parsed = flags_parse(
        flags, ARRAY_LEN(flags), "plain pods on a half-full cluster, pop to bind call", argc, argv);
    if (parsed != FLAGS_OK)
        return parsed == FLAGS_HELP ? 0 : 2;
    return report_cycle(&command);
}
