/* `spillway-bench trace`: reads a public trace and says what it holds; whether it is as it should
 * be. See cmd_trace.c. */
#ifndef BENCH_CMD_TRACE_H
#define BENCH_CMD_TRACE_H

int cmd_trace(int argc, char **argv);

#endif
