/* The drawing of a play: pods by unit over time, and what an hour costs. */
#ifndef BENCH_REPLAY_CHART_H
#define BENCH_REPLAY_CHART_H

#include "bench/play.h"
#include "model/base/err.h"

NODISCARD int replay_chart_write(const struct play_result *result, const char *path,
                                 struct err *err);

#endif
