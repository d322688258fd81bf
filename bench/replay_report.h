/*
 * Rows of a replay's report that say the same in virtual time and over HTTP, under the same keys.
 * Shares of units are those of the time of pods: two pods for an hour weigh as one for two.
 * Allocation and fragmentation: bench/play_meter.h.
 */
#ifndef BENCH_REPLAY_REPORT_H
#define BENCH_REPLAY_REPORT_H

#include "bench/play.h"
#include "bench/report.h"

/* What the two say differently, in the column of units. */
struct replay_words {
    const char *refusals, *wait, *hours; /* "ms, virtual" */
};

/* Pods by what became of them, and their waits. */
void replay_report_pods(struct report *report, const struct play_result *result,
                        const struct workload *workload, const struct replay_words *words);

/* Means and peaks over time, and what is at the end. */
void replay_report_room(struct report *report, const struct play_meter *meter);

/* Of each unit the binds, its share and its cost; the cost of all. */
void replay_report_units(struct report *report, const struct play_meter *meter);

/* The workload's time, the hash of the bindings, whether it ended early. */
void replay_report_end(struct report *report, const struct play_result *result,
                       const struct replay_words *words);

/* The most frequent ones, to stdout. */
void replay_print_reasons(const struct play_reasons *reasons);

/* "nvidia.com/gpu" as "gpu"; lent by what is given. */
const char *replay_short_name(const char *resource);

#endif
