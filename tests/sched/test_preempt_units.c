/* Preemption between the units of a policy (elastic-policies 1.6): where victims are sought, and
 * when. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/sched/core.h"

static struct core core;

static void switch_on(struct sched_config *config)
{
    config->preempts = true;
}

/* A reserved node, a spot node, each of four cores; a virtual node that is full. */
static void setup(void)
{
    core_init_with(&core, switch_on);
    core_node(&core, &(struct fixture_node){
                         .name = "e1", .allocatable = "cpu=4, pods=110", .labels = "pool=ecs"});
    core_node(&core, &(struct fixture_node){
                         .name = "s1", .allocatable = "cpu=4, pods=110", .labels = "pool=spot"});
    core_node(&core, &(struct fixture_node){.name = "v1",
                                            .allocatable = "cpu=4, pods=110",
                                            .labels = "type=virtual-kubelet",
                                            .taints = "virtual-kubelet.io/provider=x:NoSchedule"});
}

static void teardown(void)
{
    core_fini(&core);
}

TestSuite(preempt_units, .init = setup, .fini = teardown);

#define POLICY(rules, units)                                                                       \
    "{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\",\"uid\":"                           \
    "\"00000000-0000-0000-0000-000000000001\",\"resourceVersion\":\"1\",\"generation\":1,"         \
    "\"creationTimestamp\":\"2026-11-22T00:00:00Z\"},\"spec\":{\"selector\":{\"app\":\"web\"}"     \
    "," rules ",\"units\":[" units "]}}"
#define AFTER     "\"preemptPolicy\":\"AfterAllUnits\""
#define BEFORE    "\"preemptPolicy\":\"BeforeNextUnit\""
#define ECS(more) "{\"name\":\"ecs\",\"nodeSelector\":{\"pool\":\"ecs\"}" more "}"
#define SPOT      "{\"name\":\"spot\",\"nodeSelector\":{\"pool\":\"spot\"}}"
#define ECI       "{\"name\":\"eci\",\"resource\":\"eci\"}"

static void add_on(const char *name, const char *node, const char *containers, const char *labels)
{
    core_pod(&core, &(struct fixture_pod){
                        .name = name, .node = node, .containers = containers, .labels = labels});
}

static void add_pending(const char *name, const char *containers)
{
    core_pod(&core,
             &(struct fixture_pod){
                 .name = name, .containers = containers, .labels = "app=web", .priority = 10});
    core_pass(&core);
}

static const char *victim(int n)
{
    return mem_port_call(core.port, MEM_EVICT, n)->pod;
}

Test(preempt_units, before_next_unit_evicts_though_the_next_one_has_room)
{
    core_policy(&core, POLICY(BEFORE, ECS("") "," SPOT));
    add_on("low", "e1", "cpu=4", "");
    add_pending("p", "cpu=4");
    cr_expect_eq(core.port->counts[MEM_BIND], 0);
    cr_assert_eq(core.port->counts[MEM_EVICT], 1);
    cr_expect_str_eq(victim(0), "low");
}

Test(preempt_units, after_all_units_takes_room_in_any_unit_first)
{
    core_policy(&core, POLICY(AFTER, ECS("") "," SPOT));
    add_on("low", "e1", "cpu=4", "");
    add_pending("p", "cpu=4");
    cr_expect_eq(core.port->counts[MEM_EVICT], 0);
    cr_expect_str_eq(core_bound_to(&core, 0), "s1");
}

Test(preempt_units, after_all_units_evicts_in_the_first_unit_that_helps)
{
    core_policy(&core, POLICY(AFTER, ECS("") "," SPOT));
    core_pod(&core, &(struct fixture_pod){
                        .name = "top", .node = "e1", .containers = "cpu=4", .priority = 99});
    add_on("low", "s1", "cpu=4", "");
    add_pending("p", "cpu=4");
    cr_assert_eq(core.port->counts[MEM_EVICT], 1);
    cr_expect_str_eq(victim(0), "low");
}

