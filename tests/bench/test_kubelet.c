#include "bench/kubelet.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/controller_read.h"
#include "cluster_fixture.h"

static struct cluster_fixture c;

static void setup(void)
{
    cluster_init(&c);
}

static void teardown(void)
{
    cluster_fini(&c);
}

TestSuite(kubelet, .init = setup, .fini = teardown);

static bool node_taints_hold(const char *key)
{
    struct str taints;
    return object_field(fixture_get(&c.f, KIND_NODE, "n1"), "spec.taints", &taints) &&
           memmem(taints.ptr, taints.len, key, strlen(key));
}

Test(kubelet, a_bound_pod_runs_after_the_delay_of_its_kind_of_node)
{
    static const char *const kinds[] = {"ecs", "spot", "gpu", "eci"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct kubelet_kind *kind = kubelet_kind_get(str_from(kinds[i]));
        char labels[64];
        cr_assert_str_eq(kind->label, kinds[i]);
        snprintf(labels, sizeof(labels), "\"%s\":\"%s\"", NODE_KIND_LABEL, kinds[i]);
        cluster_node(&c, kinds[i], labels);
        (void)fixture_pod(&c.f, kinds[i], "");
        cr_assert_eq(fixture_bind(&c.f, kinds[i], kinds[i]), 0);
        cluster_pass(&c, kind->start_ms - 1);
        cr_assert_str_eq(object_phase(fixture_get(&c.f, KIND_POD, kinds[i])), "Pending");
        cluster_pass(&c, kind->jitter_ms + 1);
        cr_assert_str_eq(object_phase(fixture_get(&c.f, KIND_POD, kinds[i])), "Running");
    }
}

Test(kubelet, a_virtual_node_is_slower_than_an_unknown_one)
{
    cr_assert_eq(kubelet_kind_get(STR("eci"))->start_ms, 1500);
    cr_assert_eq(kubelet_kind_get(STR(""))->start_ms, 300);
}

Test(kubelet, a_running_pod_is_ready_with_addresses_and_containers)
{
    cluster_node(&c, "n1", "");
    (void)fixture_pod(&c.f, "a", "");
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cluster_pass(&c, 1000);
    const struct object *pod = fixture_get(&c.f, KIND_POD, "a");
    static const char *const types[] = {"PodScheduled", "Initialized", "ContainersReady", "Ready"};
    for (size_t i = 0; i < 4; i++)
        cr_assert(object_condition_true(pod, types[i]), "%s", types[i]);
    json_t *json = object_json(pod, false), *status = json_object_get(json, "status");
    cr_assert_str_eq(json_string_value(json_object_get(status, "hostIP")), "192.168.0.1");
    cr_assert_str_eq(json_string_value(json_object_get(status, "qosClass")), "BestEffort");
    const json_t *box = json_array_get(json_object_get(status, "containerStatuses"), 0);
    cr_assert(json_is_true(json_object_get(box, "ready")));
    json_decref(json);
}

Test(kubelet, a_pod_that_is_not_bound_does_not_run)
{
    cluster_node(&c, "n1", "");
    (void)fixture_pod(&c.f, "a", "");
    cluster_pass(&c, 60000);
    cr_assert_str_eq(object_phase(fixture_get(&c.f, KIND_POD, "a")), "Pending");
}

Test(kubelet, a_deleted_pod_terminates_and_then_goes)
{
    cluster_node(&c, "n1", "");
    (void)fixture_pod(&c.f, "a", "");
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cluster_pass(&c, 1000);
    cr_assert_eq(fixture_delete(&c.f, KIND_POD, "a", -1, PROPAGATE_BACKGROUND), 0);
    cr_assert_not_null(fixture_get(&c.f, KIND_POD, "a"));
    cluster_pass(&c, 1000);
    cr_assert_null(fixture_get(&c.f, KIND_POD, "a"));
}

Test(kubelet, a_pod_deleted_before_it_ran_goes_too)
{
    cluster_node(&c, "n1", "");
    (void)fixture_pod(&c.f, "a", "");
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cr_assert_eq(fixture_delete(&c.f, KIND_POD, "a", -1, PROPAGATE_BACKGROUND), 0);
    cluster_pass(&c, 1000);
    cr_assert_null(fixture_get(&c.f, KIND_POD, "a"));
}

Test(kubelet, a_finalizer_holds_a_pod_that_ended)
{
    cluster_node(&c, "n1", "");
    (void)fixture_pod(&c.f, "a", "");
    cr_assert_eq(fixture_patch(&c.f, KIND_POD, "a", SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"finalizers\":[\"x/y\"]}}"),
                 0);
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cr_assert_eq(fixture_delete(&c.f, KIND_POD, "a", -1, PROPAGATE_BACKGROUND), 0);
    cluster_pass(&c, 60000);
    cr_assert_not_null(fixture_get(&c.f, KIND_POD, "a"));
    cr_assert_eq(fixture_patch(&c.f, KIND_POD, "a", SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"finalizers\":null}}"),
                 0);
    cluster_pass(&c, 1000);
    cr_assert_null(fixture_get(&c.f, KIND_POD, "a"));
}

