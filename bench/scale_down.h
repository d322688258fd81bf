/*
 * Which pods a ReplicaSet gives up first: kube-controller-manager's order (ActivePodsWithRanks of
 * pkg/controller/controller_utils.go; elastic-policies.md 10.1). Pure.
 */
#ifndef BENCH_SCALE_DOWN_H
#define BENCH_SCALE_DOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/str.h"

#define DELETION_COST_ANNOTATION "controller.kubernetes.io/pod-deletion-cost"

enum scale_down_phase { SCALE_DOWN_PENDING, SCALE_DOWN_UNKNOWN, SCALE_DOWN_RUNNING };

struct scale_down_pod {
    bool is_assigned;
    enum scale_down_phase phase;
    bool is_ready;
    int32_t deletion_cost;
    uint32_t rank;            /* active pods of the same controller's ReplicaSets on its node */
    int64_t ready_since_us;   /* wall time; 0: unknown. Looked at only when both are ready */
    int32_t restarts;         /* the highest of its containers */
    int32_t sidecar_restarts; /* the highest of its restartable init containers */
    int64_t created_us;       /* wall time; 0: unknown */
    const char *uid;
    void *data; /* the caller's */
};

/* Negative: `a` goes before `b`. Ages are compared by their power of two at `now_us`. */
int scale_down_compare(const struct scale_down_pod *a, const struct scale_down_pod *b,
                       int64_t now_us);

/* Sorts: those that go first in front. As in kube, rule 6 may close a circle with rule 7 (equal
 * ready times, then restarts; equal buckets, then uid): such pods are in one of the valid orders.
 */
void scale_down_sort(struct scale_down_pod *pods, size_t count, int64_t now_us);

/* Whether the text is a deletion cost (10.2), and which: what the apiserver checks. */
bool deletion_cost_read(struct str text, int32_t *ret_cost);

/* What the controller makes of the annotation: 0 when it is none (10.2: no '+', no leading zeros,
 * int32). */
int32_t deletion_cost_parse(struct str text);

#endif
