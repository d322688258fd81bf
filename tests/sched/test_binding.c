/* From assume to a known outcome: reliability chapter 2, kube-scheduler.md A7 and A12. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/sched/core.h"

static const struct fixture_node one_node = {.name = "n1", .allocatable = "cpu=1, memory=1Gi"};
static const struct fixture_pod full_pod = {.name = "p1", .containers = "cpu=1"};
static const struct fixture_pod bound_pod = {.name = "p1", .containers = "cpu=1", .node = "n1"};

/* One node with room for one pod, whose bind was just sent. */
static void init_sent(struct core *core)
{
    core_init(core);
    core_node(core, &one_node);
    core_pod(core, &full_pod);
    core_pass(core);
    cr_assert_eq(core->port->counts[MEM_BIND], 1);
    cr_assert_eq(sched_binds_open(core->sched), 1);
}

static uint32_t assumed(const struct core *core)
{
    return sched_cluster(core->sched)->assumed_count;
}

Test(binding, done_keeps_the_reservation_until_the_watch_confirms)
{
    struct core core;
    init_sent(&core);
    core_reply_bind(&core, OUTCOME_DONE);
    cr_expect_eq(assumed(&core), 1);
    cr_expect_eq(sched_binds_open(core.sched), 0);
    cr_expect_str_eq(mem_port_call(core.port, MEM_EVENT, -1)->text,
                     "Successfully assigned default/p1 to n1");
    cr_expect_str_eq(mem_port_call(core.port, MEM_EVENT, -1)->reason, "Scheduled");
    core_pod(&core, &bound_pod);
    cr_expect_eq(assumed(&core), 0);
    cr_expect_eq(sched_cluster(core.sched)->bound_count, 1);
    core_fini(&core);
}

Test(binding, a_watch_faster_than_the_answer_is_no_second_bind)
{
    struct core core;
    init_sent(&core);
    core_pod(&core, &bound_pod);
    core_reply_bind(&core, OUTCOME_DONE);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    cr_expect_eq(core.port->counts[MEM_EVENT], 1);
    core_fini(&core);
}

/* A million pods of a DaemonSet name a node each: their shapes must not keep a bit for every node.
 */
Test(binding, a_shape_that_is_one_pods_alone_keeps_no_cache_once_the_pod_has_a_node)
{
    struct core core;
    core_init(&core);
    core_node(&core, &(struct fixture_node){.name = "n1", .allocatable = "cpu=8, memory=8Gi"});
    core_pod(&core, &(struct fixture_pod){.name = "a", .required = "@metadata.name In n1"});
    core_pod(&core, &(struct fixture_pod){.name = "b", .containers = "cpu=1"});
    core_pod(&core, &(struct fixture_pod){.name = "c", .containers = "cpu=1"});
    core_pass(&core);
    cr_assert_eq(assumed(&core), 3);
    cr_expect_eq(core_find(&core, "a")->shape->match.matches.word_count, 0);
    cr_expect_gt(core_find(&core, "b")->shape->match.matches.word_count, 0, "the next one needs it");
    core_fini(&core);
}

/* What is surely not done gives the room back, says SchedulerError (never Unschedulable: a new node
 * would not help), and tries again after the error backoff of 1 s. */
static const enum outcome definite[] = {OUTCOME_GONE, OUTCOME_FORBIDDEN, OUTCOME_INVALID,
                                        OUTCOME_THROTTLED, OUTCOME_NOT_SENT};

Test(binding, a_definite_refusal_frees_the_node_and_backs_off)
{
    for (size_t i = 0; i < ARRAY_LEN(definite); i++) {
        struct core core;
        init_sent(&core);
        core_reply_bind(&core, definite[i]);
        cr_expect_eq(assumed(&core), 0, "row %zu", i);
        cr_expect_eq(core.port->counts[MEM_READ], 0, "row %zu", i);
        cr_expect_str_eq(mem_port_call(core.port, MEM_STATUS, -1)->reason, "SchedulerError");
        cr_expect_str_eq(mem_port_call(core.port, MEM_STATUS, -1)->text,
                         "binding rejected: because");
        core_pass(&core);
        cr_expect_eq(core.port->counts[MEM_BIND], 1, "row %zu", i);
        core.port->now.ms += 2000;
        core_pass(&core);
        cr_expect_eq(core.port->counts[MEM_BIND], 2, "row %zu", i);
        core_fini(&core);
    }
}

