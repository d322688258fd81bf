/* `spillway-bench decode`: how fast and how flat the hot decoder reads a long list of pods. */
#ifndef BENCH_CMD_DECODE_H
#define BENCH_CMD_DECODE_H

/* [--pods N] [--rounds N] [--json FILE]. Returns the exit code. */
int cmd_decode(int argc, char **argv);

#endif
