#include "tests/real/duel.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "tests/real/duel_compare.h"
#include "tests/real/generate.h"

enum {
    PATH_BYTES = 256,
    BODY_BYTES = 256 * 1024,
    VERDICT_MS = 30000, /* far more than a wake-up out of the longest backoff takes */
};

static const char epoch_label[] = "epoch";
static const char *const scheduler_names[2] = {"default-scheduler", "spillway"};

static const char *text_at(const json_t *object, const char *first, const char *second)
{
    const char *text = json_string_value(json_object_get(json_object_get(object, first), second));
    return text ? text : "";
}

/* ---- what the apiserver tells ---- */

static const json_t *pod_scheduled(const json_t *pod)
{
    const json_t *condition;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(pod, "status"), "conditions"), i, condition)
    {
        if (strcmp(json_string_value(json_object_get(condition, "type")), "PodScheduled") == 0)
            return condition;
    }
    return NULL;
}

static bool has_verdict(const json_t *pod)
{
    if (text_at(pod, "spec", "nodeName")[0])
        return true;
    const char *reason = json_string_value(json_object_get(pod_scheduled(pod), "reason"));
    return reason && strcmp(reason, "SchedulingGated") != 0;
}

static void on_pod(void *context, const char *type, const json_t *pod)
{
    struct duel_twin *twin = &((struct duel *)context)->twin;
    if (strcmp(type, "DELETED") == 0 || twin->pod || !has_verdict(pod) ||
        strcmp(text_at(pod, "metadata", "name"), twin->name) != 0)
        return;
    twin->pod = json_deep_copy(pod);
}

/* Whether the event is of the attempt whose condition was seen. Both schedulers may try again at
 * once (the nomination they gave up is a change of the pod), and their events overtake each other
 * on the way. */
static bool is_of_verdict(const json_t *event, const json_t *pod)
{
    enum { COMPARED = 1000 }; /* a longer note is cut, and the condition is not */
    if (text_at(pod, "spec", "nodeName")[0])
        return true;
    const json_t *condition = pod_scheduled(pod);
    const char *message = json_string_value(json_object_get(condition, "message"));
    const char *note = json_string_value(json_object_get(event, "note"));
    return message && note && strncmp(note, message, COMPARED) == 0;
}

static void on_event(void *context, const char *type, const json_t *event)
{
    (void)type;
    struct duel_twin *twin = &((struct duel *)context)->twin;
    if (strcmp(text_at(event, "regarding", "name"), twin->name) != 0)
        return;
    if (twin->event_count < ARRAY_LEN(twin->events))
        twin->events[twin->event_count++] = json_deep_copy(event);
}

static json_t *twin_event(const struct duel_twin *twin)
{
    for (size_t i = 0; twin->pod && i < twin->event_count; i++)
        if (is_of_verdict(twin->events[i], twin->pod))
            return twin->events[i];
    return NULL;
}

static bool twin_is_told(const void *context)
{
    return twin_event(&((const struct duel *)context)->twin) != NULL;
}

static void watch_from_now(struct duel *duel, struct api_watch *watch, const char *collection,
                           const char *selector, api_event *on)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s?limit=1", collection);
    json_t *list = api_get(&duel->world.api, path);
    (void)snprintf(path, sizeof(path), "%s?watch=1&resourceVersion=%s%s", collection,
                   text_at(list, "metadata", "resourceVersion"), selector);
    json_decref(list);
    api_watch_start(&duel->world.api, watch, path, on, duel);
}

static void stop_watching(struct duel *duel)
{
    if (duel->watching) {
        api_watch_stop(&duel->world.api, &duel->pod_watch);
        api_watch_stop(&duel->world.api, &duel->event_watch);
    }
    duel->watching = false;
}

/* ---- the start and the end ---- */

static void post(struct duel *duel, const char *path, const char *body)
{
    long status = api_call(&duel->world.api, "POST", path, body, NULL);
    cr_assert(status == 201 || status == 409, "POST %s: status %ld", path, status);
}

