/*
 * Random walks over all operations of the queue beside a model that is too simple to be wrong: one
 * record a pod, and every question answered by looking at all of them.
 */
#include "tests/sched/queue_fixture.h"

#include <criterion/criterion.h>
#include <inttypes.h>

#include "model/base/rng.h"

struct naive_pod {
    enum queue_place place;
    int32_t priority;
    uint32_t rejectors, refusals, errors, gates;
    int64_t stamp_ms;
    uint64_t arrival; /* order of stamps */
};

struct walk {
    struct queue_fixture f;
    struct naive_pod pods[FIXTURE_PODS];
    struct rng rng;
    uint64_t arrivals;
    int64_t now_ms;
    int64_t initial_ms, max_ms;
    uint64_t seed;
};

static uint32_t pick(struct walk *walk, uint32_t bound)
{
    return (uint32_t)rng_below(&walk->rng, bound);
}

/* ---- the naive queue ---- */

/* The second in which the backoff expires; it is over when the clock shows a later one. */
static int64_t naive_expiry_s(const struct walk *walk, const struct naive_pod *pod)
{
    uint32_t failures = pod->errors ? pod->errors : pod->refusals;
    if (failures == 0 || walk->max_ms == 0)
        return -1;
    int64_t wait_ms = walk->initial_ms;
    for (uint32_t i = 1; i < failures && wait_ms < walk->max_ms; i++)
        wait_ms *= 2;
    return (pod->stamp_ms + (wait_ms < walk->max_ms ? wait_ms : walk->max_ms)) / 1000;
}

static bool naive_waits(const struct walk *walk, const struct naive_pod *pod)
{
    return naive_expiry_s(walk, pod) >= walk->now_ms / 1000;
}

static enum queue_place naive_retry(const struct walk *walk, const struct naive_pod *pod)
{
    if (pod->gates)
        return QUEUE_GATED;
    if (!naive_waits(walk, pod))
        return QUEUE_ACTIVE;
    return pod->rejectors ? QUEUE_BACKOFF : QUEUE_ERROR_BACKOFF;
}

static bool naive_before(const struct naive_pod *a, const struct naive_pod *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority;
    return a->stamp_ms != b->stamp_ms ? a->stamp_ms < b->stamp_ms : a->arrival < b->arrival;
}

static void naive_flush_backoffs(struct walk *walk)
{
    for (uint32_t i = 0; i < FIXTURE_PODS; i++) {
        struct naive_pod *pod = &walk->pods[i];
        if ((pod->place == QUEUE_BACKOFF || pod->place == QUEUE_ERROR_BACKOFF) &&
            !naive_waits(walk, pod))
            pod->place = QUEUE_ACTIVE;
    }
}

static void naive_flush_leftovers(struct walk *walk)
{
    int64_t check_ms = walk->now_ms / 30000 * 30000; /* the last check */
    for (uint32_t i = 0; i < FIXTURE_PODS; i++) {
        struct naive_pod *pod = &walk->pods[i];
        if (pod->place == QUEUE_PARKED && check_ms - pod->stamp_ms > 300000)
            pod->place = naive_retry(walk, pod);
    }
}

/* -1 when nobody is ready. */
static int naive_pop(struct walk *walk)
{
    naive_flush_backoffs(walk);
    int best = -1;
    for (int i = 0; i < FIXTURE_PODS; i++) {
        if (walk->pods[i].place == QUEUE_ACTIVE &&
            (best < 0 || naive_before(&walk->pods[i], &walk->pods[best])))
            best = i;
    }
    if (best >= 0)
        return best;
    for (int i = 0; i < FIXTURE_PODS; i++) {
        const struct naive_pod *pod = &walk->pods[i];
        if (pod->place != QUEUE_BACKOFF)
            continue;
        int64_t expiry_s = naive_expiry_s(walk, pod);
        int64_t best_s = best < 0 ? INT64_MAX : naive_expiry_s(walk, &walk->pods[best]);
        if (expiry_s < best_s || (expiry_s == best_s && naive_before(pod, &walk->pods[best])))
            best = i;
    }
    return best;
}

static int64_t naive_next_flush_ms(const struct walk *walk)
{
    int64_t next_ms = INT64_MAX;
    for (uint32_t i = 0; i < FIXTURE_PODS; i++) {
        const struct naive_pod *pod = &walk->pods[i];
        int64_t due_ms = INT64_MAX;
        if (pod->place == QUEUE_BACKOFF || pod->place == QUEUE_ERROR_BACKOFF)
            due_ms = (naive_expiry_s(walk, pod) + 1) * 1000;
        else if (pod->place == QUEUE_PARKED)
            due_ms = ((pod->stamp_ms + 300000) / 30000 + 1) * 30000;
        next_ms = due_ms < next_ms ? due_ms : next_ms;
    }
    return next_ms;
}

