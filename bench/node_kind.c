#include "bench/node_kind.h"

#include <stdio.h>
#include <string.h>

#include "bench/controller.h"
#include "bench/controller_read.h"
#include "bench/json_scan.h"
#include "model/base/check.h"
#include "model/quantity.h"

/* Serverless costs one and a half times what an own machine does for the same hour
 * (elastic-policies.md 6.4), spot a third of it. */
static const struct node_kind kinds[] = {
    {"ecs", 300, 150, false, 30000, 4000, 0, NULL, NULL, false},
    {"spot", 500, 250, false, 10000, 1300, 0, "cloud.google.com/gke-spot", "true", true},
    {"gpu", 300, 150, false, 30000, 4000, 1500000, "nvidia.com/gpu", "present", false},
    {"eci", 1500, 750, true, 45000, 6000, 2250000, "virtual-kubelet.io/provider", "simulated",
     false},
};

const struct node_kind *node_kind_get(struct str label)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_is(label, kinds[i].label))
            return &kinds[i];
    return &kinds[0];
}

const struct node_kind *node_kind_of(const struct object *node)
{
    struct str label = STR("");
    (void)object_label(node, STR(NODE_KIND_LABEL), &label);
    return node_kind_get(label);
}

/* ---- looks ---- */

static void set_text(json_t *object, const char *key, const char *value)
{
    (void)json_object_set_new(object, key, json_string(value));
}

static void set_amount(json_t *list, const char *name, uint32_t amount, const char *unit)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%u%s", amount, unit);
    set_text(list, name, text);
}

static json_t *shape_labels(const struct node_shape *shape, const struct node_kind *kind)
{
    json_t *labels =
        json_pack("{s:s, s:s, s:s, s:s}", NODE_KIND_LABEL, kind->label, "kubernetes.io/hostname",
                  shape->name, "kubernetes.io/os", "linux", "kubernetes.io/arch", "amd64");
    if (kind->is_virtual) { /* Virtual Kubelet's node/nodeutil/controller.go */
        set_text(labels, "type", "virtual-kubelet");
        set_text(labels, "kubernetes.io/role", "agent");
        set_text(labels, "node.kubernetes.io/exclude-from-external-load-balancers", "true");
    }
    if (kind->taint_is_label)
        set_text(labels, kind->taint_key, kind->taint_value);
    if (shape->zone[0])
        set_text(labels, "topology.kubernetes.io/zone", shape->zone);
    if (shape->instance_type)
        set_text(labels, "node.kubernetes.io/instance-type", shape->instance_type);
    if (shape->start_ms > 0)
        set_amount(labels, NODE_START_LABEL, (uint32_t)shape->start_ms, "");
    return labels;
}

json_t *node_shape_json(const struct node_shape *shape)
{
    const struct node_kind *kind = node_kind_get(str_from(shape->kind));
    bool nominal = kind->is_virtual;
    json_t *capacity = json_object(), *spec = json_object();
    set_amount(capacity, "cpu", shape->cpu || !nominal ? shape->cpu : VIRTUAL_NODE_CPU, "");
    set_amount(capacity, "memory",
               shape->memory_gib || !nominal ? shape->memory_gib : VIRTUAL_NODE_MEMORY_GIB, "Gi");
    set_amount(capacity, "pods", shape->pods ? shape->pods : nominal ? VIRTUAL_NODE_PODS : 110, "");
    if (kind->taint_key)
        (void)json_object_set_new(spec, "taints",
                                  json_pack("[{s:s, s:s, s:s}]", "key", kind->taint_key, "value",
                                            kind->taint_value, "effect", "NoSchedule"));
    json_t *node =
        json_pack("{s:s, s:s, s:{s:s, s:o}, s:o, s:{s:O, s:o, s:[{s:s, s:s}], s:{s:s, s:s, s:s}}}",
                  "apiVersion", "v1", "kind", "Node", "metadata", "name", shape->name, "labels",
                  shape_labels(shape, kind), "spec", spec, "status", "allocatable", capacity,
                  "capacity", capacity, "addresses", "address", shape->name, "type", "Hostname",
                  "nodeInfo", "kubeletVersion", nominal ? "v1.37.0-vk" : "v1.37.0",
                  "operatingSystem", "linux", "architecture", "amd64");
    CHECK(node != NULL);
    return node;
}

/* ---- cost ---- */

struct amounts {
    int64_t cpu_milli, memory_mib, gpus;
};

/* Adds the members of a list of quantities ("requests", "capacity"). */
static void amounts_add(struct amounts *amounts, struct str list)
{
    struct str key, raw, text;
    struct json_iter iter = json_members(list);
    while (json_next_member(&iter, &key, &raw)) {
        int64_t value;
        if (!json_plain(raw, &text))
            text = raw; /* a number without quotes */
        if (str_is(key, "cpu") && quantity_milli(text, &value))
            amounts->cpu_milli += value;
        else if (str_is(key, "memory") && quantity_value(text, &value))
            amounts->memory_mib += value >> 20;
        else if (str_is(key, "nvidia.com/gpu") && quantity_value(text, &value))
            amounts->gpus += value;
    }
}

static struct amounts pod_requests(const struct object *pod)
{
    struct amounts amounts = {0};
    struct str list, container, resources, requests;
    if (!object_field(pod, "spec.containers", &list))
        return amounts;
    struct json_iter iter = json_items(list);
    while (json_next_item(&iter, &container))
        if (json_find(container, STR("resources"), &resources) &&
            json_find(resources, STR("requests"), &requests))
            amounts_add(&amounts, requests);
    return amounts;
}

/* Nominal amounts are not billed, so that real ones stay far from an overflow: 10^9 cores and GiB
 * at 10^7 micros are 10^16. */
static int64_t price_micros_per_hour(const struct node_kind *kind, const struct amounts *amounts)
{
    return kind->core_micros_per_hour * amounts->cpu_milli / 1000 +
           kind->gib_micros_per_hour * amounts->memory_mib / 1024 +
           kind->gpu_micros_per_hour * amounts->gpus;
}

int64_t cluster_cost_micros_per_minute(struct store *store)
{
    int64_t micros_per_hour = 0;
    struct store_list nodes = store_list(store, KIND_NODE, STR(""));
    for (size_t i = 0; i < nodes.count; i++) {
        const struct node_kind *kind = node_kind_of(nodes.objects[i]);
        struct amounts amounts = {0};
        struct str capacity;
        if (!kind->is_virtual && object_field(nodes.objects[i], "status.capacity", &capacity))
            amounts_add(&amounts, capacity);
        micros_per_hour += price_micros_per_hour(kind, &amounts);
    }
    struct store_list pods = store_list(store, KIND_POD, STR(""));
    for (size_t i = 0; i < pods.count; i++) {
        const struct object *pod = pods.objects[i];
        const struct object *node =
            pod->node_name ? store_get(store, KIND_NODE, STR(""), blob_str(pod->node_name)) : NULL;
        struct str phase = str_from(object_phase(pod));
        if (!node || !node_kind_of(node)->is_virtual || str_is(phase, "Failed") ||
            str_is(phase, "Succeeded"))
            continue;
        struct amounts amounts = pod_requests(pod);
        micros_per_hour += price_micros_per_hour(node_kind_of(node), &amounts);
    }
    return micros_per_hour / 60;
}
