/*
 * The nodes that pass a shape's static filters, kept as a bitset on the shape: one as the pod is
 * written, and one for each unit type whose taints are tolerated for it. They are brought up to
 * date when a pod of the shape is about to be placed: only nodes that changed since are looked at
 * again.
 */
#ifndef SCHED_MATCH_H
#define SCHED_MATCH_H

#include "model/cluster.h"
#include "model/unit_type.h"
#include "sched/filter.h"

/* The matches of the shape, up to date, lent until the next change of a node or shape. `types`
 * [`type`] is the unit's; a type that tolerates nothing shares the plain bitset. Cost: one static
 * check per node changed since the last time, or per node when the shape is new or the node
 * table's log has moved on too far. */
const struct bitset *match_sync(const struct cluster *cluster, struct shape *shape,
                                const struct unit_types *types, uint32_t type);

/* The same, and which filters refused the other nodes. Cost of the first time: one static check for
 * each of these; and memory, three bits a node. */
const struct match_cache *match_sync_refusals(const struct cluster *cluster, struct shape *shape,
                                              const struct unit_types *types, uint32_t type);

/* Nodes of a block that the filter, a static one, was the first of the static ones to refuse. */
uint64_t match_refused_by(const struct match_cache *cache, uint32_t block, enum plugin filter);

/* The cache itself; lent as long as the shape, until match_drop(). */
struct match_cache *match_cache(struct shape *shape, const struct unit_types *types, uint32_t type);

/* As match_sync(), and which filters refused the other nodes. Cost of the first time: one static check for
 * each of these; and memory, three bits a node. */
const struct match_cache *match_sync_refusals(const struct cluster *cluster, struct shape *shape,
                                              const struct unit_types *types, uint32_t type);

/* Nodes of a block that the filter, a static one, was the first of the static ones to refuse. */
uint64_t match_refused_by(const struct match_cache *cache, uint32_t block, enum plugin filter);

/* Gives the caches' memory back; the next match_sync() makes them anew. */
void match_drop(struct shape *shape);

#endif
