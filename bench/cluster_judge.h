/* After a run: are the figures those of a cluster that was scheduled rightly? */
#ifndef BENCH_CLUSTER_JUDGE_H
#define BENCH_CLUSTER_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/cluster_load.h"
#include "bench/control_plane.h"

struct cluster_expected {
    const struct cluster_load *load;
    uint32_t pods;   /* that were made of the load's, late ones included */
    bool is_decided; /* a scheduler chose the nodes: they may not be overfull, or not allowed */
};

/* Lists all pods: 0 when there are `pods` of the load's, those that fit somewhere are on nodes and
 * the others are not, each is on a node that the load allows, and no node has more cpu, pods or
 * devices on it than it has. */
int cluster_judge(struct control_plane *plane, const struct cluster_expected *expected,
                  struct err *err) NODISCARD;

#endif
