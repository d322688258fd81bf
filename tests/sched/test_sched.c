/* The core as a whole: events in, calls out. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/sched/core.h"

static const struct fixture_node small = {.name = "n1", .allocatable = "cpu=1, memory=1Gi"};

Test(sched, binds_a_pending_pod_to_the_node_that_fits)
{
    struct core core;
    core_init(&core);
    core_node(&core, &small);
    core_node(&core, &(struct fixture_node){.name = "n2", .allocatable = "cpu=4, memory=8Gi"});
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=2, memory=1Gi"});
    core_pass(&core);
    cr_assert_eq(core.port->counts[MEM_BIND], 1);
    cr_expect_str_eq(core_bound_to(&core, 0), "n2");
    cr_expect_eq(core.port->counts[MEM_STATUS], 0, "the apiserver sets PodScheduled=True itself");
    core_fini(&core);
}

Test(sched, nothing_is_bound_before_both_lists_are_complete)
{
    struct core core;
    core_init(&core);
    sched_free(core.sched);
    struct sched_config config;
    sched_config_init(&config, core.fixture.symbols);
    struct port port = mem_port_port(core.port);
    core.sched = sched_new(&config, core.fixture.symbols, &port);
    static const enum event_kind before[] = {EVENT_NODE_LIST_BEGIN, EVENT_POD_LIST_BEGIN};
    for (size_t i = 0; i < ARRAY_LEN(before); i++)
        sched_on_event(core.sched, &(struct event){.kind = before[i]});
    core_node(&core, &small);
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=1"});
    core_pass(&core);
    sched_on_event(core.sched, &(struct event){.kind = EVENT_POD_LIST_END});
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 0);
    sched_on_event(core.sched, &(struct event){.kind = EVENT_NODE_LIST_END});
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    core_fini(&core);
}

Test(sched, never_binds_what_is_not_ours_gated_or_going)
{
    struct core core;
    core_init(&core);
    core_node(&core, &small);
    core_pod(&core, &(struct fixture_pod){.name = "other", .scheduler = "default-scheduler"});
    core_pod(&core, &(struct fixture_pod){.name = "gated", .gates = 1});
    struct pod_object *going =
        fixture_pod_object(&core.fixture, &(struct fixture_pod){.name = "going"});
    going->is_deleting = true;
    core_pod_object(&core, going);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 0);
    cr_expect_eq(core.port->counts[MEM_STATUS], 0);
    core_pod(&core, &(struct fixture_pod){.name = "gated"});
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    cr_expect_str_eq(mem_port_call(core.port, MEM_BIND, 0)->pod, "gated");
    core_fini(&core);
}

Test(sched, a_pod_deleted_while_it_waits_is_skipped_with_an_event)
{
    struct core core;
    core_init(&core);
    core_pod(&core, &(struct fixture_pod){.name = "p"});
    struct pod_object *going =
        fixture_pod_object(&core.fixture, &(struct fixture_pod){.name = "p"});
    going->is_deleting = true;
    core_pod_object(&core, going);
    core_node(&core, &small);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 0);
    cr_expect_str_eq(mem_port_call(core.port, MEM_EVENT, -1)->text,
                     "skip schedule deleting pod: default/p");
    core_fini(&core);
}

/* kube-scheduler.md A13: sentence, condition once, event each time. */
Test(sched, a_refused_pod_says_why_and_writes_the_condition_once)
{
    struct core core;
    core_init(&core);
    core_node(&core, &small);
    core_node(&core, &(struct fixture_node){.name = "n2",
                                            .allocatable = "cpu=8, memory=8Gi",
                                            .is_unschedulable = true});
    core_node(&core, &(struct fixture_node){.name = "n3",
                                            .allocatable = "cpu=8, memory=8Gi",
                                            .taints = "a:NoSchedule"});
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=2, memory=2Gi"});
    core_pass(&core);
    static const char sentence[] =
        "0/3 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, "
        "1 node(s) had untolerated taint(s), 1 node(s) were unschedulable.";
    const struct mem_call *status = mem_port_call(core.port, MEM_STATUS, 0);
    cr_expect_str_eq(status->reason, "Unschedulable");
    cr_expect_str_eq(status->text, sentence);
    const struct mem_call *event = mem_port_call(core.port, MEM_EVENT, 0);
    cr_expect_str_eq(event->reason, "FailedScheduling");
    cr_expect(event->is_warning);
    cr_expect_str_eq(event->text, sentence);
    core.port->now.ms += 6 * 60 * 1000; /* the leftover flush tries it again, in vain */
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_EVENT], 2);
    cr_expect_eq(core.port->counts[MEM_STATUS], 1);
    core_fini(&core);
}

