/*
 * The disruption controller (kubernetes pkg/controller/disruption): keeps the status of
 * PodDisruptionBudgets, which evictions and preemption go by.
 *
 *   expectedPods        with minAvailable as a number: the pods; else the replicas of their owners
 *   desiredHealthy      minAvailable, or expectedPods - maxUnavailable; percentages are rounded up
 *   currentHealthy      ready pods that neither end nor were let go in the last two minutes
 *   disruptionsAllowed  currentHealthy - desiredHealthy, not below 0
 */
#include <stdlib.h>

#include "bench/controller_private.h"
#include "bench/controller_read.h"
#include "bench/json_scan.h"
#include "bench/select.h"
#include "model/base/mem.h"
#include "model/timestamp.h"

enum {
    DELETION_TIMEOUT_S = 120, /* an eviction that did not happen is forgotten after that */
    TEXT_BYTES = 1 << 20,
};

struct budget {
    struct controllers *controllers;
    struct item *item;
    struct object *object; /* one reference: the item's may be replaced */
    struct object **pods;  /* those it selects, one reference each */
    size_t pod_count;
    struct buf disrupted; /* the new disruptedPods, members without braces */
    int64_t expected, desired, healthy;
};

/* ---- pods ---- */

static void select_pods(struct budget *budget)
{
    struct str raw;
    struct buf text;
    struct selector *selector = NULL;
    struct err err = {0};
    buf_init(&text, MAX_SELECTOR_BYTES);
    if (object_field(budget->object, "spec.selector", &raw) && selector_text(raw, &text) &&
        selector_parse(buf_str(&text), STR(""), kind_get(KIND_POD), &selector, &err) == 0) {
        struct store_list list =
            store_list(budget->controllers->store, KIND_POD, str_from(budget->object->ident->ns));
        budget->pods = mem_zalloc(list.count, sizeof(struct object *));
        for (size_t i = 0; i < list.count; i++)
            if (selector_matches(selector, list.objects[i]))
                budget->pods[budget->pod_count++] = object_ref(list.objects[i]);
    }
    selector_free(selector);
    buf_fini(&text);
}

/* What says how many pods there should be: the Deployment of a ReplicaSet, else the owner itself.
 * NULL when there is none that we know. */
static const struct object *scale_of(const struct store *store, const struct object *pod)
{
    struct owner_ref owner;
    if (!object_controller(pod, &owner))
        return NULL;
    const struct object *object = store_get_by_uid(store, owner.uid);
    if (object && object->kind->id == KIND_REPLICA_SET && object_controller(object, &owner) &&
        str_is(owner.kind, "Deployment"))
        object = store_get_by_uid(store, owner.uid);
    return object && (object->kind->subresources & SUB_SCALE) ? object : NULL;
}

/* The replicas of all owners, each once. A pod without an owner counts nothing; false when an owner
 * cannot be found. Cost: pods times owners. */
static bool expected_scale(const struct budget *budget, int64_t *ret_scale)
{
    const struct store *store = budget->controllers->store;
    const struct object **owners = mem_zalloc(budget->pod_count, sizeof(*owners));
    size_t count = 0;
    int64_t scale = 0;
    bool found = true;
    for (size_t i = 0; i < budget->pod_count && found; i++) {
        struct owner_ref owner;
        if (!object_controller(budget->pods[i], &owner))
            continue;
        const struct object *object = scale_of(store, budget->pods[i]);
        size_t at = 0;
        while (at < count && owners[at] != object)
            at++;
        found = object != NULL;
        if (found && at == count) {
            owners[count++] = object;
            scale += object_field_int(object, "spec.replicas", 1);
        }
    }
    free(owners);
    *ret_scale = scale;
    return found;
}

/* ---- arithmetic ---- */

/* A number, or a percentage of `total` rounded up (GetScaledValueFromIntOrPercent). */
static bool amount_of(struct str raw, int64_t total, int64_t *ret_amount)
{
    struct str text;
    if (!json_plain(raw, &text)) {
        *ret_amount = json_int(raw, -1);
        return *ret_amount >= 0;
    }
    if (text.len < 2 || text.ptr[text.len - 1] != '%')
        return false;
    int64_t percent = json_int((struct str){text.ptr, text.len - 1}, -1);
    if (percent < 0 || percent > INT32_MAX)
        return false;
    *ret_amount = (total * percent + 99) / 100;
    return true;
}

