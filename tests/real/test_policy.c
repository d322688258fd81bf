/*
 * Elastic units as a user sees them, with the real controllers and kwok's nodes: reserved machines,
 * machines by the hour, and a node as a virtual kubelet registers it.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "model/object.h"
#include "model/timestamp.h"
#include "tests/real/elastic.h"

#define MACHINE "{\"cpu\":\"2\",\"memory\":\"8Gi\",\"pods\":\"110\"}"

static const struct node_kind reserved = {
    .prefix = "reserved", .allocatable = MACHINE, .labels = "{\"pool\":\"reserved\"}"};
static const struct node_kind hourly = {
    .prefix = "hourly", .allocatable = MACHINE, .labels = "{\"pool\":\"hourly\"}"};
static const struct node_kind late = {
    .prefix = "reserved-late", .allocatable = MACHINE, .labels = "{\"pool\":\"reserved\"}"};
static const struct node_kind virtual_kubelet = {
    .prefix = "virtual",
    .allocatable = "{\"cpu\":\"10000\",\"memory\":\"40Ti\",\"pods\":\"10000\"}",
    .labels = "{\"type\":\"virtual-kubelet\"}",
    .spec = "{\"taints\":[{\"key\":\"virtual-kubelet.io/provider\",\"value\":\"alibabacloud\","
            "\"effect\":\"NoSchedule\"}]}",
};

#define POLICY(name, spec)                                                                         \
    "apiVersion: scheduling.spillway.io/v1alpha1\nkind: ResourcePolicy\n"                          \
    "metadata: {name: " name "}\nspec:\n  selector: {app: " name "}\n" spec
#define RESERVED   "  - {name: reserved, resource: ecs, nodeSelector: {pool: reserved}}\n"
#define SERVERLESS "  - {name: serverless, resource: eci}\n"

/* Nodes, CRDs, and spillway. */
static void open_elastic(struct world *world, const char *name, size_t hourly_count)
{
    world_open(world, name);
    elastic_install(world);
    world_add_nodes(world, &reserved, 1);
    world_add_nodes(world, &virtual_kubelet, 1);
    if (hourly_count > 0)
        world_add_nodes(world, &hourly, hourly_count);
    world_start_spillway(world, "token");
}

static const char *label_of(const json_t *pod, const char *key)
{
    const json_t *labels = json_object_get(json_object_get(pod, "metadata"), "labels");
    const char *text = json_string_value(json_object_get(labels, key));
    return text ? text : "";
}

/* ---- 2, 4, 6, 4, 2 (elastic-policies 1.9) ---- */

static const char three_units[] =
    POLICY("web", "  units:\n" RESERVED
                  "  - {name: hourly, resource: ecs, nodeSelector: {pool: hourly}, max: 2}\n"
                  "  - name: serverless\n"
                  "    resource: eci\n"
                  "    podLabels: {tier: serverless}\n"
                  "    podAnnotations: {team.example/bill: apart}\n");

static const struct {
    int replicas;
    struct split splits[SPLITS_MAX];
    const char *pods; /* as kubectl get rsp shows them */
} steps[] = {
    {2, {{"reserved", 2}, {"hourly", 0}, {"virtual", 0}}, "2, 0/2, 0"},
    {4, {{"reserved", 2}, {"hourly", 2}, {"virtual", 0}}, "2, 2/2, 0"},
    {6, {{"reserved", 2}, {"hourly", 2}, {"virtual", 2}}, "2, 2/2, 2"},
    {4, {{"reserved", 2}, {"hourly", 2}, {"virtual", 0}}, "2, 2/2, 0"},
    {2, {{"reserved", 2}, {"hourly", 0}, {"virtual", 0}}, "2, 0/2, 0"},
    {6, {{"reserved", 2}, {"hourly", 2}, {"virtual", 2}}, "2, 2/2, 2"},
    {3, {{"reserved", 2}, {"hourly", 1}, {"virtual", 0}}, "2, 1/2, 0"},
};

/* Everything that the binding brought, by the prefix of the node. */
static const struct {
    const char *prefix, *unit, *cost, *tier, *bill;
} brought[] = {
    {"reserved", "reserved", "300", "", ""},
    {"hourly", "hourly", "200", "", ""},
    {"virtual", "serverless", "100", "serverless", "apart"},
};

