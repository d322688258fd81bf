/* Pods that hold a place by status.nominatedNodeName, through the whole core: who yields to them,
 * and who is told when they yield no more (kube-scheduler.md A2, A5, A8). */
#include <criterion/criterion.h>

#include "tests/sched/core.h"

static const struct fixture_node one_node = {.name = "n1", .allocatable = "cpu=2, memory=4Gi"};

/* Holds the cpu of n1 without being scheduled itself: it is gated. */
static const struct fixture_pod holder = {
    .name = "holder", .containers = "cpu=2", .nominated = "n1", .priority = 5, .gates = 1};
static const struct fixture_pod yielding = {.name = "p", .containers = "cpu=1", .priority = 5};

/* One node, held; `p` yields and is parked. */
static void init_held(struct core *core)
{
    core_init(core);
    core_node(core, &one_node);
    core_pod(core, &holder);
    core_pod(core, &yielding);
    core_pass(core);
    cr_assert_eq(core->port->counts[MEM_BIND], 0);
    cr_assert_eq(core_find(core, "p")->queue_place, QUEUE_PARKED);
}

/* `p` may try now, long before the flush of leftovers at 330 s. */
static void expect_bound(struct core *core, const char *what)
{
    core_pass(core);
    cr_assert_eq(core->port->counts[MEM_BIND], 1, "%s", what);
    cr_expect_str_eq(mem_port_call(core->port, MEM_BIND, 0)->pod, "p", "%s", what);
    core_fini(core);
}

static void holder_is_cleared(struct core *core)
{
    struct fixture_pod cleared = holder;
    cleared.nominated = NULL;
    core_pod(core, &cleared);
}

static void holder_moves(struct core *core)
{
    struct fixture_pod moved = holder;
    moved.nominated = "elsewhere";
    core_pod(core, &moved);
}

static void holder_is_deleted(struct core *core)
{
    (void)core_pod_gone(core, &holder);
}

static void holder_is_in_no_list(struct core *core)
{
    sched_on_event(core->sched, &(struct event){.kind = EVENT_POD_LIST_BEGIN});
    core_pod(core, &yielding);
    sched_on_event(core->sched, &(struct event){.kind = EVENT_POD_LIST_END});
}

static void holder_finishes(struct core *core)
{
    struct pod_object *object = fixture_pod_object(&core->fixture, &holder);
    object->phase = PHASE_FAILED;
    core_pod_object(core, object);
}

static void holder_is_bound_elsewhere_by_another(struct core *core)
{
    struct fixture_pod bound = holder;
    bound.node = "elsewhere";
    bound.nominated = NULL; /* the apiserver clears it with the bind */
    bound.gates = 0;
    core_pod(core, &bound);
}

static void holder_becomes_another_schedulers(struct core *core)
{
    struct fixture_pod theirs = holder;
    theirs.scheduler = "other";
    core_pod(core, &theirs);
}

static void holder_asks_for_less(struct core *core)
{
    struct fixture_pod less = holder;
    less.containers = "cpu=1";
    core_pod(core, &less);
}

static const struct {
    const char *what;
    void (*run)(struct core *core);
} ends[] = {
    {"cleared", holder_is_cleared},
    {"moved", holder_moves},
    {"deleted", holder_is_deleted},
    {"in no list", holder_is_in_no_list},
    {"finished", holder_finishes},
    {"bound elsewhere", holder_is_bound_elsewhere_by_another},
    {"another scheduler's", holder_becomes_another_schedulers},
    {"asks for less", holder_asks_for_less},
};

Test(nomination, whoever_yielded_is_woken_when_the_place_is_free)
{
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct core core;
        init_held(&core);
        ends[i].run(&core);
        expect_bound(&core, ends[i].what);
    }
}

/* It finds room on another node: n1 is too full for it, but not for who yielded to it. Nothing
 * about n2 is for that one, which asks for more memory than n2 has. */