Test(sched, a_status_write_that_failed_is_written_again)
{
    struct core core;
    core_init(&core);
    core_node(&core, &small);
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=2"});
    core_pass(&core);
    const struct mem_call *status = mem_port_call(core.port, MEM_STATUS, 0);
    struct reply reply = {.pod = {status->namespace_sym, STR("p"), status->uid},
                          .outcome = OUTCOME_UNKNOWN};
    sched_on_event(core.sched, &(struct event){.kind = EVENT_STATUS_REPLY, .reply = &reply});
    core.port->now.ms += 6 * 60 * 1000;
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_STATUS], 2);
    core_fini(&core);
}

Test(sched, with_no_nodes_it_says_so_and_the_first_node_wakes_it)
{
    struct core core;
    core_init(&core);
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=1"});
    core_pass(&core);
    cr_expect_str_eq(mem_port_call(core.port, MEM_STATUS, 0)->text,
                     "no nodes available to schedule pods");
    core_node(&core, &small);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    core_fini(&core);
}

/* kube-scheduler.md A5: the nodes are counted before the terms are looked at. */
Test(sched, with_no_nodes_terms_that_conflict_are_not_blamed)
{
    struct core core;
    core_init(&core);
    const char *conflict = "@metadata.name In n1 & @metadata.name In n2";
    core_pod(&core, &(struct fixture_pod){.name = "p", .required = conflict});
    core_pass(&core);
    cr_expect_str_eq(mem_port_call(core.port, MEM_STATUS, -1)->text,
                     "no nodes available to schedule pods");
    core_node(&core, &small);
    core.port->now.ms += 6 * 60 * 1000; /* no event helps it, but the flush tries it again */
    core_pass(&core);
    cr_expect_str_eq(mem_port_call(core.port, MEM_STATUS, -1)->text,
                     "0/1 nodes are available: pod affinity terms conflict.");
    core_fini(&core);
}

