/* A store with controllers in virtual time; pods are bound by the test. */
#ifndef TESTS_BENCH_CLUSTER_FIXTURE_H
#define TESTS_BENCH_CLUSTER_FIXTURE_H

#include "bench/controller.h"
#include "store_fixture.h"

struct cluster_fixture {
    struct fixture f;
    struct controllers *controllers;
};

void cluster_fixture_init(struct cluster_fixture *cluster);
void cluster_fixture_fini(struct cluster_fixture *cluster);

/* Lets `ms` of virtual time pass, with everything that falls due in it. */
void cluster_pass(struct cluster_fixture *cluster, int64_t ms);

/* A node with 8 cpu, 32Gi and 110 pods. `labels`: "" or "\"k\":\"v\"". */
void cluster_node(struct cluster_fixture *cluster, const char *name, const char *labels);

/* Binds every pod that waits to the node; returns how many. */
size_t cluster_bind_all(struct cluster_fixture *cluster, const char *node);

/* Creates a Deployment or ReplicaSet "name" of pods labelled app=name; `extra` goes into its spec.
 */
void cluster_workload(struct cluster_fixture *cluster, enum kind_id kind, const char *name,
                      int replicas, const char *extra);
void cluster_scale(struct cluster_fixture *cluster, enum kind_id kind, const char *name,
                   int replicas);

/* Pods that are not being deleted; with a node, those on it ("" all). */
size_t cluster_pods(struct cluster_fixture *cluster, const char *node);

/* A number of the object, -1 when it is absent. */
int64_t cluster_int(struct cluster_fixture *cluster, enum kind_id kind, const char *name,
                    const char *path);

#endif
