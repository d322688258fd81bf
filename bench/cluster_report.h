/* What the runs of `spillway-bench cluster` come to: medians over the rounds, and their ratios. */
#ifndef BENCH_CLUSTER_REPORT_H
#define BENCH_CLUSTER_REPORT_H

#include "bench/cluster_run.h"
#include "bench/report.h"

enum { CLUSTER_ROUNDS_MAX = 15 };

struct cluster_rounds {
    uint32_t count;
    uint32_t missing; /* rounds that were asked for and not done: an interrupted run */
    bool takes_part[CONTESTANTS];
    struct cluster_figures figures[CONTESTANTS][CLUSTER_ROUNDS_MAX];
};

const char *contestant_name(enum contestant contestant); /* as in the keys */

/* Adds all rows. Keys are "cluster.<figure>.<contestant>", of spillway's headlines
 * "cluster.<figure>"; of another workload than plain "cluster.<workload>.<figure>...". A figure
 * that was not measured (0) has no row, nor has a ratio with one. */
void cluster_report(const struct cluster_options *options, const struct cluster_rounds *rounds,
                    struct report *report);

#endif
