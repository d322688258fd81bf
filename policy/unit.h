/*
 * A unit of capacity: an ordered part of the cluster that pods are placed in. Today there is one,
 * all nodes; units of ResourcePolicy objects come to stand before it in the same walk.
 */
#ifndef POLICY_UNIT_H
#define POLICY_UNIT_H

#include <stdint.h>

#include "model/base/bitset.h"
#include "model/cluster.h"

struct unit {
    const char *name;
    const struct bitset *nodes; /* lent: slots that belong to it */
    uint32_t cursor;            /* slot where the next search starts */
};

/* The unit of all nodes that are present. */
void unit_init_all(struct unit *unit, const struct cluster *cluster);

#endif
