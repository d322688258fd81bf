/*
 * The kubelet's side of a pod:
 *
 *   bound --start_ms--> Running, Ready --deleted--> Terminating --stop_ms--> gone
 *         \-start_ms--> Failed, ProviderFailed, where nothing starts
 *
 * and of the pod garbage collector's: pods of a node that is gone fail and go.
 *
 * Statuses are written as text through store_set_status(): no DOM, so that tens of thousands of
 * pods cost little.
 */
#include "bench/controller_private.h"
#include "bench/controller_read.h"
#include "bench/json_scan.h"
#include "bench/node_kind.h"

enum {
    STOP_MS = 150,
    STOP_JITTER_MS = 300,
    START_MS_MAX = 3600 * 1000,
    DOWN_POLL_MS = 1000,
    RETRY_MS = 5000, /* of a start that failed */
    STATUS_BYTES = 1 << 20,
};

static const struct object *node_of(const struct controllers *controllers, const struct object *pod)
{
    return store_get(controllers->store, KIND_NODE, STR(""), blob_str(pod->node_name));
}

int64_t kubelet_start_ms(struct controllers *controllers, const struct object *pod)
{
    struct str label;
    const struct object *node = node_of(controllers, pod);
    const struct node_kind *kind = node ? node_kind_of(node) : node_kind_get(STR(""));
    if (node && object_label(node, STR(NODE_START_LABEL), &label)) {
        int64_t start_ms = json_int(label, 0);
        return start_ms < 0 ? 0 : start_ms > START_MS_MAX ? START_MS_MAX : start_ms;
    }
    return kind->start_ms + (int64_t)rng_below(&controllers->rng, (uint64_t)kind->jitter_ms);
}

int64_t kubelet_stop_ms(struct controllers *controllers)
{
    return STOP_MS + (int64_t)rng_below(&controllers->rng, STOP_JITTER_MS);
}

static void finish_deletion(struct controllers *controllers, const struct object *pod)
{
    struct api_status status;
    const struct store_target target = {
        .kind = KIND_POD, .ns = str_from(pod->ident->ns), .name = str_from(pod->ident->name)};
    const struct delete_options options = {.grace_s = 0, .uid = str_from(pod->ident->uid)};
    CHECK(store_delete(controllers->store, &target, &options, NULL, &status));
}

/* ---- running ---- */

static void add_conditions(struct buf *list, const struct object *pod, int64_t now_s)
{
    static const char *const types[] = {"PodReadyToStartContainers", "Initialized", "Ready",
                                        "ContainersReady", "PodScheduled"};
    (void)buf_add_str(list, "[");
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        const struct condition_text condition = {.type = types[i], .status = "True"};
        condition_add(list, pod, &condition, now_s);
    }
    condition_add_others(list, pod, types, ARRAY_LEN(types));
    (void)buf_add_str(list, "]");
}

/* Raw JSON of a container's member, quotes and all. */
static struct str raw_member(struct str container, struct str key)
{
    struct str raw;
    return json_find(container, key, &raw) ? raw : STR("\"\"");
}

static void add_containers(struct buf *text, const struct object *pod, const char *now)
{
    struct str list, container;
    (void)buf_add_str(text, "\"containerStatuses\":[");
    if (object_field(pod, "spec.containers", &list)) {
        struct json_iter iter = json_items(list);
        for (bool first = true; json_next_item(&iter, &container); first = false) {
            struct str image = raw_member(container, STR("image"));
            (void)buf_printf(text,
                             "%s{\"containerID\":\"sim://%.8s\",\"image\":" STR_FMT
                             ",\"imageID\":" STR_FMT ",\"lastState\":{},\"name\":" STR_FMT
                             ",\"ready\":true,\"restartCount\":0,\"started\":true,"
                             "\"state\":{\"running\":{\"startedAt\":\"%s\"}}}",
                             first ? "" : ",", pod->ident->uid, STR_ARG(image), STR_ARG(image),
                             STR_ARG(raw_member(container, STR("name"))), now);
        }
    }
    (void)buf_add_str(text, "]");
}

/* Addresses out of the uid: stable, and nothing routes them. */
static void add_addresses(struct buf *text, const struct controllers *controllers,
                          const struct object *pod)
{
    unsigned bits = 0;
    for (size_t i = 0; i < 8; i++)
        bits = bits * 31 + (unsigned char)pod->ident->uid[i];
    unsigned b = bits >> 16 & 0xff, c = bits >> 8 & 0xff, d = bits & 0xff;
    const struct object *node = node_of(controllers, pod);
    struct str addresses, first, raw, host = STR("");
    if (node && object_field(node, "status.addresses", &addresses)) {
        struct json_iter iter = json_items(addresses);
        if (json_next_item(&iter, &first) && json_find(first, STR("address"), &raw))
            (void)json_plain(raw, &host);
    }
    if (host.len > 0)
        (void)buf_printf(text, "\"hostIP\":\"" STR_FMT "\",\"hostIPs\":[{\"ip\":\"" STR_FMT "\"}],",
                         STR_ARG(host), STR_ARG(host));
    (void)buf_printf(text, "\"podIP\":\"10.%u.%u.%u\",\"podIPs\":[{\"ip\":\"10.%u.%u.%u\"}],", b, c,
                     d, b, c, d);
}

