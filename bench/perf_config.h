/*
 * One workload of a scheduler_perf configuration (performance-config.yaml): a test case's
 * workloadTemplate with the parameters of one of its workloads, as a list of steps to be done in
 * order. All is checked before anything is done; what is wrong, or not supported, is told with file
 * and line. `createPodSets` is unrolled into its createPods.
 */
#ifndef BENCH_PERF_CONFIG_H
#define BENCH_PERF_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/perf_yaml.h"
#include "model/base/buf.h"

enum {
    PERF_OPS_MAX = 4096,         /* unrolled: a set of pods a namespace */
    PERF_COUNT_MAX = 1000000,    /* of one step: more than any cluster holds */
    PERF_TEMPLATES_MAX = 8,      /* of one churn */
    PERF_SLEEP_MS_MAX = 3600000, /* one hour */
};

#define PERF_OPCODE_MAP(X)                                                                         \
    X(CREATE_NODES, "createNodes")                                                                 \
    X(CREATE_NAMESPACES, "createNamespaces")                                                       \
    X(CREATE_PODS, "createPods")                                                                   \
    X(CREATE_POD_SETS, "createPodSets")                                                            \
    X(DELETE_PODS, "deletePods")                                                                   \
    X(CHURN, "churn")                                                                              \
    X(BARRIER, "barrier")                                                                          \
    X(SLEEP, "sleep")                                                                              \
    X(CREATE_ANY, "createAny")                                                                     \
    X(START_COLLECTING, "startCollectingMetrics")                                                  \
    X(STOP_COLLECTING, "stopCollectingMetrics")

enum perf_opcode {
#define X(id, name) PERF_##id,
    PERF_OPCODE_MAP(X)
#undef X
        PERF_OPCODES
};

/* A file that objects are made from. */
struct perf_template {
    char *path; /* owned; NULL: none was given */
    char *text; /* owned */
    size_t len;
};

/* One step. Everything that is not said to be owned belongs to the workload's document. */
struct perf_op {
    enum perf_opcode opcode;
    uint32_t line; /* in the configuration */
    int64_t count, multiplier, signature_batch, per_second, number, interval_ms, sleep_ms;
    bool has_count, collects, skips_wait, recreates, wants_attempted;
    const char *namespace;      /* NULL: "namespace-<index of the step>" */
    const char *prefix;         /* createNamespaces, createPodSets */
    const char *name;           /* startCollectingMetrics */
    const char *label_key;      /* createNodes: a label that ... */
    const json_t *label_values; /* ... goes through these values; NULL: of the node's own name */
    const json_t *namespaces;   /* array of texts; NULL: all */
    const json_t *labels;       /* object of texts: only pods with these; NULL: all */
    json_t *params;             /* owned: fields for the templates; an object */
    struct perf_template templates[PERF_TEMPLATES_MAX]; /* owned; most steps have one */
    uint32_t template_count;
    char *owned_namespace; /* of an unrolled set */
};

struct perf_workload {
    struct perf_doc doc;
    const char *case_name, *name;
    struct perf_op *ops;
    uint32_t op_count;
    bool has_feature_gates; /* asked for; whoever runs the control plane sets them */
    bool has_scheduler_config;
};

const char *perf_opcode_name(enum perf_opcode opcode);

/* NULL names: the only one there is. */
int perf_workload_load(struct perf_workload *workload, const char *path, const char *case_name,
                       const char *name, struct err *err) NODISCARD;
void perf_workload_fini(struct perf_workload *workload); /* takes a zeroed struct too */

/* "Case/Workload" of all of them, a line each. */
int perf_workload_list(const char *path, struct buf *out, struct err *err) NODISCARD;

#endif
