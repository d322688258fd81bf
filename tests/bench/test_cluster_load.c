#include "bench/cluster_load.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

#include "bench/plain_load.h"
#include "model/base/check.h"

static json_t *node_of(const struct cluster_load *load, uint32_t i)
{
    struct buf body;
    buf_init(&body, CLUSTER_OBJECT_BYTES);
    cluster_load_add_node(load, i, &body);
    cr_assert_not(buf_overflowed(&body));
    json_t *node = json_loadb(body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
    cr_assert(node, "%s", body.data);
    buf_fini(&body);
    return node;
}

static json_t *pod_of(const struct cluster_load *load, uint32_t number)
{
    struct buf body;
    buf_init(&body, CLUSTER_OBJECT_BYTES);
    cluster_load_add_pod(load, number, "spillway", "default", &body);
    cr_assert_not(buf_overflowed(&body));
    json_t *pod = json_loadb(body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
    cr_assert(pod, "%s", body.data);
    buf_fini(&body);
    return pod;
}

/* By the Kubernetes rules of the field the workload uses, from the JSON that is sent. */
static bool affinity_allows(const json_t *pod, const json_t *node)
{
    json_t *values;
    cr_assert_eq(json_unpack((json_t *)(uintptr_t)pod, "{s:{s:{s:{s:{s:[{s:[{s:o}]}]}}}}}", "spec",
                             "affinity", "nodeAffinity",
                             "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms",
                             "matchExpressions", "values", &values),
                 0);
    const char *pool = json_string_value(
        json_object_get(json_object_get(json_object_get(node, "metadata"), "labels"), "pool"));
    for (size_t i = 0; i < json_array_size(values); i++)
        if (strcmp(json_string_value(json_array_get(values, i)), pool) == 0)
            return true;
    return false;
}

static bool taint_allows(const json_t *pod, const json_t *node)
{
    json_t *taints = json_object_get(json_object_get(node, "spec"), "taints");
    const char *team;
    cr_assert_eq(json_unpack((json_t *)(uintptr_t)pod, "{s:{s:[{s:s}]}}", "spec", "tolerations",
                             "value", &team),
                 0);
    return json_array_size(taints) == 0 ||
           strcmp(json_string_value(json_object_get(json_array_get(taints, 0), "value")), team) ==
               0;
}

static bool device_allows(const json_t *pod, const json_t *node)
{
    json_t *amounts = json_object_get(json_object_get(node, "status"), "allocatable");
    const char *asked;
    cr_assert_eq(json_unpack((json_t *)(uintptr_t)pod, "{s:{s:[{s:{s:{s:s}}}]}}", "spec",
                             "containers", "resources", "limits", CLUSTER_DEVICE, &asked),
                 0);
    return json_object_get(amounts, CLUSTER_DEVICE) != NULL;
}

static bool cpu_allows(const json_t *pod, const json_t *node)
{
    const char *cpu;
    (void)node;
    cr_assert_eq(json_unpack((json_t *)(uintptr_t)pod, "{s:{s:[{s:{s:{s:s}}}]}}", "spec",
                             "containers", "resources", "requests", "cpu", &cpu),
                 0);
    return strtoll(cpu, NULL, 10) <= PLAIN_NODE_CORES * 1000L;
}

static const struct {
    enum cluster_workload workload;
    bool (*allows)(const json_t *pod, const json_t *node);
} rules[] = {
    {CLUSTER_NODE_AFFINITY, affinity_allows},
    {CLUSTER_TOLERATIONS, taint_allows},
    {CLUSTER_EXTENDED, device_allows},
    {CLUSTER_INFEASIBLE, cpu_allows},
};

Test(cluster_load, says_of_each_pod_and_node_what_their_objects_say)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        const struct cluster_load load = {rules[i].workload, 40, 60, 0};
        uint32_t allowed = 0;
        for (uint32_t number = 0; number < 60; number++) {
            json_t *pod = pod_of(&load, number);
            for (uint32_t j = 0; j < 40; j++) {
                json_t *node = node_of(&load, j);
                bool is_allowed = cluster_load_allows(&load, number, j);
                cr_expect_eq(is_allowed, rules[i].allows(pod, node), "%s: pod %u, node %u",
                             cluster_workload_name(load.workload), number, j);
                allowed += is_allowed;
                json_decref(node);
            }
            json_decref(pod);
        }
        cr_expect(allowed > 0 && allowed < 60 * 40, "%s", cluster_workload_name(load.workload));
    }
}