Test(binding, an_unknown_outcome_reads_before_it_forgets)
{
    struct core core;
    init_sent(&core);
    core_reply_bind(&core, OUTCOME_UNKNOWN);
    cr_expect_eq(assumed(&core), 1, "the reservation stays");
    cr_expect_eq(core.port->counts[MEM_READ], 1);
    core_reply_read(&core, OUTCOME_DONE, fixture_pod_object(&core.fixture, &bound_pod));
    cr_expect_eq(sched_cluster(core.sched)->bound_count, 1);
    cr_expect_eq(sched_binds_open(core.sched), 0);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    cr_expect_str_eq(mem_port_call(core.port, MEM_EVENT, -1)->reason, "Scheduled");
    core_fini(&core);
}

Test(binding, an_unknown_outcome_that_did_not_happen_is_tried_on_the_same_node)
{
    struct core core;
    init_sent(&core);
    core_node(&core, &(struct fixture_node){.name = "n2", .allocatable = "cpu=64, memory=64Gi"});
    core_reply_bind(&core, OUTCOME_UNKNOWN);
    core_reply_read(&core, OUTCOME_DONE, fixture_pod_object(&core.fixture, &full_pod));
    cr_expect_eq(core.port->counts[MEM_BIND], 2);
    cr_expect_str_eq(core_bound_to(&core, -1), "n1");
    core_fini(&core);
}

/* reliability 2, "Node deleted while assumed": the node is looked at again before the second POST.
 */
Test(binding, an_unknown_outcome_that_did_not_happen_is_not_tried_on_a_node_that_is_gone)
{
    struct core core;
    init_sent(&core);
    core_node(&core, &(struct fixture_node){.name = "n2", .allocatable = "cpu=64, memory=64Gi"});
    core_reply_bind(&core, OUTCOME_UNKNOWN);
    struct node_object *gone = fixture_node_object(&core.fixture, &one_node);
    sched_on_event(core.sched, &(struct event){.kind = EVENT_NODE_GONE, .node = gone});
    core_reply_read(&core, OUTCOME_DONE, fixture_pod_object(&core.fixture, &full_pod));
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    core.port->now.ms += 2000;
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 2);
    cr_expect_str_eq(core_bound_to(&core, -1), "n2");
    core_fini(&core);
}

/* The apiserver never lets schedulerName change; an odd one must not end the process. */
Test(binding, a_pod_that_is_handed_to_another_scheduler_is_not_bound_again)
{
    static const enum outcome outcomes[] = {OUTCOME_UNKNOWN, OUTCOME_CONFLICT};
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        struct core core;
        init_sent(&core);
        core_reply_bind(&core, outcomes[i]);
        struct fixture_pod theirs = full_pod;
        theirs.scheduler = "other";
        core_pod(&core, &theirs);
        core_reply_read(&core, OUTCOME_DONE, fixture_pod_object(&core.fixture, &theirs));
        core.port->now.ms += 60 * 1000;
        core_pass(&core);
        cr_expect_eq(core.port->counts[MEM_BIND], 1, "row %zu", i);
        cr_expect_eq(assumed(&core), 0, "row %zu", i);
        core_fini(&core);
    }
}

/* I08. The read was answered before the deletion, its answer comes after the watch told of it. */
Test(binding, an_unknown_outcome_that_did_not_happen_is_not_tried_when_the_pod_is_going)
{
    struct core core;
    init_sent(&core);
    core_reply_bind(&core, OUTCOME_UNKNOWN);
    struct pod_object *before_it = fixture_pod_object(&core.fixture, &full_pod);
    struct pod_object *going = fixture_pod_object(&core.fixture, &full_pod);
    going->is_deleting = true;
    core_pod_object(&core, going);
    core_reply_read(&core, OUTCOME_DONE, before_it);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    cr_expect_eq(assumed(&core), 0);
    core.port->now.ms += 60 * 1000;
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    core_fini(&core);
}

