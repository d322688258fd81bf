/*
 * Two measurements, both in process through the core and beside the same load without a policy:
 *
 *     usual      a half-full cluster; the waiting pods are spread over the policies, the first half
 *                of each goes to its unit ecs, which is full then, the other half to its unit spot
 *     --churn    half of the pods fill the nodes and their unit, the others wait; then pods end one
 *                by one, and each leaves room for one
 */
#include "bench/cmd_units.h"

#include <stdio.h>

#include "bench/core_load.h"
#include "bench/flags.h"
#include "bench/report.h"

enum {
    ROUNDS_MAX = 99,
    PODS_A_NODE = 21,       /* as cmd_cycle.c: half of 32 cores */
    WAITING_A_NODE_MAX = 6, /* half of them on a third of the nodes, 0.75 of 16 free cores each */
    PODS_A_FULL_NODE = 110, /* the node's own limit */
};

struct units_command {
    uint32_t nodes, pods, policies, rounds;
    bool is_churn;
    const char *json;
};

/* Nanoseconds a waiting pod. */
struct round_cost {
    double intake, decision;
};

static void settle(struct core_load *load)
{
    while (sched_pass(load->sched, 256))
        ;
}

static void add_policies(struct core_load *load, uint32_t count, uint32_t pods)
{
    enum { POD_CPU_MILLI_MAX = 2000 };
    uint32_t pods_each = (pods + count - 1) / count;
    for (uint32_t i = 0; i < count; i++)
        core_load_policy(load, i, (pods_each + 1) / 2, (int64_t)pods_each * POD_CPU_MILLI_MAX);
    settle(load); /* in force before the pods come; decides nothing, for no list is complete */
}

/* With `policies` 0 the same pods, labels and all, have none. */
static struct round_cost run_round(const struct units_command *command, uint32_t policies,
                                   uint32_t apps, uint64_t seed)
{
    struct core_load load;
    core_load_init(&load, seed);
    core_load_begin(&load);
    for (uint32_t i = 0; i < command->nodes; i++)
        core_load_pool_node(&load, i, i % 3 < 2 ? "ecs" : "spot");
    uint32_t bound = command->nodes * PODS_A_NODE;
    for (uint32_t i = 0; i < bound; i++)
        core_load_pod(&load, i, (uint32_t)rng_below(&load.rng, command->nodes));
    if (policies > 0)
        add_policies(&load, policies, command->pods);
    int64_t start_ns = report_cpu_ns();
    for (uint32_t i = 0; i < command->pods; i++)
        core_load_app_pod(&load, bound + i, UINT32_MAX, i % apps);
    int64_t known_ns = report_cpu_ns();
    core_load_end(&load);
    settle(&load);
    int64_t end_ns = report_cpu_ns();
    CHECK(load.binds == command->pods);
    core_load_fini(&load);
    return (struct round_cost){.intake = (double)(known_ns - start_ns) / command->pods,
                               .decision = (double)(end_ns - known_ns) / command->pods};
}

/* What policies add: medians, each round of the load with them beside one without. */
struct overhead {
    uint32_t policies;
    double intake_ns[ROUNDS_MAX], decision_ns[ROUNDS_MAX], plain_ns[ROUNDS_MAX];
    double intake, decision, plain; /* the medians */
};

static void measure_round(const struct units_command *command, uint32_t round,
                          struct overhead *overhead)
{
    uint32_t policies = overhead->policies;
    struct round_cost plain = run_round(command, 0, policies, round + 1);
    struct round_cost with = run_round(command, policies, policies, round + 1);
    overhead->intake_ns[round] = with.intake - plain.intake;
    overhead->decision_ns[round] = with.decision - plain.decision;
    overhead->plain_ns[round] = plain.decision;
}

static void take_medians(struct overhead *overhead, uint32_t rounds)
{
    overhead->intake = report_median(overhead->intake_ns, rounds);
    overhead->decision = report_median(overhead->decision_ns, rounds);
    overhead->plain = report_median(overhead->plain_ns, rounds);
}

/* With more than one policy the same of one, by turns: what the machine does meanwhile concerns
 * both, and the figure is their ratio. */
static int report_overhead(const struct units_command *command)
{
    struct overhead many = {.policies = command->policies}, one = {.policies = 1};
    bool has_one = command->policies > 1;
    for (uint32_t round = 0; round < command->rounds; round++) {
        measure_round(command, round, &many);
        if (has_one)
            measure_round(command, round, &one);
    }
    take_medians(&many, command->rounds);
    struct report report;
    report_init(&report,
                "units: what policies add to a pod, from the queue's pop to the bind call");
    report_add(&report, "units.nodes", command->nodes, "nodes");
    report_add(&report, "units.policies", command->policies, "policies");
    report_add(&report, "units.plain_ns_per_pod", many.plain,
               "ns without policy, one core, median");
    report_add(&report, "units.overhead_ns_per_pod", many.decision, "ns more, median");
    report_add(&report, "units.intake_overhead_ns_per_pod", many.intake,
               "ns more to take a pod in");
    if (has_one) {
        take_medians(&one, command->rounds);
        report_add(&report, "units.overhead_ns_per_pod_one_policy", one.decision,
                   "ns more, median");
        report_add(&report, "units.overhead_growth", many.decision / one.decision,
                   "times one policy");
        report_add(&report, "units.ns_per_pod_growth",
                   (many.plain + many.decision) / (one.plain + one.decision),
                   "times one policy, the whole decision");
    }
    return report_finish(&report, command->json);
}

