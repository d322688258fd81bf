#include "tests/sched/fixture.h"

#include <criterion/criterion.h>

#include "sched/queue.h"

enum { BACKOFFS_OVER_MS = 60000 };

enum rejector {
    BY_TAINT = 1 << PLUGIN_TAINT_TOLERATION,
    BY_AFFINITY = 1 << PLUGIN_NODE_AFFINITY,
    BY_FIT = 1 << PLUGIN_NODE_RESOURCES_FIT,
};

static struct fixture f;
static struct queue *queue;

static void setup(void)
{
    fixture_init(&f);
}

static void teardown(void)
{
    queue_free(queue);
    queue = NULL;
    fixture_fini(&f);
}

TestSuite(park_room, .init = setup, .fini = teardown);

/* What the one waiting pod asks, who refused it, and the node where a pod of two cores ended. */
static const struct row {
    const char *claim;
    struct fixture_pod pod;
    uint32_t rejectors;
    struct fixture_node node;
    const char *others; /* what another pod on that node holds */
    bool preempts, wakes;
} rows[] = {
    {"it fits",
     {.containers = "cpu=2, memory=1Gi"},
     BY_FIT,
     {.allocatable = "cpu=2, memory=1Gi"},
     NULL,
     false,
     true},
    {"a milli-core too much",
     {.containers = "cpu=2001m"},
     BY_FIT,
     {.allocatable = "cpu=2"},
     NULL,
     false,
     false},
    {"a byte too much",
     {.containers = "memory=1025"},
     BY_FIT,
     {.allocatable = "cpu=2, memory=1024"},
     NULL,
     false,
     false},
    {"asks nothing where too much is promised",
     {.containers = ""},
     BY_FIT,
     {.allocatable = "cpu=2, memory=1Gi"},
     "cpu=64, memory=64Gi",
     false,
     true},
    {"asks cpu where too much memory is promised",
     {.containers = "cpu=1"},
     BY_FIT,
     {.allocatable = "cpu=2, memory=1Gi"},
     "memory=64Gi",
     false,
     true},
    {"asks memory there",
     {.containers = "memory=1"},
     BY_FIT,
     {.allocatable = "cpu=2, memory=1Gi"},
     "memory=64Gi",
     false,
     false},
    {"another zone, which refused it too",
     {.containers = "cpu=1", .selector = "zone=a"},
     BY_FIT | BY_AFFINITY,
     {.allocatable = "cpu=2", .labels = "zone=b"},
     NULL,
     false,
     false},
    {"its own zone, another refused it",
     {.containers = "cpu=1", .selector = "zone=a"},
     BY_FIT | BY_AFFINITY,
     {.allocatable = "cpu=2", .labels = "zone=a"},
     NULL,
     false,
     true},
    {"tainted, and it was refused for that",
     {.containers = "cpu=1"},
     BY_FIT | BY_TAINT,
     {.allocatable = "cpu=2", .taints = "spot:NoSchedule"},
     NULL,
     false,
     false},
    {"tainted since: no event of a taint would ask it",
     {.containers = "cpu=1"},
     BY_FIT,
     {.allocatable = "cpu=2", .taints = "spot:NoSchedule"},
     NULL,
     false,
     true},
    {"with preemption there may be victims elsewhere",
     {.containers = "cpu=1", .selector = "zone=a"},
     BY_FIT | BY_AFFINITY,
     {.allocatable = "cpu=2", .labels = "zone=b"},
     NULL,
     true,
     true},
};

static uint32_t wake_after_end(const struct row *row)
{
    const struct queue_config config = {QUEUE_INITIAL_BACKOFF_MS, QUEUE_MAX_BACKOFF_MS};
    queue =
        queue_new(&config, &(struct park_world){.cluster = &f.cluster, .preempts = row->preempts});
    struct fixture_node node = row->node;
    node.name = "n1";
    uint32_t slot = fixture_node(&f, &node);
    if (row->others)
        (void)fixture_pod(
            &f, &(struct fixture_pod){.name = "other", .node = "n1", .containers = row->others});
    struct fixture_pod waiting = row->pod;
    waiting.name = "waits";
    struct pod *pod = fixture_pod(&f, &waiting);
    queue_add(queue, pod, (struct mono_ms){0});
    cr_assert_eq(queue_pop(queue, (struct mono_ms){0}), pod);
    queue_return(queue, pod, row->rejectors, (struct mono_ms){0});
    const struct wake_event event = {.kind = WAKE_POD_REMOVED, .slot = slot};
    uint32_t woken = queue_wake(queue, &event, (struct mono_ms){BACKOFFS_OVER_MS});
    queue_check(queue);
    queue_remove(queue, pod);
    return woken;
}

Test(park_room, a_pod_that_ends_wakes_whom_the_node_may_take_now)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        cr_expect_eq(wake_after_end(&rows[i]), rows[i].wakes, "%s", rows[i].claim);
        teardown();
        setup();
    }
}
