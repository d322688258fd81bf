/*
 * ReplicaSet -> pods (kubernetes pkg/controller/replicaset/replica_set.go): as many pods as wanted,
 * made from the template, given up in the order of scale_down.h; and the status.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/controller_private.h"
#include "bench/controller_read.h"
#include "bench/json_scan.h"
#include "bench/scale_down.h"
#include "model/base/hash.h"
#include "model/base/mem.h"
#include "model/timestamp.h"

enum {
    BURST_REPLICAS = 500, /* pods made or deleted in one sync, as kube's burstReplicas */
    RETRY_MS = 1000,      /* after a refusal */
};

/* ---- up ---- */

static json_t *owner_references(const struct object *owner)
{
    return json_pack("[{s:s, s:s, s:s, s:s, s:b, s:b}]", "apiVersion", "apps/v1", "kind",
                     owner->kind->kind, "name", owner->ident->name, "uid", owner->ident->uid,
                     "controller", 1, "blockOwnerDeletion", 1);
}

/* The pod of the template, NULL when there is no template. Yours. */
static json_t *pod_from_template(const struct object *replicaset)
{
    struct str raw;
    if (!object_field(replicaset, "spec.template", &raw))
        return NULL;
    json_t *template = json_loadb(raw.ptr, raw.len, 0, NULL);
    CHECK(template != NULL); /* the store keeps valid text only */
    json_t *pod =
        json_pack("{s:s, s:s, s:O, s:O?}", "apiVersion", "v1", "kind", "Pod", "metadata",
                  json_object_get(template, "metadata"), "spec", json_object_get(template, "spec"));
    json_decref(template);
    if (!pod)
        return NULL;
    char prefix[API_NAME_BYTES];
    (void)snprintf(prefix, sizeof(prefix), "%s-", replicaset->ident->name);
    json_t *metadata = json_object_get(pod, "metadata");
    (void)json_object_del(metadata, "creationTimestamp");
    (void)json_object_set_new(metadata, "generateName", json_string(prefix));
    (void)json_object_set_new(metadata, "ownerReferences", owner_references(replicaset));
    return pod;
}

static void scale_up(struct controllers *controllers, struct item *replicaset, int64_t count)
{
    struct str ns = str_from(replicaset->object->ident->ns);
    struct api_status status;
    json_t *pod = pod_from_template(replicaset->object);
    int64_t left = count < BURST_REPLICAS ? count : BURST_REPLICAS;
    while (pod && left > 0 && store_create(controllers->store, KIND_POD, ns, pod, NULL, &status))
        left--;
    json_decref(pod);
    /* A refusal (a namespace that ends, a priority class that is not there) may pass. */
    if (left > 0 || count > BURST_REPLICAS)
        item_wake(controllers, replicaset, left > 0 ? RETRY_MS : 0);
}

/* ---- down ---- */

/* How many active pods each node has of all ReplicaSets of one controller (rule 5). */
struct rank {
    struct str node; /* lent by a pod */
    uint32_t pods;
};

struct ranks {
    struct map by_node;
    struct rank *rows; /* one for each pod at most: never moved */
    size_t count;
};

static bool rank_is(const void *value, const void *key)
{
    return str_equal(((const struct rank *)value)->node, *(const struct str *)key);
}

static struct rank *rank_get(const struct ranks *ranks, struct str node)
{
    return map_get(&ranks->by_node, hash_bytes(0, node.ptr, node.len), rank_is, &node);
}

static void ranks_add(struct ranks *ranks, const struct item *replicaset)
{
    for (const struct item *pod = replicaset->children; pod; pod = pod->next) {
        struct str node = blob_str(pod->object->node_name);
        if (!pod->is_active)
            continue;
        struct rank *rank = rank_get(ranks, node);
        if (!rank) {
            rank = &ranks->rows[ranks->count++];
            *rank = (struct rank){.node = node};
            map_put(&ranks->by_node, hash_bytes(0, node.ptr, node.len), rank);
        }
        rank->pods++;
    }
}

static void ranks_init(struct ranks *ranks, const struct item *replicaset)
{
    const struct item *owner = replicaset->owner;
    size_t pods = replicaset->active_count;
    for (const struct item *at = owner ? owner->children : NULL; at; at = at->next)
        pods += at->active_count;
    *ranks = (struct ranks){.rows = mem_zalloc(pods, sizeof(struct rank))};
    map_init(&ranks->by_node);
    if (!owner)
        ranks_add(ranks, replicaset);
    for (const struct item *at = owner ? owner->children : NULL; at; at = at->next)
        ranks_add(ranks, at);
}

static void ranks_fini(struct ranks *ranks)
{
    map_fini(&ranks->by_node);
    free(ranks->rows);
}

static int64_t time_us(struct str text)
{
    int64_t us;
    return timestamp_parse(text, &us) ? us : 0;
}

