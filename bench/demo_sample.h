/* The state of the demo's cluster at one moment: what is drawn while it runs and in the end. */
#ifndef BENCH_DEMO_SAMPLE_H
#define BENCH_DEMO_SAMPLE_H

#include <stdint.h>

#include "bench/demo_plan.h"
#include "bench/verify.h"

struct demo_kind_sample {
    uint32_t nodes, pods, running;
    int64_t cpu_used, cpu_offered; /* thousandths */
    int64_t memory_used, memory_offered;
};

struct demo_sample {
    int64_t at_ms;                     /* since the start */
    uint32_t created, bound_ever;      /* pods, all that ever were */
    uint32_t waiting, bound, deleting; /* pods that are there now */
    struct demo_kind_sample kinds[DEMO_KIND_COUNT];
    int64_t cost_micros_per_minute;
};

/* Cost: a walk of all pods ever seen. */
struct demo_sample demo_sample_take(const struct verify *verify, struct store *store,
                                    int64_t at_ms);

struct demo_latency {
    uint32_t count;          /* pods bound without ever having been refused */
    int64_t p50_ms, p99_ms;  /* of those, from creation to binding as the server saw it */
    uint32_t late_count;     /* pods that had to wait for room */
    int64_t late_most_ms;    /* the longest of them */
    uint32_t busiest_second; /* most binds within one second */
};
struct demo_latency demo_latency_take(const struct verify *verify);

/* used / offered in percent, 0 when nothing is offered. */
double demo_percent(int64_t used, int64_t offered);

#endif
