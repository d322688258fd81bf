/* spillway-bench apiserver: the simulated apiserver as a process of its own. */
#ifndef BENCH_CMD_APISERVER_H
#define BENCH_CMD_APISERVER_H

/* --port N (0: any), --dir DIR (certificates and kubeconfigs), --seed N, --git-version V. Prints
 * "ready https://127.0.0.1:PORT kubeconfig PATH" when it serves; SIGTERM and SIGINT end it. Returns
 * the exit code: 0, 1 when it cannot start, 2 for wrong flags. */
int cmd_apiserver(int argc, char **argv);

#endif
