/*
 * The queue's flow: which pod enters which place when. The arithmetic of time is in
 * queue_backoff.c, the parked pods and their wake-up index in park.c.
 *
 * There is no list of events that happened while a pod was in flight, as kube-scheduler keeps: a
 * pod is popped, tried and returned within one step of the only thread, and a pod whose bind fails
 * later waits out its error backoff without asking any hint.
 */
#include "sched/queue.h"

#include <stdlib.h>

#include "model/base/heap.h"
#include "model/base/mem.h"
#include "sched/park.h"
#include "sched/queue_backoff.h"

struct queue {
    struct queue_config config;
    struct heap active, backoff, error_backoff;
    struct park park;
    struct pod *gated; /* list by queue_next */
    uint32_t gated_count;
    struct mono_ms now;   /* of the last call that said it */
    struct pod *detached; /* between queue_detach() and queue_reinsert(); in no structure */
    uint64_t last_sequence;
};

static bool pod_backoff_before(const void *a, const void *b)
{
    const struct pod *left = a, *right = b;
    if (left->backoff_until.ms != right->backoff_until.ms)
        return left->backoff_until.ms < right->backoff_until.ms;
    return pod_active_before(a, b);
}

/* By expiry only: priority does not count among errors. */
static bool pod_error_before(const void *a, const void *b)
{
    const struct pod *left = a, *right = b;
    if (left->backoff_until.ms != right->backoff_until.ms)
        return left->backoff_until.ms < right->backoff_until.ms;
    return left->queue_sequence < right->queue_sequence;
}

static uint32_t *pod_position(void *item)
{
    struct pod *pod = item;
    return &pod->heap_position;
}

struct queue *queue_new(const struct queue_config *config, const struct park_world *world)
{
    CHECK(config->initial_backoff_ms >= 0);
    CHECK(config->max_backoff_ms >= 0 && config->max_backoff_ms <= QUEUE_BACKOFF_LIMIT_MS);
    struct queue *queue = mem_zalloc(1, sizeof(*queue));
    queue->config = *config;
    heap_init(&queue->active, pod_active_before, pod_position);
    heap_init(&queue->backoff, pod_backoff_before, pod_position);
    heap_init(&queue->error_backoff, pod_error_before, pod_position);
    park_init(&queue->park, world);
    return queue;
}

void queue_free(struct queue *queue)
{
    if (!queue)
        return;
    heap_fini(&queue->active);
    heap_fini(&queue->backoff);
    heap_fini(&queue->error_backoff);
    park_fini(&queue->park);
    free(queue);
}

/* ---- entering and leaving a place ---- */

static void gated_add(struct queue *queue, struct pod *pod)
{
    pod->queue_prev = NULL;
    pod->queue_next = queue->gated;
    if (queue->gated)
        queue->gated->queue_prev = pod;
    queue->gated = pod;
    queue->gated_count++;
}

static void gated_remove(struct queue *queue, struct pod *pod)
{
    if (pod->queue_next)
        pod->queue_next->queue_prev = pod->queue_prev;
    if (pod->queue_prev) {
        pod->queue_prev->queue_next = pod->queue_next;
    } else {
        CHECK(queue->gated == pod);
        queue->gated = pod->queue_next;
    }
    pod->queue_prev = pod->queue_next = NULL;
    queue->gated_count--;
}

static void queue_place(struct queue *queue, struct pod *pod, enum queue_place place)
{
    CHECK(place != QUEUE_NOWHERE && place < QUEUE_PLACE_COUNT);
    pod->queue_place = (uint8_t)place;
    switch (place) {
    case QUEUE_ACTIVE:
        heap_push(&queue->active, pod);
        break;
    case QUEUE_BACKOFF:
        heap_push(&queue->backoff, pod);
        break;
    case QUEUE_ERROR_BACKOFF:
        heap_push(&queue->error_backoff, pod);
        break;
    case QUEUE_PARKED:
        park_add(&queue->park, pod);
        break;
    case QUEUE_GATED:
        gated_add(queue, pod);
        break;
    case QUEUE_NOWHERE:
    case QUEUE_PLACE_COUNT:
        break;
    }
}