static void start_pod(struct controllers *controllers, const struct object *pod)
{
    int64_t now_s = store_clock(controllers->store)->wall_us / 1000000;
    char now[RFC3339_BYTES];
    struct buf conditions, text;
    sim_time_text(now_s, now);
    buf_init(&conditions, STATUS_BYTES);
    buf_init(&text, STATUS_BYTES);
    add_conditions(&conditions, pod, now_s);
    add_containers(&text, pod, now);
    (void)buf_add_str(&text, ",");
    add_addresses(&text, controllers, pod);
    struct str qos = object_field_text(pod, "status.qosClass");
    if (qos.len > 0)
        (void)buf_printf(&text, "\"qosClass\":\"" STR_FMT "\",", STR_ARG(qos));
    (void)buf_printf(&text, "\"startTime\":\"%s\"", now);
    const struct status_text status = {
        .phase = STR("Running"), .conditions = buf_str(&conditions), .rest = buf_str(&text)};
    if (!buf_overflowed(&text) && !buf_overflowed(&conditions))
        store_set_status(controllers->store, pod, &status, NULL);
    buf_fini(&conditions);
    buf_fini(&text);
}

/* ---- what does not run ---- */

/* Virtual Kubelet's handleProviderError(): which phase depends on the label. */
static void fail_start(struct controllers *controllers, struct item *item, struct str how)
{
    const struct object *pod = item->object;
    bool failed = str_is(how, "failed");
    struct str qos = object_field_text(pod, "status.qosClass");
    struct buf text;
    buf_init(&text, STATUS_BYTES);
    (void)buf_add_str(&text, "\"message\":\"the provider is out of stock\",");
    if (qos.len > 0)
        (void)buf_printf(&text, "\"qosClass\":\"" STR_FMT "\",", STR_ARG(qos));
    (void)buf_add_str(&text, "\"reason\":\"ProviderFailed\"");
    const struct status_text status = {.phase = failed ? STR("Failed") : STR("Pending"),
                                       .rest = buf_str(&text)};
    store_set_status(controllers->store, pod, &status, NULL);
    buf_fini(&text);
    if (!failed)
        item_wake(controllers, item, RETRY_MS);
}

/* pkg/controller/podgc gcOrphaned(): the pod fails with a condition that says why, then it is
 * deleted without grace. Kube waits 40 s before; here the node's end is known to be one. */
static void collect_orphan(struct controllers *controllers, struct item *item)
{
    static const char *const types[] = {"DisruptionTarget"};
    const struct object *pod = item->object;
    const struct condition_text condition = {.type = types[0],
                                             .status = "True",
                                             .reason = "DeletionByPodGC",
                                             .message = "PodGC: node no longer exists"};
    struct buf list;
    buf_init(&list, STATUS_BYTES);
    if (!str_is(str_from(object_phase(pod)), "Succeeded") &&
        !str_is(str_from(object_phase(pod)), "Failed")) {
        (void)buf_add_str(&list, "[");
        condition_add(&list, pod, &condition, store_clock(controllers->store)->wall_us / 1000000);
        condition_add_others(&list, pod, types, ARRAY_LEN(types));
        (void)buf_add_str(&list, "]");
        const struct status_text status = {.phase = STR("Failed"), .conditions = buf_str(&list)};
        store_set_status(controllers->store, pod, &status, NULL);
    }
    buf_fini(&list);
    finish_deletion(controllers, item->object);
}

void kubelet_sync_pod(struct controllers *controllers, struct item *item)
{
    const struct object *pod = item->object;
    struct str down = STR(""), fails = STR("");
    if (!pod->node_name)
        return;
    const struct object *node = node_of(controllers, pod);
    if (pod->deleted_s > 0) {
        /* A finalizer keeps it: the store ends it when that goes. */
        if (pod->grace_s > 0)
            finish_deletion(controllers, pod);
        return;
    }
    if (!node) {
        collect_orphan(controllers, item);
        return;
    }
    if (object_label(node, STR(NODE_DOWN_LABEL), &down) && str_is(down, "true")) {
        item_wake(controllers, item, DOWN_POLL_MS);
        return;
    }
    if (!str_is(str_from(object_phase(pod)), "Pending"))
        return;
    if (object_label(node, STR(NODE_START_FAILS_LABEL), &fails))
        fail_start(controllers, item, fails);
    else
        start_pod(controllers, pod);
}