Test(binding, a_server_that_never_says_is_not_hammered)
{
    struct core core;
    init_sent(&core);
    core_reply_bind(&core, OUTCOME_UNKNOWN);
    core_reply_read(&core, OUTCOME_DONE, fixture_pod_object(&core.fixture, &full_pod));
    core_reply_bind(&core, OUTCOME_UNKNOWN);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_READ], 1, "no second read at once");
    cr_expect_gt(sched_next_wakeup(core.sched).ms, core.port->now.ms);
    core.port->now = sched_next_wakeup(core.sched);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_READ], 2);
    cr_expect_eq(assumed(&core), 1);
    cr_expect_eq(core.port->counts[MEM_EVENT], 1);
    cr_expect_eq(core.port->counts[MEM_STATUS], 0, "it may be bound: its condition is not ours");
    core_fini(&core);
}

Test(binding, a_read_without_an_answer_is_repeated_and_keeps_the_reservation)
{
    struct core core;
    init_sent(&core);
    core_reply_bind(&core, OUTCOME_UNKNOWN);
    core_reply_read(&core, OUTCOME_UNKNOWN, NULL);
    cr_expect_eq(assumed(&core), 1);
    core.port->now = sched_next_wakeup(core.sched);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_READ], 2);
    core_fini(&core);
}

Test(binding, a_read_that_is_forbidden_is_told_at_the_pod_and_keeps_the_reservation)
{
    struct core core;
    init_sent(&core);
    core_reply_bind(&core, OUTCOME_UNKNOWN);
    core_reply_read(&core, OUTCOME_FORBIDDEN, NULL);
    cr_expect_eq(assumed(&core), 1);
    cr_assert_eq(core.port->counts[MEM_EVENT], 1);
    const struct mem_call *event = mem_port_call(core.port, MEM_EVENT, -1);
    cr_expect(event->is_warning);
    cr_expect_str_eq(event->reason, "FailedScheduling");
    cr_expect_not_null(strstr(event->text, "binding to n1 not confirmed"), "%s", event->text);
    cr_expect_not_null(strstr(event->text, "grant get on pods"), "%s", event->text);
    cr_expect_eq(core.port->counts[MEM_STATUS], 0, "it may be bound: its condition is not ours");
    core.port->now = sched_next_wakeup(core.sched);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_READ], 2, "a grant heals it");
    core_fini(&core);
}

Test(binding, a_read_that_finds_nothing_or_another_uid_drops_the_pod)
{
    for (int is_other = 0; is_other < 2; is_other++) {
        struct core core;
        init_sent(&core);
        core_reply_bind(&core, OUTCOME_UNKNOWN);
        struct pod_object *other = fixture_pod_object(&core.fixture, &full_pod);
        other->uid.lo ^= 1;
        core_reply_read(&core, is_other ? OUTCOME_DONE : OUTCOME_GONE, is_other ? other : NULL);
        cr_expect_null(core_find(&core, "p1"));
        cr_expect_eq(assumed(&core), 0);
        cr_expect_eq(sched_binds_open(core.sched), 0);
        core_fini(&core);
    }
}

/* Deleted or evicted before it had a node: there is nothing left to bind. */
Test(binding, a_read_that_finds_it_finished_drops_the_pod)
{
    struct core core;
    init_sent(&core);
    core_reply_bind(&core, OUTCOME_UNKNOWN);
    struct pod_object *finished = fixture_pod_object(&core.fixture, &full_pod);
    finished->phase = PHASE_FAILED;
    core_reply_read(&core, OUTCOME_DONE, finished);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    cr_expect_null(core_find(&core, "p1"));
    cr_expect_eq(sched_binds_open(core.sched), 0);
    core_fini(&core);
}

