/* `spillway-bench micro`: what single parts of the core cost, in time and in memory. */
#ifndef BENCH_CMD_MICRO_H
#define BENCH_CMD_MICRO_H

/* [--rounds N] [--json FILE]. Returns the exit code. */
int cmd_micro(int argc, char **argv);

#endif
