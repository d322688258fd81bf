/* Whether the labels of a unit arrived with the Binding that carried them (elastic-policies 10.3):
 * what the watch shows of the pod decides how they travel from then on. */
#include <criterion/criterion.h>

#include "tests/sched/core.h"

static struct core core;

static void setup(void)
{
    core_init(&core);
    core_node(&core, &(struct fixture_node){
                         .name = "e1", .allocatable = "cpu=4, pods=110", .labels = "pool=ecs"});
}

static void teardown(void)
{
    core_fini(&core);
}

TestSuite(unit_labels, .init = setup, .fini = teardown);

#define POLICY(generation, unit)                                                                   \
    "{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\",\"uid\":"                           \
    "\"00000000-0000-0000-0000-000000000001\",\"resourceVersion\":\"" generation                   \
    "\",\"generation\":" generation ",\"creationTimestamp\":\"2026-11-22T00:00:00Z\"},\"spec\":{"  \
    "\"selector\":{\"app\":\"web\"},\"units\":[" unit "]}}"
#define LABELLED                                                                                   \
    "{\"name\":\"ecs\",\"nodeSelector\":{\"pool\":\"ecs\"},\"podLabels\":{\"tier\":\"x\"}}"
#define PLAIN "{\"name\":\"ecs\",\"nodeSelector\":{\"pool\":\"ecs\"}}"

static void bind_pod(const char *policy)
{
    core_policy(&core, policy);
    core_pod(&core, &(struct fixture_pod){.name = "p", .containers = "cpu=1", .labels = "app=web"});
    core_pass(&core);
    cr_assert_eq(core.port->counts[MEM_BIND], 1);
}

/* The pod as the watch shows it on the node, with these labels. */
static void see_bound(const char *labels, const char *policy, const char *unit)
{
    struct pod_object *object = fixture_pod_object(
        &core.fixture,
        &(struct fixture_pod){.name = "p", .node = "e1", .containers = "cpu=1", .labels = labels});
    object->assignment =
        (struct assignment_object){.policy = str_from(policy), .unit = str_from(unit)};
    core_pod_object(&core, object);
    core_pass(&core);
}

Test(unit_labels, that_did_not_arrive_are_told_of)
{
    bind_pod(POLICY("1", LABELLED));
    core_reply_bind(&core, OUTCOME_DONE);
    see_bound("app=web", "web", "ecs");
    cr_assert_eq(core.port->counts[MEM_LABELS], 1);
    cr_expect_str_eq(mem_port_call(core.port, MEM_LABELS, 0)->pod, "p");
    see_bound("app=web", "web", "ecs");
    cr_expect_eq(core.port->counts[MEM_LABELS], 1, "once a pod");
}

Test(unit_labels, that_did_not_arrive_are_told_of_when_the_watch_is_faster_than_the_answer)
{
    bind_pod(POLICY("1", LABELLED));
    see_bound("app=web", "web", "ecs");
    core_reply_bind(&core, OUTCOME_DONE);
    cr_expect_eq(core.port->counts[MEM_LABELS], 1);
}

Test(unit_labels, with_another_value_did_not_arrive)
{
    bind_pod(POLICY("1", LABELLED));
    see_bound("app=web, tier=y", "web", "ecs");
    cr_expect_eq(core.port->counts[MEM_LABELS], 1);
}

Test(unit_labels, that_arrived_are_no_news)
{
    bind_pod(POLICY("1", LABELLED));
    see_bound("app=web, tier=x", "web", "ecs");
    see_bound("app=web", "web", "ecs"); /* taken off by somebody later */
    cr_expect_eq(core.port->counts[MEM_LABELS], 0);
}

Test(unit_labels, are_not_missed_where_the_unit_has_none)
{
    bind_pod(POLICY("1", PLAIN));
    see_bound("app=web", "web", "ecs");
    cr_expect_eq(core.port->counts[MEM_LABELS], 0);
}

/* Another scheduler was faster, and took the same node. */
Test(unit_labels, are_not_missed_in_the_binding_of_somebody_else)
{
    bind_pod(POLICY("1", LABELLED));
    see_bound("app=web", "", "");
    cr_expect_eq(core.port->counts[MEM_LABELS], 0);
}

/* They were none of the unit when the Binding left. */
Test(unit_labels, of_an_edit_after_the_bind_are_not_missed)
{
    bind_pod(POLICY("1", LABELLED));
    core_policy(&core, POLICY("2", "{\"name\":\"ecs\",\"nodeSelector\":{\"pool\":\"ecs\"},"
                                   "\"podLabels\":{\"tier\":\"y\"}}"));
    core_pass(&core);
    see_bound("app=web, tier=x", "web", "ecs");
    cr_expect_eq(core.port->counts[MEM_LABELS], 0);
}
