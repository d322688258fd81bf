#include "tests/real/elastic.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"

enum { PATH_BYTES = 512 };

#define GROUP_PATH "/apis/scheduling.spillway.io/v1alpha1"
#define OTHER_PATH "/apis/scheduling.alibabacloud.com/v1alpha1"

static json_t *at(const json_t *object, const char *key)
{
    return json_object_get(object, key);
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(at(object, key));
    return text ? text : "";
}

/* ---- the CRDs ---- */

/* As another vendor ships it: no schema of its own. */
static const char other_crd[] =
    "apiVersion: apiextensions.k8s.io/v1\n"
    "kind: CustomResourceDefinition\n"
    "metadata: {name: resourcepolicies.scheduling.alibabacloud.com}\n"
    "spec:\n"
    "  group: scheduling.alibabacloud.com\n"
    "  scope: Namespaced\n"
    "  names: {kind: ResourcePolicy, plural: resourcepolicies, singular: resourcepolicy}\n"
    "  versions:\n"
    "  - name: v1alpha1\n"
    "    served: true\n"
    "    storage: true\n"
    "    subresources: {status: {}}\n"
    "    schema:\n"
    "      openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}\n";

#define OUR_NAME   "crd/resourcepolicies.scheduling.spillway.io"
#define OTHER_NAME "crd/resourcepolicies.scheduling.alibabacloud.com"

/* Its namespace may be going, and the policy with it. */
static void delete_policy(void *context, const json_t *policy)
{
    struct world *world = context;
    char path[PATH_BYTES];
    const json_t *meta = at(policy, "metadata");
    (void)snprintf(path, sizeof(path), "/apis/%s/namespaces/%s/resourcepolicies/%s",
                   text_at(policy, "apiVersion"), text_at(meta, "namespace"),
                   text_at(meta, "name"));
    long status = api_call(&world->api, "DELETE", path, NULL, NULL);
    cr_assert(status == 200 || status == 404, "DELETE %s: status %ld", path, status);
}

void elastic_install(struct world *world)
{
    free(world_kubectl(world, "apply", "-f", "manifests/crd.yaml", NULL));
    elastic_apply(world, other_crd);
    free(world_kubectl(world, "wait", "--for=condition=Established", OUR_NAME, OTHER_NAME, NULL));
    api_each(&world->api, GROUP_PATH "/resourcepolicies", delete_policy, world);
    api_each(&world->api, OTHER_PATH "/resourcepolicies", delete_policy, world);
}

void elastic_uninstall(struct world *world)
{
    free(world_kubectl(world, "delete", "--ignore-not-found", OUR_NAME, OTHER_NAME, NULL));
}

/* ---- what a user does ---- */

void elastic_apply(struct world *world, const char *yaml)
{
    struct process_result result;
    world_kubectl_input(world, (const char *const[]){"apply", "-f", "-", NULL}, yaml, &result);
    cr_assert_eq(result.exit_code, 0, "%s", result.err.data);
    process_result_fini(&result);
}

void elastic_add_deployment(struct world *world, const struct deployment_kind *kind)
{
    struct buf yaml CLEANUP(buf_fini);
    buf_init(&yaml, 1 << 14);
    CHECK(buf_printf(&yaml,
                     "{apiVersion: apps/v1, kind: Deployment, metadata: {name: %s}, spec: {"
                     "replicas: %d, selector: {matchLabels: {app: %s}}, %s%s template: {"
                     "metadata: {labels: {app: %s}%s%s}, spec: {schedulerName: spillway, %s%s "
                     "containers: [{name: main, image: 'test.invalid/main:1', "
                     "resources: {requests: {cpu: 1}}}]}}}}",
                     kind->name, kind->replicas, kind->name, kind->more, kind->more[0] ? "," : "",
                     kind->name, kind->pod_meta[0] ? "," : "", kind->pod_meta, kind->pod_spec,
                     kind->pod_spec[0] ? "," : ""));
    elastic_apply(world, yaml.data);
}