Test(nomination, whoever_yielded_is_woken_when_the_nominated_pod_goes_elsewhere)
{
    struct core core;
    core_init(&core);
    core_node(&core, &one_node);
    core_pod(&core, &(struct fixture_pod){.name = "old", .containers = "cpu=1", .node = "n1"});
    struct fixture_pod big = {.name = "big", .containers = "cpu=2", .nominated = "n1", .gates = 1};
    core_pod(&core, &big);
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=1, memory=3Gi"});
    core_pass(&core);
    cr_assert_eq(core_find(&core, "p")->queue_place, QUEUE_PARKED);
    core_node(&core, &(struct fixture_node){.name = "n2", .allocatable = "cpu=2, memory=1Gi"});
    cr_assert_eq(core_find(&core, "p")->queue_place, QUEUE_PARKED);
    big.gates = 0;
    core_pod(&core, &big);
    core_pass(&core);
    cr_assert_eq(core.port->counts[MEM_BIND], 2);
    cr_expect_str_eq(mem_port_call(core.port, MEM_BIND, 0)->pod, "big");
    cr_expect_str_eq(core_bound_to(&core, 0), "n2");
    cr_expect_str_eq(mem_port_call(core.port, MEM_BIND, 1)->pod, "p");
    cr_expect_str_eq(core_bound_to(&core, 1), "n1");
    core_fini(&core);
}

/* Ports are held as resources are: A8 puts the whole pod on the node. */
Test(nomination, holds_ports_and_the_place_in_the_pod_count)
{
    static const struct {
        const char *allocatable, *nominated_ports, *ports, *reason;
    } rows[] = {
        {"cpu=2, pods=9", "TCP/80", "10.0.0.1:TCP/80",
         "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."},
        {"cpu=2, pods=1", NULL, NULL, "0/1 nodes are available: 1 Too many pods."},
        {"cpu=2, pods=9", "TCP/80", "UDP/80", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct core core;
        core_init(&core);
        core_node(&core, &(struct fixture_node){.name = "n1", .allocatable = rows[i].allocatable});
        core_pod(&core, &(struct fixture_pod){.name = "holder",
                                              .nominated = "n1",
                                              .ports = rows[i].nominated_ports,
                                              .gates = 1});
        core_pod(&core, &(struct fixture_pod){.name = "p", .ports = rows[i].ports});
        core_pass(&core);
        cr_assert_eq(core.port->counts[MEM_BIND], rows[i].reason == NULL, "row %zu", i);
        if (rows[i].reason)
            cr_expect_str_eq(mem_port_call(core.port, MEM_STATUS, 0)->text, rows[i].reason);
        core_fini(&core);
    }
}

/* Entries vanish on assume: the pod itself counts from then on, and only once. */
Test(nomination, of_a_pod_that_takes_its_node_counts_no_more)
{
    struct core core;
    core_init(&core);
    core_node(&core, &one_node);
    core_pod(&core, &(struct fixture_pod){.name = "a", .containers = "cpu=1", .nominated = "n1"});
    core_pass(&core);
    core_pod(&core, &yielding);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 2, "cpu 2 = 1 + 1");
    core_fini(&core);
}

/* A5.1, A13: refused, and the nomination is cleared by the same PATCH; with no nodes too. */
Test(nomination, is_cleared_by_the_patch_that_says_unschedulable)
{
    static const struct {
        bool has_node;
        const char *text;
    } rows[] = {
        {true, "0/1 nodes are available: 1 Insufficient cpu."},
        {false, "no nodes available to schedule pods"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct core core;
        core_init(&core);
        if (rows[i].has_node)
            core_node(&core, &one_node);
        struct fixture_pod pod = {.name = "p", .containers = "cpu=3", .nominated = "n1"};
        core_pod(&core, &pod);
        core_pass(&core);
        cr_assert_eq(core.port->counts[MEM_STATUS], 1);
        const struct mem_call *status = mem_port_call(core.port, MEM_STATUS, 0);
        cr_expect_str_eq(status->text, rows[i].text);
        cr_expect_str_eq(status->reason, "Unschedulable");
        cr_expect(status->clears_nomination);
        core_fini(&core);
    }
}

/* A node that was removed, or was never there, holds nobody up. */
Test(nomination, to_a_node_that_is_not_there_changes_nothing)
{
    struct core core;
    core_init(&core);
    core_pod(&core, &holder);
    core_pod(&core, &yielding);
    core_node(&core, &(struct fixture_node){.name = "n2", .allocatable = "cpu=1, memory=4Gi"});
    core_pass(&core);
    cr_assert_eq(core.port->counts[MEM_BIND], 1);
    cr_expect_str_eq(core_bound_to(&core, 0), "n2");
    (void)core_pod_gone(&core, &holder);
    core_fini(&core);
}
