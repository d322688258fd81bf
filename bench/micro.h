/* Single parts of the core, each with a load of its own: what `spillway-bench micro` measures. */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include "bench/counted.h"

enum { MICROS = 7 };

/* Beside "decode", which is one of counted_workloads. In the order in which a pod meets them. */
extern const struct counted micros[MICROS];

#endif
