/*
 * What the loaders of the sets share: a file row by row into a workload, names that are new,
 * labels, times, GPUs; rows that are wrong are counted when the options say so. Limits are tested
 * here, before the workload CHECKs them.
 *
 * All functions return 0; -EINVAL when the current row is to be refused (csv.h); another negative
 * errno when reading ends: the file cannot be read, or a limit is reached.
 */
#ifndef BENCH_TRACE_READER_H
#define BENCH_TRACE_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/csv.h"
#include "bench/trace.h"
#include "bench/workload.h"

enum {
    TRACE_PATH_BYTES = 1024,
    TRACE_NAME_BYTES = 64,    /* of names and values of labels, with the NUL (RFC 1123) */
    TRACE_NODE_PODS = 1000,   /* no trace has a limit of pods on a node: so many never bind */
    TRACE_CORES_MAX = 100000, /* of a node or a pod, as all below: more is a broken file */
    TRACE_MEMORY_GIB_MAX = 1 << 20,
    TRACE_GPUS_MAX = 1024,
    TRACE_SECONDS_MAX = 1000000000, /* 31 years */
};

#define TRACE_GPU_MODEL "nvidia.com/gpu.product" /* label of a node */

struct trace_reader {
    struct workload *workload;
    const struct trace_options *options;
    struct trace_loaded *loaded;
    struct csv csv;
    char path[TRACE_PATH_BYTES]; /* private: of the file, good for messages after its end too */
    bool *seen;                  /* private: by symbol, the names of the rows of this file */
    uint32_t seen_capacity;
};

void trace_reader_init(struct trace_reader *reader, struct workload *workload,
                       const struct trace_options *options, struct trace_loaded *loaded);
void trace_reader_fini(struct trace_reader *reader);

/* One kind of file. `row` is called with each row in reader->csv. */
struct trace_file {
    const struct csv_column *columns;
    uint32_t column_count;
    int (*row)(struct trace_reader *reader, struct err *err);
};

/* Reads DIR/NAME whole; an error when no row of it is usable. */
int trace_read_file(struct trace_reader *reader, const struct trace_file *file, const char *dir,
                    const char *name, struct err *err) NODISCARD;

/* A symbol of the workload's; -ENOSPC when its table is full. */
int trace_intern(struct trace_reader *reader, struct str text, uint32_t *ret_sym,
                 struct err *err) NODISCARD;

/* The name of an object: `prefix` and the field, '_' written '-'. No row before has it. */
int trace_read_name(struct trace_reader *reader, uint32_t column, const char *prefix,
                    uint32_t *ret_sym, struct err *err) NODISCARD;

/* The value of a label; SYM_EMPTY when the field is missing. */
int trace_read_word(struct trace_reader *reader, uint32_t column, uint32_t *ret_sym,
                    struct err *err) NODISCARD;

/* Could it be the value of a label (RFC 1123, or empty)? */
bool trace_is_word(struct str text);

/* A time in seconds, to milliseconds; `missing_ms` when the field is missing. */
int trace_read_time(struct trace_reader *reader, uint32_t column, int64_t missing_ms,
                    int64_t *ret_ms, struct err *err) NODISCARD;

/* Adds thousandths of GPUs to what is offered or asked for, as the options count them: whole GPUs,
 * a part being one; or hundredths. Nothing for none. */
int trace_add_gpus(struct trace_reader *reader, struct workload_amounts *amounts, int64_t gpu_milli,
                   struct err *err) NODISCARD;

/* One more extended resource. CHECKs that there is room: loaders know how many they use. */
int trace_add_extended(struct trace_reader *reader, struct workload_amounts *amounts,
                       const char *resource, int64_t amount, struct err *err) NODISCARD;

/* KEY=VALUE into an array of labels with room. */
int trace_add_label(struct trace_reader *reader, struct workload_label *labels, uint32_t *count,
                    const char *key, uint32_t value_sym, struct err *err) NODISCARD;

/* A node that is there from the beginning and stays. */
int trace_add_node(struct trace_reader *reader, const struct workload_node_kind *kind,
                   uint32_t name_sym, struct err *err) NODISCARD;

/* A pod; with the option `stay` it neither ends nor goes. pod->kind is set here. */
int trace_add_pod(struct trace_reader *reader, const struct workload_pod_kind *kind,
                  const struct workload_pod *pod, struct err *err) NODISCARD;

#endif
