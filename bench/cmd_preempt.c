#include "bench/cmd_preempt.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/control_plane.h"
#include "bench/core_load.h"
#include "bench/flags.h"
#include "bench/preempt_rival.h"
#include "bench/report.h"

enum { ROUNDS_MAX = 99 };

struct preempt_command {
    uint32_t nodes, pods, rounds;
    bool is_alone;
    const char *bin, *json;
};

static void switch_on(struct sched_config *config)
{
    config->preempts = true;
}

static void tell(struct core_load *load, enum event_kind kind)
{
    sched_on_event(load->sched, &(struct event){.kind = kind});
}

/* Full nodes, and `pod_count` pods that each need one of the others to leave; microseconds of
 * processor time (there is one thread, and it never waits) from the queue's pop until its
 * nomination, its condition and the request to its victim are on their way. Nobody leaves
 * meanwhile. */
static double run_round(uint32_t node_count, uint32_t pod_count, uint64_t seed)
{
    struct core_load load;
    core_load_init_with(&load, seed, switch_on);
    core_load_begin(&load);
    for (uint32_t i = 0; i < node_count; i++)
        core_load_node(&load, i);
    uint32_t bound = node_count * PREEMPT_PODS_A_NODE;
    for (uint32_t i = 0; i < bound; i++)
        core_load_sized_pod(&load, i, i % node_count, PREEMPT_POD_CPU_MILLI, 0);
    for (uint32_t i = 0; i < pod_count; i++)
        core_load_sized_pod(&load, bound + i, UINT32_MAX, PREEMPT_POD_CPU_MILLI, PREEMPT_PRIORITY);
    core_load_end(&load);
    tell(&load, EVENT_BUDGET_LIST_BEGIN);
    tell(&load, EVENT_BUDGET_LIST_END);
    int64_t start_ns = report_cpu_ns();
    while (sched_pass(load.sched, 256))
        ;
    double us = (double)(report_cpu_ns() - start_ns) / 1000;
    CHECK(load.evicted == pod_count && load.binds == 0);
    core_load_fini(&load);
    return us / pod_count;
}

static int add_rival(const struct preempt_command *command, double own_us, struct report *report)
{
    char *built = command->bin ? NULL : control_plane_programs();
    if (!command->bin && !built) {
        (void)fprintf(stderr, "spillway-bench preempt: no control plane: give --bin DIR, run it "
                              "where tests/real/build.sh is, or with --alone\n");
        return -1;
    }
    struct err err = {0};
    struct preempt_rival_figures figures;
    int rc = preempt_rival_run(built ? built : command->bin, command->nodes, command->pods,
                               &figures, &err);
    free(built);
    if (rc < 0) {
        (void)fprintf(stderr, "spillway-bench preempt: kube_scheduler: %s\n", err.text);
        return rc;
    }
    report_add(report, "preempt.us_per_decision.kube_scheduler", figures.us_per_attempt,
               "us, its own metrics: an attempt");
    report_add(report, "preempt.us_post_filter.kube_scheduler", figures.us_post_filter,
               "us of that, its preemption alone");
    report_add(report, "preempt.decisions.kube_scheduler", figures.decisions, "measured");
    report_add(report, "preempt.ratio", own_us / figures.us_per_attempt,
               "spillway to kube_scheduler");
    return 0;
}

static int run_command(const struct preempt_command *command)
{
    double us[ROUNDS_MAX];
    for (uint32_t i = 0; i < command->rounds; i++)
        us[i] = run_round(command->nodes, command->pods, i + 1);
    double median_us = report_median(us, command->rounds);
    struct report report;
    report_init(&report, "preempt: a decision on full nodes, one victim each");
    report_add(&report, "preempt.nodes", command->nodes, "nodes, ten pods each");
    report_add(&report, "preempt.us_per_decision", median_us, "us of processor time, median");
    if (!command->is_alone && add_rival(command, median_us, &report) < 0)
        return 1;
    return report_finish(&report, command->json);
}

int cmd_preempt(int argc, char **argv)
{
    struct preempt_command command = {.nodes = 1000, .pods = 200, .rounds = 5};
    const struct flag flags[] = {
        {"nodes", FLAG_COUNT, &command.nodes, 1, 10000, "N", "nodes of 32 cores, all full"},
        {"pods", FLAG_COUNT, &command.pods, 1, 10000, "N", "pods that preempt, one after another"},
        {"rounds", FLAG_COUNT, &command.rounds, 1, ROUNDS_MAX, "N", "rounds; the median counts"},
        {"alone", FLAG_SWITCH, &command.is_alone, 0, 0, NULL, "without kube-scheduler's run"},
        {"bin", FLAG_TEXT, &command.bin, 0, 0, "DIR",
         "etcd, kube-apiserver, kube-scheduler; default: what tests/real/build.sh makes"},
        {"json", FLAG_TEXT, &command.json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    enum flags_result parsed =
        flags_parse(flags, ARRAY_LEN(flags),
                    "preemption on full nodes, beside the real kube-scheduler's", argc, argv);
    if (parsed != FLAGS_OK)
        return parsed == FLAGS_HELP ? 0 : 2;
    return run_command(&command);
}
