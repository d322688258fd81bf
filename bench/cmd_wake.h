/* `spillway-bench wake`: pods wait on a full cluster, one pod ends; who is woken, and its cost. */
#ifndef BENCH_CMD_WAKE_H
#define BENCH_CMD_WAKE_H

/* [--nodes N] [--pods N] [--shapes N] [--fitting N] [--events N] [--json FILE]. Returns the exit
 * code. */
int cmd_wake(int argc, char **argv);

#endif
