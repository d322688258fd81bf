/* The inside of the controllers, shared by their own files only (controller.c, deployment*.c,
 * disruption.c, replicaset.c, kubelet*.c). */
#ifndef BENCH_CONTROLLER_PRIVATE_H
#define BENCH_CONTROLLER_PRIVATE_H

#include "bench/controller.h"
#include "model/base/heap.h"
#include "model/base/map.h"
#include "model/base/rng.h"

/* What the controllers know of one Deployment, ReplicaSet, Pod or Node. Freed when the object goes:
 * never touch an item after a call that may delete its object. */
struct item {
    struct object *object; /* the newest version, one reference */
    struct item *owner;    /* of a pod its ReplicaSet, of a ReplicaSet its Deployment; else NULL */
    struct item *children; /* the first of them */
    struct item *next, *prev;

    int64_t due_ms; /* when it is to be looked at; in the heap while it waits for that */
    uint64_t seq;   /* order among equals */
    uint32_t heap_position;

    bool is_active;               /* of a pod: neither ended nor being deleted */
    bool is_ready;                /* of a pod: active and Ready */
    bool is_starting, is_dying;   /* of a pod: its kubelet has begun */
    uint32_t active_count;        /* of a ReplicaSet: its pods */
    uint32_t ready_count;         /* of a ReplicaSet */
    struct mono_ms lease_renewed; /* of a node */
    struct mono_ms reclaimed_at;  /* of a node: when it goes; valid with is_reclaimed */
    bool is_reclaimed;
};

struct controllers {
    struct store *store;
    struct store_subscriber subscriber;
    struct map items; /* uid -> struct item */
    struct heap due;
    struct rng rng;
    uint64_t seq;
    struct item **budgets; /* all PodDisruptionBudgets */
    size_t budget_count, budget_capacity;
};

/* Has the item looked at within `delay_ms`; earlier when that was asked for before. */
void item_wake(struct controllers *controllers, struct item *item, int64_t delay_ms);
struct item *item_find(const struct controllers *controllers, struct str uid);

/* What to do with an item whose time has come. */
void deployment_sync(struct controllers *controllers, struct item *deployment);
void replicaset_sync(struct controllers *controllers, struct item *replicaset);
void disruption_sync(struct controllers *controllers, struct item *budget);
void kubelet_sync_pod(struct controllers *controllers, struct item *pod);
void kubelet_sync_node(struct controllers *controllers, struct item *node);

/* How long from now a pod that was just bound takes to run, and a deleted one to end. */
int64_t kubelet_start_ms(struct controllers *controllers, const struct object *pod);
int64_t kubelet_stop_ms(struct controllers *controllers);

/* Writes a Normal event about an object. `component` "deployment-controller". */
void controller_emit(struct controllers *controllers, const struct object *about,
                     const char *component, const char *reason, const char *message);

/* Sets spec.replicas through the scale subresource. */
void workload_scale(struct controllers *controllers, const struct object *object, int64_t replicas);

#endif
