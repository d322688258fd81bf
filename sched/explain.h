/*
 * Why each of many nodes refuses a pod, counted: what filters_explain() says of them one by one, in
 * a time that hardly grows with their number. Static filters are counted from the match cache, 64
 * nodes at a time; the others from bounds of what is free where these tell, else from columns.
 */
#ifndef SCHED_EXPLAIN_H
#define SCHED_EXPLAIN_H

#include "model/cluster.h"
#include "model/unit_type.h"
#include "sched/diagnosis.h"
#include "sched/nominator.h"

struct explain_scope {
    struct cluster *cluster;
    const struct nominator *nominator;
    const struct pod *pod;
    const struct match_cache *match; /* of match_sync_refusals(), for the shape and the type */
    const struct unit_type *type;    /* of the unit the nodes are in; NULL: none */
};

/* Nodes of one block, bit i: slot block * 64 + i. Those that are absent are left out. CHECKs that
 * each refuses the pod: the search has found none. */
void explain_block(const struct explain_scope *scope, uint32_t block, uint64_t members,
                   struct diagnosis *diagnosis);

/* All present nodes. */
void explain_all(const struct explain_scope *scope, struct diagnosis *diagnosis);

#endif
