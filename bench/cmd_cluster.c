/*
 * Three contestants take turns on the real control plane, each time on a fresh one; of each figure
 * the median over the rounds. Everything shares the cores of this machine, so what is to be trusted
 * are the ratios of one run, not its absolute numbers.
 */
#include "bench/cmd_cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cluster_report.h"
#include "bench/cluster_run.h"
#include "bench/control_plane.h"
#include "bench/flags.h"
#include "bench/report.h"
#include "model/base/mem.h"

struct cluster_command {
    struct cluster_options options;
    const char *workload, *only, *json;
    struct cluster_rounds rounds;
    bool no_record;
};

static int report_all(const struct cluster_command *command)
{
    struct report report;
    report_init(&report, "cluster: on a real control plane, median of the rounds");
    cluster_report(&command->options, &command->rounds, &report);
    return report_finish(&report, command->json);
}

/* ---- runs ---- */

static void tell(enum contestant who, uint32_t round, const struct cluster_figures *figures)
{
    (void)fprintf(stderr,
                  "round %u %-19s %7.0f pods/s  %6.0f us/pod  apiserver %5.0f us/pod  %.2f "
                  "events/pod, then %5.0f and %.2f  decision %.1f us  p50 %.1f p99 %.1f ms  "
                  "restart %.2f s  others "
                  "%.2f cores\n",
                  round + 1, contestant_name(who), figures->pods_per_second,
                  figures->cpu_us_per_pod, figures->apiserver_cpu_us_per_pod,
                  figures->events_per_pod, figures->apiserver_cpu_told_us_per_pod,
                  figures->events_told_per_pod, figures->decision_us, figures->p50_ms,
                  figures->p99_ms, figures->restart_seconds, figures->machine_busy);
}

static int run_round(struct cluster_command *command, uint32_t round)
{
    struct cluster_rounds *rounds = &command->rounds;
    for (enum contestant who = 0; who < CONTESTANTS; who++) {
        struct err err = {0};
        if (!rounds->takes_part[who])
            continue;
        struct cluster_figures *into = &rounds->figures[who][round];
        if (cluster_run(&command->options, who, into, &err) < 0) {
            (void)fprintf(stderr, "spillway-bench cluster: %s: %s\n", contestant_name(who),
                          err.text);
            return -1;
        }
        tell(who, round, into);
    }
    return 0;
}

/* What spillway's decisions cost is read from a recording, which itself costs a few percent: a run
 * of its own, of which nothing else is taken. */
static int run_recorded(struct cluster_command *command)
{
    struct cluster_options options = command->options;
    struct cluster_figures figures = {0};
    struct err err = {0};
    options.records = true;
    options.steady_pods = 0;
    if (cluster_run(&options, CONTESTANT_SPILLWAY, &figures, &err) < 0) {
        (void)fprintf(stderr, "spillway-bench cluster: the recorded run: %s\n", err.text);
        return -1;
    }
    command->rounds.figures[CONTESTANT_SPILLWAY][0].decision_us = figures.decision_us;
    (void)fprintf(stderr, "recorded: spillway, decision %.1f us\n", figures.decision_us);
    return 0;
}

/* Whole rounds that were done before one failed are told of; the exit code says that it did. */
static int run_rounds(struct cluster_command *command)
{
    struct cluster_rounds *rounds = &command->rounds;
    uint32_t asked = rounds->count, done = 0;
    for (bool goes_on = true; goes_on && done < asked;) {
        goes_on = run_round(command, done) == 0;
        done += goes_on;
    }
    rounds->count = done;
    rounds->missing = asked - done;
    bool is_whole = done == asked;
    if (is_whole && rounds->takes_part[CONTESTANT_SPILLWAY] && !command->no_record)
        is_whole = run_recorded(command) == 0;
    int reported = done > 0 ? report_all(command) : 1;
    return is_whole ? reported : 1;
}

