/*
 * "v2025": inference services on disaggregated GPUs, alibaba/clusterdata's cluster-trace-gpu-v2025,
 * disaggregated_DLRM_trace.csv. It has no part.
 *
 * Pods: instance_sn; cpu_request, memory_request, gpu_request; rdma_request (hundredths of a
 *   network card) as resource TRACE_RDMA; app_name is the label "app".
 *   role: CN instances run beside no GPU, HN instances beside one: a node selector on TRACE_ROLE.
 *   creation_time: nothing means before the trace began, and is its beginning; deletion_time:
 *   deleted then, nothing means it stays. These are services: none ends by itself.
 *
 * Ignored:
 *   cpu_limit, gpu_limit, rdma_limit   equal to the requests in every row
 *   memory_limit          so too; a scheduler counts requests
 *   disk_request, disk_limit  nothing is known of the disks of nodes, nor is it what was scarce
 *   max_instance_per_node a limit of one app's pods on a node: required inter-pod rules are not
 *                         scheduled yet
 *   scheduled_time        is what the other scheduler did
 *
 * Nodes are not published, they are made, a kind for each role that holds what the rows say a node
 * held. CN: 192 cores and 1024 GiB (the largest instance has 192 cores, another 1000 GiB; all of
 * them ask for 5 GiB a core), two network cards (max_instance_per_node 2 of those with rdma 100).
 * HN: 8 GPUs, 128 cores, 1024 GiB (the largest takes 24 cores or 400 GiB beside its GPU, on average
 * 9 and 47), four network cards (max_instance_per_node 16 of those with rdma 25).
 * As many of a kind as its instances ask for at their peak, by whichever resource asks for most,
 * and options->spare_percent more, as no packing is perfect.
 */
#ifndef BENCH_TRACE_V2025_H
#define BENCH_TRACE_V2025_H

#include "bench/trace_reader.h"

#define TRACE_RDMA "spillway.io/rdma-percent" /* 100 a network card */
#define TRACE_ROLE "spillway.io/role"         /* label of nodes: CN, HN */

int trace_v2025_load(struct trace_reader *reader, const char *folder, const char *part,
                     struct err *err) NODISCARD;

#endif
