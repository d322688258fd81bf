/* What a scheduler core knows, as text: to be compared with what the apiserver has. */
#ifndef BENCH_CORE_STATE_H
#define BENCH_CORE_STATE_H

#include <stdio.h>

#include "model/cluster.h"

/* A line for each node and then for each pod, each sorted by name:
 *
 *     node NAME UID VERSION pods=TAKEN/ROOM cpu=TAKEN/ROOM ...      (cpu in thousandths)
 *     pod NAMESPACE/NAME UID VERSION bound NODE
 *     pod NAMESPACE/NAME UID VERSION assumed NODE                   (its bind is not confirmed yet)
 *     pod NAMESPACE/NAME UID VERSION waiting -
 *
 * VERSION is the resourceVersion last seen, "?" when it is no number; of a node that is gone but
 * has pods it is "gone". Pods of other schedulers are known once they are bound. */
void core_state_print(const struct cluster *cluster, FILE *out);

#endif