/* ---- memory and churn ---- */

struct churn {
    struct core_load load;
    uint32_t bound, policies;
    int64_t bytes;
};

/* Small pods, so that a node is full by their number and any pod fits where one has left. */
static void fill(struct churn *churn, const struct units_command *command, uint32_t policies)
{
    enum { SHRINK = 8 };
    struct core_load *load = &churn->load;
    uint32_t nodes = (command->pods / 2 + PODS_A_FULL_NODE - 1) / PODS_A_FULL_NODE;
    churn->bound = nodes * PODS_A_FULL_NODE;
    churn->policies = policies;
    core_load_init(load, 1);
    load->shrink = SHRINK;
    int64_t empty = report_rss_bytes();
    core_load_begin(load);
    for (uint32_t i = 0; i < nodes; i++)
        core_load_pool_node(load, i, "ecs");
    for (uint32_t i = 0; i < policies; i++) {
        uint32_t bound = churn->bound / policies + (i < churn->bound % policies);
        core_load_policy(load, i, bound, 0);
    }
    settle(load);
    for (uint32_t i = 0; i < command->pods; i++) {
        uint32_t node = i < churn->bound ? i % nodes : UINT32_MAX;
        core_load_app_pod(load, i, node, i % command->policies);
    }
    core_load_end(load);
    settle(load);
    CHECK(load->binds == 0);
    churn->bytes = report_rss_bytes() - empty;
}

static void pass_time(struct core_load *load, int64_t ms)
{
    load->now = mono_add(load->now, ms);
    settle(load);
}

/* Ends `count` pods, each in its own turn, and waits until their slots are taken. Returns how many
 * attempts found nothing. */
static uint64_t run_churn(struct churn *churn, uint32_t count)
{
    enum { BACKOFF_MS = 15000, TURN_MS = 10, TURNS_MAX = 100000 };
    struct core_load *load = &churn->load;
    uint32_t nodes = churn->bound / PODS_A_FULL_NODE;
    pass_time(load, BACKOFF_MS); /* all may be tried at once */
    struct sched_stats before = sched_stats(load->sched);
    for (uint32_t i = 0; i < count; i++) {
        core_load_app_pod_gone(load, i, i % nodes, i % churn->policies);
        pass_time(load, TURN_MS);
    }
    for (uint32_t i = 0; i < TURNS_MAX && load->binds < count; i++)
        pass_time(load, TURN_MS);
    CHECK(load->binds == count); /* no slot is left empty, nor taken twice */
    return sched_stats(load->sched).unschedulable - before.unschedulable;
}

static int report_churn(const struct units_command *command)
{
    enum { EVENTS = 2000 };
    struct report report;
    report_init(&report, "units: memory, and pods tried again for a slot that comes free");
    struct churn plain, with;
    fill(&plain, command, 0);
    fill(&with, command, command->policies);
    uint32_t events = with.bound < EVENTS ? with.bound : EVENTS;
    uint64_t rechecks = run_churn(&with, events);
    report_add(&report, "units.pods", command->pods, "pods, half of them waiting");
    report_add(&report, "units.policies", command->policies, "policies");
    report_add(&report, "units.plain_bytes_per_pod", (double)plain.bytes / command->pods,
               "bytes without policy, all in");
    report_add(&report, "units.bytes_per_pod", (double)(with.bytes - plain.bytes) / command->pods,
               "bytes more");
    report_add(&report, "units.freed_slots", events, "slots, all taken again");
    report_add(&report, "units.refused_rechecks_per_event", (double)rechecks / events,
               "waiting pods tried in vain a slot");
    report_add(&report, "units.attempts_per_event", (double)(rechecks + events) / events,
               "with the one that got it");
    core_load_fini(&with.load);
    core_load_fini(&plain.load);
    return report_finish(&report, command->json);
}

int cmd_units(int argc, char **argv)
{
    struct units_command command = {.nodes = 5000, .pods = 20000, .policies = 1, .rounds = 15};
    const struct flag flags[] = {
        {"nodes", FLAG_COUNT, &command.nodes, 3, 100000, "N", "nodes, unless --churn"},
        {"pods", FLAG_COUNT, &command.pods, 440, 1000000, "N", "waiting pods a round; all of them"},
        {"policies", FLAG_COUNT, &command.policies, 1, 100000, "N",
         "ResourcePolicies the pods are spread over"},
        {"rounds", FLAG_COUNT, &command.rounds, 1, ROUNDS_MAX, "N", "rounds; the median counts"},
        {"churn", FLAG_SWITCH, &command.is_churn, 0, 0, NULL,
         "memory and waiting pods in a full cluster instead"},
        {"json", FLAG_TEXT, &command.json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    enum flags_result parsed =
        flags_parse(flags, ARRAY_LEN(flags), "what elastic units cost", argc, argv);
    if (parsed != FLAGS_OK)
        return parsed == FLAGS_HELP ? 0 : 2;
    if (!command.is_churn && command.pods > command.nodes * WAITING_A_NODE_MAX) {
        (void)fprintf(stderr,
                      "spillway-bench units: --pods %u: %u nodes have room for %u waiting pods\n",
                      command.pods, command.nodes, command.nodes * WAITING_A_NODE_MAX);
        return 2;
    }
    return command.is_churn ? report_churn(&command) : report_overhead(&command);
}