/* ---- steps: each does the same to both ---- */

static void step_add(struct walk *walk)
{
    uint32_t i = pick(walk, FIXTURE_PODS);
    struct naive_pod *naive = &walk->pods[i];
    struct pod *pod = &walk->f.pods[i];
    if (naive->place != QUEUE_NOWHERE)
        return;
    pod->gate_count = (uint16_t)(pick(walk, 8) == 0);
    pod->priority = (int32_t)pick(walk, 3);
    pod->shape = &walk->f.shapes[pick(walk, FIXTURE_SHAPES)];
    *naive = (struct naive_pod){.priority = pod->priority,
                                .gates = pod->gate_count,
                                .stamp_ms = walk->now_ms,
                                .arrival = ++walk->arrivals};
    naive->place = naive_retry(walk, naive);
    queue_add(walk->f.queue, pod, at_ms(walk->now_ms));
}

static void step_return(struct walk *walk, uint32_t i)
{
    static const uint32_t masks[] = {
        0, BY_FIT, BY_TAINT, BY_FIT | BY_TAINT, BY_AFFINITY | BY_FIT, BY_PORTS, BY_FEATURES,
    };
    struct naive_pod *naive = &walk->pods[i];
    naive->rejectors = masks[pick(walk, ARRAY_LEN(masks))];
    naive->refusals += naive->rejectors != 0;
    naive->errors = naive->rejectors ? 0 : naive->errors + 1;
    naive->stamp_ms = walk->now_ms;
    naive->arrival = ++walk->arrivals;
    naive->place = naive->rejectors ? QUEUE_PARKED : naive_retry(walk, naive);
    queue_return(walk->f.queue, &walk->f.pods[i], naive->rejectors, at_ms(walk->now_ms));
}

static void step_pop(struct walk *walk)
{
    int want = naive_pop(walk);
    int got = queue_fixture_pop(&walk->f, walk->now_ms);
    cr_assert_eq(got, want, "popped %d instead of %d, seed %" PRIu64, got, want, walk->seed);
    if (got < 0)
        return;
    walk->pods[got].place = QUEUE_NOWHERE;
    walk->pods[got].rejectors = 0;
    if (pick(walk, 4) > 0)
        step_return(walk, (uint32_t)got);
}

static void step_remove(struct walk *walk)
{
    uint32_t i = pick(walk, FIXTURE_PODS);
    walk->pods[i].place = QUEUE_NOWHERE;
    if (pick(walk, 2))
        queue_detach(walk->f.queue, &walk->f.pods[i]);
    queue_remove(walk->f.queue, &walk->f.pods[i]);
}

static void step_update(struct walk *walk)
{
    static const struct {
        uint32_t bits, helps;
    } kinds[] = {
        {POD_TOLERATIONS | POD_SPEC, BY_TAINT | BY_CORDON | BY_FEATURES},
        {POD_SCALED_DOWN | POD_SPEC, BY_FIT | BY_FEATURES},
        {POD_UNBOUND_UPDATE, BY_FEATURES}, /* nothing about these shapes is unsupported */
        {POD_PRIORITY, 0},
        {POD_GATES_REMOVED, 0},
    };
    uint32_t i = pick(walk, FIXTURE_PODS), kind = pick(walk, ARRAY_LEN(kinds));
    struct naive_pod *naive = &walk->pods[i];
    struct pod *pod = &walk->f.pods[i];
    bool was_gated = naive->gates > 0;
    queue_detach(walk->f.queue, pod);
    if (kinds[kind].bits & POD_SPEC)
        pod->shape = &walk->f.shapes[pick(walk, FIXTURE_SHAPES)];
    if (kinds[kind].bits & POD_PRIORITY)
        naive->priority = pod->priority = (int32_t)pick(walk, 3);
    if (kinds[kind].bits & POD_GATES_REMOVED)
        naive->gates = pod->gate_count = 0;
    if (naive->place == QUEUE_GATED && was_gated && naive->gates == 0)
        naive->place = naive_retry(walk, naive);
    else if (naive->place == QUEUE_PARKED && naive->rejectors & kinds[kind].helps)
        naive->place = naive_retry(walk, naive);
    queue_reinsert(walk->f.queue, pod, kinds[kind].bits, at_ms(walk->now_ms));
}

