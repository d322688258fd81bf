/*
 * Pods that spillway must not bind, or not yet. What it cannot judge (a required rule of a feature
 * it does not have) waits and says so; preferences of such features only lose their points.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "tests/real/world.h"

#define APP_TERM                                                                                   \
    "{\"labelSelector\":{\"matchLabels\":{\"app\":\"web\"}},\"topologyKey\":"                      \
    "\"kubernetes.io/hostname\"}"
#define SPREAD(action)                                                                             \
    "\"topologySpreadConstraints\":[{\"maxSkew\":1,\"topologyKey\":\"kubernetes.io/hostname\","    \
    "\"whenUnsatisfiable\":\"" action "\",\"labelSelector\":{\"matchLabels\":{\"app\":\"web\"}}}]"

static const struct node_kind node = {
    .prefix = "node",
    .allocatable = "{\"cpu\":\"4\",\"memory\":\"8Gi\",\"pods\":\"110\"}",
    .labels = "{\"kubernetes.io/hostname\":\"node-0\"}",
};
static const struct pod_kind plain = {.prefix = "plain", .scheduler = "spillway"};

static void expect_no_node(struct world *world, const char *pod)
{
    char *name CLEANUP(mem_freep) =
        world_kubectl(world, "get", "pod", pod, "--output=jsonpath={.spec.nodeName}", NULL);
    cr_expect_str_eq(name, "", "pod %s is on %s", pod, name);
}

/* What it needs, and a word of the feature's name that its condition must hold. */
static const struct {
    const char *spec;
    const char *word;
} unjudged[] = {
    {"\"affinity\":{\"podAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":[" APP_TERM
     "]}}",
     "affinity"},
    {"\"affinity\":{\"podAntiAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\""
     ":[" APP_TERM "]}}",
     "affinity"},
    {SPREAD("DoNotSchedule"), "spread"},
    {"\"volumes\":[{\"name\":\"data\",\"persistentVolumeClaim\":{\"claimName\":\"data\"}}]",
     "claim"},
    {"\"resourceClaims\":[{\"name\":\"device\",\"resourceClaimName\":\"device\"}]", "claim"},
};

Test(waiting, a_required_rule_it_cannot_judge_is_named_and_the_pod_not_bound, .timeout = 300)
{
    struct world world;
    world_open(&world, "unjudged");
    world_add_nodes(&world, &node, 1);
    world_start_spillway(&world, "token");
    for (size_t i = 0; i < ARRAY_LEN(unjudged); i++) {
        char prefix[32];
        (void)snprintf(prefix, sizeof(prefix), "needs-%zu", i);
        struct pod_kind kind = plain;
        kind.prefix = prefix;
        kind.spec = unjudged[i].spec;
        world_add_pods(&world, &kind, 1);
    }
    for (size_t i = 0; i < ARRAY_LEN(unjudged); i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "needs-%zu-0", i);
        char *message CLEANUP(mem_freep) = world_await_refusal(&world, name, NULL);
        cr_expect(strcasestr(message, unjudged[i].word), "case %zu: no \"%s\" in: %s", i,
                  unjudged[i].word, message);
        expect_no_node(&world, name);
    }
    world_close(&world);
}

static const char *const preferences[] = {
    "\"affinity\":{\"podAffinity\":{\"preferredDuringSchedulingIgnoredDuringExecution\":[{"
    "\"weight\":1,\"podAffinityTerm\":" APP_TERM "}]}}",
    "\"affinity\":{\"podAntiAffinity\":{\"preferredDuringSchedulingIgnoredDuringExecution\":[{"
    "\"weight\":1,\"podAffinityTerm\":" APP_TERM "}]}}",
    SPREAD("ScheduleAnyway"),
    "\"affinity\":{\"nodeAffinity\":{\"preferredDuringSchedulingIgnoredDuringExecution\":[{"
    "\"weight\":1,\"preference\":{\"matchExpressions\":[{\"key\":\"zone\",\"operator\":\"In\","
    "\"values\":[\"b\"]}]}}]}}",
};

Test(waiting, a_preference_keeps_no_pod_from_its_node, .timeout = 300)
{
    struct world world;
    world_open(&world, "preference");
    world_add_nodes(&world, &node, 1);
    world_start_spillway(&world, "token");
    for (size_t i = 0; i < ARRAY_LEN(preferences); i++) {
        char prefix[32];
        char name[32];
        (void)snprintf(prefix, sizeof(prefix), "likes-%zu", i);
        (void)snprintf(name, sizeof(name), "likes-%zu-0", i);
        struct pod_kind kind = plain;
        kind.prefix = prefix;
        kind.spec = preferences[i];
        world_add_pods(&world, &kind, 1);
        free(world_await_bound(&world, name));
    }
    world_close(&world);
}

Test(waiting, a_gated_pod_is_bound_once_its_gate_is_gone, .timeout = 300)
{
    struct world world;
    world_open(&world, "gate");
    world_add_nodes(&world, &node, 1);
    world_start_spillway(&world, "token");
    struct pod_kind gated = plain;
    gated.prefix = "gated";
    gated.spec = "\"schedulingGates\":[{\"name\":\"test.invalid/quota\"}]";
    world_add_pods(&world, &gated, 1);
    world_add_pods(&world, &plain, 1);
    free(world_await_bound(&world, "plain-0"));
    free(world_await_refusal(&world, "gated-0", "SchedulingGated"));
    expect_no_node(&world, "gated-0");

    static const char open_gate[] = "[{\"op\":\"remove\",\"path\":\"/spec/schedulingGates\"}]";
    free(world_kubectl(&world, "patch", "pod", "gated-0", "--type=json", "--patch", open_gate,
                       NULL));
    char *bound_to CLEANUP(mem_freep) = world_await_bound(&world, "gated-0");
    cr_expect_str_eq(bound_to, "node-0");
    world_close(&world);
}

Test(waiting, a_deleted_pod_makes_room_for_one_that_waits, .timeout = 300)
{
    static const char *const three_cpus[] = {"{\"cpu\":\"3\"}"};
    struct world world;
    world_open(&world, "room");
    world_add_nodes(&world, &node, 1);
    world_start_spillway(&world, "token");
    struct pod_kind kind = plain;
    kind.requests = three_cpus;
    kind.request_count = ARRAY_LEN(three_cpus);
    kind.prefix = "first";
    world_add_pods(&world, &kind, 1);
    free(world_await_bound(&world, "first-0"));
    kind.prefix = "second";
    world_add_pods(&world, &kind, 1);
    char *message CLEANUP(mem_freep) = world_await_refusal(&world, "second-0", "Unschedulable");
    cr_expect_str_eq(message, "0/1 nodes are available: 1 Insufficient cpu.");

    free(world_kubectl(&world, "delete", "pod", "first-0", NULL));
    free(world_await_bound(&world, "second-0"));
    world_close(&world);
}