Test(cluster_load, each_tenth_pod_fits_nowhere_but_those_that_come_late)
{
    const struct cluster_load load = {CLUSTER_INFEASIBLE, 10, 95, 5};
    uint32_t feasible = 0;
    for (uint32_t i = 0; i < 95; i++)
        feasible += cluster_load_is_feasible(&load, i);
    cr_expect_eq(feasible, 86);
    cr_expect_eq(cluster_load_feasible_pods(&load), 86);
    for (uint32_t i = 95; i < 100; i++)
        cr_expect(cluster_load_is_feasible(&load, i));
    const struct cluster_load plain = {CLUSTER_PLAIN, 10, 95, 5};
    cr_expect_eq(cluster_load_feasible_pods(&plain), 95);
}

static long cpu_milli_of(const json_t *pod)
{
    const char *cpu;
    cr_assert_eq(json_unpack((json_t *)(uintptr_t)pod, "{s:{s:[{s:{s:{s:s}}}]}}", "spec",
                             "containers", "resources", "requests", "cpu", &cpu),
                 0);
    return strtoll(cpu, NULL, 10);
}

Test(cluster_load, a_cluster_to_preempt_in_is_full_and_has_a_victim_for_each)
{
    const struct cluster_load load = {CLUSTER_PREEMPTING, 7, 30, 3};
    long used[7] = {0};
    uint32_t victims = 0, count = cluster_load_prior_count(&load);
    for (uint32_t i = 1; i < count; i++) {
        struct buf path, body;
        buf_init(&path, 256);
        buf_init(&body, CLUSTER_OBJECT_BYTES);
        cluster_load_add_prior(&load, i, &path, &body);
        json_t *pod = json_loadb(body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
        cr_assert(pod, "%s", body.data);
        json_t *spec = json_object_get(pod, "spec");
        const char *name =
            json_string_value(json_object_get(json_object_get(pod, "metadata"), "name"));
        const char *node = json_string_value(json_object_get(spec, "nodeName"));
        cr_expect_eq(plain_pod_number(name, strlen(name)), UINT32_MAX, "none of those measured");
        cr_assert(strncmp(node, "node-", 5) == 0 && node[5] >= '0' && node[5] < '7');
        used[node[5] - '0'] += cpu_milli_of(pod);
        victims += json_object_get(spec, "priorityClassName") == NULL;
        json_decref(pod);
        buf_fini(&path);
        buf_fini(&body);
    }
    for (size_t i = 0; i < ARRAY_LEN(used); i++)
        cr_expect_eq(used[i], PLAIN_NODE_CORES * 1000L, "node %zu", i);
    cr_expect_geq(victims, 33);
    json_t *preemptor = pod_of(&load, 0);
    cr_expect_eq(cpu_milli_of(preemptor), 2000);
    json_decref(preemptor);
}

Test(cluster_load, names_are_read_back)
{
    for (enum cluster_workload i = 0; i < CLUSTER_WORKLOADS; i++) {
        enum cluster_workload found = CLUSTER_WORKLOADS;
        cr_expect(cluster_workload_parse(cluster_workload_name(i), &found));
        cr_expect_eq(found, i);
    }
    enum cluster_workload untouched = CLUSTER_EXTENDED;
    cr_expect_not(cluster_workload_parse("plainly", &untouched));
    cr_expect_eq(untouched, CLUSTER_EXTENDED);
}
