/*
 * "v2026": GPU jobs of high and of spot priority, alibaba/clusterdata's
 * cluster-trace-v2026-spot-gpu: node_info_df.csv and job_info_df.csv. Part "nodes": the nodes
 * alone, for the pods of a generator; the jobs' file is large and not in every copy of the
 * repository.
 *
 * Nodes: node_name, cpu_num, gpu_capacity_num; gpu_model is the label nvidia.com/gpu.product.
 * Pods: worker_num of a job, "job-JOB-0" and so on, each asking for cpu_request and gpu_request (a
 *   part of one GPU: as the options say). gpu_model: a node selector on its label. submit_time:
 *   when they are created; duration: they run so long from their bind. job_type: HP has priority
 *   TRACE_PRIORITY_HP, Spot 0; it is the label "job-type" too.
 *
 * Ignored:
 *   organization  who pays; nothing is scheduled by it
 *   a job's pods are bound one by one: the file does not say which jobs need all of them at once
 * Memory is in neither file: nodes offer none and pods ask for none.
 */
#ifndef BENCH_TRACE_V2026_H
#define BENCH_TRACE_V2026_H

#include "bench/trace_reader.h"

enum { TRACE_PRIORITY_HP = 1000, TRACE_WORKERS_MAX = 10000 };

int trace_v2026_load(struct trace_reader *reader, const char *folder, const char *part,
                     struct err *err) NODISCARD;

#endif
