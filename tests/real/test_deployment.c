/* What a user of the cluster sees, through the real controllers, kwok's kubelets and kubectl. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "tests/real/world.h"

static const struct node_kind small_node = {
    .prefix = "small",
    .allocatable = "{\"cpu\":\"2\",\"memory\":\"8Gi\",\"pods\":\"110\"}",
};
static const struct node_kind large_node = {
    .prefix = "large",
    .allocatable = "{\"cpu\":\"16\",\"memory\":\"64Gi\",\"pods\":\"110\"}",
};
static const char *const four_cpus[] = {"{\"cpu\":\"4\"}"};
static const struct pod_kind large_pod = {
    .prefix = "wide",
    .scheduler = "spillway",
    .requests = four_cpus,
    .request_count = ARRAY_LEN(four_cpus),
};

static void expect_in(const char *text, const char *part)
{
    cr_expect(strstr(text, part), "\"%s\" is not in:\n%s", part, text);
}

/* The text of kubectl describe, from "Events:" on, with single blanks. */
static char *described_events(const struct world *world, const char *pod)
{
    char *text CLEANUP(mem_freep) = world_kubectl(world, "describe", "pod", pod, NULL);
    const char *events = strstr(text, "Events:");
    cr_assert(events, "no events in:\n%s", text);
    return world_squeeze(mem_strdup(events));
}

Test(deployment, becomes_available, .timeout = 300)
{
    struct world world;
    world_open(&world, "available");
    world_add_nodes(&world, &small_node, 3);
    world_start_spillway(&world, "token");

    static const char patch[] = "{\"spec\":{\"template\":{\"spec\":"
                                "{\"schedulerName\":\"spillway\"}}}}";
    free(world_kubectl(&world, "create", "deployment", "web", "--image=registry.invalid/web:1",
                       "--replicas=0", NULL));
    free(world_kubectl(&world, "patch", "deployment", "web", "--patch", patch, NULL));
    free(world_kubectl(&world, "scale", "deployment", "web", "--replicas=6", NULL));
    char *rollout CLEANUP(mem_freep) =
        world_kubectl(&world, "rollout", "status", "deployment/web", "--timeout=50s", NULL);
    expect_in(rollout, "successfully rolled out");
    char *phases CLEANUP(mem_freep) =
        world_kubectl(&world, "get", "pods", "--output=jsonpath={.items[*].status.phase}", NULL);
    cr_expect_str_eq(phases, "Running Running Running Running Running Running");
    world_close(&world);
}

Test(deployment, describe_tells_who_assigned_the_pod_and_where, .timeout = 300)
{
    struct world world;
    world_open(&world, "assigned");
    world_add_nodes(&world, &large_node, 1);
    world_start_spillway(&world, "token");
    world_add_pods(&world, &large_pod, 1);

    json_decref(world_await_pod_event(&world, "wide-0", "Scheduled"));
    char *events CLEANUP(mem_freep) = described_events(&world, "wide-0");
    expect_in(events, "\n Normal Scheduled ");
    expect_in(events, " spillway Successfully assigned test-assigned/wide-0 to large-0");
    cr_expect(!strstr(events, "<unknown>"), "an event without a time or a source:\n%s", events);
    world_close(&world);
}

Test(deployment, describe_tells_why_a_pod_waits_and_a_fitting_node_ends_the_wait, .timeout = 300)
{
    struct world world;
    world_open(&world, "waits");
    world_add_nodes(&world, &small_node, 3);
    world_start_spillway(&world, "token");
    world_add_pods(&world, &large_pod, 1);

    char *message CLEANUP(mem_freep) = world_await_refusal(&world, "wide-0", "Unschedulable");
    cr_expect_str_eq(message, "0/3 nodes are available: 3 Insufficient cpu.");
    json_decref(world_await_pod_event(&world, "wide-0", "FailedScheduling"));
    char *events CLEANUP(mem_freep) = described_events(&world, "wide-0");
    expect_in(events, "\n Warning FailedScheduling ");
    expect_in(events, " spillway 0/3 nodes are available: 3 Insufficient cpu.");
    cr_expect(!strstr(events, "<unknown>"), "an event without a time or a source:\n%s", events);

    world_add_nodes(&world, &large_node, 1);
    char *node CLEANUP(mem_freep) = world_await_bound(&world, "wide-0");
    cr_expect_str_eq(node, "large-0");
    free(world_kubectl(&world, "wait", "pod/wide-0", "--for=condition=Ready", "--timeout=50s",
                       NULL));
    world_close(&world);
}

Test(deployment, cordoned_nodes_are_left_alone_until_uncordoned, .timeout = 300)
{
    struct world world;
    world_open(&world, "cordon");
    world_add_nodes(&world, &large_node, 3);
    free(world_kubectl(&world, "cordon", "large-0", "large-1", "large-2", NULL));
    world_start_spillway(&world, "token");
    world_add_pods(&world, &large_pod, 1);

    char *message CLEANUP(mem_freep) = world_await_refusal(&world, "wide-0", "Unschedulable");
    cr_expect_str_eq(message, "0/3 nodes are available: 3 node(s) were unschedulable.");
    free(world_kubectl(&world, "uncordon", "large-1", NULL));
    char *node CLEANUP(mem_freep) = world_await_bound(&world, "wide-0");
    cr_expect_str_eq(node, "large-1");
    world_close(&world);
}

Test(deployment, pods_of_other_schedulers_are_left_alone, .timeout = 300)
{
    struct world world;
    world_open(&world, "others");
    world_add_nodes(&world, &large_node, 1);
    struct pod_kind other = large_pod;
    other.prefix = "foreign";
    other.scheduler = "someone-else";
    world_add_pods(&world, &other, 1);
    world_start_spillway(&world, "token");
    /* Made after it: when this one is bound, the other has been seen and left. */
    world_add_pods(&world, &large_pod, 1);
    free(world_await_bound(&world, "wide-0"));

    char *node CLEANUP(mem_freep) = world_kubectl(
        &world, "get", "pod", "foreign-0", "--output=jsonpath={.spec.nodeName}{.status}", NULL);
    cr_expect_str_eq(node, "{\"phase\":\"Pending\",\"qosClass\":\"Burstable\"}");
    world_close(&world);
}

Test(deployment, sigterm_ends_it_with_exit_code_0, .timeout = 300)
{
    struct world world;
    world_open(&world, "sigterm");
    world_add_nodes(&world, &large_node, 1);
    world_start_spillway(&world, "token");
    world_add_pods(&world, &large_pod, 1);
    free(world_await_bound(&world, "wide-0"));
    int exit_code = world_stop_spillway(&world);
    cr_expect(exit_code == 0, "exit code %d", exit_code);
    world_close(&world);
}
