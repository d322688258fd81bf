#include "tests/sched/queue_fixture.h"

#include <criterion/criterion.h>

static struct queue_fixture f;

static void setup(void)
{
    queue_fixture_init(&f, QUEUE_INITIAL_BACKOFF_MS, QUEUE_MAX_BACKOFF_MS);
}

static void teardown(void)
{
    queue_fixture_fini(&f);
}

TestSuite(park, .init = setup, .fini = teardown);

/* kube-scheduler.md A4: which plug-in listens to what. An event without a node may help all who
 * listen to its kind. */
static const struct {
    enum wake_kind kind;
    uint32_t rejectors;
    bool wakes;
} listeners[] = {
    {WAKE_NODE_ADDED, BY_CORDON, true},
    {WAKE_NODE_ADDED, BY_NAME, true},
    {WAKE_NODE_ADDED, BY_TAINT, true},
    {WAKE_NODE_ADDED, BY_AFFINITY, true},
    {WAKE_NODE_ADDED, BY_PORTS, true},
    {WAKE_NODE_ADDED, BY_FIT, true},
    {WAKE_NODE_ADDED, BY_FEATURES, false},
    {WAKE_NODE_TAINTS, BY_CORDON, true},
    {WAKE_NODE_TAINTS, BY_TAINT, true},
    {WAKE_NODE_TAINTS, BY_AFFINITY, false},
    {WAKE_NODE_TAINTS, BY_FIT, false},
    {WAKE_NODE_LABELS, BY_AFFINITY, true},
    {WAKE_NODE_LABELS, BY_TAINT, false},
    {WAKE_NODE_LABELS, BY_FIT, false},
    {WAKE_NODE_ALLOCATABLE, BY_TAINT, false},
    {WAKE_POD_REMOVED, BY_FIT, true},
    {WAKE_POD_REMOVED, BY_PORTS, false}, /* it freed no port */
    {WAKE_POD_REMOVED, BY_TAINT, false},
    {WAKE_POD_SCALED_DOWN, BY_FIT, true},
    {WAKE_POD_SCALED_DOWN, BY_AFFINITY, false},
    {WAKE_NODE_REMOVED, BY_FIT, false},
    {WAKE_NODE_REMOVED, BY_TAINT, false},
    {WAKE_NODE_TAINTS, BY_TAINT | BY_FIT, true}, /* one of the two is enough */
    {WAKE_POD_SCALED_DOWN, BY_TAINT | BY_FIT, true},
    {WAKE_NODE_LABELS, BY_TAINT | BY_FIT, false},
};

Test(park, wakes_whom_a_listening_plugin_refused)
{
    for (size_t i = 0; i < ARRAY_LEN(listeners); i++) {
        queue_fixture_park(&f, 0, listeners[i].rejectors, 0);
        uint32_t woken = queue_fixture_wake(&f, listeners[i].kind, 60000);
        cr_expect_eq(woken, listeners[i].wakes, "row %zu", i);
        cr_expect_eq(f.pods[0].queue_place, listeners[i].wakes ? QUEUE_ACTIVE : QUEUE_PARKED,
                     "row %zu", i);
        queue_remove(f.queue, &f.pods[0]);
        queue_check(f.queue);
    }
}

Test(park, wakes_only_the_refused_among_pods_of_one_shape)
{
    static const uint32_t rejectors[] = {BY_TAINT, BY_FIT, BY_TAINT | BY_FIT, BY_FIT, BY_TAINT};
    for (uint32_t i = 0; i < ARRAY_LEN(rejectors); i++)
        queue_fixture_park(&f, i, rejectors[i], 0);
    cr_assert_eq(queue_fixture_wake(&f, WAKE_NODE_TAINTS, 60000), 3);
    for (uint32_t i = 0; i < ARRAY_LEN(rejectors); i++)
        cr_expect_eq(f.pods[i].queue_place, rejectors[i] & BY_TAINT ? QUEUE_ACTIVE : QUEUE_PARKED,
                     "pod %u", i);
    cr_assert_eq(queue_fixture_wake(&f, WAKE_NODE_TAINTS, 60000), 0, "they are no longer parked");
    cr_assert_eq(queue_fixture_wake(&f, WAKE_POD_SCALED_DOWN, 60000), 2);
}

Test(park, wakes_across_shapes_and_leaves_the_others)
{
    for (uint32_t i = 0; i < 8; i++) {
        f.pods[i].shape = &f.shapes[i % FIXTURE_SHAPES];
        queue_fixture_park(&f, i, i % FIXTURE_SHAPES < 2 ? BY_AFFINITY : BY_FIT, 0);
    }
    cr_assert_eq(queue_fixture_wake(&f, WAKE_NODE_LABELS, 60000), 4);
    for (uint32_t i = 0; i < 8; i++)
        cr_expect_eq(f.pods[i].queue_place, i % FIXTURE_SHAPES < 2 ? QUEUE_ACTIVE : QUEUE_PARKED,
                     "pod %u", i);
}

Test(park, follows_a_pod_that_leaves_from_the_middle)
{
    for (uint32_t i = 0; i < 5; i++)
        queue_fixture_park(&f, i, BY_FIT, 0);
    static const uint32_t leaving[] = {2, 4, 0};
    for (size_t i = 0; i < ARRAY_LEN(leaving); i++) {
        queue_remove(f.queue, &f.pods[leaving[i]]);
        queue_check(f.queue);
    }
    cr_assert_eq(queue_counts(f.queue).by_place[QUEUE_PARKED], 2);
    cr_assert_eq(queue_fixture_wake(&f, WAKE_POD_REMOVED, 60000), 2);
}

Test(park, leaves_nothing_on_a_shape_without_parked_pods)
{
    queue_fixture_park(&f, 0, BY_FIT, 0);
    queue_fixture_park(&f, 1, BY_TAINT, 0);
    cr_assert(f.shapes[0].parked != NULL);
    queue_remove(f.queue, &f.pods[0]);
    cr_assert(f.shapes[0].parked != NULL);
    cr_assert_eq(queue_fixture_wake(&f, WAKE_NODE_TAINTS, 60000), 1);
    cr_assert(f.shapes[0].parked == NULL);
}

Test(park, moves_with_the_pod_to_its_new_shape)
{
    queue_fixture_park(&f, 0, BY_FIT, 0);
    queue_fixture_park(&f, 1, BY_FIT, 0);
    queue_detach(f.queue, &f.pods[0]);
    f.pods[0].shape = &f.shapes[1];
    queue_reinsert(f.queue, &f.pods[0], POD_SPEC, at_ms(1000));
    queue_check(f.queue);
    cr_assert_eq(f.pods[0].queue_place, QUEUE_PARKED);
    cr_assert(f.shapes[0].parked != NULL && f.shapes[1].parked != NULL);
    cr_assert_neq(f.shapes[0].parked, f.shapes[1].parked);
    cr_assert_eq(queue_fixture_wake(&f, WAKE_POD_REMOVED, 60000), 2);
}

Test(park, shapes_are_clean_when_the_queue_is_gone)
{
    queue_fixture_park(&f, 0, BY_FIT | BY_TAINT, 0);
    queue_fixture_park(&f, 1, BY_AFFINITY, 0);
    f.pods[2].shape = &f.shapes[1];
    queue_fixture_park(&f, 2, BY_FEATURES, 0);
    queue_free(f.queue);
    f.queue = NULL;
    cr_assert(f.shapes[0].parked == NULL);
    cr_assert(f.shapes[1].parked == NULL);
}
