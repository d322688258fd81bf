/*
 * Policies in a world that changes: a crash in the middle of a burst, CRDs that come late, objects
 * of the other group, edits that cannot be used.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "model/object.h"
#include "tests/real/elastic.h"

static const struct node_kind first_node = {
    .prefix = "first",
    .allocatable = "{\"cpu\":\"1000\",\"memory\":\"8Ti\",\"pods\":\"1000\"}",
    .labels = "{\"pool\":\"first\",\"unit\":\"first\",\"paidtype\":\"subscription\"}"};
static const struct node_kind second_node = {
    .prefix = "second",
    .allocatable = "{\"cpu\":\"1000\",\"memory\":\"8Ti\",\"pods\":\"1000\"}",
    .labels = "{\"pool\":\"second\"}"};
static const struct node_kind virtual_node = {
    .prefix = "virtual",
    .allocatable = "{\"cpu\":\"1000\",\"memory\":\"8Ti\",\"pods\":\"1000\"}",
    .labels = "{\"type\":\"virtual-kubelet\"}",
    .spec = "{\"taints\":[{\"key\":\"virtual-kubelet.io/provider\",\"value\":\"alibabacloud\","
            "\"effect\":\"NoSchedule\"}]}",
};

#define OURS  "apiVersion: scheduling.spillway.io/v1alpha1\nkind: ResourcePolicy\n"
#define THEIR "apiVersion: scheduling.alibabacloud.com/v1alpha1\nkind: ResourcePolicy\n"

/* ---- a crash ---- */

enum { BURST_PODS = 500, BURST_MAX = 100, BURST_KILL_AT = 20 };

struct burst {
    size_t bound;
};

static void count_bound(void *context, const char *type, const json_t *pod)
{
    struct burst *burst = context;
    burst->bound += strcmp(type, "MODIFIED") == 0 && elastic_node(pod)[0] != '\0';
}

static bool is_in_the_middle(const void *context)
{
    return ((const struct burst *)context)->bound >= BURST_KILL_AT;
}

static void kill_in_the_middle(struct world *world)
{
    struct burst burst = {0};
    struct api_watch watch;
    char path[256];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods?watch=1", world->namespace);
    api_watch_start(&world->api, &watch, path, count_bound, &burst);
    world_start_spillway(world, "token");
    cr_assert(api_await(&world->api, is_in_the_middle, &burst, WORLD_PATIENCE_MS));
    cr_expect_eq(process_stop(&world->spillway, SIGKILL, WORLD_PATIENCE_MS), 128 + SIGKILL);
    api_watch_stop(&world->api, &watch);
}

Test(policy_change, a_kill_in_the_middle_of_a_burst_loses_no_count, .timeout = 300)
{
    struct world world;
    world_open(&world, "burst");
    elastic_install(&world);
    world_add_nodes(&world, &first_node, 1);
    world_add_nodes(&world, &second_node, 1);
    elastic_apply(&world, OURS "metadata: {name: burst}\n"
                               "spec:\n"
                               "  selector: {app: burst}\n"
                               "  units:\n"
                               "  - {name: first, nodeSelector: {pool: first}, max: 100}\n"
                               "  - {name: second, nodeSelector: {pool: second}}\n");
    const struct pod_kind kind = {.prefix = "burst", .scheduler = "spillway"};
    world_add_pods(&world, &kind, BURST_PODS);

    kill_in_the_middle(&world);
    world_start_spillway(&world, "token");
    elastic_await_columns(&world, "burst", "first, second", "100/100, 400", 0);
    elastic_await_split(
        &world, "burst",
        (struct split[]){{"first", BURST_MAX}, {"second", BURST_PODS - BURST_MAX}, {NULL, 0}});
    cr_expect_eq(world_stop_spillway(&world), 0);
    world_close(&world);
}

/* ---- both groups, installed late ---- */

