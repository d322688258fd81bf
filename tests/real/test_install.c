/*
 * manifests/, as an operator uses it: `kubectl apply -k`, and a Deployment that starts under the
 * strictest Pod Security.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "tests/real/world.h"

#define LINUX           "{\"kubernetes.io/os\":\"linux\"}"
#define DEPLOYMENT_PATH "/apis/apps/v1/namespaces/kube-system/deployments/spillway"
#define DEPLOYMENT_WATCH_PATH                                                                      \
    "/apis/apps/v1/namespaces/kube-system/deployments?watch=1"                                     \
    "&fieldSelector=metadata.name%3Dspillway"

/* A node of the control plane, which most pods may not use. */
static const struct node_kind tainted_node = {
    .prefix = "tainted",
    .allocatable = "{\"cpu\":\"64\",\"memory\":\"64Gi\",\"pods\":\"110\"}",
    .labels = LINUX,
    .spec = "{\"taints\":[{\"key\":\"node-role.kubernetes.io/control-plane\","
            "\"effect\":\"NoSchedule\"}]}",
};

static json_t *at(const json_t *object, const char *key)
{
    return json_object_get(object, key);
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(at(object, key));
    return text ? text : "";
}

/* ---- the Deployment ---- */

/* What kubectl said; yours. */
static char *apply(const struct world *world)
{
    return world_kubectl(world, "--namespace=kube-system", "apply", "-k", "manifests", NULL);
}

/* The controllers may have much to do: another test may just have deleted thousands of pods. */
enum { ROLLOUT_MS = 3 * WORLD_PATIENCE_MS };

static bool is_available(void *context, const char *type, const json_t *deployment)
{
    (void)context;
    (void)type;
    return json_integer_value(at(at(deployment, "status"), "availableReplicas")) == 1;
}

static bool is_deleted(void *context, const char *type, const json_t *deployment)
{
    (void)context;
    (void)deployment;
    return strcmp(type, "DELETED") == 0;
}

/* With its pod, which would take room on the nodes of later tests. */
static void remove_deployment(struct world *world)
{
    json_t *deployment = api_get(&world->api, DEPLOYMENT_PATH);
    char path[256];
    (void)snprintf(path, sizeof(path), "%s&resourceVersion=%s", DEPLOYMENT_WATCH_PATH,
                   text_at(at(deployment, "metadata"), "resourceVersion"));
    json_decref(deployment);
    long status = api_call(&world->api, "DELETE", DEPLOYMENT_PATH,
                           "{\"propagationPolicy\":\"Foreground\"}", NULL);
    cr_assert_eq(status, 200, "status %ld", status);
    cr_assert(api_await_event(&world->api, path, is_deleted, NULL, ROLLOUT_MS),
              "the Deployment and its pod are not gone");
}

/* The only pod of the Deployment, yours. */
static json_t *find_own_pod(struct world *world)
{
    json_t *list = api_get(&world->api, "/api/v1/namespaces/kube-system/pods?labelSelector="
                                        "app.kubernetes.io%2Fname%3Dspillway");
    cr_assert_eq(json_array_size(at(list, "items")), 1, "not one scheduler");
    json_t *pod = json_incref(json_array_get(at(list, "items"), 0));
    json_decref(list);
    return pod;
}

/* What reliability 4.2 asks for beyond Pod Security, as the apiserver understood it. */
static void expect_hardened(const json_t *pod)
{
    const json_t *spec = at(pod, "spec");
    const json_t *container = json_array_get(at(spec, "containers"), 0);
    cr_expect(json_is_true(at(at(container, "securityContext"), "readOnlyRootFilesystem")));
    cr_expect_str_eq(text_at(at(pod, "status"), "qosClass"), "Guaranteed");
    cr_expect_str_eq(text_at(spec, "schedulerName"), "default-scheduler");
    cr_expect_str_eq(text_at(spec, "priorityClassName"), "system-cluster-critical");
    cr_expect_eq(json_integer_value(at(spec, "priority")), 2000000000);

    /* One volume, and in it what a kubelet gives without being asked, but for the token's age. */
    cr_expect_eq(json_array_size(at(spec, "volumes")), 1);
    const json_t *sources = at(at(json_array_get(at(spec, "volumes"), 0), "projected"), "sources");
    const json_t *token = at(json_array_get(sources, 0), "serviceAccountToken");
    cr_expect_str_eq(text_at(token, "path"), "token");
    cr_expect_eq(json_integer_value(at(token, "expirationSeconds")), 3600);
    const json_t *mount = json_array_get(at(container, "volumeMounts"), 0);
    cr_expect_str_eq(text_at(mount, "mountPath"), "/var/run/secrets/kubernetes.io/serviceaccount");
}