Test(binding, a_conflict_with_a_bind_by_another_takes_the_truth)
{
    struct core core;
    init_sent(&core);
    core_node(&core, &(struct fixture_node){.name = "n2", .allocatable = "cpu=1, memory=1Gi"});
    core_reply_bind(&core, OUTCOME_CONFLICT);
    struct fixture_pod elsewhere = bound_pod;
    elsewhere.node = "n2";
    core_reply_read(&core, OUTCOME_DONE, fixture_pod_object(&core.fixture, &elsewhere));
    const struct pod *pod = core_find(&core, "p1");
    cr_assert_not_null(pod);
    const struct node *node = sched_cluster(core.sched)->nodes.nodes[pod->node_slot];
    cr_expect_str_eq(symbol_text(core.fixture.symbols, node->name_sym), "n2");
    cr_expect_eq(core.port->counts[MEM_EVENT], 0, "we did not assign it");
    core_fini(&core);
}

Test(binding, a_conflict_on_an_unbound_pod_forgets_and_backs_off)
{
    struct core core;
    init_sent(&core);
    core_reply_bind(&core, OUTCOME_CONFLICT);
    core_reply_read(&core, OUTCOME_DONE, fixture_pod_object(&core.fixture, &full_pod));
    cr_expect_eq(assumed(&core), 0);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    cr_expect_eq(core_find(&core, "p1")->queue_place, QUEUE_ERROR_BACKOFF);
    core_fini(&core);
}

Test(binding, a_deleted_pod_takes_its_reservation_along_and_late_answers_do_nothing)
{
    struct core core;
    init_sent(&core);
    (void)core_pod_gone(&core, &full_pod);
    cr_expect_eq(assumed(&core), 0);
    cr_expect_eq(sched_binds_open(core.sched), 0);
    core_reply_bind(&core, OUTCOME_DONE);
    cr_expect_eq(core.port->counts[MEM_EVENT], 0);
    core_fini(&core);
}

/* kube-scheduler forgets an assumed pod at once when its deletion begins; here the bind may have
 * happened still, and the room is held until its answer comes. */
Test(binding, a_deletion_that_begins_keeps_the_reservation_until_the_answer)
{
    struct core core;
    init_sent(&core);
    struct pod_object *going = fixture_pod_object(&core.fixture, &full_pod);
    going->is_deleting = true;
    core_pod_object(&core, going);
    cr_expect_eq(assumed(&core), 1);
    core_reply_bind(&core, OUTCOME_CONFLICT);
    cr_expect_eq(assumed(&core), 1);
    core_reply_read(&core, OUTCOME_DONE, going);
    cr_expect_eq(assumed(&core), 0);
    core.port->now.ms += 60 * 1000;
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1, "and it is not tried again");
    core_fini(&core);
}

Test(binding, an_answer_to_an_earlier_pod_of_the_same_name_does_nothing)
{
    struct core core;
    init_sent(&core);
    struct pod_object *again = fixture_pod_object(&core.fixture, &full_pod);
    again->uid.lo ^= 1;
    core_pod_object(&core, again);
    core_reply_bind(&core, OUTCOME_DONE);
    cr_expect_eq(core.port->counts[MEM_EVENT], 0);
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 2, "the new pod is scheduled for itself");
    core_fini(&core);
}

Test(binding, a_bind_that_fails_wakes_those_who_wait_for_the_room)
{
    struct core core;
    init_sent(&core);
    core_pod(&core, &(struct fixture_pod){.name = "p2", .containers = "cpu=1"});
    core_pass(&core);
    cr_expect_eq(core_find(&core, "p2")->queue_place, QUEUE_PARKED);
    core_reply_bind(&core, OUTCOME_INVALID);
    core.port->now.ms += 500;
    core_pass(&core);
    cr_expect_str_eq(mem_port_call(core.port, MEM_BIND, -1)->pod, "p2");
    core_fini(&core);
}

Test(binding, stopping_takes_no_more_pods_but_counts_answers)
{
    struct core core;
    init_sent(&core);
    core_node(&core, &(struct fixture_node){.name = "n2", .allocatable = "cpu=1, memory=1Gi"});
    sched_stop(core.sched);
    core_pod(&core, &(struct fixture_pod){.name = "p2", .containers = "cpu=1"});
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    core_reply_bind(&core, OUTCOME_DONE);
    cr_expect_eq(sched_binds_open(core.sched), 0);
    core_fini(&core);
}
