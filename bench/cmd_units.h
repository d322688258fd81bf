/* `spillway-bench units`: what ResourcePolicies add to a decision, to a pod's memory, and how many
 * waiting pods are tried again for a slot that comes free. */
#ifndef BENCH_CMD_UNITS_H
#define BENCH_CMD_UNITS_H

/* [--nodes N] [--pods N] [--policies N] [--rounds N] [--churn] [--json FILE]. Returns the exit
 * code. */
int cmd_units(int argc, char **argv);

#endif
