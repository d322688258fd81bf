/*
 * From an object to the events it stands for (kube-scheduler.md A2), and from these to who wakes
 * (A4), through the whole core: an update of a node or a pod, and whether one pod that waits may
 * try again. What each hint says of its event is in the tests of the filters.
 */
#include <criterion/criterion.h>

#include "tests/sched/core.h"

/* Parks `pod`, takes the step, tells whether it left. */
static bool leaves(struct core *core, const struct fixture_pod *pod,
                   void (*step)(struct core *core, const void *ctx), const void *ctx)
{
    core_pod(core, pod);
    core_pass(core);
    cr_assert_eq(core_find(core, pod->name)->queue_place, QUEUE_PARKED, "it is refused at first");
    step(core, ctx);
    return core_find(core, pod->name)->queue_place != QUEUE_PARKED;
}

/* ---- nodes ---- */

#define N1 .name = "n1", .allocatable = "cpu=1, memory=4Gi, gpu.com/gpu=1, pods=5"

static const struct fixture_pod large = {.name = "p", .containers = "cpu=2"};
static const struct fixture_pod small = {.name = "p", .containers = "cpu=1"};
static const struct fixture_pod zonal = {.name = "p", .selector = "zone=a"};
static const struct fixture_pod tolerant = {.name = "p", .tolerations = "*", .containers = "cpu=2"};

static const struct {
    const char *what;
    const struct fixture_pod *pod;
    struct fixture_node before, after;
    bool wakes;
} node_rows[] = {
    {"a heartbeat", &large, {N1}, {N1}, false},
    {"images", &large, {N1}, {N1, .images = "nginx:1=64Mi"}, false},
    {"labels that match it", &zonal, {N1}, {N1, .labels = "zone=a"}, true},
    {"labels that do not", &zonal, {N1}, {N1, .labels = "zone=b"}, false},
    {"labels, and it waits for room", &large, {N1}, {N1, .labels = "zone=a"}, false},
    {"a cordon lifted", &small, {N1, .is_unschedulable = true}, {N1}, true},
    {"a cordon laid", &large, {N1}, {N1, .is_unschedulable = true}, false},
    {"a taint gone", &small, {N1, .taints = "a:NoSchedule"}, {N1}, true},
    {"a taint that keeps nobody away",
     &small,
     {N1, .taints = "a:NoSchedule"},
     {N1, .taints = "a:PreferNoSchedule"},
     true},
    {"one taint of two",
     &small,
     {N1, .taints = "a:NoSchedule, b:NoExecute"},
     {N1, .taints = "b:NoExecute"},
     false},
    {"a taint that it tolerates", &tolerant, {N1, .taints = "a:NoSchedule"}, {N1}, false},
    {"more cpu, enough", &large, {N1}, {.name = "n1", .allocatable = "cpu=2"}, true},
    {"more cpu, not enough", &large, {N1}, {.name = "n1", .allocatable = "cpu=1900m"}, false},
    {"more memory, and it waits for cpu",
     &large,
     {N1},
     {.name = "n1", .allocatable = "cpu=1, memory=8Gi, gpu.com/gpu=1, pods=5"},
     false},
    {"less of everything",
     &large,
     {N1},
     {.name = "n1", .allocatable = "cpu=500m, memory=1Gi, pods=5"},
     false},
    {"a taint gone and more cpu at once",
     &large,
     {N1, .taints = "a:NoSchedule"},
     {.name = "n1", .allocatable = "cpu=2"},
     true},
    {"an object that can be read again", &small, {N1, .problem = "unreadable"}, {N1}, true},
    {"an object that cannot be read any more", &large, {N1}, {N1, .problem = "unreadable"}, false},
};

static void change_node(struct core *core, const void *node)
{
    core_node(core, node);
}

Test(intake_wakes, a_node_update_wakes_whom_it_may_help)
{
    for (size_t i = 0; i < ARRAY_LEN(node_rows); i++) {
        struct core core;
        core_init(&core);
        core_node(&core, &node_rows[i].before);
        cr_expect_eq(leaves(&core, node_rows[i].pod, change_node, &node_rows[i].after),
                     node_rows[i].wakes, "%s", node_rows[i].what);
        core_fini(&core);
    }
}

/* A4: Node Add. A second node comes while the pod waits for the first. */
static const struct {
    struct fixture_node node;
    bool wakes;
} added_rows[] = {
    {{.name = "n2", .allocatable = "cpu=2"}, true},
    {{.name = "n2", .allocatable = "cpu=1"}, false},
    {{.name = "n2", .allocatable = "cpu=2, pods=0"}, false},
    {{.name = "n2", .allocatable = "cpu=2", .labels = "zone=b"}, true}, /* fits it empty */
    {{.name = "n2"}, false},                                            /* no status yet */
};

Test(intake_wakes, a_new_node_wakes_whom_it_could_hold_empty)
{
    for (size_t i = 0; i < ARRAY_LEN(added_rows); i++) {
        struct core core;
        core_init(&core);
        core_node(&core, &(struct fixture_node){N1});
        cr_expect_eq(leaves(&core, &large, change_node, &added_rows[i].node), added_rows[i].wakes,
                     "row %zu", i);
        core_fini(&core);
    }
}