/* Takes the pod out of the structure it is in; its queue_place still says which that was. */
static void queue_displace(struct queue *queue, struct pod *pod)
{
    CHECK(pod != queue->detached);
    switch ((enum queue_place)pod->queue_place) {
    case QUEUE_ACTIVE:
        heap_remove(&queue->active, pod);
        break;
    case QUEUE_BACKOFF:
        heap_remove(&queue->backoff, pod);
        break;
    case QUEUE_ERROR_BACKOFF:
        heap_remove(&queue->error_backoff, pod);
        break;
    case QUEUE_PARKED:
        park_remove(&queue->park, pod);
        break;
    case QUEUE_GATED:
        gated_remove(queue, pod);
        break;
    case QUEUE_NOWHERE:
    case QUEUE_PLACE_COUNT:
        break;
    }
}

/* Where a pod goes that may be tried again: gates come first, then its backoff. */
static void queue_place_to_retry(struct queue *queue, struct pod *pod, struct mono_ms now)
{
    if (pod->gate_count > 0)
        queue_place(queue, pod, QUEUE_GATED);
    else if (!backoff_is_running(pod, now))
        queue_place(queue, pod, QUEUE_ACTIVE);
    else
        queue_place(queue, pod, pod->rejectors ? QUEUE_BACKOFF : QUEUE_ERROR_BACKOFF);
}

/* A new time stamp: the pod stands behind its equals that wait already. */
static void queue_stamp(struct queue *queue, struct pod *pod, struct mono_ms now)
{
    pod->queued_at = now;
    pod->queue_sequence = ++queue->last_sequence;
    pod->backoff_until = backoff_end(&queue->config, pod);
}

/* A pod that waited in a line gets its turn; NULL: nobody's. */
static void queue_give_turn(struct queue *queue, struct pod *pod, struct mono_ms now)
{
    if (pod)
        queue_place_to_retry(queue, pod, now);
}

/* The pod's turn, if it has it, is over without a refusal: the next of its line. */
static void queue_end_turn(struct queue *queue, struct pod *pod)
{
    if (!pod->has_turn)
        return;
    pod->has_turn = false;
    queue_give_turn(queue, park_next_turn(&queue->park, pod->group), queue->now);
}

/* ---- the life of a pod ---- */

void queue_add(struct queue *queue, struct pod *pod, struct mono_ms now)
{
    queue->now = now;
    CHECK(pod->queue_place == QUEUE_NOWHERE);
    pod->attempts = 0;
    pod->unschedulable_count = pod->error_count = 0;
    pod->rejectors = 0;
    queue_stamp(queue, pod, now);
    queue_place_to_retry(queue, pod, now);
}

/* Backoffs that are over. */
static void flush_heap(struct queue *queue, struct heap *heap, struct mono_ms now)
{
    for (struct pod *pod = heap_peek(heap); pod && !backoff_is_running(pod, now);
         pod = heap_peek(heap)) {
        heap_remove(heap, pod);
        queue_place(queue, pod, QUEUE_ACTIVE);
    }
}

struct pod *queue_pop(struct queue *queue, struct mono_ms now)
{
    queue->now = now;
    CHECK(!queue->detached);
    /* Else who comes first would depend on how late the caller's timer is. */
    flush_heap(queue, &queue->backoff, now);
    flush_heap(queue, &queue->error_backoff, now);

    struct pod *pod = heap_pop(&queue->active);
    if (!pod)
        pod = heap_pop(&queue->backoff);
    if (!pod)
        return NULL;
    pod->queue_place = QUEUE_NOWHERE;
    pod->attempts++;
    pod->rejectors = 0;
    return pod;
}

struct queue_next queue_peek(const struct queue *queue)
{
    return (struct queue_next){heap_peek(&queue->active), heap_peek_second(&queue->active)};
}

static uint16_t count_up(uint16_t count)
{
    return count < UINT16_MAX ? (uint16_t)(count + 1) : count;
}

void queue_return_until(struct queue *queue, struct pod *pod, uint32_t rejectors,
                        struct mono_ms retry_at, struct mono_ms now)
{
    queue->now = now;
    CHECK(pod->queue_place == QUEUE_NOWHERE);
    CHECK(rejectors >> PLUGIN_COUNT == 0);
    pod->rejectors = rejectors;
    pod->retry_at = retry_at;
    if (rejectors) {
        pod->unschedulable_count = count_up(pod->unschedulable_count);
        pod->error_count = 0;
    } else {
        pod->error_count = count_up(pod->error_count);
    }
    queue_stamp(queue, pod, now);
    if (!rejectors || pod->gate_count > 0) {
        queue_end_turn(queue, pod);
        queue_place_to_retry(queue, pod, now);
        return;
    }
    bool had_turn = pod->has_turn;
    pod->has_turn = false;
    queue_place(queue, pod, QUEUE_PARKED);
    if (had_turn)
        queue_give_turn(queue, park_refused_turn(&queue->park, pod), now);
}

