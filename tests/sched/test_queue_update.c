/* Gated pods, updates of queued pods, and pods that leave the queue (kube-scheduler.md A3, A4). */
#include "tests/sched/queue_fixture.h"

#include <criterion/criterion.h>
#include <signal.h>

static struct queue_fixture f;

static void setup(void)
{
    queue_fixture_init(&f, QUEUE_INITIAL_BACKOFF_MS, QUEUE_MAX_BACKOFF_MS);
}

static void teardown(void)
{
    queue_fixture_fini(&f);
}

TestSuite(queue_update, .init = setup, .fini = teardown);

/* ---- gates ---- */

Test(queue_update, holds_a_gated_pod_until_its_gates_are_gone)
{
    f.pods[0].gate_count = 2;
    queue_fixture_add(&f, 0, 0);
    cr_expect_eq(f.pods[0].queue_place, QUEUE_GATED);
    cr_expect_not(queue_is_ready(f.queue));
    cr_expect_eq(queue_fixture_pop(&f, 0), -1);
    cr_expect_eq(queue_fixture_wake(&f, WAKE_NODE_ADDED, 1000), 0);
    queue_flush(f.queue, at_ms(1000000)); /* no leftover either */
    cr_expect_eq(f.pods[0].queue_place, QUEUE_GATED);

    queue_detach(f.queue, &f.pods[0]);
    f.pods[0].gate_count = 1;
    queue_reinsert(f.queue, &f.pods[0], POD_UNBOUND_UPDATE, at_ms(1000000));
    cr_expect_eq(f.pods[0].queue_place, QUEUE_GATED, "one gate is left");

    queue_detach(f.queue, &f.pods[0]);
    f.pods[0].gate_count = 0;
    queue_reinsert(f.queue, &f.pods[0], POD_GATES_REMOVED | POD_UNBOUND_UPDATE, at_ms(1000000));
    queue_check(f.queue);
    cr_expect_eq(f.pods[0].queue_place, QUEUE_ACTIVE);
    cr_expect_eq(f.pods[0].attempts, 0);
}

Test(queue_update, gives_a_gated_pod_the_rank_of_its_arrival)
{
    f.pods[0].gate_count = 1;
    queue_fixture_add(&f, 0, 0);
    queue_fixture_add(&f, 1, 1000);
    queue_detach(f.queue, &f.pods[0]);
    f.pods[0].gate_count = 0;
    queue_reinsert(f.queue, &f.pods[0], POD_GATES_REMOVED, at_ms(2000));
    cr_expect_eq(queue_fixture_pop(&f, 2000), 0);
}

/* ---- updates of queued pods ---- */

/* The own-update rows of A4, for a pod that is parked. */
static const struct {
    uint32_t rejectors, bits;
    bool moves;
} updates[] = {
    {BY_CORDON, POD_TOLERATIONS, true},
    {BY_TAINT, POD_TOLERATIONS, true},
    {BY_FIT, POD_TOLERATIONS, false},
    {BY_AFFINITY, POD_TOLERATIONS, false},
    {BY_FIT | BY_TAINT, POD_TOLERATIONS, true},
    {BY_FIT, POD_SCALED_DOWN, true},
    {BY_TAINT, POD_SCALED_DOWN, false},
    {BY_PORTS, POD_SCALED_DOWN, false},
    {BY_FEATURES, POD_SPEC, true},
    {BY_FIT, POD_SPEC, false},
    {BY_FIT | BY_TAINT | BY_AFFINITY | BY_PORTS | BY_CORDON, POD_UNBOUND_UPDATE, false},
    {BY_FIT | BY_TAINT, POD_NOMINATION, false},
    {BY_FIT, POD_PRIORITY, false},
    {BY_FEATURES | BY_FIT | BY_TAINT, 0, false}, /* listed again, unchanged */
};

Test(queue_update, moves_a_parked_pod_whose_own_update_can_help)
{
    for (size_t i = 0; i < ARRAY_LEN(updates); i++) {
        queue_fixture_park(&f, 0, updates[i].rejectors, 0);
        int64_t stamp_ms = f.pods[0].queued_at.ms;
        queue_detach(f.queue, &f.pods[0]);
        queue_reinsert(f.queue, &f.pods[0], updates[i].bits, at_ms(500));
        queue_check(f.queue);
        cr_expect_eq(f.pods[0].queue_place, updates[i].moves ? QUEUE_BACKOFF : QUEUE_PARKED,
                     "row %zu", i);
        cr_expect_eq(f.pods[0].queued_at.ms, stamp_ms, "row %zu", i);
        queue_remove(f.queue, &f.pods[0]);
    }
}

