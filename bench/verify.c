#include "bench/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/controller.h"
#include "bench/controller_read.h"
#include "model/base/hash.h"
#include "model/base/map.h"
#include "model/base/mem.h"

struct verify {
    struct store *store;
    struct store_subscriber subscriber;
    struct map pods_by_uid, nodes_by_name;
    struct verify_pod **pods;
    struct verify_node **nodes;
    uint32_t pod_count, node_count;
    size_t pod_capacity, node_capacity;
    char overfull[VERIFY_TEXT_BYTES]; /* the first one seen, "" none */
};

static uint64_t text_hash(struct str text)
{
    return hash_bytes(0, text.ptr, text.len);
}

static bool pod_is(const void *value, const void *key)
{
    return str_is(*(const struct str *)key, ((const struct verify_pod *)value)->uid);
}

static bool node_is(const void *value, const void *key)
{
    return str_is(*(const struct str *)key, ((const struct verify_node *)value)->name);
}

static void copy_text(char *to, size_t size, struct str text)
{
    (void)snprintf(to, size, STR_FMT, STR_ARG(text));
}

static struct verify_node *node_get(struct verify *verify, struct str name)
{
    struct verify_node *node = map_get(&verify->nodes_by_name, text_hash(name), node_is, &name);
    if (node)
        return node;
    node = mem_zalloc(1, sizeof(*node));
    copy_text(node->name, sizeof(node->name), name);
    map_put(&verify->nodes_by_name, text_hash(name), node);
    if (verify->node_count == verify->node_capacity) {
        verify->node_capacity = mem_grow(verify->node_capacity, verify->node_count + 1);
        verify->nodes = mem_resize(verify->nodes, verify->node_capacity, sizeof(node));
    }
    verify->nodes[verify->node_count++] = node;
    return node;
}

static struct verify_pod *pod_get(struct verify *verify, const struct object *object)
{
    struct str uid = str_from(object->ident->uid), app = STR("");
    struct verify_pod *pod = map_get(&verify->pods_by_uid, text_hash(uid), pod_is, &uid);
    if (pod)
        return pod;
    pod = mem_zalloc(1, sizeof(*pod));
    copy_text(pod->uid, sizeof(pod->uid), uid);
    (void)object_label(object, STR("app"), &app);
    copy_text(pod->app, sizeof(pod->app), app);
    pod->created_ms = store_clock(verify->store)->now.ms;
    pod->bound_ms = -1;
    pod->is_present = true;
    if (!amounts_of_pod(object, &pod->amounts))
        pod->amounts = (struct amounts){0};
    map_put(&verify->pods_by_uid, text_hash(uid), pod);
    if (verify->pod_count == verify->pod_capacity) {
        verify->pod_capacity = mem_grow(verify->pod_capacity, verify->pod_count + 1);
        verify->pods = mem_resize(verify->pods, verify->pod_capacity, sizeof(pod));
    }
    verify->pods[verify->pod_count++] = pod;
    return pod;
}

static void pod_leave(struct verify_pod *pod)
{
    if (pod->node)
        CHECK(amounts_add(&pod->node->used, &pod->amounts, -1));
    pod->node = NULL;
}

static void pod_enter(struct verify *verify, struct verify_pod *pod, struct str node_name)
{
    pod->node = node_get(verify, node_name);
    bool fits = amounts_add(&pod->node->used, &pod->amounts, 1);
    const char *excess = fits ? amounts_excess(&pod->node->used, &pod->node->offered) : "resources";
    if (excess && !verify->overfull[0])
        (void)snprintf(verify->overfull, VERIFY_TEXT_BYTES, "%s: %lld of %lld %s with pod %s",
                       pod->node->name, (long long)amounts_get(&pod->node->used, excess),
                       (long long)amounts_get(&pod->node->offered, excess), excess, pod->uid);
    if (!fits)
        pod->node = NULL;
}

static void on_pod(struct verify *verify, const struct store_event *event)
{
    const struct object *object = event->object;
    struct verify_pod *pod = pod_get(verify, object);
    struct condition_view scheduled;
    struct str node = blob_str(object->node_name);
    struct str before = event->before ? blob_str(event->before->node_name) : STR("");
    struct str phase = str_from(object_phase(object));
    pod->is_present = event->change != CHANGE_DELETED;
    pod->is_deleting = object->deleted_s > 0;
    pod->is_bound = node.len > 0;
    pod->is_running = str_is(phase, "Running");
    if (node.len > 0 && !str_equal(node, before)) {
        pod->bindings++;
        if (pod->bound_ms < 0)
            pod->bound_ms = store_clock(verify->store)->now.ms;
        pod_leave(pod);
        pod_enter(verify, pod, node);
    }
    if (!pod->is_bound && object_condition(object, "PodScheduled", &scheduled) &&
        str_is(scheduled.status, "False"))
        pod->was_refused = true;
    if (!pod->is_present || str_is(phase, "Succeeded") || str_is(phase, "Failed"))
        pod_leave(pod);
}