void duel_open(struct duel *duel, const char *name)
{
    *duel = (struct duel){0};
    world_open(&duel->world, name);
    post(duel, "/apis/node.k8s.io/v1/runtimeclasses",
         "{\"metadata\":{\"name\":\"" GENERATE_RUNTIME_CLASS "\"},\"handler\":\"heavy\","
         "\"overhead\":{\"podFixed\":{\"cpu\":\"250m\",\"memory\":\"120Mi\"}}}");
    post(duel, "/apis/scheduling.k8s.io/v1/priorityclasses",
         "{\"metadata\":{\"name\":\"" GENERATE_PRIORITY_LOW "\"},\"value\":0}");
    post(duel, "/apis/scheduling.k8s.io/v1/priorityclasses",
         "{\"metadata\":{\"name\":\"" GENERATE_PRIORITY_HIGH "\"},\"value\":1000}");
    char kubeconfig[PATH_BYTES];
    CHECK((size_t)snprintf(kubeconfig, sizeof(kubeconfig), "%s/token.kubeconfig", duel->world.dir) <
          sizeof(kubeconfig));
    world_start_spillway_with(
        &duel->world,
        (const char *const[]){"--kubeconfig", kubeconfig, "--feasible-target=0", NULL}, NULL);
    /* Its usual 50 writes a second would be the measure of everything. */
    world_start_kube_scheduler_with(
        &duel->world,
        (const char *const[]){"--kube-api-qps=10000", "--kube-api-burst=10000", NULL});
}

void duel_close(struct duel *duel)
{
    stop_watching(duel);
    world_close(&duel->world);
}

/* ---- one cluster ---- */

/* Ready from the start: kwok and the node controller find nothing to do. */
static void make_node(void *context, size_t index, struct buf *path, struct buf *body)
{
    const json_t *nodes = context;
    CHECK(buf_add_str(path, "/api/v1/nodes"));
    json_t *node = json_deep_copy(json_array_get(nodes, index));
    json_object_del(json_object_get(node, "spec"), "taints");
    json_object_set_new(
        json_object_get(node, "status"), "conditions",
        json_pack("[{ssssss}]", "type", "Ready", "status", "True", "reason", "KubeletReady"));
    char *text CLEANUP(mem_freep) = json_dumps(node, JSON_COMPACT);
    json_decref(node);
    CHECK(buf_add_str(body, text));
}

struct bound_batch {
    const struct duel *duel;
    const json_t *pods;
};

static void make_bound(void *context, size_t index, struct buf *path, struct buf *body)
{
    const struct bound_batch *batch = context;
    CHECK(buf_printf(path, "/api/v1/namespaces/%s/pods", batch->duel->world.namespace));
    /* The pod collector of the controller-manager deletes by name, and late: a name is used once.
     */
    char name[64];
    json_t *pod = json_deep_copy(json_array_get(batch->pods, index));
    (void)snprintf(name, sizeof(name), "%s-of-%u", text_at(pod, "metadata", "name"),
                   batch->duel->clusters);
    json_object_set_new(json_object_get(pod, "metadata"), "name", json_string(name));
    char *text CLEANUP(mem_freep) = json_dumps(pod, JSON_COMPACT);
    json_decref(pod);
    CHECK(buf_add_str(body, text));
}

/* The apiserver taints each new node; this gives it the taints it shall have, and the label that
 * shows it is done. */
static void finish_nodes(struct duel *duel, const json_t *nodes)
{
    const json_t *node;
    size_t i;
    json_array_foreach(nodes, i, node)
    {
        char path[PATH_BYTES];
        char epoch[32];
        (void)snprintf(path, sizeof(path), "/api/v1/nodes/%s", text_at(node, "metadata", "name"));
        (void)snprintf(epoch, sizeof(epoch), "%u", duel->clusters);
        json_t *taints = json_object_get(json_object_get(node, "spec"), "taints");
        json_t *patch = json_pack("{s{s{ss}}s{sO}}", "metadata", "labels", epoch_label, epoch,
                                  "spec", "taints", taints);
        CHECK(patch);
        char *body CLEANUP(mem_freep) = json_dumps(patch, JSON_COMPACT);
        json_decref(patch);
        long status = api_call(&duel->world.api, "PATCH", path, body, NULL);
        cr_assert(status == 200, "PATCH %s: status %ld", path, status);
    }
}

