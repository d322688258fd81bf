/*
 * Three contestants take turns on the real control plane, each time on a fresh one; of each figure
 * the median over the rounds. Everything shares the cores of this machine, so what is to be trusted
 * are the ratios of one run, not its absolute numbers.
 */
#include "bench/cmd_cluster.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cluster_run.h"
#include "bench/control_plane.h"
#include "bench/flags.h"
#include "bench/plain_load.h"
#include "bench/report.h"
#include "model/base/mem.h"

enum { ROUNDS_MAX = 15 };

struct cluster_command {
    struct cluster_options options;
    uint32_t rounds;
    const char *only, *json;
    struct cluster_figures figures[CONTESTANTS][ROUNDS_MAX];
};

static const char *const names[] = {
    [CONTESTANT_CEILING] = "bind_ceiling",
    [CONTESTANT_KUBE_SCHEDULER] = "kube_scheduler",
    [CONTESTANT_SPILLWAY] = "spillway",
};

/* ---- figures ---- */

/* The rows, in order. Without a key the contestant's name is the last part of "cluster.<name>". */
static const struct figure {
    const char *key, *unit;
    size_t offset;
    bool is_of_schedulers; /* the ceiling has none */
    bool is_steady;        /* of the second half of a run */
} rows[] = {
#define FIGURE(member) offsetof(struct cluster_figures, member)
    {NULL, "pods/s, first binding to last", FIGURE(pods_per_second), false, false},
    {"cpu_us_per_pod", "us", FIGURE(cpu_us_per_pod), true, false},
    {"apiserver_cpu_us_per_pod", "us", FIGURE(apiserver_cpu_us_per_pod), false, false},
    {"etcd_cpu_us_per_pod", "us", FIGURE(etcd_cpu_us_per_pod), false, false},
    {"events_per_pod", "events until the last bind", FIGURE(events_per_pod), true, false},
    {"rss_bytes", "bytes, highest in the drain", FIGURE(rss_bytes), true, false},
    {"p50_ms", "ms, create to bound", FIGURE(p50_ms), true, true},
    {"p99_ms", "ms, create to bound", FIGURE(p99_ms), true, true},
    {"restart_seconds", "s, start to first bind", FIGURE(restart_seconds), true, true},
    {"machine_busy", "cores at work for others", FIGURE(machine_busy), false, false},
#undef FIGURE
};

static double median_of(const struct cluster_command *command, enum contestant who, size_t offset)
{
    double values[ROUNDS_MAX];
    for (uint32_t i = 0; i < command->rounds; i++)
        memcpy(&values[i], (const char *)&command->figures[who][i] + offset, sizeof(values[i]));
    return report_median(values, command->rounds);
}

static bool takes_part(const struct cluster_command *command, enum contestant who)
{
    return !command->only || strcmp(command->only, names[who]) == 0;
}

static void add_figure(const struct cluster_command *command, const struct figure *figure,
                       struct report *report)
{
    for (enum contestant who = 0; who < CONTESTANTS; who++) {
        char key[REPORT_KEY_BYTES];
        if (!takes_part(command, who) || (figure->is_of_schedulers && who == CONTESTANT_CEILING) ||
            (figure->is_steady && command->options.steady_pods == 0))
            continue;
        bool is_restart = figure->offset == offsetof(struct cluster_figures, restart_seconds);
        if (is_restart && who == CONTESTANT_SPILLWAY)
            (void)snprintf(key, sizeof(key), "cluster.%s", figure->key);
        else if (figure->key)
            (void)snprintf(key, sizeof(key), "cluster.%s.%s", figure->key, names[who]);
        else
            (void)snprintf(key, sizeof(key), "cluster.%s", names[who]);
        report_add(report, key, median_of(command, who, figure->offset), figure->unit);
    }
}

/* A quotient of the same figure of two contestants: what a loaded machine leaves standing. */
static void add_ratio(const struct cluster_command *command, const char *key, size_t offset,
                      enum contestant to, struct report *report)
{
    char whole[REPORT_KEY_BYTES], unit[REPORT_UNIT_BYTES];
    double divisor = median_of(command, to, offset);
    if (divisor <= 0)
        return;
    (void)snprintf(whole, sizeof(whole), "cluster.ratio.%s", key);
    (void)snprintf(unit, sizeof(unit), "spillway to %s", names[to]);
    report_add(report, whole, median_of(command, CONTESTANT_SPILLWAY, offset) / divisor, unit);
}

static void add_ratios(const struct cluster_command *command, struct report *report)
{
    size_t speed = offsetof(struct cluster_figures, pods_per_second);
    add_ratio(command, "of_ceiling", speed, CONTESTANT_CEILING, report);
    add_ratio(command, "speed", speed, CONTESTANT_KUBE_SCHEDULER, report);
    add_ratio(command, "cpu", offsetof(struct cluster_figures, cpu_us_per_pod),
              CONTESTANT_KUBE_SCHEDULER, report);
    add_ratio(command, "apiserver_cpu", offsetof(struct cluster_figures, apiserver_cpu_us_per_pod),
              CONTESTANT_KUBE_SCHEDULER, report);
    add_ratio(command, "rss", offsetof(struct cluster_figures, rss_bytes),
              CONTESTANT_KUBE_SCHEDULER, report);
    add_ratio(command, "p99", offsetof(struct cluster_figures, p99_ms), CONTESTANT_KUBE_SCHEDULER,
              report);
}

