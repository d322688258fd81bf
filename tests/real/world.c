#include "tests/real/world.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "model/base/mem.h"

enum {
    PATH_BYTES = 512,
    ARGUMENTS_MAX = 32,
    DELETE_PAGE_ITEMS = 1000,
};

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    cr_assert(value && value[0], "%s is not set: run this through tests/real/run.sh", name);
    return value;
}

/* ---- the start and the end ---- */

/* In pages: the apiserver gives up on a request after a minute. */
void world_delete_all(struct world *world, const char *path)
{
    static const char now[] = "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\","
                              "\"gracePeriodSeconds\":0,\"propagationPolicy\":\"Background\"}";
    char page[PATH_BYTES];
    (void)snprintf(page, sizeof(page), "%s?limit=%d", path, DELETE_PAGE_ITEMS);
    size_t deleted;
    do {
        json_t *answer = NULL;
        long status = api_call(&world->api, "DELETE", page, now, &answer);
        cr_assert(status == 200, "DELETE %s: status %ld", page, status);
        deleted = json_array_size(json_object_get(answer, "items"));
        json_decref(answer);
    } while (deleted == DELETE_PAGE_ITEMS);
}

/* Owners first, or they would make their pods again. The namespace itself goes in its own time. */
static void sweep_namespace(void *context, const json_t *object)
{
    static const struct {
        const char *group;
        const char *kind;
    } kinds[] = {
        {"/apis/apps/v1", "deployments"}, {"/apis/apps/v1", "replicasets"}, {"/api/v1", "pods"}};
    struct world *world = context;
    const char *name =
        json_string_value(json_object_get(json_object_get(object, "metadata"), "name"));
    CHECK(name);
    if (strncmp(name, "test-", 5) != 0)
        return;
    char path[PATH_BYTES];
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        (void)snprintf(path, sizeof(path), "%s/namespaces/%s/%s", kinds[i].group, name,
                       kinds[i].kind);
        world_delete_all(world, path);
    }
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s", name);
    long status = api_call(&world->api, "DELETE", path, NULL, NULL);
    cr_assert(status == 200 || status == 404 || status == 409, "DELETE %s: status %ld", path,
              status);
}

/* Everything that tests have made: also what a failed one left behind. */
static void sweep(struct world *world)
{
    api_each(&world->api, "/api/v1/namespaces", sweep_namespace, world);
    world_delete_all(world, "/api/v1/nodes");
}

void world_close(struct world *world)
{
    (void)process_stop(&world->spillway, SIGKILL, WORLD_PATIENCE_MS);
    (void)process_stop(&world->rival, SIGKILL, WORLD_PATIENCE_MS);
    sweep(world);
    api_fini(&world->api);
}

static bool has_default_account(void *context, const char *type, const json_t *object)
{
    (void)context;
    const char *name =
        json_string_value(json_object_get(json_object_get(object, "metadata"), "name"));
    return strcmp(type, "ADDED") == 0 && name && strcmp(name, "default") == 0;
}

