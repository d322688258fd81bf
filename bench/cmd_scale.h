/* spillway-bench scale: how the cost of a decision grows with the number of nodes, on clusters that
 * are half full and all but full; and what the limits of the search cost and save. */
#ifndef BENCH_CMD_SCALE_H
#define BENCH_CMD_SCALE_H

int cmd_scale(int argc, char **argv);

#endif
