/* `spillway-bench startup`: from the start of the real binary to its first binding, on a cluster
 * that is full of pods already. */
#ifndef BENCH_CMD_STARTUP_H
#define BENCH_CMD_STARTUP_H

/* [--nodes N] [--pods N] [--spillway PATH] [--limit S] [--json FILE]. Returns the exit code. */
int cmd_startup(int argc, char **argv);

#endif
