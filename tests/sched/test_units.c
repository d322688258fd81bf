/* The walk through the units of a policy, as the core does it: where pods go, what travels with the
 * bind, what those read that wait, and who is tried again when. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/sched/core.h"

static struct core core;

enum { PODS_MAX = 64 };

static char names[PODS_MAX][8];

/* Two reserved nodes of four cores, two spot nodes of four, one virtual node. */
static void setup(void)
{
    core_init(&core);
    for (int i = 0; i < PODS_MAX; i++)
        (void)snprintf(names[i], sizeof(names[i]), "p%d", i);
    core_node(&core, &(struct fixture_node){
                         .name = "e1", .allocatable = "cpu=4, pods=110", .labels = "pool=ecs"});
    core_node(&core, &(struct fixture_node){
                         .name = "e2", .allocatable = "cpu=4, pods=110", .labels = "pool=ecs"});
    core_node(&core, &(struct fixture_node){
                         .name = "s1", .allocatable = "cpu=4, pods=110", .labels = "pool=spot"});
    core_node(&core, &(struct fixture_node){
                         .name = "s2", .allocatable = "cpu=4, pods=110", .labels = "pool=spot"});
    core_node(&core, &(struct fixture_node){.name = "v1",
                                            .allocatable = "cpu=1000, pods=10000",
                                            .labels = "type=virtual-kubelet",
                                            .taints = "virtual-kubelet.io/provider=x:NoSchedule"});
}

static void teardown(void)
{
    core_fini(&core);
}

TestSuite(units, .init = setup, .fini = teardown);

#define POLICY(generation, ...)                                                                    \
    "{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\",\"uid\":"                           \
    "\"00000000-0000-0000-0000-000000000001\",\"resourceVersion\":\"" #generation                  \
    "\",\"generation\":" #generation ",\"creationTimestamp\":\"2026-11-22T00:00:00Z\"},\"spec\":{" \
    "\"selector\":{\"app\":\"web\"}," __VA_ARGS__ "}}"
#define ECS(more)             "{\"name\":\"ecs\",\"nodeSelector\":{\"pool\":\"ecs\"}" more "}"
#define SPOT(more)            "{\"name\":\"spot\",\"nodeSelector\":{\"pool\":\"spot\"}" more "}"
#define ECI                   "{\"name\":\"eci\",\"resource\":\"eci\"}"
#define ONE_UNIT(a)           "\"units\":[" a "]"
#define TWO_UNITS(a, b)       "\"units\":[" a "," b "]"
#define THREE_UNITS(a, b, c)  "\"units\":[" a "," b "," c "]"
#define PICK(a, b, c, d, ...) d
#define UNITS(...)            PICK(__VA_ARGS__, THREE_UNITS, TWO_UNITS, ONE_UNIT, 0)(__VA_ARGS__)

static void add_pods(int from, int to, const char *containers)
{
    for (int i = from; i < to; i++)
        core_pod(&core, &(struct fixture_pod){
                            .name = names[i], .containers = containers, .labels = "app=web"});
    core_pass(&core);
}

/* The first letter of the node of each bind, in order: "eessv". */
static const char *where(void)
{
    static char text[PODS_MAX + 1];
    uint32_t count = core.port->counts[MEM_BIND];
    for (uint32_t i = 0; i < count; i++)
        text[i] = core_bound_to(&core, (int)i)[0];
    text[count] = '\0';
    return text;
}

static const char *last_message(void)
{
    return mem_port_call(core.port, MEM_STATUS, -1)->text;
}

Test(units, fill_in_order_each_up_to_its_max)
{
    core_policy(&core, POLICY(1, UNITS(ECS(",\"max\":2"), SPOT(",\"max\":3"), ECI)));
    add_pods(0, 7, "cpu=100m");
    cr_expect_str_eq(where(), "eesssvv");
}

Test(units, spill_when_a_unit_has_no_room)
{
    core_policy(&core, POLICY(1, UNITS(ECS(""), SPOT(""), ECI)));
    add_pods(0, 5, "cpu=3"); /* one a node */
    cr_expect_str_eq(where(), "eessv");
}

