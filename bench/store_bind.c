/*
 * The binding subresource and the kubelet's status write: the two hot writes, done by splicing.
 *
 * Rule (kubernetes pkg/registry/core/pod/storage/storage.go, BindingREST): one read-modify-write
 * with the uid as precondition. 1. preconditions 2. not being deleted 3. not assigned 4. no gates
 * 5. nodeName, metadata and PodScheduled=True are set, nominatedNodeName goes (1.35).
 */
#include <stdio.h>

#include "bench/json_scan.h"
#include "bench/store_private.h"
#include "model/base/mem.h"

static bool check_precondition(const struct object *pod, const struct store_binding *request,
                               struct api_status *ret_status)
{
    char what[256];
    if (request->uid.len > 0 && !str_is(request->uid, pod->ident->uid))
        (void)snprintf(what, sizeof(what),
                       "UID in precondition: " STR_FMT ", UID in object meta: %s",
                       STR_ARG(request->uid), pod->ident->uid);
    else if (request->rv.len > 0 && json_int(request->rv, -1) != pod->rv)
        (void)snprintf(what, sizeof(what),
                       "ResourceVersion in precondition: " STR_FMT
                       ", ResourceVersion in object meta: %lld",
                       STR_ARG(request->rv), (long long)pod->rv);
    else
        return true;
    char why[API_MESSAGE_BYTES];
    (void)snprintf(why, sizeof(why),
                   "StorageError: invalid object, Code: 4, Key: /registry/pods/" STR_FMT
                   ", ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: %s",
                   STR_ARG(pod->ident->key), what);
    return api_conflict(ret_status, pod->kind, "", request->name, why);
}

static bool check_assignable(const struct object *pod, struct str name,
                             struct api_status *ret_status)
{
    char why[API_MESSAGE_BYTES];
    struct str gates;
    if (pod->deleted_s > 0)
        (void)snprintf(why, sizeof(why), "pod %s is being deleted, cannot be assigned to a host",
                       pod->ident->name);
    else if (pod->node_name)
        (void)snprintf(why, sizeof(why), "pod %s is already assigned to node \"%s\"",
                       pod->ident->name, pod->node_name->data);
    else if (object_field(pod, "spec.schedulingGates", &gates) && gates.len > 2)
        (void)snprintf(why, sizeof(why), "pod %s has non-empty .spec.schedulingGates",
                       pod->ident->name);
    else
        return true;
    return api_conflict(ret_status, pod->kind, "/binding", name, why);
}

/* Merges string members into a section of labels or annotations. */
static void merge_strings(struct blob **slot, const json_t *added)
{
    if (json_object_size(added) == 0)
        return;
    struct str old = blob_str(*slot);
    json_t *merged = old.len > 0 ? json_loadb(old.ptr, old.len, 0, NULL) : json_object();
    CHECK(merged != NULL);
    (void)json_object_update(merged, (json_t *)(uintptr_t)added);
    struct buf text;
    buf_init(&text, MAX_OBJECT_BYTES);
    CHECK(json_write(merged, &text));
    json_decref(merged);
    object_set_text(slot, buf_str(&text));
    buf_fini(&text);
}

/* The PodTopologyLabels admission plug-in of 1.35: zone and region of the node, whatever the
 * binding says of them. */
static void merge_topology(const struct store *store, struct str node_name, struct blob **slot)
{
    static const char *const keys[] = {"topology.kubernetes.io/region",
                                       "topology.kubernetes.io/zone"};
    const struct object *node = store_get(store, KIND_NODE, STR(""), node_name);
    json_t *added = NULL;
    struct str value;
    for (size_t i = 0; node && i < ARRAY_LEN(keys); i++) {
        if (!object_label(node, str_from(keys[i]), &value))
            continue;
        added = added ? added : json_object();
        (void)json_object_set_new(added, keys[i], json_stringn(value.ptr, value.len));
    }
    merge_strings(slot, added);
    json_decref(added);
}