static void on_node(struct verify *verify, const struct store_event *event)
{
    const struct object *object = event->object;
    struct verify_node *node = node_get(verify, str_from(object->ident->name));
    struct str kind;
    node->is_present = event->change != CHANGE_DELETED;
    if (event->before && event->before->sections[SEC_STATUS] == object->sections[SEC_STATUS] &&
        node->is_readable)
        return;
    if (object_label(object, STR(NODE_KIND_LABEL), &kind))
        copy_text(node->kind, sizeof(node->kind), kind);
    node->is_readable = amounts_of_node(object, &node->offered);
}

static void on_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct verify *verify = container_of(subscriber, struct verify, subscriber);
    if (event->object->kind->id == KIND_POD)
        on_pod(verify, event);
    else if (event->object->kind->id == KIND_NODE)
        on_node(verify, event);
}

struct verify *verify_new(struct store *store)
{
    struct verify *verify = mem_zalloc(1, sizeof(*verify));
    verify->store = store;
    verify->subscriber.on_event = on_event;
    map_init(&verify->pods_by_uid);
    map_init(&verify->nodes_by_name);
    store_subscribe(store, &verify->subscriber);
    return verify;
}

void verify_free(struct verify *verify)
{
    if (!verify)
        return;
    store_unsubscribe(verify->store, &verify->subscriber);
    for (uint32_t i = 0; i < verify->pod_count; i++)
        free(verify->pods[i]);
    for (uint32_t i = 0; i < verify->node_count; i++)
        free(verify->nodes[i]);
    free(verify->pods);
    free(verify->nodes);
    map_fini(&verify->pods_by_uid);
    map_fini(&verify->nodes_by_name);
    free(verify);
}

const struct verify_pod *verify_pod_at(const struct verify *verify, uint32_t index)
{
    return index < verify->pod_count ? verify->pods[index] : NULL;
}

const struct verify_node *verify_node_at(const struct verify *verify, uint32_t index)
{
    return index < verify->node_count ? verify->nodes[index] : NULL;
}

/* ---- the judgement ---- */

static const struct verify_waiting *
find_waiting(const struct object *pod, const struct verify_waiting *waiting, uint32_t count)
{
    struct str app;
    if (!object_label(pod, STR("app"), &app))
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        if (str_is(app, waiting[i].app))
            return &waiting[i];
    return NULL;
}

static void judge_bound(struct store *store, const struct verify_waiting *waiting, uint32_t count,
                        struct verify_claim *claim)
{
    struct store_list pods = store_list(store, KIND_POD, STR(""));
    size_t feasible = 0, bound = 0;
    for (size_t i = 0; i < pods.count; i++) {
        const struct object *pod = pods.objects[i];
        if (find_waiting(pod, waiting, count))
            continue;
        feasible++;
        bound += pod->node_name != NULL;
        if (!pod->node_name && claim->holds) {
            claim->holds = false;
            (void)snprintf(claim->text, VERIFY_TEXT_BYTES, "%s is not bound", pod->ident->name);
        }
    }
    if (claim->holds)
        (void)snprintf(claim->text, VERIFY_TEXT_BYTES, "%zu of %zu", bound, feasible);
}

static void judge_twice(const struct verify *verify, struct verify_claim *claim)
{
    size_t bindings = 0;
    for (uint32_t i = 0; i < verify->pod_count; i++) {
        const struct verify_pod *pod = verify->pods[i];
        bindings += pod->bindings;
        if (pod->bindings > 1 && claim->holds) {
            claim->holds = false;
            (void)snprintf(claim->text, VERIFY_TEXT_BYTES, "pod %s was bound %u times", pod->uid,
                           pod->bindings);
        }
    }
    if (claim->holds)
        (void)snprintf(claim->text, VERIFY_TEXT_BYTES, "%zu binding writes for %u pods in all",
                       bindings, verify->pod_count);
}