static bool set_desired(struct budget *budget)
{
    struct str max, min;
    int64_t amount;
    budget->expected = (int64_t)budget->pod_count;
    if (object_field(budget->object, "spec.maxUnavailable", &max)) {
        if (!expected_scale(budget, &budget->expected) ||
            !amount_of(max, budget->expected, &amount))
            return false;
        budget->desired = amount < budget->expected ? budget->expected - amount : 0;
        return true;
    }
    if (!object_field(budget->object, "spec.minAvailable", &min))
        return true;
    if (min.ptr[0] == '"' && !expected_scale(budget, &budget->expected))
        return false;
    return amount_of(min, budget->expected, &budget->desired);
}

/* ---- pods that were let go ---- */

static const struct object *pod_named(const struct budget *budget, struct str name)
{
    for (size_t i = 0; i < budget->pod_count; i++)
        if (str_is(name, budget->pods[i]->ident->name))
            return budget->pods[i];
    return NULL;
}

/* Keeps of disruptedPods those that are neither being deleted nor gone nor timed out. */
static void keep_disrupted(struct budget *budget)
{
    struct str raw, name, value, text;
    int64_t now_us = store_clock(budget->controllers->store)->wall_us, us;
    if (!object_field(budget->object, "status.disruptedPods", &raw))
        return;
    struct json_iter iter = json_members(raw);
    while (json_next_member(&iter, &name, &value)) {
        const struct object *pod = pod_named(budget, name);
        if (!pod || pod->deleted_s > 0 || !json_plain(value, &text) || !timestamp_parse(text, &us))
            continue;
        int64_t left_us = us + DELETION_TIMEOUT_S * INT64_C(1000000) - now_us;
        if (left_us <= 0)
            continue;
        item_wake(budget->controllers, budget->item, left_us / 1000 + 1);
        (void)buf_printf(&budget->disrupted, "%s\"" STR_FMT "\":" STR_FMT,
                         budget->disrupted.len > 0 ? "," : "", STR_ARG(name), STR_ARG(value));
    }
}

static void count_healthy(struct budget *budget)
{
    struct str unused;
    for (size_t i = 0; i < budget->pod_count; i++) {
        const struct object *pod = budget->pods[i];
        bool let_go = budget->disrupted.len > 0 &&
                      json_find(buf_str(&budget->disrupted), str_from(pod->ident->name), &unused);
        budget->healthy += pod->deleted_s == 0 && !let_go && object_condition_true(pod, "Ready");
    }
}

/* ---- the status ---- */

static void write_status(struct budget *budget, int64_t allowed,
                         const struct condition_text *condition)
{
    struct store *store = budget->controllers->store;
    struct buf conditions, text;
    buf_init(&conditions, TEXT_BYTES);
    buf_init(&text, TEXT_BYTES);
    (void)buf_add_str(&conditions, "[");
    condition_add(&conditions, budget->object, condition, store_clock(store)->wall_us / 1000000);
    (void)buf_add_str(&conditions, "]");
    (void)buf_printf(&text, "\"currentHealthy\":%lld,\"desiredHealthy\":%lld,",
                     (long long)budget->healthy, (long long)budget->desired);
    if (budget->disrupted.len > 0)
        (void)buf_printf(&text, "\"disruptedPods\":{" STR_FMT "},",
                         STR_ARG(buf_str(&budget->disrupted)));
    (void)buf_printf(
        &text, "\"disruptionsAllowed\":%lld,\"expectedPods\":%lld,\"observedGeneration\":%lld",
        (long long)allowed, (long long)budget->expected, (long long)budget->object->generation);
    const struct status_text status = {.conditions = buf_str(&conditions), .rest = buf_str(&text)};
    if (!buf_overflowed(&text))
        store_set_status(store, budget->object, &status, NULL);
    buf_fini(&conditions);
    buf_fini(&text);
}

void disruption_sync(struct controllers *controllers, struct item *item)
{
    struct budget budget = {
        .controllers = controllers, .item = item, .object = object_ref(item->object)};
    struct condition_text condition = {.type = "DisruptionAllowed",
                                       .status = "False",
                                       .message = "",
                                       .observed_generation = budget.object->generation};
    int64_t allowed = 0;
    buf_init(&budget.disrupted, TEXT_BYTES / 2);
    select_pods(&budget);
    bool known = set_desired(&budget);
    keep_disrupted(&budget);
    count_healthy(&budget);
    if (known && budget.expected > 0 && budget.healthy > budget.desired)
        allowed = budget.healthy - budget.desired;
    if (allowed > 0)
        condition.status = "True";
    condition.reason = !known ? "SyncFailed" : allowed > 0 ? "SufficientPods" : "InsufficientPods";
    if (!known)
        condition.message = "found no controller with a scale for a pod of the budget";
    write_status(&budget, allowed, &condition);
    for (size_t i = 0; i < budget.pod_count; i++)
        object_unref(budget.pods[i]);
    free(budget.pods);
    buf_fini(&budget.disrupted);
    object_unref(budget.object);
}
