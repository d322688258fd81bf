#include "bench/cmd_cycle.h"

#include "bench/core_load.h"
#include "bench/flags.h"
#include "bench/report.h"

enum { ROUNDS_MAX = 99, PODS_A_NODE = 21 /* of 0.75 cores in the mean: half of 32 cores */ };

/* A half-full cluster and `pod_count` pods waiting; nanoseconds a pod until all have their bind
 * call. */
static double run_round(uint32_t node_count, uint32_t pod_count, uint64_t seed)
{
    struct core_load load;
    core_load_init(&load, seed);
    core_load_begin(&load);
    for (uint32_t i = 0; i < node_count; i++)
        core_load_node(&load, i);
    uint32_t bound = node_count * PODS_A_NODE;
    for (uint32_t i = 0; i < bound; i++)
        core_load_pod(&load, i, (uint32_t)rng_below(&load.rng, node_count));
    for (uint32_t i = 0; i < pod_count; i++)
        core_load_pod(&load, bound + i, UINT32_MAX);
    core_load_end(&load);
    int64_t start_ns = report_now_ns();
    while (sched_pass(load.sched, 256))
        ;
    double ns = (double)(report_now_ns() - start_ns);
    CHECK(load.binds == pod_count);
    core_load_fini(&load);
    return ns / pod_count;
}

static double run_rounds(uint32_t node_count, uint32_t pod_count, uint32_t round_count)
{
    double ns[ROUNDS_MAX];
    for (uint32_t i = 0; i < round_count; i++)
        ns[i] = run_round(node_count, pod_count, i + 1);
    return report_median(ns, round_count);
}

int cmd_cycle(int argc, char **argv)
{
    uint32_t nodes = 5000, pods = 20000, rounds = 5;
    const char *json = NULL;
    const struct flag flags[] = {
        {"nodes", FLAG_COUNT, &nodes, 1, 100000, "N",
         "nodes; measured again with ten times as many"},
        {"pods", FLAG_COUNT, &pods, 1, 1000000, "N", "waiting pods a round"},
        {"rounds", FLAG_COUNT, &rounds, 1, ROUNDS_MAX, "N", "rounds; the median counts"},
        {"json", FLAG_TEXT, &json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    enum flags_result parsed = flags_parse(
        flags, ARRAY_LEN(flags), "plain pods on a half-full cluster, pop to bind call", argc, argv);
    if (parsed != FLAGS_OK)
        return parsed == FLAGS_HELP ? 0 : 2;
    struct report report;
    report_init(&report, "cycle: from the queue's pop to the bind call, half-full cluster");
    double ns = run_rounds(nodes, pods, rounds);
    double ns_10x = run_rounds(nodes * 10, pods, rounds);
    report_add(&report, "cycle.nodes", nodes, "nodes");
    report_add(&report, "cycle.ns_per_pod", ns, "ns, one core, median");
    report_add(&report, "cycle.ns_per_pod_10x", ns_10x, "ns with ten times the nodes");
    report_add(&report, "cycle.growth", ns_10x / ns, "times");
    return report_finish(&report, json);
}
