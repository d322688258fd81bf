/* What happens to pods and nodes at the very moment of a bind, and between a list and its watch. */
#include <stdio.h>

#include "bench/apiserver_private.h"
#include "model/base/mem.h"

static enum fault_action act_of(const struct call *call)
{
    return call->fault ? call->fault->act : FAULT_DO_STATUS;
}

static void delete_now(struct store *store, enum kind_id kind, struct str ns, struct str name)
{
    struct api_status status;
    const struct store_target target = {.kind = kind, .ns = ns, .name = name};
    const struct delete_options now = {.grace_s = 0};
    bool is_done = store_delete(store, &target, &now, NULL, &status);
    (void)is_done; /* gone already: as good */
}

/* Another pod of the same name and spec. */
static void recreate(struct call *call)
{
    struct store *store = call->server->store;
    const struct object *pod = store_get(store, KIND_POD, call->ns, call->name);
    if (!pod)
        return;
    json_t *json = object_json(pod, false);
    json_t *body = json_pack("{s:{s:s}, s:O}", "metadata", "name", pod->ident->name, "spec",
                             json_object_get(json, "spec"));
    struct api_status status;
    CHECK(body != NULL);
    (void)json_object_del(json_object_get(body, "spec"), "nodeName");
    delete_now(store, KIND_POD, call->ns, call->name);
    CHECK(store_create(store, KIND_POD, call->ns, body, NULL, &status));
    json_decref(body);
    json_decref(json);
}

static void bind_elsewhere(struct call *call)
{
    struct api_status status;
    const struct store_binding theirs = {
        .ns = call->ns, .name = call->name, .node = str_from(call->fault->node)};
    bool is_done = store_bind(call->server->store, &theirs, &status);
    (void)is_done; /* somebody else was even faster */
}

/* The version that the client names is one that nobody remembers. */
static void compact(struct apiserver *server)
{
    char text[128];
    struct api_status status;
    (void)snprintf(text, sizeof(text), "{\"metadata\":{\"generateName\":\"compaction-\"}}");
    CHECK(store_create_text(server->store, KIND_EVENT, STR("default"), str_from(text), NULL,
                            &status));
    apiserver_compact(server);
}

void trick_before(struct call *call)
{
    struct api_status status;
    enum fault_action act = act_of(call);
    bool is_done = true;
    if (act == FAULT_DO_TWICE)
        is_done = write_bind(call, &status);
    else if (act == FAULT_DO_RECREATE_POD)
        recreate(call);
    else if (act == FAULT_DO_BIND_ELSEWHERE)
        bind_elsewhere(call);
    else if (act == FAULT_DO_DROP_NODE_BEFORE)
        delete_now(call->server->store, KIND_NODE, STR(""), write_bind_node(call));
    else if (act == FAULT_DO_COMPACT)
        compact(call->server);
    (void)is_done; /* of what was sent twice the second answer is given */
}

static void refuse_by_kubelet(struct call *call)
{
    struct store *store = call->server->store;
    const struct object *pod = store_get(store, KIND_POD, call->ns, call->name);
    const struct status_text refused = {
        .phase = STR("Failed"),
        .rest = STR("\"reason\":\"OutOfcpu\",\"message\":\"Pod was rejected: Node didn't have "
                    "enough resource: cpu\""),
    };
    if (pod && pod->node_name)
        store_set_status(store, pod, &refused, NULL);
}

void trick_after(struct call *call)
{
    enum fault_action act = act_of(call);
    if (act == FAULT_DO_DROP_NODE_THEN || act == FAULT_DO_DROP_NODE_AFTER)
        delete_now(call->server->store, KIND_NODE, STR(""), write_bind_node(call));
    else if (act == FAULT_DO_KUBELET_REFUSES)
        refuse_by_kubelet(call);
}