/* As users of ACK write them: most fields, and a burst to a pool that grows. */
static const char their_policies[] =
    THEIR "metadata: {name: all-fields}\n"
          "spec:\n"
          "  selector: {app: every}\n"
          "  strategy: prefer\n"
          "  ignorePreviousPod: false\n"
          "  ignoreTerminatingPod: true\n"
          "  matchLabelKeys: [pod-template-hash]\n"
          "  preemptPolicy: AfterAllUnits\n"
          "  units:\n"
          "  - resource: ecs\n"
          "    nodeSelector: {unit: first}\n"
          "  - resource: eci\n"
          "  whenTryNextUnits: {policy: TimeoutOrExceedMax, timeout: 1m}\n"
          "---\n" THEIR "metadata: {name: burst}\n"
          "spec:\n"
          "  selector: {app: news}\n"
          "  strategy: prefer\n"
          "  units:\n"
          "  - resource: ecs\n"
          "    max: 4\n"
          "    nodeSelector: {paidtype: subscription}\n"
          "  - resource: elastic\n"
          "---\n" THEIR "metadata: {name: probe}\n"
          "spec: {selector: {app: probe}, units: [{resource: ecs}]}\n";

static const char our_policy[] = OURS "metadata: {name: ours}\n"
                                      "spec:\n"
                                      "  selector: {app: ours}\n"
                                      "  units:\n"
                                      "  - {resource: eci, max: 1}\n"
                                      "  - {name: rest, nodeSelector: {pool: second}}\n";

/* So many pods of the app were placed by that policy in that unit. */
static void expect_placed(struct world *world, const char *app, const char *policy,
                          const char *unit, size_t wanted)
{
    json_t *list = elastic_pods(world, app);
    const json_t *pod;
    size_t i, count = 0;
    json_array_foreach(json_object_get(list, "items"), i, pod)
    {
        count += strcmp(elastic_annotation(pod, ANNOTATION_POLICY), policy) == 0 &&
                 strcmp(elastic_annotation(pod, ANNOTATION_UNIT), unit) == 0;
    }
    cr_expect_eq(count, wanted, "%zu pods of %s by %s in %s", count, app, policy, unit);
    json_decref(list);
}

/* It schedules, and knows of no policies; of the two pods one fits nowhere. */
static void start_without_crds(struct world *world)
{
    static const char *const said[] = {
        "Not installed on this server, going on without",
        "/apis/scheduling.spillway.io/v1alpha1/resourcepolicies",
        "/apis/scheduling.alibabacloud.com/v1alpha1/resourcepolicies",
        NULL,
    };
    const struct pod_kind early = {.prefix = "early", .scheduler = "spillway"};
    const struct pod_kind probe = {
        .prefix = "probe", .scheduler = "spillway", .spec = "\"nodeSelector\":{\"pool\":\"none\"}"};
    elastic_uninstall(world);
    world_start_spillway(world, "token");
    world_add_pods(world, &early, 1);
    world_add_pods(world, &probe, 1);
    free(world_await_bound(world, "early-0"));
    json_t *pod = elastic_await_waiting(world, "probe", "nodes are available");
    cr_expect(!strstr(elastic_message(pod), "Policy"), "%s", elastic_message(pod));
    json_decref(pod);
    cr_expect(process_await_log(&world->spillway, said, WORLD_PATIENCE_MS));
}

