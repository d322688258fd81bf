/* A folder of traces with the files of a test in it, and what was loaded from them. */
#ifndef TESTS_BENCH_TRACE_FIXTURE_H
#define TESTS_BENCH_TRACE_FIXTURE_H

#include "bench/trace.h"

enum { TRACE_FIXTURE_PATH_BYTES = 512 };

struct trace_fixture {
    char dir[64];
    const char *folder; /* of the set, under dir; borrowed */
    struct trace_options options;
    struct workload workload;
    struct trace_loaded loaded;
    struct err err;
};

/* An empty folder for the set. */
void trace_fixture_init(struct trace_fixture *fixture, const char *folder);
void trace_fixture_fini(struct trace_fixture *fixture);

void trace_fixture_write(const struct trace_fixture *fixture, const char *file, const char *text);

/* Loads into an empty workload. */
int trace_fixture_load(struct trace_fixture *fixture, const char *name);

/* The same, and asserts that it loads. */
void trace_fixture_must_load(struct trace_fixture *fixture, const char *name);

const char *trace_fixture_text(const struct trace_fixture *fixture, uint32_t sym);

/* What is offered or asked for of an extended resource. */
int64_t trace_fixture_extended(const struct trace_fixture *fixture,
                               const struct workload_amounts *amounts, const char *resource);

/* The value of a label of an array, "" when it is not there. */
const char *trace_fixture_label(const struct trace_fixture *fixture,
                                const struct workload_label *labels, uint32_t count,
                                const char *key);

const struct workload_node_kind *trace_fixture_node(const struct trace_fixture *fixture,
                                                    uint32_t index);
const struct workload_pod_kind *trace_fixture_pod(const struct trace_fixture *fixture,
                                                  uint32_t index);

#endif
