/*
 * Random clusters and pods for the comparison with kube-scheduler: everything that filters and
 * scores look at, in proportions that make about half of the pods fit somewhere. The same state of
 * the random numbers gives the same objects.
 */
#ifndef TESTS_REAL_GENERATE_H
#define TESTS_REAL_GENERATE_H

#include <jansson.h>
#include <stdbool.h>

#include "model/base/rng.h"

enum { GENERATE_NODES_MIN = 5, GENERATE_NODES_MAX = 30 };

/* What generated pods refer to beside nodes; the one who runs them makes these objects first. */
#define GENERATE_RUNTIME_CLASS "differential-heavy" /* overhead: cpu 250m, memory 120Mi */
#define GENERATE_PRIORITY_LOW  "differential-low"   /* value 0 */
#define GENERATE_PRIORITY_HIGH "differential-high"  /* value 1000: of all that is bound, so that none is preempted */

/* {"nodes": [Node...], "bound": [Pod with spec.nodeName...]}; yours. Nodes carry the taints they
 * shall have in the end. */
json_t *generate_cluster(struct rng *rng);

/* A Pod without name and schedulerName; yours. With spec.schedulingGates or
 * status.nominatedNodeName it is meant to be given that before it is let go. Rarely one that an
 * apiserver refuses. */
json_t *generate_pod(struct rng *rng, const json_t *cluster);

#endif