/* What would bring capacity must not be asked for when capacity would not help (A16). */
Test(sched, an_unsupported_feature_waits_named_and_is_never_bound)
{
    static const struct {
        enum feature feature;
        const char *text;
    } rows[] = {
        {FEATURE_POD_ANTI_AFFINITY, "required inter-pod anti-affinity"},
        {FEATURE_TOPOLOGY_SPREAD, "topology spread constraints with DoNotSchedule"},
        {FEATURE_VOLUME_CLAIM, "persistent volume claims"},
        {FEATURE_RESOURCE_CLAIM, "dynamic resource claims"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct core core;
        core_init(&core);
        core_node(&core, &small);
        struct pod_object *object =
            fixture_pod_object(&core.fixture, &(struct fixture_pod){.name = "p"});
        object->features = 1u << rows[i].feature;
        core_pod_object(&core, object);
        core_pass(&core);
        core_node(&core, &(struct fixture_node){.name = "n2", .allocatable = "cpu=9, memory=9Gi"});
        core.port->now.ms += 6 * 60 * 1000;
        core_pass(&core);
        cr_expect_eq(core.port->counts[MEM_BIND], 0);
        const struct mem_call *status = mem_port_call(core.port, MEM_STATUS, 0);
        cr_expect_str_eq(status->reason, "SchedulerError");
        cr_expect_not_null(strstr(status->text, rows[i].text), "%s", status->text);
        core_fini(&core);
    }
}

Test(sched, a_pod_with_a_problem_waits_with_its_text_and_others_go_on)
{
    struct core core;
    core_init(&core);
    core_node(&core, &small);
    struct pod_object *object =
        fixture_pod_object(&core.fixture, &(struct fixture_pod){.name = "bad"});
    object->problem = STR("spec.containers[0].resources.requests[cpu]: \"x\" is no quantity");
    core_pod_object(&core, object);
    core_pod(&core, &(struct fixture_pod){.name = "good", .containers = "cpu=1"});
    core_pass(&core);
    cr_expect_not_null(strstr(mem_port_call(core.port, MEM_STATUS, 0)->text, "is no quantity"));
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    cr_expect_str_eq(mem_port_call(core.port, MEM_BIND, 0)->pod, "good");
    core_fini(&core);
}

Test(sched, a_node_with_a_problem_takes_no_pods_until_mended)
{
    struct core core;
    core_init(&core);
    struct fixture_node node = small;
    node.problem = "status.allocatable[cpu]: \"-1\" is negative";
    core_node(&core, &node);
    cr_expect_not_null(strstr(mem_port_call(core.port, MEM_NOTE, 0)->text, "n1"));
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=1"});
    core_pass(&core);
    cr_expect_str_eq(mem_port_call(core.port, MEM_STATUS, 0)->text,
                     "0/1 nodes are available: 1 node(s) could not be read.");
    core_node(&core, &small);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    core_fini(&core);
}

Test(sched, room_that_comes_free_wakes_the_pod_that_waits_for_it)
{
    struct core core;
    core_init(&core);
    core_node(&core, &small);
    const struct fixture_pod holder = {
        .name = "holder", .containers = "cpu=1", .node = "n1", .scheduler = "default-scheduler"};
    core_pod(&core, &holder);
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=1"});
    core_pass(&core);
    cr_assert_eq(core.port->counts[MEM_BIND], 0);
    (void)core_pod_gone(&core, &holder);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    core_fini(&core);
}

Test(sched, a_waiting_pod_that_another_binds_leaves_the_queue)
{
    struct core core;
    core_init(&core);
    core_node(&core, &small);
    core_pod(&core, &(struct fixture_pod){.name = "parked", .containers = "cpu=2"});
    core_pass(&core);
    core_pod(&core, &(struct fixture_pod){.name = "active", .containers = "cpu=1"});
    core_pod(&core, &(struct fixture_pod){.name = "parked", .containers = "cpu=2", .node = "n1"});
    core_pod(&core, &(struct fixture_pod){.name = "active", .containers = "cpu=1", .node = "n1"});
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 0);
    cr_expect_eq(sched_cluster(core.sched)->bound_count, 2);
    core_fini(&core);
}

Test(sched, a_finished_pod_counts_no_more)
{
    struct core core;
    core_init(&core);
    core_node(&core, &small);
    const struct fixture_pod holder = {.name = "holder", .containers = "cpu=1", .node = "n1"};
    core_pod(&core, &holder);
    struct pod_object *finished = fixture_pod_object(&core.fixture, &holder);
    finished->phase = PHASE_SUCCEEDED;
    core_pod_object(&core, finished);
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=1"});
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    core_fini(&core);
}