struct canary {
    char total[64];
    char refusals[64];
};

static bool canary_says_so(void *context, const char *type, const json_t *pod)
{
    (void)type;
    const struct canary *canary = context;
    const json_t *condition;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(pod, "status"), "conditions"), i, condition)
    {
        const char *message = json_string_value(json_object_get(condition, "message"));
        if (message && strstr(message, canary->total) == message &&
            strstr(message, canary->refusals))
            return true;
    }
    return false;
}

/* A pod that would go to any node of this cluster, were it not for a resource that none has: the
 * message counts the nodes that its scheduler sees in their last state. */
static void await_canary(struct duel *duel, const char *scheduler, size_t node_count)
{
    struct world *world = &duel->world;
    char name[64];
    char path[PATH_BYTES];
    char body[1024];
    (void)snprintf(name, sizeof(name), "canary-%u-%s", duel->clusters, scheduler);
    struct canary canary;
    (void)snprintf(canary.total, sizeof(canary.total), "0/%zu nodes are available:", node_count);
    (void)snprintf(canary.refusals, sizeof(canary.refusals), " %zu Insufficient example.com/canary",
                   node_count);
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods", world->namespace);
    (void)snprintf(body, sizeof(body),
                   "{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"schedulerName\":\"%s\","
                   "\"priorityClassName\":\"" GENERATE_PRIORITY_LOW "\","
                   "\"nodeSelector\":{\"%s\":\"%u\"},\"tolerations\":[{\"operator\":\"Exists\"}],"
                   "\"containers\":[{\"name\":\"main\",\"image\":\"test.invalid/main:1\","
                   "\"resources\":{\"limits\":{\"example.com/canary\":\"1\"}}}]}}",
                   name, scheduler, epoch_label, duel->clusters);
    long status = api_call(&world->api, "POST", path, body, NULL);
    cr_assert(status == 201, "POST of %s: status %ld", name, status);
    (void)snprintf(path, sizeof(path),
                   "/api/v1/namespaces/%s/pods?watch=1&fieldSelector=metadata.name%%3D%s",
                   world->namespace, name);
    cr_assert(api_await_event(&world->api, path, canary_says_so, &canary, WORLD_PATIENCE_MS),
              "%s does not see the %zu nodes of cluster %u", scheduler, node_count, duel->clusters);
}

static void delete_pod(struct duel *duel, const char *name)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods/%s?gracePeriodSeconds=0",
                   duel->world.namespace, name);
    long status = api_call(&duel->world.api, "DELETE", path, NULL, NULL);
    cr_assert(status == 200, "DELETE %s: status %ld", path, status);
}

void duel_enter(struct duel *duel, const json_t *cluster)
{
    struct world *world = &duel->world;
    json_t *nodes = json_object_get(cluster, "nodes");
    struct bound_batch batch = {.duel = duel, .pods = json_object_get(cluster, "bound")};
    char pods[PATH_BYTES];
    char events[PATH_BYTES];
    (void)snprintf(pods, sizeof(pods), "/api/v1/namespaces/%s/pods", world->namespace);
    (void)snprintf(events, sizeof(events), "/apis/events.k8s.io/v1/namespaces/%s/events",
                   world->namespace);
    stop_watching(duel);
    world_delete_all(world, pods);
    world_delete_all(world, "/api/v1/nodes");
    duel->clusters++;
    api_post_many(&world->api, json_array_size(nodes), make_node, nodes);
    api_post_many(&world->api, json_array_size(batch.pods), make_bound, &batch);
    finish_nodes(duel, nodes);
    for (size_t i = 0; i < ARRAY_LEN(scheduler_names); i++)
        await_canary(duel, scheduler_names[i], json_array_size(nodes));
    for (size_t i = 0; i < ARRAY_LEN(scheduler_names); i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "canary-%u-%s", duel->clusters, scheduler_names[i]);
        delete_pod(duel, name);
    }
    watch_from_now(duel, &duel->pod_watch, pods, "&labelSelector=twin", on_pod);
    watch_from_now(duel, &duel->event_watch, events, "", on_event);
    duel->watching = true;
}

