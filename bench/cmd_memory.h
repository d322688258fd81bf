/* `spillway-bench memory`: what a node and a pod cost in resident memory, all in. */
#ifndef BENCH_CMD_MEMORY_H
#define BENCH_CMD_MEMORY_H

/* [--nodes N] [--pods N] [--json FILE]. Returns the exit code. */
int cmd_memory(int argc, char **argv);

#endif
