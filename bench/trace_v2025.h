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
 * Nodes are not published, they are made. A kind for each role, such that the rows' densest figures
 * fit: CN nodes hold the largest instance (192 cores, 1000 GiB) and two that take a whole network
 * card (rdma 100, two a node); HN nodes hold 8 GPUs, and 16 instances of a quarter of a card. The
 * memory beside the cores is that which the role's instances ask for, up to the usual size. As many
 * of a kind as its instances ask for at their peak, by whichever resource asks for most, and
 * options->spare_percent more (packing is never perfect).
 */
#ifndef BENCH_TRACE_V2025_H
#define BENCH_TRACE_V2025_H

#include "bench/trace_reader.h"

#define TRACE_RDMA "spillway.io/rdma-percent" /* 100 a network card */
#define TRACE_ROLE "spillway.io/role"         /* label of nodes: CN, HN */

int trace_v2025_load(struct trace_reader *reader, const char *folder, const char *part,
                     struct err *err) NODISCARD;

#endif