static void expect_brought(const json_t *pod)
{
    size_t i = 0;
    while (strncmp(elastic_node(pod), brought[i].prefix, strlen(brought[i].prefix)) != 0)
        CHECK(++i < ARRAY_LEN(brought));
    cr_expect_str_eq(elastic_annotation(pod, ANNOTATION_POLICY), "web");
    cr_expect_str_eq(elastic_annotation(pod, ANNOTATION_UNIT), brought[i].unit);
    cr_expect_str_eq(elastic_annotation(pod, ANNOTATION_GENERATION), "1");
    cr_expect_str_eq(elastic_annotation(pod, ANNOTATION_DELETION_COST), brought[i].cost);
    cr_expect_str_eq(elastic_annotation(pod, "team.example/bill"), brought[i].bill);
    cr_expect_str_eq(label_of(pod, "tier"), brought[i].tier);
    const json_t *tolerations = json_object_get(json_object_get(pod, "spec"), "tolerations");
    char *text CLEANUP(mem_freep) = json_dumps(tolerations, JSON_ENCODE_ANY);
    cr_expect(!text || !strstr(text, "virtual-kubelet"), "%s", text);
}

static void expect_all_brought(struct world *world)
{
    json_t *list = elastic_pods(world, "web");
    const json_t *pod;
    size_t i;
    json_array_foreach(json_object_get(list, "items"), i, pod)
    {
        expect_brought(pod);
    }
    json_decref(list);
}

static void expect_get(struct world *world, const char *row)
{
    char *text CLEANUP(mem_freep) = world_kubectl(world, "get", "rsp", NULL);
    (void)world_squeeze(text);
    static const char header[] = "NAME UNITS PODS WAITING ACCEPTED AGE\n";
    cr_expect(strncmp(text, header, strlen(header)) == 0, "%s", text);
    cr_expect(strstr(text, row), "no \"%s\" in %s", row, text);
}

/* Blanks apart, kubectl describe rsp says each of the parts (they end with NULL). */
static void expect_describe(struct world *world, const char *policy, const char *const parts[])
{
    char *text CLEANUP(mem_freep) = world_kubectl(world, "describe", "rsp", policy, NULL);
    (void)world_squeeze(text);
    for (size_t i = 0; parts[i]; i++)
        cr_expect(strstr(text, parts[i]), "no \"%s\" in %s", parts[i], text);
}

static const char *const described[] = {
    "Accepted Generation: 1\n",
    "Observed Generation: 1\n",
    "Reason: Accepted\n",
    "Type: Accepted\n",
    "Reason: Ready\n",
    "Type: Ready\n",
    "Units: reserved, hourly, serverless\n",
    "Pods: 2, 2/2, 2\n",
    "Max Pods: 2\n",
    "Waiting: 0\n",
    NULL,
};

Test(policy, fills_its_units_in_order_and_the_replica_set_empties_the_last_first, .timeout = 300)
{
    struct world world;
    open_elastic(&world, "two-four-six", 2);
    elastic_apply(&world, three_units);
    free(elastic_await_condition(&world, "web", "Accepted", "Accepted"));
    elastic_add_deployment(&world, &(struct deployment_kind){"web", 0, "", "", ""});
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        elastic_scale(&world, "web", steps[i].replicas);
        elastic_await_split(&world, "web", steps[i].splits);
        elastic_await_columns(&world, "web", "reserved, hourly, serverless", steps[i].pods, 0);
        if (steps[i].replicas < 6)
            continue;
        expect_all_brought(&world);
        expect_get(&world, "\nweb reserved, hourly, serverless 2, 2/2, 2 0 True ");
        expect_describe(&world, "web", described);
    }
    cr_expect_eq(world_stop_spillway(&world), 0);
    world_close(&world);
}

/* ---- rollouts ---- */

static void release_pod(struct world *world, const char *pod)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods/%s", world->namespace, pod);
    long status =
        api_call(&world->api, "PATCH", path, "{\"metadata\":{\"finalizers\":null}}", NULL);
    cr_assert_eq(status, 200, "status %ld", status);
}

