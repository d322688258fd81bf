/* The fields of a step: one table says which steps have them and what they must be. */
#ifndef BENCH_PERF_FIELD_H
#define BENCH_PERF_FIELD_H

#include "bench/perf_config.h"

struct perf_reader {
    const struct perf_doc *doc;
    const json_t *params;         /* of the workload: what "$name" stands for; NULL: none */
    const char *default_pod_path; /* NULL: none */
};

/* Reads all fields of `json`, a map, into `op`, whose opcode is set. Paths are relative to the
 * folder of the document; the files are read. */
int perf_fields_read(const struct perf_reader *reader, const struct perf_at *at, const json_t *json,
                     struct perf_op *op, struct err *err) NODISCARD;

#endif