Test(units, respect_max_resources_from_the_first_pod_on)
{
    core_policy(&core, POLICY(1, UNITS(ECS(",\"maxResources\":{\"cpu\":\"2500m\"}"), ECI)));
    add_pods(0, 4, "cpu=1");
    cr_expect_str_eq(where(), "eevv");
}

Test(units, leave_pods_of_no_policy_alone)
{
    core_policy(&core, POLICY(1, UNITS(SPOT(",\"max\":1"))));
    core_pod(&core, &(struct fixture_pod){.name = "other", .containers = "cpu=1"});
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 1);
    cr_expect_str_eq(mem_port_call(core.port, MEM_BIND, 0)->annotations, "");
}

Test(units, travel_in_the_binding_with_the_deletion_cost)
{
    core_policy(&core, POLICY(7, UNITS(ECS(",\"max\":1"),
                                       SPOT(",\"podAnnotations\":{\"a\":\"b\"},"
                                            "\"podLabels\":{\"c\":\"d\"}"),
                                       ECI)));
    add_pods(0, 2, "cpu=1");
    cr_expect_str_eq(mem_port_call(core.port, MEM_BIND, 0)->annotations,
                     "scheduling.spillway.io/policy=web,scheduling.spillway.io/unit=ecs,"
                     "scheduling.spillway.io/policy-generation=7,"
                     "controller.kubernetes.io/pod-deletion-cost=300,"
                     "scheduling.spillway.io/deletion-cost=300");
    cr_expect_str_eq(mem_port_call(core.port, MEM_BIND, 1)->annotations,
                     "a=b,scheduling.spillway.io/policy=web,scheduling.spillway.io/unit=spot,"
                     "scheduling.spillway.io/policy-generation=7,"
                     "controller.kubernetes.io/pod-deletion-cost=200,"
                     "scheduling.spillway.io/deletion-cost=200");
    cr_expect_str_eq(mem_port_call(core.port, MEM_BIND, 1)->labels, "c=d");
}

Test(units, say_for_each_why_it_refused)
{
    core_policy(&core, POLICY(3, UNITS(ECS(",\"max\":1"), SPOT(""))));
    add_pods(0, 4, "cpu=3");
    cr_expect_str_eq(where(), "ess");
    cr_expect_str_eq(last_message(),
                     "0/5 nodes are available: 1 node(s) in no unit of the ResourcePolicy, 2 "
                     "Insufficient cpu, 2 node(s) in full units. Policy web, generation 3: ecs: "
                     "full, 1 of 1 pods, next unit tried; spot: no node takes it, next unit tried; "
                     "other nodes: not allowed.");
}

Test(units, wait_for_a_capped_one_under_exceed_max)
{
    core_policy(&core, POLICY(1, "\"whenTryNextUnits\":{\"policy\":\"ExceedMax\"}," UNITS(
                                     ECS(",\"max\":4"), ECI)));
    add_pods(0, 3, "cpu=3");
    cr_expect_str_eq(where(), "ee", "the third waits: the unit is not full, only out of nodes");
    cr_expect(
        strstr(last_message(), "ecs: no node takes it, next unit only when this one is full"));
}

Test(units, try_the_next_one_after_the_timeout)
{
    core_policy(&core, POLICY(1, "\"whenTryNextUnits\":{\"policy\":\"TimeoutOrExceedMax\","
                                 "\"timeout\":\"1m\"}," UNITS(ECS(",\"max\":4"), ECI)));
    add_pods(0, 3, "cpu=3");
    cr_expect_str_eq(where(), "ee");
    core_wait(&core, 59999);
    cr_expect_str_eq(where(), "ee");
    core_wait(&core, 1);
    cr_expect_str_eq(where(), "eev");
}

Test(units, of_acs_do_not_time_out)
{
    core_policy(&core,
                POLICY(1, "\"whenTryNextUnits\":{\"policy\":\"TimeoutOrExceedMax\","
                          "\"timeout\":\"1m\"}," UNITS(
                              "{\"name\":\"acs\",\"resource\":\"acs\",\"max\":4}", ECS(""))));
    core_node(&core, &(struct fixture_node){.name = "v1",
                                            .allocatable = "cpu=0, pods=0",
                                            .labels = "type=virtual-kubelet"});
    add_pods(0, 1, "cpu=1");
    core_wait(&core, 200 * 1000);
    cr_expect_str_eq(where(), "", "it waits for the unit's room, not for its clock");
    cr_expect(strstr(last_message(), "acs: no node takes it, next unit only when this one is full"),
              "%s", last_message());
}