/* Names of two pods. */
static void two_names(struct world *world, const char *app, char names[2][128])
{
    json_t *list = elastic_pods(world, app);
    cr_assert_eq(json_array_size(json_object_get(list, "items")), 2);
    for (size_t i = 0; i < 2; i++)
        (void)snprintf(names[i], 128, "%s",
                       elastic_name(json_array_get(json_object_get(list, "items"), i)));
    json_decref(list);
}

/* A finalizer holds the old pods where they are, as a slow shutdown does. */
Test(policy, waits_for_terminating_pods_in_a_rollout_instead_of_spilling, .timeout = 300)
{
    struct world world;
    char old[2][128];
    open_elastic(&world, "rollout", 0);
    elastic_apply(&world,
                  POLICY("roll", "  whenTryNextUnits: {policy: LackResourceAndNoTerminating}\n"
                                 "  units:\n" RESERVED SERVERLESS));
    elastic_add_deployment(
        &world, &(struct deployment_kind){
                    "roll", 2, "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 100%}}",
                    "finalizers: [test.example/hold]", ""});
    elastic_await_split(&world, "roll", (struct split[]){{"reserved", 2}, {NULL, 0}});
    two_names(&world, "roll", old);
    free(world_kubectl(&world, "patch", "deployment", "roll", "--patch",
                       "{\"spec\":{\"template\":{\"metadata\":{\"finalizers\":null}}}}", NULL));

    json_t *waiting = elastic_await_waiting(&world, "roll", "reserved: a pod of it is terminating");
    cr_expect(strstr(elastic_message(waiting), "serverless: not tried"), "%s",
              elastic_message(waiting));
    json_decref(waiting);
    elastic_await_columns(&world, "roll", "reserved, serverless", "0, 0", 2);
    release_pod(&world, old[0]);
    release_pod(&world, old[1]);
    elastic_await_split(&world, "roll", (struct split[]){{"reserved", 2}, {NULL, 0}});
    free(world_kubectl(&world, "rollout", "status", "deployment/roll", "--timeout=60s", NULL));
    cr_expect_eq(world_stop_spillway(&world), 0);
    world_close(&world);
}

/* New pods beside the old ones: each ReplicaSet has the whole max for itself. */
Test(policy, counts_each_replica_set_by_itself_in_a_rollout, .timeout = 300)
{
    struct world world;
    open_elastic(&world, "hashes", 0);
    world_add_nodes(&world, &late, 3);
    elastic_apply(&world, POLICY("keys", "  matchLabelKeys: [pod-template-hash]\n"
                                         "  units:\n"
                                         "  - {name: reserved, resource: ecs, nodeSelector: {pool: "
                                         "reserved}, max: 2}\n" SERVERLESS));
    elastic_add_deployment(&world, &(struct deployment_kind){"keys", 3,
                                                             "strategy: {rollingUpdate: {maxSurge: "
                                                             "100%, maxUnavailable: 0}}",
                                                             "annotations: {version: one}", ""});
    const struct split splits[] = {{"reserved", 2}, {"virtual", 1}, {NULL, 0}};
    elastic_await_split(&world, "keys", splits);
    free(world_kubectl(
        &world, "patch", "deployment", "keys", "--patch",
        "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"version\":\"two\"}}}}}", NULL));
    free(world_kubectl(&world, "rollout", "status", "deployment/keys", "--timeout=60s", NULL));
    elastic_await_split(&world, "keys", splits);
    elastic_await_columns(&world, "keys", "reserved, serverless", "2/2, 1", 0);
    json_t *list = elastic_pods(&world, "keys");
    const json_t *pod;
    size_t i;
    json_array_foreach(json_object_get(list, "items"), i, pod)
    {
        cr_expect_str_eq(elastic_annotation(pod, "version"), "two");
    }
    json_decref(list);
    char *key CLEANUP(mem_freep) =
        world_kubectl(&world, "get", "rsp", "keys", "-o",
                      "jsonpath={.status.groups[*].key} {.status.groups[*].pods}", NULL);
    cr_expect(strncmp(key, "pod-template-hash=", 18) == 0 && strstr(key, " [2,1]"), "%s", key);
    world_close(&world);
}

