#include "bench/cluster_report.h"

#include <criterion/criterion.h>
#include <string.h>

#include "model/base/check.h"

/* Three rounds in which each figure was a third, once and twice what the table says. */
static const struct {
    enum contestant who;
    struct cluster_figures figures;
} known[] = {
    {CONTESTANT_CEILING,
     {.pods_per_second = 1500, .apiserver_cpu_us_per_pod = 1000, .p50_ms = 4, .p99_ms = 9}},
    {CONTESTANT_CEILING_WITH_EVENTS, {.pods_per_second = 750, .apiserver_cpu_us_per_pod = 2000}},
    {CONTESTANT_KUBE_SCHEDULER,
     {.pods_per_second = 300,
      .cpu_us_per_pod = 3000,
      .apiserver_cpu_us_per_pod = 2300,
      .rss_bytes = 400e6,
      .events_per_pod = 1,
      .decision_us = 2800,
      .p50_ms = 6,
      .p99_ms = 480,
      .restart_seconds = 2}},
    {CONTESTANT_SPILLWAY,
     {.pods_per_second = 1450,
      .cpu_us_per_pod = 60,
      .apiserver_cpu_us_per_pod = 1200,
      .rss_bytes = 40e6,
      .events_per_pod = 0,
      .decision_us = 14,
      .p50_ms = 5,
      .p99_ms = 12,
      .restart_seconds = 0.5}},
};

static void fill(struct cluster_rounds *rounds)
{
    static const double factors[] = {2, 1.0 / 3, 1};
    *rounds = (struct cluster_rounds){.count = ARRAY_LEN(factors)};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        rounds->takes_part[known[i].who] = true;
        for (size_t round = 0; round < ARRAY_LEN(factors); round++) {
            double values[sizeof(struct cluster_figures) / sizeof(double)];
            memcpy(values, &known[i].figures, sizeof(values));
            for (size_t j = 0; j < ARRAY_LEN(values); j++)
                values[j] *= factors[round];
            memcpy(&rounds->figures[known[i].who][round], values, sizeof(values));
        }
    }
}

static const struct report_row *row_of(const struct report *report, const char *key)
{
    for (uint32_t i = 0; i < report->count; i++)
        if (strcmp(report->rows[i].key, key) == 0)
            return &report->rows[i];
    return NULL;
}

static const struct {
    const char *key;
    double value;
} rows[] = {
    {"cluster.nodes", 5000},
    {"cluster.pods", 20000},
    {"cluster.rounds", 3},
    {"cluster.bind_ceiling", 1500},
    {"cluster.ceiling_with_events", 750},
    {"cluster.spillway", 1450},
    {"cluster.cpu_us_per_pod.kube_scheduler", 3000},
    {"cluster.events_per_pod.spillway", 0},
    {"cluster.decision_us.spillway", 14},
    {"cluster.p50_ms", 5},
    {"cluster.p99_ms", 12},
    {"cluster.p99_ms.kube_scheduler", 480},
    {"cluster.bare_p50_ms", 4},
    {"cluster.restart_seconds", 0.5},
    {"cluster.of_ceiling", 1450.0 / 1500},
    {"cluster.vs_kube", 1450.0 / 300},
    {"cluster.events_of_ceiling", 0.5},
    {"cluster.cpu_ratio", 0.02},
    {"cluster.apiserver_ratio", 1.2},
    {"cluster.apiserver_ratio.kube_scheduler", 2.3},
    {"cluster.rss_ratio", 0.1},
    {"cluster.algorithm_ratio", 200},
    {"cluster.p99_ratio", 12.0 / 480},
    {"cluster.p50_over_bare_ms", 1},
};

Test(cluster_report, medians_and_ratios_have_the_keys_of_the_figures)
{
    struct cluster_rounds rounds;
    struct report report;
    fill(&rounds);
    report_init(&report, "x");
    cluster_report(&(struct cluster_options){.nodes = 5000, .pods = 20000}, &rounds, &report);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct report_row *row = row_of(&report, rows[i].key);
        cr_assert(row, "%s", rows[i].key);
        cr_expect_float_eq(row->value, rows[i].value, 1e-9, "%s is %f", rows[i].key, row->value);
    }
}

Test(cluster_report, another_workload_has_keys_of_its_own)
{
    struct cluster_rounds rounds;
    struct report report;
    fill(&rounds);
    report_init(&report, "x");
    const struct cluster_options options = {.workload = CLUSTER_NODE_AFFINITY, .nodes = 1};
    cluster_report(&options, &rounds, &report);
    for (uint32_t i = 0; i < report.count; i++)
        cr_expect(strncmp(report.rows[i].key, "cluster.node_affinity.", 22) == 0, "%s",
                  report.rows[i].key);
    cr_expect(
        row_of(&report, "cluster.node_affinity.apiserver_cpu_us_per_pod.ceiling_with_events"));
}

Test(cluster_report, what_was_not_measured_has_no_row)
{
    struct cluster_rounds rounds;
    struct report report;
    fill(&rounds);
    rounds.takes_part[CONTESTANT_KUBE_SCHEDULER] = false;
    for (uint32_t i = 0; i < rounds.count; i++)
        rounds.figures[CONTESTANT_SPILLWAY][i].p50_ms = 0;
    report_init(&report, "x");
    cluster_report(&(struct cluster_options){.nodes = 1}, &rounds, &report);
    static const char *const absent[] = {"cluster.vs_kube",         "cluster.cpu_ratio",
                                         "cluster.algorithm_ratio", "cluster.kube_scheduler",
                                         "cluster.p50_ms",          "cluster.p50_over_bare_ms"};
    for (size_t i = 0; i < ARRAY_LEN(absent); i++)
        cr_expect_not(row_of(&report, absent[i]), "%s", absent[i]);
    cr_expect(row_of(&report, "cluster.of_ceiling"));
}

/* Recorded is one round of several. */
Test(cluster_report, a_decision_counts_where_it_was_measured)
{
    struct cluster_rounds rounds;
    struct report report;
    fill(&rounds);
    for (uint32_t i = 0; i < rounds.count; i++)
        rounds.figures[CONTESTANT_SPILLWAY][i].decision_us = i == 2 ? 7 : 0;
    report_init(&report, "x");
    cluster_report(&(struct cluster_options){.nodes = 1}, &rounds, &report);
    cr_expect_float_eq(row_of(&report, "cluster.decision_us.spillway")->value, 7, 1e-9);
    cr_expect_float_eq(row_of(&report, "cluster.algorithm_ratio")->value, 400, 1e-9);
}
