/* What is seen and gone, in the orders that go wrong: kube-scheduler.md A2 and A7, reliability
 * chapter 2. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/sched/core.h"

static const struct fixture_node one_node = {.name = "n1", .allocatable = "cpu=1, memory=1Gi"};
static const struct fixture_pod waiting = {.name = "p1", .containers = "cpu=1"};
static const struct fixture_pod bound = {.name = "p1", .containers = "cpu=1", .node = "n1"};

static void send(struct core *core, enum event_kind kind)
{
    sched_on_event(core->sched, &(struct event){.kind = kind});
}

/* An apiserver in trouble breaks off one list after the other, for hours. What went meanwhile is
 * gone after the first whole list, however many there were. */
Test(intake, lists_that_broke_off_do_not_hide_what_is_gone)
{
    for (uint32_t attempts = 1; attempts <= 1024; attempts *= 2) {
        struct core core;
        core_init(&core);
        core_node(&core, &one_node);
        core_pod(&core, &bound);
        for (uint32_t i = 0; i < attempts; i++)
            send(&core, EVENT_NODE_LIST_BEGIN);
        send(&core, EVENT_NODE_LIST_END);
        for (uint32_t i = 0; i < attempts; i++)
            send(&core, EVENT_POD_LIST_BEGIN);
        send(&core, EVENT_POD_LIST_END);
        cr_expect_eq(sched_cluster(core.sched)->nodes.present_count, 0, "%u lists", attempts);
        cr_expect_null(core_find(&core, "p1"), "%u lists", attempts);
        core_fini(&core);
    }
}

/* A read is ahead of the watch: what the watch still brings from before is old news. */
Test(intake, a_pod_that_a_read_showed_bound_stays_so_until_a_list_says_otherwise)
{
    struct core core;
    core_init(&core);
    core_node(&core, &one_node);
    core_pod(&core, &waiting);
    core_pass(&core);
    core_reply_bind(&core, OUTCOME_UNKNOWN);
    core_reply_read(&core, OUTCOME_DONE, fixture_pod_object(&core.fixture, &bound));
    cr_assert_eq(sched_cluster(core.sched)->bound_count, 1);

    core_pod(&core, &waiting);
    core_pass(&core);
    cr_expect_eq(sched_cluster(core.sched)->bound_count, 1);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);

    send(&core, EVENT_POD_LIST_BEGIN); /* the apiserver's data was restored from a backup */
    core_pod(&core, &waiting);
    send(&core, EVENT_POD_LIST_END);
    core_pass(&core);
    cr_expect_eq(sched_cluster(core.sched)->bound_count, 0);
    cr_expect_eq(core.port->counts[MEM_BIND], 2);
    core_fini(&core);
}

/* The watch was faster than the answer to the bind; then the data went back before the bind. */
Test(intake, a_list_may_take_back_a_bind_whose_answer_is_awaited)
{
    struct core core;
    core_init(&core);
    core_node(&core, &one_node);
    core_pod(&core, &waiting);
    core_pass(&core);
    core_pod(&core, &bound);
    cr_assert_eq(sched_binds_open(core.sched), 1);
    send(&core, EVENT_POD_LIST_BEGIN);
    core_pod(&core, &waiting);
    send(&core, EVENT_POD_LIST_END);
    cr_expect_eq(sched_binds_open(core.sched), 0);
    core_reply_bind(&core, OUTCOME_UNKNOWN); /* of the bind that is no more: nobody waits for it */
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 2);
    cr_expect_eq(sched_binds_open(core.sched), 1);
    core_fini(&core);
}

Test(intake, a_finished_pod_of_the_name_proves_that_an_earlier_one_is_gone)
{
    struct core core;
    core_init(&core);
    core_node(&core, &one_node);
    core_pod(&core, &bound);
    struct pod_object *next = fixture_pod_object(&core.fixture, &bound);
    next->uid.lo ^= 1;
    next->phase = PHASE_FAILED;
    core_pod_object(&core, next);
    cr_expect_null(core_find(&core, "p1"));
    core_fini(&core);
}

/* I04: a Binding carries the UID. Without one the pod waits, and says why. */
Test(intake, a_pod_without_a_uid_is_never_bound_and_says_why)
{
    struct core core;
    core_init(&core);
    core_node(&core, &one_node);
    struct pod_object *object = fixture_pod_object(&core.fixture, &waiting);
    object->uid = (struct uid){0, 0};
    core_pod_object(&core, object);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 0);
    const struct mem_call *status = mem_port_call(core.port, MEM_STATUS, -1);
    cr_expect_str_eq(status->reason, "SchedulerError");
    cr_expect(strstr(status->text, "metadata.uid"), "%s", status->text);
    core_fini(&core);
}

/* With a full table of names two namespaces or two nodes would look like one. */
Test(intake, what_has_no_name_to_be_found_by_is_told_and_passed_over)
{
    struct core core;
    core_init(&core);
    core_node(&core, &one_node);
    struct pod_object *pod = fixture_pod_object(&core.fixture, &waiting);
    pod->namespace_sym = SYM_EMPTY;
    pod->problem = STR("a/p1: metadata.namespace: cannot be stored");
    core_pod_object(&core, pod);
    cr_expect_eq(sched_cluster(core.sched)->pod_count, 0);
    cr_expect(strstr(mem_port_call(core.port, MEM_NOTE, -1)->text, pod->problem.ptr));

    struct node_object *node = fixture_node_object(&core.fixture, &one_node);
    node->name_sym = SYM_EMPTY;
    node->problem = STR("n2: metadata.name: cannot be stored");
    sched_on_event(core.sched, &(struct event){.kind = EVENT_NODE_SEEN, .node = node});
    cr_expect_eq(sched_cluster(core.sched)->nodes.present_count, 1);
    cr_expect(strstr(mem_port_call(core.port, MEM_NOTE, -1)->text, node->problem.ptr));

    core_pod(&core, &waiting); /* the rest goes on */
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    core_fini(&core);
}

/* Own limit: 64 different resources in the cluster. Beyond it pods wait, so that somebody has to
 * know. */
Test(intake, a_resource_beyond_the_limit_is_told)
{
    struct core core;
    core_init(&core);
    for (uint32_t i = 0; i < 60; i++) {
        char name[16], allocatable[64];
        (void)snprintf(name, sizeof(name), "n%u", i);
        (void)snprintf(allocatable, sizeof(allocatable), "cpu=1, example.com/r%u=1", i);
        core_node(&core, &(struct fixture_node){.name = name, .allocatable = allocatable});
    }
    cr_assert_eq(core.port->counts[MEM_NOTE], 0);
    const struct fixture_node last = {.name = "last", .allocatable = "cpu=1, example.com/r60=1"};
    core_node(&core, &last);
    cr_assert_eq(core.port->counts[MEM_NOTE], 1);
    cr_expect(strstr(mem_port_call(core.port, MEM_NOTE, 0)->text, "node last"));
    core_node(&core, &last);
    cr_expect_eq(core.port->counts[MEM_NOTE], 1, "once");
    core_fini(&core);
}
