/*
 * A filter says whether one pod may run on one node, as the kube-scheduler plug-in of its name does
 * (kube-scheduler.md A10), and which events can turn its no into a yes (A4). One const struct in
 * one file under sched/filter/; listed in sched/plugins.def.
 */
#ifndef SCHED_FILTER_H
#define SCHED_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "model/cluster.h"
#include "model/unit_type.h"

enum plugin {
#define PLUGIN(id, name)         PLUGIN_##id,
#define FILTER(id, name, symbol) PLUGIN_##id,
#include "sched/plugins.def"
#undef PLUGIN
#undef FILTER
    PLUGIN_COUNT
};

enum verdict {
    VERDICT_FIT,
    VERDICT_UNFIT,       /* Unschedulable: fewer pods on the node would help */
    VERDICT_UNFIT_FINAL, /* UnschedulableAndUnresolvable: they would not */
};

/* Why a node was refused; the text of A10. `name_sym` completes "Insufficient <resource>". */
#define REASON_MAP(X)                                                                              \
    X(NOT_NAMED, "node(s) didn't satisfy plugin(s) [NodeAffinity")                                 \
    X(UNSCHEDULABLE, "node(s) were unschedulable")                                                 \
    X(NODE_NAME, "node(s) didn't match the requested node name")                                   \
    X(TAINT, "node(s) had untolerated taint(s)")                                                   \
    X(AFFINITY, "node(s) didn't match Pod's node affinity/selector")                               \
    X(PORTS, "node(s) didn't have free ports for the requested pod ports")                         \
    X(TOO_MANY_PODS, "Too many pods")                                                              \
    X(INSUFFICIENT, "Insufficient ")                                                               \
    X(PROBLEM, "node(s) could not be read")                                                        \
    X(UNIT_FULL, "node(s) in full units")                                                          \
    X(UNIT_CLOSED, "node(s) in units that may not be tried now")                                   \
    X(NO_UNIT, "node(s) in no unit of the ResourcePolicy")                                         \
    X(NOT_HELPFUL, "Preemption is not helpful for scheduling")                                     \
    X(NO_VICTIMS, "No preemption victims found for incoming pod")

enum reason_kind {
#define X(id, text) REASON_##id,
    REASON_MAP(X)
#undef X
        REASON_KIND_COUNT
};

struct reason {
    enum reason_kind kind;
    uint32_t name_sym; /* INSUFFICIENT: the resource; else SYM_EMPTY */
};

enum { REASONS_MAX = RESOURCE_SCALARS_MAX + RESOURCE_FIXED_COUNT };

struct reasons {
    uint32_t count;
    struct reason items[REASONS_MAX];
};

static inline void reasons_add(struct reasons *reasons, enum reason_kind kind, uint32_t name_sym)
{
    CHECK(reasons->count < REASONS_MAX);
    reasons->items[reasons->count++] = (struct reason){kind, name_sym};
}

struct filter_input {
    const struct cluster *cluster;
    const struct shape *shape;
    uint32_t node_name_sym;       /* spec.nodeName; SYM_EMPTY, as with every pending pod: none */
    bool is_nominated;            /* explain: the pod is nominated to this node */
    const struct unit_type *type; /* of the unit that is searched; its taints are tolerated. NULL:
                                   * none */
};

/* Where a filter says how many nodes it refuses, and for what. */
struct filter_tally {
    void (*add)(struct filter_tally *tally, struct reason reason, uint32_t nodes);
};

/* Something happened that may help a waiting pod (A2's event kinds, as far as our filters care). */
enum wake_kind {
    WAKE_NODE_ADDED = 1 << 0,
    WAKE_NODE_TAINTS = 1 << 1, /* taints changed, or unschedulable true -> false */
    WAKE_NODE_LABELS = 1 << 2,
    WAKE_NODE_ALLOCATABLE = 1 << 3,
    WAKE_POD_REMOVED = 1 << 4,     /* a pod that counted on a node is gone, or was forgotten */
    WAKE_POD_SCALED_DOWN = 1 << 5, /* a pod on a node holds less */
    WAKE_NODE_REMOVED = 1 << 6,    /* no filter of ours waits for it */
};

struct wake_event {
    uint32_t kind;                       /* one enum wake_kind */
    uint32_t slot;                       /* the node it happened on; NODE_SLOT_NONE: unknown */
    const struct node_before *before;    /* NODE_TAINTS, NODE_LABELS */
    uint64_t raised_columns;             /* NODE_ALLOCATABLE */
    const struct host_port *freed_ports; /* POD_REMOVED */
    uint32_t freed_port_count;
};

struct filter {
    const char *name;
    /* Depends only on the shape and on what is static of a node: its verdicts are kept in a
     * bitset. */
    bool is_static;
    /* enum wake_kind bits it registers for */
    uint32_t wakes_on;
    /* The verdict on a present node. Pure, no allocation. */
    enum verdict (*check)(const struct filter_input *in, uint32_t slot);
    /* Those of `members` (bit i: slot block * 64 + i, all present) that check() lets pass. NULL:
     * they are asked one by one. */
    uint64_t (*sweep)(const struct filter_input *in, uint32_t block, uint64_t members);
    /* As sweep(), and what explain() says of the others is added up. NULL: its one reason is
     * `reason`. */
    uint64_t (*tally)(const struct filter_input *in, uint32_t block, uint64_t members,
                      struct filter_tally *tally);
    /* tally() of `nodes` nodes of a superblock by its bounds alone. False: these do not tell.
     * `tally` NULL: nothing is added. The function NULL: never. */
    bool (*tally_super)(const struct filter_input *in, uint32_t super, uint32_t nodes,
                        struct filter_tally *tally);
    /* Without tally(): the only reason that explain() gives. */
    enum reason_kind reason;
    /* The same verdict, with every reason of this filter appended. */
    enum verdict (*explain)(const struct filter_input *in, uint32_t slot, struct reasons *reasons);
    /* Whether this event could turn its no into a yes (one row of A4). Only called for wakes_on. */
    bool (*hint)(const struct filter_input *in, const struct wake_event *event);
};

#define PLUGIN(id, name)
#define FILTER(id, name, symbol) extern const struct filter filter_##symbol;
#include "sched/plugins.def"
#undef PLUGIN
#undef FILTER

/* By enum plugin; NULL for what is no filter. */
extern const struct filter *const filters[PLUGIN_COUNT];
extern const char *const plugin_names[PLUGIN_COUNT];

/* The node an event happened on; NULL when it is unknown or no longer there. */
static inline const struct node *wake_node(const struct filter_input *in,
                                           const struct wake_event *event)
{
    const struct node_table *nodes = &in->cluster->nodes;
    return bitset_test(&nodes->present, event->slot) ? nodes->nodes[event->slot] : NULL;
}

/* As filter->sweep(), which may be NULL. */
uint64_t filter_sweep(const struct filter *filter, const struct filter_input *in, uint32_t block,
                      uint64_t members);

/* Runs the filters in order until one refuses; appends that one's reasons and tells which it
 * was. The node is present. */
enum verdict filters_explain(const struct filter_input *in, uint32_t slot, struct reasons *reasons,
                             enum plugin *ret_refused_by);

#endif