Test(units, give_a_freed_slot_to_one_of_those_that_wait)
{
    core_policy(&core, POLICY(1, UNITS(ECS(",\"max\":2"))));
    add_pods(0, 12, "cpu=100m");
    cr_expect_str_eq(where(), "ee");
    uint64_t attempts = sched_stats(core.sched).attempts;
    cr_expect_eq(attempts, 12);
    core_wait(&core, 20000); /* no backoff is left */
    (void)core_pod_gone(&core, &(struct fixture_pod){.name = "p0"});
    core_pass(&core);
    cr_expect_str_eq(where(), "eee");
    cr_expect_leq(sched_stats(core.sched).attempts - attempts, 2);
}

Test(units, give_a_freed_slot_to_one_however_many_sizes_wait)
{
    static const char *const sizes[] = {"cpu=100m", "cpu=200m", "cpu=300m", "cpu=400m", "cpu=500m"};
    core_policy(&core, POLICY(1, UNITS(ECS(",\"max\":2"), SPOT(",\"max\":1"))));
    for (int i = 0; i < 15; i++)
        add_pods(i, i + 1, sizes[i % 5]);
    cr_expect_str_eq(where(), "ees");
    core_wait(&core, 20000); /* no backoff is left */
    for (int i = 0; i < 3; i++) {
        uint64_t attempts = sched_stats(core.sched).attempts;
        (void)core_pod_gone(&core, &(struct fixture_pod){.name = names[i]});
        core_pass(&core);
        cr_expect_eq(core.port->counts[MEM_BIND], (uint32_t)i + 4);
        cr_expect_leq(sched_stats(core.sched).attempts - attempts, 2);
        core_wait(&core, 20000);
    }
    cr_expect_str_eq(where(), "eesees");
}

/* What the largest pod lacks, a smaller one may have: it is not passed over for it. */
Test(units, offer_room_to_each_size_that_waits)
{
    core_policy(&core, POLICY(1, UNITS(ECS(",\"max\":2"), SPOT(",\"max\":2"))));
    add_pods(0, 2, "cpu=4");
    add_pods(2, 4, "cpu=4");
    add_pods(4, 5, "cpu=8");
    add_pods(5, 6, "cpu=1");
    cr_expect_str_eq(where(), "eess");
    core_wait(&core, 20000);
    (void)core_pod_gone(&core, &(struct fixture_pod){.name = "p0"});
    core_pass(&core);
    cr_expect_str_eq(where(), "eesse", "p4 is tried first and fits nowhere");
    cr_expect_str_eq(mem_port_call(core.port, MEM_BIND, -1)->pod, "p5");
}

Test(units, take_in_a_node_that_joins)
{
    core_policy(&core, POLICY(1, UNITS(ECS(""))));
    add_pods(0, 4, "cpu=3");
    cr_expect_str_eq(where(), "ee");
    core_wait(&core, 20000);
    core_node(&core, &(struct fixture_node){.name = "x1", .allocatable = "cpu=8, pods=110"});
    core_pass(&core);
    cr_expect_str_eq(where(), "ee", "it is in no unit");
    core_node(&core, &(struct fixture_node){
                         .name = "x1", .allocatable = "cpu=8, pods=110", .labels = "pool=ecs"});
    core_pass(&core);
    cr_expect_str_eq(where(), "eexx", "both fit there");
}

Test(units, follow_an_edit_while_pods_wait)
{
    core_policy(&core, POLICY(1, UNITS(ECS(",\"max\":1"))));
    add_pods(0, 4, "cpu=100m");
    cr_expect_str_eq(where(), "e");
    core_wait(&core, 20000);
    core_policy(&core, POLICY(2, UNITS(ECS(",\"max\":3"))));
    core_pass(&core);
    cr_expect_str_eq(where(), "eee");
    core_wait(&core, 20000);
    core_policy_gone(&core, POLICY(2, UNITS(ECS(",\"max\":3"))));
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 4, "without a policy any node will do");
}

