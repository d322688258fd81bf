/*
 * The failure cache: what is known of a shape that found no node, until something could change it.
 *
 *     barren set   none of these nodes takes a pod of the shape; holds while nothing was gained
 *                  (cluster->gain_count): a pod that is put somewhere makes no room
 *     text         the sentence about all nodes and who refused; holds while nothing changed at all
 *                  (cluster->change_count): one pod more moves "2 Insufficient cpu" to 3
 *
 * Neither holds while nominated pods count on nodes: they count for some pods and not for others.
 * Kept in the shape's caches, at most one set a unit type and one text; gone with match_drop().
 */
#ifndef SCHED_REFUSAL_H
#define SCHED_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/cluster.h"

enum { REFUSAL_TEXT_BYTES_MAX = 1024 }; /* a longer sentence is written anew each time */

/* `cache` is one of the shape's, see match_cache(); `nodes` is compared by its address. */
void barren_remember(const struct cluster *cluster, struct match_cache *cache,
                     const struct bitset *nodes);
bool barren_is_known(const struct cluster *cluster, const struct match_cache *cache,
                     const struct bitset *nodes);

/* Keeps a copy, unless no other pod has the shape. `rejectors`: 1 << enum plugin. */
void refusal_remember(const struct cluster *cluster, struct shape *shape, struct str text,
                      uint32_t rejectors);

/* Appends the text and returns the rejectors; 0: nothing is known. */
uint32_t refusal_recall(const struct cluster *cluster, const struct shape *shape,
                        struct buf *message);

#endif