Test(policy_change, both_groups_are_read_once_they_are_installed, .timeout = 300)
{
    struct world world;
    world_open(&world, "groups");
    world_add_nodes(&world, &first_node, 1);
    world_add_nodes(&world, &second_node, 1);
    world_add_nodes(&world, &virtual_node, 1);
    start_without_crds(&world);

    elastic_install(&world);
    elastic_apply(&world, their_policies);
    elastic_apply(&world, our_policy);
    free(elastic_await_condition(&world, "ours", "Ready", "Ready"));
    json_decref(elastic_await_waiting(&world, "probe", "Policy probe, generation 1"));
    elastic_add_deployment(&world, &(struct deployment_kind){"every", 2, "", "", ""});
    elastic_add_deployment(&world, &(struct deployment_kind){"news", 6, "", "", ""});
    elastic_add_deployment(&world, &(struct deployment_kind){"ours", 3, "", "", ""});
    elastic_await_split(&world, "every", (struct split[]){{"first", 2}, {NULL, 0}});
    elastic_await_split(&world, "ours", (struct split[]){{"virtual", 1}, {"second", 2}, {NULL, 0}});
    free(world_kubectl(&world, "rollout", "status", "deployment/news", "--timeout=60s", NULL));
    expect_placed(&world, "every", "all-fields", "ecs-0", 2);
    expect_placed(&world, "news", "burst", "ecs-0", 4);
    expect_placed(&world, "news", "burst", "elastic-1", 2);
    expect_placed(&world, "ours", "ours", "eci-0", 1);
    expect_placed(&world, "ours", "ours", "rest", 2);
    cr_expect_eq(world_stop_spillway(&world), 0);
    world_close(&world);
}

/* ---- edits that cannot be used ---- */

#define EDITED(units)                                                                              \
    OURS "metadata: {name: edited}\nspec: {selector: {app: edited}, units: " units "}\n"

static void expect_accepted_column(struct world *world, const char *row)
{
    char *text CLEANUP(mem_freep) = world_kubectl(world, "get", "rsp", "edited", NULL);
    cr_expect(strstr(world_squeeze(text), row), "no \"%s\" in %s", row, text);
}

Test(policy_change, what_cannot_be_used_is_said_and_the_last_good_generation_stays, .timeout = 300)
{
    struct world world;
    world_open(&world, "edits");
    elastic_install(&world);
    world_add_nodes(&world, &first_node, 1);
    world_add_nodes(&world, &second_node, 1);
    world_start_spillway(&world, "token");

    /* No good generation: its pods wait, and say why. */
    elastic_apply(&world, EDITED("[{name: a, resource: lunar}]"));
    elastic_add_deployment(&world, &(struct deployment_kind){"edited", 1, "", "", ""});
    char *bad CLEANUP(mem_freep) = elastic_await_condition(&world, "edited", "Accepted", "Invalid");
    static const char unknown[] = "spec.units[0].resource: \"lunar\" is no unit type; known are ";
    cr_expect(strstr(bad, unknown) && strstr(bad, "its pods wait until it is mended"), "%s", bad);
    json_decref(elastic_await_waiting(&world, "edited", unknown));
    elastic_await_columns(&world, "edited", "", "", 1);
    expect_accepted_column(&world, "\nedited 1 False ");

    /* Mended. */
    elastic_apply(&world, EDITED("[{name: a, resource: ecs, nodeSelector: {pool: second}}]"));
    elastic_await_split(&world, "edited", (struct split[]){{"second", 1}, {NULL, 0}});
    elastic_await_columns(&world, "edited", "a", "1", 0);

    /* Broken: the good one stays in force. */
    elastic_apply(&world, EDITED("[{name: b, resource: lunar}]"));
    char *kept CLEANUP(mem_freep) =
        elastic_await_condition(&world, "edited", "Accepted", "Invalid");
    cr_expect(strstr(kept, unknown) && strstr(kept, "generation 2 stays in force"), "%s", kept);
    elastic_scale(&world, "edited", 2);
    elastic_await_split(&world, "edited", (struct split[]){{"second", 2}, {NULL, 0}});
    elastic_await_columns(&world, "edited", "a", "2", 0);
    expect_accepted_column(&world, "\nedited a 2 0 False ");

    /* Usable, and without nodes. */
    elastic_apply(&world, EDITED("[{name: c, nodeSelector: {pool: third}}]"));
    char *empty CLEANUP(mem_freep) =
        elastic_await_condition(&world, "edited", "Ready", "UnitWithoutNodes");
    cr_expect(strstr(empty, "spec.units[0] (c): no node is of its type"), "%s", empty);
    cr_expect_eq(world_stop_spillway(&world), 0);
    world_close(&world);
}
