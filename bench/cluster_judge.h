/* After a run: are the figures those of a cluster that was scheduled rightly? */
#ifndef BENCH_CLUSTER_JUDGE_H
#define BENCH_CLUSTER_JUDGE_H

#include <stdint.h>

#include "bench/control_plane.h"

/* Lists all pods: 0 when there are `pods` of them, all bound, and no node of the plain load has
 * more cpu or pods on it than it has. */
int cluster_judge(struct control_plane *plane, uint32_t nodes, uint32_t pods,
                  struct err *err) NODISCARD;

#endif
