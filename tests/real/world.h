/*
 * What a test sees of the control plane that run.sh started: a namespace of its own, nodes played
 * by kwok, pods, the spillway binary, kubectl. One test at a time: nodes belong to the whole
 * cluster, so world_close() takes all of them away.
 */
#ifndef TESTS_REAL_WORLD_H
#define TESTS_REAL_WORLD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "tests/real/api.h"
#include "tests/support/process.h"

/* How long anything may take that takes well under a second on an idle machine. */
enum { WORLD_PATIENCE_MS = 60000 };

struct world {
    struct api api;
    const char *dir; /* see cluster.sh (lent) */
    const char *bin; /* folder of kubectl and the others (lent) */
    char namespace[64];
    struct process spillway; /* pid 0 when not running */
    struct process rival;    /* kube-scheduler, likewise */
};

/* Deletes what a failed test left, makes namespace "test-<name>" and waits until pods can be
 * created in it. Each test has a name of its own: a namespace takes its time to vanish. */
void world_open(struct world *world, const char *name);

/* Ends what runs, and deletes all nodes and the namespace's pods. */
void world_close(struct world *world);

/* Deletes, without grace, all objects of the collection. */
void world_delete_all(struct world *world, const char *path);

/* ---- objects ---- */

/* A number of equal nodes; texts are JSON values, NULL for none. */
struct node_kind {
    const char *prefix;      /* names are prefix-0, prefix-1, ... */
    const char *allocatable; /* object of quantities */
    const char *labels;      /* object */
    const char *spec;        /* object */
};

/* Creates them and waits until each is Ready and untainted but for what its spec says. */
void world_add_nodes(struct world *world, const struct node_kind *kind, size_t count);

/* Pods <prefix>-<first> ... in the world's namespace. Limits are equal to requests, which extended
 * resources and hugepages have to be. */
struct pod_kind {
    const char *prefix;
    const char *scheduler;       /* spec.schedulerName */
    const char *spec;            /* more members of the spec, without braces, or NULL */
    const char *container;       /* more members of the only container, likewise */
    const char *const *requests; /* an object of quantities for each pod in turn; NULL: none */
    size_t request_count;
    size_t first; /* number of the first one */
};

void world_add_pods(struct world *world, const struct pod_kind *kind, size_t count);

/* ---- programs ---- */

/* kubectl in the world's namespace; arguments end with NULL. The test fails unless it exits 0
 * within WORLD_PATIENCE_MS. What it printed; yours, release with free(). */
char *world_kubectl(const struct world *world, const char *first, ...)
    __attribute__((sentinel, malloc));

/* The same with these arguments (NULL-terminated) and `input` on its stdin, however it ends.
 * Release the result with process_result_fini(). */
void world_kubectl_input(const struct world *world, const char *const arguments[],
                         const char *input, struct process_result *ret_result);

/* Makes every run of blanks one blank, so that kubectl's columns can be compared; returns the text.
 */
char *world_squeeze(char *text);

/* Starts build/spillway with --kubeconfig <dir>/<kubeconfig>.kubeconfig. */
void world_start_spillway(struct world *world, const char *kubeconfig);

/* Starts build/spillway with these arguments and environment (NULL-terminated; may be NULL). */
void world_start_spillway_with(struct world *world, const char *const arguments[],
                               const char *const environment[]);

/* SIGTERM, as a kubelet ends a pod; the exit code. */
int world_stop_spillway(struct world *world);

/* The real kube-scheduler, for pods with schedulerName default-scheduler. */
void world_start_kube_scheduler(struct world *world);
void world_start_kube_scheduler_with(struct world *world, const char *const arguments[]);

/* ---- waiting and reading ---- */

/* The message of condition PodScheduled=False once its reason is `reason` (NULL: any); the test
 * fails when that does not come. Yours, release with free(). */
char *world_await_refusal(struct world *world, const char *pod, const char *reason);

/* Awaits that the pod is bound; the name of its node, yours. */
char *world_await_bound(struct world *world, const char *pod);

/* Awaits an event of the pod (events.k8s.io/v1) with this reason: the object, yours. */
json_t *world_await_pod_event(struct world *world, const char *pod, const char *reason);

#endif
