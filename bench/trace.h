/*
 * Public cluster traces as workloads, from their own files. Sets are known by name; what of it is
 * read may follow behind a colon: "openb", "openb:gpuspec33", "openb:cpu050:gpu_node", "v2025",
 * "v2026", "v2026:nodes". Each set's header says which of its fields are ignored, and why.
 *
 * DIR holds the folders as alibaba/clusterdata has them, or under the second name of trace.c's
 * table.
 */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/csv.h"
#include "bench/workload.h"
#include "model/base/buf.h"
#include "model/base/err.h"

#define TRACE_WHOLE_GPU "nvidia.com/gpu"          /* one a GPU */
#define TRACE_GPU_CORE  "koordinator.sh/gpu-core" /* 100 a GPU, as Koordinator counts */

enum {
    TRACE_SPARE_PERCENT = 10, /* what commands take by default */
    TRACE_FILL_PERCENT_MAX = 1000,
};

struct trace_options {
    bool skip_bad; /* rows that are wrong are counted and passed over; else the first is the end */
    bool stay;     /* no pod ends or is deleted: the cluster fills up, as in the FGD paper */
    bool gpu_shares; /* GPUs by TRACE_GPU_CORE, the sum over all GPUs of a node; else by
                        TRACE_WHOLE_GPU, a part of one being a whole one */
    uint32_t
        fill_percent; /* the cluster is filled so far (bench/trace_fill.h); 0: pods as they are */
    uint32_t seed;    /* of that */
    uint32_t spare_percent; /* of nodes that are made (v2025): more than the peak asks for */
};

/* Rows that were passed over. */
struct trace_skipped {
    uint32_t total;
    uint32_t counts[CSV_FAULTS];            /* by reason: csv_fault_text() */
    char first[CSV_FAULTS][ERR_TEXT_BYTES]; /* of each: place, value, what was expected */
};

struct trace_loaded {
    struct trace_skipped skipped;
};

/* Reads the trace `name` under `dir` into a workload that was initialised, and sorts it. After an
 * error the workload is only good for workload_fini(). The error names file, line, column, value,
 * and what was expected there. */
int trace_load(struct workload *workload, const char *dir, const char *name,
               const struct trace_options *options, struct trace_loaded *ret_loaded,
               struct err *err) NODISCARD;

/* What --help says of the names: a line or two for each set. */
void trace_describe(struct buf *text);

/* A line for each reason why rows were passed over; nothing when none was. */
void trace_describe_skipped(const struct trace_skipped *skipped, struct buf *text);

#endif
