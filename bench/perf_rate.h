/*
 * The arithmetic of scheduler_perf's throughput collector: once a second, how many pods were
 * scheduled since the second before; of these samples average and percentiles. The first sample
 * with a pod only sets the start; seconds without a pod count with the next one that has some, as
 * often as there were of them, at the rate over all.
 */
#ifndef BENCH_PERF_RATE_H
#define BENCH_PERF_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"

enum { PERF_SAMPLE_EVERY_MS = 1000 };

struct perf_rate {
    double *samples; /* private, as all below */
    uint32_t count, skipped;
    bool has_started;
    uint64_t last_scheduled;
    int64_t last_ns;
};

struct perf_throughput {
    uint32_t samples; /* 0: it was over before there were two; the rest is 0 then */
    double average, perc50, perc90, perc95, perc99; /* pods/s */
};

void perf_rate_init(struct perf_rate *rate);
void perf_rate_fini(struct perf_rate *rate); /* takes a zeroed struct too */

/* A second is over: `scheduled` pods so far. */
void perf_rate_tick(struct perf_rate *rate, int64_t now_ns, uint64_t scheduled);

struct perf_throughput perf_rate_summary(const struct perf_rate *rate);

/* What was measured between the start and the end of a collection. */
struct perf_item {
    char name[256]; /* "Case/Workload/namespace" */
    struct perf_throughput throughput;
    uint64_t pods;     /* scheduled in it */
    double seconds;    /* all of it, the creation of pods included */
    double per_second; /* pods over the time from the start to the last one scheduled */
};

/* One text of the kind that perfdash reads: version v1 and dataItems. */
void perf_items_json(const struct perf_item *items, uint32_t count, struct buf *out);

#endif