/* ---- one pod ---- */

/* The pod for one of the two; yours. What is nominated has to be gated until it is. */
static json_t *make_twin(const struct duel *duel, const json_t *pod, size_t side)
{
    json_t *twin = json_deep_copy(pod);
    json_t *metadata = json_object_get(twin, "metadata");
    json_t *spec = json_object_get(twin, "spec");
    json_object_set_new(metadata, "name", json_string(duel->twin.name));
    json_object_set_new(metadata, "labels", json_pack("{ss}", "twin", ""));
    json_object_set_new(spec, "schedulerName", json_string(scheduler_names[side]));
    if (text_at(pod, "status", "nominatedNodeName")[0])
        json_object_set_new(spec, "schedulingGates", json_pack("[{ss}]", "name", "test/nominated"));
    json_object_del(twin, "status");
    return twin;
}

static void patch_pod(struct duel *duel, const char *subresource, const char *body)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods/%s%s", duel->world.namespace,
                   duel->twin.name, subresource);
    json_t *pod = NULL;
    long status = api_call(&duel->world.api, "PATCH", path, body, &pod);
    cr_assert(status == 200, "PATCH %s: status %ld", path, status);
    json_decref(pod);
}

/* Gives the pod its nomination and takes its gates away. */
static void let_go(struct duel *duel, const json_t *pod)
{
    const char *nominated = text_at(pod, "status", "nominatedNodeName");
    if (nominated[0]) {
        char body[128];
        (void)snprintf(body, sizeof(body), "{\"status\":{\"nominatedNodeName\":\"%s\"}}",
                       nominated);
        patch_pod(duel, "/status", body);
    }
    patch_pod(duel, "", "{\"spec\":{\"schedulingGates\":null}}");
}

/* True when the apiserver took the pod; then what became of it is in the verdict. */
static bool run_twin(struct duel *duel, const json_t *pod, size_t side,
                     struct duel_verdict *ret_verdict)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods", duel->world.namespace);
    duel->twin = (struct duel_twin){0};
    (void)snprintf(duel->twin.name, sizeof(duel->twin.name), "pod-%u-%s", duel->pods,
                   scheduler_names[side]);
    json_t *twin = make_twin(duel, pod, side);
    bool gated = json_object_get(json_object_get(twin, "spec"), "schedulingGates");
    char *body CLEANUP(mem_freep) = json_dumps(twin, JSON_COMPACT);
    json_decref(twin);
    long status = api_call(&duel->world.api, "POST", path, body, NULL);
    cr_assert(status == 201 || status == 422 || status == 403 || status == 400,
              "POST of %s: status %ld", duel->twin.name, status);
    if (status != 201)
        return false;
    if (gated)
        let_go(duel, pod);
    bool is_told = api_await(&duel->world.api, twin_is_told, duel, VERDICT_MS);
    /* The next pod is created after this is answered, so both schedulers see it in this order. */
    delete_pod(duel, duel->twin.name);
    *ret_verdict = (struct duel_verdict){
        .scheduler = scheduler_names[side],
        .pod = duel->twin.pod,
        .event = json_incref(is_told ? twin_event(&duel->twin) : duel->twin.events[0]),
    };
    for (size_t i = 0; i < duel->twin.event_count; i++)
        json_decref(duel->twin.events[i]);
    return true;
}

enum duel_outcome duel_fight(struct duel *duel, const json_t *cluster, const json_t *pod,
                             bool kube_first, struct buf *why)
{
    struct duel_verdict verdicts[2] = {0};
    size_t first = kube_first ? 0 : 1;
    enum duel_outcome outcome = DUEL_INVALID;
    duel->pods++;
    if (run_twin(duel, pod, first, &verdicts[first])) {
        CHECK(run_twin(duel, pod, 1 - first, &verdicts[1 - first]));
        const char *nominated = text_at(pod, "status", "nominatedNodeName");
        outcome = duel_compare(cluster, verdicts, nominated[0] ? nominated : NULL, why);
    }
    for (size_t i = 0; i < 2; i++) {
        json_decref(verdicts[i].pod);
        json_decref(verdicts[i].event);
    }
    return outcome;
}
