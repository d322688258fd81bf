#include "bench/controller.h"

#include <stdlib.h>

#include "bench/controller_private.h"
#include "bench/controller_read.h"
#include "model/base/hash.h"
#include "model/base/mem.h"

enum {
    BATCH_MS = 20,        /* changes of pods within this time are one sync of their ReplicaSet */
    ITEMS_PER_RUN = 2000, /* then the loop gets its turn */
};

/* ---- items ---- */

static bool item_before(const void *a, const void *b)
{
    const struct item *first = a, *second = b;
    if (first->due_ms != second->due_ms)
        return first->due_ms < second->due_ms;
    return first->seq < second->seq;
}

static uint32_t *item_position(void *item)
{
    return &((struct item *)item)->heap_position;
}

static bool item_has_uid(const void *value, const void *key)
{
    const struct item *item = value;
    return str_is(*(const struct str *)key, item->object->ident->uid);
}

static uint64_t uid_hash(struct str uid)
{
    return hash_bytes(0, uid.ptr, uid.len); /* uids are the store's own: nobody aims them */
}

struct item *item_find(const struct controllers *controllers, struct str uid)
{
    return map_get(&controllers->items, uid_hash(uid), item_has_uid, &uid);
}

void item_wake(struct controllers *controllers, struct item *item, int64_t delay_ms)
{
    int64_t due_ms = store_clock(controllers->store)->now.ms + delay_ms;
    bool waits = item->heap_position != HEAP_NOWHERE;
    if (waits && item->due_ms <= due_ms)
        return;
    item->due_ms = due_ms;
    item->seq = ++controllers->seq;
    if (waits)
        heap_update(&controllers->due, item);
    else
        heap_push(&controllers->due, item);
}

static void item_attach(struct controllers *controllers, struct item *item)
{
    struct owner_ref owner;
    if (!object_controller(item->object, &owner))
        return;
    item->owner = item_find(controllers, owner.uid);
    if (!item->owner)
        return;
    item->next = item->owner->children;
    if (item->next)
        item->next->prev = item;
    item->owner->children = item;
}

static void item_detach(struct item *item)
{
    if (!item->owner)
        return;
    if (item->prev)
        item->prev->next = item->next;
    else
        item->owner->children = item->next;
    if (item->next)
        item->next->prev = item->prev;
    item->owner = item->next = item->prev = NULL;
}

/* Keeps the counts of the ReplicaSet right; says whether they changed. */
static bool pod_count(struct item *pod, bool is_active, bool is_ready)
{
    bool changed = pod->is_active != is_active || pod->is_ready != is_ready;
    if (pod->owner) {
        struct item *owner = pod->owner;
        owner->active_count = owner->active_count + is_active - pod->is_active;
        owner->ready_count = owner->ready_count + is_ready - pod->is_ready;
    }
    pod->is_active = is_active;
    pod->is_ready = is_ready;
    return changed;
}

static void budget_add(struct controllers *controllers, struct item *budget)
{
    if (controllers->budget_count == controllers->budget_capacity) {
        controllers->budget_capacity =
            mem_grow(controllers->budget_capacity, controllers->budget_count + 1);
        controllers->budgets = mem_resize(controllers->budgets, controllers->budget_capacity,
                                          sizeof(*controllers->budgets));
    }
    controllers->budgets[controllers->budget_count++] = budget;
}

static void budget_remove(struct controllers *controllers, const struct item *budget)
{
    for (size_t i = 0; i < controllers->budget_count; i++)
        if (controllers->budgets[i] == budget)
            controllers->budgets[i] = controllers->budgets[--controllers->budget_count];
}

/* A pod of the namespace came, changed or went. Cost: a walk of all budgets. */
static void budgets_wake(struct controllers *controllers, const struct object *pod)
{
    for (size_t i = 0; i < controllers->budget_count; i++)
        if (strcmp(controllers->budgets[i]->object->ident->ns, pod->ident->ns) == 0)
            item_wake(controllers, controllers->budgets[i], BATCH_MS);
}

static void item_free(struct controllers *controllers, struct item *item)
{
    struct str uid = str_from(item->object->ident->uid);
    CHECK(map_remove(&controllers->items, uid_hash(uid), item_has_uid, &uid) == item);
    if (item->heap_position != HEAP_NOWHERE)
        heap_remove(&controllers->due, item);
    if (item->object->kind->id == KIND_POD) {
        (void)pod_count(item, false, false);
        budgets_wake(controllers, item->object);
    }
    if (item->object->kind->id == KIND_POD_DISRUPTION_BUDGET)
        budget_remove(controllers, item);
    item_detach(item);
    while (item->children)
        item_detach(item->children);
    object_unref(item->object);
    free(item);
}

/* ---- what happened ---- */

static void on_pod(struct controllers *controllers, struct item *pod)
{
    const struct object *object = pod->object;
    bool is_active = pod_is_active(object);
    bool is_ready = is_active && object_condition_true(object, "Ready");
    budgets_wake(controllers, object);
    if (pod_count(pod, is_active, is_ready) && pod->owner)
        item_wake(controllers, pod->owner, BATCH_MS);
    if (object->deleted_s > 0 && !pod->is_dying) {
        pod->is_dying = true;
        item_wake(controllers, pod, kubelet_stop_ms(controllers));
    } else if (object->node_name && is_active && !pod->is_starting) {
        pod->is_starting = true;
        item_wake(controllers, pod, kubelet_start_ms(controllers, object));
    }
}

/* A node that is gone takes its pods along (the pod garbage collector). Cost: a walk of all items,
 * nodes seldom go. */