void queue_return(struct queue *queue, struct pod *pod, uint32_t rejectors, struct mono_ms now)
{
    queue_return_until(queue, pod, rejectors, MONO_NEVER, now);
}

void queue_start_clocks(struct queue *queue, const struct pod *pod, const struct park_clock *clock,
                        struct mono_ms now)
{
    if (pod->queue_place == QUEUE_PARKED)
        park_start_clocks(&queue->park, pod, clock, now);
}

void queue_placed(struct queue *queue, struct pod *pod, struct mono_ms now)
{
    queue->now = now;
    CHECK(pod->queue_place == QUEUE_NOWHERE);
    queue_end_turn(queue, pod);
}

void queue_offer(struct queue *queue, const struct policy_group *group, struct mono_ms now)
{
    queue->now = now;
    queue_give_turn(queue, park_offer(&queue->park, group), now);
}

void queue_refuse_group(struct queue *queue, const struct pod *pod)
{
    CHECK(pod->queue_place == QUEUE_NOWHERE);
    if (pod->has_turn)
        park_refuse_line(&queue->park, pod->group);
}

void queue_remove(struct queue *queue, struct pod *pod)
{
    queue_end_turn(queue, pod);
    if (pod->queue_place == QUEUE_NOWHERE)
        return;
    if (pod == queue->detached)
        queue->detached = NULL;
    else
        queue_displace(queue, pod);
    pod->queue_place = QUEUE_NOWHERE;
}

void queue_detach(struct queue *queue, struct pod *pod)
{
    CHECK(!queue->detached);
    queue_end_turn(queue, pod);
    if (pod->queue_place == QUEUE_NOWHERE)
        return;
    queue_displace(queue, pod);
    queue->detached = pod;
}

/* Whether the pod's own update can end its refusal: the own-update rows of A4. One plug-in that
 * hopes is enough. */
static bool update_helps(const struct pod *pod, uint32_t bits)
{
    uint32_t hoping = 0;
    if (bits & POD_TOLERATIONS)
        hoping |= 1u << PLUGIN_NODE_UNSCHEDULABLE | 1u << PLUGIN_TAINT_TOLERATION;
    if (bits & POD_SCALED_DOWN)
        hoping |= 1u << PLUGIN_NODE_RESOURCES_FIT;
    if (bits & POD_GATES_REMOVED)
        hoping |= 1u << PLUGIN_SCHEDULING_GATES;
    /* What we cannot honour, or could not read, may be gone from the object. An update that only
     * brings back our own condition leaves it there, and must not start an endless round. */
    const struct shape *shape = pod->shape;
    bool is_supported = shape->features == 0 && !shape->is_over_limit && !pod->problem;
    if (bits & POD_SPEC || (bits & POD_UNBOUND_UPDATE && is_supported))
        hoping |= 1u << PLUGIN_FEATURES;
    return pod->rejectors & hoping || bits & POD_REGROUPED;
}

void queue_reinsert(struct queue *queue, struct pod *pod, uint32_t bits, struct mono_ms now)
{
    queue->now = now;
    if (pod->queue_place == QUEUE_NOWHERE)
        return;
    CHECK(queue->detached == pod);
    queue->detached = NULL;
    enum queue_place place = pod->queue_place;
    if (pod->gate_count > 0)
        queue_place(queue, pod, QUEUE_GATED);
    else if (place == QUEUE_GATED || (place == QUEUE_PARKED && update_helps(pod, bits)))
        queue_place_to_retry(queue, pod, now);
    else
        queue_place(queue, pod, place);
}

uint32_t queue_wake(struct queue *queue, const struct wake_event *event, struct mono_ms now)
{
    queue->now = now;
    CHECK(!queue->detached);
    uint32_t woken = 0;
    struct pod *pod = park_wake(&queue->park, event);
    while (pod) {
        struct pod *next = pod->queue_next;
        pod->queue_next = NULL;
        queue_place_to_retry(queue, pod, now);
        pod = next;
        woken++;
    }
    return woken;
}

/* ---- time ---- */

