/* spillway-bench wire: Pods as JSON and as protobuf, from a real kube-apiserver: bytes, and what
 * each side pays. */
#ifndef BENCH_CMD_WIRE_H
#define BENCH_CMD_WIRE_H

int cmd_wire(int argc, char **argv);

#endif