Test(units, never_tolerate_no_execute_for_a_pod)
{
    core_node(&core, &(struct fixture_node){.name = "v1",
                                            .allocatable = "cpu=1000, pods=10000",
                                            .labels = "type=virtual-kubelet",
                                            .taints = "virtual-kubelet.io/provider=x:NoExecute"});
    core_policy(&core, POLICY(1, UNITS(ECI)));
    add_pods(0, 1, "cpu=1");
    cr_expect_eq(core.port->counts[MEM_BIND], 0);
}

Test(units, give_back_the_slot_of_a_bind_that_failed)
{
    core_policy(&core, POLICY(1, UNITS(ECS(",\"max\":1"), ECI)));
    add_pods(0, 1, "cpu=1");
    core_reply_bind(&core, OUTCOME_INVALID);
    add_pods(1, 2, "cpu=1");
    cr_expect_str_eq(where(), "ee", "the slot of the first is free again");
}

Test(units, pace_binds_into_eci)
{
    core_policy(&core, POLICY(1, UNITS(ECI)));
    core.port->room = 1000;
    for (int i = 0; i < 150; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "q%d", i);
        core_pod(&core,
                 &(struct fixture_pod){.name = name, .containers = "cpu=1m", .labels = "app=web"});
    }
    core_pass(&core);
    cr_expect_eq(core.port->counts[MEM_BIND], 100, "the burst");
    core_wait(&core, 1000);
    cr_expect_eq(core.port->counts[MEM_BIND], 120, "twenty a second");
    core_wait(&core, 2000);
    cr_expect_eq(core.port->counts[MEM_BIND], 150);
}

Test(units, use_other_nodes_only_where_the_policy_allows_it)
{
    core_policy(&core, POLICY(1, "\"overflow\":\"anywhere\"," UNITS(ECS(",\"max\":1"))));
    add_pods(0, 2, "cpu=1");
    cr_expect_str_eq(where(), "es");
}

Test(units, fill_minima_first)
{
    core_policy(&core, POLICY(1, UNITS(ECS(""), SPOT(",\"min\":2"))));
    add_pods(0, 4, "cpu=100m");
    cr_expect_str_eq(where(), "ssee");
}

Test(units, are_skipped_by_a_pod_they_refused_while_they_cool_down)
{
    core_policy(&core, POLICY(1, UNITS(ECS(",\"coolDown\":\"5m\""))));
    add_pods(0, 3, "cpu=3");
    cr_expect_str_eq(where(), "ee");
    core_node(&core, &(struct fixture_node){
                         .name = "e3", .allocatable = "cpu=4, pods=110", .labels = "pool=ecs"});
    core_wait(&core, 20000);
    cr_expect_str_eq(where(), "ee", "the third skips the unit");
    cr_expect(strstr(last_message(), "ecs: cooling down until 1970-01-01T00:05:00Z"), "%s",
              last_message());
    add_pods(3, 4, "cpu=100m");
    cr_expect_str_eq(where(), "eee", "others do not");
    core_wait(&core, 5 * 60 * 1000);
    cr_expect_str_eq(where(), "eeee");
}

Test(units, cool_down_when_a_virtual_node_does_not_start_a_pod)
{
    core_policy(
        &core,
        POLICY(1, UNITS("{\"name\":\"eci\",\"resource\":\"eci\",\"coolDown\":\"1m\"}", SPOT(""))));
    add_pods(0, 1, "cpu=1");
    core_pod(&core, &(struct fixture_pod){
                        .name = "p0", .node = "v1", .containers = "cpu=1", .labels = "app=web"});
    (void)core_pod_gone(&core, &(struct fixture_pod){.name = "p0", .node = "v1"});
    add_pods(1, 2, "cpu=1");
    cr_expect_str_eq(where(), "vs");
    core_wait(&core, 60 * 1000);
    add_pods(2, 3, "cpu=1");
    cr_expect_str_eq(where(), "vsv");
}