void elastic_scale(struct world *world, const char *deployment, int replicas)
{
    char path[PATH_BYTES], body[64];
    (void)snprintf(path, sizeof(path), "/apis/apps/v1/namespaces/%s/deployments/%s/scale",
                   world->namespace, deployment);
    (void)snprintf(body, sizeof(body), "{\"spec\":{\"replicas\":%d}}", replicas);
    long status = api_call(&world->api, "PATCH", path, body, NULL);
    cr_assert_eq(status, 200, "status %ld for %s", status, path);
}

/* ---- pods ---- */

static void pods_path(const struct world *world, const char *app, const char *more,
                      char path[PATH_BYTES])
{
    CHECK((size_t)snprintf(path, PATH_BYTES, "/api/v1/namespaces/%s/pods?labelSelector=app%%3D%s%s",
                           world->namespace, app, more) < PATH_BYTES);
}

json_t *elastic_pods(struct world *world, const char *app)
{
    char path[PATH_BYTES];
    pods_path(world, app, "", path);
    return api_get(&world->api, path);
}

const char *elastic_annotation(const json_t *pod, const char *key)
{
    return text_at(at(at(pod, "metadata"), "annotations"), key);
}

const char *elastic_node(const json_t *pod)
{
    return text_at(at(pod, "spec"), "nodeName");
}

const char *elastic_name(const json_t *pod)
{
    return text_at(at(pod, "metadata"), "name");
}

static const json_t *condition_of(const json_t *object, const char *type)
{
    const json_t *each;
    size_t i;
    json_array_foreach(at(at(object, "status"), "conditions"), i, each)
    {
        if (strcmp(text_at(each, "type"), type) == 0)
            return each;
    }
    return NULL;
}

static bool condition_is(const json_t *object, const char *type, const char *status)
{
    return strcmp(text_at(condition_of(object, type), "status"), status) == 0;
}

const char *elastic_message(const json_t *pod)
{
    return text_at(condition_of(pod, "PodScheduled"), "message");
}

/* The index of the split that the pod is in; SPLITS_MAX: in none. */
static size_t split_of(const struct split splits[], const json_t *pod)
{
    const char *node = elastic_node(pod);
    for (size_t i = 0; splits[i].prefix; i++) {
        size_t len = strlen(splits[i].prefix);
        bool is_unbound = len == 0 && node[0] == '\0';
        bool is_there = len > 0 && strncmp(node, splits[i].prefix, len) == 0;
        if (is_unbound || (is_there && condition_is(pod, "Ready", "True")))
            return i;
    }
    return SPLITS_MAX;
}

static bool is_split(const json_t *list, const struct split splits[])
{
    size_t counts[SPLITS_MAX + 1] = {0};
    const json_t *pod;
    size_t i;
    json_array_foreach(at(list, "items"), i, pod)
    {
        counts[split_of(splits, pod)]++;
    }
    for (i = 0; splits[i].prefix; i++)
        if (counts[i] != splits[i].pods)
            return false;
    return counts[SPLITS_MAX] == 0;
}

static void print_pods(const json_t *list, struct buf *out)
{
    const json_t *pod;
    size_t i;
    json_array_foreach(at(list, "items"), i, pod)
    {
        (void)buf_printf(out, "\n  %s on \"%s\": %s", elastic_name(pod), elastic_node(pod),
                         elastic_message(pod));
    }
}

static bool is_any(void *context, const char *type, const json_t *object)
{
    (void)context;
    (void)type;
    (void)object;
    return true;
}

