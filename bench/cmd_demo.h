/* spillway-bench demo: pods being scheduled, live (demo.h). */
#ifndef BENCH_CMD_DEMO_H
#define BENCH_CMD_DEMO_H

/* --spillway FILE, --out DIR; --up leaves it running, --down ends that. Returns the exit code: 0, 1
 * when a claim does not hold or something failed, 2 for wrong flags, 130 after Ctrl-C. */
int cmd_demo(int argc, char **argv);

#endif
