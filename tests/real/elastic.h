/*
 * Elastic units on the real control plane: CRDs, policies and Deployments as a user applies them,
 * and where the pods of one are.
 */
#ifndef TESTS_REAL_ELASTIC_H
#define TESTS_REAL_ELASTIC_H

#include "tests/real/world.h"

/* manifests/crd.yaml, and a CRD of the other group that keeps whatever is in an object; both are
 * served when it returns, and what an earlier test left of either is gone. */
void elastic_install(struct world *world);

/* Takes both away, with their objects. */
void elastic_uninstall(struct world *world);

/* kubectl apply -f - in the world's namespace; the test fails when that does. */
void elastic_apply(struct world *world, const char *yaml);

/* A Deployment of pods for spillway, app=<name>, one container that asks for a CPU. `more` is YAML
 * flow members of its spec ("strategy: {...}") or "", the others likewise of the pods' metadata and
 * spec. */
struct deployment_kind {
    const char *name;
    int replicas;
    const char *more, *pod_meta, *pod_spec;
};
void elastic_add_deployment(struct world *world, const struct deployment_kind *kind);

void elastic_scale(struct world *world, const char *deployment, int replicas);

/* So many pods are on nodes of that prefix ("" for pods without a node). */
struct split {
    const char *prefix;
    size_t pods;
};
enum { SPLITS_MAX = 4 };

/* Awaits that the pods app=<app> are where the splits say, those with a node ready, and no other
 * pods app=<app> are left; the splits end with prefix NULL. */
void elastic_await_split(struct world *world, const char *app, const struct split splits[]);

/* The pods app=<app> as a list of objects; json_decref() it. */
json_t *elastic_pods(struct world *world, const char *app);

/* "" when absent. */
const char *elastic_annotation(const json_t *pod, const char *key);
const char *elastic_node(const json_t *pod);
const char *elastic_name(const json_t *pod);

/* Awaits that kubectl get rsp would show these in the columns Units, Pods and Waiting. */
void elastic_await_columns(struct world *world, const char *policy, const char *units,
                           const char *pods, int waiting);

/* Awaits that the condition of the policy says so; its message, yours. */
char *elastic_await_condition(struct world *world, const char *policy, const char *type,
                              const char *reason);

/* Awaits a condition PodScheduled=False of any pod app=<app> whose message holds the text: the
 * pod, json_decref() it. */
json_t *elastic_await_waiting(struct world *world, const char *app, const char *text);

/* The message of condition PodScheduled; lent by the pod, "" when there is none. */
const char *elastic_message(const json_t *pod);

#endif