void world_open(struct world *world, const char *name)
{
    /* The runner may be killed: this test must not go on alone, and its children end with it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    *world =
        (struct world){.dir = setting("SPILLWAY_TEST_DIR"), .bin = setting("SPILLWAY_TEST_BIN")};
    CHECK((size_t)snprintf(world->namespace, sizeof(world->namespace), "test-%s", name) <
          sizeof(world->namespace));
    api_init(&world->api, world->dir);
    sweep(world);

    char body[256];
    (void)snprintf(body, sizeof(body), "{\"metadata\":{\"name\":\"%s\"}}", world->namespace);
    long status = api_call(&world->api, "POST", "/api/v1/namespaces", body, NULL);
    cr_assert(status == 201, "namespace %s: status %ld", world->namespace, status);
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/serviceaccounts?watch=1",
                   world->namespace);
    cr_assert(api_await_event(&world->api, path, has_default_account, NULL, WORLD_PATIENCE_MS),
              "the controller-manager made no service account in %s", world->namespace);
}

/* ---- objects ---- */

struct node_batch {
    const struct node_kind *kind;
    size_t ready;
    size_t count;
    bool *is_ready; /* by number */
};

static void make_node(void *context, size_t index, struct buf *path, struct buf *body)
{
    const struct node_kind *kind = ((const struct node_batch *)context)->kind;
    CHECK(buf_add_str(path, "/api/v1/nodes"));
    CHECK(buf_printf(body,
                     "{\"metadata\":{\"name\":\"%s-%zu\",\"labels\":%s},\"spec\":%s,"
                     "\"status\":{\"allocatable\":%s,\"capacity\":%s}}",
                     kind->prefix, index, kind->labels ? kind->labels : "{}",
                     kind->spec ? kind->spec : "{}", kind->allocatable, kind->allocatable));
}

/* The number in "prefix-number", or `count` when the name is another's. */
static size_t number_of(const json_t *object, const char *prefix, size_t count)
{
    const char *name =
        json_string_value(json_object_get(json_object_get(object, "metadata"), "name"));
    size_t len = strlen(prefix);
    if (!name || strncmp(name, prefix, len) != 0 || name[len] != '-')
        return count;
    unsigned long long number = strtoull(name + len + 1, NULL, 10);
    return number < count ? (size_t)number : count;
}

static bool node_is_ready(const json_t *node)
{
    const json_t *each;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(node, "spec"), "taints"), i, each)
    {
        const char *key = json_string_value(json_object_get(each, "key"));
        if (key && strcmp(key, "node.kubernetes.io/not-ready") == 0)
            return false;
    }
    json_array_foreach(json_object_get(json_object_get(node, "status"), "conditions"), i, each)
    {
        const char *type = json_string_value(json_object_get(each, "type"));
        const char *status = json_string_value(json_object_get(each, "status"));
        if (type && strcmp(type, "Ready") == 0)
            return status && strcmp(status, "True") == 0;
    }
    return false;
}

static bool all_nodes_ready(void *context, const char *type, const json_t *object)
{
    (void)type;
    struct node_batch *batch = context;
    size_t number = number_of(object, batch->kind->prefix, batch->count);
    if (number < batch->count && !batch->is_ready[number] && node_is_ready(object)) {
        batch->is_ready[number] = true;
        batch->ready++;
    }
    return batch->ready == batch->count;
}

void world_add_nodes(struct world *world, const struct node_kind *kind, size_t count)
{
    struct node_batch batch = {
        .kind = kind, .count = count, .is_ready = mem_zalloc(count, sizeof(bool))};
    api_post_many(&world->api, count, make_node, &batch);
    bool ready = api_await_event(&world->api, "/api/v1/nodes?watch=1", all_nodes_ready, &batch,
                                 2 * WORLD_PATIENCE_MS);
    cr_assert(ready, "only %zu of %zu nodes got ready", batch.ready, count);
    free(batch.is_ready);
}

struct pod_batch {
    const struct world *world;
    const struct pod_kind *kind;
};

static void make_pod(void *context, size_t index, struct buf *path, struct buf *body)
{
    const struct pod_batch *batch = context;
    const struct pod_kind *kind = batch->kind;
    const char *requests = kind->requests ? kind->requests[index % kind->request_count] : "{}";
    CHECK(buf_printf(path, "/api/v1/namespaces/%s/pods", batch->world->namespace));
    CHECK(buf_printf(body, "{\"metadata\":{\"name\":\"%s-%zu\",\"labels\":{\"app\":\"%s\"}},",
                     kind->prefix, kind->first + index, kind->prefix));
    CHECK(buf_printf(body, "\"spec\":{\"schedulerName\":\"%s\",%s%s", kind->scheduler,
                     kind->spec ? kind->spec : "", kind->spec ? "," : ""));
    CHECK(buf_printf(body,
                     "\"containers\":[{\"name\":\"main\",\"image\":\"test.invalid/main:1\",%s%s",
                     kind->container ? kind->container : "", kind->container ? "," : ""));
    CHECK(
        buf_printf(body, "\"resources\":{\"requests\":%s,\"limits\":%s}}]}}", requests, requests));
}