static void on_node_gone(struct controllers *controllers, const struct object *node)
{
    size_t position = 0;
    for (struct item *item; (item = map_next(&controllers->items, &position));)
        if (item->object->kind->id == KIND_POD &&
            str_is(blob_str(item->object->node_name), node->ident->name))
            item_wake(controllers, item, kubelet_stop_ms(controllers));
}

static void on_change(struct controllers *controllers, struct item *item)
{
    if (item->object->kind->id == KIND_POD) {
        on_pod(controllers, item);
        return;
    }
    item_wake(controllers, item, 0);
    if (item->owner)
        item_wake(controllers, item->owner, 0);
}

static bool is_watched(const struct object *object)
{
    enum kind_id kind = object->kind->id;
    return kind == KIND_POD || kind == KIND_NODE || kind == KIND_REPLICA_SET ||
           kind == KIND_DEPLOYMENT || kind == KIND_POD_DISRUPTION_BUDGET;
}

static void on_gone(struct controllers *controllers, const struct object *object)
{
    struct item *item = item_find(controllers, str_from(object->ident->uid));
    CHECK(item != NULL);
    struct item *owner = item->owner;
    item_free(controllers, item);
    if (owner)
        item_wake(controllers, owner, BATCH_MS);
    if (owner && owner->owner && !owner->children) /* the last pod: Recreate and history wait */
        item_wake(controllers, owner->owner, BATCH_MS);
    if (object->kind->id == KIND_NODE)
        on_node_gone(controllers, object);
}

static void note_object(struct controllers *controllers, const struct object *object)
{
    struct str uid = str_from(object->ident->uid);
    struct item *item = item_find(controllers, uid);
    if (!item) {
        item = mem_zalloc(1, sizeof(*item));
        item->object = object_ref(object);
        item->lease_renewed.ms = INT64_MIN / 2;
        map_put(&controllers->items, uid_hash(uid), item);
        item_attach(controllers, item);
        if (object->kind->id == KIND_POD_DISRUPTION_BUDGET)
            budget_add(controllers, item);
    } else {
        struct object *before = item->object;
        item->object = object_ref(object);
        object_unref(before);
    }
    on_change(controllers, item);
}

static void on_event(struct store_subscriber *subscriber, const struct store_event *event)
{
    struct controllers *controllers = container_of(subscriber, struct controllers, subscriber);
    if (!is_watched(event->object))
        return;
    if (event->change == CHANGE_DELETED)
        on_gone(controllers, event->object);
    else
        note_object(controllers, event->object);
}

/* ---- life ---- */

struct controllers *controllers_new(struct store *store, uint64_t seed)
{
    static const enum kind_id owners_first[] = {KIND_NODE, KIND_DEPLOYMENT, KIND_REPLICA_SET,
                                                KIND_POD_DISRUPTION_BUDGET, KIND_POD};
    struct controllers *controllers = mem_zalloc(1, sizeof(*controllers));
    controllers->store = store;
    controllers->subscriber.on_event = on_event;
    map_init(&controllers->items);
    heap_init(&controllers->due, item_before, item_position);
    rng_init(&controllers->rng, seed);
    for (size_t i = 0; i < ARRAY_LEN(owners_first); i++) {
        struct store_list list = store_list(store, owners_first[i], STR(""));
        for (size_t j = 0; j < list.count; j++)
            note_object(controllers, list.objects[j]);
    }
    store_subscribe(store, &controllers->subscriber);
    return controllers;
}

void controllers_free(struct controllers *controllers)
{
    if (!controllers)
        return;
    store_unsubscribe(controllers->store, &controllers->subscriber);
    size_t position = 0;
    for (struct item *item; (item = map_next(&controllers->items, &position));) {
        object_unref(item->object);
        free(item);
    }
    map_fini(&controllers->items);
    heap_fini(&controllers->due);
    free(controllers->budgets);
    free(controllers);
}

static void item_sync(struct controllers *controllers, struct item *item)
{
    switch ((unsigned)item->object->kind->id) {
    case KIND_DEPLOYMENT:
        deployment_sync(controllers, item);
        return;
    case KIND_REPLICA_SET:
        replicaset_sync(controllers, item);
        return;
    case KIND_POD_DISRUPTION_BUDGET:
        disruption_sync(controllers, item);
        return;
    case KIND_POD:
        kubelet_sync_pod(controllers, item);
        return;
    case KIND_NODE:
        kubelet_sync_node(controllers, item);
        return;
    default:
        CHECK_NEVER("a watched kind");
    }
}

void controllers_run(struct controllers *controllers)
{
    int64_t now_ms = store_clock(controllers->store)->now.ms;
    for (int i = 0; i < ITEMS_PER_RUN; i++) {
        struct item *item = heap_peek(&controllers->due);
        if (!item || item->due_ms > now_ms)
            return;
        (void)heap_pop(&controllers->due);
        item_sync(controllers, item);
    }
}

struct mono_ms controllers_next(const struct controllers *controllers)
{
    const struct item *item = heap_peek(&controllers->due);
    return item ? (struct mono_ms){item->due_ms} : MONO_NEVER;
}

void workload_scale(struct controllers *controllers, const struct object *object, int64_t replicas)
{
    struct api_status status;
    const struct store_target target = {.kind = object->kind->id,
                                        .ns = str_from(object->ident->ns),
                                        .name = str_from(object->ident->name),
                                        .sub = SUB_SCALE};
    json_t *body = json_pack("{s:{s:I}}", "spec", "replicas", (json_int_t)replicas);
    CHECK(store_update(controllers->store, &target, body, NULL, &status));
    json_decref(body);
}
