/* `spillway-bench cycle`: what one decision costs, from the queue's pop to the bind call. */
#ifndef BENCH_CMD_CYCLE_H
#define BENCH_CMD_CYCLE_H

/* [--nodes N] [--pods N] [--rounds N] [--json FILE]. Returns the exit code. */
int cmd_cycle(int argc, char **argv);

#endif
