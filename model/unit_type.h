/*
 * Unit types: what `resource: eci` in a policy means on this cluster. A predicate on nodes, the
 * NoSchedule taints that the scheduler tolerates for the pod in such a unit (NoExecute never: the
 * node's own controller looks at the pod's real tolerations), and what such nodes cannot do.
 * Presets: policy/unit_presets.c (elastic-policies 11.1); the operator adds and replaces types in
 * a file (watch/unit_types_file.h).
 */
#ifndef MODEL_UNIT_TYPE_H
#define MODEL_UNIT_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/object.h"
#include "model/selector.h"
#include "model/taint.h"

enum {
    UNIT_TYPES_MAX = 32,
    UNIT_TYPE_TERMS_MAX = 16,
    UNIT_TYPE_TAINTS_MAX = 16,
    UNIT_TYPE_LABELS_MAX = 8,
    UNIT_TYPE_BURST_MAX = 1000000,
};

/* Index of "no type": a unit without `resource` takes any node and tolerates nothing more. It is
 * always types[0]. */
enum { UNIT_TYPE_ANY = 0 };

struct unit_type {
    uint32_t name_sym;
    /* A node is of the type when one of the terms matches its labels; no terms: every node. */
    uint32_t term_count;
    struct node_term *terms;
    uint32_t toleration_count; /* effect NoSchedule each */
    struct toleration *tolerations;
    bool is_virtual;         /* allocatable is nominal; hosts none of `refused_needs` */
    bool waits;              /* a node pool that grows: W of the walk */
    bool obeys_only_max;     /* ACS: timeouts and preemption do not apply */
    uint32_t refused_needs;  /* 1 << enum host_need */
    uint32_t containers_max; /* of one pod; 0: no limit */
    uint32_t volumes_max;
    int64_t cpu_max_milli;
    uint32_t bind_burst; /* token bucket of binds into units of the type; 0: not paced */
    uint32_t bind_per_second;
    uint32_t label_count; /* written on each pod placed there, as a unit's podLabels */
    struct label *labels;
};

/* Gives back what the type holds: each array (terms, the expressions and fields of a term, the
 * values of those, tolerations, labels) is an allocation of its own. */
void unit_type_fini(struct unit_type *type);

struct unit_types {
    uint32_t count;
    struct unit_type items[UNIT_TYPES_MAX];
};

#endif