Test(preempt_units, before_next_unit_goes_on_where_it_does_not_help)
{
    core_policy(&core, POLICY(BEFORE, ECS("") "," SPOT));
    core_pod(&core, &(struct fixture_pod){
                        .name = "top", .node = "e1", .containers = "cpu=4", .priority = 99});
    add_pending("p", "cpu=4");
    cr_expect_eq(core.port->counts[MEM_EVICT], 0);
    cr_expect_str_eq(core_bound_to(&core, 0), "s1");
}

Test(preempt_units, virtual_nodes_are_never_preempted_into)
{
    static const char *const policies[] = {POLICY(AFTER, ECI), POLICY(BEFORE, ECI)};
    for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
        teardown();
        setup();
        core_policy(&core, policies[i]);
        add_on("low", "v1", "cpu=4", "");
        add_pending("p", "cpu=4");
        cr_expect_eq(core.port->counts[MEM_EVICT], 0);
        cr_expect_eq(core.port->counts[MEM_BIND], 0);
    }
}

/* The unit is full by count, its nodes have room: only a pod that counts frees a slot. */
Test(preempt_units, a_full_unit_gives_way_only_through_those_that_count_in_it)
{
    core_policy(&core, POLICY(BEFORE, ECS(",\"max\":1")));
    add_on("stranger", "e1", "cpu=1", "app=db");
    add_on("mine", "e1", "cpu=1", "app=web");
    add_pending("p", "cpu=1");
    cr_assert_eq(core.port->counts[MEM_EVICT], 1);
    cr_expect_str_eq(victim(0), "mine");
}

Test(preempt_units, a_full_unit_of_equals_stays_full)
{
    core_policy(&core, POLICY(BEFORE, ECS(",\"max\":1")));
    add_on("stranger", "e1", "cpu=1", "app=db");
    core_pod(&core, &(struct fixture_pod){.name = "mine",
                                          .node = "e1",
                                          .containers = "cpu=1",
                                          .labels = "app=web",
                                          .priority = 10});
    add_pending("p", "cpu=1");
    cr_expect_eq(core.port->counts[MEM_EVICT], 0);
}

/* Groups are counted apart: a victim of another group frees no slot of this one. */
Test(preempt_units, a_slot_of_another_group_is_no_slot)
{
    core_policy(&core, POLICY(BEFORE ",\"matchLabelKeys\":[\"hash\"]", ECS(",\"max\":1")));
    add_on("other", "e1", "cpu=1", "app=web, hash=1");
    core_pod(&core, &(struct fixture_pod){.name = "same",
                                          .node = "e1",
                                          .containers = "cpu=1",
                                          .labels = "app=web, hash=2",
                                          .priority = 5});
    core_pod(&core,
             &(struct fixture_pod){
                 .name = "p", .containers = "cpu=1", .labels = "app=web, hash=2", .priority = 10});
    core_pass(&core);
    cr_assert_eq(core.port->counts[MEM_EVICT], 1);
    cr_expect_str_eq(victim(0), "same");
}

/* Victims in the second unit are leaving: the first one is not asked for more, and the pod keeps
 * its nomination. */
Test(preempt_units, victims_that_leave_in_one_unit_are_enough)
{
    core_policy(&core, POLICY(BEFORE, ECS("") "," SPOT));
    core_pod(&core, &(struct fixture_pod){
                        .name = "top", .node = "e1", .containers = "cpu=4", .priority = 99});
    add_on("low", "s1", "cpu=4", "");
    add_pending("p", "cpu=4");
    cr_assert_eq(core.port->counts[MEM_EVICT], 1);
    (void)core_pod_gone(&core, &(struct fixture_pod){.name = "top", .node = "e1"});
    add_on("late", "e1", "cpu=1", "");
    core_pod(&core, &(struct fixture_pod){
                        .name = "top2", .node = "e1", .containers = "cpu=1", .priority = 1});
    core_wait(&core, 20000);
    cr_expect_eq(core.port->counts[MEM_EVICT], 1);
}