/* Events without a node: all that listen say yes, but NodePorts to a pod that freed no port. */
static void step_wake(struct walk *walk)
{
    static const struct {
        enum wake_kind kind;
        uint32_t helps;
    } kinds[] = {
        {WAKE_NODE_ADDED, BY_CORDON | BY_NAME | BY_TAINT | BY_AFFINITY | BY_PORTS | BY_FIT},
        {WAKE_NODE_TAINTS, BY_CORDON | BY_TAINT},
        {WAKE_NODE_LABELS, BY_AFFINITY},
        {WAKE_POD_REMOVED, BY_FIT},
        {WAKE_POD_SCALED_DOWN, BY_FIT},
        {WAKE_NODE_REMOVED, 0},
    };
    uint32_t kind = pick(walk, ARRAY_LEN(kinds)), want = 0;
    for (uint32_t i = 0; i < FIXTURE_PODS; i++) {
        struct naive_pod *naive = &walk->pods[i];
        if (naive->place == QUEUE_PARKED && naive->rejectors & kinds[kind].helps) {
            naive->place = naive_retry(walk, naive);
            want++;
        }
    }
    uint32_t got = queue_fixture_wake(&walk->f, kinds[kind].kind, walk->now_ms);
    cr_assert_eq(got, want, "woke %u instead of %u, seed %" PRIu64, got, want, walk->seed);
}

static void step_flush(struct walk *walk)
{
    naive_flush_backoffs(walk);
    naive_flush_leftovers(walk);
    queue_flush(walk->f.queue, at_ms(walk->now_ms));
}

static void step_time(struct walk *walk)
{
    static const uint32_t steps_ms[] = {1, 10, 700, 1000, 2500, 31000, 290000};
    walk->now_ms += pick(walk, steps_ms[pick(walk, ARRAY_LEN(steps_ms))]) + 1;
}

static void compare(const struct walk *walk, uint32_t step)
{
    queue_check(walk->f.queue);
    uint32_t by_place[QUEUE_PLACE_COUNT] = {0};
    for (uint32_t i = 0; i < FIXTURE_PODS; i++) {
        cr_assert_eq(walk->f.pods[i].queue_place, walk->pods[i].place,
                     "pod %u is in %u instead of %d at step %u, seed %" PRIu64, i,
                     walk->f.pods[i].queue_place, walk->pods[i].place, step, walk->seed);
        by_place[walk->pods[i].place] += walk->pods[i].place != QUEUE_NOWHERE;
    }
    struct queue_counts counts = queue_counts(walk->f.queue);
    for (uint32_t place = 0; place < QUEUE_PLACE_COUNT; place++)
        cr_assert_eq(counts.by_place[place], by_place[place]);
    cr_assert_eq(queue_is_ready(walk->f.queue),
                 by_place[QUEUE_ACTIVE] > 0 || by_place[QUEUE_BACKOFF] > 0);
    cr_assert_eq(queue_next_flush(walk->f.queue).ms, naive_next_flush_ms(walk),
                 "step %u, seed %" PRIu64, step, walk->seed);
}

static void walk_steps(uint64_t seed, int64_t initial_ms, int64_t max_ms, uint32_t step_count)
{
    static void (*const steps[])(struct walk *) = {
        step_add,  step_add,  step_add,  step_pop,    step_pop,   step_remove,
        step_wake, step_time, step_time, step_update, step_flush,
    };
    struct walk walk = {.seed = seed, .initial_ms = initial_ms, .max_ms = max_ms};
    rng_init(&walk.rng, seed);
    queue_fixture_init(&walk.f, initial_ms, max_ms);
    for (uint32_t i = 0; i < step_count; i++) {
        steps[pick(&walk, ARRAY_LEN(steps))](&walk);
        compare(&walk, i);
    }
    queue_fixture_fini(&walk.f);
}

Test(queue_walk, agrees_with_a_naive_queue_at_every_step)
{
    for (uint64_t seed = 1; seed <= 20; seed++)
        walk_steps(seed, 1000, 10000, 2000);
}

Test(queue_walk, agrees_without_backoff_and_with_a_very_long_one)
{
    for (uint64_t seed = 100; seed < 105; seed++) {
        walk_steps(seed, 1000, 0, 2000);
        walk_steps(seed, 7000, 900000, 2000);
    }
}