/* False, and it says why: names nobody knows, or more pods than surely fit. */
static bool check_command(struct cluster_command *command)
{
    struct cluster_options *options = &command->options;
    bool is_known = false;
    for (enum contestant who = 0; who < CONTESTANTS; who++) {
        bool is_named = command->only && strcmp(command->only, contestant_name(who)) == 0;
        command->rounds.takes_part[who] = is_named || !command->only;
        is_known = is_known || is_named || !command->only;
    }
    if (!is_known) {
        (void)fprintf(stderr,
                      "spillway-bench cluster: --only %s: bind_ceiling, ceiling_with_events, "
                      "kube_scheduler or spillway\n",
                      command->only);
        return false;
    }
    if (!cluster_workload_parse(command->workload, &options->workload)) {
        (void)fprintf(stderr, "spillway-bench cluster: --workload %s: it is one of",
                      command->workload);
        for (enum cluster_workload i = 0; i < CLUSTER_WORKLOADS; i++)
            (void)fprintf(stderr, " %s", cluster_workload_name(i));
        (void)fprintf(stderr, "\n");
        return false;
    }
    /* Nobody decides there: of another workload it would be the same as of plain pods. */
    if (!command->only && options->workload != CLUSTER_PLAIN)
        command->rounds.takes_part[CONTESTANT_CEILING_WITH_EVENTS] = false;
    uint64_t pods = (uint64_t)options->pods + options->steady_pods + 1;
    uint32_t max = cluster_load_pods_a_node_max(options->workload);
    if (pods > max * (uint64_t)options->nodes) {
        (void)fprintf(
            stderr,
            "spillway-bench cluster: %u pods and %u steady ones on %u nodes: at most %u a "
            "node with --workload %s\n",
            options->pods, options->steady_pods, options->nodes, max, command->workload);
        return false;
    }
    return true;
}

static int run_command(struct cluster_command *command)
{
    const struct cluster_options *options = &command->options;
    if (!check_command(command))
        return 2;
    char *built = options->bin ? NULL : control_plane_programs();
    if (!options->bin && !built) {
        (void)fprintf(stderr, "spillway-bench cluster: no control plane: give --bin DIR, or run it "
                              "where tests/real/build.sh is\n");
        return 1;
    }
    if (built)
        command->options.bin = built;
    int code = run_rounds(command);
    free(built);
    return code;
}

int cmd_cluster(int argc, char **argv)
{
    struct cluster_command *command = mem_zalloc(1, sizeof(*command));
    struct cluster_options *options = &command->options;
    command->rounds.count = 3;
    command->workload = "plain";
    *options = (struct cluster_options){
        .nodes = 5000, .pods = 20000, .steady_pods = 2000, .rate = 100, .limit_seconds = 600};
    const struct flag flags[] = {
        {"workload", FLAG_TEXT, &command->workload, 0, 0, "NAME",
         "plain (default), node-affinity, tolerations, preempting, infeasible, extended"},
        {"nodes", FLAG_COUNT, &options->nodes, 1, 100000, "N", "nodes of 32 cores"},
        {"pods", FLAG_COUNT, &options->pods, 100, 1000000, "N", "waiting pods"},
        {"steady", FLAG_COUNT, &options->steady_pods, 0, 100000, "N",
         "pods that come at a steady rate afterwards; 0: none, and no restart"},
        {"rate", FLAG_COUNT, &options->rate, 1, 1000, "N", "of these, a second"},
        {"rounds", FLAG_COUNT, &command->rounds.count, 1, CLUSTER_ROUNDS_MAX, "N",
         "runs of each, in turns"},
        {"only", FLAG_TEXT, &command->only, 0, 0, "NAME",
         "bind_ceiling, ceiling_with_events, kube_scheduler or spillway"},
        {"bin", FLAG_TEXT, &options->bin, 0, 0, "DIR",
         "etcd, kube-apiserver, kube-scheduler; default: what tests/real/build.sh makes"},
        {"spillway", FLAG_TEXT, &options->spillway, 0, 0, "PATH",
         "the scheduler; default: the one beside this program"},
        {"limit", FLAG_COUNT, &options->limit_seconds, 1, 86400, "SECONDS",
         "of one part of a run, after which it has failed"},
        {"no-record", FLAG_SWITCH, &command->no_record, 0, 0, NULL,
         "no recorded run of spillway after the rounds: nothing of what its decisions cost"},
        {"keep", FLAG_SWITCH, &options->keeps_files, 0, 0, NULL, "the logs of each run"},
        {"json", FLAG_TEXT, &command->json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    enum flags_result parsed = flags_parse(
        flags, ARRAY_LEN(flags),
        "spillway, kube-scheduler and bare binds on a real control plane, in turns.\n"
        "of_ceiling, apiserver_ratio: in bare binds; vs_kube, cpu_ratio: to kube-scheduler.\n"
        "algorithm_ratio: kube-scheduler's scheduling_algorithm_duration (by the clock, all of "
        "the\n"
        "drain) to the processor time of spillway's passes over the same pods, idle ones "
        "included:\n"
        "one more run of spillway is recorded, and the recording replayed in this process",
        argc, argv);
    int code = parsed == FLAGS_OK ? run_command(command) : parsed == FLAGS_HELP ? 0 : 2;
    free(command);
    return code;
}
