/* A cluster and its book, changed as the scheduler changes them. */
#ifndef TESTS_POLICY_WORLD_H
#define TESTS_POLICY_WORLD_H

#include "model/cluster.h"
#include "policy/book.h"
#include "tests/policy/make.h"

struct world {
    struct make make;
    struct cluster cluster;
    struct book *book;
    uint64_t version;
    int64_t now_unix_s;
    uint32_t regrouped; /* pods that book_settle() told of */
    const struct pod *told;
};

void world_init(struct world *world);
void world_fini(struct world *world);

/* Adds or relabels; "a=b,c=d". */
void world_node(struct world *world, const char *name, const char *labels);
void world_drop_node(struct world *world, const char *name);
uint32_t world_slot(struct world *world, const char *name);

/* As world_init(), with node a1 (pool=a) and node b1 (pool=b). */
void world_init_pools(struct world *world);

/* Policy default/`name` for app=web: unit-0 of nodes pool=a, unit-1 of nodes pool=b. */
struct policy_object world_two_pools(struct world *world, const char *name);

struct pod_spec {
    const char *name;
    const char *namespace; /* NULL: default */
    const char *labels;    /* NULL: app=web */
    const char *annotations;
    const char *node; /* NULL: pending */
    const char *unit; /* the annotation's unit */
    int64_t cpu_milli, created_unix_s, bound_unix_s;
    bool is_deleting;
    enum owner_kind owner_kind;
    uint64_t owner; /* of its UID */
};

struct pod *world_pod(struct world *world, const struct pod_spec *spec);
struct pod *world_pod_on(struct world *world, const char *name, const char *node);
struct pod *world_pending(struct world *world, const char *name);
void world_drop_pod(struct world *world, struct pod *pod);
void world_assume(struct world *world, struct pod *pod, const char *node, const char *unit);
void world_forget(struct world *world, struct pod *pod);

void world_policy(struct world *world, const struct policy_object *object);
void world_settle(struct world *world);
void world_owner(struct world *world, uint64_t uid, int32_t replicas);
void world_drop_owner(struct world *world, uint64_t uid);

/* Groups that came free since the last call. */
uint32_t world_freed(struct world *world);

/* Pods of the pod's group that count in a unit. */
uint32_t world_count(struct world *world, const struct pod *pod, uint32_t unit);

#endif
