/*
 * Many pods bound, as the apiserver tells it. Three witnesses, none of them spillway: a watch that
 * began before the first pod, which sees each pod get its node; the apiserver's count of POSTs to
 * pods/binding by answer; and the pods and nodes read back at the end.
 */
#ifndef TESTS_REAL_DRAIN_H
#define TESTS_REAL_DRAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/real/world.h"

struct drain {
    struct world *world;
    const char *prefix; /* of the pods' names */
    size_t pod_count;
    char **node_of;         /* by pod number; NULL until bound */
    size_t bound;           /* pods seen with a node */
    size_t moved;           /* events in which a pod had another node than before */
    size_t target;          /* private: what drain_await() waits for */
    long posted_before;     /* private */
    long refused_before;    /* private */
    struct api_watch watch; /* private */
};

/* Before the pods are made. */
void drain_start(struct drain *drain, struct world *world, const char *prefix, size_t pod_count);
void drain_fini(struct drain *drain);

/* For the time in which the apiserver is away. Then it is watched again: what is there is told
 * again, so that a pod that changed its node meanwhile is noticed. */
void drain_look_away(struct drain *drain);
void drain_look_again(struct drain *drain);

/* Until this many pods are bound; the test fails when it takes longer. */
void drain_await(struct drain *drain, size_t bound, int timeout_ms);

/* The test fails unless every pod was bound exactly once, no bind was refused, and no node of the
 * cluster carries more cpu, memory or pods than it has. Refusals are allowed when a scheduler was
 * killed: its last binds may have arrived after its successor's list. */
void drain_check(struct drain *drain, bool refusals_allowed);

/* The same without the apiserver's count of binds, which it forgets when it is started again. */
void drain_check_objects(struct drain *drain);

#endif
