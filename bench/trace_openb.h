/*
 * "openb": the cluster of alibaba/clusterdata's cluster-trace-gpu-v2023, a node list and one of its
 * pod lists. Part: "PODS" or "PODS:NODES" of openb_pod_list_PODS.csv (default: default) and
 * openb_node_list_NODES.csv (all_node).
 *
 * Nodes: sn, cpu_milli, memory_mib, gpu; model is the label nvidia.com/gpu.product.
 * Pods: name, cpu_milli, memory_mib, num_gpu, gpu_milli (a part of one GPU: as the options say).
 *   gpu_spec: one model is a node selector on its label, several ("V100M16|V100M32", any of them)
 *   are a choice: required node affinity.
 *   creation_time: when it is created; the multigpu lists have no times, there the n-th row comes
 *   after n seconds and stays.
 *   pod_phase, scheduled_time, deletion_time: what ended by itself (Succeeded, Failed) runs from
 *   its bind as long as it did there; what was Running or Pending is deleted at that time.
 *
 * Ignored:
 *   qos             classes of Alibaba's own, with no order among pods that a scheduler would see
 *   scheduled_time  of what did not end by itself: it is what the other scheduler did
 */
#ifndef BENCH_TRACE_OPENB_H
#define BENCH_TRACE_OPENB_H

#include "bench/trace_reader.h"

int trace_openb_load(struct trace_reader *reader, const char *folder, const char *part,
                     struct err *err) NODISCARD;

#endif