/* ---- waiting ---- */

/* Seconds since 1970; `path` is of kubectl's -o jsonpath. */
static int64_t read_time_s(struct world *world, const char *pod, const char *path)
{
    char *text CLEANUP(mem_freep) = world_kubectl(world, "get", "pod", pod, "-o", path, NULL);
    int64_t unix_us;
    cr_assert(timestamp_parse(str_from(text), &unix_us), "%s of pod %s is \"%s\"", path, pod, text);
    return unix_us / 1000000;
}

Test(policy, lets_a_pod_wait_for_a_timeout_and_says_until_when, .timeout = 300)
{
    struct world world;
    char name[128];
    open_elastic(&world, "timeout", 0);
    elastic_apply(&world,
                  POLICY("timed", "  whenTryNextUnits: {policy: TimeoutOrExceedMax, timeout: 4s}\n"
                                  "  units:\n"
                                  "  - {name: reserved, resource: ecs, nodeSelector: {pool: "
                                  "reserved}, max: 5}\n" SERVERLESS));
    elastic_add_deployment(&world, &(struct deployment_kind){"timed", 3, "", "", ""});
    json_t *pod = elastic_await_waiting(&world, "timed",
                                        "Policy timed, generation 1: reserved: no node takes it, "
                                        "next unit not before ");
    (void)snprintf(name, sizeof(name), "%s", elastic_name(pod));
    json_decref(pod);
    char *node CLEANUP(mem_freep) = world_await_bound(&world, name);
    cr_expect_str_eq(node, "virtual-0");
    int64_t bound_s = read_time_s(
        &world, name,
        "jsonpath={.status.conditions[?(@.type==\"PodScheduled\")].lastTransitionTime}");
    int64_t created_s = read_time_s(&world, name, "jsonpath={.metadata.creationTimestamp}");
    cr_expect_geq(bound_s - created_s, 4, "bound after %d s", (int)(bound_s - created_s));
    elastic_await_split(&world, "timed",
                        (struct split[]){{"reserved", 2}, {"virtual", 1}, {NULL, 0}});
    world_close(&world);
}

static void expect_described_pod(struct world *world, const char *pod, const char *sentence)
{
    json_decref(world_await_pod_event(world, pod, "FailedScheduling"));
    char *text CLEANUP(mem_freep) = world_kubectl(world, "describe", "pod", pod, NULL);
    (void)world_squeeze(text);
    const char *event = strstr(text, "FailedScheduling");
    cr_expect(event && strstr(event, sentence), "no \"%s\" in %s", sentence, text);
}

Test(policy, keeps_pods_waiting_in_a_unit_that_is_not_full, .timeout = 300)
{
    struct world world;
    open_elastic(&world, "exceed-max", 0);
    elastic_apply(&world, POLICY("patient", "  whenTryNextUnits: {policy: ExceedMax}\n"
                                            "  units:\n"
                                            "  - {name: reserved, resource: ecs, nodeSelector: "
                                            "{pool: reserved}, max: 3}\n" SERVERLESS));
    elastic_add_deployment(&world, &(struct deployment_kind){"patient", 4, "", "", ""});
    static const char sentence[] = "Policy patient, generation 1: reserved: no node takes it, next "
                                   "unit only when this one is full; serverless: not tried.";
    json_t *pod = elastic_await_waiting(&world, "patient", sentence);
    expect_described_pod(&world, elastic_name(pod), sentence);
    json_decref(pod);
    elastic_await_columns(&world, "patient", "reserved, serverless", "2/3, 0", 2);
    static const char *const refusals[] = {"Last Refusal:\n", "Message: no node takes it\n",
                                           "Waiting: 2\n", NULL};
    expect_describe(&world, "patient", refusals);

    world_add_nodes(&world, &late, 1);
    elastic_await_split(&world, "patient",
                        (struct split[]){{"reserved", 3}, {"virtual", 1}, {NULL, 0}});
    elastic_await_columns(&world, "patient", "reserved, serverless", "3/3, 1", 0);
    world_close(&world);
}