static int32_t max_restarts(const struct object *pod, const char *path)
{
    struct str list, item, raw;
    int64_t most = 0;
    if (!object_field(pod, path, &list))
        return 0;
    struct json_iter iter = json_items(list);
    while (json_next_item(&iter, &item)) {
        int64_t count = json_find(item, STR("restartCount"), &raw) ? json_int(raw, 0) : 0;
        most = count > most ? count : most;
    }
    return most > INT32_MAX ? INT32_MAX : (int32_t)most;
}

static struct scale_down_pod describe_pod(const struct ranks *ranks, const struct item *item)
{
    const struct object *pod = item->object;
    struct str phase = str_from(object_phase(pod)), cost = STR("");
    struct condition_view ready = {0};
    (void)object_condition(pod, "Ready", &ready);
    (void)object_annotation(pod, STR(DELETION_COST_ANNOTATION), &cost);
    return (struct scale_down_pod){
        .is_assigned = pod->node_name != NULL,
        .phase = str_is(phase, "Running")   ? SCALE_DOWN_RUNNING
                 : str_is(phase, "Pending") ? SCALE_DOWN_PENDING
                                            : SCALE_DOWN_UNKNOWN,
        .is_ready = item->is_ready,
        .deletion_cost = deletion_cost_parse(cost),
        .rank = rank_get(ranks, blob_str(pod->node_name))->pods,
        .ready_since_us = time_us(ready.since),
        .restarts = max_restarts(pod, "status.containerStatuses"),
        .sidecar_restarts = max_restarts(pod, "status.initContainerStatuses"),
        .created_us = pod->ident->created_s * 1000000,
        .uid = pod->ident->uid,
        .data = object_ref(pod), /* outlives the item */
    };
}

static void delete_pod(struct controllers *controllers, const struct object *pod)
{
    struct api_status status;
    const struct store_target target = {
        .kind = KIND_POD, .ns = str_from(pod->ident->ns), .name = str_from(pod->ident->name)};
    const struct delete_options options = {.grace_s = -1, .uid = str_from(pod->ident->uid)};
    CHECK(store_delete(controllers->store, &target, &options, NULL, &status));
}

static void scale_down(struct controllers *controllers, struct item *replicaset, int64_t count)
{
    size_t active = 0, total = replicaset->active_count;
    struct scale_down_pod *pods = mem_zalloc(total, sizeof(*pods));
    struct ranks ranks;
    ranks_init(&ranks, replicaset);
    for (struct item *pod = replicaset->children; pod; pod = pod->next)
        if (pod->is_active)
            pods[active++] = describe_pod(&ranks, pod);
    CHECK(active == total);
    ranks_fini(&ranks);
    if ((size_t)count < active)
        scale_down_sort(pods, active, store_clock(controllers->store)->wall_us);
    for (size_t i = 0; i < active; i++) {
        if (i < (size_t)count && i < BURST_REPLICAS)
            delete_pod(controllers, pods[i].data);
        object_unref(pods[i].data);
    }
    free(pods);
    if (count > BURST_REPLICAS)
        item_wake(controllers, replicaset, 0);
}

/* ---- status ---- */

/* Pods that have been ready for minReadySeconds. */
static int64_t available_count(struct controllers *controllers, struct item *replicaset)
{
    int64_t needed_s = object_field_int(replicaset->object, "spec.minReadySeconds", 0);
    if (needed_s <= 0)
        return replicaset->ready_count;
    int64_t now_us = store_clock(controllers->store)->wall_us, count = 0;
    for (const struct item *pod = replicaset->children; pod; pod = pod->next) {
        struct condition_view ready;
        if (!pod->is_ready || !object_condition(pod->object, "Ready", &ready))
            continue;
        int64_t left_us = time_us(ready.since) + needed_s * 1000000 - now_us;
        count += left_us <= 0;
        if (left_us > 0)
            item_wake(controllers, replicaset, left_us / 1000 + 1);
    }
    return count;
}

static void write_status(struct controllers *controllers, struct item *replicaset)
{
    struct buf text;
    buf_init(&text, 1024);
    int64_t available = available_count(controllers, replicaset);
    const struct {
        const char *name;
        int64_t value;
    } counts[] = {{"availableReplicas", available},
                  {"fullyLabeledReplicas", replicaset->active_count},
                  {"readyReplicas", replicaset->ready_count}};
    (void)buf_printf(&text, "\"observedGeneration\":%lld,\"replicas\":%u",
                     (long long)replicaset->object->generation, replicaset->active_count);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        if (counts[i].value > 0) /* omitempty */
            (void)buf_printf(&text, ",\"%s\":%lld", counts[i].name, (long long)counts[i].value);
    const struct status_text status = {.rest = buf_str(&text)};
    store_set_status(controllers->store, replicaset->object, &status, NULL);
    buf_fini(&text);
}

void replicaset_sync(struct controllers *controllers, struct item *replicaset)
{
    const struct object *object = replicaset->object;
    int64_t more = object_field_int(object, "spec.replicas", 1) - replicaset->active_count;
    if (object->deleted_s == 0 && more > 0)
        scale_up(controllers, replicaset, more);
    else if (object->deleted_s == 0 && more < 0)
        scale_down(controllers, replicaset, -more);
    write_status(controllers, replicaset);
}