Test(queue_update, tries_an_unsupported_pod_again_when_its_feature_is_gone)
{
    f.shapes[0].features = 1 << FEATURE_VOLUME_CLAIM;
    queue_fixture_park(&f, 0, BY_FEATURES, 0);
    queue_detach(f.queue, &f.pods[0]);
    queue_reinsert(f.queue, &f.pods[0], POD_UNBOUND_UPDATE, at_ms(60000));
    cr_expect_eq(f.pods[0].queue_place, QUEUE_PARKED,
                 "our own condition came back: nothing changed");
    queue_detach(f.queue, &f.pods[0]);
    f.pods[0].shape = &f.shapes[1];
    queue_reinsert(f.queue, &f.pods[0], POD_SPEC | POD_UNBOUND_UPDATE, at_ms(60000));
    queue_check(f.queue);
    cr_expect_eq(f.pods[0].queue_place, QUEUE_ACTIVE);
}

Test(queue_update, tries_a_broken_pod_again_when_it_is_mended)
{
    static char problem[] = "spec.containers[0].resources.requests.cpu: no quantity";
    f.pods[0].problem = problem;
    queue_fixture_park(&f, 0, BY_FEATURES, 0);
    queue_detach(f.queue, &f.pods[0]);
    queue_reinsert(f.queue, &f.pods[0], POD_UNBOUND_UPDATE, at_ms(60000));
    cr_expect_eq(f.pods[0].queue_place, QUEUE_PARKED);
    queue_detach(f.queue, &f.pods[0]);
    f.pods[0].problem = NULL;
    queue_reinsert(f.queue, &f.pods[0], POD_UNBOUND_UPDATE, at_ms(60000));
    cr_expect_eq(f.pods[0].queue_place, QUEUE_ACTIVE);
}

/* Puts pod 0 into a place, at time 0. */
static void bring_to(enum queue_place where)
{
    f.pods[0].gate_count = where == QUEUE_GATED;
    queue_fixture_add(&f, 0, 0);
    if (where == QUEUE_ACTIVE || where == QUEUE_GATED)
        return;
    cr_assert_eq(queue_fixture_pop(&f, 0), 0);
    if (where == QUEUE_NOWHERE)
        return;
    queue_fixture_return(&f, 0, where == QUEUE_ERROR_BACKOFF ? 0 : BY_FIT, 0);
    if (where == QUEUE_BACKOFF)
        queue_fixture_wake(&f, WAKE_POD_REMOVED, 0);
}

Test(queue_update, replaces_an_updated_pod_where_it_stands)
{
    for (uint32_t where = 0; where < QUEUE_PLACE_COUNT; where++) {
        bring_to(where);
        cr_assert_eq(f.pods[0].queue_place, where);
        queue_detach(f.queue, &f.pods[0]);
        f.pods[0].priority = 3;
        f.pods[0].shape = &f.shapes[1];
        queue_reinsert(f.queue, &f.pods[0], POD_PRIORITY | POD_SPEC | POD_UNBOUND_UPDATE, at_ms(0));
        queue_check(f.queue);
        cr_expect_eq(f.pods[0].queue_place, where);
        queue_remove(f.queue, &f.pods[0]);
        f.pods[0] = (struct pod){.shape = &f.shapes[0]};
    }
}

Test(queue_update, follows_a_new_priority)
{
    queue_fixture_add(&f, 0, 0);
    queue_fixture_add(&f, 1, 0);
    queue_detach(f.queue, &f.pods[1]);
    f.pods[1].priority = 1;
    queue_reinsert(f.queue, &f.pods[1], POD_PRIORITY, at_ms(1));
    cr_expect_eq(queue_fixture_pop(&f, 1), 1);
}

Test(queue_update, removes_a_pod_from_any_place_and_from_none)
{
    for (uint32_t where = 0; where < QUEUE_PLACE_COUNT; where++) {
        for (int is_detached = 0; is_detached < 2; is_detached++) {
            bring_to(where);
            if (is_detached)
                queue_detach(f.queue, &f.pods[0]);
            queue_remove(f.queue, &f.pods[0]);
            queue_check(f.queue);
            cr_expect_eq(f.pods[0].queue_place, QUEUE_NOWHERE);
            for (uint32_t i = 0; i < QUEUE_PLACE_COUNT; i++)
                cr_expect_eq(queue_fixture_count(&f, i), 0, "from %u left in %u", where, i);
            cr_expect_eq(queue_fixture_pop(&f, 1000000), -1);
            cr_expect_eq(queue_next_flush(f.queue).ms, INT64_MAX);
        }
    }
}

/* ---- bugs are caught ---- */

Test(queue_update, aborts_when_a_queued_pod_is_added_again, .signal = SIGABRT)
{
    queue_fixture_add(&f, 0, 0);
    queue_fixture_add(&f, 0, 0);
}

Test(queue_update, aborts_when_a_queued_pod_is_returned, .signal = SIGABRT)
{
    queue_fixture_park(&f, 0, BY_FIT, 0);
    queue_fixture_return(&f, 0, BY_FIT, 0);
}

Test(queue_update, aborts_when_a_detached_pod_is_forgotten, .signal = SIGABRT)
{
    queue_fixture_add(&f, 0, 0);
    queue_detach(f.queue, &f.pods[0]);
    queue_pop(f.queue, at_ms(0));
}
