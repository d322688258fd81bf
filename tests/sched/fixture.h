/*
 * A cluster for tests, written as text:
 *
 *     struct fixture fixture;
 *     fixture_init(&fixture);
 *     uint32_t slot = fixture_node(&fixture, &(struct fixture_node){
 *         .name = "n1", .allocatable = "cpu=4, memory=8Gi, pods=110", .labels = "zone=a, ssd",
 *         .taints = "dedicated=gpu:NoSchedule", .images = "nginx:1=64Mi"});
 *     struct pod *pod = fixture_pod(&fixture, &(struct fixture_pod){
 *         .name = "p1", .containers = "cpu=100m, memory=1Gi; cpu=1", .ports = "TCP/80"});
 *
 * Everything goes through cluster_see_node() and cluster_see_pod(), as what the apiserver says
 * does. A mistake in the text aborts. Blanks are ignored.
 */
#ifndef TESTS_SCHED_FIXTURE_H
#define TESTS_SCHED_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/arena.h"
#include "model/cluster.h"

struct fixture {
    struct symbols *symbols;
    struct cluster cluster;
    struct arena arena; /* objects and their lists; grows until fixture_fini() */
    uint64_t version;   /* last resourceVersion given out */
};

/* What is not given is empty or 0. */
struct fixture_node {
    const char *name;
    const char *allocatable; /* "cpu=4, memory=8Gi, pods=110"; NULL: no status. No pods: 110 */
    const char *labels;      /* "zone=a, ssd" (the value of ssd is "") */
    const char *taints;      /* "key=value:NoSchedule, key:NoExecute" */
    const char *images;      /* "nginx:1=64Mi, busybox:latest=4Mi": name=size */
    const char *problem;
    bool is_unschedulable;
};

struct fixture_pod {
    const char *name; /* in namespace "default" */
    const char *node; /* NULL: pending */
    const char
        *containers; /* requests; "cpu=1, memory=1Gi; cpu=2" is two containers. NULL: one, empty */
    const char *init_containers;
    const char *pod_level;   /* requests of the pod as a whole */
    const char *images;      /* one a regular container, in order: "nginx:1, busybox:latest" */
    const char *ports;       /* of the first container: "TCP/80, 10.0.0.1:UDP/53" */
    const char *selector;    /* nodeSelector: "zone=a, disk=ssd" */
    const char *required;    /* node affinity terms: see below. "" is a list without terms */
    const char *preferred;   /* "5: zone In a; 10: disk Exists" */
    const char *tolerations; /* "key=value:NoSchedule, key:NoExecute, key, *": without "=" Exists */
    const char *nominated;   /* status.nominatedNodeName */
    const char *scheduler;   /* NULL: "spillway", ours; any other name is not ours */
    const char *labels;      /* "app=web, hash=1" */
    int32_t priority;
    uint32_t gates;
    bool is_deleting;
    bool is_preempted;   /* DisruptionTarget, by a scheduler's preemption */
    bool preempts_never; /* preemptionPolicy: Never */
    int64_t started_s;   /* status.startTime; 0: none */
};
/*
 * Terms are divided by ";", the requirements of one by "&": "zone In a|b & disk Exists; cpus Gt 4".
 * A key with "@" is a field: "@metadata.name In n1". A term without requirements is "-".
 */

void fixture_init(struct fixture *fixture);
void fixture_fini(struct fixture *fixture);

uint32_t fixture_sym(struct fixture *fixture, const char *text);

/* The objects alone, for tests that send events; lent until fixture_fini(). Each call gives a new
 * resourceVersion; the UID follows from the name. */
struct node_object *fixture_node_object(struct fixture *fixture, const struct fixture_node *node);
struct pod_object *fixture_pod_object(struct fixture *fixture, const struct fixture_pod *pod);

/* Adds or changes a node; its slot. */
uint32_t fixture_node(struct fixture *fixture, const struct fixture_node *node);

/* The same, and what changed: release with node_change_fini(). */
uint32_t fixture_change_node(struct fixture *fixture, const struct fixture_node *node,
                             struct node_change *ret_change);
void fixture_drop_node(struct fixture *fixture, const char *name);

/* Adds or changes a pod; NULL when the cluster does not keep it. */
struct pod *fixture_pod(struct fixture *fixture, const struct fixture_pod *pod);

#endif
