/*
 * Pending pods that someone nominated to a node (status.nominatedNodeName). They hold their place
 * against pods of lower or equal priority: a node is only good enough for another pod when it has
 * room for both (kube-scheduler.md A8).
 */
#ifndef SCHED_NOMINATOR_H
#define SCHED_NOMINATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/map.h"
#include "model/cluster.h"
#include "sched/filter.h"

/* One nominated pod. */
struct nominee {
    struct pod *pod; /* borrowed */
    uint32_t node_sym;
    struct nominee *previous, *next; /* of the node, in order of arrival */
};

struct nominator {
    struct map by_pod, by_node; /* private: pod -> nominee; node -> its nominees */
    uint32_t count;
};

void nominator_init(struct nominator *nominator);
void nominator_fini(struct nominator *nominator);

/* The node a pod holds a place on: it is pending, ours and nominated. SYM_EMPTY otherwise. */
static inline uint32_t nominator_node(const struct pod *pod)
{
    return pod->is_ours && pod->place == POD_PENDING ? pod->nominated_node_sym : SYM_EMPTY;
}

/* After anything about a pod changed: in when it holds a place, else out. */
void nominator_update(struct nominator *nominator, struct pod *pod);
void nominator_remove(struct nominator *nominator, const struct pod *pod);

/* One pod, to be tried on nodes. */
struct fitting {
    struct cluster *cluster;
    const struct pod *pod;
    const struct unit_type *type; /* of the unit that is searched; NULL: none */
};

/* Those nominated to a node; the others by ->next. NULL: none. The node need not exist. */
struct nominee *nominator_first(const struct nominator *nominator, uint32_t node_sym);

/* Counts the nominated pods that hold their place against `pod` on the node (sign 1), or takes them
 * off again (-1). */
void nominator_account(const struct nominator *nominator, struct cluster *cluster,
                       const struct pod *pod, uint32_t slot, int sign);

/* Puts the nominated pods that count against the pod on the node, runs `filters_explain`, and takes
 * them off again. Without any, the plain verdict. Passing with them implies passing without: our
 * filters only ever refuse more when a node is fuller. */
enum verdict nominator_explain(const struct nominator *nominator, const struct fitting *fitting,
                               uint32_t slot, struct reasons *reasons, enum plugin *ret_refused_by);

/* Whether some nominated pod counts against `pod` on that node. */
bool nominator_counts(const struct nominator *nominator, const struct cluster *cluster,
                      const struct pod *pod, uint32_t slot);

#endif