void world_add_pods(struct world *world, const struct pod_kind *kind, size_t count)
{
    struct pod_batch batch = {.world = world, .kind = kind};
    api_post_many(&world->api, count, make_pod, &batch);
}

/* ---- programs ---- */

char *world_kubectl(const struct world *world, const char *first, ...)
{
    const char *argv[ARGUMENTS_MAX] = {first};
    va_list more;
    va_start(more, first);
    size_t i = 1;
    while (argv[i - 1]) {
        CHECK(i < ARGUMENTS_MAX);
        argv[i++] = va_arg(more, const char *);
    }
    va_end(more);

    struct process_result result;
    world_kubectl_input(world, argv, NULL, &result);
    cr_assert(result.exit_code == 0, "kubectl %s: exit code %d: %s", first, result.exit_code,
              result.err.data);
    char *out = buf_take(&result.out);
    process_result_fini(&result);
    return out;
}

void world_kubectl_input(const struct world *world, const char *const arguments[],
                         const char *input, struct process_result *ret_result)
{
    char program[PATH_BYTES];
    char kubeconfig[PATH_BYTES];
    (void)snprintf(program, sizeof(program), "%s/kubectl", world->bin);
    (void)snprintf(kubeconfig, sizeof(kubeconfig), "--kubeconfig=%s/admin.kubeconfig", world->dir);
    const char *argv[ARGUMENTS_MAX] = {program, kubeconfig, "--namespace", world->namespace};
    for (size_t i = 0; arguments[i]; i++) {
        CHECK(i + 5 < ARGUMENTS_MAX);
        argv[i + 4] = arguments[i];
    }
    process_run(ret_result, argv, input, WORLD_PATIENCE_MS);
}

char *world_squeeze(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        bool blank = *from == ' ' || *from == '\t';
        if (!blank || (to > text && to[-1] != ' '))
            *to++ = blank ? ' ' : *from;
    }
    *to = '\0';
    return text;
}

void world_start_spillway(struct world *world, const char *kubeconfig)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/%s.kubeconfig", world->dir, kubeconfig);
    const char *const arguments[] = {"--kubeconfig", path, NULL};
    world_start_spillway_with(world, arguments, NULL);
}

void world_start_spillway_with(struct world *world, const char *const arguments[],
                               const char *const environment[])
{
    const char *build = getenv("BUILD");
    char program[PATH_BYTES];
    char log[PATH_BYTES];
    (void)snprintf(program, sizeof(program), "%s/spillway", build ? build : "build");
    (void)snprintf(log, sizeof(log), "%s/spillway-%s.log", world->dir, world->namespace);
    const char *argv[ARGUMENTS_MAX] = {program};
    for (size_t i = 0; arguments[i]; i++) {
        CHECK(i + 2 < ARGUMENTS_MAX);
        argv[i + 1] = arguments[i];
    }
    process_start(&world->spillway, argv, environment, log);
}

int world_stop_spillway(struct world *world)
{
    return process_stop(&world->spillway, SIGTERM, WORLD_PATIENCE_MS);
}

void world_start_kube_scheduler(struct world *world)
{
    world_start_kube_scheduler_with(world, (const char *const[]){NULL});
}

