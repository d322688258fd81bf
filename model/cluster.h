/*
 * The cluster as events have told it: nodes, bound and assumed pods, our pending pods, shapes,
 * images. One owner (sched/sched.h), one thread; decisions read it live, there is no copy.
 *
 * Pods are found by namespace and name, and every finder checks the UID: the same name with another
 * UID is another pod, and seeing it proves that the old one is gone.
 */
#ifndef MODEL_CLUSTER_H
#define MODEL_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/map.h"
#include "model/base/pool.h"
#include "model/base/symbol.h"
#include "model/node_table.h"
#include "model/object.h"
#include "model/pod.h"
#include "model/pod_meta.h"
#include "model/shape.h"

struct image {
    uint32_t name_sym;
    uint32_t node_count; /* nodes that hold it */
    int64_t size_bytes;  /* as first reported */
};

struct cluster {
    struct symbols *symbols; /* borrowed */
    struct node_table nodes;
    struct shape_table shapes;
    struct pod_meta_table metas;
    struct map pods;   /* private: by namespace and name */
    struct map images; /* private: by name_sym */
    uint64_t hash_seed;
    uint32_t pod_count, bound_count, assumed_count;
    /* Of the list under way, or of the last one. Every attempt at a list takes a number, so that
     * they must not come round within an outage. */
    uint32_t node_epoch, pod_epoch;
    struct pool names;       /* private: of the pods */
    struct pod *free_pods;   /* private */
    struct pod **pod_chunks; /* private */
    uint32_t pod_chunk_count;
    uint64_t repairs; /* times the world contradicted us (a pod moved between nodes, ...) */
    /* What was found out about nodes holds as long as these two are the same. A pod put on a node,
     * or seen where it was assumed, only makes that node fuller: no gain. */
    uint64_t change_count; /* changes of what some node is or holds */
    uint64_t gain_count;   /* of these, changes after which a pod may fit that fitted nowhere */
};

/* What a change of a node means to those who wait. */
enum node_change_bits {
    NODE_ADDED = 1 << 0, /* new, or back */
    NODE_REMOVED = 1 << 1,
    NODE_NOW_SCHEDULABLE = 1 << 2, /* spec.unschedulable true -> false */
    NODE_NOW_UNSCHEDULABLE = 1 << 3,
    NODE_LABELS = 1 << 4,
    NODE_TAINTS = 1 << 5,
    NODE_ALLOCATABLE = 1 << 6,
    NODE_IMAGES = 1 << 7,
    NODE_PROBLEM = 1 << 8, /* `has_problem` changed */
};

/* The static side of a node before a change, for wake-up rules that compare. Owned by the change.
 */
struct node_before {
    bool is_unschedulable;
    struct labels labels;
    struct taints taints;
};

struct node_change {
    uint32_t bits; /* enum node_change_bits; 0: nothing of interest */
    struct node *node;
    uint64_t raised_columns;   /* bit per column whose allocatable rose */
    struct node_before before; /* valid unless NODE_ADDED; release with node_change_fini() */
};

enum pod_change_bits {
    POD_IS_NEW = 1 << 0,
    POD_NOW_BOUND = 1 << 1, /* seen on a node, was unknown, pending or assumed */
    POD_CONFIRMED = 1 << 2, /* with NOW_BOUND: it was assumed on that very node */
    POD_ELSEWHERE = 1 << 3, /* with NOW_BOUND: it was assumed on another node */
    POD_NOW_DELETING = 1 << 4,
    POD_GATES_REMOVED = 1 << 5, /* all schedulingGates are gone */
    POD_TOLERATIONS = 1 << 6,
    POD_SCALED_DOWN = 1 << 7, /* asks or holds less of something */
    POD_SPEC = 1 << 8,        /* another shape (any reason) */
    POD_NOMINATION = 1 << 9,  /* nominatedNodeName changed */
    POD_PRIORITY = 1 << 10,
    POD_UNBOUND_UPDATE = 1 << 11, /* a pending pod changed in some way */
    POD_SAME = 1 << 12,           /* resourceVersion seen before: nothing to do */
    POD_META = 1 << 13,           /* labels, annotations or owner changed */
    POD_REGROUPED = 1 << 14,      /* another policy rules it now, or its policy was edited */
};

