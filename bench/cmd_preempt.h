/* spillway-bench preempt: what one preemption costs. */
#ifndef BENCH_CMD_PREEMPT_H
#define BENCH_CMD_PREEMPT_H

int cmd_preempt(int argc, char **argv);

#endif