void queue_flush(struct queue *queue, struct mono_ms now)
{
    queue->now = now;
    CHECK(!queue->detached);
    flush_heap(queue, &queue->backoff, now);
    flush_heap(queue, &queue->error_backoff, now);
    for (struct pod *pod = park_oldest(&queue->park); pod && !mono_before(now, leftover_due(pod));
         pod = park_oldest(&queue->park)) {
        park_remove(&queue->park, pod);
        queue_place_to_retry(queue, pod, now);
    }
    for (struct pod *pod = park_first_timed(&queue->park); pod && !mono_before(now, pod->retry_at);
         pod = park_first_timed(&queue->park)) {
        park_remove(&queue->park, pod);
        queue_place_to_retry(queue, pod, now);
    }
}

struct mono_ms queue_next_flush(const struct queue *queue)
{
    struct mono_ms next = MONO_NEVER;
    const struct pod *pod = heap_peek(&queue->backoff);
    if (pod)
        next = mono_min(next, pod->backoff_until);
    pod = heap_peek(&queue->error_backoff);
    if (pod)
        next = mono_min(next, pod->backoff_until);
    pod = park_oldest(&queue->park);
    if (pod)
        next = mono_min(next, leftover_due(pod));
    pod = park_first_timed(&queue->park);
    if (pod)
        next = mono_min(next, pod->retry_at);
    return next;
}

/* ---- looking in ---- */

bool queue_is_ready(const struct queue *queue)
{
    return queue->active.count > 0 || queue->backoff.count > 0;
}

struct queue_counts queue_counts(const struct queue *queue)
{
    return (struct queue_counts){.by_place = {
                                     [QUEUE_ACTIVE] = queue->active.count,
                                     [QUEUE_BACKOFF] = queue->backoff.count,
                                     [QUEUE_ERROR_BACKOFF] = queue->error_backoff.count,
                                     [QUEUE_PARKED] = park_count(&queue->park),
                                     [QUEUE_GATED] = queue->gated_count,
                                 }};
}

static void heap_check_place(const struct heap *heap, enum queue_place place)
{
    heap_check(heap);
    for (uint32_t i = 0; i < heap->count; i++) {
        const struct pod *pod = heap->items[i];
        CHECK(pod->queue_place == place);
        CHECK(pod->gate_count == 0);
        CHECK(!pod->queue_prev && !pod->queue_next);
        CHECK((place == QUEUE_BACKOFF) <= (pod->rejectors != 0));
        CHECK((place == QUEUE_ERROR_BACKOFF) <= (pod->rejectors == 0));
    }
}

void queue_check(const struct queue *queue)
{
    heap_check_place(&queue->active, QUEUE_ACTIVE);
    heap_check_place(&queue->backoff, QUEUE_BACKOFF);
    heap_check_place(&queue->error_backoff, QUEUE_ERROR_BACKOFF);
    park_check(&queue->park);
    uint32_t gated_count = 0;
    const struct pod *prev = NULL;
    for (const struct pod *pod = queue->gated; pod; pod = pod->queue_next) {
        CHECK(pod->queue_place == QUEUE_GATED);
        CHECK(pod->queue_prev == prev);
        CHECK(pod->gate_count > 0);
        CHECK(pod->heap_position == HEAP_NOWHERE);
        prev = pod;
        gated_count++;
    }
    CHECK(gated_count == queue->gated_count);
    CHECK(!queue->detached || queue->detached->queue_place != QUEUE_NOWHERE);
}

static bool heap_holds(const struct heap *heap, const struct pod *pod)
{
    uint32_t position = pod->heap_position;
    return position != HEAP_NOWHERE && position <= heap->count && heap->items[position - 1] == pod;
}

void queue_check_pod(const struct queue *queue, const struct pod *pod)
{
    const struct heap *heap = pod->queue_place == QUEUE_ACTIVE          ? &queue->active
                              : pod->queue_place == QUEUE_BACKOFF       ? &queue->backoff
                              : pod->queue_place == QUEUE_ERROR_BACKOFF ? &queue->error_backoff
                              : pod->queue_place == QUEUE_PARKED        ? &queue->park.oldest
                                                                        : NULL;
    CHECK(heap ? heap_holds(heap, pod) : pod->heap_position == HEAP_NOWHERE);
    bool is_listed = pod->queue_place == QUEUE_PARKED || pod->queue_place == QUEUE_GATED;
    CHECK(is_listed || (!pod->queue_prev && !pod->queue_next));
    CHECK(!pod->queue_prev || pod->queue_prev->queue_next == pod);
    CHECK(!pod->queue_next || pod->queue_next->queue_prev == pod);
    CHECK(pod->queue_place != QUEUE_GATED || pod->queue_prev || queue->gated == pod);
}
