/*
 * What a replay plays: nodes and pods with their times, whoever made them (a public trace:
 * bench/trace.h; a generator: bench/generate.h). Names are symbols of the workload's own table.
 *
 * Pods of one kind are equal but for their names: one workload_pod_kind a template, so that a
 * million pods cost 40 bytes each.
 */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/map.h"
#include "model/base/symbol.h"

enum {
    WORKLOAD_EXTENDED_MAX = 4,
    WORKLOAD_LABELS_MAX = 4,
    WORKLOAD_TAINTS_MAX = 2,
    WORKLOAD_CHOICE_MAX = 8,
    WORKLOAD_NODES_MAX = 200000,
    WORKLOAD_PODS_MAX = 2000000,
};

struct workload_amount {
    uint32_t name_sym; /* "nvidia.com/gpu" */
    int64_t amount;
};

struct workload_label {
    uint32_t key_sym, value_sym;
};

/* What a node offers or a pod asks for. */
struct workload_amounts {
    int64_t cpu_milli, memory_bytes;
    uint32_t extended_count;
    struct workload_amount extended[WORKLOAD_EXTENDED_MAX];
};

struct workload_node_kind {
    struct workload_amounts offers;
    int64_t pods; /* how many at most */
    uint32_t label_count, taint_count;
    struct workload_label labels[WORKLOAD_LABELS_MAX]; /* beside the hostname */
    struct workload_label taints[WORKLOAD_TAINTS_MAX]; /* NoSchedule */
    uint32_t unit_sym; /* what the bill calls it: "ecs", "spot", "eci"; SYM_EMPTY: nothing */
    int64_t price_micro_per_hour;      /* of the node while it exists; 0 when the pods pay */
    int64_t price_micro_per_core_hour; /* of the pods on it (serverless); 0 when the node does */
};

struct workload_node {
    uint32_t name_sym;
    uint32_t kind;
    int64_t joins_ms;  /* since the workload began */
    int64_t leaves_ms; /* INT64_MAX: stays. Its pods are lost with it */
};

struct workload_pod_kind {
    struct workload_amounts asks;
    int32_t priority;
    uint32_t label_count, selector_count;
    struct workload_label labels[WORKLOAD_LABELS_MAX];
    struct workload_label selector[WORKLOAD_LABELS_MAX]; /* spec.nodeSelector */
    /* Required node affinity: the node's label `choice_key_sym` is one of these. None: no rule. */
    uint32_t choice_key_sym, choice_count;
    uint32_t choice_syms[WORKLOAD_CHOICE_MAX]; /* ascending */
    bool tolerates_all;                        /* every NoSchedule taint */
};

struct workload_pod {
    uint32_t name_sym;
    uint32_t kind;
    int64_t created_ms;
    int64_t runs_ms; /* from its bind until it is done; INT64_MAX: for ever */
    int64_t gone_ms; /* deleted then, bound or not; INT64_MAX: never */
};

struct workload {
    struct symbols *symbols; /* owned */
    uint32_t node_kind_count, node_count, pod_kind_count, pod_count;
    struct workload_node_kind *node_kinds; /* owned, as those below */
    struct workload_node *nodes;           /* by joins_ms, then as they came */
    struct workload_pod_kind *pod_kinds;
    struct workload_pod *pods; /* by created_ms, then as they came */
    uint32_t policy_count;
    char **policies;          /* ResourcePolicy objects as JSON, there from the beginning */
    uint32_t capacity[5];     /* private */
    struct map kind_index[2]; /* private: where an equal kind is, of nodes and of pods */
};

void workload_init(struct workload *workload);
void workload_fini(struct workload *workload);

/* Append a copy; kinds that are equal are kept once. The index; CHECKs the limits, which readers
 * of files and flags test before. */
uint32_t workload_add_node_kind(struct workload *workload, const struct workload_node_kind *kind);
uint32_t workload_add_pod_kind(struct workload *workload, const struct workload_pod_kind *kind);
void workload_add_node(struct workload *workload, const struct workload_node *node);
void workload_add_pod(struct workload *workload, const struct workload_pod *pod);
void workload_add_policy(struct workload *workload, const char *json);

/* Brings nodes and pods in the order of their times; stable. Once, when all is added. */
void workload_sort(struct workload *workload);

#endif
