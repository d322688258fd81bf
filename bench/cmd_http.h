/* `spillway-bench http`: bindings a second, real binary and simulated apiserver as two processes.
 */
#ifndef BENCH_CMD_HTTP_H
#define BENCH_CMD_HTTP_H

int cmd_http(int argc, char **argv);

#endif
