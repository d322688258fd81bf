/*
 * The time of a simulated cluster: plain data that its driver moves. A real-time driver copies the
 * system's clocks into it; a virtual-time driver adds to it. Everything in the cluster only reads
 * it, so that the same store and controllers run in both.
 */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>

#include "model/base/mono.h"

enum { RFC3339_BYTES = 32 }; /* "2026-11-22T03:18:03.123456Z" and its NUL fit */

struct sim_clock {
    struct mono_ms now;
    int64_t wall_us; /* microseconds since 1970-01-01T00:00:00Z */
};

/* Copies the system's monotonic and wall clock. */
void sim_clock_read_system(struct sim_clock *clock);

/* A virtual clock: both move by `delta_ms` >= 0. */
void sim_clock_advance(struct sim_clock *clock, int64_t delta_ms);

/* "2026-11-22T03:18:03Z", NUL-terminated. Cost: about 50 ns. */
void sim_time_text(int64_t wall_s, char ret_text[RFC3339_BYTES]);

/* "2026-11-22T03:18:03.123456Z": the MicroTime of leases and events. */
void sim_time_micro_text(int64_t wall_us, char ret_text[RFC3339_BYTES]);

#endif
