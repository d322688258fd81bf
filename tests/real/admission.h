/*
 * The part of a kubelet that kwok does not play: a pod that comes to a node without enough cpu is
 * refused (phase Failed, reason OutOfcpu), and its owner makes another. Pods come in the order in
 * which the apiserver bound them. Sees the pods of the world's namespace only.
 */
#ifndef TESTS_REAL_ADMISSION_H
#define TESTS_REAL_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/real/world.h"

enum { ADMISSION_PODS_MAX = 1024 };

struct admission_pod {
    char uid[40];
    char name[128];
    char node[64]; /* "" until it is bound */
    char scheduler[32];
    int64_t cpu_milli;
    uint64_t created_version; /* resourceVersions */
    uint64_t bound_version;
    bool is_refused;
    /* Refused, and its scheduler knew: all that made the node full was bound before this pod was
     * created, so its watch had told of that first. */
    bool is_blind;
    bool is_gone; /* finished otherwise, or deleted */
};

struct admission {
    struct world *world;
    int64_t node_cpu_milli; /* each node's */
    struct admission_pod pods[ADMISSION_PODS_MAX];
    size_t pod_count;
    size_t refused;
    size_t failed;                     /* of these: seen Failed, or gone */
    size_t unsaid[ADMISSION_PODS_MAX]; /* private: pods to be marked Failed */
    size_t unsaid_count;
    struct api_watch watch; /* private */
};

/* `node_cpu_milli` is allocatable.cpu of every node of the world. */
void admission_start(struct admission *admission, struct world *world, int64_t node_cpu_milli);
void admission_fini(struct admission *admission);

/* Admits and refuses until done() says so and all that were refused are Failed; the test fails when
 * that takes longer than WORLD_PATIENCE_MS. `what` is what was awaited. */
void admission_run(struct admission *admission, bool (*done)(const void *context),
                   const void *context, const char *what);

/* Pods of a scheduler that were admitted and are there now. */
size_t admission_living(const struct admission *admission, const char *scheduler);

/* Pods of a scheduler that were refused. */
size_t admission_refused(const struct admission *admission, const char *scheduler);

/* The test fails when `scheduler` bound a pod against what it had seen, and unless each pod of it
 * that was refused on a node has a pod of `rival` of its own that was admitted to that node: no
 * collision cost more than one pod. */
void admission_check(const struct admission *admission, const char *scheduler, const char *rival);

#endif
