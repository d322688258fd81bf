/*
 * A small cluster full of pods and one pod that needs room in it, made from a seed: what both
 * schedulers get, and what kube-scheduler.md A14 says has to come of it. Plain numbers; the objects
 * are made of them twice, once for each scheduler.
 */
#ifndef TESTS_REAL_PREEMPT_CASE_H
#define TESTS_REAL_PREEMPT_CASE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/base/rng.h"

enum {
    CASE_NODES_MAX = 5,
    CASE_PODS_A_NODE_MAX = 8,
    CASE_PODS_MAX = CASE_NODES_MAX * CASE_PODS_A_NODE_MAX,
    CASE_BUDGETS_MAX = 2,
    CASE_PRIORITIES = 5,
    CASE_PORT = 8080,
};

/* Values of the priority classes "level-<i>"; "never-<i>" has preemptionPolicy Never. */
extern const int32_t case_priorities[CASE_PRIORITIES];

struct case_node {
    int64_t cpu_milli, memory_mib, pods;
    bool is_tainted;
};

struct case_pod {
    uint32_t node;
    int64_t cpu_milli, memory_mib;
    bool has_port;
    uint32_t level;   /* index of its priority */
    int64_t start_s;  /* status.startTime; 0: none */
    uint32_t budgets; /* 1 << budget that selects it */
    bool is_leaving;  /* deleted by somebody else: no request is made for it */
};

struct case_budget {
    int32_t allowed;        /* status.disruptionsAllowed */
    uint32_t disrupted_pod; /* in status.disruptedPods; CASE_PODS_MAX: none */
};

/* A pending pod with a nomination, kept from being scheduled. */
struct case_nominee {
    bool is_there;
    uint32_t node, level;
    int64_t cpu_milli;
};

struct preempt_case {
    uint64_t seed;
    uint32_t node_count, pod_count, budget_count;
    struct case_node nodes[CASE_NODES_MAX];
    struct case_pod pods[CASE_PODS_MAX];
    struct case_budget budgets[CASE_BUDGETS_MAX];
    struct case_nominee nominee;
    struct case_pod preemptor; /* `node`, `start_s` and `budgets` unused */
    bool tolerates, preempts_never;
};

/* A case in which the pod fits nowhere as it is. */
void case_generate(struct preempt_case *it, uint64_t seed);

/* ---- what A14 says ---- */

/* The victims, but for those that leave anyway, are bits of pod indexes. */
struct case_choice {
    uint32_t node;
    uint64_t victims;
    uint32_t violations;
};

/* Whether evicting these for this node is one of the right answers: the best candidate, or one
 * equal to it, for some order of the budgets (kube-scheduler has none). */
bool case_is_right(const struct preempt_case *it, const struct case_choice *choice);

/* How many budgets' limits the choice breaks, in the order of the budgets. */
uint32_t case_violations(const struct preempt_case *it, const struct case_choice *choice);

/* Whether no node is a candidate. */
bool case_is_hopeless(const struct preempt_case *it);

/* Appends the case and the right answers, for people. */
void case_print(const struct preempt_case *it, struct buf *out);

#endif