Test(kubelet, a_node_that_goes_takes_its_pods_along)
{
    cluster_node(&c, "n1", "");
    (void)fixture_pod(&c.f, "a", "");
    (void)fixture_pod(&c.f, "b", "");
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cluster_pass(&c, 1000);
    cr_assert_eq(fixture_delete(&c.f, KIND_NODE, "n1", -1, PROPAGATE_BACKGROUND), 0);
    cluster_pass(&c, 1000);
    cr_assert_null(fixture_get(&c.f, KIND_POD, "a"));
    cr_assert_not_null(fixture_get(&c.f, KIND_POD, "b"));
    cr_assert_eq(store_count(c.f.store, KIND_LEASE), 0);
}

Test(kubelet, a_node_becomes_ready_and_renews_its_lease)
{
    struct str name = STR("n1"), ns = STR("kube-node-lease");
    cluster_node(&c, "n1", "");
    cluster_pass(&c, 100);
    cr_assert(object_condition_true(fixture_get(&c.f, KIND_NODE, "n1"), "Ready"));
    const struct object *lease = store_get(c.f.store, KIND_LEASE, ns, name);
    cr_assert_not_null(lease);
    int64_t rv = lease->rv;
    cluster_pass(&c, 10000);
    lease = store_get(c.f.store, KIND_LEASE, ns, name);
    cr_assert_gt(lease->rv, rv);
    cr_assert_eq(object_field_int(lease, "spec.leaseDurationSeconds", 0), 40);
}

Test(kubelet, a_node_marked_down_is_not_ready_tainted_and_starts_nothing)
{
    cluster_node(&c, "n1", "\"" NODE_DOWN_LABEL "\":\"true\"");
    (void)fixture_pod(&c.f, "a", "");
    cr_assert_eq(fixture_bind(&c.f, "a", "n1"), 0);
    cluster_pass(&c, 5000);
    cr_assert_not(object_condition_true(fixture_get(&c.f, KIND_NODE, "n1"), "Ready"));
    cr_assert(node_taints_hold("node.kubernetes.io/not-ready"));
    cr_assert_str_eq(object_phase(fixture_get(&c.f, KIND_POD, "a")), "Pending");
    cr_assert_eq(fixture_patch(&c.f, KIND_NODE, "n1", SUB_NONE, PATCH_MERGE,
                               "{\"metadata\":{\"labels\":{\"" NODE_DOWN_LABEL "\":null}}}"),
                 0);
    cluster_pass(&c, 2000);
    cr_assert(object_condition_true(fixture_get(&c.f, KIND_NODE, "n1"), "Ready"));
    cr_assert_not(node_taints_hold("node.kubernetes.io/not-ready"));
    cr_assert_str_eq(object_phase(fixture_get(&c.f, KIND_POD, "a")), "Running");
}

Test(kubelet, a_cordoned_node_carries_the_taint_of_it_beside_its_own)
{
    cluster_node(&c, "n1", "");
    cr_assert_eq(fixture_patch(&c.f, KIND_NODE, "n1", SUB_NONE, PATCH_MERGE,
                               "{\"spec\":{\"unschedulable\":true,\"taints\":[{\"key\":\"own\","
                               "\"effect\":\"NoSchedule\"}]}}"),
                 0);
    cluster_pass(&c, 100);
    cr_assert(node_taints_hold("node.kubernetes.io/unschedulable"));
    cr_assert(node_taints_hold("own"));
    cr_assert_eq(fixture_patch(&c.f, KIND_NODE, "n1", SUB_NONE, PATCH_MERGE,
                               "{\"spec\":{\"unschedulable\":null}}"),
                 0);
    cluster_pass(&c, 100);
    cr_assert_not(node_taints_hold("node.kubernetes.io/unschedulable"));
    cr_assert(node_taints_hold("own"));
}

Test(kubelet, the_same_seed_and_changes_give_the_same_texts)
{
    struct cluster_fixture other;
    cluster_init(&other);
    struct cluster_fixture *both[] = {&c, &other};
    char *texts[2];
    for (size_t i = 0; i < 2; i++) {
        cluster_node(both[i], "n1", "");
        (void)fixture_pod(&both[i]->f, "a", "");
        cr_assert_eq(fixture_bind(&both[i]->f, "a", "n1"), 0);
        cluster_pass(both[i], 1000);
        texts[i] = fixture_text(fixture_get(&both[i]->f, KIND_POD, "a"));
    }
    cr_assert_str_eq(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
    cluster_fini(&other);
}
