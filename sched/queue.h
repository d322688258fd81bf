/*
 * Pods that wait to be scheduled, in kube-scheduler's order and arithmetic (kube-scheduler.md A3,
 * A4).
 *
 *    add ---gated?---> GATED --gates removed--+
 *     |                                       v
 *     +------------------------------------> ACTIVE --pop--> (the cycle: NOWHERE)
 *                                             ^ ^               | refused        | error
 *             backoff over, or pop with ACTIVE| |               v                v
 *             empty ---------------- BACKOFF -+ |             PARKED        ERROR_BACKOFF
 *                                      ^        | backoff over  |                |
 *                     still backing off|        +---------------+----------------+
 *                                      +---- event whose hint says yes
 *
 * Parked pods stand in groups of equal shape; a group is registered under every plug-in that
 * refused one of its pods. An event asks only the groups of the plug-ins that registered for it,
 * one hint a group and plug-in, and wakes the pods which that plug-in refused. It never walks all
 * parked pods.
 *
 * Time comes in as an argument; nothing here reads a clock. Pods are borrowed: the owner removes
 * one from the queue before freeing it.
 */
#ifndef SCHED_QUEUE_H
#define SCHED_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/mono.h"
#include "model/cluster.h"
#include "model/pod.h"
#include "sched/park.h"

struct queue; /* opaque */

enum {
    QUEUE_INITIAL_BACKOFF_MS = 1000,
    QUEUE_MAX_BACKOFF_MS = 10000,
    QUEUE_WINDOW_MS = 1000,            /* expiries are compared in whole seconds */
    QUEUE_LEFTOVER_MS = 5 * 60 * 1000, /* a parked pod is tried again after this */
    QUEUE_LEFTOVER_CHECK_MS = 30 * 1000,
    QUEUE_BACKOFF_LIMIT_MS = 24 * 60 * 60 * 1000, /* own limit on what a configuration may ask */
};

struct queue_config {
    int64_t initial_backoff_ms; /* 0 to max_backoff_ms */
    int64_t max_backoff_ms;     /* up to QUEUE_BACKOFF_LIMIT_MS; 0: no backoff */
};

struct queue *queue_new(const struct queue_config *config, const struct park_world *world);

/* Before the cluster: shapes carry park groups. The pods stay their owner's; their queue fields are
 * stale. NULL is fine. */
void queue_free(struct queue *queue);

/* A pending pod enters: ACTIVE, or GATED when it has scheduling gates. */
void queue_add(struct queue *queue, struct pod *pod, struct mono_ms now);

/* The next pod to try, now NOWHERE, attempts counted; NULL when there is none. With ACTIVE empty
 * the head of BACKOFF comes at once (PopFromBackoffQ), never one of ERROR_BACKOFF. */
struct pod *queue_pop(struct queue *queue, struct mono_ms now);

/* Who are popped next, as far as is known now; hints, NULL when nobody is. */
struct queue_next {
    const struct pod *first, *second;
};
struct queue_next queue_peek(const struct queue *queue);

/* A popped pod comes back. `rejectors` (1 << enum plugin): refused, is parked. 0: failed by an
 * error, waits its error backoff. Counts and timestamp as A3. */
void queue_return(struct queue *queue, struct pod *pod, uint32_t rejectors, struct mono_ms now);

/* The same for a refused pod that time alone may help: it is tried again at `retry_at`, if no event
 * comes before. */
void queue_return_until(struct queue *queue, struct pod *pod, uint32_t rejectors,
                        struct mono_ms retry_at, struct mono_ms now);

/* Right after queue_return_until() of a pod that waits in a unit for a time: see sched/park.h. */
void queue_start_clocks(struct queue *queue, const struct pod *pod, const struct park_clock *clock,
                        struct mono_ms now);

/* A popped pod does not come back now: it is assumed, or was skipped. */
void queue_placed(struct queue *queue, struct pod *pod, struct mono_ms now);

/* A slot of the group's units may be free: one of the pods that wait for it is woken, the others
 * after it for as long as there is room (sched/park.h). */
void queue_offer(struct queue *queue, const struct policy_group *group, struct mono_ms now);

/* What refused this pod, popped and about to return, refuses all of its policy group: when it has
 * the turn, no other shape gets one until something changes. */
void queue_refuse_group(struct queue *queue, const struct pod *pod);

/* The pod is no longer to be scheduled (bound, deleted). */
void queue_remove(struct queue *queue, struct pod *pod);

/* Call BEFORE pod->shape, pod->group, pod->priority or pod->gate_count changes while queued, and
 * queue_reinsert() (or queue_remove()) next, before anything else is asked of the queue: heaps and
 * groups follow the new values. Both are no-ops for a pod that is NOWHERE. */
void queue_detach(struct queue *queue, struct pod *pod);

/* `bits` (enum pod_change_bits) says what changed: a parked or gated pod moves up when its own
 * update can help (gates gone, tolerations added, scaled down); otherwise it stays where it was. */
void queue_reinsert(struct queue *queue, struct pod *pod, uint32_t bits, struct mono_ms now);

/* Something happened in the cluster. Returns how many pods moved. */
uint32_t queue_wake(struct queue *queue, const struct wake_event *event, struct mono_ms now);

/* What time alone moves: expired backoffs (each whole second), leftovers (each 30 s). */
void queue_flush(struct queue *queue, struct mono_ms now);

/* When queue_flush() has something to do next; MONO_NEVER when nothing waits on time. */
struct mono_ms queue_next_flush(const struct queue *queue);

/* Whether queue_pop() would give a pod. */
bool queue_is_ready(const struct queue *queue);

struct queue_counts {
    uint32_t by_place[QUEUE_PLACE_COUNT];
};
struct queue_counts queue_counts(const struct queue *queue);

/* Walks everything and CHECKs that each pod is in exactly the place it says. */
void queue_check(const struct queue *queue);

/* CHECKs it of one pod, in O(1). */
void queue_check_pod(const struct queue *queue, const struct pod *pod);

#endif
