#include "bench/cluster_report.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

const char *contestant_name(enum contestant contestant)
{
    static const char *const names[] = {
        [CONTESTANT_CEILING] = "bind_ceiling",
        [CONTESTANT_CEILING_WITH_EVENTS] = "ceiling_with_events",
        [CONTESTANT_KUBE_SCHEDULER] = "kube_scheduler",
        [CONTESTANT_SPILLWAY] = "spillway",
    };
    CHECK(contestant < CONTESTANTS);
    return names[contestant];
}

/* ---- figures ---- */

/* The rows, in order. Without a key the contestant's name is the last part of "cluster.<name>". */
static const struct figure {
    const char *key, *unit;
    size_t offset;
    bool of_ceilings; /* they have one too */
    bool is_headline; /* spillway's stands without its name, bare binds' begins with "bare_" */
} figures[] = {
#define FIGURE(member) offsetof(struct cluster_figures, member)
    {NULL, "pods/s, first binding to last", FIGURE(pods_per_second), true, false},
    {"cpu_us_per_pod", "us", FIGURE(cpu_us_per_pod), false, false},
    {"apiserver_cpu_us_per_pod", "us", FIGURE(apiserver_cpu_us_per_pod), true, false},
    {"apiserver_cpu_told_us_per_pod", "us, until the last event",
     FIGURE(apiserver_cpu_told_us_per_pod), true, false},
    {"etcd_cpu_us_per_pod", "us", FIGURE(etcd_cpu_us_per_pod), true, false},
    {"events_per_pod", "events until the last bind", FIGURE(events_per_pod), false, false},
    {"events_told_per_pod", "events in the end", FIGURE(events_told_per_pod), false, false},
    {"rss_bytes", "bytes, highest in the drain", FIGURE(rss_bytes), false, false},
    {"decision_us", "us, pop to call of bind", FIGURE(decision_us), false, false},
    {"p50_ms", "ms, create to bound", FIGURE(p50_ms), true, true},
    {"p99_ms", "ms, create to bound", FIGURE(p99_ms), true, true},
    {"restart_seconds", "s, start to first bind", FIGURE(restart_seconds), false, true},
    {"machine_busy", "cores at work for others", FIGURE(machine_busy), true, false},
};

/* Over the rounds in which it was measured. */
static double median_of(const struct cluster_rounds *rounds, enum contestant who, size_t offset)
{
    double values[CLUSTER_ROUNDS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < rounds->count; i++) {
        double value;
        memcpy(&value, (const char *)&rounds->figures[who][i] + offset, sizeof(value));
        if (value > 0 || offset != FIGURE(decision_us))
            values[count++] = value;
    }
    return count > 0 ? report_median(values, count) : 0;
}

/* What all keys of the run begin with. */
static void print_prefix(const struct cluster_options *options, char prefix[REPORT_KEY_BYTES])
{
    if (options->workload == CLUSTER_PLAIN) {
        (void)snprintf(prefix, REPORT_KEY_BYTES, "cluster.");
        return;
    }
    (void)snprintf(prefix, REPORT_KEY_BYTES, "cluster.%s.",
                   cluster_workload_name(options->workload));
    for (char *at = prefix; *at; at++)
        *at = *at == '-' ? '_' : *at;
}

static void add(struct report *report, const char *prefix, const char *key, double value,
                const char *unit)
{
    char whole[REPORT_KEY_BYTES];
    int len = snprintf(whole, sizeof(whole), "%s%s", prefix, key);
    CHECK(len > 0 && (size_t)len < sizeof(whole));
    report_add(report, whole, value, unit);
}

static void add_figure(const struct cluster_rounds *rounds, const struct figure *figure,
                       enum cluster_workload workload, const char *prefix, struct report *report)
{
    for (enum contestant who = 0; who < CONTESTANTS; who++) {
        char key[REPORT_KEY_BYTES];
        if (!rounds->takes_part[who] || (!contestant_is_scheduler(who) && !figure->of_ceilings))
            continue;
        double value = median_of(rounds, who, figure->offset);
        bool is_count = figure->offset == FIGURE(events_per_pod) ||
                        figure->offset == FIGURE(events_told_per_pod);
        if (value <= 0 && !is_count)
            continue;
        if (!figure->key)
            (void)snprintf(key, sizeof(key), "%s", contestant_name(who));
        else if (figure->is_headline && who == CONTESTANT_SPILLWAY)
            (void)snprintf(key, sizeof(key), "%s", figure->key);
        else if (figure->is_headline && !contestant_is_scheduler(who))
            (void)snprintf(key, sizeof(key), "bare_%s", figure->key);
        else
            (void)snprintf(key, sizeof(key), "%s.%s", figure->key, contestant_name(who));
        bool is_from_start = !figure->key && workload == CLUSTER_PREEMPTING;
        add(report, prefix, key, value,
            is_from_start ? "pods/s, start of the program to last" : figure->unit);
    }
}

