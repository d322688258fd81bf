/*
 * The kubelet's and the node lifecycle controller's side of a node: it becomes ready soon after it
 * was made, renews its Lease, and carries the taints that follow from its state.
 */
#include "bench/controller_private.h"
#include "bench/controller_read.h"
#include "bench/json_scan.h"

enum { LEASE_RENEW_MS = 10000, LEASE_SECONDS = 40, TAINTS_MAX = 64 }; /* kubelet's defaults */

static bool has_label(const struct object *node, struct str key, const char *value)
{
    struct str text;
    return object_label(node, key, &text) && str_is(text, value);
}

/* ---- conditions ---- */

static void write_conditions(struct controllers *controllers, const struct object *node, bool ready)
{
    static const struct condition_text healthy[] = {
        {.type = "MemoryPressure",
         .status = "False",
         .has_heartbeat = true,
         .reason = "KubeletHasSufficientMemory",
         .message = "kubelet has sufficient memory available"},
        {.type = "DiskPressure",
         .status = "False",
         .has_heartbeat = true,
         .reason = "KubeletHasNoDiskPressure",
         .message = "kubelet has no disk pressure"},
        {.type = "PIDPressure",
         .status = "False",
         .has_heartbeat = true,
         .reason = "KubeletHasSufficientPID",
         .message = "kubelet has sufficient PID available"}};
    const struct condition_text last = {
        .type = "Ready",
        .status = ready ? "True" : "False",
        .has_heartbeat = true,
        .reason = ready ? "KubeletReady" : "KubeletNotReady",
        .message = ready ? "kubelet is posting ready status"
                         : "container runtime is down (" NODE_DOWN_LABEL "=true)"};
    int64_t now_s = store_clock(controllers->store)->wall_us / 1000000;
    struct buf list;
    buf_init(&list, 1 << 16);
    (void)buf_add_str(&list, "[");
    for (size_t i = 0; i < ARRAY_LEN(healthy); i++)
        condition_add(&list, node, &healthy[i], now_s);
    condition_add(&list, node, &last, now_s);
    (void)buf_add_str(&list, "]");
    const struct status_text status = {.conditions = buf_str(&list)};
    store_set_status(controllers->store, node, &status, NULL);
    buf_fini(&list);
}

/* ---- taints ---- */

static bool is_taint(const json_t *taint, const char *key)
{
    const char *name = json_string_value(json_object_get(taint, "key"));
    const char *effect = json_string_value(json_object_get(taint, "effect"));
    return name && effect && strcmp(name, key) == 0 && strcmp(effect, "NoSchedule") == 0;
}

/* Makes the taint be there or not; true when that changed the list. */
static bool set_taint(json_t *taints, const char *key, bool wanted)
{
    for (size_t i = 0; i < json_array_size(taints); i++) {
        if (!is_taint(json_array_get(taints, i), key))
            continue;
        if (!wanted)
            (void)json_array_remove(taints, i);
        return !wanted;
    }
    if (wanted)
        (void)json_array_append_new(taints,
                                    json_pack("{s:s, s:s}", "key", key, "effect", "NoSchedule"));
    return wanted;
}

static void sync_taints(struct controllers *controllers, const struct object *node, bool ready)
{
    struct str raw, flag;
    bool cordoned = object_field(node, "spec.unschedulable", &flag) && str_is(flag, "true");
    bool has = object_field(node, "spec.taints", &raw);
    bool reclaimed = object_label(node, STR(NODE_RECLAIM_LABEL), &flag);
    if (!has && ready && !cordoned && !reclaimed) /* the usual case: no DOM */
        return;
    json_t *taints = has ? json_loadb(raw.ptr, raw.len, 0, NULL) : json_array();
    bool changed = set_taint(taints, "node.kubernetes.io/not-ready", !ready);
    changed = set_taint(taints, "node.kubernetes.io/unschedulable", cordoned) || changed;
    changed = set_taint(taints, NODE_RECLAIM_TAINT, reclaimed) || changed;
    if (changed) {
        struct api_status status;
        const struct store_target target = {.kind = KIND_NODE, .name = str_from(node->ident->name)};
        json_t *patch = json_pack("{s:{s:O}}", "spec", "taints", taints);
        CHECK(store_patch(controllers->store, &target, PATCH_MERGE, patch, NULL, &status));
        json_decref(patch);
    }
    json_decref(taints);
}

