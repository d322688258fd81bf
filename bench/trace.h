/*
 * Cluster traces in the CSV files of Alibaba's gpu-v2023 set ("openb"): what their rows mean here
 * is in cmd_replay.c, this only reads them. Columns are found by the names in the first line;
 * others are passed over. There is no quoting in these files.
 *
 * A row that is wrong ends the reading: the error names file, line, column, and what was expected.
 */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include <stdint.h>
#include <stdio.h>

#include "model/base/err.h"

enum {
    TRACE_NAME_BYTES = 64,
    TRACE_LINE_BYTES = 4096,
    TRACE_ROWS_MAX = 1000000,
    TRACE_COLUMNS_MAX = 64,
};

/* Columns sn, cpu_milli, memory_mib, gpu, model (may be empty). */
struct trace_node {
    char name[TRACE_NAME_BYTES];
    char model[TRACE_NAME_BYTES]; /* of its GPUs, "" none */
    int64_t cpu_milli, memory_mib, gpus;
};

/* Columns name, cpu_milli, memory_mib, num_gpu and, where the file has it, creation_time. */
struct trace_pod {
    char name[TRACE_NAME_BYTES];
    int64_t cpu_milli, memory_mib, gpus;
    int64_t created_s; /* since the trace began; without the column: the number of the row */
};

struct trace {
    struct trace_node *nodes;
    struct trace_pod *pods; /* by created_s, those of one second in the order of the file */
    uint32_t node_count, pod_count;
};

/* Reads a whole file; `name` is for errors. The trace must be zeroed before the first call; after
 * an error trace_fini() is still needed. */
int trace_read_nodes(struct trace *trace, FILE *in, const char *name, struct err *err) NODISCARD;
int trace_read_pods(struct trace *trace, FILE *in, const char *name, struct err *err) NODISCARD;

void trace_fini(struct trace *trace);

#endif