/* Adds up again what the store's pods hold now. False: *ret_pod could not be. */
static bool recount(struct verify *verify, const struct object **ret_pod)
{
    struct store_list pods = store_list(verify->store, KIND_POD, STR(""));
    for (uint32_t i = 0; i < verify->node_count; i++)
        verify->nodes[i]->recounted = (struct amounts){0};
    for (size_t i = 0; i < pods.count; i++) {
        const struct object *pod = pods.objects[i];
        struct amounts amounts;
        struct str phase = str_from(object_phase(pod));
        if (!pod->node_name || str_is(phase, "Succeeded") || str_is(phase, "Failed"))
            continue;
        struct verify_node *node = node_get(verify, blob_str(pod->node_name));
        if (amounts_of_pod(pod, &amounts) && amounts_add(&node->recounted, &amounts, 1))
            continue;
        *ret_pod = pod;
        return false;
    }
    return true;
}

/* At the end by the store's pods, and at every moment by what was seen on the way. */
static void judge_overfull(struct verify *verify, struct verify_claim *claim)
{
    const struct object *bad = NULL;
    size_t present = 0;
    claim->holds = recount(verify, &bad);
    if (!claim->holds)
        (void)snprintf(claim->text, VERIFY_TEXT_BYTES, "%s cannot be added up", bad->ident->name);
    for (uint32_t i = 0; i < verify->node_count && claim->holds; i++) {
        const struct verify_node *node = verify->nodes[i];
        const char *excess = amounts_excess(&node->recounted, &node->offered);
        present += node->is_present;
        if (!excess || !node->is_present)
            continue;
        claim->holds = false;
        (void)snprintf(claim->text, VERIFY_TEXT_BYTES, "%s holds more %s than it offers",
                       node->name, excess);
    }
    if (claim->holds && verify->overfull[0]) {
        claim->holds = false;
        (void)snprintf(claim->text, VERIFY_TEXT_BYTES, "%s", verify->overfull);
    }
    if (claim->holds)
        (void)snprintf(claim->text, VERIFY_TEXT_BYTES, "%zu nodes, at every moment", present);
}

/* The raw JSON string of a text, for comparing with what the store holds. */
static bool message_is(struct str raw, const char *message)
{
    struct buf text;
    buf_init(&text, 4 * VERIFY_TEXT_BYTES * 4);
    (void)buf_add_str(&text, "\"");
    (void)buf_add_json(&text, message, strlen(message));
    (void)buf_add_str(&text, "\"");
    bool same = !buf_overflowed(&text) && str_equal(buf_str(&text), raw);
    buf_fini(&text);
    return same;
}

static void judge_waiting(struct store *store, const struct verify_waiting *waiting, uint32_t count,
                          struct verify_claim *claim)
{
    struct store_list pods = store_list(store, KIND_POD, STR(""));
    size_t right = 0;
    for (size_t i = 0; i < pods.count && claim->holds; i++) {
        const struct object *pod = pods.objects[i];
        const struct verify_waiting *row = find_waiting(pod, waiting, count);
        struct condition_view condition = {0};
        if (!row)
            continue;
        bool known = object_condition(pod, "PodScheduled", &condition);
        claim->holds = known && !pod->node_name && str_is(condition.status, "False") &&
                       str_is(condition.reason, row->reason) &&
                       message_is(condition.message_raw, row->message);
        right += claim->holds;
        if (!claim->holds)
            (void)snprintf(claim->text, VERIFY_TEXT_BYTES,
                           "%s: %s " STR_FMT " " STR_FMT ", expected %s \"%s\"", pod->ident->name,
                           pod->node_name ? "bound," : "waits,", STR_ARG(condition.reason),
                           STR_ARG(condition.message_raw), row->reason, row->message);
    }
    if (claim->holds)
        (void)snprintf(claim->text, VERIFY_TEXT_BYTES, "%zu pods of %u kinds", right, count);
}

bool verify_judge(struct verify *verify, const struct verify_waiting *waiting, uint32_t count,
                  struct verify_claim ret_claims[VERIFY_CLAIMS])
{
    static const char *const names[VERIFY_CLAIMS] = {
        "every feasible pod is bound", "no pod was bound twice", "no node was overfull",
        "infeasible pods wait with the right reason"};
    bool all = true;
    for (uint32_t i = 0; i < VERIFY_CLAIMS; i++)
        ret_claims[i] = (struct verify_claim){.name = names[i], .holds = true};
    judge_bound(verify->store, waiting, count, &ret_claims[0]);
    judge_twice(verify, &ret_claims[1]);
    judge_overfull(verify, &ret_claims[2]);
    judge_waiting(verify->store, waiting, count, &ret_claims[3]);
    for (uint32_t i = 0; i < VERIFY_CLAIMS; i++)
        all = all && ret_claims[i].holds;
    return all;
}
