/*
 * Why no node was found: reasons counted over all nodes, and the sentence of kube-scheduler made
 * from them (kube-scheduler.md A13): "0/3 nodes are available: 1 Insufficient memory, 2
 * Insufficient cpu."
 */
#ifndef SCHED_DIAGNOSIS_H
#define SCHED_DIAGNOSIS_H

#include <stdint.h>

#include "model/base/buf.h"
#include "sched/filter.h"

enum { DIAGNOSIS_RESOURCES_MAX = REASONS_MAX };

struct diagnosis {
    uint32_t node_count;            /* nodes in the cluster */
    uint32_t refused_by;            /* 1 << enum plugin of every filter that refused some node */
    enum plugin nominee_refused_by; /* the node the pod is nominated to; 0: none refused one */
    uint32_t counts[REASON_KIND_COUNT]; /* nodes by reason, INSUFFICIENT not used */
    uint32_t insufficient_count;
    struct {
        uint32_t name_sym;
        uint32_t nodes;
    } insufficient[DIAGNOSIS_RESOURCES_MAX];
};

void diagnosis_init(struct diagnosis *diagnosis, uint32_t node_count);
void diagnosis_add(struct diagnosis *diagnosis, enum plugin refused_by,
                   const struct reasons *reasons);

/* `nodes` more that one filter refused for one reason each; 0: nothing is added. */
void diagnosis_add_nodes(struct diagnosis *diagnosis, enum plugin refused_by, struct reason reason,
                         uint32_t nodes);

/* One node more with a reason that no filter gave. */
void diagnosis_add_kind(struct diagnosis *diagnosis, enum reason_kind kind);

/* The whole sentence. `prefilter` not NULL: its text stands in for the reasons. Parts are sorted as
 * strings, so that "10 x" comes before "2 y". No nodes at all: "no nodes available to schedule
 * pods". */
void diagnosis_format(const struct diagnosis *diagnosis, const struct symbols *symbols,
                      const char *prefilter, struct buf *message);

#endif