/* The same where only the unit's own type tolerates the node of the nomination. */
Test(preempt_units, a_taint_of_the_unit_does_not_end_the_waiting)
{
    core_node(&core, &(struct fixture_node){.name = "s1",
                                            .allocatable = "cpu=4, pods=110",
                                            .labels = "pool=spot, cloud.google.com/gke-spot=true",
                                            .taints = "cloud.google.com/gke-spot=true:NoSchedule"});
    core_policy(&core, POLICY(BEFORE, ECS("") ",{\"name\":\"spot\",\"resource\":\"spot\","
                                              "\"nodeSelector\":{\"pool\":\"spot\"}}"));
    add_on("low", "e1", "cpu=4", "");
    core_pod(&core, &(struct fixture_pod){.name = "victim",
                                          .node = "s1",
                                          .containers = "cpu=4",
                                          .is_deleting = true,
                                          .is_preempted = true});
    core_pod(&core, &(struct fixture_pod){.name = "p",
                                          .containers = "cpu=4",
                                          .labels = "app=web",
                                          .priority = 10,
                                          .nominated = "s1"});
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_EVICT], 0);
}

/* ---- what the pod says ---- */

static void expect_says(const char *text)
{
    const char *message = mem_port_call(core.port, MEM_STATUS, -1)->text;
    cr_expect(strstr(message, text), "\"%s\" does not hold \"%s\"", message, text);
}

Test(preempt_units, who_is_asked_to_leave_is_said_of_the_unit)
{
    core_policy(&core, POLICY(BEFORE, ECS("") "," SPOT));
    add_on("low", "e1", "cpu=2", "");
    add_on("lower", "e1", "cpu=2", "");
    add_pending("p", "cpu=4");
    cr_assert_eq(core.port->counts[MEM_STATUS], 1, "with the nomination");
    expect_says("Policy web, generation 1: ecs: no node takes it, preemption of 2 pods on node e1; "
                "spot: not tried.");
}

Test(preempt_units, that_victims_are_still_leaving_is_said)
{
    core_policy(&core, POLICY(BEFORE, ECS("")));
    core_pod(&core, &(struct fixture_pod){.name = "victim",
                                          .node = "e1",
                                          .containers = "cpu=4",
                                          .is_deleting = true,
                                          .is_preempted = true});
    core_pod(&core, &(struct fixture_pod){.name = "p",
                                          .containers = "cpu=4",
                                          .labels = "app=web",
                                          .priority = 10,
                                          .nominated = "e1"});
    core_pass(&core);
    expect_says("ecs: no node takes it, preemption waits for its victims to leave.");
}

Test(preempt_units, that_nobody_would_make_room_is_said_of_each_unit_that_was_asked)
{
    core_policy(&core, POLICY(AFTER, ECS("") "," SPOT "," ECI));
    core_pod(&core, &(struct fixture_pod){
                        .name = "top1", .node = "e1", .containers = "cpu=4", .priority = 99});
    core_pod(&core, &(struct fixture_pod){
                        .name = "top2", .node = "s1", .containers = "cpu=4", .priority = 99});
    add_on("low", "v1", "cpu=4", "");
    add_pending("p", "cpu=4");
    expect_says("ecs: no node takes it, preemption finds no victims, next unit tried; "
                "spot: no node takes it, preemption finds no victims, next unit tried; "
                "eci: no node takes it");
    cr_expect_null(
        strstr(strstr(mem_port_call(core.port, MEM_STATUS, -1)->text, "eci: "), "preemption"),
        "virtual nodes are never asked");
}

Test(preempt_units, a_pod_that_may_not_preempt_says_so)
{
    core_policy(&core, POLICY(AFTER, ECS("")));
    add_on("low", "e1", "cpu=4", "");
    core_pod(&core, &(struct fixture_pod){.name = "p",
                                          .containers = "cpu=4",
                                          .labels = "app=web",
                                          .priority = 10,
                                          .preempts_never = true});
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_EVICT], 0);
    expect_says("ecs: no node takes it, preemption not allowed by preemptionPolicy=Never");
}