/* A list, and then another one after each event: a state that was never there cannot be seen. */
void elastic_await_split(struct world *world, const char *app, const struct split splits[])
{
    char path[PATH_BYTES], more[64];
    for (;;) {
        json_t *list = elastic_pods(world, app);
        (void)snprintf(more, sizeof(more), "&watch=1&resourceVersion=%s",
                       text_at(at(list, "metadata"), "resourceVersion"));
        bool is_done = is_split(list, splits);
        pods_path(world, app, more, path);
        if (!is_done && !api_await_event(&world->api, path, is_any, NULL, WORLD_PATIENCE_MS)) {
            struct buf text CLEANUP(buf_fini);
            buf_init(&text, 1 << 14);
            print_pods(list, &text);
            cr_assert_fail("%s: nothing moves any more:%s", app, text.data);
        }
        json_decref(list);
        if (is_done)
            return;
    }
}

struct wanted_text {
    const char *text;
    json_t *found;
};

static bool is_waiting_with(void *context, const char *type, const json_t *pod)
{
    struct wanted_text *wanted = context;
    (void)type;
    if (wanted->found)
        return true;
    if (!condition_is(pod, "PodScheduled", "False") || !strstr(elastic_message(pod), wanted->text))
        return false;
    wanted->found = json_deep_copy(pod);
    return true;
}

json_t *elastic_await_waiting(struct world *world, const char *app, const char *text)
{
    char path[PATH_BYTES];
    struct wanted_text wanted = {.text = text};
    pods_path(world, app, "&watch=1", path);
    if (!api_await_event(&world->api, path, is_waiting_with, &wanted, WORLD_PATIENCE_MS)) {
        struct buf pods CLEANUP(buf_fini);
        buf_init(&pods, 1 << 14);
        json_t *list = elastic_pods(world, app);
        print_pods(list, &pods);
        cr_assert_fail("no pod of %s waits because \"%s\":%s", app, text, pods.data);
    }
    return wanted.found;
}

/* ---- policies ---- */

struct wanted_columns {
    const char *units, *pods;
    int waiting;
    char *seen;
};

static bool has_columns(void *context, const char *type, const json_t *policy)
{
    struct wanted_columns *wanted = context;
    const json_t *status = at(policy, "status"), *summary = at(status, "summary");
    (void)type;
    free(wanted->seen);
    wanted->seen = json_dumps(status, 0);
    return strcmp(text_at(summary, "units"), wanted->units) == 0 &&
           strcmp(text_at(summary, "pods"), wanted->pods) == 0 &&
           json_integer_value(at(status, "waiting")) == wanted->waiting;
}

static void policy_path(const struct world *world, const char *policy, char path[PATH_BYTES])
{
    (void)snprintf(path, PATH_BYTES,
                   GROUP_PATH "/namespaces/%s/resourcepolicies?watch=1"
                              "&fieldSelector=metadata.name%%3D%s",
                   world->namespace, policy);
}

void elastic_await_columns(struct world *world, const char *policy, const char *units,
                           const char *pods, int waiting)
{
    char path[PATH_BYTES];
    struct wanted_columns wanted = {units, pods, waiting, NULL};
    policy_path(world, policy, path);
    cr_assert(api_await_event(&world->api, path, has_columns, &wanted, WORLD_PATIENCE_MS),
              "the status of %s does not become %s, %s, %d waiting; it is %s", policy, units, pods,
              waiting, wanted.seen);
    free(wanted.seen);
}

struct wanted_condition {
    const char *type, *reason;
    char *message;
};

static bool has_condition(void *context, const char *type, const json_t *policy)
{
    struct wanted_condition *wanted = context;
    (void)type;
    const json_t *condition = condition_of(policy, wanted->type);
    if (strcmp(text_at(condition, "reason"), wanted->reason) != 0)
        return false;
    if (!wanted->message)
        wanted->message = mem_strdup(text_at(condition, "message"));
    return true;
}

char *elastic_await_condition(struct world *world, const char *policy, const char *type,
                              const char *reason)
{
    char path[PATH_BYTES];
    struct wanted_condition wanted = {type, reason, NULL};
    policy_path(world, policy, path);
    cr_assert(api_await_event(&world->api, path, has_condition, &wanted, WORLD_PATIENCE_MS),
              "policy %s gets no condition %s with reason %s", policy, type, reason);
    return wanted.message;
}
