/* spillway-bench perf: a workload of scheduler_perf, from outside, on any scheduler. */
#ifndef BENCH_CMD_PERF_H
#define BENCH_CMD_PERF_H

int cmd_perf(int argc, char **argv);

#endif