Test(sched, a_list_removes_what_it_does_not_name_and_keeps_the_rest)
{
    struct core core;
    core_init(&core);
    core_node(&core, &small);
    const struct fixture_pod gone = {.name = "gone", .containers = "cpu=1", .node = "n1"};
    const struct fixture_pod kept = {.name = "kept", .containers = "cpu=1"};
    core_pod(&core, &gone);
    core_pod(&core, &kept);
    core_pass(&core);
    cr_assert_eq(core.port->counts[MEM_BIND], 0);
    sched_on_event(core.sched, &(struct event){.kind = EVENT_POD_LIST_BEGIN});
    core_pod(&core, &kept);
    cr_expect_not_null(core_find(&core, "gone"), "until the list is complete");
    sched_on_event(core.sched, &(struct event){.kind = EVENT_POD_LIST_END});
    cr_expect_null(core_find(&core, "gone"));
    cr_expect_not_null(core_find(&core, "kept"));
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    core_fini(&core);
}

Test(sched, the_nominated_node_is_taken_first_without_scoring)
{
    struct core core;
    core_init(&core);
    core_node(&core, &(struct fixture_node){.name = "big", .allocatable = "cpu=64, memory=64Gi"});
    core_node(&core, &small);
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=1", .nominated = "n1"});
    core_pass(&core);
    cr_expect_str_eq(core_bound_to(&core, 0), "n1");
    core_fini(&core);
}

/* kube-scheduler.md A8: a nominated pod holds its place against lower and equal priorities. */
Test(sched, a_nomination_holds_the_place_against_lower_priority_only)
{
    static const struct {
        int32_t priority;
        bool is_bound;
    } rows[] = {{1, false}, {5, false}, {6, true}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct core core;
        core_init(&core);
        core_node(&core, &small);
        /* nominated, but gated: it waits and holds */
        core_pod(&core, &(struct fixture_pod){.name = "nominated",
                                              .containers = "cpu=1",
                                              .nominated = "n1",
                                              .priority = 5,
                                              .gates = 1});
        core_pod(&core, &(struct fixture_pod){
                            .name = "p", .containers = "cpu=1", .priority = rows[i].priority});
        core_pass(&core);
        cr_expect_eq(core.port->counts[MEM_BIND], rows[i].is_bound, "row %zu", i);
        core_fini(&core);
    }
}

Test(sched, higher_priority_goes_first)
{
    struct core core;
    core_init(&core);
    core_pod(&core, &(struct fixture_pod){.name = "low", .containers = "cpu=1", .priority = 1});
    core_pod(&core, &(struct fixture_pod){.name = "high", .containers = "cpu=1", .priority = 2});
    core_node(&core, &small);
    core_pass(&core);
    cr_assert_eq(core.port->counts[MEM_BIND], 1);
    cr_expect_str_eq(mem_port_call(core.port, MEM_BIND, 0)->pod, "high");
    core_fini(&core);
}

Test(sched, the_window_of_binds_bounds_what_is_decided)
{
    struct core core;
    core_init(&core);
    core_node(&core, &(struct fixture_node){.name = "big", .allocatable = "cpu=64, memory=64Gi"});
    for (int i = 0; i < 10; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "p%d", i);
        core_pod(&core, &(struct fixture_pod){.name = name, .containers = "cpu=1"});
    }
    core.port->room = 3;
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 3);
    core_reply_bind(&core, OUTCOME_DONE);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 4);
    core_fini(&core);
}

static uint64_t run_and_hash(void)
{
    struct core core;
    core_init(&core);
    for (int i = 0; i < 40; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "n%d", i);
        core_node(&core, &(struct fixture_node){.name = name, .allocatable = "cpu=4, memory=8Gi"});
    }
    core.port->room = 1000;
    for (int i = 0; i < 100; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "p%d", i);
        core_pod(&core, &(struct fixture_pod){.name = name, .containers = "cpu=1, memory=1Gi"});
        if (i % 7 == 0)
            core_pass(&core);
    }
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 100);
    uint64_t hash = 0;
    for (int i = 0; i < 100; i++)
        hash = hash * 31 + mem_port_call(core.port, MEM_BIND, i)->node_name_sym;
    core_fini(&core);
    return hash;
}

Test(sched, the_same_events_give_the_same_bindings)
{
    cr_expect_eq(run_and_hash(), run_and_hash());
}
