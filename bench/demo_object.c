#include "bench/demo_object.h"

#include <stdio.h>
#include <string.h>

#include "bench/controller.h"

static void set_amount(json_t *list, const char *name, uint32_t amount, const char *unit)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%u%s", amount, unit);
    if (amount > 0)
        (void)json_object_set_new(list, name, json_string(text));
}

static json_t *container(const struct demo_workload *workload)
{
    json_t *requests = json_object();
    set_amount(requests, "cpu", workload->cpu_milli, "m");
    set_amount(requests, "memory", workload->memory_mib, "Mi");
    char image[96];
    (void)snprintf(image, sizeof(image), "registry.example/%s:v1", workload->name);
    return json_pack("{s:s, s:s, s:{s:o}}", "name", "main", "image", image, "resources", "requests",
                     requests);
}

/* No tolerations: those of a unit are the scheduler's part. */
static json_t *pod_spec(const struct demo_workload *workload)
{
    json_t *spec = json_pack("{s:s, s:i, s:[o]}", "schedulerName", "spillway",
                             "terminationGracePeriodSeconds", 5, "containers", container(workload));
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

json_t *demo_policy(const struct demo_workload *workload, uint32_t spot_cpu)
{
    json_t *most = json_object();
    set_amount(most, "cpu", spot_cpu, "");
    return json_pack("{s:s, s:s, s:{s:s}, s:{s:{s:s}, s:{s:s},"
                     " s:[{s:s, s:s}, {s:s, s:s, s:o}, {s:s, s:s}]}}",
                     "apiVersion", "scheduling.spillway.io/v1alpha1", "kind", "ResourcePolicy",
                     "metadata", "name", workload->name, "spec", "selector", "app", workload->name,
                     "whenTryNextUnits", "policy", "LackResourceOrExceedMax", "units", "name",
                     "reserved", "resource", "ecs", "name", "spot", "resource", "spot",
                     "maxResources", most, "name", "serverless", "resource", "eci");
}
