/*
 * Rows of a replay's report that say the same in virtual time and over HTTP, under the same keys.
 * Shares of units are those of the time of pods: two pods for an hour weigh as one for two.
 * Allocation and fragmentation: bench/play_meter.h.
 */
#ifndef BENCH_REPLAY_REPORT_H
#define BENCH_REPLAY_REPORT_H

#include "bench/play.h"
#include "bench/report.h"

/* Pods by what became of them, and their waits in `wait_unit` ("ms, virtual"). */
void replay_report_pods(struct report *report, const struct play_result *result,
                        const struct workload *workload, const char *wait_unit);

/* Means and peaks over time, and what is at the end. */
void replay_report_room(struct report *report, const struct play_meter *meter);

/* Of each unit the binds, its share and its cost; the cost of all. */
void replay_report_units(struct report *report, const struct play_meter *meter);

/* The workload's time, the hash of the bindings, whether it ended early. `hours_unit` as above. */
void replay_report_end(struct report *report, const struct play_result *result,
                       const char *hours_unit);

/* The most frequent ones, to stdout. */
void replay_print_reasons(const struct play_reasons *reasons);

/* "nvidia.com/gpu" as "gpu"; lent by what is given. */
const char *replay_short_name(const char *resource);

#endif
