/* `spillway-bench count`: the workloads whose instructions are counted, and the judgement. */
#ifndef BENCH_CMD_COUNT_H
#define BENCH_CMD_COUNT_H

/* NAME | --list | --judge KEPT --measured FILE [--update]. Returns the exit code. */
int cmd_count(int argc, char **argv);

#endif
