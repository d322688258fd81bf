/* `spillway-bench replay`: a recording through the core in virtual time, or a public trace through
 * the simulated apiserver and the real binary. */
#ifndef BENCH_CMD_REPLAY_H
#define BENCH_CMD_REPLAY_H

int cmd_replay(int argc, char **argv);

#endif