static void node_goes_and_comes_back(struct core *core, const void *node)
{
    sched_on_event(core->sched, &(struct event){.kind = EVENT_NODE_GONE,
                                                .node = fixture_node_object(&core->fixture, node)});
    cr_assert_eq(core_find(core, "p")->queue_place, QUEUE_PARKED, "less is no help");
    core_node(core, node);
}

Test(intake_wakes, a_node_that_comes_back_is_new)
{
    struct core core;
    core_init(&core);
    const struct fixture_node node = {N1};
    core_node(&core, &node);
    core_pod(&core, &(struct fixture_pod){.name = "old", .containers = "cpu=1", .node = "n1"});
    cr_expect(leaves(&core, &small, node_goes_and_comes_back, &node), "it would fit it empty");
    core_fini(&core);
}

/* ---- pods on a node: cpu 1, one gpu, five pods; `old` holds what is given ---- */

struct pod_step {
    const char *what;
    struct fixture_pod old, pod;
    struct fixture_pod after; /* old as it is seen next; no name: it goes */
    bool wakes;
};

#define OLD .name = "old", .node = "n1"

static const struct pod_step pod_rows[] = {
    {"it goes", {OLD, .containers = "cpu=1"}, {.name = "p", .containers = "cpu=1"}, {0}, true},
    {"it goes, and more is asked",
     {OLD, .containers = "cpu=1"},
     {.name = "p", .containers = "cpu=2"},
     {0},
     false},
    {"it held the port",
     {OLD, .ports = "TCP/80"},
     {.name = "p", .ports = "10.0.0.1:TCP/80"},
     {0},
     true},
    {"it held another port",
     {OLD, .ports = "TCP/81"},
     {.name = "p", .containers = "cpu=2", .ports = "TCP/80"},
     {0},
     false},
    {"it shrinks enough",
     {OLD, .containers = "cpu=1"},
     {.name = "p", .containers = "cpu=500m"},
     {OLD, .containers = "cpu=500m"},
     true},
    {"it shrinks too little",
     {OLD, .containers = "cpu=1"},
     {.name = "p", .containers = "cpu=500m"},
     {OLD, .containers = "cpu=501m"},
     false},
    {"it grows",
     {OLD, .containers = "cpu=500m"},
     {.name = "p", .containers = "cpu=1"},
     {OLD, .containers = "cpu=900m"},
     false},
    {"it is updated in some other way",
     {OLD, .containers = "cpu=1"},
     {.name = "p", .containers = "cpu=1"},
     {OLD, .containers = "cpu=1", .priority = 7},
     false},
    {"it is seen on another node",
     {OLD, .containers = "cpu=1"},
     {.name = "p", .containers = "cpu=1"},
     {.name = "old", .node = "n9", .containers = "cpu=1"},
     true},
};

static void change_old(struct core *core, const void *ctx)
{
    const struct pod_step *step = ctx;
    if (step->after.name)
        core_pod(core, &step->after);
    else
        (void)core_pod_gone(core, &step->old);
}

Test(intake_wakes, a_pod_on_a_node_wakes_whom_its_room_may_help)
{
    for (size_t i = 0; i < ARRAY_LEN(pod_rows); i++) {
        struct core core;
        core_init(&core);
        core_node(&core, &(struct fixture_node){N1});
        core_pod(&core, &pod_rows[i].old);
        cr_expect_eq(leaves(&core, &pod_rows[i].pod, change_old, &pod_rows[i]), pod_rows[i].wakes,
                     "%s", pod_rows[i].what);
        core_fini(&core);
    }
}

/* A2: a pending pod that gets a node leaves the queue; that is no deletion, nobody wakes. */
static void another_is_bound(struct core *core, const void *ctx)
{
    (void)ctx;
    core_pod(core, &(struct fixture_pod){.name = "other", .containers = "cpu=2", .node = "n1"});
}

Test(intake_wakes, a_bind_by_another_scheduler_wakes_nobody)
{
    struct core core;
    core_init(&core);
    core_node(&core, &(struct fixture_node){N1});
    core_pod(&core, &(struct fixture_pod){.name = "other", .containers = "cpu=2"});
    cr_expect_not(leaves(&core, &large, another_is_bound, NULL));
    core_fini(&core);
}

/* Nor does a pending pod that goes: it held nothing. */
static void another_goes(struct core *core, const void *ctx)
{
    (void)ctx;
    (void)core_pod_gone(core, &(struct fixture_pod){.name = "other"});
}

Test(intake_wakes, a_pending_pod_that_goes_wakes_nobody)
{
    struct core core;
    core_init(&core);
    core_node(&core, &(struct fixture_node){N1});
    core_pod(&core, &(struct fixture_pod){.name = "other", .containers = "cpu=2"});
    cr_expect_not(leaves(&core, &large, another_goes, NULL));
    core_fini(&core);
}
