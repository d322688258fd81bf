/* Nominations (kube-scheduler.md A8, A14.1, A14.6, A14.7): who holds a place for how long, and who
 * waits for whom. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/sched/preempt_core.h"

static struct core core;

static void setup(void)
{
    preempt_core_init(&core);
}

static void teardown(void)
{
    core_fini(&core);
}

TestSuite(preempt_nomination, .init = setup, .fini = teardown);

static void add_node(const char *name)
{
    preempt_add_node(&core, name);
}

static void add_running(const char *name, const char *node, const char *containers,
                        int32_t priority, int64_t started_s)
{
    preempt_add_running(&core, name, node, containers, priority, started_s);
}

static void add_pending(const char *name, const char *containers, int32_t priority)
{
    preempt_add_pending(&core, name, containers, priority);
}

static const char *victims(void)
{
    return preempt_victims(&core);
}

static const char *nominated(void)
{
    return preempt_nominated(&core);
}

static const char *message(void)
{
    return preempt_message(&core);
}

/* Pods whose nomination was ended in the apiserver, in order. */
static const char *cleared(void)
{
    static char text[256];
    size_t len = 0;
    text[0] = '\0';
    for (int i = 0; i < (int)core.port->counts[MEM_STATUS]; i++) {
        const struct mem_call *call = mem_port_call(core.port, MEM_STATUS, i);
        if (call->clears_nomination && len < sizeof(text))
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len > 0 ? " " : "",
                                    call->pod);
    }
    return text;
}

Test(preempt_nomination, the_pod_takes_the_room_when_its_victim_is_gone)
{
    add_node("n1");
    add_running("low", "n1", "cpu=4", 1, 1000);
    add_pending("p", "cpu=4", HIGH);
    core_reply_evict(&core, "low", OUTCOME_DONE);
    add_pending("thief", "cpu=4", 50);
    cr_expect_eq(core.port->counts[MEM_BIND], 0);
    (void)core_pod_gone(&core, &(struct fixture_pod){.name = "low", .node = "n1"});
    core_wait(&core, 20000);
    cr_assert_eq(core.port->counts[MEM_BIND], 1);
    cr_expect_str_eq(mem_port_call(core.port, MEM_BIND, 0)->pod, "p");
    cr_expect_str_eq(victims(), "low");
}

Test(preempt_nomination, nobody_else_is_evicted_while_victims_leave)
{
    add_node("n1");
    add_node("n2");
    add_running("low", "n1", "cpu=4", 1, 1000);
    add_running("mid", "n2", "cpu=4", 2, 1000);
    add_pending("p", "cpu=4", HIGH);
    cr_expect_str_eq(victims(), "low");
    core_wait(&core, 20000);
    /* something wakes it, before and after the watch shows the victim leaving */
    core_pod(&core, &(struct fixture_pod){
                        .name = "p", .containers = "cpu=3", .priority = HIGH, .nominated = "n1"});
    core_wait(&core, 20000);
    cr_expect_str_eq(message(),
                     "0/2 nodes are available: 2 Insufficient cpu. preemption: not eligible due to "
                     "a terminating pod on the nominated node.");
    core_pod(&core, &(struct fixture_pod){.name = "low",
                                          .node = "n1",
                                          .containers = "cpu=4",
                                          .is_deleting = true,
                                          .is_preempted = true});
    core_reply_evict(&core, "low", OUTCOME_DONE);
    core_wait(&core, 20000);
    cr_expect_str_eq(victims(), "low");
    cr_expect(!mem_port_call(core.port, MEM_STATUS, -1)->clears_nomination);
}

/* As after a restart: only what the apiserver tells is known. */
Test(preempt_nomination, victims_of_an_earlier_life_are_waited_for)
{
    add_node("n1");
    add_node("n2");
    core_pod(&core, &(struct fixture_pod){.name = "low",
                                          .node = "n1",
                                          .containers = "cpu=4",
                                          .is_deleting = true,
                                          .is_preempted = true});
    add_running("mid", "n2", "cpu=4", 2, 1000);
    core_pod(&core, &(struct fixture_pod){
                        .name = "p", .containers = "cpu=4", .priority = HIGH, .nominated = "n1"});
    core_pass(&core);
    cr_expect_str_eq(victims(), "");
}