/* The conditions with PodScheduled=True: the old one of that type is replaced where it stands. */
static struct blob *scheduled_conditions(const struct object *pod, int64_t now_s)
{
    char now[RFC3339_BYTES], condition[256];
    sim_time_text(now_s, now);
    (void)snprintf(condition, sizeof(condition),
                   "{\"lastTransitionTime\":\"%s\",\"status\":\"True\",\"type\":\"PodScheduled\"}",
                   now);
    struct buf list;
    buf_init(&list, MAX_OBJECT_BYTES);
    struct json_iter iter = json_items(object_section(pod, SEC_CONDITIONS));
    struct str item, type;
    bool done = false;
    while (json_next_item(&iter, &item)) {
        if (json_find(item, STR("type"), &type) && str_is(type, "\"PodScheduled\"")) {
            item = str_from(condition);
            done = true;
        }
        (void)buf_add_str(&list, list.len > 0 ? "," : "[");
        (void)buf_add(&list, item.ptr, item.len);
    }
    if (!done)
        (void)buf_printf(&list, "%s%s", list.len > 0 ? "," : "[", condition);
    (void)buf_add_str(&list, "]");
    struct blob *blob = blob_new(list.data, list.len);
    buf_fini(&list);
    return blob;
}

/* Members without one of them; returns the blob itself when it is not there. Reference is yours. */
static struct blob *without_member(struct blob *members, struct str gone)
{
    struct str found, key, value;
    if (!members || !json_find(blob_str(members), gone, &found))
        return blob_ref(members);
    struct buf rest;
    buf_init(&rest, MAX_OBJECT_BYTES);
    struct json_iter iter = json_members(blob_str(members));
    while (json_next_member(&iter, &key, &value))
        if (!str_equal(key, gone))
            (void)buf_printf(&rest, "%s\"" STR_FMT "\":" STR_FMT, rest.len > 0 ? "," : "",
                             STR_ARG(key), STR_ARG(value));
    struct blob *blob = rest.len > 0 ? blob_new(rest.data, rest.len) : NULL;
    buf_fini(&rest);
    return blob;
}

bool store_bind(struct store *store, const struct store_binding *request,
                struct api_status *ret_status)
{
    struct entry *entry = store_find(store, KIND_POD, request->ns, request->name);
    if (!entry)
        return api_not_found(ret_status, kind_get(KIND_POD), request->name);
    const struct object *pod = entry->object;
    if (request->node.len == 0) /* ValidatePodBinding: no StatusError, hence the bare 500 */
        return api_refuse(ret_status, 500, "", "target.name: Required value");
    if (!check_precondition(pod, request, ret_status) ||
        !check_assignable(pod, request->name, ret_status))
        return false;
    struct object *bound = object_copy(pod);
    object_set_text(&bound->node_name, request->node);
    merge_strings(&bound->sections[SEC_ANNOTATIONS], request->annotations);
    if (!request->before_1_35) {
        merge_strings(&bound->sections[SEC_LABELS], request->labels);
        merge_topology(store, request->node, &bound->sections[SEC_LABELS]);
    }
    object_set_blob(&bound->sections[SEC_CONDITIONS],
                    scheduled_conditions(pod, store_now_s(store)));
    if (!request->before_1_35)
        object_set_blob(&bound->sections[SEC_STATUS],
                        without_member(pod->sections[SEC_STATUS], STR("nominatedNodeName")));
    store_publish(store, entry, bound);
    return true;
}

void store_set_status(struct store *store, const struct object *object,
                      const struct status_text *status, const struct object **ret_object)
{
    struct entry *entry = store_find_uid(store, str_from(object->ident->uid));
    CHECK(entry && entry->object == object);
    struct object *next = object_copy(object);
    if (status->phase.ptr)
        object_set_text(&next->phase, status->phase);
    if (status->conditions.ptr)
        object_set_text(&next->sections[SEC_CONDITIONS], status->conditions);
    if (status->rest.ptr)
        object_set_text(&next->sections[SEC_STATUS], status->rest);
    if (object_same(next, object))
        object_unref(next);
    else
        store_publish(store, entry, next);
    if (ret_object)
        *ret_object = entry->object;
}
