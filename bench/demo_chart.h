/* The drawing of the demo: pods by unit over time, and what the cluster costs. */
#ifndef BENCH_DEMO_CHART_H
#define BENCH_DEMO_CHART_H

#include "bench/demo_sample.h"
#include "model/base/err.h"

/* `samples` in the order of time, at least two. */
NODISCARD int demo_chart_write(const struct demo_sample *samples, uint32_t count,
                               const struct demo_plan *plan, const char *path, struct err *err);

#endif