/* ---- leases ---- */

/* A refusal (somebody deleted kube-node-lease) is tried again with the next renewal. */
static void renew_lease(struct controllers *controllers, const struct object *node)
{
    char now[RFC3339_BYTES];
    struct api_status status;
    const char *name = node->ident->name;
    const struct store_target target = {
        .kind = KIND_LEASE, .ns = STR("kube-node-lease"), .name = str_from(name)};
    sim_time_micro_text(store_clock(controllers->store)->wall_us, now);
    json_t *body =
        json_pack("{s:s, s:s, s:{s:s, s:s, s:[{s:s, s:s, s:s, s:s}]}, s:{s:s, s:i, s:s}}",
                  "apiVersion", "coordination.k8s.io/v1", "kind", "Lease", "metadata", "name", name,
                  "namespace", "kube-node-lease", "ownerReferences", "apiVersion", "v1", "kind",
                  "Node", "name", name, "uid", node->ident->uid, "spec", "holderIdentity", name,
                  "leaseDurationSeconds", LEASE_SECONDS, "renewTime", now);
    CHECK(body != NULL);
    if (store_get(controllers->store, KIND_LEASE, target.ns, target.name))
        (void)!store_update(controllers->store, &target, body, NULL, &status);
    else
        (void)!store_create(controllers->store, KIND_LEASE, target.ns, body, NULL, &status);
    json_decref(body);
}

/* ---- reclaim ---- */

/* The cloud takes the node back: true when it is gone, and the item with it. */
static bool reclaim(struct controllers *controllers, struct item *item)
{
    struct mono_ms now = store_clock(controllers->store)->now;
    struct str notice;
    if (!object_label(item->object, STR(NODE_RECLAIM_LABEL), &notice)) {
        item->is_reclaimed = false;
        return false;
    }
    if (!item->is_reclaimed) {
        int64_t notice_ms = json_int(notice, 0);
        item->is_reclaimed = true;
        item->reclaimed_at = mono_add(now, notice_ms > 0 ? notice_ms : 0);
    }
    int64_t left_ms = item->reclaimed_at.ms - now.ms;
    if (left_ms > 0) {
        item_wake(controllers, item, left_ms);
        return false;
    }
    struct api_status status;
    const struct store_target target = {.kind = KIND_NODE,
                                        .name = str_from(item->object->ident->name)};
    CHECK(store_delete(controllers->store, &target, NULL, NULL, &status));
    return true;
}

void kubelet_sync_node(struct controllers *controllers, struct item *item)
{
    struct mono_ms now = store_clock(controllers->store)->now;
    bool ready = !has_label(item->object, STR(NODE_DOWN_LABEL), "true");
    struct condition_view condition;
    if (item->object->deleted_s > 0 || reclaim(controllers, item))
        return;
    if (!object_condition(item->object, "Ready", &condition) ||
        str_is(condition.status, "True") != ready)
        write_conditions(controllers, item->object, ready);
    sync_taints(controllers, item->object, ready);
    if (!ready)
        return;
    int64_t age_ms = mono_since(now, item->lease_renewed);
    if (age_ms >= LEASE_RENEW_MS) {
        renew_lease(controllers, item->object);
        /* Spread, so that thousands of nodes do not renew in one turn. */
        age_ms = (int64_t)rng_below(&controllers->rng, LEASE_RENEW_MS / 4);
        item->lease_renewed = mono_add(now, -age_ms);
    }
    item_wake(controllers, item, LEASE_RENEW_MS - age_ms);
}
