/* The requests that end victims (kube-scheduler.md A14.6): in which order, and what follows from
 * their answers. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/sched/core.h"

static struct core core;

static void switch_on(struct sched_config *config)
{
    config->preempts = true;
}

/* One node full of three victims, and a pod that needs the room of all. */
static void setup(void)
{
    core_init_with(&core, switch_on);
    core_node(&core, &(struct fixture_node){.name = "n1", .allocatable = "cpu=3, pods=10"});
    static const char *const names[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++)
        core_pod(&core,
                 &(struct fixture_pod){
                     .name = names[i], .node = "n1", .containers = "cpu=1", .priority = 3 - i});
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=3", .priority = 9});
}

static void teardown(void)
{
    core_fini(&core);
}

TestSuite(eviction, .init = setup, .fini = teardown);

static uint32_t asked(void)
{
    return core.port->counts[MEM_EVICT];
}

static const char *last_asked(void)
{
    return mem_port_call(core.port, MEM_EVICT, -1)->pod;
}

Test(eviction, the_last_victim_waits_for_the_answers_of_the_others)
{
    core_pass(&core);
    cr_expect_eq(asked(), 2);
    core_reply_evict(&core, "b", OUTCOME_DONE);
    cr_expect_eq(asked(), 2);
    core_reply_evict(&core, "a", OUTCOME_GONE);
    cr_expect_eq(asked(), 3);
    cr_expect_str_eq(last_asked(), "c");
    core_reply_evict(&core, "c", OUTCOME_DONE);
    cr_expect_eq(sched_stats(core.sched).evicted, 3);
}

Test(eviction, a_victim_that_was_asked_gets_an_event_that_names_the_pod_and_the_node)
{
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_EVENT], 1, "that of the pod itself");
    core_reply_evict(&core, "a", OUTCOME_DONE);
    cr_assert_eq(core.port->counts[MEM_EVENT], 2);
    const struct mem_call *event = mem_port_call(core.port, MEM_EVENT, 1);
    cr_expect_str_eq(event->reason, "Preempted");
    cr_expect_str_eq(event->pod, "a");
    cr_expect(!event->is_warning);
    cr_expect(strstr(event->text, "Preempted by pod ") == event->text);
    cr_expect(strstr(event->text, " on node n1"));
    core_reply_evict(&core, "b", OUTCOME_FORBIDDEN);
    cr_expect_eq(core.port->counts[MEM_EVENT], 2, "b stays");
}

/* The last victim is asked, and told of, when the node is no more. */
Test(eviction, goes_on_when_the_node_is_gone)
{
    core_pass(&core);
    struct event gone = {
        .kind = EVENT_NODE_GONE,
        .node = fixture_node_object(&core.fixture, &(struct fixture_node){.name = "n1"})};
    sched_on_event(core.sched, &gone);
    core_reply_evict(&core, "a", OUTCOME_DONE);
    core_reply_evict(&core, "b", OUTCOME_DONE);
    core_reply_evict(&core, "c", OUTCOME_DONE);
    cr_expect(strstr(mem_port_call(core.port, MEM_EVENT, -1)->text, " on node n1"));
}

Test(eviction, a_refusal_spares_the_last_one_and_the_pod_is_tried_again_at_once)
{
    core_pass(&core);
    core_reply_evict(&core, "a", OUTCOME_FORBIDDEN);
    cr_expect_eq(asked(), 2, "b is still on its way");
    uint64_t attempts = sched_stats(core.sched).attempts;
    core_reply_evict(&core, "b", OUTCOME_DONE);
    cr_expect_eq(asked(), 2, "c is spared");
    core_wait(&core, 1000);
    cr_expect_eq(sched_stats(core.sched).attempts, attempts + 1);
}

Test(eviction, after_a_refusal_the_same_victim_may_be_asked_again)
{
    core_pass(&core);
    core_reply_evict(&core, "a", OUTCOME_FORBIDDEN);
    core_reply_evict(&core, "b", OUTCOME_FORBIDDEN);
    core_wait(&core, 1000);
    cr_expect_eq(asked(), 4);
}

Test(eviction, the_last_one_is_spared_when_the_pod_is_gone)
{
    core_pass(&core);
    (void)core_pod_gone(&core, &(struct fixture_pod){.name = "p"});
    core_reply_evict(&core, "a", OUTCOME_DONE);
    core_reply_evict(&core, "b", OUTCOME_DONE);
    cr_expect_eq(asked(), 2);
}

Test(eviction, the_last_one_is_spared_when_the_pod_found_another_node)
{
    core_pass(&core);
    core_node(&core, &(struct fixture_node){.name = "n2", .allocatable = "cpu=3, pods=10"});
    core_wait(&core, 20000);
    cr_assert_eq(core.port->counts[MEM_BIND], 1);
    core_reply_evict(&core, "a", OUTCOME_DONE);
    core_reply_evict(&core, "b", OUTCOME_DONE);
    cr_expect_eq(asked(), 2);
}

Test(eviction, a_victim_that_leaves_anyway_is_not_asked)
{
    core_pod(&core, &(struct fixture_pod){
                        .name = "b", .node = "n1", .containers = "cpu=1", .is_deleting = true});
    core_pass(&core);
    cr_expect_eq(asked(), 1);
    cr_expect_str_eq(last_asked(), "a");
}

/* A second pod preempts the same victim, while the answer for the first is out. */
Test(eviction, nobody_is_asked_twice_at_a_time)
{
    core_pass(&core);
    core_pod(&core, &(struct fixture_pod){.name = "q", .containers = "cpu=3", .priority = 10});
    core_pass(&core);
    for (uint32_t i = 0; i < asked(); i++)
        for (uint32_t k = i + 1; k < asked(); k++)
            cr_expect_str_neq(mem_port_call(core.port, MEM_EVICT, (int)i)->pod,
                              mem_port_call(core.port, MEM_EVICT, (int)k)->pod);
}

Test(eviction, an_end_in_the_middle_leaves_nothing_behind)
{
    core_pass(&core);
    cr_expect_eq(asked(), 2, "teardown frees what waits for an answer");
}

Test(eviction, a_name_taken_by_another_pod_is_no_victim)
{
    core_pass(&core);
    core_reply_evict(&core, "a", OUTCOME_DONE);
    (void)core_pod_gone(&core, &(struct fixture_pod){.name = "c", .node = "n1"});
    core_reply_evict(&core, "b", OUTCOME_DONE);
    cr_expect_eq(asked(), 2, "c is gone");
}
