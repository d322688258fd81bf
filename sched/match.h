/*
 * The nodes that pass a shape's static filters, kept as a bitset on the shape. It is brought up to
 * date when a pod of the shape is about to be placed: only nodes that changed since are looked at
 * again.
 */
#ifndef SCHED_MATCH_H
#define SCHED_MATCH_H

#include "model/cluster.h"

/* Brings shape->matches up to date. Cost: one static check per node changed since the last time, or
 * per node when the shape is new or the node table's log has moved on too far. */
void match_sync(const struct cluster *cluster, struct shape *shape);

/* Gives the cache's memory back; the next match_sync() makes it anew. */
void match_drop(struct shape *shape);

#endif