struct pod_change {
    uint32_t bits;
    struct pod *pod;     /* NULL: not kept (another scheduler's pending pod, finished) */
    uint32_t freed_slot; /* node that now has more room, or NODE_SLOT_NONE */
};

void cluster_init(struct cluster *cluster, struct symbols *symbols, uint64_t hash_seed);
void cluster_fini(struct cluster *cluster);

/* resourceVersion text as a number: its value when it is decimal, else a hash with the top bit set.
 */
uint64_t cluster_version(const struct cluster *cluster, struct str resource_version);

/* A condition's reason and message as one number, never 0: equal texts need no second write. */
uint64_t cluster_condition_hash(const struct cluster *cluster, struct str reason,
                                struct str message);

/* Takes in what was seen of a node. */
void cluster_see_node(struct cluster *cluster, const struct node_object *object,
                      struct node_change *ret_change);

/* The node is gone; it stays as a ghost while pods count on it. *ret_change has NODE_REMOVED, or 0
 * bits when it was not there (or another UID of that name is). */
void cluster_drop_node(struct cluster *cluster, uint32_t name_sym, struct uid uid,
                       struct node_change *ret_change);
void node_change_fini(struct node_change *change);

/* Takes in what was seen of a pod. `is_ours` tells whether its scheduler name is one of ours:
 * pending pods of others are not kept. An existing pod with the name and another UID must be
 * dropped first: see cluster_find_pod(). Finished pods (phase Succeeded, Failed) must be dropped,
 * not seen. */
void cluster_see_pod(struct cluster *cluster, const struct pod_object *object, bool is_ours,
                     struct pod_change *ret_change);

/* The pod of that name, whatever its UID; NULL when unknown. */
struct pod *cluster_find_pod(const struct cluster *cluster, uint32_t namespace_sym,
                             struct str name);

/* All pods one by one, in no meaningful order: start with *position = 0; NULL at the end. Not across
 * a pod that comes or goes. */
struct pod *cluster_next_pod(const struct cluster *cluster, size_t *position);

/* Forgets a pod and frees its record. It must be in no queue. Returns the slot it gave room on, or
 * NODE_SLOT_NONE. */
uint32_t cluster_drop_pod(struct cluster *cluster, struct pod *pod);

/* PENDING -> ASSUMED on a present node; ASSUMED -> PENDING. CHECK the state before. */
void cluster_assume(struct cluster *cluster, struct pod *pod, uint32_t slot);
void cluster_forget(struct cluster *cluster, struct pod *pod);

/* A list starts; the objects seen from now on are marked. cluster_unlisted_*() then lends, one by
 * one, what the list did not name: start with *position = 0; dropping the one just lent is allowed.
 */
void cluster_begin_node_list(struct cluster *cluster);
void cluster_begin_pod_list(struct cluster *cluster);
struct node *cluster_unlisted_node(const struct cluster *cluster, uint32_t *position);
struct pod *cluster_unlisted_pod(const struct cluster *cluster, uint32_t *position);

/* What nodes mean to pods changed beside the cluster (a policy was edited): nothing found out about
 * them holds. */
void cluster_note_gain(struct cluster *cluster);

const struct image *cluster_image(const struct cluster *cluster, uint32_t name_sym);

/* Walks everything and CHECKs: usage is the sum over pods, lists and maps agree, summaries bound.
 */
void cluster_check(const struct cluster *cluster);

/* The part of it that is about the sums of one node. Cost: its pods times the columns. */
void cluster_check_node(const struct cluster *cluster, const struct node *node);

#endif
