#include "bench/demo_object.h"

#include <stdio.h>
#include <string.h>

#include "bench/controller.h"

/* The taint that keeps ordinary pods off each kind; as clouds and device plug-ins set them. */
static const struct {
    const char *key, *value, *effect;
} taints[DEMO_KIND_COUNT] = {
    [DEMO_SPOT] = {"capacity-type", "spot", "NoSchedule"},
    [DEMO_GPU] = {"nvidia.com/gpu", "present", "NoSchedule"},
    [DEMO_ECI] = {"virtual-kubelet.io/provider", "simulated", "NoSchedule"},
};

static void set_amount(json_t *list, const char *name, uint32_t amount, const char *unit)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%u%s", amount, unit);
    if (amount > 0)
        (void)json_object_set_new(list, name, json_string(text));
}

json_t *demo_node(const struct demo_pool *pool, const struct demo_kind_row *kind, const char *name,
                  uint32_t number)
{
    char address[32];
    /* a subnet for each pool */
    (void)snprintf(address, sizeof(address), "192.168.%u.%u",
                   (unsigned)pool->kind * 32 + pool->cpu / 16 % 32, number);
    json_t *capacity = json_object();
    set_amount(capacity, "cpu", pool->cpu, "");
    set_amount(capacity, "memory", pool->memory_gib, "Gi");
    set_amount(capacity, "ephemeral-storage", 200, "Gi");
    set_amount(capacity, "pods", pool->pods, "");
    set_amount(capacity, "nvidia.com/gpu", pool->gpus, "");
    json_t *spec = json_object();
    if (taints[pool->kind].key)
        (void)json_object_set_new(spec, "taints",
                                  json_pack("[{s:s, s:s, s:s}]", "key", taints[pool->kind].key,
                                            "value", taints[pool->kind].value, "effect",
                                            taints[pool->kind].effect));
    return json_pack("{s:s, s:s, s:{s:s, s:{s:s, s:s, s:s, s:s}}, s:o,"
                     " s:{s:O, s:o, s:[{s:s, s:s}, {s:s, s:s}],"
                     "    s:{s:s, s:s, s:s, s:s, s:s, s:s}}}",
                     "apiVersion", "v1", "kind", "Node", "metadata", "name", name, "labels",
                     NODE_KIND_LABEL, kind->label, "spillway.sim/pool", pool->name,
                     "kubernetes.io/os", "linux", "kubernetes.io/arch", "amd64", "spec", spec,
                     "status", "allocatable", capacity, "capacity", capacity, "addresses",
                     "address", address, "type", "InternalIP", "address", name, "type", "Hostname",
                     "nodeInfo", "kubeletVersion", "v1.37.0", "osImage", "simulated",
                     "kernelVersion", "0.0.0-sim", "containerRuntimeVersion", "sim://1.0",
                     "operatingSystem", "linux", "architecture", "amd64");
}

static json_t *tolerations(uint32_t kinds)
{
    json_t *list = json_array();
    for (size_t i = 0; i < DEMO_KIND_COUNT; i++)
        if (kinds >> i & 1)
            (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "key", taints[i].key,
                                                        "operator", "Exists", "effect",
                                                        taints[i].effect));
    return list;
}

static json_t *container(const struct demo_workload *workload)
{
    json_t *requests = json_object(), *limits = json_object();
    set_amount(requests, "cpu", workload->cpu_milli, "m");
    set_amount(requests, "memory", workload->memory_mib, "Mi");
    set_amount(requests, "ephemeral-storage", workload->storage_gib, "Gi");
    set_amount(requests, "nvidia.com/gpu", workload->gpus, "");
    set_amount(limits, "nvidia.com/gpu", workload->gpus, "");
    char image[96];
    (void)snprintf(image, sizeof(image), "registry.example/%s:v1", workload->name);
    json_t *box = json_pack("{s:s, s:s, s:{s:o, s:o}}", "name", "main", "image", image, "resources",
                            "requests", requests, "limits", limits);
    if (workload->host_port > 0)
        (void)json_object_set_new(box, "ports",
                                  json_pack("[{s:i, s:i}]", "containerPort", workload->host_port,
                                            "hostPort", workload->host_port));
    return box;
}

static json_t *pod_spec(const struct demo_workload *workload)
{
    json_t *spec = json_pack("{s:s, s:i, s:o, s:[o]}", "schedulerName", "spillway",
                             "terminationGracePeriodSeconds", 5, "tolerations",
                             tolerations(workload->tolerates), "containers", container(workload));
    if (workload->only)
        (void)json_object_set_new(spec, "nodeSelector",
                                  json_pack("{s:s}", NODE_KIND_LABEL, workload->only));
    if (workload->apart)
        (void)json_object_set_new(spec, "affinity",
                                  json_pack("{s:{s:[{s:{s:{s:s}}, s:s}]}}", "podAntiAffinity",
                                            "requiredDuringSchedulingIgnoredDuringExecution",
                                            "labelSelector", "matchLabels", "app", workload->name,
                                            "topologyKey", "kubernetes.io/hostname"));
    return spec;
}

json_t *demo_deployment(const struct demo_workload *workload, uint32_t replicas)
{
    const char *app = workload->name;
    return json_pack("{s:s, s:s, s:{s:s, s:{s:s}}, s:{s:i, s:{s:{s:s}}, s:{s:{s:{s:s}}, s:o}}}",
                     "apiVersion", "apps/v1", "kind", "Deployment", "metadata", "name", app,
                     "labels", "app", app, "spec", "replicas", (int)replicas, "selector",
                     "matchLabels", "app", app, "template", "metadata", "labels", "app", app,
                     "spec", pod_spec(workload));
}

json_t *demo_new_image(uint32_t version)
{
    char image[96];
    (void)snprintf(image, sizeof(image), "registry.example/app:v%u", version);
    return json_pack("{s:{s:{s:{s:[{s:s, s:s}]}}}}", "spec", "template", "spec", "containers",
                     "name", "main", "image", image);
}