void world_start_kube_scheduler_with(struct world *world, const char *const arguments[])
{
    char program[PATH_BYTES];
    char kubeconfig[PATH_BYTES];
    char log[PATH_BYTES];
    (void)snprintf(program, sizeof(program), "%s/kube-scheduler", world->bin);
    (void)snprintf(kubeconfig, sizeof(kubeconfig), "--kubeconfig=%s/admin.kubeconfig", world->dir);
    (void)snprintf(log, sizeof(log), "%s/kube-scheduler-%s.log", world->dir, world->namespace);
    const char *argv[ARGUMENTS_MAX] = {program, kubeconfig, "--leader-elect=false",
                                       "--secure-port=0"};
    for (size_t i = 0; arguments[i]; i++) {
        CHECK(i + 5 < ARGUMENTS_MAX);
        argv[i + 4] = arguments[i];
    }
    process_start(&world->rival, argv, NULL, log);
}

/* ---- waiting and reading ---- */

static const json_t *pod_scheduled_condition(const json_t *pod)
{
    const json_t *each;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(pod, "status"), "conditions"), i, each)
    {
        const char *type = json_string_value(json_object_get(each, "type"));
        if (type && strcmp(type, "PodScheduled") == 0)
            return each;
    }
    return NULL;
}

struct wanted {
    const char *reason;
    char *found; /* message or node name */
    json_t *found_event;
};

static bool is_refused(void *context, const char *type, const json_t *object)
{
    (void)type;
    struct wanted *wanted = context;
    const json_t *condition = pod_scheduled_condition(object);
    const char *status = json_string_value(json_object_get(condition, "status"));
    const char *reason = json_string_value(json_object_get(condition, "reason"));
    const char *message = json_string_value(json_object_get(condition, "message"));
    if (!status || strcmp(status, "False") != 0)
        return false;
    if (wanted->reason && (!reason || strcmp(reason, wanted->reason) != 0))
        return false;
    if (!wanted->found)
        wanted->found = mem_strdup(message ? message : "");
    return true;
}

static bool is_bound(void *context, const char *type, const json_t *object)
{
    (void)type;
    struct wanted *wanted = context;
    const char *node =
        json_string_value(json_object_get(json_object_get(object, "spec"), "nodeName"));
    if (node && !wanted->found)
        wanted->found = mem_strdup(node);
    return node;
}

static bool await_pod(struct world *world, const char *pod, api_match *match, struct wanted *wanted)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path),
                   "/api/v1/namespaces/%s/pods?watch=1&fieldSelector=metadata.name%%3D%s",
                   world->namespace, pod);
    return api_await_event(&world->api, path, match, wanted, WORLD_PATIENCE_MS);
}

char *world_await_refusal(struct world *world, const char *pod, const char *reason)
{
    struct wanted wanted = {.reason = reason};
    cr_assert(await_pod(world, pod, is_refused, &wanted),
              "pod %s got no condition PodScheduled=False with reason %s", pod,
              reason ? reason : "(any)");
    return wanted.found;
}

char *world_await_bound(struct world *world, const char *pod)
{
    struct wanted wanted = {0};
    cr_assert(await_pod(world, pod, is_bound, &wanted), "pod %s was not bound", pod);
    return wanted.found;
}

static bool is_event_of_reason(void *context, const char *type, const json_t *object)
{
    (void)type;
    struct wanted *wanted = context;
    const char *reason = json_string_value(json_object_get(object, "reason"));
    if (!reason || strcmp(reason, wanted->reason) != 0)
        return false;
    if (!wanted->found_event)
        wanted->found_event = json_deep_copy(object);
    return true;
}

json_t *world_await_pod_event(struct world *world, const char *pod, const char *reason)
{
    struct wanted wanted = {.reason = reason};
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path),
                   "/apis/events.k8s.io/v1/namespaces/%s/events?watch=1"
                   "&fieldSelector=regarding.name%%3D%s",
                   world->namespace, pod);
    cr_assert(api_await_event(&world->api, path, is_event_of_reason, &wanted, WORLD_PATIENCE_MS),
              "pod %s got no event with reason %s", pod, reason);
    return wanted.found_event;
}