static int report_all(const struct cluster_command *command)
{
    struct report report;
    report_init(&report, "cluster: on a real control plane, median of the rounds");
    report_add(&report, "cluster.nodes", command->options.nodes, "nodes");
    report_add(&report, "cluster.pods", command->options.pods, "pods");
    report_add(&report, "cluster.rounds", command->rounds, "rounds");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        add_figure(command, &rows[i], &report);
    if (!command->only)
        add_ratios(command, &report);
    return report_finish(&report, command->json);
}

/* ---- runs ---- */

static void tell(enum contestant who, uint32_t round, const struct cluster_figures *figures)
{
    (void)fprintf(stderr,
                  "round %u %-14s %7.0f pods/s  %6.0f us/pod  apiserver %5.0f us/pod  %.2f "
                  "events/pod  p50 %.1f p99 %.1f ms  restart %.2f s  others %.2f cores\n",
                  round + 1, names[who], figures->pods_per_second, figures->cpu_us_per_pod,
                  figures->apiserver_cpu_us_per_pod, figures->events_per_pod, figures->p50_ms,
                  figures->p99_ms, figures->restart_seconds, figures->machine_busy);
}

static int run_rounds(struct cluster_command *command)
{
    for (uint32_t round = 0; round < command->rounds; round++) {
        for (enum contestant who = 0; who < CONTESTANTS; who++) {
            struct err err = {0};
            if (!takes_part(command, who))
                continue;
            struct cluster_figures *into = &command->figures[who][round];
            if (cluster_run(&command->options, who, into, &err) < 0) {
                (void)fprintf(stderr, "spillway-bench cluster: %s: %s\n", names[who], err.text);
                return -1;
            }
            tell(who, round, into);
        }
    }
    return 0;
}

static int run_command(struct cluster_command *command)
{
    const struct cluster_options *options = &command->options;
    bool is_known = !command->only;
    for (size_t i = 0; i < ARRAY_LEN(names) && !is_known; i++)
        is_known = strcmp(command->only, names[i]) == 0;
    if (!is_known) {
        (void)fprintf(stderr,
                      "spillway-bench cluster: --only %s: bind_ceiling, kube_scheduler or "
                      "spillway\n",
                      command->only);
        return 2;
    }
    if (options->pods > PLAIN_PODS_A_NODE_MAX * (uint64_t)options->nodes) {
        (void)fprintf(stderr, "spillway-bench cluster: %u pods on %u nodes: at most %d a node\n",
                      options->pods, options->nodes, PLAIN_PODS_A_NODE_MAX);
        return 2;
    }
    char *built = options->bin ? NULL : control_plane_programs();
    if (!options->bin && !built) {
        (void)fprintf(stderr, "spillway-bench cluster: no control plane: give --bin DIR, or run it "
                              "where tests/real/build.sh is\n");
        return 1;
    }
    if (built)
        command->options.bin = built;
    int code = run_rounds(command) < 0 ? 1 : report_all(command);
    free(built);
    return code;
}

int cmd_cluster(int argc, char **argv)
{
    struct cluster_command *command = mem_zalloc(1, sizeof(*command));
    struct cluster_options *options = &command->options;
    command->rounds = 3;
    *options = (struct cluster_options){
        .nodes = 5000, .pods = 20000, .steady_pods = 2000, .rate = 100, .limit_seconds = 600};
    const struct flag flags[] = {
        {"nodes", FLAG_COUNT, &options->nodes, 1, 100000, "N", "nodes of 32 cores"},
        {"pods", FLAG_COUNT, &options->pods, 100, 1000000, "N", "waiting pods, at most 20 a node"},
        {"steady", FLAG_COUNT, &options->steady_pods, 0, 100000, "N",
         "pods that come at a steady rate afterwards; 0: none, and no restart"},
        {"rate", FLAG_COUNT, &options->rate, 1, 1000, "N", "of these, a second"},
        {"rounds", FLAG_COUNT, &command->rounds, 1, ROUNDS_MAX, "N", "runs of each, in turns"},
        {"only", FLAG_TEXT, &command->only, 0, 0, "NAME",
         "bind_ceiling, kube_scheduler or spillway"},
        {"bin", FLAG_TEXT, &options->bin, 0, 0, "DIR",
         "etcd, kube-apiserver, kube-scheduler; default: what tests/real/build.sh makes"},
        {"spillway", FLAG_TEXT, &options->spillway, 0, 0, "PATH",
         "the scheduler; default: the one beside this program"},
        {"limit", FLAG_COUNT, &options->limit_seconds, 1, 86400, "SECONDS",
         "of one part of a run, after which it has failed"},
        {"keep", FLAG_SWITCH, &options->keeps_files, 0, 0, NULL, "the logs of each run"},
        {"json", FLAG_TEXT, &command->json, 0, 0, "FILE", "write the figures as JSON too"},
    };
    enum flags_result parsed = flags_parse(
        flags, ARRAY_LEN(flags),
        "spillway, kube-scheduler and bare binds on a real control plane, in turns", argc, argv);
    int code = parsed == FLAGS_OK ? run_command(command) : parsed == FLAGS_HELP ? 0 : 2;
    free(command);
    return code;
}
