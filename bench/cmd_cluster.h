/* spillway-bench cluster: spillway, kube-scheduler and the bare bind ceiling on a real control
 * plane. */
#ifndef BENCH_CMD_CLUSTER_H
#define BENCH_CMD_CLUSTER_H

int cmd_cluster(int argc, char **argv);

#endif