/* The scheduler ended between the condition and the delete. */
Test(preempt_nomination, a_condition_without_a_delete_is_not_leaving)
{
    add_node("n1");
    core_pod(&core, &(struct fixture_pod){
                        .name = "low", .node = "n1", .containers = "cpu=4", .is_preempted = true});
    core_pod(&core, &(struct fixture_pod){
                        .name = "p", .containers = "cpu=4", .priority = HIGH, .nominated = "n1"});
    core_pass(&core);
    cr_expect_str_eq(victims(), "low");
}

Test(preempt_nomination, never_means_never_and_keeps_a_nomination)
{
    add_node("n1");
    add_running("low", "n1", "cpu=4", 1, 1000);
    core_pod(&core, &(struct fixture_pod){.name = "p",
                                          .containers = "cpu=4",
                                          .priority = HIGH,
                                          .nominated = "n1",
                                          .preempts_never = true});
    core_pass(&core);
    cr_expect_str_eq(victims(), "");
    cr_expect_str_eq(message(), "0/1 nodes are available: 1 Insufficient cpu. preemption: not "
                                "eligible due to preemptionPolicy=Never.");
    cr_expect(!mem_port_call(core.port, MEM_STATUS, 0)->clears_nomination);
}

Test(preempt_nomination, without_a_candidate_the_nomination_is_cleared)
{
    add_node("n1");
    add_running("high", "n1", "cpu=4", HIGH, 1000);
    core_pod(&core, &(struct fixture_pod){
                        .name = "p", .containers = "cpu=4", .priority = HIGH, .nominated = "n1"});
    core_pass(&core);
    cr_expect(mem_port_call(core.port, MEM_STATUS, 0)->clears_nomination);
    cr_expect_eq(core_find(&core, "p")->nominated_node_sym, SYM_EMPTY, "in force at once");
}

Test(preempt_nomination, those_of_lower_priority_lose_their_nomination)
{
    add_node("n1");
    add_running("low", "n1", "cpu=4", 1, 1000);
    add_pending("mid", "cpu=4", 50);
    core_reply_evict(&core, "low", OUTCOME_DONE);
    cr_expect_str_eq(nominated(), "n1");
    add_pending("p", "cpu=4", HIGH);
    cr_expect_eq(core_find(&core, "mid")->nominated_node_sym, SYM_EMPTY);
    cr_expect_neq(core_find(&core, "p")->nominated_node_sym, SYM_EMPTY);
    core_wait(&core, 20000);
    cr_expect_str_eq(cleared(), "mid");
}

/* It is not tried before its gate is gone, and the apiserver must not say meanwhile that it holds a
 * place. */
Test(preempt_nomination, a_gated_pod_loses_its_nomination_at_once)
{
    add_node("n1");
    add_running("low", "n1", "cpu=4", 1, 1000);
    const struct fixture_pod gated = {
        .name = "gated", .containers = "cpu=4", .priority = 50, .gates = 1, .nominated = "n1"};
    core_pod(&core, &gated);
    add_pending("p", "cpu=4", HIGH);
    cr_expect_str_eq(cleared(), "gated");
    cr_expect_eq(core_find(&core, "gated")->nominated_node_sym, SYM_EMPTY);
    const struct mem_call *call = mem_port_call(core.port, MEM_STATUS, -1);
    cr_expect_str_eq(call->reason, "", "its condition is the apiserver's: SchedulingGated");
    core_pod(&core, &gated); /* it was on its way when the write was */
    cr_expect_eq(core_find(&core, "gated")->nominated_node_sym, SYM_EMPTY);
    core_pod(&core, &(struct fixture_pod){
                        .name = "gated", .containers = "cpu=4", .priority = 50, .gates = 1});
    core_pod(&core, &gated); /* somebody nominates it again */
    cr_expect_neq(core_find(&core, "gated")->nominated_node_sym, SYM_EMPTY);
    core_wait(&core, 20000);
    cr_expect_str_eq(cleared(), "gated", "once");
}