/* ---- ratios: what a loaded machine leaves standing ---- */

static const struct ratio {
    const char *key, *unit;
    size_t offset;
    enum contestant of, to;
} ratios[] = {
    {"of_ceiling", "spillway's drain to bare binds", FIGURE(pods_per_second), CONTESTANT_SPILLWAY,
     CONTESTANT_CEILING},
    {"vs_kube", "spillway's drain to kube-scheduler's", FIGURE(pods_per_second),
     CONTESTANT_SPILLWAY, CONTESTANT_KUBE_SCHEDULER},
    {"events_of_ceiling", "bare binds with events to those without", FIGURE(pods_per_second),
     CONTESTANT_CEILING_WITH_EVENTS, CONTESTANT_CEILING},
    {"cpu_ratio", "spillway's CPU a pod to kube-scheduler's", FIGURE(cpu_us_per_pod),
     CONTESTANT_SPILLWAY, CONTESTANT_KUBE_SCHEDULER},
    {"apiserver_ratio", "apiserver CPU a pod, in bare binds", FIGURE(apiserver_cpu_us_per_pod),
     CONTESTANT_SPILLWAY, CONTESTANT_CEILING},
    {"apiserver_ratio.kube_scheduler", "the same", FIGURE(apiserver_cpu_us_per_pod),
     CONTESTANT_KUBE_SCHEDULER, CONTESTANT_CEILING},
    {"apiserver_kube_ratio", "the same, spillway's to kube-scheduler's",
     FIGURE(apiserver_cpu_us_per_pod), CONTESTANT_SPILLWAY, CONTESTANT_KUBE_SCHEDULER},
    {"apiserver_told_ratio", "apiserver CPU a pod with events, to kube's",
     FIGURE(apiserver_cpu_told_us_per_pod), CONTESTANT_SPILLWAY, CONTESTANT_KUBE_SCHEDULER},
    {"rss_ratio", "spillway's memory to kube-scheduler's", FIGURE(rss_bytes), CONTESTANT_SPILLWAY,
     CONTESTANT_KUBE_SCHEDULER},
    {"algorithm_ratio", "kube-scheduler's decision to spillway's", FIGURE(decision_us),
     CONTESTANT_KUBE_SCHEDULER, CONTESTANT_SPILLWAY},
    {"p99_ratio", "spillway to kube-scheduler", FIGURE(p99_ms), CONTESTANT_SPILLWAY,
     CONTESTANT_KUBE_SCHEDULER},
};

static void add_ratios(const struct cluster_rounds *rounds, const char *prefix,
                       struct report *report)
{
    for (size_t i = 0; i < ARRAY_LEN(ratios); i++) {
        const struct ratio *ratio = &ratios[i];
        if (!rounds->takes_part[ratio->of] || !rounds->takes_part[ratio->to])
            continue;
        double value = median_of(rounds, ratio->of, ratio->offset);
        double divisor = median_of(rounds, ratio->to, ratio->offset);
        if (value > 0 && divisor > 0)
            add(report, prefix, ratio->key, value / divisor, ratio->unit);
    }
    double own = median_of(rounds, CONTESTANT_SPILLWAY, FIGURE(p50_ms));
    double bare = median_of(rounds, CONTESTANT_CEILING, FIGURE(p50_ms));
    if (own > 0 && bare > 0)
        add(report, prefix, "p50_over_bare_ms", own - bare, "ms, p50_ms less bare_p50_ms");
}
#undef FIGURE

void cluster_report(const struct cluster_options *options, const struct cluster_rounds *rounds,
                    struct report *report)
{
    char prefix[REPORT_KEY_BYTES];
    CHECK(rounds->count > 0 && rounds->count <= CLUSTER_ROUNDS_MAX);
    print_prefix(options, prefix);
    add(report, prefix, "nodes", options->nodes, "nodes");
    add(report, prefix, "pods", options->pods, "pods");
    add(report, prefix, "rounds", rounds->count, "rounds");
    if (rounds->missing > 0)
        add(report, prefix, "rounds_missing", rounds->missing, "rounds: it was not run to its end");
    for (size_t i = 0; i < ARRAY_LEN(figures); i++)
        add_figure(rounds, &figures[i], options->workload, prefix, report);
    add_ratios(rounds, prefix, report);
}