Test(install, is_applied_twice_and_starts_on_a_node_of_the_control_plane, .timeout = 600)
{
    struct world world;
    world_open(&world, "apply");
    world_add_nodes(&world, &tainted_node, 1);
    free(apply(&world));
    char *again CLEANUP(mem_freep) = apply(&world);
    size_t objects = 0;
    for (char *line = again, *end; *line; line = end + 1, objects++) {
        end = line + strcspn(line, "\n");
        cr_assert(*end == '\n');
        *end = '\0';
        cr_expect(strstr(line, " unchanged"), "applied again: %s", line);
    }
    cr_expect_eq(objects, 6, "%zu objects", objects);

    world_start_kube_scheduler(&world);
    cr_assert(api_await_event(&world.api, DEPLOYMENT_WATCH_PATH, is_available, NULL, ROLLOUT_MS),
              "the Deployment's pod does not run");
    json_t *pod = find_own_pod(&world);
    cr_expect_str_eq(text_at(at(pod, "spec"), "nodeName"), "tainted-0");
    expect_hardened(pod);
    json_decref(pod);

    json_t *deployment = api_get(&world.api, DEPLOYMENT_PATH);
    cr_expect_eq(json_integer_value(at(at(deployment, "spec"), "replicas")), 1);
    cr_expect_str_eq(text_at(at(at(deployment, "spec"), "strategy"), "type"), "Recreate");
    json_decref(deployment);
    remove_deployment(&world);
    free(
        world_kubectl(&world, "delete", "networkpolicy/spillway", "--namespace=kube-system", NULL));
    world_close(&world);
}

/* ---- Pod Security ---- */

/* As the Deployment describes it, which is not made for that; yours. */
static json_t *describe_own_pod(struct world *world)
{
    char *text CLEANUP(mem_freep) =
        world_kubectl(world, "--namespace=kube-system", "apply", "--dry-run=server",
                      "--output=json", "-f", "manifests/deployment.yaml", NULL);
    json_t *deployment = json_loads(text, 0, NULL);
    json_t *spec = at(at(at(deployment, "spec"), "template"), "spec");
    json_t *pod = json_pack("{s:s, s:s, s:{s:s}, s:O}", "apiVersion", "v1", "kind", "Pod",
                            "metadata", "name", "spillway", "spec", spec);
    CHECK(pod);
    json_decref(deployment);
    return pod;
}

static long dry_run(struct world *world, const json_t *pod, json_t **ret_answer)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods?dryRun=All", world->namespace);
    char *body = json_dumps(pod, 0);
    long status = api_call(&world->api, "POST", path, body, ret_answer);
    free(body);
    return status;
}

/* Each is what a pod of level "restricted" must not lack. */
static const struct {
    bool is_containers;
    const char *key;
} protections[] = {
    {false, "runAsNonRoot"},
    {false, "seccompProfile"},
    {true, "allowPrivilegeEscalation"},
    {true, "capabilities"},
};

Test(install, its_pod_is_admitted_at_the_restricted_level_and_a_weaker_one_is_not, .timeout = 300)
{
    struct world world;
    world_open(&world, "restricted");
    free(world_kubectl(&world, "label", "namespace", world.namespace,
                       "pod-security.kubernetes.io/enforce=restricted", NULL));
    free(world_kubectl(&world, "create", "serviceaccount", "spillway", NULL));
    json_t *pod = describe_own_pod(&world);

    json_t *answer = NULL;
    long status = dry_run(&world, pod, &answer);
    cr_expect_eq(status, 201, "status %ld: %s", status, text_at(answer, "message"));
    json_decref(answer);
    for (size_t i = 0; i < ARRAY_LEN(protections); i++) {
        json_t *weaker = json_deep_copy(pod);
        json_t *part = json_object_get(weaker, "spec");
        if (protections[i].is_containers)
            part = json_array_get(json_object_get(part, "containers"), 0);
        part = json_object_get(part, "securityContext");
        cr_assert_eq(json_object_del(part, protections[i].key), 0, "no %s", protections[i].key);
        status = dry_run(&world, weaker, &answer);
        cr_expect_eq(status, 403, "without %s: status %ld", protections[i].key, status);
        cr_expect(strstr(text_at(answer, "message"), "violates PodSecurity \"restricted"));
        json_decref(answer);
        json_decref(weaker);
    }
    json_decref(pod);
    world_close(&world);
}