Test(preempt_nomination, the_end_of_one_that_was_not_written_is_written_with_the_next_refusal)
{
    add_node("n1");
    add_running("low", "n1", "cpu=4", 1, 1000);
    core_pod(
        &core,
        &(struct fixture_pod){
            .name = "late", .containers = "cpu=4", .priority = 50, .gates = 1, .nominated = "n1"});
    add_pending("p", "cpu=4", HIGH);
    core_reply_status(&core, OUTCOME_THROTTLED);
    core_pod(&core, &(struct fixture_pod){
                        .name = "late", .containers = "cpu=4", .priority = 50, .nominated = "n1"});
    core_pass(&core);
    cr_expect_str_eq(cleared(), "late late");
}

/* As kube-scheduler: those of the same priority keep theirs. */
Test(preempt_nomination, those_of_equal_priority_keep_their_nomination)
{
    add_node("n1");
    add_running("a", "n1", "cpu=2", 1, 1000);
    add_running("b", "n1", "cpu=2", 2, 1000);
    core_pod(&core, &(struct fixture_pod){.name = "first",
                                          .containers = "cpu=2",
                                          .priority = HIGH,
                                          .nominated = "n1",
                                          .gates = 1});
    add_pending("p", "cpu=2", HIGH);
    cr_expect_str_eq(cleared(), "");
}

Test(preempt_nomination, room_held_by_a_nominated_pod_is_not_room)
{
    add_node("n1");
    add_running("a", "n1", "cpu=2", 1, 1000);
    add_running("b", "n1", "cpu=2", 2, 1000);
    core_pod(&core, &(struct fixture_pod){.name = "first",
                                          .containers = "cpu=2",
                                          .priority = HIGH,
                                          .nominated = "n1",
                                          .gates = 1});
    add_pending("p", "cpu=2", HIGH);
    cr_expect_eq(core.port->counts[MEM_EVICT], 1);
    core_reply_evict(&core, "b", OUTCOME_DONE);
    cr_expect_str_eq(victims(), "b a", "room for both");
}

/* It was on its way when the write was. */
Test(preempt_nomination, an_older_object_does_not_undo_a_nomination)
{
    add_node("n1");
    add_running("low", "n1", "cpu=4", 1, 1000);
    add_pending("p", "cpu=4", HIGH);
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=4", .priority = HIGH});
    cr_expect_neq(core_find(&core, "p")->nominated_node_sym, SYM_EMPTY);
}

/* What somebody else wrote meanwhile counts. */
Test(preempt_nomination, one_that_was_never_ours_ends_as_the_object_says)
{
    add_node("n1");
    core_pod(&core, &(struct fixture_pod){.name = "p", .gates = 1, .nominated = "n1"});
    core_pod(&core, &(struct fixture_pod){.name = "p", .gates = 1});
    cr_expect_eq(core_find(&core, "p")->nominated_node_sym, SYM_EMPTY);
}

Test(preempt_nomination, that_was_not_written_is_written_again)
{
    enum { LEFTOVER_MS = 6 * 60 * 1000 };
    add_node("n1");
    add_running("low", "n1", "cpu=4", 1, 1000);
    add_pending("p", "cpu=4", HIGH);
    core_reply_status(&core, OUTCOME_THROTTLED);
    for (int waited_ms = 0; waited_ms < LEFTOVER_MS; waited_ms += 10000)
        core_wait(&core, 10000);
    cr_expect_eq(core.port->counts[MEM_STATUS], 2);
    cr_expect_str_eq(nominated(), "n1");
}
